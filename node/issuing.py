"""From an application to a voucher: what an applicant files and a registrar records.

Openings of all commitments go into the vault before the ledger names them; the credential goes into
the store in the same transaction as the event that names it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from msgspec import UNSET

from contracts.clocks import end_of_validity
from contracts.credential import Issue, check_contexts, issue_credential
from contracts.engine import Body
from contracts.forms import (
    INITIAL_MEMBERS,
    OPENABLE_MEMBERS,
    Commitment,
    Opening,
    check_form_length,
)
from contracts.intervals import current
from contracts.numbering import series_key
from contracts.odrl import terms_of_use
from contracts.party import NameClaim
from contracts.recording import National, RecordRegistration, Series, Tests, next_number
from contracts.records import AnyJson, Record, format_record, parse_record
from contracts.registration import Accept, File, PublishNotice
from contracts.title import Asset, Basis, Classification, DataClass, Level, Right, RightClaim
from ledger.core.canonical import encode_credential
from ledger.core.event import Event, SignedEvent
from ledger.core.subjects import commit, derive_id
from ledger.core.types import DidKey, Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import NotFoundError, RejectedError
from ledger.keys import SigningKey, fresh_salt
from ledger.vault import Vault
from node.registry import Registry, Written
from node.rulebundle import hash_credential_schema, read_contexts
from tracing.fingerprint import Fingerprint

FORM, OPENING, CONTENT = "form", "opening", "content"
MAX_ATTEMPTS: Final = 3


class Application(Record, frozen=True, kw_only=True):
    """What an applicant fills in, as the vault keeps it.

    Args:
        members: The form's members that are filled in, by name.
        rights: What is applied for.
        basis: Where it comes from.
        level: By GB/T 43697-2024.
        data_class: The same.
        years: Validity asked for.
    """

    members: dict[str, AnyJson]
    rights: tuple[Right, ...]
    basis: Basis
    level: Level
    data_class: DataClass
    years: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An asset registered here before with the same content."""

    asset: SubjectKey
    voucher: str | None
    match: str


@dataclass(frozen=True, slots=True)
class Registered:
    """What a filing led to; `voucher` is None where the registrar has yet to decide."""

    asset: SubjectKey
    registration: SubjectKey
    voucher: str | None
    written: Written
    duplicates: Sequence[Duplicate]


class Filing:
    """One application on its way, with the secrets that belong to it.

    Args:
        registry: Opened for writing.
        vault: Of the same home.
        filer: The party that files.
        application: Filled in.
        files: Content to register, at least one.
    """

    def __init__(
        self,
        registry: Registry,
        vault: Vault,
        filer: SubjectKey,
        application: Application,
        files: Sequence[Fingerprint],
    ) -> None:
        self._registry = registry
        self._vault = vault
        self._application = application
        self._filer = filer
        self._files = files
        self._openings = self._commit_members()

    def find_duplicates(self) -> list[Duplicate]:
        """Assets filed here before with any of the same files.

        What the vault knows of a filing that was refused is no asset.
        """
        matches: dict[SubjectKey, str] = {}
        for file in self._files:
            for record in self._vault.find(CONTENT, file.digest):
                if isinstance(record, dict):
                    matches[SubjectKey(str(record["asset"]))] = "exact"
            matches |= dict.fromkeys(_claimants(self._registry, file.digest), "published")
        states = {asset: self._registry.find_state(Asset, asset) for asset in matches}
        return [
            Duplicate(asset, state.voucher, matches[asset])
            for asset, state in states.items()
            if state is not None
        ]

    def file(self, keys: Sequence[SigningKey], *, publish_digests: bool) -> SignedEvent:
        """The signed `registration.file`; all its openings are in the vault already.

        Args:
            keys: Of the filer.
            publish_digests: Claim the files' digests in the clear.

        Raises:
            RejectedError: Title or summary could never be published.
        """
        log, by = self._registry.origin, self._filer
        application = {
            name: parse_record(
                Commitment,
                commit(by=by, field=name, log=log, salt=opening.salt, value=opening.value),
            )
            for name, opening in self._openings.items()
        }
        digests = tuple(sorted({file.digest for file in self._files}))
        body = File(
            type="initial",
            parties=(self._filer,),
            application=application,
            digests=digests if publish_digests else UNSET,
        )
        for name in ("title", "summary"):
            check_form_length(name, self._openings[name].value)
        event = self._registry.build_event(self._filer, body)
        self._keep(*_new_ids(event))
        return self._registry.sign_event(event, keys)

    def keys(self, filed: SignedEvent) -> tuple[SubjectKey, SubjectKey]:
        """Asset and registration that the filing opens."""
        return _new_ids(filed.event)

    def commitments(self, filed: SignedEvent) -> JsonObject:
        """`$commit` of each file, by field.

        Raises:
            TypeError: The event is not a filing.
        """
        application = filed.event.body["application"]
        if not isinstance(application, dict):
            raise TypeError("a filing's application is an object")
        return {name: made for name, made in application.items() if name.startswith("content.")}

    def openings(self) -> Mapping[str, Opening]:
        """What a public notice opens: the openable members that are filled in."""
        return {
            name: self._openings[name]
            for name in OPENABLE_MEMBERS
            if self._openings[name].value is not None or name == "restrictions"
        }

    def _commit_members(self) -> dict[str, Opening]:
        values: dict[str, Json] = dict.fromkeys(INITIAL_MEMBERS)
        values |= self._application.members
        for i, file in enumerate(self._files):
            values[f"content.{i}"] = {"digest": file.digest, "size": file.size}
        return {name: Opening(salt=fresh_salt(), value=value) for name, value in values.items()}

    def _keep(self, asset: SubjectKey, registration: SubjectKey) -> None:
        named: dict[str, Json] = {
            f"{registration} {name}": {
                "by": self._filer,
                "field": name,
                "log": self._registry.origin,
                "salt": opening.salt,
                "value": opening.value,
            }
            for name, opening in self._openings.items()
        }
        self._vault.add(OPENING, named)
        self._vault.add(FORM, {registration: format_record(self._application)})
        place: Json = {"asset": asset, "registration": registration}
        self._vault.add(CONTENT, {file.digest: place for file in self._files})


def _new_ids(event: Event) -> tuple[SubjectKey, SubjectKey]:
    asset = derive_id("asset", actor=event.actor, nonce=event.nonce)
    return asset, derive_id("registration", actor=event.actor, nonce=event.nonce)


def read_openings(vault: Vault, registration: SubjectKey, names: Sequence[str]) -> list[JsonObject]:
    """The openings of some members of a registration; those this vault lacks are left out."""
    found = (vault.find(OPENING, f"{registration} {name}") for name in names)
    return [records[-1] for records in found if records and isinstance(records[-1], dict)]


def read_application(vault: Vault, registration: SubjectKey) -> Application:
    """The form behind a registration.

    Raises:
        NotFoundError: This vault has none.
    """
    forms = vault.find(FORM, registration)
    if not forms:
        raise NotFoundError(f"the form of {registration} is not in this vault")
    return parse_record(Application, forms[-1])


class Recording:
    """What the registrar does to complete a registration.

    Args:
        registry: Opened for writing.
        registrar: Its party.
        keys: As many officers' keys as the profile asks for; the first issues the credential.
    """

    def __init__(
        self, registry: Registry, registrar: SubjectKey, keys: Sequence[SigningKey]
    ) -> None:
        self._registry = registry
        self._registrar = registrar
        self._keys = keys

    def accept(self, registration: SubjectKey) -> SignedEvent:
        """The signed `registration.accept`."""
        return self._sign(Accept(registration=registration), 1)

    def publish(self, registration: SubjectKey, fields: Mapping[str, Opening]) -> SignedEvent:
        """The signed `registration.publish` without a public notice elsewhere."""
        return self._sign(PublishNotice(registration=registration, fields=fields), 1)

    def record(
        self, asset: "RecordedAsset", national: National | None, last: int | None
    ) -> tuple[SignedEvent, bytes, str]:
        """The signed `registration.record` with its credential.

        Args:
            asset: What is recorded.
            national: Evidence in the national system, where the profile asks for it.
            last: Last serial of the month's series.

        Returns:
            The event, the credential's canonical bytes, and the number.
        """
        check_contexts(read_contexts())
        registry, ledger = self._registry, self._registry.ledger
        now = registry.clock.now()
        number = next_number(ledger, last, now)
        start = now // 1000 * 1000 if national is None else national.evidence_time
        valid_from = UnixMillis(start)
        offset = ledger.profile.offset_minutes
        years = asset.application.years
        valid_until = end_of_validity(valid_from, years=years, offset_minutes=offset)
        issuer: DidKey = self._keys[0].did
        target = f"urn:muniment:{registry.origin}:{asset.asset}"
        issue = Issue(
            origin=registry.origin,
            number=number,
            issuer=issuer,
            issuer_name=ledger.name,
            valid_from=valid_from,
            valid_until=valid_until,
            subject={
                "id": target,
                "asset": asset.asset,
                "registration": asset.registration,
                "fields": asset.fields,
                "rights": [format_record(claim) for claim in asset.rights],
                "classification": format_record(asset.classification),
                "commitments": asset.commitments,
                "notice": format_record(ledger.profile.notice),
            },
            terms=terms_of_use(target, asset.fields.get("restrictions")),
            schema_digest=hash_credential_schema(),
        )
        credential = encode_credential(issue_credential(issue, self._keys[0].sign))
        body = RecordRegistration(
            registration=asset.registration,
            asset=asset.asset,
            number=number,
            credential=sha256(credential).hexdigest(),
            issuer=issuer,
            valid_from=valid_from,
            valid_until=valid_until,
            rights=asset.rights,
            parties=tuple(sorted({claim.holder for claim in asset.rights})),
            classification=asset.classification,
            tests=asset.tests,
            national=UNSET if national is None else national,
        )
        return self._sign(body, ledger.profile.officers), credential, number

    def _sign(self, body: Body, count: int) -> SignedEvent:
        event = self._registry.build_event(self._registrar, body)
        return self._registry.sign_event(event, self._keys[:count])


@dataclass(frozen=True, slots=True)
class RecordedAsset:
    """Everything that a record says about an asset.

    Args:
        asset: Its key.
        registration: The registration that is completed.
        application: The form behind it.
        fields: Members that were opened.
        rights: The tuples to put in force.
        classification: As assessed.
        commitments: `$commit` of each file, by field.
        tests: What the registrar found.
    """

    asset: SubjectKey
    registration: SubjectKey
    application: Application
    fields: JsonObject
    rights: tuple[RightClaim, ...]
    classification: Classification
    commitments: JsonObject
    tests: Tests


def claim_rights(application: Application, holder: SubjectKey) -> tuple[RightClaim, ...]:
    """The right tuples that an application asks for."""
    evidence = application.members.get("evidence")
    digest = evidence if isinstance(evidence, str) else UNSET
    return tuple(
        RightClaim(holder=holder, right=right, basis=application.basis, evidence=digest)
        for right in application.rights
    )


def last_serial(registry: Registry) -> int | None:
    """Last serial given out in the present month."""
    series = registry.find_state(Series, series_key(registry.ledger.scheme, registry.clock.now()))
    return None if series is None else series.last


def record_until_numbered(
    registry: Registry,
    recording: Recording,
    asset: RecordedAsset,
    before: Sequence[SignedEvent],
    national: National | None = None,
) -> tuple[Written, str]:
    """Write a record, signing again when another one took its number.

    Args:
        registry: Opened for writing.
        recording: Who records.
        asset: What.
        before: Events that have to be written first, in the same batch.
        national: Evidence in the national system, where the profile asks for it.

    Raises:
        RejectedError: A rule refuses.
        AssertionError: Never; the last attempt returns or raises.
    """
    for attempt in range(MAX_ATTEMPTS):
        event, credential, number = recording.record(asset, national, last_serial(registry))
        documents = {sha256(credential).hexdigest(): credential}
        try:
            return registry.submit([*before, event], documents)[-1], number
        except RejectedError as exc:
            if exc.reason != "series_moved" or attempt == MAX_ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _claimants(registry: Registry, digest: str) -> list[SubjectKey]:
    claim = registry.find_state(NameClaim, SubjectKey(f"name/sha256:{digest}"))
    return [] if claim is None else [SubjectKey(str(value)) for value in current(claim.claims)]

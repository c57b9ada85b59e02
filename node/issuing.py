"""What an applicant files, and the secrets that belong to it.

Openings of all commitments go into the vault before the ledger names them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec import UNSET

from contracts.application import File
from contracts.forms import (
    INITIAL_MEMBERS,
    OPENABLE_MEMBERS,
    Commitment,
    Opening,
    check_form_length,
)
from contracts.intervals import current
from contracts.party import NameClaim
from contracts.records import AnyJson, Record, format_record, parse_record
from contracts.title import Asset, Basis, DataClass, Level, Right, RightClaim
from ledger.core.entry import Entry
from ledger.core.event import Event, SignedEvent
from ledger.core.subjects import commit, derive_id
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import CorruptionError, NotFoundError
from ledger.keys import SigningKey, fresh_salt
from ledger.vault import Vault
from node.registry import Registry, Written
from tracing.fingerprint import Fingerprint

FORM, OPENING, CONTENT = "form", "opening", "content"


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


def read_content(registry: Registry, asset: SubjectKey) -> list[JsonObject]:
    """The openings of an asset's registered content, as far as this home's vault has them.

    They belong to its initial registration, whatever was registered of it later.

    Raises:
        NotFoundError: There is no such asset.
    """
    state, filing = registry.need_state(Asset, asset), find_filing(registry, asset)
    vault = registry.open_vault()
    try:
        return read_openings(vault, filing, sorted(state.content))
    finally:
        vault.close()


def find_filing(registry: Registry, asset: SubjectKey) -> SubjectKey:
    """The initial registration of an asset: the one that commits to its content.

    Raises:
        NotFoundError: There is no such asset.
        CorruptionError: Its history begins with something else.
    """
    stored = registry.store.read_stored_state(registry.store.read_head().map_root, asset)
    if stored is None:
        raise NotFoundError(f"there is no {asset} on this ledger")
    entry = registry.read_leaf(registry.store.read_history(stored.number, 0, 1)[0])
    if not isinstance(entry, Entry) or entry.signed.event.kind != File.kind:
        raise CorruptionError(f"the history of {asset} does not begin with its filing: audit")
    return _new_ids(entry.signed.event)[1]


def read_application(vault: Vault, registration: SubjectKey) -> Application:
    """The form behind a registration.

    Raises:
        NotFoundError: This vault has none.
    """
    forms = vault.find(FORM, registration)
    if not forms:
        raise NotFoundError(f"the form of {registration} is not in this vault")
    return parse_record(Application, forms[-1])


def claim_rights(application: Application, holder: SubjectKey) -> tuple[RightClaim, ...]:
    """The right tuples that an application asks for."""
    evidence = application.members.get("evidence")
    digest = evidence if isinstance(evidence, str) else UNSET
    return tuple(
        RightClaim(holder=holder, right=right, basis=application.basis, evidence=digest)
        for right in application.rights
    )


def _claimants(registry: Registry, digest: str) -> list[SubjectKey]:
    claim = registry.find_state(NameClaim, SubjectKey(f"name/sha256:{digest}"))
    return [] if claim is None else [SubjectKey(str(value)) for value in current(claim.claims)]

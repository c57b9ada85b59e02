"""What an applicant files, and the secrets that belong to it.

Openings of all commitments go into the vault before the ledger names them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from msgspec import UNSET

from contracts.application import File
from contracts.eligibility import known_stage
from contracts.forms import (
    INITIAL_MEMBERS,
    OPENABLE_MEMBERS,
    Commitment,
    Opening,
    check_form_length,
)
from contracts.mandates import Agent
from contracts.records import AnyJson, Record, format_record, parse_record
from contracts.title import Asset, Basis, DataClass, Level, Right, RightClaim, Stage
from ledger.core.canonical import decode_canonical
from ledger.core.draft import DraftOpening, opening_json
from ledger.core.event import Event, SignedEvent, parse_unsigned_event
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.subjects import derive_id
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import CorruptionError, NotFoundError
from ledger.keys import SigningKey, fresh_nonce, fresh_salt
from ledger.vault import Vault
from node.duplicates import (
    CONTENT,
    Duplicate,
    Near,
    find_duplicates,
    index_content,
)
from node.fingerprinting import Fingerprinter, Made, Measured
from node.nearduplicates import NEAR, list_near, rate_found
from node.registryapi import RegistryApi, Written
from node.room import check_room
from tracing.fingerprint import Fingerprint

BATCH, FORM, OPENING, REF = "batch", "form", "opening", "ref"
"""Kinds of the vault's records; those of a batch are the events of its rows, by what each is."""
Records: TypeAlias = Mapping[str, Mapping[str, Json] | Sequence[tuple[str, Json]]]
"""Records for the vault: by kind, then by name; pairs where several share a name."""


class Application(Record, frozen=True, kw_only=True):
    """What an applicant fills in, as the vault keeps it.

    Args:
        members: The form's members that are filled in, by name.
        rights: What is applied for.
        basis: Where it comes from.
        level: By GB/T 43697-2024.
        data_class: The same.
        years: Validity asked for.
        claims: The right tuples of those who sign, where a form names them one by one.
        declared: Those of right-holders who are named and do not sign.
        mandate: Digest of the mandate under which an agent files; None: an applicant files.
    """

    members: dict[str, AnyJson]
    rights: tuple[Right, ...]
    basis: Basis
    level: Level
    data_class: DataClass
    years: int
    claims: tuple[RightClaim, ...] = ()
    declared: tuple[RightClaim, ...] = ()
    mandate: str | None = None

    @property
    def named(self) -> tuple[RightClaim, ...]:
        """The right tuples that it names, of whoever."""
        return (*self.claims, *self.declared)

    @property
    def stage(self) -> Stage | None:
        """The stage of the data, where the form says it."""
        return known_stage(self.members, None)


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
        parties: The applicants, the filer among them unless it is their agent; the filer alone
            unless told.
    """

    def __init__(
        self,
        registry: RegistryApi,
        vault: Vault,
        filer: SubjectKey,
        application: Application,
        files: Sequence[Fingerprint],
        parties: Sequence[SubjectKey] = (),
    ) -> None:
        self._registry = registry
        self._vault = vault
        self._application = application
        self._filer = filer
        self._files = files
        own = {filer} if application.mandate is None else set()
        self._parties = tuple(sorted({*own, *parties}))
        self._nonce = fresh_nonce()
        self._asset = derive_id("asset", actor=filer, nonce=self._nonce)
        self._made: dict[str, Made] = {}
        self._near: dict[SubjectKey, Near] = {}
        self._openings = self._commit_members()

    @property
    def files(self) -> Sequence[Fingerprint]:
        """Its content."""
        return self._files

    def fingerprint(self, fingerprinter: Fingerprinter, files: Sequence[Measured | None]) -> None:
        """Make the fingerprints of its files, which its commitments cover then; before `build`.

        Args:
            fingerprinter: Of the same home.
            files: As they were read, in their order; None: one is known by its digest alone.

        Raises:
            CorruptionError: A record of the vault was changed.
            StoreFailedError: The index could not be read or written.
        """
        found = [each for file in files if file is not None for each in fingerprinter.search(file)]
        self._near = rate_found(found)
        for place, file in enumerate(files):
            if file is not None:
                member = f"content.{place}"
                self._made[member] = fingerprinter.make(self._asset, member, file)
        self._openings |= {
            member: Opening(salt=fresh_salt(), value=self._describe_file(member))
            for member in self._made
        }

    def find_duplicates(self) -> list[Duplicate]:
        """Assets filed here before with any of the same files, or with much of what is in them.

        What the vault knows of a filing that was refused is no asset.
        """
        digests = [each.digest for each in self._files]
        return find_duplicates(self._registry, self._vault, digests, near=self._near)

    def file(self, keys: Sequence[SigningKey], *, publish_digests: bool) -> SignedEvent:
        """The signed `registration.file`; all its openings are in the vault already.

        Args:
            keys: Of the filer.
            publish_digests: Claim the files' digests in the clear.

        Raises:
            RejectedError: Title or summary could never be published.
        """
        event = self.build(publish_digests=publish_digests)
        keep_records(self._vault, [self.records(event)])
        return self._registry.sign_event(event, keys)

    def build(self, *, publish_digests: bool) -> Event:
        """The unsigned `registration.file`; what it commits to is nowhere but here.

        Args:
            publish_digests: Claim the files' digests in the clear.

        Raises:
            RejectedError: Title or summary could never be published, or all of it together.
        """
        for name in ("title", "summary", "restrictions"):
            check_form_length(name, self._openings[name].value)
        named, files = self._application.named, len(self._files)
        check_room(self._application.members, named, files, files if publish_digests else 0)
        digests = tuple(sorted({file.digest for file in self._files}))
        mandate = self._application.mandate
        body = File(
            type="initial",
            parties=self._parties,
            application={
                each.field: Commitment(digest=each.commitment()) for each in self.draft_openings()
            },
            digests=digests if publish_digests else UNSET,
            agent=UNSET if mandate is None else Agent(party=self._filer, mandate=mandate),
        )
        return self._registry.build_event(self._filer, body, self._nonce)

    def draft_openings(self) -> list[DraftOpening]:
        """The openings of all its commitments, as they travel with a draft."""
        by, log = self._filer, self._registry.origin
        return [
            DraftOpening(by=by, field=name, log=log, salt=opening.salt, value=opening.value)
            for name, opening in self._openings.items()
        ]

    def records(self, event: Event) -> Records:
        """What the vault has to keep before the ledger names any of it.

        Args:
            event: What `build` gave.
        """
        asset, registration = new_ids(event)
        made: dict[str, dict[str, Json]] = {}
        for each in self._made.values():
            for kind, named in each.list_records().items():
                made.setdefault(kind, {}).update(named)
        return {
            **made,
            NEAR: list_near(asset, self._near),
            OPENING: {
                f"{registration} {each.field}": opening_json(each) for each in self.draft_openings()
            },
            FORM: {registration: format_record(self._application)},
            CONTENT: index_content(asset, registration, [each.digest for each in self._files]),
        }

    def keys(self, filed: SignedEvent) -> tuple[SubjectKey, SubjectKey]:
        """Asset and registration that the filing opens."""
        return new_ids(filed.event)

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
        for i in range(len(self._files)):
            values[f"content.{i}"] = self._describe_file(f"content.{i}")
        return {name: Opening(salt=fresh_salt(), value=value) for name, value in values.items()}

    def _describe_file(self, member: str) -> JsonObject:
        """What the commitment to a file says of it."""
        file, made = self._files[int(member.partition(".")[2])], self._made.get(member)
        exact: JsonObject = {"digest": file.digest, "size": file.size}
        return exact if made is None else {**exact, "fingerprint": made.opening}


def keep_records(vault: Vault, applications: Iterable[Records]) -> None:
    """Put what belongs to applications into the vault, all or none of it.

    Args:
        vault: Of the same home.
        applications: Of each, what it keeps under which kind; names differ, but that several may
            have the same content.

    Raises:
        StoreFailedError: The vault could not be written.
        UnavailableError: Another process is writing to it.
    """
    by_kind: dict[str, list[tuple[str, Json]]] = {}
    for records in applications:
        for kind, named in records.items():
            pairs = named.items() if isinstance(named, Mapping) else named
            by_kind.setdefault(kind, []).extend(pairs)
    vault.add_all(by_kind)


def read_row_event(record: Json) -> Event:
    """The event of a row of a batch, as the vault keeps it.

    Raises:
        MalformedError: It is none.
        LimitError: The same.
    """
    value = decode_canonical(str(record).encode(), max_bytes=MAX_BUNDLE_BYTES)
    return parse_unsigned_event(value).event


def new_ids(event: Event) -> tuple[SubjectKey, SubjectKey]:
    """Asset and registration that an initial filing opens."""
    asset = derive_id("asset", actor=event.actor, nonce=event.nonce)
    return asset, derive_id("registration", actor=event.actor, nonce=event.nonce)


def read_openings(vault: Vault, registration: SubjectKey, names: Sequence[str]) -> list[JsonObject]:
    """The openings of some members of a registration; those this vault lacks are left out."""
    found = (vault.find(OPENING, f"{registration} {name}") for name in names)
    return [records[-1] for records in found if records and isinstance(records[-1], dict)]


def read_content(registry: RegistryApi, asset: SubjectKey) -> list[JsonObject]:
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


def find_filing(registry: RegistryApi, asset: SubjectKey) -> SubjectKey:
    """The initial registration of an asset: the one that commits to its content.

    Raises:
        NotFoundError: There is no such asset.
        CorruptionError: Its history begins with something else.
    """
    first = registry.find_first(asset)
    if first is None:
        raise NotFoundError(f"there is no {asset} on this ledger")
    event = first[1].signed.event
    if event.kind != File.kind:
        raise CorruptionError(f"the history of {asset} does not begin with its filing: audit")
    return new_ids(event)[1]


def read_application(vault: Vault, registration: SubjectKey) -> Application:
    """The form behind a registration.

    Raises:
        NotFoundError: This vault has none.
    """
    forms = vault.find(FORM, registration)
    if not forms:
        raise NotFoundError(f"the form of {registration} is not in this vault")
    return parse_record(Application, forms[-1])


def read_ref(vault: Vault, registration: SubjectKey) -> str | None:
    """The applicant's own reference for an application that came in a batch, if it gave one."""
    found = vault.find(REF, registration)
    return str(found[-1]) if found else None


def claim_rights(application: Application, holder: SubjectKey) -> tuple[RightClaim, ...]:
    """The right tuples that an application asks for, for those who sign it.

    Args:
        application: Filled in.
        holder: Whose they are, where the form does not name the holders.
    """
    if application.claims or application.declared:
        return application.claims
    evidence = application.members.get("evidence")
    digest = evidence if isinstance(evidence, str) else UNSET
    return tuple(
        RightClaim(holder=holder, right=right, basis=application.basis, evidence=digest)
        for right in application.rights
    )

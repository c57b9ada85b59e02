"""What goes to the national system: a public notice, and the evidence that completes it.

```json
{"format":"muniment/national/v1","digest":"<hex SHA-256 of canonical(document)>","document":{},
 "dossier":{},"states":[]}
```

The document is made from the ledger as it stands before the record, and says nothing that changes
with the hour: it is the same bytes whenever it is made, also after the record that names its
digest. `dossier` is the registration's whole history with its proofs, `states` are those of its
asset, its applicants and the ledger, sorted by subject (our formats, section 7); both may be left
out, and are no part of what is digested.

Spec: Art. 24, 26 and 27; docs/exports.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, UnsetType

from contracts.forms import FORMS
from contracts.foundation import Ledger
from contracts.identity import HexDigest, Party, PartyKey, PartyKind
from contracts.procedure import Notice, Registration, RegistrationKey, status_at
from contracts.records import AnyJson, AnyObject, Record, format_record, parse_record
from contracts.title import AssetKey
from ledger.core.bundle import StateBundle, format_state_bundle, parse_state_bundle
from ledger.core.canonical import digest_json
from ledger.core.dossier import Dossier, format_dossier, parse_dossier
from ledger.core.entry import Entry
from ledger.core.limits import MAX_DOSSIER_BYTES
from ledger.core.members import take_format, take_text
from ledger.core.types import Json, JsonObject, LeafIndex, SubjectKey, UnixMillis
from ledger.errors import BundleError, MalformedError

NATIONAL: Final = "muniment/national/v1"
MAX_NATIONAL_BYTES: Final = MAX_DOSSIER_BYTES
MAX_STATES: Final = 10
"""The ledger, an asset and at most eight applicants."""
Part = Literal["notice", "evidence"]
Instant = Annotated[int, Meta(ge=0)]


class Registrar(Record, frozen=True, kw_only=True):
    """Who sends it.

    Args:
        party: Its key.
        name: As the ledger has it.
        catalogue: Entry in the national catalogue: name, region and digit; None: it has none.
    """

    party: PartyKey
    name: str
    catalogue: AnyObject | None


class Applicant(Record, frozen=True, kw_only=True):
    """Who applies.

    Args:
        party: Its key.
        kind: As the forms name them.
        name: Public name; None of a natural person, and of whoever committed to it.
        uscc: Unified social credit code, if it has one.
    """

    party: PartyKey
    kind: PartyKind
    name: str | None
    uscc: str | None


class Fact(Record, frozen=True, kw_only=True):
    """One event of the procedure: where it stands in the log, what it is, and who spoke."""

    index: Instant
    time: Instant
    kind: str
    event: HexDigest
    actor: PartyKey


class Deposit(Record, frozen=True, kw_only=True):
    """What stands for the content (Art. 26).

    Args:
        commitments: Of each file, by its field, as the ledger has them.
        digests: SHA-256 of files that the applicant published.
        openings: Fingerprints that the applicant deposits: digest and size of each file, with the
            salt that opens its commitment; absent: none.
    """

    commitments: Mapping[str, str]
    digests: tuple[HexDigest, ...]
    openings: tuple[AnyObject, ...] | UnsetType = UNSET


class Result(Record, frozen=True, kw_only=True, rename={"data_class": "class"}):
    """What is to be registered; the validity runs from the evidence time and is not part of it.

    Args:
        rights: Tuples in force afterwards; a cancellation leaves none.
        declared: Those of right-holders who are named and have not signed.
        data_class: By GB/T 43697-2024; None: nothing is left to classify.
        level: The same.
    """

    rights: tuple[AnyObject, ...]
    declared: tuple[AnyObject, ...]
    data_class: str | None
    level: str | None


class Evidence(Record, frozen=True, kw_only=True):
    """Process facts and result (Art. 26).

    Args:
        process: Every event of the registration before its record.
        application: Digest of each commitment of the form, by member.
        notice: Where the public notice stood; None: withheld, or the type has none.
        deposit: What stands for the content.
        result: What is to be registered.
    """

    process: Annotated[tuple[Fact, ...], Meta(min_length=1)]
    application: Mapping[str, str]
    notice: Notice | None
    deposit: Deposit
    result: Result


class NationalDocument(Record, frozen=True, kw_only=True):
    """What is sent; its canonical bytes are what the digest is of.

    Args:
        part: The public notice (Art. 24) or the evidence (Art. 26).
        log: Origin of the ledger.
        registrar: Who sends it.
        registration: Its key.
        asset: What is registered.
        type: Of the registration.
        voucher: Number of the voucher that a later registration is about; None: an initial one.
        applicants: Who applies.
        fields: Name, summary, limits and the like, as far as they are public or become so.
        evidence: Of the part of this name; else absent.
    """

    part: Part
    log: str
    registrar: Registrar
    registration: RegistrationKey
    asset: AssetKey
    type: str
    voucher: str | None
    applicants: tuple[Applicant, ...]
    fields: Mapping[str, AnyJson]
    evidence: Evidence | UnsetType = UNSET

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes, 64 hex digits: `digest(document)` of our formats."""
        return digest_json(format_record(self))


@dataclass(frozen=True, slots=True)
class NationalProofs:
    """What shows that the ledger says what the document says; nothing is verified.

    Args:
        dossier: The registration's history.
        states: Of its asset, its applicants and the ledger, sorted by subject.
    """

    dossier: Dossier
    states: tuple[StateBundle, ...]


@dataclass(frozen=True, slots=True)
class NationalFile:
    """A file for the national system, as read; only its digest is checked.

    Args:
        document: What is sent.
        proofs: None: the file carries none.
    """

    document: NationalDocument
    proofs: NationalProofs | None


def format_national(document: NationalDocument, proofs: NationalProofs | None) -> JsonObject:
    """The file."""
    plain: dict[str, Json] = {
        "format": NATIONAL,
        "digest": document.digest,
        "document": format_record(document),
    }
    if proofs is None:
        return plain
    states: list[Json] = [format_state_bundle(state) for state in proofs.states]
    return {**plain, "dossier": format_dossier(proofs.dossier), "states": states}


def parse_national(value: Json) -> NationalFile:
    """Read a file for the national system and hold it against its digest.

    Args:
        value: From decode_bundle.

    Raises:
        MalformedError: Not such a file.
        LimitError: A part is too large.
        BundleError: The digest is of another document.
    """
    is_proved = isinstance(value, dict) and "dossier" in value
    names = {"digest", "document"} | ({"dossier", "states"} if is_proved else set())
    members = take_format(value, names, NATIONAL, "a file for the national system")
    document = parse_record(NationalDocument, members["document"])
    if take_text(members["digest"]) != digest_json(members["document"]):
        raise BundleError("the digest is not that of the document")
    if (document.part == "evidence") != (document.evidence is not UNSET):
        raise MalformedError("a document has the member evidence if it is that part, else not")
    return NationalFile(document, _parse_proofs(members) if is_proved else None)


def _parse_proofs(members: JsonObject) -> NationalProofs:
    states = members["states"]
    if not isinstance(states, list) or len(states) > MAX_STATES:
        raise MalformedError(f"states are an array of at most {MAX_STATES}")
    parsed = tuple(map(parse_state_bundle, states))
    return NationalProofs(parse_dossier(members["dossier"]), parsed)


def choose_statutory(of_type: str, fields: Mapping[str, AnyJson]) -> dict[str, AnyJson]:
    """The members that a public notice has to open; those that were left empty are null.

    Args:
        of_type: Of the registration.
        fields: Values of members of its form, by name.
    """
    return {name: fields.get(name) for name in FORMS[of_type].statutory}


def is_reviewed(registration: Registration, time: UnixMillis, *, has_notice: bool) -> bool:
    """Whether everything that comes before the record is done, so that evidence is sent.

    Args:
        registration: Its newest state.
        time: Not before that state's.
        has_notice: Whether its type needs a public notice.
    """
    match status_at(registration, time):
        case "recorded" | "confidential":
            return True
        case "published":
            return registration.notice_end is None or time >= registration.notice_end
        case "accepted":
            return not has_notice
        case _:
            return False


def describe_registrar(ledger: Ledger) -> Registrar:
    """Who sends what this ledger says."""
    catalogue = ledger.catalogue
    return Registrar(
        party=ledger.registrar,
        name=ledger.name,
        catalogue=None if catalogue is None else dict(format_record(catalogue)),
    )


def describe_applicant(key: SubjectKey, party: Party) -> Applicant:
    """Who a party is, as far as it is public."""
    name = party.name if isinstance(party.name, str) else None
    return Applicant(party=key, kind=party.kind, name=name, uscc=party.uscc)


def describe_fact(index: LeafIndex, entry: Entry) -> Fact:
    """One event of the procedure, as it stands in the log."""
    event = entry.signed.event
    return Fact(
        index=index, time=entry.time, kind=event.kind, event=entry.signed.id, actor=event.actor
    )


def read_result(record: Entry) -> Result:
    """What a record in the log registered.

    Args:
        record: Accepted by the rules.
    """
    body = record.signed.event.body
    data = body.get("classification")
    named = data if isinstance(data, Mapping) else {}
    data_class, level = named.get("class"), named.get("level")
    return Result(
        rights=_list_tuples(body.get("rights")),
        declared=_list_tuples(body.get("declared")),
        data_class=None if data_class is None else str(data_class),
        level=None if level is None else str(level),
    )


def _list_tuples(value: Json) -> tuple[AnyObject, ...]:
    listed = value if isinstance(value, list | tuple) else ()
    return tuple(dict(each) for each in listed if isinstance(each, Mapping))

"""What a record says, gathered from ledger and vault before it is signed."""

from dataclasses import dataclass

from msgspec import UNSET

from contracts.clocks import end_of_validity
from contracts.duplicates import DuplicateFinding
from contracts.recording import Tests
from contracts.records import format_record
from contracts.title import Classification, RightClaim, Stage
from ledger.core.types import JsonObject, SubjectKey, UnixMillis


@dataclass(frozen=True, slots=True)
class Superseded:
    """The voucher that a later registration's takes the place of.

    Args:
        number: Of that voucher.
        valid_until: The new one is valid as long, and no longer; None: its years begin anew.
        parties: Who gains or loses a right, sorted.
    """

    number: str
    valid_until: UnixMillis | None
    parties: tuple[SubjectKey, ...]


@dataclass(frozen=True, slots=True)
class RecordedAsset:
    """Everything that a record says about an asset.

    Args:
        asset: Its key.
        registration: The registration that is completed.
        fields: Members that were opened.
        rights: All tuples in force afterwards.
        classification: As assessed.
        commitments: `$commit` of each file, by field.
        tests: What the registrar found.
        years: Of validity from the record on; of no effect where a voucher is as long valid as the
            one before.
        before: The voucher that is superseded; None: the asset has none yet.
        declared: Rights of holders who are named and have not signed.
        duplicates: What was decided about earlier assets of the same content, sorted.
        stage: Of an initial registration, as the form says; None: it does not.
    """

    asset: SubjectKey
    registration: SubjectKey
    fields: JsonObject
    rights: tuple[RightClaim, ...]
    classification: Classification
    commitments: JsonObject
    tests: Tests
    years: int = 0
    before: Superseded | None = None
    declared: tuple[RightClaim, ...] = ()
    duplicates: tuple[DuplicateFinding, ...] = ()
    stage: Stage | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What the record of a cancellation ends.

    Args:
        asset: Its key.
        registration: The cancellation.
        number: Of the voucher.
        parties: Whose rights they were, sorted.
        tests: What the registrar found.
    """

    asset: SubjectKey
    registration: SubjectKey
    number: str
    parties: tuple[SubjectKey, ...]
    tests: Tests


def find_end(asset: RecordedAsset, valid_from: UnixMillis, offset_minutes: int) -> UnixMillis:
    """First instant at which the new voucher has expired: never beyond the term of a right."""
    if asset.before is not None and asset.before.valid_until is not None:
        return asset.before.valid_until
    end = end_of_validity(valid_from, years=asset.years, offset_minutes=offset_minutes)
    terms = [claim.until // 1000 * 1000 for claim in asset.rights if claim.until is not UNSET]
    return UnixMillis(min([end, *terms]))


def show_declared(asset: RecordedAsset) -> JsonObject:
    """The rights that are only declared, as the credential shows them; nothing without any."""
    declared = [format_record(claim) for claim in asset.declared]
    return {"declared": declared} if declared else {}

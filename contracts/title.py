"""Assets and right tuples: who may hold, use and operate which data, on what basis, since when.

Rights are not exclusive (Art. 21): an asset's state is a set of tuples, never one owner. A tuple is
an interval that is closed and never rewritten.

Spec: domain, sections 1 and 2.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from msgspec import UNSET, Meta, UnsetType
from typing_extensions import override

from contracts.identity import HexDigest, PartyKey
from contracts.intervals import current, switch_interval
from contracts.records import AnyJson, Intervals, Record, StateRecord, format_record, whole
from ledger.core.rules import Listing
from ledger.core.types import DidKey, JsonObject, LeafIndex, SubjectKey, UnixMillis

Right = Literal["hold", "use", "operate"]
Basis = Literal[
    "self-generated",
    "commissioned",
    "contract",
    "personal",
    "crawled-public",
    "crawled-product",
    "fused",
    "derived",
    "public-utility",
    "public-product",
    "entrusted",
    "state-organ",
]
LEVEL_ORDER: Final = ("general-1", "general-2", "general-3", "general-4", "important", "core")
AssetKey = Annotated[SubjectKey, whole("asset/[a-z2-7]{26}")]
AttestationKey = Annotated[SubjectKey, whole("attestation/[a-z2-7]{26}")]
CertificateNumber = Annotated[str, whole("(SJ[0-9]{3}|TEST)[0-9]{10}")]
Level = Literal["general-1", "general-2", "general-3", "general-4", "important", "core"]


DataClass = Literal["public", "enterprise", "personal"]
Openness = Literal["unconditional", "conditional", "closed"]
Stage = Literal["raw", "element", "product"]


class RightClaim(Record, frozen=True, kw_only=True, rename={"transferor": "from"}):
    """A right tuple as `registration.record` names it.

    Args:
        holder: Whose right it is.
        right: Which of the three.
        basis: Where it comes from (domain, section 2, "Review").
        until: End of the term in Unix milliseconds; absent: as long as the voucher.
        evidence: Digest of the contract, authorisation or undertaking it rests on.
        sources: Registered assets that it derives from.
        code: Public-data registration code (Art. 15-2).
        limits: In words, as the form states them.
        transferor: `from` in JSON: from whom the holder has it, if it was transferred.
    """

    holder: PartyKey
    right: Right
    basis: Basis
    until: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    evidence: HexDigest | UnsetType = UNSET
    sources: Annotated[tuple[AssetKey, ...], Meta(min_length=1, max_length=8)] | UnsetType = UNSET
    code: Annotated[str, Meta(min_length=1, max_length=80)] | UnsetType = UNSET
    limits: Annotated[str, Meta(min_length=1, max_length=400)] | UnsetType = UNSET
    transferor: PartyKey | UnsetType = UNSET


class Classification(Record, frozen=True, kw_only=True, rename={"data_class": "class"}):
    """By GB/T 43697-2024.

    Args:
        standard: By which it was made.
        industry: By GB/T 4754: what published lists are matched on.
        data_class: `class` in JSON: whose data it is.
        level: How grave it is if the data is harmed.
        openness: `closed` data is not handed on outside its right-holders.
        assessed_by: Which party said so.
        list_version: Of the published catalogue of important data; `none` where there is none.
        downgrade: Attestation that the level may be below a source's.
    """

    standard: Literal["GB/T 43697-2024"]
    industry: Annotated[str, Meta(max_length=80)]
    data_class: DataClass
    level: Level
    openness: Openness
    assessed_by: PartyKey
    list_version: Annotated[str, Meta(max_length=80)]
    downgrade: AttestationKey | UnsetType = UNSET


class Asset(StateRecord, frozen=True, kw_only=True):
    """State of `asset/<id>`.

    Args:
        parties: Who filed its initial registration.
        registration: The newest registration of it that was recorded; before that, the first.
        content: Digest of each content commitment, by its field.
        digests: Content digests published by the applicant.
        fields: Statutory members opened so far.
        classification: Once recorded.
        stage: The same, where it is known: raw data, or an element or a product made of other data.
        tuples: Right tuples with the intervals in which they were in force.
        declared: Right tuples of holders who are named and have not signed; they hold nothing.
        freezes, pledges, disputes, notes: What else is in force on it.
        filings: Of important data: `{"filing","recipient","until"}`, which deliveries rest on.
        vouchers: Its vouchers, one at a time: `{"number","until"}` with the end of validity, so
            that this state alone says which rights were in force at a date; with `term`, the end of
            its own term, where a renewal kept it in force longer.
        renewal: Its newest registration of type renewal; while that is undecided, the live voucher
            stays in force (contracts.standing). None: none was filed.
    """

    state_type: ClassVar[str] = "asset/1"
    interval_lists: ClassVar[tuple[str, ...]] = (
        "tuples",
        "freezes",
        "pledges",
        "disputes",
        "notes",
        "vouchers",
        "filings",
        "declared",
    )
    kept_longest: ClassVar[tuple[str, ...]] = ("tuples",)

    parties: tuple[SubjectKey, ...]
    registration: SubjectKey
    content: Mapping[str, str]
    digests: tuple[str, ...]
    fields: Mapping[str, AnyJson]
    classification: Classification | None
    stage: Stage | None
    tuples: Intervals
    declared: Intervals
    freezes: Intervals
    pledges: Intervals
    disputes: Intervals
    notes: Intervals
    vouchers: Intervals
    filings: Intervals
    renewal: SubjectKey | None

    @property
    def voucher(self) -> str | None:
        """Number of its live voucher, which may have expired; None if it has none."""
        numbers = [str(each["number"]) for each in current(self.vouchers) if isinstance(each, dict)]
        return numbers[-1] if numbers else None

    @override
    def describe(self, key: SubjectKey) -> Listing:
        title = self.fields.get("title")
        label = title if isinstance(title, str) else "(not published)"
        holders = {str(value["holder"]) for value in tuple_values(self.tuples)}
        terms = [self.voucher] if self.voucher else []
        status = "registered" if self.voucher else "filed"
        return Listing(label, status, (*terms, *sorted(holders), *self.digests))


class Voucher(StateRecord, frozen=True, kw_only=True):
    """State of `voucher/<no>` (our formats, section 7).

    Args:
        asset: What it is about.
        registration: What it came from.
        credential: Digest of the complete credential, 64 hex digits.
        issuer: Key that signed the credential and the record.
        status: Intervals of `valid`, `superseded`, `cancelled`, `revoked`.
        valid_from: The record's ledger time, or the national system's evidence time.
        valid_until: First instant at which it has expired.
    """

    state_type: ClassVar[str] = "voucher/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("status",)

    asset: SubjectKey
    registration: SubjectKey
    credential: str
    issuer: DidKey
    status: Intervals
    valid_from: int
    valid_until: int

    @override
    def describe(self, key: SubjectKey) -> Listing:
        number = key.partition("/")[2]
        return Listing(number, str(current(self.status)[-1]), (self.asset, self.registration))


def open_voucher(
    asset: Asset, number: str, until: int, time: UnixMillis, index: LeafIndex
) -> Intervals:
    """The asset's vouchers with this one in force and any other superseded.

    Args:
        asset: Before.
        number: Of the new voucher.
        until: First instant at which it has expired.
        time: From when it is in force.
        index: Log index of the record.
    """
    return switch_interval(asset.vouchers, {"number": number, "until": until}, time, index)


def voucher_key(number: str) -> SubjectKey:
    """`voucher/<number>`."""
    return SubjectKey(f"voucher/{number}")


def tuple_json(claim: RightClaim) -> JsonObject:
    """The value of a right tuple's interval."""
    return format_record(claim)


def source_keys(value: JsonObject) -> list[SubjectKey]:
    """The assets that a right tuple, as a state holds it, names as its sources."""
    named = value.get("sources")
    return [SubjectKey(str(each)) for each in named] if isinstance(named, list) else []


def tuple_values(tuples: Intervals) -> list[JsonObject]:
    """The tuples in force, as the asset's state holds them."""
    return [value for value in current(tuples) if isinstance(value, dict)]

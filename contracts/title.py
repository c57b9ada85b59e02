"""Assets and right tuples: who may hold, use and operate which data, on what basis, since when.

Rights are not exclusive (Art. 21): an asset's state is a set of tuples, never one owner. A tuple is
an interval that is closed and never rewritten.

Spec: domain, sections 1 and 2.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from msgspec import UNSET, Meta, UnsetType
from typing_extensions import override

from contracts.engine import Context, refuse
from contracts.identity import HexDigest, Party, PartyKey
from contracts.intervals import close_interval, current, switch_interval
from contracts.records import AnyJson, Intervals, Record, StateRecord, format_record, whole
from ledger.core.rules import Listing
from ledger.core.types import DidKey, Json, JsonObject, LeafIndex, SubjectKey, UnixMillis

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
CertificateNumber = Annotated[str, whole("(SJ[0-9]{3}|TEST)[0-9]{10}")]
Level = Literal["general-1", "general-2", "general-3", "general-4", "important", "core"]


DataClass = Literal["public", "enterprise", "personal"]


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
    """By GB/T 43697-2024."""

    standard: Literal["GB/T 43697-2024"]
    industry: Annotated[str, Meta(max_length=80)]
    data_class: DataClass
    level: Level
    openness: Literal["unconditional", "conditional", "closed"]
    assessed_by: PartyKey
    list_version: Annotated[str, Meta(max_length=80)]


class Asset(StateRecord, frozen=True, kw_only=True):
    """State of `asset/<id>`.

    Args:
        parties: Who filed its initial registration.
        registration: The newest registration of it that was recorded; before that, the first.
        content: Digest of each content commitment, by its field.
        digests: Content digests published by the applicant.
        fields: Statutory members opened so far.
        classification: Once recorded.
        tuples: Right tuples with the intervals in which they were in force.
        freezes, pledges, disputes, notes: What else is in force on it.
        vouchers: Its vouchers, one at a time: `{"number","until"}` with the end of validity, so
            that this state alone says which rights were in force at a date.
    """

    state_type: ClassVar[str] = "asset/1"
    interval_lists: ClassVar[tuple[str, ...]] = (
        "tuples",
        "freezes",
        "pledges",
        "disputes",
        "notes",
        "vouchers",
    )
    kept_longest: ClassVar[tuple[str, ...]] = ("tuples",)

    parties: tuple[SubjectKey, ...]
    registration: SubjectKey
    content: Mapping[str, str]
    digests: tuple[str, ...]
    fields: Mapping[str, AnyJson]
    classification: Classification | None
    tuples: Intervals
    freezes: Intervals
    pledges: Intervals
    disputes: Intervals
    notes: Intervals
    vouchers: Intervals

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


def close_vouchers(asset: Asset, time: UnixMillis) -> Intervals:
    """The asset's vouchers with none in force from this time on."""
    vouchers = asset.vouchers
    for value in current(vouchers):
        vouchers = close_interval(vouchers, value, time)
    return vouchers


def voucher_key(number: str) -> SubjectKey:
    """`voucher/<number>`."""
    return SubjectKey(f"voucher/{number}")


def tuple_json(claim: RightClaim) -> JsonObject:
    """The value of a right tuple's interval."""
    return format_record(claim)


def tuple_values(tuples: Intervals) -> list[JsonObject]:
    """The tuples in force, as the asset's state holds them."""
    return [value for value in current(tuples) if isinstance(value, dict)]


def has_right(asset: Asset, holder: SubjectKey, right: Right, time: UnixMillis) -> bool:
    """Whether a party has a right in the asset now, its term not over.

    Whether the voucher has expired is in the voucher's state.
    """
    return any(
        value["holder"] == holder and value["right"] == right and not _is_over(value, time)
        for value in tuple_values(asset.tuples)
    )


def check_eligibility(context: Context, claim: RightClaim, parties: tuple[SubjectKey, ...]) -> None:
    """Who may register which right on which basis (Art. 15 and 21).

    Args:
        context: Of the record.
        claim: One right tuple.
        parties: The applicants, who all signed.

    Raises:
        RejectedError: The basis does not give this right, or its condition is not met.
    """
    if claim.basis == "state-organ":
        refuse(
            "not_registrable",
            "data of party and state organs is not registered",
            "党政机关数据不予登记",
            "Art. 15",
        )
    if claim.basis == "crawled-public" and claim.right == "operate":
        refuse(
            "basis_right",
            "public data collected by program gives no right to operate it",
            "通过自动化程序收集的公开数据不得登记经营权",
            "Art. 21",
        )
    _check_evidence(claim)
    if claim.basis == "personal" and context.need(Party, claim.holder).kind != "natural":
        refuse(
            "natural_person",
            f"the basis personal is for natural persons, which {claim.holder} is not",
            f"personal 依据仅限自然人，{claim.holder} 不是自然人",
            "Art. 21",
        )
    if claim.basis == "derived":
        _check_sources(context, claim)
    if claim.holder not in parties:
        refuse(
            "declared_holder",
            f"{claim.holder} is only declared: a right-holder signs the application",
            f"{claim.holder} 仅为申报权利人：权利人须签署登记申请",
            "Art. 21",
        )
    if claim.basis == "fused" and claim.right == "operate" and len(parties) < 2:
        refuse(
            "participants",
            "to operate fused data all other participants consent by signing the application",
            "登记融合数据的经营权须经其他参与方签署同意",
            "Art. 21",
        )


def check_level(context: Context, claim: RightClaim, level: Level) -> None:
    """Keep a product's level at least at its sources' (domain, section 2, "Classification").

    Raises:
        RejectedError: A source has a higher one.
    """
    for key in () if claim.sources is UNSET else claim.sources:
        source = context.need(Asset, key).classification
        if source is not None and LEVEL_ORDER.index(source.level) > LEVEL_ORDER.index(level):
            refuse(
                "level",
                f"the level {level} is below {source.level} of its source {key}",
                f"级别 {level} 低于其来源 {key} 的级别 {source.level}",
                "GB/T 43697-2024",
            )


_NEEDS_EVIDENCE: Mapping[str, tuple[str, str, str]] = {
    "commissioned": ("the commission's digest", "委托合同摘要", "Art. 21"),
    "contract": ("the contract's digest", "合同摘要", "Art. 20"),
    "crawled-public": ("the undertaking's digest", "承诺书摘要", "Art. 20"),
    "crawled-product": ("the undertaking's digest", "承诺书摘要", "Art. 20"),
    "entrusted": (
        "the digest of the law or contract that says so",
        "法律或合同依据摘要",
        "Art. 21",
    ),
}


def _check_evidence(claim: RightClaim) -> None:
    needed = _NEEDS_EVIDENCE.get(claim.basis)
    if needed is not None and claim.evidence is UNSET:
        en, zh, article = needed
        refuse(
            "evidence",
            f"the basis {claim.basis} needs evidence: {en}",
            f"以 {claim.basis} 为依据须提交 evidence：{zh}",
            article,
        )
    if claim.basis == "public-product" and claim.code is UNSET:
        refuse(
            "public_code",
            "a product of authorised public data needs its public-data registration code",
            "公共数据授权运营产品须注明公共数据资源登记编码",
            "Art. 15",
        )


def _check_sources(context: Context, claim: RightClaim) -> None:
    if claim.sources is UNSET:
        refuse(
            "sources",
            "derived data names the assets it derives from",
            "衍生数据须列明其来源数据",
            "Art. 20",
        )
    for key in claim.sources:
        if not _has_live_right(context, context.need(Asset, key), claim.holder, "use"):
            refuse(
                "source_right",
                f"{claim.holder} has no right to use {key}: have it registered first",
                f"{claim.holder} 对 {key} 不享有使用权：请先登记",
                "Art. 20",
            )


def _has_live_right(context: Context, asset: Asset, holder: SubjectKey, right: Right) -> bool:
    """Whether a party has a right now, under a voucher that has not expired."""
    if asset.voucher is None:
        return False
    voucher = context.need(Voucher, voucher_key(asset.voucher))
    return context.time < voucher.valid_until and has_right(asset, holder, right, context.time)


def _is_over(value: Mapping[str, Json], time: UnixMillis) -> bool:
    until = value.get("until")
    return isinstance(until, int) and until <= time

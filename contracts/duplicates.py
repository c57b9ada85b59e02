"""The same data once more: what a registrar has to decide before it records it.

Whose content is the same is known to everybody where the digests were published, and to the
registrar from its own index where they were not; the rules see the former alone. Rights are not
exclusive (Art. 21), so the same data may be registered again; what is not allowed is that nobody
looked (Art. 39).

Spec: domain, section 2, "Duplicates"; Art. 21 and 39.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta

from contracts.engine import Context, refuse
from contracts.identity import NameClaim
from contracts.intervals import close_interval, current, open_interval
from contracts.procedure import OPEN_STATUSES, Registration, status_at
from contracts.records import Record
from contracts.title import Asset, AssetKey
from ledger.core.types import SubjectKey

MAX_DUPLICATES: Final = 16
DuplicateDecision = Literal["distinct", "same-data-other-right", "same-data-again"]


class DuplicateFinding(Record, frozen=True, kw_only=True):
    """What the registrar decided about an earlier asset with the same or much the same content.

    Args:
        asset: The earlier one.
        decision: `distinct`: it is other data all the same; `same-data-other-right`: the same data,
            and the applicant has a right of its own in it; `same-data-again`: the same data and
            right, registered once more for the reason given.
        reason: In words.
    """

    asset: AssetKey
    decision: DuplicateDecision
    reason: Annotated[str, Meta(min_length=1, max_length=400)]


DuplicateFindings = Annotated[
    tuple[DuplicateFinding, ...], Meta(min_length=1, max_length=MAX_DUPLICATES)
]


def check_duplicates(
    context: Context,
    key: SubjectKey,
    findings: Iterable[DuplicateFinding],
    *,
    is_decision_needed: bool,
) -> None:
    """Hold what was decided about duplicates against what the ledger shows of them.

    Args:
        context: Of the record.
        key: The asset that is about to be registered.
        findings: By asset, sorted.
        is_decision_needed: Refuse where a registered asset with one of the same published digests
            is not among them.

    Raises:
        RejectedError: Reason `duplicate`: an asset that nobody decided about; `duplicates`: one
            that is named twice, out of order, or is the very asset.
    """
    named = [each.asset for each in findings]
    if named != sorted(set(named)) or key in named:
        refuse(
            "duplicates",
            "duplicates are other assets, sorted, each named once",
            "duplicates 须为其他数据，按标识排序且不重复",
            "Art. 39",
        )
    for asset in named:
        context.need(Asset, asset)
    missing = sorted(set(find_published(context, key)) - set(named)) if is_decision_needed else []
    if missing:
        refuse(
            "duplicate",
            f"the same content is registered as {', '.join(missing[:MAX_DUPLICATES])}: say in "
            "duplicates what was decided about each, or refuse the registration",
            f"相同内容已登记为 {'、'.join(missing[:MAX_DUPLICATES])}：须在 duplicates 中逐一写明"
            "认定结论与理由，或不予登记",
            "Art. 39",
        )


def find_published(context: Context, key: SubjectKey) -> Iterable[SubjectKey]:
    """Registered assets that share a published digest with this one.

    One that was never recorded, or whose voucher has ended, is none.

    Args:
        context: Of an event.
        key: The asset's.
    """
    for digest in context.need(Asset, key).digests:
        claim = context.find(NameClaim, SubjectKey(f"name/sha256:{digest}"))
        for value in () if claim is None else current(claim.claims):
            other = SubjectKey(str(value))
            if other != key and context.need(Asset, other).voucher is not None:
                yield other


def claim_digest(
    context: Context, name: SubjectKey, asset: SubjectKey, parties: Iterable[SubjectKey]
) -> NameClaim:
    """The claims of a published digest with one more, and without those that came to nothing.

    Whoever files and lets it drop leaves no claim behind, and nobody has two undecided
    applications for the same content: so no one alone can fill the state that keeps the claims.

    Args:
        context: Of the filing.
        name: `name/sha256:<digest>`.
        asset: What is filed.
        parties: Who file it.

    Raises:
        RejectedError: Reason `claimed`: one of them has an undecided application for the same
            content.
    """
    claim = context.find(NameClaim, name) or NameClaim(claims=())
    claims, filing = claim.claims, set(parties)
    for value in current(claims):
        other = SubjectKey(str(value))
        key = context.need(Asset, other).registration
        registration = context.need(Registration, key)
        status = status_at(registration, context.time)
        if status in OPEN_STATUSES:
            _refuse_if_claimed(key, sorted(filing & set(registration.parties)))
        elif status != "recorded":
            claims = close_interval(claims, other, context.time)
    return NameClaim(claims=open_interval(claims, asset, context.time, context.index))


def _refuse_if_claimed(key: SubjectKey, both: Sequence[SubjectKey]) -> None:
    if both:
        refuse(
            "claimed",
            f"{both[0]} filed the same content in {key}, which is not decided yet: go on with it, "
            "or withdraw it first",
            f"{both[0]} 已就相同内容提出申请 {key}，尚未办结：请继续办理该申请，或先予撤回",
            "Art. 39",
        )

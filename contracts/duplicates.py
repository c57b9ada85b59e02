"""The same data once more: what a registrar has to decide before it records it.

Whose content is the same is known to everybody where the digests were published, and to the
registrar from its own index where they were not; the rules see the former alone. Rights are not
exclusive (Art. 21), so the same data may be registered again; what is not allowed is that nobody
looked (Art. 39).

Spec: domain, section 2, "Duplicates"; Art. 21 and 39.
"""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from msgspec import Meta

from contracts.engine import Context, refuse
from contracts.identity import NameClaim
from contracts.intervals import current
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

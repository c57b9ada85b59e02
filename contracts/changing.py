"""A change (变更): other words for the same data, under a new voucher with the same rights.

What may change is how the data is described, and who the applicant is called; never who holds which
right, where the data came from, or what it contains. What became of the description is opened whole
in the member `after`; the applicant's new particulars stay a commitment.

Spec: domain, section 2; Art. 35; annex 3.
"""

from collections.abc import Mapping
from dataclasses import replace

from msgspec import structs

from contracts.clocks import format_instant
from contracts.completion import (
    Completion,
    TypeRules,
    check_past,
    check_same_asset,
    check_still_about,
    no_counts,
    nobody,
    supersede,
)
from contracts.disputes import close_upheld
from contracts.engine import Changes, Context, refuse
from contracts.holds import refuse_if_frozen
from contracts.records import AnyJson
from contracts.title import Asset, Voucher, voucher_key
from contracts.transfer import check_succession, need_voucher_in_force
from ledger.core.types import SubjectKey, UnixMillis


def changed_fields(
    fields: Mapping[str, AnyJson], opened: Mapping[str, AnyJson]
) -> dict[str, AnyJson]:
    """The asset's opened members once a change is recorded.

    Args:
        fields: Before.
        opened: What the notice of the change opened; a withheld one opened nothing.
    """
    after = opened.get("after")
    return {**fields, **(after if isinstance(after, dict) else {})}


def check_change(context: Context, key: SubjectKey, asset: Asset) -> None:
    """Hold the filing of a change against what is in force.

    Args:
        context: Of the filing.
        key: The asset's.
        asset: Its state.

    Raises:
        RejectedError: The asset is frozen, or its voucher has expired.
    """
    refuse_if_frozen(asset, key)
    need_voucher_in_force(context, key, asset)


def _check(completion: Completion) -> None:
    check_still_about(completion)
    check_same_asset(completion, "Art. 35")


def _change(completion: Completion, time: UnixMillis) -> Changes:
    asset, until = completion.asset, completion.outcome.valid_until
    before = completion.context.need(Voucher, voucher_key(str(asset.voucher)))
    check_succession(before, time, until)
    if until != before.valid_until:
        refuse(
            "validity",
            "a change leaves the end of validity as it is: "
            f"{format_instant(UnixMillis(before.valid_until))}",
            f"变更登记不改变有效期届满时间：{format_instant(UnixMillis(before.valid_until))}",
            "Art. 35",
        )
    check_past(completion, time, ())
    fields = changed_fields(asset.fields, completion.registration.fields)
    disputes = close_upheld(completion.context, asset)
    settled = replace(completion, asset=structs.replace(asset, disputes=disputes))
    return supersede(settled, time, fields=fields, tuples=asset.tuples)


CHANGE = TypeRules(nobody, _check, _change, no_counts)

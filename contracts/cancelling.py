"""A cancellation (注销): all rights on an asset end, and its voucher with them; evidence stays.

Of an expired voucher too, whose rights are in force no more and still somebody's.

Spec: domain, section 2; Art. 26 and 37; annex 5.
"""

from collections import Counter
from collections.abc import Mapping

from msgspec.structs import replace

from contracts.clocks import format_instant
from contracts.completion import (
    Completion,
    TypeRules,
    check_past,
    check_still_about,
    end_rights,
)
from contracts.disputes import close_upheld
from contracts.engine import Changes, Context, refuse
from contracts.force import holders_of
from contracts.holds import pledged_by, refuse_if_held
from contracts.identity import Party, refuse_if_recovering
from contracts.intervals import switch_interval
from contracts.records import parse_record
from contracts.title import Asset, RightClaim, Voucher, tuple_values, voucher_key
from ledger.core.types import SubjectKey, UnixMillis


def check_cancellation(context: Context, key: SubjectKey, asset: Asset) -> None:
    """Hold the filing of a cancellation against what is in force; its voucher may have expired.

    Args:
        context: Of the filing.
        key: The asset's.
        asset: Its state.

    Raises:
        RejectedError: The asset is frozen or seized, a right is pledged, or a holder waits for new
            keys.
    """
    refuse_if_held(asset, key)
    refuse_if_pledged(asset, key)
    for holder in holders_of(asset, context.time):
        refuse_if_recovering(context, holder, context.need(Party, holder))


def refuse_if_pledged(asset: Asset, key: SubjectKey) -> None:
    """Let an asset through of which no right is pledged.

    Raises:
        RejectedError: Reason `pledged`: the pledgee loses nothing behind its back.
    """
    for value in tuple_values(asset.tuples):
        claim = parse_record(RightClaim, value)
        for pledge in pledged_by(asset, claim.holder, claim.right):
            refuse(
                "pledged",
                f"the right to {claim.right} {key} of {claim.holder} is pledged by {pledge}: the "
                "pledgee releases it first",
                f"{claim.holder} 对 {key} 的 {claim.right} 权利已由 {pledge} 设定担保："
                "须先由担保权人解除",
                "domain 4",
            )


def _parties(completion: Completion) -> tuple[SubjectKey, ...]:
    return holders_of(completion.asset, completion.context.time)


def _check(completion: Completion) -> None:
    asset = completion.asset
    if completion.cancels != completion.registration.about:
        about = completion.registration.about
        refuse(
            "cancels",
            f"the record of a cancellation names the voucher that ends: {about} in cancels",
            f"注销登记须在 cancels 中写明所注销的凭证 {about}",
            "Art. 37",
        )
    check_still_about(completion)
    refuse_if_held(asset, completion.asset_key)
    refuse_if_pledged(asset, completion.asset_key)


def _cancel(completion: Completion, time: UnixMillis) -> Changes:
    asset, context = completion.asset, completion.context
    key = voucher_key(str(asset.voucher))
    voucher = context.need(Voucher, key)
    if time < voucher.valid_from:
        refuse(
            "validity",
            f"{asset.voucher} is valid from {format_instant(UnixMillis(voucher.valid_from))} on, "
            "and is not cancelled before: evidence in the national system has to be newer",
            f"{asset.voucher} 自 {format_instant(UnixMillis(voucher.valid_from))} 起有效，"
            "注销不得早于该时间：国家系统存证时间须更晚",
            "Art. 26",
        )
    rights = [(str(each["holder"]), str(each["right"])) for each in tuple_values(asset.tuples)]
    check_past(completion, time, {(SubjectKey(holder), right) for holder, right in rights})
    ended = replace(
        end_rights(context, asset, time),
        registration=completion.key,
        disputes=close_upheld(context, asset),
    )
    status = switch_interval(voucher.status, "cancelled", time, context.index)
    return {key: replace(voucher, status=status), completion.asset_key: ended}


def _counts(completion: Completion) -> Mapping[SubjectKey, int]:
    held = Counter(
        SubjectKey(str(each["holder"])) for each in tuple_values(completion.asset.tuples)
    )
    return {holder: -count for holder, count in held.items()}


CANCELLATION = TypeRules(_parties, _check, _cancel, _counts)

"""A renewal (续期): the same rights under a new voucher, with its years anew.

It is filed from six months before the voucher expires to the last instant before, by one or more of
the right-holders: rights are independent, and nobody's run out because another does not sign. What
was filed in time keeps the voucher in force until it is decided; what was not is void by itself. It
follows the asset: it renews whatever is in force when it is recorded.

Spec: domain, section 2, "Validity" and "Clock arithmetic"; Art. 26 and 36; annex 4.
"""

from typing import Final

from contracts.clocks import add_months, format_instant, local_date, start_of_day
from contracts.completion import (
    Completion,
    TypeRules,
    check_newer,
    check_past,
    check_same_asset,
    no_counts,
    nobody,
    supersede,
)
from contracts.engine import Changes, Context, refuse
from contracts.force import holders_of, is_over
from contracts.foundation import read_ledger
from contracts.procedure import Registration
from contracts.standing import find_pending
from contracts.title import Asset, Voucher, tuple_values, voucher_key
from ledger.core.types import SubjectKey, UnixMillis

MONTHS_BEFORE: Final = 6


def renewal_opens(valid_until: UnixMillis, offset_minutes: int) -> UnixMillis:
    """From when a voucher is renewed: 00:00 of the same-numbered day, six months before its last.

    A voucher valid to the end of 2031-11-22 is renewed from 2031-05-22T00:00+08:00 on.

    Args:
        valid_until: First instant at which it has expired.
        offset_minutes: Of the profile's days, east of UTC.

    Raises:
        LimitError: Outside the years 1 to 9999.
    """
    last = local_date(UnixMillis(valid_until - 1), offset_minutes)
    return start_of_day(add_months(last, -MONTHS_BEFORE), offset_minutes)


def check_renewal(context: Context, _key: SubjectKey, asset: Asset) -> None:
    """Hold the filing of a renewal to its time.

    A freeze does not keep it from being filed: rights do not run out because they are frozen.

    Args:
        context: Of the filing.
        asset: Its state; it has a live voucher.

    Raises:
        RejectedError: It is too early, too late, another renewal is undecided, or every right ends
            with the voucher by its own term.
    """
    voucher = context.need(Voucher, voucher_key(str(asset.voucher)))
    until = UnixMillis(voucher.valid_until)
    if context.time >= until:
        refuse(
            "expired",
            f"{asset.voucher} expired at {format_instant(until)} and was not renewed in time: the "
            "data is registered anew",
            f"{asset.voucher} 已于 {format_instant(until)} 到期且未及时续期：须重新办理初次登记",
            "Art. 36",
        )
    opens = renewal_opens(until, read_ledger(context).profile.offset_minutes)
    if context.time < opens:
        refuse(
            "renewal_early",
            f"{asset.voucher} is renewed from {format_instant(opens)} on, six months before it "
            "expires: file it then",
            f"{asset.voucher} 自 {format_instant(opens)}（届满前六个月）起方可申请续期",
            "Art. 36",
        )
    _check_pending(context, asset)
    if all(is_over(value, until) for value in tuple_values(asset.tuples)):
        refuse(
            "right_term",
            f"every right ends by its own term by {format_instant(until)}, and a voucher is valid "
            "no longer than the rights in it: register the rights anew",
            f"全部权利的期限均于 {format_instant(until)} 前届满，"
            "凭证有效期不得超过权利期限：请重新登记该权利",
            "Art. 26",
        )


def _check_pending(context: Context, asset: Asset) -> None:
    if asset.renewal is None:
        return
    pending = find_pending(context.need(Registration, asset.renewal))
    if pending.holds_at(context.time):
        refuse(
            "renewal_pending",
            f"{asset.renewal} renews {asset.voucher} already and is undecided: withdraw it first",
            f"{asset.renewal} 已申请续期 {asset.voucher} 且尚未办结：请先撤回",
            "Art. 36",
        )


def _check(completion: Completion) -> None:
    registration, asset = completion.registration, completion.asset
    if asset.voucher is None:
        refuse(
            "voucher_moved",
            f"{completion.asset_key} has no voucher any more, and nothing is left to renew: refuse "
            "it or have it withdrawn",
            f"{completion.asset_key} 已没有凭证，无可续期：请不予登记，或由申请人撤回",
            "Art. 36",
        )
    holders = holders_of(asset, completion.context.time)
    if set(holders).isdisjoint(registration.parties):
        refuse(
            "holders_moved",
            "none of those who filed the renewal has a right by now; the right-holders are "
            f"{', '.join(holders) or 'none'}: one of them files it again",
            f"续期申请人均已不再享有权利，现权利人为 {'、'.join(holders) or '无'}："
            "请由其中之一重新申请",
            "Art. 36",
        )
    check_same_asset(completion, "Art. 36")


def _renew(completion: Completion, time: UnixMillis) -> Changes:
    asset, until = completion.asset, completion.outcome.valid_until
    before = completion.context.need(Voucher, voucher_key(str(asset.voucher)))
    if time < before.valid_from or until <= before.valid_until:
        refuse(
            "validity",
            f"a renewal begins after {format_instant(UnixMillis(before.valid_from))} and ends "
            f"after {format_instant(UnixMillis(before.valid_until))}, unlike the one it supersedes",
            f"续期凭证须自 {format_instant(UnixMillis(before.valid_from))} 之后起，"
            f"至 {format_instant(UnixMillis(before.valid_until))} 之后止",
            "Art. 36",
        )
    check_past(completion, time, ())
    check_newer(asset.tuples, time)
    return supersede(completion, time, fields=asset.fields, tuples=asset.tuples)


RENEWAL = TypeRules(nobody, _check, _renew, no_counts)

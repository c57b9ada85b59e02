"""A renewal (续期): the same rights under a new voucher, with its years anew.

It is filed from six months before the voucher expires to the last instant before. What was filed in
time keeps the voucher in force until it is decided; what was not is void by itself.

Spec: domain, section 2, "Validity" and "Clock arithmetic"; Art. 26 and 36; annex 4.
"""

from typing import Final

from contracts.clocks import add_months, format_instant, local_date, start_of_day
from contracts.completion import (
    Completion,
    TypeRules,
    check_past,
    check_same_asset,
    no_counts,
    nobody,
    supersede,
)
from contracts.engine import Changes, Context, refuse
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
        RejectedError: It is too early, too late, another renewal is undecided, or a right ends with
            the voucher by its own term.
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
    terms = [value["until"] for value in tuple_values(asset.tuples) if "until" in value]
    ended = [term for term in terms if isinstance(term, int) and term <= until]
    if ended:
        refuse(
            "right_term",
            f"a right ends by its own term at {format_instant(UnixMillis(min(ended)))}, and a "
            "voucher is valid no longer than the rights in it: register the right anew",
            f"有权利期限于 {format_instant(UnixMillis(min(ended)))} 届满，"
            "凭证有效期不得超过权利期限：请重新登记该权利",
            "Art. 26",
        )


def _check_pending(context: Context, asset: Asset) -> None:
    if asset.renewal is None:
        return
    pending = find_pending(context.need(Registration, asset.renewal))
    if pending is not None and pending.number == asset.voucher and pending.holds_at(context.time):
        refuse(
            "renewal_pending",
            f"{asset.renewal} renews {asset.voucher} already and is undecided: withdraw it first",
            f"{asset.renewal} 已申请续期 {asset.voucher} 且尚未办结：请先撤回",
            "Art. 36",
        )


def _check(completion: Completion) -> None:
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
    return supersede(completion, time, fields=asset.fields, tuples=asset.tuples)


RENEWAL = TypeRules(nobody, _check, _renew, no_counts)

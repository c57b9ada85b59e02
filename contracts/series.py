"""The running serials of certificate numbers, one series for each month.

Spec: our formats section 5; annex 6.
"""

from typing import ClassVar

from contracts.engine import refuse
from contracts.foundation import Ledger
from contracts.numbering import format_number, parse_number
from contracts.records import StateRecord
from ledger.core.types import SubjectKey, UnixMillis
from ledger.errors import MalformedError


class Series(StateRecord, frozen=True, kw_only=True):
    """State of `series/...`: the last serial given out in a month."""

    state_type: ClassVar[str] = "series/1"

    last: int


def parse_series(number: str) -> SubjectKey:
    """`series/...` of a certificate number.

    Raises:
        RejectedError: It is not a number that any scheme gives out.
    """
    try:
        return parse_number(number).series
    except MalformedError as exc:
        refuse("number", str(exc), f"不是有效的登记凭证编号：{number}", "annex 6")


def next_number(ledger: Ledger, last: int | None, time: UnixMillis) -> str:
    """The number that a record at this time has to carry.

    Args:
        ledger: State of `ledger/self`.
        last: Last serial of the month's series, None before the first.
        time: The ledger's.

    Raises:
        RejectedError: The month's numbers are used up.
    """
    return format_number(ledger.scheme, time, (last or 0) + 1)

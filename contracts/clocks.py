"""Deadlines and terms: days, months and working days at a fixed offset from UTC.

Everything is arithmetic on integers and dates; nothing here knows what time it is. The rules:

- the day on which something happens does not count; n days end at 24:00 of the n-th, which is
  inside. All ends are given as the first instant that is outside;
- months and years end on the same-numbered day, else on the month's last;
- working days come from published calendars. Where one is missing the answer is None, unknown;
- while a clock stands still no working day is used up: a day that any pause touches, however
  briefly, does not count. So days stay whole, and a pause never brings a deadline forward.

Spec: Art. 17, 24, 25, 28, 36 and 42 of 《数据产权登记工作指引（试行）》.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, TypeAlias

from ledger.core.types import Json, JsonObject, UnixMillis
from ledger.errors import LimitError, MalformedError

CHINA_OFFSET_MINUTES: Final = 480
"""UTC+08:00, the offset of every profile that names none."""

DAY_MS: Final = 86_400_000
"""Milliseconds of a day; a fixed offset has no other."""

_MINUTE_MS: Final = 60_000
_EPOCH: Final = date(1970, 1, 1).toordinal()
_SATURDAY: Final = 5

_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9998
_MAX_LISTED: Final = 366
_MEMBERS: Final = {"year", "off", "work"}

Pause: TypeAlias = tuple[UnixMillis, UnixMillis | None]
"""From when (inclusive) to when (exclusive) a clock stands still; None while it still does."""


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """A year's exceptions from the week of Monday to Friday, as parse_calendar reads them.

    Args:
        year: The year that all its days are of.
        off: Days from Monday to Friday on which nobody works.
        work: Saturdays and Sundays that are worked.
    """

    year: int
    off: frozenset[date]
    work: frozenset[date]


Calendar: TypeAlias = Mapping[int, CalendarYear]
"""The published years; a year that is not in it is unknown, not free of holidays."""


def local_date(time: UnixMillis, offset_minutes: int = CHINA_OFFSET_MINUTES) -> date:
    """The day on which an instant falls.

    Args:
        time: Unix milliseconds.
        offset_minutes: Minutes east of UTC.

    Raises:
        LimitError: Outside the years 1 to 9999.
    """
    return _date(_ordinal(time, offset_minutes))


def describe_instant(time: UnixMillis) -> str:
    """As format_instant, or `N ms` for a time that no date can be written of."""
    try:
        return format_instant(time)
    except LimitError:  # after the year 9999
        return f"{time} ms"


def format_instant(time: UnixMillis, offset_minutes: int = CHINA_OFFSET_MINUTES) -> str:
    """An instant in words that every date option reads, such as `2026-11-30T00:00:00+08:00`.

    Args:
        time: Unix milliseconds; a fraction of a second is written only where there is one.
        offset_minutes: Minutes east of UTC, at most 24 hours either way.

    Raises:
        LimitError: Outside the years 1 to 9999.

    Spec: RFC 3339 section 5.6.
    """
    of_day = (time + offset_minutes * _MINUTE_MS) % DAY_MS
    seconds, fraction = divmod(of_day, 1000)
    minutes, second = divmod(seconds, 60)
    shown = f"{local_date(time, offset_minutes)}T{_format_minutes(minutes)}:{second:02}"
    sign = "-" if offset_minutes < 0 else "+"
    rest = f".{fraction:03}" if fraction else ""
    return f"{shown}{rest}{sign}{_format_minutes(abs(offset_minutes))}"


def start_of_day(day: date, offset_minutes: int = CHINA_OFFSET_MINUTES) -> UnixMillis:
    """00:00 of a day."""
    days = day.toordinal() - _EPOCH
    return UnixMillis(days * DAY_MS - offset_minutes * _MINUTE_MS)


def end_of_day_exclusive(day: date, offset_minutes: int = CHINA_OFFSET_MINUTES) -> UnixMillis:
    """24:00 of a day, which is 00:00 of the next and no longer of the day."""
    return UnixMillis(start_of_day(day, offset_minutes) + DAY_MS)


def add_months(day: date, n: int) -> date:
    """The same-numbered day n months later (earlier if negative), else that month's last day.

    Raises:
        LimitError: Outside the years 1 to 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    if not 1 <= year <= 9999:
        raise LimitError(f"{n} months from {day} lie outside the years 1 to 9999")
    return date(year, month + 1, min(day.day, _days_in_month(year, month + 1)))


def end_of_validity(
    valid_from: UnixMillis,
    *,
    years: int = 0,
    months: int = 0,
    offset_minutes: int = CHINA_OFFSET_MINUTES,
) -> UnixMillis:
    """The first instant at which a term of years and months is over.

    Recorded 2026-11-22T10:00+08:00 for 5 years gives 2031-11-23T00:00+08:00.

    Raises:
        LimitError: Outside the years 1 to 9999.
    """
    last = add_months(local_date(valid_from, offset_minutes), 12 * years + months)
    return end_of_day_exclusive(last, offset_minutes)


def add_calendar_days(
    start: UnixMillis, n: int, offset_minutes: int = CHINA_OFFSET_MINUTES
) -> UnixMillis:
    """The first instant after n whole days, the day of start not counted.

    Args:
        start: When it happened.
        n: 0 gives start itself.
        offset_minutes: Minutes east of UTC.

    Raises:
        LimitError: n is negative, or the day lies outside the years 1 to 9999.
    """
    if _check_days(n) == 0:
        return start
    return end_of_day_exclusive(_date(_ordinal(start, offset_minutes) + n), offset_minutes)


def parse_calendar(value: Json) -> CalendarYear:
    """Read the value of a part `list/calendar:<year>`; the exact inverse of format_calendar.

    Args:
        value: `{"year": 2026, "off": ["2026-01-01", ...], "work": ["2026-02-14", ...]}`: `off` has
            holidays from Monday to Friday (Saturdays and Sundays are free anyway), `work` the
            Saturdays and Sundays that are worked; each sorted, without doubles, in `YYYY-MM-DD`.

    Raises:
        MalformedError: Another form, a day of another year, or one listed on the wrong side.
    """
    if not isinstance(value, Mapping) or value.keys() != _MEMBERS:
        raise MalformedError("a calendar has exactly the members off, work and year")
    year = value["year"]
    if not isinstance(year, int) or not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise MalformedError(f"not a year from {_FIRST_YEAR} to {_LAST_YEAR}: {year!r:.24}")
    off, work = _parse_days(value["off"], year), _parse_days(value["work"], year)
    if any(map(_is_weekend, off)):
        raise MalformedError("`off` lists a Saturday or Sunday; these are free anyway")
    if not all(map(_is_weekend, work)):
        raise MalformedError("`work` lists a day from Monday to Friday; these are worked anyway")
    return CalendarYear(year, frozenset(off), frozenset(work))


def format_calendar(calendar: CalendarYear) -> JsonObject:
    """The value of a part `list/calendar:<year>`."""
    return {
        "off": [day.isoformat() for day in sorted(calendar.off)],
        "work": [day.isoformat() for day in sorted(calendar.work)],
        "year": calendar.year,
    }


def create_calendar(years: Iterable[CalendarYear]) -> Calendar:
    """The published years, by year.

    Raises:
        MalformedError: A year twice.
    """
    published = list(years)
    calendar = {part.year: part for part in published}
    if len(calendar) != len(published):
        raise MalformedError("a calendar lists the same year twice")
    return calendar


def is_working_day(day: date, calendar: Calendar) -> bool | None:
    """Whether a day is worked; None, unknown, if the calendar of its year is not published."""
    year = calendar.get(day.year)
    if year is None:
        return None
    return day in year.work if _is_weekend(day) else day not in year.off


def count_working_days(year: CalendarYear) -> int:
    """On how many days of a year people work."""
    first, after_last = date(year.year, 1, 1), date(year.year + 1, 1, 1)
    calendar = {year.year: year}
    ordinals = range(first.toordinal(), after_last.toordinal())
    return sum(is_working_day(date.fromordinal(day), calendar) is True for day in ordinals)


def working_day_deadline(
    start: UnixMillis, n: int, calendar: Calendar, offset_minutes: int = CHINA_OFFSET_MINUTES
) -> UnixMillis | None:
    """The first instant after n working days, the day of start not counted.

    Args:
        start: When it happened.
        n: 0 gives start itself.
        calendar: The published years.
        offset_minutes: Minutes east of UTC.

    Returns:
        24:00 of the n-th working day; None, unknown, if a year is needed that is not published.

    Raises:
        LimitError: n is negative.
    """
    return deadline_with_pauses(start, n, (), calendar, offset_minutes)


def deadline_with_pauses(
    start: UnixMillis,
    n: int,
    pauses: Sequence[Pause],
    calendar: Calendar,
    offset_minutes: int = CHINA_OFFSET_MINUTES,
) -> UnixMillis | None:
    """The first instant after n working days on which the clock ran from 00:00 to 24:00.

    A working day counts only if no pause overlaps it. Pauses may overlap each other, come in any
    order and lie anywhere; an empty one (from = to) changes nothing, nor does one that starts at
    the deadline or later.

    Args:
        start: When it happened.
        n: 0 gives start itself.
        pauses: When the clock stood still (see Pause).
        calendar: The published years.
        offset_minutes: Minutes east of UTC.

    Returns:
        24:00 of the n-th such day; None, unknown, if a year is needed that is not published, or if
        the clock stands still at the end of what is.

    Raises:
        LimitError: n is negative.

    Cost: one step for each day until the deadline, each looking at all pauses.
    """
    if _check_days(n) == 0:
        return start
    day, left = _ordinal(start, offset_minutes), n
    while left:
        day += 1
        is_worked = is_working_day(_date(day), calendar)
        if is_worked is None:
            return None
        if is_worked and not _is_paused(_date(day), pauses, offset_minutes):
            left -= 1
    return end_of_day_exclusive(_date(day), offset_minutes)


def working_days_left(
    now: UnixMillis,
    deadline: UnixMillis,
    calendar: Calendar,
    offset_minutes: int = CHINA_OFFSET_MINUTES,
) -> int | None:
    """On how many working days something can still be done, today's rest included.

    Args:
        now: The instant asked about.
        deadline: The first instant that is too late.
        calendar: The published years.
        offset_minutes: Minutes east of UTC.

    Returns:
        0 from the deadline on; None, unknown, if a year is needed that is not published.

    Raises:
        LimitError: Outside the years 1 to 9999.
    """
    first = _ordinal(now, offset_minutes)
    after_last = _ordinal(UnixMillis(deadline - 1), offset_minutes) + 1 if now < deadline else first
    left = 0
    for day in range(first, after_last):
        is_worked = is_working_day(_date(day), calendar)
        if is_worked is None:
            return None
        left += is_worked
    return left


def _format_minutes(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _ordinal(time: UnixMillis, offset_minutes: int) -> int:
    return _EPOCH + (time + offset_minutes * _MINUTE_MS) // DAY_MS


def _date(ordinal: int) -> date:
    try:
        return date.fromordinal(ordinal)
    except (ValueError, OverflowError) as exc:
        raise LimitError("the day lies outside the years 1 to 9999") from exc


def _days_in_month(year: int, month: int) -> int:
    if month == 12:
        return 31
    return (date(year, month + 1, 1) - date(year, month, 1)).days


def _check_days(n: int) -> int:
    if n < 0:
        raise LimitError(f"a deadline lies a number of days ahead, not {n}")
    return n


def _is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY


def _is_paused(day: date, pauses: Sequence[Pause], offset_minutes: int) -> bool:
    opens = start_of_day(day, offset_minutes)
    ends = end_of_day_exclusive(day, offset_minutes)
    return any(
        max(since, opens) < (ends if until is None else min(until, ends)) for since, until in pauses
    )


def _parse_days(value: Json, year: int) -> list[date]:
    if not isinstance(value, list | tuple) or len(value) > _MAX_LISTED:
        raise MalformedError(f"a calendar lists at most {_MAX_LISTED} days")
    days = [_parse_day(item, year) for item in value]
    if any(later <= day for day, later in pairwise(days)):
        raise MalformedError("a calendar's days are sorted and listed once")
    return days


def _parse_day(value: Json, year: int) -> date:
    if not isinstance(value, str):
        raise MalformedError(f"not a day: {value!r:.24}")
    try:
        day = date.fromisoformat(value)
    except ValueError as exc:
        raise MalformedError(f"not a day in YYYY-MM-DD: {value[:24]!r}") from exc
    if day.isoformat() != value or day.year != year:
        raise MalformedError(f"not a day of {year} in YYYY-MM-DD: {value[:24]!r}")
    return day

"""The working days that ship with the program, made from two packages that know the notices.

Run by `scripts/calendars`, which puts the packages there: what ships are the files alone, and
whoever reads a calendar needs neither.
"""

import sys
from datetime import date, timedelta

from contracts.clocks import CalendarYear, format_calendar
from tests.support.generated import ROOT, render_json, run

FOLDER = ROOT / "contracts" / "calendars"
YEARS = (2024, 2025, 2026)


def days(year):
    """Every day of a year."""
    first = date(year, 1, 1)
    count = (date(year + 1, 1, 1) - first).days
    return [first + timedelta(n) for n in range(count)]


def is_weekend(day):
    return day.isoweekday() > 5


def create_year(year, is_worked):
    """The exceptions of a year, from what says which of its days are worked."""
    off = frozenset(day for day in days(year) if not is_weekend(day) and not is_worked(day))
    work = frozenset(day for day in days(year) if is_weekend(day) and is_worked(day))
    return CalendarYear(year, off, work)


def read_chinesecalendar(year):
    import chinese_calendar

    return create_year(year, chinese_calendar.is_workday)


def read_holidays(year):
    import holidays

    return create_year(year, holidays.China(years=year).is_working_day)


def read_both(year):
    """A year as both packages have it.

    Raises:
        AssertionError: They differ; look at the notice itself.
    """
    one, other = read_chinesecalendar(year), read_holidays(year)
    if one != other:
        differing = sorted((one.off ^ other.off) | (one.work ^ other.work))
        raise AssertionError(f"the packages differ about {', '.join(map(str, differing))}")
    return one


def make_files():
    """Text of every file, by path."""
    return {
        FOLDER / f"{year}.json": render_json(format_calendar(read_both(year))) for year in YEARS
    }


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], make_files(), [(FOLDER, ".json")]))

"""The published form of a working-day calendar: one spelling per year, read strictly."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clocks import CalendarYear, create_calendar, format_calendar, parse_calendar
from ledger.core.canonical import encode_canonical
from ledger.errors import MalformedError

PART_2026 = {
    "off": ["2026-01-01", "2026-01-02", "2026-10-01", "2026-10-02"],
    "work": ["2026-01-04", "2026-10-10"],
    "year": 2026,
}


@st.composite
def calendar_years(draw):
    year = draw(st.integers(1970, 9998))
    chosen = draw(st.sets(st.dates(date(year, 1, 1), date(year, 12, 31)), max_size=40))
    weekend = frozenset(day for day in chosen if day.isoweekday() in {6, 7})
    return CalendarYear(year, frozenset(chosen - weekend), weekend)


@given(calendar_years())
def test_parse_reads_what_format_wrote(year):
    value = format_calendar(year)
    assert parse_calendar(value) == year
    encode_canonical(value)


def test_format_writes_what_parse_read():
    assert format_calendar(parse_calendar(PART_2026)) == PART_2026


MANGLINGS = {
    "not an object": lambda v: [],
    "null": lambda v: None,
    "member missing": lambda v: {k: v[k] for k in v if k != "work"},
    "member more": lambda v: v | {"name": "x"},
    "year as text": lambda v: v | {"year": "2026"},
    "year as a boolean": lambda v: v | {"year": True},
    "year before all": lambda v: {"year": 1969, "off": [], "work": []},
    "year after all": lambda v: {"year": 9999, "off": [], "work": []},
    "another year": lambda v: v | {"year": 2027},
    "days as text": lambda v: v | {"off": "2026-01-01"},
    "days as an object": lambda v: v | {"work": {}},
    "day as a number": lambda v: v | {"off": [20260101]},
    "day without hyphens": lambda v: v | {"off": ["20260101"]},
    "day by week": lambda v: v | {"off": ["2026-W01-4"]},
    "day that is none": lambda v: v | {"off": ["2026-02-30"]},
    "day with a time": lambda v: v | {"off": ["2026-01-01T00:00"]},
    "day with a line end": lambda v: v | {"off": ["2026-01-01\n"]},
    "unsorted": lambda v: v | {"off": v["off"][::-1]},
    "doubled": lambda v: v | {"work": ["2026-01-04", "2026-01-04"]},
    "weekend off": lambda v: v | {"off": ["2026-01-03"]},
    "weekday worked": lambda v: v | {"work": ["2026-01-05"]},
    "too many": lambda v: v | {"off": ["2026-01-01"] * 367},
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_every_mangled_calendar_is_refused(name):
    mangled = MANGLINGS[name](PART_2026)
    assert mangled != PART_2026
    with pytest.raises(MalformedError):
        parse_calendar(mangled)


def test_too_many_days_are_refused_unread():
    with pytest.raises(MalformedError, match="at most 366 days"):
        parse_calendar({"off": [None] * 367, "work": [], "year": 2026})
    with pytest.raises(MalformedError, match="not a day"):
        parse_calendar({"off": [None] * 366, "work": [], "year": 2026})


def test_a_whole_year_of_listed_days_is_within_the_limit():
    every = [date(2028, 1, 1) + timedelta(n) for n in range(366)]
    off = [day.isoformat() for day in every if day.isoweekday() < 6]
    work = [day.isoformat() for day in every if day.isoweekday() > 5]
    upside_down = parse_calendar({"off": off, "work": work, "year": 2028})
    assert len(upside_down.off) + len(upside_down.work) == 366


def test_a_calendar_has_each_year_once():
    with pytest.raises(MalformedError):
        create_calendar([parse_calendar(PART_2026), parse_calendar(PART_2026)])

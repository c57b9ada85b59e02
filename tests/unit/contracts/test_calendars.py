"""The calendars that ship, held against the State Council's notices, day by day.

The notices were read and are transcribed here as they stand: which days are free (放假) and which
Saturdays and Sundays are worked (上班). The files come from packages (scripts/calendars) that know
nothing of this table.
"""

from datetime import date, timedelta

import pytest

from contracts.clocks import (
    CalendarYear,
    count_working_days,
    format_calendar,
    is_working_day,
    parse_calendar,
    working_day_deadline,
)
from node.rulebundle import list_calendars, read_shipped_calendar
from tests.support.calendar_files import create_year, days
from tests.support.people import ms
from tests.support.world import World

NOTICES = {
    # 国办发明电〔2023〕7号
    2024: {
        "free": "1-1 2-10/2-17 4-4/4-6 5-1/5-5 6-10 9-15/9-17 10-1/10-7",
        "worked": "2-4 2-18 4-7 4-28 5-11 9-14 9-29 10-12",
        "holidays": 28,
        "working days": 251,
    },
    # 国办发明电〔2024〕12号
    2025: {
        "free": "1-1 1-28/2-4 4-4/4-6 5-1/5-5 5-31/6-2 10-1/10-8",
        "worked": "1-26 2-8 4-27 9-28 10-11",
        "holidays": 28,
        "working days": 248,
    },
    # notice of 4 November 2025
    2026: {
        "free": "1-1/1-3 2-15/2-23 4-4/4-6 5-1/5-5 6-19/6-21 9-25/9-27 10-1/10-7",
        "worked": "1-4 2-14 2-28 5-9 9-20 10-10",
        "holidays": 33,
        "working days": 248,
    },
}


def read_days(year, text):
    """`2-10/2-17` is a span, both ends in it."""
    for part in text.split():
        ends = part.partition("/")[::2]
        first, last = (date(year, *map(int, end.split("-"))) if end else None for end in ends)
        yield first
        while last is not None and first < last:
            first += timedelta(1)
            yield first


def shipped(year):
    return read_shipped_calendar(str(year))


def test_the_years_of_three_notices_ship():
    assert list_calendars() == [str(year) for year in NOTICES]


@pytest.mark.parametrize("year", NOTICES)
def test_every_day_is_as_the_notice_says(year):
    notice = NOTICES[year]
    free, worked = (set(read_days(year, notice[name])) for name in ("free", "worked"))
    assert len(free) == notice["holidays"]
    calendar = {year: shipped(year)}
    for day in days(year):
        expected = day in worked or (day not in free and day.isoweekday() <= 5)
        assert is_working_day(day, calendar) is expected, day
    assert calendar[year].work == worked


@pytest.mark.parametrize("year", NOTICES)
def test_the_working_days_of_a_year_are_counted(year):
    assert count_working_days(shipped(year)) == NOTICES[year]["working days"]


def test_a_year_without_exceptions_has_its_weekdays():
    assert count_working_days(CalendarYear(2023, frozenset(), frozenset())) == 260


def test_a_year_that_does_not_ship_is_unknown():
    assert read_shipped_calendar("2027") is None
    assert read_shipped_calendar("../profiles/solo") is None


def test_the_generator_keeps_only_what_differs_from_the_week():
    sunday, monday = date(2026, 1, 4), date(2026, 1, 5)
    assert create_year(2026, lambda day: day.isoweekday() <= 5) == CalendarYear(
        2026, frozenset(), frozenset()
    )
    swapped = create_year(2026, lambda day: day == sunday or (day.isoweekday() <= 5 and day != monday))  # fmt: skip
    assert swapped == CalendarYear(2026, frozenset({monday}), frozenset({sunday}))
    assert parse_calendar({"off": ["2026-01-05"], "work": ["2026-01-04"], "year": 2026}) == swapped


def test_a_deadline_over_the_spring_festival_of_2026():
    filed = ms("2026-02-12T10:00")  # Thursday; Friday 13 and Saturday 14 are worked
    calendar = {2026: shipped(2026)}
    assert working_day_deadline(filed, 2, calendar) == ms("2026-02-15T00:00")
    assert working_day_deadline(filed, 3, calendar) == ms("2026-02-25T00:00")


def test_the_year_2027_is_unknown_until_an_event_publishes_it():
    world = World("national-2026", is_open=False, time=ms("2026-12-29T10:00"))
    world.open()
    content = format_calendar(shipped(2026))
    body = {"list": "calendar", "part": "2026", "version": 1, "content": content}
    world.do("list.publish", body, world.registrar)
    ann = world.enroll("ann")
    application = world.file(ann)
    assert world.registration(application).deadline is None
    world.step(application, "accept")
    assert world.registration(application).deadline is None
    notice = {"fields": application.statutory, **world.notice()}
    assert world.step_refused(application, "publish", **notice) == "calendar_unknown"
    body |= {"part": "2027", "content": {"year": 2027, "off": ["2027-01-01"], "work": []}}
    world.do("list.publish", body, world.regulator)
    world.step(application, "publish", **notice)
    assert world.registration(application).notice_end == ms("2027-01-07T00:00")
    second = world.file(ann)
    assert world.registration(second).deadline == ms("2027-01-05T00:00")

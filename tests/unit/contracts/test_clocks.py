"""Deadlines and terms: midnights at a fixed offset, month ends, leap days, holidays and pauses."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.clocks import (
    add_calendar_days,
    add_months,
    create_calendar,
    deadline_with_pauses,
    end_of_day_exclusive,
    end_of_validity,
    is_working_day,
    local_date,
    parse_calendar,
    start_of_day,
    working_day_deadline,
    working_days_left,
)
from ledger.errors import LimitError

DAY_MS = 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ms(text):
    """Unix milliseconds of RFC 3339 text; UTC+08:00 where it names no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone(timedelta(hours=8)))
    return (moment - EPOCH) // timedelta(milliseconds=1)


times = st.integers(ms("1970-01-01T00:00"), ms("2200-01-01T00:00"))
offsets = st.integers(-12 * 60, 14 * 60)
days = st.dates(date(1970, 1, 1), date(2200, 1, 1))


# Days


@pytest.mark.parametrize(
    ("time", "offset", "day"),
    [
        ("2026-11-22T15:59:59.999Z", 480, date(2026, 11, 22)),
        ("2026-11-22T16:00:00.000Z", 480, date(2026, 11, 23)),
        ("2026-12-31T16:00:00.000Z", 480, date(2027, 1, 1)),
        ("2028-02-28T16:00:00.000Z", 480, date(2028, 2, 29)),
        ("2026-11-22T00:00:00.000Z", 0, date(2026, 11, 22)),
        ("2026-11-22T00:00:00.000Z", -1, date(2026, 11, 21)),
        ("1969-12-31T15:59:59.999Z", 480, date(1969, 12, 31)),
    ],
)
def test_a_day_turns_at_midnight_of_the_offset(time, offset, day):
    assert local_date(ms(time), offset) == day


def test_the_offset_is_that_of_china_unless_told():
    assert local_date(ms("2026-11-22T16:00:00Z")) == date(2026, 11, 23)
    assert start_of_day(date(2026, 11, 23)) == ms("2026-11-22T16:00:00Z")


@given(times, offsets)
def test_the_day_is_the_one_that_the_standard_library_gives(time, offset):
    zone = timezone(timedelta(minutes=offset))
    there = (EPOCH + timedelta(milliseconds=time)).astimezone(zone)
    assert local_date(time, offset) == there.date()


@given(times, offsets)
def test_every_instant_lies_in_its_day(time, offset):
    day = local_date(time, offset)
    assert start_of_day(day, offset) <= time < end_of_day_exclusive(day, offset)


@given(days, offsets)
def test_the_end_of_a_day_is_the_start_of_the_next(day, offset):
    end = end_of_day_exclusive(day, offset)
    assert end == start_of_day(day + timedelta(1), offset)
    assert local_date(end - 1, offset) == day


def test_the_last_day_there_is_has_an_end():
    assert end_of_day_exclusive(date.max) - start_of_day(date.max) == DAY_MS


@pytest.mark.parametrize("time", [2**53 - 1, -(2**53 - 1), 2**200, ms("9999-12-31T23:59") + 60_000])
def test_an_instant_beyond_the_years_of_dates_is_refused(time):
    with pytest.raises(LimitError):
        local_date(time)


# Months and years


@pytest.mark.parametrize(
    ("day", "n", "then"),
    [
        ("2026-11-22", 60, "2031-11-22"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-10-31", 1, "2026-11-30"),
        ("2026-11-30", 1, "2026-12-30"),
        ("2026-12-31", 1, "2027-01-31"),
        ("2026-12-31", 12, "2027-12-31"),
        ("2026-08-31", -6, "2026-02-28"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2026-01-15", 0, "2026-01-15"),
        ("2099-12-31", 2, "2100-02-28"),
    ],
)
def test_months_end_on_the_same_numbered_day_or_on_the_last(day, n, then):
    assert add_months(date.fromisoformat(day), n) == date.fromisoformat(then)


@given(days, st.integers(-1200, 1200))
def test_the_day_keeps_its_number_or_is_the_last_of_its_month(day, n):
    then = add_months(day, n)
    assert (then.year - day.year) * 12 + then.month - day.month == n
    assert then.day == day.day or (then.day < day.day and (then + timedelta(1)).day == 1)


@pytest.mark.parametrize(("day", "n"), [(date.max, 1), (date.min, -1), (date(2026, 1, 1), 2**53)])
def test_months_beyond_the_years_of_dates_are_refused(day, n):
    with pytest.raises(LimitError):
        add_months(day, n)


@pytest.mark.parametrize(
    ("start", "term", "end"),
    [
        ("2026-11-22T10:00", {"years": 5}, "2031-11-23T00:00"),
        ("2026-11-22T00:00", {"years": 5}, "2031-11-23T00:00"),
        ("2026-11-22T23:59:59.999", {"years": 5}, "2031-11-23T00:00"),
        ("2026-11-23T00:00", {"years": 5}, "2031-11-24T00:00"),
        ("2026-11-22T16:00Z", {"years": 5}, "2031-11-24T00:00"),
        ("2028-02-29T12:00", {"years": 5}, "2033-03-01T00:00"),
        ("2026-12-31T12:00", {"years": 1}, "2028-01-01T00:00"),
        ("2026-08-31T12:00", {"months": 6}, "2027-03-01T00:00"),
        ("2026-01-31T12:00", {"years": 1, "months": 1}, "2027-03-01T00:00"),
    ],
)
def test_a_term_ends_at_24_of_its_last_day(start, term, end):
    assert end_of_validity(ms(start), **term) == ms(end)


def test_a_term_is_counted_in_days_of_its_offset():
    start = ms("2026-11-22T20:00Z")
    assert end_of_validity(start, years=1, offset_minutes=0) == ms("2027-11-23T00:00Z")
    assert end_of_validity(start, years=1, offset_minutes=480) == ms("2027-11-24T00:00")


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        ("2026-11-22T10:00", 1, "2026-11-24T00:00"),
        ("2026-11-22T00:00", 1, "2026-11-24T00:00"),
        ("2026-11-22T23:59:59.999", 1, "2026-11-24T00:00"),
        ("2028-02-28T10:00", 1, "2028-03-01T00:00"),
        ("2026-11-22T10:00", 0, "2026-11-22T10:00"),
    ],
)
def test_the_day_it_happens_does_not_count_and_the_last_day_is_inside(start, n, end):
    assert add_calendar_days(ms(start), n) == ms(end)


@pytest.mark.parametrize("n", [-1, 10**7, 2**53])
def test_a_number_of_days_out_of_range_is_refused(n):
    with pytest.raises(LimitError):
        add_calendar_days(0, n)


# Working days of the week and of published calendars

PART_2026 = {
    "off": ["2026-01-01", "2026-01-02", "2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06"],
    "work": ["2026-01-04", "2026-10-10"],
    "year": 2026,
}
PLAIN_2027 = {"off": [], "work": [], "year": 2027}
CALENDAR = create_calendar(map(parse_calendar, [PART_2026, PLAIN_2027]))


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        ("2026-01-01", False),  # a Thursday that is off
        ("2026-01-03", False),  # a Saturday
        ("2026-01-04", True),  # a Sunday that is worked
        ("2026-01-05", True),  # a Monday
        ("2025-12-31", None),
        ("2028-01-01", None),
    ],
)
def test_a_day_is_worked_or_not_or_unknown(day, is_worked):
    assert is_working_day(date.fromisoformat(day), CALENDAR) is is_worked


# Working days


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        ("2026-11-20T10:00", 3, "2026-11-26T00:00"),  # Friday; Monday, Tuesday, Wednesday
        ("2026-11-22T10:00", 1, "2026-11-24T00:00"),  # Sunday; Monday
        ("2026-11-20T23:59:59.999", 1, "2026-11-24T00:00"),
        ("2026-11-21T00:00", 1, "2026-11-24T00:00"),
        ("2026-11-22T16:00Z", 1, "2026-11-25T00:00"),  # Monday 00:00 in China
        ("2026-09-30T10:00", 5, "2026-10-13T00:00"),  # 7 8 9 10 12 October
        ("2026-12-31T10:00", 1, "2027-01-02T00:00"),
        ("2025-12-31T10:00", 1, "2026-01-05T00:00"),  # the worked Sunday; 2025 is not asked
        ("2026-11-20T10:00", 0, "2026-11-20T10:00"),
        ("2027-12-31T10:00", 0, "2027-12-31T10:00"),
    ],
)
def test_n_working_days_end_at_24_of_the_nth(start, n, end):
    assert working_day_deadline(ms(start), n, CALENDAR) == ms(end)


def test_the_offset_decides_which_day_it_happened():
    start = ms("2026-11-19T20:00Z")  # Thursday in Greenwich, Friday in China
    assert working_day_deadline(start, 1, CALENDAR, 0) == ms("2026-11-21T00:00Z")
    assert working_day_deadline(start, 1, CALENDAR, 480) == ms("2026-11-24T00:00")


@pytest.mark.parametrize(
    ("start", "n"), [("2027-12-31T10:00", 1), ("2027-12-30T10:00", 2), ("2025-12-30T10:00", 1)]
)
def test_a_deadline_that_needs_an_unpublished_year_is_unknown(start, n):
    assert working_day_deadline(ms(start), n, CALENDAR) is None


def test_a_deadline_on_the_last_published_day_is_known():
    assert working_day_deadline(ms("2027-12-30T10:00"), 1, CALENDAR) == ms("2028-01-01T00:00")


def test_a_negative_number_of_working_days_is_refused():
    with pytest.raises(LimitError):
        working_day_deadline(0, -1, CALENDAR)


in_calendar = st.integers(ms("2025-12-31T00:00"), ms("2027-06-30T00:00"))


@given(in_calendar, st.integers(1, 60))
def test_between_event_and_deadline_lie_n_working_days(start, n):
    deadline = working_day_deadline(start, n, CALENDAR)
    first, last = local_date(start) + timedelta(1), local_date(deadline - 1)
    between = [first + timedelta(i) for i in range((last - first).days + 1)]
    assert sum(is_working_day(day, CALENDAR) for day in between) == n
    assert is_working_day(last, CALENDAR)
    assert deadline == end_of_day_exclusive(last)


# Pauses


@pytest.mark.parametrize(
    ("pauses", "end"),
    [
        ([], "2026-11-28T00:00"),
        ([("2026-11-23T10:00", "2026-11-23T10:00:00.001")], "2026-12-01T00:00"),
        ([("2026-11-23T23:00", "2026-11-24T00:00")], "2026-12-01T00:00"),
        ([("2026-11-23T23:00", "2026-11-24T00:00:00.001")], "2026-12-02T00:00"),
        ([("2026-11-23T10:00", "2026-11-25T10:00")], "2026-12-03T00:00"),
        ([("2026-11-20T12:00", "2026-11-22T12:00")], "2026-11-28T00:00"),  # before the first day
        ([("2026-11-20T12:00", "2026-11-23T00:00")], "2026-11-28T00:00"),
        ([("2026-11-24T12:00", "2026-11-24T12:00")], "2026-11-28T00:00"),  # empty
        ([("2026-11-28T00:00", None)], "2026-11-28T00:00"),  # from the deadline on
        ([("2026-11-27T10:00", "2026-11-27T11:00")], "2026-12-01T00:00"),  # on the last day
        ([("2026-11-28T10:00", "2026-11-29T10:00")], "2026-11-28T00:00"),
        (
            [("2026-11-24T10:00", "2026-11-25T10:00"), ("2026-11-23T10:00", "2026-11-24T11:00")],
            "2026-12-03T00:00",
        ),
    ],
)
def test_a_working_day_that_a_pause_touches_does_not_count(pauses, end):
    pauses = [(ms(since), until and ms(until)) for since, until in pauses]
    start = ms("2026-11-20T10:00")  # Friday; the five days are 23 to 27 November
    assert deadline_with_pauses(start, 5, pauses, CALENDAR) == ms(end)


def test_while_the_clock_stands_still_there_is_no_deadline():
    pauses = [(ms("2026-11-25T10:00"), None)]
    assert deadline_with_pauses(ms("2026-11-20T10:00"), 5, pauses, CALENDAR) is None
    assert deadline_with_pauses(ms("2026-11-20T10:00"), 2, pauses, CALENDAR) == ms(
        "2026-11-25T00:00"
    )


def test_pauses_are_laid_on_days_of_the_offset():
    pauses = [(ms("2026-11-23T20:00Z"), ms("2026-11-23T21:00Z"))]  # the 24th in China
    start = ms("2026-11-20T10:00Z")
    assert deadline_with_pauses(start, 1, pauses, CALENDAR, 480) == ms("2026-11-24T00:00")
    assert deadline_with_pauses(start, 1, pauses, CALENDAR, 0) == ms("2026-11-25T00:00Z")


def test_a_negative_number_of_days_is_refused_with_pauses_too():
    with pytest.raises(LimitError):
        deadline_with_pauses(0, -1, [], CALENDAR)


pause = st.tuples(in_calendar, st.integers(0, 20 * DAY_MS)).map(lambda p: (p[0], p[0] + p[1]))


@given(in_calendar, st.integers(0, 20), st.lists(pause, max_size=4), pause)
def test_another_pause_never_brings_a_deadline_forward(start, n, pauses, more):
    before = deadline_with_pauses(start, n, pauses, CALENDAR)
    after = deadline_with_pauses(start, n, [more, *pauses], CALENDAR)
    assume(before is not None)
    assert after is None or after >= before
    assert (more[0] < before and more[1] > start and more[0] < more[1]) or after == before


# What is left


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ("2026-11-20T10:00", 4),  # Friday's rest, Monday to Wednesday
        ("2026-11-21T10:00", 3),
        ("2026-11-25T23:59:59.999", 1),
        ("2026-11-26T00:00", 0),
        ("2026-12-24T00:00", 0),
    ],
)
def test_the_working_days_left_include_the_rest_of_today(now, left):
    assert working_days_left(ms(now), ms("2026-11-26T00:00"), CALENDAR) == left


def test_no_working_day_is_left_from_the_very_deadline_on():
    noon = ms("2026-11-24T12:00")
    assert working_days_left(noon - 1, noon, CALENDAR) == 1
    assert working_days_left(noon, noon, CALENDAR) == 0


def test_working_days_left_are_unknown_in_an_unpublished_year():
    assert working_days_left(ms("2027-12-31T10:00"), ms("2028-01-04T00:00"), CALENDAR) is None


def test_working_days_left_are_counted_in_days_of_the_offset():
    now, deadline = ms("2026-11-22T20:00Z"), ms("2026-11-24T00:00Z")
    assert working_days_left(now, deadline, CALENDAR, 0) == 1
    assert working_days_left(now, deadline, CALENDAR, 480) == 2


@given(in_calendar, st.integers(1, 60))
def test_all_n_working_days_are_left_on_the_morning_after(start, n):
    deadline = working_day_deadline(start, n, CALENDAR)
    assert working_days_left(end_of_day_exclusive(local_date(start)), deadline, CALENDAR) == n

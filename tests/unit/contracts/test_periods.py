"""The lengths of the steps as pure arithmetic: ends, pauses, extensions, and what is unknown."""

import pytest
from msgspec.structs import replace

from contracts.clocks import create_calendar, parse_calendar
from contracts.intervals import Interval
from contracts.periods import Periods
from contracts.procedure import Notice
from tests.support.people import CALENDARS, MS_PER_DAY, ms, read_profile
from tests.support.procedure import reach

CALENDAR = create_calendar(map(parse_calendar, CALENDARS.values()))
NATIONAL = Periods(read_profile("national-2026").clocks, CALENDAR, 480)
SOLO = Periods(read_profile("solo").clocks, CALENDAR, 480)
LATE = ms("2027-12-31T10:00")
FILED = reach("filed")[0:2]


def registration(*steps, extensions=0, **changes):
    """The state of one whose statuses began at these times."""
    world, application = FILED
    ends = [ms(time) for _, time in steps[1:]] + [None]
    status = tuple(
        Interval(value, ms(time), end, 1) for (value, time), end in zip(steps, ends, strict=True)
    )
    state = world.registration(application)
    return replace(state, status=status, extensions=extensions, **changes)


def notice(published_at, end):
    of = Notice(system="national", ref="N-1", published_at=ms(published_at))
    return {"notice": of, "notice_end": ms(end)}


ACCEPTED = (("filed", "2026-11-01T09:00"), ("accepted", "2026-11-02T10:00"))
ENDS = {
    "silence": (NATIONAL.silence_end, "2026-11-06T00:00"),
    "notice": (NATIONAL.notice_end, "2026-11-10T00:00"),
    "entry of the notice": (NATIONAL.entry_end, "2026-11-04T00:00"),
    "objection": (NATIONAL.objection_end, "2026-11-17T00:00"),
    "later objection": (NATIONAL.notify_end, "2026-11-10T00:00"),
}


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("hour", ["00:00:00", "10:00:00", "23:59:59.999"])
def test_the_day_on_which_it_happens_does_not_count_at_whatever_hour(name, hour):
    find_end, end = ENDS[name]
    assert find_end(ms(f"2026-11-02T{hour}")) == ms(end)


@pytest.mark.parametrize("name", ENDS)
def test_where_the_calendar_does_not_reach_the_end_is_unknown(name):
    assert ENDS[name][0](LATE) is None


def test_silence_needs_the_calendar_up_to_the_day_on_which_it_means_accepted():
    # the 28th, 29th and 30th to answer on; the 31st is the working day after
    assert NATIONAL.silence_end(ms("2027-12-27T10:00")) == ms("2027-12-31T00:00")
    assert NATIONAL.silence_end(ms("2027-12-28T10:00")) is None


@pytest.mark.parametrize(
    "find_end",
    [SOLO.silence_end, SOLO.notice_end, SOLO.objection_end, SOLO.notify_end],
    ids=lambda find_end: find_end.__name__,
)
def test_a_clock_without_length_has_no_end(find_end):
    assert find_end(ms("2026-11-02T10:00")) is None


# Completion


def test_completion_counts_from_the_acceptance():
    assert NATIONAL.completion_end(registration(*ACCEPTED)) == ms("2026-11-17T00:00")
    assert NATIONAL.completion_end(registration(ACCEPTED[0])) is None
    assert SOLO.completion_end(registration(*ACCEPTED)) is None


def test_an_extension_adds_its_days():
    extended = registration(*ACCEPTED, extensions=1)
    assert NATIONAL.completion_end(extended) == ms("2026-12-01T00:00")


PAUSES = {
    "a supplement of two days": (
        [("supplement", "2026-11-03T09:00"), ("accepted", "2026-11-04T17:00")],
        "2026-11-19T00:00",
    ),
    "a supplement of an hour": (
        [("supplement", "2026-11-03T09:00"), ("accepted", "2026-11-03T10:00")],
        "2026-11-18T00:00",
    ),
    "a supplement on the day of acceptance": (
        [("supplement", "2026-11-02T11:00"), ("accepted", "2026-11-02T12:00")],
        "2026-11-17T00:00",
    ),
    "two supplements, one of them over a weekend": (
        [
            ("supplement", "2026-11-03T09:00"),
            ("accepted", "2026-11-03T10:00"),
            ("supplement", "2026-11-06T18:00"),
            ("accepted", "2026-11-09T09:00"),
        ],
        "2026-11-20T00:00",
    ),
    "no notice": ([("confidential", "2026-11-04T09:00")], "2026-11-17T00:00"),
}


@pytest.mark.parametrize("name", PAUSES)
def test_days_that_a_supplement_touches_do_not_count(name):
    steps, end = PAUSES[name]
    assert NATIONAL.completion_end(registration(*ACCEPTED, *steps)) == ms(end)


def test_the_notice_does_not_count_and_after_it_the_clock_runs_again():
    published = registration(
        *ACCEPTED,
        ("published", "2026-11-04T09:00"),
        **notice("2026-11-03T16:00", "2026-11-11T00:00"),
    )
    # 3 to 10 November do not count; the first of the ten days is the 11th
    assert NATIONAL.completion_end(published) == ms("2026-11-25T00:00")


def test_an_inquiry_that_lasts_longer_than_the_notice_does_not_count_either():
    steps = (("published", "2026-11-03T09:00"), ("objected", "2026-11-05T09:00"))
    times = notice("2026-11-03T09:00", "2026-11-11T00:00")
    decided = (*steps, ("published", "2026-11-16T15:00"))
    # 3 to 16 November; the first of the ten days is the 17th
    assert NATIONAL.completion_end(registration(*ACCEPTED, *decided, **times)) == ms(
        "2026-12-01T00:00"
    )


@pytest.mark.parametrize("state", ["supplement", "objected"])
def test_while_the_clock_stands_still_the_end_is_open(state):
    standing = registration(*ACCEPTED, (state, "2026-11-04T09:00"))
    assert NATIONAL.completion_end(standing) is None
    resumed = ms("2026-11-30T09:00")
    # the 3rd counted; the 4th to the 30th did not
    assert NATIONAL.completion_end(standing, resumed=resumed) == ms("2026-12-12T00:00")


def test_what_was_late_before_the_clock_stopped_stays_late():
    standing = registration(*ACCEPTED, ("supplement", "2026-11-20T09:00"))
    assert NATIONAL.completion_end(standing) == ms("2026-11-17T00:00")


def test_holidays_and_worked_saturdays_are_those_of_the_calendar():
    steps = (("filed", "2026-09-29T09:00"), ("accepted", "2026-09-30T10:00"))
    # 1 and 2 October are off, Saturday the 10th is worked
    assert NATIONAL.completion_end(registration(*steps)) == ms("2026-10-16T00:00")


def test_a_state_that_lost_its_beginning_does_not_tell_the_end():
    lost = registration(*ACCEPTED, complete_from={"status": ms("2026-11-01T10:00")})
    assert NATIONAL.completion_end(lost) is None
    other = registration(*ACCEPTED, complete_from={"objections": 1})
    assert NATIONAL.completion_end(other) == ms("2026-11-17T00:00")


def test_no_pause_brings_the_end_forward():
    plain = NATIONAL.completion_end(registration(*ACCEPTED))
    for start in range(20):
        for hours in (0, 1, 30, 200):
            began = ms("2026-11-02T10:00") + start * MS_PER_DAY
            state = registration(*ACCEPTED)
            pause = (
                replace(state.status[1], end=began),
                Interval("supplement", began, began + hours * 3_600_000, 2),
                Interval("accepted", began + hours * 3_600_000, None, 3),
            )
            paused = replace(state, status=(state.status[0], *pause))
            assert NATIONAL.completion_end(paused) >= plain

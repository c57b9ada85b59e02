"""Each clock of the table a day before its end, at its last instant, at its end and a day after.

The dates are worked out by hand: everything begins on Monday, 2 November 2026, at 10:00.
"""

import pytest

from contracts.clocks import create_calendar, parse_calendar
from contracts.edges import EDGES
from contracts.periods import Periods
from tests.support.people import CALENDARS, MS_PER_DAY, ms
from tests.support.procedure import MEMBERS, reach, refuse_step, status, take

MOMENTS = {
    "a day before": -MS_PER_DAY,
    "the last instant": -1,
    "the end": 0,
    "a day after": MS_PER_DAY,
}
UNTIL = ms("2026-11-20T00:00")


@pytest.fixture(params=MOMENTS)
def moment(request):
    return MOMENTS[request.param]


def at(state, end, moment):
    """A world in which an application has been in a state until this moment about an end."""
    world, application = reach(state)
    world.time = ms(end) + moment
    return world, application, moment >= 0


def test_every_clock_of_the_table_has_its_test_here():
    tested = {"acceptance", "notice", "objection", "completion", "extension"}
    assert {edge.clock for edge in EDGES} - {None} == tested


def test_acceptance_by_silence_from_the_first_working_day_after_the_third(moment):
    world, application, is_over = at("filed", "2026-11-06T00:00", moment)
    assert status(world, application) == ("accepted" if is_over else "filed")
    fits, late = ("withhold", "return") if is_over else ("return", "withhold")
    assert refuse_step(world, application, late) == "wrong_step"
    take(world, application, fits)


@pytest.mark.parametrize("step", ["supplement.answer", "withdraw"])
def test_a_correction_until_its_date_and_lapse_from_then_on(moment, step):
    world, application = reach("filed")
    take(world, application, "return", until=UNTIL)
    world.time = UNTIL + moment
    assert status(world, application) == ("lapsed" if moment >= 0 else "returned")
    if moment >= 0:
        assert refuse_step(world, application, step) == "wrong_step"
    else:
        take(world, application, step)


def test_acceptance_by_silence_after_a_correction_counts_from_it(moment):
    world, application = reach("filed")
    take(world, application, "return")
    world.time = ms("2026-11-05T23:59:59")  # Thursday
    take(world, application, "supplement.answer")
    world.time = ms("2026-11-11T00:00") + moment
    assert status(world, application) == ("accepted" if moment >= 0 else "filed")


def test_a_record_from_the_end_of_the_notice_on(moment):
    world, application, is_over = at("published", "2026-11-10T00:00", moment)
    if is_over:
        world.record(application)
    else:
        assert world.record_refused(application) == "notice_running"


def test_an_objection_until_the_end_of_the_notice(moment):
    world, application, is_over = at("published", "2026-11-10T00:00", moment)
    if is_over:
        assert refuse_step(world, application, "object") == "notice_over"
    else:
        take(world, application, "object")


def test_an_inquiry_of_ten_working_days_that_may_be_late(moment):
    world, application, _ = at("objected", "2026-11-17T00:00", moment)
    assert world.registration(application).deadline == ms("2026-11-17T00:00")
    take(world, application, "resolve.dismissed")


@pytest.mark.parametrize("state", ["accepted", "supplement", "confidential"])
def test_an_extension_until_the_end_of_completion(moment, state):
    end = {"supplement": "2026-11-20T00:00"}.get(state, "2026-11-17T00:00")
    world, application = reach("accepted")
    if state == "supplement":  # of three days, which do not count
        world.time = ms("2026-11-04T10:00")
        take(world, application, "supplement.ask")
        world.time = ms("2026-11-06T10:00")
        take(world, application, "supplement.answer")
    if state == "confidential":
        take(world, application, "withhold")
    world.time = ms(end) + moment
    if moment >= 0:
        assert refuse_step(world, application, "extend") == "overdue"
    else:
        take(world, application, "extend")


def test_completion_is_late_from_its_end_on_and_refuses_nothing(moment):
    world, application, is_over = at("confidential", "2026-11-17T00:00", moment)
    calendar = create_calendar(map(parse_calendar, CALENDARS.values()))
    end = Periods(world.profile.clocks, calendar, 480).completion_end(
        world.registration(application)
    )
    assert (world.time >= end) is is_over
    world.record(application)


def test_an_extended_completion_is_ten_days_later_and_late_from_then_on(moment):
    world, application = reach("accepted")
    take(world, application, "extend")
    assert world.registration(application).deadline == ms("2026-12-01T00:00")
    world.time = ms("2026-12-01T00:00") + moment
    assert refuse_step(world, application, "extend") == "extended_once"
    take(world, application, "publish")


def test_every_step_of_the_machine_has_a_body_here():
    taken = {edge.step for edge in EDGES if "recorded" not in edge.sources and edge.sources}
    assert taken - {"silence", "lapse"} == set(MEMBERS)

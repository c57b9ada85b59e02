"""Two thousand applications in five years, and every clock is the slow one's."""

import pytest

from tests.support.people import ms
from tests.support.slow_clocks import Story, WallCalendar, on_the_wall, renewal_opens, years_later
from tests.years.desk import Desk, WrongClockError

SEED = 20261122
APPLICATIONS = 2_000
FATES = {"recorded", "withdrawn", "refused", "terminated", "lapsed"}
STEPS = {
    "accept", "return", "supplement", "publish", "withhold", "object", "resolve", "extend",
    "withdraw", "terminate", "refuse", "record",
}  # fmt: skip


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Five years; only looked at."""
    desk = Desk(tmp_path_factory.mktemp("years"), SEED, APPLICATIONS).play()
    yield desk
    desk.close()


@pytest.mark.slow
def test_two_thousand_applications_go_every_way_they_can(played):
    assert sum(count for (kind, _), count in played.ended.items() if kind == "initial") == (
        APPLICATIONS
    )
    for kind in ("initial", "transfer", "change", "renewal", "cancellation"):
        assert {fate for type_, fate in played.ended if type_ == kind} == FATES
    assert set(played.seen) >= STEPS
    assert min(played.seen[step] for step in STEPS) >= 20


@pytest.mark.slow
def test_every_clock_was_compared_often_and_was_unknown_now_and_then(played):
    compared = played.compared
    assert min(compared[what] for what in ("status", "silence", "completion", "notice")) >= 1_000
    assert compared["completion: none or unknown"] >= 10
    assert compared["days left"] >= 10_000
    assert compared["overdue"] >= 1_000
    assert played.refused["publish", "calendar_unknown"] >= 5


@pytest.mark.slow
def test_rights_hold_to_the_last_millisecond_and_longer_while_a_renewal_is_undecided(played):
    assert played.compared["in force: True"] >= 5_000
    assert played.compared["in force: False"] >= 2_000
    assert played.compared["in force after its term"] >= 20


@pytest.mark.slow
def test_what_comes_too_early_or_too_late_was_tried_and_refused(played):
    refused = {reason for _, reason in played.refused}
    assert refused >= {
        "wrong_step", "notice_running", "notice_over", "returned_once", "extended_once", "overdue",
        "validity", "calendar_unknown", "objection_open", "renewal_early", "expired",
    }  # fmt: skip


@pytest.mark.slow
def test_the_audit_of_the_five_years_is_clean(played):
    result = played.stage.audit()
    assert result.size == played.stage.sequencer.head.size
    assert result.state_root == played.stage.sequencer.head.map_root.root


@pytest.mark.parametrize("what", ["silence", "completion", "notice_end", "status"])
def test_a_clock_that_goes_wrong_is_noticed(what, tmp_path, monkeypatch):
    right = getattr(Story, what)
    wrong = {"status": lambda *_: "filed"}.get(
        what, lambda *parts: None if (end := right(*parts)) is None else end + 1
    )
    desk = Desk(tmp_path, 1, 30)
    monkeypatch.setattr(Story, what, wrong)
    with pytest.raises(WrongClockError, match="seed 1, event"):
        desk.play()
    desk.close()


# --- the slow clocks themselves, by dates that anybody can look up

WALL = WallCalendar()
WALL.publish({"year": 2026, "off": ["2026-10-01", "2026-10-02", "2026-10-05"], "work": []})
NINE = ms("2026-09-29T09:00")  # a Tuesday


def at(text):
    return ms(text)


def test_the_day_itself_does_not_count_and_holidays_do_not():
    assert WALL.after_working_days(NINE, 1) == at("2026-10-01T00:00")
    assert WALL.after_working_days(NINE, 2) == at("2026-10-07T00:00")


def test_a_stop_takes_the_whole_day_with_it():
    stop = (at("2026-09-30T23:59"), at("2026-10-06T00:00"))
    assert WALL.after_working_days(NINE, 1, [stop]) == at("2026-10-07T00:00")
    assert WALL.after_working_days(NINE, 1, [(stop[0], stop[0])]) == at("2026-10-01T00:00")


def test_nobody_knows_a_year_that_was_not_published():
    assert WALL.after_working_days(at("2026-12-31T12:00"), 1) is None
    assert WALL.after_working_days(NINE, 1, [(NINE, None)]) is None


def test_years_end_on_the_same_numbered_day_or_the_last_of_the_month():
    assert years_later(at("2026-11-22T10:00"), 5) == at("2031-11-23T00:00")
    assert years_later(at("2028-02-29T10:00"), 1) == at("2029-03-01T00:00")


def test_a_renewal_opens_six_months_before_the_last_day():
    assert renewal_opens(at("2031-11-23T00:00")) == at("2031-05-22T00:00")
    assert renewal_opens(at("2031-09-01T00:00")) == at("2031-02-28T00:00")


def test_silence_means_accepted_on_the_first_working_day_after_the_third():
    days = {"acceptance": 3, "notice": 5, "objection": 10, "completion": 10, "extension": 10}
    story = Story(at("2026-09-25T10:00"), days, WALL)  # a Friday; 28, 29 and 30 are worked
    silent = story.silence(story.filed)
    assert on_the_wall(silent).isoformat() == "2026-10-06T00:00:00+08:00"
    assert story.status(silent - 1) == "filed"
    assert story.status(silent) == "accepted"
    assert story.accepted(silent) == silent

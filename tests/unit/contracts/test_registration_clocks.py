"""Deadlines of registrations: silence, one correction in time, notice, and the completion clock."""

import pytest

from contracts.intervals import current
from contracts.procedure import status_at
from tests.support.people import CALENDARS, MS_PER_DAY, START, ms
from tests.support.procedure import reach, refuse_step, take
from tests.support.world import World

CALENDAR_2028 = {"year": 2028, "off": [], "work": []}


def filed_at(text):
    world = World("national-2026", time=ms(text) - 60_000)
    ann = world.enroll("ann")
    world.time = ms(text)
    return world, world.file(ann)


def publish(world, application, **changes):
    return world.step(
        application, "publish", fields=application.statutory, **world.notice(**changes)
    )


def refuse_publish(world, application, **members):
    members = {"fields": application.statutory} | (members or world.notice())
    return world.step_refused(application, "publish", **members)


# Silence (Art. 17)

SILENCE = {
    "Monday": ("2026-11-02T10:00", "2026-11-06T00:00"),
    "Tuesday, over a weekend": ("2026-11-03T10:00", "2026-11-09T00:00"),
    "Thursday": ("2026-11-05T10:00", "2026-11-11T00:00"),
    "Saturday": ("2026-11-07T10:00", "2026-11-12T00:00"),
    "the last second of a day": ("2026-11-02T23:59:59", "2026-11-06T00:00"),
    "the first second of a day": ("2026-11-03T00:00:00", "2026-11-09T00:00"),
    "before holidays": ("2026-09-29T10:00", "2026-10-07T00:00"),
    "before a worked Saturday": ("2026-10-06T10:00", "2026-10-10T00:00"),
    "over new year": ("2026-12-30T10:00", "2027-01-06T00:00"),
}


@pytest.mark.parametrize("name", SILENCE)
def test_silence_means_accepted_on_the_working_day_after_three(name):
    filed, accepted = SILENCE[name]
    world, application = filed_at(filed)
    registration = world.registration(application)
    assert status_at(registration, ms(accepted) - 1) == "filed"
    assert status_at(registration, ms(accepted)) == "accepted"


def test_until_the_last_millisecond_the_registrar_may_answer(world, application):
    world.time = ms("2026-11-06T00:00") - 1
    assert refuse_publish(world, application) == "wrong_step"
    world.step(application, "return", missing=["x"], until=ms("2026-11-20T00:00"))


def test_after_silence_the_registrar_neither_accepts_nor_returns(world, application):
    world.time = ms("2026-11-06T00:00")
    assert world.step_refused(application, "accept") == "wrong_step"
    late = {"missing": ["x"], "until": ms("2026-11-20T00:00")}
    assert world.step_refused(application, "return", **late) == "wrong_step"


def test_the_next_step_writes_the_silent_acceptance_down(world, application):
    world.time = ms("2026-11-09T10:00")
    publish(world, application)
    filed, accepted, published = world.registration(application).status
    assert (filed.value, filed.end) == ("filed", ms("2026-11-06T00:00"))
    assert (accepted.value, accepted.start, accepted.end) == (
        "accepted",
        ms("2026-11-06T00:00"),
        ms("2026-11-09T10:00"),
    )
    assert published.value == "published"


def test_a_withdrawal_after_silence_was_of_an_accepted_application(world, application):
    world.time = ms("2026-11-09T10:00")
    world.step(application, "withdraw", application.applicants[0])
    values = [each.value for each in world.registration(application).status]
    assert values == ["filed", "accepted", "withdrawn"]


def test_where_the_calendar_does_not_reach_silence_means_nothing_yet():
    world, application = filed_at("2027-12-29T10:00")
    assert world.registration(application).deadline is None
    world.time = ms("2028-02-01T10:00")
    assert refuse_publish(world, application) == "wrong_step"
    world.step(application, "accept")


def test_once_the_calendar_is_published_silence_counts_from_the_filing():
    world, application = filed_at("2027-12-29T10:00")
    body = {"list": "calendar", "part": "2028", "version": 1, "content": CALENDAR_2028}
    world.do("list.publish", body, world.registrar)
    world.time = ms("2028-01-04T00:00") - 1
    assert refuse_publish(world, application) == "wrong_step"
    world.time = ms("2028-01-04T00:00")
    publish(world, application)
    assert world.registration(application).status[1].start == ms("2028-01-04T00:00")


# Corrections (Art. 17)

UNTIL = ms("2026-11-20T00:00")


@pytest.fixture
def returned(world, application):
    world.step(application, "return", missing=["proof"], until=UNTIL)
    return application


def answer(world, application):
    return world.step(application, "supplement", application.applicants[0], answer="0f" * 32)


def test_an_answer_in_time_starts_the_clock_of_acceptance_again(world, returned):
    world.time = UNTIL - 1  # Thursday
    answer(world, returned)
    registration = world.registration(returned)
    assert current(registration.status) == ("filed",)
    assert registration.deadline == ms("2026-11-25T00:00")
    world.time = ms("2026-11-25T00:00")
    publish(world, returned)


def test_an_answer_too_late_finds_the_application_lapsed(world, returned):
    world.time = UNTIL
    ann = returned.applicants[0]
    assert status_at(world.registration(returned), UNTIL) == "lapsed"
    assert world.step_refused(returned, "supplement", ann, answer="0f" * 32) == "wrong_step"
    assert world.step_refused(returned, "withdraw", ann) == "wrong_step"


def test_a_correction_is_asked_for_once(world, returned):
    answer(world, returned)
    again = {"missing": ["another proof"], "until": UNTIL}
    assert world.step_refused(returned, "return", **again) == "returned_once"
    assert world.registration(returned).was_returned
    world.step(returned, "accept")


MENDED_BY = {
    "on a Monday": ("2026-11-02T10:00", "2026-11-04T00:00"),
    "on a Friday": ("2026-11-06T23:59", "2026-11-10T00:00"),
    "where nobody knows the next working day": ("2027-12-31T10:00", "2028-01-01T10:00:01"),
}


@pytest.mark.parametrize("name", MENDED_BY)
def test_there_is_at_least_one_working_day_to_mend(name):
    filed, end = MENDED_BY[name]
    world, application = filed_at(filed)
    returned, end = world.time, ms(end)
    for until in (0, returned - 1, returned, returned + 1, end - 1):
        asked = {"missing": ["proof"], "until": until}
        assert world.step_refused(application, "return", **asked) == "mend_time"
    world.step(application, "return", missing=["proof"], until=end)


def test_an_answer_after_a_return_waits_where_the_calendar_does_not_reach():
    world, application = filed_at("2027-12-20T10:00")
    world.step(application, "return", missing=["proof"], until=ms("2027-12-31T10:00"))
    world.time = ms("2027-12-30T10:00")
    answer(world, application)
    assert world.registration(application).deadline is None


# Completion (Art. 28)


def test_completion_is_due_ten_working_days_after_acceptance(world, application):
    world.step(application, "accept")
    assert world.registration(application).deadline == ms("2026-11-17T00:00")


def test_a_silent_acceptance_starts_the_clock_at_its_own_instant(world, application):
    world.time = ms("2026-11-09T10:00")
    world.step(application, "supplement", ask="which?")
    answer(world, application)
    # From Friday, 6 November; the 9th, on which it stood still, does not count.
    assert world.registration(application).deadline == ms("2026-11-24T00:00")


def test_days_on_which_a_supplement_was_awaited_do_not_count(world, application):
    world.step(application, "accept")
    world.time = ms("2026-11-04T10:00")
    world.step(application, "supplement", ask="which?")
    assert world.registration(application).deadline is None
    world.time = ms("2026-11-06T10:00")
    answer(world, application)
    assert world.registration(application).deadline == ms("2026-11-20T00:00")
    world.time = ms("2026-11-10T10:00")
    world.step(application, "supplement", ask="and which else?")
    world.time = ms("2026-11-10T11:00")
    answer(world, application)
    assert world.registration(application).deadline == ms("2026-11-21T00:00")


def test_overdue_is_shown_and_stops_nothing(world, application):
    world.step(application, "accept")
    world.time = ms("2026-12-01T10:00")
    assert world.registration(application).deadline < world.time
    publish(world, application)


def test_where_the_calendar_does_not_reach_completion_is_unknown():
    world, application = filed_at("2027-12-20T10:00")
    world.step(application, "accept")
    assert world.registration(application).deadline is None


def test_in_solo_nothing_is_due():
    world = World()
    application = world.file(world.operator)
    assert world.registration(application).deadline is None
    for verb, members in (("accept", {}), ("supplement", {"ask": "which?"})):
        world.step(application, verb, **members)
        assert world.registration(application).deadline is None
    answer(world, application)
    assert world.registration(application).deadline is None
    publish(world, application)
    assert world.registration(application).deadline is None


# Extension (Art. 28)


@pytest.mark.parametrize(
    "state", ["accepted", "supplement", "published", "confidential", "objected"]
)
def test_more_time_is_taken_once_and_changes_no_state(state):
    world, application = reach(state)
    before = world.registration(application)
    take(world, application, "extend")
    after = world.registration(application)
    assert (after.status, after.decision) == (before.status, before.decision)
    assert (before.extensions, after.extensions) == (0, 1)
    assert (after.deadline == before.deadline) is (state != "accepted")
    assert refuse_step(world, application, "extend") == "extended_once"


def test_after_an_extension_the_answer_to_a_supplement_finds_twenty_days():
    world, application = reach("supplement")
    take(world, application, "extend")
    world.time = START + MS_PER_DAY
    take(world, application, "supplement.answer")
    assert world.registration(application).deadline == ms("2026-12-02T00:00")


def test_while_the_clock_stands_still_there_is_time_to_take_more():
    world, application = reach("supplement")
    world.time = ms("2026-12-20T10:00")
    take(world, application, "extend")
    assert world.registration(application).extensions == 1


def test_what_was_late_before_the_clock_stopped_cannot_be_extended():
    world, application = reach("accepted")
    world.time = ms("2026-11-20T10:00")
    take(world, application, "supplement.ask")
    assert refuse_step(world, application, "extend") == "overdue"


def test_after_a_long_supplement_the_calendar_of_later_years_is_read():
    world, application = reach("supplement")
    for year in range(2028, 2032):
        content = {"year": year, "off": [], "work": []}
        body = {"list": "calendar", "part": str(year), "version": 1, "content": content}
        world.do("list.publish", body, world.registrar)
    world.time = ms("2031-01-06T10:00")
    take(world, application, "supplement.answer")
    assert world.registration(application).deadline == ms("2031-01-21T00:00")


def test_an_extension_waits_where_the_calendar_does_not_reach():
    world, application = filed_at("2027-12-20T10:00")
    world.step(application, "accept")
    assert refuse_step(world, application, "extend") == "calendar_unknown"


def test_an_extension_that_the_calendar_does_not_reach_is_taken_and_unknown():
    world, application = filed_at("2027-12-16T10:00")
    world.step(application, "accept")
    assert world.registration(application).deadline == ms("2027-12-31T00:00")
    take(world, application, "extend")
    assert world.registration(application).deadline is None


@pytest.mark.parametrize("clock", ["completion", "extension"])
def test_a_profile_without_the_clock_has_nothing_to_extend(clock):
    world, application = reach("accepted", clocks={clock: 0})
    assert refuse_step(world, application, "extend") == "no_extension"


# Notice (Art. 24)

NOTICE_ENDS = ms("2026-11-10T00:00")


@pytest.fixture
def accepted(world, application):
    world.step(application, "accept")
    return application


def test_the_notice_stands_five_working_days_from_its_publication(world, accepted):
    at = world.time
    world.time = ms("2026-11-03T10:00")
    publish(world, accepted, published_at=at)
    assert world.registration(accepted).deadline == NOTICE_ENDS


def test_a_notice_is_entered_by_the_end_of_the_next_working_day(world, accepted):
    at = world.time
    world.time = ms("2026-11-04T00:00")
    late = world.notice(published_at=at)
    assert refuse_publish(world, accepted, **late) == "notice_late"
    world.time -= 1
    publish(world, accepted, published_at=at)


def test_a_notice_of_a_friday_is_entered_on_monday():
    world, application = filed_at("2026-11-06T10:00")
    world.step(application, "accept")
    at = world.time
    world.time = ms("2026-11-09T23:59:59")
    publish(world, application, published_at=at)
    assert world.registration(application).notice.published_at == at


def test_a_registrar_who_completes_itself_enters_a_notice_within_ten_minutes():
    world = World("exchange")
    application = world.file(world.enroll("ann"))
    world.step(application, "accept")
    at = world.time
    world.time = at + 600_000
    late = world.notice(published_at=at)
    assert refuse_publish(world, application, **late) == "notice_late"
    world.time -= 1
    publish(world, application, published_at=at)


def test_a_record_waits_until_the_notice_is_over(world, accepted):
    publish(world, accepted)
    world.time = NOTICE_ENDS - 1
    assert world.record_refused(accepted) == "notice_running"
    world.time = NOTICE_ENDS
    world.record(accepted)


def test_evidence_from_before_the_end_of_the_notice_completes_nothing(world, accepted):
    publish(world, accepted)
    world.time = NOTICE_ENDS + 3_600_000
    for early in (START, NOTICE_ENDS - 1000):
        national = {"system": "n", "record": "R", "digest": "e1" * 32, "evidence_time": early}
        until = early + 1000
        changes = {"valid_from": early, "valid_until": until, "national": national}
        assert world.record_refused(accepted, **changes) == "notice_running"


def test_evidence_from_before_the_decision_to_withhold_completes_nothing(world, accepted):
    world.time = ms("2026-11-04T10:00")
    world.step(accepted, "withhold", reason="trade secret")
    early = ms("2026-11-04T10:00") - 1000
    national = {"system": "n", "record": "R", "digest": "e1" * 32, "evidence_time": early}
    changes = {"valid_from": early, "national": national}
    assert world.record_refused(accepted, **changes) == "notice_running"
    world.record(accepted)


def test_a_notice_counts_over_holidays():
    world, application = filed_at("2026-09-28T10:00")
    world.step(application, "accept")
    publish(world, application)
    assert CALENDARS["2026"]["off"] == ["2026-10-01", "2026-10-02"]
    assert world.registration(application).deadline == ms("2026-10-08T00:00")


def test_a_notice_is_named_once_it_stands(world, accepted):
    fields = {"fields": accepted.statutory}
    assert refuse_publish(world, accepted, **fields) == "notice"
    for at in (world.time + 1, START + 59_999, START, 0):
        assert refuse_publish(world, accepted, **world.notice(published_at=at)) == "notice"
    publish(world, accepted, published_at=START + 60_000)


def test_a_notice_that_the_calendar_does_not_reach_is_refused():
    world, application = filed_at("2027-12-27T10:00")
    world.step(application, "accept")
    assert refuse_publish(world, application) == "calendar_unknown"
    world.step(application, "withhold", reason="trade secret")
    world.record(application)


def test_in_solo_a_notice_is_not_waited_for():
    world = World()
    application = world.file(world.operator)
    world.step(application, "accept")
    world.step(application, "publish", fields=application.statutory)
    number = world.record(application)
    assert world.registration(application).voucher == number


def test_what_is_withheld_is_recorded_without_a_field(world, accepted):
    world.step(accepted, "withhold", reason="trade secret")
    world.record(accepted)
    assert not world.asset(accepted).fields
    assert not world.registration(accepted).fields

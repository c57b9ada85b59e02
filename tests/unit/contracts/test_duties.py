"""What is due: for each state of the procedure, by whom, since when, until when, how late."""

import pytest
from msgspec.structs import replace

from contracts.duties import (
    asset_duties,
    calendar_duties,
    objection_duties,
    party_duties,
    registration_duties,
    settle,
    sort_duties,
)
from contracts.edges import OPEN_STATUSES, STATES
from contracts.force import Pending
from contracts.intervals import close_interval, open_interval
from contracts.objection import Objection
from contracts.procedure import status_at
from contracts.profile import profile_json
from contracts.tasks import TASKS
from tests.support.desks import desk
from tests.support.disputes import conclude, notify, object_to, respond
from tests.support.people import START, Person, ms
from tests.support.world import World


@pytest.fixture
def application(world, ann):
    application = world.file(ann)
    world.time = START + 60_000
    return application


def due(world, application, time=None, **options):
    """What is due on a registration; at most one thing."""
    found = [
        *registration_duties(
            application.registration, world.registration(application), desk(world, time, **options)
        )
    ]
    assert len(found) <= 1
    return found[0] if found else None


def said(duty):
    return (duty.what, duty.deadline, duty.days_left, duty.days_over, duty.is_overdue)


# From the filing to the acceptance


@pytest.mark.parametrize(
    ("time", "left"),
    [
        ("2026-11-02T10:01", 4),
        ("2026-11-03T00:00", 3),
        ("2026-11-05T00:00", 1),
        ("2026-11-05T23:59:59.999", 1),
    ],
)
def test_an_application_waits_for_an_answer(world, application, time, left):
    duty = due(world, application, ms(time))
    assert said(duty) == ("answer", ms("2026-11-06T00:00"), left, 0, False)
    assert duty.parties == (world.registrar.party,)
    assert (duty.since, duty.task.role, duty.task.article) == (
        world.registration(application).status[0].start, "registrar", "Art. 17",
    )  # fmt: skip


def test_after_silence_it_is_to_be_reviewed_from_then_on(world, application):
    duty = due(world, application, ms("2026-11-06T00:00"))
    assert said(duty) == ("review", ms("2026-11-21T00:00"), 11, 0, False)
    assert duty.since == ms("2026-11-06T00:00")


def test_a_return_waits_for_the_applicant_until_it_has_lapsed(world, application, ann):
    until = ms("2026-11-20T00:00")
    world.step(application, "return", missing=["x"], until=until)
    duty = due(world, application, until - 1)
    assert said(duty) == ("mend", until, 1, 0, False)
    assert duty.parties == (ann.party,)
    assert due(world, application, until) is None


def test_what_was_mended_waits_for_an_answer_again(world, application, ann):
    world.step(application, "return", missing=["x"], until=ms("2026-11-20T00:00"))
    world.time = ms("2026-11-09T10:00")
    world.step(application, "supplement", ann, answer="0a" * 32)
    assert said(due(world, application))[:2] == ("answer", ms("2026-11-13T00:00"))


# Accepted and on


def accepted(world, application):
    world.time = ms("2026-11-03T10:00")
    world.step(application, "accept")


OVERDUE = {
    "the last instant in time": ("2026-11-17T23:59:59.999", 1, 0, False),
    "the first too late, a working day": ("2026-11-18T00:00", 0, 1, True),
    "the end of that day": ("2026-11-18T23:59:59.999", 0, 1, True),
    "after a weekend": ("2026-11-23T10:00", 0, 4, True),
    "on a weekend": ("2026-11-22T10:00", 0, 3, True),
}


@pytest.mark.parametrize("name", OVERDUE)
def test_a_review_is_overdue_after_ten_working_days_and_says_by_how_many(world, application, name):
    time, left, over, is_overdue = OVERDUE[name]
    accepted(world, application)
    duty = due(world, application, ms(time))
    assert said(duty) == ("review", ms("2026-11-18T00:00"), left, over, is_overdue)


def test_a_supplement_waits_for_the_applicant_without_a_deadline(world, application, ann):
    accepted(world, application)
    world.step(application, "supplement", ask="the contract")
    duty = due(world, application, ms("2027-06-01T00:00"))
    assert said(duty) == ("answer-supplement", None, None, None, False)
    assert (duty.parties, duty.is_unknown) == ((ann.party,), False)


def test_a_notice_runs_and_then_there_is_something_to_record(world, application):
    accepted(world, application)
    world.time = ms("2026-11-04T10:00")
    world.step(application, "publish", fields=application.statutory, **world.notice())
    over = ms("2026-11-12T00:00")
    assert said(due(world, application, over - 1)) == ("await-notice", over, 1, 0, False)
    duty = due(world, application, over)
    # the ten days of completion do not run from 4 to 11 November
    assert said(duty) == ("record", ms("2026-11-26T00:00"), 10, 0, False)
    assert duty.since == over


def test_what_is_withheld_is_to_be_recorded(world, application):
    accepted(world, application)
    world.step(application, "withhold", reason="trade secret")
    duty = due(world, application)
    assert (duty.what, duty.deadline) == ("record", ms("2026-11-18T00:00"))


def test_an_objection_is_to_be_resolved_in_ten_days_from_the_first(world, application):
    bob, eve = world.enroll("bob"), world.enroll("eve")
    accepted(world, application)
    world.step(application, "publish", fields=application.statutory, **world.notice())
    world.time = ms("2026-11-04T10:00")
    first = world.time
    for person, day in ((bob, "2026-11-04T10:00"), (eve, "2026-11-06T10:00")):
        world.time = ms(day)
        world.step(application, "object", person, reason="mine", evidence="0e" * 32)
    duty = due(world, application)
    assert (duty.what, duty.deadline, duty.since) == ("resolve", ms("2026-11-19T00:00"), first)
    registration = replace(world.registration(application), deadline=None)
    (again,) = registration_duties(application.registration, registration, desk(world))
    assert again == duty, "looked up again"
    assert due(world, application, ms("2026-11-20T00:00")).days_over == 2


def test_after_a_resolution_it_is_to_be_recorded_from_then_on(world, application):
    bob = world.enroll("bob")
    accepted(world, application)
    world.step(application, "publish", fields=application.statutory, **world.notice())
    world.step(application, "object", bob, reason="mine", evidence="0e" * 32)
    world.time = resolved = ms("2026-11-16T10:00")
    world.step(application, "resolve", outcome="dismissed", reasons="unfounded")
    duty = due(world, application)
    assert (duty.what, duty.since) == ("record", resolved)


def test_nothing_is_due_on_what_is_at_an_end(world, application, ann):
    world.step(application, "withdraw", ann)
    assert due(world, application) is None


def test_every_open_status_has_something_due(world, application):
    registration = world.registration(application)
    for status in STATES:
        held = replace(registration.status[-1], value=status)
        odd = replace(registration, status=(held,), deadline=None)
        found = [*registration_duties(application.registration, odd, desk(world))]
        assert bool(found) is (status in OPEN_STATUSES), status


# Unknown calendars


def test_without_a_calendar_a_deadline_is_unknown_and_found_later():
    world = World("national-2026", is_open=False)
    world.open()
    application = world.file(world.enroll("ann"))
    duty = due(world, application, ms("2026-11-20T00:00"), years=())
    assert said(duty) == ("answer", None, None, None, False)
    assert duty.is_unknown
    known = due(world, application, ms("2026-11-20T00:00"))
    assert (known.what, known.deadline) == ("review", ms("2026-11-21T00:00"))
    assert due(world, application, ms("2026-11-05T00:00")).deadline == ms("2026-11-06T00:00")


def test_where_the_calendar_ends_the_days_left_are_unknown(world, application):
    accepted(world, application)
    world.step(application, "supplement", ask="x")
    world.step(application, "supplement", application.applicants[0], answer="0a" * 32)
    duty = due(world, application, ms("2028-01-03T10:00"), years=("2026",))
    assert (duty.is_overdue, duty.days_left, duty.days_over) == (True, 0, None)


def test_silence_is_written_down_as_the_next_event_would(world, application):
    then = ms("2026-11-06T00:00")
    foreseen = settle(world.registration(application), desk(world, then))
    world.time = then
    world.step(application, "supplement", ask="x")
    held = world.registration(application)
    assert [each.value for each in foreseen.status] == ["filed", "accepted"]
    assert foreseen.status[1].start == held.status[1].start == then
    assert status_at(foreseen, then) == "accepted"
    assert settle(held, desk(world)) is held


# Later objections


@pytest.fixture
def disputed(world, ann):
    application, _ = world.register(ann)
    bob = world.enroll("bob")
    return application, object_to(world, application, bob)


def objected(world, disputed, time=None, **options):
    application, key = disputed
    state = world.state(Objection, key)
    asset = world.asset(application)
    return [*objection_duties(key, state, asset, desk(world, time, **options))]


def test_a_later_objection_is_to_be_told_in_five_working_days(world, disputed):
    (duty,) = objected(world, disputed)
    state = world.state(Objection, disputed[1])
    assert (duty.what, duty.deadline, duty.since) == (
        "notify", state.deadline, state.status[0].start,
    )  # fmt: skip
    assert objected(world, disputed, state.deadline)[0].days_over == 1


def test_where_the_calendar_was_unknown_the_time_to_tell_is_looked_up_again(world, disputed):
    application, key = disputed
    state, asset = world.state(Objection, key), world.asset(application)
    unknown = replace(state, deadline=None)
    (duty,) = objection_duties(key, unknown, asset, desk(world))
    assert duty.deadline == state.deadline
    (duty,) = objection_duties(key, unknown, asset, desk(world, years=()))
    assert (duty.deadline, duty.is_unknown) == (None, True)


def test_after_that_the_holders_respond_and_the_registrar_concludes(world, disputed, ann):
    application, key = disputed
    notify(world, application, key)
    assert [(duty.what, duty.parties) for duty in objected(world, disputed)] == [
        ("conclude", (world.registrar.party,)),
        ("respond", (ann.party,)),
    ]
    respond(world, application, key, ann)
    assert [duty.what for duty in objected(world, disputed)] == ["conclude"]
    conclude(world, application, key, "to-court")
    assert [duty.what for duty in objected(world, disputed)] == ["await-court"]
    conclude(world, application, key, "dismissed", document="0d" * 32)
    assert objected(world, disputed) == []


def test_what_is_upheld_is_to_be_acted_on_until_it_is_done(world, disputed, ann):
    application, key = disputed
    notify(world, application, key)
    conclude(world, application, key, "upheld")
    (duty,) = objected(world, disputed)
    assert (duty.what, duty.parties) == ("act-on-objection", (world.registrar.party,))
    assert duty.since == world.state(Objection, key).status[-1].start
    assert duty.deadline is None
    world.later(application, "change", ann)
    assert objected(world, disputed) == []


def test_who_agrees_is_to_file_a_change_or_a_cancellation(world, disputed, ann):
    application, key = disputed
    notify(world, application, key)
    answered = world.time
    respond(world, application, key, ann, agrees=True)
    conclude_, act = objected(world, disputed)
    assert (conclude_.what, act.what, act.parties) == ("conclude", "act-on-agreement", (ann.party,))
    assert act.since == answered
    conclude(world, application, key, "dismissed")
    assert objected(world, disputed) == []


def test_without_a_clock_to_tell_by_there_is_no_deadline(ann):
    world = World("national-2026", clocks={"notify": 0})
    ann = world.enroll("ann")
    application, _ = world.register(ann)
    key = object_to(world, application, world.enroll("bob"))
    (duty,) = objected(world, (application, key))
    assert (duty.what, duty.deadline, duty.is_unknown) == ("notify", None, False)


# Renewal


@pytest.fixture
def recorded(world, ann):
    return world.register(ann)


def renewals(world, recorded, time, pending=None):
    application, _ = recorded
    asset = world.asset(application)
    return [*asset_duties(application.asset, asset, pending, desk(world, time))]


def test_a_voucher_is_to_be_renewed_in_its_last_six_months(world, ann, recorded):
    until = world.voucher(recorded[1]).valid_until
    assert until == ms("2031-11-11T00:00")
    opens = ms("2031-05-10T00:00")
    assert renewals(world, recorded, opens - 1) == []
    (duty,) = renewals(world, recorded, opens)
    assert (duty.what, duty.since, duty.deadline) == ("renew", opens, until)
    assert (duty.parties, duty.days_left, duty.is_unknown) == ((ann.party,), None, False)
    assert len(renewals(world, recorded, until - 1)) == 1
    assert renewals(world, recorded, until) == []


def test_while_its_renewal_is_undecided_nothing_is_to_be_filed(world, recorded):
    opens = ms("2031-05-10T00:00")
    pending = Pending(opens, None)
    assert renewals(world, recorded, opens, pending) == []
    ended = Pending(opens, opens + 1000)
    assert len(renewals(world, recorded, opens + 1000, ended)) == 1


def test_declared_rights_are_to_be_confirmed_while_the_voucher_is_in_force(world, recorded):
    application, number = recorded
    bob, eve = (f"party/{name}" for name in ("bob", "eve"))
    declared, since = (), ms("2026-11-20T00:00")
    for holder, right in ((bob, "hold"), (bob, "use"), (eve, "use")):
        declared = open_interval(declared, {"holder": holder, "right": right}, since, 9)
    closed = close_interval(declared, {"holder": eve, "right": "use"}, since + 1)
    for intervals, holders in ((declared, [bob, eve]), (closed, [bob]), ((), [])):
        asset = replace(world.asset(application), declared=intervals)
        found = [*asset_duties(application.asset, asset, None, desk(world))]
        assert [(duty.what, duty.parties) for duty in found] == [
            ("confirm", (holder,)) for holder in holders
        ]
        assert {(duty.since, duty.deadline) for duty in found} <= {(since, None)}
    until = world.voucher(number).valid_until
    asset = replace(asset, declared=declared)
    assert [*asset_duties(application.asset, asset, None, desk(world, until))] == []
    pending = Pending(until - 1, None)
    found = asset_duties(application.asset, asset, pending, desk(world, until))
    assert [duty.what for duty in found] == []


# Keys and calendars


def test_new_keys_are_to_be_looked_at_until_they_take_effect(world, ann):
    new = Person("ann again")
    body = {
        "party": ann.party, "add": new.dids, "remove": ann.dids,
        "check": {"method": "in person", "evidence": "0e" * 32},
    }  # fmt: skip
    world.do("party.recover", body, world.registrar, world.registrar.key, new.key)
    party = world.party(ann)
    effective = party.recovery.effective
    (duty,) = party_duties(ann.party, party, desk(world))
    assert (duty.what, duty.deadline, duty.parties) == ("recovery", effective, (ann.party,))
    assert [*party_duties(ann.party, party, desk(world, effective))] == []
    assert [*party_duties(world.registrar.party, world.party(world.registrar), desk(world))] == []


CALENDAR_DUE = {
    "in October nobody asks": ("2026-10-31T23:59:59", ("2026",), None),
    "from November on the next year is asked for": ("2026-11-01T00:00", ("2026",), False),
    "from its first day it is overdue": ("2027-01-01T00:00", ("2026",), True),
    "with nothing published this year is": ("2026-03-01T00:00", (), True),
    "with both published nothing is": ("2026-12-31T00:00", ("2026", "2027"), None),
}


@pytest.mark.parametrize("name", CALENDAR_DUE)
def test_the_next_calendar_is_asked_for_in_time(world, name):
    time, years, is_overdue = CALENDAR_DUE[name]
    found = [*calendar_duties(desk(world, ms(time), years))]
    assert [duty.is_overdue for duty in found] == ([] if is_overdue is None else [is_overdue] * 2)
    assert [duty.task.role for duty in found] in ([], ["registrar", "regulator"])
    if found:
        assert found[1].parties == (world.regulator.party,)
        assert found[0].deadline == ms(f"{found[0].subject[-4:]}-01-01T00:00")


def test_where_no_clock_runs_no_calendar_is_asked_for():
    assert [*calendar_duties(desk(World(), ms("2026-12-31T00:00"), ()))] == []


def test_in_solo_what_waits_has_no_deadline():
    world = World()
    application = world.file(world.operator)
    duty = due(world, application)
    assert (duty.what, duty.deadline, duty.is_unknown) == ("answer", None, False)


def test_what_is_late_comes_first_then_by_deadline_then_unknown_then_none(world, ann):
    at = desk(world)
    day = 86_400_000
    wanted = [
        at.create("registration/c", "record", at.now, at.now - 2 * day),
        at.create("registration/a", "record", at.now, at.now - day),
        at.create("registration/b", "answer", at.now, at.now + day),
        at.create("registration/a", "answer", at.now, at.now + 2 * day),
        at.create("registration/a", "record", at.now),
        at.create("registration/a", "conclude", at.now - day),
        at.create("registration/a", "await-court", at.now),
        at.create("registration/b", "await-court", at.now),
        at.create("registration/a", "await-court", None),
    ]
    assert [duty.is_overdue for duty in wanted] == [True] * 2 + [False] * 7
    assert sort_duties(reversed(wanted)) == wanted


def test_every_kind_of_duty_is_said_in_both_languages_with_its_article(world):
    clocks = profile_json(world.profile)["clocks"]
    for code, task in TASKS.items():
        assert task.says.en.isascii(), code
        assert not task.says.zh.isascii(), code
        assert task.article.startswith(("Art. ", "domain "))
        assert task.clock is None or task.clock in clocks
    clocked = {code: task.clock for code, task in TASKS.items() if task.clock is not None}
    assert clocked == {
        "answer": "acceptance", "review": "completion", "record": "completion",
        "resolve": "objection", "notify": "notify",
    }  # fmt: skip

"""Objections while the notice runs: who, when, how many, and what their decision does."""

import pytest

from contracts.intervals import current
from contracts.procedure import objectors_of
from ledger.errors import MalformedError, RejectedError
from tests.support.people import ms
from tests.support.procedure import EVIDENCE, MEMBERS, reach, status, take
from tests.support.world import World

OBJECTION = MEMBERS["object"]
LETTER = "1e" * 32


@pytest.fixture
def noticed():
    return reach("published")


@pytest.fixture
def objected():
    return reach("objected")


def resolve(world, application, outcome, reasons="heard"):
    return world.step(application, "resolve", outcome=outcome, reasons=reasons)


# Who and when


def test_an_objection_stands_in_the_state_with_who_made_it(noticed):
    world, application = noticed
    world.step(application, "object", world.strangers[0], **OBJECTION)
    (value,) = current(world.registration(application).objections)
    assert value == {"by": world.strangers[0].party, **OBJECTION}
    assert world.registration(application).decision is None


def test_objections_add_up_and_the_first_one_sets_the_clock(objected):
    world, application = objected
    before = world.registration(application)
    world.time += 3 * 86_400_000
    world.step(application, "object", world.strangers[1], **OBJECTION)
    after = world.registration(application)
    parties = [value["by"] for value in current(after.objections)]
    assert parties == [one.party for one in world.strangers]
    assert (after.status, after.deadline) == (before.status, before.deadline)


def test_a_party_has_one_objection_open_at_a_time(objected):
    world, application = objected
    refused = world.step_refused(application, "object", world.strangers[0], **OBJECTION)
    assert refused == "objection_open"
    resolve(world, application, "dismissed")
    world.step(application, "object", world.strangers[0], **OBJECTION)


@pytest.mark.parametrize("state", ["published", "objected"])
def test_the_window_closes_with_the_notice(state):
    world, application = reach(state)
    end, other = world.registration(application).notice_end, world.strangers[1]
    world.time = end
    assert world.step_refused(application, "object", other, **OBJECTION) == "notice_over"
    world.time = end - 1
    world.step(application, "object", other, **OBJECTION)


def test_where_no_notice_runs_there_is_nothing_to_object_to():
    world = World()
    other = world.enroll("other")
    application = world.file(world.operator)
    world.step(application, "accept")
    world.step(application, "publish", fields=application.statutory)
    assert world.step_refused(application, "object", other, **OBJECTION) == "notice_over"


def test_who_is_suspended_does_not_object(noticed):
    world, application = noticed
    party = world.strangers[0].party
    world.do("party.suspend", {"party": party, "ground": "inquiry"}, world.regulator)
    refused = world.step_refused(application, "object", world.strangers[0], **OBJECTION)
    assert refused == "suspended"


def test_no_joint_applicant_objects():
    world = World("national-2026")
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.file(ann, ben)
    world.step(application, "accept")
    world.step(application, "publish", fields=application.statutory, **world.notice())
    for one in (ann, ben):
        assert world.step_refused(application, "object", one, **OBJECTION) == "wrong_role"


MALFORMED = {
    "no reason": {"reason": ""},
    "a reason of more than 200 characters": {"reason": "x" * 201},
    "no digest": {"evidence": "contract.pdf"},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_an_objection_has_a_short_reason_and_the_digest_of_its_evidence(noticed, name):
    world, application = noticed
    with pytest.raises(MalformedError):
        world.step(application, "object", world.strangers[0], **OBJECTION | MALFORMED[name])
    longest = {"reason": "权" * 200, "evidence": EVIDENCE}
    world.step(application, "object", world.strangers[0], **longest)


# What a decision does


def test_a_decision_closes_every_objection_and_leads_back_to_the_notice(objected):
    world, application = objected
    world.step(application, "object", world.strangers[1], **OBJECTION)
    end, at = world.registration(application).notice_end, world.time
    resolve(world, application, "dismissed")
    after = world.registration(application)
    assert status(world, application) == "published"
    assert [each.end for each in after.objections] == [at, at]
    assert (after.deadline, after.notice_end) == (end, end)
    assert after.decision == "dismissed: heard"


# Withdrawn


def withdrawal(objector, **members):
    return {"outcome": "withdrawn", "reasons": "settled", "objector": objector.party, **members}


def objectors(world, application):
    return list(objectors_of(world.registration(application)))


@pytest.mark.parametrize("by", ["letter", "objector"])
def test_a_withdrawal_closes_one_objection_and_the_last_ends_the_inquiry(objected, by):
    world, application = objected
    one, other = world.strangers
    actor, named = (None, {"document": LETTER}) if by == "letter" else (one, {})
    world.step(application, "object", other, **OBJECTION)
    before = world.registration(application)
    world.step(application, "resolve", actor, **withdrawal(one, **named))
    after = world.registration(application)
    assert objectors(world, application) == [other.party]
    assert (after.status, after.deadline) == (before.status, before.deadline)
    at = world.time
    actor = None if by == "letter" else other
    world.step(application, "resolve", actor, **withdrawal(other, **named))
    last = world.registration(application)
    assert status(world, application) == "published"
    assert [each.end for each in last.objections][1] == at
    assert (last.deadline, last.decision) == (last.notice_end, "withdrawn: settled")


def test_the_registrar_says_withdrawn_of_nobody_without_a_letter(objected):
    world, application = objected
    body = withdrawal(world.strangers[0])
    assert world.step_refused(application, "resolve", **body) == "wrong_role"
    del body["objector"]
    assert world.step_refused(application, "resolve", **body) == "wrong_role"


def test_nobody_withdraws_the_objection_of_another(objected):
    world, application = objected
    one, other = world.strangers
    assert world.step_refused(application, "resolve", other, **withdrawal(one)) == "wrong_role"
    world.step(application, "object", other, **OBJECTION)
    refused = world.step_refused(application, "resolve", other, **withdrawal(one))
    assert refused == "resolve_members"
    by_letter = withdrawal(one, document=LETTER)
    assert world.step_refused(application, "resolve", other, **by_letter) == "wrong_role"


WRONG_MEMBERS = {
    "a dismissal of one objector": {"outcome": "dismissed", "objector": 0},
    "a dismissal on a letter": {"outcome": "dismissed", "document": LETTER},
    "upheld on a letter": {"outcome": "upheld", "document": LETTER},
    "a letter of nobody": {"outcome": "withdrawn", "document": LETTER},
    "a letter of who has none open": {"outcome": "withdrawn", "objector": 1, "document": LETTER},
}


@pytest.mark.parametrize("name", WRONG_MEMBERS)
def test_a_withdrawal_names_whose_it_is_and_no_other_outcome_does(objected, name):
    world, application = objected
    body = {"reasons": "heard", **WRONG_MEMBERS[name]}
    if "objector" in body:
        body["objector"] = world.strangers[body["objector"]].party
    assert world.step_refused(application, "resolve", **body) == "resolve_members"


def test_a_letter_of_the_registrar_withdraws_what_it_had_closed_before_never_twice(objected):
    world, application = objected
    one, other = world.strangers
    world.step(application, "object", other, **OBJECTION)
    world.step(application, "resolve", **withdrawal(one, document=LETTER))
    refused = world.step_refused(application, "resolve", **withdrawal(one, document=LETTER))
    assert refused == "resolve_members"


def test_an_objection_that_is_upheld_ends_in_refusal(objected):
    world, application = objected
    resolve(world, application, "upheld")
    after = world.registration(application)
    assert status(world, application) == "refused"
    assert not current(after.objections)
    assert (after.deadline, after.decision) == (None, "upheld: heard")


@pytest.mark.parametrize("step", ["withdraw", "terminate", "refuse"])
def test_whatever_ends_the_registration_ends_its_objections(objected, step):
    world, application = objected
    take(world, application, step)
    assert not current(world.registration(application).objections)


def test_an_outcome_is_one_of_three(objected):
    world, application = objected
    with pytest.raises(MalformedError):
        resolve(world, application, "postponed")


def test_while_an_objection_is_open_nothing_is_recorded(objected):
    world, application = objected
    world.time = ms("2026-12-01T10:00")
    assert world.record_refused(application) == "wrong_step"


def test_after_an_early_decision_the_notice_still_runs_to_its_end(objected):
    world, application = objected
    resolve(world, application, "dismissed")
    end = world.registration(application).notice_end
    world.time = end - 1000
    assert world.record_refused(application) == "notice_running"
    world.time = end
    world.record(application)


def test_after_a_late_decision_it_is_complete_no_earlier_than_that(objected):
    world, application = objected
    decided = world.time = ms("2026-11-25T10:00")
    resolve(world, application, "dismissed")
    assert world.registration(application).deadline == decided
    early = {"system": "n", "record": "R", "digest": "e1" * 32, "evidence_time": decided - 1000}
    changes = {"valid_from": decided - 1000, "national": early}
    assert world.record_refused(application, **changes) == "notice_running"
    world.record(application)


def test_a_late_decision_is_taken_all_the_same(objected):
    world, application = objected
    world.time = world.registration(application).deadline + 86_400_000
    resolve(world, application, "dismissed")
    assert world.registration(application).status[-1].value == "published"


def test_no_notice_fills_the_state_so_that_no_objection_fits_in():
    """With more and more of the form opened, until the notice is refused."""
    world = World("national-2026")
    ann, other = world.enroll("ann"), world.enroll("other")
    refused = []
    for length in range(9000, 16_000, 400):
        application = world.file(ann, members={"volume": "V" * length})
        world.step(application, "accept")
        volume = {"volume": application.openings["volume"]}
        body = {"fields": application.statutory | volume, **world.notice()}
        event = world.event(
            "registration.publish",
            {"registration": application.registration, **body},
            world.registrar,
        )
        try:
            world.write(world.sign(event, world.registrar.key))
        except RejectedError as error:
            refused.append(error.reason)
            continue
        world.step(application, "object", other, **OBJECTION | {"reason": "权" * 200})
    assert set(refused) == {"state_full"}
    assert len(refused) < 17


def test_objections_that_fill_the_state_keep_nobody_from_deciding(noticed):
    world, application = noticed
    longest = OBJECTION | {"reason": "权" * 200}
    people = (world.enroll(f"objector {n}") for n in range(40))
    with pytest.raises(RejectedError) as caught:
        for person in people:
            world.step(application, "object", person, **longest)
    assert caught.value.reason == "state_full"
    assert len(current(world.registration(application).objections)) > 10
    resolve(world, application, "dismissed", "权" * 2000)
    values = [each.value for each in world.registration(application).status]
    assert values == ["filed", "accepted", "published", "objected", "published"]

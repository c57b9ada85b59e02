"""A registrar decides no case of its own: what it has a part in since before it was one."""

import pytest

from contracts.intervals import current
from tests.support.agents import file_by_agent, give_mandate, hand_over
from tests.support.disputes import (
    beside,
    conclude,
    conclusion,
    correct_body,
    notify,
    object_to,
    objection_step,
)
from tests.support.holds import held_by
from tests.support.people import claim
from tests.support.procedure import MEMBERS, status
from tests.support.world import World

OBJECTION = MEMBERS["object"]


@pytest.fixture
def successor(world):
    return world.enroll("successor", 2)


def decide(world, application, step, **members):
    """How the registrar is refused a step, with the members that it would have."""
    kind = step.partition(".")[0]
    return world.step_refused(application, kind, **(MEMBERS[step] | members))


def test_a_successor_records_no_transfer_to_itself(world, ann, successor):
    asset = held_by(world, ann)
    transfer = world.published_transfer(asset, (ann, successor, "hold"))
    hand_over(world, successor)
    body = world.record_body(transfer)
    refused = world.refused("registration.record", body, world.registrar, *world.officers)
    assert refused == "own_case"
    world.step(transfer, "withdraw", ann)
    assert world.party(successor).tuples == 0


def test_a_successor_decides_nothing_of_what_it_filed(world, successor):
    application = world.file(successor)
    hand_over(world, successor)
    for step in ("accept", "return"):
        assert decide(world, application, step) == "own_case"
    world.step(application, "withdraw", successor)
    assert status(world, application) == "withdrawn"


REVIEW = ("supplement.ask", "withhold", "publish", "extend", "terminate", "refuse")


@pytest.mark.parametrize("step", REVIEW)
def test_nor_of_what_it_filed_as_an_agent(world, ann, successor, step):
    give_mandate(world, ann, successor)
    application = file_by_agent(world, successor, ann)
    world.step(application, "accept")
    hand_over(world, successor)
    more = {"fields": application.statutory, **world.notice()} if step == "publish" else {}
    assert decide(world, application, step, **more) == "own_case"
    assert world.step_refused(application, "withdraw", successor) == "wrong_role"
    world.step(application, "withdraw", ann)


def test_a_mandate_for_who_became_the_registrar_gives_nothing(world, ann, ben, successor):
    give_mandate(world, ben, successor)
    application = world.file(ben)
    hand_over(world, successor)
    assert world.step_refused(application, "withdraw", successor) == "wrong_role"
    world.step(application, "accept")


@pytest.mark.parametrize("outcome", ["dismissed", "upheld"])
def test_a_successor_decides_on_no_objection_of_its_own(world, ann, successor, outcome):
    application = world.file(ann)
    world.step(application, "accept")
    world.step(application, "publish", fields=application.statutory, **world.notice())
    world.step(application, "object", successor, **OBJECTION)
    hand_over(world, successor)
    assert decide(world, application, f"resolve.{outcome}") == "own_case"
    assert decide(world, application, "refuse") == "own_case"


def test_nor_on_one_to_what_is_recorded(world, ann, successor):
    asset = held_by(world, ann)
    told = object_to(world, asset, successor)
    notify(world, asset, told)
    hand_over(world, successor)
    body, officers = conclusion(asset, told, "upheld"), world.officers
    assert world.refused("objection.conclude", body, world.registrar, *officers) == "own_case"
    conclude(world, asset, told, "withdrawn")
    assert current(world.asset(asset).disputes) == ()


def test_nor_does_it_tell_the_right_holders_of_one(world, ann, successor):
    asset = held_by(world, ann)
    objection = object_to(world, asset, successor)
    hand_over(world, successor)
    body = objection_step(asset, objection)
    assert world.refused("objection.notify", body, world.registrar) == "own_case"


def test_it_writes_nothing_beside_what_it_filed(world, ann, successor):
    give_mandate(world, ann, successor)
    application = file_by_agent(world, successor, ann)
    world.step(application, "accept")
    world.publish(application)
    world.record(application)
    hand_over(world, successor)
    noted = beside(world, application, note={"kind": "registrar", "text": "seen"})
    assert world.refused("registration.note", noted, world.registrar) == "own_case"
    body = correct_body(world, application)
    refused = world.refused("registration.correct", body, world.registrar, *world.officers)
    assert refused == "own_case"


def test_nothing_is_declared_for_the_registrar(world, ann, successor):
    application = world.published(ann)
    declared = [claim(world.registrar, "use")]
    body = world.record_body(application, [claim(ann)], declared=declared)
    refused = world.refused("registration.record", body, world.registrar, *world.officers)
    assert refused == "self_registration"


def test_under_a_solo_profile_all_is_one_s_own():
    solo = World()
    application = solo.file(solo.registrar)
    solo.step(application, "accept")
    assert status(solo, application) == "accepted"

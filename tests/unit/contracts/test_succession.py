"""A registrar leaves to a successor: who signs, what goes on, and that vouchers stay valid."""

import pytest

from contracts.foundation import Ledger
from contracts.intervals import current
from contracts.party import INDEPENDENT_ROLES
from ledger.core.subjects import SELF
from tests.support.agents import (
    SUCCESSOR,
    give_mandate,
    hand_over,
    succession_body,
    succession_keys,
)
from tests.support.disputes import beside
from tests.support.forgery import judge
from tests.support.holds import held_by
from tests.support.people import CODES, Key, Person, claim
from tests.support.world import World


@pytest.fixture
def new(world):
    return world.enroll("successor", 2)


def ledger(world):
    return world.state(Ledger, SELF)


def refused(world, new, *keys, actor=None, **changes):
    body = succession_body(world, new, **changes)
    signing = keys or succession_keys(world, new)
    return world.refused("party.exit", body, actor or world.registrar, *signing)


def test_the_ledger_names_the_new_registrar_and_keeps_the_old_one(world, new):
    gone = world.registrar
    before = world.all_states()
    hand_over(world, new)
    after = world.all_states()
    assert {key for key in after if after[key] != before[key]} == {gone.party, new.party, SELF}
    said = ledger(world)
    assert (said.registrar, said.former) == (new.party, (gone.party,))
    assert (said.catalogue.region, said.catalogue.digit) == ("32", "2")
    assert current(world.party(gone).status) == ("exited",)
    assert current(world.party(gone).roles) == ()
    assert current(world.party(new).roles) == ("registrar",)


def test_vouchers_stay_valid(world, ann, new):
    application, number = world.register(ann)
    hand_over(world, new)
    report = judge(world.bundle(application, number), now=world.time)
    assert (report.status, report.is_in_force) == ("valid", True)
    assert world.voucher(number).issuer not in new.dids


def test_the_successor_goes_on_with_numbers_of_its_own(world, ann, new):
    asset = held_by(world, ann)
    waiting = world.file(ann)
    hand_over(world, new)
    world.step(waiting, "accept")
    world.publish(waiting)
    assert world.record(waiting).startswith("SJ322")
    _, number = world.transfer(asset, (ann, world.enroll("ben"), "hold"))
    assert number.startswith("SJ322")


def test_the_one_who_left_decides_nothing_any_more(world, ann, new):
    application = world.file(ann)
    gone = hand_over(world, new)
    assert world.step_refused(application, "accept", gone, gone.key) == "exited"
    ben = world.enroll("ben")
    assert world.party(ben).is_active
    body = {"party": ann.party, "role": "notary"}
    assert world.refused("party.admit", body, gone) == "exited"
    world.do("party.admit", body, new)


def test_the_office_is_handed_on_again(world, new):
    first = hand_over(world, new)
    third = world.enroll("third", 2)
    hand_over(world, third, catalogue=SUCCESSOR | {"digit": "3"})
    assert ledger(world).former == (first.party, new.party)


def test_the_successor_s_officers_are_counted_and_recovered_like_any_registrar_s(world, new):
    hand_over(world, new)
    fresh = Key("fresh")
    rotation = {"add": [fresh.did], "remove": []}
    assert world.refused("party.rotate", rotation, new, new.key, fresh) == "wrong_signers"
    world.do("party.rotate", rotation, new, *new.keys, fresh)


SIGNERS = {
    "one officer": lambda world, new: [world.registrar.key, world.regulator.key, new.key],
    "not the regulator": lambda world, new: [*world.officers, new.key],
    "not the successor": lambda world, new: [*world.officers, world.regulator.key],
    "the operator too": lambda world, new: [*succession_keys(world, new), world.operator.key],
}


@pytest.mark.parametrize("keys", SIGNERS.values(), ids=SIGNERS)
def test_its_officers_the_regulator_and_the_successor_sign(world, new, keys):
    assert refused(world, new, *keys(world, new)) == "wrong_signers"


def test_it_rests_on_a_decision_and_names_the_new_entry(world, new):
    assert refused(world, new, document=None) == "succession_members"
    assert refused(world, new, catalogue=None) == "succession_members"
    same = SUCCESSOR | {"digit": "1"}
    assert refused(world, new, catalogue=same) == "same_catalogue"


def test_without_a_scheme_of_numbers_there_is_no_entry_to_name():
    world = World("national-2026", scheme="TEST")
    new = world.enroll("successor", 2)
    assert refused(world, new, catalogue=SUCCESSOR) == "succession_members"
    hand_over(world, new)
    assert ledger(world).catalogue is None


def test_without_a_successor_a_registrar_does_not_leave(world):
    for founder in (world.registrar, world.regulator, world.operator):
        assert world.refused("party.exit", {}, founder) == "founder"


def test_nobody_else_leaves_to_a_successor(world, ann, new):
    keys = (ann.key, world.regulator.key, new.key)
    assert refused(world, new, *keys, actor=ann) == "wrong_signers"
    ben = world.enroll("ben", 2)
    keys = (*ben.keys, world.regulator.key, new.key)
    assert refused(world, new, *keys, actor=ben) == "no_succession"
    solo = World()
    taker = solo.enroll("successor")
    keys = (solo.registrar.key, taker.key)
    assert refused(solo, taker, *keys) == "no_succession"


def test_a_successor_has_no_part_in_what_it_decides(world, ann, new):
    held_by(world, new)
    assert refused(world, new) == "holds_rights"
    for role in INDEPENDENT_ROLES:
        taker = world.enroll(role, 2)
        world.do("party.admit", {"party": taker.party, "role": role}, world.regulator)
        assert refused(world, taker) == "role_conflict"
    keys = (*world.officers, world.regulator.key, world.operator.key)
    assert refused(world, world.operator, *keys) == "role_conflict"


def test_a_successor_has_a_key_for_each_officer(world, ann):
    assert refused(world, ann) == "officers"


def test_a_successor_is_there_and_active(world, new):
    stranger = succession_body(world, new) | {"successor": "party/" + "a" * 26}
    keys = succession_keys(world, new)
    assert world.refused("party.exit", stranger, world.registrar, *keys) == "unknown_subject"
    ground = {"party": new.party, "ground": "inquiry"}
    world.do("party.suspend", ground, world.regulator)
    assert refused(world, new) == "suspended"


def test_neither_goes_while_keys_are_being_recovered(world, new):
    key, check = Key("fresh"), {"method": "m", "evidence": "0e" * 32}
    body = {"party": new.party, "add": [key.did], "remove": sorted(new.dids), "check": check}
    world.do("party.recover", body, world.registrar, world.registrar.key, key)
    assert refused(world, new) == "recovery_pending"


def test_the_code_of_a_registrar_that_left_stays_its_own():
    world = World("national-2026", is_open=False)
    parties = world.opening()["parties"]
    parties["registrar"] = parties["registrar"] | {"uscc": CODES[0]}
    body = world.opening(parties=parties)
    world.do("ledger.open", body, world.operator, *world.founding_keys)
    for year in ("2026", "2027"):
        world.publish_calendar(year)
    new = world.enroll("successor", 2)
    hand_over(world, new)
    other = Person("thief")
    enrolment = world.enrolment(other, uscc=CODES[0])
    keys = world.enrolment_keys(other)
    assert world.refused("party.enroll", enrolment, other, *keys) == "uscc_claimed"


def test_the_new_registrar_is_nobody_s_agent_and_no_applicant(world, ann, new):
    give_mandate(world, ann, new)
    hand_over(world, new)
    body = world.filing(world.draft(), new)
    assert world.refused("registration.file", body, new) == "self_registration"


def test_what_the_successor_filed_before_is_not_registered_at_itself(world, ann, new):
    declared = world.published(ann)
    world.record(declared, [claim(ann)], declared=[claim(new, "use")])
    waiting = world.file(new)
    hand_over(world, new)
    assert world.step_refused(waiting, "accept") == "own_case"
    body = beside(world, declared, rights=["use"])
    assert world.refused("registration.confirm", body, new) == "self_registration"

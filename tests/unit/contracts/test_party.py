"""Parties: how they come, the roles they have, and what they may not do while suspended."""

from typing import get_args

import pytest

from contracts.attestation import ISSUERS
from contracts.identity import Key as KeyState
from contracts.identity import NameClaim, Role
from contracts.intervals import current
from contracts.party import INDEPENDENT_ROLES
from ledger.core.subjects import derive_party
from ledger.errors import MalformedError
from tests.support.people import CODES, Person, claim
from tests.support.world import World


def refuse_enrolment(world, person, *keys, **changes):
    keys = keys or world.enrolment_keys(person)
    return world.refused("party.enroll", world.enrolment(person, **changes), person, *keys)


# Enrolment


def test_a_party_enrols_with_all_its_keys_and_the_registrar(world):
    ann = world.enroll("ann", 7, uscc=CODES[0])
    party = world.party(ann)
    assert (party.kind, party.name, party.uscc, party.tuples) == ("legal", "ann Ltd", CODES[0], 0)
    assert party.current_keys(world.time) == set(ann.dids)
    assert party.is_active
    assert not party.roles
    assert not party.is_founder
    last = world.log.head.size - 2
    for key in ann.keys:
        state = world.state(KeyState, key.subject)
        assert (state.party, state.since, state.until) == (ann.party, last, None)
    assert current(world.state(NameClaim, f"name/uscc:{CODES[0]}").claims) == (ann.party,)


def test_in_solo_nobody_else_signs_and_no_check_is_needed(solo):
    ann = solo.enroll("ann", 2)
    assert solo.party(ann).is_active
    ben = Person("ben")
    assert refuse_enrolment(solo, ben, ben.key, solo.registrar.key) == "wrong_signers"


def test_a_missing_key_a_stranger_or_no_registrar_is_refused(world):
    ann = Person("ann", 2)
    registrar = world.registrar.keys
    for keys in (
        [ann.keys[0], registrar[0]],
        [*ann.keys],
        [*ann.keys, *registrar],
        [*ann.keys, world.regulator.key],
        [*ann.keys, registrar[0], world.regulator.key],
    ):
        assert refuse_enrolment(world, ann, *keys) == "wrong_signers"


def test_enrolment_outside_solo_says_how_the_identity_was_checked(world):
    ann = Person("ann")
    body = {k: v for k, v in world.enrolment(ann).items() if k != "check"}
    assert world.refused("party.enroll", body, ann, *world.enrolment_keys(ann)) == "identity_check"


def test_a_party_is_named_by_its_keys(world):
    ann, ben = Person("ann"), Person("ben")
    body = world.enrolment(ann)
    assert world.refused("party.enroll", body, ben, *world.enrolment_keys(ann)) == "wrong_party"


def test_a_key_is_listed_once(solo):
    ann = Person("ann")
    twice = [ann.key.did, ann.key.did]
    body = solo.enrolment(ann, keys=twice)
    assert solo.refused("party.enroll", body, derive_party(twice), ann.key) == "wrong_party"


def test_a_party_enrols_once(world):
    ann = world.enroll("ann")
    assert refuse_enrolment(world, ann) == "already_enrolled"


def test_a_founder_does_not_enrol_again(solo):
    assert refuse_enrolment(solo, solo.operator, solo.operator.key) == "already_enrolled"


def test_more_than_seven_keys_are_malformed(solo):
    ann = Person("ann", 8)
    with pytest.raises(MalformedError, match="keys"):
        solo.do("party.enroll", solo.enrolment(ann), ann, *ann.keys)


# Names and codes

CLEAR = {"natural": "Ann", "legal": "", "unincorporated": "x" * 201}


@pytest.mark.parametrize("kind", CLEAR)
def test_a_natural_persons_name_in_the_clear_or_no_name_at_all_is_refused(world, kind):
    ann = Person("ann", kind=kind)
    assert refuse_enrolment(world, ann, name=CLEAR[kind]) == "name"


@pytest.mark.parametrize("name", [None, 1, [], {}, {"$commit": "short"}, {"$commit": 1}])
@pytest.mark.parametrize("kind", ["natural", "legal"])
def test_a_name_is_text_or_a_commitment(world, kind, name):
    assert refuse_enrolment(world, Person("ann", kind=kind), name=name) == "name"


def test_a_commitment_with_company_is_none(world):
    name = Person("ann", kind="natural").name | {"name": "Ann"}
    assert refuse_enrolment(world, Person("ann", kind="natural"), name=name) == "name"


def test_anybody_may_keep_its_name_to_itself(world):
    hidden = Person("ann", kind="natural").name
    ann, ben = world.enroll("ann", kind="natural"), world.enroll("ben", name=hidden)
    assert world.party(ann).name == world.party(ben).name == hidden


def test_a_name_of_200_characters_in_any_script_is_taken(world):
    assert world.party(world.enroll("ann", name="数" * 200)).name == "数" * 200


@pytest.mark.parametrize("code", [CODES[0][:-1] + "U", CODES[0][:16] + "7" + CODES[0][17:]])
def test_a_code_with_a_wrong_check_character_is_refused(world, code):
    assert refuse_enrolment(world, Person("ann"), uscc=code) == "uscc"


def test_a_code_is_claimed_once(world):
    world.enroll("ann", uscc=CODES[0])
    assert refuse_enrolment(world, Person("ben"), uscc=CODES[0]) == "uscc_claimed"
    world.enroll("ben", uscc=CODES[1])


@pytest.mark.parametrize("role", ["operator", "registrar", "regulator"])
def test_a_founders_code_is_nobody_elses(role):
    world = World("national-2026", is_open=False)
    people = ("operator", "registrar", "regulator")
    parties = {each: getattr(world, each).founder() for each in people}
    parties[role]["uscc"] = CODES[2]
    body = world.opening(parties=parties)
    world.do("ledger.open", body, world.operator, *world.founding_keys)
    assert refuse_enrolment(world, Person("ann"), uscc=CODES[2]) == "uscc_claimed"


# Roles


@pytest.mark.parametrize("who", ["registrar", "regulator"])
def test_registrar_and_regulator_give_roles_and_take_them_away(world, who):
    ann, actor = world.enroll("ann"), getattr(world, who)
    body = {"party": ann.party, "role": "valuer"}
    world.do("party.admit", body, actor)
    assert world.party(ann).has_role("valuer")
    world.do("party.admit", body | {"end": True}, actor)
    assert not world.party(ann).has_role("valuer")
    assert [each.end is None for each in world.party(ann).roles] == [False]


@pytest.mark.parametrize("who", ["operator", "applicant"])
def test_nobody_else_gives_roles(world, who):
    actor = world.enroll("ann") if who == "applicant" else world.operator
    body = {"party": actor.party, "role": "valuer"}
    assert world.refused("party.admit", body, actor) == "wrong_role"


def test_a_role_is_given_once_and_taken_away_when_held(world):
    ann = world.enroll("ann")
    body = {"party": ann.party, "role": "notary"}
    assert world.refused("party.admit", body | {"end": True}, world.regulator) == "not_in_force"
    world.do("party.admit", body, world.regulator)
    assert world.refused("party.admit", body, world.regulator) == "already_in_force"


def test_a_role_goes_to_a_party_that_is_there(world):
    body = {"party": Person("nobody").party, "role": "notary"}
    assert world.refused("party.admit", body, world.regulator) == "unknown_subject"


@pytest.mark.parametrize("role", ["operator", "registrar", "regulator"])
def test_founding_roles_are_not_for_giving_or_taking(world, role):
    body = {"party": getattr(world, role).party, "role": role}
    for each in (body, body | {"end": True}):
        with pytest.raises(MalformedError, match="role"):
            world.do("party.admit", each, world.regulator)


@pytest.mark.parametrize("who", ["operator", "registrar", "regulator"])
@pytest.mark.parametrize("role", INDEPENDENT_ROLES)
def test_a_founder_is_admitted_to_nothing_that_checks_or_decides(world, who, role):
    body = {"party": getattr(world, who).party, "role": role}
    assert world.refused("party.admit", body, world.regulator) == "role_conflict"
    assert world.refused("party.admit", body | {"end": True}, world.regulator) == "not_in_force"


def test_a_founder_may_be_admitted_to_what_attests_nothing(world):
    body = {"party": world.operator.party, "role": "developer"}
    world.do("party.admit", body, world.regulator)
    assert world.party(world.operator).has_role("developer")


def test_every_role_that_attests_is_independent():
    assert set(ISSUERS.values()) <= set(INDEPENDENT_ROLES) <= set(get_args(Role))


def test_in_solo_a_founder_may_be_an_auditor(solo):
    solo.do("party.admit", {"party": solo.operator.party, "role": "auditor"}, solo.regulator)
    assert solo.party(solo.operator).has_role("auditor")


def test_anybody_else_may_be_an_auditor(world):
    ann = world.enroll("ann")
    world.do("party.admit", {"party": ann.party, "role": "auditor"}, world.registrar)
    assert world.party(ann).has_role("auditor")


# Suspension


def suspension(person, **changes):
    return {"party": person.party, "ground": "under inquiry"} | changes


@pytest.mark.parametrize("who", ["registrar", "regulator"])
def test_a_suspended_party_acts_again_once_the_suspension_is_lifted(world, who):
    ann, actor = world.enroll("ann"), getattr(world, who)
    world.do("party.suspend", suspension(ann), actor)
    assert not world.party(ann).is_active
    body = world.filing(world.draft(ann), ann)
    assert world.refused("registration.file", body, ann) == "suspended"
    world.do("party.suspend", suspension(ann, lift=True), actor)
    assert world.party(ann).is_active
    world.file(ann)
    assert [each.value for each in world.party(ann).status] == ["active", "suspended", "active"]


def test_a_suspended_party_does_nothing_of_its_own(world):
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.file(ann)
    world.step(application, "accept")
    world.do("party.suspend", suspension(ann), world.registrar)
    rotation = {"add": [], "remove": [ann.key.did]}
    assert world.refused("party.rotate", rotation, ann) == "suspended"
    assert world.step_refused(application, "withdraw", ann) == "suspended"
    joint = world.filing(world.draft(ben, ann), ben, ann)
    assert world.refused("registration.file", joint, ben, ben.key, ann.key) == "suspended"


def test_what_others_do_about_a_suspended_party_goes_on(world):
    ann = world.enroll("ann")
    application = world.published(ann)
    world.do("party.suspend", suspension(ann), world.registrar)
    world.record(application, [claim(ann)])
    assert world.party(ann).tuples == 1


def test_a_suspended_registrar_registers_nothing(world):
    ann = world.enroll("ann")
    application = world.file(ann)
    world.do("party.suspend", suspension(world.registrar), world.regulator)
    assert world.step_refused(application, "accept") == "suspended"
    assert refuse_enrolment(world, Person("ben")) == "suspended"


def test_nobody_is_suspended_twice_or_lifted_before(world):
    ann = world.enroll("ann")
    assert world.refused("party.suspend", suspension(ann, lift=True), world.regulator) == (
        "not_suspended"
    )
    world.do("party.suspend", suspension(ann), world.regulator)
    assert world.refused("party.suspend", suspension(ann), world.regulator) == "already_suspended"


def test_nobody_suspends_itself(world):
    for actor in (world.regulator, world.registrar):
        reason = world.refused("party.suspend", suspension(actor), actor)
        assert reason == ("already_suspended" if actor is world.regulator else "founder")


def test_in_solo_nobody_is_locked_out_of_the_own_ledger(solo):
    assert solo.refused("party.suspend", suspension(solo.operator), solo.operator) == (
        "already_suspended"
    )


@pytest.mark.parametrize("who", ["operator", "regulator"])
def test_the_registrar_does_not_suspend_who_watches_it_or_runs_the_ledger(world, who):
    body = suspension(getattr(world, who))
    assert world.refused("party.suspend", body, world.registrar) == "founder"


@pytest.mark.parametrize("who", ["operator", "applicant"])
def test_nobody_else_suspends(world, who):
    actor = world.enroll("ann") if who == "applicant" else world.operator
    body = suspension(world.enroll("ben"))
    assert world.refused("party.suspend", body, actor) == "wrong_role"


def test_only_a_party_that_is_there_is_suspended(world):
    body = suspension(Person("nobody"))
    assert world.refused("party.suspend", body, world.regulator) == "unknown_subject"


def test_false_is_no_way_to_say_no(world):
    with pytest.raises(MalformedError):
        world.do("party.suspend", suspension(world.operator, lift=False), world.regulator)

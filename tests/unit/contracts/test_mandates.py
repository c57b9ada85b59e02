"""Agents: mandates, who may give them, and what whoever has one does for its principal."""

import pytest

from contracts.intervals import current
from ledger.errors import MalformedError
from tests.support.agents import (
    MANDATE,
    agent_filing,
    by_agent,
    file_by_agent,
    give_mandate,
    mandate_body,
    mandate_keys,
    take_mandate,
)
from tests.support.holds import held_by
from tests.support.people import MS_PER_DAY, Key
from tests.support.procedure import MEMBERS
from tests.support.world import World

OBJECTION = MEMBERS["object"]


@pytest.fixture
def agent(world):
    return world.enroll("agent")


def refused(world, body, principal, agent):
    """Signed by both, unless they are one, and refused."""
    keys = mandate_keys(principal, agent)
    return world.refused("party.undertake", body, principal, *keys)


def mandates(world, person):
    return list(current(world.party(person).mandates))


def status(world, application):
    return current(world.registration(application).status)[-1]


# Giving and taking back


def test_a_mandate_says_who_may_file_what_and_until_when(world, ann, agent):
    body = mandate_body(world, agent, ("change", "initial"))
    before = world.all_states()
    world.do("party.undertake", body, ann, ann.key, agent.key)
    after = world.all_states()
    assert mandates(world, ann) == [body]
    assert {key for key in after if after[key] != before[key]} == {ann.party}
    take_mandate(world, ann, agent)
    assert mandates(world, ann) == []
    (kept,) = world.party(ann).mandates
    assert kept.end is not None


def test_nobody_becomes_an_agent_unasked(world, ann, agent):
    body = mandate_body(world, agent)
    assert world.refused("party.undertake", body, ann) == "wrong_signers"
    assert world.refused("party.undertake", body, ann, agent.key) == "wrong_signers"


def test_an_agent_that_did_not_file_may_object_to_its_principal_s_data(world, ann, agent):
    """A competitor who files transfers for a party is still heard against what it claims."""
    give_mandate(world, ann, agent, ("initial", "transfer"))
    application = world.file(ann)
    world.step(application, "accept")
    world.step(application, "publish", fields=application.statutory, **world.notice())
    world.step(application, "object", agent, **OBJECTION)
    assert world.registration(application).status[-1].value == "objected"


def test_the_agent_that_filed_does_not_object(world, ann, agent):
    application = file_by_agent(world, agent, ann, signing=[ann])
    world.step(application, "accept")
    world.step(application, "publish", fields=application.statutory, **world.notice())
    assert world.step_refused(application, "object", agent, **OBJECTION) == "wrong_role"


def test_several_stand_at_once_and_each_ends_by_itself(world, ann, ben, agent):
    give_mandate(world, ann, agent)
    give_mandate(world, ann, agent, mandate="4b" * 32)
    give_mandate(world, ann, ben)
    take_mandate(world, ann, agent)
    left = [(one["agent"], one["mandate"]) for one in mandates(world, ann)]
    assert left == [(agent.party, "4b" * 32), (ben.party, MANDATE)]


def test_one_is_registered_once_and_only_so_many_at_a_time(world, ann, agent):
    for n in range(16):
        give_mandate(world, ann, agent, mandate=f"{n:064x}")
    again = mandate_body(world, agent, mandate=f"{3:064x}")
    one_more = mandate_body(world, agent)
    assert refused(world, one_more, ann, agent) == "many_mandates"
    take_mandate(world, ann, agent, mandate=f"{0:064x}")
    assert refused(world, again, ann, agent) == "many_mandates"
    give_mandate(world, ann, agent)


def test_one_that_ran_out_is_closed_as_of_its_end_and_may_be_given_anew(world, ann, agent):
    until = world.time + MS_PER_DAY
    give_mandate(world, ann, agent, until=until)
    world.time = until
    end = {"agent": agent.party, "mandate": MANDATE, "end": True}
    assert world.refused("party.undertake", end, ann) == "no_mandate"
    give_mandate(world, ann, agent)
    assert [one.end for one in world.party(ann).mandates] == [until, None]


WRONG = {
    "no types": {"types": None},
    "no end": {"until": None},
    "types in another order": {"types": ["initial", "change"]},
    "a type twice": {"types": ["initial", "initial"]},
    "an end that is over": {"until": 1},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_mandate_says_what_it_covers_and_for_a_time_to_come(world, ann, agent, change):
    body = mandate_body(world, agent, **change)
    assert refused(world, body, ann, agent) == "mandate_members"


def test_its_first_instant_after_is_no_time_to_come(world, ann, agent):
    body = mandate_body(world, agent, until=world.time)
    assert refused(world, body, ann, agent) == "mandate_members"
    give_mandate(world, ann, agent, until=world.time + 1)


BAD = {
    "another type": {"types": ["pledge"]},
    "no types in the list": {"types": []},
    "an agent that is no party": {"agent": "asset/" + "a" * 26},
    "a mandate that is no digest": {"mandate": "4a"},
    "an end that is false": {"end": False},
    "a member more": {"more": 1},
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_another_form_is_malformed(world, ann, agent, change):
    with pytest.raises(MalformedError):
        world.do("party.undertake", mandate_body(world, agent, **change), ann, ann.key, agent.key)


def test_an_agent_is_another_party_and_never_the_registrar(world, ann):
    for other in (ann, world.registrar):
        assert refused(world, mandate_body(world, other), ann, other) == "own_agent"
    solo = World()
    principal = solo.enroll("ann")
    give_mandate(solo, principal, solo.registrar)


def test_an_agent_is_there(world, ann, agent):
    stranger = mandate_body(world, agent, agent="party/" + "a" * 26)
    assert refused(world, stranger, ann, agent) == "unknown_subject"
    world.do("party.exit", {}, agent)
    assert refused(world, mandate_body(world, agent), ann, agent) == "exited"


def test_what_was_not_given_does_not_end(world, ann, ben, agent):
    give_mandate(world, ann, agent)
    for person, change in ((ben, {}), (ann, {"mandate": "4b" * 32}), (ann, {"agent": ben.party})):
        body = {"agent": agent.party, "mandate": MANDATE, "end": True} | change
        assert world.refused("party.undertake", body, person) == "no_mandate"


def test_no_mandate_is_given_while_keys_are_being_recovered(world, ann, agent):
    recover(world, ann, Key("new"))
    assert refused(world, mandate_body(world, agent), ann, agent) == "recovery_pending"


def recover(world, person, new):
    check = {"method": "m", "evidence": "0e" * 32}
    body = {"party": person.party, "add": [new.did], "remove": person.dids, "check": check}
    world.do("party.recover", body, world.registrar, world.registrar.key, new)
    return body


def test_with_lost_keys_their_mandates_go_too(world, ann, agent):
    give_mandate(world, ann, agent)
    new = Key("new")
    recover(world, ann, new)
    body, _ = agent_filing(world, agent, ann)
    assert world.refused("registration.file", body, agent) == "wrong_signers"
    world.time = world.party(ann).recovery.effective
    body, _ = agent_filing(world, agent, ann)
    assert world.refused("registration.file", body, agent) == "wrong_signers"
    other = mandate_body(world, agent, mandate="4b" * 32)
    world.do("party.undertake", other, ann, new, agent.key)
    assert [one["mandate"] for one in mandates(world, ann)] == ["4b" * 32]


def test_a_recovery_that_is_cancelled_leaves_the_mandates(world, ann, agent):
    give_mandate(world, ann, agent)
    body = recover(world, ann, Key("new"))
    del body["check"]
    world.do("party.recover", body | {"cancel": True}, ann)
    assert file_by_agent(world, agent, ann)


# What an agent does


def test_an_agent_with_a_registered_mandate_files_alone(world, ann, agent):
    give_mandate(world, ann, agent)
    application = file_by_agent(world, agent, ann)
    registration = world.registration(application)
    assert (registration.filer, registration.parties) == (agent.party, (ann.party,))
    assert world.asset(application).parties == (ann.party,)


def test_what_it_filed_is_recorded_for_the_applicant(world, ann, agent):
    give_mandate(world, ann, agent)
    application = file_by_agent(world, agent, ann)
    world.step(application, "accept")
    world.publish(application)
    number = world.record(application)
    holders = {value["holder"] for value in current(world.asset(application).tuples)}
    assert holders == {ann.party}
    assert world.voucher(number) is not None
    assert world.party(agent).tuples == 0


def test_it_answers_and_withdraws_for_the_applicant(world, ann, agent):
    give_mandate(world, ann, agent)
    application = file_by_agent(world, agent, ann)
    world.step(application, "accept")
    world.step(application, "supplement", ask="which?")
    world.step(application, "supplement", agent, answer="0f" * 32)
    assert status(world, application) == "accepted"
    world.step(application, "withdraw", agent)
    assert status(world, application) == "withdrawn"


def test_it_acts_in_what_the_applicant_filed_too(world, ann, agent):
    application = world.file(ann)
    assert world.step_refused(application, "withdraw", agent) == "wrong_role"
    give_mandate(world, ann, agent)
    world.step(application, "withdraw", agent)


def test_without_a_registered_mandate_the_applicants_sign_too(world, ann, agent):
    body, _ = agent_filing(world, agent, ann)
    assert world.refused("registration.file", body, agent) == "wrong_signers"
    application = file_by_agent(world, agent, ann, signing=[ann])
    assert world.step_refused(application, "withdraw", agent) == "wrong_role"
    world.step(application, "withdraw", ann)


def test_of_joint_applicants_those_without_a_mandate_sign(world, ann, ben, agent):
    give_mandate(world, ann, agent)
    body, _ = agent_filing(world, agent, ann, ben)
    assert world.refused("registration.file", body, agent) == "wrong_signers"
    both = (agent.key, ann.key, ben.key)
    assert world.refused("registration.file", body, agent, *both) == "wrong_signers"
    file_by_agent(world, agent, ann, ben, signing=[ben])
    give_mandate(world, ben, agent)
    file_by_agent(world, agent, ann, ben)


COVERS_NOT = {
    "another type": {"types": ["change", "renewal"]},
    "another document": {"mandate": "4b" * 32},
}


@pytest.mark.parametrize("change", COVERS_NOT.values(), ids=COVERS_NOT)
def test_a_mandate_covers_what_it_says_and_nothing_else(world, ann, agent, change):
    give_mandate(world, ann, agent, **change)
    body, _ = agent_filing(world, agent, ann)
    assert world.refused("registration.file", body, agent) == "wrong_signers"


def test_a_mandate_is_of_its_agent_alone(world, ann, ben, agent):
    give_mandate(world, ann, agent)
    body, _ = agent_filing(world, ben, ann)
    assert world.refused("registration.file", body, ben) == "wrong_signers"


def test_it_holds_until_its_end_and_not_at_it(world, ann, agent):
    until = world.time + MS_PER_DAY
    give_mandate(world, ann, agent, until=until)
    application = file_by_agent(world, agent, ann)
    world.time = until - 1
    body, _ = agent_filing(world, agent, ann)
    world.do("registration.file", body, agent)
    world.time = until
    body, _ = agent_filing(world, agent, ann)
    assert world.refused("registration.file", body, agent) == "wrong_signers"
    assert world.step_refused(application, "withdraw", agent) == "wrong_role"


def test_what_was_taken_back_holds_no_longer(world, ann, agent):
    give_mandate(world, ann, agent)
    application = file_by_agent(world, agent, ann)
    take_mandate(world, ann, agent)
    body, _ = agent_filing(world, agent, ann)
    assert world.refused("registration.file", body, agent) == "wrong_signers"
    assert world.step_refused(application, "withdraw", agent) == "wrong_role"


@pytest.mark.parametrize("who", ["ann", "agent"])
def test_a_suspended_principal_or_agent_files_nothing(world, ann, agent, who):
    give_mandate(world, ann, agent)
    body, _ = agent_filing(world, agent, ann)
    suspended = {"ann": ann, "agent": agent}[who]
    ground = {"party": suspended.party, "ground": "inquiry"}
    world.do("party.suspend", ground, world.regulator)
    keys = (agent.key, ann.key) if who == "ann" else (agent.key,)
    assert world.refused("registration.file", body, agent, *keys) == "suspended"
    lift = ground | {"lift": True}
    world.do("party.suspend", lift, world.regulator)
    world.do("registration.file", body, agent)


def test_who_left_has_no_agent(world, ann, agent):
    give_mandate(world, ann, agent)
    world.do("party.exit", {}, ann)
    body, _ = agent_filing(world, agent, ann)
    assert world.refused("registration.file", body, agent, agent.key, ann.key) == "exited"


def test_the_agent_named_is_who_files_and_no_applicant(world, ann, ben, agent):
    give_mandate(world, ann, agent)
    body, _ = agent_filing(world, agent, ann)
    elsewhere = body | {"agent": {"party": ben.party, "mandate": MANDATE}}
    itself = by_agent(world.filing(world.draft(), agent), agent, agent)
    unnamed = {name: value for name, value in body.items() if name != "agent"}
    for wrong in (elsewhere, itself, unnamed):
        keys = (agent.key, *([ann.key] if wrong is not itself else []))
        assert world.refused("registration.file", wrong, agent, *keys) == "parties"


def test_the_registrar_files_for_nobody(world, ann):
    body, _ = agent_filing(world, world.registrar, ann)
    keys = (world.registrar.key, ann.key)
    assert world.refused("registration.file", body, world.registrar, *keys) == "self_registration"


def test_an_agent_files_a_transfer_only_under_a_mandate_for_transfers(world, ann, ben, agent):
    asset = held_by(world, ann)
    give_mandate(world, ann, agent)
    body = world.transfer_body(asset, (ann, ben, "hold"), filer=agent)
    body = by_agent(body, agent, ann, ben)
    assert world.refused("registration.file", body, agent, agent.key, ben.key) == "wrong_signers"
    give_mandate(world, ann, agent, ("transfer",), mandate="4b" * 32)
    body = by_agent(body, agent, ann, ben, mandate="4b" * 32)
    world.do("registration.file", body, agent, agent.key, ben.key)


def test_a_mandate_gives_nothing_else(world, ann, ben, agent):
    give_mandate(world, ann, agent, ("cancellation", "change", "initial", "renewal", "transfer"))
    asset = held_by(world, ann)
    pledge = {
        "asset": asset.asset,
        "voucher": world.asset(asset).voucher,
        "pledgee": ben.party,
        "rights": ["use"],
    }
    keys = (agent.key, ben.key)
    assert world.refused("encumbrance.create", pledge, agent, *keys) == "no_right"
    assert world.refused("encumbrance.create", pledge, ann, *keys) == "wrong_signers"

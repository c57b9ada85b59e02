"""A party that leaves: when it may, and that nothing and nobody brings it back."""

import pytest

from contracts.identity import Key as KeyState
from contracts.intervals import current
from ledger.core.entry import decode_leaf
from ledger.errors import RejectedError
from tests.support.holds import held_by, pledge, pledge_body, release_body
from tests.support.people import CODES, Key, Person
from tests.support.world import World

CHECK = {"method": "in person", "evidence": "0e" * 32}


def leave(world, person, *keys):
    return world.do("party.exit", {}, person, *keys)


@pytest.fixture
def gone(world, ann):
    leave(world, ann)
    return ann


def test_a_party_that_leaves_has_exited_and_nothing_else_changes(world, ann):
    before = world.all_states()
    index = leave(world, ann)
    entry = decode_leaf(world.log.leaves[index])
    party = world.party(ann)
    assert party.has_exited
    assert not party.is_active
    assert [each.value for each in party.status] == ["active", "exited"]
    assert party.status[0].end == party.status[1].start == entry.time
    assert entry.signed.event.subjects == (ann.party,)
    after = world.all_states()
    assert {key for key in after if after[key] != before[key]} == {ann.party}


def test_its_keys_stay_its_own(world, gone):
    assert world.party(gone).current_keys(world.time) == set(gone.dids)
    assert world.state(KeyState, gone.key.subject).until is None
    body = world.enrolment(gone)
    keys = world.enrolment_keys(gone)
    assert world.refused("party.enroll", body, gone, *keys) == "already_enrolled"
    both = Person("ann", 2)
    keys = world.enrolment_keys(both)
    assert world.refused("party.enroll", world.enrolment(both), both, *keys) == "key_in_use"


def test_its_code_stays_its_own(world):
    ann = world.enroll("ann", uscc=CODES[0])
    leave(world, ann)
    ben = Person("ben")
    body = world.enrolment(ben, uscc=CODES[0])
    keys = world.enrolment_keys(ben)
    assert world.refused("party.enroll", body, ben, *keys) == "uscc_claimed"


def test_its_roles_end_when_it_leaves(world, ann):
    for role in ("notary", "valuer"):
        world.do("party.admit", {"party": ann.party, "role": role}, world.regulator)
    world.do("party.admit", {"party": ann.party, "role": "notary", "end": True}, world.regulator)
    assert world.party(ann).has_role("valuer")
    leave(world, ann)
    party = world.party(ann)
    assert current(party.roles) == ()
    assert party.roles[1].end == party.status[1].start
    assert party.roles[0].end < party.status[1].start


# When it may not


@pytest.mark.parametrize("who", ["operator", "registrar", "regulator"])
def test_a_founder_does_not_leave(world, who):
    assert world.refused("party.exit", {}, getattr(world, who)) == "founder"


def test_in_solo_nobody_leaves_the_own_ledger():
    solo = World()
    assert solo.refused("party.exit", {}, solo.operator) == "founder"
    leave(solo, solo.enroll("ann"))


def test_who_holds_rights_does_not_leave_until_they_are_gone(world, ann):
    asset = held_by(world, ann)
    assert world.refused("party.exit", {}, ann) == "holds_rights"
    world.time = world.voucher(world.asset(asset).voucher).valid_until
    assert world.refused("party.exit", {}, ann) == "holds_rights"
    world.revoke(asset, world.asset(asset).voucher)
    leave(world, ann)


def test_a_suspended_party_does_not_leave(world, ann):
    world.do("party.suspend", {"party": ann.party, "ground": "inquiry"}, world.regulator)
    assert world.refused("party.exit", {}, ann) == "suspended"


def recovery(person, new, **changes):
    dids = [key.did for key in person.keys]
    return {"party": person.party, "add": [new.did], "remove": dids, "check": CHECK} | changes


def test_who_found_its_keys_does_not_leave_for_it(world, ann):
    new = Key("new")
    world.do("party.recover", recovery(ann, new), world.registrar, world.registrar.key, new)
    effective = world.party(ann).recovery.effective
    world.time = effective - 1
    assert world.refused("party.exit", {}, ann) == "recovery_pending"
    world.time = effective
    leave(world, ann, new)
    party = world.party(ann)
    assert (party.recovery, party.has_exited) == (None, True)
    assert party.current_keys(world.time) == {new.did}


@pytest.mark.parametrize("who", ["registrar", "regulator", "ben"])
def test_nobody_leaves_for_another(world, ann, who):
    other = world.enroll("ben") if who == "ben" else getattr(world, who)
    assert world.refused("party.exit", {}, ann, other.key) == "wrong_signers"
    assert world.refused("party.exit", {}, ann, ann.key, other.key) == "wrong_signers"


# What is over


def test_it_does_nothing_any_more(world, ann):
    bank, ben = world.enroll("bank"), world.enroll("ben")
    asset, filed = held_by(world, ben), world.file(ann)
    key = pledge(world, asset, ben, ann)
    leave(world, ann)
    new = Key("new")
    moves = {
        "party.exit": ({}, [ann.key]),
        "party.rotate": ({"add": [new.did], "remove": []}, [ann.key, new]),
        "registration.file": (world.filing(world.draft(ann), ann), [ann.key]),
        "registration.withdraw": ({"registration": filed.registration}, [ann.key]),
        "encumbrance.release": (release_body(world, asset, key), [ann.key]),
        "encumbrance.create": (pledge_body(world, asset, bank), [ann.key, bank.key]),
        "order.freeze": ({"asset": asset.asset, "ground": "x"}, [ann.key]),
    }
    for kind, (body, keys) in moves.items():
        assert world.refused(kind, body, ann, *keys) == "exited", kind


def test_nobody_does_anything_with_it_any_more(world, gone):
    ben = world.enroll("ben")
    asset = held_by(world, ben)
    body = pledge_body(world, asset, gone)
    assert world.refused("encumbrance.create", body, ben, ben.key, gone.key) == "exited"
    joint = world.filing(world.draft(ben, gone), ben, gone)
    assert world.refused("registration.file", joint, ben, ben.key, gone.key) == "exited"


@pytest.mark.parametrize("who", ["registrar", "regulator"])
@pytest.mark.parametrize("lift", [{}, {"lift": True}], ids=["suspend", "lift"])
def test_neither_suspending_nor_lifting_brings_it_back(world, gone, who, lift):
    body = {"party": gone.party, "ground": "x"} | lift
    assert world.refused("party.suspend", body, getattr(world, who)) == "exited"
    assert world.party(gone).has_exited


@pytest.mark.parametrize("end", [{}, {"end": True}], ids=["give", "take"])
def test_it_is_given_no_role(world, gone, end):
    body = {"party": gone.party, "role": "notary"} | end
    assert world.refused("party.admit", body, world.regulator) == "exited"


def test_its_keys_are_not_recovered(world, gone):
    new = Key("new")
    keys = (world.registrar.key, new)
    assert world.refused("party.recover", recovery(gone, new), world.registrar, *keys) == "exited"
    cancel = {"party": gone.party, "add": [new.did], "remove": gone.dids, "cancel": True}
    assert world.refused("party.recover", cancel, gone) == "exited"


def test_the_refusal_says_that_it_left_for_good(world, gone):
    with pytest.raises(RejectedError) as caught:
        world.do("party.exit", {}, gone)
    assert f"{gone.party} has left this ledger for good" in caught.value.en
    assert gone.party in caught.value.zh


def test_another_party_of_the_same_people_may_come(world, gone):
    again = world.enroll("ann again", name=gone.name)
    assert world.party(again).is_active
    assert world.party(gone).has_exited


def test_who_left_after_filing_gets_no_right():
    world = World()
    applicant = world.enroll("applicant")
    application = world.published(applicant)
    world.do("party.exit", {}, applicant)
    assert world.record_refused(application) == "exited"

"""Keys of parties: rotation, recovery with its waiting time, and one key for one role, ever."""

import pytest

from contracts.identity import Key as KeyState
from ledger.core.subjects import derive_party
from tests.support.log_builder import LOG, ORIGIN
from tests.support.people import MS_PER_DAY, START, Key, Person, ms
from tests.support.world import World

CHECK = {"method": "in person", "evidence": "0e" * 32}
EFFECTIVE = ms("2026-11-10T00:00")
"""Five working days after Monday, 2 November: 24:00 of the next Monday."""


def rotation(add=(), remove=()):
    return {"add": [key.did for key in add], "remove": [key.did for key in remove]}


def recovery(person, add, remove=None, **changes):
    dids = [key.did for key in (person.keys if remove is None else remove)]
    body = {"party": person.party, "add": [key.did for key in add], "remove": dids, "check": CHECK}
    return {k: v for k, v in (body | changes).items() if v is not None}


def cancellation(person, add, remove=None):
    return recovery(person, add, remove, check=None, cancel=True)


def current_keys(world, person):
    return world.party(person).current_keys(world.time)


def key_state(world, key):
    return world.state(KeyState, key.subject)


# Rotation


def test_a_rotation_adds_and_removes_keys_at_once(world):
    ann, new = world.enroll("ann", 2), Key("new")
    keys = [ann.keys[0], new]
    index = world.do("party.rotate", rotation([new], [ann.keys[0]]), ann, *keys)
    assert current_keys(world, ann) == {ann.keys[1].did, new.did}
    assert key_state(world, ann.keys[0]).until == index
    assert key_state(world, ann.keys[1]).until is None
    state = key_state(world, new)
    assert (state.party, state.since, state.until) == (ann.party, index, None)


def test_a_removed_key_speaks_no_longer_and_the_party_keeps_its_name(world):
    ann, new = world.enroll("ann"), Key("new")
    world.do("party.rotate", rotation([new], [ann.key]), ann, ann.key, new)
    body = world.filing(world.draft(ann), ann)
    assert world.refused("registration.file", body, ann, ann.key) == "wrong_signers"
    world.do("registration.file", body, ann, new)


def test_a_rotation_may_only_add_or_only_remove(world):
    ann, new = world.enroll("ann", 2), Key("new")
    world.do("party.rotate", rotation([new]), ann, ann.keys[0], new)
    world.do("party.rotate", rotation([], ann.keys), ann, new)
    assert current_keys(world, ann) == {new.did}


def new_keys(count):
    return [Key(f"new {n}") for n in range(count)]


ROTATIONS = {
    "nothing": lambda own: ([], []),
    "the last key": lambda own: ([], own),
    "a key that is not there": lambda own: ([], [Key("other")]),
    "a key both ways": lambda own: ([own[0]], [own[0]]),
    "a new key both ways": lambda own: ([Key("new 0")], [Key("new 0")]),
    "a key removed twice": lambda own: ([], [own[0], own[0]]),
    "eight keys in all": lambda own: (new_keys(6), []),
}


@pytest.mark.parametrize("name", ROTATIONS)
def test_a_wrong_rotation_is_refused(world, name):
    ann = world.enroll("ann", 2)
    add, remove = ROTATIONS[name](ann.keys)
    signing = {key.did: key for key in (ann.keys[1], *add)}.values()
    if name == "a key both ways":
        signing = ann.keys
    assert world.refused("party.rotate", rotation(add, remove), ann, *signing) == "wrong_keys"


def test_a_party_may_have_seven_keys(world):
    ann, new = world.enroll("ann", 2), new_keys(5)
    world.do("party.rotate", rotation(new), ann, ann.key, *new)
    assert len(current_keys(world, ann)) == 7


def test_every_key_that_a_rotation_adds_signs(world):
    ann, new = world.enroll("ann"), new_keys(2)
    assert world.refused("party.rotate", rotation(new), ann, ann.key, new[0]) == "wrong_signers"


# One key, one role


def used_keys(world):
    """Keys that are spoken for, in every way that a key can be."""
    ann, ben = world.enroll("ann", 2), world.enroll("ben")
    former, lost, pending = ann.keys[0], Key("lost"), Key("pending")
    world.do("party.rotate", rotation([], [former]), ann, ann.keys[1])
    keys = [world.registrar.key, lost]
    world.do("party.recover", recovery(ben, [lost]), world.registrar, *keys)
    world.do("party.recover", cancellation(ben, [lost]), ben)
    world.do(
        "party.recover", recovery(ben, [pending]), world.registrar, world.registrar.key, pending
    )
    return {
        "the log's": Key(ORIGIN),
        "the node's": world.node,
        "a founder's": world.operator.key,
        "another party's": ann.keys[1],
        "a former key of another's": former,
        "of a recovery that was cancelled": lost,
        "of a recovery under way": pending,
    }


USED = (
    "the log's",
    "the node's",
    "a founder's",
    "another party's",
    "a former key of another's",
    "of a recovery that was cancelled",
    "of a recovery under way",
)


def test_the_logs_key_is_what_these_tests_take_it_for():
    assert Key(ORIGIN).public == LOG.key.public_key


@pytest.mark.parametrize("name", USED)
def test_a_used_key_does_not_enrol(world, name):
    key = used_keys(world)[name]
    eve = Person("eve")
    eve.keys = sorted([key, Key("eve")], key=lambda each: each.did)
    eve.party = derive_party(eve.dids)
    body, keys = world.enrolment(eve), world.enrolment_keys(eve)
    assert world.refused("party.enroll", body, eve, *keys) == "key_in_use"


@pytest.mark.parametrize("name", USED)
def test_a_used_key_is_not_rotated_in(world, name):
    key = used_keys(world)[name]
    eve = world.enroll("eve")
    assert world.refused("party.rotate", rotation([key]), eve, eve.key, key) == "key_in_use"


@pytest.mark.parametrize("name", [name for name in USED if name != "a founder's"])
def test_a_used_key_is_no_recovered_key(world, name):
    key = used_keys(world)[name]
    eve = world.enroll("eve")
    keys = [world.registrar.key, key]
    assert world.refused("party.recover", recovery(eve, [key]), world.registrar, *keys) == (
        "key_in_use"
    )


def test_a_key_of_the_own_past_does_not_come_back(world):
    ann = world.enroll("ann", 2)
    old, kept = ann.keys
    world.do("party.rotate", rotation([], [old]), ann, kept)
    assert world.refused("party.rotate", rotation([old]), ann, kept, old) == "key_in_use"


def test_a_key_that_the_party_has_is_not_recovered(world):
    ann = world.enroll("ann")
    keys = [world.registrar.key, ann.key]
    body = recovery(ann, [ann.key])
    assert world.refused("party.recover", body, world.registrar, *keys) == "key_in_use"


# Recovery


def recovering(world, count=1):
    """A party whose keys are being replaced from START on."""
    ann, new = world.enroll("ann", count), Key("new")
    world.time = START + 60_000
    world.do("party.recover", recovery(ann, [new]), world.registrar, world.registrar.key, new)
    return ann, new


def test_new_keys_wait_five_working_days(world):
    ann, new = recovering(world)
    pending = world.party(ann).recovery
    assert (pending.keys, pending.effective) == ((new.did,), EFFECTIVE)
    world.time = EFFECTIVE - 1
    assert current_keys(world, ann) == {ann.key.did}
    body = world.filing(world.draft(ann), ann)
    assert world.refused("registration.file", body, ann, new) == "wrong_signers"
    world.do("registration.file", body, ann, ann.key)


def test_at_the_effective_instant_the_new_keys_take_the_place_of_the_old(world):
    ann, new = recovering(world)
    world.time = EFFECTIVE
    assert current_keys(world, ann) == {new.did}
    body = world.filing(world.draft(ann), ann)
    assert world.refused("registration.file", body, ann, ann.key) == "wrong_signers"
    world.do("registration.file", body, ann, new)


def test_the_next_change_writes_the_recovery_down_as_of_its_instant(world):
    ann, new = recovering(world, 2)
    world.time = EFFECTIVE + 5
    newer = Key("newer")
    world.do("party.rotate", rotation([newer]), ann, new, newer)
    party = world.party(ann)
    assert party.recovery is None
    spans = {each.value: (each.start, each.end) for each in party.keys}
    assert {spans[key.did][1] for key in ann.keys} == {EFFECTIVE}
    assert spans[new.did] == (EFFECTIVE, None)
    assert spans[newer.did] == (EFFECTIVE + 5, None)


def test_after_its_instant_another_recovery_may_follow(world):
    ann, new = recovering(world)
    world.time = EFFECTIVE
    newest = Key("newest")
    body = recovery(ann, [newest], [new])
    world.do("party.recover", body, world.registrar, world.registrar.key, newest)
    assert current_keys(world, ann) == {new.did}
    assert world.party(ann).recovery.keys == (newest.did,)


def test_an_old_key_cancels_until_the_instant(world):
    ann, new = recovering(world, 2)
    world.time = EFFECTIVE - 1
    index = world.do("party.recover", cancellation(ann, [new]), ann, ann.keys[1])
    assert world.party(ann).recovery is None
    assert key_state(world, new).until == index
    world.time = EFFECTIVE + MS_PER_DAY
    assert current_keys(world, ann) == set(ann.dids)


def test_from_the_instant_on_an_old_key_cancels_nothing(world):
    ann, new = recovering(world)
    world.time = EFFECTIVE
    body = cancellation(ann, [new])
    assert world.refused("party.recover", body, ann, ann.key) == "wrong_signers"
    assert world.refused("party.recover", body, ann, new) == "wrong_keys"
    body = cancellation(ann, [new], [new])
    assert world.refused("party.recover", body, ann, new) == "no_recovery"


def test_a_recovery_that_was_cancelled_may_be_tried_again(world):
    ann, new = recovering(world)
    world.do("party.recover", cancellation(ann, [new]), ann)
    other = Key("other")
    keys = [world.registrar.key, other]
    world.do("party.recover", recovery(ann, [other]), world.registrar, *keys)
    assert world.party(ann).recovery.keys == (other.did,)


def test_the_registrar_does_not_cancel(world):
    ann, new = recovering(world)
    body = cancellation(ann, [new])
    assert world.refused("party.recover", body, world.registrar) == "no_recovery"


def test_another_partys_recovery_is_not_cancelled(world):
    ann, new = recovering(world)
    ben = world.enroll("ben")
    assert world.refused("party.recover", cancellation(ann, [new]), ben) == "no_recovery"


def test_what_is_not_pending_is_not_cancelled(world):
    ann = world.enroll("ann")
    assert world.refused("party.recover", cancellation(ann, [Key("new")]), ann) == "no_recovery"


def test_a_cancellation_names_the_keys_that_were_to_come(world):
    ann, new = recovering(world)
    for add in ([Key("other")], [new, Key("other")]):
        assert world.refused("party.recover", cancellation(ann, add), ann) == "no_recovery"


def test_a_party_may_change_its_keys_while_it_waits_and_loses_them_all_the_same(world):
    ann, new = recovering(world)
    thief = Key("thief")
    world.do("party.rotate", rotation([thief], [ann.key]), ann, ann.key, thief)
    assert current_keys(world, ann) == {thief.did}
    body = cancellation(ann, [new])
    assert world.refused("party.recover", body, ann, thief) == "wrong_keys"
    world.time = EFFECTIVE
    assert current_keys(world, ann) == {new.did}


@pytest.mark.parametrize("remove", ["one less", "one more", "another"])
def test_a_recovery_names_every_current_key(world, remove):
    ann, new = world.enroll("ann", 2), Key("new")
    named = {
        "one less": ann.keys[:1],
        "one more": [*ann.keys, Key("other")],
        "another": [ann.keys[0], Key("other")],
    }[remove]
    keys = [world.registrar.key, new]
    body = recovery(ann, [new], named)
    assert world.refused("party.recover", body, world.registrar, *keys) == "wrong_keys"


def test_a_second_recovery_waits_for_the_first(world):
    ann, _ = recovering(world)
    other = Key("other")
    keys = [world.registrar.key, other]
    assert world.refused("party.recover", recovery(ann, [other]), world.registrar, *keys) == (
        "recovery_pending"
    )


def test_a_recovery_says_how_the_identity_was_checked(world):
    ann, new = world.enroll("ann"), Key("new")
    body = recovery(ann, [new], check=None)
    keys = [world.registrar.key, new]
    assert world.refused("party.recover", body, world.registrar, *keys) == "identity_check"


@pytest.mark.parametrize("who", ["operator", "regulator", "applicant", "itself"])
def test_only_the_registrar_recovers(world, who):
    ann, new = world.enroll("ann"), Key("new")
    people = {"applicant": lambda: world.enroll("ben"), "itself": lambda: ann}
    actor = people.get(who, lambda: getattr(world, who))()
    body = recovery(ann, [new])
    assert world.refused("party.recover", body, actor, actor.key, new) == "wrong_role"


def test_every_new_key_signs_the_recovery(world):
    ann, new = world.enroll("ann"), new_keys(2)
    keys = [world.registrar.key, new[0]]
    assert world.refused("party.recover", recovery(ann, new), world.registrar, *keys) == (
        "wrong_signers"
    )


def test_a_recovery_that_the_calendar_does_not_reach_is_refused(world):
    ann, new = world.enroll("ann"), Key("new")
    world.time = ms("2027-12-28T10:00")
    keys = [world.registrar.key, new]
    assert world.refused("party.recover", recovery(ann, [new]), world.registrar, *keys) == (
        "calendar_unknown"
    )
    world.time = ms("2027-12-24T10:00")
    world.do("party.recover", recovery(ann, [new]), world.registrar, *keys)
    assert world.party(ann).recovery.effective == ms("2028-01-01T00:00")


def test_a_party_that_is_not_there_has_no_keys_to_recover(world):
    new = Key("new")
    body = recovery(Person("nobody"), [new])
    keys = [world.registrar.key, new]
    assert world.refused("party.recover", body, world.registrar, *keys) == "unknown_subject"


def test_in_solo_new_keys_come_at_once():
    world = World()
    ann, new = world.enroll("ann"), Key("new")
    world.do("party.recover", recovery(ann, [new]), world.registrar, world.registrar.key, new)
    assert current_keys(world, ann) == {new.did}


def test_a_suspended_party_stays_suspended_with_new_keys(world):
    ann, new = world.enroll("ann"), Key("new")
    world.do("party.suspend", {"party": ann.party, "ground": "inquiry"}, world.regulator)
    keys = [world.registrar.key, new]
    world.do("party.recover", recovery(ann, [new]), world.registrar, *keys)
    world.time = EFFECTIVE
    assert world.refused("party.rotate", rotation([Key("x")]), ann, new, Key("x")) == "suspended"

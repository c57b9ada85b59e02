"""The log changes its key: by operator and regulator, to a key that nobody ever had."""

from dataclasses import replace

import pytest

from contracts.foundation import Ledger
from contracts.identity import log_did
from contracts.intervals import current
from contracts.rulebook import RULES_NAME
from ledger.core.entry import decode_leaf
from ledger.core.limits import MAX_STATE_BYTES
from ledger.core.logkeys import LogKey, signers_at
from ledger.core.note import Algorithm, create_verifier_key, format_vkey
from ledger.core.subjects import SELF
from ledger.errors import MalformedError
from tests.support.log_builder import LOG, ORIGIN
from tests.support.note_signers import NoteSigner, log_signer, witness_signer
from tests.support.rotations import key_body, next_log, rotate
from tests.support.world import World


@pytest.fixture
def world():
    return World("national-2026")


def ledger(world):
    return world.state(Ledger, SELF)


def both(world):
    return [world.operator.key, world.regulator.key]


def refuse(world, body, actor=None, *keys):
    return world.refused("ledger.key", body, actor or world.operator, *(keys or both(world)))


def of_public_key(did_or_key):
    """A verifier key of the log over somebody's public key."""
    return format_vkey(create_verifier_key(ORIGIN, Algorithm.ED25519, did_or_key.public))


# What a change leaves behind


def test_a_new_ledger_has_one_log_key_from_the_first_entry_on(world):
    state = ledger(world)
    assert current(state.log_keys) == (LOG.vkey,) == (state.log,)
    assert state.log_keys[0].index == 0


def test_the_new_key_is_current_and_the_old_one_kept_with_its_end(world):
    index = rotate(world)
    state, time = ledger(world), decode_leaf(world.log.leaves[index]).time
    old, new = state.log_keys
    assert (state.log, state.known_logs) == (next_log().vkey, (LOG.vkey, next_log().vkey))
    assert (old.value, old.index, old.end) == (LOG.vkey, 0, time)
    assert (new.value, new.index, new.start, new.end) == (state.log, index, time, None)


def test_a_change_touches_nothing_but_the_ledger_itself(world):
    before = world.all_states()
    rotate(world)
    after = world.all_states()
    assert {key for key in after if after[key] != before.get(key)} == {SELF}


def test_a_second_change_keeps_all_three_keys(world):
    first, second = rotate(world), rotate(world, next_log(3))
    state = ledger(world)
    assert state.known_logs == (LOG.vkey, next_log().vkey, next_log(3).vkey)
    assert [each.index for each in state.log_keys] == [0, first, second]
    assert current(state.log_keys) == (next_log(3).vkey,)


def test_in_solo_one_signature_is_enough():
    world = World("solo")
    rotate(world)
    assert ledger(world).log == next_log().vkey


def test_a_change_ends_its_block_under_the_same_rules(world):
    builder = world.log.builder()
    event = world.event("ledger.key", key_body(), world.operator)
    builder.add(world.sign(event, *both(world)), world.time)
    assert not builder.has_room(0)
    assert builder.build().seal.rules == RULES_NAME


def test_other_events_go_on_after_a_change(world):
    rotate(world)
    ann = world.enroll("ann")
    assert world.party(ann).is_active


# What is refused

KEYS = {
    "of another name": (log_signer("example.org/b").vkey, "wrong_log_key"),
    "of the witness type 0x04": (witness_signer(ORIGIN).vkey, "wrong_log_key"),
    "of type 0x06": (
        NoteSigner(ORIGIN, Algorithm.COSIGNATURE_MLDSA44).vkey,
        None,  # longer than the member may be
    ),
    "that signs now": (LOG.vkey, "same_log_key"),
    "that is none": ("nonsense", None),
    "with another's key ID": (next_log().vkey.replace("+", "+0", 1), None),
    "that is empty": ("", None),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_is_refused(world, name):
    vkey, reason = KEYS[name]
    if reason is not None:
        assert refuse(world, {"log": vkey}) == reason
        return
    event = world.event("ledger.key", key_body(), world.operator)
    with pytest.raises(MalformedError):
        world.write(world.sign(_with_body(event, {"log": vkey}), *both(world)))


def _with_body(event, body):
    return replace(event, body=body)


def test_a_key_that_the_log_had_before_is_refused(world):
    rotate(world)
    assert refuse(world, {"log": LOG.vkey}) == "key_in_use"


@pytest.mark.parametrize("whose", ["operator", "regulator", "registrar", "ann", "node"])
def test_a_key_of_a_party_or_of_the_node_is_refused(world, whose):
    ann = world.enroll("ann")
    key = world.node if whose == "node" else (ann if whose == "ann" else getattr(world, whose)).key
    assert refuse(world, {"log": of_public_key(key)}) == "key_in_use"


def test_a_key_that_a_party_gave_up_is_refused(world):
    ann = world.enroll("ann", 2)
    world.do("party.rotate", {"add": [], "remove": [ann.dids[1]]}, ann)
    old = next(key for key in ann.keys if key.did == ann.dids[1])
    assert refuse(world, {"log": of_public_key(old)}) == "key_in_use"


@pytest.mark.parametrize("number", [1, 2], ids=["the first", "the present"])
def test_no_party_takes_a_key_that_the_log_has_or_had(world, number):
    rotate(world)
    signer = LOG if number == 1 else next_log()
    ann, taken = world.enroll("ann"), _SignerKey(signer)
    body = {"add": [taken.did], "remove": []}
    assert world.refused("party.rotate", body, ann, ann.key, taken) == "key_in_use"


class _SignerKey:
    """A log's key that tries to be a party's."""

    def __init__(self, signer):
        self.did = log_did(signer.vkey)
        self._secret = signer._secret

    def sign(self, message):
        return self._secret.sign(message).signature


@pytest.mark.parametrize("who", ["operator", "regulator"])
def test_a_change_by_one_of_the_two_is_refused(world, who):
    key = getattr(world, who).key
    assert refuse(world, key_body(), world.operator, key) == "wrong_signers"


@pytest.mark.parametrize("who", ["registrar", "regulator", "ann"])
def test_a_change_by_another_than_the_operator_is_refused(world, who):
    actor = world.enroll("ann") if who == "ann" else getattr(world, who)
    keys = {key.did: key for key in (actor.key, world.regulator.key)}.values()
    assert refuse(world, key_body(), actor, *keys) == "wrong_role"


def test_the_new_key_itself_does_not_sign_the_event(world):
    keys = [*both(world), _SignerKey(next_log())]
    assert refuse(world, key_body(), world.operator, *keys) == "wrong_signers"


def test_many_changes_drop_the_oldest_keys_and_never_the_present_one():
    world = World("solo")
    for number in range(2, 80):
        rotate(world, next_log(number))
    state, stored = ledger(world), world.log.builder().read(SELF)
    assert state.log == next_log(79).vkey == state.known_logs[-1]
    assert len(state.known_logs) < 78
    assert "log_keys" in stored.body["complete_from"]
    value = world.log.read_stored_state(world.log.head.map_root, SELF)
    assert len(value.raw) <= MAX_STATE_BYTES


# Which key signs what


def test_before_and_after_a_change_one_key_signs_and_at_its_block_both(world):
    world.enroll("ann")
    index = rotate(world)
    world.enroll("ben")
    rules, states = world.log.rules, world.log.builder()
    keys = rules.log_keys(states)
    assert keys == [LogKey(LOG.key, 0), LogKey(next_log().key, index)]
    sizes = [block.head.size for block in world.log.blocks]
    at = sizes.index(index + 2)
    signers = [signers_at(keys, size) for size in sizes]
    assert set(signers[:at]) == {(LOG.key,)}
    assert signers[at] == (LOG.key, next_log().key)
    assert set(signers[at + 1 :]) == {(next_log().key,)}


def test_two_changes_in_a_row_hand_over_from_key_to_key(world):
    first, second = rotate(world), rotate(world, next_log(3))
    keys = world.log.rules.log_keys(world.log.builder())
    assert signers_at(keys, first + 2) == (LOG.key, next_log().key)
    assert signers_at(keys, second + 2) == (next_log().key, next_log(3).key)


def test_the_opening_is_signed_by_its_one_key_and_nothing_by_none():
    assert signers_at([LogKey(LOG.key, 0)], 2) == (LOG.key,)
    assert signers_at([LogKey(LOG.key, 0)], 0) == ()
    assert signers_at([], 7) == ()


def test_an_event_tells_the_key_that_it_names(world):
    rules = world.log.rules
    event = world.event("ledger.key", key_body(), world.operator)
    assert rules.named_log_key(world.sign(event, *both(world))) == next_log().key
    bad = _with_body(event, {"log": "nonsense"})
    assert rules.named_log_key(world.sign(bad, *both(world))) is None
    unknown = world.event("ledger.key", key_body(), world.operator)
    assert rules.named_log_key(world.sign(replace(unknown, kind="x.y"), world.operator.key)) is None
    first = decode_leaf(world.log.leaves[0])
    assert rules.named_log_key(first.signed) == LOG.key

"""A log executed again: an honest one gives itself, each lie is named where it is."""

from dataclasses import replace

import pytest

from ledger.core.entry import Entry, Seal, decode_leaf, encode_entry, encode_seal
from ledger.core.event import Signature
from ledger.core.execution import EMPTY_HEAD
from ledger.core.hashing import hash_leaf
from ledger.errors import NotFoundError, ReplayError
from ledger.replay import DifferenceError, replay
from tests.support.ledgers import RULE_SETS, fill, put, toy_key, write_block
from tests.support.log_builder import AUTHOR, ORIGIN, START
from tests.support.memory_store import MemoryStore
from tests.support.toy_rules import ToyRules

A, B = toy_key("A"), toy_key("B")


def honest_store():
    """Three blocks: leaves 0-2 and seal 3, 4-5 and seal 6, 7 and seal 8."""
    store = MemoryStore()
    write_block(store, put(1, A), put(2, A, B), put(3, B))
    write_block(store, put(4, A), put(5, toy_key("C")), time=START + 1000)
    write_block(store, put(6, B), time=START + 2000)
    return store


def execute(leaves, rules=None, origin=ORIGIN, scratch=None):
    scratch = scratch or MemoryStore()
    start = scratch.read_head().size
    return list(replay(enumerate(leaves, start), scratch, rules or RULE_SETS, origin))


LEAVES = tuple(honest_store().leaves)


def test_an_honest_log_gives_its_own_blocks():
    scratch = MemoryStore()
    blocks = execute(LEAVES, scratch=scratch)
    assert [leaf for one in blocks for leaf in one.block.leaves] == list(LEAVES)
    assert [[e.signed.id for e in one.entries] for one in blocks] == [
        [put(1, A).id, put(2, A, B).id, put(3, B).id],
        [put(4, A).id, put(5, toy_key("C")).id],
        [put(6, B).id],
    ]
    assert scratch.read_head() == honest_store().read_head()


def test_an_empty_log_is_honest():
    scratch = MemoryStore()
    assert execute([], scratch=scratch) == []
    assert scratch.read_head() == EMPTY_HEAD


@pytest.mark.parametrize("ends", [0, 4, 7, 9])
def test_it_goes_on_from_where_an_earlier_run_ended(ends):
    scratch = MemoryStore()
    execute(LEAVES[:ends], scratch=scratch)
    execute(LEAVES[ends:], scratch=scratch)
    assert scratch.leaves == list(LEAVES)


def test_many_events_in_one_block_are_verified_in_chunks():
    store = MemoryStore()
    write_block(store, *(put(n, toy_key(n % 9)) for n in range(300)))
    assert len(execute(store.leaves)[0].entries) == 300


# one lie at a time; the rest of the log is as honest as it can be


def entry(index, **members):
    """The entry of this leaf with other members, and its bytes."""
    return encode_entry(replace(decode_leaf(LEAVES[index]), **members))


def seal(index, **members):
    return encode_seal(replace(decode_leaf(LEAVES[index]), **members))


def signed(index, **members):
    """The same entry, its event changed and properly signed again by the author."""
    event = decode_leaf(LEAVES[index]).signed.event
    return entry(index, signed=AUTHOR.sign(replace(event, **members)))


def signatures(index, change):
    old = decode_leaf(LEAVES[index]).signed
    return entry(index, signed=replace(old, signatures=tuple(map(change, old.signatures))))


def put_at(index, leaf):
    return lambda leaves: [*leaves[:index], leaf, *leaves[index + 1 :]]


ZERO_SIGNATURE = signatures(5, lambda one: Signature(one.key, bytes(64)))
FLIPPED = signatures(0, lambda one: Signature(one.key, one.sig[:-1] + bytes([one.sig[-1] ^ 1])))

LIES = {
    "a signature of zeros": (put_at(5, ZERO_SIGNATURE), "leaf 5", "signatures"),
    "a flipped bit in the first signature": (put_at(0, FLIPPED), "leaf 0", "signatures"),
    "an event changed without signing": (
        lambda leaves: put_at(4, leaves[4].replace(b'"value":4', b'"value":5'))(leaves),
        "leaf 4",
        "signatures",
    ),
    "an event that the rules refuse": (
        put_at(4, signed(4, kind="toy.refuse")),
        "leaf 4",
        "event",
    ),
    "an event with other subjects": (put_at(4, signed(4, subjects=(B,))), "leaf 4", "event"),
    "an event that had expired": (put_at(4, signed(4, until=START + 999)), "leaf 4", "event"),
    "an event from the future": (
        put_at(4, signed(4, at=START + 10**6, until=START + 10**7)),
        "leaf 4",
        "event",
    ),
    "an event for another ledger": (put_at(2, signed(2, log="example.org/b")), "leaf 2", "log"),
    "an event twice in one block": (
        lambda leaves: [leaves[0], *leaves[:3], seal(3, count=4), *leaves[4:]],
        "leaf 1",
        "event",
    ),
    "an event of an earlier block again": (
        put_at(7, entry(7, signed=decode_leaf(LEAVES[4]).signed)),
        "leaf 7",
        "event",
    ),
    "time going back within a block": (put_at(1, entry(1, time=START - 1)), "leaf 1", "time"),
    "a block that begins when the last ended": (
        put_at(4, entry(4, time=decode_leaf(LEAVES[3]).time)),
        "leaf 4",
        "time",
    ),
    "an event later than it was": (put_at(5, entry(5, time=START + 1500)), "seal at leaf 6", "time"),
    "two events in the other order": (
        lambda leaves: [entry(1, time=START), entry(0, time=START), *leaves[2:]],
        "seal at leaf 3",
        "state.root",
    ),
    "an event left out": (lambda leaves: leaves[1:], "seal at leaf 2", "count"),
    "an event left out and the count corrected": (
        lambda leaves: [*leaves[:2], seal(3, count=2), *leaves[4:]],
        "seal at leaf 2",
        "state.root",
    ),
    "a block left out": (lambda leaves: [*leaves[:4], *leaves[7:]], "seal at leaf 5", "height"),
    "a block twice": (lambda leaves: [*leaves[:7], *leaves[4:]], "leaf 7", "time"),
    "another count": (put_at(6, seal(6, count=3)), "seal at leaf 6", "count"),
    "another first": (put_at(6, seal(6, first=5)), "seal at leaf 6", "first"),
    "another height": (put_at(6, seal(6, height=2)), "seal at leaf 6", "height"),
    "another previous seal": (put_at(6, seal(6, prev=bytes([7]) * 32)), "seal at leaf 6", "prev"),
    "a foreign beginning": (
        put_at(3, seal(3, height=1, first=1, prev=bytes([7]) * 32)),
        "seal at leaf 3",
        "height",
    ),
    "another state root": (
        put_at(6, seal(6, state_root=bytes(32))),
        "seal at leaf 6",
        "state.root",
    ),
    "another number of subjects": (put_at(6, seal(6, state_size=4)), "seal at leaf 6", "state.size"),
    "a later seal": (put_at(8, seal(8, time=START + 3000)), "seal at leaf 8", "time"),
    "a seal that names other rules": (put_at(6, seal(6, rules="toy-rules/1")), "seal at leaf 6", "rules"),
    "two seals in a row": (lambda leaves: [*leaves[:4], *leaves[3:]], "leaf 4", "leaf"),
    "a seal first of all": (lambda leaves: [leaves[3], *leaves], "leaf 0", "leaf"),
    "a log without its last seal": (lambda leaves: leaves[:-1], "leaf 8", "leaf"),
    "a log of one entry": (lambda leaves: leaves[:1], "leaf 1", "leaf"),
    "a leaf that is not canonical": (
        lambda leaves: put_at(5, leaves[5].replace(b":", b": ", 1))(leaves),
        "leaf 5",
        "leaf",
    ),
    "a leaf that is nothing": (put_at(5, b""), "leaf 5", "leaf"),
    "a leaf of another version": (
        lambda leaves: put_at(5, leaves[5].replace(b'"v":1}', b'"v":2}'))(leaves),
        "leaf 5",
        "leaf",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_named_where_it_is(name):
    change, where, what = LIES[name]
    lied = change(list(LEAVES))
    assert tuple(lied) != LEAVES
    scratch = MemoryStore()
    with pytest.raises(DifferenceError) as caught:
        execute(lied, {**RULE_SETS, "toy-rules/1": ToyRules("toy-rules/1")}, scratch=scratch)
    assert (caught.value.where, caught.value.what) == (where, what)
    assert caught.value.expected != caught.value.found
    assert isinstance(caught.value, ReplayError)
    for part in (where, what, caught.value.expected, caught.value.found):
        assert part in str(caught.value)
    honest = scratch.read_head().size
    assert scratch.leaves == list(LEAVES[:honest]), "nothing after the difference was executed"


def test_the_first_of_several_lies_is_named():
    lied = put_at(8, seal(8, time=START + 3000))(list(LEAVES))
    lied = put_at(5, ZERO_SIGNATURE)(lied)
    with pytest.raises(DifferenceError) as caught:
        execute(lied)
    assert caught.value.where == "leaf 5"
    lied = put_at(1, entry(1, time=START - 1))(lied)
    with pytest.raises(DifferenceError) as caught:
        execute(lied)
    assert caught.value.where == "leaf 1"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([(0, LEAVES[0]), (2, LEAVES[2])], 2),
        ([(0, LEAVES[0]), (0, LEAVES[0])], 0),
        ([(1, LEAVES[1])], 1),
        ([(-1, LEAVES[0])], -1),
    ],
)
def test_a_gap_in_the_numbers_is_named(rows, found):
    with pytest.raises(DifferenceError) as caught:
        list(replay(rows, MemoryStore(), RULE_SETS, ORIGIN))
    assert (caught.value.what, caught.value.found) == ("index", str(found))


def test_a_log_of_another_origin_is_refused_at_its_first_leaf():
    with pytest.raises(DifferenceError) as caught:
        execute(LEAVES, origin="example.org/another")
    assert (caught.value.where, caught.value.what) == ("leaf 0", "log")


class LenientRules(ToyRules):
    """What a dishonest operator runs under the same name: the value is not the event's."""

    def apply(self, signed, step):
        states = super().apply(signed, step)
        return {
            key: replace(state, body={"sets": 1, "value": "mine"}) for key, state in states.items()
        }


def test_an_operator_with_rules_of_his_own_is_convicted():
    store = MemoryStore()
    write_block(store, put(1, A))
    write_block(store, put(2, A), put(3, B), rules=LenientRules())
    with pytest.raises(DifferenceError) as caught:
        execute(store.leaves)
    assert (caught.value.where, caught.value.what) == ("seal at leaf 4", "state.root")


# blocks that are too full, rules that change


def overfull(count, value="x"):
    leaves = []
    for number in range(count):
        event = AUTHOR.draft(
            "toy.put", {"keys": [A], "value": value}, nonce=put(number).event.nonce
        )
        leaves.append(encode_entry(Entry(AUTHOR.sign(event), START)))
    end = Seal(
        count if count <= 1000 else 1000, 0, 0, bytes(32), "toy-rules/0", bytes(32), 1, START
    )
    return [*leaves, encode_seal(end)]


def test_a_block_of_more_than_a_thousand_events_is_refused():
    with pytest.raises(DifferenceError) as caught:
        execute(overfull(1001))
    assert (caught.value.where, caught.value.expected) == ("leaf 1000", "a seal")


@pytest.mark.slow
def test_a_block_of_more_than_4_mib_is_refused():
    with pytest.raises(DifferenceError) as caught:
        execute(overfull(300, "x" * 14_500))
    assert caught.value.expected == "a seal"
    assert 270 < int(caught.value.where.removeprefix("leaf ")) < 290


def test_nothing_follows_an_event_that_ends_its_block():
    store = MemoryStore()

    class Endless(ToyRules):
        def is_last_of_block(self, signed):
            return False

    write_block(store, put(1, kind="toy.last"), put(2), rules=Endless())
    with pytest.raises(DifferenceError) as caught:
        execute(store.leaves)
    assert (caught.value.where, caught.value.expected) == ("leaf 1", "a seal")


def test_rules_change_only_behind_an_event_that_ends_its_block():
    old, new = ToyRules(), ToyRules("toy-rules/1")
    rules = {one.name: one for one in (old, new)}
    store = MemoryStore()
    write_block(store, put(1), put(2, kind="toy.last"), rules=old)
    write_block(store, put(3), rules=new)
    write_block(store, put(4), rules=new)
    assert len(execute(store.leaves, rules)) == 3
    write_block(store, put(5), rules=old)
    with pytest.raises(DifferenceError) as caught:
        execute(store.leaves, rules)
    assert caught.value.what == "rules"


def test_rules_that_this_program_lacks_are_no_lie():
    store = MemoryStore()
    write_block(store, put(1), rules=ToyRules("toy-rules/7"))
    with pytest.raises(NotFoundError, match="toy-rules/7"):
        execute(store.leaves)


def test_a_long_log_is_read_as_it_is_executed():
    """Memory holds one block: the next leaves are not asked for before this block is out."""
    store = MemoryStore()
    fill(store, blocks=20, per_block=3)
    asked = []

    def leaves():
        for pair in enumerate(store.leaves):
            asked.append(pair[0])
            yield pair

    for number, one in enumerate(replay(leaves(), MemoryStore(), RULE_SETS, ORIGIN)):
        assert len(asked) == 4 * (number + 1)
        assert hash_leaf(one.block.leaves[-1]) == one.block.head.seal_hash

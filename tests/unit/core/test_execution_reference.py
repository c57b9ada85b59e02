"""Random logs against the reference: every seal, history, locator and page of every block."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.event import decode_signed_event, encode_signed_event
from ledger.core.hashing import EMPTY_ROOT
from ledger.core.limits import MAX_SUBJECTS
from ledger.core.merkle import decode_frontier, read_root
from ledger.core.statemap import reachable_pages, walk
from ledger.core.subjects import SELF
from ledger.core.tiles import TileNodeReader, read_frontier
from ledger.errors import InputError
from tests.support import reference, reference_formats, reference_json
from tests.support.log_builder import AUTHOR, START, MemoryLog, nonce_of, toy_key

KEYS = [SELF, *(toy_key(n) for n in range(6)), toy_key(0, "grant")]


class Model:
    """The toy rules and the formats once more, from nothing but the bytes of the leaves."""

    def __init__(self):
        self.leaves = []
        self.seal = None
        self.values = {}
        self.events = {}
        self.sets = {}

    def take(self, data):
        leaf = reference_formats.read_leaf(data)
        if "seal" in leaf:
            assert leaf["seal"] == self.expected_seal(leaf["seal"])
            self.seal = leaf["seal"]
        else:
            self.take_entry(leaf, len(self.leaves))
        self.leaves.append(data)

    def take_entry(self, leaf, index):
        event = leaf["event"]
        self.time = leaf["time"]
        for key in event["subjects"]:
            self.sets[key] = self.sets.get(key, 0) + 1
            self.events.setdefault(key, []).append((reference_json.digest(event), index))
            self.values[key] = reference_json.write(
                {
                    "history": reference_formats.history_root(key, self.events[key]).hex(),
                    "last": index,
                    "n": len(self.events[key]),
                    "state": {"sets": self.sets[key], "value": event["body"]["value"]},
                    "time": leaf["time"],
                    "type": "toy/1",
                }
            )

    def expected_seal(self, claimed):
        before = self.seal
        first = before["first"] + before["count"] + 1 if before else 0
        assert claimed["rules"] == "toy-rules/0"
        root = reference_formats.map_root(self.values).hex()
        return {
            "count": len(self.leaves) - first,
            "first": first,
            "height": before["height"] + 1 if before else 0,
            "prev": sha256(b"\x00" + self.leaves[first - 1]).hexdigest() if before else "0" * 64,
            "rules": "toy-rules/0",
            "state": {"root": root, "size": len(self.values)},
            "time": self.time,
        }


events = st.tuples(
    st.sampled_from(["toy.put", "toy.put", "toy.put", "toy.refuse", "toy.last", "toy.add"]),
    st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True),
    st.integers(0, 3),
)
histories = st.lists(st.lists(events, min_size=1, max_size=4), min_size=1, max_size=5)


def signed_event(number, kind, keys, step):
    nonce = nonce_of(number)
    if kind == "toy.add":
        return AUTHOR.add(step + 1, value=number, nonce=nonce)
    return AUTHOR.put(*keys, value=[number, step], kind=kind, nonce=nonce)


def write_block(log, planned, number):
    """Whatever of the plan is accepted, as a block; None if nothing is."""
    builder = log.builder()
    for kind, keys, step in planned:
        number += 1
        signed = signed_event(number, kind, keys, step)
        if not builder.has_room(len(encode_signed_event(signed))):
            break
        try:
            builder.add(signed, max(START + number, builder.earliest_time) + step)
        except InputError:
            assert kind == "toy.refuse"
    return log.append(builder.build()) if builder.count else None


def leaves_of(log, root):
    return {locator for _, _, locator in walk(log, root)}


@settings(max_examples=40, deadline=None)
@given(histories)
def test_every_block_is_what_the_reference_makes_of_its_leaves(plan):
    log, model = MemoryLog(), Model()
    for number, planned in enumerate(plan):
        before, pages_before = log.head, set(reachable_pages(log, log.head.map_root))
        block = write_block(log, planned, 100 * number)
        if block is None:
            assert log.head == before
            continue
        for leaf in block.leaves:
            model.take(leaf)
        check_block(log, model, block)
        locators = leaves_of(log, before.map_root), leaves_of(log, block.head.map_root)
        assert locators[0] - locators[1] == set(block.replaced_locators)
        assert locators[1] - locators[0] == {stored.locator for stored in block.states}
        assert len(block.replaced_locators) == len(set(block.replaced_locators))
        pages = set(reachable_pages(log, block.head.map_root))
        assert pages_before - pages == set(block.replaced_pages)
        assert pages - pages_before == {page_id for page_id, _ in block.pages}


def check_block(log, model, block):
    assert log.leaves == model.leaves
    assert log.head.frontier.root() == reference.mth(model.leaves)
    assert sorted(log.keys) == sorted(model.values)
    ids = [
        bytes.fromhex(reference_json.digest(reference_formats.read_leaf(leaf)["event"]))
        for leaf in block.leaves[:-1]
    ]
    assert block.event_ids == ids
    changed = set()
    for stored in block.states:
        key = log.keys[stored.number]
        changed.add(key)
        assert stored.raw == model.values[key]
        assert log.read_stored_state(log.head.map_root, key) == stored
        frontier = decode_frontier(len(model.events[key]), stored.frontier)
        assert frontier.root() == reference_formats.history_root(key, model.events[key])
        assert log.places(key) == [index for _, index in model.events[key]]
    assert changed == set(block.listings)
    assert len(changed) == len(block.states)


def test_the_tiles_of_many_blocks_hold_every_tree_of_the_log():
    log, model = MemoryLog(), Model()
    assert log.head.frontier.root() == EMPTY_ROOT
    roots = []
    for number in range(140):
        keys = [KEYS[number % 5], KEYS[number % 7]]
        for leaf in log.write(AUTHOR.put(*keys, value=number), time=START + number).leaves:
            model.take(leaf)
        roots.append((log.head.size, log.head.frontier))
    assert log.head.size == 280
    assert len(log.read_tile(1, 0)) == 32
    reader = TileNodeReader(log)
    for size, frontier in roots:
        assert read_root(reader, size) == frontier.root()
    assert read_frontier(log, log.head.size) == log.head.frontier
    assert reference.mth(model.leaves) == log.head.frontier.root()


@pytest.mark.parametrize("count", [1, MAX_SUBJECTS])
def test_the_events_of_a_log_can_be_read_again(count):
    log = MemoryLog()
    signed = AUTHOR.add(count)
    log.write(signed)
    assert decode_signed_event(encode_signed_event(signed)) == signed
    leaf = reference_formats.read_leaf(log.leaves[0])
    assert leaf["event"]["subjects"] == sorted(log.keys)
    new = [
        reference_formats.new_id("asset", AUTHOR.party, signed.event.nonce, n) for n in range(count)
    ]
    assert sorted(new) == sorted(log.keys)

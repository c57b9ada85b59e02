"""Blocks from events: what a refusal leaves behind, numbers, locators, limits and times."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace

import pytest

from ledger.core.entry import Entry, encode_entry
from ledger.core.event import encode_signatures, encode_signed_event, parse_signed_event
from ledger.core.execution import EMPTY_HEAD, BlockBuilder
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_BLOCK_BYTES, MAX_BLOCK_EVENTS, MAX_ENTRY_BYTES
from ledger.core.state import State
from ledger.core.subjects import SELF
from ledger.errors import (
    CorruptionError,
    InputError,
    LimitError,
    MalformedError,
    RejectedError,
)
from tests.support.log_builder import AUTHOR, START, MemoryLog, example_log, nonce_of, toy_key
from tests.support.toy_rules import ToyRules

A, B, C, D = (toy_key(n) for n in range(4))
FIRST = AUTHOR.put(A, B, value="first")
SECOND = AUTHOR.put(B, C, value="second")
OLD = START - 200 * 24 * 3600 * 1000


def oversized(size):
    """A signed event that no reader would let through."""
    draft = AUTHOR.draft("toy.note", {"keys": [D], "value": "x" * size})
    plain = json.loads(encode_signed_event(FIRST))["event"] | {
        "body": draft.body, "kind": draft.kind, "nonce": draft.nonce, "subjects": [D]
    }  # fmt: skip
    return parse_signed_event(plain, json.loads(encode_signatures(FIRST.signatures)))


# --- refusals

REFUSED = {
    "a rule says no": (AUTHOR.put(A, D, kind="toy.refuse"), RejectedError),
    "the body is not of the kind": (
        AUTHOR.sign(AUTHOR.draft("toy.put", {"keys": [D]}, subjects=(D,))),
        MalformedError,
    ),
    "an unknown kind": (AUTHOR.sign(AUTHOR.draft("toy.fly", {}, subjects=(D,))), MalformedError),
    "other subjects": (
        AUTHOR.sign(AUTHOR.draft("toy.put", {"keys": [D], "value": 0}, subjects=(C, D))),
        RejectedError,
    ),
    "expired": (AUTHOR.put(D, at=OLD, until=OLD + 1), RejectedError),
    "of the future": (AUTHOR.put(D, at=START + 3_600_000, until=START + 7_200_000), RejectedError),
    "valid for too long": (AUTHOR.put(D, at=OLD, until=START + 1_000_000), RejectedError),
    "a new state is full": (AUTHOR.put(A, D, value="x" * 16_384), RejectedError),
    "the entry is too large": (oversized(MAX_ENTRY_BYTES), LimitError),
    "the rules change another subject": (AUTHOR.put(A, D, kind="toy.other"), AssertionError),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("is_first", [False, True])
def test_after_a_refusal_the_builder_is_as_before(name, is_first):
    signed, error = REFUSED[name]
    logs = []
    for tries in (0, 2):
        log = MemoryLog()
        if not is_first:
            log.write(AUTHOR.put(A, SELF, value="before"))
        builder = log.builder()
        for event in (FIRST, SECOND):
            for _ in range(tries):
                before = (builder.count, builder.earliest_time, builder.read(D), builder.read(A))
                with pytest.raises(error):
                    builder.add(signed, START + 60_000)
                now = (builder.count, builder.earliest_time, builder.read(D), builder.read(A))
                assert before == now
            builder.add(event, START + 60_000)
        logs.append((builder.build(), log))
    assert logs[0][0] == logs[1][0]
    for block, log in logs:
        log.append(block)


def test_a_state_that_would_be_full_is_a_rejection_that_says_so():
    builder = MemoryLog().builder()
    with pytest.raises(RejectedError) as caught:
        builder.add(AUTHOR.put(A, B, value="x" * 16_384), START)
    assert caught.value.reason == "state_full"
    assert A in caught.value.en or B in caught.value.en
    assert caught.value.zh
    least = len(log_of_one("").states[0].raw)
    fitting = log_of_one("x" * (16_384 - least)).states[0]
    assert len(fitting.raw) == 16_384
    with pytest.raises(RejectedError):
        log_of_one("x" * (16_385 - least))


def log_of_one(value):
    return MemoryLog().write(AUTHOR.put(A, value=value))


def test_an_entry_of_exactly_65_535_bytes_is_the_largest():
    least = len(encode_entry(Entry(oversized(0), START)))
    builder = MemoryLog().builder()
    with pytest.raises(LimitError):
        builder.add(oversized(MAX_ENTRY_BYTES - least + 1), START)
    builder.add(oversized(MAX_ENTRY_BYTES - least), START)
    assert len(builder.build().leaves[0]) == 65_535


@dataclass(frozen=True)
class Forgetful(ToyRules):
    """Breaks the contract the other way: leaves out a subject of the event."""

    def apply(self, signed, step):
        states = dict(super().apply(signed, step))
        states.popitem()
        return states


def test_rules_that_leave_out_a_subject_are_a_bug():
    builder = MemoryLog(Forgetful()).builder()
    with pytest.raises(AssertionError):
        builder.add(FIRST, START)
    assert builder.count == 0


# --- subjects within a block


def test_events_of_a_block_see_what_the_ones_before_them_did():
    log = MemoryLog()
    builder = log.builder()
    assert builder.read(A) is None
    for sets in (1, 2, 3):
        index = builder.add(AUTHOR.put(A, value=sets, nonce=nonce_of(sets)), START)
        assert index == sets - 1
        assert builder.read(A) == State("toy/1", {"sets": sets, "value": sets})
    block = log.append(builder.build())
    assert [(stored.number, stored.locator) for stored in block.states] == [(0, 1)]
    assert block.new_subjects == [A]
    assert block.history == [(0, 0, 0), (0, 1, 1), (0, 2, 2)]
    value = json.loads(block.states[0].raw)
    assert (value["n"], value["last"], value["state"]["sets"]) == (3, 2, 3)


def test_new_subjects_are_numbered_without_gaps_in_the_order_of_events():
    log = MemoryLog()
    first = log.write(AUTHOR.put(C), AUTHOR.put(A, C, D))
    assert first.new_subjects == [C, *sorted([A, D])]
    assert [stored.number for stored in first.states] == [0, 1, 2]
    second = log.write(AUTHOR.put(D, value=1), AUTHOR.put(B, A), AUTHOR.add(2))
    assert second.new_subjects[0] == B
    assert len(second.new_subjects) == 3
    by_number = {stored.number: stored for stored in second.states}
    assert sorted(by_number) == [1, 2, 3, 4, 5]
    assert log.head.map_root.size == len(log.keys) == 6


def test_exactly_the_versions_out_of_use_are_replaced():
    log = MemoryLog()
    assert log.write(AUTHOR.put(A, B), AUTHOR.put(A, value=1)).replaced_locators == []
    locator = {key: log.read_stored_state(log.head.map_root, key).locator for key in (A, B)}
    block = log.write(AUTHOR.put(C, A), AUTHOR.put(D, value=2), AUTHOR.put(A, D, value=3))
    assert block.replaced_locators == [locator[A]]
    assert [stored.locator for stored in block.states] == [3, 4, 5]
    assert log.head.next_locator == 6
    assert log.read_stored_state(log.head.map_root, B).locator == locator[B]


def test_a_subject_that_was_only_read_is_not_written():
    log = MemoryLog()
    log.write(AUTHOR.put(A, B))
    builder = log.builder()
    assert builder.read(B) is not None
    assert builder.read(D) is None
    builder.add(AUTHOR.put(A, value=1), START + 9)
    block = builder.build()
    assert len(block.states) == len(block.replaced_locators) == len(block.listings) == 1


def test_listings_name_every_changed_subject_even_those_not_listed():
    block = MemoryLog().write(AUTHOR.put(A, SELF, value="x"))
    assert set(block.listings) == {A, SELF}
    assert block.listings[SELF] is None
    assert (block.listings[A].label, block.listings[A].status) == (A, "set 1 times")


def test_a_subject_is_loaded_once():
    log = MemoryLog()
    log.write(AUTHOR.put(A))
    asked = []

    class Counting(MemoryLog):
        def read_stored_state(self, root, key):
            asked.append(key)
            return super().read_stored_state(root, key)

    counting = Counting()
    counting.__dict__ |= log.__dict__
    builder = counting.builder()
    for value in range(3):
        builder.add(AUTHOR.put(A, B, value=value), START + 9)
    assert sorted(asked) == sorted([A, B])


# --- limits of a block


def test_a_block_ends_after_1000_events():
    builder = MemoryLog().builder()
    for number in range(MAX_BLOCK_EVENTS):
        assert builder.has_room(0)
        builder.add(AUTHOR.put(A, value=number), START)
    assert not builder.has_room(0)
    with pytest.raises(AssertionError):
        builder.add(FIRST, START)
    block = builder.build()
    assert (block.seal.count, len(block.leaves)) == (1000, 1001)


def test_a_block_with_its_seal_never_exceeds_4_mib():
    builder = MemoryLog().builder()
    large = [AUTHOR.put(A, value="x" * 48_000 + str(n), kind="toy.note") for n in range(90)]
    size = len(encode_signed_event(large[0]))
    while builder.has_room(size):
        builder.add(large[builder.count], START)
    assert 80 < builder.count < len(large)
    with pytest.raises(AssertionError):
        builder.add(large[builder.count], START)
    room = max(size for size in range(50_000) if builder.has_room(size))
    filler = AUTHOR.put(B, value="", kind="toy.note", nonce=nonce_of("filler"))
    text = "x" * (room - len(encode_signed_event(filler)))
    filler = AUTHOR.put(B, value=text, kind="toy.note", nonce=nonce_of("filler"))
    assert len(encode_signed_event(filler)) == room
    builder.add(filler, START)
    assert not builder.has_room(0)
    total = sum(map(len, builder.build().leaves))
    assert MAX_BLOCK_BYTES - 1024 < total <= MAX_BLOCK_BYTES


def test_1024_bytes_of_a_block_are_kept_for_what_is_around_the_events():
    builder = MemoryLog().builder()
    assert builder.has_room(MAX_BLOCK_BYTES - 1024)
    assert not builder.has_room(MAX_BLOCK_BYTES - 1023)
    builder.add(FIRST, START)
    leaf = len(encode_entry(Entry(FIRST, START)))
    assert builder.has_room(MAX_BLOCK_BYTES - 1024 - leaf)
    assert not builder.has_room(MAX_BLOCK_BYTES - 1023 - leaf)


def test_an_event_may_have_to_be_the_last_of_its_block():
    log = MemoryLog()
    builder = log.builder()
    builder.add(FIRST, START)
    assert builder.has_room(0)
    builder.add(AUTHOR.put(A, kind="toy.last"), START)
    assert not builder.has_room(0)
    with pytest.raises(AssertionError):
        builder.add(SECOND, START)
    assert builder.count == 2
    log.append(builder.build())
    assert log.builder().has_room(0)


def test_there_is_no_empty_block():
    builder = MemoryLog().builder()
    with pytest.raises(AssertionError):
        builder.build()
    with pytest.raises(InputError):
        builder.add(REFUSED["a rule says no"][0], START)
    with pytest.raises(AssertionError):
        builder.build()


# --- times


def test_time_never_goes_back_and_passes_with_each_block():
    log = MemoryLog()
    builder = log.builder()
    assert builder.earliest_time == 0
    builder.add(FIRST, START + 5)
    assert builder.earliest_time == START + 5
    with pytest.raises(AssertionError):
        builder.add(SECOND, START + 4)
    builder.add(SECOND, START + 5)
    block = log.append(builder.build())
    assert block.seal.time == START + 5 == log.head.time
    builder = log.builder()
    assert builder.earliest_time == START + 6
    with pytest.raises(AssertionError):
        builder.add(AUTHOR.put(A), START + 5)
    builder.add(AUTHOR.put(A), START + 6)
    assert builder.build().seal.time == START + 6


def test_the_next_block_builds_on_the_head_of_the_one_before():
    log = example_log()
    assert (EMPTY_HEAD.size, EMPTY_HEAD.time) == (0, 0)
    assert (EMPTY_HEAD.next_page, EMPTY_HEAD.next_locator) == (1, 1)
    assert log.head.size == len(log.leaves) == log.blocks[-1].seal.index + 1
    assert log.head.height == len(log.blocks)
    assert log.head.seal_hash == hash_leaf(log.leaves[-1])
    assert log.blocks[0].seal.prev == bytes(32)
    for before, after in zip(log.blocks, log.blocks[1:], strict=False):
        assert after.seal.prev == before.head.seal_hash == hash_leaf(before.leaves[-1])
        assert after.seal.first == before.seal.index + 1
        assert after.seal.height == before.seal.height + 1


def test_the_seal_names_the_rules_in_force():
    log = MemoryLog(ToyRules("toy-rules/7"))
    assert log.write(FIRST).seal.rules == "toy-rules/7"


# --- a store that contradicts itself

DAMAGE = {
    "no JSON": lambda stored: replace(stored, raw=b"{"),
    "not UTF-8": lambda stored: replace(stored, raw=b'{"\xff":1}'),
    "nothing": lambda stored: replace(stored, raw=b""),
    "another object": lambda stored: replace(stored, raw=b"{}"),
    "n of 0": lambda stored: replace(stored, raw=stored.raw.replace(b'"n":1', b'"n":0')),
    "a frontier of no event": lambda stored: replace(stored, frontier=b""),
    "a frontier of other length": lambda stored: replace(stored, frontier=bytes(33)),
    "a frontier of another event": lambda stored: replace(stored, frontier=bytes(32)),
    "a frontier of three events": lambda stored: replace(stored, frontier=bytes(64)),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_state_is_corruption_and_no_refusal(name):
    log = MemoryLog()
    log.write(AUTHOR.put(A))
    log.states[1] = DAMAGE[name](log.states[1])
    builder = BlockBuilder(log.head, log, log.rules)
    with pytest.raises(CorruptionError):
        builder.add(AUTHOR.put(A, value=1), START + 9)
    with pytest.raises(CorruptionError):
        builder.read(A)


# --- determinism


def test_the_same_events_make_the_same_blocks_whatever_the_hash_seed():
    outputs = set()
    for seed in ("0", "1", "4711"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        ran = subprocess.run(
            [sys.executable, "-m", "tests.support.log_builder"],
            env=environment,
            capture_output=True,
            check=True,
            text=True,
        )
        assert len(ran.stdout.split()) == 3
        outputs.add(ran.stdout)
    assert len(outputs) == 1
    assert example_log().blocks == example_log().blocks

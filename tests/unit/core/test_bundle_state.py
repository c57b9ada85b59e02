"""States as files: honest ones verify, and nothing that is mangled or dishonest does."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.bundle import (
    StateBundle,
    format_receipt,
    format_state_bundle,
    parse_state_bundle,
    verify_state_bundle,
)
from ledger.core.entry import Entry
from ledger.core.limits import MAX_MAP_PROOF_BYTES
from ledger.core.state import State
from ledger.core.text import format_base64url, parse_base64url
from ledger.errors import (
    BundleError,
    InputError,
    LimitError,
    MalformedError,
    MapProofError,
    VerificationError,
)
from tests.support.forged_log import ForgedLog, entry, judge
from tests.support.log_builder import AUTHOR, START, MemoryLog, example_log, toy_key
from tests.support.manglings import edited, flip, overwritten, without

LOG = example_log()
OPENED = LOG.opened()
SIZE = len(LOG.leaves)
A, B, ABSENT = toy_key(0), toy_key(1), toy_key(99)
OTHER = MemoryLog()
OTHER.write(AUTHOR.put(A, B, value="other"), AUTHOR.put(A))

RECEIPT = format_receipt(LOG.receipt(1))
STATE = format_state_bundle(LOG.state(A))
NO_STATE = format_state_bundle(LOG.state(ABSENT))


# --- states


def value(**members):
    return edited(STATE, "value", value=lambda plain: plain | members)


B_STATE = format_state_bundle(LOG.state(B))
STATES = {
    "an unknown member": STATE | {"note": ""},
    **{f"no {name}": without(STATE, name) for name in STATE},
    "another format": STATE | {"format": "muniment/state/v2"},
    "another subject": STATE | {"subject": B},
    "an absent subject": STATE | {"subject": ABSENT},
    "no subject key": STATE | {"subject": "asset"},
    "null as subject": STATE | {"subject": None},
    "another subject's proof": STATE | {"map_proof": B_STATE["map_proof"]},
    "another subject's value": STATE | {"value": B_STATE["value"]},
    "another subject with its value": STATE | {"subject": B, "value": B_STATE["value"]},
    "null where there is a state": STATE | {"value": None},
    "a state where there is none": NO_STATE | {"value": STATE["value"]},
    "absence of another subject": NO_STATE | {"subject": A},
    "a member of the value more": value(size=1),
    **{
        f"no {name} in the value": edited(STATE, "value", value=lambda p, n=name: without(p, n))
        for name in STATE["value"]
    },
    "one event more": value(n=STATE["value"]["n"] + 1),
    "one event less": value(n=STATE["value"]["n"] - 1),
    "another last": value(last=STATE["value"]["last"] - 1),
    "another time": value(time=STATE["value"]["time"] + 1),
    "another history": value(history="0" * 64),
    "another state": value(state={"sets": 6, "value": []}),
    "an empty state": value(state={}),
    "another type": value(type="toy/2"),
    "a name that no state may have": value(state={"é": 1}),
    "a state of 16 KiB": value(state={"x": "y" * 16_384}),
    "a state too deep": value(state=json.loads('{"x":' * 20 + "0" + "}" * 20)),
    "a text as value": STATE | {"value": "none"},
    "an empty object as value": STATE | {"value": {}},
    "no map proof": STATE | {"map_proof": ""},
    "null as map proof": STATE | {"map_proof": None},
    "the map proof cut off": edited(STATE, "map_proof", value=lambda text: text[:-4]),
    "the map proof longer": edited(STATE, "map_proof", value=lambda text: text + "AAAA"),
    "one bit of the map proof": edited(STATE, "map_proof", value=flip),
    "a map proof too long": STATE | {"map_proof": format_base64url(bytes(MAX_MAP_PROOF_BYTES + 1))},
    "the receipt of an entry": STATE | {"seal": RECEIPT},
    "the receipt of an earlier seal": STATE | {"seal": format_receipt(LOG.receipt(3))},
    "another log's seal": STATE | {"seal": format_receipt(OTHER.receipt(2))},
    "null as seal": STATE | {"seal": None},
    "a mangled receipt": STATE | {"seal": STATE["seal"] | {"proof": RECEIPT["proof"]}},
}


@pytest.mark.parametrize("name", STATES)
def test_a_mangled_state_is_refused(name):
    error = judge(STATES[name], OPENED)
    assert error is not None
    assert issubclass(error, InputError | VerificationError)


@pytest.mark.parametrize(
    "name",
    [
        "a map proof too long",
        "a state of 16 KiB",
        "a state too deep",
        "a name that no state may have",
    ],
)
def test_what_the_map_cannot_hold_is_refused_while_reading(name):
    with pytest.raises((MalformedError, LimitError)):
        parse_state_bundle(STATES[name])


def test_a_map_proof_of_the_largest_size_is_read():
    largest = STATE | {"map_proof": format_base64url(bytes(MAX_MAP_PROOF_BYTES))}
    assert len(parse_state_bundle(largest).map_proof) == MAX_MAP_PROOF_BYTES
    assert judge(largest, OPENED) is MapProofError
    with pytest.raises(LimitError):
        parse_state_bundle(STATES["a map proof too long"])


def test_a_state_of_an_older_checkpoint_is_told_apart():
    log = MemoryLog()
    log.write(AUTHOR.put(A))
    older = log.state(A)
    log.write(AUTHOR.put(B))
    newer = log.opened()
    receipt = log.receipt(1)
    with pytest.raises(BundleError):
        verify_state_bundle(replace(older, receipt=receipt), newer)
    with pytest.raises(BundleError):
        verify_state_bundle(older, newer)
    with pytest.raises(MapProofError):
        verify_state_bundle(replace(older, receipt=log.receipt(3)), newer)


def test_a_map_says_nothing_of_the_future():
    for last in (1, 2, 2**53 - 1):
        log = ForgedLog(A, [entry(AUTHOR.put(A))], value={"last": last})
        assert judge(format_state_bundle(log.state()), log.opened()) is BundleError
    log = ForgedLog(A, [entry(AUTHOR.put(A))])
    assert judge(format_state_bundle(log.state()), log.opened()) is None


def test_a_seal_at_another_place_commits_no_state():
    log = ForgedLog(A, [entry(AUTHOR.put(A))], seal={"count": 1000})
    assert judge(format_state_bundle(log.state()), log.opened()) is BundleError


@pytest.mark.parametrize(("late", "error"), [(0, None), (1, BundleError)])
def test_a_seal_is_at_most_5_minutes_later_than_its_cosignatures(late, error):
    seen = START // 1000
    log = ForgedLog(A, [entry(AUTHOR.put(A))], seal={"time": START + 300_000 + late})
    plain = format_state_bundle(log.state(note=log.note(seen - 50, seen)))
    assert judge(plain, log.opened(seen - 50, seen)) is error
    assert judge(format_state_bundle(log.state()), log.opened()) is None


def test_only_a_seal_can_be_under_a_state():
    bundle = StateBundle(A, None, b"\x00\x00\x00", LOG.receipt(0))
    assert isinstance(bundle.receipt.content, Entry)
    with pytest.raises(TypeError):
        _ = bundle.seal
    with pytest.raises(MalformedError):
        parse_state_bundle(format_state_bundle(bundle))


def test_a_state_that_cannot_be_written_does_not_verify():
    bundle = LOG.state(A)
    huge = replace(bundle, value=replace(bundle.value, state=State("toy/1", {"x": 1.5})))
    with pytest.raises(MalformedError):
        verify_state_bundle(huge, OPENED)


# --- anything else that is changed

BUNDLES = (RECEIPT, STATE, NO_STATE, B_STATE, format_receipt(LOG.receipt(3)))


@settings(max_examples=150, deadline=None)
@given(overwritten(BUNDLES))
def test_whatever_is_put_anywhere_both_judges_agree(pair):
    plain, changed = pair
    error = judge(changed, OPENED)
    if json.dumps(changed, sort_keys=True) == json.dumps(plain, sort_keys=True):
        assert error is None
    elif error is None:
        assert changed in BUNDLES


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["entry", "map_proof"]), st.data())
def test_no_byte_of_leaf_or_proof_can_be_changed(member, data):
    plain = RECEIPT if member == "entry" else STATE
    raw = bytearray(parse_base64url(plain[member]))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    assert judge(plain | {member: format_base64url(bytes(raw))}, OPENED) is not None

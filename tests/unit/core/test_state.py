"""State values and the leaves of histories, against the reference."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.canonical import encode_canonical
from ledger.core.limits import MAX_STATE_BYTES
from ledger.core.merkle import hash_tree
from ledger.core.state import (
    State,
    StateValue,
    encode_state,
    hash_history_leaf,
    hash_state,
    parse_state,
    state_json,
)
from ledger.errors import LedgerError, LimitError, MalformedError
from tests.support import reference, reference_formats, reference_json
from tests.support.log_builder import START, toy_key
from tests.support.reference_json import RefusedError

KEY = toy_key(1)
KEYS = (KEY, "ledger/self", "list/a-1:B.c-2", f"name/uscc:{'9' * 18}", f"key/z6Mk{'a' * 44}")
VALUE = StateValue(
    state=State("asset/1", {"status": [{"from": 5, "index": 7, "to": None, "value": "valid"}]}),
    history=bytes(range(32)),
    n=3,
    last=17,
    time=START,
)
PLAIN = state_json(VALUE)


def is_accepted(plain):
    """Whether it is a state that a map can hold; the reference must agree."""
    try:
        raw = encode_state(parse_state(plain))
    except LedgerError:
        with pytest.raises(RefusedError):
            reference_formats.check_state_value(plain)
        return False
    reference_formats.check_state_value(plain)
    assert raw == reference_json.write(plain)
    return True


numbers = st.integers(0, 2**53 - 1)
bodies = st.dictionaries(
    st.text("abcXYZ09_.:@/$-", min_size=1, max_size=5),
    numbers | st.booleans() | st.text("ab\n\u767b", max_size=5) | st.lists(st.none(), max_size=3),
    max_size=4,
)


@settings(max_examples=50, deadline=None)
@given(
    bodies,
    st.from_regex(r"\A[a-z]{1,32}/[1-9][0-9]{0,2}\Z"),
    st.binary(min_size=32, max_size=32),
    st.tuples(numbers, numbers, numbers),
)
def test_a_value_is_written_and_read_back(body, kind, history, counts):
    n, last, time = counts
    value = StateValue(State(kind, body), history, n + 1 if n < 2**53 - 1 else n, last, time)
    plain = state_json(value)
    assert parse_state(plain) == value == parse_state(json.loads(encode_state(value)))
    assert is_accepted(plain)


def test_the_value_hash_is_that_of_the_canonical_value():
    raw = encode_state(VALUE)
    want = sha256(
        b'{"history":"%b","last":17,"n":3,"state":{"status":[{"from":5,"index":7,"to":null,'
        b'"value":"valid"}]},"time":%d,"type":"asset/1"}' % (VALUE.history.hex().encode(), START)
    ).digest()
    assert hash_state(raw) == want


def test_every_member_is_committed():
    others = {
        "state": State("asset/1", {}),
        "history": bytes(32),
        "n": 4,
        "last": 18,
        "time": START + 1,
    }
    made = [VALUE, *(replace(VALUE, **{name: other}) for name, other in others.items())]
    made.append(replace(VALUE, state=State("asset/2", VALUE.state.body)))
    assert len({hash_state(encode_state(value)) for value in made}) == 7


MANGLINGS = {
    "a member more": {"size": 1},
    "null as state": {"state": None},
    "an array as state": {"state": []},
    "a text as state": {"state": "{}"},
    "n of 0": {"n": 0},
    "a negative n": {"n": -1},
    "n of true": {"n": True},
    "n in quotes": {"n": "3"},
    "n of null": {"n": None},
    "a negative last": {"last": -1},
    "last of false": {"last": False},
    "last of null": {"last": None},
    "a negative time": {"time": -1},
    "time of true": {"time": True},
    "history of 63 digits": {"history": PLAIN["history"][1:]},
    "history in upper case": {"history": PLAIN["history"].upper()},
    "history of null": {"history": None},
    "history as a number": {"history": 0},
    "a type without a version": {"type": "asset"},
    "a type of version 0": {"type": "asset/0"},
    "a type of version 01": {"type": "asset/01"},
    "a type of version 1000": {"type": "asset/1000"},
    "a type in upper case": {"type": "Asset/1"},
    "a type with a newline behind": {"type": "asset/1\n"},
    "a type of null": {"type": None},
    "a name outside the profile": {"state": {"é": 1}},
    "a forbidden character": {"state": {"x": "\u202e"}},
    "a number of 2^53": {"last": 2**53},
    "too deep": {"state": {"x": json.loads("[" * 19 + "]" * 19)}},
    "too large": {"state": {"x": "y" * MAX_STATE_BYTES}},
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_a_mangled_value_is_refused(name):
    assert not is_accepted(PLAIN | MANGLINGS[name])


@pytest.mark.parametrize("name", PLAIN)
def test_no_member_may_be_missing(name):
    with pytest.raises(MalformedError):
        parse_state({member: PLAIN[member] for member in PLAIN if member != name})


@pytest.mark.parametrize("plain", [None, [], "state", 1, True])
def test_what_is_no_object_is_refused(plain):
    with pytest.raises(MalformedError):
        parse_state(plain)


def test_a_value_has_at_most_16_kib():
    least = len(encode_state(replace(VALUE, state=State("asset/1", {"x": ""}))))
    fitting = State("asset/1", {"x": "y" * (16 * 1024 - least)})
    assert len(encode_state(replace(VALUE, state=fitting))) == 16 * 1024
    assert is_accepted(state_json(replace(VALUE, state=fitting)))
    larger = State("asset/1", {"x": fitting.body["x"] + "y"})
    with pytest.raises(LimitError):
        encode_state(replace(VALUE, state=larger))
    assert not is_accepted(state_json(replace(VALUE, state=larger)))


def test_a_state_of_depth_20_is_the_deepest():
    deepest = {"x": json.loads("[" * 18 + "]" * 18)}
    assert is_accepted(PLAIN | {"state": deepest})
    with pytest.raises(LimitError):
        encode_state(replace(VALUE, state=State("asset/1", {"x": [deepest["x"]]})))


def test_a_state_outside_the_profile_is_not_written():
    for body in ({"x": 1.5}, {"x": 2**53}, {"": 1}, {"x": "\x00"}):
        with pytest.raises(MalformedError):
            encode_state(replace(VALUE, state=State("asset/1", body)))


# --- histories


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), numbers), max_size=9))
def test_a_history_is_that_of_the_reference(events):
    pairs = [(event.hex(), index) for event, index in events]
    leaves = [
        hash_history_leaf(event_id=event, i=i, index=index, subject=KEY)
        for i, (event, index) in enumerate(pairs)
    ]
    assert hash_tree(leaves) == reference_formats.history_root(KEY, pairs)


def test_a_history_leaf_is_a_canonical_object():
    event_id = bytes(range(32)).hex()
    want = b'{"event":"%b","i":2,"index":17,"subject":"%b"}' % (event_id.encode(), KEY.encode())
    leaf = hash_history_leaf(event_id=event_id, i=2, index=17, subject=KEY)
    assert leaf == reference.leaf_hash(want)
    assert encode_canonical(json.loads(want)) == want


@given(st.binary(min_size=32, max_size=32), numbers, numbers, st.sampled_from(KEYS))
def test_a_history_leaf_is_what_the_canonical_writer_writes(event, i, index, subject):
    plain = {"event": event.hex(), "i": i, "index": index, "subject": subject}
    leaf = hash_history_leaf(event_id=event.hex(), i=i, index=index, subject=subject)
    assert leaf == reference.leaf_hash(encode_canonical(plain))


def test_a_history_leaf_depends_on_all_it_is_made_of():
    base = {"event_id": bytes(32).hex(), "i": 2, "index": 17, "subject": KEY}
    others = {"event_id": bytes(range(32)).hex(), "i": 3, "index": 18, "subject": toy_key(2)}
    made = [base, *(base | {name: other} for name, other in others.items())]
    assert len({hash_history_leaf(**one) for one in made}) == 5

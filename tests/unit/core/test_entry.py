"""Entries and seals: one reader for both leaves, every mangled member refused."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.canonical import encode_canonical
from ledger.core.entry import (
    NO_PREVIOUS_SEAL,
    Entry,
    Seal,
    decode_leaf,
    encode_entry,
    encode_seal,
)
from ledger.core.event import (
    decode_signed_event,
    encode_signatures,
    encode_signed_event,
    parse_signed_event,
)
from ledger.core.hashing import EMPTY_ROOT, SUITE, hash_leaf, hash_node
from ledger.core.limits import MAX_ENTRY_BYTES, MAX_SAFE_INTEGER, MAX_SIGNED_EVENT_BYTES
from ledger.core.subjects import SELF
from ledger.errors import LedgerError, LimitError, MalformedError
from tests.support import reference_formats, reference_json
from tests.support.log_builder import AUTHOR, START, nonce_of, toy_key
from tests.support.manglings import mangled
from tests.support.reference_json import RefusedError
from tests.support.shared import cases

SIGNED = AUTHOR.put(SELF, toy_key(1), value=[1, "x", None])
ENTRY = Entry(SIGNED, START)
SEAL = Seal(
    count=3,
    first=12,
    height=4,
    prev=bytes(range(32)),
    rules="muniment-rules/0",
    state_root=bytes(range(32, 64)),
    state_size=57,
    time=START + 124,
)
FIRST_SEAL = replace(SEAL, first=0, height=0, prev=NO_PREVIOUS_SEAL)
ENTRY_DATA, SEAL_DATA = encode_entry(ENTRY), encode_seal(SEAL)


def write(leaf):
    return encode_entry(leaf) if isinstance(leaf, Entry) else encode_seal(leaf)


def is_accepted(data):
    """Whether the reader accepts; it must agree with the reference and be an exact inverse."""
    try:
        leaf = decode_leaf(data)
    except LedgerError:
        with pytest.raises(RefusedError):
            reference_formats.read_leaf(data)
        return False
    assert write(leaf) == data == reference_json.write(reference_formats.read_leaf(data))
    return True


counts = st.integers(0, MAX_SAFE_INTEGER)
digests = st.binary(min_size=32, max_size=32)


@st.composite
def seals(draw):
    is_first = draw(st.booleans())
    return Seal(
        count=draw(st.integers(1, 1000)),
        first=0 if is_first else draw(st.integers(1, MAX_SAFE_INTEGER)),
        height=0 if is_first else draw(st.integers(1, MAX_SAFE_INTEGER)),
        prev=NO_PREVIOUS_SEAL if is_first else draw(digests.filter(any)),
        rules=draw(st.from_regex(r"\A[a-z0-9-]{1,40}/[a-z0-9.-]{1,20}\Z")),
        state_root=draw(digests),
        state_size=draw(counts),
        time=draw(counts),
    )


# --- reading and writing


@settings(max_examples=50, deadline=None)
@given(seals())
def test_a_seal_is_written_and_read_back(seal):
    assert decode_leaf(encode_seal(seal)) == seal
    assert is_accepted(encode_seal(seal))
    assert seal.index == seal.first + seal.count


@settings(max_examples=50, deadline=None)
@given(counts)
def test_an_entry_is_written_and_read_back(time):
    entry = Entry(SIGNED, time)
    data = encode_entry(entry)
    assert decode_leaf(data) == entry
    assert is_accepted(data)
    plain = json.loads(encode_signed_event(SIGNED)) | {"time": time, "v": 1}
    assert data == reference_json.write(plain)


@settings(max_examples=100, deadline=None)
@given(mangled(st.sampled_from([ENTRY_DATA, SEAL_DATA])))
def test_a_reader_accepts_nothing_that_the_writer_would_not_write(data):
    assert is_accepted(data) or data not in {ENTRY_DATA, SEAL_DATA}


# --- entries


def both(**members):
    return lambda plain: plain.update(members)


ENTRY_MANGLINGS = {
    "no version": lambda plain: plain.pop("v"),
    "version 0": both(v=0),
    "version 2": both(v=2),
    "version true": both(v=True),
    "version in quotes": both(v="1"),
    "version null": both(v=None),
    "no time": lambda plain: plain.pop("time"),
    "a negative time": both(time=-1),
    "time true": both(time=True),
    "time in quotes": both(time=str(START)),
    "time null": both(time=None),
    "an unknown member": both(index=0),
    "a seal as well": both(seal=json.loads(SEAL_DATA)["seal"]),
    "no event": lambda plain: plain.pop("event"),
    "no signatures": lambda plain: plain.pop("signatures"),
    "signatures of a draft": both(signatures=[]),
    "an event that is null": both(event=None),
    "a mangled event": lambda plain: plain["event"].update(v=2),
    "a mangled signature": lambda plain: plain["signatures"][0].update(sig=""),
    "an event too deep": lambda plain: plain["event"].update(body={"x": nested(15)}),
    "nothing but the version": lambda plain: [
        plain.pop(name) for name in list(plain) if name != "v"
    ],
    "the signed event alone": lambda plain: [plain.pop("time"), plain.pop("v")],
}


def nested(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


def changed(data, change):
    plain = json.loads(data)
    change(plain)
    return encode_canonical(plain, max_depth=30)


@pytest.mark.parametrize("name", ENTRY_MANGLINGS)
def test_a_mangled_entry_is_refused(name):
    data = changed(ENTRY_DATA, ENTRY_MANGLINGS[name])
    assert not is_accepted(data)
    with pytest.raises((MalformedError, LimitError)):
        decode_leaf(data)


@pytest.mark.parametrize("data", [b"[]", b"null", b"1", b"", b"{}", b'{"v":1}', ENTRY_DATA + b"\n"])
def test_what_is_no_leaf_is_refused(data):
    assert not is_accepted(data)


def test_an_event_of_depth_16_fits_into_an_entry():
    plain = json.loads(ENTRY_DATA)
    plain["event"]["body"] = {"x": nested(14)}
    assert is_accepted(encode_canonical(plain))


def entry_of(signed_bytes):
    """Bytes of an entry whose signed event has exactly so many, made without a reader's limits."""
    nonce = nonce_of("large")
    least = len(encode_signed_event(AUTHOR.put(SELF, value="", nonce=nonce)))
    draft = AUTHOR.draft(
        "toy.put", {"keys": [SELF], "value": "x" * (signed_bytes - least)}, nonce=nonce
    )
    plain = json.loads(ENTRY_DATA)["event"] | {
        "body": draft.body, "nonce": draft.nonce, "subjects": list(draft.subjects)
    }  # fmt: skip
    signed = parse_signed_event(plain, json.loads(encode_signatures(SIGNED.signatures)))
    assert len(encode_signed_event(signed)) == signed_bytes
    return encode_entry(Entry(signed, START))


def test_the_limit_of_48_kib_holds_for_the_event_in_an_entry():
    assert is_accepted(entry_of(MAX_SIGNED_EVENT_BYTES))
    too_large = entry_of(MAX_SIGNED_EVENT_BYTES + 1)
    assert len(too_large) < MAX_ENTRY_BYTES
    assert not is_accepted(too_large)
    with pytest.raises(LimitError):
        decode_leaf(too_large)
    signed = too_large[: too_large.index(b',"time":')] + b"}"
    with pytest.raises(LimitError):
        decode_signed_event(signed)


def test_a_leaf_has_at_most_65_535_bytes():
    for size in (MAX_ENTRY_BYTES + 1, 10 * MAX_ENTRY_BYTES):
        with pytest.raises(LimitError):
            decode_leaf(b" " * size)
    with pytest.raises(MalformedError):
        decode_leaf(b" " * MAX_ENTRY_BYTES)


# --- seals


def member(**members):
    return lambda plain: plain["seal"].update(members)


def state(**members):
    return lambda plain: plain["seal"]["state"].update(members)


ZEROS = "0" * 64
HEX = SEAL.prev.hex()

SEALS_ALLOWED = {
    "as it is": member(),
    "one entry": member(count=1),
    "1,000 entries": member(count=1000),
    "the first seal": member(height=0, first=0, prev=ZEROS),
    "an empty state map": state(root=ZEROS, size=0),
    "time 0": member(time=0),
    "the largest numbers": member(height=2**53 - 1, first=2**53 - 1, time=2**53 - 1),
    "the longest name of rules": member(rules="a" * 40 + "/" + "9" * 20),
}
SEAL_MANGLINGS = {
    "count 0": member(count=0),
    "count 1,001": member(count=1001),
    "a negative count": member(count=-1),
    "count true": member(count=True),
    "count in quotes": member(count="3"),
    "height 0 later on": member(height=0),
    "first 0 later on": member(first=0),
    "no previous seal later on": member(prev=ZEROS),
    "height 0 and first 0 with a previous seal": member(height=0, first=0),
    "height 0 without a previous seal at a later leaf": member(height=0, prev=ZEROS),
    "first 0 without a previous seal at a later height": member(first=0, prev=ZEROS),
    "a negative height": member(height=-1),
    "a negative first": member(first=-1),
    "height true": member(height=True),
    "first null": member(first=None),
    "prev of 63 digits": member(prev=HEX[1:]),
    "prev in upper case": member(prev=SEAL.state_root.hex().upper().replace("2", "A")),
    "prev empty": member(prev=""),
    "prev null": member(prev=None),
    "prev a number": member(prev=0),
    "rules without a version": member(rules="muniment-rules"),
    "rules in upper case": member(rules="Muniment-rules/0"),
    "rules of two slashes": member(rules="a/b/c"),
    "a name of rules of 41 characters": member(rules="a" * 41 + "/0"),
    "a version of rules of 21 characters": member(rules="a/" + "0" * 21),
    "rules with a newline behind": member(rules="muniment-rules/0\n"),
    "rules null": member(rules=None),
    "a negative time": member(time=-1),
    "time false": member(time=False),
    "a state root of 65 digits": state(root=HEX + "0"),
    "a state root of null": state(root=None),
    "a negative state size": state(size=-1),
    "a state size of true": state(size=True),
    "an unknown member of the state": state(height=4),
    "a state without a root": lambda plain: plain["seal"]["state"].pop("root"),
    "a state without a size": lambda plain: plain["seal"]["state"].pop("size"),
    "a state of null": member(state=None),
    "a state that is an array": member(state=[HEX, 57]),
    "an unknown member": member(origin="example.org"),
    "an unknown member beside the seal": lambda plain: plain.update(time=0),
    "version 2": lambda plain: plain.update(v=2),
    "version true": lambda plain: plain.update(v=True),
    "no version": lambda plain: plain.pop("v"),
    "a seal of null": lambda plain: plain.update(seal=None),
    "a seal that is an array": lambda plain: plain.update(seal=[]),
    **{
        f"no {name}": (lambda n: lambda plain: plain["seal"].pop(n))(name)
        for name in json.loads(SEAL_DATA)["seal"]
    },
}


@pytest.mark.parametrize("name", SEALS_ALLOWED)
def test_what_the_formats_allow_is_read(name):
    assert is_accepted(changed(SEAL_DATA, SEALS_ALLOWED[name]))


@pytest.mark.parametrize("name", SEAL_MANGLINGS)
def test_a_mangled_seal_is_refused(name):
    data = changed(SEAL_DATA, SEAL_MANGLINGS[name])
    assert not is_accepted(data)
    with pytest.raises(MalformedError):
        decode_leaf(data)


def test_a_seal_stands_behind_its_entries():
    assert SEAL.index == 15
    assert decode_leaf(encode_seal(FIRST_SEAL)).index == 3


# --- hashes of the log


@pytest.mark.shared
@pytest.mark.parametrize(
    "known", cases("c2sp/rfc6962.json", lambda loaded: [loaded]), ids=["known"]
)
def test_the_hashes_are_those_of_public_origin(known):
    leaf, node = known["leaf"], known["node"]
    assert hash_leaf(leaf["data_utf8"].encode()).hex() == leaf["hash"]
    assert hash_leaf(b"").hex() == known["empty_leaf"]
    assert hash_node(node["left_utf8"].encode(), node["right_utf8"].encode()).hex() == node["hash"]
    assert EMPTY_ROOT.hex() == known["empty_root"]


def test_the_hashes_are_those_of_sha256sum():
    # printf '\0x' | sha256sum; printf '\1%064d' 0 | tr 0 x | sha256sum; printf '' | sha256sum
    assert (
        hash_leaf(b"x").hex() == "3c7e9bc930dc93f01fa69985ef242d9f9e861f3c5355aa24ce5ef4b4b8a70ccb"
    )
    assert (
        hash_node(b"x" * 32, b"x" * 32).hex()
        == "46d8e4c4ba1bb6b226a9cf6abd0fc9471581e79d08941dd731f0049bb1e5ebe9"
    )
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert SUITE.digest(b"") == EMPTY_ROOT
    tags = (SUITE.leaf_tag, SUITE.node_tag, SUITE.map_leaf_tag, SUITE.map_inner_tag)
    assert (tags, SUITE.map_empty) == ((b"\x00", b"\x01", b"\x02", b"\x03"), bytes(32))

"""Buckets: a prefix shows all that the map holds under it, and nothing else passes."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.bucket import (
    MAX_BUCKET_LEAVES,
    choose_digits,
    format_bucket,
    hash_subtree,
    parse_bucket,
    verify_bucket,
)
from ledger.core.bucketpages import read_bucket
from ledger.core.bundle import format_receipt
from ledger.core.mappages import decode_page, encode_inner_slot, encode_page
from ledger.core.statemap import MapRoot
from ledger.core.text import format_base64url, parse_base64url
from ledger.errors import (
    BundleError,
    CorruptionError,
    InclusionError,
    LimitError,
    MalformedError,
    MapProofError,
    VerificationError,
)
from tests.support import reference_map
from tests.support.bucket_maps import SealedMap, found_below, hashes, key_of
from tests.support.log_builder import START
from tests.support.manglings import edited, flip, without

MAPS = {n: SealedMap(hashes(n)) for n in (0, 1, 2, 3, 17, 200)}
SHORT = ["", *"0123456789abcdef"]


# What honest buckets show


@pytest.mark.parametrize("number", MAPS)
@pytest.mark.parametrize("prefix", [*SHORT, "00", "3f", "a7c", "0000", "f" * 64])
def test_a_bucket_shows_all_that_lies_below_its_prefix(number, prefix):
    world = MAPS[number]
    bucket = world.bucket(prefix)
    found = world.judge(format_bucket(bucket))
    assert found_below(found, prefix) == found_below(world.values, prefix)
    assert len(found) - len(found_below(found, prefix)) <= 1
    assert bucket.count == len(found_below(world.values, prefix))


@pytest.mark.parametrize("number", MAPS)
def test_every_key_is_found_under_every_length_of_its_prefix(number):
    world = MAPS[number]
    for key, value in [*world.values.items()][:20]:
        for length in (0, 1, 2, 5, 63, 64):
            bucket = world.bucket(key.hex()[:length])
            assert bucket.find(key) == value
            absent = bytes([*key[:31], key[31] ^ 1])
            if length < 64:
                assert bucket.find(absent) is None
            assert world.judge(format_bucket(bucket)) is not None


def test_a_lone_leaf_above_the_end_of_the_prefix_is_of_the_prefix_or_shows_that_it_is_empty():
    one, other = key_of("1"), key_of("f1")
    world = SealedMap({one: b"1" * 32, other: b"2" * 32})
    mine, beside = world.bucket("f1"), world.bucket("f2")
    assert [len(bucket.siblings) for bucket in (mine, beside)] == [1, 1], "not 8"
    assert mine.leaves == beside.leaves == (other + b"2" * 32,)
    assert (mine.count, beside.count) == (1, 0)
    assert (mine.find(other), beside.find(key_of("f2"))) == (b"2" * 32, None)
    for bucket in (mine, beside):
        assert world.judge(format_bucket(bucket)) == {other: b"2" * 32}


def test_a_way_that_ends_in_nothing_ends_above_the_prefix():
    world = SealedMap({key_of(start): sha256(start.encode()).digest() for start in ("80", "81")})
    bucket = world.bucket("00")
    assert (len(bucket.siblings), bucket.leaves) == (1, ())
    assert world.judge(format_bucket(bucket)) == {}


def test_two_keys_alike_to_their_last_bit_are_shown_with_their_way():
    keys = [key_of("ab"), key_of("ab".ljust(63, "0") + "1")]
    world = SealedMap(dict.fromkeys(keys, b"v" * 32))
    for prefix in ("", "a", "ab", keys[0].hex()[:63], keys[0].hex(), keys[1].hex()):
        bucket = world.bucket(prefix)
        assert world.judge(format_bucket(bucket)).keys() == set(found_below(world.values, prefix))
    assert len(world.bucket(keys[0].hex()).siblings) == 256


def test_a_bucket_answers_for_keys_of_its_prefix_alone():
    bucket = MAPS[17].bucket("3")
    with pytest.raises(MalformedError, match="does not answer"):
        bucket.find(key_of("4"))
    assert bucket.covers(key_of("3"))
    assert not bucket.covers(key_of("4"))


@given(
    st.sets(st.binary(min_size=32, max_size=32), max_size=24),
    st.text("0123456789abcdef", max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_any_map_gives_buckets_that_both_readers_accept(keys, prefix):
    world = SealedMap({key: sha256(key).digest() for key in keys})
    document = format_bucket(world.bucket(prefix))
    assert found_below(world.judge(document), prefix) == found_below(world.values, prefix)
    assert format_bucket(parse_bucket(document)) == document


@given(st.sets(st.binary(min_size=32, max_size=32), max_size=40), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_a_subtree_is_built_as_the_reference_builds_it(keys, depth):
    path = "1011"[:depth]
    leaves = {key: sha256(key).digest() for key in keys if reference_map.bits(key)[:depth] == path}
    ordered = sorted(key + value for key, value in leaves.items())
    assert hash_subtree(ordered, depth) == reference_map.build(leaves, depth)


SIZES = {0: 0, 999: 0, 15_999: 0, 16_000: 1, 255_999: 1, 256_000: 2, 1_000_000: 2, 4_096_000: 3}


@pytest.mark.parametrize("size", SIZES)
def test_so_many_digits_are_named_that_a_thousand_subjects_answer(size):
    digits = choose_digits(size)
    assert digits == SIZES[size]
    assert digits == 0 or size / 16**digits >= 1000


# What is refused

WORLD = MAPS[200]
KEYS = sorted(WORLD.values)
HONEST = format_bucket(WORLD.bucket("3"))
RAW = parse_base64url(HONEST["leaves"])
LONE_WORLD = SealedMap({key_of("1"): b"1" * 32, key_of("f1"): b"2" * 32})
LONE = format_bucket(LONE_WORLD.bucket("f1"))


def leaves(raw):
    return HONEST | {"leaves": format_base64url(raw)}


def siblings(change):
    return edited(
        HONEST, "siblings", value=lambda text: format_base64url(change(parse_base64url(text)))
    )


def with_neighbour():
    """A subject that is there, of another prefix, put among the others."""
    stranger = next(key for key in KEYS if key.hex().startswith("4"))
    return leaves(RAW + stranger + WORLD.values[stranger])


MANGLED = {
    "a subject less": leaves(RAW[:-64]),
    "all subjects less": leaves(b""),
    "the first subject less": leaves(RAW[64:]),
    "a subject more": leaves(RAW + bytes.fromhex("3f" * 32) + bytes(32)),
    "a subject of another prefix": with_neighbour(),
    "another value of one": leaves(RAW[:63] + bytes([RAW[63] ^ 1]) + RAW[64:]),
    "another key of one": leaves(RAW[:31] + bytes([RAW[31] ^ 1]) + RAW[32:]),
    "subjects in another order": leaves(RAW[64:128] + RAW[:64] + RAW[128:]),
    "a subject twice": leaves(RAW[:64] + RAW),
    "a subject cut off": leaves(RAW[:-1]),
    "half a subject more": leaves(RAW + bytes(32)),
    "one bit of the siblings": edited(HONEST, "siblings", value=flip),
    "a sibling less": siblings(lambda raw: raw[:-32]),
    "a sibling more": siblings(lambda raw: raw + bytes([7]) * 32),
    "no siblings": HONEST | {"siblings": ""},
    "one byte of siblings": HONEST | {"siblings": "AA"},
    "a way of no depth": HONEST | {"siblings": "AAA"},
    "a way less deep": siblings(lambda raw: b"\0\3" + raw[2:]),
    "a deeper way": siblings(lambda raw: b"\0\5" + raw[2:]),
    "a way of 257 bits": siblings(lambda raw: b"\1\1" + raw[2:]),
    "spare bits": siblings(lambda raw: raw[:2] + bytes([raw[2] | 0x80]) + raw[3:]),
    "an empty sibling written out": siblings(lambda raw: raw[:-32] + bytes(32)),
    "another prefix": HONEST | {"prefix": "4"},
    "a longer prefix": HONEST | {"prefix": "30"},
    "a shorter prefix": HONEST | {"prefix": ""},
    "a prefix in capitals": HONEST | {"prefix": "A"},
    "a prefix that is none": HONEST | {"prefix": "g"},
    "a prefix that is too long": HONEST | {"prefix": "3" * 65},
    "null as prefix": HONEST | {"prefix": None},
    "a number as leaves": HONEST | {"leaves": 5},
    "leaves with padding": HONEST | {"leaves": HONEST["leaves"] + "="},
    "another format": HONEST | {"format": "muniment/bucket/v2"},
    "an unknown member": HONEST | {"note": ""},
    **{f"no {name}": without(HONEST, name) for name in HONEST},
    "the receipt of an entry": HONEST | {"seal": format_receipt(WORLD.receipt(0))},
    "another map's seal": HONEST | {"seal": format_receipt(MAPS[17].receipt(1))},
    "null as seal": HONEST | {"seal": None},
}


def test_the_honest_buckets_are_accepted():
    assert WORLD.judge(HONEST) == found_below(WORLD.values, "3")
    assert LONE_WORLD.judge(LONE) == {key_of("f1"): b"2" * 32}


@pytest.mark.parametrize("name", MANGLED)
def test_a_mangled_bucket_is_refused(name):
    error = WORLD.judge(MANGLED[name])
    assert isinstance(error, type)
    assert issubclass(error, MalformedError | LimitError | VerificationError)


LONE_MANGLED = {
    "nothing where a lone leaf is": LONE | {"leaves": ""},
    "two leaves above the end": LONE
    | {"leaves": format_base64url(key_of("f1") + bytes(32) + key_of("f2") + bytes(32))},
    "the lone leaf lower down": LONE | {"siblings": format_base64url(b"\0\2\1" + bytes([9]) * 32)},
    "a leaf beside the way": LONE | {"leaves": format_base64url(key_of("1") + b"1" * 32)},
    "the leaf of another key": LONE | {"leaves": format_base64url(key_of("f2") + b"2" * 32)},
}


@pytest.mark.parametrize("name", LONE_MANGLED)
def test_a_mangled_bucket_of_a_lone_leaf_is_refused(name):
    error = LONE_WORLD.judge(LONE_MANGLED[name])
    assert isinstance(error, type)
    assert issubclass(error, MalformedError | VerificationError)


@pytest.mark.parametrize("part", ["leaves", "siblings"])
def test_a_bucket_with_any_bit_changed_is_refused(part):
    world = MAPS[17]
    document = format_bucket(world.bucket("" if part == "leaves" else "3"))
    raw = parse_base64url(document[part])
    for bit in range(0, 8 * len(raw), 7):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        error = world.judge(document | {part: format_base64url(bytes(changed))})
        assert isinstance(error, type), bit


@pytest.mark.parametrize("part", ["leaves", "siblings"])
def test_a_bucket_cut_off_anywhere_is_refused(part):
    raw = parse_base64url(HONEST[part])
    for stop in range(len(raw)):
        document = HONEST | {part: format_base64url(raw[:stop])}
        assert isinstance(WORLD.judge(document), type), stop


def test_a_seal_that_counts_other_subjects_is_refused():
    for size, prefix in ((201, ""), (199, ""), (3, "3")):
        world = SealedMap(WORLD.values, size=size)
        assert world.judge(format_bucket(world.bucket(prefix))) is BundleError
    world = SealedMap(WORLD.values, size=5000)
    assert isinstance(world.judge(format_bucket(world.bucket("3"))), dict), "nobody can tell"


def test_a_seal_from_the_future_and_one_that_is_not_the_last_leaf_are_refused():
    assert WORLD.judge(HONEST, START // 1000) == found_below(WORLD.values, "3")
    assert WORLD.judge(HONEST, START // 1000 - 301) is BundleError
    bucket, opened = parse_bucket(HONEST), WORLD.opened()
    proof = replace(bucket.receipt.proof, index=0)
    with pytest.raises(BundleError, match="not the last"):
        verify_bucket(replace(bucket, receipt=replace(bucket.receipt, proof=proof)), opened)
    with pytest.raises((InclusionError, BundleError)):
        verify_bucket(bucket, MAPS[17].opened())


def test_a_bucket_of_an_entry_is_never_made():
    with pytest.raises(TypeError):
        _ = replace(parse_bucket(HONEST), receipt=WORLD.receipt(0)).seal


def test_keys_too_much_alike_are_refused_before_they_are_hashed():
    """A node that makes up keys could otherwise have its clients hash for hours."""
    pairs = [
        sha256(b"%d" % (n // 2)).digest()[:31] + bytes([n % 2]) + bytes(32) for n in range(20_000)
    ]
    with pytest.raises(MapProofError, match="too much alike"):
        hash_subtree(sorted(pairs), 0)


def test_more_subjects_than_a_bucket_holds_are_refused_unread():
    raw = bytes(64 * (MAX_BUCKET_LEAVES + 1))
    with pytest.raises(LimitError, match="at most 65536"):
        parse_bucket(leaves(raw))


def test_making_a_bucket_stops_at_the_most_that_it_holds(monkeypatch):
    monkeypatch.setattr("ledger.core.bucketpages.MAX_BUCKET_LEAVES", 20)
    world = MAPS[200]
    with pytest.raises(LimitError, match="longer one"):
        world.bucket("")
    assert world.bucket("3").count <= 20


def test_only_pages_on_the_way_and_below_are_read():
    world, read = MAPS[200], []

    class Watching:
        def read_page(self, page_id):
            read.append(page_id)
            return world.map.read_page(page_id)

    read_bucket(Watching(), world.map.root, "3", world.receipt(1))
    assert len(read) == len(set(read))
    assert len(read) <= 1 + 2 + sum(1 for _ in found_below(world.values, "3"))
    everything = len(read)
    read.clear()
    read_bucket(Watching(), world.map.root, "", world.receipt(1))
    assert everything < len(read) // 3


def test_pages_in_a_circle_are_a_corruption():
    page = encode_page([encode_inner_slot(bytes([1]) * 32, 7)] + [b""] * 15)
    assert decode_page(page)

    class Circle:
        def read_page(self, page_id):
            return page

    for prefix in ("", "0", "0" * 64):
        with pytest.raises(CorruptionError):
            read_bucket(Circle(), MapRoot(7, bytes(32), 2), prefix, WORLD.receipt(1))


@pytest.mark.parametrize("prefix", ["g", "A", "0" * 65, " 0", "0\n", "٣"])
def test_no_bucket_is_made_of_what_is_no_prefix(prefix):
    with pytest.raises(MalformedError, match="prefix"):
        WORLD.bucket(prefix)

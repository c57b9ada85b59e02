"""Bytes and hashes of the pages of the state map."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.hashing import SUITE
from ledger.core.mappages import (
    INNER_BYTES,
    LEAF_BYTES,
    MAX_NUMBER,
    decode_inner_slot,
    decode_leaf_slot,
    decode_page,
    decode_slot,
    encode_inner_slot,
    encode_leaf_slot,
    encode_page,
    hash_key,
    hash_map_inner,
    hash_map_leaf,
    hash_slots,
)
from ledger.errors import CorruptionError, LimitError, MalformedError
from tests.support.reference_map import EMPTY, inner_hash, leaf_hash

digests = st.binary(min_size=32, max_size=32)
numbers = st.integers(1, MAX_NUMBER)
inner_slots = st.builds(encode_inner_slot, digests, numbers)
leaf_slots = st.builds(encode_leaf_slot, digests, digests, numbers)
any_slots = st.lists(st.just(b"") | inner_slots | leaf_slots, min_size=16, max_size=16)
pages = any_slots.filter(any)

LEAF = encode_leaf_slot(b"k" * 32, b"v" * 32, 7)
INNER = encode_inner_slot(b"h" * 32, 9)
PAGE = encode_page([LEAF, b"", INNER, *[b""] * 12, LEAF])


def slow_hash(slots):
    """`build` of our formats section 6, where an inner slot stands for two leaves or more."""
    occupied = [slot for slot in slots if slot]
    if not occupied:
        return EMPTY
    if len(occupied) == 1 and len(occupied[0]) == LEAF_BYTES:
        return leaf_hash(occupied[0][:32], occupied[0][32:64])
    if len(slots) == 1:
        return slots[0][:32]
    middle = len(slots) // 2
    return inner_hash(slow_hash(slots[:middle]), slow_hash(slots[middle:]))


@given(any_slots)
def test_slots_hash_as_build_says_for_every_part_of_a_page(slots):
    for width in (16, 8, 4, 2, 1):
        for start in range(0, 16, width):
            part = slots[start : start + width]
            assert hash_slots(part, SUITE) == slow_hash(part)


@pytest.mark.parametrize("occupied", range(1, 16))
@pytest.mark.parametrize("leaves", range(16))
def test_every_mix_of_leaves_and_children_in_four_slots_hashes_as_build_says(occupied, leaves):
    slots = [
        b""
        if not occupied >> n & 1
        else bytes([n]) * (LEAF_BYTES if leaves >> n & 1 else INNER_BYTES)
        for n in range(4)
    ]
    page = [*[b""] * 8, *slots, *[b""] * 4]
    assert hash_slots(slots, SUITE) == slow_hash(slots)
    assert hash_slots(page, SUITE) == slow_hash(page)


@given(pages)
def test_encode_then_decode_gives_the_same_slots(slots):
    assert decode_page(encode_page(slots)) == slots


@given(pages)
def test_one_slot_is_that_of_the_whole_page(slots):
    page = encode_page(slots)
    assert [decode_slot(page, n) for n in range(16)] == slots


@given(st.binary(min_size=4, max_size=4), st.integers(-1, 1))
def test_decode_accepts_nothing_that_encode_would_not_write(head, extra):
    occupied, leaves = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:], "big")
    length = INNER_BYTES * occupied.bit_count() + (LEAF_BYTES - INNER_BYTES) * leaves.bit_count()
    page = head + bytes(max(0, length + extra))
    try:
        slots = decode_page(page)
    except CorruptionError:
        assert extra or not occupied or leaves & ~occupied
        return
    assert encode_page(slots) == page


def test_a_page_is_two_bitmaps_and_its_slots():
    number = (7).to_bytes(5, "big")
    leaf = b"k" * 32 + b"v" * 32 + number
    inner = b"h" * 32 + (9).to_bytes(5, "big")
    assert bytes.fromhex("80058001") + leaf + inner + leaf == PAGE


DAMAGES = {
    "nothing": lambda page: b"",
    "three bytes": lambda page: page[:3],
    "only the bitmaps": lambda page: page[:4],
    "one byte missing": lambda page: page[:-1],
    "one byte more": lambda page: page + b"\x00",
    "no slot at all": lambda page: bytes(4),
    "a leaf where no slot is": lambda page: page[:2] + b"\x80\x03" + page[4:] + bytes(32),
    "a slot more than there is": lambda page: b"\xc0" + page[1:],
    "a leaf less than there is": lambda page: page[:2] + b"\x80\x00" + page[4:],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_page_is_corruption(damage):
    with pytest.raises(CorruptionError):
        decode_page(damage(PAGE))
    for n in range(16):
        with pytest.raises(CorruptionError):
            decode_slot(damage(PAGE), n)


def test_slots_read_back():
    assert decode_leaf_slot(LEAF) == (b"k" * 32, b"v" * 32, 7)
    assert decode_inner_slot(INNER) == 9
    assert len(LEAF) == LEAF_BYTES
    assert len(INNER) == INNER_BYTES


def test_a_child_page_never_has_the_id_of_the_empty_map():
    with pytest.raises(CorruptionError):
        decode_inner_slot(encode_inner_slot(bytes(32), 0))


@pytest.mark.parametrize("number", [-1, MAX_NUMBER + 1])
def test_a_number_out_of_range_is_over_the_limit(number):
    with pytest.raises(LimitError):
        encode_leaf_slot(bytes(32), bytes(32), number)
    with pytest.raises(LimitError):
        encode_inner_slot(bytes(32), number)


def test_the_largest_number_fits():
    assert decode_leaf_slot(encode_leaf_slot(bytes(32), bytes(32), MAX_NUMBER))[2] == MAX_NUMBER


@pytest.mark.parametrize("lengths", [(31, 33), (33, 31), (32, 31), (0, 64)])
def test_a_leaf_of_other_lengths_is_our_own_bug(lengths):
    with pytest.raises(AssertionError):
        encode_leaf_slot(bytes(lengths[0]), bytes(lengths[1]), 0)


def test_hashes_are_those_of_sha256sum():
    # printf 'asset/a' | sha256sum; printf '02%s%s' <that> <sha256sum of {}> | xxd -r -p | sha256sum
    key = hash_key("asset/a")
    assert key.hex() == "e3cc92f52ab375393db68cece1087a147274e8aa8a6a3c6eb637f0c0771074d1"
    value = bytes.fromhex("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
    assert (
        hash_map_leaf(key, value).hex()
        == "da69e50ee3872b1c5e5f757851d1da83174f5a0490b5cda940e2350d2b5abcc8"
    )
    assert hash_map_inner(key, value) == inner_hash(key, value)


def test_a_key_that_is_no_text_is_malformed():
    with pytest.raises(MalformedError):
        hash_key("asset/\ud800")

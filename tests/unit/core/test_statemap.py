"""The state map against its slow reference, for insertions, updates, walks and older roots."""

import random
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.mappages import (
    MAX_NUMBER,
    encode_inner_slot,
    encode_leaf_slot,
    encode_page,
    hash_key,
)
from ledger.core.statemap import (
    EMPTY_MAP,
    Change,
    MapRoot,
    find,
    prove,
    reachable_pages,
    update,
    verify_map_proof,
    walk,
)
from ledger.core.types import Digest
from ledger.errors import CorruptionError, LimitError
from tests.support import reference_map
from tests.support.memory_map import MemoryMap

BASES = [bytes(32), b"\xff" * 32, sha256(b"base").digest()]


def twin(key, shared, tail):
    """A key that agrees with `key` on its first `shared` bits, differs in the next one and goes on like `tail`."""
    bit = 1 << (255 - shared)
    number = int.from_bytes(key, "big") & -bit ^ bit | int.from_bytes(tail, "big") & (bit - 1)
    return number.to_bytes(32, "big")


def digest(text):
    return Digest(sha256(str(text).encode()).digest())


POOL = [*BASES, *(twin(BASES[n % 3], 7 * n % 256, digest(n)) for n in range(40))]

digests = st.binary(min_size=32, max_size=32)
keys = st.sampled_from(POOL) | st.builds(twin, st.sampled_from(BASES), st.integers(0, 255), digests)
values = st.sampled_from([digest(n) for n in range(4)])
batches = st.lists(st.dictionaries(keys, values, max_size=8), max_size=6)


@settings(max_examples=50)
@given(batches)
def test_every_batch_gives_the_root_size_and_content_of_the_reference(batches):
    kept, expected = MemoryMap(), {}
    for batch in batches:
        kept.set(batch)
        expected |= batch
        assert kept.root.root == reference_map.build(expected)
        assert kept.root.size == len(expected)
        assert [(key, value) for key, value, _ in walk(kept, kept.root)] == sorted(expected.items())


def test_a_thousand_keys_in_random_batches_follow_the_reference():
    rng = random.Random(6)
    kept, expected = MemoryMap(), {}
    for _ in range(25):
        batch = {rng.randbytes(32): rng.randbytes(32) for _ in range(rng.randrange(80))}
        known = rng.sample(sorted(expected), min(len(expected), rng.randrange(40)))
        batch |= {key: rng.randbytes(32) for key in known}
        kept.set(batch)
        expected |= batch
        assert (kept.root.root, kept.root.size) == (reference_map.build(expected), len(expected))
    assert len(expected) > 500
    for key in [*expected, *(rng.randbytes(32) for _ in range(50))]:
        found = find(kept, kept.root, key)
        assert (found[0] if found else None) == expected.get(key)


@settings(max_examples=50)
@given(st.dictionaries(keys, values, max_size=12), st.data())
def test_neither_order_nor_batching_changes_the_root(content, data):
    items = data.draw(st.permutations(sorted(content.items())))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(items)), max_size=4)))
    in_parts, at_once = MemoryMap(), MemoryMap()
    for start, stop in zip([0, *cuts], [*cuts, len(items)], strict=True):
        in_parts.set(dict(items[start:stop]))
    at_once.set(content)
    assert in_parts.root.root == at_once.root.root
    assert in_parts.root.size == at_once.root.size


@settings(max_examples=50)
@given(
    st.dictionaries(keys, values, max_size=12),
    st.dictionaries(keys, values, max_size=12),
    st.data(),
)
def test_the_order_of_a_batch_changes_neither_pages_nor_ids(before, batch, data):
    kept = MemoryMap()
    kept.set(before)
    changes = [Change(key, value, n) for n, (key, value) in enumerate(batch.items())]
    shuffled = data.draw(st.permutations(changes))
    assert update(kept, kept.root, changes, 900) == update(kept, kept.root, shuffled, 900)


@pytest.mark.parametrize("shared", range(256))
def test_two_keys_that_share_any_number_of_bits_are_found_and_proved(shared):
    one = BASES[2]
    other, third = (twin(one, shared, digest(n)) for n in range(2))
    kept = MemoryMap()
    kept.set({one: digest(1)})
    kept.set({other: digest(2)})
    assert kept.root.root == reference_map.build({one: digest(1), other: digest(2)})
    assert find(kept, kept.root, one) == (digest(1), 0)
    assert find(kept, kept.root, other) == (digest(2), 1)
    proof = prove(kept, kept.root, one)
    assert proof == reference_map.prove({one: digest(1), other: digest(2)}, one)
    assert int.from_bytes(proof[:2], "big") == shared + 1
    verify_map_proof(root=kept.root.root, key_hash=one, value_hash=digest(1), proof=proof)
    if third != other:
        absence = prove(kept, kept.root, third)
        verify_map_proof(root=kept.root.root, key_hash=third, value_hash=None, proof=absence)


def test_the_empty_map_has_no_page_and_proves_every_absence():
    kept = MemoryMap()
    assert kept.root == EMPTY_MAP == MapRoot(0, Digest(bytes(32)), 0)
    assert find(kept, kept.root, digest(1)) is None
    assert list(walk(kept, kept.root)) == list(reachable_pages(kept, kept.root)) == []
    assert prove(kept, kept.root, digest(1)) == b"\x00\x00\x00"


def test_one_leaf_is_the_root_and_lies_at_depth_0():
    # the commands are beside the same hash in test_mappages
    kept = MemoryMap()
    key, value = hash_key("asset/a"), Digest(sha256(b"{}").digest())
    result = kept.apply([Change(key, value, 5)])
    assert (
        kept.root.root.hex() == "da69e50ee3872b1c5e5f757851d1da83174f5a0490b5cda940e2350d2b5abcc8"
    )
    assert result.pages == [(1, encode_page(slots_with(14, encode_leaf_slot(key, value, 5))))]
    assert prove(kept, kept.root, key) == b"\x00\x00\x01" + key + value


# leaf() { printf '02%s%s' $(printf $1 | sha256sum | cut -c1-64) $(printf {} | sha256sum | cut -c1-64) | xxd -r -p | sha256sum | cut -c1-64; }
# inner() { printf '03%s%s' $1 $2 | xxd -r -p | sha256sum | cut -c1-64; }; E=$(printf %064d 0)
BY_HAND = {
    # inner $(leaf asset/h) $(inner $(leaf asset/e) $(leaf asset/a))
    "aeh": "d853071b1ffe4bde14374f115bcb9658a42f7b4534d73b710377ec55573c4d19",
    # inner $E $(inner $E $(inner $(leaf asset/c) $(leaf asset/a)))
    "ac": "25b2e65506a01e1e52dbd22f5b3271fb8c125f8d7f284fbcf6a7adaad0236625",
}


@pytest.mark.parametrize("names", BY_HAND)
def test_roots_are_those_of_sha256sum(names):
    kept = MemoryMap()
    kept.set({hash_key(f"asset/{name}"): digest("{}") for name in names})
    assert kept.root.root.hex() == BY_HAND[names]


def test_a_new_value_replaces_the_old_locator_and_counts_no_new_key():
    kept = MemoryMap()
    kept.apply([Change(digest(n), digest(0), n) for n in range(100)])
    result = kept.apply([Change(digest(n), digest(1), 100 + n) for n in range(90, 110)])
    assert sorted(result.replaced_locators) == list(range(90, 100))
    assert kept.root.size == 110
    assert {locator for _, _, locator in walk(kept, kept.root)} == set(range(90)) | set(
        range(190, 210)
    )


def test_no_change_gives_the_same_root_and_no_page():
    kept = MemoryMap()
    kept.set({digest(1): digest(2)})
    result = update(kept, kept.root, [], 77)
    assert (result.root, result.pages, result.replaced) == (kept.root, [], [])
    assert (result.replaced_locators, result.next_page_id) == ([], 77)


def test_older_roots_stay_readable():
    kept, roots = MemoryMap(), []
    for n in range(30):
        kept.set({digest(n): digest("old"), digest(n // 2): digest(n)})
        roots.append((kept.root, list(walk(kept, kept.root))))
    for root, content in roots:
        assert list(walk(kept, root)) == content
        assert root.size == len(content)
        assert root.root == reference_map.build({key: value for key, value, _ in content})


def test_locators_and_ids_are_in_no_hash():
    low, high = MemoryMap(), MemoryMap()
    high.next_page_id = MAX_NUMBER - 1000
    low.apply([Change(digest(n), digest(0), n) for n in range(50)])
    high.apply([Change(digest(n), digest(0), MAX_NUMBER - n) for n in range(50)])
    assert low.root.root == high.root.root


def test_loading_in_sorted_parts_writes_hardly_more_pages_than_one_batch():
    content = dict(sorted((digest(n), digest(-n)) for n in range(2000)))
    at_once, in_parts = MemoryMap(), MemoryMap()
    at_once.set(content)
    items = list(content.items())
    for start in range(0, 2000, 250):
        in_parts.set(dict(items[start : start + 250]))
    assert in_parts.root.root == at_once.root.root
    assert len(in_parts.pages) - len(at_once.pages) < 7 * 4, "each part rewrites its edge only"


BUGS = {
    "a key twice": ([Change(digest(1), digest(1), 1), Change(digest(1), digest(2), 2)], 9),
    "a short key": ([Change(digest(1)[:31], digest(1), 1)], 9),
    "a long value": ([Change(digest(1), digest(1) + b"x", 1)], 9),
    "a page id in use": ([Change(digest(1), digest(1), 1)], 1),
    "page id 0": ([], 0),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_of_the_caller_is_not_taken_for_input(bug):
    kept = MemoryMap()
    kept.set({digest(0): digest(0)})
    changes, next_page_id = BUGS[bug]
    with pytest.raises(AssertionError):
        update(kept, kept.root, changes, next_page_id)


def test_numbers_beyond_40_bits_are_over_the_limit():
    with pytest.raises(LimitError):
        update(MemoryMap(), EMPTY_MAP, [Change(digest(1), digest(1), MAX_NUMBER + 1)], 1)
    with pytest.raises(LimitError):
        update(MemoryMap(), EMPTY_MAP, [Change(digest(1), digest(1), 1)], MAX_NUMBER + 1)


def slots_with(n, slot):
    return [slot if at == n else b"" for at in range(16)]


def test_pages_in_a_circle_are_corruption():
    kept = MemoryMap()
    kept.pages[1] = encode_page(slots_with(0, encode_inner_slot(bytes(32), 1)))
    root = MapRoot(1, Digest(bytes(32)), 2)
    with pytest.raises(CorruptionError):
        find(kept, root, Digest(bytes(32)))
    with pytest.raises(CorruptionError):
        list(walk(kept, root))
    with pytest.raises(CorruptionError):
        update(kept, root, [Change(Digest(bytes(32)), digest(1), 1)], 2)


def test_a_leaf_in_the_slot_of_another_key_is_corruption():
    kept = MemoryMap()
    key = digest(1)
    misplaced = twin(key, 0, key)
    kept.pages[1] = encode_page(slots_with(key[0] >> 4, encode_leaf_slot(misplaced, key, 0)))
    for value in (key, digest(2)):
        with pytest.raises(CorruptionError):
            update(kept, MapRoot(1, Digest(bytes(32)), 1), [Change(key, value, 1)], 2)

"""What `ledger.storage.base.Store` promises, held against every store."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from ledger.core.execution import EMPTY_HEAD, BlockBuilder
from ledger.core.mappages import hash_key
from ledger.core.merkle import read_root
from ledger.core.rules import Listing
from ledger.core.state import parse_state
from ledger.core.statemap import find, reachable_pages, walk
from ledger.core.tiles import TileNodeReader
from ledger.errors import ConflictError, NotFoundError
from ledger.storage.base import COLUMNS, DERIVED, KEPT_BLOCKS, PRUNE_EVERY, Table
from ledger.storage.sqlite import SqliteStore
from tests.support import reference
from tests.support.ledgers import build_block, execute_again, fill, put, toy_key, write_block
from tests.support.log_builder import AUTHOR, START, MemoryLog
from tests.support.toy_rules import ToyRules

A, B, C = (toy_key(name) for name in "ABC")


def contents(store):
    """Everything that a store keeps."""
    return {table: list(store.iterate_rows(table)) for table in Table}


# durable


def test_an_empty_store_has_the_empty_head(driver):
    for reach in (lambda: driver.store, driver.reopen):
        store = reach()
        assert store.read_head() == EMPTY_HEAD
        assert store.read_leaves(0, 10) == []
        assert store.read_checkpoint() is None
        assert list(store.iterate_blocks()) == []
        assert store.read_tile(0, 0) == b""
        assert all(rows == [] for rows in contents(store).values())


def test_what_was_appended_is_there_after_reopening(driver):
    block = write_block(driver.store, put(1), put(2), documents={"d": b"document"})
    driver.store.save_checkpoint(3, b"note 3")
    before = contents(driver.store)
    store = driver.reopen()
    assert store.read_leaves(0, 9) == block.leaves
    assert store.read_head() == block.head
    assert store.read_checkpoint() == b"note 3"
    assert store.read_document("d") == b"document"
    assert contents(store) == before


def test_a_second_handle_sees_what_the_first_has_written(driver):
    second = driver.another()
    block = write_block(driver.store, put(1))
    assert second.read_head() == block.head
    assert second.read_leaves(0, 2) == block.leaves


def test_the_log_goes_on_after_reopening_as_without(driver):
    straight = MemoryLog()
    for number in range(6):
        store = driver.store if number < 3 else driver.reopen()
        assert write_block(store, put(number, A, B)) == straight.write(put(number, A, B))
    assert driver.reopen().read_head() == straight.head


# all or nothing, ordered, guarded


def test_leaves_are_read_back_as_they_were_by_half_open_ranges(store):
    fill(store, blocks=3)
    leaves = store.read_leaves(0, 9)
    assert len(leaves) == 9
    for start in range(11):
        for stop in range(start, 12):
            assert store.read_leaves(start, stop) == leaves[start:stop]


def test_second_writer_with_the_same_size_loses_and_writes_nothing(driver):
    first, second = driver.store, driver.another()
    fill(first, blocks=1)
    ours, theirs = build_block(first, put(10)), build_block(second, put(11), put(12))
    first.append(ours, expected_size=3, documents={})
    before = contents(first)
    with pytest.raises(ConflictError) as caught:
        second.append(theirs, expected_size=3, documents={"d": b"document"})
    assert caught.value.size_now == 5
    assert contents(second) == contents(first) == before
    assert second.read_document("d") is None


def test_the_loser_loads_again_and_wins(driver):
    first, second = driver.store, driver.another()
    lost = build_block(second, put(2))
    write_block(first, put(1))
    with pytest.raises(ConflictError):
        second.append(lost, expected_size=0, documents={})
    write_block(second, put(2))
    assert first.read_head() == second.read_head()
    assert first.read_head().size == 4


@pytest.mark.parametrize("expected_size", [0, 2, 4, 5])
def test_an_append_at_any_other_size_is_refused(store, expected_size):
    fill(store, blocks=1)
    block = build_block(store, put(9))
    before = contents(store)
    with pytest.raises(ConflictError) as caught:
        store.append(block, expected_size=expected_size, documents={})
    assert caught.value.size_now == 3
    assert contents(store) == before


# what is read back


def test_every_root_of_the_log_is_that_of_its_leaves(store):
    fill(store, blocks=9, per_block=40)
    leaves = store.read_leaves(0, 9 * 41)
    for row in store.iterate_blocks():
        root = read_root(TileNodeReader(store), row.size)
        assert root == reference.mth(leaves[: row.size])
        assert store.read_block(row.size) == row
    assert [row.height for row in store.iterate_blocks()] == list(range(9))


@pytest.mark.parametrize("size", [-1, 0, 1, 2, 4, 7, 10**6, 2**63, 10**30])
def test_no_block_ends_elsewhere(store, size):
    fill(store, blocks=2)
    with pytest.raises(NotFoundError):
        store.read_block(size)


def hurry(store):
    """Let a store that keeps files leave out the fsync; this test does not pull the plug."""
    if isinstance(store, SqliteStore):
        store._db.execute("PRAGMA synchronous = OFF")
    return store


def test_more_than_a_thousand_blocks_are_iterated(store):
    hurry(store)
    fill(store, blocks=1003, per_block=1, subjects=2)
    assert [row.size for row in store.iterate_blocks()] == list(range(2, 2008, 2))


def test_a_tile_that_is_not_there_is_empty(store):
    fill(store, blocks=1, per_block=300)
    assert len(store.read_tile(0, 0)) == 256 * 32
    assert len(store.read_tile(0, 1)) == 45 * 32
    assert len(store.read_tile(1, 0)) == 32
    for level, index in ((0, 2), (1, 1), (2, 0), (7, 7), (0, 2**48), (63, 2**62)):
        assert store.read_tile(level, index) == b"", (level, index)


def test_events_are_found_by_their_whole_id(store):
    first, second = put(1), put(2)
    write_block(store, first, second)
    write_block(store, put(3))
    assert store.find_event(bytes.fromhex(first.id)) == 0
    assert store.find_event(bytes.fromhex(second.id)) == 1
    assert store.find_event(bytes.fromhex(put(4).id)) is None


def test_events_with_the_same_first_eight_bytes_are_told_apart(store):
    events = [put(number) for number in range(3)]
    honest = build_block(store, *events)
    prefix = bytes.fromhex(events[0].id)[:8]
    ids = [prefix + bytes.fromhex(signed.id)[8:] for signed in events]
    colliding = replace(honest, event_ids=ids)
    store.append(colliding, expected_size=0, documents={})
    assert store.find_event(bytes.fromhex(events[0].id)) == 0
    for wrong in (*ids[1:], prefix + bytes(24), prefix):
        assert store.find_event(wrong) is None, "the prefix is there, the event is not"


def test_an_event_whose_prefix_is_negative_is_found(store):
    signed = next(put(n) for n in range(99) if bytes.fromhex(put(n).id)[0] >= 0x80)
    write_block(store, signed)
    assert store.find_event(bytes.fromhex(signed.id)) == 0
    assert [row[1] for row in store.iterate_rows(Table.EVENT)] == [0]


def test_states_and_histories_follow_the_log(store):
    log = MemoryLog()
    for number in range(12):
        keys = {toy_key(number % 5), toy_key(number % 3), A}
        write_block(store, put(number, *keys))
        log.write(put(number, *keys))
    root = store.read_head().map_root
    assert root == log.head.map_root
    for key in log.keys:
        stored = store.read_stored_state(root, key)
        assert stored == log.read_stored_state(root, key)
        assert stored.number == log.keys.index(key)
        places = log.histories[stored.number]
        for start in range(len(places) + 1):
            assert store.read_history(stored.number, start, start + 2) == places[start : start + 2]
    assert store.read_stored_state(root, toy_key("unknown")) is None
    assert store.read_history(99, 0, 10) == []


def test_an_older_root_still_gives_the_older_states(store):
    first = write_block(store, put(1, A)).head.map_root
    second = write_block(store, put(2, A, B)).head.map_root
    values = [
        parse_state(_json(store.read_stored_state(root, A))).state.body["value"]
        for root in (first, second)
    ]
    assert values == [1, 2]
    assert store.read_stored_state(first, B) is None


def _json(stored):
    return json.loads(stored.raw)


def test_subjects_are_found_by_prefix_in_order(store):
    keys = sorted(toy_key(n) for n in range(20))
    for number, key in enumerate(reversed(keys)):
        write_block(store, put(number, key))
    write_block(store, put(99, toy_key(1, "grant")))
    assert store.find_subjects("asset/", 100) == keys
    assert store.find_subjects("asset/", 3) == keys[:3]
    assert store.find_subjects(keys[4][:9], 100) == [k for k in keys if k.startswith(keys[4][:9])]
    assert store.find_subjects(keys[4], 100) == [keys[4]]
    assert len(store.find_subjects("", 100)) == 21
    for nothing in ("asset/!", "asset0", "zzz", "asset/\U0010ffff", "\ud800", "%", "asset/_"):
        assert store.find_subjects(nothing, 100) == []
    assert store.find_subjects("asset/", 0) == []
    assert store.find_subjects("asset/", 3, keys[2]) == keys[3:6]
    assert store.find_subjects("asset/", 100, keys[-1]) == []
    assert store.find_subjects("asset/", 100, "asset/é") == []


# kept, and pruned after


def blocks_of_one_subject(store, count):
    """Blocks that all change A; the roots after each."""
    return [write_block(store, put(number, A, B)).head.map_root for number in range(count)]


@pytest.mark.slow
def test_pages_and_states_are_kept_for_256_blocks_and_pruned_after(driver):
    count = KEPT_BLOCKS + 2 * PRUNE_EVERY
    roots = blocks_of_one_subject(hurry(driver.store), count)
    store = driver.reopen()
    for root in roots[-KEPT_BLOCKS:]:
        assert {key for key, _, _ in walk(store, root)} == {hash_key(A), hash_key(B)}
        assert store.read_stored_state(root, A) is not None
    for root in roots[:-KEPT_BLOCKS]:
        with pytest.raises(NotFoundError):
            list(reachable_pages(store, root))
        with pytest.raises(NotFoundError):
            store.read_stored_state(root, A)


@pytest.mark.slow
def test_pruning_leaves_nothing_behind_and_takes_nothing_too_much(store):
    fill(hurry(store), blocks=5 * PRUNE_EVERY + KEPT_BLOCKS + 3, per_block=1, subjects=7)
    roots = [row.map_root for row in store.iterate_blocks()]
    height = len(roots)
    kept = roots[height - height % PRUNE_EVERY - KEPT_BLOCKS :]
    pages = {page for root in kept for page in reachable_pages(store, root)}
    locators = {locator for root in kept for _, _, locator in walk(store, root)}
    assert {row[0] for row in store.iterate_rows(Table.PAGE)} == pages
    assert {row[0] for row in store.iterate_rows(Table.STATE)} == locators
    assert len({row[0] for row in store.iterate_rows(Table.HISTORY)}) == 7
    assert len(list(store.iterate_rows(Table.HISTORY))) == height


def test_a_pruned_page_is_not_remembered_by_whoever_read_it_late(store):
    """Reading an old root again must not bring back what pruning takes away."""
    first = blocks_of_one_subject(hurry(store), KEPT_BLOCKS)[0]
    assert store.read_stored_state(first, A) is not None
    for number in range(PRUNE_EVERY):
        write_block(store, put(KEPT_BLOCKS + number, A, B))
    with pytest.raises(NotFoundError):
        store.read_stored_state(first, A)


def kept_roots(store):
    """Heights whose map can still be read whole."""
    heights = []
    for row in store.iterate_blocks():
        try:
            list(reachable_pages(store, row.map_root))
            heights += [row.height] if store.read_stored_state(row.map_root, A) else []
        except NotFoundError:
            continue
    return heights


@pytest.mark.slow
def test_pages_are_held_from_a_size_on_and_given_up_later(driver, monkeypatch):
    for module in ("ledger.storage.writing", "tests.support.memory_store"):
        monkeypatch.setattr(f"{module}.KEPT_BLOCKS", 4)
        monkeypatch.setattr(f"{module}.PRUNE_EVERY", 2)
        monkeypatch.setattr(f"{module}.MAX_PRUNED_BLOCKS", 4)
    store = hurry(driver.store)
    sizes = [block.head.size for block in write_blocks(store, 0, 3)]
    store.save_checkpoint(sizes[1], b"note", is_held=True)
    write_blocks(store, 3, 14)
    store = hurry(driver.reopen())
    assert store.read_hold() == sizes[1]
    assert kept_roots(store) == list(range(1, 14)), "all from the held one on"
    store.hold_pages(None)
    assert store.read_hold() is None
    write_blocks(store, 14, 16)
    assert kept_roots(store) == list(range(5, 16)), "by and by"
    write_blocks(store, 16, 24)
    assert kept_roots(store) == list(range(20, 24)), "as without a hold"
    execute_again(store)


@pytest.mark.slow
def test_a_hold_beyond_the_newest_blocks_gives_up_nothing_more(store, monkeypatch):
    for module in ("ledger.storage.writing", "tests.support.memory_store"):
        monkeypatch.setattr(f"{module}.KEPT_BLOCKS", 4)
        monkeypatch.setattr(f"{module}.PRUNE_EVERY", 2)
    blocks = write_blocks(hurry(store), 0, 12)
    for size in (blocks[-1].head.size, 10**6):
        store.hold_pages(size)
        assert store.read_hold() == size
        blocks += write_blocks(store, len(blocks), len(blocks) + 2)
    assert kept_roots(store) == list(range(12, 16))


@pytest.mark.slow
def test_a_hold_that_comes_too_late_holds_what_is_still_there(store, monkeypatch):
    """As when witnesses wake up only after the pages of what they cosign are gone."""
    for module in ("ledger.storage.writing", "tests.support.memory_store"):
        monkeypatch.setattr(f"{module}.KEPT_BLOCKS", 4)
        monkeypatch.setattr(f"{module}.PRUNE_EVERY", 2)
    blocks = write_blocks(hurry(store), 0, 12)
    store.save_checkpoint(blocks[2].head.size, b"note", is_held=True)
    assert store.read_hold() == blocks[8].head.size, "the oldest one that is whole"
    write_blocks(store, 12, 20)
    assert kept_roots(store) == list(range(8, 20))


def write_blocks(store, first, stop):
    return [write_block(store, put(number, A, B)) for number in range(first, stop)]


# documents, checkpoints, listings


def test_a_document_never_changes(store):
    write_block(store, put(1), documents={"d": b"first", "e": b"other"})
    write_block(store, put(2), documents={"d": b"second", "f": b"new"})
    assert [store.read_document(digest) for digest in "defg"] == [b"first", b"other", b"new", None]
    assert list(store.iterate_rows(Table.DOCUMENT)) == [
        ("d", b"first"),
        ("e", b"other"),
        ("f", b"new"),
    ]


def test_the_newest_checkpoint_is_the_one_of_the_largest_size(store):
    for size in (2, 8, 4):
        store.save_checkpoint(size, b"note %d" % size)
    store.save_checkpoint(4, b"note 4, cosigned")
    assert store.read_checkpoint() == b"note 8"
    assert store.read_checkpoint(4) == b"note 4, cosigned"
    assert store.read_checkpoint(3) is None
    assert [size for size, _ in store.iterate_rows(Table.CHECKPOINT)] == [2, 4, 8]


def test_a_listing_follows_the_newest_state(store):
    key = toy_key(1)
    write_block(store, put(1, key))
    write_block(store, put(2, key, SELF_LIKE))
    assert store.read_listing(key) == Listing(key, "set 2 times", ("2",))
    assert store.read_listing(SELF_LIKE) is None, "these rules list assets only"


SELF_LIKE = "ledger/self"


class Forgetful(ToyRules):
    """Lists a subject until its value is null."""

    def describe(self, key, state):
        value = state.body["value"]
        return None if value is None else Listing(str(value), "listed", (f"号{value}",))


def test_a_subject_that_is_no_longer_listed_is_no_longer_found(driver):
    rules = Forgetful()
    write_block(
        driver.store, AUTHOR.put(A, value="alpha"), AUTHOR.put(B, value="alpha b"), rules=rules
    )
    assert {key for key, _ in search(driver.store, "alpha")} == {A, B}
    write_block(driver.store, AUTHOR.put(A, value=None), AUTHOR.put(C, value=None), rules=rules)
    for reach in (lambda: driver.store, driver.reopen):
        store = reach()
        assert store.read_listing(A) is None
        assert [key for key, _ in search(store, "alpha")] == [B]
    write_block(store, AUTHOR.put(A, value="again"), rules=rules)
    assert [key for key, _ in search(store, "again")] == [A]
    store.check()


def search(store, text, kind=None, limit=100):
    return store.search_listings(text, kind=kind, limit=limit)


# rows


def test_rows_have_their_columns_and_ascend_by_their_key(store):
    fill(store, blocks=4, per_block=5, subjects=3)
    store.save_checkpoint(6, b"note")
    write_block(store, put(99), documents={"d": b"1", "c": b"2"})
    for table in Table:
        rows = list(store.iterate_rows(table))
        keys = [row[: table.key_columns] for row in rows]
        assert rows, table
        assert {len(row) for row in rows} == {len(COLUMNS[table])}, table
        assert keys == sorted(set(keys)), table


def test_rows_can_be_read_from_a_number_on(store):
    fill(store, blocks=4, per_block=5, subjects=3)
    for table in (*DERIVED[:1], Table.ENTRY, Table.PAGE, Table.STATE, Table.STALE):
        rows = list(store.iterate_rows(table))
        for start in (0, 1, 3, 10, 10**6):
            assert list(store.iterate_rows(table, start)) == [r for r in rows if r[0] >= start]


def test_a_store_that_was_only_appended_to_is_sound(store):
    fill(store, blocks=3, subjects=2)
    assert store.check() is None


def test_a_snapshot_does_not_move_while_another_writes(driver):
    fill(driver.store, blocks=2)
    reader = driver.another()
    with reader.snapshot():
        before = contents(reader)
        if reader is not driver.store:  # with one handle nobody else can write
            fill(driver.store, blocks=2, first=10)
        assert contents(reader) == before
        assert reader.read_head().height == 2
    assert contents(reader) == contents(driver.store)


def test_two_stores_given_the_same_blocks_hold_the_same_rows(store):
    other = MemoryLog()
    for number in range(40):
        write_block(store, put(number, toy_key(number % 7)))
        other.write(put(number, toy_key(number % 7)))
    assert dict(store.iterate_rows(Table.PAGE)) == other.pages
    states = [s for _, s in sorted(other.states.items())]
    rows = list(store.iterate_rows(Table.STATE))
    assert rows == [(s.locator, s.number, s.raw.decode(), s.frontier) for s in states]
    builder = BlockBuilder(store.read_head(), store, ToyRules())
    builder.add(put(99), START + 10**6)
    assert builder.build().seal.prev == other.head.seal_hash
    assert sha256(store.read_leaves(0, 1)[0]).digest() == sha256(other.leaves[0]).digest()
    found = find(store, store.read_head().map_root, hash_key(toy_key(0)))
    assert found == find(other, other.head.map_root, hash_key(toy_key(0)))

"""The state map: the state of every subject under one root, with proofs of what is there or not.

A leaf-compressed sparse Merkle tree (our formats, section 6), kept in the pages of
`ledger.core.mappages`. Nothing here stores anything: the caller gives a `PageReader` and keeps
the pages that an update returns. Old pages stay valid, so every older root can still be read for
as long as its pages are kept. Keys are never removed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ledger.core.hashing import SUITE, Suite
from ledger.core.limits import MAX_MAP_DEPTH
from ledger.core.mappages import (
    INNER_BYTES,
    LEAF_BYTES,
    SLOTS,
    decode_inner_slot,
    decode_leaf_slot,
    decode_page,
    decode_slot,
    descend_page,
    encode_inner_slot,
    encode_leaf_slot,
    encode_page,
    hash_slots,
)
from ledger.core.mapproof import encode_map_proof, verify_map_proof
from ledger.core.text import DIGEST_BYTES
from ledger.core.types import Digest
from ledger.errors import CorruptionError

__all__ = (
    "EMPTY_MAP",
    "Change",
    "MapRoot",
    "MapUpdate",
    "PageReader",
    "find",
    "prove",
    "reachable_pages",
    "update",
    "verify_map_proof",
    "walk",
)

_PAGE_LEVELS: Final = MAX_MAP_DEPTH // 4


@dataclass(frozen=True, slots=True)
class MapRoot:
    """One state of the whole map.

    Args:
        page_id: Page at the top; 0 for the empty map, which has none.
        root: `seal.state.root`.
        size: Number of keys, `seal.state.size`.
    """

    page_id: int
    root: Digest
    size: int


EMPTY_MAP: Final = MapRoot(page_id=0, root=SUITE.map_empty, size=0)


class PageReader(Protocol):
    """Gives back the pages that updates returned."""

    def read_page(self, page_id: int) -> bytes:
        """Bytes of a page, unchanged.

        Raises:
            LedgerError: As the store documents it, such as a page that was pruned.
        """
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """A new value of a key, whether the key is new or not.

    Args:
        key_hash: Result of hash_key, 32 bytes.
        value_hash: SHA-256 of the value's canonical bytes, 32 bytes.
        locator: Where the caller keeps the value, 0 <= locator < 2**40; no part of any hash.
    """

    key_hash: Digest
    value_hash: Digest
    locator: int


@dataclass(frozen=True, slots=True)
class MapUpdate:
    """What the caller has to store, in one transaction.

    Args:
        root: The map after the changes.
        pages: New pages by id, ascending and without gaps; the last one is `root.page_id`.
        replaced: Ids of pages that only older roots still need.
        replaced_locators: Locators that only older roots still need.
        next_page_id: First id that is still free.
    """

    root: MapRoot
    pages: Sequence[tuple[int, bytes]]
    replaced: Sequence[int]
    replaced_locators: Sequence[int]
    next_page_id: int


def update(
    reader: PageReader,
    root: MapRoot,
    changes: Iterable[Change],
    next_page_id: int,
    suite: Suite = SUITE,
) -> MapUpdate:
    """Set the values of some keys.

    The result, page ids included, is a function of the map, the set of changes and next_page_id:
    the order of the changes does not matter. To load a very large map, give it in several calls
    with sorted changes: each rewrites only a few pages of the one before.

    Args:
        reader: Gives the pages under root.
        root: The map before; stays readable.
        changes: Each key at most once.
        next_page_id: First free page id, larger than any in use and than 0.
        suite: Hash function and tags.

    Raises:
        AssertionError: A key twice, a hash that is not 32 bytes, a page id in use.
        LimitError: A locator or a page id is not below 2**40.
        CorruptionError: The pages contradict themselves.
        LedgerError: What the reader raises.

    Cost: reads and writes each page on the way to a changed key once; at most 31 hashes per page.
    """
    if next_page_id <= root.page_id:
        raise AssertionError("page ids ascend: the next one is larger than the root's")
    leaves = sorted(encode_leaf_slot(c.key_hash, c.value_hash, c.locator) for c in changes)
    if len({leaf[:DIGEST_BYTES] for leaf in leaves}) != len(leaves):
        raise AssertionError("a batch changes each key once")
    batch = _Batch(reader, next_page_id, suite)
    if not leaves:
        return batch.finish(root)
    slot = batch.change(root.page_id, leaves, 0) if root.page_id else batch.create(leaves, 0)
    added = len(leaves) - len(batch.replaced_locators)
    top = MapRoot(decode_inner_slot(slot), Digest(slot[:DIGEST_BYTES]), root.size + added)
    return batch.finish(top)


class _Batch:
    """One walk down to the changed keys; collects new pages, children before their parent."""

    __slots__ = ("next_page_id", "pages", "reader", "replaced", "replaced_locators", "suite")

    def __init__(self, reader: PageReader, next_page_id: int, suite: Suite) -> None:
        self.reader = reader
        self.next_page_id = next_page_id
        self.suite = suite
        self.pages: list[tuple[int, bytes]] = []
        self.replaced: list[int] = []
        self.replaced_locators: list[int] = []

    def finish(self, root: MapRoot) -> MapUpdate:
        """Everything collected."""
        return MapUpdate(root, self.pages, self.replaced, self.replaced_locators, self.next_page_id)

    def change(self, page_id: int, leaves: Sequence[bytes], level: int) -> bytes:
        """Write a successor of a page; gives the slot that points to it."""
        slots = _read_slots(self.reader, page_id, level)
        self.replaced.append(page_id)
        for n, group in _by_slot(leaves, level):
            slots[n] = self._change_slot(slots[n], group, level + 1)
        return self._append(slots)

    def create(self, leaves: Sequence[bytes], level: int) -> bytes:
        """Write a page where there was none; gives the slot that points to it.

        Raises:
            CorruptionError: Two keys are the same from here to their end, so that one of them, an
                old leaf, lies in the wrong slot.
        """
        if level >= _PAGE_LEVELS:
            raise CorruptionError("a leaf of the state map lies in the slot of another key")
        slots = [b""] * SLOTS
        for n, group in _by_slot(leaves, level):
            slots[n] = group[0] if len(group) == 1 else self.create(group, level + 1)
        return self._append(slots)

    def _change_slot(self, slot: bytes, leaves: list[bytes], level: int) -> bytes:
        if len(slot) == INNER_BYTES:
            return self.change(decode_inner_slot(slot), leaves, level)
        if slot:
            leaves = self._merge(slot, leaves)
        return leaves[0] if len(leaves) == 1 else self.create(leaves, level)

    def _merge(self, old: bytes, leaves: list[bytes]) -> list[bytes]:
        key_hash, _, locator = decode_leaf_slot(old)
        if any(leaf.startswith(key_hash) for leaf in leaves):
            self.replaced_locators.append(locator)
            return leaves
        return [*leaves, old]

    def _append(self, slots: Sequence[bytes]) -> bytes:
        page_id = self.next_page_id
        self.next_page_id += 1
        self.pages.append((page_id, encode_page(slots)))
        return encode_inner_slot(hash_slots(slots, self.suite), page_id)


def find(reader: PageReader, root: MapRoot, key_hash: Digest) -> tuple[Digest, int] | None:
    """Value hash and locator of a key, or None if the map does not hold it.

    Args:
        reader: Gives the pages under root.
        root: The map to look into.
        key_hash: Result of hash_key, 32 bytes.

    Raises:
        CorruptionError: The pages contradict themselves.
        LedgerError: What the reader raises.
    """
    slot = _find_end(reader, root, key_hash)
    if not slot:
        return None
    found, value_hash, locator = decode_leaf_slot(slot)
    return (value_hash, locator) if found == key_hash else None


def prove(reader: PageReader, root: MapRoot, key_hash: Digest, suite: Suite = SUITE) -> bytes:
    """Proof of what the map holds for a key, be it a value or nothing.

    Args:
        reader: Gives the pages under root.
        root: The map to look into.
        key_hash: Result of hash_key, 32 bytes.
        suite: Hash function and tags.

    Returns:
        At most MAX_MAP_PROOF_BYTES; about 0.7 kB among a million keys.

    Raises:
        CorruptionError: The pages contradict themselves.
        LedgerError: What the reader raises.

    Spec: our formats section 6.
    """
    siblings: list[Digest] = []
    end = b""
    for slots, n in _walk_down(reader, root, key_hash):
        beside, end = descend_page(slots, n, suite)
        siblings += beside
    return encode_map_proof(siblings, end[: 2 * DIGEST_BYTES], suite)


def walk(reader: PageReader, root: MapRoot) -> Iterator[tuple[Digest, Digest, int]]:
    """Key hash, value hash and locator of every key, ascending by key hash.

    Args:
        reader: Gives the pages under root, each asked for once.
        root: The map to read.

    Raises:
        CorruptionError: The pages contradict themselves.
        LedgerError: What the reader raises.
    """
    for slot in _walk_slots(reader, root):
        if len(slot) == LEAF_BYTES:
            yield decode_leaf_slot(slot)


def reachable_pages(reader: PageReader, root: MapRoot) -> Iterator[int]:
    """Id of every page under a root, each once, parents before their children.

    Args:
        reader: Gives the pages under root, each asked for once.
        root: The map to read.

    Raises:
        CorruptionError: The pages contradict themselves.
        LedgerError: What the reader raises.
    """
    for slot in _walk_slots(reader, root):
        if len(slot) == INNER_BYTES:
            yield decode_inner_slot(slot)


def _walk_slots(reader: PageReader, root: MapRoot) -> Iterator[bytes]:
    if not root.page_id:
        return
    waiting = [(encode_inner_slot(root.root, root.page_id), 0)]
    while waiting:
        slot, level = waiting.pop()
        yield slot
        if len(slot) == INNER_BYTES:
            slots = _read_slots(reader, decode_inner_slot(slot), level)
            waiting += [(below, level + 1) for below in reversed(slots) if below]


def _find_end(reader: PageReader, root: MapRoot, key_hash: Digest) -> bytes:
    """The slot that the way to a key ends at: a leaf, be it of another key, or `b""`."""
    page_id, level, slot = root.page_id, 0, b""
    while page_id:
        slot = decode_slot(_read_page(reader, page_id, level), _slot_number(key_hash, level))
        page_id = decode_inner_slot(slot) if len(slot) == INNER_BYTES else 0
        level += 1
    return slot


def _walk_down(
    reader: PageReader, root: MapRoot, key_hash: Digest
) -> Iterator[tuple[list[bytes], int]]:
    """Slots of each page on the way to a key, and which of them is on the way."""
    page_id, level = root.page_id, 0
    while page_id:
        slots = _read_slots(reader, page_id, level)
        n = _slot_number(key_hash, level)
        yield slots, n
        page_id = decode_inner_slot(slots[n]) if len(slots[n]) == INNER_BYTES else 0
        level += 1


def _read_slots(reader: PageReader, page_id: int, level: int) -> list[bytes]:
    """Slots of a page.

    Raises:
        CorruptionError: Damaged, or deeper than keys are long.
    """
    return decode_page(_read_page(reader, page_id, level))


def _read_page(reader: PageReader, page_id: int, level: int) -> bytes:
    """A page, not yet decoded.

    Raises:
        CorruptionError: It lies deeper than keys are long (so a circle of pages ends).
    """
    if level >= _PAGE_LEVELS:
        raise CorruptionError(f"page {page_id} of the state map lies below the end of the keys")
    return reader.read_page(page_id)


def _slot_number(key_hash: bytes, level: int) -> int:
    byte = key_hash[level >> 1]
    return byte & 15 if level & 1 else byte >> 4


def _by_slot(leaves: Sequence[bytes], level: int) -> Iterable[tuple[int, list[bytes]]]:
    """Leaves by the slot they fall into, in the order given: page ids follow from it."""
    groups: dict[int, list[bytes]] = {}
    for leaf in leaves:
        groups.setdefault(_slot_number(leaf, level), []).append(leaf)
    return groups.items()

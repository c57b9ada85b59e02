"""A store in dicts: the second one that keeps the promises, and the plain model of the first.

It shares no code with the SQLite store but the form of the rows that `iterate_rows` gives.
"""

import json
from collections import defaultdict
from contextlib import contextmanager
from hashlib import sha256

from ledger.core.execution import EMPTY_HEAD, Head
from ledger.core.hashing import hash_leaf
from ledger.core.mappages import hash_key
from ledger.core.rules import Listing
from ledger.core.statemap import MapRoot, find
from ledger.core.tiles import read_frontier
from ledger.errors import ConflictError, CorruptionError, NotFoundError
from ledger.storage.base import (
    KEPT_BLOCKS,
    MAX_PRUNED_BLOCKS,
    PRUNE_EVERY,
    BlockRow,
    Store,
    Table,
    TableReader,
)

PAGE, STATE = 0, 1


class MemoryStore(Store, TableReader):
    """Everything in memory; a block is written wholly, because nothing in `append` can fail."""

    def __init__(self):
        self.leaves = []
        self.blocks = []
        self.events = defaultdict(list)
        self.tiles = {}
        self.subjects = []
        self.states = {}
        self.histories = defaultdict(list)
        self.pages = {}
        self.stale = []
        self.listings = {}
        self.checkpoints = {}
        self.documents = {}
        self.held = None

    def read_head(self):
        if not self.blocks:
            return EMPTY_HEAD
        height, size, time, page, root, subjects, next_page, next_locator = self.blocks[-1]
        return Head(
            height=height + 1,
            frontier=read_frontier(self, size),
            seal_hash=hash_leaf(self.leaves[size - 1]),
            time=time,
            map_root=MapRoot(page, root, subjects),
            next_page=next_page,
            next_locator=next_locator,
        )

    def read_leaves(self, start, stop):
        return self.leaves[start:stop]

    def find_event(self, event_id):
        for index in self.events[event_id[:8]]:
            event_json = self.leaves[index][len('{"event":') :].split(b',"signatures":[')[0]
            if sha256(event_json).digest() == event_id:
                return index
        return None

    def read_block(self, size):
        for row in self.blocks:
            if row[1] == size:
                return _block(row)
        raise NotFoundError(f"no block ends at {size}")

    def iterate_blocks(self):
        yield from map(_block, self.blocks)

    def read_tile(self, level, index):
        return self.tiles.get((level, index), b"")

    def read_page(self, page_id):
        if page_id not in self.pages:
            raise NotFoundError(f"page {page_id} is pruned")
        return self.pages[page_id]

    def read_stored_state(self, root, key):
        found = find(self, root, hash_key(key))
        if found is None:
            return None
        stored = self.states.get(found[1])
        if stored is None or sha256(stored.raw).digest() != found[0]:
            raise CorruptionError(f"the state of {key} is not the one that the map commits")
        return stored

    def read_history(self, number, start, stop):
        return self.histories[number][start:stop]

    def find_subjects(self, prefix, limit, after=""):
        found = (key for key in self.subjects if key.startswith(prefix) and key > after)
        return sorted(found)[:limit]

    def read_listing(self, key):
        return self.listings.get(key)

    def search_listings(self, text, *, kind, limit):
        parts = [words for part in text[:200].split() if (words := _words(part))]
        hits = [
            (key, listing)
            for key, listing in sorted(self.listings.items())
            if kind in (None, key.partition("/")[0])
            and parts
            and all(_has_phrase(_listing_words(key, listing), part) for part in parts)
        ]
        return hits[:limit]

    def save_checkpoint(self, size, note, *, is_held=False):
        self.checkpoints[size] = note
        if is_held:
            self.hold_pages(size)

    def read_hold(self):
        return self.held

    def hold_pages(self, size):
        oldest = min((row[0] for row in self.stale), default=0)
        whole = max((block[1] for block in self.blocks[:oldest]), default=0)
        self.held = None if size is None else max(size, whole)

    def read_checkpoint(self, size=None):
        size = max(self.checkpoints, default=None) if size is None else size
        return self.checkpoints.get(size)

    def read_document(self, digest):
        return self.documents.get(digest)

    def append(self, block, *, expected_size, documents):
        if len(self.leaves) != expected_size:
            raise ConflictError(len(self.leaves))
        head, height = block.head, block.seal.height
        for i, event_id in enumerate(block.event_ids):
            self.events[event_id[:8]].append(expected_size + i)
        self.leaves += block.leaves
        root = head.map_root
        numbers = head.next_page, head.next_locator
        self.blocks.append((height, head.size, head.time, *_flat(root), *numbers))
        self.tiles.update({(tile.level, tile.index): tile.data for tile in block.tiles})
        self.subjects += block.new_subjects
        self.states.update({stored.locator: stored for stored in block.states})
        for number, i, index in block.history:
            assert len(self.histories[number]) == i
            self.histories[number].append(index)
        self.pages.update(block.pages)
        self.stale += [(height, PAGE, page) for page in block.replaced_pages]
        self.stale += [(height, STATE, locator) for locator in block.replaced_locators]
        for key, listing in block.listings.items():
            self.listings.pop(key, None)
            if listing is not None:
                self.listings[key] = listing
        self.documents = {**documents, **self.documents}
        if head.height % PRUNE_EVERY == 0:
            self._prune(self._prunable())

    def close(self):
        pass

    def iterate_rows(self, table, start=0):
        rows = sorted(self._rows(table))
        yield from (row for row in rows if start == 0 or row[0] >= start)

    def count_leaves(self):
        return len(self.leaves)

    @contextmanager
    def snapshot(self):
        yield

    def check(self):
        pass

    def _prunable(self):
        height = len(self.blocks) - KEPT_BLOCKS
        oldest = min((row[0] for row in self.stale), default=0)
        height = min(height, oldest + MAX_PRUNED_BLOCKS - 1)
        for block in self.blocks if self.held is not None else ():
            if block[1] >= self.held:
                return min(height, block[0])
        return height

    def _prune(self, height):
        for at, kind, number in self.stale:
            if at <= height:
                del (self.states if kind == STATE else self.pages)[number]
        self.stale = [row for row in self.stale if row[0] > height]

    def _rows(self, table):
        match table:
            case Table.ENTRY:
                return [(i, leaf.decode()) for i, leaf in enumerate(self.leaves)]
            case Table.CHECKPOINT:
                return [(size, note.decode()) for size, note in self.checkpoints.items()]
            case Table.DOCUMENT:
                return self.documents.items()
            case Table.BLOCK:
                return self.blocks
            case Table.EVENT:
                return [
                    (int.from_bytes(prefix, "big", signed=True), index)
                    for prefix, found in self.events.items()
                    for index in found
                ]
            case Table.TILE:
                return [(level * 2**48 + i, data) for (level, i), data in self.tiles.items()]
            case Table.SUBJECT:
                return list(enumerate(self.subjects))
            case Table.STATE:
                return [
                    (stored.locator, stored.number, stored.raw.decode(), stored.frontier)
                    for stored in self.states.values()
                ]
            case Table.HISTORY:
                return [
                    (number, i, index)
                    for number, found in self.histories.items()
                    for i, index in enumerate(found)
                ]
            case Table.PAGE:
                return self.pages.items()
            case Table.STALE:
                return self.stale
            case Table.LISTING:
                return [_listing_row(key, listing) for key, listing in self.listings.items()]


def _flat(root):
    return root.page_id, root.root, root.size


def _block(row):
    height, size, time, page, root, subjects, _, _ = row
    return BlockRow(height, size, time, MapRoot(page, root, subjects))


def _listing_row(key: str, listing: Listing):
    kind, _, name = key.partition("/")
    terms = json.dumps(listing.terms, ensure_ascii=False)
    words = " ".join(_words(" ".join((name, listing.label, *listing.terms)), fold=False))
    return key, kind, listing.label, listing.status, terms, words


def _listing_words(key, listing):
    return _words(" ".join((key.partition("/")[2], listing.label, *listing.terms)))


def _words(text, *, fold=True):
    """Words and single ideographs, one character at a time."""
    words, open_word = [], ""
    for character in text.lower().replace("_", " ") if fold else text:
        is_ideograph = any(a <= character <= b for a, b in IDEOGRAPHS)
        if not is_ideograph and (character.isalnum() or character == "_"):
            open_word += character
            continue
        words += [open_word] * bool(open_word) + [character] * is_ideograph
        open_word = ""
    return words + [open_word] * bool(open_word)


IDEOGRAPHS = (
    ("\u3400", "\u4dbf"),
    ("\u4e00", "\u9fff"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U000323af"),
)


def _has_phrase(words, phrase):
    *whole, last = phrase
    for start in range(len(words) - len(phrase) + 1):
        window = words[start : start + len(phrase)]
        if window[:-1] == whole and window[-1].startswith(last):
            return True
    return False

"""What one block writes to the SQLite file, table by table; the caller holds the transaction."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

import pysqlite3.dbapi2 as sqlite

from ledger.core.execution import Block
from ledger.storage.base import KEPT_BLOCKS, MAX_PRUNED_BLOCKS, PRUNE_EVERY
from ledger.storage.terms import split_terms

TILE_LEVEL_SHIFT: Final = 48
"""A tile's row is level * 2^48 + index."""
_STALE_PAGE, _STALE_STATE = 0, 1


def write_block(db: sqlite.Connection, block: Block, documents: Mapping[str, bytes]) -> list[int]:
    """Write a block, and prune what has left the window of kept blocks.

    Args:
        db: In a transaction, at the head that the block was built on.
        block: What to write.
        documents: By hex SHA-256; one that is there already stays as it is.

    Returns:
        Ids of the pages that are gone.
    """
    _write_log(db, block)
    _write_states(db, block)
    _write_listings(db, block)
    db.executemany(
        "INSERT INTO document (digest, data) SELECT ?1, ?2 "
        "WHERE NOT EXISTS (SELECT 1 FROM document WHERE digest = ?1)",
        documents.items(),
    )
    height = block.head.height
    return _prune(db, _find_prunable(db, height)) if height % PRUNE_EVERY == 0 else []


_SELECT_OLDEST_WHOLE: Final = (
    "SELECT max(size) FROM block WHERE height < (SELECT min(height) FROM stale)"
)


def write_checkpoint(db: sqlite.Connection, size: int, note: bytes) -> None:
    """Keep a signed note for this size, instead of one kept before."""
    db.execute(
        "INSERT INTO checkpoint (size, note) VALUES (?, ?) "
        "ON CONFLICT (size) DO UPDATE SET note = excluded.note",
        (size, note.decode()),
    )


def write_hold(db: sqlite.Connection, size: int | None) -> None:
    """Hold pages and states from this size on, or None: only the newest.

    What is gone cannot be held any more: then it is from the oldest size on that is still whole.
    """
    db.execute("DELETE FROM hold")
    if size is not None:
        (oldest,) = db.execute(_SELECT_OLDEST_WHOLE).fetchone()
        db.execute("INSERT INTO hold (id, size) VALUES (0, ?)", (max(size, oldest or 0),))


def event_prefix(event_id: bytes) -> int:
    """What the event table finds an event by: the first 8 bytes of its id, as a signed integer."""
    return int.from_bytes(event_id[:8], "big", signed=True)


def hash_event(leaf: str) -> bytes:
    """Event id of an entry, from its leaf as it is stored; nothing is checked."""
    event_json, _, _ = leaf.removeprefix('{"event":').rpartition(',"signatures":')
    return sha256(event_json.encode()).digest()


def _write_log(db: sqlite.Connection, block: Block) -> None:
    first, head = block.seal.first, block.head
    db.executemany(
        "INSERT INTO entry (idx, leaf) VALUES (?, ?)",
        ((first + i, leaf.decode()) for i, leaf in enumerate(block.leaves)),
    )
    db.executemany(
        "INSERT INTO event (prefix, idx) VALUES (?, ?)",
        ((event_prefix(event_id), first + i) for i, event_id in enumerate(block.event_ids)),
    )
    db.executemany(
        "INSERT INTO tile (id, data) VALUES (?, ?) "
        "ON CONFLICT (id) DO UPDATE SET data = excluded.data",
        (((t.level << TILE_LEVEL_SHIFT) + t.index, t.data) for t in block.tiles),
    )
    root = head.map_root
    db.execute(
        "INSERT INTO block (height, size, time, map_page, map_root, map_size, next_page, "
        "next_locator) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            block.seal.height,
            head.size,
            head.time,
            root.page_id,
            root.root,
            root.size,
            head.next_page,
            head.next_locator,
        ),
    )


def _write_states(db: sqlite.Connection, block: Block) -> None:
    known = block.head.map_root.size - len(block.new_subjects)
    db.executemany(
        "INSERT INTO subject (number, key) VALUES (?, ?)",
        enumerate(block.new_subjects, start=known),
    )
    db.executemany(
        "INSERT INTO state (locator, number, value, frontier) VALUES (?, ?, ?, ?)",
        ((s.locator, s.number, s.raw.decode(), s.frontier) for s in block.states),
    )
    db.executemany("INSERT INTO history (number, i, idx) VALUES (?, ?, ?)", block.history)
    db.executemany("INSERT INTO page (id, data) VALUES (?, ?)", block.pages)
    height = block.seal.height
    stale = [(height, _STALE_PAGE, page_id) for page_id in block.replaced_pages]
    stale += [(height, _STALE_STATE, locator) for locator in block.replaced_locators]
    db.executemany("INSERT INTO stale (height, kind, id) VALUES (?, ?, ?)", stale)


def _write_listings(db: sqlite.Connection, block: Block) -> None:
    db.executemany(
        "INSERT INTO listing (key, type, label, status, terms, words) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET label = excluded.label, "
        "status = excluded.status, terms = excluded.terms, words = excluded.words",
        _listing_rows(block),
    )
    new = set(block.new_subjects)
    gone = [(key,) for key, listing in block.listings.items() if listing is None and key not in new]
    db.executemany("DELETE FROM listing WHERE key = ?", gone)


def _listing_rows(block: Block) -> Iterable[tuple[str, str, str, str, str, str]]:
    for key, listing in block.listings.items():
        if listing is not None:
            kind, _, name = key.partition("/")
            terms = json.dumps(listing.terms, ensure_ascii=False)
            words = split_terms(" ".join((name, listing.label, *listing.terms)))
            yield key, kind, listing.label, listing.status, terms, words


def _find_prunable(db: sqlite.Connection, height: int) -> int:
    """Height up to which what blocks replaced may go: nothing is held, and not too much at once."""
    held = db.execute(
        "SELECT height FROM block WHERE size >= (SELECT size FROM hold) ORDER BY size LIMIT 1"
    ).fetchone()
    (oldest,) = db.execute("SELECT coalesce(min(height), 0) FROM stale").fetchone()
    limits = [height - KEPT_BLOCKS, int(oldest) + MAX_PRUNED_BLOCKS - 1]
    return min(limits if held is None else [*limits, int(held[0])])


def _prune(db: sqlite.Connection, height: int) -> list[int]:
    """Remove what the blocks up to this height replaced; gives the ids of the pages."""
    pages, _ = (
        _prune_kind(db, height, kind, delete)
        for kind, delete in (
            (_STALE_PAGE, "DELETE FROM page WHERE id = ?"),
            (_STALE_STATE, "DELETE FROM state WHERE locator = ?"),
        )
    )
    db.execute("DELETE FROM stale WHERE height <= ?", (height,))
    return pages


def _prune_kind(db: sqlite.Connection, height: int, kind: int, delete: str) -> list[int]:
    rows = db.execute(
        "SELECT id FROM stale WHERE height <= ? AND kind = ? ORDER BY id", (height, kind)
    ).fetchall()
    db.executemany(delete, rows)
    return [row[0] for row in rows]

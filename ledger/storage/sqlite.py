"""The embedded store: one SQLite file in WAL mode, one transaction per block.

Spec: architecture, steps 4 and "Storage". pysqlite3 carries its own SQLite, because Python's may be
in the range of the WAL-reset corruption bug (3.7.0 to 3.51.2).
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

import pysqlite3.dbapi2 as sqlite
from typing_extensions import override

from ledger.core.execution import EMPTY_HEAD, Block, Head, StoredState
from ledger.core.hashing import hash_leaf
from ledger.core.mappages import hash_key
from ledger.core.rules import Listing
from ledger.core.statemap import MapRoot, find
from ledger.core.tiles import read_frontier
from ledger.core.types import Digest, LeafIndex, SubjectKey, TreeSize, UnixMillis
from ledger.errors import (
    ConflictError,
    CorruptionError,
    ExistsError,
    LedgerError,
    NotFoundError,
    StoreFailedError,
    UnavailableError,
)
from ledger.storage.base import KEPT_BLOCKS, BlockRow, Store
from ledger.storage.migrations import check_schema, create_schema
from ledger.storage.terms import format_query, split_terms

OLDEST_SQLITE: Final = (3, 51, 3)
BUSY_TIMEOUT_S: Final = 10.0
_CACHED_PAGES: Final = 60_000
_PRUNE_EVERY: Final = 32
_TILE_LEVEL_SHIFT: Final = 48
_STALE_PAGE, _STALE_STATE = 0, 1
_P = ParamSpec("_P")
_R = TypeVar("_R")


def check_library() -> None:
    """Refuse a SQLite that may lose what it acknowledged.

    Raises:
        CorruptionError: The library is older than 3.51.3.
    """
    if sqlite.sqlite_version_info < OLDEST_SQLITE:
        raise CorruptionError(
            f"SQLite {sqlite.sqlite_version} can corrupt a database in WAL mode; "
            "install pysqlite3 0.6.1 or newer"
        )


def _locked(
    method: Callable[Concatenate["SqliteStore", _P], _R],
) -> Callable[Concatenate["SqliteStore", _P], _R]:
    @wraps(method)
    def guarded(self: "SqliteStore", /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with self.lock, _translated():
            return method(self, *args, **kwargs)

    return guarded


class SqliteStore(Store):
    """A store in one file; safe to use from several threads, which take turns.

    Args:
        path: An existing ledger file; `create_store` makes one.

    Raises:
        NotFoundError: There is no such file.
        CorruptionError: Not a ledger file, or of another layout.
    """

    def __init__(self, path: Path) -> None:
        check_library()
        if not path.is_file():
            raise NotFoundError(f"there is no ledger at {path}: create one with 'muniment init'")
        self.lock = threading.RLock()
        self._pages: dict[int, bytes] = {}
        with _translated():
            self._db = _connect(path)
            check_schema(self._db)

    @override
    @_locked
    def read_head(self) -> Head:
        row = self._db.execute(
            "SELECT height, size, time, map_page, map_root, map_size, next_page, next_locator "
            "FROM block ORDER BY height DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return EMPTY_HEAD
        height, size, time, map_page, map_root, map_size, next_page, next_locator = row
        (leaf,) = self._db.execute("SELECT leaf FROM entry WHERE idx = ?", (size - 1,)).fetchone()
        return Head(
            height=height + 1,
            frontier=read_frontier(self, size),
            seal_hash=hash_leaf(leaf.encode()),
            time=UnixMillis(time),
            map_root=MapRoot(map_page, Digest(map_root), map_size),
            next_page=next_page,
            next_locator=next_locator,
        )

    @override
    @_locked
    def read_leaves(self, start: int, stop: int) -> Sequence[bytes]:
        rows = self._db.execute(
            "SELECT leaf FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", (start, stop)
        )
        return [leaf.encode() for (leaf,) in rows]

    @override
    @_locked
    def find_event(self, event_id: bytes) -> LeafIndex | None:
        rows = self._db.execute("SELECT idx FROM event WHERE prefix = ?", (_prefix(event_id),))
        for (index,) in rows.fetchall():
            (leaf,) = self._db.execute("SELECT leaf FROM entry WHERE idx = ?", (index,)).fetchone()
            if _event_id(leaf) == event_id:
                return LeafIndex(index)
        return None

    @override
    @_locked
    def read_block(self, size: int) -> BlockRow:
        row = self._db.execute(f"{_SELECT_BLOCK} WHERE size = ?", (size,)).fetchone()
        if row is None:
            raise NotFoundError(f"no block ends at size {size}")
        return _block_row(row)

    @override
    def iterate_blocks(self) -> Iterator[BlockRow]:
        height = 0
        while rows := self._read_blocks(height):
            yield from map(_block_row, rows)
            height += len(rows)

    @override
    @_locked
    def read_tile(self, level: int, index: int) -> bytes:
        tile = (level << _TILE_LEVEL_SHIFT) + index
        row = self._db.execute("SELECT data FROM tile WHERE id = ?", (tile,)).fetchone()
        return row[0] if row else b""

    @override
    @_locked
    def read_page(self, page_id: int) -> bytes:
        page = self._pages.get(page_id)
        if page is None:
            row = self._db.execute("SELECT data FROM page WHERE id = ?", (page_id,)).fetchone()
            if row is None:
                raise NotFoundError(
                    f"page {page_id} of the state map is pruned; ask for one of the newest "
                    f"{KEPT_BLOCKS} blocks, or run 'muniment audit --rebuild'"
                )
            page = self._remember(page_id, row[0])
        return page

    @override
    @_locked
    def read_stored_state(self, root: MapRoot, key: SubjectKey) -> StoredState | None:
        found = find(self, root, hash_key(key))
        if found is None:
            return None
        value_hash, locator = found
        row = self._db.execute(
            "SELECT number, value, frontier FROM state WHERE locator = ?", (locator,)
        ).fetchone()
        raw = row[1].encode() if row else b""
        if sha256(raw).digest() != value_hash:
            raise CorruptionError(
                f"the state of {key} is not the one the map commits: run an audit"
            )
        return StoredState(row[0], locator, raw, row[2])

    @override
    @_locked
    def read_history(self, number: int, start: int, stop: int) -> Sequence[LeafIndex]:
        rows = self._db.execute(
            "SELECT idx FROM history WHERE number = ? AND i >= ? AND i < ? ORDER BY i",
            (number, start, stop),
        )
        return [LeafIndex(index) for (index,) in rows]

    @override
    @_locked
    def find_subjects(self, prefix: str, limit: int) -> Sequence[SubjectKey]:
        rows = self._db.execute(
            "SELECT key FROM subject WHERE key >= ? AND key < ? ORDER BY key LIMIT ?",
            (prefix, prefix + "\U0010ffff", limit),
        )
        return [SubjectKey(key) for (key,) in rows]

    @override
    @_locked
    def read_listing(self, key: SubjectKey) -> Listing | None:
        row = self._db.execute(
            "SELECT label, status, terms FROM listing WHERE key = ?", (key,)
        ).fetchone()
        return None if row is None else Listing(row[0], row[1], tuple(json.loads(row[2])))

    @override
    @_locked
    def search_listings(
        self, text: str, *, kind: str | None, limit: int
    ) -> Sequence[tuple[SubjectKey, Listing]]:
        query = format_query(text)
        if query is None:
            return []
        rows = self._db.execute(
            "SELECT l.key, l.label, l.status, l.terms FROM listing_fts f "
            "JOIN listing l ON l.rowid = f.rowid "
            "WHERE listing_fts MATCH ? AND (? IS NULL OR l.type = ?) "
            "ORDER BY f.rank, l.key LIMIT ?",
            (query, kind, kind, limit),
        )
        return [
            (SubjectKey(key), Listing(label, status, tuple(json.loads(terms))))
            for key, label, status, terms in rows
        ]

    @override
    @_locked
    def save_checkpoint(self, size: int, note: bytes) -> None:
        with self._write_transaction():
            self._db.execute(
                "INSERT INTO checkpoint (size, note) VALUES (?, ?) "
                "ON CONFLICT (size) DO UPDATE SET note = excluded.note",
                (size, note.decode()),
            )

    @override
    @_locked
    def read_checkpoint(self, size: int | None = None) -> bytes | None:
        where = "ORDER BY size DESC LIMIT 1" if size is None else "WHERE size = ?"
        row = self._db.execute(
            f"SELECT note FROM checkpoint {where}",  # noqa: S608  # one of two constants
            () if size is None else (size,),
        ).fetchone()
        return row[0].encode() if row else None

    @override
    @_locked
    def read_document(self, digest: str) -> bytes | None:
        row = self._db.execute("SELECT data FROM document WHERE digest = ?", (digest,)).fetchone()
        return row[0] if row else None

    @override
    @_locked
    def append(
        self, block: Block, *, expected_size: TreeSize, documents: Mapping[str, bytes]
    ) -> None:
        try:
            with self._write_transaction():
                self._compare_size(expected_size)
                self._write_log(block)
                self._write_states(block)
                self._write_listings(block)
                self._db.executemany(
                    "INSERT INTO document (digest, data) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    documents.items(),
                )
                if block.head.height % _PRUNE_EVERY == 0:
                    self._prune(block.head.height - KEPT_BLOCKS)
        except BaseException:
            self._pages.clear()  # page ids of a block that was not written are given out again
            raise
        for page_id in block.replaced_pages:
            self._pages.pop(page_id, None)
        for page_id, page in block.pages:
            self._remember(page_id, page)

    @override
    @_locked
    def close(self) -> None:
        self._db.close()

    def _compare_size(self, expected_size: int) -> None:
        (size,) = self._db.execute("SELECT coalesce(max(idx), -1) + 1 FROM entry").fetchone()
        if size != expected_size:
            raise ConflictError(size)

    def _write_log(self, block: Block) -> None:
        first, head = block.seal.first, block.head
        self._db.executemany(
            "INSERT INTO entry (idx, leaf) VALUES (?, ?)",
            ((first + i, leaf.decode()) for i, leaf in enumerate(block.leaves)),
        )
        self._db.executemany(
            "INSERT INTO event (prefix, idx) VALUES (?, ?)",
            ((_prefix(event_id), first + i) for i, event_id in enumerate(block.event_ids)),
        )
        self._db.executemany(
            "INSERT INTO tile (id, data) VALUES (?, ?) "
            "ON CONFLICT (id) DO UPDATE SET data = excluded.data",
            (((t.level << _TILE_LEVEL_SHIFT) + t.index, t.data) for t in block.tiles),
        )
        root = head.map_root
        self._db.execute(
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

    def _write_states(self, block: Block) -> None:
        known = block.head.map_root.size - len(block.new_subjects)
        self._db.executemany(
            "INSERT INTO subject (number, key) VALUES (?, ?)",
            enumerate(block.new_subjects, start=known),
        )
        self._db.executemany(
            "INSERT INTO state (locator, number, value, frontier) VALUES (?, ?, ?, ?)",
            ((s.locator, s.number, s.raw.decode(), s.frontier) for s in block.states),
        )
        self._db.executemany("INSERT INTO history (number, i, idx) VALUES (?, ?, ?)", block.history)
        self._db.executemany("INSERT INTO page (id, data) VALUES (?, ?)", block.pages)
        height = block.seal.height
        stale = [(height, _STALE_PAGE, page_id) for page_id in block.replaced_pages]
        stale += [(height, _STALE_STATE, locator) for locator in block.replaced_locators]
        self._db.executemany("INSERT INTO stale (height, kind, id) VALUES (?, ?, ?)", stale)

    def _write_listings(self, block: Block) -> None:
        rows = (
            (
                key,
                key.partition("/")[0],
                listing.label,
                listing.status,
                json.dumps(listing.terms, ensure_ascii=False),
                split_terms(" ".join((key.partition("/")[2], listing.label, *listing.terms))),
            )
            for key, listing in block.listings.items()
            if listing is not None
        )
        self._db.executemany(
            "INSERT INTO listing (key, type, label, status, terms, words) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET label = excluded.label, "
            "status = excluded.status, terms = excluded.terms, words = excluded.words",
            rows,
        )

    def _prune(self, below: int) -> None:
        for kind, delete in (
            (_STALE_PAGE, "DELETE FROM page WHERE id = ?"),
            (_STALE_STATE, "DELETE FROM state WHERE locator = ?"),
        ):
            ids = self._db.execute(
                "SELECT id FROM stale WHERE height <= ? AND kind = ? ORDER BY id", (below, kind)
            ).fetchall()
            self._db.executemany(delete, ids)
        self._db.execute("DELETE FROM stale WHERE height <= ?", (below,))

    @_locked
    def _read_blocks(self, height: int) -> list[tuple[int, int, int, int, bytes, int]]:
        rows: list[tuple[int, int, int, int, bytes, int]] = self._db.execute(
            f"{_SELECT_BLOCK} WHERE height >= ? ORDER BY height LIMIT 1000", (height,)
        ).fetchall()
        return rows

    def _remember(self, page_id: int, page: bytes) -> bytes:
        if len(self._pages) >= _CACHED_PAGES:
            for old in list(self._pages)[: _CACHED_PAGES // 4]:
                del self._pages[old]
        self._pages[page_id] = page
        return page

    @contextmanager
    def _write_transaction(self) -> Iterator[None]:
        """Hold the write lock; commit at the end, or leave no trace."""
        with _translated():
            self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite.Error):
                if self._db.in_transaction:  # the error may have ended it already
                    self._db.execute("ROLLBACK")
            raise


_SELECT_BLOCK: Final = "SELECT height, size, time, map_page, map_root, map_size FROM block"


def create_store(path: Path) -> SqliteStore:
    """Lay out a new ledger file, readable by this user only, and open it.

    Raises:
        ExistsError: There is a file already; it is left alone.
        StoreFailedError: The disk is full or cannot be written.
    """
    check_library()
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise ExistsError(f"{path} exists already and is left alone") from None
    with _translated():
        connection = _connect(path)
        try:
            connection.execute("BEGIN IMMEDIATE")
            create_schema(connection)
            connection.execute("COMMIT")
        finally:
            connection.close()
    return SqliteStore(path)


def backup_database(source: Path, target: Path) -> None:
    """Copy a ledger file as of one moment, also while another process writes to it.

    Raises:
        UnavailableError: The source is busy for too long.
        StoreFailedError: The disk is full or cannot be written.
    """
    with _translated():
        reader, writer = _connect(source), _connect(target)
        try:
            reader.backup(writer, pages=4096)
            writer.execute("PRAGMA journal_mode = DELETE")
        finally:
            writer.close()
            reader.close()


def _connect(path: Path) -> sqlite.Connection:
    connection = sqlite.connect(
        str(path), timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "cache_size = -65536",
        "wal_autocheckpoint = 4000",
        "trusted_schema = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the library's errors into ours; the one place that does.

    Raises:
        UnavailableError: Another process holds the lock.
        CorruptionError: The file contradicts itself or refuses what we append.
        StoreFailedError: A write, an fsync or a read failed, or the disk is full.
        LedgerError: What the block itself raises passes through.
    """
    try:
        yield
    except LedgerError:
        raise
    except sqlite.OperationalError as exc:
        name = str(getattr(exc, "sqlite_errorname", ""))
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise UnavailableError(
                "another process is writing to the ledger; nothing was written, try again"
            ) from exc
        raise StoreFailedError(
            f"the ledger file could not be read or written ({exc}): see to the disk, then run the "
            "same command again; no event is ever written twice"
        ) from exc
    except sqlite.Error as exc:
        raise CorruptionError(f"the ledger file contradicts itself ({exc}): run an audit") from exc


def _block_row(row: tuple[int, int, int, int, bytes, int]) -> BlockRow:
    height, size, time, map_page, map_root, map_size = row
    root = MapRoot(map_page, Digest(map_root), map_size)
    return BlockRow(height, TreeSize(size), UnixMillis(time), root)


def _prefix(event_id: bytes) -> int:
    return int.from_bytes(event_id[:8], "big", signed=True)


def _event_id(leaf: str) -> bytes:
    event_json, _, _ = leaf.removeprefix('{"event":').rpartition(',"signatures":')
    return sha256(event_json.encode()).digest()

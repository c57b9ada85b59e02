"""The embedded store: one SQLite file in WAL mode, one transaction per block.

Spec: architecture, steps 4 and "Storage".
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from ledger.errors import ConflictError, CorruptionError, NotFoundError, StoreFailedError
from ledger.storage.base import COLUMNS, KEPT_BLOCKS, BlockRow, Row, Store, Table, TableReader
from ledger.storage.cache import CACHED_PAGES, PageCache
from ledger.storage.connection import connect, create_database, translate, translated
from ledger.storage.terms import SEARCH, format_query
from ledger.storage.writing import (
    TILE_LEVEL_SHIFT,
    event_prefix,
    hash_event,
    write_block,
    write_checkpoint,
    write_hold,
)

_ROWS_AT_ONCE: Final = 512
_DOCUMENTS_AT_ONCE: Final = 4
_P = ParamSpec("_P")
_R = TypeVar("_R")


def _locked(
    method: Callable[Concatenate["SqliteStore", _P], _R],
) -> Callable[Concatenate["SqliteStore", _P], _R]:
    @wraps(method)
    def guarded(self: "SqliteStore", /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with self.lock:
            try:
                return method(self, *args, **kwargs)
            except (OverflowError, sqlite.Error) as exc:
                raise translate(exc) from exc

    return guarded


class SqliteStore(Store, TableReader):
    """A store in one file; safe to use from several threads, which take turns.

    Args:
        path: An existing ledger file; `create_store` makes one.
        is_durable: False for a scratch file: no fsync, a crash of the machine may lose it.
        pages: How many of the state map are kept in memory.

    Raises:
        NotFoundError: There is no such file.
        CorruptionError: Not a ledger file, or of another layout.
        StoreFailedError: It cannot be read.
        UnavailableError: Another process holds it.
    """

    def __init__(self, path: Path, *, is_durable: bool = True, pages: int = CACHED_PAGES) -> None:
        self.lock = threading.RLock()
        self._pages = PageCache(pages)
        self._failed: StoreFailedError | None = None
        self._db = connect(path, is_durable=is_durable)

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
        leaf = self._read_leaf(size - 1)
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
        rows = self._db.execute("SELECT idx FROM event WHERE prefix = ?", (event_prefix(event_id),))
        for (index,) in rows.fetchall():
            if hash_event(self._read_leaf(index)) == event_id:
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
        if index >> TILE_LEVEL_SHIFT:
            return b""  # beyond any log, and the number would be that of another level's tile
        tile = (level << TILE_LEVEL_SHIFT) + index
        row = self._db.execute("SELECT data FROM tile WHERE id = ?", (tile,)).fetchone()
        return row[0] if row else b""

    @override
    def read_page(self, page_id: int) -> bytes:
        # No lock for what is kept: a page never changes, and it is kept only once it is written.
        page = self._pages.get(page_id)
        return self._load_page(page_id) if page is None else page

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
    def find_subjects(self, prefix: str, limit: int, after: str = "") -> Sequence[SubjectKey]:
        if not (prefix + after).isascii():  # no key is; and SQLite takes no surrogates
            return []
        rows = self._db.execute(
            "SELECT key FROM subject WHERE key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?",
            (prefix, prefix + "\x7f", after, limit),
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
        rows = self._db.execute(SEARCH, (query, kind, kind, limit))
        return [
            (SubjectKey(key), Listing(label, status, tuple(json.loads(terms))))
            for key, label, status, terms in rows
        ]

    @override
    @_locked
    def save_checkpoint(self, size: int, note: bytes, *, is_held: bool = False) -> None:
        with self._write_transaction():
            write_checkpoint(self._db, size, note)
            if is_held:
                write_hold(self._db, size)

    @override
    @_locked
    def read_hold(self) -> int | None:
        row = self._db.execute("SELECT size FROM hold").fetchone()
        return row[0] if row else None

    @override
    @_locked
    def hold_pages(self, size: int | None) -> None:
        with self._write_transaction():
            write_hold(self._db, size)

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
                pruned = write_block(self._db, block, documents)
        except BaseException:
            self._pages.clear()  # page ids of a block that was not written are given out again
            raise
        self._pages.forget((*block.replaced_pages, *pruned))
        for page_id, page in block.pages:
            self._pages.keep(page_id, page)

    @override
    def iterate_rows(self, table: Table, start: int = 0) -> Iterator[Row]:
        columns = ", ".join(COLUMNS[table])
        first, *more = COLUMNS[table][: table.key_columns]
        where = f"WHERE {first} >= ?" if start else "WHERE ? = 0"
        query = f"SELECT {columns} FROM {table} {where} ORDER BY {', '.join((first, *more))}"  # noqa: S608  # names of ours
        rows = self._query(query, start)
        at_once = _DOCUMENTS_AT_ONCE if table is Table.DOCUMENT else _ROWS_AT_ONCE
        while some := self._fetch(rows, at_once):
            yield from some

    @override
    @contextmanager
    def snapshot(self) -> Iterator[None]:
        self._query("BEGIN")
        try:
            self._query("SELECT count(*) FROM block").fetchone()
            yield
        finally:
            self._query("ROLLBACK")

    @override
    @_locked
    def check(self) -> None:
        for (problem,) in self._db.execute("PRAGMA integrity_check(1)"):
            if problem != "ok":
                raise CorruptionError(f"the ledger file is damaged ({problem}): run an audit")
        self._db.execute(
            "INSERT INTO listing_fts (listing_fts, rank) VALUES ('integrity-check', 1)"
        )

    @override
    @_locked
    def close(self) -> None:
        self._db.close()

    @_locked
    def _read_blocks(self, height: int) -> list[tuple[int, int, int, int, bytes, int]]:
        rows: list[tuple[int, int, int, int, bytes, int]] = self._db.execute(
            f"{_SELECT_BLOCK} WHERE height >= ? ORDER BY height LIMIT 1000", (height,)
        ).fetchall()
        return rows

    @_locked
    def keep_rows(self, table: Table, rows: Iterable[Row]) -> None:
        """Write checkpoints or documents of another store, in one transaction.

        Raises:
            AssertionError: Rows of another table, which only blocks write.
        """
        if table not in {Table.CHECKPOINT, Table.DOCUMENT}:
            raise AssertionError("rows that follow from the log are written with their block")
        first, second = COLUMNS[table]
        query = f"INSERT INTO {table} ({first}, {second}) VALUES (?, ?)"  # noqa: S608
        with self._write_transaction():
            self._db.executemany(query, rows)

    @override
    @_locked
    def count_leaves(self) -> int:
        (count,) = self._db.execute("SELECT coalesce(max(idx), -1) + 1 FROM entry").fetchone()
        return int(count)

    def _read_leaf(self, index: int) -> str:
        """A leaf that other tables say is there.

        Raises:
            CorruptionError: It is not.
        """
        row = self._db.execute("SELECT leaf FROM entry WHERE idx = ?", (index,)).fetchone()
        if row is None:
            raise CorruptionError(f"the log has lost its leaf {index}: restore it from a backup")
        return str(row[0])

    @_locked
    def _load_page(self, page_id: int) -> bytes:
        row = self._db.execute("SELECT data FROM page WHERE id = ?", (page_id,)).fetchone()
        if row is None:
            raise NotFoundError(
                f"page {page_id} of the state map is pruned; ask for one of the newest "
                f"{KEPT_BLOCKS} blocks, or run 'muniment audit --rebuild'"
            )
        return self._pages.keep(page_id, row[0])

    def _compare_size(self, expected_size: int) -> None:
        if (size := self.count_leaves()) != expected_size:
            raise ConflictError(size)

    @_locked
    def _query(self, query: str, *values: int) -> sqlite.Cursor:
        return self._db.execute(query, values)

    @_locked
    def _fetch(self, rows: sqlite.Cursor, count: int) -> list[Row]:
        some: list[Row] = rows.fetchmany(count)
        return some

    @contextmanager
    def _write_transaction(self) -> Iterator[None]:
        """Hold the write lock; commit at the end, or leave no trace.

        Raises:
            StoreFailedError: A write failed, now or before: who goes on writing after a failed
                fsync no longer knows what is on the disk.
        """
        if self._failed is not None:
            raise self._failed
        try:
            with translated():
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._db.execute("COMMIT")
                except BaseException:
                    with suppress(sqlite.Error):
                        if self._db.in_transaction:  # the error may have ended it already
                            self._db.execute("ROLLBACK")
                    raise
        except StoreFailedError as exc:
            self._failed = exc
            raise


_SELECT_BLOCK: Final = "SELECT height, size, time, map_page, map_root, map_size FROM block"


def create_store(path: Path, *, is_durable: bool = True) -> SqliteStore:
    """Lay out a new ledger file, readable by this user only, and open it as SqliteStore does.

    Raises:
        ExistsError: There is a file already; it is left alone.
        StoreFailedError: The disk is full or cannot be written; nothing is left behind.
    """
    create_database(path)
    return SqliteStore(path, is_durable=is_durable)


def _block_row(row: tuple[int, int, int, int, bytes, int]) -> BlockRow:
    height, size, time, map_page, map_root, map_size = row
    root = MapRoot(map_page, Digest(map_root), map_size)
    return BlockRow(height, TreeSize(size), UnixMillis(time), root)

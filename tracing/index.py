"""The inverted index of one home: from the hashes of sketches to the records that have them.

A SQLite file beside the vault, made anew from it whenever it is missing or damaged. It holds hashes
under the home's index key and the numbers of records, which say nothing without the vault: neither
what was hashed nor whose it is. What a file has in common with any of the records is found by
looking its own bottom hashes up; no record is read that has none of them.

Spec: tracing, section 2.
"""

import os
import struct
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Final

import pysqlite3.dbapi2 as sqlite
from typing_extensions import override

from ledger.errors import CorruptionError, StoreFailedError, UnavailableError
from tracing.record import HASH_BYTES, Content, Sketch

COMMON: Final = 256
"""A hash that more records have says nothing of any of them."""
MAX_ROWS: Final = 1024
MAX_SHINGLES: Final = 4096
MAX_VALUES: Final = 32
_VERSION: Final = 1
SHARED: Final = 1_000_000
"""What a hash says for the one record that has it."""
_RECORDS_AT_ONCE: Final = 64
_CACHED_KIB: Final = 65_536
_BUSY_TIMEOUT_S: Final = 10.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS record (number INTEGER PRIMARY KEY, mark BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS posting (
    hash    INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (hash, number)
) STRICT, WITHOUT ROWID;
"""


class SketchIndex:
    """Which records have which hashes.

    Args:
        path: The file; made, readable by this user only, if it is missing.

    Raises:
        CorruptionError: It is no such index: remove it and make it anew.
        StoreFailedError: It cannot be made or opened.
        UnavailableError: Another process is writing to it.
    """

    def __init__(self, path: Path) -> None:
        with _translated():
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            self._db = sqlite.connect(str(path), timeout=_BUSY_TIMEOUT_S, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = DELETE")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute(f"PRAGMA cache_size = -{_CACHED_KIB}")
            self._check_version()
            self._db.executescript(_SCHEMA)

    @override
    def __repr__(self) -> str:
        return "SketchIndex(...)"

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    def read_marks(self) -> dict[int, bytes]:
        """The records that it knows: what each was marked with, by number."""
        with _translated():
            return dict(self._db.execute("SELECT number, mark FROM record"))

    def add(self, number: int, mark: bytes, hashes: Iterable[int]) -> None:
        """Take a record in, wholly or not at all; arguments and errors as of add_all."""
        self.add_all([(number, mark, hashes)])

    def add_all(self, records: Iterable[tuple[int, bytes, Iterable[int]]]) -> None:
        """Take records in, each wholly or not at all.

        Args:
            records: Of each its number; the mark by which another record of the same number is
                told; and the hashes of its sketches, as `pick_hashes` gives them.

        Raises:
            StoreFailedError: It could not be written.
            UnavailableError: Another process is writing.
        """
        waiting = iter(records)
        while some := list(islice(waiting, _RECORDS_AT_ONCE)):
            pairs = sorted({(each, number) for number, _, hashes in some for each in hashes})
            with self._writing():
                self._db.executemany(
                    "INSERT OR REPLACE INTO record VALUES (?, ?)",
                    [(number, mark) for number, mark, _ in some],
                )
                self._db.executemany("INSERT OR IGNORE INTO posting VALUES (?, ?)", pairs)

    def remove(self, numbers: Collection[int]) -> None:
        """Forget records, and leave no trace of their hashes in the file.

        Raises:
            StoreFailedError: It could not be written.
            UnavailableError: Another process is writing.
        """
        if not numbers:
            return
        pairs = [(number,) for number in numbers]
        with self._writing():
            self._db.executemany("DELETE FROM posting WHERE number = ?", pairs)
            self._db.executemany("DELETE FROM record WHERE number = ?", pairs)
        with _translated():
            self._db.execute("VACUUM")

    def find(self, hashes: Iterable[int]) -> Counter[int]:
        """How much these hashes say for each record: SHARED for one that no other record has.

        What n records have says an n-th of that for each of them; what too many have says nothing.

        Args:
            hashes: As `pick_hashes` gives them.

        Cost: one look-up per hash.
        """
        found: Counter[int] = Counter()
        with _translated():
            for each in hashes:
                rows = self._db.execute(
                    "SELECT number FROM posting WHERE hash = ? LIMIT ?", (each, COMMON + 1)
                ).fetchall()
                if len(rows) <= COMMON:
                    for (number,) in rows:
                        found[number] += SHARED // len(rows)
        return found

    def _check_version(self) -> None:
        """Refuse a file of another layout.

        Raises:
            CorruptionError: It is one.
        """
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version not in {0, _VERSION}:
            raise CorruptionError("the index is of another version")
        self._db.execute(f"PRAGMA user_version = {_VERSION}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with _translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def pick_hashes(sketch: Sketch, most: int) -> tuple[int, ...]:
    """The bottom hashes of a sketch as the index has them.

    Args:
        sketch: Of a record, or of the file in question.
        most: At most so many.
    """
    count = min(sketch.count, most)
    return struct.unpack(f">{count}q", sketch.hashes[: count * HASH_BYTES])


def list_postings(content: Content) -> list[int]:
    """The hashes under which a record is found."""
    found: list[int] = []
    if content.table is not None:
        found += pick_hashes(content.table.rows, MAX_ROWS)
        found += pick_hashes(content.table.shingles, MAX_SHINGLES)
        for column in content.table.columns:
            found += pick_hashes(column.values, MAX_VALUES)
    for sketch in (content.chunks, content.words):
        if sketch is not None:
            found += pick_hashes(sketch, MAX_ROWS)
    return found


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the library's errors into ours.

    Raises:
        CorruptionError: The file is damaged, or none of ours.
        UnavailableError: Another process holds the lock.
        StoreFailedError: The file could not be read or written.
    """
    try:
        yield
    except sqlite.Error as exc:
        name = str(getattr(exc, "sqlite_errorname", ""))
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise UnavailableError("another process writes to the index; try again") from exc
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise CorruptionError("the index of fingerprints is damaged") from exc
        raise StoreFailedError(f"the index could not be read or written ({exc})") from exc
    except OSError as exc:
        raise StoreFailedError(f"the index could not be made ({exc.strerror})") from exc

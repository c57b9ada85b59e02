"""How a ledger file is made, opened and copied, and the library's errors in our words.

A ledger file is never put in place by renaming: whoever still has the old one open would later
remove the write-ahead log of the new one. Copies go through SQLite's own backup, which is one
transaction on the target: whoever reads it sees the old ledger or the new one, also after a crash.

Spec: architecture, step 4 and "Storage". pysqlite3 carries its own SQLite, because Python's may be
in the range of the WAL-reset corruption bug (3.7.0 to 3.51.2).
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pysqlite3.dbapi2 as sqlite

from ledger.errors import (
    CorruptionError,
    ExistsError,
    LedgerError,
    NotFoundError,
    StoreFailedError,
    UnavailableError,
)
from ledger.files import PRIVATE_MODE, sync_file, sync_folder
from ledger.storage.migrations import check_schema, create_schema, upgrade_schema

OLDEST_SQLITE: Final = (3, 51, 3)
BUSY_TIMEOUT_S: Final = 10.0
_BACKUP_PAGES: Final = 4096
_BUSY: Final = {5, 6}
"""SQLITE_BUSY and SQLITE_LOCKED."""
_COMPANIONS: Final = ("-wal", "-shm", "-journal")
_PRAGMAS: Final = (
    "journal_mode = WAL",
    "cache_size = -65536",
    "wal_autocheckpoint = 16000",  # 64 MiB: a block writes 14 MiB to a large ledger
    "trusted_schema = ON",
)


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


def connect(path: Path, *, is_durable: bool = True) -> sqlite.Connection:
    """Open an existing ledger file; a file of another kind is left as it is.

    Args:
        path: The file.
        is_durable: False for a scratch file: no fsync, a crash of the machine may lose it.

    Raises:
        NotFoundError: There is no such file.
        CorruptionError: Not a ledger file, of another layout, or the library is too old.
        StoreFailedError: It cannot be read.
        UnavailableError: Another process holds it.
    """
    check_library()
    if not path.is_file():
        raise NotFoundError(f"there is no ledger at {path}: create one with 'muniment init'")
    with translated():
        connection = _open(path)
        try:
            check_schema(connection)
            for pragma in (*_PRAGMAS, f"synchronous = {'FULL' if is_durable else 'OFF'}"):
                connection.execute(f"PRAGMA {pragma}")
            upgrade_schema(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def create_database(path: Path) -> None:
    """Lay out a new ledger file that only this user can read.

    Raises:
        ExistsError: There is a file already; it is left alone.
        StoreFailedError: The disk is full or cannot be written; nothing is left behind.
        CorruptionError: The library is too old.
    """
    check_library()
    _touch(path)
    try:
        with translated(), closing(_open(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            create_schema(connection)
            connection.execute("COMMIT")
    except BaseException:
        remove_database(path)
        raise


def create_copy(source: Path, target: Path, *, is_ledger: bool = True) -> None:
    """Copy a database, as of one moment, to a new file that only this user can read.

    Another process may go on writing to the source.

    Args:
        source: A ledger file.
        target: Of the new file.
        is_ledger: False to copy another database of ours, such as the vault.

    Raises:
        NotFoundError: There is no source.
        ExistsError: There is a target already; it is left alone.
        CorruptionError: The source is not a ledger file.
        StoreFailedError: The disk is full or cannot be written; nothing is left behind.
        UnavailableError: The source is busy for too long; nothing is left behind.
    """
    with translated(), closing(_open_source(source, is_ledger=is_ledger)) as reader:
        _touch(target)
        try:
            with closing(_open(target)) as writer:
                reader.backup(writer, pages=_BACKUP_PAGES, progress=_give_up_when_busy)
            fold_database(target)
        except BaseException:
            remove_database(target)
            raise


def overwrite_database(source: Path, target: Path) -> None:
    """Put the content of one ledger file in another's place, in one transaction.

    Args:
        source: Complete; read as of one moment.
        target: An existing ledger file that nobody writes to; after a crash at any point it is
            wholly as before or wholly as the source.

    Raises:
        NotFoundError: One of them is missing.
        CorruptionError: One of them is not a ledger file.
        StoreFailedError: The disk is full or cannot be written; the target is as before.
        UnavailableError: Another process holds the target.
    """
    with translated(), closing(_open_source(source)) as reader, closing(connect(target)) as writer:
        reader.backup(writer, pages=_BACKUP_PAGES, progress=_give_up_when_busy)


def fold_database(path: Path) -> None:
    """Make one durable file of a database, without the companions of WAL mode.

    Raises:
        UnavailableError: Another process has it open.
        StoreFailedError: The disk is full or cannot be written.
        CorruptionError: It is no database.
    """
    with translated(), closing(_open(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    with _translated_os(path):
        sync_file(path)
        sync_folder(path.parent)


def remove_database(path: Path) -> None:
    """Remove a database of ours that nobody has open, with its companions, if it is there.

    Raises:
        StoreFailedError: The folder cannot be written.
    """
    with _translated_os(path):
        for suffix in ("", *_COMPANIONS):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def set_aside(path: Path) -> None:
    """Rename a damaged database and its companions to `.damaged`, replacing one set aside before.

    Raises:
        StoreFailedError: The folder cannot be written.
    """
    with _translated_os(path):
        for suffix in (*_COMPANIONS, ""):
            companion = path.with_name(path.name + suffix)
            if companion.exists():
                companion.replace(path.with_name(f"{path.name}.damaged{suffix}"))
        sync_folder(path.parent)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the library's errors, raised within, into ours.

    Raises:
        LedgerError: As translate says.
    """
    try:
        yield
    except (OverflowError, sqlite.Error) as exc:
        error = translate(exc)
        raise error from exc


def translate(exc: OverflowError | sqlite.Error) -> LedgerError:
    """An error of the library in our words; the one place that knows them.

    Returns:
        UnavailableError if another process holds the lock; CorruptionError if the file contradicts
        itself or refuses what we append; StoreFailedError if a write, an fsync or a read failed, or
        the disk is full; NotFoundError if asked for a number beyond 2**63, which no row has.
    """
    if isinstance(exc, OverflowError):
        return NotFoundError("a ledger does not count so far")
    name = str(getattr(exc, "sqlite_errorname", None) or "")
    if not isinstance(exc, sqlite.OperationalError) or name in {"", "SQLITE_ERROR"}:
        return CorruptionError(_CONTRADICTION.format(exc))  # no such table, text that is not UTF-8
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return UnavailableError(
            "another process is writing to the ledger; nothing was written, try again"
        )
    return StoreFailedError(
        f"the ledger file could not be read or written ({exc}): see to the disk, then run the "
        "same command again; no event is ever written twice"
    )


_CONTRADICTION: Final = "the ledger file contradicts itself ({}): run an audit"


def _open(path: Path) -> sqlite.Connection:
    """Open a file that is there; SQLite makes none."""
    return sqlite.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )


def _open_source(path: Path, *, is_ledger: bool = True) -> sqlite.Connection:
    """Open a database to copy it as of now: a backup without a snapshot starts over and over.

    Raises:
        NotFoundError: There is no such file.
    """
    check_library()
    if not path.is_file():
        raise NotFoundError(f"there is no ledger file at {path}")
    connection = _open(path)
    try:
        if is_ledger:
            check_schema(connection)
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _give_up_when_busy(status: int, remaining: int, total: int) -> None:
    """Stop a backup that has waited for a lock; by itself it would wait for ever.

    Raises:
        UnavailableError: The step just made found the target locked.
    """
    if status in _BUSY:
        raise UnavailableError(
            f"another process is using the ledger ({remaining} of {total} pages to go); nothing "
            "was written, try again"
        )


def _touch(path: Path) -> None:
    """Make an empty file that only this user can read.

    Raises:
        ExistsError: There is a file already.
    """
    with _translated_os(path):
        try:
            path.touch(mode=PRIVATE_MODE, exist_ok=False)
        except FileExistsError:
            raise ExistsError(f"{path} exists already and is left alone") from None


@contextmanager
def _translated_os(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise StoreFailedError(f"cannot write {path}: {exc.strerror}") from exc

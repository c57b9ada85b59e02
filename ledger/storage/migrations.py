"""The layout of the SQLite file; once released, a version is only ever followed by another."""

from typing import Final

import pysqlite3.dbapi2 as sqlite
import sqlite_utils

from ledger.errors import CorruptionError

APPLICATION_ID: Final = 0x4D554E49  # "MUNI"
VERSION: Final = 2

_HOLD: Final = """
CREATE TABLE hold (  -- at most one row: pages and states are held from this size on
    id   INTEGER PRIMARY KEY CHECK (id = 0),
    size INTEGER NOT NULL
) STRICT;
"""
_STEPS: Final = {1: _HOLD}
"""What brings a file of each earlier layout to the next."""
_TABLES: Final = """
CREATE TABLE entry (
    idx  INTEGER PRIMARY KEY,
    leaf TEXT NOT NULL
) STRICT;
CREATE TABLE event (
    prefix INTEGER NOT NULL,  -- first 8 bytes of the event id, signed
    idx    INTEGER NOT NULL,
    PRIMARY KEY (prefix, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE block (
    height       INTEGER PRIMARY KEY,
    size         INTEGER NOT NULL UNIQUE,
    time         INTEGER NOT NULL,
    map_page     INTEGER NOT NULL,
    map_root     BLOB NOT NULL,
    map_size     INTEGER NOT NULL,
    next_page    INTEGER NOT NULL,
    next_locator INTEGER NOT NULL
) STRICT;
CREATE TABLE tile (
    id   INTEGER PRIMARY KEY,  -- level * 2^48 + index
    data BLOB NOT NULL
) STRICT;
CREATE TABLE subject (
    number INTEGER PRIMARY KEY,
    key    TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE state (
    locator  INTEGER PRIMARY KEY,
    number   INTEGER NOT NULL,
    value    TEXT NOT NULL,
    frontier BLOB NOT NULL
) STRICT;
CREATE TABLE history (
    number INTEGER NOT NULL,
    i      INTEGER NOT NULL,
    idx    INTEGER NOT NULL,
    PRIMARY KEY (number, i)
) STRICT, WITHOUT ROWID;
CREATE TABLE page (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;
CREATE TABLE stale (
    height INTEGER NOT NULL,  -- of the block that replaced it
    kind   INTEGER NOT NULL,  -- 0 page, 1 state
    id     INTEGER NOT NULL,
    PRIMARY KEY (height, kind, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;
CREATE TABLE document (
    digest TEXT PRIMARY KEY,
    data   BLOB NOT NULL
) STRICT;
CREATE TRIGGER entry_in_order BEFORE INSERT ON entry
WHEN NEW.idx <> (SELECT coalesce(max(idx), -1) + 1 FROM entry)
BEGIN SELECT RAISE(ABORT, 'entries are appended in order'); END;
CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;
CREATE TRIGGER document_no_replace BEFORE INSERT ON document
WHEN EXISTS (SELECT 1 FROM document WHERE digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, 'documents are append-only'); END;
CREATE TRIGGER document_no_update BEFORE UPDATE ON document
BEGIN SELECT RAISE(ABORT, 'documents are append-only'); END;
CREATE TRIGGER document_no_delete BEFORE DELETE ON document
BEGIN SELECT RAISE(ABORT, 'documents are append-only'); END;
"""

_QUIET_UPDATE: Final = """
DROP TRIGGER listing_au;
CREATE TRIGGER listing_au AFTER UPDATE ON listing WHEN old.words IS NOT new.words BEGIN
  INSERT INTO listing_fts (listing_fts, rowid, words) VALUES ('delete', old.rowid, old.words);
  INSERT INTO listing_fts (rowid, words) VALUES (new.rowid, new.words);
END;
"""
"""Most updates change a status and no word: those leave the index alone."""


def create_schema(connection: sqlite.Connection) -> None:
    """Lay out an empty file; the caller holds the transaction."""
    for statement in _split(_TABLES + _HOLD):
        connection.execute(statement)
    database = sqlite_utils.Database(connection)
    listing = database.table("listing")
    listing.create(
        {"key": str, "type": str, "label": str, "status": str, "terms": str, "words": str},
        pk="key",
        not_null={"key", "type", "label", "status", "terms", "words"},
    )
    listing.enable_fts(["words"], create_triggers=True, tokenize="unicode61")
    for statement in _split(_QUIET_UPDATE):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def check_schema(connection: sqlite.Connection) -> None:
    """Refuse a file that is not ours or of another version.

    Raises:
        CorruptionError: Another application's file, or a layout this program does not know.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = _read_version(connection)
    if application != APPLICATION_ID:
        raise CorruptionError("the file is not a Muniment ledger; give the right --home")
    if version not in {*_STEPS, VERSION}:
        raise CorruptionError(
            f"the ledger file has layout {version}, this program knows {VERSION}: "
            "use the program that wrote it, or a newer one"
        )


def upgrade_schema(connection: sqlite.Connection) -> None:
    """Bring a file that check_schema let pass to the newest layout, in one transaction."""
    if _read_version(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        while (version := _read_version(connection)) != VERSION:
            for statement in _split(_STEPS[version]):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _read_version(connection: sqlite.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _split(script: str) -> list[str]:
    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements

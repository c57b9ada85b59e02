"""What only the SQLite store promises: its schema, its file, its errors."""

import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count

import pysqlite3.dbapi2 as sqlite
import pytest
import sqlite_utils

from ledger.errors import (
    ConflictError,
    CorruptionError,
    ExistsError,
    NotFoundError,
    StoreFailedError,
    UnavailableError,
)
from ledger.storage import connection
from ledger.storage.base import COLUMNS, Table
from ledger.storage.connection import (
    check_library,
    create_copy,
    create_database,
    fold_database,
    overwrite_database,
    remove_database,
    set_aside,
    translated,
)
from ledger.storage.migrations import APPLICATION_ID, VERSION
from ledger.storage.scratch import open_scratch
from ledger.storage.sqlite import SqliteStore, create_store
from tests.support.ledgers import build_block, fill, put, toy_key, write_block


@pytest.fixture
def filled(ledger_path):
    """A ledger file with two blocks, a checkpoint and a document."""
    with closing(SqliteStore(ledger_path)) as store:
        fill(store, blocks=2)
        write_block(store, put(9), documents={"d" * 64: b"document"})
        store.save_checkpoint(3, b"note")
    return ledger_path


def raw(path):
    """A connection that knows nothing of our rules, such as sqlite3's or Datasette's."""
    return closing(sqlite.connect(str(path), isolation_level=None))


# append-only by the schema itself

REFUSED = {
    "update an entry": "UPDATE entry SET leaf = 'x' WHERE idx = 1",
    "move an entry": "UPDATE entry SET idx = 99 WHERE idx = 7",
    "update or replace": "UPDATE OR REPLACE entry SET leaf = 'x' WHERE idx = 1",
    "delete an entry": "DELETE FROM entry WHERE idx = 7",
    "delete all entries": "DELETE FROM entry",
    "replace an entry": "INSERT OR REPLACE INTO entry (idx, leaf) VALUES (1, 'x')",
    "replace the last": "REPLACE INTO entry (idx, leaf) VALUES (7, 'x')",
    "insert one again": "INSERT OR IGNORE INTO entry (idx, leaf) VALUES (7, 'x')",
    "upsert an entry": "INSERT INTO entry VALUES (7, 'x') ON CONFLICT DO UPDATE SET leaf = 'x'",
    "leave a gap": "INSERT INTO entry (idx, leaf) VALUES (9, 'x')",
    "go below zero": "INSERT INTO entry (idx, leaf) VALUES (-1, 'x')",
    "leave the number out": "INSERT INTO entry (leaf) VALUES ('x')",
    "an entry that is no text": "INSERT INTO entry (idx, leaf) VALUES (8, x'00')",
    "an entry that is nothing": "INSERT INTO entry (idx, leaf) VALUES (8, NULL)",
    "update a document": "UPDATE document SET data = x'00'",
    "rename a document": "UPDATE document SET digest = 'e'",
    "delete a document": "DELETE FROM document",
    "replace a document": f"INSERT OR REPLACE INTO document VALUES ('{'d' * 64}', x'00')",
    "insert a document again": f"INSERT OR IGNORE INTO document VALUES ('{'d' * 64}', x'00')",
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_schema_refuses_to(filled, name):
    with raw(filled) as db:
        before = {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in Table}
        with pytest.raises(sqlite.DatabaseError):
            db.execute(REFUSED[name])
        assert before == {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in Table}


def test_the_schema_takes_the_next_entry_and_a_new_document(filled):
    with raw(filled) as db:
        assert db.execute("SELECT max(idx) FROM entry").fetchone() == (7,)
        db.execute("INSERT INTO entry (idx, leaf) VALUES (8, 'x')")
        db.execute("INSERT INTO document VALUES ('e', x'00')")


def test_a_new_log_begins_with_entry_0(ledger_path):
    with raw(ledger_path) as db:
        with pytest.raises(sqlite.DatabaseError):
            db.execute("INSERT INTO entry (idx, leaf) VALUES (1, 'x')")
        db.execute("INSERT INTO entry (idx, leaf) VALUES (0, 'x')")


def test_the_columns_are_those_that_rows_are_read_with(ledger_path):
    with raw(ledger_path) as db:
        for table in Table:
            info = db.execute(f"PRAGMA table_info({table})").fetchall()
            assert tuple(column[1] for column in info) == COLUMNS[table]


# the file


def test_a_ledger_file_is_for_its_owner_only_and_open_to_other_tools(filled):
    assert stat.S_IMODE(filled.stat().st_mode) == 0o600
    with raw(filled) as db:
        assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = sqlite_utils.Database(db).table_names()
    assert set(Table) <= set(tables)


def test_companions_are_for_the_owner_only_too(filled):
    with closing(SqliteStore(filled)) as store:
        write_block(store, put(50))
        for suffix in ("-wal", "-shm"):
            companion = filled.with_name(filled.name + suffix)
            assert stat.S_IMODE(companion.stat().st_mode) == 0o600


def test_a_ledger_is_made_once(filled):
    before = filled.read_bytes()
    with pytest.raises(ExistsError):
        create_store(filled)
    assert filled.read_bytes() == before


def test_a_ledger_that_cannot_be_made_leaves_nothing(tmp_path):
    with pytest.raises(StoreFailedError, match="No such file"):
        create_store(tmp_path / "missing" / "ledger.db")


def test_nothing_is_left_when_laying_out_fails(tmp_path, monkeypatch):
    def full(db):
        db.execute("CREATE TABLE one (a)")
        raise sqlite.OperationalError("database or disk is full")

    monkeypatch.setattr(connection, "create_schema", full)
    with pytest.raises(CorruptionError, match="full"):
        create_database(tmp_path / "ledger.db")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_ledger_is_not_made_by_opening(tmp_path):
    with pytest.raises(NotFoundError, match="muniment init"):
        SqliteStore(tmp_path / "ledger.db")
    assert list(tmp_path.iterdir()) == []


def _other_application(path):
    with raw(path) as db:
        db.execute("CREATE TABLE mail (text)")


def _newer_layout(path):
    create_database(path)
    with raw(path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")


def make_older(path):
    """The layout before this one: nothing could be held."""
    with raw(path) as db:
        db.execute("DROP TABLE hold")
        db.execute("PRAGMA user_version = 1")


def test_a_file_of_the_layout_before_is_brought_up_to_date_and_loses_nothing(filled):
    with closing(SqliteStore(filled)) as store:
        before = {table: list(store.iterate_rows(table)) for table in Table}
    make_older(filled)
    for _ in range(2):
        with closing(SqliteStore(filled)) as store:
            assert {table: list(store.iterate_rows(table)) for table in Table} == before
            assert store.read_hold() is None
            store.hold_pages(3)
            assert store.read_hold() == 3
            store.hold_pages(None)


def test_bringing_up_to_date_happens_wholly_or_not_at_all(filled, monkeypatch):
    make_older(filled)
    steps = {1: "CREATE TABLE hold (size INTEGER);\nCREATE TABLE hold (size INTEGER);\n"}
    monkeypatch.setattr("ledger.storage.migrations._STEPS", steps)
    with pytest.raises(CorruptionError, match="already exists"):
        SqliteStore(filled)
    monkeypatch.undo()
    with closing(SqliteStore(filled)) as store:
        assert store.read_hold() is None


def test_a_copy_is_taken_of_a_file_of_the_layout_before_without_changing_it(filled, tmp_path):
    make_older(filled)
    before = filled.read_bytes()
    create_copy(filled, tmp_path / "copy.db")
    assert filled.read_bytes() == before
    with closing(SqliteStore(tmp_path / "copy.db")) as store:
        assert store.read_hold() is None


OTHER_FILES = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("not a database, but long enough to look like one" * 9),
    "another application's": _other_application,
    "a newer layout": _newer_layout,
}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_is(tmp_path, name):
    path = tmp_path / "ledger.db"
    OTHER_FILES[name](path)
    before = path.read_bytes()
    for use in (SqliteStore, fail_to_copy, fail_to_overwrite):
        with pytest.raises(CorruptionError):
            use(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p != path] in ([], ["other.db"])


def fail_to_copy(path):
    create_copy(path, path.with_name("copy.db"))


def fail_to_overwrite(path):
    other = path.with_name("other.db")
    create_database(other)
    overwrite_database(other, path)


def test_an_old_library_is_refused(ledger_path, monkeypatch):
    check_library()
    monkeypatch.setattr(connection.sqlite, "sqlite_version_info", (3, 51, 2))
    with pytest.raises(CorruptionError, match="WAL"):
        SqliteStore(ledger_path)
    with pytest.raises(CorruptionError, match="WAL"):
        create_store(ledger_path.with_name("new.db"))


def test_a_durable_store_syncs_every_commit_and_a_scratch_does_not(ledger_path):
    for is_durable, expected in ((True, 2), (False, 0)):
        with closing(SqliteStore(ledger_path, is_durable=is_durable)) as store:
            assert store._db.execute("PRAGMA synchronous").fetchone() == (expected,)
            assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_scratch_store_is_gone_afterwards(tmp_path):
    with open_scratch(tmp_path) as store:
        fill(store, blocks=1)
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StoreFailedError), open_scratch(tmp_path / "missing"):
        pass


# errors


def test_a_busy_ledger_is_unavailable_and_nothing_is_written(filled, monkeypatch):
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_S", 0.01)
    with closing(SqliteStore(filled)) as store, raw(filled) as other:
        block = build_block(store, put(50))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError, match="nothing was written"):
            store.append(block, expected_size=8, documents={})
        with pytest.raises(UnavailableError):
            store.save_checkpoint(8, b"note")
        other.execute("ROLLBACK")
        assert store.read_head().size == 8
        store.append(block, expected_size=8, documents={})


class Full:
    """A connection on a disk that is full from some statement on."""

    def __init__(self, db, statement):
        self._db = db
        self._statement = statement

    def __getattr__(self, name):
        return getattr(self._db, name)

    def execute(self, sql, *values):
        return self._pass_on(self._db.execute, sql, *values)

    def executemany(self, sql, values):
        return self._pass_on(self._db.executemany, sql, values)

    def _pass_on(self, call, sql, *values):
        if sql.startswith(self._statement):
            error = sqlite.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error
        return call(sql, *values)


@pytest.mark.parametrize("statement", ["INSERT INTO entry", "INSERT INTO page", "COMMIT", "BEGIN"])
def test_after_a_failed_write_a_store_writes_nothing_more(filled, statement):
    with closing(SqliteStore(filled)) as store:
        block = build_block(store, put(50), put(51))
        whole, store._db = store._db, Full(store._db, statement)
        with pytest.raises(StoreFailedError, match="full"):
            store.append(block, expected_size=8, documents={})
        store._db = whole
        assert not whole.in_transaction
        for write in (
            lambda: store.append(block, expected_size=8, documents={}),
            lambda: store.save_checkpoint(8, b"note"),
        ):
            with pytest.raises(StoreFailedError, match="full"):
                write()
        assert store.read_head().size == 8
    with closing(SqliteStore(filled)) as store:
        store.append(block, expected_size=8, documents={})


def test_an_error_that_ends_the_transaction_itself_is_taken_as_such(filled):
    class Ending(Full):
        def _pass_on(self, call, sql, *values):
            if sql == self._statement:
                self._db.execute("ROLLBACK")
            return super()._pass_on(call, sql, *values)

    with closing(SqliteStore(filled)) as store:
        whole, store._db = store._db, Ending(store._db, "COMMIT")
        with pytest.raises(StoreFailedError, match="full"):
            store.append(build_block(store, put(50)), expected_size=8, documents={})
        store._db = whole
        assert store.read_head().size == 8


def test_a_log_that_lost_its_last_leaf_is_noticed(filled):
    with raw(filled) as db:
        db.execute("DROP TRIGGER entry_no_delete")
        db.execute("DELETE FROM entry WHERE idx = 7")
    with closing(SqliteStore(filled)) as store, pytest.raises(CorruptionError, match="leaf 7"):
        store.read_head()


def test_pages_of_a_block_that_failed_are_forgotten(filled):
    """Their ids are given out again, to other pages."""
    with closing(SqliteStore(filled)) as store:
        lost = build_block(store, put(50), put(51))
        with pytest.raises(ConflictError):
            store.append(lost, expected_size=7, documents={})
        kept = write_block(store, put(60))
        for page_id, page in kept.pages:
            assert store.read_page(page_id) == page


def test_the_page_cache_is_bounded(filled):
    with closing(SqliteStore(filled, pages=8)) as store:
        fill(store, blocks=30, first=100)
        assert len(store._pages._pages) <= 8
        root = store.read_head().map_root
        assert all(store.read_stored_state(root, toy_key(n)) for n in range(100, 160))
        store.check()


def test_a_state_that_the_map_does_not_commit_is_noticed(filled):
    with raw(filled) as db:
        db.execute("UPDATE state SET value = replace(value, 'sets', 'zets')")
    with closing(SqliteStore(filled)) as store, pytest.raises(CorruptionError, match="audit"):
        store.read_stored_state(store.read_head().map_root, toy_key(1))


@pytest.mark.parametrize("table", ["entry", "block", "page", "listing"])
def test_a_missing_table_is_a_contradiction_not_a_full_disk(filled, table):
    with raw(filled) as db:
        db.execute(f"DROP TABLE {table}")
    with closing(SqliteStore(filled)) as store, pytest.raises(CorruptionError, match="audit"):
        list(store.iterate_rows(Table(table)))


def test_text_that_is_not_utf8_is_a_contradiction(filled):
    with raw(filled) as db:
        db.execute("UPDATE state SET value = CAST(x'ff' AS TEXT)")
    with closing(SqliteStore(filled)) as store, pytest.raises(CorruptionError, match="UTF-8"):
        list(store.iterate_rows(Table.STATE))


def test_a_full_text_index_that_lags_behind_is_noticed(filled):
    with raw(filled) as db:
        db.execute("DROP TRIGGER listing_au")
        db.execute("UPDATE listing SET words = 'other words'")
    with closing(SqliteStore(filled)) as store, pytest.raises(CorruptionError):
        store.check()


def test_a_damaged_page_of_the_file_is_noticed(filled):
    data = bytearray(filled.read_bytes())
    start = data.index(b"CREATE UNIQUE INDEX") if b"CREATE UNIQUE INDEX" in data else 4096 * 3
    data[start + 4096 : start + 8192] = bytes(4096)
    filled.write_bytes(data)
    with pytest.raises(CorruptionError), closing(SqliteStore(filled)) as store:
        store.check()


def test_other_errors_pass_through_untranslated():
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError


def test_rows_that_follow_from_the_log_are_written_only_with_their_block(filled):
    with closing(SqliteStore(filled)) as store:
        for table in set(Table) - {Table.CHECKPOINT, Table.DOCUMENT}:
            with pytest.raises(AssertionError):
                store.keep_rows(table, [])
        store.keep_rows(Table.CHECKPOINT, [(5, "note 5")])
        assert store.read_checkpoint(5) == b"note 5"


def test_threads_take_turns(filled):
    def read(store):
        for _ in range(200):
            assert len(store.read_leaves(0, 8)) == 8
            list(store.iterate_rows(Table.PAGE))

    with closing(SqliteStore(filled)) as store, ThreadPoolExecutor(4) as pool:
        reading = [pool.submit(read, store) for _ in range(4)]
        fill(store, blocks=20, first=200)
        for future in reading:
            future.result()
        store.check()


# copies


def test_a_copy_is_one_private_file_with_everything(filled, tmp_path):
    with closing(SqliteStore(filled)) as store:
        write_block(store, put(70))
        create_copy(filled, tmp_path / "copy.db")
        rows = {table: list(store.iterate_rows(table)) for table in Table}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy.db", "ledger.db"]
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    with closing(SqliteStore(tmp_path / "copy.db")) as copy:
        assert {table: list(copy.iterate_rows(table)) for table in Table} == rows
        copy.check()


class Interrupted:
    """A connection whose backup is interrupted by a writer after each of its first steps."""

    def __init__(self, db, write):
        self._db = db
        self._write = write
        self.steps = 0

    def __getattr__(self, name):
        return getattr(self._db, name)

    def backup(self, target, *, pages, progress):
        self._db.backup(target, pages=1, progress=self._interrupt)

    def _interrupt(self, status, remaining, total):
        self.steps += 1
        if self.steps <= 20:
            self._write()


def test_a_copy_is_as_of_one_moment_while_another_writes(filled, tmp_path, monkeypatch):
    numbers = count(1000)
    opened = []
    with closing(SqliteStore(filled)) as writer:
        fill(writer, blocks=20, first=100)

        def interrupt(path, *, is_ledger):
            source = open_source(path, is_ledger=is_ledger)
            opened.append(Interrupted(source, lambda: write_block(writer, put(next(numbers)))))
            return opened[-1]

        open_source = connection._open_source
        monkeypatch.setattr(connection, "_open_source", interrupt)
        before = {table: list(writer.iterate_rows(table)) for table in Table}
        create_copy(filled, tmp_path / "copy.db")
        assert next(numbers) == 1020, "somebody wrote in the middle"
    pages = (tmp_path / "copy.db").stat().st_size // 4096
    assert opened[0].steps <= pages, "it did not start over"
    with closing(SqliteStore(tmp_path / "copy.db")) as copy:
        assert {table: list(copy.iterate_rows(table)) for table in Table} == before


def test_another_database_of_ours_can_be_copied(tmp_path):
    with raw(tmp_path / "vault.db") as db:
        db.execute("CREATE TABLE record (a)")
    create_copy(tmp_path / "vault.db", tmp_path / "copy.db", is_ledger=False)
    with raw(tmp_path / "copy.db") as db:
        assert db.execute("SELECT count(*) FROM record").fetchone() == (0,)


def test_a_copy_never_replaces_a_file_and_needs_a_source(filled, tmp_path):
    (tmp_path / "there").write_text("x")
    with pytest.raises(ExistsError):
        create_copy(filled, tmp_path / "there")
    with pytest.raises(NotFoundError):
        create_copy(tmp_path / "missing", tmp_path / "copy.db")
    with pytest.raises(StoreFailedError):
        create_copy(filled, tmp_path / "no" / "copy.db")
    assert (tmp_path / "there").read_text() == "x"
    assert not (tmp_path / "copy.db").exists()


def test_overwriting_is_seen_by_an_open_reader_at_once_and_wholly(filled, tmp_path):
    with closing(create_store(tmp_path / "other.db")) as other:
        write_block(other, put(500))
        expected = {table: list(other.iterate_rows(table)) for table in Table}
    with closing(SqliteStore(filled)) as reader:
        with reader.snapshot():
            before = reader.read_leaves(0, 99)
            overwrite_database(tmp_path / "other.db", filled)
            assert reader.read_leaves(0, 99) == before, "what was begun goes on undisturbed"
        assert {table: list(reader.iterate_rows(table)) for table in Table} == expected


def test_a_database_in_use_is_not_folded(filled, monkeypatch):
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_S", 0.01)
    with closing(SqliteStore(filled)) as store:
        store.read_head()
        with pytest.raises(UnavailableError):
            fold_database(filled)


def test_databases_are_removed_and_set_aside_with_their_companions(tmp_path):
    names = ["a.db", "a.db-wal", "a.db-shm", "a.db-journal"]
    for name in names:
        (tmp_path / name).write_text(name)
    set_aside(tmp_path / "a.db")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "a.db.damaged",
        "a.db.damaged-journal",
        "a.db.damaged-shm",
        "a.db.damaged-wal",
    ]
    remove_database(tmp_path / "a.db.damaged")
    assert list(tmp_path.iterdir()) == []
    remove_database(tmp_path / "a.db.damaged")
    with pytest.raises(StoreFailedError):
        remove_database(tmp_path / ("x" * 300))


def test_a_copy_that_fails_half_way_leaves_nothing(filled, tmp_path, monkeypatch):
    def fail(path):
        raise StoreFailedError("disk full")

    monkeypatch.setattr(connection, "fold_database", fail)
    with pytest.raises(StoreFailedError):
        create_copy(filled, tmp_path / "copy.db")
    assert [p.name for p in tmp_path.iterdir()] == ["ledger.db"]


@pytest.mark.parametrize("size", [2**63, 10**30, -(2**70)])
def test_numbers_beyond_any_ledger_are_not_found(filled, size):
    with closing(SqliteStore(filled)) as store:
        for read in (store.read_block, store.read_checkpoint, store.read_page):
            with pytest.raises(NotFoundError):
                read(size)
        with pytest.raises(NotFoundError):
            store.read_leaves(size, size + 1)


def test_an_interrupt_in_the_middle_of_a_block_takes_it_all_back(filled):
    class Interrupt(BaseException):
        pass

    class Interrupting(Full):
        def _pass_on(self, call, sql, *values):
            if sql.startswith(self._statement):
                raise Interrupt
            return call(sql, *values)

    with closing(SqliteStore(filled)) as store:
        whole, block = store._db, build_block(store, put(50))
        for statement in ("BEGIN", "INSERT INTO page", "COMMIT"):
            store._db = Interrupting(whole, statement)
            with pytest.raises(Interrupt):
                store.append(block, expected_size=8, documents={})
            store._db = whole
            assert store.read_head().size == 8
        store.append(block, expected_size=8, documents={})


# the full-text index


def test_only_an_update_of_its_words_changes_the_index_of_a_listing(filled):
    def index(db):
        return db.execute("SELECT id, block FROM listing_fts_data ORDER BY id").fetchall()

    with raw(filled) as db:
        before = index(db)
        db.execute("UPDATE listing SET status = 'gone', label = 'Other', words = words")
        assert index(db) == before
        db.execute("UPDATE listing SET words = 'heron'")
        assert index(db) != before
    with closing(SqliteStore(filled)) as store:
        store.check()
        assert len(store.search_listings("heron", kind=None, limit=99)) > 1

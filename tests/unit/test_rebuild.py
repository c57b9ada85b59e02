"""Everything that follows from the log is made anew, and nothing is lost on the way."""

import pathlib
from contextlib import closing
from dataclasses import replace
from hashlib import sha256

import pysqlite3.dbapi2 as sqlite
import pytest

from ledger import rebuild as module
from ledger.errors import CorruptionError, NotFoundError, StoreFailedError
from ledger.rebuild import rebuild
from ledger.replay import DifferenceError
from ledger.sequencer import Submission
from ledger.storage.base import DERIVED, Table
from ledger.storage.sqlite import SqliteStore
from tests.support.ledgers import AUDITOR, Home, put, toy_key

DOCUMENT = b"a credential"
DIGEST = sha256(DOCUMENT).hexdigest()
A = toy_key("A")


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home").found()
    with made.open() as (_, sequencer):
        sequencer.submit([Submission(put(n, A, toy_key(n))) for n in range(5)])
        sequencer.submit([Submission(put(9, A), {DIGEST: DOCUMENT})])
    return made


def rows(path):
    with closing(SqliteStore(path)) as store:
        return {table: list(store.iterate_rows(table)) for table in Table}


def damage(path, *statements):
    with closing(sqlite.connect(str(path), isolation_level=None)) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall():
            if name.startswith(("entry", "document")):
                db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)


DAMAGE = {
    "nothing": (),
    "tiles": ("DELETE FROM tile",),
    "one tile": ("UPDATE tile SET data = x'00'",),
    "blocks": ("DELETE FROM block",),
    "events": ("DELETE FROM event",),
    "subjects, states, histories": (
        "DELETE FROM subject",
        "DELETE FROM state",
        "DELETE FROM history",
    ),
    "pages": ("DELETE FROM page WHERE id % 2",),
    "listings": ("DELETE FROM listing",),
    "the search index": ("INSERT INTO listing_fts (listing_fts) VALUES ('delete-all')",),
    "what is to be removed": ("DELETE FROM stale",),
    "dropped tables": ("DROP TABLE page", "DROP TABLE state", "DROP TABLE listing_fts"),
    "everything": tuple(f"DELETE FROM {table}" for table in DERIVED),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_rebuilt_ledger_is_as_before_the_damage_to(home, name):
    before = rows(home.ledger)
    damage(home.ledger, *DAMAGE[name])
    result = rebuild(home.ledger, AUDITOR)
    assert rows(home.ledger) == before
    assert replace(result, documents=1) == home.audit()
    assert sorted(p.name for p in home.folder.iterdir()) == [
        ".log.signed.lock",
        "ledger.db",
        "log.signed",
    ]
    assert home.write(put(50, A))[0].index == 8


def test_a_rebuilt_file_refuses_updates_again(home):
    damage(home.ledger)
    rebuild(home.ledger, AUDITOR)
    with closing(sqlite.connect(str(home.ledger))) as db, pytest.raises(sqlite.DatabaseError):
        db.execute("DELETE FROM entry")


def test_progress_is_told(home):
    seen = []
    rebuild(home.ledger, replace(AUDITOR, progress=lambda done, total: seen.append((done, total))))
    assert seen == [(6, 8), (8, 8)]


REFUSED = {
    "a changed leaf": ("UPDATE entry SET leaf = replace(leaf, '\"value\":3', '\"value\":4')",),
    "a missing leaf": ("DELETE FROM entry WHERE idx = 3",),
    "a log cut off in its last block": ("DELETE FROM entry WHERE idx = 7",),
    "a log that lost its last block": ("DELETE FROM entry WHERE idx > 5",),
    "a checkpoint of something else": ("UPDATE checkpoint SET note = replace(note, '8', '6')",),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_replaced_when_the_log_holds(home, name):
    damage(home.ledger, *REFUSED[name])
    before = rows(home.ledger)
    with pytest.raises(DifferenceError):
        rebuild(home.ledger, AUDITOR)
    assert rows(home.ledger) == before
    assert not list(home.folder.glob(".ledger*"))


def test_a_missing_or_foreign_file_is_refused(tmp_path):
    with pytest.raises(NotFoundError):
        rebuild(tmp_path / "ledger.db", AUDITOR)
    (tmp_path / "ledger.db").write_text("something else")
    with pytest.raises(CorruptionError):
        rebuild(tmp_path / "ledger.db", AUDITOR)
    assert [p.name for p in tmp_path.iterdir()] == ["ledger.db"]


def test_what_an_interrupted_rebuild_left_is_removed(home):
    (home.folder / ".ledger.db.rebuild").write_text("half")
    (home.folder / ".ledger.db.rebuild-wal").write_text("half")
    rebuild(home.ledger, AUDITOR)
    assert not list(home.folder.glob(".ledger*"))


def test_a_full_disk_leaves_the_old_ledger(home, monkeypatch):
    before = rows(home.ledger)

    def full(source, target):
        raise StoreFailedError("disk full")

    monkeypatch.setattr(module, "overwrite_database", full)
    with pytest.raises(StoreFailedError):
        rebuild(home.ledger, AUDITOR)
    assert rows(home.ledger) == before
    assert not list(home.folder.glob(".ledger*"))


def test_somebody_who_reads_meanwhile_is_not_disturbed(home):
    damage(home.ledger, "DELETE FROM listing")
    with closing(SqliteStore(home.ledger)) as reader:
        with reader.snapshot():
            leaves = reader.read_leaves(0, 99)
            rebuild(home.ledger, AUDITOR)
            assert reader.read_leaves(0, 99) == leaves
            assert reader.read_listing(A) is None
        assert reader.read_listing(A) is not None
    assert pathlib.Path(home.ledger).samefile(home.ledger)


def test_pages_that_were_held_are_held_after_a_rebuild_too(home, monkeypatch):
    monkeypatch.setattr("ledger.storage.writing.KEPT_BLOCKS", 2)
    monkeypatch.setattr("ledger.storage.writing.PRUNE_EVERY", 1)
    with home.open() as (store, sequencer):
        size = sequencer.head.size
        store.hold_pages(size)
        for number in range(10, 16):
            sequencer.submit([Submission(put(number, A))])
    before = rows(home.ledger)
    assert rebuild(home.ledger, AUDITOR).height == 8
    assert rows(home.ledger) == before
    with closing(SqliteStore(home.ledger)) as store:
        assert store.read_hold() == size
        assert store.read_stored_state(store.read_block(size).map_root, A) is not None

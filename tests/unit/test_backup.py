"""Copies: complete, verified, and never a way to sign a second history."""

import shutil
import stat
from contextlib import closing

import pysqlite3.dbapi2 as sqlite
import pytest

from ledger.backup import back_up, restore
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.merkle import read_root
from ledger.core.tiles import TileNodeReader
from ledger.errors import (
    CorruptionError,
    ExistsError,
    NotFoundError,
    RollbackError,
    StoreFailedError,
    UnavailableError,
)
from ledger.replay import DifferenceError
from ledger.sequencer import Submission
from ledger.storage import connection
from ledger.storage.base import Table
from ledger.storage.sqlite import SqliteStore
from tests.support.ledgers import AUDITOR, Home, put
from tests.support.memory_store import MemoryStore


def verify_tail(store):
    AUDITOR.audit_tail(store)


def verify_all(store):
    AUDITOR.audit(store, MemoryStore())


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home").found()
    made.write(put(1), put(2), put(3))
    return made


@pytest.fixture
def backup(home, tmp_path):
    """A backup of the first three blocks; the ledger has grown by one since."""
    path = tmp_path / "backup.db"
    back_up(home.ledger, path, verify_all)
    home.write(put(4))
    return path


def rows(path):
    with closing(SqliteStore(path)) as store:
        return {table: list(store.iterate_rows(table)) for table in Table}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def adopt_own(home, *, is_only_copy):
    """What `log adopt --no-other-copy` does."""
    with closing(SqliteStore(home.ledger)) as store:
        body = parse_signed_checkpoint(store.read_checkpoint()).body
        nodes = TileNodeReader(store)
        home.signer().adopt(
            body, store.read_head().size, lambda at: read_root(nodes, at), is_only_copy=is_only_copy
        )


# backup


def test_a_backup_is_one_private_file_with_all_rows(home, tmp_path):
    path = tmp_path / "backup.db"
    back_up(home.ledger, path, verify_tail)
    assert names(tmp_path) == ["backup.db", "home"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(sqlite.connect(str(path))) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert rows(path) == rows(home.ledger)


def test_a_backup_is_made_while_the_ledger_is_open_and_written_to(home, tmp_path):
    with home.open() as (store, sequencer):
        back_up(home.ledger, tmp_path / "one.db", verify_all)
        sequencer.submit([Submission(put(50))])
        back_up(home.ledger, tmp_path / "two.db", verify_all)
        assert store.read_head().height == 4
    assert len(rows(tmp_path / "one.db")[Table.BLOCK]) == 3
    assert len(rows(tmp_path / "two.db")[Table.BLOCK]) == 4


def test_the_signer_file_is_no_part_of_a_backup(home, tmp_path):
    back_up(home.ledger, tmp_path / "backup.db", verify_tail)
    assert b"muniment/signer" not in (tmp_path / "backup.db").read_bytes()
    assert names(tmp_path) == ["backup.db", "home"]


def test_a_backup_never_replaces_anything(home, tmp_path):
    (tmp_path / "backup.db").write_text("older")
    with pytest.raises(ExistsError):
        back_up(home.ledger, tmp_path / "backup.db", verify_tail)
    assert (tmp_path / "backup.db").read_text() == "older"


def test_a_file_that_turns_up_meanwhile_is_not_replaced_either(home, tmp_path):
    def verify(store):
        (tmp_path / "backup.db").write_text("somebody else's")

    with pytest.raises(ExistsError):
        back_up(home.ledger, tmp_path / "backup.db", verify)
    assert (tmp_path / "backup.db").read_text() == "somebody else's"
    assert names(tmp_path) == ["backup.db", "home"]


def test_a_copy_that_does_not_verify_is_not_kept(home, tmp_path):
    with closing(sqlite.connect(str(home.ledger), isolation_level=None)) as db:
        db.execute("DELETE FROM tile")
    with pytest.raises(CorruptionError):
        back_up(home.ledger, tmp_path / "backup.db", verify_tail)
    assert names(tmp_path) == ["home"]


def test_a_missing_source_or_folder_is_said(home, tmp_path):
    with pytest.raises(NotFoundError):
        back_up(tmp_path / "nothing.db", tmp_path / "backup.db", verify_tail)
    with pytest.raises(StoreFailedError):
        back_up(home.ledger, tmp_path / "no" / "backup.db", verify_tail)
    assert names(tmp_path) == ["home"]


def test_what_an_interrupted_backup_left_is_removed(home, tmp_path):
    (tmp_path / ".backup.db.copy").write_text("half")
    back_up(home.ledger, tmp_path / "backup.db", verify_tail)
    assert names(tmp_path) == ["backup.db", "home"]


# restore


def test_a_restored_ledger_is_the_backup_and_signs_nothing(home, backup):
    restore(backup, home.ledger, home.signed, verify_all)
    assert rows(home.ledger) == rows(backup)
    with pytest.raises(RollbackError, match="restored"):
        home.write(put(5))
    with pytest.raises(RollbackError, match="8 were signed"):
        adopt_own(home, is_only_copy=False)
    with pytest.raises(RollbackError, match="restored"):
        home.write(put(5))
    assert rows(home.ledger) == rows(backup)


def test_an_older_ledger_goes_on_when_somebody_answers_for_it(home, backup):
    restore(backup, home.ledger, home.signed, verify_all)
    adopt_own(home, is_only_copy=True)
    assert home.write(put(5))[0].index == 6
    assert home.audit().height == 4


def test_a_backup_that_lacks_nothing_goes_on_after_adoption(home, tmp_path):
    back_up(home.ledger, tmp_path / "new.db", verify_tail)
    restore(tmp_path / "new.db", home.ledger, home.signed, verify_tail)
    with pytest.raises(RollbackError, match="restored"):
        home.write(put(5))
    adopt_own(home, is_only_copy=False)
    assert home.write(put(5))[0].index == 6


def test_a_restore_to_an_empty_folder_needs_a_checkpoint_too(backup, tmp_path):
    fresh = Home(tmp_path / "fresh")
    fresh.folder.mkdir()
    restore(backup, fresh.ledger, fresh.signed, verify_all)
    assert names(fresh.folder) == [".log.signed.lock", "ledger.db"]
    with pytest.raises(RollbackError, match="missing"):
        fresh.write(put(5))
    adopt_own(fresh, is_only_copy=True)
    assert fresh.write(put(5))[0].index == 6


def test_an_old_copy_put_in_place_by_hand_is_noticed(home, backup):
    """Without `restore`: the signer file knows."""
    shutil.copy(backup, home.ledger)
    with pytest.raises(RollbackError, match="8 were signed"):
        home.write(put(5))


def test_an_old_copy_that_grew_past_what_was_signed_is_noticed(home, backup, tmp_path):
    elsewhere = Home(tmp_path / "elsewhere")
    elsewhere.folder.mkdir()
    shutil.copy(backup, elsewhere.ledger)
    adopt_own(elsewhere, is_only_copy=True)
    elsewhere.write(*(put(n) for n in range(100, 110)))
    shutil.copy(elsewhere.ledger, home.ledger)
    before = rows(home.ledger)
    with pytest.raises(RollbackError, match="replaced"):
        home.write(put(5))
    assert rows(home.ledger) == before


DAMAGED_BACKUPS = {
    "cut off": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "a changed byte in a leaf": lambda data: data.replace(b'"value":2', b'"value":7'),
    "another file": lambda data: b"not a database at all, but long enough " * 20,
}


@pytest.mark.parametrize("name", DAMAGED_BACKUPS)
def test_a_backup_that_does_not_verify_replaces_nothing(home, backup, name):
    backup.write_bytes(DAMAGED_BACKUPS[name](backup.read_bytes()))
    before = rows(home.ledger)
    with pytest.raises((CorruptionError, DifferenceError, StoreFailedError)):
        restore(backup, home.ledger, home.signed, verify_all)
    assert rows(home.ledger) == before
    assert home.write(put(5))[0].index == 8, "nothing was marked either"
    assert names(home.folder) == [".log.signed.lock", "ledger.db", "log.signed"]


def test_a_missing_backup_is_said(home, tmp_path):
    with pytest.raises(NotFoundError):
        restore(tmp_path / "nothing.db", home.ledger, home.signed, verify_all)


def test_a_damaged_ledger_is_set_aside_not_thrown_away(home, backup):
    home.ledger.write_bytes(b"damaged" * 1000)
    restore(backup, home.ledger, home.signed, verify_all)
    assert rows(home.ledger) == rows(backup)
    assert (home.folder / "ledger.db.damaged").read_bytes() == b"damaged" * 1000
    assert stat.S_IMODE(home.ledger.stat().st_mode) == 0o600


def test_a_ledger_in_use_is_not_overwritten(home, backup, monkeypatch):
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_S", 0.01)
    before = rows(home.ledger)
    with closing(sqlite.connect(str(home.ledger), isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError):
            restore(backup, home.ledger, home.signed, verify_all)
        db.execute("ROLLBACK")
    assert rows(home.ledger) == before


def test_what_is_in_the_way_is_set_aside(home, backup):
    home.ledger.unlink()
    home.ledger.mkdir()
    restore(backup, home.ledger, home.signed, verify_all)
    assert rows(home.ledger) == rows(backup)
    assert home.ledger.with_name("ledger.db.damaged").is_dir()


def test_the_write_ahead_log_of_a_lost_ledger_is_not_taken_for_the_restored_one_s(home, backup):
    with home.open() as (_, sequencer):
        sequencer.submit([Submission(put(9))])
        wal = home.ledger.with_name("ledger.db-wal")
        left = wal.read_bytes()
    home.ledger.unlink()
    wal.write_bytes(left)
    restore(backup, home.ledger, home.signed, verify_all)
    assert rows(home.ledger) == rows(backup)
    assert home.ledger.with_name("ledger.db.damaged-wal").read_bytes() == left


def test_a_folder_that_cannot_be_written_any_more_is_said(home, tmp_path, monkeypatch):
    def fail(path):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("ledger.backup.sync_folder", fail)
    with pytest.raises(StoreFailedError, match="Input/output"):
        back_up(home.ledger, tmp_path / "backup.db", verify_tail)

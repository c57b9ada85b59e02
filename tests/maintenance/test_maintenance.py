"""Audit, rebuild, backup, restore and adoption, through the command line on real homes."""

import json
import shutil
import stat

import pysqlite3.dbapi2 as sqlite
import pytest

from cli.main import main


@pytest.fixture
def run(capsys):
    def call(*argv):
        code = main([str(word) for word in argv])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def home(run, tmp_path):
    path = tmp_path / "home"
    assert run("--home", path, "init", "--solo", "--no-passphrase")[0] == 0
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    assert run("--home", path, "register", table, "--title", "航班")[0] == 0
    return path


def register(run, home, tmp_path, name):
    table = tmp_path / f"{name}.csv"
    table.write_text(f"{name}\n", encoding="utf-8")
    code, out, _ = run("--home", home, "register", table, "--title", name, "--json")
    return code, json.loads(out)


def change(home, statement, *values):
    database = sqlite.connect(str(home / "ledger.db"), isolation_level=None)
    for (name,) in database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
    ).fetchall():
        if name.startswith(("entry_", "document_")):
            database.execute(f"DROP TRIGGER {name}")
    count = database.execute(statement, values).rowcount
    database.close()
    assert count > 0


def test_a_clean_ledger_is_said_to_be_clean(run, home):
    code, out, _ = run("--home", home, "audit", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["clean"] is True
    assert (found["size"], found["blocks"], found["checkpoints"], found["documents"]) == (
        7,
        2,
        2,
        1,
    )


FORGERIES = {
    "a word of an entry": "UPDATE entry SET leaf = replace(leaf, 'self-generated', 'self-generatex') WHERE idx = 5",
    "a state": "UPDATE state SET value = replace(value, 'valid', 'valix') WHERE value LIKE '%voucher/1%'",
    "a history": "UPDATE history SET idx = idx + 1 WHERE i = 1",
    "a page of the map": "UPDATE page SET data = zeroblob(length(data)) WHERE id = (SELECT max(id) FROM page)",
    "a tile": "UPDATE tile SET data = zeroblob(length(data)) WHERE id = 0",
    "a block's state root": "UPDATE block SET map_root = zeroblob(32) WHERE height = 1",
    "a listing": "UPDATE listing SET label = 'other' WHERE type = 'asset'",
    "an event's place": "UPDATE event SET idx = idx + 1 WHERE idx = 5",
    "a subject's key": "UPDATE subject SET key = 'asset/aaaaaaaaaaaaaaaaaaaaaaaaaa' WHERE key LIKE 'asset/%'",
    "a checkpoint": "UPDATE checkpoint SET note = replace(note, char(10) || '7' || char(10), char(10) || '6' || char(10)) WHERE size = 7",
    "a credential": "UPDATE document SET data = CAST(replace(CAST(data AS TEXT), '航班', '航线') AS BLOB)",
    "a credential that is gone": "DELETE FROM document",
    "the last seal and what came with it": "DELETE FROM entry WHERE idx = 6",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_every_forgery_of_the_file_is_named_by_the_audit(run, home, name):
    change(home, FORGERIES[name])
    code, out, err = run("--home", home, "audit")
    assert code in {1, 3}, (out, err)
    assert "CLEAN" not in out
    assert "muniment: " in err
    assert "bug" not in err


REBUILT = ["a history", "a listing", "a block's state root", "a state", "an event's place"]


@pytest.mark.parametrize("name", REBUILT)
def test_a_rebuild_mends_what_follows_from_the_log(run, home, name):
    change(home, FORGERIES[name])
    assert run("--home", home, "audit")[0] != 0
    assert run("--home", home, "audit", "--rebuild")[0] == 0
    assert run("--home", home, "audit")[0] == 0


def test_a_rebuild_does_not_hide_a_changed_log(run, home):
    change(home, FORGERIES["a word of an entry"])
    before = (home / "ledger.db").read_bytes()
    assert run("--home", home, "audit", "--rebuild")[0] == 3
    assert (home / "ledger.db").read_bytes() == before
    assert [path.name for path in home.iterdir() if "rebuild" in path.name] == []


def test_a_backup_is_private_complete_and_without_the_signers_memory(run, home, tmp_path):
    target = tmp_path / "backup"
    assert run("--home", home, "backup", target)[0] == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    assert sorted(path.name for path in target.iterdir()) == [
        "keys",
        "ledger.db",
        "trust.policy",
        "vault.db",
    ]
    assert (target / "keys" / "log.key").is_file()
    assert not list(target.rglob("*.signed"))


def test_a_backup_is_never_written_over_something(run, home, tmp_path):
    (tmp_path / "backup").mkdir()
    code, _, err = run("--home", home, "backup", tmp_path / "backup")
    assert code == 2
    assert "exists" in err
    assert list((tmp_path / "backup").iterdir()) == []


def test_a_restored_backup_verifies_and_goes_on_once_a_checkpoint_is_adopted(run, home, tmp_path):
    target, other = tmp_path / "backup", tmp_path / "other"
    assert run("--home", home, "backup", target)[0] == 0
    code, out, _ = run("--home", other, "restore", target, "--json")
    assert code == 0
    assert json.loads(out)["adopted"] is None
    assert register(run, other, tmp_path, "early")[0] == 3
    _, note, _ = run("--home", home, "log", "checkpoint")
    (tmp_path / "checkpoint").write_text(note, encoding="utf-8")
    assert run("--home", other, "adopt", "--checkpoint", tmp_path / "checkpoint")[0] == 0
    assert register(run, other, tmp_path, "late")[0] == 0
    assert run("--home", other, "audit")[0] == 0


def test_an_old_backup_is_refused_by_a_newer_checkpoint(run, home, tmp_path):
    target, other = tmp_path / "backup", tmp_path / "other"
    assert run("--home", home, "backup", target)[0] == 0
    assert register(run, home, tmp_path, "newer")[0] == 0
    _, note, _ = run("--home", home, "log", "checkpoint")
    (tmp_path / "checkpoint").write_text(note, encoding="utf-8")
    assert run("--home", other, "restore", target)[0] == 0
    code, _, err = run("--home", other, "adopt", "--checkpoint", tmp_path / "checkpoint")
    assert code == 3
    assert "newer backup" in err
    assert register(run, other, tmp_path, "x")[0] == 3


def test_a_file_put_back_by_hand_is_noticed_before_anything_is_signed(run, home, tmp_path):
    shutil.copytree(home, tmp_path / "old")
    assert register(run, home, tmp_path, "newer")[0] == 0
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (home / name).unlink(missing_ok=True)
        if (tmp_path / "old" / name).exists():
            shutil.copy2(tmp_path / "old" / name, home / name)
    code, answer = register(run, home, tmp_path, "fork")
    assert code == 3
    assert answer["error"]["code"] == "rollback"


def test_a_lost_signer_file_is_adopted_only_when_said_loudly(run, home, tmp_path):
    (home / "keys" / "log.signed").unlink()
    assert register(run, home, tmp_path, "one")[0] == 3
    assert run("--home", home, "adopt")[0] == 2
    code, _, err = run("--home", home, "adopt", "--no-other-copy")
    assert code == 0
    assert "forks" in err
    assert register(run, home, tmp_path, "two")[0] == 0


def test_a_foreign_checkpoint_is_not_adopted(run, home, tmp_path):
    other = tmp_path / "other"
    assert run("--home", other, "init", "--solo", "--no-passphrase")[0] == 0
    _, note, _ = run("--home", other, "log", "checkpoint")
    (tmp_path / "checkpoint").write_text(note, encoding="utf-8")
    assert run("--home", home, "adopt", "--checkpoint", tmp_path / "checkpoint")[0] == 3


def test_a_backup_that_was_changed_replaces_nothing(run, home, tmp_path):
    target = tmp_path / "backup"
    assert run("--home", home, "backup", target)[0] == 0
    change(target, FORGERIES["a history"])
    assert register(run, home, tmp_path, "kept")[0] == 0
    words = ("restore", target, "--no-other-copy", "--discard-newer")
    assert run("--home", home, *words)[0] == 3
    assert run("--home", home, "audit")[0] == 0
    code, out, _ = run("--home", home, "stats", "--json")
    assert code == 0
    assert json.loads(out)["leaves"] == 12


def test_what_is_no_backup_is_said(run, home, tmp_path):
    code, _, err = run("--home", home, "restore", tmp_path)
    assert code == 5
    assert "not a backup" in err


def test_a_restore_keeps_the_vault_that_is_there(run, home, tmp_path):
    target = tmp_path / "backup"
    assert run("--home", home, "backup", target)[0] == 0
    assert register(run, home, tmp_path, "later")[0] == 0
    before = (home / "vault.db").read_bytes()
    code, _, err = run("--home", home, "restore", target, "--no-other-copy")
    assert code == 2
    assert "--discard-newer" in err
    words = ("restore", target, "--no-other-copy", "--discard-newer", "--json")
    code, out, _ = run("--home", home, *words)
    assert code == 0
    assert json.loads(out)["kept_vault"] is True
    assert (home / "vault.db").read_bytes() == before


def test_nothing_of_a_lost_ledger_comes_back_with_a_restore(run, home, tmp_path):
    target = tmp_path / "backup"
    assert run("--home", home, "backup", target)[0] == 0
    keeper = sqlite.connect(str(home / "ledger.db"), isolation_level=None)
    keeper.execute("SELECT count(*) FROM entry").fetchone()
    for i in range(3):
        assert register(run, home, tmp_path, f"later{i}")[0] == 0
    left = {name: (home / f"ledger.db{name}").read_bytes() for name in ("-wal", "-shm")}
    keeper.close()
    for name in ("", "-wal", "-shm"):
        (home / f"ledger.db{name}").unlink(missing_ok=True)
    for name, content in left.items():
        (home / f"ledger.db{name}").write_bytes(content)
    assert run("--home", home, "restore", target, "--no-other-copy")[0] == 0
    code, out, _ = run("--home", home, "audit", "--json")
    assert (code, json.loads(out)["size"]) == (0, 7)


def test_another_registry_is_never_overwritten(run, home, tmp_path):
    other, target = tmp_path / "other", tmp_path / "backup"
    assert run("--home", other, "init", "--solo", "--no-passphrase")[0] == 0
    assert run("--home", home, "backup", target)[0] == 0
    code, _, err = run("--home", other, "restore", target, "--no-other-copy")
    assert code == 2
    assert "name another folder" in err
    assert run("--home", other, "audit")[0] == 0


def test_another_ledgers_key_signs_nothing(run, home, tmp_path):
    other = tmp_path / "other"
    assert run("--home", other, "init", "--solo", "--no-passphrase")[0] == 0
    shutil.copy2(other / "keys" / "log.key", home / "keys" / "log.key")
    code, answer = register(run, home, tmp_path, "x")
    assert code == 1
    assert "not the key of this ledger" in answer["error"]["message"]
    assert run("--home", home, "audit")[0] == 0


def test_a_spoilt_backup_leaves_no_key_no_policy_and_no_vault(run, home, tmp_path):
    target, other = tmp_path / "backup", tmp_path / "other"
    assert run("--home", home, "backup", target)[0] == 0
    change(target, FORGERIES["a history"])
    assert run("--home", other, "restore", target, "--no-other-copy")[0] == 3
    assert not list(other.rglob("*.key"))
    assert not (other / "trust.policy").exists()
    assert not (other / "vault.db").exists()


@pytest.mark.parametrize("name", ["vault.db", "trust.policy", "keys/log.key", "ledger.db"])
def test_a_backup_that_lacks_a_part_is_refused(run, home, tmp_path, name):
    target = tmp_path / "backup"
    assert run("--home", home, "backup", target)[0] == 0
    (target / name).unlink()
    code, _, err = run("--home", tmp_path / "other", "restore", target, "--no-other-copy")
    assert code == 5
    assert name in err


def test_a_restore_only_reads_the_backup(run, home, tmp_path):
    target = tmp_path / "backup"
    assert run("--home", home, "backup", target)[0] == 0
    before = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert run("--home", tmp_path / "other", "restore", target, "--no-other-copy")[0] == 0
    assert {path: path.read_bytes() for path in target.rglob("*") if path.is_file()} == before


def test_a_ledger_without_any_checkpoint_is_not_clean(run, home):
    change(home, "DELETE FROM checkpoint")
    code, _, err = run("--home", home, "audit")
    assert code == 3
    assert "checkpoints" in err


def test_a_ledger_of_another_log_key_than_the_policys_is_not_clean(run, home, tmp_path):
    other = tmp_path / "other"
    assert run("--home", other, "init", "--solo", "--no-passphrase")[0] == 0
    shutil.copy2(other / "trust.policy", home / "trust.policy")
    code, _, err = run("--home", home, "audit")
    assert code == 3
    assert "trust.policy" in err

"""A registry whose disk is gone goes on from a mirror, and nobody sees two histories."""

import json
import shutil
from contextlib import closing

import pytest

from cli.main import main
from ledger.clock import SystemClock
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Policy, format_policy, parse_policy
from ledger.errors import ConsistencyError, ForkError
from ledger.light.fetch import FolderFetcher
from ledger.storage.base import Table
from ledger.storage.sqlite import SqliteStore
from tests.cli.conftest import run_quietly
from tests.following.auditors import Auditor
from tests.following.homes import ServedHome, mirror


@pytest.fixture
def run(capsys):
    def call(*argv):
        capsys.readouterr()
        code = main([str(word) for word in argv])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def home(made, tmp_path):
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def copy(home, tmp_path):
    mirror(home, tmp_path / "mirror")
    return tmp_path / "mirror"


def rows(home):
    with closing(SqliteStore(home / "ledger.db")) as store:
        return {
            table: list(store.iterate_rows(table)) for table in Table if table != Table.CHECKPOINT
        }


def register(run, home, name):
    table = home.parent / f"{name}.csv"
    table.write_text(f"{name}\n", encoding="utf-8")
    code, out, _ = run("--home", home, "register", table, "--title", name, "--json")
    return code, json.loads(out)


def lose(home, *, all_of_it=False):
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (home / name).unlink(missing_ok=True)
    if all_of_it:
        shutil.rmtree(home)


def test_a_lost_ledger_comes_back_from_a_mirror_and_goes_on(run, home, copy):
    before = rows(home)
    lose(home)
    code, out, err = run("--home", home, "restore", "--mirror", copy, "--json")
    assert code == 0, err
    done = json.loads(out)
    assert (done["adopted"], done["kept_vault"], done["vault"], done["log_key"]) == (
        7,
        True,
        True,
        True,
    )
    assert rows(home) == before
    assert register(run, home, "next")[0] == 0
    assert run("--home", home, "audit")[0] == 0
    assert mirror(home, copy).size == 12, "the mirror sees the same history grow"


def test_a_lost_disk_comes_back_from_a_mirror_and_an_older_backup(run, home, tmp_path):
    backup = tmp_path / "backup"
    assert run("--home", home, "backup", backup)[0] == 0
    assert register(run, home, "later")[0] == 0
    mirror(home, tmp_path / "mirror")
    before = rows(home)
    lose(home, all_of_it=True)
    code, _, err = run("--home", home, "restore", backup, "--mirror", tmp_path / "mirror")
    assert code == 0, err
    assert rows(home) == before, "what is newer than the backup too"
    assert register(run, home, "next")[0] == 0
    assert run("--home", home, "audit")[0] == 0


def test_without_any_backup_the_ledger_is_read_and_what_is_lost_is_said(run, home, copy, tmp_path):
    policy = shutil.copy(home / "trust.policy", tmp_path / "trust.policy")
    before = rows(home)
    lose(home, all_of_it=True)
    words = ("restore", "--mirror", copy, "--policy", policy)
    code, out, err = run("--home", home, *words, "--json")
    assert code == 0, err
    done = json.loads(out)
    assert (done["adopted"], done["vault"], done["log_key"]) == (None, False, False)
    for part in ("openings of commitments", "nobody can make them again", "log's key is not here"):
        assert part in err
    assert rows(home) == before
    assert run("--home", home, "audit")[0] == 0
    assert run("--home", home, "stats")[0] == 0
    assert register(run, home, "next")[0] != 0


def test_a_mirror_is_held_to_a_policy(run, home, copy, tmp_path):
    lose(home, all_of_it=True)
    assert run("--home", home, "restore", "--mirror", copy)[0] == 2
    run_quietly("--home", tmp_path / "other", "init", "--solo", "--no-passphrase")
    words = ("restore", "--mirror", copy, "--policy", tmp_path / "other" / "trust.policy")
    code, _, err = run("--home", home, *words)
    assert code == 3
    assert "the policy trusts" in err
    assert not (home / "ledger.db").exists()


def spoil_leaf(copy):
    (file,) = (copy / "tile" / "entries").rglob("7")
    file.write_bytes(file.read_bytes().replace(b"self-generated", b"self-generatex"))


def spoil_document(copy):
    (file,) = (copy / "documents").iterdir()
    file.write_bytes(file.read_bytes() + b" ")


def lose_document(copy):
    (file,) = (copy / "documents").iterdir()
    file.unlink()


def spoil_note(copy):
    file = copy / "checkpoint"
    file.write_bytes(file.read_bytes().replace(b"\n7\n", b"\n6\n"))


SPOILED = {
    "a changed entry": (spoil_leaf, 3, "leaf"),
    "a changed document": (spoil_document, 3, "document"),
    "a missing document": (lose_document, 5, "try another mirror"),
    "a changed checkpoint": (spoil_note, 3, "sign"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoilt_mirror_replaces_nothing(run, home, copy, name):
    spoil, code, word = SPOILED[name]
    spoil(copy)
    before = rows(home)
    found, _, err = run("--home", home, "restore", "--mirror", copy)
    assert (found, word in err) == (code, True), err
    assert rows(home) == before
    assert register(run, home, "next")[0] == 0, "and signing goes on as before"


def test_a_longer_ledger_in_place_is_left_alone(run, home, copy):
    assert register(run, home, "newer")[0] == 0
    before = rows(home)
    code, _, err = run("--home", home, "restore", "--mirror", copy)
    assert code == 2
    assert "--discard-newer" in err
    assert rows(home) == before


def test_what_was_signed_beyond_the_mirror_is_never_signed_again(run, home, copy):
    """The signer file survived and knows more than the mirror."""
    assert register(run, home, "newer")[0] == 0
    lose(home)
    code, _, err = run("--home", home, "restore", "--mirror", copy)
    assert code == 3, err
    assert "were signed" in err
    assert register(run, home, "fork")[0] == 3
    assert run("--home", home, "audit")[0] == 0, "but it can be read"


def witnessed(home, url):
    """Let the home's policy name a witness that is to be had at a place."""
    from ledger.core.note import format_vkey
    from tests.support.note_signers import witness_signer

    policy = home / "trust.policy"
    line = f"witness w {format_vkey(witness_signer('w').key)} {url}\n"
    policy.write_text(policy.read_text().replace("quorum", f"{line}quorum"))


def show(home, folder):
    """What a witness that has cosigned the home's newest checkpoint shows."""
    from ledger.core.addcheckpoint import hash_origin

    with closing(SqliteStore(home / "ledger.db")) as store:
        note = store.read_checkpoint()
    place = folder / hash_origin(parse_signed_checkpoint(note).body.origin) / "checkpoint"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(note)


def test_a_witness_that_knows_more_than_the_mirror_keeps_the_log_from_forking(
    run, home, copy, tmp_path
):
    witnessed(home, tmp_path / "witness")
    assert register(run, home, "newer")[0] == 0
    show(home, tmp_path / "witness")
    lose(home)
    (home / "keys" / "log.signed").unlink()
    code, _, err = run("--home", home, "restore", "--mirror", copy)
    assert code == 3
    assert "does not contain the checkpoint" in err
    assert register(run, home, "fork")[0] == 3


def test_a_witness_that_knows_as_much_as_the_mirror_lets_it_go_on(run, home, copy, tmp_path):
    witnessed(home, tmp_path / "witness")
    show(home, tmp_path / "witness")
    lose(home)
    (home / "keys" / "log.signed").unlink()
    code, out, _ = run("--home", home, "restore", "--mirror", copy, "--json")
    assert (code, json.loads(out)["adopted"]) == (0, 7)
    assert register(run, home, "next")[0] == 0


def test_a_witness_that_does_not_answer_may_know_more(run, home, copy, tmp_path):
    (tmp_path / "silent").mkdir()
    witnessed(home, tmp_path / "silent")
    lose(home)
    (home / "keys" / "log.signed").unlink()
    code, out, err = run("--home", home, "restore", "--mirror", copy, "--json")
    assert (code, json.loads(out)["adopted"]) == (0, None)
    assert "may know a newer checkpoint" in err
    assert register(run, home, "fork")[0] == 3
    assert run("--home", home, "adopt", "--checkpoint", copy / "checkpoint")[0] == 0
    assert register(run, home, "next")[0] == 0


def test_a_backup_alone_is_restored_as_before_and_one_of_them_is_needed(run, home, tmp_path):
    assert run("--home", home, "restore")[0] == 2
    assert run("--home", home, "restore", tmp_path, "--policy", "x")[0] == 2


def test_a_mirror_of_a_mirror_restores_as_well(run, home, copy, tmp_path):
    from node.following.mirror import Mirror
    from tests.support.ledgers import FakeClock

    policy = parse_policy((home / "trust.policy").read_bytes())
    second = tmp_path / "second"
    Mirror(second, policy, FolderFetcher(copy), FakeClock()).follow()
    before = rows(home)
    lose(home)
    assert run("--home", home, "restore", "--mirror", second)[0] == 0
    assert rows(home) == before


# whoever watched the log goes on watching it


def newest(home):
    with closing(SqliteStore(home / "ledger.db")) as store:
        return store.read_checkpoint()


def cosign(auditor, home, old=0):
    """Have the home's newest checkpoint cosigned, and keep it as its node would."""
    with closing(SqliteStore(home / "ledger.db")) as store:
        note = auditor.ask_for(store.read_checkpoint(), store, old)
        store.save_checkpoint(parse_signed_checkpoint(note).body.size, note)
    return note


@pytest.fixture
def auditor(home, tmp_path):
    (log,) = parse_policy((home / "trust.policy").read_bytes()).logs
    served = ServedHome(home)
    with Auditor(tmp_path / "auditor", log.key, served, clock=SystemClock()) as made:
        yield made


def test_an_auditor_cosigns_what_was_restored_and_all_that_follows(run, home, auditor, tmp_path):
    first = cosign(auditor, home)
    mirror(home, tmp_path / "mirror")
    lose(home)
    assert run("--home", home, "restore", "--mirror", tmp_path / "mirror")[0] == 0
    assert newest(home) == first, "the cosigned checkpoint came back"
    assert register(run, home, "next")[0] == 0
    assert open_checkpoint(auditor.policy, cosign(auditor, home, 7)).is_audited
    assert auditor.finding() is None


def test_an_auditor_does_not_cosign_what_was_restored_from_too_old_a_mirror(
    run, home, auditor, copy
):
    assert register(run, home, "lost")[0] == 0
    cosign(auditor, home)
    lose(home)
    (home / "keys" / "log.signed").unlink()
    assert run("--home", home, "restore", "--mirror", copy)[0] == 0, "nobody is there to warn"
    assert register(run, home, "a")[0] == 0
    assert register(run, home, "b")[0] == 0
    with pytest.raises(ConsistencyError):
        cosign(auditor, home, 12)
    with pytest.raises(ForkError):
        auditor.logs.find(auditor.verifier.name).follow(5000)
    assert auditor.finding().code == "fork"


def test_verify_says_that_the_state_root_was_re_executed(run, home, auditor, tmp_path):
    """Of a voucher, by a policy that requires an auditor, once one has cosigned."""
    file = tmp_path / "one.voucher.json"
    policy = home / "trust.policy"
    policy.write_bytes(format_policy(auditor.policy))
    words = ("verify", file, "--policy", policy, "--json")
    export = ("voucher", "export", "TEST2026110001", "--out", file, "--force")
    assert run("--home", home, *export)[0] == 0
    code, out, _ = run("--home", home, *words)
    assert (code, json.loads(out)["verified"]) == (3, False), "no auditor has cosigned yet"
    cosign(auditor, home)
    assert run("--home", home, *export)[0] == 0
    code, out, _ = run("--home", home, *words)
    report = json.loads(out)
    assert (code, report["verified"]) == (0, True)
    assert report["cosigned_by"] == ["auditor.example"]
    (check,) = [each for each in report["checks"] if each["name"] == "state root re-executed"]
    assert check["ok"] is True
    assert "state root re-executed" not in str(report["not_checked"])
    policy.write_bytes(format_policy(Policy(auditor.policy.logs)))
    report = json.loads(run("--home", home, *words)[1])
    assert "state root re-executed" not in [each["name"] for each in report["checks"]]
    assert "state root re-executed" in str(report["not_checked"])

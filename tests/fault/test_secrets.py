"""Keys, shares and traces of fingerprints where the process dies: all of a thing is there, or none."""

import os
import shutil
from contextlib import closing, contextmanager
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest

from cli.main import main
from ledger.errors import ExistsError
from ledger.files import create_private_folder
from node.escrow import list_held
from node.fingerprinting import read_sketch
from node.registry import open_registry
from node.sketchindex import open_index
from tests.cli.conftest import TABLE, founded, market, run_quietly
from tests.support.faults import KILLED, Countdown, CountedConnection, run
from tracing.index import list_postings

__all__ = ["founded", "market"]


class Counted(Countdown):
    """Kills at the n-th statement that changes a database beside the ledger.

    Args:
        n: So many are counted, the last is not done.
        name: Of the database.
    """

    def __init__(self, n, name):
        super().__init__(n)
        self.name = name

    def arm(self):
        countdown, connect = self, sqlite.connect

        class Writing(CountedConnection):
            count = countdown.tick

            def execute(self, *args):
                if not args[0].startswith(("SELECT", "PRAGMA")):
                    countdown.tick()
                return self.db.execute(*args)

        def connecting(path, **named):
            opened = connect(path, **named)
            return Writing(opened) if path.endswith(self.name) else opened

        sqlite.connect = connecting


def die_everywhere(command, home, name, look):
    """Kill a command at its n-th change of a database, for every n, and look at what it left.

    Args:
        command: Its words.
        home: That it works on a copy of, each time.
        name: Of the database.
        look: Says what is there.

    Returns:
        What was seen after deaths, and at last after the end.
    """
    seen = []
    for n in range(1, 200):
        copy = home.with_name(f"{home.name}-{n}")
        shutil.copytree(home, copy)

        def work(n=n, copy=copy):
            Counted(n, name).arm()
            os._exit(main([*command, "--home", str(copy), "--quiet", "--json"]))

        status = run(work)
        seen.append(look(copy))
        shutil.rmtree(copy)
        if status != KILLED:
            assert status == 0
            return seen
    raise AssertionError("it never came to its end")


# a marking key from escrow


@pytest.fixture
def handed_on(market, tmp_path, monkeypatch):
    """A home in which 乙公司 has handed its copy on; its marking key lies sealed in a file."""
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "handed-on"
    shutil.copytree(market.home, home)
    Path("table.csv").write_bytes(TABLE)
    say = ("--home", home)
    terms = ("--to", "丙公司", "--template", "no-resale", "--agreement", "--until", "2030-12-31")
    run_quietly(*say, "grant", "issue", market.number, *terms, "--as", "乙公司")
    for source, taker, out in (("table.csv", "乙公司", "b.csv"), ("b.csv", "丙公司", "c.csv")):
        argv = ("--from", source, "--to", taker, "--out", out)
        key = run_quietly(*say, "deliver", market.number, *argv)["subject"]
    return home, key


@pytest.mark.slow
def test_killed_at_any_write_an_opened_key_is_whole_or_not_there(handed_on):
    home, key = handed_on
    with closing(sqlite.connect(str(home / "vault.db"))) as db:  # as if another home had sealed it
        newest = db.execute("SELECT max(id) FROM record WHERE kind = 'opening'").fetchone()
        db.execute("DELETE FROM record WHERE id = ?", newest)
        db.commit()

    def look(home):
        with open_registry(home, None, is_writer=False) as registry:
            parties = registry.find_subjects("party/", 9)
            (held,) = (each for each in list_held(registry, parties) if each.key == key)
        return held.is_here, len(held.opened_by)

    seen = die_everywhere(["escrow", "open", "c.csv.escrow.json"], home, "vault.db", look)
    assert set(seen) == {(False, 0), (True, 1)}, "half of it would be a key that nobody may use"
    assert seen[-1] == (True, 1)


# what is erased


@contextmanager
def opened(home):
    """The vault of a home, for reading."""
    with (
        open_registry(home, None, is_writer=False) as registry,
        closing(registry.open_vault()) as vault,
    ):
        yield vault


@pytest.mark.slow
def test_killed_at_any_write_no_hash_of_what_was_erased_comes_back(founded, tmp_path):
    registration, asset = founded.registered["registration"], founded.registered["asset"]
    with opened(founded.home) as vault:
        hashes = list_postings(read_sketch(vault, asset, "content.0").content)
    large = [each.to_bytes(8, "big", signed=True) for each in hashes if abs(each) >= 2**48]
    assert large
    erase = ("vault", "erase", registration, "--reason", "request of the person", "--yes")

    def look(home):
        with opened(home) as vault:
            is_kept = read_sketch(vault, asset, "content.0") is not None
            with closing(open_index(home / "trace.db", vault)) as index:  # as a search does
                is_found = bool(index.find(hashes))
        assert is_found == is_kept
        run_quietly("--home", home, *erase)
        content = (home / "trace.db").read_bytes()
        assert not any(each in content for each in large), "erased, and still in the file"
        return is_kept

    home = tmp_path / "home"
    shutil.copytree(founded.home, home)
    with opened(home) as vault:
        open_index(home / "trace.db", vault).close()
    content = (home / "trace.db").read_bytes()
    assert all(each in content for each in large)
    seen = die_everywhere([*erase], home, "trace.db", look)
    assert set(seen) == {False}, "the index comes after the vault, which no death undoes"
    assert len(seen) > 4


# shares


def test_killed_at_any_operation_a_folder_of_shares_is_whole_or_not_there(tmp_path):
    out, files = tmp_path / "shares", {f"share-{place}": b"words" for place in range(3)}
    seen = set()
    for n in range(1, 100):

        def work(n=n):
            Countdown(n).arm()
            create_private_folder(out, files)
            os._exit(0)

        status = run(work)
        found = {path.name: path.read_bytes() for path in out.iterdir()} if out.exists() else {}
        left = {path.name for path in tmp_path.iterdir()} - {out.name}
        seen.add((found == files, bool(left)))
        assert found in ({}, files)
        shutil.rmtree(out, ignore_errors=True)
        create_private_folder(out, files)
        assert [path.name for path in tmp_path.iterdir()] == [out.name], "what was left is gone"
        shutil.rmtree(out)
        if status != KILLED:
            assert status == 0
            break
    else:
        raise AssertionError("it never came to its end")
    assert seen == {(False, True), (True, False)}


def test_what_lies_beside_a_folder_of_shares_is_left_alone(tmp_path):
    out, files = tmp_path / "shares", {"share": b"words"}
    alike = [tmp_path / f".shares.{each}" for each in ("2024.folder", f"muniment-{os.getppid()}")]
    for each in alike:
        each.mkdir()
        (each / "mine").touch()
    create_private_folder(out, files)
    assert all((each / "mine").exists() for each in alike)
    with pytest.raises(ExistsError):
        create_private_folder(out, files)

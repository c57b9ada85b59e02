"""Files that commands write never take the place of a registry's own, whatever is said."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from node.home import Home, find_owner
from tests.cli.conftest import TABLE, founded, market

__all__ = ["founded", "market"]

OWN = (
    "ledger.db",
    "ledger.db-wal",
    "vault.db",
    "trace.db",
    "trace.db-journal",
    "trust.policy",
    "lock",
    "keys",
    "keys/log.signed",
    "keys/applicant.key",
    "wallet/item",
    "answers/x/y.json",
)
"""Whether they are there or not."""


@pytest.fixture
def home(market, program):
    """A home with everything in it, and a table beside it."""
    shutil.copytree(market.home, program.home)
    Path("table.csv").write_bytes(TABLE)
    return program.home


def state_of(folder):
    """The bytes of all files below a folder, but for what readers of a database write beside it."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


SHEET = ("--from", "table.csv", "--to", "乙公司", "--exact")
WRITING = {
    "a copy": ("deliver", "NUMBER", *SHEET, "--out"),
    "a document": ("voucher", "export", "NUMBER", "--out"),
    "bytes": ("trace", "asset", "NUMBER", "--format", "html", "--out"),
    "a report": ("trace", "file", "table.csv", "--out"),
    "a case": ("trace", "file", "table.csv", "--case"),
    "the log": ("log", "export", "--out"),
    "a proof": ("query", "asset", "NUMBER", "--proof"),
}
"""One command for each way of writing a file whose name a user gives."""


@pytest.mark.parametrize("way", WRITING)
def test_no_command_writes_over_the_vault(market, home, program, way):
    before = state_of(home)
    words = [market.number if word == "NUMBER" else word for word in WRITING[way]]
    assert program.refused(*words, home / "vault.db", "--force", code=2)["code"] == "own_file"
    assert state_of(home) == before


def test_what_is_refused_says_what_to_do_in_both_languages(market, home, program):
    argv = ("voucher", "export", market.number, "--out", home / "keys" / "x.json")
    english = program.refused(*argv, code=2)
    assert english["hint"].startswith("name another place")
    chinese = program.ok(*argv, "--lang", "zh-CN", code=2).err
    assert "请为输出文件另指定位置" in chinese


def test_files_beside_a_copy_are_refused_before_anything_is_done(market, home, program):
    """A name to which a suffix is added, and a home that is not the one in use."""
    other = Path("other")
    other.mkdir()
    (other / "ledger.db").touch()
    for place in (home / "keys" / "copy.csv", other / "vault.db"):
        argv = ("deliver", market.number, *SHEET, "--out", place)
        assert program.refused(*argv, code=2)["code"] == "own_file"
    assert program.json("query", "voucher", market.number)
    assert [path.name for path in other.iterdir()] == ["ledger.db"]


@pytest.mark.parametrize("name", OWN)
def test_every_own_place_has_its_owner_also_by_a_link(tmp_path, name):
    home = tmp_path / "home"
    (home / "keys").mkdir(parents=True)
    (home / "keys" / "log.key").touch()
    (tmp_path / "link").symlink_to(home)
    assert find_owner(home / name) == Home(home)
    assert find_owner(tmp_path / "link" / name) is not None
    assert find_owner(tmp_path / "link" / ".." / "home" / name) is not None
    (tmp_path / "away").symlink_to(home / name)
    assert find_owner(tmp_path / "away") is not None


def test_an_own_file_that_is_kept_elsewhere_is_found_by_its_link(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "disk.db").touch()
    (home / "ledger.db").symlink_to(tmp_path / "disk.db")
    assert find_owner(home / "ledger.db") == Home(home)


@pytest.mark.parametrize(
    "name",
    [
        "vault.db",
        "remote.url",
        "light.state",
        "keys/a.key",
        "witness/w.key",
        "wallet/1",
        "auditor/1",
    ],
)
def test_whatever_somebody_could_not_do_without_makes_a_home(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    assert find_owner(tmp_path / name) is None
    (tmp_path / name).touch()
    assert find_owner(tmp_path / name) == Home(tmp_path)


def test_the_log_is_not_exported_through_a_link_to_the_vault(home, program):
    Path("log.jsonl.part").symlink_to(home / "vault.db")
    before = state_of(home)
    assert program.refused("log", "export", "--out", "log.jsonl", code=2)["code"] == "own_file"
    Path("log.jsonl.part").unlink()
    Path("other").write_bytes(b"other")
    Path("log.jsonl.part").symlink_to("other")
    program.ok("log", "export", "--out", "log.jsonl")
    assert (Path("other").read_bytes(), Path("log.jsonl").is_symlink()) == (b"other", False)
    assert state_of(home) == before


def test_other_files_may_lie_in_a_home_and_a_circle_of_links_is_nobodys(market, home, program):
    written = program.json("voucher", "export", market.number, "--out", home / "mine.json")
    assert json.loads(Path(written["file"]).read_bytes())
    circle = home / "circle"
    circle.symlink_to(circle)
    for place in (home / "mine.json", home / "notes" / "vault.db", circle):
        assert find_owner(place) is None
    for name in ("trust.policy", "keys", "lock"):
        assert find_owner(Path(name)) is None, "a working folder that is no home"

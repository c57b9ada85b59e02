"""`muniment tiles export`, on a real registry."""

import json
import select
import shutil
import time
from pathlib import Path

import pytest

from cli.lang import set_language
from cli.main import INTERRUPTED
from ledger.core.opening import open_checkpoint
from ledger.core.policy import parse_policy
from ledger.light.fetch import FolderFetcher
from ledger.light.leaves import AuthenticTiles, FetchedTiles, read_leaves
from tests.cli.conftest import run_quietly
from tests.support.program import Program, interrupt, start
from tests.support.tile_logs import Tree
from tests.tiles.folders import describe, read_folder

DEADLINE_S = 120


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    run_quietly("--home", folder / "home", "init", "--solo", "--no-passphrase")
    (folder / "table.csv").write_text("hour,cars\n8,120\n")
    return folder


@pytest.fixture
def program(founded, tmp_path, monkeypatch, capsys):
    """The program on a copy of a solo registry, in a folder of its own."""
    shutil.copytree(founded / "home", tmp_path / "home")
    shutil.copy(founded / "table.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MUNIMENT_PASSPHRASE_FILE", raising=False)
    yield Program(capsys, tmp_path / "home")
    set_language("en")


def check_log(folder, home):
    """Whoever has the policy and the folder can read the whole log, and nothing else."""
    opened = open_checkpoint(
        parse_policy((home / "trust.policy").read_bytes()), (folder / "checkpoint").read_bytes()
    )
    fetcher, size = FolderFetcher(folder), opened.body.size
    tiles = AuthenticTiles(FetchedTiles(fetcher, size), opened.body)
    leaves = [leaf for _, leaf in read_leaves(fetcher, 0, size, size, tiles=tiles)]
    assert json.loads(leaves[0])["event"]["kind"] == "ledger.open"
    return len(leaves)


def test_an_export_tells_what_it_did_and_the_next_one_adds_what_is_new(program, tmp_path):
    first = program.json("tiles", "export", "log")
    assert first == {"size": 2, "files": 3, "folder": "log"}
    assert program.json("tiles", "export", "log") == {"size": 2, "files": 0, "folder": "log"}
    assert check_log(tmp_path / "log", program.home) == 2
    program.ok("register", "table.csv", "--title", "Parking")
    second = program.json("tiles", "export", "log")
    assert second["size"] > first["size"]
    assert check_log(tmp_path / "log", program.home) == second["size"]


def test_people_are_told_too(program):
    shown = program.ok("tiles", "export", "log")
    assert (shown.row("leaves"), shown.row("files written"), shown.row("folder")) == (
        "2",
        "3",
        "log",
    )
    assert "写入文件" in program.ok("--lang", "zh-CN", "tiles", "export", "log").out


REFUSALS = {
    "other things": ({"notes.txt": b"x"}, 2, "exists", "choose an empty or a new folder"),
    "no checkpoint": ({"checkpoint": b"x"}, 2, "exists", "choose another folder"),
    "another log": ({"checkpoint": Tree(1).note}, 3, "origin", "choose another"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_folder_of_something_else_is_refused_and_left_alone(program, tmp_path, name):
    files, code, word, advice = REFUSALS[name]
    (tmp_path / "log").mkdir()
    for path, data in files.items():
        (tmp_path / "log" / path).write_bytes(data)
    error = program.refused("tiles", "export", "log", code=code)
    assert error["code"] == word
    assert advice in error["message"]
    assert read_folder(tmp_path / "log") == files
    chinese = program.ok("--lang", "zh-CN", "tiles", "export", "log", code=code).err
    assert "请" in chinese
    assert advice not in chinese


def test_a_registry_that_was_put_back_to_an_older_state_does_not_spoil_the_folder(
    program, tmp_path
):
    shutil.copytree(program.home, tmp_path / "old")
    program.ok("register", "table.csv", "--title", "Parking")
    program.ok("tiles", "export", "log")
    before = describe(tmp_path / "log")
    error = program.refused("--home", tmp_path / "old", "tiles", "export", "log", code=3)
    assert error["code"] == "rollback"
    run_quietly("--home", tmp_path / "old", "register", "table.csv", "--title", "Another")
    run_quietly("--home", tmp_path / "old", "register", "table.csv", "--title", "A third")
    error = program.refused("--home", tmp_path / "old", "tiles", "export", "log", code=3)
    assert "another root" in error["message"]
    assert describe(tmp_path / "log") == before


def test_without_a_registry_there_is_nothing_to_export(program, tmp_path):
    error = program.refused("--home", tmp_path / "none", "tiles", "export", "log", code=5)
    assert "muniment init" in error["message"]
    assert not (tmp_path / "log").exists()


def test_from_afar_the_files_are_not_there(program, tmp_path):
    error = program.refused("--node", "http://127.0.0.1:1", "tiles", "export", "log", code=2)
    assert "beside the data" in error["message"]
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("seconds", ["0", "-1", "1.5", "86401", "often"])
def test_the_pause_is_a_number_of_seconds(program, seconds):
    error = program.refused("tiles", "export", "log", "--every", seconds, code=2)
    assert "--every" in error["message"]
    assert not Path("log").exists()


def read_line(process):
    """The next line that a process prints."""
    ready, _, _ = select.select([process.stdout], [], [], DEADLINE_S)
    assert ready, "it says nothing"
    return json.loads(process.stdout.readline())


@pytest.mark.slow
def test_it_follows_the_log_until_it_is_told_to_stop(program, tmp_path):
    argv = ("--json", "tiles", "export", "log", "--every", "1")
    process = start(argv, program.home, cwd=tmp_path)
    try:
        assert read_line(process) == {"size": 2, "files": 3, "folder": "log"}
        program.ok("register", "table.csv", "--title", "Parking")
        size = program.json("log", "checkpoint")["size"]
        told = 2
        deadline = time.monotonic() + DEADLINE_S
        while told < size:
            assert time.monotonic() < deadline
            told = read_line(process)["size"]
        assert check_log(tmp_path / "log", program.home) == size
        interrupt(process)
        out, err = process.communicate(timeout=DEADLINE_S)
        assert (process.returncode, out) == (INTERRUPTED, b"")
        assert b"Traceback" not in err
    finally:
        process.kill()
        process.wait()

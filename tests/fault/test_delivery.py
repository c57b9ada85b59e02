"""A delivery that dies anywhere: no copy without its record, no record that cannot be finished."""

import errno
import json
import os
import resource
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

import tracing.copies
from cli.main import main
from contracts.delivery import Delivery
from ledger.vault import Vault
from node.registry import open_registry
from tests.cli.conftest import TABLE, market, run_quietly
from tests.fault.test_disk import can_mount
from tests.support.faults import KILLED, Countdown, CountedOs, run
from tracing.copies import PendingCopy

__all__ = ["market"]
REFUSED_FOR_ROOM = 6


class Counted(Countdown):
    """Kills at the n-th thing that a delivery does to the disk, the vault and the copy too."""

    def arm(self):
        super().arm()
        tracing.copies.os = CountedOs(self.tick)
        add = Vault.add

        def adding(vault, *args):
            self.tick()
            add(vault, *args)
            self.tick()

        Vault.add = adding


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder to work in, with the registered table."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MUNIMENT_PASSPHRASE_FILE", raising=False)
    Path("table.csv").write_bytes(TABLE)
    return folder


def deliver(home, number, *more, source="table.csv"):
    argv = ("deliver", number, "--from", source, "--to", "乙公司", "--out", "copy.csv")
    return main([*argv, *more, "--home", str(home), "--quiet", "--json"])


def deliveries(home):
    """Those on the ledger, with their states."""
    with open_registry(home, None, is_writer=False) as registry:
        keys = registry.find_subjects("delivery/", 9)
        return {key: registry.need_state(Delivery, key) for key in keys}


def finish(home, key, is_marked=False):
    """What is there after a delivery was finished: both files, which verify together."""
    argv = ("deliver", "--finish", key, "--from", "table.csv", "--out", "copy.csv")
    document = run_quietly("--home", home, *argv)
    assert document["subject"] == key
    assert is_marked or Path("copy.csv").read_bytes() == TABLE
    argv = ("verify", document["note"], "--data", "copy.csv", "--policy", home / "trust.policy")
    assert run_quietly(*argv)["verified"] is True


def sweep(folder):
    """An empty folder again, but for the table; what was in it."""
    found = {path.name for path in folder.iterdir()} - {"table.csv"}
    for name in found:
        (folder / name).unlink()
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("more", "step"), [(("--exact",), 1), ((), 2)], ids=["exact", "marked"])
def test_killed_at_any_operation_there_is_no_copy_without_a_record(
    market, place, tmp_path, more, step
):
    """What is finished is the copy that was recorded, its marks included.

    Most steps of a marked copy are those of an exact one: at every second of them it is killed too.
    """
    import node.marking  # noqa: F401  # once, and not after every fork

    seen = set()
    for n in range(1, 300, step):
        home = tmp_path / f"home-{n}"
        shutil.copytree(market.home, home)

        def work(n=n, home=home):
            Counted(n).arm()
            os._exit(deliver(home, market.number, *more))

        status = run(work)
        made = deliveries(home)
        files = {path.name for path in place.glob("[!.]*")} - {"table.csv"}
        seen.add((len(made), *sorted(files)))
        assert files <= {"copy.csv", "copy.csv.delivery.json"}
        assert made or not files, f"killed at {n}: a copy without a record"
        for key in made:
            finish(home, key, is_marked=not more)
        sweep(place)
        shutil.rmtree(home)
        if status != KILLED:
            assert status == 0
            break
    else:
        raise AssertionError("the delivery never came to its end")
    assert seen == {
        (0,),
        (1,),
        (1, "copy.csv"),
        (1, "copy.csv", "copy.csv.delivery.json"),
    }, "it died before the record, before the copy, before its file, and never"


@pytest.mark.slow
def test_after_a_death_before_the_record_the_same_command_delivers(market, place, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(market.home, home)

    def work():
        def dying(*_):
            os.kill(os.getpid(), 9)

        Vault.add = dying
        deliver(home, market.number, "--exact")

    assert run(work) == KILLED
    assert [path.suffix for path in place.iterdir() if path.name != "table.csv"] == [".part"]
    assert deliveries(home) == {}
    argv = ("--exact", "--from", "table.csv", "--to", "乙公司", "--out", "copy.csv")
    argv = ("deliver", market.number, *argv)
    document = run_quietly("--home", home, *argv)
    assert sweep(place) == {"copy.csv", "copy.csv.delivery.json"}, "what was left is gone"
    assert list(deliveries(home)) == [document["subject"]]


# disks that are full


@contextmanager
def limited_files(size):
    """No file of this process grows beyond this."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.slow
def test_a_copy_that_does_not_fit_is_not_recorded_and_leaves_nothing(market, place, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(market.home, home)
    Path("big.csv").write_bytes(b"row\n" * 500_000)
    argv = ("register", "big.csv", "--title", "大表", "--right", "operate", "--as", "甲公司")
    number = run_quietly("--home", home, *argv)["voucher"]
    argv = ("--to", "乙公司", "--template", "no-resale", "--agreement")
    run_quietly("--home", home, "grant", "issue", number, *argv)

    def work():
        with limited_files(1_000_000):
            os._exit(deliver(home, number, "--exact", source="big.csv"))

    assert run(work) == REFUSED_FOR_ROOM
    assert sweep(place) == {"big.csv"}
    assert deliveries(home) == {}


@pytest.mark.parametrize("kind", ["tmpfs"] if can_mount() else [])
def test_a_full_disk_leaves_something_to_finish_or_nothing_at_all(market, place, tmp_path, kind):
    """A disk for the copy alone, which has room for less and less."""
    disk = place / "disk"
    disk.mkdir()
    outcomes = set()
    for size in ("4k", "8k", "12k"):
        home = tmp_path / f"home-{size}"
        shutil.copytree(market.home, home)
        subprocess.run(["mount", "-t", kind, "-o", f"size={size}", "none", disk], check=True)
        try:
            argv = ("deliver", market.number, "--exact", "--from", "table.csv", "--to", "乙公司")
            fill = disk / "filler"
            fill.write_bytes(b"x" * 4096)
            code = main([*argv, "--out", str(disk / "copy.csv"), "--home", str(home), "--json"])
            made = deliveries(home)
            left = {path.name for path in disk.iterdir()} - {"filler"}
            outcomes.add((code, len(made), *sorted(left)))
            assert made or not left
            fill.unlink()
            subprocess.run(["mount", "-o", "remount,size=1m", disk], check=True)
            for key in made:
                argv = ("deliver", "--finish", key, "--from", "table.csv", "--home", str(home))
                assert main([*argv, "--out", str(disk / "copy.csv"), "--json"]) == 0
                assert (disk / "copy.csv.delivery.json").is_file()
        finally:
            subprocess.run(["umount", disk], check=True)
    assert outcomes == {
        (6, 0),
        (6, 1, "copy.csv"),
        (0, 1, "copy.csv", "copy.csv.delivery.json"),
    }


def test_the_error_says_what_to_finish_where_the_record_is_there(
    market, place, tmp_path, monkeypatch, capsys
):
    """The file system fails when the copy is to take its place."""
    home = tmp_path / "home"
    shutil.copytree(market.home, home)

    def failing(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(PendingCopy, "_take_free_place", failing)
    capsys.readouterr()
    code = deliver(home, market.number, "--exact")
    error = json.loads(capsys.readouterr().out)["error"]
    (key,) = deliveries(home)
    assert (code, error["code"]) == (6, "store_failed")
    assert f"'muniment deliver --finish {key} --from FILE --out OUT'" in error["message"]
    assert sweep(place) == set()
    monkeypatch.undo()
    monkeypatch.chdir(place)
    finish(home, key)

"""An export that dies anywhere: the folder is always what the checkpoint in it says."""

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import ledger.files
from ledger.errors import StoreFailedError
from node.tiles.export import Exported, export_tiles
from node.tiles.source import FolderTiles
from tests.fault.test_disk import can_mount
from tests.support.faults import KILLED, Countdown, CountedOs, _counted, run
from tests.support.tile_logs import Tree, expected_files
from tests.tiles.folders import folder_of, read_folder

OLD = Tree(300)
NEW = Tree(530, signed=[512, 520])
OLD_WAS = "grown"
BETWEEN = [300, *NEW.signed]
TRUE = {
    path: data
    for size in (300, 530, *NEW.signed)
    for path, data in expected_files(NEW.leaves, size).items()
}


class Counted(Countdown):
    """Kills at the n-th thing that an export does to the disk, folders too."""

    def arm(self):
        super().arm()
        for name in ("mkdir", "rmdir"):
            setattr(Path, name, _counted(getattr(Path, name), self.tick))


def check_folder(folder):
    """Every file is right, and all that the checkpoint covers is there."""
    found = read_folder(folder)
    note = found.pop("checkpoint", None)
    assert note in {None, OLD.note, NEW.note}
    whole = {path: data for path, data in found.items() if not Path(path).name.startswith(".")}
    assert whole == {path: TRUE.get(path) for path in whole}
    if note is not None:
        covered = (OLD if note == OLD.note else NEW).files
        assert {path: whole.get(path) for path in covered} == covered
        source = FolderTiles(folder)
        assert {path: source.read(path) for path in covered} == covered
    return note


def finish(folder):
    """The next export goes on, and nothing tells that there was an earlier one."""
    export_tiles(NEW.edition(), folder)
    assert check_folder(folder) == NEW.note
    assert read_folder(folder) == folder_of(NEW, BETWEEN if OLD_WAS in folder.parts else NEW.signed)


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles") / OLD_WAS
    export_tiles(OLD.edition(), folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("begin", ["a folder that grows", "a new folder"])
def test_killed_at_any_operation_the_folder_is_whole_and_the_export_goes_on(grown, tmp_path, begin):
    notes = []
    for n in range(1, 2000):
        folder = tmp_path / str(n) / (OLD_WAS if begin == "a folder that grows" else "new")
        if begin == "a folder that grows":
            shutil.copytree(grown, folder)

        def child(n=n, folder=folder):
            Counted(n).arm()
            export_tiles(NEW.edition(), folder)

        status = run(child)
        if folder.exists():
            notes.append(check_folder(folder))
            finish(folder)
        shutil.rmtree(tmp_path / str(n), ignore_errors=True)
        if status == 0:
            break
        assert status == KILLED
    assert n > 50, "there was hardly anything to count"
    first = OLD.note if begin == "a folder that grows" else None
    assert notes == sorted(notes, key=[first, NEW.note].index)
    assert {first, NEW.note} == set(notes)


class FailingOs(CountedOs):
    """`os` whose n-th changing call fails."""

    def __init__(self, n, code):
        self.left = n

        def fail():
            self.left -= 1
            if self.left == 0:
                raise OSError(code, os.strerror(code))

        super().__init__(fail)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_write_that_fails_leaves_the_old_checkpoint_standing(grown, tmp_path, monkeypatch, code):
    for n in range(1, 2000):
        folder = tmp_path / str(n) / OLD_WAS
        shutil.copytree(grown, folder)
        failing = FailingOs(n, code)
        done = error = None
        with monkeypatch.context() as patch:
            patch.setattr(ledger.files, "os", failing)
            try:
                done = export_tiles(NEW.edition(), folder)
            except StoreFailedError as exc:
                error = exc
        if error is None:
            before, after = read_folder(grown), read_folder(folder)
            written = [path for path in after if before.get(path) != after[path]]
            assert done == Exported(NEW.size, len(written))
            assert failing.left > 0
            return
        assert os.strerror(code) in str(error)
        check_folder(folder)
        if n % 7 == 0:
            finish(folder)
        shutil.rmtree(folder)
    raise AssertionError("it never came to an end")


@pytest.mark.parametrize("kind", ["tmpfs"] if can_mount() else [])
def test_a_full_disk_stops_the_export_and_room_lets_it_go_on(grown, tmp_path, kind):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", kind, "-o", "size=60k", "none", disk], check=True)
    try:
        folder = disk / OLD_WAS
        shutil.copytree(grown, folder)
        with pytest.raises(StoreFailedError, match="No space left"):
            export_tiles(NEW.edition(), folder)
        assert check_folder(folder) == OLD.note
        subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
        finish(folder)
    finally:
        subprocess.run(["umount", disk], check=True)

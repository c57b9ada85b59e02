"""Small files that are there wholly or not at all, and locks."""

import errno
import fcntl
import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from ledger import files
from ledger.errors import (
    ExistsError,
    LimitError,
    NotFoundError,
    StoreFailedError,
    UnavailableError,
)
from ledger.files import create_private_file, hold_lock, read_file, replace_file


class Crash(BaseException):
    """The process ends here; nothing is to catch it."""


def test_a_file_is_read_up_to_its_limit(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_file(path, max_bytes=5) == b"12345"
    with pytest.raises(LimitError, match="4 bytes"):
        read_file(path, max_bytes=4)
    with pytest.raises(NotFoundError):
        read_file(tmp_path / "missing", max_bytes=5)
    with pytest.raises(StoreFailedError, match="cannot read"):
        read_file(tmp_path, max_bytes=5)


def test_an_endless_file_is_not_read_to_its_end():
    with pytest.raises(LimitError):
        read_file(Path("/dev/zero"), max_bytes=100)


def test_a_new_file_is_private_and_never_replaces_one(tmp_path):
    path = tmp_path / "file"
    create_private_file(path, b"first")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ExistsError, match="left alone"):
        create_private_file(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_crash_left_behind_does_not_matter(tmp_path):
    for name in (f".file.{os.getpid()}.new", ".other.new"):
        (tmp_path / name).write_text("half")
        (tmp_path / name).chmod(0o644)
    create_private_file(tmp_path / "file", b"whole")
    replace_file(tmp_path / "other", b"whole")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "other"]
    for path in tmp_path.iterdir():
        assert path.read_bytes() == b"whole"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_replaced_file_has_the_mode_that_was_asked_for(tmp_path):
    path = tmp_path / "file"
    replace_file(path, b"first")
    replace_file(path, b"second", 0o644)
    assert path.read_bytes() == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_missing_folder_is_said(tmp_path):
    for write in (create_private_file, replace_file):
        with pytest.raises(StoreFailedError, match="No such file"):
            write(tmp_path / "missing" / "file", b"x")


WRITERS = {"create": create_private_file, "replace": replace_file}
FAILURES = {
    "full": OSError(errno.ENOSPC, "No space left on device"),
    "broken": OSError(errno.EIO, "Input/output error"),
    "crash": Crash(),
}


class Counted:
    """`os` as the module sees it, failing at the n-th call that changes something."""

    def __init__(self, n, failure, *, is_after):
        self.left = n
        self.failure = failure
        self.is_after = is_after

    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in {"open", "fsync", "link"}:
            return real

        def call(*args, **kwargs):
            self.left -= 1
            if self.left == 0 and not self.is_after:
                raise self.failure
            result = real(*args, **kwargs)
            if self.left == 0:
                raise self.failure
            return result

        return call


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_failure_at_any_step_leaves_the_old_file_or_the_new_one(
    tmp_path, monkeypatch, writer, is_after, failure
):
    steps, expected = 0, Crash if failure == "crash" else StoreFailedError
    for n in range(1, 20):
        folder = tmp_path / str(n)
        folder.mkdir()
        path = folder / "file"
        old = b"old" if writer == "replace" else None
        if old:
            path.write_bytes(old)
        counted = Counted(n, FAILURES[failure], is_after=is_after)
        monkeypatch.setattr(files, "os", counted)
        try:
            WRITERS[writer](path, b"new")
        except expected:
            steps += 1
        monkeypatch.undo()
        found = path.read_bytes() if path.exists() else None
        assert found in {old, b"new"}
        if counted.left > 0:
            break
        if failure != "crash":
            assert [p.name for p in folder.iterdir()] == ["file"] * path.exists()
    assert found == b"new"
    assert steps >= 4, "opening, syncing, and the folder's two"


def test_a_lock_is_held_until_the_end_and_by_one(tmp_path):
    path = tmp_path / "lock"
    with hold_lock(path, "the ledger"):
        with pytest.raises(UnavailableError, match="the ledger"), hold_lock(path, "the ledger"):
            pass
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with hold_lock(path, "the ledger"):
        pass
    with suppress(Crash), hold_lock(path, "the ledger"):
        raise Crash
    with hold_lock(path, "the ledger"):
        pass


def test_a_patient_waiter_gets_the_lock_when_it_is_free(tmp_path):
    order = []
    inside = threading.Event()

    def wait():
        inside.wait()
        with hold_lock(tmp_path / "lock", "x", is_patient=True):
            order.append("second")

    waiter = threading.Thread(target=wait)
    waiter.start()
    with hold_lock(tmp_path / "lock", "x"):
        inside.set()
        waiter.join(0.05)
        order.append("first")
    waiter.join()
    assert order == ["first", "second"]


def test_a_lock_that_cannot_be_had_is_said(tmp_path, monkeypatch):
    with pytest.raises(StoreFailedError, match="cannot lock"), hold_lock(tmp_path / "a" / "b", "x"):
        pass

    def no_locks(fd, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(StoreFailedError, match="No locks"), hold_lock(tmp_path / "lock", "x"):
        pass

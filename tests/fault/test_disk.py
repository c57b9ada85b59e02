"""Disks that are full or broken: what was acknowledged stays, and nobody goes on writing."""

import errno
import os
import resource
import shutil
import subprocess
import sys
from contextlib import closing, contextmanager, suppress

import pytest

from ledger.errors import ConflictError, StoreFailedError, UnavailableError
from ledger.rebuild import rebuild
from ledger.sequencer import Submission
from ledger.storage.base import Table
from ledger.storage.sqlite import SqliteStore, create_store
from tests.support.fault_child import ALL_IN, BATCHES, STOPPED
from tests.support.faults import KILLED, Journal, check_home, fork, run, submit, wait
from tests.support.ledgers import AUDITOR, Home, put, toy_key

EVENTS = [signed for batch in BATCHES for signed in batch]


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("disk") / "home").found()
    home.write(put(0))
    return home


@pytest.fixture
def home(founded, tmp_path):
    shutil.copytree(founded.folder, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal.txt")


def finish(home, journal):
    """The next process submits everything again."""
    check_home(home, journal)
    submit(home, journal, BATCHES)
    check_home(home, journal)
    assert journal.acknowledged().keys() == {signed.id for signed in EVENTS}


# system calls that fail, by strace

INJECTIONS = {
    "fsync fails": [f"fsync:error=EIO:when={n}" for n in range(1, 30, 2)],
    "every fsync fails": ["fsync:error=EIO:when=3+", "fsync:error=EIO:when=6+"],
    "a write fails": [f"pwrite64:error=EIO:when={n}" for n in range(1, 250, 31)],
    "every write fails": [f"pwrite64:error=EIO:when={n}+" for n in (2, 60, 130)],
    "the disk is full": [f"pwrite64:error=ENOSPC:when={n}+" for n in range(1, 250, 31)],
    "a file cannot be written": [f"write:error=ENOSPC:when={n}" for n in range(1, 24, 4)],
    "a rename fails": [f"rename:error=EIO:when={n}" for n in range(1, 8, 3)],
    "it is killed in a write": [f"pwrite64:signal=SIGKILL:when={n}" for n in range(1, 250, 23)],
    "it is killed in an fsync": [f"fsync:signal=SIGKILL:when={n}" for n in range(1, 28, 4)],
}


def strace(injection, home, journal):
    """Run the child with one of its system calls spoilt."""
    call = injection.partition(":")[0]
    command = ["strace", "-f", "-qqq", "-o", os.devnull]
    if ":signal=" not in injection:
        command.append("--seccomp-bpf")  # faster, but it lets no signal through
    command += ["-e", f"trace={call}", "-e", f"inject={injection}"]
    command += [sys.executable, "-m", "tests.support.fault_child", home.folder, journal.path]
    return subprocess.run(command, check=False, capture_output=True, timeout=60)


@pytest.mark.strace
@pytest.mark.slow
@pytest.mark.parametrize("name", INJECTIONS)
def test_whatever_fails_nothing_acknowledged_is_lost_when(founded, tmp_path, name):
    statuses = set()
    for number, injection in enumerate(INJECTIONS[name]):
        shutil.copytree(founded.folder, tmp_path / str(number))
        home, journal = Home(tmp_path / str(number)), Journal(tmp_path / f"{number}.txt")
        done = strace(injection, home, journal)
        assert done.returncode in {ALL_IN, STOPPED, KILLED}, (injection, done.stderr)
        statuses.add(done.returncode)
        if done.returncode == ALL_IN:
            assert len(journal.acknowledged()) == len(EVENTS)
        finish(home, journal)
    assert statuses - {ALL_IN}, "nothing of it ever failed"


# a disk that is full


@contextmanager
def limited_files(size):
    """No file of this process grows beyond this."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def write_until_full(home, journal, size):
    with limited_files(size), journal.watch_signatures(), home.open() as (_, sequencer):
        for batch in [[put(n, toy_key(n)), put(n + 1, toy_key(n))] for n in range(1000, 3000, 2)]:
            try:
                outcomes = sequencer.submit([Submission(signed) for signed in batch])
            except StoreFailedError:
                break
            for signed, outcome in zip(batch, outcomes, strict=True):
                journal.say(event=signed.id, index=outcome.index)
        else:
            raise AssertionError("it never was full")
        with pytest.raises(StoreFailedError):
            sequencer.submit([Submission(put(1))])
        with pytest.raises(StoreFailedError):
            sequencer.sign_checkpoint()


@pytest.mark.parametrize("size", [400_000, 600_001])
def test_files_that_may_not_grow(home, journal, size):
    assert run(lambda: write_until_full(home, journal, size)) == 0
    assert len(journal.acknowledged()) >= 6
    finish_any(home, journal)


def finish_any(home, journal):
    check_home(home, journal)
    submit(home, journal, BATCHES)
    check_home(home, journal)


def can_mount():
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    probe = ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=4k", "none", "/mnt"]
    return subprocess.run(probe, check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("kind", ["tmpfs"] if can_mount() else [])
def test_a_full_disk(founded, tmp_path, journal, kind):
    """A real one, too small for long."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", kind, "-o", "size=800k", "none", disk], check=True)
    try:
        shutil.copytree(founded.folder, disk / "home")
        home = Home(disk / "home")
        assert run(lambda: write_until_full(home, journal, 10**9)) == 0
        assert len(journal.acknowledged()) > 10
        rows = whole(home.ledger)
        assert fork_and_fail(lambda: rebuild(home.ledger, AUDITOR))
        assert whole(home.ledger) == rows
        with pytest.raises(StoreFailedError):
            create_store(disk / "another.db")
        assert not (disk / "another.db").exists()
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        finish_any(home, journal)
        rebuild(home.ledger, AUDITOR)
        check_home(home, journal)
    finally:
        subprocess.run(["umount", disk], check=True)


def whole(path):
    with closing(SqliteStore(path)) as store:
        return {table: list(store.iterate_rows(table)) for table in Table}


def fork_and_fail(work):
    """Whether the work fails for want of room."""

    def child():
        with pytest.raises(StoreFailedError):
            work()

    return run(child) == 0


def test_a_signer_file_that_cannot_be_written_stops_the_writer(home, journal):
    """The block is in, unsigned; the next process signs it."""

    def child():
        with home.open() as (store, sequencer):
            real = os.fsync

            def broken(fd):
                if os.fstat(fd).st_size < 1000:
                    raise OSError(errno.EIO, "Input/output error")
                real(fd)

            os.fsync = broken
            with pytest.raises(StoreFailedError, match="signed"):
                sequencer.submit([Submission(put(1))])
            with pytest.raises(StoreFailedError):
                sequencer.submit([Submission(put(1))])
            assert store.read_checkpoint(4) is None

    assert run(child) == 0
    check_home(home, journal)
    assert home.write(put(1))[0].is_duplicate


# two at once


@pytest.mark.slow
def test_two_processes_that_append_at_once_lose_nothing(home, tmp_path):
    """Without the lock of the home folder, which would not even let the second begin."""
    journals = [Journal(tmp_path / f"{name}.txt") for name in "ab"]

    def work(journal, first):
        events = [put(first + n, toy_key(n % 10)) for n in range(60)]
        with journal.watch_signatures():
            left = events
            while left:
                left = attempt(journal, left)

    def attempt(journal, events):
        with suppress(ConflictError, UnavailableError):
            submit(home, journal, [[signed] for signed in events])
        return [signed for signed in events if signed.id not in journal.acknowledged()]

    children = [
        fork(lambda j=j, f=f: work(j, f)) for j, f in zip(journals, (1000, 2000), strict=True)
    ]
    assert [wait(child) for child in children] == [0, 0]
    roots = {}
    for journal in journals:
        check_home(home, journal)
        assert len(journal.acknowledged()) == 60
        for size, signed in journal.signed_roots().items():
            roots.setdefault(size, set()).update(signed)
    assert all(len(signed) == 1 for signed in roots.values())
    with closing(SqliteStore(home.ledger)) as store:
        assert len(list(store.iterate_rows(Table.EVENT))) == 121

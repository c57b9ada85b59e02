"""Copies: measured in one pass, durable before they take their place, and nothing left otherwise."""

import os
import resource
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import ExistsError, LedgerError, MalformedError, NotFoundError, StoreFailedError
from tests.support import reference
from tracing.copies import FORM, PendingCopy, measure_copy

SALT = bytes(range(32))
OTHER_SALT = bytes(range(1, 33))
BLOCK_BYTES = 65_536
ROOT = Path(__file__).resolve().parents[2]
EDGES = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 3 * BLOCK_BYTES + 7]


def content(size):
    return bytes(i % 251 for i in range(size))


def source(folder, size=100_000, name="source.csv"):
    path = folder / name
    path.write_bytes(content(size))
    return path


def expected(data, salt=SALT):
    """Root and count by the slow reference tree."""
    blocks = [data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)] or [b""]
    return reference.mth([salt + block for block in blocks]), len(blocks)


def pending(folder, name="copy.csv", *, is_forced=False):
    return PendingCopy(folder / name, is_forced=is_forced)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


# Measuring


@pytest.mark.parametrize("size", EDGES)
def test_a_file_is_measured_as_salted_blocks(tmp_path, size):
    told = []
    measured = measure_copy(source(tmp_path, size), SALT, told.append)
    assert (measured.root, measured.count) == expected(content(size))
    assert (measured.size, measured.digest) == (size, sha256(content(size)).hexdigest())
    assert sum(told) == size
    assert FORM == "salted-blocks/1"


def test_an_empty_file_has_one_empty_block(tmp_path):
    measured = measure_copy(source(tmp_path, 0), SALT)
    assert (measured.count, measured.size) == (1, 0)
    assert measured.root == sha256(b"\0" + SALT).digest()


@pytest.mark.parametrize("count", [255, 256, 257, 512, 513])
def test_more_leaves_than_are_hashed_at_once_make_the_same_root(tmp_path, count):
    size = count * BLOCK_BYTES
    path = tmp_path / "long"
    with path.open("wb") as file:
        file.truncate(size)
    measured = measure_copy(path, SALT)
    leaf = SALT + bytes(BLOCK_BYTES)
    assert (measured.root, measured.count) == (reference.mth([leaf] * count), count)


def test_another_salt_or_another_byte_makes_another_root(tmp_path):
    path = source(tmp_path)
    root = measure_copy(path, SALT).root
    assert measure_copy(path, OTHER_SALT).root != root
    data = bytearray(content(100_000))
    data[99_999] ^= 1
    path.write_bytes(data)
    assert measure_copy(path, SALT).root != root


@settings(max_examples=25)
@given(st.binary(max_size=300))
def test_any_content_is_measured_like_the_reference(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(data)
    measured = measure_copy(path, SALT)
    assert (measured.root, measured.count) == expected(data)


def test_a_missing_file_is_not_found(tmp_path, out):
    with pytest.raises(NotFoundError, match="there is no file"):
        measure_copy(tmp_path / "none", SALT)
    with pytest.raises(NotFoundError, match="there is no file"):
        pending(out).write(tmp_path / "none", SALT)
    assert names(out) == []


def test_what_is_no_regular_file_is_refused_at_once(tmp_path, out):
    pipe, loop = tmp_path / "pipe", tmp_path / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    before = len(names(Path("/proc/self/fd")))
    for path in (pipe, tmp_path, Path("/dev/zero"), loop):
        with pytest.raises(MalformedError):
            measure_copy(path, SALT)
        with pytest.raises(MalformedError):
            pending(out).write(path, SALT)
    assert names(out) == []
    assert len(names(Path("/proc/self/fd"))) == before


def test_a_file_that_cannot_be_read_to_its_end_is_refused():
    with pytest.raises(MalformedError, match="cannot read"):
        measure_copy(Path("/proc/self/mem"), SALT)


# Copying


@pytest.mark.parametrize("size", EDGES)
def test_a_copy_waits_beside_its_place_and_takes_it_when_told(tmp_path, out, size):
    path, copy = source(tmp_path, size), pending(out)
    told = []
    measured = copy.write(path, SALT, told.append)
    assert measured == measure_copy(path, SALT)
    assert sum(told) == size
    assert not copy.place.exists()
    assert names(out) == [f".copy.csv.{os.getpid()}.part"]
    copy.settle()
    assert names(out) == ["copy.csv"]
    assert copy.place.read_bytes() == content(size)
    assert measure_copy(copy.place, SALT) == measured


def test_what_is_discarded_leaves_nothing_and_what_is_settled_stays(tmp_path, out):
    copy = pending(out)
    copy.write(source(tmp_path), SALT)
    copy.discard()
    assert names(out) == []
    copy.discard()
    copy.write(source(tmp_path), SALT)
    copy.settle()
    copy.discard()
    assert names(out) == ["copy.csv"]


def test_a_second_attempt_begins_anew(tmp_path, out):
    copy = pending(out)
    copy.write(source(tmp_path, 5 * BLOCK_BYTES), SALT)
    copy.write(source(tmp_path, 10), SALT)
    copy.settle()
    assert copy.place.read_bytes() == content(10)


def test_a_file_may_be_copied_onto_itself(tmp_path):
    path = source(tmp_path)
    copy = PendingCopy(path, is_forced=True)
    copy.write(path, SALT)
    copy.settle()
    assert path.read_bytes() == content(100_000)
    assert names(tmp_path) == ["source.csv"]


def test_a_copy_is_durable_before_it_settles_and_its_name_afterwards(tmp_path, out, monkeypatch):
    """What has not reached the disk when a record says that it was delivered may never do so."""
    path, copy, synced = source(tmp_path), pending(out), []
    sync = os.fsync

    def fsync(fd):
        found = os.fstat(fd)
        synced.append(names(out) if stat.S_ISDIR(found.st_mode) else found.st_size)
        sync(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    copy.write(path, SALT)
    assert synced == [100_000]
    copy.settle()
    assert synced == [100_000, ["copy.csv"]]


# The place


def test_a_file_in_the_place_is_left_alone_unless_it_is_forced(tmp_path, out):
    (out / "copy.csv").write_text("mine")
    with pytest.raises(ExistsError, match="--force"):
        pending(out).write(source(tmp_path), SALT)
    assert (names(out), (out / "copy.csv").read_text()) == (["copy.csv"], "mine")
    forced = pending(out, is_forced=True)
    forced.write(source(tmp_path), SALT)
    assert (out / "copy.csv").read_text() == "mine"
    forced.settle()
    assert (names(out), forced.place.read_bytes()) == (["copy.csv"], content(100_000))


def test_a_file_that_comes_meanwhile_is_left_alone_and_the_copy_waits(tmp_path, out):
    copy = pending(out)
    copy.write(source(tmp_path), SALT)
    copy.place.write_text("quicker")
    with pytest.raises(ExistsError, match="exists by now"):
        copy.settle()
    assert copy.place.read_text() == "quicker"
    copy.place.unlink()
    copy.settle()
    assert copy.place.read_bytes() == content(100_000)


@pytest.mark.parametrize("is_forced", [False, True])
def test_a_link_in_the_place_is_not_followed(tmp_path, out, is_forced):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (out / "copy.csv").symlink_to(victim)
    (out / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("copy.csv", "dangling"):
        copy = pending(out, name, is_forced=is_forced)
        if is_forced:
            copy.write(source(tmp_path), SALT)
            copy.settle()
            assert not copy.place.is_symlink()
        else:
            with pytest.raises(ExistsError):
                copy.write(source(tmp_path), SALT)
    assert victim.read_text() == "precious"
    assert not (tmp_path / "nowhere").exists()


def test_a_link_of_the_waiting_name_is_not_written_through(tmp_path, out):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (out / f".copy.csv.{os.getpid()}.part").symlink_to(victim)
    copy = pending(out)
    copy.write(source(tmp_path), SALT)
    copy.settle()
    assert victim.read_text() == "precious"
    assert copy.place.read_bytes() == content(100_000)


@pytest.mark.parametrize("is_forced", [False, True])
@pytest.mark.parametrize("name", ["folder", "."])
def test_a_folder_is_no_place(tmp_path, out, name, is_forced):
    (out / "folder").mkdir()
    copy = PendingCopy(out / name, is_forced=is_forced)
    with pytest.raises(ExistsError, match="folder"):
        copy.write(source(tmp_path), SALT)
    with pytest.raises(ExistsError, match="folder"):
        PendingCopy(Path(), is_forced=is_forced).write(source(tmp_path), SALT)


def test_without_a_folder_there_is_no_copy(tmp_path, out):
    with pytest.raises(NotFoundError, match="no folder"):
        pending(out / "none").write(source(tmp_path), SALT)


@pytest.mark.parametrize("name", ["source.csv/copy", "n" * 300])
def test_an_impossible_place_is_an_error_of_ours(tmp_path, name):
    path = source(tmp_path)
    for is_forced in (False, True):
        copy = PendingCopy(tmp_path / name, is_forced=is_forced)
        with pytest.raises(LedgerError):
            copy.write(path, SALT)
        copy.discard()
        with pytest.raises(StoreFailedError):
            copy.settle()
    assert names(tmp_path) == ["source.csv"]


def test_where_there_are_no_links_it_is_renamed_if_the_place_is_free(tmp_path, out, monkeypatch):
    def no_links(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    copy = pending(out)
    copy.write(source(tmp_path), SALT)
    copy.place.write_text("quicker")
    with pytest.raises(ExistsError):
        copy.settle()
    assert copy.place.read_text() == "quicker"
    copy.place.unlink()
    copy.settle()
    assert names(out) == ["copy.csv"]


# Failing


@contextmanager
def limited(size):
    """Files of this process grow to so many bytes only, what the tests print into one included."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 1, BLOCK_BYTES, 99_999])
def test_a_full_disk_leaves_nothing(tmp_path, out, room):
    path, copy = source(tmp_path), pending(out)
    with limited(room), pytest.raises(StoreFailedError, match="cannot write"):
        copy.write(path, SALT)
    assert names(out) == []


def test_a_full_disk_leaves_what_was_there(tmp_path, out):
    path = source(tmp_path)
    (out / "copy.csv").write_text("mine")
    with limited(1000), pytest.raises(StoreFailedError):
        pending(out, is_forced=True).write(path, SALT)
    assert (names(out), (out / "copy.csv").read_text()) == (["copy.csv"], "mine")


KILLED = """
import os, signal, sys
from pathlib import Path
from tracing.copies import PendingCopy
copy = PendingCopy(Path(sys.argv[2]), is_forced=False)
copy.write(Path(sys.argv[1]), bytes(range(32)))
print(os.getpid(), flush=True)
if sys.argv[3] == "after":
    copy.settle()
os.kill(os.getpid(), signal.SIGKILL)
"""


def run_killed(path, place, when):
    argv = [sys.executable, "-c", KILLED, str(path), str(place), when]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    return ended.stdout.strip()


def test_a_kill_before_it_settles_leaves_the_place_free_for_the_next(tmp_path, out):
    path = source(tmp_path)
    process = run_killed(path, out / "copy.csv", "before")
    assert names(out) == [f".copy.csv.{process}.part"]
    copy = pending(out)
    copy.write(path, SALT)
    copy.settle()
    assert copy.place.read_bytes() == content(100_000)


def test_a_kill_after_it_settled_leaves_the_whole_copy(tmp_path, out):
    path = source(tmp_path)
    run_killed(path, out / "copy.csv", "after")
    assert names(out) == ["copy.csv"]
    assert (out / "copy.csv").read_bytes() == content(100_000)
    with pytest.raises(ExistsError):
        pending(out).write(path, SALT)


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_a_copy_is_for_no_more_eyes_than_its_source(tmp_path, mode):
    source, place = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(b"secret")
    source.chmod(mode)
    pending = PendingCopy(place, is_forced=False)
    pending.write(source, bytes(32))
    pending.settle()
    assert place.stat().st_mode & 0o777 == mode

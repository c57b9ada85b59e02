"""The inverted index: what it finds, what is too common to be told, what it forgets."""

import os

import pytest

from ledger.errors import CorruptionError, StoreFailedError, UnavailableError
from tracing.index import COMMON, SHARED, SketchIndex, pick_hashes
from tracing.record import ALL, Sketch


@pytest.fixture
def index(tmp_path):
    opened = SketchIndex(tmp_path / "trace.db")
    yield opened
    opened.close()


def test_records_are_found_by_their_hashes(index):
    index.add(1, b"a", [5, -7, 9])
    index.add(2, b"b", [9, 9, 11])
    assert index.find([9, -7, 100]) == {1: SHARED // 2 + SHARED, 2: SHARED // 2}
    assert index.read_marks() == {1: b"a", 2: b"b"}


def test_what_too_many_records_have_does_not_count(index):
    for number in range(COMMON):
        index.add(number, b"", [1, number + 10])
    assert len(index.find([1])) == COMMON
    index.add(COMMON, b"", [1, 2])
    assert index.find([1, 2]) == {COMMON: SHARED}


def test_what_is_forgotten_is_not_in_the_file(index, tmp_path):
    wanted = int.from_bytes(b"wantedAB", "big")
    index.add(1, b"a", [wanted])
    index.add(2, b"b", [3])
    assert b"wantedAB" in (tmp_path / "trace.db").read_bytes()
    index.remove([1])
    assert b"wantedAB" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert index.find([wanted, 3]) == {2: SHARED}


def test_nothing_is_left_beside_the_file(index, tmp_path):
    index.add(1, b"a", [5])
    index.remove([1])
    assert [path.name for path in tmp_path.iterdir()] == ["trace.db"]


def test_nobody_else_reads_the_file(index, tmp_path):
    assert (tmp_path / "trace.db").stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_said_to_be(tmp_path):
    (tmp_path / "none.db").write_bytes(os.urandom(8192))
    with pytest.raises(CorruptionError):
        SketchIndex(tmp_path / "none.db")


def test_a_folder_that_is_not_there_cannot_be_written(tmp_path):
    with pytest.raises(StoreFailedError):
        SketchIndex(tmp_path / "none" / "trace.db")


def test_another_writer_is_waited_for_and_then_told(index, tmp_path, monkeypatch):
    monkeypatch.setattr("tracing.index._BUSY_TIMEOUT_S", 0.01)
    second = SketchIndex(tmp_path / "trace.db")
    index._db.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError):
        second.add(1, b"", [1])
    index._db.execute("ROLLBACK")
    second.add(1, b"", [1])
    second.close()


def test_hashes_stand_in_the_index_as_signed_numbers():
    sketch = Sketch(ALL, bytes(7) + b"\1" + b"\xff" * 8, 2)
    assert pick_hashes(sketch, 9) == (1, -1)
    assert pick_hashes(sketch, 1) == (1,)

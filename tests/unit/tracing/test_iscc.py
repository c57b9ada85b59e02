"""The public code of a file: that of the standard, whatever is read at once."""

import random

import pytest

from ledger.errors import MalformedError, NotFoundError
from tracing import iscc
from tracing.iscc import find_iscc, parse_iscc

KNOWN = "ISCC:KUAEHTSN76WFKKSZYQRCH4P36KJPM"


def test_a_code_is_the_same_in_whatever_pieces_the_file_is_read(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n1,2\n")
    assert parse_iscc(find_iscc(path)) == KNOWN
    monkeypatch.setattr(iscc, "_CHUNK_BYTES", 1)
    assert find_iscc(path) == KNOWN


def test_shuffled_rows_have_another_code(tmp_path):
    rows = [f"{each},{each * 7919 % 10_007}\n" for each in range(5_000)]
    codes = set()
    for name in ("a", "b"):
        (tmp_path / name).write_text("".join(rows))
        codes.add(find_iscc(tmp_path / name))
        random.Random(1).shuffle(rows)
    assert len(codes) == 2


def test_without_the_package_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(iscc, "find_spec", lambda _: None)
    assert find_iscc(tmp_path / "none") is None


def test_what_is_no_file_has_none(tmp_path):
    with pytest.raises(NotFoundError):
        find_iscc(tmp_path / "none")
    with pytest.raises(MalformedError):
        find_iscc(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "ISCC:", "KUAEHTSN76WFKKSZYQRCH4P36KJPM", KNOWN + "\n", KNOWN.lower()]
)
def test_what_is_no_code_is_refused(text):
    with pytest.raises(MalformedError):
        parse_iscc(text)

"""Writing a marked copy: rows left out, cells replaced, every other byte as it was."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import MalformedError
from tests.support.tables import Sample, make_sales, write_csv, write_jsonl, write_table
from tracing.fingerprint import fingerprint_file
from tracing.markdata import MarkingKey, MarkTerms
from tracing.marking import Edits, apply_edits, edit_copy
from tracing.markopening import DeliveryMarks
from tracing.marks import choose_columns
from tracing.tables import read_table

KEY = MarkingKey(bytes(range(32)))


def marks_for(table, withheld=500, g=4):
    return DeliveryMarks(KEY, b"s" * 16, MarkTerms(withheld, g), choose_columns(table))


def copy_of(path, edits, table=None):
    """The copy's bytes."""
    table = table or read_table(path)
    return b"".join(apply_edits(path, table, edits, fingerprint_file(path).digest))


def edits_of(height, withheld=(), changes=None):
    lacking = np.zeros(height, dtype=np.bool_)
    lacking[list(withheld)] = True
    return Edits(lacking, changes or {})


def write(path, data):
    path.write_bytes(data)
    return path


# as they stand


SPELLINGS = {
    "plain": {},
    "quoted": {"is_quoted": True},
    "crlf": {"line_end": "\r\n"},
    "cr": {"line_end": "\r", "is_quoted": True},
    "with a byte order mark": {"encoding": "utf-8-sig"},
    "gb18030": {"encoding": "gb18030"},
    "semicolons": {"delimiter": ";"},
    "quoted with a byte order mark": {"is_quoted": True, "encoding": "utf-8-sig"},
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_rows_that_are_kept_stand_byte_for_byte_and_changed_ones_read_as_planned(tmp_path, name):
    path = write_csv(tmp_path / "table.csv", make_sales(1_500), **SPELLINGS[name])
    table = read_table(path)
    edits = edit_copy(table, marks_for(table))
    assert len(edits.changes) > 50
    copy = read_table(write(tmp_path / "copy.csv", copy_of(path, edits)))
    assert_planned(table, edits, copy)
    data, made = path.read_bytes(), (tmp_path / "copy.csv").read_bytes()
    assert made[:3] == data[:3]
    end = SPELLINGS[name].get("line_end", "\n").encode()
    assert made.count(end) < data.count(end)
    assert len(set(made.split(end)) - set(data.split(end))) <= len(edits.changes) * 3


def assert_planned(table, edits, copy):
    """The copy is the table without the withheld rows, with the changed cells, and no other."""
    assert (copy.names, copy.height) == (table.names, edits.rows)
    kept = np.flatnonzero(~edits.withheld).tolist()
    changed = 0
    for place, (column, other) in enumerate(zip(table.columns, copy.columns, strict=True)):
        before, after = column.cells(), other.cells()
        for row, cell in zip(kept, after, strict=True):
            at, value = edits.changes.get(row, (-1, ""))
            assert cell == (value if at == place else before[row])
            changed += at == place
    assert changed == len(edits.changes)


@pytest.mark.parametrize("suffix", [".tsv", ".jsonl", ".xlsx", ".parquet"])
def test_every_form_of_table_is_copied(tmp_path, suffix):
    path = write_table(tmp_path / f"table{suffix}", make_sales(1_000))
    table = read_table(path)
    edits = edit_copy(table, marks_for(table))
    assert len(edits.changes) > 20
    out = tmp_path / (f"copy{suffix}" if suffix in {".tsv", ".jsonl"} else "copy.csv")
    assert_planned(table, edits, read_table(write(out, copy_of(path, edits, table))))


def test_without_edits_the_copy_is_the_file(tmp_path):
    data = b'\xef\xbb\xbf"a b",c\r\n\r\n" x ""y""\nz",1\r\nNA,\r\n,\r\n"q",2'
    path = write(tmp_path / "table.csv", data)
    table = read_table(path)
    assert copy_of(path, edits_of(table.height)) == data


def test_blank_rows_and_rows_without_a_value_stay_and_are_not_counted(tmp_path):
    path = write(tmp_path / "table.csv", b"a,b\n1,x\n\n,\n2,y\nNA,null\n3,z\n")
    assert read_table(path).height == 3
    assert copy_of(path, edits_of(3, withheld=[1])) == b"a,b\n1,x\n\n,\nNA,null\n3,z\n"
    assert (
        copy_of(path, edits_of(3, changes={2: (1, "w")})) == b"a,b\n1,x\n\n,\n2,y\nNA,null\n3,w\n"
    )


CELLS = {
    "decimals stay": (b"12.50", "12.6", b"12.60"),
    "more decimals are written": (b"12.5", "12.51", b"12.51"),
    "leading zeros stay": (b"007", "8", b"008"),
    "space around it stays": (b" 7 ", "8", b" 8 "),
    "the sign turns": (b"-0.50", "0.5", b"0.50"),
    "a number below nothing": (b"0", "-1", b"-1"),
    "an exponent is written out": (b"1e3", "1001", b"1001"),
    "quotes stay": (b'"7"', "8", b'"8"'),
    "quotes come where they are needed": (b"x", "a,b", b'"a,b"'),
    "quotes are doubled": (b'"x"', 'say "y"', b'"say ""y"""'),
    "a line break inside": (b'"x\ny"', "z", b'"z"'),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_is_spelled_as_the_one_it_replaces(tmp_path, name):
    old, value, new = CELLS[name]
    path = write(tmp_path / "table.csv", b'q,a,b\n"1,""2",' + old + b",tail\n")
    expected = b'q,a,b\n"1,""2",' + new + b",tail\n"
    assert copy_of(path, edits_of(1, changes={0: (1, value)})) == expected


LINES = {
    "text": ('{"a": "x", "b": 1}', 0, "y", '{"a": "y", "b": 1}'),
    "a number": ('{"a":1.50,"b":2}', 0, "1.6", '{"a":1.60,"b":2}'),
    "a number as text": ('{"a" : "7" , "b":2}', 0, "8", '{"a" : "8" , "b":2}'),
    "true": ('{"b":2,"a":true}', 1, "false", '{"b":2,"a":false}'),
    "a comma and a brace in text": ('{"a":"}, {\\"","b":2}', 1, "3", '{"a":"}, {\\"","b":3}'),
    "chinese": ('{"城市":"杭州"}', 0, "宁波", '{"城市":"宁波"}'),
    "a number that becomes text": ('{"a":1}', 0, "x", '{"a":"x"}'),
}


@pytest.mark.parametrize("name", LINES)
def test_a_member_of_a_line_is_replaced_and_nothing_else(tmp_path, name):
    line, place, value, expected = LINES[name]
    path = write(tmp_path / "t.jsonl", f"{line}\n".encode())
    assert copy_of(path, edits_of(1, changes={0: (place, value)})).decode() == f"{expected}\n"
    json.loads(expected)


def test_a_line_without_the_member_is_refused(tmp_path):
    path = write_jsonl(tmp_path / "t.jsonl", Sample(("a", "b"), [("1", "x"), (None, "y")]))
    path.write_text(path.read_text().replace('"a":null,', "").replace('"a": null, ', ""))
    if '"a"' not in path.read_text().splitlines()[1]:
        with pytest.raises(MalformedError):
            copy_of(path, edits_of(2, changes={1: (0, "2")}))


def test_a_file_that_changed_while_it_was_copied_is_refused(tmp_path):
    path = write_csv(tmp_path / "table.csv", make_sales(300))
    table, digest = read_table(path), fingerprint_file(path).digest
    path.write_bytes(path.read_bytes().replace("杭州".encode(), "宁波".encode(), 1))
    with pytest.raises(MalformedError, match="changed meanwhile"):
        list(apply_edits(path, table, edits_of(300), digest))
    with pytest.raises(MalformedError, match="changed meanwhile"):
        now = fingerprint_file(path).digest
        list(apply_edits(path, replace(table, height=299), edits_of(299), now))


def test_the_same_marks_make_the_same_bytes(tmp_path):
    path = write_csv(tmp_path / "table.csv", make_sales(600))
    table = read_table(path)
    one, other = (copy_of(path, edit_copy(table, marks_for(table))) for _ in range(2))
    assert one == other
    third = replace(marks_for(table), stream=b"t" * 16)
    assert copy_of(path, edit_copy(table, third)) != one


TEXT = st.text(st.sampled_from("ab1 ,;\"'\n\r\t0.5杭é"), max_size=6)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=8),
    value=st.text(st.sampled_from('xy,"\n 3杭'), min_size=1, max_size=5),
    place=st.integers(0, 2),
    data=st.data(),
)
def test_any_cell_of_any_table_can_be_replaced(tmp_path_factory, rows, value, place, data):
    path = tmp_path_factory.mktemp("any") / "table.csv"
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([("one", "two", "three"), *rows])
    path.write_bytes(text.getvalue().encode())
    table = read_table(path)
    if not table.height:
        return
    row = data.draw(st.integers(0, table.height - 1))
    made = copy_of(path, edits_of(table.height, changes={row: (place, value)}))
    before = list(csv.reader(io.StringIO(text.getvalue(), newline="")))
    after = list(csv.reader(io.StringIO(made.decode(), newline="")))
    different = [
        (n, m)
        for n, (old, new) in enumerate(zip(before, after, strict=True))
        for m, (one, other) in enumerate(zip(old, new, strict=True))
        if one != other
    ]
    assert all(m == place for _, m in different)
    assert len(different) <= 1

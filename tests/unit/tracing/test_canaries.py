"""Invented rows: how they are drawn, and how they stand in a copy."""

import csv
import io
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import MalformedError
from tests.support.tables import make_sales, make_sensors, write_csv, write_jsonl, write_table
from tracing.canaries import draw_canaries
from tracing.fingerprint import fingerprint_file
from tracing.markdata import MarkingKey, MarkTerms
from tracing.marking import apply_edits, edit_copy
from tracing.markopening import DeliveryMarks, format_marks, parse_marks
from tracing.marks import choose_columns
from tracing.tables import read_table

KEY = MarkingKey(bytes(range(32)))
STREAM = b"s" * 16


def marks_for(table, *, withheld=500, g=4, canaries=10):
    return DeliveryMarks(KEY, STREAM, MarkTerms(withheld, g, canaries), choose_columns(table))


def read(folder, data, name="table.csv"):
    path = folder / name
    path.write_bytes(data)
    return path, read_table(path)


def copy_of(path, table, edits):
    """The copy's bytes."""
    return b"".join(apply_edits(path, table, edits, fingerprint_file(path).digest))


def rows_of(table):
    return list(zip(*(column.cells() for column in table.columns), strict=True))


@pytest.fixture(scope="module")
def sales(tmp_path_factory):
    path = write_csv(tmp_path_factory.mktemp("sales") / "table.csv", make_sales(300))
    return path, read_table(path)


# Drawing


def test_no_invented_row_is_one_of_the_table_and_each_cell_is_from_its_column(sales):
    _, table = sales
    own, columns = set(rows_of(table)), [set(column.cells()) for column in table.columns]
    for cells in draw_canaries(table, KEY, STREAM, 200).cells(table):
        assert tuple(cells) not in own
        assert all(cell in column for cell, column in zip(cells, columns, strict=True))


def test_a_column_is_drawn_as_it_is_spread_and_apart_from_the_others(sales):
    _, table = sales
    drawn = draw_canaries(table, KEY, STREAM, 1_000).rows
    assert drawn.min() == 0
    assert drawn.max() == table.height - 1
    for column in drawn.T:
        parts = np.bincount(column * 4 // table.height, minlength=4)
        assert parts.min() > 180
    assert abs(np.corrcoef(drawn.T) - np.eye(drawn.shape[1])).max() < 0.15


def test_another_delivery_gets_other_rows_and_the_same_one_always_the_same(sales):
    _, table = sales
    one, again = (draw_canaries(table, KEY, STREAM, 20) for _ in range(2))
    other = draw_canaries(table, KEY, b"t" * 16, 20)
    assert one.rows.tolist() == again.rows.tolist()
    assert one.places.tolist() == again.places.tolist()
    assert not set(map(tuple, one.rows.tolist())) & set(map(tuple, other.rows.tolist()))


def test_fewer_invented_rows_are_the_first_of_more(sales):
    _, table = sales
    few, many = (draw_canaries(table, KEY, STREAM, count).rows for count in (3, 200))
    assert few.tolist() == many[:3].tolist()


def test_an_invented_row_never_stands_first_and_so_never_last(sales):
    _, table = sales
    places = draw_canaries(table, KEY, STREAM, 1_000).places
    assert places.tolist() == sorted(places.tolist())
    assert (places.min(), places.max()) == (1, table.height - 1)


HARDLY = {
    "one column": b"a\n1\n2\n3\n",
    "one row": b"a,b\n1,2\n",
    "every combination": b"a,b\n1,x\n1,y\n2,x\n2,y\n",
    "the same cells everywhere": b"a,b\n" + b"1,x\n" * 9,
}


@pytest.mark.parametrize("name", HARDLY)
def test_a_table_that_holds_all_its_combinations_has_no_room_for_more(tmp_path, name):
    _, table = read(tmp_path, HARDLY[name])
    with pytest.raises(MalformedError, match="no 3 rows can be invented"):
        draw_canaries(table, KEY, STREAM, 3)
    assert draw_canaries(table, KEY, STREAM, 0).count == 0


def test_a_row_without_any_value_is_never_invented(tmp_path):
    data = b"a,b,c\n" + b"1,,\n,2,\n,,3\n" * 5
    _, table = read(tmp_path, data)
    made = draw_canaries(table, KEY, STREAM, 200).cells(table)
    assert all(any(cell is not None for cell in cells) for cells in made)
    assert any(cells.count(None) == 1 for cells in made)


# Standing in a copy


SPELLINGS = {
    "plain": {},
    "quoted": {"is_quoted": True},
    "crlf": {"line_end": "\r\n"},
    "with a byte order mark": {"encoding": "utf-8-sig"},
    "gb18030": {"encoding": "gb18030", "delimiter": ";"},
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_other_byte_of_the_copy_is_as_without_invented_rows(tmp_path, name):
    path = write_csv(tmp_path / "table.csv", make_sales(400), **SPELLINGS[name])
    table = read_table(path)
    marks = marks_for(table)
    edits = edit_copy(table, marks)
    bare = copy_of(path, table, replace(edits, canaries=draw_canaries(table, KEY, STREAM, 0)))
    made = copy_of(path, table, edits)
    end = SPELLINGS[name].get("line_end", "\n").encode()
    more = Counter(made.split(end)) - Counter(bare.split(end))
    assert sum(more.values()) == 10
    assert not Counter(bare.split(end)) - Counter(made.split(end))
    assert_standing(tmp_path, table, edits, made)


def assert_standing(folder, table, edits, data, name="copy.csv"):
    """The copy's rows are those that its layout says."""
    _, copy = read(folder, data, name)
    assert copy.height == edits.rows == edits.kept + edits.canaries.count
    own, invented = rows_of(table), edits.canaries.cells(table)
    for cells, row in zip(rows_of(copy), edits.list_rows().tolist(), strict=True):
        expected = list(own[row]) if row >= 0 else invented[-1 - row]
        if row in edits.changes:
            column, value = edits.changes[row]
            expected[column] = value
        assert list(cells) == expected


@pytest.mark.parametrize("suffix", [".tsv", ".jsonl", ".xlsx", ".parquet"])
def test_rows_are_invented_for_tables_of_every_form(tmp_path, suffix):
    path = write_table(tmp_path / f"table{suffix}", make_sales(300))
    table = read_table(path)
    edits = edit_copy(table, marks_for(table, canaries=25))
    out = f"copy{suffix}" if suffix in {".tsv", ".jsonl"} else "copy.csv"
    assert_standing(tmp_path, table, edits, copy_of(path, table, edits), out)


def test_lines_that_leave_members_out_take_those_of_invented_rows(tmp_path):
    path = write_jsonl(tmp_path / "table.jsonl", make_sales(200), is_sparse=True)
    table = read_table(path)
    edits = edit_copy(table, marks_for(table, g=0, canaries=50))
    assert_standing(tmp_path, table, edits, copy_of(path, table, edits), "copy.jsonl")


def test_cells_are_spelled_as_where_they_were_drawn(tmp_path):
    lines = [f'{n:03},"x,{n % 7}",2013/1/{1 + n % 28},{n}.50,{"NA" if n % 3 else ""}'
             for n in range(60)]  # fmt: skip
    path, table = read(tmp_path, ("a,b,c,d,e\n" + "\n".join(lines)).encode())
    terms = MarkTerms(0, 0, 40)
    edits = edit_copy(table, DeliveryMarks(KEY, STREAM, terms, ()))
    made = copy_of(path, table, edits).decode().split("\n")
    assert [line for line in made if line in {"a,b,c,d,e", *lines}] == ["a,b,c,d,e", *lines]
    spelled = [set(cells) for cells in zip(*map(split, lines), strict=True)]
    for line in made[1:]:
        assert all(cell in known for cell, known in zip(split(line), spelled, strict=True))
    assert sum(line.endswith(",NA") for line in made) > sum(line.endswith(",NA") for line in lines)


def split(line):
    head, inner, tail = line.split('"')
    return [head, inner, *tail.split(",")]


def test_the_last_row_stays_last_and_without_its_line_end(tmp_path):
    path, table = read(tmp_path, b"a,b\n1,x\n2,y\n3,z\n\n4,w")
    edits = edit_copy(table, DeliveryMarks(KEY, STREAM, MarkTerms(0, 0, 30), ()))
    made = copy_of(path, table, edits)
    assert made.startswith(b"a,b\n1,x\n")
    assert made.endswith(b"\n4,w")
    assert made.count(b"\n") == 5 + 30


TEXT = st.text(st.sampled_from("ab1 ,;\"'\n\r\t0.5杭é"), max_size=6)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=2, max_size=8))
def test_any_table_has_its_invented_rows_where_they_were_planned_or_none(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("any")
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([("one", "two", "three"), *rows])
    path, table = read(folder, text.getvalue().encode())
    if not table.height:
        return
    try:
        edits = edit_copy(table, DeliveryMarks(KEY, STREAM, MarkTerms(0, 0, 4), ()))
    except MalformedError:
        return
    assert_standing(folder, table, edits, copy_of(path, table, edits))


def test_a_file_that_changed_before_its_rows_were_invented_is_refused(tmp_path):
    path = write_csv(tmp_path / "table.csv", make_sensors(100))
    table, digest = read_table(path), fingerprint_file(path).digest
    edits = edit_copy(table, marks_for(table))
    path.write_bytes(path.read_bytes().replace(b"S0", b"S7"))
    with pytest.raises(MalformedError):
        list(apply_edits(path, table, edits, digest))


# What is committed to


def test_the_number_of_invented_rows_is_committed_to_and_absent_where_there_is_none(sales):
    _, table = sales
    marks = marks_for(table)
    assert format_marks(marks)["canaries"] == 10
    assert parse_marks(format_marks(marks)) == marks
    without = replace(marks, terms=MarkTerms(500, 4))
    assert "canaries" not in format_marks(without)
    assert parse_marks(format_marks(without)) == without


@pytest.mark.parametrize("said", [0, 1_001, -1, True, "3", None])
def test_another_number_of_invented_rows_opens_nothing(sales, said):
    value = format_marks(marks_for(sales[1])) | {"canaries": said}
    with pytest.raises(MalformedError):
        parse_marks(value)

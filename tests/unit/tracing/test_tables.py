"""What changes the digest of a table, and what does not."""

import hashlib
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.chinese import translate
from cli.exitcodes import Exit, exit_for
from ledger.errors import LimitError, MalformedError, NotFoundError
from tests.support.tables import (
    Sample,
    make_sales,
    make_sensors,
    write_csv,
    write_jsonl,
    write_parquet,
    write_table,
    write_xlsx,
)
from tracing import extra, textfile
from tracing.canon import canonical_cell, encode_row, fold_cell
from tracing.forms import open_table
from tracing.tables import (
    TableLimits,
    digest_rows,
    digest_table,
    encode_rows,
    iterate_rows,
    read_table,
)

ROOT = Path(__file__).resolve().parents[3]
FORMS = ("csv", "tsv", "jsonl", "xlsx", "parquet")


def digest(path):
    return digest_table(path).digest


# The same table in every form


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("make", [make_sales, make_sensors])
def test_a_table_has_the_same_digest_in_every_form_streamed_or_in_memory(tmp_path, make, form):
    sample = make(300)
    plain = write_csv(tmp_path / "plain.csv", sample)
    path = write_table(tmp_path / f"table.{form}", sample)
    found = digest_table(path)
    assert found == digest_rows(read_table(path))
    assert found.digest == digest(plain)
    assert found.rows == 300
    assert found.columns == tuple(zip(sample.names, sample.kinds(), strict=True))
    assert (read_table(path).form, open_table(path).form) == (form, form)


def test_the_digest_is_the_root_of_header_and_rows_by_hand(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"b,a\nx,01\n,2.50\n")

    def sha(data):
        return hashlib.sha256(data).digest()

    header = sha(b"\0canon-1\n\0\0\0\2\0\0\0\1a\0\0\0\1b")
    first = sha(b"\0" + b"\0\0\0\1a\0\0\0\0011" + b"\0\0\0\1b\0\0\0\1x")
    second = sha(b"\0" + b"\0\0\0\1a\0\0\0\0032.5" + b"\0\0\0\1b\xff\xff\xff\xff")
    assert digest(path) == sha(b"\1" + sha(b"\1" + header + first) + second).hex()


def test_a_table_in_memory_holds_codes_and_canonical_values(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("n,d,t,e\n01,2013/1/2,x,\n1.0,,NA,\n2,2013-01-02,ｘ２,\n".encode())
    table = read_table(path)
    assert table.names == ("n", "d", "t", "e")
    assert [column.kind for column in table.columns] == ["number", "date", "text", "empty"]
    assert table.find("n").values == ("1", "2")
    assert table.find("n").codes.tolist() == [0, 0, 1]
    assert table.find("d").cells() == ["2013-01-02", None, "2013-01-02"]
    assert table.find("t").cells() == ["x", None, "ｘ2"]
    assert table.find("e").codes.tolist() == [-1, -1, -1]
    assert (table.height, table.encoding, table.delimiter) == (3, "utf-8", ",")
    with pytest.raises(NotFoundError, match="no column z"):
        table.find("z")


def test_encoded_rows_are_those_of_the_canonical_form_plain_or_folded(tmp_path):
    sample = Sample(("t", "n"), [("01", "1"), ("x", "2.0"), (None, "3")])
    table = read_table(write_csv(tmp_path / "t.csv", sample))
    plain, folded = (
        [row for rows in encode_rows(table, is_folded=fold) for row in rows]
        for fold in (False, True)
    )
    assert plain[0] == encode_row(table.names, ["01", "1"])
    assert folded[0] == encode_row(table.names, ["1", "1"])
    assert (
        plain[1:]
        == folded[1:]
        == [encode_row(table.names, cells) for cells in (["x", "2"], [None, "3"])]
    )


# Any re-encoding that changes no value changes no digest

CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"], exclude_characters="\ufeff")
PLAIN_TEXTS = st.text(CHARACTERS | st.sampled_from('",;|\t\n _x城é'), min_size=1, max_size=12)
NULLS = (None, "", "NA", "NULL", "\\N", " ")


@st.composite
def numbers(draw):
    digits = draw(st.integers(-(10**9), 10**9))
    return f"{digits}e-{draw(st.integers(0, 9))}"


@st.composite
def dates(draw):
    point = draw(st.datetimes(min_value=_date("1900-03-01"), max_value=_date("2999-12-31")))
    point = point.replace(microsecond=0)
    return (point if draw(st.booleans()) else point.replace(hour=0, minute=0, second=0)).isoformat()


def _date(text):
    from datetime import datetime

    return datetime.fromisoformat(text)


@st.composite
def samples(draw):
    width = draw(st.integers(2, 5))
    names = draw(
        st.lists(
            st.text("abc城é_ ", min_size=1).map(str.strip).filter(bool),
            min_size=width,
            max_size=width,
            unique=True,
        )
    )
    kinds = [draw(st.sampled_from([numbers(), dates(), PLAIN_TEXTS])) for _ in names]
    cells = [st.one_of(kind, kind, kind, st.none()) for kind in kinds]
    rows = draw(st.lists(st.tuples(*cells), min_size=1, max_size=6))
    canonical = Sample(tuple(names), rows)
    rows = [
        tuple(canonical_cell(cell, kind) for cell, kind in zip(row, canonical.kinds(), strict=True))
        for row in rows
    ]
    return Sample(tuple(names), [row for row in rows if any(row)] or [("x",) * width])


def respell(draw, cell, kind):
    """Another spelling of a canonical cell."""
    if cell is None:
        return draw(st.sampled_from(NULLS))
    if kind == "number":
        cell = (
            draw(
                st.sampled_from(
                    [
                        cell,
                        f"+{cell}",
                        f"0{cell}",
                        f"{cell}e0",
                        f"{cell}0" if "." in cell else f"{cell}.0",
                    ]
                )
            )
            if cell[0] != "-" and "e" not in cell
            else cell
        )
        cell = draw(st.sampled_from([cell, cell.translate(FULL)]))
    elif kind == "date":
        day, _, time = cell.partition("T")
        day = draw(st.sampled_from([day, day.replace("-", "/"), day.replace("-0", "-")]))
        cell = draw(st.sampled_from([f"{day}T{time}", f"{day} {time}"])) if time else day
    else:
        cell = draw(
            st.sampled_from([cell, unicodedata.normalize("NFD", cell), cell.translate(FULL_DIGITS)])
        )
        cell = {"true": "TRUE", "false": "False"}.get(cell, cell)
    return (
        draw(st.sampled_from(["", " ", "\u3000"]))
        + cell
        + draw(st.sampled_from(["", " ", "\t", "\u00a0"]))
    )


FULL_DIGITS = {ord("0") + digit: 0xFF10 + digit for digit in range(10)}
FULL = FULL_DIGITS | {ord("."): 0xFF0E, ord("+"): 0xFF0B, ord("-"): 0x2212}


def rewrite(draw, folder, sample):
    """The table in another form."""
    order = draw(st.permutations(sample.names))
    sample = sample.select(order)
    form = draw(st.sampled_from(FORMS))
    if draw(st.booleans()):
        if form == "xlsx":
            return write_xlsx(folder / "t.xlsx", sample)
        if form == "parquet":
            return write_parquet(folder / "t.parquet", sample)
    spelled = Sample(sample.names, [
        tuple(respell(draw, cell, kind) for cell, kind in zip(row, sample.kinds(), strict=True))
        for row in sample.rows
    ])  # fmt: skip
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]))
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    if form == "jsonl":
        return write_jsonl(
            folder / "t.jsonl",
            spelled,
            encoding=encoding,
            line_end=line_end,
            is_typed=draw(st.booleans()),
        )
    if form == "parquet":
        return write_parquet(folder / "t.parquet", spelled, is_typed=False)
    name = draw(st.sampled_from(["t.csv", "t.tsv", "t.txt", "t.CSV"]))
    is_quoted = draw(st.booleans()) or name == "t.txt" or _has_breaks(sample)
    delimiter = draw(st.sampled_from([",", "\t", ";", "|"]))
    return write_csv(
        folder / name, spelled, delimiter=delimiter, encoding=encoding, line_end=line_end, is_quoted=is_quoted
    )  # fmt: skip


def _has_breaks(sample):
    return any(cell and ("\n" in cell or "\r" in cell) for row in sample.rows for cell in row)


@settings(max_examples=75, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), samples())
def test_a_re_encoding_that_changes_no_value_changes_no_digest(data, sample):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = write_csv(folder / "plain.csv", sample, is_quoted=True)
        other = rewrite(data.draw, folder, sample)
        found = digest_table(other)
        assert (found.digest, found.rows) == (digest(plain), len(sample.rows))
        assert digest_rows(read_table(other)) == found


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), samples())
def test_another_value_name_or_row_gives_another_digest(data, sample):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = digest(write_csv(folder / "plain.csv", sample, is_quoted=True))
        changed = data.draw(
            st.sampled_from([changed_value, swapped_names, dropped_row, moved_text])
        )(data.draw, sample)
        if changed is not None:
            assert digest(write_csv(folder / "t.csv", changed, is_quoted=True)) != plain


def changed_value(draw, sample):
    row = draw(st.integers(0, len(sample.rows) - 1))
    name = draw(st.sampled_from(sample.names))
    before, after = sample.column(name)[row], draw(st.one_of(numbers(), dates(), PLAIN_TEXTS))
    after = canonical_cell(after, "text")
    if fold(before) == fold(after):
        return None
    return sample.change(row, name, after)


def fold(cell):
    return None if cell is None else fold_cell(cell)


def swapped_names(draw, sample):
    if sample.column(sample.names[0]) == sample.column(sample.names[1]):
        return None
    return sample.rename((sample.names[1], sample.names[0], *sample.names[2:]))


def dropped_row(draw, sample):
    place = draw(st.integers(0, len(sample.rows) - 1))
    return Sample(sample.names, sample.rows[:place] + sample.rows[place + 1 :])


def moved_text(draw, sample):
    """A character goes from the end of one cell to the start of the next."""
    first, second = sample.rows[0][:2]
    if not first or not second or not fold(first[:-1]) or first[-1].isspace():
        return None
    moved = (first[:-1], first[-1] + second, *sample.rows[0][2:])
    if [fold(canonical_cell(cell, "text")) for cell in moved[:2]] == [fold(first), fold(second)]:
        return None
    return Sample(sample.names, [moved, *sample.rows[1:]])


def test_the_order_of_rows_belongs_to_the_table(tmp_path):
    sample = make_sensors(20)
    plain = digest(write_csv(tmp_path / "a.csv", sample))
    assert digest(write_csv(tmp_path / "b.csv", sample.take(range(19, -1, -1)))) != plain


@pytest.mark.parametrize("form", FORMS)
def test_rows_without_values_and_nameless_empty_columns_at_the_end_are_none(tmp_path, form):
    sample = Sample(("a", "b"), [("1", "x"), ("2", None)])
    padded = Sample(("a", "b"), [(None, None), ("1", "x"), (None, None), ("2", None), (None, None)])
    plain = digest(write_csv(tmp_path / "plain.csv", sample))
    assert digest(write_table(tmp_path / f"t.{form}", padded)) == plain
    wide = Sample(("a", "b", " ", "  "), [("1", "x", None, None), ("2", None, None, None)])
    path = write_table(tmp_path / f"w.{form}", wide)
    assert digest(path) == plain
    assert digest_rows(read_table(path)).digest == plain
    named = Sample(("a", "b", "c"), [("1", "x", None), ("2", None, None)])
    assert digest(write_table(tmp_path / f"n.{form}", named)) != plain


def test_the_rows_as_spelled_are_those_of_the_table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n01,NA\n,NA\n\n 2 ,x\n")
    assert list(iterate_rows(path)) == [[("01", "NA"), (" 2 ", "x")]]
    assert read_table(path).height == 2


# What is found by looking


def test_a_delimiter_is_found_where_the_name_does_not_fit(tmp_path):
    sample = make_sales(30)
    plain = digest(write_csv(tmp_path / "plain.csv", sample))
    for delimiter in ",;\t|":
        for name in ("t.csv", "t.tsv", "t.txt"):
            path = write_csv(tmp_path / name, sample, delimiter=delimiter)
            assert digest(path) == plain
            assert open_table(path).delimiter == delimiter


def test_a_table_of_one_column_needs_a_name_that_says_so(tmp_path):
    sample = Sample(("only",), [("1",), ("2",)])
    assert digest_table(write_csv(tmp_path / "t.csv", sample)).rows == 2
    with pytest.raises(MalformedError, match="no table that we know"):
        read_table(write_csv(tmp_path / "t.txt", sample))


def test_a_form_is_known_by_its_content_whatever_the_name(tmp_path):
    sample = make_sales(20)
    plain = digest(write_csv(tmp_path / "plain.csv", sample))
    for form in ("xlsx", "parquet", "jsonl"):
        path = write_table(tmp_path / f"t.{form}", sample).rename(tmp_path / "t.bin")
        assert (digest(path), open_table(path).form) == (plain, form)


@pytest.mark.parametrize(
    ("encoding", "found"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030")]
)
def test_the_encoding_is_found_and_said(tmp_path, encoding, found):
    path = write_csv(tmp_path / "t.csv", make_sales(50), encoding=encoding)
    assert read_table(path).encoding == found


def test_gb18030_may_have_a_mark_of_its_own(tmp_path):
    sample = make_sales(5)
    path = write_csv(tmp_path / "t.csv", sample)
    marked = tmp_path / "u.csv"
    marked.write_bytes(("\ufeff" + path.read_text("utf-8")).encode("gb18030"))
    assert digest(marked) == digest(path)


# Broken files


BROKEN = {
    "a short row": (b"a,b\n1,2\n\n3\n", "line 4: 1 cells, and the header has 2"),
    "a long row": (b"a,b\r\n1,2\r\n3,4,5\r\n", "line 3: 3 cells, and the header has 2"),
    "a row after one of two lines": (b'a,b\n"1\n",2\n3\n', "line 4: 1 cells"),
    "an open quote": (b'a,b\n1,2\n3,"4\n5,6\n', "line 3: a cell begins with a quote"),
    "text after a quote": (b'a,b\n1,2\n3,"4"x\n', "line 3: after the closing quote"),
    "a NUL byte": (b"a,b\n1,2\n3,\x004\n", "NUL byte.*byte 10, line 3"),
    "no text": (b"a,b\n1,2\n3,\xff\xff\n", "neither UTF-8 .byte 10, line 3. nor GB18030 .byte 10, line 3"),
    "UTF-8 by its mark alone": (b"\xef\xbb\xbfa,b\n1,\xff\n", "is not UTF-8, as its first bytes say.*byte 9, line 2"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "UTF-16: save it as UTF-8"),
    "nothing": (b"", "no header"),
    "blank lines": (b"\n \n\n", "no header"),
    "a header without names": (b",,\n1,2,3\n", "no header"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old or encrypted Office file"),
}  # fmt: skip


def say_in_chinese(error):
    return translate(error.code, str(error))


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_its_line(tmp_path, case):
    content, message = BROKEN[case]
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    for read in (read_table, digest_table):
        with pytest.raises(MalformedError, match=message) as caught:
            read(path)
    assert not say_in_chinese(caught.value).startswith("格式错误")


def test_the_line_of_an_error_counts_over_many_pieces(tmp_path):
    good = write_csv(tmp_path / "t.csv", make_sensors(30_000), line_end="\r\n")
    path = tmp_path / "u.csv"
    path.write_bytes(good.read_bytes() + b"S01,\xff,\r\n")
    with pytest.raises(MalformedError, match=r"line 30,002\) nor"):
        digest_table(path)
    path.write_bytes(good.read_bytes() + b"S01,1\r\n")
    with pytest.raises(MalformedError, match="line 30,002: 2 cells"):
        digest_table(path)


BROKEN_LINES = {
    "no JSON": (b'{"a":1}\n{"a":}\n', "line 2: Expecting value, character 6"),
    "no object": (b'{"a":1}\n\n[1]\n', "line 3: not an object"),
    "a member twice": (b'{"a":1,"a":2}\n', "line 1: a member occurs twice"),
    "an array inside": (b'{"a":[1]}\n', "line 1: a member is an object or an array"),
    "an object inside": (b'{"a":{}}\n', "line 1: a member is an object or an array"),
    "no number": (b'{"a":NaN}\n', "line 1: NaN is no JSON"),
    "half a pair": (b'{"a":"\\ud800"}\n', "line 1: half of a surrogate pair"),
    "half a pair in a name": (b'{"\\udc00":1}\n', "line 1: half of a surrogate pair"),
    "two objects": (b'{"a":1}{"a":2}\n', "line 1: Extra data"),
    "too deep": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "line 1: nested too deeply"),
    "no member": (b"{}\n{}\n", "no line with a member"),
}


@pytest.mark.parametrize("case", BROKEN_LINES)
def test_a_broken_line_of_json_is_refused_with_its_number(tmp_path, case):
    content, message = BROKEN_LINES[case]
    path = tmp_path / "t.jsonl"
    path.write_bytes(content)
    with pytest.raises(MalformedError, match=message) as caught:
        read_table(path)
    assert not say_in_chinese(caught.value).startswith("格式错误")


def test_json_members_may_be_missing_and_numbers_keep_their_digits(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(
        b'{"a":0.1000000000000000055511151231257827}\n{"b":true,"c":"\\u57ce\\ud83d\\ude00"}\n{"a":123456789012345678901234567890,"b":null}\n'
    )
    table = read_table(path)
    assert table.find("a").cells() == [
        "0.1000000000000000055511151231257827",
        None,
        "123456789012345678901234567890",
    ]
    assert table.find("b").cells() == [None, "true", None]
    assert table.find("c").cells() == [None, "城😀", None]


def test_parquet_spells_every_type_as_text(tmp_path):
    import datetime as dt
    from decimal import Decimal

    import polars as pl

    point = dt.datetime.fromisoformat("2013-01-31T05:06:07.250")
    frame = pl.DataFrame({
        "f32": pl.Series([0.1, None, float("nan")], dtype=pl.Float32),
        "f64": [1e300, -0.0, 5e-324],
        "int": [2**63 - 1, None, -1],
        "decimal": [Decimal("1.50"), None, Decimal("2.00")],
        "day": [point.date(), None, point.date()],
        "point": [point, None, point.replace(microsecond=0)],
        "zoned": pl.Series([point] * 3).dt.replace_time_zone("Asia/Shanghai"),
        "time": [point.time().replace(microsecond=0), None, None],
        "yes": [True, False, None],
        "word": pl.Series(["x", None, "y"], dtype=pl.Categorical),
        "none": pl.Series([None] * 3, dtype=pl.Null),
        "*": [1, 2, 3],
        "^n.*$": ["p", "q", "r"],
    })  # fmt: skip
    frame.write_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert {column.name: column.cells() for column in table.columns} == {
        "f32": ["0.1", None, None],
        "f64": ["1e300", "0", "5e-324"],
        "int": ["9223372036854775807", None, "-1"],
        "decimal": ["1.5", None, "2"],
        "day": ["2013-01-31", None, "2013-01-31"],
        "point": ["2013-01-31T05:06:07.25", None, "2013-01-31T05:06:07"],
        "zoned": ["2013-01-30T21:06:07.25Z"] * 3,
        "time": ["05:06:07", None, None],
        "yes": ["true", "false", None],
        "word": ["x", None, "y"],
        "none": [None, None, None],
        "*": ["1", "2", "3"],
        "^n.*$": ["p", "q", "r"],
    }


@pytest.mark.parametrize("kind", ["List", "Struct", "Duration", "Binary"])
def test_parquet_columns_that_are_no_cells_are_refused(tmp_path, kind):
    import datetime as dt

    import polars as pl

    values = {"List": [[1]], "Struct": [{"x": 1}], "Duration": [dt.timedelta(1)], "Binary": [b"x"]}
    pl.DataFrame({"bad": values[kind]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(MalformedError, match="the column bad holds"):
        read_table(tmp_path / "t.parquet")


def test_damaged_parquet_is_refused(tmp_path):
    path = write_parquet(tmp_path / "t.parquet", make_sensors(50))
    content = path.read_bytes()
    for damaged in (content[:-1], content[: len(content) // 2], b"PAR1", content[:-8] + bytes(8)):
        path.write_bytes(damaged)
        with pytest.raises(MalformedError, match="does not parse as Parquet"):
            read_table(path)


# Limits

LIMITS = {
    "bytes": (TableLimits(max_bytes=100), "bytes, more than 100"),
    "rows": (TableLimits(max_rows=9), "more than 9 rows: use a part of them"),
    "columns": (TableLimits(max_columns=12), "more than 12 columns: use a part of them"),
    "cells": (TableLimits(max_cells=100), "more than 100 cells: use a part"),
    "cells for so few bytes": (
        TableLimits(max_cells_per_byte=0, plausible_cells=100),
        "more than 0 cells for each of them: write it as CSV",
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("limit", LIMITS)
def test_what_is_larger_than_it_may_be_is_refused(tmp_path, form, limit):
    limits, message = LIMITS[limit]
    path = write_table(tmp_path / f"t.{form}", make_sales(10))
    read_table(path)
    for read in (read_table, digest_table):
        with pytest.raises(LimitError, match=message) as caught:
            read(path, limits=limits)
    assert not say_in_chinese(caught.value).startswith("超出上限")


def sparse_lines(path):
    """Two columns of every thousand have a value."""
    names = "{" + ",".join(f'"c{number}":1' for number in range(1_000)) + "}\n"
    path.write_text(names + '{"c1":2}\n' * 6_000)


def constant_parquet(path):
    import polars as pl

    pl.select(pl.repeat(1, 5_100_000, dtype=pl.Int8).alias("a")).write_parquet(path)


def endless_parquet(path):
    import polars as pl

    pl.select(pl.repeat(1, 51_000_000, dtype=pl.Boolean).alias("a")).write_parquet(path)


def repeated_text(path):
    import polars as pl

    pl.select(pl.repeat("x" * 900_000, 400).alias("a")).write_parquet(path)


HUGE = {
    "sparse.jsonl": (sparse_lines, "more than 32 cells for each of them: write it as CSV"),
    "constant.parquet": (constant_parquet, "more than 32 cells for each of them: write it as CSV"),
    "endless.parquet": (endless_parquet, "more than 50,000,000 rows: use a part of them"),
    "text.parquet": (repeated_text, "more than 268,435,456 bytes of text: write it as CSV"),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_small_file_that_stands_for_a_huge_table_is_refused_before_the_work(tmp_path, name):
    make, message = HUGE[name]
    path = tmp_path / name
    make(path)
    assert path.stat().st_size < 100_000
    for read in (read_table, digest_table) if name == "text.parquet" else (open_table,):
        with pytest.raises(LimitError, match=message) as caught:
            read(path)
        assert not say_in_chinese(caught.value).startswith("超出上限")


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_endless_lines_are_counted_before_one_is_read(tmp_path, name):
    path = tmp_path / name
    path.write_bytes((b"a,b\n1,2\n" if name == "t.csv" else b'{"a":1}\n') + b"\n" * 3_000)
    read_table(path)
    with pytest.raises(LimitError, match="more than 2,000 lines: use a part of them") as caught:
        open_table(path, limits=TableLimits(max_lines=2_000))
    assert "请取其一部分" in say_in_chinese(caught.value)


def test_lines_without_a_member_are_no_rows(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{}\n{"a":1}\n{ }\n \n {} \r\n\n{"a":2}\n{}')
    (batch,) = open_table(path).batches(lambda _: None)
    assert [list(cells) for cells in batch] == [["1", "2"]]
    assert read_table(path).height == digest_table(path).rows == 2


def test_a_table_of_many_members_may_lack_most_of_them(tmp_path):
    """300 columns, three of which each row has."""
    path = tmp_path / "t.jsonl"
    lines = (
        "{" + ",".join(f'"c{(row * 7 + n) % 300}":{row}' for n in range(3)) + "}\n"
        for row in range(20_000)
    )
    path.write_text("".join(lines))
    assert len(open_table(path).header) == 300


def test_an_endless_line_or_cell_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,2\n" + b"x" * 3_000_000)
    with pytest.raises(LimitError, match="line of more than 2,000,000 bytes, near line 3"):
        read_table(path, limits=TableLimits(max_line_bytes=2_000_000))
    path.write_bytes(b"a,b\n1,2\n3," + b"x" * 131_073)
    with pytest.raises(LimitError, match="line 3: a cell has more than 131,072 characters"):
        read_table(path)


@pytest.mark.parametrize("form", FORMS)
def test_a_column_with_an_endless_name_is_refused(tmp_path, form):
    sample = Sample(("a", "城" * 1_024), [("1", "2")])
    path = write_table(tmp_path / f"t.{form}", sample)
    assert read_table(path).names == sample.names
    longer = Sample(("a", "城" * 1_025), [("1", "2")])
    with pytest.raises(LimitError, match="name has more than 1,024 characters"):
        read_table(write_table(path, longer))


def test_a_long_text_that_many_parquet_cells_share_is_never_held_for_each(tmp_path):
    import polars as pl

    def peak(rows):
        path = tmp_path / f"{rows}.parquet"
        texts = pl.Series("a", ["x" * 500_000, "y"], dtype=pl.String)
        texts.gather([0] * rows + [1]).to_frame().write_parquet(path)
        return measure_peak(path)

    assert peak(250) - peak(20) < 50_000  # kilobytes; a copy for each cell would be 115,000


def test_a_row_of_parquet_must_not_be_endless(tmp_path):
    import polars as pl

    pl.DataFrame({"a": ["x" * (8 * 1024**2 + 1)]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(LimitError, match="a row of 8,388,609 bytes"):
        read_table(tmp_path / "t.parquet")


def test_many_columns_of_few_cells_are_read_in_smaller_pieces(tmp_path):
    path = tmp_path / "t.jsonl"
    names = "{" + ",".join(f'"c{number}":1' for number in range(4_000)) + "}\n"
    path.write_text(names + '{"c1":2}\n' * 1_000)
    rows = [len(batch) for batch in iterate_rows(path)]
    assert (max(rows), sum(rows)) == (250, 1_001)


def test_there_must_be_a_regular_file(tmp_path):
    with pytest.raises(NotFoundError):
        read_table(tmp_path / "none.csv")
    with pytest.raises(MalformedError, match="not a regular file"):
        read_table(tmp_path)


@pytest.mark.parametrize("form", FORMS)
def test_progress_adds_up_to_the_file(tmp_path, form):
    path = write_table(tmp_path / f"t.{form}", make_sales(200))
    for read in (
        read_table,
        digest_table,
        lambda path, progress: list(iterate_rows(path, progress=progress)),
    ):
        told = []
        read(path, progress=told.append)
        assert sum(told) == path.stat().st_size


PEAK = """
import re, sys
from pathlib import Path
from tracing.tables import digest_table
digest_table(Path(sys.argv[1]))
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def measure_peak(path):
    """Kilobytes that a process needs at most for a digest; what its parent needs does not count."""
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, path], cwd=ROOT, capture_output=True, check=True
    )  # fmt: skip
    return int(ran.stdout)


def test_the_memory_of_a_digest_does_not_grow_with_the_file(tmp_path):
    def peak(rows):
        path = tmp_path / f"{rows}.csv"
        with path.open("w") as file:
            file.write("key,text,other\n")
            file.writelines(f"{row},{row:080},{row * 7:060}\n" for row in range(rows))
        return measure_peak(path)

    small, large = peak(60_000), peak(120_000)  # both more than is held at a time
    # Kilobytes; the larger file has 8,600 more, and twice that as text.
    assert large - small < 4_000


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch):
    assert extra.has_extra()
    extra.need_extra()
    monkeypatch.setattr(extra, "NEEDED", ("no_such_package",))
    assert not extra.has_extra()
    with pytest.raises(
        extra.TablesMissingError, match=r"no_such_package.*muniment\[trace\]"
    ) as caught:
        extra.need_extra()
    assert say_in_chinese(caught.value).startswith("读取数据表需要 no_such_package")
    assert exit_for(caught.value) == Exit.USAGE


@pytest.mark.parametrize("size", range(1, 12))
def test_a_fault_is_placed_where_it_is_wherever_pieces_meet(tmp_path, monkeypatch, size):
    monkeypatch.setattr(textfile, "_CHUNK_BYTES", size)
    path = tmp_path / "t.csv"
    for end in (b"\n", b"\r\n", b"\r"):
        text = end.join(["城,乡".encode("gb18030"), "市,镇".encode("gb18030"), b"1"])
        path.write_bytes(text)
        assert textfile.find_encoding(path, TableLimits()) == "gb18030"
        path.write_bytes(text + b",\xff" + end)
        with pytest.raises(
            MalformedError,
            match=rf"UTF-8 \(byte 0, line 1\) nor GB18030 \(byte {len(text) + 1}, line 3\)",
        ):
            textfile.find_encoding(path, TableLimits())
        utf8 = "城,乡".encode() + end + "市".encode()
        path.write_bytes(utf8 + b",\xff")
        with pytest.raises(MalformedError, match=rf"UTF-8 \(byte {len(utf8) + 1}, line 2\) nor"):
            textfile.find_encoding(path, TableLimits())
        path.write_bytes(b"\xef\xbb\xbf" + utf8)
        assert textfile.find_encoding(path, TableLimits(max_line_bytes=10)) == "utf-8-sig"
        with pytest.raises(LimitError):
            textfile.find_encoding(path, TableLimits(max_line_bytes=9))


@pytest.mark.parametrize(("name", "line"), [("a.csv", b"1,2\n"), ("a.jsonl", b'{"a":1}\n')])
def test_text_that_changes_while_it_is_read_is_noticed(tmp_path, name, line):
    path = tmp_path / name
    path.write_bytes(b"a,b\n" * name.endswith("csv") + line * 100_000)
    batches = open_table(path).batches(lambda _: None)
    next(batches)
    with path.open("ab") as file:
        file.write(b"\xff\xff\n")
    with pytest.raises(MalformedError, match="changed while it was read") as caught:
        list(batches)
    assert not say_in_chinese(caught.value).startswith("格式错误")

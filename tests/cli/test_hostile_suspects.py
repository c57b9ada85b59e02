"""`trace file` and `fingerprint` of what a hostile stranger offers: nothing of it reaches a reader.

A terminal acts on control characters, and a reader is misled by text that turns around.
"""

import csv
import json
import unicodedata
from pathlib import Path

import pytest

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\u2066\u2028<script>alert(1)</script>&amp;[red]"
MOST_CHARACTERS = 20_000


def write_rows(path, rows):
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def hostile_cells(path):
    """The registered table with hostile columns beside it, in names and in cells."""
    with Path("table.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    write_rows(path, [[*head, HOSTILE, "x" * 1_024], *([*row, HOSTILE, HOSTILE] for row in rows)])


def endless_name(path):
    write_rows(path, [["a", HOSTILE * 20_000], ["1", "2"]])


def many_columns(path):
    write_rows(path, [[f"{HOSTILE}{place}" for place in range(100_000)], ["1"] * 100_000])


def endless_cell(path):
    write_rows(path, [["a", "b"], ["1", "\x1b" * 17_000_000]])


def nested_column(path):
    import polars as pl

    frame = pl.DataFrame({HOSTILE * 20_000: [[1]]})
    frame.write_parquet(path)


def broken_quotes(path):
    Path(path).write_text(f'a,"{HOSTILE}\n' * 3, encoding="utf-8")


def no_table(path):
    lines = (HOSTILE * (1 + place % 3) for place in range(100))
    Path(path).write_text("\n".join(lines), encoding="utf-8")


SUSPECTS = {
    "hostile cells.csv": hostile_cells,
    "endless name.csv": endless_name,
    "many columns.csv": many_columns,
    "endless cell.csv": endless_cell,
    "nested.parquet": nested_column,
    "broken.csv": broken_quotes,
    "no table.txt": no_table,
    f"{HOSTILE.replace('/', '')}.csv": broken_quotes,
}


def find_harm(text):
    """Characters that are no text, line ends aside."""
    turning = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
    return {
        each
        for each in set(text) - {"\n"}
        if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} or each in turning
    }


@pytest.mark.parametrize("name", SUSPECTS, ids=range(len(SUSPECTS)))
def test_what_a_suspect_holds_harms_no_reader(solo, name):
    SUSPECTS[name](name)
    original = ("--original", "table.csv")
    for argv in (
        ("trace", "file", name, *original),
        ("trace", "file", name, *original, "--lang", "zh-CN"),
        ("fingerprint", name),
    ):
        shown = solo.ok(*argv)
        assert find_harm(shown.out + shown.err) == set(), argv
        assert len(shown.out + shown.err) < MOST_CHARACTERS, argv
    document = json.dumps(solo.json("trace", "file", name))
    assert len(document) < MOST_CHARACTERS
    assert "evil" not in document, "a finding says nothing in a suspect's words"


def test_a_suspect_that_derives_from_an_asset_may_be_hostile_beside_it(solo):
    hostile_cells("suspect.csv")
    page = solo.ok("trace", "file", "suspect.csv", "--format", "html", "--original", "table.csv")
    assert find_harm(page.out + page.err) == set()
    assert "<script" not in page.out
    assert "evil" not in page.out

"""Writing a marked copy: rows left out, cells replaced, every other byte as it was.

CSV, TSV and JSON Lines are copied row by row as text and written back in their own encoding; what
was read is held against the digest of the source, so that a text that cannot be written back byte
for byte is refused. Of XLSX and Parquet the copy is a CSV of the canonical cells, in UTF-8.

Spec: design of tracing, section 3; form `marks/1`.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ledger.errors import MalformedError
from ledger.files import open_regular
from tracing.canon import canonical_number, clean_text, is_null
from tracing.fingerprint import Progress, tell_nobody
from tracing.markopening import DeliveryMarks
from tracing.marks import MarkPlan, code_bits, make_plan, withheld_rows
from tracing.tables import Table

TEXT_FORMS: Final = frozenset({"csv", "tsv", "jsonl"})
"""Whose copies are in the form of the source; of others the copy is a CSV."""
_ROWS_AT_ONCE: Final = 2_048
_BOM: Final = "\ufeff"
_QUOTE: Final = '"'
_LINE_ENDS: Final = ("\r", "\n")
_DECODER: Final = json.JSONDecoder()

Change: TypeAlias = tuple[int, str]
"""Index of a column, and the canonical cell that it gets."""
_Edit: TypeAlias = Callable[[str, Change], str]


@dataclass(frozen=True, slots=True)
class Edits:
    """What differs between a source and one delivery's copy.

    Args:
        withheld: For each row of the source whether the copy lacks it.
        changes: Cells that differ, by the ordinal of their row.
    """

    withheld: npt.NDArray[np.bool_]
    changes: Mapping[int, Change]

    @property
    def rows(self) -> int:
        """Of the copy."""
        return int(len(self.withheld) - self.withheld.sum())


def edit_copy(table: Table, marks: DeliveryMarks) -> Edits:
    """What makes the copy of a delivery from its source; always the same.

    Args:
        table: The source.
        marks: Of the delivery.

    Raises:
        MalformedError: They are the marks of another table.
    """
    plan = make_plan(table, marks.key, marks.terms, marks.columns)
    withheld = withheld_rows(marks.key, marks.stream, marks.terms, table.height)
    return make_edits(plan, withheld, code_bits(marks.key, marks.stream, plan))


def make_edits(
    plan: MarkPlan, withheld: npt.NDArray[np.bool_], bits: npt.NDArray[np.bool_]
) -> Edits:
    """Combine a delivery's withheld rows and code bits with its sender's plan.

    Args:
        plan: Of the source.
        withheld: From `withheld_rows`.
        bits: From `code_bits`.
    """
    places = np.flatnonzero(bits & ~withheld[plan.rows])
    rows, columns = plan.rows[places].tolist(), plan.columns[places].tolist()
    values = [plan.values[place] for place in places.tolist()]
    return Edits(withheld, dict(zip(rows, zip(columns, values, strict=True), strict=True)))


def apply_edits(
    source: Path, table: Table, edits: Edits, digest: str, progress: Progress = tell_nobody
) -> Iterator[bytes]:
    """The bytes of the copy, some thousand rows at a time.

    Args:
        source: The file that the table was read from.
        table: As read.
        edits: Of this delivery.
        digest: SHA-256 of the source, 64 hex digits.
        progress: Told how many bytes of the source were gone through.

    Raises:
        MalformedError: The file changed meanwhile, or has text that cannot be written back.
        NotFoundError: There is no such file any more.
    """
    if table.form in TEXT_FORMS:
        return _copy_text(source, table, edits, digest, progress)
    return _write_canonical(table, edits)


class _Delimited:
    """Rows of CSV or TSV as they stand in the file."""

    has_header = True

    def __init__(self, table: Table) -> None:
        self._delimiter = table.delimiter

    def rows(self, text: io.TextIOWrapper) -> Iterator[tuple[str, bool]]:
        """Each row as it stands there, with its line end, and whether it counts as one."""
        taken: list[str] = []

        def feed() -> Iterator[str]:
            for number, line in enumerate(text):
                taken.append(line)
                yield line if number else line.removeprefix(_BOM)

        for cells in csv.reader(feed(), delimiter=self._delimiter, strict=True):
            raw = "".join(taken)
            taken.clear()
            yield raw, not all(map(is_null, cells))
        if taken:
            yield "".join(taken), False

    def edit(self, raw: str, change: Change) -> str:
        """The row with one cell replaced.

        Raises:
            MalformedError: The row would not read as meant.
        """
        column, value = change
        before = self._parse(raw)
        start, stop = self._find(raw, column)
        cell = _spell(before[column], value)
        if raw.startswith(_QUOTE, start) or self._needs_quotes(cell):
            cell = f'"{cell.replace(_QUOTE, _QUOTE * 2)}"'
        made = f"{raw[:start]}{cell}{raw[stop:]}"
        after = self._parse(made)
        if [*after[:column], before[column], *after[column + 1 :]] != before:
            raise MalformedError("a row of the table cannot be written with another cell")
        return made

    def _parse(self, raw: str) -> list[str]:
        reader = csv.reader(io.StringIO(raw, newline=""), delimiter=self._delimiter, strict=True)
        return [cell for row in reader for cell in row]

    def _needs_quotes(self, cell: str) -> bool:
        return any(each in cell for each in (self._delimiter, _QUOTE, *_LINE_ENDS))

    def _find(self, raw: str, column: int) -> tuple[int, int]:
        """Where a cell begins and ends in its row."""
        start = 0
        for _ in range(column):
            start = self._end(raw, start) + 1
        return start, self._end(raw, start)

    def _end(self, raw: str, start: int) -> int:
        """Where the cell ends that begins here."""
        place = start
        if raw.startswith(_QUOTE, start):
            place = raw.index(_QUOTE, start + 1)
            while raw.startswith(_QUOTE, place + 1):
                place = raw.index(_QUOTE, place + 2)
        ends = (raw.find(each, place) for each in (self._delimiter, *_LINE_ENDS))
        return min((end for end in ends if end >= 0), default=len(raw))


class _Lines:
    """Rows of JSON Lines as they stand in the file."""

    has_header = False

    def __init__(self, table: Table) -> None:
        self._names = table.names

    def rows(self, text: io.TextIOWrapper) -> Iterator[tuple[str, bool]]:
        """Each line, and whether it counts as a row."""
        for raw in text:
            yield raw, _has_value(raw.removeprefix(_BOM))

    def edit(self, raw: str, change: Change) -> str:
        """The line with one member's value replaced.

        Raises:
            MalformedError: It has no such member.
        """
        name = self._names[change[0]]
        for key, start, stop in _find_members(raw):
            if clean_text(key) == name:
                old = json.loads(raw[start:stop])
                text = old if isinstance(old, str) else raw[start:stop]
                cell = _spell(text, change[1])
                is_bare = not isinstance(old, str) and _is_bare(cell)
                written = cell if is_bare else json.dumps(cell, ensure_ascii=raw.isascii())
                return f"{raw[:start]}{written}{raw[stop:]}"
        raise MalformedError(f"a line of the table has no member {name}")


def _is_bare(cell: str) -> bool:
    """Whether a cell is JSON without quotes."""
    return cell in {"true", "false"} or canonical_number(cell) is not None


def _has_value(raw: str) -> bool:
    if not raw.strip():
        return False
    row = json.loads(raw)
    cells = row.values() if isinstance(row, dict) else row
    return not all(each is None or (isinstance(each, str) and is_null(each)) for each in cells)


def _find_members(raw: str) -> Iterator[tuple[str, int, int]]:
    """Name of each member of an object, and where its value begins and ends."""
    place = raw.index("{") + 1
    while raw[place := _skip(raw, place)] != "}":
        place += raw[place] == ","
        key, place = _DECODER.raw_decode(raw, _skip(raw, place))
        start = _skip(raw, _skip(raw, place) + 1)
        _, place = _DECODER.raw_decode(raw, start)
        yield str(key), start, place


def _skip(raw: str, place: int) -> int:
    while raw[place] in " \t\r\n":
        place += 1
    return place


def _copy_text(
    source: Path, table: Table, edits: Edits, digest: str, progress: Progress
) -> Iterator[bytes]:
    rows = _Lines(table) if table.form == "jsonl" else _Delimited(table)
    codec = "gb18030" if table.encoding == "gb18030" else "utf-8"
    hasher = sha256()
    with open_regular(source) as file:
        text = io.TextIOWrapper(file, encoding=codec, newline="")
        ordinal = -1 if rows.has_header else 0
        read, written = list[str](), list[str]()
        for raw, is_row in rows.rows(text):
            read.append(raw)
            written.append(_edit_row(raw, ordinal, edits, rows.edit) if is_row else raw)
            ordinal += is_row
            if len(read) == _ROWS_AT_ONCE:
                hasher.update(taken := "".join(read).encode(codec))
                progress(len(taken))
                yield "".join(written).encode(codec)
                read, written = [], []
    hasher.update("".join(read).encode(codec))
    if (ordinal, hasher.hexdigest()) != (table.height, digest):
        raise MalformedError(
            f"{source} cannot be written back byte for byte, or has changed meanwhile: save it as "
            "UTF-8 and register that file, or deliver it with --exact"
        )
    yield "".join(written).encode(codec)


def _edit_row(raw: str, ordinal: int, edits: Edits, edit: _Edit) -> str:
    if ordinal < 0:
        return raw
    if ordinal < len(edits.withheld) and edits.withheld[ordinal]:
        return ""
    change = edits.changes.get(ordinal)
    return raw if change is None else edit(raw, change)


def _spell(old: str, value: str) -> str:
    """A canonical cell as its neighbours are spelled: the same space, zeros and decimals."""
    bare = old.strip()
    before, after = old[: len(old) - len(old.lstrip())], old[len(old.rstrip()) :]
    if canonical_number(bare) is not None and canonical_number(value) is not None:
        value = _pad(bare.lstrip("+-"), value)
    return f"{before}{value}{after}"


def _pad(old: str, value: str) -> str:
    """A number with as many decimals as another one, and its leading zeros."""
    sign, digits = ("-", value[1:]) if value.startswith("-") else ("", value)
    whole, _, part = digits.partition(".")
    old_whole, point, old_part = old.partition(".")
    if "e" in old.lower() or "e" in value:
        return value
    part = part.ljust(len(old_part), "0")
    if old_whole.startswith("0") and len(old_whole) > 1:
        whole = whole.rjust(len(old_whole), "0")
    return f"{sign}{whole}{'.' if part or point else ''}{part}"


def _write_canonical(table: Table, edits: Edits) -> Iterator[bytes]:
    cells = [column.cells() for column in table.columns]
    for ordinal, (column, value) in edits.changes.items():
        cells[column][ordinal] = value
    kept = np.flatnonzero(~edits.withheld).tolist()
    yield _format_rows([table.names])
    for start in range(0, len(kept), _ROWS_AT_ONCE):
        rows = kept[start : start + _ROWS_AT_ONCE]
        yield _format_rows([[column[row] or "" for column in cells] for row in rows])


def _format_rows(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()

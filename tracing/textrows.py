"""Rows of a table as they stand in its file, as text: read, changed in one cell, put together.

Spec: RFC 4180; RFC 8259.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Final, Protocol, TypeAlias

from ledger.errors import MalformedError
from tracing.canon import canonical_number, clean_text, is_null
from tracing.tables import Table

_BOM: Final = "\ufeff"
_QUOTE: Final = '"'
_LINE_ENDS: Final = ("\r", "\n")
_DECODER: Final = json.JSONDecoder()

Change: TypeAlias = tuple[int, str]
"""Index of a column, and the canonical cell that it gets."""


class TextRows(Protocol):
    """Rows of one table in one form."""

    @property
    def has_header(self) -> bool:
        """Whether the first row names the columns."""

    def rows(self, text: io.TextIOWrapper) -> Iterator[tuple[str, bool]]:
        """Each row as it stands there, and whether it counts as one."""

    def edit(self, raw: str, change: Change) -> str:
        """The row with one cell replaced."""

    def cut(self, raw: str) -> list[str | None]:
        """The cells as they are written, in the order of the table's columns; None: none."""

    def join(self, like: str, cells: Sequence[str | None]) -> str:
        """A row of written cells, in the manner of another row, whose line end it has."""

    def read(self, raw: str) -> list[str | None]:
        """The cells as text, in the order of the table's columns."""


def text_rows(table: Table) -> TextRows:
    """The reader of a table's rows: of CSV, TSV or JSON Lines."""
    return _Lines(table) if table.form == "jsonl" else _Delimited(table)


def line_end(raw: str) -> str:
    """What ends a row as it stands there; nothing at the end of some files."""
    return raw[len(raw.rstrip("".join(_LINE_ENDS))) :]


class _Delimited:
    """Rows of CSV or TSV as they stand in the file."""

    has_header = True

    def __init__(self, table: Table) -> None:
        self._delimiter = table.delimiter
        self._width = len(table.columns)

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

    def cut(self, raw: str) -> list[str | None]:
        """The cells as they are written, with their quotes."""
        cells, start = list[str | None](), 0
        for _ in range(self._width):
            stop = self._end(raw, start)
            cells.append(raw[start:stop])
            start = stop + 1
        return cells

    def join(self, like: str, cells: Sequence[str | None]) -> str:
        """The cells with delimiters between them, and what stands after them in the other row."""
        stop = self._find(like, self._width - 1)[1]
        return f"{self._delimiter.join(cell or '' for cell in cells)}{like[stop:]}"

    def read(self, raw: str) -> list[str | None]:
        """The cells without quotes."""
        return list[str | None](self._parse(raw))[: self._width]

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

    def cut(self, raw: str) -> list[str | None]:
        """The values as they are written."""
        found = {clean_text(key): raw[start:stop] for key, start, stop in _find_members(raw)}
        return [found.get(name) for name in self._names]

    def join(self, like: str, cells: Sequence[str | None]) -> str:
        """The members of the other line with these values, and after them those that it lacks."""
        left, parts, place = dict(zip(self._names, cells, strict=True)), list[str](), 0
        for key, start, stop in _find_members(like):
            value = left.pop(clean_text(key), None)
            parts += [like[place:start], "null" if value is None else value]
            place = stop
        is_ascii = like.isascii()
        for name, value in left.items():
            if value is not None:
                parts.append(f", {json.dumps(name, ensure_ascii=is_ascii)}: {value}")
        return "".join([*parts, like[place:]])

    def read(self, raw: str) -> list[str | None]:
        """The values as text; true and false as JSON spells them."""
        row = json.loads(raw, parse_float=str, parse_int=str)
        found = {clean_text(key): value for key, value in row.items()}
        return [_as_text(found.get(name)) for name in self._names]


def _as_text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None


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

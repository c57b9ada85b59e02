"""XLSX: the one visible sheet that has values, read as a stream.

The first row with a value names the columns, from its first value to its last; a value outside of
them is an error with the row's number. Nothing is allocated for cells that are not there, and a
text that cells share is held once, so that a sheet that claims to reach XFD1048576 costs nothing.
Formulas count by the value that was kept with them.

Spec: ECMA-376 part 1, sections 18.2, 18.3, 18.4 and 18.8.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from ledger.errors import LimitError, MalformedError
from tracing.fingerprint import Progress
from tracing.sheetvalues import has_day, is_date_format, spell_date, spell_number, unescape
from tracing.sheetxml import Attributes, LocalNames, check_xml, parse_part, read_elements
from tracing.source import BYTES_AT_ONCE, Batch, Gauge, Source, TableLimits, rows_at_once
from tracing.zipguard import Archive, open_archive

_LETTERS: Final = re.compile("[A-Z]{1,3}")
_DIGITS: Final = "0123456789"
_REMEMBERED: Final = 16_384
_MAX_COLUMNS: Final = 16_384
_MAX_ROWS: Final = 1_048_576

_Row: TypeAlias = tuple[int, dict[int, str]]
"""Number of a row, and its values by column, from 0."""


@dataclass(frozen=True, slots=True)
class _Workbook:
    """What the cells of every sheet refer to.

    Args:
        archive: Looked at.
        limits: What it may be.
        is_1904: Which epoch its dates count from.
        styles: For each style of a cell: whether it shows a date, and whether a day.
        texts: That cells share.
    """

    archive: Archive
    limits: TableLimits
    is_1904: bool
    styles: tuple[tuple[bool, bool], ...]
    texts: tuple[str, ...]


def open_sheet(path: Path, limits: TableLimits) -> Source:
    """An XLSX file.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is no workbook, is damaged or hostile, or several sheets have values.
        LimitError: It unpacks to too much, or has too many columns.

    Cost: unpacks everything once, and the sheet twice more.
    """
    archive = open_archive(path, limits)
    sheets, workbook = _read_workbook(archive, limits)
    filled = [sheet for sheet in sheets if _is_filled(workbook, sheet)]
    if len(filled) != 1:
        raise MalformedError(
            f"{path} has values on {len(filled)} visible sheets: save the one that is meant as a "
            "file of its own"
        )
    [sheet] = filled
    _, cells = next(_iterate(workbook, sheet))
    first, last = min(cells), max(cells)
    Gauge(path, limits).check_columns(last - first + 1)
    header = tuple(cells.get(column) for column in range(first, last + 1))

    def batches(progress: Progress) -> Iterator[Batch]:
        rows = _iterate(workbook, sheet)
        next(rows)
        yield from _gather(path, rows, (first, last), Gauge(path, limits))
        progress(path.stat().st_size)

    return Source("xlsx", "", "", header, batches)


def _gather(
    path: Path, rows: Iterator[_Row], span: tuple[int, int], gauge: Gauge
) -> Iterator[Batch]:
    """Rows by column.

    Raises:
        MalformedError: A row has a value outside of the header's columns.
        LimitError: The cells have too much text together.
    """
    columns = range(span[0], span[1] + 1)
    most = rows_at_once(len(columns))
    taken: list[dict[int, str]] = []
    size = 0
    for number, cells in rows:
        if min(cells) < columns.start or max(cells) >= columns.stop:
            raise MalformedError(f"{path}, row {number:,}: a value beside the header's columns")
        taken.append(cells)
        length = sum(map(len, cells.values()))
        gauge.add_text(length)
        size += length
        if len(taken) == most or size > BYTES_AT_ONCE:
            yield [[row.get(column) for row in taken] for column in columns]
            taken, size = [], 0
    if taken:
        yield [[row.get(column) for row in taken] for column in columns]


def _is_filled(workbook: _Workbook, sheet: str) -> bool:
    return next(_iterate(workbook, sheet), None) is not None


# The workbook


def _read_workbook(archive: Archive, limits: TableLimits) -> tuple[list[str], _Workbook]:
    """The parts that are visible sheets, and what their cells refer to.

    Raises:
        MalformedError: It is no workbook.
        LimitError: A part is too large.
    """
    root = _find_parts(archive, "", limits)
    main = next((part for kind, part in root.values() if kind == "officeDocument"), None)
    if main is None:
        raise MalformedError(f"{archive.path} is a ZIP, but no workbook")
    parts = _find_parts(archive, main, limits)
    by_kind = dict(parts.values())
    elements = read_elements(archive, main, limits)
    listed = [found for name, found in elements if name == "sheet"]
    sheets = [
        parts[found["id"]][1]
        for found in listed
        if found.get("state", "visible") == "visible"
        and parts.get(found.get("id", ""), ("", ""))[0] == "worksheet"
    ]
    for sheet in sheets:
        check_xml(archive, sheet, limits)
    is_1904 = any(
        name == "workbookPr" and found.get("date1904") in {"1", "true"} for name, found in elements
    )
    styles = _read_styles(archive, by_kind.get("styles"), limits)
    texts = _read_texts(archive, by_kind.get("sharedStrings"), limits)
    return sheets, _Workbook(archive, limits, is_1904, styles, texts)


def _find_parts(archive: Archive, of: str, limits: TableLimits) -> dict[str, tuple[str, str]]:
    """Kind and name of each part that a part refers to, by the reference.

    Raises:
        MalformedError: It refers to none.
        LimitError: There are too many.
    """
    folder, name = posixpath.split(of)
    elements = read_elements(archive, posixpath.join(folder, "_rels", f"{name}.rels"), limits)
    found = {}
    for element, given in elements:
        if element == "Relationship" and given.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, given.get("Target", "")))
            kind = given.get("Type", "").rpartition("/")[2]
            found[given.get("Id", "")] = kind, target.lstrip("/")
    return found


def _read_styles(
    archive: Archive, part: str | None, limits: TableLimits
) -> tuple[tuple[bool, bool], ...]:
    if part is None:
        return ()
    codes: dict[int, str] = {}
    styles: list[tuple[bool, bool]] = []
    is_of_cells = False
    for name, found in read_elements(archive, part, limits):
        if name == "numFmt":
            codes[_whole(archive, found.get("numFmtId", "0"))] = found.get("formatCode", "")
        elif name in {"cellXfs", "cellStyles", "dxfs", "cellStyleXfs"}:
            is_of_cells = name == "cellXfs"
        elif name == "xf" and is_of_cells:
            number = _whole(archive, found.get("numFmtId", "0"))
            code = codes.get(number)
            styles.append((is_date_format(number, code), has_day(number, code)))
    return tuple(styles)


def _whole(archive: Archive, text: str) -> int:
    if not (text.isdigit() and text.isascii() and len(text) < 10):
        raise MalformedError(f"{archive.path}: a number of a style or text is {text[:40]!r}")
    return int(text)


def _read_texts(archive: Archive, part: str | None, limits: TableLimits) -> tuple[str, ...]:
    """The texts that cells share, without the readings beside Chinese and Japanese ones.

    Raises:
        MalformedError: It is not the part that it should be.
        LimitError: They are too much.
    """
    if part is None or part not in archive.members:
        return ()
    if archive.members[part].file_size > limits.max_texts:
        raise LimitError(f"{archive.path}: its texts have more than {limits.max_texts:,} bytes")
    check_xml(archive, part, limits)
    reader = _TextReader()
    for _ in parse_part(archive, part, reader.start, reader.end, reader.text):
        pass
    return tuple(reader.found)


class _TextReader:
    """Collects the texts of a part, each from its `t` elements."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._names = LocalNames()
        self._parts: list[str] = []
        self._is_open = self._is_reading = False

    def start(self, name: str, _: dict[str, str]) -> None:
        local = self._names[name]
        if local == "si":
            self._parts = []
        elif local == "rPh":
            self._is_reading = True
        elif local == "t":
            self._is_open = not self._is_reading

    def end(self, name: str) -> None:
        local = self._names[name]
        if local == "si":
            self.found.append(unescape("".join(self._parts)))
        elif local == "rPh":
            self._is_reading = False
        elif local == "t":
            self._is_open = False

    def text(self, text: str) -> None:
        if self._is_open:
            self._parts.append(text)


# A sheet


def _iterate(workbook: _Workbook, sheet: str) -> Iterator[_Row]:
    """The rows of a sheet that have values.

    Raises:
        MalformedError: It is broken; with the row.
    """
    reader = _SheetReader(workbook)
    for _ in parse_part(workbook.archive, sheet, reader.start, reader.end, reader.text):
        yield from reader.rows
        reader.rows.clear()


class _SheetReader:
    """Collects the rows of a sheet as a parser goes through it."""

    def __init__(self, workbook: _Workbook) -> None:
        self.rows: list[_Row] = []
        self._workbook = workbook
        self._names = LocalNames()
        self._row, self._row_text = 0, "0"
        self._column, self._cells = -1, dict[int, str]()
        self._cell: Attributes = {}
        self._parts: list[str] = []
        self._is_open = self._is_reading = False
        self._columns: dict[str, int] = {}
        self._styles: dict[str, tuple[bool, bool]] = {}
        self._numbers = lru_cache(_REMEMBERED)(spell_number)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match self._names[name]:
            case "v" | "t":
                self._is_open = not self._is_reading
            case "c":
                self._cell, self._parts = attributes, []
                self._column = self._place(attributes.get("r"))
            case "row":
                self._row = self._number(attributes.get("r"))
                self._row_text = str(self._row)
                self._column, self._cells = -1, {}
            case "rPh":
                self._is_reading = True
            case _:
                pass

    def end(self, name: str) -> None:
        match self._names[name]:
            case "v" | "t":
                self._is_open = False
            case "c":
                if self._parts:
                    self._cells[self._column] = self._spell("".join(self._parts))
            case "row":
                if self._cells:
                    self.rows.append((self._row, self._cells))
                self._cells = {}
            case "rPh":
                self._is_reading = False
            case _:
                pass

    def text(self, text: str) -> None:
        if self._is_open:
            self._parts.append(text)

    def _number(self, given: str | None) -> int:
        """The number of a row, which goes up.

        Raises:
            MalformedError: It does not, or is none.
        """
        number = self._row + 1
        if given is not None:
            stated = int(given) if given.isascii() and given.isdigit() and len(given) < 8 else 0
            if not number <= stated <= _MAX_ROWS:
                raise self._refuse(f"a row numbered {given[:20]!r} follows it")
            number = stated
        return number

    def _place(self, given: str | None) -> int:
        """The column of a cell, each once in a row.

        Raises:
            MalformedError: The cell is of another row, or there twice.
        """
        column = self._column + 1
        if given is not None:
            letters = given.rstrip(_DIGITS)
            if given[len(letters) :] != self._row_text:
                raise self._refuse(f"a cell is at {given[:20]!r}")
            column = self._find_column(letters)
        if not self._column < column < _MAX_COLUMNS:
            raise self._refuse("cells are not in order, or there are too many")
        return column

    def _find_column(self, letters: str) -> int:
        column = self._columns.get(letters)
        if column is None:
            if not _LETTERS.fullmatch(letters):
                raise self._refuse(f"a cell is in the column {letters[:20]!r}")
            number = 0
            for letter in letters:
                number = number * 26 + ord(letter) - ord("A") + 1
            column = self._columns[letters] = number - 1
        return column

    def _spell(self, text: str) -> str:
        """The value of the cell that has ended.

        Raises:
            MalformedError: It is not of the type that the cell has.
        """
        kind = self._cell.get("t", "n")
        try:
            if kind == "n":
                return self._spell_number(text)
            if kind == "s":
                return self._workbook.texts[_whole(self._workbook.archive, text)]
        except (ValueError, IndexError, OverflowError) as exc:
            raise self._refuse(f"the value {text[:40]!r} is none of type {kind[:10]!r}") from exc
        if kind == "b":
            return "true" if text.strip() == "1" else "false"
        return unescape(text)

    def _spell_number(self, text: str) -> str:
        style = self._cell.get("s", "0")
        known = self._styles.get(style)
        if known is None:
            place = _whole(self._workbook.archive, style)
            known = self._workbook.styles[place] if self._workbook.styles else (False, False)
            self._styles[style] = known
        is_date, is_day = known
        if is_date:
            return spell_date(text, is_1904=self._workbook.is_1904, is_day=is_day)
        return self._numbers(text)

    def _refuse(self, why: str) -> MalformedError:
        return MalformedError(f"{self._workbook.archive.path}, row {self._row:,}: {why}")

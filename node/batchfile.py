"""The file of a batch, read row by row: CSV with a header, or JSON Lines.

Read once from end to end before anything is filed: bytes that are no UTF-8, a header that names no
blank, or too many rows are found before the first application leaves. Then once more, row by row,
in constant memory.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final, Literal, TextIO

from ledger.core.canonical import decode_bundle
from ledger.core.types import Json
from ledger.errors import InputError, LimitError, MalformedError, NotFoundError
from node.forms.annexes import FORMS
from node.forms.flat import column_path, expand_row, find_field, unknown_columns
from node.forms.reading import MAX_FORM_BYTES, is_allowed_text

MAX_ROWS: Final = 100_000
MAX_BATCH_BYTES: Final = 256 * 1024 * 1024
MAX_COLUMNS: Final = 2000
FILE_COLUMN: Final = "file"
COMMENT: Final = "#"
"""Begins a line of a table that is no row."""
OWN_COLUMNS: Final = (FILE_COLUMN, "ref")
"""Columns that are no blanks of the form: the row's files, and a reference of the applicant's own
that makes a row another row."""

_FORM: Final = FORMS["initial"]
_ROOM_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One row.

    Args:
        number: From 1, the header not counted.
        form: As for check_form; empty if the row could not be read.
        ref: The applicant's own reference, empty if there is none.
        fault: Why it could not be read, in English and Chinese.
        line: Where it begins in the file, from 1.
    """

    number: int
    form: Mapping[str, Json]
    ref: str
    fault: tuple[str, str] | None = None
    line: int = 0


class BatchFile:
    """A batch on disk.

    Args:
        path: Its file; `.csv` is a table, anything else JSON Lines.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is not UTF-8, not a regular file, or its header names no blank.
        LimitError: It is too large.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.form: Literal["csv", "json"] = "csv" if path.suffix.lower() == ".csv" else "json"
        self._check_file()
        self.count = sum(1 for _ in self.rows())

    def rows(self) -> Iterator[BatchRow]:
        """The rows that are not blank, in their order.

        Raises:
            MalformedError: It is not UTF-8, or the header names no blank.
            LimitError: There are too many.
        """
        try:
            with self._open() as file:
                for row in _read_csv(file) if self.form == "csv" else _read_lines(file):
                    if row.number > MAX_ROWS:
                        raise LimitError(f"a batch has at most {MAX_ROWS} rows: split it")
                    yield row
        except UnicodeDecodeError as exc:
            raise MalformedError(self._explain_bytes()) from exc

    def _check_file(self) -> None:
        try:
            is_file, size = self.path.is_file(), self.path.stat().st_size
        except FileNotFoundError:
            raise NotFoundError(f"there is no file {self.path}") from None
        except OSError as exc:
            raise MalformedError(f"cannot read {self.path}: {exc.strerror}") from exc
        if not is_file:
            raise MalformedError(f"{self.path} is not a regular file")
        if size > MAX_BATCH_BYTES:
            raise LimitError(f"a batch has at most {MAX_BATCH_BYTES} bytes: split it")

    def _open(self) -> TextIO:
        try:
            return self.path.open(encoding="utf-8-sig", newline="")
        except OSError as exc:
            raise MalformedError(f"cannot read {self.path}: {exc.strerror}") from exc

    def _explain_bytes(self) -> str:
        with self.path.open("rb") as file:
            place, line = _find_broken(file)
        if line.startswith((b"\xff\xfe", b"\xfe\xff")):
            seems = "UTF-16"
        else:
            seems = "GB18030" if _is_gb18030(line) else "another encoding"
        return (
            f"the batch is not UTF-8, it seems to be {seems} (line {place}): save it as UTF-8 and "
            "try again"
        )


def _find_broken(file: BinaryIO) -> tuple[int, bytes]:
    """The number of the first line that is not UTF-8, and the part of it that is not."""
    decoder, place = codecs.getincrementaldecoder("utf-8")(), 1
    while part := file.readline(MAX_FORM_BYTES):
        try:
            decoder.decode(part)
        except UnicodeDecodeError:
            return place, part
        place += part.endswith(b"\n")
    return place, b""


def _is_gb18030(data: bytes) -> bool:
    try:
        data.decode("gb18030")
    except UnicodeDecodeError as exc:
        return exc.start > 0 and len(data) - exc.start < 4
    return bool(data)


class _Lines:
    """The lines of a table, no more of them for one row than a form has."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._place = 0
        self._left = MAX_FORM_BYTES

    def begin_row(self) -> None:
        """Begin another row."""
        self._left = MAX_FORM_BYTES

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(self._left + 1)
        if not line:
            raise StopIteration
        self._place += 1
        self._left -= len(line)
        if self._left < 0:
            raise LimitError(
                f"line {self._place}: a row of a batch has at most {MAX_FORM_BYTES} characters; "
                "close the quotes of every cell"
            )
        return line


def _read_csv(file: TextIO) -> Iterator[BatchRow]:
    """The rows of a table.

    Raises:
        MalformedError: There is no header, or it names a column twice or one that is no blank.
        LimitError: A row is longer than any form.
    """
    lines = _Lines(file)
    reader = csv.reader(lines, strict=True)
    header = _read_header(reader)
    number = 0
    while True:
        line = reader.line_num + 1
        lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise MalformedError(f"line {reader.line_num} is no row of a CSV table: {exc}") from exc
        if not any(cell.strip() for cell in cells) or cells[0].startswith(COMMENT):
            continue
        number += 1
        yield replace(_read_cells(number, header, cells), line=line)


def _read_cells(number: int, header: Sequence[str], cells: Sequence[str]) -> BatchRow:
    if len(cells) != len(header):
        return _spoilt(
            number,
            f"has {len(cells)} cells, the header {len(header)}: quote cells with commas",
            f"有 {len(cells)} 格，表头为 {len(header)} 格：含逗号的单元格须加引号",
        )
    return _make_row(number, dict(zip(header, cells, strict=True)))


def _read_header(reader: "Iterator[list[str]]") -> list[str]:
    try:
        header = [name.strip() for name in next(reader)]
    except StopIteration:
        raise MalformedError("the batch is empty: its first line names the columns") from None
    except csv.Error as exc:
        raise MalformedError(f"the first line is no row of a CSV table: {exc}") from exc
    _check_header(header)
    return header


def _check_header(header: Sequence[str]) -> None:
    """Hold the names of the columns against the form.

    Where the header is missing, its line is somebody's application: no message repeats it.

    Raises:
        MalformedError: A name is there twice, or is no blank.
    """
    if _find_doubled(header):
        raise MalformedError(
            "the header names a column twice: name each once; file and files are the same"
        )
    unknown = set(unknown_columns([name for name in header if name not in OWN_COLUMNS], _FORM))
    places = [str(place) for place, name in enumerate(header, 1) if name in unknown]
    if places:
        shown = ", ".join(places[:20])
        raise MalformedError(
            f"no blank of the form has the name in column {shown} of the first line, the header; "
            "see 'muniment register --template initial' and docs/forms.md"
        )


def _find_doubled(columns: Sequence[str]) -> str | None:
    """A blank that several columns would fill, or None.

    Each name may be a path, or a table in which the blanks of other columns lie.
    """
    seen = set[tuple[str | int, ...]]()
    tables = {name for name in columns if "." not in name and find_field(name, _FORM) is None}
    for column in columns:
        path = column_path(_rename(column), _FORM)
        if path in seen or ("." in column and path[0] in tables):
            return ".".join(map(str, path))
        seen.add(path)
    return None


def _rename(column: str) -> str:
    """The blank that a column means."""
    return "files" if column == FILE_COLUMN else column


def _read_lines(file: TextIO) -> Iterator[BatchRow]:
    """The rows of JSON Lines."""
    number = place = 0
    while line := file.readline(MAX_FORM_BYTES + _ROOM_BYTES):
        place += 1
        if not line.strip():
            continue
        number += 1
        yield replace(_read_line(file, number, line), line=place)


def _read_line(file: TextIO, number: int, line: str) -> BatchRow:
    if len(line) > MAX_FORM_BYTES:
        _skip_line(file, line)
        return _spoilt(
            number,
            f"has more than {MAX_FORM_BYTES} characters",
            f"超过 {MAX_FORM_BYTES} 个字符",
        )
    try:
        cells = decode_bundle(line.strip().encode(), max_bytes=4 * MAX_FORM_BYTES)
    except InputError as exc:
        return _spoilt(number, f"cannot be read: {exc}", f"无法读取：{exc}")
    return _make_row(number, cells)


def _skip_line(file: TextIO, line: str) -> None:
    while line and not line.endswith("\n"):
        line = file.readline(io.DEFAULT_BUFFER_SIZE)


def _make_row(number: int, cells: Mapping[str, Json]) -> BatchRow:
    if len(cells) > MAX_COLUMNS:
        return _spoilt(
            number,
            f"names {len(cells)} blanks, more than {MAX_COLUMNS}",
            f"填写了 {len(cells)} 项，超过 {MAX_COLUMNS} 项",
        )
    doubled = _find_doubled(list(cells))
    if doubled is not None:
        return _spoilt(
            number,
            f"fills {doubled[:80]} twice: fill each blank once",
            f"重复填写了 {doubled[:80]}：每项只填一次",
        )
    form = expand_row({_rename(name): value for name, value in cells.items()}, _FORM)
    ref = form.pop("ref", "")
    if not isinstance(ref, str) or len(ref) > 80 or not is_allowed_text(ref):
        return _spoilt(number, "ref is a text of at most 80 characters", "ref 为 80 字以内的文字")
    if form.pop("type", "initial") != "initial":
        return _spoilt(
            number, "a batch has initial registrations only", "批量提交仅限初次登记（initial）"
        )
    return BatchRow(number, form, ref)


def _spoilt(number: int, en: str, zh: str) -> BatchRow:
    return BatchRow(number, {}, "", (en, zh))

"""The file of a batch, read row by row: CSV with a header, or JSON Lines.

Read once from end to end before anything is filed: bytes that are no UTF-8, a header that names no
blank, or too many rows are found before the first application leaves. Then once more, row by row,
in constant memory.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TextIO

from ledger.core.canonical import decode_bundle
from ledger.core.types import Json
from ledger.errors import InputError, LimitError, MalformedError, NotFoundError
from node.forms.annexes import FORMS
from node.forms.flat import column_path, expand_row, unknown_columns
from node.forms.reading import MAX_FORM_BYTES

MAX_ROWS: Final = 100_000
MAX_BATCH_BYTES: Final = 256 * 1024 * 1024
FILE_COLUMN: Final = "file"
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
    """

    number: int
    form: Mapping[str, Json]
    ref: str
    fault: tuple[str, str] | None = None


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
            head = file.read(MAX_FORM_BYTES)
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            seems = "UTF-16"
        else:
            seems = "GB18030" if _is_gb18030(head) else "another encoding"
        return f"the batch is not UTF-8, it seems to be {seems}: save it as UTF-8 and try again"


def _is_gb18030(data: bytes) -> bool:
    try:
        data[:-4].decode("gb18030")
    except UnicodeDecodeError as exc:
        return len(data) - exc.start < 8
    return True


def _read_csv(file: TextIO) -> Iterator[BatchRow]:
    """The rows of a table.

    Raises:
        MalformedError: There is no header, or it names a column twice or one that is no blank.
    """
    reader = csv.reader(file, strict=True)
    header = _read_header(reader)
    number = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise MalformedError(f"line {reader.line_num} is no row of a CSV table: {exc}") from exc
        if not any(cell.strip() for cell in cells):
            continue
        number += 1
        if len(cells) != len(header):
            yield _spoilt(
                number,
                f"has {len(cells)} cells, the header {len(header)}: quote cells with commas",
                f"有 {len(cells)} 格，表头为 {len(header)} 格：含逗号的单元格须加引号",
            )
            continue
        yield _make_row(number, dict(zip(header, cells, strict=True)))


def _read_header(reader: "Iterator[list[str]]") -> list[str]:
    try:
        header = [name.strip() for name in next(reader)]
    except StopIteration:
        raise MalformedError("the batch is empty: its first line names the columns") from None
    except csv.Error as exc:
        raise MalformedError(f"the first line is no row of a CSV table: {exc}") from exc
    if len({column_path(name, _FORM) for name in header}) != len(header):
        raise MalformedError("the header names a column twice: name each once")
    unknown = unknown_columns([name for name in header if name not in OWN_COLUMNS], _FORM)
    if unknown:
        raise MalformedError(
            f"no blank of the form for these columns: {', '.join(unknown)[:200]}; see "
            "'muniment register --template initial' and docs/forms.md"
        )
    return header


def _read_lines(file: TextIO) -> Iterator[BatchRow]:
    """The rows of JSON Lines."""
    number = 0
    while line := file.readline(MAX_FORM_BYTES + _ROOM_BYTES):
        if not line.strip():
            continue
        number += 1
        if len(line) > MAX_FORM_BYTES:
            _skip_line(file, line)
            yield _spoilt(
                number,
                f"has more than {MAX_FORM_BYTES} characters",
                f"超过 {MAX_FORM_BYTES} 个字符",
            )
            continue
        try:
            cells = decode_bundle(line.strip().encode(), max_bytes=4 * MAX_FORM_BYTES)
        except InputError as exc:
            yield _spoilt(number, f"cannot be read: {exc}", f"无法读取：{exc}")
        else:
            yield _make_row(number, cells)


def _skip_line(file: TextIO, line: str) -> None:
    while line and not line.endswith("\n"):
        line = file.readline(io.DEFAULT_BUFFER_SIZE)


def _make_row(number: int, cells: Mapping[str, Json]) -> BatchRow:
    form = expand_row(
        {"files" if name == FILE_COLUMN else name: value for name, value in cells.items()}, _FORM
    )
    ref = form.pop("ref", "")
    if not isinstance(ref, str) or len(ref) > 80:
        return _spoilt(number, "ref is a text of at most 80 characters", "ref 为 80 字以内的文字")
    if form.pop("type", "initial") != "initial":
        return _spoilt(
            number, "a batch has initial registrations only", "批量提交仅限初次登记（initial）"
        )
    return BatchRow(number, form, ref)


def _spoilt(number: int, en: str, zh: str) -> BatchRow:
    return BatchRow(number, {}, "", (en, zh))

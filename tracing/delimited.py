"""CSV and TSV: text with a delimiter between cells, strict.

The first row that is not blank names the columns. Every other row has as many cells; a blank line
is no row. Cells stand in double quotes where they hold a delimiter, a quote (doubled) or a line
break. The delimiter is the one that the file's name says (`.csv` comma, `.tsv` tab) if it splits
the first rows evenly; else whichever of comma, tab, semicolon and bar does.

Spec: RFC 4180; a line may end in any of the three ways, and a cell has at most 131,072 characters.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from ledger.errors import LimitError, MalformedError
from ledger.files import open_regular
from tracing.canon import clean_text
from tracing.fingerprint import Progress
from tracing.source import Batch, Gauge, Source, TableLimits, take_some
from tracing.textfile import decode, find_encoding

_DELIMITERS: Final = (",", "\t", ";", "|")
_BY_FORM: Final = {"csv": ",", "tsv": "\t"}
_SAMPLED_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class _Delimited:
    path: Path
    encoding: str
    delimiter: str

    def rows(self, text: TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
        """Every row that is not blank, after the number of the line in which it begins.

        Raises:
            MalformedError: A quote is not closed, or text follows it.
            LimitError: A cell is too long.
        """
        reader = csv.reader(text, delimiter=self.delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader, None)
            except csv.Error as exc:
                raise self._explain(exc, line) from exc
            if row is None:
                return
            if not _is_blank(row):
                yield line, row

    def _explain(self, exc: csv.Error, line: int) -> MalformedError | LimitError:
        where = f"{self.path}, line {line:,}"
        if "field larger" in str(exc):
            return LimitError(
                f"{where}: a cell has more than {csv.field_size_limit():,} characters"
            )
        if "unexpected end" in str(exc):
            return MalformedError(f"{where}: a cell begins with a quote that is never closed")
        return MalformedError(f"{where}: after the closing quote of a cell its text goes on")

    def first_rows(self, number: int) -> list[list[str]]:
        """As many rows from the start.

        Raises:
            MalformedError: Quotes are wrong.
            LimitError: A cell is too long.
        """
        with open_regular(self.path) as file:
            text = decode(file, self.encoding)
            return [row for _, row in islice(self.rows(text), number)]

    def batches(self, progress: Progress) -> Iterator[Batch]:
        """The rows after the header, by column.

        Raises:
            MalformedError: A row has more or fewer cells than the header, or quotes are wrong.
            LimitError: A cell is too long.
        """
        with open_regular(self.path) as file:
            text = decode(file, self.encoding)
            rows = self.rows(text)
            width = len(next(rows, (0, list[str]()))[1])
            for taken in take_some(rows, max(1, width), file, progress):
                for line, row in taken:
                    if len(row) != width:
                        raise MalformedError(
                            f"{self.path}, line {line:,}: {len(row):,} cells, and the header has "
                            f"{width:,}"
                        )
                yield tuple(zip(*(row for _, row in taken), strict=True))


def _is_blank(row: list[str]) -> bool:
    return not row or (len(row) == 1 and not clean_text(row[0]))


def open_delimited(path: Path, form: Literal["csv", "tsv"] | None, limits: TableLimits) -> Source:
    """A CSV or TSV file.

    Args:
        path: Of the file.
        form: What its name says; None if it says nothing, when a delimiter must be found.
        limits: What it may be.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is no text, or has no header, or no delimiter is found.
        LimitError: A line is too long, or there are too many lines or columns.

    Cost: reads the file once, to check its encoding.
    """
    encoding = find_encoding(path, limits)
    delimiter = _find_delimiter(path, encoding, None if form is None else _BY_FORM[form])
    table = _Delimited(path, encoding, delimiter)
    header = [cell for row in table.first_rows(1) for cell in row]
    if not any(map(clean_text, header)):
        raise MalformedError(f"{path} has no header: its first row must name the columns")
    Gauge(path, limits).check_columns(len(header))
    named = form or ("tsv" if delimiter == "\t" else "csv")
    return Source(named, encoding, delimiter, tuple(header), table.batches)


def _find_delimiter(path: Path, encoding: str, preferred: str | None) -> str:
    """The first delimiter that splits the first rows evenly into more than one cell.

    Raises:
        MalformedError: None does, and the file's name says nothing.
    """
    for delimiter in (preferred, *_DELIMITERS) if preferred else _DELIMITERS:
        if _splits_evenly(_Delimited(path, encoding, delimiter)):
            return delimiter
    if preferred is None:
        raise MalformedError(
            f"{path} is no table that we know: name it .csv, .tsv, .jsonl, .xlsx or .parquet"
        )
    return preferred


def _splits_evenly(table: _Delimited) -> bool:
    try:
        widths = set(map(len, table.first_rows(_SAMPLED_ROWS)))
    except (MalformedError, LimitError):
        return False
    return len(widths) == 1 and widths != {1}

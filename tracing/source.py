"""What every form of table is read through: limits, text and batches of cells as spelled.

A source can be read as often as wanted, always from the start, and holds one batch at a time. A
few bytes can stand for billions of cells (members that are missing, values that repeat, texts that
cells share), so what a file may mean is bounded by its size, and seen to before the work is done.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal, TypeAlias, TypeVar

from ledger.errors import LimitError
from tracing.fingerprint import Progress

RowT = TypeVar("RowT")
Form: TypeAlias = Literal["csv", "tsv", "jsonl", "xlsx", "parquet"]
Cells: TypeAlias = Sequence[str | None]
"""Of one column or one row, as the file spells them; None where the form has a null."""
Batch: TypeAlias = Sequence[Cells]
"""Some rows after another, by column; every column has as many cells."""

ROWS_AT_ONCE: Final = 8_192
CELLS_AT_ONCE: Final = 1_000_000
BYTES_AT_ONCE: Final = 8 * 1024**2
"""About as much of a file is held at once, where its rows are long."""
MAX_NAME_CHARACTERS: Final = 1_024
"""Of a column: a name stands in the leaf of every row."""


@dataclass(frozen=True, slots=True)
class TableLimits:
    """What a table may be at most; more is refused before it is read.

    Args:
        max_bytes: Of the file.
        max_line_bytes: From one line end to the next.
        max_lines: Of text, blank ones and line breaks in cells included.
        max_rows: Without the header.
        max_columns: Of the header.
        max_cells: Rows times columns, those without a value included.
        max_cells_per_byte: Of the file, above plausible_cells; in CSV there is at most one.
        plausible_cells: A table of so many cells may be packed as well as it likes.
        plausible_text: Bytes; a table whose cells have so much text may likewise.
        max_unpacked: Bytes of all members of an XLSX file together, counted while unpacking.
        max_members: Of an XLSX file.
        max_ratio: Unpacked to packed size of a member above 1 MiB (deflate can reach 1,032), and
            the text of all cells to the size of the file above plausible_text.
        max_texts: Bytes of the texts that the cells of a workbook share, unpacked.
        max_tag_bytes: Of anything between two `>` of a sheet.
    """

    max_bytes: int = 8 * 1024**3
    max_line_bytes: int = 16 * 1024**2
    max_lines: int = 100_000_000
    max_rows: int = 50_000_000
    max_columns: int = 4_096
    max_cells: int = 250_000_000
    max_cells_per_byte: int = 32
    plausible_cells: int = 5_000_000
    plausible_text: int = 256 * 1024**2
    max_unpacked: int = 2 * 1024**3
    max_members: int = 1_000
    max_ratio: int = 200
    max_texts: int = 256 * 1024**2
    max_tag_bytes: int = 1024**2


DEFAULT_LIMITS: Final = TableLimits()


class Gauge:
    """Sees to it that a table is no more than its file can mean.

    Args:
        path: Of the file.
        limits: What it may be.
    """

    def __init__(self, path: Path, limits: TableLimits) -> None:
        self._path = path
        self._limits = limits
        self._size = path.stat().st_size
        self._text = 0

    def check_columns(self, columns: int) -> None:
        """See that there are not too many columns.

        Raises:
            LimitError: There are.
        """
        if columns > self._limits.max_columns:
            raise LimitError(
                f"{self._path} has more than {self._limits.max_columns:,} columns: use a part of "
                "them"
            )

    def check(self, rows: int, columns: int) -> None:
        """See that there are not too many rows and cells.

        Raises:
            LimitError: There are, or more cells than so small a file can mean.
        """
        limits, cells = self._limits, rows * columns
        if rows > limits.max_rows:
            raise LimitError(
                f"{self._path} has more than {limits.max_rows:,} rows: use a part of them"
            )
        if cells > limits.max_cells:
            raise LimitError(
                f"{self._path} has more than {limits.max_cells:,} cells: use a part of its rows or "
                "columns"
            )
        if cells > max(limits.plausible_cells, self._size * limits.max_cells_per_byte):
            raise LimitError(
                f"{self._path} has {self._size:,} bytes, and more than "
                f"{limits.max_cells_per_byte:,} cells for each of them: write it as CSV"
            )

    def add_text(self, size: int) -> None:
        """Count text of cells that take less room in the file, where many may share one.

        Args:
            size: Bytes or characters.

        Raises:
            LimitError: There is more than so small a file can mean.
        """
        self._text += size
        limits = self._limits
        most = max(limits.plausible_text, self._size * limits.max_ratio)
        if self._text > min(most, limits.max_bytes):
            raise LimitError(
                f"{self._path} has {self._size:,} bytes, and its cells have more than "
                f"{min(most, limits.max_bytes):,} bytes of text: write it as CSV"
            )


@dataclass(frozen=True, slots=True)
class Source:
    """A table in a file, found but not yet read.

    Args:
        form: How it is written.
        encoding: Of its text: `utf-8`, `utf-8-sig` or `gb18030`; "" where the form has its own.
        delimiter: Between the cells of a row; "" where the form has its own.
        header: Names of the columns as spelled, in the order of the file.
        batches: Reads the rows from the start, by column, at most ROWS_AT_ONCE of them at once and
            fewer where they are long; tells its argument how many more bytes of the file were read.
    """

    form: Form
    encoding: str
    delimiter: str
    header: Cells
    batches: Callable[[Progress], Iterator[Batch]]


def rows_at_once(columns: int) -> int:
    """How many rows of so many columns are held at once."""
    return max(1, min(ROWS_AT_ONCE, CELLS_AT_ONCE // columns))


def take_some(
    rows: Iterator[RowT], columns: int, file: BinaryIO, progress: Progress
) -> Iterator[list[RowT]]:
    """Rows in batches that are bounded in cells and in bytes.

    Args:
        rows: Read from the file, and open as long as this is.
        columns: Of each row.
        file: Whose position says how much was read.
        progress: Told of every batch.
    """
    most = rows_at_once(columns)
    taken: list[RowT] = []
    told = 0
    for row in rows:
        taken.append(row)
        if len(taken) == most or file.tell() - told > BYTES_AT_ONCE:
            yield taken
            taken = []
            before, told = told, file.tell()
            progress(told - before)
    if taken:
        yield taken
        progress(file.tell() - told)

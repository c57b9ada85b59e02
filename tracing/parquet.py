"""Parquet: columns with types, of which each value is spelled as text.

Floats are spelled by the shortest decimal that gives them back, times with a zone in UTC. Lists,
records, durations and bytes are no cells.

Spec: Apache Parquet format 2; read by Polars.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.errors import LimitError, MalformedError
from tracing.fingerprint import Progress
from tracing.source import (
    BYTES_AT_ONCE,
    MAX_NAME_CHARACTERS,
    ROWS_AT_ONCE,
    Batch,
    Gauge,
    Source,
    TableLimits,
    rows_at_once,
)

if TYPE_CHECKING:
    import polars as pl

_LEAST_ROWS: Final = 1_024
_MOST_ROWS: Final = 16 * ROWS_AT_ONCE
"""Read at once: a page is unpacked again for each part of it that is read."""


def open_parquet(path: Path, limits: TableLimits) -> Source:
    """A Parquet file.

    Raises:
        MalformedError: It does not parse, or a column is of a type that is no cell.
        LimitError: There are too many rows, columns or cells.
    """
    import polars as pl

    rows = _collect(pl.scan_parquet(path, glob=False).select(pl.len()), path).item()
    schema = _collect(pl.scan_parquet(path, glob=False).head(0), path).schema
    if not schema:
        raise MalformedError(f"{path} has no column")
    gauge = Gauge(path, limits)
    gauge.check_columns(len(schema))
    gauge.check(rows, len(schema))
    spelled = [_spell(path, name, place, kind) for place, (name, kind) in enumerate(schema.items())]

    def batches(progress: Progress) -> Iterator[Batch]:
        size, told, gauge = path.stat().st_size, 0, Gauge(path, limits)
        most = rows_at_once(len(schema))
        step = max(_LEAST_ROWS, min(_MOST_ROWS, rows * BYTES_AT_ONCE // size))
        for start in range(0, rows, step):
            part = pl.scan_parquet(path, glob=False).slice(start, step).select(spelled)
            for piece in _collect(part, path).iter_slices(most):
                yield from _split(piece, path, gauge)
            before, told = told, size * min(start + step, rows) // rows
            progress(told - before)

    return Source("parquet", "", "", tuple(schema), batches)


def _collect(frame: "pl.LazyFrame", path: Path) -> "pl.DataFrame":
    """What a plan gives.

    Raises:
        MalformedError: The file does not parse, or has changed meanwhile.
    """
    import polars as pl

    try:
        return frame.collect()
    except (pl.exceptions.PolarsError, OSError) as exc:
        raise MalformedError(f"{path} does not parse as Parquet: {_first_line(exc)}") from exc
    except pl.exceptions.PanicException as exc:  # no Exception: how Polars fails on broken pages
        raise MalformedError(f"{path} does not parse as Parquet: it is damaged") from exc


def _split(frame: "pl.DataFrame", path: Path, gauge: Gauge) -> Iterator[Batch]:
    """The rows of a frame, in parts that are not too long.

    A text that many cells share is held once by Polars, and once for each cell by Python.

    Raises:
        LimitError: A single row is too long, or all that were read together.
    """
    import polars as pl

    size = sum(frame.select(pl.all().str.len_bytes().sum()).row(0))
    if size <= BYTES_AT_ONCE:
        gauge.add_text(size)
        yield [column.to_list() for column in frame]
    elif frame.height == 1:
        raise LimitError(f"{path} has a row of {size:,} bytes, more than {BYTES_AT_ONCE:,}")
    else:
        middle = frame.height // 2
        yield from _split(frame[:middle], path, gauge)
        yield from _split(frame[middle:], path, gauge)


def _first_line(exc: Exception) -> str:
    return str(exc).partition("\n")[0][:200]


def _spell(path: Path, name: str, place: int, kind: "pl.DataType") -> "pl.Expr":
    """How the values of a column are written as text.

    Raises:
        MalformedError: They are no cells.
    """
    import polars as pl

    column = pl.nth(place)  # by name, `*` and `^a$` would be patterns
    if isinstance(kind, pl.Datetime):
        if kind.time_zone is None:
            return column.dt.strftime("%Y-%m-%d %H:%M:%S%.f")
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%d %H:%M:%S%.fZ")
    if kind.is_nested() or isinstance(kind, pl.Binary | pl.Duration | pl.Object):
        shown = name[:MAX_NAME_CHARACTERS]
        raise MalformedError(
            f"{path}: the column {shown} holds {str(kind)[:200]}, which is no cell"
        )
    return column.cast(pl.String)

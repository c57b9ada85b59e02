"""Tables in memory, changed as a leaker would, and written in the forms that a leaker might use."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tracing.canon import KindFinder, canonical_cell
from tracing.tables import Column, Table

Rows = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]


def take_rows(table: Table, rows: Rows) -> Table:
    """These rows in this order; a row may be there twice."""
    columns = [Column(c.name, c.kind, c.codes[rows], c.values) for c in table.columns]
    return _with_columns(table, columns, len(rows))


def drop_columns(table: Table, names: Sequence[str]) -> Table:
    """All columns but these."""
    columns = [column for column in table.columns if column.name not in names]
    return _with_columns(table, columns, table.height)


def pick_columns(table: Table, places: Sequence[int]) -> Table:
    """These columns, in this order."""
    return _with_columns(table, [table.columns[place] for place in places], table.height)


def replace_column(table: Table, place: int, codes: Codes, values: Sequence[str]) -> Table:
    """The table with other cells in one column."""
    columns = list(table.columns)
    columns[place] = Column(columns[place].name, columns[place].kind, codes, tuple(values))
    return _with_columns(table, columns, table.height)


def rename_columns(table: Table, names: Sequence[str]) -> Table:
    """The same columns under other names."""
    columns = [
        Column(name, column.kind, column.codes, column.values)
        for name, column in zip(names, table.columns, strict=True)
    ]
    return _with_columns(table, columns, table.height)


def stack_tables(tables: Sequence[Table]) -> Table:
    """The rows of tables of the same columns, one table after another."""
    first = tables[0]
    columns = []
    for place, column in enumerate(first.columns):
        known = {value: code for code, value in enumerate(column.values)}
        parts = [column.codes]
        for other in tables[1:]:
            moved = [known.setdefault(value, len(known)) for value in other.columns[place].values]
            parts.append(np.array([*moved, -1], dtype=np.int32)[other.columns[place].codes])
        columns.append(Column(column.name, column.kind, np.concatenate(parts), tuple(known)))
    return _with_columns(first, columns, sum(table.height for table in tables))


def settle_table(table: Table) -> Table:
    """The table as it is read back from a file: kinds, canonical cells and values found anew."""
    columns = [_settle_column(column) for column in table.columns]
    filled = np.zeros(table.height, dtype=np.bool_)
    for column in columns:
        filled |= column.codes >= 0
    settled = _with_columns(table, columns, table.height)
    return settled if filled.all() else settle_table(take_rows(settled, np.flatnonzero(filled)))


def _settle_column(column: Column) -> Column:
    used, first = np.unique(column.codes[column.codes >= 0], return_index=True)
    used = used[np.argsort(first, kind="stable")]
    cells = [column.values[code] for code in used.tolist()]
    finder = KindFinder()
    finder.look(dict.fromkeys([*cells, None]))
    known: dict[str, int] = {}
    moved = np.full(len(column.values) + 1, -1, dtype=np.int32)
    for code, cell in zip(used.tolist(), cells, strict=True):
        canonical = canonical_cell(cell, finder.kind)
        moved[code] = -1 if canonical is None else known.setdefault(canonical, len(known))
    return Column(column.name, finder.kind, moved[column.codes], tuple(known))


def _with_columns(table: Table, columns: Sequence[Column], height: int) -> Table:
    return Table(tuple(columns), height, table.form, table.encoding, table.delimiter)


def write_delimited(
    table: Table, path: Path, *, delimiter: str = ",", encoding: str = "utf-8"
) -> None:
    """Write the table as CSV, or as TSV."""
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(table.names)
        writer.writerows(zip(*(column.cells() for column in table.columns), strict=True))


def write_lines(table: Table, path: Path) -> None:
    """Write the table as JSON Lines, all cells as text."""
    with path.open("w", encoding="utf-8") as file:
        for row in zip(*(column.cells() for column in table.columns), strict=True):
            cells = dict(zip(table.names, row, strict=True))
            file.write(json.dumps(cells, ensure_ascii=False) + "\n")


def write_parquet(table: Table, path: Path) -> None:
    """Write the table as Parquet, all cells as text."""
    import polars as pl

    series = [pl.Series(column.name, column.cells(), dtype=pl.String) for column in table.columns]
    pl.DataFrame(series).write_parquet(path)

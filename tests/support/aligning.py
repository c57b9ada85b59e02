"""Tables in memory and what a reseller may do to them; everything is a function of the seed."""

from dataclasses import replace

import numpy as np

from tracing.canon import KindFinder, canonical_cell, canonical_number
from tracing.tables import Column, Table


def as_table(sample):
    """A table in memory, as reading its file would give it."""
    columns = zip(sample.names, sample.kinds(), zip(*sample.rows, strict=True), strict=True)
    made = [
        make_column(name, kind, [canonical_cell(cell, kind) for cell in cells])
        for name, kind, cells in columns
    ]
    return Table(tuple(made), len(sample.rows), "csv", "utf-8", ",")


def make_column(name, kind, cells):
    places = {}
    codes = [-1 if cell is None else places.setdefault(cell, len(places)) for cell in cells]
    return Column(name, kind, np.array(codes, dtype=np.int32), tuple(places))


def make_table(**columns):
    """A table of these columns."""
    made = [make_column(name, _kind_of(cells), cells) for name, cells in columns.items()]
    return Table(tuple(made), len(made[0].codes), "csv", "utf-8", ",")


def _kind_of(cells):
    finder = KindFinder()
    finder.look(cells)
    return finder.kind


def pick(table, rows):
    """These rows, in this order."""
    columns = tuple(replace(column, codes=column.codes[rows]) for column in table.columns)
    return replace(table, columns=columns, height=len(rows))


def project(table, names):
    return replace(table, columns=tuple(table.find(name) for name in names))


def rename(table, names=None):
    names = names or tuple(f"c{place}" for place in range(len(table.columns)))
    columns = zip(table.columns, names, strict=True)
    return replace(table, columns=tuple(replace(one, name=name) for one, name in columns))


def stack(first, second):
    """Rows of two tables with the same columns."""
    columns = []
    for one, other in zip(first.columns, second.columns, strict=True):
        places = {value: place for place, value in enumerate(one.values)}
        moved = [places.setdefault(value, len(places)) for value in other.values]
        codes = np.append(np.array(moved, dtype=np.int32), np.int32(-1))[other.codes]
        codes = np.concatenate([one.codes, codes.astype(np.int32)])
        columns.append(replace(one, codes=codes, values=tuple(places)))
    return replace(first, columns=tuple(columns), height=first.height + second.height)


def alter(table, share, seed=5):
    """This share of all cells replaced by others of the same column."""
    draw = np.random.default_rng(seed)
    columns = []
    for column in table.columns:
        changed = draw.random(table.height) < share
        others = column.codes[draw.integers(0, table.height, table.height)]
        codes = np.where(changed, others, column.codes).astype(np.int32)
        columns.append(replace(column, codes=codes))
    return replace(table, columns=tuple(columns))


def foreign(table, rows, seed=6):
    """Rows of the same columns whose cells do not belong together."""
    draw = np.random.default_rng(seed)
    columns = [
        replace(column, codes=column.codes[draw.integers(0, table.height, rows)])
        for column in table.columns
    ]
    return replace(table, columns=tuple(columns), height=rows)


def change_numbers(table, change):
    """Every number another; equal ones stay equal."""
    columns = []
    for column in table.columns:
        if column.kind == "number":
            cells = [None if cell is None else change(cell) for cell in column.cells()]
            columns.append(make_column(column.name, "number", cells))
        else:
            columns.append(column)
    return replace(table, columns=tuple(columns))


def round_digits(table, digits):
    return change_numbers(
        table, lambda cell: canonical_number(repr(float(f"{float(cell):.{digits - 1}e}")))
    )


def cut(table):
    """Decimals dropped."""
    return change_numbers(table, lambda cell: str(int(float(cell))))


def noise(table, share, seed=7):
    """Normal noise on all numbers, of this share of each column's standard deviation."""
    draw = np.random.default_rng(seed)
    columns = []
    for column in table.columns:
        if column.kind != "number":
            columns.append(column)
            continue
        numbers = [np.nan if cell is None else float(cell) for cell in column.cells()]
        noised = numbers + draw.normal(0, share * np.nanstd(numbers), table.height)
        cells = [None if np.isnan(one) else canonical_number(f"{one:.4f}") for one in noised]
        columns.append(make_column(column.name, "number", cells))
    return replace(table, columns=tuple(columns))

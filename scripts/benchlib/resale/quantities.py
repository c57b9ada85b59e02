"""Columns as numbers, and numbers as cells."""

import numpy as np
import numpy.typing as npt

from scripts.benchlib.resale.frames import Rows, replace_column
from tracing.canon import canonical_number
from tracing.tables import Column, Table


def read_numbers(column: Column) -> npt.NDArray[np.float64]:
    """Of the values; not a number where one is none, and at the end, for no value."""
    read = [_read_number(value) for value in column.values]
    return np.array([*read, np.nan])


def _read_number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")


def count_decimals(column: Column) -> int:
    """Digits behind the point, of the value that has the most among the first thousand."""
    return max((len(value.partition(".")[2]) for value in column.values[:1000]), default=0)


def set_numbers(
    table: Table, place: int, rows: Rows, numbers: npt.NDArray[np.float64], decimals: int
) -> Table:
    """The table with other numbers in some rows of a column, rounded to so many decimals."""
    column = table.columns[place]
    known = {value: code for code, value in enumerate(column.values)}
    distinct, where = np.unique(np.round(numbers, decimals), return_inverse=True)
    codes_of = [
        known.setdefault(format_number(number, decimals), len(known))
        for number in distinct.tolist()
    ]
    codes = column.codes.copy()
    codes[rows] = np.array(codes_of, dtype=np.int32)[where]
    return replace_column(table, place, codes, tuple(known))


def format_number(number: float, decimals: int) -> str:
    """A canonical cell."""
    return canonical_number(f"{number:.{decimals}f}") or "0"

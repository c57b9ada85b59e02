"""Columns as arrays: folded values as codes, their numbers, and how often each one occurs."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tracing.canon import canonical_number, fold_cell
from tracing.tables import Column

Codes = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.float64]
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)


@dataclass(frozen=True, slots=True)
class Cells:
    """A column as alignment sees it.

    Args:
        name: Of the column.
        codes: Row to index into `values`; -1 for no value.
        values: Folded cells, each once.
        numbers: Of the values; NaN for what is no number.
        counts: How many rows have each value.
    """

    name: str
    codes: Codes
    values: tuple[str, ...]
    numbers: Numbers
    counts: npt.NDArray[np.int64]

    @property
    def filled(self) -> int:
        """Rows that have a value."""
        return int(self.counts.sum())

    @property
    def is_numeric(self) -> bool:
        """Whether nine of ten cells, and more than two values, are numbers."""
        known = ~np.isnan(self.numbers)
        return int(known.sum()) > 2 and int(self.counts[known].sum()) * 10 >= self.filled * 9

    def per_row(self) -> Numbers:
        """The number in each row; NaN where there is none."""
        found = np.append(self.numbers, np.nan)
        return found[self.codes]


def fold_column(column: Column) -> Cells:
    """A column with its cells folded, so that spelling and kind make no difference."""
    codes, values = column.codes, column.values
    if column.kind == "text":
        codes, values = _fold(column)
    counts = np.bincount(codes[codes >= 0], minlength=len(values)).astype(np.int64)
    return Cells(column.name, codes, values, _read_numbers(values, column.kind), counts)


def _fold(column: Column) -> tuple[Codes, tuple[str, ...]]:
    places: dict[str, int] = {}
    moved = [places.setdefault(fold_cell(value), len(places)) for value in column.values]
    codes = np.append(np.asarray(moved, dtype=np.int32), np.int32(-1))[column.codes]
    return codes.astype(np.int32, copy=False), tuple(places)


def _read_numbers(values: tuple[str, ...], kind: str) -> Numbers:
    if kind == "number":
        return np.asarray([float(value) for value in values], dtype=np.float64)
    if kind == "date":
        return np.full(len(values), np.nan)
    return np.asarray([_read_number(value) for value in values], dtype=np.float64)


def _read_number(value: str) -> float:
    written = canonical_number(value)
    return float("nan") if written is None else float(written)


def mix(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Numbers scattered over 64 bits, the same on every machine; for buckets, never for secrets.

    Spec: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    """
    mixed = (numbers + np.uint64(1)) * _ODD
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def scatter(count: int, seed: int) -> npt.NDArray[np.uint64]:
    """So many scattered numbers of 64 bits, another sequence for each seed."""
    start = np.uint64(seed) * np.uint64(1 << 40)
    return mix(np.arange(count, dtype=np.uint64) + start)


def pick_rows(height: int, count: int, seed: int) -> npt.NDArray[np.int64]:
    """At most so many rows, spread by chance over the table, ascending."""
    if height <= count:
        return np.arange(height)
    return np.sort(np.argpartition(scatter(height, seed), count)[:count])

"""Cells as they are compared in a sample of rows: whole, and in two coarser grains for numbers.

```text
whole    HMAC-SHA-256(values key, folded cell)[:4]                     any cell
digits   HMAC-SHA-256(grains key, "digits", two leading digits)[:2]    numbers: stand rounding
bins     HMAC-SHA-256(grains key, "bins", width, number of the bin)[:1]    numbers: stand noise
```

No value is 0 in each of them, and nothing else is. None depends on the name of a column, so that a
column is known by its cells whatever it is called.

Spec: tracing, section 2.
"""

import hmac
import re
from math import floor, isfinite, log2, log10
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tracing.keys import HashKeys
    from tracing.sketch import FoldedColumn

Grain: TypeAlias = Literal["whole", "digits", "bins"]
GRAINS: Final[tuple[Grain, ...]] = ("whole", "digits", "bins")
GRAIN_BYTES: Final[dict[Grain, int]] = {"whole": 4, "digits": 2, "bins": 1}
Cells: TypeAlias = npt.NDArray[np.uint64]
"""Hashes of cells in some grain."""
Numbers: TypeAlias = npt.NDArray[np.float64]
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?")
_MOST_NUMBERS: Final = 0.9
"""A column is one of numbers where so many of its values are."""
_BINS: Final = 4
"""A bin is about a standard deviation through so many, or up to twice as narrow."""
_EDGE: Final = 0.3719
"""Where in a bin zero lies: no short decimal lies at its edge, where the least noise tells."""
_FAR: Final = 2.0**62
_LARGEST_POWER: Final = 308
_MAX_CHARACTERS: Final = 400


class GrainedColumn:
    """A column's cells hashed in every grain, each when it is first asked for.

    Args:
        column: Folded.
        keys: Of an asset or of an index.

    Attributes:
        values: Hash of each value, 8 bytes, in the order of the column's values.
    """

    def __init__(self, column: "FoldedColumn", keys: "HashKeys") -> None:
        self.column = column
        self._key = keys.grains
        cells = [cell for cell in column.cells if cell is not None]
        raw = b"".join(hmac.digest(keys.values, cell.encode(), "sha256")[:8] for cell in cells)
        self.values: Cells = np.frombuffer(raw, ">u8").astype(np.uint64)
        self._numbers = _read_numbers(cells)
        self._made: dict[tuple[Grain, str], Cells] = {}
        self._histograms: dict[tuple[Grain, str], tuple[Cells, Numbers]] = {}
        codes = np.where(column.column.codes < 0, len(cells), column.column.codes)
        counts = np.bincount(codes, minlength=len(cells) + 1)
        self._shares: Numbers = counts / max(1, int(counts.sum()))

    @property
    def is_numeric(self) -> bool:
        """Whether it has the coarser grains."""
        return self._numbers is not None

    def find_width(self) -> str:
        """How wide its bins are: a power of ten once, twice or five times; "" if it has none."""
        if self._numbers is None:
            return ""
        known = np.isfinite(self._numbers)
        numbers, weights = self._numbers[known], self._shares[:-1][known]
        if not weights.sum():
            return ""
        with np.errstate(over="ignore", invalid="ignore"):
            middle = np.average(numbers, weights=weights)
            spread = float(np.sqrt(np.average(np.square(numbers - middle), weights=weights)))
        return format_width(spread / _BINS)

    def hash_cells(self, grain: Grain, width: str = "") -> Cells:
        """The cells in a grain: each value's, in their order, and at the end 0 for no value.

        Args:
            grain: Of what is no number the coarser ones are a part of the whole.
            width: Of the bins.
        """
        found = self._made.get((grain, width))
        if found is None:
            hashed = self._hash_grain(grain, width)
            hashed = np.where(hashed == 0, np.uint64(1), hashed)
            found = self._made[grain, width] = np.append(hashed, np.uint64(0))
        return found

    def count_cells(self, grain: Grain, width: str = "") -> tuple[Cells, Numbers]:
        """The different cells in a grain, ascending, and the share of the rows that has each."""
        found = self._histograms.get((grain, width))
        if found is None:
            cells, where = np.unique(self.hash_cells(grain, width), return_inverse=True)
            shares = np.bincount(where, weights=self._shares).astype(np.float64)
            found = self._histograms[grain, width] = (cells, shares)
        return found

    def tell_apart(self, grain: Grain, width: str = "") -> float:
        """Bits by which a cell tells a row: minus log2 of the chance that two rows agree in it."""
        shares = self.count_cells(grain, width)[1]
        return -log2(max(float(np.square(shares).sum()), 1e-30))

    def spread_rows(self, grain: Grain, width: str = "") -> Cells:
        """The cell of each row."""
        return self.hash_cells(grain, width)[self.column.column.codes]

    def count_neighbours(self) -> float:
        """Share of its numbers that have a next one: 1 of running numbers, little of others.

        What is next is a unit of the last decimal place that it uses; 1.0 of what is no number.
        """
        if self._numbers is None or not len(self._numbers):
            return 1.0
        known = self._numbers[np.isfinite(self._numbers)]
        places = max((len(cell.partition(".")[2]) for cell in self.column.cells if cell), default=0)
        if places > _LARGEST_POWER // 2:
            return 1.0
        units = np.unique(np.rint(known * 10.0**places))
        return float(np.isin(units + 1, units).mean()) if len(units) else 1.0

    def _hash_grain(self, grain: Grain, width: str) -> Cells:
        size = np.uint64(8 * (8 - GRAIN_BYTES[grain]))
        whole = self.values >> size
        if grain == "whole" or self._numbers is None or (grain == "bins" and not width):
            return whole
        known = np.isfinite(self._numbers)
        numbers = np.where(known, self._numbers, 0.0)
        coarse = _take_digits(numbers) if grain == "digits" else _take_bins(numbers, width)
        label = f"{grain} {width}" if grain == "bins" else grain
        return np.where(known, self._hash_numbers(label, coarse) >> size, whole)

    def _hash_numbers(self, label: str, numbers: npt.NDArray[np.int64]) -> Cells:
        distinct, where = np.unique(numbers, return_inverse=True)
        raw = b"".join(
            hmac.digest(self._key, f"{label} {each}".encode(), "sha256")[:8]
            for each in distinct.tolist()
        )
        return np.frombuffer(raw, ">u8").astype(np.uint64)[where]


def format_width(size: float) -> str:
    """The largest of 1, 2 and 5 times a power of ten that is no more than a size; "" for none."""
    if not isfinite(size) or size <= 0 or (power := floor(log10(size))) < -_LARGEST_POWER + 8:
        return ""
    first = size / 10.0**power
    return f"{5 if first >= 5 else 2 if first >= 2 else 1}e{power}"


def _read_numbers(cells: list[str]) -> Numbers | None:
    """The cells as numbers, those that are none as nan; None if most are none."""
    if not cells or sum(map(_is_number, cells[:100])) < _MOST_NUMBERS * min(100, len(cells)):
        return None
    numbers = np.array([float(cell) if _is_number(cell) else np.nan for cell in cells])
    known = np.isfinite(numbers)
    numbers[~known] = np.nan
    return numbers if float(known.mean()) >= _MOST_NUMBERS else None


def _is_number(cell: str) -> bool:
    """Whether a folded cell is a number; cells with 400 digits are taken for none."""
    return len(cell) <= _MAX_CHARACTERS and _NUMBER.fullmatch(cell) is not None


def _take_digits(numbers: Numbers) -> npt.NDArray[np.int64]:
    """The two leading digits with their power, half away from zero, as one number."""
    size = np.abs(numbers)
    power = np.floor(np.log10(np.where(size > 0, size, 1.0)) + 1e-12)
    with np.errstate(over="ignore", invalid="ignore"):
        lead = np.floor(size / 10.0 ** (power - 1) + 0.5 + 1e-9)
    lead = np.where(np.isfinite(lead), lead, 0.0)
    is_full = lead >= 100
    lead, power = np.where(is_full, 10.0, lead), np.where(is_full, power + 1, power)
    mixed: Numbers = np.sign(numbers) * (lead * 1000 + power + 400)
    return mixed.astype(np.int64)


def _take_bins(numbers: Numbers, width: str) -> npt.NDArray[np.int64]:
    with np.errstate(over="ignore"):
        bins = np.floor(numbers / float(width) + _EDGE)
    clipped: Numbers = np.clip(bins, -_FAR, _FAR)
    return clipped.astype(np.int64)

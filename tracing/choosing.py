"""Which columns may be marked: those in which one changed cell breaks no rule and hardly counts.

Left out are keys, dates and times, codes, flags and small enumerations, whatever follows from other
columns or what others follow from, and numbers whose smallest step is not small. What was chosen is
kept and committed to, so that nobody has to find the same columns again.

Spec: design of tracing, section 3.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from tracing.alternatives import find_left_alone
from tracing.canon import canonical_date, canonical_number
from tracing.dependence import (
    Codes,
    find_arithmetic,
    find_determined,
    find_determined_by_pairs,
    is_smooth,
)
from tracing.markdata import MarkColumn
from tracing.numerals import Numerals, format_steps, read_numerals
from tracing.tables import Column, Table

MIN_ROWS: Final = 100
"""In fewer rows nothing can be told about a column."""
_SAMPLE: Final = 50_000
_MAX_CATEGORIES: Final = 1_000
_MIN_PER_CATEGORY: Final = 10
_MIN_NUMBERS: Final = 33
"""An integer column with fewer values is an enumeration."""
_KEY_SHARE: Final = 0.9
_SORTED_SHARE: Final = 0.5
_MAX_COMMONEST: Final = 0.98
_STEPS_PER_RANGE: Final = 10_000
_MAX_COARSE: Final = 4
"""A step may be at most a quarter of the standard deviation."""
_SMOOTH_REFERENCES: Final = 6
_REFERENCE_VALUES: Final = range(2, 201)
_CODE_DIGITS: Final = 5
_CODE_WORDS: Final = frozenset(
    {"id", "uid", "uuid", "code", "no", "nr", "key", "zip", "zipcode", "postcode", "phone", "tel",
     "mobile", "fips", "serial", "index", "rownames", "uscc"}
)  # fmt: skip
_CODE_PARTS: Final = (
    "编号",
    "代码",
    "编码",
    "号码",
    "邮编",
    "电话",
    "手机",
    "证号",
    "序号",
    "单号",
)
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_CLOCK: Final = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?")
_EPOCHS: Final = ((946_684_800, 4_102_444_800), (946_684_800_000, 4_102_444_800_000))


def choose_columns(table: Table) -> tuple[MarkColumn, ...]:
    """Columns whose cells may be changed, in the table's order; none of a table of few rows."""
    if table.height < MIN_ROWS:
        return ()
    looked = {column.name: _Looked(column, table.height) for column in table.columns}
    found = {name: each.as_mark() for name, each in looked.items()}
    candidates = {name: mark for name, mark in found.items() if mark is not None}
    sample = {name: each.sampled for name, each in looked.items()}
    kept = set(candidates) - _find_tied(looked, sample, candidates)
    return tuple(
        mark
        for name, mark in candidates.items()
        if name in kept and (mark.kind == "category" or _is_measure(looked[name], looked))
    )


def _find_tied(
    looked: Mapping[str, "_Looked"],
    sample: Mapping[str, Codes],
    candidates: Mapping[str, MarkColumn],
) -> set[str]:
    telling = {name: codes for name, codes in sample.items() if looked[name].is_telling}
    tied = find_arithmetic({name: each.measured for name, each in looked.items() if each.numerals})
    tied |= find_determined(telling, [name for name in candidates if name in telling])
    left = [name for name in candidates if name in telling and name not in tied]
    return tied | find_determined_by_pairs(telling, left)


def _is_measure(one: "_Looked", looked: Mapping[str, "_Looked"]) -> bool:
    """Whether neighbouring numbers of a column mean nearly the same."""
    references = (
        each.sampled
        for name, each in looked.items()
        if name != one.column.name and len(each.column.values) in _REFERENCE_VALUES
    )
    chosen = [codes for codes, _ in zip(references, range(_SMOOTH_REFERENCES), strict=False)]
    return is_smooth(one.ranks, chosen)


@dataclass(frozen=True)
class _Looked:
    """A column with what is found in it, once."""

    column: Column
    height: int

    @cached_property
    def numerals(self) -> Numerals | None:
        return read_numerals(self.column)

    @cached_property
    def places(self) -> npt.NDArray[np.int64]:
        """Ordinals of the sampled rows, spread over the table."""
        count = min(self.height, _SAMPLE)
        return np.arange(count, dtype=np.int64) * self.height // count

    @cached_property
    def sampled(self) -> Codes:
        """Codes of the sampled rows, without gaps."""
        return np.unique(self.column.codes[self.places], return_inverse=True)[1].astype(np.int64)

    @cached_property
    def ranks(self) -> Codes:
        """Ranks of the numbers of the sampled rows; rows without one are left at the lowest."""
        if self.numerals is None:
            return self.sampled
        steps = self.numerals.steps[self.column.codes[self.places]]
        return np.unique(steps, return_inverse=True)[1].astype(np.int64)

    @property
    def measured(self) -> npt.NDArray[np.float64]:
        """Numbers of the sampled rows; NaN where there is none."""
        if self.numerals is None:
            return np.full(len(self.places), np.nan)
        codes = self.column.codes[self.places]
        steps = self.numerals.steps[codes] / 10.0**self.numerals.decimals
        return np.where(codes >= 0, steps, np.nan)

    @property
    def is_telling(self) -> bool:
        """Whether rules may tie it: neither constant nor different in every row."""
        return 1 < len(self.column.values) <= _KEY_SHARE * self.height

    def as_mark(self) -> MarkColumn | None:
        """The column with its unit, if looking at it alone says nothing against it."""
        name = self.column.name
        if _is_code_name(name) or self._is_nearly_constant():
            return None
        if self.column.kind == "text" and self._is_category():
            return MarkColumn(name, "category")
        if self.numerals is None or self._is_special(self.numerals):
            return None
        unit = _find_unit(self.numerals)
        return None if unit is None else MarkColumn(name, "number", unit)

    def _is_nearly_constant(self) -> bool:
        codes = self.column.codes
        counts = np.bincount(codes[codes >= 0], minlength=1)
        return int(counts.max()) > _MAX_COMMONEST * max(int(counts.sum()), 1)

    def _is_category(self) -> bool:
        values = self.column.values
        if not 2 <= len(values) <= min(_MAX_CATEGORIES, self.height // _MIN_PER_CATEGORY):
            return False
        return not any(canonical_number(value) for value in values) and not all(
            _CLOCK.fullmatch(value) or canonical_date(value) for value in values
        )

    def _is_special(self, numerals: Numerals) -> bool:
        """Whether the numbers are a key, an enumeration, a code or a time."""
        distinct, filled = len(numerals.steps), int(numerals.counts.sum())
        share = distinct / max(filled, 1)
        if self._is_sorted(numerals, share):
            return True
        if numerals.decimals:
            return distinct < 3
        return distinct < _MIN_NUMBERS or share > _KEY_SHARE or _is_coded(numerals.steps)

    def _is_sorted(self, numerals: Numerals, share: float) -> bool:
        codes = self.column.codes
        steps = np.diff(numerals.steps[codes[codes >= 0]])
        is_sorted = bool((steps >= 0).all() or (steps <= 0).all())
        return is_sorted and share > _SORTED_SHARE


def _is_code_name(name: str) -> bool:
    words = {word.lower() for word in _WORD.findall(name)}
    return bool(words & _CODE_WORDS) or any(part in name for part in _CODE_PARTS)


def _is_coded(steps: npt.NDArray[np.int64]) -> bool:
    """Whether whole numbers are years, days, times of day, seconds, or codes of so many digits."""
    low, high = int(steps.min()), int(steps.max())
    return (
        (low >= 1800 and high <= 2200)
        or any(start <= low and high <= stop for start, stop in _EPOCHS)
        or _is_clock(steps, low, high)
        or (low > 0 and len(str(low)) == len(str(high)) >= _CODE_DIGITS)
        or all(_is_month(step) for step in steps[:1000].tolist())
    )


def _is_clock(steps: npt.NDArray[np.int64], low: int, high: int) -> bool:
    """Hours and minutes as one number, such as 1259."""
    return low >= 0 and 1000 <= high <= 2400 and bool((steps % 100 < 60).all())


def _is_month(step: int) -> bool:
    return 180_001 <= step <= 220_012 and 1 <= step % 100 <= 12


def _find_unit(numerals: Numerals) -> str | None:
    """By how much one cell moves, or None where that would be much.

    The smallest step of the column, unless that is below a ten-thousandth of the range of the
    middle half of its numbers: then the power of ten that is not.
    """
    kept = ~find_left_alone(numerals)
    counts = numerals.counts[kept]
    if not counts.sum():
        return None
    steps = numerals.steps[kept].astype(np.float64)
    mean = float((steps * counts).sum() / counts.sum())
    deviation = float(np.sqrt(((steps - mean) ** 2 * counts).sum() / counts.sum()))
    low, high = _find_quartiles(numerals.steps[kept], counts)
    unit = 1
    while unit * _STEPS_PER_RANGE < high - low:
        unit *= 10
    if unit * _MAX_COARSE > deviation:
        return None
    return format_steps(unit, numerals.decimals)


def _find_quartiles(steps: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> tuple[int, int]:
    order = np.argsort(steps, kind="stable")
    below = np.cumsum(counts[order])
    low, high = np.searchsorted(below, [below[-1] // 4, below[-1] * 3 // 4])
    return int(steps[order[low]]), int(steps[order[high]])

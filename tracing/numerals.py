"""Numeric columns as whole numbers of their smallest step, so that no float decides anything."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tracing.tables import Column

MAX_DECIMALS: Final = 18
_MAX_STEPS: Final = 2**53
"""Beyond it sums of steps in 64 bits could overflow."""
_UNIT: Final = re.compile(r"[0-9]{1,18}(?:\.([0-9]{1,18}))?")


@dataclass(frozen=True, slots=True)
class Numerals:
    """The distinct values of a numeric column in steps of 10^-decimals.

    Args:
        decimals: Of the value that has most.
        steps: Each distinct value, by its code.
        counts: How many rows have it, by its code.
    """

    decimals: int
    steps: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


def count_codes(column: Column) -> npt.NDArray[np.int64]:
    """How many rows have each value of a column, by its code."""
    codes = column.codes
    return np.bincount(codes[codes >= 0], minlength=len(column.values)).astype(np.int64)


def count_decimals(cell: str) -> int | None:
    """Decimals of a canonical number; None where it is written with an exponent."""
    if "e" in cell:
        return None
    return len(cell.partition(".")[2])


def to_steps(cell: str, decimals: int) -> int:
    """A canonical number without exponent in steps of 10^-decimals, of which it has no more."""
    whole, _, part = cell.partition(".")
    return int(whole + part.ljust(decimals, "0"))


def read_unit(unit: str, decimals: int) -> int | None:
    """By how many steps of 10^-decimals a number moves; None: that is no unit of such a column."""
    number = _UNIT.fullmatch(unit)
    if number is None or len(number[1] or "") > decimals:
        return None
    steps = to_steps(unit, decimals)
    return steps if 0 < steps < _MAX_STEPS else None


def format_steps(steps: int, decimals: int) -> str:
    """The canonical number of so many steps of 10^-decimals; to_steps in reverse."""
    sign, digits = ("-" if steps < 0 else ""), str(abs(steps)).rjust(decimals + 1, "0")
    if decimals == 0:
        return f"{sign}{digits}"
    part = digits[-decimals:].rstrip("0")
    return f"{sign}{digits[:-decimals]}{'.' if part else ''}{part}"


def read_numerals(column: Column) -> Numerals | None:
    """A numeric column in whole steps, or None: no numbers, or too large or too fine for that."""
    if column.kind != "number":
        return None
    found = [count_decimals(cell) for cell in column.values]
    if not found or None in found:
        return None
    decimals = max(each for each in found if each is not None)
    if decimals > MAX_DECIMALS:
        return None
    steps = [to_steps(cell, decimals) for cell in column.values]
    if max(map(abs, steps)) >= _MAX_STEPS:
        return None
    return Numerals(decimals, np.array(steps, dtype=np.int64), count_codes(column))

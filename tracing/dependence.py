"""What ties columns together: one that follows from others, and sums, products and quotients.

A mark in a tied column would break what every reader of the table can check. All of it is looked
for in a sample of rows; what is found too much only leaves a column unmarked.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int64]
"""Of one column's cells in the sample: 0, 1, ...; no value has a code too."""
_MAX_WRONG: Final = 0.005
"""Share of rows that may break what still counts as a rule."""
_MIN_REPEATED: Final = 100
_MIN_REPEATED_SHARE: Final = 0.05
_MAX_PAIRED_VALUES: Final = 10_000
_FIRST_LOOK: Final = 4_000
_ARITHMETIC_ROWS: Final = 2_000
_MAX_ARITHMETIC: Final = 24
_RELATIVE: Final = 0.002
_ASSOCIATED: Final = 0.05
"""By how much rows of one value have to agree more often than any rows, to say something."""


def find_determined(columns: Mapping[str, Codes], wanted: Iterable[str]) -> set[str]:
    """Columns that are tied to another one, either as what follows or as what it follows from.

    Args:
        columns: The sample, by name.
        wanted: Whose ties matter.
    """
    tied: set[str] = set()
    targets = list(wanted)
    for cause, codes in columns.items():
        for effect in targets:
            if cause != effect and _follows(codes, columns[effect]):
                tied |= {cause, effect}
    return tied


def find_determined_by_pairs(columns: Mapping[str, Codes], wanted: Iterable[str]) -> set[str]:
    """The same for columns that follow from two others together.

    Args:
        columns: The sample, by name.
        wanted: Whose ties matter.
    """
    tied: set[str] = set()
    targets = list(wanted)
    causes = [name for name, codes in columns.items() if 2 < _width(codes) <= _MAX_PAIRED_VALUES]
    for one, other in combinations(causes, 2):
        open_targets = [each for each in targets if each not in {one, other}]
        if not (set(targets) - tied) & {one, other, *open_targets}:
            break
        tied |= _find_tied(columns, (one, other), open_targets)
    return tied


def _find_tied(
    columns: Mapping[str, Codes], pair: tuple[str, str], targets: Sequence[str]
) -> set[str]:
    joined = columns[pair[0]] * _width(columns[pair[1]]) + columns[pair[1]]
    first = np.unique(joined[:_FIRST_LOOK], return_inverse=True)[1].astype(np.int64)
    promising = [
        name for name in targets if _follows(first, columns[name][:_FIRST_LOOK], is_first_look=True)
    ]
    if not promising:
        return set()
    whole = np.unique(joined, return_inverse=True)[1].astype(np.int64)
    tied = {name for name in promising if _follows(whole, columns[name])}
    return tied | set(pair) if tied else set()


def _follows(cause: Codes, effect: Codes, *, is_first_look: bool = False) -> bool:
    """Whether who knows the cause knows the effect, where causes repeat."""
    totals = np.bincount(cause)
    repeated = int(totals[totals > 1].sum())
    if repeated < max(_MIN_REPEATED, _MIN_REPEATED_SHARE * len(cause)):
        return is_first_look
    mistaken = len(effect) - int(np.bincount(effect).max())
    wrong = len(cause) - _count_best(cause, effect)
    limit = _MAX_WRONG * repeated * (4 if is_first_look else 1)
    return wrong <= limit and 10 * wrong <= mistaken and mistaken > 0


def _count_best(cause: Codes, effect: Codes) -> int:
    """Rows that are guessed right by the commonest effect of each cause."""
    joined, counts = np.unique(cause * _width(effect) + effect, return_counts=True)
    best = np.zeros(_width(cause), dtype=np.int64)
    np.maximum.at(best, joined // _width(effect), counts)
    return int(best.sum())


def _width(codes: Codes) -> int:
    return int(codes.max(initial=0)) + 1


def find_arithmetic(numbers: Mapping[str, npt.NDArray[np.float64]]) -> set[str]:
    """Columns of which one is the sum, difference, product or quotient of two others.

    Args:
        numbers: The sample, by name; NaN where there is no value.
    """
    names = list(numbers)[:_MAX_ARITHMETIC]
    tied: set[str] = set()
    for trio in combinations(names, 3):
        if _is_tied(*(numbers[name][:_ARITHMETIC_ROWS] for name in trio)):
            tied |= set(trio)
    return tied


def _is_tied(*trio: npt.NDArray[np.float64]) -> bool:
    whole = np.stack(trio)
    whole = whole[:, np.isfinite(whole).all(axis=0) & (whole != 0).all(axis=0)]
    if whole.shape[1] < _MIN_REPEATED or any(np.ptp(each) == 0 for each in whole):
        return False
    first, second, third = whole
    return any(
        _is_sum(a, b, c) or _is_product(a, b, c)
        for a, b, c in ((first, second, third), (second, first, third), (third, first, second))
    )


def _is_sum(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], c: npt.NDArray[np.float64]
) -> bool:
    """Whether a = b + c; differences are sums of another one of the three."""
    off = np.abs(a - b - c)
    return bool(np.mean(off <= _RELATIVE * np.abs(a)) >= 1 - 2 * _MAX_WRONG)


def _is_product(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], c: npt.NDArray[np.float64]
) -> bool:
    """Whether a = k b c for one k, of whatever unit."""
    with np.errstate(all="ignore"):
        ratio = a / (b * c)
        middle = np.median(ratio)
        off = np.abs(ratio / middle - 1)
    return bool(np.mean(off <= _RELATIVE) >= 1 - 2 * _MAX_WRONG)


def is_smooth(ranks: Codes, others: Iterable[Codes]) -> bool:
    """Whether neighbouring values of a number mean nearly the same, as those of a code do not.

    Rows with neighbouring values are compared in the other columns: those of a measure agree
    nearly as often as rows of the same value.

    Args:
        ranks: The number's values by their order, 0, 1, ...
        others: Columns that may be associated, of few values.
    """
    return all(_is_smooth_in(ranks, other) for other in others)


def _is_smooth_in(ranks: Codes, other: Codes) -> bool:
    height, width = _width(ranks), _width(other)
    cells = np.bincount(ranks * width + other, minlength=height * width).astype(np.float64)
    table = cells.reshape(height, width)
    totals = table.sum(axis=1)
    same_pairs = float((totals * (totals - 1)).sum())
    near_pairs = float((totals[:-1] * totals[1:]).sum())
    if min(same_pairs, near_pairs) < 20 * _MIN_REPEATED:
        return True
    same = float((table * (table - 1)).sum()) / same_pairs
    near = float((table[:-1] * table[1:]).sum()) / near_pairs
    shares = table.sum(axis=0) / totals.sum()
    chance = float((shares**2).sum())
    return same - chance < _ASSOCIATED or near - chance >= 0.5 * (same - chance)

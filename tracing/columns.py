"""Which column of a suspect table is which column of the original, whatever it is called there.

First by what the columns hold (values in common, distribution), helped by equal names; later by
the rows that were found to belong together. One column has at most one counterpart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tracing.canon import clean_text
from tracing.cells import Cells, Numbers, pick_rows
from tracing.grain import SAME, Relation, find_relation

_LOOKED_AT: Final = 2_000
_NAME_BONUS: Final = 0.25
_LEAST: Final = 0.35
"""Below this likeness two columns have nothing to do with each other."""
_COMMON_VALUES: Final = 64
_DOUBTFUL: Final = 0.15
"""A column whose cells agree in fewer rows than this is not the counterpart."""
_LEAST_BOND: Final = 0.15
_SAME_NUMBERS: Final = 0.8
_FEW: Final = 8
_FEW_IN_COMMON: Final = 0.05
"""Numbers with fewer values in common than this were not passed on as they were."""
_TYPICAL_NOISE: Final = 0.03
"""Share of the standard deviation that noise is first taken to have."""


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """A column of the suspect and its counterpart.

    Args:
        suspect: Index in the suspect table.
        original: Index in the original table.
        how: What told: an equal `name` (and likeness), the `values`, or aligned `rows`.
        relation: What was done to its numbers.
        kept: Estimated share of its cells that still agree, 0..1.
    """

    suspect: int
    original: int
    how: Literal["name", "values", "rows"]
    relation: Relation = SAME
    kept: float = 0.7


@dataclass(frozen=True, slots=True)
class _Profile:
    """What is compared of a column: made once for each."""

    cells: Cells
    known: frozenset[str]
    sample: Numbers
    name: str


def _profile(cells: Cells) -> _Profile:
    numbers = cells.per_row() if cells.is_numeric else np.empty(0)
    numbers = numbers[np.isfinite(numbers)]
    sample = np.sort(numbers[pick_rows(len(numbers), 10 * _LOOKED_AT, 3)])
    name = "".join(letter for letter in clean_text(cells.name).casefold() if letter.isalnum())
    return _Profile(cells, frozenset(cells.values), sample, name)


def map_columns(suspect: Sequence[Cells], original: Sequence[Cells]) -> tuple[MappedColumn, ...]:
    """Counterparts of the suspect's columns, the likeliest first taken, each column once."""
    seen, whole = [_profile(one) for one in suspect], [_profile(one) for one in original]
    likeness = np.asarray([[_likeness(one, other) for other in whole] for one in seen])
    named = np.asarray([[one.name == other.name for other in whole] for one in seen])
    ranked = np.where(likeness >= _LEAST, likeness + _NAME_BONUS * named, -1.0)
    return tuple(
        MappedColumn(
            row,
            column,
            "name" if named[row, column] else "values",
            _first_relation(seen[row], whole[column]),
        )
        for row, column in sorted(take_best(ranked))
    )


def take_best(ranked: Numbers) -> list[tuple[int, int]]:
    """Pairs of a row and a column, each in one pair at most, the highest number first.

    Args:
        ranked: Numbers above 0; others are no pair.
    """
    taken: list[tuple[int, int]] = []
    left = ranked.copy()
    while left.size and float(left.max()) > 0:
        row, column = divmod(int(left.argmax()), left.shape[1])
        taken.append((row, column))
        left[row, :] = -1
        left[:, column] = -1
    return taken


def rejoin_columns(
    mapping: Sequence[MappedColumn],
    suspect: Sequence[Cells],
    original: Sequence[Cells],
    rows: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
) -> tuple[MappedColumn, ...]:
    """The mapping with doubtful columns joined anew, as rows that belong together show.

    Args:
        mapping: As found so far; columns that hardly ever agree are taken to be wrong.
        suspect: All columns of the suspect.
        original: All columns of the original.
        rows: Rows of the suspect, and the original row of each.
    """
    trusted = [one for one in mapping if one.kept >= _DOUBTFUL or one.relation.how == "noised"]
    open_ = _left(len(suspect), [one.suspect for one in trusted])
    free = _left(len(original), [one.original for one in trusted])
    if not open_ or not free:
        return tuple(trusted)
    bonds = [[_bond(suspect[one], original[other], *rows) for other in free] for one in open_]
    ranked = np.asarray(bonds)
    found = take_best(np.where(ranked >= _LEAST_BOND, ranked, -1.0))
    joined = [
        MappedColumn(
            open_[row],
            free[column],
            "rows",
            _first_relation(_profile(suspect[open_[row]]), _profile(original[free[column]])),
        )
        for row, column in found
    ]
    return tuple(sorted([*trusted, *joined], key=lambda one: one.suspect))


def _left(count: int, taken: Sequence[int]) -> list[int]:
    return sorted(set(range(count)) - set(taken))


def _bond(
    one: Cells,
    other: Cells,
    rows: npt.NDArray[np.int64],
    originals: npt.NDArray[np.int64],
) -> float:
    """0..1: how much more two columns agree in rows that belong together than in others."""
    if one.is_numeric != other.is_numeric:
        return 0.0
    if one.is_numeric:
        mine, theirs = one.per_row()[rows], other.per_row()[originals]
        known = np.isfinite(mine) & np.isfinite(theirs)
        return max(_agree_more(mine, theirs), _correlate(mine[known], theirs[known]))
    places = {value: place for place, value in enumerate(other.values)}
    moved = np.asarray([*(places.get(value, -2) for value in one.values), -1])
    return _agree_more(moved[one.codes[rows]], other.codes[originals])


def _agree_more(mine: npt.NDArray[np.generic], theirs: npt.NDArray[np.generic]) -> float:
    agreeing = float((mine == theirs).mean())
    chance = float((mine == np.roll(theirs, 1)).mean())
    return (agreeing - chance) / max(1 - chance, 1e-9)


def _correlate(mine: Numbers, theirs: Numbers) -> float:
    """Of ranks, so that a few large numbers do not decide; 0 where there is nothing to see."""
    if len(mine) < _FEW or len(np.unique(mine)) < _FEW or len(np.unique(theirs)) < _FEW:
        return 0.0
    ranks = [np.argsort(np.argsort(side, kind="stable")) for side in (mine, theirs)]
    together = float(np.corrcoef(ranks[0], ranks[1])[0, 1])
    return together if together >= _SAME_NUMBERS else 0.0


def _likeness(one: _Profile, other: _Profile) -> float:
    """0..1: how much two columns look like one."""
    if not one.cells.filled or not other.cells.filled:
        return 0.0
    if one.cells.is_numeric != other.cells.is_numeric:
        return 0.0
    shared = _share_of_values(one.cells, other)
    if one.cells.is_numeric:
        return (0.5 + 0.5 * shared) * (1 - _distance(one.sample, other.sample))
    return shared * (1 - _difference(one.cells, other.cells))


def _share_of_values(suspect: Cells, original: _Profile) -> float:
    """Share of the suspect's cells whose value occurs in the original's column; 0..1."""
    chosen = pick_rows(len(suspect.values), _LOOKED_AT, 2)
    weight = suspect.counts[chosen]
    found = np.asarray([suspect.values[place] in original.known for place in chosen], dtype=bool)
    return float(weight[found].sum()) / max(1.0, float(weight.sum()))


def _distance(one: Numbers, other: Numbers) -> float:
    """The largest difference between two distributions of numbers (Kolmogorov, Smirnov)."""
    points = np.concatenate([one, other])
    below = np.searchsorted(one, points, "right") / max(1, len(one))
    under = np.searchsorted(other, points, "right") / max(1, len(other))
    return float(np.abs(below - under).max())


def _difference(one: Cells, other: Cells) -> float:
    """How differently the original's commonest values are spread (total variation); 0..1."""
    top = np.argsort(-other.counts, kind="stable")[:_COMMON_VALUES]
    places = {value: place for place, value in enumerate(one.values)}
    found = [places.get(other.values[place], -1) for place in top]
    mine = np.append(one.counts, 0)[found] / one.filled
    theirs = other.counts[top] / other.filled
    rest = abs(float(mine.sum()) - float(theirs.sum()))
    return 0.5 * (float(np.abs(mine - theirs).sum()) + rest)


def _first_relation(suspect: _Profile, original: _Profile) -> Relation:
    """What seems to have been done to a column's numbers, before any row is aligned."""
    if not suspect.cells.is_numeric:
        return SAME
    rounded = find_relation(suspect.cells, original.cells)
    if rounded != SAME or _share_of_values(suspect.cells, original) >= _FEW_IN_COMMON:
        return rounded
    return Relation("noised", spread=typical_noise(original.cells))


def typical_noise(original: Cells, share: float = _TYPICAL_NOISE) -> float:
    """The spread that noise is taken to have at first: a share of the standard deviation."""
    return max(1e-9, share * deviation(original))


def deviation(cells: Cells) -> float:
    """Standard deviation of a column's numbers; 0 if it has none."""
    known = np.isfinite(cells.numbers)
    numbers, counts = cells.numbers[known], cells.counts[known]
    total = float(counts.sum())
    if total == 0:
        return 0.0
    mean = float((numbers * counts).sum()) / total
    return float(np.sqrt((np.square(numbers - mean) * counts).sum() / total))

"""How the numbers of a suspect column relate to the original's: the same, rounded, cut, or noised.

A suspect column is taken to be rounded where nearly all of its cells are multiples of a step, or
have so few significant digits, as the original's are not.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tracing.cells import Cells, Numbers, pick_rows

_MOST: Final = 0.97
"""This share of the cells decides; the rest may have been changed."""
_STEPS: Final = tuple(lead * 10.0**power for power in range(-6, 7) for lead in (1, 2, 5))
_MAX_DIGITS: Final = 6
_NEAR: Final = 1e-6
_LOOKED_AT: Final = 4_000
_FEW: Final = 8
_NEARER: Final = 0.4


@dataclass(frozen=True, slots=True)
class Relation:
    """What was done to a column's numbers, as far as the suspect shows.

    Args:
        how: `same` values; `rounded` to the nearest; `cut` towards zero; `noised`.
        step: What rounded numbers are multiples of; 0 where they were rounded by digits.
        digits: Significant digits left; 0 where they were rounded by a step.
        spread: Standard deviation of the noise, in the unit of the column.
    """

    how: Literal["same", "rounded", "cut", "noised"] = "same"
    step: float = 0.0
    digits: int = 0
    spread: float = 0.0

    def apply(self, numbers: Numbers) -> Numbers:
        """Original numbers as they stand in the suspect; noise is left out."""
        if self.how in {"same", "noised"}:
            return numbers
        if self.digits:
            steps = _digit_steps(numbers, self.digits)
            return self._round(numbers, steps)
        return self._round(numbers, np.full(len(numbers), self.step))

    def _round(self, numbers: Numbers, steps: Numbers) -> Numbers:
        scaled = _scale(numbers, steps)
        if self.how == "cut":
            whole = np.trunc(scaled + np.copysign(_NEAR, scaled))
        else:
            whole = np.rint(scaled)
        # One spelling for what is one number: 3 * 0.1 is not 0.3.
        return np.round(_unscale(whole, steps), 9) + 0.0


SAME: Final = Relation()


def _scale(numbers: Numbers, steps: Numbers) -> Numbers:
    """Numbers counted in steps; exact for steps that are negative powers of ten."""
    fine = steps < 1
    return np.where(fine, numbers * np.rint(1 / np.where(fine, steps, 1)), numbers / steps)


def _unscale(whole: Numbers, steps: Numbers) -> Numbers:
    fine = steps < 1
    return np.where(fine, whole / np.rint(1 / np.where(fine, steps, 1)), whole * steps)


def _digit_steps(numbers: Numbers, digits: int) -> Numbers:
    size = np.abs(numbers)
    known = np.isfinite(size) & (size > 0)
    power = np.floor(np.log10(np.where(known, size, 1.0)) + 1e-12)
    return np.asarray(10.0 ** (power - digits + 1), dtype=np.float64)


def find_relation(suspect: Cells, original: Cells) -> Relation:
    """How a suspect column was rounded, or SAME.

    Of several roundings that fit, the coarsest, since it is the one that explains most.
    """
    if not (suspect.is_numeric and original.is_numeric):
        return SAME
    seen, whole = _thin(suspect), _thin(original)
    fitting = [one for one in _candidates() if _fits(seen, one) and not _fits(whole, one)]
    if not fitting:
        return SAME
    return min(fitting, key=lambda one: _distinct(whole[0], one))


def _candidates() -> list[Relation]:
    by_step = [Relation("rounded", step=step) for step in _STEPS]
    return by_step + [Relation("rounded", digits=digits) for digits in range(1, _MAX_DIGITS)]


def _thin(cells: Cells) -> tuple[Numbers, Numbers]:
    """At most some thousands of a column's numbers, and how many rows have each."""
    known = np.flatnonzero(np.isfinite(cells.numbers) & (cells.counts > 0))
    known = known[pick_rows(len(known), _LOOKED_AT, 1)]
    return cells.numbers[known], cells.counts[known].astype(np.float64)


def _fits(thinned: tuple[Numbers, Numbers], relation: Relation) -> bool:
    """Whether rounding changes nearly none of these cells."""
    numbers, counts = thinned
    kept = np.isclose(relation.apply(numbers), numbers, rtol=1e-9, atol=1e-9)
    return float(counts[kept].sum()) >= _MOST * float(counts.sum())


def _distinct(numbers: Numbers, relation: Relation) -> int:
    return len(np.unique(relation.apply(numbers)))


def refine_relation(relation: Relation, suspect: Numbers, original: Numbers) -> Relation:
    """The relation that pairs of cells, known to belong together, speak for.

    Args:
        relation: As it was taken to be.
        suspect: One number of each pair.
        original: The other.
    """
    known = np.isfinite(suspect) & np.isfinite(original)
    if int(known.sum()) < _FEW:
        return relation
    suspect, original = suspect[known], original[known]
    best = max(_variants(relation), key=lambda one: _agreement(one, suspect, original))
    expected = best.apply(original)
    differs = np.abs(suspect - expected) > 1e-9 * np.maximum(1, np.abs(original))
    spread = _find_noise(suspect, expected, differs)
    return best if spread is None else Relation("noised", spread=spread)


def _variants(relation: Relation) -> list[Relation]:
    """The same first: max keeps the first of equals."""
    if relation.how in {"same", "noised"}:
        return [SAME]
    return [replace(relation, how="rounded"), replace(relation, how="cut"), SAME]


def _agreement(relation: Relation, suspect: Numbers, original: Numbers) -> int:
    return int(np.isclose(relation.apply(original), suspect, rtol=1e-9, atol=1e-9).sum())


def _find_noise(
    suspect: Numbers, expected: Numbers, differs: npt.NDArray[np.bool_]
) -> float | None:
    """Its spread, where cells that differ lie nearer than those of unlike rows do.

    Cells replaced at random lie as far as those of unlike rows.
    """
    if int(differs.sum()) * 10 < len(differs):
        return None
    apart = np.abs(suspect - expected)[differs]
    unlike = np.abs(suspect - np.roll(expected, 1))[differs]
    middle = float(np.median(apart))
    if middle > _NEARER * float(np.median(unlike)):
        return None
    # Without the few that were replaced besides: of normal noise nearly all lies within.
    within = apart[apart <= 4 * middle]
    kept = len(within) + int((~differs).sum())
    return max(1e-9, float(np.sqrt(np.square(within).sum() / kept)))

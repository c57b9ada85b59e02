"""How much of a copy has to leak before its delivery can be named: estimates for a plan.

Estimates, since they say when naming succeeds; what never fails, the bound on accusing an innocent
delivery, is of another kind and is in `tracing.bounds`. They suppose that rows are aligned rightly
but for one in a hundred, and take the score of a guilty delivery to be nearly normal.

Spec: docs/tracing-method.md, section 7.
"""

from bisect import bisect_left
from math import comb, log, sqrt
from typing import Final

import numpy as np

from ledger.errors import MalformedError
from tracing.bounds import TILTS, Kinds, add_weights, bound_tails, sum_moments
from tracing.hypotheses import (
    Hypothesis,
    expect_other,
    list_coalitions,
    list_hypotheses,
    most_by_chance,
    weigh_canaries,
    weigh_marks,
    weigh_rows,
)
from tracing.markdata import ONE, MarkTerms
from tracing.tally import list_kinds
from tracing.tardos import BIASES, SHARES

_SURE: Final = 2.33
"""Deviations by which the usual score of a guilty delivery has to pass: 99 of 100 do then."""
_SURE_OF_FIRST: Final = 0.6
"""The same among colluders: once one is named the others follow; fitted to simulations."""
_MISSED: Final = 0.01
_MOST: Final = 1 << 40
_RECOMMENDED: Final = (32, 16, 8, 4)
_ONE_SOURCE: Final = list_hypotheses(0)[0]


def rows_needed(
    terms: MarkTerms, deliveries: int, bound: float, *, readable: float = 1.0
) -> int | None:
    """Rows of one copy, wherever they come from, that name its delivery 99 times of 100.

    Args:
        terms: Of the marks.
        deliveries: Among which it has to be found, at least 1.
        bound: On naming any innocent delivery; between 0 and 1.
        readable: Share of the marked cells that can still be read in the rows, 0..1.

    Returns:
        Nothing if the terms leave nothing to tell deliveries apart by.

    Raises:
        MalformedError: Deliveries, bound or share are out of their range.
    """
    if not 0 <= readable <= 1:
        raise MalformedError("the share of readable marks lies between 0 and 1")
    marks = readable / terms.rows_per_mark if terms.rows_per_mark else 0.0
    if not marks and not terms.threshold:
        return None
    return _find_units(_list_unit(_ONE_SOURCE, terms.threshold / ONE, marks), deliveries, bound)


def positions_needed(colluders: int, deliveries: int, bound: float) -> int:
    """Marked rows that name each of some colluders 99 times of 100, whatever they do.

    Their strategies are those of `tracing.hypotheses`: what they agree on they leave as it is.

    Args:
        colluders: Who put their copies together, 1..16.
        deliveries: Among which they have to be found, at least 1.
        bound: On naming any innocent delivery; between 0 and 1.

    Raises:
        MalformedError: One of them is out of its range.
    """
    if not 1 <= colluders <= 16:
        raise MalformedError("colluders are 1..16")
    tried = list_coalitions(colluders) if colluders > 1 else (_ONE_SOURCE,)
    deviations = _SURE_OF_FIRST if colluders > 1 else _SURE
    return max(
        _find_units(_list_unit(each, 0.0, 1.0), deliveries, bound, deviations) for each in tried
    )


def canaries_needed(count: int, chance: float, deliveries: int, bound: float) -> int | None:
    """How many of its invented rows have to be found to name a delivery by them alone.

    Args:
        count: Rows that are invented for each delivery; 1 or more.
        chance: That one of an innocent delivery is found; above 0.
        deliveries: Among which it has to be named, at least 1.
        bound: On naming any innocent delivery; between 0 and 1.

    Returns:
        Nothing if all of them are too few, or one is found by chance too often.
    """
    if chance > most_by_chance(count):
        return None
    kinds = list_kinds([count], [chance], [[weigh_canaries(count, chance)]])
    found = bound_tails(kinds, add_weights(kinds, np.arange(count + 1)[:, None]))[:, 0]
    enough = np.flatnonzero(found <= log(bound / deliveries / 2 / len(list_hypotheses(0))))
    return int(enough[0]) if len(enough) else None


def rows_showing(count: int, needed: int, rows: int) -> int:
    """Rows of a copy, taken at random, that have so many of its invented ones 99 times of 100.

    Args:
        count: Its invented rows; 1 or more.
        needed: How many of them; at most `count`.
        rows: Of the copy, invented ones too.
    """

    def is_enough(taken: int) -> bool:
        share = taken / rows
        fewer = range(needed)
        return sum(comb(count, n) * share**n * (1 - share) ** (count - n) for n in fewer) <= _MISSED

    return 1 + bisect_left(range(1, rows), 1, key=is_enough)


def recommend_rows_per_mark(height: int, *, colluders: int = 5, deliveries: int = 1000) -> int:
    """The largest usual g that gives a table enough marked rows, at a bound of one in a million.

    Args:
        height: Rows of the table.
        colluders: Who all shall be found; see `positions_needed`.
        deliveries: Among which.

    Returns:
        32, 16, 8 or 4; 4 also where even that is too few.

    Raises:
        MalformedError: Colluders or deliveries are out of their range.
    """
    needed = positions_needed(colluders, deliveries, 1e-6)
    return next((each for each in _RECOMMENDED if height >= needed * each), _RECOMMENDED[-1])


def _list_unit(hypothesis: Hypothesis, withheld: float, marks: float) -> Kinds:
    """Bits that one row has on the average; the innocent chance of each, and its weights."""
    sizes, chances, weights = list[float](), list[float](), list[tuple[float, float]]()
    for bias, share in zip(BIASES, SHARES, strict=True) if marks else ():
        for seen in (0, 1):
            other = expect_other(hypothesis, bias / ONE)
            sizes.append(marks * share / ONE * (other if seen else 1 - other))
            chances.append(bias / ONE)
            weights.append(weigh_marks(hypothesis, bias / ONE, seen))
    if withheld:
        sizes.append(1.0)
        chances.append(withheld)
        weights.append(weigh_rows(hypothesis, withheld))
    return list_kinds(sizes, chances, [weights])


def _find_units(unit: Kinds, deliveries: int, bound: float, deviations: float = _SURE) -> int:
    """How many times the bits of a unit are needed.

    Raises:
        MalformedError: Deliveries or bound are out of their range.
    """
    if deliveries < 1 or not 0 < bound < 1:
        raise MalformedError("there is at least one delivery, and a bound between 0 and 1")
    log_bound = log(bound / deliveries / 2 / len(list_hypotheses(0)))
    guilty = unit.chances * np.exp(unit.ones[0])
    steps = unit.ones[0] - unit.zeros[0]
    mean = float(unit.sizes @ (unit.zeros[0] + guilty * steps))
    spread = sqrt(float(unit.sizes @ (guilty * (1 - guilty) * steps**2)))
    moments = np.array([float(sum_moments(unit, tilt)[0]) for tilt in TILTS])

    def is_enough(units: int) -> bool:
        threshold = float(np.min((units * moments - log_bound) / np.array(TILTS)))
        return units * mean - deviations * spread * sqrt(units) >= threshold

    return 1 + bisect_left(range(1, _MOST), 1, key=is_enough)

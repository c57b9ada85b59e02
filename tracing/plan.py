"""What marks are worth and what they cost, worked out before any copy is made.

Worth: how many rows of a copy have to come to light before one of R recipients is named, and how
many recipients may put their copies together and still be found, all of them (tracing.needs).

Cost: rows that are missing or invented, cells that differ, and how far means and variances may
move.

Spec: design of tracing, section 3; docs/tracing-method.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from tracing.canaries import CanarySource
from tracing.markdata import ONE, MarkColumn, MarkPlan, MarkTerms
from tracing.needs import canaries_needed, positions_needed, rows_needed, rows_showing
from tracing.numerals import Numerals, read_numerals, to_steps
from tracing.sighting import LEAST_CHANCE
from tracing.tables import Table

RECIPIENTS: Final = (10, 100, 1_000)
BOUND: Final = 1e-6
_MOST_COLLUDERS: Final = 10
_MILLION: Final = 1_000_000
_DEVIATIONS: Final = 2
"""Shifts are given as expected, and so many standard deviations."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Need:
    """Rows of a copy that name one of so many recipients.

    Args:
        recipients: Of the same source.
        rows: By missing rows alone; None: more than a copy has.
        marked_rows: With the marked cells, if all of them can be read; None: the same.
    """

    recipients: int
    rows: int | None
    marked_rows: int | None


@dataclass(frozen=True, slots=True)
class ColumnCost:
    """What happens to a column.

    Args:
        column: Which.
        cells: How many of its cells a copy is expected to have changed.
        mean_shift: How far its mean may move by them, in millionths of it (of the standard
            deviation, where that is larger); None of a category.
        variance_shift: The same of its variance, in millionths of it.
        sampling: How far the missing rows move its mean, as a standard error, in the same unit.
    """

    column: MarkColumn
    cells: int
    mean_shift: int | None
    variance_shift: int | None
    sampling: int | None


@dataclass(frozen=True, slots=True)
class CanaryNeed:
    """Invented rows that name one of so many recipients by themselves.

    Args:
        recipients: Of the same source.
        found: How many of them have to be found; None: all of them name nobody.
        rows: Rows of a copy that have so many of them; None likewise.
    """

    recipients: int
    found: int | None
    rows: int | None


@dataclass(frozen=True, slots=True)
class CanaryCost:
    """What invented rows are worth, and what they do to the data.

    Args:
        canaries: How many there are in a copy.
        share: Of its rows, in millionths.
        mean_shift: How far they usually move the mean of a column, in millionths of its standard
            deviation.
        needs: For each number of recipients.
    """

    canaries: int
    share: int
    mean_shift: int
    needs: tuple[CanaryNeed, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What `deliver --plan` says.

    Args:
        rows: Of the source.
        withheld: How many of them a copy is expected to lack.
        positions: Marked rows, in which one cell may differ.
        cells: How many cells a copy is expected to have changed.
        all_cells: Of the source.
        needs: For each number of recipients.
        colluders: How many of 1,000 recipients can put their copies together and are all found, if
            all marked cells can be read; 0: the marks name nobody.
        costs: For each column that may be marked.
        canaries: Of invented rows; None: there are none.
    """

    rows: int
    withheld: int
    positions: int
    cells: int
    all_cells: int
    needs: tuple[Need, ...]
    colluders: int
    costs: tuple[ColumnCost, ...]
    canaries: CanaryCost | None = None


def forecast(
    table: Table, terms: MarkTerms, columns: Sequence[MarkColumn], plan: MarkPlan
) -> Forecast:
    """Worth and cost of marks.

    Args:
        table: The source.
        terms: How strongly it is marked.
        columns: Those that may be.
        plan: Under any key: what is expected hardly depends on it.

    Returns:
        What is expected; of invented rows if one is found elsewhere as rarely as the columns let
        expect that were drawn for them, all of them at hand.
    """
    share = terms.threshold / ONE
    chances = plan.biases.astype(np.float64) / ONE
    left = int(table.height * (1 - share))
    per_row = len(plan.rows) / max(table.height, 1)
    rows_alone = MarkTerms(terms.withheld, 0)
    readable = min(1.0, per_row * terms.rows_per_mark)
    return Forecast(
        rows=table.height,
        withheld=round(table.height * share),
        positions=len(plan.rows),
        cells=round(float(chances.sum()) * (1 - share)),
        all_cells=table.height * len(table.columns),
        needs=tuple(
            Need(
                count,
                _at_most(left, rows_needed(rows_alone, count, BOUND)),
                _at_most(left, rows_needed(terms, count, BOUND, readable=readable)),
            )
            for count in RECIPIENTS
        ),
        colluders=_count_colluders(int(len(plan.rows) * (1 - share))),
        costs=tuple(_cost(table, column, plan, chances, share) for column in columns),
        canaries=_cost_canaries(table, terms.canaries, left) if terms.canaries else None,
    )


def _cost_canaries(table: Table, count: int, left: int) -> CanaryCost:
    rows, chance = left + count, _expect_chance(table, count)
    needs = []
    for recipients in RECIPIENTS:
        found = canaries_needed(count, chance, recipients, BOUND)
        shown = None if found is None else rows_showing(count, found, rows)
        needs.append(CanaryNeed(recipients, found, shown))
    shift = ceil(sqrt(count) / rows * _MILLION)
    return CanaryCost(count, ceil(count / rows * _MILLION), shift, tuple(needs))


def _expect_chance(table: Table, count: int) -> float:
    """That one invented row of another recipient is like one of those in a copy."""
    alike = prod(
        float(np.square(np.bincount(column.codes + 1) / table.height).sum())
        for column in table.columns
    )
    passed = CanarySource(table).pass_share()
    return max(LEAST_CHANCE, min(1.0, count * alike / passed)) if passed > 0 else 1.0


def _at_most(left: int, needed: int | None) -> int | None:
    return needed if needed is not None and needed <= left else None


def _count_colluders(positions: int) -> int:
    found = (
        each
        for each in range(_MOST_COLLUDERS, 0, -1)
        if positions_needed(each, RECIPIENTS[-1], BOUND) <= positions
    )
    return next(found, 0)


def _cost(
    table: Table, column: MarkColumn, plan: MarkPlan, chances: Floats, share: float
) -> ColumnCost:
    place = table.names.index(column.name)
    own = np.flatnonzero(plan.columns == place)
    cells = round(float(chances[own].sum()) * (1 - share))
    found = read_numerals(table.columns[place]) if column.kind == "number" else None
    if found is None:
        return ColumnCost(column, cells, None, None, None)
    before = found.steps[table.columns[place].codes[plan.rows[own]]].astype(np.float64)
    after = np.array(
        [to_steps(plan.values[j], found.decimals) for j in own.tolist()], dtype=np.float64
    )
    return _cost_number(column, cells, found, (before, after, chances[own]), share)


def _cost_number(
    column: MarkColumn,
    cells: int,
    numerals: Numerals,
    marked: tuple[Floats, Floats, Floats],
    share: float,
) -> ColumnCost:
    before, after, chances = marked
    count = float(numerals.counts.sum())
    steps = numerals.steps.astype(np.float64)
    mean = float((steps * numerals.counts).sum()) / count
    variance = float(((steps - mean) ** 2 * numerals.counts).sum()) / count
    scale = max(abs(mean), sqrt(variance))
    moved = _bound(after - before, chances) / count
    spread = _bound((after - mean) ** 2 - (before - mean) ** 2, chances) / count
    error = sqrt(variance * share / (1 - share) / count)
    return ColumnCost(
        column,
        cells,
        ceil(moved / scale * _MILLION),
        ceil(spread / variance * _MILLION),
        ceil(error / scale * _MILLION),
    )


def _bound(moves: Floats, chances: Floats) -> float:
    """Expected sum of moves that each happen by their chance, and two standard deviations."""
    expected = abs(float((moves * chances).sum()))
    deviation = sqrt(float((moves**2 * chances * (1 - chances)).sum()))
    return expected + _DEVIATIONS * deviation

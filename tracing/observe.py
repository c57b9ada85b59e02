"""What a suspect shows of an original: the rows that are there, and the marks that can be read.

A mark is read in the aligned row, in the suspect's counterpart of its column: 0 where the cell has
the original value, 1 where it has the other one. Everything else is left out:

```text
the row or the column is not there, or the cell is empty
a category that is neither value
a number farther from both values than they are from each other (or three spreads of noise)
a number in the very middle of both
rounding makes one number of both values, or noise is wider than what they differ by
```

So a number between the two counts for the nearer one: the mean of several copies says what most of
them said. Where a row is there more than once, as when copies were put together, it shows the other
value if any of them does. Nothing here depends on a secret of any delivery.

Spec: tracing, section 3, scoring.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tracing.align import Alignment
from tracing.canon import fold_cell
from tracing.cells import Cells, Numbers, fold_column
from tracing.columns import MappedColumn
from tracing.grain import Relation
from tracing.markdata import MarkPlan
from tracing.score import Observations
from tracing.tables import Column, Table

Places = npt.NDArray[np.int64]
Said = npt.NDArray[np.int8]
_NOTHING: Final = np.int8(-1)
_SPREADS: Final = 3


@dataclass(frozen=True, slots=True)
class _Asked:
    """Cells to read: a suspect's row, and the position of the plan that is looked for there."""

    rows: Places
    positions: Places

    def choose(self, chosen: npt.NDArray[np.bool_]) -> "_Asked":
        return _Asked(self.rows[chosen], self.positions[chosen])


def observe(suspect: Table, original: Table, alignment: Alignment, plan: MarkPlan) -> Observations:
    """Read the marks of a plan in a suspect.

    Args:
        suspect: As it was aligned.
        original: What the plan was made for; its columns are those that the alignment names.
        alignment: Of the suspect's rows to the original's.
        plan: Of one marking key.

    Returns:
        Rows ascending, marks ascending; both may be empty.
    """
    asked = _find_marks(alignment, plan)
    said = np.full(len(plan.rows), _NOTHING, dtype=np.int8)
    for column in np.unique(plan.columns).tolist():
        mapped = alignment.find(column)
        if mapped is None:
            continue
        part = asked.choose(plan.columns[asked.positions] == column)
        read = _read(suspect.columns[mapped.suspect], original.columns[column], mapped, plan, part)
        np.maximum.at(said, part.positions, read)
    marks = np.flatnonzero(said >= 0).astype(np.int32)
    rows = np.sort(alignment.rows[alignment.rows >= 0])
    return Observations(rows, marks, said[marks])


def _find_marks(alignment: Alignment, plan: MarkPlan) -> _Asked:
    """Where positions of the plan are in the suspect; some more than once."""
    ordinals = np.maximum(alignment.rows, alignment.repeats)
    places = np.searchsorted(plan.rows, ordinals)
    if not len(plan.rows):
        return _Asked(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    is_marked = plan.rows[np.minimum(places, len(plan.rows) - 1)] == ordinals
    rows = np.flatnonzero(is_marked & (ordinals >= 0))
    return _Asked(rows, places[rows].astype(np.int64))


def _read(seen: Column, whole: Column, mapped: MappedColumn, plan: MarkPlan, asked: _Asked) -> Said:
    """0, 1 or -1 for each cell that is asked for."""
    cells = fold_column(seen)
    codes = whole.codes[plan.rows[asked.positions]].tolist()
    zeros = [fold_cell(whole.values[code]) if code >= 0 else "" for code in codes]
    ones = [fold_cell(plan.values[position]) for position in asked.positions.tolist()]
    said = np.full(len(asked.rows), _NOTHING, dtype=np.int8)
    if mapped.relation.how == "same":
        said = _read_same(cells, asked.rows, zeros, ones)
    if not cells.is_numeric:
        return said
    numbers = cells.per_row()[asked.rows]
    with np.errstate(over="ignore", invalid="ignore"):
        near = _read_near(numbers, _to_numbers(zeros), _to_numbers(ones), mapped.relation)
    return np.where(said >= 0, said, near)


def _read_same(cells: Cells, rows: Places, zeros: list[str], ones: list[str]) -> Said:
    """Cells that are one of the two values as it stands."""
    places = {value: place for place, value in enumerate(cells.values)}
    codes = cells.codes[rows]
    is_zero = codes == np.asarray([places.get(value, -2) for value in zeros], dtype=np.int32)
    is_one = codes == np.asarray([places.get(value, -2) for value in ones], dtype=np.int32)
    return np.where(is_one & ~is_zero, 1, np.where(is_zero & ~is_one, 0, -1)).astype(np.int8)


def _read_near(numbers: Numbers, zeros: Numbers, ones: Numbers, relation: Relation) -> Said:
    """Numbers that are nearer to one of the two, and not far from it."""
    zeros, ones = relation.apply(zeros), relation.apply(ones)
    between = np.abs(zeros - ones)
    from_zero, from_one = np.abs(numbers - zeros), np.abs(numbers - ones)
    reach = np.maximum(between, _SPREADS * relation.spread)
    said = np.where(from_one < from_zero, 1, 0)
    # A decimal has no exact binary fraction: a middle is one up to rounding.
    is_plain = np.abs(from_one - from_zero) > 1e-6 * between
    is_read = is_plain & (between > relation.spread)
    is_read &= np.minimum(from_zero, from_one) <= reach * (1 + 1e-9)
    return np.where(is_read, said, -1).astype(np.int8)


def _to_numbers(cells: list[str]) -> Numbers:
    return np.asarray([_to_number(cell) for cell in cells], dtype=np.float64)


def _to_number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")

"""What several recipients do who put their copies together.

They know which rows of their copies are the same, as copies are in the order of the original.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from scripts.benchlib.resale.attacks import Chance
from scripts.benchlib.resale.deliveries import Copy
from scripts.benchlib.resale.frames import replace_column, take_rows
from scripts.benchlib.resale.quantities import count_decimals, read_numbers, set_numbers
from tracing.tables import Table

Cells = npt.NDArray[np.int32]
"""Codes of one column; (copies, rows of the original), -2 where a copy lacks the row."""
_LACKING = -2


def union(cells: Cells, chance: Chance) -> Cells:
    """Every row that anybody has, each cell from any who has it."""
    order = chance.random(cells.shape)
    order[cells == _LACKING] = -1
    return cells[order.argmax(axis=0), np.arange(cells.shape[1])]


def majority(cells: Cells, chance: Chance) -> Cells:
    """Every row that anybody has, each cell as most have it."""
    votes = np.array([(cells == one).sum(axis=0) for one in cells], dtype=np.float64)
    votes += chance.random(cells.shape) / 2
    votes[cells == _LACKING] = -1
    return cells[votes.argmax(axis=0), np.arange(cells.shape[1])]


STRATEGIES: Mapping[str, Callable[[Cells, Chance], Cells]] = {
    "union": union,
    "majority": majority,
    "random": union,
    "average": majority,
}


def collude(copies: Sequence[Copy], strategy: str, height: int, chance: Chance) -> Table:
    """The table that some make of their copies.

    Args:
        copies: Of the same original.
        strategy: `union`: all rows, cells at random; `random`: the rows of one of them each,
            cells at random; `majority`: all rows, cells by majority; `average`: all rows, the mean
            of numbers, all else by majority.
        height: Rows of the original.
        chance: Theirs.
    """
    present = np.zeros((len(copies), height), dtype=np.bool_)
    for place, copy in enumerate(copies):
        present[place, copy.rows] = True
    rows = np.flatnonzero(present.any(axis=0))
    if strategy == "random":
        picked = chance.integers(len(copies), size=height)
        rows = np.flatnonzero(present[picked, np.arange(height)])
    table = take_rows(copies[0].table, np.zeros(len(rows), dtype=np.int64))
    for place, column in enumerate(table.columns):
        cells = np.full((len(copies), height), _LACKING, dtype=np.int32)
        for n, copy in enumerate(copies):
            cells[n, copy.rows] = copy.table.columns[place].codes
        cells = cells[:, rows]
        codes = STRATEGIES[strategy](cells, chance)
        table = replace_column(table, place, codes, column.values)
        if strategy == "average" and column.kind == "number":
            table = _average(table, place, cells)
    return table


def _average(table: Table, place: int, cells: Cells) -> Table:
    """Numbers on which they differ become their mean, in the column's decimals."""
    column = table.columns[place]
    known = cells >= 0
    low = np.where(known, cells, np.iinfo(np.int32).max).min(axis=0)
    differing = np.flatnonzero((cells.max(axis=0) != low) & known.any(axis=0))
    if not len(differing):
        return table
    numbers = np.where(known, read_numbers(column)[np.maximum(cells, 0)], 0.0)[:, differing]
    means = numbers.sum(axis=0) / known[:, differing].sum(axis=0)
    return set_numbers(table, place, differing, means, count_decimals(column))

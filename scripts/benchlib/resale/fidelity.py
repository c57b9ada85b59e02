"""What marking does to the data: cells changed, and mean and variance of number columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scripts.benchlib.measure import Row, at_most
from scripts.benchlib.resale.deliveries import Marked
from scripts.benchlib.resale.quantities import read_numbers
from scripts.benchlib.resale.tables import cut_table, load_table
from tracing.tables import Column

_COPIES = 10


@dataclass(frozen=True)
class Cost:
    """What one table pays.

    Args:
        table: Its name.
        columns: How many it has.
        rows_per_mark: g.
        changed: Cells changed among all cells of a copy, the mean of some copies.
        mean: Largest relative change of a column's mean by changed cells, in any copy.
        variance: The same of the variance.
        withheld: Share of rows withheld.
        withheld_mean: Largest change of a mean by withheld rows, in standard deviations.
    """

    table: str
    columns: int
    rows_per_mark: int
    changed: float
    mean: float
    variance: float
    withheld: float
    withheld_mean: float


def measure_cost(folder: Path, name: str) -> Cost:
    """Compare some copies with their original."""
    table = load_table(name, folder)
    if table is None:
        raise FileNotFoundError(name)
    original = cut_table(name, table).asset
    marked = Marked(original, 77)
    changed, mean, variance, kept, moved = [], 0.0, 0.0, [], 0.0
    for number in range(_COPIES):
        copy = marked.copy_of(number)
        kept.append(len(copy.rows) / original.height)
        differing = 0
        for before, after in zip(original.columns, copy.table.columns, strict=True):
            differing += _count_differing(before, after, copy.rows)
            if before.kind == "number" and len(before.values) > 1:
                one, other = _shift(before, after, copy.rows)
                mean, variance = max(mean, one), max(variance, other)
                moved = max(moved, _shift_by_rows(before, copy.rows))
        changed.append(differing / (len(copy.rows) * len(original.columns)))
    return Cost(
        name,
        len(original.columns),
        marked.shared.terms.rows_per_mark,
        float(np.mean(changed)),
        mean,
        variance,
        1 - float(np.mean(kept)),
        moved,
    )


def _count_differing(before: Column, after: Column, rows: npt.NDArray[np.int64]) -> int:
    """Copies share the original's codes, and have more of them only for new values."""
    return int(np.count_nonzero(before.codes[rows] != after.codes))


def _cells(column: Column, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    found = read_numbers(column)[codes]
    return found[np.isfinite(found)]


def _shift(before: Column, after: Column, rows: npt.NDArray[np.int64]) -> tuple[float, float]:
    """By changed cells alone: the same rows before and after."""
    one, other = _cells(before, before.codes[rows]), _cells(after, after.codes)
    scale, spread = max(abs(float(one.mean())), float(one.std())), float(one.var())
    if not spread:
        return 0.0, 0.0
    mean = abs(float(other.mean()) - float(one.mean())) / scale
    return mean, abs(float(other.var()) - spread) / spread


def _shift_by_rows(before: Column, rows: npt.NDArray[np.int64]) -> float:
    """By rows that are not there, in standard deviations of the column."""
    whole, rest = _cells(before, before.codes), _cells(before, before.codes[rows])
    return abs(float(rest.mean()) - float(whole.mean())) / max(float(whole.std()), 1e-300)


def make_cost_rows(costs: Sequence[Cost]) -> Iterator[Row]:
    """Cells changed at most 1 / (g x columns); mean and variance within 0.1 %."""
    for each in costs:
        bound = 1 / (each.rows_per_mark * each.columns)
        meaning = f"{_COPIES} copies; at most 1 / (g x columns)"
        label = f"{each.table}: cells changed, g = {each.rows_per_mark}"
        yield Row("fidelity", label, each.changed, "of cells", at_most(bound), meaning)
        meaning = "the largest of any number column, by changed cells"
        for what, value in (("mean", each.mean), ("variance", each.variance)):
            label = f"{each.table}: {what} changed"
            yield Row("fidelity", label, 100 * value, "%", at_most(0.1), meaning)
        label, meaning = f"{each.table}: mean, by withheld rows", "the largest of any column"
        yield Row("fidelity", label, each.withheld_mean, "deviations", None, meaning)

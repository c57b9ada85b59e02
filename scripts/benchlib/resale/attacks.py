"""What leakers do to a copy before they sell it on.

Each takes a copy, rows that are foreign to it, and a source of chance; it gives the suspect.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scripts.benchlib.resale.frames import (
    Rows,
    pick_columns,
    rename_columns,
    replace_column,
    stack_tables,
    take_rows,
)
from scripts.benchlib.resale.quantities import (
    count_decimals,
    format_number,
    read_numbers,
    set_numbers,
)
from tracing.tables import Column, Table

Chance = np.random.Generator
Attack = Callable[[Table, Table, Chance], Table]
_LEAST_DISTINCT = 0.5
_BINS = 20
_MOST_VALUES = 1_000
"""Of columns with more values it says nothing that two go together."""


def delete_rows(share: float) -> Attack:
    """Keep 1 - share of the rows, at random, in order."""

    def attack(copy: Table, _: Table, chance: Chance) -> Table:
        count = max(1, round(copy.height * (1 - share)))
        return take_rows(copy, np.sort(chance.choice(copy.height, count, replace=False)))

    return attack


def alter_cells(share: float) -> Attack:
    """Put into this share of the cells what a random row has in that column."""

    def attack(copy: Table, _: Table, chance: Chance) -> Table:
        for place, column in enumerate(copy.columns):
            hit = np.flatnonzero(chance.random(copy.height) < share)
            codes = column.codes.copy()
            codes[hit] = column.codes[chance.integers(copy.height, size=len(hit))]
            copy = replace_column(copy, place, codes, column.values)
        return copy

    return attack


def project(count: int) -> Attack:
    """Keep so many columns, chosen at random among choices whose rows are mostly distinct."""

    def attack(copy: Table, _: Table, chance: Chance) -> Table:
        for _try in range(1000):
            places = sorted(chance.choice(len(copy.columns), count, replace=False).tolist())
            if distinct_ratio(copy, places) >= _LEAST_DISTINCT:
                return pick_columns(copy, places)
        raise ValueError(f"no {count} columns tell half of the rows apart")

    return attack


def project_any(count: int) -> Attack:
    """Keep so many columns, whichever; for the report, beside the goal."""

    def attack(copy: Table, _: Table, chance: Chance) -> Table:
        for _try in range(1000):
            places = sorted(chance.choice(len(copy.columns), count, replace=False).tolist())
            if distinct_ratio(copy, places) < _LEAST_DISTINCT:
                return pick_columns(copy, places)
        raise ValueError(f"any {count} columns tell half of the rows apart")

    return attack


def distinct_ratio(table: Table, places: Sequence[int]) -> float:
    """Different rows among all rows, looking at these columns."""
    mixed = np.zeros(table.height, dtype=np.int64)
    for place in places:
        column = table.columns[place]
        mixed = mixed * (len(column.values) + 1) + column.codes + 1
        mixed = np.unique(mixed, return_inverse=True)[1].astype(np.int64)
    return len(np.unique(mixed)) / max(1, table.height)


def rename_and_reorder(copy: Table, _: Table, chance: Chance) -> Table:
    """Other names, other order of columns, other order of rows."""
    places = chance.permutation(len(copy.columns)).tolist()
    mixed = take_rows(pick_columns(copy, places), chance.permutation(copy.height))
    return rename_columns(mixed, [f"v{n}" for n in range(len(places))])


def round_numbers(digits: int) -> Attack:
    """Numbers keep so many significant digits, the rest rounded half away from zero."""

    def attack(copy: Table, _: Table, __: Chance) -> Table:
        return _change_numbers(copy, lambda numbers: _round_to(numbers, digits))

    return attack


def add_noise(share: float) -> Attack:
    """Normal noise of this share of each column's standard deviation, in the column's decimals."""

    def attack(copy: Table, _: Table, chance: Chance) -> Table:
        for place, column in enumerate(copy.columns):
            if column.kind != "number" or not len(column.values):
                continue
            numbers = read_numbers(column)
            known = column.codes >= 0
            cells = numbers[column.codes[known]]
            spread = share * float(cells.std())
            noised = cells + chance.normal(0, spread, len(cells))
            copy = set_numbers(copy, place, np.flatnonzero(known), noised, count_decimals(column))
        return copy

    return attack


def merge(times: int, own: float = 1.0) -> Attack:
    """So many times as many foreign rows among the copy's, shuffled; of the copy only a share."""

    def attack(copy: Table, foreign: Table, chance: Chance) -> Table:
        kept = chance.choice(copy.height, max(1, round(copy.height * own)), replace=False)
        wanted = times * len(kept)
        full, rest = divmod(wanted, foreign.height)
        picked = [np.arange(foreign.height)] * full
        picked.append(chance.choice(foreign.height, rest, replace=False))
        both = stack_tables([take_rows(copy, kept), take_rows(foreign, np.concatenate(picked))])
        return take_rows(both, chance.permutation(both.height))

    return attack


def correlate(share: float) -> Attack:
    """Put right what fits badly: the attack of Ji and others (2021), with foreign rows as prior.

    For each column and each other one the leaker compares how often two values go together in the
    copy with how often they do in data of the same kind. The cells that stick out most, a share of
    each column, get the value that goes best with the row's value in the column that tells most.
    """

    def attack(copy: Table, foreign: Table, _: Chance) -> Table:
        both = stack_tables([copy, foreign])
        bins = [_bin_column(column) for column in both.columns]
        changed = copy
        for place in range(len(copy.columns)):
            changed = _put_right(changed, copy, bins, place, share)
        return changed

    return attack


def _put_right(
    changed: Table, copy: Table, bins: Sequence[npt.NDArray[np.int64]], place: int, share: float
) -> Table:
    height, own = copy.height, bins[place]
    width = int(own.max()) + 1
    if not 2 <= width <= _MOST_VALUES:
        return changed
    suspicion = np.full(height, -np.inf)
    best_tie, best_guess = -1.0, own[:height]
    for other, bin_of in enumerate(bins):
        if other == place or int(bin_of.max()) >= _MOST_VALUES:
            continue
        joint = bin_of * width + own
        size = (int(bin_of.max()) + 1) * width
        mine = np.bincount(joint[:height], minlength=size) + 0.5
        prior = np.bincount(joint[height:], minlength=size) + 0.5
        ratio = np.log(mine / mine.sum()) - np.log(prior / prior.sum())
        suspicion = np.maximum(suspicion, ratio[joint[:height]])
        table = prior.reshape(-1, width)
        tie = float((table.max(axis=1)).sum() / table.sum())
        if tie > best_tie:
            best_tie, best_guess = tie, table.argmax(axis=1)[bin_of[:height]]
    count = round(height * share)
    hit = np.argsort(-suspicion, kind="stable")[:count]
    column = copy.columns[place]
    member = _members_of_bins(own[:height], column, width)
    codes = changed.columns[place].codes.copy()
    codes[hit] = member[best_guess[hit]]
    return replace_column(changed, place, codes, column.values)


def _members_of_bins(
    own: npt.NDArray[np.int64], column: Column, width: int
) -> npt.NDArray[np.int32]:
    """For each bin the commonest value of the column in it; -1 for none."""
    size = len(column.values) + 1
    counts = np.bincount(own * size + column.codes + 1, minlength=width * size)
    return (counts.reshape(width, size).argmax(axis=1) - 1).astype(np.int32)


def _bin_column(column: Column) -> npt.NDArray[np.int64]:
    """Few kinds of values: numbers in bins of about as many rows, all others by value."""
    if column.kind == "number" and len(column.values) > _BINS:
        numbers = read_numbers(column)[column.codes]
        numbers[column.codes < 0] = np.nan
        known = numbers[np.isfinite(numbers)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
        bins = np.searchsorted(edges, numbers, side="right") + 1
        bins[~np.isfinite(numbers)] = 0
        return bins.astype(np.int64)
    return column.codes.astype(np.int64) + 1


def resample(copy: Table, _: Table, chance: Chance) -> Table:
    """Synthetic rows: each value drawn from a row that agrees in the column before."""
    rows: Rows = chance.integers(copy.height, size=copy.height)
    columns = []
    for place, column in enumerate(copy.columns):
        if place:
            before = _bin_column(copy.columns[place - 1])
            order = np.argsort(before, kind="stable")
            start = np.searchsorted(before[order], before[rows], "left")
            stop = np.searchsorted(before[order], before[rows], "right")
            rows = order[start + (chance.random(len(rows)) * (stop - start)).astype(np.int64)]
        columns.append(Column(column.name, column.kind, column.codes[rows], column.values))
    return Table(tuple(columns), copy.height, copy.form, copy.encoding, copy.delimiter)


def chain(*attacks: Attack) -> Attack:
    """One after another."""

    def attack(copy: Table, foreign: Table, chance: Chance) -> Table:
        for one in attacks:
            copy = one(copy, foreign, chance)
        return copy

    return attack


def leave(copy: Table, _: Table, __: Chance) -> Table:
    """Nothing at all."""
    return copy


def _round_to(numbers: npt.NDArray[np.float64], digits: int) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.floor(np.log10(np.abs(numbers)))
        step = 10.0 ** (digits - 1 - size)
        rounded = np.sign(numbers) * np.floor(np.abs(numbers) * step + 0.5) / step
    return np.where(np.isfinite(rounded), rounded, numbers)


def _change_numbers(
    table: Table, change: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
) -> Table:
    for place, column in enumerate(table.columns):
        if column.kind == "number" and column.values:
            changed = change(read_numbers(column)[:-1])
            values = [format_number(number, 12) for number in changed.tolist()]
            table = _recode(table, place, column.codes, values)
    return table


def _recode(table: Table, place: int, codes: npt.NDArray[np.int32], values: Sequence[str]) -> Table:
    """Cells of which several may say the same now."""
    known: dict[str, int] = {}
    moved = [known.setdefault(value, len(known)) for value in values]
    return replace_column(table, place, np.array([*moved, -1], dtype=np.int32)[codes], tuple(known))


@dataclass(frozen=True)
class Trial:
    """One attack of the bench.

    Args:
        name: Of the attack, as `--only` and the report have it.
        attack: What is done.
        least: Runs of 100 in which the right delivery has to be named; None: reported only.
        note: What the report says of it.
        is_written: The suspect is written to a file and read back, in one form after another.
    """

    name: str
    attack: Attack
    least: int | None = None
    note: str = ""
    is_written: bool = False


ATTACKS: Mapping[str, Trial] = {
    one.name: one
    for one in (
        Trial("unchanged", leave, 99),
        Trial("delete-50", delete_rows(0.5), 99),
        Trial("delete-90", delete_rows(0.9), 99),
        Trial("delete-95", delete_rows(0.95), 99),
        Trial("delete-99", delete_rows(0.99), None, "fails on small tables"),
        Trial("alter-10", alter_cells(0.1), 99),
        Trial("alter-30", alter_cells(0.3), 99),
        Trial("alter-50", alter_cells(0.5), 90),
        Trial("project-3", project(3), 99, "triples with a distinct ratio of at least 0.5"),
        Trial("project-3-any", project_any(3), None, "triples with a lower distinct ratio"),
        Trial(
            "reformat",
            leave,
            99,
            "CSV, TSV, JSON Lines, Parquet; UTF-8 with and without BOM, GB18030",
            is_written=True,
        ),
        Trial("rename", rename_and_reorder, 99, "names, columns and rows in another order"),
        Trial("round-3", round_numbers(3), 99, "three significant digits"),
        Trial("round-2", round_numbers(2), 99, "two significant digits"),
        Trial("noise-1", add_noise(0.01), None, "1 % of each standard deviation"),
        Trial("noise-5", add_noise(0.05), None, "5 % of each standard deviation"),
        Trial("merge-1", merge(1), 99, "as many foreign rows"),
        Trial("merge-9", merge(9, own=0.1), 99, "a tenth of the copy in nine times as many"),
        Trial("correlate", correlate(0.1), None, "after Ji et al. 2021, a tenth of each column"),
        Trial("resample", resample, None, "synthetic rows: known to fail"),
        Trial(
            "sentence",
            chain(delete_rows(0.95), merge(9), rename_and_reorder),
            99,
            "5 %, shuffled, renamed, in nine times as many foreign rows, in another form",
            is_written=True,
        ),
    )
}

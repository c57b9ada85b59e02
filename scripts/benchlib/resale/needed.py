"""How many leaked rows it takes to name one of 1,000 recipients."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log, log1p
from pathlib import Path

import numpy as np

from scripts.benchlib.measure import Row
from scripts.benchlib.resale.deliveries import Deliveries, Marked
from scripts.benchlib.resale.innocents import Shown, observe_shown, show_copy
from scripts.benchlib.resale.tables import cut_table, load_table
from scripts.benchlib.resale.trials import BOUND, DELIVERIES
from tracing.markdata import MarkTerms
from tracing.score import judge

ROWS = (100, 200, 300, 400, 500, 600, 700, 800, 1000, 1200, 1500, 2000)
TERMS_TRIED = {
    "e = 2 %, g = 32": MarkTerms(withheld=200, rows_per_mark=32),
    "e = 2 %, no marks": MarkTerms(withheld=200, rows_per_mark=0),
    "e = 2 %, g = 8": MarkTerms(withheld=200, rows_per_mark=8),
    "e = 5 %, g = 16": MarkTerms(withheld=500, rows_per_mark=16),
}


@dataclass(frozen=True)
class Needed:
    """Of copies that leak so many rows, how many are named.

    Args:
        terms: A key of TERMS_TRIED.
        named: By ROWS, the share that is named.
    """

    terms: str
    named: tuple[float, ...]

    @property
    def rows(self) -> int | None:
        """The least of ROWS at which 99 of 100 are named; None: none is enough."""
        enough = [n for n, share in zip(ROWS, self.named, strict=True) if share >= 0.99]
        return min(enough, default=None)


@dataclass(frozen=True)
class Counter:
    """Counts for one table.

    Args:
        folder: Of the tables.
        table: Of SOURCES.
        runs: For each number of rows.
    """

    folder: Path
    table: str
    runs: int

    def __call__(self, terms: str) -> Needed:
        """What these terms need."""
        table = load_table(self.table, self.folder)
        if table is None:
            raise FileNotFoundError(self.table)
        marked = Marked(cut_table(self.table, table).asset, 4, TERMS_TRIED[terms])
        scored = Deliveries(marked, DELIVERIES)
        chance = np.random.default_rng(4)
        shares = []
        for count in ROWS:
            hits = 0
            for _ in range(self.runs):
                guilty = int(chance.integers(DELIVERIES))
                shown = show_copy(marked, scored.keys[guilty].stream)
                rows = np.zeros(marked.shared.height, dtype=np.bool_)
                kept = np.flatnonzero(shown.rows)
                rows[chance.choice(kept, count, replace=False)] = True
                observed = observe_shown(Shown(rows, shown.bits), marked)
                scores = judge(scored.evidence(observed), scored.names, bound=BOUND)
                hits += [one.name for one in scores.named] == [f"d{guilty}"]
            shares.append(hits / self.runs)
        return Needed(terms, tuple(shares))


def expect_rows(terms: MarkTerms) -> float:
    """By the design: ln(R / a) / (-ln(1 - e) + ln 2 / g), where all marks are readable."""
    gained = -log1p(-terms.withheld / 10_000)
    if terms.rows_per_mark:
        gained += log(2) / terms.rows_per_mark
    return log(DELIVERIES / BOUND) / gained


def make_needed_rows(found: Sequence[Needed]) -> Iterator[Row]:
    """The least number of rows for each choice of terms."""
    for each in found:
        expected = expect_rows(TERMS_TRIED[each.terms])
        meaning = f"99 of 100 named; the design's estimate for one half of them: {expected:.0f}"
        yield Row("rows", f"rows needed, {each.terms}", each.rows, "rows", None, meaning)

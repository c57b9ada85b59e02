"""Runs of the whole pipeline: a copy is attacked, read, aligned to its original, and scored."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from scripts.benchlib.resale.attacks import ATTACKS
from scripts.benchlib.resale.collusion import collude
from scripts.benchlib.resale.deliveries import Deliveries, Marked
from scripts.benchlib.resale.forms import FORMS, write_and_read
from scripts.benchlib.resale.frames import settle_table
from scripts.benchlib.resale.tables import Bench, cut_table, load_table
from tracing.align import align
from tracing.observe import observe
from tracing.score import Scores, judge
from tracing.tables import Table

DELIVERIES = 1_000
BOUND = 1e-6
RUNS_PER_KEY = 10
"""Runs that share a marking key; then the table is marked anew."""
ORIGINAL = -1
"""In place of a recipient: the suspect is made of the owner's own original."""


@dataclass(frozen=True)
class Job:
    """One run.

    Args:
        table: Of SOURCES.
        attack: Of ATTACKS; or `random/3`, a way of three recipients to put copies together.
        run: Its number.
        guilty: How many recipients have a part in it; 0: nobody that is scored.
    """

    table: str
    attack: str
    run: int
    guilty: int = 1


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Args:
        job: Which.
        guilty: Numbers of the deliveries that it was made of.
        named: Numbers of those that were named.
        least: Logarithm of the least p of any delivery.
        rows: Of the suspect.
        aligned: Rows that were found in the original.
        marks: Marked cells that could be read.
        seconds: From the table in memory to the verdict.
    """

    job: Job
    guilty: tuple[int, ...]
    named: tuple[int, ...]
    least: float
    rows: int
    aligned: int
    marks: int
    seconds: float

    @property
    def found(self) -> int:
        """Guilty deliveries that were named."""
        return len(set(self.guilty) & set(self.named))

    @property
    def wronged(self) -> int:
        """Innocent deliveries that were named."""
        return len(set(self.named) - set(self.guilty))


class Workshop:
    """Tables as the bench uses them, marked under keys of their own.

    Args:
        folder: Where tables are unpacked.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, job: Job) -> Outcome:
        """Do one run."""
        bench, deliveries = _prepare(self._folder, job.table, job.run // RUNS_PER_KEY)
        chance = np.random.default_rng([job.run, *job.attack.encode(), *job.table.encode()])
        guilty, leaked = _leak(job, deliveries, chance)
        suspect = _attack(job, leaked, bench, chance)
        return _score(job, bench, deliveries, suspect, guilty)


@lru_cache(maxsize=2)
def _load(folder: Path, name: str) -> Bench:
    table = load_table(name, folder)
    if table is None:
        raise FileNotFoundError(name)
    return cut_table(name, table)


@lru_cache(maxsize=1)
def _prepare(folder: Path, name: str, key: int) -> tuple[Bench, Deliveries]:
    bench = _load(folder, name)
    return bench, Deliveries(Marked(bench.asset, key), DELIVERIES)


def _leak(
    job: Job, deliveries: Deliveries, chance: np.random.Generator
) -> tuple[tuple[int, ...], Table]:
    """Who has a part in it, and what they have together."""
    if job.guilty == ORIGINAL:
        return (), deliveries.marked.original
    if job.guilty == 0:  # a recipient of another delivery, which is not among those scored
        return (), deliveries.marked.copy_of(-1 - job.run).table
    chosen = sorted(chance.choice(deliveries.count, job.guilty, replace=False).tolist())
    copies = [deliveries.copy(number) for number in chosen]
    if len(copies) == 1:
        return tuple(chosen), copies[0].table
    strategy = job.attack.partition("/")[0]
    height = deliveries.marked.original.height
    return tuple(chosen), collude(copies, strategy, height, chance)


def _attack(job: Job, leaked: Table, bench: Bench, chance: np.random.Generator) -> Table:
    if job.attack not in ATTACKS:
        return settle_table(leaked)
    suspect = ATTACKS[job.attack].attack(leaked, bench.foreign, chance)
    if ATTACKS[job.attack].is_written:
        return write_and_read(suspect, FORMS[job.run % len(FORMS)])
    return settle_table(suspect)


def _score(
    job: Job, bench: Bench, deliveries: Deliveries, suspect: Table, guilty: Sequence[int]
) -> Outcome:
    begun = time.perf_counter()
    alignment = align(suspect, bench.asset)
    observed = observe(suspect, bench.asset, alignment, deliveries.marked.shared.plan)
    scores = judge(deliveries.evidence(observed), deliveries.names, bound=BOUND)
    return Outcome(
        job,
        tuple(guilty),
        tuple(number_of(each.name) for each in scores.named),
        least_of(scores),
        suspect.height,
        alignment.aligned,
        len(observed.marks),
        time.perf_counter() - begun,
    )


def number_of(name: str) -> int:
    """The number of a delivery."""
    return int(name[1:])


def least_of(scores: Scores) -> float:
    """Logarithm of the least p of any delivery."""
    return min(each.log_p for each in scores.deliveries)

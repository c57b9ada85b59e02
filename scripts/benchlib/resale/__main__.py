"""Command line of `scripts/bench-resale`."""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from scripts.benchlib.measure import Row, describe_machine
from scripts.benchlib.report import format_json, format_table
from scripts.benchlib.resale.attribution import (
    list_innocent_jobs,
    list_jobs,
    make_innocent_rows,
    make_rows,
)
from scripts.benchlib.resale.baselines import (
    Compared,
    compare,
    list_baseline_jobs,
    make_baseline_rows,
    measure_minhash,
)
from scripts.benchlib.resale.calibration import (
    list_calibration,
    make_calibration_rows,
    try_some,
)
from scripts.benchlib.resale.derivation import (
    Answer,
    Extent,
    estimate_share,
    make_derivation_rows,
    measure_derivation,
)
from scripts.benchlib.resale.fidelity import Cost, make_cost_rows, measure_cost
from scripts.benchlib.resale.found import Found
from scripts.benchlib.resale.innocents import Calibration
from scripts.benchlib.resale.kept import Kept, Line, describe_code
from scripts.benchlib.resale.needed import TERMS_TRIED, Needed, make_needed_rows
from scripts.benchlib.resale.needed import Counter as NeededCounter
from scripts.benchlib.resale.page import Origin, write_page
from scripts.benchlib.resale.speed import Size, measure_speed
from scripts.benchlib.resale.tables import load_table
from scripts.benchlib.resale.trials import Job, Outcome, Workshop

ROOT = Path(__file__).resolve().parents[3]
LIBRARIES = ("numpy", "polars")
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")
_RUN = Line[Job, Outcome | None]


@dataclass(frozen=True)
class Scale:
    """How large this run is.

    Args:
        runs: Of each attack that has a goal, by table.
        innocent_runs: Of each attack on strangers' copies and originals, by table.
        innocents: Suspects that are scored by what can be observed of them.
        baseline_runs: Of each attack on a copy that the baselines marked.
        derivation: Of how many assets suspects are made.
        needed_runs: For each number of leaked rows.
        speed: What is traced with the commands themselves.
    """

    runs: dict[str, int]
    innocent_runs: dict[str, int]
    innocents: int
    baseline_runs: int
    derivation: Extent
    needed_runs: int
    speed: Size


QUICK = Scale(
    runs={"adult": 2, "covertype": 2, "countymurders": 1},
    innocent_runs={"adult": 1, "covertype": 1},
    innocents=640,
    baseline_runs=2,
    derivation=Extent(step=4, most_rows=2_000),
    needed_runs=20,
    speed=Size("countymurders", 5_000, 50, 100),
)
FULL = Scale(
    runs={"adult": 100, "covertype": 50, "countymurders": 10, "diamonds": 10, "flights": 10},
    innocent_runs={"adult": 4, "covertype": 4, "countymurders": 1, "diamonds": 1},
    innocents=16_000,
    baseline_runs=20,
    derivation=Extent(step=1, most_rows=100_000),
    needed_runs=200,
    speed=Size("flights", 300_000, 1_000, 1_000),
)
GROUPS = (
    "fidelity", "rows", "speed", "calibration", "derivation", "baselines", "innocents", "attacks",
)  # fmt: skip


class Crew:
    """Does many things at once, says how far it is, and keeps what is done.

    Args:
        workers: Processes.
        kept: Folder for what is done; what lies there is not done again. None: nothing is kept.

    Attributes:
        codes: By group, the states of the code that what was used is of.
    """

    def __init__(self, workers: int, kept: Path | None) -> None:
        self._workers, self._kept = workers, kept
        self._begun = time.perf_counter()
        self.codes: dict[str, set[str]] = {}

    def map(
        self,
        group: str,
        work: Callable[[_Given], _Made],
        given: Sequence[_Given],
        line: type[Line[_Given, _Made]],
    ) -> Iterator[_Made]:
        """What each gives, in order."""
        do = partial(self._do, group, work)
        if self._kept is None:
            return do(given)
        kept = Kept(self._kept / f"{group}.jsonl", describe_code(ROOT), line)
        self.codes[group] = kept.codes
        return kept.map(do, given)

    def _do(
        self, group: str, work: Callable[[_Given], _Made], given: Sequence[_Given]
    ) -> Iterator[_Made]:
        with ProcessPoolExecutor(self._workers) as pool:
            chunk = max(1, min(40, len(given) // (4 * self._workers)))
            for done, made in enumerate(pool.map(work, given, chunksize=chunk), 1):
                if done == len(given) or done % max(1, len(given) // 20) == 0:
                    self.tell(f"{group}: {done} of {len(given)}")
                yield made

    def tell(self, said: str) -> None:
        """One line of progress."""
        seconds = time.perf_counter() - self._begun
        print(f"resale: {said} after {seconds:.0f} s", file=sys.stderr, flush=True)


class Bench:
    """Measures group after group.

    Args:
        scale: How much.
        folder: Of the tables.
        crew: That does the work.
    """

    def __init__(self, scale: Scale, folder: Path, crew: Crew) -> None:
        self._scale, self._folder, self._crew = scale, folder, crew
        self._tables = [name for name in scale.runs if load_table(name, folder) is not None]
        self.found = Found()

    def measure(self, group: str, attack: str | None = None) -> None:
        """Measure a group.

        Args:
            group: One of GROUPS.
            attack: Of the attacks only this.
        """
        measures: dict[str, Callable[[], Iterator[Row]]] = {
            "attacks": lambda: self._measure_attacks(attack),
            "innocents": self._measure_innocents,
            "calibration": self._measure_calibration,
            "baselines": self._measure_baselines,
            "derivation": self._measure_derivation,
            "fidelity": self._measure_fidelity,
            "rows": self._measure_needed,
            "speed": self._measure_speed,
        }
        self.found.rows += measures[group]()

    def _measure_attacks(self, attack: str | None) -> Iterator[Row]:
        runs = self._scale.runs
        jobs = [job for name in self._tables for job in list_jobs(name, runs[name], attack)]
        made = self._crew.map("attacks", partial(_run, self._folder), jobs, _RUN)
        self.found.attacks = [each for each in made if each is not None]
        return make_rows(self.found.attacks)

    def _measure_innocents(self) -> Iterator[Row]:
        runs = self._scale.innocent_runs
        jobs = [job for name in self._some() for job in list_innocent_jobs(name, runs[name])]
        made = self._crew.map("innocents", partial(_run, self._folder), jobs, _RUN)
        self.found.innocents = [each for each in made if each is not None]
        return make_innocent_rows(self.found.innocents)

    def _measure_calibration(self) -> Iterator[Row]:
        given = list_calibration(self._some(), self._scale.innocents)
        total = Calibration()
        one = partial(try_some, self._folder)
        for each in self._crew.map("calibration", one, given, Line[tuple[str, int], Calibration]):
            total.add(each)
        self.found.calibration = total
        return make_calibration_rows(total)

    def _measure_baselines(self) -> Iterator[Row]:
        jobs = list_baseline_jobs(self._some(), self._scale.baseline_runs)
        line = Line[Job, Compared | None]
        made = self._crew.map("baselines", partial(compare, self._folder), jobs, line)
        self.found.compared = [each for each in made if each is not None]
        yield from make_baseline_rows(self.found.compared)
        minhash = partial(measure_minhash, self._folder, ours=estimate_share)
        for rows in self._crew.map("minhash", minhash, self._some()[:1], Line[str, list[Row]]):
            yield from rows

    def _measure_derivation(self) -> Iterator[Row]:
        every = partial(self._crew.map, line=Line[tuple[str, str], Answer | None])
        count, answers = measure_derivation(every, self._folder, self._scale.derivation)
        return make_derivation_rows(count, answers)

    def _measure_fidelity(self) -> Iterator[Row]:
        one = partial(measure_cost, self._folder)
        return make_cost_rows(list(self._crew.map("fidelity", one, self._tables, Line[str, Cost])))

    def _measure_needed(self) -> Iterator[Row]:
        counter = NeededCounter(self._folder, self._some()[0], self._scale.needed_runs)
        made = self._crew.map("rows", counter, list(TERMS_TRIED), Line[str, Needed])
        self.found.needed = list(made)
        return make_needed_rows(self.found.needed)

    def _measure_speed(self) -> Iterator[Row]:
        one, line = partial(measure_speed, self._folder), Line[Size, list[Row]]
        for rows in self._crew.map("speed", one, [self._scale.speed], line):
            yield from rows

    def _some(self) -> list[str]:
        """Tables of which there are more runs; without them, of the others."""
        return [name for name in self._tables if name in self._scale.innocent_runs]


def main() -> None:
    options = _parse_arguments()
    scale = QUICK if options.quick else FULL
    crew = Crew(options.workers, None if options.quick else _prepare_kept(again=options.again))
    bench = Bench(scale, options.folder, crew)
    machine = describe_machine() | {name: version(name) for name in LIBRARIES}
    if options.only is None:
        folder = ROOT / "build" / "resale" if options.quick else ROOT / "docs"
        command = " ".join(["scripts/bench-resale", *sys.argv[1:]])
        for group in GROUPS:
            bench.measure(group)
            write_page(options.out or folder, Origin(machine, command, crew.codes), bench.found)
    elif options.only in GROUPS:
        bench.measure(options.only)
    else:
        bench.measure("attacks", options.only)
    rows = bench.found.rows
    if not rows:
        sys.exit(f"resale: there is no attack and no group {options.only}")
    print(format_json(machine, rows) if options.json else format_table(machine, rows))


def _prepare_kept(*, again: bool) -> Path:
    """The folder of what is kept, emptied where all is to be measured again."""
    folder = ROOT / "build" / "resale" / "kept"
    if again:
        shutil.rmtree(folder, ignore_errors=True)
    return folder


def _run(folder: Path, job: Job) -> Outcome | None:
    """A run; None where the attack cannot be done to the table."""
    try:
        return Workshop(folder).run(job)
    except ValueError:
        return None


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench-resale",
        description="Leak marked copies of real tables, attack them, and see who is named.",
    )
    parser.add_argument("--quick", action="store_true", help="small numbers, a few minutes")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--again", action="store_true", help="measure also what was kept")
    parser.add_argument("--only", metavar="ATTACK", help="one attack, or: " + ", ".join(GROUPS))
    parser.add_argument("--out", type=Path, help="where the page goes (default: docs)")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "resale" / "tables")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


if __name__ == "__main__":
    main()

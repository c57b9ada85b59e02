"""Many innocent suspects: how often an accusation would be wrong, and what was promised."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.benchlib.measure import Row, at_most
from scripts.benchlib.resale.deliveries import Marked
from scripts.benchlib.resale.innocents import TRIALS_PER_KEY, Calibration, try_innocents
from scripts.benchlib.resale.stats import interval, upper_bound
from scripts.benchlib.resale.tables import cut_table, load_table
from scripts.benchlib.resale.trials import DELIVERIES

LEVELS = (1e-2, 1e-3)


def list_calibration(tables: Sequence[str], count: int) -> list[tuple[str, int]]:
    """So many innocent suspects of some tables in lots, each under a marking key of its own."""
    lots = -(-count // TRIALS_PER_KEY)
    return [(tables[number % len(tables)], number) for number in range(lots)]


def try_some(folder: Path, given: tuple[str, int]) -> Calibration:
    """Score the suspects of one lot."""
    name, number = given
    table = load_table(name, folder)
    if table is None:
        raise FileNotFoundError(name)
    marked = Marked(cut_table(name, table).asset, 1_000_000 + number)
    return try_innocents(marked, TRIALS_PER_KEY, number, DELIVERIES)


def make_calibration_rows(found: Calibration) -> Iterator[Row]:
    """Wrong accusations with their upper bound, and the observed rate at each level."""
    trials, accused = sum(found.trials.values()), sum(found.accused.values())
    meaning = (
        f"{trials} innocent suspects ({len(found.trials)} kinds), each scored against "
        f"{DELIVERIES} deliveries by what can be observed of it"
    )
    yield Row("calibration", "innocent trials", trials, "trials", None, meaning)
    yield Row("calibration", "false accusations at 1e-6", accused, "trials", at_most(0), meaning)
    bound = upper_bound(accused, trials)
    yield Row("calibration", "95 % upper bound", bound, "of trials", None, "exact; about 3/trials")
    for level in LEVELS:
        count = found.count_accused(level, DELIVERIES)
        low, high = interval(count, trials)
        meaning = f"{count} of {trials}; 95 % interval {low:.2g} to {high:.2g}"
        goal = at_most(level)
        yield Row("calibration", f"accused at a = {level:g}", count / trials, "", goal, meaning)
    for exponent in (2, 3):
        count, level = int(found.below[exponent]), 10.0**-exponent
        low, high = interval(count, found.deliveries)
        meaning = f"{count} of {found.deliveries}; 95 % interval {low:.2g} to {high:.2g}"
        goal = at_most(level)
        value = count / found.deliveries
        yield Row("calibration", f"single p <= {level:g}", value, "", goal, meaning)

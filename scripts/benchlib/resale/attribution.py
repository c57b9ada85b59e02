"""Which runs are done for attribution, and the rows that come of them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scripts.benchlib.measure import Row, at_least, at_most
from scripts.benchlib.resale.attacks import ATTACKS
from scripts.benchlib.resale.stats import upper_bound
from scripts.benchlib.resale.trials import ORIGINAL, Job, Outcome

STRATEGIES = ("union", "random", "majority", "average")
INNOCENT_ATTACKS = (
    "unchanged", "delete-90", "delete-95", "alter-30", "alter-50", "project-3", "rename",
    "round-2", "noise-1", "merge-1", "merge-9", "correlate", "resample", "sentence",
)  # fmt: skip


_REPORTED = 5


@dataclass(frozen=True)
class Coalition:
    """What is asked of recipients who put their copies together.

    Args:
        copies: How many they are.
        needed: So many of them have to be named.
        least: In so many of 100 runs; None: reported only.
        strategies: That the goal is for.
    """

    copies: int
    needed: int
    least: int | None
    strategies: tuple[str, ...] = ("random", "majority")


COALITIONS = (
    Coalition(2, 2, 99),
    Coalition(3, 3, 99),
    Coalition(5, 3, 99),
    Coalition(10, 1, None),
)


def list_jobs(table: str, runs: int, only: str | None = None) -> list[Job]:
    """Runs of every attack on a table, with one recipient and with several.

    Args:
        table: Of SOURCES.
        runs: Of an attack that has a goal; of others a fifth, rounded up.
        only: This attack, or this way to put copies together; None: all.
    """
    names = [(attack, 1) for attack in ATTACKS]
    names += [(f"{way}/{each.copies}", each.copies) for each in COALITIONS for way in STRATEGIES]
    wanted = [each for each in names if only in {None, each[0], each[0].partition("/")[0]}]
    return [
        Job(table, attack, run, guilty)
        for run in range(runs)
        for attack, guilty in wanted
        if needed_of(attack)[1] is not None or run < -(-runs // _REPORTED)
    ]


def list_innocent_jobs(table: str, runs: int) -> list[Job]:
    """Whole suspects that are made of nothing that is scored: strangers' copies, the original."""
    return [
        Job(table, attack, run, guilty)
        for run in range(runs)
        for attack in INNOCENT_ATTACKS
        for guilty in (0, ORIGINAL)
    ]


def group_outcomes(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], list[Outcome]]:
    """By table and attack, in the order of the bench."""
    groups: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for each in outcomes:
        groups[each.job.table, each.job.attack].append(each)
    return dict(groups)


def needed_of(attack: str) -> tuple[int, int | None]:
    """How many of the guilty have to be named, and in how many of 100 runs."""
    if attack in ATTACKS:
        return 1, ATTACKS[attack].least
    way, _, copies = attack.partition("/")
    coalition = next(each for each in COALITIONS if each.copies == int(copies))
    return coalition.needed, coalition.least if way in coalition.strategies else None


def is_right(outcome: Outcome) -> bool:
    """Whether as many of the guilty as are asked for were named, and nobody else."""
    return outcome.found >= needed_of(outcome.job.attack)[0] and not outcome.wronged


def share_of(outcomes: Sequence[Outcome]) -> float:
    """Right runs of a hundred."""
    return 100 * sum(map(is_right, outcomes)) / len(outcomes)


def make_rows(outcomes: Sequence[Outcome]) -> Iterator[Row]:
    """A row for each attack on each table, and one for all wrong accusations together."""
    for (table, attack), some in group_outcomes(outcomes).items():
        needed, least = needed_of(attack)
        goal = None if least is None else at_least(least)
        meaning = f"{len(some)} runs; right: {needed} named, nobody else"
        yield Row("attack", f"{table}: {attack}", share_of(some), "% right", goal, meaning)
        if "/" in attack:
            mean = sum(each.found for each in some) / len(some)
            yield Row("attack", f"{table}: {attack}, named", mean, "of them", None, meaning)
    wronged = sum(each.wronged for each in outcomes)
    meaning = f"beside the guilty, in {len(outcomes)} runs of 1,000 deliveries each"
    yield Row("attack", "innocent named", wronged, "deliveries", at_most(0), meaning)


def make_innocent_rows(outcomes: Sequence[Outcome]) -> Iterator[Row]:
    """Of whole suspects that are nobody's."""
    accused = sum(bool(each.named) for each in outcomes)
    meaning = f"{len(outcomes)} strangers' copies and originals, attacked, whole pipeline"
    yield Row("innocent", "whole suspects: accused", accused, "trials", at_most(0), meaning)
    bound = upper_bound(accused, len(outcomes))
    yield Row("innocent", "whole suspects: 95 % upper bound", bound, "of trials", None, meaning)

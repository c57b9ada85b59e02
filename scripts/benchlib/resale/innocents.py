"""Innocent suspects, scored against all deliveries: how often somebody would be accused.

A suspect is a copy of a delivery that is not among those scored, or the owner's original, changed
by an attack. Here the attack is done to what can be observed of it (rows that are there, marked
cells that are read), without a table: so there can be many. Whole tables are in `trials`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scripts.benchlib.resale.deliveries import Deliveries, Marked, stream_of
from scripts.benchlib.resale.trials import BOUND, least_of
from tracing.marks import code_bits, withheld_rows
from tracing.score import Observations, judge

Chance = np.random.Generator
TRIALS_PER_KEY = 100
LEVELS = (0.5, 0.1, 1e-2, 1e-3, 1e-6)
_EXPONENTS = 8


@dataclass(frozen=True)
class Shown:
    """What somebody has of an original, before an attack.

    Args:
        rows: Which are there; a bool for each.
        bits: What each marked cell says, if its row is there: 0 or 1; -1: neither.
    """

    rows: npt.NDArray[np.bool_]
    bits: npt.NDArray[np.int8]


Change = Callable[[Shown, Marked, Chance], Shown]


def _delete(share: float) -> Change:
    return lambda shown, _, chance: Shown(
        shown.rows & (chance.random(len(shown.rows)) >= share), shown.bits
    )


def _alter(share: float) -> Change:
    """Cells are replaced, some rows are not found any more, and one in a hundred wrongly."""

    def change(shown: Shown, _: Marked, chance: Chance) -> Shown:
        hit = chance.random(len(shown.bits)) < share
        other = chance.choice(np.array([-1, -1, -1, 0, 1], dtype=np.int8), len(shown.bits))
        rows = shown.rows & (chance.random(len(shown.rows)) >= share / 2)
        return Shown(rows | (chance.random(len(rows)) < 0.01), np.where(hit, other, shown.bits))

    return change


def _lose_marks(share: float) -> Change:
    return lambda shown, _, chance: Shown(
        shown.rows, np.where(chance.random(len(shown.bits)) < share, np.int8(-1), shown.bits)
    )


def _guess(shown: Shown, _: Marked, chance: Chance) -> Shown:
    """Every marked cell is guessed anew, as if somebody knew where they are."""
    return Shown(shown.rows, chance.integers(2, size=len(shown.bits)).astype(np.int8))


def _all_other(shown: Shown, _: Marked, __: Chance) -> Shown:
    return Shown(shown.rows, np.ones(len(shown.bits), dtype=np.int8))


def _mingle(copies: int, *, by_majority: bool) -> Change:
    """Several who are not scored put their copies together."""

    def change(shown: Shown, marked: Marked, chance: Chance) -> Shown:
        others = [shown, *(show_copy(marked, _stranger(chance)) for _ in range(copies - 1))]
        bits = np.array([one.bits for one in others])
        if by_majority:
            chosen = (2 * bits.sum(axis=0) > copies).astype(np.int8)
        else:
            chosen = bits[chance.integers(copies, size=bits.shape[1]), np.arange(bits.shape[1])]
        return Shown(np.logical_or.reduce([one.rows for one in others]), chosen)

    return change


def _both(*changes: Change) -> Change:
    def change(shown: Shown, marked: Marked, chance: Chance) -> Shown:
        for each in changes:
            shown = each(shown, marked, chance)
        return shown

    return change


CHANGES: Mapping[str, Change] = {
    "unchanged": _both(),
    "delete-50": _delete(0.5),
    "delete-90": _delete(0.9),
    "delete-95": _delete(0.95),
    "delete-99": _delete(0.99),
    "alter-10": _alter(0.1),
    "alter-30": _alter(0.3),
    "alter-50": _alter(0.5),
    "project or round": _lose_marks(0.9),
    "no marks": _lose_marks(1.0),
    "5 % altered": _both(_delete(0.95), _alter(0.3)),
    "marks guessed": _guess,
    "all other values": _all_other,
    "random of 3": _mingle(3, by_majority=False),
    "majority of 3": _mingle(3, by_majority=True),
    "majority of 5": _mingle(5, by_majority=True),
}


def _stranger(chance: Chance) -> bytes:
    return stream_of(-int(chance.integers(1, 2**62)))


def show_copy(marked: Marked, stream: bytes) -> Shown:
    """All that can be seen of a copy."""
    shared = marked.shared
    lost = withheld_rows(shared.key, stream, shared.terms, shared.height)
    return Shown(~lost, code_bits(shared.key, stream, shared.plan).astype(np.int8))


def show_original(marked: Marked) -> Shown:
    """All that can be seen of the original itself."""
    shared = marked.shared
    nothing = np.zeros(len(shared.plan.rows), dtype=np.int8)
    return Shown(np.ones(shared.height, dtype=np.bool_), nothing)


def observe_shown(shown: Shown, marked: Marked) -> Observations:
    """The same as observations of a table."""
    there = shown.rows[marked.shared.plan.rows] & (shown.bits >= 0)
    marks = np.flatnonzero(there)
    return Observations(
        np.flatnonzero(shown.rows).astype(np.int32), marks.astype(np.int32), shown.bits[marks]
    )


@dataclass
class Calibration:
    """How small the p of innocent deliveries gets.

    Args:
        trials: Suspects by kind.
        accused: Trials in which a delivery was named, at the bound of the bench, by kind.
        least: The least log p of each trial.
        below: Deliveries with p <= 10^-k, for k = 0, 1, ...
        deliveries: Scored in all.
    """

    trials: dict[str, int] = field(default_factory=dict)
    accused: dict[str, int] = field(default_factory=dict)
    least: list[float] = field(default_factory=list)
    below: list[int] = field(default_factory=lambda: [0] * _EXPONENTS)
    deliveries: int = 0

    def add(self, other: "Calibration") -> None:
        """Take in what others found."""
        for mine, theirs in ((self.trials, other.trials), (self.accused, other.accused)):
            for kind, count in theirs.items():
                mine[kind] = mine.get(kind, 0) + count
        self.least += other.least
        self.below = [mine + theirs for mine, theirs in zip(self.below, other.below, strict=True)]
        self.deliveries += other.deliveries

    def count_accused(self, level: float, candidates: int) -> int:
        """Trials in which somebody would be named at this bound on accusing anybody innocent."""
        threshold = np.log(level / candidates)
        return int(np.count_nonzero(np.array(self.least) <= threshold))


def try_innocents(marked: Marked, count: int, seed: int, deliveries: int) -> Calibration:
    """Score so many innocent suspects of one marked table."""
    scored = Deliveries(marked, deliveries)
    chance = np.random.default_rng([seed, count])
    found = Calibration()
    kinds = [(origin, change) for change in CHANGES for origin in ("copy", "original")]
    for number in range(count):
        origin, change = kinds[(number + seed) % len(kinds)]
        shown = show_copy(marked, _stranger(chance)) if origin == "copy" else show_original(marked)
        observed = observe_shown(CHANGES[change](shown, marked, chance), marked)
        scores = judge(scored.evidence(observed), scored.names, bound=BOUND)
        logs = np.array([one.log_p for one in scores.deliveries])
        kind = f"{origin}, {change}"
        found.trials[kind] = found.trials.get(kind, 0) + 1
        found.accused[kind] = found.accused.get(kind, 0) + bool(scores.named)
        found.least.append(least_of(scores))
        steps = -np.arange(_EXPONENTS) * np.log(10)
        reached = np.count_nonzero(logs[:, None] <= steps[None, :], axis=0).tolist()
        found.below = [mine + more for mine, more in zip(found.below, reached, strict=True)]
        found.deliveries += len(logs)
    return found

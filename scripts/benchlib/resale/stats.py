"""Counts with their uncertainty: exact intervals for a share of trials."""

from math import exp, lgamma, log, log1p


def upper_bound(found: int, trials: int, level: float = 0.95) -> float:
    """What the true share is at most, at this level; for none found about 3 / trials."""
    if trials == 0 or found >= trials:
        return 1.0
    return _solve(found, trials, 1 - level)


def interval(found: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval of Clopper and Pearson (Biometrika 26, 1934)."""
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if found == 0 else 1 - _solve(trials - found, trials, tail)
    high = 1.0 if found == trials else _solve(found, trials, tail)
    return low, high


def _solve(found: int, trials: int, tail: float) -> float:
    """The share at which so few, or fewer, are found with this chance only."""
    low, high = found / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if at_most(found, trials, middle) > tail:
            low = middle
        else:
            high = middle
    return high


def at_most(found: int, trials: int, share: float) -> float:
    """Chance of so many or fewer, if each trial has this chance."""
    if 2 * found > trials:  # the other side has fewer terms
        return 1 - _sum_chances(range(found + 1, trials + 1), trials, share)
    return _sum_chances(range(found + 1), trials, share)


def at_least(found: int, trials: int, share: float) -> float:
    """Chance of so many or more, if each trial has this chance."""
    return _sum_chances(range(found, trials + 1), trials, share)


def _sum_chances(counts: range, trials: int, share: float) -> float:
    if share <= 0:
        return 1.0 if 0 in counts else 0.0
    if share >= 1:
        return 1.0 if trials in counts else 0.0
    return min(1.0, sum(exp(_log_chance(each, trials, share)) for each in counts))


def _log_chance(found: int, trials: int, share: float) -> float:
    ways = lgamma(trials + 1) - lgamma(found + 1) - lgamma(trials - found + 1)
    return ways + found * log(share) + (trials - found) * log1p(-share)

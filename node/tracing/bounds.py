"""Arithmetic of a finding's integers: chances as logarithms, shares as parts of 10,000."""

from math import ceil, isfinite, log10
from typing import Final

from node.tracing.finding import PARTS

LEAST: Final = -1_000_000_000
"""The least chance that a finding writes; anything below it is written as this."""
MOST_BOUND: Final = 0.1
"""The most that may be asked for as the chance of naming any innocent delivery."""
WEAK_BOUND: Final = -3_000
"""Above it, one in a thousand, whoever reads of a name is told how often it is a wrong one."""


def encode_chance(log_chance: float) -> int:
    """A chance as a finding has it, never less than it was.

    Args:
        log_chance: Its common logarithm; minus infinity for none at all.
    """
    if not isfinite(log_chance):
        return LEAST if log_chance < 0 else 0
    return max(LEAST, min(0, ceil(log_chance * 1000)))


def share_bound(bound: int, count: int) -> int:
    """The chance at which one of several deliveries is named.

    Args:
        bound: Chance of naming any innocent one, as a finding has it.
        count: How many were scored; they share the bound evenly.
    """
    return bound - ceil(1000 * log10(count)) if count else bound


def encode_share(share: float) -> int:
    """A share of the whole in parts of 10,000, to the nearest."""
    return min(PARTS, max(0, round(share * PARTS)))


def show_chance(chance: int) -> str:
    """A chance for people, such as `1.3e-27`; rounded up.

    Args:
        chance: As a finding has it.
    """
    exponent, rest = divmod(chance, 1000)
    digits = ceil(10 ** (rest / 1000) * 10 - 1e-9) / 10
    if digits >= 10:
        digits, exponent = 1.0, exponent + 1
    return f"{digits:.1f}e{exponent}" if exponent else "1"


def show_share(share: int) -> str:
    """A share for people, in percent."""
    percent, rest = divmod(share, 100)
    return f"{percent}.{rest:02} %" if rest else f"{percent} %"

"""What share of one set lies in another, and how sure that is.

Of a set only a sketch is known. Cut to the same bound, it and the other set hold one and the same
sample, so that shares of the sample estimate shares of the whole; the interval is Wilson's (95 %).
Where nothing was cut, the share is exact.

Spec: tracing, section 2; Wilson 1927.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final

from tracing.record import ALL

_Z: Final = 1.959964
"""Of the standard normal distribution, for 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share between 0 and 1, with its interval.

    Args:
        estimate: Of the sample.
        low, high: Ends of the interval of 95 %.
        found: Members of the sample that are in the other set.
        sampled: Members of the sample; 0: nothing can be said.
    """

    estimate: float
    low: float
    high: float
    found: int
    sampled: int


@dataclass(frozen=True, slots=True)
class Containment:
    """Two files held against each other by one kind of hashes.

    Args:
        of_new: What share of the file in question lies in the earlier one.
        of_earlier: What share of the earlier one lies in the file in question.
        by_chance: What share of the file in question would lie there if its cells had nothing to
            do with each other, or were other rows of one table; taken off from the shares already.
    """

    of_new: Share
    of_earlier: Share
    by_chance: float = 0.0

    @property
    def size(self) -> float:
        """The larger of the two estimates."""
        return max(self.of_new.estimate, self.of_earlier.estimate)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Counts that containment is estimated from.

    Args:
        both: Members of the sample that both sets have.
        new: Members of the sample that the file in question has.
        earlier: Members of the sample that the earlier file has.
        below: The bound of the sample; 2^64: it is everything.
    """

    both: int
    new: int
    earlier: int
    below: int


def estimate(overlap: Overlap, by_chance: float = 0.0) -> Containment:
    """Containment both ways.

    Args:
        overlap: Of the two sets.
        by_chance: What share of the file in question would lie in the earlier one if nothing of it
            were taken from there; 0..1.
    """
    is_exact = overlap.below >= ALL
    expected = by_chance * overlap.new
    scale = 1 / (1 - by_chance) if by_chance < 1 else 0.0
    of_new = _measure(overlap.both, overlap.new, is_exact=is_exact)
    of_earlier = _measure(overlap.both, overlap.earlier, is_exact=is_exact)
    return Containment(
        of_new=_correct(of_new, by_chance, scale),
        of_earlier=_correct(of_earlier, expected / max(overlap.earlier, 1), scale),
        by_chance=by_chance,
    )


def estimate_sampled(found: int, sampled: int, by_chance: float, ratio: float) -> Containment:
    """Containment both ways, from a sample of the earlier file's rows alone.

    Args:
        found: Rows of the sample that are in the file in question.
        sampled: Rows of the sample.
        by_chance: What share of them would be there if nothing were taken from there; 0..1.
        ratio: Rows of the earlier file for each row of the one in question.
    """
    scale = 1 / (1 - by_chance) if by_chance < 1 else 0.0
    of_earlier = _correct(count_share(found, sampled), by_chance, scale)
    ends = of_earlier.estimate, of_earlier.low, of_earlier.high
    estimate, low, high = (min(1.0, end * ratio) for end in ends)
    return Containment(Share(estimate, low, high, found, sampled), of_earlier, by_chance)


def _measure(found: int, sampled: int, *, is_exact: bool) -> Share:
    if is_exact and sampled:
        share = found / sampled
        return Share(share, share, share, found, sampled)
    return count_share(found, sampled)


def count_share(found: int, sampled: int, errors: float = _Z) -> Share:
    """The share of a sample, with Wilson's interval.

    Args:
        found: Members of the sample that count.
        sampled: All.
        errors: How many standard errors the interval reaches to either side.
    """
    if not sampled:
        return Share(0.0, 0.0, 1.0, 0, 0)
    share, z2 = found / sampled, errors * errors / sampled
    centre, half = share + z2 / 2, errors * sqrt(share * (1 - share) / sampled + z2 / sampled / 4)
    low, high = (centre - half) / (1 + z2), (centre + half) / (1 + z2)
    return Share(share, min(share, max(0.0, low)), max(share, min(1.0, high)), found, sampled)


def _correct(share: Share, chance: float, scale: float) -> Share:
    """A share without what is there by chance."""

    def take_off(value: float) -> float:
        return min(1.0, max(0.0, (value - chance) * scale))

    ends = take_off(share.estimate), take_off(share.low), take_off(share.high)
    return Share(*ends, share.found, share.sampled)

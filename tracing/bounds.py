"""How likely an innocent delivery scores so: an upper bound that holds for every suspect file.

The bits of an innocent delivery are independent of each other and of the suspect. A score adds one
weight for each bit, so the chance of a score of at least s has Chernoff's bound

```text
log P(S >= s)  <=  -t s + sum over bits of log( (1 - q) exp(t w0) + q exp(t w1) )    for every t > 0
```

with q the chance that the bit is one, w0 and w1 its weights. No limit theorem is used and nothing
is assumed of the weights but that they do not depend on the bits. The bound holds for each t, so
taking the least over a fixed list of t is right too: it falls as s rises, and hence has the meaning
of a p-value. Bits of one kind (same chance, same weights) are counted, not listed.

Spec: Chernoff, Annals of Mathematical Statistics 23 (1952), theorem 1; docs/tracing-method.md.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

TILTS: Final = tuple(2.0 ** (step / 8) for step in range(-48, 49))
"""The values of t that are tried: 1/64 to 64."""
_ROUNDING: Final = 1e-6
"""Added to every logarithm, so that rounding of binary fractions never makes a bound too small."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """Bits of a delivery by kind, and what they weigh under each hypothesis.

    Args:
        sizes: How many bits there are of each kind; whole numbers; (kinds,).
        chances: That a bit of the kind is one in an innocent delivery; (kinds,).
        zeros: Weight of a zero; (hypotheses, kinds), finite.
        ones: Weight of a one; the same.
    """

    sizes: npt.NDArray[np.float64]
    chances: npt.NDArray[np.float64]
    zeros: npt.NDArray[np.float64]
    ones: npt.NDArray[np.float64]


def add_weights(kinds: Kinds, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Scores of deliveries.

    Args:
        kinds: Of the bits.
        counts: How many ones each delivery has of each kind; (deliveries, kinds).

    Returns:
        (deliveries, hypotheses).
    """
    base: npt.NDArray[np.float64] = kinds.zeros @ kinds.sizes
    return counts @ (kinds.ones - kinds.zeros).T + base


def bound_tails(kinds: Kinds, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Logarithm of the bound for each score, at most 0.

    Args:
        kinds: Of the bits.
        scores: (deliveries, hypotheses).

    Returns:
        Natural logarithms; (deliveries, hypotheses).
    """
    least = np.zeros_like(scores)
    for tilt in TILTS:
        np.minimum(least, sum_moments(kinds, tilt) - tilt * scores + _ROUNDING, out=least)
    return least


def sum_moments(kinds: Kinds, tilt: float) -> npt.NDArray[np.float64]:
    """Logarithm of what exp(tilt times score) is expected to be, of an innocent delivery."""
    with np.errstate(divide="ignore"):  # a bit that is never one has the logarithm -inf, rightly
        one, zero = np.log(kinds.chances), np.log1p(-kinds.chances)
    each = np.logaddexp(zero + tilt * kinds.zeros, one + tilt * kinds.ones)
    total: npt.NDArray[np.float64] = each @ kinds.sizes
    return total

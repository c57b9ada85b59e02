"""Biases of the code: how likely the other value is at each marked position, drawn once per plan.

A code of Tardos gives every position j a secret bias p_j and every delivery the bit 1 at j with the
chance p_j. That the biases differ, and are not known to recipients, is what lets no strategy of a
few colluders hide all of them. We take the distribution of three values that Nuida and others found
best against up to six colluders: the zeros of the third Legendre polynomial, moved to 0..1. Fewer
values than Tardos' own arcsine distribution has also leave fewer kinds of positions to count.

Spec: Tardos, Optimal probabilistic fingerprint codes, STOC 2003; Nuida and others, An improvement
of discrete Tardos fingerprinting codes, Designs, Codes and Cryptography 52 (2009), for c = 5, 6;
docs/adr/0030.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

BIASES: Final = (7_386, 32_768, 58_150)
"""The three biases out of 65,536: 0.11270, 0.5 and 0.88730."""
SHARES: Final = (21_759, 22_018, 21_759)
"""Of 65,536 positions so many have each bias: 0.33201, 0.33598 and 0.33201."""


def draw_biases(drawn: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """A bias for each position, from uniform numbers.

    Args:
        drawn: Uniform 0..65,535, one for each position, of a stream that no delivery has a part in.

    Returns:
        For each position one of `BIASES`.
    """
    last_of_each = np.cumsum(SHARES)[:-1]
    return np.array(BIASES, dtype=np.uint16)[np.searchsorted(last_of_each, drawn, side="right")]

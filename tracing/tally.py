"""Bits of deliveries where a suspect shows something, counted by kind.

A row is of one kind with others that all named deliveries lack, or with those that one of them
got. A mark is of one kind with others of the same bias, the same value seen, in a row of the same
kind, where as many of the named deliveries have the other value. Invented rows are all of one kind:
each is seen in the suspect or not. Bits of one kind weigh the same under every hypothesis, so
counts are all that scores need.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from tracing.bounds import Kinds
from tracing.hypotheses import (
    Hypothesis,
    forget_named,
    weigh_canaries,
    weigh_marks,
    weigh_rows,
)

_SCALE: Final = 65_536
_DELIVERIES_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class Invented:
    """Rows that were invented for each delivery.

    Args:
        count: For each delivery; 1 or more.
        chance: That one of an innocent delivery is seen in the suspect, at most; below 1.
        found: How many of each delivery's are; (deliveries,).
    """

    count: int
    chance: float
    found: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a suspect shows, and what each delivery has there.

    Args:
        biases: Of each mark that can be read, out of 65,536; 1..65,535.
        seen: What the suspect says there: 0 the original value, 1 the other.
        code: A line for each delivery: 1 where its copy has the other value; (deliveries, marks).
        threshold: A row is withheld with the chance threshold / 65,536.
        rows: How many rows are in the suspect; 0 where no row is ever withheld.
        withheld: A line for each delivery: was the row kept from it? Packed eight to a byte; bits
            that are of no row of the suspect are zero.
        places: Which bit of such a line is of each mark's row, from 0; -1 where none is. Left out:
            marks in rows that the named lack weigh as others do.
        invented: Rows that were invented; None: there are none, or they say nothing.
    """

    biases: npt.NDArray[np.uint16]
    seen: npt.NDArray[np.int8]
    code: npt.NDArray[np.uint8]
    threshold: int
    rows: int
    withheld: npt.NDArray[np.uint8]
    places: npt.NDArray[np.int64] | None = None
    invented: Invented | None = None

    def find_lacked(self, named: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Rows that none of the named deliveries got, packed; none if nobody is named."""
        if not len(named):
            return np.zeros(self.withheld.shape[1], dtype=np.uint8)
        lacked: npt.NDArray[np.uint8] = np.bitwise_and.reduce(self.withheld[named], axis=0)
        return lacked

    def count_withheld(self) -> npt.NDArray[np.int64]:
        """Rows in the suspect that each delivery never got."""
        return _count_set(self.withheld)

    def count_matched(self) -> npt.NDArray[np.int64]:
        """Marks that say what each delivery's copy says."""
        seen = self.seen.astype(np.uint8)
        return np.array([np.count_nonzero(bits == seen) for bits in self.code], dtype=np.int64)


def count_bits(
    evidence: Evidence, hypotheses: Sequence[Hypothesis], named: npt.NDArray[np.int64]
) -> tuple[Kinds, npt.NDArray[np.int64]]:
    """Kinds of bits with their weights, and how many ones each delivery has of each kind.

    Args:
        evidence: To be counted.
        hypotheses: That give the weights.
        named: Numbers of the deliveries that are taken as given.

    Returns:
        The kinds; and counts, (deliveries, kinds).
    """
    marks, mark_counts = _count_marks(evidence, hypotheses, named)
    rows, row_counts = _count_rows(evidence, hypotheses, named)
    more = [_count_invented(evidence.invented, len(hypotheses))] if evidence.invented else []
    found = [marks, rows, *(kinds for kinds, _ in more)]
    kinds = Kinds(
        np.concatenate([each.sizes for each in found]),
        np.concatenate([each.chances for each in found]),
        np.concatenate([each.zeros for each in found], axis=1),
        np.concatenate([each.ones for each in found], axis=1),
    )
    counts = [mark_counts, row_counts, *(each for _, each in more)]
    return kinds, np.concatenate(counts, axis=1)


def list_kinds(
    sizes: npt.ArrayLike,
    chances: Sequence[float],
    weights: Sequence[Sequence[tuple[float, float]]],
) -> Kinds:
    """Kinds of bits from plain sequences.

    Args:
        sizes: Of each kind.
        chances: Of a one in each kind.
        weights: For each hypothesis and kind, of a zero and of a one.
    """
    both = np.array(weights, dtype=np.float64).reshape(len(weights), len(chances), 2)
    return Kinds(
        np.asarray(sizes, dtype=np.float64),
        np.asarray(chances, dtype=np.float64),
        both[:, :, 0],
        both[:, :, 1],
    )


def _count_marks(
    evidence: Evidence, hypotheses: Sequence[Hypothesis], named: npt.NDArray[np.int64]
) -> tuple[Kinds, npt.NDArray[np.int64]]:
    code, width = evidence.code, len(named) + 1
    ones = np.sum(code[named], axis=0, dtype=np.int64)
    numbers = (evidence.biases.astype(np.int64) * 2 + evidence.seen) * width + ones
    numbers[_are_lacked(evidence, named)] *= -1  # biases are at least 1, so no number is 0
    present, sizes = np.unique(numbers, return_counts=True)
    counts = np.zeros((len(code), len(present)), dtype=np.int64)
    for kind, number in enumerate(present):
        counts[:, kind] = np.count_nonzero(code[:, numbers == number], axis=1)
    kinds = [_Mark.read(int(number), width) for number in present]
    weights = [[mark.weigh(each, len(named)) for mark in kinds] for each in hypotheses]
    return list_kinds(sizes, [mark.bias for mark in kinds], weights), counts


@dataclass(frozen=True, slots=True)
class _Mark:
    """A kind of marks."""

    bias: float
    seen: int
    ones: int
    is_lacked: bool

    @classmethod
    def read(cls, number: int, width: int) -> Self:
        """The kind of a number that `_count_marks` made."""
        rest, ones = divmod(abs(number), width)
        return cls((rest // 2) / _SCALE, rest % 2, ones, is_lacked=number < 0)

    def weigh(self, hypothesis: Hypothesis, named: int) -> tuple[float, float]:
        """Weights of a zero and a one."""
        if self.is_lacked:
            return weigh_marks(forget_named(hypothesis, named), self.bias, self.seen)
        return weigh_marks(hypothesis, self.bias, self.seen, (self.ones, named))


def _are_lacked(evidence: Evidence, named: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which marks are in rows that none of the named got."""
    found = np.zeros(len(evidence.seen), dtype=np.bool_)
    if evidence.rows and len(named) and evidence.places is not None:
        there = evidence.places >= 0
        lacked = np.unpackbits(evidence.find_lacked(named))
        found[there] = lacked[evidence.places[there]].astype(np.bool_)
    return found


def _count_rows(
    evidence: Evidence, hypotheses: Sequence[Hypothesis], named: npt.NDArray[np.int64]
) -> tuple[Kinds, npt.NDArray[np.int64]]:
    withheld = evidence.withheld
    if not evidence.rows:
        none = list_kinds([], [], [[] for _ in hypotheses])
        return none, np.zeros((len(withheld), 0), dtype=np.int64)
    chance, total = evidence.threshold / _SCALE, _count_set(withheld)
    lacked = evidence.find_lacked(named)
    size = int(_count_set(lacked[None])[0])
    weights = [
        [weigh_rows(each, chance), weigh_rows(forget_named(each, len(named)), chance)]
        for each in hypotheses
    ]
    ones = _count_set(withheld, lacked)
    kinds = list_kinds([evidence.rows - size, size], [chance, chance], weights)
    return kinds, np.stack([total - ones, ones], axis=1)


def _count_invented(invented: Invented, hypotheses: int) -> tuple[Kinds, npt.NDArray[np.int64]]:
    weights = [[weigh_canaries(invented.count, invented.chance)]] * hypotheses
    return list_kinds([invented.count], [invented.chance], weights), invented.found[:, None]


def _count_set(
    packed: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8] | None = None
) -> npt.NDArray[np.int64]:
    """Set bits of each line, where the mask has them too."""
    counts = np.zeros(len(packed), dtype=np.int64)
    for start in range(0, len(packed), _DELIVERIES_AT_ONCE):
        some = packed[start : start + _DELIVERIES_AT_ONCE]
        bits = np.bitwise_count(some if mask is None else some & mask)
        counts[start : start + len(some)] = np.sum(bits, axis=1, dtype=np.int64)
    return counts

"""Which delivery a suspect came from: a score for each, with a bound on accusing an innocent one.

Weighed are the rows of the original that are in the suspect (a delivery's copy lacks some), the
marked cells that can be read there (its copy has the original or the other value), and the rows
that were invented for a delivery, if seeing one there says something. Other rows that are absent,
and cells that are illegible, weigh nothing. Deliveries are named in rounds: in each, every
hypothesis is tried on every delivery; who is named is taken as given in the next, which sharpens
the weights for his colluders. The error bound is shared out beforehand: half to the first round,
half of the rest to each later one, and within a round evenly to its hypotheses. So

```text
p of a delivery = least of (bound of a score) x (hypotheses of the round) x 2^round
```

is at most a with a chance of at most a, for any innocent delivery and any suspect that was made
without knowing its secret bits; it is named where p <= bound / candidates.

Spec: design of tracing, section 3; docs/tracing-method.md; docs/adr/0030.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import Final

import numpy as np
import numpy.typing as npt

from ledger.errors import MalformedError
from tracing.bounds import add_weights, bound_tails
from tracing.hypotheses import Hypothesis, list_hypotheses, most_by_chance
from tracing.marks import MarkingKey, MarkPlan, MarkTerms, code_bits, withheld_rows
from tracing.sighting import Sighting
from tracing.tally import Evidence, Invented, count_bits

DEFAULT_BOUND: Final = 1e-6
MAX_ROUNDS: Final = 16


@dataclass(frozen=True, slots=True)
class Observations:
    """What a suspect shows of an original.

    Args:
        rows: Ordinals of the original's rows that are in the suspect; each at most once.
        marks: Positions of the plan whose cell can be read in the suspect; each at most once.
        seen: For each of these 0 (the original value) or 1 (the other value).
        sighting: Of rows that are not the original's; None: nobody looked for invented ones.
    """

    rows: npt.NDArray[np.int32]
    marks: npt.NDArray[np.int32]
    seen: npt.NDArray[np.int8]
    sighting: Sighting | None = None


@dataclass(frozen=True, slots=True)
class SharedMarks:
    """What all deliveries under one marking key share.

    Args:
        key: Of the sender.
        terms: Of the deliveries.
        plan: Made from the key, the terms and the original.
        height: Rows of the original.
    """

    key: MarkingKey
    terms: MarkTerms
    plan: MarkPlan
    height: int


@dataclass(frozen=True, slots=True)
class DeliveryKeys:
    """A candidate.

    Args:
        name: Of the delivery; no two candidates have the same.
        stream: Its own secret choices, 16 bytes.
    """

    name: str
    stream: bytes


@dataclass(frozen=True, slots=True)
class DeliveryScore:
    """What the suspect says of one delivery.

    Args:
        name: Of the delivery.
        log_p: Natural logarithm of its p, at most 0.
        hypothesis: Which one fits it best, of those of the round.
        round: In which p was found; 1 for the first.
        withheld: Rows in the suspect that this delivery never got.
        matched: Marked cells in the suspect that say what its copy says.
        is_named: Whether p is small enough to name it.
        canaries: Rows in the suspect that were invented for this delivery; None: they say nothing.
    """

    name: str
    log_p: float
    hypothesis: Hypothesis
    round: int
    withheld: int
    matched: int
    is_named: bool
    canaries: int | None = None

    @property
    def p(self) -> float:
        """At most this is the chance that an innocent delivery scores so; 0 where below 1e-323."""
        return exp(self.log_p)


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of all candidates.

    Args:
        deliveries: In the order given.
        rows: Aligned rows that were weighed.
        marks: Readable marks that were weighed.
        bound: On naming any innocent delivery at all.
        candidates: By which it was divided.
        rounds: How many were played.
    """

    deliveries: tuple[DeliveryScore, ...]
    rows: int
    marks: int
    bound: float
    candidates: int
    rounds: int

    @property
    def threshold(self) -> float:
        """A delivery with a p of at most this is named."""
        return self.bound / self.candidates

    @property
    def named(self) -> tuple[DeliveryScore, ...]:
        """Who is named, smallest p first; often nobody."""
        found = (delivery for delivery in self.deliveries if delivery.is_named)
        return tuple(sorted(found, key=lambda delivery: delivery.log_p))


def score(
    observed: Observations,
    deliveries: Sequence[DeliveryKeys],
    shared: SharedMarks,
    *,
    bound: float = DEFAULT_BOUND,
    candidates: int = 0,
) -> Scores:
    """Score every delivery that was made under one marking key.

    Memory grows by rows / 8 + marks bytes for each delivery.

    Args:
        observed: Found by looking at suspect, original and plan alone, never at a stream.
        deliveries: All that were made, not a choice of them.
        shared: What they share.
        bound: On naming any innocent delivery at all; between 0 and 1.
        candidates: How many are scored in the whole case, if those of other keys are too; at
            least as many as `deliveries`, which is what 0 stands for.

    Raises:
        MalformedError: An ordinal or position is out of range or there twice, a value is neither
            0 nor 1, a name or stream is there twice, or bound or candidates are out of range.
    """
    _check_observed(observed, shared)
    if len({delivery.stream for delivery in deliveries}) < len(deliveries):
        raise MalformedError("two deliveries have one stream: nothing can tell them apart")
    evidence = gather_evidence(observed, deliveries, shared)
    names = [delivery.name for delivery in deliveries]
    return judge(evidence, names, bound=bound, candidates=candidates)


def gather_evidence(
    observed: Observations, deliveries: Sequence[DeliveryKeys], shared: SharedMarks
) -> Evidence:
    """Make the secret bits of each delivery again; keep those where the suspect shows something.

    Raises:
        MalformedError: The stream of a delivery has another length than 16 bytes.
    """
    threshold = shared.terms.threshold
    # Machine integers once, and not again at each of the deliveries.
    ordinals, positions = observed.rows.astype(np.intp), observed.marks.astype(np.intp)
    rows = len(ordinals) if threshold else 0
    withheld = np.zeros((len(deliveries), (rows + 7) // 8), dtype=np.uint8)
    code = np.zeros((len(deliveries), len(positions)), dtype=np.uint8)
    for index, delivery in enumerate(deliveries):
        if rows:
            lost = withheld_rows(shared.key, delivery.stream, shared.terms, shared.height)
            withheld[index] = np.packbits(lost[ordinals])
        if len(positions):
            code[index] = code_bits(shared.key, delivery.stream, shared.plan)[positions]
    places = np.full(shared.height, -1, dtype=np.int64)
    places[ordinals[:rows]] = np.arange(rows)
    biases, places = shared.plan.biases[positions], places[shared.plan.rows[positions]]
    invented = _find_invented(observed, deliveries, shared)
    return Evidence(biases, observed.seen, code, threshold, rows, withheld, places, invented)


def _find_invented(
    observed: Observations, deliveries: Sequence[DeliveryKeys], shared: SharedMarks
) -> Invented | None:
    """The invented rows of each delivery that are in the suspect; none if that says nothing.

    Raises:
        MalformedError: So many cannot be invented of the original.
    """
    count, sighting = shared.terms.canaries, observed.sighting
    if not count or sighting is None or sighting.chance > most_by_chance(count):
        return None
    found = [sighting.count(shared.key, each.stream, count) for each in deliveries]
    return Invented(count, sighting.chance, np.array(found, dtype=np.int64))


def judge(
    evidence: Evidence, names: Sequence[str], *, bound: float = DEFAULT_BOUND, candidates: int = 0
) -> Scores:
    """Name deliveries in rounds, until one names nobody new.

    Args:
        evidence: What suspect and deliveries show.
        names: Of the deliveries, in the order of the evidence.
        bound: See `score`.
        candidates: See `score`.

    Raises:
        MalformedError: Bound or candidates are out of their range, or a name is there twice.
    """
    candidates = candidates or max(1, len(names))
    if not 0 < bound < 1:
        raise MalformedError("a bound on false accusation lies between 0 and 1")
    if candidates < len(names) or len(set(names)) < len(names):
        raise MalformedError("candidates are all deliveries that are scored, each of them once")
    verdict = _Verdict(len(names), log(bound / candidates))
    while names and verdict.round < MAX_ROUNDS and verdict.play(evidence):
        pass
    withheld, matched = evidence.count_withheld(), evidence.count_matched()
    invented = evidence.invented
    scored = [
        verdict.describe(index, name, int(withheld[index]), int(matched[index]))
        for index, name in enumerate(names)
    ]
    if invented is not None:
        found = zip(scored, invented.found.tolist(), strict=True)
        scored = [replace(each, canaries=count) for each, count in found]
    return Scores(
        tuple(scored), evidence.rows, len(evidence.seen), bound, candidates, verdict.round
    )


class _Verdict:
    """The least p of each delivery so far, and who is named by it."""

    def __init__(self, deliveries: int, log_threshold: float) -> None:
        self._log_threshold = log_threshold
        self.round = 0
        self._log_p = np.zeros(deliveries)
        self._hypotheses = [list_hypotheses(0)[0]] * deliveries
        self._rounds = np.ones(deliveries, dtype=np.int64)
        self._is_named = np.zeros(deliveries, dtype=np.bool_)

    def play(self, evidence: Evidence) -> bool:
        """Play a round; whether it named somebody."""
        self.round += 1
        named = np.flatnonzero(self._is_named)
        hypotheses = list_hypotheses(len(named))
        kinds, counts = count_bits(evidence, hypotheses, named)
        scores = add_weights(kinds, counts)
        share = log(len(hypotheses)) + self.round * log(2)
        least = np.min(bound_tails(kinds, scores), axis=1) + share
        # Who is named keeps the p he was named by: later weights are made from his own bits.
        better = (least < self._log_p) & ~self._is_named
        self._log_p[better] = least[better]
        self._rounds[better] = self.round
        fitting = np.argmax(scores, axis=1)
        for index in np.flatnonzero(better):
            self._hypotheses[index] = hypotheses[fitting[index]]
        self._is_named |= better & (self._log_p <= self._log_threshold)
        return int(np.count_nonzero(self._is_named)) > len(named)

    def describe(self, index: int, name: str, withheld: int, matched: int) -> DeliveryScore:
        """The score of one delivery."""
        return DeliveryScore(
            name,
            float(self._log_p[index]),
            self._hypotheses[index],
            int(self._rounds[index]),
            withheld,
            matched,
            is_named=bool(self._is_named[index]),
        )


def _check_observed(observed: Observations, shared: SharedMarks) -> None:
    """Hold what was observed to its ranges.

    Raises:
        MalformedError: It is out of one of them.
    """
    for numbers, stop in (
        (observed.rows, shared.height),
        (observed.marks, len(shared.plan.rows)),
    ):
        if len(numbers) and (int(numbers.min()) < 0 or int(numbers.max()) >= stop):
            raise MalformedError(f"an observation lies outside of 0..{stop - 1}")
        found = np.zeros(stop, dtype=np.bool_)
        found[numbers] = True
        if np.count_nonzero(found) < len(numbers):
            raise MalformedError("an observation is there twice")
    if len(observed.seen) != len(observed.marks) or not np.isin(observed.seen, (0, 1)).all():
        raise MalformedError("every mark is seen as 0 or 1")

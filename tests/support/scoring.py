"""Copies, collusions and suspects for tests of scores, from seeded generators."""

import numpy as np

from tracing.marks import ONE, MarkingKey, MarkPlan, MarkTerms
from tracing.score import DeliveryKeys, Scores, SharedMarks, judge
from tracing.tally import Evidence
from tracing.tardos import draw_biases

THRESHOLD = 200 * ONE // 10_000


def draw_code(rng, deliveries, marks):
    """Biases, and a line of bits for each delivery."""
    biases = draw_biases(rng.integers(0, ONE, marks, dtype=np.uint16))
    code = rng.integers(0, ONE, (deliveries, marks), dtype=np.uint16) < biases
    return biases, code.astype(np.uint8)


def draw_withheld(rng, deliveries, rows):
    """A line for each delivery: which rows are kept from it."""
    return rng.integers(0, ONE, (deliveries, rows), dtype=np.uint16) < THRESHOLD


def judge_suspect(biases, code, seen, withheld=None, places=None, **options) -> Scores:
    """Scores of deliveries named "0", "1" and so on; mark j is in row j if nothing else is said."""
    rows = 0 if withheld is None else withheld.shape[1]
    lost = np.zeros((len(code), 0), np.uint8) if withheld is None else np.packbits(withheld, axis=1)
    if places is None:
        places = np.where(np.arange(len(biases)) < rows, np.arange(len(biases)), -1)
    evidence = Evidence(biases, seen.astype(np.int8), code, THRESHOLD, rows, lost, places)
    return judge(evidence, [str(index) for index in range(len(code))], **options)


def named(scores):
    """Numbers of those who are named."""
    return sorted(int(delivery.name) for delivery in scores.named)


def share_marks(height, *, withheld=200, rows_per_mark=32):
    """Marks of a table of so many rows; every g-th one is marked."""
    rows = (
        np.arange(0, height, rows_per_mark, dtype=np.int32) if rows_per_mark else np.zeros(0, "i4")
    )
    drawn = np.random.default_rng(9).integers(0, ONE, len(rows), dtype=np.uint16)
    plan = MarkPlan(rows, np.zeros(len(rows), np.int16), ("x",) * len(rows), draw_biases(drawn))
    return SharedMarks(MarkingKey(bytes(32)), MarkTerms(withheld, rows_per_mark), plan, height)


def list_deliveries(count):
    return [DeliveryKeys(f"delivery {index}", index.to_bytes(16, "big")) for index in range(count)]


def mix_at_random(rng, bits):
    return bits[rng.integers(0, len(bits), bits.shape[1]), np.arange(bits.shape[1])]


def take_majority(rng, bits):
    ones = 2 * bits.sum(axis=0, dtype=np.int64)
    return np.where(ones == len(bits), rng.integers(0, 2, bits.shape[1]), ones > len(bits))


def take_minority(rng, bits):
    ones = bits.sum(axis=0, dtype=np.int64)
    return np.where(np.isin(ones, (0, len(bits))), bits[0], 1 - take_majority(rng, bits))


def take_original(rng, bits):
    return bits.min(axis=0)


def take_other(rng, bits):
    return bits.max(axis=0)


def toss_coin(rng, bits):
    return np.where(
        bits.min(axis=0) == bits.max(axis=0), bits[0], rng.integers(0, 2, bits.shape[1])
    )


STRATEGIES = {
    "random": mix_at_random,
    "majority": take_majority,
    "minority": take_minority,
    "original": take_original,
    "other": take_other,
    "coin": toss_coin,
}

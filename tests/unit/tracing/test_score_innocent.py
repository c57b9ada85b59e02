"""Nobody innocent is named: calibration over innocents, whatever the suspect is."""

from math import log

import numpy as np
import pytest

from tests.support.scoring import STRATEGIES, draw_code, draw_withheld, judge_suspect, named
from tracing.bounds import add_weights, bound_tails
from tracing.hypotheses import list_hypotheses
from tracing.tally import Evidence, count_bits

DELIVERIES, MARKS, ROWS = 1_000, 300, 2_000


def follow_biases(rng, biases):
    return rng.integers(0, 65_536, len(biases)) < biases


SUSPECTS = {
    "the owner's original": lambda rng, biases: np.zeros(len(biases)),
    "the other value everywhere": lambda rng, biases: np.ones(len(biases)),
    "whatever is likelier": lambda rng, biases: biases > 32_768,
    "whatever is unlikelier": lambda rng, biases: biases < 32_768,
    "coins": lambda rng, biases: rng.integers(0, 2, len(biases)),
    "a copy that was never delivered": follow_biases,
    "three such copies by majority": lambda rng, biases: STRATEGIES["majority"](
        rng, np.array([follow_biases(rng, biases) for _ in range(3)], dtype=np.uint8)
    ),
}


@pytest.mark.parametrize("name", SUSPECTS)
def test_innocents_reach_a_p_no_oftener_than_it_says(name):
    rng = np.random.default_rng(sorted(SUSPECTS).index(name))
    found = []
    for _ in range(3):
        biases, code = draw_code(rng, DELIVERIES, MARKS)
        withheld = draw_withheld(rng, DELIVERIES, ROWS)
        scores = judge_suspect(biases, code, SUSPECTS[name](rng, biases), withheld)
        assert scores.named == ()
        found += [each.log_p for each in scores.deliveries]
    for chance in (1e-2, 1e-3):
        assert np.count_nonzero(np.array(found) <= log(chance)) <= chance * len(found)


def test_each_hypothesis_alone_keeps_its_bound_and_comes_near_it():
    rng = np.random.default_rng(20)
    biases, code = draw_code(rng, 20_000, 60)
    seen = follow_biases(rng, biases).astype(np.int8)
    evidence = Evidence(biases, seen, code, 0, 0, np.zeros((len(code), 0), np.uint8))
    tried = list_hypotheses(0)
    kinds, counts = count_bits(evidence, tried, np.zeros(0, dtype=np.int64))
    bounds = bound_tails(kinds, add_weights(kinds, counts))
    for chance in (1e-1, 1e-2, 1e-3):
        rates = np.mean(bounds <= log(chance), axis=0)
        assert (rates <= chance).all()
    assert np.mean(bounds <= log(1e-2), axis=0).max() > 1e-3


def test_a_rate_above_the_bound_would_be_seen():
    """Codes drawn with other biases than those believed: the calibration has to notice."""
    rng = np.random.default_rng(21)
    biases, code = draw_code(rng, DELIVERIES, MARKS)
    believed = biases[rng.permutation(MARKS)]
    scores = judge_suspect(believed, code, biases > 32_768)
    found = np.array([each.log_p for each in scores.deliveries])
    assert np.count_nonzero(found <= log(1e-2)) > 1e-2 * DELIVERIES


def test_a_suspect_with_every_row_and_no_mark_names_nobody():
    rng = np.random.default_rng(22)
    biases, code = draw_code(rng, DELIVERIES, 2_000)
    withheld = draw_withheld(rng, DELIVERIES, 30_000)
    assert judge_suspect(biases, code, np.zeros(2_000), withheld).named == ()


def test_named_colluders_make_nobody_else_likelier():
    rng = np.random.default_rng(23)
    found = []
    for strategy in STRATEGIES.values():
        biases, code = draw_code(rng, DELIVERIES, 900)
        scores = judge_suspect(biases, code, strategy(rng, code[:3]))
        assert named(scores) == [0, 1, 2]
        found += [each.log_p for each in scores.deliveries[3:]]
    for chance in (1e-2, 1e-3):
        assert np.count_nonzero(np.array(found) <= log(chance)) <= chance * len(found)


def test_a_colluder_outside_of_the_candidates_makes_nobody_inside_guilty():
    rng = np.random.default_rng(24)
    biases, code = draw_code(rng, DELIVERIES, 900)
    seen = STRATEGIES["random"](rng, code[:3])
    assert judge_suspect(biases, code[3:], seen).named == ()
    assert named(judge_suspect(biases, code[1:], seen)) == [0, 1]


def test_a_suspect_made_from_the_bits_themselves_is_what_no_bound_excludes():
    """A seller who kept a copy can leak it: the score names it, and rightly so."""
    rng = np.random.default_rng(25)
    biases, code = draw_code(rng, 100, 300)
    assert named(judge_suspect(biases, code, code[60])) == [60]

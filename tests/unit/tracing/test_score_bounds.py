"""Bounds against exact tails; weights against their definition."""

from itertools import product
from math import comb, exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.scoring import STRATEGIES
from tracing.bounds import add_weights, bound_tails
from tracing.hypotheses import (
    Hypothesis,
    expect_other,
    forget_named,
    list_coalitions,
    list_hypotheses,
    weigh_marks,
    weigh_rows,
)
from tracing.tally import list_kinds

CHANCES = (0.02, 0.1127, 0.5, 0.8873)


def exact_tail(kinds, score):
    """Chance of a score of at least this, by listing all counts of two kinds."""
    first, second = (int(size) for size in kinds.sizes)
    counts = np.array(list(product(range(first + 1), range(second + 1))), dtype=np.int64)
    chances = [
        np.array(
            [comb(size, ones) * q**ones * (1 - q) ** (size - ones) for ones in range(size + 1)]
        )
        for size, q in zip((first, second), kinds.chances, strict=True)
    ]
    weight = chances[0][counts[:, 0]] * chances[1][counts[:, 1]]
    return float(weight[add_weights(kinds, counts)[:, 0] >= score - 1e-9].sum())


weights = st.floats(-4, 4)
kinds_of_bits = st.builds(
    lambda sizes, chances, pairs: list_kinds(sizes, chances, [pairs]),
    st.tuples(st.integers(0, 12), st.integers(0, 12)),
    st.tuples(st.sampled_from(CHANCES), st.sampled_from(CHANCES)),
    st.tuples(st.tuples(weights, weights), st.tuples(weights, weights)),
)


@settings(max_examples=60, deadline=None)
@given(kinds_of_bits, st.floats(-40, 40))
def test_no_tail_is_heavier_than_its_bound(kinds, score):
    bound = exp(bound_tails(kinds, np.array([[score]]))[0, 0])
    assert exact_tail(kinds, score) <= bound * (1 + 1e-12)


@pytest.mark.parametrize("chance", CHANCES)
def test_the_bound_is_not_far_from_the_tail(chance):
    kinds = list_kinds([200, 0], [chance, 0.5], [[(0.0, 1.0), (0.0, 0.0)]])
    for deviations in (3, 5):
        score = 200 * chance + deviations * (200 * chance * (1 - chance)) ** 0.5
        exact = exact_tail(kinds, score)
        if exact:
            assert exp(bound_tails(kinds, np.array([[score]]))[0, 0]) < 40 * exact


def test_a_perfect_score_is_bounded_by_its_very_chance():
    kinds = list_kinds([1000], [0.02], [[(log(1 / 0.98), -5.0)]])
    perfect = add_weights(kinds, np.zeros((1, 1), dtype=np.int64))
    assert bound_tails(kinds, perfect)[0, 0] == pytest.approx(1000 * log(0.98), abs=1e-4)
    assert bound_tails(kinds, perfect)[0, 0] >= 1000 * log(0.98)


def test_bounds_fall_as_scores_rise_and_are_never_above_one():
    kinds = list_kinds([50, 30], [0.5, 0.1], [[(-0.5, 0.5), (0.1, -1.0)]])
    bounds = bound_tails(kinds, np.linspace(-60, 40, 200)[:, None])[:, 0]
    assert (np.diff(bounds) <= 0).all()
    assert bounds[0] == 0.0
    assert bounds[-1] < -10


def test_without_bits_every_score_is_as_likely_as_any():
    kinds = list_kinds([], [], [[], []])
    scores = add_weights(kinds, np.zeros((3, 0), dtype=np.int64))
    assert (bound_tails(kinds, scores) == 0).all()


def test_a_bit_that_is_never_one_weighs_only_as_a_zero():
    kinds = list_kinds([10], [0.0], [[(0.0, 9.0)]])
    assert bound_tails(kinds, np.array([[1.0]]))[0, 0] < -60


ROUNDS = [(named, each) for named in (0, 1, 2, 5) for each in list_hypotheses(named)]


@pytest.mark.parametrize(
    ("named", "supposed"), ROUNDS, ids=lambda each: getattr(each, "code", each)
)
def test_weights_are_logarithms_of_likelihood_ratios(named, supposed):
    for bias, seen, ones in product(CHANCES[1:], (0, 1), range(named + 1)):
        zero, one = weigh_marks(supposed, bias, seen, (ones, named))
        assert (1 - bias) * exp(zero) + bias * exp(one) == pytest.approx(1)
    for each in (supposed, forget_named(supposed, named)):
        zero, one = weigh_rows(each, 0.02)
        assert 0.98 * exp(zero) + 0.02 * exp(one) == pytest.approx(1)


@pytest.mark.parametrize("named", [0, 1, 3])
def test_hypotheses_of_a_round_have_names_of_their_own_in_both_languages(named):
    tried = list_hypotheses(named)
    for names in (
        {each.code for each in tried},
        {each.en for each in tried},
        {each.zh for each in tried},
    ):
        assert len(names) == len(tried)
    assert len(tried) <= 40


@pytest.mark.parametrize("supposed", list_coalitions(3), ids=lambda each: each.code)
@pytest.mark.parametrize("named", [0, 1, 2])
def test_weights_agree_with_played_collusions(supposed, named):
    rng = np.random.default_rng(4)
    bits = (rng.random((3, 200_000)) < 0.8873).astype(np.uint8)
    seen = STRATEGIES[supposed.model](rng, bits)
    ones = bits[:named].sum(axis=0)
    for value, known in product((0, 1), range(named + 1)):
        at = (seen == value) & (ones == known)
        if np.count_nonzero(at) < 5_000:
            continue
        expected = 0.8873 * exp(weigh_marks(supposed, 0.8873, value, (known, named))[1])
        assert bits[named, at].mean() == pytest.approx(expected, abs=0.02)
    assert seen.mean() == pytest.approx(expect_other(supposed, 0.8873), abs=0.01)


def test_rows_of_a_union_say_something_only_of_the_last():
    pair = Hypothesis("random/2", "random", colluders=2)
    assert weigh_rows(pair, 0.02) == (0.0, 0.0)
    assert forget_named(pair, 0) == pair
    zero, one = weigh_rows(forget_named(pair, 1), 0.02)
    assert zero > 0.015
    assert one < -3


def test_rows_that_all_named_lack_come_from_the_others_alone():
    five = Hypothesis("majority/5", "majority", colluders=5)
    assert forget_named(five, 2) == Hypothesis("majority/5", "majority", colluders=3)
    rest = Hypothesis("one/50/50", "share", 0.5, 0.5)
    assert forget_named(rest, 2) == rest
    filled = Hypothesis("filled", "filled")
    assert weigh_rows(filled, 0.02) == weigh_marks(filled, 0.5, 1, (1, 1)) == (0.0, 0.0)
    assert weigh_marks(forget_named(filled, 1), 0.5, 1)[1] > 0.6

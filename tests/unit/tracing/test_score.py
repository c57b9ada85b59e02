"""Who is named: single sources, mixtures and colluders, and what is refused."""

from dataclasses import replace
from math import log

import numpy as np
import pytest

from ledger.errors import MalformedError
from tests.support.scoring import (
    STRATEGIES,
    draw_code,
    draw_withheld,
    judge_suspect,
    list_deliveries,
    named,
    share_marks,
)
from tracing.hypotheses import list_hypotheses
from tracing.marks import code_bits, withheld_rows
from tracing.score import Observations, gather_evidence, score
from tracing.tally import Evidence

NOTHING = Observations(np.zeros(0, "i4"), np.zeros(0, "i4"), np.zeros(0, "i1"))


def observe_copy(shared, delivery, *, rows=None):
    """What a leaked copy shows, or its first rows."""
    lost = withheld_rows(shared.key, delivery.stream, shared.terms, shared.height)
    there = np.flatnonzero(~lost)[:rows].astype(np.int32)
    marks = np.flatnonzero(np.isin(shared.plan.rows, there)).astype(np.int32)
    seen = code_bits(shared.key, delivery.stream, shared.plan)[marks].astype(np.int8)
    return Observations(there, marks, seen)


@pytest.mark.parametrize(
    ("withheld", "rows_per_mark", "rows"),
    [(200, 32, 1_000), (200, 16, 700), (200, 0, 1_700), (0, 16, 1_300)],
    ids=["both", "more marks", "withheld rows alone", "marks alone"],
)
def test_a_fragment_names_its_delivery_among_a_thousand(withheld, rows_per_mark, rows):
    shared = share_marks(2_000, withheld=withheld, rows_per_mark=rows_per_mark)
    deliveries = list_deliveries(1_000)
    scores = score(observe_copy(shared, deliveries[417], rows=rows), deliveries, shared)
    assert [found.name for found in scores.named] == ["delivery 417"]
    found = scores.named[0]
    assert found.p <= scores.threshold == pytest.approx(1e-9)
    assert (found.withheld, found.matched) == (0, scores.marks)
    assert scores.rows == (rows if withheld else 0)


def test_a_small_fragment_names_nobody():
    shared, deliveries = share_marks(2_000), list_deliveries(1_000)
    scores = score(observe_copy(shared, deliveries[3], rows=300), deliveries, shared)
    assert scores.named == ()
    assert min(scores.deliveries, key=lambda each: each.log_p).name == "delivery 3"


def test_a_suspect_that_shows_nothing_names_nobody():
    scores = score(NOTHING, list_deliveries(20), share_marks(100))
    assert {delivery.p for delivery in scores.deliveries} == {1.0}
    assert score(NOTHING, [], share_marks(100)).deliveries == ()


def test_p_is_the_bound_times_all_that_was_tried():
    withheld = np.zeros((1, 2_000), dtype=np.bool_)
    biases, code = draw_code(np.random.default_rng(1), 1, 0)
    p = judge_suspect(biases, code, np.zeros(0), withheld).deliveries[0].log_p
    tried = log(2 * len(list_hypotheses(0)))
    assert p - tried == pytest.approx(2_000 * np.log1p(-1310 / 65_536), abs=1e-4)


def test_the_bits_of_a_delivery_are_made_again_where_the_suspect_shows_something():
    shared, deliveries = share_marks(999), list_deliveries(3)
    rows, marks = np.array([5, 998, 17], "i4"), np.array([30, 0], "i4")
    evidence = gather_evidence(
        Observations(rows, marks, np.array([0, 1], "i1")), deliveries, shared
    )
    for index, delivery in enumerate(deliveries):
        lost = withheld_rows(shared.key, delivery.stream, shared.terms, 999)
        assert list(np.unpackbits(evidence.withheld[index])[:3]) == list(lost[rows])
        bits = code_bits(shared.key, delivery.stream, shared.plan)
        assert list(evidence.code[index]) == list(bits[marks])
    assert list(evidence.biases) == list(shared.plan.biases[marks])


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(("colluders", "marks"), [(2, 450), (3, 900), (5, 1_850)])
def test_all_colluders_are_named_and_nobody_else(colluders, marks, strategy):
    rng = np.random.default_rng([colluders, marks])
    for _ in range(2):
        biases, code = draw_code(rng, 1_000, marks)
        seen = STRATEGIES[strategy](rng, code[:colluders])
        assert named(judge_suspect(biases, code, seen)) == list(range(colluders))


def test_later_rounds_name_whom_the_first_leaves_out():
    rng, later = np.random.default_rng(5), 0
    for _ in range(6):
        biases, code = draw_code(rng, 1_000, 300)
        scores = judge_suspect(biases, code, STRATEGIES["random"](rng, code[:2]))
        assert set(named(scores)) <= {0, 1}
        later += sum(found.round > 1 for found in scores.named)
    assert later


@pytest.mark.parametrize(("rows", "rows_per_mark"), [(120_000, 0), (32_000, 16)])
def test_who_only_filled_up_the_rows_that_another_lacks_is_named(rows, rows_per_mark):
    rng = np.random.default_rng(rows)
    withheld = draw_withheld(rng, 100, rows)
    there = np.flatnonzero(~(withheld[0] & withheld[1]))
    places = np.flatnonzero(there % rows_per_mark == 0) if rows_per_mark else np.arange(-400, 0)
    biases, code = draw_code(rng, 100, len(places))
    seen = np.where(withheld[0, there[places]], code[1], code[0])
    places = np.maximum(places, -1)
    scores = judge_suspect(biases, code, seen, withheld[:, there], places)
    assert named(scores) == [0, 1]
    assert [(each.round, each.hypothesis.code) for each in scores.named][1] == (2, "filled")


@pytest.mark.parametrize("elsewhere", ["another copy", "the original", "noise"])
def test_a_tenth_of_a_copy_among_other_rows_is_named_if_there_is_enough_of_it(elsewhere):
    rng = np.random.default_rng(8)
    marks = 16_000
    biases, code = draw_code(rng, 200, marks)
    others = {
        "another copy": (rng.integers(0, 65_536, marks) < biases).astype(np.uint8),
        "the original": np.zeros(marks, np.uint8),
        "noise": rng.integers(0, 2, marks).astype(np.uint8),
    }
    seen = np.where(rng.random(marks) < 0.1, code[7], others[elsewhere])
    assert named(judge_suspect(biases, code, seen)) == [7]


@pytest.mark.parametrize(
    ("wrong", "rows"), [(0.01, 1_300), (0.05, 2_000), (0.2, 4_000), (0.5, 12_000)]
)
def test_rows_that_were_aligned_wrongly_do_not_save_the_delivery(wrong, rows):
    rng = np.random.default_rng(int(100 * wrong))
    biases, code = draw_code(rng, 200, rows // 32)
    withheld = draw_withheld(rng, 200, rows)
    mistaken = rng.random(rows) < wrong
    withheld[0] &= mistaken
    noise = rng.integers(0, 2, rows // 32)
    seen = np.where(mistaken[: 32 * (rows // 32) : 32], noise, code[0])
    assert named(judge_suspect(biases, code, seen, withheld)) == [0]


def test_the_order_of_deliveries_changes_no_score():
    rng = np.random.default_rng(3)
    biases, code = draw_code(rng, 100, 500)
    seen = STRATEGIES["random"](rng, code[:2])
    straight = [each.log_p for each in judge_suspect(biases, code, seen).deliveries]
    reverse = [each.log_p for each in judge_suspect(biases, code[::-1], seen).deliveries]
    assert straight == reverse[::-1]


def test_candidates_of_other_keys_are_paid_for():
    rng = np.random.default_rng(2)
    biases, code = draw_code(rng, 10, 60)
    alone = judge_suspect(biases, code, code[4])
    among = judge_suspect(biases, code, code[4], candidates=10**9)
    assert named(alone) == [4]
    assert named(among) == []
    assert alone.deliveries[4].p == among.deliveries[4].p
    assert among.threshold == pytest.approx(1e-15)


def test_the_smallest_p_is_listed_first():
    rng = np.random.default_rng(2)
    biases, code = draw_code(rng, 50, 900)
    found = judge_suspect(biases, code, STRATEGIES["random"](rng, code[:3])).named
    assert [each.log_p for each in found] == sorted(each.log_p for each in found)
    assert len(found) == 3


def test_a_p_too_small_for_a_binary_fraction_is_kept_as_its_logarithm():
    biases, code = draw_code(np.random.default_rng(2), 2, 4_000)
    found = judge_suspect(biases, code, code[0]).deliveries[0]
    assert found.p == 0.0
    assert found.log_p < -1_000


ONE_MARK = Observations(np.array([1, 2], "i4"), np.array([3], "i4"), np.array([1], "i1"))
OBSERVED = {
    "a row behind the last": lambda each: replace(each, rows=np.array([100], "i4")),
    "a row before the first": lambda each: replace(each, rows=np.array([-1], "i4")),
    "a row twice": lambda each: replace(each, rows=np.array([4, 4], "i4")),
    "a mark behind the last": lambda each: replace(each, marks=np.array([4], "i4")),
    "a mark before the first": lambda each: replace(each, marks=np.array([-1], "i4")),
    "a mark twice": lambda each: replace(
        each, marks=np.array([3, 3], "i4"), seen=np.array([1, 1], "i1")
    ),
    "a value that is neither": lambda each: replace(each, seen=np.array([2], "i1")),
    "an erased value": lambda each: replace(each, seen=np.array([-1], "i1")),
    "a mark without a value": lambda each: replace(each, seen=np.zeros(0, "i1")),
    "a value without a mark": lambda each: replace(each, seen=np.array([1, 0], "i1")),
}


@pytest.mark.parametrize("name", OBSERVED)
def test_every_mangled_observation_is_refused(name):
    shared, deliveries = share_marks(100), list_deliveries(2)
    score(ONE_MARK, deliveries, shared)
    with pytest.raises(MalformedError):
        score(OBSERVED[name](ONE_MARK), deliveries, shared)


ASKED = {
    "no bound": {"bound": 0.0},
    "a bound that bounds nothing": {"bound": 1.0},
    "fewer candidates than deliveries": {"candidates": 1},
}


@pytest.mark.parametrize("name", ASKED)
def test_every_mangled_question_is_refused(name):
    with pytest.raises(MalformedError):
        score(ONE_MARK, list_deliveries(2), share_marks(100), **ASKED[name])


def test_two_deliveries_of_one_name_or_of_one_stream_are_refused():
    first, second = list_deliveries(2)
    for twin in (replace(second, name=first.name), replace(second, stream=first.stream)):
        with pytest.raises(MalformedError):
            score(ONE_MARK, [first, twin], share_marks(100))


def test_no_secret_bits_are_shown_in_what_is_returned():
    scores = score(ONE_MARK, list_deliveries(2), share_marks(100))
    assert not any(isinstance(part, Evidence | bytes) for part in vars_of(scores))


def vars_of(scores):
    for each in scores.deliveries:
        yield from (getattr(each, name) for name in each.__slots__)

import numpy as np
import pytest

from ledger.errors import MalformedError
from tracing.marks import MarkTerms
from tracing.needs import positions_needed, recommend_rows_per_mark, rows_needed
from tracing.tardos import BIASES, SHARES, draw_biases


def test_every_number_gives_one_of_three_biases_in_their_shares():
    drawn = draw_biases(np.arange(65_536).astype(np.uint16))
    values, counts = np.unique(drawn, return_counts=True)
    assert tuple(values) == BIASES
    assert tuple(counts) == SHARES
    assert drawn.dtype == np.uint16


def test_biases_are_the_zeros_of_the_third_legendre_polynomial():
    zeros = np.polynomial.legendre.legroots([0, 0, 0, 1])
    assert np.allclose(np.array(BIASES) / 65_536, (1 + zeros) / 2, atol=1e-5)


def test_the_other_value_is_as_likely_as_the_original_on_the_whole():
    assert np.dot(BIASES, SHARES) == 65_536 * 32_768


def test_no_positions_give_no_biases():
    assert len(draw_biases(np.zeros(0, dtype=np.uint16))) == 0


def test_more_colluders_need_more_positions():
    needed = [positions_needed(colluders, 1000, 1e-6) for colluders in range(1, 9)]
    assert needed == sorted(set(needed))
    assert 600 < needed[2] < 900
    assert 1_600 < needed[4] < 2_000


def test_a_smaller_bound_and_more_deliveries_need_more():
    usual = positions_needed(3, 1000, 1e-6)
    assert positions_needed(3, 1000, 1e-9) > usual > positions_needed(3, 100, 1e-6)
    terms = MarkTerms(200, 32)
    assert rows_needed(terms, 10, 1e-6) < rows_needed(terms, 1000, 1e-6) < 1_000


def test_rows_are_needed_as_the_terms_leave_something_to_see():
    strong, weak = MarkTerms(200, 16), MarkTerms(200, 0)
    assert rows_needed(strong, 1000, 1e-6) < rows_needed(weak, 1000, 1e-6)
    assert rows_needed(strong, 1000, 1e-6, readable=0) == rows_needed(weak, 1000, 1e-6)
    assert rows_needed(MarkTerms(0, 32), 1000, 1e-6) > 1_500


def test_without_any_marks_no_number_of_rows_is_enough():
    assert rows_needed(MarkTerms(0, 0), 10, 1e-6) is None
    assert rows_needed(MarkTerms(0, 32), 10, 1e-6, readable=0) is None


@pytest.mark.parametrize(
    ("height", "expected"),
    [(336_776, 32), (53_940, 16), (32_561, 16), (30_000, 16), (15_000, 8), (9_000, 4), (1, 4)],
)
def test_the_recommended_share_of_marked_rows_grows_as_tables_get_smaller(height, expected):
    assert recommend_rows_per_mark(height) == expected


@pytest.mark.parametrize(
    "ask",
    [
        lambda: positions_needed(0, 1000, 1e-6),
        lambda: positions_needed(17, 1000, 1e-6),
        lambda: positions_needed(3, 0, 1e-6),
        lambda: positions_needed(3, 1000, 0.0),
        lambda: positions_needed(3, 1000, 1.0),
        lambda: rows_needed(MarkTerms(200, 32), 1000, 1e-6, readable=1.1),
        lambda: rows_needed(MarkTerms(200, 32), 0, 1e-6),
    ],
)
def test_plans_for_nobody_or_without_a_bound_are_refused(ask):
    with pytest.raises(MalformedError):
        ask()

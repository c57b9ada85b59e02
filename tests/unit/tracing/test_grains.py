"""Cells in three grains: what rounding and noise leave alike, and what they do not."""

import random

import numpy as np
import pytest

from tracing.canon import KindFinder
from tracing.grains import GRAINS, GrainedColumn, format_width
from tracing.keys import derive_hash_keys
from tracing.sketch import fold_table
from tracing.tables import Column, Table

KEYS = derive_hash_keys(b"k" * 32)


def grained(cells, keys=KEYS):
    """A column of these cells; None is no value."""
    values = list(dict.fromkeys(cell for cell in cells if cell is not None))
    finder = KindFinder()
    finder.look(cells)
    codes = np.array([-1 if cell is None else values.index(cell) for cell in cells], np.int32)
    table = Table((Column("x", finder.kind, codes, tuple(values)),), len(cells), "csv", "utf-8")
    return GrainedColumn(fold_table(table).columns["x"], keys)


def agree(one, other, grain, width=""):
    """Share of rows in which two columns have the same cell."""
    pairs = one.spread_rows(grain, width), other.spread_rows(grain, width)
    return float((pairs[0] == pairs[1]).mean())


@pytest.fixture(scope="module")
def numbers():
    draw = random.Random(3)
    return [round(draw.gauss(500, 90), 2) for _ in range(800)]


def test_numbers_rounded_to_two_digits_keep_their_digits_and_nothing_else(numbers):
    exact = grained([f"{each:.2f}" for each in numbers])
    rounded = grained([f"{each:.1e}" for each in numbers])
    assert agree(exact, rounded, "digits") > 0.98
    assert agree(exact, rounded, "whole") < 0.02


def test_numbers_with_a_little_noise_mostly_keep_their_bins(numbers):
    draw = random.Random(4)
    exact = grained([f"{each:.2f}" for each in numbers])
    noisy = grained([f"{each + draw.gauss(0, 0.8):.2f}" for each in numbers])
    width = exact.find_width()
    assert width == "2e1"
    assert agree(exact, noisy, "bins", width) > 0.93
    assert agree(exact, noisy, "whole") < 0.1


def test_other_numbers_do_not_agree_in_any_grain(numbers):
    exact, other = (grained([f"{each:.2f}" for each in some]) for some in (numbers, numbers[::-1]))
    for grain in GRAINS:
        assert agree(exact, other, grain, exact.find_width()) < 0.3


def test_no_value_is_nought_and_nothing_else_is():
    column = grained(["1", None, "2.5", "30"])
    for grain in GRAINS:
        rows = column.spread_rows(grain, "1e0")
        assert [bool(each) for each in rows] == [True, False, True, True]


def test_text_and_dates_have_one_grain_only():
    for cells in (["a", "b"], ["2013-01-01", "2013-01-02"], ["1.2.3", "4.5.6"], [None]):
        column = grained(cells)
        assert not column.is_numeric
        assert column.find_width() == ""


@pytest.mark.parametrize(
    "cells",
    [
        ["1" * 380, "2"],
        ["1e999999", "2"],
        ["-1e-300", "1e-300"],
        ["0", "0"],
        ["-", "1"],
        ["9.99e307", "-9.99e307"],
        ["0.00000000000000000000000000000000000001", "1"],
    ],
)
def test_extreme_numbers_break_nothing(cells):
    column = grained(cells)
    for grain in GRAINS:
        assert len(column.spread_rows(grain, column.find_width())) == 2
    assert 0 <= column.count_neighbours() <= 1


def test_another_key_gives_other_hashes(numbers):
    cells = [f"{each:.2f}" for each in numbers]
    one, other = grained(cells), grained(cells, derive_hash_keys(b"x" * 32))
    assert agree(one, other, "whole") == 0
    assert agree(one, other, "digits") < 0.05
    assert agree(one, other, "bins", one.find_width()) < 0.2


def test_running_numbers_have_neighbours_and_others_have_not(numbers):
    assert grained([str(each) for each in range(500)]).count_neighbours() > 0.99
    assert grained([f"{each:.2f}" for each in numbers]).count_neighbours() < 0.1
    assert grained(["a", "b"]).count_neighbours() == 1


@pytest.mark.parametrize(
    ("size", "width"),
    [(0.9, "5e-1"), (1, "1e0"), (4.99, "2e0"), (5, "5e0"), (70, "5e1"), (0, ""), (-1, ""),
     (float("inf"), ""), (float("nan"), ""), (1e-305, "")],
)  # fmt: skip
def test_widths_are_1_2_or_5_times_a_power_of_ten(size, width):
    assert format_width(size) == width


def test_a_column_of_many_values_tells_rows_apart_and_one_of_few_does_not():
    assert grained([str(each * 7) for each in range(256)]).tell_apart("whole") == pytest.approx(8)
    assert grained(["a", "b"] * 50).tell_apart("whole") == pytest.approx(1)
    assert grained(["a"] * 50).tell_apart("whole") == 0

"""Columns find their counterparts by what they hold, and roundings are recognised."""

import numpy as np
import pytest

from tests.support.aligning import as_table, cut, make_table, pick, rename, round_digits
from tests.support.tables import make_sales, make_sensors
from tracing.cells import fold_column, pick_rows, scatter
from tracing.columns import map_columns, take_best
from tracing.grain import SAME, Relation, find_relation, refine_relation


def folded(table):
    return [fold_column(column) for column in table.columns]


def counterparts(suspect, original):
    return {one.suspect: one.original for one in map_columns(folded(suspect), folded(original))}


@pytest.mark.parametrize("make", [make_sales, make_sensors])
def test_renamed_and_moved_columns_are_found_by_their_values(make):
    original = as_table(make(1_200))
    moved = np.random.default_rng(4).permutation(len(original.columns)).tolist()
    suspect = rename(pick(type(original)(
        tuple(original.columns[place] for place in moved), original.height, "csv", "utf-8"
    ), np.arange(0, 1_200, 2)))  # fmt: skip
    found = counterparts(suspect, original)
    right = sum(found.get(place) == whence for place, whence in enumerate(moved))
    # Measurements of like distribution are told apart only once rows are aligned.
    assert right >= len(moved) - 2
    assert len(set(found.values())) == len(found)


def test_an_equal_name_decides_between_columns_that_are_alike():
    cells = [str(place % 40) for place in range(400)]
    original = make_table(left=cells, right=cells)
    suspect = make_table(RIGHT=cells, **{"left ": cells})
    assert counterparts(suspect, original) == {0: 1, 1: 0}
    how = {one.how for one in map_columns(folded(suspect), folded(original))}
    assert how == {"name"}


def test_an_equal_name_alone_makes_no_counterpart():
    original = make_table(city=["a", "b", "c"] * 50)
    suspect = make_table(city=["x", "y", "z"] * 50)
    assert counterparts(suspect, original) == {}


def test_text_and_numbers_are_no_counterparts():
    original = make_table(one=[str(n) for n in range(50)])
    suspect = make_table(one=[f"n{n}" for n in range(50)])
    assert counterparts(suspect, original) == {}


def test_a_column_of_text_that_reads_as_numbers_is_a_counterpart_of_numbers():
    original = make_table(one=[str(n) for n in range(50)])
    mostly = make_table(one=["n", *(f"0{n}" for n in range(49))])
    assert mostly.columns[0].kind == "text"
    assert counterparts(mostly, original) == {0: 0}


def test_the_best_pairs_are_taken_first_and_each_side_once():
    ranked = np.array([[0.9, 0.8, -1.0], [0.85, 0.1, -1.0], [0.5, 0.4, 0.0]])
    assert take_best(ranked) == [(0, 0), (2, 1)]
    assert take_best(np.empty((0, 3))) == []


ROUNDED = {
    "whole numbers": (lambda table: cut(table), Relation("rounded", step=1.0)),
    "two digits": (lambda table: round_digits(table, 2), Relation("rounded", digits=2)),
    "not at all": (lambda table: table, SAME),
}


@pytest.mark.parametrize("name", ROUNDED)
def test_a_rounding_is_recognised_from_the_column_alone(name):
    change, expected = ROUNDED[name]
    prices = make_table(price=[f"{7 + place * 0.37:.2f}" for place in range(900)])
    found = find_relation(fold_column(change(prices).columns[0]), fold_column(prices.columns[0]))
    assert found == expected


def test_numbers_as_coarse_as_the_original_are_not_rounded():
    whole = make_table(count=[str(place * 10) for place in range(300)])
    column = fold_column(whole.columns[0])
    assert find_relation(column, column) == SAME


def test_rounding_gives_one_number_for_one_decimal():
    relation = Relation("rounded", step=0.1)
    numbers = np.array([0.3, 0.31, 0.25, 1e6 + 0.04])
    assert relation.apply(numbers).tolist() == [0.3, 0.3, 0.2, 1_000_000.0]
    digits = Relation("rounded", digits=2)
    assert digits.apply(np.array([996.0, 0.0, -1249.0, 0.0123])).tolist() == [
        1000.0, 0.0, -1200.0, 0.012,
    ]  # fmt: skip


RELATIONS = {
    "cut": (Relation("rounded", step=1.0), np.trunc, "cut"),
    "rounded": (Relation("rounded", step=1.0), np.rint, "rounded"),
    "same": (SAME, lambda numbers: numbers, "same"),
    "noised": (SAME, lambda numbers: numbers + np.linspace(-1, 1, len(numbers)), "noised"),
    "replaced": (SAME, lambda numbers: np.where(numbers % 3 < 1, numbers[::-1], numbers), "same"),
}


@pytest.mark.parametrize("name", RELATIONS)
def test_pairs_of_rows_tell_what_was_done(name):
    first, change, expected = RELATIONS[name]
    original = np.random.default_rng(2).uniform(0, 100, 500)
    assert refine_relation(first, change(original), original).how == expected


def test_too_few_pairs_tell_nothing():
    first = Relation("rounded", step=1.0)
    assert refine_relation(first, np.arange(4.0), np.arange(4.0) + 0.5) == first


def test_rows_are_picked_by_chance_each_once_and_always_the_same():
    picked = pick_rows(1_000, 100, 1)
    assert len(set(picked.tolist())) == 100
    assert picked.tolist() == sorted(picked.tolist())
    assert picked.tolist() == pick_rows(1_000, 100, 1).tolist()
    assert picked.tolist() != pick_rows(1_000, 100, 2).tolist()
    assert pick_rows(5, 100, 1).tolist() == [0, 1, 2, 3, 4]


def test_scattered_numbers_are_the_same_on_every_machine():
    """SplitMix64 from the seed 0: the first three outputs as published with java.util.SplittableRandom."""
    assert scatter(3, 0).tolist() == [
        0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F,
    ]  # fmt: skip

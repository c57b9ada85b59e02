"""Rows are found again after each single change, and rows of others are not."""

import numpy as np
import pytest

from tests.support.aligning import (
    alter,
    as_table,
    cut,
    foreign,
    noise,
    pick,
    project,
    rename,
    round_digits,
    stack,
)
from tests.support.tables import make_sales, make_sensors
from tracing.align import align
from tracing.markdata import MarkPlan
from tracing.observe import observe
from tracing.tables import read_table

ROWS = 1_500


@pytest.fixture(scope="module")
def sensors():
    return as_table(make_sensors(ROWS))


@pytest.fixture(scope="module")
def sales():
    """Without the columns that are keys: aligning by them is no art."""
    table = as_table(make_sales(ROWS))
    return project(table, ("city", "good", "kind", "quantity", "price", "total", "score", "备注"))


def order(seed=3):
    return np.random.default_rng(seed).permutation(ROWS)


CHANGES = {
    "shuffled": (lambda table: table, 1.0),
    "renamed": (rename, 1.0),
    "two digits left": (lambda table: round_digits(table, 2), 0.95),
    "decimals cut": (cut, 0.95),
    "noise of 2 %": (lambda table: noise(table, 0.02), 0.9),
    "a tenth altered": (lambda table: alter(table, 0.1), 0.95),
    "three tenths altered": (lambda table: alter(table, 0.3), 0.8),
}


def judge(alignment, truth):
    """Share of the rows found, and of the found ones that are wrong."""
    found = alignment.rows >= 0
    right = found & (alignment.rows == truth)
    return right.sum() / max(1, (truth >= 0).sum()), 1 - right.sum() / max(1, found.sum())


@pytest.mark.parametrize("name", CHANGES)
def test_rows_of_measurements_are_found_after_each_change(name, sensors):
    change, least = CHANGES[name]
    truth = order()
    found, wrong = judge(align(pick(change(sensors), truth), sensors), truth)
    assert found >= least
    assert wrong <= 0.02


@pytest.mark.parametrize("name", ["shuffled", "renamed", "decimals cut", "a tenth altered"])
def test_rows_of_sales_are_found_after_each_change(name, sales):
    change, _ = CHANGES[name]
    truth = order()
    found, wrong = judge(align(pick(change(sales), truth), sales), truth)
    assert found >= 0.85
    assert wrong <= 0.02


def test_a_fragment_of_a_twentieth_is_found(sales):
    truth = order()[: ROWS // 20]
    found, wrong = judge(align(pick(sales, truth), sales), truth)
    assert found >= 0.95
    assert wrong == 0


def test_three_columns_in_another_order_are_enough(sensors):
    truth = order()
    suspect = rename(pick(project(sensors, ("value_6", "value_1", "value_3")), truth))
    alignment = align(suspect, sensors)
    found, wrong = judge(alignment, truth)
    assert [sensors.names[one.original] for one in alignment.mapping] == [
        "value_6", "value_1", "value_3",
    ]  # fmt: skip
    assert found >= 0.95
    assert wrong == 0


@pytest.mark.parametrize("times", [1, 9])
def test_rows_of_others_among_them_change_little(sensors, times):
    truth = order()[: ROWS // 5]
    others = foreign(sensors, times * len(truth))
    suspect = stack(pick(sensors, truth), others)
    truth = np.concatenate([truth, np.full(others.height, -1)])
    alignment = align(suspect, sensors)
    found, wrong = judge(alignment, truth)
    assert found >= 0.95
    assert wrong <= 0.02
    assert alignment.foreign_share >= 0.4


def test_real_rows_of_another_half_are_not_taken_for_those_of_the_original(sensors):
    mine, others = order()[: ROWS // 2], order()[ROWS // 2 :]
    original = pick(sensors, mine)
    alignment = align(pick(sensors, others), original)
    assert alignment.aligned <= 0.01 * len(others)
    found, _ = judge(align(pick(sensors, mine[:200]), original), np.arange(200))
    assert found >= 0.99


def test_tables_without_anything_in_common_are_not_aligned(sensors):
    suspect = project(as_table(make_sales(ROWS)), ("city", "good", "备注"))
    alignment = align(suspect, sensors)
    assert alignment.aligned == 0
    assert alignment.mapping == ()
    assert len(alignment.rows) == suspect.height


@pytest.mark.parametrize("side", ["suspect", "original"])
def test_a_table_without_rows_is_not_aligned(sensors, side):
    empty = pick(sensors, np.empty(0, dtype=np.int64))
    suspect, original = (empty, sensors) if side == "suspect" else (sensors, empty)
    alignment = align(suspect, original)
    assert alignment.aligned == 0
    assert len(alignment.rows) == suspect.height


def test_rows_that_the_original_has_twice_are_left_out(sensors):
    original = stack(sensors, pick(sensors, np.arange(100)))
    alignment = align(sensors, original)
    assert (alignment.rows[:100] == -1).all()
    assert (alignment.rows[100:] >= 0).mean() >= 0.99


def test_an_original_row_has_one_suspect_row_and_the_rest_are_repeats(sensors):
    suspect = stack(sensors, alter(pick(sensors, np.arange(300)), 0.1))
    alignment = align(suspect, sensors)
    found = alignment.rows[alignment.rows >= 0]
    assert len(np.unique(found)) == len(found)
    assert alignment.repeated >= 250
    again = alignment.repeats >= 0
    assert not (again & (alignment.rows >= 0)).any()


def test_the_same_tables_align_the_same_way(sensors):
    suspect = pick(alter(sensors, 0.3), order())
    first, second = align(suspect, sensors), align(suspect, sensors)
    assert (first.rows == second.rows).all()
    assert first.mapping == second.mapping


def test_columns_with_the_names_of_each_other_are_told_apart_by_their_values(sensors):
    names = dict(zip(sensors.names, sensors.names, strict=True))
    names |= {"value_2": "value_3", "value_3": "value_2"}
    suspect = rename(pick(sensors, order()), tuple(names[name] for name in sensors.names))
    alignment = align(suspect, sensors)
    for one in alignment.mapping:
        if sensors.names[one.original] in {"value_2", "value_3"}:
            assert one.original == one.suspect
    assert alignment.aligned >= 0.99 * ROWS


def test_how_many_cells_were_kept_is_estimated(sensors):
    alignment = align(pick(alter(sensors, 0.3), order()), sensors)
    for one in alignment.mapping:
        assert abs(one.kept - 0.7) < 0.12


def test_what_was_done_to_numbers_is_recognised(sensors):
    assert {one.relation.how for one in align(cut(sensors), sensors).mapping} == {"same", "cut"}
    noised = align(noise(sensors, 0.02), sensors)
    assert sum(one.relation.how == "noised" for one in noised.mapping) >= 6


@pytest.mark.parametrize("cell", ["{}e305", "{}e99999999", "-{}e307", "{}e-400"])
def test_numbers_beyond_every_binary_fraction_are_no_error(tmp_path, cell):
    path = tmp_path / "t.csv"
    lines = [f"{i % 97},{cell.format(i + 1)}\n" for i in range(ROWS)]
    path.write_text("a,b\n" + "".join(lines), encoding="utf-8")
    table = read_table(path)
    marked = MarkPlan(
        np.arange(0, ROWS, 9, dtype=np.int32),
        np.ones(len(range(0, ROWS, 9)), dtype=np.int16),
        tuple(table.columns[1].values[table.columns[1].codes[i]] for i in range(0, ROWS, 9)),
        np.full(len(range(0, ROWS, 9)), 32_768, dtype=np.uint16),
    )
    suspect = pick(table, order())
    alignment = align(suspect, table)
    observed = observe(suspect, table, alignment, marked)
    assert len(observed.marks) <= len(marked.rows)
    assert set(alignment.rows.tolist()) <= set(range(-1, ROWS))

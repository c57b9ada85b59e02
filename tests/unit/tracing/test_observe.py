"""Marks are read where they can be read, and left out where they cannot."""

import numpy as np
import pytest

from tests.support.aligning import as_table, make_table, pick, project, stack
from tests.support.tables import make_sensors
from tracing.align import Alignment, align
from tracing.columns import MappedColumn
from tracing.grain import SAME, Relation
from tracing.markdata import MarkingKey, MarkPlan, MarkTerms
from tracing.marks import MarkColumn, code_bits, make_plan
from tracing.observe import observe

ORIGINAL = make_table(
    price=["10", "20", "30", "40", "50", "60"], city=["a", "b", "a", "b", "a", "b"]
)


def plan_of(*marks):
    """Positions as (row, column, other value)."""
    rows, columns, values = zip(*marks, strict=True)
    return MarkPlan(
        np.array(rows, dtype=np.int32),
        np.array(columns, dtype=np.int16),
        values,
        np.full(len(rows), 32_768, dtype=np.uint16),
    )


def aligned(rows, *, repeats=None, relation=SAME, columns=(0, 1)):
    mapping = tuple(
        MappedColumn(place, place, "name", relation if place == 0 else SAME) for place in columns
    )
    rows = np.array(rows, dtype=np.int32)
    again = np.full(len(rows), -1) if repeats is None else repeats
    return Alignment(rows, np.array(again, dtype=np.int32), mapping, 3.0, 0.0, 0.0)


def read(price, city=None, other="21", **options):
    """What one suspect row, aligned to row 1, shows of a mark of its price."""
    suspect = make_table(price=[price, "90", "91"], city=[city or "b", "a", "b"])
    plan = plan_of((1, 0, other))
    seen = observe(suspect, ORIGINAL, aligned([1, -1, -1], **options), plan)
    return seen.seen.tolist()


READINGS = {
    "the original value": ("20", {}, [0]),
    "the other value": ("21", {}, [1]),
    "the original value in another spelling": ("20.0", {}, [0]),
    "nearer to the other, as means of copies are": ("20.67", {}, [1]),
    "nearer to the original": ("20.33", {}, [0]),
    "a little beyond": ("21.5", {}, [1]),
    "the very middle": ("20.5", {}, []),
    "far from both": ("35", {}, []),
    "no value": (None, {}, []),
    "rounding that makes one of both": (
        "20", {"relation": Relation("rounded", step=10.0)}, [],
    ),
    "rounding that keeps them apart": ("30", {
        "relation": Relation("rounded", step=10.0), "other": "30",
    }, [1]),
    "digits that make one of both": ("20", {"relation": Relation("rounded", digits=1)}, []),
    "noise as wide as both": ("20.2", {"relation": Relation("noised", spread=1.5)}, []),
    "little noise": ("20.8", {"relation": Relation("noised", spread=0.2)}, [1]),
    "a column that is not there": ("21", {"columns": (1,)}, []),
}  # fmt: skip


@pytest.mark.parametrize("name", READINGS)
def test_a_number_is_read_as(name):
    cell, options, expected = READINGS[name]
    assert read(cell, **options) == expected


@pytest.mark.parametrize(("cell", "expected"), [("b", [0]), ("a", [1]), ("c", [])])
def test_a_category_is_one_of_both_values_or_left_out(cell, expected):
    suspect = make_table(price=["20"], city=[cell])
    seen = observe(suspect, ORIGINAL, aligned([1]), plan_of((1, 1, "a")))
    assert seen.seen.tolist() == expected


def test_rows_and_marks_are_ascending_and_positions_are_those_of_the_plan():
    suspect = pick(ORIGINAL, np.array([5, 0, 3]))
    plan = plan_of((0, 0, "11"), (2, 0, "31"), (3, 1, "a"), (5, 0, "61"))
    seen = observe(suspect, ORIGINAL, aligned([5, 0, 3]), plan)
    assert seen.rows.tolist() == [0, 3, 5]
    assert seen.marks.tolist() == [0, 2, 3]
    assert seen.seen.tolist() == [0, 0, 0]
    assert (seen.rows.dtype, seen.marks.dtype, seen.seen.dtype) == (np.int32, np.int32, np.int8)


def test_a_row_that_is_there_twice_shows_the_other_value_if_either_does():
    suspect = make_table(price=["20", "21"], city=["b", "b"])
    for rows, repeats in (([1, -1], [-1, 1]), ([-1, 1], [1, -1])):
        seen = observe(suspect, ORIGINAL, aligned(rows, repeats=repeats), plan_of((1, 0, "21")))
        assert seen.seen.tolist() == [1]
        assert seen.rows.tolist() == [1]


def test_without_marks_or_rows_nothing_is_seen():
    no_marks = MarkPlan(
        np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int16), (), np.empty(0, dtype=np.uint16)
    )
    seen = observe(ORIGINAL, ORIGINAL, aligned(range(6)), no_marks)
    assert seen.rows.tolist() == [0, 1, 2, 3, 4, 5]
    assert len(seen.marks) == 0
    seen = observe(ORIGINAL, ORIGINAL, aligned([-1] * 6), plan_of((1, 0, "21")))
    assert len(seen.rows) == len(seen.marks) == 0


def test_the_bits_of_a_copy_are_read_back_from_a_shuffled_fragment():
    table = as_table(make_sensors(1_500))
    key, stream = MarkingKey(bytes(range(32))), bytes(16)
    columns = [
        MarkColumn(f"value_{place}", "number", f"0.{'0' * (place - 1)}1") for place in (1, 2)
    ]
    plan = make_plan(table, key, MarkTerms(0, 4), columns)
    bits = code_bits(key, stream, plan)
    copy = marked(table, plan, bits)
    rows = np.random.default_rng(8).permutation(table.height)[:800]
    suspect = pick(copy, rows)
    seen = observe(suspect, table, align(suspect, table), plan)
    assert len(seen.rows) >= 0.98 * len(rows)
    expected = np.isin(plan.rows, seen.rows).sum()
    assert len(seen.marks) >= 0.95 * expected
    assert (seen.seen == bits[seen.marks]).mean() >= 0.99


def marked(table, plan, bits):
    """The copy that has the other value where the bit is set, made row by row."""
    cells = [column.cells() for column in table.columns]
    for row, column, value, bit in zip(plan.rows, plan.columns, plan.values, bits, strict=True):
        if bit:
            cells[column][row] = value
    return make_table(**dict(zip(table.names, cells, strict=True)))


def test_a_suspect_without_the_marked_columns_still_shows_its_rows():
    table = as_table(make_sensors(600))
    suspect = project(table, ("value_3", "value_2"))
    plan = plan_of((1, table.names.index("value_0"), "1"))
    seen = observe(suspect, table, align(suspect, table), plan)
    assert len(seen.rows) >= 550
    assert len(seen.marks) == 0


def test_copies_put_together_keep_each_row_once():
    table = as_table(make_sensors(600))
    suspect = stack(table, pick(table, np.arange(300)))
    alignment = align(suspect, table)
    seen = observe(suspect, table, alignment, plan_of((1, 3, "0.1")))
    assert len(np.unique(seen.rows)) == len(seen.rows) >= 590
    assert alignment.repeated >= 290

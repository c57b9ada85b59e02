"""What marks are worth and cost, held against copies that were really made."""

import numpy as np
import pytest

from tests.support.tables import make_sensors, write_csv
from tracing.markdata import MarkingKey, MarkTerms
from tracing.marking import edit_copy
from tracing.markopening import DeliveryMarks
from tracing.marks import choose_columns, make_plan
from tracing.plan import forecast
from tracing.tables import read_table

KEY = MarkingKey(bytes(range(32)))
ROWS = 8_000


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return read_table(write_csv(tmp_path_factory.mktemp("plan") / "t.csv", make_sensors(ROWS)))


def plan(table, withheld=200, g=8):
    terms, columns = MarkTerms(withheld, g), choose_columns(table)
    return forecast(table, terms, columns, make_plan(table, KEY, terms, columns))


def copies(table, count, withheld=200, g=8):
    columns = choose_columns(table)
    for number in range(count):
        stream = number.to_bytes(16, "big")
        yield edit_copy(table, DeliveryMarks(KEY, stream, MarkTerms(withheld, g), columns))


def test_rows_and_cells_are_what_copies_have_on_the_average(table):
    found = plan(table)
    made = list(copies(table, 30))
    assert found.rows - found.withheld == pytest.approx(np.mean([e.rows for e in made]), abs=15)
    assert found.cells == pytest.approx(np.mean([len(e.changes) for e in made]), rel=0.05)
    assert sum(cost.cells for cost in found.costs) == pytest.approx(found.cells, abs=10)
    assert found.all_cells == ROWS * 9
    assert found.cells < found.all_cells / (8 * 9), "at most one cell in one row of eight"


def test_means_and_variances_move_less_than_said_and_less_than_a_thousandth(table):
    found = {cost.column.name: cost for cost in plan(table, g=32).costs}
    within = total = 0
    for edits in copies(table, 20, withheld=0, g=32):
        for place, column in enumerate(table.columns):
            cost = found.get(column.name)
            if cost is None or cost.mean_shift is None:
                continue
            before = np.array([float(cell) for cell in column.values])[column.codes]
            after = before.copy()
            for row, (at, value) in edits.changes.items():
                if at == place:
                    after[row] = float(value)
            scale = max(abs(before.mean()), before.std())
            mean = abs(after.mean() - before.mean()) / scale * 1e6
            variance = abs(after.var() / before.var() - 1) * 1e6
            assert mean < 1_000
            assert variance < 1_000
            within += int(mean <= cost.mean_shift) + int(variance <= cost.variance_shift)
            total += 2
    assert total >= 200
    assert within >= 0.93 * total, "two standard deviations"


def test_more_recipients_need_more_rows_and_marks_need_fewer(table):
    found = plan(table)
    assert [need.recipients for need in found.needs] == [10, 100, 1_000]
    rows = [need.rows for need in found.needs]
    marked = [need.marked_rows for need in found.needs]
    assert rows == sorted(rows)
    assert all(few < many for few, many in zip(marked, rows, strict=True))
    assert plan(table, g=2).colluders > plan(table, g=32).colluders


def test_what_cannot_name_anybody_says_so(table):
    alone = plan(table, g=0)
    assert alone.positions == alone.cells == alone.colluders == 0
    assert [need.rows for need in alone.needs] == [need.marked_rows for need in alone.needs]
    assert all(need.rows is None for need in plan(table, withheld=0).needs)
    assert all(need.marked_rows for need in plan(table, withheld=0, g=2).needs)
    nothing = plan(table, withheld=1, g=0)
    assert all(need.rows is None for need in nothing.needs), "more rows than there are"

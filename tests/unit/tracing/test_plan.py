"""What marks are worth and cost, held against copies that were really made."""

import numpy as np
import pytest

from tests.support.tables import make_sensors, write_csv
from tracing.canaries import draw_canaries
from tracing.markdata import MarkingKey, MarkTerms
from tracing.marking import edit_copy
from tracing.markopening import DeliveryMarks
from tracing.marks import choose_columns, make_plan
from tracing.needs import canaries_needed, rows_showing
from tracing.plan import forecast
from tracing.score import judge
from tracing.tables import read_table
from tracing.tally import Evidence, Invented

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


# invented rows


def plan_invented(table, count):
    terms = MarkTerms(200, 0, count)
    return forecast(table, terms, (), make_plan(table, KEY, terms, ())).canaries


def test_without_invented_rows_nothing_is_said_of_them(table):
    assert plan(table).canaries is None


def test_a_few_invented_rows_name_a_recipient_and_more_of_them_in_fewer_leaked_rows(table):
    few, many = plan_invented(table, 10), plan_invented(table, 100)
    assert [each.recipients for each in few.needs] == [10, 100, 1000]
    assert [each.found for each in few.needs] == [2, 2, 2]
    assert all(2 <= each.found <= 3 for each in many.needs)
    assert all(
        0 < other.rows < each.rows < ROWS for each, other in zip(few.needs, many.needs, strict=True)
    )
    assert (few.share, many.share) == (1_274, 12_595)
    assert few.mean_shift < many.mean_shift < 2_000


def test_means_move_by_invented_rows_as_far_as_said(table):
    cost = plan_invented(table, 400)
    column = table.columns[4]
    numbers = np.array([float(cell) for cell in column.values])[column.codes]
    moved = []
    for number in range(40):
        drawn = draw_canaries(table, KEY, number.to_bytes(16, "big"), 400).rows[:, 4]
        after = np.concatenate([numbers, numbers[drawn]])
        moved.append((after.mean() - numbers.mean()) / numbers.std() * 1e6)
    assert np.sqrt(np.mean(np.square(moved))) == pytest.approx(cost.mean_shift, rel=0.3)


@pytest.mark.parametrize("content", ["a,b\n1,x\n1,y\n2,x\n2,y\n", "a,b\n" + "1,x\n2,y\n" * 200])
def test_invented_rows_of_a_table_that_has_all_combinations_or_few_name_nobody(tmp_path, content):
    path = tmp_path / "few.csv"
    path.write_text(content, "utf-8")
    needs = plan_invented(read_table(path), 10).needs
    assert [(each.found, each.rows) for each in needs] == [(None, None)] * 3


def test_so_many_invented_rows_are_enough_and_one_fewer_is_not():
    for count, chance, recipients in [(10, 1e-9, 10), (50, 1e-6, 1_000), (200, 1e-4, 100)]:
        needed = canaries_needed(count, chance, recipients, 1e-6)
        found = np.array([needed - 1, needed])
        nothing = np.zeros((2, 0), np.uint8)
        none = np.zeros(0, np.int8)
        evidence = Evidence(
            none.astype(np.uint16), none, nothing, 0, 0, nothing,
            invented=Invented(count, chance, found),
        )  # fmt: skip
        scores = judge(evidence, ["fewer", "enough"], bound=1e-6, candidates=recipients)
        assert [each.name for each in scores.named] == ["enough"]


def test_a_chance_too_large_to_say_anything_needs_more_than_there_are():
    assert canaries_needed(10, 0.02, 10, 1e-6) is None
    assert canaries_needed(2, 0.005, 10, 1e-6) is None


def test_so_many_rows_of_a_copy_have_enough_invented_ones_99_times_of_100():
    rng = np.random.default_rng(4)
    for count, needed, rows in [(10, 2, 210), (100, 3, 5_000), (1, 1, 50)]:
        taken = rows_showing(count, needed, rows)
        found = rng.hypergeometric(count, rows - count, taken, 4_000)
        assert 0.985 < np.mean(found >= needed) <= 1
        assert needed <= taken <= rows

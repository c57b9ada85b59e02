"""A sample of rows found in a file by groups of cells, and not found where others merely resemble."""

import random

import pytest

from tests.support.tables import Sample, write_csv
from tracing import tuples
from tracing.containment import estimate_sampled
from tracing.counterparts import match_columns, read_columns
from tracing.keys import derive_hash_keys
from tracing.sampled import SampleSearch
from tracing.sketch import MAX_SAMPLED, TableHasher, fold_table, sketch_table
from tracing.tables import digest_rows, read_table
from tracing.tuples import GroupedRows, Part

KEYS = derive_hash_keys(b"k" * 32)
ROWS = 1200


class Bench:
    """Reads samples from files of their own."""

    def __init__(self, folder):
        self.folder = folder

    def read(self, sample):
        return read_table(write_csv(self.folder / "one.csv", sample))

    def sketch(self, sample):
        table = self.read(sample)
        return sketch_table(fold_table(table), digest_rows(table).digest, KEYS)

    def group(self, sample):
        return GroupedRows(TableHasher(fold_table(self.read(sample)), KEYS))

    def match(self, sketch, sample):
        rows = self.group(sample)
        return match_columns(read_columns(sketch), {n: rows.take_column(n) for n in rows.names})

    def find(self, sketch, sample):
        rows, columns = self.group(sample), read_columns(sketch)
        names = match_columns(columns, {n: rows.take_column(n) for n in rows.names})
        return SampleSearch(sketch, columns, rows, names).find()


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def make_readings(seed, rows=ROWS):
    """Hours at three stations, and what was measured there."""
    draw = random.Random(seed)
    made = [
        (
            f"S{place % 3}",
            str(place // 3 % 24),
            str(place // 72),
            f"{draw.gauss(15, 6):.2f}",
            f"{draw.lognormvariate(3, 1):.3f}",
            draw.choice(("clear", "rain", "snow", "fog")),
        )
        for place in range(rows)
    ]
    return Sample(("station", "hour", "day", "warmth", "wind", "sky"), made)


@pytest.fixture(scope="module")
def readings():
    return make_readings("this month")


def change_numbers(sample, change):
    rows = [tuple(change(cell) if "." in cell else cell for cell in row) for row in sample.rows]
    return Sample(sample.names, rows)


def some(sample, count, seed=5):
    return sample.take(random.Random(seed).sample(range(len(sample.rows)), count))


def renamed(sample):
    return sample.select(tuple(reversed(sample.names))).rename("abcdef"[: len(sample.names)])


def noisy(sample):
    draw = random.Random(8)
    return change_numbers(sample, lambda cell: f"{float(cell) + draw.gauss(0, 0.06):.3f}")


FOUND = {
    "unchanged": lambda s: s,
    "a tenth": lambda s: some(s, ROWS // 10),
    "two digits": lambda s: change_numbers(s, lambda cell: f"{float(cell):.1e}"),
    "with noise": noisy,
    "other names": renamed,
    "a tenth with noise and other names": lambda s: renamed(noisy(some(s, ROWS // 10))),
    "three columns": lambda s: s.select(("hour", "wind", "sky")),
    "one column": lambda s: s.select(("wind",)),
    "a tenth, each row thrice": lambda s: some(s, ROWS // 10).take([*range(ROWS // 10)] * 3),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_done_to_a_table_does_not_hide_it(bench, readings, name):
    made = FOUND[name](readings)
    found = bench.find(bench.sketch(readings), made)
    share = len(set(made.rows)) / ROWS
    assert found is not None
    assert found.agreement > 0.8
    assert found.containment.of_earlier.estimate == pytest.approx(share, abs=0.12)
    assert found.containment.of_new.high > 0.7


NOT_FOUND = {
    "another month at the same hours": lambda s: make_readings("next month"),
    "the hours alone": lambda s: make_readings("next month").select(("station", "hour", "day")),
    "running numbers": lambda s: Sample(("day",), [(str(n),) for n in range(ROWS)]),
    "columns that belong to other rows": lambda s: Sample(
        s.names, list(zip(*(random.Random(n).sample(c, ROWS) for n, c in enumerate(
            zip(*s.rows, strict=True))), strict=True)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_FOUND)
def test_what_merely_resembles_a_table_is_not_found(bench, readings, name):
    assert bench.find(bench.sketch(readings), NOT_FOUND[name](readings)) is None


def test_rows_that_were_held_out_of_the_same_month_are_not_found(bench, readings):
    order = random.Random(2).sample(range(ROWS), ROWS)
    kept, held = readings.take(order[: ROWS - 200]), readings.take(order[ROWS - 200 :])
    sketch = bench.sketch(kept)
    for change in (FOUND["unchanged"], FOUND["two digits"], noisy, renamed):
        assert bench.find(sketch, change(held)) is None


def test_of_two_tables_that_have_columns_alike_the_one_whose_others_agree_weighs_more(
    bench, readings
):
    """As in a panel whose rows repeat what they were a year ago."""
    other = make_readings("next month")
    mixed = [(*mine[:3], theirs[3], mine[4], theirs[5])
             for mine, theirs in zip(readings.rows, other.rows, strict=True)]  # fmt: skip
    suspect = readings
    own = bench.find(bench.sketch(readings), suspect)
    twin = bench.find(bench.sketch(Sample(readings.names, mixed)), suspect)
    assert own.weight > 0.95
    assert twin is None or twin.weight < 0.9 * own.weight


def test_columns_told_by_their_cells_alone_have_to_agree_more(bench, readings):
    """Most of the cells altered: enough under the columns' own names, too little under others."""
    draw = random.Random(11)
    columns = list(zip(*readings.rows, strict=True))
    rows = [tuple(draw.choice(columns[at]) if draw.random() < 0.6 else cell
                  for at, cell in enumerate(row)) for row in readings.rows]  # fmt: skip
    suspect, sketch = Sample(readings.names, rows), bench.sketch(readings)
    found = bench.find(sketch, suspect)
    assert 0.25 < found.agreement < 0.6
    assert bench.find(sketch, renamed(suspect)) is None


def test_a_sample_has_so_many_different_rows_and_no_more(bench, readings):
    assert bench.sketch(readings).sampled == MAX_SAMPLED
    repeated = Sample(readings.names, [*readings.rows[:100]] * 3)
    sketch = bench.sketch(repeated)
    assert sketch.sampled == 100
    assert all(len(each.cells.whole) == 400 for each in sketch.columns)


def test_columns_of_the_same_few_values_are_told_by_how_often_each_occurs(bench):
    draw = random.Random(6)
    weights = ((8, 1, 1), (1, 8, 1), (1, 1, 8))
    rows = [(str(n), *(draw.choices("abc", each)[0] for each in weights)) for n in range(600)]
    sketch = bench.sketch(Sample(("n", "x", "y", "z"), rows[:300]))
    other = Sample(("n", "x", "y", "z"), rows[300:]).select(("z", "x", "y")).rename("pqr")
    assert bench.match(sketch, other) == {"z": "p", "x": "q", "y": "r"}


def test_a_column_of_the_same_name_with_other_cells_is_another(bench, readings):
    swapped = readings.rename(("station", "hour", "day", "sky", "wind", "warmth"))
    names = bench.match(bench.sketch(readings), swapped)
    assert names == {name: name for name in ("station", "hour", "day", "wind")} | {
        "warmth": "sky",
        "sky": "warmth",
    }


def test_groups_count_what_repeats_and_copies_once_if_asked(bench):
    rows = [("1", "a"), ("1", "a"), ("1", "b"), ("2", "b")]
    grouped = bench.group(Sample(("x", "y"), rows))
    parts = (Part("x", "whole"),)
    every, once = (grouped.find(parts, is_once=is_once) for is_once in (False, True))
    assert (len(every.keys), every.rows, every.repeated) == (2, 4, 3)
    assert (len(once.keys), once.rows, once.repeated) == (2, 3, 2)
    assert grouped.count_different() == 3
    assert grouped.find(parts, is_once=True) is once


def test_of_one_file_only_so_many_groups_are_made(bench, readings, monkeypatch):
    monkeypatch.setattr(tuples, "_MOST_ROWS", 3 * ROWS)
    rows = bench.group(readings)
    for name in ("hour", "day", "sky"):
        assert rows.find((Part(name, "whole"),), is_once=False) is not None
    assert rows.find((Part("wind", "whole"),), is_once=False) is None
    assert rows.find((Part("hour", "whole"),), is_once=False) is not None


def test_a_file_without_rows_or_values_is_near_nothing(bench, readings):
    sketch = bench.sketch(readings)
    assert bench.find(sketch, Sample(readings.names, [])) is None
    assert bench.find(bench.sketch(Sample(readings.names, [])), readings) is None
    assert bench.find(sketch, Sample(("a",), [("x",)])) is None


def test_shares_of_a_sample_go_both_ways_without_chance():
    found = estimate_sampled(256, 512, 0.2, 2.0)
    assert found.of_earlier.estimate == pytest.approx((0.5 - 0.2) / 0.8)
    assert found.of_new.estimate == pytest.approx(2 * 0.375)
    assert found.of_earlier.low < found.of_earlier.estimate < found.of_earlier.high
    assert estimate_sampled(512, 512, 0.0, 3.0).of_new.estimate == 1
    assert estimate_sampled(3, 3, 1.0, 1.0).size == 0

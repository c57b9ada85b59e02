"""ResaleBench's own parts: attacks do what they say, and what it counts is what happened."""

from hashlib import sha256
from math import isclose, log
from xml.etree import ElementTree

import numpy as np
import pytest

from scripts.benchlib.resale.attacks import ATTACKS, distinct_ratio
from scripts.benchlib.resale.attribution import is_right, list_jobs, make_rows, needed_of
from scripts.benchlib.resale.baselines import estimate_containment, hash_table
from scripts.benchlib.resale.calibration import make_calibration_rows
from scripts.benchlib.resale.collusion import collude
from scripts.benchlib.resale.deliveries import Deliveries, Marked, stream_of
from scripts.benchlib.resale.forms import FORMS, write_and_read
from scripts.benchlib.resale.found import Found
from scripts.benchlib.resale.frames import settle_table, stack_tables, take_rows
from scripts.benchlib.resale.innocents import (
    CHANGES,
    observe_shown,
    show_copy,
    show_original,
    try_innocents,
)
from scripts.benchlib.resale.kept import Kept, Line
from scripts.benchlib.resale.needed import ROWS, Needed, expect_rows
from scripts.benchlib.resale.page import Origin, write_page
from scripts.benchlib.resale.stats import at_least, at_most, interval, upper_bound
from scripts.benchlib.resale.tables import cut_table, split_by
from scripts.benchlib.resale.trials import Job, Outcome
from scripts.benchlib.resale.watermark import choose, code_of, embed, name_recipients, read_code
from tests.support.tables import make_sales, write_csv
from tracing.align import align
from tracing.markdata import MarkTerms
from tracing.marking import apply_edits, edit_copy
from tracing.markopening import DeliveryMarks
from tracing.observe import observe
from tracing.score import gather_evidence, judge
from tracing.tables import read_table

HEIGHT = 3000


def chance(seed=1):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_csv(tmp_path_factory.mktemp("resale") / "table.csv", make_sales(HEIGHT, seed=5))


@pytest.fixture(scope="module")
def bench(source):
    return cut_table("orders", read_table(source))


@pytest.fixture(scope="module")
def marked(bench):
    return Marked(bench.asset, 1)


def attacked(name, bench, seed=1):
    return ATTACKS[name].attack(bench.asset, bench.foreign, chance(seed))


def cells(table, place):
    return table.columns[place].cells()


def rows_of(table):
    return list(zip(*(column.cells() for column in table.columns), strict=True))


def same(one, other):
    return one.names == other.names and rows_of(one) == rows_of(other)


# Tables


def test_what_is_foreign_is_no_part_of_the_asset(source):
    table = read_table(source)
    bench = cut_table("orders", table)
    assert bench.asset.height + bench.foreign.height == table.height
    assert sorted(rows_of(bench.asset) + rows_of(bench.foreign), key=str) == sorted(
        rows_of(table), key=str
    )


def test_parts_by_a_column_have_its_rows_and_lack_it(bench):
    column = next(one for one in bench.asset.columns if 2 <= len(one.values) <= 10)
    parts = split_by(bench.asset, column.name, 1)
    assert parts.keys() == set(column.values)
    assert sum(part.height for part in parts.values()) == np.count_nonzero(column.codes >= 0)
    assert all(column.name not in part.names for part in parts.values())
    assert split_by(bench.asset, column.name, HEIGHT) == {}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_settled_table_is_what_is_read_back_from_a_file(bench, form):
    for name in ("round-2", "delete-99", "noise-5"):
        table = attacked(name, bench)
        settled, read = settle_table(table), write_and_read(table, form)
        assert same(settled, read)
        assert [one.kind for one in settled.columns] == [one.kind for one in read.columns]


# Attacks


@pytest.mark.parametrize(("name", "share"), [("delete-50", 0.5), ("delete-95", 0.05)])
def test_deleting_keeps_that_share_in_order(bench, name, share):
    asset = bench.asset
    kept = attacked(name, bench)
    assert kept.height == round(asset.height * share)
    whole = iter(rows_of(asset))
    assert all(any(row == each for each in whole) for row in rows_of(kept))


@pytest.mark.parametrize(("name", "share"), [("alter-10", 0.1), ("alter-50", 0.5)])
def test_altered_cells_are_about_that_share_and_have_values_of_their_column(bench, name, share):
    altered = attacked(name, bench)
    for before, after in zip(bench.asset.columns, altered.columns, strict=True):
        assert set(after.cells()) <= {*before.values, None}
        repeated = sum((np.bincount(before.codes + 1) / bench.asset.height) ** 2)
        expected = share * (1 - repeated)
        differing = np.count_nonzero(before.codes != after.codes) / bench.asset.height
        assert abs(differing - expected) < 0.05


def test_projections_keep_three_columns_on_one_side_of_a_half(bench):
    for seed in range(5):
        for name, is_distinct in (("project-3", True), ("project-3-any", False)):
            kept = attacked(name, bench, seed)
            assert len(kept.columns) == 3
            ratio = distinct_ratio(kept, range(3))
            assert (ratio >= 0.5) is is_distinct
            assert isclose(ratio, len(set(rows_of(kept))) / kept.height)


def test_renaming_loses_names_and_orders_and_nothing_else(bench):
    mixed = attacked("rename", bench)
    assert not set(mixed.names) & set(bench.asset.names)
    assert sorted(sorted(map(str, row)) for row in rows_of(mixed)) == sorted(
        sorted(map(str, row)) for row in rows_of(bench.asset)
    )
    assert rows_of(mixed) != rows_of(bench.asset)


def test_rounded_numbers_have_two_digits_and_are_near(bench):
    rounded = settle_table(attacked("round-2", bench))
    for before, after in zip(bench.asset.columns, rounded.columns, strict=True):
        if before.kind != "number":
            assert before.cells() == after.cells()
            continue
        for one, other in zip(before.cells(), after.cells(), strict=True):
            if one is not None and float(one):
                assert len(other.replace(".", "").replace("-", "").strip("0")) <= 2
                assert abs(float(other) / float(one) - 1) <= 0.05 + 1e-9


def test_noise_is_of_its_share_and_keeps_decimals(bench):
    noised = settle_table(attacked("noise-5", bench))
    for before, after in zip(bench.asset.columns, noised.columns, strict=True):
        if before.kind != "number" or len(before.values) < 100:
            continue
        pairs = [
            (float(one), float(other))
            for one, other in zip(before.cells(), after.cells(), strict=True)
            if one is not None
        ]
        one, other = np.array(pairs).T
        assert 0.04 < (other - one).std() / one.std() < 0.07
        assert max(len(value.partition(".")[2]) for value in after.values) <= max(
            len(value.partition(".")[2]) for value in before.values
        )


def test_merged_rows_are_the_copy_s_and_so_many_times_as_many_foreign_ones(bench):
    asset, foreign = set(rows_of(bench.asset)), set(rows_of(bench.foreign))
    for name, own, times in (("merge-1", 1.0, 1), ("merge-9", 0.1, 9)):
        merged = attacked(name, bench)
        mine = round(bench.asset.height * own)
        assert merged.height == mine * (1 + times)
        found = [row in asset for row in rows_of(merged)]
        assert sum(found) == mine
        assert all(
            row in foreign for row, is_own in zip(rows_of(merged), found, strict=True) if not is_own
        )


def test_correlation_changes_at_most_its_share_of_each_column(bench):
    changed = attacked("correlate", bench)
    touched = 0
    for before, after in zip(bench.asset.columns, changed.columns, strict=True):
        differing = np.count_nonzero(before.codes != after.codes)
        assert differing <= round(0.1 * bench.asset.height)
        touched += differing
    assert touched


def test_resampled_rows_are_other_rows_of_the_same_values(bench):
    synthetic = attacked("resample", bench)
    assert synthetic.height == bench.asset.height
    old = set(rows_of(bench.asset))
    assert sum(row in old for row in rows_of(synthetic)) < 0.5 * synthetic.height
    for before, after in zip(bench.asset.columns, synthetic.columns, strict=True):
        assert set(after.cells()) <= {*before.values, None}


# Copies


def test_a_copy_in_memory_is_the_copy_that_is_written(source, tmp_path):
    original = read_table(source)
    marked = Marked(original, 3)
    shared = marked.shared
    assert len(shared.plan.rows) > 30
    for number in range(3):
        marks = DeliveryMarks(shared.key, stream_of(number), shared.terms, marked.columns)
        edits = edit_copy(original, marks)
        digest = sha256(source.read_bytes()).hexdigest()
        path = tmp_path / "copy.csv"
        path.write_bytes(b"".join(apply_edits(source, original, edits, digest)))
        copy = marked.copy_of(number)
        assert same(settle_table(copy.table), read_table(path))
        assert len(copy.rows) == edits.rows


def test_bits_that_are_made_once_score_as_those_that_are_made_each_time(bench, marked):
    deliveries = Deliveries(marked, 40)
    suspect = settle_table(ATTACKS["delete-50"].attack(deliveries.copy(7).table, None, chance()))
    alignment = align(suspect, bench.asset)
    observed = observe(suspect, bench.asset, alignment, marked.shared.plan)
    kept = judge(deliveries.evidence(observed), deliveries.names)
    made = judge(gather_evidence(observed, deliveries.keys, marked.shared), deliveries.names)
    assert kept == made
    assert [each.name for each in kept.named] == ["d7"]


def test_what_is_shown_of_a_copy_is_what_is_observed_of_its_table(bench, marked):
    table = settle_table(marked.copy_of(4).table)
    plan = marked.shared.plan
    found = observe(table, bench.asset, align(table, bench.asset), plan)
    shown = observe_shown(show_copy(marked, stream_of(4)), marked)
    assert set(found.rows) <= set(shown.rows)
    assert len(found.rows) > 0.98 * len(shown.rows)
    said = dict(zip(shown.marks.tolist(), shown.seen.tolist(), strict=True))
    agree = [said.get(mark) == seen for mark, seen in zip(found.marks, found.seen, strict=True)]
    assert sum(agree) > 0.98 * len(agree)


# Collusion


@pytest.mark.parametrize("strategy", ["union", "random", "majority", "average"])
def test_a_coalition_s_cells_are_those_of_its_copies(bench, marked, strategy):
    copies = [marked.copy_of(number) for number in range(3)]
    made = collude(copies, strategy, bench.asset.height, chance())
    held = [dict(zip(copy.rows.tolist(), rows_of(copy.table), strict=True)) for copy in copies]
    everybody = sorted({row for copy in copies for row in copy.rows.tolist()})
    if strategy == "random":
        assert 0.95 < made.height / bench.asset.height < 1
        return
    assert made.height == len(everybody)
    for row, cells_made in zip(everybody, rows_of(made), strict=True):
        versions = [each[row] for each in held if row in each]
        for column, cell, *options in zip(bench.asset.columns, cells_made, *versions, strict=True):
            if strategy == "average" and column.kind == "number" and len(set(options)) > 1:
                assert abs(float(cell) - np.mean([float(each) for each in options])) <= 0.5
            else:
                assert cell in options
            if strategy == "majority" and len(options) == 3:
                assert options.count(cell) >= max(map(options.count, options))


# Counting


def test_a_run_is_right_if_as_many_as_are_asked_for_were_named_and_nobody_else():
    def outcome(attack, guilty, named):
        job = Job("orders", attack, 0, len(guilty))
        return Outcome(job, guilty, named, -50.0, 10, 10, 10, 0.1)

    right = [
        outcome("delete-95", (3,), (3,)),
        outcome("random/3", (1, 2, 3), (1, 2, 3)),
        outcome("majority/5", (1, 2, 3, 4, 5), (1, 2, 5)),
    ]
    wrong = [
        outcome("delete-95", (3,), ()),
        outcome("delete-95", (3,), (3, 4)),
        outcome("random/3", (1, 2, 3), (1, 2)),
        outcome("majority/5", (1, 2, 3, 4, 5), (1, 2)),
    ]
    assert [is_right(each) for each in right + wrong] == [True] * 3 + [False] * 4
    rows = {row.name: row for row in make_rows(right + wrong)}
    assert (rows["orders: delete-95"].value, rows["orders: delete-95"].is_ok) == (100 / 3, False)
    assert (rows["innocent named"].value, rows["innocent named"].is_ok) == (1, False)
    assert rows["orders: random/3, named"].value == 2.5


def test_goals_are_those_of_the_design():
    assert needed_of("alter-50") == (1, 90)
    assert needed_of("delete-99") == (1, None)
    assert needed_of("random/3") == (3, 99)
    assert needed_of("average/3") == (3, None)
    assert needed_of("majority/5") == (3, 99)
    assert len(list_jobs("orders", 2, "random")) == 2 * 3 + 1
    assert len(list_jobs("orders", 100, "delete-99")) == 20
    assert {job.attack for job in list_jobs("orders", 1, "delete-95")} == {"delete-95"}
    assert list_jobs("orders", 1, "no such thing") == []


def test_intervals_are_exact():
    assert isclose(upper_bound(0, 10_000), 1 - 0.05 ** (1 / 10_000))
    low, high = interval(3, 100)
    assert isclose(at_least(3, 100, low), 0.025, rel_tol=1e-6)
    assert isclose(at_most(3, 100, high), 0.025, rel_tol=1e-6)
    assert interval(0, 50)[0] == 0
    assert interval(50, 50)[1] == 1


def test_innocents_are_scored_by_kind_and_a_guilty_one_would_be_counted(bench, marked):
    found = try_innocents(marked, 2 * len(CHANGES), 0, 30)
    assert sum(found.trials.values()) == len(found.least) == 2 * len(CHANGES)
    assert not any(found.accused.values())
    assert found.below[0] == found.deliveries == 30 * 2 * len(CHANGES)
    assert list(found.below) == sorted(found.below, reverse=True)
    deliveries = Deliveries(marked, 30)
    guilty = observe_shown(show_copy(marked, stream_of(3)), marked)
    scores = judge(deliveries.evidence(guilty), deliveries.names)
    assert [each.name for each in scores.named] == ["d3"]
    found.least.append(min(each.log_p for each in scores.deliveries))
    assert found.count_accused(1e-6, 30) == 1
    assert found.least[-1] < log(1e-6 / 30)


def test_nothing_of_the_original_looks_marked(marked):
    shown = observe_shown(show_original(marked), marked)
    assert len(shown.rows) == marked.shared.height
    assert not shown.seen.any()


# Baselines


def test_the_watermark_names_its_recipient_until_its_key_is_gone(bench, marked):
    numbers = [one.name for one in marked.columns if one.kind == "number"]
    marks = choose(bench.asset, numbers, b"secret", rows_per_mark=4)
    copy = settle_table(embed(bench.asset, marks, code_of(17)))
    assert not same(copy, bench.asset)
    assert name_recipients(read_code(copy, marks), 100, 1e-6) == [17]
    assert name_recipients(read_code(bench.asset, marks), 100, 1e-6) == []
    half = settle_table(ATTACKS["delete-50"].attack(copy, None, chance()))
    assert name_recipients(read_code(half, marks), 100, 1e-6) == [17]
    renamed = settle_table(ATTACKS["rename"].attack(copy, None, chance()))
    assert name_recipients(read_code(renamed, marks), 100, 1e-6) == []


def test_minhash_tells_equal_and_foreign_tables_apart(bench):
    assert estimate_containment(bench.asset, bench.asset) == 1
    assert estimate_containment(bench.foreign, bench.asset) < 0.1
    both = stack_tables([bench.asset, bench.foreign])
    assert 0.6 < estimate_containment(both, bench.asset) < 1


def test_the_hash_of_a_file_knows_only_that_file(bench):
    reordered = take_rows(bench.asset, np.arange(bench.asset.height)[::-1])
    assert hash_table(bench.asset) == hash_table(settle_table(bench.asset))
    assert hash_table(bench.asset) != hash_table(reordered)


# The page


def test_the_page_has_every_figure_and_pictures_that_are_well_formed(tmp_path, marked):
    job = Job("orders", "delete-95", 0)
    outcome = Outcome(job, (3,), (3,), -50.0, 10, 10, 10, 0.1)
    found = Found(
        rows=list(make_rows([outcome])),
        attacks=[outcome],
        calibration=try_innocents(marked, 4, 0, 20),
        needed=[Needed("e = 2 %, g = 32", tuple(n / len(ROWS) for n in range(len(ROWS))))],
    )
    found.rows += make_calibration_rows(found.calibration)
    origin = Origin({"cpu": "a"}, "scripts/bench-resale --quick", {"attacks": {"1f0c", "2a"}})
    write_page(tmp_path, origin, found)
    text = (tmp_path / "resalebench.md").read_text()
    for row in found.rows:
        assert f"| {row.name} |" in text
    assert "- commits: attacks 1f0c, 2a\n" in text
    pictures = sorted((tmp_path / "resalebench").iterdir())
    assert [each.name for each in pictures] == ["attacks.svg", "calibration.svg", "rows.svg"]
    for each in pictures:
        assert ElementTree.parse(each).getroot().tag == "{http://www.w3.org/2000/svg}svg"
        assert f"resalebench/{each.name}" in text
    write_page(tmp_path / "again", origin, found)
    for each in pictures:
        assert each.read_bytes() == (tmp_path / "again" / "resalebench" / each.name).read_bytes()


def test_rows_needed_fall_as_marks_get_stronger():
    expected = [expect_rows(MarkTerms(200, g)) for g in (0, 32, 8)]
    assert expected == sorted(expected, reverse=True)
    assert round(expected[1]) == 495
    assert Needed("e = 2 %, g = 32", (0.5, 0.99, *[1.0] * (len(ROWS) - 2))).rows == ROWS[1]
    assert Needed("e = 2 %, g = 32", (0.5,) * len(ROWS)).rows is None


# What is kept of a run that was stopped


def test_what_was_measured_is_not_measured_again(tmp_path):
    done = []

    def work(given):
        for each in given:
            done.append(each.run)
            yield None if each.run == 2 else Outcome(each, (1,), (), -1.5, 2, 3, 4, 0.5)

    def open_kept(code):
        return Kept(tmp_path / "kept" / "attacks.jsonl", code, Line[Job, Outcome | None])

    jobs = [Job("orders", "delete-95", run) for run in range(5)]
    first = open_kept("one")
    stopped = first.map(work, jobs)
    made = [next(stopped) for _ in range(3)]
    assert made[0] == Outcome(jobs[0], (1,), (), -1.5, 2, 3, 4, 0.5)
    assert made[2] is None
    del stopped
    with (tmp_path / "kept" / "attacks.jsonl").open("ab") as file:
        file.write(b'{"code":"one","giv')
    done.clear()
    second = open_kept("two")
    assert list(second.map(work, jobs))[:3] == made
    assert done == [3, 4]
    assert second.codes == {"one", "two"}
    done.clear()
    third = open_kept("three")
    assert [each.job for each in third.map(work, jobs[3:])] == jobs[3:]
    assert (done, third.codes) == ([], {"two"})

"""Invented rows in a suspect: what is seen, by which chance, and who is named by it."""

from collections import Counter
from dataclasses import replace
from math import prod

import numpy as np
import pytest

from tests.support.scoring import list_deliveries
from tests.support.tables import make_sensors, write_csv
from tracing.align import align
from tracing.canaries import CanarySource
from tracing.fingerprint import fingerprint_file
from tracing.hypotheses import list_hypotheses, most_by_chance, weigh_canaries
from tracing.markdata import MarkingKey, MarkTerms
from tracing.marking import apply_edits, edit_copy
from tracing.markopening import DeliveryMarks
from tracing.marks import make_plan
from tracing.observe import observe
from tracing.score import SharedMarks, score
from tracing.sighting import LEAST_CHANCE, Sighting
from tracing.tables import read_table

KEY = MarkingKey(bytes(range(32)))
ROWS = 200


class Small:
    """A table of 200 rows, whose copies differ by ten invented rows alone."""

    def __init__(self, folder, canaries=10, sample=None):
        self.folder, self.terms = folder, MarkTerms(0, 0, canaries)
        self.path = write_csv(folder / "table.csv", sample or make_sensors(ROWS))
        self.table = read_table(self.path)
        self.digest = fingerprint_file(self.path).digest

    def copy(self, stream):
        """The lines of a delivery's copy, without the header."""
        marks = DeliveryMarks(KEY, stream, self.terms, ())
        edits = edit_copy(self.table, marks)
        data = b"".join(apply_edits(self.path, self.table, edits, self.digest))
        return data.decode().splitlines()[1:]

    def read(self, lines, header=None):
        """A suspect of these lines."""
        path = self.folder / "suspect.csv"
        header = header or ",".join(self.table.names)
        path.write_text("\n".join([header, *lines, ""]), "utf-8")
        return read_table(path)

    def look(self, suspect):
        return Sighting(suspect, self.table, align(suspect, self.table))

    def score(self, suspect, deliveries=20, **options):
        alignment = align(suspect, self.table)
        plan = make_plan(self.table, KEY, self.terms, ())
        observed = observe(suspect, self.table, alignment, plan)
        observed = replace(observed, sighting=Sighting(suspect, self.table, alignment))
        shared = SharedMarks(KEY, self.terms, plan, self.table.height)
        return score(observed, list_deliveries(deliveries), shared, **options)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return Small(tmp_path_factory.mktemp("small"))


def stream(number):
    return list_deliveries(number + 1)[number].stream


def names(scores):
    return [each.name for each in scores.named]


# What is seen


def test_all_invented_rows_of_a_copy_are_seen_in_it_and_none_of_another(small):
    sighting = small.look(small.read(small.copy(stream(3))))
    assert sighting.count(KEY, stream(3), 10) == 10
    assert [sighting.count(KEY, stream(other), 10) for other in (0, 1, 2, 4)] == [0, 0, 0, 0]


def test_in_the_original_nothing_is_unexplained(small):
    sighting = small.look(small.table)
    assert sighting.count(KEY, stream(3), 10) == 0
    assert sighting.chance == LEAST_CHANCE


def test_rows_in_another_order_with_other_columns_are_seen_too(small):
    lines = [line.split(",") for line in reversed(small.copy(stream(3)))]
    some = [",".join((cells[4], cells[8], cells[2], cells[3], cells[5])) for cells in lines]
    sighting = small.look(small.read(some[:150], "p,q,r,s,t"))
    found = sighting.count(KEY, stream(3), 10)
    assert found == sum(
        line in some[:150] for line in set(some) - set(some_of(small, (4, 8, 2, 3, 5)))
    )
    assert found >= 5


def some_of(small, columns):
    lines = [line.split(",") for line in small.path.read_text("utf-8").splitlines()[1:]]
    return [",".join(cells[column] for column in columns) for cells in lines]


def test_rounded_numbers_are_compared_as_they_were_rounded(tmp_path):
    small = Small(tmp_path, canaries=30)
    lines = [line.split(",") for line in small.copy(stream(1))]
    rounded = [",".join([*cells[:2], *(f"{float(c):.0f}" for c in cells[2:])]) for cells in lines]
    suspect = small.read(rounded)
    alignment = align(suspect, small.table)
    assert any(one.relation.how == "rounded" for one in alignment.mapping)
    assert small.look(suspect).count(KEY, stream(1), 30) >= 20


# By which chance


def test_the_chance_is_what_it_comes_to_over_the_unexplained_rows(tmp_path):
    cells = [(f"a{n % 5}", f"b{n % 7}", f"c{n % 11}") for n in range(60)]
    lines = [",".join(row) for row in cells]
    small = Small(tmp_path)
    (tmp_path / "t.csv").write_text("\n".join(["x,y,z", *lines, ""]), "utf-8")
    small.table = read_table(tmp_path / "t.csv")
    odd = [("a1", "b1", "c0"), ("a2", "b6", "c3"), ("a2", "b6", "c3"), ("a9", "b1", "c1")]
    suspect = small.read([*lines, *map(",".join, odd)], "x,y,z")
    spread = [Counter(column) for column in zip(*cells, strict=True)]

    def chance(row):
        return prod(count[cell] / 60 for count, cell in zip(spread, row, strict=True))

    passed = 1 - sum(map(chance, set(cells)))
    expected = sum(chance(row) for row in set(odd)) / passed
    assert expected > 0.002
    assert small.look(suspect).chance == pytest.approx(expected, rel=1e-4)
    assert small.look(suspect).chance >= expected
    assert CanarySource(small.table).pass_share() == pytest.approx(passed, abs=1e-5)


def test_invented_rows_are_seen_as_often_as_the_chance_says(tmp_path):
    cells = [(f"a{n % 5}", f"b{n % 7}", f"c{n % 11}") for n in range(60)]
    lines = [",".join(row) for row in cells]
    small = Small(tmp_path)
    (tmp_path / "t.csv").write_text("\n".join(["x,y,z", *lines, ""]), "utf-8")
    small.table = read_table(tmp_path / "t.csv")
    draw = np.random.default_rng(5)
    odd = [f"a{draw.integers(5)},b{draw.integers(7)},c{draw.integers(11)}" for _ in range(40)]
    sighting = small.look(small.read([*lines, *odd], "x,y,z"))
    seen = sum(sighting.count(KEY, each.stream, 50) for each in list_deliveries(400))
    assert 0.03 < sighting.chance < 0.3
    expected = 400 * 50 * sighting.chance
    assert abs(seen - expected) < 4 * expected**0.5


def test_a_suspect_with_every_combination_says_nothing(tmp_path):
    cells = [(f"a{n % 5}", f"b{n % 7}") for n in range(20)]
    small = Small(tmp_path)
    (tmp_path / "t.csv").write_text("\n".join(["x,y", *map(",".join, cells), ""]), "utf-8")
    small.table = read_table(tmp_path / "t.csv")
    every = [f"a{one},b{other}" for one in range(5) for other in range(7)]
    sighting = small.look(small.read(every, "x,y"))
    assert sighting.chance == pytest.approx(1)
    assert sighting.count(KEY, stream(0), 10) == 10
    scores = small.score(small.read(every, "x,y"))
    assert all((each.log_p, each.canaries) == (0, None) for each in scores.deliveries)


def test_nothing_in_common_shows_nothing(small):
    sighting = small.look(small.read(["x,y", "z,w"], "one,two"))
    assert (sighting.chance, sighting.count(KEY, stream(0), 10)) == (1.0, 0)


# What it weighs


def test_the_weights_are_those_of_one_row_shown_and_all_missing_costs_a_nat():
    for count in (1, 10, 1_000):
        most = most_by_chance(count)
        for chance in (LEAST_CHANCE, most):
            missing, shown = weigh_canaries(count, chance)
            assert shown > 2 > 0 > missing
            assert count * missing > -1
    assert most_by_chance(1) == 0.01
    assert most_by_chance(1_000) < 0.0001


# Who is named


def test_a_copy_of_two_hundred_rows_is_named_by_its_invented_rows_alone(small):
    scores = small.score(small.read(small.copy(stream(7))))
    assert names(scores) == ["delivery 7"]
    assert scores.deliveries[7].canaries == 10
    assert scores.deliveries[7].log_p < -100
    assert all(each.canaries == 0 for each in scores.deliveries if each.name != "delivery 7")


def test_two_invented_rows_are_enough_and_one_is_not(small):
    copy, own = small.copy(stream(7)), set(small.path.read_text("utf-8").splitlines())
    lines = [line for line in copy if line in own]
    invented = [line for line in copy if line not in own]
    assert names(small.score(small.read([*lines, *invented[:2]]))) == ["delivery 7"]
    alone = small.score(small.read([*lines, invented[0]]))
    assert names(alone) == []
    assert min(alone.deliveries, key=lambda each: each.log_p).name == "delivery 7"
    assert names(small.score(small.read(lines))) == []


def test_each_of_several_whose_copies_were_put_together_is_named(small):
    lines = [*small.copy(stream(1)), *small.copy(stream(4)), *small.copy(stream(9))]
    scores = small.score(small.read(list(dict.fromkeys(lines))))
    assert sorted(names(scores)) == ["delivery 1", "delivery 4", "delivery 9"]


def test_without_a_look_at_them_invented_rows_change_no_score(small):
    suspect = small.read(small.copy(stream(7)))
    alignment = align(suspect, small.table)
    found = []
    for terms in (MarkTerms(200, 0), MarkTerms(200, 0, 10)):
        plan = make_plan(small.table, KEY, terms, ())
        observed = observe(suspect, small.table, alignment, plan)
        shared = SharedMarks(KEY, terms, plan, small.table.height)
        scores = score(observed, list_deliveries(5), shared)
        found.append([(each.log_p, each.hypothesis.code) for each in scores.deliveries])
    assert found[0] == found[1]


# Innocents


def make_suspects(small, rng):
    """Suspects that no delivery scored had a part in, some full of rows that could be invented."""
    columns = [[cell or "" for cell in column.cells()] for column in small.table.columns]

    def mixed(count):
        return [
            ",".join(cells[rng.integers(len(cells))] for cells in columns) for _ in range(count)
        ]

    original = small.path.read_text("utf-8").splitlines()[1:]
    yield original
    yield small.copy(b"never delivered!")
    yield [*original, *mixed(200)]
    yield [*original[:50], *mixed(2_000)]


def test_innocent_deliveries_score_no_better_than_their_chance(tmp_path):
    cells = [(f"a{n % 9}", f"b{n % 14}", f"c{n % 25}", f"{n}") for n in range(ROWS)]
    lines = [",".join(row) for row in cells]
    small = Small(tmp_path, canaries=20)
    small.path.write_text("\n".join(["x,y,z,n", *lines, ""]), "utf-8")
    small.table = read_table(small.path)
    small.digest = fingerprint_file(small.path).digest
    rng = np.random.default_rng(11)
    least, seen, weighed = [], 0, 0
    for suspect in make_suspects(small, rng):
        for columns in (4, 3):
            some = [",".join(line.split(",")[:columns]) for line in suspect]
            table = small.read(some, ",".join("xyzn"[:columns]))
            scores = small.score(table, deliveries=400)
            assert names(scores) == []
            least += [each.log_p for each in scores.deliveries]
            seen += sum(each.canaries or 0 for each in scores.deliveries)
            weighed += small.look(table).chance <= most_by_chance(20)
    assert weighed >= 4
    assert seen >= 10
    share = len(list_hypotheses(0)) * 2
    for bound in (1e-1, 1e-2, 1e-3):
        assert np.mean(np.exp(least) <= bound) <= bound
    assert min(least) > np.log(1 / len(least) / share)

"""What derives from a table is near it, whatever was done to it; another table of its kind is not."""

import random
from dataclasses import replace

import pytest

from tests.support.tables import make_sales, make_sensors, write_csv
from tracing.containment import estimate_sampled
from tracing.index import SHARED, SketchIndex, list_postings
from tracing.keys import derive_hash_keys
from tracing.nearness import NEAR_ROWS, Nearness, QuestionedFile
from tracing.sketch import Parts, fold_table, sketch_content
from tracing.tables import digest_rows, read_table

KEYS = derive_hash_keys(b"k" * 32)
ROWS = 1500


def read(path, sample):
    write_csv(path, sample)
    table = read_table(path)
    return Parts(fold_table(table), digest_rows(table).digest)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("near")


@pytest.fixture(scope="module")
def sales():
    return make_sales(2 * ROWS)


@pytest.fixture(scope="module")
def registered(folder, sales):
    return sketch_content(read(folder / "a.csv", sales.take(range(ROWS))), KEYS)


@pytest.fixture(scope="module")
def index(folder, registered):
    opened = SketchIndex(folder / "index.db")
    opened.add(7, b"m", list_postings(registered))
    yield opened
    opened.close()


def shuffled(sample, count, seed=3):
    return sample.take(random.Random(seed).sample(range(ROWS), count))


def altered(sample, share):
    chosen = random.Random(5)
    columns = list(zip(*sample.rows, strict=True))
    rows = [
        tuple(
            chosen.choice(columns[place]) if chosen.random() < share else cell
            for place, cell in enumerate(row)
        )
        for row in sample.rows
    ]
    return replace(sample, rows=rows)


def changed(sample, write):
    """Other numbers in the columns price, total and score."""
    places = {sample.names.index(name) for name in ("price", "total", "score")}
    rows = [
        tuple(
            write(float(cell)) if place in places and cell else cell
            for place, cell in enumerate(row)
        )
        for row in sample.rows
    ]
    return replace(sample, rows=rows)


def noisy(sample):
    chosen = random.Random(6)
    return changed(sample, lambda cell: f"{cell + chosen.gauss(0, 0.2):.2f}")


def renamed(sample):
    turned = sample.select(tuple(reversed(sample.names)))
    return turned.rename([f"c{place}" for place in range(len(turned.names))])


DERIVED = {
    "the whole": lambda s: s.take(range(ROWS)),
    "5 %, shuffled": lambda s: shuffled(s, ROWS // 20),
    "5 % among nine times as many others": lambda s: replace(
        s, rows=[*shuffled(s, ROWS // 20).rows, *s.rows[ROWS : ROWS + 9 * ROWS // 20]]
    ),
    "without its last columns": lambda s: s.take(range(ROWS)).select(s.names[:-2]),
    "30 % of all cells altered": lambda s: altered(s.take(range(ROWS)), 0.3),
    "other names and another order": lambda s: renamed(s.take(range(ROWS))),
    "numbers of two digits": lambda s: changed(s.take(range(ROWS)), lambda cell: f"{cell:.1e}"),
    "other names and noise": lambda s: renamed(noisy(s.take(range(ROWS)))),
    "three columns": lambda s: s.take(range(ROWS)).select(("good", "total", "score")),
    "half of all cells altered": lambda s: altered(s.take(range(ROWS)), 0.5),
    "5 % under other names": lambda s: renamed(shuffled(s, ROWS // 20)),
    "with itself twice": lambda s: s.take([*range(ROWS), *range(ROWS)]),
}


@pytest.mark.parametrize("name", DERIVED)
def test_what_derives_from_a_table_is_near_it_and_the_index_leads_there(
    folder, sales, registered, index, name
):
    file = QuestionedFile(read(folder / "b.csv", DERIVED[name](sales)), KEYS)
    lookups = file.list_lookups()
    assert (index.find(lookups.parts) | index.find(lookups.values))[7] > 2 * SHARED
    found = file.compare(registered)
    assert found.is_near, found
    assert found.best[1].size >= NEAR_ROWS


def test_a_twentieth_of_a_file_is_near_by_its_rows(folder, sales, registered):
    merged = [*shuffled(sales, ROWS // 20).rows, *sales.rows[ROWS : ROWS + 12 * ROWS // 20]]
    parts = read(folder / "m.csv", replace(sales, rows=merged))
    measure, containment = QuestionedFile(parts, KEYS).compare(registered).best
    assert measure == "rows"
    assert NEAR_ROWS < containment.of_new.estimate < 0.1


def test_other_rows_that_are_the_same_because_there_are_few_values_are_not_near(folder, sales):
    chosen = random.Random(9)
    names = ("age", "city", "kind")
    rows = [tuple(str(chosen.randrange(most)) for most in (90, 60, 4)) for _ in range(2 * ROWS)]
    first = replace(sales, names=names, rows=rows[:ROWS])
    other = replace(sales, names=names, rows=rows[ROWS:])
    kept = sketch_content(read(folder / "n.csv", first), KEYS)
    found = QuestionedFile(read(folder / "o.csv", other), KEYS).compare(kept)
    assert found.shares["rows"].of_new.found > NEAR_ROWS * ROWS
    assert found.shares["rows"].size < NEAR_ROWS
    assert not found.is_near, found
    twice = replace(first, rows=[*first.rows, *first.rows])
    doubled = sketch_content(read(folder / "p.csv", twice), KEYS)
    assert QuestionedFile(read(folder / "q.csv", first), KEYS).compare(doubled).is_near


def test_rows_of_the_same_kind_that_are_others_are_not_near(folder, sales, registered):
    parts = read(folder / "d.csv", sales.take(range(ROWS, 2 * ROWS)))
    found = QuestionedFile(parts, KEYS).compare(registered)
    assert not found.is_near, found


def test_another_table_is_not_near(folder, registered):
    found = QuestionedFile(read(folder / "e.csv", make_sensors(ROWS)), KEYS).compare(registered)
    assert not found.is_near
    assert found.shares.keys() <= {"shingles"}


def test_under_another_key_nothing_is_near(folder, sales, registered):
    parts = read(folder / "f.csv", sales.take(range(ROWS)))
    found = QuestionedFile(parts, derive_hash_keys(b"x" * 32)).compare(registered)
    assert not [each for each in found.shares.values() if each.size > 0.01]


def test_added_columns_hide_no_row(folder, sales, registered):
    whole = sales.take(range(ROWS))
    wider = replace(
        whole,
        names=(*whole.names, "note"),
        rows=[(*row, str(place)) for place, row in enumerate(whole.rows)],
    )
    found = QuestionedFile(read(folder / "g.csv", wider), KEYS).compare(registered)
    assert found.shares["rows"].of_new.estimate > 0.99


def test_files_that_are_no_tables_share_chunks_and_words():
    one = sketch_content(Parts(None, "", [b"a" * 32, b"b" * 32], [b"w" * 32]), KEYS)
    other = Parts(None, "", [b"b" * 32, b"c" * 32, b"d" * 32, b"e" * 32], [b"w" * 32, b"v" * 32])
    found = QuestionedFile(other, KEYS).compare(one)
    assert found.shares["chunks"].of_new.estimate == 0.25
    assert found.shares["chunks"].of_earlier.estimate == 0.5
    assert found.shares["words"].of_earlier.estimate == 1
    assert found.best[0] == "chunks"


def test_whatever_is_compared_with_a_record_the_rank_goes_by_share_and_agreement():
    share = estimate_sampled(400, 500, 0.0, 0.1)
    assert Nearness({}).weight == 0
    assert Nearness({"shingles": share}, agreement=0.5).weight == pytest.approx(0.4)
    assert Nearness({"rows": share}, agreement=0.5).weight == pytest.approx(0.8)
    few = estimate_sampled(60, 500, 0.0, 0.1)
    assert Nearness({"rows": few, "shingles": share}).weight == pytest.approx(0.8)
    assert Nearness({"rows": few, "shingles": share}).best[0] == "rows"
    assert Nearness({"rows": share}, covered=0.5).weight == pytest.approx(0.4)
    assert not Nearness({"shingles": estimate_sampled(2, 500, 0.0, 1.0)}).is_near


def test_a_small_table_within_a_very_large_one_counts():
    assert Nearness({"shingles": estimate_sampled(400, 500, 0.0, 0.0005)}).is_near

"""Streams, terms, plans and bits of marks; which columns are chosen and which other values."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedError
from tests.support.tables import Sample, make_sales, make_sensors, write_csv
from tracing.markdata import MarkColumn, MarkingKey, MarkTerms
from tracing.markopening import DeliveryMarks, format_marks, parse_marks
from tracing.marks import choose_columns, code_bits, make_plan, withheld_rows
from tracing.numerals import format_steps, read_numerals, to_steps
from tracing.streams import draw_bytes, draw_uint16, draw_uint32, scale_down
from tracing.tables import read_table

KEY = MarkingKey(bytes(range(32)))
STREAM, OTHER = b"s" * 16, b"t" * 16


def load(folder, sample):
    return read_table(write_csv(folder / "table.csv", sample))


@pytest.fixture(scope="module")
def sales(tmp_path_factory):
    return load(tmp_path_factory.mktemp("sales"), make_sales(4_000))


@pytest.fixture(scope="module")
def sensors(tmp_path_factory):
    return load(tmp_path_factory.mktemp("sensors"), make_sensors(4_000))


def plan_of(table, g=8, key=KEY):
    return make_plan(table, key, MarkTerms(200, g), choose_columns(table))


# streams


def test_a_stream_is_what_its_text_says():
    key = HKDF(SHA256(), 32, salt=None, info=b"muniment/marks/1/rows").derive(KEY.key)
    expected = Cipher(AES(key), CTR(bytes(16))).encryptor().update(bytes(64))
    assert draw_bytes(KEY.key, b"rows", 64) == expected
    assert draw_uint16(KEY.key, b"rows", 32).tolist() == [
        int.from_bytes(expected[at : at + 2], "little") for at in range(0, 64, 2)
    ]
    assert draw_uint32(KEY.key, b"rows", 16)[1] == int.from_bytes(expected[4:8], "little")


def test_streams_differ_by_key_and_label_and_are_prefixes_of_longer_ones():
    one = draw_bytes(KEY.key, b"rows", 32)
    assert one != draw_bytes(bytes(32), b"rows", 32)
    assert one != draw_bytes(KEY.key, b"column", 32)
    assert draw_bytes(KEY.key, b"rows", 64).startswith(one)


@given(st.integers(1, 2**31), st.integers(0, 2**32 - 1))
def test_a_scaled_number_is_below_its_bound(bound, drawn):
    scaled = int(scale_down(np.array([drawn], dtype=np.uint32), bound)[0])
    assert scaled == drawn * bound >> 32
    assert 0 <= scaled < bound


# numbers


@given(st.integers(-(10**15), 10**15), st.integers(0, 12))
def test_steps_are_written_and_read_back(steps, decimals):
    written = format_steps(steps, decimals)
    assert to_steps(written, decimals) == steps
    assert not written.endswith(".")


# terms


WRONG_TERMS = {
    "more than a fifth withheld": (2_001, 32),
    "less than nothing withheld": (-1, 32),
    "every row marked": (200, 1),
    "a negative distance": (200, -2),
    "a distance beyond all tables": (200, 1_000_001),
}


@pytest.mark.parametrize("name", WRONG_TERMS)
def test_terms_out_of_their_range_are_refused(name):
    with pytest.raises(MalformedError):
        MarkTerms(*WRONG_TERMS[name])


def test_keys_and_streams_have_their_lengths_and_are_not_shown(sales):
    with pytest.raises(MalformedError):
        MarkingKey(bytes(31))
    with pytest.raises(MalformedError):
        withheld_rows(KEY, bytes(15), MarkTerms(200, 32), 5)
    with pytest.raises(MalformedError):
        code_bits(KEY, bytes(17), plan_of(sales))
    with pytest.raises(MalformedError):
        DeliveryMarks(KEY, bytes(15), MarkTerms(200, 32), ())
    assert repr(KEY) == "MarkingKey()"
    assert "115" not in repr(DeliveryMarks(KEY, STREAM, MarkTerms(200, 32), ()))


# what differs for each delivery


def test_the_share_withheld_is_the_threshold_exactly():
    terms = MarkTerms(200, 32)
    assert terms.threshold == 1_310
    withheld = withheld_rows(KEY, STREAM, terms, 1_000_000)
    drawn = draw_uint16(KEY.key, b"withheld/" + STREAM, 1_000_000)
    assert (withheld == (drawn < 1_310)).all()
    assert abs(int(withheld.sum()) - 19_989) < 5 * 140
    assert not withheld_rows(KEY, STREAM, MarkTerms(0, 32), 1_000).any()


def test_withheld_rows_of_two_deliveries_have_nothing_to_do_with_each_other():
    terms = MarkTerms(1_000, 32)
    one = withheld_rows(KEY, STREAM, terms, 100_000)
    other = withheld_rows(KEY, OTHER, terms, 100_000)
    assert abs(int((one & other).sum()) - 1_000) < 5 * 32


def test_a_bit_is_set_as_often_as_its_bias_says(sales):
    plan = plan_of(sales, g=2)
    bits = sum(code_bits(KEY, bytes([n]) * 16, plan).astype(int) for n in range(200))
    expected = plan.biases / 65_536 * 200
    deviation = np.sqrt(expected * (1 - plan.biases / 65_536))
    assert (np.abs(bits - expected) < 6 * deviation).all()


# what all deliveries share


def test_a_plan_marks_one_row_in_g_and_is_the_same_again(sales):
    plan = plan_of(sales, g=8)
    assert 300 <= len(plan.rows) <= 600
    assert (np.diff(plan.rows) > 0).all()
    again = plan_of(sales, g=8)
    for one, other in zip(dataclasses.astuple(plan), dataclasses.astuple(again), strict=True):
        assert np.array_equal(one, other)
    other = plan_of(sales, g=8, key=MarkingKey(bytes(32)))
    assert set(other.rows.tolist()) != set(plan.rows.tolist())


def test_a_plan_with_fewer_marks_has_some_of_the_positions_of_one_with_more(sales):
    many, few = plan_of(sales, g=4), plan_of(sales, g=32)
    places = {row: place for place, row in enumerate(many.rows.tolist())}
    assert 0 < len(few.rows) < len(many.rows)
    for place, row in enumerate(few.rows.tolist()):
        at = places[row]
        assert few.columns[place] == many.columns[at]
        assert few.values[place] == many.values[at]
        assert few.biases[place] == many.biases[at]


def test_without_columns_or_without_g_there_is_no_position(sales):
    assert len(make_plan(sales, KEY, MarkTerms(200, 0), choose_columns(sales)).rows) == 0
    assert len(make_plan(sales, KEY, MarkTerms(200, 8), ()).rows) == 0


def test_every_other_value_differs_from_its_cell_and_occurs_or_is_one_unit_away(sales, sensors):
    for table in (sales, sensors):
        columns = {each.name: each for each in choose_columns(table)}
        numbers = {column.name: read_numerals(column) for column in table.columns}
        plan = plan_of(table, g=4)
        assert len(plan.rows) > 500
        for row, place, value in zip(plan.rows, plan.columns, plan.values, strict=True):
            column = table.columns[place]
            old, said = column.values[column.codes[row]], columns[column.name]
            assert value != old
            if said.kind == "category":
                assert value in column.values
            else:
                numerals = numbers[column.name]
                moved = abs(to_steps(value, numerals.decimals) - to_steps(old, numerals.decimals))
                assert moved == to_steps(said.unit, numerals.decimals)
                low, high = int(numerals.steps.min()), int(numerals.steps.max())
                assert low <= to_steps(value, numerals.decimals) <= high


def test_signs_are_balanced(sensors):
    plan = plan_of(sensors, g=2)
    ups = downs = 0
    for row, place, value in zip(plan.rows, plan.columns, plan.values, strict=True):
        column = sensors.columns[place]
        if column.kind == "number":
            old = float(column.values[column.codes[row]])
            ups, downs = ups + (float(value) > old), downs + (float(value) < old)
    assert abs(ups - downs) < 5 * (ups + downs) ** 0.5


def test_a_donor_agrees_in_the_associated_columns(tmp_path):
    """Two worlds that share no category but one: what is in one never comes into the other."""
    rows = []
    for n in range(4_000):
        side = n % 2
        rows.append((
            ("north", "south")[side],
            ("red", "green")[n // 2 % 2] if side else ("blue", "grey")[n // 2 % 2],
            ("a", "b", "c")[n % 3],
        ))  # fmt: skip
    table = load(tmp_path, Sample(("side", "colour", "letter"), rows))
    columns = (MarkColumn("colour", "category"),)
    plan = make_plan(table, KEY, MarkTerms(200, 2), columns)
    assert len(plan.rows) > 1_500
    worlds = {"south": {"red", "green"}, "north": {"blue", "grey"}}
    sides = table.find("side").cells()
    assert all(
        value in worlds[sides[row]]
        for row, value in zip(plan.rows.tolist(), plan.values, strict=True)
    )


def test_a_column_that_is_not_there_or_of_another_kind_is_refused(sales):
    for column in (MarkColumn("none", "category"), MarkColumn("city", "number", "1")):
        with pytest.raises(MalformedError):
            make_plan(sales, KEY, MarkTerms(200, 8), (column,))


# which columns


def test_keys_dates_phones_totals_and_determined_columns_are_left_alone(sales):
    names = {each.name for each in choose_columns(sales)}
    assert not names & {"order", "day", "time", "phone", "good", "kind"}
    assert not names & {"quantity", "price", "total"}, "total = quantity * price"
    assert {"city", "score"} <= names


def column_of(folder, name, cells, others=()):
    """Whether a column is chosen, beside some that have nothing to do with it."""
    rng = np.random.default_rng(5)
    noise = [str(each) for each in rng.normal(100, 20, len(cells)).round(1)]
    names = (name, "noise", *(f"more{n}" for n in range(len(others))))
    rows = list(zip(map(str, cells), noise, *(map(str, each) for each in others), strict=True))
    table = load(folder, Sample(names, rows))
    return {each.name: each for each in choose_columns(table)}.get(name)


def numbers(low, high, seed=1):
    return np.random.default_rng(seed).integers(low, high, 3_000)


LEFT_ALONE = {
    "a flag": lambda: numbers(0, 2),
    "an enumeration": lambda: numbers(1, 30),
    "years": lambda: numbers(1950, 2020),
    "times of day": lambda: [
        h * 100 + m for h, m in zip(numbers(0, 24), numbers(0, 60, 2), strict=True)
    ],
    "seconds since 1970": lambda: numbers(1_500_000_000, 1_500_600_000),
    "codes of five digits": lambda: numbers(10_000, 99_999) // 100 * 100,
    "days as eight digits": lambda: 20_130_000 + numbers(1, 12) * 100 + numbers(1, 28, 2),
    "a running number": lambda: range(3_000),
    "numbers that are all different": lambda: np.random.default_rng(3).permutation(3_000),
    "a step that is not small": lambda: numbers(0, 40) * 0 + numbers(0, 2) * 500,
    "nearly always the same": lambda: np.where(numbers(0, 100) == 0, numbers(0, 90, 2), 7),
    "text that is different everywhere": lambda: [f"x{n}" for n in range(3_000)],
    "clock times as text": lambda: [f"{h}:30" for h in numbers(0, 24)],
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_a_column_without_small_steps_or_categories_is_left_alone(tmp_path, name):
    assert column_of(tmp_path, "column", LEFT_ALONE[name]()) is None


@pytest.mark.parametrize("name", ["id", "user_id", "zipCode", "邮编", "商品编号"])
def test_a_name_that_says_code_is_believed(tmp_path, name):
    assert column_of(tmp_path, name, numbers(0, 500)) is None
    assert column_of(tmp_path, "width", numbers(0, 500)) == MarkColumn("width", "number", "1")


def test_a_code_whose_neighbours_mean_something_else_is_left_alone(tmp_path):
    codes = numbers(0, 200)
    meaning = np.random.default_rng(9).integers(0, 6, 200)[codes]
    noisy = np.where(numbers(0, 10, 4) == 0, numbers(0, 6, 5), meaning)
    assert column_of(tmp_path, "column", codes, [noisy]) is None
    smooth = np.where(numbers(0, 10, 4) == 0, numbers(0, 6, 5), codes // 34)
    assert column_of(tmp_path, "column", codes, [smooth]) is not None


def test_sums_and_products_of_other_columns_are_left_alone(tmp_path):
    one, other = numbers(100, 900), numbers(50, 600, 2)
    assert column_of(tmp_path, "column", one + other, [one, other]) is None
    assert column_of(tmp_path, "column", one * other / 10, [one, other]) is None
    assert column_of(tmp_path, "column", one + numbers(0, 99, 3), [one, other]) is not None


def test_what_follows_from_two_columns_together_is_left_alone(tmp_path):
    one, other = numbers(0, 9), numbers(0, 9, 2)
    fixed = np.random.default_rng(4).integers(200, 900, (9, 9))[one, other]
    assert column_of(tmp_path, "column", fixed, [one, other]) is None


def test_modes_and_sentinels_stay_and_nothing_becomes_one(tmp_path):
    cells = np.where(numbers(0, 2) == 0, 0, numbers(1, 400, 2))
    cells[::100] = -999
    table = load(tmp_path, Sample(("gain", "x"), [(str(c), "a") for c in cells.tolist()]))
    columns = (MarkColumn("gain", "number", "1"),)
    plan = make_plan(table, KEY, MarkTerms(200, 2), columns)
    old = table.find("gain").cells()
    assert len(plan.rows) > 500
    assert not {"0", "-999"} & {old[row] for row in plan.rows.tolist()}
    assert not {"0", "-999", "-998", "-1", "400"} & set(plan.values)


def test_of_few_rows_no_column_is_chosen(tmp_path):
    assert choose_columns(load(tmp_path, make_sensors(99))) == ()


def test_a_long_decimal_moves_by_more_than_its_last_digit(tmp_path):
    cells = np.random.default_rng(1).normal(50, 10, 3_000)
    chosen = column_of(tmp_path, "column", [f"{cell:.9f}" for cell in cells])
    assert chosen == MarkColumn("column", "number", "0.01")


# what is committed to


def marks():
    columns = (MarkColumn("age", "number", "1"), MarkColumn("sex", "category"))
    return DeliveryMarks(KEY, STREAM, MarkTerms(200, 32), columns)


def test_an_opened_key_reads_back():
    assert parse_marks(format_marks(marks())) == marks()


MANGLINGS = {
    "another version": lambda v: v | {"version": "marks/2"},
    "a member too many": lambda v: v | {"more": 1},
    "a member missing": lambda v: {k: each for k, each in v.items() if k != "stream"},
    "a short key": lambda v: v | {"key": "AAAA"},
    "a short stream": lambda v: v | {"stream": "AAAA"},
    "a share that is text": lambda v: v | {"e": "200"},
    "a share out of range": lambda v: v | {"e": 5_000},
    "columns that are no list": lambda v: v | {"columns": {}},
    "a column of another kind": lambda v: (
        v | {"columns": [{"kind": "date", "name": "d", "unit": ""}]}
    ),
    "a column twice": lambda v: v | {"columns": [v["columns"][0]] * 2},
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_an_opened_key_of_another_form_is_refused(name):
    with pytest.raises(MalformedError):
        parse_marks(MANGLINGS[name](format_marks(marks())))


def test_reading_a_table_twice_gives_one_plan(tmp_path: Path):
    write_csv(tmp_path / "a.csv", make_sales(500))
    write_csv(tmp_path / "b.csv", make_sales(500), encoding="gb18030", line_end="\r\n")
    one, other = (read_table(tmp_path / name) for name in ("a.csv", "b.csv"))
    assert choose_columns(one) == choose_columns(other)
    assert plan_of(one).values == plan_of(other).values

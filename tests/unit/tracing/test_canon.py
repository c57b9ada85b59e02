import unicodedata
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedError
from tracing.canon import (
    KindFinder,
    canonical_cell,
    canonical_date,
    canonical_number,
    clean_text,
    encode_cell,
    encode_header,
    encode_row,
    fold_cell,
    is_null,
    name_columns,
)

NUMBERS = {
    "1": ["1", "01", "1.0", "+1", "1e0", "1.", "10e-1", "0.1e1", "１", "＋１．０", "1E+0"],
    "0": ["0", "-0", "0.000", "-0e5", ".0", "000"],
    "-1.5": ["-1.5", "-01.50", "-15e-1", "−1.5", "－１．５"],
    "0.1": ["0.1", ".1", "1e-1", "0.10"],
    "100": ["100", "1e2", "100.00"],
    "0.10000000000000001": ["0.10000000000000001"],
    "12345678901234567890123456789012": ["12345678901234567890123456789012"],
    "1e300": ["1e300", "10e299", "1.0e+300"],
    "1e31": ["1e31", "1" + "0" * 31],
    "-25e-300": ["-25e-300", "-2.5e-299"],
    "-0." + "0" * 28 + "25": ["-25e-30"],
}
NO_NUMBERS = ["", ".", "e5", "1e", "1 2", "1,000", "0x10", "inf", "1e1234567", "--1", "१", "1_0"]
DATES = {
    "2013-01-31": [
        "2013-01-31", "2013/1/31", "2013.01.31", "2013年1月31日", "2013-01-31 00:00:00",
        "2013-01-31T00:00", "２０１３／０１／３１",
    ],
    "2013-01-31T05:06:07": ["2013-01-31 05:06:07", "2013-1-31T5:06:07", "2013-01-31 05:06:07.000"],
    "2013-01-31T05:06:00": ["2013-01-31 05:06", "2013年01月31日 05:06"],
    "2013-01-31T05:06:07.25": ["2013-01-31 05:06:07.250"],
    "2013-01-31T05:06:07Z": ["2013-01-31T05:06:07Z", "2013-01-31 13:06:07+08:00", "2013-01-31T05:06:07 UTC"],
    "2013-01-31T00:00:00Z": ["2013-01-31T08:00+0800"],
}  # fmt: skip
NO_DATES = [
    "2013-02-29", "2013-13-01", "03/04/2013", "2013-1/2", "20130131", "2013-01-31 24:00",
    "2013-01-31 05", "2013-01-31T05:06:60", "0000-01-01", "2013-01-31 05:06+08:75", "0001-01-01 00:00+14:00",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "number"), [(text, number) for number in NUMBERS for text in NUMBERS[number]]
)
def test_every_spelling_of_a_number_becomes_the_shortest_one(text, number):
    assert canonical_number(text) == number
    assert canonical_cell(text, "number") == number
    assert canonical_number(number) == number


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_decimal_number_is_none(text):
    assert canonical_number(text) is None


def test_a_number_of_endless_digits_is_none():
    assert canonical_number("1" * 400) == "1" * 400
    assert canonical_number("1" * 401) is None


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_its_value_exactly(number):
    from decimal import Decimal

    canonical = canonical_number(str(number))
    if canonical is not None:  # exponents of more than six digits are no numbers here
        assert Decimal(canonical) == number
        assert canonical_number(canonical) == canonical


@pytest.mark.parametrize(("text", "date"), [(text, date) for date in DATES for text in DATES[date]])
def test_every_spelling_of_a_date_becomes_the_one_of_iso_8601(text, date):
    assert canonical_date(clean_text(text)) == date
    assert canonical_date(date) == date


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_day_of_the_calendar_or_not_known_is_no_date(text):
    assert canonical_date(text) is None


def test_text_is_cleaned_and_otherwise_left():
    assert clean_text("　 ol\u0065\u0301 ２０１３\r\nx\ry\u00a0\ufeff") == "olé 2013\nx\ny"
    assert canonical_cell("01", "text") == "01"
    assert canonical_cell("１．５", "text") == "1．5"
    assert [canonical_cell(text, "text") for text in ("TRUE", "True", "true", "tRUE")] == [
        "true", "true", "true", "tRUE",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [None, "", " ", "NA", " NULL ", "null", "None", "NaN", "nan", "\\N", "N/A", "#N/A", "　"],
)
def test_there_is_one_null(text):
    assert is_null(text)
    assert canonical_cell(text, "text") is None
    assert canonical_cell(text, "number") is None


@pytest.mark.parametrize("text", ["na", "0", "-", "NAN", "nullable", "n/a"])
def test_what_only_resembles_a_null_is_a_value(text):
    assert not is_null(text)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(TEXTS)
def test_the_canonical_form_of_a_canonical_form_is_itself(text):
    for kind in ("text", "number", "date"):
        cell = canonical_cell(text, kind)
        assert canonical_cell(cell, kind) == cell
        if cell is not None:
            assert fold_cell(fold_cell(cell)) == fold_cell(cell)
            assert unicodedata.is_normalized("NFC", cell)


@given(
    st.one_of(
        TEXTS,
        st.sampled_from([text for group in (*NUMBERS.values(), *DATES.values()) for text in group]),
    )
)
def test_a_folded_cell_is_the_same_whatever_the_kind_of_its_column(text):
    cells = [canonical_cell(text, kind) for kind in ("text", "number", "date")]
    assert len({None if cell is None else fold_cell(cell) for cell in cells}) == 1


def find_kind(*cells):
    finder = KindFinder()
    finder.look(cells)
    return finder.kind


def test_a_column_is_of_the_kind_that_all_its_values_have():
    assert find_kind("1", "NA", "２", None) == "number"
    assert find_kind("2013-01-01", "2013/1/2 05:00", "") == "date"
    assert find_kind("1", "x") == find_kind("2013-01-01", "1") == "text"
    assert find_kind("20130101") == "number"
    assert find_kind("", "NA", None) == find_kind() == "empty"


@given(st.lists(st.sampled_from(["1", "x", "2013-01-01", "", "2.5"])), st.integers(0, 9))
def test_the_kind_does_not_depend_on_how_often_or_in_which_order_cells_are_seen(cells, cut):
    finder = KindFinder()
    finder.look(cells[cut:])
    finder.look(cells[:cut])
    finder.look(cells)
    assert finder.kind == find_kind(*cells)


def test_columns_get_names_of_their_own():
    assert name_columns(["a", "a", "", None, " a ", "b"]) == (
        "a", "a (2)", "unnamed", "unnamed (2)", "a (3)", "b",
    )  # fmt: skip
    assert name_columns(["a", "a", "a (2)", "a"]) == ("a", "a (3)", "a (2)", "a (4)")


@given(st.lists(st.sampled_from(["a", "a (2)", "a (3)", "", "unnamed", "a (2) (2)"]), max_size=9))
def test_names_are_never_doubled_and_a_name_that_stands_once_is_kept(header):
    names = name_columns(header)
    assert len(set(names)) == len(header)
    for name, given_name in zip(names, header, strict=True):
        if given_name and header.count(given_name) == 1 and given_name != "unnamed":
            assert name == given_name


# Rows


def test_a_row_is_its_lengths_names_and_values_in_the_order_of_names():
    row = encode_row(["b", "a", "城"], ["x", None, "杭州"])
    assert row == (
        b"\0\0\0\x01a" + b"\xff\xff\xff\xff"
        b"\0\0\0\x01b"
        + b"\0\0\0\x01x"
        + b"\0\0\0\x03\xe5\x9f\x8e"
        + b"\0\0\0\x06"
        + "杭州".encode()
    )
    assert row == encode_row(["城", "a", "b"], ["杭州", None, "x"])


def test_a_header_is_the_form_and_the_sorted_names():
    assert encode_header(["b", "a"]) == b"canon-1\n\0\0\0\x02\0\0\0\x01a\0\0\0\x01b"


def split(cells, name):
    """Another row whose text, run together, is the same."""
    return [cells[:name], cells[name:]]


@given(st.text("ab,\0", min_size=1, max_size=6), st.integers(0, 6), st.integers(0, 6))
def test_moving_what_separates_two_cells_gives_another_row(text, first, second):
    rows = [encode_row(["x", "y"], split(text, place)) for place in (first, second)]
    assert (rows[0] == rows[1]) == (text[:first] == text[:second])


def test_swapping_names_or_values_gives_another_row():
    row = encode_row(["x", "y"], ["1", "2"])
    assert encode_row(["y", "x"], ["1", "2"]) != row
    assert encode_row(["x", "y"], ["2", "1"]) != row
    assert encode_row(["x", "z"], ["1", "2"]) != row
    assert encode_row(["x", "y"], ["1", None]) != row


def test_half_of_a_surrogate_pair_is_refused():
    with pytest.raises(MalformedError, match="surrogate"):
        encode_cell("x", "\ud800")


@pytest.mark.parametrize("marks", ["\u0315\u0300\u05ae", "\u0f73\u0315", "\u0f73"])
def test_marks_without_end_after_one_character_are_left_alone_and_cost_nothing(marks):
    begun = process_time()
    text = "\u00e9e" + marks * 20_000
    assert clean_text(text) == text
    assert process_time() - begun < 1


@pytest.mark.parametrize("before", [0, 1, 63, 64, 65, 1_000])
def test_a_few_marks_are_put_in_their_order_wherever_they_stand(before):
    text = "x" * before + "a" + "\u0315\u0300" * 32
    assert clean_text(text) == unicodedata.normalize("NFC", text) != text
    assert clean_text(text + "\u0300") == text + "\u0300"

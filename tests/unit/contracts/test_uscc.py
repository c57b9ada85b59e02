"""Unified social credit codes: both check characters, and what they promise to notice."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.uscc import check_uscc
from ledger.errors import RejectedError

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
DIGITS = "0123456789"

# The tables as the two standards print them, in the order of the places.
GB_32100_WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
GB_11714_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2]
GB_32100_VALUES = dict(zip(ALPHABET, range(31), strict=True))
GB_11714_VALUES = {str(n): n for n in range(10)} | {chr(65 + n): 10 + n for n in range(26)}

# Codes of large companies, and a published example of the form that is given out now (MA...).
PUBLISHED = [
    "91440300708461136T",
    "914403001922038216",
    "91110000802100433B",
    "91330100799655058B",
    "91230184MA1BUFLT44",
]


def organisation_code(body, values=GB_11714_VALUES):
    """GB 11714-1997: C9 = 11 - MOD(sum, 11); 10 is X, 11 is 0."""
    rest = 11 - sum(values[c] * w for c, w in zip(body, GB_11714_WEIGHTS, strict=True)) % 11
    return body + {10: "X", 11: "0"}.get(rest, str(rest))


def credit_code(body):
    """GB 32100-2015: C18 = 31 - MOD(sum, 31); 31 is 0."""
    rest = (
        31 - sum(GB_32100_VALUES[c] * w for c, w in zip(body, GB_32100_WEIGHTS, strict=True)) % 31
    )
    return body + ("0" if rest == 31 else ALPHABET[rest])


def make(office, division, body):
    return credit_code(office + division + organisation_code(body))


codes = st.builds(
    make,
    st.text(ALPHABET, min_size=2, max_size=2),
    st.text(DIGITS, min_size=6, max_size=6),
    st.text(ALPHABET, min_size=8, max_size=8),
)


def reason_of(text):
    with pytest.raises(RejectedError) as caught:
        check_uscc(text)
    assert caught.value.rule == "GB 32100-2015"
    assert caught.value.en
    assert caught.value.zh
    return caught.value.reason


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_codes_are_accepted(code):
    check_uscc(code)


@given(codes)
def test_a_code_with_both_check_characters_of_the_standards_is_accepted(code):
    check_uscc(code)


@pytest.mark.parametrize("office", ["11", "51", "91", "N1", "Y1", "A1"])
def test_any_authority_and_kind_is_accepted(office):
    check_uscc(make(office, "320100", "MA1BUFLT"))


def test_a_remainder_of_ten_is_written_as_x_and_of_eleven_as_nought():
    bodies = [f"{n:08}" for n in range(60)]
    checks = {organisation_code(body)[8] for body in bodies}
    assert {"X", "0"} <= checks
    for body in bodies:
        check_uscc(make("91", "320100", body))


@given(codes, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_noticed(code, place, other):
    assume(code[place] != other)
    assert reason_of(code[:place] + other + code[place + 1 :]) == "uscc"


def swapped(code, a, b):
    chars = list(code)
    chars[a], chars[b] = chars[b], chars[a]
    return "".join(chars)


@given(codes, st.integers(0, 17), st.integers(0, 17))
def test_every_swap_but_that_of_first_and_last_is_noticed(code, a, b):
    assume(code[a] != code[b])
    assume({a, b} != {0, 17})
    assert reason_of(swapped(code, a, b)) == "uscc"


@given(codes)
def test_swapping_first_and_last_is_beyond_the_standard(code):
    check_uscc(swapped(code, 0, 17))


@given(codes, st.sampled_from(DIGITS + "X"))
def test_a_wrong_organisation_check_is_noticed_though_the_last_character_fits(code, other):
    assume(code[16] != other)
    forged = credit_code(code[:16] + other)
    with pytest.raises(RejectedError, match="place 17"):
        check_uscc(forged)


def test_letters_of_the_organisation_code_count_as_in_gb_11714():
    wrong = credit_code("91230184" + organisation_code("MA1BUFLT", GB_32100_VALUES))
    assert wrong[:16] == "91230184MA1BUFLT"
    with pytest.raises(RejectedError, match="place 17"):
        check_uscc(wrong)


GOOD = PUBLISHED[0]
MANGLINGS = {
    "nothing": lambda code: "",
    "one short": lambda code: code[:-1],
    "one long": lambda code: code + "0",
    "line end": lambda code: code + "\n",
    "blank before": lambda code: " " + code,
    "blanks inside": lambda code: code[:8] + " " + code[8:],
    "lower case": str.lower,
    "full width": lambda code: chr(ord(code[0]) + 0xFEE0) + code[1:],
    "arabic digit": lambda code: "\u0669" + code[1:],
    "forbidden letter I": lambda code: code[:-1] + "I",
    "forbidden letter O": lambda code: code[:-1] + "O",
    "forbidden letter S": lambda code: code[:-1] + "S",
    "forbidden letter V": lambda code: code[:-1] + "V",
    "forbidden letter Z": lambda code: code[:-1] + "Z",
    "letter in the division": lambda code: credit_code(code[:7] + "A" + code[8:17]),
    "organisation code alone": lambda code: code[8:17],
    "wrong last character": lambda code: code[:-1] + "0",
    "pilot code with another check": lambda code: "91350211M000100Y43",
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_every_mangled_code_is_refused(name):
    mangled = MANGLINGS[name](GOOD)
    assert mangled != GOOD
    assert reason_of(mangled) == "uscc"


@given(st.text(max_size=20))
def test_text_is_accepted_or_refused_and_nothing_else(text):
    try:
        check_uscc(text)
    except RejectedError:
        return
    assert text == make(text[:2], text[2:8], text[8:16])

"""Dotted names in forms: as many parts as a form needs, and never the library's quadratic time."""

import time

import pytest

from ledger.errors import InputError, LimitError, MalformedError
from node.forms.dots import MAX_PARTS
from node.forms.reading import MAX_FORM_BYTES, parse_toml_form

LONG = ".".join(["a"] * (MAX_PARTS + 1))
TOO_MANY = {
    "a name": f"{LONG} = 1",
    "a table": f"[{LONG}]",
    "many tables": f"[[ {LONG} ]]",
    "an inline table": f"x = {{ {LONG} = 1 }}",
    "blanks": " . ".join("a" * (MAX_PARTS + 1)) + " = 1",
    "quotes": ".".join(['"a.b"', "'c'"] * MAX_PARTS) + " = 1",
    "behind escapes": f'x = "\\"" # "\n{LONG} = 1',
    "behind a long text": f'x = """ " \\""" ""\n""" \n{LONG} = 1',
}


@pytest.mark.parametrize("text", TOO_MANY.values(), ids=TOO_MANY)
def test_a_name_of_many_parts_is_refused(text):
    with pytest.raises(LimitError, match="more than 16 parts"):
        parse_toml_form(text.encode())


ALLOWED = {
    "in a text": f'x = "{LONG}"',
    "in a literal text": f"x = '{LONG}'",
    "in a text of several lines": f'x = """\n"{LONG}" \\" ""\n"""',
    "in a literal text of several lines": f"x = '''\n'{LONG}'\n'''",
    "in a comment": f'# {LONG} = 1 "\nx = 1',
    "in a list": "x = [" + ", ".join(f"'{LONG}'" for _ in range(3)) + "]",
}


@pytest.mark.parametrize("text", ALLOWED.values(), ids=ALLOWED)
def test_dots_elsewhere_are_none_of_a_name(text):
    assert "x" in parse_toml_form(text.encode())


def filled(piece, before="", after=""):
    return before + piece * ((MAX_FORM_BYTES - 100) // len(piece)) + after


HOSTILE = {
    "dots": filled("a.", after="b = 1"),
    "dots in a table": filled("a.", "[", "b]"),
    "dots in quotes": filled("'a'.", after="b = 1"),
    "blanks": filled(" ", after="="),
    "letters": filled("a"),
    "words": filled("a "),
    "quotes": filled('"'),
    "single quotes": filled("'"),
    "escaped quotes": filled('\\"', 'x = "'),
    "escaped long quotes": filled('\\"""', '"""'),
    "open long quotes": filled('""" \\'),
    "chains that are just short": filled(".".join("a" * MAX_PARTS) + " "),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_form_is_refused_at_once(text):
    begun = time.monotonic()
    with pytest.raises(InputError):
        parse_toml_form(text.encode())
    assert time.monotonic() - begun < 5, "linear: milliseconds, quadratic: minutes"


def test_a_number_of_5000_digits_is_malformed():
    with pytest.raises(MalformedError, match="too many digits"):
        parse_toml_form(b"years = " + b"9" * 5000)

"""Form files read strictly: TOML by its own reader, JSON by the ledger's; sizes capped first."""

import re
import tomllib
from datetime import date, datetime
from typing import Final

from ledger.core.canonical import decode_bundle, encode_canonical
from ledger.core.types import Json, JsonObject
from ledger.errors import InputError, LimitError, MalformedError
from node.forms.dots import check_dots

MAX_FORM_BYTES: Final = 256 * 1024
_MAX_DEPTH: Final = 8
FULL_WIDTH: Final = "\u201c\u201d\u2018\u2019\uff02\uff0c\uff1d\uff3b\uff3d\u3010\u3011\u3001"
"""Quotes, commas, signs and brackets of Chinese keyboards that stand where TOML has its own."""
_QUOTED: Final = re.compile('"[^"]*"')
_TOML_PLACE: Final = re.compile(r"at line ([0-9]+)")
_TOML_FAULTS: Final = {
    "Invalid value": "has no value that TOML knows: write texts in quotes",
    "Unterminated string": "has a text without its second quote: close it",
    "Illegal character '\\n'": "has a text without its second quote: close it",
    "Expected '=' after a key": "has a name without = after it: write name = value",
    "Invalid initial character": "begins with a character that no name has: write name = value",
    "Invalid statement": "is no setting: write name = value, or put # before a comment",
    "Expected newline or end": "goes on after its value: write one setting in each line",
    "Unclosed array": "has a list without its end: close it with ]",
    "Cannot overwrite a value": "fills in a blank a second time: fill it in once",
    "twice (at": "begins a table a second time: write it once, or as [[name]]",
    "Invalid date": "has a day that there is not: write 2026-01-31",
    "Unescaped": "has a lone backslash in a text: write \\\\ or /",
}


def parse_toml_form(data: bytes) -> JsonObject:
    """A form in TOML as JSON values; dates become YYYY-MM-DD.

    Args:
        data: From outside, any bytes.

    Raises:
        MalformedError: Not UTF-8, not TOML, or a fraction, time of day or character that no form
            has.
        LimitError: More than 256 KiB, nested too deeply, or a name of more than 16 parts.
    """
    _check_size(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise MalformedError("the form is not UTF-8: save it as UTF-8") from exc
    check_dots(text)
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise MalformedError(f"the form is not TOML: {_explain_toml(str(exc), text)}") from exc
    except ValueError as exc:  # more digits than Python reads
        raise MalformedError("the form has a number of too many digits: write a text") from exc
    except RecursionError as exc:
        raise LimitError("the form is nested too deeply") from exc
    return {name: _plain(member, 1) for name, member in value.items()}


def parse_json_form(data: bytes) -> JsonObject:
    """A form in JSON: one object without doubled members or fractions.

    Args:
        data: From outside, any bytes.

    Raises:
        MalformedError: Not such an object.
        LimitError: More than 256 KiB, or nested too deeply.
    """
    _check_size(data)
    return decode_bundle(data.removeprefix(b"\xef\xbb\xbf"), max_bytes=MAX_FORM_BYTES)


def is_allowed_text(text: str) -> bool:
    """Whether our JSON profile allows every character of a text."""
    try:
        encode_canonical(text)
    except InputError:
        return False
    return True


def _explain_toml(said: str, text: str) -> str:
    """What a person can do about a fault, with its line; the reader's own words if it is rare."""
    place = _TOML_PLACE.search(said)
    number = len(text.splitlines()) if place is None else int(place[1])
    line = "".join(text.splitlines()[number - 1 : number])
    bare = _QUOTED.sub("", line).partition("#")[0]
    wide = sorted({each for each in bare if each in FULL_WIDTH})
    if wide:
        return (
            f"line {number} has full-width {' '.join(wide)}: write quotes, commas and brackets in "
            "half width"
        )
    what = next((way for fault, way in _TOML_FAULTS.items() if fault in said), None)
    return said if what is None else f"line {number} {what}"


def _check_size(data: bytes) -> None:
    if len(data) > MAX_FORM_BYTES:
        raise LimitError(f"a form has at most {MAX_FORM_BYTES} bytes, this one {len(data)}")


def _plain(value: object, depth: int) -> Json:
    """A value of TOML as one of JSON.

    Raises:
        MalformedError: A fraction, or a time of day.
        LimitError: Nested too deeply.
    """
    if depth > _MAX_DEPTH:
        raise LimitError("the form is nested too deeply")
    match value:
        case dict():
            return {str(name): _plain(member, depth + 1) for name, member in value.items()}
        case list():
            return [_plain(item, depth + 1) for item in value]
        case str() | bool() | int():
            return value
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case _:
            raise MalformedError(
                f"a form has no {type(value).__name__}: write texts in quotes, whole numbers, and "
                "dates as 2026-01-31"
            )

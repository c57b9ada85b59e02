"""Form files read strictly: TOML by its own reader, JSON by the ledger's; sizes capped first."""

import tomllib
from datetime import date, datetime
from typing import Final

from ledger.core.canonical import decode_bundle, encode_canonical
from ledger.core.types import Json, JsonObject
from ledger.errors import InputError, LimitError, MalformedError

MAX_FORM_BYTES: Final = 256 * 1024
_MAX_DEPTH: Final = 8


def parse_toml_form(data: bytes) -> JsonObject:
    """A form in TOML as JSON values; dates become YYYY-MM-DD.

    Args:
        data: From outside, any bytes.

    Raises:
        MalformedError: Not UTF-8, not TOML, or a fraction, time of day or character that no form
            has.
        LimitError: More than 256 KiB, or nested too deeply.
    """
    _check_size(data)
    try:
        value = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise MalformedError("the form is not UTF-8: save it as UTF-8") from exc
    except tomllib.TOMLDecodeError as exc:
        raise MalformedError(f"the form is not TOML: {exc}") from exc
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

"""What the cells of a sheet say: numbers, dates, texts.

A number is a double, however many digits the file gives: Excel writes 0.1 with 17 digits. It is
spelled by the shortest decimal that gives it back; whole numbers written out in digits are kept.
Whether it is a date is said by its format alone.

Spec: ECMA-376 part 1, sections 18.8.30, 18.17.4 and 22.9.2.19.
"""

import re
from datetime import datetime, timedelta
from typing import Final

_BUILT_IN_DATES: Final = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
_NOT_CODE: Final = re.compile(r'"[^"]*"|\\.|[_*].|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
"""Of a number format: quoted text, escaped characters, padding, colours and conditions."""
_DATE_CODE: Final = re.compile("[dmyhs]", re.IGNORECASE)
_DAY_CODE: Final = re.compile("[dy]", re.IGNORECASE)
_WHOLE: Final = re.compile(r"-?[0-9]+")
_ESCAPE: Final = re.compile("_x([0-9A-Fa-f]{4})_")

_EPOCH: Final = datetime.fromisoformat("1899-12-30")
_EPOCH_1904: Final = datetime.fromisoformat("1904-01-01")
_MISSING_DAY: Final = 60
"""29 February 1900, which Excel counts and no calendar has."""
_DAY_MS: Final = 86_400_000
_MAX_SERIAL: Final = 2_958_466


def is_date_format(number: int, code: str | None) -> bool:
    """Whether cells of a number format hold dates or times.

    Args:
        number: Of the format.
        code: Its text, if the workbook defines it; section by section, the first one counts.
    """
    if code is None:
        return number in _BUILT_IN_DATES
    first = _NOT_CODE.sub("", code).partition(";")[0]
    return first.lower() != "general" and _DATE_CODE.search(first) is not None


def has_day(number: int, code: str | None) -> bool:
    """Whether a date format shows a day, not a time alone."""
    if code is None:
        return number not in {18, 19, 20, 21, 45, 46, 47, 32, 33, 55, 56}
    return _DAY_CODE.search(_NOT_CODE.sub("", code).partition(";")[0]) is not None


def spell_number(text: str) -> str:
    """A number of a sheet by its shortest decimal.

    Raises:
        ValueError: It is none.
    """
    text = text.strip()
    if _WHOLE.fullmatch(text):
        return text
    number = float(text)
    if number - number != 0:
        raise ValueError(text)
    return repr(number).removesuffix(".0")


def spell_date(text: str, *, is_1904: bool, is_day: bool) -> str:
    """A date of a sheet in ISO 8601, to the millisecond; the number itself if it is no date.

    Args:
        text: Days since the epoch.
        is_1904: Which epoch the workbook counts from.
        is_day: Whether the format shows a day; if not, a part of a day is a time.

    Raises:
        ValueError: It is no number.
    """
    serial = float(text)
    if not 0 <= serial < _MAX_SERIAL or (not is_1904 and int(serial) == _MISSING_DAY):
        return spell_number(text)
    milliseconds = round(serial * _DAY_MS)
    if milliseconds < _DAY_MS and not is_day:
        return f"{_EPOCH + timedelta(milliseconds=milliseconds):%H:%M:%S}"
    epoch = _EPOCH_1904 if is_1904 else _EPOCH
    if not is_1904 and serial < _MISSING_DAY:
        milliseconds += _DAY_MS
    point = epoch + timedelta(milliseconds=milliseconds)
    return f"{point:%Y-%m-%d}" if milliseconds % _DAY_MS == 0 else point.isoformat()


def unescape(text: str) -> str:
    """A text with the characters that XML has no place for."""
    if "_x" not in text:
        return text
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)

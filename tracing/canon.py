"""The canonical form `canon-1` of cells and rows: what does not change a value changes no byte.

A cell is text, as the file spells it. Its canonical form depends on the kind of its column:

```text
every kind   NFC, white space at both ends cut, full-width digits narrowed, one null form,
             line breaks inside a cell as U+000A, TRUE/True and FALSE/False as true and false
number       the shortest decimal: 1, 1.0, 01, +1 and 1e0 are 1; -0 is 0
date         ISO 8601: 2013-01-31, 2013-01-31T05:00:00; midnight is the day; a zone is UTC (Z)
text         as above and nothing else: 01 stays 01
```

No number passes through a binary float. A text with more than 64 combining marks in a row is not
brought into NFC. NFC follows the tables of the running Python; text of
assigned characters is the same under all of them.

Spec: tracing, section 1.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import starmap
from typing import Final, Literal

from ledger.errors import MalformedError

FORM: Final = "canon-1"
Kind = Literal["number", "date", "text", "empty"]

_MAX_MARKS: Final = 64
_DOUBLE_MARKS: Final = "\u0f73\u0f75\u0f81"
"""Of class 0 themselves, and made of two marks that are not."""
NULLS: Final = frozenset(
    {"", "NA", "N/A", "#N/A", "NULL", "null", "None", "NaN", "nan", "\\N"},
)
"""What stands for no value, as a whole cell."""

_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""White space of Unicode, named so that no table decides, and the byte order mark."""
_DIGITS: Final = {0xFF10 + digit: ord("0") + digit for digit in range(10)}
_NARROW: Final = {0xFF01 + place: 0x21 + place for place in range(94)} | {
    0x2212: ord("-"),
    0x3000: ord(" "),
}
_BOOLEANS: Final = {"TRUE": "true", "True": "true", "FALSE": "false", "False": "false"}

_NUMBER: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,6}))?")
_MAX_NUMBER_CHARACTERS: Final = 400
_MAX_ZEROS: Final = 30
"""As many zeros may be added to a number before it is written with an exponent."""
_DATE: Final = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)"
    r"(?:[T ] *([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r" *(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_MINUTE: Final = timedelta(minutes=1)
_NULL_LENGTH: Final = (2**32 - 1).to_bytes(4, "big")


def clean_text(text: str) -> str:
    """Text without what no reader would call a change: see the first line of the module's table.

    Gives "" for what is only white space; null forms and booleans are as they are.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = normalize_text("NFC", text.translate(_DIGITS))
    return text.strip(_SPACE)


def normalize_text(form: Literal["NFC", "NFKC"], text: str) -> str:
    """Text in a normal form of Unicode; as it is where too many marks follow one character.

    Sorting the marks of one character takes time with the square of their number: a cell of 100,000
    would take minutes. No language has more than a few, and 64 in a row are left alone.

    Spec: Unicode Standard Annex 15, sections 1.1 and 13 (which allows 30).
    """
    # A run of so many has at least one mark at every place that the step meets.
    if len(text) > _MAX_MARKS and any(map(_is_mark, text[::_MAX_MARKS])):
        length = 0
        for character in text:
            length = length + 1 if _is_mark(character) else 0
            if length > _MAX_MARKS:
                return text
    return unicodedata.normalize(form, text)


def _is_mark(character: str) -> bool:
    return unicodedata.combining(character) != 0 or character in _DOUBLE_MARKS


def is_null(text: str | None) -> bool:
    """Whether a cell holds no value."""
    return text is None or clean_text(text) in NULLS


def canonical_number(text: str) -> str | None:
    """The shortest decimal of a number, or None if the text is none.

    Plain digits where at most 30 zeros have to be added, else with an exponent (`15e300`).

    Args:
        text: Cleaned; ASCII or full-width.
    """
    if len(text) > _MAX_NUMBER_CHARACTERS:
        return None
    found = _NUMBER.fullmatch(text if text.isascii() else text.translate(_NARROW))
    if found is None:
        return None
    sign, whole, part, power = found.groups()
    part = part or ""
    if not whole and not part:
        return None
    if power is None and not part:  # the common case
        digits = whole.lstrip("0")
        if len(digits) <= _MAX_ZEROS:
            return f"-{digits}" if sign == "-" and digits else digits or "0"
    return _write_decimal("-" if sign == "-" else "", whole + part, int(power or 0) - len(part))


def _write_decimal(sign: str, digits: str, power: int) -> str:
    """Digits times a power of ten, without zeros that say nothing."""
    digits = digits.lstrip("0")
    short = digits.rstrip("0")
    if not short:
        return "0"
    power += len(digits) - len(short)
    if power > _MAX_ZEROS or -power - len(short) > _MAX_ZEROS:
        return f"{sign}{short}e{power}"
    if power >= 0:
        return f"{sign}{short}{'0' * power}"
    if -power < len(short):
        return f"{sign}{short[:power]}.{short[power:]}"
    return f"{sign}0.{'0' * (-power - len(short))}{short}"


def canonical_date(text: str) -> str | None:
    """A day or a point of time as ISO 8601, or None if the text is none that we know.

    Known: year first, with `-`, `/`, `.` or 年月日 between, then hours and minutes with or without
    seconds and a zone. Which of 03/04/2013 is the month is not known, so that it stays text.

    Args:
        text: Cleaned; ASCII or full-width.
    """
    found = _DATE.fullmatch(text if text.isascii() else text.translate(_NARROW))
    if found is None:
        return None
    year, _, month, day, month_zh, day_zh, hour, minute, second, fraction, zone = found.groups()
    days = int(year), int(month or month_zh), int(day or day_zh)
    times = int(hour or 0), int(minute or 0), int(second or 0)
    try:
        point = datetime(*days, *times)  # noqa: DTZ001  # most tables name no zone
        if zone is not None:
            point -= _offset(zone)
    except (ValueError, OverflowError):
        return None
    return _write_date(point, (fraction or "").rstrip("0"), is_zoned=zone is not None)


def _offset(zone: str) -> timedelta:
    if zone in {"Z", "UTC"}:
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if minutes > 59:
        raise ValueError(zone)
    return (hours * 60 + minutes) * (-_MINUTE if zone[0] == "-" else _MINUTE)


def _write_date(point: datetime, fraction: str, *, is_zoned: bool) -> str:
    day = f"{point.year:04}-{point.month:02}-{point.day:02}"
    time = f"{point.hour:02}:{point.minute:02}:{point.second:02}"
    if fraction:
        time += f".{fraction}"
    if is_zoned:
        return f"{day}T{time}Z"
    return day if time == "00:00:00" else f"{day}T{time}"


def canonical_cell(text: str | None, kind: Kind) -> str | None:
    """A cell in canonical form, None for no value.

    Args:
        text: As the file spells it; None where the form has a null of its own.
        kind: Of the column. A cell that is not of that kind is taken as text.
    """
    if text is None:
        return None
    cleaned = clean_text(text)
    if cleaned in NULLS:
        return None
    written: str | None = None
    if kind == "number":
        written = canonical_number(cleaned)
    elif kind == "date":
        written = canonical_date(cleaned)
    return written if written is not None else _BOOLEANS.get(cleaned, cleaned)


def fold_cell(cell: str) -> str:
    """A canonical cell as rows are compared: the same whatever the kind of its column.

    A fragment sees fewer values than the whole, and may take for numbers or dates what the whole
    table has as text: what reads as a number or a date is folded to its canonical form.

    Args:
        cell: As canonical_cell gives it, of any kind.
    """
    number = canonical_number(cell)
    if number is not None:
        return number
    return canonical_date(cell) or cell


class KindFinder:
    """Finds the kind of a column from its cells, in any order and as often as wanted.

    Number if every value is a number, date if every one is a date, text otherwise, empty if there
    is no value at all.
    """

    __slots__ = ("_is_date", "_is_number", "_is_seen")

    def __init__(self) -> None:
        self._is_number = self._is_date = True
        self._is_seen = False

    def look(self, cells: Iterable[str | None]) -> None:
        """Take these cells into account, as the file spells them."""
        if not (self._is_number or self._is_date):
            return
        for cell in cells:
            cleaned = "" if cell is None else clean_text(cell)
            if cleaned in NULLS:
                continue
            self._is_seen = True
            self._is_number = self._is_number and canonical_number(cleaned) is not None
            self._is_date = self._is_date and canonical_date(cleaned) is not None
            if not (self._is_number or self._is_date):
                return

    @property
    def kind(self) -> Kind:
        """Of the cells looked at so far."""
        if not self._is_seen:
            return "empty"
        if self._is_number:
            return "number"
        return "date" if self._is_date else "text"


def name_columns(header: Sequence[str | None]) -> tuple[str, ...]:
    """Names of columns, each of its own: cleaned, `unnamed` for none, `x (2)` for a second x."""
    cleaned = [clean_text(name or "") or "unnamed" for name in header]
    taken = set(cleaned)
    seen: dict[str, int] = {}
    return tuple(_free_name(name, taken, seen) for name in cleaned)


def _free_name(name: str, taken: set[str], seen: dict[str, int]) -> str:
    if name not in seen:
        seen[name] = 1
        return name
    while (free := f"{name} ({seen[name] + 1})") in taken:
        seen[name] += 1
    seen[name] += 1
    taken.add(free)
    return free


def encode_cell(name: str, cell: str | None) -> bytes:
    """A cell of a row: its column's name and its value, each after its length in 4 bytes.

    No value is the length 2^32 - 1 and nothing after it. Big-endian; lengths are of UTF-8.

    Raises:
        MalformedError: The text holds half of a surrogate pair, which no file can.
    """
    try:
        key = name.encode()
        head = len(key).to_bytes(4, "big") + key
        if cell is None:
            return head + _NULL_LENGTH
        value = cell.encode()
    except UnicodeEncodeError as exc:
        raise MalformedError(
            "a cell holds half of a surrogate pair, which is no character"
        ) from exc
    return head + len(value).to_bytes(4, "big") + value


def encode_row(names: Sequence[str], cells: Sequence[str | None]) -> bytes:
    """A row as the leaf of a table's tree: its cells in the order of their columns' names.

    Lengths stand before what they measure, so that no two rows are one sequence of bytes.

    Args:
        names: Of the columns, each once, in any order.
        cells: Canonical, one for each name.

    Raises:
        MalformedError: A cell holds half of a surrogate pair.

    Spec: tracing, section 1; our formats, section 5, "Roots named in events".
    """
    pairs = sorted(zip(names, cells, strict=True), key=_first)
    return b"".join(starmap(encode_cell, pairs))


def _first(pair: tuple[str, str | None]) -> str:
    return pair[0]


def encode_header(names: Iterable[str]) -> bytes:
    """The first leaf of a table's tree: the form's name and the columns', sorted."""
    parts = [name.encode() for name in sorted(names)]
    head = FORM.encode() + b"\n" + len(parts).to_bytes(4, "big")
    return head + b"".join(len(part).to_bytes(4, "big") + part for part in parts)

"""Text in pictures: made harmless, measured and folded."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias
from unicodedata import east_asian_width

Measure: TypeAlias = Callable[[str], float]
"""Width of a string, in the unit of the limit it is held against."""

# Control characters, overrides of the writing direction, lone surrogates and noncharacters: they
# are no text in XML 1.0, or let a title pass for something else.
_LAST_OF_PLANES: Final = "".join(
    chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)
)
_UNSHOWN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    f"{_LAST_OF_PLANES}]"
)
_BLANK: Final = "\t\n\r\u2028\u2029"
_NEVER_FIRST: Final = frozenset("，。、；：！？）》」』】〉”’…·,.;:!?)]}%")
_NEVER_LAST: Final = frozenset("（《「『【〈“‘([{#")
_ELLIPSIS: Final = "…"


def plain(text: str) -> str:
    """The text in one line of characters that can be shown anywhere.

    Line breaks become blanks; what is not text, or would turn the direction of what follows,
    becomes U+FFFD.
    """
    return _UNSHOWN.sub(lambda found: " " if found[0] in _BLANK else "\ufffd", text)


def fold(text: str, limit: float, measure: Measure) -> list[str]:
    """Lines no wider than the limit, broken at blanks or beside ideographs, else anywhere.

    Args:
        text: One line.
        limit: Greatest width; a single character may be wider.
        measure: Gives the width of a part.

    Returns:
        At least one line; together they hold every character except blanks at breaks.
    """
    return [line.strip(" ") for line in _fold(text.strip(" "), limit, measure)] or [""]


def fold_parts(parts: Sequence[str], separator: str, limit: float, measure: Measure) -> list[str]:
    """The parts in lines no wider than the limit; one that fits on a line is never broken.

    Args:
        parts: Each one line.
        separator: Stands between them, also at the end of a line.
        limit: Greatest width.
        measure: Gives the width of a text.
    """
    lines = [""]
    for i, part in enumerate(parts):
        text = part + separator if i + 1 < len(parts) else part
        if measure(lines[-1] + text.rstrip()) <= limit:
            lines[-1] += text
        else:
            lines += fold(text, limit, measure)
            lines[-1] += separator[len(separator.rstrip()) :] if i + 1 < len(parts) else ""
    return [line.rstrip() for line in lines if line]


def cut(lines: Sequence[str], count: int, limit: float, measure: Measure) -> list[str]:
    """The first lines; where some are left out, the last one kept ends in an ellipsis."""
    if len(lines) <= count:
        return list(lines)
    last = lines[count - 1]
    while last and measure(last + _ELLIPSIS) > limit:
        last = last[:-1]
    return [*lines[: count - 1], last.rstrip() + _ELLIPSIS]


def _fold(text: str, limit: float, measure: Measure) -> Iterator[str]:
    start, stop, width = 0, 0, 0.0
    for i, character in enumerate(text):
        if i > start and _may_break(text[i - 1], character):
            stop = i
        width += measure(character)
        if width > limit and character != " " and i > start:
            stop = stop if stop > start else i
            yield text[start:stop]
            start, width = stop, measure(text[stop : i + 1].lstrip(" "))
    if text[start:].strip(" "):
        yield text[start:]


def _may_break(before: str, after: str) -> bool:
    """Whether a line may end between two characters, after the manner of UAX 14."""
    if after in _NEVER_FIRST or before in _NEVER_LAST:
        return False
    return before == " " or east_asian_width(before) in "WF" or east_asian_width(after) in "WF"

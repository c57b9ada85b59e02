"""What stands on the card of a step, line by line, and how much room that takes.

Widths are estimates on the wide side: nobody knows the reader's font. What is wider still is cut
off at the card's border and never runs into another.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from node.render.chain import ChainStep, Place
from node.render.looks import MARK_SIZE, QUIET, TEXT, Look, find_look
from node.render.text import cut, fold
from node.render.words import Words, show_event, show_kind, show_parties, show_status, show_title

CARD_WIDTH: Final = 288
PADDING: Final = 12
_HEAD: Final = 26
_ROOM: Final = CARD_WIDTH - 2 * PADDING
_TITLE_SIZE: Final = 14
_SIZE: Final = 12
_TITLE_LINES: Final = 3
_PARTY_LINES: Final = 2
_MAX_PARTIES: Final = 4

# Widths in hundredths of an em: those of DejaVu Sans Bold, wider than most, rounded up by group.
_NARROW: Final = dict.fromkeys(" '/\\|,.:;ijlIJ", 40) | dict.fromkeys('!()[]-_"*`frt', 53)
_WIDE: Final = dict.fromkeys("ABCDGHKNOPQRUVX#+<=>^~&", 88) | dict.fromkeys("mwMW@%", 111)
_WIDTHS: Final = _NARROW | _WIDE
_USUAL: Final = 73
_LIGHTER: Final = 0.92
_IDEOGRAPH: Final = 100
_PICTOGRAPH: Final = 140
_FIRST_PICTOGRAPH: Final = 0x1F000
_OTHER: Final = 120


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Args:
        text: In one line, harmless.
        x, y: Start of its base line from the card's upper left corner, in pixels.
        size: Of the font, in pixels.
        ink: Colour.
        is_bold: Drawn in bold.
        is_right: It ends at x instead.
    """

    text: str
    x: int
    y: int
    size: int
    ink: str
    is_bold: bool = False
    is_right: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A step, ready to be drawn.

    Args:
        place: The step and where it stands in the chain.
        look: Of its status.
        lines: All text.
        mark: Upper left corner of the status's mark.
        height: In pixels; all cards are CARD_WIDTH wide.
    """

    place: Place
    look: Look
    lines: Sequence[Line]
    mark: tuple[int, int]
    height: int


def measure(text: str, size: int, *, is_bold: bool = False) -> float:
    """Width of the text at a font size, in pixels, estimated on the wide side."""
    latin = 1 if is_bold else _LIGHTER
    return (
        sum(_WIDTHS.get(c, _USUAL) * latin if c.isascii() else _measure_other(c) for c in text)
        * size
        / 100
    )


def make_card(place: Place, words: Words) -> Card:
    """Lay out one card."""
    step = place.step
    look = find_look(step)
    head, mark = _make_head(place, words, look)
    lines, y = list(head), _HEAD
    for text, size, ink, count in _body(step, words):
        y += round(size * 0.5)
        is_bold = size == _TITLE_SIZE
        fit = partial(measure, size=size, is_bold=is_bold)
        for part in cut(fold(text, _ROOM, fit), count, _ROOM, fit):
            y += round(size * 1.35)
            lines.append(Line(part, PADDING, y, size, ink, is_bold))
    return Card(place, look, tuple(lines), mark, y + PADDING)


def _make_head(place: Place, words: Words, look: Look) -> tuple[tuple[Line, Line], tuple[int, int]]:
    """Kind on the left with the step's number, status on the right before its mark."""
    fit = partial(measure, size=_SIZE, is_bold=True)
    half = (_ROOM - MARK_SIZE - PADDING) / 2
    kind = f"{place.number + 1}  {show_kind(place.step, words)}"
    status = show_status(place.step, words)
    kind = cut(fold(kind, half, fit), 1, half, fit)[0]
    status = cut(fold(status, half, fit), 1, half, fit)[0]
    right, y = CARD_WIDTH - PADDING, _HEAD - 8
    lines = (
        Line(kind, PADDING, y, _SIZE, look.ink, is_bold=True),
        Line(status, right - MARK_SIZE - 4, y, _SIZE, look.ink, is_bold=True, is_right=True),
    )
    return lines, (right - MARK_SIZE, y - MARK_SIZE + 2)


def _body(step: ChainStep, words: Words) -> Iterator[tuple[str, int, str, int]]:
    """Each paragraph: text, size, colour, and how many lines it may take."""
    if title := show_title(step):
        yield title, _TITLE_SIZE, TEXT, _TITLE_LINES
    parties = show_parties(step, words)
    more = len(parties) - _MAX_PARTIES
    for text in parties[:_MAX_PARTIES]:
        yield text, _SIZE, TEXT, _PARTY_LINES
    if more > 0:
        yield words.say(f"and {more} more", f"另有 {more} 方"), _SIZE, TEXT, 1
    event = " · ".join(show_event(step, words))
    if event:
        yield event, _SIZE, QUIET, 2
    notice = words.notice(step.subject)
    if notice:
        yield notice, _SIZE, TEXT, 2


def _measure_other(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return _IDEOGRAPH if ord(character) < _FIRST_PICTOGRAPH else _PICTOGRAPH
    return _OTHER

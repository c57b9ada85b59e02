"""A chain of title as an SVG picture: cards in columns, lines between them.

No scripts, no style sheet, nothing from outside; every word lies in the text of an element or in an
attribute and is escaped by the library that writes the XML.

Source: SVG 1.1 (second edition); WAI-ARIA Graphics.
"""

from functools import partial
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from node.render.cards import (
    CARD_WIDTH,
    PADDING,
    Card,
    Line,
    make_card,
    measure,
)
from node.render.chain import ChainStep, Source, walk_chain
from node.render.layout import LEVEL_GAP, Box, Layout, Point, place_boxes
from node.render.looks import FONTS, LINE, PAPER, QUIET, TEXT
from node.render.text import cut, fold
from node.render.words import (
    SEPARATOR,
    Words,
    show_details,
    show_event,
    show_heading,
    show_kind,
    show_parties,
    show_source,
    show_status,
    show_title,
)

_MARGIN: Final = 24
_LEAST_WIDTH: Final = 2 * CARD_WIDTH
_HEADING_LINES: Final = 4
_ARROW: Final = 5


def render_svg(root: ChainStep, source: Source, words: Words) -> str:
    """The chain as a document of its own, under a heading.

    Raises:
        ExtraMissingError: Graphviz is not installed.
        LimitError: Too many levels or steps for a picture.
    """
    text = tostring(draw_svg(root, words, source), encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def draw_svg(root: ChainStep, words: Words, source: Source | None = None) -> Element:
    """The chain as an element that a page may hold.

    Args:
        root: First step.
        words: Of the reader's language.
        source: For a heading above the picture; None: the page has one.

    Raises:
        ExtraMissingError: Graphviz is not installed.
        LimitError: Too many levels or steps for a picture.
    """
    cards = [make_card(place, words) for place in walk_chain(root)]
    layout = place_boxes([Box(card.height, card.place.parent) for card in cards], CARD_WIDTH)
    width = max(layout.width, _LEAST_WIDTH)
    heading = [] if source is None else _make_heading(root, source, words, width)
    top = heading[-1].y + _MARGIN if heading else _MARGIN
    svg = _start(root, words, width + 2 * _MARGIN, layout.height + top + _MARGIN)
    for line in heading:
        _add_text(svg, line)
    picture = SubElement(svg, "g", transform=f"translate({_MARGIN} {top})")
    for card in cards:
        if card.place.parent is not None:
            _add_line(picture, cards[card.place.parent], card, layout)
    for card, corner in zip(cards, layout.corners, strict=True):
        _add_card(picture, card, corner, words)
    return svg


def _make_heading(root: ChainStep, source: Source, words: Words, width: int) -> list[Line]:
    lines: list[Line] = []
    y = _MARGIN
    for text, size, ink in (
        (show_heading(root, words), 18, TEXT),
        (show_source(source, words), 12, QUIET),
    ):
        fit = partial(measure, size=size, is_bold=ink == TEXT)
        for part in cut(fold(text, width, fit), _HEADING_LINES, width, fit):
            y += round(size * 1.35)
            lines.append(Line(part, _MARGIN, y, size, ink, is_bold=ink == TEXT))
        y += 4
    return lines


def _start(root: ChainStep, words: Words, width: int, height: int) -> Element:
    size = _numbers(width=width, height=height)
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            **size,
            "viewBox": f"0 0 {width} {height}",
            "role": "img",
            "lang": words.language,
            "font-family": FONTS,
        },
    )
    SubElement(svg, "title").text = show_heading(root, words)
    SubElement(svg, "desc").text = _describe(root, words)
    SubElement(svg, "rect", {**size, "fill": PAPER})
    return svg


def _describe(root: ChainStep, words: Words) -> str:
    count = sum(1 for _ in walk_chain(root))
    return words.say(
        f"{count} steps from left to right; each line leads from a step to one that follows.",
        f"共 {count} 个步骤，自左至右；每条线由一个步骤指向其后续步骤。",
    )


def _add_line(parent: Element, above: Card, below: Card, layout: Layout) -> None:
    """A curve in the gap between two columns, from the middle of one card to that of the other."""
    x, y = _middle_left(above, layout)
    x += CARD_WIDTH
    end, down = _middle_left(below, layout)
    half = LEVEL_GAP // 2
    curve = f"M{x} {y}C{x + half} {y} {end - half} {down} {end} {down}"
    SubElement(parent, "path", {"d": curve, "fill": "none", "stroke": LINE, "stroke-width": "1.5"})
    back = end - 2 * _ARROW
    arrow = f"M{end} {down}L{back} {down - _ARROW}V{down + _ARROW}Z"
    SubElement(parent, "path", {"d": arrow, "fill": LINE})


def _middle_left(card: Card, layout: Layout) -> Point:
    x, y = layout.corners[card.place.number]
    return x, y + card.height // 2


def _add_card(parent: Element, card: Card, corner: Point, words: Words) -> None:
    """A viewport of its own, so that nothing is drawn outside it."""
    x, y = corner
    size = {"width": CARD_WIDTH, "height": card.height}
    box = SubElement(parent, "svg", {**_numbers(x=x, y=y, **size), "overflow": "hidden"})
    SubElement(box, "title").text = _explain(card, words)
    inside = _numbers(x=1, y=1, width=CARD_WIDTH - 2, height=card.height - 2, rx=4)
    head = {**inside, "height": str(2 * PADDING)}
    border = {"fill": "none", "stroke": card.look.ink, "stroke-width": "1.5"}
    if card.look.is_dashed:
        border["stroke-dasharray"] = "5 3"
    SubElement(box, "rect", {**inside, "fill": PAPER})
    SubElement(box, "rect", {**head, "fill": card.look.fill})
    SubElement(box, "rect", {**inside, **border})
    _add_mark(box, card)
    for line in card.lines:
        _add_text(box, line)


def _add_mark(parent: Element, card: Card) -> None:
    x, y = card.mark
    stroke = {"fill": "none", "stroke": card.look.ink, "stroke-width": "2"}
    SubElement(parent, "path", {"d": card.look.mark, "transform": f"translate({x} {y})", **stroke})


def _add_text(parent: Element, line: Line) -> None:
    attributes = {**_numbers(x=line.x, y=line.y, **{"font-size": line.size}), "fill": line.ink}
    if line.is_right:
        attributes["text-anchor"] = "end"
    if line.is_bold:
        attributes["font-weight"] = "bold"
    SubElement(parent, "text", attributes).text = line.text


def _explain(card: Card, words: Words) -> str:
    """Everything about the step, for those who point at it."""
    step = card.place.step
    return "\n".join(
        [
            SEPARATOR.join(
                part
                for part in (show_kind(step, words), show_title(step), show_status(step, words))
                if part
            ),
            *show_parties(step, words),
            *show_event(step, words),
            *(f"{name}: {value}" for name, value in show_details(step, words)),
        ]
    )


def _numbers(**attributes: int) -> dict[str, str]:
    return {name: str(value) for name, value in attributes.items()}

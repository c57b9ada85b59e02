"""Pictures of a finding as inline SVG: shares of rows, and chances of deliveries on a log scale.

No scripts, no style sheet; words lie in the text of elements. Coordinates are whole pixels, so that
the same finding gives the same picture on every machine.

Source: SVG 1.1 (second edition); WAI-ARIA Graphics.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from node.render.cards import measure
from node.render.looks import FONTS, GOOD, LINE, OTHER, OVER, PAPER, QUIET, STOPPED, TEXT, Look
from node.render.text import cut, fold, plain
from node.render.tracewords import Teller
from node.tracing.bounds import show_chance, show_share
from node.tracing.finding import PARTS, Candidate, Overlap

_HOW: Final = {
    "exact": ("same bytes", "字节相同"),
    "table": ("same table", "同一表格"),
    "rows": ("sketch of rows", "行的抽样"),
    "shingles": ("sketch of cells", "单元格抽样"),
    "chunks": ("blocks", "内容分块"),
    "words": ("runs of words", "连续词语"),
    "alignment": ("aligned rows", "逐行对齐"),
}
"""Rungs in so few words as a label has room for."""
MAX_BARS: Final = 24
"""Deliveries drawn; the strongest ones."""
_WIDTH: Final = 760
_LEFT: Final = 250
_ROOM: Final = 420
_ROW: Final = 26
_BAR: Final = 14
_TOP: Final = 30
_LABEL: Final = 34
_SIZE: Final = 12


def draw_shares(teller: Teller) -> Element:
    """How much of the file and of each asset lie in each other, with 95 % intervals."""
    overlaps = teller.finding.derivation.overlaps
    rows = [
        (f"{name} · {_name_overlap(teller, one)}", share, _is_own(teller, one))
        for one in overlaps
        for name, share in (
            (teller.say("of the file", "占该文件"), one.of_suspect),
            (teller.say("of the asset", "占该数据"), one.of_asset),
        )
    ]
    svg = _start(
        _TOP + _ROW * len(rows) + 8, teller.say("Shares of rows in common", "共有行的占比")
    )
    for tick in range(0, PARTS + 1, PARTS // 4):
        _add_tick(svg, _at(tick, PARTS), show_share(tick), len(rows))
    for number, (name, (share, low, high), is_own) in enumerate(rows):
        y = _TOP + _ROW * number + 4
        _add_bar(svg, y, name, _at(share, PARTS), GOOD if is_own else OTHER)
        _add_line(svg, (_at(low, PARTS), y + _BAR // 2), (_at(high, PARTS), y + _BAR // 2), TEXT)
        _add_text(svg, _LEFT + _ROOM + 8, y + 11, show_share(share))
    return svg


def _is_own(teller: Teller, one: Overlap) -> bool:
    return one.asset == teller.finding.derivation.asset


def _name_overlap(teller: Teller, one: Overlap) -> str:
    """How it was measured; of another asset, which that is."""
    return teller.pair(_HOW[one.by]) if _is_own(teller, one) else _short(one.asset)


def draw_chances(teller: Teller) -> Element:
    """The chance of each delivery that was scored, on a log scale, with the line of naming."""
    told = teller.finding.attribution
    scored = _find_strongest(told.candidates)
    lowest = min([told.threshold, *(each.chance or 0 for each in scored), -1])
    title = teller.say("Chance p of each delivery, log scale", "各次交付的概率 p（对数刻度）")
    svg = _start(_TOP + _ROW * len(scored) + _LABEL, title)
    for part in range(5):
        _add_tick(svg, _at(part, 4), show_chance(lowest * part // 4), len(scored))
    for number, each in enumerate(scored):
        y, chance = _TOP + _ROW * number + 4, each.chance or 0
        name = f"{_short(each.delivery)} · {teller.party(each.recipient)}"
        _add_bar(svg, y, name, _at(chance, lowest), _find_look(teller, each))
        _add_text(svg, _LEFT + _ROOM + 8, y + 11, show_chance(chance))
    line, bottom = _at(told.threshold, lowest), _TOP + _ROW * len(scored)
    _add_line(svg, (line, _TOP - 4), (line, bottom + 4), STOPPED.ink, width=2)
    words = teller.say("named to the right of this line: ", "此线以右方予指明：")
    _add_text(svg, _LEFT, bottom + 22, words + show_chance(told.threshold), ink=STOPPED.ink)
    return svg


def _find_strongest(candidates: Sequence[Candidate]) -> list[Candidate]:
    scored = [each for each in candidates if each.chance is not None]
    return sorted(scored, key=lambda each: (each.chance or 0, each.index))[:MAX_BARS]


def _find_look(teller: Teller, one: Candidate) -> Look:
    if one.delivery in {each.delivery for each in teller.finding.named}:
        return STOPPED
    return GOOD if one.delivery in teller.finding.attribution.cleared else OVER


def _short(key: str) -> str:
    return key.partition("/")[2][:8]


def _at(value: int, whole: int) -> int:
    """Where a value stands from the left, in pixels."""
    return _LEFT + _ROOM * value // whole


def _start(height: int, title: str) -> Element:
    box = {"width": str(_WIDTH), "height": str(height), "viewBox": f"0 0 {_WIDTH} {height}"}
    svg = Element("svg", {**box, "role": "img", "font-family": FONTS, "font-size": str(_SIZE)})
    SubElement(svg, "title").text = title
    SubElement(svg, "rect", {"width": str(_WIDTH), "height": str(height), "fill": PAPER})
    return svg


def _add_tick(svg: Element, x: int, name: str, rows: int) -> None:
    _add_line(svg, (x, _TOP - 4), (x, _TOP + _ROW * rows), "#d0d0d0")
    _add_text(svg, x, _TOP - 10, name, ink=QUIET, anchor="middle")


def _add_bar(svg: Element, y: int, name: str, end: int, look: Look) -> None:
    fit = partial(measure, size=_SIZE)
    room = _LEFT - 16
    _add_text(svg, 8, y + 11, cut(fold(plain(name), room, fit), 1, room, fit)[0])
    place = {"x": str(_LEFT), "y": str(y), "height": str(_BAR)}
    colours = {"fill": look.fill, "stroke": look.ink}
    SubElement(svg, "rect", {**place, "width": str(max(1, end - _LEFT)), **colours})


def _add_line(
    svg: Element, start: tuple[int, int], end: tuple[int, int], ink: str = LINE, width: int = 1
) -> None:
    ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1], "stroke-width": width}
    SubElement(svg, "line", {**{name: str(each) for name, each in ends.items()}, "stroke": ink})


def _add_text(
    svg: Element, x: int, y: int, text: str, ink: str = TEXT, anchor: str = "start"
) -> None:
    place = {"x": str(x), "y": str(y), "fill": ink, "text-anchor": anchor}
    SubElement(svg, "text", place).text = text

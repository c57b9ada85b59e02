"""Plots as SVG: small, readable without a style sheet, the same bytes for the same figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from xml.etree.ElementTree import Element, SubElement, indent, tostring

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 720, 150, 24, 44, 48
INK, GREY, PAPER = "#222222", "#8a8a8a", "#ffffff"
COLOURS = ("#0b6e4f", "#c44900", "#3d5a98", "#8f2d56", "#6b6b00", "#2e8b99")
_FONT = "system-ui, sans-serif"


@dataclass(frozen=True)
class Line:
    """A series of points.

    Args:
        name: For the legend.
        points: (x, y).
        is_dashed: A bound or an expectation, not a figure.
    """

    name: str
    points: Sequence[tuple[float, float]]
    is_dashed: bool = False


@dataclass(frozen=True)
class Axis:
    """One direction of a plot.

    Args:
        name: With the unit.
        ticks: Values that are written, from the least to the largest; they bound the plot.
        is_log: By powers of ten.
    """

    name: str
    ticks: Sequence[float]
    is_log: bool = False

    def place(self, value: float) -> float:
        """Between 0 and 1; what lies beyond an end is moved to it."""
        low, high = self._scale(self.ticks[0]), self._scale(self.ticks[-1])
        return min(1.0, max(0.0, (self._scale(value) - low) / (high - low)))

    def _scale(self, value: float) -> float:
        return log10(max(value, 1e-300)) if self.is_log else value


def draw_lines(title: str, across: Axis, upwards: Axis, lines: Sequence[Line]) -> bytes:
    """A plot of lines with markers and a legend."""
    height = 400
    svg = _start(title, height)
    inner_width, inner_height = WIDTH - 70 - RIGHT - 190, height - TOP - BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        return 70 + across.place(x) * inner_width, TOP + (1 - upwards.place(y)) * inner_height

    for tick in upwards.ticks:
        x, y = at(across.ticks[0], tick)
        _line(svg, (x, y), (x + inner_width, y), "#e2e2e2")
        _text(svg, x - 8, y + 4, f"{tick:g}", anchor="end")
    for tick in across.ticks:
        x, y = at(tick, upwards.ticks[0])
        _line(svg, (x, y), (x, y + 4), GREY)
        _text(svg, x, y + 18, f"{tick:g}", anchor="middle")
    _text(svg, 70 + inner_width / 2, height - 8, across.name, anchor="middle")
    _text(svg, 70, TOP - 10, upwards.name)
    for number, line in enumerate(lines):
        colour = GREY if line.is_dashed else COLOURS[number % len(COLOURS)]
        placed = [at(x, y) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        drawn = SubElement(svg, "polyline", points=path, fill="none", stroke=colour)
        drawn.set("stroke-width", "2")
        if line.is_dashed:
            drawn.set("stroke-dasharray", "6 4")
        for x, y in () if line.is_dashed else placed:
            SubElement(svg, "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="3", fill=colour)
        y = TOP + 12 + 20 * number
        _line(svg, (WIDTH - 200, y - 4), (WIDTH - 180, y - 4), colour)
        _text(svg, WIDTH - 174, y, line.name)
    return _finish(svg)


def draw_grid(
    title: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[float | None]]]
) -> bytes:
    """A grid of shares from 0 to 100, darker where higher, with the numbers in it.

    Args:
        title: Above it.
        columns: Their names.
        rows: Name and shares of each; None: not measured.
    """
    step, width = 22, (WIDTH - LEFT - RIGHT) / max(1, len(columns))
    svg = _start(title, TOP + step * (len(rows) + 1) + 12)
    for place, name in enumerate(columns):
        _text(svg, LEFT + (place + 0.5) * width, TOP + 12, name, anchor="middle")
    for number, (name, shares) in enumerate(rows):
        y = TOP + step * (number + 1)
        _text(svg, LEFT - 8, y + 12, name, anchor="end")
        for place, share in enumerate(shares):
            _cell(svg, LEFT + place * width, y, width - 2, share)
    return _finish(svg)


def _cell(svg: Element, x: float, y: float, width: float, share: float | None) -> None:
    fill = "#eeeeee" if share is None else _shade(share / 100)
    SubElement(
        svg, "rect", x=f"{x:.1f}", y=f"{y - 4:.1f}", width=f"{width:.1f}", height="20", fill=fill
    )
    said = "-" if share is None else f"{share:.3g}"
    colour = PAPER if share is not None and share > 55 else INK
    _text(svg, x + width / 2, y + 11, said, anchor="middle", colour=colour)


def _shade(share: float) -> str:
    light, dark = (235, 240, 238), (11, 110, 79)
    mixed = (round(a + (b - a) * share) for a, b in zip(light, dark, strict=True))
    return "#" + "".join(f"{each:02x}" for each in mixed)


def _start(title: str, height: int) -> Element:
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {height}",
            "width": str(WIDTH),
            "height": str(height),
            "role": "img",
            "font-family": _FONT,
            "font-size": "12",
        },
    )
    SubElement(svg, "title").text = title
    SubElement(svg, "rect", width=str(WIDTH), height=str(height), fill=PAPER)
    _text(svg, 12, 22, title, size="14", colour=INK)
    return svg


def _finish(svg: Element) -> bytes:
    indent(svg)
    return tostring(svg, encoding="utf-8") + b"\n"


def _line(svg: Element, start: tuple[float, float], stop: tuple[float, float], colour: str) -> None:
    (x1, y1), (x2, y2) = start, stop
    made = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    SubElement(svg, "line", {**made, "stroke": colour})


def _text(
    svg: Element,
    x: float,
    y: float,
    said: str,
    *,
    anchor: str = "start",
    size: str = "12",
    colour: str = INK,
) -> None:
    made = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "font-size": size}
    SubElement(svg, "text", {**made, "fill": colour}).text = said

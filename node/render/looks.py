"""What a status looks like: two colours, a mark and a line, so that colour alone says nothing.

Every ink stands on its own fill and on white with a contrast of at least 4.5 to 1.

Source: WCAG 2.2, 1.4.1 and 1.4.3.
"""

from dataclasses import dataclass
from typing import Final

from node.render.chain import ChainStep

FONTS: Final = (
    "Noto Sans SC, Noto Sans CJK SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, "
    "WenQuanYi Micro Hei, sans-serif"
)
"""Families with Chinese, by system; the last one is whatever the reader has."""

TEXT: Final = "#1a1a1a"
QUIET: Final = "#555555"
PAPER: Final = "#ffffff"
LINE: Final = "#767676"
MARK_SIZE: Final = 12


@dataclass(frozen=True, slots=True)
class Look:
    """How a step is drawn.

    Args:
        ink: Colour of words and borders.
        fill: Colour behind them.
        mark: SVG path of a mark beside the status, in a square of MARK_SIZE.
        is_dashed: The border is broken: the step is over.
    """

    ink: str
    fill: str
    mark: str
    is_dashed: bool = False


GOOD: Final = Look("#0b5d2e", "#e6f4ea", "M2 6.5 5 9.5 10 3")
WAITING: Final = Look("#6b4a00", "#fff4d6", "M6 2a4 4 0 1 0 .01 0ZM6 4v2.2l1.6 1")
STOPPED: Final = Look("#8a1c1c", "#fde8e8", "M4 2.5v7M8 2.5v7")
OVER: Final = Look("#4a4a4a", "#eeeeee", "M3 3l6 6M9 3 3 9", is_dashed=True)
OTHER: Final = Look("#1f3a5f", "#e8eff8", "M3 6h6")

_LOOKS: Final = {
    **dict.fromkeys(
        ("valid", "live", "active", "registered", "recorded", "received", "in-force"), GOOD
    ),
    **dict.fromkeys(("offered", "sent", "filed", "accepted", "published", "not-yet"), WAITING),
    **dict.fromkeys(("frozen", "suspended", "disputed", "pledged"), STOPPED),
    **dict.fromkeys(
        (
            "superseded", "revoked", "cancelled", "expired", "dead", "released", "lifted",
            "withdrawn", "refused", "lapsed", "terminated", "exited",
        ),
        OVER,
    ),
}  # fmt: skip
_BURDENS: Final = ("pledge", "freeze")

STATUSES: Final = tuple(_LOOKS)
"""Every status that has a look of its own."""


def find_look(step: ChainStep) -> Look:
    """How a step is drawn; a burden in force looks like what it stops."""
    if step.kind in _BURDENS and step.status == "in-force":
        return STOPPED
    return _LOOKS.get(step.status, OTHER)

"""A chain of title in the DOT language, for Graphviz and what reads its files.

Source: graphviz.org/doc/info/lang.html and graphviz.org/docs/attr-types/escString.
"""

from collections.abc import Iterator
from typing import Final

from node.render.chain import ChainStep, Source, walk_chain
from node.render.looks import FONTS, TEXT, find_look
from node.render.text import fold, plain
from node.render.words import (
    Words,
    show_event,
    show_heading,
    show_kind,
    show_parties,
    show_source,
    show_status,
    show_title,
)

_COLUMNS: Final = 44
# A quoted string keeps its backslashes for the label, and a label reads backslashes and entities.
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "&": "&amp;"})


def render_dot(root: ChainStep, source: Source, words: Words) -> str:
    """The chain as a directed graph, from left to right.

    Nodes are `n0`, `n1` ... in reading order; a step that stands in two places is two nodes. The
    tooltip is the subject's key.

    Raises:
        LimitError: More than MAX_LEVELS levels.
    """
    heading = [show_heading(root, words), show_source(source, words)]
    lines = [
        "digraph chain {",
        f"  graph [rankdir=LR, ordering=out, charset={_quote('UTF-8')}, "
        f"fontname={_quote(FONTS)}, labelloc=t, labeljust=l, label={_quote(*heading)}];",
        f"  node [shape=box, fontname={_quote(FONTS)}, fontsize=11, fontcolor={_quote(TEXT)}];",
        f"  edge [color={_quote(TEXT)}];",
    ]
    for place in walk_chain(root):
        lines.append(f"  n{place.number} [{_attributes(place.step, words)}];")
        if place.parent is not None:
            lines.append(f"  n{place.parent} -> n{place.number};")
    return "\n".join([*lines, "}", ""])


def _attributes(step: ChainStep, words: Words) -> str:
    look = find_look(step)
    style = "filled,dashed" if look.is_dashed else "filled"
    return (
        f"label={_quote(*_label(step, words))}, tooltip={_quote(plain(step.subject))}, "
        f"style={_quote(style)}, color={_quote(look.ink)}, fillcolor={_quote(look.fill)}"
    )


def _label(step: ChainStep, words: Words) -> Iterator[str]:
    from rich.cells import cell_len  # rarely needed

    yield f"{show_kind(step, words)} [{show_status(step, words)}]"
    for text in (
        show_title(step),
        *show_parties(step, words),
        " ".join(show_event(step, words)),
        words.notice(step.subject),
    ):
        if text:
            yield from fold(text, _COLUMNS, cell_len)


def _quote(*lines: str) -> str:
    """A quoted string that stands for these lines, whatever is in them."""
    return '"' + "\\n".join(plain(line).translate(_ESCAPES) for line in lines) + '"'

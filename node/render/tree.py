"""A chain of title as text, with lines that lead from each step to what follows from it."""

from collections.abc import Iterator

from node.render.chain import ChainStep, Place, walk_chain
from node.render.text import fold_parts
from node.render.words import (
    SEPARATOR,
    Words,
    show_details,
    show_event,
    show_kind,
    show_parties,
    show_status,
    show_title,
)

MIN_COLUMNS = 24
"""Text is never folded narrower than this, however deep the step."""


def render_tree(root: ChainStep, words: Words, width: int | None = None) -> str:
    """The chain as text.

    Args:
        root: First step.
        words: Of the reader's language.
        width: Columns of the terminal; longer lines are folded. None: every step is one line,
            with its further facts on the next.

    Returns:
        Lines, each ended by a newline.

    Raises:
        LimitError: More than MAX_LEVELS levels.
    """
    lines: list[str] = []
    rails: list[str] = []  # what stands before the children of each level, from the root downwards
    for place in walk_chain(root):
        del rails[max(place.level, 1) - 1 :]
        before = "".join(rails)
        branch = "" if place.level == 0 else "└─ " if place.is_last else "├─ "
        rail = "" if place.level == 0 else "   " if place.is_last else "│  "
        below = "│  " if place.step.children else "   "
        first, *rest = _fold_all(place, words, width)
        lines.append(before + branch + first)
        lines += [before + rail + below + line for line in rest]
        if place.level > 0:
            rails.append(rail)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _fold_all(place: Place, words: Words, width: int | None) -> Iterator[str]:
    from rich.cells import cell_len  # rarely needed

    room = None if width is None else max(width - 3 * (place.level + 1), MIN_COLUMNS)
    for parts in (_show_step(place.step, words), _show_facts(place.step, words)):
        shown = [part for part in parts if part]
        if room is None:
            yield SEPARATOR.join(shown)
        else:
            yield from fold_parts(shown, SEPARATOR, room, cell_len)


def _show_step(step: ChainStep, words: Words) -> Iterator[str]:
    yield f"{show_kind(step, words)} {show_title(step)}".rstrip()
    yield from show_parties(step, words)
    yield show_status(step, words)
    yield from show_event(step, words)


def _show_facts(step: ChainStep, words: Words) -> Iterator[str]:
    (_, key), *rest = show_details(step, words)
    yield key
    for name, value in rest:
        yield f"{name} {value}"

"""Rows of a table as forms: columns are the paths of the form's blanks, such as `data.title`.

What may be there several times has its place in the path, from 1: `rights.2.right`; without a
place the first is meant. Lists stand in one cell, divided by `;` or `；`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ledger.core.types import Json
from node.forms.dots import MAX_PARTS
from node.forms.shape import LISTS, Field, Group

_DIVIDER: Final = re.compile("[;；]")
_PLACE: Final = re.compile("[0-9]{1,3}")
_NO_PLACE: Final = 0
"""Stands for a place that there is not: places count from 1."""

_Part = Field | Group


def column_path(column: str, form: Group) -> tuple[str | int, ...]:
    """Names and places that a column means: two of the same path fill the same blank."""
    return tuple(_steps(column, form))


def find_field(column: str, form: Group) -> Field | None:
    """The blank that a column fills, or None if there is none of this path."""
    part: _Part | None = form
    for step in _steps(column, form):
        if not isinstance(part, Group) or step == _NO_PLACE:
            return None
        part = part if isinstance(step, int) else part.find(step)
    return part if isinstance(part, Field) else None


def expand_row(cells: Mapping[str, Json], form: Group) -> dict[str, Json]:
    """A row as a form, for check_form to hold against the annex.

    Args:
        cells: By column; those that are empty are left out.
        form: The annex.
    """
    tree: dict[str | int, object] = {}
    for column, value in cells.items():
        if value is None or value == "":
            continue
        field = find_field(column, form)
        if field is None or not _put(tree, column_path(column, form), _split(field, value)):
            tree[column] = value  # nested already, or for the check to name
    return {str(name): _close(value) for name, value in tree.items()}


def _steps(column: str, form: Group) -> Iterator[str | int]:
    """Names and places of a path; a place that is left out is the first."""
    part: _Part | None = form
    names = column.split(".", MAX_PARTS)
    if len(names) > MAX_PARTS:  # no blank lies so deep
        yield column
        return
    while names:
        name = names.pop(0)
        yield name
        part = part.find(name) if isinstance(part, Group) else None
        if isinstance(part, Group) and part.is_many:
            is_placed = bool(names) and _PLACE.fullmatch(names[0]) is not None
            place = int(names.pop(0)) if is_placed else 1
            yield place if 1 <= place <= part.most else _NO_PLACE


def _split(field: Field, value: Json) -> Json:
    if field.kind in LISTS and isinstance(value, str):
        return [item for item in _DIVIDER.split(value) if item.strip()]
    return value


def _put(tree: dict[str | int, object], steps: tuple[str | int, ...], value: Json) -> bool:
    """Fill a blank of the tree; False if something fills it already."""
    *path, last = steps
    for step in path:
        inner = tree.setdefault(step, {})
        if not isinstance(inner, dict):
            return False
        tree = inner
    is_free = last not in tree
    if is_free:
        tree[last] = value
    return is_free


def _close(value: object) -> Json:
    """Places as lists; a place that no column fills is an empty table."""
    if not isinstance(value, dict):
        return value  # type: ignore[return-value]  # what was put in is JSON
    if value and all(isinstance(name, int) for name in value):
        return [_close(value.get(place, {})) for place in range(1, max(value) + 1)]
    return {str(name): _close(member) for name, member in value.items()}


def unknown_columns(columns: Iterable[str], form: Group) -> list[str]:
    """Columns that fill no blank, in their order."""
    return [column for column in columns if find_field(column, form) is None]

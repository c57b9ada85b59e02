"""An empty table for a batch: its header, and one row as a comment to show how cells are filled."""

import csv
import io
from collections.abc import Iterator
from typing import Final

from node.batchfile import COMMENT, OWN_COLUMNS
from node.forms.annexes import FORMS
from node.forms.shape import LISTS, Field, Group, join_path

_ASKED: Final = frozenset({
    "years", "applicants.party", "data.temporal.start", "data.temporal.end", "restrictions.resale",
    "restrictions.export", "classification.openness",
})  # fmt: skip
"""Columns of what may be left out and often is filled in."""
_SAMPLES: Final = {
    "file": "january.csv",
    "ref": "A-1",
    "applicants.name": "江苏数据有限公司",
    "applicants.kind": "legal",
    "applicants.id_number": "91440300708461136T",
    "applicants.party": "",
    "data.title": "2026年1月南京市停车场收费记录表",
    "data.summary": "按小时记录的停车收费",
    "data.industry": "G54",
    "data.volume": "1 万行",
    "data.temporal.start": "2026-01-01",
    "data.temporal.end": "2026-01-31",
    "years": "3",
    "restrictions.resale": "否",
    "restrictions.export": "否",
}


def render_table() -> str:
    """The header, and an example that the reader of batches passes over."""
    columns = [*OWN_COLUMNS, *(name for name, _ in _list_columns())]
    fields = dict(_list_columns())
    cells = [_SAMPLES[name] if name in _SAMPLES else _choose(fields[name]) for name in columns]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerow([f"{COMMENT} {cells[0]}", *cells[1:]])
    return out.getvalue()


def _list_columns() -> list[tuple[str, Field]]:
    return [
        (name, each)
        for name, each, is_needed in _walk(FORMS["initial"])
        if is_needed or name in _ASKED
    ]


def _walk(
    group: Group, path: str = "", *, is_needed: bool = True
) -> Iterator[tuple[str, Field, bool]]:
    for part in group.parts:
        name, needed = join_path(path, part.name), is_needed and part.is_needed
        if isinstance(part, Field):
            yield name, part, needed
        else:
            yield from _walk(part, name, is_needed=needed)


def _choose(each: Field) -> str:
    return ";".join(list(each.choices)[: 2 if each.kind in LISTS else 1])

"""An application for whoever decides on it: every member that this vault opens."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.lang import is_chinese, say
from cli.words import show_fact, show_label, show_member
from contracts.records import format_record
from ledger.core.types import Json

if TYPE_CHECKING:
    from node.forms.shape import Group
    from node.formsheet import FormSheet


def describe_sheet(sheet: "FormSheet") -> dict[str, Json]:
    """An application as programs read it."""
    form = None if sheet.form is None else dict(format_record(sheet.form))
    if form is not None:
        form.pop("members", None)
    return {
        "members": dict(sheet.members),
        "missing": list(sheet.missing),
        "erased": list(sheet.erased),
        "form": form,
    }


def rows_sheet(sheet: "FormSheet") -> Iterator[tuple[str, str]]:
    """An application as people read it; what is left empty is said to be."""
    for name, value in sheet.members.items():
        yield from _flatten(name, value)
    if sheet.form is not None:
        for name in ("years", "mandate"):
            yield from _flatten(name, format_record(sheet.form).get(name))
    for names, en, zh in (
        (sheet.missing, "opening not in this vault", "开示不在本保险库"),
        (sheet.erased, "opening erased here", "开示已在此销毁"),
    ):
        if names:
            yield say(en, zh), say(", ", "、").join(map(_label, names))


def _flatten(path: str, value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _flatten(f"{path}.{name}", part)
    elif isinstance(value, list | tuple) and any(isinstance(part, dict) for part in value):
        for place, part in enumerate(value, 1):
            yield from _flatten(f"{path}.{place}", part)
    elif isinstance(value, list | tuple):
        yield _label(path), say(", ", "、").join(_show(path, part) for part in value) or _empty()
    else:
        yield _label(path), _empty() if value is None else _show(path, value)


def _empty() -> str:
    return say("(left empty)", "（未填写）")


def _show(path: str, value: Json) -> str:
    if isinstance(value, bool):
        return say("yes", "是") if value else say("no", "否")
    named = [part for part in path.split(".") if not part.isdigit()]
    return show_label(show_fact("right" if named[-1] == "rights" else named[-1], str(value)))


def _label(path: str) -> str:
    if not is_chinese():
        return path
    return ".".join(_name(part) for part in path.split("."))


def _name(part: str) -> str:
    if part == "size":
        return "字节数"
    known = show_member(part)
    return known if known != part else _form_names().get(part, part)


def _form_names() -> dict[str, str]:
    """The blanks of all forms as the forms call them, by their names in files."""
    from node.forms.annexes import FORMS

    names: dict[str, str] = {}
    for form in FORMS.values():
        _collect(form, names)
    return names


def _collect(group: "Group", names: dict[str, str]) -> None:
    for part in group.parts:
        names.setdefault(part.name, re.split("[：，；（]", part.zh)[0])
    for inner in group.groups:
        _collect(inner, names)

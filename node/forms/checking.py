"""A filled form held against its annex: every fault at once, each with its path and what to write.

No message repeats what stands in a blank: forms are full of what never leaves the vault.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeAlias

from contracts.uscc import check_uscc
from ledger.core.types import Json, JsonObject
from ledger.errors import RejectedError
from node.forms.reading import is_allowed_text
from node.forms.shape import LISTS, Field, FieldKind, Finding, Group, join_path

MAX_FINDINGS: Final = 50
_SHOWN_NAME: Final = 64
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNT: Final = re.compile(r"[0-9]{1,4}")
_FLAGS: Final = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}
_INDUSTRY: Final = re.compile(r"[A-T]([0-9]{2})?")


def check_form(
    value: Mapping[str, Json], form: Group, *, is_lenient: bool = False
) -> tuple[JsonObject, list[Finding]]:
    """What is filled in, and all that is wrong with it.

    Args:
        value: As read, without `type`.
        form: The annex.
        is_lenient: Nothing has to be filled in but the name of the data: for trying out.

    Returns:
        The filled blanks alone, choices as their codes; and the findings in the form's order, the
        first 50 of them and how many more there are.
    """
    check = _Check(is_lenient=is_lenient)
    filled = check.group(dict(value), form, "")
    return filled, _cap(check.findings)


def _cap(findings: list[Finding]) -> list[Finding]:
    left = len(findings) - MAX_FINDINGS
    if left <= 0:
        return findings
    rest = Finding("", f"and {left} more: mend these first", f"另有 {left} 处：请先更正以上各项")
    return [*findings[:MAX_FINDINGS], rest]


def is_blank(value: Json) -> bool:
    """Whether nothing is filled in, however deep one looks."""
    if isinstance(value, dict):
        return all(is_blank(member) for member in value.values())
    if isinstance(value, list | tuple):
        return all(is_blank(item) for item in value)
    return value is None or (isinstance(value, str) and not value.strip())


class _Fault:
    """What is wrong with one value."""

    __slots__ = ("en", "name", "zh")

    def __init__(self, en: str, zh: str, name: str = "") -> None:
        self.en, self.zh, self.name = en, zh, name


_Read: TypeAlias = "Json | _Fault"


class _Check:
    """One pass over a form."""

    def __init__(self, *, is_lenient: bool) -> None:
        self.findings: list[Finding] = []
        self._is_lenient = is_lenient

    def group(self, value: Mapping[str, Json], group: Group, path: str) -> JsonObject:
        filled: dict[str, Json] = {}
        for part in group.parts:
            given = value.get(part.name)
            inner = join_path(path, part.name)
            if is_blank(given):
                self._miss(part, inner)
            elif isinstance(part, Field):
                self._fill(filled, part, given, inner)
            else:
                self._enter(filled, part, given, inner)
        for name in value:
            if group.find(name) is None:
                self._say_unknown(group, join_path(path, name[:_SHOWN_NAME]))
        self._compare(group, filled, path)
        return filled

    def _say_unknown(self, group: Group, path: str) -> None:
        known = [part.name for part in group.parts]
        self._find(
            path,
            f"there is no such blank; here are {', '.join(known)}",
            f"没有该项；此处可填 {'、'.join(known)}",
        )

    def _miss(self, part: Field | Group, path: str) -> None:
        if not part.is_needed or (self._is_lenient and path != "data.title"):
            if self._is_lenient and isinstance(part, Group) and part.name == "data":
                self._miss_inside(part, path)
            return
        if isinstance(part, Group):
            self._miss_inside(part, f"{path}.1" if part.is_many else path)
            return
        codes = f": {', '.join(part.choices)}" if part.choices else ""
        named = f"：{_name_codes(part)}" if part.choices else ""
        self._find(
            path,
            f"is missing; write: {part.en}{codes}",
            f"未填写；请填写：{part.zh}{named}",
        )

    def _miss_inside(self, group: Group, path: str) -> None:
        before = len(self.findings)
        for part in group.parts:
            self._miss(part, join_path(path, part.name))
        if len(self.findings) == before and not self._is_lenient:
            names = [part.name for part in group.parts]
            self._find(
                path,
                f"is empty; fill in some of {', '.join(names)}",
                f"未填写；可填 {'、'.join(names)}",
            )

    def _enter(self, filled: dict[str, Json], group: Group, given: Json, path: str) -> None:
        if not group.is_many:
            if isinstance(given, dict):
                filled[group.name] = self.group(given, group, path)
            else:
                self._find(path, f"is a table: [{path}]", f"应为表：[{path}]")
            return
        if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
            self._find(path, f"is one or more tables: [[{path}]]", f"应为表的列表：[[{path}]]")
            return
        tables = [(i, item) for i, item in enumerate(given, 1) if not is_blank(item)]
        if len(tables) > group.most:
            self._find(path, f"is there more than {group.most} times", f"超过 {group.most} 组")
            return
        filled[group.name] = [
            self.group(item, group, f"{path}.{place}")
            for place, item in tables
            if isinstance(item, dict)
        ]

    def _fill(self, filled: dict[str, Json], each: Field, given: Json, path: str) -> None:
        before = len(self.findings)
        value = (
            self._list(each, given, path) if each.kind in LISTS else self._one(each, given, path)
        )
        if len(self.findings) == before:
            filled[each.name] = value

    def _list(self, each: Field, given: Json, path: str) -> Json:
        items = given if isinstance(given, list) else [given]
        items = [item for item in items if not is_blank(item)]
        if len(items) > each.most:
            self._find(path, f"has at most {each.most} entries", f"最多 {each.most} 项")
            return None
        values = [self._one(each, item, path) for item in items]
        return list(dict.fromkeys(map(str, values)))

    def _one(self, each: Field, given: Json, path: str) -> Json:
        read = _READERS.get(each.kind, _read_text)
        value = read(each, given)
        if isinstance(value, _Fault):
            self._find(path, value.en, value.zh)
            return None
        return value

    def _compare(self, group: Group, filled: dict[str, Json], path: str) -> None:
        for rule in _RULES.get(group.name, ()):
            fault = rule(filled)
            if fault is not None:
                self._find(join_path(path, fault.name), fault.en, fault.zh)

    def _find(self, path: str, en: str, zh: str) -> None:
        self.findings.append(Finding(path, en, zh))


def _read_text(each: Field, given: Json) -> _Read:
    if not isinstance(given, str):
        return _Fault("is a text: write it in quotes", "应为文字：请用引号括起")
    text = given.strip()
    if len(text) > each.longest:
        return _Fault(
            f"has {len(text)} characters, at most {each.longest} are allowed: shorten it",
            f"共 {len(text)} 个字符，最多 {each.longest} 个：请缩短",
        )
    if not is_allowed_text(text):
        return _Fault(
            "has a control character: write it as plain text",
            "含有控制字符：请改为普通文字",
        )
    return text


def _read_code(each: Field, given: Json) -> _Read:
    by_name = {name: code for code, name in each.choices.items()}
    text = given.strip() if isinstance(given, str) else ""
    code = by_name.get(text, text)
    if code in each.choices:
        return code
    return _Fault(f"is one of {', '.join(each.choices)}", f"须为以下之一：{_name_codes(each)}")


def _name_codes(each: Field) -> str:
    return "、".join(f"{code}（{name}）" for code, name in each.choices.items())


def _read_day(_: Field, given: Json) -> _Read:
    text = given.strip() if isinstance(given, str) else ""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    return _Fault("is a day: write it as 2026-01-31", "应为日期：请写作 2026-01-31")


def _read_count(each: Field, given: Json) -> _Read:
    if isinstance(given, str) and _COUNT.fullmatch(given.strip()):
        given = int(given)
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= each.most:
        return given
    return _Fault(f"is a whole number from 1 to {each.most}", f"应为 1 至 {each.most} 的整数")


def _read_flag(_: Field, given: Json) -> _Read:
    value = _FLAGS.get(given.strip().lower()) if isinstance(given, str) else given
    if isinstance(value, bool):
        return value
    return _Fault("is true or false", "应为 true（是）或 false（否）")


_READERS: Final[Mapping[FieldKind, Callable[[Field, Json], _Read]]] = {
    "code": _read_code,
    "codes": _read_code,
    "day": _read_day,
    "count": _read_count,
    "flag": _read_flag,
}


def _check_span(filled: Mapping[str, Json]) -> _Fault | None:
    start, end = filled.get("start"), filled.get("end")
    if isinstance(start, str) and isinstance(end, str) and end < start:
        return _Fault("is before the first day", "早于起始日期", "end")
    return None


def _check_industry(filled: Mapping[str, Json]) -> _Fault | None:
    code = filled.get("industry")
    if isinstance(code, str) and not _INDUSTRY.fullmatch(code):
        return _Fault(
            "is a section of GB/T 4754 (A to T) and its division, such as G54",
            "应为 GB/T 4754 门类（A 至 T）及大类代码，如 G54",
            "industry",
        )
    return None


def _check_number(filled: Mapping[str, Json]) -> _Fault | None:
    number, kind = filled.get("id_number"), filled.get("kind")
    if not isinstance(number, str) or kind not in {"legal", "unincorporated"}:
        return None
    try:
        check_uscc(number)
    except RejectedError as exc:
        return _Fault(exc.en, exc.zh, "id_number")
    return None


_RULES: Final[Mapping[str, tuple[Callable[[Mapping[str, Json]], _Fault | None], ...]]] = {
    "temporal": (_check_span,),
    "data": (_check_industry,),
    "after": (_check_industry,),
    "applicants": (_check_number,),
    "transferors": (_check_number,),
    "transferees": (_check_number,),
}
"""What has to fit together, by the name of the group."""

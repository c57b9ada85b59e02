"""What the library that reads records says of a member that is wrong, in sentences for people."""

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, get_args

from cli.words import show_member, show_word

_Sentence: TypeAlias = Callable[[Sequence[str]], tuple[str, str]]
_PLACE: Final = r"(?: - at `\$\.?(?P<path>[^`]*)`)?"
_KINDS: Final = {
    "str": ("a text", "文字"),
    "int": ("a whole number", "整数"),
    "bool": ("true or false", "true 或 false"),
    "array": ("a list", "列表"),
    "object": ("an object", "对象"),
    "null": ("nothing", "空"),
}
_BOUNDED: Final = {
    ("str", ">="): ("has at least {0} characters", "至少 {0} 个字符"),
    ("str", "<="): ("has at most {0} characters", "最多 {0} 个字符"),
    ("array", ">="): ("has at least {0} entries", "至少 {0} 项"),
    ("array", "<="): ("has at most {0} entries", "最多 {0} 项"),
    ("object", ">="): ("has at least {0} members", "至少 {0} 项"),
    ("object", "<="): ("has at most {0} members", "最多 {0} 项"),
    ("int", ">="): ("is at least {0}", "不小于 {0}"),
    ("int", "<="): ("is at most {0}", "不大于 {0}"),
}


_WANTED: Final = re.compile(
    r"(?:(?<=with )|(?<=（)|(?<=以 ))"
    r"(party|registration|order|attest|filing|objection|list|grant)\.([a-z]+)(?=[ ）),，。：]|$)"
)
"""Kinds of events that a refusal asks for, each written by the command of the same words."""
_ROLES: Final = re.compile(
    "(?<=仅限)(?:registrar|regulator|operator|public-data-operator|developer)(?:、[a-z-]+)*"
)
_HELD: Final = re.compile("(?<=获准为 )(?:auditor|valuer|notary|certifier|assessor|arbitrator)")


def explain(message: str) -> tuple[str, str] | None:
    """The same in English and Chinese, or None if it is none of the usual faults.

    Args:
        message: Of a MalformedError.
    """
    for pattern, sentence in _SENTENCES:
        found = pattern.fullmatch(message)
        if found is None:
            continue
        *parts, path = found.groups()
        member = path or ""
        en, zh = sentence([*(part or "" for part in parts), member])
        if not member:
            return en, zh
        shown = show_member(member)
        place = member if shown == member else f"{shown}（{member}）"
        return f"{member} {en}", f"{place}{zh}"
    return None


def name_commands(message: str) -> str:
    """A refusal with the commands that write what it asks for, and with roles in Chinese.

    Args:
        message: By the rules, which know kinds of events and no commands.
    """
    shown = _WANTED.sub(lambda found: f"muniment {found[1]} {found[2]}", message)
    shown = _HELD.sub(lambda found: f"{show_word(found[0])}（{found[0]}）", shown)
    return _ROLES.sub(lambda found: "、".join(map(show_word, found[0].split("、"))), shown)


def _say_choice(parts: Sequence[str]) -> tuple[str, str]:
    from contracts.title import Basis, DataClass, Level, Openness, Right  # heavy

    value, member = parts
    known: dict[str, tuple[str, ...]] = {
        "level": get_args(Level),
        "class": get_args(DataClass),
        "openness": get_args(Openness),
        "right": get_args(Right),
        "basis": get_args(Basis),
    }
    choices = known.get(member.rpartition(".")[2])
    if choices is None:
        return f"has no value {value}", f"没有取值 {value}"
    return (
        f"is one of {', '.join(choices)}, not {value}",
        f"须为 {'、'.join(choices)} 之一，而非 {value}",
    )


def _say_bound(parts: Sequence[str]) -> tuple[str, str]:
    kind, sign, number, _ = parts
    if (kind, sign, number) == ("str", ">=", "1"):
        return "is empty: say something", "为空：请填写内容"
    en, zh = _BOUNDED[kind, sign]
    return en.format(number), zh.format(number)


def _say_kind(parts: Sequence[str]) -> tuple[str, str]:
    en, zh = zip(*(_KINDS.get(part, (part, part)) for part in parts[:2]), strict=True)
    return f"is {en[0]}, not {en[1]}", f"应为{zh[0]}，而非{zh[1]}"


_SENTENCES: Final[tuple[tuple[re.Pattern[str], _Sentence], ...]] = tuple(
    (re.compile(pattern + _PLACE, re.DOTALL), sentence)
    for pattern, sentence in (
        (r"Invalid enum value '?(.+?)'?", _say_choice),
        (r"Expected `(str|array|object)` of length (>=|<=) (\d+)", _say_bound),
        (r"Expected `(int)` (>=|<=) (-?\d+)", _say_bound),
        (r"Expected `(\w+)`, got `(\w+)`", _say_kind),
        (
            r"Expected `str` matching regex '.+'",
            lambda _: ("has another form than it must have", "的格式不符合要求"),
        ),
        (
            r"Object missing required field `(.+?)`",
            lambda parts: (f"lacks {parts[0]}", f"缺少 {parts[0]}"),
        ),
        (
            r"Object contains unknown field `(.+?)`",
            lambda parts: (
                f"has no member {parts[0]}: leave it out",
                f"没有 {parts[0]} 这一项：请删除",
            ),
        ),
    )
)

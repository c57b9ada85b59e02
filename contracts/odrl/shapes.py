"""Taking typed members out of a policy; each refusal names the path and says what belongs there.

Spec: domain, section 5.
"""

from collections.abc import Collection
from typing import Final, NoReturn

from contracts.engine import refuse
from contracts.odrl.vocabulary import RULE, refuse_unknown
from ledger.core.types import Json, JsonObject

_MEMBER: Final = ("member", "成员")


def take_object(
    value: Json, path: str, known: Collection[str], needed: Collection[str] = ()
) -> JsonObject:
    """The object, if all its members are known and the needed ones are there.

    Raises:
        RejectedError: Reason `malformed_policy` or `unknown_term`.
    """
    if not isinstance(value, dict):
        refuse_form(path, "a JSON object", " JSON 对象")
    for name in value:
        if name not in known:
            refuse_unknown(join_path(path, name), _MEMBER, name, known)
    for name in needed:
        if name not in value:
            refuse_form(join_path(path, name), "given", "填写")
    return value


def take_items(value: Json, path: str) -> list[tuple[str, Json]]:
    """The items of a list, each with its path.

    Raises:
        RejectedError: Reason `malformed_policy`.
    """
    if not isinstance(value, list):
        refuse_form(path, "a list", "列表")
    return [(join_path(path, f"{i}"), each) for i, each in enumerate(value)]


def take_term(value: Json, path: str, what: tuple[str, str], known: Collection[str]) -> str:
    """The string, if it is one of the known terms.

    Args:
        value: From the policy.
        path: Where it stands.
        what: What kind of term, in English and Chinese.
        known: The terms that there are.

    Raises:
        RejectedError: Reason `malformed_policy` or `unknown_term`.
    """
    if not isinstance(value, str):
        refuse_form(path, f"a string, the {what[0]}", f"字符串（{what[1]}）")
    if value not in known:
        refuse_unknown(path, what, value, known)
    return value


def take_number(value: Json, path: str, first: int, last: int) -> int:
    """The integer, from first to last.

    Raises:
        RejectedError: Reason `malformed_policy`.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not first <= value <= last:
        refuse_form(path, f"an integer from {first} to {last}", f" {first} 至 {last} 的整数")
    return value


def join_path(path: str, name: str) -> str:
    """The path of a member; that of the policy itself is empty."""
    return f"{path}/{name}" if path else name


def refuse_form(path: str, en: str, zh: str) -> NoReturn:
    """Refuse what has another form than it has to have.

    Raises:
        RejectedError: Always, reason `malformed_policy`.
    """
    place = _show(path)
    refuse("malformed_policy", f"{place[0]} has to be {en}", f"{place[1]}须为{zh}", RULE)


def refuse_many(path: str, most: int, en: str, zh: str) -> NoReturn:
    """Refuse more of something than a policy may hold.

    Raises:
        RejectedError: Always, reason `too_many`.
    """
    place = _show(path)
    refuse(
        "too_many",
        f"{place[0]} has at most {most} {en}: write fewer, or issue several grants",
        f"{place[1]}最多可含 {most} {zh}：请精简，或分为多项授权",
        RULE,
    )


def _show(path: str) -> tuple[str, str]:
    return (path, f"{path} ") if path else ("the policy", "策略")

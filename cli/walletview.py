"""How the wallet is shown: its items, and what a check of them found."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cli.exitcodes import Exit, exit_for
from cli.lang import say
from cli.output import describe_error
from cli.session import Session
from cli.times import format_local
from cli.words import find_notice, show_kind, show_label, show_status, show_word
from ledger.core.types import Json, JsonObject, UnixMillis

if TYPE_CHECKING:
    from node.wallet import Added, Item
    from node.walletcheck import Change, Finding

_NOTHING = "-"
_TIMES = frozenset({"until"})


def show_items(session: Session, items: "Sequence[Item]") -> None:
    """Print what is in the wallet."""
    session.out.result(
        {"items": [describe_item(item) for item in items], "next": None},
        lambda: _list_items(session, items),
    )


def show_added(session: Session, added: "Sequence[Added]") -> None:
    """Print what was added; what is not in force loudly."""
    for one in added:
        if not one.report.is_in_force:
            status = show_status(one.item.status, one.item.subject.partition("/")[0])
            session.out.warn(
                f"{one.item.subject} is authentic, but not in force: {status}",
                f"{one.item.subject} 真实，但不在有效状态：{status}",
            )
    documents: list[Json] = [{**describe_item(one.item), "new": one.is_new} for one in added]

    def human() -> None:
        _list_items(session, [one.item for one in added])
        known = sum(not one.is_new for one in added)
        if known:
            session.out.talk(
                f"{known} of them were in the wallet already.", f"其中 {known} 项此前已收入。"
            )

    session.out.result({"items": documents, "next": None}, human)


def show_check(
    session: Session, found: "Sequence[Finding]", replaced: "Mapping[str, Item]"
) -> None:
    """Print what a check found, item by item.

    Args:
        session: Prints.
        found: By item.
        replaced: Items that a newer proof stands for now, by id.
    """
    documents: list[Json] = [_describe_finding(one, replaced.get(one.item.id)) for one in found]

    def human() -> None:
        rows = [(one.item.subject or one.item.name, _outcome(one)) for one in found]
        session.out.list([say("subject", "主题"), say("found", "结果")], rows)
        for one in found:
            _explain(session, one)
        if replaced:
            session.out.talk(
                f"{len(replaced)} proof(s) replaced by newer ones.",
                f"已用新的证明替换 {len(replaced)} 项。",
            )

    session.out.result({"items": documents, "next": None}, human)


def exit_of_check(found: "Sequence[Finding]") -> Exit:
    """The exit code of a check: the worst that was found."""
    codes = {exit_for(one.failure) for one in found if one.failure is not None}
    if codes:
        return Exit.REFUSED if Exit.REFUSED in codes else Exit.NOT_AUTHENTIC
    if any(one.is_in_force is False for one in found):
        return Exit.NOT_IN_FORCE
    is_open = any(one.missing or not one.is_growth_checked for one in found)
    return Exit.TRY_LATER if is_open else Exit.DONE


def describe_item(item: "Item") -> dict[str, Json]:
    """An item under --json."""
    return {
        "id": item.id,
        "kind": item.kind,
        "subject": item.subject,
        "title": item.title,
        "holders": list(item.holders),
        "status": item.status,
        "marks": list(item.marks),
        "as_of": item.as_of,
        "valid_until": item.valid_until,
        "origin": item.origin,
        "added": item.added,
        "name": item.name,
    }


def _list_items(session: Session, items: "Sequence[Item]") -> None:
    headers = [
        say("subject", "主题"),
        say("kind", "类型"),
        say("title", "名称"),
        say("status", "状态"),
        say("proved as of", "证明截至"),
        say("holder", "权利人"),
        say("notice", "提示"),
    ]
    session.out.list(headers, [_row(item) for item in items])


def _row(item: "Item") -> tuple[str, ...]:
    return (
        item.subject or item.name,
        show_kind(item.kind),
        show_label(item.title) or _NOTHING,
        show_status(item.status, item.subject.partition("/")[0]) or _NOTHING,
        _NOTHING if item.as_of is None else format_local(UnixMillis(item.as_of)),
        ", ".join(item.holders) or _NOTHING,
        find_notice(item.subject),
    )


def _outcome(one: "Finding") -> str:
    match one.outcome:
        case "failed":
            return say("NOT AUTHENTIC", "不真实")
        case "unchecked":
            if one.is_in_force is not False:
                return say("not checked", "未检查")
        case "unchanged" | "changed":
            pass
    status = show_status(one.status, one.item.subject.partition("/")[0])
    if one.is_in_force is False:
        return say(f"NO LONGER IN FORCE: {status}", f"已不在有效状态：{status}")
    word = say("unchanged", "无变化") if one.outcome == "unchanged" else say("changed", "有变化")
    word += say(f", {status}", f"，{status}") if status else ""
    return word + (say(", growth not checked", "，未检查增长") if _lacks_growth(one) else "")


def _explain(session: Session, one: "Finding") -> None:
    """Why, and what changed."""
    rows: list[tuple[str, str]] = []
    if one.failure is not None:
        rows.append((say("because", "原因"), describe_error(one.failure)["message"]))
    for key in one.missing:
        rows.append((say("no newer proof of", "没有较新的证明"), key))
    if _lacks_growth(one):
        rows.append(
            (
                say("growth not checked", "未检查增长"),
                say(
                    "files of different times do not show that the log only grew: check against "
                    "the registry",
                    "不同时间的文件不能证明日志只增不改：请以登记系统核对",
                ),
            )
        )
    if one.failure is None and one.status != one.item.status and one.item.status and one.status:
        kind = one.item.subject.partition("/")[0]
        before, now = show_status(one.item.status, kind), show_status(one.status, kind)
        rows.append((say("status", "状态"), f"{before} -> {now}"))
    for change in one.changes:
        rows += _change_rows(change)
    if rows:
        print()
        session.out.table("", [(say("about", "主题"), one.item.subject), *rows])


def _lacks_growth(one: "Finding") -> bool:
    """Whether there were newer proofs, and they do not show that the log only grew."""
    return one.outcome in {"changed", "unchanged"} and not one.is_growth_checked


def _change_rows(change: "Change") -> list[tuple[str, str]]:
    name = f"{change.subject} {show_word(change.member)}"
    kind = change.subject.partition("/")[0]

    def show(value: Json) -> str:
        is_status = change.member == "status" and isinstance(value, str)
        return show_status(str(value), kind) if is_status else _show_value(value)

    return [
        *((name, say("no longer: ", "不再：") + show(value)) for value in change.before),
        *((name, say("now: ", "现为：") + show(value)) for value in change.after),
    ]


def _show_value(value: Json) -> str:
    if isinstance(value, Mapping):
        parts = (f"{show_word(n)} {_show_member(n, value[n])}" for n in sorted(value))
        return say(", ", "，").join(parts)
    if isinstance(value, list | tuple):
        return " ".join(map(_show_value, value))
    return show_word(str(value))


def _show_member(name: str, value: Json) -> str:
    is_time = name in _TIMES and isinstance(value, int)
    return format_local(UnixMillis(int(str(value)))) if is_time else _show_value(value)


def _describe_finding(one: "Finding", replaced: "Item | None") -> JsonObject:
    document: dict[str, Json] = {
        "id": one.item.id,
        "kind": one.item.kind,
        "subject": one.item.subject,
        "outcome": one.outcome,
        "status": {"before": one.item.status, "now": one.status},
        "in_force": one.is_in_force,
        "changes": [
            {
                "subject": change.subject,
                "member": change.member,
                "before": list(change.before),
                "after": list(change.after),
            }
            for change in one.changes
        ],
        "missing": list(one.missing),
        "growth_checked": one.is_growth_checked,
        "replaced": replaced is not None,
    }
    if one.failure is not None:
        document["error"] = describe_error(one.failure)
    return document

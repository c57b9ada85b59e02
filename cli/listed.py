"""What published lists say of data, for people: at filing, and in a scan of what is registered."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cli.lang import say
from cli.words import show_word
from ledger.core.types import Json

if TYPE_CHECKING:
    from cli.session import Session
    from contracts.classification import Match
    from contracts.title import Classification
    from node.listed import Finding
    from node.registryapi import RegistryApi

SCANNED: Final = ("negative", "important-data")
"""The lists that concern data by themselves; the positive one only lifts entries of the first."""
YEAR_DIGITS: Final = 4


def warn_listed(session: "Session", registry: "RegistryApi", stated: "Classification") -> None:
    """Warn of entries that would stand against data at its record, by what its form says.

    Args:
        session: Prints.
        registry: Of the ledger.
        stated: As the form has it.
    """
    from node.listed import find_warnings

    for match in find_warnings(registry, stated):
        entry, version = match.entry, match.version
        if match.list == "negative":
            session.out.warn(
                f"the negative list, version {version}, entry {entry.id} bars such data: it will "
                f"not be recorded ({entry.reason})",
                f"负面清单第 {version} 版条目 {entry.id} 禁止登记此类数据，将不予登记"
                f"（{entry.reason}）",
            )
        else:
            session.out.warn(
                f"the catalogue of important data, version {version}, entry {entry.id} lists such "
                f"data: state the level important ({entry.reason})",
                f"重要数据目录第 {version} 版条目 {entry.id} 列有此类数据：级别应申报为 important"
                f"（{entry.reason}）",
            )


def check_list(name: str, part: str) -> None:
    """Make sure that a rule reads this part of a list.

    Args:
        name: Of the list.
        part: Of it.

    Raises:
        UsageError: None does, and a mistyped name would only look like a rule.
    """
    from cli.exitcodes import UsageError
    from contracts.classification import LISTS, PART
    from contracts.lists import CALENDAR
    from contracts.publicdata import FREE_PART, PUBLIC_DATA, ROOTS_PART

    is_year = name == CALENDAR and len(part) == YEAR_DIGITS and part.isdecimal()
    read = [*((each, PART) for each in LISTS), (PUBLIC_DATA, ROOTS_PART), (PUBLIC_DATA, FREE_PART)]
    if is_year or (name, part) in read:
        return
    known = [f"{CALENDAR} {say('YEAR', '年份')}", *(" ".join(each) for each in read)]
    raise UsageError(
        say(
            f"no rule reads the list {name} {part}; rules read {', '.join(known)}: give --other to "
            "publish another list",
            f"没有规则读取清单 {name} {part}；规则读取的有 {'、'.join(known)}："
            "确需公布其他清单请用 --other",
        ),
        "list_unread",
    )


def tell_listed(session: "Session", registry: "RegistryApi", name: str) -> None:
    """After a list was published, say how much registered data it concerns.

    Args:
        session: Prints.
        registry: With the new version.
        name: Of the list.
    """
    from contracts.classification import LISTS
    from node.listed import scan_lists

    if name not in LISTS:
        return
    count = len({each.asset for each in scan_lists(registry)})
    if count:
        session.out.talk(
            f"{count} registered asset(s) are concerned now: see 'muniment list rescan'",
            f"现涉及 {count} 项已登记数据：见 muniment list rescan",
        )


def show_scan(session: "Session", registry: "RegistryApi", name: str | None) -> None:
    """Print what registered data the lists concern, and what to do.

    Args:
        session: Prints.
        registry: Read only.
        name: Of one list; None: of all.

    Raises:
        UsageError: There is no such list to scan by.
    """
    from cli.registering import check_choice
    from contracts.classification import format_match
    from node.listed import scan_lists

    names = SCANNED if name is None else (check_choice("LIST", name, SCANNED),)
    found = scan_lists(registry, names)
    items: list[Json] = [
        {
            "asset": each.asset,
            "voucher": each.voucher,
            "title": each.title,
            **format_match(each.match),
            "grants": list(each.grants),
            "do": list(_next_steps(each)),
        }
        for each in found
    ]
    rows = [
        (
            each.voucher,
            each.title or say("(not published)", "（未公示）"),
            _describe(each.match),
            str(len(each.grants)),
            "; ".join(_next_steps(each)),
        )
        for each in found
    ]
    headers = [
        say("voucher", "凭证"),
        say("title", "名称"),
        say("entry", "条目"),
        say("live grants", "有效授权"),
        say("next", "应办事项"),
    ]
    if not found:
        session.out.talk("no registered data is concerned", "未涉及任何已登记数据")
    session.out.result({"items": items, "next": None}, lambda: _list(session, headers, rows))


def _list(session: "Session", headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        session.out.list(headers, rows)


def _describe(match: "Match") -> str:
    return f"{show_word(match.list)} {match.version} {match.entry.id}"


def _next_steps(finding: "Finding") -> Sequence[str]:
    """Commands for the regulator, the registrar and the grantors."""
    if finding.match.list == "negative":
        freeze = f"muniment order freeze {finding.voucher} --ground '{finding.match.entry.id}'"
        revoked = (f"muniment grant revoke {grant} --ground law" for grant in finding.grants)
        return (freeze, *revoked)
    mended = f"--level important --reasons '{finding.match.entry.id}'"
    filing = say(
        "--purpose PURPOSE --document FILE --until DATE",
        "--purpose 用途 --document 文件 --until 日期",
    )
    return (
        f"muniment filing important {finding.voucher} {filing}",
        f"muniment registration correct {finding.registration} {mended}",
    )

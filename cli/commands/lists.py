"""`muniment list publish|show|list|rescan`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cli.commands.options import LIMIT
from cli.lang import say
from cli.session import Session
from ledger.core.types import Json, JsonObject, SubjectKey

if TYPE_CHECKING:
    from contracts.clocks import CalendarYear
    from node.registryapi import RegistryApi

MAX_LIST_BYTES = 64 * 1024

_NAME = typer.Argument(help=say("List, such as calendar.", "清单名称，如 calendar。"))
_PART = typer.Argument(help=say("Part, such as 2026.", "部分，如 2026。"))


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(help=say("Published lists.", "清单。"), no_args_is_help=True)
    group.command(
        "publish",
        help=say(
            "Publish a part of a list, such as a year's working days.\n\nWithout FILE, the working days that ship with the program.\n\nExample: muniment list publish calendar 2026",
            "公布清单的一部分，如某年的工作日历。\n\n不给出文件时，公布随程序提供的工作日历。\n\n示例：muniment list publish calendar 2026",
        ),
    )(publish)
    group.command(
        "show",
        help=say(
            "Show the newest version of a part.\n\nExample: muniment list show calendar 2026",
            "显示清单某部分的最新版本。\n\n示例：muniment list show calendar 2026",
        ),
    )(show)
    group.command(
        "list",
        help=say(
            "List what is published.\n\nExample: muniment list list",
            "列出已公布的清单。\n\n示例：muniment list list",
        ),
    )(show_all)
    group.command(
        "rescan",
        help=say(
            "What registered data the negative list and the catalogue of important data concern now.\n\nNothing is changed by it: it says what to do.\n\nExample: muniment list rescan negative",
            "负面清单与重要数据目录现在涉及哪些已登记数据。\n\n不作任何改动，仅提示应当办理的事项。\n\n示例：muniment list rescan negative",
        ),
    )(rescan)
    return group


def publish(
    context: typer.Context,
    name: Annotated[str, _NAME],
    part: Annotated[str, _PART],
    file: Annotated[
        Path | None, typer.Argument(help=say("Its content, a JSON object.", "内容（JSON 对象）。"))
    ] = None,
    as_party: Annotated[
        str | None,
        typer.Option(
            "--as",
            help=say(
                "Who publishes: the regulator, a calendar also the registrar.",
                "公布方：监管方；工作日历亦可由登记机构公布。",
            ),
        ),
    ] = None,
    other: Annotated[
        bool,
        typer.Option("--other", help=say("A list that no rule reads.", "规则不读取的其他清单。")),
    ] = False,
) -> None:
    from cli.listed import check_list, tell_listed
    from cli.subjects import find_party
    from cli.writing import write_alone
    from contracts.lists import PublishedList, list_key
    from contracts.supervision import Publish

    session: Session = context.obj
    if not other:
        check_list(name, part)
    content = _read_content(name, part, file)
    with session.registry(is_writer=True) as registry:
        key = list_key(name, part)
        before = registry.find_state(PublishedList, key)
        version = before.version + 1 if before else 1
        body = Publish(list=name, part=part, version=version, content=dict(content))
        ledger = registry.ledger
        actor = ledger.regulator if as_party is None else find_party(registry, as_party)
        write_alone(session, registry, actor, body, key)
        tell_listed(session, registry, name)


def rescan(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            help=say(
                "negative or important-data (default: both).",
                "negative 或 important-data（默认两者）。",
            )
        ),
    ] = None,
) -> None:
    from cli.listed import show_scan

    session: Session = context.obj
    with session.registry() as registry:
        show_scan(session, registry, name)


def _read_content(name: str, part: str, file: Path | None) -> JsonObject:
    from cli.exitcodes import UsageError
    from cli.files import read_capped
    from contracts.clocks import format_calendar
    from contracts.lists import CALENDAR
    from ledger.core.canonical import decode_bundle
    from node.rulebundle import list_calendars, read_shipped_calendar

    if file is not None:
        return decode_bundle(read_capped(file, MAX_LIST_BYTES), max_bytes=MAX_LIST_BYTES)
    shipped = read_shipped_calendar(part) if name == CALENDAR else None
    if shipped is None:
        years = ", ".join(list_calendars())
        raise UsageError(
            say(
                f"give the content of {name} {part} as a file; with the program come only the "
                f"calendars of {years}",
                f"请以文件给出 {name} {part} 的内容；随程序提供的只有 {years} 年的工作日历",
            ),
            "list_content",
        )
    return format_calendar(shipped)


def show(context: typer.Context, name: Annotated[str, _NAME], part: Annotated[str, _PART]) -> None:
    from contracts.clocks import parse_calendar
    from contracts.lists import CALENDAR, PublishedList, list_key

    session: Session = context.obj
    key = list_key(name, part)
    with session.registry() as registry:
        published = registry.find_state(PublishedList, key) or _refuse_unpublished(name, part)
    document: dict[str, Json] = {
        "subject": key,
        "list": name,
        "part": part,
        "version": published.version,
        "publisher": published.publisher,
        "content": published.content,
    }

    def human() -> None:
        import json

        rows = [
            (say("list", "清单"), f"{name} {part}"),
            (say("version", "版本"), str(published.version)),
            (say("publisher", "公布方"), published.publisher),
        ]
        if name == CALENDAR:
            rows += _describe_calendar(parse_calendar(published.content))
        else:
            rows += [
                (member, json.dumps(value, ensure_ascii=False))
                for member, value in published.content.items()
            ]
        session.out.table("", rows)

    session.out.result(document, human)


def _describe_calendar(year: "CalendarYear") -> list[tuple[str, str]]:
    from contracts.clocks import count_working_days

    return [
        (say("working days", "工作日"), str(count_working_days(year))),
        (say("free weekdays", "放假的工作日"), " ".join(map(str, sorted(year.off)))),
        (say("worked weekends", "上班的周末"), " ".join(map(str, sorted(year.work)))),
    ]


def _refuse_unpublished(name: str, part: str) -> NoReturn:
    from contracts.lists import CALENDAR
    from ledger.errors import NotFoundError
    from node.rulebundle import list_calendars

    is_shipped = name == CALENDAR and part in list_calendars()
    command = f"muniment list publish {name} {part}{'' if is_shipped else ' FILE'}"
    raise NotFoundError(
        say(
            f"{name} {part} is not published on this ledger: run '{command}'",
            f"本账本尚未公布 {name} {part}：请运行 {command}",
        )
    )


def show_all(context: typer.Context, limit: Annotated[int, LIMIT] = 200) -> None:
    session: Session = context.obj
    with session.registry() as registry:
        keys = registry.find_subjects("list/", limit)
        listed = [(key, *_describe_part(registry, key)) for key in keys]
    items: list[Json] = [
        {"subject": key, "list": name, "part": part, "version": version}
        for key, name, part, version in listed
    ]
    rows = [(name, part, str(version)) for _, name, part, version in listed]
    headers = [say("list", "清单"), say("part", "部分"), say("version", "版本")]
    session.out.items(items, headers, rows)


def _describe_part(registry: "RegistryApi", key: SubjectKey) -> tuple[str, str, int]:
    from contracts.lists import PublishedList

    name, _, part = key.removeprefix("list/").partition(":")
    return name, part, registry.need_state(PublishedList, key).version

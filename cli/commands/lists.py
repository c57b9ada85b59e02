"""`muniment list publish|show`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.lang import say
from cli.session import Session

MAX_LIST_BYTES = 64 * 1024


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(help=say("Published lists.", "清单。"), no_args_is_help=True)
    group.command(
        "publish",
        help=say(
            "Publish a part of a list, such as a year's working-day calendar.\n\nExample: muniment list publish calendar 2026 calendar-2026.json",
            "公布清单的一部分，如某年的工作日历。\n\n示例：muniment list publish calendar 2026 calendar-2026.json",
        ),
    )(publish)
    return group


def publish(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help=say("List, such as calendar.", "清单名称，如 calendar。"))
    ],
    part: Annotated[str, typer.Argument(help=say("Part, such as 2026.", "部分，如 2026。"))],
    file: Annotated[
        Path, typer.Argument(help=say("Its content, a JSON object.", "内容（JSON 对象）。"))
    ],
) -> None:
    from cli.files import read_capped
    from cli.subjects import find_keys
    from cli.writing import write_event
    from contracts.lists import PublishedList, list_key
    from contracts.supervision import Publish
    from ledger.core.canonical import decode_bundle

    session: Session = context.obj
    content = decode_bundle(read_capped(file, MAX_LIST_BYTES), max_bytes=MAX_LIST_BYTES)
    with session.registry(is_writer=True) as registry:
        key = list_key(name, part)
        before = registry.find_state(PublishedList, key)
        body = Publish(
            list=name,
            part=part,
            version=before.version + 1 if before else 1,
            content=dict(content),
        )
        actor = registry.ledger.regulator
        write_event(session, registry, actor, body, find_keys(registry, actor, 1), key)

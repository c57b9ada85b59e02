"""`muniment registration publish|withhold`: the public notice, or none."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import REGISTRATION
from cli.exitcodes import UsageError
from cli.lang import say

if TYPE_CHECKING:
    from ledger.core.types import SubjectKey
    from node.registry import Registry


def publish(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    notice_system: Annotated[
        str | None, typer.Option(help=say("Where the public notice stands.", "公示系统。"))
    ] = None,
    notice_ref: Annotated[
        str | None, typer.Option(help=say("Its reference there.", "公示编号。"))
    ] = None,
    notice_published: Annotated[
        str | None, typer.Option(help=say("When it was published.", "公示发布时间。"))
    ] = None,
    also_open: Annotated[
        list[str] | None,
        typer.Option(
            "--open",
            metavar="MEMBER",
            help=say(
                "Open this member too, such as stage; may be repeated. By default only what Article 24 makes public.",
                "另行公开的项目，如 stage，可重复。",
            ),
        ),
    ] = None,
) -> None:
    from msgspec import UNSET

    from cli.steps import write_as_registrar
    from cli.times import parse_date
    from contracts.procedure import Notice
    from contracts.registration import PublishNotice
    from node.recording import read_openable

    parts = (notice_system, notice_ref, notice_published)
    if any(part is None for part in parts) and any(part is not None for part in parts):
        raise UsageError(
            say(
                "give all three: --notice-system, --notice-ref and --notice-published",
                "请同时给出 --notice-system、--notice-ref 与 --notice-published",
            )
        )
    notice = None
    if notice_system is not None and notice_ref is not None and notice_published is not None:
        time = parse_date(notice_published)
        notice = Notice(system=notice_system, ref=notice_ref, published_at=time)

    def body(registry: "Registry", key: "SubjectKey") -> PublishNotice:
        fields = read_openable(registry, key, also_open or ())
        named = UNSET if notice is None else notice
        return PublishNotice(registration=key, fields=fields, notice=named)

    write_as_registrar(context.obj, registration, body)


def withhold(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    reason: Annotated[str, typer.Option(help=say("The good reason.", "理由。"))],
) -> None:
    from cli.steps import write_as_registrar
    from contracts.registration import Withhold

    write_as_registrar(
        context.obj, registration, lambda _, key: Withhold(registration=key, reason=reason)
    )

"""`muniment registration publish|withhold`: the public notice, or none."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import REGISTRATION
from cli.exitcodes import UsageError
from cli.lang import say

if TYPE_CHECKING:
    from ledger.core.types import SubjectKey, UnixMillis
    from node.registryapi import RegistryApi


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
        str | None,
        typer.Option(
            metavar="TIME",
            help=say(
                "When it was published, such as 2026-08-11T09:00:00+08:00.",
                "公示发布时间，如 2026-08-11T09:00:00+08:00。",
            ),
        ),
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
    from ledger.core.types import UnixMillis
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

    def body(registry: "RegistryApi", key: "SubjectKey") -> PublishNotice:
        if notice is not None:
            _check_time(registry, key, UnixMillis(notice.published_at))
        fields = read_openable(registry, key, also_open or ())
        named = UNSET if notice is None else notice
        return PublishNotice(registration=key, fields=fields, notice=named)

    write_as_registrar(context.obj, registration, body)


def _check_time(registry: "RegistryApi", key: "SubjectKey", published_at: "UnixMillis") -> None:
    """Say which end of its range a notice's time misses; what else is wrong, the rules say.

    Raises:
        RejectedError: It lies ahead, or before the acceptance.
    """
    from contracts.clocks import describe_instant, format_instant
    from ledger.errors import RejectedError
    from node.duties import read_settled

    settled = read_settled(registry, key)
    now, since = registry.clock.now(), settled.status[-1].start
    if settled.status[-1].value != "accepted" or since <= published_at <= now:
        return
    given, earliest, latest = map(describe_instant, (published_at, since, now))
    en, zh = (
        ("lies ahead", "尚未到来")
        if published_at > now
        else (
            "is before the acceptance",
            "早于受理时间",
        )
    )
    raise RejectedError(
        "notice_time",
        f"the notice's time {given} {en}: give --notice-published from {earliest} to {latest}, "
        f"written as {format_instant(now)} (a day alone means its last moment)",
        f"公示发布时间 {given} {zh}：请用 --notice-published 给出 {earliest} 至 {latest} 之间的时间，"
        f"写作 {format_instant(now)}（只写日期即指当日最后一刻）",
        rule="Art. 24",
    )


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

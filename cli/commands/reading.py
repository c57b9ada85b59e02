"""`muniment registration list` and `show`."""

from typing import Annotated, get_args

import typer

from cli.commands.options import FORM, LIMIT, REGISTRATION
from cli.lang import say
from cli.session import Session
from ledger.core.types import Json, UnixMillis


def add_commands(group: typer.Typer) -> None:
    """Add the commands to those of one registration."""
    group.command(
        "list",
        help=say(
            "List registrations as they stand now.\n\nExample: muniment registration list --status filed --since 2026-11-01",
            "列出登记及其目前状态。\n\n示例：muniment registration list --status filed --since 2026-11-01",
        ),
    )(show_all)
    group.command(
        "show",
        help=say(
            "Show a registration as it stands now; with --application all of its form.\n\nExample: muniment registration show rdydrlpl --application",
            "显示登记及其目前状态；加 --application 显示全部申请内容。\n\n示例：muniment registration show rdydrlpl --application",
        ),
    )(show)


def show_all(
    context: typer.Context,
    status: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Only with this status now, such as filed.", "仅列出目前为此状态者，如 filed。"
            )
        ),
    ] = None,
    of_type: Annotated[
        str | None,
        typer.Option(
            "--type",
            help=say(
                "initial, transfer, change, renewal or cancellation.",
                "initial、transfer、change、renewal 或 cancellation。",
            ),
        ),
    ] = None,
    party: Annotated[
        str | None,
        typer.Option(
            help=say("Only of this applicant or agent.", "仅列出该申请人或代理人的登记。")
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Filed on this date or later: YYYY-MM-DD or RFC 3339.",
                "申请日期不早于：YYYY-MM-DD 或 RFC 3339。",
            )
        ),
    ] = None,
    application: Annotated[bool, FORM] = False,
    limit: Annotated[int, LIMIT] = 200,
) -> None:
    from cli.registering import check_choice
    from cli.registrationview import Filter, describe_listed, read_list, row_listed
    from cli.subjects import find_party
    from contracts.edges import STATES
    from contracts.profile import RegistrationType

    session: Session = context.obj
    with session.registry() as registry:
        wanted = Filter(
            status=None if status is None else check_choice("--status", status, tuple(STATES)),
            type=None
            if of_type is None
            else check_choice("--type", of_type, get_args(RegistrationType)),
            party=None if party is None else find_party(registry, party),
            since=None if since is None else _first_instant(since),
            limit=limit,
        )
        found = read_list(registry, wanted, with_form=application)
        rows = [
            row_listed(registry, each, with_form=application)
            for each in ([] if session.out.is_json else found)
        ]
    items: list[Json] = [describe_listed(each) for each in found]
    headers = [
        say("registration", "登记"),
        say("title", "名称"),
        say("type", "类型"),
        say("applicant", "申请人"),
        say("filed", "申请时间"),
        say("status now", "目前状态"),
        say("reference", "申请方编号"),
    ]
    session.out.items(items, headers, rows)


def show(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    application: Annotated[bool, FORM] = False,
) -> None:
    from cli.registrationview import show_registration
    from cli.subjects import find_subject

    session: Session = context.obj
    with session.registry() as registry:
        key = find_subject(registry, "registration", registration)
        show_registration(session, registry, key, with_form=application)


def _first_instant(text: str) -> UnixMillis:
    """A date, a whole day from its beginning."""
    from cli.times import is_day, parse_date

    return parse_date(f"{text}T00:00:00+08:00" if is_day(text) else text)

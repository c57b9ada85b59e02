"""`muniment registration todo` and `simulate`: what is due, and what comes by itself."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.commands.options import FORM, REGISTRATION
from cli.lang import say
from cli.session import Session
from ledger.core.types import Json, SubjectKey, UnixMillis

if TYPE_CHECKING:
    from contracts.duties import Duty
    from contracts.foresight import Consequence
    from node.duties import Forecast
    from node.registryapi import RegistryApi

ROLES: Final = ("registrar", "applicant", "regulator")


def add_commands(group: typer.Typer) -> None:
    """Add the commands to those of one registration."""
    group.command(
        "todo",
        help=say(
            "Show what is due, by whom and until when, the most urgent first.\n\nExample: muniment registration todo --role registrar",
            "列出待办事项：由谁、在何期限前办理，最紧急者在前。\n\n示例：muniment registration todo --role registrar",
        ),
    )(todo)
    group.command(
        "simulate",
        help=say(
            "Show what a date ahead finds if nobody does anything until then.\n\nExample: muniment registration simulate rdydrlpl --at 2026-12-31",
            "显示若各方均不作为，至某日期时的状态与后果。\n\n示例：muniment registration simulate rdydrlpl --at 2026-12-31",
        ),
    )(simulate)


def todo(
    context: typer.Context,
    role: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Only what is for: registrar, applicant or regulator.",
                "仅列出某一方的事项：registrar、applicant 或 regulator。",
            )
        ),
    ] = None,
    as_party: Annotated[
        str | None,
        typer.Option("--as", help=say("Only what this party may do.", "仅列出该主体可办的事项。")),
    ] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help=say("Only what is overdue.", "仅列出逾期事项。"))
    ] = False,
    application: Annotated[bool, FORM] = False,
    limit: Annotated[
        int, typer.Option(min=1, max=100_000, help=say("At most so many.", "最多条数。"))
    ] = 200,
) -> None:
    from cli.matters import describe_matter, read_matters, row_matter
    from cli.registering import check_choice
    from cli.subjects import find_party
    from node.duties import describe_duty, find_duties, read_desk

    session: Session = context.obj
    chosen = None if role is None else check_choice("--role", role, ROLES)
    with session.registry() as registry:
        party = None if as_party is None else find_party(registry, as_party)
        desk = read_desk(registry)
        duties = [
            duty
            for duty in find_duties(registry, desk)
            if chosen in {None, duty.task.role}
            and (party is None or party in duty.parties)
            and (duty.is_overdue or not overdue)
        ]
        shown = duties[:limit]
        matters = read_matters(registry, [duty.subject for duty in shown], with_form=application)
        rows = [
            (
                *_show(registry, duty, party),
                *row_matter(registry, matters[duty.subject], with_form=application),
            )
            for duty in ([] if session.out.is_json else shown)
        ]
    items: list[Json] = [
        {**describe_duty(duty, party), **describe_matter(matters[duty.subject])} for duty in shown
    ]
    late = sum(duty.is_overdue for duty in duties)

    def human() -> None:
        headers = [
            say("time left", "剩余"),
            say("what", "事项"),
            say("subject", "主题"),
            say("for", "办理方"),
            say("before", "此刻之前"),
            say("article", "依据"),
            say("title", "名称"),
            say("applicant", "申请人"),
        ]
        session.out.list(headers, rows)
        session.out.talk(
            f"{len(duties)} due, {late} overdue"
            + (f"; shown are the first {limit}" if len(duties) > limit else ""),
            f"待办 {len(duties)} 项，其中逾期 {late} 项"
            + (f"；仅列出前 {limit} 项" if len(duties) > limit else ""),
        )

    document: dict[str, Json] = {
        "items": items,
        "total": len(duties),
        "overdue": late,
        "as_of": desk.now,
        "next": None,
    }
    session.out.result(document, human)


def _show(registry: "RegistryApi", duty: "Duty", party: SubjectKey | None) -> tuple[str, ...]:
    from cli.times import format_local
    from cli.twosided import party_name
    from cli.words import show_rule, show_word

    task = duty.task
    whom = duty.parties[0] if party is None else party
    more = len(duty.parties) - 1
    until = "" if duty.deadline is None else format_local(duty.deadline)
    return (
        _show_left(duty),
        say(task.says.en, task.says.zh),
        duty.subject,
        f"{show_word(task.role)} {party_name(registry, whom)}" + (f" +{more}" if more else ""),
        until,
        show_rule(task.article),
    )


def _show_left(duty: "Duty") -> str:
    if duty.is_overdue:
        if duty.days_over is None:
            return say("overdue", "逾期")
        return say(f"overdue by {duty.days_over} working day(s)", f"逾期 {duty.days_over} 个工作日")
    if duty.is_unknown:
        return say("unknown: no calendar", "不详：缺工作日历")
    if duty.deadline is None:
        return say("no deadline", "无期限")
    if duty.days_left is None:
        return say("to the date", "见期限")
    return say(f"{duty.days_left} working day(s)", f"{duty.days_left} 个工作日")


def simulate(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    at: Annotated[
        str,
        typer.Option(
            metavar="DATE",
            help=say(
                "A date ahead: 2026-12-31, or 2026-12-31T17:00:00+08:00.",
                "将来的日期：2026-12-31 或 2026-12-31T17:00:00+08:00。",
            ),
        ),
    ],
) -> None:
    from cli.exitcodes import UsageError
    from cli.subjects import find_subject
    from cli.times import format_local, parse_date
    from node.duties import foresee, read_desk

    session: Session = context.obj
    date = parse_date(at)
    with session.registry() as registry:
        key = find_subject(registry, "registration", registration)
        desk = read_desk(registry)
        if date < desk.now:
            raise UsageError(
                say(
                    f"{format_local(date)} is over: give a date ahead; what was, shows "
                    f"'muniment registration show {registration}'",
                    f"{format_local(date)} 已过：请给出将来的日期；以往情况见 "
                    f"muniment registration show {registration}",
                ),
                "date_past",
            )
        forecast = foresee(registry, key, desk, date)
    document = _describe_forecast(key, forecast, date)
    session.out.result(document, lambda: _show_forecast(session, key, forecast, date))


def _describe_forecast(key: SubjectKey, forecast: "Forecast", at: UnixMillis) -> dict[str, Json]:
    consequences: list[Json] = [
        {
            "what": each.what,
            "subject": each.subject,
            "article": each.outcome.article,
            "at": each.at,
            "is_unknown": each.is_unknown,
            "has_come": _has_come(each, at),
        }
        for each in forecast.consequences
    ]
    voucher: Json = None
    if forecast.voucher is not None:
        voucher = {"number": forecast.voucher, "status": forecast.voucher_status}
    return {
        "subject": key,
        "at": at,
        "status": forecast.status,
        "is_unknown": any(each.is_unknown for each in forecast.consequences),
        "voucher": voucher,
        "consequences": consequences,
    }


def _has_come(consequence: "Consequence", at: UnixMillis) -> bool:
    return consequence.at is not None and consequence.at <= at


def _show_forecast(session: Session, key: SubjectKey, forecast: "Forecast", at: UnixMillis) -> None:
    from cli.times import format_local
    from cli.words import show_status, show_word

    rows = [
        (say("registration", "登记"), key),
        (say("at", "时间"), format_local(at)),
        (say("status then", "届时状态"), show_word(forecast.status)),
    ]
    if forecast.voucher is not None:
        status = show_status(forecast.voucher_status or "", "voucher")
        rows.append((say("voucher then", "届时凭证"), f"{forecast.voucher} {status}"))
    session.out.table("", rows)
    if not forecast.consequences:
        session.out.talk("nothing comes by itself", "无自行发生的后果")
    session.out.list(
        [say("from", "自"), say("what", "后果"), say("article", "依据"), ""],
        [_show_consequence(each, at) for each in forecast.consequences],
    )


def _show_consequence(consequence: "Consequence", at: UnixMillis) -> tuple[str, ...]:
    from cli.times import format_local
    from cli.words import show_rule

    says = consequence.outcome.says
    if consequence.at is not None:
        when = format_local(consequence.at)
    else:
        when = say("unknown: no calendar", "不详：缺工作日历") if consequence.is_unknown else "-"
    come = "" if _has_come(consequence, at) else say("after that date", "在该日期之后")
    article = show_rule(consequence.outcome.article)
    return when, say(says.en, says.zh), article, come if consequence.at is not None else ""

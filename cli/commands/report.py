"""`muniment report`: a registrar's work over a period, made from the log alone."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import FORCE, OUT
from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session
from cli.times import is_day, parse_date
from ledger.core.types import Json, UnixMillis

if TYPE_CHECKING:
    from node.exports.report import Asked, Report
    from node.registryapi import RegistryApi

_FORMS = ("md", "json")
_DAY_MS = 86_400_000


def add_commands(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command(
        "report",
        help=say(
            "Report a registrar's work over a period, from the log alone (Article 11, 12).\n\nThe log is executed again up to a checkpoint: whoever has the same log gets the same bytes.\n\nExample: muniment report --year 2026 --out report-2026.json",
            "生成登记工作报告（第十一、十二条）。\n\n由日志重新执行得出：持有同一日志者可得到完全相同的内容。\n\n示例：muniment report --year 2026 --out report-2026.json",
        ),
    )(report)


def report(
    context: typer.Context,
    start: Annotated[
        str | None,
        typer.Option("--from", help=say("First day or instant.", "起始日期（含）或时刻。")),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(
            "--to", help=say("Last day, or first instant after.", "截止日期（含），或截止时刻。")
        ),
    ] = None,
    year: Annotated[
        int | None,
        typer.Option("--year", min=1970, max=9998, help=say("A whole year.", "整年。")),
    ] = None,
    at: Annotated[
        int | None,
        typer.Option(
            "--at", min=1, help=say("Size of a signed checkpoint.", "某一签名检查点的大小。")
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help=say("File of a checkpoint.", "检查点文件。"))
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help=say(
                "md or json (default: by the ending of --out, else md).",
                "md 或 json（默认按 --out 的扩展名，否则为 md）。",
            ),
        ),
    ] = None,
    out: Annotated[Path | None, OUT] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            "--check",
            help=say(
                "Make this report (JSON) again and compare.", "重新生成此报告（JSON）并比对。"
            ),
        ),
    ] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from cli.reporting import format_markdown
    from cli.results import Made, choose_form, print_or_write

    session: Session = context.obj
    wanted = choose_form(form, out, _FORMS, "md")
    others = (start, end, year, at, checkpoint)
    if check is not None and any(each is not None for each in others):
        raise UsageError(
            say(
                "--check takes period and checkpoint from the report: leave the other options out",
                "--check 以报告所载期间与检查点为准：请勿同时给出其他选项",
            )
        )
    if (at is not None and checkpoint is not None) or (year is not None and (start or end)):
        raise UsageError(
            say(
                "give --at or --checkpoint, and --year or --from and --to, not both",
                "--at 与 --checkpoint 只能择一，--year 与 --from、--to 亦只能择一",
            )
        )
    with session.registry() as registry:
        if check is not None:
            made = _check(session, registry, check)
        else:
            asked = _ask(registry, start, end, year)
            made = _make(session, registry, asked, at, checkpoint)
    text = format_markdown(made) if wanted == "md" else made.data.decode()
    document: dict[str, Json] = {"digest": made.digest, "report": made.document}
    rows = [(say("digest", "摘要"), made.digest)]
    print_or_write(session, Made(document, text, told=document, rows=rows), out, force=force)


def _ask(registry: "RegistryApi", start: str | None, end: str | None, year: int | None) -> "Asked":
    from node.exports.report import Asked, ask_year

    if year is not None:
        return ask_year(registry, year)
    return Asked(None if start is None else _first(start), None if end is None else _after(end))


def _first(text: str) -> UnixMillis:
    """00:00 of a day, or the instant."""
    return UnixMillis(parse_date(text) + 1 - _DAY_MS) if is_day(text) else parse_date(text)


def _after(text: str) -> UnixMillis:
    """24:00 of a day, or the instant."""
    return UnixMillis(parse_date(text) + 1) if is_day(text) else parse_date(text)


def _make(
    session: Session, registry: "RegistryApi", asked: "Asked", at: int | None, path: Path | None
) -> "Report":
    from cli.files import read_capped
    from ledger.core.limits import MAX_NOTE_BYTES
    from node.exports.report import find_checkpoint, make_report, read_checkpoint

    found = (
        find_checkpoint(registry, at)
        if path is None
        else read_checkpoint(registry, read_capped(path, MAX_NOTE_BYTES))
    )
    with session.out.progress("Executing again", "重新执行", found.size) as advance:
        return make_report(registry, found, asked, advance)


def _check(session: Session, registry: "RegistryApi", path: Path) -> "Report":
    from cli.files import read_capped
    from node.exports.report import MAX_REPORT_BYTES, check_report

    data = read_capped(path, MAX_REPORT_BYTES)
    with session.out.progress("Executing again", "重新执行", None) as advance:
        made = check_report(registry, data, advance)
    session.out.talk(
        "The report is what this log makes it, byte for byte.", "报告与本日志重新得出的完全一致。"
    )
    return made

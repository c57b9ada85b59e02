"""`muniment trace asset|holder|grant|file`: the chain of title, and where a file comes from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import FORCE, OUT
from cli.lang import say
from cli.session import Session
from cli.times import format_local, parse_date
from ledger.core.types import UnixMillis

if TYPE_CHECKING:
    from collections.abc import Callable

    from node.registryapi import RegistryApi
    from node.render.chain import ChainStep, Form


_DATA = ("json", "prov")
"""Forms for programs, in which nothing is translated."""
_OUR_TITLES = ("right", "transfer", "grant", "pledge")
"""Steps whose title is a word of the ledger, or several; nobody's own words."""


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say(
            "The chain of title, in many forms; and where a file comes from.",
            "权利链，可输出多种格式；以及文件溯源。",
        ),
        no_args_is_help=True,
    )
    for kind, help_text in (
        (
            "asset",
            say(
                "What became of an asset.\n\nExample: muniment trace asset TEST2026110001 "
                "--format svg --out chain.svg",
                "数据的完整权利链。\n\n示例：muniment trace asset TEST2026110001 --format svg "
                "--out chain.svg",
            ),
        ),
        ("holder", say("What a party holds and may use.", "主体持有的权利与获得的授权。")),
        ("grant", say("From the right down to a grant, and below.", "自权利至授权及其下级。")),
    ):
        group.command(kind, help=help_text)(_create_trace(kind))
    group.command("file", help=_FILE_HELP)(trace_file)
    return group


_FILE_HELP = say(
    "From which registered asset a file derives, from which delivery, and whether that was allowed."
    "\n\nMarks are read against the original, with the marking keys that the party of --as made or "
    "opened from escrow. That no delivery can be named is a normal answer.\n\n"
    "--case writes what anybody can check offline with 'muniment verify'.\n\n"
    "Exit code: 0 whatever is found; 5 if a case was asked for and no asset is known.\n\n"
    "Example: muniment trace file leaked.csv --original flights.csv --case case.zip",
    "文件源自哪项已登记的数据、哪次交付，以及是否获得许可。\n\n"
    "须对照原始数据读取标记，仅使用 --as 主体自制或从托管开启的标记密钥。\n\n"
    "无法指明任何一次交付，也是正常结论。\n\n"
    "--case 写出案卷，任何人可用 muniment verify 离线核验。\n\n"
    "退出码：有无发现均为 0；要求案卷而未发现数据时为 5。\n\n"
    "示例：muniment trace file leaked.csv --original flights.csv --case case.zip",
)


def trace_file(
    context: typer.Context,
    suspect: Annotated[Path, typer.Argument(help=say("The file found.", "发现的文件。"))],
    original: Annotated[
        Path | None,
        typer.Option(help=say("The registered file.", "所登记的原始文件。")),
    ] = None,
    asset: Annotated[
        str | None,
        typer.Option(help=say("Ask about this asset alone.", "仅就该数据查询。")),
    ] = None,
    party: Annotated[
        str | None,
        typer.Option(
            "--as",
            help=say(
                "Whose marking keys to use (default: who registered the asset); signs --case.",
                "使用何主体的标记密钥（默认为登记申请人），并签署案卷。",
            ),
        ),
    ] = None,
    case: Annotated[
        Path | None, typer.Option(help=say("Write the case here.", "案卷写出位置。"))
    ] = None,
    act_date: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Date of the act (default: when it was found, else now).",
                "行为日期（默认为发现日期，否则为现在）。",
            )
        ),
    ] = None,
    found_by: Annotated[
        str | None, typer.Option(help=say("Who found the file.", "发现人。"))
    ] = None,
    found_at: Annotated[
        str | None, typer.Option(help=say("Date on which it was found.", "发现日期。"))
    ] = None,
    found_where: Annotated[
        str | None, typer.Option(help=say("Place or address.", "发现地点或网址。"))
    ] = None,
    found_how: Annotated[
        str | None,
        typer.Option(help=say("How it was obtained and kept.", "取得与保管方式。")),
    ] = None,
    notary: Annotated[
        str | None, typer.Option(help=say("Number of a notary's deed.", "公证书编号。"))
    ] = None,
    bound: Annotated[
        str,
        typer.Option(
            help=say(
                "Chance allowed of naming any innocent delivery, at most 0.1.",
                "允许误指无关交付的概率上限，不超过 0.1。",
            )
        ),
    ] = "1e-6",
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help=say(
                "text, html or json (default: by the ending of --out).",
                "text、html 或 json（默认按 --out 的扩展名）。",
            ),
        ),
    ] = None,
    out: Annotated[Path | None, OUT] = None,
    force: Annotated[bool, FORCE] = False,
) -> int:
    from cli.tracing import Inquest, answer_trace, take_custody

    found = None if found_at is None else parse_date(found_at)
    custody = take_custody(found, by=found_by, where=found_where, how=found_how, notary=notary)
    said = Inquest(
        suspect=suspect,
        original=original,
        asset=asset,
        viewer=party,
        act_at=None if act_date is None else parse_date(act_date),
        custody=custody,
        bound=bound,
        case=case,
        form=form,
        out=out,
        is_forced=force,
    )
    return answer_trace(context.obj, said)


def _create_trace(kind: str) -> "Callable[..., None]":
    def trace(
        context: typer.Context,
        text: Annotated[
            str,
            typer.Argument(help=say("Key, its beginning, or a name.", "标识、其开头部分或名称。")),
        ],
        form: Annotated[
            str | None,
            typer.Option(
                "--format",
                help=say(
                    "tree, json, prov, dot, svg or html (default: by the ending of --out).",
                    "tree、json、prov、dot、svg 或 html（默认按 --out 的扩展名）。",
                ),
            ),
        ] = None,
        at: Annotated[
            str | None,
            typer.Option(
                "--at",
                help=say(
                    "As of this date; what came later is left out.",
                    "截至该日期；此后发生的不予显示。",
                ),
            ),
        ] = None,
        out: Annotated[Path | None, OUT] = None,
        force: Annotated[bool, FORCE] = False,
    ) -> None:
        from cli.results import choose_form
        from node.render.chain import FORMS

        session: Session = context.obj
        wanted = choose_form(form, out, FORMS, "tree")
        with session.registry() as registry:
            now = registry.clock.now()
            time = now if at is None else parse_date(at)
            if time > now:
                session.out.warn(
                    "that date is still to come: this is how things stand now, and the ledger "
                    "does not know the future",
                    "该日期尚未到来：以下按目前情况显示，账本无从得知将来",
                )
            step = _trace(registry, kind, text, time)
            origin = registry.origin
        _show(session, step, (origin, time), wanted, out, force=force)

    return trace


def _trace(registry: "RegistryApi", kind: str, text: str, time: UnixMillis) -> "ChainStep":
    from cli.subjects import find_asset, find_subject
    from node.chains import Tracer

    tracer = Tracer(registry, time)
    if kind == "holder":
        return tracer.trace_holder(find_subject(registry, "party", text))
    if kind == "grant":
        return tracer.trace_grant(find_subject(registry, "grant", text))
    return tracer.trace_asset(find_asset(registry, text))


def _show(
    session: Session,
    step: "ChainStep",
    read: tuple[str, UnixMillis],
    form: "Form",
    out: Path | None,
    *,
    force: bool,
) -> None:
    import shutil
    import sys

    from cli.lang import is_chinese
    from cli.results import Made, print_or_write
    from cli.words import find_notice, show_role, show_word
    from node.render.chain import Source
    from node.render.document import chain_document
    from node.render.picture import render_chain
    from node.render.words import Words

    is_screen = out is None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_screen else None
    words = Words(
        language="zh-CN" if is_chinese() else "en",
        kind=show_word,
        status=_show_status,
        role=show_role,
        time=format_local,
        notice=lambda key: find_notice(key.partition("/")[2]) or "",
    )
    shown = step if form in _DATA else _put_in_words(step)
    drawn = render_chain(shown, form, Source(*read), words, width)
    made = Made(chain_document(step), drawn, told={"subject": step.subject})
    print_or_write(session, made, out, force=force)


def _show_status(text: str, kind: str) -> str:
    """A status for people; only a voucher is not valid yet, all else has not happened."""
    from cli.words import show_status

    is_to_come = text == "not-yet" and kind not in {"voucher", "grant"}
    return say("not yet", "尚未发生") if is_to_come else show_status(text, kind)


def _put_in_words(step: "ChainStep") -> "ChainStep":
    """The step, and all below it, with the ledger's own words in the chosen language."""
    from dataclasses import replace

    from cli.words import show_action, show_word

    title = step.title
    if step.kind in _OUR_TITLES:
        title = ", ".join(map(show_word, title.split(", ")))
    show_name = show_action if step.kind == "grant" else show_word
    return replace(
        step,
        title=title,
        details=tuple((show_name(name), show_word(value)) for name, value in step.details),
        children=tuple(map(_put_in_words, step.children)),
    )

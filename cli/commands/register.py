"""`muniment register` and `muniment fingerprint`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.lang import say
from cli.output import show_plain
from cli.session import Session
from ledger.core.types import Json

if TYPE_CHECKING:
    from node.issuing import Registered


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("register", help=_HELP)(register)
    app.command("fingerprint", help=_FINGERPRINT_HELP)(fingerprint)


_HELP = say(
    "Register files as one asset.\n\n"
    "Files the application; under the solo profile straight through to the voucher.\n\n"
    'Example: muniment register table.csv --title "Flights 2013" --right hold --right use',
    "将一个或多个文件作为一项数据申请登记；单人试用时直接发证。\n\n"
    "示例：muniment register table.csv --title 航班数据 --right hold --right use",
)
_FINGERPRINT_HELP = say(
    "Show what identifies a file exactly.\n\nExample: muniment fingerprint table.csv",
    "显示文件的精确标识。\n\n示例：muniment fingerprint table.csv",
)


_FILES = typer.Argument(metavar="file", help=say("Files, of any size.", "文件，大小不限。"))


def fingerprint(context: typer.Context, files: Annotated[list[Path], _FILES]) -> None:
    from cli.fingerprints import fingerprint_files

    session: Session = context.obj
    found = fingerprint_files(session, files)
    items: list[Json] = [
        {"file": str(path), "sha256": each.digest, "size": each.size}
        for path, each in zip(files, found, strict=True)
    ]

    def human() -> None:
        for path, each in zip(files, found, strict=True):
            print(f"{each.digest}  {show_plain(str(path))}")

    session.out.result({"items": items, "next": None}, human)


def register(
    context: typer.Context,
    files: Annotated[list[Path], _FILES],
    title: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Time, region, industry, content, kind.", "数据名称：时间、地域、行业、内容、类型。"
            )
        ),
    ] = None,
    right: Annotated[
        list[str] | None,
        typer.Option(
            help=say("hold, use or operate; may be repeated.", "hold、use 或 operate，可重复。"),
        ),
    ] = None,
    basis: Annotated[
        str | None, typer.Option(help=say("Where the rights come from.", "权利来源。"))
    ] = None,
    data_class: Annotated[
        str | None,
        typer.Option("--class", help=say("public, enterprise or personal.", "数据类别。")),
    ] = None,
    level: Annotated[
        str | None, typer.Option(help=say("general-1 to general-4, important.", "数据级别。"))
    ] = None,
    as_party: Annotated[
        str | None, typer.Option("--as", help=say("Party that files.", "申请主体。"))
    ] = None,
    summary: Annotated[str | None, typer.Option(help=say("In words.", "数据概述。"))] = None,
    industry: Annotated[str | None, typer.Option(help=say("GB/T 4754.", "所属行业。"))] = None,
    source: Annotated[str | None, typer.Option(help=say("Source.", "数据来源。"))] = None,
    evidence: Annotated[
        Path | None,
        typer.Option(help=say("Contract or undertaking the rights rest on.", "权利依据文件。")),
    ] = None,
    years: Annotated[
        int | None, typer.Option(help=say("Validity, at most 5.", "有效期（年），最长 5 年。"))
    ] = None,
    no_resale: Annotated[
        bool, typer.Option("--no-resale", help=say("Forbid resale.", "不允许再次转售。"))
    ] = False,
    publish_digest: Annotated[
        bool,
        typer.Option("--publish-digest", help=say("Publish the files' SHA-256.", "公布文件摘要。")),
    ] = False,
) -> None:
    from cli.fingerprints import fingerprint_files
    from cli.registering import Wishes, register_files

    session: Session = context.obj
    fingerprints = fingerprint_files(session, files)
    contract = fingerprint_files(session, [evidence])[0].digest if evidence is not None else None
    wishes = Wishes(
        title=title,
        rights=tuple(right or ()),
        basis=basis,
        data_class=data_class,
        level=level,
        party=as_party,
        summary=summary,
        industry=industry,
        source=source,
        evidence=contract,
        years=years,
        is_resale_forbidden=no_resale,
        publishes_digest=publish_digest,
        default_title=files[0].name.encode(errors="surrogateescape").decode(errors="replace"),
    )
    with session.registry(is_writer=True) as registry:
        done = register_files(session, registry, wishes, fingerprints)
    _show(session, done)


def _show(session: Session, done: "Registered") -> None:
    duplicates: list[Json] = [
        {"asset": d.asset, **({"voucher": d.voucher} if d.voucher else {}), "match": d.match}
        for d in done.duplicates
    ]
    for duplicate in done.duplicates:
        voucher = duplicate.voucher or say("no voucher", "无凭证")
        session.out.warn(
            f"the same content was filed before: {duplicate.asset} ({voucher})",
            f"相同内容此前已申请登记：{duplicate.asset}（{voucher}）",
        )
    document: dict[str, Json] = {
        "asset": done.asset,
        "registration": done.registration,
        **({"voucher": done.voucher} if done.voucher else {}),
        "index": done.written.index,
        "event": done.written.event,
        "duplicates": duplicates,
    }

    def human() -> None:
        rows: list[tuple[str, str]] = [
            (say("asset", "数据"), done.asset),
            (say("registration", "登记"), done.registration),
        ]
        if done.voucher:
            rows.append((say("voucher", "凭证"), done.voucher))
        rows.append((say("log index", "日志位置"), str(done.written.index)))
        session.out.table(say("Registered", "已登记"), rows)
        if done.voucher:
            session.out.talk(
                f"Next: muniment voucher export {done.voucher}",
                f"下一步：muniment voucher export {done.voucher}",
            )

    session.out.result(document, human)

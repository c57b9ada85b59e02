"""`muniment deliver` and `muniment receive`: copies of data, and who signs for them."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import ASSET
from cli.lang import say
from cli.session import Session
from ledger.core.types import Json

_AS = typer.Option("--as", help=say("Party that acts.", "操作的主体。"))


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command(
        "deliver",
        help=say(
            "Deliver a copy under a grant: writes OUT and OUT.delivery.json, and records it.\n\n"
            "As far as the grant discloses it the copy is marked: each recipient lacks other rows and "
            "has a few other cells, by which a leak is traced; --plan shows beforehand what that is "
            "worth and costs, --exact leaves it out. For small tables --canaries N adds N rows that are invented "
            "for this recipient. A copy that is handed on also gets "
            "OUT.escrow.json, its marking key sealed to who licensed the sender.\n\n"
            "The recipient gets both files. Without the record no file is written. If it is "
            "interrupted after the record, --finish makes the same copy again.\n\n"
            "Example: muniment deliver TEST2026110001 --from flights.csv --to 乙公司 --out copy.csv",
            "依授权交付副本：写出 OUT 与 OUT.delivery.json，并登记交付。\n\n"
            "授权约定标记的，各份副本略去的行与个别单元格各不相同，泄露时据以追溯。\n\n"
            "--plan 事先显示其作用与影响；--exact 则不作标记。\n\n"
            "小表可用 --canaries N 另加 N 行专为该接收方虚构的行。\n\n"
            "再交付的副本另写出 OUT.escrow.json，即密封托管的标记密钥。\n\n"
            "两个文件均交给接收方；未完成登记则不写出任何文件。\n\n"
            "登记之后若中断，可用 --finish 补完同一副本。\n\n"
            "示例：muniment deliver TEST2026110001 --from flights.csv --to 乙公司 --out copy.csv",
        ),
    )(deliver)
    app.command(
        "receive",
        help=say(
            "Countersign a delivered copy.\n\nExample: muniment receive copy.csv.delivery.json "
            "--file copy.csv",
            "签收交付的副本。\n\n示例：muniment receive copy.csv.delivery.json --file copy.csv",
        ),
    )(receive)


def deliver(
    context: typer.Context,
    source: Annotated[
        Path, typer.Option("--from", help=say("The registered file.", "所登记的文件。"))
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help=say("Copy to write.", "写出的副本。"))
    ] = None,
    asset: Annotated[str | None, ASSET] = None,
    to: Annotated[str | None, typer.Option("--to", help=say("Recipient.", "接收方。"))] = None,
    grant: Annotated[
        str | None,
        typer.Option(
            help=say("Grant to deliver under (default: found).", "所依据的授权（默认自动查找）。")
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help=say("Overwrite OUT.", "覆盖 OUT。"))
    ] = False,
    party: Annotated[str | None, _AS] = None,
    filing: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Filing of important data (default: the one that covers it).",
                "重要数据交付所依据的备案（默认自动查找）。",
            )
        ),
    ] = None,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact",
            help=say("Copy the file as it is, without marks.", "按原样复制，不作标记。"),
        ),
    ] = False,
    withhold_only: Annotated[
        bool,
        typer.Option(
            "--withhold-only",
            help=say("Mark by missing rows; change no cell.", "仅略去行，不改动单元格。"),
        ),
    ] = False,
    canaries: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=1_000,
            help=say(
                "Add so many rows invented for this recipient, if the grant discloses them.",
                "另加若干虚构的行，须经授权约定。",
            ),
        ),
    ] = None,
    marked_by: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Third party that makes the marks and signs too.", "制作标记并共同签署的第三方。"
            )
        ),
    ] = None,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan",
            help=say(
                "Write nothing; show how many leaked rows name a recipient, and what marks cost the data.",
                "仅显示标记的作用与影响，不写出文件。",
            ),
        ),
    ] = False,
    finish: Annotated[
        str | None,
        typer.Option(
            metavar="DELIVERY",
            help=say(
                "Complete a delivery interrupted after its record; see 'trace asset' for its key.",
                "补完登记之后中断的交付，其标识见 trace asset。",
            ),
        ),
    ] = None,
) -> None:
    from cli import copies
    from cli.consigning import Consignment, need_out

    session: Session = context.obj
    said = Consignment(
        source=source,
        out=need_out(out, is_plan=plan),
        is_forced=force,
        asset=asset,
        recipient=to,
        grant=grant,
        sender=party,
        filing=filing,
        is_exact=exact,
        is_withhold_only=withhold_only,
        canaries=canaries or 0,
        maker=marked_by,
    )
    if finish is not None:
        copies.finish(session, said, finish)
    elif plan:
        copies.plan(session, said)
    else:
        copies.deliver(session, said)


def receive(
    context: typer.Context,
    note: Annotated[
        Path, typer.Argument(help=say("OUT.delivery.json.", "OUT.delivery.json 文件。"))
    ],
    file: Annotated[Path, typer.Option("--file", help=say("The copy.", "副本。"))],
) -> None:
    from cli.files import read_capped
    from cli.subjects import find_keys
    from contracts.delivery import Delivery
    from contracts.deliverynote import parse_delivery_note
    from ledger.core.canonical import decode_bundle
    from ledger.core.limits import MAX_BUNDLE_BYTES
    from node.delivering import receive_copy

    session: Session = context.obj
    data = read_capped(note, MAX_BUNDLE_BYTES)
    parsed = parse_delivery_note(decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES))
    with session.registry(is_writer=True) as registry:
        recipient = registry.need_state(Delivery, parsed.delivery).recipient
        keys = find_keys(registry, recipient, 1)
        size = file.stat().st_size if file.is_file() else None
        with session.out.progress("Reading", "读取文件", size) as advance:
            written = receive_copy(registry, parsed, file, keys, advance)
    document: dict[str, Json] = {
        "event": written.event,
        "index": written.index,
        "subject": parsed.delivery,
    }
    rows = [
        (say("received", "已签收"), str(parsed.delivery)),
        (say("log index", "日志位置"), str(written.index)),
    ]
    session.out.result(document, lambda: session.out.table("", rows))

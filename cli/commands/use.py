"""`muniment use record|batch|prove`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import FORCE
from cli.lang import say
from cli.session import Session

_FORMAT = typer.Option(
    "--format",
    help=say("ndjson or csv (default: by the file's ending).", "ndjson 或 csv（默认按扩展名）。"),
)
_COLUMN = typer.Option(
    "--column",
    metavar="MEMBER=HEADER",
    help=say(
        "CSV column of a member, such as at=time; repeat.",
        "CSV 列与成员的对应，如 at=时间，可重复。",
    ),
)


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say("Usage under a grant, as evidence.", "授权下的使用存证。"), no_args_is_help=True
    )
    group.command(
        "record",
        help=say(
            "Record usage under a grant, metered against its terms.\n\nExample: muniment use record 3l4b7i7o --action read --count 12",
            "依授权记录使用，并按条款计量。\n\n示例：muniment use record 3l4b7i7o --action read --count 12",
        ),
    )(record)
    group.command(
        "batch",
        help=say(
            "Record any number of usage lines under one root.\n\n"
            "FILE is NDJSON or CSV with a header; a line has at (Unix milliseconds or RFC 3339), action, count (1 if left out) and what else you keep. Only root, number and sum are published: keep FILE to prove single lines.\n\n"
            "Example: muniment use batch usage.ndjson --grant 3l4b7i7o",
            "将任意多条使用明细以一个根存证。\n\n"
            "文件为 NDJSON 或带表头的 CSV，可另含自留内容。\n\n"
            "每条含 at（毫秒或 RFC 3339 时间）、action（行为）、count（缺省为 1）。\n\n"
            "账本只公布根、条数与合计：请保存原文件，以便日后证明单条明细。\n\n"
            "示例：muniment use batch usage.ndjson --grant 3l4b7i7o",
        ),
    )(batch)
    group.command(
        "prove",
        help=say(
            "Prove one line of a batch, for anybody to verify offline.\n\n"
            "LINE counts from 1, without the header of a CSV file.\n\n"
            "Example: muniment use prove 17 --file usage.ndjson --batch 42",
            "证明批次中的一条明细，任何人可离线验证。\n\n"
            "条号从 1 起，不计 CSV 表头。\n\n"
            "示例：muniment use prove 17 --file usage.ndjson --batch 42",
        ),
    )(prove)
    return group


def record(
    context: typer.Context,
    grant: Annotated[
        str, typer.Argument(help=say("Grant: key or its beginning.", "授权：标识或其开头。"))
    ],
    action: Annotated[
        str, typer.Option(help=say("ODRL action, such as read.", "ODRL 行为，如 read。"))
    ] = "use",
    count: Annotated[
        int, typer.Option(min=1, help=say("Units since the last record.", "自上次记录以来的数量。"))
    ] = 1,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", help=say("Beginning of the period.", "周期起始（默认接上一周期）。")
        ),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help=say("End of the period.", "周期结束（默认现在）。"))
    ] = None,
    purpose: Annotated[str | None, typer.Option(help=say("Purpose.", "用途。"))] = None,
    scene: Annotated[str | None, typer.Option(help=say("Scene of use.", "使用场景。"))] = None,
    region: Annotated[
        str | None, typer.Option(help=say("Region, such as CN-32.", "地域，如 CN-32。"))
    ] = None,
    party: Annotated[
        str | None,
        typer.Option(
            "--as",
            help=say("Party that acts (default: the grantee).", "操作的主体（默认为被授权方）。"),
        ),
    ] = None,
) -> None:
    from cli.metering import Metered, record_usage
    from cli.times import parse_date

    session: Session = context.obj
    metered = Metered(
        action=action,
        count=count,
        start=None if start is None else parse_date(start),
        end=None if end is None else parse_date(end),
        purpose=purpose,
        scene=scene,
        region=region,
    )
    record_usage(session, grant, metered, party)


def batch(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help=say("Usage lines, - for stdin.", "使用明细，- 为标准输入。"))
    ],
    grant: Annotated[
        str, typer.Option(help=say("Grant: key or its beginning.", "授权：标识或其开头。"))
    ],
    action: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Action of all lines (default: the first's).", "全部明细的行为（默认取第一条的）。"
            )
        ),
    ] = None,
    form: Annotated[str | None, _FORMAT] = None,
    column: Annotated[list[str] | None, _COLUMN] = None,
    purpose: Annotated[
        str | None, typer.Option(help=say("Purpose of all lines.", "全部明细的用途。"))
    ] = None,
    scene: Annotated[
        str | None, typer.Option(help=say("Scene of all lines.", "全部明细的场景。"))
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(help=say("Region of all lines, such as CN-32.", "全部明细的地域，如 CN-32。")),
    ] = None,
    party: Annotated[
        str | None,
        typer.Option(
            "--as",
            help=say("Party that acts (default: the grantee).", "操作的主体（默认为被授权方）。"),
        ),
    ] = None,
) -> None:
    from cli.using import choose_layout, record_batch

    session: Session = context.obj
    said = {"action": action, "purpose": purpose, "scene": scene, "spatial": region}
    terms = {name: text for name, text in said.items() if text is not None}
    record_batch(session, file, choose_layout(file, form, column or (), terms), grant, party)


def prove(
    context: typer.Context,
    line: Annotated[
        int, typer.Argument(min=1, help=say("Number of the line, from 1.", "条号，从 1 起。"))
    ],
    file: Annotated[
        Path,
        typer.Option(
            "--file",
            help=say("The file of the batch, - for stdin.", "该批次的原文件，- 为标准输入。"),
        ),
    ],
    of: Annotated[
        str,
        typer.Option(
            "--batch", help=say("Log index or event id of the batch.", "批次的日志位置或事件标识。")
        ),
    ],
    out: Annotated[
        str | None,
        typer.Option("--out", help=say("File to write, - for stdout.", "输出文件，- 为标准输出。")),
    ] = None,
    form: Annotated[str | None, _FORMAT] = None,
    column: Annotated[list[str] | None, _COLUMN] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from cli.using import find_batch, prove_line, write_proof

    session: Session = context.obj
    with session.registry() as registry:
        receipt = find_batch(registry, of)
    bundle = prove_line(session, receipt, line, file, (form, column or ()))
    write_proof(session, bundle, out, force=force)

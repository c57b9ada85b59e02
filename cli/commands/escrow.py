"""`muniment escrow`: marking keys that lie with others, and shares of the master secret."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands import shares
from cli.lang import say
from cli.session import Session


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say(
            "Marking keys: sealed with others, opened, handed to examiners.",
            "标记密钥：密封托管、打开、交付鉴定。",
        ),
        no_args_is_help=True,
    )
    group.command(
        "list",
        help=say(
            "List marked deliveries, with whom their keys lie, and which are here.\n\nExample: muniment escrow list TEST2026110001",
            "列出带标记的交付、标记密钥的托管方及本处是否持有。\n\n示例：muniment escrow list TEST2026110001",
        ),
    )(list_keys)
    group.command(
        "open",
        help=say(
            "Open a marking key that was sealed to a party of this home, and keep it in the vault.\n\nExample: muniment escrow open copy.csv.escrow.json",
            "打开密封托管于本处主体的标记密钥，并存入保险库。\n\n示例：muniment escrow open copy.csv.escrow.json",
        ),
    )(open_key)
    group.command(
        "export",
        help=say(
            "Write the opened marking key of a delivery, for an examiner.\n\nExample: muniment escrow export delivery/ab12 --out marks.json",
            "导出某次交付的标记密钥，供鉴定人使用。\n\n示例：muniment escrow export delivery/ab12 --out marks.json",
        ),
    )(export_key)
    shares.add_commands(group)
    return group


def list_keys(
    context: typer.Context,
    asset: Annotated[
        str | None,
        typer.Argument(
            help=say(
                "Of this asset alone: voucher number, title or key.",
                "仅限该数据：凭证编号、名称或标识。",
            )
        ),
    ] = None,
) -> None:
    from cli.escrowing import show_held

    session: Session = context.obj
    show_held(session, asset)


def open_key(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help=say("OUT.escrow.json.", "OUT.escrow.json 文件。"))],
) -> None:
    from cli.escrowing import open_file

    session: Session = context.obj
    open_file(session, file)


def export_key(
    context: typer.Context,
    delivery: Annotated[
        str, typer.Argument(help=say("Key or its beginning.", "交付的标识或其开头。"))
    ],
    out: Annotated[Path, typer.Option("--out", help=say("File to write.", "写出的文件。"))],
    force: Annotated[
        bool, typer.Option("--force", help=say("Overwrite OUT.", "覆盖 OUT。"))
    ] = False,
) -> None:
    from cli.escrowing import export_file

    session: Session = context.obj
    export_file(session, delivery, out, is_forced=force)

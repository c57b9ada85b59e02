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
            "Write the opened marking key of a delivery, for an examiner.\n\nIt gives away that delivery's copy, which whoever has it can make, and where the marks are in every copy of the asset by the same sender, so that they can be read and erased. It gives away no other delivery's choices, and no other asset.\n\nThe examiner runs: muniment verify case.zip --policy trust.policy --data SUSPECT --original FILE --opening marks.json\n\nExample: muniment escrow export delivery/ab12 --out marks.json",
            "导出某次交付的标记密钥，供鉴定人使用。\n\n持有者可制成该次交付的副本。\n\n并可得知同一交付方就该数据的全部副本中标记的位置，予以读取或抹去。\n\n不涉及其他交付各自的取值，亦不涉及其他数据。\n\n鉴定人运行 muniment verify case.zip，并给出 --data、--original、--opening。\n\n示例：muniment escrow export delivery/ab12 --out marks.json",
        ),
    )(export_key)
    group.command(
        "canaries",
        help=say(
            "List the rows that were invented for the recipient of a delivery (deliver --canaries).\n\nTell them to nobody: whoever knows them can take them out. Rows are counted in the copy, without its header.\n\nExample: muniment escrow canaries delivery/ab12 --from flights.csv",
            "列出为某次交付的接收方虚构的行（deliver --canaries）。\n\n请勿外泄：知悉者可将其剔除。行号按副本计，不含表头。\n\n示例：muniment escrow canaries delivery/ab12 --from flights.csv",
        ),
    )(list_canaries)
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


def list_canaries(
    context: typer.Context,
    delivery: Annotated[
        str, typer.Argument(help=say("Key or its beginning.", "交付的标识或其开头。"))
    ],
    source: Annotated[
        Path,
        typer.Option(
            "--from", help=say("File that the copy was made from.", "副本据以制作的文件。")
        ),
    ],
) -> None:
    from cli.invented import show_invented

    session: Session = context.obj
    show_invented(session, delivery, source)


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

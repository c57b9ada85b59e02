"""`muniment escrow split|combine`: the master secret of tracing in the hands of several."""

from pathlib import Path
from typing import Annotated

import typer

from cli.lang import say
from cli.session import Session


def add_commands(group: typer.Typer) -> None:
    """Add the commands to those of escrow."""
    group.command(
        "split",
        help=say(
            "Split the master secret of tracing into shares: so many give it back, fewer say nothing.\n\nFrom it follow the keys of all fingerprints and marks of this home. Hand the shares to a notary, the registrar and others (SLIP-39, 33 words each).\n\nExample: muniment escrow split --shares 5 --threshold 3 --out shares",
            "将追踪主密钥拆分为若干份：达到门限份数可恢复，不足则毫无信息。\n\n本处全部指纹与标记的密钥均由其派生（SLIP-39，每份 33 个词）。\n\n请将各份交公证机构、登记机构等分别保管。\n\n示例：muniment escrow split --shares 5 --threshold 3 --out shares",
        ),
    )(split)
    group.command(
        "combine",
        help=say(
            "Put the master secret of tracing together from its shares, into a home that has none.\n\nExample: muniment escrow combine share-1-of-5.txt share-3-of-5.txt share-4-of-5.txt",
            "用若干份恢复追踪主密钥，存入尚无主密钥的目录。\n\n示例：muniment escrow combine share-1-of-5.txt share-3-of-5.txt share-4-of-5.txt",
        ),
    )(combine)


def split(
    context: typer.Context,
    shares: Annotated[int, typer.Option(help=say("How many are made.", "份数。"))],
    threshold: Annotated[int, typer.Option(help=say("How many give it back.", "恢复所需份数。"))],
    out: Annotated[
        Path,
        typer.Option(
            help=say("Folder for the files, new or empty.", "写出各份的目录，须为新建或空目录。")
        ),
    ],
) -> None:
    from cli.shares import SplitOptions, split_master

    session: Session = context.obj
    split_master(session, SplitOptions(shares, threshold, out))


def combine(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help=say("Files of shares.", "各份的文件。"))
    ],
) -> None:
    from cli.shares import combine_master

    session: Session = context.obj
    combine_master(session, files)

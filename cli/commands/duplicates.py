"""`muniment registration duplicates`: what has the same content, for the registrar to decide."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import REGISTRATION
from cli.lang import say
from cli.session import Session


def add_commands(group: typer.Typer) -> None:
    """Add the command to those of one registration."""
    group.command(
        "duplicates",
        help=say(
            "Show other assets with the same or much the same content, and whose they are (Article 39).\n\nA filing brings the registrar the digest of each file and not the file. Where the applicant hands the file over for review, --file holds what is in it against all that was fingerprinted here, and keeps the registrar's own sketch of it for the filings to come. The sketch is keyed, and the key never leaves this home.\n\nNear: a twentieth of the rows of either table are in the other, or a tenth of what else was compared.\n\nExample: muniment registration duplicates rdydrlpl --file table.csv",
            "显示内容相同或大部分相同的其他数据及其权利人（第三十九条）。\n\n申请只向登记机构提交各文件的摘要，不提交文件本身。\n\n申请人为审查提供文件的，用 --file 与本处全部指纹比对，\n\n并留存登记机构自己的草图供日后比对；密钥不离开本处。\n\n相近：任一表格有二十分之一的行见于另一方，或其他比对对象有十分之一。\n\n示例：muniment registration duplicates rdydrlpl --file table.csv",
        ),
    )(duplicates)


def duplicates(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    file: Annotated[
        list[Path] | None,
        typer.Option(
            help=say(
                "The very file that was filed, to look into it; may be repeated.",
                "申请登记的原文件，用于比对其内容；可重复。",
            )
        ),
    ] = None,
) -> None:
    from cli.duplicates import compare_files, read_matches, show_matches
    from cli.subjects import find_subject

    session: Session = context.obj
    with session.registry() as registry:
        key = find_subject(registry, "registration", registration)
        if file:
            compare_files(session, registry, key, file)
        matches, is_indexed = read_matches(registry, key)
    show_matches(session, key, matches, is_indexed=is_indexed)

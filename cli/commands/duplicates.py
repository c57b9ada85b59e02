"""`muniment registration duplicates`: what has the same content, for the registrar to decide."""

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
            "Show other assets with the same content, and whose they are (Article 39).\n\nExample: muniment registration duplicates rdydrlpl",
            "显示内容相同的其他数据及其权利人（第三十九条）。\n\n示例：muniment registration duplicates rdydrlpl",
        ),
    )(duplicates)


def duplicates(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
) -> None:
    from cli.duplicates import read_matches, show_matches
    from cli.subjects import find_subject

    session: Session = context.obj
    with session.registry() as registry:
        key = find_subject(registry, "registration", registration)
        matches, is_indexed = read_matches(registry, key)
    show_matches(session, key, matches, is_indexed=is_indexed)

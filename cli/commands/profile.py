"""`muniment profile show`."""

from typing import Annotated

import typer

from cli.lang import say
from cli.session import Session
from ledger.core.types import Json


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(help=say("Rule texts as data.", "规则文本。"), no_args_is_help=True)
    group.command(
        "show",
        help=say(
            "Show what a profile says, how certain that is, and what differs from national-2026.\n\nWithout NAME, the profile that this ledger was opened with.\n\nExample: muniment profile show exchange",
            "显示规则内容、各项的确定程度，以及与 national-2026 的差异。\n\n不给出名称时，显示本账本所用的规则。\n\n示例：muniment profile show exchange",
        ),
    )(show)
    group.command(
        "list",
        help=say(
            "List the profiles that ship with the program.\n\nExample: muniment profile list",
            "列出随程序提供的规则。\n\n示例：muniment profile list",
        ),
    )(show_all)
    return group


def show(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            help=say("Name of one that ships, or a FILE in TOML.", "规则名称，或 TOML 文件。")
        ),
    ] = None,
) -> None:
    from cli.profiles import BASE, describe_profile, find_profile, show_terms
    from node.rulebundle import read_profile

    session: Session = context.obj
    if name is None:
        with session.registry() as registry:
            profile = registry.ledger.profile
    else:
        profile = find_profile(name)
    base = read_profile(BASE)

    def human() -> None:
        session.out.table(
            "",
            [
                (say("profile", "规则"), profile.name),
                (say("title", "名称"), say(profile.title.en, profile.title.zh)),
                (say("notice", "提示"), say(profile.notice.en, profile.notice.zh)),
            ],
        )
        headers = [
            say("term", "内容"),
            say("value", "取值"),
            say("certainty", "确定程度"),
            say(f"{base.name} says", f"{base.name} 的规定"),
        ]
        session.out.list(headers, show_terms(profile, base))

    session.out.result(describe_profile(profile, base), human)


def show_all(context: typer.Context) -> None:
    from node.rulebundle import list_profiles, read_profile

    session: Session = context.obj
    profiles = [read_profile(name) for name in list_profiles()]
    items: list[Json] = [
        {"profile": each.name, "title": {"en": each.title.en, "zh": each.title.zh}}
        for each in profiles
    ]
    rows = [(each.name, say(each.title.en, each.title.zh)) for each in profiles]
    headers = [say("profile", "规则"), say("title", "名称")]
    session.out.items(items, headers, rows)

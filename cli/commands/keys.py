"""`muniment key new|list|export`."""

from typing import Annotated

import typer

from cli.lang import say
from cli.session import Session
from ledger.core.types import Json


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say("Keys of this home folder.", "本目录的密钥。"), no_args_is_help=True
    )
    group.command(
        "new",
        help=say(
            "Make a key.\n\nExample: muniment key new alice",
            "生成密钥。\n\n示例：muniment key new alice",
        ),
    )(new)
    group.command("list", help=say("List the keys.", "列出密钥。"))(show_all)
    group.command("export", help=say("Print a public key.", "输出公钥。"))(export)
    return group


def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=say("What to call it.", "密钥名称。"))],
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help=say("Keep it in the clear.", "不设口令。"))
    ] = False,
) -> None:
    from ledger.keys import KeyRing

    session: Session = context.obj
    passphrase = session.new_passphrase(without=no_passphrase)
    key = KeyRing(session.settings.home / "keys", passphrase).create(name)
    session.out.result({"name": name, "did": key.did}, lambda: print(key.did))


def show_all(context: typer.Context) -> None:
    from ledger.keys import KeyRing

    session: Session = context.obj
    entries = KeyRing(session.settings.home / "keys", None).list_entries()
    items: list[Json] = [{"name": e.name, "did": e.did, "sealed": e.is_sealed} for e in entries]
    rows = [
        (e.name, e.did, say("sealed", "有口令") if e.is_sealed else say("in the clear", "无口令"))
        for e in entries
    ]
    session.out.items(items, [say("name", "名称"), "did:key", say("kept", "保管")], rows)


def export(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=say("Name of the key.", "密钥名称。"))],
) -> None:
    from ledger.errors import NotFoundError
    from ledger.keys import KeyRing

    session: Session = context.obj
    entries = KeyRing(session.settings.home / "keys", None).list_entries()
    found = next((entry for entry in entries if entry.name == name), None)
    if found is None:
        raise NotFoundError(
            say(
                f"there is no key {name}: see 'muniment key list'",
                f"没有密钥 {name}：见 muniment key list",
            )
        )
    session.out.result({"name": name, "did": found.did}, lambda: print(found.did))

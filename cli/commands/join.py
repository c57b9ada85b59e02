"""`muniment join`: a home on a machine of one's own, for a registry behind a node."""

from pathlib import Path
from typing import Annotated

import typer

from cli.exitcodes import UsageError
from cli.files import read_capped
from cli.lang import say
from cli.session import Session


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("join", help=_HELP)(join)


_HELP = say(
    "Make a home for working with a registry behind a node.\n\n"
    "It holds your keys, your vault and your policy, and no ledger. The policy says what is "
    "believed of the node: take it from the registry itself, not from the node.\n\n"
    "Example: muniment join --policy trust.policy --node https://registry.example.org",
    "为通过节点使用登记系统建立本地目录。\n\n"
    "目录中只有您的密钥、本库与信任策略，没有账本。\n\n"
    "是否采信节点所示内容由策略决定：请取自登记机构，而非节点。\n\n"
    "示例：muniment join --policy trust.policy --node https://registry.example.org",
)


def join(
    context: typer.Context,
    policy: Annotated[
        Path,
        typer.Option(help=say("The registry's trust.policy.", "登记机构的 trust.policy。")),
    ],
    no_passphrase: Annotated[
        bool,
        typer.Option("--no-passphrase", help=say("Keep the keys in the clear.", "密钥不设口令。")),
    ] = False,
) -> None:
    from ledger.core.limits import MAX_POLICY_BYTES
    from node.home import Home
    from node.remote.opening import check_vacant, make_client_home

    session: Session = context.obj
    home, url = session.settings.home, session.settings.node
    if url is None:
        raise UsageError(
            say(
                "say which node: --node URL, or MUNIMENT_NODE",
                "请指明节点：--node 网址，或设置 MUNIMENT_NODE",
            ),
            "node_required",
        )
    check_vacant(Home(home))
    trusted = read_capped(policy, MAX_POLICY_BYTES)
    passphrase = session.new_passphrase(without=no_passphrase)
    body = make_client_home(home, url, trusted, passphrase).body
    rows = [
        (say("home", "目录"), str(home)),
        (say("node", "节点"), url),
        (say("origin", "账本"), body.origin),
        (say("leaves", "条目"), str(body.size)),
        (say("policy", "信任策略"), str(home / "trust.policy")),
    ]
    session.out.result(
        {
            "home": str(home),
            "node": url,
            "origin": body.origin,
            "size": body.size,
            "policy": str(home / "trust.policy"),
        },
        lambda: session.out.table(say("Home made", "目录已建立"), rows),
    )
    session.out.talk(
        "From here on: muniment --home FOLDER COMMAND; it knows its node.",
        "今后运行 muniment --home 目录 命令 即可，无须再写节点。",
    )

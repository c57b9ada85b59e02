"""`muniment init`."""

from typing import Annotated

import typer

from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("init", help=_HELP)(init)


_HELP = say(
    "Make a registry: ledger, keys, trust policy and the first event.\n\n"
    "Example: muniment init --solo --no-passphrase",
    "新建登记系统：账本、密钥、信任策略与首个事件。\n\n示例：muniment init --solo --no-passphrase",
)


def init(
    context: typer.Context,
    origin: Annotated[
        str | None,
        typer.Option(help=say("Origin of the ledger, such as example.org/ledger.", "账本标识。")),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help=say("Rule text: national-2026 or solo.", "规则文本：national-2026 或 solo。")
        ),
    ] = None,
    solo: Annotated[
        bool,
        typer.Option(
            "--solo", help=say("One person is everybody; no clocks.", "单人试用，无期限。")
        ),
    ] = False,
    no_passphrase: Annotated[
        bool,
        typer.Option("--no-passphrase", help=say("Keep the keys in the clear.", "密钥不设口令。")),
    ] = False,
    registrar_name: Annotated[
        str | None, typer.Option(help=say("Name of the registrar.", "登记机构名称。"))
    ] = None,
    region: Annotated[
        str | None, typer.Option(help=say("Region, two digits.", "地区代码（两位）。"))
    ] = None,
    registrar_digit: Annotated[
        str | None, typer.Option(help=say("Digit of the registrar.", "机构序号（一位）。"))
    ] = None,
) -> None:
    from ledger.clock import SystemClock
    from node.founding import Charter, found_registry
    from node.rulebundle import read_profile

    session: Session = context.obj
    if solo and profile not in (None, "solo"):
        raise UsageError(f"--solo is the profile solo, not {profile}")
    chosen = read_profile("solo" if solo else profile or "national-2026")
    passphrase = session.new_passphrase(without=no_passphrase)
    charter = Charter(chosen, origin, registrar_name, region, registrar_digit)
    home = session.settings.home
    founded = found_registry(home, charter, passphrase, SystemClock())
    policy = home / "trust.policy"

    def human() -> None:
        session.out.table(
            say("Registry made", "登记系统已建立"),
            [
                (say("home", "目录"), str(home)),
                (say("origin", "账本"), founded.origin),
                (say("profile", "规则"), f"{chosen.name} ({chosen.title.zh})"),
                (say("policy", "信任策略"), str(policy)),
                (say("operator", "运营方"), founded.operator),
                (say("registrar", "登记机构"), founded.registrar),
                (say("regulator", "监管方"), founded.regulator),
            ],
        )
        session.out.talk(
            "Give trust.policy to whoever should be able to verify what this registry says.",
            "请将 trust.policy 交给需要验证本登记系统的人。",
        )

    session.out.result(
        {
            "home": str(home),
            "origin": founded.origin,
            "profile": chosen.name,
            "policy": str(policy),
            "parties": {
                "operator": founded.operator,
                "registrar": founded.registrar,
                "regulator": founded.regulator,
                "applicant": founded.applicant,
            },
        },
        human,
    )

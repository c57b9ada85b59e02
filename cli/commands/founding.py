"""`muniment init`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session

if TYPE_CHECKING:
    from node.founding import Charter


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("init", help=_HELP)(init)


_HELP = say(
    "Found a registry.\n\n"
    "Makes its ledger, keys, trust policy and first event in an empty folder.\n\n"
    "Example: muniment init --solo --no-passphrase",
    "新建登记系统。\n\n在空目录中生成账本、密钥、信任策略与首个事件。\n\n"
    "示例：muniment init --solo --no-passphrase",
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
            help=say(
                "Rule text: national-2026, exchange, solo or a FILE.",
                "规则文本：national-2026、exchange、solo 或文件。",
            )
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
    from cli.profiles import BASE, find_profile
    from contracts.clocks import local_date
    from ledger.clock import SystemClock
    from node.founding import Charter, check_vacant, found_registry

    session: Session = context.obj
    if solo and profile not in (None, "solo"):
        raise UsageError(
            say(
                f"--solo is the profile solo, not {profile}: give one of the two",
                f"--solo 即规则 solo，而非 {profile}：请只给出其一",
            )
        )
    chosen = find_profile("solo" if solo else profile or BASE)
    charter = Charter(chosen, origin, registrar_name, region, registrar_digit)
    if session.settings.node is not None:
        session.refuse_node("init")
    home = session.settings.home
    check_vacant(home, charter)
    _check_catalogued(charter)
    passphrase = session.new_passphrase(without=no_passphrase)
    clock = SystemClock()
    founded = found_registry(home, charter, passphrase, clock)
    policy = home / "trust.policy"

    def human() -> None:
        session.out.table(
            say("Registry made", "登记系统已建立"),
            [
                (say("home", "目录"), str(home)),
                (say("origin", "账本"), founded.origin),
                (
                    say("profile", "规则"),
                    f"{chosen.name} ({say(chosen.title.en, chosen.title.zh)})",
                ),
                (say("policy", "信任策略"), str(policy)),
                (say("operator", "运营方"), founded.operator),
                (say("registrar", "登记机构"), founded.registrar),
                (say("regulator", "监管方"), founded.regulator),
            ],
        )
        if not chosen.is_solo:
            year = local_date(clock.now(), chosen.offset_minutes).year
            session.out.talk(
                "Deadlines need the working days; publish them next: "
                f"muniment list publish calendar {year}",
                f"期限按工作日计算，请先公布工作日历：muniment list publish calendar {year}",
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


def _check_catalogued(charter: "Charter") -> None:
    needed = {
        "--registrar-name": charter.registrar_name,
        "--region": charter.region,
        "--registrar-digit": charter.digit,
    }
    missing = [name for name, value in needed.items() if value is None]
    if charter.profile.scheme == "SJ" and missing:
        name = charter.profile.name
        raise UsageError(
            say(
                f"{name} is for a catalogued registrar: give {', '.join(missing)}, such as "
                "--registrar-name 江苏省数据登记中心 --region 32 --registrar-digit 1 (annex 6); "
                "for a first try, 'muniment init --solo'",
                f"{name} 适用于列入目录的登记机构：请给出 {'、'.join(missing)}，如 "
                "--registrar-name 江苏省数据登记中心 --region 32 --registrar-digit 1（附件 6）；"
                "试用请运行 muniment init --solo",
            ),
            "option_required",
        )
    for option, value, digits in (
        ("--region", charter.region, 2),
        ("--registrar-digit", charter.digit, 1),
    ):
        if value is not None and not (value.isascii() and value.isdigit() and len(value) == digits):
            raise UsageError(
                say(
                    f"{option} has {digits} digit(s), not {value[:20]!r}",
                    f"{option} 为 {digits} 位数字，而非 {value[:20]!r}",
                ),
                "option_value",
            )

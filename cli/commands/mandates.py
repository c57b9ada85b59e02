"""`muniment party undertake`: a mandate for an agent, given or taken back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from cli.commands.options import DRAFT, file_or_digest
from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session

if TYPE_CHECKING:
    from contracts.mandates import Undertake
    from ledger.core.types import SubjectKey


def add_commands(group: typer.Typer) -> None:
    """Add the command to the group `party`."""
    group.command(
        "undertake",
        help=say(
            "Let an agent file for you under a mandate, which it signs too (Article 16).\n\nExample: muniment party undertake 'Harbour Agents' --mandate mandate.pdf --type initial --until 2027-12-31 --as 'Harbour Ltd'",
            "登记授权委托，由代理人签署并代为申请（第十六条）。\n\n示例：muniment party undertake 江苏代理 --mandate m.pdf --type initial --until 2027-12-31 --as 江苏数据",
        ),
    )(undertake)


def undertake(
    context: typer.Context,
    agent: Annotated[
        str,
        typer.Argument(
            help=say(
                "The agent: key, its beginning, name or USCC.",
                "代理人：标识、其开头、名称或统一社会信用代码。",
            )
        ),
    ],
    mandate: Annotated[
        str,
        file_or_digest(
            "The mandate; only its digest is written.", "授权委托书（文件或摘要），仅登记其摘要。"
        ),
    ],
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            help=say(
                "initial, transfer, change, renewal or cancellation; repeat.",
                "initial、transfer、change 等，可重复。",
            ),
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help=say("Until when it holds.", "授权期限。"))
    ] = None,
    end: Annotated[
        bool, typer.Option("--end", help=say("Take it back now.", "立即终止授权。"))
    ] = False,
    party: Annotated[
        str | None,
        typer.Option("--as", help=say("The principal: who is filed for.", "委托人（申请人）。")),
    ] = None,
    out: Annotated[Path | None, DRAFT] = None,
) -> None:
    from cli.fingerprints import read_digest
    from cli.subjects import choose_party, find_party
    from cli.twosided import write_or_draft

    session: Session = context.obj
    digest = read_digest(mandate)
    with session.registry(is_writer=True) as registry:
        actor = choose_party(registry, party)
        body = _read_mandate(find_party(registry, agent), digest, types or [], until, end)
        write_or_draft(session, registry, actor, body, out)


def _read_mandate(
    agent: "SubjectKey", digest: str, types: list[str], until: str | None, end: bool
) -> "Undertake":
    """The body that the options make.

    Raises:
        UsageError: They do not go together.
    """
    from cli.registering import check_choice
    from cli.times import parse_date
    from contracts.mandates import Undertake
    from contracts.profile import RegistrationType

    if end and not types and until is None:
        return Undertake(agent=agent, mandate=digest, end=True)
    if end or not types or until is None:
        raise UsageError(
            say(
                "give --type and --until to register a mandate, or --end to take it back",
                "登记授权请给出 --type 与 --until；终止授权请只用 --end",
            ),
            "option_required",
        )
    known: tuple[RegistrationType, ...] = get_args(RegistrationType)
    chosen = {check_choice("--type", each, known) for each in types}
    return Undertake(
        agent=agent, mandate=digest, types=tuple(sorted(chosen)), until=parse_date(until)
    )

"""`muniment party exit`: a party leaves; a registrar hands over to a successor."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import DRAFT, YES, file_or_digest
from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session

if TYPE_CHECKING:
    from contracts.foundation import Catalogue
    from contracts.leaving import Exit
    from node.registryapi import RegistryApi


def add_commands(group: typer.Typer) -> None:
    """Add the command to the group `party`."""
    group.command(
        "exit",
        help=say(
            "Leave the ledger for good, holding no rights any more.\n\nA registrar names its successor, and vouchers stay valid (Article 13).\n\nExample: muniment party exit --as 江苏数据有限公司\n\nExample: muniment party exit --successor 'Suzhou registry' --document decision.pdf --registrar-name 'Suzhou registry' --region 32 --registrar-digit 2",
            "永久退出账本，须已无任何权利。\n\n登记机构退出须指明承接机构，已发凭证继续有效（第十三条）。\n\n示例：muniment party exit --as 江苏数据有限公司\n\n示例：muniment party exit --successor 苏州 --document d.pdf --region 32 --registrar-digit 2 --registrar-name 苏州",
        ),
    )(leave)


def leave(
    context: typer.Context,
    party: Annotated[
        str | None, typer.Option("--as", help=say("The party that leaves.", "退出的主体。"))
    ] = None,
    successor: Annotated[
        str | None,
        typer.Option(help=say("Of a registrar: who takes its place.", "登记机构的承接机构。")),
    ] = None,
    document: Annotated[
        str | None,
        file_or_digest(
            "The decision that the registrar may leave; only its digest is written.",
            "批准登记机构退出的文件（文件或摘要），仅登记其摘要。",
        ),
    ] = None,
    registrar_name: Annotated[
        str | None,
        typer.Option(help=say("The successor's catalogue entry.", "承接机构在目录中的名称。")),
    ] = None,
    region: Annotated[
        str | None, typer.Option(help=say("Its region, two digits.", "其地区代码（两位）。"))
    ] = None,
    registrar_digit: Annotated[
        str | None, typer.Option(help=say("Its digit.", "其机构序号（一位）。"))
    ] = None,
    out: Annotated[Path | None, DRAFT] = None,
    yes: Annotated[bool, YES] = False,
) -> None:
    from cli.confirming import confirm
    from cli.subjects import choose_party, find_party
    from cli.twosided import write_or_draft
    from cli.writing import write_alone
    from contracts.leaving import Exit

    session: Session = context.obj
    entry = (registrar_name, region, registrar_digit)
    given = any(each is not None for each in (document, *entry))
    if successor is None and given:
        raise UsageError(
            say(
                "--document and the catalogue entry are of a registrar that leaves: name its "
                "successor with --successor",
                "--document 与目录条目仅用于登记机构退出：请用 --successor 指明承接机构",
            ),
            "option_required",
        )
    confirm("whoever leaves can never come back", "退出后不可恢复", is_sure=yes)
    with session.registry(is_writer=True) as registry:
        if successor is None:
            actor = choose_party(registry, party)
            write_alone(session, registry, actor, Exit(), actor)
        else:
            body = _read_succession(registry, successor, document, _read_entry(*entry))
            ledger = registry.ledger
            actor = ledger.registrar if party is None else find_party(registry, party)
            write_or_draft(session, registry, actor, body, out)


def _read_succession(
    registry: "RegistryApi", successor: str, document: str | None, entry: "Catalogue | None"
) -> "Exit":
    from msgspec import UNSET

    from cli.fingerprints import read_digest
    from cli.subjects import find_party
    from contracts.leaving import Exit

    return Exit(
        successor=find_party(registry, successor),
        document=UNSET if document is None else read_digest(document),
        catalogue=UNSET if entry is None else entry,
    )


def _read_entry(name: str | None, region: str | None, digit: str | None) -> "Catalogue | None":
    """The catalogue entry, if it is named.

    Raises:
        UsageError: It is named only in part.
        MalformedError: Region or digit has another form.
    """
    from contracts.foundation import Catalogue
    from contracts.records import parse_record

    if name is None and region is None and digit is None:
        return None
    if name is None or region is None or digit is None:
        raise UsageError(
            say(
                "give all three: --registrar-name, --region and --registrar-digit",
                "请同时给出 --registrar-name、--region 与 --registrar-digit",
            ),
            "option_required",
        )
    return parse_record(Catalogue, {"name": name, "region": region, "digit": digit})

"""`muniment filing important|end|list`."""

from typing import Annotated

import typer

from cli.commands.options import ASSET, GROUND, file_or_digest
from cli.lang import say
from cli.session import Session


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say("Filings that deliveries of important data need.", "重要数据交付所需的备案。"),
        no_args_is_help=True,
    )
    group.command(
        "important",
        help=say(
            "File the deliveries of important data; 'deliver' then finds the filing.\n\nExample: muniment filing important SJ3212026110001 --purpose research --document filed.pdf --until 2027-06-30 --to 'Harbour Ltd'",
            "就重要数据的交付备案，之后 deliver 会自动采用。\n\n示例：muniment filing important SJ3212026110001 --purpose research --document filed.pdf --until 2027-06-30 --to 乙公司",
        ),
    )(important)
    group.command(
        "end",
        help=say(
            "End a filing: its filer withdraws it, or the regulator objects.\n\nExample: muniment filing end filing/ab12 --ground 'project over'",
            "终止备案：由备案方撤回，或由监管方提出反对。\n\n示例：muniment filing end filing/ab12 --ground 项目结束",
        ),
    )(end)
    group.command(
        "list",
        help=say(
            "List filings, all or those of one asset.\n\nExample: muniment filing list SJ3212026110001",
            "列出备案，可限于某项数据。\n\n示例：muniment filing list SJ3212026110001",
        ),
    )(show_all)
    return group


def important(
    context: typer.Context,
    asset: Annotated[str, ASSET],
    purpose: Annotated[str, typer.Option(help=say("Of the deliveries.", "交付用途。"))],
    document: Annotated[
        str,
        file_or_digest(
            "What was filed with the authority; only its digest is written.",
            "备案材料（文件或摘要），仅登记其摘要。",
        ),
    ],
    until: Annotated[
        str, typer.Option(metavar="DATE", help=say("Last day, or instant.", "截止日期。"))
    ],
    to: Annotated[
        str | None,
        typer.Option("--to", help=say("Recipient (default: anybody).", "接收方（默认不限）。")),
    ] = None,
    grant: Annotated[
        str | None,
        typer.Option(help=say("For deliveries under this grant alone.", "仅限依据该授权的交付。")),
    ] = None,
    party: Annotated[
        str | None,
        typer.Option("--as", help=say("Who files: may operate the data.", "备案方（经营权人）。")),
    ] = None,
) -> None:
    from msgspec import UNSET

    from cli.assessing import parse_end
    from cli.fingerprints import read_digest
    from cli.granting import choose_grantor
    from cli.subjects import find_asset, find_party, find_subject
    from cli.writing import write_alone
    from contracts.filing import Important

    session: Session = context.obj
    with session.registry(is_writer=True) as registry:
        key = find_asset(registry, asset)
        actor = choose_grantor(registry, key, party, None)
        body = Important(
            asset=key,
            recipient=UNSET if to is None else find_party(registry, to),
            grant=UNSET if grant is None else find_subject(registry, "grant", grant),
            purpose=purpose,
            document=read_digest(document),
            until=parse_end(until),
        )
        write_alone(session, registry, actor, body)


def end(
    context: typer.Context,
    filing: Annotated[
        str, typer.Argument(help=say("Filing: key or its beginning.", "备案：标识或其开头。"))
    ],
    ground: Annotated[str, GROUND],
    party: Annotated[
        str | None,
        typer.Option(
            "--as",
            help=say("Who ends it (default: its filer).", "操作的主体（默认为备案方）。"),
        ),
    ] = None,
) -> None:
    from cli.subjects import find_party, find_subject
    from cli.writing import write_alone
    from contracts.filing import End, Filing

    session: Session = context.obj
    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "filing", filing)
        state = registry.need_state(Filing, key)
        actor = state.filer if party is None else find_party(registry, party)
        body = End(filing=key, asset=state.asset, ground=ground)
        write_alone(session, registry, actor, body, key)


def show_all(
    context: typer.Context,
    asset: Annotated[str | None, ASSET] = None,
) -> None:
    from cli.assessing import list_filings

    session: Session = context.obj
    with session.registry() as registry:
        list_filings(session, registry, asset)

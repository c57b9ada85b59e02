"""`muniment pledge` and `muniment release`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import DRAFT, RIGHT, file_or_digest
from cli.lang import say
from cli.session import Session


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command(
        "pledge",
        help=say(
            "Pledge rights of one's own; the pledgee signs too.\n\nExample: muniment pledge SJ3212026110001 --right operate --to 'Harbour Bank'",
            "质押本人权利，须由质权人共同签署。\n\n示例：muniment pledge SJ3212026110001 --right operate --to 江苏银行",
        ),
    )(pledge)
    app.command(
        "release",
        help=say(
            "Release a pledge, as its pledgee.\n\nExample: muniment release encumbrance/ab12",
            "由质权人解除质押。\n\n示例：muniment release encumbrance/ab12",
        ),
    )(release)


def pledge(
    context: typer.Context,
    voucher: Annotated[
        str,
        typer.Argument(
            help=say(
                "Voucher number, or title or key of the asset.", "凭证编号，或数据的名称、标识。"
            )
        ),
    ],
    right: Annotated[list[str], RIGHT],
    to: Annotated[str, typer.Option("--to", help=say("The pledgee.", "质权人。"))],
    secures: Annotated[
        str | None,
        file_or_digest(
            "The contract that it secures; only its digest is written.",
            "所担保的合同（文件或摘要），仅登记其摘要。",
        ),
    ] = None,
    consent: Annotated[
        list[str] | None,
        typer.Option(
            help=say(
                "An earlier pledgee who agrees and signs too; repeat.",
                "同意再次质押并共同签署的在先质权人，可重复。",
            )
        ),
    ] = None,
    party: Annotated[
        str | None,
        typer.Option("--as", help=say("The pledgor: whose rights they are.", "出质人（权利人）。")),
    ] = None,
    out: Annotated[Path | None, DRAFT] = None,
) -> None:
    from msgspec import UNSET

    from cli.fingerprints import read_digest
    from cli.holding import find_live_voucher
    from cli.registering import RIGHTS, check_choice
    from cli.subjects import choose_party, find_asset, find_party
    from cli.twosided import write_or_draft
    from contracts.encumbrance import Create
    from contracts.engine import refuse

    session: Session = context.obj
    rights = tuple(dict.fromkeys(check_choice("--right", each, RIGHTS) for each in right))
    digest = UNSET if secures is None else read_digest(secures)
    with session.registry(is_writer=True) as registry:
        asset = find_asset(registry, voucher)
        number = find_live_voucher(registry, asset)
        if number is UNSET:
            refuse(
                "not_live_voucher",
                f"{asset} has no live voucher: have its rights registered first",
                f"{asset} 没有有效凭证：请先办理登记",
                "domain 4",
            )
        actor = choose_party(registry, party)
        consents = tuple(sorted({find_party(registry, each) for each in consent or ()}))
        body = Create(
            asset=asset,
            voucher=number,
            pledgee=find_party(registry, to),
            rights=rights,
            secures=digest,
            consents=consents or UNSET,
        )
        write_or_draft(session, registry, actor, body, out, name="pledge")


def release(
    context: typer.Context,
    encumbrance: Annotated[
        str, typer.Argument(help=say("Pledge: key or its beginning.", "质押：标识或其开头。"))
    ],
) -> None:
    from cli.holding import find_live_voucher
    from cli.subjects import find_subject
    from cli.writing import write_alone
    from contracts.encumbrance import Encumbrance, Release

    session: Session = context.obj
    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "encumbrance", encumbrance)
        state = registry.need_state(Encumbrance, key)
        voucher = find_live_voucher(registry, state.asset)
        body = Release(encumbrance=key, asset=state.asset, voucher=voucher)
        write_alone(session, registry, state.pledgee, body, key)

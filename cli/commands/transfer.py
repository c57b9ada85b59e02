"""`muniment transfer`, and `cosign` and `submit` for drafts of any two-sided event."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import DRAFT, FORCE, RIGHT, VOUCHER, file_or_digest
from cli.lang import say
from cli.session import Session


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("transfer", help=_TRANSFER_HELP)(transfer)
    app.command("cosign", help=_COSIGN_HELP)(cosign)
    app.command("submit", help=_SUBMIT_HELP)(submit)


_TRANSFER_HELP = say(
    "Transfer rights: files the registration that both sides sign.\n\n"
    "The transferor keeps nothing of what moves. If the other side's key is elsewhere, writes a draft for it to sign; under the solo profile goes through to the new voucher.\n\n"
    "Example: muniment transfer TEST2026110001 --right operate --to 'Harbour Data Ltd'",
    "转让权利：由双方签署的转让登记申请。\n\n"
    "转让方不保留所转让的权利。对方密钥在别处时写成草稿；单人试用时直接换发凭证。\n\n"
    "示例：muniment transfer TEST2026110001 --right operate --to 江苏数据有限公司",
)
_COSIGN_HELP = say(
    "Show what a draft says, and sign it with the keys here.\n\n"
    "Works with keys alone, without a ledger. The draft's file gets the signature.\n\n"
    "Example: muniment cosign TEST2026110001-transfer.draft.json --opening TEST2026110001-transfer.opening.json",
    "显示草稿内容，并用此处的密钥签署。\n\n"
    "只有密钥、没有账本时亦可使用；签名写入草稿文件。\n\n"
    "示例：muniment cosign TEST2026110001-transfer.draft.json --opening TEST2026110001-transfer.opening.json",
)
_SUBMIT_HELP = say(
    "Write the event of a draft that everybody has signed.\n\n"
    "Example: muniment submit TEST2026110001-transfer.draft.json",
    "将各方均已签署的草稿写入账本。\n\n示例：muniment submit TEST2026110001-transfer.draft.json",
)
_DRAFT = typer.Argument(metavar="file", help=say("Draft file.", "草稿文件。"))
_OPENING = typer.Option(
    help=say("Opening file of the draft; secret.", "草稿的开示文件（须保密）。")
)


def transfer(
    context: typer.Context,
    voucher: Annotated[str, VOUCHER],
    to: Annotated[str, typer.Option("--to", help=say("Party that gets the rights.", "受让方。"))],
    right: Annotated[list[str], RIGHT],
    ground: Annotated[
        str | None,
        typer.Option(
            help=say(
                "judgment, arbitration, merger, succession or liquidation: only the transferee signs.",
                "法定事由：judgment、arbitration、merger、succession 或 liquidation，仅受让方签署。",
            )
        ),
    ] = None,
    document: Annotated[
        str | None,
        file_or_digest(
            "The contract, or the document of the ground; only its digest is written.",
            "转让合同或法定事由文件（文件或摘要），仅登记其摘要。",
        ),
    ] = None,
    giver: Annotated[
        str | None,
        typer.Option("--from", help=say("Transferor (default: who has it).", "转让方。")),
    ] = None,
    party: Annotated[
        str | None, typer.Option("--as", help=say("Party that files.", "申请主体。"))
    ] = None,
    title: Annotated[
        str | None,
        typer.Option(help=say("Title, if it was never published.", "数据名称（未公示时）。")),
    ] = None,
    scope: Annotated[
        str | None, typer.Option(help=say("Limits of the transfer, in words.", "转让范围说明。"))
    ] = None,
    out: Annotated[Path | None, DRAFT] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from cli.transferring import Options, transfer_rights

    session: Session = context.obj
    options = Options(
        voucher=voucher,
        to=to,
        rights=tuple(right),
        ground=ground,
        document=document,
        giver=giver,
        actor=party,
        title=title,
        scope=scope,
        out=out,
        is_forced=force,
    )
    with session.registry(is_writer=True) as registry:
        transfer_rights(session, registry, options)


def cosign(
    context: typer.Context,
    file: Annotated[Path, _DRAFT],
    opening: Annotated[Path | None, _OPENING] = None,
    party: Annotated[
        str | None,
        typer.Option("--as", help=say("Sign for this party alone.", "仅代表该主体签署。")),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help=say("Name of the key that signs.", "用于签署的密钥名称。")),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help=say("Show it, sign nothing.", "仅显示，不签署。"))
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help=say("Signed draft (default: the file).", "签署后的草稿（默认原文件）。")),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help=say("Sign only a draft of this kind of event.", "仅签署该种事件的草稿。")
        ),
    ] = None,
) -> None:
    from cli.cosigning import Signing, cosign_draft, read_draft

    session: Session = context.obj
    draft = read_draft(file, opening)
    signing = Signing(party=party, key=key, out=out, is_shown_only=show, kind=kind)
    cosign_draft(session, draft, signing)


def submit(
    context: typer.Context,
    file: Annotated[Path, _DRAFT],
    opening: Annotated[Path | None, _OPENING] = None,
) -> None:
    from cli.cosigning import read_draft
    from cli.submitting import submit_draft

    session: Session = context.obj
    submit_draft(session, read_draft(file, opening))

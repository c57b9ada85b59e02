"""`muniment order freeze|unfreeze`."""

from typing import Annotated

import typer

from cli.commands.options import ASSET, GROUND, file_or_digest
from cli.lang import say
from cli.session import Session


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say("Orders of the regulator.", "监管方的命令。"), no_args_is_help=True
    )
    group.command(
        "freeze",
        help=say(
            "Freeze an asset: until it is lifted nobody disposes of it.\n\nExample: muniment order freeze SJ3212026110001 --ground 'court order' --document order.pdf",
            "冻结数据：解除之前任何人不得处分。\n\n示例：muniment order freeze SJ3212026110001 --ground 法院裁定",
        ),
    )(freeze)
    group.command(
        "unfreeze",
        help=say(
            "Lift a freeze; any other on the asset stays.\n\nExample: muniment order unfreeze order/ab12",
            "解除一项冻结；该数据的其他冻结不受影响。\n\n示例：muniment order unfreeze order/ab12",
        ),
    )(unfreeze)
    return group


def freeze(
    context: typer.Context,
    asset: Annotated[str, ASSET],
    ground: Annotated[str, GROUND],
    document: Annotated[
        str | None,
        file_or_digest(
            "The order as issued; only its digest is written.",
            "命令文书（文件或摘要），仅登记其摘要。",
        ),
    ] = None,
) -> None:
    from msgspec import UNSET

    from cli.fingerprints import read_digest
    from cli.holding import find_live_voucher
    from cli.subjects import find_asset
    from cli.writing import write_alone
    from contracts.supervision import Freeze

    session: Session = context.obj
    digest = UNSET if document is None else read_digest(document)
    with session.registry(is_writer=True) as registry:
        key = find_asset(registry, asset)
        voucher = find_live_voucher(registry, key)
        body = Freeze(asset=key, voucher=voucher, ground=ground, document=digest)
        actor = registry.ledger.regulator
        write_alone(session, registry, actor, body)


def unfreeze(
    context: typer.Context,
    order: Annotated[
        str, typer.Argument(help=say("Order: key or its beginning.", "冻结令：标识或其开头。"))
    ],
) -> None:
    from cli.holding import find_live_voucher
    from cli.subjects import find_subject
    from cli.writing import write_alone
    from contracts.supervision import Order, Unfreeze

    session: Session = context.obj
    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "order", order)
        asset = registry.need_state(Order, key).asset
        body = Unfreeze(order=key, asset=asset, voucher=find_live_voucher(registry, asset))
        actor = registry.ledger.regulator
        write_alone(session, registry, actor, body, key)

"""`muniment attest make|withdraw|list`."""

from typing import Annotated, get_args

import typer

from cli.commands.options import ASSET, GROUND, file_or_digest
from cli.lang import say
from cli.session import Session

_DOCUMENT = file_or_digest(
    "The report, opinion or deed; only its digest is written.",
    "报告或公证书（文件或摘要），仅登记其摘要。",
)


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say("Attestations of third parties about data.", "第三方就数据出具的证明。"),
        no_args_is_help=True,
    )
    group.command(
        "make",
        help=say(
            "Attest something about data, in a role that one is admitted to.\n\nA downgrade lets data be of a lower level than what it is made from: name it in the record.\n\nExample: muniment attest make SJ3212026110001 --type quality --document report.pdf --as 'Harbour Audit'",
            "以获准的身份就数据出具证明。\n\n降级评估使数据可定为低于其来源的级别：登记时须写明。\n\n示例：muniment attest make SJ3212026110001 --type quality --document r.pdf",
        ),
    )(make)
    group.command(
        "withdraw",
        help=say(
            "Withdraw an attestation of one's own.\n\nExample: muniment attest withdraw attestation/ab12 --ground 'an error in the report'",
            "撤回本人出具的证明。\n\n示例：muniment attest withdraw attestation/ab12 --ground 报告有误",
        ),
    )(withdraw)
    group.command(
        "list",
        help=say(
            "List attestations, all or those about one asset.\n\nExample: muniment attest list SJ3212026110001",
            "列出证明，可限于某项数据。\n\n示例：muniment attest list SJ3212026110001",
        ),
    )(show_all)
    return group


def make(
    context: typer.Context,
    asset: Annotated[str, ASSET],
    kind: Annotated[
        str,
        typer.Option(
            "--type",
            help=say(
                "compliance, risk, security-review, audit, valuation, quality, certification, algorithm, downgrade, entity-admission, data-admission, data-authenticity, data-leak or model-safety.",
                "证明类型： compliance, risk, security-review, audit, valuation, quality, certification, algorithm, downgrade, entity-admission, data-admission, data-authenticity, data-leak, model-safety.",
            ),
        ),
    ],
    document: Annotated[str, _DOCUMENT],
    statement: Annotated[
        str | None, typer.Option(help=say("The result in words.", "结论（文字）。"))
    ] = None,
    level: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Of a downgrade: the lowest level that the data may be given.",
                "降级评估：可定的最低级别。",
            )
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--valid-until", metavar="DATE", help=say("Last day, or instant.", "有效期截止日期。")
        ),
    ] = None,
    party: Annotated[str | None, typer.Option("--as", help=say("Who attests.", "出具方。"))] = None,
) -> None:
    from msgspec import UNSET

    from cli.assessing import parse_end
    from cli.fingerprints import read_digest
    from cli.holding import find_live_voucher
    from cli.registering import LEVELS, check_choice
    from cli.subjects import choose_party, find_asset, find_keys
    from cli.writing import submit_signed
    from contracts.attestation import AttestationType, Make
    from ledger.core.subjects import derive_id

    session: Session = context.obj
    chosen: AttestationType = check_choice("--type", kind, get_args(AttestationType))
    lowest = UNSET if level is None else check_choice("--level", level, LEVELS)
    with session.registry(is_writer=True) as registry:
        actor = choose_party(registry, party)
        key = find_asset(registry, asset)
        body = Make(
            type=chosen,
            asset=key,
            voucher=find_live_voucher(registry, key),
            document=read_digest(document),
            statement=UNSET if statement is None else statement,
            level=lowest,
            valid_until=UNSET if until is None else parse_end(until),
        )
        event = registry.build_event(actor, body)
        signed = registry.sign_event(event, find_keys(registry, actor, 1))
        made = derive_id("attestation", actor=actor, nonce=event.nonce)
        submit_signed(session, registry, signed, made)


def withdraw(
    context: typer.Context,
    attestation: Annotated[
        str,
        typer.Argument(help=say("Attestation: key or its beginning.", "证明：标识或其开头。")),
    ],
    ground: Annotated[str, GROUND],
) -> None:
    from cli.holding import find_live_voucher
    from cli.subjects import find_subject
    from cli.writing import write_alone
    from contracts.attestation import Attestation, Withdraw

    session: Session = context.obj
    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "attestation", attestation)
        state = registry.need_state(Attestation, key)
        voucher = find_live_voucher(registry, state.asset)
        body = Withdraw(attestation=key, asset=state.asset, voucher=voucher, ground=ground)
        write_alone(session, registry, state.issuer, body, key)


def show_all(
    context: typer.Context,
    asset: Annotated[str | None, ASSET] = None,
) -> None:
    from cli.assessing import list_attestations

    session: Session = context.obj
    with session.registry() as registry:
        list_attestations(session, registry, asset)

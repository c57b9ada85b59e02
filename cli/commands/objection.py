"""`muniment objection file|notify|respond|conclude|list|show` and `muniment object`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from cli.commands.options import (
    ASSET,
    DRAFT,
    LIMIT,
    OFFICER_DRAFT,
    PUBLIC_TEXT,
    REASONS,
    file_or_digest,
)
from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session
from ledger.core.types import Json

if TYPE_CHECKING:
    from contracts.objection import Objection
    from ledger.core.types import SubjectKey
    from node.registryapi import RegistryApi

_ID = typer.Argument(
    help=say("Objection: key or its beginning.", "异议：标识或其开头。"), metavar="ID"
)
_AS = typer.Option("--as", help=say("The party that acts.", "操作主体。"))
_FILE = (
    "Object to what is registered (Article 29); open until it is concluded.\n\n"
    "Example: muniment {} SJ3212026110001 --evidence complaint.pdf --as 'Harbour Ltd'"
)
_FILE_ZH = (
    "对已登记事项提出异议（第二十九条）；作出结论前持续公示。\n\n"
    "示例：muniment {} SJ3212026110001 --evidence o.pdf --as 江苏数据"
)


def add_commands(app: typer.Typer) -> None:
    """Add `object`, the short form of `objection file`, to the app."""
    app.command("object", help=say(_FILE.format("object"), _FILE_ZH.format("object")))(file)


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say("Objections to what is registered.", "对已登记事项的异议。"),
        no_args_is_help=True,
    )
    filed = say(_FILE.format("objection file"), _FILE_ZH.format("objection file"))
    group.command("file", help=filed)(file)
    group.command(
        "notify",
        help=say(
            "The registrar has told the right-holders (Article 29).\n\nExample: muniment objection notify objection/ab12 --document letter.pdf",
            "登记机构已告知权利人（第二十九条）。\n\n示例：muniment objection notify objection/ab12 --document 告知书.pdf",
        ),
    )(notify)
    group.command(
        "respond",
        help=say(
            "Answer an objection, as a right-holder.\n\nExample: muniment objection respond objection/ab12 --agree --statement answer.pdf --as 'Harbour Ltd'",
            "由权利人答复异议。\n\n示例：muniment objection respond objection/ab12 --agree --statement a.pdf --as 江苏数据",
        ),
    )(respond)
    group.command(
        "conclude",
        help=say(
            "Say what came of it; who objected may withdraw.\n\nExample: muniment objection conclude objection/ab12 --outcome dismissed --reasons 'not shown'",
            "作出结论；异议人可撤回。\n\n示例：muniment objection conclude objection/ab12 --outcome dismissed --reasons 证据不足",
        ),
    )(conclude)
    group.command(
        "list",
        help=say(
            "List the objections.\n\nExample: muniment objection list --open",
            "列出异议。\n\n示例：muniment objection list --open",
        ),
    )(show_all)
    group.command(
        "show",
        help=say(
            "Show an objection.\n\nExample: muniment objection show objection/ab12",
            "显示异议。\n\n示例：muniment objection show objection/ab12",
        ),
    )(show)
    return group


def file(
    context: typer.Context,
    asset: Annotated[str, ASSET],
    evidence: Annotated[
        str,
        file_or_digest(
            "The objection with its material; only its digest is written.",
            "异议书及材料（文件或摘要），仅登记其摘要。",
        ),
    ],
    reason: Annotated[str | None, PUBLIC_TEXT] = None,
    party: Annotated[str | None, _AS] = None,
    out: Annotated[Path | None, DRAFT] = None,
) -> None:
    from msgspec import UNSET

    from cli.fingerprints import read_digest
    from cli.subjects import choose_party, find_asset
    from cli.twosided import write_own
    from contracts.engine import refuse
    from contracts.objection import FileObjection
    from contracts.title import Asset

    session: Session = context.obj
    digest = read_digest(evidence)
    with session.registry(is_writer=True) as registry:
        key = find_asset(registry, asset)
        number = registry.need_state(Asset, key).voucher
        if number is None:
            refuse(
                "not_live_voucher",
                f"{key} has no live voucher: before the record object to the registration with "
                "'muniment registration object ID'",
                f"{key} 没有有效凭证：登记之前请用 muniment registration object 标识 提出异议",
                "Art. 29",
            )
        said = UNSET if reason is None else reason
        body = FileObjection(asset=key, voucher=number, reason=said, evidence=digest)
        actor = choose_party(registry, party)
        write_own(session, registry, actor, body, out)


def notify(
    context: typer.Context,
    objection: Annotated[str, _ID],
    document: Annotated[
        str | None,
        file_or_digest("The notice; only its digest is written.", "告知书，仅登记其摘要。"),
    ] = None,
) -> None:
    from msgspec import UNSET

    from cli.fingerprints import read_digest
    from cli.twosided import write_or_draft
    from contracts.objection import Notify

    session: Session = context.obj
    digest = UNSET if document is None else read_digest(document)
    with session.registry(is_writer=True) as registry:
        key, state = _find(registry, objection)
        body = Notify(objection=key, asset=state.asset, document=digest)
        write_or_draft(session, registry, registry.ledger.registrar, body)


def respond(
    context: typer.Context,
    objection: Annotated[str, _ID],
    agrees: Annotated[
        bool,
        typer.Option(
            "--agree/--contest",
            help=say(
                "Agree, and file a change or a cancellation; or contest it.",
                "同意（并申请变更或注销），或不同意。",
            ),
        ),
    ],
    statement: Annotated[
        str,
        file_or_digest("The answer; only its digest is written.", "答复材料，仅登记其摘要。"),
    ],
    party: Annotated[str | None, _AS] = None,
    out: Annotated[Path | None, DRAFT] = None,
) -> None:
    from cli.fingerprints import read_digest
    from cli.twosided import write_own
    from contracts.objection import Respond

    session: Session = context.obj
    digest = read_digest(statement)
    with session.registry(is_writer=True) as registry:
        key, state = _find(registry, objection)
        body = Respond(objection=key, asset=state.asset, agrees=agrees, statement=digest)
        write_own(session, registry, _choose_holder(registry, state.asset, party), body, out)


def conclude(
    context: typer.Context,
    objection: Annotated[str, _ID],
    outcome: Annotated[
        str,
        typer.Option(
            help=say(
                "dismissed, withdrawn, upheld or to-court.",
                "dismissed、withdrawn、upheld 或 to-court。",
            )
        ),
    ],
    reasons: Annotated[str, REASONS],
    document: Annotated[
        str | None,
        file_or_digest(
            "The decision or the letter it rests on; only its digest is written.",
            "所依据的生效文书或书面材料，仅登记其摘要。",
        ),
    ] = None,
    party: Annotated[
        str | None,
        typer.Option("--as", help=say("Who objected, to withdraw.", "异议人（撤回时）。")),
    ] = None,
    out: Annotated[Path | None, OFFICER_DRAFT] = None,
) -> None:
    from msgspec import UNSET

    from cli.fingerprints import read_digest
    from cli.registering import check_choice
    from cli.subjects import find_party
    from cli.twosided import write_or_draft
    from contracts.objection import Conclude, Outcome

    session: Session = context.obj
    chosen: Outcome = check_choice("--outcome", outcome, get_args(Outcome))
    digest = UNSET if document is None else read_digest(document)
    with session.registry(is_writer=True) as registry:
        key, state = _find(registry, objection)
        body = Conclude(
            objection=key, asset=state.asset, outcome=chosen, reasons=reasons, document=digest
        )
        actor = registry.ledger.registrar if party is None else find_party(registry, party)
        write_or_draft(session, registry, actor, body, out)


def show_all(
    context: typer.Context,
    is_open: Annotated[
        bool, typer.Option("--open", help=say("Only those not concluded.", "仅列出未结的。"))
    ] = False,
    limit: Annotated[int, LIMIT] = 200,
) -> None:
    from cli.words import show_label, show_status
    from contracts.objection import Objection

    session: Session = context.obj
    with session.registry() as registry:
        keys = registry.find_subjects("objection/", 10_000)
        states = [(key, registry.need_state(Objection, key)) for key in keys]
    found = [(key, each) for key, each in states if each.is_open or not is_open][:limit]
    items: list[Json] = [
        {
            "objection": key,
            "asset": each.asset,
            "by": each.by,
            "status": each.stage,
            "deadline": each.deadline,
            "reason": each.reason,
        }
        for key, each in found
    ]
    rows = [
        (
            key,
            each.asset,
            show_label(each.describe(key).label),
            show_status(each.stage, "objection"),
        )
        for key, each in found
    ]
    headers = [
        say("objection", "异议"),
        say("asset", "数据"),
        say("reason", "理由"),
        say("status", "状态"),
    ]
    session.out.items(items, headers, rows)


def show(context: typer.Context, objection: Annotated[str, _ID]) -> None:
    from cli.commands.query import show_subject

    session: Session = context.obj
    with session.registry() as registry:
        show_subject(session, registry, "objection", objection)


def _find(registry: "RegistryApi", text: str) -> "tuple[SubjectKey, Objection]":
    from cli.subjects import find_subject
    from contracts.objection import Objection

    key = find_subject(registry, "objection", text)
    return key, registry.need_state(Objection, key)


def _choose_holder(registry: "RegistryApi", asset: "SubjectKey", text: str | None) -> "SubjectKey":
    """The right-holder that answers: named, or the only one.

    Raises:
        UsageError: There are several.
        NotFoundError: There is no such party.
    """
    from cli.subjects import find_party
    from contracts.title import Asset, tuple_values
    from ledger.core.types import SubjectKey

    if text is not None:
        return find_party(registry, text)
    tuples = tuple_values(registry.need_state(Asset, asset).tuples)
    holders = sorted({SubjectKey(str(value["holder"])) for value in tuples})
    if len(holders) != 1:
        raise UsageError(
            say("say which right-holder answers: --as PARTY", "请用 --as 指明答复的权利人"),
            "party_required",
        )
    return holders[0]

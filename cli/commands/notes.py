"""`muniment registration note|unnote|correct|confirm`: what is written beside a registration."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from cli.commands.options import (
    DRAFT,
    OFFICER_DRAFT,
    PUBLIC_TEXT,
    REASONS,
    REGISTRATION,
    file_or_digest,
)
from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session

if TYPE_CHECKING:
    from contracts.procedure import National, Notice, Registration
    from contracts.title import Classification, Right
    from ledger.core.types import JsonObject, SubjectKey
    from node.registryapi import RegistryApi

_DOCUMENT = file_or_digest(
    "What orders or lifts it; only its digest is written.",
    "所依据或解除的文书（文件或摘要），仅登记其摘要。",
)
_CLASSIFICATION = (
    "industry",
    "data_class",
    "level",
    "openness",
    "assessed_by",
    "list_version",
    "downgrade",
)


def add_commands(group: typer.Typer) -> None:
    """Add the commands to the group `registration`."""
    group.command(
        "note",
        help=say(
            "Note what holds beside the rights, such as a seizure (Article 23).\n\nExample: muniment registration note rdydrlpl --kind seizure --text 'seized by the court' --document order.pdf",
            "备注限制、查封等事项（第二十三条）。\n\n示例：muniment registration note rdydrlpl --kind by-law --text 破产受理",
        ),
    )(note)
    group.command(
        "unnote",
        help=say(
            "End a note (Article 23).\n\nExample: muniment registration unnote rdydrlpl --reasons 'lifted by the court' --document order.pdf",
            "解除备注（第二十三条）。\n\n示例：muniment registration unnote rdydrlpl --reasons 解封 --document d.pdf",
        ),
    )(unnote)
    group.command(
        "correct",
        help=say(
            "Mend the registrar's own slip; times and rights stay (Article 38).\n\nExample: muniment registration correct rdydrlpl --industry transport --reasons 'a slip of the pen'",
            "更正登记机构的笔误；时间与权利不变（第三十八条）。\n\n示例：muniment registration correct rdydrlpl --industry 交通 --reasons 笔误",
        ),
    )(correct)
    group.command(
        "confirm",
        help=say(
            "Take the rights that were declared for you, as a right-holder who has not signed.\n\nExample: muniment registration confirm rdydrlpl --right use --as 'Harbour Ltd'",
            "由尚未签署的申报权利人确认其权利。\n\n示例：muniment registration confirm rdydrlpl --right use --as 江苏数据有限公司",
        ),
    )(confirm)


def confirm(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    right: Annotated[
        list[str] | None,
        typer.Option(
            help=say(
                "hold, use or operate; repeat (default: all that are declared).",
                "hold、use 或 operate，可重复（默认为全部申报权利）。",
            )
        ),
    ] = None,
    party: Annotated[
        str | None, typer.Option("--as", help=say("The declared right-holder.", "申报权利人。"))
    ] = None,
    decline: Annotated[
        bool, typer.Option("--decline", help=say("Give them up instead.", "放弃而非确认。"))
    ] = False,
    out: Annotated[Path | None, DRAFT] = None,
) -> None:
    from msgspec import UNSET

    from cli.registering import RIGHTS, check_choice
    from cli.subjects import choose_party
    from cli.twosided import write_own
    from contracts.confirmation import Confirm

    session: Session = context.obj
    chosen = tuple(dict.fromkeys(check_choice("--right", each, RIGHTS) for each in right or ()))
    with session.registry(is_writer=True) as registry:
        key, state, number = _find_recorded(registry, registration)
        actor = choose_party(registry, party)
        rights = chosen or _declared_rights(registry, state.asset, actor)
        body = Confirm(
            registration=key,
            asset=state.asset,
            number=number,
            rights=rights,
            decline=decline or UNSET,
        )
        write_own(session, registry, actor, body, out)


def note(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    kind: Annotated[
        str,
        typer.Option(
            help=say(
                "agreed-limits, seizure, temporary-control, by-law or registrar.",
                "agreed-limits、seizure、temporary-control、by-law 或 registrar。",
            )
        ),
    ],
    text: Annotated[str | None, PUBLIC_TEXT] = None,
    document: Annotated[str | None, _DOCUMENT] = None,
) -> None:
    from msgspec import UNSET

    from cli.fingerprints import read_digest
    from cli.registering import check_choice
    from cli.twosided import write_or_draft
    from contracts.notes import Note, Remark, RemarkKind

    session: Session = context.obj
    chosen: RemarkKind = check_choice("--kind", kind, get_args(RemarkKind))
    remark = Remark(
        kind=chosen,
        text=UNSET if text is None else text,
        document=UNSET if document is None else read_digest(document),
    )
    with session.registry(is_writer=True) as registry:
        key, state, number = _find_recorded(registry, registration)
        body = Note(registration=key, asset=state.asset, number=number, note=remark)
        write_or_draft(session, registry, registry.ledger.registrar, body)


def unnote(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    reasons: Annotated[str, REASONS],
    index: Annotated[
        int | None,
        typer.Option(
            "--note",
            help=say(
                "Log index of the note, if more than one stands.",
                "备注的日志位置（有多项备注时）。",
            ),
        ),
    ] = None,
    document: Annotated[str | None, _DOCUMENT] = None,
) -> None:
    from msgspec import UNSET

    from cli.fingerprints import read_digest
    from cli.twosided import write_or_draft
    from contracts.notes import Unnote

    session: Session = context.obj
    digest = UNSET if document is None else read_digest(document)
    with session.registry(is_writer=True) as registry:
        key, state, number = _find_recorded(registry, registration)
        body = Unnote(
            registration=key,
            asset=state.asset,
            number=number,
            note=_choose_note(registry, state.asset) if index is None else index,
            reasons=reasons,
            document=digest,
        )
        write_or_draft(session, registry, registry.ledger.registrar, body)


def correct(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    reasons: Annotated[str, REASONS],
    industry: Annotated[str | None, typer.Option(help=say("Industry.", "所属行业。"))] = None,
    data_class: Annotated[
        str | None,
        typer.Option("--class", help=say("enterprise, public or personal.", "数据类别。")),
    ] = None,
    level: Annotated[
        str | None, typer.Option(help=say("general-1 to general-4 or important.", "数据级别。"))
    ] = None,
    openness: Annotated[
        str | None,
        typer.Option(help=say("unconditional, conditional or closed.", "开放方式。")),
    ] = None,
    assessed_by: Annotated[
        str | None, typer.Option(help=say("The party that assessed it.", "评定方。"))
    ] = None,
    list_version: Annotated[
        str | None, typer.Option(help=say("Version of the catalogue.", "目录版本。"))
    ] = None,
    downgrade: Annotated[
        str | None,
        typer.Option(
            metavar="ATTESTATION",
            help=say(
                "What a lower level or more openness rests on: see 'attest make'.",
                "所依据的降级评估，见 attest make。",
            ),
        ),
    ] = None,
    notice_system: Annotated[
        str | None, typer.Option(help=say("Where the public notice stood.", "公示系统。"))
    ] = None,
    notice_ref: Annotated[
        str | None, typer.Option(help=say("Its reference there.", "公示编号。"))
    ] = None,
    national_system: Annotated[
        str | None, typer.Option(help=say("Where the evidence is stored.", "存证系统。"))
    ] = None,
    national_record: Annotated[
        str | None, typer.Option(help=say("Its record there.", "存证编号。"))
    ] = None,
    national_digest: Annotated[
        str | None,
        typer.Option(help=say("SHA-256 of what was stored.", "存证内容摘要。")),
    ] = None,
    out: Annotated[Path | None, OFFICER_DRAFT] = None,
) -> None:
    from msgspec import UNSET

    from cli.subjects import find_party, find_subject
    from cli.twosided import write_or_draft
    from contracts.notes import Correct

    session: Session = context.obj
    mended = (industry, data_class, level, openness, assessed_by, list_version, downgrade)
    values = dict(zip(_CLASSIFICATION, mended, strict=True))
    with session.registry(is_writer=True) as registry:
        key, state, number = _find_recorded(registry, registration)
        if assessed_by is not None:
            values["assessed_by"] = find_party(registry, assessed_by)
        if downgrade is not None:
            values["downgrade"] = find_subject(registry, "attestation", downgrade)
        classification = _mend_classification(registry, state.asset, _given(values))
        notice = _given({"system": notice_system, "ref": notice_ref})
        national = _given(
            {"system": national_system, "record": national_record, "digest": national_digest}
        )
        body = Correct(
            registration=key,
            asset=state.asset,
            number=number,
            classification=UNSET if classification is None else classification,
            notice=_mend_notice(state, notice) if notice else UNSET,
            national=_mend_national(state, national) if national else UNSET,
            reasons=reasons,
        )
        write_or_draft(session, registry, registry.ledger.registrar, body, out)


def _declared_rights(
    registry: "RegistryApi", asset: "SubjectKey", holder: "SubjectKey"
) -> "tuple[Right, ...]":
    """All that is declared for a party on an asset.

    Raises:
        UsageError: Nothing is.
    """
    from cli.registering import RIGHTS
    from contracts.title import Asset, tuple_values

    values = tuple_values(registry.need_state(Asset, asset).declared)
    own = [value["right"] for value in values if value["holder"] == holder]
    if not own:
        raise UsageError(
            say(
                f"nothing is declared for {holder} on {asset}: name the party with --as",
                f"{asset} 上没有为 {holder} 申报的权利：请用 --as 指明主体",
            ),
            "party_required",
        )
    return tuple(right for right in RIGHTS if right in own)


def _given(values: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _find_recorded(registry: "RegistryApi", text: str) -> "tuple[SubjectKey, Registration, str]":
    """A registration that was recorded, with its state and the number of its voucher.

    Raises:
        RejectedError: It was not recorded.
        UsageError: More than one fits.
        NotFoundError: None fits.
    """
    from cli.subjects import find_subject
    from contracts.engine import refuse
    from contracts.procedure import Registration

    key = find_subject(registry, "registration", text)
    state = registry.need_state(Registration, key)
    if state.voucher is None:
        refuse(
            "not_in_force",
            f"{key} was not recorded: see how far it is with 'muniment registration show ID'",
            f"{key} 尚未登记：请用 muniment registration show 标识 查看进度",
            "Art. 23",
        )
    return key, state, state.voucher


def _choose_note(registry: "RegistryApi", asset: "SubjectKey") -> int:
    """The one note that stands on an asset.

    Raises:
        UsageError: None or more than one does.
    """
    from contracts.title import Asset

    notes = registry.need_state(Asset, asset).notes
    standing = [each.index for each in notes if each.end is None]
    if len(standing) != 1:
        listed = ", ".join(map(str, standing)) or say("none", "无")
        raise UsageError(
            say(
                f"{len(standing)} notes stand ({listed}): name one with --note INDEX",
                f"现有 {len(standing)} 项备注（{listed}）：请用 --note 日志位置 指明",
            ),
            "option_required",
        )
    return standing[0]


def _mend_classification(
    registry: "RegistryApi", asset: "SubjectKey", given: dict[str, str]
) -> "Classification | None":
    """The asset's classification with these members changed; None if none is given.

    Raises:
        MalformedError: A member has no such value.
    """
    from contracts.records import format_record, parse_record
    from contracts.title import Asset, Classification

    before = registry.need_state(Asset, asset).classification
    if not given or before is None:
        return None
    named = {"class" if name == "data_class" else name: value for name, value in given.items()}
    return parse_record(Classification, {**format_record(before), **named})


def _mend_notice(state: "Registration", given: dict[str, str]) -> "Notice":
    from contracts.procedure import Notice
    from contracts.records import format_record, parse_record

    before = None if state.notice is None else format_record(state.notice)
    return parse_record(Notice, {**_need(before, "--notice-system"), **given})


def _mend_national(state: "Registration", given: dict[str, str]) -> "National":
    from contracts.procedure import National
    from contracts.records import format_record, parse_record

    before = None if state.national is None else format_record(state.national)
    return parse_record(National, {**_need(before, "--national-system"), **given})


def _need(before: "JsonObject | None", option: str) -> "JsonObject":
    if before is None:
        raise UsageError(
            say(
                f"the registration was recorded without it: leave out {option} and the like",
                f"该登记未记载此项：请省去 {option} 等选项",
            ),
            "option_value",
        )
    return before

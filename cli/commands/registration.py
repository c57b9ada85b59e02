"""`muniment registration ...`: what a registrar and an applicant do with one registration."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from cli.commands import duplicates, later, notes, procedure, reading
from cli.commands.inquiry import extend, object_to, resolve, terminate
from cli.commands.notice import publish, withhold
from cli.commands.options import DRAFT, OFFICER_DRAFT, REASONS, REGISTRATION, YES
from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session
from ledger.core.types import SubjectKey

if TYPE_CHECKING:
    from node.registryapi import RegistryApi

_AS = typer.Option("--as", help=say("Applicant that acts.", "操作的申请人。"))


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(help=say("The registration procedure.", "登记程序。"), no_args_is_help=True)
    reading.add_commands(group)
    for name, command, help_text in (
        ("accept", accept, say("Accept an application (Article 17).", "受理（第十七条）。")),
        (
            "return",
            send_back,
            say("Ask once for what is missing (Article 17).", "一次性告知补正（第十七条）。"),
        ),
        (
            "supplement",
            supplement,
            say("Ask for more, or answer (Article 18).", "要求或提交补充材料（第十八条）。"),
        ),
        (
            "publish",
            publish,
            say("Open the statutory members (Article 24).", "公示（第二十四条）。"),
        ),
        (
            "withhold",
            withhold,
            say("No public notice, on a good reason (Article 24).", "不予公示（第二十四条）。"),
        ),
        (
            "object",
            object_to,
            say("Object while the notice runs (Article 25).", "公示期内提出异议（第二十五条）。"),
        ),
        (
            "resolve",
            resolve,
            say("Decide the open objections (Article 25).", "处理异议（第二十五条）。"),
        ),
        (
            "extend",
            extend,
            say("Take more time, once (Article 28).", "延长办结期限，仅一次（第二十八条）。"),
        ),
        ("withdraw", withdraw, say("The applicant withdraws.", "撤回申请。")),
        (
            "terminate",
            terminate,
            say("It cannot be cleared up (Article 18).", "终止登记（第十八条）。"),
        ),
        (
            "refuse",
            refuse,
            say(
                "Refuse on a ground of Article 22.",
                "不予登记（第二十二条）。\n\n22-1 危害国家安全、公共利益或他人权益\n\n22-2 来源不合法\n\n22-3 权属争议未解决\n\n22-4 隐瞒或提供虚假材料\n\n22-5 法律法规规定的其他情形",
            ),
        ),
        (
            "record",
            record,
            say(
                "Record it and issue the voucher (Article 26, 27).",
                "登记并核发凭证（第二十六、二十七条）。",
            ),
        ),
        (
            "revoke",
            revoke,
            say(
                "Cancel a voucher ex officio (Article 37).",
                "依职权注销（第三十七条）。\n\ndata-destroyed 数据已灭失\n\nobjection-upheld 异议成立\n\njudgment 生效裁判\n\nobtained-by-deceit 以欺骗手段取得\n\nby-law 依法注销",
            ),
        ),
    ):
        group.command(name, help=help_text)(command)
    notes.add_commands(group)
    procedure.add_commands(group)
    duplicates.add_commands(group)
    later.add_commands(group)
    return group


def accept(context: typer.Context, registration: Annotated[str, REGISTRATION]) -> None:
    from cli.duplicates import warn_matches
    from cli.steps import write_as_registrar
    from contracts.registration import Accept

    session: Session = context.obj

    def body(registry: "RegistryApi", key: "SubjectKey") -> Accept:
        warn_matches(session, registry, key)
        return Accept(registration=key)

    write_as_registrar(session, registration, body)


def send_back(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    missing: Annotated[
        list[str],
        typer.Option(help=say("What is missing; all of it.", "须补正的全部内容。")),
    ],
    until: Annotated[
        str,
        typer.Option(
            metavar="DATE",
            help=say(
                "Until when: 2026-12-31 for all of that day, or 2026-12-31T17:00:00+08:00.",
                "补正期限，如 2026-12-31（含当日）。",
            ),
        ),
    ],
) -> None:
    from cli.steps import write_as_registrar
    from cli.times import parse_date
    from contracts.registration import Return

    deadline = parse_date(until)
    write_as_registrar(
        context.obj,
        registration,
        lambda _, key: Return(registration=key, missing=tuple(missing), until=deadline),
    )


def supplement(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    ask: Annotated[
        str | None,
        typer.Option(help=say("What the registrar asks for.", "登记机构要求补充的内容。")),
    ] = None,
    answer: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "The applicant's answer, a file; only its digest is written.",
                "申请人提交的材料，仅登记其摘要。",
            )
        ),
    ] = None,
    as_party: Annotated[str | None, _AS] = None,
    out: Annotated[Path | None, DRAFT] = None,
) -> None:
    from cli.steps import write_as_applicant, write_as_registrar
    from contracts.registration import Supplement
    from tracing.fingerprint import fingerprint_file

    if (ask is None) == (answer is None):
        raise UsageError(say("give --ask or --answer", "请给出 --ask 或 --answer"))
    if ask is not None:
        text = ask
        write_as_registrar(
            context.obj, registration, lambda _, key: Supplement(registration=key, ask=text), out
        )
    elif answer is not None:
        digest = fingerprint_file(answer).digest
        write_as_applicant(
            context.obj,
            registration,
            as_party,
            lambda _, key: Supplement(registration=key, answer=digest),
            out,
        )


def withdraw(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    as_party: Annotated[str | None, _AS] = None,
    out: Annotated[Path | None, DRAFT] = None,
) -> None:
    from cli.steps import write_as_applicant
    from contracts.registration import Withdraw

    write_as_applicant(
        context.obj, registration, as_party, lambda _, key: Withdraw(registration=key), out
    )


def refuse(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    ground: Annotated[
        str,
        typer.Option(
            help=say(
                "22-1 harm to security, the public or others; 22-2 unlawful source; 22-3 "
                "unresolved dispute of ownership; 22-4 concealment or false proof; 22-5 other law.",
                "22-1 至 22-5，含义见上。",
            )
        ),
    ],
    reasons: Annotated[str, REASONS],
) -> None:
    from cli.registering import check_choice
    from cli.steps import write_as_registrar
    from contracts.registration import RefusalGround, Refuse

    chosen: RefusalGround = check_choice("--ground", ground, get_args(RefusalGround))
    write_as_registrar(
        context.obj,
        registration,
        lambda _, key: Refuse(registration=key, ground=chosen, reasons=reasons),
    )


def record(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    accuracy: Annotated[
        str,
        typer.Option(
            help=say("Finding: is the description accurate?", "数据描述的准确性审查结论。")
        ),
    ],
    compliance: Annotated[
        str, typer.Option(help=say("Finding: is the source lawful?", "数据来源的合规性审查结论。"))
    ],
    clarity: Annotated[
        str, typer.Option(help=say("Finding: are the rights clear?", "数据产权的明确性审查结论。"))
    ],
    national_system: Annotated[
        str | None, typer.Option(help=say("Where the evidence is stored.", "存证系统。"))
    ] = None,
    national_record: Annotated[
        str | None, typer.Option(help=say("Its record there.", "存证编号。"))
    ] = None,
    national_time: Annotated[
        str | None, typer.Option(help=say("Its evidence time.", "存证时间。"))
    ] = None,
    national_digest: Annotated[
        str | None, typer.Option(help=say("SHA-256 of what was stored.", "存证内容摘要。"))
    ] = None,
    national_file: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "What was stored, by 'export national': instead of its digest.",
                "已存证的导出文件，代替摘要。",
            )
        ),
    ] = None,
    level: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Level as assessed, instead of the form's.", "评定的级别，代替申请表所填级别。"
            )
        ),
    ] = None,
    downgrade: Annotated[
        str | None,
        typer.Option(
            metavar="ATTESTATION",
            help=say(
                "Lets the level be below a source's: see 'attest make'.",
                "允许级别低于来源数据的降级评估：见 attest make。",
            ),
        ),
    ] = None,
    duplicate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DECISION",
            help=say(
                "ASSET=DECISION:REASON about an asset of the same content (see 'registration "
                "duplicates'): distinct, same-data-other-right or same-data-again.",
                "对内容相同者的认定，写作 数据=认定:理由。",
            ),
        ),
    ] = None,
    out: Annotated[Path | None, OFFICER_DRAFT] = None,
) -> None:
    from cli.recording import Findings, record_registration

    national = (national_system, national_record, national_time, national_digest)
    findings = Findings(
        accuracy,
        compliance,
        clarity,
        national,
        national_file,
        level=level,
        downgrade=downgrade,
        duplicates=tuple(duplicate or ()),
    )
    record_registration(context.obj, registration, findings, out)


def revoke(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    ground: Annotated[
        str,
        typer.Option(
            help=say(
                "data-destroyed, objection-upheld, judgment, obtained-by-deceit or by-law.",
                "注销情形，取值见上。",
            )
        ),
    ],
    reasons: Annotated[str, REASONS],
    objection: Annotated[
        str | None,
        typer.Option(
            help=say(
                "The upheld objection that it rests on, if several.",
                "所依据的成立异议（有多项时）。",
            )
        ),
    ] = None,
    out: Annotated[Path | None, OFFICER_DRAFT] = None,
    yes: Annotated[bool, YES] = False,
) -> None:
    from cli.confirming import confirm
    from cli.registering import check_choice
    from cli.subjects import find_officers, find_subject
    from cli.twosided import DraftFile, submit_or_draft
    from contracts.revocation import RevocationGround
    from node.drafts import prepare_event
    from node.recording import build_revocation

    session: Session = context.obj
    chosen: RevocationGround = check_choice("--ground", ground, get_args(RevocationGround))
    confirm("a revoked voucher never comes back", "凭证注销后不可恢复", is_sure=yes)
    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "registration", registration)
        rests_on = None if objection is None else find_subject(registry, "objection", objection)
        body = build_revocation(registry, key, chosen, reasons, rests_on)
        find_officers(registry, out)
        prepared = prepare_event(registry, registry.ledger.registrar, body)
        file = DraftFile(f"{body.number}-revocation", out)
        submit_or_draft(session, registry, prepared, file, extra={"revoked": body.number})

"""`muniment vault erase|check`: what the registry keeps and never writes on the ledger."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import YES
from cli.exitcodes import Exit, UsageError
from cli.lang import say
from cli.session import Session
from ledger.core.types import Json, JsonObject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from node.erasure import Erased
    from node.vaultcheck import Place, VaultReport


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say(
            "What is kept beside the ledger: forms, names, salts.",
            "账本之外保存的内容：申请表、姓名与盐值。",
        ),
        no_args_is_help=True,
    )
    group.command(
        "erase",
        help=say(
            "Destroy what this vault has of a registration or of a natural person's name; every proof stays valid.\n\nExample: muniment vault erase rdydrlpl --field applicants --reason 'request of the person' --yes",
            "销毁本库所存某项登记的申请内容或自然人姓名；全部证明仍然有效。\n\n示例：muniment vault erase rdydrlpl --field applicants --reason 本人请求 --yes",
        ),
    )(erase)
    group.command(
        "check",
        help=say(
            "Hold every opening in the vault against what the ledger commits to.\n\nExample: muniment vault check",
            "逐一核对本库的开示内容与账本上的承诺。\n\n示例：muniment vault check",
        ),
    )(check)
    return group


def erase(
    context: typer.Context,
    reason: Annotated[
        str,
        typer.Option(help=say("Why; kept in the vault, sealed.", "销毁理由，密封保存于本库。")),
    ],
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="REGISTRATION|PARTY",
            help=say("Key or its beginning.", "登记或主体的标识或其开头。"),
        ),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            help=say(
                "Only this member of the form, such as applicants; may be repeated.",
                "仅销毁申请表的该项，如 applicants；可重复。",
            )
        ),
    ] = None,
    extra: Annotated[
        bool,
        typer.Option(
            "--extra",
            help=say(
                "All of nothing on the ledger: of filings broken off, and of drafts.",
                "销毁账本上无对应者：中断的申请与草稿。",
            ),
        ),
    ] = False,
    yes: Annotated[bool, YES] = False,
) -> None:
    from cli.confirming import confirm
    from cli.subjects import find_subject
    from node.erasure import erase_openings

    session: Session = context.obj
    confirm("what is erased cannot be had back", "销毁后无法恢复", is_sure=yes)
    if extra or subject is None:
        _erase_extra(session, subject, field, reason, is_extra=extra)
        return
    with session.registry(is_writer=True) as registry:
        is_party = subject.startswith("party/")
        kind = "party" if is_party else "registration"
        key = find_subject(registry, kind, subject)
        done = erase_openings(registry, key, field or (), reason)
        is_kept_long = not is_party and not registry.ledger.profile.is_solo
    _warn_erased(session, done, is_kept_long=is_kept_long)
    document: JsonObject = {
        "subject": done.subject,
        "erased": list(done.fields),
        "records": done.records,
        "published": list(done.published),
    }
    session.out.result(document, lambda: _show_erased(session, done))


def _erase_extra(
    session: Session,
    subject: str | None,
    field: "Sequence[str] | None",
    reason: str,
    *,
    is_extra: bool,
) -> None:
    """Erase what nothing on the ledger names.

    Raises:
        UsageError: It is not clear what is meant.
    """
    from node.leftovers import erase_leftovers

    if not is_extra or subject is not None or field:
        raise UsageError(
            say(
                "name a registration or a party, or say --extra alone",
                "请指明登记或主体，或仅用 --extra",
            ),
            "subject_required",
        )
    with session.registry(is_writer=True) as registry:
        count = erase_leftovers(registry, reason)
    _warn_backups(session)
    session.out.result(
        {"extra": True, "records": count},
        lambda: session.out.table("", [(say("records erased", "已销毁记录数"), str(count))]),
    )


def _warn_backups(session: Session) -> None:
    session.out.warn(
        "backups made before still hold it, and so do drafts and files of openings that were given "
        "away: destroy those too, and make a new backup",
        "此前的备份仍含有该内容，已交出的草稿与开示文件亦然：请一并销毁，并另作新备份",
    )


def _warn_erased(session: Session, done: "Erased", *, is_kept_long: bool) -> None:
    _warn_backups(session)
    if is_kept_long:
        session.out.warn(
            "Article 10 asks a registrar to keep the files of registrations for 20 years: be sure "
            "of the ground for this erasure",
            "第十条要求登记机构保存登记资料不少于二十年：请确认本次销毁的依据",
        )
    if done.published:
        shown = ", ".join(done.published)
        session.out.warn(
            f"the ledger shows these for good, since they were published: {shown}",
            f"以下内容已公示，将永久留在账本上：{'、'.join(done.published)}",
        )


def _show_erased(session: Session, done: "Erased") -> None:
    if done.is_repeated:
        nothing = say(
            "All of it was gone already; the vault's file was cleaned once more.",
            "该内容此前已销毁；已再次清理本库文件。",
        )
        print(nothing)
        return
    rows = [
        (say("about", "主题"), done.subject),
        (say("erased", "已销毁"), ", ".join(done.fields)),
        (say("records", "记录数"), str(done.records)),
    ]
    session.out.table("", rows)


def check(context: typer.Context) -> None:
    from node.vaultcheck import check_vault

    session: Session = context.obj
    with session.registry() as registry:
        leaves = registry.read_end().size
        with session.out.progress("Checking the vault", "核对本库", leaves) as progress:
            report = check_vault(registry, progress)
    session.out.result(_report_json(report), lambda: _show_report(session, report))
    if not report.is_whole:
        raise typer.Exit(Exit.NOT_AUTHENTIC)


def _report_json(report: "VaultReport") -> JsonObject:
    extra: list[Json] = [
        {"by": each.by, "field": each.field, "commitment": each.commitment} for each in report.extra
    ]
    return {
        "whole": report.is_whole,
        "commitments": report.commitments,
        "opened": report.opened,
        "missing": _places_json(report.missing),
        "wrong": _places_json(report.wrong),
        "erased": _places_json(report.erased),
        "extra": extra,
        "unnamed": _places_json(report.unnamed),
        "unprinted": _places_json(report.unprinted),
    }


def _places_json(places: "Sequence[Place]") -> list[Json]:
    return [{"subject": each.subject, "field": each.field} for each in places]


def _show_report(session: Session, report: "VaultReport") -> None:
    if report.is_whole:
        print(
            say(
                "WHOLE: the vault opens what the ledger commits to",
                "完整：本库可开示账本上的全部承诺",
            )
        )
    elif session.node is not None and not (report.wrong or report.unnamed or report.unprinted):
        print(
            say(
                "IN PART: openings of other parties lie in their homes; if one of yours is missing, "
                "restore the vault from a backup",
                "部分：其他主体的开示内容存于其各自的本库；如缺失的是您自己的，请从备份恢复本库",
            )
        )
    else:
        print(
            say(
                "NOT WHOLE: restore the vault from a backup",
                "不完整：请从备份恢复本库",
            )
        )
    rows = [
        (say("commitments", "承诺"), str(report.commitments)),
        (say("opened", "可开示"), str(report.opened)),
        (say("erased", "已销毁"), str(len(report.erased))),
        (say("of nothing on the ledger", "账本上没有对应承诺"), str(len(report.extra))),
    ]
    rows += [(say("missing", "缺失"), f"{at.subject} {at.field}") for at in report.missing]
    rows += [(say("wrong", "不符"), f"{at.subject} {at.field}") for at in report.wrong]
    rows += [
        (say("fingerprint of another file", "指纹与承诺不符"), f"{at.subject} {at.field}")
        for at in report.unnamed
    ]
    rows += [
        (say("fingerprint missing", "指纹缺失"), f"{at.subject} {at.field}")
        for at in report.unprinted
    ]
    session.out.table("", rows)
    if report.unprinted:
        session.out.talk(
            "Without its fingerprint a file is not found by 'muniment trace file' nor as a "
            "duplicate. If no backup has it, give trace file the registered file: --original FILE.",
            "缺少指纹的数据，muniment trace file 与查重均无法发现。"
            "如备份中亦无，请在 trace file 时用 --original 给出所登记的文件。",
        )
    if report.extra and report.is_whole:
        command = "muniment vault erase --extra --reason WHY"
        session.out.talk(
            f"What is of nothing on the ledger is of drafts not yet submitted, or of filings that "
            f"were broken off; if there are no drafts: {command}",
            f"账本上没有对应承诺的内容来自尚未提交的草稿或中断的申请；如无草稿，可予销毁：{command}",
        )

"""`muniment verify`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.brought import read_examination, read_file, read_suspect
from cli.exitcodes import Exit, UsageError, exit_for
from cli.lang import is_chinese, say
from cli.output import describe_error, show_plain
from cli.partynames import name_parties, put_names
from cli.session import Session
from cli.times import format_local, parse_age, parse_date
from cli.trust import read_policy
from cli.unchecked import explain_unchecked
from cli.words import (
    find_notice,
    show_check,
    show_detail,
    show_fact,
    show_status,
    show_word,
)
from ledger.core.types import Json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contracts.verdict import Check, Report
    from node.judges import Ask

_EXIT_ORDER = (Exit.REFUSED, Exit.NOT_AUTHENTIC, Exit.NOT_IN_FORCE, Exit.DONE)


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("verify", help=_HELP)(verify)


_HELP = say(
    "Verify vouchers and other proofs offline.\n\n"
    "A trust policy and the file are enough, nothing is fetched. Knows vouchers, queries, checks, query certificates, delivery files, usage lines, evidence packs, cases and exported wallets, receipts, states, dossiers, catalogues, files for the national system, evidence of forks, nodes' answers and .tlog-proof files.\n\n"
    "Of a case, --data, --original and --opening work the scores out again (needs muniment[trace]; see 'muniment escrow export').\n\n"
    "Exit code: 0 authentic and in force, 3 not authentic, 4 malformed, 7 authentic but not in force.\n\n"
    "Example: muniment verify TEST2026110001.voucher.json --policy trust.policy",
    "离线验证凭证、查询、行为核查、查询证明、交付文件、使用明细等。\n\n"
    "亦可验证证据包、案卷与归集导出、回执、状态、档案及 .tlog-proof 文件。\n\n"
    "还可验证数据目录、国家系统报送文件、分叉证据与节点答复。\n\n"
    "案卷：以 --data、--original、--opening 重新计算得分（须有表格组件）。\n\n"
    "退出码：0 真实有效，3 不真实，4 格式错误，7 真实但不在有效状态。\n\n"
    "示例：muniment verify TEST2026110001.voucher.json --policy trust.policy",
)


def verify(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="file", help=say("Files to verify.", "待验证文件。"))
    ],
    policy: Annotated[
        Path | None,
        typer.Option(
            help=say("Trust policy (default: the home's).", "信任策略（默认为本目录的）。")
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Date asked about: RFC 3339 or YYYY-MM-DD.", "查询日期：RFC 3339 或 YYYY-MM-DD。"
            )
        ),
    ] = None,
    max_age: Annotated[
        str | None,
        typer.Option(
            help=say("Refuse older proofs, such as 36h or 7d.", "拒绝过旧的证明，如 36h 或 7d。")
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help=say("What it must be.", "文件应为何种类型。"))
    ] = None,
    subject: Annotated[
        str | None, typer.Option(help=say("Whom it must be about.", "应关于何主题。"))
    ] = None,
    entry: Annotated[
        Path | None,
        typer.Option(help=say("The leaf a .tlog-proof is about.", ".tlog-proof 所证明的条目。")),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Is this file the registered one, or that of the case?",
                "此文件是否为所登记的文件，或案卷所涉文件？",
            )
        ),
    ] = None,
    original: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "For a case: work its scores out again, with --data, this file and --opening.",
                "案卷：以 --data、本文件与 --opening 重算得分。",
            )
        ),
    ] = None,
    opening: Annotated[
        list[Path] | None,
        typer.Option(
            help=say(
                "Opening of the asset's commitments; with --original, an opened marking key.",
                "数据承诺的开示；有 --original 时为开启的标记密钥。",
            )
        ),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "For a node's answer: proof of the ledger's own state.",
                "验证节点答复时：账本自身状态的证明。",
            )
        ),
    ] = None,
    online: Annotated[
        bool,
        typer.Option(
            "--online",
            help=say("Ask a node for newer proofs (not yet).", "向节点查询最新证明（尚未提供）。"),
        ),
    ] = False,
) -> int:
    from contracts.verdict import Question
    from ledger.clock import SystemClock
    from node.judges import Ask

    session: Session = context.obj
    if online:
        raise UsageError(say("--online is not there yet", "尚不支持 --online"))
    question = Question(
        now=SystemClock().now(),
        as_of=None if as_of is None else parse_date(as_of),
        max_age_ms=None if max_age is None else parse_age(max_age),
        expect_kind=kind,
        expect_subject=subject,
    )
    trusted = read_policy(session, policy)
    openings = opening or []
    examination = None
    if original is not None:
        examination, openings = read_examination(data, original, openings), []
    suspect = read_suspect(session, data, openings)
    leaf = None if entry is None else read_file(entry)
    proof = None if ledger is None else read_file(ledger)
    ask = Ask(trusted, question, leaf, suspect, proof, examination)
    reports = [_verify_one(path, ask) for path in files]
    show_reports(session, files, reports)
    codes = {exit_of(report) for report in reports}
    return next(code for code in _EXIT_ORDER if code in codes)


def _verify_one(path: Path, ask: "Ask") -> "Report":
    from contracts.verdict import Report
    from ledger.errors import InputError, NotFoundError
    from node.judges import VOUCHER_SUFFIX
    from node.verifier import answer_ask

    if path.name.endswith(VOUCHER_SUFFIX) and ask.question.expect_kind is None:
        ask = replace(ask, question=replace(ask.question, expect_kind="voucher"))
    try:
        data = read_file(path)
    except NotFoundError:
        raise
    except InputError as exc:
        return Report(failure=exc)
    return answer_ask(data, ask)


def exit_of(report: "Report") -> Exit:
    """The exit code of a verdict."""
    if report.failure is not None:
        return exit_for(report.failure)
    return Exit.DONE if report.is_in_force else Exit.NOT_IN_FORCE


def show_reports(session: Session, files: list[Path], reports: "list[Report]") -> None:
    """Print verdicts, one for each file."""
    from contracts.verdict import format_report

    documents: list[dict[str, Json]] = []
    for path, report in zip(files, reports, strict=True):
        document = dict(format_report(report))
        if report.failure is not None:
            document["error"] = describe_error(report.failure)
        if len(files) > 1:
            document["file"] = str(path)
        documents.append(document)
    whole: Json = (
        documents[0]
        if len(documents) == 1
        else {"verified": all(d["verified"] for d in documents), "results": documents}
    )

    def human() -> None:
        for path, report in zip(files, reports, strict=True):
            _show_one(session, path, report, name_parties(session, report))

    session.out.result(whole, human)


def _show_one(session: Session, path: Path, report: "Report", names: "Mapping[str, str]") -> None:
    rows = []
    if report.failure is not None:
        headline = say("NOT VERIFIED", "验证未通过")
        rows.append((say("because", "原因"), describe_error(report.failure)["message"]))
    elif report.is_in_force:
        headline = say("VERIFIED", "验证通过")
    else:
        headline = say("AUTHENTIC, BUT NOT IN FORCE", "真实，但不在有效状态")
    print(f"{headline}{say(': ', '：')}{show_plain(path.name)}")
    session.out.table("", rows + _facts(report, names) + _checks(report))


def _facts(report: "Report", names: "Mapping[str, str]") -> list[tuple[str, str]]:
    facts = [
        (say("about", "主题"), report.subject),
        (say("notice", "提示"), _say_notice(report)),
        *(
            (show_word(name), put_names(show_fact(name, value), names))
            for name, value in _choose(report.shown)
        ),
        (say("status", "状态"), show_status(report.status, report.subject.partition("/")[0])),
        (say("renewal", "续期"), _say_renewal(report)),
        (say("marks", "备注"), ", ".join(map(show_word, report.marks))),
    ]
    if report.opened is not None:
        size = report.opened.body.size
        leaves = say(f"{size} leaves", f"{size} 条")
        facts.append((say("log", "账本"), f"{report.opened.body.origin}, {leaves}"))
        if report.as_of is not None:
            claim = say(" (the operator's claim)", "（运营方自述）")
            word = claim if report.opened.is_operator_claim else ""
            facts.append((say("as of", "截至"), format_local(report.as_of) + word))
    if report.valid_until is not None:
        facts.append((say("valid until", "有效期至"), format_local(report.valid_until)))
    if names:
        own = say(
            "from this home's ledger, not proved by the file", "取自本目录的账本，文件本身不证明"
        )
        facts.append((say("names", "名称来源"), own))
    return facts


def _say_notice(report: "Report") -> str:
    """What the credential says of its standing; of a TEST number without one, a demonstration."""
    return say(*report.notice) if report.notice is not None else find_notice(report.subject)


def _say_renewal(report: "Report") -> str:
    """Why an expired voucher may still be in force, and whom to ask."""
    if not report.renewal:
        return ""
    ask = f"muniment registration show {report.renewal}"
    return say(
        "the term is over, but a renewal was filed: if that was in time, the rights stay in force "
        f"until it is decided, which this file does not prove; ask the registry: {ask}",
        "有效期已满，但已申请续期：如按期申请，办结前权利继续有效，本文件不能证明；"
        f"请在登记系统查询：{ask}",
    )


def _choose(shown: "Sequence[tuple[str, str]]") -> list[tuple[str, str]]:
    """What is shown, in the chosen language where it is there in both."""
    from contracts.chinese import ZH

    in_both = {name.removesuffix(ZH) for name, _ in shown if name.endswith(ZH)}
    unwanted = in_both if is_chinese() else {f"{name}{ZH}" for name in in_both}
    return [(name.removesuffix(ZH), value) for name, value in shown if name not in unwanted]


def _checks(report: "Report") -> list[tuple[str, str]]:
    rows = [
        (say("ok", "通过") if check.is_ok else say("FAILED", "未通过"), _show_check(report, check))
        for check in report.checks
    ]
    not_checked = say("not checked", "未检查")
    return rows + [(not_checked, explain_unchecked(name)) for name in report.not_checked]


def _show_check(report: "Report", check: "Check") -> str:
    failure = None if check.is_ok else report.failure
    if failure is None:
        return f"{show_check(check.name)}{say(': ', '：')}{show_detail(check.detail)}"
    message = describe_error(failure)["message"]
    is_named = check.name != failure.code  # else no check was under way
    return f"{show_check(check.name)}{say(': ', '：')}{message}" if is_named else message

"""What is said of an evidence pack once it is made."""

from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from cli.exitcodes import UsageError
from cli.lang import is_chinese, say
from cli.session import Session
from cli.times import format_local
from cli.words import find_notice, show_status, show_word
from ledger.core.types import Json, UnixMillis

if TYPE_CHECKING:
    from node.statement import Purpose, Statement

_DAY_MS: Final = 86_400_000


def take_purpose(text: str) -> "Purpose":
    """The purpose of this name.

    Raises:
        UsageError: There is none.
    """
    from node.statement import Purpose

    known: tuple[Purpose, ...] = get_args(Purpose)
    for purpose in known:
        if purpose == text:
            return purpose
    raise UsageError(
        say(
            f"no purpose {text[:40]}: choose one of {', '.join(known)}",
            f"没有用途 {text[:40]}：请从 {'、'.join(known)} 中选择",
        ),
        "purpose",
    )


def show_presented(session: Session, statement: "Statement", path: Path, now: UnixMillis) -> None:
    """Print what a pack states; what speaks against its purpose loudly.

    Args:
        session: Prints.
        statement: Of the pack.
        path: Where it was written.
        now: By the machine's clock.
    """
    from node.statementtext import describe_need

    language = "zh-CN" if is_chinese() else "en"
    unmet = [describe_need(n.need, language) for n in statement.needs if not n.met]
    document: dict[str, Json] = {
        "voucher": statement.voucher,
        "purpose": statement.purpose,
        "as_of": statement.as_of,
        "status": statement.status,
        "needs": [{"need": need.need, "met": need.met} for need in statement.needs],
        "file": str(path),
    }
    if statement.as_of > now + _DAY_MS:
        session.out.warn(
            "that date lies ahead: the pack proves nothing of it",
            "该日期尚未到来：证据包对其不作任何证明",
        )
    if statement.status != "valid":
        status = show_status(statement.status)
        session.out.warn(
            f"on that date the voucher was not in force ({status}); the pack says so",
            f"该日期凭证不在有效状态（{status}），证据包中已写明",
        )
    if unmet:
        session.out.warn(
            f"this purpose asks for what was not so on that date: {', '.join(unmet)}",
            f"该用途要求以下各项，而当时并非如此：{'、'.join(unmet)}",
        )
    if statement.opening:
        session.out.warn(
            "whoever has the pack can tell the registered file from others",
            "持有该证据包者可辨认所登记的文件",
        )

    def human() -> None:
        rows = [
            (say("voucher", "凭证"), statement.voucher),
            (say("notice", "提示"), find_notice(statement.voucher)),
            (say("purpose", "用途"), show_word(statement.purpose)),
            (say("as of", "截至"), format_local(UnixMillis(statement.as_of))),
            (say("status", "状态"), show_status(statement.status)),
            (say("file", "文件"), str(path)),
        ]
        session.out.table("", rows)
        session.out.talk(
            f"Anybody can check it: muniment verify {path} --policy trust.policy",
            f"任何人均可验证：muniment verify {path} --policy trust.policy",
        )

    session.out.result(document, human)

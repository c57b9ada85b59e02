"""`log rotate`: the log's next key is made, and the event that names it written or drafted."""

from pathlib import Path

from cli.session import Session
from cli.twosided import DraftFile, submit_or_draft
from contracts.rotation import LedgerKey
from ledger.core.note import format_vkey
from node.drafts import prepare_event
from node.logkeys import create_next_key


def rotate_log_key(session: Session, out: Path | None) -> None:
    """Make the next key, durable before anything names it, and change to it or draft the change.

    Args:
        session: Prints.
        out: The draft's file, where the regulator's key is elsewhere.

    Raises:
        RejectedError: A rule refuses, or the log's key is not here; nothing was written.
        ExistsError: The draft's file has other content.
    """
    with session.registry(is_writer=True) as registry:
        vkey = format_vkey(create_next_key(registry))
        prepared = prepare_event(registry, registry.ledger.operator, LedgerKey(log=vkey))
        file = DraftFile(f"{LedgerKey.kind}-{prepared.signed.id[:8]}", out)
        submit_or_draft(session, registry, prepared, file, extra={"policy_line": f"log {vkey}"})
    if prepared.missing:
        session.out.talk(
            "Submit it in this home: the new private key is here and nowhere else.",
            "请回到本目录提交：新私钥仅存于此。",
        )
        return
    session.out.talk(
        "Give the policy line to whoever verifies, and to the witnesses; the old private key signs "
        "nothing any more and may be destroyed.",
        "请将策略行告知各验证方与见证方；旧私钥不再用于签署，可予销毁。",
    )
    session.out.talk(
        "Files exported before carry checkpoints of the old key: export them again.",
        "此前导出的文件所含检查点由旧密钥签署：请重新导出。",
    )

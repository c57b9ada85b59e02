"""`muniment audit`, `backup`, `restore` and `log adopt`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exitcodes import UsageError
from cli.lang import say
from cli.restoring import (
    FromMirror,
    read_note,
    restore_mirrored,
    take_up,
    tell_to_adopt,
)
from cli.session import Session
from ledger.core.types import Json

if TYPE_CHECKING:
    from ledger.audit import AuditResult

_CHECKPOINT = typer.Option(
    help=say("The newest checkpoint of a witness or a mirror.", "见证方或镜像持有的最新检查点。")
)
_NO_OTHER = typer.Option(
    "--no-other-copy", help=say("Nobody ever saw a newer checkpoint.", "从未有人见过更新的检查点。")
)


_BACKUP = typer.Argument(
    help=say("A folder that 'muniment backup' made.", "由 muniment backup 生成的目录。")
)
_MIRROR = typer.Option(
    help=say("Take the ledger from this mirror or folder.", "账本取自此镜像或目录。")
)
_POLICY = typer.Option(
    help=say(
        "Policy to hold the mirror to (default: the home's or the backup's).",
        "用以核验镜像的信任策略（默认为本目录或备份的）。",
    )
)
_DISCARD = typer.Option(
    "--discard-newer",
    help=say("What is newer than the backup may be lost.", "允许丢弃比备份更新的内容。"),
)


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command(
        "audit",
        help=say(
            "Execute the whole log again and compare every root, page, history, projection and signature.\n\nExample: muniment audit",
            "重新执行全部日志，逐项比对根、页、历史、索引与签名。\n\n示例：muniment audit",
        ),
    )(audit)
    app.command(
        "backup",
        help=say(
            "Copy ledger, vault and keys to a new folder, also while the registry is in use.\n\nWhat is erased from the vault later stays in the backup.\n\nExample: muniment backup /media/disk/2026-11-22",
            "将账本、保险库与密钥备份到新目录，使用中亦可进行。\n\n此后从保险库销毁的内容仍在备份中。\n\n示例：muniment backup /media/disk/2026-11-22",
        ),
    )(backup)
    app.command(
        "restore",
        help=say(
            "Put a backup in place after executing its whole log again.\n\nWith --mirror the ledger comes from a mirror, which may know more than the backup; keys, vault and policy come from the backup, if one is named, or stay as they are here. The mirror's checkpoint is adopted, or a newer one that a witness of the policy has.\n\nExample: muniment restore /media/disk/2026-11-22 --mirror https://mirror.example",
            "重新执行备份中的全部日志后恢复。\n\n加 --mirror 时账本取自镜像，可能比备份更新。\n\n密钥、保险库与策略取自所指备份，或沿用本目录已有的。\n\n并采用镜像的检查点，或见证方持有的更新检查点。\n\n示例：muniment restore /media/disk/2026-11-22 --mirror https://mirror.example",
        ),
    )(restore)
    app.command(
        "adopt",
        help=say(
            "Let the log's key sign again after a restore or a lost signer file.",
            "在恢复备份或签署记录丢失后，允许日志密钥重新签署。",
        ),
    )(adopt)


def audit(
    context: typer.Context,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild",
            help=say("Make everything anew that follows from the log.", "由日志重建其余全部内容。"),
        ),
    ] = False,
) -> None:
    from node.home import Home
    from node.maintenance import audit_registry, rebuild_registry

    session: Session = context.obj
    session.refuse_node("audit")
    act = rebuild_registry if rebuild else audit_registry
    with session.out.counted("Executing again", "重新执行") as progress:
        result = act(Home(session.settings.home), progress)
    _show(session, result, {"rebuilt": rebuild})


def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help=say("Folder to make.", "要新建的目录。"))],
) -> None:
    from node.home import Home
    from node.maintenance import back_up_registry

    session: Session = context.obj
    session.refuse_node("backup")
    back_up_registry(Home(session.settings.home), target)
    session.out.result({"file": str(target)}, lambda: print(target))
    session.out.talk(
        "It holds the keys: keep it as safe as the registry itself.",
        "备份中含有密钥：请与登记系统同等保管。",
    )


def restore(
    context: typer.Context,
    source: Annotated[Path | None, _BACKUP] = None,
    mirror: Annotated[str | None, _MIRROR] = None,
    policy: Annotated[Path | None, _POLICY] = None,
    checkpoint: Annotated[Path | None, _CHECKPOINT] = None,
    no_other_copy: Annotated[bool, _NO_OTHER] = False,
    discard_newer: Annotated[bool, _DISCARD] = False,
) -> None:
    session: Session = context.obj
    session.refuse_node("restore")
    _check_choice(checkpoint, no_other_copy, needed=False)
    if mirror is not None:
        chosen = FromMirror(mirror, source, policy, checkpoint, no_other_copy, discard_newer)
        result, extra = restore_mirrored(session, chosen)
        _show(session, result, extra)
        return
    if source is None or policy is not None:
        raise UsageError(
            say(
                "name a backup, or a mirror with --mirror (which --policy is for)",
                "请指明备份，或用 --mirror 指明镜像（--policy 仅用于镜像）",
            )
        )
    result, extra = _restore_backup(session, source, discard_newer=discard_newer)
    if checkpoint is not None or no_other_copy:
        extra["adopted"] = _adopt(session, checkpoint)
    else:
        tell_to_adopt(session)
    _show(session, result, extra)


def _restore_backup(
    session: Session, source: Path, *, discard_newer: bool
) -> "tuple[AuditResult, dict[str, Json]]":
    from node.home import Home
    from node.maintenance import restore_registry

    with session.out.counted("Executing again", "重新执行") as progress:
        home = Home(session.settings.home)
        done = restore_registry(source, home, progress, discards_newer=discard_newer)
    extra: dict[str, Json] = {"kept_vault": done.kept_vault, "adopted": None}
    if not done.kept_vault:
        session.out.warn(
            "the vault is the backup's: what was erased since it was made is back, erase it again",
            "本库取自备份：备份之后销毁的内容已恢复，请重新销毁",
        )
    return done.result, extra


def adopt(
    context: typer.Context,
    checkpoint: Annotated[Path | None, _CHECKPOINT] = None,
    no_other_copy: Annotated[bool, _NO_OTHER] = False,
) -> None:
    session: Session = context.obj
    session.refuse_node("adopt")
    _check_choice(checkpoint, no_other_copy, needed=True)
    size = _adopt(session, checkpoint)
    session.out.result({"adopted": size}, lambda: print(size))


def _adopt(session: Session, checkpoint: Path | None) -> int:
    return take_up(session, None if checkpoint is None else read_note(checkpoint))


def _check_choice(checkpoint: Path | None, no_other_copy: bool, *, needed: bool) -> None:
    both = checkpoint is not None and no_other_copy
    neither = checkpoint is None and not no_other_copy
    if both or (needed and neither):
        raise UsageError(
            say(
                "give --checkpoint FILE or --no-other-copy",
                "请给出 --checkpoint 文件 或 --no-other-copy",
            )
        )


def _show(session: Session, result: "AuditResult", extra: dict[str, Json]) -> None:
    document: dict[str, Json] = {
        "clean": True,
        "size": result.size,
        "blocks": result.height,
        "root": result.root.hex(),
        "state_root": result.state_root.hex(),
        "checkpoints": result.checkpoints,
        "documents": result.documents,
        **extra,
    }
    rows = [
        (say("leaves executed again", "重新执行条目"), str(result.size)),
        (say("blocks", "区块"), str(result.height)),
        (say("checkpoints", "检查点"), str(result.checkpoints)),
        (say("documents", "文件"), str(result.documents)),
        (say("log root", "日志根"), result.root.hex()),
        (say("state root", "状态根"), result.state_root.hex()),
    ]
    headline = say(
        "CLEAN: everything is what the log makes it", "一致：全部内容与日志重新执行结果相符"
    )

    def human() -> None:
        print(headline)
        session.out.table("", rows)

    session.out.result(document, human)

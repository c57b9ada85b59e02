"""What a restore says and does once the ledger is in place: what is lost, what may be signed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.files import read_capped
from cli.session import Session
from cli.trust import read_policy
from ledger.core.types import Json

if TYPE_CHECKING:
    from ledger.audit import AuditResult
    from ledger.core.policy import Policy
    from node.following.restoring import Rebuilt


@dataclass(frozen=True, slots=True)
class FromMirror:
    """What the user named.

    Args:
        mirror: Address or folder.
        backup: Keys, vault and policy come from there; None: what is in the home folder stays.
        policy: File of the policy; None: the home's, else the backup's.
        checkpoint: The newest that the user knows of.
        is_only_copy: Nobody ever saw a newer one.
        discards_newer: What the ledger in place holds beyond the mirror may be lost.
    """

    mirror: str
    backup: Path | None
    policy: Path | None
    checkpoint: Path | None
    is_only_copy: bool
    discards_newer: bool


def take_up(session: Session, note: bytes | None) -> int:
    """Take up signing again; the size that was adopted.

    Args:
        session: For its home folder and passphrase.
        note: The newest checkpoint that anybody has; None: somebody answers for it that this copy
            is the only one.

    Raises:
        RollbackError: The ledger does not contain it.
        LedgerError: As adopt_checkpoint.
    """
    from node.home import Home
    from node.maintenance import adopt_checkpoint

    if note is None:
        session.out.warn(
            "signing goes on from this copy: if anybody ever saw a newer checkpoint, the log forks",
            "将从本副本继续签署：若曾有人见过更新的检查点，日志将分叉",
        )
    return adopt_checkpoint(Home(session.settings.home), session.passphrase(), note).size


def read_note(path: Path) -> bytes:
    """A checkpoint from a file."""
    from ledger.core.limits import MAX_NOTE_BYTES

    return read_capped(path, MAX_NOTE_BYTES)


def tell_to_adopt(session: Session) -> None:
    """Say that nothing is signed yet."""
    session.out.warn(
        "nothing is signed until you say what was signed last: 'muniment adopt --checkpoint FILE' "
        "or 'muniment adopt --no-other-copy'",
        "在说明最后签署的检查点之前不会签署：请运行 muniment adopt --checkpoint 文件 或 "
        "muniment adopt --no-other-copy",
    )


def restore_mirrored(session: Session, chosen: FromMirror) -> "tuple[AuditResult, dict[str, Json]]":
    """Make the home's ledger again from a mirror, and take up signing if that is safe.

    Returns:
        What executing the log gave, and what else programs are told.

    Raises:
        UsageError: There is no policy to hold the mirror to.
        LedgerError: As restore_from_mirror and take_up.
    """
    from ledger.light.fetch import open_fetcher
    from node.following.restoring import restore_from_mirror
    from node.home import Home

    policy, home = _choose_policy(session, chosen), Home(session.settings.home)
    kept_vault = home.vault.exists()
    with session.out.counted("Executing again", "重新执行") as progress:
        rebuilt = restore_from_mirror(
            open_fetcher(chosen.mirror),
            policy,
            home,
            progress,
            backup=chosen.backup,
            discards_newer=chosen.discards_newer,
        )
    _tell_what_is_lost(session, rebuilt)
    adopted = _adopt_newest(session, policy, rebuilt, chosen)
    extra: dict[str, Json] = {
        "kept_vault": kept_vault,
        "adopted": adopted,
        "vault": rebuilt.has_vault,
        "log_key": rebuilt.has_log_key,
    }
    return rebuilt.result, extra


def _choose_policy(session: Session, chosen: FromMirror) -> "Policy":
    has_own = (session.settings.home / "trust.policy").exists()
    if chosen.policy is None and chosen.backup is not None and not has_own:
        return read_policy(session, chosen.backup / "trust.policy")
    return read_policy(session, chosen.policy)


def _tell_what_is_lost(session: Session, rebuilt: "Rebuilt") -> None:
    if not rebuilt.has_vault:
        session.out.warn(
            "there is no vault: openings of commitments and applicants' forms are lost, and nobody "
            "can make them again; put vault.db and keys/vault.key from a backup in place, if there "
            "is one",
            "没有保险库：承诺的开示内容与申请表已丢失，无人能够重建；如有备份，请将其中的 vault.db "
            "与 keys/vault.key 放回",
        )
    if not rebuilt.has_log_key:
        session.out.warn(
            "the log's key is not here: the ledger can be read, not written; put keys/ from a "
            "backup in place, then 'muniment adopt --checkpoint FILE' with the mirror's checkpoint",
            "此处没有日志密钥：账本可读不可写；请放回备份中的 keys/，再以镜像的检查点运行 "
            "muniment adopt --checkpoint 文件",
        )
    session.out.talk(
        f"What the log signed after these {rebuilt.result.size} leaves, and the mirror did not "
        "have, is lost.",
        f"日志在这 {rebuilt.result.size} 条之后签署而镜像尚未取得的内容已丢失。",
    )


def _adopt_newest(
    session: Session, policy: "Policy", rebuilt: "Rebuilt", chosen: FromMirror
) -> int | None:
    """Adopt the newest checkpoint that anybody has, unless one who may know does not answer."""
    from ledger.core.checkpoint import parse_signed_checkpoint
    from node.following.restoring import ask_witnesses

    if not rebuilt.has_log_key:
        return None
    if chosen.is_only_copy:
        return take_up(session, None)
    if chosen.checkpoint is not None:
        return take_up(session, read_note(chosen.checkpoint))
    own = parse_signed_checkpoint(rebuilt.note).body
    rumour = ask_witnesses(policy, own.origin)
    newest = rumour.newest
    if newest is not None and newest.body.size > own.size:
        return take_up(session, newest.note)  # refused: the mirror does not have it
    if rumour.silent:
        names = ", ".join(rumour.silent)
        session.out.warn(
            f"{names} of the policy may know a newer checkpoint and did not answer",
            f"策略中的 {names} 可能持有更新的检查点，但未应答",
        )
        tell_to_adopt(session)
        return None
    return take_up(session, rebuilt.note)

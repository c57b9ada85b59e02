"""Shares of the master secret of tracing: written for those who keep them, and put together."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cli.exitcodes import UsageError
from cli.files import check_place, read_capped
from cli.lang import say
from cli.session import Session
from ledger.core.types import Json
from ledger.errors import ExistsError
from ledger.files import create_private_folder
from node.fingerprinting import keep_secret, need_secret
from tracing.shares import (
    MAX_FILE_BYTES,
    MAX_SHARES,
    combine_shares,
    format_share,
    need_shares,
    parse_share,
    split_secret,
)


@dataclass(frozen=True, slots=True)
class SplitOptions:
    """The options of `escrow split`, as given.

    Args:
        shares: How many are made.
        threshold: So many give the secret back.
        out: The folder that they are written to.
    """

    shares: int
    threshold: int
    out: Path


def split_master(session: Session, options: SplitOptions) -> None:
    """Write shares of this home's master secret, a file each.

    Raises:
        UsageError: So many shares cannot be, or the folder is the registry's own.
        ExistsError: There is something in the folder already.
        StoreFailedError: The folder could not be made; there is none.
        TablesMissingError: The package for shares is not installed.
    """
    count, threshold = options.shares, options.threshold
    if not 2 <= threshold <= count <= MAX_SHARES:
        raise UsageError(
            say(
                f"2 <= --threshold <= --shares <= {MAX_SHARES}",
                f"须满足 2 ≤ --threshold ≤ --shares ≤ {MAX_SHARES}",
            ),
            "option_value",
        )
    need_shares()
    _check_free(options.out)
    with session.registry() as registry, closing(registry.open_vault()) as vault:
        secret = need_secret(vault)
    shares = _write_out(split_secret(secret, threshold, count), threshold, secret.check)
    create_private_folder(options.out, shares)
    items: list[Json] = [str(options.out / name) for name in shares]
    session.out.warn(
        f"whoever has {threshold} of these files can recompute all fingerprints and marks of this "
        "home: hand each to another keeper, and leave none here",
        f"持有其中 {threshold} 份者可重算本处全部指纹与标记：请将各份分别交给不同保管人，"
        "勿留存于此",
    )
    session.out.result(
        {"check": secret.check, "shares": count, "threshold": threshold, "files": items},
        lambda: session.out.table(
            "",
            [
                (say("master secret", "主密钥"), secret.check),
                (say("needed", "恢复所需"), f"{threshold} / {count}"),
                *((say("share", "份"), str(path)) for path in items),
            ],
        ),
    )


def combine_master(session: Session, files: Sequence[Path]) -> None:
    """Put a master secret together from its shares, and keep it in this home's vault.

    Raises:
        MalformedError: A file is no share, or they are too few.
        VerificationError: The shares were changed.
        ExistsError: The vault has another master secret.
        TablesMissingError: The package for shares is not installed.
    """
    shares = [parse_share(read_capped(path, MAX_FILE_BYTES)) for path in files]
    secret = combine_shares(shares)
    with session.registry() as registry, closing(registry.open_vault()) as vault:
        is_new = keep_secret(vault, secret)
    session.out.result(
        {"check": secret.check, "new": is_new},
        lambda: session.out.table(
            "",
            [
                (say("master secret", "主密钥"), secret.check),
                (
                    say("vault", "保险库"),
                    say("keeps it now", "现已存入") if is_new else say("had it", "此前已有"),
                ),
            ],
        ),
    )


def _write_out(shares: Sequence[str], threshold: int, check: str) -> dict[str, bytes]:
    """The file of each share, by name.

    Args:
        shares: Words.
        threshold: So many give the secret back.
        check: What the secret is told by.
    """
    files, count = {}, len(shares)
    for place, share in enumerate(shares, 1):
        title = (
            f"Muniment: share {place} of {count} of the master secret {check} of tracing.",
            f"Any {threshold} of them give it (SLIP-39). Keep this secret, apart from the others.",
            f"Muniment 追踪主密钥 {check} 的第 {place} 份，共 {count} 份。",
            f"任意 {threshold} 份可恢复（SLIP-39）。请保密，并与其他份分开保存。",
        )
        files[f"share-{place}-of-{count}.txt"] = format_share(share, title)
    return files


def _check_free(folder: Path) -> None:
    """See that all shares can come into being together, in a folder of their own.

    Raises:
        UsageError: It is where the registry keeps its own files.
        ExistsError: There is something in it.
    """
    check_place(folder)
    is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not is_free:
        raise ExistsError(
            say(
                f"{folder} is not empty, and shares lie in a folder of their own, since those of "
                "two splits do not go together: name another folder with --out",
                f"{folder} 非空，而各份须存于单独目录，两次拆分的份不能混用：请用 --out 另指定目录",
            )
        )

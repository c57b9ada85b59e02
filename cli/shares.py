"""Shares of the master secret of tracing: written for those who keep them, and put together."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cli.exitcodes import UsageError
from cli.files import read_capped, write_bytes
from cli.lang import say
from cli.session import Session
from ledger.core.types import Json
from ledger.errors import ExistsError, StoreFailedError
from ledger.files import PRIVATE_MODE
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
        UsageError: So many shares cannot be.
        ExistsError: There are shares in the folder already.
        StoreFailedError: The folder could not be written.
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
    files = [options.out / f"share-{place}-of-{count}.txt" for place in range(1, count + 1)]
    _check_free(files)
    with session.registry() as registry, closing(registry.open_vault()) as vault:
        secret = need_secret(vault)
    for place, (path, share) in enumerate(
        zip(files, split_secret(secret, threshold, count), strict=True), 1
    ):
        title = (
            f"Muniment: share {place} of {count} of the master secret {secret.check} of tracing.",
            f"Any {threshold} of them give it (SLIP-39). Keep this secret, apart from the others.",
            f"Muniment 追踪主密钥 {secret.check} 的第 {place} 份，共 {count} 份。",
            f"任意 {threshold} 份可恢复（SLIP-39）。请保密，并与其他份分开保存。",
        )
        write_bytes(path, format_share(share, title), force=False, mode=PRIVATE_MODE)
    items: list[Json] = [str(path) for path in files]
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
                *((say("share", "份"), str(path)) for path in files),
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


def _check_free(files: Sequence[Path]) -> None:
    """Make the folder, and see that no share lies there.

    Raises:
        ExistsError: One does.
        StoreFailedError: The folder cannot be made.
    """
    taken = [path for path in files if path.exists()]
    if taken:
        raise ExistsError(
            say(
                f"{taken[0]} is there already, and shares of two splits do not go together: name "
                "another folder with --out",
                f"{taken[0]} 已存在，而两次拆分的份不能混用：请用 --out 另指定目录",
            )
        )
    try:
        files[0].parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreFailedError(f"cannot make {files[0].parent}: {exc.strerror}") from exc

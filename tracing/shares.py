"""Shares of a master secret: any K of N give it back, fewer say nothing of it.

A share is 33 words of SLIP-39, which other programs read too; no passphrase is laid over it. In a
file it stands on one line; lines that begin with # are for people.

Spec: SLIP-0039 (Shamir's secret sharing over GF(256)).
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

from ledger.errors import MalformedError, VerificationError
from tracing.extra import TablesMissingError
from tracing.keys import SECRET_BYTES, TraceSecret

MAX_SHARES: Final = 16
MAX_FILE_BYTES: Final = 4096


def need_shares() -> None:
    """Make sure that shares can be made and read.

    Raises:
        TablesMissingError: The package is missing.
    """
    if find_spec("shamir_mnemonic") is None:
        raise TablesMissingError(
            "shares need shamir_mnemonic, which is not installed: pip install 'muniment[trace]'"
        )


def split_secret(secret: TraceSecret, threshold: int, count: int) -> list[str]:
    """Shares of a secret, 33 words each; other ones each time.

    Args:
        secret: To be shared.
        threshold: So many give it back; 2..count.
        count: How many are made; at most 16.

    Raises:
        MalformedError: Not 2 <= threshold <= count <= 16.
        TablesMissingError: The package is missing.
    """
    if not 2 <= threshold <= count <= MAX_SHARES:
        raise MalformedError(
            f"of 2 to {MAX_SHARES} shares 2 or more give the secret, not {threshold} of {count}"
        )
    need_shares()
    from shamir_mnemonic import generate_mnemonics  # type: ignore[import-untyped]  # has no types

    groups: list[list[str]] = generate_mnemonics(1, [(threshold, count)], secret.reveal())
    return groups[0]


def combine_shares(shares: Sequence[str]) -> TraceSecret:
    """The secret that shares give.

    Args:
        shares: Words; the same one twice counts once.

    Raises:
        MalformedError: One is no share, or they do not belong together, or are too few.
        VerificationError: They were changed, or one of another secret is among them.
        TablesMissingError: The package is missing.
    """
    need_shares()
    from shamir_mnemonic import MnemonicError, Share, combine_mnemonics

    try:
        parsed = {share: Share.from_mnemonic(share) for share in shares}
    except MnemonicError:  # which may carry words
        raise MalformedError("a file does not have 33 words of SLIP-39: a share is wrong") from None
    if len({each.identifier for each in parsed.values()}) != 1:
        raise MalformedError("the shares are of different secrets, or of different times")
    needed = next(iter(parsed.values())).member_threshold
    if len({each.index for each in parsed.values()}) < needed:
        raise MalformedError(f"{needed} shares are needed, and {len(parsed)} were given")
    try:
        secret: bytes = combine_mnemonics([*parsed][:needed])
    except MnemonicError:  # which may carry words
        raise VerificationError("the shares do not give a secret: one of them is wrong") from None
    if len(secret) != SECRET_BYTES:
        raise MalformedError("the shares are of another kind of secret")
    return TraceSecret(secret)


def format_share(share: str, title: Sequence[str]) -> bytes:
    """The file of a share.

    Args:
        share: Words.
        title: Lines for people.
    """
    return "".join(f"# {line}\n" for line in title).encode() + share.encode("ascii") + b"\n"


def parse_share(data: bytes) -> str:
    """The words in the file of a share.

    Raises:
        MalformedError: There is not just one line of words.
    """
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as exc:
        raise MalformedError("the file of a share is not UTF-8") from exc
    told = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if len(told) != 1:
        raise MalformedError("the file of a share has one line of words beside those with #")
    return " ".join(told[0].lower().split())

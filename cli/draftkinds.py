"""Which drafts a key signs without being asked twice: those that several parties sign."""

from typing import Final

from cli.exitcodes import UsageError
from cli.lang import say

_SHARED_KINDS: Final = frozenset(
    {
        "encumbrance.create",
        "grant.issue",
        "ledger.key",
        "ledger.upgrade",
        "objection.conclude",
        "party.enroll",
        "party.undertake",
        "registration.correct",
        "registration.file",
        "registration.record",
        "registration.revoke",
    }
)
"""Kinds that several keys sign, so that one asks the other."""


def is_shared(kind: str) -> bool:
    """Whether several keys sign events of this kind, so that its draft needs no --kind."""
    return kind in _SHARED_KINDS


def check_kind(kind: str, expected: str | None) -> None:
    """Keep a key from signing what its owner did not think of.

    Raises:
        UsageError: It is another kind, or one that speaks for the party alone and was not named.
    """
    if expected is not None and kind != expected:
        raise UsageError(
            say(
                f"this is a draft of {kind}, not of {expected}: it is not signed",
                f"该草稿为 {kind}，而非 {expected}：未签署",
            ),
            "other_kind",
        )
    if expected is None and not is_shared(kind):
        raise UsageError(
            say(
                f"a {kind} speaks for your party alone: read it with --show; if it is what you "
                f"want, say --kind {kind}",
                f"{kind} 只代表本主体：请先用 --show 查看；如确为本意，请加 --kind {kind}",
            ),
            "kind_required",
        )

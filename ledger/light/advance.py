"""The trust decision of a light client: what an offered checkpoint does to the trusted one.

Pure: notes, tiles and times are given, nothing is fetched here.

```text
            none trusted -> FIRST
offered is  larger       -> ADVANCED     the trusted tree is where the new one begins
            the same     -> SAME
            smaller      -> OLDER        it is where the trusted one begins: a cache, or a rollback
            none of these -> ForkError with evidence, ConsistencyError or RollbackError without
```

A contradiction is looked for as soon as the log's signature holds: a fork that no witness cosigned
is a fork all the same. Only then the policy's quorum is asked for.

Spec: docs/adr/0025; our formats section 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.core.checkpoint import Checkpoint, parse_signed_checkpoint
from ledger.core.fork import encode_fork, find_fork, open_log_note
from ledger.core.merkle import NodeReader
from ledger.core.opening import VerifiedCheckpoint, open_checkpoint
from ledger.core.policy import Policy
from ledger.core.types import UnixMillis
from ledger.errors import (
    AnswerError,
    BackdatedError,
    ConsistencyError,
    ForkError,
    FrozenError,
    NotFoundError,
    OriginError,
    RollbackError,
    VerificationError,
)

MAX_CACHE_MS: Final = 5 * 60 * 1000
"""How long after a checkpoint was first seen an older one may still come from a cache."""
MAX_BACKDATING_MS: Final = 10 * 60 * 1000
"""How much earlier than a cosignature an entry may be dated that comes after it.

As much as the sequencer lets its clock stay behind the log; asking witnesses takes seconds of it.
"""
MAX_MARKS: Final = 1024


class Outcome(StrEnum):
    """What an offered checkpoint did to the trusted one."""

    FIRST = "first"
    ADVANCED = "advanced"
    SAME = "same"
    OLDER = "older"


@dataclass(frozen=True, slots=True)
class Step:
    """An offered checkpoint that does not contradict the trusted one.

    Args:
        outcome: What it did.
        opened: The offered checkpoint, signed as the policy demands.
    """

    outcome: Outcome
    opened: VerifiedCheckpoint


@dataclass(frozen=True, slots=True)
class Mark:
    """At this time the cosigners of a quorum had seen a log of this size.

    Args:
        size: Of the checkpoint.
        time: By which the quorum had cosigned it.
    """

    size: int
    time: UnixMillis


def advance(policy: Policy, trusted: bytes | None, offered: bytes, nodes: NodeReader) -> Step:
    """Hold an offered checkpoint against the trusted one.

    Args:
        policy: Of whoever trusts.
        trusted: Note trusted so far, from the client's own state; None at first contact.
        offered: Note from outside, of at most 64 KiB.
        nodes: Of the larger of the two trees, from anybody: held against its signed root.

    Raises:
        ForkError: The log signed two histories; carries the evidence.
        RollbackError: It is smaller, and nothing shows that the trusted one extends it.
        ConsistencyError: It is larger, and nothing shows that it extends the trusted one.
        OriginError: It is of another log than the policy's, or than the trusted one.
        SignatureError: The log has not signed it, or a line of a key of the policy does not verify.
        QuorumError: Too few witnesses have cosigned it.
        MalformedError: Not a checkpoint.
        LimitError: A note of too many bytes or lines.
        UnavailableError: Nobody gives the nodes in time.
    """
    claimed = open_log_note(policy, offered).body
    outcome = Outcome.FIRST
    if trusted is not None:
        outcome = _compare((trusted, read_note(trusted)), (offered, claimed), nodes)
    return Step(outcome, open_checkpoint(policy, offered))


def read_note(note: bytes) -> Checkpoint:
    """What a note of the client's own state says; it was verified when it was kept.

    Raises:
        MalformedError: Not a checkpoint.
        LimitError: Too many bytes or lines.
    """
    return parse_signed_checkpoint(note).body


def check_not_rolled_back(step: Step, *, trusted_size: int, seen_at: int, now: int) -> None:
    """Refuse an older checkpoint that no cache explains.

    Args:
        step: From advance.
        trusted_size: Of the checkpoint trusted so far.
        seen_at: When the client first saw that one, by its own clock, in Unix milliseconds.
        now: The client's clock, in Unix milliseconds.

    Raises:
        RollbackError: Older, and the trusted one was seen more than 5 minutes ago.
    """
    if step.outcome is Outcome.OLDER and now - seen_at > MAX_CACHE_MS:
        raise RollbackError(
            f"the node offers {step.opened.body.size} leaves as its newest, and had shown "
            f"{trusted_size}: it lost or hides what came after; ask a witness or a mirror"
        )


def check_fresh(as_of: int, *, now: int, max_age_ms: int) -> None:
    """Refuse a checkpoint that has been the newest for too long.

    Args:
        as_of: Time by which the trusted checkpoint was the newest, in Unix milliseconds.
        now: The client's clock, in Unix milliseconds.
        max_age_ms: How old it may be.

    Raises:
        FrozenError: Older than that.
    """
    if now - as_of > max_age_ms:
        raise FrozenError(
            f"nothing newer than {(now - as_of) // 1000} s is shown, and {max_age_ms // 1000} s "
            "are allowed: ask another node or a mirror of the log"
        )


def add_mark(marks: Sequence[Mark], mark: Mark) -> tuple[Mark, ...]:
    """The marks with one more; older ones are thinned out so that there are never too many.

    One that is not later than the newest says nothing more and is left out.

    Args:
        marks: Sizes and times rise.
        mark: Of a checkpoint at least as large as all of them.
    """
    kept = list(marks)
    if kept and kept[-1].time >= mark.time:
        return tuple(kept)
    if kept and kept[-1].size == mark.size:
        kept.pop()
    kept.append(mark)
    if len(kept) > MAX_MARKS:
        half = MAX_MARKS // 2
        kept = kept[:half:2] + kept[half:]
    return tuple(kept)


def check_not_backdated(marks: Sequence[Mark], index: int, time: int) -> None:
    """Refuse a leaf that claims a time at which a quorum knew the log without it.

    Args:
        marks: What is known of earlier checkpoints.
        index: Of the leaf.
        time: That it claims, in Unix milliseconds.

    Raises:
        BackdatedError: More than 10 minutes earlier than a cosignature that precedes it.
    """
    known = max((mark.time for mark in marks if mark.size <= index), default=None)
    if known is not None and time < known - MAX_BACKDATING_MS:
        raise BackdatedError(
            f"leaf {index} is dated {(known - time) // 1000} s earlier than cosignatures of the "
            "log without it: keep this state file, and ask the registrar"
        )


def _compare(
    trusted: tuple[bytes, Checkpoint], offered: tuple[bytes, Checkpoint], nodes: NodeReader
) -> Outcome:
    old, new = trusted[1], offered[1]
    if old.origin != new.origin:
        raise OriginError(f"this is of the log {new.origin}, and {old.origin} is followed here")
    notes = trusted[0].decode(), offered[0].decode()
    try:
        fork = find_fork(trusted, offered, nodes)
    except (VerificationError, NotFoundError) as exc:
        raise _unproved(old, new, notes, exc) from exc
    if fork is not None:
        raise ForkError(*notes, encode_fork(fork))
    if old.size == new.size:
        return Outcome.SAME
    return Outcome.ADVANCED if old.size < new.size else Outcome.OLDER


def _unproved(
    old: Checkpoint, new: Checkpoint, notes: tuple[str, str], cause: Exception
) -> VerificationError:
    """What it means that the nodes of the larger tree are not to be had."""
    if new.size < old.size:
        return RollbackError(
            f"the node offers {new.size} leaves, had shown {old.size}, and does not show that the "
            "smaller is where the larger begins; ask a witness or a mirror of the log"
        )
    if isinstance(cause, AnswerError):
        return cause
    return ConsistencyError(*notes)

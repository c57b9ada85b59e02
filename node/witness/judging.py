"""Whether a witness may cosign: decided from the request, the log's keys and what was cosigned.

The order of the checks is that of the text, since each has its own answer.

Spec: c2sp.org/tlog-witness, "add-checkpoint".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.core.addcheckpoint import AddCheckpoint
from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.cosignature import verify_checkpoint_line
from ledger.core.hashing import EMPTY_ROOT
from ledger.core.merkle import verify_consistency
from ledger.core.note import SignatureLine, SignedNote, VerifierKey, format_note, open_note
from ledger.core.types import TreeSize
from ledger.errors import (
    ConflictError,
    ConsistencyError,
    ForkError,
    MalformedError,
    VerificationError,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a witness cosigned last of a log.

    Args:
        checkpoint: The newest one.
        note: With the log's signatures and our cosignature; empty if there is none yet.
        timestamp: Of our cosignature, in seconds; 0 if there is none yet.
    """

    checkpoint: Checkpoint
    note: bytes = b""
    timestamp: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """A checkpoint that its log has signed; whether it is consistent is another question.

    Args:
        checkpoint: As parsed.
        text: It, written by our own encoder.
        log_lines: The log's signatures, verified; lines of unknown keys are dropped.
    """

    checkpoint: Checkpoint
    text: str
    log_lines: tuple[SignatureLine, ...]

    def note(self, *more: SignatureLine) -> bytes:
        """The note with the log's signatures and these."""
        return format_note(SignedNote(self.text, (*self.log_lines, *more)))


def nothing_seen(origin: str) -> Seen:
    """What is known of a log before its first checkpoint: the tree without leaves."""
    return Seen(Checkpoint(origin, TreeSize(0), EMPTY_ROOT))


def open_offer(request: AddCheckpoint, keys: Sequence[VerifierKey]) -> Offer:
    """The checkpoint of a request, once a trusted key of its log has signed it.

    Args:
        request: As read.
        keys: Trusted for its origin.

    Raises:
        SignatureError: None of them has signed it, or a line of one of them does not verify.
    """
    opened = open_note(request.offered.note, keys, verify_checkpoint_line)
    body = request.offered.body
    lines = tuple(line for _, line in opened.verified)
    return Offer(body, format_checkpoint(body), lines)


def verify_growth(request: AddCheckpoint, offer: Offer, seen: Seen) -> None:
    """Check that an offered checkpoint extends the one that was cosigned last.

    Args:
        request: For the old size and the proof.
        offer: Its checkpoint.
        seen: Of the same log.

    Raises:
        MalformedError: The old size is larger than the checkpoint's (400).
        ConflictError: The old size is not that of the checkpoint cosigned last (409).
        ConsistencyError: The proof does not verify (422).
        ForkError: The same size with another root (409).
    """
    old, new = seen.checkpoint, offer.checkpoint
    if request.old_size > new.size:
        raise MalformedError(
            f"the old size {request.old_size} is larger than the checkpoint's {new.size}"
        )
    if request.old_size != old.size:
        raise ConflictError(old.size)
    if is_fork(offer, seen) and not request.path:
        raise ForkError(seen.note.decode(), offer.note().decode())
    try:
        verify_consistency(
            old_size=old.size,
            new_size=new.size,
            old_root=old.root,
            new_root=new.root,
            path=request.path,
        )
    except VerificationError as exc:
        raise ConsistencyError(seen.note.decode(), offer.note().decode()) from exc


def is_fork(offer: Offer, seen: Seen) -> bool:
    """Whether the log signed another root for the size that was cosigned last."""
    old, new = seen.checkpoint, offer.checkpoint
    return old.size == new.size and old.root != new.root

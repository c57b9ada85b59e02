"""What the writer is given and what it answers: submissions, outcomes, all or none.

Spec: architecture, "The way of an event", steps 1, 2 and 6.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from ledger.core.event import SignedEvent, encode_signed_event, verify_event_signatures
from ledger.core.limits import MAX_SIGNED_EVENT_BYTES
from ledger.core.types import LeafIndex, TreeSize
from ledger.errors import LedgerError, LimitError, MalformedError, RejectedError

TOGETHER: Final = "together"
"""Reason of a refusal of what was to be written with an event that was refused."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A signed event and the documents it names by digest (hex SHA-256 to bytes)."""

    signed: SignedEvent
    documents: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The event is in the log, durably.

    Args:
        index: Of its entry; of the first one if it was there before.
        size: Leaves of the log when this was answered.
        is_duplicate: It was there before and nothing was written.
    """

    index: LeafIndex
    size: TreeSize
    is_duplicate: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The event is not in the log; nothing of it was written."""

    error: LedgerError


Outcome = Accepted | Refused


def check_submission(submission: Submission) -> None:
    """What can be said of a submission without the ledger.

    Raises:
        LimitError: The event is too large.
        MalformedError: A document is not the one that its digest names.
        SignatureError: A signature is missing or wrong.
    """
    signed = submission.signed
    if len(encode_signed_event(signed)) > MAX_SIGNED_EVENT_BYTES:
        raise LimitError(f"a signed event has at most {MAX_SIGNED_EVENT_BYTES} bytes")
    for digest, data in submission.documents.items():
        if sha256(data).hexdigest() != digest:
            raise MalformedError(f"a document does not have the digest {digest[:80]!r}")
    verify_event_signatures(signed)


def refuse_together(outcomes: Sequence[Outcome], count: int) -> list[Outcome] | None:
    """Outcomes of events that go together if not all of them can be written.

    Args:
        outcomes: Of those that fit into one block, in order.
        count: How many go together.

    Returns:
        One refusal for each, of which the first refused event keeps its own; None: all are written.
    """
    place = next((i for i, one in enumerate(outcomes) if isinstance(one, Refused)), len(outcomes))
    if place == count:
        return None
    own: Outcome = Refused(
        LimitError(
            "events that go together fit into one block, and one that changes the rules ends its "
            "block: send fewer"
        )
    )
    if place < len(outcomes):
        own = outcomes[place]
    other = RejectedError(
        TOGETHER,
        f"event {place + 1} of this request was refused, and these events go together",
        f"本次请求的第 {place + 1} 个事件被拒绝，而这些事件须一并写入",
    )
    return [own if i == place else Refused(other) for i in range(count)]


def find_refusal(outcomes: Sequence[Outcome]) -> LedgerError | None:
    """The first refusal, of events that go together the one that held up the others."""
    refusals = [one.error for one in outcomes if isinstance(one, Refused)]
    for error in refusals:
        if not (isinstance(error, RejectedError) and error.reason == TOGETHER):
            return error
    return refusals[0] if refusals else None

"""A witness: cosigns a checkpoint once it is shown that the log only grew since the last one.

Spec: c2sp.org/tlog-witness; issue "Witness": state persisted before answering, atomic under
concurrency, signs a re-encoding of what it parsed.
"""

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Final, Protocol

from typing_extensions import override

from ledger.clock import Clock, SystemClock
from ledger.core.addcheckpoint import AddCheckpoint, hash_origin, parse_add_checkpoint
from ledger.core.checkpoint import Checkpoint
from ledger.core.fork import Fork, encode_fork
from ledger.core.note import format_signature_line
from ledger.core.policy import Log
from ledger.errors import (
    ConsistencyError,
    ForkError,
    LedgerError,
    NotFoundError,
)
from node.witness.book import Book
from node.witness.judging import Offer, Seen, is_fork, open_offer, verify_growth
from node.witness.keys import WitnessKey
from node.witness.logs import KnownLogs

FORK, UNPROVED = "fork", "unproved"
_LOGGER: Final = logging.getLogger("muniment.witness")


class Gate(Protocol):
    """What has to be so, besides consistency, before a witness cosigns: an auditor's execution."""

    def admit(self, checkpoint: Checkpoint, log: Log) -> None:
        """Let a checkpoint pass that its log signed and that extends the one cosigned last.

        Called from several threads; nothing was stored yet.

        Args:
            checkpoint: To be cosigned.
            log: The trusted key that signed it, and where the log may be found.

        Raises:
            UnavailableError: Not known yet: ask again later (503).
            VerificationError: Never: the checkpoint is not what it should be (403).
        """
        ...


class OpenGate(Gate):
    """Asks for no more than consistency."""

    @override
    def admit(self, checkpoint: Checkpoint, log: Log) -> None:
        """Let everything pass."""


class Witness:
    """One key, any number of logs; safe to use from several threads.

    Args:
        book: What was cosigned.
        key: Signs the cosignatures.
        logs: Whose checkpoints are cosigned.
        gate: What has to be so besides.
        clock: For the time of a cosignature.
    """

    def __init__(
        self,
        book: Book,
        key: WitnessKey,
        logs: KnownLogs,
        gate: Gate | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.key = key
        self.logs = logs
        self.counts: Counter[str] = Counter()
        """How often what came of it, by the code of the error or `cosigned`; and evidence kept."""
        self._guard = threading.Lock()
        self._book = book
        self._gate = gate or OpenGate()
        self._clock = clock or SystemClock()

    def add_checkpoint(self, data: bytes) -> bytes:
        """Cosign the checkpoint of a request.

        Args:
            data: Body of the request, at most MAX_ADD_CHECKPOINT_BYTES.

        Returns:
            Our signature line; it is on disk that we cosigned.

        Raises:
            MalformedError: Another form, or an old size beyond the checkpoint's (400).
            LimitError: Too long (400).
            NotFoundError: The log is unknown (404).
            SignatureError: No trusted key of the log signed it (403).
            ConflictError: The old size is not that of the checkpoint cosigned last (409).
            ConsistencyError: The proof does not verify (422).
            ForkError: The same size with another root (409).
            VerificationError: The gate refuses it (403).
            UnavailableError: The gate does not know yet, or nothing could be written (503).
            CorruptionError: What was cosigned last is damaged (500).
            LedgerError: What the gate raises.
        """
        outcome = "failed"
        try:
            line = self._add(data)
            outcome = "cosigned"
        except LedgerError as exc:
            outcome = exc.code
            raise
        finally:
            self._count(outcome)
        return line

    def read_checkpoint(self, origin_hash: str) -> bytes:
        """The newest cosigned note of a log, for monitors.

        Args:
            origin_hash: Lower-case hex SHA-256 of its origin.

        Raises:
            NotFoundError: No such log, or nothing of it was cosigned yet.
            CorruptionError: The note is damaged.
            StoreFailedError: The note cannot be read.
        """
        origins = {log.key.name for log in self.logs.all()}
        origin = next((one for one in origins if hash_origin(one) == origin_hash), None)
        seen = None if origin is None else self._book.read(origin)
        if seen is None or not seen.note:
            raise NotFoundError("no checkpoint of such a log was cosigned here")
        return seen.note

    def _add(self, data: bytes) -> bytes:
        request = parse_add_checkpoint(data)
        origin = request.offered.body.origin
        logs = self.logs.find(origin)
        if not logs:
            raise NotFoundError(
                f"this witness does not know the log {origin[:128]!r}: its operator adds logs"
            )
        offer = open_offer(request, [log.key for log in logs])
        self._judge(request, offer)
        self._gate.admit(offer.checkpoint, _find_signer(logs, offer))
        with self._book.turn(origin):
            seen = self._judge(request, offer)  # again: another request may have come first
            timestamp = max(self._clock.now() // 1000, seen.timestamp, 1)  # 0 would state no time
            line = self.key.cosign(offer.text, timestamp)
            self._book.keep(Seen(offer.checkpoint, offer.note(line), timestamp))
        return format_signature_line(line).encode()

    def _judge(self, request: AddCheckpoint, offer: Offer) -> Seen:
        seen = self._book.read(offer.checkpoint.origin)
        if is_fork(offer, seen) and seen.note:  # whatever old size was named
            self._keep_evidence(FORK, offer, seen)
        try:
            verify_growth(request, offer, seen)
        except ForkError:
            raise
        except ConsistencyError:
            self._keep_evidence(UNPROVED, offer, seen)
            raise
        return seen

    def _count(self, what: str) -> None:
        with self._guard:
            self.counts[what] += 1

    def _keep_evidence(self, kind: str, offer: Offer, seen: Seen) -> None:
        origin = offer.checkpoint.origin
        note = offer.note()
        content = encode_fork(Fork(seen.note, note)) if kind == FORK else note
        if self._book.keep_evidence(origin, kind, content):
            self._count(f"evidence.{kind}")
            _LOGGER.warning(
                "%s of %s at size %d: kept as evidence", kind, origin, offer.checkpoint.size
            )


def _find_signer(logs: Sequence[Log], offer: Offer) -> Log:
    signed = {(line.name, line.key_id) for line in offer.log_lines}
    return next(log for log in logs if (log.key.name, log.key.key_id) in signed)

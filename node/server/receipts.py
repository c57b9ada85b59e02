"""What a client gets for its events: receipts under the newest checkpoint, and signed answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from ledger.core.bundle import format_leaf_receipt
from ledger.core.limits import MAX_BLOCK_EVENTS
from ledger.core.policy import NO_QUORUM
from ledger.core.tiles import TileNodeReader
from ledger.core.tlogproof import TlogProof
from ledger.core.types import Json, LeafIndex
from ledger.errors import CorruptionError, LedgerError
from ledger.sequencer import Accepted, Outcome, Refused, Submission
from ledger.storage.base import Store
from node.problems import problem_of, status_of
from node.proofs import Prover
from node.server.batches import EventLine
from node.server.publishing import Publisher
from node.server.statements import Answers

_SEAL: Final = b'{"seal":'
_Proofs: TypeAlias = Mapping[int, tuple[bytes, TlogProof]]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the receipts of some events share.

    Args:
        proofs: Leaves and their places, by index.
        is_cosigned: Their checkpoint has the cosignatures that the node's policy asks for.
    """

    proofs: _Proofs
    is_cosigned: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What is said of one event.

    Args:
        status: Of HTTP, as for a request of its own.
        document: A result, or a problem.
        error: Why it is a problem.
    """

    status: int
    document: dict[str, Json]
    error: LedgerError | None = None


class Receipts:
    """Makes results; safe to use from several threads.

    Args:
        store: Read only.
        publisher: Knows the newest checkpoint, and the node's policy.
        answers: Signs.
    """

    def __init__(self, store: Store, publisher: Publisher, answers: Answers) -> None:
        self._store = store
        self._publisher = publisher
        self._answers = answers
        self._nodes = TileNodeReader(store)
        self._newest: Prover | None = None

    def correct(
        self, submissions: Sequence[Submission], outcomes: Sequence[Outcome]
    ) -> list[Outcome]:
        """Outcomes as the log has them: of no event that it holds is it said that it was refused.

        An event may come again with a spoilt signature, or with others of which one is refused.

        Args:
            submissions: What was submitted.
            outcomes: Of the same, in order.
        """
        return [
            self._find_duplicate(one.signed.id, outcome)
            if isinstance(outcome, Refused)
            else outcome
            for one, outcome in zip(submissions, outcomes, strict=True)
        ]

    def choose(self, outcomes: Sequence[Outcome], *, is_published: bool) -> Prover | None:
        """Proofs under one checkpoint that covers all that was accepted; None: nothing was.

        Args:
            outcomes: Of events that were submitted.
            is_published: The published checkpoint covers them and is wanted.
        """
        indexes = [one.index for one in outcomes if isinstance(one, Accepted)]
        return self._find_prover(max(indexes), is_published=is_published) if indexes else None

    def settle(
        self, lines: Sequence[EventLine], outcomes: Sequence[Outcome], prover: Prover | None
    ) -> list[Result]:
        """One result for each event.

        Args:
            lines: The events, all of which parse.
            outcomes: In the same order.
            prover: As chosen for these outcomes.
        """
        indexes = [one.index for one in outcomes if isinstance(one, Accepted)]
        shown = None
        if prover is not None and indexes:
            shown = _Shown(_prove_all(prover, indexes), is_cosigned=self._is_cosigned(prover))
        return [
            self._settle(line, outcome, shown)
            for line, outcome in zip(lines, outcomes, strict=True)
        ]

    def fail(self, error: LedgerError) -> Result:
        """The result of an event that was not executed: nothing is signed."""
        return Result(status_of(error), dict(problem_of(error)), error)

    def _settle(self, line: EventLine, outcome: Outcome, shown: "_Shown | None") -> Result:
        if line.submission is None:
            raise AssertionError("an event that does not parse is not submitted")
        event = line.submission.signed.id
        match outcome:
            case Refused(error):
                problem = {**problem_of(error), "answer": self._answers.refuse(event, error)}
                return Result(status_of(error), problem, error)
            case Accepted(index, size, is_duplicate):
                if shown is None:
                    raise AssertionError("what was accepted has a checkpoint")
                document: dict[str, Json] = {
                    "event": event,
                    "index": index,
                    "block": self._find_block(index) if is_duplicate else size,
                    "duplicate": is_duplicate,
                    "cosigned": shown.is_cosigned,
                    "receipt": format_leaf_receipt(*shown.proofs[index]),
                    "answer": self._answers.accept(event, is_duplicate=is_duplicate),
                }
                return Result(200, document)

    def _find_duplicate(self, event: str, refused: Refused) -> Outcome:
        """The place of an event that is in the log, under a signed checkpoint, or its refusal."""
        index = self._store.find_event(bytes.fromhex(event))
        if index is None:
            return refused
        size = self._find_prover(index, is_published=False).anchor.size
        return Accepted(index, size, is_duplicate=True) if index < size else refused

    def _find_prover(self, index: LeafIndex, *, is_published: bool) -> Prover:
        note = self._publisher.published if is_published else self._publisher.latest
        prover = self._newest
        if prover is None or prover.anchor.note != note:
            prover = Prover(self._store, note=note, nodes=self._nodes)
        if prover.anchor.size <= index:  # what is published may lag behind what is stored
            prover = Prover(self._store, nodes=self._nodes)
        self._newest = prover
        return prover

    def _is_cosigned(self, prover: Prover) -> bool:
        """Whether a checkpoint has the cosignatures that the node's policy asks for."""
        is_published = prover.anchor.note == self._publisher.published
        return is_published and self._publisher.policy.quorum != NO_QUORUM

    def _find_block(self, index: LeafIndex) -> int:
        """Size of the log after the block of an entry.

        Raises:
            CorruptionError: No seal follows it.
        """
        leaves = self._store.read_leaves(index + 1, index + 1 + MAX_BLOCK_EVENTS)
        for place, leaf in enumerate(leaves, index + 1):
            if leaf.startswith(_SEAL):
                return place + 1
        raise CorruptionError(f"no seal follows the entry {index}: run an audit")


def _prove_all(prover: Prover, indexes: Sequence[LeafIndex]) -> _Proofs:
    """Leaves and proofs; what was written together is read together."""
    first, last = min(indexes), max(indexes)
    if last - first >= 2 * len(indexes):
        return {index: prover.prove_bytes(index) for index in indexes}
    return dict(enumerate(prover.prove_run(first, last + 1), first))


def encode_result(result: Result) -> bytes:
    """The bytes of a result."""
    return msgspec.json.encode(result.document)


def encode_lines(lines: Sequence[EventLine], results: Sequence[Result]) -> bytes:
    """Results as lines, in the order of the events."""
    parts: list[bytes] = []
    for line, result in zip(lines, results, strict=True):
        members: dict[str, Json] = {"line": line.number, "status": result.status}
        members |= result.document if result.error is None else {"problem": result.document}
        parts.append(msgspec.json.encode(members))
    return b"\n".join([*parts, b""])

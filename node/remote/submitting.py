"""Writing through a node: what it says about each event is signed, verified and kept.

A request is sent again as it is where nobody knows whether it came through: an event that is in the
log already is answered with its first index, so that nothing is ever written twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from ledger.core.answer import Answer, AnswerOutcome, parse_answer, verify_answer
from ledger.core.bundle import parse_receipt, verify_receipt
from ledger.core.canonical import decode_bundle
from ledger.core.draft import encode_draft
from ledger.core.entry import Entry
from ledger.core.event import SignedEvent, encode_signed_event
from ledger.core.limits import MAX_BLOCK_EVENTS, MAX_REQUEST_BYTES
from ledger.core.members import take_count
from ledger.core.opening import VerifiedCheckpoint, open_checkpoint
from ledger.core.policy import NO_QUORUM, Policy
from ledger.core.text import format_base64url
from ledger.core.types import DidKey, Json, JsonObject, LeafIndex, TreeSize
from ledger.errors import AnswerError, LedgerError, RejectedError, UnavailableError
from ledger.sequencer import Accepted, Outcome, Refused, Submission
from ledger.submission import find_refusal
from node.home import Home
from node.problems import error_of
from node.registryapi import Written
from node.remote.client import NodeClient
from node.remote.kept import KeptAnswers, write_kept
from node.remote.prover import reading

_CONTENT_TYPE: Final = "application/x-ndjson"
_MAX_ANSWER_BYTES: Final = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answered:
    """What a node said about one event, verified.

    Args:
        outcome: Of the event.
        said: Its signed answer; None: it gave none, since it could not decide.
    """

    outcome: Outcome
    said: JsonObject | None


class Submitter:
    """Sends events to a node.

    Args:
        client: The node.
        home: Where its answers are kept.
        policy: The client's own: whose receipts are believed.
    """

    def __init__(self, client: NodeClient, home: Home, policy: Policy) -> None:
        self._client = client
        self._kept = KeptAnswers(home.answers)
        self._unsent = home.unsent
        self._waits = policy.quorum != NO_QUORUM
        # A receipt comes before witnesses could cosign: it is held against the log's own signature.
        self._policy = replace(policy, quorum=NO_QUORUM)
        self._opened: VerifiedCheckpoint | None = None
        self.shown: list[VerifiedCheckpoint] = []
        """Checkpoints of receipts: the log signed them, and nothing was held against them yet."""
        self.needed = 0
        """Leaves that the log is known to have, since it answered so."""

    def submit_together(
        self,
        events: Sequence[SignedEvent],
        documents: Mapping[str, bytes],
        node: DidKey,
        origin: str,
    ) -> Sequence[Written]:
        """Write events in order, all or none.

        Args:
            events: Signed.
            documents: That they name, by digest.
            node: The node key that the ledger names.
            origin: Of the ledger.

        Raises:
            LedgerError: The first refusal that is not about another event.
        """
        *before, last = events
        submissions = [*map(Submission, before), Submission(last, documents)]
        outcomes = self._send(submissions, node, origin, "?together=true")
        refusal = find_refusal(outcomes)
        if refusal is not None:
            raise refusal
        return [
            Written(outcome.index, event.id)
            for event, outcome in zip(events, outcomes, strict=True)
            if isinstance(outcome, Accepted)
        ]

    def submit_each(
        self, submissions: Sequence[Submission], node: DidKey, origin: str
    ) -> list[Outcome]:
        """Write events in order, each on its own; arguments as of submit_together."""
        return [
            outcome
            for some in _split(submissions)
            for outcome in self._send(some, node, origin, "")
        ]

    def _send(
        self, submissions: Sequence[Submission], node: DidKey, origin: str, query: str
    ) -> list[Outcome]:
        try:
            data = self._client.post(
                f"v1/events{query}",
                b"".join(line + b"\n" for one in submissions for line in _lines(one)),
                content_type=_CONTENT_TYPE,
                wait=self._waits,
                max_bytes=_MAX_ANSWER_BYTES,
            )
        except UnavailableError as exc:
            self._keep_unsent(submissions, exc)
            raise
        lines = data.splitlines()
        if len(lines) != len(submissions):
            raise AnswerError(
                f"the node answers about {len(lines)} events, not about {len(submissions)}: "
                "nothing is known of them; sending them again is safe"
            )
        answered = [
            self._take(line, one.signed, node, origin)
            for line, one in zip(lines, submissions, strict=True)
        ]
        self._kept.keep(
            {
                one.signed.id: each.said
                for one, each in zip(submissions, answered, strict=True)
                if each.said is not None
            }
        )
        for each in answered:
            if isinstance(each.outcome, Accepted):
                self.needed = max(self.needed, each.outcome.index + 1)
        return [each.outcome for each in answered]

    def _keep_unsent(self, submissions: Sequence[Submission], cause: UnavailableError) -> None:
        """Keep an event of which nobody knows whether it was written, so that it can be sent again.

        Raises:
            UnavailableError: It is kept, and where.
        """
        (*more, one) = submissions
        if more or one.documents:  # these are made anew from what the vault has
            return
        path = self._unsent / f"{one.signed.id}.draft.json"
        write_kept(path, encode_draft(one.signed))
        raise UnavailableError(
            f"whether {one.signed.id} was written is not known ({cause}): the signed event is in "
            f"{path}, and 'muniment submit FILE' sends that very event again, which is never "
            "written twice"
        ) from cause

    def _take(self, line: bytes, signed: SignedEvent, node: DidKey, origin: str) -> Answered:
        """What one line says about an event.

        Raises:
            AnswerError: It is about another event, or contradicts itself.
            VerificationError: The node did not sign it, or its receipt proves something else.
        """
        with reading(f"the event {signed.id}"):
            members = decode_bundle(line, max_bytes=MAX_REQUEST_BYTES)
            status = take_count(members.get("status"))
            problem = members.get("problem")
            found = members.get("answer")
            if found is None and isinstance(problem, dict):
                found = problem.get("answer")
            said = None if found is None else self._verify(found, signed, node, origin)
            if status == 200:
                outcome: Outcome = self._accept(members, signed)
            else:
                outcome = Refused(_error(status, problem))
        _check_agrees(outcome, said, signed)
        return Answered(outcome, found if isinstance(found, dict) else None)

    def _verify(self, value: Json, signed: SignedEvent, node: DidKey, origin: str) -> Answer:
        answer = parse_answer(value)
        verify_answer(answer, node=node, log=origin)
        if answer.answer.event != signed.id:
            raise AnswerError(f"the node answers about {answer.answer.event}, not {signed.id}")
        return answer.answer

    def _open(self, note: bytes) -> VerifiedCheckpoint:
        """A checkpoint, opened once for all receipts of an answer."""
        if self._opened is None or self._opened.data != note:
            self._opened = open_checkpoint(self._policy, note)
            self.shown.append(self._opened)
        return self._opened

    def _accept(self, members: JsonObject, signed: SignedEvent) -> Accepted:
        receipt = parse_receipt(members.get("receipt"))
        opened = self._open(receipt.proof.checkpoint)
        verify_receipt(receipt, opened)
        entry, index = receipt.content, take_count(members.get("index"))
        if not isinstance(entry, Entry) or entry.signed.id != signed.id:
            raise AnswerError(f"the node's receipt is not of the event {signed.id}")
        if receipt.proof.index != index:
            raise AnswerError(f"the node's receipt is of leaf {receipt.proof.index}, not {index}")
        size = TreeSize(opened.body.size)
        return Accepted(LeafIndex(index), size, is_duplicate=bool(members.get("duplicate")))


def _lines(submission: Submission) -> Iterator[bytes]:
    """Lines of a request: the documents of an event, then the event."""
    for data in submission.documents.values():
        yield msgspec.json.encode({"document": format_base64url(data)})
    yield encode_signed_event(submission.signed)


def _split(submissions: Sequence[Submission]) -> Iterator[list[Submission]]:
    """Submissions in requests that a node takes."""
    some: list[Submission] = []
    size = 0
    for one in submissions:
        length = sum(len(line) + 1 for line in _lines(one))
        if some and (len(some) == MAX_BLOCK_EVENTS or size + length > MAX_REQUEST_BYTES):
            yield some
            some, size = [], 0
        some.append(one)
        size += length
    if some:
        yield some


def _error(status: int, problem: Json) -> LedgerError:
    return error_of(status, msgspec.json.encode(problem) if isinstance(problem, dict) else b"")


def _check_agrees(outcome: Outcome, said: Answer | None, signed: SignedEvent) -> None:
    """Refuse a line that says something else than the node signed.

    Raises:
        AnswerError: It does, or the node signed nothing where it decided.
        UnavailableError: The node decided nothing: sending it again is safe.
    """
    if isinstance(outcome, Refused) and isinstance(outcome.error, UnavailableError):
        raise outcome.error
    wanted = AnswerOutcome.ACCEPTED if isinstance(outcome, Accepted) else AnswerOutcome.REFUSED
    if said is not None and said.outcome is not wanted:
        raise AnswerError(f"the node says {wanted} of {signed.id} and has signed {said.outcome}")
    if said is None and isinstance(outcome, Accepted):
        raise AnswerError(f"the node has not signed what it says of {signed.id}")
    if said is None and isinstance(outcome, Refused) and isinstance(outcome.error, RejectedError):
        raise AnswerError(f"the node has not signed that it refuses {signed.id}: ask again")

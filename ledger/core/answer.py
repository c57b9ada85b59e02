"""Answers: what a node says about a submission, signed, so that it can be held to it later.

```text
{"format":"muniment/answer/v1",
 "answer":{"code","event","log","outcome","time"},
 "key":"did:key:z6Mk...","sig":"<86 characters>"}
```

The signature is over `muniment/answer/v1`, U+000A and canonical(answer), by the node key that the
ledger names. An answer that says `accepted` of an event that the log does not hold convicts the
node; one that says `refused` shows that it was asked, and what it said.

Spec: our formats, section 7.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.core.canonical import encode_canonical
from ledger.core.checkpoint import check_origin
from ledger.core.ed25519 import SIGNATURE_BYTES, verify_ed25519
from ledger.core.members import take_count, take_format, take_members, take_text
from ledger.core.text import format_base64url, parse_base64url, parse_did_key, parse_digest
from ledger.core.types import DidKey, Json, JsonObject, UnixMillis
from ledger.errors import BundleError, MalformedError, SignatureError

ANSWER: Final = "muniment/answer/v1"
CODE_ACCEPTED: Final = "accepted"
CODE_DUPLICATE: Final = "duplicate"
MAX_ANSWER_BYTES: Final = 4096
"""Of an answer as a file."""
_DOMAIN: Final = b"muniment/answer/v1\n"
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MEMBERS: Final = {"code", "event", "log", "outcome", "time"}
_CODES_OF_ACCEPTED: Final = (CODE_ACCEPTED, CODE_DUPLICATE)


class AnswerOutcome(StrEnum):
    """What became of an event."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node says about one event.

    Args:
        code: `accepted`, `duplicate` (it was in the log before), or the code of the refusal.
        event: Id of the event, 64 hex digits.
        log: Origin of the ledger.
        outcome: Of the submission.
        time: The node's clock when it answered.
    """

    code: str
    event: str
    log: str
    outcome: AnswerOutcome
    time: UnixMillis


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """An answer as read; nothing is verified.

    Args:
        answer: What is said.
        key: Who is said to have signed it.
        sig: 64 bytes.
    """

    answer: Answer
    key: DidKey
    sig: bytes


def answer_message(answer: Answer) -> bytes:
    """The bytes that the signature is over.

    Raises:
        MalformedError: A member is outside the JSON profile.
    """
    return _DOMAIN + encode_canonical(_answer_json(answer))


def format_answer(signed: SignedAnswer) -> JsonObject:
    """The answer as it stands in files and over HTTP."""
    return {
        "format": ANSWER,
        "answer": _answer_json(signed.answer),
        "key": signed.key,
        "sig": format_base64url(signed.sig),
    }


def parse_answer(value: Json) -> SignedAnswer:
    """Read a signed answer; the exact inverse of format_answer. Nothing is verified.

    Args:
        value: From a strict reader.

    Raises:
        MalformedError: Anything that format_answer would not have written.
    """
    members = take_format(value, {"answer", "key", "sig"}, ANSWER, "an answer")
    key = take_text(members["key"])
    parse_did_key(key)
    sig = parse_base64url(take_text(members["sig"]))
    if len(sig) != SIGNATURE_BYTES:
        raise MalformedError(f"a signature has {SIGNATURE_BYTES} bytes")
    return SignedAnswer(_parse_answer(members["answer"]), DidKey(key), sig)


def verify_answer(signed: SignedAnswer, *, node: DidKey, log: str) -> None:
    """Check that the node of a ledger has given this answer.

    Args:
        signed: As read.
        node: The node key that the ledger names, from whoever the caller trusts.
        log: Origin of that ledger.

    Raises:
        BundleError: It is about another ledger.
        SignatureError: Another key has signed it, or the signature is wrong.

    Whether what it says is true is another question: ask the log for the event.
    """
    if signed.answer.log != log:
        raise BundleError(f"the answer is about {signed.answer.log:.128}, not about {log}")
    if signed.key != node:
        raise SignatureError(f"the answer is signed by {signed.key}, not by the node key {node}")
    verify_ed25519(
        public_key=parse_did_key(node),
        message=answer_message(signed.answer),
        signature=signed.sig,
    )


def _answer_json(answer: Answer) -> JsonObject:
    return {
        "code": answer.code,
        "event": answer.event,
        "log": answer.log,
        "outcome": str(answer.outcome),
        "time": answer.time,
    }


def _parse_answer(value: Json) -> Answer:
    members = take_members(value, _MEMBERS, "what an answer says")
    code, event, log = (take_text(members[name]) for name in ("code", "event", "log"))
    parse_digest(event)
    check_origin(log)
    outcome = _parse_outcome(take_text(members["outcome"]), code)
    return Answer(code, event, log, outcome, UnixMillis(take_count(members["time"], "a time")))


def _parse_outcome(text: str, code: str) -> AnswerOutcome:
    """The outcome, if the code goes with it.

    Raises:
        MalformedError: Neither, or one contradicts the other.
    """
    if text not in set(AnswerOutcome) or not _CODE.fullmatch(code):
        raise MalformedError(f"not the outcome of a submission: {text!r:.40}, {code!r:.80}")
    outcome = AnswerOutcome(text)
    if (outcome is AnswerOutcome.ACCEPTED) != (code in _CODES_OF_ACCEPTED):
        raise MalformedError(f"an event that is {outcome} does not have the code {code}")
    return outcome

"""Events, what a party signs, and signed events (our formats, section 2).

```text
{"event":{"actor","at","body","kind","log","nonce","subjects","until","v"},
 "signatures":[{"key","sig"}]}
```
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.core.checkpoint import check_origin
from ledger.core.ed25519 import verify_ed25519
from ledger.core.limits import (
    MAX_CLOCK_AHEAD_MS,
    MAX_EVENT_DEPTH,
    MAX_EVENT_LIFETIME_MS,
    MAX_SIGNATURES,
    MAX_SIGNED_EVENT_BYTES,
    MAX_SUBJECTS,
)
from ledger.core.subjects import NONCE_BYTES, parse_subject
from ledger.core.text import format_base64url, parse_base64url, parse_did_key
from ledger.core.types import DidKey, Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import LimitError, MalformedError, RejectedError, SignatureError

_KIND: Final = re.compile(r"[a-z]{1,32}\.[a-z]{1,32}")
_EVENT_MEMBERS: Final = {
    "actor", "at", "body", "kind", "log", "nonce", "subjects", "until", "v",
}  # fmt: skip
_SIGNATURE_BYTES: Final = 64
_DOMAIN: Final = b"muniment/event/v1\n"


@dataclass(frozen=True, slots=True)
class Event:
    """What a party says to one ledger.

    Args:
        actor: The party that speaks.
        at: Its own clock.
        body: By the kind's schema.
        kind: `family.verb`.
        log: Origin of the one ledger this is meant for.
        nonce: 22 characters, base64url of 16 random bytes.
        subjects: Sorted, unique, 1 to 16.
        until: Refused by the ledger when its time is later.
    """

    actor: SubjectKey
    at: UnixMillis
    body: JsonObject
    kind: str
    log: str
    nonce: str
    subjects: tuple[SubjectKey, ...]
    until: UnixMillis


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature over an event; `sig` has 64 bytes."""

    key: DidKey
    sig: bytes


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """A well-formed event with its signatures; whether they verify is another question.

    Args:
        event: The event.
        signatures: Sorted by key, 1 to 8, no key twice; none in a draft.
        event_bytes: canonical(event).
        id: digest(event), 64 hex digits, independent of the signatures.
    """

    event: Event
    signatures: tuple[Signature, ...]
    event_bytes: bytes
    id: str


def encode_event(event: Event) -> bytes:
    """Canonical bytes of an event.

    Raises:
        MalformedError: The body is outside the JSON profile.
        LimitError: Nested too deeply.
    """
    return encode_canonical(_event_json(event), max_depth=MAX_EVENT_DEPTH)


def event_message(event_bytes: bytes) -> bytes:
    """The bytes that each signature is over."""
    return _DOMAIN + event_bytes


def create_signed_event(event: Event, signatures: Iterable[Signature]) -> SignedEvent:
    """An event with signatures in their canonical order, checked as a reader would.

    Raises:
        MalformedError: A reader would not accept it.
        LimitError: A reader would not accept its size.
    """
    ordered = tuple(sorted(signatures, key=lambda one: one.key))
    raw = encode_event(event)
    if not ordered:
        value = decode_canonical(raw, max_bytes=MAX_SIGNED_EVENT_BYTES, max_depth=MAX_EVENT_DEPTH)
        return parse_unsigned_event(value)
    return decode_signed_event(_join(raw, ordered))


def encode_signed_event(signed: SignedEvent) -> bytes:
    """Canonical bytes of a signed event."""
    return _join(signed.event_bytes, signed.signatures)


def encode_signatures(signatures: Sequence[Signature]) -> bytes:
    """Canonical bytes of the `signatures` member.

    Raises:
        MalformedError: A key is not a did:key.
    """
    return b"[%b]" % b",".join(map(_encode_signature, signatures))


def decode_signed_event(data: bytes) -> SignedEvent:
    """Read a signed event; the exact inverse of encode_signed_event.

    Args:
        data: From outside, any bytes.

    Raises:
        MalformedError: Not canonical, or a member is missing, extra or mistyped.
        LimitError: More than 48 KiB, or a limit on subjects, signatures or depth.
    """
    value = decode_canonical(data, max_bytes=MAX_SIGNED_EVENT_BYTES, max_depth=MAX_EVENT_DEPTH + 1)
    if not isinstance(value, dict) or value.keys() != {"event", "signatures"}:
        raise MalformedError("a signed event has exactly the members event and signatures")
    return parse_signed_event(value["event"], value["signatures"])


def parse_signed_event(event: Json, signatures: Json) -> SignedEvent:
    """The two members of a signed event, or of an entry, as typed values.

    Args:
        event: From canonical bytes.
        signatures: From the same bytes.

    Raises:
        MalformedError: A member is missing, extra or mistyped.
        LimitError: Too many subjects or signatures, or nested too deeply.
    """
    raw = encode_canonical(event, max_depth=MAX_EVENT_DEPTH)
    return _create(event, _parse_signatures(signatures), raw)


def parse_unsigned_event(event: Json) -> SignedEvent:
    """An event that nobody has signed yet, as typed values.

    Args:
        event: From canonical bytes.

    Raises:
        MalformedError: A member is missing, extra or mistyped.
        LimitError: Too many subjects, or nested too deeply.
    """
    return _create(event, (), encode_canonical(event, max_depth=MAX_EVENT_DEPTH))


def verify_event_signatures(signed: SignedEvent) -> None:
    """Check every signature of an event with the key it names.

    Raises:
        SignatureError: One does not verify, or there is none.

    Whether the keys are current for the right parties is for the rules to say.
    """
    if not signed.signatures:
        raise SignatureError("the event is a draft: nobody has signed it")
    message = event_message(signed.event_bytes)
    for signature in signed.signatures:
        key = parse_did_key(signature.key)
        verify_ed25519(public_key=key, message=message, signature=signature.sig)


def check_event_time(event: Event, time: UnixMillis) -> None:
    """Hold an event's own clock against the ledger's.

    Args:
        event: The event.
        time: The ledger's time for it.

    Raises:
        RejectedError: Past `until`, `until` more than 90 days after `at`, or `at` more than 5
            minutes ahead.
    """
    if time > event.until:
        raise RejectedError(
            "event_expired",
            f"the event was to be written until {event.until}, it is {time}: sign it again",
            f"该事件的有效期至 {event.until}，现在是 {time}：请重新签署",
            rule="formats 2",
        )
    if event.until - event.at > MAX_EVENT_LIFETIME_MS:
        raise RejectedError(
            "event_lifetime",
            "until is more than 90 days after at: sign it again with a nearer until",
            "until 比 at 晚 90 天以上：请用更近的 until 重新签署",
            rule="formats 2",
        )
    if event.at > time + MAX_CLOCK_AHEAD_MS:
        raise RejectedError(
            "event_from_the_future",
            f"at is more than 5 minutes ahead of the ledger's {time}: set your clock",
            f"at 比账本时间 {time} 快 5 分钟以上：请校准时钟",
            rule="formats 2",
        )


def _create(event: Json, signatures: tuple[Signature, ...], raw: bytes) -> SignedEvent:
    return SignedEvent(_parse_event(event), signatures, raw, sha256(raw).hexdigest())


def _join(event_bytes: bytes, signatures: Sequence[Signature]) -> bytes:
    return b'{"event":%b,"signatures":%b}' % (event_bytes, encode_signatures(signatures))


def _encode_signature(signature: Signature) -> bytes:
    """As encode_canonical would write it: nothing in a key or in base64 needs an escape."""
    parse_did_key(signature.key)
    sig = format_base64url(signature.sig)
    return f'{{"key":"{signature.key}","sig":"{sig}"}}'.encode()


def _event_json(event: Event) -> JsonObject:
    return {
        "actor": event.actor,
        "at": event.at,
        "body": event.body,
        "kind": event.kind,
        "log": event.log,
        "nonce": event.nonce,
        "subjects": event.subjects,
        "until": event.until,
        "v": 1,
    }


def _parse_event(value: Json) -> Event:
    if not isinstance(value, dict) or value.keys() != _EVENT_MEMBERS:
        raise MalformedError(
            "an event has exactly the members " + ", ".join(sorted(_EVENT_MEMBERS))
        )
    body, kind, version = value["body"], value["kind"], value["v"]
    if version is True or version != 1:
        raise MalformedError(f"unknown event version {version!r:.20}")
    if not isinstance(body, dict):
        raise MalformedError("an event's body is an object")
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise MalformedError(f"not an event kind: {kind!r:.40}")
    return Event(
        actor=_parse_actor(value["actor"]),
        at=_parse_time(value["at"]),
        body=body,
        kind=kind,
        log=_parse_log(value["log"]),
        nonce=_parse_nonce(value["nonce"]),
        subjects=_parse_subjects(value["subjects"]),
        until=_parse_time(value["until"]),
    )


def _parse_actor(value: Json) -> SubjectKey:
    if not isinstance(value, str) or not value.startswith("party/"):
        raise MalformedError(f"an event's actor is a party: {value!r:.40}")
    return parse_subject(value)


def _parse_time(value: Json) -> UnixMillis:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedError(f"not Unix milliseconds: {value!r:.40}")
    return UnixMillis(value)


def _parse_log(value: Json) -> str:
    if not isinstance(value, str):
        raise MalformedError(f"not an origin: {value!r:.40}")
    check_origin(value)
    return value


def _parse_nonce(value: Json) -> str:
    if not isinstance(value, str) or len(parse_base64url(value)) != NONCE_BYTES:
        raise MalformedError(f"a nonce is base64url of 16 bytes: {value!r:.40}")
    return value


def _parse_subjects(value: Json) -> tuple[SubjectKey, ...]:
    if not isinstance(value, list | tuple):
        raise MalformedError("subjects is not an array")
    if not 1 <= len(value) <= MAX_SUBJECTS:
        raise LimitError(f"an event has 1 to {MAX_SUBJECTS} subjects, not {len(value)}")
    subjects = tuple(
        parse_subject(one) if isinstance(one, str) else SubjectKey("") for one in value
    )
    if not all(subjects) or any(a >= b for a, b in pairwise(subjects)):
        raise MalformedError("subjects are strings, sorted, none twice")
    return subjects


def _parse_signatures(value: Json) -> tuple[Signature, ...]:
    if not isinstance(value, list | tuple):
        raise MalformedError("signatures is not an array")
    if not 1 <= len(value) <= MAX_SIGNATURES:
        raise LimitError(f"an event has 1 to {MAX_SIGNATURES} signatures, not {len(value)}")
    signatures = tuple(_parse_signature(one) for one in value)
    if any(a.key >= b.key for a, b in pairwise(signatures)):
        raise MalformedError("signatures are sorted by key, no key twice")
    return signatures


def _parse_signature(value: Json) -> Signature:
    if not isinstance(value, dict) or value.keys() != {"key", "sig"}:
        raise MalformedError("a signature has exactly the members key and sig")
    key, sig = value["key"], value["sig"]
    if not isinstance(key, str) or not isinstance(sig, str):
        raise MalformedError("key and sig of a signature are strings")
    parse_did_key(key)
    raw = parse_base64url(sig)
    if len(raw) != _SIGNATURE_BYTES:
        raise MalformedError("a signature has 64 bytes")
    return Signature(DidKey(key), raw)

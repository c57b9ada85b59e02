"""The leaves of the log: entries and the seal that closes each block (our formats, section 3)."""

import re
from dataclasses import dataclass
from typing import Final

from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.core.event import (
    SignedEvent,
    encode_signatures,
    encode_signed_event,
    parse_signed_event,
)
from ledger.core.limits import (
    MAX_BLOCK_EVENTS,
    MAX_ENTRY_BYTES,
    MAX_EVENT_DEPTH,
    MAX_SIGNED_EVENT_BYTES,
)
from ledger.core.members import take_count
from ledger.core.text import parse_digest
from ledger.core.types import Digest, Json, LeafIndex, UnixMillis
from ledger.errors import LimitError, MalformedError

_RULES: Final = re.compile(r"[a-z0-9-]{1,40}/[a-z0-9.-]{1,20}")
NO_PREVIOUS_SEAL: Final = Digest(bytes(32))


@dataclass(frozen=True, slots=True)
class Entry:
    """A signed event with the ledger's time for it."""

    signed: SignedEvent
    time: UnixMillis


@dataclass(frozen=True, slots=True)
class Seal:
    """What closes a block: the hash chain and the state after it.

    Args:
        count: Number of entries in the block, at least 1.
        first: Index of its first entry.
        height: Number of blocks before it.
        prev: Leaf hash of the previous seal, zeros at height 0.
        rules: Name of the rule set that the block was executed under.
        state_root: Root of the state map after the block.
        state_size: Number of subjects after the block.
        time: Not before the last entry's.
    """

    count: int
    first: LeafIndex
    height: int
    prev: Digest
    rules: str
    state_root: Digest
    state_size: int
    time: UnixMillis

    @property
    def index(self) -> LeafIndex:
        """Index of the seal's own leaf."""
        return LeafIndex(self.first + self.count)


def encode_entry(entry: Entry) -> bytes:
    """Canonical bytes of an entry's leaf."""
    return b'{"event":%b,"signatures":%b,"time":%d,"v":1}' % (
        entry.signed.event_bytes,
        encode_signatures(entry.signed.signatures),
        entry.time,
    )


def encode_seal(seal: Seal) -> bytes:
    """Canonical bytes of a seal's leaf."""
    return encode_canonical(
        {
            "seal": {
                "count": seal.count,
                "first": seal.first,
                "height": seal.height,
                "prev": seal.prev.hex(),
                "rules": seal.rules,
                "state": {"root": seal.state_root.hex(), "size": seal.state_size},
                "time": seal.time,
            },
            "v": 1,
        }
    )


def decode_leaf(data: bytes) -> Entry | Seal:
    """Read a leaf of the log; the exact inverse of encode_entry and encode_seal.

    Args:
        data: From outside, any bytes.

    Raises:
        MalformedError: Neither an entry nor a seal in canonical form.
        LimitError: More than 65,535 bytes, or a limit of the signed event.
    """
    value = decode_canonical(data, max_bytes=MAX_ENTRY_BYTES, max_depth=MAX_EVENT_DEPTH + 1)
    if not isinstance(value, dict) or value.get("v") != 1 or value["v"] is True:
        raise MalformedError("a leaf is an object with v = 1")
    if value.keys() == {"event", "signatures", "time", "v"}:
        signed = parse_signed_event(value["event"], value["signatures"])
        if len(encode_signed_event(signed)) > MAX_SIGNED_EVENT_BYTES:
            raise LimitError(f"a signed event has at most {MAX_SIGNED_EVENT_BYTES} bytes")
        return Entry(signed, UnixMillis(take_count(value["time"], "a time")))
    if value.keys() == {"seal", "v"}:
        return _parse_seal(value["seal"])
    raise MalformedError("a leaf is an entry or a seal, with exactly their members")


def _parse_seal(value: Json) -> Seal:
    members = {"count", "first", "height", "prev", "rules", "state", "time"}
    if not isinstance(value, dict) or value.keys() != members:
        raise MalformedError("a seal has exactly the members " + ", ".join(sorted(members)))
    state, rules = value["state"], value["rules"]
    if not isinstance(state, dict) or state.keys() != {"root", "size"}:
        raise MalformedError("a seal's state has exactly the members root and size")
    if not isinstance(rules, str) or not _RULES.fullmatch(rules):
        raise MalformedError(f"not the name of a rule set: {rules!r:.40}")
    seal = Seal(
        count=take_count(value["count"], "a count"),
        first=LeafIndex(take_count(value["first"], "a first")),
        height=take_count(value["height"], "a height"),
        prev=_digest(value["prev"]),
        rules=rules,
        state_root=_digest(state["root"]),
        state_size=take_count(state["size"], "a size"),
        time=UnixMillis(take_count(value["time"], "a time")),
    )
    if not 1 <= seal.count <= MAX_BLOCK_EVENTS:
        raise MalformedError(f"a block has 1 to {MAX_BLOCK_EVENTS} entries, not {seal.count}")
    if (seal.height == 0) != (seal.first == 0) or (seal.height == 0) != (not any(seal.prev)):
        raise MalformedError("height 0, first 0 and no previous seal go together")
    return seal


def _digest(value: Json) -> Digest:
    if not isinstance(value, str):
        raise MalformedError(f"not a digest: {value!r:.40}")
    return parse_digest(value)

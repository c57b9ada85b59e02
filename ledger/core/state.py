"""The committed state of a subject and its history (our formats, sections 5 and 6)."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledger.core.canonical import encode_canonical
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_STATE_BYTES
from ledger.core.members import take_count
from ledger.core.text import parse_digest
from ledger.core.types import Digest, Json, JsonObject, LeafIndex, SubjectKey, UnixMillis
from ledger.errors import LimitError, MalformedError

_TYPE: Final = re.compile(r"[a-z]{1,32}/[1-9][0-9]{0,2}")
_MEMBERS: Final = {"history", "last", "n", "state", "time", "type"}


@dataclass(frozen=True, slots=True)
class State:
    """What a rule makes of a subject: a type such as `asset/1` and its members."""

    type: str
    body: JsonObject


@dataclass(frozen=True, slots=True)
class StateValue:
    """A subject's state with its place in the log: what the map commits.

    Args:
        state: What the rules made.
        history: Root of the tree of the subject's events.
        n: Number of its events, at least 1.
        last: Log index of the newest.
        time: Ledger time of that entry.
    """

    state: State
    history: Digest
    n: int
    last: LeafIndex
    time: UnixMillis


def state_json(value: StateValue) -> JsonObject:
    """The value object as it stands in bundles."""
    return {
        "history": value.history.hex(),
        "last": value.last,
        "n": value.n,
        "state": value.state.body,
        "time": value.time,
        "type": value.state.type,
    }


def encode_state(value: StateValue) -> bytes:
    """Canonical bytes of the value that the map commits.

    Raises:
        MalformedError: The state is outside the JSON profile.
        LimitError: More than 16 KiB.
    """
    raw = encode_canonical(state_json(value))
    if len(raw) > MAX_STATE_BYTES:
        raise LimitError(f"a state has at most {MAX_STATE_BYTES} bytes, this one {len(raw)}")
    return raw


def hash_state(raw: bytes) -> Digest:
    """value_hash of the map: SHA-256 of the canonical value."""
    return Digest(sha256(raw).digest())


def parse_state(value: Json) -> StateValue:
    """Read a value object of a bundle.

    Raises:
        MalformedError: A member is missing, extra or mistyped.
    """
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        raise MalformedError("a state value has exactly the members " + ", ".join(sorted(_MEMBERS)))
    body, kind, history = value["state"], value["type"], value["history"]
    if not isinstance(body, dict) or not isinstance(history, str):
        raise MalformedError("a state value's state is an object, its history a digest")
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        raise MalformedError(f"not a state type: {kind!r:.40}")
    n, last, time = (take_count(value[name]) for name in ("n", "last", "time"))
    if n < 1:
        raise MalformedError("a subject in the map has at least one event")
    return StateValue(
        State(kind, body), parse_digest(history), n, LeafIndex(last), UnixMillis(time)
    )


def hash_history_leaf(*, event_id: str, i: int, index: LeafIndex, subject: SubjectKey) -> Digest:
    """Leaf of a subject's history: its i-th event (from 0) is the log's leaf `index`."""
    # As encode_canonical would write it: nothing in an id or a key needs an escape.
    leaf = f'{{"event":"{event_id}","i":{i:d},"index":{index:d},"subject":"{subject}"}}'
    return hash_leaf(leaf.encode())

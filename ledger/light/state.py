"""What a light client remembers: one small file, replaced as a whole, locked while it is used.

```text
{"format":"muniment/light/v1",
 "note":"<the trusted checkpoint as received>","seen_at":ms,"as_of":ms,
 "marks":[[size,ms]],                        times by which a quorum had cosigned a size
 "watched":{"<subject>":{"n":count,"size":log size,"frontier":["<hex>"]}}}
```

The file is the client's own and is trusted; whoever can write it can make the client believe
anything. Evidence of a fork lies beside it as `<file>.fork.json`, and nothing is followed while it
is there.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import Final

from ledger.core.canonical import decode_bundle
from ledger.core.fork import decode_fork
from ledger.core.limits import MAX_BUNDLE_BYTES, MAX_TREE_LEVELS
from ledger.core.members import take_count, take_format, take_members, take_text
from ledger.core.merkle import Frontier
from ledger.core.subjects import parse_subject
from ledger.core.text import parse_digest
from ledger.core.types import Digest, Json, JsonObject, SubjectKey, TreeSize, UnixMillis
from ledger.errors import (
    CorruptionError,
    ExistsError,
    ForkError,
    InputError,
    MalformedError,
    NotFoundError,
    StoreFailedError,
    UnavailableError,
)
from ledger.files import create_private_file, hold_lock, read_file, replace_file
from ledger.light.advance import MAX_MARKS, Mark, read_note

LIGHT: Final = "muniment/light/v1"
MAX_WATCHED: Final = 10_000
_PAUSE_S: Final = 0.05
_MAX_FILE_BYTES: Final = 32 * 1024 * 1024
_MEMBERS: Final = {"note", "seen_at", "as_of", "marks", "watched"}


@dataclass(frozen=True, slots=True)
class Watched:
    """How far a subject's history was reported.

    Args:
        n: Events reported or passed over.
        size: Of the log, up to which that is all of them.
        frontier: Of the history of these n events.
    """

    n: int
    size: int
    frontier: Frontier


@dataclass(frozen=True, slots=True)
class Trusted:
    """The newest checkpoint that was accepted.

    Args:
        note: As received.
        seen_at: When a checkpoint of this size was first accepted, by the client's clock.
        as_of: Time up to which it is known to have been the newest.
    """

    note: bytes
    seen_at: UnixMillis
    as_of: UnixMillis


@dataclass(frozen=True, slots=True)
class LightState:
    """Everything remembered.

    Args:
        trusted: None before the first contact.
        marks: By what time a quorum had cosigned which size; both rise.
        watched: By subject.
    """

    trusted: Trusted | None = None
    marks: tuple[Mark, ...] = ()
    watched: Mapping[SubjectKey, Watched] = field(default_factory=dict)


class StateFile:
    """The file of a light client.

    Args:
        path: In a folder that exists and that only this user writes to.
        patience_s: How long to wait for another process that uses it, in seconds.
    """

    def __init__(self, path: Path, *, patience_s: float = 5) -> None:
        self.path = path
        self._tries = int(patience_s / _PAUSE_S)
        self.evidence_path = path.with_name(f"{path.name}.fork.json")

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep other clients from this file meanwhile.

        Raises:
            UnavailableError: Another process uses it, and goes on doing so.
            StoreFailedError: It cannot be locked.
        """
        with ExitStack() as stack:
            for _ in range(self._tries):
                if self._has_locked(stack):
                    break
                sleep(_PAUSE_S)
            else:
                stack.enter_context(self._lock())
            yield

    def _has_locked(self, stack: ExitStack) -> bool:
        """Whether the lock is had now, and kept as long as the stack is open.

        Raises:
            StoreFailedError: It cannot be locked; waiting does not help.
        """
        try:
            stack.enter_context(self._lock())
        except StoreFailedError:
            raise
        except UnavailableError:
            return False
        return True

    def _lock(self) -> AbstractContextManager[None]:
        lock = self.path.with_name(f"{self.path.name}.lock")
        return hold_lock(lock, f"the light client's file {self.path}")

    def load(self) -> LightState:
        """What is remembered; nothing before the first contact.

        Raises:
            CorruptionError: The file is damaged.
            StoreFailedError: It cannot be read.
        """
        try:
            data = read_file(self.path, max_bytes=_MAX_FILE_BYTES)
        except NotFoundError:
            return LightState()
        try:
            return _parse(decode_bundle(data, max_bytes=_MAX_FILE_BYTES))
        except InputError as exc:
            raise CorruptionError(
                f"the light client's file {self.path} is damaged ({exc}): keep it, and follow with "
                "another file from a checkpoint you trust"
            ) from exc

    def save(self, state: LightState) -> None:
        """Replace what is remembered; the caller holds the file.

        Raises:
            StoreFailedError: It could not be written; the old one is as before.
        """
        replace_file(self.path, (json.dumps(_format(state)) + "\n").encode())

    def keep_evidence(self, data: bytes) -> Path:
        """Leave evidence of a fork beside the file; the first one is kept.

        Returns:
            Where it lies.

        Raises:
            StoreFailedError: It could not be written.
        """
        with suppress(ExistsError):
            create_private_file(self.evidence_path, data)
        return self.evidence_path

    def check_no_evidence(self) -> None:
        """Refuse to go on after a fork.

        Raises:
            ForkError: Evidence of one lies beside the file.
            CorruptionError: What lies there is no evidence.
            StoreFailedError: It cannot be read.
        """
        try:
            data = read_file(self.evidence_path, max_bytes=MAX_BUNDLE_BYTES)
        except NotFoundError:
            return
        try:
            fork = decode_fork(data)
            notes = fork.first.decode(), fork.second.decode()
        except (InputError, UnicodeDecodeError) as exc:
            raise CorruptionError(f"{self.evidence_path} is no fork evidence: {exc}") from exc
        raise ForkError(*notes, data, str(self.evidence_path))


def _format(state: LightState) -> JsonObject:
    trusted, marks = state.trusted, list[Json]()
    marks += [[mark.size, mark.time] for mark in state.marks]
    return {
        "format": LIGHT,
        "note": None if trusted is None else trusted.note.decode(),
        "seen_at": 0 if trusted is None else trusted.seen_at,
        "as_of": 0 if trusted is None else trusted.as_of,
        "marks": marks,
        "watched": {key: _format_watched(each) for key, each in state.watched.items()},
    }


def _format_watched(watched: Watched) -> JsonObject:
    nodes: list[Json] = [node.hex() for node in watched.frontier.nodes]
    return {"n": watched.n, "size": watched.size, "frontier": nodes}


def _parse(value: Json) -> LightState:
    """Read the file.

    Raises:
        MalformedError: Not such a file.
    """
    members = take_format(value, _MEMBERS, LIGHT, "a light client's file")
    trusted = None
    if members["note"] is not None:
        note = take_text(members["note"]).encode()
        read_note(note)
        times = (UnixMillis(take_count(members[name])) for name in ("seen_at", "as_of"))
        trusted = Trusted(note, *times)
    marks, watched = members["marks"], members["watched"]
    if not isinstance(marks, list) or not isinstance(watched, dict):
        raise MalformedError("marks are an array, what is watched is an object")
    if len(marks) > MAX_MARKS or len(watched) > MAX_WATCHED:
        raise MalformedError("too many marks or subjects")
    return LightState(
        trusted,
        tuple(_parse_mark(mark) for mark in marks),
        {parse_subject(key): _parse_watched(each) for key, each in watched.items()},
    )


def _parse_mark(value: Json) -> Mark:
    if not isinstance(value, list) or len(value) != 2:
        raise MalformedError("a mark is a size and a time")
    return Mark(take_count(value[0]), UnixMillis(take_count(value[1])))


def _parse_watched(value: Json) -> Watched:
    members = take_members(value, {"n", "size", "frontier"}, "a watched subject")
    n, size = (take_count(members[name]) for name in ("n", "size"))
    nodes = members["frontier"]
    if n >= 2**MAX_TREE_LEVELS or not isinstance(nodes, list) or len(nodes) != n.bit_count():
        raise MalformedError("a frontier has as many nodes as its size has one bits")
    hashes = tuple(Digest(parse_digest(take_text(node))) for node in nodes)
    return Watched(n, size, Frontier(TreeSize(n), hashes))

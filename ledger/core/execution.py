"""From signed events to a block: rules, histories, state map, tiles and seal, without storage.

The sequencer, the audit and a rebuild all run this very code, so a replay gives the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from ledger.core.entry import NO_PREVIOUS_SEAL, Entry, Seal, encode_entry, encode_seal
from ledger.core.event import SignedEvent, check_event_time, encode_signed_event
from ledger.core.hashing import SUITE, hash_leaf
from ledger.core.limits import MAX_BLOCK_BYTES, MAX_BLOCK_EVENTS, MAX_ENTRY_BYTES
from ledger.core.mappages import hash_key
from ledger.core.merkle import Frontier, decode_frontier
from ledger.core.rules import Listing, Rules, Step
from ledger.core.state import (
    State,
    StateValue,
    encode_state,
    hash_history_leaf,
    hash_state,
    parse_state,
)
from ledger.core.statemap import Change, MapRoot, PageReader, update
from ledger.core.tiles import TileReader, TileUpdate, extend_tiles
from ledger.core.types import Digest, LeafIndex, SubjectKey, TreeSize, UnixMillis
from ledger.errors import CorruptionError, LimitError, MalformedError, RejectedError


@dataclass(frozen=True, slots=True)
class StoredState:
    """A subject as the store keeps it.

    Args:
        number: Order in which the subject came to be, from 0.
        locator: Row that holds this version.
        raw: Canonical bytes of its StateValue.
        frontier: Encoded frontier of its history.
    """

    number: int
    locator: int
    raw: bytes
    frontier: bytes


class StateReader(PageReader, TileReader, Protocol):
    """What executing a block reads from a store, as of the block before."""

    def read_stored_state(self, root: MapRoot, key: SubjectKey) -> StoredState | None:
        """The subject's newest version under this root, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends: all that the next block builds on.

    Args:
        height: Number of blocks so far.
        frontier: Of the log; its size is the number of leaves.
        seal_hash: Leaf hash of the last seal, zeros before the first.
        time: Of the last seal, 0 before the first.
        map_root: State map after the last block.
        next_page: Id for the next page of the map.
        next_locator: Row for the next version of a state.
    """

    height: int
    frontier: Frontier
    seal_hash: Digest
    time: UnixMillis
    map_root: MapRoot
    next_page: int
    next_locator: int

    @property
    def size(self) -> TreeSize:
        """Number of leaves."""
        return self.frontier.size


EMPTY_HEAD = Head(
    height=0,
    frontier=Frontier(TreeSize(0), ()),
    seal_hash=NO_PREVIOUS_SEAL,
    time=UnixMillis(0),
    map_root=MapRoot(0, SUITE.map_empty, 0),
    next_page=1,
    next_locator=1,
)


@dataclass(frozen=True, slots=True)
class Block:
    """Everything that one transaction writes; `head` is where the log ends after it.

    Args:
        seal: The block's seal.
        leaves: Its entries, then the seal.
        event_ids: 32 bytes each, in the order of the entries.
        tiles: New content of every changed tile.
        states: New versions, each under its locator.
        new_subjects: Keys that came to be, in the order of their numbers.
        history: (subject number, i, log index) of each event of each subject.
        pages: New pages of the map, ids ascending.
        replaced_pages: Pages that no later root reaches.
        replaced_locators: Versions that no later root reaches.
        listings: Subjects whose listing may have changed; None means not listed.
    """

    seal: Seal
    leaves: Sequence[bytes]
    event_ids: Sequence[bytes]
    tiles: Sequence[TileUpdate]
    states: Sequence[StoredState]
    new_subjects: Sequence[SubjectKey]
    history: Sequence[tuple[int, int, LeafIndex]]
    pages: Sequence[tuple[int, bytes]]
    replaced_pages: Sequence[int]
    replaced_locators: Sequence[int]
    listings: Mapping[SubjectKey, Listing | None]
    head: Head


_ENTRY_AND_SEAL_BYTES = 1024
"""More than an entry adds to its signed event, plus the seal."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """What an event makes of one subject, and where in the log."""

    state: State
    event_id: str
    index: LeafIndex
    time: UnixMillis


@dataclass(frozen=True, slots=True)
class _Version:
    state: State
    n: int
    raw: bytes
    frontier: Frontier
    number: int


class BlockBuilder:
    """Executes events one after another and makes a block of those that the rules accept.

    Args:
        head: Where the log ends.
        reader: The store as of that head.
        rules: The rule set in force.
    """

    def __init__(self, head: Head, reader: StateReader, rules: Rules) -> None:
        self._head = head
        self._reader = reader
        self._rules = rules
        self._loaded: dict[SubjectKey, _Version | None] = {}
        self._locators: dict[SubjectKey, int] = {}
        self._changed: dict[SubjectKey, _Version] = {}
        self._new: list[SubjectKey] = []
        self._leaves: list[bytes] = []
        self._event_ids: list[bytes] = []
        self._history: list[tuple[int, int, LeafIndex]] = []
        self._bytes = 0
        self._time = UnixMillis(head.time + 1 if head.height else 0)
        self._is_closed = False

    @property
    def count(self) -> int:
        """Events accepted so far."""
        return len(self._leaves)

    @property
    def earliest_time(self) -> UnixMillis:
        """The least ledger time that the next entry may have."""
        return self._time

    def has_room(self, event_bytes: int) -> bool:
        """Whether one more signed event of this size fits into the block."""
        return (
            not self._is_closed
            and len(self._leaves) < MAX_BLOCK_EVENTS
            and self._bytes + event_bytes + _ENTRY_AND_SEAL_BYTES <= MAX_BLOCK_BYTES
        )

    def read(self, key: SubjectKey) -> State | None:
        """State of a subject after the events accepted so far (the rules' StateView)."""
        version = self._load(key)
        return None if version is None else version.state

    def add(self, signed: SignedEvent, time: UnixMillis) -> LeafIndex:
        """Execute one event and keep what it does.

        Args:
            signed: Signatures already verified.
            time: The ledger's, at least earliest_time.

        Returns:
            The index that its entry will have.

        Raises:
            RejectedError: A rule refuses; the builder is as before.
            MalformedError: The body is not of its kind's schema; the builder is as before.
            LimitError: The entry is too large; the builder is as before.
            CorruptionError: The store gave back something else than a state.
            AssertionError: The caller let time go back or overfilled the block, or the rules
                changed other subjects than the event's.
        """
        if time < self._time or not self.has_room(len(encode_signed_event(signed))):
            raise AssertionError("entries come in order of time into a block that has room")
        check_event_time(signed.event, time)
        index = LeafIndex(self._head.size + len(self._leaves))
        leaf = encode_entry(Entry(signed, time))
        if len(leaf) > MAX_ENTRY_BYTES:
            raise LimitError(f"an entry has at most {MAX_ENTRY_BYTES} bytes, this one {len(leaf)}")
        states = self._rules.apply(signed, Step(time, index, self))
        if states.keys() != set(signed.event.subjects):
            raise AssertionError(f"{signed.event.kind} must change exactly the event's subjects")
        born = [key for key in signed.event.subjects if self._load(key) is None]
        first_number = self._head.map_root.size + len(self._new)
        numbers = {key: first_number + i for i, key in enumerate(born)}
        versions = {
            key: self._next_version(key, StateChange(states[key], signed.id, index, time), numbers)
            for key in signed.event.subjects
        }
        self._keep(signed, leaf, index, versions)
        self._new.extend(born)
        self._time = time
        return index

    def build(self) -> Block:
        """The block of the events accepted.

        Raises:
            AssertionError: No event was accepted.
        """
        if not self._leaves:
            raise AssertionError("a block has at least one entry")
        head = self._head
        states = [
            StoredState(version.number, locator, version.raw, version.frontier.encode())
            for locator, version in enumerate(self._changed.values(), start=head.next_locator)
        ]
        changes = [
            Change(hash_key(key), hash_state(stored.raw), stored.locator)
            for key, stored in zip(self._changed, states, strict=True)
        ]
        mapped = update(self._reader, head.map_root, changes, head.next_page)
        seal = self._seal(mapped.root)
        leaves = [*self._leaves, encode_seal(seal)]
        hashes = [hash_leaf(leaf) for leaf in leaves]
        return Block(
            seal=seal,
            leaves=leaves,
            event_ids=self._event_ids,
            tiles=extend_tiles(self._reader.read_tile, head.size, hashes),
            states=states,
            new_subjects=self._new,
            history=self._history,
            pages=mapped.pages,
            replaced_pages=mapped.replaced,
            replaced_locators=[self._locators[k] for k in self._changed if k in self._locators],
            listings={
                key: self._rules.describe(key, version.state)
                for key, version in self._changed.items()
            },
            head=Head(
                height=head.height + 1,
                frontier=head.frontier.extend(hashes),
                seal_hash=hashes[-1],
                time=seal.time,
                map_root=mapped.root,
                next_page=mapped.next_page_id,
                next_locator=head.next_locator + len(states),
            ),
        )

    def _keep(
        self,
        signed: SignedEvent,
        leaf: bytes,
        index: LeafIndex,
        versions: Mapping[SubjectKey, _Version],
    ) -> None:
        self._changed.update(versions)
        self._history.extend((v.number, v.n - 1, index) for v in versions.values())
        self._leaves.append(leaf)
        self._event_ids.append(bytes.fromhex(signed.id))
        self._bytes += len(leaf)
        self._is_closed = self._rules.is_last_of_block(signed)

    def _load(self, key: SubjectKey) -> _Version | None:
        changed = self._changed.get(key)
        if changed is not None:
            return changed
        if key not in self._loaded:
            stored = self._reader.read_stored_state(self._head.map_root, key)
            self._loaded[key] = None if stored is None else _open_version(stored)
            if stored is not None:
                self._locators[key] = stored.locator
        return self._loaded[key]

    def _next_version(
        self, key: SubjectKey, change: StateChange, numbers: Mapping[SubjectKey, int]
    ) -> _Version:
        before = self._load(key)
        n = before.n if before else 0
        leaf = hash_history_leaf(event_id=change.event_id, i=n, index=change.index, subject=key)
        frontier = (before.frontier if before else EMPTY_HEAD.frontier).append(leaf)
        value = StateValue(change.state, frontier.root(), n + 1, change.index, change.time)
        number = before.number if before else numbers[key]
        return _Version(change.state, n + 1, _encode_or_refuse(key, value), frontier, number)

    def _seal(self, root: MapRoot) -> Seal:
        return Seal(
            count=len(self._leaves),
            first=LeafIndex(self._head.size),
            height=self._head.height,
            prev=self._head.seal_hash,
            rules=self._rules.name,
            state_root=root.root,
            state_size=root.size,
            time=self._time,
        )


def _open_version(stored: StoredState) -> _Version:
    """What the store gave back, read.

    Raises:
        CorruptionError: It is no state with the frontier of its history.
    """
    try:
        value = parse_state(msgspec.json.decode(stored.raw))
        frontier = decode_frontier(TreeSize(value.n), stored.frontier)
    except (msgspec.DecodeError, UnicodeDecodeError, MalformedError) as exc:
        raise CorruptionError(f"the stored state {stored.locator} cannot be read") from exc
    if frontier.root() != value.history:
        raise CorruptionError(f"the stored state {stored.locator} is not of its history")
    return _Version(value.state, value.n, stored.raw, frontier, stored.number)


def _encode_or_refuse(key: SubjectKey, value: StateValue) -> bytes:
    try:
        return encode_state(value)
    except LimitError as exc:
        raise RejectedError(
            "state_full",
            f"{key} would hold too much: close what is open in it first ({exc})",
            f"{key} 的状态会超出上限：请先结束其中未结束的事项",
            rule="formats 5",
        ) from exc

"""What every command is written against: a registry, in process or behind a node."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from contracts.engine import Body
from contracts.foundation import Ledger
from contracts.records import StateT, format_record, parse_state_record
from ledger.clock import Clock
from ledger.core.bucket import Bucket
from ledger.core.bundle import Receipt, StateBundle
from ledger.core.dossier import Dossier
from ledger.core.entry import Entry, Seal, decode_leaf
from ledger.core.event import (
    Event,
    Signature,
    SignedEvent,
    create_signed_event,
    encode_event,
    event_message,
)
from ledger.core.note import VerifierKey, parse_vkey
from ledger.core.rules import Listing, Step
from ledger.core.state import StateValue
from ledger.core.subjects import SELF
from ledger.core.types import Digest, LeafIndex, SubjectKey, TreeSize, UnixMillis
from ledger.errors import NotFoundError
from ledger.keys import KeyRing, SigningKey, fresh_nonce
from ledger.sequencer import Outcome, Submission
from ledger.vault import Vault
from node.home import Home

VAULT_KEY: Final = "vault"
EVENT_LIFETIME_MS: Final = 7 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Written:
    """An event that is in the log."""

    index: LeafIndex
    event: str


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where the log ends.

    Args:
        size: Number of leaves.
        height: Number of blocks.
        time: Of the last seal.
        subjects: In the state map.
    """

    size: TreeSize
    height: int
    time: UnixMillis
    subjects: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A subject that people look for.

    Args:
        key: Of the subject.
        kind: Its type, such as `asset`.
        label: One line to recognise it by.
        status: Its status at the time of its last event.
        terms: What a search finds it by, where that was asked for.
    """

    key: SubjectKey
    kind: str
    label: str
    status: str
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signed checkpoint.

    Args:
        note: The signed note.
        size: Leaves that it covers.
        time: Of its last seal.
    """

    note: bytes
    size: TreeSize
    time: UnixMillis


class Proofs(Protocol):
    """Proofs and states under one checkpoint."""

    @property
    def anchor(self) -> Anchor:
        """The checkpoint."""
        ...

    def prove_leaf(self, index: int) -> Receipt:
        """Receipt of an entry or a seal.

        Raises:
            NotFoundError: The checkpoint covers no such leaf.
        """
        ...

    def prove_growth(self, old: int, new: int) -> tuple[Digest, ...]:
        """Consistency of two sizes of the log.

        Raises:
            NotFoundError: Not 0 <= old <= new <= size of the checkpoint.
        """
        ...

    def prove_state(self, key: SubjectKey) -> StateBundle:
        """A subject's state, or its absence."""
        ...

    def prove_bucket(self, prefix: str) -> Bucket:
        """All subjects whose key hashes begin with these hex digits.

        Raises:
            MalformedError: Not 0 to 64 lower-case hex digits.
            LimitError: More than 65,536 subjects answer to them.
        """
        ...

    def read_state(self, key: SubjectKey) -> StateValue | None:
        """A subject's state, without a proof."""
        ...

    def read_events(self, key: SubjectKey) -> Sequence[Entry]:
        """Every event of a subject, oldest first, without proofs; none if it is absent."""
        ...

    def prove_history(self, key: SubjectKey, start: int = 0) -> Dossier:
        """All events of a subject, or all after its first `start`.

        Raises:
            NotFoundError: It has no event after those.
            LimitError: More than 1,000 events: ask for pages.
        """
        ...


class RegistryApi(ABC):
    """A registry as commands need it.

    Args:
        home: Where its keys, its vault and its policy lie.
        ring: Its keys.
        clock: Read for events.
    """

    def __init__(self, home: Home, ring: KeyRing, clock: Clock) -> None:
        self.home = home
        self.ring = ring
        self.clock = clock

    @property
    @abstractmethod
    def origin(self) -> str:
        """Origin of its ledger."""

    @abstractmethod
    def read_end(self) -> LogEnd:
        """Where the log ends."""

    @abstractmethod
    def read_state(self, key: SubjectKey) -> StateValue | None:
        """A subject's newest state."""

    @abstractmethod
    def iterate_events(self, key: SubjectKey) -> Iterator[tuple[LeafIndex, Entry]]:
        """The events of a subject with their log indexes, oldest first; none if it is absent.

        Raises:
            CorruptionError: Its history points at a seal.
        """

    @abstractmethod
    def read_listing(self, key: SubjectKey) -> Listing | None:
        """How people find a subject."""

    @abstractmethod
    def iterate_listed(self, kinds: Collection[str]) -> Iterator[Listed]:
        """Every listed subject of these types, by its key."""

    @abstractmethod
    def find_due(self) -> Collection[SubjectKey] | None:
        """Subjects on which something is due; None: whoever asks has to look for them."""

    @abstractmethod
    def find_subjects(self, prefix: str, limit: int) -> Sequence[SubjectKey]:
        """Keys that begin with this text, in order, at most `limit`."""

    @abstractmethod
    def search(
        self, text: str, *, kind: str | None, limit: int
    ) -> Sequence[tuple[SubjectKey, Listing]]:
        """Subjects that people would look for by this text."""

    @abstractmethod
    def find_event(self, event_id: str) -> LeafIndex | None:
        """Index of the entry with this event id (64 hex digits), or None."""

    @abstractmethod
    def read_leaves(self, start: int, stop: int) -> Sequence[bytes]:
        """Leaves start <= index < stop; fewer where the log ends."""

    @abstractmethod
    def read_document(self, digest: str) -> bytes | None:
        """A document that the log names by its hex SHA-256."""

    @abstractmethod
    def prover(self, size: int | None = None) -> Proofs:
        """Proofs under the checkpoint of this size, or the newest.

        Raises:
            NotFoundError: No checkpoint was signed yet, or none of this size.
        """

    @abstractmethod
    def next_step(self) -> Step:
        """Where the next event would be executed, and what it would read."""

    @abstractmethod
    def submit_each(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        """Write events in order, each on its own: what is refused holds up nothing else.

        Nothing is rehearsed; an event that is in the log already answers with its first index.

        Returns:
            One outcome for each; the accepted ones are durable.

        Raises:
            StoreFailedError: A write failed; submitting again is safe.
            UnavailableError: The clock is not to be trusted, another process is writing, or the
                node cannot be reached; submitting again is safe.
            AssertionError: The registry was opened for reading.
        """

    @abstractmethod
    def submit(
        self, events: Sequence[SignedEvent], documents: Mapping[str, bytes]
    ) -> Sequence[Written]:
        """Write events in order, all or none: the first refusal is raised."""

    @property
    def ledger(self) -> Ledger:
        """State of `ledger/self`."""
        return self.need_state(Ledger, SELF)

    @property
    def log_key(self) -> VerifierKey:
        """The log's public key, as `ledger.open` names it."""
        return parse_vkey(self.ledger.log)

    def find_state(self, cls: type[StateT], key: SubjectKey) -> StateT | None:
        """A subject's newest state as a record, or None."""
        value = self.read_state(key)
        return None if value is None else parse_state_record(cls, value.state)

    def need_state(self, cls: type[StateT], key: SubjectKey) -> StateT:
        """A subject's newest state as a record.

        Raises:
            NotFoundError: There is no such subject.
        """
        state = self.find_state(cls, key)
        if state is None:
            raise NotFoundError(f"there is no {key} on this ledger")
        return state

    def find_first(self, key: SubjectKey) -> tuple[LeafIndex, Entry] | None:
        """The first event of a subject with its log index, or None."""
        return next(self.iterate_events(key), None)

    def read_leaf(self, index: int) -> Entry | Seal:
        """A leaf of the log.

        Raises:
            NotFoundError: The log has no such leaf.
        """
        leaves = self.read_leaves(index, index + 1) if index >= 0 else ()
        if not leaves:
            raise NotFoundError(f"the log has no leaf {index}")
        return decode_leaf(leaves[0])

    def open_vault(self) -> Vault:
        """The vault; the caller closes it."""
        return Vault(self.home.vault, self.ring.load_secret(VAULT_KEY))

    def build_event(self, actor: SubjectKey, body: Body, nonce: str | None = None) -> Event:
        """An event of this ledger with the subjects that its body asks for, still unsigned.

        Args:
            actor: Who speaks.
            body: Of the event.
            nonce: Fresh, where what the event opens was named before; None: one is made.
        """
        return create_event(self.clock, self.origin, actor, body, nonce)

    def sign_event(self, event: Event, keys: Sequence[SigningKey]) -> SignedEvent:
        """The event, signed by these keys."""
        return sign_event(event, keys)


def create_event(
    clock: Clock, origin: str, actor: SubjectKey, body: Body, nonce: str | None = None
) -> Event:
    """An event with a fresh nonce, valid for seven days, and its kind's subjects."""
    nonce, at = nonce or fresh_nonce(), clock.now()
    return Event(
        actor=actor,
        at=at,
        body=format_record(body),
        kind=body.kind,
        log=origin,
        nonce=nonce,
        subjects=tuple(sorted(set(body.subjects(actor, nonce)))),
        until=UnixMillis(at + EVENT_LIFETIME_MS),
    )


def sign_event(event: Event, keys: Sequence[SigningKey]) -> SignedEvent:
    """The event, signed by these keys."""
    message = event_message(encode_event(event))
    return create_signed_event(event, [Signature(key.did, key.sign(message)) for key in keys])

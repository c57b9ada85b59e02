"""The registry in process: store, rules, keys, vault and clock put together.

`RegistryApi` is what every command is written against; `Registry` is the embedded one.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import msgspec
from typing_extensions import override

from contracts.engine import Body
from contracts.foundation import Ledger
from contracts.records import StateT, format_record, parse_state_record
from ledger.clock import Clock, SystemClock
from ledger.core.ed25519 import check_library
from ledger.core.entry import Entry, Seal, decode_leaf
from ledger.core.event import (
    Event,
    Signature,
    SignedEvent,
    create_signed_event,
    encode_event,
    event_message,
)
from ledger.core.execution import BlockBuilder
from ledger.core.note import VerifierKey, parse_vkey
from ledger.core.rules import Listing
from ledger.core.state import StateValue, parse_state
from ledger.core.subjects import SELF
from ledger.core.types import LeafIndex, SubjectKey, UnixMillis
from ledger.errors import CorruptionError, NotFoundError, RejectedError
from ledger.files import hold_lock
from ledger.keys import KeyRing, Passphrase, SigningKey, fresh_nonce
from ledger.sequencer import Accepted, Outcome, Refused, Sequencer, Submission
from ledger.signer import CheckpointSigner
from ledger.storage.sqlite import SqliteStore
from ledger.vault import Vault
from node.home import Home
from node.proofs import Prover
from node.rulebundle import current_rules

LOG_KEY, NODE_KEY, VAULT_KEY = "log", "node", "vault"
EVENT_LIFETIME_MS: Final = 7 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Written:
    """An event that is in the log."""

    index: LeafIndex
    event: str


class RegistryApi(Protocol):
    """What commands need of a registry, embedded or over the network."""

    @property
    def origin(self) -> str:
        """Origin of its ledger."""
        ...

    def submit(
        self, events: Sequence[SignedEvent], documents: Mapping[str, bytes]
    ) -> Sequence[Written]:
        """Write events in order, all or none: the first refusal is raised."""
        ...

    def read_state(self, key: SubjectKey) -> StateValue | None:
        """A subject's newest state."""
        ...

    def find_subjects(self, prefix: str, limit: int) -> Sequence[SubjectKey]:
        """Keys that begin with this text."""
        ...

    def prover(self) -> Prover:
        """Proofs under the newest checkpoint."""
        ...


class Registry(RegistryApi):
    """A registry in a home folder; use `open_registry`.

    Args:
        home: Where it lies.
        store: Its ledger.
        ring: Its keys.
        clock: Read for events and blocks.
        sequencer: None: opened for reading only.
    """

    def __init__(
        self,
        home: Home,
        store: SqliteStore,
        ring: KeyRing,
        clock: Clock,
        sequencer: Sequencer | None,
    ) -> None:
        self.home = home
        self.store = store
        self.ring = ring
        self.clock = clock
        self._sequencer = sequencer
        self._origin = read_opening(store).signed.event.log

    @property
    @override
    def origin(self) -> str:
        return self._origin

    @property
    def ledger(self) -> Ledger:
        """State of `ledger/self`."""
        return self.need_state(Ledger, SELF)

    @property
    def log_key(self) -> VerifierKey:
        """The log's public key, as `ledger.open` names it."""
        return parse_vkey(self.ledger.log)

    @override
    def read_state(self, key: SubjectKey) -> StateValue | None:
        # Who holds the home's lock knows the head: reading it anew costs more than the state.
        head = self.store.read_head() if self._sequencer is None else self._sequencer.head
        stored = self.store.read_stored_state(head.map_root, key)
        return None if stored is None else parse_state(msgspec.json.decode(stored.raw))

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

    @override
    def find_subjects(self, prefix: str, limit: int) -> Sequence[SubjectKey]:
        return self.store.find_subjects(prefix, limit)

    def search(
        self, text: str, *, kind: str | None, limit: int
    ) -> Sequence[tuple[SubjectKey, Listing]]:
        """Subjects that people would look for by this text."""
        return self.store.search_listings(text, kind=kind, limit=limit)

    @override
    def prover(self) -> Prover:
        return Prover(self.store)

    def read_leaf(self, index: int) -> Entry | Seal:
        """A leaf of the log.

        Raises:
            NotFoundError: The log has no such leaf.
        """
        leaves = self.store.read_leaves(index, index + 1) if index >= 0 else ()
        if not leaves:
            raise NotFoundError(f"the log has no leaf {index}")
        return decode_leaf(leaves[0])

    def open_vault(self) -> Vault:
        """The vault; the caller closes it."""
        return Vault(self.home.vault, self.ring.load_secret(VAULT_KEY))

    def build_event(self, actor: SubjectKey, body: Body) -> Event:
        """An event of this ledger with the subjects that its body asks for, still unsigned."""
        return create_event(self.clock, self.origin, actor, body)

    def sign_event(self, event: Event, keys: Sequence[SigningKey]) -> SignedEvent:
        """The event, signed by these keys."""
        return sign_event(event, keys)

    def submit_each(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        """Write events in order, each on its own: what is refused holds up nothing else.

        Nothing is rehearsed; an event that is in the log already answers with its first index.

        Returns:
            One outcome for each; the accepted ones are durable.

        Raises:
            StoreFailedError: A write failed; submitting again is safe.
            UnavailableError: The clock is not to be trusted, or another process is writing.
            AssertionError: The registry was opened for reading.
        """
        if self._sequencer is None:
            raise AssertionError("this registry was opened for reading")
        return self._sequencer.submit(submissions)

    @override
    def submit(
        self, events: Sequence[SignedEvent], documents: Mapping[str, bytes]
    ) -> Sequence[Written]:
        if len(events) > 1:
            self._rehearse(events)
        *before, last = events
        submissions = [*map(Submission, before), Submission(last, documents)]
        written: list[Written] = []
        for event, outcome in zip(events, self.submit_each(submissions), strict=True):
            match outcome:
                case Refused(error):
                    raise error
                case Accepted(index):
                    written.append(Written(index, event.id))
        return written

    def _rehearse(self, events: Sequence[SignedEvent]) -> None:
        """Execute events that belong together without writing any.

        The sequencer accepts or refuses each on its own; who holds the home's lock knows here what
        it will say.
        """
        builder = BlockBuilder(self.store.read_head(), self.store, current_rules())
        time = max(self.clock.now(), builder.earliest_time)
        for event in events:
            if self.store.find_event(bytes.fromhex(event.id)) is None:
                builder.add(event, time)


def create_event(clock: Clock, origin: str, actor: SubjectKey, body: Body) -> Event:
    """An event with a fresh nonce, valid for seven days, and its kind's subjects."""
    nonce, at = fresh_nonce(), clock.now()
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


@contextmanager
def open_registry(
    path: Path, passphrase: Passphrase | None, *, is_writer: bool, clock: Clock | None = None
) -> Iterator[Registry]:
    """Open the registry in a home folder.

    Args:
        path: The home folder.
        passphrase: Opens sealed keys when they are needed.
        is_writer: Hold the lock, check what was signed, and be ready to write.
        clock: The machine's unless told.

    Raises:
        NotFoundError: There is no registry.
        UnavailableError: Another process is writing.
        RollbackError: The ledger does not contain what its key signed.
        CorruptionError: A library or the file is not to be trusted.
        RejectedError: The ledger was opened under other trial rules.
    """
    check_library()
    home, time = Home(path), clock or SystemClock()
    home.check()
    ring = KeyRing(home.keys, passphrase)
    with ExitStack() as stack:
        if is_writer:
            stack.enter_context(hold_lock(home.lock, "the registry"))
        store = SqliteStore(home.ledger)
        stack.callback(store.close)
        sequencer = _open_sequencer(home, store, ring, time) if is_writer else None
        yield Registry(home, store, ring, time, sequencer)


def _open_sequencer(home: Home, store: SqliteStore, ring: KeyRing, clock: Clock) -> Sequencer:
    opening = read_opening(store)
    rules = current_rules()
    body = opening.signed.event.body
    name, digest = body.get("rules"), body.get("rules_digest")
    if rules.rule_sets.get(str(name)) != digest:
        raise RejectedError(
            "rules_changed",
            f"this ledger was opened under other rules called {name}: such trial rules may change; "
            "use the program that opened it, or open a new ledger with 'muniment init'",
            f"本账本是在另一版 {name} 规则下开启的（试用规则可能变更）：请使用当时的程序，"
            "或用 muniment init 新建账本",
            rule="formats 3",
        )
    key = load_log_key(ring, opening.signed)
    signer = CheckpointSigner(key, opening.signed.event.log, home.signer)
    return Sequencer(store, rules, clock, signer)  # it signs what a crash left unsigned


def read_opening(store: SqliteStore) -> Entry:
    """The first entry of a ledger.

    Raises:
        CorruptionError: The file holds no ledger.
    """
    leaves = store.read_leaves(0, 1)
    entry = decode_leaf(leaves[0]) if leaves else None
    if not isinstance(entry, Entry):
        raise CorruptionError("the ledger is empty: 'muniment init' did not finish; start anew")
    return entry


def load_log_key(ring: KeyRing, opening: SignedEvent) -> SigningKey:
    """The log's private key, if it is the one that `ledger.open` names.

    Raises:
        CorruptionError: It is another ledger's.
        NotFoundError: There is none here.
        PassphraseRequiredError: It is sealed and no passphrase was given.
    """
    key = ring.load(LOG_KEY)
    named = parse_vkey(str(opening.event.body.get("log")))
    if key.public_key != named.public_key:
        raise CorruptionError(
            f"keys/{LOG_KEY}.key is not the key of this ledger: restore it from a backup of "
            f"{opening.event.log}"
        )
    return key

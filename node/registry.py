"""The registry in process: store, rules, keys, vault and clock put together."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from typing_extensions import override

from contracts.rotation import LedgerKey
from ledger.clock import Clock, SystemClock
from ledger.core.ed25519 import check_library
from ledger.core.entry import Entry, decode_leaf
from ledger.core.event import SignedEvent
from ledger.core.execution import BlockBuilder, Head
from ledger.core.rules import Listing, Step
from ledger.core.state import StateValue, parse_state
from ledger.core.types import LeafIndex, SubjectKey, UnixMillis
from ledger.errors import CorruptionError, RejectedError
from ledger.files import hold_lock
from ledger.keys import KeyRing, Passphrase
from ledger.sequencer import Accepted, Outcome, Sequencer, Submission
from ledger.signer import CheckpointSigner
from ledger.storage.base import Table
from ledger.storage.sqlite import SqliteStore
from ledger.submission import find_refusal
from node.home import Home
from node.logkeys import LOG_KEY as LOG_KEY
from node.logkeys import find_log_key, load_log_key, read_log_keys, settle_policy
from node.proofs import Prover
from node.registryapi import Listed, LogEnd, RegistryApi, Written
from node.rulebundle import current_rules
from node.settled import find_settled

NODE_KEY: Final = "node"
_STEP: Final = 1000
"""Indexes of a history that are read at once."""


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
        super().__init__(home, ring, clock)
        self.store = store
        self._sequencer = sequencer
        self._origin = read_opening(store).signed.event.log

    @property
    @override
    def origin(self) -> str:
        return self._origin

    @override
    def read_end(self) -> LogEnd:
        head = self._head()
        return LogEnd(head.size, head.height, head.time, head.map_root.size)

    @override
    def read_state(self, key: SubjectKey) -> StateValue | None:
        stored = self.store.read_stored_state(self._head().map_root, key)
        return None if stored is None else parse_state(msgspec.json.decode(stored.raw))

    @override
    def iterate_events(self, key: SubjectKey) -> Iterator[tuple[LeafIndex, Entry]]:
        stored = self.store.read_stored_state(self._head().map_root, key)
        if stored is None:
            return
        n = parse_state(msgspec.json.decode(stored.raw)).n
        for start in (0, *range(1, n, _STEP)):  # who wants the first one reads no more than that
            stop = min(start + _STEP, n) if start else 1
            for index in self.store.read_history(stored.number, start, stop):
                entry = self.read_leaf(index)
                if not isinstance(entry, Entry):
                    raise CorruptionError("a history points at a seal: run 'muniment audit'")
                yield index, entry

    @override
    def read_listing(self, key: SubjectKey) -> Listing | None:
        return self.store.read_listing(key)

    @override
    def iterate_listed(self, kinds: Collection[str]) -> Iterator[Listed]:
        for key, kind, label, status, *_ in self.store.iterate_rows(Table.LISTING):
            if kind in kinds:
                yield Listed(SubjectKey(str(key)), str(kind), str(label), str(status))

    @override
    def find_due(self) -> Collection[SubjectKey] | None:
        return None

    @override
    def find_subjects(self, prefix: str, limit: int) -> Sequence[SubjectKey]:
        return self.store.find_subjects(prefix, limit)

    @override
    def search(
        self, text: str, *, kind: str | None, limit: int
    ) -> Sequence[tuple[SubjectKey, Listing]]:
        return self.store.search_listings(text, kind=kind, limit=limit)

    @override
    def find_event(self, event_id: str) -> LeafIndex | None:
        return self.store.find_event(bytes.fromhex(event_id))

    @override
    def read_leaves(self, start: int, stop: int) -> Sequence[bytes]:
        return self.store.read_leaves(start, stop)

    @override
    def read_document(self, digest: str) -> bytes | None:
        return self.store.read_document(digest)

    @override
    def prover(self, size: int | None = None) -> Prover:
        return Prover(self.store, find_settled(self.home, self.store) if size is None else size)

    @override
    def next_step(self) -> Step:
        head = self.store.read_head()
        builder = BlockBuilder(head, self.store, current_rules())
        time = max(self.clock.now(), builder.earliest_time)
        return Step(UnixMillis(time), LeafIndex(head.size), builder)

    @override
    def submit_each(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        return self._write(submissions, Sequencer.submit)

    def submit_together(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        """Write events in order into one block, all or none.

        Returns:
            One outcome for each; either none or all are refusals.

        Raises:
            LedgerError: As `submit_each` raises.
            AssertionError: The registry was opened for reading.
        """
        return self._write(submissions, Sequencer.submit_together)

    @override
    def submit(
        self, events: Sequence[SignedEvent], documents: Mapping[str, bytes]
    ) -> Sequence[Written]:
        *before, last = events
        submissions = [*map(Submission, before), Submission(last, documents)]
        outcomes = self.submit_together(submissions)
        refusal = find_refusal(outcomes)
        if refusal is not None:
            raise refusal
        return [
            Written(outcome.index, event.id)
            for event, outcome in zip(events, outcomes, strict=True)
            if isinstance(outcome, Accepted)
        ]

    def _write(
        self,
        submissions: Sequence[Submission],
        write: Callable[[Sequencer, Sequence[Submission]], Sequence[Outcome]],
    ) -> Sequence[Outcome]:
        if self._sequencer is None:
            raise AssertionError("this registry was opened for reading")
        outcomes = write(self._sequencer, submissions)
        if any(each.signed.event.kind == LedgerKey.kind for each in submissions):
            settle_policy(self.home, self.store)
        return outcomes

    def _head(self) -> Head:
        # Who holds the home's lock knows the head: reading it anew costs more than a state.
        return self.store.read_head() if self._sequencer is None else self._sequencer.head


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
    key = load_log_key(ring, read_log_keys(store)[-1].key)
    find_key = partial(find_log_key, ring)
    signer = CheckpointSigner(key, opening.signed.event.log, home.signer, find_key)
    sequencer = Sequencer(store, rules, clock, signer)  # it signs what a crash left unsigned
    settle_policy(home, store)
    return sequencer


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

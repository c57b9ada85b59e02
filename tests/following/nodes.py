"""Operators, honest and not: they have the log's key and can write, sign and serve any log with it.

A dishonest one builds its blocks with the code of an honest one, changed in one place, so that
everything else about its log is right: proofs, tiles, signatures of the checkpoint.
"""

from dataclasses import replace
from hashlib import sha256

from typing_extensions import override

from contracts.party import Enroll, Suspend
from contracts.rotation import LedgerKey
from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.execution import BlockBuilder
from ledger.core.merkle import read_root
from ledger.core.note import (
    Algorithm,
    SignatureLine,
    SignedNote,
    create_verifier_key,
    format_note,
    format_vkey,
)
from ledger.core.rules import Rules
from ledger.core.state import StateValue, encode_state
from ledger.core.subjects import derive_party
from ledger.core.tiles import TileNodeReader
from ledger.errors import NotFoundError, RejectedError
from ledger.keys import KeyRing, SigningKey
from ledger.light.fetch import Fetcher
from ledger.replay import replay
from ledger.storage.sqlite import SqliteStore
from node.founding import Charter, found_registry
from node.home import Home
from node.logkeys import LOG_KEY
from node.registry import read_opening
from node.registryapi import create_event, sign_event
from node.rulebundle import current_rules, read_profile
from node.tiles.source import Notes, StoreTiles
from tests.support.ledgers import FakeClock
from tests.support.memory_store import MemoryStore
from tests.support.people import START, Key


class Operator:
    """Writes a log that begins as the one in a home folder, and signs it.

    Args:
        home: Of a registry that is there already; only read.
    """

    def __init__(self, home):
        self.key = KeyRing(home.keys, None).load(LOG_KEY)
        self.officer = KeyRing(home.keys, None).load("operator")
        self.store = MemoryStore()
        self.clock = FakeClock(START + 60_000)
        store = SqliteStore(home.ledger)
        try:
            self.origin = read_opening(store).signed.event.log
            leaves = enumerate(store.read_leaves(0, store.count_leaves()))
            rules = current_rules()
            for _ in replay(leaves, self.store, {rules.name: rules}, self.origin):
                pass
        finally:
            store.close()
        self.verifier = create_verifier_key(self.origin, Algorithm.ED25519, self.key.public_key)

    @property
    def size(self):
        return len(self.store.leaves)

    def enrol(self, name):
        """A signed enrolment; gives it and the party."""
        key = Key(name)
        party = derive_party([key.did])
        body = Enroll(keys=(key.did,), party_kind="legal", name=name)
        return sign_event(create_event(self.clock, self.origin, party, body), [key]), party

    def suspend(self, party, **members):
        """A signed suspension of a party, by the operator of a solo registry."""
        body = Suspend(party=party, ground="audit", **members)
        actor = derive_party([self.officer.did])
        return sign_event(create_event(self.clock, self.origin, actor, body), [self.officer])

    def write(self, *events, builder=BlockBuilder, rules=None):
        """One block of these events, or of new enrolments by these names."""
        self.clock.pass_time(1000)
        signed = [self.enrol(one)[0] if isinstance(one, str) else one for one in events]
        store = self.store
        made = builder(store.read_head(), store, rules or current_rules())
        for event in signed:
            made.add(event, max(self.clock.now(), made.earliest_time))
        block = made.build()
        store.append(block, expected_size=block.seal.first, documents={})
        return self

    def rotate(self):
        """Change the log's key; gives the note that both keys sign."""
        new = SigningKey(sha256(b"the next key").digest())
        named = create_verifier_key(self.origin, Algorithm.ED25519, new.public_key)
        actor = derive_party([self.officer.did])
        event = create_event(self.clock, self.origin, actor, LedgerKey(log=format_vkey(named)))
        self.write(sign_event(event, [self.officer]))
        by_old = self.sign()
        self.key, self.verifier = new, named
        return by_old + self.sign().rpartition(b"\n\n")[2]

    def sign(self, size=None):
        """The checkpoint of this size, of all leaves unless told."""
        root = self.store.read_head().frontier.root() if size is None else self.root(size)
        body = Checkpoint(self.origin, self.size if size is None else size, root)
        return self.sign_body(body)

    def sign_body(self, body):
        text = format_checkpoint(body)
        line = SignatureLine(self.origin, self.verifier.key_id, self.key.sign(text.encode()))
        return format_note(SignedNote(text, (line,)))

    def root(self, size):
        return read_root(TileNodeReader(self.store), size)

    def fork(self):
        """Another operator with the same key and the same log so far."""
        twin = object.__new__(Operator)
        twin.__dict__.update(self.__dict__)
        twin.store = MemoryStore()
        rules = current_rules()
        for _ in replay(enumerate(self.store.leaves), twin.store, {rules.name: rules}, self.origin):
            pass
        twin.clock = FakeClock(self.clock.now())
        return twin

    def serve(self):
        return Served(self)


def founded(home, origin="example.org/other"):
    """The operator of a registry that is founded in a folder."""
    found_registry(home, Charter(read_profile("solo"), origin), None, FakeClock(START))
    return Operator(Home(home))


class Served(Fetcher, Notes):
    """What an operator's node serves, to be fetched without a network.

    `lies` maps paths to what is served there instead: bytes, or an error to raise.
    """

    def __init__(self, operator):
        self.show(operator)
        self.lies = {}
        self.documents = {}
        self.asked = []

    def show(self, operator, note=None):
        """Serve what this operator has written, under its newest checkpoint unless told."""
        self.note = note or operator.sign()
        self._tiles = StoreTiles(operator.store, self)

    @property
    @override
    def latest(self):
        return self.note

    @property
    @override
    def published(self):
        return self.note

    @override
    def get(self, path, *, max_bytes):
        self.asked.append(path)
        data = self.lies.get(path, self._find(path))
        if isinstance(data, Exception):
            raise data
        if data is None:
            raise NotFoundError(f"there is no {path}")
        assert len(data) <= max_bytes
        return data

    def _find(self, path):
        if path == "v1/checkpoint/latest":
            return self.note
        if path.startswith("v1/documents/"):
            return self.documents.get(path.removeprefix("v1/documents/"))
        return self._tiles.read(path)


# Blocks that are wrong in one place


def sealed(**members):
    """A builder whose seal has other members, or functions of the honest ones."""

    class Sealed(BlockBuilder):
        @override
        def _seal(self, root):
            honest = super()._seal(root)
            changes = {
                name: value(getattr(honest, name)) if callable(value) else value
                for name, value in members.items()
            }
            return replace(honest, **changes)

    return Sealed


class WithoutHistory(BlockBuilder):
    """Changes states that are there already without a leaf in their histories."""

    @override
    def _next_version(self, key, change, numbers):
        made, before = super()._next_version(key, change, numbers), self._load(key)
        if before is None:
            return made
        root = before.frontier.root()
        value = StateValue(change.state, root, before.n, change.index, change.time)
        return replace(made, n=before.n, raw=encode_state(value), frontier=before.frontier)

    @override
    def build(self):
        block, known = super().build(), self._head.map_root.size
        return replace(block, history=[row for row in block.history if row[0] >= known])


class BackInTime(BlockBuilder):
    """Its second entry is earlier than its first."""

    @override
    def add(self, signed, time):
        if self.count == 1:
            time = self._time - 500
            self._time = 0
        return super().add(signed, time)


class Lenient(Rules):
    """Rules that let pass what the real ones refuse, and then change nothing."""

    def __init__(self):
        self._real = current_rules()

    @property
    @override
    def name(self):
        return self._real.name

    @override
    def apply(self, signed, step):
        try:
            return self._real.apply(signed, step)
        except RejectedError:
            return {key: step.states.read(key) for key in signed.event.subjects}

    @override
    def is_last_of_block(self, signed):
        return self._real.is_last_of_block(signed)

    @override
    def describe(self, key, state):
        return self._real.describe(key, state)

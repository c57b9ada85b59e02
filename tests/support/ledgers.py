"""Ledgers of the toy rules for tests of stores, sequencer and audit: folders, clocks, blocks."""

from contextlib import closing, contextmanager
from hashlib import sha256

from ledger.audit import Auditor, compare_rows, read_numbered
from ledger.clock import Clock
from ledger.core.execution import BlockBuilder
from ledger.core.note import Algorithm, create_verifier_key
from ledger.keys import SigningKey
from ledger.replay import replay
from ledger.sequencer import Sequencer, Submission
from ledger.signer import CheckpointSigner
from ledger.storage.base import DERIVED, Table
from ledger.storage.sqlite import SqliteStore, create_store
from tests.support.log_builder import AUTHOR, ORIGIN, START, nonce_of, toy_key
from tests.support.memory_store import MemoryStore
from tests.support.toy_rules import ToyRules

RULES = ToyRules()
RULE_SETS = {RULES.name: RULES}
LOG_KEY = SigningKey(sha256(b"the log's key").digest())
LOG_VERIFIER = create_verifier_key(ORIGIN, Algorithm.ED25519, LOG_KEY.public_key)
AUDITOR = Auditor(RULE_SETS, LOG_VERIFIER)


class FakeClock(Clock):
    """Stands still until told."""

    def __init__(self, now=START):
        self._now = now
        self._monotonic = 0

    def now(self):
        return self._now

    def monotonic(self):
        return self._monotonic

    def pass_time(self, ms):
        self._now += ms
        self._monotonic += ms

    def set_by(self, ms):
        """Somebody sets the clock; the counter does not notice."""
        self._now += ms


def put(number, *keys, **members):
    """An event that is told from all others by its number; about asset `number` unless told."""
    keys = keys or (toy_key(number),)
    return AUTHOR.put(*keys, value=number, nonce=nonce_of(number), **members)


def build_block(store, *events, time=START, rules=RULES):
    """The block that these events make on top of a store, written nowhere."""
    builder = BlockBuilder(store.read_head(), store, rules)
    for signed in events:
        builder.add(signed, max(time, builder.earliest_time))
    return builder.build()


def write_block(store, *events, time=START, documents=None, rules=RULES):
    block = build_block(store, *events, time=time, rules=rules)
    expected_size = store.read_head().size
    store.append(block, expected_size=expected_size, documents=documents or {})
    return block


def fill(store, blocks, per_block=2, first=0, subjects=None):
    """Write some blocks of numbered events; with `subjects` they are about so many assets."""
    for number in range(first, first + blocks * per_block, per_block):
        events = range(number, number + per_block)
        write_block(store, *(put(n, toy_key(n % subjects if subjects else n)) for n in events))


def execute_again(store):
    """The audit of a log that nobody signed."""
    scratch, leaves = MemoryStore(), read_numbered(store, Table.ENTRY)
    for _ in replay(leaves, scratch, RULE_SETS, ORIGIN):
        pass
    for table in DERIVED:
        compare_rows(table, scratch.iterate_rows(table), store.iterate_rows(table))
    store.check()


class Home:
    """A folder with a ledger, as `init` makes one, and what a process opens it with."""

    def __init__(self, folder):
        self.folder = folder
        self.ledger = folder / "ledger.db"
        self.signed = folder / "log.signed"

    def found(self):
        self.folder.mkdir(exist_ok=True)
        create_store(self.ledger).close()
        self.signer().begin()
        return self

    def signer(self, key=LOG_KEY, origin=ORIGIN):
        return CheckpointSigner(key, origin, self.signed)

    @contextmanager
    def open(self, clock=None):
        """The store and a sequencer on it."""
        with closing(SqliteStore(self.ledger)) as store:
            yield store, Sequencer(store, RULES, clock or FakeClock(), self.signer())

    def write(self, *events, clock=None):
        """Submit events, each for itself, and give the outcomes."""
        with self.open(clock) as (_, sequencer):
            return [sequencer.submit([Submission(signed)])[0] for signed in events]

    def audit(self):
        with closing(SqliteStore(self.ledger)) as store:
            return AUDITOR.audit(store, MemoryStore())

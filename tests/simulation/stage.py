"""The real ledger that the simulation plays on: sequencer, store on disk, a clock that it sets.

Honest events are executed twice, beside the sequencer too and without the hostile ones between
them: both must come to the same block, so what was refused left nothing behind.
"""

import json
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha256

from contracts.rulebook import RULES_NAME, create_rules
from ledger.audit import Auditor
from ledger.core.canonical import encode_canonical
from ledger.core.event import SignedEvent
from ledger.core.execution import BlockBuilder
from ledger.core.policy import Log, Policy
from ledger.keys import SigningKey
from ledger.sequencer import Accepted, Sequencer, Submission
from ledger.signer import CheckpointSigner
from ledger.storage.sqlite import SqliteStore, create_store
from node.proofs import Prover
from tests.support.ledgers import FakeClock
from tests.support.log_builder import LOG, ORIGIN
from tests.support.memory_store import MemoryStore
from tests.support.people import DIGEST, START
from tests.support.world import World

POLICY = Policy((Log(LOG.key),), ())
RULES = create_rules(DIGEST)


@dataclass(frozen=True)
class Act:
    """An event that somebody sends, and what is to become of it.

    `reasons` are those of which one must be given for refusing it; an honest act has none.
    """

    name: str
    signed: SignedEvent
    reasons: frozenset = frozenset()
    then: object = None


@dataclass
class Moment:
    """An accepted event with the states of its subjects before and after it."""

    number: int
    event: object
    index: int
    time: int
    before: dict
    after: dict = field(default_factory=dict)


class Stage(World):
    """A ledger in a folder, with the bodies of events that `World` knows to make."""

    def __init__(self, folder, **changes):
        self.states = {}
        self._nonces = 0
        super().__init__("national-2026", is_open=False, **changes)
        self.log = self  # what World reads states from
        self.clock = FakeClock(START)
        self.folder = folder
        create_store(folder / "ledger.db", is_durable=False).close()
        self.store = SqliteStore(folder / "ledger.db", is_durable=False)
        key = SigningKey(sha256(ORIGIN.encode()).digest())
        signer = CheckpointSigner(key, ORIGIN, folder / "log.signed")
        signer.begin()
        self.sequencer = Sequencer(self.store, RULES, self.clock, signer)
        self.sent = []
        self._begin()

    def close(self):
        self.store.close()

    # --- World asks for states here, and gives what it wrote

    def builder(self):
        return self

    def read(self, key):
        """State of a subject after the honest events so far."""
        return self.states.get(key)

    def find(self, cls, key):
        """The same as a record: what the rules' functions ask for."""
        return self.state(cls, key)

    def write(self, signed):
        """World's verbs write; here they only make the event."""
        return signed

    # --- blocks

    def _begin(self):
        self._shadow = BlockBuilder(self.sequencer.head, self.store, RULES)
        self._submitted = []

    def perform(self, number, act):
        """Send an act; gives the moment of an honest one, which must be accepted, at once."""
        self._submitted.append(act)
        if act.reasons:
            return None
        event = act.signed.event
        before = {key: self.states.get(key) for key in event.subjects}
        index = self._shadow.add(act.signed, self.time)
        moment = Moment(number, event, index, self.time, before)
        for key in event.subjects:
            self.states[key] = moment.after[key] = _as_read(self._shadow.read(key))
        self.sent.append(act.signed)
        return moment

    def end_block(self):
        """Have the sequencer write what was performed.

        Returns:
            Each act with the reason why it was refused; None if it was accepted, `duplicate` if it
            was there before. And whether the block is the one of its honest events alone.
        """
        acts, expected = self._submitted, self.sequencer.head
        if self._shadow.count:
            expected = self._shadow.build().head
        outcomes = self.sequencer.submit([Submission(act.signed) for act in acts])
        is_as_expected = self.sequencer.head == expected
        self._begin()
        reasons = [_reason(outcome) for outcome in outcomes]
        return [*zip(acts, reasons, strict=True)], is_as_expected

    def pass_time(self, ms):
        """Go on in time between two blocks, by at least a millisecond."""
        self.clock.pass_time(max(1, ms))
        self.time = self.clock.now()

    # --- what is looked at from outside

    def prover(self, size=None):
        return Prover(self.store, size)

    def audit(self):
        """The real auditor over the whole ledger."""
        with closing(SqliteStore(self.folder / "ledger.db", is_durable=False)) as store:
            return Auditor({RULES_NAME: RULES}, LOG.key).audit(store, MemoryStore())


def _as_read(state):
    """A state as somebody reads it: lists, where the rules may leave tuples."""
    return replace(state, body=json.loads(encode_canonical(state.body)))


def _reason(outcome):
    if isinstance(outcome, Accepted):
        return "duplicate" if outcome.is_duplicate else None
    return getattr(outcome.error, "reason", outcome.error.code)

"""Vouchers of a ledger that says whatever a test wants, with every hash and signature in order.

A verifier that trusts nobody has to notice each contradiction between the parts by itself: here the
parts are made one by one, so that a test can bend exactly one of them.
"""

import json
from dataclasses import dataclass, field
from functools import cache

from contracts.credential import parse_credential
from contracts.verdict import Question, Report
from contracts.voucher import format_voucher, judge_voucher, parse_voucher
from ledger.core.bundle import Receipt, StateBundle
from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.entry import NO_PREVIOUS_SEAL, Entry, Seal, decode_leaf, encode_entry, encode_seal
from ledger.core.mappages import hash_key
from ledger.core.policy import Group, Log, Policy, Witness
from ledger.core.state import State, StateValue, encode_state, hash_state
from ledger.core.tlogproof import TlogProof
from tests.support import reference
from tests.support.log_builder import LOG, ORIGIN
from tests.support.memory_map import MemoryMap
from tests.support.note_signers import note_bytes, witness_signer
from tests.support.world import World

POLICY = Policy((Log(LOG.key),))
WITNESSES = [witness_signer(name) for name in ("w1.example", "w2.example", "w3.example")]
QUORUM = Policy(
    (Log(LOG.key),),
    tuple(Witness(name, w.key) for name, w in zip((b"w1", b"w2", b"w3"), WITNESSES, strict=True)),
    (Group(b"two", 2, (b"w1", b"w2", b"w3")),),
    b"two",
)
AUDITOR = witness_signer("auditor.example")
AUDITED = Policy((Log(LOG.key),), (Witness(b"auditor.one", AUDITOR.key),), (), b"auditor.one")


def interval(value, start, end=None):
    return {"value": value, "from": start, "to": end, "index": 0}


@dataclass
class Parts:
    """Everything a voucher bundle is made of; a test bends one part and makes the bundle."""

    world: World
    credential: dict
    body: dict
    voucher: State
    asset: State
    voucher_subject: str
    asset_subject: str
    subjects: list
    keys: list
    time: int
    kind: str = "registration.record"
    log: object = LOG
    meant_for: str = ORIGIN
    before: int = 0
    voucher_last: int | None = None
    cosigned: list = field(default_factory=list)

    def reissue(self, **changes):
        """Sign the credential again, and let record and state name it."""
        self.credential = self.world.credential(self.body, **changes)
        self.name_credential()

    def name_credential(self):
        digest = parse_credential(self.credential).digest
        self.body = self.body | {"credential": digest}
        self.set_voucher(credential=digest)

    def set_body(self, **changes):
        self.body = self.body | changes

    def set_voucher(self, **changes):
        self.voucher = State(self.voucher.type, {**self.voucher.body, **changes})

    def set_asset(self, **changes):
        self.asset = State(self.asset.type, {**self.asset.body, **changes})

    # --- the ledger

    def record(self):
        actor = self.world.registrar.party
        event = self.world.event(
            self.kind, self.body, actor, nonce="A" * 22, subjects=self.subjects, log=self.meant_for
        )
        return encode_entry(Entry(self.world.sign(event, *self.keys), self.time))

    def values(self):
        """The two states; they lie at the record unless told."""
        last = self.before if self.voucher_last is None else self.voucher_last
        voucher = StateValue(self.voucher, bytes(32), 1, last, self.time)
        asset = StateValue(self.asset, bytes(32), 2, self.before, self.time)
        return {self.voucher_subject: voucher, self.asset_subject: asset}

    def ledger(self):
        return Forgery([*[self.record()] * self.before, self.record()], self.values(), self.time)

    def bundle(self, note=None):
        """The voucher as it would be read from a file."""
        ledger = self.ledger()
        note = note or ledger.note(self.log, *self.cosigned)
        value = format_voucher(
            self.credential,
            ledger.receipt(self.before, note),
            ledger.state(self.voucher_subject, note),
            ledger.state(self.asset_subject, note),
        )
        return json.loads(json.dumps(value))


class Forgery:
    """A log of one block over these leaves, whose seal commits these states."""

    def __init__(self, entries, values, time):
        self.map = MemoryMap()
        self.map.set({hash_key(key): hash_state(encode_state(v)) for key, v in values.items()})
        self.values = values
        seal = Seal(
            count=len(entries),
            first=0,
            height=0,
            prev=NO_PREVIOUS_SEAL,
            rules="muniment-rules/0",
            state_root=self.map.root.root,
            state_size=self.map.root.size,
            time=time,
        )
        self.leaves = [*entries, encode_seal(seal)]

    def note(self, log, *cosigned):
        root = reference.mth(self.leaves)
        text = format_checkpoint(Checkpoint(log.name, len(self.leaves), root))
        lines = [witness.sign(text, seconds) for witness, seconds in cosigned]
        return note_bytes(text, log.sign(text), *lines)

    def receipt(self, index, note):
        path = tuple(reference.path(index, self.leaves))
        leaf = self.leaves[index]
        return Receipt(leaf, decode_leaf(leaf), TlogProof(index, path, note))

    def state(self, key, note):
        proof = self.map.prove(hash_key(key))
        return StateBundle(
            key, self.values.get(key), proof, self.receipt(len(self.leaves) - 1, note)
        )


@cache
def _recorded():
    world = World()
    ann = world.enroll("ann")
    application = world.published(ann)
    time = world.time
    body = world.record_body(application)
    application.index = world.do("registration.record", body, world.registrar, *world.officers)
    return world, application, body, time


def honest_parts():
    """The parts of a voucher that a real ledger gave out."""
    world, application, body, time = _recorded()
    number = body["number"]
    subject = f"voucher/{number}"
    states = world.all_states()
    parties = {right["holder"] for right in body["rights"]}
    subjects = {body["registration"], body["asset"], f"series/{number[:-4]}", subject, *parties}
    return Parts(
        world=world,
        credential=application.credential,
        body=body,
        voucher=states[subject],
        asset=states[body["asset"]],
        voucher_subject=subject,
        asset_subject=body["asset"],
        subjects=sorted(subjects),
        keys=world.officers,
        time=time,
    )


def judge(value, policy=POLICY, **question):
    """The report on a bundle, by default a second after the honest one was made."""
    report = Report()
    asked = Question(**({"now": honest_parts().time + 1000} | question))
    judge_voucher(parse_voucher(value), policy, asked, report)
    return report

"""What a dishonest operator can sign, and two judges for what it shows: product and reference.

A forged log has any entries in one block and a map of one subject with any value; its checkpoint is
signed, its proofs are right, only what they show is not.
"""

import json
from dataclasses import replace

from ledger.core.bundle import (
    StateBundle,
    find_checkpoint,
    parse_receipt,
    parse_state_bundle,
    verify_receipt,
    verify_state_bundle,
)
from ledger.core.canonical import decode_bundle
from ledger.core.dossier import Dossier, DossierEvent, parse_dossier, verify_dossier
from ledger.core.entry import NO_PREVIOUS_SEAL, Entry, Seal, decode_leaf, encode_entry, encode_seal
from ledger.core.limits import MAX_DOSSIER_BYTES
from ledger.core.mappages import hash_key, hash_map_leaf
from ledger.core.mapproof import encode_map_proof
from ledger.core.merkle import hash_tree
from ledger.core.state import State, StateValue, encode_state, hash_history_leaf, hash_state
from ledger.errors import BundleError, LedgerError
from tests.support import reference_formats
from tests.support.log_builder import START, MemoryLog
from tests.support.reference_json import RefusedError, read_bundle


def judge(plain, opened):
    """Class of the product's error, or None if it verifies; the reference must agree."""
    data = json.dumps(plain).encode()
    error = reason = None
    try:
        verify(decode_bundle(data, max_bytes=MAX_DOSSIER_BYTES), opened)
    except LedgerError as exc:
        error = type(exc)
    newest = max((1000 * cosigner.timestamp for cosigner in opened.cosigners), default=None)
    trusted = reference_formats.Trusted(opened.data.decode(), newest)
    try:
        reference_formats.verify(read_bundle(data), trusted)
    except RefusedError as exc:
        reason = str(exc)
    assert (error is None) == (reason is None), f"product: {error}, reference: {reason}"
    return error


def verify(value, opened):
    """Read and verify a bundle of any kind that carries this checkpoint."""
    form = value.get("format")
    if form == "muniment/dossier/v1":
        bundle = parse_dossier(value)
        receipt, check = bundle.state.receipt, verify_dossier
    elif form == "muniment/state/v1":
        bundle = parse_state_bundle(value)
        receipt, check = bundle.receipt, verify_state_bundle
    else:
        bundle = receipt = parse_receipt(value)
        check = verify_receipt
    if find_checkpoint([receipt]) != opened.data:
        raise BundleError("another checkpoint")
    check(bundle, opened)


def entry(signed, time=START):
    return encode_entry(Entry(signed, time))


def history_of(key, leaves, places):
    """Root of a history of the leaves at these places."""
    ids = [decode_leaf(leaves[index]).signed.id for index in places]
    return hash_tree(
        hash_history_leaf(event_id=one, i=i, index=index, subject=key)
        for i, (one, index) in enumerate(zip(ids, places, strict=True))
    )


class ForgedLog(MemoryLog):
    """One block of these leaves, and a map in which the key has a value that follows from them.

    Args:
        key: The one subject.
        leaves: Bytes of entries, whatever they are.
        value: Members of the value that differ from what follows.
        seal: Members of the seal that differ.
    """

    def __init__(self, key, leaves, *, value=None, seal=None):
        super().__init__()
        self.key = key
        last = decode_leaf(leaves[-1])
        honest = StateValue(
            state=State("toy/1", {"value": 0}),
            history=history_of(key, leaves, range(len(leaves))),
            n=len(leaves),
            last=len(leaves) - 1,
            time=last.time,
        )
        self.value = replace(honest, **(value or {}))
        self.value_hash = hash_state(encode_state(self.value))
        honest_seal = Seal(
            count=len(leaves),
            first=0,
            height=0,
            prev=NO_PREVIOUS_SEAL,
            rules="toy-rules/0",
            state_root=hash_map_leaf(hash_key(key), self.value_hash),
            state_size=1,
            time=max(last.time, START),
        )
        self.leaves = [*leaves, encode_seal(replace(honest_seal, **(seal or {})))]

    def state(self, key=None, note=None):
        proof = encode_map_proof([], hash_key(self.key) + self.value_hash)
        receipt = self.receipt(len(self.leaves) - 1, note)
        return StateBundle(self.key, self.value, proof, receipt)

    def places(self, key):
        return range(len(self.leaves) - 1)

    def dossier(self, key=None, start=None, note=None):
        """The leaves shown as the events of the subject."""
        events = tuple(
            DossierEvent(index, leaf, decode_leaf(leaf), self.path(index))
            for index, leaf in enumerate(self.leaves[:-1])
        )
        page = None if start is None else self.start(self.key, start)
        return Dossier(self.state(), events[start:], page)

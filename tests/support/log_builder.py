"""A whole log in memory: dicts that a BlockBuilder reads, and honest bundles made from them.

Paths and histories come from the slow reference trees, so that a bundle is not made by the code
that verifies it. Run as a program it prints what a fixed list of events makes, on every machine the
same.
"""

import json
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256

from nacl.signing import SigningKey

from ledger.core.bundle import Receipt, StateBundle
from ledger.core.canonical import encode_canonical
from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.dossier import Dossier, DossierEvent, DossierStart
from ledger.core.entry import decode_leaf
from ledger.core.event import Event, Signature, create_signed_event, encode_event, event_message
from ledger.core.execution import EMPTY_HEAD, BlockBuilder
from ledger.core.mappages import hash_key
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Log, Policy, Witness
from ledger.core.state import parse_state
from ledger.core.statemap import find, prove
from ledger.core.subjects import derive_party
from ledger.core.text import format_base32, format_base64url, format_did_key
from ledger.core.tlogproof import TlogProof
from ledger.errors import NotFoundError
from tests.support import reference
from tests.support.note_signers import log_signer, note_bytes, witness_signer
from tests.support.toy_rules import ToyRules, toy_subjects

ORIGIN = "example.org/ledger"
START = 1_763_800_000_000
LOG = log_signer(ORIGIN)
WITNESS = witness_signer("witness.example")
POLICY = Policy((Log(LOG.key),), (Witness(b"w", WITNESS.key),))


def toy_key(number, kind="asset"):
    """A subject key of a type whose names are ids."""
    return f"{kind}/{format_base32(sha256(f'{kind} {number}'.encode()).digest()[:16])}"


@dataclass(frozen=True)
class Author:
    """A party with one key, which the label decides."""

    label: str = "author"

    @property
    def _secret(self):
        return SigningKey(sha256(self.label.encode()).digest())

    @property
    def did(self):
        return format_did_key(bytes(self._secret.verify_key))

    @property
    def party(self):
        return derive_party([self.did])

    def signature(self, event_bytes):
        return Signature(self.did, self._secret.sign(event_message(event_bytes)).signature)

    def sign(self, event):
        return create_signed_event(event, [self.signature(encode_event(event))])

    def draft(self, kind, body, **members):
        """An event of a toy kind; the nonce comes from the body unless given."""
        event = Event(
            actor=self.party,
            at=START,
            body=body,
            kind=kind,
            log=ORIGIN,
            nonce=nonce_of(repr(body)),
            subjects=(),
            until=START + 7 * 24 * 3600 * 1000,
        )
        event = replace(event, **members)
        return event if event.subjects else replace(event, subjects=toy_subjects(event))

    def put(self, *keys, value=0, kind="toy.put", **members):
        return self.sign(self.draft(kind, {"keys": list(keys), "value": value}, **members))

    def add(self, count, value=0, **members):
        return self.sign(self.draft("toy.add", {"count": count, "value": value}, **members))


AUTHOR = Author()


def nonce_of(text):
    return format_base64url(sha256(str(text).encode()).digest()[:16])


class MemoryLog:
    """What a store keeps, in dicts, as of the last block; a StateReader."""

    def __init__(self, rules=None):
        self.rules = rules or ToyRules()
        self.head = EMPTY_HEAD
        self.blocks = []
        self.leaves = []
        self.tiles = {}
        self.pages = {}
        self.states = {}
        self.keys = []
        self.histories = {}

    def read_page(self, page_id):
        return self.pages[page_id]

    def read_tile(self, level, index):
        if (level, index) not in self.tiles:
            raise NotFoundError(f"no tile {level}/{index}")
        return self.tiles[level, index]

    def read_stored_state(self, root, key):
        found = find(self, root, hash_key(key))
        return None if found is None else self.states[found[1]]

    def builder(self):
        return BlockBuilder(self.head, self, self.rules)

    def write(self, *events, time=START):
        """One block of these events, a millisecond apart."""
        builder = self.builder()
        for signed in events:
            builder.add(signed, max(time, builder.earliest_time))
            time += 1
        return self.append(builder.build())

    def append(self, block):
        """Keep a block, held to what it promises a store."""
        assert block.seal.first == len(self.leaves), "blocks follow each other"
        assert len(block.leaves) == block.seal.count + 1 == len(block.event_ids) + 1
        locators = [stored.locator for stored in block.states]
        assert locators == list(range(self.head.next_locator, block.head.next_locator))
        assert all(locator in self.states for locator in block.replaced_locators)
        assert not set(self.pages) & {page_id for page_id, _ in block.pages}
        self.leaves += block.leaves
        self.tiles.update({(tile.level, tile.index): tile.data for tile in block.tiles})
        self.pages.update(block.pages)
        self.states.update({stored.locator: stored for stored in block.states})
        self.keys += block.new_subjects
        for number, i, index in block.history:
            places = self.histories.setdefault(number, [])
            assert (i, number < len(self.keys)) == (len(places), True), "no event left out"
            places.append(index)
        self.head = block.head
        self.blocks.append(block)
        return block

    # --- checkpoints and bundles, always as of the last block

    def checkpoint_text(self):
        return format_checkpoint(Checkpoint(ORIGIN, len(self.leaves), self._root()))

    def note(self, *cosigned_at):
        """The signed checkpoint, with a cosignature for each time in seconds."""
        text = self.checkpoint_text()
        lines = (WITNESS.sign(text, time) for time in cosigned_at)
        return note_bytes(text, LOG.sign(text), *lines)

    def opened(self, *cosigned_at):
        return open_checkpoint(POLICY, self.note(*cosigned_at))

    def receipt(self, index, note=None):
        path = self.path(index)
        leaf = self.leaves[index]
        return Receipt(leaf, _decode(leaf), TlogProof(index, path, note or self.note()))

    def state(self, key, note=None):
        stored = self.read_stored_state(self.head.map_root, key)
        value = None if stored is None else parse_state(json.loads(stored.raw))
        proof = prove(self, self.head.map_root, hash_key(key))
        return StateBundle(key, value, proof, self.receipt(len(self.leaves) - 1, note))

    def dossier(self, key, start=None, note=None):
        """All events of a subject, or those after its first `start` ones."""
        places = self.places(key)
        shown = places if start is None else places[start:]
        events = tuple(
            DossierEvent(index, self.leaves[index], _decode(self.leaves[index]), path)
            for index, path in ((index, self.path(index)) for index in shown)
        )
        page = None if start is None else self.start(key, start)
        return Dossier(self.state(key, note), events, page)

    def start(self, key, n):
        """What a page begins with that goes on after n events; n = 0 grows out of nothing."""
        leaves = self.history_leaves(key)
        proof = reference.proof(n, leaves) if n else []
        return DossierStart(n, reference.mth(leaves[:n]), tuple(proof))

    def places(self, key):
        """Log indexes of a subject's events."""
        return self.histories[self.keys.index(key)] if key in self.keys else []

    def history_leaves(self, key):
        """Contents of the leaves of a subject's history."""
        ids = [_decode(self.leaves[index]).signed.id for index in self.places(key)]
        return [
            encode_canonical({"event": one, "i": i, "index": index, "subject": key})
            for i, (one, index) in enumerate(zip(ids, self.places(key), strict=True))
        ]

    def path(self, index):
        return _path(index, tuple(self.leaves))

    def _root(self):
        return _root(tuple(self.leaves))


@cache
def _decode(leaf):
    return decode_leaf(leaf)


@cache
def _path(index, leaves):
    return tuple(reference.path(index, leaves))


@cache
def _root(leaves):
    return reference.mth(leaves)


def example_log(rules=None):
    """Three blocks about five subjects; asset 0 is in every block, asset 4 in the last alone."""
    log = MemoryLog(rules)
    a, b, c, d, e = (toy_key(n) for n in range(5))
    log.write(AUTHOR.put(a, value="a"), AUTHOR.put(a, b, value="ab"), AUTHOR.put(c, value=None))
    log.write(AUTHOR.put(a, d, value={"x": [1, 2]}), AUTHOR.add(3), time=START + 60_000)
    log.write(AUTHOR.put(a, value="end"), AUTHOR.put(a, b, e, value=[]), time=START + 120_000)
    return log


if __name__ == "__main__":
    for _block in example_log().blocks:
        print(sha256(repr(_block).encode()).hexdigest())

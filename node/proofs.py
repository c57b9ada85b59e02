"""Makes proofs from a store: receipts, states, dossiers, all under the newest checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from typing_extensions import override

from ledger.core.bundle import Receipt, StateBundle
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.dossier import Dossier, DossierEvent, DossierStart
from ledger.core.entry import Entry, Seal, decode_leaf
from ledger.core.execution import StoredState
from ledger.core.limits import MAX_DOSSIER_EVENTS
from ledger.core.mappages import hash_key
from ledger.core.merkle import Frontier, NodeId, NodeReader, prove_consistency, prove_inclusion
from ledger.core.state import StateValue, hash_history_leaf, parse_state
from ledger.core.statemap import MapRoot, prove
from ledger.core.tiles import TileNodeReader
from ledger.core.tlogproof import TlogProof
from ledger.core.types import Digest, LeafIndex, SubjectKey, TreeSize
from ledger.errors import CorruptionError, LimitError, NotFoundError
from ledger.storage.base import Store


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signed checkpoint with the state map under its last seal."""

    note: bytes
    size: TreeSize
    map_root: MapRoot


class Prover:
    """Proofs under one checkpoint of a store.

    Args:
        store: Read only.
        size: Of a checkpoint that the store keeps; None: the newest.

    Raises:
        NotFoundError: No checkpoint was signed yet, or none of this size.
    """

    def __init__(self, store: Store, size: int | None = None) -> None:
        self._store = store
        note = store.read_checkpoint(size)
        if note is None:
            raise NotFoundError("there is no signed checkpoint: the ledger is empty or was cut off")
        body = parse_signed_checkpoint(note).body
        self.anchor = Anchor(note, body.size, store.read_block(body.size).map_root)
        self._nodes = TileNodeReader(store)

    def prove_leaf(self, index: int) -> Receipt:
        """Receipt of an entry or a seal.

        Raises:
            NotFoundError: The checkpoint covers no such leaf.
        """
        size = self.anchor.size
        if not 0 <= index < size:
            raise NotFoundError(f"the log has the leaves 0 to {size - 1}, not {index}")
        (leaf,) = self._store.read_leaves(index, index + 1)
        path = prove_inclusion(self._nodes, LeafIndex(index), size)
        proof = TlogProof(LeafIndex(index), path, self.anchor.note)
        return Receipt(leaf, decode_leaf(leaf), proof)

    def prove_growth(self, old: int, new: int) -> tuple[Digest, ...]:
        """Consistency of two sizes of the log.

        Raises:
            NotFoundError: Not 0 <= old <= new <= size of the checkpoint.
        """
        if not 0 <= old <= new <= self.anchor.size:
            raise NotFoundError(f"sizes go from 0 to {self.anchor.size}: not from {old} to {new}")
        return prove_consistency(self._nodes, TreeSize(old), TreeSize(new))

    def prove_state(self, key: SubjectKey) -> StateBundle:
        """A subject's state, or its absence."""
        stored = self._read(key)
        proof = prove(self._store, self.anchor.map_root, hash_key(key))
        value = None if stored is None else _parse(stored)
        return StateBundle(key, value, proof, self.prove_leaf(self.anchor.size - 1))

    def read_state(self, key: SubjectKey) -> StateValue | None:
        """A subject's state under the checkpoint, without a proof."""
        stored = self._read(key)
        return None if stored is None else _parse(stored)

    def read_events(self, key: SubjectKey) -> list[Entry]:
        """Every event of a subject under the checkpoint, without proofs."""
        stored = self._read(key)
        if stored is None:
            return []
        indexes = self._store.read_history(stored.number, 0, _parse(stored).n)
        return [self._read_entry(index) for index in indexes]

    def prove_history(self, key: SubjectKey, start: int = 0) -> Dossier:
        """All events of a subject, or all after its first `start`.

        Raises:
            NotFoundError: It has no event after those.
            LimitError: More than 1,000 events: ask for pages.
        """
        state = self.prove_state(key)
        stored = self._read(key)
        if state.value is None or stored is None:
            return Dossier(state, (), None)
        n = state.value.n
        if not 0 <= start < n:
            raise NotFoundError(f"{key} has {n} events: there is none after {start}")
        if n - start > MAX_DOSSIER_EVENTS:
            raise LimitError(
                f"{key} has {n} events and a dossier at most {MAX_DOSSIER_EVENTS}: "
                f"ask from event {n - MAX_DOSSIER_EVENTS} on"
            )
        indexes = self._store.read_history(stored.number, start, n)
        events = tuple(self._prove_event(index) for index in indexes)
        return Dossier(state, events, self._start(key, stored, start, n) if start else None)

    def _prove_event(self, index: LeafIndex) -> DossierEvent:
        receipt = self.prove_leaf(index)
        entry = _take_entry(receipt.content)
        return DossierEvent(index, receipt.leaf, entry, receipt.proof.path)

    def _start(self, key: SubjectKey, stored: StoredState, start: int, n: int) -> DossierStart:
        leaves = [
            self._history_leaf(key, i, index)
            for i, index in enumerate(self._store.read_history(stored.number, 0, n))
        ]
        reader = _LeafReader(leaves)
        root = Frontier(TreeSize(0), ()).extend(leaves[:start]).root()
        return DossierStart(start, root, prove_consistency(reader, TreeSize(start), TreeSize(n)))

    def _read_entry(self, index: LeafIndex) -> Entry:
        (leaf,) = self._store.read_leaves(index, index + 1)
        return _take_entry(decode_leaf(leaf))

    def _history_leaf(self, key: SubjectKey, i: int, index: LeafIndex) -> Digest:
        event_id = self._read_entry(index).signed.id
        return hash_history_leaf(event_id=event_id, i=i, index=index, subject=key)

    def _read(self, key: SubjectKey) -> StoredState | None:
        return self._store.read_stored_state(self.anchor.map_root, key)


class _LeafReader(NodeReader):
    """Nodes of a small tree whose leaves are all at hand."""

    def __init__(self, leaves: list[Digest]) -> None:
        self._leaves = leaves

    @override
    def read_nodes(self, nodes: Sequence[NodeId]) -> Sequence[Digest]:
        return [
            Frontier(TreeSize(0), ())
            .extend(self._leaves[node.index << node.level : (node.index + 1) << node.level])
            .root()
            for node in nodes
        ]


def _take_entry(content: Entry | Seal) -> Entry:
    if not isinstance(content, Entry):
        raise CorruptionError("a history points at a seal: run an audit")
    return content


def _parse(stored: StoredState) -> StateValue:
    return parse_state(msgspec.json.decode(stored.raw))

"""Makes proofs from a store: receipts, states, dossiers, all under the newest checkpoint."""

from collections.abc import Sequence

import msgspec
from typing_extensions import override

from ledger.core.bucket import Bucket
from ledger.core.bucketpages import read_bucket
from ledger.core.bundle import Receipt, StateBundle
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.dossier import Dossier, DossierEvent, DossierStart
from ledger.core.entry import Entry, Seal, decode_leaf
from ledger.core.execution import StoredState
from ledger.core.limits import MAX_DOSSIER_EVENTS
from ledger.core.mappages import hash_key
from ledger.core.merkle import Frontier, NodeId, NodeReader, prove_consistency, prove_inclusions
from ledger.core.state import StateValue, hash_history_leaf, parse_state
from ledger.core.statemap import prove
from ledger.core.tiles import TileNodeReader
from ledger.core.tlogproof import TlogProof
from ledger.core.types import Digest, LeafIndex, SubjectKey, TreeSize
from ledger.errors import CorruptionError, LimitError, NotFoundError
from ledger.storage.base import Store
from node.registryapi import Anchor, Proofs


class Prover(Proofs):
    """Proofs under one checkpoint of a store.

    Args:
        store: Read only.
        size: Of a checkpoint that the store keeps; None: the newest.
        note: The signed note itself, of a size at which a block of the store ends, such as one
            that was cosigned since; None: the one that the store keeps.
        nodes: Of the store's log tree, shared with others; None: of its own.

    Raises:
        NotFoundError: No checkpoint was signed yet, or none of this size.
    """

    def __init__(
        self,
        store: Store,
        size: int | None = None,
        *,
        note: bytes | None = None,
        nodes: NodeReader | None = None,
    ) -> None:
        self._store = store
        note = store.read_checkpoint(size) if note is None else note
        if note is None:
            raise NotFoundError("there is no signed checkpoint: the ledger is empty or was cut off")
        body = parse_signed_checkpoint(note).body
        block = store.read_block(body.size)
        self._anchor = Anchor(note, body.size, block.time)
        self._map_root = block.map_root
        self._nodes = TileNodeReader(store) if nodes is None else nodes

    @property
    @override
    def anchor(self) -> Anchor:
        return self._anchor

    @override
    def prove_leaf(self, index: int) -> Receipt:
        leaf, proof = self.prove_bytes(index)
        return Receipt(leaf, decode_leaf(leaf), proof)

    def prove_bytes(self, index: int) -> tuple[bytes, TlogProof]:
        """A leaf as it is stored, and its place in the log; for who does not look into it.

        Raises:
            NotFoundError: The checkpoint covers no such leaf.
        """
        return self.prove_run(index, index + 1)[0]

    def prove_run(self, start: int, stop: int) -> list[tuple[bytes, TlogProof]]:
        """The leaves start <= index < stop as they are stored, and their places in the log.

        Raises:
            NotFoundError: The checkpoint does not cover all of them.
        """
        size = self.anchor.size
        if not 0 <= start < stop <= size:
            raise NotFoundError(f"the log has the leaves 0 to {size - 1}, not {start}")
        paths = enumerate(prove_inclusions(self._nodes, start, stop, size), start)
        proofs = (TlogProof(LeafIndex(index), path, self.anchor.note) for index, path in paths)
        return list(zip(self._store.read_leaves(start, stop), proofs, strict=True))

    @override
    def prove_growth(self, old: int, new: int) -> tuple[Digest, ...]:
        if not 0 <= old <= new <= self.anchor.size:
            raise NotFoundError(f"sizes go from 0 to {self.anchor.size}: not from {old} to {new}")
        return prove_consistency(self._nodes, TreeSize(old), TreeSize(new))

    @override
    def prove_state(self, key: SubjectKey) -> StateBundle:
        stored = self._read(key)
        proof = prove(self._store, self._map_root, hash_key(key))
        value = None if stored is None else _parse(stored)
        return StateBundle(key, value, proof, self.prove_leaf(self.anchor.size - 1))

    @override
    def prove_bucket(self, prefix: str) -> Bucket:
        receipt = self.prove_leaf(self.anchor.size - 1)
        return read_bucket(self._store, self._map_root, prefix, receipt)

    @override
    def read_state(self, key: SubjectKey) -> StateValue | None:
        stored = self._read(key)
        return None if stored is None else _parse(stored)

    @override
    def read_events(self, key: SubjectKey) -> list[Entry]:
        stored = self._read(key)
        if stored is None:
            return []
        indexes = self._store.read_history(stored.number, 0, _parse(stored).n)
        return [self._read_entry(index) for index in indexes]

    def prove_events(self, key: SubjectKey, start: int, stop: int) -> tuple[DossierEvent, ...]:
        """Events start <= i < stop of a subject, each with its inclusion path; fewer at the end.

        That none is missing shows only once the events of all pages make the subject's history.

        Args:
            key: The subject; one that is absent has no events.
            start: At least 0.
            stop: At most 1,000 more.
        """
        stored = self._read(key)
        if stored is None:
            return ()
        stop = min(stop, start + MAX_DOSSIER_EVENTS, _parse(stored).n)
        indexes = self._store.read_history(stored.number, start, stop)
        return tuple(self._prove_event(index) for index in indexes)

    @override
    def prove_history(self, key: SubjectKey, start: int = 0) -> Dossier:
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
        return self._store.read_stored_state(self._map_root, key)


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

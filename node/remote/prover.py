"""Proofs that a node hands out, under one checkpoint: each verified before anybody sees it.

A node's cosignatures of one checkpoint may grow between two answers. A proof does not depend on
them, so every proof gets the one note that was opened.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeAlias

from typing_extensions import override

from ledger.core.bucket import MAX_BUCKET_BYTES, Bucket, parse_bucket, verify_bucket
from ledger.core.bundle import (
    Receipt,
    StateBundle,
    parse_receipt,
    parse_state_bundle,
    verify_entry,
    verify_leaf,
    verify_receipt,
    verify_state_bundle,
)
from ledger.core.canonical import decode_bundle
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.dossier import (
    Dossier,
    DossierEvent,
    parse_dossier,
    parse_dossier_events,
    verify_dossier,
)
from ledger.core.entry import Entry, Seal
from ledger.core.limits import (
    MAX_BUNDLE_BYTES,
    MAX_DOSSIER_BYTES,
    MAX_DOSSIER_EVENTS,
)
from ledger.core.merkle import EMPTY_FRONTIER, prove_consistency
from ledger.core.opening import VerifiedCheckpoint, verify_seal_time
from ledger.core.state import StateValue, hash_history_leaf
from ledger.core.tiles import TileNodeReader
from ledger.core.types import Digest, JsonObject, LeafIndex, SubjectKey, TreeSize
from ledger.errors import AnswerError, BundleError, InputError, LimitError, NotFoundError
from ledger.light.fetch import Fetcher
from ledger.light.leaves import AuthenticTiles, FetchedTiles
from node.registryapi import Anchor, Proofs

Placed: TypeAlias = tuple[tuple[LeafIndex, Entry], ...]


@contextmanager
def reading(what: str) -> Iterator[None]:
    """While it lasts, what does not read is the node's fault and not the user's.

    Args:
        what: The node was asked for.

    Raises:
        AnswerError: What it answered does not read.
    """
    try:
        yield
    except InputError as exc:
        raise AnswerError(f"what the node answers for {what} does not read: {exc}") from exc


class RemoteProver(Proofs):
    """What a node proves under one checkpoint; states are kept, so each is fetched once.

    Args:
        fetcher: The node.
        opened: The checkpoint, as the client's own policy opened it.

    Raises:
        VerificationError: The node proves something else, or nothing.
        NotFoundError: It does not keep this checkpoint.
    """

    def __init__(self, fetcher: Fetcher, opened: VerifiedCheckpoint) -> None:
        self._fetcher = fetcher
        self._opened = opened
        self._states: dict[SubjectKey, StateBundle] = {}
        self._histories: dict[SubjectKey, Placed] = {}
        self.seal = self._read_seal()

    @property
    @override
    def anchor(self) -> Anchor:
        return Anchor(self._opened.data, self._opened.body.size, self.seal.time)

    @override
    def prove_leaf(self, index: int) -> Receipt:
        size = self._opened.body.size
        if not 0 <= index < size:
            raise NotFoundError(f"the log has the leaves 0 to {size - 1}, not {index}")
        value = self._fetch(f"v1/entries/{index}")
        with reading(f"leaf {index}"):
            receipt = self._take(parse_receipt(value))
        if receipt.proof.index != index:
            raise BundleError(f"the node answers with leaf {receipt.proof.index}, not {index}")
        verify_receipt(receipt, self._opened)
        return receipt

    @override
    def prove_growth(self, old: int, new: int) -> tuple[Digest, ...]:
        size = self.anchor.size
        if not 0 <= old <= new <= size:
            raise NotFoundError(f"sizes go from 0 to {size}: not from {old} to {new}")
        tree = self._opened.body
        tiles = AuthenticTiles(FetchedTiles(self._fetcher, tree.size), tree)
        return tuple(prove_consistency(TileNodeReader(tiles), TreeSize(old), TreeSize(new)))

    @override
    def prove_state(self, key: SubjectKey) -> StateBundle:
        if key not in self._states:
            value = self._fetch(f"v1/state/{key}")
            with reading(key):
                self._states[key] = self._take_state(parse_state_bundle(value), key)
        return self._states[key]

    @override
    def prove_bucket(self, prefix: str) -> Bucket:
        value = self._fetch(f"v1/bucket/{prefix}" if prefix else "v1/bucket", MAX_BUCKET_BYTES)
        with reading(f"the bucket {prefix}"):
            bucket = parse_bucket(value)
            if bucket.prefix != prefix:
                raise BundleError(f"the node answers with the bucket {bucket.prefix}, not {prefix}")
            bucket = replace(bucket, receipt=self._take(bucket.receipt))
            verify_bucket(bucket, self._opened)
        return bucket

    @override
    def read_state(self, key: SubjectKey) -> StateValue | None:
        return self.prove_state(key).value

    @override
    def read_events(self, key: SubjectKey) -> list[Entry]:
        return [entry for _, entry in self.iterate_events(key)]

    def iterate_events(self, key: SubjectKey) -> Iterator[tuple[LeafIndex, Entry]]:
        """The events of a subject with their log indexes, oldest first; none if it is absent."""
        if self.read_state(key) is None:
            return
        if key not in self._histories:
            self._histories[key] = self._read_history(key)
        yield from self._histories[key]

    @override
    def prove_history(self, key: SubjectKey, start: int = 0) -> Dossier:
        known = self.read_state(key)
        if known is not None and known.n - start > MAX_DOSSIER_EVENTS:
            raise LimitError(
                f"{key} has {known.n} events and a dossier at most {MAX_DOSSIER_EVENTS}: "
                f"ask from event {known.n - MAX_DOSSIER_EVENTS} on"
            )
        path = f"v1/dossier/{key}" + (f"?from={start}" if start else "")
        value = self._fetch(path, MAX_DOSSIER_BYTES)
        with reading(f"the history of {key}"):
            dossier = parse_dossier(value)
            first = 0 if dossier.start is None else dossier.start.n
            if first != start:
                raise BundleError(f"the node answers from event {first} on, not from {start}")
            dossier = replace(dossier, state=self._take_state(dossier.state, key))
            verify_dossier(dossier, self._opened)
        return dossier

    def _read_seal(self) -> Seal:
        """The seal that ends the log at this checkpoint.

        Raises:
            BundleError: The log does not end in one there.
        """
        content = self.prove_leaf(self._opened.body.size - 1).content
        if not isinstance(content, Seal):
            raise BundleError("a checkpoint of ours ends in a seal, this one does not")
        verify_seal_time(self._opened, content.time)
        return content

    def _read_history(self, key: SubjectKey) -> Placed:
        """The whole history of a subject that is there, however long.

        Raises:
            BundleError: The parts of it do not make the history that its state commits.
        """
        value = self.read_state(key)
        found: list[DossierEvent] = []
        while value is not None and value.n - len(found) > MAX_DOSSIER_EVENTS:
            found += self._read_part(key, len(found))
        last = self.prove_history(key, len(found))
        leaves = [
            hash_history_leaf(event_id=each.entry.signed.id, i=i, index=each.index, subject=key)
            for i, each in enumerate(found)
        ]
        if last.start is not None and EMPTY_FRONTIER.extend(leaves).root() != last.start.history:
            raise BundleError(f"the events shown do not make the history of {key}")
        return tuple((each.index, each.entry) for each in [*found, *last.events])

    def _read_part(self, key: SubjectKey, start: int) -> Sequence[DossierEvent]:
        """Some events of a long history from `start` on, each shown to be in the log.

        Raises:
            BundleError: There are none, or one is about something else.
        """
        value = self._fetch(f"v1/dossier/{key}?from={start}", MAX_DOSSIER_BYTES)
        with reading(f"the history of {key}"):
            events = parse_dossier_events(value.get("events"))
        for each in events:
            verify_leaf(each.leaf, each.index, each.path, self._opened)
            verify_entry(each.entry, self._opened)
        if not events or any(key not in each.entry.signed.event.subjects for each in events):
            raise BundleError(f"the node shows other events than those of {key} from {start} on")
        return events

    def _fetch(self, path: str, max_bytes: int = MAX_BUNDLE_BYTES) -> JsonObject:
        mark = "&" if "?" in path else "?"
        data = self._fetcher.get(f"{path}{mark}size={self._opened.body.size}", max_bytes=max_bytes)
        with reading(path):
            return decode_bundle(data, max_bytes=max_bytes)

    def _take_state(self, bundle: StateBundle, key: SubjectKey) -> StateBundle:
        if bundle.subject != key:
            raise BundleError(f"the node answers with {bundle.subject}, not {key}")
        bundle = replace(bundle, receipt=self._take(bundle.receipt))
        verify_state_bundle(bundle, self._opened)
        return bundle

    def _take(self, receipt: Receipt) -> Receipt:
        """The receipt under the note that was opened.

        Raises:
            BundleError: Its own note is of another checkpoint.
        """
        offered = parse_signed_checkpoint(receipt.proof.checkpoint)
        if offered.body != self._opened.body:
            raise BundleError(
                f"the node proves under {offered.body.size} leaves, not under the checkpoint of "
                f"{self._opened.body.size} that was asked for"
            )
        return replace(receipt, proof=replace(receipt.proof, checkpoint=self._opened.data))

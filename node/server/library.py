"""What reads are answered from: one reading connection to the ledger, and proofs under checkpoints.

A read is as of the published checkpoint, the newest that meets the node's own policy, unless it
names another size. Nodes of the log tree are shared between all checkpoints.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from typing_extensions import override

from ledger.core.state import StateValue
from ledger.core.tiles import TileNodeReader
from ledger.core.types import SubjectKey
from ledger.errors import CorruptionError, NotFoundError, UnavailableError
from ledger.storage.base import KEPT_BLOCKS
from ledger.storage.sqlite import SqliteStore
from node.problems import GoneError
from node.proofs import Prover
from node.registry import Registry

_MAX_PROVERS: Final = 32


class Published(Protocol):
    """The checkpoints that a node shows."""

    @property
    def latest(self) -> bytes | None:
        """The newest note of the log."""
        ...

    @property
    def published(self) -> bytes | None:
        """The newest note that meets the node's own policy."""
        ...

    @property
    def published_size(self) -> int:
        """Its size; 0 while there is none."""
        ...


class RegistryAt(Registry):
    """A registry as of one checkpoint: its states are those of then, and nobody writes to it.

    Args:
        registry: Opened for reading.
        prover: Of the checkpoint.
    """

    def __init__(self, registry: Registry, prover: Prover) -> None:
        super().__init__(registry.home, registry.store, registry.ring, registry.clock, None)
        self._prover = prover

    @override
    def prover(self, size: int | None = None) -> Prover:
        return self._prover if size is None else super().prover(size)

    @override
    def read_state(self, key: SubjectKey) -> StateValue | None:
        return self._prover.read_state(key)


class Library:
    """Proofs and states from one connection; safe to share between threads.

    Args:
        registry: Of the node; only its home, ring and clock are used.
        store: A connection for reading.
        publisher: Says which checkpoint is the published one.
    """

    def __init__(self, registry: Registry, store: SqliteStore, publisher: Published) -> None:
        self.store = store
        self.registry = Registry(registry.home, store, registry.ring, registry.clock, None)
        self.publisher = publisher
        self._nodes = TileNodeReader(store)
        self._lock = threading.Lock()
        self._provers: OrderedDict[bytes, Prover] = OrderedDict()

    def prover(self, size: int | None = None) -> Prover:
        """Proofs under the checkpoint of this size, or the published one.

        Raises:
            NotFoundError: The node keeps no checkpoint of this size.
            UnavailableError: None is published yet.
        """
        note = self._find_note(size)
        with self._lock:
            if note in self._provers:
                self._provers.move_to_end(note)
                return self._provers[note]
        prover = Prover(self.store, note=note, nodes=self._nodes)
        with self._lock:
            self._provers[note] = prover
            while len(self._provers) > _MAX_PROVERS:
                self._provers.popitem(last=False)
        return prover

    def newest_prover(self) -> Prover:
        """Proofs under the newest checkpoint of the log, published or not.

        Raises:
            UnavailableError: There is none yet.
        """
        note = self.store.read_checkpoint()
        if note is None:
            raise UnavailableError(_NO_CHECKPOINT)
        return Prover(self.store, note=note, nodes=self._nodes)

    def prover_of_leaf(self, index: int, size: int | None) -> Prover:
        """Proofs under a checkpoint that covers a leaf.

        Args:
            index: Of the leaf.
            size: Of the checkpoint; None: the published one.

        Raises:
            NotFoundError: The log has no such leaf, or the checkpoint does not cover it.
            UnavailableError: The log has it, and the published checkpoint does not cover it yet.
        """
        prover = self.prover(size)
        if size is None and index >= prover.anchor.size and self._has_leaf(index):
            raise UnavailableError(
                f"leaf {index} is in the log, and the published checkpoint covers only "
                f"{prover.anchor.size} leaves yet: try again, or ask with the size of a newer one"
            )
        return prover

    def registry_at(self, prover: Prover) -> Registry:
        """The registry as of a checkpoint."""
        return RegistryAt(self.registry, prover)

    def is_settled(self, size: int | None) -> bool:
        """Whether what is proved under this size never changes: its note gets no cosignatures."""
        return size is not None and size <= self.publisher.published_size

    @contextmanager
    def reading_states(self, prover: Prover, size: int | None) -> Iterator[None]:
        """Within it, states are read that are kept for the newest blocks only.

        Args:
            prover: Of the checkpoint.
            size: As it was asked for; None: the published one.

        Raises:
            GoneError: They are kept no longer.
            UnavailableError: Those of the published checkpoint are kept no longer, until a newer
                one is published.
            NotFoundError: There is no such thing under the checkpoint.
            CorruptionError: The store contradicts itself.
        """
        if size is not None:
            self._check_kept(prover, size)
        try:
            yield
        except (CorruptionError, NotFoundError):
            self._check_kept(prover, size)  # a page or a state that was pruned looks like this
            raise

    def _check_kept(self, prover: Prover, size: int | None) -> None:
        """Refuse a checkpoint whose states are kept no longer.

        Raises:
            GoneError: One that was asked for.
            UnavailableError: The published one.
        """
        head = self.store.read_head()
        height = self.store.read_block(prover.anchor.size).height
        if head.height - height <= KEPT_BLOCKS:
            return
        if size is None:
            raise UnavailableError(
                f"the published checkpoint, of size {prover.anchor.size}, waits for cosignatures "
                f"and its states are kept no longer: try again, or ask with size={head.size}"
            )
        raise GoneError(
            f"the states of size {size} are kept no longer, only those of the newest {KEPT_BLOCKS} "
            f"blocks: ask with size={head.size}, or without size"
        )

    def _find_note(self, size: int | None) -> bytes:
        """The note of a checkpoint, with all cosignatures if it is the published one.

        Raises:
            NotFoundError: There is none of this size.
            UnavailableError: None is published yet.
        """
        published = self.publisher.published
        if published is None and size is None:
            raise UnavailableError(_NO_CHECKPOINT)
        if published is not None and size in {None, _size_of(published)}:
            return published
        note = self.store.read_checkpoint(size)
        if note is None:
            raise NotFoundError(
                f"there is no checkpoint of size {size}: checkpoints are signed where a block "
                "ends; ask without size for the published one"
            )
        return note

    def _has_leaf(self, index: int) -> bool:
        return bool(self.store.read_leaves(index, index + 1))


def _size_of(note: bytes) -> int:
    """Size in a note of ours; the publisher's own size may be that of a newer one by now."""
    return int(note.split(b"\n", 2)[1])


_NO_CHECKPOINT: Final = "no checkpoint is published yet: try again"

"""What a store promises, whatever keeps it; one test suite holds every store to it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from ledger.core.execution import Block, Head, StateReader
from ledger.core.rules import Listing
from ledger.core.statemap import MapRoot
from ledger.core.types import LeafIndex, SubjectKey, TreeSize, UnixMillis

KEPT_BLOCKS: Final = 256
"""Map pages and states are kept for at least so many blocks (our formats, section 6)."""
PRUNE_EVERY: Final = 32
"""Older ones are removed with each block whose height after it is a multiple of this."""
MAX_PRUNED_BLOCKS: Final = 1024
"""So many blocks' pages are removed at once: after a long hold no block takes much longer."""

Row: TypeAlias = tuple[int | str | bytes, ...]


class Table(StrEnum):
    """What a store keeps; all but the first three follows from the log and can be rebuilt."""

    ENTRY = "entry"
    CHECKPOINT = "checkpoint"
    DOCUMENT = "document"
    BLOCK = "block"
    EVENT = "event"
    TILE = "tile"
    SUBJECT = "subject"
    STATE = "state"
    HISTORY = "history"
    PAGE = "page"
    STALE = "stale"
    LISTING = "listing"

    @property
    def key_columns(self) -> int:
        """How many of its first columns tell its rows apart."""
        return _KEY_COLUMNS.get(self, 1)


COLUMNS: Final[Mapping[Table, tuple[str, ...]]] = {
    Table.ENTRY: ("idx", "leaf"),
    Table.CHECKPOINT: ("size", "note"),
    Table.DOCUMENT: ("digest", "data"),
    Table.BLOCK: (
        "height",
        "size",
        "time",
        "map_page",
        "map_root",
        "map_size",
        "next_page",
        "next_locator",
    ),
    Table.EVENT: ("prefix", "idx"),
    Table.TILE: ("id", "data"),
    Table.SUBJECT: ("number", "key"),
    Table.STATE: ("locator", "number", "value", "frontier"),
    Table.HISTORY: ("number", "i", "idx"),
    Table.PAGE: ("id", "data"),
    Table.STALE: ("height", "kind", "id"),
    Table.LISTING: ("key", "type", "label", "status", "terms", "words"),
}
_KEY_COLUMNS: Final = {Table.EVENT: 2, Table.HISTORY: 2, Table.STALE: 3}
DERIVED: Final = tuple(Table)[3:]


@dataclass(frozen=True, slots=True)
class BlockRow:
    """Where a block ended.

    Args:
        height: Number of blocks before it.
        size: Number of leaves after it.
        time: Of its seal.
        map_root: State map after it; its pages are kept for the newest KEPT_BLOCKS blocks.
    """

    height: int
    size: TreeSize
    time: UnixMillis
    map_root: MapRoot


class LogReader(Protocol):
    """The log's leaves and where its blocks end."""

    def read_head(self) -> Head:
        """Where the log ends now."""
        ...

    def read_leaves(self, start: int, stop: int) -> Sequence[bytes]:
        """Leaves start <= index < stop; fewer where the log ends."""
        ...

    def find_event(self, event_id: bytes) -> LeafIndex | None:
        """Index of the entry with this event id (32 bytes), or None."""
        ...

    def read_block(self, size: int) -> BlockRow:
        """The block that ends at this size.

        Raises:
            NotFoundError: No block ends there.
        """
        ...

    def iterate_blocks(self) -> Iterator[BlockRow]:
        """All blocks, oldest first."""
        ...


class SubjectReader(StateReader, Protocol):
    """Subjects, their newest states and their histories."""

    def read_history(self, number: int, start: int, stop: int) -> Sequence[LeafIndex]:
        """Log indexes of a subject's events start <= i < stop, ascending."""
        ...

    def find_subjects(self, prefix: str, limit: int, after: str = "") -> Sequence[SubjectKey]:
        """Keys that begin with this text, in order, at most `limit`; those above `after`."""
        ...

    def read_listing(self, key: SubjectKey) -> Listing | None:
        """How people find a subject."""
        ...

    def search_listings(
        self, text: str, *, kind: str | None, limit: int
    ) -> Sequence[tuple[SubjectKey, Listing]]:
        """Listings with every word of the text, Chinese as substrings; best first."""
        ...


class CheckpointStore(Protocol):
    """Signed checkpoints and documents that the log names by digest."""

    def save_checkpoint(self, size: int, note: bytes, *, is_held: bool = False) -> None:
        """Keep the signed note for this size; a note kept before is replaced.

        Args:
            size: Where a block ends.
            note: Signed.
            is_held: In the same transaction, hold pages and states from this size on.
        """
        ...

    def read_hold(self) -> int | None:
        """The size from which on pages and states are held; None: only the newest are kept."""
        ...

    def hold_pages(self, size: int | None) -> None:
        """Hold pages and states of every block that ends at this size or later.

        What is older is removed by and by; what was removed before does not come back.

        Args:
            size: None: keep those of the newest KEPT_BLOCKS blocks only.
        """
        ...

    def read_checkpoint(self, size: int | None = None) -> bytes | None:
        """The note for this size, or the newest."""
        ...

    def read_document(self, digest: str) -> bytes | None:
        """A document by its hex SHA-256."""
        ...


class TableReader(Protocol):
    """Everything that a store keeps, row by row: what an audit compares."""

    def iterate_rows(self, table: Table, start: int = 0) -> Iterator[Row]:
        """Rows of a table with its COLUMNS, ascending by its key columns.

        Args:
            table: Which one.
            start: Only rows whose first column, a number, is not below this; 0 for all rows.
        """
        ...

    def count_leaves(self) -> int:
        """Number of leaves in the log, also if no block row says so."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Within it every read sees the store as of one moment, and nothing can be written."""
        ...

    def check(self) -> None:
        """Hold the store's own structures, such as indexes, against what they are made from.

        Raises:
            CorruptionError: They contradict each other.
            UnavailableError: Another process is writing.
        """
        ...


class Store(LogReader, SubjectReader, CheckpointStore, Protocol):
    """Keeps a log and all that follows from it.

    Promises, for every implementation:
        Durable: when append returns, the block survives a crash of process and machine.
        All or nothing: after a failed append nothing of the block is visible, to anybody, ever;
            where the failure leaves that open (StoreFailedError), reopening decides it.
        Ordered: indexes are 0, 1, 2, ... without gaps, and a leaf never changes.
        Guarded: two writers cannot both succeed with the same expected size.
        Kept: pages and states of the newest KEPT_BLOCKS blocks can be read, and those of every
            block from the held size on.
    """

    def append(
        self, block: Block, *, expected_size: TreeSize, documents: Mapping[str, bytes]
    ) -> None:
        """Write a block and the documents it names, in one transaction.

        Args:
            block: Built on the head of this store.
            expected_size: Leaves that the store must hold for that.
            documents: By hex SHA-256 of their bytes.

        Raises:
            ConflictError: The store holds another number of leaves; nothing was written.
            UnavailableError: Another process holds the lock for too long; nothing was written.
            StoreFailedError: A write failed; the process has to exit.
        """
        ...

    def close(self) -> None:
        """Release files and locks; nothing is lost by not calling it."""
        ...


class AuditedStore(Store, TableReader, Protocol):
    """A store that shows everything it keeps."""

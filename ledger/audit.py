"""Holds a store against its own log: the log executed again must give all that the store keeps.

What can be wrong, and what says so: a leaf or seal (`ledger.replay`), any row of any table that
follows from the log, a checkpoint that the log's key did not sign or whose root is another, and a
document that is not what its digest names.

Spec: architecture, "Replay"; our formats, sections 3, 4 and 6.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from typing import Final, NoReturn, TypeAlias

from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.event import Event
from ledger.core.execution import Head
from ledger.core.hashing import hash_leaf
from ledger.core.merkle import read_root
from ledger.core.note import VerifierKey, open_note
from ledger.core.rules import Rules
from ledger.core.text import DIGEST_BYTES
from ledger.core.tiles import TILE_WIDTH, TileNodeReader, TileReader
from ledger.core.types import Digest, TreeSize
from ledger.errors import CorruptionError, InputError, NotFoundError, SignatureError
from ledger.replay import DifferenceError, ReplayStore, replay
from ledger.storage.base import (
    COLUMNS,
    DERIVED,
    KEPT_BLOCKS,
    AuditedStore,
    Row,
    Store,
    Table,
    TableReader,
)
from ledger.tail import TAIL_TABLES, TailStore

DocumentsOf: TypeAlias = Callable[[Event], Iterable[str]]
"""Digests (hex SHA-256) of the documents that an event obliges the store to keep."""
Progress: TypeAlias = Callable[[int, int], None]
"""Told how many leaves are done, of how many."""
_SHOWN_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What was found to be right, in numbers.

    Args:
        size: Leaves executed again, seals included.
        height: Blocks.
        root: Root of the log at this size.
        state_root: State map after the last block.
        checkpoints: Checkpoints whose signature and root are right.
        documents: Documents that are what their digest names.
    """

    size: TreeSize
    height: int
    root: Digest
    state_root: Digest
    checkpoints: int
    documents: int


@dataclass(frozen=True, slots=True)
class Auditor:
    """What an audit needs to know beforehand.

    Args:
        rules: Every rule set that this program has, by name.
        log_key: The log's public key, named after its origin.
        documents_of: Which documents an event names; None holds no event to have any.
        progress: Told now and then how far it is.
    """

    rules: Mapping[str, Rules]
    log_key: VerifierKey
    documents_of: DocumentsOf | None = None
    progress: Progress | None = None

    def audit(self, store: AuditedStore, scratch: AuditedStore) -> AuditResult:
        """Execute the whole log again and compare everything that the store keeps.

        Args:
            store: Under audit; another process may go on writing to it.
            scratch: Of the same kind and empty, or what an earlier audit of this log left there,
                which is taken as right and gone on from.

        Raises:
            DifferenceError: The first block that is not as it must be, or else the first row.
            NotFoundError: A block was made under rules that this program does not have.
            CorruptionError: The store's own structures contradict each other.
            UnavailableError: Another process is writing to the store for too long.
            StoreFailedError: The store cannot be read, or scratch cannot be written.
        """
        store.check()
        with store.snapshot():
            head = self._replay(store, scratch)
            for table in DERIVED:
                compare_rows(table, scratch.iterate_rows(table), store.iterate_rows(table))
            checkpoints = verify_checkpoints(store, scratch, self.log_key)
            if head.height and not checkpoints:
                raise DifferenceError("checkpoints", "count", expected="at least 1", found="none")
            return AuditResult(
                size=head.size,
                height=head.height,
                root=head.frontier.root(),
                state_root=head.map_root.root,
                checkpoints=checkpoints,
                documents=verify_documents(store),
            )

    def audit_tail(self, store: AuditedStore, blocks: int = 32) -> AuditResult:
        """Execute the newest blocks again, on top of what the store says was before them.

        Args:
            store: Under audit; another process may go on writing to it.
            blocks: How many, 1 to KEPT_BLOCKS.

        Returns:
            As audit, but only checkpoints and no documents of the tail are counted.

        Raises:
            DifferenceError: As audit, within the tail.
            NotFoundError: As audit.
            CorruptionError: As audit.
            UnavailableError: As audit.
            StoreFailedError: The store cannot be read.
        """
        store.check()
        with store.snapshot():
            tail = TailStore(store, min(blocks, KEPT_BLOCKS))
            start = tail.read_head().size
            head = self._replay(store, tail)
            for table in TAIL_TABLES:
                theirs = store.iterate_rows(table, tail.starts[table])
                compare_rows(table, tail.tail_rows(table), theirs)
            return AuditResult(
                size=head.size,
                height=head.height,
                root=head.frontier.root(),
                state_root=head.map_root.root,
                checkpoints=verify_checkpoints(store, tail, self.log_key, start),
                documents=0,
            )

    def _replay(self, store: AuditedStore, scratch: ReplayStore) -> Head:
        head, total = scratch.read_head(), store.count_leaves()
        leaves = _match_tiles(read_numbered(store, Table.ENTRY, head.size), store)
        for replayed in replay(leaves, scratch, self.rules, self.log_key.name):
            head = replayed.block.head
            first = replayed.block.seal.first
            for index, entry in enumerate(replayed.entries, start=first):
                self._check_documents(store, index, entry.signed.event)
            if self.progress is not None:
                self.progress(head.size, total)
        return head

    def _check_documents(self, store: Store, index: int, event: Event) -> None:
        for digest in self.documents_of(event) if self.documents_of else ():
            if store.read_document(digest) is None:
                raise DifferenceError(
                    f"leaf {index}", "document", expected=digest, found="not in the store"
                )


def verify_checkpoints(
    store: AuditedStore, replayed: TileReader, log_key: VerifierKey, start: int = 0
) -> int:
    """Hold the checkpoints that a store keeps against a log that was executed again.

    Args:
        store: Whose blocks are known to be right.
        replayed: The tiles of the log that was executed again.
        log_key: The log's public key, named after its origin.
        start: Smallest size to look at.

    Returns:
        How many there are.

    Raises:
        DifferenceError: One is not signed by the log's key, or is of another size or root, or
            its size ends in no seal.
    """
    nodes, count = TileNodeReader(replayed), 0
    for size, note in read_numbered(store, Table.CHECKPOINT, start):
        where = f"checkpoint {size}"
        try:
            signed = parse_signed_checkpoint(note)
            open_note(signed.note, [log_key])
            block = store.read_block(size)
        except (InputError, SignatureError, NotFoundError) as exc:
            expected = f"signed by {log_key.name} where a block ends"
            raise DifferenceError(where, "note", expected=expected, found=f"not ({exc})") from exc
        root = read_root(nodes, block.size)
        for what, ours, theirs in (
            ("origin", log_key.name, signed.body.origin),
            ("size", size, signed.body.size),
            ("root", root.hex(), signed.body.root.hex()),
        ):
            if ours != theirs:
                raise DifferenceError(where, what, expected=ours, found=theirs)
        count += 1
    return count


def verify_documents(store: TableReader) -> int:
    """Hold every document against its digest.

    Returns:
        How many there are.

    Raises:
        DifferenceError: One is not what its digest names.
    """
    count = 0
    for digest, data in store.iterate_rows(Table.DOCUMENT):
        found = sha256(data).hexdigest() if isinstance(data, bytes) else "none"
        if found != digest:
            raise DifferenceError(f"document {digest!s}", "digest", expected=digest, found=found)
        count += 1
    return count


def read_numbered(store: TableReader, table: Table, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Rows of the log or of the checkpoints, as number and bytes.

    Raises:
        CorruptionError: A column is of another type.
    """
    for number, text in store.iterate_rows(table, start):
        if not isinstance(number, int) or not isinstance(text, str):
            raise CorruptionError(f"the table {table} holds a row that is not a number and a text")
        yield number, text.encode()


def compare_rows(table: Table, expected: Iterable[Row], found: Iterable[Row]) -> None:
    """Compare two streams of rows, both in the table's order.

    Raises:
        DifferenceError: The first row that is missing, superfluous or different.
    """
    for ours, theirs in zip_longest(expected, found):
        if ours != theirs:
            _refuse_row(table, ours, theirs)


def _refuse_row(table: Table, ours: Row | None, theirs: Row | None) -> NoReturn:
    """Say how two rows differ that stand at the same place.

    Raises:
        DifferenceError: Always.
    """
    count = table.key_columns
    our_key, their_key = (row and row[:count] for row in (ours, theirs))
    keys = [key for key in (our_key, their_key) if key is not None]
    first = min(keys)
    where = f"{table} {'/'.join(map(str, first))}"
    if our_key != first:
        raise DifferenceError(where, "row", expected="not there", found="there")
    if their_key != first:
        raise DifferenceError(where, "row", expected="there", found="missing")
    names = COLUMNS[table][count:]
    parts = zip(names, (ours or ())[count:], (theirs or ())[count:], strict=True)
    name, our_value, their_value = next(part for part in parts if part[1] != part[2])
    raise DifferenceError(where, name, expected=_show(our_value), found=_show(their_value))


def _match_tiles(
    leaves: Iterable[tuple[int, bytes]], tiles: TileReader
) -> Iterator[tuple[int, bytes]]:
    """Pass on the log's leaves as long as each is the one that the store's tiles hold.

    Raises:
        DifferenceError: A leaf or a tile was changed.
    """
    at, tile = -1, b""
    for index, leaf in leaves:
        number, slot = divmod(index, TILE_WIDTH)
        if number != at:
            at, tile = number, tiles.read_tile(0, number)
        expected = tile[slot * DIGEST_BYTES : (slot + 1) * DIGEST_BYTES]
        found = hash_leaf(leaf)
        if found != expected:
            raise DifferenceError(
                f"leaf {index}",
                "leaf hash",
                expected=f"{expected.hex() or 'nothing'} as in tile 0/{number}",
                found=found.hex(),
            )
        yield index, leaf


def _show(value: float | str | bytes) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes of SHA-256 {sha256(value).hexdigest()[:16]}..."
    return str(value)[:_SHOWN_CHARACTERS]

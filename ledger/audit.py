"""Holds a store against its own log: the log executed again must give all that the store keeps.

What can be wrong, and what says so: a leaf or seal (`ledger.replay`), any row of any table that
follows from the log, a checkpoint that the log's key did not sign or whose root is another, and a
document that is not what its digest names.

Spec: architecture, "Replay"; our formats, sections 3, 4 and 6.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice, zip_longest
from typing import Final, NoReturn, TypeAlias

from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.event import Event
from ledger.core.execution import BlockBuilder, Head
from ledger.core.hashing import hash_leaf
from ledger.core.logkeys import LogKey, signers_at
from ledger.core.merkle import read_root
from ledger.core.note import SignedNote, VerifierKey, format_vkey, open_note
from ledger.core.rules import Rules
from ledger.core.text import DIGEST_BYTES
from ledger.core.tiles import TILE_WIDTH, TileNodeReader, TileReader
from ledger.core.types import Digest, LeafIndex, TreeSize
from ledger.errors import CorruptionError, InputError, NotFoundError, SignatureError
from ledger.replay import DifferenceError, ReplayedBlock, ReplayStore, replay
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
        log_keys: The log's keys, each by the entry that names it; empty where its rules know none.
    """

    size: TreeSize
    height: int
    root: Digest
    state_root: Digest
    checkpoints: int
    documents: int
    log_keys: tuple[LogKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Auditor:
    """What an audit needs to know beforehand.

    Args:
        rules: Every rule set that this program has, by name.
        log_key: A public key that the log has or had, named after its origin.
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
            scratch.hold_pages(find_hold(store))
            head, keys = self._replay(store, scratch)
            self._check_known(keys)
            for table in DERIVED:
                compare_rows(table, scratch.iterate_rows(table), store.iterate_rows(table))
            checkpoints = verify_checkpoints(store, scratch, self.log_key, keys=keys)
            if head.height and not checkpoints:
                raise DifferenceError("checkpoints", "count", expected="at least 1", found="none")
            return AuditResult(
                size=head.size,
                height=head.height,
                root=head.frontier.root(),
                state_root=head.map_root.root,
                checkpoints=checkpoints,
                documents=verify_documents(store),
                log_keys=tuple(keys),
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
            head, keys = self._replay(store, tail)
            for table in TAIL_TABLES:
                theirs = store.iterate_rows(table, tail.starts[table])
                compare_rows(table, tail.tail_rows(table), theirs)
            return AuditResult(
                size=head.size,
                height=head.height,
                root=head.frontier.root(),
                state_root=head.map_root.root,
                checkpoints=verify_checkpoints(store, tail, self.log_key, start, keys=keys),
                documents=0,
                log_keys=tuple(keys),
            )

    def _replay(self, store: AuditedStore, scratch: ReplayStore) -> tuple[Head, list[LogKey]]:
        head, total = scratch.read_head(), store.count_leaves()
        keys = _read_log_keys(scratch, head, self.rules)
        leaves = _match_tiles(read_numbered(store, Table.ENTRY, head.size), store)
        for replayed in replay(leaves, scratch, self.rules, self.log_key.name):
            head = replayed.block.head
            keys += find_log_keys(replayed, self.rules)
            first = replayed.block.seal.first
            for index, entry in enumerate(replayed.entries, start=first):
                self._check_documents(store, index, entry.signed.event)
            if self.progress is not None:
                self.progress(head.size, total)
        return head, keys

    def _check_known(self, keys: Sequence[LogKey]) -> None:
        """Hold the log to the key that the caller knows it by.

        Raises:
            DifferenceError: It never had that key.
        """
        if keys and self.log_key not in {each.key for each in keys}:
            ours, theirs = (format_vkey(key) for key in (self.log_key, keys[-1].key))
            raise DifferenceError("log", "key", expected=ours, found=theirs)

    def _check_documents(self, store: Store, index: int, event: Event) -> None:
        for digest in self.documents_of(event) if self.documents_of else ():
            if store.read_document(digest) is None:
                raise DifferenceError(
                    f"leaf {index}", "document", expected=digest, found="not in the store"
                )


def find_log_keys(replayed: ReplayedBlock, rules: Mapping[str, Rules]) -> Iterator[LogKey]:
    """The keys that a block's entries name for the log."""
    seal = replayed.block.seal
    for index, entry in enumerate(replayed.entries, start=seal.first):
        named = rules[seal.rules].named_log_key(entry.signed)
        if named is not None:
            yield LogKey(named, LeafIndex(index))


def _read_log_keys(scratch: ReplayStore, head: Head, rules: Mapping[str, Rules]) -> list[LogKey]:
    """The keys that the states before a replay name; every rule set reads older states."""
    for each in rules.values():
        keys = each.log_keys(BlockBuilder(head, scratch, each))
        if keys:
            return list(keys)
    return []


def find_hold(store: AuditedStore) -> int | None:
    """Size from which on a store holds pages and states, as the oldest of them tells.

    While witnesses sleep it holds more than the newest ones, and removes it later by and by. Less
    than it has to keep is no hold: those rows will be missed.
    """
    oldest = next(store.iterate_rows(Table.STALE), None)
    if oldest is None:
        return None
    height = int(oldest[0]) - 1  # what a block replaced is gone up to here
    sizes = [int(row[1]) for row in islice(store.iterate_rows(Table.BLOCK, height), 1)]
    held = store.read_hold()
    return min([*sizes, *([] if held is None else [held])], default=None)


def verify_checkpoints(
    store: AuditedStore,
    replayed: TileReader,
    log_key: VerifierKey,
    start: int = 0,
    *,
    keys: Sequence[LogKey] = (),
) -> int:
    """Hold the checkpoints that a store keeps against a log that was executed again.

    Args:
        store: Whose blocks are known to be right.
        replayed: The tiles of the log that was executed again.
        log_key: A public key that the log has or had, named after its origin; signs where `keys`
            name none.
        start: Smallest size to look at.
        keys: The log's keys, as the log that was executed again names them.

    Returns:
        How many there are.

    Raises:
        DifferenceError: One is not signed by each key that the log had to sign it with, or is of
            another size or root, or its size ends in no seal.
    """
    nodes, count = TileNodeReader(replayed), 0
    for size, note in read_numbered(store, Table.CHECKPOINT, start):
        where = f"checkpoint {size}"
        try:
            signed = parse_signed_checkpoint(note)
            _check_signers(signed.note, signers_at(keys, TreeSize(size)) or (log_key,))
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


def _check_signers(note: SignedNote, signers: Sequence[VerifierKey]) -> None:
    """Refuse a note that one of these keys has not signed.

    Raises:
        SignatureError: Such a note.
    """
    signed = {key for key, _ in open_note(note, signers).verified}
    for key in signers:
        if key not in signed:
            raise SignatureError(f"the signature of {format_vkey(key)} is missing")


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

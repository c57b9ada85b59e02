"""Executes a log again, block by block, and finds the first place where it is not what rules make.

Execution is the very code that the sequencer runs; memory holds one block, whatever the length of
the log.

Spec: our formats, sections 2 and 3; architecture, "Replay".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

from ledger.core.entry import Entry, Seal, decode_leaf
from ledger.core.event import verify_event_signatures
from ledger.core.execution import Block, BlockBuilder, Head, StateReader
from ledger.core.limits import MAX_BLOCK_EVENTS
from ledger.core.rules import Rules
from ledger.core.types import LeafIndex, TreeSize
from ledger.errors import InputError, NotFoundError, ReplayError, SignatureError

_VERIFY_CHUNK: Final = 64


class DifferenceError(ReplayError):
    """The first place where the log or the store is not what re-executing the log gives.

    Args:
        where: Such as `leaf 17`, `page 5`.
        what: Which part of it.
        expected: What it should be.
        found: What it is.
    """

    code = "difference"

    def __init__(self, where: str, what: str, *, expected: object, found: object) -> None:
        self.where = where
        self.what = what
        self.expected = str(expected)
        self.found = str(found)
        super().__init__(f"{where}: {what} should be {self.expected}, but is {self.found}")


class ReplayStore(StateReader, Protocol):
    """What a log is executed into; a whole `Store` is one."""

    def read_head(self) -> Head:
        """Where the log ends that was executed so far."""
        ...

    def find_event(self, event_id: bytes) -> LeafIndex | None:
        """Index of the first entry with this event id (32 bytes), or None."""
        ...

    def append(
        self, block: Block, *, expected_size: TreeSize, documents: Mapping[str, bytes]
    ) -> None:
        """Keep a block."""
        ...


@dataclass(frozen=True, slots=True)
class ReplayedBlock:
    """A block that the log holds and that the rules make of its entries."""

    block: Block
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class _ReadBlock:
    """A block as the log claims it."""

    first: int
    leaves: Sequence[bytes]
    entries: Sequence[Entry]
    seal: Seal


def replay(
    leaves: Iterable[tuple[int, bytes]],
    scratch: ReplayStore,
    rules: Mapping[str, Rules],
    origin: str,
) -> Iterator[ReplayedBlock]:
    """Execute a log and keep each block before it is given out.

    Args:
        leaves: Index and bytes of the log's leaves, from scratch's size on.
        scratch: Where to execute it into.
        rules: Every rule set that this program has, by name.
        origin: Of the log.

    Raises:
        DifferenceError: A leaf, signature, time, order or seal is not as it must be.
        NotFoundError: A block was made under rules that this program does not have.
        LedgerError: What scratch raises.
    """
    executor = _Executor(scratch, rules, origin)
    with ThreadPoolExecutor() as pool:
        for read in _read_blocks(leaves, executor.head.size):
            _verify_signatures(read, pool)
            yield ReplayedBlock(executor.execute(read), read.entries)


class _Executor:
    """Runs one block after another under the rules that each one's seal names."""

    def __init__(self, scratch: ReplayStore, rules: Mapping[str, Rules], origin: str) -> None:
        self.head = scratch.read_head()
        self._scratch = scratch
        self._rules = rules
        self._origin = origin
        self._in_force: str | None = None

    def execute(self, read: _ReadBlock) -> Block:
        rules = self._choose_rules(read)
        builder = BlockBuilder(self.head, self._scratch, rules)
        seen: set[str] = set()
        for index, (entry, leaf) in enumerate(
            zip(read.entries, read.leaves[:-1], strict=True), start=read.first
        ):
            if entry.signed.id in seen:
                raise DifferenceError(
                    f"leaf {index}", "event", expected="a new one", found="twice in its block"
                )
            seen.add(entry.signed.id)
            self._add(builder, index, entry, len(leaf))
        block = builder.build()
        _compare_seals(block.seal, read)
        self._scratch.append(block, expected_size=self.head.size, documents={})
        self.head = block.head
        is_last = rules.is_last_of_block(read.entries[-1].signed)
        self._in_force = None if is_last else rules.name
        return block

    def _choose_rules(self, read: _ReadBlock) -> Rules:
        name = read.seal.rules
        if self._in_force not in {None, name}:
            raise DifferenceError(
                _seal_of(read), "rules", expected=f"still {self._in_force}", found=name
            )
        rules = self._rules.get(name)
        if rules is None:
            raise NotFoundError(
                f"block {read.seal.height} was made under {name}, which this program does not have"
            )
        return rules

    def _add(self, builder: BlockBuilder, index: int, entry: Entry, leaf_bytes: int) -> None:
        where, signed = f"leaf {index}", entry.signed
        if signed.event.log != self._origin:
            raise DifferenceError(where, "log", expected=self._origin, found=signed.event.log)
        if entry.time < builder.earliest_time:
            expected = f"at least {builder.earliest_time}"
            raise DifferenceError(where, "time", expected=expected, found=entry.time)
        if not builder.has_room(leaf_bytes - len(b',"time":%d,"v":1' % entry.time)):
            raise DifferenceError(where, "leaf", expected="a seal", found="one more entry")
        known = self._scratch.find_event(bytes.fromhex(signed.id))
        if known is not None and known < index:
            found = f"the one of leaf {known} again"
            raise DifferenceError(where, "event", expected="a new one", found=found)
        try:
            builder.add(signed, entry.time)
        except InputError as exc:
            raise DifferenceError(
                where, "event", expected="one that the rules accept", found=f"refused ({exc})"
            ) from exc


def _read_blocks(leaves: Iterable[tuple[int, bytes]], start: int) -> Iterator[_ReadBlock]:
    """Cut the log into blocks behind its seals.

    Raises:
        DifferenceError: A leaf is missing, does not read, or no seal comes in time.
    """
    kept: list[bytes] = []
    entries: list[Entry] = []
    first = index = start
    for index, (found, raw) in enumerate(leaves, start=start):
        where = f"leaf {index}"
        if found != index:
            raise DifferenceError(where, "index", expected=index, found=found)
        leaf = _decode(where, raw)
        kept.append(raw)
        if isinstance(leaf, Entry):
            entries.append(leaf)
            if len(entries) > MAX_BLOCK_EVENTS:
                raise DifferenceError(where, "leaf", expected="a seal", found="one more entry")
        elif not entries:
            raise DifferenceError(where, "leaf", expected="an entry", found="a seal")
        else:
            yield _ReadBlock(first, kept, entries, leaf)
            kept, entries, first = [], [], index + 1
    if entries:
        raise DifferenceError(
            f"leaf {index + 1}", "leaf", expected="a seal", found="the end of the log"
        )


def _decode(where: str, raw: bytes) -> Entry | Seal:
    try:
        return decode_leaf(raw)
    except InputError as exc:
        raise DifferenceError(
            where, "leaf", expected="an entry or a seal", found=f"neither ({exc})"
        ) from exc


def _verify_signatures(read: _ReadBlock, pool: ThreadPoolExecutor) -> None:
    """Check them on all cores; not beside the execution, which would hold up the threads.

    Raises:
        DifferenceError: The first that does not verify.
    """
    chunks = range(0, len(read.entries), _VERIFY_CHUNK)
    for _ in pool.map(
        _verify_chunk,
        [read.first + start for start in chunks],
        [read.entries[start : start + _VERIFY_CHUNK] for start in chunks],
    ):
        pass


def _verify_chunk(first: int, entries: Sequence[Entry]) -> None:
    for index, entry in enumerate(entries, start=first):
        try:
            verify_event_signatures(entry.signed)
        except SignatureError as exc:
            raise DifferenceError(
                f"leaf {index}", "signatures", expected="valid", found=f"not ({exc})"
            ) from exc


def _compare_seals(expected: Seal, read: _ReadBlock) -> None:
    found = read.seal
    for name in ("height", "first", "count", "prev", "time", "state_size", "state_root"):
        ours, theirs = getattr(expected, name), getattr(found, name)
        if ours != theirs:
            what = name.replace("_", ".")
            raise DifferenceError(_seal_of(read), what, expected=_show(ours), found=_show(theirs))


def _seal_of(read: _ReadBlock) -> str:
    return f"seal at leaf {read.first + len(read.entries)}"


def _show(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)

"""Executes a log's events up to a checkpoint and keeps the states that they lead to.

Nothing that the store keeps beside the log's leaves is read, so whoever has the same leaves gets
the same states. The leaves are held against the root of the checkpoint; signatures and state roots
are not, which is what an audit is for.

Spec: our formats, sections 3 and 4; architecture, "Replay".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import msgspec
from typing_extensions import override

from contracts.records import StateT, parse_state_record
from ledger.core.checkpoint import Checkpoint
from ledger.core.entry import Entry, Seal, decode_leaf
from ledger.core.hashing import hash_leaf
from ledger.core.merkle import EMPTY_FRONTIER
from ledger.core.rules import Rules, StateView, Step
from ledger.core.state import State
from ledger.core.types import LeafIndex, SubjectKey, UnixMillis
from ledger.errors import CorruptionError, InputError, NotFoundError, ReplayError

_LEAVES_AT_ONCE: Final = 1000

Progress: TypeAlias = Callable[[int], None]
"""Told how many more leaves are done."""


class Observer(Protocol):
    """Told of every event in the order of the log."""

    def observe(self, index: LeafIndex, entry: Entry) -> None:
        """An event that the rules accepted."""
        ...


class FoldedStates(StateView):
    """The states that a part of a log leads to; kept as bytes, as there may be very many."""

    def __init__(self) -> None:
        self._kept: dict[SubjectKey, tuple[str, bytes]] = {}

    @override
    def read(self, key: SubjectKey) -> State | None:
        kept = self._kept.get(key)
        return None if kept is None else State(kept[0], msgspec.json.decode(kept[1]))

    def keep(self, changes: Mapping[SubjectKey, State]) -> None:
        """Put new states in the place of older ones."""
        for key, state in changes.items():
            self._kept[key] = (state.type, msgspec.json.encode(state.body))

    def find(self, cls: type[StateT], key: SubjectKey) -> StateT | None:
        """A subject's state as a record, or None."""
        state = self.read(key)
        return None if state is None else parse_state_record(cls, state)

    def iterate(self, cls: type[StateT]) -> Iterator[tuple[SubjectKey, StateT]]:
        """Every state of a type, in the order in which the subjects came to be."""
        for key, (kind, raw) in self._kept.items():
            if kind == cls.state_type:
                yield key, parse_state_record(cls, State(kind, msgspec.json.decode(raw)))


@dataclass(frozen=True, slots=True)
class Folded:
    """What a log led to.

    Args:
        states: After the last event that counts.
        time: Of the checkpoint's last seal.
    """

    states: FoldedStates
    time: UnixMillis


class LeafReader(Protocol):
    """Where the leaves of a log are read."""

    def read_leaves(self, start: int, stop: int) -> Sequence[bytes]:
        """Leaves start <= index < stop; fewer where the log ends."""
        ...


def fold_log(
    log: LeafReader,
    checkpoint: Checkpoint,
    rules: Mapping[str, Rules],
    until: UnixMillis | None,
    observer: Observer,
    progress: Progress,
) -> Folded:
    """Execute the events of a log.

    Args:
        log: Only its leaves are read.
        checkpoint: Of this log, its signature verified; leaves after its size are not read.
        rules: Every rule set that this program has, by name.
        until: Events of this ledger time and later do not count; None: all count.
        observer: Told of every event that counts.
        progress: Told how far it is.

    Raises:
        ReplayError: The leaves are not those of the checkpoint, or the rules refuse one.
        NotFoundError: A block was made under rules that this program does not have.
        CorruptionError: A leaf does not read, or no seal ends the log.
    """
    folder, frontier = _Folder(rules, until, observer), EMPTY_FRONTIER
    for start in range(0, checkpoint.size, _LEAVES_AT_ONCE):
        leaves = log.read_leaves(start, min(start + _LEAVES_AT_ONCE, checkpoint.size))
        frontier = frontier.extend(map(hash_leaf, leaves))
        for index, leaf in enumerate(leaves, start=start):
            folder.add(LeafIndex(index), leaf)
        progress(len(leaves))
    if (frontier.size, frontier.root()) != (checkpoint.size, checkpoint.root):
        raise ReplayError(
            f"the first {checkpoint.size} leaves of this log are not those of the checkpoint: run "
            "'muniment audit'"
        )
    if folder.last is None or folder.last.index != checkpoint.size - 1:
        raise CorruptionError(f"no block ends at the size {checkpoint.size}: run 'muniment audit'")
    return Folded(folder.states, folder.last.time)


class _Folder:
    """Executes block after block under the rules that each one's seal names."""

    def __init__(
        self, rules: Mapping[str, Rules], until: UnixMillis | None, observer: Observer
    ) -> None:
        self.states = FoldedStates()
        self.last: Seal | None = None
        self._rules = rules
        self._until = until
        self._observer = observer
        self._block: list[tuple[LeafIndex, Entry]] = []

    def add(self, index: LeafIndex, leaf: bytes) -> None:
        try:
            content = decode_leaf(leaf)
        except InputError as exc:
            raise CorruptionError(f"leaf {index} cannot be read: run 'muniment audit'") from exc
        if isinstance(content, Entry):
            self._block.append((index, content))
            return
        rules = self._rules.get(content.rules)
        if rules is None:
            raise NotFoundError(
                f"block {content.height} was made under {content.rules}, which this program does "
                "not have: use the one that opened the ledger"
            )
        for place, entry in self._block:
            if self._until is None or entry.time < self._until:
                self._execute(rules, place, entry)
        self._block, self.last = [], content

    def _execute(self, rules: Rules, index: LeafIndex, entry: Entry) -> None:
        step = Step(entry.time, index, self.states)
        try:
            changes = rules.apply(entry.signed, step)
        except InputError as exc:
            raise ReplayError(
                f"the rules refuse the event of leaf {index} ({exc}): run 'muniment audit'"
            ) from exc
        self.states.keep(changes)
        self._observer.observe(index, entry)

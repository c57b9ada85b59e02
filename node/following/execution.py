"""Executes a log again into a file of its own, as far as the log has signed, and resumes there.

Every leaf is held against the checkpoint before the rules see it. So whatever the rules then find
wrong was signed by the log, and the two together convict it.

Spec: architecture, "Replay"; our formats sections 3, 4 and 6.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import NoReturn

from ledger.clock import Clock
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.cosignature import verify_checkpoint_line
from ledger.core.execution import BlockBuilder
from ledger.core.logkeys import signers_at
from ledger.core.note import VerifierKey, format_vkey, open_note, parse_note
from ledger.core.rules import Rules
from ledger.core.types import Digest, TreeSize, UnixMillis
from ledger.errors import (
    CorruptionError,
    ForkError,
    NotFoundError,
    RejectedError,
    SignatureError,
    UnavailableError,
)
from ledger.light.leaves import AuthenticTiles
from ledger.replay import DifferenceError, ReplayedBlock, replay
from ledger.storage.sqlite import SqliteStore
from node.following.source import (
    LogSource,
    SignedTree,
    root_within,
    verify_same_history,
)


@dataclass(frozen=True, slots=True)
class Executed:
    """How far a log was executed.

    Args:
        size: Leaves.
        height: Blocks.
        root: Of the log at this size.
        state_root: State map after the last block.
        time: Of the last seal, 0 before the first.
    """

    size: TreeSize
    height: int
    root: Digest
    state_root: Digest
    time: UnixMillis


class UnknownRulesError(UnavailableError):
    """The log was made under rules that this program does not have; a newer one may have them."""

    code = "unknown_rules"


class Execution:
    """One log, executed again.

    Args:
        store: Kept between runs; holds what was executed, and notes of the log as evidence.
        source: Where the log comes from.
        rules: Every rule set of this program, by name.
        clock: Its counter bounds the time.
    """

    def __init__(
        self, store: SqliteStore, source: LogSource, rules: Mapping[str, Rules], clock: Clock
    ) -> None:
        self._store = store
        self._source = source
        self._rules = rules
        self._clock = clock

    def change_source(self, source: LogSource) -> None:
        """Have the log from elsewhere from now on, or by other keys; between two advances."""
        self._source = source

    def executed(self) -> Executed:
        """How far it is."""
        head = self._store.read_head()
        return Executed(head.size, head.height, head.frontier.root(), head.map_root.root, head.time)

    def newest_note(self) -> SignedTree | None:
        """The largest checkpoint that was taken up so far; what was executed is within it."""
        note = self._store.read_checkpoint()
        return None if note is None else SignedTree(note, parse_signed_checkpoint(note).body)

    def advance(self, target: SignedTree, budget_ms: int) -> bool:
        """Execute towards a checkpoint, and hold the log against it once it is reached.

        What was executed stays, whatever is raised.

        Args:
            target: Signed by the log.
            budget_ms: Stop after the first block that ends later than this.

        Returns:
            Whether everything up to it is executed and gives its very root.

        Raises:
            DifferenceError: The log is not what the rules make of it.
            ForkError: The log has signed another history before.
            SignatureError: The checkpoint is shown without a signature that it has to have.
            UnknownRulesError: This program does not have the log's rules.
            AnswerError: What is served is not what the log has signed.
            LedgerError: What the source or the store raises.
        """
        size = self._store.read_head().size
        if size < target.body.size:
            tiles = self._take_up(target)
            size = self._execute(target, tiles, size, budget_ms)
        if size < target.body.size:
            return False
        self._confirm(target)
        return True

    def _take_up(self, target: SignedTree) -> AuthenticTiles:
        """Hold a checkpoint against the newest one that was taken up, and keep it as evidence.

        So all that are kept are of one history, and what was executed is within the newest.

        Raises:
            ForkError: They contradict each other.
            UnavailableError: The log does not show that the newest one extends this one.
        """
        tiles, known = self._source.open_tiles(target.body), self.newest_note()
        if known is not None:
            is_ahead = known.body.size > target.body.size
            wider = self._source.open_tiles(known.body) if is_ahead else tiles
            verify_same_history(wider, known, target)
        self._store.save_checkpoint(target.body.size, target.note)
        return tiles

    def _execute(
        self, target: SignedTree, tiles: AuthenticTiles, size: TreeSize, budget_ms: int
    ) -> TreeSize:
        deadline = self._clock.monotonic() + budget_ms
        leaves = self._source.read_leaves(size, target.body, tiles)
        blocks = replay(leaves, self._store, self._rules, target.body.origin)
        with closing(judge_rules(blocks)) as judged:
            for replayed in judged:
                size = replayed.block.head.size
                if self._clock.monotonic() > deadline:
                    break
        return size

    def _confirm(self, target: SignedTree) -> None:
        """Hold a checkpoint against the log that was executed at least so far.

        Raises:
            ForkError: It has another root.
            DifferenceError: Its size ends no block, or another key than has to sign it did.
            SignatureError: It is shown without a signature that it has to have.
            CorruptionError: What was executed is not within what was taken up.
        """
        size = target.body.size
        if root_within(self._store, size) != target.body.root:
            self._refuse_fork(target)
        try:
            self._store.read_block(size)
        except NotFoundError as exc:
            raise DifferenceError(
                f"checkpoint {size}", "size", expected="the end of a block", found="within one"
            ) from exc
        self._check_signers(target)

    def _refuse_fork(self, target: SignedTree) -> NoReturn:
        """Say that a checkpoint contradicts what was executed, which is within an earlier one.

        Raises:
            ForkError: It does.
            CorruptionError: What was executed is not within it.
        """
        known = self.newest_note()
        if known is None or known.body == target.body:
            raise CorruptionError(
                "what was executed is not what the log has signed: remove it, and execute the log "
                "from its beginning"
            )
        if known.body.size <= self._store.read_head().size:
            verify_same_history(self._store, known, target)
        raise ForkError(known.text, target.text)

    def _check_signers(self, target: SignedTree) -> None:
        """Hold a checkpoint's signatures against the keys that the ledger itself names.

        A line that is missing convicts nobody, since whoever shows the note may have left it out.
        A signature of a key that has none to give there does.

        Raises:
            DifferenceError: One is missing, and a key has signed that must not.
            SignatureError: One is missing.
        """
        named = self._named_keys(target)
        signed = _find_signers(target, (*self._source.keys, *named))
        missing = [key for key in named if key not in signed]
        if not missing:
            return
        if signed <= set(named):
            raise SignatureError(
                f"checkpoint {target.body.size} is shown without the signature of "
                f"{format_vkey(missing[0])}, which has to sign it too: ask again, or elsewhere"
            )
        raise DifferenceError(
            f"checkpoint {target.body.size}",
            "log key",
            expected=format_vkey(missing[0]),
            found=" and ".join(sorted(map(format_vkey, signed))),
        )

    def _named_keys(self, target: SignedTree) -> tuple[VerifierKey, ...]:
        head = self._store.read_head()
        for rules in self._rules.values():  # every rule set reads older states
            keys = rules.log_keys(BlockBuilder(head, self._store, rules))
            if keys:
                return signers_at(keys, target.body.size)
        return ()


def read_executed(store: SqliteStore) -> Executed:
    """How far a store has executed a log."""
    head = store.read_head()
    return Executed(head.size, head.height, head.frontier.root(), head.map_root.root, head.time)


def _find_signers(target: SignedTree, keys: tuple[VerifierKey, ...]) -> set[VerifierKey]:
    opened = open_note(parse_note(target.note), dict.fromkeys(keys), verify_checkpoint_line)
    return {key for key, _ in opened.verified}


def judge_rules(blocks: Iterator[ReplayedBlock]) -> Generator[ReplayedBlock, None, None]:
    """The same blocks; rules that are not here are no fault of the log.

    Args:
        blocks: Of a replay.

    Raises:
        UnknownRulesError: They are not here.
        DifferenceError: What the replay found.
    """
    try:
        yield from blocks
    except NotFoundError as exc:
        raise UnknownRulesError(f"{exc}: use a newer one; nothing is cosigned until then") from exc
    except DifferenceError as exc:
        cause = exc.__cause__
        if isinstance(cause, RejectedError) and cause.reason == "unknown_rules":
            raise UnknownRulesError(
                f"{exc.where}: {cause}: use the program that has it; nothing is cosigned until then"
            ) from exc
        raise

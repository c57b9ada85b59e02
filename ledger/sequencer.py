"""The one writer: takes what is queued, makes a block of it, commits, then signs.

Several threads may submit at once; whoever gets the writer's lock takes what is queued (at most one
block) and never waits for company.

Spec: architecture, steps 1 to 6.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, TypeVar

from ledger.clock import Clock
from ledger.core.event import SignedEvent, encode_signed_event
from ledger.core.execution import EMPTY_HEAD, Block, BlockBuilder, Head
from ledger.core.logkeys import LogKey, signers_at
from ledger.core.merkle import read_root
from ledger.core.rules import Rules
from ledger.core.tiles import TileNodeReader
from ledger.core.types import LeafIndex, TreeSize, UnixMillis
from ledger.errors import (
    ConflictError,
    CorruptionError,
    InputError,
    LedgerError,
    LimitError,
    RejectedError,
    RollbackError,
    StoreFailedError,
    UnavailableError,
    VerificationError,
)
from ledger.signer import CheckpointSigner, RootAt
from ledger.storage.base import Store
from ledger.submission import Accepted as Accepted
from ledger.submission import Outcome as Outcome
from ledger.submission import Refused as Refused
from ledger.submission import Submission as Submission
from ledger.submission import check_submission, refuse_together

MAX_CLOCK_BEHIND_MS: Final = 10 * 60 * 1000
MAX_CLOCK_JUMP_MS: Final = 24 * 3600 * 1000
_VERIFY_CHUNK: Final = 64


_T = TypeVar("_T")


class _Job:
    """One submission on its way: open until it has an outcome or what it failed with."""

    __slots__ = ("failure", "outcome", "submission")

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.outcome: Outcome | None = None
        self.failure: Exception | None = None

    @property
    def is_open(self) -> bool:
        return self.outcome is None and self.failure is None


class Sequencer:
    """Puts events in order, executes them and makes them durable.

    Args:
        store: Opened by the caller, who also holds the lock on the home folder.
        rules: A rule set of this program; its successor takes over where the ledger says so.
        clock: Read once for each block.
        signer: Signs after each commit.

    Raises:
        RollbackError: The store does not contain what was signed last.
        CorruptionError: The signer file is damaged.
        StoreFailedError: The store or the signer file cannot be read or written.
        NotFoundError: A key that the log changed to, or from, is not here and has to sign.
    """

    def __init__(self, store: Store, rules: Rules, clock: Clock, signer: CheckpointSigner) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._signer = signer
        self._queue: deque[_Job] = deque()
        self._writer = threading.Lock()
        self._failed: LedgerError | None = None
        self._clock_offset = clock.now() - clock.monotonic()
        self._is_stale = True
        self._head = EMPTY_HEAD
        self._log_keys: Sequence[LogKey] | None = None
        self._follow()

    @property
    def head(self) -> Head:
        """Where the log ends, as of the last block."""
        return self._head

    def submit(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Write events in the given order; each is accepted or refused on its own.

        Returns:
            One outcome for each; the accepted ones are durable.

        Raises:
            StoreFailedError: A write failed; this process has to exit. What was being written is
                there or not, and submitting again is safe.
            UnavailableError: The clock is not to be trusted, or another process is writing;
                nothing more was written.
            ConflictError: Another process appended meanwhile; nothing more was written.
            RollbackError: The store no longer contains what was signed.
            CorruptionError: The store contradicts itself; this process has to exit.
        """
        jobs = [_Job(submission) for submission in submissions]
        _check_jobs(jobs)
        self._queue.extend(job for job in jobs if job.is_open)
        while any(job.is_open for job in jobs):
            with self._writer:
                if any(job.is_open for job in jobs):
                    self._write_one_block(self._queue)
        return _collect_outcomes(jobs)

    def submit_together(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Write events in the given order into one block of their own, all or none.

        What is decided of them and what is written rest on one reading of the clock.

        Returns:
            One outcome for each; either none or all are refusals.

        Raises:
            LedgerError: As `submit` raises.
        """
        jobs = [_Job(submission) for submission in submissions]
        _check_jobs(jobs)
        for job in jobs:
            if len(jobs) > 1 and self._rules.named_log_key(job.submission.signed) is not None:
                error = "the log's key is changed by an event of its own: send it alone"
                job.outcome = Refused(LimitError(error))
        if jobs:
            with self._writer:
                self._write_one_block(deque(jobs), is_whole=True)
        return _collect_outcomes(jobs)

    def sign_checkpoint(self) -> bytes:
        """Sign the log as it is now, after checking what was signed before.

        Raises:
            RollbackError: The store does not contain what was signed last.
            StoreFailedError: The signer file or the checkpoint could not be written; this process
                has to exit.
            CorruptionError: The signer file is damaged.
        """
        with self._writer:
            self._check_alive()
            try:
                self._follow()
                return self._retry(self._sign)
            except (StoreFailedError, CorruptionError) as exc:
                self._failed = exc
                raise

    def _write_one_block(self, queue: deque[_Job], *, is_whole: bool = False) -> None:
        """Write what is queued; with is_whole nothing, unless all of it is accepted."""
        taken: deque[_Job] = deque()
        try:
            self._check_alive()
            self._follow()
            time = self._read_clock()
            builder = self._begin_block()
            outcomes = self._fill(builder, queue, taken, time)
            refused = refuse_together(outcomes, len(taken) + len(queue)) if is_whole else None
            if refused is not None:
                taken, outcomes = deque([*taken, *queue]), refused
            elif builder.count:
                self._commit(builder.build(), _collect_documents(taken, outcomes))
            for job, outcome in zip(taken, outcomes, strict=True):
                job.outcome = self._settle(outcome)
        except Exception as exc:  # noqa: BLE001  # each waiting thread raises it again
            self._fail(taken or queue, exc)
        except BaseException:
            stopped = UnavailableError("writing was interrupted: submit the events again")
            self._fail(taken or queue, stopped)
            raise

    def _begin_block(self) -> BlockBuilder:
        builder = BlockBuilder(self._head, self._store, self._rules)
        successor = self._rules.successor(builder)
        if successor is self._rules:
            return builder
        self._rules = successor
        return BlockBuilder(self._head, self._store, successor)

    def _fill(
        self, builder: BlockBuilder, queue: deque[_Job], taken: deque[_Job], now: UnixMillis
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        seen: dict[str, LeafIndex] = {}
        while queue:
            signed, settled = queue[0].submission.signed, queue[0].outcome
            if settled is None and not builder.has_room(len(encode_signed_event(signed))):
                break
            taken.append(queue.popleft())
            if settled is not None:  # refused before anything was executed
                outcomes.append(settled)
                continue
            known = seen.get(signed.id, self._find(signed))
            if known is not None:
                outcomes.append(Accepted(known, TreeSize(0), is_duplicate=True))
                continue
            try:
                self._check_log_key(signed)
                seen[signed.id] = builder.add(signed, max(now, builder.earliest_time))
            except InputError as exc:
                outcomes.append(Refused(exc))
            else:
                outcomes.append(Accepted(seen[signed.id], TreeSize(0), is_duplicate=False))
        return outcomes

    def _check_log_key(self, signed: SignedEvent) -> None:
        """Let no key be named that cannot sign here: nothing could be signed ever after.

        Raises:
            RejectedError: The private key is not here.
        """
        named = self._rules.named_log_key(signed)
        if named is None:
            return
        self._log_keys = None
        if not self._signer.has_key(named):
            raise RejectedError(
                "log_key_missing",
                "the private key of the log's new key is not here, so nothing could be signed "
                "afterwards: submit this event where 'muniment log rotate' made the key",
                "此处没有日志新密钥的私钥，写入后将无法签署：请在运行 muniment log rotate "
                "生成该密钥之处提交",
                rule="formats 4",
            )

    def _find(self, signed: SignedEvent) -> LeafIndex | None:
        """Index of the event if it is in the log already.

        Raises:
            ConflictError: It is, but behind our head: another process has written it.
        """
        known = self._store.find_event(bytes.fromhex(signed.id))
        if known is not None and known >= self._head.size:
            raise ConflictError(self._store.read_head().size)
        return known

    def _commit(self, block: Block, documents: Mapping[str, bytes]) -> None:
        self._store.append(block, expected_size=self._head.size, documents=documents)
        self._head = block.head
        self._retry(self._sign)

    def _sign(self) -> bytes:
        head = self._head
        keys = signers_at(self._read_log_keys(), head.size)
        note = self._signer.sign(head.size, head.frontier.root(), self._roots(), keys)
        self._store.save_checkpoint(head.size, note)
        return note

    def _read_log_keys(self) -> Sequence[LogKey]:
        """The log's keys, read from the store when somebody may have named one."""
        if self._log_keys is None:
            states = BlockBuilder(self._head, self._store, self._rules)
            self._log_keys = self._rules.log_keys(states)
        return self._log_keys

    def _settle(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Refused):
            return outcome
        return replace(outcome, size=self._head.size)

    def _fail(self, jobs: deque[_Job], exc: Exception) -> None:
        if isinstance(exc, CorruptionError):
            exc = self._explain(exc)
        if isinstance(exc, StoreFailedError | CorruptionError):
            self._failed = exc
        self._is_stale = True
        for job in [jobs.popleft() for _ in range(len(jobs))]:  # others may queue up meanwhile
            job.failure = exc

    def _explain(self, exc: CorruptionError) -> LedgerError:
        """What our head and the store contradict each other by: another process may have written.

        A tile that grew under our hands is wider than our head makes it.
        """
        try:
            size = self._store.read_head().size
        except LedgerError as worse:
            return worse
        return exc if size == self._head.size else ConflictError(size)

    def _check_alive(self) -> None:
        if self._failed is not None:
            raise self._failed

    def _read_clock(self) -> UnixMillis:
        now = self._clock.now()
        jump = now - self._clock.monotonic() - self._clock_offset
        if abs(jump) > MAX_CLOCK_JUMP_MS:
            raise UnavailableError(
                f"the clock was moved by {jump / 3_600_000:.1f} hours while running: set it right "
                "and start again; nothing was written"
            )
        if now < self._head.time - MAX_CLOCK_BEHIND_MS:
            raise UnavailableError(
                f"the clock is {(self._head.time - now) / 60_000:.1f} minutes behind the last leaf "
                "of the log: set it right; nothing was written"
            )
        return max(now, self._head.time)

    def _follow(self) -> None:
        """Make sure that our head is the store's, and that the store holds what was signed."""
        if self._is_stale:
            self._head = self._store.read_head()
            self._log_keys = None
        self._retry(self._confirm)
        self._is_stale = False

    def _confirm(self) -> None:
        """Check what was signed, and sign our head if whoever wrote it did not live to do so."""
        self._signer.check(self._head.size, self._roots())
        if self._head.size and self._store.read_checkpoint(self._head.size) is None:
            self._sign()

    def _retry(self, action: Callable[[], _T]) -> _T:
        """Do it at the store's head: another process may have appended to ours and signed that.

        Raises:
            RollbackError: The store has not grown, and does not hold what was signed.
        """
        while True:
            try:
                return action()
            except RollbackError:
                head = self._store.read_head()
                if head.size == self._head.size:
                    raise
                self._head = head
                self._log_keys = None

    def _roots(self) -> RootAt:
        """Recomputes roots from what the store holds now; reads each tile once."""
        nodes = TileNodeReader(self._store)
        return lambda size: read_root(nodes, size)


def _collect_outcomes(jobs: Sequence[_Job]) -> list[Outcome]:
    for job in jobs:
        if job.failure is not None:
            raise job.failure
    return [job.outcome for job in jobs if job.outcome is not None]


def _collect_documents(jobs: Sequence[_Job], outcomes: Sequence[Outcome]) -> dict[str, bytes]:
    """Documents of what is written; nothing of a refused event or a doubled one is kept."""
    return {
        digest: data
        for job, outcome in zip(jobs, outcomes, strict=True)
        if isinstance(outcome, Accepted) and not outcome.is_duplicate
        for digest, data in job.submission.documents.items()
    }


def _check_jobs(jobs: Sequence[_Job]) -> None:
    if len(jobs) <= _VERIFY_CHUNK:
        _check_chunk(jobs)
        return
    chunks = [jobs[i : i + _VERIFY_CHUNK] for i in range(0, len(jobs), _VERIFY_CHUNK)]
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(_check_chunk, chunks):
            pass


def _check_chunk(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        try:
            check_submission(job.submission)
        except (InputError, VerificationError) as exc:
            job.outcome = Refused(exc)

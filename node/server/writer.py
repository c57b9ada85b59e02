"""The bridge from many clients to the one writer.

One thread takes what is queued as soon as it is free, at most one block of events, and never waits
for company. What it was given in one call goes through the sequencer in one call; a submission
whose events belong together goes alone, into a block of its own.

A failed write or a store that contradicts itself ends it: every client that waits is told to try
again, nothing more is taken, and the process has to exit (architecture, step 4).

Spec: architecture, "The way of an event", steps 1, 2 and 6.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ledger.clock import Clock
from ledger.core.limits import MAX_BLOCK_EVENTS
from ledger.errors import (
    CorruptionError,
    LedgerError,
    LimitError,
    RollbackError,
    StoreFailedError,
    UnavailableError,
)
from ledger.sequencer import Outcome, Submission
from node.problems import BusyError, ServerError

_RETRY_AFTER_S: Final = 1
_FATAL: Final = (StoreFailedError, CorruptionError, RollbackError)


class Target(Protocol):
    """What the writer writes to: a registry that was opened for writing."""

    @property
    def clock(self) -> Clock:
        """Tells how long a write took."""
        ...

    def submit_each(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        """Write events in order, each on its own."""
        ...

    def submit_together(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        """Write events in order into one block, all or none."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """What one call of the sequencer did.

    Args:
        outcomes: Of all its submissions; empty if it failed.
        seconds: That it took, signatures and commit included.
    """

    outcomes: Sequence[Outcome]
    seconds: float


class _Job:
    """What one client waits for."""

    __slots__ = ("future", "is_atomic", "size", "submissions")

    def __init__(
        self,
        submissions: Sequence[Submission],
        future: "asyncio.Future[list[Outcome]]",
        *,
        is_atomic: bool,
    ) -> None:
        self.submissions = submissions
        self.future = future
        self.is_atomic = is_atomic
        self.size = sum(map(_weigh, submissions))


class Writer:
    """Takes submissions in the event loop and writes them in one thread.

    Args:
        target: Opened for writing; nobody else writes to it.
        max_events: That may wait.
        max_bytes: The same in bytes.
    """

    def __init__(self, target: Target, *, max_events: int, max_bytes: int) -> None:
        self._target = target
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._jobs: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._events = 0
        self._bytes = 0
        self._is_stopping = False
        self._failure: LedgerError | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: list[Callable[[Written], None]] = []

    @property
    def queued(self) -> int:
        """Events that wait or are being written."""
        return self._events

    @property
    def failure(self) -> LedgerError | None:
        """What ended it; None while it works."""
        return self._failure

    @property
    def is_ready(self) -> bool:
        """Whether it takes submissions."""
        return self._thread.is_alive() and not self._is_stopping and self._failure is None

    def on_written(self, listener: Callable[[Written], None]) -> None:
        """Call this in the event loop after each call of the sequencer, before clients know."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to write; in the event loop, once."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Take nothing more, write what is queued, and end."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    async def submit(
        self, submissions: Sequence[Submission], *, is_atomic: bool = False
    ) -> list[Outcome]:
        """Write events in the given order; the accepted ones are durable.

        Who stops waiting does not undo what is written.

        Args:
            submissions: At most 1,000.
            is_atomic: All or none: if one is refused, all are.

        Raises:
            BusyError: Too much is waiting; nothing of this was done.
            LimitError: More than a block holds.
            UnavailableError: The node stops, or could not write: submitting again is safe.
            ServerError: Executing it failed in a way that is our bug; nothing of it was written.
        """
        if len(submissions) > MAX_BLOCK_EVENTS:
            raise LimitError(f"at most {MAX_BLOCK_EVENTS} events at once")
        if not submissions:
            return []
        future: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._put(_Job(submissions, future, is_atomic=is_atomic))
        return await future

    def _put(self, job: _Job) -> None:
        with self._wake:
            self._check_open()
            events, size = self._events + len(job.submissions), self._bytes + job.size
            if self._events and (events > self._max_events or size > self._max_bytes):
                raise BusyError(f"{self._events} events are waiting already", _RETRY_AFTER_S)
            self._events, self._bytes = events, size
            self._jobs.append(job)
            self._wake.notify()

    def _check_open(self) -> None:
        if self._failure is not None:
            raise UnavailableError("the node could not write and restarts: send the events again")
        if self._is_stopping or not self._thread.is_alive():
            raise UnavailableError("the node is stopping: send the events again in a moment")

    def _run(self) -> None:
        jobs: list[_Job] = []
        try:
            while jobs := self._take():
                began = self._target.clock.monotonic()
                results = self._write(jobs)
                self._finish(jobs, results, (self._target.clock.monotonic() - began) / 1000)
        except BaseException as exc:
            self._failure = ServerError(f"the writer ended: {type(exc).__name__}")
            self._finish(jobs, [self._failure] * len(jobs), 0.0)
            raise

    def _take(self) -> list[_Job]:
        """What is queued, at most a block, as soon as there is anything; nothing: it is over."""
        with self._wake:
            self._wake.wait_for(lambda: self._jobs or self._is_stopping)
            taken: list[_Job] = []
            events = 0
            while self._jobs and self._failure is None:
                job = self._jobs[0]
                events += len(job.submissions)
                if taken and (job.is_atomic or events > MAX_BLOCK_EVENTS):
                    break
                taken.append(self._jobs.popleft())
                if job.is_atomic:
                    break
            return taken

    def _write(self, jobs: Sequence[_Job]) -> "list[list[Outcome] | Exception]":
        submissions = [one for job in jobs for one in job.submissions]
        try:
            submit = self._target.submit_each
            if jobs[0].is_atomic:
                submit = self._target.submit_together
            outcomes = list(submit(submissions))
        except LedgerError as exc:
            return [self._fail(exc)] * len(jobs)
        except Exception as exc:  # noqa: BLE001  # one event that breaks a rule's code: find which
            if len(jobs) > 1:
                return [result for job in jobs for result in self._write([job])]
            error = ServerError(f"executing events failed: {type(exc).__name__}")
            error.__cause__ = exc
            return [error]
        results: list[list[Outcome] | Exception] = []
        for job in jobs:
            results.append(outcomes[: len(job.submissions)])
            del outcomes[: len(job.submissions)]
        return results

    def _fail(self, exc: LedgerError) -> LedgerError:
        """Note what ends the writer, and give what its clients are told."""
        if isinstance(exc, _FATAL):
            self._failure = exc
        return exc

    def _finish(
        self,
        jobs: Sequence[_Job],
        results: "Sequence[list[Outcome] | Exception]",
        seconds: float,
    ) -> None:
        done = list(zip(jobs, results, strict=True))
        with self._wake:
            if self._failure is not None:  # nobody will write what is still queued
                done += [(job, self._failure) for job in self._jobs]
                self._jobs.clear()
            self._events -= sum(len(job.submissions) for job, _ in done)
            self._bytes -= sum(job.size for job, _ in done)
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._deliver, done, seconds)

    def _deliver(
        self, done: "Sequence[tuple[_Job, list[Outcome] | Exception]]", seconds: float
    ) -> None:
        outcomes = [one for _, result in done if isinstance(result, list) for one in result]
        for listener in self._listeners:
            listener(Written(outcomes, seconds))
        for job, result in done:
            if job.future.done():  # the client left
                continue
            if isinstance(result, Exception):
                job.future.set_exception(result)
            else:
                job.future.set_result(result)


def _weigh(submission: Submission) -> int:
    """Bytes that a submission takes in the queue, roughly."""
    return len(submission.signed.event_bytes) + sum(map(len, submission.documents.values()))

"""Gets the log's checkpoints cosigned, and knows the newest that meets the node's own policy.

All witnesses of the policy that have a URL are asked at the same time for the same checkpoint, each
by a task of its own: who sleeps or lies holds up nobody else. The checkpoint asked for stays the
same until it meets the policy or the round has lasted too long; only so can slow witnesses, and
auditors that have yet to execute, come together on one.

A cosignature counts once it verifies; the cosigned note takes the place of the log's own in the
store.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from ledger.clock import Clock, SystemClock
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.merkle import prove_consistency
from ledger.core.policy import Policy
from ledger.core.tiles import TileNodeReader
from ledger.core.types import Digest, TreeSize, UnixMillis
from ledger.errors import InputError, LedgerError, StoreFailedError, UnavailableError
from ledger.storage.base import Store
from node.server.asking import Target
from node.server.checkpoints import NOTHING, Checkpoints, PolicyOf
from node.server.peers import Connect, Peer, PublishingSettings, WitnessState, create_peers
from node.server.policyfile import PolicyFile

_LOGGER: Final = logging.getLogger("muniment.publishing")
_LOOK_AGAIN_S: Final = 5.0
"""For another policy, while the log does not grow."""
_T = TypeVar("_T")


class Publisher:
    """The newest checkpoint and the newest published one; its properties may be read anywhere.

    Args:
        store: The writer's own: cosigned notes are saved through it.
        policy: Gives the node's own, with the log's key, as it is now.
        reader: Another handle on the same ledger, which never waits for a commit; the store itself
            unless told.
        clock: To judge the times of cosignatures.
        settings: How witnesses are asked.
        connect: Makes the HTTP client for a witness.

    Raises:
        MalformedError: A witness of the policy has a URL that is none.
        StoreFailedError: The store cannot be read or written.
    """

    def __init__(
        self,
        store: Store,
        policy: PolicyOf,
        reader: Store | None = None,
        *,
        clock: Clock | None = None,
        settings: PublishingSettings | None = None,
        connect: Connect | None = None,
    ) -> None:
        self._settings = settings or PublishingSettings()
        self._checkpoints = Checkpoints(store, policy, reader)
        self._nodes = TileNodeReader(self._checkpoints.reader)
        self._policy = policy
        self._create = partial(
            create_peers, clock=clock or SystemClock(), settings=self._settings, connect=connect
        )
        self._asked = policy().witnesses
        self._peers = self._create(self._asked)
        self._target: Target | None = None
        self._failure: LedgerError | None = None
        self._executor = ThreadPoolExecutor(1, "publishing")
        self._conductor: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._waiters: dict[asyncio.Future[bool], int] = {}
        self._moved = asyncio.Event()
        self._answered = asyncio.Event()

    @property
    def latest(self) -> bytes | None:
        """The newest note of the log."""
        return self._checkpoints.latest

    @property
    def policy(self) -> Policy:
        """The node's own, as it is now."""
        return self._policy()

    @property
    def published(self) -> bytes | None:
        """The newest note that meets the node's policy; what is served as the checkpoint."""
        found = self._checkpoints.published
        return found.note if found else None

    @property
    def published_size(self) -> TreeSize:
        """Leaves that it covers; 0 without one."""
        found = self._checkpoints.published
        return found.size if found else NOTHING

    @property
    def published_time(self) -> UnixMillis | None:
        """Time up to which it is known to have been the newest."""
        found = self._checkpoints.published
        return found.time if found else None

    @property
    def witnesses(self) -> Sequence[WitnessState]:
        """How it stands with each witness that is asked."""
        return [peer.state for peer in self._peers]

    @property
    def failure(self) -> LedgerError | None:
        """Why nothing more is published and this process has to exit; None while it works."""
        return self._failure

    def start(self) -> None:
        """Begin to publish; in the event loop."""
        self._follow_all()
        self._conductor = self._start(self._conduct())

    async def stop(self) -> None:
        """Ask no more; a note that is being saved is saved."""
        if self._conductor is not None:
            await _end([self._conductor])
        await self._leave_all()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(False)
        await asyncio.to_thread(self._executor.shutdown)

    def note_block(self, size: int) -> None:
        """The log has grown to this size and is signed; in the event loop."""
        self._checkpoints.note_block(size)
        self._moved.set()

    async def wait_published(self, size: int, seconds: float) -> bool:
        """Whether a checkpoint of at least this size is published within so many seconds."""
        if self.published_size >= size:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = size
        self._moved.set()
        try:
            async with asyncio.timeout(seconds):
                return bool(await waiter)
        except TimeoutError:
            return self.published_size >= size
        finally:
            del self._waiters[waiter]

    async def _conduct(self) -> None:
        """Choose what to ask for, one checkpoint after the other."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wait_news()
            began = loop.time()
            self._target = await self._there(self._prepare) or self._target
            if self._target is not None:
                self._wake_all()
                await self._wait_round(self._target, began + self._settings.longest_round)
            await self._pace(began)

    async def _wait_news(self) -> None:
        """Wait until there is something to ask: the log has grown, or other witnesses are named."""
        while True:
            if self._policy().witnesses != self._asked:
                await self._renew_peers()
                return
            asked = NOTHING if self._target is None else self._target.size
            if self._checkpoints.newest > asked:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN_S):
                    await self._moved.wait()
            self._moved.clear()

    async def _renew_peers(self) -> None:
        """Ask the witnesses that the policy names now; if it names what is none, those before."""
        self._asked = self._policy().witnesses
        try:
            peers = self._create(self._asked)
        except InputError as exc:
            _LOGGER.warning("the witnesses of the policy stay as they were: %s", exc)
            return
        await self._leave_all()
        self._peers = peers
        self._follow_all()

    def _follow_all(self) -> None:
        for peer in self._peers:
            peer.recall(note for note in (self.published, self.latest) if note is not None)
            self._tasks.append(self._start(self._follow(peer)))

    async def _leave_all(self) -> None:
        await _end(self._tasks)
        self._tasks.clear()
        for peer in self._peers:
            await peer.http.aclose()

    async def _wait_round(self, target: Target, deadline: float) -> None:
        while self.published_size < target.size:
            try:
                async with asyncio.timeout_at(deadline):
                    await self._answered.wait()
            except TimeoutError:
                return
            self._answered.clear()

    async def _pace(self, began: float) -> None:
        """Leave time between rounds, less if somebody waits for the next."""
        loop = asyncio.get_running_loop()
        while True:
            size = self.published_size
            is_hurried = any(wanted > size for wanted in self._waiters.values())
            pause = self._settings.hurry if is_hurried else self._settings.interval
            try:
                async with asyncio.timeout_at(began + pause):
                    await self._moved.wait()
            except TimeoutError:
                return
            self._moved.clear()
            if loop.time() >= began + pause:
                return

    async def _follow(self, peer: Peer) -> None:
        """Ask one witness for each target, as soon as it is free.

        Raises:
            StoreFailedError: A cosignature could not be saved.
        """
        while True:
            target = await self._next_target(peer)
            try:
                line = await peer.client.ask(target, peer.state.size, self._prove)
                add = partial(self._checkpoints.add_line, target.size, target.note, line)
                await self._there(add)
            except StoreFailedError:
                raise
            except LedgerError as exc:
                peer.note_failure(exc, self._settings)
            else:
                peer.note_success(target.size)
            self._answered.set()
            self._settle_waiters()

    async def _next_target(self, peer: Peer) -> Target:
        loop = asyncio.get_running_loop()
        while True:
            target = self._target
            is_due = target is not None and peer.state.size < target.size
            if target is not None and is_due and peer.retry_at <= loop.time():
                return target
            try:
                async with asyncio.timeout_at(peer.retry_at if is_due else None):
                    await peer.wake.wait()
            except TimeoutError:
                continue
            peer.wake.clear()

    def _prepare(self) -> Target | None:
        """The newest checkpoint, to be cosigned.

        Raises:
            StoreFailedError: The store cannot be read or written.
        """
        self._checkpoints.settle_hold()
        note = self.latest
        if note is None:
            return None
        signed = parse_signed_checkpoint(note)
        size = signed.body.size
        return Target(size, note, signed.note.text, self._checkpoints.reader.read_block(size).time)

    async def _prove(self, old: TreeSize, new: TreeSize) -> Sequence[Digest]:
        return await self._there(partial(prove_consistency, self._nodes, old, new))

    async def _there(self, work: Callable[[], _T]) -> _T:
        """Do it in the publisher's own thread: the store may be slow, and others have theirs."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _wake_all(self) -> None:
        for peer in self._peers:
            peer.wake.set()

    def _settle_waiters(self) -> None:
        size = self.published_size
        for waiter, wanted in self._waiters.items():
            if wanted <= size and not waiter.done():
                waiter.set_result(True)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._note_end)
        return task

    def _note_end(self, task: asyncio.Task[None]) -> None:
        """A task ends only when it is stopped, or fails."""
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, LedgerError):
            self._failure = error
        else:
            self._failure = UnavailableError(f"publishing failed: {error!r:.200}")
        _LOGGER.critical("publishing failed: %s", error, exc_info=error)


def open_publisher(
    store: Store,
    policy: Path,
    reader: Store | None = None,
    *,
    clock: Clock | None = None,
    settings: PublishingSettings | None = None,
) -> Publisher:
    """The publisher of a home.

    Args:
        store: The writer's.
        policy: The home's policy file.
        reader: Another handle on the same ledger.
        clock: To judge the times of cosignatures.
        settings: How witnesses are asked.

    Raises:
        NotFoundError: There is no policy.
        MalformedError: It is none, or a URL in it is none.
        LimitError: It is too large.
        StoreFailedError: It cannot be read.
    """
    return Publisher(store, PolicyFile(policy), reader, clock=clock, settings=settings)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

"""Where reads are worked out: quick ones in the event loop, long ones in a few threads.

Long work has a connection of its own, so that no quick read waits behind it, and a time limit that
is kept: its thread is stopped at its next read of the ledger, and whoever asked was told already.
Nothing here uses the writer's connection.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Protocol, TypeVar

from fastapi import Request, Response
from typing_extensions import override

from ledger.clock import Clock, SystemClock
from ledger.core.execution import StoredState
from ledger.core.statemap import MapRoot
from ledger.core.types import SubjectKey
from ledger.errors import UnavailableError
from ledger.storage.base import Row, Table
from ledger.storage.cache import READER_PAGES
from ledger.storage.sqlite import SqliteStore
from node.problems import BusyError
from node.registry import Registry
from node.server.library import Library, Published
from node.server.replies import Page, Reply, Wish, pack_page, read_wish
from node.server.settings import NodeSettings

_WAITING_PER_THREAD: Final = 16
_RETRY_AFTER_S: Final = 2
_T = TypeVar("_T")


class Readable(Protocol):
    """What reads need of a node."""

    @property
    def settings(self) -> NodeSettings:
        """Its bounds."""
        ...

    @property
    def registry(self) -> Registry:
        """Whose home, ring and clock are used."""
        ...

    @property
    def reader(self) -> SqliteStore:
        """A connection for quick reads."""
        ...

    @property
    def publisher(self) -> Published:
        """Says which checkpoint is the published one."""
        ...


class TimedStore(SqliteStore):
    """A connection for reading whose users are stopped when their time is over.

    Args:
        path: Of the ledger's file.
        clock: Its counter is read.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__(path, pages=READER_PAGES)
        self._path = path
        self._clock = clock
        self._own = threading.local()

    @contextmanager
    def until(self, end: int) -> Iterator[None]:
        """Within it, this thread reads no more after a moment.

        Args:
            end: Of the clock's counter, in milliseconds.
        """
        self._own.end = end
        try:
            yield
        finally:
            del self._own.end

    @override
    def read_leaves(self, start: int, stop: int) -> Sequence[bytes]:
        self._check_time()
        return super().read_leaves(start, stop)

    @override
    def read_stored_state(self, root: MapRoot, key: SubjectKey) -> StoredState | None:
        self._check_time()
        return super().read_stored_state(root, key)

    @override
    def iterate_rows(self, table: Table, start: int = 0) -> Iterator[Row]:
        # An unfinished query holds every other read of its connection to its own moment.
        with closing(SqliteStore(self._path)) as own:
            for row in own.iterate_rows(table, start):
                self._check_time()
                yield row

    def _check_time(self) -> None:
        """Stop whoever has run out of time.

        Raises:
            UnavailableError: His time is over.
        """
        end = getattr(self._own, "end", None)
        if end is not None and self._clock.monotonic() >= end:
            raise UnavailableError(_TOO_LONG)


class Room:
    """Works out reads; make it in the event loop's thread, and close it at the end.

    Args:
        node: Whose ledger is read.
        timer: Its counter bounds long work.
    """

    def __init__(self, node: Readable, timer: Clock | None = None) -> None:
        self.settings = node.settings
        self.clock = node.registry.clock
        self.quick = Library(node.registry, node.reader, node.publisher)
        self._timer = timer or SystemClock()
        self._store = TimedStore(node.registry.home.ledger, self._timer)
        self._slow = Library(node.registry, self._store, node.publisher)
        self._pool = ThreadPoolExecutor(self.settings.reader_threads, "reader")
        self._places = self.settings.reader_threads * _WAITING_PER_THREAD
        self._is_closed = False

    def close(self) -> None:
        """Take no more long work, wait for what is under way, and release the connection."""
        self._is_closed = True
        self._pool.shutdown(cancel_futures=True)
        self._store.close()

    def answer(self, request: Request, work: Callable[[Library], Page]) -> Response:
        """Answer with what takes a moment.

        Raises:
            LedgerError: As the work says.
        """
        return pack_page(work(self.quick), read_wish(request)).to_response()

    async def work_out(self, request: Request, work: Callable[[Library], Page]) -> Response:
        """Answer with what takes longer.

        Raises:
            BusyError: Too many wait already, or it took too long.
            LedgerError: As the work says.
        """
        reply = await self.run(lambda: self._make(work, read_wish(request)))
        return reply.to_response()

    async def read(self, work: Callable[[Library], list[bytes]]) -> list[bytes]:
        """What long work reads, for whoever sends it by himself.

        Raises:
            BusyError: As work_out.
        """
        return await self.run(lambda: work(self._slow))

    async def run(self, work: Callable[[], _T]) -> _T:
        """Have a thread do something, within the time that a read has.

        Raises:
            BusyError: As work_out.
            UnavailableError: The node is stopping.
        """
        if self._is_closed:
            raise UnavailableError("the node is stopping: ask again in a moment")
        if self._places <= 0:
            raise BusyError("too many long reads are waiting here already", _RETRY_AFTER_S)
        seconds = self.settings.read_seconds
        end = self._timer.monotonic() + int(seconds * 1000)
        future = asyncio.get_running_loop().run_in_executor(self._pool, self._guard, work, end)
        self._places -= 1
        future.add_done_callback(self._free_place)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(future)
        except TimeoutError:
            raise BusyError(_TOO_LONG, _RETRY_AFTER_S) from None

    def _guard(self, work: Callable[[], _T], end: int) -> _T:
        with self._store.until(end):
            return work()

    def _make(self, work: Callable[[Library], Page], wish: Wish) -> Reply:
        return pack_page(work(self._slow), wish)

    def _free_place(self, future: "asyncio.Future[_T]") -> None:
        self._places += 1
        if not future.cancelled():
            future.exception()  # it was told already that this took too long


_TOO_LONG: Final = (
    "this read takes longer than this node allows: ask for less, ask again in a quieter hour, or "
    "read the log itself, whose tiles are served without limit"
)

"""Server-sent events: one for each block, resumable, read from the ledger once for all streams.

```text
id: <size of the log after the block>
event: block
data: {"size":n,"seal":{...}}
```

A stream begins after the block that `Last-Event-ID` (or `after`) names, else with the newest block.
Blocks are told as they are written, before they are published; nothing here is proved, and whoever
wants to know fetches proofs. A comment keeps a silent stream open. Whoever does not read is cut off
and may come back with the last id that he got.

Spec: HTML Living Standard, section 9.2, "Server-sent events".
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import msgspec
from fastapi import APIRouter, Response
from typing_extensions import override

from ledger.errors import LedgerError
from ledger.storage.base import Table
from node.asgi import Message, Receive, Scope, Send
from node.problems import BusyError
from node.server import pages
from node.server.library import Library
from node.server.parameters import LastId, LastSize
from node.server.proofs import describe_block
from node.server.room import Room

HEARTBEAT_S: Final = 15.0
_TICK_S: Final = 1.0
"""How often a silent stream looks whether the node is stopping."""
_KEPT: Final = 1024
"""Newest blocks that are kept as they are sent."""
_AT_ONCE: Final = 256
_RETRY_AFTER_S: Final = 10
_FIRST: Final = asyncio.FIRST_COMPLETED
_STILL_HERE: Final = b": still here\n\n"
_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would collect what has to go out at once
    (b"x-content-type-options", b"nosniff"),
]


class Feed:
    """The newest blocks as they are sent, read once for all streams; used in the event loop.

    Args:
        room: Reads older blocks, and says how many streams there may be and how long they may wait
            for their readers.
        is_stopping: Whether the node is about to end.
    """

    def __init__(self, room: Room, is_stopping: Callable[[], bool]) -> None:
        self.is_stopping = is_stopping
        self.patience = room.settings.write_seconds
        self._room = room
        self._store = room.quick.store
        self._frames: deque[bytes] = deque(maxlen=_KEPT)
        head = self._store.read_head()
        self._next = head.height
        """Height of the block that is read next: one above that of the last frame."""
        if head.height:
            self._read_new(head.height - 1)
        self._grown = asyncio.Event()
        self._free = room.settings.streams

    @property
    def height(self) -> int:
        """Number of blocks that are told of."""
        return self._next

    def note_growth(self) -> None:
        """The log has grown: read what is new, once for all streams."""
        try:
            self._read_new(self._next)
        except LedgerError:  # whoever reads the store next is told; the next block tries again
            return
        self._grown.set()
        self._grown = asyncio.Event()

    def enter(self) -> None:
        """Take one of the places.

        Raises:
            BusyError: There is none.
        """
        if self._free <= 0:
            raise BusyError("as many streams are open as this node allows", _RETRY_AFTER_S)
        self._free -= 1

    def leave(self) -> None:
        """Give the place back."""
        self._free += 1

    def find_height(self, size: int | None) -> int:
        """Height of the first block that a stream tells of.

        Args:
            size: Of the log after the last block that it was told of; None: the newest block is
                the first.

        Raises:
            NotFoundError: No block ends there.
        """
        if size is None:
            return max(self._next - 1, 0)
        return 0 if size == 0 else self._store.read_block(size).height + 1

    def is_kept(self, height: int) -> bool:
        """Whether the block of this height, or the next one to come, needs no reading."""
        return self._next - len(self._frames) <= height

    async def read(self, height: int) -> Sequence[bytes]:
        """What to send from a height on; at most so much at once, nothing if it is still to come.

        Raises:
            BusyError: Too many are reading old blocks.
        """
        if self.is_kept(height):
            start = height - (self._next - len(self._frames))
            return [self._frames[i] for i in range(start, min(len(self._frames), start + _AT_ONCE))]
        return await self._room.read(lambda library: read_frames(library, height))

    async def wait(self, height: int, left: "asyncio.Future[bool]", seconds: float) -> None:
        """Until there is a block of this height, the client has left, or the time is over."""
        if height >= self._next and not self.is_stopping():
            grown: asyncio.Future[bool] = asyncio.ensure_future(_wait_for(self._grown))
            await asyncio.wait({grown, left}, timeout=seconds, return_when=_FIRST)
            grown.cancel()

    def _read_new(self, height: int) -> None:
        for frame in read_frames(self._room.quick, height, most=None):
            self._frames.append(frame)
            height += 1
        self._next = height


def read_frames(library: Library, height: int, *, most: int | None = _AT_ONCE) -> list[bytes]:
    """Blocks from a height on, as they are sent.

    Args:
        library: Has them.
        height: Of the first one.
        most: So many at most; None: all.
    """
    frames: list[bytes] = []
    for _, size, *_ in library.store.iterate_rows(Table.BLOCK, height):
        if most is not None and len(frames) >= most:
            break
        frames.append(_encode(library, int(size)))
    return frames


class BlockStream(Response):
    """A stream of blocks; it ends when the client leaves or does not read, or the node stops.

    Args:
        feed: A place in it was taken; it is given back at the end.
        height: Of the first block to send.
        heartbeat: Seconds of silence at most.
    """

    def __init__(self, feed: Feed, height: int, heartbeat: float = HEARTBEAT_S) -> None:
        super().__init__()
        self._feed = feed
        self._height = height
        self._heartbeat = heartbeat
        self._is_live = False

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = asyncio.ensure_future(_wait_left(receive))
        try:
            await self._send(
                send, {"type": "http.response.start", "status": 200, "headers": _HEADERS}
            )
            with suppress(BusyError):  # the client comes back when others have read old blocks
                while not left.done() and not self._feed.is_stopping():
                    await self._go_on(send, left)
            if not left.done():
                await self._send_body(send, b"", more=False)
        except TimeoutError:
            return  # the server closes the connection
        finally:
            left.cancel()
            self._feed.leave()

    async def _go_on(self, send: Send, left: "asyncio.Future[bool]") -> None:
        """Send what there is, or a sign of life after a while.

        Raises:
            TimeoutError: The client does not read, or not fast enough.
            BusyError: Too many are reading old blocks.
        """
        if self._is_live and not self._feed.is_kept(self._height):
            raise TimeoutError
        frames = await self._feed.read(self._height)
        if frames:
            await self._send_body(send, b"".join(frames))
            self._height += len(frames)
            return
        self._is_live = True
        waited = 0.0
        while waited < self._heartbeat and not (left.done() or self._feed.is_stopping()):
            await self._feed.wait(self._height, left, min(_TICK_S, self._heartbeat))
            if self._feed.height > self._height:
                return
            waited += _TICK_S
        if not (left.done() or self._feed.is_stopping()):
            await self._send_body(send, _STILL_HERE)

    async def _send_body(self, send: Send, body: bytes, *, more: bool = True) -> None:
        await self._send(send, {"type": "http.response.body", "body": body, "more_body": more})

    async def _send(self, send: Send, message: Message) -> None:
        """Send a message.

        Raises:
            TimeoutError: The client does not read.
        """
        async with asyncio.timeout(self._feed.patience):
            await send(message)


def create_router(feed: Feed) -> APIRouter:
    """The route.

    Args:
        feed: Tells of blocks.
    """
    router = APIRouter(tags=["stream"])

    @router.get("/v1/stream", **pages.describe(
        "stream", "A server-sent event for each block",
        "It begins after the block that `Last-Event-ID` or `after` names, else with the newest; "
        "the id of an event is the size of the log after its block. A cut connection is resumed "
        "by asking again with the last id.",
        schema=pages.PLAIN, media_type=pages.EVENT_STREAM, problems=(404,)))  # fmt: skip
    async def stream(last_event_id: LastId = None, after: LastSize = None) -> Response:
        height = feed.find_height(after if last_event_id is None else last_event_id)
        feed.enter()
        return BlockStream(feed, height)

    return router


def _encode(library: Library, size: int) -> bytes:
    data = msgspec.json.encode(describe_block(library.store, size))
    return b"id: %d\nevent: block\ndata: %b\n\n" % (size, data)


async def _wait_for(event: asyncio.Event) -> bool:
    return await event.wait()


async def _wait_left(receive: Receive) -> bool:
    while (await receive())["type"] != "http.disconnect":
        pass
    return True

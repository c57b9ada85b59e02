"""A connection of the server: uvicorn's, with bounds on what a client may send and leave open.

- A head, sizes of chunks and trailers have a largest size, wherever in the connection they come.
- So many requests at most wait for the answer to an earlier one.
- Nothing after a request to change the protocol is taken for a request.
- Who keeps the server waiting, or does not read his answer, is cut off.

Spec: RFC 9112 sections 2.2, 7.1, 9.3.2 and 11.2; RFC 9110 section 7.8.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from ledger.errors import LedgerError, LimitError, MalformedError
from node.asgi import HungUpError
from node.problems import PROBLEM_TYPE, BusyError, encode_problem, problem_of

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

    from ledger.core.types import Json

_MAX_PIPELINED: Final = 100
"""Requests of one connection that wait for the answer to an earlier one."""
_FRAMING: Final = 8
"""Bytes of sizes and line breaks that a byte of a chunked body may cost."""


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Bounds of a server, whatever it serves.

    Args:
        connections: At once; fewer where the system allows fewer open files.
        head_seconds: From the first byte of a request, or from connecting, to the end of its head.
        head_bytes: Of request line and headers, roughly.
        idle_seconds: Between two requests of a connection.
        write_seconds: That a client may leave its answer unread.
        stop_seconds: For what is under way when the server is told to stop.
    """

    connections: int = 4096
    head_seconds: float = 10
    head_bytes: int = 32 * 1024
    idle_seconds: int = 60
    write_seconds: float = 30
    stop_seconds: int = 30


class Connection(HttpToolsProtocol):
    """A connection that knows since when it waits, and is cut off when that takes too long."""

    limits = ServerLimits()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._waits_since: float | None = self.loop.time()
        self.idle_since: float | None = self._waits_since
        self._stuck_since: float | None = None
        self._message_bytes = self._body_bytes = 0
        self._is_in_head = self._is_in_message = self._has_begun = False
        self._answered: RequestResponseCycle | None = None
        super().connection_made(cast("asyncio.Transport", transport))
        if len(self.connections) > self.limits.connections:
            self._make_room()

    @override
    def data_received(self, data: bytes) -> None:
        self._has_begun = False
        super().data_received(data)
        if self.transport.is_closing():
            return
        is_answering = self._is_answering()
        if self._is_in_message and not (self._has_begun and is_answering):
            self._message_bytes += len(data)
            self._check_framing()
        if self._waits_since is None and not is_answering:  # blanks between two requests
            self._waits_since = self.loop.time()

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = self._is_in_message = self._has_begun = True
        self._message_bytes = self._body_bytes = 0
        self.idle_since = None
        if self._waits_since is None:
            self._waits_since = self.loop.time()

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_in_head:  # trailers are read by nobody
            super().on_header(name, value)

    @override
    def on_headers_complete(self) -> None:
        """Start to answer, or have the request wait for its turn.

        Raises:
            LimitError: Too many wait.
        """
        self._is_in_head = False
        self._waits_since = None
        if len(self.pipeline) >= _MAX_PIPELINED:
            raise LimitError(f"at most {_MAX_PIPELINED} requests of a connection wait")
        super().on_headers_complete()
        if self.parser.should_upgrade():  # the parser gives no body: what follows is no request
            self.cycle.keep_alive = False

    @override
    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._is_in_message = False
        if not self._is_answering():
            self._waits_since, self.idle_since = None, self.loop.time()
        super().on_message_complete()

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_in_message:  # nobody reads the rest of the request: it has to end soon
            self._waits_since = self.loop.time()
        elif not self._is_answering():
            self.idle_since = self.loop.time()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.pipeline.clear()
        answered = self._answered  # of several requests, only the last one is told above
        if answered is not None and not answered.response_complete:
            answered.disconnected = True
            answered.message_event.set()

    @override
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    @override
    def send_400_response(self, msg: str) -> None:
        self._refuse(MalformedError("this is no HTTP/1.1 request"), 400)

    def sweep(self, now: float) -> None:
        """Cut the connection off if it keeps us waiting; once a second."""
        since = None if self._is_answering() else self._waits_since
        if since is not None and now - since > self.limits.head_seconds:
            if self._is_in_head:
                self._refuse(HungUpError("the head of the request did not come in time"), 408)
            else:
                self.transport.abort()
            self._waits_since = None
        if not (self.transport.is_closing() or self.flow.write_paused):
            self._stuck_since = None
        elif self._stuck_since is None:
            self._stuck_since = now
        elif now - self._stuck_since > self.limits.write_seconds:
            self.transport.abort()

    def _check_framing(self) -> None:
        """Bound what is no body: the head, sizes of chunks with their extensions, trailers."""
        if self._message_bytes - _FRAMING * self._body_bytes > self.limits.head_bytes:
            self._refuse(LimitError(f"a head has at most {self.limits.head_bytes} bytes"), 431)

    def _is_answering(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is not None and not cycle.response_complete

    def _make_room(self) -> None:
        """Close the connection that has idled longest, or else this one."""
        others = [each for each in self.connections if isinstance(each, Connection)]
        idle = [each for each in others if each is not self and each.idle_since is not None]
        if idle:
            min(idle, key=lambda each: each.idle_since or 0.0).transport.abort()
        else:
            self._refuse(BusyError("the node has all the connections that it can serve"), 503)

    def _refuse(self, error: LedgerError, status: int) -> None:
        """Answer with an error and close; what was received whole is answered so by nobody."""
        if self._is_answering() and (
            self.pipeline or self.cycle.response_started or not self.cycle.more_body
        ):
            self.transport.abort()
            return
        problem: dict[str, Json] = {**problem_of(error), "status": status}
        body = encode_problem(problem)
        head = (
            f"HTTP/1.1 {status} {problem['title']}\r\ncontent-type: {PROBLEM_TYPE}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()

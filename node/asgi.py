"""What plain ASGI applications of ours share: reading a body within bounds, answering.

Spec: ASGI 3.0, https://asgi.readthedocs.io/en/latest/specs/www.html.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final, TypeAlias

from ledger.errors import LimitError, UnavailableError

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

FREE_BODY_BYTES: Final = 64 * 1024
"""Of a body that are not counted against the room of all: a single event always gets through."""
NO_HEADERS: Final[Mapping[str, str]] = {}


class HungUpError(UnavailableError):
    """The client left, or was too slow, before its request was complete; nothing was done."""

    code = "hung_up"


class BodyRoom:
    """What bodies that are still coming may take in memory, all together.

    Args:
        max_bytes: Of all, beyond the first FREE_BODY_BYTES of each.
    """

    def __init__(self, max_bytes: int) -> None:
        self._left = max_bytes

    def take(self, count: int) -> bool:
        """Whether there was room for so many bytes more; then they are taken."""
        if count > self._left:
            return False
        self._left -= count
        return True

    def give_back(self, count: int) -> None:
        """So many bytes are no longer needed."""
        self._left += count


async def read_body(
    receive: Receive, max_bytes: int, seconds: float, room: BodyRoom | None = None
) -> bytes:
    """The whole body of a request.

    Args:
        receive: Of the application.
        max_bytes: More is refused as soon as it has come.
        seconds: All of it has to be here by then.
        room: Shared with others; None: no bound but max_bytes.

    Raises:
        LimitError: It is larger.
        HungUpError: It is not here in time, or the client left.
        UnavailableError: Others have taken all the room.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _collect(receive, max_bytes, room)
    except TimeoutError:
        raise HungUpError(
            f"the request was not complete after {seconds:g} seconds: send it again, faster"
        ) from None


async def respond(
    send: Send,
    status: int,
    body: bytes = b"",
    *,
    content_type: str = "text/plain; charset=utf-8",
    headers: Mapping[str, str] = NO_HEADERS,
    is_head: bool = False,
) -> None:
    """Answer a request.

    Args:
        send: Of the application.
        status: HTTP status.
        body: All of it.
        content_type: Of the body; left out where there is none.
        headers: More of them, names in any case.
        is_head: The method is HEAD: the length is told, the body is not sent.
    """
    fields = [(name.lower().encode("ascii"), headers[name].encode("latin-1")) for name in headers]
    if body:
        fields.append((b"content-type", content_type.encode("ascii")))
    if status >= 200 and status not in {204, 304}:
        fields.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": b"" if is_head else body})


def find_header(scope: Scope, name: bytes) -> bytes | None:
    """The value of a request header, or None; of several, the first.

    Args:
        scope: Of the request.
        name: In lower case.
    """
    return next((value for key, value in scope["headers"] if key == name), None)


async def _collect(receive: Receive, max_bytes: int, room: BodyRoom | None) -> bytes:
    """All parts of a body.

    Raises:
        LimitError: They are too many bytes.
        UnavailableError: There is no room for them.
    """
    parts: list[bytes] = []
    size = taken = 0
    try:
        while True:
            part, is_last = await _receive_part(receive)
            size += len(part)
            if size > max_bytes:
                raise LimitError(f"a request here has at most {max_bytes} bytes: send less at once")
            wanted = max(0, size - FREE_BODY_BYTES) - taken
            if room is not None and not room.take(wanted):
                raise UnavailableError("too many large requests are coming in: send it again later")
            taken += wanted
            parts.append(part)
            if is_last:
                return b"".join(parts)
    finally:
        if room is not None:
            room.give_back(taken)


async def _receive_part(receive: Receive) -> tuple[bytes, bool]:
    """The next part of a body, and whether it is the last.

    Raises:
        HungUpError: The client left.
    """
    message = await receive()
    if message["type"] != "http.request":
        raise HungUpError("the client left before its request was complete")
    return message.get("body", b""), not message.get("more_body", False)

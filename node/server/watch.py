"""What no request goes past: its id, its line in the log, its count, and the rates of its address.

It is also the border where an error that is our bug ends: the operator reads of it in the log, the
client gets a problem that says nothing of the inside.
"""

import asyncio
import re
import secrets
from typing import Final

from ledger.errors import LedgerError, StoreFailedError
from node.asgi import App, Message, Receive, Scope, Send, find_header
from node.problems import ServerError, respond_problem, status_of
from node.server.logs import log_failure, log_request
from node.server.node import Node

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_ID: Final = "muniment.request"
_METHODS: Final = {"GET", "HEAD", "POST", "OPTIONS"}
_FREE: Final = {"/checkpoint", "/healthz", "/readyz", "/metrics"}
"""With the tiles, paths whose requests are not counted against an address: answered from memory."""
_EXACT: Final = {"/checkpoint", "/add", "/v1/events"}
_TILES: Final = (("/tile/entries/", "/tile/entries/{N}"), ("/tile/", "/tile/{L}/{N}"))


class Watch:
    """What stands around every request.

    Args:
        app: What answers.
        node: Whose metrics and rates these are.
    """

    def __init__(self, app: App, node: Node) -> None:
        self._app = app
        self._node = node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI 3.0)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, receive, send)
        scope[_ID] = answer.id
        try:
            self._admit(scope)
            await self._app(scope, answer.receive, answer.send)
        except LedgerError as exc:
            tell_operator(scope, exc)
            await answer.refuse(exc)
        except Exception as exc:  # noqa: BLE001  # the border: our bug, told to the operator alone
            tell_operator(scope, exc)
            await answer.refuse(ServerError("a bug"))
        finally:
            self._note(scope, answer)

    def _admit(self, scope: Scope) -> None:
        path: str = scope["path"]
        if path not in _FREE and not path.startswith("/tile/"):
            self._node.rates.admit_request(self._node.rates.find_address(scope))

    def _note(self, scope: Scope, answer: "_Answer") -> None:
        seconds = asyncio.get_running_loop().time() - answer.began
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = route_of(scope)
        self._node.metrics.note_request(method, route, answer.status, seconds)
        log_request(
            {
                "request": answer.id,
                "method": method,
                "route": route,
                "status": answer.status,
                "ms": round(1000 * seconds, 1),
                "bytes_in": answer.bytes_in,
                "bytes_out": answer.bytes_out,
            }
        )


class _Answer:
    """Counts what goes in and out, and puts the request's id on the answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        offered = find_header(scope, b"x-request-id") or b""
        is_sane = _REQUEST_ID.fullmatch(offered) is not None
        self.id = offered.decode() if is_sane else secrets.token_hex(8)
        self.began = asyncio.get_running_loop().time()
        self.status = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        message = await self._receive()
        self.bytes_in += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (b"x-request-id", self.id.encode())]
        else:
            self.bytes_out += len(message.get("body", b""))
        await self._send(message)

    async def refuse(self, error: LedgerError) -> None:
        """Answer with an error, if nothing was answered yet."""
        if not self.status:
            await respond_problem(self.send, error)


def route_of(scope: Scope) -> str:
    """The template of a request's path, for logs and metrics; never the path itself."""
    path: str = scope["path"]
    if path in _EXACT:
        return path
    for prefix, template in _TILES:
        if path.startswith(prefix):
            return template
    found = getattr(scope.get("route"), "path", None)
    return found if isinstance(found, str) else "other"


def tell_operator(scope: Scope, exc: Exception) -> None:
    """Write what the client is not told to the log: our bugs, and a store that fails."""
    is_expected = isinstance(exc, LedgerError) and status_of(exc) != 500
    if not is_expected or isinstance(exc, StoreFailedError):
        fields = {"request": str(scope.get(_ID, "")), "route": route_of(scope)}
        if isinstance(exc, LedgerError):
            fields["code"] = exc.code
        log_failure("a request failed", fields, exc)

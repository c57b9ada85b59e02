"""Puts the routes that read into an application, with what all of them share.

GET is answered to anybody's scripts (CORS), HEAD is GET without the body, and a query may hold
only what its route knows.
"""

from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI

from node.asgi import App, Message, Receive, Scope, Send, find_header, respond
from node.server import bucket, checks, pages, proofs, searching, stream, subjects, titles, vouchers
from node.server.node import Node
from node.server.parameters import refuse_strangers
from node.server.room import Room

STREAM: Final = "/v1/stream"
_ANYBODY: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Retry-After, X-Request-Id"),
)
_PREFLIGHT: Final = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD",
    "access-control-allow-headers": "If-None-Match, Last-Event-ID",
    "access-control-max-age": "86400",
}


def include_reading(app: FastAPI, node: Node) -> None:
    """Add every route that reads.

    Args:
        app: Of the node.
        node: Opened; at its end, what reads is closed.
    """
    room = Room(node)
    node.at_end(room.close)
    feed = stream.Feed(room, lambda: node.is_stopping)
    node.writer.on_written(lambda _: feed.note_growth())
    router = APIRouter(dependencies=[Depends(refuse_strangers)])
    for module in (proofs, subjects, bucket, vouchers, searching, titles, checks):
        router.include_router(module.create_router(room))
    router.include_router(stream.create_router(feed))
    app.include_router(router)
    app.add_middleware(PublicMiddleware)
    describe = app.openapi

    def describe_with_examples() -> dict[str, Any]:
        document = describe()
        pages.show_examples(document)
        return document

    app.openapi = describe_with_examples  # type: ignore[method-assign]  # as the framework says


class PublicMiddleware:
    """Lets scripts of any origin read, and answers HEAD as GET without the body.

    A stream has no end and knows no HEAD.

    Args:
        app: What answers GET.

    Spec: the Fetch standard, section 3.3, "HTTP extensions" (CORS); RFC 9110 section 9.3.2.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        method = scope["method"] if scope["type"] == "http" else ""
        if method == "OPTIONS" and find_header(scope, b"access-control-request-method"):
            await respond(send, 204, headers=_PREFLIGHT)
        elif method in {"GET", "HEAD"}:
            await self._read(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_head = scope["method"] == "HEAD" and scope["path"] != STREAM

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_ANYBODY]}
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        asked = {**scope, "method": "GET"} if is_head else scope
        try:
            await self._app(asked, receive, send_on)
        finally:
            scope["route"] = asked.get("route")  # whoever counts requests goes by it

"""The node as an ASGI application: the log's tiles before everything else, then writes, then reads.

Around all of it stands the watch: request ids, the log, counts, rates, the last resort for bugs.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeAlias

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ledger.errors import InputError, LedgerError, MalformedError, NotFoundError, UnavailableError
from node.asgi import App
from node.problems import (
    PROBLEM_TYPE,
    MethodError,
    ServerError,
    encode_problem,
    problem_headers,
    problem_of,
    status_of,
)
from node.server import events, health
from node.server.events import DirectWrites, Writes
from node.server.node import Node
from node.server.reading import include_reading
from node.server.watch import Watch, tell_operator
from node.tiles.app import TileApp
from node.tiles.source import StoreTiles


def create_app(node: Node) -> App:
    """The application of a node.

    Args:
        node: Opened; it runs while the application is served.
    """
    writes = Writes(node)
    direct = DirectWrites(writes, _create_api(node, writes))
    return Watch(TileApp(StoreTiles(node.reader, node.publisher), direct), node)


def _create_api(node: Node, writes: Writes) -> FastAPI:
    api = FastAPI(
        title="Muniment",
        summary="A registry for data property rights on a verifiable ledger.",
        version="1",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=_HANDLERS,
    )
    api.include_router(events.create_router(writes))
    api.include_router(health.create_router(node))
    include_reading(api, node)
    return api


async def _answer_ours(request: Request, exc: LedgerError) -> Response:
    tell_operator(request.scope, exc)
    return _problem(exc)


async def _answer_bug(_: Request, __: Exception) -> Response:
    """Our bug, which the framework raises again, to whoever tells the operator of it."""
    return _problem(ServerError("a bug"))


async def _answer_framework(request: Request, exc: HTTPException) -> Response:
    """The framework's own refusals: no such path, another method."""
    by_status: dict[int, LedgerError] = {
        404: NotFoundError("there is no such path: see /openapi.json"),
        405: MethodError(f"this path does not know the method {request.method[:16]}"),
        503: UnavailableError("try again later"),
    }
    other = ServerError("a bug") if exc.status_code >= 500 else InputError("the request is wrong")
    response = _problem(by_status.get(exc.status_code, other))
    response.headers.update(exc.headers or {})
    return response


async def _answer_parameters(_: Request, exc: RequestValidationError) -> Response:
    errors = exc.errors()
    for error in errors:
        cause = error.get("ctx", {}).get("error")
        if isinstance(cause, LedgerError):
            return _problem(cause)
    found = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in errors)
    return _problem(MalformedError(f"a parameter is wrong: {found[:500]}"))


def _problem(error: LedgerError) -> Response:
    return Response(
        encode_problem(problem_of(error)),
        status_of(error),
        media_type=PROBLEM_TYPE,
        headers=problem_headers(error),
    )


_Handler: TypeAlias = Callable[[Request, Any], Coroutine[Any, Any, Response]]
_HANDLERS: Final[dict[int | type[Exception], _Handler]] = {
    LedgerError: _answer_ours,
    Exception: _answer_bug,
    HTTPException: _answer_framework,
    RequestValidationError: _answer_parameters,
}

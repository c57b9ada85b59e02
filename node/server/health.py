"""Whether the process lives, whether it takes events, and what it counts."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from node.problems import PROBLEM_TYPE
from node.server import metrics
from node.server.node import Node
from node.server.replies import NEVER, TEXT

_HEADERS = {"cache-control": NEVER}


def create_router(node: Node) -> APIRouter:
    """Routes for supervisors and for Prometheus.

    Args:
        node: Whose health it is.
    """
    router = APIRouter(tags=["operation"])

    @router.get(
        "/healthz",
        summary="The process lives",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"example": "ok\n"}}}},
    )
    async def healthz(_: Request) -> Response:
        """Answers as long as the process serves requests at all."""
        return Response(b"ok\n", media_type=TEXT, headers=_HEADERS)

    @router.get(
        "/readyz",
        summary="The node takes events",
        response_class=Response,
        responses={
            200: {"content": {"text/plain": {"example": "ready\n"}}},
            503: {"description": "It takes none now.", "content": {PROBLEM_TYPE: {}}},
        },
    )
    async def readyz(_: Request) -> Response:
        """Answers 200 while the writer works, the store can be read and the node does not stop."""
        node.check_ready()
        return Response(b"ready\n", media_type=TEXT, headers=_HEADERS)

    @router.get(
        "/metrics",
        summary="Counters for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}},
    )
    async def read_metrics(_: Request) -> Response:
        """Keep it from the public at the proxy: it tells how much the node is used."""
        return Response(node.metrics.expose(), media_type=metrics.CONTENT_TYPE, headers=_HEADERS)

    return router

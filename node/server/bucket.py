"""The routes of private lookups: everything that the state map holds under a prefix.

Spec: docs/adr/0026-buckets.md.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from node.private import BucketShelf
from node.server import pages
from node.server.library import Library
from node.server.parameters import Size
from node.server.replies import FRESH, IMMUTABLE, Page
from node.server.room import Room

Prefix = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{1,64}$",
        description="1 to 64 lower-case hex digits. The fewer, the less is told of what is meant.",
        openapi_examples={"two digits": {"value": "3f"}},
    ),
]
_ABOUT = (
    "`muniment/bucket/v1`: key hash and value hash of each, proved to be all. Whoever asks tells "
    "the node the digits, and finds out alone whether the subject that he means is among them. "
    "413 where more than 65,536 answer: ask for more digits."
)


def create_router(room: Room) -> APIRouter:
    """The routes.

    Args:
        room: Works them out.
    """
    router, shelf = APIRouter(tags=["subjects"]), BucketShelf()

    @router.get("/v1/bucket", **pages.describe(
        "whole_bucket", "All subjects", _ABOUT, schema=pages.BUCKET,
        problems=(404, 410, 413)))  # fmt: skip
    async def read_whole(request: Request, size: Size = None) -> Response:
        return await room.work_out(request, lambda library: _read(library, shelf, "", size))

    @router.get("/v1/bucket/{prefix}", **pages.describe(
        "bucket", "All subjects whose key hashes begin with these digits", _ABOUT,
        schema=pages.BUCKET, problems=(404, 410, 413)))  # fmt: skip
    async def read_bucket(request: Request, prefix: Prefix, size: Size = None) -> Response:
        return await room.work_out(request, lambda library: _read(library, shelf, prefix, size))

    return router


def _read(library: Library, shelf: BucketShelf, prefix: str, size: int | None) -> Page:
    prover = library.prover(size)
    with library.reading_states(prover, size):
        content = shelf.get(prover, prefix)
    return Page(content, IMMUTABLE if library.is_settled(size) else FRESH)

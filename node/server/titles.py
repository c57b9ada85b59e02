"""The route to the chain of title of an asset."""

from fastapi import APIRouter, Request, Response

from contracts.title import Voucher
from ledger.core.types import SubjectKey, UnixMillis
from node.chains import Tracer
from node.render.document import chain_document
from node.server import pages
from node.server.library import Library
from node.server.parameters import AssetPath, At, Size
from node.server.replies import Page, json_page
from node.server.room import Room


def create_router(room: Room) -> APIRouter:
    """The route.

    Args:
        room: Works it out.
    """
    router = APIRouter(tags=["titles"])

    @router.get("/v1/title/{asset:path}", **pages.describe(
        "title", "What became of an asset",
        "Rights, transfers, grants, deliveries, pledges and freezes as a tree; the node's reading "
        "of the events, which the asset's dossier proves.",
        schema=pages.TITLE, problems=(404, 410, 413)))  # fmt: skip
    async def trace_asset(
        request: Request, asset: AssetPath, at: At = None, size: Size = None
    ) -> Response:
        time = room.clock.now() if at is None else UnixMillis(at)
        return await room.work_out(
            request, lambda library: _trace(library, SubjectKey(asset), time, size)
        )

    return router


def _trace(library: Library, key: SubjectKey, time: UnixMillis, size: int | None) -> Page:
    prover = library.prover(size)
    with library.reading_states(prover, size):
        registry = library.registry_at(prover)
        if key.startswith("voucher/"):
            key = registry.need_state(Voucher, key).asset
        step = Tracer(registry, time).trace_asset(key)
    return json_page(chain_document(step))

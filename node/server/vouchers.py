"""Routes to vouchers and to the documents that the log names by digest."""

from fastapi import APIRouter, Request, Response

from ledger.errors import NotFoundError
from node.bundles import make_voucher
from node.server import pages
from node.server.library import Library
from node.server.parameters import DigestPath, Number, Size
from node.server.replies import BYTES, IMMUTABLE, Page, json_page
from node.server.room import Room


def create_router(room: Room) -> APIRouter:
    """The routes.

    Args:
        room: Works them out.
    """
    router = APIRouter(tags=["vouchers"])

    @router.get("/v1/vouchers/{no}", **pages.describe(
        "voucher", "A voucher that anybody can verify offline",
        "`muniment/voucher/v1`: the credential, the receipt of its record, and the states of the "
        "voucher and of its asset.",
        schema=pages.VOUCHER, problems=(404, 410)))  # fmt: skip
    async def read_voucher(request: Request, no: Number, size: Size = None) -> Response:
        return room.answer(request, lambda library: _read_voucher(library, no, size))

    @router.get("/v1/documents/{digest}", **pages.describe(
        "document", "A document that an event names by its digest",
        "Its bytes, such as those of a credential.",
        schema=pages.BINARY, media_type=BYTES, problems=(404,)))  # fmt: skip
    async def read_document(request: Request, digest: DigestPath) -> Response:
        return room.answer(request, lambda library: _read_document(library, digest))

    return router


def _read_voucher(library: Library, number: str, size: int | None) -> Page:
    prover = library.prover(size)
    with library.reading_states(prover, size):
        return json_page(make_voucher(library.registry_at(prover), number, prover))


def _read_document(library: Library, digest: str) -> Page:
    data = library.store.read_document(digest)
    if data is None:
        raise NotFoundError(f"the node keeps no document {digest}")
    return Page(data, IMMUTABLE, BYTES)

"""Routes to the log itself: its newest checkpoint, entries with their receipts, proofs, blocks."""

import msgspec
from fastapi import APIRouter, Request, Response

from ledger.core.bundle import format_receipt
from ledger.core.text import format_base64
from ledger.core.tlogproof import format_tlog_proof
from ledger.core.types import JsonObject
from ledger.errors import NotFoundError, UnavailableError
from ledger.storage.base import LogReader
from node.server import pages
from node.server.library import Library
from node.server.parameters import EventId, Index, IndexQuery, New, Old, Size, SizePath
from node.server.replies import FRESH, IMMUTABLE, TEXT, Page, json_page
from node.server.room import Room


def create_router(room: Room) -> APIRouter:
    """The routes.

    Args:
        room: Works them out.
    """
    router = APIRouter(tags=["log"])

    @router.get("/v1/checkpoint/latest", **pages.describe(
        "latest_checkpoint", "The newest checkpoint of the log",
        "The signed note of the newest block, perhaps not cosigned yet. `/checkpoint` is the "
        "newest that meets the node's own policy.",
        schema=pages.PLAIN, media_type=TEXT))  # fmt: skip
    async def read_latest(request: Request) -> Response:
        return room.answer(request, _read_latest)

    @router.get("/v1/events/{id}", **pages.describe(
        "event", "The receipt of an event, by its id",
        "The entry with its proof of inclusion: `muniment/receipt/v1`.",
        schema=pages.RECEIPT, problems=(404,)))  # fmt: skip
    async def read_event(request: Request, id: EventId, size: Size = None) -> Response:  # noqa: A002  # the path's name
        return room.answer(request, lambda library: _read_event(library, id, size))

    @router.get("/v1/entries/{index}", **pages.describe(
        "entry", "The receipt of a leaf, by its index",
        "The entry or seal with its proof of inclusion: `muniment/receipt/v1`.",
        schema=pages.RECEIPT, problems=(404,)))  # fmt: skip
    async def read_entry(request: Request, index: Index, size: Size = None) -> Response:
        return room.answer(request, lambda library: _read_entry(library, index, size))

    @router.get("/v1/proofs/inclusion", **pages.describe(
        "inclusion", "That the log holds a leaf",
        "A `.tlog-proof` (c2sp.org/tlog-proof): index, path and checkpoint. The leaf is in "
        "`/v1/entries/{index}` and in the entry bundles.",
        schema=pages.PLAIN, media_type=TEXT, problems=(404,)))  # fmt: skip
    async def prove_inclusion(request: Request, index: IndexQuery, size: Size = None) -> Response:
        return room.answer(request, lambda library: _prove_inclusion(library, index, size))

    @router.get("/v1/proofs/consistency", **pages.describe(
        "consistency", "That the log only grew from one size to another",
        "Hashes in standard base64, as RFC 9162 section 2.1.4 orders them; from size 0 there is "
        "nothing to show, and the path is empty.",
        schema=pages.CONSISTENCY, problems=(404,)))  # fmt: skip
    async def prove_consistency(request: Request, old: Old, new: New = None) -> Response:
        return room.answer(request, lambda library: _prove_consistency(library, old, new))

    @router.get("/v1/blocks/{size}", **pages.describe(
        "block", "The block that ends at a size",
        "Its seal, as it stands in the log; `/v1/entries/{size - 1}` is the same with a proof.",
        schema=pages.BLOCK, problems=(404,)))  # fmt: skip
    async def read_block(request: Request, size: SizePath) -> Response:
        return room.answer(request, lambda library: _read_block(library, size))

    return router


def describe_block(store: LogReader, size: int) -> JsonObject:
    """The block that ends at a size: `{"size","seal"}`.

    Args:
        store: Has it.
        size: Leaves after the block.
    """
    (leaf,) = store.read_leaves(size - 1, size)
    return {"size": size, "seal": msgspec.json.decode(leaf)["seal"]}


def _read_latest(library: Library) -> Page:
    note = library.publisher.latest
    if note is None:
        raise UnavailableError("the log has signed no checkpoint yet: try again")
    return Page(note, FRESH, TEXT)


def _read_event(library: Library, event_id: str, size: int | None) -> Page:
    index = library.store.find_event(bytes.fromhex(event_id))
    if index is None:
        raise NotFoundError(f"the ledger has no event {event_id}: it was not sent, or was refused")
    return _read_entry(library, index, size)


def _read_entry(library: Library, index: int, size: int | None) -> Page:
    receipt = library.prover_of_leaf(index, size).prove_leaf(index)
    return json_page(format_receipt(receipt), _caching(library, size))


def _prove_inclusion(library: Library, index: int, size: int | None) -> Page:
    proof = library.prover_of_leaf(index, size).prove_leaf(index).proof
    return Page(format_tlog_proof(proof), _caching(library, size), TEXT)


def _prove_consistency(library: Library, old: int, new: int | None) -> Page:
    later = library.prover().anchor.size if new is None else new
    path = library.newest_prover().prove_growth(old, later)
    document: JsonObject = {"old": old, "new": later, "path": [format_base64(one) for one in path]}
    return json_page(document, FRESH if new is None else IMMUTABLE)


def _read_block(library: Library, size: int) -> Page:
    library.store.read_block(size)  # it has to be the end of one
    return json_page(describe_block(library.store, size), IMMUTABLE)


def _caching(library: Library, size: int | None) -> str:
    return IMMUTABLE if library.is_settled(size) else FRESH

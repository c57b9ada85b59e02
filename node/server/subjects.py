"""Routes to subjects: their states and histories with proofs, and how people find them."""

from fastapi import APIRouter, Request, Response

from ledger.core.bundle import format_state_bundle
from ledger.core.dossier import format_dossier, format_dossier_events
from ledger.core.limits import MAX_DOSSIER_EVENTS
from ledger.core.rules import Listing
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import NotFoundError
from node.server import pages
from node.server.library import Library
from node.server.parameters import (
    DEFAULT_ITEMS,
    After,
    Limit,
    Prefix,
    RequiredType,
    Size,
    Start,
    Subject,
)
from node.server.replies import Page, json_page
from node.server.room import Room


def create_router(room: Room) -> APIRouter:
    """The routes.

    Args:
        room: Works them out.
    """
    router = APIRouter(tags=["subjects"])
    most = room.settings.page_items

    @router.get("/v1/state/{subject:path}", **pages.describe(
        "state", "A subject's state, or that there is no such subject",
        "`muniment/state/v1`, proved in the state map of the checkpoint's last seal; `value` null "
        "proves absence. States are kept for the newest 256 blocks at least, and from the "
        "published checkpoint on.",
        schema=pages.STATE, problems=(404, 410)))  # fmt: skip
    async def read_state(request: Request, subject: Subject, size: Size = None) -> Response:
        return room.answer(request, lambda library: _read_state(library, subject, size))

    @router.get("/v1/dossier/{subject:path}", **pages.describe(
        "dossier", "All events of a subject, proved to be all",
        "`muniment/dossier/v1` from the event `from` on, if no more than 1,000 are left from "
        "there. Of a longer history, a part: 1,000 events with their paths, and in `next` where "
        "the next part begins. Ask for all parts with the same `size`; the last one is a dossier "
        "whose `from` says what history the parts before it have to make.",
        schema=pages.DOSSIER, problems=(404, 410)))  # fmt: skip
    async def read_dossier(
        request: Request, subject: Subject, start: Start = 0, size: Size = None
    ) -> Response:
        return await room.work_out(
            request, lambda library: _read_dossier(library, subject, start, size)
        )

    @router.get("/v1/subjects", **pages.describe(
        "subjects", "Keys that begin with a text",
        "In their order, as of the newest block; without proof.",
        schema=pages.SUBJECTS, problems=(413,)))  # fmt: skip
    async def find_subjects(
        request: Request, prefix: Prefix, limit: Limit = DEFAULT_ITEMS, after: After = ""
    ) -> Response:
        count = min(limit, most)
        return room.answer(request, lambda library: _find_subjects(library, prefix, count, after))

    @router.get("/v1/listings", **pages.describe(
        "listings", "How people find the subjects of a type",
        "Labels, statuses and search terms by the order of the keys, as of the newest block; "
        "without proof.", schema=pages.LISTINGS, problems=(413,)))  # fmt: skip
    async def read_listings(
        request: Request, type: RequiredType, limit: Limit = DEFAULT_ITEMS, after: After = ""  # noqa: A002  # the parameter's name
    ) -> Response:  # fmt: skip
        count = min(limit, most)
        return await room.work_out(
            request, lambda library: _read_listings(library, type, count, after)
        )

    @router.get("/v1/listings/{subject:path}", **pages.describe(
        "listing", "How people find a subject",
        "Its label, status and search terms as of the newest block; without proof.",
        schema=pages.LISTING, problems=(404,)))  # fmt: skip
    async def read_listing(request: Request, subject: Subject) -> Response:
        return room.answer(request, lambda library: _read_listing(library, SubjectKey(subject)))

    return router


def describe_listing(key: SubjectKey, listing: Listing) -> dict[str, Json]:
    """A subject as lists show it."""
    return {
        "subject": key,
        "label": listing.label,
        "status": listing.status,
        "terms": list(listing.terms),
    }


def _read_state(library: Library, subject: str, size: int | None) -> Page:
    prover = library.prover(size)
    with library.reading_states(prover, size):
        bundle = prover.prove_state(SubjectKey(subject))
    return json_page(format_state_bundle(bundle))


def _read_dossier(library: Library, subject: str, start: int, size: int | None) -> Page:
    prover, key = library.prover(size), SubjectKey(subject)
    with library.reading_states(prover, size):
        value = prover.read_state(key)
        n = 0 if value is None else value.n
        if value is None and start:
            raise NotFoundError(f"there is no {key} on this ledger: nothing comes after an event")
        if n - start <= MAX_DOSSIER_EVENTS:
            return json_page(format_dossier(prover.prove_history(key, start)))
        stop = start + MAX_DOSSIER_EVENTS
        part: JsonObject = {
            "subject": key,
            "size": prover.anchor.size,
            "n": n,
            "from": start,
            "events": format_dossier_events(prover.prove_events(key, start, stop)),
            "next": stop,
        }
    return json_page(part)


def _find_subjects(library: Library, prefix: str, limit: int, after: str) -> Page:
    keys = library.store.find_subjects(prefix, limit, after)
    return json_page({"items": list(keys), "next": keys[-1] if len(keys) == limit else None})


def _read_listings(library: Library, kind: str, limit: int, after: str) -> Page:
    keys = library.store.find_subjects(f"{kind}/", limit, after)
    found = ((key, library.store.read_listing(key)) for key in keys)
    items: list[Json] = [describe_listing(key, one) for key, one in found if one is not None]
    return json_page({"items": items, "next": keys[-1] if len(keys) == limit else None})


def _read_listing(library: Library, key: SubjectKey) -> Page:
    listing = library.store.read_listing(key)
    if listing is None:
        raise NotFoundError(f"nobody looks for {key}: it is not there, or has no listing")
    return json_page(describe_listing(key, listing))

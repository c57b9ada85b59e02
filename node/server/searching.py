"""Routes that look through many subjects: search, and what is due. The node's word, no proof."""

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response

from contracts.duties import Duty
from ledger.core.rules import Listing
from ledger.core.types import Json
from ledger.errors import NotFoundError, UnavailableError
from node.duties import describe_duty, find_duties, read_desk
from node.server import pages
from node.server.library import Library
from node.server.parameters import (
    DEFAULT_ITEMS,
    MAX_ITEMS,
    Due,
    Limit,
    Place,
    Role,
    Status,
    Text,
    Type,
)
from node.server.replies import Page, json_page
from node.server.room import Room
from node.server.subjects import describe_listing


def create_router(room: Room) -> APIRouter:
    """The routes.

    Args:
        room: Works them out.
    """
    router = APIRouter(tags=["searching"])
    most = room.settings.page_items

    @router.get("/v1/search", **pages.describe(
        "search", "Subjects that people would look for by a text",
        "The best first, at most 1,000 in all, as of the newest block; without proof.",
        schema=pages.LISTINGS, problems=(413,)))  # fmt: skip
    async def search(
        request: Request,
        q: Text,
        type: Type = None,  # noqa: A002  # the parameter's name
        limit: Limit = DEFAULT_ITEMS,
        after: Place = 0,
    ) -> Response:
        span = (after, min(after + min(limit, most), MAX_ITEMS))
        return await room.work_out(request, lambda library: _search(library, q, type, span))

    @router.get("/v1/registrations", **pages.describe(
        "registrations", "What is due, the most urgent first",
        "What waits for somebody, by whom and until when, as of the newest block and the node's "
        "clock; without proof. `status` is that of the subject: of a registration, objection, "
        "asset or party.",
        schema=pages.DUTIES, problems=(413,)))  # fmt: skip
    async def find_due(
        request: Request,
        status: Status = None,
        due: Due = None,
        role: Role = None,
        limit: Limit = DEFAULT_ITEMS,
    ) -> Response:
        chosen = _Choice(status, due, role, min(limit, most))
        return await room.work_out(request, chosen.find)

    return router


def _search(library: Library, text: str, kind: str | None, span: tuple[int, int]) -> Page:
    start, stop = span
    found = library.store.search_listings(text, kind=kind, limit=stop + 1)
    items: list[Json] = [describe_listing(key, listing) for key, listing in found[start:stop]]
    has_more = len(found) > stop and stop < MAX_ITEMS
    return json_page({"items": items, "next": str(stop) if has_more else None})


class _Choice:
    """Which duties are asked for."""

    def __init__(self, status: str | None, due: int | None, role: str | None, limit: int) -> None:
        self._status = status
        self._due = due
        self._role = role
        self._limit = limit

    def find(self, library: Library) -> Page:
        registry = library.registry
        try:
            desk = read_desk(registry)
            duties = list(self._choose(library, find_duties(registry, desk)))
        except NotFoundError as exc:  # listed by a block whose checkpoint is being signed
            raise UnavailableError("the ledger is growing this very moment: try again") from exc
        items: list[Json] = [_describe(duty, listing) for duty, listing in duties[: self._limit]]
        overdue = sum(duty.is_overdue for duty, _ in duties)
        return json_page(
            {
                "items": items,
                "total": len(duties),
                "overdue": overdue,
                "as_of": desk.now,
                "next": None,
            }
        )

    def _choose(
        self, library: Library, duties: list[Duty]
    ) -> Iterator[tuple[Duty, Listing | None]]:
        for duty in duties:
            if self._role not in {None, duty.task.role}:
                continue
            if self._due is not None and (duty.deadline is None or duty.deadline > self._due):
                continue
            listing = library.store.read_listing(duty.subject)
            if self._status is None or (listing is not None and listing.status == self._status):
                yield duty, listing


def _describe(duty: Duty, listing: Listing | None) -> dict[str, Json]:
    said: dict[str, Json] = describe_duty(duty)
    said["label"] = "" if listing is None else listing.label
    said["status"] = "" if listing is None else listing.status
    return said

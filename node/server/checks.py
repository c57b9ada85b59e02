"""The route that answers whether a party may do an act, with the proofs of what it rests on."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, UnsetType

from contracts.check import format_check
from contracts.identity import PartyKey
from contracts.odrl import check_action
from contracts.permission import Fact, Inquiry
from contracts.records import Record, parse_record
from contracts.title import AssetKey
from ledger.core.canonical import decode_bundle
from ledger.core.types import JsonObject, UnixMillis
from ledger.errors import NotFoundError
from node.answers import prove_act
from node.asgi import read_body
from node.server import pages
from node.server.library import Library
from node.server.parameters import Size
from node.server.replies import NEVER, Page, json_page
from node.server.room import Room

MAX_BODY_BYTES: Final = 32 * 1024


class CheckRequest(Record, frozen=True, kw_only=True):
    """Body of the request.

    Args:
        action: An ODRL action of our profile.
        by: Who acts.
        asset: On what.
        at: When, Unix milliseconds; absent: now.
        facts: What is known of the act, by ODRL left operand.
    """

    action: Annotated[str, Meta(min_length=1, max_length=64)]
    by: PartyKey
    asset: AssetKey
    at: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    facts: Mapping[str, Fact] | UnsetType = UNSET

    def to_inquiry(self, now: UnixMillis) -> Inquiry:
        """The same as a question of the rules.

        Args:
            now: Taken where no time is named.
        """
        return Inquiry(
            party=self.by,
            asset=self.asset,
            action=self.action,
            at=now if isinstance(self.at, UnsetType) else self.at,
            facts={} if isinstance(self.facts, UnsetType) else self.facts,
        )


def parse_check_request(data: bytes) -> CheckRequest:
    """Read the body of a request.

    Args:
        data: From outside.

    Raises:
        MalformedError: No JSON object of this shape, or it names keys of other types.
        LimitError: Too large.
        RejectedError: The profile has no such action.
    """
    value: JsonObject = decode_bundle(data, max_bytes=MAX_BODY_BYTES)
    asked = parse_record(CheckRequest, value)
    check_action(asked.action)
    return asked


def create_router(room: Room) -> APIRouter:
    """The route.

    Args:
        room: Works it out.
    """
    router = APIRouter(tags=["checks"])
    body: dict[str, Any] = {
        "required": True,
        "content": {"application/json": {"schema": pages.CHECK_REQUEST}},
    }

    @router.post("/v1/check", openapi_extra={"requestBody": body}, **pages.describe(
        "check", "May this party do this, now or then?",
        "`muniment/check/v1`: the verdict with the proofs of every fact that it rests on, which "
        "`muniment verify` works out again.",
        schema=pages.CHECK, problems=(404, 408, 410, 413, 422)))  # fmt: skip
    async def check(request: Request, size: Size = None) -> Response:
        data = await read_body(request.receive, MAX_BODY_BYTES, room.settings.body_seconds)
        inquiry = parse_check_request(data).to_inquiry(room.clock.now())
        return await room.work_out(request, lambda library: _check(library, inquiry, size))

    return router


def _check(library: Library, inquiry: Inquiry, size: int | None) -> Page:
    prover = library.prover(size)
    with library.reading_states(prover, size):
        for key in (inquiry.party, inquiry.asset):
            if prover.read_state(key) is None:
                raise NotFoundError(f"there is no {key} on this ledger")
        return json_page(format_check(prove_act(prover, inquiry)), NEVER)

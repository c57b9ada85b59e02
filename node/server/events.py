"""The routes that write: `POST /add` and `POST /v1/events`.

Every answer to a well-formed event is signed; what does not parse, and what this node's own bounds
keep out, gets no signed answer: nothing was said of the event.

Spec: docs/adr/0024-node-answers.md.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ledger.core.limits import MAX_SIGNED_EVENT_BYTES
from ledger.errors import InputError, LedgerError, LimitError, MalformedError
from ledger.sequencer import Accepted, Outcome, Submission
from node.asgi import App, BodyRoom, Receive, Scope, Send, read_body
from node.problems import PROBLEM_TYPE, MediaTypeError, problem_headers
from node.proofs import Prover
from node.server.batches import EventLine, find_missing, read_event, read_lines
from node.server.node import Node
from node.server.receipts import Receipts, Result, encode_lines, encode_result

ADD: Final = "/add"
EVENTS: Final = "/v1/events"
JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
TEXT: Final = "text/plain; charset=utf-8"
COSIGNED: Final = "wait=cosigned"
_INLINE_BYTES: Final = 64 * 1024
"""Larger bodies are parsed in a thread, smaller ones where they arrive."""
_INLINE_EVENTS: Final = 8
_SHARES: Final = 4
_NEVER: Final = {"cache-control": "no-store"}


class DocumentMissingError(InputError):
    """An event names a document that the node has to keep and does not have."""

    code = "document_missing"


@dataclass(frozen=True, slots=True)
class Wish:
    """How events of a request are to be written.

    Args:
        address: Whom they come from.
        is_together: All or none.
        waits: For a checkpoint that meets the node's policy.
    """

    address: str
    is_together: bool = False
    waits: bool = False


class Intake:
    """Takes parsed events through the writer.

    Args:
        node: Whose.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._receipts = Receipts(node.reader, node.publisher, node.answers)

    async def write(self, lines: Sequence[EventLine], wish: Wish) -> list[Result]:
        """One result for each event, in order.

        Raises:
            TooManyError: The address or a party has sent too many.
            BusyError: Too much is waiting.
            UnavailableError: The node stops, or could not write.
        """
        results = [self._look_at(line) for line in lines]
        if wish.is_together:
            _check_together(lines, results)
        good = [line for line, result in zip(lines, results, strict=True) if result is None]
        written = iter(await self._submit(good, wish))
        return [next(written) if result is None else result for result in results]

    def _look_at(self, line: EventLine) -> Result | None:
        """The result of an event that is not submitted at all."""
        if line.error is not None:
            return self._receipts.fail(line.error)
        for digest in find_missing(line):
            if self._node.reader.read_document(digest) is None:
                return self._receipts.fail(
                    DocumentMissingError(
                        f"the event names the document {digest}, which the node has to keep: send "
                        'it in a line before the event, {"document":"<base64url>"}'
                    )
                )
        return None

    async def _submit(self, lines: Sequence[EventLine], wish: Wish) -> list[Result]:
        submissions = [line.submission for line in lines if line.submission is not None]
        if not submissions:
            return []
        rates = self._node.rates
        actors = {one.signed.event.actor for one in submissions}
        rates.admit_events(wish.address, actors, len(submissions))
        written = await self._node.writer.submit(submissions, is_atomic=wish.is_together)
        outcomes = self._receipts.correct(submissions, written)
        self._charge(submissions, outcomes)
        is_published = wish.waits and await self._wait(outcomes)
        prover = self._receipts.choose(outcomes, is_published=is_published)
        return await self._settle(lines, outcomes, prover)

    async def _settle(
        self, lines: Sequence[EventLine], outcomes: Sequence[Outcome], prover: Prover | None
    ) -> list[Result]:
        """Results; of many events in several threads, since signing leaves the others room."""
        if len(lines) <= _INLINE_EVENTS:
            return self._receipts.settle(lines, outcomes, prover)
        share = max(_INLINE_EVENTS, -(-len(lines) // _SHARES))
        parts = [slice(start, start + share) for start in range(0, len(lines), share)]
        settled = await asyncio.gather(
            *(
                asyncio.to_thread(self._receipts.settle, lines[part], outcomes[part], prover)
                for part in parts
            )
        )
        return [result for results in settled for result in results]

    def _charge(self, submissions: Sequence[Submission], outcomes: Sequence[Outcome]) -> None:
        taken = Counter(
            submission.signed.event.actor
            for submission, outcome in zip(submissions, outcomes, strict=True)
            if isinstance(outcome, Accepted) and not outcome.is_duplicate
        )
        for actor, count in taken.items():
            self._node.rates.charge_party(actor, count)

    async def _wait(self, outcomes: Sequence[Outcome]) -> bool:
        """Whether a published checkpoint covers what was accepted, after waiting for one."""
        last = max((one.index for one in outcomes if isinstance(one, Accepted)), default=None)
        if last is None:
            return False
        publisher = self._node.publisher
        return await publisher.wait_published(last + 1, self._node.settings.wait_seconds)


class Writes:
    """The two routes, each from a request to its answer.

    Args:
        node: That takes the events.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._intake = Intake(node)
        self._room = BodyRoom(node.settings.bodies_bytes)

    async def add(self, request: Request) -> Response:
        """Answers with the decimal index; of an event that is in the log already, the first.

        Raises:
            MalformedError: It does not parse; nothing is signed.
            LimitError: It is larger than an event may be; nothing is signed.
        """
        if request.url.query:
            raise MalformedError("this path takes no parameters")
        body = await self._read(request, MAX_SIGNED_EVENT_BYTES)
        wish = Wish(self._node.rates.find_address(request.scope))
        (result,) = await self._intake.write([read_event(body)], wish)
        if result.error is not None:
            return _problem(result, result.error)
        return Response(str(result.document["index"]), media_type=TEXT, headers=_NEVER)

    async def submit(self, request: Request) -> Response:
        """Answers after the commit.

        One event as `application/json`, canonical; or up to 1,000 lines as `application/x-ndjson`,
        of which each is a signed event, or a document that a later event names by its digest. With
        `?together=true` all are written or none. `Prefer: wait=cosigned` waits for a checkpoint
        that meets the node's policy. Every answer to a well-formed event is signed.
        """
        settings = self._node.settings
        wish = Wish(
            self._node.rates.find_address(request.scope),
            is_together=_read_together(request),
            waits=_prefers_cosigned(request),
        )
        is_single = _media_type(request) == JSON
        body = await self._read(request, settings.request_bytes)
        if is_single:
            (result,) = await self._intake.write([read_event(body)], wish)
            return _single(result, wish)
        lines = await _parse(body, settings.batch_events)
        results = await self._intake.write(lines, wish)
        content = await _encode(lines, results)
        return Response(content, media_type=NDJSON, headers=_NEVER)

    async def _read(self, request: Request, max_bytes: int) -> bytes:
        """The body of a request.

        Raises:
            LimitError: Larger than max_bytes.
            HungUpError: It did not come in time.
            MediaTypeError: It is compressed.
            UnavailableError: Too many large bodies are coming in.
        """
        coding = request.headers.get("content-encoding", "identity")
        if coding.strip().lower() != "identity":
            raise MediaTypeError("send the body as it is, without a Content-Encoding")
        length = request.headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length[:20]) > max_bytes:
            raise LimitError(f"a request here has at most {max_bytes} bytes: send less at once")
        seconds = self._node.settings.body_seconds
        return await read_body(request.receive, max_bytes, seconds, self._room)


class DirectWrites:
    """Answers the routes that write without the framework, which costs as much as they do.

    Args:
        writes: What answers them.
        next_app: Gets everything else.
    """

    def __init__(self, writes: Writes, next_app: App) -> None:
        self._routes = {ADD: writes.add, EVENTS: writes.submit}
        self._next_app = next_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI 3.0)."""
        if scope["type"] == "http" and scope["method"] == "POST":
            answer = self._routes.get(scope["path"])
            if answer is not None:
                response = await answer(Request(scope, receive))
                await response(scope, receive, send)
                return
        await self._next_app(scope, receive, send)


def create_router(writes: Writes) -> APIRouter:
    """The same routes in the framework, which describes them.

    Args:
        writes: What answers them.
    """
    router = APIRouter(tags=["events"])
    router.post(
        ADD,
        summary="Submit one signed event, as log load testers do",
        response_class=Response,
        responses=_ADD_RESPONSES,
        openapi_extra=_ADD_BODY,
    )(writes.add)
    router.post(
        EVENTS,
        summary="Submit signed events",
        response_class=Response,
        responses=_EVENTS_RESPONSES,
        openapi_extra=_EVENTS_BODY,
    )(writes.submit)
    return router


async def _parse(body: bytes, max_events: int) -> list[EventLine]:
    if len(body) <= _INLINE_BYTES:
        return read_lines(body, max_events)
    return await asyncio.to_thread(read_lines, body, max_events)


async def _encode(lines: Sequence[EventLine], results: Sequence[Result]) -> bytes:
    if len(lines) <= _INLINE_EVENTS:
        return encode_lines(lines, results)
    return await asyncio.to_thread(encode_lines, lines, results)


def _single(result: Result, wish: Wish) -> Response:
    if result.error is not None:
        return _problem(result, result.error)
    headers = dict(_NEVER)
    if wish.waits and result.document["cosigned"]:
        headers["preference-applied"] = COSIGNED
    return Response(encode_result(result), media_type=JSON, headers=headers)


def _problem(result: Result, error: LedgerError) -> Response:
    headers = problem_headers(error)
    content = encode_result(result)
    return Response(content, result.status, media_type=PROBLEM_TYPE, headers=headers)


def _media_type(request: Request) -> str:
    """Which of the two forms a body has.

    Raises:
        MediaTypeError: Neither.
    """
    text = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if text not in {JSON, NDJSON}:
        raise MediaTypeError(f"the Content-Type is {JSON} for one event, {NDJSON} for lines")
    return text


def _read_together(request: Request) -> bool:
    """The parameter `together`.

    Raises:
        MalformedError: Another value, another parameter, or twice.
    """
    pairs = request.query_params.multi_items()
    if not pairs:
        return False
    if len(pairs) > 1 or pairs[0][0] != "together" or pairs[0][1] not in {"true", "false"}:
        raise MalformedError("the only parameter here is together=true or together=false")
    return pairs[0][1] == "true"


def _prefers_cosigned(request: Request) -> bool:
    """Whether `wait=cosigned` is among the preferences (RFC 7240)."""
    values = ",".join(request.headers.getlist("prefer")).lower().split(",")
    return any("".join(value.split()) == COSIGNED for value in values)


def _check_together(lines: Sequence[EventLine], results: Sequence[Result | None]) -> None:
    """Refuse events that go together when one of them cannot even be submitted.

    Raises:
        InputError: Whatever is wrong with the first such event.
    """
    for line, result in zip(lines, results, strict=True):
        if result is not None and isinstance(result.error, InputError):
            raise type(result.error)(f"line {line.number}: {result.error}")


_PROBLEM: Final[dict[str, object]] = {
    "content": {PROBLEM_TYPE: {"schema": {"type": "object"}}},
}
_REFUSALS: Final[dict[int | str, dict[str, object]]] = {
    400: {"description": "It does not parse; nothing is signed.", **_PROBLEM},
    408: {"description": "The body did not come in time.", **_PROBLEM},
    409: {"description": "Another process wrote to the ledger.", **_PROBLEM},
    413: {"description": "Too large, or too many events.", **_PROBLEM},
    415: {"description": "Another Content-Type, or a Content-Encoding.", **_PROBLEM},
    422: {"description": "Refused by a rule or for a signature; `answer` is signed.", **_PROBLEM},
    429: {"description": "Too many from this address or party; see Retry-After.", **_PROBLEM},
    500: {"description": "The node failed; the event may be sent again.", **_PROBLEM},
    503: {"description": "The node is full or stops; see Retry-After.", **_PROBLEM},
}
_ADD_RESPONSES: Final[dict[int | str, dict[str, object]]] = {
    200: {
        "description": "Written: the decimal index of the entry.",
        "content": {"text/plain": {"schema": {"type": "string", "pattern": "^[0-9]+$"}}},
    },
    **_REFUSALS,
}
_EVENTS_RESPONSES: Final[dict[int | str, dict[str, object]]] = {
    200: {
        "description": "One event: its result. Lines: one result for each event, in order.",
        "content": {
            JSON: {"schema": {"type": "object"}},
            NDJSON: {"schema": {"type": "string"}},
        },
    },
    **_REFUSALS,
}
_ADD_BODY: Final[dict[str, object]] = {
    "requestBody": {
        "required": True,
        "description": "One signed event, canonical JSON.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_EVENTS_BODY: Final[dict[str, object]] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": {"type": "object", "required": ["event", "signatures"]}},
            NDJSON: {"schema": {"type": "string"}},
        },
    },
    "parameters": [
        {
            "name": "together",
            "in": "query",
            "description": "All events are written, or none.",
            "schema": {"type": "string", "enum": ["true", "false"]},
        },
        {
            "name": "Prefer",
            "in": "header",
            "description": "`wait=cosigned`: answer under a checkpoint that meets the policy.",
            "schema": {"type": "string"},
        },
    ],
}

"""Errors over HTTP: ours become RFC 9457 problems, and a client makes ours of them again.

```text
{"type":"urn:muniment:problem:<code>","title","status","detail","code"
 ,"reason","rule","zh"      <- of a rule's refusal
 ,"size"                    <- of a conflict: leaves that the log holds
 ,"retry_after"}            <- seconds, where trying again helps
```

What only the operator may know (paths, the inside of the store) is left out.
"""

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from ledger.core.canonical import decode_bundle
from ledger.core.types import Json, JsonObject
from ledger.errors import (
    BundleError,
    ConflictError,
    CorruptionError,
    ExistsError,
    InclusionError,
    InputError,
    LedgerError,
    LimitError,
    MalformedError,
    MapProofError,
    NotFoundError,
    QuorumError,
    RejectedError,
    ReplayError,
    RollbackError,
    SignatureError,
    StoreFailedError,
    UnavailableError,
    VerificationError,
)
from node.asgi import NO_HEADERS, HungUpError, Send, respond

PROBLEM_TYPE: Final = "application/problem+json"
MAX_PROBLEM_BYTES: Final = 256 * 1024
_TYPE: Final = "urn:muniment:problem:"
_DETAIL_CHARACTERS: Final = 2000


class BusyError(UnavailableError):
    """The node has all it can do; nothing of this was done.

    Args:
        message: What is full.
        retry_after: Seconds after which it is worth trying again.
    """

    code = "busy"
    status = 503

    def __init__(self, message: str, retry_after: float = 1) -> None:
        super().__init__(message)
        self.retry_after = max(1, math.ceil(retry_after))


class TooManyError(BusyError):
    """This party or address asks more often than this node allows; no rule of the ledger."""

    code = "too_many"
    status = 429


class GoneError(NotFoundError):
    """It was here and is kept no longer; the message says what to ask for instead."""

    code = "gone"


class MethodError(InputError):
    """The path is there and does not know this method."""

    code = "method"


class MediaTypeError(InputError):
    """The body is of a type or a coding that this path does not take."""

    code = "media_type"


class ServerError(UnavailableError):
    """The node failed in a way that only its operator can see; its log names the request."""

    code = "server"


_STATUS: Final[Mapping[type[LedgerError], tuple[int, str]]] = {
    MalformedError: (400, "The request does not parse"),
    MethodError: (405, "The path does not know this method"),
    HungUpError: (408, "The request did not come in time"),
    LimitError: (413, "Too large"),
    MediaTypeError: (415, "Not a type of body for this path"),
    RejectedError: (422, "A rule refused it"),
    SignatureError: (422, "A signature is missing or wrong"),
    InputError: (422, "The request has to be another"),
    GoneError: (410, "It is kept no longer"),
    NotFoundError: (404, "There is no such thing here"),
    ConflictError: (409, "Somebody was first"),
    RollbackError: (500, "The log is not what its key signed"),
    VerificationError: (422, "Not authentic"),
    TooManyError: (429, "Asked too often"),
    ServerError: (500, "The node failed"),
    StoreFailedError: (503, "The node cannot write"),
    UnavailableError: (503, "Try again later"),
    CorruptionError: (500, "The node's store contradicts itself"),
    LedgerError: (500, "The node failed"),
}
_HIDDEN: Final[Mapping[type[LedgerError], str]] = {
    StoreFailedError: "the node could not write and restarts: send the same event again, none is "
    "ever written twice",
    CorruptionError: "the node's store is being looked after; nothing of this was done",
    RollbackError: "the node's store is being looked after; nothing of this was done",
    ServerError: "the node failed; its operator finds this request in the log by its id",
}
_BY_CODE: Final[Mapping[str, type[LedgerError]]] = {
    cls.code: cls
    for cls in (
        BundleError, BusyError, CorruptionError, ExistsError, GoneError, HungUpError,
        InclusionError,
        InputError, LimitError, MalformedError, MapProofError,
        MediaTypeError, MethodError, NotFoundError,
        QuorumError, ReplayError, RollbackError, ServerError, SignatureError, StoreFailedError,
        TooManyError, UnavailableError, VerificationError,
    )
}  # fmt: skip
_BY_STATUS: Final[Mapping[int, type[LedgerError]]] = {
    400: MalformedError, 404: NotFoundError, 405: MethodError, 408: HungUpError, 410: GoneError,
    413: LimitError, 415: MediaTypeError, 429: TooManyError, 502: UnavailableError,
    503: UnavailableError, 504: UnavailableError,
}  # fmt: skip


def status_of(error: LedgerError) -> int:
    """The HTTP status of an error."""
    return _row(error)[0]


def retry_after(error: LedgerError) -> int | None:
    """Seconds after which trying again may help; None where it does not."""
    if isinstance(error, BusyError):
        return error.retry_after
    return 1 if status_of(error) in {503, 429} else None


def problem_of(error: LedgerError) -> JsonObject:
    """An error as a problem (RFC 9457); what is the operator's alone stays out of it."""
    status, title = _row(error)
    hidden = next((text for cls, text in _HIDDEN.items() if isinstance(error, cls)), None)
    if status == 500 and hidden is None:
        hidden = _HIDDEN[ServerError]
    problem: dict[str, Json] = {
        "type": _TYPE + error.code,
        "title": title,
        "status": status,
        "detail": hidden or str(error)[:_DETAIL_CHARACTERS],
        "code": error.code,
    }
    if isinstance(error, RejectedError):
        problem |= {"reason": error.reason, "rule": error.rule, "zh": error.zh}
    if isinstance(error, ConflictError):
        problem["size"] = error.size_now
    seconds = retry_after(error)
    return problem if seconds is None else problem | {"retry_after": seconds}


def encode_problem(problem: JsonObject) -> bytes:
    """The bytes of a problem."""
    return msgspec.json.encode(problem)


def problem_headers(error: LedgerError) -> dict[str, str]:
    """Headers that go with an error's answer."""
    seconds = retry_after(error)
    headers = {"cache-control": "no-store"}
    return headers if seconds is None else headers | {"retry-after": str(seconds)}


async def respond_problem(
    send: Send, error: LedgerError, headers: Mapping[str, str] = NO_HEADERS
) -> None:
    """Answer a request with an error.

    Args:
        send: Of the application.
        error: What is wrong.
        headers: More of them.
    """
    await respond(
        send,
        status_of(error),
        encode_problem(problem_of(error)),
        content_type=PROBLEM_TYPE,
        headers={**problem_headers(error), **headers},
    )


def error_of(status: int, body: bytes) -> LedgerError:
    """The error that a server's answer stands for; what is no problem of ours goes by its status.

    Args:
        status: HTTP status, at least 400.
        body: From outside; at most MAX_PROBLEM_BYTES of it are read.
    """
    try:
        problem = decode_bundle(body[: MAX_PROBLEM_BYTES + 1], max_bytes=MAX_PROBLEM_BYTES)
    except InputError:
        problem = {}
    code, detail = problem.get("code"), problem.get("detail")
    message = detail[:_DETAIL_CHARACTERS] if isinstance(detail, str) else f"HTTP status {status}"
    if code == RejectedError.code:
        return _rejection(problem, message)
    if code == ConflictError.code:
        size = problem.get("size")
        return ConflictError(size if isinstance(size, int) else 0)
    cls = _BY_CODE.get(code if isinstance(code, str) else "") or _by_status(status)
    if issubclass(cls, BusyError):
        seconds = problem.get("retry_after")
        return cls(message, seconds if isinstance(seconds, int) and 0 < seconds < 86_400 else 1)
    return cls(message)


def _rejection(problem: JsonObject, message: str) -> RejectedError:
    reason, rule, zh = (problem.get(name) for name in ("reason", "rule", "zh"))
    return RejectedError(
        reason if isinstance(reason, str) else RejectedError.code,
        message,
        zh if isinstance(zh, str) else message,
        rule if isinstance(rule, str) else "",
    )


def _by_status(status: int) -> type[LedgerError]:
    return _BY_STATUS.get(status) or (ServerError if status >= 500 else InputError)


def _row(error: LedgerError) -> tuple[int, str]:
    return next(_STATUS[cls] for cls in type(error).__mro__ if cls in _STATUS)

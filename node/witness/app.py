"""A witness over HTTP.

| request | answer |
|---|---|
| `POST /add-checkpoint` | 200 and signature lines; 400, 403, 404, 409, 422 as the text says |
| `GET /<SHA-256 of the origin>/checkpoint` | the newest cosigned note, for monitors |
| `GET /healthz`, `GET /metrics` | it lives; what it did, for Prometheus |

Spec: c2sp.org/tlog-witness.
"""

import asyncio
import re
from collections.abc import Collection
from typing import Final

from ledger.core.addcheckpoint import (
    MAX_ADD_CHECKPOINT_BYTES,
    SIZE_CONTENT_TYPE,
    format_size_answer,
)
from ledger.errors import (
    ConflictError,
    ConsistencyError,
    CorruptionError,
    ForkError,
    InputError,
    LedgerError,
    NotFoundError,
    UnavailableError,
    VerificationError,
)
from node.asgi import App, HungUpError, Receive, Scope, Send, read_body, respond
from node.problems import PROBLEM_TYPE, MethodError, encode_problem, problem_of, status_of
from node.witness.witness import Witness

ADD_PATH: Final = "/add-checkpoint"
RETRY_AFTER_S: Final = 5
BODY_SECONDS: Final = 10.0
_MONITORING: Final = re.compile(r"/([0-9a-f]{64})/checkpoint")
_NO_CACHE: Final = {"Cache-Control": "no-cache"}
_STATUS: Final[tuple[tuple[type[LedgerError], int], ...]] = (
    (HungUpError, 408),
    (MethodError, 405),
    (NotFoundError, 404),
    (ConflictError, 409),
    (ForkError, 409),
    (ConsistencyError, 422),
    (VerificationError, 403),
    (InputError, 400),
    (UnavailableError, 503),
    (CorruptionError, 500),
)


def create_witness_app(witness: Witness) -> App:
    """The ASGI application of a witness."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await _answer(witness, scope, receive, send)
        except LedgerError as exc:
            await _refuse(send, exc, "POST" if scope["path"] == ADD_PATH else "GET, HEAD")

    return app


async def _answer(witness: Witness, scope: Scope, receive: Receive, send: Send) -> None:
    path, method = str(scope["path"]), str(scope["method"])
    if path == ADD_PATH:
        _check_method(method, {"POST"})
        body = await read_body(receive, MAX_ADD_CHECKPOINT_BYTES, BODY_SECONDS)
        await respond(send, 200, await asyncio.to_thread(witness.add_checkpoint, body))
        return
    _check_method(method, {"GET", "HEAD"})
    is_head = method == "HEAD"
    if found := _MONITORING.fullmatch(path):
        note = await asyncio.to_thread(witness.read_checkpoint, found[1])
        await respond(send, 200, note, headers=_NO_CACHE, is_head=is_head)
    elif path == "/healthz":
        await respond(send, 200, b"ok\n", headers=_NO_CACHE, is_head=is_head)
    elif path == "/metrics":
        await respond(send, 200, _format_metrics(witness), headers=_NO_CACHE, is_head=is_head)
    else:
        raise NotFoundError(f"a witness has {ADD_PATH} and /<SHA-256 of an origin>/checkpoint")


def _check_method(method: str, allowed: Collection[str]) -> None:
    if method not in allowed:
        raise MethodError(f"the path knows {' and '.join(sorted(allowed))}, not {method[:16]}")


async def _refuse(send: Send, error: LedgerError, allowed: str) -> None:
    status = next((number for cls, number in _STATUS if isinstance(error, cls)), status_of(error))
    if isinstance(error, ConflictError):
        body = format_size_answer(error.size_now)
        await respond(send, status, body, content_type=SIZE_CONTENT_TYPE)
        return
    headers = {503: {"Retry-After": str(RETRY_AFTER_S)}, 405: {"Allow": allowed}}.get(status, {})
    body = encode_problem({**problem_of(error), "status": status})
    await respond(send, status, body, content_type=PROBLEM_TYPE, headers=headers)


def _format_metrics(witness: Witness) -> bytes:
    lines = [
        "# HELP muniment_witness_outcomes_total Requests by what came of them, evidence by kind.",
        "# TYPE muniment_witness_outcomes_total counter",
        *(
            f'muniment_witness_outcomes_total{{outcome="{name}"}} {count}'
            for name, count in sorted(witness.counts.items())
        ),
        "# TYPE muniment_witness_logs gauge",
        f"muniment_witness_logs {len({log.key.name for log in witness.logs.all()})}",
        "",
    ]
    return "\n".join(lines).encode()

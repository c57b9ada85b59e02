"""A mirror over HTTP: the files of the log, the documents, and how old all of it is.

| request | answer |
|---|---|
| `GET /checkpoint`, `/tile/...` | as the log itself; the checkpoint with `Muniment-Confirmed` |
| `GET /v1/documents/<SHA-256>`, `/documents/<SHA-256>` | a document that the log names |
| `GET /healthz` | how large and how old the copy is, and what is wrong with following |
| `GET /readyz` | 200 once there is a checkpoint to serve |
| `GET /metrics` | for Prometheus |

It goes on serving when the log is gone, and says since when.
"""

import asyncio
import re
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Final, Protocol

import msgspec

from ledger.clock import Clock
from ledger.core.types import Json, JsonObject
from ledger.errors import LedgerError, NotFoundError, UnavailableError
from ledger.files import read_file
from node.asgi import App, Message, Receive, Scope, Send, respond
from node.following.mirror import DOCUMENTS, FORK_FILE, read_own, read_state
from node.following.source import MAX_DOCUMENT_BYTES
from node.problems import MethodError, problem_of, respond_problem
from node.tiles.app import TileApp
from node.tiles.source import CHECKPOINT, FolderTiles

CONFIRMED_HEADER: Final = b"muniment-confirmed"
"""On the checkpoint: when this was last seen to be what the log shows (RFC 9110 date)."""
_DOCUMENT: Final = re.compile(r"/(?:v1/)?documents/([0-9a-f]{64})")
_FOR_EVER: Final = {
    "access-control-allow-origin": "*",
    "cache-control": "public, max-age=31536000, immutable",
}
_NO_CACHE: Final = {"cache-control": "no-store"}


class Trouble(Protocol):
    """What following a log says of itself."""

    @property
    def trouble(self) -> LedgerError | None:
        """What the last round failed with; None: it is well, or nobody follows."""
        ...


@dataclass(frozen=True, slots=True)
class MirrorFolder:
    """A mirror's folder as it is served.

    Args:
        path: Of the folder.
        clock: For the age of the copy.
        following: None: the folder is only served.
    """

    path: Path
    clock: Clock
    following: Trouble | None = None

    def describe(self) -> JsonObject:
        """How large and how old the copy is, and what is wrong.

        Raises:
            CorruptionError: The folder's checkpoint is none.
            StoreFailedError: It cannot be read.
        """
        own, state = read_own(self.path), read_state(self.path)
        trouble = None if self.following is None else self.following.trouble
        confirmed = state.confirmed or None
        age = None if confirmed is None else max(0, self.clock.now() - confirmed) // 1000
        return {
            "origin": None if own is None else own.body.origin,
            "size": 0 if own is None else own.body.size,
            "confirmed": confirmed,
            "age_s": age,
            "documents_missing": len(state.missing),
            "forked": (self.path / FORK_FILE).exists(),
            "trouble": None if trouble is None else f"{trouble.code}: {_tell(trouble)}",
        }


def create_mirror_app(folder: MirrorFolder) -> App:
    """The ASGI application of a mirror."""

    async def rest(scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            await _answer(folder, scope, send)
        except LedgerError as exc:
            await respond_problem(send, exc)

    tiles = TileApp(FolderTiles(folder.path), rest)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_checkpoint = scope["type"] == "http" and scope["path"] == f"/{CHECKPOINT}"
        await tiles(scope, receive, _dated(folder.path, send) if is_checkpoint else send)

    return app


def _dated(path: Path, send: Send) -> Send:
    """Sends the same, with the time at which the copy was last confirmed."""

    async def dated(message: Message) -> None:
        confirmed = read_state(path).confirmed
        if message["type"] == "http.response.start" and confirmed:
            value = formatdate(confirmed / 1000, usegmt=True).encode("ascii")
            headers = [*message["headers"], (CONFIRMED_HEADER, value)]
            message = {**message, "headers": headers}
        await send(message)

    return dated


async def _answer(folder: MirrorFolder, scope: Scope, send: Send) -> None:
    path, method = str(scope["path"]), str(scope["method"])
    if method not in {"GET", "HEAD"}:
        raise MethodError(f"a mirror knows GET and HEAD, not {method[:16]}")
    is_head = method == "HEAD"
    if found := _DOCUMENT.fullmatch(path):
        data = await asyncio.to_thread(_read_document, folder.path, found[1])
        kind = "application/octet-stream"
        await respond(send, 200, data, content_type=kind, headers=_FOR_EVER, is_head=is_head)
    elif path == "/healthz":
        body = msgspec.json.encode(folder.describe())
        kind = "application/json"
        await respond(send, 200, body, content_type=kind, headers=_NO_CACHE, is_head=is_head)
    elif path == "/readyz":
        if read_own(folder.path) is None:
            raise UnavailableError("nothing is mirrored here yet: ask again")
        await respond(send, 200, b"ready\n", headers=_NO_CACHE, is_head=is_head)
    elif path == "/metrics":
        body = _format_metrics(folder.describe())
        await respond(send, 200, body, headers=_NO_CACHE, is_head=is_head)
    else:
        raise NotFoundError("a mirror has the files of its log, and documents by their digest")


def _tell(trouble: LedgerError) -> str:
    """What the public may know of it: nothing of this machine's folders."""
    return str(problem_of(trouble)["detail"])


def _read_document(folder: Path, digest: str) -> bytes:
    try:
        return read_file(folder / DOCUMENTS / digest, max_bytes=MAX_DOCUMENT_BYTES)
    except NotFoundError:
        raise NotFoundError(f"this mirror has no document {digest}") from None


def _format_metrics(described: JsonObject) -> bytes:
    age = described["age_s"]
    values: dict[str, Json] = {
        "size": described["size"],
        "documents_missing": described["documents_missing"],
        "forked": int(bool(described["forked"])),
        "troubled": int(described["trouble"] is not None),
        **({} if age is None else {"age_seconds": age}),
    }
    lines = [f"muniment_mirror_{name} {value}" for name, value in values.items()]
    kinds = [f"# TYPE muniment_mirror_{name} gauge" for name in values]
    pairs = (line for pair in zip(kinds, lines, strict=True) for line in pair)
    return ("\n".join(pairs) + "\n").encode()

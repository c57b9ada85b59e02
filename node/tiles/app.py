"""The log over HTTP, in plain ASGI: what is asked for most costs the node least.

Tiles and bundles never change, so whatever was answered once is kept as it was sent, within a bound
of bytes, and found again by the path alone. The checkpoint is answered with an ETag and without a
time: two may be published within the second that Last-Modified counts.

Spec: c2sp.org/tlog-tiles; RFC 9110 sections 8.8.3, 12.5.3, 13.1.2 and 15.4.5; RFC 8246.
"""

import asyncio
import gzip
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeAlias

from ledger.errors import LedgerError, NotFoundError
from node.asgi import App, Receive, Scope, Send, respond
from node.problems import respond_problem
from node.tiles.source import CHECKPOINT, ENTRIES, TileSource

CACHE_BYTES: Final = 64 * 1024 * 1024
"""Of answers that are kept; 1,000,000 entries have 32 MiB of hashes."""

_CHECKPOINT_PATH: Final = f"/{CHECKPOINT}".encode()
_TILES: Final = b"/tile/"
_BUNDLES: Final = f"/{ENTRIES}".encode()
_GZIP_LEVEL: Final = 6
_PACKED: Final = b" gzip"
"""After the path of a bundle: its compressed form. No path holds a blank."""
_ANSWER_BYTES: Final = 1024
"""What an answer takes in memory beside its body, at most."""

_Headers: TypeAlias = list[tuple[bytes, bytes]]
_ANYONE: Final = (b"access-control-allow-origin", b"*")
_FOR_EVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")
_ASK_AGAIN: Final = (b"cache-control", b"no-cache")
_NOT_KEPT: Final = {"access-control-allow-origin": "*", "cache-control": "no-store"}
"""With what is not there yet: caches may keep a 404 otherwise (RFC 9110 section 15.1)."""
_BY_CODING: Final = (b"vary", b"accept-encoding")
_TEXT: Final = (b"content-type", b"text/plain; charset=utf-8")
_BYTES: Final = (b"content-type", b"application/octet-stream")


@dataclass(frozen=True, slots=True)
class _Answer:
    """A file as it is sent, with status 200 or 304."""

    body: bytes
    etag: bytes
    whole: tuple[tuple[bytes, bytes], ...]
    unchanged: tuple[tuple[bytes, bytes], ...]


class TileApp:
    """Answers for the files of a log; everything else goes to the next application.

    Tiles are read where the request is handled, which takes microseconds; a bundle that is not
    kept is read and compressed in a thread, one at a time.

    Args:
        source: Where they come from.
        next_app: Gets all other paths; None: there is nothing else here.
        cache_bytes: Most bytes of answers to keep.
    """

    def __init__(
        self, source: TileSource, next_app: App | None = None, *, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self._source = source
        self._next_app = next_app
        self._kept: OrderedDict[bytes, _Answer] = OrderedDict()
        self._room = cache_bytes
        self._checkpoint: _Answer | None = None
        self._bundles = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the start and end of the server (ASGI 3.0)."""
        if scope["type"] == "http":
            path: bytes = scope.get("raw_path") or scope["path"].encode()
            if path.startswith(_TILES) or path == _CHECKPOINT_PATH:
                await self._answer(path, scope, send)
                return
        await (_nothing_else if self._next_app is None else self._next_app)(scope, receive, send)

    async def _answer(self, path: bytes, scope: Scope, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            await respond(send, 405, headers=_NOT_KEPT | {"allow": "GET, HEAD"})
            return
        etags, codings = _read_headers(scope["headers"])
        is_packed = path.startswith(_BUNDLES) and accepts_gzip(codings)
        try:
            answer = await self._find(path, is_packed=is_packed)
        except NotFoundError:
            await respond(send, 404, headers=_NOT_KEPT)
        except LedgerError as exc:
            await respond_problem(send, exc)
        else:
            await _send(send, answer, scope["method"], etags)

    async def _find(self, path: bytes, *, is_packed: bool) -> _Answer:
        if path == _CHECKPOINT_PATH:
            return self._read_checkpoint()
        key = path + _PACKED if is_packed else path
        kept = self._recall(key)
        if kept is not None:
            return kept
        if not path.startswith(_BUNDLES):
            return self._keep(key, _encode_tile(self._read(path)))
        async with self._bundles:
            kept = self._recall(key)  # who waited may find it made
            if kept is None:
                made = await asyncio.to_thread(self._make_bundle, path, is_packed=is_packed)
                kept = self._keep(key, made)
        return kept

    def _read_checkpoint(self) -> _Answer:
        note, last = self._read(_CHECKPOINT_PATH), self._checkpoint
        if last is None or last.body != note:
            last = _encode(note, _tag(note), (_TEXT,), (_ASK_AGAIN,))
            self._checkpoint = last
        return last

    def _make_bundle(self, path: bytes, *, is_packed: bool) -> _Answer:
        return _encode_bundle(self._read(path), is_packed=is_packed)

    def _read(self, path: bytes) -> bytes:
        """What the source gives for a path.

        Raises:
            NotFoundError: Nothing.
        """
        data = self._source.read(path[1:].decode("latin-1"))
        if data is None:
            raise NotFoundError("there is no such file of the log")
        return data

    def _recall(self, key: bytes) -> _Answer | None:
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def _keep(self, key: bytes, answer: _Answer) -> _Answer:
        """Keep an answer that is not kept, and give up those that were asked for least lately."""
        if key not in self._kept:
            self._kept[key] = answer
            self._room -= len(answer.body) + _ANSWER_BYTES
        while self._room < 0:
            _, oldest = self._kept.popitem(last=False)
            self._room += len(oldest.body) + _ANSWER_BYTES
        return answer


def accepts_gzip(codings: bytes) -> bool:
    """Whether a client takes gzip.

    Args:
        codings: Value of Accept-Encoding, from outside; empty: none was sent.

    Spec: RFC 9110 section 12.5.3.
    """
    weights = dict(_read_coding(part) for part in codings.lower().split(b","))
    named = [weights[name] for name in (b"gzip", b"x-gzip") if name in weights]
    return any(named) if named else weights.get(b"*", False)


def _read_coding(text: bytes) -> tuple[bytes, bool]:
    """A coding, and whether its weight is more than nothing."""
    name, _, weight = text.replace(b" ", b"").partition(b";q=")
    return name, weight.strip(b"0.") != b"" or weight == b""


def _read_headers(headers: _Headers) -> tuple[bytes, bytes]:
    """The values of If-None-Match and Accept-Encoding."""
    etags = codings = b""
    for name, value in headers:
        if name == b"if-none-match":
            etags += b"," + value
        elif name == b"accept-encoding":
            codings += b"," + value
    return etags, codings


def _is_known(etags: bytes, etag: bytes) -> bool:
    """Whether the client has this very answer: weak comparison (RFC 9110 section 8.8.3.2)."""
    known = (one.strip() for one in etags.split(b","))
    return any(one in {b"*", etag, b"W/" + etag} for one in known)


def _encode_tile(data: bytes) -> _Answer:
    return _encode(data, _tag(data), (_BYTES,), (_FOR_EVER,))


def _encode_bundle(data: bytes, *, is_packed: bool) -> _Answer:
    always = (_FOR_EVER, _BY_CODING)
    if not is_packed:
        return _encode(data, _tag(data), (_BYTES,), always)
    packed = gzip.compress(data, _GZIP_LEVEL, mtime=0)
    return _encode(packed, _tag(data, "-gzip"), (_BYTES, (b"content-encoding", b"gzip")), always)


def _encode(
    body: bytes,
    etag: bytes,
    about: tuple[tuple[bytes, bytes], ...],
    always: tuple[tuple[bytes, bytes], ...],
) -> _Answer:
    """An answer.

    Args:
        body: As it is sent.
        etag: Of this form of it.
        about: Headers that describe the body.
        always: Headers that a 304 has too (RFC 9110 section 15.4.5).
    """
    unchanged = ((b"etag", etag), *always, _ANYONE)
    whole = ((b"content-length", b"%d" % len(body)), *about, *unchanged)
    return _Answer(body, etag, whole, unchanged)


def _tag(data: bytes, suffix: str = "") -> bytes:
    return f'"{sha256(data).hexdigest()[:32]}{suffix}"'.encode()


async def _send(send: Send, answer: _Answer, method: str, etags: bytes) -> None:
    is_known = etags != b"" and _is_known(etags, answer.etag)
    status, headers = (304, answer.unchanged) if is_known else (200, answer.whole)
    body = b"" if is_known or method == "HEAD" else answer.body
    await send({"type": "http.response.start", "status": status, "headers": [*headers]})
    await send({"type": "http.response.body", "body": body})


async def _nothing_else(scope: Scope, receive: Receive, send: Send) -> None:
    """What a server asks of an application that has nothing but the log."""
    if scope["type"] == "http":
        await respond(send, 404, headers=_NOT_KEPT)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        for _ in range(2):
            message = await receive()
            await send({"type": f"{message['type']}.complete"})

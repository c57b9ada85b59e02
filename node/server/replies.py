"""Answers to reads: bytes, what caches are told of them, and whether the client has them already.

Spec: RFC 9110 sections 8.8 and 13, RFC 9111.
"""

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec
from fastapi import Request, Response

from ledger.core.types import Json

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"

IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""What the path and the query alone decide for ever."""
FRESH: Final = "no-cache"
"""May be kept, and is asked for anew each time; an unchanged one costs no bytes."""
NEVER: Final = "no-store"

MIN_PACKED_BYTES: Final = 8 * 1024
_PACKED: Final = "-gzip"
_LEVEL: Final = 5
_GZIP: Final = re.compile(r"(?:gzip|\*)(?:\s*;\s*q=(?P<q>[0-9.]+))?", re.IGNORECASE)
_TAG: Final = re.compile(r'(?:W/)?"(?P<tag>[^"]*)"')


@dataclass(frozen=True, slots=True)
class Page:
    """What a read has to say.

    Args:
        content: Of the body.
        caching: The header Cache-Control.
        media_type: Of the content.
    """

    content: bytes
    caching: str = FRESH
    media_type: str = JSON


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client says of the bytes that it wants.

    Args:
        takes_gzip: They may be packed.
        known: Tags of those that it has, without what is added to packed ones; `*` for any.
    """

    takes_gzip: bool
    known: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reply:
    """A page as it goes out.

    Args:
        body: Empty if the client has it already.
        status: 200, or 304 if it has.
        headers: All but the length.
        media_type: Of the content, before packing.
    """

    body: bytes
    status: int
    headers: dict[str, str]
    media_type: str

    def to_response(self) -> Response:
        """The same for the framework."""
        media_type = None if self.status == 304 else self.media_type
        return Response(self.body, self.status, self.headers, media_type)


def json_page(document: Json, caching: str = FRESH) -> Page:
    """A JSON document as a page."""
    return Page(msgspec.json.encode(document), caching)


def read_wish(request: Request) -> Wish:
    """What the headers of a request ask for."""
    accepted = ",".join(request.headers.getlist("accept-encoding")).split(",")
    known = ",".join(request.headers.getlist("if-none-match"))
    tags = frozenset(match["tag"].removesuffix(_PACKED) for match in _TAG.finditer(known))
    return Wish(_takes_gzip(accepted), tags | ({"*"} if known.strip() == "*" else set()))


def pack_page(page: Page, wish: Wish) -> Reply:
    """A page as this client wants it.

    Cost: one SHA-256 of the content, and its compression if it is large.
    """
    tag = sha256(page.content).hexdigest()[:32]
    is_packed = wish.takes_gzip and len(page.content) >= MIN_PACKED_BYTES
    headers = {
        "cache-control": page.caching,
        "etag": f'"{tag}{_PACKED if is_packed else ""}"',
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
    }
    if page.caching != NEVER and not wish.known.isdisjoint({tag, "*"}):
        return Reply(b"", 304, headers, page.media_type)
    if is_packed:
        headers["content-encoding"] = "gzip"
        packed = gzip.compress(page.content, _LEVEL, mtime=0)
        return Reply(packed, 200, headers, page.media_type)
    return Reply(page.content, 200, headers, page.media_type)


def _takes_gzip(accepted: Iterable[str]) -> bool:
    found = (_GZIP.fullmatch(each.strip()) for each in accepted)
    return any(match is not None and (match["q"] or "1").strip("0.") != "" for match in found)

"""Parameters of reads, each read strictly: no signs, blanks or second spellings of a number.

What is unknown or given twice is refused, so that a misspelt parameter is not silently left out.
"""

import re
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Header, Path, Query, Request
from pydantic import BeforeValidator

from ledger.core.subjects import parse_subject
from ledger.core.text import parse_decimal, parse_digest
from ledger.errors import LimitError, MalformedError

MAX_ITEMS: Final = 1000
DEFAULT_ITEMS: Final = 100
MAX_COUNT: Final = 2**63 - 1
MAX_TEXT: Final = 200
_TYPE: Final = re.compile(r"[a-z]{1,20}")
_WORD: Final = "[a-z][a-z-]{0,39}"
_NUMBER: Final = "[A-Z0-9]{1,40}"


def refuse_strangers(request: Request) -> None:
    """Refuse a query with parameters that the route does not know, or with one of them twice.

    Raises:
        MalformedError: It has such.
    """
    if "\n" in request.scope["path"]:  # which the framework would cut off at the end
        raise MalformedError("a path here has no line breaks")
    route = request.scope["route"].dependant  # codespell:ignore dependant
    known = {field.alias for field in route.query_params}
    names = [name for name, _ in request.query_params.multi_items()]
    for name in names:
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise MalformedError(f"there is no parameter {name[:40]!r} here; there is {listed}")
        if names.count(name) > 1:
            raise MalformedError(f"the parameter {name} is given more than once")


def _strict(name: str, read: Callable[[str], object]) -> BeforeValidator:
    """Reads a parameter and names it where it is wrong."""

    def validate(value: object) -> object:
        if value is None:
            return None
        try:
            return read(str(value))
        except MalformedError as exc:
            raise MalformedError(f"{name}: {exc}") from exc

    return BeforeValidator(validate)


def _read_limit(text: str) -> int:
    """Number of items of a page.

    Raises:
        LimitError: Too many.
        MalformedError: Not a number, or none.
    """
    limit = parse_decimal(text)
    if limit > MAX_ITEMS:
        raise LimitError(f"a page has at most {MAX_ITEMS} items: go on from its next")
    if limit < 1:
        raise MalformedError("a page has at least 1 item")
    return limit


def _read_text(text: str) -> str:
    """What a person looks for.

    Raises:
        LimitError: Too long.
    """
    if len(text) > MAX_TEXT:
        raise LimitError(f"what is looked for has at most {MAX_TEXT} characters")
    return text


def _read_type(text: str) -> str:
    """Type of subjects.

    Raises:
        MalformedError: No type is called so.
    """
    if not _TYPE.fullmatch(text):
        raise MalformedError(f"not a type of subjects: {text[:40]!r}")
    return text


def _read_status(text: str) -> str:
    """Status of subjects.

    Raises:
        MalformedError: No status is called so.
    """
    if not re.fullmatch(_WORD, text):
        raise MalformedError(f"not a status: {text[:40]!r}")
    return text


def _read_asset(text: str) -> str:
    """Key of an asset or of a voucher.

    Raises:
        MalformedError: Neither.
    """
    key = parse_subject(text if "/" in text else f"voucher/{text}")
    if not key.startswith(("asset/", "voucher/")):
        raise MalformedError("neither the key of an asset nor the number of a voucher")
    return key


def _read_number(text: str) -> str:
    return parse_subject(f"voucher/{text}").removeprefix("voucher/")


def _read_id(text: str) -> str:
    return parse_digest(text).hex()


_COUNT: Final = {"ge": 0, "le": MAX_COUNT}

Index = Annotated[
    int, _strict("index", parse_decimal), Path(description="Index of the leaf, from 0.", **_COUNT)
]
IndexQuery = Annotated[
    int, _strict("index", parse_decimal), Query(description="Index of the leaf, from 0.", **_COUNT)
]
SizePath = Annotated[
    int,
    _strict("size", parse_decimal),
    Path(description="Leaves of the log after the block.", **_COUNT),
]
Size = Annotated[
    int | None,
    _strict("size", parse_decimal),
    Query(
        description="Size of the checkpoint to prove it under; without it, the published one: the "
        "newest that meets the node's own policy.",
        **_COUNT,
    ),
]
Old = Annotated[
    int, _strict("old", parse_decimal), Query(description="The earlier size.", **_COUNT)
]
New = Annotated[
    int | None,
    _strict("new", parse_decimal),
    Query(description="The later size; without it, the published one.", **_COUNT),
]
Start = Annotated[
    int,
    _strict("from", parse_decimal),
    Query(alias="from", description="So many of the first events are left out.", **_COUNT),
]
At = Annotated[
    int | None,
    _strict("at", parse_decimal),
    Query(description="As of this time, in Unix milliseconds; without it, now.", **_COUNT),
]
Due = Annotated[
    int | None,
    _strict("due", parse_decimal),
    Query(
        description="Only what has to be done by this time, in Unix milliseconds; the present "
        "time gives what is overdue.",
        **_COUNT,
    ),
]
Limit = Annotated[
    int,
    _strict("limit", _read_limit),
    Query(description="Items of a page at most.", ge=1, le=MAX_ITEMS),
]
After = Annotated[
    str,
    _strict("after", _read_text),
    Query(description="The `next` of the page before.", max_length=MAX_TEXT),
]
Prefix = Annotated[
    str,
    _strict("prefix", _read_text),
    Query(description="What the keys begin with, such as `asset/`.", max_length=MAX_TEXT),
]
Text = Annotated[
    str,
    _strict("q", _read_text),
    Query(
        description="Words of a title, a name or a number; Chinese is found by any part of it. "
        "Every word has to occur.",
        max_length=MAX_TEXT,
    ),
]
Type = Annotated[
    str | None,
    _strict("type", _read_type),
    Query(description="Only subjects of this type, such as `asset`.", pattern="^[a-z]{1,20}$"),
]
RequiredType = Annotated[
    str,
    _strict("type", _read_type),
    Query(description="Type of the subjects, such as `asset`.", pattern="^[a-z]{1,20}$"),
]
Role = Annotated[
    str | None,
    _strict("role", _read_type),
    Query(
        description="Only what is for `registrar`, `applicant` or `regulator`.",
        pattern="^(registrar|applicant|regulator)$",
    ),
]
Status = Annotated[
    str | None,
    _strict("status", _read_status),
    Query(description="Only what is about subjects of this status.", pattern=f"^{_WORD}$"),
]
Place = Annotated[
    int,
    _strict("after", parse_decimal),
    Query(description="The `next` of the page before.", ge=0, le=MAX_ITEMS),
]
LastId = Annotated[
    int | None,
    _strict("Last-Event-ID", parse_decimal),
    Header(alias="last-event-id", description="Id of the last event that was received.", **_COUNT),
]
LastSize = Annotated[
    int | None,
    _strict("after", parse_decimal),
    Query(description="The same, for who cannot set headers.", **_COUNT),
]
AssetPath = Annotated[
    str,
    _strict("asset", _read_asset),
    Path(description="Key of the asset, `asset/<26>`, or the number of a voucher of it."),
]
Subject = Annotated[
    str,
    _strict("subject", parse_subject),
    Path(
        description="A subject key, such as `asset/<26>` or `voucher/<number>`.",
        examples=["ledger/self"],
    ),
]
Number = Annotated[
    str,
    _strict("no", _read_number),
    Path(description="Number of the voucher.", pattern=f"^{_NUMBER}$", examples=["TEST2026110001"]),
]
EventId = Annotated[
    str,
    _strict("id", _read_id),
    Path(description="The event id: SHA-256 of the canonical event.", pattern="^[0-9a-f]{64}$"),
]
DigestPath = Annotated[
    str,
    _strict("digest", _read_id),
    Path(description="SHA-256 of the document's bytes.", pattern="^[0-9a-f]{64}$"),
]

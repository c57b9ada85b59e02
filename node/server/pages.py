"""How the routes that read describe themselves: OpenAPI 3.1, with examples that were once answers.

The examples are answers of a small ledger, kept in `examples.json`; a test holds them against what
the routes answer, and verifies them.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from fastapi import Response

from ledger.core.types import Json, JsonObject
from node.problems import PROBLEM_TYPE
from node.server import replies

EVENT_STREAM: Final = "text/event-stream"
PROBLEM: Final[JsonObject] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable; programs look at it."},
        "reason": {"type": "string", "description": "Of a rule's refusal: which."},
        "rule": {"type": "string", "description": "The article or the rule behind it."},
        "zh": {"type": "string", "description": "The refusal in Chinese."},
        "retry_after": {"type": "integer", "description": "Seconds until it may be otherwise."},
    },
}
_SAYS: Final[Mapping[int, str]] = {
    400: "A parameter or the body does not parse",
    404: "There is no such thing, or the checkpoint does not cover it",
    408: "The body did not come in time",
    410: "The states of that checkpoint are kept no longer",
    413: "Too large, or more than one answer holds",
    422: "The profile has no such word",
    429: "Asked too often; see Retry-After",
    503: "Try again later; see Retry-After",
}
_DIGEST: Final[JsonObject] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_TEXT: Final[JsonObject] = {"type": "string"}
_COUNT: Final[JsonObject] = {"type": "integer", "minimum": 0}
_MAYBE_COUNT: Final[JsonObject] = {"anyOf": [_COUNT, {"type": "null"}]}
_MAYBE_TEXT: Final[JsonObject] = {"anyOf": [_TEXT, {"type": "null"}]}


def _object(**properties: Json) -> dict[str, Json]:
    """A JSON object with exactly these members."""
    names: dict[str, Json] = {name.rstrip("_"): each for name, each in properties.items()}
    return {
        "type": "object",
        "required": list(names),
        "properties": names,
        "additionalProperties": False,
    }


def _list(items: Json) -> dict[str, Json]:
    return {"type": "array", "items": items}


def _page_of(items: Json, **more: Json) -> dict[str, Json]:
    return _object(items=_list(items), next=_MAYBE_TEXT, **more)


RECEIPT: Final = _object(format={"enum": ["muniment/receipt/v1"]}, entry=_TEXT, proof=_TEXT)
STATE: Final = _object(
    format={"enum": ["muniment/state/v1"]},
    subject=_TEXT,
    value={
        "anyOf": [
            {"type": "null"},
            _object(
                history=_DIGEST, last=_COUNT, n=_COUNT, state={"type": "object"}, time=_COUNT,
                type=_TEXT,
            ),
        ]
    },
    map_proof=_TEXT,
    seal=RECEIPT,
)  # fmt: skip
_EVENTS: Final = _list(_object(index=_COUNT, entry=_TEXT, path=_list(_TEXT)))
_WHOLE: Final = _object(format={"enum": ["muniment/dossier/v1"]}, state=STATE, events=_EVENTS)
_REST: Final = _object(
    format={"enum": ["muniment/dossier/v1"]},
    state=STATE,
    events=_EVENTS,
    from_=_object(n=_COUNT, history=_DIGEST, proof=_list(_TEXT)),
)
_PART: Final = _object(
    subject=_TEXT, size=_COUNT, n=_COUNT, from_=_COUNT, events=_EVENTS, next=_COUNT
)
DOSSIER: Final[JsonObject] = {"anyOf": [_WHOLE, _REST, _PART]}
VOUCHER: Final = _object(
    format={"enum": ["muniment/voucher/v1"]},
    credential={"type": "object"},
    issued=RECEIPT,
    state=STATE,
    asset=STATE,
)
CHECK: Final = _object(
    format={"enum": ["muniment/check/v1"]},
    inquiry={"type": "object"},
    answer={"type": "object"},
    states=_list(STATE),
    dossiers=_list(_WHOLE),
)
BUCKET: Final = _object(
    format={"enum": ["muniment/bucket/v1"]},
    prefix={"type": "string", "pattern": "^[0-9a-f]{0,64}$"},
    leaves=_TEXT,
    siblings=_TEXT,
    seal=RECEIPT,
)
CONSISTENCY: Final = _object(old=_COUNT, new=_COUNT, path=_list(_TEXT))
_SEAL: Final = _object(
    count=_COUNT, first=_COUNT, height=_COUNT, prev=_DIGEST, rules=_TEXT,
    state=_object(root=_DIGEST, size=_COUNT), time=_COUNT,
)  # fmt: skip
BLOCK: Final = _object(size=_COUNT, seal=_SEAL)
LISTING: Final = _object(subject=_TEXT, label=_TEXT, status=_TEXT, terms=_list(_TEXT))
LISTINGS: Final = _page_of(LISTING)
SUBJECTS: Final = _page_of(_TEXT)
DUTIES: Final = _page_of(
    _object(
        subject=_TEXT, label=_TEXT, status=_TEXT, role=_TEXT, party=_TEXT, parties=_list(_TEXT),
        what=_TEXT, article=_TEXT, since=_MAYBE_COUNT, deadline=_MAYBE_COUNT,
        is_unknown={"type": "boolean"}, days_left=_MAYBE_COUNT, days_over=_MAYBE_COUNT,
        is_overdue={"type": "boolean"},
    ),
    total=_COUNT, overdue=_COUNT, as_of=_COUNT,
)  # fmt: skip
TITLE: Final = _object(
    subject=_TEXT, kind=_TEXT, title=_TEXT, status=_TEXT, index=_MAYBE_COUNT, time=_MAYBE_COUNT,
    parties=_list(_object(role=_TEXT, subject=_TEXT, name=_TEXT)),
    details=_list(_object(name=_TEXT, value=_TEXT)),
    children=_list({"type": "object"}),
)  # fmt: skip
CHECK_REQUEST: Final[JsonObject] = {
    "type": "object",
    "required": ["action", "by", "asset"],
    "additionalProperties": False,
    "properties": {
        "action": {"type": "string", "minLength": 1, "maxLength": 64},
        "by": {
            "type": "string",
            "pattern": "^party/[a-z2-7]{26}$",
            "description": "Key of the party that acts.",
        },
        "asset": {
            "type": "string",
            "pattern": "^asset/[a-z2-7]{26}$",
            "description": "Key of the asset.",
        },
        "at": {"type": "integer", "minimum": 0, "description": "Unix milliseconds; else now."},
        "facts": {
            "type": "object",
            "description": "What is known of the act, by ODRL left operand, such as `purpose`.",
            "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 200},
        },
    },
}


@cache
def read_examples() -> dict[str, Any]:
    """The kept examples, by the names of routes."""
    text = files("node.server").joinpath("examples.json").read_text(encoding="utf-8")
    examples: dict[str, Any] = json.loads(text)
    return examples


def show_examples(document: dict[str, Any]) -> None:
    """Put the kept examples into a description: the framework itself drops every null in them.

    Args:
        document: OpenAPI; examples that are there already are replaced.
    """
    examples = read_examples()
    for path in document["paths"].values():
        for operation in path.values():
            name = operation["operationId"]
            if name in examples:
                for content in operation["responses"]["200"]["content"].values():
                    content["example"] = examples[name]
            if f"{name}_request" in examples:
                for content in operation["requestBody"]["content"].values():
                    content["example"] = examples[f"{name}_request"]


def describe(
    name: str,
    summary: str,
    about: str,
    *,
    schema: JsonObject,
    media_type: str = replies.JSON,
    problems: tuple[int, ...] = (),
) -> dict[str, Any]:
    """What a route says of itself, as arguments of the framework.

    Args:
        name: Of the operation and of its example.
        summary: In a few words.
        about: In sentences.
        schema: Of what it answers.
        media_type: Of the same.
        problems: Statuses besides 400, 429 and 503, which any of them may answer.
    """
    return {
        "operation_id": name,
        "name": name,
        "summary": summary,
        "description": about,
        "response_class": Response,
        "response_description": summary,
        "responses": {200: _success(media_type, schema), **describe_problems(problems)},
    }


def describe_problems(statuses: tuple[int, ...] = ()) -> dict[int | str, dict[str, Any]]:
    """What a route says of its errors.

    Args:
        statuses: Besides 400, 429 and 503.
    """
    content = {PROBLEM_TYPE: {"schema": PROBLEM}}
    return {
        status: {"description": _SAYS[status], "content": content}
        for status in sorted({400, 429, 503, *statuses})
    } | {"default": {"description": "Any other problem", "content": content}}


def _success(media_type: str, schema: JsonObject) -> dict[str, Any]:
    headers = {
        "ETag": {"description": "Of these bytes.", "schema": _TEXT},
        "Cache-Control": {
            "description": "`immutable` where path and query decide for ever, else `no-cache`.",
            "schema": _TEXT,
        },
    }
    return {"content": {media_type: {"schema": schema}}, "headers": headers}


PLAIN: Final[JsonObject] = {"type": "string"}
BINARY: Final[JsonObject] = {"type": "string", "format": "binary"}

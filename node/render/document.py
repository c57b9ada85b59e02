"""A chain of title as JSON, for programs: the members of a step and nothing else."""

import json

from ledger.core.types import Json
from node.render.chain import ChainStep, walk_chain


def chain_document(root: ChainStep) -> dict[str, Json]:
    """The chain as nested objects with the members of `ChainStep`.

    A party is `{"role","subject","name"}`, a detail `{"name","value"}`. Nothing is translated,
    folded or made harmless: JSON escapes what has to be escaped.

    Raises:
        LimitError: More than MAX_LEVELS levels.
    """
    documents: list[dict[str, Json]] = []
    below: list[list[Json]] = []
    for place in walk_chain(root):
        children: list[Json] = []
        document = _describe(place.step, children)
        if place.parent is not None:
            below[place.parent].append(document)
        documents.append(document)
        below.append(children)
    return documents[0]


def render_json(root: ChainStep) -> str:
    """The same as text, ended by a newline.

    Raises:
        LimitError: More than MAX_LEVELS levels.
    """
    return json.dumps(chain_document(root), ensure_ascii=False, indent=2) + "\n"


def _describe(step: ChainStep, children: list[Json]) -> dict[str, Json]:
    return {
        "subject": step.subject,
        "kind": step.kind,
        "title": step.title,
        "status": step.status,
        "index": step.index,
        "time": step.time,
        "parties": [
            {"role": role, "subject": key, "name": name} for role, key, name in step.parties
        ],
        "details": [{"name": name, "value": value} for name, value in step.details],
        "children": children,
    }

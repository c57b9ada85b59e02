"""A draft in words: what somebody is about to sign."""

import json
from collections.abc import Iterator

from cli.lang import is_chinese, say
from cli.times import format_local
from cli.twosided import party_name
from cli.words import show_role, show_word
from contracts.odrl import describe_terms, parse_policy
from ledger.core.draft import DraftOpening, find_hidden
from ledger.core.event import SignedEvent
from ledger.core.subjects import is_commitment
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis
from node.registryapi import RegistryApi

_COMMITTED = "application"
_OWN_WORDS = {
    "basis",
    "class",
    "ground",
    "level",
    "openness",
    "outcome",
    "type",
    "right",
    "rights",
    "kind",
    "action",
    "party_kind",
    "role",
}
_MOVE = {"from", "to", "right"}
_TIMES = {"evidence_time", "term", "until", "valid_from", "valid_until"}


def describe_draft(
    signed: SignedEvent, openings: tuple[DraftOpening, ...], registry: RegistryApi | None
) -> list[tuple[str, str]]:
    """Names and values of everything that an event says.

    Args:
        signed: Of a kind that this program knows.
        openings: Those that came with it, held against it already.
        registry: Knows the parties' names; None where there is no ledger.

    Raises:
        RejectedError: It carries terms that this program does not know.
    """
    event = signed.event
    rows = [
        (say("event", "事件"), event.kind),
        (say("ledger", "账本"), event.log),
        (say("speaker", "发起方"), party_name(registry, event.actor)),
        (say("to be written by", "写入期限"), format_local(event.until)),
    ]
    for name, value in event.body.items():
        rows += [(show_word(name), text) for text in _describe(name, value, registry)]
    hidden = count_hidden(signed, openings)
    for each in openings:
        texts = [] if each.value is None else _describe(each.field, each.value, registry)
        rows += [(_label(each.field), text) for text in texts]
    rows += [(say("signed by", "已签署"), each.key) for each in signed.signatures]
    if hidden:
        rows.append((say("not opened", "未开示"), say(f"{hidden} commitments", f"{hidden} 项承诺")))
    return rows


def count_hidden(signed: SignedEvent, openings: tuple[DraftOpening, ...]) -> int:
    """How many commitments of an event came without their openings."""
    return len(find_hidden(signed.event, openings))


def _label(field: str) -> str:
    """A member of a form; an asset's `content` is another thing than a transfer's."""
    return say("what moves", "转让内容") if field == "content" else show_word(field)


def _describe(name: str, value: Json, registry: RegistryApi | None) -> Iterator[str]:
    """The values of one member of a body, one line each."""
    if name == _COMMITTED:
        return
    if name == "policy" and isinstance(value, dict):
        yield from describe_terms(parse_policy(value), "zh-CN" if is_chinese() else "en")
        return
    for item in value if isinstance(value, list | tuple) else [value]:
        yield _describe_item(name, item, registry)


def _describe_item(name: str, value: Json, registry: RegistryApi | None) -> str:
    match value:
        case dict() if is_commitment(value):
            return say("(a commitment)", "（承诺值）")
        case dict():
            return _describe_object(value, registry)
        case list() | tuple():
            return say("; ", "；").join(_describe_item(name, each, registry) for each in value)
        case str():
            return _describe_text(name, value, registry)
        case int() if name in _TIMES:
            return format_local(UnixMillis(value))
        case _:
            return _describe_scalar(value)


def _describe_scalar(value: Json) -> str:
    if isinstance(value, bool):
        return say("yes", "是") if value else say("no", "否")
    return json.dumps(value)


def _describe_text(name: str, value: str, registry: RegistryApi | None) -> str:
    if value.startswith("party/"):
        return party_name(registry, SubjectKey(value))
    return show_word(value) if name in _OWN_WORDS else value


def _describe_object(value: JsonObject, registry: RegistryApi | None) -> str:
    shown = {
        name: _describe_item(name, item, registry)
        for name, item in value.items()
        if item is not None
    }
    if value.keys() == shown.keys() == _MOVE:
        return f"{shown['right']}{say(': ', '：')}{shown['from']} → {shown['to']}"
    pairs = (f"{show_role(name)} {text}" for name, text in sorted(shown.items()))
    return say(", ", "，").join(pairs)

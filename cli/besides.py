"""What stands beside a registration, for people and programs: rights, marks and corrections."""

from collections.abc import Iterator, Sequence

from cli.lang import say
from cli.times import format_local
from cli.twosided import party_name
from cli.words import show_fact, show_role, show_word
from ledger.core.types import Json, JsonObject, SubjectKey
from node.beside import Beside, Correction, Mark
from node.registryapi import RegistryApi

_PLURAL = {"note": "notes", "dispute": "disputes", "freeze": "freezes", "pledge": "pledges"}


def describe_beside(beside: Beside) -> dict[str, Json]:
    """What an asset carries now, as programs read it."""
    marks: dict[str, Json] = {
        plural: [_describe_mark(each) for each in beside.marks if each.kind == kind]
        for kind, plural in _PLURAL.items()
    }
    return {"rights": list(beside.rights), "declared": list(beside.declared), **marks}


def describe_corrections(corrections: Sequence[Correction]) -> list[Json]:
    """Corrections since a record, as programs read them."""
    return [
        {
            "index": each.index,
            "time": each.time,
            "members": list(each.members),
            "reasons": each.reasons,
        }
        for each in corrections
    ]


def rows_beside(registry: RegistryApi, beside: Beside) -> Iterator[tuple[str, str]]:
    """What an asset carries now, as people read it."""
    for each in beside.rights:
        yield say("in force", "生效权利"), _show_right(registry, each)
    for each in beside.declared:
        declared = say("declared, holds nothing yet", "申报权利，尚未生效")
        yield declared, _show_right(registry, each)
    for mark in beside.marks:
        event = say(f"event {mark.index}", f"事件 {mark.index}")
        since = say(f"since {format_local(mark.since)}", f"自 {format_local(mark.since)}")
        yield show_word(mark.kind), f"{_show_object(mark.value)}  [{since}, {event}]"


def rows_corrections(corrections: Sequence[Correction]) -> Iterator[tuple[str, str]]:
    """Corrections since a record, as people read them."""
    for each in corrections:
        members = say(", ", "、").join(map(show_word, each.members))
        event = say(f"event {each.index}", f"事件 {each.index}")
        yield (
            say("corrected", "登记机构更正"),
            f"{members}{say(': ', '：')}{each.reasons}  [{format_local(each.time)}, {event}]",
        )


def _describe_mark(mark: Mark) -> Json:
    return {**mark.value, "since": mark.since, "index": mark.index}


def _show_right(registry: RegistryApi, value: JsonObject) -> str:
    holder = party_name(registry, SubjectKey(str(value["holder"])))
    return f"{show_word(str(value['right']))} {holder}, {show_word(str(value['basis']))}"


def _show_object(value: JsonObject) -> str:
    said = [
        f"{show_role(name)} {_show_part(name, part)}"
        for name, part in value.items()
        if part is not None
    ]
    return say(", ", "，").join(said)


def _show_part(name: str, part: Json) -> str:
    if isinstance(part, list | tuple):
        return say(", ", "、").join(show_word(str(each)) for each in part)
    return show_fact(name, str(part))

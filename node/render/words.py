"""How pictures speak: the words of one language, given by whoever draws, and sentences from them.

The tables of words lie in the program's own layer above; nothing here knows a language but through
`Words`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ledger.core.types import SubjectKey, UnixMillis
from node.render.chain import ChainStep, Source
from node.render.text import plain

SEPARATOR: Final = " · "


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language.

    Args:
        language: BCP 47 tag, `en` or `zh-CN`.
        kind: A kind of step for people.
        status: A status for people, of a step of the kind that is named second.
        role: A party's role for people.
        time: A ledger time for people.
        notice: What has to be said wherever this subject is shown; empty if nothing.
    """

    language: str
    kind: Callable[[str], str]
    status: Callable[[str, str], str]
    role: Callable[[str], str]
    time: Callable[[UnixMillis], str]
    notice: Callable[[SubjectKey], str]

    def say(self, en: str, zh: str) -> str:
        """The sentence in this language."""
        return zh if self.language.startswith("zh") else en


def show_kind(step: ChainStep, words: Words) -> str:
    """What sort of step it is."""
    return plain(words.kind(step.kind))


def show_status(step: ChainStep, words: Words) -> str:
    """How it stands with the step."""
    return plain(words.status(step.status, step.kind))


def show_title(step: ChainStep) -> str:
    """What the step is called; perhaps empty."""
    return plain(step.title).strip()


def show_parties(step: ChainStep, words: Words) -> list[str]:
    """Each party with its role; one without a name by its key."""
    return [
        f"{plain(words.role(role))} {plain(name).strip() or plain(key)}"
        for role, key, name in step.parties
    ]


def show_event(step: ChainStep, words: Words) -> list[str]:
    """Where in the log the step was made, and when, as far as known."""
    shown = [] if step.index is None else [f"#{step.index}"]
    if step.time is not None:
        shown.append(words.time(UnixMillis(step.time)))
    return shown


def show_details(step: ChainStep, words: Words) -> list[tuple[str, str]]:
    """Names and values of all further facts, the step's key first."""
    rows = [(words.say("key", "标识"), plain(step.subject))]
    notice = words.notice(step.subject)
    if notice:
        rows.append((words.say("note", "注意"), notice))
    return rows + [(plain(name), plain(value)) for name, value in step.details]


def show_heading(root: ChainStep, words: Words) -> str:
    """What the picture is of."""
    return words.say("Chain of title: ", "权利链：") + (show_title(root) or plain(root.subject))


def show_source(source: Source, words: Words) -> str:
    """Where the chain was read, and as of when it holds."""
    log = words.say("log ", "账本 ") + plain(source.origin)
    if source.as_of is None:
        return log
    return log + SEPARATOR + words.say("as of ", "截至 ") + words.time(source.as_of)

"""A chain of title as data: what every picture is drawn from.

Nothing here looks anything up. Whoever fills a chain takes its facts from proved or kept states;
whoever draws it adds none.

Spec: surfaces, `trace`; domain, section 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ledger.core.types import SubjectKey, UnixMillis
from ledger.errors import InputError, LimitError

Form: TypeAlias = Literal["tree", "json", "prov", "dot", "svg", "html"]
FORMS: Final[tuple[Form, ...]] = ("tree", "json", "prov", "dot", "svg", "html")

MAX_LEVELS: Final = 200
"""Deepest chain that is drawn: a browser flattens what is nested more than 512 elements deep."""

Party: TypeAlias = tuple[str, SubjectKey, str]
"""Role (`from`, `to`, `holder`, `sender` ...), key of the party, and what it is called."""

Detail: TypeAlias = tuple[str, str]
"""Name and value of a further fact, both in words already."""


class ExtraMissingError(InputError):
    """A library for this form is not installed; whoever runs the program installs it."""

    code = "extra_missing"

    def __init__(self, form: Form) -> None:
        super().__init__(
            f"the form {form} needs libraries that are not installed: install them with "
            "pip install 'muniment[chain]'"
        )


@dataclass(frozen=True, slots=True)
class ChainStep:
    """One step of a chain of title, with everything that follows from it.

    Args:
        subject: Whose state or event it is.
        kind: `asset`, `voucher`, `right`, `transfer`, `grant`, `delivery`, `usage`, `pledge`,
            `freeze`, or the type of another subject.
        title: What people call it; somebody's own words, perhaps empty, perhaps hostile.
        status: As of the time the chain was asked about.
        index: Log index of the event that made it.
        time: Ledger time of that event.
        parties: Who takes part, in which role.
        details: Further facts.
        children: What follows, in the order in which it is to be read.
    """

    subject: SubjectKey
    kind: str
    title: str
    status: str
    index: int | None
    time: int | None
    parties: tuple[Party, ...]
    details: tuple[Detail, ...]
    children: tuple["ChainStep", ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a chain was read, and what it is a picture of.

    Args:
        origin: Of the log (our formats, section 4).
        as_of: Its statuses hold at this time; None: it is not said.
    """

    origin: str
    as_of: UnixMillis | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step stands in its chain.

    Args:
        step: The step.
        number: Counted from 0 in reading order, the root first.
        level: 0 for the root.
        parent: Number of the step above, None for the root.
        is_last: No sibling comes after it.
    """

    step: ChainStep
    number: int
    level: int
    parent: int | None
    is_last: bool


def walk_chain(root: ChainStep) -> Iterator[Place]:
    """Every step in reading order, each before what follows from it.

    Raises:
        LimitError: The chain has more than MAX_LEVELS levels.
    """
    waiting: list[tuple[ChainStep, int, int | None, bool]] = [(root, 0, None, True)]
    number = 0
    while waiting:
        step, level, parent, is_last = waiting.pop()
        if level >= MAX_LEVELS:
            raise LimitError(
                f"the chain is more than {MAX_LEVELS} levels deep: trace a step further down, "
                f"such as {step.subject}"
            )
        yield Place(step, number, level, parent, is_last)
        below = [(child, level + 1, number, i == 0) for i, child in enumerate(step.children[::-1])]
        waiting += below
        number += 1

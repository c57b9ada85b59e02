"""What a form is made of: fields with what to write in them, and groups of fields.

One table (`annexes`) drives the templates, the checks and the columns of a batch, so that what a
template asks for is what the reader takes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

FieldKind: TypeAlias = Literal[
    "text", "texts", "code", "codes", "day", "count", "flag", "file", "files"
]
"""`code` is one of the choices, `codes` a list of them; `file` a path or 64 hex digits."""

LISTS: Final[frozenset[FieldKind]] = frozenset({"texts", "codes", "files"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One blank of a form.

    Args:
        name: As files spell it.
        en: What to write, in English.
        zh: The same in Chinese, beginning with the form's own name for it.
        kind: What a value has to be.
        is_needed: Whether it may stay empty.
        longest: Characters of a text.
        most: Of a count, or of the items of a list.
        choices: Each code with its Chinese name, which may be written too.
        is_personal: May name people: no message repeats what stands there.
    """

    name: str
    en: str
    zh: str
    kind: FieldKind = "text"
    is_needed: bool = False
    longest: int = 400
    most: int = 100
    choices: Mapping[str, str] = field(default_factory=dict)
    is_personal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields that belong together: a table of the file.

    Args:
        name: As files spell it; empty for the form itself.
        en: What it is about, in English.
        zh: The same in Chinese.
        parts: Its fields, and the groups in it after them.
        is_many: It may be there several times.
        is_needed: It has to be there.
        most: How many times at most.
    """

    name: str
    en: str
    zh: str
    parts: tuple["Field | Group", ...]
    is_many: bool = False
    is_needed: bool = False
    most: int = 8

    @property
    def fields(self) -> Iterator[Field]:
        """Its fields."""
        return (part for part in self.parts if isinstance(part, Field))

    @property
    def groups(self) -> Iterator["Group"]:
        """The groups in it."""
        return (part for part in self.parts if isinstance(part, Group))

    def find(self, name: str) -> "Field | Group | None":
        """The part of this name, or None."""
        return next((part for part in self.parts if part.name == name), None)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a form that has to be mended.

    Args:
        path: Names and places, from 1, joined by dots: `rights.1.until`.
        en: What is wrong and what to write, in English.
        zh: The same in Chinese.
    """

    path: str
    en: str
    zh: str


def join_path(path: str, name: str | int) -> str:
    """The path of a part of what stands at a path."""
    return f"{path}.{name}" if path else str(name)

"""Clauses: why something is not permitted or not alive, in both languages and with its place."""

from collections.abc import Mapping
from typing import Protocol

from contracts.records import Record, StateT
from ledger.core.types import SubjectKey


class States(Protocol):
    """Where states come from: the rules' context, a registry, or proofs."""

    def find(self, cls: type[StateT], key: SubjectKey) -> StateT | None:
        """State of a subject, or None if there is none."""
        ...


class Clause(Record, frozen=True, kw_only=True):
    """Why an act is not permitted, or which words permit it.

    Args:
        code: Stable.
        subject: Whose state says so.
        path: Place in that subject's policy, or the name of the list; empty: the whole of it.
        en: What it says, and what would be needed.
        zh: The same in Chinese.
    """

    code: str
    subject: SubjectKey
    path: str
    en: str
    zh: str


def fill_clause(
    sentences: Mapping[str, tuple[str, str]],
    code: str,
    subject: SubjectKey,
    path: str,
    *names: str,
) -> Clause:
    """A clause with its sentence filled in.

    Args:
        sentences: English and Chinese by code, with `{0}`, `{1}` for the names.
        code: One of them.
        subject: Whose state says so.
        path: Place in it.
        names: What the sentence names; the subject if none is given.
    """
    en, zh = sentences[code]
    said = names or (subject,)
    return Clause(code=code, subject=subject, path=path, en=en.format(*said), zh=zh.format(*said))

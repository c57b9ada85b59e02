"""One step of a procedure as a table says it: from where to where, by whom, and what follows.

Spec: domain, section 2.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from contracts.profile import Bilingual

By: TypeAlias = Literal[
    "applicant",
    "registrar",
    "anybody",
    "objector",
    "holder",
    "outsider",
    "right-holder",
    "nobody",
]
"""Who takes a step: `anybody` is every party but the applicants and the agent that filed,
`objector` a party that has an objection open, `holder` a right-holder that is declared and has not
signed yet, `outsider` a party that is neither a right-holder nor the registrar; `nobody` means that
it happens by the passing of time."""

Clock: TypeAlias = Literal["acceptance", "notice", "objection", "completion", "extension"]
"""Member of a profile's clocks that a step starts."""

Pause: TypeAlias = Literal["state", "notice"]
"""Whether completion waits while the state lasts, or until the public notice is over."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One step of the procedure.

    Args:
        step: Its name; a part after a point says which member or which outcome makes it.
        sources: States in which it may be taken.
        target: State after it; None: it stays as it was.
        by: Who takes it.
        article: That says so.
        says: What it does.
        clock: What starts to run with it.
        pause: Whether the clock of completion stands still after it.
        silence: What follows if nobody does anything until the clock ends.
        consequence: What it asks for, and what it leads to.
        family: Of the kinds of event of its table.
    """

    step: str
    sources: tuple[str, ...]
    target: str | None
    by: By
    article: str
    says: Bilingual
    clock: Clock | None = None
    pause: Pause | None = None
    silence: Bilingual | None = None
    consequence: Bilingual | None = None
    family: str = "registration"

    @property
    def kind(self) -> str | None:
        """Kind of event that takes it; None: no event does."""
        name = self.step.partition(".")[0]
        return None if self.by == "nobody" else f"{self.family}.{name}"


def said(en: str, zh: str) -> Bilingual:
    """What a table says, in both languages."""
    return Bilingual(en=en, zh=zh)

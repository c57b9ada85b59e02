"""What the ledger needs from the rules; `contracts` implements it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.core.event import SignedEvent
from ledger.core.logkeys import LogKey
from ledger.core.note import VerifierKey
from ledger.core.state import State
from ledger.core.types import LeafIndex, SubjectKey, UnixMillis


@dataclass(frozen=True, slots=True)
class Listing:
    """How a subject is found by people; never committed, always rebuilt from states.

    Args:
        label: One line to recognise it by.
        status: Its status at the time of its last event.
        terms: What a search should find it by, in any order.
    """

    label: str
    status: str
    terms: tuple[str, ...]


class StateView(Protocol):
    """The states a rule may see: by key, never by scanning."""

    def read(self, key: SubjectKey) -> State | None:
        """State just before this event in log order, or None if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """Where in the log an event is executed.

    Args:
        time: The ledger's time for it.
        index: The leaf it becomes if it is accepted.
        states: What it may read.
    """

    time: UnixMillis
    index: LeafIndex
    states: StateView


class Rules(Protocol):
    """One released set of rules: a pure function of states, event and ledger time."""

    @property
    def name(self) -> str:
        """Such as `muniment-rules/1`, as seals carry it."""
        ...

    def apply(self, signed: SignedEvent, step: Step) -> Mapping[SubjectKey, State]:
        """New states of exactly the event's subjects.

        Raises:
            RejectedError: A rule says no.
            MalformedError: The body is not of its kind's schema.
        """
        ...

    def successor(self, states: StateView) -> "Rules":  # noqa: ARG002  # most have none
        """The rule set in force for the next block, as the states before it say.

        Raises:
            NotFoundError: This program does not have it.
        """
        return self

    def is_last_of_block(self, signed: SignedEvent) -> bool:
        """Whether the block has to end with this event."""
        ...

    def log_keys(self, states: StateView) -> Sequence[LogKey]:  # noqa: ARG002  # most have one
        """The log's keys as the states say, the current one last.

        Returns:
            Empty where the rules know of none: the key that the log is known by signs.
        """
        return ()

    def named_log_key(self, signed: SignedEvent) -> VerifierKey | None:  # noqa: ARG002  # as above
        """The key that the log signs with from this event on, if it names one."""
        return None

    def describe(self, key: SubjectKey, state: State) -> Listing | None:
        """How people find this subject; None if they do not look for it."""
        ...

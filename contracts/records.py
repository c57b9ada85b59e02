"""The typed shapes of bodies and states: what a record may hold, and nothing else.

A record reads strictly (no unknown member, no conversion) and writes plain JSON values. Optional
members of a body are absent when unset; the members of a state are always there.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, TypeAlias, TypeVar, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType

from contracts.intervals import Interval
from ledger.core.rules import Listing
from ledger.core.state import State
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import MalformedError

Intervals: TypeAlias = tuple[Interval, ...]
if TYPE_CHECKING:
    AnyJson: TypeAlias = Json
else:
    AnyJson = object  # msgspec reads it as it stands; it knows no recursive alias
AnyObject: TypeAlias = dict[str, AnyJson]
RecordT = TypeVar("RecordT", bound="Record")


def whole(pattern: str) -> Meta:
    """A pattern that a string has to match from its first character to its last.

    A bare `$` would also match before a newline at the end, which our JSON profile allows.
    """
    return Meta(pattern=rf"^(?:{pattern})(?!\n)$")


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything that is read from JSON and written to it."""


class StateRecord(Record, frozen=True, kw_only=True):
    """Base of the states of subjects; `state_type` is the type and version that the map commits."""

    state_type: ClassVar[str] = ""
    interval_lists: ClassVar[tuple[str, ...]] = ()
    kept_longest: ClassVar[tuple[str, ...]] = ()

    complete_from: Mapping[str, int] | UnsetType = UNSET
    """For each shortened interval list, the instant from which it is complete."""

    def describe(self, key: SubjectKey) -> Listing | None:  # noqa: ARG002  # some need their key
        """How people find the subject; None if they do not look for it."""
        return None


StateT = TypeVar("StateT", bound=StateRecord)


def parse_record(cls: type[RecordT], value: Json) -> RecordT:
    """A JSON value as a record.

    Raises:
        MalformedError: A member is missing, unknown, mistyped or outside its bounds; the message
            names its path.
    """
    try:
        return msgspec.convert(value, cls, strict=True)
    except msgspec.ValidationError as exc:
        raise MalformedError(str(exc)) from exc


def format_record(record: Record) -> JsonObject:
    """The record as plain JSON values."""
    return cast("JsonObject", msgspec.to_builtins(record))


def parse_state_record(cls: type[StateT], state: State) -> StateT:
    """A state as a record of its type.

    Raises:
        MalformedError: The state is of another type or shape.
    """
    if state.type != cls.state_type:
        raise MalformedError(f"a state of type {state.type}, not {cls.state_type}")
    return parse_record(cls, state.body)


def format_state(record: StateRecord) -> State:
    """The record as a state of its type."""
    return State(record.state_type, format_record(record))

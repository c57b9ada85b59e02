"""Interval lists of states: what held from when to when, closed and never rewritten.

```json
[{"value":"valid","from":1763800000000,"to":1795336000000,"index":12},
 {"value":"superseded","from":1795336000000,"to":null,"index":57}]
```

Intervals are half-open, `from <= t < to`; `to` is null while one is open; `index` is the log index
of the event that opened it, and the list stands in the order of opening. A value is open at most
once at a time.

A list keeps at most 64 intervals and a state at most 16 KiB: fit_state then drops closed intervals,
oldest first, which means the one that ended first. What it drops leaves a mark in the state, so
that nobody takes a shortened list for a complete one:

```json
"complete_from":{"status":1795336000000}
```

is the largest `to` that was dropped from the list `status`. From that instant on the list is
complete; about any earlier one it proves nothing, and the answer is in the dossier, else unknown. A
list without a mark is complete from the beginning. (The `from` of the oldest kept interval would
not do: an open one may be older than closed ones that were dropped.)

Spec: our formats, section 5.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from ledger.core.canonical import encode_canonical
from ledger.core.limits import MAX_INTERVALS, MAX_SAFE_INTEGER, MAX_STATE_BYTES
from ledger.core.types import Json, JsonObject, LeafIndex, UnixMillis
from ledger.errors import MalformedError, RejectedError

if TYPE_CHECKING:
    _Value: TypeAlias = Json
    _Index: TypeAlias = LeafIndex
    _Instant: TypeAlias = UnixMillis
else:  # msgspec knows no recursive alias, and object is what it leaves alone
    _Value = object
    _Index = _Instant = Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)]

COMPLETE_FROM: Final = "complete_from"
"""Member of a state: for each shortened list, the instant from which it is complete."""


class Interval(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"start": "from", "end": "to"},
):
    """Something that holds for a time; `from` and `to` in JSON are start and end here.

    Args:
        value: What holds.
        start: From when, inclusive.
        end: To when, exclusive, not before start; None while open.
        index: Log index of the event that opened it.

    Raises:
        MalformedError: It ends before it starts.
    """

    value: _Value
    start: _Instant
    end: _Instant | None
    index: _Index

    def __post_init__(self) -> None:
        """Refuse an end before the start.

        Raises:
            MalformedError: It ends before it starts.
        """
        if self.end is not None and self.end < self.start:
            raise MalformedError(f"an interval from {self.start} cannot end at {self.end}")

    def holds_at(self, time: UnixMillis) -> bool:
        """Whether time lies in `start <= time < end`."""
        return self.start <= time and (self.end is None or time < self.end)


def parse_intervals(value: Json) -> tuple[Interval, ...]:
    """Read an interval list of a state; the exact inverse of format_intervals.

    Args:
        value: A list, in the order of opening.

    Raises:
        MalformedError: Another form, an interval that ends before it starts, or another order.
    """
    try:
        intervals = msgspec.convert(value, tuple[Interval, ...], strict=True)
    except msgspec.ValidationError as exc:
        raise MalformedError(f"not an interval list: {exc}") from exc
    _check_order(intervals)
    return intervals


def format_intervals(intervals: Iterable[Interval]) -> list[JsonObject]:
    """An interval list as it stands in a state."""
    return [
        {"from": each.start, "index": each.index, "to": each.end, "value": each.value}
        for each in intervals
    ]


def open_interval(
    intervals: Sequence[Interval], value: Json, time: UnixMillis, index: LeafIndex
) -> tuple[Interval, ...]:
    """The list with one more open interval; it is shortened only by fit_state.

    Args:
        intervals: An interval list; it is left as it was.
        value: What holds from now on; not open in the list already.
        time: From when.
        index: Log index of the opening event, not below that of any interval in the list.

    Raises:
        RejectedError: Reason `already_in_force`: an interval of this value is open.
        MalformedError: The index is below an earlier one, or the value is outside the JSON profile.
    """
    if _open_places(intervals, value):
        raise RejectedError(
            "already_in_force", "this is in force already; end it first", "该事项已生效，须先终止"
        )
    opened = (*intervals, Interval(value, time, None, index))
    _check_order(opened)
    return opened


def close_interval(
    intervals: Sequence[Interval], value: Json, time: UnixMillis
) -> tuple[Interval, ...]:
    """The list with the open interval of this value closed; it holds no longer at time.

    Args:
        intervals: An interval list; it is left as it was.
        value: Equal, as canonical JSON, to the value of the interval to close.
        time: To when, exclusive; not after the ledger's time, since what has an end counts as over.

    Raises:
        RejectedError: Reason `not_in_force`: no interval of this value is open.
        MalformedError: Time is before the interval's start, or the value is outside the profile.
    """
    places = _open_places(intervals, value)
    if not places:
        raise RejectedError("not_in_force", "this is not in force", "该事项未处于生效状态")
    return tuple(
        replace(each, end=time) if place in places else each for place, each in enumerate(intervals)
    )


def close_all(intervals: Sequence[Interval], time: UnixMillis) -> tuple[Interval, ...]:
    """The list with whatever is open closed.

    Args:
        intervals: An interval list; it is left as it was.
        time: To when, exclusive.

    Raises:
        MalformedError: Time is before the start of one of them.
    """
    return tuple(each if each.end is not None else replace(each, end=time) for each in intervals)


def switch_interval(
    intervals: Sequence[Interval], value: Json, time: UnixMillis, index: LeafIndex
) -> tuple[Interval, ...]:
    """The list with whatever is open closed and this value opened instead, without a gap.

    For lists that hold one value at a time, such as a status.

    Args:
        intervals: An interval list; it is left as it was.
        value: What holds from now on.
        time: When the one ends and the other starts.
        index: As for open_interval.

    Raises:
        MalformedError: As open_interval and close_interval.
    """
    return open_interval(close_all(intervals, time), value, time, index)


def current(intervals: Iterable[Interval]) -> tuple[Json, ...]:
    """Values of the open intervals, in the order of opening."""
    return tuple(each.value for each in intervals if each.end is None)


def values_at(intervals: Iterable[Interval], time: UnixMillis) -> tuple[Json, ...]:
    """Values that held at an instant according to the list, in the order of opening.

    A list may have been shortened: ask `covers` first, or an empty answer may be wrong.
    """
    return tuple(each.value for each in intervals if each.holds_at(time))


def covers(state: JsonObject, name: str, time: UnixMillis) -> bool:
    """Whether a state's list still has everything that held at an instant.

    Args:
        state: A subject's state, with its mark if there is one.
        name: Member that holds the interval list.
        time: The instant asked about.

    Returns:
        False means unknown from this state alone; the dossier knows.

    Raises:
        MalformedError: The mark has another form.
    """
    return time >= _complete_from(state).get(name, time)


def fit_state(
    state: JsonObject,
    lists: Sequence[str],
    *,
    encode: Callable[[JsonObject], bytes],
    max_bytes: int = MAX_STATE_BYTES,
    kept_longest: Sequence[str] = (),
) -> JsonObject:
    """The state with just so many closed intervals dropped that it keeps the limits.

    First each list is brought to 64 intervals; then, while the state is too large, the oldest
    closed interval of all lists goes, those of the lists to keep longest last. Oldest means the
    smallest `to`, then the smallest `index`, then the first name and the first place in its list.
    Open intervals stay.

    Args:
        state: A subject's new state; it is left as it was.
        lists: Members that are interval lists, in any order.
        encode: The bytes that count, such as those of the whole value in the map; not a function
            that refuses too many of them itself.
        max_bytes: How many of them there may be.
        kept_longest: Lists that the rules go back in: nobody empties them by filling others.

    Returns:
        The same members, with `complete_from` for the lists that something was dropped from.

    Raises:
        RejectedError: Reason `state_full`: no closed interval is left to drop.
        MalformedError: A list or the mark has another form.
    """
    for name in lists:
        while len(parse_intervals(state.get(name))) > MAX_INTERVALS:
            state = _drop_oldest(state, (name,))
    others = [name for name in lists if name not in kept_longest]
    while len(encode(state)) > max_bytes:
        has_other = any(_has_closed(state, name) for name in others)
        state = _drop_oldest(state, others if has_other else lists)
    return state


def _has_closed(state: JsonObject, name: str) -> bool:
    return any(each.end is not None for each in parse_intervals(state.get(name)))


def _drop_oldest(state: JsonObject, lists: Sequence[str]) -> JsonObject:
    closed = [
        (each.end, each.index, name, place)
        for name in lists
        for place, each in enumerate(parse_intervals(state.get(name)))
        if each.end is not None
    ]
    if not closed:
        raise RejectedError(
            "state_full",
            "too much is in force here at once; something must end before more is added",
            "同时生效的事项过多，须先终止部分事项",
            "formats section 5",
        )
    end, _, name, place = min(closed)
    kept = parse_intervals(state.get(name))
    marks = _complete_from(state)
    marks[name] = max(end, marks.get(name, end))
    return {
        **state,
        name: format_intervals(kept[:place] + kept[place + 1 :]),
        COMPLETE_FROM: marks,
    }


def _complete_from(state: JsonObject) -> dict[str, UnixMillis]:
    try:
        marks = msgspec.convert(state.get(COMPLETE_FROM, {}), dict[str, _Instant], strict=True)
    except msgspec.ValidationError as exc:
        raise MalformedError(f"{COMPLETE_FROM} is not an object of instants: {exc}") from exc
    return marks


def _check_order(intervals: Sequence[Interval]) -> None:
    if any(later.index < each.index for each, later in pairwise(intervals)):
        raise MalformedError("an interval list stands in the order of opening")


def _open_places(intervals: Sequence[Interval], value: Json) -> set[int]:
    wanted = encode_canonical(value)
    return {
        place
        for place, each in enumerate(intervals)
        if each.end is None and encode_canonical(each.value) == wanted
    }

"""What a period of a log held, counted: steps, durations, what was late, what stands at its end.

Everything is counted from events and states; deadlines come from contracts.periods and from the
calendars published in the log. A step counts in the period in which it took effect, an event in the
period of its ledger time.

Spec: Art. 11, 12, 17, 18, 22, 24 to 28, 37.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace
from typing_extensions import override

from contracts.clocks import (
    create_calendar,
    local_date,
    parse_calendar,
    working_day_deadline,
)
from contracts.duties import Desk, settle
from contracts.foundation import Ledger
from contracts.intervals import Interval
from contracts.lists import CALENDAR, PublishedList, list_key
from contracts.periods import Periods
from contracts.procedure import Registration, status_at
from ledger.core.entry import Entry
from ledger.core.subjects import SELF
from ledger.core.types import JsonObject, LeafIndex, SubjectKey, UnixMillis
from node.exports.fold import FoldedStates, Observer

_ACCEPT: Final = "registration.accept"
_RESOLVE: Final = "registration.resolve"
_STEPS: Final = {
    ("", "filed"): "filed",
    ("returned", "filed"): "corrected",
    ("filed", "accepted"): "accepted",
    ("supplement", "accepted"): "supplemented",
    ("accepted", "supplement"): "supplement_asked",
    ("accepted", "published"): "published",
    ("accepted", "confidential"): "withheld",
    ("published", "objected"): "objected",
    ("filed", "returned"): "returned",
}
"""What a change of status is called that is not called after the status itself."""
_RESUMED: Final = frozenset((("objected", "objected"), ("objected", "published")))
"""Changes that are counted as objections and their outcomes, not as steps."""
_IN_HAND: Final = frozenset(("accepted", "supplement", "published", "objected", "confidential"))
"""Statuses of a registration that is accepted and not decided."""


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when is counted; half-open.

    Args:
        start: First instant.
        end: First instant after it; later than start.
    """

    start: UnixMillis
    end: UnixMillis

    @property
    def as_of(self) -> UnixMillis:
        """Its last instant: statuses are those of then."""
        return UnixMillis(self.end - 1)

    def holds(self, time: int) -> bool:
        """Whether an instant lies in it."""
        return self.start <= time < self.end


class EventTally(Observer):
    """Counts events of a period by kind, and by what some of them say.

    Besides it notes, of the whole log, which acceptances the registrar wrote itself (by log index),
    and when it resolved objections of which registration.

    Args:
        start: Events before it are not counted.
    """

    def __init__(self, start: UnixMillis) -> None:
        self.kinds: Counter[str] = Counter()
        self.said: Counter[tuple[str, str]] = Counter()
        self.accepted_at: set[int] = set()
        self.resolved: set[tuple[str, int]] = set()
        self._start = start

    @override
    def observe(self, index: LeafIndex, entry: Entry) -> None:
        event = entry.signed.event
        if event.kind == _ACCEPT:
            self.accepted_at.add(index)
        if event.kind == _RESOLVE:
            self.resolved.add((str(event.body["registration"]), entry.time))
        if entry.time < self._start:
            return
        self.kinds[event.kind] += 1
        for name in _said_by(event.kind, event.body):
            self.said[event.kind, name] += 1

    def count_said(self, kind: str) -> JsonObject:
        """How often the events of a kind said what, by what they said."""
        return {name: count for (each, name), count in sorted(self.said.items()) if each == kind}


def _said_by(kind: str, body: JsonObject) -> Iterator[str]:
    match kind:
        case "registration.refuse" | "registration.revoke":
            yield str(body.get("ground"))
        case "registration.resolve" | "objection.conclude":
            yield str(body.get("outcome"))
        case "registration.record":
            yield "issued" if "number" in body else "cancelled"
            if "number" in body and "supersedes" in body:
                yield "superseded"
        case _:
            pass


@dataclass(slots=True)
class Durations:
    """How long something took, each time, in working days.

    Args:
        days: n if it was done by the end of the n-th working day; 0: on the same day.
        unknown: How often the calendar does not say.
    """

    days: list[int] = field(default_factory=list)
    unknown: int = 0

    def add(self, days: int | None) -> None:
        """One more."""
        if days is None:
            self.unknown += 1
        else:
            self.days.append(days)

    def describe(self) -> JsonObject:
        """Number, least, greatest, median and 90th percentile (nearest rank); null if none."""
        ranked = sorted(self.days)
        return {
            "count": len(ranked),
            "max": _rank(ranked, 100),
            "median": _rank(ranked, 50),
            "min": ranked[0] if ranked else None,
            "p90": _rank(ranked, 90),
            "unknown": self.unknown,
        }


def _rank(ranked: list[int], percent: int) -> int | None:
    place = -(-len(ranked) * percent // 100)  # rounded up: nearest rank
    return ranked[place - 1] if ranked else None


class RegistrationTally:
    """Counts what became of registrations within a period.

    Args:
        states: After the last event of the period.
        period: What is counted.
        events: Counted in the same period.
    """

    def __init__(self, states: FoldedStates, period: Period, events: EventTally) -> None:
        self.steps: dict[str, Counter[str]] = {}
        self.standing: dict[str, Counter[str]] = {}
        self.answer, self.completion = Durations(), Durations()
        self.investigation = Durations()
        self.late: Counter[str] = Counter()
        self._period = period
        self._accepted_at, self._resolved = events.accepted_at, events.resolved
        self._desk = open_desk(states, period.as_of)
        self._periods = self._desk.periods

    def add(self, key: SubjectKey, registration: Registration) -> None:
        """One more registration, in its state after the last event of the period."""
        settled = settle(registration, self._desk)
        steps = self.steps.setdefault(settled.type, Counter())
        steps.update(self._name_steps(settled))
        standing = self.standing.setdefault(settled.type, Counter())
        standing[status_at(settled, self._period.as_of)] += 1
        self._time_answers(settled)
        self._time_completion(settled)
        for objection in settled.objections:
            self._time_objection(key, objection)

    def _name_steps(self, registration: Registration) -> Iterator[str]:
        for before, after in _changes(registration):
            change = (before.value if before else "", after.value)
            if not self._period.holds(after.start) or change in _RESUMED:
                continue
            yield _STEPS.get((str(change[0]), str(change[1])), str(after.value))
            if change == ("filed", "accepted") and after.index not in self._accepted_at:
                yield "accepted_by_silence"
        held, until = registration.status[-1], registration.deadline
        is_lapsed = status_at(registration, self._period.as_of) == "lapsed"
        if held.value == "returned" and is_lapsed and until is not None:
            yield from ["lapsed"] if self._period.holds(until) else []

    def _time_answers(self, registration: Registration) -> None:
        for before, after in _changes(registration):
            is_answer = after.index in self._accepted_at or after.value == "returned"
            if before and before.value == "filed" and is_answer and self._period.holds(after.start):
                self.answer.add(self._count_days(before.start, after.start))

    def _time_completion(self, registration: Registration) -> None:
        status = registration.status
        accepted = next((each.start for each in status if each.value == "accepted"), None)
        if accepted is None:
            return
        recorded = next((each.start for each in status if each.value == "recorded"), None)
        if recorded is None:
            self._note_open(registration)
        elif self._period.holds(recorded):
            self.completion.add(self._count_completion(registration, accepted, recorded))
            self._note_late("recorded", self._periods.completion_end(registration), recorded)

    def _note_open(self, registration: Registration) -> None:
        as_of = self._period.as_of
        if status_at(registration, as_of) not in _IN_HAND:
            return
        end = self._periods.completion_end(registration, resumed=as_of)
        self._note_late("open", end, as_of)

    def _time_objection(self, key: SubjectKey, objection: Interval) -> None:
        end = self._periods.objection_end(objection.start)
        if objection.end is None:
            self._note_late("objection_open", end, self._period.as_of)
        elif self._period.holds(objection.end) and (key, objection.end) in self._resolved:
            self.investigation.add(self._count_days(objection.start, objection.end))
            self._note_late("objection_resolved", end, objection.end)

    def _note_late(self, what: str, end: UnixMillis | None, done: UnixMillis) -> None:
        if end is not None and done >= end:
            self.late[what] += 1

    def _count_days(self, start: UnixMillis, done: UnixMillis) -> int | None:
        periods = self._periods
        return _find_days(
            lambda n: working_day_deadline(start, n, periods.calendar, periods.offset_minutes),
            (start, done),
            periods.offset_minutes,
        )

    def _count_completion(
        self, registration: Registration, accepted: UnixMillis, recorded: UnixMillis
    ) -> int | None:
        """Working days from acceptance to record, those of pauses not counted."""
        plain = replace(registration, extensions=0)
        return _find_days(
            lambda n: self._with_completion(n).completion_end(plain),
            (accepted, recorded),
            self._periods.offset_minutes,
        )

    def _with_completion(self, days: int) -> Periods:
        periods = self._periods
        clocks = replace(periods.clocks, completion=days)
        return Periods(clocks, periods.calendar, periods.offset_minutes)


def open_desk(states: FoldedStates, now: UnixMillis) -> Desk:
    """What deadlines are reckoned by: the profile's clocks over the calendars of the log.

    Args:
        states: Of a log with at least its first event.
        now: The instant asked about.

    Raises:
        AssertionError: There is no ledger.
    """
    ledger = states.find(Ledger, SELF)
    if ledger is None:
        raise AssertionError("the first event of a log opens its ledger")
    profile = ledger.profile
    calendar = create_calendar(
        parse_calendar(part.content)
        for key, part in states.iterate(PublishedList)
        if key.startswith(list_key(CALENDAR, ""))
    )
    periods = Periods(profile.clocks, calendar, profile.offset_minutes)
    return Desk(ledger.registrar, ledger.regulator, periods, now)


def _changes(registration: Registration) -> Iterator[tuple[Interval | None, Interval]]:
    """Each status with the one before it; None before the first, if nothing was dropped."""
    status = registration.status
    if registration.complete_from is UNSET:
        yield None, status[0]
    yield from pairwise(status)


def _find_days(
    deadline: Callable[[int], UnixMillis | None],
    span: tuple[UnixMillis, UnixMillis],
    offset_minutes: int,
) -> int | None:
    """The least number of working days that would have been enough.

    Args:
        deadline: First instant after n of them, n at least 1; None: unknown, also for any more.
        span: When it began and when it was done.
        offset_minutes: Of the profile's days, east of UTC.

    Returns:
        0 on the same day; None, unknown, if the calendar does not reach so far.
    """
    start, done = span
    if local_date(start, offset_minutes) == local_date(done, offset_minutes):
        return 0

    def is_enough(days: int) -> bool:
        end = deadline(days)
        return end is None or done < end

    low, high = 0, 1
    while not is_enough(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return None if deadline(high) is None else high

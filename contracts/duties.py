"""What is due on a registry: by whom, since when, until when, and how late it is.

A duty follows from a state, the profile's clocks, the published calendar and a time; nothing is
stored and nothing runs. It says what waits for somebody, whether or not it has a deadline; what
comes by itself if nobody does anything is contracts.foresight.

Spec: domain, section 2; Art. 17, 18, 24 to 26, 28, 29 and 36.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts import procedure
from contracts.clocks import local_date, start_of_day, working_days_left
from contracts.force import (
    Pending,
    as_object,
    holders_of,
    is_over,
    is_prolonged,
    live_voucher,
    objects_at,
)
from contracts.identity import Party
from contracts.intervals import current
from contracts.lists import CALENDAR, list_key
from contracts.objection import Objection
from contracts.periods import Periods
from contracts.procedure import Registration, status_at
from contracts.records import format_record
from contracts.renewal import renewal_opens
from contracts.tasks import TASKS, Task
from contracts.title import Asset
from ledger.core.types import SubjectKey, UnixMillis

_CALENDAR_MONTH: Final = 11
"""From this month on the next year's calendar is asked for: the notices come about then."""


@dataclass(frozen=True, slots=True)
class Desk:
    """By what duties are reckoned.

    Args:
        registrar: Who keeps the register.
        regulator: Who supervises it.
        periods: The profile's clocks over every published year.
        now: The instant asked about.
    """

    registrar: SubjectKey
    regulator: SubjectKey
    periods: Periods
    now: UnixMillis

    def create(
        self,
        subject: SubjectKey,
        what: str,
        since: UnixMillis | None,
        deadline: int | None = None,
        parties: tuple[SubjectKey, ...] = (),
    ) -> "Duty":
        """A duty, with what is left of its time.

        Args:
            subject: What it is about.
            what: Its code in TASKS.
            since: From when it could be done.
            deadline: First instant that is too late.
            parties: Who may do it; nobody: registrar or regulator, as its kind says.
        """
        task = TASKS[what]
        doer = self.registrar if task.role == "registrar" else self.regulator
        left = over = None
        if deadline is not None:
            left = self._count_days(self.now, UnixMillis(deadline))
            over = self._count_days(UnixMillis(deadline), UnixMillis(self.now + 1))
        return Duty(
            subject=subject,
            what=what,
            parties=parties or (doer,),
            since=since,
            deadline=None if deadline is None else UnixMillis(deadline),
            is_unknown=deadline is None and self.has_clock(task.clock),
            days_left=left,
            days_over=over,
            is_overdue=deadline is not None and self.now >= deadline,
        )

    def has_clock(self, name: str | None) -> bool:
        """Whether the profile sets such a deadline."""
        return name is not None and bool(format_record(self.periods.clocks)[name])

    def _count_days(self, start: UnixMillis, end: UnixMillis) -> int | None:
        periods = self.periods
        return working_days_left(start, end, periods.calendar, periods.offset_minutes)


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that waits for somebody.

    Args:
        subject: What it is about.
        what: Its code in TASKS.
        parties: Who may do it: any one of them.
        since: From when it could be done; None: the state does not say.
        deadline: First instant that is too late; None: there is none, or it is unknown.
        is_unknown: There is a deadline, and the published calendar does not reach it.
        days_left: On how many working days it can still be done, today's rest included; None:
            no deadline, or unknown.
        days_over: Working days begun since the deadline; None as days_left.
        is_overdue: The deadline is over.
    """

    subject: SubjectKey
    what: str
    parties: tuple[SubjectKey, ...]
    since: UnixMillis | None
    deadline: UnixMillis | None
    is_unknown: bool
    days_left: int | None
    days_over: int | None
    is_overdue: bool

    @property
    def task(self) -> Task:
        """What is to be done, by whom."""
        return TASKS[self.what]


def settle(registration: Registration, desk: Desk) -> Registration:
    """A registration with an acceptance by silence as the next event would write it down."""
    index = registration.status[-1].index
    return procedure.settle(registration, desk.periods, desk.now, index)


def objection_end(registration: Registration, desk: Desk) -> UnixMillis | None:
    """Until when the first open objection to an application is to be decided (Art. 25).

    Where the calendar was unknown when it was raised, it is looked up again.
    """
    if registration.deadline is not None:
        return UnixMillis(registration.deadline)
    raised = [each.start for each in registration.objections if each.end is None]
    return desk.periods.objection_end(min(raised, default=registration.status[-1].start))


def registration_duties(key: SubjectKey, registration: Registration, desk: Desk) -> Iterator[Duty]:
    """What is due on one registration.

    Args:
        key: Of the registration.
        registration: Its newest state.
        desk: By what it is reckoned; `now` is not before that state.
    """
    settled = settle(registration, desk)
    status, since = status_at(settled, desk.now), settled.status[-1].start
    parties = settled.parties
    match status:
        case "filed":
            yield desk.create(key, "answer", since, settled.deadline)
        case "returned":
            yield desk.create(key, "mend", since, settled.deadline, parties)
        case "supplement":
            yield desk.create(key, "answer-supplement", since, None, parties)
        case "objected":
            yield _resolve(key, settled, desk)
        case "accepted" | "published" | "confidential":
            yield _decide(key, settled, status, desk)
        case _:
            return


def objection_duties(
    key: SubjectKey, objection: Objection, asset: Asset, desk: Desk
) -> Iterator[Duty]:
    """What is due on one later objection (Art. 29).

    Args:
        key: Of the objection.
        objection: Its newest state.
        asset: The state of what it is about.
        desk: By what it is reckoned.
    """
    since, stage = objection.status[-1].start, objection.stage
    if stage == "filed":
        deadline = objection.deadline
        if deadline is None:
            deadline = desk.periods.notify_end(since)
        yield desk.create(key, "notify", since, deadline)
    elif stage == "to-court":
        yield desk.create(key, "await-court", since)
    elif objection.is_open:
        yield desk.create(key, "conclude", since)
    if stage == "notified":
        yield desk.create(key, "respond", since, None, holders_of(asset, desk.now))
    if {"objection": key} in current(asset.disputes):
        yield from _follow(key, objection, asset, desk)


def _follow(key: SubjectKey, objection: Objection, asset: Asset, desk: Desk) -> Iterator[Duty]:
    """What an objection asks for while the dispute stands: once upheld, and once agreed to."""
    if objection.stage == "upheld":
        yield desk.create(key, "act-on-objection", objection.status[-1].start)
    agreed = [each.start for each in objection.responses if as_object(each)["agrees"]]
    if agreed:
        holders = holders_of(asset, desk.now)
        yield desk.create(key, "act-on-agreement", min(agreed), None, holders)


def asset_duties(
    key: SubjectKey, asset: Asset, pending: Pending | None, desk: Desk
) -> Iterator[Duty]:
    """What is due on one asset: a right to confirm, a voucher to renew, a renewal to decide.

    A voucher is renewed in its last months; its renewal is overdue once its term is over.

    Args:
        key: Of the asset.
        asset: Its newest state.
        pending: When the renewal that it names was undecided.
        desk: By what it is reckoned.
    """
    if live_voucher(asset, desk.now) is not None:
        yield from _confirm(key, asset, desk)
    for value in objects_at(asset.vouchers, desk.now):
        until = UnixMillis(int(str(value["until"])))
        if pending is not None and pending.holds_at(desk.now):
            yield from _decide_renewal(asset, pending, until, desk)
            continue
        opens = renewal_opens(until, desk.periods.offset_minutes)
        if opens <= desk.now < until:
            yield desk.create(key, "renew", opens, until, holders_of(asset, desk.now))


def _decide_renewal(
    asset: Asset, pending: Pending, until: UnixMillis, desk: Desk
) -> Iterator[Duty]:
    """A renewal that alone keeps the rights, whatever it waits for; a returned one may lapse."""
    if asset.renewal is not None and pending.end is None and is_prolonged(asset, desk.now):
        yield desk.create(asset.renewal, "decide-renewal", until, until)


def _confirm(key: SubjectKey, asset: Asset, desk: Desk) -> Iterator[Duty]:
    """What each right-holder may sign for who was named in the form and has not signed."""
    since: dict[SubjectKey, UnixMillis] = {}
    for each in asset.declared:
        if each.end is None and not is_over(as_object(each), desk.now):
            since.setdefault(SubjectKey(str(as_object(each)["holder"])), each.start)
    for holder, start in since.items():
        yield desk.create(key, "confirm", start, parties=(holder,))


def party_duties(key: SubjectKey, party: Party, desk: Desk) -> Iterator[Duty]:
    """What is due on one party: to look at new keys that are about to take effect."""
    if party.recovery is not None and desk.now < party.recovery.effective:
        yield desk.create(key, "recovery", None, party.recovery.effective, (key,))


def calendar_duties(desk: Desk) -> Iterator[Duty]:
    """The year whose working days are to be published next, if any clock needs them.

    Asked for from November of the year before on; from its first day it is overdue.
    """
    if not any(map(desk.has_clock, format_record(desk.periods.clocks))):
        return
    offset = desk.periods.offset_minutes
    year = today = local_date(desk.now, offset).year
    while year in desk.periods.calendar:
        year += 1
    asked = start_of_day(date(year - 1, _CALENDAR_MONTH, 1), offset)
    if year > today and desk.now < asked:
        return
    key, deadline = list_key(CALENDAR, str(year)), start_of_day(date(year, 1, 1), offset)
    for what in ("calendar", "calendar-due"):
        yield desk.create(key, what, asked, deadline)


def sort_duties(duties: Iterable[Duty]) -> list[Duty]:
    """Duties by urgency: what has the earliest deadline, then an unknown one, then none."""
    far = UnixMillis(1 << 62)

    def urgency(duty: Duty) -> tuple[int, UnixMillis, UnixMillis, str, str]:
        rank = 0 if duty.deadline is not None else 1 if duty.is_unknown else 2
        return rank, duty.deadline or far, duty.since or far, duty.subject, duty.what

    return sorted(duties, key=urgency)


def _decide(key: SubjectKey, registration: Registration, status: str, desk: Desk) -> Duty:
    """What the registrar is to do with what is accepted and waits for no answer."""
    since = registration.status[-1].start
    over = registration.notice_end
    if status == "published" and over is not None and desk.now < over:
        return desk.create(key, "await-notice", since, over)
    if status == "published" and over is not None:
        since = UnixMillis(max(since, over))
    end = desk.periods.completion_end(registration)
    what = "review" if status == "accepted" else "record"
    return desk.create(key, what, since, end)


def _resolve(key: SubjectKey, registration: Registration, desk: Desk) -> Duty:
    raised = [each.start for each in registration.objections if each.end is None]
    since = min(raised, default=registration.status[-1].start)
    return desk.create(key, "resolve", since, objection_end(registration, desk))

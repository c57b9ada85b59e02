"""What is due on the registry in a home: its open states gathered, and reckoned by the rules.

Which subjects may have something due stands in the listings, so that only the states of these are
read: open registrations and objections, registered assets, and all parties.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from contracts.clocks import create_calendar, parse_calendar
from contracts.disputes import OPEN_STAGES
from contracts.duties import (
    Desk,
    Duty,
    asset_duties,
    calendar_duties,
    objection_duties,
    party_duties,
    registration_duties,
    settle,
    sort_duties,
)
from contracts.edges import OPEN_STATUSES
from contracts.force import Pending
from contracts.foresight import (
    Consequence,
    foresee_party,
    foresee_registration,
    foresee_voucher,
    sort_consequences,
    status_then,
)
from contracts.foundation import Ledger
from contracts.identity import Party
from contracts.lists import CALENDAR, PublishedList, list_key
from contracts.objection import Objection
from contracts.periods import Periods
from contracts.procedure import Registration
from contracts.records import StateT, parse_state_record
from contracts.standing import find_pending
from contracts.title import Asset, Voucher, voucher_key
from contracts.voucher import voucher_status
from ledger.core.subjects import SELF
from ledger.core.types import Json, SubjectKey, UnixMillis
from ledger.errors import NotFoundError
from node.registryapi import RegistryApi

_MAX_CALENDARS: Final = 10_000
"""More than a calendar can have years."""

_OPEN: Final = {
    "registration": OPEN_STATUSES,
    "objection": OPEN_STAGES | {"upheld"},
    "asset": frozenset(("registered",)),
}
"""Statuses in listings under which something may be due, by kind."""


class Reader:
    """States under one head, so that all of them are of the same time.

    Args:
        registry: Opened for reading or writing.
    """

    def __init__(self, registry: RegistryApi) -> None:
        self._registry = registry
        self._states = registry.prover()

    def find(self, cls: type[StateT], key: SubjectKey) -> StateT | None:
        """State of a subject as a record, or None."""
        value = self._states.read_state(key)
        return None if value is None else parse_state_record(cls, value.state)

    def need(self, cls: type[StateT], key: SubjectKey) -> StateT:
        """State of a subject that has to be there.

        Raises:
            NotFoundError: It is not.
        """
        state = self.find(cls, key)
        if state is None:
            raise NotFoundError(f"there is no {key} on this ledger")
        return state

    def list_keys(self, kind: str) -> Iterator[SubjectKey]:
        """Keys of every subject of a kind, in their order."""
        return (each.key for each in self._registry.iterate_listed({kind}))

    def list_open(self) -> Iterator[tuple[str, SubjectKey]]:
        """Kind and key of every subject on which something may be due."""
        for each in self._registry.iterate_listed({*_OPEN, "party"}):
            if each.kind == "party" or each.status in _OPEN[each.kind]:
                yield each.kind, each.key


def read_desk(registry: RegistryApi, now: UnixMillis | None = None) -> Desk:
    """By what duties are reckoned: the profile, every published year, and the present.

    Args:
        registry: Opened for reading or writing.
        now: The clock's unless told.
    """
    reader = Reader(registry)
    ledger = reader.need(Ledger, SELF)
    keys = registry.find_subjects(list_key(CALENDAR, ""), _MAX_CALENDARS)
    parts = [reader.need(PublishedList, key) for key in keys]
    calendar = create_calendar(parse_calendar(part.content) for part in parts)
    profile = ledger.profile
    return Desk(
        registrar=ledger.registrar,
        regulator=ledger.regulator,
        periods=Periods(profile.clocks, calendar, profile.offset_minutes),
        now=registry.clock.now() if now is None else now,
    )


def read_settled(registry: RegistryApi, key: SubjectKey) -> Registration:
    """A registration as it stands now, an acceptance by the registrar's silence written into it.

    Args:
        registry: Opened for reading or writing.
        key: Of the registration.

    Raises:
        NotFoundError: There is no such registration.
    """
    registration = registry.need_state(Registration, key)
    if registration.status[-1].value != "filed":
        return registration
    return settle(registration, read_desk(registry))


def find_duties(registry: RegistryApi, desk: Desk) -> list[Duty]:
    """Everything that is due, the most urgent first.

    Args:
        registry: Opened for reading or writing.
        desk: As read_desk gives it.

    Cost: one pass over the listings, and one read for each state that may have something due.
    """
    reader = Reader(registry)
    duties = [*calendar_duties(desk)]
    for kind, key in _list_due(registry, reader):
        duties += _find(reader, kind, key, desk)
    return sort_duties(duties)


def _list_due(registry: RegistryApi, reader: Reader) -> Iterator[tuple[str, SubjectKey]]:
    """Kind and key of every subject on which something is, or may be, due."""
    due = registry.find_due()
    if due is None:
        yield from reader.list_open()
        return
    for key in sorted(due):
        kind = key.partition("/")[0]
        if kind in _OPEN or kind == "party":
            yield kind, key


def _find(reader: Reader, kind: str, key: SubjectKey, desk: Desk) -> Iterator[Duty]:
    match kind:
        case "registration":
            registration = reader.need(Registration, key)
            for duty in registration_duties(key, registration, desk):
                is_moot = duty.task.role == "registrar" and _is_moot(reader, registration)
                yield replace(duty, what="moot") if is_moot else duty
        case "asset":
            asset = reader.need(Asset, key)
            yield from asset_duties(key, asset, _find_pending(reader, asset), desk)
        case "party":
            yield from party_duties(key, reader.need(Party, key), desk)
        case _:
            objection = reader.need(Objection, key)
            yield from objection_duties(key, objection, reader.need(Asset, objection.asset), desk)


def describe_duty(duty: Duty, party: SubjectKey | None = None) -> dict[str, Json]:
    """A duty as programs read it.

    Args:
        duty: Of the desk.
        party: Who is meant, if it is asked about one; else the first that may do it.
    """
    task = duty.task
    return {
        "subject": duty.subject,
        "role": task.role,
        "party": duty.parties[0] if party is None else party,
        "parties": list(duty.parties),
        "what": duty.what,
        "article": task.article,
        "since": duty.since,
        "deadline": duty.deadline,
        "is_unknown": duty.is_unknown,
        "days_left": duty.days_left,
        "days_over": duty.days_over,
        "is_overdue": duty.is_overdue,
    }


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an instant ahead finds if nobody does anything until then.

    Args:
        status: Of the registration.
        voucher: Number of its voucher, if it was recorded.
        voucher_status: Of that voucher, in the words of a verifier.
        consequences: What comes by itself, in order, before and after that instant.
    """

    status: str
    voucher: str | None
    voucher_status: str | None
    consequences: list[Consequence]


def foresee(registry: RegistryApi, key: SubjectKey, desk: Desk, at: UnixMillis) -> Forecast:
    """What comes of a registration, of its voucher and of its parties if nobody does anything.

    Args:
        registry: Opened for reading or writing.
        key: Of the registration.
        desk: As read_desk gives it.
        at: An instant that is not before the desk's.

    Raises:
        NotFoundError: There is no such registration.
    """
    reader = Reader(registry)
    registration = reader.need(Registration, key)
    found = [*foresee_registration(key, registration, desk)]
    status = None
    if registration.voucher is not None:
        asset = reader.need(Asset, registration.asset)
        number = voucher_key(registration.voucher)
        voucher = reader.need(Voucher, number)
        pending = _find_pending(reader, asset)
        until = UnixMillis(voucher.valid_until)
        status = voucher_status(registration.voucher, voucher, asset, at, desk.now, pending)
        if asset.voucher == registration.voucher:
            found += foresee_voucher(number, until, pending, desk)
    for party in registration.parties:
        found += foresee_party(party, reader.need(Party, party))
    return Forecast(
        status=status_then(registration, replace(desk, now=at)),
        voucher=registration.voucher,
        voucher_status=status,
        consequences=sort_consequences(found),
    )


def _is_moot(reader: Reader, registration: Registration) -> bool:
    """Whether the voucher that it names was revoked, cancelled or superseded since."""
    if registration.about is None:
        return False
    return reader.need(Asset, registration.asset).voucher != registration.about


def _find_pending(reader: Reader, asset: Asset) -> Pending | None:
    return None if asset.renewal is None else find_pending(reader.need(Registration, asset.renewal))

"""Published lists that rules read, and the deadlines that rest on the working-day calendar."""

from typing import ClassVar

from typing_extensions import override

from contracts.clocks import (
    Calendar,
    create_calendar,
    deadline_with_pauses,
    local_date,
    parse_calendar,
)
from contracts.clocks import Pause as Pause
from contracts.engine import Context, refuse
from contracts.foundation import read_ledger
from contracts.records import AnyObject, StateRecord
from ledger.core.rules import Listing
from ledger.core.types import SubjectKey, UnixMillis

CALENDAR = "calendar"


class PublishedList(StateRecord, frozen=True, kw_only=True):
    """State of `list/<name>:<part>`: the newest version of a part, wholly.

    Args:
        publisher: Who published it.
        version: 1, 2, ... without gaps.
        content: By the form of the list; of a calendar, see contracts.clocks.
    """

    state_type: ClassVar[str] = "list/1"

    publisher: SubjectKey
    version: int
    content: AnyObject

    @override
    def describe(self, key: SubjectKey) -> Listing:
        return Listing(key.partition("/")[2], f"version {self.version}", ())


def list_key(name: str, part: str) -> SubjectKey:
    """Key of a part of a published list."""
    return SubjectKey(f"list/{name}:{part}")


def read_calendar(context: Context, start: UnixMillis, offset_minutes: int) -> Calendar:
    """The published years from the one of `start` to the one after next."""
    first = local_date(start, offset_minutes).year
    parts = (context.find(PublishedList, list_key(CALENDAR, str(first + i))) for i in range(3))
    return create_calendar(parse_calendar(part.content) for part in parts if part is not None)


def find_deadline(
    context: Context, start: UnixMillis, days: int, pauses: tuple[Pause, ...] = ()
) -> UnixMillis | None:
    """The first instant after so many working days; None if the calendar does not reach so far."""
    if days == 0:
        return start
    offset = read_ledger(context).profile.offset_minutes
    calendar = read_calendar(context, start, offset)
    return deadline_with_pauses(start, days, pauses, calendar, offset)


def need_deadline(
    context: Context, start: UnixMillis, days: int, pauses: tuple[Pause, ...] = ()
) -> UnixMillis:
    """As find_deadline, for an event that cannot do without.

    Raises:
        RejectedError: The calendar does not reach so far.
    """
    deadline = find_deadline(context, start, days, pauses)
    if deadline is None:
        refuse(
            "calendar_unknown",
            "the working-day calendar that this deadline needs is not published: "
            "publish list/calendar:<year> first",
            "计算该期限所需的工作日历尚未公布：请先公布 list/calendar:<年份>",
            "domain 2",
        )
    return deadline

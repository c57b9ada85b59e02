"""Published lists that rules read, and the deadlines that rest on the working-day calendar."""

from collections.abc import Iterable
from typing import ClassVar, NoReturn

from typing_extensions import override

from contracts.clocks import (
    Calendar,
    create_calendar,
    local_date,
    parse_calendar,
    working_day_deadline,
)
from contracts.engine import Context, refuse
from contracts.foundation import read_ledger
from contracts.intervals import close_interval, current, open_interval
from contracts.records import AnyObject, Intervals, StateRecord
from ledger.core.rules import Listing
from ledger.core.types import LeafIndex, SubjectKey, UnixMillis

CALENDAR = "calendar"


class PublishedList(StateRecord, frozen=True, kw_only=True):
    """State of `list/<name>:<part>`: the newest version of a part, wholly.

    Args:
        publisher: Who published it.
        version: 1, 2, ... without gaps.
        since: Ledger time of its publication, Unix milliseconds.
        content: By the form of the list: see contracts.clocks and contracts.classification.
        listed: Intervals of what stood on a list that rules ask about as of a date
            (contracts.publicdata); none for any other.
    """

    state_type: ClassVar[str] = "list/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("listed",)

    publisher: SubjectKey
    version: int
    since: int
    content: AnyObject
    listed: Intervals = ()

    @override
    def describe(self, key: SubjectKey) -> Listing:
        return Listing(key.partition("/")[2], f"version {self.version}", ())


def list_key(name: str, part: str) -> SubjectKey:
    """Key of a part of a published list."""
    return SubjectKey(f"list/{name}:{part}")


def switch_listed(
    listed: Intervals, wanted: Iterable[str], time: UnixMillis, index: LeafIndex
) -> Intervals:
    """What stands on a list with that of a new version open, and nothing else.

    Args:
        listed: Of the version before.
        wanted: What stands on the new version.
        time: Of its publication.
        index: Log index of its publication.
    """
    names = set(wanted)
    held = {str(each) for each in current(listed)}
    for name in held - names:
        listed = close_interval(listed, name, time)
    for name in sorted(names - held):
        listed = open_interval(listed, name, time, index)
    return listed


def read_calendar(context: Context, start: UnixMillis, offset_minutes: int) -> Calendar:
    """The published years from the one of `start` to the second after it, or after the present."""
    first = local_date(start, offset_minutes).year
    last = max(first, local_date(context.time, offset_minutes).year) + 2
    keys = (list_key(CALENDAR, str(year)) for year in range(first, last + 1))
    parts = (context.find(PublishedList, key) for key in keys)
    return create_calendar(parse_calendar(part.content) for part in parts if part is not None)


def need_deadline(context: Context, start: UnixMillis, days: int) -> UnixMillis:
    """The first instant after so many working days, for an event that cannot do without.

    Raises:
        RejectedError: The calendar does not reach so far.
    """
    offset = read_ledger(context).profile.offset_minutes
    calendar = read_calendar(context, start, offset)
    deadline = working_day_deadline(start, days, calendar, offset)
    if deadline is None:
        refuse_unknown_calendar()
    return deadline


def refuse_unknown_calendar() -> NoReturn:
    """Refuse what needs a deadline that the published calendar does not reach.

    Raises:
        RejectedError: Always.
    """
    refuse(
        "calendar_unknown",
        "the working-day calendar that this deadline needs is not published: "
        "publish list/calendar:<year> first",
        "计算该期限所需的工作日历尚未公布：请先公布 list/calendar:<年份>",
        "domain 2",
    )

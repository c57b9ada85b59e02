"""What was in force on an asset at an instant, from its state alone.

A right tuple is in force while its interval holds, its term is not over, and the asset has a
voucher that has not expired, or one whose renewal was filed in time and is undecided: that is not
said by the asset, so who asks gives it (contracts.standing). Whoever takes a right over stands in
the place of the holder before: grants that rest on it go on.

Spec: domain, sections 1, 2 and 5; Art. 21, 26, 34.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from contracts.intervals import Interval, values_at
from contracts.records import Intervals, StateRecord
from contracts.title import Asset, Right, tuple_values
from ledger.core.types import JsonObject, LeafIndex, SubjectKey, UnixMillis

ASSET_LISTS: Final = ("freezes", "pledges", "tuples", "vouchers")
"""The lists that decide which acts an asset's holders may do."""


def is_known(state: StateRecord, name: str, time: UnixMillis) -> bool:
    """Whether a state's list still has everything that held at an instant.

    Args:
        state: Of any subject.
        name: Of an interval list.
        time: The instant asked about; what is not known here, the dossier knows.
    """
    marks = {} if state.complete_from is UNSET else state.complete_from
    return time >= marks.get(name, time)


@dataclass(frozen=True, slots=True)
class Pending:
    """When a renewal was undecided: it keeps whichever voucher is live meanwhile in force.

    Args:
        start: When it was filed.
        end: When it was decided; None: it still is undecided.
    """

    start: UnixMillis
    end: UnixMillis | None

    def holds_at(self, time: UnixMillis) -> bool:
        """Whether it was undecided at an instant."""
        return self.start <= time and (self.end is None or time < self.end)


def live_voucher(asset: Asset, time: UnixMillis, pending: Pending | None = None) -> str | None:
    """Number of the voucher that was in force at an instant, or None.

    Args:
        asset: In its newest state.
        time: The instant asked about.
        pending: The renewal that may keep it in force after it expired.
    """
    for value in objects_at(asset.vouchers, time):
        number, until = str(value["number"]), value["until"]
        if isinstance(until, int) and time < until:
            return number
        if pending is not None and pending.holds_at(time):
            return number
    return None


def is_prolonged(asset: Asset, time: UnixMillis) -> bool:
    """Whether the term of the voucher that was live at an instant was over by then.

    It was in force only if a renewal was undecided, and no other voucher takes its place meanwhile:
    no right is transferred or changed.
    """
    values = objects_at(asset.vouchers, time)
    return any(time >= int(str(value.get("term", value["until"]))) for value in values)


def rights_in_force(
    asset: Asset, time: UnixMillis, pending: Pending | None = None
) -> list[JsonObject]:
    """The right tuples in force at an instant, in the order in which they came into force."""
    return [as_object(each) for each in tuples_in_force(asset, time, pending)]


def tuples_in_force(
    asset: Asset, time: UnixMillis, pending: Pending | None = None
) -> list[Interval]:
    """The same with their intervals, which say since when and by which event."""
    if live_voucher(asset, time, pending) is None:
        return []
    return [
        each for each in asset.tuples if each.holds_at(time) and not is_over(as_object(each), time)
    ]


def held_rights(
    asset: Asset, holder: SubjectKey, time: UnixMillis, pending: Pending | None = None
) -> list[JsonObject]:
    """The right tuples of one holder in force at an instant."""
    return [value for value in rights_in_force(asset, time, pending) if value["holder"] == holder]


def follow_right(
    asset: Asset, holder: SubjectKey, right: Right, before: LeafIndex
) -> list[Interval]:
    """The tuple that a party had when something was done with it, and what it became since.

    Each further one is of who took the right over from the one before, hand to hand. Holders are
    not enough to tell: a right may come back to who had it, or another of the same kind.

    Args:
        asset: In its newest state.
        holder: Who had the right.
        right: Which one.
        before: Log index of what was done.

    Returns:
        In the order of the log; empty if the list does not hold the first one, because the party
        never had it or because the list was shortened.
    """
    had = [each for each in _find_tuples(asset, "holder", holder, right) if each.index < before]
    hands = had[-1:]
    while hands:
        last = hands[-1]
        giver = SubjectKey(str(as_object(last)["holder"]))
        taken = [
            each
            for each in _find_tuples(asset, "from", giver, right)
            if each.index > last.index and each.start == last.end
        ]
        if not taken:
            break
        hands.append(taken[0])
    return hands


def as_object(interval: Interval) -> JsonObject:
    """What an interval says, where every value of the list is an object; else an empty one."""
    return interval.value if isinstance(interval.value, dict) else {}


def objects_at(intervals: Intervals, time: UnixMillis) -> list[JsonObject]:
    """The values of a list that held at an instant and are objects."""
    return [value for value in values_at(intervals, time) if isinstance(value, dict)]


def _find_tuples(asset: Asset, member: str, party: SubjectKey, right: Right) -> Iterator[Interval]:
    """Tuples of one right that name a party as their holder, or as whom it came `from`."""
    for each in asset.tuples:
        value = as_object(each)
        if (value.get(member), value.get("right")) == (party, right):
            yield each


def is_over(value: JsonObject, time: UnixMillis) -> bool:
    """Whether the term of a right tuple itself is over at an instant."""
    until = value.get("until")
    return isinstance(until, int) and until <= time


def holders_of(asset: Asset, time: UnixMillis) -> tuple[SubjectKey, ...]:
    """Who has a right on an asset, sorted, whether or not its voucher has expired.

    Args:
        asset: In its newest state.
        time: Of the instant; a right whose own term is over by then is nobody's.
    """
    values = [each for each in tuple_values(asset.tuples) if not is_over(each, time)]
    return tuple(sorted({SubjectKey(str(each["holder"])) for each in values}))


def ended_holders(asset: Asset, time: UnixMillis) -> tuple[SubjectKey, ...]:
    """Whose rights ended by their own term and are not closed yet, once for each right."""
    values = [each for each in tuple_values(asset.tuples) if is_over(each, time)]
    return tuple(SubjectKey(str(each["holder"])) for each in values)


def settle_terms(asset: Asset, time: UnixMillis) -> Asset:
    """The asset with the rights closed whose own term is over, each as of its end.

    The next record writes this down; until then the term alone says so.
    """
    if not ended_holders(asset, time):
        return asset
    return replace(asset, tuples=tuple(_close_over(each, time) for each in asset.tuples))


def _close_over(interval: Interval, time: UnixMillis) -> Interval:
    value = as_object(interval)
    if interval.end is not None or not is_over(value, time):
        return interval
    return replace(interval, end=max(interval.start, UnixMillis(int(str(value["until"])))))

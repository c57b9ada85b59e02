"""The deliveries of an asset, from its events alone: who got which copy, and from whom.

Whoever traces and whoever verifies a case work them out by the same function, so that no delivery
is left out of a proved history and none is added.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from msgspec import UNSET

from contracts.check import read_issues
from contracts.delivery import Receive, Send
from contracts.records import parse_record
from ledger.core.entry import Entry
from ledger.core.subjects import derive_id
from ledger.core.types import LeafIndex, SubjectKey, UnixMillis
from node.tracing.finding import Candidate


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A delivery as the log has it.

    Args:
        key: Its key.
        index: Log index of the `delivery.send`.
        time: Its ledger time.
        sender: Who delivered.
        body: What the event says.
        received: When the recipient countersigned; None: not yet.
    """

    key: SubjectKey
    index: LeafIndex
    time: UnixMillis
    sender: SubjectKey
    body: Send
    received: UnixMillis | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """How copies of an asset went from hand to hand.

    Args:
        dispatches: In the order of the log.
        parents: The grant above each grant; None: it rests on a right.
    """

    dispatches: tuple[Dispatch, ...]
    parents: Mapping[SubjectKey, SubjectKey | None]

    def find(self, key: SubjectKey) -> Dispatch | None:
        """A delivery by its key."""
        return next((each for each in self.dispatches if each.key == key), None)

    def find_sources(self, one: Dispatch) -> list[Dispatch]:
        """Deliveries by which a sender may have got what it delivered, the newest first.

        Returns:
            None of them if the sender delivers from a right: it has the registered file.
        """
        above = self.parents.get(one.body.grant)
        if above is None:
            return []
        found = [d for d in self.dispatches if d.body.grant == above and d.index < one.index]
        return found[::-1]

    def find_onward(self, one: Dispatch) -> list[Dispatch]:
        """Later deliveries that came down from one, through however many hands, by the log."""
        reached = {one.body.grant}
        onward: list[Dispatch] = []
        for each in self.dispatches:
            if each.index > one.index and self.parents.get(each.body.grant) in reached:
                onward.append(each)
                reached.add(each.body.grant)
        return onward


def read_flow(events: Iterable[tuple[LeafIndex, Entry]]) -> Flow:
    """The deliveries that the events of an asset tell of.

    Args:
        events: All of them with their log indexes, oldest first.
    """
    events = list(events)
    parents: dict[SubjectKey, SubjectKey | None] = defaultdict(lambda: None)
    for key, issue in read_issues(entry for _, entry in events):
        parents[key] = issue.parent if isinstance(issue.parent, str) else None
    found: dict[SubjectKey, Dispatch] = {}
    for index, entry in events:
        event = entry.signed.event
        if event.kind == Send.kind:
            key = derive_id("delivery", actor=event.actor, nonce=event.nonce)
            body = parse_record(Send, event.body)
            found[key] = Dispatch(key, index, entry.time, event.actor, body)
        elif event.kind == Receive.kind:
            key = parse_record(Receive, event.body).delivery
            if key in found:
                found[key] = replace(found[key], received=entry.time)
    return Flow(tuple(found.values()), dict(parents))


def describe_candidate(flow: Flow, one: Dispatch) -> Candidate:
    """A delivery as a finding lists it, before it is scored."""
    sources = flow.find_sources(one)
    marks = one.body.marks
    marked_by = UNSET if marks is UNSET else marks.marked_by
    return Candidate(
        delivery=one.key,
        grant=one.body.grant,
        sender=one.sender,
        recipient=one.body.recipient,
        index=one.index,
        time=one.time,
        received=one.received,
        is_marked=marks is not UNSET,
        marked_by=None if marked_by is UNSET else marked_by,
        source=sources[0].key if sources else None,
        invented=0 if marks is UNSET else marks.invented,
    )


def list_candidates(flow: Flow) -> list[Candidate]:
    """Every delivery, in the order of the log."""
    return [describe_candidate(flow, one) for one in flow.dispatches]

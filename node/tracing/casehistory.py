"""The whole history of an asset in a case, in as many files as it takes.

A dossier holds 1,000 events. Of a longer history it holds the newest 1,000, going on from an
earlier root that it proves; the events before lie in files of 1,000 each, which make that root:

```json
{"format":"muniment/history/v1","subject":"asset/...","from":0,
 "events":[{"index":7,"entry":"<base64url>","path":["<base64>"]}]}
```

Spec: our formats, sections 6, "History", and 7, "dossier" and "case"; docs/adr/0034.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ledger.core.bundle import verify_entry, verify_leaf
from ledger.core.dossier import (
    Dossier,
    DossierEvent,
    format_dossier_events,
    parse_dossier_events,
)
from ledger.core.members import take_count, take_format, take_text
from ledger.core.merkle import EMPTY_FRONTIER
from ledger.core.opening import VerifiedCheckpoint
from ledger.core.state import hash_history_leaf
from ledger.core.subjects import parse_subject
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import BundleError

HISTORY: Final = "muniment/history/v1"


@dataclass(frozen=True, slots=True)
class Page:
    """Events of a subject as read from one file; nothing is verified.

    Args:
        subject: Whose they are.
        first: Number of its events before these.
        events: In order.
    """

    subject: SubjectKey
    first: int
    events: tuple[DossierEvent, ...]


@dataclass(frozen=True, slots=True)
class History:
    """All events of an asset.

    Args:
        newest: The newest 1,000 at most, with the asset's state.
        earlier: Those before, in pages, the oldest first.
    """

    newest: Dossier
    earlier: tuple[Page, ...] = field(default=())

    @property
    def events(self) -> Iterator[DossierEvent]:
        """Every event, the oldest first."""
        for page in self.earlier:
            yield from page.events
        yield from self.newest.events


def format_page(page: Page) -> JsonObject:
    """A page as it stands in a case."""
    return {
        "format": HISTORY,
        "subject": page.subject,
        "from": page.first,
        "events": format_dossier_events(page.events),
    }


def parse_page(value: Json) -> Page:
    """Read a page; the exact inverse of format_page. Nothing is verified.

    Raises:
        MalformedError: Anything that format_page would not have written.
        LimitError: More than 1,000 events, or a part is too large.
    """
    members = take_format(value, {"subject", "from", "events"}, HISTORY, "a page of a history")
    subject = parse_subject(take_text(members["subject"]))
    first = take_count(members["from"], "a number of events")
    return Page(subject, first, parse_dossier_events(members["events"]))


def verify_pages(pages: Sequence[Page], newest: Dossier, opened: VerifiedCheckpoint) -> None:
    """Check that pages hold all events before those of a dossier.

    Args:
        pages: As read, the oldest first.
        newest: Verified.
        opened: The checkpoint that it is verified under.

    Raises:
        BundleError: An event is missing, of another subject, or out of order.
        InclusionError: The log does not hold an event at its index.
        SignatureError: A signature of an event does not verify.
    """
    subject, start = newest.state.subject, newest.start
    frontier = EMPTY_FRONTIER
    for page in pages:
        if (page.subject, page.first) != (subject, frontier.size) or not page.events:
            raise BundleError(f"the pages of the history of {subject} are not in their order")
        leaves = [
            hash_history_leaf(event_id=e.entry.signed.id, i=i, index=e.index, subject=subject)
            for i, e in enumerate(page.events, page.first)
        ]
        frontier = frontier.extend(leaves)
    if start is None or (frontier.size, frontier.root()) != (start.n, start.history):
        raise BundleError(f"the pages do not make the history of {subject} that the dossier names")
    for page in pages:
        for event in page.events:
            _verify_event(event, subject, opened)


def _verify_event(event: DossierEvent, subject: SubjectKey, opened: VerifiedCheckpoint) -> None:
    verify_leaf(event.leaf, event.index, event.path, opened)
    verify_entry(event.entry, opened)
    if subject not in event.entry.signed.event.subjects:
        raise BundleError(f"the event at index {event.index} is not about {subject}")

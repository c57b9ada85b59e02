"""Watching subjects: every event of each, once it is proved, in order, none left out.

A page is what was proved together. Up to 1,000 new events are one page of the dossier, which shows
that none is missing. Of more, the client asks for the earlier ones in parts, and reports none
before all of them are shown to make the very history that the last page goes on from.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from ledger.core.bundle import Receipt, StateBundle, verify_receipt
from ledger.core.dossier import Dossier, DossierEvent, history_frontier
from ledger.core.entry import Entry
from ledger.core.limits import MAX_DOSSIER_EVENTS
from ledger.core.merkle import EMPTY_FRONTIER, Frontier
from ledger.core.opening import VerifiedCheckpoint
from ledger.core.state import StateValue, hash_history_leaf
from ledger.core.tlogproof import TlogProof
from ledger.core.types import Digest, LeafIndex, SubjectKey
from ledger.errors import AnswerError, BundleError, LimitError
from ledger.light.client import LightClient
from ledger.light.state import MAX_WATCHED, Watched

NOT_SEEN: Final = Watched(0, 0, EMPTY_FRONTIER)
"""Before anything was reported: the whole history is new."""


@dataclass(frozen=True, slots=True)
class Change:
    """An event of a watched subject.

    Args:
        subject: Whose.
        n: How many events the subject has with it: 1 for its first.
        receipt: Shows that the log holds it.
    """

    subject: SubjectKey
    n: int
    receipt: Receipt

    @property
    def entry(self) -> Entry:
        """The event as it stands in the log.

        Raises:
            TypeError: The receipt is of a seal; nothing here makes such a change.
        """
        if not isinstance(self.receipt.content, Entry):
            raise TypeError("a change is an entry")
        return self.receipt.content

    @property
    def index(self) -> LeafIndex:
        """Where it stands in the log."""
        return self.receipt.proof.index


@dataclass(frozen=True, slots=True)
class Page:
    """Changes that were proved together.

    Args:
        subject: Whose.
        changes: In the order of the log; none at the first look.
        after: What to remember once all of them were reported.
        dossier: Shows that none was left out; None where later pages of the dossier do.
        state: The subject's state, or its absence, under the trusted checkpoint.
    """

    subject: SubjectKey
    changes: tuple[Change, ...]
    after: Watched
    dossier: Dossier | None
    state: StateBundle


class Watcher:
    """Reports what happens to subjects.

    Args:
        client: Follows the log.
        is_from_start: Report also what happened before the first look.
    """

    def __init__(self, client: LightClient, *, is_from_start: bool = False) -> None:
        self._client = client
        self._is_from_start = is_from_start
        self._looked: dict[SubjectKey, int] = {}

    def find_pages(self, subject: SubjectKey, under: VerifiedCheckpoint) -> Iterator[Page]:
        """What is new about a subject; remember each page once it was reported.

        Args:
            subject: Whose.
            under: The trusted checkpoint.

        Raises:
            BundleError: The history shrank or changed: the log broke its promise.
            BackdatedError: An event claims a time before cosignatures that precede it.
            AnswerError: What the node serves is not what the checkpoint commits to.
            VerificationError: A proof does not hold.
            NotFoundError: The node no longer keeps states of this checkpoint.
            UnavailableError: Nobody answers in time.
            InputError: An answer is malformed or too large.
            CorruptionError: The state file is damaged.
        """
        size = under.body.size
        if self._looked.get(subject, -1) >= size:
            return
        known = self._client.file.load().watched.get(subject)
        bundle = self._client.fetch_state(subject, under)
        if known is None and not self._is_from_start:
            yield self._look_first(bundle, under)
        else:
            yield from self._find_new(bundle, known or NOT_SEEN, under)
        self._looked[subject] = size

    def remember(self, page: Page) -> None:
        """Write down that a page was reported, all of it.

        Raises:
            LimitError: More subjects than one file watches.
            UnavailableError: Another process uses the state file.
            CorruptionError: The state file is damaged.
        """
        self._remember(page.subject, page.after)

    def remember_change(self, page: Page, reported: int) -> None:
        """Write down that the first changes of a page were reported.

        Args:
            page: From find_pages.
            reported: How many, at least 1.

        Raises:
            LimitError: More subjects than one file watches.
            UnavailableError: Another process uses the state file.
            CorruptionError: The state file is damaged.
        """
        if reported == len(page.changes):
            self.remember(page)
            return
        known = self._client.file.load().watched.get(page.subject, NOT_SEEN)
        change = page.changes[reported - 1]
        done = [each for each in page.changes[:reported] if each.n > known.n]
        frontier = known.frontier.extend(map(_history_leaf, done))
        self._remember(page.subject, Watched(change.n, change.index + 1, frontier))

    def _find_new(
        self, bundle: StateBundle, known: Watched, under: VerifiedCheckpoint
    ) -> Iterator[Page]:
        value = bundle.value
        _check_grown(bundle.subject, known, value)
        if value is None or value.n == known.n:
            return
        for page in self._read_parts(bundle, known, value.n - MAX_DOSSIER_EVENTS, under):
            known = page.after
            yield page
        yield self._read_page(bundle, known, under)

    def _remember(self, subject: SubjectKey, watched: Watched) -> None:
        with self._client.file.hold():
            state = self._client.file.load()
            subjects = {**state.watched, subject: watched}
            if len(subjects) > MAX_WATCHED:
                raise LimitError(f"one file watches at most {MAX_WATCHED} subjects")
            self._client.file.save(replace(state, watched=subjects))

    def _look_first(self, bundle: StateBundle, under: VerifiedCheckpoint) -> Page:
        """Where the history stands; what happened before is not reported."""
        size, value = under.body.size, bundle.value
        if value is None:
            return Page(bundle.subject, (), Watched(0, size, EMPTY_FRONTIER), None, bundle)
        dossier = self._client.fetch_dossier(bundle.subject, under, value.n - 1)
        after = Watched(value.n, size, history_frontier(dossier))
        return Page(bundle.subject, (), after, dossier, bundle)

    def _read_page(self, bundle: StateBundle, known: Watched, under: VerifiedCheckpoint) -> Page:
        """The newest events, at most 1,000, as a page of the dossier.

        Raises:
            BundleError: It does not go on from what was reported.
        """
        subject = bundle.subject
        dossier = self._client.fetch_dossier(subject, under, known.n)
        if dossier.start is not None and dossier.start.history != known.frontier.root():
            raise BundleError(f"the first {known.n} events of {subject} are not those seen before")
        note = bundle.receipt.proof.checkpoint
        changes = tuple(
            Change(subject, n, _receipt(event, note))
            for n, event in enumerate(dossier.events, start=known.n + 1)
        )
        self._check_times(changes)
        after = Watched(known.n + len(changes), under.body.size, history_frontier(dossier))
        return Page(subject, changes, after, dossier, bundle)

    def _read_parts(
        self, bundle: StateBundle, known: Watched, stop: int, under: VerifiedCheckpoint
    ) -> Iterator[Page]:
        """Events known.n .. stop-1 of a subject, which the page after them shows to be all.

        The parts are read twice, so that nothing is reported before all of them are proved and
        nothing but their hashes is kept meanwhile.

        Raises:
            BundleError: They do not make the history that the page goes on from.
        """
        subject = bundle.subject
        proved: list[Frontier] = []
        frontier = known.frontier
        while frontier.size < stop:
            changes = self._read_part(bundle, frontier.size, stop, under)
            frontier = frontier.extend(map(_history_leaf, changes))
            proved.append(frontier)
        if proved:
            start = self._client.fetch_dossier(subject, under, stop).start
            if start is None or start.history != frontier.root():
                raise BundleError(f"the events shown of {subject} are not its first {stop}")
        for frontier in proved:
            page = self._prove_part(bundle, known, frontier, under)
            yield page
            known = page.after

    def _prove_part(
        self, bundle: StateBundle, known: Watched, frontier: Frontier, under: VerifiedCheckpoint
    ) -> Page:
        """The part that ends with this frontier, event by event.

        Raises:
            AnswerError: The node answers differently the second time.
        """
        changes = self._read_part(bundle, known.n, frontier.size, under)
        if known.frontier.extend(map(_history_leaf, changes)) != frontier:
            raise AnswerError(f"two answers about the events of {bundle.subject}")
        for change in changes:
            verify_receipt(change.receipt, under)
        self._check_times(changes)
        after = Watched(changes[-1].n, changes[-1].index + 1, frontier)
        return Page(bundle.subject, changes, after, None, bundle)

    def _read_part(
        self, bundle: StateBundle, start: int, stop: int, under: VerifiedCheckpoint
    ) -> tuple[Change, ...]:
        """Events from `start` on, some or all before `stop`; not verified.

        Raises:
            AnswerError: None.
        """
        subject, note = bundle.subject, bundle.receipt.proof.checkpoint
        events = self._client.fetch_events(subject, under, start)[: stop - start]
        if not events:
            raise AnswerError(f"no events of {subject} after {start}, where it has more")
        return tuple(
            Change(subject, n, _receipt(event, note)) for n, event in enumerate(events, start + 1)
        )

    def _check_times(self, changes: tuple[Change, ...]) -> None:
        self._client.check_times([(each.index, each.entry.time) for each in changes])


def _check_grown(subject: SubjectKey, known: Watched, value: StateValue | None) -> None:
    """Refuse a history that does not go on from the known one.

    Raises:
        BundleError: It is gone, shorter, or another one.
    """
    n = 0 if value is None else value.n
    if n < known.n:
        raise BundleError(f"{subject} had {known.n} events and is now shown with {n}")
    if value is not None and n == known.n and value.history != known.frontier.root():
        raise BundleError(f"the {n} events of {subject} are not those seen before")


def _receipt(event: DossierEvent, note: bytes) -> Receipt:
    return Receipt(event.leaf, event.entry, TlogProof(event.index, event.path, note))


def _history_leaf(change: Change) -> Digest:
    return hash_history_leaf(
        event_id=change.entry.signed.id, i=change.n - 1, index=change.index, subject=change.subject
    )

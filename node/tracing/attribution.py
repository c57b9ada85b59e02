"""From which delivery a file came: the marks of every delivery whose key is at hand are held to it.

The file is aligned with the original once, without looking at any delivery's secrets. Copies that
were handed on are regenerated from the copy above them, so that onward deliveries are scored by
what the second hand marked. What may be named shares the bound among all deliveries scored.

Spec: tracing, section 3; docs/tracing-method.md.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from math import log10
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np

from contracts.delivery import Delivery
from ledger.core.types import SubjectKey
from ledger.errors import MalformedError
from node.copyrecords import DELIVERED
from node.escrow import drop_same_bits, find_marks
from node.registryapi import RegistryApi
from node.tracing.bounds import encode_chance, share_bound
from node.tracing.deliveries import Flow
from node.tracing.finding import Why
from node.tracing.hands import Digests, Sources, count_tries, list_sources
from node.tracing.ladder import Base
from tracing.align import Alignment, align
from tracing.fingerprint import Progress, fingerprint_file
from tracing.marking import apply_edits, edit_copy
from tracing.marks import make_plan
from tracing.observe import observe
from tracing.score import DeliveryKeys, DeliveryScore, Scores, SharedMarks, score
from tracing.sighting import Sighting
from tracing.tables import Table, read_table

if TYPE_CHECKING:
    from tracing.markopening import DeliveryMarks

REACHED: Final = -2_000
"""Deliveries below one are scored where its own chance is at most this: else the file did not come
through it, and their chance is bounded by 1 alone."""
_UNREACHED: Final = (0, "unreached")
_LOG10_E: Final = log10(2.718281828459045)


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that deliveries are made from: the original, or a copy that was handed on.

    Args:
        path: Of the file.
        table: What it holds.
        alignment: Of the suspect's rows with its rows.
    """

    path: Path
    table: Table = field(repr=False)
    alignment: Alignment = field(repr=False)


@dataclass(frozen=True, slots=True)
class Compared:
    """A suspect beside the original.

    Args:
        suspect: What was found.
        original: What it is held against: the registered file, or a copy that was delivered.
        base: What that is.
    """

    suspect: Table = field(repr=False)
    original: Copy
    base: Base

    @property
    def aligned(self) -> int:
        """Rows of the suspect that are rows of the original."""
        return self.original.alignment.aligned


@dataclass(frozen=True, slots=True)
class Sharing:
    """A bound, and how many deliveries share it evenly.

    Args:
        bound: On naming any innocent delivery, 0 to 1.
        candidates: At least as many as are scored.
    """

    bound: float
    candidates: int


@dataclass(frozen=True, slots=True)
class Scored:
    """What the marks say.

    Args:
        chances: Chance and pattern of each delivery that was scored.
        sources: The copies that each of them was scored as made from; None: the original.
        why: Why none was; empty if some were.
        rows: Rows of the file that were weighed.
        marks: Marked cells among them.
        invented: Of deliveries for which rows were invented, how many of these are in the file.
    """

    chances: Mapping[SubjectKey, tuple[int, str]] = field(default_factory=dict)
    sources: Sources = field(default_factory=dict)
    why: Why = ""
    rows: int = 0
    marks: int = 0
    invented: Mapping[SubjectKey, int] = field(default_factory=dict)


def compare(suspect: Table, original: Path, base: Base, progress: Progress) -> Compared:
    """Find the rows of one table in another, looking at no delivery's secrets.

    Args:
        suspect: What was found.
        original: What it is held against.
        base: What that is.
        progress: Told of the bytes read.

    Raises:
        NotFoundError: There is no such original.
        MalformedError: It is no table.
        LimitError: It is too large.
    """
    whole = read_table(original, progress=progress)
    return Compared(suspect, Copy(original, whole, align(suspect, whole)), base)


def attribute(
    registry: RegistryApi, flow: Flow, viewer: SubjectKey | None, compared: Compared, bound: float
) -> Scored:
    """Hold the marks of every delivery whose key the viewer has to a file.

    Args:
        registry: Of this home.
        flow: Deliveries of the asset.
        viewer: Whose keys may be used: those it made, or opened from escrow; None: nobody's.
        compared: Suspect and original.
        bound: On naming any innocent delivery, 0 to 1.

    Raises:
        BundleError: The vault opens something else than a delivery committed to.
        MalformedError: The original changed meanwhile.
    """
    why = explain_unscored(flow)
    if why:
        return Scored(why=why)
    marks = _find_all_marks(registry, flow, viewer)
    if not marks or not compared.aligned:
        return Scored(why="no-rows" if marks else "no-key")
    digest = fingerprint_file(compared.original.path).digest
    sources = list_sources(flow, _read_copies(registry, flow), digest)
    return score_deliveries(sources, marks, compared, bound)


def score_deliveries(
    sources: Sources,
    marks: "Mapping[SubjectKey, DeliveryMarks]",
    compared: Compared,
    bound: float,
    candidates: int = 0,
) -> Scored:
    """Hold the marks of deliveries to a file.

    Args:
        sources: Copies that each delivery may have been made from, in the order of the log.
        marks: The secrets that are at hand, by delivery; the same bits nowhere twice.
        compared: Suspect and original.
        bound: On naming any innocent delivery, 0 to 1.
        candidates: Deliveries that share the bound; 0: those that can be scored.

    Raises:
        MalformedError: The original changed meanwhile.
    """
    start = compared.base.delivery
    tries = count_tries(sources, marks.keys(), start)
    scorable = {key: each for key, each in marks.items() if key in tries}
    shared = Sharing(bound, candidates or len(scorable))
    with TemporaryDirectory(prefix="muniment-") as folder:
        attributor = _Attributor(sources, scorable, compared.suspect, shared, Path(folder))
        attributor.play(start, compared.original)
    return attributor.conclude(tries)


def explain_unscored(flow: Flow) -> Why:
    """Why no delivery of an asset could ever be scored; empty if some could."""
    if not flow.dispatches:
        return "no-deliveries"
    return "" if any(one.body.marks for one in flow.dispatches) else "no-marks"


def _find_all_marks(
    registry: RegistryApi, flow: Flow, viewer: SubjectKey | None
) -> "dict[SubjectKey, DeliveryMarks]":
    """The secrets that the viewer has, of deliveries that can be told from all others by them."""
    found: dict[SubjectKey, DeliveryMarks] = {}
    for one in flow.dispatches if viewer is not None else ():
        state = registry.need_state(Delivery, one.key)
        marks = None if viewer is None else find_marks(registry, one.key, state, viewer)
        if marks is not None:
            found[one.key] = marks
    return drop_same_bits(found)


def _read_copies(registry: RegistryApi, flow: Flow) -> dict[SubjectKey, Digests]:
    """Digests of the copies that were sent from this home or taken in here."""
    found: dict[SubjectKey, Digests] = {}
    with closing(registry.open_vault()) as vault:
        for asset in sorted({one.body.asset for one in flow.dispatches}):
            for record in vault.find(DELIVERED, asset):
                if isinstance(record, dict):
                    key, source = SubjectKey(str(record.get("delivery"))), record.get("source")
                    known = source if isinstance(source, str) else None
                    if key not in found or known is not None:
                        found[key] = Digests(str(record.get("digest")), known)
    return found


class _Attributor:
    """Scores deliveries from the original downwards.

    Args:
        sources: Copies that each delivery may have been made from.
        marks: Secrets of those that can be scored.
        suspect: The file.
        shared: The bound on naming any innocent delivery.
        folder: For copies that are made again.
    """

    def __init__(
        self,
        sources: Sources,
        marks: "Mapping[SubjectKey, DeliveryMarks]",
        suspect: Table,
        shared: Sharing,
        folder: Path,
    ) -> None:
        self._sources = sources
        self._marks = marks
        self._suspect = suspect
        self._shared = shared
        self._folder = folder
        self._chances = dict.fromkeys(marks, _UNREACHED)
        self._unusable: set[SubjectKey] = set()
        self._read = (0, 0)
        self._invented: dict[SubjectKey, int] = {}

    def conclude(self, tries: Mapping[SubjectKey, int]) -> Scored:
        """The best score of each delivery, paid for by the number of ways in which it was tried.

        One whose marks do not fit its source was not scored, nor was what came down from it.
        """
        lost: set[SubjectKey | None] = set()
        for key, sources in self._sources.items():
            if key in self._unusable or not lost.isdisjoint(sources):
                lost.add(key)
        paid = {
            key: (min(0, chance - share_bound(0, tries[key])), pattern)
            for key, (chance, pattern) in self._chances.items()
            if key not in lost
        }
        rows, marks = self._read
        used = {key: self._sources[key] for key in paid}
        found = {key: count for key, count in self._invented.items() if key in paid}
        return Scored(paid, used, "" if paid else "no-key", rows, marks, found)

    def play(self, source: SubjectKey | None, copy: Copy) -> None:
        """Score what may have been made from a copy, then what came down from that.

        Args:
            source: The delivery whose copy it is; None: the original.
            copy: The file itself.
        """
        mine = [key for key in self._marks if source in self._sources[key]]
        for group in _group(mine, self._marks).values():
            try:
                found = self._score(group, copy)
            except MalformedError:  # a sender committed to the marks of another table
                self._unusable.update(group)
                continue
            for key, (chance, pattern) in found.items():
                self._chances[key] = min(self._chances[key], (chance, pattern))
                if chance <= REACHED and any(key in each for each in self._sources.values()):
                    self.play(key, self._make_again(key, copy))

    def _score(self, keys: Sequence[SubjectKey], copy: Copy) -> dict[SubjectKey, tuple[int, str]]:
        """Score deliveries that share key, terms and columns."""
        first = self._marks[keys[0]]
        plan = make_plan(copy.table, first.key, first.terms, first.columns)
        observed = observe(self._suspect, copy.table, copy.alignment, plan)
        if first.terms.canaries:
            sighting = Sighting(self._suspect, copy.table, copy.alignment)
            observed = replace(observed, sighting=sighting)
        shared = SharedMarks(first.key, first.terms, plan, copy.table.height)
        candidates = [DeliveryKeys(key, self._marks[key].stream) for key in keys]
        bound, count = self._shared.bound, self._shared.candidates
        scores = score(observed, candidates, shared, bound=bound, candidates=count)
        self._read = max(self._read, (scores.rows, scores.marks))
        self._note_invented(scores)
        return {SubjectKey(one.name): _encode(one) for one in scores.deliveries}

    def _note_invented(self, scores: Scores) -> None:
        """Keep the most invented rows of each delivery that were seen, of what it may be from."""
        for one in scores.deliveries:
            if one.canaries is not None:
                key = SubjectKey(one.name)
                self._invented[key] = max(self._invented.get(key, 0), one.canaries)

    def _make_again(self, key: SubjectKey, source: Copy) -> Copy:
        """The copy of a delivery, and where the suspect's rows are in it."""
        marks, digest = self._marks[key], fingerprint_file(source.path).digest
        edits = edit_copy(source.table, marks)
        form = source.table.form if source.table.form in {"csv", "tsv", "jsonl"} else "csv"
        path = self._folder / f"{key.partition('/')[2]}.{form}"
        with path.open("wb") as file:
            file.writelines(apply_edits(source.path, source.table, edits, digest))
        standing = edits.list_rows()
        own = np.flatnonzero(standing >= 0)
        places = np.full(source.table.height, -1, dtype=np.int32)
        places[standing[own]] = own
        return Copy(path, read_table(path), _move(source.alignment, places))


def _move(alignment: Alignment, places: "np.typing.NDArray[np.int32]") -> Alignment:
    """The alignment with a copy, from that with its source; rows that it lacks are nowhere."""
    last = np.append(places, np.int32(-1))  # what is aligned with nothing stays so: index -1
    return replace(alignment, rows=last[alignment.rows], repeats=last[alignment.repeats])


def _group(
    keys: Sequence[SubjectKey], marks: "Mapping[SubjectKey, DeliveryMarks]"
) -> dict[tuple[object, ...], list[SubjectKey]]:
    """Deliveries by what those under one marking key share."""
    groups: dict[tuple[object, ...], list[SubjectKey]] = defaultdict(list)
    for key in keys:
        one = marks[key]
        groups[one.key.key, one.terms, one.columns].append(key)
    return groups


def _encode(one: DeliveryScore) -> tuple[int, str]:
    return encode_chance(one.log_p * _LOG10_E), one.hypothesis.code

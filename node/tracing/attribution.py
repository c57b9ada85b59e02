"""From which delivery a file came: the marks of every delivery whose key is at hand are held to it.

The file is aligned with the original once, without looking at any delivery's secrets. Copies that
were handed on are regenerated from the copy above them, so that onward deliveries are scored by
what the second hand marked. What may be named shares the bound among all deliveries scored.

Spec: tracing, section 3; docs/tracing-method.md.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
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
from node.escrow import find_marks
from node.registryapi import RegistryApi
from node.tracing.bounds import encode_chance, share_bound
from node.tracing.deliveries import Dispatch, Flow
from node.tracing.finding import Why
from node.tracing.ladder import Base
from tracing.align import Alignment, align
from tracing.fingerprint import Progress, fingerprint_file
from tracing.marking import apply_edits, edit_copy
from tracing.marks import make_plan
from tracing.observe import observe
from tracing.score import DeliveryKeys, DeliveryScore, SharedMarks, score
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
class Scored:
    """What the marks say.

    Args:
        chances: Chance and pattern of each delivery that was scored.
        why: Why none was; empty if some were.
        rows: Rows of the file that were weighed.
        marks: Marked cells among them.
    """

    chances: Mapping[SubjectKey, tuple[int, str]] = field(default_factory=dict)
    why: Why = ""
    rows: int = 0
    marks: int = 0


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
    start, digest = compared.base.delivery, fingerprint_file(compared.original.path).digest
    sources = list_sources(flow, _read_copies(registry, flow), digest)
    tries = count_tries(flow, sources, marks.keys(), start)
    with TemporaryDirectory(prefix="muniment-") as folder:
        scorable = {key: each for key, each in marks.items() if key in tries}
        attributor = _Attributor(sources, scorable, compared.suspect, bound, Path(folder))
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
    # Two copies with the same secret bits, which an honest sender never makes, say nothing apart:
    # the leak of one would name the other.
    drawn = Counter((each.key.key, each.stream) for each in found.values())
    return {key: each for key, each in found.items() if drawn[each.key.key, each.stream] == 1}


@dataclass(frozen=True, slots=True)
class Digests:
    """What the vault has of a copy.

    Args:
        copy: Digest of the copy, 64 hex digits.
        source: Of the file that it was made from; None: it was made elsewhere.
    """

    copy: str
    source: str | None


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


def list_sources(
    flow: Flow, copies: Mapping[SubjectKey, Digests], original: str
) -> dict[SubjectKey, tuple[SubjectKey | None, ...]]:
    """The marked copies that each delivery may have been made from; None: the original.

    Where the vault does not say which, it is any of those that the sender had got by then.

    Args:
        flow: Deliveries of the asset.
        copies: What the vault has of them.
        original: Digest of the original.
    """
    sources: dict[SubjectKey, tuple[SubjectKey | None, ...]] = {}
    for one in flow.dispatches:
        above = flow.find_sources(one)
        own = copies.get(one.key)
        if own is not None and own.source is not None:
            known = [each for each in above if (c := copies.get(each.key)) and c.copy == own.source]
            above = known[:1] if known or own.source == original else above
        kept = [s for each in above for s in _resolve(each, sources)] or [None]
        sources[one.key] = tuple(dict.fromkeys(kept))
    return sources


def _resolve(
    one: Dispatch, sources: Mapping[SubjectKey, tuple[SubjectKey | None, ...]]
) -> tuple[SubjectKey | None, ...]:
    """The marked copies that a delivery's copy may be: an exact one is its source once more."""
    return (one.key,) if one.body.marks else sources[one.key]


def count_tries(
    flow: Flow,
    sources: Mapping[SubjectKey, tuple[SubjectKey | None, ...]],
    keyed: Set[SubjectKey],
    start: SubjectKey | None = None,
) -> dict[SubjectKey, int]:
    """In how many ways each delivery can be scored; one that cannot be in all of them is left out.

    Args:
        flow: Deliveries of the asset.
        sources: Copies that each may have been made from.
        keyed: Deliveries whose secrets are at hand.
        start: The delivery whose copy is at hand; None: the original is.
    """
    tries: dict[SubjectKey, int] = {}

    def count(source: SubjectKey | None) -> int:
        return 1 if source == start else tries.get(source, 0) if source is not None else 0

    for one in flow.dispatches:
        ways = [count(each) for each in sources[one.key]]
        if one.key in keyed and all(ways):
            tries[one.key] = sum(ways)
    return tries


class _Attributor:
    """Scores deliveries from the original downwards.

    Args:
        sources: Copies that each delivery may have been made from.
        marks: Secrets of those that can be scored.
        suspect: The file.
        bound: On naming any innocent delivery.
        folder: For copies that are made again.
    """

    def __init__(
        self,
        sources: Mapping[SubjectKey, tuple[SubjectKey | None, ...]],
        marks: "Mapping[SubjectKey, DeliveryMarks]",
        suspect: Table,
        bound: float,
        folder: Path,
    ) -> None:
        self._sources = sources
        self._marks = marks
        self._suspect = suspect
        self._bound = bound
        self._folder = folder
        self._chances = dict.fromkeys(marks, _UNREACHED)
        self._unusable: set[SubjectKey] = set()
        self._read = (0, 0)

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
        return Scored(chances=paid, why="" if paid else "no-key", rows=rows, marks=marks)

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
        shared = SharedMarks(first.key, first.terms, plan, copy.table.height)
        candidates = [DeliveryKeys(key, self._marks[key].stream) for key in keys]
        scores = score(observed, candidates, shared, bound=self._bound, candidates=len(self._marks))
        self._read = max(self._read, (scores.rows, scores.marks))
        return {SubjectKey(one.name): _encode(one) for one in scores.deliveries}

    def _make_again(self, key: SubjectKey, source: Copy) -> Copy:
        """The copy of a delivery, and where the suspect's rows are in it."""
        marks, digest = self._marks[key], fingerprint_file(source.path).digest
        edits = edit_copy(source.table, marks)
        form = source.table.form if source.table.form in {"csv", "tsv", "jsonl"} else "csv"
        path = self._folder / f"{key.partition('/')[2]}.{form}"
        with path.open("wb") as file:
            file.writelines(apply_edits(source.path, source.table, edits, digest))
        kept = ~edits.withheld
        places = np.where(kept, np.cumsum(kept, dtype=np.int32) - 1, -1).astype(np.int32)
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

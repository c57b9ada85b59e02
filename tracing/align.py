"""Which row of the original each row of a suspect table was, from these two tables alone.

No secret of any delivery is looked at: that the marks of an innocent delivery are independent of
what is observed rests on it.

```text
columns mapped -> a sample of rows aligned -> what was done to the numbers, how much was changed
-> all rows aligned, together with decoys -> the margin that foreign rows do not reach
```

A decoy is a row of the original, changed as the suspect's rows were, that may not be aligned to
itself: what it reaches is what a foreign row of the same kind reaches. The margin is chosen so that
about one aligned row in a hundred is wrong at most.

Spec: tracing, section 3, scoring.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tracing.cells import Cells, fold_column, pick_rows
from tracing.columns import MappedColumn, map_columns, rejoin_columns, typical_noise
from tracing.grain import Relation, refine_relation
from tracing.lenses import Bits, Lens, Rows, make_lens
from tracing.tables import Table
from tracing.voting import Votes, choose_shingles, vote

Ordinals = npt.NDArray[np.int32]
_SAMPLE: Final = 4_000
_DECOYS: Final = 3_000
_SURE: Final = np.float32(8)
_LEAST_MARGIN: Final = np.float32(3)
_FALSE_SHARES: Final = (0.01, 0.05)
_MUCH_MORE: Final = 1.5
_FEW_DECOYS: Final = 2_000
_BETTER: Final = 1.2
_FAIR_PART: Final = 0.2
_FEW: Final = 12
_USUALLY_KEPT: Final = 0.7
_NEARLY_ALL: Final = 0.98
_LACKING: Final = 1.0
"""Bits; who lacks fewer than this agrees with its candidate as far as can be told."""
_RARELY: Final = 0.02
_MOST_BY_CHANCE: Final = 0.98
_NOISE_SHARES: Final = (0.01, 0.05)
_SEED: Final = 11


@dataclass(frozen=True, slots=True)
class Alignment:
    """What is known of a suspect's rows.

    Args:
        rows: Original ordinal of each suspect row, -1 for none; each ordinal at most once.
        repeats: The same for suspect rows that are an original row once more; -1 for all others.
        mapping: The suspect's columns that have a counterpart, in the suspect's order.
        margin: Bits by which an aligned row stands out at least.
        false_share: Share of wrong rows among the aligned that decoys let expect, 0..1.
        foreign_share: Share of the suspect's rows that seem not to be of the original, 0..1.
    """

    rows: Ordinals
    repeats: Ordinals
    mapping: tuple[MappedColumn, ...]
    margin: float
    false_share: float
    foreign_share: float

    @property
    def aligned(self) -> int:
        """Suspect rows that have an original row of their own."""
        return int((self.rows >= 0).sum())

    @property
    def repeated(self) -> int:
        """Suspect rows that are an original row once more."""
        return int((self.repeats >= 0).sum())

    def find(self, original: int) -> MappedColumn | None:
        """The mapping of an original column, by its index."""
        for one in self.mapping:
            if one.original == original:
                return one
        return None


def align(suspect: Table, original: Table) -> Alignment:
    """Find the original row of each suspect row.

    Returns:
        An alignment; without any row where the tables have nothing in common.

    Cost: two seconds for each 100,000 rows that are unchanged, three times that for changed ones
    (19 columns); at most 1 kB for each row.
    """
    # Numbers near the largest of 64 bits overflow: such columns map to nothing, which is no error.
    with np.errstate(over="ignore", invalid="ignore"):
        return _align(suspect, original)


def _align(suspect: Table, original: Table) -> Alignment:
    seen = [fold_column(column) for column in suspect.columns]
    whole = [fold_column(column) for column in original.columns]
    mapping = map_columns(seen, whole)
    if not mapping or not suspect.height or not original.height:
        return _nothing(suspect.height)
    return _Aligner(seen, whole, suspect.height, original.height).run(mapping)


def _nothing(height: int) -> Alignment:
    empty = np.full(height, -1, dtype=np.int32)
    return Alignment(empty, empty.copy(), (), 0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Sample:
    """Suspect rows that were aligned in order to learn.

    Args:
        rows: Which ones.
        best: The original row found for each, -1 for none.
        margins: Bits by which it stands out.
        least: Margin from which it is believed.
    """

    rows: Rows
    best: Rows
    margins: Bits
    least: np.float32

    def sure_without(self, lens: Lens) -> Rows:
        """Places of the rows that are believed even if a column is left out.

        A column is judged by rows that it had no part in choosing: else it would look better kept
        than it is.
        """
        places = np.flatnonzero(self.best >= 0)
        left = self.margins[places] - lens.weigh(places, self.best[places])
        return places[left >= self.least]


@dataclass(frozen=True, slots=True)
class _Learned:
    """A mapping, and pairs of rows that speak for it.

    Args:
        mapping: Of columns.
        suspect: Rows of the suspect.
        original: The original row of each.
    """

    mapping: tuple[MappedColumn, ...]
    suspect: Rows
    original: Rows

    @property
    def count(self) -> int:
        """How many rows."""
        return len(self.suspect)


class _Aligner:
    """One run: two tables, and what is found out on the way."""

    def __init__(
        self, seen: Sequence[Cells], whole: Sequence[Cells], count: int, height: int
    ) -> None:
        self._seen, self._whole = seen, whole
        self._count, self._height = count, height

    def run(self, mapping: tuple[MappedColumn, ...]) -> Alignment:
        learned = self._learn(mapping)
        mapping = learned.mapping
        decoys = pick_rows(self._height, _DECOYS, _SEED)
        lenses = self._lenses(mapping)
        # Where nothing was learned, no change is known that decoys could be made to share.
        votes = self._vote(lenses, decoys, is_plain=learned.count < _FEW)
        margins = votes.margin(self._height)[: self._count]
        chosen = _judge(votes, lenses, self._count)
        rows = np.where(margins >= chosen.margin, votes.row[: self._count], np.int32(-1))
        first = _first_of_each(rows, margins)
        return Alignment(
            np.where(first, rows, np.int32(-1)),
            np.where(first, np.int32(-1), rows),
            mapping,
            float(chosen.margin),
            chosen.wrong,
            chosen.foreign,
        )

    def _vote(self, lenses: list[Lens], decoys: Rows, *, is_plain: bool) -> Votes:
        """Votes of the suspect rows of these lenses, and after them of decoys.

        Args:
            lenses: Of the mapped columns; the decoys are added to them.
            decoys: Original rows.
            is_plain: Leave the decoys as they are in the original.
        """
        for place, lens in enumerate(lenses):
            mimicked = lens.mimic(decoys, _SEED + 2 * place, is_plain=is_plain)
            lenses[place] = lens.join(mimicked)
        excluded = np.full(len(lenses[0].suspect), -1, dtype=np.int32)
        excluded[len(excluded) - len(decoys) :] = decoys
        return vote(lenses, choose_shingles(lenses, self._height), len(excluded), excluded)

    def _lenses(self, mapping: Sequence[MappedColumn]) -> list[Lens]:
        return [
            make_lens(one, self._seen[one.suspect], self._whole[one.original]) for one in mapping
        ]

    def _learn(self, mapping: tuple[MappedColumn, ...]) -> "_Learned":
        """Relations and kept shares, from a sample of the suspect's rows."""
        rows = pick_rows(self._count, _SAMPLE, _SEED)
        learned = self._improve(mapping, rows)
        for guess in self._guesses(mapping):
            if learned.count * 2 >= len(rows):
                break
            tried = self._improve(guess, rows)
            if tried.count > _BETTER * learned.count:
                learned = tried
        if learned.count < _FEW:
            return self._learn_changed(mapping, rows)
        pairs = learned.suspect, learned.original
        joined = rejoin_columns(learned.mapping, self._seen, self._whole, pairs)
        return replace(learned, mapping=self._improve(joined, rows).mapping)

    def _learn_changed(self, mapping: tuple[MappedColumn, ...], rows: Rows) -> "_Learned":
        """The same for a suspect that may be changed so much that plain decoys look better.

        Believed only if each column agrees in a fair part of the rows: rows that are merely alike
        agree in some columns and not at all in others.
        """
        learned = self._improve(mapping, rows, is_plain=False)
        if all(one.kept >= _FAIR_PART for one in learned.mapping):
            return learned
        return _Learned(mapping, rows[:0], rows[:0])

    def _guesses(self, mapping: Sequence[MappedColumn]) -> Iterator[tuple[MappedColumn, ...]]:
        """What else may have been done: hardly anything, or noise added to all numbers."""
        yield tuple(replace(one, kept=_NEARLY_ALL) for one in mapping)
        for share in _NOISE_SHARES:
            yield self._noised(mapping, share)

    def _noised(self, mapping: Sequence[MappedColumn], share: float) -> tuple[MappedColumn, ...]:
        """The same mapping, if noise had been added to all numbers."""
        return tuple(
            replace(one, relation=Relation("noised", spread=typical_noise(other, share)))
            if (other := self._whole[one.original]).is_numeric
            else one
            for one in mapping
        )

    def _improve(
        self, mapping: tuple[MappedColumn, ...], rows: Rows, *, is_plain: bool = True
    ) -> "_Learned":
        """The mapping as the rows that align speak for it, and these rows."""
        lenses = [lens.take(rows) for lens in self._lenses(mapping)]
        decoys = pick_rows(self._height, _FEW_DECOYS, _SEED)
        votes = self._vote(lenses, decoys, is_plain=is_plain)
        mine = votes.margin(self._height)[: len(rows)]
        least = max(_SURE, _judge(votes, lenses, len(rows)).margin)
        best = votes.row[: len(rows)].astype(np.int64)
        sure = np.flatnonzero(mine >= least)
        if len(sure) >= _FEW:
            mapping = self._refine_all(mapping, lenses, _Sample(rows, best, mine, least))
        return _Learned(mapping, rows[sure], best[sure])

    def _refine_all(
        self, mapping: Sequence[MappedColumn], lenses: Sequence[Lens], sample: "_Sample"
    ) -> tuple[MappedColumn, ...]:
        """Relations first, then how many cells are kept under them."""
        known = [
            self._refine(one, sample, sample.sure_without(lens))
            for one, lens in zip(mapping, lenses, strict=True)
        ]
        told = [kept for _, kept in known if kept is not None]
        usual = float(np.median(told)) if told else _USUALLY_KEPT
        return tuple(replace(one, kept=usual if kept is None else kept) for one, kept in known)

    def _refine(
        self, one: MappedColumn, sample: "_Sample", sure: Rows
    ) -> tuple[MappedColumn, float | None]:
        """One column by rows that align without it; None where they are too few to tell."""
        if len(sure) < _FEW:
            return one, None
        seen, whole = self._seen[one.suspect], self._whole[one.original]
        suspect, original = sample.rows[sure], sample.best[sure]
        if whole.is_numeric and seen.is_numeric:
            numbers = seen.per_row()[suspect], whole.per_row()[original]
            one = replace(one, relation=refine_relation(one.relation, *numbers))
        lens = make_lens(one, seen, whole)
        agreeing = (int(lens.agrees(suspect, original).sum()) + 1) / (len(suspect) + 2)
        chance = min(lens.chance(), _MOST_BY_CHANCE)
        return one, (agreeing - chance) / (1 - chance)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What decoys let expect.

    Args:
        margin: From which rows are believed; infinite where none can be.
        wrong: Share of wrong rows among these.
        foreign: Share of the suspect's rows that seem foreign.
    """

    margin: np.float32
    wrong: float
    foreign: float


def _judge(votes: Votes, lenses: Sequence[Lens], count: int) -> _Verdict:
    """Set the suspect's rows, which come first, against the decoys after them.

    Rows without any candidate are left out on both sides: they cannot be aligned wrongly.
    """
    most = np.zeros(len(votes.row), dtype=np.float32)
    for lens in lenses:
        most += lens.most()
    lacks, margins = most - votes.best, votes.margin(len(lenses[0].original))
    is_asked = votes.row >= 0
    is_mine = np.arange(len(is_asked)) < count
    mine, decoys = is_asked & is_mine, is_asked & ~is_mine
    foreign = _foreign_share(lacks[mine], lacks[decoys])
    margin, wrong = _choose_margin(margins[mine], margins[decoys], foreign)
    found = int(mine.sum())
    return _Verdict(margin, wrong, (foreign * found + count - found) / max(1, count))


def _foreign_share(mine: Bits, decoys: Bits) -> float:
    """At most this share of the rows is foreign: decoys are, and lack so many bits so often.

    Args:
        mine: Bits that the best candidate of each row lacks to agree in every cell.
        decoys: The same of decoys.

    Spec: Storey (2002), the share of true null hypotheses.
    """
    if not len(mine) or not len(decoys):
        return 1.0
    middle = max(float(np.median(decoys)), _LACKING)
    much = float((decoys >= middle).mean())
    return min(1.0, float((mine >= middle).mean()) / max(much, _RARELY))


def _choose_margin(mine: Bits, decoys: Bits, foreign: float) -> tuple[np.float32, float]:
    """The least margin at which decoys let expect few wrong rows, and their share.

    One in a hundred; more are borne only where that gives much more to see.

    Spec: target-decoy estimate of the false discovery rate (Elias and Gygi 2007).
    """
    points = np.unique(np.concatenate([decoys, mine]))
    points = points[points >= _LEAST_MARGIN]
    above = len(decoys) - np.searchsorted(np.sort(decoys), points, "left")
    reached = len(mine) - np.searchsorted(np.sort(mine), points, "left")
    wrong = foreign * len(mine) * (above + 1) / max(1, len(decoys))
    share = wrong / np.maximum(1, reached)
    worth = reached * np.square(1 - np.minimum(share, 1))
    chosen: int | None = None
    for bearable in _FALSE_SHARES:
        good = np.flatnonzero((share <= bearable) & (reached > 0))
        if len(good) and (chosen is None or worth[good[0]] > _MUCH_MORE * worth[chosen]):
            chosen = int(good[0])
    if chosen is None:
        return np.float32(np.inf), 0.0
    return np.float32(points[chosen]), float(share[chosen])


def _first_of_each(rows: Ordinals, margins: Bits) -> npt.NDArray[np.bool_]:
    """The suspect row with the largest margin for each original row; the first of equals."""
    order = np.lexsort((np.arange(len(rows)), -margins, rows))
    ordered = rows[order]
    heads = np.concatenate([[True], ordered[1:] != ordered[:-1]]) & (ordered >= 0)
    first = np.zeros(len(rows), dtype=bool)
    first[order[heads]] = True
    return first

"""A file in question held against fingerprint records: which to look at, and what they share.

```text
bottom hashes of the file --> index --> a few records
columns matched by name, else by cells --> rows hashed under the record's names
                                       --> groups of cells of the record's sampled rows
```

The file is at hand, so that all its hashes can be made; of the record there is the sketch. Rows are
compared in the record's columns alone, so that added columns change nothing; groups of cells
survive dropped columns, edited cells, rounding and noise, and other names.

Spec: tracing, section 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Final, Literal

import numpy as np

from tracing.containment import Containment, Overlap, estimate, estimate_sampled
from tracing.counterparts import match_columns, read_columns
from tracing.index import pick_hashes
from tracing.keys import HashKeys
from tracing.record import Content, Sketch, TableSketch, show_name
from tracing.sampled import SampleSearch
from tracing.sketch import (
    Bottom,
    FoldedTable,
    Hashes,
    Parts,
    TableHasher,
    cut_hashes,
    hash_pieces,
    read_hashes,
    sketch_hashes,
    unique_hashes,
)
from tracing.tuples import GroupedRows

NEAR: Final = 0.1
"""A file is near an earlier one where either contains so much of the other."""
NEAR_ROWS: Final = 0.05
"""So much of rows, or of groups of their cells, is enough: what is there by chance is taken off."""
_MOST_CHANCE: Final = 0.5
"""Of a table whose rows were written twice on purpose more would be taken off than is chance."""
LEAST_FOUND: Final = 3
"""So many hashes of a sample have to be found before a share of it counts."""
_LEAST_LOW: Final = 0.001
"""The interval of a share that counts does not begin lower: what began at nothing says nothing."""
_LOOKED_UP_ROWS: Final = 8192
_LOOKED_UP_SHINGLES: Final = 16_384
_LOOKED_UP_VALUES: Final = 256
_SAMPLED_ROWS: Final = 20_000
_SAMPLED_COLUMNS: Final = 16

_NOTHING: Final = estimate_sampled(0, 0, 0.0, 0.0)
"""No group of cells stands out from chance."""

Measure = Literal["rows", "shingles", "chunks", "words"]
MEASURES: Final[tuple[Measure, ...]] = ("rows", "shingles", "chunks", "words")


@dataclass(frozen=True, slots=True)
class Lookups:
    """What the index is asked for.

    Args:
        parts: Hashes of rows, pairs of cells, chunks and runs of words.
        values: Hashes of the values of columns, which say less.
    """

    parts: Sequence[int]
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Nearness:
    """What a file and a record share.

    Args:
        shares: By what was compared; what could not be is not there.
        columns: Of the record, those that were found in the file, each with its name there.
        is_same_table: The canonical tables have the same digest.
        agreement: 0..1: how much the other cells agree in rows that were found by groups of cells.
        covered: 0..1: share of the file's columns that are the record's too.
    """

    shares: Mapping[Measure, Containment]
    columns: tuple[tuple[str, str], ...] = ()
    is_same_table: bool = False
    agreement: float = 1.0
    covered: float = 1.0

    @property
    def best(self) -> tuple[Measure, Containment] | None:
        """The strictest comparison that shows nearness, else that which shows the most, if any."""
        told = [(name, each) for name in MEASURES if (each := self.shares.get(name)) is not None]
        counted = [(name, each) for name, each in told if _counts(each)]
        near = [pair for pair in counted if self._is_near(*pair)]
        return near[0] if near else max(counted, key=lambda pair: pair[1].size, default=None)

    @property
    def is_near(self) -> bool:
        """Whether either contains as much of the other as it takes."""
        best = self.best
        return self.is_same_table or (best is not None and self._is_near(*best))

    @property
    def weight(self) -> float:
        """0..1: by which records that a file is near to are ranked: the largest share that counts.

        Of two tables that have some columns alike the one counts whose other columns agree, and
        that has more of the file's. Of altered cells few whole rows are left, and many groups: the
        strictest comparison does not rank.
        """
        weights = (
            each.size * (self.agreement if name == "shingles" else 1.0)
            for name, each in self.shares.items()
            if _counts(each) and self._is_near(name, each)
        )
        return max(weights, default=0.0) * self.covered

    def _is_near(self, measure: Measure, containment: Containment) -> bool:
        least = NEAR_ROWS if measure in {"rows", "shingles"} else NEAR
        return containment.size >= least


def _counts(containment: Containment) -> bool:
    share = containment.of_new
    low = max(share.low, containment.of_earlier.low)
    is_exact = share.low == share.high and share.found > 0
    return is_exact or (share.found >= LEAST_FOUND and low >= _LEAST_LOW)


class QuestionedFile:
    """A file of which somebody asks what it derives from, hashed under the key of an index.

    Args:
        parts: Of the file.
        keys: The index's.
    """

    def __init__(self, parts: Parts, keys: HashKeys) -> None:
        self._parts = parts
        self._keys = keys
        self._hasher = None if parts.table is None else TableHasher(parts.table, keys)
        self._chunks = None if parts.chunks is None else hash_pieces(parts.chunks, keys)
        self._words = None if parts.words is None else hash_pieces(parts.words, keys)
        self._rows: dict[tuple[tuple[str, str], ...], Hashes] = {}

    def list_lookups(self) -> Lookups:
        """The hashes by which records that it may derive from are found."""
        parts: list[int] = []
        values: list[int] = []
        if self._hasher is not None:
            table = self._hasher.table
            own = {name: name for name in table.columns}
            parts += _pick(self._hash_rows(own), _LOOKED_UP_ROWS)
            parts += pick_hashes(_sample_pairs(table, self._keys), _LOOKED_UP_SHINGLES)
            for column in table.columns.values():
                values += _pick(self._hasher.hash_values(column), _LOOKED_UP_VALUES)
        for hashes in (self._chunks, self._words):
            if hashes is not None:
                parts += _pick(hashes, _LOOKED_UP_ROWS)
        return Lookups(parts, values)

    def compare(self, content: Content) -> Nearness:
        """What it shares with a record under the same keys."""
        if content.table is not None and self._grouped is not None:
            return self._compare_table(content.table, self._grouped)
        shares: dict[Measure, Containment] = {}
        pairs: tuple[tuple[Measure, Sketch | None, Hashes | None], ...] = (
            ("chunks", content.chunks, self._chunks),
            ("words", content.words, self._words),
        )
        for name, sketch, hashes in pairs:
            if sketch is not None and hashes is not None:
                shares[name] = compare_hashes(hashes, sketch)
        return Nearness(shares)

    def _compare_table(self, table: TableSketch, rows: GroupedRows) -> Nearness:
        columns = read_columns(table)
        names = match_columns(columns, {name: rows.take_column(name) for name in rows.names})
        shares: dict[Measure, Containment] = {}
        found = SampleSearch(table, columns, rows, names).find() if names else None
        if names:
            shares["shingles"] = _NOTHING if found is None else found.containment
        if len(names) == table.width and (found is not None or _are_equal(names)):
            shares["rows"] = _compare_rows(self._hash_rows(names), table)
        return Nearness(
            shares,
            tuple(sorted(names.items())),
            table.digest == self._parts.digest,
            1.0 if found is None else found.agreement,
            len(names) / max(1, len(rows.names)),
        )

    @cached_property
    def _grouped(self) -> GroupedRows | None:
        return None if self._hasher is None else GroupedRows(self._hasher)

    def _hash_rows(self, names: Mapping[str, str]) -> Hashes:
        key = tuple(sorted(names.items()))
        found = self._rows.get(key)
        if found is None and self._hasher is not None:
            found = self._rows[key] = unique_hashes(self._hasher.hash_each_row(names))
        return np.empty(0, np.uint64) if found is None else found


def compare_hashes(hashes: Hashes, sketch: Sketch, chance: float = 0.0) -> Containment:
    """A whole set held against the sketch of another.

    Args:
        hashes: The set.
        sketch: Of the other.
        chance: What share of the set lies in the other though nothing was taken from it.
    """
    new, earlier = cut_hashes(hashes, sketch.below), read_hashes(sketch)
    overlap = Overlap(_count(new, earlier), len(new), len(earlier), sketch.below)
    return estimate(overlap, chance)


def _compare_rows(hashes: Hashes, table: TableSketch) -> Containment:
    """Whole rows held against a record's, without those that other rows of one table would share.

    Rows that repeat within a table tell how often they come again by themselves: between two halves
    of one table about twice as many meet as repeat within either.
    """
    return compare_hashes(hashes, table.rows, chance=min(_MOST_CHANCE, 2 * _repeated(table)))


def _repeated(table: TableSketch) -> float:
    return max(0.0, 1 - table.rows.total / table.height) if table.height else 0.0


def _sample_pairs(table: FoldedTable, keys: HashKeys) -> Sketch:
    """The bottom of the pairs of cells in some rows, evenly spread, whichever columns count."""
    step = -(-table.table.height // _SAMPLED_ROWS) or 1
    hasher = TableHasher(table.take_rows(step), keys)
    columns = [each.name for each in table.rank_columns()[:_SAMPLED_COLUMNS]]
    bottom = Bottom(_LOOKED_UP_SHINGLES)
    for first, second in combinations(columns, 2):
        pair = (show_name(first), first), (show_name(second), second)
        bottom.add(hasher.hash_pair(*pair, bottom.below))
    return bottom.finish()


def _are_equal(names: Mapping[str, str]) -> bool:
    """Whether columns go by the record's names: of other names there are too many to hash all."""
    return all(name == show_name(own) for name, own in names.items())


def _pick(hashes: Hashes, most: int) -> tuple[int, ...]:
    return pick_hashes(sketch_hashes(hashes, most), most)


def _count(new: Hashes, earlier: Hashes) -> int:
    return len(np.intersect1d(new, earlier, assume_unique=True))

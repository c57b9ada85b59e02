"""A file in question held against fingerprint records: which to look at, and what they share.

```text
bottom hashes of the file --> index --> a few records
columns matched by name, else by values --> rows and pairs hashed under the record's names
```

The file is at hand, so that all its hashes can be made; of the record there is the sketch. Rows are
compared in the record's columns alone, so that added columns change nothing; pairs survive dropped
columns and edited cells; sketches of values find columns under other names. What pairs have in
common by chance is measured on the file itself, with its columns shifted against each other.

Spec: tracing, section 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import numpy as np

from tracing.containment import Containment, Overlap, Share, estimate
from tracing.index import pick_hashes
from tracing.keys import HashKeys
from tracing.record import ALL, Content, Sketch, TableSketch, show_name
from tracing.sketch import (
    Bottom,
    FoldedColumn,
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

NEAR: Final = 0.1
"""A file is near an earlier one where either contains so much of the other."""
NEAR_ROWS: Final = 0.05
"""So much of whole rows is enough: beyond what is there by chance, another table has none of them,
while other rows of one table share up to 0.08 of their pairs of cells."""
NEAR_PAIRS: Final = 0.5
"""So much of an earlier one has to be found where only pairs of cells are: a large file has many
pairs of a smaller one of its kind, all others' rows."""
NEAR_OTHER_ROWS: Final = 0.3
"""So much of a new one has to be found where whole rows were compared and no more are the same than
by chance: other rows of one table have that many pairs in common."""
_MOST_CHANCE: Final = 0.5
"""Of a table whose rows were written twice on purpose more would be taken off than is chance."""
_MANY: Final = 100
LEAST_FOUND: Final = 3
"""So many hashes of a sample have to be found before a share of it counts."""
_LEAST_LOW: Final = 0.001
"""The interval of a share that counts does not begin lower: what began at nothing says nothing."""
_LOOKED_UP_ROWS: Final = 8192
_LOOKED_UP_SHINGLES: Final = 16_384
_LOOKED_UP_VALUES: Final = 256
_SAMPLED_ROWS: Final = 20_000
_SAMPLED_COLUMNS: Final = 16
_PAIRS: Final = 32_768
"""Of two columns about so many pairs of the file in question are compared, the same for each."""
_LEAST_VALUES: Final = 0.3
"""A column goes by another name where so many of its values are the record's."""

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
    """

    shares: Mapping[Measure, Containment]
    columns: tuple[tuple[str, str], ...] = ()
    is_same_table: bool = False

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

    def _is_near(self, measure: Measure, containment: Containment) -> bool:
        of_new, of_earlier = containment.of_new.estimate, containment.of_earlier.estimate
        if measure != "shingles":
            return max(of_new, of_earlier) >= (NEAR_ROWS if measure == "rows" else NEAR)
        rows = self.shares.get("rows")
        is_other = (
            rows is not None
            and rows.of_new.sampled >= _MANY
            and max(rows.of_new.low, rows.of_earlier.low) < _LEAST_LOW
        )
        return of_new >= (NEAR_OTHER_ROWS if is_other else NEAR) or of_earlier >= NEAR_PAIRS


def _counts(containment: Containment) -> bool:
    share = containment.of_new
    is_exact = share.low == share.high and share.found > 0
    return is_exact or (share.found >= LEAST_FOUND and share.low >= _LEAST_LOW)


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
        self._values: dict[str, Hashes] = {}
        self._rows: dict[tuple[tuple[str, str], ...], Hashes] = {}
        self._pairs: dict[tuple[tuple[str, str], tuple[str, str], int], Hashes] = {}
        height = 0 if parts.table is None else parts.table.table.height
        self._pairs_below = ALL if height <= _PAIRS else ALL * _PAIRS // height

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
                values += _pick(self._hash_values(column), _LOOKED_UP_VALUES)
        for hashes in (self._chunks, self._words):
            if hashes is not None:
                parts += _pick(hashes, _LOOKED_UP_ROWS)
        return Lookups(parts, values)

    def compare(self, content: Content) -> Nearness:
        """What it shares with a record under the same keys."""
        shares: dict[Measure, Containment] = {}
        columns: tuple[tuple[str, str], ...] = ()
        is_same = False
        if content.table is not None and self._hasher is not None:
            names = self._match_columns(content.table)
            shares |= self._compare_table(self._hasher, content.table, names)
            columns = tuple(sorted(names.items()))
            is_same = content.table.digest == self._parts.digest
        pairs: tuple[tuple[Measure, Sketch | None, Hashes | None], ...] = (
            ("chunks", content.chunks, self._chunks),
            ("words", content.words, self._words),
        )
        for name, sketch, hashes in pairs:
            if sketch is not None and hashes is not None:
                shares[name] = compare_hashes(hashes, sketch)
        return Nearness(shares, columns, is_same)

    def _compare_table(
        self, hasher: TableHasher, table: TableSketch, names: Mapping[str, str]
    ) -> dict[Measure, Containment]:
        shares: dict[Measure, Containment] = {}
        if len(names) == table.width:
            shares["rows"] = _compare_rows(self._hash_rows(names), table)
        paired = [(name, names[name]) for name in table.paired if name in names]
        if len(paired) > 1:
            shares["shingles"] = self._compare_pairs(hasher, paired, table.shingles)
        return shares

    def _match_columns(self, table: TableSketch) -> dict[str, str]:
        """The file's column for each of the record's that it has, by the record's names."""
        columns = {} if self._hasher is None else self._hasher.table.columns
        shown = {show_name(name): name for name in columns}
        likeness = {
            (each.name, own): compare_hashes(self._hash_values(column), each.values).of_new
            for each in table.columns
            for own, column in columns.items()
            if column.distinct and (own == shown.get(each.name) or each.name not in shown)
        }
        named = {
            each.name: shown[each.name]
            for each in table.columns
            if each.name in shown and _may_be(likeness.get((each.name, shown[each.name])))
        }
        ranked = sorted(
            (-share.estimate, -share.found, name, own)
            for (name, own), share in likeness.items()
            if share.estimate >= _LEAST_VALUES
        )
        return _take_each_once(named, ranked)

    def _compare_pairs(
        self, hasher: TableHasher, paired: Sequence[tuple[str, str]], sketch: Sketch
    ) -> Containment:
        below = min(sketch.below, self._pairs_below)
        earlier = cut_hashes(read_hashes(sketch), below)
        found: list[Overlap] = []
        for shift in (0, hasher.table.table.height * 618 // 1000 + 1):
            parts = [
                self._hash_pair(hasher, first, second, shift)
                for first, second in combinations(paired, 2)
            ]
            new = unique_hashes(np.concatenate([cut_hashes(part, below) for part in parts]))
            found.append(Overlap(_count(new, earlier), len(new), len(earlier), below))
        overlap, shifted = found
        return estimate(overlap, shifted.both / shifted.new if shifted.new else 0.0)

    def _hash_pair(
        self, hasher: TableHasher, first: tuple[str, str], second: tuple[str, str], shift: int
    ) -> Hashes:
        """Hashes of a pair of columns, made once whatever records they are compared with."""
        key = (first, second, shift)
        if key not in self._pairs:
            self._pairs[key] = hasher.hash_pair(first, second, self._pairs_below, shift=shift)
        return self._pairs[key]

    def _hash_values(self, column: FoldedColumn) -> Hashes:
        found = self._values.get(column.name)
        if found is None and self._hasher is not None:
            found = self._values[column.name] = self._hasher.hash_values(column)
        return np.empty(0, np.uint64) if found is None else found

    def _hash_rows(self, names: Mapping[str, str]) -> Hashes:
        key = tuple(sorted(names.items()))
        found = self._rows.get(key)
        if found is None and self._hasher is not None:
            found = self._rows[key] = self._hasher.hash_rows(names)
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


def _take_each_once(
    named: Mapping[str, str], ranked: Sequence[tuple[float, int, str, str]]
) -> dict[str, str]:
    """Matches by name, and after them by values, each column once on either side."""
    found, taken = dict(named), set(named.values())
    for _, _, name, own in ranked:
        if name not in found and own not in taken:
            found[name] = own
            taken.add(own)
    return found


def _may_be(share: Share | None) -> bool:
    """Whether a column of the same name may be the same: some of its values are, or it has few."""
    return share is None or share.found > 0 or share.sampled < LEAST_FOUND


def _pick(hashes: Hashes, most: int) -> tuple[int, ...]:
    return pick_hashes(sketch_hashes(hashes, most), most)


def _count(new: Hashes, earlier: Hashes) -> int:
    return len(np.intersect1d(new, earlier, assume_unique=True))

"""Keyed hashes of a table's rows, pairs of cells and values, and the sketches made of them.

```text
row      HMAC-SHA-256(rows key, encode_row of folded cells)[:8]
cell     HMAC-SHA-256(cells key, encode_cell(name, folded cell))[:8]
shingle  AES-256(shingles key, cell || cell)[:8], the cells by their columns' names, neither empty
value    HMAC-SHA-256(values key, folded cell)[:8], for each value of a column once
```

Of the rows with the lowest hashes every cell is kept as well, as `tracing/grains.py` hashes it.

A sketch keeps the hashes below a bound, so that the sketches of two sets, cut to the lower of the
bounds, hold the same sample of either: what share of one lies in the other is read off directly.
A classic MinHash fails where one set is much the larger.

Spec: tracing, section 2.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from tracing.canon import encode_cell, fold_cell
from tracing.grains import GRAIN_BYTES, Grain, GrainedColumn
from tracing.keys import HashKeys
from tracing.record import (
    ALL,
    HASH_BYTES,
    CellSample,
    ColumnSketch,
    Content,
    Sketch,
    TableSketch,
    show_name,
)
from tracing.tables import Column, Table, encode_rows

Hashes: TypeAlias = npt.NDArray[np.uint64]
"""64-bit hashes, ascending, each once."""
MAX_ROWS: Final = 4096
MAX_SHINGLES: Final = 4096
MAX_VALUES: Final = 128
MAX_COLUMNS: Final = 64
"""Columns of which a sketch is kept: those that tell rows apart best."""
MAX_PAIRED: Final = 10
MAX_SAMPLED: Final = 512
"""Rows of which every cell is kept."""


@dataclass(frozen=True, slots=True)
class FoldedColumn:
    """A column as it is hashed.

    Args:
        column: As the table has it.
        cells: Its values, folded; and None, which the code -1 finds.
        repeats: Sum of the squares of how often each value occurs: the fewer, the better it tells
            rows apart.
        nulls: Rows without a value.
    """

    column: Column
    cells: tuple[str | None, ...]
    repeats: int
    nulls: int

    @property
    def name(self) -> str:
        """Of the column."""
        return self.column.name

    @property
    def distinct(self) -> int:
        """Values that occur."""
        return len(self.column.values)


@dataclass(frozen=True, slots=True)
class FoldedTable:
    """A table as it is hashed, whatever the key.

    Args:
        table: In memory.
        columns: By name.
    """

    table: Table
    columns: Mapping[str, FoldedColumn]

    def rank_columns(self) -> list[FoldedColumn]:
        """Its columns, those first that tell rows apart best; without those of one value only."""
        told = [each for each in self.columns.values() if each.distinct > 1]
        return sorted(told, key=lambda each: (each.repeats, each.name))

    def take_rows(self, step: int) -> "FoldedTable":
        """Every so many rows of it, from the first; ranks are those of the whole."""
        columns = {
            name: replace(each, column=replace(each.column, codes=each.column.codes[::step]))
            for name, each in self.columns.items()
        }
        table = replace(
            self.table,
            columns=tuple(columns[each.name].column for each in self.table.columns),
            height=len(range(0, self.table.height, step)),
        )
        return FoldedTable(table, columns)


def fold_table(table: Table) -> FoldedTable:
    """A table as it is hashed."""
    return FoldedTable(table, {each.name: _fold_column(each) for each in table.columns})


class TableHasher:
    """Hashes of one table under one set of keys; each column's cells are hashed once per name.

    Args:
        table: Folded.
        keys: Of an asset or of an index.
    """

    def __init__(self, table: FoldedTable, keys: HashKeys) -> None:
        self.table = table
        self._keys = keys
        self._cells: dict[tuple[str, str], Hashes] = {}
        self._grained: dict[str, GrainedColumn] = {}
        self._cipher = Cipher(AES(keys.shingles), ECB())  # noqa: S305  # single blocks: a PRF

    def hash_each_row(self, names: Mapping[str, str] | None = None) -> npt.NDArray[np.uint64]:
        """Hash of each row, in their order.

        Args:
            names: Of the columns that count: the name that each goes by, with its own; None: all
                columns by their own.
        """
        source = self.table.table
        if names is not None:
            columns = [replace(source.find(own), name=name) for name, own in names.items()]
            source = replace(source, columns=tuple(columns))
        key = self._keys.rows
        found = [
            b"".join(hmac.digest(key, row, "sha256")[:HASH_BYTES] for row in rows)
            for rows in encode_rows(source, is_folded=True)
        ]
        return _read(b"".join(found))

    def hash_pair(self, first: tuple[str, str], second: tuple[str, str], below: int) -> Hashes:
        """Hashes of the pairs of cells in two columns, neither of them empty.

        Args:
            first: The name that a column goes by, and its own.
            second: The other's.
            below: Larger hashes are left out; 1..2^64.
        """
        (name, own), (other_name, other_own) = sorted((first, second))
        one, two = self.table.columns[own], self.table.columns[other_own]
        left, right = one.column.codes, two.column.codes
        is_whole = (left >= 0) & (right >= 0)
        blocks = np.empty((int(is_whole.sum()), 2), ">u8")
        blocks[:, 0] = self._hash_cells(one, name)[left[is_whole]]
        blocks[:, 1] = self._hash_cells(two, other_name)[right[is_whole]]
        sealed = self._cipher.encryptor().update(blocks.tobytes())
        return unique_hashes(cut_hashes(np.frombuffer(sealed, ">u8")[::2].astype(np.uint64), below))

    def hash_values(self, column: FoldedColumn) -> Hashes:
        """Hashes of a column's values, whatever its name."""
        return unique_hashes(self.take_grains(column).values)

    def take_grains(self, column: FoldedColumn) -> GrainedColumn:
        """A column's cells in every grain, made once."""
        found = self._grained.get(column.name)
        if found is None:
            found = self._grained[column.name] = GrainedColumn(column, self._keys)
        return found

    def _hash_cells(self, column: FoldedColumn, name: str) -> Hashes:
        found = self._cells.get((column.name, name))
        if found is None:
            key = self._keys.cells
            cells = (encode_cell(name, cell) for cell in column.cells)
            raw = b"".join(hmac.digest(key, cell, "sha256")[:HASH_BYTES] for cell in cells)
            found = self._cells[column.name, name] = _read(raw)
        return found


class Bottom:
    """The bottom hashes of a set that comes in parts, in bounded memory.

    Args:
        most: As many are kept at most.
    """

    def __init__(self, most: int) -> None:
        self.below = ALL
        self._most = most
        self._kept: Hashes = np.empty(0, np.uint64)
        self._total = 0

    def add(self, hashes: Hashes) -> None:
        """Take hashes in; those that are not below `below` are not needed."""
        self._kept = unique_hashes(np.concatenate([self._kept, cut_hashes(hashes, self.below)]))
        if len(self._kept) > self._most:
            self.below = int(self._kept[self._most])
            self._kept = self._kept[: self._most]

    def finish(self) -> Sketch:
        """The sketch; where not all were kept, how many there were is an estimate."""
        count = len(self._kept)
        return Sketch(self.below, write_hashes(self._kept), count * ALL // self.below)


@dataclass(frozen=True, slots=True)
class Parts:
    """A file as it is hashed, whatever the key: its table, or what bytes and words it is made of.

    Args:
        table: Folded; None: it is none.
        digest: Of the canonical table; empty without one.
        chunks: Digests of its content-defined chunks; None: it is a table.
        words: Digests of its runs of words; None: it is no text.
    """

    table: FoldedTable | None
    digest: str = ""
    chunks: Sequence[bytes] | None = None
    words: Sequence[bytes] | None = None


def sketch_content(parts: Parts, keys: HashKeys) -> Content:
    """What is kept of a file under these keys.

    Args:
        parts: Of the file.
        keys: Of an asset or of an index.
    """
    chunks, words = (
        None if pieces is None else sketch_hashes(hash_pieces(pieces, keys), MAX_ROWS)
        for pieces in (parts.chunks, parts.words)
    )
    table = None if parts.table is None else sketch_table(parts.table, parts.digest, keys)
    return Content(table, chunks, words)


def hash_pieces(pieces: Sequence[bytes], keys: HashKeys) -> Hashes:
    """Hashes of chunks or runs of words, from their digests."""
    key = keys.chunks
    raw = b"".join(hmac.digest(key, each, "sha256")[:HASH_BYTES] for each in pieces)
    return unique_hashes(_read(raw))


def sketch_table(table: FoldedTable, digest: str, keys: HashKeys) -> TableSketch:
    """What is kept of a table under these keys.

    Args:
        table: Folded.
        digest: Of the canonical table.
        keys: Of an asset or of an index.
    """
    hasher, ranked = TableHasher(table, keys), table.rank_columns()
    others = [each for each in table.columns.values() if each.distinct <= 1]
    kept = sorted(each.name for each in [*ranked, *others][:MAX_COLUMNS])
    names = list_paired(table)
    shingles = Bottom(MAX_SHINGLES)
    for first, second in combinations(sorted(names.items()), 2):
        shingles.add(hasher.hash_pair(first, second, shingles.below))
    each_row = hasher.hash_each_row()
    sample = pick_sample(each_row)
    return TableSketch(
        digest=digest,
        height=table.table.height,
        width=len(table.columns),
        columns=tuple(_sketch_column(hasher, table.columns[name], sample) for name in kept),
        paired=tuple(sorted(names)),
        rows=sketch_hashes(unique_hashes(each_row), MAX_ROWS),
        shingles=shingles.finish(),
        sampled=len(sample),
    )


def pick_sample(each_row: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Which rows have the lowest hashes, in the order of these; of rows that are alike the first.

    Args:
        each_row: Hash of each row.
    """
    hashes, first = np.unique(each_row, return_index=True)
    return first[: min(len(hashes), MAX_SAMPLED)].astype(np.int64)


def list_paired(table: FoldedTable) -> dict[str, str]:
    """The columns whose pairs of cells are kept: the name that each goes by, with its own."""
    return {show_name(each.name): each.name for each in table.rank_columns()[:MAX_PAIRED]}


def sketch_hashes(hashes: Hashes, most: int) -> Sketch:
    """The bottom of a set.

    Args:
        hashes: All of it.
        most: As many are kept at most.
    """
    if len(hashes) <= most:
        return Sketch(ALL, write_hashes(hashes), len(hashes))
    return Sketch(int(hashes[most]), write_hashes(hashes[:most]), len(hashes))


def read_hashes(sketch: Sketch) -> Hashes:
    """The hashes of a sketch."""
    return _read(sketch.hashes)


def write_hashes(hashes: Hashes) -> bytes:
    """Hashes as a sketch keeps them."""
    return hashes.astype(">u8").tobytes()


def cut_hashes(hashes: Hashes, below: int) -> Hashes:
    """Those below a bound of 1..2^64."""
    return hashes if below >= ALL else hashes[hashes < np.uint64(below)]


def unique_hashes(hashes: Hashes) -> Hashes:
    """Hashes in any order, sorted and each once.

    Sorting is several times faster here than numpy.unique, which builds a hash table.
    """
    ordered = np.sort(hashes)
    is_first = np.ones(len(ordered), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_first]


def _fold_column(column: Column) -> FoldedColumn:
    counts = np.bincount(column.codes + 1, minlength=len(column.values) + 1).astype(np.int64)
    cells = (*map(fold_cell, column.values), None)
    return FoldedColumn(column, cells, int((counts * counts).sum()), int(counts[0]))


def _sketch_column(
    hasher: TableHasher, column: FoldedColumn, sample: npt.NDArray[np.int64]
) -> ColumnSketch:
    return ColumnSketch(
        name=show_name(column.name),
        kind=column.column.kind,
        distinct=column.distinct,
        nulls=column.nulls,
        values=sketch_hashes(hasher.hash_values(column), MAX_VALUES),
        cells=_sample_cells(hasher.take_grains(column), sample),
    )


def _sample_cells(column: GrainedColumn, sample: npt.NDArray[np.int64]) -> CellSample:
    width = column.find_width()

    def write(grain: Grain) -> bytes:
        cells = column.spread_rows(grain, width if grain == "bins" else "")[sample]
        return cells.astype(f">u{GRAIN_BYTES[grain]}").tobytes()

    if not column.is_numeric:
        return CellSample(write("whole"))
    return CellSample(write("whole"), write("digits"), write("bins") if width else b"", width)


def _read(raw: bytes) -> Hashes:
    return np.frombuffer(raw, ">u8").astype(np.uint64)

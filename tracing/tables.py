"""Tables: read from any form, whole or as a stream, and their digest in the form `canon-1`.

```text
file -> source (text of cells, by batch) -> canonical cells -> rows -> leaves of an RFC 6962 tree
```

The same in every form: a row without any value is no row (a sheet cannot hold one at its end), and
columns at the end without a name and without a value are no columns.

Spec: tracing, section 1.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ledger.core.hashing import hash_leaf
from ledger.core.merkle import EMPTY_FRONTIER, Frontier
from ledger.errors import NotFoundError
from tracing.canon import (
    Kind,
    KindFinder,
    canonical_cell,
    clean_text,
    encode_cell,
    encode_header,
    fold_cell,
    is_null,
    name_columns,
)
from tracing.fingerprint import Progress, tell_nobody
from tracing.forms import open_table
from tracing.source import (
    DEFAULT_LIMITS,
    ROWS_AT_ONCE,
    Batch,
    Cells,
    Form,
    Gauge,
    Source,
    TableLimits,
)

__all__ = [
    "Column",
    "Form",
    "Kind",
    "Source",
    "Table",
    "TableDigest",
    "TableLimits",
    "digest_rows",
    "digest_table",
    "encode_rows",
    "iterate_rows",
    "read_table",
]

Codes: TypeAlias = npt.NDArray[np.int32]

_REMEMBERED_CELLS: Final = 100_000
"""Of all columns while streaming: many columns have few values, and none may fill the memory."""
_REMEMBERED_BYTES: Final = 256
"""Of the longest cell that is remembered."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table in memory.

    Args:
        name: Cleaned, unique in its table.
        kind: Of its values.
        codes: For each row the place of its value in values, -1 for none.
        values: Canonical cells, each once, in the order in which they first appear.
    """

    name: str
    kind: Kind
    codes: Codes
    values: tuple[str, ...]

    def cells(self) -> list[str | None]:
        """The canonical cell of each row."""
        values = (*self.values, None)
        return [values[code] for code in self.codes.tolist()]


@dataclass(frozen=True, slots=True)
class Table:
    """A table in memory.

    Args:
        columns: In the order of the file.
        height: Number of rows.
        form: How the file is written.
        encoding: Of its text: `utf-8`, `utf-8-sig` or `gb18030`; "" where the form has its own.
        delimiter: Between the cells of a row; "" where the form has its own.
    """

    columns: tuple[Column, ...]
    height: int
    form: Form
    encoding: str
    delimiter: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns, in the order of the file."""
        return tuple(column.name for column in self.columns)

    def find(self, name: str) -> Column:
        """The column of this name.

        Raises:
            NotFoundError: There is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise NotFoundError(f"the table has no column {name}")


@dataclass(frozen=True, slots=True)
class TableDigest:
    """What identifies the content of a table, however it is written.

    Args:
        digest: Root of the tree over header and rows, 64 hex digits.
        rows: Number of rows.
        columns: Name and kind of each, in the order of the file.
    """

    digest: str
    rows: int
    columns: tuple[tuple[str, Kind], ...]


# Reading whole


class _ColumnBuilder:
    """Collects a column: every distinct spelling once, and its place for each row."""

    def __init__(self) -> None:
        self._places: defaultdict[str | None, int] = defaultdict(count().__next__)
        self._parts: list[Codes] = []

    def add(self, cells: Cells) -> None:
        places = list(map(self._places.__getitem__, cells))
        self._parts.append(np.array(places, dtype=np.int32))

    def finish(self, name: str) -> Column:
        finder = KindFinder()
        finder.look(self._places)
        values: defaultdict[str, int] = defaultdict(count().__next__)
        canonical = (canonical_cell(cell, finder.kind) for cell in self._places)
        translated = [-1 if cell is None else values[cell] for cell in canonical]
        codes = np.concatenate([np.zeros(0, dtype=np.int32), *self._parts])
        self._parts.clear()
        if translated:
            codes = np.array(translated, dtype=np.int32)[codes]
        return Column(name, finder.kind, codes, tuple(values))


def read_table(
    path: Path, *, progress: Progress = tell_nobody, limits: TableLimits = DEFAULT_LIMITS
) -> Table:
    """A table, whole and in memory: 4 bytes for each cell and each distinct value once.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is no table that we know, or is broken; with the line.
        LimitError: It is larger than it may be.
    """
    source = open_table(path, limits=limits)
    builders = [_ColumnBuilder() for _ in source.header]
    for batch in _limited(source, path, limits, progress):
        for builder, cells in zip(builders, batch, strict=True):
            builder.add(cells)
    names = name_columns(source.header)
    columns = [builder.finish(name) for builder, name in zip(builders, names, strict=True)]
    kept = _kept_columns(source.header, [column.kind for column in columns])
    return _without_empty_rows(columns[:kept], source)


def _limited(
    source: Source, path: Path, limits: TableLimits, progress: Progress = tell_nobody
) -> Iterator[Batch]:
    """The batches, as long as they are not too many.

    Raises:
        LimitError: They are.
    """
    rows, gauge = 0, Gauge(path, limits)
    for batch in source.batches(progress):
        rows += len(batch[0])
        gauge.check(rows, len(source.header))
        yield batch


def _kept_columns(header: Cells, kinds: Sequence[Kind]) -> int:
    """How many columns are left without those at the end that have neither name nor value."""
    kept = len(header)
    while kept > 1 and kinds[kept - 1] == "empty" and not clean_text(header[kept - 1] or ""):
        kept -= 1
    return kept


def _without_empty_rows(columns: list[Column], source: Source) -> Table:
    filled = np.zeros(len(columns[0].codes), dtype=np.bool_)
    for column in columns:
        filled |= column.codes >= 0
    height = int(filled.sum())
    if height < len(filled):
        columns = [Column(c.name, c.kind, c.codes[filled], c.values) for c in columns]
    return Table(tuple(columns), height, source.form, source.encoding, source.delimiter)


# Reading as a stream


def iterate_rows(
    path: Path, *, progress: Progress = tell_nobody, limits: TableLimits = DEFAULT_LIMITS
) -> Iterator[list[tuple[str | None, ...]]]:
    """The rows of a table as the file spells their cells, in batches; memory stays bounded.

    A row without any value is left out, so that the n-th row here is the n-th of read_table.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is no table that we know, or is broken; with the line.
        LimitError: It is larger than it may be.
    """
    source = open_table(path, limits=limits)
    for batch in _limited(source, path, limits, progress):
        yield [row for row in zip(*batch, strict=True) if not all(map(is_null, row))]


class _CellCoder(dict[str | None, bytes]):
    """Cells of one column as they stand in a row's leaf, by their spelling."""

    def __init__(self, name: str, kind: Kind, remembered: int) -> None:
        super().__init__()
        self._name, self._kind, self._remembered = name, kind, remembered
        self.null = encode_cell(name, None)

    def __missing__(self, cell: str | None) -> bytes:
        encoded = encode_cell(self._name, canonical_cell(cell, self._kind))
        if len(encoded) <= _REMEMBERED_BYTES:
            self[cell] = encoded
        return encoded

    def encode(self, cells: Cells) -> list[bytes]:
        """Each of these cells."""
        if len(self) > self._remembered:
            self.clear()
        return list(map(self.__getitem__, cells))


def digest_table(
    path: Path, *, progress: Progress = tell_nobody, limits: TableLimits = DEFAULT_LIMITS
) -> TableDigest:
    """The digest of a table, read twice as a stream; memory does not grow with the file.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is no table that we know, or is broken; with the line.
        LimitError: It is larger than it may be.
    """
    source = open_table(path, limits=limits)
    kinds = _find_kinds(source, path, limits)
    names = name_columns(source.header)[: len(kinds)]
    share = _REMEMBERED_CELLS // len(names)
    coders = [_CellCoder(name, kind, share) for name, kind in zip(names, kinds, strict=True)]
    order = sorted(range(len(names)), key=names.__getitem__)
    nothing = b"".join(coders[place].null for place in order)
    frontier = _start(names)
    for batch in _limited(source, path, limits, progress):
        cells = [coders[place].encode(batch[place]) for place in order]
        leaves = map(b"".join, zip(*cells, strict=True))
        frontier = frontier.extend([hash_leaf(leaf) for leaf in leaves if leaf != nothing])
    return _finish(frontier, names, kinds)


def _find_kinds(source: Source, path: Path, limits: TableLimits) -> tuple[Kind, ...]:
    """Kinds of the columns that the table has."""
    finders = [KindFinder() for _ in source.header]
    for batch in _limited(source, path, limits):
        for finder, cells in zip(finders, batch, strict=True):
            finder.look(dict.fromkeys(cells))
    kinds = tuple(finder.kind for finder in finders)
    return kinds[: _kept_columns(source.header, kinds)]


def _start(names: Sequence[str]) -> Frontier:
    return EMPTY_FRONTIER.append(hash_leaf(encode_header(names)))


def _finish(frontier: Frontier, names: Sequence[str], kinds: Sequence[Kind]) -> TableDigest:
    columns = tuple(zip(names, kinds, strict=True))
    return TableDigest(frontier.root().hex(), frontier.size - 1, columns)


# Rows of a table in memory


def _keep(cell: str) -> str:
    return cell


def encode_rows(table: Table, *, is_folded: bool = False) -> Iterator[list[bytes]]:
    """The rows of a table as leaves, as canon.encode_row writes them, in batches.

    Args:
        table: In memory.
        is_folded: Fold every cell (canon.fold_cell), as rows are compared; else as the digest has
            them.

    Cost: about a second for 300,000 rows of 19 columns.
    """
    change: Callable[[str], str] = fold_cell if is_folded else _keep
    columns = sorted(table.columns, key=_name_of)
    tables = [
        [*(encode_cell(c.name, change(cell)) for cell in c.values), encode_cell(c.name, None)]
        for c in columns
    ]
    for start in range(0, table.height, ROWS_AT_ONCE):
        stop = start + ROWS_AT_ONCE
        parts = [
            map(encoded.__getitem__, column.codes[start:stop].tolist())
            for column, encoded in zip(columns, tables, strict=True)
        ]
        yield list(map(b"".join, zip(*parts, strict=True)))


def _name_of(column: Column) -> str:
    return column.name


def digest_rows(table: Table) -> TableDigest:
    """The digest of a table in memory; the same as digest_table gives for its file."""
    frontier = _start(table.names)
    for leaves in encode_rows(table):
        frontier = frontier.extend(map(hash_leaf, leaves))
    return _finish(frontier, table.names, [column.kind for column in table.columns])

"""Which column of a file is which column of a fingerprint record, whatever it is called there.

By an equal name where the cells do not speak against it, else by how often each of its values
occurs, in the grain that fits. So columns are told that have the same few values but not as often,
and numbers that were rounded or have noise.

Spec: tracing, section 2.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from tracing.grains import GRAIN_BYTES, Cells, Grain, GrainedColumn, Numbers
from tracing.record import CellSample, ColumnSketch, TableSketch, show_name
from tracing.sketch import cut_hashes, read_hashes, unique_hashes

_LEAST: Final = 0.25
"""Columns under other names are not the same where less is alike."""
_LEAST_COARSE: Final = 0.1
_MANY_BITS: Final = 5.0


class SampledColumn:
    """A column of a record, read.

    Args:
        sketch: Of it.

    Attributes:
        cells: In each grain that it has, for each sampled row.
        width: Of its bins; empty without.
    """

    def __init__(self, sketch: ColumnSketch) -> None:
        self.sketch = sketch
        self.cells: dict[Grain, Cells] = _read(sketch.cells)
        self.width = sketch.cells.width
        self._counted: dict[Grain, tuple[Cells, Numbers]] = {}

    def count_cells(self, grain: Grain) -> tuple[Cells, Numbers]:
        """The different cells in a grain, ascending, and the share of the sample that has each."""
        found = self._counted.get(grain)
        if found is None:
            cells, counts = np.unique(self.cells[grain], return_counts=True)
            found = self._counted[grain] = cells, counts / max(1, len(self.cells[grain]))
        return found

    def choose_grain(self, wanted: Grain, other: GrainedColumn) -> tuple[Grain, str]:
        """The grain in which it is compared with a column, and the width of its bins.

        Args:
            wanted: If both have it; else they are compared whole.
            other: The column.
        """
        if wanted not in self.cells or not other.is_numeric:
            return "whole", ""
        return wanted, self.width if wanted == "bins" else ""


def read_columns(table: TableSketch) -> dict[str, SampledColumn]:
    """The columns of a record, by name."""
    return {each.name: SampledColumn(each) for each in table.columns}


def match_columns(
    table: Mapping[str, SampledColumn], file: Mapping[str, GrainedColumn]
) -> dict[str, str]:
    """The file's column for each of the record's that it has, by the record's names.

    Args:
        table: Columns of the record.
        file: Columns of the file, by name.
    """
    shown = {show_name(name): name for name in file}
    found = {
        name: shown[name]
        for name, column in table.items()
        if name in shown and _may_be(column, file[shown[name]])
    }
    others = [name for name in table if name not in found and table[name].sketch.distinct]
    taken = set(found.values())
    free = sorted(own for own, each in file.items() if len(each.values) and own not in taken)
    if others and free:
        found |= _match_by_cells({name: table[name] for name in others}, file, free)
    return found


def _match_by_cells(
    table: Mapping[str, SampledColumn], file: Mapping[str, GrainedColumn], free: Sequence[str]
) -> dict[str, str]:
    likeness = (
        (_compare(column, file[own]), name, own) for name, column in table.items() for own in free
    )
    ranked = sorted((-like, name, own) for like, name, own in likeness if like >= _LEAST)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for _, name, own in ranked:
        if name not in found and own not in taken:
            found[name] = own
            taken.add(own)
    return found


def _may_be(column: SampledColumn, other: GrainedColumn) -> bool:
    """Whether a column of the same name may be the same: some of its cells are."""
    if not column.sketch.distinct or not len(other.values):
        return True
    if _overlap(column, other, *column.choose_grain("bins", other)) > 0:
        return True
    share = _share_values(column, other) if _is_fine(other) else 0.0
    return share is None or share > 0


def _compare(column: SampledColumn, other: GrainedColumn) -> float:
    """0..1: how much the cells of two columns are spread alike."""
    if ("digits" in column.cells) != other.is_numeric:
        return 0.0
    if not other.is_numeric:
        share = _share_values(column, other) if _is_fine(other) else None
        return max(_overlap(column, other, "whole"), share or 0.0)
    found = 0.0
    for grain in reversed(column.cells):
        found += _overlap(column, other, grain, column.width if grain == "bins" else "")
        if found < _LEAST_COARSE:  # not even by the ranges that they lie in
            return 0.0
    return found / len(column.cells)


def _is_fine(column: GrainedColumn) -> bool:
    """Whether its cells tell rows apart so well that a sample need not have seen the same ones."""
    return column.tell_apart("whole") > _MANY_BITS


def _overlap(column: SampledColumn, other: GrainedColumn, grain: Grain, width: str = "") -> float:
    """Share of two distributions that they have in common; 0..1."""
    known, theirs = other.count_cells(grain, width)
    cells, mine = column.count_cells(grain)
    places = np.minimum(np.searchsorted(known, cells), len(known) - 1)
    return float(np.minimum(mine, theirs[places])[known[places] == cells].sum())


def _share_values(column: SampledColumn, other: GrainedColumn) -> float | None:
    """Share of the other's values that the record's column has, by the record's sketch of them.

    None: the sketch says nothing of any of them.
    """
    sketch = column.sketch.values
    mine = cut_hashes(unique_hashes(other.values), sketch.below)
    return float(np.isin(mine, read_hashes(sketch)).mean()) if len(mine) else None


def _read(sample: CellSample) -> dict[Grain, Cells]:
    parts: tuple[tuple[Grain, bytes], ...] = (
        ("whole", sample.whole),
        ("digits", sample.digits),
        ("bins", sample.bins),
    )
    return {
        grain: np.frombuffer(raw, f">u{GRAIN_BYTES[grain]}").astype(np.uint64)
        for grain, raw in parts
        if raw or grain == "whole"
    }

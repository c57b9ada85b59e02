"""A file in question as sorted groups of cells: which groups it has, and how often they repeat.

A group takes some columns, each in a grain, and has one member for each row. Held against a sample
of another table's rows it tells how many of these are in the file; how often its members repeat
tells how many would be there by chance.

Spec: tracing, section 2; Good 1953, on what share of a population a sample has seen.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tracing.grains import Cells, Grain, GrainedColumn
from tracing.sketch import TableHasher

Keys = npt.NDArray[np.uint32]
"""Members of a group of columns, ascending, each once; of two in 2^32 by chance the same."""
_ONE: Final = 0x9E3779B97F4A7C15
_TWO: Final = np.uint64(0xBF58476D1CE4E5B9)
_THREE: Final = np.uint64(0x94D049BB133111EB)
_SHIFT: Final = np.uint64(29)
_TOP: Final = np.uint64(32)
_MAX_BYTES: Final = 64 * 1024 * 1024
"""Of the groups that are remembered."""
_MOST_ROWS: Final = 2**26
"""Of all groups that are made of one file: about 200 groups of 300,000 rows, a few seconds."""


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """A column of a group.

    Args:
        name: Of the column in the file in question.
        grain: In which its cells are compared.
        width: Of its bins; else empty.
    """

    name: str
    grain: Grain
    width: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The members of a group, and how they repeat.

    Args:
        keys: Members.
        rows: How many rows there are; rows that are the same in all columns counted once if so
            asked.
        repeated: Of these, the ones whose member some other row has as well.
    """

    keys: Keys
    rows: int
    repeated: int


class GroupedRows:
    """The rows of a file in question, grouped by any columns, as often as asked.

    Args:
        hasher: Of the file.
    """

    def __init__(self, hasher: TableHasher) -> None:
        self._hasher = hasher
        self.height = hasher.table.table.height
        self._groups: OrderedDict[tuple[tuple[Part, ...], bool, str], Group] = OrderedDict()
        self._bytes = 0
        self._left = _MOST_ROWS
        self._first: npt.NDArray[np.bool_] | None = None

    @property
    def names(self) -> Sequence[str]:
        """Of its columns."""
        return [*self._hasher.table.columns]

    def take_column(self, name: str) -> GrainedColumn:
        """A column in every grain."""
        return self._hasher.take_grains(self._hasher.table.columns[name])

    def count_different(self) -> int:
        """Rows, those that are the same in all columns counted once."""
        return int(self._find_first().sum())

    def find(self, parts: tuple[Part, ...], *, is_once: bool, turned: str = "") -> Group | None:
        """A group; None: too much has been asked of this file already.

        Args:
            parts: Its columns.
            is_once: Count rows that are the same in all columns of the file once.
            turned: A column that is held against rows far from its own, which shows what the
                others have in common with anything.
        """
        key = (parts, is_once, turned)
        found = self._groups.get(key)
        if found is None and self._left < self.height:
            return None
        if found is None:
            self._left -= self.height
            members = self.mix(parts, turned)
            found = _group(members[self._find_first()] if is_once else members)
            self._remember(key, found)
        else:
            self._groups.move_to_end(key)
        return found

    def mix(self, parts: Sequence[Part], turned: str = "") -> Keys:
        """The member of each row, in order; arguments as of find."""
        away = self.height * 618 // 1000 + 1
        mixed = np.zeros(self.height, np.uint64)
        for place, part in enumerate(parts):
            column = self.take_column(part.name)
            cells = _scramble(column.hash_cells(part.grain, part.width), place)
            codes = column.column.column.codes
            mixed += cells[np.roll(codes, away) if part.name == turned else codes]
        return (mixed >> _TOP).astype(np.uint32)

    def _find_first(self) -> npt.NDArray[np.bool_]:
        """Of rows that are the same in all columns the first."""
        if self._first is None:
            members = self.mix([Part(name, "whole") for name in self.names])
            self._first = np.zeros(self.height, np.bool_)
            self._first[np.unique(members, return_index=True)[1]] = True
        return self._first

    def _remember(self, key: tuple[tuple[Part, ...], bool, str], group: Group) -> None:
        self._groups[key] = group
        self._bytes += group.keys.nbytes
        while self._bytes > _MAX_BYTES and len(self._groups) > 1:
            self._bytes -= self._groups.popitem(last=False)[1].keys.nbytes


def mix_cells(columns: Iterable[Cells], height: int) -> Keys:
    """One key for each row from its cells in some columns, in the order of the columns.

    Args:
        columns: The cells of each, as long as the height.
        height: Rows.
    """
    mixed = np.zeros(height, np.uint64)
    for place, cells in enumerate(columns):
        mixed += _scramble(cells, place)
    return (mixed >> _TOP).astype(np.uint32)


def _scramble(cells: Cells, place: int) -> Cells:
    """Cells of a column so that they can be added to those of others.

    Args:
        cells: Each one on its own.
        place: Of the column in its group.
    """
    mixed = (cells + np.uint64(_ONE * (place + 1) % 2**64)) * _TWO
    mixed = (mixed ^ (mixed >> _SHIFT)) * _THREE
    return mixed ^ (mixed >> _TOP)


def _group(members: Keys) -> Group:
    ordered = np.sort(members)
    is_first = np.ones(len(ordered), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    is_single = is_first & np.append(is_first[1:], np.True_)
    return Group(ordered[is_first], len(ordered), len(ordered) - int(is_single.sum()))

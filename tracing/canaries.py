"""Rows that are invented for one recipient: drawn from the columns of the source, each by itself.

For each cell of an invented row a row of the source is drawn, every one as likely as another, and
its cell in that column is taken, keys and dates too. What comes out as a row of the source, or
without any value, is passed over and the next one is drawn. So an invented row looks like others
column by column, and its columns have nothing to do with each other.

```text
cells    32 bits for each column of each draw, of the stream "canary/" || stream of the delivery
places   32 bits for each row, of the stream "canary-place/" || stream of the delivery
```

Spec: design of tracing, section 3; docs/adr/0033.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ledger.errors import MalformedError
from tracing.cells import mix
from tracing.markdata import MarkingKey
from tracing.streams import draw_uint32, scale_down
from tracing.tables import Table

Codes: TypeAlias = npt.NDArray[np.int32]
Places: TypeAlias = npt.NDArray[np.int64]

_DRAWS: Final = (2, 16, 128)
"""How many draws there are for each row, if fewer do not give enough."""
ROUNDING: Final = 1e-6
"""Added to chances, so that rounding of binary fractions never makes one too small."""


@dataclass(frozen=True, slots=True)
class Canaries:
    """Invented rows of one copy, in the order in which they stand there.

    Args:
        rows: Which row of the source each cell is from; (canaries, columns).
        places: The row of the source that each stands before, ascending; never the first one.
    """

    rows: Places
    places: Places

    @property
    def count(self) -> int:
        """How many."""
        return len(self.places)

    def cells(self, table: Table) -> list[list[str | None]]:
        """The canonical cells of each, in the order of the source's columns.

        Args:
            table: The source.
        """
        columns = [column.cells() for column in table.columns]
        return [
            [cells[row] for cells, row in zip(columns, drawn, strict=True)]
            for drawn in self.rows.tolist()
        ]


NO_CANARIES: Final = Canaries(np.zeros((0, 0), dtype=np.int64), np.zeros(0, dtype=np.int64))


class CanarySource:
    """A table of which rows are invented, for one delivery or for many.

    Args:
        table: The source.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        codes = [column.codes for column in table.columns]
        once = RowIndex(codes).distinct()
        self._own = RowIndex([each[once] for each in codes])
        self._once = once

    def draw(self, key: MarkingKey, stream: bytes, count: int) -> Canaries:
        """The invented rows of a delivery; always the same, and the first ones of more.

        Args:
            key: Of the sender.
            stream: Of the delivery, 16 bytes.
            count: How many.

        Raises:
            MalformedError: Rows drawn from this table are nearly always its own.
        """
        drawn = self.draw_rows(key, stream, count)
        places = draw_uint32(key.key, b"canary-place/" + stream, count)
        return Canaries(drawn, np.sort(1 + scale_down(places, self._table.height - 1)))

    def draw_rows(self, key: MarkingKey, stream: bytes, count: int) -> Places:
        """From which row of the source each cell is; the first draws that are no rows of it.

        Args:
            key: Of the sender.
            stream: Of the delivery, 16 bytes.
            count: How many; at least 1.

        Returns:
            (count, columns).

        Raises:
            MalformedError: Too few of the draws are none.
        """
        width = len(self._table.columns)
        for times in _DRAWS if self._table.height > 1 else ():
            wanted = draw_uint32(key.key, b"canary/" + stream, times * count * width)
            drawn = scale_down(wanted, self._table.height).reshape(-1, width)
            good = np.flatnonzero(~self._are_own(drawn))[:count]
            if len(good) == count:
                return drawn[good]
        raise MalformedError(
            f"no {count} rows can be invented of this table: nearly every row that is put together "
            "from its columns is one of its own; deliver it without --canaries"
        )

    def _are_own(self, drawn: Places) -> npt.NDArray[np.bool_]:
        """Which draws are rows of the source, or have no value at all."""
        codes = [column.codes[drawn[:, place]] for place, column in enumerate(self._table.columns)]
        nothing = np.ones(len(drawn), dtype=np.bool_)
        for each in codes:
            nothing &= each < 0
        return nothing | self._own.contains(codes)

    def pass_share(self) -> float:
        """At least this share of the draws is none of the source's rows; 0..1."""
        rows = self._once
        own, empty = np.ones(len(rows)), 1.0
        for column in self._table.columns:
            counts = np.bincount(column.codes + 1, minlength=len(column.values) + 1)
            chances = counts / self._table.height * likelier(self._table.height)
            own *= chances[column.codes[rows] + 1]
            empty *= float(chances[0])
        return max(0.0, 1 - (float(own.sum()) + empty) * (1 + ROUNDING))


def likelier(height: int) -> float:
    """How many times likelier than 1 / height a row is drawn at most, by 32 bits.

    Args:
        height: Rows of the source.
    """
    return 1 + height / 2**32


class RowIndex:
    """Rows by what their columns hold, to be looked up.

    Args:
        codes: Of each column; at least one column.
    """

    def __init__(self, codes: Sequence[Codes]) -> None:
        hashes = hash_rows(codes)
        self._order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]
        self._codes = codes

    def contains(self, asked: Sequence[Codes]) -> npt.NDArray[np.bool_]:
        """Which rows are there.

        Args:
            asked: Of each column, as many as there are rows to look up.
        """
        hashes = hash_rows(asked)
        first = np.searchsorted(self._hashes, hashes, "left")
        last = np.searchsorted(self._hashes, hashes, "right")
        found = np.zeros(len(hashes), dtype=np.bool_)
        for one in np.flatnonzero(first < last).tolist():
            alike = self._order[first[one] : last[one]]
            same = np.ones(len(alike), dtype=np.bool_)
            for own, other in zip(self._codes, asked, strict=True):
                same &= own[alike] == other[one]
            found[one] = same.any()
        return found

    def distinct(self) -> Places:
        """One of each of the rows that are alike; rarely a few more."""
        is_new = np.ones(len(self._order), dtype=np.bool_)
        same = self._hashes[1:] == self._hashes[:-1]
        for each in self._codes:
            ordered = each[self._order]
            same &= ordered[1:] == ordered[:-1]
        is_new[1:] = ~same
        return np.sort(self._order[is_new])


def draw_canaries(table: Table, key: MarkingKey, stream: bytes, count: int) -> Canaries:
    """The invented rows of one delivery.

    Args:
        table: The source.
        key: Of the sender.
        stream: Of the delivery, 16 bytes.
        count: How many; 0: none.

    Raises:
        MalformedError: Rows drawn from this table are nearly always its own.
    """
    return CanarySource(table).draw(key, stream, count) if count else NO_CANARIES


def hash_rows(codes: Sequence[Codes]) -> npt.NDArray[np.uint64]:
    """A number of 64 bits for each row; equal rows have the same, others hardly ever.

    Args:
        codes: Of each column; at least one column.
    """
    found = np.zeros(len(codes[0]), dtype=np.uint64)
    for each in codes:
        found = mix(found ^ each.astype(np.int64).view(np.uint64))
    return found

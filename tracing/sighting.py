"""Whether rows invented for a delivery are in a suspect, and how likely that is by chance.

Looked at are the rows of the suspect that no row of the source explains: in the columns that are
compared, none has these cells. An invented row is seen where one of them has its cells there. For a
delivery that had no part in the suspect its rows are drawn apart from it, so that each of them is
seen with the chance

```text
q = sum over distinct unexplained rows t of (product over compared columns c of share of t_c in c)
```

over the share of draws that are no rows of the source, since only these are passed on. That is
worked out, not estimated, and holds for any suspect: of one that has every combination of the cells
q is 1, and seeing a row there says nothing.

Which columns are compared depends on suspect and source alone: the best kept first, until they tell
enough.

Spec: docs/tracing-method.md, section 13; docs/adr/0033.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from tracing.align import Alignment
from tracing.canaries import ROUNDING, CanarySource, RowIndex, hash_rows, likelier
from tracing.cells import Cells, Numbers, fold_column
from tracing.columns import MappedColumn
from tracing.markdata import MarkingKey
from tracing.tables import Table

Codes: TypeAlias = npt.NDArray[np.int32]

LEAST_CHANCE: Final = 1e-9
"""An invented row is taken to be seen by chance at least so often: one row alone hardly decides."""
_LEAST_KEPT: Final = 0.5
"""Columns of which fewer cells are left as they were are not compared."""
_ELSEWHERE: Final = np.int32(-2)
"""Code of a cell of the source that the suspect does not have."""
_DECIMALS: Final = 9


@dataclass(frozen=True, slots=True)
class _Compared:
    """A column that is compared.

    Args:
        original: Its index in the source.
        source: Code of each row of the source, in the codes of the suspect.
        suspect: Code of each row of the suspect; -1 for no value.
        shares: Share of the source's rows that have each code; the last one of code -1.
    """

    original: int
    source: Codes
    suspect: Codes
    shares: npt.NDArray[np.float64]

    @property
    def told(self) -> float:
        """Nats that a cell of the suspect tells of a row of the source, on the average."""
        usual = float(self.shares[self.suspect].mean())
        return -log(usual) if usual > 0 else 0.0


class Sighting:
    """What a suspect shows of rows that are not the source's.

    Args:
        suspect: As it was aligned.
        source: Of the deliveries' copies.
        alignment: Of the suspect's columns with the source's.
    """

    def __init__(self, suspect: Table, source: Table, alignment: Alignment) -> None:
        self._drawn = CanarySource(source)
        self._columns = _choose(suspect, source, alignment)
        self.chance = 1.0
        if not self._columns:
            return
        odd = _find_unexplained(self._columns)
        index = RowIndex([each.suspect[odd] for each in self._columns])
        rows = odd[index.distinct()]
        self._index = RowIndex([each.suspect[rows] for each in self._columns])
        self.chance = self._find_chance(rows, source.height)

    def _find_chance(self, rows: npt.NDArray[np.int64], height: int) -> float:
        """That one invented row of an innocent delivery is seen; at least LEAST_CHANCE."""
        passed = self._drawn.pass_share()
        each = np.ones(len(rows))
        for column in self._columns:
            each *= column.shares[column.suspect[rows]] * likelier(height)
        if passed <= 0:
            return 1.0
        return min(1.0, max(LEAST_CHANCE, float(each.sum()) / passed * (1 + ROUNDING)))

    def count(self, key: MarkingKey, stream: bytes, canaries: int) -> int:
        """How many of the rows that were invented for a delivery are in the suspect.

        Args:
            key: Of the sender.
            stream: Of the delivery, 16 bytes.
            canaries: How many were invented; at least 1.

        Raises:
            MalformedError: So many cannot be invented of the source.
        """
        drawn = self._drawn.draw_rows(key, stream, canaries)
        if not self._columns:
            return 0
        codes = [each.source[drawn[:, each.original]] for each in self._columns]
        return int(np.count_nonzero(self._index.contains(codes)))


def _choose(suspect: Table, source: Table, alignment: Alignment) -> list[_Compared]:
    """The columns that are compared, the best kept first, until they tell enough."""
    usable = [
        one for one in alignment.mapping if one.relation.how != "noised" and one.kept >= _LEAST_KEPT
    ]
    enough, chosen = log(max(1, suspect.height) / LEAST_CHANCE), list[_Compared]()
    for one in sorted(usable, key=lambda one: (-one.kept, one.original)):
        seen, whole = suspect.columns[one.suspect], source.columns[one.original]
        chosen.append(_compare(one, fold_column(seen), fold_column(whole)))
        enough -= chosen[-1].told
        if enough <= 0:
            break
    return chosen


def _compare(one: MappedColumn, seen: Cells, whole: Cells) -> _Compared:
    places = {value: place for place, value in enumerate(seen.values)}
    moved = [places.get(value, -2) for value in whole.values]
    codes, suspect = np.array([*moved, -1], dtype=np.int32), seen.codes
    if one.relation.how != "same" and seen.is_numeric and whole.is_numeric:
        expected = _spell(one.relation.apply(whole.numbers))
        shown = _spell(seen.numbers)
        known, back = np.unique(shown, return_inverse=True, equal_nan=False)
        at = np.minimum(np.searchsorted(known, expected), max(0, len(known) - 1))
        moved = np.where(known[at] == expected, at, -2).tolist()
        codes = np.array([*moved, -1], dtype=np.int32)
        suspect = np.append(back, -1).astype(np.int32)[seen.codes]
    source = codes[whole.codes]
    counts = np.bincount(source + 2, minlength=int(suspect.max(initial=-1)) + 3)
    shares = np.append(counts[2:], counts[1]) / len(source)
    return _Compared(one.original, source, suspect, shares)


def _spell(numbers: Numbers) -> Numbers:
    """One spelling for what is one number."""
    return np.round(numbers, _DECIMALS) + 0.0


def _find_unexplained(columns: Sequence[_Compared]) -> npt.NDArray[np.int64]:
    """Rows of the suspect that could be drawn, and that are no row of the source there."""
    shown = np.ones(len(columns[0].suspect), dtype=np.bool_)
    for each in columns:
        shown &= each.shares[each.suspect] > 0
    own = hash_rows([each.source for each in columns])
    shown &= ~np.isin(hash_rows([each.suspect for each in columns]), own)
    return np.flatnonzero(shown)

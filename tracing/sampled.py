"""A sample of a table's rows looked for in a file, by groups of their cells.

```text
some columns, each in a grain --> rows of the sample whose cells the file has together
```

Many groups of columns are tried: cells as they are, numbers by their leading digits, and numbers by
the range that they lie in. So it does not matter which cells were altered, rounded or given noise,
and which columns were dropped. Of what is found there is taken off what would be found by chance:

- what share of the file's own rows has a member that another row has as well (its upper bound): so
  likely another row of the same kind is found too;
- or, if less, how often two rows of the sample have the same member, times the file's rows;
- what is found still if one column is held against other rows: columns that only list everything,
  such as hours of a month, are found in all tables that list the same.

What is left has to stand out by five standard errors, and in the rows that were found the other
columns have to agree as well.

Spec: tracing, section 2.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from tracing.containment import Containment, count_share, estimate_sampled
from tracing.counterparts import SampledColumn
from tracing.grains import GRAINS, Cells, Grain
from tracing.record import TableSketch, show_name
from tracing.tuples import Group, GroupedRows, Keys, Part, mix_cells

_TRIED: Final = 8
"""So many groups in each grain, each beginning with another column."""
_SPARE_BITS: Final = 6.0
"""A group tells rows apart by so many bits more than there are rows, as far as columns allow."""
_LEAST_BITS: Final = 0.05
_LEAST_FOUND: Final = 4
_LEAST_DIFFERENT: Final = 0.33
"""A group tells so much of the sampled rows apart, or it is not looked at."""
_SURE: Final = 5.0
"""Standard errors by which a share has to stand out from chance."""
_DOUBT: Final = 2.0
"""Standard errors that are added to what is there by chance."""
_MOST_ALIKE: Final = 0.5
"""A column in which two rows agree more often shows nothing by being turned."""
_LEAST_TOLD: Final = 0.3
"""Bits by which a further column has to tell rows apart to bear witness."""
_LEAST_AGREEMENT: Final = 0.25
"""So much more than by chance the other columns of rows that were found have to agree: in a file
with half of its cells altered it is a half."""
_LEAST_UNNAMED: Final = 0.8
"""The same where columns were told by their cells alone: one may have been taken for another."""


@dataclass(frozen=True, slots=True)
class SampledMatch:
    """What was found of a sample.

    Args:
        containment: Shares of rows, without chance.
        agreement: 0..1: how much the other columns of these rows agree; 1 if there are none.
    """

    containment: Containment
    agreement: float

    @property
    def weight(self) -> float:
        """The share of the record's rows that are there, times how well they agree."""
        return self.containment.of_earlier.estimate * self.agreement


@dataclass(frozen=True, slots=True)
class _Looked:
    """A group that was looked for.

    Args:
        parts: Its columns.
        members: Of each sampled row.
        group: Of the file.
        wanted: The different ones, ascending.
        first: The first sampled row that has each.
        hit: Which of them the file has.
    """

    parts: tuple[Part, ...]
    members: Keys
    group: Group
    wanted: Keys
    first: npt.NDArray[np.int64]
    hit: npt.NDArray[np.bool_]

    @property
    def share(self) -> float:
        """Of the different members the share that the file has."""
        return float(self.hit.mean())


class SampleSearch:
    """A record's sample, looked for in a file.

    Args:
        table: The record's.
        columns: Of the record, read.
        rows: Of the file.
        names: The file's column for each of the record's that it has.
    """

    def __init__(
        self,
        table: TableSketch,
        columns: Mapping[str, SampledColumn],
        rows: GroupedRows,
        names: Mapping[str, str],
    ) -> None:
        self._table = table
        self._rows = rows
        self._names = names
        self._columns = {own: columns[name] for name, own in names.items()}
        self._is_named = all(name == show_name(own) for name, own in names.items())
        self._known: dict[Part, npt.NDArray[np.bool_]] = {}
        self._is_once = 2 * len(names) >= table.width and self._differs_in_all()

    def find(self) -> SampledMatch | None:
        """The group that shows most; None: none stands out from chance."""
        best: SampledMatch | None = None
        looked = (self._look_for(parts) for parts in self._list_groups())
        for each in sorted(filter(None, looked), key=lambda each: (-each.share, each.parts)):
            if best is not None and each.share <= best.weight:
                break
            found = self._judge(each)
            if found is not None and (best is None or found.weight > best.weight):
                best = found
        return best

    def _differs_in_all(self) -> bool:
        """Whether no two sampled rows are the same in all columns that the file has.

        Then rows of the file that are the same in all columns are copies, and count once.
        """
        members = self._mix([Part(own, "whole") for own in sorted(self._columns)])
        return len(np.unique(members)) == len(members)

    def _list_groups(self) -> Iterator[tuple[Part, ...]]:
        seen: set[tuple[Part, ...]] = set()
        for grain in GRAINS:
            ranked = self._rank_parts(grain)
            for start in range(min(len(ranked), _TRIED)):
                group = self._take_enough([*ranked[start:], *ranked[:start]])
                if group not in seen:
                    seen.add(group)
                    yield group

    def _rank_parts(self, grain: Grain) -> list[tuple[float, Part]]:
        """The columns in a grain, those first that tell the file's rows apart best."""
        ranked: list[tuple[float, Part]] = []
        for own, column in self._columns.items():
            other = self._rows.take_column(own)
            part = Part(own, *column.choose_grain(grain, other))
            bits = other.tell_apart(part.grain, part.width)
            if bits > _LEAST_BITS:
                ranked.append((bits, part))
        return sorted(ranked, key=lambda each: (-each[0], each[1]))

    def _take_enough(self, ranked: Sequence[tuple[float, Part]]) -> tuple[Part, ...]:
        """So many of these columns that rows should differ."""
        wanted = log2(max(2, self._rows.height)) + _SPARE_BITS
        taken: list[Part] = []
        for bits, part in ranked:
            taken.append(part)
            wanted -= bits
            if wanted <= 0:
                break
        return tuple(sorted(taken))

    def _look_for(self, parts: tuple[Part, ...]) -> "_Looked | None":
        """How many of the sampled rows have a member that the file has; None: too few to tell."""
        members = self._mix(parts)
        wanted, first = np.unique(members, return_index=True)
        if len(wanted) < _LEAST_DIFFERENT * self._table.sampled:
            return None
        may_be = np.logical_and.reduce([self._find_known(part) for part in parts])
        if int(may_be.sum()) < _LEAST_FOUND:
            return None
        group = self._rows.find(parts, is_once=self._is_once)
        if group is None:
            return None
        hit = _lies_in(wanted, group.keys)
        looked = _Looked(parts, members, group, wanted, first, hit)
        return looked if int(hit.sum()) >= _LEAST_FOUND else None

    def _find_known(self, part: Part) -> npt.NDArray[np.bool_]:
        """In which sampled rows a column has a cell that the file's column has anywhere."""
        if part not in self._known:
            cells = self._rows.take_column(part.name).count_cells(part.grain, part.width)[0]
            self._known[part] = np.isin(self._columns[part.name].cells[part.grain], cells)
        return self._known[part]

    def _judge(self, looked: "_Looked") -> SampledMatch | None:
        """What was found, if it stands out from chance and the other columns bear it out."""
        found, sampled = int(looked.hit.sum()), len(looked.wanted)
        low = count_share(found, sampled, _SURE).low
        chance = self._estimate_chance(looked.group, looked.members)
        if low > chance:
            listed = self._estimate_listed(looked.parts, looked.wanted, looked.share)
            chance = max(chance, listed)
        if low <= chance:
            return None
        hits = looked.wanted[looked.hit], looked.first[looked.hit]
        agreement = self._measure_agreement(looked.parts, *hits)
        if agreement < (_LEAST_AGREEMENT if self._is_named else _LEAST_UNNAMED):
            return None
        ratio = self._table.rows.total / max(1, self._rows.count_different())
        containment = estimate_sampled(found, sampled, chance, ratio)
        return SampledMatch(containment, min(1.0, agreement))

    def _estimate_chance(self, group: Group, members: Keys) -> float:
        """What share of other rows of the same kind would be found, at most."""
        seen = count_share(group.repeated, group.rows, _DOUBT).high
        counts = np.unique(members, return_counts=True)[1]
        alike = float((counts * (counts - 1)).sum()) / 2
        pairs = max(1.0, len(members) * (len(members) - 1) / 2)
        return min(seen, group.rows * (alike + 2 * sqrt(alike) + 3) / pairs, 1.0)

    def _estimate_listed(self, parts: tuple[Part, ...], wanted: Keys, share: float) -> float:
        """What share is found because the columns list everything that there is."""
        if len(parts) == 1:
            return self._rows.take_column(parts[0].name).count_neighbours()
        listed = 0.0
        for part in parts:
            other = self._rows.take_column(part.name)
            alike = 2.0 ** -other.tell_apart(part.grain, part.width)
            if alike > _MOST_ALIKE:
                continue
            turned = self._rows.find(parts, is_once=self._is_once, turned=part.name)
            if turned is None:
                return 1.0
            still = float(_lies_in(wanted, turned.keys).mean())
            error = _DOUBT * sqrt(still * (1 - still) / len(wanted))
            # Rows that are there indeed are found still where the other row agrees in the column.
            listed = max(listed, (still - alike * share) / (1 - alike) + error)
        return listed

    def _measure_agreement(
        self, parts: Sequence[Part], wanted: Keys, sampled: npt.NDArray[np.int64]
    ) -> float:
        """How much the other columns of the rows that were found agree, without chance.

        The middle one of all columns, each in the grain in which it agrees best.
        """
        members = self._rows.mix(parts)
        rows = np.flatnonzero(_lies_in(members, wanted))
        places, first = np.unique(members[rows], return_index=True)
        rows, sampled = rows[first], sampled[np.searchsorted(wanted, places)]
        taken = {each.name for each in parts}
        left = [own for own in sorted(self._columns) if own not in taken]
        told: list[float] = []
        for own in left:
            others = [own] if self._is_named else left
            agreeing = [self._agree((own, other), rows, sampled) for other in others]
            known = [each for each in agreeing if each is not None]
            told += [max(known)] if known else []
        return float(np.median(told)) if told else 1.0

    def _agree(
        self, pair: tuple[str, str], rows: npt.NDArray[np.int64], sampled: npt.NDArray[np.int64]
    ) -> float | None:
        """How much a column agrees in rows that belong together; None: it tells nothing.

        Args:
            pair: The file's column whose counterpart is asked about, and the one it is held
                against: the same, or any where columns were told by their cells alone.
            rows: Of the file.
            sampled: Row of the sample for each.
        """
        column, other = self._columns[pair[0]], self._rows.take_column(pair[1])
        best: float | None = None
        for grain, width in dict.fromkeys(column.choose_grain(each, other) for each in GRAINS):
            bits = other.tell_apart(grain, width)
            if bits < _LEAST_TOLD:
                continue
            codes = other.column.column.codes[rows]
            same = other.hash_cells(grain, width)[codes] == column.cells[grain][sampled]
            alike = 2.0**-bits
            more = (float(same.mean()) - alike) / (1 - alike)
            best = more if best is None else max(best, more)
        return best

    def _mix(self, parts: Sequence[Part]) -> Keys:
        """The member of each sampled row."""
        cells: Iterator[Cells] = (self._columns[each.name].cells[each.grain] for each in parts)
        return mix_cells(cells, self._table.sampled)


def _lies_in(members: Keys, keys: Keys) -> npt.NDArray[np.bool_]:
    """Which of some members are among others, which ascend."""
    if not len(keys):
        return np.zeros(len(members), np.bool_)
    places = np.minimum(np.searchsorted(keys, members), len(keys) - 1)
    found: npt.NDArray[np.bool_] = keys[places] == members
    return found

"""Which original rows may be a suspect row: those that share a rare combination of cells.

A shingle is a set of one to four columns; its key in a row is made of the row's cells there. The
sets are chosen so that most combinations occur in few rows, and so that, whichever cells were
changed, some set is likely to have been left whole. A combination in more than 16 original rows
says too little and is passed over. Whoever shares a key is then scored over all columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from tracing.cells import mix, pick_rows, scatter
from tracing.lenses import Bits, Lens, Rows, weigh_pairs

Keys = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
MAX_BUCKET: Final = 16
MAX_SETS: Final = 24
_LOOKED_AT: Final = 8_192
_MOST_COLUMNS: Final = 10
_MOST_IN_SET: Final = 4
_PATTERNS: Final = 256
_LEAST_GAIN: Final = 0.02
_LIKELY_KEPT: Final = 0.6
_LIKELY_IN_BIN: Final = 0.45
_BIN_SPREADS: Final = 5.0
"""Noised numbers fall into bins of so many spreads."""
_PAIRS_AT_ONCE: Final = 1 << 19
_LIKELIER: Final = 10
_ENOUGH: Final = np.float32(30)
"""Bits by which a row that was looked up some times stands out for good."""
_SETTLED_AFTER: Final = 4
_SEED: Final = 7
_NEVER: Final = np.float32(-1e9)


@dataclass(frozen=True, slots=True)
class Shingle:
    """A set of columns to look rows up by.

    Args:
        lenses: Indexes of the columns.
        shift: Where the bins of noised numbers begin, 0..1 of a bin.
    """

    lenses: tuple[int, ...]
    shift: float = 0.0


@dataclass(frozen=True, slots=True)
class Votes:
    """For each suspect row the best two original rows, as far as shingles found any.

    Args:
        best: Bits for the best one; very low where there is none.
        row: The best one; -1 where there is none.
        second: Bits for the next best.
    """

    best: Bits
    row: npt.NDArray[np.int32]
    second: Bits

    def margin(self, height: int) -> Bits:
        """Bits by which the best stands out from the next, or from a row met by chance.

        That a row is no row of the original at all is taken to be rather unlikely here; decoys
        say how unlikely it really is.
        """
        chance = np.float32(np.log2(max(2, height)) - _LIKELIER)
        return self.best - np.maximum(self.second, chance)


def _keys(lens: Lens, rows: Rows | None, shift: float, *, is_original: bool) -> Keys:
    if lens.noise is not None:
        numbers = lens.noise.original if is_original else lens.noise.suspect
        numbers = numbers if rows is None else numbers[rows]
        bins = np.floor(numbers * np.float32(1 / _BIN_SPREADS) + np.float32(shift))
        held: npt.NDArray[np.int64] = np.clip(bins, -(2.0**62), 2.0**62).astype(np.int64)
        return held.astype(np.uint64)
    codes = lens.original if is_original else lens.suspect
    codes = codes if rows is None else codes[rows]
    return codes.astype(np.int64).astype(np.uint64)


def make_keys(
    lenses: Sequence[Lens], shingle: Shingle, rows: Rows | None, *, is_original: bool
) -> Keys:
    """The key of a shingle in these rows of one side; equal cells give equal keys."""
    keys: Keys = reduce(
        _mix_two,
        (
            _make_part(lenses, place, rows, shingle.shift, is_original=is_original)
            for place in shingle.lenses
        ),
    )
    return keys


def _make_part(
    lenses: Sequence[Lens], place: int, rows: Rows | None, shift: float, *, is_original: bool
) -> Keys:
    return mix(_keys(lenses[place], rows, shift, is_original=is_original) ^ np.uint64(place))


def _mix_two(one: Keys, other: Keys) -> Keys:
    return mix(one ^ (other << np.uint64(1)))


def choose_shingles(lenses: Sequence[Lens], height: int) -> tuple[Shingle, ...]:
    """The sets to look rows up by, the most telling first; at most 24 (48 with noise)."""
    rows = pick_rows(height, _LOOKED_AT, _SEED)
    scale = height / max(1, len(rows))
    parts = [_make_part(lenses, place, rows, 0.0, is_original=True) for place in range(len(lenses))]
    ranked = sorted(range(len(lenses)), key=lambda place: -_usefulness(parts[place]))
    chosen = ranked[:_MOST_COLUMNS]
    sets = [
        one for size in range(1, _MOST_IN_SET + 1) for one in combinations(sorted(chosen), size)
    ]
    keys: dict[tuple[int, ...], Keys] = {}
    for one in sets:  # the shorter ones first
        last = parts[one[-1]]
        keys[one] = last if len(one) == 1 else _mix_two(keys[one[:-1]], last)
    usable = np.asarray([_usable(keys[one], scale) for one in sets])
    picked = _cover(sets, usable, lenses)
    shingles = tuple(Shingle(sets[place]) for place in picked)
    if any(lens.noise is not None for lens in lenses):
        shingles += tuple(Shingle(one.lenses, 0.5) for one in shingles)
    return shingles


def _count_equal(keys: Keys) -> Rows:
    """How often each different key occurs."""
    ordered = np.sort(keys)
    starts = np.flatnonzero(np.concatenate([[len(keys) > 0], ordered[1:] != ordered[:-1]]))
    return np.diff(np.append(starts, len(keys)))


def _usefulness(keys: Keys) -> float:
    """How rarely two rows agree in a column, as bits."""
    counts = _count_equal(keys).astype(np.float64)
    same = float((counts * (counts - 1)).sum())
    return -float(np.log2((same + 1) / max(1.0, float(len(keys)) ** 2)))


def _usable(keys: Keys, scale: float) -> float:
    """Share of rows whose combination is rare enough; less where buckets are full."""
    counts = _count_equal(keys)
    others = (counts - 1) * scale
    worth = np.where(others < MAX_BUCKET, 1 / (1 + others / MAX_BUCKET), 0.0)
    return float(counts @ worth) / max(1, len(keys))


def _cover(
    sets: Sequence[tuple[int, ...]], usable: npt.NDArray[np.float64], lenses: Sequence[Lens]
) -> list[int]:
    """Sets that together stay whole for most ways of changing cells, greedily."""
    chances = [_LIKELY_IN_BIN if lens.noise is not None else _LIKELY_KEPT for lens in lenses]
    drawn = scatter(_PATTERNS * len(lenses), _SEED).reshape(_PATTERNS, -1)
    intact = drawn.astype(np.float64) * 2.0**-64 < np.asarray(chances)
    whole = np.asarray([intact[:, one].all(axis=1) for one in sets], dtype=np.float64)
    open_ = np.ones(_PATTERNS)
    picked: list[int] = []
    while len(picked) < min(MAX_SETS, len(sets)):
        gains = usable * (whole @ open_)
        gains[picked] = 0
        best = int(gains.argmax())
        if gains[best] <= _LEAST_GAIN:
            break
        picked.append(best)
        open_ = open_ * (1 - usable[best] * whole[best])
    return picked


class Ballot:
    """Collects the best two candidates of each suspect row, shingle after shingle."""

    def __init__(
        self, lenses: Sequence[Lens], count: int, excluded: npt.NDArray[np.int32] | None = None
    ) -> None:
        """Begin without candidates.

        Args:
            lenses: The mapped columns.
            count: Suspect rows.
            excluded: For each suspect row, an original row that it may not be; -1 for none.
        """
        self._lenses = lenses
        self._chance = np.float32(np.log2(max(2, len(lenses[0].original))))
        self._excluded = excluded
        self._best: Bits = np.full(count, _NEVER)
        self._second: Bits = np.full(count, _NEVER)
        self._row = np.full(count, -1, dtype=np.int32)
        self._open = np.ones(count, dtype=bool)
        self._is_exact = all(lens.noise is None for lens in lenses)
        self._held = 0

    def votes(self) -> Votes:
        """What was collected."""
        return Votes(self._best, self._row, self._second)

    def hold(self, shingle: Shingle) -> None:
        """Look every row that is still open up by one shingle."""
        self._held += 1
        asking = np.flatnonzero(self._open)
        if not len(asking):
            return
        keys = make_keys(self._lenses, shingle, None, is_original=True)
        order = np.argsort(keys)
        keys = keys[order]
        starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        counts = np.diff(np.append(starts, len(keys)))
        known = keys[starts]
        asked = make_keys(self._lenses, shingle, asking, is_original=False)
        places = np.minimum(np.searchsorted(known, asked), len(known) - 1)
        found = (known[places] == asked) & (counts[places] <= MAX_BUCKET)
        self._look_up(asking[found], order, starts[places[found]], counts[places[found]])

    def _look_up(self, asking: Rows, order: Rows, starts: Rows, counts: Rows) -> None:
        ends = np.cumsum(counts)
        begin = 0
        while begin < len(asking):
            limit = (ends[begin - 1] if begin else 0) + _PAIRS_AT_ONCE
            stop = max(begin + 1, int(np.searchsorted(ends, limit, "right")))
            part = slice(begin, stop)
            self._weigh(asking[part], order, starts[part], counts[part])
            begin = stop

    def _weigh(self, asking: Rows, order: Rows, starts: Rows, counts: Rows) -> None:
        heads = np.cumsum(counts) - counts
        within = np.arange(int(counts.sum())) - np.repeat(heads, counts)
        original = order[np.repeat(starts, counts) + within]
        suspect = np.repeat(asking, counts)
        bits = weigh_pairs(self._lenses, suspect, original)
        if self._excluded is not None:
            bits[self._excluded[suspect] == original] = _NEVER
        top = np.maximum.reduceat(bits, heads)
        # The first of equals, so that the order of the original decides and nothing else.
        is_top = bits == np.repeat(top, counts)
        places = np.where(is_top, within, MAX_BUCKET)
        first = heads + np.minimum.reduceat(places, heads)
        rows = original[first].astype(np.int32)
        bits[first] = _NEVER
        self._merge(asking, top, rows, np.maximum.reduceat(bits, heads))

    def _merge(self, asking: Rows, top: Bits, rows: npt.NDArray[np.int32], second: Bits) -> None:
        old, old_row = self._best[asking], self._row[asking]
        same, better = rows == old_row, top > old
        runner = np.where(same, second, np.where(better, np.maximum(old, second), top))
        self._second[asking] = np.maximum(self._second[asking], runner)
        self._best[asking] = np.where(better, top, old)
        self._row[asking] = np.where(better & (top > _NEVER), rows, old_row)
        self._close(asking)

    def _close(self, asking: Rows) -> None:
        """Stop asking for rows that agree in every cell: whoever equals them shares every key.

        With noise none agrees; there a row is settled that stands out by far after some looks.
        """
        if self._held >= _SETTLED_AFTER:
            ahead = self._best[asking] - self._second[asking]
            settled = (ahead >= _ENOUGH) & (self._best[asking] >= self._chance + _ENOUGH)
            self._open[asking[settled]] = False
        if not self._is_exact:
            return
        rows = self._row[asking].astype(np.int64)
        full = rows >= 0
        for lens in self._lenses:
            full &= lens.suspect[asking] == lens.original[rows]
        self._open[asking[full]] = False


def vote(
    lenses: Sequence[Lens],
    shingles: Sequence[Shingle],
    count: int,
    excluded: npt.NDArray[np.int32] | None = None,
) -> Votes:
    """The best two original rows of each of so many suspect rows."""
    ballot = Ballot(lenses, count, excluded)
    for shingle in shingles:
        ballot.hold(shingle)
    return ballot.votes()

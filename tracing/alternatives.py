"""The other value that a marked cell may get: a step up or down, or a donor row's category.

Whole numbers alone decide, so that the same table and key give the same values on any machine.

Spec: design of tracing, section 3.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from ledger.errors import MalformedError
from tracing.markdata import MarkColumn
from tracing.numerals import Numerals, format_steps, read_numerals, read_unit
from tracing.tables import Column, Table

Drawn = npt.NDArray[np.uint32]
TRIES: Final = 4
"""Donors looked at on each level."""
_LEVELS: Final = (4, 3, 2)
DRAWS: Final = TRIES * len(_LEVELS)
"""Random numbers of 32 bits that a cell may need."""
MAX_GUIDE_VALUES: Final = 64
_BINS: Final = 8
_MODAL_SHARE: Final = 10
"""A number that more than one row in so many has is left alone, and nothing becomes it."""
_MAX_SENTINELS: Final = 5


class Marker(Protocol):
    """Proposes other values for the cells of one column."""

    def propose(self, rows: npt.NDArray[np.int64], drawn: Drawn) -> list[str | None]:
        """Canonical other values, None where a cell has none.

        Args:
            rows: Ordinals.
            drawn: For each row DRAWS random numbers.
        """
        ...


def find_left_alone(numerals: Numerals) -> npt.NDArray[np.bool_]:
    """Values, by code, that stand for themselves and not for a measure: modes and sentinels.

    A mode is what more than a tenth of the rows have, such as the zeros of capital gains. Sentinels
    are at most five values beyond a gap that is wider than half the range, such as -999.
    """
    modal: npt.NDArray[np.bool_] = numerals.counts * _MODAL_SHARE > numerals.counts.sum()
    order = np.argsort(numerals.steps, kind="stable")
    gaps = np.diff(numerals.steps[order])
    if len(gaps) < 2:
        return modal
    widest = int(gaps.argmax())
    if 2 * int(gaps[widest]) > int(gaps.sum()):
        below, above = order[: widest + 1], order[widest + 1 :]
        apart = min(below, above, key=len)
        if len(apart) <= _MAX_SENTINELS:
            modal[apart] = True
    return modal


class _Steps:
    """Numbers: one unit up or down, within what the column has."""

    def __init__(self, column: Column, unit: str) -> None:
        numerals = read_numerals(column)
        if numerals is None:
            raise MalformedError(f"the column {column.name} holds other than numbers")
        self._codes, self._numerals = column.codes, numerals
        steps = read_unit(unit, numerals.decimals)
        if steps is None:
            raise MalformedError(f"no number of the column {column.name} moves by {unit[:40]!r}")
        self._unit = steps
        self._is_left = find_left_alone(numerals)
        kept = numerals.steps[~self._is_left & (numerals.counts > 0)]
        self._low, self._high = (int(kept.min()), int(kept.max())) if len(kept) else (0, 0)

    def propose(self, rows: npt.NDArray[np.int64], drawn: Drawn) -> list[str | None]:
        codes = self._codes[rows]
        steps = self._numerals.steps[codes]
        toward = np.where(drawn[:, 0] & 1, self._unit, -self._unit)
        first, second = steps + toward, steps - toward
        is_first, is_second = self._allows(first), self._allows(second)
        chosen = np.where(is_first, first, second)
        is_found = (is_first | is_second) & (codes >= 0) & ~self._is_left[codes]
        places = self._numerals.decimals
        return [
            format_steps(step, places) if is_good else None
            for step, is_good in zip(chosen.tolist(), is_found.tolist(), strict=True)
        ]

    def _allows(self, steps: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        is_within = (steps >= self._low) & (steps <= self._high)
        return is_within & ~np.isin(steps, self._numerals.steps[self._is_left])


class _Donors:
    """Categories: what another row has that agrees in the most associated other columns."""

    def __init__(
        self, table: Table, column: Column, guides: Sequence[npt.NDArray[np.int64]]
    ) -> None:
        self._values, self._codes = column.values, column.codes
        chosen = choose_guides(column, guides)
        levels = [np.zeros(table.height, dtype=np.int64)]
        for guide in chosen:
            levels.append(levels[-1] * (int(guide.max()) + 1) + guide)
        donors = np.flatnonzero(column.codes >= 0)
        self._order = donors[np.argsort(levels[-1][donors], kind="stable")]
        self._levels = levels
        self._sorted = [level[self._order] for level in levels]

    def propose(self, rows: npt.NDArray[np.int64], drawn: Drawn) -> list[str | None]:
        own = self._codes[rows]
        found = np.full(len(rows), -1, dtype=np.int64)
        for n, level in enumerate(self._usable()):
            start = np.searchsorted(self._sorted[level], self._levels[level][rows], "left")
            stop = np.searchsorted(self._sorted[level], self._levels[level][rows], "right")
            for draw in range(n * TRIES, (n + 1) * TRIES):
                picked = start + _scale_each(drawn[:, draw], stop - start)
                code = self._codes[self._order[np.minimum(picked, len(self._order) - 1)]]
                is_new = (found < 0) & (code != own) & (stop > start)
                found[is_new] = code[is_new]
        found[own < 0] = -1
        return [None if code < 0 else self._values[code] for code in found.tolist()]

    def _usable(self) -> list[int]:
        """Levels to look for a donor on: never one that agrees in fewer than two columns."""
        deepest = len(self._levels) - 1
        return [level for level in _LEVELS if level <= deepest] or [deepest]


def _scale_each(drawn: Drawn, bounds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return ((drawn.astype(np.uint64) * bounds.astype(np.uint64)) >> np.uint64(32)).astype(np.int64)


def choose_guides(
    column: Column, guides: Sequence[npt.NDArray[np.int64]]
) -> list[npt.NDArray[np.int64]]:
    """The four columns that say most about this one, by Goodman and Kruskal's tau in integers.

    Args:
        column: Of categories.
        guides: Codes 0, 1, ... of the other columns that can tell; the first wins a tie.
    """
    own = column.codes.astype(np.int64) + 1
    width = int(own.max(initial=0)) + 1
    scored = [(-_associate(guide, own, width), n) for n, guide in enumerate(guides)]
    return [guides[n] for _, n in sorted(scored)[: max(_LEVELS)]]


def _associate(guide: npt.NDArray[np.int64], own: npt.NDArray[np.int64], width: int) -> int:
    """How well a column is guessed when the guide is known: sum of n_kc^2 / n_k, times 65,536."""
    height = int(guide.max(initial=0)) + 1
    cells = np.bincount(guide * width + own, minlength=height * width)
    totals = cells.reshape(height, width).sum(axis=1)
    found = np.flatnonzero(cells)
    return int(((cells[found] ** 2 << 16) // totals[found // width]).sum())


def code_guides(table: Table) -> dict[str, npt.NDArray[np.int64]]:
    """Codes 0, 1, ... of the columns that can guide, by name: few values, or numbers in 8 bins."""
    coded = ((column.name, _code_guide(column)) for column in table.columns)
    return {name: codes for name, codes in coded if codes is not None}


def _code_guide(column: Column) -> npt.NDArray[np.int64] | None:
    if 2 <= len(column.values) <= MAX_GUIDE_VALUES:
        return column.codes.astype(np.int64) + 1
    numerals = read_numerals(column)
    if numerals is None or len(column.values) < 2:
        return None
    order = np.argsort(numerals.steps, kind="stable")
    below = np.cumsum(numerals.counts[order]) - numerals.counts[order]
    bins = np.empty(len(order) + 1, dtype=np.int64)
    bins[order] = 1 + below * _BINS // max(int(numerals.counts.sum()), 1)
    bins[-1] = 0  # where codes are -1
    return bins[column.codes]


def make_markers(table: Table, columns: Sequence[MarkColumn]) -> list[Marker]:
    """One marker for each column.

    Raises:
        MalformedError: The table lacks one of them, or it is of another kind.
    """
    by_name = {column.name: column for column in table.columns}
    missing = [each.name for each in columns if each.name not in by_name]
    if missing:
        raise MalformedError(f"the table has no column {missing[0]}")
    guides = code_guides(table) if any(each.kind == "category" for each in columns) else {}
    return [_make_marker(table, by_name[each.name], each, guides) for each in columns]


def _make_marker(
    table: Table, column: Column, said: MarkColumn, guides: dict[str, npt.NDArray[np.int64]]
) -> Marker:
    if said.kind == "number":
        return _Steps(column, said.unit)
    others = [codes for name, codes in guides.items() if name != column.name]
    return _Donors(table, column, others)

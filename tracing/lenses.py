"""How many bits two cells say for or against their rows being one row.

A pair of rows is scored as Fellegi and Sunter (1969) do: each mapped column adds
`log2(kept * P(cell | same row) / P(cell | any row) + 1 - kept)`, so that agreeing on a rare value
says much, agreeing on a common one little, and differing counts against the pair the more, the
fewer cells of the column were changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tracing.cells import Cells, Codes, Numbers, scatter
from tracing.columns import MappedColumn

Rows = npt.NDArray[np.int64]
Bits = npt.NDArray[np.float32]
_LEAST_KEPT: Final = 0.05
_MOST_KEPT: Final = 0.999
_FAR: Final = 1_000.0
"""No value stands so many spreads beyond the largest number."""
_REACH: Final = np.float32(2)
_UNITS: Final = 2.0**-64


@dataclass(frozen=True, slots=True)
class Noise:
    """Numbers that are compared by distance, counted in standard deviations of the noise.

    Args:
        suspect: Number of each suspect row.
        original: Number of each original row.
        rarity: For each suspect row, how much likelier its number is in its own row than in any.
    """

    suspect: Bits
    original: Bits
    rarity: Bits


@dataclass(frozen=True, slots=True)
class Lens:
    """One mapped column, both sides in one code.

    Args:
        suspect: Code of each suspect row; -1 for a value that the original does not have.
        original: Code of each original row; no value has a code of its own.
        shares: Share of the original rows with each code.
        kept: Share of cells that still agree where the rows are one.
        noise: Of a column that is compared by distance; its codes are not used then.
    """

    suspect: Codes
    original: Codes
    shares: Numbers
    kept: float
    noise: Noise | None = None

    def keeping(self, kept: float) -> "Lens":
        """The same with another share of kept cells, held to 0.05..0.999."""
        return replace(self, kept=min(max(kept, _LEAST_KEPT), _MOST_KEPT))

    def agrees(self, suspect: Rows, original: Rows) -> npt.NDArray[np.bool_]:
        """For each pair of rows, whether its cells agree (within three spreads of noise)."""
        if self.noise is None:
            return np.asarray(self.suspect[suspect] == self.original[original], dtype=np.bool_)
        apart = np.abs(self.noise.suspect[suspect] - self.noise.original[original])
        return np.asarray(apart <= 3, dtype=np.bool_)

    def weigh(self, suspect: Rows, original: Rows) -> Bits:
        """For each pair of rows, the bits that its cells add."""
        changed = 1 - self.kept
        if self.noise is not None:
            apart = self.noise.suspect[suspect] - self.noise.original[original]
            likelier = np.exp(np.square(apart) * np.float32(-0.5)) * self.noise.rarity[suspect]
            likelier = likelier * np.float32(self.kept) + np.float32(changed)
            return np.asarray(np.log2(likelier), dtype=np.float32)
        codes = self.suspect[suspect]
        gains = np.log2(self.kept / self.shares + changed).astype(np.float32)
        gains = np.append(gains, np.float32(0))
        lost = np.float32(np.log2(changed))
        return np.where(codes == self.original[original], gains[codes], lost)

    def chance(self) -> float:
        """How often two rows agree by chance."""
        if self.noise is not None:
            return float(np.mean(1 / self.noise.rarity))
        return float(np.square(self.shares).sum())

    def most(self) -> Bits:
        """For each suspect row, the bits that its cell would add if it agreed."""
        changed = 1 - self.kept
        if self.noise is not None:
            rarity = self.noise.rarity * np.float32(self.kept) + np.float32(changed)
            return np.asarray(np.log2(rarity), dtype=np.float32)
        rarest = 2.0 * max(1, len(self.original))
        gains = np.log2(self.kept * np.append(1 / self.shares, rarest) + changed)
        return gains.astype(np.float32)[self.suspect]

    def mimic(self, rows: Rows, seed: int, *, is_plain: bool) -> "Lens":
        """The lens for suspect rows that are these original rows, changed as the suspect's were.

        Args:
            rows: Of the original.
            seed: Of what is drawn.
            is_plain: Change nothing.
        """
        kept = 1.0 if is_plain else self.kept
        drawn = scatter(2 * len(rows), seed).reshape(2, -1)
        changed = drawn[0].astype(np.float64) * _UNITS > kept
        others = (drawn[1] % np.uint64(len(self.original))).astype(np.int64)
        source = np.where(changed, others, rows)
        codes = self.original[source]
        if self.noise is None:
            return replace(self, suspect=codes)
        numbers = self.noise.original[source]
        if not is_plain:
            numbers = numbers + _bell(len(rows), seed + 1)
        return replace(self, suspect=codes, noise=_noise(numbers, self.noise.original))

    def join(self, other: "Lens") -> "Lens":
        """The lens for the suspect rows of both, these first."""
        codes = np.concatenate([self.suspect, other.suspect])
        if self.noise is None or other.noise is None:
            return replace(self, suspect=codes)
        numbers = np.concatenate([self.noise.suspect, other.noise.suspect])
        rarity = np.concatenate([self.noise.rarity, other.noise.rarity])
        noise = replace(self.noise, suspect=numbers, rarity=rarity)
        return replace(self, suspect=codes, noise=noise)

    def take(self, rows: Rows) -> "Lens":
        """The lens for these suspect rows alone."""
        noise = self.noise
        if noise is not None:
            noise = replace(noise, suspect=noise.suspect[rows], rarity=noise.rarity[rows])
        return replace(self, suspect=self.suspect[rows], noise=noise)


def _bell(count: int, seed: int) -> Bits:
    """Numbers of mean 0 and deviation 1, nearly normal: sums of twelve."""
    drawn = scatter(12 * count, seed).reshape(12, -1).astype(np.float64) * _UNITS
    return np.asarray(drawn.sum(axis=0) - 6, dtype=np.float32)


def make_lens(mapped: MappedColumn, suspect: Cells, original: Cells) -> Lens:
    """Both sides of a mapped column in one code."""
    if mapped.relation.how == "noised":
        return _make_noised(mapped, suspect, original)
    if mapped.relation.how == "same":
        places = {value: place for place, value in enumerate(original.values)}
        moved = np.asarray([places.get(value, -1) for value in suspect.values], dtype=np.int32)
        codes, size = original.codes, len(original.values)
    else:
        rounded = mapped.relation.apply(original.numbers)
        known, inverse = np.unique(rounded, return_inverse=True)
        codes, size = inverse.astype(np.int32)[original.codes], len(known)
        codes = np.where(original.codes < 0, np.int32(-1), codes)
        moved = _find(known, mapped.relation.apply(suspect.numbers))
    moved = np.append(moved, np.int32(size))
    return _finish(moved[suspect.codes], codes, size, mapped.kept)


def _find(known: Numbers, numbers: Numbers) -> Codes:
    places = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
    return np.where(known[places] == numbers, places, -1).astype(np.int32)


def _finish(suspect: Codes, original: Codes, size: int, kept: float) -> Lens:
    original = np.where(original < 0, np.int32(size), original).astype(np.int32, copy=False)
    counts = np.bincount(original, minlength=size + 1)
    shares = np.maximum(counts, 0.5) / max(1, len(original))
    return Lens(suspect, original, shares, min(max(kept, _LEAST_KEPT), _MOST_KEPT))


def _make_noised(mapped: MappedColumn, suspect: Cells, original: Cells) -> Lens:
    spread = mapped.relation.spread
    whole, seen = original.per_row(), suspect.per_row()
    far = float(np.nanmax(whole)) + _FAR * spread
    middle = float(np.nanmean(whole))
    numbers = ((np.nan_to_num(whole, nan=far) - middle) / spread).astype(np.float32)
    asked = ((np.nan_to_num(seen, nan=far) - middle) / spread).astype(np.float32)
    blank = np.zeros(len(asked), dtype=np.int32)
    # An overflow leaves what is no number, and another integer on each machine.
    numbers, asked = np.nan_to_num(numbers), np.nan_to_num(asked)
    lens = _finish(blank, np.zeros(len(numbers), dtype=np.int32), 1, mapped.kept)
    return replace(lens, noise=_noise(asked, numbers))


def _noise(suspect: Bits, original: Bits) -> Noise:
    """Numbers with how common each is in the original: how many lie within two deviations."""
    order = np.sort(original)
    near = np.searchsorted(order, suspect + _REACH, "right")
    near = near - np.searchsorted(order, suspect - _REACH, "left")
    density = np.maximum(near, 0.5) / (len(order) * 2 * _REACH)
    return Noise(suspect, original, (1 / (np.sqrt(2 * np.pi) * density)).astype(np.float32))


def weigh_pairs(lenses: Sequence[Lens], suspect: Rows, original: Rows) -> Bits:
    """For each pair of rows, the bits that speak for their being one row."""
    total = np.zeros(len(suspect), dtype=np.float32)
    for lens in lenses:
        total += lens.weigh(suspect, original)
    return total

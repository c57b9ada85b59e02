"""For comparison: a blind fingerprint in the least significant digits of numbers.

A keyed hash of a row's virtual key chooses every g-th row, a column of it, a bit of the recipient's
64, and a mask; the parity of the number's last digit is made bit xor mask. Detection takes the
majority of what it reads of each bit. It needs neither the original nor an alignment, only columns
of the same names.

Spec: Agrawal and Kiernan, Watermarking relational databases, VLDB 2002; Li, Swarup and Jajodia,
Fingerprinting relational databases, IEEE TDSC 2 (2005); virtual keys after Li, Swarup and Jajodia,
Constructing a virtual primary key, DRM 2003.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from scripts.benchlib.resale.quantities import count_decimals, read_numbers, set_numbers
from scripts.benchlib.resale.stats import at_least
from tracing.tables import Column, Table

BITS = 64
_KEY_COLUMNS = 3
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Marks:
    """What is kept of a marked table.

    Args:
        seed: Secret of the sender.
        columns: That carry marks, with their decimals.
        keyed: That the virtual key is made of, with their decimals; -1: no numbers.
        rows_per_mark: g.
    """

    seed: bytes
    columns: tuple[tuple[str, int], ...]
    keyed: tuple[tuple[str, int], ...]
    rows_per_mark: int


def choose(table: Table, names: Sequence[str], seed: bytes, rows_per_mark: int = 32) -> Marks:
    """Marks in these number columns; the key is made of the columns with the most values."""
    carried = tuple((name, count_decimals(table.find(name))) for name in names)
    ranked = sorted(table.columns, key=lambda one: (-len(one.values), one.name))[:_KEY_COLUMNS]
    keyed = tuple((one.name, count_decimals(one) if one.kind == "number" else -1) for one in ranked)
    return Marks(seed, carried, keyed, rows_per_mark)


def code_of(number: int) -> npt.NDArray[np.uint8]:
    """The 64 bits of a recipient."""
    drawn = sha256(b"code of %d" % number).digest()[: BITS // 8]
    return np.unpackbits(np.frombuffer(drawn, dtype=np.uint8))


def embed(table: Table, marks: Marks, code: npt.NDArray[np.uint8]) -> Table:
    """The copy of a recipient."""
    hashes = _hash_rows(table, marks)
    for number, (name, decimals) in enumerate(marks.columns):
        place = table.names.index(name)
        rows, bits = _choose(hashes, marks, number)
        steps = _steps(table.columns[place], decimals)[rows]
        wanted = code[bits] ^ _mask(hashes[rows])
        wrong = np.isfinite(steps) & (np.nan_to_num(steps) % 2 != wanted)
        changed = (steps[wrong] + 1) / 10.0**decimals
        if len(changed):
            table = set_numbers(table, place, rows[wrong], changed, decimals)
    return table


def read_code(table: Table, marks: Marks) -> npt.NDArray[np.int8]:
    """What a suspect says of each bit; -1: nothing, or as often one as the other."""
    votes = np.zeros((BITS, 2), dtype=np.int64)
    missing = {name for name, _ in (*marks.columns, *marks.keyed)} - set(table.names)
    if not missing & {name for name, _ in marks.keyed}:
        hashes = _hash_rows(table, marks)
        for number, (name, decimals) in enumerate(marks.columns):
            if name in missing:
                continue
            rows, bits = _choose(hashes, marks, number)
            steps = _steps(table.find(name), decimals)[rows]
            there = np.isfinite(steps)
            said = (np.nan_to_num(steps) % 2).astype(np.int64) ^ _mask(hashes[rows])
            np.add.at(votes, (bits[there], said[there]), 1)
    read = (votes[:, 1] > votes[:, 0]).astype(np.int8)
    return np.where(votes[:, 0] == votes[:, 1], np.int8(-1), read)


def name_recipients(read: npt.NDArray[np.int8], count: int, bound: float) -> list[int]:
    """Recipients whose code agrees as well as an innocent one's does by bound / count at most."""
    known = np.flatnonzero(read >= 0)
    named = []
    for number in range(count):
        matching = int((code_of(number)[known] == read[known]).sum())
        if at_least(matching, len(known), 0.5) <= bound / count:
            named.append(number)
    return named


def _steps(column: Column, decimals: int) -> npt.NDArray[np.float64]:
    """Numbers counted in their last digit, for each row."""
    return np.round(read_numbers(column) * 10.0**decimals)[column.codes]


def _hash_rows(table: Table, marks: Marks) -> Hashes:
    """Keyed hashes of virtual keys: numbers without their last digit, all else as it is."""
    hashes = np.full(table.height, 0x9E3779B97F4A7C15, dtype=np.uint64)
    for name, decimals in marks.keyed:
        column = table.find(name)
        values: list[bytes] = [value.encode() for value in column.values]
        if decimals >= 0:
            steps = np.floor(np.round(read_numbers(column) * 10.0**decimals) / 10)
            values = [b"%d" % int(step) if np.isfinite(step) else b"" for step in steps[:-1]]
        label = marks.seed + name.encode() + b"\0"
        hashed = [sha256(label + value).digest()[:8] for value in [*values, b""]]
        of_values = np.frombuffer(b"".join(hashed), dtype=">u8").astype(np.uint64)
        hashes = (hashes ^ of_values[column.codes]) * np.uint64(0xBF58476D1CE4E5B9)
        hashes ^= hashes >> np.uint64(29)
    return hashes


def _choose(
    hashes: Hashes, marks: Marks, column: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows that are marked in this column, and the bit that each of them carries."""
    marked = hashes % np.uint64(marks.rows_per_mark) == 0
    own = (hashes >> np.uint64(8)) % np.uint64(max(1, len(marks.columns))) == column
    rows = np.flatnonzero(marked & own)
    return rows, ((hashes[rows] >> np.uint64(24)) % np.uint64(BITS)).astype(np.int64)


def _mask(hashes: Hashes) -> npt.NDArray[np.int64]:
    return ((hashes >> np.uint64(40)) & np.uint64(1)).astype(np.int64)

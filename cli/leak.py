"""The leak that the demo plays: what somebody who has a copy might do to it before offering it.

It belongs to the story alone. Two files are made of a copy: some of its rows in another order and
encoding, and the same among nine times as many rows that are nobody's. Both are the same each time.
"""

import csv
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from sys import intern
from typing import Final

SHARE: Final = 20
"""One row of the copy in so many is leaked..."""
LEAST: Final = 1_500
"""... but of a small one so many at least: fewer tell too little of who had them."""
FOREIGN: Final = 9
"""Rows that are nobody's, for each that is leaked."""
ENCODING: Final = "gb18030"


@dataclass(frozen=True, slots=True)
class Leak:
    """What was made of a copy.

    Args:
        rows: Of the copy that were leaked.
        height: How many the copy has.
        foreign: Others that the second file has.
    """

    rows: int
    height: int
    foreign: int


def count_rows(copy: Path) -> int:
    """Rows of a plain table: CSV in UTF-8 with commas and a header; 0 of anything else."""
    try:
        with copy.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            width = len(next(reader, ()))
            return sum(1 for _ in reader) if width > 1 else 0
    except (UnicodeDecodeError, csv.Error):
        return 0


def play_leak(copy: Path, filed: Path, offered: Path) -> Leak:
    """Write two files as leaks of a copy might look.

    The rows that are nobody's have the copy's columns; each of their cells is of another row.

    Args:
        copy: A plain table with LEAST rows or more.
        filed: Where the leaked rows go.
        offered: Where they go among the others.
    """
    height = count_rows(copy)
    count = max(height // SHARE, LEAST)
    order = _shuffle(height, "rows")
    header, rows = _read_rows(copy, set(order[: count * (1 + FOREIGN)]))
    leaked = [rows[each] for each in order[:count]]
    others = [rows[each] for each in order[count : count * (1 + FOREIGN)]] or leaked
    foreign = _scramble(others, count * FOREIGN)
    _write_shuffled(filed, header, leaked)
    _write_shuffled(offered, header, leaked + foreign)
    return Leak(len(leaked), height, len(foreign))


def _read_rows(copy: Path, wanted: set[int]) -> tuple[list[str], dict[int, list[str]]]:
    with copy.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        rows = ((place, row) for place, row in enumerate(reader) if place in wanted)
        return header, {place: [intern(cell) for cell in row] for place, row in rows}


def _scramble(rows: list[list[str]], count: int) -> list[list[str]]:
    """So many rows, whose cells come each from another one of these."""
    step = max(1, len(rows) // (len(rows[0]) + 1))
    return [
        [
            rows[(place + place // len(rows) + column * step) % len(rows)][column]
            for column in range(len(rows[0]))
        ]
        for place in range(count)
    ]


def _write_shuffled(place: Path, header: list[str], rows: list[list[str]]) -> None:
    with place.open("w", encoding=ENCODING, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows[each] for each in _shuffle(len(rows), "order"))


def _shuffle(count: int, name: str) -> list[int]:
    """The numbers below count in an order that is always the same and follows no pattern."""
    return sorted(range(count), key=lambda each: sha256(f"{name} {each}".encode()).digest())

"""Writing a marked copy: rows left out and put in, cells replaced, every other byte as it was.

CSV, TSV and JSON Lines are copied row by row as text and written back in their own encoding; what
was read is held against the digest of the source, so that a text that cannot be written back byte
for byte is refused. The cells of invented rows are spelled as in the rows that they are drawn from.
Of XLSX and Parquet the copy is a CSV of the canonical cells, in UTF-8.

Spec: design of tracing, section 3; form `marks/1`; docs/adr/0033.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ledger.errors import MalformedError
from ledger.files import open_regular
from tracing.canaries import NO_CANARIES, Canaries, draw_canaries
from tracing.canon import canonical_cell
from tracing.fingerprint import Progress, tell_nobody
from tracing.markopening import DeliveryMarks
from tracing.marks import MarkPlan, code_bits, make_plan, withheld_rows
from tracing.tables import Table
from tracing.textrows import Change, TextRows, line_end, text_rows

TEXT_FORMS: Final = frozenset({"csv", "tsv", "jsonl"})
"""Whose copies are in the form of the source; of others the copy is a CSV."""
_ROWS_AT_ONCE: Final = 2_048


@dataclass(frozen=True, slots=True)
class Edits:
    """What differs between a source and one delivery's copy.

    Args:
        withheld: For each row of the source whether the copy lacks it.
        changes: Cells that differ, by the ordinal of their row.
        canaries: Rows that the copy has besides.
    """

    withheld: npt.NDArray[np.bool_]
    changes: Mapping[int, Change]
    canaries: Canaries = NO_CANARIES

    @property
    def kept(self) -> int:
        """Rows of the source that are in the copy."""
        return int(len(self.withheld) - self.withheld.sum())

    @property
    def rows(self) -> int:
        """Of the copy."""
        return self.kept + self.canaries.count

    def list_rows(self) -> npt.NDArray[np.int64]:
        """For each row of the copy which one of the source it is; -1 - n for the n-th invented."""
        kept = np.flatnonzero(~self.withheld)
        invented = -1 - np.arange(self.canaries.count)
        return np.insert(kept, np.searchsorted(kept, self.canaries.places), invented)


def edit_copy(table: Table, marks: DeliveryMarks) -> Edits:
    """What makes the copy of a delivery from its source; always the same.

    Args:
        table: The source.
        marks: Of the delivery.

    Raises:
        MalformedError: They are the marks of another table, or no row can be invented of this one.
    """
    plan = make_plan(table, marks.key, marks.terms, marks.columns)
    withheld = withheld_rows(marks.key, marks.stream, marks.terms, table.height)
    edits = make_edits(plan, withheld, code_bits(marks.key, marks.stream, plan))
    invented = draw_canaries(table, marks.key, marks.stream, marks.terms.canaries)
    return replace(edits, canaries=invented)


def make_edits(
    plan: MarkPlan, withheld: npt.NDArray[np.bool_], bits: npt.NDArray[np.bool_]
) -> Edits:
    """Combine a delivery's withheld rows and code bits with its sender's plan.

    Args:
        plan: Of the source.
        withheld: From `withheld_rows`.
        bits: From `code_bits`.
    """
    places = np.flatnonzero(bits & ~withheld[plan.rows])
    rows, columns = plan.rows[places].tolist(), plan.columns[places].tolist()
    values = [plan.values[place] for place in places.tolist()]
    return Edits(withheld, dict(zip(rows, zip(columns, values, strict=True), strict=True)))


def apply_edits(
    source: Path, table: Table, edits: Edits, digest: str, progress: Progress = tell_nobody
) -> Iterator[bytes]:
    """The bytes of the copy, some thousand rows at a time.

    Args:
        source: The file that the table was read from.
        table: As read.
        edits: Of this delivery.
        digest: SHA-256 of the source, 64 hex digits.
        progress: Told how many bytes of the source were gone through.

    Raises:
        MalformedError: The file changed meanwhile, or has text that cannot be written back.
        NotFoundError: There is no such file any more.
    """
    if table.form in TEXT_FORMS:
        return _copy_text(source, table, edits, digest, progress)
    return _write_canonical(table, edits)


class _Invented:
    """The invented rows of a copy, whose cells are spelled as they are in the file.

    Args:
        table: The source.
        canaries: What they are made of.
        rows: How rows stand in the file.
    """

    def __init__(self, table: Table, canaries: Canaries, rows: TextRows) -> None:
        self._kinds = [column.kind for column in table.columns]
        self._rows = rows
        self._expected = canaries.cells(table)
        self._written: list[list[str | None]] = [[None] * len(each) for each in self._expected]
        self._asked: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, drawn in enumerate(canaries.rows.tolist()):
            for column, row in enumerate(drawn):
                self._asked[row].append((number, column))
        self._standing: defaultdict[int, list[int]] = defaultdict(list)
        for number, place in enumerate(canaries.places.tolist()):
            self._standing[place].append(number)

    def collect(self, text: io.TextIOWrapper) -> None:
        """Go through the file for the cells that are needed."""
        for ordinal, raw in _number_rows(self._rows, text):
            if ordinal is not None and ordinal in self._asked:
                cells = self._rows.cut(raw)
                for number, column in self._asked[ordinal]:
                    self._written[number][column] = cells[column]

    def list_before(self, ordinal: int, raw: str, last: str) -> list[str]:
        """The invented rows that stand before a row.

        Args:
            ordinal: Of the row.
            raw: The row itself.
            last: What stands before it; its line end is theirs.

        Raises:
            MalformedError: One of them would not read as meant.
        """
        if ordinal not in self._standing:
            return []
        return [self._write(number, raw, line_end(last)) for number in self._standing[ordinal]]

    def _write(self, number: int, like: str, end: str) -> str:
        made = self._rows.join(like, self._written[number])
        made = made[: len(made) - len(line_end(made))] + end
        read = zip(self._rows.read(made), self._kinds, strict=True)
        if [canonical_cell(text, kind) for text, kind in read] != self._expected[number]:
            raise MalformedError(
                "a row that was invented for the table cannot be written as its rows are: deliver "
                "it without --canaries"
            )
        return made


def _number_rows(rows: TextRows, text: io.TextIOWrapper) -> Iterator[tuple[int | None, str]]:
    """Each row with its ordinal: -1 for a header, None for what counts as no row."""
    ordinal = -1 if rows.has_header else 0
    for raw, is_row in rows.rows(text):
        yield (ordinal if is_row else None), raw
        ordinal += is_row


def _copy_text(
    source: Path, table: Table, edits: Edits, digest: str, progress: Progress
) -> Iterator[bytes]:
    rows = text_rows(table)
    codec = "gb18030" if table.encoding == "gb18030" else "utf-8"
    invented = _Invented(table, edits.canaries, rows)
    if edits.canaries.count:
        with open_regular(source) as file:
            text = io.TextIOWrapper(file, encoding=codec, newline="")
            invented.collect(text)
    hasher, height, last = sha256(), 0, ""
    with open_regular(source) as file:
        text = io.TextIOWrapper(file, encoding=codec, newline="")
        read, written = list[str](), list[str]()
        for ordinal, raw in _number_rows(rows, text):
            read.append(raw)
            if ordinal is not None:
                written += invented.list_before(ordinal, raw, last)
                height = ordinal + 1
            written.append(_edit_row(raw, ordinal, edits, rows))
            last = raw
            if len(read) == _ROWS_AT_ONCE:
                hasher.update(taken := "".join(read).encode(codec))
                progress(len(taken))
                yield "".join(written).encode(codec)
                read, written = [], []
    hasher.update("".join(read).encode(codec))
    if (height, hasher.hexdigest()) != (table.height, digest):
        raise MalformedError(
            f"{source} cannot be written back byte for byte, or has changed meanwhile: save it as "
            "UTF-8 and register that file, or deliver it with --exact"
        )
    yield "".join(written).encode(codec)


def _edit_row(raw: str, ordinal: int | None, edits: Edits, rows: TextRows) -> str:
    if ordinal is None or ordinal < 0:
        return raw
    if ordinal < len(edits.withheld) and edits.withheld[ordinal]:
        return ""
    change = edits.changes.get(ordinal)
    return raw if change is None else rows.edit(raw, change)


def _write_canonical(table: Table, edits: Edits) -> Iterator[bytes]:
    cells = [column.cells() for column in table.columns]
    for ordinal, (column, value) in edits.changes.items():
        cells[column][ordinal] = value
    invented, standing = edits.canaries.cells(table), edits.list_rows().tolist()
    yield _format_rows([table.names])
    for start in range(0, len(standing), _ROWS_AT_ONCE):
        rows = [
            [column[row] for column in cells] if row >= 0 else invented[-1 - row]
            for row in standing[start : start + _ROWS_AT_ONCE]
        ]
        yield _format_rows([[cell or "" for cell in row] for row in rows])


def _format_rows(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()

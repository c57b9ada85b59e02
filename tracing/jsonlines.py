"""JSON Lines: an object on each line, whose members are cells.

The columns are all members that occur, in the order in which they first do; a missing member is no
value. A cell is text, a number (kept as its digits: no binary float comes in between), true, false
or null. Objects and arrays inside are no cells, and a member twice is none either.

Spec: RFC 8259; jsonlines.org.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

from ledger.errors import MalformedError
from ledger.files import open_regular
from tracing.fingerprint import Progress
from tracing.source import Batch, Gauge, Source, TableLimits, take_some
from tracing.textfile import decode, find_encoding

_Object: TypeAlias = dict[str, object]
_BLANKS: Final = " \t\r\n"
_NO_ROW: Final = frozenset({"", "{}"})
_NESTED: Final = frozenset({dict, list})


class _BadLineError(ValueError):
    """Why a line is no row."""


def _build(pairs: list[tuple[str, object]]) -> _Object:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _BadLineError("a member occurs twice")
    return members


def _refuse_constant(text: str) -> NoReturn:
    raise _BadLineError(f"{text} is no JSON: write null")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_build, parse_float=str, parse_int=str, parse_constant=_refuse_constant
)


def _parse(line: str) -> _Object:
    """A line as a row.

    Raises:
        _BadLineError: It is something else.
        JSONDecodeError: It is not JSON.
        UnicodeEncodeError: It escapes half of a surrogate pair.
    """
    row = _DECODER.decode(line)
    if not isinstance(row, dict):
        raise _BadLineError("not an object, which has to stand on each line")
    if not _NESTED.isdisjoint(map(type, row.values())):
        raise _BadLineError("a member is an object or an array: flatten it")
    if "\\u" in line:
        "".join([*row, *filter(None, map(_spell, row.values()))]).encode()
    return row


@dataclass(frozen=True, slots=True)
class _JsonLines:
    path: Path
    encoding: str

    def rows(self, text: TextIOWrapper) -> Iterator[_Object]:
        """The object of each line that is neither blank nor without a member: those are no rows.

        Raises:
            MalformedError: A line holds something else.
        """
        for number, line in enumerate(text, 1):
            if line.strip(_BLANKS) not in _NO_ROW and not line.isspace():
                row = self._read(line, number)
                if row:
                    yield row

    def _read(self, line: str, number: int) -> _Object:
        try:
            return _parse(line)
        except json.JSONDecodeError as exc:
            why = f"{exc.msg}, character {exc.pos + 1:,}"
        except UnicodeEncodeError:
            why = "half of a surrogate pair, which is no character"
        except RecursionError:
            why = "nested too deeply"
        except _BadLineError as exc:
            why = str(exc)
        raise MalformedError(f"{self.path}, line {number:,}: {why}")

    def find_names(self, gauge: Gauge) -> tuple[str, ...]:
        """Every member that occurs.

        Raises:
            MalformedError: A line is no row, or there is none.
            LimitError: There are too many members, or rows for so many.
        """
        names: dict[str, None] = {}
        rows = 0
        with open_regular(self.path) as file:
            text = decode(file, self.encoding)
            for row in self.rows(text):
                rows += 1
                if not row.keys() <= names.keys():
                    names |= dict.fromkeys(row)
                    gauge.check_columns(len(names))
        gauge.check(rows, len(names))
        if not names:
            raise MalformedError(f"{self.path} has no line with a member, hence no column")
        return tuple(names)

    def batches(self, names: tuple[str, ...], progress: Progress) -> Iterator[Batch]:
        """The rows, by column.

        Raises:
            MalformedError: A line is no row.
        """
        with open_regular(self.path) as file:
            text = decode(file, self.encoding)
            for taken in take_some(self.rows(text), len(names), file, progress):
                yield [[_spell(row.get(name)) for row in taken] for name in names]


def _spell(cell: object) -> str | None:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell if isinstance(cell, str) else None


def open_jsonlines(path: Path, limits: TableLimits) -> Source:
    """A JSON Lines file.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is no text, or a line is no row; with the line.
        LimitError: A line is too long, or there are too many lines, columns or cells.

    Cost: reads the file twice, to check its encoding and to find the columns.
    """
    table = _JsonLines(path, find_encoding(path, limits))
    names = table.find_names(Gauge(path, limits))
    return Source("jsonl", table.encoding, "", names, lambda told: table.batches(names, told))

"""The fingerprint record: what is kept of a file so that what derives from it is recognised.

Every hash in it is keyed; the record lies in the vault, and its digest is part of what the ledger
commits to. Canonical JSON:

```json
{"asset":"asset/...","chunks":null,"field":"content.0","file":{"digest":"<64 hex>","size":7},
 "form":"canon-1","format":"muniment/fingerprint/v1","iscc":"ISCC:...","key":"asset",
 "table":{"columns":[{"cells":{"bins":"...","digits":"...","whole":"...","width":"5e-1"},
                      "distinct":3,"kind":"number","name":"year","nulls":0,"values":{}}],
          "digest":"<64 hex>","height":336776,"paired":["dest","tailnum"],"rows":{},
          "sampled":512,"shingles":{},"width":19},
 "words":null}
```

A sketch is `{"below","hashes","total"}`: of `total` hashes those below `below` (16 hex
digits; null: all), ascending, 8 bytes each, big-endian, base64url.

The rows with the lowest hashes are the sample: `sampled` of them, in the order of their hashes. Of
each the cell of every column is kept as `tracing/grains.py` hashes it: `whole` with 4 bytes a row,
of numbers also `digits` with 2 and `bins` with 1, big-endian, base64url; else these are "". `width`
is that of a bin: 1, 2 or 5, `e` and a power of ten.

Spec: tracing, section 2; RFC 8785.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import inf
from typing import Final, Literal

from ledger.core.canonical import encode_canonical
from ledger.core.members import take_count, take_format, take_members, take_text
from ledger.core.text import format_base64url, parse_base64url
from ledger.core.types import Json, JsonObject
from ledger.errors import InputError, MalformedError
from tracing.fingerprint import Fingerprint
from tracing.iscc import parse_iscc

FORMAT: Final = "muniment/fingerprint/v1"
HASH_BYTES: Final = 8
ALL: Final = 2**64
"""The bound of a sketch that leaves nothing out."""
_BOUND: Final = re.compile(r"[0-9a-f]{16}")
_MAX_NAME: Final = 200
_WIDTH: Final = re.compile(r"[125]e(?:0|-?[1-9][0-9]{0,2})")
_MEMBERS: Final = {"asset", "chunks", "field", "file", "form", "iscc", "key", "table", "words"}
_TABLE_MEMBERS: Final = {
    "columns", "digest", "height", "paired", "rows", "sampled", "shingles", "width",
}  # fmt: skip
_COLUMN_MEMBERS: Final = {"cells", "distinct", "kind", "name", "nulls", "values"}
_CELL_MEMBERS: Final = {"bins", "digits", "whole", "width"}

KeyUse = Literal["asset", "index"]
KEY_USES: Final[tuple[KeyUse, ...]] = ("asset", "index")


@dataclass(frozen=True, slots=True)
class Sketch:
    """The bottom hashes of a set.

    Args:
        below: Hashes below this were kept; 1..2^64.
        hashes: 8 bytes each, big-endian, ascending, each once.
        total: Of the whole set; of shingles that were not all kept, an estimate.
    """

    below: int
    hashes: bytes
    total: int

    @property
    def count(self) -> int:
        """How many hashes are kept."""
        return len(self.hashes) // HASH_BYTES


@dataclass(frozen=True, slots=True)
class CellSample:
    """A column's cells in the sampled rows, hashed, row after row, big-endian; 0 for no value.

    Args:
        whole: 4 bytes a row.
        digits: Of numbers, leading digits: 2 bytes a row; else empty.
        bins: Of numbers, a range that they lie in: 1 byte a row; else empty.
        width: Of that range, such as `5e-1`; else empty.
    """

    whole: bytes
    digits: bytes = b""
    bins: bytes = b""
    width: str = ""


@dataclass(frozen=True, slots=True)
class ColumnSketch:
    """A column: its profile, a sketch of its values, and its cells in the sampled rows.

    Args:
        name: Canonical.
        kind: `number`, `date`, `text` or `empty`.
        distinct: Values, no value not counted.
        nulls: Rows without a value.
        values: Hashed without the name, so that a renamed column is recognised.
        cells: In the sampled rows.
    """

    name: str
    kind: str
    distinct: int
    nulls: int
    values: Sketch
    cells: CellSample


@dataclass(frozen=True, slots=True)
class TableSketch:
    """What is kept of a table.

    Args:
        digest: Of the canonical table, 64 hex digits.
        height: Rows.
        width: Columns.
        columns: By name; of a very wide table those that tell rows apart best.
        paired: The columns whose pairs are the shingles, by name.
        rows: Whole rows.
        shingles: Pairs of cells of a row.
        sampled: Rows of which cells are kept: those with the lowest hashes, each row once.
    """

    digest: str
    height: int
    width: int
    columns: tuple[ColumnSketch, ...]
    paired: tuple[str, ...]
    rows: Sketch
    shingles: Sketch
    sampled: int


@dataclass(frozen=True, slots=True)
class Content:
    """What is kept of a file's content: of its table, or of its bytes and words.

    Args:
        table: None: it is no table.
        chunks: Content-defined chunks; None: it is a table.
        words: Runs of words of text; None: it is none.
    """

    table: TableSketch | None
    chunks: Sketch | None = None
    words: Sketch | None = None

    @property
    def sketches(self) -> Sequence[Sketch]:
        """All that it has."""
        table = self.table
        of_table = () if table is None else (table.rows, table.shingles)
        of_columns = () if table is None else tuple(each.values for each in table.columns)
        of_bytes = tuple(each for each in (self.chunks, self.words) if each is not None)
        return (*of_table, *of_columns, *of_bytes)


@dataclass(frozen=True, slots=True)
class FingerprintRecord:
    """The fingerprint of one file of an asset.

    Args:
        asset: Its key.
        field: The member of the application that commits to the file, such as `content.0`.
        file: Exact.
        form: Version of the canonical form.
        key: Whose key the hashes are under: the asset's, or the home's index's.
        content: What is kept of it.
        iscc: Its public code by ISO 24138; None: it was not made.
    """

    asset: str
    field: str
    file: Fingerprint
    form: str
    key: KeyUse
    content: Content
    iscc: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical record, 64 hex digits."""
        return sha256(encode_canonical(format_fingerprint(self))).hexdigest()


def format_fingerprint(record: FingerprintRecord) -> JsonObject:
    """The record as the vault keeps it."""
    content = record.content
    return {
        "asset": record.asset,
        "chunks": None if content.chunks is None else _format_sketch(content.chunks),
        "field": record.field,
        "file": {"digest": record.file.digest, "size": record.file.size},
        "form": record.form,
        "format": FORMAT,
        "iscc": record.iscc,
        "key": record.key,
        "table": None if content.table is None else _format_table(content.table),
        "words": None if content.words is None else _format_sketch(content.words),
    }


def parse_fingerprint(value: Json) -> FingerprintRecord:
    """Read a record.

    Raises:
        MalformedError: It is none.
    """
    members = take_format(value, _MEMBERS, FORMAT, "a fingerprint")
    file = take_members(members["file"], {"digest", "size"}, "a fingerprint's file")
    use = next((each for each in KEY_USES if each == members["key"]), None)
    if use is None:
        raise MalformedError("a fingerprint is under the key of an asset or of an index")
    content = Content(
        table=None if members["table"] is None else _parse_table(members["table"]),
        chunks=None if members["chunks"] is None else _parse_sketch(members["chunks"]),
        words=None if members["words"] is None else _parse_sketch(members["words"]),
    )
    return FingerprintRecord(
        asset=take_text(members["asset"]),
        field=take_text(members["field"]),
        file=Fingerprint(take_text(file["digest"]), take_count(file["size"])),
        form=take_text(members["form"]),
        key=use,
        content=content,
        iscc=None if members["iscc"] is None else parse_iscc(take_text(members["iscc"])),
    )


def show_name(name: str) -> str:
    """A column's name as a record and a screen can hold it: cut, what JSON refuses written out."""
    cut = name[:_MAX_NAME]
    try:
        encode_canonical(cut)
    except InputError:
        return ascii(cut)[1:-1][:_MAX_NAME]
    return cut


def _format_sketch(sketch: Sketch) -> JsonObject:
    return {
        "below": None if sketch.below == ALL else sketch.below.to_bytes(HASH_BYTES, "big").hex(),
        "hashes": format_base64url(sketch.hashes),
        "total": sketch.total,
    }


def _parse_sketch(value: Json) -> Sketch:
    members = take_members(value, {"below", "hashes", "total"}, "a sketch")
    below = ALL if members["below"] is None else _parse_bound(take_text(members["below"]))
    hashes = parse_base64url(take_text(members["hashes"]))
    total = take_count(members["total"])
    if len(hashes) % HASH_BYTES or len(hashes) > total * HASH_BYTES:
        raise MalformedError("a sketch has some of the hashes of a set, of 8 bytes each")
    parts = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    if parts != sorted(set(parts)) or (parts and int.from_bytes(parts[-1], "big") >= below):
        raise MalformedError("the hashes of a sketch ascend, each once and below its bound")
    return Sketch(below, hashes, total)


def _parse_bound(text: str) -> int:
    """The bound of a sketch.

    Raises:
        MalformedError: Not 16 lower-case hex digits, or none is below it.
    """
    if _BOUND.fullmatch(text) is None or (below := int(text, 16)) == 0:
        raise MalformedError("the bound of a sketch is 16 hex digits, more than 0")
    return below


def _format_table(table: TableSketch) -> JsonObject:
    columns: list[Json] = [
        {
            "cells": _format_cells(each.cells),
            "distinct": each.distinct,
            "kind": each.kind,
            "name": each.name,
            "nulls": each.nulls,
            "values": _format_sketch(each.values),
        }
        for each in table.columns
    ]
    return {
        "columns": columns,
        "digest": table.digest,
        "height": table.height,
        "paired": list(table.paired),
        "rows": _format_sketch(table.rows),
        "sampled": table.sampled,
        "shingles": _format_sketch(table.shingles),
        "width": table.width,
    }


def _parse_table(value: Json) -> TableSketch:
    members = take_members(value, _TABLE_MEMBERS, "the table of a fingerprint")
    columns, paired = members["columns"], members["paired"]
    if not isinstance(columns, list) or not isinstance(paired, list):
        raise MalformedError("the columns of a fingerprint are an array")
    sampled = take_count(members["sampled"])
    return TableSketch(
        digest=take_text(members["digest"]),
        height=take_count(members["height"]),
        width=take_count(members["width"]),
        columns=tuple(_parse_column(each, sampled) for each in columns),
        paired=tuple(take_text(each) for each in paired),
        rows=_parse_sketch(members["rows"]),
        shingles=_parse_sketch(members["shingles"]),
        sampled=sampled,
    )


def _parse_column(value: Json, sampled: int) -> ColumnSketch:
    members = take_members(value, _COLUMN_MEMBERS, "a column of a fingerprint")
    return ColumnSketch(
        name=take_text(members["name"]),
        kind=take_text(members["kind"]),
        distinct=take_count(members["distinct"]),
        nulls=take_count(members["nulls"]),
        values=_parse_sketch(members["values"]),
        cells=_parse_cells(members["cells"], sampled),
    )


def _format_cells(cells: CellSample) -> JsonObject:
    return {
        "bins": format_base64url(cells.bins),
        "digits": format_base64url(cells.digits),
        "whole": format_base64url(cells.whole),
        "width": cells.width,
    }


def _parse_cells(value: Json, sampled: int) -> CellSample:
    """The cells of a column in the sampled rows.

    Raises:
        MalformedError: They are not of so many rows, or have a width without bins.
    """
    members = take_members(value, _CELL_MEMBERS, "the cells of a fingerprint")
    whole, digits, bins = (
        parse_base64url(take_text(members[name])) for name in ("whole", "digits", "bins")
    )
    width = take_text(members["width"])
    if len(whole) != 4 * sampled or len(digits) not in {0, 2 * sampled}:
        raise MalformedError("a fingerprint has each column's cell of every sampled row")
    is_width = _WIDTH.fullmatch(width) is not None and 0 < float(width) < inf
    is_binned = is_width and len(bins) == sampled
    if not is_binned and (width or bins):
        raise MalformedError("the bins of a column have a width, and one bin for each sampled row")
    return CellSample(whole, digits, bins, width)

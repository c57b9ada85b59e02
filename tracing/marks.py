"""Marks of a delivery: which rows are withheld, and which cells say another value.

Every choice comes from keystreams of the marking key. What all deliveries under one key share: the
marked rows (1 in g), the column and the other value of each, and its bias. What differs for each
delivery: which rows it does not get, and at which marked rows it gets the other value.

Spec: design of tracing, section 3; form `marks/1`.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ledger.errors import MalformedError
from tracing.alternatives import DRAWS, Marker, make_markers
from tracing.choosing import choose_columns as choose_columns
from tracing.markdata import ONE as ONE
from tracing.markdata import VERSION as VERSION
from tracing.markdata import MarkColumn as MarkColumn
from tracing.markdata import MarkingKey as MarkingKey
from tracing.markdata import MarkPlan as MarkPlan
from tracing.markdata import MarkTerms as MarkTerms
from tracing.streams import STREAM_BYTES, draw_uint16, draw_uint32, scale_down
from tracing.tables import Table
from tracing.tardos import draw_biases

_TURNS: Final = 3
"""Columns that are tried for one row before it stays unmarked."""


def make_plan(
    table: Table, key: MarkingKey, terms: MarkTerms, columns: Sequence[MarkColumn]
) -> MarkPlan:
    """What all deliveries of a source under one marking key share.

    Everything is drawn for each row of the source by itself: a plan with a larger g has some of the
    positions of one with a smaller g, and they are the same there.

    Args:
        table: The source.
        key: Of the sender.
        terms: How many rows are marked.
        columns: Which cells may be; none: no position.

    Raises:
        MalformedError: The table lacks one of the columns, or it is of another kind.
    """
    markers = make_markers(table, columns)
    height = table.height
    if not markers or not terms.rows_per_mark:
        return _empty_plan()
    chance = 2**32 // terms.rows_per_mark
    rows = np.flatnonzero(draw_uint32(key.key, b"rows", height) < chance)
    first = scale_down(draw_uint32(key.key, b"column", height)[rows], len(markers))
    drawn = draw_uint32(key.key, b"value", DRAWS * height).reshape(height, DRAWS)[rows]
    chosen, values = _propose(markers, rows, first, drawn)
    kept = np.flatnonzero(chosen >= 0)
    places = [table.names.index(each.name) for each in columns]
    biases = draw_biases(draw_uint16(key.key, b"bias", height)[rows[kept]])
    return MarkPlan(
        rows=rows[kept].astype(np.int32),
        columns=np.array(places, dtype=np.int16)[chosen[kept]],
        values=tuple(values[n] for n in kept.tolist()),
        biases=biases,
    )


def _empty_plan() -> MarkPlan:
    return MarkPlan(
        np.zeros(0, dtype=np.int32),
        np.zeros(0, dtype=np.int16),
        (),
        np.zeros(0, dtype=np.uint16),
    )


def _propose(
    markers: Sequence[Marker],
    rows: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    drawn: npt.NDArray[np.uint32],
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """For each row a marker and the other value that it proposes; -1 where none does."""
    chosen, values = np.full(len(rows), -1, dtype=np.int64), [""] * len(rows)
    for turn in range(min(_TURNS, len(markers))):
        wanted = np.where(chosen < 0, (first + turn) % len(markers), -1)
        for number, marker in enumerate(markers):
            asked = np.flatnonzero(wanted == number)
            proposed = marker.propose(rows[asked], drawn[asked])
            for place, value in zip(asked.tolist(), proposed, strict=True):
                if value is not None:
                    chosen[place], values[place] = number, value
    return chosen, values


def withheld_rows(
    key: MarkingKey, stream: bytes, terms: MarkTerms, height: int
) -> npt.NDArray[np.bool_]:
    """Which rows of the source a delivery does not get.

    Each is withheld by itself with the chance `terms.threshold / 65536` exactly.

    Args:
        key: Of the sender.
        stream: Of the delivery, 16 bytes.
        terms: Of the delivery.
        height: Rows of the source.

    Raises:
        MalformedError: The stream has another length.
    """
    drawn = draw_uint16(key.key, b"withheld/" + _check_stream(stream), height)
    return drawn < terms.threshold


def code_bits(key: MarkingKey, stream: bytes, plan: MarkPlan) -> npt.NDArray[np.bool_]:
    """At which positions a delivery gets the other value, if it gets the row at all.

    Each bit is set by itself with the chance `bias / 65536` exactly.

    Raises:
        MalformedError: The stream has another length.
    """
    drawn = draw_uint16(key.key, b"code/" + _check_stream(stream), len(plan.rows))
    return drawn < plan.biases


def _check_stream(stream: bytes) -> bytes:
    if len(stream) != STREAM_BYTES:
        raise MalformedError(f"the stream of a delivery has {STREAM_BYTES} bytes")
    return stream

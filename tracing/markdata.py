"""What marks are described by: terms, keys, columns, and the plan that all deliveries share.

Spec: design of tracing, section 3; form `marks/1`.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from ledger.errors import MalformedError
from tracing.streams import KEY_BYTES

VERSION: Final = "marks/1"
PER: Final = 10_000
"""What the share of withheld rows is counted in."""
MAX_WITHHELD: Final = 2_000
MAX_ROWS_PER_MARK: Final = 1_000_000
MAX_CANARIES: Final = 1_000
ONE: Final = 65_536
"""What biases and thresholds are counted in."""


@dataclass(frozen=True, slots=True)
class MarkTerms:
    """How strongly copies are marked.

    Args:
        withheld: Rows that a recipient does not get, per 10,000; 0..2,000.
        rows_per_mark: g: one row in so many has a cell that may be changed; 0: no cell is.
        canaries: Rows that are invented for each recipient; 0..1,000.

    Raises:
        MalformedError: One of them is out of its range.
    """

    withheld: int
    rows_per_mark: int
    canaries: int = 0

    def __post_init__(self) -> None:
        """Hold them to their ranges.

        Raises:
            MalformedError: One of them is out of its range.
        """
        if not 0 <= self.withheld <= MAX_WITHHELD:
            raise MalformedError(f"withheld rows are 0..{MAX_WITHHELD} per {PER}")
        if self.rows_per_mark != 0 and not 2 <= self.rows_per_mark <= MAX_ROWS_PER_MARK:
            raise MalformedError(f"rows per mark are 0, or 2..{MAX_ROWS_PER_MARK}")
        if not 0 <= self.canaries <= MAX_CANARIES:
            raise MalformedError(f"invented rows are 0..{MAX_CANARIES}")

    @property
    def threshold(self) -> int:
        """A row is withheld where its number of 16 bits is below this; out of 65,536."""
        return self.withheld * ONE // PER


@dataclass(frozen=True, slots=True)
class MarkingKey:
    """The secret of one sender's marks in one asset.

    Args:
        key: 32 bytes.

    Raises:
        MalformedError: It has another length.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Hold it to its length.

        Raises:
            MalformedError: It has another one.
        """
        if len(self.key) != KEY_BYTES:
            raise MalformedError(f"a marking key has {KEY_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class MarkColumn:
    """A column whose cells may be changed.

    Args:
        name: As in the table.
        kind: What its cells are.
        unit: By how much a number moves, as a canonical decimal; empty for a category.
    """

    name: str
    kind: Literal["number", "category"]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class MarkPlan:
    """What all deliveries under one marking key share; position j is the j-th marked row.

    Args:
        rows: Ordinals of the marked rows in the source, ascending.
        columns: Index of each one's column in the table.
        values: The other value of each one's cell, canonical.
        biases: How likely the other value is in a delivery, out of 65,536; 1..65,535.
    """

    rows: npt.NDArray[np.int32]
    columns: npt.NDArray[np.int16]
    values: tuple[str, ...]
    biases: npt.NDArray[np.uint16]

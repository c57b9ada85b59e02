"""A registered table, its marking key, and copies of it for many recipients, in memory."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from scripts.benchlib.resale.frames import replace_column, take_rows
from tracing.markdata import MarkingKey, MarkTerms
from tracing.marks import choose_columns, code_bits, make_plan, withheld_rows
from tracing.needs import recommend_rows_per_mark
from tracing.score import DeliveryKeys, Observations, SharedMarks
from tracing.tables import Table
from tracing.tally import Evidence


def choose_terms(table: Table) -> MarkTerms:
    """e = 2 %, and the g that tracing recommends against five colluders."""
    return MarkTerms(withheld=200, rows_per_mark=recommend_rows_per_mark(table.height))


def stream_of(number: int) -> bytes:
    """The stream of a delivery by its number; numbers below 0 are nobody's."""
    return sha256(b"stream of %d" % number).digest()[:16]


@dataclass(frozen=True)
class Copy:
    """What one recipient has.

    Args:
        table: The copy.
        rows: Ordinal in the original of each of its rows.
    """

    table: Table
    rows: npt.NDArray[np.int64]


class Marked:
    """A table under a marking key.

    Args:
        original: The registered table.
        seed: Of the marking key.
        terms: Of all deliveries; None: those of choose_terms.
    """

    def __init__(self, original: Table, seed: int, terms: MarkTerms | None = None) -> None:
        self.original = original
        terms = choose_terms(original) if terms is None else terms
        key = MarkingKey(sha256(b"marking key %d" % seed).digest())
        self.columns = choose_columns(original)
        plan = make_plan(original, key, terms, self.columns)
        self.shared = SharedMarks(key, terms, plan, original.height)
        self._base = original
        self._other = self._add_values()

    def _add_values(self) -> npt.NDArray[np.int32]:
        """Codes of the plan's other values; columns get the values that they lack."""
        plan = self.shared.plan
        codes = np.zeros(len(plan.rows), dtype=np.int32)
        for place in np.unique(plan.columns).tolist():
            column = self._base.columns[place]
            known = {value: code for code, value in enumerate(column.values)}
            for mark in np.flatnonzero(plan.columns == place).tolist():
                codes[mark] = known.setdefault(plan.values[mark], len(known))
            self._base = replace_column(self._base, place, column.codes, tuple(known))
        return codes

    def copy_of(self, number: int) -> Copy:
        """The copy of a delivery by its number."""
        return self.copy(stream_of(number))

    def copy(self, stream: bytes) -> Copy:
        """The copy of one delivery."""
        shared, table = self.shared, self._base
        bits = code_bits(shared.key, stream, shared.plan)
        for place in np.unique(shared.plan.columns).tolist():
            chosen = bits & (shared.plan.columns == place)
            codes = table.columns[place].codes.copy()
            codes[shared.plan.rows[chosen]] = self._other[chosen]
            table = replace_column(table, place, codes, table.columns[place].values)
        lost = withheld_rows(shared.key, stream, shared.terms, shared.height)
        rows = np.flatnonzero(~lost)
        return Copy(take_rows(table, rows), rows)


class Deliveries:
    """Many deliveries of one table, with their secret bits made once.

    Args:
        marked: The table.
        count: How many there are; delivery n has the number first + n.
        first: Number of the first.
    """

    def __init__(self, marked: Marked, count: int, first: int = 0) -> None:
        self.marked, self.count = marked, count
        self.keys = [DeliveryKeys(f"d{n}", stream_of(first + n)) for n in range(count)]

    @property
    def names(self) -> list[str]:
        """Of the deliveries, in order."""
        return [one.name for one in self.keys]

    def copy(self, number: int) -> Copy:
        """The copy of the n-th delivery."""
        return self.marked.copy(self.keys[number].stream)

    @cached_property
    def withheld(self) -> npt.NDArray[np.uint8]:
        """Rows that each delivery lacks, packed eight to a byte."""
        shared = self.marked.shared
        lost = np.zeros((self.count, (shared.height + 7) // 8), dtype=np.uint8)
        for place, one in enumerate(self.keys):
            drawn = withheld_rows(shared.key, one.stream, shared.terms, shared.height)
            lost[place] = np.packbits(drawn)
        return lost

    @cached_property
    def code(self) -> npt.NDArray[np.uint8]:
        """The bit of each delivery at each position."""
        shared = self.marked.shared
        bits = [code_bits(shared.key, one.stream, shared.plan) for one in self.keys]
        return np.array(bits, dtype=np.uint8)

    def evidence(self, observed: Observations) -> Evidence:
        """The same as `score.gather_evidence` makes; rows that are not observed are zero here."""
        shared = self.marked.shared
        mask = np.zeros(shared.height, dtype=np.bool_)
        mask[observed.rows] = True
        return Evidence(
            biases=shared.plan.biases[observed.marks],
            seen=observed.seen,
            code=self.code[:, observed.marks],
            threshold=shared.terms.threshold,
            rows=len(observed.rows) if shared.terms.threshold else 0,
            withheld=self.withheld & np.packbits(mask),
        )

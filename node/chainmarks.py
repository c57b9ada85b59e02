"""How a delivery's copy was marked, as a chain of title says it.

Spec: surfaces, `trace`; design of tracing, section 3.
"""

from collections.abc import Iterator

from msgspec import UNSET

from contracts.delivery import Delivery
from contracts.odrl import describe_share
from ledger.core.types import SubjectKey
from node.render.chain import Detail


def list_marks(delivery: Delivery) -> Iterator[Detail]:
    """Rows of the copy, which share was withheld or is marked, and how many are invented.

    Nothing of an exact copy; of the kinds of marks those that were made.
    """
    marks = delivery.marks
    if marks is None:
        return
    yield "rows", f"{marks.rows:,}"
    if marks.withheld:
        yield "withheld", describe_share(marks.withheld)
    if marks.rows_per_mark:
        yield "marked rows", f"1/{marks.rows_per_mark}"
    if marks.invented:
        yield "invented rows", f"{marks.invented:,}"


def list_markers(delivery: Delivery) -> Iterator[tuple[str, SubjectKey]]:
    """Who else takes part in a delivery, in which role: who made the marks, who keeps their key."""
    if delivery.marks is not None and delivery.marks.marked_by is not UNSET:
        yield "marker", delivery.marks.marked_by
    if delivery.escrow is not None:
        yield "escrow", delivery.escrow.party

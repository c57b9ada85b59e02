"""From which copies each delivery may have been made: an asset on its way from hand to hand.

Worked out from the log alone, and from what a vault knows besides; no file is looked at.

Spec: tracing, section 3; docs/tracing-method.md, section 6, "Deliveries further down".
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TypeAlias

from ledger.core.types import SubjectKey
from node.tracing.deliveries import Dispatch, Flow

Sources: TypeAlias = Mapping[SubjectKey, tuple[SubjectKey | None, ...]]
"""The marked copies that each delivery may have been made from, by delivery; None: the original."""


@dataclass(frozen=True, slots=True)
class Digests:
    """What the vault has of a copy.

    Args:
        copy: Digest of the copy, 64 hex digits.
        source: Of the file that it was made from; None: it was made elsewhere.
    """

    copy: str
    source: str | None


def list_sources(
    flow: Flow, copies: Mapping[SubjectKey, Digests], original: str
) -> dict[SubjectKey, tuple[SubjectKey | None, ...]]:
    """The marked copies that each delivery may have been made from; None: the original.

    Where the vault does not say which, it is any of those that the sender had got by then.

    Args:
        flow: Deliveries of the asset.
        copies: What the vault has of them.
        original: Digest of the original.
    """
    sources: dict[SubjectKey, tuple[SubjectKey | None, ...]] = {}
    for one in flow.dispatches:
        above = flow.find_sources(one)
        own = copies.get(one.key)
        if own is not None and own.source is not None:
            known = [each for each in above if (c := copies.get(each.key)) and c.copy == own.source]
            above = known[:1] if known or own.source == original else above
        kept = [s for each in above for s in _resolve(each, sources)] or [None]
        sources[one.key] = tuple(dict.fromkeys(kept))
    return sources


def _resolve(one: Dispatch, sources: Sources) -> tuple[SubjectKey | None, ...]:
    """The marked copies that a delivery's copy may be: an exact one is its source once more."""
    return (one.key,) if one.body.marks else sources[one.key]


def count_tries(
    sources: Sources, keyed: Set[SubjectKey], start: SubjectKey | None = None
) -> dict[SubjectKey, int]:
    """In how many ways each delivery can be scored; one that cannot be in all of them is left out.

    Args:
        sources: Copies that each may have been made from, in the order of the log.
        keyed: Deliveries whose secrets are at hand.
        start: The delivery whose copy is at hand; None: the original is.
    """
    tries: dict[SubjectKey, int] = {}

    def count(source: SubjectKey | None) -> int:
        return 1 if source == start else tries.get(source, 0) if source is not None else 0

    for key, above in sources.items():
        ways = [count(each) for each in above]
        if key in keyed and all(ways):
            tries[key] = sum(ways)
    return tries

"""Which of a log's keys sign the checkpoint of which size, once the log has changed its key.

A key signs from the block that names it on. That one block is signed by its predecessor as well:
who knows only the old key sees there that it gave way to the new one. Afterwards the old key signs
nothing, and a later checkpoint of its making proves misbehaviour.

Spec: our formats section 4; docs/adr/0027-log-key-rotation.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.core.note import VerifierKey
from ledger.core.types import LeafIndex, TreeSize


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key of the log.

    Args:
        key: Named after the log's origin.
        since: Index of the entry that names it: the last one of its block, or the first of all.
    """

    key: VerifierKey
    since: LeafIndex


def signers_at(keys: Sequence[LogKey], size: TreeSize) -> tuple[VerifierKey, ...]:
    """The keys that sign the checkpoint of this size.

    Args:
        keys: All that the log has had up to there, by `since` ascending.
        size: A size at which a block ends.

    Returns:
        One; two, the old and the new, at the end of the block that names the new one; none if the
        log had no key there, as far as `keys` says.
    """
    named = [each for each in keys if each.since < size]
    # The naming entry is the last of its block: behind it stands the seal alone.
    is_handover = len(named) > 1 and named[-1].since == size - 2
    return tuple(each.key for each in named[-2 if is_handover else -1 :])

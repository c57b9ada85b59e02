"""Buckets from the pages of the state map: those on the prefix's way and below its end, no others.

Spec: docs/adr/0026-buckets.md.
"""

from typing import TYPE_CHECKING, Final

from ledger.core.bucket import LEAF_BYTES, MAX_BUCKET_LEAVES, Bucket, check_prefix
from ledger.core.bundle import Receipt
from ledger.core.hashing import SUITE
from ledger.core.limits import MAX_MAP_DEPTH
from ledger.core.mappages import (
    INNER_BYTES,
    SLOTS,
    decode_inner_slot,
    decode_page,
    descend_page,
    encode_inner_slot,
)
from ledger.core.statemap import MapRoot, PageReader
from ledger.errors import CorruptionError, LimitError

if TYPE_CHECKING:
    from ledger.core.types import Digest

_PAGE_LEVELS: Final = MAX_MAP_DEPTH // 4


def read_bucket(reader: PageReader, root: MapRoot, prefix: str, receipt: Receipt) -> Bucket:
    """Everything that a state map holds under a prefix.

    Args:
        reader: Gives the pages under root.
        root: The map after the block that the seal closes.
        prefix: 0 to 64 lower-case hex digits.
        receipt: Of the seal, the last leaf of its checkpoint.

    Raises:
        MalformedError: Not such a prefix.
        LimitError: More than 65,536 subjects answer to it.
        CorruptionError: The pages contradict themselves.
        LedgerError: What the reader raises.

    Cost: each page on the way and below its end once; at most 15 hashes for a page on the way.
    """
    check_prefix(prefix)
    slot = encode_inner_slot(root.root, root.page_id) if root.page_id else b""
    siblings: list[Digest] = []
    level = 0
    for digit in prefix:
        if len(slot) != INNER_BYTES:
            break
        beside, slot = descend_page(_read_slots(reader, slot, level), int(digit, SLOTS), SUITE)
        siblings += beside
        level += 1
    return Bucket(prefix, tuple(siblings), tuple(_read_leaves(reader, slot, level)), receipt)


def _read_leaves(reader: PageReader, slot: bytes, level: int) -> list[bytes]:
    """Key hash and value hash of every leaf below a slot, ascending.

    Raises:
        LimitError: Too many; reading stops there.
    """
    leaves: list[bytes] = []
    waiting = [(slot, level)] if slot else []
    while waiting:
        top, depth = waiting.pop()
        if len(top) == INNER_BYTES:
            slots = _read_slots(reader, top, depth)
            waiting += [(below, depth + 1) for below in reversed(slots) if below]
            continue
        if len(leaves) == MAX_BUCKET_LEAVES:
            raise LimitError(
                f"more than {MAX_BUCKET_LEAVES} subjects answer to this prefix: ask for a longer "
                "one"
            )
        leaves.append(top[:LEAF_BYTES])
    return leaves


def _read_slots(reader: PageReader, slot: bytes, level: int) -> list[bytes]:
    """Slots of the page that a slot points to.

    Raises:
        CorruptionError: It lies deeper than keys are long (so a circle of pages ends).
    """
    if level >= _PAGE_LEVELS:
        raise CorruptionError("a page of the state map lies below the end of the keys")
    return decode_page(reader.read_page(decode_inner_slot(slot)))

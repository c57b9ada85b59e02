"""Hashes of the state map, and its pages: 16 slots each, four bits of the key hash.

How the tree is cut into pages never changes a hash (our formats, section 6); these bytes are
between us and our own store. A page is never edited: a change writes a new page under a new id.

```text
page = u16 bitmap of occupied slots | u16 bitmap of leaf slots | occupied slots, ascending
slot = inner: hash 32 | page id u40                       two or more leaves below it
       leaf:  key hash 32 | value hash 32 | locator u40   the only leaf below it
```

Numbers are big-endian; slot n is bit n of a bitmap, least significant first. Slot n of a page at
level i holds the key hashes whose hex digit i is n. In memory a slot is its own bytes, and an
empty one is `b""`, so the length tells the kind.
"""

from collections.abc import Sequence
from typing import Final

from ledger.core.hashing import SUITE, Suite
from ledger.core.text import DIGEST_BYTES
from ledger.core.types import Digest
from ledger.errors import CorruptionError, LimitError, MalformedError

NUMBER_BYTES: Final = 5
MAX_NUMBER: Final = 2 ** (8 * NUMBER_BYTES) - 1
"""Largest page id and largest locator; enough for ten years of a thousand changes a second."""
INNER_BYTES: Final = DIGEST_BYTES + NUMBER_BYTES
LEAF_BYTES: Final = 2 * DIGEST_BYTES + NUMBER_BYTES
SLOTS: Final = 16

_BITS: Final = tuple(1 << n for n in range(SLOTS))
_ALL: Final = 2**SLOTS - 1
_FULL_PAGE: Final = range(4, 4 + SLOTS * INNER_BYTES, INNER_BYTES)


def hash_key(subject_key: str, suite: Suite = SUITE) -> Digest:
    """Place of a subject in the map: SHA-256 of its key.

    Raises:
        MalformedError: The key has no UTF-8 form (it holds a surrogate).

    Spec: our formats section 6.
    """
    try:
        return Digest(suite.digest(subject_key.encode("utf-8")))
    except UnicodeEncodeError as exc:
        raise MalformedError(f"a subject key is not text: {subject_key!r:.80}") from exc


def hash_map_leaf(key_hash: bytes, value_hash: bytes, suite: Suite = SUITE) -> Digest:
    """Leaf of the map: SHA-256(0x02 || key_hash || value_hash), each 32 bytes.

    Spec: our formats section 6.
    """
    return Digest(suite.digest(suite.map_leaf_tag + key_hash + value_hash))


def hash_map_inner(left: bytes, right: bytes, suite: Suite = SUITE) -> Digest:
    """Inner node of the map: SHA-256(0x03 || left || right), each 32 bytes.

    Spec: our formats section 6.
    """
    return Digest(suite.digest(suite.map_inner_tag + left + right))


def encode_leaf_slot(key_hash: bytes, value_hash: bytes, locator: int) -> bytes:
    """Slot of one leaf, LEAF_BYTES long.

    Args:
        key_hash: Exactly 32 bytes.
        value_hash: Exactly 32 bytes.
        locator: 0 <= locator <= MAX_NUMBER.

    Raises:
        AssertionError: A hash of another length.
        LimitError: The locator is out of range.
    """
    if len(key_hash) != DIGEST_BYTES or len(value_hash) != DIGEST_BYTES:
        raise AssertionError("a key hash and a value hash have 32 bytes each")
    return key_hash + value_hash + _encode_number(locator)


def encode_inner_slot(node_hash: bytes, page_id: int) -> bytes:
    """Slot of a child page, INNER_BYTES long.

    Args:
        node_hash: Hash of the child page, 32 bytes.
        page_id: 1 <= page_id <= MAX_NUMBER.

    Raises:
        LimitError: The page id is out of range.
    """
    return node_hash + _encode_number(page_id)


def decode_leaf_slot(slot: bytes) -> tuple[Digest, Digest, int]:
    """Key hash, value hash and locator in a leaf slot."""
    return (
        Digest(slot[:DIGEST_BYTES]),
        Digest(slot[DIGEST_BYTES : 2 * DIGEST_BYTES]),
        int.from_bytes(slot[2 * DIGEST_BYTES :], "big"),
    )


def decode_inner_slot(slot: bytes) -> int:
    """Page id in an inner slot, never 0.

    Raises:
        CorruptionError: The id is 0, which stands for the empty map.
    """
    page_id = int.from_bytes(slot[DIGEST_BYTES:], "big")
    if page_id == 0:
        raise CorruptionError("a page of the state map points to page 0")
    return page_id


def encode_page(slots: Sequence[bytes]) -> bytes:
    """Bytes of a page; the exact inverse of decode_page.

    Args:
        slots: Exactly 16, not all empty.
    """
    occupied = leaves = 0
    for bit, slot in zip(_BITS, slots, strict=True):
        if slot:
            occupied |= bit
            if len(slot) == LEAF_BYTES:
                leaves |= bit
    return (occupied << SLOTS | leaves).to_bytes(4, "big") + b"".join(slots)


def decode_page(page: bytes) -> list[bytes]:
    """Slots of a page that our own store gave back, always 16.

    Raises:
        CorruptionError: Anything that encode_page would not have written.
    """
    occupied, leaves = _decode_bitmaps(page)
    if occupied == _ALL and not leaves:
        return [page[start : start + INNER_BYTES] for start in _FULL_PAGE]
    slots = []
    start = 4
    for bit in _BITS:
        stop = start + (occupied & bit and (LEAF_BYTES if leaves & bit else INNER_BYTES))
        slots.append(page[start:stop])
        start = stop
    return slots


def decode_slot(page: bytes, n: int) -> bytes:
    """Slot n of a page, `decode_page(page)[n]`, without the others.

    Raises:
        CorruptionError: Anything that encode_page would not have written.
    """
    occupied, leaves = _decode_bitmaps(page)
    bit = _BITS[n]
    if not occupied & bit:
        return b""
    before = bit - 1
    start = (
        4
        + INNER_BYTES * (occupied & before).bit_count()
        + DIGEST_BYTES * (leaves & before).bit_count()
    )
    return page[start : start + (LEAF_BYTES if leaves & bit else INNER_BYTES)]


def _decode_bitmaps(page: bytes) -> tuple[int, int]:
    """Which slots are occupied, and which of them are leaves.

    Raises:
        CorruptionError: They contradict each other or the length of the page.
    """
    both = int.from_bytes(page[:4], "big")
    occupied, leaves = both >> SLOTS, both & _ALL
    length = 4 + INNER_BYTES * occupied.bit_count() + DIGEST_BYTES * leaves.bit_count()
    if not occupied or leaves & ~occupied or len(page) != length:
        raise CorruptionError(f"a page of the state map is damaged: {page[:4].hex()}, {len(page)}")
    return occupied, leaves


def hash_slots(slots: Sequence[bytes], suite: Suite) -> Digest:
    """Hash of the part of the tree that lies over some slots.

    Args:
        slots: A whole page, or a half, quarter, eighth or sixteenth of one.
        suite: Hash function and tags.

    Spec: `build` of our formats section 6.

    Cost: at most one hash per leaf and one per inner node, 31 for a page.
    """
    digest, tag = suite.digest, suite.map_inner_tag
    nodes, leaves = _hash_nodes(slots, suite)
    while len(nodes) >= 4:  # two levels at once: most of the time of an update is spent here
        four = iter(nodes)
        nodes = [
            digest(tag + digest(tag + a + b) + digest(tag + c + d))
            if a and b and c and d
            else (a or b or c or d)
            and _join(_join(a, b, leaves, suite), _join(c, d, leaves, suite), leaves, suite)
            for a, b, c, d in zip(four, four, four, four, strict=True)
        ]
    top = nodes[0] if len(nodes) == 1 else _join(nodes[0], nodes[1], leaves, suite)
    return Digest(top or suite.map_empty)


def descend_page(slots: Sequence[bytes], n: int, suite: Suite) -> tuple[list[Digest], bytes]:
    """Siblings from the top of a page downwards on the way to slot n, and what the way ends at.

    Args:
        slots: A whole page.
        n: 0 <= n < 16.
        suite: Hash function and tags.

    Returns:
        The end is `b""` for nothing or a leaf slot, both possibly above the slots (a lone leaf
        has no siblings), or the inner slot where the way goes on.
    """
    siblings: list[Digest] = []
    start, width = 0, SLOTS
    while width > 1:
        end = b"".join(slots[start : start + width])
        if len(end) in {0, LEAF_BYTES}:
            return siblings, end
        width //= 2
        beside = start + width
        if n & width:
            start, beside = beside, start
        siblings.append(hash_slots(slots[beside : beside + width], suite))
    return siblings, slots[n]


def _hash_nodes(slots: Sequence[bytes], suite: Suite) -> tuple[list[bytes], set[bytes]]:
    """Hash of each slot, `b""` for an empty one; and which of them are leaves."""
    digest, tag = suite.digest, suite.map_leaf_tag
    nodes: list[bytes] = []
    leaves: set[bytes] = set()
    for slot in slots:
        if len(slot) == LEAF_BYTES:
            leaf = digest(tag + slot[: 2 * DIGEST_BYTES])
            leaves.add(leaf)
            nodes.append(leaf)
        else:
            nodes.append(slot[:DIGEST_BYTES])
    return nodes, leaves


def _join(left: bytes, right: bytes, leaves: set[bytes], suite: Suite) -> bytes:
    """Node over two, `b""` over nothing; a leaf beside nothing stays as it is."""
    if left and right:
        return suite.digest(suite.map_inner_tag + left + right)
    node = left or right
    if not node or node in leaves:
        return node
    return hash_map_inner(left or suite.map_empty, right or suite.map_empty, suite)


def _encode_number(number: int) -> bytes:
    """Page id or locator.

    Raises:
        LimitError: Out of range.
    """
    if not 0 <= number <= MAX_NUMBER:
        raise LimitError(f"the state map cannot count to {number}, only from 0 to {MAX_NUMBER}")
    return number.to_bytes(NUMBER_BYTES, "big")

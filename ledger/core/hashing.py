"""Domain-separated hashes of the log, the state map and our identifiers.

Spec: RFC 9162 section 2.1 for the log; our formats sections 3, 5 and 6. The tags and the hash
function are data (`Suite`), so that another suite, or another project's test vectors, run through
the same code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledger.core.types import Digest


def _sha256(data: bytes) -> bytes:
    return sha256(data).digest()


@dataclass(frozen=True, slots=True)
class Suite:
    """A hash function and the tags that keep its uses apart.

    Args:
        name: As written in `ledger.open`.
        digest: Bytes to 32 bytes.
        leaf_tag: Before the bytes of a log leaf.
        node_tag: Before the two children of an inner node of the log.
        map_leaf_tag: Before key hash and value hash of a map leaf.
        map_inner_tag: Before the two children of an inner node of the map.
        map_empty: Hash of an empty subtree of the map, 32 bytes.
    """

    name: str
    digest: Callable[[bytes], bytes]
    leaf_tag: bytes
    node_tag: bytes
    map_leaf_tag: bytes
    map_inner_tag: bytes
    map_empty: Digest


SUITE: Final = Suite(
    name="sha256-ed25519/1",
    digest=_sha256,
    leaf_tag=b"\x00",
    node_tag=b"\x01",
    map_leaf_tag=b"\x02",
    map_inner_tag=b"\x03",
    map_empty=Digest(bytes(32)),
)

EMPTY_ROOT: Final = Digest(sha256(b"").digest())
"""Root of a log without leaves."""


def hash_leaf(data: bytes) -> Digest:
    """Leaf hash of the log: SHA-256(0x00 || data)."""
    return Digest(sha256(b"\x00" + data).digest())


def hash_node(left: bytes, right: bytes) -> Digest:
    """Inner node of the log: SHA-256(0x01 || left || right), each 32 bytes."""
    return Digest(sha256(b"\x01" + left + right).digest())

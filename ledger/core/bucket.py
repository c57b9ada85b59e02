"""Buckets: a whole subtree of the state map under the newest seal, for lookups that tell little.

Whoever asks for all subjects whose key hashes begin with some hex digits tells only these digits,
and finds out alone whether the one that he means is among them.

```json
{"format":"muniment/bucket/v1","prefix":"3f","leaves":"<b64url>","siblings":"<b64url>",
 "seal":{receipt of the checkpoint's last leaf}}
```

`leaves` are key hash and value hash of every subject at the end of the prefix's way, 64 bytes each,
ascending; `siblings` are written as in a map proof, from the root down to that end. The end lies 4
bits deep for each digit, or above that where the tree ends sooner: in nothing, or in a lone leaf,
which may be of a key outside the prefix and then shows that the prefix holds none.

Spec: docs/adr/0026-buckets.md; our formats sections 6 and 7.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ledger.core.bundle import Receipt, format_receipt, parse_receipt, verify_last_seal
from ledger.core.entry import Seal
from ledger.core.hashing import SUITE, Suite
from ledger.core.limits import MAX_MAP_DEPTH
from ledger.core.mappages import hash_map_inner, hash_map_leaf
from ledger.core.mapproof import decode_siblings, encode_siblings, fold_siblings
from ledger.core.members import take_format, take_text
from ledger.core.opening import VerifiedCheckpoint
from ledger.core.text import DIGEST_BYTES, format_base64url, parse_base64url
from ledger.core.types import Digest, Json, JsonObject
from ledger.errors import BundleError, LimitError, MalformedError, MapProofError

BUCKET: Final = "muniment/bucket/v1"
LEAF_BYTES: Final = 2 * DIGEST_BYTES
DIGIT_BITS: Final = 4
MAX_BUCKET_LEAVES: Final = 65_536
MAX_BUCKET_BYTES: Final = 6 * 1024 * 1024
"""Of the largest bucket as a file."""
MIN_EXPECTED: Final = 1_000
"""So many subjects are expected to answer to a prefix that a lookup asks for."""
_PREFIX: Final = re.compile(r"[0-9a-f]{0,64}")
_NODES_PER_LEAF: Final = 4
_SPARE_NODES: Final = 4_096


@dataclass(frozen=True, slots=True)
class Bucket:
    """What the state map holds under a prefix, as read; nothing is verified.

    Args:
        prefix: 0 to 64 lower-case hex digits.
        siblings: From the root down to where the prefix's way ends, `SUITE.map_empty` where there
            is nothing.
        leaves: Key hash and value hash there, 64 bytes each, ascending.
        receipt: Of the seal.
    """

    prefix: str
    siblings: tuple[Digest, ...]
    leaves: tuple[bytes, ...]
    receipt: Receipt

    @property
    def seal(self) -> Seal:
        """The seal that the receipt holds.

        Raises:
            TypeError: parse_bucket did not make this value, and it holds an entry.
        """
        if not isinstance(self.receipt.content, Seal):
            raise TypeError("a bucket is only made with a seal")
        return self.receipt.content

    def covers(self, key_hash: Digest) -> bool:
        """Whether the bucket answers for a key."""
        return key_hash.hex().startswith(self.prefix)

    def find(self, key_hash: Digest) -> Digest | None:
        """Value hash of a key, or None if the map does not hold it; true once verified.

        Args:
            key_hash: Result of hash_key, 32 bytes.

        Raises:
            MalformedError: The bucket is of another prefix and says nothing of this key.
        """
        if not self.covers(key_hash):
            raise MalformedError(
                f"the bucket {self.prefix} does not answer for the key hash {key_hash.hex()}"
            )
        place = bisect_left(self.leaves, key_hash)
        if place < len(self.leaves) and self.leaves[place].startswith(key_hash):
            return Digest(self.leaves[place][DIGEST_BYTES:])
        return None

    @property
    def count(self) -> int:
        """How many subjects answer to the prefix."""
        return sum(leaf.hex().startswith(self.prefix) for leaf in self.leaves)


def choose_digits(size: int) -> int:
    """How many hex digits a lookup names, so that at least 1,000 subjects are expected to answer.

    Args:
        size: Number of subjects of the map, from a verified seal.

    Returns:
        0 for fewer than 16,000 subjects: then the whole map is asked for.
    """
    digits = 0
    while size >= MIN_EXPECTED * 16 ** (digits + 1):
        digits += 1
    return digits


def check_prefix(prefix: str) -> None:
    """Refuse what is not 0 to 64 lower-case hex digits.

    Raises:
        MalformedError: It is not.
    """
    if not _PREFIX.fullmatch(prefix):
        raise MalformedError(f"a prefix is 0 to 64 lower-case hex digits, not {prefix[:80]!r}")


def parse_bucket(value: Json) -> Bucket:
    """Read a bucket; format_bucket writes it back alike.

    Args:
        value: From decode_bundle, of at most MAX_BUCKET_BYTES.

    Raises:
        MalformedError: Not a bucket; leaves that do not ascend, lie elsewhere, or are more than
            one above the prefix's end; siblings that no tree has.
        LimitError: More than 65,536 leaves, or a part that is too large.
    """
    members = take_format(value, {"prefix", "leaves", "siblings", "seal"}, BUCKET, "a bucket")
    receipt = parse_receipt(members["seal"])
    if not isinstance(receipt.content, Seal):
        raise MalformedError("the leaf under a bucket's seal is not a seal")
    prefix = take_text(members["prefix"])
    check_prefix(prefix)
    leaves = _split_leaves(parse_base64url(take_text(members["leaves"])))
    siblings = _parse_siblings(parse_base64url(take_text(members["siblings"])))
    _check_shape(prefix, siblings, leaves)
    return Bucket(prefix, siblings, leaves, receipt)


def format_bucket(bucket: Bucket) -> JsonObject:
    """The bucket as it stands in files."""
    return {
        "format": BUCKET,
        "prefix": bucket.prefix,
        "leaves": format_base64url(b"".join(bucket.leaves)),
        "siblings": format_base64url(encode_siblings(bucket.siblings)),
        "seal": format_receipt(bucket.receipt),
    }


def verify_bucket(bucket: Bucket, opened: VerifiedCheckpoint) -> None:
    """Check that the bucket holds every subject under its prefix, as the newest seal says.

    Args:
        bucket: From parse_bucket; its own checkpoint is not looked at.
        opened: The checkpoint it carries, opened by the verifier's policy.

    Raises:
        InclusionError: The tree does not hold the seal.
        BundleError: The seal is not the last leaf, is later than its cosignatures, or counts
            other subjects than the bucket holds.
        MapProofError: The state map holds something else there.

    Cost: two to three hashes for each leaf.
    """
    seal = bucket.seal
    verify_last_seal(bucket.receipt, seal, opened)
    depth, count = len(bucket.siblings), len(bucket.leaves)
    if count > seal.state_size or (depth == 0 and count != seal.state_size):
        raise BundleError(f"the bucket holds {count} subjects, and the seal {seal.state_size}")
    path = bytes.fromhex(bucket.prefix.ljust(2 * DIGEST_BYTES, "0"))
    node = hash_subtree(bucket.leaves, depth)
    root = fold_siblings(node, path, bucket.siblings)
    if root != seal.state_root:
        raise MapProofError(f"the bucket leads to {root.hex()}, not to the root of the seal")


def hash_subtree(leaves: Sequence[bytes], depth: int, suite: Suite = SUITE) -> Digest:
    """Node over some leaves of the state map: `build(leaves, depth)`.

    Args:
        leaves: Key hash and value hash, 64 bytes each, ascending, alike in their first `depth`
            bits.
        depth: 0 <= depth <= 256.
        suite: Hash function and tags.

    Raises:
        MapProofError: Keys so much alike that no hashes are: they would take too long.

    Spec: our formats section 6.
    """
    if _count_nodes(leaves, depth) > _NODES_PER_LEAF * len(leaves) + _SPARE_NODES:
        raise MapProofError("the key hashes of the bucket are too much alike to be hashes")
    return _build(leaves, 0, len(leaves), depth, suite)


def _build(leaves: Sequence[bytes], start: int, stop: int, depth: int, suite: Suite) -> Digest:
    if stop - start <= 1:
        if stop == start:
            return suite.map_empty
        return hash_map_leaf(leaves[start][:DIGEST_BYTES], leaves[start][DIGEST_BYTES:], suite)
    byte, bit = depth >> 3, 0x80 >> (depth & 7)
    middle = bisect_left(leaves, bit, start, stop, key=lambda leaf: leaf[byte] & bit)
    return hash_map_inner(
        _build(leaves, start, middle, depth + 1, suite),
        _build(leaves, middle, stop, depth + 1, suite),
        suite,
    )


def _count_nodes(leaves: Sequence[bytes], depth: int) -> int:
    """Inner nodes over ascending leaves: between two neighbours those that none before has."""
    keys = [int.from_bytes(leaf[:DIGEST_BYTES], "big") for leaf in leaves]
    total, before = 0, depth - 1
    for one, other in pairwise(keys):
        alike = MAX_MAP_DEPTH - (one ^ other).bit_length()
        total += alike - max(depth - 1, min(before, alike))
        before = alike
    return total


def _split_leaves(data: bytes) -> tuple[bytes, ...]:
    """Leaves of 64 bytes each.

    Raises:
        LimitError: Too many.
        MalformedError: Cut off, or not ascending.
    """
    if len(data) > MAX_BUCKET_LEAVES * LEAF_BYTES:
        raise LimitError(f"a bucket holds at most {MAX_BUCKET_LEAVES} subjects")
    if len(data) % LEAF_BYTES:
        raise MalformedError(f"the leaves of a bucket have {LEAF_BYTES} bytes each")
    leaves = tuple(data[at : at + LEAF_BYTES] for at in range(0, len(data), LEAF_BYTES))
    if any(one[:DIGEST_BYTES] >= other[:DIGEST_BYTES] for one, other in pairwise(leaves)):
        raise MalformedError("the leaves of a bucket ascend by their key hashes")
    return leaves


def _parse_siblings(data: bytes) -> tuple[Digest, ...]:
    """The siblings.

    Raises:
        MalformedError: Not exactly the form.
    """
    try:
        siblings, rest = decode_siblings(data)
    except MapProofError as exc:
        raise MalformedError(f"siblings of a bucket: {exc}") from exc
    if rest or len(data) < 2:
        raise MalformedError("the siblings of a bucket are longer or shorter than they say")
    return tuple(siblings)


def _check_shape(prefix: str, siblings: Sequence[Digest], leaves: Sequence[bytes]) -> None:
    """Refuse what no tree has under a prefix.

    Raises:
        MalformedError: Such a thing.
    """
    depth, deepest = len(siblings), DIGIT_BITS * len(prefix)
    if depth > deepest or (depth < deepest and len(leaves) > 1):
        raise MalformedError(
            f"the way of a bucket ends {deepest} bits deep, or above that in at most one leaf"
        )
    if len(leaves) <= 1 and siblings and siblings[-1] == SUITE.map_empty:
        raise MalformedError("the end of a bucket's way stands alone and so belongs higher up")
    path = int(prefix or "0", 16) >> (deepest - depth)
    for leaf in leaves:
        if int.from_bytes(leaf[:DIGEST_BYTES], "big") >> (MAX_MAP_DEPTH - depth) != path:
            raise MalformedError("a leaf of the bucket does not lie on the way of its prefix")

"""Proofs of the state map: what a verifier needs, and nothing of how we store the map.

```text
proof = depth u16 | bitmap, ceil(depth/8) bytes | siblings, 32 bytes each, from the root downwards
        | 0x00 (nothing there)  or  0x01 | key hash 32 | value hash 32 (a leaf)
```

The depth is in bits of the key hash, big-endian. Bit i of the bitmap, least significant first, says
that the sibling at depth i is written out; one that is not is empty. What stands at the end of the
way, nothing or a leaf, is the terminal.
"""

from collections.abc import Sequence
from typing import Final

from ledger.core.hashing import SUITE, Suite
from ledger.core.limits import MAX_MAP_DEPTH, MAX_MAP_PROOF_BYTES
from ledger.core.mappages import hash_map_inner, hash_map_leaf
from ledger.core.text import DIGEST_BYTES
from ledger.core.types import Digest
from ledger.errors import MapProofError

_NOTHING: Final = b"\x00"
_LEAF: Final = b"\x01"
_TERMINAL_BYTES: Final = {_NOTHING: 1, _LEAF: 1 + 2 * DIGEST_BYTES}
_SPARE: Final = "the map proof has spare bits, or is longer or shorter than it says"


def encode_map_proof(siblings: Sequence[Digest], leaf: bytes, suite: Suite = SUITE) -> bytes:
    """Bytes of a proof.

    Args:
        siblings: From the root downwards, `suite.map_empty` where there is nothing; at most 256.
        leaf: Key hash and value hash at the end of the way, or `b""` if nothing is there.
        suite: Says which sibling is empty.

    Spec: our formats section 6.
    """
    return encode_siblings(siblings, suite) + (_LEAF + leaf if leaf else _NOTHING)


def encode_siblings(siblings: Sequence[Digest], suite: Suite = SUITE) -> bytes:
    """The part of a proof before its terminal: depth, bitmap and siblings.

    Args:
        siblings: As of encode_map_proof.
        suite: Says which sibling is empty.
    """
    bitmap = sum(1 << depth for depth, node in enumerate(siblings) if node != suite.map_empty)
    return b"".join(
        (
            len(siblings).to_bytes(2, "big"),
            bitmap.to_bytes((len(siblings) + 7) // 8, "little"),
            *(node for node in siblings if node != suite.map_empty),
        )
    )


def decode_siblings(data: bytes, suite: Suite = SUITE) -> tuple[list[Digest], bytes]:
    """Read what encode_siblings wrote, with whatever follows it.

    Args:
        data: From outside, any bytes.
        suite: Says which sibling is empty.

    Returns:
        Siblings from the root downwards, and the bytes behind them.

    Raises:
        MapProofError: Cut off, too deep, spare bits, or an empty sibling that is written out.
    """
    depth = int.from_bytes(data[:2], "big")
    if depth > MAX_MAP_DEPTH:
        raise MapProofError(f"a key has {MAX_MAP_DEPTH} bits, so there is no depth {depth}")
    start = 2 + (depth + 7) // 8
    bitmap = int.from_bytes(data[2:start], "little")
    stop = start + DIGEST_BYTES * bitmap.bit_count()
    if bitmap >> depth or len(data) < stop:
        raise MapProofError(_SPARE)
    siblings: list[Digest] = []
    for bit in range(depth):
        node = suite.map_empty
        if bitmap >> bit & 1:
            node = Digest(data[start : start + DIGEST_BYTES])
            start += DIGEST_BYTES
            if node == suite.map_empty:
                raise MapProofError("a sibling is written out although it is empty")
        siblings.append(node)
    return siblings, data[stop:]


def fold_siblings(
    node: Digest, path: bytes, siblings: Sequence[Digest], suite: Suite = SUITE
) -> Digest:
    """Root over a node that lies at the end of a way.

    Args:
        node: At depth `len(siblings)`.
        path: Its first bits say the way, most significant first; at least so many.
        siblings: From the root downwards, `suite.map_empty` where there is nothing.
        suite: Hash function and tags.
    """
    bits = int.from_bytes(path, "big") >> (8 * len(path) - len(siblings))
    for beside in reversed(siblings):
        left, right = (beside, node) if bits & 1 else (node, beside)
        node = hash_map_inner(left, right, suite)
        bits >>= 1
    return node


def verify_map_proof(
    *,
    root: Digest,
    key_hash: Digest,
    value_hash: Digest | None,
    proof: bytes,
    suite: Suite = SUITE,
) -> None:
    """Check that the map with this root holds this value for a key, or that it holds none.

    Args:
        root: `state.root` of a seal that was verified, 32 bytes.
        key_hash: Result of hash_key, computed by the caller from the subject key, 32 bytes.
        value_hash: SHA-256 of the value, computed by the caller from it, 32 bytes; None to check
            that the key is absent.
        proof: From outside, any bytes.
        suite: Hash function and tags; never chosen by the proof.

    Raises:
        MapProofError: Too long, not exactly the form, about another key or value, or of another
            root.

    Spec: our formats section 6. Cost: one hash per level, at most 257.
    """
    if any(len(h) != DIGEST_BYTES for h in (root, key_hash, value_hash) if h is not None):
        raise MapProofError("a hash is not 32 bytes long")
    siblings, terminal = _decode_proof(proof, suite)
    _check_answer(terminal, key_hash, value_hash)
    node = suite.map_empty
    if terminal:
        _check_leaf_place(terminal, key_hash, siblings, suite)
        node = hash_map_leaf(terminal[:DIGEST_BYTES], terminal[DIGEST_BYTES:], suite)
    node = fold_siblings(node, key_hash, siblings, suite)
    if node != root:
        raise MapProofError(f"proof leads to {node.hex()}, not to the root of the seal")


def _decode_proof(proof: bytes, suite: Suite) -> tuple[list[Digest], bytes]:
    """Siblings from the root downwards, key hash and value hash at the end of the way or `b""`.

    Raises:
        MapProofError: Too long, or not exactly the form.
    """
    if not 2 < len(proof) <= MAX_MAP_PROOF_BYTES:
        raise MapProofError(f"a map proof has 3 to {MAX_MAP_PROOF_BYTES} bytes, not {len(proof)}")
    siblings, terminal = decode_siblings(proof, suite)
    if len(terminal) != _TERMINAL_BYTES.get(terminal[:1]):
        raise MapProofError(_SPARE)
    return siblings, terminal[1:]


def _check_leaf_place(
    leaf: bytes, key_hash: Digest, siblings: Sequence[Digest], suite: Suite
) -> None:
    """Hold a terminal leaf against the shape of the tree.

    Raises:
        MapProofError: It lies on the way to other keys, or is not at the shallowest place.
    """
    both = int.from_bytes(leaf[:DIGEST_BYTES], "big") ^ int.from_bytes(key_hash, "big")
    if both >> (MAX_MAP_DEPTH - len(siblings)):
        raise MapProofError("the leaf of the map proof is not on the way to the asked key")
    if siblings and siblings[-1] == suite.map_empty:
        raise MapProofError("the leaf of the map proof stands alone and so belongs higher up")


def _check_answer(leaf: bytes, key_hash: Digest, value_hash: Digest | None) -> None:
    """Hold the end of the way against what is claimed.

    Raises:
        MapProofError: The proof shows another answer.
    """
    is_there = leaf[:DIGEST_BYTES] == key_hash
    if value_hash is None:
        if is_there:
            raise MapProofError("the map proof shows that the key is there, not that it is absent")
    elif leaf != key_hash + value_hash:
        shown = "another value" if is_there else "that the key is absent"
        raise MapProofError(f"the map proof shows {shown}")

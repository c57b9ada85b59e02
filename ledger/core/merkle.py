"""The log tree: append, prove and verify (RFC 6962 section 2.1, the same in RFC 9162).

A tree over leaf hashes 0 .. size-1 is split after the largest power of two below its size:

```text
                root of 7                   (level, index) is a perfect subtree, a NodeId
          (2,0)           x                 x is none: it is folded from (1,2) and (0,6)
     (1,0)     (1,1)     (1,2)    (0,6)     and never stored
  (0,0) (0,1) (0,2) (0,3) (0,4) (0,5)
```

Perfect subtrees never change, so stores keep only these; roots and proofs are folded from them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

from ledger.core.hashing import SUITE, Suite
from ledger.core.limits import MAX_TREE_LEVELS
from ledger.core.subtrees import Subtree, consistency_subtrees, siblings_of
from ledger.core.text import DIGEST_BYTES
from ledger.core.types import Digest, LeafIndex, TreeSize
from ledger.errors import InclusionError, MalformedError, NotFoundError, VerificationError

_SIZE_LIMIT: Final = 2**MAX_TREE_LEVELS


@dataclass(frozen=True, slots=True)
class NodeId:
    """A perfect subtree: the leaves index * 2**level .. (index + 1) * 2**level - 1."""

    level: int
    index: int


class NodeReader(Protocol):
    """Where the roots of perfect subtrees come from."""

    def read_nodes(self, nodes: Sequence[NodeId]) -> Sequence[Digest]:
        """Roots of these subtrees, one for each, in the same order.

        Raises:
            NotFoundError: The log has not grown as far as one of them.
        """
        ...


@dataclass(frozen=True, slots=True)
class Frontier:
    """What must be kept of a tree to append to it and to give its root (a compact range).

    Args:
        size: Number of leaves.
        nodes: Roots of its maximal perfect subtrees from left to right, one for each one bit of
            size, 32 bytes each.
    """

    size: TreeSize
    nodes: tuple[Digest, ...]

    def __post_init__(self) -> None:
        if len(self.nodes) != self.size.bit_count():
            raise AssertionError("a frontier has as many nodes as its size has one bits")

    def append(self, leaf_hash: Digest, *, suite: Suite = SUITE) -> "Frontier":
        """The frontier with one leaf more.

        Cost: one hash on average, at most one for each level.
        """
        digest, tag = _node_digest(suite), suite.node_tag
        nodes, node, rest = list(self.nodes), leaf_hash, int(self.size)
        while rest & 1:
            node = digest(tag + nodes.pop() + node)
            rest >>= 1
        return Frontier(TreeSize(self.size + 1), (*nodes, node))

    def extend(self, leaf_hashes: Iterable[Digest], *, suite: Suite = SUITE) -> "Frontier":
        """The frontier with these leaves more, as if appended one by one but faster.

        Cost: one hash for each leaf.
        """
        fresh = list(leaf_hashes)
        size = TreeSize(self.size + len(fresh))
        older, newer, rest = list(self.nodes), list[Digest](), int(self.size)
        while fresh:
            if rest & 1:
                fresh.insert(0, older.pop())
            if len(fresh) & 1:
                newer.append(fresh.pop())
            fresh = hash_pairs(fresh, suite=suite)
            rest >>= 1
        return Frontier(size, (*older, *reversed(newer)))

    def root(self, *, suite: Suite = SUITE) -> Digest:
        """Root of the tree; the hash of nothing (EMPTY_ROOT) when it has no leaves.

        Spec: RFC 9162 section 2.1.1.
        """
        return _fold(self.nodes, suite) if self.nodes else Digest(suite.digest(b""))

    def encode(self) -> bytes:
        """The nodes one after the other, 32 bytes each, left to right; the size is not in it."""
        return b"".join(self.nodes)


EMPTY_FRONTIER: Final = Frontier(TreeSize(0), ())
"""Of the tree without leaves, where every log starts."""


def decode_frontier(size: TreeSize, data: bytes) -> Frontier:
    """Read a frontier; the exact inverse of Frontier.encode.

    Args:
        size: Number of leaves, kept beside the bytes.
        data: 32 bytes for each one bit of size.

    Raises:
        MalformedError: The size is no tree size, or data has another length.
    """
    if not 0 <= size < _SIZE_LIMIT:
        raise MalformedError(f"not the size of a tree: {size}")
    if len(data) != size.bit_count() * DIGEST_BYTES:
        raise MalformedError(f"{len(data)} bytes are not the frontier of {size} leaves")
    return Frontier(size, split_digests(data))


def split_digests(data: bytes) -> tuple[Digest, ...]:
    """The 32-byte hashes that data, whose length the caller has checked, is made of."""
    starts = range(0, len(data), DIGEST_BYTES)
    return tuple(Digest(data[start : start + DIGEST_BYTES]) for start in starts)


def hash_pairs(nodes: Iterable[Digest], *, suite: Suite = SUITE) -> list[Digest]:
    """Parents of the 1st and 2nd, 3rd and 4th, ... node; a last one without a partner has none."""
    digest, tag = _node_digest(suite), suite.node_tag
    each = iter(nodes)
    return [digest(tag + left + right) for left, right in zip(each, each, strict=False)]


def hash_tree(leaf_hashes: Iterable[Digest], *, suite: Suite = SUITE) -> Digest:
    """Root of the tree over these leaf hashes.

    Spec: RFC 9162 section 2.1.1. Cost: one hash for each leaf.
    """
    return EMPTY_FRONTIER.extend(leaf_hashes, suite=suite).root(suite=suite)


def inclusion_nodes(index: LeafIndex, size: TreeSize) -> tuple[tuple[NodeId, ...], ...]:
    """What an inclusion proof is made of.

    Returns:
        For each hash of the path, from the leaf's sibling upwards, the perfect subtrees that fold
        to it, left to right. Only one at the ragged right edge has more than one.

    Raises:
        NotFoundError: The tree has no such leaf.

    Spec: RFC 9162 section 2.1.3.1.
    """
    if not 0 <= index < size < _SIZE_LIMIT:
        raise NotFoundError(f"a tree of {size} leaves has no leaf {index}")
    return tuple(_parts(subtree, size) for subtree in siblings_of(index, 0, size))


def consistency_nodes(old: TreeSize, new: TreeSize) -> tuple[tuple[NodeId, ...], ...]:
    """What a consistency proof is made of.

    Returns:
        For each hash of the path the perfect subtrees that fold to it, left to right. None if
        the sizes are equal or old is 0.

    Raises:
        NotFoundError: A tree of new leaves does not extend one of old leaves.

    Spec: RFC 9162 section 2.1.4.1; our formats section 4 for old 0.
    """
    if not 0 <= old <= new < _SIZE_LIMIT:
        raise NotFoundError(f"a tree of {new} leaves does not extend one of {old}")
    return tuple(_parts(subtree, new) for subtree in consistency_subtrees(old, new))


def prove_inclusion(
    reader: NodeReader, index: LeafIndex, size: TreeSize, *, suite: Suite = SUITE
) -> tuple[Digest, ...]:
    """Path that shows the leaf at index in the tree of size leaves.

    From the leaf's sibling upwards. The tree may be an older one of the reader's log.

    Raises:
        NotFoundError: The tree has no such leaf, or the log is smaller than size.

    Spec: RFC 9162 section 2.1.3.1. Cost: one read.
    """
    return _read_path(reader, inclusion_nodes(index, size), suite)


def prove_inclusions(
    reader: NodeReader, start: int, stop: int, size: TreeSize, *, suite: Suite = SUITE
) -> list[tuple[Digest, ...]]:
    """Paths of the leaves start <= index < stop, each as prove_inclusion gives it.

    Args:
        reader: Of the log, or of a longer one.
        start: First leaf.
        stop: Greater than start.
        size: Of the tree.
        suite: Hash function and tags.

    Raises:
        NotFoundError: The tree does not have all these leaves, or the log is smaller than size.

    Cost: one read; what the paths share is read and hashed once.
    """
    if not 0 <= start < stop <= size < _SIZE_LIMIT:
        raise NotFoundError(f"a tree of {size} leaves has no leaves {start} to {stop - 1}")
    paths = [siblings_of(index, 0, size) for index in range(start, stop)]
    subtrees = list(dict.fromkeys(subtree for path in paths for subtree in path))
    found = _read_path(reader, [_parts(subtree, size) for subtree in subtrees], suite)
    by_subtree = dict(zip(subtrees, found, strict=True))
    return [tuple(by_subtree[subtree] for subtree in path) for path in paths]


def prove_consistency(
    reader: NodeReader, old: TreeSize, new: TreeSize, *, suite: Suite = SUITE
) -> tuple[Digest, ...]:
    """Path that shows that the tree of new leaves extends the one of old leaves.

    Empty if old is 0 or equal to new. Both may be older trees of the reader's log.

    Raises:
        NotFoundError: old is larger than new, or the log is smaller than new.

    Spec: RFC 9162 section 2.1.4.1. Cost: one read.
    """
    return _read_path(reader, consistency_nodes(old, new), suite)


def read_root(reader: NodeReader, size: TreeSize, *, suite: Suite = SUITE) -> Digest:
    """Root of the first size leaves.

    Raises:
        NotFoundError: The size is no tree size, or the log is smaller.

    Cost: one read of at most one node for each level.
    """
    if not 0 <= size < _SIZE_LIMIT:
        raise NotFoundError(f"there is no tree of {size} leaves")
    return Frontier(size, tuple(reader.read_nodes(_cover(0, size)))).root(suite=suite)


def verify_inclusion(
    *,
    leaf: Digest,
    index: LeafIndex,
    size: TreeSize,
    path: Sequence[Digest],
    root: Digest,
    suite: Suite = SUITE,
) -> None:
    """Check that the tree with this root holds this leaf at this index.

    Args:
        leaf: Result of hash_leaf, computed by the caller from the entry itself.
        index: Claimed position, 0 <= index < size.
        size: Number of leaves under root, from the same verified checkpoint: a path alone does
            not fix it.
        path: Siblings from the leaf's upwards, 32 bytes each; their number is fixed by index
            and size, at most 63.
        root: From a verified checkpoint, 32 bytes.
        suite: Hash function and tags.

    Raises:
        InclusionError: Index outside the tree, wrong number of siblings, a hash of another
            length, or another root.

    Spec: RFC 9162 section 2.1.3.2. Cost: one hash for each sibling.
    """
    if not 0 <= index < size < _SIZE_LIMIT:
        raise InclusionError(f"index {index} is outside a tree of {size}")
    siblings = siblings_of(index, 0, size)
    if len(path) != len(siblings):
        raise InclusionError(f"path has {len(path)} hashes, not the number this position needs")
    if any(len(digest) != DIGEST_BYTES for digest in (leaf, root, *path)):
        raise InclusionError("a hash is not 32 bytes long")
    digest, tag = _node_digest(suite), suite.node_tag
    computed = leaf
    for (_, position), sibling in zip(siblings, path, strict=True):
        computed = digest(tag + (computed + sibling if position & 1 else sibling + computed))
    if computed != root:
        raise InclusionError(f"path leads to {computed.hex()}, not to the trusted root")


def verify_consistency(
    *,
    old_size: TreeSize,
    new_size: TreeSize,
    old_root: Digest,
    new_root: Digest,
    path: Sequence[Digest],
    suite: Suite = SUITE,
) -> None:
    """Check that the new tree begins with all leaves of the old one, in the same order.

    Args:
        old_size: From the checkpoint trusted so far, 0 <= old_size <= new_size.
        new_size: From the signed checkpoint on offer: a path alone does not fix it.
        old_root: Of the checkpoint trusted so far, 32 bytes.
        new_root: Of the signed checkpoint on offer, 32 bytes. Nothing is said of it if old_size
            is 0, since every tree extends the empty one.
        path: 32 bytes each; their number is fixed by the sizes, at most 64, none if old_size is
            0 or the sizes are equal.
        suite: Hash function and tags.

    Raises:
        VerificationError: A smaller new size, wrong number of hashes, a hash of another length,
            or another root than one of the two.

    Spec: RFC 9162 section 2.1.4.2. Cost: two hashes for each hash of the path.
    """
    if not 0 <= old_size <= new_size < _SIZE_LIMIT:
        raise VerificationError(f"a tree of {new_size} does not extend one of {old_size}")
    subtrees = consistency_subtrees(old_size, new_size)
    if len(path) != len(subtrees):
        raise VerificationError(f"path has {len(path)} hashes, not the number these sizes need")
    if any(len(digest) != DIGEST_BYTES for digest in (old_root, new_root, *path)):
        raise VerificationError("a hash is not 32 bytes long")
    if old_size == 0 and old_root != suite.digest(b""):
        raise VerificationError("the old size is 0, but the old root is not the empty tree's")
    if old_size == new_size and old_root != new_root:
        raise VerificationError(f"two roots for the one size {old_size}")
    if path:
        steps = list(zip(subtrees, path, strict=True))
        is_perfect = old_size.bit_count() == 1
        start = old_root if is_perfect else steps.pop(0)[1]
        if _fold_both(start, steps, suite) != (old_root, new_root):
            raise VerificationError("path does not lead to both the old and the new root")


def _fold_both(
    start: Digest, siblings: Sequence[tuple[Subtree, Digest]], suite: Suite
) -> tuple[Digest, Digest]:
    """Roots of the old and of the new tree; what is on the right came after the old one."""
    digest, tag = _node_digest(suite), suite.node_tag
    old = new = start
    for (_, position), sibling in siblings:
        if position & 1:
            new = digest(tag + new + sibling)
        else:
            old, new = digest(tag + sibling + old), digest(tag + sibling + new)
    return old, new


def _parts(subtree: Subtree, size: int) -> tuple[NodeId, ...]:
    """Perfect subtrees that a subtree consists of as far as a tree of this size fills it."""
    level, index = subtree
    return _cover(index << level, min((index + 1) << level, size))


def _cover(start: int, stop: int) -> tuple[NodeId, ...]:
    """Maximal perfect subtrees of D[start:stop], left to right.

    The start is a multiple of the largest power of two up to the length.
    """
    nodes: list[NodeId] = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        nodes.append(NodeId(level, start >> level))
        start += 1 << level
    return tuple(nodes)


def _fold(nodes: Sequence[Digest], suite: Suite) -> Digest:
    """Root over neighbouring perfect subtrees that shrink from left to right, at least one."""
    digest, tag = _node_digest(suite), suite.node_tag
    *lefts, node = nodes
    for left in reversed(lefts):
        node = digest(tag + left + node)
    return node


def _read_path(
    reader: NodeReader, siblings: Sequence[Sequence[NodeId]], suite: Suite
) -> tuple[Digest, ...]:
    nodes = [node for parts in siblings for node in parts]
    hashes = reader.read_nodes(nodes)
    if len(hashes) != len(nodes):
        raise AssertionError("a node reader gives one hash for each node asked")
    each = iter(hashes)
    return tuple(_fold([next(each) for _ in parts], suite) for parts in siblings)


def _node_digest(suite: Suite) -> Callable[[bytes], Digest]:
    """The suite's function, typed once: a call of Digest for each node would cost a tenth."""
    return cast("Callable[[bytes], Digest]", suite.digest)

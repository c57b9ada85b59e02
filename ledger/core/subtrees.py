"""Which subtrees of a log tree the hashes of a proof stand for (RFC 9162 sections 2.1.3 and 2.1.4).

A subtree is (level, index): of 2**level leaves, or of those that the tree has there. Of no hash is
anything said.
"""

from typing import TypeAlias

Subtree: TypeAlias = tuple[int, int]


def siblings_of(node: int, level: int, size: int) -> list[Subtree]:
    """Siblings on the way from a node to the root, as (level, index), upwards.

    An even index is a perfect subtree on the left; an odd one is on the right and may be ragged.

    Spec: the walk of RFC 9162 sections 2.1.3.2 and 2.1.4.2, with fn = node and sn = last.
    """
    last = (size - 1) >> level
    siblings: list[Subtree] = []
    while last:
        if node & 1 or node < last:  # else at the right edge of a level without a sibling
            siblings.append((level, node ^ 1))
        node, last, level = node >> 1, last >> 1, level + 1
    return siblings


def consistency_subtrees(old: int, new: int) -> list[Subtree]:
    """What the hashes of a consistency proof stand for, 0 <= old <= new.

    The siblings above the old tree's last maximal perfect subtree, and before them this one
    itself, unless it is the whole old tree, whose root the verifier has.
    """
    if old in {0, new}:
        return []
    level = (old & -old).bit_length() - 1
    node = (old - 1) >> level
    return [(level, node)] * (node > 0) + siblings_of(node, level, new)

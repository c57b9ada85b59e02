"""The log tree as RFC 6962 section 2.1 writes it: slow, recursive, one function for each formula.

`entries` is D[n], a sequence of leaf contents; names and letters are those of the RFC.
"""

from hashlib import sha256


def leaf_hash(entry):
    """MTH({d(0)}) = SHA-256(0x00 || d(0))."""
    return sha256(b"\x00" + entry).digest()


def mth(entries, leaf=leaf_hash):
    """MTH(D[n]), section 2.1; `leaf` may be another function, to start from leaf hashes."""
    n = len(entries)
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return leaf(entries[0])
    k = largest_power_of_two_below(n)
    return sha256(b"\x01" + mth(entries[:k], leaf) + mth(entries[k:], leaf)).digest()


def path(m, entries):
    """PATH(m, D[n]), section 2.1.1."""
    n = len(entries)
    if n == 1:
        return []
    k = largest_power_of_two_below(n)
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def proof(m, entries):
    """PROOF(m, D[n]) for 0 < m <= n, section 2.1.2."""
    return subproof(m, entries, True)


def subproof(m, entries, b):
    """SUBPROOF(m, D[n], b); b: the subtree is wholly in the old tree, whose root is known."""
    n = len(entries)
    if m == n:
        return [] if b else [mth(entries)]
    k = largest_power_of_two_below(n)
    if m <= k:
        return [*subproof(m, entries[:k], b), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def largest_power_of_two_below(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


class ReferenceNodes:
    """A node reader over leaf contents that counts its calls."""

    def __init__(self, entries):
        self.entries = entries
        self.calls = 0

    def read_nodes(self, nodes):
        self.calls += 1
        return [self._node(node.level, node.index) for node in nodes]

    def _node(self, level, index):
        start, stop = index << level, (index + 1) << level
        assert 0 <= start < stop <= len(self.entries), "only perfect subtrees of the log are stored"
        return mth(self.entries[start:stop])

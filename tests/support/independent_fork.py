"""Fork evidence once more, written from docs/adr/0025-fork-evidence.md alone, without the product.

The consistency proof is read by the recursion of RFC 9162 section 2.1.4.1, not by the algorithm of
section 2.1.4.2.
"""

from hashlib import sha256

from tests.support.independent_signed import b64, b64url, like, members, need, open_checkpoint


def check_fork(evidence, policy):
    """The two checkpoints by which a log of the policy signed two histories, smaller first.

    Args:
        evidence: The JSON object.
        policy: As `independent_signed.read_policy` gives it.
    """
    members(evidence, "first format prefix second", "fork evidence")
    need(evidence["format"] == "muniment/fork/v1", "format of fork evidence")
    logs_alone = {"logs": policy["logs"], "witnesses": {}, "groups": {}, "quorum": b"none"}
    first, second = (
        open_checkpoint(logs_alone, b64url(evidence[name])) for name in ("first", "second")
    )
    need(first["origin"] == second["origin"], "one log")
    need(1 <= first["size"] <= second["size"], "sizes in order")
    prefix = evidence["prefix"]
    if first["size"] == second["size"]:
        need(prefix is None and first["root"] != second["root"], "two roots of one size")
        return first, second
    members(prefix, "path root", "a prefix")
    root = bytes.fromhex(like("[0-9a-f]{64}", prefix["root"], "the root of a prefix"))
    need(root != first["root"], "another beginning")
    need(isinstance(prefix["path"], list) and len(prefix["path"]) <= 126, "a path")
    path = [b64(one) if isinstance(one, str) else None for one in prefix["path"]]
    need(all(one is not None and len(one) == 32 for one in path), "hashes of a path")
    roots = subproof(first["size"], second["size"], path, root, is_whole=True)
    need(roots == (root, second["root"]), "a prefix of the larger tree")
    return first, second


def subproof(m, n, path, old_root, *, is_whole):
    """Roots of the first m and of all n leaves of a subtree, as its proof names them."""
    if m == n:
        need(len(path) == (not is_whole), "length of the path")
        return (old_root if is_whole else path[0],) * 2
    need(path != [], "length of the path")
    k = 1 << (n - 1).bit_length() - 1
    *rest, top = path
    if m <= k:
        old, new = subproof(m, k, rest, old_root, is_whole=is_whole)
        return old, parent(new, top)
    old, new = subproof(m - k, n - k, rest, old_root, is_whole=False)
    return parent(top, old), parent(top, new)


def parent(left, right):
    return sha256(b"\x01" + left + right).digest()

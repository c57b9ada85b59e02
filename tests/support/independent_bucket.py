"""Buckets once more, written from docs/adr/0026-buckets.md alone, without the product.

Receipts and checkpoints are read by the other independent readers.
"""

from hashlib import sha256
from itertools import pairwise

from tests.support.independent_signed import b64url, like, members, need
from tests.support.independent_verifier import MINUTE, check_receipt

EMPTY = bytes(32)
MOST = 65_536


def bits(key):
    return "".join(f"{byte:08b}" for byte in key)


def inner_hash(left, right):
    return sha256(b"\3" + left + right).digest()


def split(leaves, depth):
    left, right = {}, {}
    for key, value in leaves.items():
        (right if key[depth // 8] >> 7 - depth % 8 & 1 else left)[key] = value
    return left, right


def build(leaves, depth):
    """Node over leaves that agree on their first `depth` bits."""
    if len(leaves) > 1:
        left, right = split(leaves, depth)
        return inner_hash(build(left, depth + 1), build(right, depth + 1))
    return next((sha256(b"\2" + key + value).digest() for key, value in leaves.items()), EMPTY)


def check_bucket(bucket, opened, *, newest=None):
    """Key hash to value hash of what a bucket holds at the end of its prefix's way, once it holds.

    Args:
        bucket: The JSON object.
        opened: Its checkpoint, opened by a policy.
        newest: Time of the newest cosignature in milliseconds, or None.
    """
    members(bucket, "format leaves prefix seal siblings", "a bucket")
    need(bucket["format"] == "muniment/bucket/v1", "format of a bucket")
    like("[0-9a-f]{0,64}", bucket["prefix"], "prefix")
    note = bucket["seal"]["proof"].partition("\n\n")[2]
    leaf, index = check_receipt(bucket["seal"], opened, note)
    need("seal" in leaf and index == opened["size"] - 1, "the last leaf is the seal")
    need(newest is None or leaf["seal"]["time"] <= newest + 5 * MINUTE, "a seal from the future")
    leaves, siblings = read_leaves(bucket["leaves"]), read_siblings(bucket["siblings"])
    way = "".join(f"{int(digit, 16):04b}" for digit in bucket["prefix"])
    depth = len(siblings)
    need(depth <= len(way), "deeper than the prefix")
    need(depth == len(way) or len(leaves) <= 1, "several leaves above the end of the prefix")
    need(len(leaves) > 1 or not siblings or siblings[-1] != EMPTY, "an end that belongs higher up")
    need(all(bits(key)[:depth] == way[:depth] for key in leaves), "a leaf beside the way")
    sealed = leaf["seal"]["state"]
    need(len(leaves) <= sealed["size"], "more subjects than the seal counts")
    need(depth or len(leaves) == sealed["size"], "other subjects than the seal counts")
    node = build(leaves, depth)
    for turn, beside in reversed(list(zip(way, siblings, strict=False))):
        node = inner_hash(node, beside) if turn == "0" else inner_hash(beside, node)
    need(node.hex() == sealed["root"], "another root")
    return leaves


def read_leaves(text):
    """Leaves of 64 bytes, ascending by key hash."""
    data = b64url(text)
    need(len(data) % 64 == 0 and len(data) <= 64 * MOST, "leaves of 64 bytes")
    keys = [data[at : at + 32] for at in range(0, len(data), 64)]
    need(all(one < other for one, other in pairwise(keys)), "leaves that do not ascend")
    return {key: data[64 * n + 32 : 64 * n + 64] for n, key in enumerate(keys)}


def read_siblings(text):
    """Siblings from the root down, zeros for an empty one."""
    data = b64url(text)
    need(len(data) >= 2, "siblings")
    depth = int.from_bytes(data[:2], "big")
    width = (depth + 7) // 8
    marks, rest = data[2 : 2 + width], data[2 + width :]
    need(depth <= 256 and len(marks) == width, "depth of the siblings")
    there = [marks[i // 8] >> i % 8 & 1 for i in range(8 * width)]
    need(not any(there[depth:]), "spare bits")
    written = [rest[at : at + 32] for at in range(0, len(rest), 32)]
    need(len(rest) == 32 * sum(there) and EMPTY not in written, "siblings")
    left = iter(written)
    return [next(left) if one else EMPTY for one in there[:depth]]


def find(bucket_leaves, prefix, key):
    """Value hash of a key, or None; the key has to begin with the prefix."""
    need(key.hex().startswith(prefix), "a key of another bucket")
    return bucket_leaves.get(key)


def cut(leaves, prefix):
    """Leaves at the end of a prefix's way, and the siblings beside it from the root down."""
    way, siblings = "".join(f"{int(digit, 16):04b}" for digit in prefix), []
    for depth, turn in enumerate(way):
        if len(leaves) <= 1:
            break
        left, right = split(leaves, depth)
        leaves, beside = (left, right) if turn == "0" else (right, left)
        siblings.append(build(beside, depth + 1))
    return leaves, siblings


def write_siblings(siblings):
    """Depth, bitmap and the siblings that are there."""
    bitmap = sum(1 << i for i, one in enumerate(siblings) if one != EMPTY)
    head = len(siblings).to_bytes(2, "big") + bitmap.to_bytes((len(siblings) + 7) // 8, "little")
    return head + b"".join(one for one in siblings if one != EMPTY)

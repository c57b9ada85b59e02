"""The state map once more, deliberately slow: recursion straight from our formats, section 6.

Shares no code with the product. A map is a dict of key hash to value hash.
"""

import io
from functools import cache
from hashlib import sha256

EMPTY = bytes(32)


def build(leaves, depth=0):
    """Root of the leaves that agree on their first `depth` bits."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaf_hash(*next(iter(leaves.items())))
    left, right = split(leaves, depth)
    left_hash, right_hash = build(left, depth + 1), build(right, depth + 1)
    if left_hash == EMPTY and len(right) <= 1:
        return right_hash
    if right_hash == EMPTY and len(left) <= 1:
        return left_hash
    return inner_hash(left_hash, right_hash)


def prove(leaves, key):
    """Proof bytes for a key, whether the map holds it or not."""
    siblings, terminal = descend(leaves, key, 0)
    marks = "".join("0" if sibling == EMPTY else "1" for sibling in siblings)
    bitmap = bytes(int(marks[i : i + 8][::-1], 2) for i in range(0, len(marks), 8))
    written = b"".join(sibling for sibling in siblings if sibling != EMPTY)
    return len(siblings).to_bytes(2, "big") + bitmap + written + terminal


def verify(root, key, value, proof):
    """Whether the proof shows that the map holds this value, or with None that it holds none."""
    try:
        depth, siblings, terminal = read_proof(proof)
    except ValueError:
        return False
    if terminal is not None:
        if bits(terminal[0])[:depth] != bits(key)[:depth]:
            return False
        if depth > 0 and siblings[-1] == EMPTY:
            return False
    there = terminal is not None and terminal[0] == key
    if value is None and there:
        return False
    if value is not None and not (there and terminal[1] == value):
        return False

    def climb(at):
        if at == depth:
            return EMPTY if terminal is None else leaf_hash(*terminal)
        if bits(key)[at] == "0":
            return inner_hash(climb(at + 1), siblings[at])
        return inner_hash(siblings[at], climb(at + 1))

    return climb(0) == root


def read_proof(proof):
    """Depth, siblings with EMPTY where none is written, and None or (key hash, value hash)."""
    stream = io.BytesIO(proof)

    def take(count):
        part = stream.read(count)
        if len(part) != count:
            raise ValueError("too short")
        return part

    depth = int.from_bytes(take(2), "big")
    if depth > 256:
        raise ValueError("too deep")
    marks = "".join(f"{byte:08b}"[::-1] for byte in take(-(-depth // 8)))
    if "1" in marks[depth:]:
        raise ValueError("spare bits")
    siblings = [take(32) if mark == "1" else None for mark in marks[:depth]]
    if EMPTY in siblings:
        raise ValueError("an empty sibling is written out")
    kind = take(1)
    if kind not in {b"\x00", b"\x01"}:
        raise ValueError("unknown terminal")
    terminal = (take(32), take(32)) if kind == b"\x01" else None
    if stream.read():
        raise ValueError("too long")
    return depth, [EMPTY if sibling is None else sibling for sibling in siblings], terminal


def descend(leaves, key, depth):
    if not leaves:
        return [], b"\x00"
    if len(leaves) == 1:
        ((only_key, only_value),) = leaves.items()
        return [], b"\x01" + only_key + only_value
    left, right = split(leaves, depth)
    if bits(key)[depth] == "0":
        siblings, terminal = descend(left, key, depth + 1)
        return [build(right, depth + 1), *siblings], terminal
    siblings, terminal = descend(right, key, depth + 1)
    return [build(left, depth + 1), *siblings], terminal


def split(leaves, depth):
    left = {key: value for key, value in leaves.items() if bits(key)[depth] == "0"}
    right = {key: value for key, value in leaves.items() if bits(key)[depth] == "1"}
    return left, right


@cache
def bits(key):
    return "".join(f"{byte:08b}" for byte in key)


def leaf_hash(key, value):
    return sha256(b"\x02" + key + value).digest()


def inner_hash(left, right):
    return sha256(b"\x03" + left + right).digest()

"""Proofs of the state map: honest ones hold, mangled ones and lies about the shape do not."""

from dataclasses import dataclass, replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.limits import MAX_MAP_PROOF_BYTES
from ledger.core.mappages import hash_map_inner, hash_map_leaf
from ledger.core.statemap import verify_map_proof
from ledger.core.types import Digest
from ledger.errors import MapProofError
from tests.support import reference_map
from tests.support.memory_map import MemoryMap

EMPTY = bytes(32)


def digest(text):
    return Digest(sha256(str(text).encode()).digest())


def at(bits, tail="tail"):
    """A key that starts with these bits."""
    rest = "".join(f"{byte:08b}" for byte in digest(tail))[len(bits) :]
    return Digest(int(bits + rest, 2).to_bytes(32, "big"))


# some keys at random, three close together far down, so that siblings are empty on the way
CONTENT = {digest(n): digest(-n) for n in range(9)} | {
    at("110" + "0" * 20 + ending): digest(ending) for ending in ("000", "001", "10")
}
MEMBER, DEEP_MEMBER = digest(3), at("110" + "0" * 20 + "001")
BESIDE_A_LEAF = at("110" + "0" * 20 + "10", "another tail")
NOTHING_THERE = at("110" + "0" * 10 + "1")


@dataclass(frozen=True)
class Parts:
    depth: int
    bitmap: int
    siblings: tuple[bytes, ...]
    terminal: bytes

    def pack(self):
        bitmap = self.bitmap.to_bytes((self.depth + 7) // 8, "little")
        return self.depth.to_bytes(2, "big") + bitmap + b"".join(self.siblings) + self.terminal


def unpack(proof):
    depth, siblings, terminal = reference_map.read_proof(proof)
    bitmap = sum(1 << bit for bit in range(depth) if siblings[bit] != EMPTY)
    present = tuple(sibling for sibling in siblings if sibling != EMPTY)
    return Parts(
        depth, bitmap, present, b"\x00" if terminal is None else b"\x01" + b"".join(terminal)
    )


def honest_cases():
    kept = MemoryMap()
    kept.set(CONTENT)
    root = kept.root.root
    for key in (MEMBER, DEEP_MEMBER, BESIDE_A_LEAF, NOTHING_THERE):
        yield {
            "root": root,
            "key_hash": key,
            "value_hash": CONTENT.get(key),
            "proof": kept.prove(key),
        }


HONEST = list(honest_cases())


def is_accepted(case):
    try:
        verify_map_proof(**case)
    except MapProofError:
        return False
    return True


def agrees(case):
    """Whether the reference says the same, and what."""
    accepted = is_accepted(case)
    assert accepted == reference_map.verify(
        case["root"], case["key_hash"], case["value_hash"], case["proof"]
    )
    return accepted


def test_the_examples_cover_every_kind_of_end():
    parts = [unpack(case["proof"]) for case in HONEST]
    assert [part.terminal[0] for part in parts] == [1, 1, 1, 0]
    assert [case["value_hash"] is None for case in HONEST] == [False, False, True, True]
    assert parts[1].depth > 24 > parts[1].bitmap.bit_count(), "some siblings are empty"
    assert all(agrees(case) for case in HONEST)
    for case in HONEST:
        assert case["proof"] == reference_map.prove(CONTENT, case["key_hash"])


def flip(data, bit):
    return (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big")


def write_out_an_empty_sibling(parts):
    for bit in range(parts.depth):
        if not parts.bitmap >> bit & 1:
            before = (parts.bitmap & (1 << bit) - 1).bit_count()
            siblings = (*parts.siblings[:before], EMPTY, *parts.siblings[before:])
            return replace(parts, bitmap=parts.bitmap | 1 << bit, siblings=siblings)
    return parts


MANGLINGS = {
    "spare bit": lambda p: replace(p, bitmap=p.bitmap | 1 << p.depth) if p.depth % 8 else p,
    "trailing byte": lambda p: replace(p, terminal=p.terminal + b"\x00"),
    "trailing terminal": lambda p: replace(p, terminal=p.terminal + p.terminal),
    "empty sibling written out": write_out_an_empty_sibling,
    "one level deeper": lambda p: replace(p, depth=p.depth + 1),
    "one level deeper beside itself": lambda p: replace(
        p, depth=p.depth + 1, bitmap=p.bitmap | 1 << p.depth, siblings=(*p.siblings, p.siblings[-1])
    ),
    "one level higher": lambda p: replace(
        p, depth=p.depth - 1, bitmap=p.bitmap & ~(1 << p.depth - 1), siblings=p.siblings[:-1]
    ),
    "deeper than a key": lambda p: replace(p, depth=257),
    "much deeper than a key": lambda p: replace(p, depth=0xFFFF),
    "no depth": lambda p: replace(p, depth=0, bitmap=0, siblings=()),
    "siblings upside down": lambda p: replace(p, siblings=p.siblings[::-1]),
    "sibling missing": lambda p: replace(p, siblings=p.siblings[1:]),
    "sibling twice": lambda p: replace(p, siblings=(p.siblings[0], *p.siblings)),
    "sibling of the depth below": lambda p: replace(p, depth=p.depth + 1, bitmap=p.bitmap << 1),
    "terminal missing": lambda p: replace(p, terminal=b""),
    "terminal of another kind": lambda p: replace(p, terminal=b"\x02" + p.terminal[1:]),
    "terminal without value": lambda p: replace(p, terminal=(p.terminal + bytes(64))[:33]),
    "nothing there instead of a leaf": lambda p: replace(p, terminal=b"\x00"),
    "a leaf of the asked key": lambda p: replace(p, terminal=b"\x01" + MEMBER + digest("lie")),
    "a leaf of another key": lambda p: replace(
        p, terminal=b"\x01" + digest(4) + CONTENT[digest(4)]
    ),
    "key and value swapped": lambda p: replace(
        p, terminal=p.terminal[:1] + p.terminal[33:] + p.terminal[1:33]
    ),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_every_mangled_proof_is_refused(name):
    tried = 0
    for case in HONEST:
        proof = MANGLINGS[name](unpack(case["proof"])).pack()
        if proof != case["proof"]:
            tried += 1
            assert not agrees(case | {"proof": proof})
    assert tried


@pytest.mark.parametrize("case", HONEST, ids=range(4))
def test_every_truncation_is_refused(case):
    for length in range(len(case["proof"])):
        assert not agrees(case | {"proof": case["proof"][:length]})


@pytest.mark.parametrize("case", HONEST, ids=range(4))
def test_every_single_flipped_bit_is_refused(case):
    for bit in range(8 * len(case["proof"])):
        assert not agrees(case | {"proof": flip(case["proof"], bit)})


CLAIMS = {
    "root": lambda case: case | {"root": flip(case["root"], 0)},
    "root of nothing": lambda case: case | {"root": EMPTY},
    "first bit of the key": lambda case: case | {"key_hash": flip(case["key_hash"], 255)},
    "last bit of the key": lambda case: (
        case
        | {"key_hash": flip(case["key_hash"], 0), "value_hash": case["value_hash"] or digest("lie")}
    ),
    "value": lambda case: case | {"value_hash": flip(case["value_hash"] or EMPTY, 0)},
    "absent for present": lambda case: (
        case | {"value_hash": None if case["value_hash"] else digest("lie")}
    ),
    "value of the leaf at the end": lambda case: (
        case | {"value_hash": EMPTY if case["value_hash"] else case["proof"][-32:]}
    ),
    "proof of another key": lambda case: case | {"proof": HONEST[HONEST.index(case) - 1]["proof"]},
}


@pytest.mark.parametrize("name", CLAIMS)
def test_an_honest_proof_shows_nothing_else(name):
    for case in HONEST:
        assert not agrees(CLAIMS[name](case))


LENGTHS = {
    "short root": {"root": bytes(31)},
    "long key": {"key_hash": bytes(33)},
    "short value": {"value_hash": bytes(31)},
    "no value at all": {"value_hash": b""},
}


@pytest.mark.parametrize("change", LENGTHS.values(), ids=LENGTHS)
def test_a_hash_of_another_length_is_refused(change):
    with pytest.raises(MapProofError, match="32 bytes"):
        verify_map_proof(**(HONEST[0] | change))


def test_a_proof_over_the_limit_is_refused_unread():
    with pytest.raises(MapProofError, match="bytes, not 8292"):
        verify_map_proof(**(HONEST[0] | {"proof": bytes(MAX_MAP_PROOF_BYTES + 1)}))


def fold(key, siblings, node):
    for depth in range(len(siblings) - 1, -1, -1):
        is_right = key[depth // 8] >> 7 - depth % 8 & 1
        pair = (siblings[depth], node) if is_right else (node, siblings[depth])
        node = hash_map_inner(*pair)
    return node


KEY, VALUE = at("1010"), digest("value")
LEAF = hash_map_leaf(KEY, VALUE)
ELSEWHERE = at("0010")

# proof, the root to which it folds, the value it is said to show (None: absent), who refuses it
SHAPES = {
    "a leaf that is not on the way": (
        Parts(1, 1, (digest(0),), b"\x01" + ELSEWHERE + VALUE),
        fold(KEY, [digest(0)], hash_map_leaf(ELSEWHERE, VALUE)),
        None,
        "not on the way",
    ),
    "a leaf that is not on the way at its last bit": (
        Parts(4, 15, (digest(0),) * 4, b"\x01" + at("1011") + VALUE),
        fold(KEY, [digest(0)] * 4, hash_map_leaf(at("1011"), VALUE)),
        None,
        "not on the way",
    ),
    "a lone leaf below the shallowest place": (
        Parts(1, 0, (), b"\x01" + KEY + VALUE),
        fold(KEY, [EMPTY], LEAF),
        VALUE,
        "stands alone",
    ),
    "a lone leaf of another key below the shallowest place": (
        Parts(2, 1, (digest(0),), b"\x01" + at("1011") + VALUE),
        fold(KEY, [digest(0), EMPTY], hash_map_leaf(at("1011"), VALUE)),
        None,
        "stands alone",
    ),
    "an empty sibling written out": (
        Parts(2, 3, (EMPTY, digest(0)), b"\x01" + KEY + VALUE),
        fold(KEY, [EMPTY, digest(0)], LEAF),
        VALUE,
        "although it is empty",
    ),
    "spare bits": (
        Parts(1, 3, (digest(0), digest(1)), b"\x01" + KEY + VALUE),
        fold(KEY, [digest(0)], LEAF),
        VALUE,
        "spare bits",
    ),
    "deeper than keys are long": (
        Parts(257, 1 << 255 | 1 << 256, (digest(0), digest(1)), b"\x01" + KEY + VALUE),
        fold(KEY, [EMPTY] * 255 + [digest(0)], LEAF),
        VALUE,
        "no depth 257",
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_that_build_never_makes_is_refused_even_under_its_own_root(name):
    parts, root, value, message = SHAPES[name]
    case = {"root": root, "key_hash": KEY, "value_hash": value, "proof": parts.pack()}
    assert not agrees(case)
    with pytest.raises(MapProofError, match=message):
        verify_map_proof(**case)


def test_the_deepest_proof_has_exactly_the_largest_size():
    siblings = tuple(digest(n) for n in range(256))
    proof = Parts(256, 2**256 - 1, siblings, b"\x01" + KEY + VALUE).pack()
    assert len(proof) == MAX_MAP_PROOF_BYTES
    root = fold(KEY, siblings, LEAF)
    assert agrees({"root": root, "key_hash": KEY, "value_hash": VALUE, "proof": proof})


digests = st.binary(min_size=32, max_size=32)


@given(st.dictionaries(digests, digests, max_size=20), st.lists(digests, max_size=5))
def test_members_and_absences_are_proved_as_the_reference_does(content, others):
    kept = MemoryMap()
    kept.set(content)
    for key in [*content, *others, *(flip(key, 0) for key in content)]:
        proof = kept.prove(key)
        assert proof == reference_map.prove(content, key)
        case = {"root": kept.root.root, "key_hash": key, "proof": proof}
        assert agrees(case | {"value_hash": content.get(key)})
        assert not agrees(case | {"value_hash": None if key in content else digest("lie")})


@settings(max_examples=300)
@given(st.sampled_from(HONEST), st.data())
def test_both_verifiers_agree_on_proofs_changed_at_random(case, data):
    proof = bytearray(case["proof"])
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(proof)))
        stop = data.draw(st.integers(start, min(len(proof), start + 40)))
        proof[start:stop] = data.draw(st.binary(max_size=40))
    assert agrees(case | {"proof": bytes(proof)}) == (proof == case["proof"])


@given(st.binary(max_size=200), st.none() | digests)
def test_any_bytes_are_refused_with_one_error(proof, value):
    is_honest = value is None and proof == reference_map.prove({}, MEMBER)
    case = {"root": EMPTY, "key_hash": MEMBER, "value_hash": value, "proof": proof}
    assert agrees(case) == is_honest


def test_nothing_beside_nothing_has_a_proof_though_build_never_makes_it():
    root = hash_map_inner(EMPTY, EMPTY)
    proof = b"\x00\x01\x00\x00"
    assert agrees({"root": root, "key_hash": KEY, "value_hash": None, "proof": proof})

"""The state map under other projects' tags gives the answers that those projects publish."""

from dataclasses import replace
from hashlib import sha256

import pytest

from ledger.core.hashing import SUITE
from ledger.core.mapproof import encode_map_proof, verify_map_proof
from ledger.core.types import Digest
from ledger.errors import MapProofError
from tests.support.memory_map import MemoryMap
from tests.support.shared import VECTORS, cases, load_vectors

JMT = replace(
    SUITE,
    map_leaf_tag=b"JMT::LeafNode",
    map_inner_tag=b"JMT::IntrnalNode",
    map_empty=Digest(b"SPARSE_MERKLE_PLACEHOLDER_HASH__"),
)


@pytest.mark.shared
@pytest.mark.parametrize(
    "case", cases("jmt/sha2_256_vectors.json", lambda loaded: loaded["vectors"])
)
def test_jellyfish_merkle_tree_vectors_give_their_roots(case):
    content = {
        sha256(bytes.fromhex(pair["key"])).digest(): sha256(bytes.fromhex(pair["value"])).digest()
        for pair in case["data"]
    }
    kept = MemoryMap(JMT)
    kept.set(content)
    assert kept.root.root.hex() == case["expected_root"]
    for key in [*content, sha256(b"absent").digest()]:
        proof = kept.prove(key)
        verify_map_proof(
            root=kept.root.root, key_hash=key, value_hash=content.get(key), proof=proof, suite=JMT
        )


ICS23 = replace(SUITE, map_leaf_tag=b"\x00", map_inner_tag=b"\x01")


def fields(message):
    """Protobuf fields of a message: pairs of number and either an integer or bytes."""
    at = 0

    def varint():
        nonlocal at
        number = shift = 0
        while True:
            byte = message[at]
            at += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number

    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
        else:
            assert tag & 7 == 2
            length = varint()
            yield tag >> 3, message[at : at + length]
            at += length


def existence_proofs(proof):
    """Existence proofs in an ics23 CommitmentProof: itself, or the neighbours of a missing key."""
    for number, part in fields(bytes.fromhex(proof)):
        if number == 1:
            yield part
        else:
            assert number == 2
            yield from (part for number, part in fields(part) if number in {2, 3})


def to_map_proof(existence):
    """Key hash, value hash and our proof bytes of an ics23 ExistenceProof of a sparse tree."""
    parsed = list(fields(existence))
    (key,), (value,), (leaf_op,) = ([part for n, part in parsed if n == want] for want in (1, 2, 3))
    # SHA-256 over key and value, both hashed with SHA-256 before, no length prefixes
    assert dict(fields(leaf_op)) == {1: 1, 2: 1, 3: 1, 5: ICS23.map_leaf_tag}
    key_hash, value_hash = sha256(key).digest(), sha256(value).digest()
    siblings = []
    for op in reversed([dict(fields(part)) for n, part in parsed if n == 4]):
        depth = len(siblings)
        is_right = key_hash[depth // 8] >> 7 - depth % 8 & 1
        assert op[1] == 1
        assert op[2][:1] == ICS23.map_inner_tag
        siblings.append(op[2][1:] if is_right else op[3])
        assert len(op[2][1:] + op.get(3, b"")) == 32
    return key_hash, value_hash, encode_map_proof(siblings, key_hash + value_hash, ICS23)


ICS23_FILES = sorted(path.name for path in (VECTORS / "ics23-smt").glob("*.json"))


@pytest.mark.shared
@pytest.mark.parametrize("name", ICS23_FILES)
def test_ics23_existence_proofs_verify_under_their_tags(name):
    loaded = load_vectors(f"ics23-smt/{name}")
    existences = list(existence_proofs(loaded["proof"]))
    assert existences
    for existence in existences:
        key_hash, value_hash, proof = to_map_proof(existence)
        case = {"root": bytes.fromhex(loaded["root"]), "key_hash": key_hash, "proof": proof}
        verify_map_proof(**case, value_hash=value_hash, suite=ICS23)
        for wrong in (
            {"suite": SUITE, "value_hash": value_hash},
            {"suite": ICS23, "value_hash": None},
        ):
            with pytest.raises(MapProofError):
                verify_map_proof(**case, **wrong)


@pytest.mark.shared
def test_there_are_seven_ics23_existence_proofs():
    proofs = [load_vectors(f"ics23-smt/{name}")["proof"] for name in ICS23_FILES]
    assert sum(len(list(existence_proofs(proof))) for proof in proofs) == 7

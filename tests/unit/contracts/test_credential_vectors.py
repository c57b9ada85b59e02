"""Known answers of W3C Data Integrity EdDSA Cryptosuites, through the code that ships.

The proof sets and chains there use another canonicalization (`eddsa-rdfc-2022`), so that of them
only the hashing steps run here, and the reader refuses them.
"""

from hashlib import sha256

import base58
import pytest
import rfc8785
from nacl.signing import SigningKey

from contracts.credential import hash_proof, parse_credential
from ledger.core.canonical import encode_credential
from ledger.core.ed25519 import verify_ed25519
from ledger.core.text import parse_did_key
from ledger.errors import MalformedError, SignatureError
from tests.support.shared import VECTORS, cases, load_vectors

pytestmark = pytest.mark.shared
FOLDER = "vc-di-eddsa"
PROOFS = f"{FOLDER}/proof-set-chain"


def text(name):
    return (VECTORS / FOLDER / "eddsa-jcs-2022" / f"{name}.txt").read_text("utf-8")


def jcs(name):
    return load_vectors(f"{FOLDER}/eddsa-jcs-2022/{name}.json")


@pytest.fixture
def unsigned():
    return load_vectors(f"{FOLDER}/unsigned.json")


def test_document_and_proof_are_canonical_as_written(unsigned):
    assert encode_credential(unsigned).decode() == text("canonDocJCS")
    assert encode_credential(jcs("proofConfigJCS")).decode() == text("proofCanonJCS")


def test_the_hashes_are_those_of_the_proof_and_then_of_the_document(unsigned):
    combined = hash_proof(unsigned, jcs("proofConfigJCS"))
    assert combined.hex() == text("combinedHashJCS")
    assert combined[:32].hex() == text("proofHashJCS")
    assert combined[32:].hex() == text("docHashJCS")


def test_the_signature_is_made_and_verified(unsigned):
    pair = load_vectors(f"{FOLDER}/keyPair.json")
    seed = base58.b58decode(pair["privateKeyMultibase"][1:])
    assert seed[:2] == b"\x80\x26"
    combined = hash_proof(unsigned, jcs("proofConfigJCS"))
    signature = SigningKey(seed[2:]).sign(combined).signature
    assert signature.hex() == text("sigHexJCS")
    assert "z" + base58.b58encode(signature).decode() == text("sigBTC58JCS")
    key = parse_did_key(f"did:key:{pair['publicKeyMultibase']}")
    verify_ed25519(public_key=key, message=combined, signature=signature)
    with pytest.raises(SignatureError):
        other = combined[32:] + combined[:32]
        verify_ed25519(public_key=key, message=other, signature=signature)


def test_the_signed_document_is_taken_apart_to_the_same_hashes(unsigned):
    signed = jcs("signedJCS")
    proof = signed.pop("proof")
    assert proof.pop("proofValue") == text("sigBTC58JCS")
    assert (signed, proof) == (unsigned, jcs("proofConfigJCS"))
    assert hash_proof(signed, proof).hex() == text("combinedHashJCS")


SETS = {
    "proofSetConfig1": "unsigned",
    "proofSetConfig2": "unsigned",
    "proofChainConfig1": "proofChainTempDoc1",
    "proofChainConfig2": "proofChainTempDoc2",
}


@pytest.mark.parametrize("name", SETS)
def test_proofs_of_sets_and_chains_are_hashed_over_what_they_are_about(name):
    config, document = (load_vectors(f"{PROOFS}/{each}.json") for each in (name, SETS[name]))
    combined = hash_proof(document, config)
    assert combined[:32] == sha256(rfc8785.dumps(config)).digest()
    assert combined[32:] == sha256(rfc8785.dumps(document)).digest()
    if SETS[name] == "unsigned":
        assert combined[32:].hex() == text("docHashJCS")


def test_a_chain_hashes_the_earlier_proofs_with_the_document(unsigned):
    for name in ("proofChainTempDoc1", "proofChainTempDoc2"):
        document = load_vectors(f"{PROOFS}/{name}.json")
        assert {k: v for k, v in document.items() if k != "proof"} == unsigned
        assert hash_proof(document, {}) != hash_proof(unsigned, {})


SIGNED = ("signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2")


@pytest.mark.parametrize("name", SIGNED)
def test_sets_and_chains_of_proofs_are_no_voucher_credentials(name):
    with pytest.raises(MalformedError):
        parse_credential(load_vectors(f"{PROOFS}/{name}.json"))


def test_a_credential_of_another_kind_is_no_voucher_credential():
    with pytest.raises(MalformedError):
        parse_credential(jcs("signedJCS"))


@pytest.mark.parametrize("pair", cases(f"{PROOFS}/multiKeyPairs.json", lambda keys: keys.values()))
def test_the_keys_of_the_sets_are_keys_that_we_read(pair):
    seed = base58.b58decode(pair["privateKeyMultibase"][1:])[2:]
    public = parse_did_key(f"did:key:{pair['publicKeyMultibase']}")
    assert bytes(SigningKey(seed).verify_key) == public

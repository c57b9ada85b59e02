from dataclasses import astuple

import pytest
from nacl.exceptions import BadSignatureError

from ledger.core import ed25519
from ledger.core.ed25519 import check_library, verify_ed25519
from ledger.errors import CorruptionError, SignatureError
from tests.support import ed25519_reference as reference
from tests.support.ed25519_reference import Rule
from tests.support.shared import cases

# Numbers of the vectors of C2SP CCTV that libsodium 1.0.18 to 1.0.22 accepts.
ACCEPTED_OF_CCTV = {
    7, 29, 50, 117, 139, 161, 182, 249, 305, 411, 425, 438, 465, 473, 481, 489, 497, 511, 525, 538, 565, 573,
    581, 589, 597, 611, 625, 638, 665, 673, 681, 689, 697, 711, 725, 738, 765, 773, 781, 789, 797, 832, 899,
}  # fmt: skip
CCTV = cases("cctv-ed25519/ed25519vectors.json", lambda loaded: loaded)
EDGES = {edge[0]: edge for edge in reference.edge_cases()}
LAXITIES = {
    "a residue of small order": Rule(cofactored=True),
    "S not below L": Rule(bounds_s=False),
    "an A of order 8": Rule(refuses_small_a=False),
    "an A that is the identity": Rule(refuses_small_a=False),
    "a non-canonical A, y >= p": Rule(refuses_small_a=False, canonical_a=False),
    "a non-canonical A, x = -0": Rule(refuses_small_a=False, canonical_a=False),
    "an R that is the identity": Rule(refuses_small_r=False),
    "an R of order 8": Rule(refuses_small_r=False),
    "a non-canonical R, y >= p": Rule(refuses_small_r=False, canonical_r=False),
    "a non-canonical R, x = -0": Rule(refuses_small_r=False, canonical_r=False),
}
# RFC 8032 section 7.1, TEST 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC_KEY = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
MESSAGE = b"\x72"
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def is_accepted(public_key, message, signature):
    try:
        verify_ed25519(public_key=public_key, message=message, signature=signature)
    except SignatureError:
        return False
    return True


def library_of(rule):
    """A stand-in for libsodium that follows another rule."""

    def crypto_sign_open(signed, public_key):
        if not reference.is_valid(public_key, signed[64:], signed[:64], rule):
            raise BadSignatureError
        return signed[64:]

    return crypto_sign_open


def test_the_signature_of_the_rfc_is_accepted():
    verify_ed25519(public_key=PUBLIC_KEY, message=MESSAGE, signature=SIGNATURE)


def test_the_reference_makes_the_signature_of_the_rfc():
    assert reference.public_key_of(SEED) == PUBLIC_KEY
    assert reference.sign(SEED, MESSAGE) == SIGNATURE


def flip(data, bit):
    return bytes(byte ^ (1 << bit % 8 if i == bit // 8 else 0) for i, byte in enumerate(data))


MANGLINGS = {
    "another message": lambda key, message, sig: (key, b"\x73", sig),
    "no message": lambda key, message, sig: (key, b"", sig),
    "a longer message": lambda key, message, sig: (key, message + b"\0", sig),
    "R and S swapped": lambda key, message, sig: (key, message, sig[32:] + sig[:32]),
    "a signature of 63 bytes": lambda key, message, sig: (key, message, sig[:63]),
    "a signature of 65 bytes": lambda key, message, sig: (key, message, sig + b"\0"),
    "no signature": lambda key, message, sig: (key, message, b""),
    "a byte moved from signature to message": lambda k, m, sig: (k, sig[63:] + m, sig[:63]),
    "a key of 31 bytes": lambda key, message, sig: (key[:31], message, sig),
    "a key of 33 bytes": lambda key, message, sig: (key + b"\0", message, sig),
    "no key": lambda key, message, sig: (b"", message, sig),
    "the negative key": lambda key, message, sig: (flip(key, 255), message, sig),
    "a key that is no point": lambda key, message, sig: (b"\x02" + bytes(31), message, sig),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_every_mangled_signature_is_refused(name):
    public_key, message, signature = MANGLINGS[name](PUBLIC_KEY, MESSAGE, SIGNATURE)
    with pytest.raises(SignatureError):
        verify_ed25519(public_key=public_key, message=message, signature=signature)


@pytest.mark.parametrize("bit", range(0, 512, 7))
def test_every_flipped_bit_of_a_signature_is_refused(bit):
    assert not is_accepted(PUBLIC_KEY, MESSAGE, flip(SIGNATURE, bit))


@pytest.mark.shared
def test_exactly_the_pinned_vectors_of_cctv_are_accepted():
    assert len(CCTV) == 914
    accepted = {
        case["number"]
        for case in CCTV
        if is_accepted(bytes.fromhex(case["key"]), case["msg"].encode(), bytes.fromhex(case["sig"]))
    }
    assert accepted == ACCEPTED_OF_CCTV


@pytest.mark.shared
def test_the_reference_follows_the_same_rule_on_vectors_of_cctv():
    sample = [
        case for case in CCTV if case["number"] % 19 == 0 or case["number"] in ACCEPTED_OF_CCTV
    ]
    for case in sample:
        key, sig = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"])
        expected = case["number"] in ACCEPTED_OF_CCTV
        assert reference.is_valid(key, case["msg"].encode(), sig) == expected, case


def test_the_table_of_the_self_test_is_what_the_reference_makes():
    table = [
        (name, bytes.fromhex(key), message, bytes.fromhex(sig), accepted)
        for name, key, message, sig, accepted in map(astuple, ed25519._CASES)
    ]
    assert table == list(EDGES.values())


def test_the_installed_library_passes_the_self_test():
    check_library()


@pytest.mark.parametrize("name", EDGES)
def test_the_reference_judges_the_table_as_written(name):
    _, key, message, signature, accepted = EDGES[name]
    assert reference.is_valid(key, message, signature) == accepted


def test_every_refused_row_has_a_laxity_that_it_finds():
    assert set(LAXITIES) == {name for name, *_, accepted in EDGES.values() if not accepted}


@pytest.mark.parametrize("name", LAXITIES)
def test_a_library_without_the_check_would_accept_the_row(name):
    _, key, message, signature, _ = EDGES[name]
    assert reference.is_valid(key, message, signature, LAXITIES[name])


@pytest.mark.parametrize("name", LAXITIES)
def test_the_self_test_refuses_a_library_without_the_check(monkeypatch, name):
    monkeypatch.setattr(ed25519, "_CASES", [case for case in ed25519._CASES if case.name == name])
    monkeypatch.setattr(ed25519, "crypto_sign_open", library_of(LAXITIES[name]))
    with pytest.raises(CorruptionError, match=f"accepts {name}"):
        check_library()


def test_the_self_test_refuses_a_cofactored_library(monkeypatch):
    monkeypatch.setattr(ed25519, "crypto_sign_open", library_of(Rule(cofactored=True)))
    with pytest.raises(CorruptionError, match="accepts a residue of small order"):
        check_library()


def test_the_self_test_refuses_a_library_that_asks_for_keys_of_prime_order(monkeypatch):
    monkeypatch.setattr(ed25519, "crypto_sign_open", library_of(Rule(prime_order_a=True)))
    with pytest.raises(CorruptionError, match="refuses a mixed-order A"):
        check_library()


def test_the_self_test_refuses_a_library_that_accepts_nothing(monkeypatch):
    def refuse(signed, public_key):
        raise BadSignatureError

    monkeypatch.setattr(ed25519, "crypto_sign_open", refuse)
    with pytest.raises(CorruptionError, match="refuses a good signature"):
        check_library()

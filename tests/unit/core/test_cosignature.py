import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from ledger.core.checkpoint import Checkpoint, format_checkpoint, parse_signed_checkpoint
from ledger.core.cosignature import (
    Cosignature,
    cosignature_message,
    decode_cosignature,
    encode_cosignature,
    is_mldsa44_supported,
    subtree_message,
    verify_checkpoint_line,
    verify_cosignature,
)
from ledger.core.note import Algorithm, SignatureLine, create_verifier_key, parse_vkey
from ledger.errors import MalformedError, SignatureError
from tests.support.note_signers import log_signer, mldsa_signer, spoil, witness_signer
from tests.support.shared import cases

VECTORS = cases("c2sp/cosignatures.json", lambda loaded: loaded["vectors"])
ARMORED = cases("c2sp/cosignatures.json", lambda loaded: [loaded["armored_witness_real"]["text"]])
MLDSA = cases("c2sp/mldsa44.json", lambda loaded: loaded["signed"])

ROOT_FOLDER = Path(__file__).parents[3]
ROOT = bytes(range(32))
CHECKPOINT = Checkpoint("example.org/ledger", 20852163, ROOT)
TEXT = format_checkpoint(CHECKPOINT)
TIME = 1679315147
SIGNERS = {
    "Ed25519": witness_signer("witness.example/w1"),
    "ML-DSA-44": mldsa_signer("witness.example/w2"),
}
SIZES = {Algorithm.COSIGNATURE_ED25519: 64, Algorithm.COSIGNATURE_MLDSA44: 2420}


def line_of(case, key):
    note = parse_signed_checkpoint(case["checkpoint"].encode()).note
    (line,) = [line for line in note.signatures if line.key_id == key.key_id]
    return note.text, line


@pytest.mark.shared
@pytest.mark.parametrize("case", [*VECTORS, *MLDSA], ids=lambda case: case["vkey"][:20])
def test_a_cosignature_of_the_vectors_verifies(case):
    key = parse_vkey(case["vkey"])
    text, line = line_of(case, key)
    verify_cosignature(key, text, line)
    verify_checkpoint_line(key, text, line)
    decoded = decode_cosignature(line.signature, key.algorithm)
    assert decoded.timestamp == case["timestamp"]
    assert encode_cosignature(decoded) == line.signature
    with pytest.raises(SignatureError):
        verify_cosignature(key, text, spoil(line))
    with pytest.raises(SignatureError):
        verify_cosignature(key, text, spoil(line, position=7))


@pytest.mark.shared
@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_the_message_is_the_one_that_the_witness_of_the_vectors_signed(case):
    key = parse_vkey(case["vkey"])
    text, line = line_of(case, key)
    secret = SigningKey(sha256(case["seed_string"].encode()).digest())
    assert create_verifier_key(case["name"], 4, bytes(secret.verify_key)) == key
    signature = secret.sign(cosignature_message(text, case["timestamp"])).signature
    blob = encode_cosignature(Cosignature(case["timestamp"], signature))
    assert SignatureLine(case["name"], key.key_id, blob) == line


@pytest.mark.shared
def test_the_cosignatures_of_real_witnesses_are_read():
    (text,) = ARMORED
    log, *witnesses = parse_signed_checkpoint(text.encode()).note.signatures
    times = [
        decode_cosignature(line.signature, Algorithm.COSIGNATURE_ED25519).timestamp
        for line in witnesses
    ]
    assert times == [0x67A2AAEC, 0x67A2AAE5]
    with pytest.raises(MalformedError):
        decode_cosignature(log.signature, Algorithm.COSIGNATURE_ED25519)


def test_the_message_of_an_ed25519_cosigner_is_two_lines_and_the_text():
    expected = (
        b"cosignature/v1\ntime 1679315147\nexample.org/ledger\n20852163\n"
        b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    )
    assert cosignature_message(TEXT, TIME) == expected


def test_the_message_of_an_ml_dsa_cosigner_is_the_struct_of_the_text():
    expected = (
        b"subtree/v1\n\x00"
        + b"\x04w\xc3\xa9x"
        + bytes.fromhex("00000000641850cb")
        + b"\x12example.org/ledger"
        + bytes(8)
        + bytes.fromhex("00000000013e2dc3")
        + ROOT
    )  # fmt: skip
    assert subtree_message("w\u00e9x", TIME, CHECKPOINT) == expected


@pytest.mark.parametrize("length", [1, 255])
def test_names_of_1_to_255_bytes_are_signed(length):
    message = subtree_message("n" * length, 0, replace(CHECKPOINT, origin="o" * length))
    assert bytes([length]) + b"o" * length in message


@pytest.mark.parametrize("name", ["", "n" * 256, "\u767b" * 86])
def test_names_of_other_lengths_are_refused(name):
    with pytest.raises(MalformedError):
        subtree_message(name, 0, CHECKPOINT)
    with pytest.raises(MalformedError):
        subtree_message("n", 0, replace(CHECKPOINT, origin=name))


@pytest.mark.parametrize("timestamp", [-1, 2**63])
def test_timestamps_out_of_range_are_refused(timestamp):
    for write in (
        lambda: encode_cosignature(Cosignature(timestamp, bytes(64))),
        lambda: cosignature_message(TEXT, timestamp),
        lambda: subtree_message("n", timestamp, CHECKPOINT),
        lambda: decode_cosignature(
            (timestamp % 2**64).to_bytes(8, "big") + bytes(64), Algorithm.COSIGNATURE_ED25519
        ),
    ):
        with pytest.raises(MalformedError):
            write()


@pytest.mark.parametrize("algorithm", SIZES)
@given(data=st.data())
def test_a_cosignature_that_is_written_is_read_back(algorithm, data):
    timestamp = data.draw(st.integers(0, 2**63 - 1))
    fill = data.draw(st.binary(min_size=1, max_size=1))
    cosignature = Cosignature(timestamp, fill * SIZES[algorithm])
    assert decode_cosignature(encode_cosignature(cosignature), algorithm) == cosignature


@pytest.mark.parametrize("algorithm", SIZES)
def test_a_cosignature_of_another_length_is_refused(algorithm):
    size = 8 + SIZES[algorithm]
    for length in {0, 7, 8, 64, 72, 2420, 2428, size - 1, size + 1} - {size}:
        with pytest.raises(MalformedError):
            decode_cosignature(bytes(length), algorithm)
    with pytest.raises(MalformedError):
        encode_cosignature(Cosignature(0, bytes(SIZES[algorithm] - 1)))


def test_a_plain_signature_has_no_timestamp():
    with pytest.raises(MalformedError):
        decode_cosignature(bytes(72), Algorithm.ED25519)


@pytest.mark.parametrize("kind", SIGNERS)
@pytest.mark.parametrize("time", [0, TIME, 2**63 - 1])
def test_a_cosignature_verifies(kind, time):
    signer = SIGNERS[kind]
    verify_cosignature(signer.key, TEXT, signer.sign(TEXT, time))


def change(text, line, **parts):
    return text, replace(line, **parts)


MANGLINGS = {
    "another size": lambda text, line: (text.replace("20852163", "20852164"), line),
    "another root": lambda text, line: (text.replace("AAEC", "AAED"), line),
    "another origin": lambda text, line: (text.replace("example.org", "example.com"), line),
    "another time": lambda text, line: (text, spoil(line, position=7)),
    "no time": lambda text, line: change(text, line, signature=bytes(8) + line.signature[8:]),
    "a time of 2**63": lambda text, line: change(
        text, line, signature=b"\x80" + line.signature[1:]
    ),
    "a flipped bit at the start": lambda text, line: (text, spoil(line, position=8)),
    "a flipped bit at the end": lambda text, line: (text, spoil(line)),
    "cut off": lambda text, line: change(text, line, signature=line.signature[:-1]),
    "a byte too many": lambda text, line: change(text, line, signature=line.signature + b"\0"),
    "without its time": lambda text, line: change(text, line, signature=line.signature[8:]),
    "another name": lambda text, line: change(text, line, name="witness.example/x"),
    "another key ID": lambda text, line: change(text, line, key_id=b"abcd"),
}


@pytest.mark.parametrize("kind", SIGNERS)
@pytest.mark.parametrize("name", MANGLINGS)
def test_every_mangled_cosignature_is_refused(kind, name):
    signer = SIGNERS[kind]
    honest = (TEXT, signer.sign(TEXT, TIME))
    mangled = MANGLINGS[name](*honest)
    assert mangled != honest
    with pytest.raises(SignatureError):
        verify_cosignature(signer.key, *mangled)


@pytest.mark.parametrize("kind", SIGNERS)
def test_a_cosignature_of_another_key_of_that_name_and_id_is_refused(kind):
    signer = SIGNERS[kind]
    other = replace(signer, label="other")
    line = replace(other.sign(TEXT, TIME), key_id=signer.key.key_id)
    with pytest.raises(SignatureError):
        verify_cosignature(signer.key, TEXT, line)


def test_only_an_ed25519_cosignature_covers_extension_lines():
    extended = TEXT + "extension\n"
    line = SIGNERS["Ed25519"].sign(TEXT, TIME)
    with pytest.raises(SignatureError):
        verify_cosignature(SIGNERS["Ed25519"].key, extended, line)
    line = SIGNERS["ML-DSA-44"].sign(TEXT, TIME)
    verify_cosignature(SIGNERS["ML-DSA-44"].key, extended, line)


def test_an_ml_dsa_cosignature_covers_the_name_of_its_key():
    signer = SIGNERS["ML-DSA-44"]
    renamed = create_verifier_key("witness.example/new", signer.algorithm, signer.key.public_key)
    line = replace(signer.sign(TEXT, TIME), name=renamed.name, key_id=renamed.key_id)
    with pytest.raises(SignatureError):
        verify_cosignature(renamed, TEXT, line)


def test_an_ml_dsa_cosignature_of_other_text_than_a_checkpoint_is_refused():
    signer = SIGNERS["ML-DSA-44"]
    with pytest.raises(SignatureError, match="cannot be checked"):
        verify_cosignature(signer.key, "hello\n", signer.sign(TEXT, TIME))


def test_an_ml_dsa_key_with_too_long_a_name_verifies_nothing():
    key = create_verifier_key("n" * 256, Algorithm.COSIGNATURE_MLDSA44, bytes(1312))
    with pytest.raises(SignatureError, match="not 1 to 255"):
        verify_cosignature(key, TEXT, SignatureLine(key.name, key.key_id, bytes(2428)))


def test_an_ml_dsa_key_of_another_length_verifies_nothing():
    signer = SIGNERS["ML-DSA-44"]
    short = replace(signer.key, public_key=bytes(1311))
    with pytest.raises(SignatureError):
        verify_cosignature(short, TEXT, signer.sign(TEXT, TIME))


def test_a_log_key_does_not_cosign_but_signs_checkpoints():
    log = log_signer()
    line = log.sign(TEXT)
    verify_checkpoint_line(log.key, TEXT, line)
    with pytest.raises(SignatureError):
        verify_checkpoint_line(log.key, TEXT, spoil(line))
    with pytest.raises(SignatureError):
        verify_cosignature(log.key, TEXT, line)


def test_an_installation_without_ml_dsa_says_so_and_verifies_nothing(monkeypatch):
    assert is_mldsa44_supported()

    def refuse(data):
        raise UnsupportedAlgorithm("no ML-DSA here")

    signer = SIGNERS["ML-DSA-44"]
    line = signer.sign(TEXT, TIME)
    monkeypatch.setattr(MLDSA44PublicKey, "from_public_bytes", refuse)
    assert not is_mldsa44_supported()
    with pytest.raises(SignatureError, match="this installation cannot verify"):
        verify_cosignature(signer.key, TEXT, line)


def test_the_slow_library_is_not_imported_before_it_is_needed():
    code = "import sys, ledger.core.opening; sys.exit('cryptography' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT_FOLDER, check=True)

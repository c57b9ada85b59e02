"""Logs and witnesses for tests: keys made from a label, which sign notes as the C2SP texts say."""

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from nacl.signing import SigningKey

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.cosignature import (
    Cosignature,
    cosignature_message,
    encode_cosignature,
    subtree_message,
)
from ledger.core.note import (
    Algorithm,
    SignatureLine,
    SignedNote,
    create_verifier_key,
    format_note,
    format_vkey,
)


@dataclass(frozen=True)
class NoteSigner:
    """A key that can sign; `label` decides the secret, so that two signers can share one."""

    name: str
    algorithm: Algorithm = Algorithm.ED25519
    label: str = ""

    @cached_property
    def _secret(self):
        seed = sha256(f"{self.label or self.name}".encode()).digest()
        if self.algorithm is Algorithm.COSIGNATURE_MLDSA44:
            return MLDSA44PrivateKey.from_seed_bytes(seed)
        return SigningKey(seed)

    @cached_property
    def key(self):
        if self.algorithm is Algorithm.COSIGNATURE_MLDSA44:
            public = self._secret.public_key().public_bytes_raw()
        else:
            public = bytes(self._secret.verify_key)
        return create_verifier_key(self.name, self.algorithm, public)

    @property
    def vkey(self):
        return format_vkey(self.key)

    def sign(self, text, timestamp=0):
        """The line for this text; the time is for cosignatures only."""
        if self.algorithm is Algorithm.ED25519:
            blob = self._secret.sign(text.encode()).signature
        elif self.algorithm is Algorithm.COSIGNATURE_ED25519:
            message = cosignature_message(text, timestamp)
            signature = self._secret.sign(message).signature
            blob = encode_cosignature(Cosignature(timestamp, signature))
        else:
            message = subtree_message(self.name, timestamp, parse_checkpoint(text))
            blob = encode_cosignature(Cosignature(timestamp, self._secret.sign(message)))
        return SignatureLine(self.name, self.key.key_id, blob)


def log_signer(name="example.org/ledger", label=""):
    return NoteSigner(name, Algorithm.ED25519, label)


def witness_signer(name, label=""):
    return NoteSigner(name, Algorithm.COSIGNATURE_ED25519, label)


def mldsa_signer(name, label=""):
    return NoteSigner(name, Algorithm.COSIGNATURE_MLDSA44, label)


def note_bytes(text, *lines):
    return format_note(SignedNote(text, lines))


def spoil(line, position=-1):
    """The same line with one bit of its signature flipped."""
    blob = bytearray(line.signature)
    blob[position] ^= 1
    return replace(line, signature=bytes(blob))

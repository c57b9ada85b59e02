"""Cosignatures: a cosigner says at what time it saw a log consistent up to a checkpoint.

A cosignature is a signature line whose bytes are `timestamp (u64, big-endian) || signature`. The
log's own ML-DSA-44 signature is one too: of a cosigner named as the origin, usually with time 0.

Spec: c2sp.org/tlog-cosignature.
"""

from dataclasses import dataclass
from typing import Final

from ledger.core.checkpoint import Checkpoint, parse_checkpoint
from ledger.core.ed25519 import SIGNATURE_BYTES, verify_ed25519
from ledger.core.note import (
    Algorithm,
    SignatureLine,
    VerifierKey,
    verify_line,
    verify_line_key,
)
from ledger.errors import InputError, MalformedError, SignatureError

_TIME_BYTES: Final = 8
_SUBTREE_LABEL: Final = b"subtree/v1\n\x00"
_MAX_NAME_BYTES: Final = 255
_SIGNATURE_BYTES: Final = {
    Algorithm.COSIGNATURE_ED25519: SIGNATURE_BYTES,
    Algorithm.COSIGNATURE_MLDSA44: 2420,
}


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A time and a signature that covers it.

    Args:
        timestamp: Seconds since 1970-01-01T00:00:00Z, 0 <= timestamp < 2**63; 0 with ML-DSA-44 may
            mean that no time is stated.
        signature: 64 bytes, of ML-DSA-44 2,420.
    """

    timestamp: int
    signature: bytes


def encode_cosignature(cosignature: Cosignature) -> bytes:
    """Bytes of a signature line after the key ID.

    Raises:
        MalformedError: A timestamp out of range, or a signature of a length that no type has.
    """
    _check_timestamp(cosignature.timestamp)
    if len(cosignature.signature) not in _SIGNATURE_BYTES.values():
        raise MalformedError(f"a cosignature of {len(cosignature.signature)} bytes")
    return cosignature.timestamp.to_bytes(_TIME_BYTES, "big") + cosignature.signature


def decode_cosignature(blob: bytes, algorithm: Algorithm) -> Cosignature:
    """Read the bytes of a signature line; the exact inverse of encode_cosignature.

    Args:
        blob: From outside, without the key ID.
        algorithm: Of the key that the line claims to be of.

    Raises:
        MalformedError: Another length, a timestamp of 2**63 or more, or a type without timestamps.
    """
    size = _SIGNATURE_BYTES.get(algorithm)
    if size is None or len(blob) != _TIME_BYTES + size:
        raise MalformedError(f"{len(blob)} bytes are no cosignature of type 0x{algorithm:02x}")
    timestamp = int.from_bytes(blob[:_TIME_BYTES], "big")
    _check_timestamp(timestamp)
    return Cosignature(timestamp, blob[_TIME_BYTES:])


def cosignature_message(text: str, timestamp: int) -> bytes:
    """What an Ed25519 cosigner signs (type 0x04).

    Args:
        text: Text of the checkpoint's note with its extension lines, ended by a newline.
        timestamp: Seconds since 1970-01-01T00:00:00Z.

    Raises:
        MalformedError: A timestamp outside 0 <= timestamp < 2**63.
    """
    _check_timestamp(timestamp)
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def subtree_message(cosigner_name: str, timestamp: int, checkpoint: Checkpoint) -> bytes:
    """What an ML-DSA-44 cosigner signs (type 0x06) of a whole tree.

    Args:
        cosigner_name: Name of its key.
        timestamp: Seconds since 1970-01-01T00:00:00Z, or 0.
        checkpoint: Its extension lines are not covered.

    Raises:
        MalformedError: A name or an origin of 0 or more than 255 bytes, or a timestamp outside
            0 <= timestamp < 2**63.
    """
    _check_timestamp(timestamp)
    return b"".join(
        (
            _SUBTREE_LABEL,
            _encode_name(cosigner_name),
            timestamp.to_bytes(8, "big"),
            _encode_name(checkpoint.origin),
            bytes(8),  # start: a checkpoint is of the tree from its first leaf
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def verify_cosignature(key: VerifierKey, text: str, line: SignatureLine) -> None:
    """Check a cosignature under a checkpoint; decode_cosignature then gives its time.

    Args:
        key: Known to the caller beforehand, of type 0x04 or 0x06.
        text: Text of the checkpoint's note.
        line: From the note.

    Raises:
        SignatureError: Of another key, of another type, not readable, or wrong.
    """
    verify_line_key(key, line)
    try:
        cosignature = decode_cosignature(line.signature, key.algorithm)
        if key.algorithm is Algorithm.COSIGNATURE_MLDSA44:
            message = subtree_message(key.name, cosignature.timestamp, parse_checkpoint(text))
        else:
            message = cosignature_message(text, cosignature.timestamp)
    except InputError as exc:
        raise SignatureError(f"the cosignature of {key.name} cannot be checked: {exc}") from exc
    if key.algorithm is Algorithm.COSIGNATURE_MLDSA44:
        _verify_mldsa44(key.public_key, message, cosignature.signature)
    else:
        verify_ed25519(public_key=key.public_key, message=message, signature=cosignature.signature)


def verify_checkpoint_line(key: VerifierKey, text: str, line: SignatureLine) -> None:
    """Check a signature line of any known type under a checkpoint.

    Args:
        key: Known to the caller beforehand.
        text: Text of the checkpoint's note.
        line: From the note.

    Raises:
        SignatureError: Of another key, not readable, or wrong.
    """
    if key.algorithm is Algorithm.ED25519:
        verify_line(key, text, line)
    else:
        verify_cosignature(key, text, line)


def is_mldsa44_supported() -> bool:
    """Whether this installation can verify ML-DSA-44 at all."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

    try:
        MLDSA44PublicKey.from_public_bytes(bytes(1312))
    except UnsupportedAlgorithm:
        return False
    return True


def _verify_mldsa44(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Check a signature of FIPS 204 with an empty context.

    Raises:
        SignatureError: Wrong, or not to be verified with this installation.
    """
    # Imported where it is needed: it costs more start-up time than the rest of the core.
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

    try:
        MLDSA44PublicKey.from_public_bytes(public_key).verify(signature, message)
    except UnsupportedAlgorithm as exc:
        raise SignatureError(
            "this installation cannot verify ML-DSA-44; "
            "install a build of cryptography whose OpenSSL can"
        ) from exc
    except (InvalidSignature, ValueError) as exc:
        raise SignatureError("an ML-DSA-44 signature does not verify") from exc


def _encode_name(name: str) -> bytes:
    data = name.encode()
    if not 1 <= len(data) <= _MAX_NAME_BYTES:
        raise MalformedError(f"a name of {len(data)} bytes, not 1 to {_MAX_NAME_BYTES}")
    return bytes([len(data)]) + data


def _check_timestamp(timestamp: int) -> None:
    if not 0 <= timestamp < 2**63:
        raise MalformedError(f"a timestamp outside 0 <= timestamp < 2**63: {timestamp}")

"""Signed notes and verifier keys: text with the signature lines of whoever vouches for it.

```text
text, one or more lines
                                     <- the last blank line
— <key name> base64(key ID || signature)
```

What a note says means nothing until `open_note` has found a signature of a key that the caller
already knew. Lines of other keys are kept and ignored; they may be of types unknown here.

Spec: c2sp.org/signed-note.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final, TypeAlias

from ledger.core.ed25519 import verify_ed25519
from ledger.core.limits import MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES
from ledger.core.text import PUBLIC_KEY_BYTES, format_base64, parse_base64
from ledger.errors import LimitError, MalformedError, SignatureError

KEY_ID_BYTES: Final = 4
MAX_VKEY_CHARS: Final = 4096

# The White_Space property is spelt out, so that no Unicode version decides what a key name is.
_KEY_NAME: Final = re.compile(
    "[^\x00-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]+"
)
_NOTE_TEXT: Final = re.compile("[^\x00-\x09\x0b-\x1f\ud800-\udfff]*")
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}")


class Algorithm(IntEnum):
    """Signature types of signed-note that can be verified here."""

    ED25519 = 0x01
    COSIGNATURE_ED25519 = 0x04
    COSIGNATURE_MLDSA44 = 0x06


_KEY_BYTES: Final = {
    Algorithm.ED25519: PUBLIC_KEY_BYTES,
    Algorithm.COSIGNATURE_ED25519: PUBLIC_KEY_BYTES,
    Algorithm.COSIGNATURE_MLDSA44: 1312,
}


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name and the type under which it signs; see create_verifier_key.

    Args:
        name: Non-empty, without Unicode spaces and plus.
        key_id: 4 bytes, hash_key_id of the other three.
        algorithm: What the key signs, and how.
        public_key: 32 bytes, of ML-DSA-44 1,312.
    """

    name: str
    key_id: bytes
    algorithm: Algorithm
    public_key: bytes


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature under a note, as claimed; nothing is verified.

    Args:
        name: Key name.
        key_id: 4 bytes.
        signature: At least 1 byte; what it holds is up to the type of the key.
    """

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A note as read; nothing is verified.

    Args:
        text: What is signed, ended by a newline.
        signatures: The lines in their order, doubled ones included.
    """

    text: str
    signatures: tuple[SignatureLine, ...]


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note that at least one known key has signed; only open_note makes one.

    Args:
        text: What is signed, ended by a newline.
        verified: Each line of a known key, with that key; equal lines count once.
        unverified: Each line of an unknown key; equal lines count once.
    """

    text: str
    verified: tuple[tuple[VerifierKey, SignatureLine], ...]
    unverified: tuple[SignatureLine, ...]


LineVerifier: TypeAlias = Callable[[VerifierKey, str, SignatureLine], None]


def is_key_name(name: str) -> bool:
    """Whether a key may have this name: not empty, no Unicode space, plus or control character."""
    return _KEY_NAME.fullmatch(name) is not None


def is_note_text(text: str) -> bool:
    """Whether text may stand in a note: no control character but newline, no surrogate."""
    return _NOTE_TEXT.fullmatch(text) is not None


def hash_key_id(name: str, algorithm: Algorithm, public_key: bytes) -> bytes:
    """Key ID, 4 bytes: the start of SHA-256(name || 0x0A || algorithm || public key).

    It tells keys of one name apart and proves nothing: collisions are cheap to make.
    """
    material = name.encode() + b"\n" + bytes([algorithm]) + public_key
    return sha256(material).digest()[:KEY_ID_BYTES]


def create_verifier_key(name: str, algorithm: int, public_key: bytes) -> VerifierKey:
    """Key with its ID.

    Args:
        name: Non-empty, without Unicode spaces and plus.
        algorithm: One of Algorithm.
        public_key: 32 bytes, of ML-DSA-44 1,312.

    Raises:
        MalformedError: Such a name, an unknown algorithm, or a key of another length.
    """
    if not is_key_name(name):
        raise MalformedError(f"a key name is empty or has a space or plus in it: {name[:80]!r}")
    try:
        known = Algorithm(algorithm)
    except ValueError as exc:
        raise MalformedError(
            f"keys of signature type 0x{algorithm:02x} cannot be verified here"
        ) from exc
    if len(public_key) != _KEY_BYTES[known]:
        raise MalformedError(
            f"a key of type 0x{known:02x} has {_KEY_BYTES[known]} bytes, not {len(public_key)}"
        )
    return VerifierKey(name, hash_key_id(name, known, public_key), known, public_key)


def format_vkey(key: VerifierKey) -> str:
    """`<name>+<key ID in hex>+base64(algorithm || public key)`."""
    material = bytes([key.algorithm]) + key.public_key
    return f"{key.name}+{key.key_id.hex()}+{format_base64(material)}"


def parse_vkey(text: str) -> VerifierKey:
    """Read a verifier key; the exact inverse of format_vkey.

    Args:
        text: From outside, at most MAX_VKEY_CHARS characters.

    Raises:
        MalformedError: Another form, an unknown type, or a key ID of another key.
        LimitError: Too long.
    """
    if len(text) > MAX_VKEY_CHARS:
        raise LimitError(f"a vkey of {len(text)} characters, more than {MAX_VKEY_CHARS}")
    parts = text.split("+", 2)
    if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
        raise MalformedError(f"not <name>+<8 hex digits>+<base64>: {text[:80]!r}")
    name, key_id, material = parts[0], parts[1], parse_base64(parts[2])
    if not material:
        raise MalformedError(f"a vkey without a key: {text[:80]!r}")
    key = create_verifier_key(name, material[0], material[1:])
    if key.key_id.hex() != key_id:
        raise MalformedError(f"the ID of this key of {name} is {key.key_id.hex()}, not {key_id}")
    return key


def format_signature_line(line: SignatureLine) -> str:
    """`— <name> base64(key ID || signature)` and a newline.

    Raises:
        MalformedError: A name that no key has, an ID of other than 4 bytes, or no signature.
    """
    if not is_key_name(line.name) or len(line.key_id) != KEY_ID_BYTES or not line.signature:
        raise MalformedError(f"not a signature line: {line!r:.80}")
    return f"\u2014 {line.name} {format_base64(line.key_id + line.signature)}\n"


def format_note(note: SignedNote) -> bytes:
    """Bytes of a note.

    Raises:
        MalformedError: Text that no note has or that no newline ends, or no or bad signatures.
        LimitError: More bytes or lines than a note may have.
    """
    if not is_note_text(note.text) or not note.text.endswith("\n"):
        raise MalformedError(f"not the text of a note: {note.text[:80]!r}")
    if not note.signatures:
        raise MalformedError("a note without signatures")
    _check_count(len(note.signatures))
    lines = "".join(map(format_signature_line, note.signatures))
    data = f"{note.text}\n{lines}".encode()
    _check_size(len(data))
    return data


def parse_note(data: bytes) -> SignedNote:
    """Read a note; the exact inverse of format_note. Nothing is verified.

    Args:
        data: From outside, at most 64 KiB with at most 64 signature lines.

    Raises:
        MalformedError: Anything that format_note would not have written.
        LimitError: Too many bytes or lines.
    """
    _check_size(len(data))
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise MalformedError("a note that is not UTF-8") from exc
    if not is_note_text(whole):
        raise MalformedError("a note with a control character")
    text, blank_line, lines = whole.rpartition("\n\n")
    if not blank_line or not lines.endswith("\n"):
        raise MalformedError("a note without signature lines, or cut off")
    _check_count(lines.count("\n"))
    return SignedNote(f"{text}\n", tuple(map(_parse_line, lines[:-1].split("\n"))))


def verify_line(key: VerifierKey, text: str, line: SignatureLine) -> None:
    """Check a signature of type 0x01 under a note.

    Args:
        key: Known to the caller beforehand.
        text: Text of the note, ended by a newline.
        line: From the note.

    Raises:
        SignatureError: Of another key, of another type, or wrong.
    """
    verify_line_key(key, line)
    if key.algorithm is not Algorithm.ED25519:
        raise SignatureError(f"the key of {key.name} signs checkpoints with a time, not this note")
    verify_ed25519(public_key=key.public_key, message=text.encode(), signature=line.signature)


def verify_line_key(key: VerifierKey, line: SignatureLine) -> None:
    """Refuse a line that does not claim to be of this key.

    Raises:
        SignatureError: Another name or key ID.
    """
    if (line.name, line.key_id) != (key.name, key.key_id):
        raise SignatureError(
            f"a signature of {line.name}+{line.key_id.hex()}, not of {key.name}+{key.key_id.hex()}"
        )


def open_note(
    note: SignedNote, keys: Iterable[VerifierKey], verify: LineVerifier = verify_line
) -> OpenedNote:
    """The note, once a known key has signed it.

    Lines of unknown keys are ignored. Every line of a known key must verify, so that nobody can
    hide a failed signature beside a good one.

    Args:
        note: As read.
        keys: Known to the caller beforehand, never from the note.
        verify: Checks one line of a known key, or raises SignatureError.

    Raises:
        SignatureError: A line of a known key does not verify, or no line is of a known key.
        MalformedError: Two of the known keys have one name and one ID.

    Cost: one signature for each different line of a known key.
    """
    known = _index_keys(keys)
    verified, unverified = [], []
    for line in dict.fromkeys(note.signatures):
        key = known.get((line.name, line.key_id))
        if key is None:
            unverified.append(line)
        else:
            verify(key, note.text, line)
            verified.append((key, line))
    if not verified:
        raise SignatureError("the note has no signature of a known key")
    return OpenedNote(note.text, tuple(verified), tuple(unverified))


def _index_keys(keys: Iterable[VerifierKey]) -> dict[tuple[str, bytes], VerifierKey]:
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise MalformedError(f"two known keys are both {key.name}+{key.key_id.hex()}")
    return known


def _parse_line(text: str) -> SignatureLine:
    parts = text.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or not is_key_name(parts[1]):
        raise MalformedError(f"not a signature line: {text[:80]!r}")
    blob = parse_base64(parts[2])
    if len(blob) <= KEY_ID_BYTES:
        raise MalformedError(f"a signature line without a signature: {text[:80]!r}")
    return SignatureLine(parts[1], blob[:KEY_ID_BYTES], blob[KEY_ID_BYTES:])


def _check_size(size: int) -> None:
    if size > MAX_NOTE_BYTES:
        raise LimitError(f"a note of {size} bytes, more than {MAX_NOTE_BYTES}")


def _check_count(count: int) -> None:
    if count > MAX_NOTE_SIGNATURES:
        raise LimitError(f"a note with {count} signatures, more than {MAX_NOTE_SIGNATURES}")

"""Strict readers and writers of the small text forms: decimals, base64, hex, base32, did:key.

Each `parse_x` accepts exactly what `format_x` writes (our formats, section 1).
"""

import base64
import binascii
import re
from functools import lru_cache
from typing import Final

import base58

from ledger.core.types import DidKey, Digest
from ledger.errors import MalformedError

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_HEX_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_DID_KEY: Final = re.compile(r"did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}")
_ED25519_MULTICODEC: Final = b"\xed\x01"

DIGEST_BYTES: Final = 32
PUBLIC_KEY_BYTES: Final = 32


def parse_decimal(text: str) -> int:
    """Read a count written in plain decimal.

    Args:
        text: ASCII digits only; no sign, no blank, no underscore, no leading zero.

    Returns:
        The number, 0 <= n < 2**63.

    Raises:
        MalformedError: Any other spelling, or too large.
    """
    if not _DECIMAL.fullmatch(text) or (number := int(text)) >= 2**63:
        raise MalformedError(f"not a decimal count below 2**63: {text[:24]!r}")
    return number


def format_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def parse_base64(text: str) -> bytes:
    """Read standard base64 with padding; the exact inverse of format_base64.

    Raises:
        MalformedError: Another alphabet, missing padding, blanks, or spare bits that are not zero.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as exc:
        raise MalformedError(f"not standard base64: {text[:24]!r}") from exc
    if format_base64(data) != text:
        raise MalformedError(f"base64 with spare bits: {text[:24]!r}")
    return data


def format_base64url(data: bytes) -> str:
    """URL-safe base64 without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def parse_base64url(text: str) -> bytes:
    """Read URL-safe base64 without padding; the exact inverse of format_base64url.

    Raises:
        MalformedError: Another alphabet, padding, blanks, or spare bits that are not zero.
    """
    try:
        raw = text.encode("ascii") + b"=" * (-len(text) % 4)
        data = base64.b64decode(raw, altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as exc:
        raise MalformedError(f"not unpadded base64url: {text[:24]!r}") from exc
    if format_base64url(data) != text:
        raise MalformedError(f"base64url in another spelling: {text[:24]!r}")
    return data


def format_hex(digest: bytes) -> str:
    """Lower-case hexadecimal."""
    return digest.hex()


def parse_digest(text: str) -> Digest:
    """Read a SHA-256 in 64 lower-case hex digits.

    Raises:
        MalformedError: Any other spelling.
    """
    if not _HEX_DIGEST.fullmatch(text):
        raise MalformedError(f"not 64 lower-case hex digits: {text[:24]!r}")
    return Digest(bytes.fromhex(text))


def format_base32(data: bytes) -> str:
    """RFC 4648 base32, lower case, unpadded; 26 characters for 16 bytes."""
    return base64.b32encode(data).rstrip(b"=").decode("ascii").lower()


@lru_cache(maxsize=4096)
def format_did_key(public_key: bytes) -> DidKey:
    """`did:key` of an Ed25519 public key (multicodec 0xed01, base58btc).

    Args:
        public_key: Exactly 32 bytes.

    Raises:
        MalformedError: The key has another length.
    """
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise MalformedError(f"an Ed25519 key has 32 bytes, not {len(public_key)}")
    text = base58.b58encode(_ED25519_MULTICODEC + public_key).decode("ascii")
    return DidKey(f"did:key:z{text}")


@lru_cache(maxsize=65536)
def parse_did_key(text: str) -> bytes:
    """Public key in a `did:key` of an Ed25519 key; the exact inverse of format_did_key.

    Returns:
        32 bytes; whether they are a point that may verify anything is for `crypto` to say.

    Raises:
        MalformedError: Not `did:key:z6Mk` and 44 base58btc characters of such a key.
    """
    if not _DID_KEY.fullmatch(text):
        raise MalformedError(f"not a did:key of an Ed25519 key: {text[:64]!r}")
    raw = base58.b58decode(text[9:])
    if len(raw) != 2 + PUBLIC_KEY_BYTES or raw[:2] != _ED25519_MULTICODEC:
        raise MalformedError(f"not a did:key of an Ed25519 key: {text[:64]!r}")
    return raw[2:]

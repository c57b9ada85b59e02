"""Keys of fingerprints and marks: they follow from one secret, and none of them from another.

```text
secret (32 random bytes, in the vault; shares of it may lie with others)
  +-- HKDF-SHA-256, no salt, info = "muniment/trace/asset/v1" || id    one asset's fingerprint
  +-- HKDF-SHA-256, no salt, info = "muniment/trace/index/v1"          this home's inverted index
  +-- HKDF-SHA-256, no salt, info = "muniment/trace/marks/v1" || id    marks of one asset's copies
```

The id is the 16 bytes behind an asset's key: the secret and the ledger give every key again.

Spec: RFC 5869; tracing, section 2.
"""

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from typing_extensions import override

from ledger.errors import MalformedError

SECRET_BYTES: Final = 32
ID_BYTES: Final = 16
_ASSET: Final = b"muniment/trace/asset/v1"
_INDEX: Final = b"muniment/trace/index/v1"
_MARKS: Final = b"muniment/trace/marks/v1"
_CHECK: Final = b"muniment/trace/check/v1"
_CHECK_BYTES: Final = 4


def _derive(key: bytes, info: bytes, size: int = SECRET_BYTES) -> bytes:
    return HKDF(SHA256(), size, salt=None, info=info).derive(key)


@dataclass(frozen=True, slots=True)
class HashKeys:
    """The keys under which the parts of one fingerprint are hashed, 32 bytes each.

    Args:
        rows: HMAC-SHA-256 of whole rows.
        cells: HMAC-SHA-256 of a cell with its column's name.
        shingles: AES-256 of two such hashes.
        values: HMAC-SHA-256 of a cell without its column's name.
        chunks: HMAC-SHA-256 of chunks and of runs of words.
        grains: HMAC-SHA-256 of a number's leading digits, and of the bin that it lies in.
    """

    rows: bytes = field(repr=False)
    cells: bytes = field(repr=False)
    shingles: bytes = field(repr=False)
    values: bytes = field(repr=False)
    chunks: bytes = field(repr=False)
    grains: bytes = field(repr=False)


def derive_hash_keys(key: bytes) -> HashKeys:
    """The keys that follow from an asset's key, or from an index's.

    Args:
        key: 32 bytes.
    """
    parts = (b"rows", b"cells", b"shingles", b"values", b"chunks", b"grains")
    return HashKeys(*(_derive(key, part) for part in parts))


class TraceSecret:
    """The holder's master secret, which cannot be printed.

    Args:
        secret: 32 bytes.

    Raises:
        MalformedError: Another length.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise MalformedError(f"a master secret is {SECRET_BYTES} bytes, not {len(secret)}")
        self._secret = secret

    def reveal(self) -> bytes:
        """The 32 bytes themselves, for the vault and for shares."""
        return self._secret

    def derive_asset_key(self, asset: bytes) -> bytes:
        """Key of one asset's fingerprint, 32 bytes.

        Args:
            asset: The 16 bytes behind its key.

        Raises:
            MalformedError: Another length.
        """
        return _derive(self._secret, _ASSET + _check_id(asset))

    def derive_index_key(self) -> bytes:
        """Key of the home's inverted index, 32 bytes."""
        return _derive(self._secret, _INDEX)

    def derive_marking_key(self, asset: bytes) -> bytes:
        """Key of the marks of one asset's copies, 32 bytes.

        Args:
            asset: The 16 bytes behind its key.

        Raises:
            MalformedError: Another length.
        """
        return _derive(self._secret, _MARKS + _check_id(asset))

    @property
    def check(self) -> str:
        """8 hex digits by which copies of a secret are compared; they say nothing else of it."""
        return _derive(self._secret, _CHECK, _CHECK_BYTES).hex()

    @override
    def __repr__(self) -> str:
        return f"TraceSecret({self.check})"

    @override
    def __reduce__(self) -> str:
        raise TypeError("a master secret is not pickled")


def _check_id(asset: bytes) -> bytes:
    """An id, if it has its length.

    Raises:
        MalformedError: It has another.
    """
    if len(asset) != ID_BYTES:
        raise MalformedError(f"an asset's id is {ID_BYTES} bytes, not {len(asset)}")
    return asset

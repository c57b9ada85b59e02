"""The vault: openings of commitments and other secrets, encrypted, beside the ledger and not in it.

Every record is sealed on its own (XChaCha20-Poly1305, key from the vault's secret, name and kind as
associated data); what can be looked up without opening is a keyed hash. Destroying a record is
erasure: what the ledger holds of it proves nothing about the value any more.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Final

import nacl.bindings
import nacl.exceptions
import pysqlite3.dbapi2 as sqlite
from typing_extensions import override

from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.core.types import Json
from ledger.errors import CorruptionError, StoreFailedError, UnavailableError

_NONCE_BYTES: Final = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_MAX_RECORD_BYTES: Final = 1024 * 1024
_BUSY_TIMEOUT_S: Final = 10.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS record (
    id    INTEGER PRIMARY KEY,
    kind  TEXT NOT NULL,
    name  BLOB NOT NULL,
    box   BLOB NOT NULL,
    UNIQUE (kind, name, id)
) STRICT
"""


class Vault:
    """Sealed records by kind and name; several may share a name.

    Args:
        path: The vault's file; made, readable by this user only, if it is missing.
        secret: 32 bytes that seal and open it.

    Raises:
        StoreFailedError: The file cannot be made or opened.
    """

    def __init__(self, path: Path, secret: bytes) -> None:
        self._seal_key = blake2b(b"seal", key=secret, digest_size=32).digest()
        self._name_key = blake2b(b"name", key=secret, digest_size=32).digest()
        with _translated():
            if not path.exists():
                path.touch(mode=0o600)
            self._db = sqlite.connect(str(path), timeout=_BUSY_TIMEOUT_S, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute(_SCHEMA)

    @override
    def __repr__(self) -> str:
        return "Vault(...)"

    def add(self, kind: str, records: dict[str, Json]) -> None:
        """Keep records, durably, all or none; call this before the ledger names them.

        Args:
            kind: What they are, in the clear.
            records: By name; names are only kept as keyed hashes.

        Raises:
            StoreFailedError: They could not be written; none was.
            UnavailableError: Another process is writing.
        """
        rows = [(kind, *self._seal(kind, name, value)) for name, value in records.items()]
        with _translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("INSERT INTO record (kind, name, box) VALUES (?, ?, ?)", rows)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def find(self, kind: str, name: str) -> list[Json]:
        """The records of a kind with this name, oldest first.

        Raises:
            CorruptionError: One was changed, or sealed with another secret.
        """
        with _translated():
            rows = self._db.execute(
                "SELECT box FROM record WHERE kind = ? AND name = ? ORDER BY id",
                (kind, self._hash_name(kind, name)),
            ).fetchall()
        return [self._open(kind, name, box) for (box,) in rows]

    def erase(self, kind: str, name: str) -> int:
        """Destroy the records of a kind with this name.

        Returns:
            How many there were.

        Raises:
            StoreFailedError: They could not be destroyed.
            UnavailableError: Another process is writing.
        """
        with _translated():
            key = (kind, self._hash_name(kind, name))
            done = self._db.execute("DELETE FROM record WHERE kind = ? AND name = ?", key)
            (is_busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            raise UnavailableError(
                "the record is deleted, but another process keeps a copy in use: erase it again"
            )
        return int(done.rowcount)

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    def _hash_name(self, kind: str, name: str) -> bytes:
        return blake2b(f"{kind}\n{name}".encode(), key=self._name_key, digest_size=16).digest()

    def _seal(self, kind: str, name: str, value: Json) -> tuple[bytes, bytes]:
        nonce, hashed = os.urandom(_NONCE_BYTES), self._hash_name(kind, name)
        box = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            encode_canonical(value), kind.encode() + hashed, nonce, self._seal_key
        )
        return hashed, nonce + box

    def _open(self, kind: str, name: str, box: bytes) -> Json:
        associated = kind.encode() + self._hash_name(kind, name)
        try:
            raw = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                box[_NONCE_BYTES:], associated, box[:_NONCE_BYTES], self._seal_key
            )
        except nacl.exceptions.CryptoError:
            raise CorruptionError(
                f"a vault record of kind {kind} was changed or sealed with another key: "
                "restore the vault from a backup"
            ) from None
        return decode_canonical(raw, max_bytes=_MAX_RECORD_BYTES)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the library's errors into ours.

    Raises:
        UnavailableError: Another process holds the lock.
        StoreFailedError: The file could not be read or written.
    """
    try:
        yield
    except sqlite.Error as exc:
        name = str(getattr(exc, "sqlite_errorname", ""))
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise UnavailableError("another process is writing to the vault; try again") from exc
        raise StoreFailedError(f"the vault could not be read or written ({exc})") from exc
    except OSError as exc:
        raise StoreFailedError(f"the vault could not be made ({exc.strerror})") from exc

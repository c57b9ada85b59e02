"""The vault: openings of commitments and other secrets, encrypted, beside the ledger and not in it.

Every record is sealed on its own (XChaCha20-Poly1305, key from the vault's secret, name and kind as
associated data); what can be looked up without opening is a keyed hash. Destroying a record is
erasure: what the ledger holds of it proves nothing about the value any more.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, repr=False)
class Doomed:
    """Records that are to be destroyed.

    Args:
        kind: Of the records.
        name: Of the records; None: any.
        is_meant: Which of those with this name; None: all.
        spared: Names that stay, where any name is meant.
    """

    kind: str
    name: str | None
    is_meant: Callable[[Json], bool] | None = None
    spared: Collection[str] = ()


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

    def add(self, kind: str, records: Mapping[str, Json] | Sequence[tuple[str, Json]]) -> None:
        """Keep records, durably, all or none; call this before the ledger names them.

        Args:
            kind: What they are, in the clear.
            records: By name, or pairs where several share a name; names are only kept as keyed
                hashes.

        Raises:
            StoreFailedError: They could not be written; none was.
            UnavailableError: Another process is writing.
        """
        self.add_all({kind: records})

    def add_all(self, kinds: Mapping[str, Mapping[str, Json] | Sequence[tuple[str, Json]]]) -> None:
        """Keep records of several kinds that say nothing without each other; else as `add`.

        Args:
            kinds: Records by kind, each as of `add`.

        Raises:
            StoreFailedError: They could not be written; none was.
            UnavailableError: Another process is writing.
        """
        rows = [
            (kind, *self._seal(kind, name, value))
            for kind, records in kinds.items()
            for name, value in (records.items() if isinstance(records, Mapping) else records)
        ]
        with _translated(), self._writing():
            self._insert(rows)

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

    def scan(self, kind: str) -> Iterator[Json]:
        """Every record of a kind, oldest first, without its name.

        Raises:
            CorruptionError: One was changed, or sealed with another secret.
            StoreFailedError: The file could not be read.
        """
        with _translated():
            rows = self._db.execute(
                "SELECT name, box FROM record WHERE kind = ? ORDER BY id", (kind,)
            )
            for name, box in rows:
                yield self._open_box(kind, name, box)

    def read_marks(self, kind: str) -> dict[int, bytes]:
        """What tells each record of a kind from every other that was ever kept, by its number.

        A number may come again when its record was destroyed; the mark (24 bytes) does not.

        Raises:
            StoreFailedError: The file could not be read.
        """
        with _translated():
            return dict(
                self._db.execute(
                    "SELECT id, substr(box, 1, ?) FROM record WHERE kind = ?", (_NONCE_BYTES, kind)
                )
            )

    def read(self, kind: str, number: int) -> Json:
        """The record of a kind with this number, as `read_marks` gives it; None if it is gone.

        Raises:
            CorruptionError: It was changed, or sealed with another secret.
            StoreFailedError: The file could not be read.
        """
        with _translated():
            row = self._db.execute(
                "SELECT name, box FROM record WHERE kind = ? AND id = ?", (kind, number)
            ).fetchone()
        return None if row is None else self._open_box(kind, *row)

    def erase(self, kind: str, name: str) -> int:
        """Destroy the records of a kind with this name; everything else as `erase_all`."""
        return self.erase_all([Doomed(kind, name)], {})

    def erase_all(self, doomed: Sequence[Doomed], marks: Mapping[str, Mapping[str, Json]]) -> int:
        """Destroy records, all or none, and leave no trace of their bytes in the vault's files.

        The file is written anew: where the database moved records about before, deleting alone
        would leave old copies in its unused parts.

        Args:
            doomed: What goes.
            marks: What is kept instead, by kind and name; nothing where nothing went.

        Returns:
            How many records there were.

        Raises:
            CorruptionError: A record that has to be looked at was changed.
            StoreFailedError: They could not be destroyed, or the file not be written anew.
            UnavailableError: Another process is writing, or still reads what is deleted already.
        """
        sealed = [
            (kind, *self._seal(kind, name, value))
            for kind, records in marks.items()
            for name, value in records.items()
        ]
        count = self._destroy(doomed, sealed)
        self.forget()
        return count

    def discard(self, doomed: Sequence[Doomed]) -> int:
        """Destroy records, all or none, as `erase_all`, but leave the file for `forget` to clean.

        For those who destroy often: writing the file anew takes as long as the file is large.

        Returns:
            How many records there were.

        Raises:
            CorruptionError: A record that has to be looked at was changed.
            StoreFailedError: They could not be destroyed.
            UnavailableError: Another process is writing.
        """
        return self._destroy(doomed, ())

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction: what happens in it happens wholly or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _insert(self, rows: Sequence[tuple[str, bytes, bytes]]) -> None:
        self._db.executemany("INSERT INTO record (kind, name, box) VALUES (?, ?, ?)", rows)

    def _destroy(
        self, doomed: Sequence[Doomed], instead: Sequence[tuple[str, bytes, bytes]]
    ) -> int:
        with _translated(), self._writing():
            ids = [found for each in doomed for found in self._find_ids(each)]
            self._db.executemany("DELETE FROM record WHERE id = ?", ids)
            if ids:
                self._insert(instead)
        return len(ids)

    def _find_ids(self, doomed: Doomed) -> list[tuple[int]]:
        kind, is_meant = doomed.kind, doomed.is_meant
        spared = {self._hash_name(kind, name) for name in doomed.spared}
        return [
            (number,)
            for number, name, box in self._read_named(kind, doomed.name)
            if name not in spared
            if is_meant is None or is_meant(self._open_box(kind, name, box))
        ]

    def _read_named(self, kind: str, name: str | None) -> list[tuple[int, bytes, bytes]]:
        rows = "SELECT id, name, box FROM record WHERE kind = ?"
        if name is None:
            return list(self._db.execute(rows, (kind,)))
        return list(self._db.execute(f"{rows} AND name = ?", (kind, self._hash_name(kind, name))))

    def forget(self) -> None:
        """Write the file anew and empty the write-ahead log.

        Raises:
            UnavailableError: Another process still reads what is deleted.
        """
        is_busy = 0
        try:
            with _translated():
                self._db.execute("VACUUM")
                (is_busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except UnavailableError:
            is_busy = 1
        if is_busy:
            raise UnavailableError(
                "the record is deleted, but another process keeps a copy in use: erase it again"
            )

    def _hash_name(self, kind: str, name: str) -> bytes:
        return blake2b(f"{kind}\n{name}".encode(), key=self._name_key, digest_size=16).digest()

    def _seal(self, kind: str, name: str, value: Json) -> tuple[bytes, bytes]:
        nonce, hashed = os.urandom(_NONCE_BYTES), self._hash_name(kind, name)
        box = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            encode_canonical(value), kind.encode() + hashed, nonce, self._seal_key
        )
        return hashed, nonce + box

    def _open(self, kind: str, name: str, box: bytes) -> Json:
        return self._open_box(kind, self._hash_name(kind, name), box)

    def _open_box(self, kind: str, hashed: bytes, box: bytes) -> Json:
        associated = kind.encode() + hashed
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

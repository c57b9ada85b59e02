"""Fingerprints of registered files: made under keys of this home, kept in its vault, found again.

```text
vault  trace-secret            the master secret, made when the first fingerprint is
       fingerprint  asset + field   the record under the asset's key: its digest is on the ledger,
                                    within the commitment to the content
       sketch       asset + field   the same under the key of this home's index, for searches
trace.db                            the inverted index over all of the latter; follows the vault
```

A registrar who is given a file makes the second alone: its own key never leaves its vault.

Spec: tracing, section 2; Art. 26 and 39.
"""

from base64 import b32decode
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from os import urandom
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.core.text import format_base64url, parse_base64url
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import CorruptionError, ExistsError, InputError, LimitError, MalformedError
from ledger.vault import Doomed, Vault
from node.home import Home
from node.sketchindex import SKETCH, follow_vault, open_index, parse_kept
from tracing.canon import FORM
from tracing.fingerprint import Fingerprint, Progress, fingerprint_file, tell_nobody
from tracing.iscc import find_iscc
from tracing.record import Content, FingerprintRecord, KeyUse, format_fingerprint

if TYPE_CHECKING:
    from tracing.index import SketchIndex
    from tracing.keys import TraceSecret
    from tracing.nearness import Nearness, QuestionedFile
    from tracing.sketch import Parts

FINGERPRINT: Final = "fingerprint"
SECRET: Final = "trace-secret"  # noqa: S105  # the kind of a record
_NAME: Final = "master"
TABLES: Final = frozenset({".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".xlsx", ".parquet"})
"""Files that are meant to be tables by their names: where one is not, that is told."""
_MAX_TEXT_BYTES: Final = 4 * 1024 * 1024
"""Of larger texts the runs of words are not kept: their chunks tell enough."""
_COMPARED: Final = 64
"""So many records of each ranking are compared; the others share less with the file."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A file as it was read.

    Args:
        file: Exact.
        parts: What is compared of it.
        fault: Why it was not read as a table; None: it was.
        iscc: Its public code by ISO 24138; None: the package for it is not installed.
    """

    file: Fingerprint
    parts: "Parts" = field(repr=False)
    fault: InputError | None = None
    iscc: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A fingerprint under both keys.

    Args:
        record: Under the asset's.
        sketch: Under that of this home's index.
    """

    record: FingerprintRecord
    sketch: FingerprintRecord

    @property
    def opening(self) -> JsonObject:
        """What the commitment to the content says of it."""
        return {"form": self.record.form, "record": self.record.digest}

    def list_records(self) -> dict[str, dict[str, Json]]:
        """What the vault has to keep, by kind and name."""
        name = name_record(SubjectKey(self.record.asset), self.record.field)
        return {
            FINGERPRINT: {name: format_fingerprint(self.record)},
            SKETCH: {name: format_fingerprint(self.sketch)},
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A record that a file is near to."""

    record: FingerprintRecord
    nearness: "Nearness"


def find_secret(vault: Vault) -> "TraceSecret | None":
    """The master secret of this vault, if there is one.

    Raises:
        CorruptionError: What the vault has is none.
    """
    from tracing.keys import TraceSecret

    found = vault.find(SECRET, _NAME)
    if not found:
        return None
    try:  # the oldest: whoever made another at the same moment uses this one too
        return TraceSecret(parse_base64url(str(found[0])))
    except MalformedError:
        raise CorruptionError("the vault's master secret of tracing is damaged") from None


def need_secret(vault: Vault) -> "TraceSecret":
    """The master secret of this vault, made at first need and never again.

    Raises:
        CorruptionError: What the vault has is none.
        StoreFailedError: It could not be kept.
    """
    from tracing.keys import SECRET_BYTES

    found = find_secret(vault)
    if found is None:
        vault.add(SECRET, {_NAME: format_base64url(urandom(SECRET_BYTES))})
        found = find_secret(vault)
    if found is None:
        raise CorruptionError("the vault lost a record that was just kept")
    return found


def keep_secret(vault: Vault, secret: "TraceSecret") -> bool:
    """Put a master secret that was put together from its shares into a vault that has none.

    Returns:
        Whether it was not there yet.

    Raises:
        ExistsError: The vault has another, which is never replaced.
        StoreFailedError: It could not be kept.
    """
    found = find_secret(vault)
    if found is not None and found.reveal() != secret.reveal():
        raise ExistsError(
            f"this vault has a master secret already ({found.check}), and what is traced with it "
            f"would be lost: take the other ({secret.check}) into a home of its own"
        )
    if found is None:
        vault.add(SECRET, {_NAME: format_base64url(secret.reveal())})
    return found is None


def read_id(asset: SubjectKey) -> bytes:
    """The 16 bytes behind the key of an asset."""
    text = asset.partition("/")[2].upper()
    return b32decode(text + "=" * (-len(text) % 8))


def name_record(asset: SubjectKey, member: str) -> str:
    """Under which name the vault keeps the fingerprint of an asset's file."""
    return f"{asset} {member}"


def doom_fingerprints(asset: SubjectKey, members: Iterable[str]) -> list[Doomed]:
    """What the vault keeps of the fingerprints of an asset's files."""
    names = [name_record(asset, each) for each in members]
    return [Doomed(kind, name) for name in names for kind in (FINGERPRINT, SKETCH)]


def doom_unknown(known: Iterable[SubjectKey]) -> list[Doomed]:
    """What the vault keeps of the fingerprints of any asset but these."""
    assets = frozenset(known)

    def is_unknown(record: Json) -> bool:
        return not isinstance(record, dict) or record.get("asset") not in assets

    return [Doomed(kind, None, is_unknown) for kind in (FINGERPRINT, SKETCH)]


def read_fingerprint(vault: Vault, asset: SubjectKey, member: str) -> FingerprintRecord | None:
    """The record of an asset's file under the asset's key, if this vault has it.

    Raises:
        CorruptionError: A record was changed.
    """
    return _read_last(vault.find(FINGERPRINT, name_record(asset, member)))


def read_sketch(vault: Vault, asset: SubjectKey, member: str) -> FingerprintRecord | None:
    """The record of an asset's file under the key of this home's index, if this vault has it.

    Raises:
        CorruptionError: A record was changed.
    """
    return _read_last(vault.find(SKETCH, name_record(asset, member)))


def _read_last(records: Sequence[Json]) -> FingerprintRecord | None:
    return parse_kept(records[-1]) if records else None


class Fingerprinter:
    """Makes fingerprints in one home and finds what a file is near to; the caller closes it.

    Args:
        vault: Of the home; stays open until after this.
        home: Where the index lies.

    Raises:
        TablesMissingError: The packages that tables need are not installed.
        CorruptionError: A record of the vault was changed.
        StoreFailedError: The vault could not be written.
    """

    def __init__(self, vault: Vault, home: Home) -> None:
        from tracing.extra import need_extra
        from tracing.keys import derive_hash_keys

        need_extra()
        self._vault = vault
        self._path = home.trace
        self._secret = need_secret(vault)
        self._index_keys = derive_hash_keys(self._secret.derive_index_key())
        self._index: SketchIndex | None = None

    def close(self) -> None:
        """Release the index."""
        if self._index is not None:
            self._index.close()

    def measure(self, path: Path, file: Fingerprint, progress: Progress = tell_nobody) -> Measured:
        """Read a file whose exact fingerprint is known.

        What is broken or too large as a table is taken by its bytes, and the fault is told.

        Args:
            path: Of the file.
            file: Its exact fingerprint.
            progress: Told of the bytes read.

        Raises:
            NotFoundError: There is no such file.
            MalformedError: It changed since, or cannot be read.
        """
        measured = measure_file(path, file, progress)
        if fingerprint_file(path) != file:
            raise MalformedError(f"{path} changed while it was read: run this again")
        return measured

    def make(self, asset: SubjectKey, member: str, measured: Measured) -> Made:
        """The fingerprint of a file, under both keys.

        Args:
            asset: Whose file it is.
            member: What commits to it, such as `content.0`.
            measured: The file.
        """
        from tracing.keys import derive_hash_keys
        from tracing.sketch import sketch_content

        keys = derive_hash_keys(self._secret.derive_asset_key(read_id(asset)))
        content = sketch_content(measured.parts, keys)
        record = _record(asset, member, measured, "asset", content)
        return Made(record, self.sketch(asset, member, measured))

    def sketch(self, asset: SubjectKey, member: str, measured: Measured) -> FingerprintRecord:
        """The record of a file under the key of this home's index alone; arguments as of `make`."""
        from tracing.sketch import sketch_content

        content = sketch_content(measured.parts, self._index_keys)
        return _record(asset, member, measured, "index", content)

    def search(self, measured: Measured) -> list[Found]:
        """What this home knows that the file is near to, the nearest first.

        Cost: one look-up per bottom hash of the file, and at most 128 records read and compared.
        """
        from tracing.nearness import QuestionedFile

        file = QuestionedFile(measured.parts, self._index_keys)
        found = [self._compare(file, number) for number in self._find_candidates(file)]
        near = [each for each in found if each is not None and each.nearness.is_near]
        return sorted(near, key=_rank)

    def refresh(self) -> None:
        """Let the index take in what came to the vault since."""
        follow_vault(self._open_index(), self._vault)

    def _find_candidates(self, file: "QuestionedFile") -> list[int]:
        """Numbers of the records that share most with a file, by its parts and by its values."""
        index, lookups = self._open_index(), file.list_lookups()
        numbers: list[int] = []
        for hashes in (lookups.parts, lookups.values):
            ranked = sorted(index.find(hashes).items(), key=lambda each: (-each[1], each[0]))
            numbers += [number for number, _ in ranked[:_COMPARED]]
        return list(dict.fromkeys(numbers))

    def _compare(self, file: "QuestionedFile", number: int) -> Found | None:
        record = self._vault.read(SKETCH, number)
        if record is None:
            return None
        parsed = parse_kept(record)
        return Found(parsed, file.compare(parsed.content))

    def _open_index(self) -> "SketchIndex":
        """The index, made anew if it is damaged."""
        if self._index is None:
            self._index = open_index(self._path, self._vault)
        return self._index


def _record(
    asset: SubjectKey, member: str, measured: Measured, key: KeyUse, content: Content
) -> FingerprintRecord:
    return FingerprintRecord(asset, member, measured.file, FORM, key, content, measured.iscc)


def measure_file(path: Path, file: Fingerprint, progress: Progress = tell_nobody) -> Measured:
    """What is compared of a file: its table if it is one, else its chunks and words.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It cannot be read.
    """
    from tracing.sketch import Parts, fold_table
    from tracing.tables import digest_rows, read_table

    iscc = find_iscc(path)
    try:
        table = read_table(path, progress=progress)
    except (MalformedError, LimitError) as fault:
        is_told = path.suffix.lower() in TABLES
        return Measured(file, _measure_bytes(path), fault if is_told else None, iscc)
    if len(table.columns) == 1 and path.suffix.lower() not in TABLES:
        return Measured(file, _measure_bytes(path), None, iscc)
    return Measured(file, Parts(fold_table(table), digest_rows(table).digest), None, iscc)


def _measure_bytes(path: Path) -> "Parts":
    from tracing.chunks import iterate_chunks, iterate_shingles
    from tracing.sketch import Parts

    chunks = {sha256(chunk).digest() for chunk in iterate_chunks(path)}
    words: set[bytes] | None = None
    if path.stat().st_size <= _MAX_TEXT_BYTES:
        with suppress(MalformedError):  # it is no text
            words = {sha256(run).digest() for run in iterate_shingles(path)}
    return Parts(None, "", sorted(chunks), None if not words else sorted(words))


def _rank(found: Found) -> tuple[float, str]:
    return (-found.nearness.weight, found.record.asset)

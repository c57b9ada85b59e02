"""Where the files of a log come from: a store, or a folder that holds them.

```text
checkpoint                   the newest note that is published
tile/<L>/<N>[.p/<W>]         hashes
tile/entries/<N>[.p/<W>]     entries
```

A partial tile or bundle of any width is given as soon as a signed checkpoint covers it, and for
ever: it is the beginning of the wider one that the store keeps, so that cutting gives the bytes
that were there when it was the edge of the log. Which sizes had a checkpoint makes no difference:
all of them tell only what the log has signed. Beyond the newest signed checkpoint nothing is given.

Spec: c2sp.org/tlog-tiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

from typing_extensions import override

from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_ENTRY_BYTES, MAX_NOTE_BYTES
from ledger.core.text import DIGEST_BYTES
from ledger.core.tiles import (
    TILE_WIDTH,
    TileId,
    TileReader,
    decode_entry_bundle,
    encode_entry_bundle,
    format_entries_path,
    format_tile_path,
    parse_entries_path,
    parse_tile_path,
    tile_at,
)
from ledger.core.types import TreeSize
from ledger.errors import CorruptionError, InputError, LimitError, MalformedError, NotFoundError
from ledger.files import read_file

CHECKPOINT: Final = "checkpoint"
"""Path of the checkpoint."""
ENTRIES: Final = "tile/entries/"
"""What the paths of entry bundles begin with."""
_ENTRY_BYTES: Final = 2 + MAX_ENTRY_BYTES
_NOTHING: Final = TreeSize(0)


class TileSource(Protocol):
    """Gives the files of a log, whole."""

    def read(self, path: str) -> bytes | None:
        """The file at a path.

        Args:
            path: From outside: any text, such as ``tile/0/000.p/7``, without a leading slash.

        Returns:
            Its bytes; None: not such a path, or no signed tree has it. What is given for a path
            below ``tile/`` never changes.

        Raises:
            CorruptionError: What is kept contradicts itself or the checkpoint.
            StoreFailedError: It cannot be read.
            UnavailableError: Try again later.
        """
        ...


class Notes(Protocol):
    """The signed notes of a log, as whoever publishes them knows them."""

    @property
    def latest(self) -> bytes | None:
        """The newest that the log has signed."""
        ...

    @property
    def published(self) -> bytes | None:
        """The newest that meets the node's own policy; what is served as the checkpoint."""
        ...


class TileStore(TileReader, Protocol):
    """What of a store is needed here."""

    def read_leaves(self, start: int, stop: int) -> Sequence[bytes]:
        """Leaves start <= index < stop; fewer where the log ends."""
        ...


@dataclass(frozen=True, slots=True)
class TilePath:
    """A path below ``tile/``, read.

    Args:
        tile: Which; of level 0 for a bundle.
        is_bundle: It holds the entries instead of the hashes.
    """

    tile: TileId
    is_bundle: bool

    @override
    def __str__(self) -> str:
        return format_entries_path(self.tile) if self.is_bundle else format_tile_path(self.tile)


class StoreTiles(TileSource):
    """The files of a log that a store keeps.

    Args:
        store: Read only; may grow meanwhile. Threads may share this object if they may share it.
        notes: What is signed and what is published.
    """

    def __init__(self, store: TileStore, notes: Notes) -> None:
        self._store = store
        self._notes = notes

    @override
    def read(self, path: str) -> bytes | None:
        if path == CHECKPOINT:
            return self._notes.published
        latest = self._notes.latest
        found = find_path(path, _NOTHING if latest is None else size_of_note(latest))
        if found is None:
            return None
        hashes = self._read_hashes(found.tile)
        return self._read_entries(found.tile, hashes) if found.is_bundle else hashes

    def _read_hashes(self, tile: TileId) -> bytes:
        """The hashes of a tile.

        Raises:
            CorruptionError: The store does not have them, although they are signed.
        """
        data = self._store.read_tile(tile.level, tile.index)
        if len(data) < tile.width * DIGEST_BYTES:
            raise CorruptionError(f"{format_tile_path(tile)} is signed and missing: run an audit")
        return data[: tile.width * DIGEST_BYTES]

    def _read_entries(self, tile: TileId, hashes: bytes) -> bytes:
        """The bundle of a tile's entries, held against its hashes.

        Raises:
            CorruptionError: They are not the entries that were hashed.
        """
        first = tile.index * TILE_WIDTH
        leaves = self._store.read_leaves(first, first + tile.width)
        _check_leaves(leaves, hashes, tile)
        return encode_entry_bundle(leaves)


class FolderTiles(TileSource):
    """The files of a log in a folder, as `export_tiles` leaves it; cuts what is wider there.

    Args:
        folder: Holds ``checkpoint`` and ``tile/``; may be added to meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @override
    def read(self, path: str) -> bytes | None:
        note = self._read_file(CHECKPOINT, MAX_NOTE_BYTES)
        if path == CHECKPOINT:
            return note
        size = _NOTHING if note is None else self._size(note)
        found = find_path(path, size)
        if found is None:
            return None
        hashes = self._read_part(TilePath(found.tile, is_bundle=False), size)
        if not found.is_bundle:
            return hashes
        data = self._read_part(found, size)
        _check_leaves(decode_entry_bundle(data, found.tile.width), hashes, found.tile)
        return data

    def _size(self, note: bytes) -> TreeSize:
        try:
            return size_of_note(note)
        except InputError as exc:
            raise CorruptionError(f"{self._folder / CHECKPOINT} is damaged: {exc}") from exc

    def _read_part(self, wanted: TilePath, size: TreeSize) -> bytes:
        """What a path names, cut from whatever file of the folder holds it.

        Raises:
            CorruptionError: None does, or it is damaged.
        """
        tile = wanted.tile
        edge = tile_at(tile.level, tile.index, size)
        # The full one last: a partial one is removed only once it is there.
        for width in dict.fromkeys((tile.width, edge.width, TILE_WIDTH)):
            path = TilePath(TileId(tile.level, tile.index, width), wanted.is_bundle)
            limit = width * (_ENTRY_BYTES if wanted.is_bundle else DIGEST_BYTES)
            data = self._read_file(str(path), limit)
            if data is not None:
                return self._cut(path, data, tile.width)
        raise CorruptionError(f"{wanted} is missing in {self._folder}: export the log again")

    def _cut(self, path: TilePath, data: bytes, width: int) -> bytes:
        try:
            return cut(path, data, width)
        except InputError as exc:
            raise CorruptionError(f"{self._folder / str(path)} is damaged: {exc}") from exc

    def _read_file(self, path: str, max_bytes: int) -> bytes | None:
        """A file, or None.

        Raises:
            CorruptionError: It is larger than it can be.
        """
        try:
            return read_file(self._folder / path, max_bytes=max_bytes)
        except NotFoundError:
            return None
        except LimitError as exc:
            raise CorruptionError(f"{self._folder / path} is damaged: {exc}") from exc


def find_path(text: str, size: TreeSize) -> TilePath | None:
    """What a path names in a tree of this size.

    Args:
        text: From outside, any.
        size: Of the newest signed checkpoint.

    Returns:
        None: not the canonical spelling of a path, or the tree does not reach so far.
    """
    is_bundle = text.startswith(ENTRIES)
    try:
        tile = parse_entries_path(text) if is_bundle else parse_tile_path(text)
        widest = tile_at(tile.level, tile.index, size)
    except (MalformedError, NotFoundError):
        return None
    return TilePath(tile, is_bundle) if tile.width <= widest.width else None


def cut(path: TilePath, data: bytes, width: int) -> bytes:
    """The beginning of a tile or bundle, as it was when the log ended there.

    Args:
        path: Of the wider one.
        data: Its bytes, from outside.
        width: Hashes or entries to keep, at most those of path.

    Raises:
        MalformedError: It is not what path says.
        LimitError: It is too long for that.
    """
    if path.is_bundle:
        entries = decode_entry_bundle(data, path.tile.width)
        return data if width == len(entries) else encode_entry_bundle(entries[:width])
    if len(data) != path.tile.width * DIGEST_BYTES:
        raise MalformedError(f"{len(data)} bytes are not {path}")
    return data[: width * DIGEST_BYTES]


@lru_cache(maxsize=8)
def size_of_note(note: bytes) -> TreeSize:
    """Leaves that a signed note covers; nothing is verified.

    Raises:
        MalformedError: Not a checkpoint.
        LimitError: Too many bytes or lines.
    """
    return parse_signed_checkpoint(note).body.size


def _check_leaves(leaves: Sequence[bytes], hashes: bytes, tile: TileId) -> None:
    """Hold entries against the hashes of their tile: a cache keeps a wrong bundle for a year.

    Raises:
        CorruptionError: They are others.
    """
    if b"".join(map(hash_leaf, leaves)) != hashes:
        raise CorruptionError(
            f"the entries of {format_entries_path(tile)} are not those that the log hashed: run an "
            "audit"
        )

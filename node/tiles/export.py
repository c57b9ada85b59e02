"""The log as a folder of files that any web server or object store can serve.

```text
FOLDER/tile/entries/...   FOLDER/tile/...   what is new, each put in place whole; then fsync
FOLDER/checkpoint         only when all that it covers is there
FOLDER/**/<N>.p/          removed once the full tile is there and the checkpoint covers it
```

Whoever reads the folder at any moment, also after a crash, finds everything that the checkpoint in
it covers. An interrupted export goes on where it was; a folder of another history is not touched.
Partial tiles are written for the sizes that had a signed checkpoint.

Spec: c2sp.org/tlog-tiles.
"""

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from ledger.core.checkpoint import Checkpoint, parse_signed_checkpoint
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_NOTE_BYTES
from ledger.core.merkle import read_root
from ledger.core.tiles import (
    TILE_WIDTH,
    TileId,
    TileNodeReader,
    TileReader,
    encode_entry_bundle,
    right_edge,
    tile_at,
)
from ledger.core.types import TreeSize
from ledger.errors import (
    AnswerError,
    ExistsError,
    InputError,
    LimitError,
    NotFoundError,
    OriginError,
    RollbackError,
    StoreFailedError,
)
from ledger.files import hold_lock, read_file, replace_file, sync_folder
from node.tiles.source import CHECKPOINT, TilePath, cut, find_path

LOCK: Final = ".lock"
"""In the folder; locked by whoever adds to it."""
TILES: Final = "tile"
"""In the folder; holds everything but the checkpoint."""
_FILE_MODE: Final = 0o644
_TILE_SHIFT: Final = 8


def _no_sizes(_after: int) -> Iterable[int]:
    return ()


def _no_progress(_done: int, _total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything under one checkpoint.

    Args:
        note: The checkpoint; the caller has verified it.
        tiles: Of its tree, as wide as it makes them, held against its root.
        read_leaves: Gives the leaves from an index, a multiple of 256, to the end of the tree,
            each with its index.
        signed_sizes: Gives the sizes above one that have a signed checkpoint of this log.
    """

    note: bytes
    tiles: TileReader
    read_leaves: Callable[[int], Iterable[tuple[int, bytes]]]
    signed_sizes: Callable[[int], Iterable[int]] = _no_sizes


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did.

    Args:
        size: Leaves that the folder's checkpoint covers now.
        files: Number of files that were written; 0: it was there already.
    """

    size: TreeSize
    files: int


def export_tiles(
    edition: Edition, folder: Path, progress: Callable[[int, int], None] = _no_progress
) -> Exported:
    """Bring a folder up to an edition of the log.

    Args:
        edition: What it is to hold.
        folder: Made if it is not there. Others may read it meanwhile.
        progress: Called with the leaves that are done and their number, after each bundle.

    Raises:
        OriginError: The folder holds another log; it is left alone.
        RollbackError: Its checkpoint is newer, or of another history; it is left alone.
        ExistsError: What it has in place of a checkpoint is none; it is left alone.
        UnavailableError: Another process is adding to it.
        StoreFailedError: It cannot be written; what its checkpoint covers is as before.
        AnswerError: A leaf is not the one that its tile names.
        LedgerError: What the edition raises.

    Cost: two fsyncs for each new file, and a walk over all names; keeps one bundle in memory, at
    most 16 MiB.
    """
    body = parse_signed_checkpoint(edition.note).body
    writer = _FolderWriter(folder)
    with hold_lock(folder / LOCK, f"the folder {folder}"):
        old = _read_checkpoint(folder)
        start = TreeSize(0) if old is None else _check_prefix(folder, old, edition, body)
        if old != edition.note:
            for path, data in _new_files(edition, start, body.size, progress):
                writer.put(path, data)
            writer.sync()
            writer.put(CHECKPOINT, edition.note)
        _remove_superseded(folder, body.size)  # also what an interrupted export did not come to
    return Exported(body.size, writer.files)


class _FolderWriter:
    """Puts files in place, whole and durably.

    Raises:
        StoreFailedError: The folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._touched: set[Path] = set()
        self.files = 0
        _make_folder(folder)

    def put(self, path: str, data: bytes) -> None:
        """Write a file, unless an interrupted export has done so.

        Raises:
            StoreFailedError: It cannot be written; what was there before is.
        """
        file = self._folder / path
        self._touched.update(file.parents[: path.count("/") + 1])
        try:
            if read_file(file, max_bytes=len(data)) == data:
                return
        except NotFoundError:
            _make_folder(file.parent)
        except LimitError:
            pass
        replace_file(file, data, _FILE_MODE)
        self.files += 1

    def sync(self) -> None:
        """Make the names of all files durable, also of those that were there.

        Raises:
            StoreFailedError: An fsync failed.
        """
        try:
            for folder in sorted(self._touched):
                sync_folder(folder)
        except OSError as exc:
            raise StoreFailedError(f"cannot write {self._folder}: {exc.strerror}") from exc


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreFailedError(f"cannot make the folder {folder}: {exc.strerror}") from exc


def _read_checkpoint(folder: Path) -> bytes | None:
    """The note in a folder, if there is one.

    Raises:
        ExistsError: It is too large for a note.
    """
    try:
        return read_file(folder / CHECKPOINT, max_bytes=MAX_NOTE_BYTES)
    except NotFoundError:
        return None
    except LimitError as exc:
        raise ExistsError(_no_checkpoint(folder, exc)) from exc


def _check_prefix(folder: Path, note: bytes, edition: Edition, body: Checkpoint) -> TreeSize:
    """Refuse a folder whose log is not the beginning of the edition's.

    Returns:
        Leaves that the folder has.

    Raises:
        OriginError: It is another log.
        RollbackError: It is newer, or of another history.
        ExistsError: It has something else in place of the checkpoint.
    """
    try:
        old = parse_signed_checkpoint(note).body
    except InputError as exc:
        raise ExistsError(_no_checkpoint(folder, exc)) from exc
    if old.origin != body.origin:
        raise OriginError(f"{folder} holds the log {old.origin}, not {body.origin}: choose another")
    if old.size > body.size:
        raise RollbackError(
            f"{folder} holds a checkpoint of {old.size} leaves and this one is of {body.size}: "
            "an old copy of the log was put in place, or its policy has become stricter; use "
            "another folder if that is right"
        )
    if read_root(TileNodeReader(edition.tiles), old.size) != old.root:
        raise RollbackError(
            f"{folder} holds a checkpoint of {old.size} leaves with another root than this log has "
            "there: keep both and compare them; nothing was written"
        )
    return old.size


def _no_checkpoint(folder: Path, exc: InputError) -> str:
    return f"{folder / CHECKPOINT} is no checkpoint ({exc}): choose another folder"


def _new_files(
    edition: Edition, start: TreeSize, size: TreeSize, progress: Callable[[int, int], None]
) -> Iterable[tuple[str, bytes]]:
    """Path and content of the bundles and tiles that a larger tree has beyond a smaller one."""
    widths = _partial_widths(size, edition.signed_sizes(start))
    leaves = iter(edition.read_leaves(start - start % TILE_WIDTH))
    for index in range(start // TILE_WIDTH, _count_tiles(size)) if size > start else ():
        bundle = _read_bundle(edition.tiles, leaves, tile_at(0, index, size))
        yield from _cut_out(TilePath(TileId(0, index), is_bundle=True), bundle, widths)
        progress(min((index + 1) * TILE_WIDTH, size) - start, size - start)
    level, old, new = 0, int(start), int(size)
    while new > old:
        for index in range(old // TILE_WIDTH, _count_tiles(new)):
            tile = edition.tiles.read_tile(level, index)
            yield from _cut_out(TilePath(TileId(level, index), is_bundle=False), tile, widths)
        level, old, new = level + 1, old >> _TILE_SHIFT, new >> _TILE_SHIFT


def _read_bundle(tiles: TileReader, leaves: Iterable[tuple[int, bytes]], tile: TileId) -> bytes:
    """The bundle beside a tile, held against it.

    Raises:
        AnswerError: A leaf is not the one whose hash the tile has.
    """
    entries = [leaf for _, leaf in islice(leaves, tile.width)]
    if b"".join(map(hash_leaf, entries)) != tiles.read_tile(0, tile.index):
        raise AnswerError(
            f"the leaves from {tile.index * TILE_WIDTH} on are not those whose hashes the log has"
        )
    return encode_entry_bundle(entries)


def _partial_widths(size: TreeSize, sizes: Iterable[int]) -> Mapping[tuple[int, int], set[int]]:
    """For each partial tile of a tree: how wide it was under this checkpoint and earlier ones."""
    edge = right_edge(size)
    widths = {(tile.level, tile.index): {tile.width} for tile in edge}
    for earlier in sizes:
        if earlier > size:
            continue
        for tile in edge:
            index, width = divmod(earlier >> _TILE_SHIFT * tile.level, TILE_WIDTH)
            if index == tile.index and width:
                widths[tile.level, index].add(width)
    return widths


def _cut_out(
    full: TilePath, data: bytes, widths: Mapping[tuple[int, int], Collection[int]]
) -> Iterable[tuple[str, bytes]]:
    """The full file, or the partial ones that are cut from the widest of them."""
    place = (full.tile.level, full.tile.index)
    if place not in widths:
        yield str(full), data
        return
    widest = TilePath(TileId(*place, max(widths[place])), full.is_bundle)
    for width in sorted(widths[place]):
        path = TilePath(TileId(*place, width), full.is_bundle)
        yield str(path), cut(widest, data, width)


def _count_tiles(hashes: int) -> int:
    return -(-hashes // TILE_WIDTH)


def _remove_superseded(folder: Path, size: TreeSize) -> None:
    """Remove partial tiles and bundles that are full under the checkpoint in the folder.

    Raises:
        StoreFailedError: One cannot be removed.
    """
    try:
        for base, names, _ in os.walk(folder / TILES):
            for name in [name for name in names if name.endswith(".p")]:
                partial = Path(base) / name
                path = partial.relative_to(folder).as_posix().removesuffix(".p")
                if find_path(path, size) is not None:
                    _remove_folder(partial)
                names.remove(name)
    except OSError as exc:
        raise StoreFailedError(f"cannot tidy up {folder}: {exc.strerror}") from exc


def _remove_folder(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()

"""Tiles and leaves of a log as somebody else serves them (c2sp.org/tlog-tiles).

Nothing is trusted here beyond its form: a tile is held against a root by whoever folds it, a leaf
against the tile above it.
"""

from collections.abc import Callable, Iterator
from typing import Final

from typing_extensions import override

from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_ENTRY_BYTES
from ledger.core.merkle import prove_inclusion, split_digests, verify_inclusion
from ledger.core.text import DIGEST_BYTES
from ledger.core.tiles import (
    TILE_WIDTH,
    TileId,
    TileNodeReader,
    TileReader,
    decode_entry_bundle,
    decode_tile,
    format_entries_path,
    format_tile_path,
    tile_at,
)
from ledger.core.types import Digest, LeafIndex, TreeSize
from ledger.errors import AnswerError, InclusionError, InputError, NotFoundError
from ledger.light.fetch import Fetcher

MAX_TILE_BYTES: Final = TILE_WIDTH * DIGEST_BYTES
MAX_ENTRIES_BYTES: Final = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)
_MAX_KEPT: Final = 256


class FetchedTiles(TileReader):
    """The tiles of a tree of one size, fetched as they are asked for.

    Only paths that a log of this size has to serve are asked for: the tile as wide as the size
    makes it, and where it is gone the full one, whose beginning it is.

    Args:
        fetcher: Whom to ask.
        size: Of a checkpoint that the log has signed.
    """

    def __init__(self, fetcher: Fetcher, size: TreeSize) -> None:
        self._fetcher = fetcher
        self._size = size

    @override
    def read_tile(self, level: int, index: int) -> bytes:
        """Hashes of this tile as wide as the size makes it, 32 bytes each; not verified.

        Raises:
            NotFoundError: A tree of this size has no such tile, or nobody serves it.
            AnswerError: What is served is no tile of this width.
            UnavailableError: Nobody answers in time.
            LimitError: The answer has more bytes than a tile.
        """
        tile = tile_at(level, index, self._size)
        data, served = _get(self._fetcher, tile, format_tile_path, MAX_TILE_BYTES)
        try:
            decode_tile(data, served.width)
        except InputError as exc:
            raise AnswerError(f"{format_tile_path(served)}: {exc}") from exc
        return data[: tile.width * DIGEST_BYTES]


class HeldTiles(TileReader):
    """Fetched tiles of which those of level 0 are held against a root before they are given.

    A tile is authentic once its first leaf is: all its other leaves are in that leaf's path.

    Args:
        fetcher: Whom to ask.
        size: Of a verified checkpoint.
        root: Of the same.
    """

    def __init__(self, fetcher: Fetcher, size: TreeSize, root: Digest) -> None:
        self._kept = _KeptTiles(FetchedTiles(fetcher, size))
        self._size = size
        self._root = root
        self.nodes = TileNodeReader(self._kept)

    @override
    def read_tile(self, level: int, index: int) -> bytes:
        """Hashes of this tile as wide as the size makes it, 32 bytes each.

        Raises:
            NotFoundError: A tree of this size has no such tile, or nobody serves it.
            AnswerError: What is served is not this tile.
            UnavailableError: Nobody answers in time.
            LimitError: The answer has more bytes than a tile.
        """
        data = self._kept.read_tile(level, index)
        if level == 0:
            self.verify(LeafIndex(index * TILE_WIDTH), split_digests(data[:DIGEST_BYTES])[0])
        return data

    def verify(self, index: LeafIndex, leaf_hash: Digest) -> tuple[Digest, ...]:
        """The path that shows this leaf here.

        Raises:
            AnswerError: The tree has another leaf here, or the tiles are not of this tree.
            NotFoundError: The tree has no such leaf, or nobody serves the tiles.
            UnavailableError: Nobody answers in time.
            LimitError: The answer has more bytes than a tile.
        """
        path = prove_inclusion(self.nodes, index, self._size)
        try:
            verify_inclusion(
                leaf=leaf_hash, index=index, size=self._size, path=path, root=self._root
            )
        except InclusionError as exc:
            raise AnswerError(f"leaf {index} is not in the tree that the log signed") from exc
        return path


class _KeptTiles(TileReader):
    """The tiles asked for last, so that what was verified is what is given."""

    def __init__(self, tiles: TileReader) -> None:
        self._tiles = tiles
        self._kept: dict[tuple[int, int], bytes] = {}

    @override
    def read_tile(self, level: int, index: int) -> bytes:
        data = self._kept.get((level, index))
        if data is None:
            if len(self._kept) >= _MAX_KEPT:
                self._kept.clear()
            data = self._kept[level, index] = self._tiles.read_tile(level, index)
        return data


def fetch_leaf(fetcher: Fetcher, index: LeafIndex, size: TreeSize, tiles: HeldTiles) -> bytes:
    """One leaf, held against the root of the tiles.

    Raises:
        NotFoundError: The tree has no such leaf, or nobody serves it.
        AnswerError: A tile or a bundle is not of the tree.
        UnavailableError: Nobody answers in time.
        LimitError: An answer has more bytes than it may have.
    """
    ((_, leaf),) = read_leaves(fetcher, index, index + 1, size, tiles=tiles)
    return leaf


def read_leaves(
    fetcher: Fetcher,
    start: int,
    stop: int,
    size: TreeSize,
    *,
    tiles: TileReader | None = None,
) -> Iterator[tuple[int, bytes]]:
    """Leaves start .. stop-1 with their indexes, each held against the tile above it.

    The tiles are not held against anything here. Who recomputes the root from the leaves needs no
    more; who does not passes tiles that were held against it and are kept since.

    Args:
        fetcher: Whom to ask.
        start: Index of the first leaf.
        stop: Index after the last one, at most size.
        size: Of a checkpoint that the log has signed.
        tiles: Where the hashes come from, such as HeldTiles; fetched if not given.

    Raises:
        NotFoundError: The tree has no such leaf, or nobody serves it.
        AnswerError: A bundle is malformed, or a leaf is not the one that its tile names.
        UnavailableError: Nobody answers in time.
        LimitError: An answer has more bytes than a bundle may have.

    Cost: one bundle and one tile for each 256 leaves; keeps one bundle, at most 16 MiB.
    """
    if not 0 <= start <= stop <= size:
        raise NotFoundError(f"a tree of {size} leaves has no leaves {start} to {stop}")
    reader = tiles or FetchedTiles(fetcher, size)
    for number in range(start // TILE_WIDTH, -(-stop // TILE_WIDTH)):
        first = number * TILE_WIDTH
        for offset, leaf in enumerate(_read_bundle(fetcher, tile_at(0, number, size), reader)):
            if start <= first + offset < stop:
                yield LeafIndex(first + offset), leaf


def _read_bundle(fetcher: Fetcher, tile: TileId, tiles: TileReader) -> tuple[bytes, ...]:
    """The entries beside a tile of level 0.

    Raises:
        AnswerError: Not such a bundle, or its leaves are not those that the tile names.
    """
    data, served = _get(fetcher, tile, format_entries_path, MAX_ENTRIES_BYTES)
    path = format_entries_path(served)
    try:
        leaves = decode_entry_bundle(data, served.width)[: tile.width]
    except InputError as exc:
        raise AnswerError(f"{path}: {exc}") from exc
    hashes = split_digests(tiles.read_tile(0, tile.index))[: tile.width]
    for offset, (leaf, digest) in enumerate(zip(leaves, hashes, strict=True)):
        if hash_leaf(leaf) != digest:
            index = tile.index * TILE_WIDTH + offset
            raise AnswerError(f"{path}: leaf {index} is not the one whose hash the tile has")
    return leaves


def _get(
    fetcher: Fetcher, tile: TileId, format_path: Callable[[TileId], str], max_bytes: int
) -> tuple[bytes, TileId]:
    """A tile or bundle, or the full one where the partial one is gone.

    Raises:
        NotFoundError: Nobody serves it.
    """
    try:
        return fetcher.get(format_path(tile), max_bytes=max_bytes), tile
    except NotFoundError:
        if tile.width == TILE_WIDTH:
            raise
    full = TileId(tile.level, tile.index)
    return fetcher.get(format_path(full), max_bytes=max_bytes), full

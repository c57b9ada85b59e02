"""Tiles and leaves of a log as somebody else serves them (c2sp.org/tlog-tiles).

Nothing is trusted here beyond its form: a tile is held against a root by whoever folds it, a leaf
against the tile above it.
"""

from collections.abc import Callable, Iterator
from typing import Final

from typing_extensions import override

from ledger.core.checkpoint import Checkpoint
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_ENTRY_BYTES
from ledger.core.merkle import hash_tree, split_digests
from ledger.core.text import DIGEST_BYTES
from ledger.core.tiles import (
    TILE_WIDTH,
    TileId,
    TileReader,
    decode_entry_bundle,
    decode_tile,
    format_entries_path,
    format_tile_path,
    read_frontier,
    right_edge,
    tile_at,
)
from ledger.core.types import LeafIndex, TreeSize
from ledger.errors import (
    AnswerError,
    CorruptionError,
    InputError,
    NotFoundError,
    UnavailableError,
)
from ledger.light.fetch import Fetcher

MAX_TILE_BYTES: Final = TILE_WIDTH * DIGEST_BYTES
MAX_ENTRIES_BYTES: Final = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)
_KEPT_TILES: Final = 1024
NOT_WHOLE: Final = "the log is not served whole ({}): ask again, or another mirror"
"""What is said where a file is missing that the log has to have."""


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


class AuthenticTiles(TileReader):
    """Tiles of one tree, each held against the tree's root before it is given out.

    Args:
        tiles: Where they come from; trusted with nothing.
        tree: What the log has signed.

    Raises:
        AnswerError: The tiles at the right edge do not fold to the root.
        LedgerError: What tiles raises.

    Cost: each tile is read once and hashed once, as long as it is kept.
    """

    def __init__(self, tiles: TileReader, tree: Checkpoint) -> None:
        self._tiles = tiles
        self._size = tree.size
        self._edge = {
            (tile.level, tile.index): self._fetch(tile.level, tile.index)[
                : tile.width * DIGEST_BYTES
            ]
            for tile in right_edge(tree.size)
        }
        self._kept: dict[tuple[int, int], bytes] = {}
        try:
            root = read_frontier(_Kept(self._edge), tree.size).root()
        except CorruptionError as exc:
            raise AnswerError(f"the tiles at the right edge are not whole: {exc}") from exc
        if root != tree.root:
            raise AnswerError(
                f"the tiles at the right edge fold to {root.hex()}, not to the root of the "
                f"checkpoint of {tree.size} leaves: ask again, or another mirror"
            )

    @override
    def read_tile(self, level: int, index: int) -> bytes:
        """Hashes of this tile as wide as the tree makes it, 32 bytes each.

        Raises:
            NotFoundError: The tree has no such tile.
            UnavailableError: Nobody serves it.
            AnswerError: What is served is not of this tree.
            LedgerError: What the reader raises.
        """
        place = (level, index)
        tile = self._edge.get(place) or self._kept.get(place)
        if tile is None:
            tile_at(level, index, self._size)
            tile = self._read_full(level, index)
            if len(self._kept) >= _KEPT_TILES:
                self._kept.clear()
            self._kept[place] = tile
        return tile

    def _read_full(self, level: int, index: int) -> bytes:
        above, slot = divmod(index, TILE_WIDTH)
        start = slot * DIGEST_BYTES
        expected = self.read_tile(level + 1, above)[start : start + DIGEST_BYTES]
        tile = self._fetch(level, index)
        if len(tile) != TILE_WIDTH * DIGEST_BYTES or hash_tree(split_digests(tile)) != expected:
            raise AnswerError(f"tile {level}/{index} is not the one that the tile above it names")
        return tile

    def _fetch(self, level: int, index: int) -> bytes:
        """What is served for a tile that the tree has.

        Raises:
            UnavailableError: Nothing.
        """
        try:
            return self._tiles.read_tile(level, index)
        except NotFoundError as exc:
            raise UnavailableError(NOT_WHOLE.format(exc)) from exc


class _Kept(TileReader):
    def __init__(self, tiles: dict[tuple[int, int], bytes]) -> None:
        self._tiles = tiles

    @override
    def read_tile(self, level: int, index: int) -> bytes:
        return self._tiles[level, index]


def fetch_leaf(fetcher: Fetcher, index: LeafIndex, size: TreeSize, tiles: AuthenticTiles) -> bytes:
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
        tiles: Where the hashes come from, such as AuthenticTiles; fetched if not given.

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

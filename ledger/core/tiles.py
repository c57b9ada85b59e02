"""Tiles: how the log tree is stored and served (c2sp.org/tlog-tiles).

```text
tile (L, N)     hashes N*256 .. N*256+255 of tree level 8*L, 32 bytes each, as far as they exist
tile (0, N)     leaf hashes; the entry bundle N holds the leaves themselves
tile (L+1, N)   one hash for each full tile of level L; partial tiles are in none above
```

A full tile never changes; the rightmost one of a level grows to the right until it is full.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ledger.core.hashing import SUITE, Suite
from ledger.core.limits import MAX_ENTRY_BYTES
from ledger.core.merkle import (
    EMPTY_FRONTIER,
    Frontier,
    NodeId,
    hash_pairs,
    hash_tree,
    split_digests,
)
from ledger.core.text import DIGEST_BYTES
from ledger.core.types import Digest, LeafIndex, TreeSize
from ledger.errors import CorruptionError, LimitError, MalformedError, NotFoundError

TILE_WIDTH: Final = 256
"""Hashes in a full tile, entries in a full bundle."""

_TILE_HEIGHT: Final = 8
_TILE_BYTES: Final = TILE_WIDTH * DIGEST_BYTES
_MAX_LEVEL: Final = 63
_LENGTH_BYTES: Final = 2
_PATH: Final = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?"
)


@dataclass(frozen=True, slots=True)
class TileId:
    """A tile as it is in a tree of some size.

    Args:
        level: 0 for leaf hashes, at most 63.
        index: Position within the level, 0 <= index < 2**63.
        width: Hashes in it, 1 to 256; fewer than 256 is a partial tile.

    Raises:
        MalformedError: A number out of its range.
    """

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not (0 <= self.level <= _MAX_LEVEL and 0 <= self.index < 2**63):
            raise MalformedError(f"there is no tile {self.level}/{self.index}")
        if not 1 <= self.width <= TILE_WIDTH:
            raise MalformedError(f"a tile has 1 to {TILE_WIDTH} hashes, not {self.width}")


@dataclass(frozen=True, slots=True)
class TileUpdate:
    """New content of a tile, whole: what was there before is its beginning.

    Args:
        level: Level of the tile.
        index: Position within the level.
        data: 1 to 256 hashes of 32 bytes.
    """

    level: int
    index: int
    data: bytes


class TileReader(Protocol):
    """Where tiles come from."""

    def read_tile(self, level: int, index: int) -> bytes:
        """Hashes of this tile from its left end, 32 bytes each.

        As many as are stored: one that reads from elsewhere passes what it got through
        decode_tile first.

        Raises:
            NotFoundError: None is stored.
        """
        ...


def format_tile_path(tile: TileId) -> str:
    """Path below the log's address, such as ``tile/0/x001/x234/067.p/89``."""
    return f"tile/{tile.level}/{_format_position(tile)}"


def parse_tile_path(text: str) -> TileId:
    """Read the path of a tile; the exact inverse of format_tile_path.

    Raises:
        MalformedError: Anything that format_tile_path would not have written.

    Spec: c2sp.org/tlog-tiles, "Merkle Tree".
    """
    level, tile = _parse_path(text)
    if level == "entries" or format_tile_path(tile) != text:
        raise MalformedError(f"not the path of a tile: {text[:64]!r}")
    return tile


def format_entries_path(tile: TileId) -> str:
    """Path of the entry bundle beside a tile of level 0, such as ``tile/entries/000.p/89``.

    Raises:
        MalformedError: The tile is of another level.
    """
    if tile.level != 0:
        raise MalformedError(f"no entries lie beside tiles of level {tile.level}")
    return f"tile/entries/{_format_position(tile)}"


def parse_entries_path(text: str) -> TileId:
    """Read the path of an entry bundle; the exact inverse of format_entries_path.

    Returns:
        The tile of level 0 whose leaves the bundle holds.

    Raises:
        MalformedError: Anything that format_entries_path would not have written.

    Spec: c2sp.org/tlog-tiles, "Log entries".
    """
    level, tile = _parse_path(text)
    if level != "entries" or format_entries_path(tile) != text:
        raise MalformedError(f"not the path of an entry bundle: {text[:64]!r}")
    return tile


def tile_at(level: int, index: int, size: TreeSize) -> TileId:
    """The tile at this place as wide as it is in a tree of this size.

    Raises:
        NotFoundError: The tree has no hash there.
    """
    if min(level, index) < 0 or (width := (size >> _TILE_HEIGHT * level) - TILE_WIDTH * index) < 1:
        raise NotFoundError(f"a tree of {size} leaves has no tile {level}/{index}")
    return TileId(level, index, min(width, TILE_WIDTH))


def entries_tile_for(index: LeafIndex, size: TreeSize) -> TileId:
    """The tile of level 0 (and entry bundle) that holds this leaf in a tree of this size.

    Raises:
        NotFoundError: The tree has no such leaf.
    """
    if not 0 <= index < size:
        raise NotFoundError(f"a tree of {size} leaves has no leaf {index}")
    return tile_at(0, index // TILE_WIDTH, size)


def right_edge(size: TreeSize) -> tuple[TileId, ...]:
    """The partial tiles of a tree, from level 0 upwards: floor(size / 256**L) mod 256 wide.

    Their hashes are what the frontier is folded from.
    """
    edge: list[TileId] = []
    level, rest = 0, int(size)
    while rest > 0:
        rest, width = divmod(rest, TILE_WIDTH)
        if width:
            edge.append(TileId(level, rest, width))
        level += 1
    return tuple(edge)


def decode_tile(data: bytes, width: int) -> tuple[Digest, ...]:
    """Read a tile from outside.

    Args:
        data: From outside, any bytes.
        width: Number of hashes that its path says, 1 to 256.

    Raises:
        MalformedError: Not exactly so many hashes of 32 bytes.
    """
    if len(data) != width * DIGEST_BYTES:
        raise MalformedError(f"{len(data)} bytes are not a tile of {width} hashes")
    return split_digests(data)


def encode_entry_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes that ``tile/entries/...`` serves: each entry after its length, u16 big-endian.

    Args:
        entries: 1 to 256 of at most 65,535 bytes.

    Raises:
        MalformedError: Not 1 to 256 entries.
        LimitError: An entry is too long.

    Spec: c2sp.org/tlog-tiles, "Log entries".
    """
    _check_bundle_count(len(entries))
    if max(map(len, entries)) > MAX_ENTRY_BYTES:
        raise LimitError(f"an entry has more than {MAX_ENTRY_BYTES} bytes")
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def decode_entry_bundle(data: bytes, count: int) -> tuple[bytes, ...]:
    """Read an entry bundle; the exact inverse of encode_entry_bundle.

    Args:
        data: From outside, any bytes.
        count: Number of entries that its path says, 1 to 256.

    Raises:
        MalformedError: Not exactly so many entries, or count is out of range.
        LimitError: Longer than so many entries can be.
    """
    _check_bundle_count(count)
    if len(data) > count * (_LENGTH_BYTES + MAX_ENTRY_BYTES):
        raise LimitError(f"{len(data)} bytes are too many for {count} entries")
    entries: list[bytes] = []
    end = 0
    for _ in range(count):
        start = end + _LENGTH_BYTES
        end = start + int.from_bytes(data[end:start], "big")
        entries.append(data[start:end])
    if end != len(data):
        raise MalformedError(f"not a bundle of exactly {count} entries")
    return tuple(entries)


class TileNodeReader:
    """Reads nodes of the log tree (a `NodeReader`) from its tiles, hashing within each tile.

    Keeps what it read and computed: nodes never change, and a tile that turns out too short for
    a node is read again. Safe to share between threads if the tile reader is.

    Args:
        tiles: What is stored; its tiles may grow while this object lives.
        max_tiles: Tiles kept, about 40 KiB each; when full it starts afresh.
        suite: Hash function and tags.
    """

    def __init__(self, tiles: TileReader, *, max_tiles: int = 256, suite: Suite = SUITE) -> None:
        self._tiles = tiles
        self._max_tiles = max_tiles
        self._suite = suite
        self._kept: dict[tuple[int, int], Sequence[Sequence[Digest]]] = {}

    def read_nodes(self, nodes: Sequence[NodeId]) -> Sequence[Digest]:
        """Roots of these subtrees, one for each, in the same order.

        Raises:
            NotFoundError: The stored tiles do not reach as far as one of them.
            CorruptionError: A stored tile is not made of whole hashes.

        Cost: 255 hashes for each full tile that is not kept from before.
        """
        return [self._read_node(node) for node in nodes]

    def _read_node(self, node: NodeId) -> Digest:
        level, height = divmod(node.level, _TILE_HEIGHT)
        index, offset = divmod(node.index, TILE_WIDTH >> height)
        heights = self._kept.get((level, index))
        if heights is None or len(heights[height]) <= offset:
            heights = self._read_heights(level, index)
        if len(heights[height]) <= offset:
            raise NotFoundError(f"the log does not reach as far as node {node.level}/{node.index}")
        return heights[height][offset]

    def _read_heights(self, level: int, index: int) -> Sequence[Sequence[Digest]]:
        """The hashes of a tile, their parents, and so on up to below the root of a full tile.

        Raises:
            CorruptionError: The stored tile is not made of at most 256 whole hashes.
        """
        data = self._tiles.read_tile(level, index)
        if len(data) % DIGEST_BYTES or len(data) > _TILE_BYTES:
            raise CorruptionError(f"tile {level}/{index} has {len(data)} bytes")
        heights: list[Sequence[Digest]] = [split_digests(data)]
        for _ in range(1, _TILE_HEIGHT):
            heights.append(hash_pairs(heights[-1], suite=self._suite))
        if len(self._kept) >= self._max_tiles:
            self._kept.clear()
        self._kept[level, index] = heights
        return heights


def extend_tiles(
    read_tile: Callable[[int, int], bytes],
    size: TreeSize,
    leaf_hashes: Iterable[Digest],
    *,
    suite: Suite = SUITE,
) -> tuple[TileUpdate, ...]:
    """Every tile that changes when leaves are appended.

    Args:
        read_tile: As TileReader.read_tile; asked for the partial tiles of right_edge(size) that
            change, at most one for each level.
        size: Number of leaves before.
        leaf_hashes: Of the new leaves, in order.
        suite: Hash function and tags.

    Returns:
        New content of each changed tile, by level and then by index.

    Raises:
        CorruptionError: A tile at the right edge is missing or not as wide as size makes it.

    Cost: at most one hash for each new leaf and 255 for each level.
    """
    updates: list[TileUpdate] = []
    level, count, fresh = 0, int(size), b"".join(leaf_hashes)
    while fresh:
        index, width = divmod(count, TILE_WIDTH)
        data = _read_edge(read_tile, level, index, width) + fresh
        if len(data) != width * DIGEST_BYTES + len(fresh):
            raise CorruptionError(f"tile {level}/{index} is wider than {size} leaves make it")
        tiles = [data[start : start + _TILE_BYTES] for start in range(0, len(data), _TILE_BYTES)]
        updates += [TileUpdate(level, index + step, tile) for step, tile in enumerate(tiles)]
        fresh = b"".join(
            hash_tree(split_digests(tile), suite=suite)
            for tile in tiles
            if len(tile) == _TILE_BYTES
        )
        level, count = level + 1, index
    return tuple(updates)


def read_frontier(tiles: TileReader, size: TreeSize, *, suite: Suite = SUITE) -> Frontier:
    """Frontier of the first size leaves, read from the right edge of their tree.

    Raises:
        CorruptionError: A tile at the right edge is missing or too short.

    Cost: one tile and at most 255 hashes for each level.
    """
    nodes: list[Digest] = []
    for tile in reversed(right_edge(size)):
        data = _read_edge(tiles.read_tile, tile.level, tile.index, tile.width)
        hashes = split_digests(data[: tile.width * DIGEST_BYTES])
        nodes += EMPTY_FRONTIER.extend(hashes, suite=suite).nodes
    return Frontier(size, tuple(nodes))


def _read_edge(read_tile: Callable[[int, int], bytes], level: int, index: int, width: int) -> bytes:
    """A tile that must hold at least so many hashes; nothing is read when that is none.

    Raises:
        CorruptionError: It is missing or too short.
    """
    if width == 0:
        return b""
    try:
        data = read_tile(level, index)
    except NotFoundError as exc:
        raise CorruptionError(f"tile {level}/{index} is missing") from exc
    if len(data) < width * DIGEST_BYTES:
        raise CorruptionError(f"tile {level}/{index} has {len(data)} bytes, not {width} hashes")
    return data


def _format_position(tile: TileId) -> str:
    parts = [f"{tile.index % 1000:03}"]
    rest = tile.index // 1000
    while rest:
        parts.append(f"x{rest % 1000:03}")
        rest //= 1000
    suffix = "" if tile.width == TILE_WIDTH else f".p/{tile.width}"
    return "/".join(reversed(parts)) + suffix


def _parse_path(text: str) -> tuple[str, TileId]:
    """The level as written, and the tile; other spellings of the numbers still pass here.

    Raises:
        MalformedError: Not of the form, or a number out of its range.
    """
    match = _PATH.fullmatch(text)
    if match is None:
        raise MalformedError(f"not the path of a tile or entry bundle: {text[:64]!r}")
    level, position, width = match.groups()
    index = int(position.replace("/", "").replace("x", ""))
    tile = TileId(0 if level == "entries" else int(level), index, int(width or TILE_WIDTH))
    return level, tile


def _check_bundle_count(count: int) -> None:
    if not 1 <= count <= TILE_WIDTH:
        raise MalformedError(f"an entry bundle has 1 to {TILE_WIDTH} entries, not {count}")

"""Tiles and leaves that somebody else serves: held against the root before they are given out."""

from hashlib import sha256

import pytest

from ledger.core.checkpoint import Checkpoint
from ledger.core.merkle import hash_tree, read_root
from ledger.core.tiles import TILE_WIDTH, TileNodeReader, extend_tiles, tile_at
from ledger.core.types import TreeSize
from ledger.errors import AnswerError, NotFoundError, UnavailableError
from ledger.light.leaves import AuthenticTiles, FetchedTiles, read_leaves
from tests.light.house import ForgedTree

ORIGIN = "example.org/tiles"
TREE = ForgedTree(700)


class Tiles:
    """Tiles of a tree of made-up leaf hashes, as wide as its size makes them."""

    def __init__(self, size):
        hashes = [sha256(b"%d" % n).digest() for n in range(size)]
        made = extend_tiles(lambda _level, _index: b"", 0, hashes)
        self.tiles = {(tile.level, tile.index): tile.data for tile in made}
        self.tree = Checkpoint(ORIGIN, size, hash_tree(hashes))
        self.hashes = hashes

    def read_tile(self, level, index):
        if (level, index) not in self.tiles:
            raise NotFoundError("no such tile")
        return self.tiles[level, index]


SIZES = [1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 66_000]


@pytest.fixture(scope="module", params=SIZES)
def whole(request):
    return Tiles(request.param)


def test_every_tile_of_a_tree_is_given_out(whole):
    authentic = AuthenticTiles(whole, whole.tree)
    for level, index in whole.tiles:
        assert authentic.read_tile(level, index) == whole.tiles[level, index]
    for old in {1, whole.tree.size // 2 or 1, whole.tree.size}:
        assert read_root(TileNodeReader(authentic), old) == hash_tree(whole.hashes[:old])


def test_a_tile_that_the_tree_does_not_have_is_not_asked_for(whole):
    authentic = AuthenticTiles(whole, whole.tree)
    for place in ((0, whole.tree.size // TILE_WIDTH + 1), (3, 0), (64, 0), (0, 2**70)):
        with pytest.raises(NotFoundError):
            authentic.read_tile(*place)


@pytest.mark.parametrize("size", [2, 257, 66_000])
def test_every_changed_tile_is_refused(size):
    whole = Tiles(size)
    for place, honest in whole.tiles.items():
        if place[1] not in {0, 1, size // TILE_WIDTH, size // TILE_WIDTH - 1}:
            continue
        for lie in (honest[:-1] + bytes([honest[-1] ^ 1]), honest[:-32], b""):
            whole.tiles[place] = lie
            with pytest.raises(AnswerError):
                AuthenticTiles(whole, whole.tree).read_tile(*place)
        whole.tiles[place] = honest


def test_what_a_store_holds_beyond_the_tree_is_cut_off():
    whole = Tiles(300)
    whole.tiles[0, 1] += bytes(32)
    assert AuthenticTiles(whole, whole.tree).read_tile(0, 1) == whole.tiles[0, 1][:-32]


def test_another_root_is_refused_at_once():
    whole = Tiles(300)
    with pytest.raises(AnswerError, match="fold to"):
        AuthenticTiles(whole, Checkpoint(ORIGIN, 300, bytes(32)))
    with pytest.raises(AnswerError):
        AuthenticTiles(whole, Checkpoint(ORIGIN, 299, whole.tree.root))


def test_a_tile_is_read_once_as_long_as_it_is_kept():
    whole, asked = Tiles(1000), []

    class Counting:
        def read_tile(self, level, index):
            asked.append((level, index))
            tile_at(level, index, 1000)
            return whole.read_tile(level, index)

    authentic = AuthenticTiles(Counting(), whole.tree)
    for _ in range(2):
        for index in range(4):
            authentic.read_tile(0, index)
    assert sorted(asked) == sorted(set(asked))


def test_only_some_tiles_are_kept(monkeypatch):
    monkeypatch.setattr("ledger.light.leaves._KEPT_TILES", 1)
    whole = Tiles(1000)
    tiles = AuthenticTiles(whole, whole.tree)
    for index in (0, 1, 2, 0):
        assert tiles.read_tile(0, index) == whole.tiles[0, index]
    assert len(tiles._kept) == 1


def test_a_tile_that_the_tree_has_and_nobody_serves_may_come_later():
    whole = Tiles(600)
    del whole.tiles[0, 0]
    tiles = AuthenticTiles(whole, whole.tree)
    with pytest.raises(UnavailableError, match="not served whole"):
        tiles.read_tile(0, 0)


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 511, 512, 700])
def test_fetched_tiles_are_as_wide_as_the_size_makes_them(size):
    tiles = FetchedTiles(TREE, TreeSize(size))
    assert tiles.read_tile(0, 0) == b"".join(TREE.hashes[: min(size, 256)])
    with pytest.raises(NotFoundError):
        tiles.read_tile(0, (size - 1) // 256 + 1)


def test_a_full_tile_that_nobody_serves_is_not_found():
    class Nobody:
        def get(self, path, *, max_bytes):
            raise NotFoundError(path)

    for index in (0, 2):
        with pytest.raises(NotFoundError):
            FetchedTiles(Nobody(), TreeSize(700)).read_tile(0, index)


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (3, 2), (0, 701), (701, 701)])
def test_leaves_that_the_tree_does_not_have_are_not_asked_for(start, stop):
    with pytest.raises(NotFoundError):
        next(read_leaves(TREE, start, stop, TreeSize(700)))


@pytest.mark.parametrize(("start", "stop"), [(0, 4), (1, 3), (3, 4), (2, 2), (0, 0)])
def test_leaves_come_with_their_indexes(house, road, start, stop):
    leaves = list(enumerate(house.store.read_leaves(0, house.size)))
    assert list(read_leaves(road, start, stop, house.size)) == leaves[start:stop]


@pytest.mark.parametrize(("start", "stop"), [(250, 260), (0, 600), (255, 257), (511, 513)])
def test_leaves_come_across_bundles(house, road, start, stop):
    house.write(times=600)
    leaves = list(enumerate(house.store.read_leaves(0, house.size)))
    assert list(read_leaves(road, start, stop, house.size)) == leaves[start:stop]

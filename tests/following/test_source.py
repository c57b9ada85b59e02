"""What is served is held against the checkpoint before it is used, at every level of the tree."""

from hashlib import sha256

import pytest

from ledger.core.checkpoint import Checkpoint
from ledger.core.merkle import hash_tree
from ledger.core.tiles import TILE_WIDTH, extend_tiles, tile_at
from ledger.errors import AnswerError, MalformedError, NotFoundError, OriginError
from node.following.source import AuthenticTiles, LogSource, open_signed, root_within

ORIGIN = "example.org/tiles"


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
        assert root_within(authentic, old) == hash_tree(whole.hashes[:old])


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


def test_a_note_of_another_log_is_refused(operator):
    note = operator.sign_body(Checkpoint("example.org/other", 3, bytes(32)))
    with pytest.raises(OriginError):
        open_signed(note, [operator.verifier])


def test_a_document_is_held_against_its_digest(operator):
    served = operator.serve()
    source = LogSource(served, [operator.verifier])
    digest = sha256(b"one").hexdigest()
    with pytest.raises(NotFoundError):
        source.fetch_document(digest)
    served.documents[digest] = b"another"
    with pytest.raises(AnswerError):
        source.fetch_document(digest)
    served.documents[digest] = b"one"
    assert source.fetch_document(digest) == b"one"
    with pytest.raises(MalformedError):
        source.fetch_document("../checkpoint")


def test_a_mirrors_document_lies_under_its_own_path(operator):
    served = operator.serve()
    digest = sha256(b"one").hexdigest()
    served.lies[f"documents/{digest}"] = b"one"
    assert LogSource(served, [operator.verifier]).fetch_document(digest) == b"one"

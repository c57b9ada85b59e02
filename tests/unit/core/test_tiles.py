"""Tiles against a tree built from scratch, the paths of c2sp.org/tlog-tiles, and entry bundles."""

from dataclasses import replace
from functools import cache
from hashlib import sha512

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.hashing import SUITE, hash_leaf
from ledger.core.merkle import (
    EMPTY_FRONTIER,
    NodeId,
    hash_tree,
    prove_consistency,
    prove_inclusion,
    read_root,
    verify_consistency,
    verify_inclusion,
)
from ledger.core.tiles import (
    TileId,
    TileNodeReader,
    TileUpdate,
    decode_entry_bundle,
    decode_tile,
    encode_entry_bundle,
    entries_tile_for,
    extend_tiles,
    format_entries_path,
    format_tile_path,
    parse_entries_path,
    parse_tile_path,
    read_frontier,
    right_edge,
    tile_at,
)
from ledger.errors import CorruptionError, LimitError, MalformedError, NotFoundError
from tests.support import reference
from tests.support.shared import cases

LEAVES = [hash_leaf(index.to_bytes(4, "big")) for index in range(70_000)]
OTHER_SUITE = replace(SUITE, digest=lambda data: sha512(data).digest()[:32], node_tag=b"N")


class MemoryTiles:
    """A tile reader over a dict, which also takes updates and counts reads."""

    def __init__(self, tiles=None):
        self.tiles = dict(tiles or {})
        self.reads = []

    def read_tile(self, level, index):
        self.reads.append((level, index))
        if (level, index) not in self.tiles:
            raise NotFoundError(f"no tile {level}/{index}")
        return self.tiles[level, index]

    def append(self, size, leaves, **suite):
        updates = extend_tiles(self.read_tile, size, leaves, **suite)
        for update in updates:
            self.tiles[update.level, update.index] = update.data
        return updates


def tiles_from_scratch(leaves):
    """The formula of c2sp.org/tlog-tiles, level by level: MTH of each full tile goes up."""
    tiles, level, hashes = {}, 0, list(leaves)
    while hashes:
        groups = [hashes[start : start + 256] for start in range(0, len(hashes), 256)]
        for index, group in enumerate(groups):
            tiles[level, index] = b"".join(group)
        full = [group for group in groups if len(group) == 256]
        hashes = [reference.mth(group, leaf=lambda digest: digest) for group in full]
        level += 1
    return tiles


@cache
def tiles_of_70000():
    return tiles_from_scratch(LEAVES)


@cache
def tiles_of_600():
    return tiles_from_scratch(LEAVES[:600])


# --- tiles written


def test_a_tree_of_70000_has_the_tiles_of_the_specification():
    tiles = MemoryTiles()
    tiles.append(0, LEAVES)
    assert tiles.tiles == tiles_of_70000()
    assert len(tiles.tiles) == 273 + 1 + 1 + 1 + 1
    assert right_edge(70_000) == (TileId(0, 273, 112), TileId(1, 1, 17), TileId(2, 0, 1))


@settings(deadline=None)  # trees are large
@given(st.lists(st.sampled_from([0, 1, 2, 100, 255, 256, 257, 700]), max_size=6))
def test_any_batches_give_the_tiles_of_a_tree_built_at_once(batches):
    tiles, size = MemoryTiles(), 0
    for batch in batches:
        tiles.append(size, iter(LEAVES[size : size + batch]))
        size += batch
    assert tiles.tiles == tiles_from_scratch(LEAVES[:size])


@pytest.mark.parametrize("before", [65_280, 65_535, 65_536, 65_537])
@pytest.mark.parametrize("batch", [1, 2, 256, 1000])
def test_a_batch_may_complete_tiles_of_several_levels(before, batch):
    tiles = MemoryTiles(tiles_from_scratch_at(before))
    tiles.append(before, LEAVES[before : before + batch])
    assert tiles.tiles == tiles_from_scratch_at(before + batch)


def tiles_from_scratch_at(size):
    """Prefix of the 70,000: a tile of a smaller tree is the beginning of the later one."""
    prefix = {}
    for (level, index), data in tiles_of_70000().items():
        width = min((size >> 8 * level) - 256 * index, 256)
        if width > 0:
            prefix[level, index] = data[: 32 * width]
    return prefix


def test_only_tiles_that_change_are_written_by_level_then_index_and_only_the_edge_is_read():
    tiles = MemoryTiles(tiles_from_scratch_at(65_500))
    updates = tiles.append(65_500, LEAVES[65_500:65_800])
    assert [(update.level, update.index) for update in updates] == [
        (0, 255),
        (0, 256),
        (0, 257),
        (1, 0),
        (1, 1),
        (2, 0),
    ]
    assert tiles.reads == [(0, 255), (1, 0)]


def test_appending_nothing_reads_and_writes_nothing():
    tiles = MemoryTiles()
    assert tiles.append(70_000, []) == ()
    assert tiles.reads == []


def test_an_update_holds_the_whole_tile():
    tiles = MemoryTiles({(0, 0): LEAVES[0]})
    assert tiles.append(1, LEAVES[1:3]) == (TileUpdate(0, 0, b"".join(LEAVES[:3])),)


EDGE_DAMAGES = {
    "missing": lambda tiles: tiles.pop((0, 2)),
    "a hash short": lambda tiles: tiles.update({(0, 2): tiles[0, 2][:-32]}),
    "a hash long": lambda tiles: tiles.update({(0, 2): tiles[0, 2] + LEAVES[0]}),
    "a byte short": lambda tiles: tiles.update({(0, 2): tiles[0, 2][:-1]}),
    "a byte long": lambda tiles: tiles.update({(0, 2): tiles[0, 2] + b"\0"}),
    "empty": lambda tiles: tiles.update({(0, 2): b""}),
}


@pytest.mark.parametrize("name", EDGE_DAMAGES)
def test_appending_to_a_damaged_edge_is_refused(name):
    tiles = MemoryTiles(tiles_of_600())
    EDGE_DAMAGES[name](tiles.tiles)
    with pytest.raises(CorruptionError):
        tiles.append(600, LEAVES[600:601])


def test_a_damaged_edge_above_is_found_when_it_is_needed():
    tiles = MemoryTiles(tiles_of_600())
    tiles.tiles[1, 0] = tiles.tiles[1, 0][:32]
    tiles.append(600, LEAVES[600:601])
    with pytest.raises(CorruptionError):
        tiles.append(601, LEAVES[601:768])


# --- the frontier read back


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 70_000])
def test_the_frontier_is_read_from_the_right_edge(size):
    tiles = MemoryTiles(tiles_from_scratch_at(size))
    assert read_frontier(tiles, size) == EMPTY_FRONTIER.extend(LEAVES[:size])
    assert len(tiles.reads) == len(right_edge(size)) <= 3


@settings(deadline=None)  # trees are large
@given(st.integers(0, 600))
def test_the_frontier_of_an_older_size_is_read_from_tiles_that_have_grown(size):
    assert read_frontier(MemoryTiles(tiles_of_600()), size) == EMPTY_FRONTIER.extend(LEAVES[:size])


@pytest.mark.parametrize("name", ["missing", "a hash short", "a byte short", "empty"])
def test_a_frontier_cannot_be_read_from_a_damaged_edge(name):
    tiles = MemoryTiles(tiles_of_600())
    EDGE_DAMAGES[name](tiles.tiles)
    with pytest.raises(CorruptionError):
        read_frontier(tiles, 600)


@pytest.mark.parametrize("size", [1, 255, 256, 600, 65_536, 2**40 + 256, 2**63 - 1])
def test_the_right_edge_has_a_tile_for_each_digit_of_the_size_in_base_256(size):
    digits = {level: (size >> 8 * level) % 256 for level in range(8)}
    assert right_edge(size) == tuple(
        TileId(level, size >> 8 * level + 8, digit) for level, digit in digits.items() if digit
    )


# --- nodes read from tiles


def test_every_node_of_the_tree_is_read_from_tiles():
    reader = TileNodeReader(MemoryTiles(tiles_of_600()))
    for level in range(10):
        nodes = [NodeId(level, index) for index in range(600 >> level)]
        wanted = [hash_tree(LEAVES[n.index << level : (n.index + 1) << level]) for n in nodes]
        assert reader.read_nodes(nodes) == wanted


def test_nodes_come_in_the_order_asked():
    reader = TileNodeReader(MemoryTiles(tiles_of_600()))
    asked = [NodeId(0, 599), NodeId(8, 1), NodeId(0, 0), NodeId(0, 0)]
    assert reader.read_nodes(asked) == [
        LEAVES[599],
        hash_tree(LEAVES[256:512]),
        LEAVES[0],
        LEAVES[0],
    ]


@pytest.mark.parametrize("node", [NodeId(0, 600), NodeId(1, 300), NodeId(7, 4), NodeId(8, 2)])
def test_a_node_beyond_the_last_hash_of_a_tile_is_not_found(node):
    with pytest.raises(NotFoundError):
        TileNodeReader(MemoryTiles(tiles_of_600())).read_nodes([node])


@pytest.mark.parametrize("node", [NodeId(0, 768), NodeId(8, 256), NodeId(16, 0), NodeId(62, 0)])
def test_a_node_in_a_tile_that_is_not_there_is_not_found(node):
    with pytest.raises(NotFoundError):
        TileNodeReader(MemoryTiles(tiles_of_600())).read_nodes([node])


@pytest.mark.parametrize("data", [b"\0" * 31, b"\0" * 33, b"\0" * 8224])
def test_a_stored_tile_that_is_not_made_of_whole_hashes_is_corruption(data):
    reader = TileNodeReader(MemoryTiles({(0, 0): data}))
    with pytest.raises(CorruptionError):
        reader.read_nodes([NodeId(0, 0)])


def test_a_tile_is_read_once_and_again_only_when_it_must_have_grown():
    tiles = MemoryTiles(tiles_of_600())
    reader = TileNodeReader(tiles)
    reader.read_nodes([NodeId(0, 599), NodeId(0, 512), NodeId(3, 64)])
    assert tiles.reads == [(0, 2)]
    with pytest.raises(NotFoundError):
        reader.read_nodes([NodeId(0, 600)])
    tiles.append(600, LEAVES[600:640])
    assert reader.read_nodes([NodeId(0, 600)]) == [LEAVES[600]]
    assert reader.read_nodes([NodeId(0, 639)]) == [LEAVES[639]]
    assert reader.read_nodes([NodeId(3, 79)]) == [hash_tree(LEAVES[632:640])]


def test_no_more_tiles_are_kept_than_allowed():
    tiles = MemoryTiles(tiles_of_600())
    reader = TileNodeReader(tiles, max_tiles=2)
    for index in [0, 0, 256, 0, 512, 512, 0]:
        assert reader.read_nodes([NodeId(0, index)]) == [LEAVES[index]]
    assert tiles.reads == [(0, 0), (0, 1), (0, 2), (0, 0)]


@settings(deadline=None)  # trees are large
@given(st.data())
def test_proofs_from_tiles_verify_in_a_tree_of_three_levels(data):
    reader = TileNodeReader(MemoryTiles(tiles_of_70000()))
    size = data.draw(st.integers(1, 70_000) | st.sampled_from([65_535, 65_536, 65_537]))
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    root = read_root(reader, size)
    path = prove_inclusion(reader, index, size)
    verify_inclusion(leaf=LEAVES[index], index=index, size=size, path=path, root=root)
    verify_consistency(
        old_size=old,
        new_size=size,
        old_root=read_root(reader, old),
        new_root=root,
        path=prove_consistency(reader, old, size),
    )


def test_the_root_read_from_tiles_is_the_root_of_the_leaves():
    reader = TileNodeReader(MemoryTiles(tiles_of_70000()))
    for size in [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000]:
        assert read_root(reader, size) == hash_tree(LEAVES[:size])


def test_another_suite_is_used_in_tiles_frontier_and_nodes():
    tiles = MemoryTiles()
    tiles.append(0, LEAVES[:300], suite=OTHER_SUITE)
    tiles.append(300, LEAVES[300:600], suite=OTHER_SUITE)
    wanted = EMPTY_FRONTIER.extend(LEAVES[:600], suite=OTHER_SUITE)
    assert read_frontier(tiles, 600, suite=OTHER_SUITE) == wanted
    reader = TileNodeReader(tiles, suite=OTHER_SUITE)
    assert read_root(reader, 600, suite=OTHER_SUITE) == wanted.root(suite=OTHER_SUITE)
    assert tiles.tiles[1, 0] != tiles_of_600()[1, 0]


# --- which tile


def test_the_tile_at_a_place_is_as_wide_as_the_tree_makes_it():
    assert tile_at(0, 0, 70_000) == TileId(0, 0, 256)
    assert tile_at(0, 273, 70_000) == TileId(0, 273, 112)
    assert tile_at(2, 0, 70_000) == TileId(2, 0, 1)
    assert tile_at(1, 0, 256) == TileId(1, 0, 1)


@pytest.mark.parametrize(
    ("level", "index", "size"),
    [(0, 0, 0), (0, 274, 70_000), (0, 1, 256), (3, 0, 70_000), (-1, 0, 5), (0, -1, 5), (64, 0, 5)],
)
def test_there_is_no_tile_where_the_tree_has_no_hash(level, index, size):
    with pytest.raises(NotFoundError):
        tile_at(level, index, size)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (256, 256), (-1, 5)])
def test_there_is_no_entry_bundle_for_a_leaf_outside_the_tree(index, size):
    with pytest.raises(NotFoundError):
        entries_tile_for(index, size)


@pytest.mark.parametrize(
    ("level", "index", "width"),
    [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**63, 1), (0, 0, 0), (0, 0, 257), (0, 0, -1)],
)
def test_a_tile_with_a_number_out_of_range_cannot_be_named(level, index, width):
    with pytest.raises(MalformedError):
        TileId(level, index, width)


def test_a_tile_from_outside_has_exactly_the_hashes_its_path_says():
    data = tiles_of_600()[0, 2]
    assert decode_tile(data, 88) == tuple(LEAVES[512:600])
    for mangled in (data[:-1], data + b"\0", data[:-32], data + LEAVES[0], b""):
        with pytest.raises(MalformedError):
            decode_tile(mangled, 88)


# --- paths

tile_ids = st.builds(
    TileId,
    level=st.integers(0, 63),
    index=st.integers(0, 5000) | st.integers(0, 2**63 - 1),
    width=st.integers(1, 256),
)
entry_tile_ids = st.builds(replace, tile_ids, level=st.just(0))
path_like = st.from_regex(
    r"tile/(entries|\d{1,3})/(x?[0-9]{2,4}/){0,2}[0-9]{2,4}(\.p/?[0-9]{0,3})?", fullmatch=True
)


@given(tile_ids)
def test_parsing_a_formatted_tile_path_gives_the_same_tile(tile):
    assert parse_tile_path(format_tile_path(tile)) == tile


@given(entry_tile_ids)
def test_parsing_a_formatted_entries_path_gives_the_same_tile(tile):
    assert parse_entries_path(format_entries_path(tile)) == tile


@given(st.text(max_size=40) | path_like)
def test_parsers_accept_nothing_that_the_writers_would_not_write(text):
    for parse, write in (
        (parse_tile_path, format_tile_path),
        (parse_entries_path, format_entries_path),
    ):
        try:
            tile = parse(text)
        except MalformedError:
            continue
        assert write(tile) == text


def test_the_last_tile_of_all_has_a_path():
    tile = TileId(63, 2**63 - 1, 255)
    assert format_tile_path(tile) == "tile/63/x009/x223/x372/x036/x854/x775/807.p/255"
    assert parse_tile_path(format_tile_path(tile)) == tile


def test_a_bundle_lies_only_beside_tiles_of_level_0():
    with pytest.raises(MalformedError):
        format_entries_path(TileId(1, 0))


BAD_POSITIONS = {
    "no position": "",
    "two digits": "67",
    "four digits": "0067",
    "first part without x": "001/067",
    "last part with x": "x001/x067",
    "leading part of zeros": "x000/067",
    "capital x": "X001/067",
    "width 0": "067.p/0",
    "width 256": "067.p/256",
    "width with a zero before it": "067.p/09",
    "width of four digits": "067.p/1000",
    "width missing": "067.p/",
    "sign": "+67",
    "blank after": "067 ",
    "line end after": "067\n",
    "slash after": "067/",
    "Arabic digits": "\u0660\u0666\u0667",
    "dots": "../067",
    "index of 2**63": "x009/x223/x372/x036/x854/x775/808",
    "eight parts": "x001/x000/x000/x000/x000/x000/x000/000",
}


@pytest.mark.parametrize("name", BAD_POSITIONS)
def test_every_mangled_position_is_refused(name):
    parse_tile_path("tile/0/x001/x234/067.p/89")
    parse_entries_path("tile/entries/x001/x234/067.p/89")
    with pytest.raises(MalformedError):
        parse_tile_path(f"tile/0/{BAD_POSITIONS[name]}")
    with pytest.raises(MalformedError):
        parse_entries_path(f"tile/entries/{BAD_POSITIONS[name]}")


@pytest.mark.parametrize("level", ["00", "01", "64", "100", "-1", "", "entries", "Entries", "x"])
def test_every_mangled_level_is_refused(level):
    with pytest.raises(MalformedError):
        parse_tile_path(f"tile/{level}/067")


@pytest.mark.parametrize(
    "text",
    ["", "/tile/entries/067", "tile/0/067", "entries/067", "tile/entries067", "tile/entry/067"],
)
def test_what_is_not_an_entries_path_is_refused(text):
    with pytest.raises(MalformedError):
        parse_entries_path(text)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("level", "index", "width", "text"),
    cases("c2sp/tile_paths.json", lambda vectors: vectors["tile_path"]),
)
def test_tile_path_of_public_origin(level, index, width, text):
    tile = TileId(level, index, width or 256)
    assert format_tile_path(tile) == text
    assert parse_tile_path(text) == tile


@pytest.mark.shared
@pytest.mark.parametrize(
    ("index", "size", "text"),
    cases("c2sp/tile_paths.json", lambda vectors: vectors["entries_path_for_index_size"]),
)
def test_entries_path_of_public_origin(index, size, text):
    tile = entries_tile_for(index, size)
    assert format_entries_path(tile) == text
    assert parse_entries_path(text) == tile


@pytest.mark.shared
@pytest.mark.parametrize(
    ("level", "position"),
    cases("c2sp/tile_paths.json", lambda vectors: vectors["reject_level_index"]),
)
def test_level_or_position_of_public_origin_that_must_be_refused(level, position):
    with pytest.raises(MalformedError):
        parse_tile_path(f"tile/{level}/{position}")


@pytest.mark.shared
@pytest.mark.parametrize("size", [256, 70_000])
@pytest.mark.parametrize("vectors", cases("c2sp/tile_paths.json", lambda vectors: [vectors]))
def test_number_of_tiles_of_public_origin(size, vectors):
    tiles = tiles_from_scratch_at(size)
    counted = {f"partial_level{tile.level}": tile.width for tile in right_edge(size)}
    for level in range(3):
        full = [key for key, data in tiles.items() if key[0] == level and len(data) == 8192]
        if full:
            counted[f"full_level{level}"] = len(full)
    assert counted == vectors[f"size_{size}"]


# --- entry bundles

bundles = st.lists(st.binary(max_size=300), min_size=1, max_size=256)


@given(bundles)
def test_decoding_an_encoded_bundle_gives_the_same_entries(entries):
    assert decode_entry_bundle(encode_entry_bundle(entries), len(entries)) == tuple(entries)


@given(st.binary(max_size=40), st.integers(1, 8))
def test_decoding_accepts_nothing_that_encoding_would_not_write(data, count):
    try:
        entries = decode_entry_bundle(data, count)
    except MalformedError:
        return
    assert len(entries) == count
    assert encode_entry_bundle(entries) == data


def test_a_bundle_is_each_entry_after_its_length_in_two_bytes_big_endian():
    assert encode_entry_bundle([b"ab", b"", b"c" * 258]) == b"\0\2ab\0\0\1\2" + b"c" * 258


def test_the_longest_entry_fits_and_one_byte_more_does_not():
    longest = b"x" * 65_535
    assert decode_entry_bundle(encode_entry_bundle([longest]), 1) == (longest,)
    with pytest.raises(LimitError):
        encode_entry_bundle([b"", longest + b"x"])


def test_a_full_bundle_has_256_entries():
    entries = tuple(LEAVES[:256])
    assert decode_entry_bundle(encode_entry_bundle(entries), 256) == entries


@pytest.mark.parametrize("count", [-1, 0, 257])
def test_a_bundle_of_no_entries_or_too_many_is_refused(count):
    with pytest.raises(MalformedError):
        encode_entry_bundle([b""] * count)
    with pytest.raises(MalformedError):
        decode_entry_bundle(b"\0\0" * count, count)


def test_a_bundle_longer_than_its_entries_can_be_is_refused_unread():
    with pytest.raises(LimitError):
        decode_entry_bundle(b"\0" * 65_538, 1)


BUNDLE = encode_entry_bundle([b"one", b"", b"three"])
BUNDLE_MANGLINGS = {
    "an entry fewer asked": (BUNDLE, 2),
    "an entry more asked": (BUNDLE, 4),
    "a byte trailing": (BUNDLE + b"\0", 3),
    "an entry trailing": (BUNDLE + b"\0\0", 3),
    "a length one up": (BUNDLE[:1] + b"\4" + BUNDLE[2:], 3),
    "a length beyond the end": (b"\xff" + BUNDLE[1:], 3),
    "nothing": (b"", 3),
}


@pytest.mark.parametrize("name", BUNDLE_MANGLINGS)
def test_every_mangled_bundle_is_refused(name):
    with pytest.raises(MalformedError):
        decode_entry_bundle(*BUNDLE_MANGLINGS[name])


@pytest.mark.parametrize("length", range(len(BUNDLE)))
def test_every_truncated_bundle_is_refused(length):
    with pytest.raises(MalformedError):
        decode_entry_bundle(BUNDLE[:length], 3)

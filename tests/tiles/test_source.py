"""Files of a log: from a store and from a folder, against an independent recomputation."""

import random

import pytest

from ledger.core.tiles import TileId
from ledger.errors import CorruptionError
from node.tiles.editions import open_edition
from node.tiles.export import export_tiles
from node.tiles.source import FolderTiles, StoreTiles, TilePath, find_path
from tests.support.shared import load_vectors
from tests.support.tile_logs import Notes, TileLog, expected_files, root_of, sign_note, spell
from tests.tiles.conftest import LONG

EDGES = [1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, LONG]
HUGE = 2**62


def at_size(log, size):
    """The log as it was when its newest checkpoint was of this size."""
    return StoreTiles(log.store, Notes().with_note(sign_note(size, root_of(log.leaves, size))))


@pytest.mark.parametrize("size", EDGES)
def test_every_tile_and_bundle_is_what_the_specification_computes(long_log, size):
    source = at_size(long_log, size)
    for path, data in expected_files(long_log.leaves, size).items():
        assert source.read(path) == data, path


@pytest.mark.parametrize("size", [1, 256, 257, 65_537])
def test_a_folder_gives_the_same(long_log, tmp_path, size):
    note = sign_note(size, root_of(long_log.leaves, size))
    export_tiles(open_edition(long_log.store, note), tmp_path / "out")
    source = FolderTiles(tmp_path / "out")
    assert source.read("checkpoint") == note
    for path, data in expected_files(long_log.leaves, size).items():
        assert source.read(path) == data, path
    for path in just_beyond(size):
        assert source.read(path) is None, path


def just_beyond(size):
    """Paths that a tree of one more leaf has, or that only a full tile has."""
    level, hashes = 0, size
    while hashes:
        n, width = divmod(hashes, 256)
        for beyond in {min(width + 1, 256), 256}:
            yield f"tile/{level}/{spell(n, beyond)}"
            if level == 0:
                yield f"tile/entries/{spell(n, beyond)}"
        level, hashes = level + 1, n
    yield f"tile/{level}/{spell(0, 1)}"


@pytest.mark.parametrize("size", EDGES)
def test_nothing_beyond_the_newest_signed_checkpoint_is_given(long_log, size):
    source = at_size(long_log, size)
    for path in just_beyond(size):
        assert source.read(path) is None, path
    assert source.read(f"tile/0/{spell(HUGE // 256, 256)}") is None
    assert source.read("tile/63/000.p/1") is None


def test_leaves_that_are_written_and_not_yet_signed_are_not_given(log):
    log.grow(300)
    log.grow(600, is_signed=False)
    source = StoreTiles(log.store, log.notes)
    assert source.read("tile/0/001.p/44") is not None
    for path in ("tile/0/001.p/45", "tile/0/001", "tile/entries/001", "tile/1/000.p/2"):
        assert source.read(path) is None
    log.sign()
    assert source.read("tile/0/001") is not None


def test_the_published_note_is_the_checkpoint_and_the_newest_one_is_the_bound(log):
    """Witnesses and auditors need the tiles of a checkpoint before it is published."""
    published = log.grow(10)
    log.grow(20)
    log.notes.published = published
    source = StoreTiles(log.store, log.notes)
    assert source.read("checkpoint") == published
    assert source.read("tile/0/000.p/20") is not None


def test_a_log_without_a_checkpoint_gives_nothing(log):
    log.grow(300, is_signed=False)
    source = StoreTiles(log.store, log.notes)
    assert [source.read(path) for path in ("checkpoint", "tile/0/000", "tile/0/000.p/1")] == [
        None
    ] * 3


@pytest.mark.parametrize("kind", ["store", "folder"])
def test_a_partial_tile_stays_what_it_was_when_the_log_has_grown(log, tmp_path, kind):
    """From every size, also those between two checkpoints, to every later one."""
    seen = {}
    for size in (1, 7, 100, 255, 256, 257, 400, 512, 600):
        log.grow(size)
        export_tiles(open_edition(log.store, log.notes.published), tmp_path / "out")
        folder = FolderTiles(tmp_path / "out")
        source = StoreTiles(log.store, log.notes) if kind == "store" else folder
        fresh = expected_files(log.leaves, size)
        assert {path: source.read(path) for path in fresh} == fresh
        seen |= fresh
        assert {path: source.read(path) for path in seen} == seen
    for width in range(1, 256):
        tile, bundle = (
            source.read(f"tile/0/002.p/{width}"),
            source.read(f"tile/entries/002.p/{width}"),
        )
        if width > 600 - 512:
            assert tile is bundle is None
        else:
            wider = expected_files(log.leaves, 512 + width)
            assert tile == wider[f"tile/0/002.p/{width}"]
            assert bundle == wider[f"tile/entries/002.p/{width}"]


def test_who_read_the_checkpoint_before_an_export_finds_its_tiles_after_it(log, tmp_path):
    """The partial ones are gone by then, the full ones are there."""
    old = log.grow(300)
    before = expected_files(log.leaves, 300)
    log.grow(600)
    export_tiles(open_edition(log.store, log.notes.published), tmp_path / "out")
    (tmp_path / "out" / "checkpoint").write_bytes(old)
    source = FolderTiles(tmp_path / "out")
    gone = [path for path in before if not (tmp_path / "out" / path).exists()]
    assert set(gone) == {"tile/0/001.p/44", "tile/entries/001.p/44"}
    assert {path: source.read(path) for path in before} == before


# paths


@pytest.mark.shared
def test_the_known_paths_are_found():
    vectors = load_vectors("c2sp/tile_paths.json")
    for level, index, width, path in vectors["tile_path"]:
        if level <= 7:
            assert find_path(path, 2**70) == TilePath(TileId(level, index, width or 256), False)
        assert find_path(path, 1) is None
    for index, size, path in vectors["entries_path_for_index_size"]:
        found = find_path(path, size)
        assert found.is_bundle
        assert found.tile.index == index // 256
        assert str(found) == path


@pytest.mark.shared
def test_the_known_bad_paths_are_not_found():
    for level, rest in load_vectors("c2sp/tile_paths.json")["reject_level_index"]:
        assert find_path(f"tile/{level}/{rest}", 2**70) is None
        if rest != "x001/002":  # where only the level is wrong
            assert find_path(f"tile/entries/{rest}", 2**70) is None


@pytest.mark.shared
@pytest.mark.parametrize("size", [256, LONG])
def test_a_tree_has_as_many_tiles_as_the_specification_counts(long_log, size):
    counts = load_vectors("c2sp/tile_paths.json")[f"size_{size}"]
    source, found = at_size(long_log, size), {}
    for path in expected_files(long_log.leaves, size):
        if "entries" not in path and source.read(path) is not None:
            _, level, *_ = path.split("/")
            *_, width = path.split(".p/") if ".p/" in path else ("", "")
            name = f"{'partial' if width else 'full'}_level{level}"
            found[name] = int(width) if width else found.get(name, 0) + 1
    assert found == counts


OTHER_SPELLINGS = [
    "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000",
    "tile/0/000/", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/01",
    "tile/0/000.p/256", "tile/0/000.p/+1", "tile/0/x000/000", "tile/0/x001", "tile/0/001/000",
    "tile/0/x1/000", "tile/0/-01", "tile/0/%30%30%30", "tile/0/٠٠٠", "tile/0/000\n", " tile/0/000",
    "/tile/0/000", "tile//0/000", "tile/0/../0/000", "tile/./0/000", "tile/64/000", "tile/entries",
    "tile/entries/", "tile/entries/0", "tile/entries/000.p/256", "tile/entries/0/000", "tile/e/000",
    "Tile/0/000", "tile/0/000.P/1", "tile/0/000.p/1.p/1", "tile/0/000.p/1/", "tile/data/000",
    "tile/0/" + "x999/" * 5000 + "999", "checkpoint/", "Checkpoint", "tile/-1/000", "tile/0/x-01/000",
]  # fmt: skip


@pytest.mark.parametrize("path", OTHER_SPELLINGS, ids=lambda path: repr(path[:30]))
def test_only_the_canonical_spelling_of_a_path_is_known(long_log, path):
    assert StoreTiles(long_log.store, long_log.notes).read(path) is None


def test_random_paths_are_found_just_where_the_tree_has_them(long_log):
    dice = random.Random(7)
    expected = expected_files(long_log.leaves, LONG)
    source = StoreTiles(long_log.store, long_log.notes)
    for _ in range(2000):
        level, n = dice.choice([0, 0, 1, 1, 2, 3]), dice.choice([0, 1, 17, 272, 273, 274, 999])
        path = f"tile/{level}/{spell(n, 256)}"
        assert source.read(path) == expected.get(path)


# what is kept contradicts itself


def spoil_tile(log, _):
    log.store._db.execute("UPDATE tile SET data = substr(data, 1, 32) WHERE id = 0")


def lose_tile(log, _):
    log.store._db.execute("DELETE FROM tile WHERE id = 0")


def change_leaf(log, _):
    log.store._db.execute("DROP TRIGGER entry_no_update")
    log.store._db.execute("UPDATE entry SET leaf = '{}' WHERE idx = 3")


def lose_leaf(log, _):
    log.store._db.execute("DROP TRIGGER entry_no_delete")
    log.store._db.execute("DELETE FROM entry WHERE idx = 3")


STORE_DAMAGES = {
    "a tile is too short": (spoil_tile, "tile/0/000"),
    "a tile is gone": (lose_tile, "tile/0/000.p/200"),
    "a leaf is another": (change_leaf, "tile/entries/000"),
    "a leaf is gone": (lose_leaf, "tile/entries/000.p/9"),
}


@pytest.mark.parametrize("name", STORE_DAMAGES)
def test_a_damaged_store_gives_nothing_wrong(log, name):
    damage, path = STORE_DAMAGES[name]
    log.grow(300)
    source = StoreTiles(log.store, log.notes)
    assert source.read(path) is not None
    damage(log, path)
    with pytest.raises(CorruptionError, match="run an audit"):
        source.read(path)


FOLDER_DAMAGES = {
    "no checkpoint": ("checkpoint", lambda data: b"hello\n"),
    "a checkpoint without end": ("checkpoint", lambda data: data + b"x" * 70_000),
    "a tile cut off": ("tile/0/000", lambda data: data[:-1]),
    "a tile with more": ("tile/0/000", lambda data: data + b"\0" * 32),
    "a bundle cut off": ("tile/entries/000", lambda data: data[:-1]),
    "a bundle with more": ("tile/entries/000", lambda data: data + b"\0\0"),
    "another leaf": ("tile/entries/000", lambda data: data.replace(b'"n":3,', b'"n":4,', 1)),
    "another hash": ("tile/0/000", lambda data: bytes(32) + data[32:]),
    "no tile": ("tile/0/000", None),
    "no bundle": ("tile/entries/000", None),
}


@pytest.mark.parametrize("name", FOLDER_DAMAGES)
def test_a_damaged_folder_gives_no_bundle(log, tmp_path, name):
    path, change = FOLDER_DAMAGES[name]
    log.grow(300)
    export_tiles(open_edition(log.store, log.notes.published), tmp_path / "out")
    file = tmp_path / "out" / path
    source = FolderTiles(tmp_path / "out")
    wanted = ["tile/entries/000", "tile/entries/000.p/200"]
    assert None not in [source.read(one) for one in wanted]
    if change is None:
        file.unlink()
    else:
        file.write_bytes(change(file.read_bytes()))
    for one in wanted:
        with pytest.raises(CorruptionError):
            source.read(one)


def test_an_empty_folder_gives_nothing(tmp_path):
    source = FolderTiles(tmp_path)
    assert source.read("checkpoint") is source.read("tile/0/000.p/1") is None


def test_other_files_of_the_folder_are_not_given(log, tmp_path):
    log.grow(3)
    export_tiles(open_edition(log.store, log.notes.published), tmp_path / "out")
    (tmp_path / "out" / "tile" / "secret").write_text("x")
    (tmp_path / "secret").write_text("x")
    source = FolderTiles(tmp_path / "out")
    for path in ("tile/secret", ".lock", "../secret", "tile/../../secret", "/etc/passwd"):
        assert source.read(path) is None


def test_a_log_of_another_folder_is_not_mixed_up(tmp_path):
    """The size of a note is kept in memory by the note's bytes."""
    for name, size in (("a", 3), ("b", 5)):
        (tmp_path / name).mkdir()
        log = TileLog(tmp_path / name, size)
        source = StoreTiles(log.store, log.notes)
        assert (source.read("tile/0/000.p/4") is None) == (size < 4)
        log.store.close()

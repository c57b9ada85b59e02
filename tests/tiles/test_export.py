"""The log as a folder: what is in it after each export, and what is never touched."""

import stat
from dataclasses import replace

import pytest

from ledger.core.policy import NO_QUORUM, Policy
from ledger.errors import (
    AnswerError,
    CorruptionError,
    ExistsError,
    NotFoundError,
    OriginError,
    RollbackError,
    SignatureError,
    StoreFailedError,
    UnavailableError,
)
from ledger.files import hold_lock
from node.tiles.editions import export_log, find_published
from node.tiles.export import Exported, export_tiles
from tests.support.log_builder import POLICY
from tests.support.note_signers import log_signer
from tests.support.tile_logs import Tree, expected_files
from tests.tiles.conftest import LONG
from tests.tiles.folders import describe, folder_of, read_folder

NO_WITNESS = replace(POLICY, witnesses=(), groups=(), quorum=NO_QUORUM)
STEPS = [1, 2, 9, 254, 255, 256, 257, 300, 512, 513, 769, 770, 1024, 1025]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "deep" / "out"


def other_leaf(index):
    return b"other %d" % index


def say_nothing(_done, _total):
    pass


def test_a_folder_holds_just_what_its_checkpoint_and_earlier_ones_need(out):
    """Partial tiles stay until the full one is there: the specification asks no less, and no more."""
    done = []
    for size in STEPS:
        tree = Tree(size)
        done.append(size)
        assert export_tiles(tree.edition(), out).size == size
        assert read_folder(out) == folder_of(tree, done)


def test_sizes_that_were_signed_between_two_exports_are_served_too(out):
    export_tiles(Tree(200).edition(), out)
    tree = Tree(600, signed=[100, 210, 255, 300, 511, 513, 550, 550, 600, 700])
    export_tiles(tree.edition(), out)
    between = [200, 210, 255, 300, 511, 513, 550]
    assert read_folder(out) == folder_of(tree, between)
    assert {"tile/0/002.p/1", "tile/0/002.p/38", "tile/1/000.p/1"} <= folder_of(
        tree, between
    ).keys()
    tree = Tree(66_000, signed=[600, 65_535, 65_536, 65_999])
    export_tiles(tree.edition(), out)
    assert read_folder(out) == folder_of(tree, [65_536, 65_999])


def test_a_long_log_is_exported_whole(out, long_log):
    leaves = []
    exported = export_log(
        long_log.store, NO_WITNESS, out, lambda done, total: leaves.append((done, total))
    )
    files = expected_files(long_log.leaves, LONG)
    assert exported == Exported(LONG, len(files) + 1)
    assert read_folder(out) == files | {"checkpoint": long_log.notes.published}
    assert leaves[-1] == (LONG, LONG)
    assert leaves == sorted(leaves)


def test_only_what_is_new_is_written(out):
    export_tiles(Tree(600).edition(), out)
    before = describe(out)
    assert export_tiles(Tree(700).edition(), out) == Exported(700, 3)
    after = describe(out)
    assert {path.name for path in after.keys() - before.keys()} == {"188"}
    changed = {path for path in before if before[path] != after[path] and path.is_file()}
    assert changed == {out / "checkpoint"}


def test_the_same_checkpoint_again_writes_nothing(out):
    export_tiles(Tree(600).edition(), out)
    before = describe(out)
    assert export_tiles(Tree(600).edition(), out) == Exported(600, 0)
    assert describe(out) == before


def test_a_cosignature_more_is_a_new_checkpoint_and_nothing_else(out):
    export_tiles(Tree(600).edition(), out)
    cosigned = Tree(600, cosigned_at=1_763_800_000)
    assert export_tiles(cosigned.edition(), out) == Exported(600, 1)
    assert read_folder(out) == folder_of(cosigned)


def test_everybody_may_read_the_files_whatever_is_written_later(out):
    export_tiles(Tree(3).edition(), out)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*") if path.is_file()}
    assert modes == {0o644, 0o600}
    assert stat.S_IMODE((out / ".lock").stat().st_mode) == 0o600


# folders that are left alone

FOREIGN = {
    "another history, longer here": (Tree(40, leaf=other_leaf), RollbackError),
    "another history of the same size": (Tree(50, leaf=other_leaf), RollbackError),
    "a newer checkpoint": (Tree(51), RollbackError),
    "another log": (
        Tree(40, log=log_signer("example.org/other"), origin="example.org/other"),
        OriginError,
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_folder_of_another_history_is_not_touched(out, name):
    there, error = FOREIGN[name]
    export_tiles(there.edition(), out)
    before = describe(out)
    with pytest.raises(error):
        export_tiles(Tree(50).edition(), out)
    assert describe(out) == before
    assert read_folder(out) == folder_of(there)


@pytest.mark.parametrize("data", [b"", b"hello\n", b"x" * 100_000, Tree(3).note[:-9]])
def test_what_is_no_checkpoint_is_left_alone(out, data):
    out.mkdir(parents=True)
    (out / "checkpoint").write_bytes(data)
    with pytest.raises(ExistsError, match="choose another folder"):
        export_tiles(Tree(50).edition(), out)
    assert read_folder(out) == {"checkpoint": data}


def test_a_folder_of_other_things_is_left_alone(out, log):
    log.grow(5)
    out.mkdir(parents=True)
    (out / "holiday.jpg").touch()
    with pytest.raises(ExistsError, match=r"'holiday[.]jpg' and no exported log"):
        export_log(log.store, NO_WITNESS, out, say_nothing)
    assert read_folder(out) == {"holiday.jpg": b""}


def test_what_lies_beside_an_exported_log_stays(out, log):
    log.grow(5)
    export_log(log.store, NO_WITNESS, out, say_nothing)
    (out / "index.html").write_text("hello")
    log.grow(300)
    export_log(log.store, NO_WITNESS, out, say_nothing)
    assert (out / "index.html").read_text() == "hello"


def test_two_cannot_add_to_a_folder_at_once(out):
    export_tiles(Tree(3).edition(), out)
    with hold_lock(out / ".lock", "it"), pytest.raises(UnavailableError, match="try again"):
        export_tiles(Tree(4).edition(), out)
    assert read_folder(out) == folder_of(Tree(3))
    export_tiles(Tree(4).edition(), out)


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreFailedError, match="cannot make the folder"):
        export_tiles(Tree(3).edition(), tmp_path / "file" / "out")


def test_a_partial_tile_that_cannot_be_removed_is_said_so_and_the_checkpoint_stands(out):
    export_tiles(Tree(3).edition(), out)
    (out / "tile" / "0" / "000.p" / "odd").mkdir()
    with pytest.raises(StoreFailedError, match="cannot tidy up"):
        export_tiles(Tree(300).edition(), out)
    assert (out / "checkpoint").read_bytes() == Tree(300).note
    (out / "tile" / "0" / "000.p" / "odd").rmdir()
    export_tiles(Tree(300).edition(), out)
    assert read_folder(out) == folder_of(Tree(300), [3])


# what was interrupted


def test_files_that_an_interrupted_export_left_are_kept_if_right_and_replaced_if_not(out):
    """A machine that crashes may leave a file empty; without a checkpoint nothing covers it."""
    tree = Tree(600)
    export_tiles(tree.edition(), out)
    (out / "checkpoint").unlink()
    kept = describe(out)
    spoilt = {"tile/0/000": b"", "tile/0/001": b"x" * 8192, "tile/entries/001": b"y" * 100_000}
    for path, data in spoilt.items():
        (out / path).write_bytes(data)
    assert export_tiles(tree.edition(), out) == Exported(600, 4)
    assert read_folder(out) == folder_of(tree)
    for path in ("tile/entries/000", "tile/1/000.p/2", "tile/0/002.p/88"):
        assert describe(out)[out / path] == kept[out / path]


@pytest.mark.parametrize("wrong", [0, 255, 256, 511, 599])
def test_a_leaf_that_is_not_the_logs_stops_the_export_before_it_is_written(out, wrong):
    export_tiles(Tree(100).edition(), out)
    tree = Tree(600)
    tree.leaves[wrong] = b"other"
    if wrong < 100:
        tree.files |= expected_files(Tree(256).leaves, 256)
    with pytest.raises(AnswerError):
        export_tiles(tree.edition(), out)
    honest = Tree(600)
    for path, data in read_folder(out).items():
        assert data in {honest.files.get(path), folder_of(Tree(100)).get(path)}, path
    assert (out / "checkpoint").read_bytes() == Tree(100).note
    export_tiles(honest.edition(), out)
    assert read_folder(out) == folder_of(honest)


def test_a_source_that_has_too_few_leaves_stops_the_export(out):
    tree = Tree(600)
    del tree.leaves[590:]
    with pytest.raises(AnswerError):
        export_tiles(tree.edition(), out)
    assert not (out / "checkpoint").exists()


def test_a_store_with_another_leaf_than_was_hashed_is_not_exported(out, log):
    log.grow(300)
    log.store._db.execute("DROP TRIGGER entry_no_update")
    log.store._db.execute("UPDATE entry SET leaf = '{}' WHERE idx = 3")
    with pytest.raises(CorruptionError, match="run an audit"):
        export_log(log.store, NO_WITNESS, out, say_nothing)
    assert not (out / "checkpoint").exists()


@pytest.mark.parametrize("place", ["level = 0, the edge", "a full one"])
def test_a_store_with_another_tile_than_was_signed_is_not_exported(out, log, place):
    log.grow(600)
    number = 0 if place == "a full one" else 2
    log.store._db.execute("UPDATE tile SET data = zeroblob(length(data)) WHERE id = ?", (number,))
    with pytest.raises(CorruptionError, match="run an audit"):
        export_log(log.store, NO_WITNESS, out, say_nothing)
    assert not out.exists() or read_folder(out) == {}


# what is published


def test_the_newest_checkpoint_that_meets_the_policy_is_exported(out, log):
    for size, cosigned_at in ((10, None), (20, 1_763_800_000), (30, 1_763_800_001), (40, None)):
        log.grow(size, is_signed=False)
        log.sign(cosigned_at=cosigned_at)
    cosigned = quorum_of_one()
    for held in (None, 20, 30, 40, 35):  # what the node has published is but the first to look at
        log.store.hold_pages(held)
        expected = 20 if held == 20 else 30
        assert find_published(log.store, cosigned) == log.store.read_checkpoint(expected)
    log.store.hold_pages(None)
    assert export_log(log.store, cosigned, out, say_nothing).size == 30
    assert export_log(log.store, NO_WITNESS, out, say_nothing).size == 40
    with pytest.raises(RollbackError, match="stricter"):
        export_log(log.store, cosigned, out, say_nothing)


def test_without_a_cosigned_checkpoint_there_is_nothing_to_export(out, log):
    with pytest.raises(NotFoundError):
        export_log(log.store, NO_WITNESS, out, say_nothing)
    log.grow(10)
    with pytest.raises(NotFoundError, match="witnesses have to cosign"):
        export_log(log.store, quorum_of_one(), out, say_nothing)
    assert not out.exists()


def test_a_ledger_of_another_key_is_not_exported(out, log):
    log.grow(10)
    other = Policy((replace(POLICY.logs[0], key=log_signer("example.org/ledger", label="x").key),))
    with pytest.raises(SignatureError):
        export_log(log.store, other, out, say_nothing)


def quorum_of_one():
    return replace(POLICY, quorum=POLICY.witnesses[0].name)

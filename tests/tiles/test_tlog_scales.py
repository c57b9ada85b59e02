"""A program that is not ours reads our log, and we read its: PyPI's tlog-scales."""

import subprocess
import sys

import pytest
from nacl.signing import SigningKey
from tlog_scales import tiles as their_tiles
from tlog_scales.backend import make_backend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import PlainEd25519Signer, Vkey
from tlog_scales.writer import TilesWriter

from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.hashing import hash_leaf
from ledger.core.merkle import verify_consistency, verify_inclusion
from ledger.core.note import parse_vkey
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Log, Policy
from ledger.core.tlogproof import parse_tlog_proof
from ledger.light.fetch import FolderFetcher
from ledger.light.leaves import AuthenticTiles, FetchedTiles, read_leaves
from node.tiles.editions import open_edition
from node.tiles.export import Edition, export_tiles
from node.tiles.source import FolderTiles
from tests.support.log_builder import LOG
from tests.support.tile_logs import leaf_of, root_of, sign_note
from tests.tiles.conftest import LONG
from tests.tiles.folders import read_folder

ORIGIN = "scales.example/log"
KEY = SigningKey(b"k" * 32)


@pytest.fixture(scope="module")
def exported(long_log, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "log"
    export_tiles(open_edition(long_log.store, long_log.notes.published), folder)
    return folder


def check_reader(reader, leaves, indexes):
    """It finds our signature, our leaves and the root, and we accept the proofs that it makes."""
    checkpoint = reader.get_checkpoint()
    checkpoint.verify(Vkey.from_string(LOG.vkey))
    assert (checkpoint.size, reader.calculate_root_hash()) == (len(leaves), checkpoint.root_hash)
    assert checkpoint.root_hash == root_of(leaves, len(leaves))
    for index in indexes:
        leaf = reader.get_entry(index)
        assert leaf == leaves[index]
        path = reader.get_inclusion_proof(index, checkpoint.size).node_hashes
        verify_inclusion(
            leaf=hash_leaf(leaf),
            index=index,
            size=checkpoint.size,
            path=path,
            root=checkpoint.root_hash,
        )


def check_growth(reader, leaves, sizes):
    for old in sizes:
        verify_consistency(
            old_size=old,
            new_size=len(leaves),
            old_root=root_of(leaves, old),
            new_root=root_of(leaves, len(leaves)),
            path=reader.get_consistency_proof(old, len(leaves)).node_hashes,
        )


def test_it_proves_from_an_exported_folder_what_we_accept(exported, long_log):
    reader = TilesReader(make_backend(str(exported)))
    check_reader(reader, long_log.leaves, [0, 1, 255, 256, 65_535, 65_536, LONG - 1])
    check_growth(reader, long_log.leaves, [1, 255, 256, 257, 40_000, 65_536, 65_537, LONG])


def test_its_command_makes_a_tlog_proof_that_we_read(exported, long_log):
    command = [sys.executable, "-c", "from tlog_scales.cli import main; main()"]
    made = subprocess.run(
        [*command, "gen-proof", exported, "65536"], check=True, capture_output=True, timeout=60
    )
    proof = parse_tlog_proof(made.stdout)
    opened = open_checkpoint(Policy((Log(LOG.key),)), proof.checkpoint)
    verify_inclusion(
        leaf=hash_leaf(long_log.leaves[65_536]),
        index=proof.index,
        size=opened.body.size,
        path=proof.path,
        root=opened.body.root,
    )


@pytest.mark.enable_socket
def test_it_proves_over_http_what_we_accept(served, long_log):
    """Compressed bundles, too: its library asks for gzip."""
    backend = make_backend(served)
    check_reader(TilesReader(backend), long_log.leaves, [0, 300, 65_536, LONG - 1])
    check_growth(reader_of(backend), long_log.leaves, [3, 65_000])
    assert backend.get("tile", "0", "274") is None
    answer = backend.session.get(f"{served}/tile/entries/000")
    assert answer.headers["content-encoding"] == "gzip"
    again = backend.session.get(
        f"{served}/tile/entries/000", headers={"if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def reader_of(backend):
    reader = TilesReader(backend)
    reader.get_checkpoint()
    return reader


# the other way round


@pytest.fixture
def theirs(tmp_path):
    """A log that it has written in several steps."""
    writer = TilesWriter.create(tmp_path / "theirs", ORIGIN)
    signer = PlainEd25519Signer(ORIGIN, bytes(KEY))
    for size in (3, 256, 300, 700):
        for index in range(writer.size, size):
            writer.add_leaf(leaf_of(index))
        writer.commit([signer])
    return tmp_path / "theirs", Policy((Log(parse_vkey(signer.vkey.serialize())),))


def edition_of(folder, policy):
    """What a mirror makes of somebody else's folder."""
    opened = open_checkpoint(policy, (folder / "checkpoint").read_bytes())
    fetcher, size = FolderFetcher(folder), opened.body.size
    tiles = AuthenticTiles(FetchedTiles(fetcher, size), opened.body)

    def leaves(start):
        return read_leaves(fetcher, start, size, size, tiles=tiles)

    return Edition(opened.data, tiles, leaves)


def test_we_read_and_mirror_the_log_that_it_writes(theirs, tmp_path):
    folder, policy = theirs
    edition = edition_of(folder, policy)
    leaves = [leaf_of(index) for index in range(700)]
    assert [leaf for _, leaf in edition.read_leaves(0)] == leaves
    export_tiles(edition, tmp_path / "ours")
    ours = read_folder(tmp_path / "ours")
    assert ours == {path: data for path, data in read_folder(folder).items() if path in ours}
    assert {"checkpoint", "tile/0/002.p/188", "tile/entries/001", "tile/1/000.p/2"} < ours.keys()
    source = FolderTiles(folder)
    assert {path: source.read(path) for path in ours} == ours


def test_it_goes_on_with_a_log_that_we_exported(tmp_path, long_log):
    """It appends to our folder; what it makes of it extends what we signed."""
    size = 65_500
    note = sign_note(size, root_of(long_log.leaves, size))
    export_tiles(open_edition(long_log.store, note), tmp_path / "log")
    writer = TilesWriter.from_path(tmp_path / "log")
    leaves = [*long_log.leaves[:size], *(b"leaf %d" % n for n in range(100))]
    for leaf in leaves[size:]:
        writer.add_leaf(leaf)
    writer.commit([PlainEd25519Signer(LOG.name, bytes(KEY))])
    body = parse_signed_checkpoint((tmp_path / "log" / "checkpoint").read_bytes()).body
    assert (body.size, body.root) == (len(leaves), root_of(leaves, len(leaves)))
    assert their_tiles.leaf_hash(leaves[-1]) == hash_leaf(leaves[-1])

"""Logs beyond a tile of level 2: every bundle of ours in their reader, and one of theirs in ours."""

from itertools import pairwise

import pytest
from tlog_scales import signing, tlog
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader

from ledger.core.note import parse_vkey
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Log, Policy, Witness
from ledger.errors import QuorumError, SignatureError
from ledger.light.fetch import FolderFetcher
from ledger.light.leaves import FetchedTiles, read_leaves
from node.following.source import AuthenticTiles
from node.tiles.editions import open_edition
from node.tiles.export import export_tiles
from tests.interop.scales import ScalesLog
from tests.support.tile_logs import expected_files, leaves_of, root_of
from tests.support.witnesses import serving, witness_key

LONG = 70_000
EDGES = (255, 256, 257, 65_535, 65_536, 65_537, LONG)
ORIGIN = "scales.example/long"


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """A log that they write, with the request that asks a witness at each edge."""
    log = ScalesLog(tmp_path_factory.mktemp("theirs") / "log", ORIGIN)
    leaves, requests = leaves_of(LONG), []
    for old, size in pairwise((0, *EDGES)):
        log.append(leaves[old:size])
        requests.append((size, log.request(old)))
    return log, requests


def test_every_bundle_of_ours_holds_what_they_hash(long_log, tmp_path):
    export_tiles(open_edition(long_log.store, long_log.notes.published), tmp_path / "out")
    reader = TilesReader(LocalBackend(tmp_path / "out"))
    size = reader.get_checkpoint().size
    assert size == LONG
    for index in range(size):
        assert reader.get_entry(index) == long_log.leaves[index]
    assert reader.calculate_root_hash() == root_of(long_log.leaves, size)


def test_every_file_of_theirs_is_what_the_specification_says(theirs):
    log, _ = theirs
    expected = expected_files(leaves_of(LONG), LONG)
    found = {
        path.relative_to(log.folder).as_posix(): path.read_bytes()
        for path in (log.folder / "tile").rglob("*")
        if path.is_file()
    }
    assert found == expected


def test_we_read_every_leaf_of_theirs_under_its_root(theirs):
    log, _ = theirs
    policy = Policy((Log(parse_vkey(log.signer.vkey.serialize())),))
    opened = open_checkpoint(policy, log.checkpoint.read_bytes())
    fetcher = FolderFetcher(log.folder)
    tiles = AuthenticTiles(FetchedTiles(fetcher, opened.body.size), opened.body)
    leaves = [leaf for _, leaf in read_leaves(fetcher, 0, LONG, LONG, tiles=tiles)]
    assert leaves == list(leaves_of(LONG))


def test_our_witness_takes_the_proofs_that_they_make_across_the_edges(theirs, tmp_path):
    log, requests = theirs

    class Signer:
        key = parse_vkey(log.signer.vkey.serialize())

    verifier = signing.Ed25519CosignatureVerifier(signing.Vkey.from_string(witness_key().vkey))
    with serving(tmp_path, Signer()) as witness:
        for size, request in requests:
            line = witness.add_checkpoint(request).decode().rstrip("\n")
            checkpoint = tlog.Checkpoint.from_text(request.partition(b"\n\n")[2].decode())
            assert checkpoint.size == size
            verifier.verify_note(signing.NoteSignature.from_line(line), checkpoint)


# Cosignatures of type 0x06, which they make and we only verify.


@pytest.fixture
def cosigned(tmp_path):
    """A note with an ML-DSA-44 cosignature of theirs, and a policy that asks for it."""
    log = ScalesLog(tmp_path / "log", ORIGIN)
    cosigner = signing.MLDSA44CosignatureSigner("pq.example/w", bytes(range(32)))
    log.append([b"one", b"two"])
    checkpoint = tlog.Checkpoint.from_text(log.checkpoint.read_text())
    log.publish(f"{cosigner.sign(checkpoint).serialize()}\n".encode())
    policy = Policy(
        (Log(parse_vkey(log.signer.vkey.serialize())),),
        (Witness(b"pq", parse_vkey(cosigner.vkey.serialize())),),
        (),
        b"pq",
    )
    return log, policy


def test_an_ml_dsa_cosignature_of_theirs_counts_for_our_quorum(cosigned):
    log, policy = cosigned
    opened = open_checkpoint(policy, log.checkpoint.read_bytes())
    assert [cosigner.name for cosigner in opened.cosigners] == ["pq"]


def test_it_counts_for_no_other_tree(cosigned):
    log, policy = cosigned
    line = log.checkpoint.read_text().splitlines()[-1]
    with pytest.raises((SignatureError, QuorumError)):
        open_checkpoint(policy, log.append([b"three"]) + f"{line}\n".encode())

"""Our witness with a log that another program writes, proves and verifies: PyPI's tlog-scales."""

from base64 import b64encode

import pytest
from tlog_scales import backend, reader, signing, tlog, writer

from ledger.core.note import parse_vkey
from ledger.core.policy import Log
from ledger.errors import ConsistencyError
from node.witness.book import open_book
from node.witness.witness import Witness
from tests.support.ledgers import FakeClock
from tests.support.witnesses import FixedLogs, witness_key

ORIGIN = "example.org/scales"
SIGNER = signing.PlainEd25519Signer(ORIGIN, bytes(range(32)))


@pytest.fixture
def witness(tmp_path):
    key = witness_key()
    logs = FixedLogs([Log(parse_vkey(SIGNER.vkey.serialize()))])
    with open_book(tmp_path / "witness", key.verifier) as book:
        yield Witness(book, key, logs, clock=FakeClock())


def grow(log, root, count):
    """Append so many leaves; the checkpoint as it lies in its file."""
    for number in range(count):
        log.add_leaf(f"{log.size}/{number}".encode())
    log.commit([SIGNER])
    return (root / "checkpoint").read_bytes()


def ask(witness, root, old, size, note):
    tiles = reader.TilesReader(backend.LocalBackend(root))
    tiles.set_size(size)
    proof = tiles.get_consistency_proof(old, size).node_hashes if old else []
    lines = [f"old {old}", *(b64encode(digest).decode() for digest in proof), "", ""]
    return witness.add_checkpoint("\n".join(lines).encode() + note)


def test_a_log_of_theirs_is_cosigned_and_they_verify_our_cosignature(witness, tmp_path):
    root = tmp_path / "log"
    log = writer.TilesWriter.create(root, ORIGIN)
    verifier = signing.Ed25519CosignatureVerifier(signing.Vkey.from_string(witness.key.vkey))
    old = 0
    for count in (1, 2, 5, 248, 1, 300, 7):
        note = grow(log, root, count)
        line = ask(witness, root, old, log.size, note).decode()
        checkpoint = tlog.Checkpoint.from_text(note.decode())
        verifier.verify_note(signing.NoteSignature.from_line(line.rstrip("\n")), checkpoint)
        old = log.size
    assert old == 564


def test_a_log_of_theirs_that_forks_is_refused(witness, tmp_path):
    root = tmp_path / "log"
    log = writer.TilesWriter.create(root, ORIGIN)
    ask(witness, root, 0, 5, grow(log, root, 5))
    other = tmp_path / "other"
    forked = writer.TilesWriter.create(other, ORIGIN)
    forked.add_leaf(b"another first leaf")
    note = grow(forked, other, 8)
    with pytest.raises(ConsistencyError):
        ask(witness, other, 5, 9, note)

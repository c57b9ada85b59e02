"""What is served is held against the checkpoint or the digest that names it, before it is used."""

from hashlib import sha256

import pytest

from ledger.core.checkpoint import Checkpoint
from ledger.errors import AnswerError, MalformedError, NotFoundError, OriginError
from node.following.source import LogSource, open_signed


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

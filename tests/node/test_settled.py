"""A home whose policy asks for a witness proves under what that witness has cosigned."""

import threading

import pytest

from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.note import SignedNote, format_note
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Policy, Witness, format_policy, parse_policy
from ledger.errors import QuorumError
from node.home import Home
from node.registry import open_registry
from tests.node.test_registry import enrol
from tests.support.witnesses import witness_key

KEY = witness_key()


@pytest.fixture
def watched(home, clock, monkeypatch):
    """A solo registry whose policy asks for one witness, opened for writing."""
    monkeypatch.setattr("node.settled._WAIT_S", 0.3)
    place = Home(home)
    policy = parse_policy(place.policy.read_bytes())
    asked = Policy(policy.logs, (Witness(b"w", KEY.verifier),), quorum=b"w")
    place.policy.write_bytes(format_policy(asked))
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        yield registry


def cosign(registry, size=None):
    """Let the witness cosign a checkpoint; gives its size."""
    signed = parse_signed_checkpoint(registry.store.read_checkpoint(size))
    line = KEY.cosign(signed.note.text, registry.clock.now() // 1000)
    note = format_note(SignedNote(signed.note.text, (*signed.note.signatures, line)))
    registry.store.save_checkpoint(signed.body.size, note)
    return signed.body.size


def write(registry, name):
    registry.submit([enrol(registry, name)[0]], {})


def run_beside(registry):
    """Say that a node is at work here."""
    registry.home.node_url.write_text("http://127.0.0.1:1\n")


def open_newest(registry):
    policy = parse_policy(registry.home.policy.read_bytes())
    return open_checkpoint(policy, registry.prover().anchor.note)


def test_what_is_cosigned_is_proved_under_the_newest(watched):
    size = cosign(watched)
    assert open_newest(watched).body.size == size == watched.read_end().size


def test_beside_a_node_it_waits_for_the_witness(watched):
    run_beside(watched)
    write(watched, "late")
    cosigner = threading.Timer(0.15, cosign, [watched])
    cosigner.start()
    try:
        assert open_newest(watched).body.size == watched.read_end().size
    finally:
        cosigner.join()


def test_beside_a_node_whose_witness_sleeps_it_proves_under_what_was_cosigned_last(watched):
    size = cosign(watched)
    run_beside(watched)
    write(watched, "late")
    assert open_newest(watched).body.size == size < watched.read_end().size


def test_a_size_that_is_asked_for_is_not_waited_for(watched):
    cosign(watched)
    run_beside(watched)
    write(watched, "late")
    size = watched.read_end().size
    assert watched.prover(size).anchor.size == size


def test_without_a_node_the_newest_is_shown_as_it_is(watched):
    cosign(watched)
    write(watched, "late")
    assert watched.prover().anchor.size == watched.read_end().size
    with pytest.raises(QuorumError):
        open_newest(watched)


def test_beside_a_node_that_never_published_the_newest_is_shown(watched):
    run_beside(watched)
    assert watched.prover().anchor.size == watched.read_end().size

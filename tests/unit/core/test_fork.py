"""Fork evidence: two histories of one key convince anybody, nothing less does."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.checkpoint import Checkpoint, format_checkpoint, parse_signed_checkpoint
from ledger.core.fork import (
    Fork,
    Prefix,
    decode_fork,
    encode_fork,
    find_fork,
    format_fork,
    open_log_note,
    parse_fork,
    verify_fork,
)
from ledger.core.hashing import EMPTY_ROOT, hash_leaf
from ledger.core.merkle import Frontier, hash_tree
from ledger.core.policy import Log, Policy, Witness
from ledger.errors import (
    BundleError,
    LedgerError,
    MalformedError,
    NotFoundError,
    OriginError,
    SignatureError,
    VerificationError,
)
from tests.support.manglings import edited, flip, without
from tests.support.note_signers import log_signer, note_bytes, spoil, witness_signer

ORIGIN = "example.org/ledger"
LOG, WITNESS = log_signer(ORIGIN), witness_signer("witness.example")
OTHER_LOG = log_signer("example.org/other")
POLICY = Policy((Log(LOG.key),), (Witness(b"w", WITNESS.key),), (), b"w")
BOTH = Policy((Log(LOG.key), Log(OTHER_LOG.key)))
MAX = 70


class Tree:
    """Leaves of a label, from leaf `start` on of another one; reads its nodes from the leaves."""

    def __init__(self, label, start=0):
        names = (b"common" if n < start else label for n in range(MAX))
        self.leaves = [hash_leaf(name + b"%d" % n) for n, name in enumerate(names)]

    def read_nodes(self, nodes):
        spans = [slice(n.index << n.level, (n.index + 1) << n.level) for n in nodes]
        if any(span.stop > MAX for span in spans):
            raise NotFoundError("not there")
        return [Frontier(0, ()).extend(self.leaves[span]).root() for span in spans]

    def body(self, size, origin=ORIGIN):
        return Checkpoint(origin, size, hash_tree(self.leaves[:size]))

    def note(self, size, signer=LOG):
        text = format_checkpoint(self.body(size, signer.name))
        return note_bytes(text, signer.sign(text))

    def pair(self, size):
        return self.note(size), self.body(size)


ONE, TWO = Tree(b"one", 5), Tree(b"two", 5)


def find(old, new, one=ONE, two=TWO):
    return find_fork(one.pair(old), two.pair(new), two if new > old else one)


@pytest.mark.parametrize("new", range(1, 40))
@pytest.mark.parametrize("old", [1, 2, 4, 5, 6, 7, 8, 16, 21, 33])
def test_evidence_is_found_exactly_where_the_trees_differ_and_then_verifies(old, new):
    fork = find(old, new)
    if min(old, new) <= 5:
        assert fork is None
        return
    first, second = verify_fork(fork, POLICY)
    assert (first.body.size, second.body.size) == (min(old, new), max(old, new))
    assert decode_fork(encode_fork(fork)) == fork
    assert (fork.prefix is None) == (old == new)


def test_no_witness_is_needed_to_convince():
    assert verify_fork(find(8, 21), Policy((Log(LOG.key),)))
    assert verify_fork(find(8, 21), POLICY)


def test_cosignatures_are_kept_and_not_looked_at():
    text = format_checkpoint(ONE.body(9))
    cosigned = note_bytes(text, LOG.sign(text), spoil(WITNESS.sign(text, 1)))
    fork = find_fork((cosigned, ONE.body(9)), TWO.pair(9), TWO)
    verify_fork(fork, POLICY)
    assert cosigned in {fork.first, fork.second}


def test_nodes_of_another_tree_are_no_evidence_against_anybody():
    with pytest.raises(VerificationError):
        find_fork(ONE.pair(8), TWO.pair(21), Tree(b"three"))


def test_nodes_that_nobody_has_are_said_to_be_missing():
    with pytest.raises(NotFoundError):
        find_fork(ONE.pair(8), (b"", Checkpoint(ORIGIN, 200, EMPTY_ROOT)), TWO)


SAME, LONGER = format_fork(find(9, 9)), format_fork(find(9, 21))
POWER = format_fork(find(8, 21))


def with_note(plain, name, note):
    return format_fork(replace(parse_fork(plain), **{name: note}))


def proof_of(old, new):
    """An honest prefix of the second tree."""
    return find(old, new).prefix


MANGLINGS = {
    "one note twice": (SAME, lambda p: p | {"second": p["first"]}, BundleError),
    "notes in the other order": (
        LONGER,
        lambda p: p | {"first": p["second"], "second": p["first"]},
        BundleError,
    ),
    "the prefix left out": (LONGER, lambda p: p | {"prefix": None}, BundleError),
    "a prefix where none is needed": (
        SAME,
        lambda p: p | {"prefix": LONGER["prefix"]},
        BundleError,
    ),
    "the smaller note's own root as prefix": (
        LONGER,
        lambda p: edited(p, "prefix", "root", value=ONE.body(9).root.hex()),
        BundleError,
    ),
    "an invented prefix": (
        LONGER,
        lambda p: edited(p, "prefix", "root", value="ab" * 32),
        BundleError,
    ),
    "an invented prefix of 2^k leaves": (
        POWER,
        lambda p: edited(p, "prefix", "root", value="ab" * 32),
        BundleError,
    ),
    "a path too short": (
        LONGER,
        lambda p: edited(p, "prefix", "path", value=lambda path: path[:-1]),
        BundleError,
    ),
    "a path too long": (
        LONGER,
        lambda p: edited(p, "prefix", "path", value=lambda path: [*path, path[0]]),
        BundleError,
    ),
    "the prefix of another size": (
        LONGER,
        lambda p: format_fork(replace(parse_fork(p), prefix=proof_of(8, 21))),
        BundleError,
    ),
    "an honest pair": (
        LONGER,
        lambda p: with_note(p, "first", TWO.note(9)),
        BundleError,
    ),
    "a note of another log": (
        SAME,
        lambda p: with_note(p, "second", ONE.note(9, OTHER_LOG)),
        OriginError,
    ),
    "a note of a key of the same name": (
        SAME,
        lambda p: with_note(p, "second", ONE.note(10, log_signer(ORIGIN, "other key"))),
        SignatureError,
    ),
    "an empty log": (
        LONGER,
        lambda p: with_note(p, "first", ONE.note(0)),
        BundleError,
    ),
    "another format": (SAME, lambda p: p | {"format": "muniment/fork/v2"}, MalformedError),
    "a member more": (SAME, lambda p: p | {"more": 1}, MalformedError),
    "a member less": (SAME, lambda p: without(p, "prefix"), MalformedError),
    "a note that is none": (SAME, lambda p: p | {"first": "aGVsbG8"}, MalformedError),
    "a prefix of another type": (SAME, lambda p: p | {"prefix": []}, MalformedError),
    "a path of another type": (
        LONGER,
        lambda p: edited(p, "prefix", "path", value="AAAA"),
        MalformedError,
    ),
    "a hash of another length": (
        LONGER,
        lambda p: edited(p, "prefix", "path", 0, value="AAAA"),
        MalformedError,
    ),
    "a path without end": (
        LONGER,
        lambda p: edited(p, "prefix", "path", value=lambda path: path * 100),
        LedgerError,
    ),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_what_proves_no_fork_is_refused(name):
    plain, mangle, error = MANGLINGS[name]
    verify_fork(parse_fork(plain), POLICY)
    with pytest.raises(error):
        verify_fork(parse_fork(mangle(plain)), POLICY)


@pytest.mark.parametrize("name", ["first", "second"])
def test_a_changed_note_is_refused(name):
    with pytest.raises(LedgerError):
        verify_fork(parse_fork(edited(SAME, name, value=flip)), POLICY)


def test_two_logs_of_one_policy_do_not_make_a_fork():
    fork = Fork(ONE.note(9), TWO.note(9, OTHER_LOG))
    with pytest.raises(BundleError, match="two logs"):
        verify_fork(fork, BOTH)


def test_a_note_opens_by_the_log_s_signature_alone():
    assert open_log_note(POLICY, ONE.note(9)).body == ONE.body(9)
    with pytest.raises(OriginError):
        open_log_note(POLICY, ONE.note(9, OTHER_LOG))
    with pytest.raises(SignatureError):
        open_log_note(POLICY, ONE.note(9, log_signer(ORIGIN, "other key")))


@pytest.mark.parametrize("plain", [SAME, LONGER], ids=["one size", "two sizes"])
def test_every_truncation_of_a_file_is_refused(plain):
    data = encode_fork(parse_fork(plain)).rstrip()
    for end in range(len(data)):
        with pytest.raises(LedgerError):
            decode_fork(data[:end])


@given(st.integers(0, len(json.dumps(LONGER)) - 1), st.sampled_from("aZ09-_,\"'{}"))
def test_a_file_with_a_character_changed_never_proves_another_fork(place, character):
    data = json.dumps(LONGER)
    try:
        fork = decode_fork(f"{data[:place]}{character}{data[place + 1 :]}".encode())
        verify_fork(fork, POLICY)
    except LedgerError:
        return
    assert fork == parse_fork(LONGER)


def test_a_log_that_only_grew_gives_no_evidence_to_whoever_asks():
    nodes = TWO
    for old in range(1, 20):
        assert find_fork(TWO.pair(old), TWO.pair(20), nodes) is None
        forged = Fork(TWO.note(old), TWO.note(20), Prefix(TWO.body(old).root, ()))
        with pytest.raises(BundleError):
            verify_fork(forged, POLICY)


def test_the_bodies_of_notes_are_those_of_the_tree():
    assert parse_signed_checkpoint(ONE.note(9)).body == ONE.body(9)

"""Proofs made from a store: of every leaf, state and history, under every checkpoint."""

from contextlib import closing

import pytest

from ledger.core.bundle import (
    format_receipt,
    format_state_bundle,
    parse_receipt,
    parse_state_bundle,
    verify_receipt,
    verify_state_bundle,
)
from ledger.core.dossier import format_dossier, parse_dossier, verify_dossier
from ledger.core.entry import Entry
from ledger.core.limits import MAX_DOSSIER_EVENTS
from ledger.core.merkle import verify_consistency
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Log, Policy
from ledger.core.tlogproof import parse_tlog_proof
from ledger.errors import CorruptionError, LimitError, NotFoundError
from ledger.sequencer import Accepted, Submission
from ledger.storage.sqlite import SqliteStore, create_store
from node.proofs import Prover, _take_entry
from tests.support.ledgers import LOG_VERIFIER, Home, put
from tests.support.log_builder import toy_key

POLICY = Policy((Log(LOG_VERIFIER),))
SUBJECTS = [toy_key(n) for n in range(4)]


def fill(home, blocks):
    """Write blocks of so many events each, about four subjects in turn."""
    number = 0
    with home.open() as (_, sequencer):
        for count in blocks:
            events = [put(n, SUBJECTS[n % 4], SUBJECTS[0]) for n in range(number, number + count)]
            outcomes = sequencer.submit([Submission(signed) for signed in events])
            assert all(isinstance(outcome, Accepted) for outcome in outcomes)
            number += count


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Twenty blocks of 1, 2 or 3 events."""
    home = Home(tmp_path_factory.mktemp("proofs") / "ledger").found()
    fill(home, [1, 2, 3, 1, 1, 2, 1, 3, 2, 1] * 2)
    with closing(SqliteStore(home.ledger)) as store:
        yield store


def sizes(store):
    return [row.size for row in store.iterate_blocks()]


def test_every_leaf_is_proved_under_every_checkpoint(store):
    for size in sizes(store):
        prover = Prover(store, size)
        opened = open_checkpoint(POLICY, prover.anchor.note)
        assert prover.anchor.size == opened.body.size == size
        for index in range(size):
            receipt = prover.prove_leaf(index)
            assert receipt.proof.index == index
            assert receipt.leaf == store.read_leaves(index, index + 1)[0]
            verify_receipt(receipt, opened)
            assert parse_receipt(format_receipt(receipt)) == receipt


def test_the_newest_checkpoint_is_the_default(store):
    assert Prover(store).anchor == Prover(store, sizes(store)[-1]).anchor


@pytest.mark.parametrize("index", [-1, 0, 1])
def test_a_leaf_outside_the_checkpoint_is_not_found(store, index):
    size = sizes(store)[3]
    if index >= 0:
        index += size
    with pytest.raises(NotFoundError, match=f"the log has the leaves 0 to {size - 1}, not"):
        Prover(store, size).prove_leaf(index)


def test_every_growth_is_proved(store):
    ends = sizes(store)
    prover = Prover(store)
    roots = {
        size: open_checkpoint(POLICY, Prover(store, size).anchor.note).body.root for size in ends
    }
    for old in ends:
        for new in ends:
            if old <= new:
                verify_consistency(
                    old_size=old,
                    old_root=roots[old],
                    new_size=new,
                    new_root=roots[new],
                    path=prover.prove_growth(old, new),
                )
    assert prover.prove_growth(0, ends[-1]) == ()


@pytest.mark.parametrize(("old", "new"), [(-1, 2), (3, 2), (0, 10_000)])
def test_sizes_that_never_were_are_not_found(store, old, new):
    with pytest.raises(NotFoundError):
        Prover(store).prove_growth(old, new)


def test_every_state_and_absence_is_proved_under_every_checkpoint(store):
    for size in sizes(store):
        prover = Prover(store, size)
        opened = open_checkpoint(POLICY, prover.anchor.note)
        for key in [*SUBJECTS, toy_key(99)]:
            bundle = prover.prove_state(key)
            verify_state_bundle(bundle, opened)
            assert parse_state_bundle(format_state_bundle(bundle)) == bundle
        assert prover.prove_state(toy_key(99)).value is None
    assert Prover(store, sizes(store)[0]).prove_state(SUBJECTS[3]).value is None
    assert Prover(store).prove_state(SUBJECTS[3]).value is not None


def test_every_history_is_proved_wholly_and_from_every_event_on(store):
    for size in sizes(store)[::3]:
        prover = Prover(store, size)
        opened = open_checkpoint(POLICY, prover.anchor.note)
        for key in SUBJECTS:
            whole = prover.prove_history(key)
            verify_dossier(whole, opened)
            n = whole.state.value.n if whole.state.value is not None else 0
            assert len(whole.events) == n
            for start in range(1, n):
                page = prover.prove_history(key, start)
                verify_dossier(page, opened)
                assert page.events == whole.events[start:]
                assert page.start is not None
                assert parse_dossier(format_dossier(page)) == page


def test_pages_follow_each_other_without_a_gap(store):
    prover = Prover(store)
    whole = prover.prove_history(SUBJECTS[0])
    pages = [prover.prove_history(SUBJECTS[0], start) for start in range(0, len(whole.events), 7)]
    collected = []
    for page, start in zip(pages, range(0, len(whole.events), 7), strict=True):
        assert (page.start.n if page.start else 0) == start
        collected += page.events[:7]
    assert collected == list(whole.events)


@pytest.mark.parametrize("start", [-1, 0, 10_000])
def test_a_page_after_the_last_event_is_not_found(store, start):
    n = len(Prover(store).prove_history(SUBJECTS[0]).events)
    with pytest.raises(NotFoundError, match=f"has {n} events: there is none after"):
        Prover(store).prove_history(SUBJECTS[0], start or n)


def test_the_history_of_nothing_is_proved_absent(store):
    dossier = Prover(store).prove_history(toy_key(99))
    assert (dossier.events, dossier.start, dossier.state.value) == ((), None, None)
    verify_dossier(dossier, open_checkpoint(POLICY, Prover(store).anchor.note))


def test_a_long_history_comes_in_pages(tmp_path):
    home = Home(tmp_path / "ledger").found()
    with home.open() as (store, sequencer):
        for first in (0, 900):
            events = [put(n, SUBJECTS[0]) for n in range(first, first + 900)]
            sequencer.submit([Submission(signed) for signed in events])
        prover = Prover(store)
        with pytest.raises(LimitError, match="ask from event 800 on"):
            prover.prove_history(SUBJECTS[0])
        page = prover.prove_history(SUBJECTS[0], 800)
        assert len(page.events) == MAX_DOSSIER_EVENTS
        verify_dossier(page, open_checkpoint(POLICY, prover.anchor.note))


def test_without_a_signed_checkpoint_nothing_is_proved(tmp_path):
    with closing(create_store(tmp_path / "ledger.db")) as store, pytest.raises(NotFoundError):
        Prover(store)


def test_an_unsigned_size_has_no_proofs(store):
    with pytest.raises(NotFoundError):
        Prover(store, sizes(store)[0] + 1)


def test_a_history_that_points_at_a_seal_is_corrupt(store):
    seal = Prover(store).prove_leaf(1).content
    assert not isinstance(seal, Entry)
    with pytest.raises(CorruptionError):
        _take_entry(seal)


def test_proofs_read_back_from_their_text(store):
    from ledger.core.tlogproof import format_tlog_proof

    proof = Prover(store).prove_leaf(3).proof
    assert parse_tlog_proof(format_tlog_proof(proof)) == proof

"""The pure trust decision over invented trees: every pair of sizes, marks, ages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.fork import decode_fork, verify_fork
from ledger.core.tiles import TileNodeReader
from ledger.errors import (
    AnswerError,
    BackdatedError,
    ConsistencyError,
    ForkError,
    FrozenError,
    MalformedError,
    NotFoundError,
    QuorumError,
    RollbackError,
)
from ledger.light.advance import (
    MAX_BACKDATING_MS,
    MAX_CACHE_MS,
    MAX_MARKS,
    Mark,
    Outcome,
    add_mark,
    advance,
    check_fresh,
    check_not_backdated,
    check_not_rolled_back,
)
from tests.light.house import ForgedTree, policy

TREE, OTHER = ForgedTree(700), ForgedTree(700, b"other")
SIZES = [1, 2, 3, 255, 256, 257, 511, 512, 700]


def step(old, new, *, tree=TREE, nodes=TREE, **members):
    return advance(policy(), TREE.note(old), tree.note(new, **members), TileNodeReader(nodes))


@pytest.mark.parametrize("new", SIZES)
@pytest.mark.parametrize("old", SIZES)
def test_one_history_is_never_called_anything_else(old, new):
    outcome = step(old, new).outcome
    expected = {1: Outcome.ADVANCED, 0: Outcome.SAME, -1: Outcome.OLDER}
    assert outcome is expected[(new > old) - (new < old)]


@pytest.mark.parametrize("new", SIZES)
@pytest.mark.parametrize("old", SIZES)
def test_two_histories_are_a_fork_with_evidence_that_convinces(old, new):
    with pytest.raises(ForkError) as caught:
        step(old, new, tree=OTHER, nodes=OTHER if new >= old else TREE)
    fork = decode_fork(caught.value.evidence)
    assert {fork.first, fork.second} == {TREE.note(old), OTHER.note(new)}
    verify_fork(fork, policy())
    assert (caught.value.old, caught.value.new) == (
        TREE.note(old).decode(),
        OTHER.note(new).decode(),
    )


def test_at_first_contact_no_tile_is_asked_for():
    class Nobody:
        def read_nodes(self, nodes):
            raise AssertionError(nodes)

    assert advance(policy(), None, TREE.note(700), Nobody()).outcome is Outcome.FIRST


class Refusing:
    """Nobody serves the tiles, or what is served is none."""

    def __init__(self, error):
        self.error = error

    def read_tile(self, level, index):
        raise self.error


def test_growth_that_nobody_shows_is_not_believed():
    with pytest.raises(ConsistencyError):
        step(5, 700, nodes=Refusing(NotFoundError("gone")))
    with pytest.raises(AnswerError):
        step(5, 700, nodes=Refusing(AnswerError("half a tile")))


@pytest.mark.parametrize("error", [NotFoundError("gone"), AnswerError("half a tile")])
def test_a_smaller_log_that_nobody_shows_to_be_a_beginning_is_a_rollback(error):
    with pytest.raises(RollbackError):
        step(700, 5, nodes=Refusing(error))


@pytest.mark.parametrize("size", SIZES[:-1])
def test_tiles_of_another_tree_prove_neither_growth_nor_a_fork(size):
    with pytest.raises(ConsistencyError) as caught:
        step(size, 700, nodes=OTHER)
    assert not isinstance(caught.value, ForkError)


def test_a_fork_is_told_before_the_quorum_is_asked_for():
    with pytest.raises(ForkError):
        step(300, 700, tree=OTHER, nodes=OTHER, is_cosigned=False)
    with pytest.raises(QuorumError):
        step(300, 700, is_cosigned=False)


def test_what_is_kept_has_to_be_a_note():
    with pytest.raises(MalformedError):
        advance(policy(), b"broken", TREE.note(3), TileNodeReader(TREE))


# --- ages


def aged(outcome_size, seen_at, now):
    check_not_rolled_back(step(700, outcome_size), trusted_size=700, seen_at=seen_at, now=now)


def test_an_older_one_is_a_cache_for_five_minutes_and_then_a_rollback():
    aged(5, 0, MAX_CACHE_MS)
    with pytest.raises(RollbackError):
        aged(5, 0, MAX_CACHE_MS + 1)
    aged(700, 0, MAX_CACHE_MS + 1)


def test_a_log_is_frozen_when_it_is_older_than_allowed():
    check_fresh(0, now=1000, max_age_ms=1000)
    with pytest.raises(FrozenError):
        check_fresh(0, now=1001, max_age_ms=1000)
    check_fresh(5000, now=0, max_age_ms=1000)


# --- marks


def test_a_leaf_is_held_against_the_newest_cosignature_of_the_log_without_it():
    marks = (Mark(10, 1_000_000), Mark(20, 9_000_000))
    least = 1_000_000 - MAX_BACKDATING_MS
    check_not_backdated(marks, 9, 0)
    check_not_backdated(marks, 10, least)
    check_not_backdated(marks, 19, least)
    with pytest.raises(BackdatedError):
        check_not_backdated(marks, 19, least - 1)
    with pytest.raises(BackdatedError):
        check_not_backdated(marks, 20, least)
    check_not_backdated((), 10**6, 0)


def test_a_mark_that_says_no_more_is_left_out():
    marks = add_mark((), Mark(10, 500))
    assert add_mark(marks, Mark(10, 500)) == marks
    assert add_mark(marks, Mark(20, 400)) == marks
    assert add_mark(marks, Mark(10, 600)) == (Mark(10, 600),)
    assert add_mark(marks, Mark(20, 600)) == (Mark(10, 500), Mark(20, 600))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 5)), max_size=60))
def test_sizes_and_times_of_marks_rise_whatever_comes(steps):
    size, time, marks, seen = 1, 100, (), []
    for larger, later in steps:
        size, time = size + larger, time + later
        seen.append(Mark(size, time))
        marks = add_mark(marks, seen[-1])
    assert list(marks) == sorted(marks, key=lambda mark: (mark.size, mark.time))
    assert len({mark.time for mark in marks}) == len(marks) == len({m.size for m in marks})
    for index in range(size + 2):
        known = max((m.time for m in seen if m.size <= index), default=None)
        kept = max((m.time for m in marks if m.size <= index), default=None)
        assert kept is None or kept <= known


def test_marks_are_never_too_many_and_the_newest_are_kept():
    marks = ()
    for number in range(5 * MAX_MARKS):
        marks = add_mark(marks, Mark(number, number))
        assert len(marks) <= MAX_MARKS
    assert marks[-MAX_MARKS // 2 :] == tuple(
        Mark(n, n) for n in range(5 * MAX_MARKS - MAX_MARKS // 2, 5 * MAX_MARKS)
    )
    assert marks[0].size == 0

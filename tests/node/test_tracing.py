"""Small parts of a trace: integers of a finding, hands that a copy went through, whose keys count."""

from math import log10
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.types import UnixMillis
from node.tracing.bounds import encode_chance, encode_share, share_bound, show_chance, show_share
from node.tracing.deliveries import Dispatch, Flow
from node.tracing.finding import Candidate
from node.tracing.hands import Digests, count_tries, list_sources
from node.tracing.legality import choose_named

# integers


@given(st.floats(min_value=-1e5, max_value=0), st.integers(min_value=1, max_value=10**6))
def test_a_chance_is_never_written_smaller_than_it_was(log_chance, count):
    assert encode_chance(log_chance) >= log_chance * 1000
    assert share_bound(-6_000, count) <= -6_000 - 1000 * log10(count)


@given(st.integers(min_value=-300_000, max_value=-1))
def test_a_chance_for_people_is_not_smaller_either(chance):
    shown = float(show_chance(chance))
    exact = 10 ** (chance / 1000)
    assert exact * (1 - 1e-9) <= shown <= exact * 1.2


@pytest.mark.parametrize(
    ("chance", "shown"),
    [(0, "1"), (-6_000, "1.0e-6"), (-26_880, "1.4e-27"), (-1, "1"), (-999_999_000, "1.0e-999999")],
)
def test_chances_for_people(chance, shown):
    assert show_chance(chance) == shown


def test_no_chance_at_all_is_written_as_the_least():
    assert encode_chance(float("-inf")) == -1_000_000_000
    assert encode_chance(float("nan")) == 0


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0 %"), (1, "100 %"), (0.05, "5 %"), (0.12345, "12.34 %")]
)
def test_shares_for_people(share, shown):
    assert show_share(encode_share(share)) == shown


# hands

ABOVE = {"g1": None, "g2": None, "g3": "g1", "g4": "g3"}
"""Grants: two from the right, one below the first, one below that."""


def sent(key, index, grant, *, marked=True):
    marks = SimpleNamespace() if marked else None
    body = SimpleNamespace(grant=grant, marks=marks, asset="a", recipient="p")
    return Dispatch(key, index, UnixMillis(index), "s", body)


def flow(*dispatches):
    return Flow(dispatches, ABOVE)


CHAIN = flow(sent("d1", 1, "g1"), sent("d2", 2, "g2"), sent("d3", 3, "g3"), sent("d4", 4, "g4"))


def test_what_came_down_from_a_delivery_are_all_later_ones_below_its_grant():
    below = [[each.key for each in CHAIN.find_onward(one)] for one in CHAIN.dispatches]
    assert below == [["d3", "d4"], [], ["d4"], []]


def test_what_was_delivered_before_a_copy_came_did_not_come_down_from_it():
    early = flow(sent("d3", 1, "g3"), sent("d1", 2, "g1"))
    assert early.find_onward(early.dispatches[1]) == []
    assert early.find_sources(early.dispatches[0]) == []


def test_each_hand_delivers_what_it_got_and_the_first_the_original():
    assert list_sources(CHAIN, {}, "o") == {
        "d1": (None,),
        "d2": (None,),
        "d3": ("d1",),
        "d4": ("d3",),
    }


def test_an_exact_copy_is_its_source_once_more():
    found = list_sources(flow(sent("d1", 1, "g1", marked=False), sent("d3", 2, "g3")), {}, "o")
    assert found["d3"] == (None,)


def test_of_two_copies_that_a_hand_had_the_vault_says_which():
    two = flow(sent("d1", 1, "g1"), sent("d5", 2, "g1"), sent("d3", 3, "g3"))
    assert list_sources(two, {}, "o")["d3"] == ("d5", "d1")
    known = {"d1": Digests("c1", "o"), "d5": Digests("c5", "o"), "d3": Digests("c3", "c1")}
    assert list_sources(two, known, "o")["d3"] == ("d1",)
    assert list_sources(two, known | {"d3": Digests("c3", "o")}, "o")["d3"] == (None,)


def test_who_may_have_sent_either_copy_pays_for_both():
    two = flow(sent("d1", 1, "g1"), sent("d5", 2, "g1"), sent("d3", 3, "g3"))
    sources = list_sources(two, {}, "o")
    assert count_tries(sources, {"d1", "d3", "d5"}) == {"d1": 1, "d5": 1, "d3": 2}
    assert count_tries(sources, {"d1", "d3"}) == {"d1": 1}


def test_from_a_copy_alone_only_what_came_down_from_it_is_scored():
    sources = list_sources(CHAIN, {}, "o")
    assert count_tries(sources, {"d1", "d2", "d3", "d4"}, "d1") == {"d3": 1, "d4": 1}


# naming


def candidate(key, chance):
    return Candidate(
        delivery=key, grant="g", sender="p", recipient="q", index=1, time=1, received=None,
        is_marked=True, marked_by=None, source=None, chance=chance,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("chances", "named", "cleared"),
    [
        ({}, [], []),
        ({"d1": -5_999}, [], []),
        ({"d1": -6_000}, ["d1"], []),
        ({"d1": -9_000, "d3": -9_000}, ["d3"], ["d1"]),
        ({"d1": -9_000, "d4": -9_000}, ["d4"], ["d1"]),
        ({"d1": -9_000, "d2": -9_000}, ["d1", "d2"], []),
        ({"d3": -9_000, "d1": -100}, ["d3"], []),
    ],
)
def test_the_lowest_hand_that_is_struck_is_named_and_those_above_it_cleared(
    chances, named, cleared
):
    candidates = [candidate(key, chance) for key, chance in chances.items()]
    assert choose_named(CHAIN, candidates, -6_000) == (named, cleared)

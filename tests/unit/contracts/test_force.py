"""What was in force at an instant: tuples, terms, vouchers, and who took a right over from whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from contracts.force import (
    ASSET_LISTS,
    as_object,
    follow_right,
    held_rights,
    is_known,
    live_voucher,
    objects_at,
    rights_in_force,
    tuples_in_force,
)
from contracts.intervals import Interval
from contracts.title import Asset
from tests.support.people import claim
from tests.support.transfers import JUDGMENT
from tests.support.world import World

END = 1_000
LAST = 10_000
VOUCHER = Interval({"number": "TEST2026110001", "until": END}, 0, None, 1)


def right(holder, start=0, end=None, index=1, giver=None, right="operate", **members):
    """The interval of a tuple."""
    source = {"from": giver} if giver else {}
    value = {"holder": holder, "right": right, "basis": "self-generated", **source, **members}
    return Interval(value, start, end, index)


def asset(*tuples, vouchers=(VOUCHER,), marks=UNSET):
    names = ("declared", "freezes", "pledges", "disputes", "notes", "filings")
    empty = dict.fromkeys(names, ())
    return Asset(
        parties=("ann",),
        registration="registration/" + "a" * 26,
        content={},
        digests=(),
        fields={},
        stage=None,
        classification=None,
        tuples=tuple(tuples),
        vouchers=tuple(vouchers),
        renewal=None,
        complete_from=marks,
        **empty,
    )


def find_successor(state, holder, named, time, before=LAST):
    """Who has at an instant the right that a party had when something was done."""
    in_force = tuples_in_force(state, time)
    hands = follow_right(state, holder, named, before)
    return next((as_object(each)["holder"] for each in hands if each in in_force), None)


def holders(state, time):
    return [value["holder"] for value in rights_in_force(state, time)]


# What is known


def test_a_list_that_was_never_shortened_is_known_at_every_instant():
    assert all(is_known(asset(), name, 0) for name in ASSET_LISTS)


def test_a_shortened_list_is_known_from_its_mark_on_and_no_other_list_is_touched():
    state = asset(marks={"tuples": 50})
    assert [is_known(state, "tuples", time) for time in (49, 50, 51)] == [False, True, True]
    assert is_known(state, "vouchers", 0)


# Vouchers, terms, intervals


@pytest.mark.parametrize(
    ("time", "number"),
    [(-1, None), (0, "TEST2026110001"), (END - 1, "TEST2026110001"), (END, None)],
)
def test_a_voucher_lives_from_its_beginning_to_just_before_its_end(time, number):
    assert live_voucher(asset(), time) == number


def test_of_two_vouchers_the_one_of_that_time_is_live():
    first = Interval({"number": "N1", "until": END}, 0, 40, 1)
    second = Interval({"number": "N2", "until": END}, 40, None, 5)
    state = asset(vouchers=(first, second))
    assert [live_voucher(state, time) for time in (39, 40)] == ["N1", "N2"]


def test_a_revoked_voucher_is_dead_although_its_years_are_not_over():
    revoked = Interval({"number": "N1", "until": END}, 0, 40, 1)
    assert live_voucher(asset(vouchers=(revoked,)), 40) is None


@pytest.mark.parametrize(
    ("time", "found"),
    [(9, []), (10, ["ann"]), (29, ["ann"]), (30, ["ben"]), (END - 1, ["ben"]), (END, [])],
)
def test_a_tuple_is_in_force_while_its_interval_and_its_voucher_are(time, found):
    state = asset(right("ann", 10, 30), right("ben", 30, None, 2, giver="ann"))
    assert holders(state, time) == found


@pytest.mark.parametrize(("time", "found"), [(19, ["ann"]), (20, []), (21, [])])
def test_a_right_ends_with_its_own_term(time, found):
    assert holders(asset(right("ann", until=20)), time) == found


def test_without_a_voucher_nothing_is_in_force():
    assert rights_in_force(asset(right("ann"), vouchers=()), 5) == []
    assert tuples_in_force(asset(right("ann"), vouchers=()), 5) == []


def test_tuples_in_force_keep_their_intervals_in_the_order_of_opening():
    first, second = right("ann", 0, None, 1), right("ben", 5, None, 7, right="use")
    assert tuples_in_force(asset(first, second), 5) == [first, second]


def test_one_holders_rights_are_his_alone():
    state = asset(right("ann"), right("ann", right="use"), right("ben", right="hold"))
    assert [value["right"] for value in held_rights(state, "ann", 5)] == ["operate", "use"]
    assert held_rights(state, "cy", 5) == []


def test_values_that_are_no_objects_are_left_out():
    odd = (Interval("odd", 0, None, 1), Interval({"order": "x"}, 0, None, 2))
    assert objects_at(odd, 0) == [{"order": "x"}]
    assert as_object(odd[0]) == {}


# Hand to hand


CHAIN = (
    right("ann", 0, 10, 1),
    right("ben", 10, 20, 4, giver="ann"),
    right("cy", 20, None, 9, giver="ben"),
)


@pytest.mark.parametrize(("time", "found"), [(0, "ann"), (10, "ben"), (19, "ben"), (20, "cy")])
def test_a_right_is_followed_from_hand_to_hand(time, found):
    assert find_successor(asset(*CHAIN), "ann", "operate", time) == found


def test_who_came_later_had_nothing_before():
    assert find_successor(asset(*CHAIN), "cy", "operate", 5) is None
    assert find_successor(asset(*CHAIN), "ben", "operate", 25) == "cy"


@pytest.mark.parametrize(("holder", "named"), [("dan", "operate"), ("ann", "use")])
def test_who_never_had_the_right_has_no_successor(holder, named):
    assert follow_right(asset(*CHAIN), holder, named, LAST) == []
    assert find_successor(asset(*CHAIN), holder, named, 5) is None


def test_a_right_that_ended_without_a_transfer_has_no_successor():
    ended = asset(right("ann", 0, 10), right("ben", 0, None, 2))
    assert find_successor(ended, "ann", "operate", 10) is None
    assert follow_right(ended, "ann", "operate", LAST) == [ended.tuples[0]]


def test_an_expired_voucher_leaves_no_successor_although_the_hands_are_known():
    state = asset(*CHAIN)
    assert find_successor(state, "ann", "operate", END) is None
    assert follow_right(state, "ann", "operate", LAST) == list(CHAIN)


def test_co_holders_are_not_each_others_successors():
    state = asset(*CHAIN, right("dan", 0, None, 2), right("ann", 0, 10, 1, right="use"))
    assert find_successor(state, "dan", "operate", 25) == "dan"
    assert find_successor(state, "ann", "operate", 25) == "cy"
    assert find_successor(state, "ann", "use", 25) is None


BACK = (
    right("ann", 0, 10, 1),
    right("dan", 0, 30, 2),
    right("ben", 10, None, 4, giver="ann"),
    right("ann", 30, None, 8, giver="dan"),
)


def test_a_right_that_comes_to_who_had_another_does_not_mix_with_that_one():
    state = asset(*BACK)
    assert find_successor(state, "ann", "operate", 40, before=3) == "ben"
    assert find_successor(state, "ann", "operate", 40, before=9) == "ann"
    assert find_successor(state, "dan", "operate", 40, before=3) == "ann"
    assert find_successor(state, "ann", "operate", 40) == "ann"
    assert follow_right(state, "ann", "operate", LAST) == [BACK[3]]


def test_what_was_done_before_the_first_tuple_rests_on_none():
    assert follow_right(asset(*BACK), "ann", "operate", before=1) == []


def test_transfers_within_one_millisecond_are_told_apart_by_the_log():
    """ann to ben, dan to ann, ann to eve, all at 10."""
    state = asset(
        right("ann", 0, 10, 1),
        right("dan", 0, 10, 2),
        right("ben", 10, None, 5, giver="ann"),
        right("ann", 10, 10, 6, giver="dan"),
        right("eve", 10, None, 7, giver="ann"),
    )
    assert find_successor(state, "ann", "operate", 10, before=3) == "ben"
    assert find_successor(state, "dan", "operate", 10, before=3) == "eve"


def test_rights_that_move_in_one_event_are_not_taken_for_one_another():
    """One record moves ann's to ben and ben's own to cy; another, at once, ann's on to dan."""
    state = asset(
        right("ann", 0, 10, 1),
        right("ben", 0, 10, 2),
        right("ben", 10, 10, 5, giver="ann"),
        right("cy", 10, None, 5, giver="ben"),
        right("dan", 10, None, 6, giver="ben"),
    )
    assert find_successor(state, "ann", "operate", 10, before=3) == "dan"
    assert find_successor(state, "ben", "operate", 10, before=3) == "cy"


def test_a_right_that_comes_back_to_its_giver_is_followed_round():
    state = asset(
        right("ann", 0, 10, 1),
        right("ben", 10, 20, 4, giver="ann"),
        right("ann", 20, None, 6, giver="ben"),
    )
    assert [as_object(each)["holder"] for each in follow_right(state, "ann", "operate", 2)] == [
        "ann",
        "ben",
        "ann",
    ]
    assert find_successor(state, "ann", "operate", 15, before=2) == "ben"
    assert find_successor(state, "ann", "operate", 25, before=2) == "ann"


def test_a_shortened_list_gives_no_hands_rather_than_wrong_ones():
    assert follow_right(asset(*BACK[1:]), "ann", "operate", before=3) == []


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_each_of_several_rights_is_followed_to_its_own_end(picks):
    """Four holders of one right; each pick moves a holder's tuple to whom nobody has one of."""
    names = [f"h{n}" for n in range(4)]
    tuples = [right(name, 0, None, place) for place, name in enumerate(names)]
    now = dict(enumerate(names))
    for step, pick in enumerate(picks, 1):
        giver, taker = (
            now[pick],
            f"n{step % 3}" if f"n{step % 3}" not in now.values() else f"m{step}",
        )
        place = max(i for i, each in enumerate(tuples) if as_object(each)["holder"] == giver)
        old = tuples[place]
        tuples[place] = Interval(old.value, old.start, step, old.index)
        tuples.append(right(taker, step, None, 10 + step, giver=giver))
        now[pick] = taker
    state = asset(*tuples)
    for place, name in enumerate(names):
        assert find_successor(state, name, "operate", 500, before=9) == now[place]


def test_on_a_ledger_a_right_is_followed_through_transfers_and_grounds():
    world = World()
    ann, ben, cy = (world.enroll(name) for name in ("ann", "ben", "cy"))
    application = world.published(ann)
    world.record(application, [claim(ann, "operate")])
    before = world.time
    world.transfer(application, (ann, ben, "operate"))
    between = world.time
    world.transfer(application, (ben, cy, "operate"), ground=JUDGMENT)
    state = world.asset(application)
    found = [
        find_successor(state, ann.party, "operate", time)
        for time in (before, between, world.time, 0)
    ]
    assert found == [ann.party, ben.party, cy.party, None]

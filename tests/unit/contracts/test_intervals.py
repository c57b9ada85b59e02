"""Interval lists: half-open, never rewritten, and shortened only where the state says so."""

import copy
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.intervals import (
    Interval,
    close_all,
    close_interval,
    covers,
    current,
    fit_state,
    format_intervals,
    open_interval,
    parse_intervals,
    switch_interval,
    values_at,
)
from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.core.limits import MAX_STATE_BYTES
from ledger.errors import MalformedError, RejectedError

FREEZE = {"order": "order/aaaaaaaaaaaaaaaaaaaaaaaaaa"}
OTHER = {"order": "order/bbbbbbbbbbbbbbbbbbbbbbbbbb"}


def item(value, start, end, index):
    return {"value": value, "from": start, "to": end, "index": index}


STATUS = [item("valid", 100, 200, 3), item("superseded", 200, None, 9)]


@st.composite
def interval_lists(draw, max_size=20):
    indexes = sorted(draw(st.lists(st.integers(0, 99), max_size=max_size)))
    spans = st.tuples(st.integers(0, 999), st.none() | st.integers(0, 99))
    return tuple(
        Interval(value, start, None if length is None else start + length, index)
        for value, index in enumerate(indexes)
        for start, length in [draw(spans)]
    )


# Form


@given(interval_lists())
def test_parse_reads_what_format_wrote(intervals):
    assert parse_intervals(format_intervals(intervals)) == intervals


@given(interval_lists())
def test_a_list_is_the_same_after_storage(intervals):
    listed = format_intervals(intervals)
    assert decode_canonical(encode_canonical(listed), max_bytes=9999) == listed


MANGLINGS = {
    "null": lambda v: None,
    "text": lambda v: "[]",
    "object": lambda v: {"0": v[0]},
    "interval as a list": lambda v: [list(v[0].values())],
    "interval as null": lambda v: [None],
    "member missing": lambda v: [{k: v[0][k] for k in v[0] if k != "index"}],
    "member more": lambda v: [v[0] | {"by": "party"}],
    "from as text": lambda v: [v[0] | {"from": "100"}],
    "from null": lambda v: [v[0] | {"from": None}],
    "from as a boolean": lambda v: [v[0] | {"from": True}],
    "from below nought": lambda v: [v[0] | {"from": -1}],
    "to below nought": lambda v: [v[0] | {"to": -1}],
    "to as text": lambda v: [v[0] | {"to": ""}],
    "to beyond 2^53-1": lambda v: [v[0] | {"to": 2**53}],
    "ends before it starts": lambda v: [v[0] | {"to": 99}],
    "index null": lambda v: [v[0] | {"index": None}],
    "index below nought": lambda v: [v[0] | {"index": -1}],
    "reversed": lambda v: v[::-1],
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_every_mangled_list_is_refused(name):
    with pytest.raises(MalformedError):
        parse_intervals(MANGLINGS[name](STATUS))


# Opening and closing


def test_what_is_opened_holds_from_its_instant_on():
    opened = open_interval([], FREEZE, 100, 3)
    assert format_intervals(opened) == [item(FREEZE, 100, None, 3)]
    assert (values_at(opened, 99), values_at(opened, 100)) == ((), (FREEZE,))


def test_what_is_closed_holds_until_just_before_its_instant():
    closed = close_interval(open_interval([], FREEZE, 100, 3), FREEZE, 200)
    assert format_intervals(closed) == [item(FREEZE, 100, 200, 3)]
    assert (values_at(closed, 199), values_at(closed, 200)) == ((FREEZE,), ())


def test_an_interval_closed_at_once_never_held():
    closed = close_interval(open_interval([], FREEZE, 100, 3), FREEZE, 100)
    assert format_intervals(closed) == [item(FREEZE, 100, 100, 3)]
    assert values_at(closed, 100) == ()


def test_closing_ends_the_named_value_alone():
    both = open_interval(open_interval([], FREEZE, 100, 3), OTHER, 150, 4)
    closed = close_interval(both, FREEZE, 200)
    assert current(both) == (FREEZE, OTHER)
    assert current(closed) == (OTHER,)
    assert values_at(closed, 170) == (FREEZE, OTHER)


def test_closing_all_ends_what_is_open_and_leaves_what_has_ended():
    first = close_interval(open_interval((), "a", 1, 0), "a", 3)
    both = open_interval(open_interval(first, "b", 4, 1), "c", 5, 2)
    assert [each.end for each in close_all(both, 9)] == [3, 9, 9]
    assert close_all((), 9) == ()
    with pytest.raises(MalformedError):
        close_all(both, 4)


def test_a_value_can_be_opened_again_after_it_was_closed():
    again = open_interval(close_interval(open_interval([], "x", 1, 1), "x", 5), "x", 7, 2)
    assert format_intervals(again) == [item("x", 1, 5, 1), item("x", 7, None, 2)]
    assert [values_at(again, time) for time in (4, 5, 6, 7)] == [("x",), (), (), ("x",)]
    closed = close_interval(again, "x", 9)
    assert format_intervals(closed) == [item("x", 1, 5, 1), item("x", 7, 9, 2)]


def test_several_intervals_of_one_event_share_its_index():
    assert current(open_interval(open_interval([], "a", 1, 7), "b", 1, 7)) == ("a", "b")


def test_a_value_that_is_open_cannot_be_opened_again():
    opened = open_interval([], {"a": 1, "b": [2]}, 100, 3)
    with pytest.raises(RejectedError) as caught:
        open_interval(opened, {"b": [2], "a": 1}, 200, 4)
    assert caught.value.reason == "already_in_force"
    assert caught.value.zh


@pytest.mark.parametrize("other", [1, "1", None, [1], {"a": True}])
def test_values_are_equal_only_if_their_canonical_bytes_are(other):
    opened = open_interval(open_interval([], True, 100, 3), {"a": 1}, 100, 3)
    with pytest.raises(RejectedError) as caught:
        close_interval(opened, other, 200)
    assert caught.value.reason == "not_in_force"
    assert caught.value.zh
    assert len(current(open_interval(opened, other, 200, 4))) == 3


def test_what_is_closed_cannot_be_closed_again():
    closed = close_interval(open_interval([], FREEZE, 100, 3), FREEZE, 200)
    with pytest.raises(RejectedError):
        close_interval(closed, FREEZE, 300)


@pytest.mark.parametrize(
    "end",
    [
        lambda opened: close_interval(opened, FREEZE, 99),
        lambda opened: switch_interval(opened, OTHER, 99, 4),
        lambda opened: Interval(FREEZE, 100, 99, 3),
    ],
)
def test_nothing_ends_before_it_started(end):
    with pytest.raises(MalformedError):
        end(open_interval([], FREEZE, 100, 3))


def test_nothing_is_opened_by_an_event_before_the_last_one():
    with pytest.raises(MalformedError):
        open_interval(parse_intervals(STATUS), "cancelled", 300, 8)


@pytest.mark.parametrize("value", [0.5, "\u0000", {"a b": 1}])
def test_what_canonical_json_cannot_hold_is_not_opened(value):
    with pytest.raises(MalformedError):
        open_interval([], value, 100, 3)


def test_switching_leaves_no_gap_and_no_overlap():
    switched = switch_interval(parse_intervals(STATUS), "cancelled", 300, 12)
    assert format_intervals(switched) == [
        item("valid", 100, 200, 3),
        item("superseded", 200, 300, 9),
        item("cancelled", 300, None, 12),
    ]
    assert values_at(switched, 299) == ("superseded",)
    assert values_at(switched, 300) == ("cancelled",)
    assert switch_interval([], "valid", 100, 3) == open_interval([], "valid", 100, 3)


def test_a_list_that_is_changed_is_left_as_it_was():
    before = list(parse_intervals(STATUS))
    open_interval(before, "x", 300, 12)
    close_interval(before, "superseded", 300)
    switch_interval(before, "x", 300, 12)
    assert format_intervals(before) == STATUS


@given(interval_lists(), st.integers(0, 1200))
def test_values_at_and_current_are_those_of_the_definition(intervals, time):
    listed = format_intervals(intervals)
    assert values_at(intervals, time) == tuple(
        i["value"] for i in listed if i["from"] <= time and (i["to"] is None or time < i["to"])
    )
    assert current(intervals) == tuple(i["value"] for i in listed if i["to"] is None)


# Limits


def fit(state, *lists, max_bytes=MAX_STATE_BYTES):
    return fit_state(state, lists, encode=encode_canonical, max_bytes=max_bytes)


def closed_run(n, start=0):
    """n closed intervals, one after the other without a gap."""
    return [item(i, 10 * i, 10 * i + 10, i) for i in range(start, start + n)]


def test_a_state_within_its_limits_is_kept_and_has_no_mark():
    state = {"status": closed_run(64), "name": "x"}
    assert fit(state, "status") == state
    assert covers(state, "status", 0)


def test_the_sixty_fifth_interval_drops_the_oldest_closed_one():
    state = {"status": closed_run(65), "name": "x"}
    assert fit(state, "status") == {
        "complete_from": {"status": 10}, "name": "x", "status": closed_run(64, 1)
    }  # fmt: skip


def test_oldest_is_what_ended_first_not_what_began_first():
    run = closed_run(64, 1)
    state = {"tuples": [item("long", 0, 10_000, 0), *run]}
    fitted = fit(state, "tuples")
    assert fitted["tuples"] == [state["tuples"][0], *run[1:]]
    assert fitted["complete_from"] == {"tuples": 20}


def test_of_those_that_ended_together_index_then_name_then_place_decide():
    late, early = item("late", 0, 5, 1), item("early", 0, 5, 0)
    state = {"b": [late], "a": [late, late | {"value": "last"}], "c": [early]}
    for gone in ({"c": []}, {"a": state["a"][1:]}, {"a": []}, {"b": []}):
        smaller = fit(state, "b", "a", "c", max_bytes=len(encode_canonical(state)) - 1)
        marks = state.get("complete_from", {}) | dict.fromkeys(gone, 5)
        state = state | gone | {"complete_from": marks}
        assert smaller == state


def test_a_state_that_is_fitted_is_left_as_it_was():
    state = {"status": closed_run(65, 3), "complete_from": {"status": 5}}
    before = copy.deepcopy(state)
    assert fit(state, "status") != before
    assert state == before


def test_open_intervals_are_never_dropped():
    held = [item(f"held {n}", 0, None, 0) for n in range(64)]
    assert fit({"tuples": [*held, item("gone", 5, 6, 1)]}, "tuples") == {
        "complete_from": {"tuples": 6}, "tuples": held
    }  # fmt: skip


def test_open_intervals_alone_over_the_limit_are_refused():
    held = [item(n, 0, None, 0) for n in range(65)]
    with pytest.raises(RejectedError) as caught:
        fit({"tuples": held, "status": closed_run(3)}, "tuples", "status")
    assert caught.value.reason == "state_full"
    assert caught.value.en
    assert caught.value.zh


def test_a_list_too_long_is_shortened_itself_and_no_older_one_instead():
    state = {"notes": [item("older", 0, 1, 0)], "status": closed_run(65)}
    fitted = fit(state, "notes", "status")
    assert fitted == state | {"status": closed_run(64, 1), "complete_from": {"status": 10}}


def test_a_state_too_large_drops_the_oldest_of_all_its_lists():
    state = {
        "freezes": [item("f", 3, 7, 1), item("g", 9, None, 2)],
        "notes": [item("n", 1, 5, 1)],
        "tuples": [item("t", 0, 6, 0)],
    }
    size = len(encode_canonical(state))
    once = fit(state, *state, max_bytes=size - 1)
    assert once == state | {"notes": [], "complete_from": {"notes": 5}}
    twice = fit(state, *state, max_bytes=len(encode_canonical(once)) - 1)
    assert twice == once | {"tuples": [], "complete_from": {"notes": 5, "tuples": 6}}


def test_a_list_to_keep_longest_is_shortened_once_the_others_have_nothing_left():
    state = {"notes": [item("n", 5, 9, 3), item("m", 6, 9, 4)], "tuples": [item("t", 0, 6, 0)]}
    size = len(encode_canonical(state))
    once = fit_state(
        state, [*state], encode=encode_canonical, max_bytes=size - 1, kept_longest=["tuples"]
    )
    assert once == state | {"notes": [state["notes"][1]], "complete_from": {"notes": 9}}
    last = fit_state(
        once, ["notes", "tuples"], encode=encode_canonical, max_bytes=80, kept_longest=["tuples"]
    )
    assert (last["notes"], last["tuples"]) == ([], [])


def test_a_state_too_large_without_anything_closed_is_refused():
    with pytest.raises(RejectedError) as caught:
        fit({"status": [item("valid", 0, None, 0)], "text": "x" * MAX_STATE_BYTES}, "status")
    assert caught.value.reason == "state_full"


def test_the_limit_of_bytes_is_within():
    state = {"status": closed_run(5)}
    size = len(encode_canonical(state))
    assert fit(state, "status", max_bytes=size) == state
    assert len(encode_canonical(fit(state, "status", max_bytes=size - 1))) < size


def test_members_that_are_not_named_lists_are_left_alone():
    state = {"status": closed_run(65), "other": closed_run(70)}
    assert fit(state, "status")["other"] == closed_run(70)


def test_a_named_list_that_is_missing_is_refused():
    with pytest.raises(MalformedError):
        fit({"status": []}, "status", "notes")


# What a shortened list still says


def test_a_shortened_list_answers_from_its_mark_on_and_is_unknown_before():
    fitted = fit({"status": closed_run(65)}, "status")
    assert not covers(fitted, "status", 9)
    assert covers(fitted, "status", 10)
    assert covers(fitted, "notes", 0)


def test_an_open_interval_older_than_a_dropped_one_does_not_hide_the_gap():
    first = item("mortgage", 0, None, 0)
    fitted = fit({"pledges": [first, *closed_run(64, 1)]}, "pledges")
    assert fitted["pledges"][0] == first
    assert not covers(fitted, "pledges", 15)
    assert covers(fitted, "pledges", 20)


def test_the_mark_stays_where_later_ones_are_earlier():
    state = {
        "status": [item("back-dated", 1, 2, 70), *closed_run(64, 80)],
        "complete_from": {"status": 50},
    }
    assert fit(state, "status")["complete_from"] == {"status": 50}


@pytest.mark.parametrize("mark", [None, [], "x", {"status": None}, {"status": -1}, {"status": "5"}])
def test_a_mangled_mark_is_refused(mark):
    with pytest.raises(MalformedError):
        covers({"complete_from": mark}, "status", 5)


@pytest.mark.parametrize("seed", range(8))
def test_wherever_a_shortened_list_covers_it_says_what_the_whole_one_says(seed):
    chance = Random(seed)
    whole, state, time = (), {"notes": []}, 0
    for index in range(60):
        time += chance.randrange(4)
        live, kept = current(whole), parse_intervals(state["notes"])
        if live and (len(live) == 5 or chance.random() < 0.5):
            value = chance.choice(live)
            whole, kept = (close_interval(each, value, time) for each in (whole, kept))
        else:
            whole, kept = (open_interval(each, index, time, index) for each in (whole, kept))
        state = fit(state | {"notes": format_intervals(kept)}, "notes", max_bytes=600)
        assert current(parse_intervals(state["notes"])) == current(whole)
    covered = [asked for asked in range(time + 2) if covers(state, "notes", asked)]
    kept = parse_intervals(state["notes"])
    assert [values_at(kept, asked) for asked in covered] == [
        values_at(whole, asked) for asked in covered
    ]
    assert 0 not in covered
    assert time in covered

"""Which action is part of which, and which texts may stand where."""

import pytest

from contracts.odrl.vocabulary import (
    ACTIONS,
    MAX_TEXT,
    ONWARD,
    TRANSFERS,
    USES,
    check_action,
    check_fact,
    is_included,
    is_reached,
    is_text,
    is_within,
)
from ledger.errors import RejectedError
from tests.support.odrl_policies import GRANTEE


def included_in(general):
    return {act for act in ACTIONS if is_included(general, act)}


def reached_by(named):
    return {act for act in ACTIONS if is_reached(named, act)}


def test_use_includes_every_use_and_the_onward_acts_but_no_transfer():
    assert included_in("use") == {*USES, *ONWARD}
    assert included_in("transfer") == set(TRANSFERS) == {"transfer", "sell", "give"}


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - {"use", "transfer"}))
def test_every_other_action_includes_itself_alone(action):
    assert included_in(action) == reached_by(action) == {action}


def test_a_permission_for_use_does_not_reach_the_onward_acts():
    assert reached_by("use") == set(USES)
    assert reached_by("transfer") == set(TRANSFERS)


def test_pledge_and_export_are_part_of_nothing():
    for act in ("muniment:encumber", "muniment:export"):
        assert [each for each in ACTIONS if is_included(each, act)] == [act]


def test_an_unknown_action_is_refused_with_the_known_ones():
    for action in ACTIONS:
        check_action(action)
    with pytest.raises(RejectedError) as caught:
        check_action("play")
    assert caught.value.reason == "unknown_term"
    assert "'play'" in caught.value.en
    assert "grantUse" in caught.value.en
    assert "'play'" in caught.value.zh
    assert "grantUse" in caught.value.zh


def test_a_long_unknown_name_is_cut():
    with pytest.raises(RejectedError) as caught:
        check_action("x" * 65)
    assert f"'{'x' * 64}...'" in caught.value.en


REGIONS = {
    "CN": True,
    "CN-32": True,
    "CN-32-01": True,
    "CN-32-01-05": True,
    "US": True,
    "US-CA": True,
    "FR-75": True,
    "GB-ENG": True,
    "": False,
    "cn": False,
    "CHN": False,
    "CN-": False,
    "CN-3201": False,
    "CN-JS": False,
    "CN-3": False,
    "CN-32-01-05-06": False,
    "CN-32\n": False,
    "CN-３２": False,
    "US-CALI": False,
    "US-CA-1": False,
    "HK": False,
    "TW-TPE": False,
    "MO": False,
}


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_has_one_spelling(region):
    assert is_text("spatial", region) is REGIONS[region]


def test_a_region_lies_in_itself_and_in_what_its_segments_begin_with():
    assert is_within("CN-32", "CN-32")
    assert is_within("CN-32-01", "CN-32")
    assert is_within("CN-32-01", "CN")
    assert not is_within("CN", "CN-32")
    assert not is_within("CN-32", "CN-3")
    assert not is_within("US", "CN")


def test_texts_have_a_length_and_recipients_are_parties():
    assert is_text("purpose", "用" * MAX_TEXT)
    assert not is_text("purpose", "x" * (MAX_TEXT + 1))
    assert not is_text("industry", "")
    assert is_text("recipient", GRANTEE)
    assert not is_text("recipient", "asset/" + "a" * 26)
    assert not is_text("recipient", "party/x")


def test_a_good_fact_is_given_back():
    assert check_fact("recipient", GRANTEE) == GRANTEE
    assert check_fact("spatial", "CN-32") == "CN-32"


FACTS = {
    "not stated by anybody": ("dateTime", 5, "unknown_term"),
    "no operand": ("colour", "red", "unknown_term"),
    "no text": ("purpose", 5, "malformed_fact"),
    "no region": ("spatial", "Jiangsu", "malformed_fact"),
    "no party": ("recipient", "somebody", "malformed_fact"),
}


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_that_no_constraint_can_be_held_against_is_refused(name):
    operand, fact, reason = FACTS[name]
    with pytest.raises(RejectedError) as caught:
        check_fact(operand, fact)
    assert caught.value.reason == reason
    assert caught.value.en
    assert caught.value.zh

"""What a registration restricts: terms of use of its voucher, and prohibitions to evaluate."""

import pytest

from contracts.odrl import (
    PROFILE,
    RESALE_ACTS,
    Situation,
    evaluate,
    restriction_terms,
    root_terms,
    terms_of_use,
)
from contracts.odrl.vocabulary import ACTIONS

TARGET = "urn:muniment:example.org/ledger:asset/x"
NONE_AT_ALL = [None, "none", [], {}, {"resale": True, "export": True}]


def acts(restrictions):
    return [rule["action"] for rule in terms_of_use(TARGET, restrictions)["prohibition"]]


def prohibited_by(rules):
    return {
        act: found.path
        for act in ACTIONS
        if (found := evaluate(rules, Situation(act, 5, {}, {}))).verdict == "prohibited"
    }


def test_terms_are_a_set_of_our_profile_in_which_conflicts_prohibit():
    terms = terms_of_use(TARGET, None)
    assert (terms["type"], terms["profile"]) == ("Set", PROFILE)
    assert terms["conflict"] == "prohibit"


@pytest.mark.parametrize("restrictions", NONE_AT_ALL)
def test_without_a_restriction_nothing_is_prohibited(restrictions):
    assert acts(restrictions) == []
    assert prohibited_by(restriction_terms(restrictions)) == {}


def test_no_resale_prohibits_copies_onward_grants_and_transfer_outright():
    assert tuple(acts({"resale": False})) == RESALE_ACTS == ("distribute", "grantUse", "transfer")
    prohibited = prohibited_by(restriction_terms({"resale": False}))
    assert set(prohibited) == {*RESALE_ACTS, "sell", "give"}
    assert set(prohibited.values()) == {"restrictions/resale"}


def test_no_export_prohibits_export():
    assert acts({"export": False}) == ["muniment:export"]
    prohibited = prohibited_by(restriction_terms({"export": False}))
    assert prohibited == {"muniment:export": "restrictions/export"}


def test_restrictions_add_up_and_name_the_asset():
    rules = terms_of_use(TARGET, {"resale": False, "export": False})["prohibition"]
    assert len(rules) == 4
    assert {rule["target"] for rule in rules} == {TARGET}


@pytest.mark.parametrize("value", [None, 0, "", "no"])
def test_only_a_plain_no_prohibits(value):
    assert acts({"resale": value, "export": value}) == []
    assert restriction_terms({"resale": value, "export": value}).prohibitions == ()


@pytest.mark.parametrize("restrictions", NONE_AT_ALL)
def test_an_unrestricted_right_bounds_nothing_but_its_term(restrictions):
    for act in set(ACTIONS) - {"transfer", "sell", "give", "muniment:encumber"}:
        assert evaluate(root_terms(restrictions, None), Situation(act, 5, {}, {})).path == "operate"
        late = evaluate(root_terms(restrictions, 5), Situation(act, 5, {}, {}))
        assert (late.verdict, late.code) == ("not covered", "outside_term")


def test_a_restricted_right_prohibits_what_its_registration_does():
    prohibited = prohibited_by(root_terms({"resale": False, "export": False}, None))
    assert set(prohibited) == {*RESALE_ACTS, "sell", "give", "muniment:export"}

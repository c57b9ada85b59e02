"""Usage terms of a voucher: what a restriction prohibits, by name."""

import pytest

from contracts.odrl import ODRL_PROFILE, RESALE_ACTS, terms_of_use

TARGET = "urn:muniment:example.org/ledger:asset/x"


def acts(restrictions):
    return [rule["action"] for rule in terms_of_use(TARGET, restrictions)["prohibition"]]


def test_terms_are_a_set_of_our_profile_in_which_conflicts_prohibit():
    terms = terms_of_use(TARGET, None)
    assert (terms["type"], terms["profile"]) == ("Set", ODRL_PROFILE)
    assert terms["conflict"] == "prohibit"


@pytest.mark.parametrize("restrictions", [None, "none", [], {}, {"resale": True, "export": True}])
def test_without_a_restriction_nothing_is_prohibited(restrictions):
    assert acts(restrictions) == []


def test_no_resale_prohibits_copies_onward_grants_and_transfer_outright():
    assert tuple(acts({"resale": False})) == RESALE_ACTS == ("distribute", "grantUse", "transfer")


def test_no_export_prohibits_export():
    assert acts({"export": False}) == ["muniment:export"]


def test_restrictions_add_up_and_name_the_asset():
    rules = terms_of_use(TARGET, {"resale": False, "export": False})["prohibition"]
    assert len(rules) == 4
    assert {rule["target"] for rule in rules} == {TARGET}


@pytest.mark.parametrize("value", [None, 0, "", "no"])
def test_only_a_plain_no_prohibits(value):
    assert acts({"resale": value, "export": value}) == []

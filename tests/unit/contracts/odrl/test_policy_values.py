"""What can be said of a policy as a whole: who is bound, and whether anything is to be paid."""

import pytest

from contracts.odrl import format_terms, is_free_of_charge, parse_policy
from contracts.odrl.policy import Terms, flatten_and, list_atoms
from tests.support.odrl_policies import COMMIT, limit, offer, rule, rules_of, terms

PAID = limit("payAmount", "lteq", COMMIT)
RESEARCH = limit("purpose", "eq", "research")

BINDING = {
    "nothing": (offer("use", rule("read", RESEARCH)), False),
    "a duty": (offer(rule("use", duty=["inform"])), True),
    "a next policy": (offer(rule("distribute", following=rules_of("read"))), True),
    "a prohibition": (offer("use", prohibit=["sell"]), True),
    "an obligation": (offer("use", oblige=["delete"]), True),
}


@pytest.mark.parametrize("name", BINDING)
def test_an_assignee_is_bound_by_anything_asked_of_it(name):
    policy, is_bound = BINDING[name]
    assert parse_policy(policy).binds_assignee is is_bound


PAYMENTS = {
    "a duty to pay": offer("read", rule("use", duty=["inform", "compensate"])),
    "an obligation to pay": offer("use", oblige=["compensate"]),
    "an amount in a permission": offer(rule("use", RESEARCH, {"or": [RESEARCH, {"xone": [PAID]}]})),
    "an amount in a prohibition": offer("use", prohibit=[rule("sell", PAID)]),
    "an amount in a duty": offer(rule("use", duty=[rule("inform", PAID)])),
    "an amount in an obligation": offer("use", oblige=[rule("inform", PAID)]),
    "a payment by the next holder": offer(
        rule("distribute", following=rules_of("use", oblige=["compensate"]))
    ),
    "a payment by the one after": offer(
        rule(
            "distribute",
            following=rules_of(rule("grantUse", following=rules_of(rule("use", PAID)))),
        )
    ),
}


@pytest.mark.parametrize("name", PAYMENTS)
def test_a_payment_anywhere_is_found(name):
    assert not is_free_of_charge(parse_policy(PAYMENTS[name]))


@pytest.mark.parametrize("name", BINDING)
def test_a_policy_without_a_payment_is_free_of_charge(name):
    assert is_free_of_charge(parse_policy(BINDING[name][0]))


def test_nested_and_is_dissolved_and_other_groups_are_kept():
    either = {"or": [RESEARCH, {"and": [RESEARCH]}]}
    (rule_,) = terms(rule("use", {"and": [RESEARCH, {"and": [PAID]}, either]}, PAID)).permissions
    flat = list(flatten_and(rule_.constraints))
    assert [getattr(each, "operand", "or") for each in flat] == [
        "purpose", "payAmount", "or", "payAmount",
    ]  # fmt: skip
    assert [each.operand for each in list_atoms(rule_.constraints)] == [
        "purpose", "payAmount", "purpose", "purpose", "payAmount",
    ]  # fmt: skip


def test_what_bounds_terms_from_outside_is_not_in_the_document():
    inner = terms("read")
    assert format_terms(Terms(inner.permissions, within=terms("use"))) == {
        "permission": [{"action": "read"}]
    }


def test_values_are_equal_wherever_they_stood():
    one, other = terms("use", rule("read", duty=["inform"])), terms(rule("read", duty=["inform"]))
    assert one.permissions[1] == other.permissions[0]
    assert one.permissions[1].path != other.permissions[0].path

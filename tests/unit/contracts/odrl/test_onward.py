"""Which permission lets a holder hand the data on, counted."""

from itertools import pairwise

import pytest

from contracts.odrl import (
    CountLimit,
    check_narrower,
    find_onward,
    find_widening,
    next_terms,
    parse_policy,
    root_terms,
)
from ledger.core.canonical import encode_canonical
from ledger.core.limits import MAX_EVENT_DEPTH
from ledger.errors import RejectedError
from tests.support.odrl_policies import GRANTEE, OTHER, limit, offer, rule, rules_of, terms

KEY = "grant/" + "g" * 26
TWICE = limit("count", "lteq", 2)
BEFORE_9 = limit("dateTime", "lt", 9)


def find(document, time=5, meters=None, **more):
    return find_onward(parse_policy(document), time, meters or {}, KEY, **more)


def refusal(document, **more):
    with pytest.raises(RejectedError) as caught:
        find(document, **more)
    assert caught.value.en.startswith(f"{KEY}: ")
    assert caught.value.zh.startswith(f"{KEY}：")
    return caught.value


@pytest.mark.parametrize("action", ["distribute", "grantUse"])
def test_either_onward_act_lets_the_holder_grant(action):
    found = find(offer("use", action))
    assert (found.path, found.action, found.count) == ("permission/1", action, None)


def test_the_new_grant_is_counted_in():
    document = offer(rule("distribute", TWICE))
    assert find(document, meters={"distribute": 1, "read": 9}).count == CountLimit(
        limit=2, used=2, remaining=0
    )
    refused = refusal(document, meters={"distribute": 2})
    assert (refused.reason, refused.rule) == ("beyond_count", "permission/0; domain 5")
    assert "at most 2 in all" in refused.en


def test_a_count_of_both_acts_is_shared():
    document = offer(rule(["distribute", "grantUse"], TWICE))
    assert refusal(document, meters={"distribute": 1, "grantUse": 1}).reason == "beyond_count"


def test_when_one_permission_is_used_up_another_may_do():
    document = offer(rule("distribute", TWICE), rule("grantUse", TWICE))
    found = find(document, meters={"distribute": 2, "grantUse": 1})
    assert (found.path, found.action) == ("permission/1", "grantUse")


def test_facts_of_the_new_grant_decide():
    document = offer(rule("distribute", limit("recipient", "eq", GRANTEE)))
    assert find(document, facts={"recipient": GRANTEE}).path == "permission/0"
    assert refusal(document, facts={"recipient": OTHER}).reason == "outside_constraint"
    assert refusal(document).reason == "unknown_facts"


def test_the_permission_that_hands_on_enough_is_taken():
    document = offer(
        "use",
        rule("distribute", following=rules_of("read")),
        rule("distribute", following=rules_of("modify")),
        rule("grantUse", following=rules_of("use")),
    )
    assert find(document).path == "permission/1"
    assert find(document, child=terms("read")).path == "permission/1"
    assert find(document, child=terms("modify")).path == "permission/2"
    assert find(document, child=terms("use")).path == "permission/3"
    assert find(document, child=terms("sell")).path == "permission/1"


REFUSALS = {
    "no permission": (offer("use"), "no_permission", ""),
    "prohibited": (offer("distribute", prohibit=["use"]), "prohibited", "prohibition/0"),
    "one prohibited, one not mentioned": (
        offer("use", prohibit=["grantUse"]), "prohibited", "prohibition/0"
    ),
    "one prohibited, one too late": (
        offer(rule("grantUse", BEFORE_9), prohibit=["distribute"]), "outside_term", "permission/0"
    ),
    "perhaps prohibited": (
        offer("distribute", prohibit=[rule("use", limit("purpose", "eq", "x"))]),
        "may_be_prohibited", "prohibition/0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_who_may_not_hand_on_is_told_the_nearest_clause(name):
    document, reason, path = REFUSALS[name]
    refused = refusal(document, time=9)
    assert (refused.reason, refused.rule) == (reason, f"{path}; domain 5".removeprefix("; "))


RESEARCH = limit("purpose", "eq", "research")
LAST = rules_of(["use", "distribute"])
CHAIN = [
    offer(
        rule("use", RESEARCH),
        rule(
            "distribute",
            following=rules_of(rule("use", RESEARCH), rule("distribute", following=LAST)),
        ),
    ),
    offer(rule("use", RESEARCH), rule("distribute", following=LAST)),
    offer(rule("use", RESEARCH), "distribute"),
    offer(rule("use", RESEARCH)),
]


def test_the_depth_of_an_event_has_room_for_four_grants_below_one_another():
    policies = [parse_policy(each) for each in CHAIN]
    for document in CHAIN:
        encode_canonical(document, max_depth=MAX_EVENT_DEPTH - 2)
    check_narrower(policies[0].terms, root_terms(None, None))
    for upper, lower in pairwise(policies):
        path = find_onward(upper, 5, {}, KEY, child=lower.terms).path
        check_narrower(lower.terms, next_terms(upper, path))
    with pytest.raises(RejectedError):
        find_onward(policies[-1], 5, {}, KEY)
    assert find_widening(policies[0].terms, next_terms(policies[1], "permission/1")) is not None

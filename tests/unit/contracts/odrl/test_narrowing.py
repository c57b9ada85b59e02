"""Terms that stay within others, and each way of going beyond them with its clause."""

import pytest

from contracts.odrl import Situation, check_narrower, evaluate, find_widening, next_terms
from contracts.odrl import parse_policy as parse
from contracts.odrl.policy import Terms
from contracts.odrl.restrictions import root_terms
from ledger.core.limits import MAX_NEXT_POLICIES
from ledger.errors import MalformedError, RejectedError
from tests.support.odrl_policies import COMMIT, GRANTEE, OTHER, limit, offer, rule, rules_of, terms

RESEARCH = limit("purpose", "eq", "research")
TRADE = limit("purpose", "eq", "trade")
EITHER = limit("purpose", "isAnyOf", ["research", "trade"])
IN_CHINA = limit("spatial", "isPartOf", "CN")
IN_JIANGSU = limit("spatial", "isPartOf", "CN-32")
BEFORE_5 = limit("dateTime", "lt", 5)
BEFORE_9 = limit("dateTime", "lt", 9)
PAID = limit("payAmount", "eq", COMMIT)
DELETED = rule("delete", limit("dateTime", "lteq", 5))


def count(n):
    return limit("count", "lteq", n)


def hand_on(following=None, *limits):
    return rule("distribute", *limits, following=following)


# child, parent
NARROWER = {
    "the same": (terms("use"), terms("use")),
    "a part of the action": (terms(["read", "index"]), terms("use")),
    "from several permissions": (terms(["read", "sell"]), terms("read", "transfer")),
    "a condition more": (terms(rule("use", RESEARCH)), terms("use")),
    "a smaller set": (terms(rule("use", RESEARCH)), terms(rule("use", EITHER))),
    "a region below": (terms(rule("use", IN_JIANGSU)), terms(rule("use", IN_CHINA))),
    "a shorter term": (terms(rule("use", BEFORE_5)), terms(rule("use", BEFORE_9))),
    "a lower count": (terms(rule("read", count(3))), terms(rule("use", count(5)))),
    "one of several regions": (
        terms(rule("use", IN_JIANGSU)),
        terms(rule("use", {"or": [IN_CHINA, limit("spatial", "isPartOf", "US")]})),
    ),
    "the conditions under and": (
        terms(rule("use", {"and": [RESEARCH, IN_CHINA]})), terms(rule("use", IN_CHINA, RESEARCH))
    ),
    "the same payment": (terms(rule("use", PAID)), terms(rule("use", PAID))),
    "the second permission fits": (
        terms(rule("read", TRADE)), terms(rule("use", RESEARCH), rule("use", TRADE))
    ),
    "the prohibition is kept": (
        terms("use", prohibit=["read"]), terms("use", prohibit=["read"])
    ),
    "the prohibition is wider": (
        terms("use", prohibit=["read"]), terms("use", prohibit=[rule("read", RESEARCH)])
    ),
    "the prohibition of a general action": (
        terms("use", "transfer", prohibit=["transfer"]), terms("use", "transfer", prohibit=["sell"])
    ),
    "the prohibited act is not reached": (
        terms("read"), terms("use", prohibit=["modify", "distribute", "transfer"])
    ),
    "a prohibition more": (terms("use", prohibit=["read"]), terms("use")),
    "the duty is kept": (
        terms(rule("use", duty=[DELETED, "inform"])), terms(rule("use", duty=[DELETED]))
    ),
    "the duty has become an obligation": (
        terms("use", oblige=[DELETED]), terms(rule("use", duty=[DELETED]))
    ),
    "the price is not carried on": (
        terms("use"), terms(rule("use", duty=["compensate"]), oblige=["compensate"])
    ),
    "the obligation is kept": (
        terms("use", oblige=["inform", DELETED]), terms("use", oblige=[DELETED])
    ),
    "hands on by default, as it got": (terms(hand_on()), terms(hand_on())),
    "hands on less": (
        terms("use", hand_on(rules_of("read"))), terms("use", hand_on(rules_of("use")))
    ),
    "hands on by default within the next policy": (
        terms("read", hand_on()), terms("use", hand_on(rules_of("use")))
    ),
    "hands on one level less": (
        terms("use", hand_on(rules_of("use"))),
        terms("use", hand_on(rules_of("use", hand_on(rules_of("use"))))),
    ),
    "does not hand on": (terms("use"), terms("use", hand_on(rules_of("use")))),
    "one permission on one count": (
        terms(rule(["read", "modify"], count(5))), terms(rule("use", count(5)))
    ),
    "each on its own count": (
        terms(rule("read", count(2)), rule("read", count(2))),
        terms(rule("use", count(3)), rule("read", count(2))),
    ),
    "a count that has to make room for another": (
        terms(rule("read", count(1)), rule("modify", count(1))),
        terms(rule("use", count(1)), rule("read", count(1))),
    ),
    "counts of their own where none is needed": (
        terms(*[rule("read", count(1))] * 3), terms(rule("use", count(1)), "read")
    ),
    "hands on by one permission and uses by another": (
        terms(rule(["read", "distribute"], following=rules_of("modify"))),
        terms(
            rule(["read", "distribute"], following=rules_of("index")),
            rule("distribute", following=rules_of("modify")),
        ),
    ),
    "what needs no count beside what does": (
        terms("read", rule("modify", count(1))), terms(rule("use", count(1)), "read")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NARROWER)
def test_narrower_terms_pass(name):
    child, parent = NARROWER[name]
    assert find_widening(child, parent) is None
    check_narrower(child, parent)


# child, parent, aspect, clause of the child, clause of the parent
WIDER = {
    "another action": (terms("modify"), terms("read"), "scope", "permission/0", ""),
    "a general action": (terms("use"), terms("read", "modify"), "scope", "permission/0", ""),
    "one action too many": (
        terms("read", ["read", "index"]), terms("read"), "scope", "permission/1", ""
    ),
    "nothing to rest on": (terms("read"), Terms(), "scope", "permission/0", ""),
    "export": (terms("muniment:export"), terms("use"), "scope", "permission/0", ""),
    "an onward act": (terms("distribute"), terms("use"), "depth", "permission/0", ""),
    "a transfer": (terms("sell"), terms("use"), "depth", "permission/0", ""),
    "no purpose": (
        terms("use"), terms(rule("use", RESEARCH)), "purpose", "permission/0",
        "permission/0/constraint/0",
    ),
    "another purpose": (
        terms(rule("use", TRADE)), terms(rule("use", RESEARCH)), "purpose", "permission/0",
        "permission/0/constraint/0",
    ),
    "more purposes": (
        terms(rule("use", EITHER)), terms(rule("use", IN_CHINA, RESEARCH), "index"), "region",
        "permission/0", "permission/0/constraint/0",
    ),
    "a wider region": (
        terms(rule("use", IN_CHINA)), terms(rule("use", IN_JIANGSU)), "region", "permission/0",
        "permission/0/constraint/0",
    ),
    "a longer term": (
        terms(rule("use", RESEARCH, BEFORE_9)), terms(rule("use", RESEARCH, BEFORE_5)), "term",
        "permission/0", "permission/0/constraint/1",
    ),
    "a higher count": (
        terms(rule("read", count(6))), terms(rule("use", count(5))), "count", "permission/0",
        "permission/0/constraint/0",
    ),
    "more recipients": (
        terms(rule("use", limit("recipient", "isAnyOf", [GRANTEE, OTHER]))),
        terms(rule("use", limit("recipient", "eq", GRANTEE))), "scope", "permission/0",
        "permission/0/constraint/0",
    ),
    "no industry": (
        terms("use"), terms(rule("use", limit("industry", "eq", "J"))), "scope", "permission/0",
        "permission/0/constraint/0",
    ),
    "no scene": (
        terms("use"), terms(rule("use", limit("muniment:scene", "eq", "x"))), "scene",
        "permission/0", "permission/0/constraint/0",
    ),
    "no device": (
        terms("use"), terms(rule("use", limit("systemDevice", "neq", "x"))), "scope",
        "permission/0", "permission/0/constraint/0",
    ),
    "no payment": (
        terms("use"), terms(rule("use", PAID)), "scope", "permission/0",
        "permission/0/constraint/0",
    ),
    "neither of either": (
        terms("use"), terms(rule("use", {"or": [RESEARCH, IN_CHINA]})), "purpose", "permission/0",
        "permission/0/constraint/0",
    ),
    "no duty": (
        terms("use"), terms(rule("use", duty=["compensate", "inform"])), "duty", "permission/0",
        "permission/0/duty/1",
    ),
    "a duty in other words": (
        terms(rule("use", duty=["delete"])), terms(rule("use", duty=[DELETED])), "duty",
        "permission/0", "permission/0/duty/0",
    ),
    "no obligation": (terms("use"), terms("use", oblige=["inform"]), "duty", "", "obligation/0"),
    "an obligation as a duty": (
        terms(rule("use", duty=["inform"])), terms("use", oblige=["inform"]), "duty", "",
        "obligation/0",
    ),
    "no prohibition": (
        terms("index", "use"), terms("use", prohibit=["read"]), "prohibition", "permission/1",
        "prohibition/0",
    ),
    "a prohibition of a part": (
        terms("transfer", prohibit=["sell"]), terms("transfer", prohibit=["transfer"]),
        "prohibition", "permission/0", "prohibition/0",
    ),
    "a prohibition on conditions": (
        terms("use", prohibit=[rule("read", RESEARCH)]), terms("use", prohibit=["read"]),
        "prohibition", "permission/0", "prohibition/0",
    ),
    "permits what is prohibited": (
        terms("distribute"), terms("distribute", prohibit=["use"]), "prohibition", "permission/0",
        "prohibition/0",
    ),
    "one count used twice": (
        terms(rule("read", count(3)), rule("modify", count(2))), terms(rule("use", count(5))),
        "count", "permission/1", "permission/0",
    ),
    "one permission on two counts": (
        terms(rule(["read", "modify"], count(1))),
        terms(rule("read", count(1)), rule("modify", count(1))), "count", "permission/0", "",
    ),
    "hands on more": (
        terms("use", hand_on(rules_of("use"))), terms("use", hand_on(rules_of("read"))), "scope",
        "permission/1/duty/0/target/permission/0", "",
    ),
    "hands on more by default": (
        terms("use", hand_on()), terms("use", hand_on(rules_of("read"))), "scope", "permission/0",
        "",
    ),
    "hands on without the limits": (
        terms("use", hand_on(rules_of("use"))), terms("use", hand_on(rules_of(rule("use", BEFORE_9)))),
        "term", "permission/1/duty/0/target/permission/0",
        "permission/1/duty/0/target/permission/0/constraint/0",
    ),
    "hands on what is to end": (
        terms("use", hand_on(rules_of("use", "distribute"))), terms("use", hand_on()), "depth",
        "permission/1/duty/0/target/permission/1", "",
    ),
    "hands on one level more": (
        terms("use", hand_on(rules_of("use", hand_on(rules_of("use", "grantUse"))))),
        terms("use", hand_on(rules_of("use", hand_on(rules_of("use"))))), "depth",
        "permission/1/duty/0/target/permission/1/duty/0/target/permission/1", "",
    ),
    "hands on without the prohibition": (
        terms("use", hand_on(rules_of("use"))),
        terms("use", hand_on(rules_of("use", prohibit=["modify"]))), "prohibition",
        "permission/1/duty/0/target/permission/0", "permission/1/duty/0/target/prohibition/0",
    ),
    "an onward count": (
        terms("use", hand_on(None)), terms("use", hand_on(None, count(1))), "count",
        "permission/1", "permission/1/constraint/0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WIDER)
def test_wider_terms_are_refused_with_both_clauses(name):
    child, parent, aspect, ours, theirs = WIDER[name]
    found = find_widening(child, parent)
    assert found is not None
    assert (found.aspect, found.child, found.parent) == (aspect, ours, theirs)
    with pytest.raises(RejectedError) as caught:
        check_narrower(child, parent)
    refused = caught.value
    assert refused.reason == "wider_than_parent"
    assert refused.en.startswith(f"{ours or 'the policy'} goes beyond ")
    assert refused.zh.startswith(f"{ours or '策略'} 超出上级条款")
    for text, needed in zip((refused.en, refused.zh), found.needed, strict=True):
        assert theirs in text
        assert text.endswith(needed)
    assert f"({aspect})" in refused.en


def test_a_refusal_says_what_would_be_needed():
    with pytest.raises(RejectedError) as caught:
        check_narrower(terms("use"), terms(rule("use", RESEARCH)))
    assert caught.value.en == (
        "permission/0 goes beyond permission/0/constraint/0 of the terms above it (purpose): "
        "permit it only if the purpose is research, or less"
    )
    assert caught.value.zh == (
        "permission/0 超出上级条款 permission/0/constraint/0（用途）："
        "须限定为用途为 research，或更严"
    )


# What is handed on


def test_without_a_next_policy_the_next_holder_gets_the_use_and_no_right_to_pass_it_on():
    policy = parse(
        offer(
            rule(["read", "sell"], RESEARCH, duty=["inform", "compensate"]),
            rule("distribute", count(1)),
            rule(["index", "grantUse"], following=rules_of("read")),
            prohibit=["modify"],
            oblige=["compensate", "delete"],
        )
    )
    handed = next_terms(policy, "permission/1")
    kept = terms(rule("read", RESEARCH, duty=["inform"]), "index", oblige=["delete"])
    assert (handed.permissions, handed.obligations) == (kept.permissions, kept.obligations)
    assert [each.path for each in handed.prohibitions] == [
        "prohibition/0",
        "permission/1/nextPolicy",
    ]
    assert handed.within is None
    for act in ("distribute", "grantUse", "transfer", "sell", "give"):
        found = evaluate(handed, Situation(act, 5, {}, {}))
        assert (found.verdict, found.path) == ("prohibited", "permission/1/nextPolicy")


def test_a_next_policy_is_bounded_by_the_policy_that_it_stands_in():
    following = rules_of("use", "distribute", prohibit=["index"], oblige=["inform"])
    policy = parse(
        offer(
            rule("use", BEFORE_9),
            hand_on(following, count(2)),
            prohibit=["modify"],
            oblige=["delete", "compensate"],
        )
    )
    handed = next_terms(policy, "permission/1")
    assert [each.path for each in handed.prohibitions] == [
        "permission/1/duty/0/target/prohibition/0", "prohibition/0",
    ]  # fmt: skip
    assert [each.action for each in handed.obligations] == ["inform", "delete"]
    for act in ("index", "modify"):
        assert evaluate(handed, Situation(act, 5, {}, {})).verdict == "prohibited"
    assert evaluate(handed, Situation("read", 5, {}, {})).verdict == "permitted"
    assert evaluate(handed, Situation("read", 9, {}, {})).verdict == "not covered"
    duties = {"oblige": ["delete", "inform"]}
    bars = {"prohibit": ["index", "modify"]}
    check_narrower(terms(rule("use", BEFORE_5), **bars, **duties), handed)
    wider = find_widening(terms("use", **bars, **duties), handed)
    assert wider is not None
    assert (wider.aspect, wider.parent) == ("term", "permission/0/constraint/0")
    onward = find_widening(terms("distribute", **bars, **duties), handed)
    assert onward is not None
    assert (onward.aspect, onward.parent) == ("count", "permission/1/constraint/0")


def test_what_is_handed_on_further_down_is_bounded_by_the_next_policy_alone():
    """The next holder's own terms bound who comes after in any case."""
    first = rules_of("read", hand_on(rules_of("use")))
    handed = next_terms(parse(offer("use", hand_on(first))), "permission/1")
    check_narrower(terms("read", hand_on(rules_of("use"))), handed)


@pytest.mark.parametrize("path", ["", "permission/2", "prohibition/0", "permission/1/duty/0"])
def test_terms_are_handed_on_by_a_permission_of_the_policy_alone(path):
    with pytest.raises(MalformedError, match="the policy has no"):
        next_terms(parse(offer("use", "distribute", prohibit=["sell"])), path)


def nested(times):
    inner = rule(["use", "distribute"])
    for _ in range(times):
        inner = rule(["use", "distribute"], following=rules_of(inner))
    return terms(inner)


def test_the_right_at_the_top_allows_anything_as_deep_as_a_policy_can_be():
    check_narrower(nested(MAX_NEXT_POLICIES), root_terms(None, None))
    everything = terms(["use", "distribute", "grantUse"], "muniment:export")
    check_narrower(everything, root_terms({"resale": True}, None))


@pytest.mark.parametrize("act", ["transfer", "sell", "give", "muniment:encumber"])
def test_a_right_itself_is_not_licensed_away(act):
    found = find_widening(terms(act), root_terms({"resale": True}, None))
    assert found is not None
    assert found.child == "permission/0"


def test_the_right_at_the_top_has_a_term_and_its_registration_restricts():
    found = find_widening(terms("use"), root_terms(None, 9))
    assert found is not None
    assert (found.aspect, found.parent) == ("term", "operate/constraint/0")
    check_narrower(terms(rule("use", BEFORE_9)), root_terms({"resale": False}, 9))
    found = find_widening(terms("distribute"), root_terms({"resale": False}, None))
    assert found is not None
    assert (found.aspect, found.parent) == ("prohibition", "restrictions/resale")


def test_a_deep_chain_is_narrower_only_than_one_as_deep():
    for depth in range(4):
        check_narrower(nested(depth), nested(depth))
        check_narrower(nested(depth), nested(depth + 1))
        found = find_widening(nested(depth + 1), nested(depth))
        assert found is not None
        assert found.aspect == "depth"

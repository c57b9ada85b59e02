"""What terms say of an act: permitted, prohibited, or not covered, and on which clause."""

import pytest

from contracts.odrl import (
    CountLimit,
    Situation,
    evaluate,
    is_within_term,
    parse_policy,
    purposes_of,
    scenes_of,
)
from contracts.odrl.policy import Terms
from contracts.odrl.vocabulary import ACTIONS, ONWARD, TRANSFERS, USES
from ledger.errors import RejectedError
from tests.support.odrl_policies import COMMIT, limit, offer, rule, rules_of, terms

RESEARCH = limit("purpose", "eq", "research")
IN_CHINA = limit("spatial", "isPartOf", "CN")
BEFORE_9 = limit("dateTime", "lt", 9)


def once(n=1):
    return limit("count", "lteq", n)


def ask(rules, action="read", time=5, tally=None, **facts):
    return evaluate(rules, Situation(action, time, facts, tally or {}))


def permitted_by(rules):
    return {act for act in ACTIONS if ask(rules, act).verdict == "permitted"}


def prohibited_by(rules):
    return {act for act in ACTIONS if ask(rules, act).verdict == "prohibited"}


# Reach


def test_a_permission_reaches_what_its_action_includes_but_not_the_onward_acts():
    assert permitted_by(terms("use")) == set(USES)
    assert permitted_by(terms("transfer")) == set(TRANSFERS)
    assert permitted_by(terms(["use", "distribute"])) == {*USES, "distribute"}
    assert permitted_by(terms("read")) == {"read"}


@pytest.mark.parametrize("action", [*ONWARD, "sell", "muniment:encumber", "muniment:export"])
def test_what_stands_outside_use_is_permitted_by_name_alone(action):
    assert permitted_by(terms(action)) == {action}
    assert ask(terms("use"), action).code == "no_permission"


def test_a_prohibition_reaches_all_that_its_action_includes():
    assert prohibited_by(terms("archive", prohibit=["use"])) == {*USES, *ONWARD}
    assert prohibited_by(terms("archive", prohibit=["transfer"])) == set(TRANSFERS)
    assert prohibited_by(terms("archive", prohibit=["sell"])) == {"sell"}


def test_prohibiting_a_sale_does_not_prohibit_copies_nor_use_a_transfer():
    rules = terms(["distribute", "sell"], prohibit=["sell"])
    assert ask(rules, "distribute").verdict == "permitted"
    assert ask(rules, "sell").verdict == "prohibited"
    assert ask(terms("transfer", prohibit=["use"]), "transfer").verdict == "permitted"


def test_a_prohibition_wins_over_a_permission_of_the_same_act():
    found = ask(terms("read", prohibit=["aggregate", "read"]), "read")
    assert (found.verdict, found.code, found.path) == ("prohibited", "prohibited", "prohibition/1")


def test_what_nobody_mentions_is_not_covered():
    found = ask(terms("read"), "modify")
    assert (found.verdict, found.code, found.path) == ("not covered", "no_permission", "")
    assert ask(Terms()).verdict == "not covered"


def test_a_general_act_is_not_permitted_where_a_part_of_it_is_prohibited():
    rules = terms(["use", "transfer"], prohibit=["read", "sell"])
    for act, path in (("use", "prohibition/0"), ("transfer", "prohibition/1")):
        found = ask(rules, act)
        assert (found.verdict, found.code, found.path) == ("not covered", "may_be_prohibited", path)
        assert found.unknown == ()
    assert ask(rules, "modify").verdict == "permitted"


def test_prohibited_onward_acts_do_not_touch_a_use():
    assert ask(terms("use", prohibit=[list(ONWARD)]), "use").verdict == "permitted"


# Conditions


def test_a_condition_that_holds_permits_and_one_that_fails_does_not():
    rules = terms(rule("read", RESEARCH, BEFORE_9))
    assert ask(rules, purpose="research").verdict == "permitted"
    late = ask(rules, purpose="research", time=9)
    assert (late.verdict, late.code, late.path) == ("not covered", "outside_term", "permission/0")
    assert [each.operand for each in late.failed] == ["dateTime"]
    other = ask(rules, purpose="trade")
    assert (other.verdict, other.code) == ("not covered", "outside_constraint")


def test_an_unknown_condition_does_not_permit_and_is_named():
    found = ask(terms(rule("read", RESEARCH, IN_CHINA, BEFORE_9)))
    assert (found.verdict, found.code, found.path) == (
        "not covered", "unknown_facts", "permission/0"
    )  # fmt: skip
    assert found.unknown == ("purpose", "spatial")


def test_a_failed_condition_is_said_before_an_unknown_one_of_the_same_permission():
    found = ask(terms(rule("read", RESEARCH, IN_CHINA)), purpose="trade")
    assert (found.code, found.unknown) == ("outside_constraint", ())


def test_a_failed_group_is_outside_a_constraint():
    either = {"or": [BEFORE_9, RESEARCH]}
    assert ask(terms(rule("read", either)), time=9, purpose="x").code == "outside_constraint"


def test_a_permission_with_an_open_condition_is_nearer_than_one_that_fails():
    rules = terms(rule("read", limit("dateTime", "gt", 9)), "modify", rule("use", RESEARCH))
    assert ask(rules).path == "permission/2"
    assert ask(rules, purpose="trade").path == "permission/0"


def test_the_first_permission_that_applies_is_named():
    rules = terms(rule("read", RESEARCH), rule("use", duty=["inform"]), "read")
    found = ask(rules)
    assert (found.path, found.duties) == ("permission/1", ({"action": "inform"},))
    assert ask(rules, purpose="research").path == "permission/0"


def test_duties_are_shown_as_they_stand_but_not_the_next_policy():
    deadline = limit("dateTime", "lteq", 9)
    onward = rule(
        "distribute", duty=["compensate", rule("delete", deadline)], following=rules_of("read")
    )
    assert ask(terms(onward), "distribute").duties == (
        {"action": "compensate"},
        {"action": "delete", "constraint": [deadline]},
    )


def test_a_prohibition_that_may_apply_keeps_the_act_from_being_permitted():
    rules = terms("use", prohibit=[rule("read", RESEARCH), rule("read", IN_CHINA)])
    found = ask(rules, purpose="trade")
    assert (found.verdict, found.code, found.path) == (
        "not covered", "may_be_prohibited", "prohibition/1"
    )  # fmt: skip
    assert found.unknown == ("spatial",)
    assert ask(rules, purpose="trade", spatial="US").verdict == "permitted"
    assert ask(rules, purpose="research").verdict == "prohibited"
    assert ask(rules, spatial="CN-32").path == "prohibition/1"


def test_the_first_prohibition_that_may_apply_is_named():
    rules = terms("use", prohibit=[rule("read", RESEARCH), rule("read", IN_CHINA)])
    assert ask(rules).path == "prohibition/0"


def test_a_payment_that_is_not_opened_is_not_covered():
    found = ask(terms(rule("read", limit("payAmount", "lteq", COMMIT))))
    assert (found.verdict, found.unknown) == ("not covered", ("payAmount",))
    stated = terms("read", prohibit=[rule("read", limit("payAmount", "eq", COMMIT))])
    assert ask(stated).code == "may_be_prohibited"


# Counts


def test_a_count_holds_up_to_its_limit_and_shows_what_is_left():
    rules = terms(rule("read", once(3)))
    for used, left in ((0, 3), (2, 1), (3, 0)):
        found = ask(rules, tally={"read": used})
        assert found.verdict == "permitted"
        assert found.count == CountLimit(limit=3, used=used, remaining=left)
    found = ask(rules, tally={"read": 4})
    assert (found.verdict, found.code, found.path) == (
        "not covered",
        "beyond_count",
        "permission/0",
    )
    assert found.count == CountLimit(limit=3, used=4, remaining=0)


def test_a_count_sums_up_all_that_the_permission_reaches_and_nothing_else():
    rules = terms(rule("use", once(5)))
    found = ask(rules, tally={"read": 2, "modify": 3, "distribute": 9, "sell": 9})
    assert found.count == CountLimit(limit=5, used=5, remaining=0)
    assert ask(rules, tally={"read": 2, "modify": 4}).code == "beyond_count"


def test_the_tightest_count_counts():
    both = {"and": [limit("count", "lt", 3), BEFORE_9]}
    found = ask(terms(rule("read", once(5), both)), tally={"read": 2})
    assert found.count == CountLimit(limit=2, used=2, remaining=0)


def test_without_a_count_none_is_shown():
    assert ask(terms("read"), tally={"read": 9}).count is None


def test_the_count_is_shown_with_what_is_unknown():
    found = ask(terms(rule("read", RESEARCH, once(2))), tally={"read": 1})
    assert (found.unknown, found.count) == (("purpose",), CountLimit(limit=2, used=1, remaining=1))


# Bounds from outside, and what cannot be asked


def test_what_bounds_terms_from_outside_has_to_permit_too():
    inner = terms("use", "transfer")
    bounded = Terms(inner.permissions, within=terms(rule("use", BEFORE_9), prohibit=["modify"]))
    assert ask(bounded).path == "permission/0"
    assert ask(bounded, time=9).code == "outside_term"
    assert ask(bounded, "sell").code == "no_permission"
    assert ask(bounded, "modify").verdict == "prohibited"
    assert ask(bounded, "distribute").code == "no_permission"


NOT_ASKED = {
    "unknown action": (Situation("play", 5, {}, {}), "unknown_term"),
    "unknown operand": (Situation("read", 5, {"colour": "red"}, {}), "unknown_term"),
    "a fact of the ledger": (Situation("read", 5, {"dateTime": "5"}, {}), "unknown_term"),
    "no region": (Situation("read", 5, {"spatial": "Jiangsu"}, {}), "malformed_fact"),
    "no text": (Situation("read", 5, {"purpose": None}, {}), "malformed_fact"),
}


@pytest.mark.parametrize("name", NOT_ASKED)
def test_a_situation_that_terms_know_nothing_of_is_refused(name):
    situation, reason = NOT_ASKED[name]
    with pytest.raises(RejectedError) as caught:
        evaluate(terms("use"), situation)
    assert caught.value.reason == reason


# The term, and the purposes


def test_a_policy_is_within_its_term_while_anything_can_be_permitted():
    early = rule("read", limit("dateTime", "lt", 5), RESEARCH, once(0))
    late = rule("modify", {"and": [limit("dateTime", "gteq", 8), IN_CHINA]})
    policy = parse_policy(offer(early, late))
    assert [time for time in range(10) if is_within_term(policy, time)] == [0, 1, 2, 3, 4, 8, 9]


def test_a_policy_without_a_date_is_always_within_its_term():
    assert is_within_term(parse_policy(offer(rule("read", RESEARCH))), 0)


TRADE = limit("purpose", "isAnyOf", ["trade", "research"])
PURPOSES = {
    "unlimited": (terms("use"), None),
    "limited": (terms(rule("use", RESEARCH)), {"research"}),
    "several": (terms(rule("read", RESEARCH), rule("modify", TRADE)), {"research", "trade"}),
    "one unlimited": (terms(rule("read", RESEARCH), "modify"), None),
    "only handing on is unlimited": (terms(rule("read", RESEARCH), "distribute"), {"research"}),
    "handing on with a use": (terms(["read", "distribute"]), None),
    "no use at all": (terms(rule("distribute", RESEARCH)), None),
    "transfer alone": (terms("sell"), None),
}


@pytest.mark.parametrize("name", PURPOSES)
def test_the_purposes_of_terms_are_those_of_every_use(name):
    rules, purposes = PURPOSES[name]
    assert purposes_of(rules) == purposes
    assert scenes_of(rules) is None


def test_the_scenes_of_terms_are_those_of_every_use():
    buses, trams = (limit("muniment:scene", "eq", name) for name in ("buses", "trams"))
    rules = terms(rule("read", buses, RESEARCH), rule("modify", trams), "distribute")
    assert scenes_of(rules) == {"buses", "trams"}
    assert scenes_of(terms(rule("read", buses), "modify")) is None
    assert purposes_of(rules) is None

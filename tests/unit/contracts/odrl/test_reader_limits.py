"""Which values a policy may hold, how large, how many and how deep."""

import pytest

from contracts.odrl import TEMPLATES, build_policy, format_policy, parse_policy
from contracts.odrl.vocabulary import LAST_INSTANT, OPERANDS
from ledger.core.canonical import encode_canonical
from ledger.core.limits import (
    MAX_CONSTRAINT_DEPTH,
    MAX_EVENT_DEPTH,
    MAX_NEXT_POLICIES,
    MAX_RULE_CONSTRAINTS,
    MAX_TERMS_BYTES,
    MAX_TERMS_RULES,
)
from ledger.errors import LimitError, MalformedError
from tests.support.odrl_policies import (
    COMMIT,
    GRANTEE,
    GRANTOR,
    TARGET,
    limit,
    offer,
    refusal,
    rule,
    rules_of,
)

RESEARCH = limit("purpose", "eq", "research")


RIGHT_OPERANDS = {
    "dateTime": [-1, LAST_INSTANT + 1, True, "2027-01-01", None, [5], {}],
    "count": [-1, False, "5", [5]],
    "payAmount": [5, "5", None, {}, {"$commit": "A"}, {"$commit": 5}, {**COMMIT, "x": 1}],
    "purpose": ["", "x" * 201, 5, None, {"@value": "x"}],
    "spatial": ["", "Jiangsu", 32, "CN-3201"],
    "recipient": ["", "B", GRANTEE.upper(), 5],
}


@pytest.mark.parametrize("operand", RIGHT_OPERANDS)
def test_a_right_operand_of_another_form_is_refused(operand):
    for value in RIGHT_OPERANDS[operand]:
        constraint = limit(operand, OPERANDS[operand][0], value)
        assert refusal(offer(rule("use", constraint))).reason == "malformed_policy"


@pytest.mark.parametrize("values", [[], ["a", "a"], "a", [["a"]], [5], [""]])
def test_a_list_of_values_has_some_and_none_twice(values):
    constraint = limit("purpose", "isAnyOf", values)
    assert refusal(offer(rule("use", constraint))).reason == "malformed_policy"


def sized(size):
    """A policy of exactly so many bytes."""
    document = offer(*[rule("use", *[limit("purpose", "neq", "x")] * 9) for _ in range(9)])
    missing = size - len(encode_canonical(document))
    for each in document["permission"]:
        more = min(missing // 9, 190)
        each["constraint"] = [limit("purpose", "neq", "x" * (1 + more))] * 9
        missing -= 9 * more
    each["constraint"][0] = limit("purpose", "neq", "x" * (1 + more + missing))
    assert len(encode_canonical(document)) == size
    return document


def test_a_policy_has_12_kib_at_most():
    parse_policy(sized(MAX_TERMS_BYTES))
    with pytest.raises(LimitError):
        parse_policy(sized(MAX_TERMS_BYTES + 1))


def test_values_outside_the_profile_of_json_are_refused():
    with pytest.raises(MalformedError):
        parse_policy(offer(rule("use", limit("purpose", "eq", "a\u202eb"))))
    with pytest.raises(MalformedError):
        parse_policy({**offer("use"), "x y": 1})


MANY = {
    "rules": lambda n: offer(*["use"] * (n - 1), prohibit=["sell"]),
    "obligations": lambda n: offer("use", oblige=["inform"] * (n - 1)),
    "duties": lambda n: offer(rule("use", duty=["inform"] * n)),
    "constraints": lambda n: offer(rule("use", *[RESEARCH] * n)),
    "constraints in groups": lambda n: offer(rule("use", {"or": [RESEARCH] * (n - 1)}, RESEARCH)),
    "rules of a next policy": lambda n: offer(rule("distribute", following=rules_of(*["use"] * n))),
}


@pytest.mark.parametrize("name", MANY)
def test_there_are_16_of_anything_at_most(name):
    assert MAX_TERMS_RULES == MAX_RULE_CONSTRAINTS == 16
    parse_policy(MANY[name](16))
    assert refusal(MANY[name](17)).reason == "too_many"


def nested(times, innermost, wrap):
    for _ in range(times):
        innermost = wrap(innermost)
    return innermost


def test_groups_stand_in_one_another_three_deep_at_most():
    def wrap(inner):
        return {"and": [inner]}

    parse_policy(offer(rule("use", nested(MAX_CONSTRAINT_DEPTH, RESEARCH, wrap))))
    document = offer(rule("use", nested(MAX_CONSTRAINT_DEPTH + 1, RESEARCH, wrap)))
    assert refusal(document).reason == "too_many"


def test_next_policies_stand_in_one_another_eight_deep_at_most():
    def wrap(inner):
        return rule("distribute", following=rules_of(inner))

    parse_policy(offer(nested(MAX_NEXT_POLICIES, rule("use"), wrap)))
    document = offer(nested(MAX_NEXT_POLICIES + 1, rule("use"), wrap))
    assert refusal(document).reason == "too_many"


def test_the_deepest_policy_by_all_limits_is_not_too_deep_to_be_read():
    deep = nested(
        MAX_CONSTRAINT_DEPTH, limit("purpose", "isAnyOf", ["a"]), lambda each: {"or": [each]}
    )

    def wrap(inner):
        return rule(["distribute"], following=rules_of(inner))

    document = offer(nested(MAX_NEXT_POLICIES, rule("use", deep), wrap))
    levels, terms = 0, parse_policy(document).terms
    while terms.permissions[0].next_policy is not None:
        levels, terms = levels + 1, terms.permissions[0].next_policy
    assert levels == MAX_NEXT_POLICIES
    assert terms.permissions[0].actions == ("use",)


def test_json_that_is_much_deeper_is_refused_unread():
    document = offer("use")
    document["permission"] = nested(200, "use", lambda each: [each])
    with pytest.raises(LimitError):
        parse_policy(document)


def test_an_event_has_room_for_two_bare_next_policies_and_for_one_with_constraints():
    """The depth of an event (formats, section 2) bounds the chain before our own limit does."""
    room = MAX_EVENT_DEPTH - 2

    def wrap(inner):
        return rule("distribute", following=rules_of(inner))

    encode_canonical(offer(nested(2, rule(["use", "distribute"]), wrap)), max_depth=room)
    encode_canonical(offer(nested(1, rule("use", RESEARCH), wrap)), max_depth=room)
    for too_deep in (nested(3, rule("use"), wrap), nested(2, rule("use", RESEARCH), wrap)):
        with pytest.raises(LimitError):
            encode_canonical(offer(too_deep), max_depth=room)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_fits_into_an_event(template):
    policy = build_policy(
        template,
        type="Agreement",
        target=TARGET,
        assigner=GRANTOR,
        assignee=GRANTEE,
        until=5,
        purposes=["research", "trade"],
        regions=["CN-31", "CN-32"],
        count=9,
    )
    raw = encode_canonical(policy, max_depth=MAX_EVENT_DEPTH - 2)
    assert len(raw) <= MAX_TERMS_BYTES
    assert format_policy(parse_policy(policy)) == policy

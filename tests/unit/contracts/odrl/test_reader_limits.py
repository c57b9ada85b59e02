"""How large, how many and how deep: the limits of a policy."""

import pytest

from contracts.odrl import TEMPLATES, build_policy, parse_policy
from ledger.core.canonical import encode_canonical
from ledger.core.limits import (
    MAX_CONSTRAINT_DEPTH,
    MAX_EVENT_DEPTH,
    MAX_NEXT_POLICIES,
    MAX_RULE_CONSTRAINTS,
    MAX_TERMS_BYTES,
    MAX_TERMS_RULES,
)
from ledger.errors import LimitError, MalformedError, RejectedError
from tests.support.odrl_policies import GRANTEE, GRANTOR, TARGET, limit, offer, rule, rules_of

RESEARCH = limit("purpose", "eq", "research")


def refusal(document):
    with pytest.raises(RejectedError) as caught:
        parse_policy(document)
    assert caught.value.en
    assert caught.value.zh
    return caught.value


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

    parse_policy(offer(nested(MAX_NEXT_POLICIES, rule("use", deep), wrap)))


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
    encode_canonical(policy, max_depth=MAX_EVENT_DEPTH - 2)

"""Ready-made terms: what each permits and prohibits, and which may rest on which."""

import pytest

from contracts.odrl import (
    TEMPLATES,
    Situation,
    build_policy,
    check_narrower,
    evaluate,
    find_onward,
    find_widening,
    is_free_of_charge,
    next_terms,
    parse_policy,
    purposes_of,
    root_terms,
    scenes_of,
)
from contracts.odrl.vocabulary import ACTIONS, USES
from ledger.errors import RejectedError
from tests.support.odrl_policies import GRANTEE, GRANTOR, OTHER, TARGET

PURPOSE = {"purposes": ["research"]}
LIMITS = {"until": 9, "purposes": ["research"], "regions": ["CN-32", "CN-31"], "count": 5}
TRANSFERS = {"transfer", "sell", "give"}
OUTSIDE = {"muniment:encumber", "muniment:export"}


def build(template, kind="Offer", **limits):
    return build_policy(
        template, type=kind, target=TARGET, assigner=GRANTOR, assignee=GRANTEE, **limits
    )


def read(template, **limits):
    return parse_policy(build(template, **limits))


def verdicts(policy, verdict, **facts):
    return {
        act
        for act in ACTIONS
        if evaluate(policy.terms, Situation(act, 5, facts, {})).verdict == verdict
    }


PERMITTED = {
    "internal-use": {*USES},
    "one-onward-copy": {*USES, "distribute"},
    "public-data-operation": {*USES, "grantUse"},
    "no-resale": {*USES},
}
PROHIBITED = {
    "internal-use": {"distribute", "grantUse", *TRANSFERS, *OUTSIDE},
    "one-onward-copy": {"grantUse", *TRANSFERS},
    "public-data-operation": {"distribute", *TRANSFERS, *OUTSIDE},
    "no-resale": {"distribute", "grantUse", *TRANSFERS},
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_permits_and_prohibits_what_it_says(template):
    policy = read(template, **PURPOSE)
    assert verdicts(policy, "permitted", purpose="research") == PERMITTED[template]
    assert verdicts(policy, "prohibited") == PROHIBITED[template]


@pytest.mark.parametrize("template", TEMPLATES)
def test_resale_is_named_outright_unless_permitted(template):
    named = {
        act for each in build(template, **PURPOSE)["prohibition"] for act in each["action"]
    } | PERMITTED[template]
    assert {"distribute", "grantUse", "transfer"} <= named


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_parts_stand_in_the_policy(template):
    policy = read(template, kind="Agreement", **PURPOSE)
    assert (policy.type, policy.target) == ("Agreement", TARGET)
    assert (policy.assigner, policy.assignee) == (GRANTOR, GRANTEE)


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_limits_limit_every_use(template):
    policy = read(template, **LIMITS)
    good = {"purpose": "research", "spatial": "CN-31-01"}

    def ask(time=8, tally=None, **facts):
        situation = Situation("read", time, {**good, **facts}, tally or {"modify": 5})
        return evaluate(policy.terms, situation)

    assert ask().verdict == "permitted"
    assert ask(spatial="CN-32").verdict == "permitted"
    assert ask(time=9).code == "outside_term"
    assert ask(tally={"modify": 6}).code == "beyond_count"
    assert ask(purpose="trade").code == "outside_constraint"
    assert ask(spatial="CN-33").code == "outside_constraint"
    assert purposes_of(policy.terms) == {"research"}
    assert scenes_of(policy.terms) is None


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_scene_limits_every_use_and_what_is_handed_on(template):
    policy = read(template, **LIMITS, scenes=["buses", "trams"])
    assert scenes_of(policy.terms) == {"buses", "trams"}
    for permission in policy.terms.permissions:
        if permission.next_policy is not None:
            assert scenes_of(permission.next_policy) == {"buses", "trams"}


@pytest.mark.parametrize("template", ["one-onward-copy", "public-data-operation"])
def test_handing_on_needs_no_facts_and_ends_with_the_term(template):
    policy = read(template, **LIMITS)
    assert find_onward(policy, 8, {"read": 5}, "grant/x").path == "permission/1"
    with pytest.raises(RejectedError) as caught:
        find_onward(policy, 9, {}, "grant/x")
    assert caught.value.reason == "outside_term"


def test_one_copy_is_one_copy():
    policy = read("one-onward-copy")
    with pytest.raises(RejectedError) as caught:
        find_onward(policy, 8, {"distribute": 1}, "grant/x")
    assert caught.value.reason == "beyond_count"


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_may_rest_on_a_right(template):
    policy = read(template, **LIMITS)
    check_narrower(policy.terms, root_terms(None, 9))
    found = find_widening(read(template, **PURPOSE).terms, root_terms(None, 9))
    assert found is not None
    assert found.aspect == "term"


BELOW = {
    ("one-onward-copy", "internal-use"): True,
    ("one-onward-copy", "no-resale"): True,
    ("one-onward-copy", "one-onward-copy"): False,
    ("one-onward-copy", "public-data-operation"): False,
    ("public-data-operation", "internal-use"): True,
    ("public-data-operation", "no-resale"): False,  # which does not have the data deleted
    ("public-data-operation", "one-onward-copy"): False,
    ("public-data-operation", "public-data-operation"): False,
}


@pytest.mark.parametrize("limits", [PURPOSE, LIMITS], ids=["a purpose", "all limits"])
@pytest.mark.parametrize("pair", BELOW, ids=" > ".join)
def test_what_may_be_granted_below_a_template_that_hands_on(pair, limits):
    upper, lower = pair
    parent, child = read(upper, **limits), read(lower, **limits)
    handed = next_terms(parent, find_onward(parent, 5, {}, "grant/x").path)
    assert (find_widening(child.terms, handed) is None) is BELOW[pair]


@pytest.mark.parametrize("template", ["one-onward-copy", "public-data-operation"])
def test_limits_may_shrink_below_but_not_grow(template):
    parent = read(template, **LIMITS)
    handed = next_terms(parent, "permission/1")
    less = {"until": 8, "regions": ["CN-32-01"], "count": 4, "purposes": ["research"]}
    check_narrower(read("internal-use", **less).terms, handed)
    for more in ({"until": 10}, {"regions": ["CN"]}, {"count": 6}, {"purposes": ["trade"]}):
        assert find_widening(read("internal-use", **{**LIMITS, **more}).terms, handed) is not None


def test_public_data_is_free_for_the_public_and_paid_for_else():
    for purposes in (["public-welfare"], ["public-governance", "public-welfare"]):
        assert is_free_of_charge(read("public-data-operation", purposes=purposes))
    assert not is_free_of_charge(read("public-data-operation", purposes=["research", "trade"]))


@pytest.mark.parametrize("purposes", [[], ["public-welfare", "research"]])
def test_public_data_is_licensed_for_free_purposes_or_paid_ones(purposes):
    with pytest.raises(RejectedError) as caught:
        build("public-data-operation", purposes=purposes)
    assert caught.value.reason == "purposes"
    assert "public-welfare" in caught.value.en
    assert "public-welfare" in caught.value.zh


@pytest.mark.parametrize("template", sorted(set(TEMPLATES) - {"public-data-operation"}))
def test_other_templates_are_free_of_charge_and_need_no_limits(template):
    policy = read(template)
    assert is_free_of_charge(policy)
    assert verdicts(policy, "permitted") == PERMITTED[template]


def test_an_absent_limit_is_no_limit():
    nothing = {"until": None, "purposes": (), "regions": (), "count": None}
    assert build("no-resale", **nothing) == build("no-resale")


REFUSED = {
    "another template": ({"template": "lend"}, "unknown_term"),
    "a Set": ({"type": "Set"}, "needs_acceptance"),
    "another type": ({"type": "Ticket"}, "unknown_term"),
    "no party": ({"assignee": "B"}, "malformed_policy"),
    "no asset": ({"target": OTHER}, "malformed_policy"),
    "no region": ({"regions": ["Jiangsu"]}, "malformed_policy"),
    "a purpose twice": ({"purposes": ["x", "x"]}, "malformed_policy"),
    "a count below 0": ({"count": -1}, "malformed_policy"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_parts_that_make_no_policy_are_refused(name):
    changes, reason = REFUSED[name]
    parts = {"type": "Offer", "target": TARGET, "assigner": GRANTOR, "assignee": GRANTEE} | changes
    template = parts.pop("template", "internal-use")
    with pytest.raises(RejectedError) as caught:
        build_policy(template, **parts)
    assert caught.value.reason == reason


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_says_what_it_is_in_both_languages(template):
    words = TEMPLATES[template]
    for english, chinese in (words.title, words.description):
        assert english.isascii()
        assert not chinese.isascii()

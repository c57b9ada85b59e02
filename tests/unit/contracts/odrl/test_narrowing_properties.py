"""Narrower terms never permit more, over random policies and chains of them."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.odrl import check_narrower, evaluate, find_widening, next_terms
from contracts.odrl.policy import Policy, format_terms
from tests.support.odrl_policies import (
    GRANTEE,
    GRANTOR,
    TARGET,
    documents,
    handing_on,
    handing_on_twice,
    limit,
    list_situations,
    narrowed,
    parse_terms,
)

USE = {"action": "use"}
NARROW = {**USE, "constraint": [limit("purpose", "eq", "research")]}
SITUATIONS = list_situations(112, seed=1)
SLOW = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def is_narrower(child, parent):
    return find_widening(child, parent) is None


def policy_of(rules):
    return Policy("Offer", TARGET, GRANTOR, GRANTEE, rules)


def check_no_more(child, parent):
    """What the child permits the parent permits; what the parent prohibits the child does not."""
    for situation in SITUATIONS:
        ours, theirs = evaluate(child, situation).verdict, evaluate(parent, situation).verdict
        assert ours != "permitted" or theirs == "permitted", situation


@st.composite
def pairs(draw):
    """A child that mostly, but not always, is narrower than its parent."""
    parent = draw(documents())
    honest, other = narrowed(parent), narrowed(parent, is_honest=False)
    child = draw(st.one_of(honest, honest, other, documents()))
    return parse_terms(child), parse_terms(parent)


@st.composite
def triples(draw):
    top = draw(documents())
    middle = draw(narrowed(top, is_honest=draw(st.booleans())))
    bottom = draw(narrowed(middle, is_honest=draw(st.booleans())))
    return parse_terms(bottom), parse_terms(middle), parse_terms(top)


@st.composite
def hops(draw):
    """Terms, what one of their permissions hands on, and terms for whoever gets the data."""
    path = "permission/0"
    own, child = draw(handing_on())
    if draw(st.booleans()):  # by default, without the next policy
        first = {**own["permission"][0], "duty": []}
        own = {**own, "permission": [first, *own["permission"][1:]]}
        shown = format_terms(next_terms(policy_of(parse_terms(own)), path))
        child = draw(narrowed(shown, is_honest=draw(st.sampled_from((True, True, False)))))
    rules = parse_terms(own)
    return rules, next_terms(policy_of(rules), path), parse_terms(child)


@given(pairs())
@SLOW
def test_what_narrower_terms_permit_the_wider_permit_too(pair):
    child, parent = pair
    if is_narrower(child, parent):
        check_no_more(child, parent)


@given(documents(2))
@SLOW
def test_terms_are_as_narrow_as_themselves(document):
    rules = parse_terms(document)
    check_narrower(rules, rules)


@given(triples())
@SLOW
def test_what_is_narrower_than_something_narrower_is_narrower(triple):
    bottom, middle, top = triple
    if is_narrower(bottom, middle) and is_narrower(middle, top):
        check_narrower(bottom, top)
        check_no_more(bottom, top)


@given(hops())
@SLOW
def test_nobody_hands_on_more_than_he_has(hop):
    rules, handed, child = hop
    check_no_more(handed, rules)
    if is_narrower(child, handed):
        check_no_more(child, handed)
        check_no_more(child, rules)


@st.composite
def chains(draw):
    """Three holders, and what the first and the second hand on."""
    top, middle, bottom = map(parse_terms, draw(handing_on_twice()))
    handed = next_terms(policy_of(top), "permission/0")
    return (top, middle, bottom), (handed, next_terms(policy_of(middle), "permission/0"))


def is_chain(holders, handed):
    return all(map(is_narrower, holders[1:], handed))


@given(chains())
@SLOW
def test_three_hops_hold_from_end_to_end(chain):
    holders, handed = chain
    if is_chain(holders, handed):
        for wider in (holders[1], handed[0], holders[0]):
            check_no_more(holders[2], wider)


def count_answers(strategy, judge):
    """How often a judgement comes out which way, over as many examples as the tests above have."""
    answers = Counter()

    @given(strategy)
    @settings(SLOW, max_examples=50, database=None, derandomize=True)
    def ask(drawn):
        answers[judge(drawn)] += 1

    ask()
    return answers


def test_the_strategies_make_both_narrower_and_wider_terms():
    assert min(count_answers(pairs(), lambda pair: is_narrower(*pair)).values()) >= 4
    chained = count_answers(
        triples(), lambda each: is_narrower(each[0], each[1]) and is_narrower(each[1], each[2])
    )
    assert min(chained[True], chained[False]) >= 4
    hopped = count_answers(chains(), lambda chain: is_chain(*chain))
    assert min(hopped[True], hopped[False]) >= 4
    both = count_answers(
        hops(), lambda hop: (hop[1].within is not None, is_narrower(hop[2], hop[1]))
    )
    assert both[True, True] >= 4
    assert both[False, True] >= 4
    assert both[True, False] + both[False, False] >= 4


def test_the_situations_tell_policies_apart():
    """Some are permitted by the wider terms alone, some by both: so the comparison can fail."""
    wide, narrow = parse_terms({"permission": [USE]}), parse_terms({"permission": [NARROW]})
    verdicts = Counter(
        (evaluate(narrow, each).verdict, evaluate(wide, each).verdict) for each in SITUATIONS
    )
    assert verdicts["permitted", "permitted"] >= 5
    assert verdicts["not covered", "permitted"] >= 5
    with pytest.raises(AssertionError):
        check_no_more(wide, narrow)

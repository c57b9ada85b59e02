"""Public data: licensed by authorised bodies, in two tiers, and free for public purposes."""

import pytest

from contracts.chain import MAX_GRANT_DEPTH
from contracts.grant import Issue
from contracts.odrl import parse_policy
from contracts.records import parse_record
from ledger.errors import RejectedError
from tests.support.grants import (
    accept,
    accept_refused,
    admit,
    chain_of,
    issue,
    issue_body,
    issue_refused,
    limit,
    onward,
    passing,
    permit,
    purpose,
    registered,
)
from tests.support.world import World


@pytest.fixture
def world():
    return World()


@pytest.fixture
def people(world):
    return [world.enroll(f"p{n}") for n in range(4)]


@pytest.fixture
def asset(world, people):
    return registered(world, people[0])


def grant(world, asset, people, *permissions, **rules):
    """A grant from the first to the second."""
    return issue(world, asset, *people[:2], *permissions, **rules)


def below(world, asset, people, parent, *permissions, **rules):
    """A grant from the second to the third."""
    return issue(world, asset, *people[1:3], *permissions, parent=parent, **rules)


def below_refused(world, asset, people, parent, *permissions, **rules):
    return issue_refused(world, asset, *people[1:3], *permissions, parent=parent, **rules)


@pytest.fixture
def public(world, people):
    return registered(world, people[0], **{"class": "public"})


def test_public_data_is_licensed_by_an_authorised_body(world, people, public, asset):
    refused = grant_refused(world, public, people, permit("use"))
    assert refused == "not_authorised"
    admit(world, people[0])
    assert grant(world, public, people)
    assert grant(world, asset, people)


def grant_refused(world, asset, people, *permissions, **rules):
    return issue_refused(world, asset, *people[:2], *permissions, **rules)


def test_the_root_of_a_public_chain_stays_authorised_or_nothing_is_added(world, people, public):
    admit(world, people[0])
    top = grant(world, public, people, permit("use"), onward())
    offer = below(world, public, people, top, kind="Offer")
    admit(world, people[0], end=True)
    assert below_refused(world, public, people, top) == "not_authorised"
    assert accept_refused(world, offer, people[2]) == "not_authorised"
    admit(world, people[0])
    assert below(world, public, people, top)
    accept(world, offer, people[2])


def test_who_takes_a_public_right_over_is_authorised_too(world, people, public):
    admit(world, people[0])
    top = grant(world, public, people, permit("use"), onward())
    eve = world.enroll("eve")
    world.transfer(public, (people[0], eve, "operate"))
    assert below_refused(world, public, people, top) == "not_authorised"
    admit(world, eve)
    assert below(world, public, people, top)


def test_public_data_has_two_tiers(world, people, public, asset):
    admit(world, people[0])
    keys = [grant(world, public, people, *passing(2))]
    keys.append(below(world, public, people, keys[0], *passing(1)))
    assert issue_refused(world, public, *people[2:4], parent=keys[1]) == "too_deep"
    assert len(chain_of(world, asset, *people)) == 3


def test_no_chain_is_deeper_than_a_verdict_follows(world, people, asset):
    """So many levels need next policies that an event has no room for: the rule is asked alone."""
    body = parse_record(Issue, issue_body(asset, *people[:2]))
    terms, state = parse_policy(body.policy), world.asset(asset)
    body._check_public(None, state, terms, MAX_GRANT_DEPTH)
    with pytest.raises(RejectedError) as caught:
        body._check_public(None, state, terms, MAX_GRANT_DEPTH + 1)
    assert caught.value.reason == "too_deep"


PAID = {
    "a duty": [permit("use", duties=["compensate"])],
    "a payment": [permit("use", limit("payAmount", "lteq", {"$commit": "A" * 43}))],
    "for public welfare": [
        permit("use", purpose("trade", "public-welfare"), duties=["compensate"])
    ],
    "for governance": [permit("read", purpose("public-governance"), duties=["compensate"])],
    "one of two": [permit("read", purpose("trade"), duties=["compensate"]), permit("index")],
    "further down": [permit("use"), onward(permit("use", duties=["compensate"]))],
}


@pytest.mark.parametrize("rules", PAID.values(), ids=PAID)
def test_public_data_for_public_purposes_costs_nothing(world, people, public, asset, rules):
    admit(world, people[0])
    assert grant_refused(world, public, people, *rules) == "must_be_free"
    assert grant(world, asset, people, *rules)


FREE = {
    "no payment": ([permit("use")], {}),
    "paid for other purposes": ([permit("use", purpose("trade"), duties=["compensate"])], {}),
    "free for public ones": ([permit("use", purpose("public-welfare"))], {}),
}


@pytest.mark.parametrize(("permissions", "rules"), FREE.values(), ids=FREE)
def test_what_is_free_or_for_other_purposes_is_issued(world, people, public, permissions, rules):
    admit(world, people[0])
    assert grant(world, public, people, *permissions, **rules)


def test_a_second_tier_may_not_ask_for_payment_either(world, people, public):
    admit(world, people[0])
    top = grant(world, public, people, permit("use"), onward(permit("use")))
    paid = permit("use", duties=["compensate"])
    assert below_refused(world, public, people, top, paid) == "must_be_free"
    assert below(world, public, people, top)

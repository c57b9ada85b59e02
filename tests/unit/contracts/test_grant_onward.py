"""Onward grants: each hop gives less than it got, and only as far and as often as it may."""

import pytest

from contracts.chain import MAX_GRANT_DEPTH
from contracts.grant import PUBLIC_DEPTH
from contracts.intervals import current
from ledger.errors import RejectedError
from tests.support.grants import (
    accept,
    accept_refused,
    chain_of,
    forbid,
    grant_state,
    issue,
    issue_body,
    issue_refused,
    limit,
    onward,
    passing,
    permit,
    purpose,
    registered,
    revoke,
    revoke_refused,
    since,
    times,
    until,
)
from tests.support.holds import freeze
from tests.support.people import MS_PER_DAY

LATER = 4_000_000_000_000


@pytest.fixture
def world(solo):
    return solo


def grant(world, asset, people, *permissions, **rules):
    """A grant from the first to the second."""
    return issue(world, asset, *people[:2], *permissions, **rules)


def below(world, asset, people, parent, *permissions, **rules):
    """A grant from the second to the third."""
    return issue(world, asset, *people[1:3], *permissions, parent=parent, **rules)


def below_refused(world, asset, people, parent, *permissions, **rules):
    return issue_refused(world, asset, *people[1:3], *permissions, parent=parent, **rules)


# Making one


@pytest.mark.parametrize("action", ["distribute", "grantUse"])
def test_an_onward_grant_is_counted_in_its_parent_and_names_the_clause_that_allows_it(
    world, asset, people, action
):
    top = grant(world, asset, people, permit("use"), onward(action=action))
    key = below(world, asset, people, top)
    made, parent = grant_state(world, key), grant_state(world, top)
    assert (made.parent, made.via, made.depth) == (top, "permission/1", 2)
    assert parent.meters == {action: 1}
    assert current(parent.status) == ("live",)
    assert world.log.places(top)[-1] == world.log.places(key)[-1]
    below(world, asset, people, top)
    assert grant_state(world, top).meters == {action: 2}


def test_of_several_clauses_the_one_that_hands_on_enough_is_taken_and_counted(world, asset, people):
    narrow = onward(permit("read"), count=1)
    wide = onward(permit("use"), action="grantUse", count=1)
    top = grant(world, asset, people, permit("use"), narrow, wide)
    first = below(world, asset, people, top, permit("modify"))
    assert grant_state(world, first).via == "permission/2"
    assert grant_state(world, top).meters == {"grantUse": 1}
    second = below(world, asset, people, top, permit("read"))
    assert grant_state(world, second).via == "permission/1"
    assert below_refused(world, asset, people, top, permit("read")) == "beyond_count"


def test_a_recipient_that_the_clause_names_gets_it_and_nobody_else(world, asset, people):
    named = limit("recipient", "eq", people[2].party)
    top = grant(world, asset, people, permit("use"), permit("distribute", named))
    refused = issue_refused(world, asset, people[1], people[3], parent=top)
    assert refused == "outside_constraint"
    assert below(world, asset, people, top)


# Who may, and how far


def test_without_a_permission_to_hand_on_there_is_no_onward_grant(world, asset, people):
    for permissions in ([permit("use")], [permit(["read", "derive"])]):
        top = grant(world, asset, people, *permissions)
        assert below_refused(world, asset, people, top, permit("read")) == "no_permission"
    top = grant(world, asset, people, permit("use"), permit("distribute"))
    assert below(world, asset, people, top, permit("read"))


def test_what_is_prohibited_is_not_handed_on(world, asset, people):
    rules = [permit("use"), permit("distribute"), permit("grantUse")]
    top = grant(world, asset, people, *rules, prohibition=[forbid(["distribute", "grantUse"])])
    assert below_refused(world, asset, people, top) == "prohibited"


def test_without_a_next_policy_the_next_holder_uses_it_and_hands_nothing_on(world, asset, people):
    top = grant(world, asset, people, permit("use"), onward())
    for act in ("distribute", "grantUse", "transfer"):
        refused = below_refused(world, asset, people, top, permit("use"), permit(act))
        assert refused == "wider_than_parent"
    key = below(world, asset, people, top, permit("use"))
    refused = issue_refused(world, asset, *people[2:4], permit("read"), parent=key)
    assert refused == "no_permission"


def test_with_a_next_policy_the_next_holder_hands_on_what_it_says(world, asset, people):
    top = grant(world, asset, people, permit("use"), onward(permit("use"), onward(permit("read"))))
    key = below(world, asset, people, top, permit("use"), onward(permit("read")))
    refused = issue_refused(world, asset, *people[2:4], permit("use"), parent=key)
    assert refused == "wider_than_parent"
    last = issue(world, asset, *people[2:4], permit("read"), parent=key)
    assert grant_state(world, last).depth == 3


def test_a_count_of_onward_grants_is_used_up_and_not_given_back(world, asset, people):
    top = grant(world, asset, people, permit("use"), onward(count=2))
    first = below(world, asset, people, top)
    below(world, asset, people, top, kind="Offer")
    revoke(world, first, people[1])
    assert below_refused(world, asset, people, top) == "beyond_count"
    more = grant(world, asset, people, permit("use"), onward(count=3))
    for _ in range(3):
        below(world, asset, people, more)
    assert below_refused(world, asset, people, more) == "beyond_count"


@pytest.mark.parametrize("make", [until, since])
def test_the_term_of_the_clause_itself_is_kept(world, asset, people, make):
    turn = world.time + 10 * MS_PER_DAY
    top = grant(world, asset, people, permit("use"), permit("distribute", make(turn)))
    found = []
    for time in (turn - 1, turn):
        world.time = time
        try:
            below(world, asset, people, top)
            found.append(None)
        except RejectedError as error:
            found.append(error.reason)
    assert found == ([None, "outside_term"] if make is until else ["outside_term", None])


BASE = {
    "constraint": [
        purpose("research", "trade"),
        limit("spatial", "isPartOf", "CN-32"),
        until(LATER),
        since(5),
        times(10),
    ],
    "duty": [{"action": "inform"}],
}
WIDER = {
    "scope": ({"action": "modify"}, "scope"),
    "another purpose": ({0: purpose("research", "war")}, "purpose"),
    "any purpose": ({0: None}, "purpose"),
    "a larger region": ({1: limit("spatial", "isPartOf", "CN")}, "region"),
    "another region": ({1: limit("spatial", "isPartOf", "CN-33")}, "region"),
    "any region": ({1: None}, "region"),
    "a later end": ({2: until(LATER + 1)}, "term"),
    "no end": ({2: None}, "term"),
    "an earlier beginning": ({3: since(4)}, "term"),
    "a higher count": ({4: times(11)}, "count"),
    "no count": ({4: None}, "count"),
    "a duty less": ({"duty": []}, "duty"),
}
NARROWER = {
    "the same": {},
    "one purpose": {0: purpose("trade")},
    "a part of the region": {1: limit("spatial", "isPartOf", "CN-32-01")},
    "an earlier end": {2: until(LATER - 1)},
    "a lower count": {4: times(9)},
    "a duty more": {"duty": [{"action": "inform"}, {"action": "delete"}]},
    "a condition more": {5: limit("industry", "eq", "transport")},
}


def changed(changes):
    """The base permission to read with some of its parts changed or left out."""
    parts = dict(enumerate(BASE["constraint"])) | {
        key: part for key, part in changes.items() if isinstance(key, int)
    }
    return {
        "action": changes.get("action", "read"),
        "constraint": [part for part in parts.values() if part is not None],
        "duty": changes.get("duty", BASE["duty"]),
    }


@pytest.fixture
def top(world, asset, people):
    return grant(world, asset, people, changed({}), onward(changed({})))


@pytest.mark.parametrize(("changes", "aspect"), WIDER.values(), ids=WIDER)
def test_what_is_wider_than_its_parent_is_refused_and_says_in_what(
    world, asset, people, top, changes, aspect
):
    body = issue_body(asset, *people[1:3], changed(changes), parent=top, kind="Offer")
    event = world.event("grant.issue", body, people[1])
    with pytest.raises(RejectedError, match=rf"\({aspect}\)"):
        world.write(world.sign(event, people[1].key))
    assert below_refused(world, asset, people, top, changed(changes)) == "wider_than_parent"


@pytest.mark.parametrize("changes", NARROWER.values(), ids=NARROWER)
def test_what_is_narrower_than_its_parent_is_issued(world, asset, people, top, changes):
    assert below(world, asset, people, top, changed(changes))


def test_a_count_is_not_split_over_several_permissions(world, asset, people, top):
    two = [changed({}), changed({})]
    assert below_refused(world, asset, people, top, *two) == "wider_than_parent"


def test_prohibitions_and_obligations_are_handed_down(world, asset, people):
    rules = {"prohibition": [forbid("derive")], "obligation": [{"action": "delete"}]}
    top = grant(world, asset, people, permit("use"), onward(permit("use")), **rules)
    assert below_refused(world, asset, people, top) == "wider_than_parent"
    for name in rules:
        left = {name: rules[name]}
        assert below_refused(world, asset, people, top, **left) == "wider_than_parent"
    assert below(world, asset, people, top, **rules)


def test_a_payment_is_between_two_parties_and_not_handed_down(world, asset, people):
    top = grant(
        world, asset, people, permit("use", duties=["compensate"]), onward(duties=["compensate"])
    )
    assert below(world, asset, people, top)


# Depth


def test_a_chain_is_as_deep_as_its_next_policies(world, asset, people):
    keys = chain_of(world, asset, *people)
    assert [grant_state(world, key).depth for key in keys] == [1, 2, 3]
    eve = world.enroll("eve")
    refused = issue_refused(world, asset, people[3], eve, permit("read"), parent=keys[-1])
    assert refused == "no_permission"


def test_public_data_ends_sooner_than_any_other():
    assert 1 < PUBLIC_DEPTH < MAX_GRANT_DEPTH


# Under which parent


def test_the_parent_is_a_grant_of_the_grantor_for_this_asset(world, asset, people):
    top = grant(world, asset, people, permit("use"), onward())
    body = issue_body(asset, *people[2:4], parent=top)
    assert world.refused("grant.issue", body, people[2], people[2].key, people[3].key) == (
        "wrong_parent"
    )
    body = issue_body(asset, people[0], people[2], parent=top)
    assert world.refused("grant.issue", body, people[0], people[0].key, people[2].key) == (
        "wrong_parent"
    )
    other = registered(world, people[0])
    assert below_refused(world, other, people, top) == "wrong_parent"
    assert below_refused(world, asset, people, "grant/" + "a" * 26) == "unknown_subject"
    assert below_refused(world, asset, people, None) == "no_operate_right"
    assert below(world, asset, people, top)


def test_an_offer_is_no_parent_until_it_is_accepted(world, asset, people):
    top = grant(world, asset, people, permit("use"), onward(), kind="Offer")
    assert below_refused(world, asset, people, top) == "grant_offered"
    accept(world, top, people[1])
    assert below(world, asset, people, top)


def test_a_parent_in_its_term_is_needed(world, asset, people):
    turn = world.time + 10 * MS_PER_DAY
    term = [since(turn), until(turn + 10)]
    child = permit("use", *term)
    top = grant(world, asset, people, child, permit("distribute", *term))
    assert below_refused(world, asset, people, top, child) == "grant_not_begun"
    world.time = turn
    assert below(world, asset, people, top, child)
    world.time = turn + 10
    assert below_refused(world, asset, people, top, permit("use")) == "grant_expired"


@pytest.mark.parametrize("place", [0, 1])
def test_under_a_revoked_grant_nothing_is_issued_or_accepted(world, asset, people, place):
    keys = [grant(world, asset, people, *passing(2))]
    keys.append(below(world, asset, people, keys[0], *passing(1)))
    eve = world.enroll("eve")
    offer = issue(world, asset, *people[2:4], parent=keys[1], kind="Offer")
    revoke(world, keys[place], people[place])
    refused = issue_refused(world, asset, people[2], eve, parent=keys[1])
    assert refused == "grant_revoked"
    assert accept_refused(world, offer, people[3]) == "grant_revoked"


def test_an_onward_grant_is_revoked_by_its_own_grantor_and_not_from_above(world, asset, people):
    keys = chain_of(world, asset, *people)
    assert revoke_refused(world, keys[1], people[0]) == "wrong_role"
    assert revoke_refused(world, keys[1], people[2]) == "wrong_role"
    revoke(world, keys[1], people[1])


def test_an_onward_grant_stays_its_grantors_when_the_right_above_moves(world, asset, people):
    keys = chain_of(world, asset, *people)
    eve = world.enroll("eve")
    world.transfer(asset, (people[0], eve, "operate"))
    assert revoke_refused(world, keys[1], eve) == "wrong_role"
    assert revoke_refused(world, keys[0], people[0]) == "wrong_role"
    revoke(world, keys[1], people[1])
    revoke(world, keys[0], eve)


def test_a_frozen_asset_is_not_handed_on(world, asset, people):
    top = grant(world, asset, people, permit("use"), onward())
    freeze(world, asset)
    assert below_refused(world, asset, people, top) == "frozen"


def test_what_somebody_gave_does_not_come_back_to_him_as_a_new_count(world, asset, people):
    ann, ben, cy, dan = people
    top = issue(world, asset, ann, ben, *passing(2))
    middle = issue(world, asset, ben, cy, *passing(1), parent=top)
    assert issue_refused(world, asset, ben, ann, parent=top) == "circle"
    assert issue_refused(world, asset, cy, ann, parent=middle) == "circle"
    assert issue_refused(world, asset, cy, ben, parent=middle) == "circle"
    assert issue(world, asset, cy, dan, parent=middle)

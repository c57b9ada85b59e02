"""Closed data stays with its right-holders; other data is handed on by its grants."""

import pytest

from tests.support.grants import (
    issue,
    issue_refused,
    onward,
    permit,
    registered,
    send,
    send_refused,
)


@pytest.fixture
def world(solo):
    return solo


ONWARD = {
    "distribute": onward(permit("use")),
    "grantUse": onward(permit("use"), action="grantUse"),
    "distribute among others": permit(["use", "distribute"]),
}


@pytest.mark.parametrize("permission", ONWARD.values(), ids=ONWARD.keys())
def test_a_grant_of_closed_data_hands_nothing_on(world, people, permission):
    closed = registered(world, people[0], openness="closed")
    assert issue_refused(world, closed, *people[:2], permit("use"), permission) == "closed"
    assert issue_refused(world, closed, *people[:2], permission, kind="Offer") == "closed"
    issue(world, closed, *people[:2], permit("use"))


@pytest.mark.parametrize("openness", ["conditional", "unconditional"])
@pytest.mark.parametrize("permission", ONWARD.values(), ids=ONWARD.keys())
def test_a_grant_of_other_data_may(world, people, openness, permission):
    asset = registered(world, people[0], openness=openness)
    assert issue(world, asset, *people[:2], permit("use"), permission)


def test_copies_of_closed_data_go_to_right_holders_alone(world, people):
    closed = registered(world, *people[:2], openness="closed")
    stranger = issue(world, closed, people[0], people[2])
    holder = issue(world, closed, people[0], people[1])
    assert send_refused(world, stranger, people[0]) == "closed"
    assert send(world, holder, people[0])


@pytest.mark.parametrize("openness", ["conditional", "unconditional"])
def test_copies_of_other_data_go_where_a_grant_says(world, people, openness):
    asset = registered(world, people[0], openness=openness)
    assert send(world, issue(world, asset, *people[:2]), people[0])


def test_who_gave_his_right_away_is_no_right_holder(world, people):
    closed = registered(world, *people[:2], openness="closed", rights=("operate",))
    grant = issue(world, closed, people[0], people[1])
    world.transfer(closed, (people[1], people[2], "operate"))
    assert send_refused(world, grant, people[0]) == "closed"

"""Usage held against the terms of its grant: counts, facts, and the whole of a period."""

import pytest

from tests.support.grants import (
    forbid,
    grant_state,
    issue,
    limit,
    onward,
    permit,
    purpose,
    since,
    times,
    until,
    use,
    use_batch,
    use_batch_refused,
    use_refused,
)
from tests.support.people import MS_PER_DAY

VERBS = [(use, use_refused), (use_batch, use_batch_refused)]


@pytest.fixture
def world(solo):
    return solo


@pytest.fixture
def grant(world, asset, people):
    return issue(world, asset, *people[:2])


def meters(world, grant):
    return grant_state(world, grant).meters


# Terms


@pytest.mark.parametrize(("record", "refused"), VERBS)
def test_no_more_is_recorded_than_the_count_allows(world, asset, people, record, refused):
    grant = issue(world, asset, *people[:2], permit("use", times(5)))
    record(world, grant, people[1], "read", 3)
    assert refused(world, grant, people[1], "derive", 3) == "beyond_count"
    record(world, grant, people[1], "derive", 2)
    assert refused(world, grant, people[1], "read", 1) == "beyond_count"


def test_each_permission_has_its_own_count(world, asset, people):
    rules = [permit("read", times(1)), permit("derive", times(2))]
    grant = issue(world, asset, *people[:2], *rules)
    use(world, grant, people[1], "read", 1)
    use(world, grant, people[1], "derive", 2)
    assert use_refused(world, grant, people[1], "derive", 1) == "beyond_count"


def test_what_the_terms_do_not_permit_is_not_recorded(world, asset, people):
    rules = {"prohibition": [forbid("derive")]}
    grant = issue(world, asset, *people[:2], permit(["read", "derive"]), **rules)
    assert use_refused(world, grant, people[1], "modify") == "no_permission"
    assert use_refused(world, grant, people[1], "derive") == "prohibited"
    assert use_refused(world, grant, people[1], "play") == "unknown_term"
    use(world, grant, people[1], "read")


@pytest.mark.parametrize("action", ["distribute", "grantUse"])
def test_handing_on_is_no_usage(world, asset, people, action):
    grant = issue(world, asset, *people[:2], permit("use"), onward(action=action))
    assert use_refused(world, grant, people[1], action) == "onward_act"
    assert meters(world, grant) == {}


FACTS = {
    "purpose": (purpose("research"), "research", "war"),
    "spatial": (limit("spatial", "isPartOf", "CN-32"), "CN-32-01", "CN-33"),
}


@pytest.mark.parametrize(("record", "refused"), VERBS)
@pytest.mark.parametrize("name", FACTS)
def test_a_fact_that_the_terms_ask_for_is_stated_and_right(
    world, asset, people, record, refused, name
):
    constraint, right, wrong = FACTS[name]
    grant = issue(world, asset, *people[:2], permit("read", constraint))
    assert refused(world, grant, people[1]) == "unknown_facts"
    assert refused(world, grant, people[1], **{name: wrong}) == "outside_constraint"
    record(world, grant, people[1], **{name: right})


def test_a_place_has_its_own_form(world, asset, people):
    grant = issue(world, asset, *people[:2], permit("read", limit("spatial", "isPartOf", "CN")))
    assert use_refused(world, grant, people[1], spatial="Nanjing") == "malformed_fact"


def test_the_period_lies_wholly_in_the_term(world, asset, people):
    first, last = world.time + 10 * MS_PER_DAY, world.time + 20 * MS_PER_DAY
    grant = issue(world, asset, *people[:2], permit("read", since(first), until(last)))
    world.time = last - 1
    early = {"from": first - 1, "to": first + 5}
    assert use_refused(world, grant, people[1], **early) == "outside_term"
    use(world, grant, people[1], **{"from": first, "to": last - 1})


def test_a_period_does_not_step_over_the_end_of_a_term_of_one_permission(world, asset, people):
    """Something else is permitted on, so the grant is alive; reading is over."""
    last = world.time + 10 * MS_PER_DAY
    grant = issue(world, asset, *people[:2], permit("read", until(last)), permit("index"))
    world.time = last + 10
    over = {"from": last - 5, "to": last + 1}
    assert use_refused(world, grant, people[1], **over) == "outside_term"
    use(world, grant, people[1], **{"from": last - 5, "to": last})


def test_a_period_does_not_bridge_a_gap_in_the_term(world, asset, people):
    first, second = world.time + 10 * MS_PER_DAY, world.time + 20 * MS_PER_DAY
    gap = {"or": [until(first), since(second)]}
    grant = issue(world, asset, *people[:2], permit("read", gap))
    world.time = second + 10
    bridge = {"from": first - 1, "to": second + 1}
    assert use_refused(world, grant, people[1], **bridge) == "outside_constraint"
    use(world, grant, people[1], **{"from": first - 1, "to": first})
    use(world, grant, people[1], **{"from": second, "to": second + 1})


def test_a_period_does_not_pass_over_a_prohibition_for_a_time(world, asset, people):
    first = world.time + 10 * MS_PER_DAY
    barred = forbid("read", since(first), until(first + 5))
    grant = issue(world, asset, *people[:2], permit("read"), prohibition=[barred])
    world.time = first + 10
    over = {"from": first - 1, "to": first + 6}
    assert use_refused(world, grant, people[1], **over) == "prohibited"
    use(world, grant, people[1], **{"from": first - 1, "to": first})
    use(world, grant, people[1], **{"from": first + 5, "to": first + 6})

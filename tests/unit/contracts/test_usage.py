"""Usage: metered against the count and the period of a grant, by its grantee, never backwards."""

import pytest

from contracts.records import parse_record
from contracts.usage import Usage, UsageBatch
from ledger.core.limits import MAX_SAFE_INTEGER
from ledger.errors import MalformedError
from tests.support.grants import (
    accept,
    batch_body,
    chain_of,
    forbid,
    grant_state,
    issue,
    limit,
    onward,
    permit,
    purpose,
    registered,
    revoke,
    since,
    suspend,
    times,
    until,
    use,
    use_batch,
    use_batch_refused,
    use_body,
    use_refused,
)
from tests.support.holds import freeze, unfreeze
from tests.support.people import MS_PER_DAY
from tests.support.world import World

VERBS = [(use, use_refused), (use_batch, use_batch_refused)]


@pytest.fixture
def world():
    return World()


@pytest.fixture
def people(world):
    return [world.enroll(f"p{n}") for n in range(4)]


@pytest.fixture
def asset(world, people):
    return registered(world, people[0])


@pytest.fixture
def grant(world, asset, people):
    return issue(world, asset, *people[:2])


def meters(world, grant):
    return grant_state(world, grant).meters


# Recording


@pytest.mark.parametrize("record", [use, use_batch])
def test_usage_goes_into_the_meters_of_its_grant_and_touches_nothing_else(
    world, asset, people, grant, record
):
    before = world.all_states()
    first = record(world, grant, people[1], "read", 3)
    record(world, grant, people[1], "read", 4)
    record(world, grant, people[1], "derive", 1)
    assert meters(world, grant) == {"read": 7, "derive": 1}
    after = world.all_states()
    assert {name for name, state in after.items() if before.get(name) != state} == {grant}
    assert world.log.places(grant)[-3] == first
    assert world.log.places(asset.asset)[-1] < first


def test_the_end_of_the_period_is_kept_for_each_action(world, people, grant):
    use(world, grant, people[1], "read")
    end = world.time - 1000
    assert grant_state(world, grant).periods == {"read": end}
    use(world, grant, people[1], "index", to=end)
    assert grant_state(world, grant).periods == {"read": end, "index": end}


# Who, and when not


@pytest.mark.parametrize(("record", "refused"), VERBS)
def test_only_the_grantee_records(world, people, grant, record, refused):
    for other in (people[0], people[2]):
        assert refused(world, grant, other) == "wrong_role"
    record(world, grant, people[1])


@pytest.mark.parametrize(("record", "refused"), VERBS)
def test_under_a_frozen_asset_nothing_is_recorded(world, asset, people, grant, record, refused):
    order = freeze(world, asset)
    assert refused(world, grant, people[1]) == "frozen"
    unfreeze(world, asset, order)
    record(world, grant, people[1])


@pytest.mark.parametrize(("record", "refused"), VERBS)
def test_a_suspended_grantee_records_nothing(world, people, grant, record, refused):
    suspend(world, people[1])
    assert refused(world, grant, people[1]) == "suspended"
    suspend(world, people[1], lift=True)
    record(world, grant, people[1])


@pytest.mark.parametrize(("record", "refused"), VERBS)
def test_who_has_left_records_nothing(world, people, grant, record, refused):
    record(world, grant, people[1])
    world.do("party.exit", {}, people[1])
    assert refused(world, grant, people[1]) == "exited"


@pytest.mark.parametrize(("record", "refused"), VERBS)
def test_under_a_revoked_grant_nothing_is_recorded(world, people, grant, record, refused):
    record(world, grant, people[1])
    revoke(world, grant, people[0])
    assert refused(world, grant, people[1]) == "grant_revoked"


@pytest.mark.parametrize(("record", "refused"), VERBS)
def test_under_an_offer_nothing_is_recorded_before_it_is_accepted(
    world, asset, people, record, refused
):
    offer = issue(world, asset, *people[:2], kind="Offer")
    assert refused(world, offer, people[1]) == "grant_offered"
    accept(world, offer, people[1])
    record(world, offer, people[1])


def test_below_a_dead_grant_and_after_the_registration_nothing_is_recorded(world, asset, people):
    keys = chain_of(world, asset, *people)
    use(world, keys[2], people[3])
    revoke(world, keys[1], people[1])
    assert use_refused(world, keys[2], people[3]) == "grant_revoked"
    world.revoke(asset, world.asset(asset).voucher)
    assert use_refused(world, keys[0], people[1]) == "no_operate_right"


def test_under_an_unknown_grant_nothing_is_recorded(world, people, grant):
    body = use_body(world, grant) | {"grant": "grant/" + "a" * 26}
    assert world.refused("usage.record", body, people[1]) == "unknown_subject"


# Counters


@pytest.mark.parametrize(("record", "refused"), VERBS)
@pytest.mark.parametrize("total", [1, 4, 6])
def test_the_total_is_what_was_recorded_and_what_is_added(
    world, people, grant, record, refused, total
):
    use(world, grant, people[1], count=3)
    assert refused(world, grant, people[1], count=2, total=total) == "counter"
    record(world, grant, people[1], count=2, total=5)


def test_each_action_has_its_own_total(world, people, grant):
    use(world, grant, people[1], "read", 3)
    assert use_refused(world, grant, people[1], "derive", 2, total=5) == "counter"
    use(world, grant, people[1], "derive", 2, total=2)


@pytest.mark.parametrize(("record", "refused"), VERBS)
def test_periods_do_not_overlap(world, people, grant, record, refused):
    use(world, grant, people[1])
    end = grant_state(world, grant).periods["read"]
    for start in (end - 1, end - 500):
        assert refused(world, grant, people[1], **{"from": start}) == "counter"
    record(world, grant, people[1], **{"from": end})


def test_periods_of_two_actions_may_overlap(world, people, grant):
    start, end = world.time - 1000, world.time
    for action in ("read", "derive"):
        use(world, grant, people[1], action, **{"from": start, "to": end})
        assert use_refused(
            world, grant, people[1], action, **{"from": start, "to": end}
        ) == "counter"  # fmt: skip


@pytest.mark.parametrize(("record", "refused"), VERBS)
def test_a_period_does_not_reach_into_the_future(world, people, grant, record, refused):
    assert refused(world, grant, people[1], to=world.time + 1) == "counter"
    record(world, grant, people[1], to=world.time)


@pytest.mark.parametrize("length", [0, -1])
def test_a_period_is_not_empty(world, people, grant, length):
    end = world.time
    assert use_refused(world, grant, people[1], **{"from": end - length, "to": end}) == "counter"
    use(world, grant, people[1], **{"from": end - 1, "to": end})


@pytest.mark.parametrize(("record", "refused"), VERBS)
def test_no_period_begins_before_the_grant_did(world, asset, people, record, refused):
    grant = issue(world, asset, *people[:2], kind="Offer")
    accept(world, grant, people[1])
    begun = grant_state(world, grant).status[-1].start
    assert begun > grant_state(world, grant).status[0].start
    assert refused(world, grant, people[1], **{"from": begun - 1}) == "counter"
    record(world, grant, people[1], **{"from": begun})


def test_the_sentence_names_the_total_and_the_first_instant(world, people, grant):
    use(world, grant, people[1], "read", 7)
    first = grant_state(world, grant).periods["read"]
    body = use_body(world, grant, "read", 1, total=1)
    event = world.event("usage.record", body, people[1])
    with pytest.raises(Exception, match=f"read is 7 so far.* from {first} on"):
        world.log.builder().add(world.sign(event, people[1].key), world.time)


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


# Forms


WRONG = {
    "no unit": {"count": 0},
    "less than none": {"count": -1},
    "too many": {"count": MAX_SAFE_INTEGER + 1},
    "a total of none": {"total": 0},
    "before the epoch": {"from": -1},
    "no action": {"action": ""},
    "a long action": {"action": "a" * 65},
    "an empty purpose": {"purpose": ""},
    "a long purpose": {"purpose": "p" * 201},
    "a fact that it cannot state": {"industry": "transport"},
    "no grant": {"grant": "asset/" + "a" * 26},
    "a fraction": {"count": 1.5},
}
WRONG_BATCHES = {
    "another form": {"form": "usage-lines/2"},
    "a short root": {"root": "ab"},
    "no line": {"lines": 0},
}


LEAST = {
    "from": 0, "to": 0, "count": 1, "total": 1, "action": "a", "purpose": "p", "spatial": "s",
}  # fmt: skip
MOST = {
    "from": MAX_SAFE_INTEGER, "to": MAX_SAFE_INTEGER, "count": MAX_SAFE_INTEGER,
    "total": MAX_SAFE_INTEGER, "action": "a" * 64, "purpose": "p" * 200, "spatial": "s" * 200,
}  # fmt: skip


@pytest.mark.parametrize("changes", [LEAST, MOST], ids=["least", "most"])
def test_a_body_reaches_to_its_limits(world, grant, changes):
    assert parse_record(Usage, use_body(world, grant) | changes)


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_usage_of_another_form_is_malformed(world, grant, changes):
    for cls, body in ((Usage, use_body(world, grant)), (UsageBatch, batch_body(world, grant))):
        parse_record(cls, body)
        with pytest.raises(MalformedError):
            parse_record(cls, body | changes)


@pytest.mark.parametrize("changes", WRONG_BATCHES.values(), ids=WRONG_BATCHES)
def test_a_batch_of_another_form_is_malformed(world, grant, changes):
    with pytest.raises(MalformedError):
        parse_record(UsageBatch, batch_body(world, grant) | changes)


def test_a_record_has_no_lines_and_a_batch_has(world, grant):
    with pytest.raises(MalformedError):
        parse_record(Usage, batch_body(world, grant))
    with pytest.raises(MalformedError):
        parse_record(UsageBatch, use_body(world, grant))

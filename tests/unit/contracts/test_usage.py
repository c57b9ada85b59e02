"""Usage: metered against the count and the period of a grant, by its grantee, never backwards."""

import re

import pytest

from contracts.clocks import format_instant
from contracts.records import parse_record
from contracts.usage import Usage, UsageBatch
from ledger.core.limits import MAX_SAFE_INTEGER
from ledger.errors import MalformedError
from tests.support.grants import (
    accept,
    batch_body,
    chain_of,
    grant_state,
    issue,
    revoke,
    suspend,
    use,
    use_batch,
    use_batch_refused,
    use_body,
    use_refused,
)
from tests.support.holds import freeze, unfreeze

VERBS = [(use, use_refused), (use_batch, use_batch_refused)]


@pytest.fixture
def world(solo):
    return solo


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
    after = world.time
    assert refused(world, grant, people[1]) == "frozen_then"
    world.time += 1000
    record(world, grant, people[1], **{"from": after})


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


@pytest.mark.parametrize(("record", "refused"), VERBS)
def test_a_period_in_which_the_asset_was_frozen_is_not_recorded(
    world, asset, people, grant, record, refused
):
    begun = grant_state(world, grant).status[-1].start
    start = world.time
    order = freeze(world, asset)
    end = world.time
    unfreeze(world, asset, order)
    for period in ((begun, start + 1), (start, end), (end - 1, end + 1), (begun, end + 1)):
        over = {"from": period[0], "to": period[1]}
        assert refused(world, grant, people[1], **over) == "frozen_then"
    record(world, grant, people[1], **{"from": begun, "to": start})
    record(world, grant, people[1], **{"from": end, "to": end + 1})


def test_a_freeze_that_was_dropped_from_the_list_may_have_been_in_the_period(
    world, asset, people, grant
):
    """More freezes than a list keeps: what was in force between them is not known any more."""
    begun = grant_state(world, grant).status[-1].start
    for _ in range(66):
        unfreeze(world, asset, freeze(world, asset))
    mark = world.asset(asset).complete_from["freezes"]
    first = world.asset(asset).freezes[0].start
    assert mark < first
    early = {"from": begun, "to": begun + 1}
    assert use_refused(world, grant, people[1], **early) == "unknown_then"
    use(world, grant, people[1], **{"from": mark, "to": first})


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
    since = re.escape(format_instant(first))
    said = f"read is 7 so far.* from {since} on.*: say from {since} or later.*, and a total of 8"
    with pytest.raises(Exception, match=said):
        world.log.builder().add(world.sign(event, people[1].key), world.time)


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


@pytest.mark.parametrize("lines", [4, 10**6])
def test_no_batch_has_more_lines_than_units(world, people, grant, lines):
    assert use_batch_refused(world, grant, people[1], count=3, lines=lines) == "lines"
    use_batch(world, grant, people[1], count=3, lines=3)


def test_a_record_has_no_lines_and_a_batch_has(world, grant):
    with pytest.raises(MalformedError):
        parse_record(Usage, batch_body(world, grant))
    with pytest.raises(MalformedError):
        parse_record(UsageBatch, use_body(world, grant))

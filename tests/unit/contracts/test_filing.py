"""Filings of important data: who files, what they cover, how they end, and deliveries under them."""

import pytest

from contracts.intervals import current
from ledger.core.entry import decode_leaf
from ledger.errors import MalformedError, RejectedError
from tests.support.assessments import (
    end_body,
    entry,
    file_important,
    filing_body,
    filing_state,
    publish_list,
)
from tests.support.grants import (
    admit,
    chain_of,
    issue,
    registered,
    revoke,
    send,
    send_body,
    send_refused,
    suspend,
)
from tests.support.holds import freeze_body
from tests.support.people import MS_PER_DAY, claim
from tests.support.world import World


@pytest.fixture
def world(solo):
    return solo


@pytest.fixture
def asset(world, people):
    return registered(world, people[0], level="important")


@pytest.fixture
def grant(world, people, asset):
    return issue(world, asset, *people[:2])


def in_force(world, asset):
    return [value["filing"] for value in current(world.asset(asset).filings)]


# Filing


def test_it_says_what_was_filed_and_is_in_force_at_once(world, people, asset):
    index = world.log.head.size
    until = world.time + MS_PER_DAY
    key = file_important(world, asset, people[0], recipient=people[1].party, purpose="a study")
    state, time = filing_state(world, key), decode_leaf(world.log.leaves[index]).time
    assert (state.asset, state.filer, state.recipient, state.grant) == (
        asset.asset,
        people[0].party,
        people[1].party,
        None,
    )
    assert (state.purpose, state.document, state.until, state.ground) == (
        "a study",
        "d0" * 32,
        until,
        None,
    )
    (held,), (noted,) = state.status, world.asset(asset).filings
    assert (held.value, held.start, held.index) == ("in-force", time, index)
    assert noted.value == {"filing": key, "recipient": people[1].party, "until": until}
    assert (noted.start, noted.end, noted.index) == (time, None, index)


def test_it_touches_itself_the_asset_and_the_grant_it_names(world, people, asset, grant):
    before = world.all_states()
    key = file_important(world, asset, people[0], grant=grant)
    after = world.all_states()
    subjects = set(decode_leaf(world.log.leaves[-2]).signed.event.subjects)
    assert subjects == {key, asset.asset, grant}
    assert {each for each in after if after[each] != before.get(each)} == {key, asset.asset}


def test_with_a_grant_it_is_for_its_grantee(world, people, asset, grant):
    key = file_important(world, asset, people[0], grant=grant)
    assert filing_state(world, key).recipient == people[1].party
    body = filing_body(world, asset, grant=grant, recipient=people[2].party)
    assert world.refused("filing.important", body, people[0]) == "wrong_parts"
    other = issue(world, registered(world, people[0]), *people[:2])
    body = filing_body(world, asset, grant=other)
    assert world.refused("filing.important", body, people[0]) == "wrong_parts"
    revoke(world, grant, people[0])
    body = filing_body(world, asset, grant=grant)
    assert world.refused("filing.important", body, people[0]) == "grant_revoked"


def test_it_is_found_by_its_asset_its_filer_and_its_recipient(world, people, asset):
    key = file_important(world, asset, people[0], recipient=people[1].party)
    listing = filing_state(world, key).describe(key)
    assert (listing.label, listing.status) == ("research", "in-force")
    assert set(listing.terms) == {asset.asset, people[0].party, people[1].party}


def test_only_who_may_operate_the_data_files(world, people, asset, grant):
    body = filing_body(world, asset)
    for actor in (people[1], people[2], world.regulator):
        assert world.refused("filing.important", body, actor) == "no_operate_right"
    held = world.published(people[2])
    important = world.classification(level="important")
    world.record(held, [claim(people[2], "use")], classification=important)
    body = filing_body(world, held)
    assert world.refused("filing.important", body, people[2]) == "no_operate_right"


def test_nobody_files_under_an_expired_voucher(world, people, asset):
    world.time = world.voucher(world.asset(asset).voucher).valid_until
    body = filing_body(world, asset)
    assert world.refused("filing.important", body, people[0]) == "no_operate_right"


def test_data_that_is_not_important_is_not_filed(world, people):
    general = registered(world, people[0], level="general-4")
    body = filing_body(world, general)
    assert world.refused("filing.important", body, people[0]) == "not_important"
    publish_list(world, "important-data", entry(asset=general.asset))
    file_important(world, general, people[0])


def test_its_end_is_still_to_come(world, people, asset):
    for until in (world.time, world.time - 1):
        body = filing_body(world, asset, until=until)
        assert world.refused("filing.important", body, people[0]) == "term_over"


def test_a_recipient_is_enrolled_and_an_asset_is_there(world, people, asset):
    for changes in ({"recipient": f"party/{'a' * 26}"}, {"asset": f"asset/{'a' * 26}"}):
        body = filing_body(world, asset, **changes)
        assert world.refused("filing.important", body, people[0]) == "unknown_subject"
    body = filing_body(world, asset, grant=f"grant/{'a' * 26}")
    assert world.refused("filing.important", body, people[0]) == "unknown_subject"


def test_who_is_suspended_files_nothing(world, people, asset):
    suspend(world, people[0])
    assert world.refused("filing.important", filing_body(world, asset), people[0]) == "suspended"


MANGLINGS = {
    "no purpose": {"purpose": ""},
    "a long purpose": {"purpose": "x" * 2001},
    "a document that is no digest": {"document": "d0"},
    "no end": {"until": None},
    "another member": {"price": 1},
}


@pytest.mark.parametrize("change", MANGLINGS.values(), ids=MANGLINGS.keys())
def test_a_body_of_another_form_is_refused(world, people, asset, change):
    with pytest.raises(MalformedError):
        world.do("filing.important", filing_body(world, asset) | change, people[0])


def test_what_is_over_makes_room_and_what_is_in_force_leaves_room_for_orders(world, people, asset):
    first = file_important(world, asset, people[0], until=world.time + 2000)
    end = filing_state(world, first).until
    second = file_important(world, asset, people[0])
    assert in_force(world, asset) == [first, second]
    world.time = end
    third = file_important(world, asset, people[0])
    assert in_force(world, asset) == [second, third]
    assert world.asset(asset).filings[0].end == end
    refused = None
    for _ in range(80):
        body = filing_body(world, asset, recipient=people[1].party)
        try:
            world.do("filing.important", body, people[0])
        except RejectedError as exc:
            refused = exc.reason
            break
    assert refused == "state_full"
    world.do("order.freeze", freeze_body(world, asset), world.regulator)


# Its end


def test_its_filer_withdraws_it_and_a_regulator_objects():
    world = World("national-2026")
    ann = world.enroll("ann")
    asset = registered(world, ann, level="important")
    for actor, status in ((ann, "withdrawn"), (world.regulator, "objected")):
        key = file_important(world, asset, ann)
        body = end_body(asset, key)
        index = world.do("filing.end", body, actor)
        made, ended = filing_state(world, key).status
        assert (made.end, ended.value, ended.index) == (ended.start, status, index)
        assert filing_state(world, key).ground == "not needed any more"
        assert in_force(world, asset) == []
        assert world.refused("filing.end", body, actor) == "already_ended"


def test_nobody_else_ends_it():
    world = World("national-2026")
    ann, ben = world.enroll("ann"), world.enroll("ben")
    asset = registered(world, ann, level="important")
    body = end_body(asset, file_important(world, asset, ann, recipient=ben.party))
    for actor in (ben, world.registrar, world.operator):
        assert world.refused("filing.end", body, actor) == "wrong_role"


def test_it_is_ended_of_the_asset_it_is_for(world, people, asset):
    key = file_important(world, asset, people[0])
    other = registered(world, people[0], level="important")
    assert world.refused("filing.end", end_body(other, key), people[0]) == "wrong_parts"
    unknown = f"filing/{'a' * 26}"
    assert world.refused("filing.end", end_body(asset, unknown), people[0]) == "unknown_subject"


def test_one_that_is_over_and_made_room_is_ended_too(world, people, asset):
    key = file_important(world, asset, people[0], until=world.time + 1)
    file_important(world, asset, people[0])
    assert key not in in_force(world, asset)
    world.do("filing.end", end_body(asset, key), people[0])
    assert current(filing_state(world, key).status) == ("withdrawn",)


# Deliveries under it


def test_important_data_is_delivered_under_a_filing(world, people, asset, grant):
    assert send_refused(world, grant, people[0]) == "important_filing"
    key = file_important(world, asset, people[0])
    assert send_refused(world, grant, people[0]) == "important_filing"  # it has to be named
    for _ in range(2):
        assert send(world, grant, people[0], filing=key)


COVERED = {
    "anybody": ({}, True),
    "the recipient": ({"recipient": 1}, True),
    "another recipient": ({"recipient": 2}, False),
    "the grant": ({"grant": True}, True),
}


@pytest.mark.parametrize(("named", "is_covered"), COVERED.values(), ids=COVERED.keys())
def test_a_filing_covers_whom_it_names(world, people, asset, grant, named, is_covered):
    parts = {}
    if "recipient" in named:
        parts["recipient"] = people[named["recipient"]].party
    if "grant" in named:
        parts["grant"] = grant
    key = file_important(world, asset, people[0], **parts)
    if is_covered:
        assert send(world, grant, people[0], filing=key)
    else:
        assert send_refused(world, grant, people[0], filing=key) == "important_filing"


def test_a_filing_for_one_grant_covers_no_other(world, people, asset, grant):
    key = file_important(world, asset, people[0], grant=grant)
    other = issue(world, asset, *people[:2])
    assert send_refused(world, other, people[0], filing=key) == "important_filing"
    assert send(world, grant, people[0], filing=key)


def test_a_filing_of_other_data_covers_nothing_here(world, people, grant):
    other = registered(world, people[0], level="important")
    key = file_important(world, other, people[0])
    assert send_refused(world, grant, people[0], filing=key) == "important_filing"
    unknown = f"filing/{'a' * 26}"
    assert send_refused(world, grant, people[0], filing=unknown) == "unknown_subject"


def test_a_filing_covers_until_its_end(world, people, asset, grant):
    key = file_important(world, asset, people[0])
    until = filing_state(world, key).until
    body = send_body(world, grant, filing=key)
    world.time = until - 1
    event = world.event("delivery.send", body, people[0])
    world.log.builder().add(world.sign(event, people[0].key), world.time)
    world.time = until
    assert world.refused("delivery.send", body, people[0]) == "important_filing"


def test_a_filing_that_was_ended_covers_nothing(world, people, asset, grant):
    key = file_important(world, asset, people[0])
    world.do("filing.end", end_body(asset, key), people[0])
    assert send_refused(world, grant, people[0], filing=key) == "important_filing"


def test_an_operator_s_filing_covers_what_a_grantee_hands_on(world, people, asset):
    _, below = chain_of(world, asset, *people[:3])
    key = file_important(world, asset, people[0], recipient=people[2].party)
    assert send_refused(world, below, people[1]) == "important_filing"
    assert send(world, below, people[1], filing=key)


def test_a_filing_named_without_need_is_held_to_the_same(world, people):
    general = registered(world, people[0])
    grant = issue(world, general, *people[:2])
    important = registered(world, people[0], level="important")
    key = file_important(world, important, people[0])
    assert send_refused(world, grant, people[0], filing=key) == "important_filing"


def test_public_data_of_an_authorised_body_is_filed_like_any_other(world, people):
    admit(world, people[0])
    important = registered(world, people[0], level="important")
    assert file_important(world, important, people[0])

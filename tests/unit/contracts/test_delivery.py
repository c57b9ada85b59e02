"""Deliveries: under a live grant, from its grantor to its grantee, countersigned by the same root."""

import pytest

from contracts.delivery import Receive, Send
from contracts.intervals import current
from contracts.records import parse_record
from ledger.core.limits import MAX_SAFE_INTEGER
from ledger.core.rules import Listing
from ledger.errors import MalformedError
from tests.support.grants import (
    accept,
    chain_of,
    copy,
    delivery_state,
    forbid,
    issue,
    limit,
    onward,
    permit,
    receive,
    receive_body,
    receive_refused,
    registered,
    revoke,
    send,
    send_body,
    send_refused,
    suspend,
    until,
)
from tests.support.holds import freeze, unfreeze
from tests.support.people import MS_PER_DAY

OTHER = "delivery/" + "a" * 26


@pytest.fixture
def world(solo):
    return solo


@pytest.fixture
def grant(world, asset, people):
    return issue(world, asset, *people[:2])


# Sending


def test_a_delivery_says_under_which_grant_what_went_from_whom_to_whom(world, asset, people, grant):
    before = world.all_states()
    key = send(world, grant, people[0])
    made = delivery_state(world, key)
    assert (made.grant, made.asset) == (grant, asset.asset)
    assert (made.sender, made.recipient) == (people[0].party, people[1].party)
    assert (made.copy.form, made.copy.root, made.copy.count) == tuple(copy().values())
    assert current(made.status) == ("sent",)
    after = world.all_states()
    assert {name for name, state in after.items() if before.get(name) != state} == {key}
    assert {world.log.places(name)[-1] for name in (key, grant, asset.asset)} == {
        made.status[0].index
    }


def test_people_find_a_delivery_by_its_parts(world, asset, people, grant):
    key = send(world, grant, people[0])
    terms = (asset.asset, grant, people[0].party, people[1].party)
    assert delivery_state(world, key).describe(key) == Listing(key[9:], "sent", terms)


def test_only_the_grantor_delivers(world, people, grant):
    for other in people[1:]:
        assert send_refused(world, grant, other) == "wrong_parts"
    assert send(world, grant, people[0])


def test_only_to_the_grantee_and_only_the_licensed_asset(world, people, grant):
    other = registered(world, people[0])
    assert send_refused(world, grant, people[0], recipient=people[2].party) == "wrong_parts"
    assert send_refused(world, grant, people[0], asset=other.asset) == "wrong_parts"
    unknown = {"asset": "asset/" + "a" * 26}
    assert send_refused(world, grant, people[0], **unknown) == "unknown_subject"
    assert send(world, grant, people[0])


def test_nothing_is_delivered_under_an_unknown_grant(world, people, grant):
    body = send_body(world, grant, grant="grant/" + "a" * 26)
    assert world.refused("delivery.send", body, people[0]) == "unknown_subject"


def test_nothing_is_delivered_under_an_offer_before_it_is_accepted(world, asset, people):
    offer = issue(world, asset, *people[:2], kind="Offer")
    assert send_refused(world, offer, people[0]) == "grant_offered"
    accept(world, offer, people[1])
    assert send(world, offer, people[0])


def test_nothing_is_delivered_under_a_revoked_grant(world, people, grant):
    assert send(world, grant, people[0])
    revoke(world, grant, people[0])
    assert send_refused(world, grant, people[0]) == "grant_revoked"


def test_nothing_is_delivered_out_of_term(world, asset, people):
    end = world.time + 10 * MS_PER_DAY
    grant = issue(world, asset, *people[:2], permit("use", until(end)))
    world.time = end - 1
    assert send(world, grant, people[0])
    world.time = end
    assert send_refused(world, grant, people[0]) == "grant_expired"


def test_nothing_is_delivered_below_a_dead_grant(world, asset, people):
    keys = chain_of(world, asset, *people)
    assert send(world, keys[2], people[2])
    revoke(world, keys[0], people[0])
    assert send_refused(world, keys[2], people[2]) == "grant_revoked"


def test_nothing_is_delivered_once_the_registration_has_ended(world, people, asset, grant):
    world.revoke(asset, world.asset(asset).voucher)
    assert send_refused(world, grant, people[0]) == "no_operate_right"


def test_a_frozen_asset_is_not_delivered(world, people, asset, grant):
    order = freeze(world, asset)
    assert send_refused(world, grant, people[0]) == "frozen"
    unfreeze(world, asset, order)
    assert send(world, grant, people[0])


def test_a_suspended_grantor_delivers_nothing(world, people, grant):
    suspend(world, people[0])
    assert send_refused(world, grant, people[0]) == "suspended"
    suspend(world, people[0], lift=True)
    assert send(world, grant, people[0])


def test_important_data_is_not_delivered_without_its_filing(world, people):
    important = registered(world, people[0], level="important")
    grant = issue(world, important, *people[:2])
    assert send_refused(world, grant, people[0]) == "important_filing"
    general = registered(world, people[0], level="general-4")
    assert send(world, issue(world, general, *people[:2]), people[0])


def test_who_took_the_right_over_delivers_and_who_gave_it_away_does_not(
    world, asset, people, grant
):
    world.transfer(asset, (people[0], people[3], "operate"))
    assert send_refused(world, grant, people[0]) == "wrong_parts"
    key = send(world, grant, people[3])
    assert delivery_state(world, key).sender == people[3].party
    receive(world, key, people[1])


def test_an_onward_copy_is_delivered_by_who_issued_its_grant(world, asset, people):
    top = issue(world, asset, *people[:2], permit("use"), onward())
    below = issue(world, asset, *people[1:3], parent=top)
    world.transfer(asset, (people[0], people[3], "operate"))
    for other in (people[0], people[3]):
        assert send_refused(world, below, other) == "wrong_parts"
    assert send(world, below, people[1])


def test_who_may_license_but_not_hand_on_copies_delivers_none(world, asset, people):
    rules = [permit("use"), onward(action="grantUse")]
    barred = [forbid("distribute")]
    top = issue(world, asset, *people[:2], *rules, prohibition=barred)
    below = issue(world, asset, *people[1:3], permit("read"), parent=top, prohibition=barred)
    assert send_refused(world, below, people[1]) == "prohibited"
    assert send(world, top, people[0])
    free = issue(world, asset, *people[:2], *rules)
    assert send(world, issue(world, asset, *people[1:3], parent=free), people[1])


def test_copies_that_one_recipient_may_not_have_go_to_another(world, asset, people):
    barred = [forbid("distribute", limit("recipient", "eq", people[2].party))]
    rules = [permit("use"), onward(action="grantUse")]
    top = issue(world, asset, *people[:2], *rules, prohibition=barred)
    below, other = (
        issue(world, asset, people[1], taker, parent=top, prohibition=barred)
        for taker in people[2:]
    )
    assert send_refused(world, below, people[1]) == "prohibited"
    assert send(world, other, people[1])


def test_several_copies_may_be_delivered_under_one_grant(world, people, grant):
    keys = [send(world, grant, people[0], copy=copy(label)) for label in "abc"]
    assert len({delivery_state(world, key).copy.root for key in keys}) == 3


WRONG_SENDS = {
    "another form": {"copy": copy() | {"form": "blocks/1"}},
    "no root": {"copy": {"form": "salted-blocks/1", "count": 1}},
    "a short root": {"copy": copy() | {"root": "ab"}},
    "no block": {"copy": copy(count=0)},
    "too many blocks": {"copy": copy(count=MAX_SAFE_INTEGER + 1)},
    "a member more": {"note": "x"},
    "another kind of subject": {"grant": "asset/" + "a" * 26},
    "no recipient": {"recipient": None},
}


@pytest.mark.parametrize("count", [1, MAX_SAFE_INTEGER])
def test_a_copy_has_one_block_or_more(world, people, grant, count):
    key = send(world, grant, people[0], copy=copy(count=count))
    assert delivery_state(world, key).copy.count == count


@pytest.mark.parametrize("changes", WRONG_SENDS.values(), ids=WRONG_SENDS)
def test_a_delivery_of_another_form_is_malformed(world, grant, changes):
    body = send_body(world, grant)
    parse_record(Send, body)
    with pytest.raises(MalformedError):
        parse_record(Send, body | changes)


# Receiving


def test_the_recipient_countersigns_the_root_once(world, people, grant):
    key = send(world, grant, people[0])
    receive(world, key, people[1])
    made = delivery_state(world, key)
    assert [each.value for each in made.status] == ["sent", "received"]
    assert receive_refused(world, key, people[1]) == "wrong_role"


def test_nobody_else_countersigns(world, people, grant):
    key = send(world, grant, people[0])
    for other in (people[0], people[2]):
        assert receive_refused(world, key, other) == "wrong_role"
    receive(world, key, people[1])


WRONG_COPIES = {
    "another root": {"root": "0f" * 32},
    "another count": {"count": 4},
}


@pytest.mark.parametrize("changes", WRONG_COPIES.values(), ids=WRONG_COPIES)
def test_another_copy_is_not_countersigned(world, people, grant, changes):
    key = send(world, grant, people[0])
    assert receive_refused(world, key, people[1], copy=copy() | changes) == "wrong_copy"
    receive(world, key, people[1])


def test_a_receipt_names_the_grant_and_the_asset_of_its_delivery(world, asset, people, grant):
    key = send(world, grant, people[0])
    other = issue(world, asset, *people[:2])
    assert receive_refused(world, key, people[1], grant=other) == "wrong_parts"
    elsewhere = registered(world, people[0]).asset
    assert receive_refused(world, key, people[1], asset=elsewhere) == "wrong_parts"
    body = receive_body(world, key, delivery=OTHER)
    assert world.refused("delivery.receive", body, people[1]) == "unknown_subject"
    receive(world, key, people[1])


def test_what_was_sent_in_time_is_countersigned_later_whatever_has_ended(
    world, asset, people, grant
):
    frozen, revoked, ended = (send(world, grant, people[0]) for _ in range(3))
    order = freeze(world, asset)
    receive(world, frozen, people[1])
    unfreeze(world, asset, order)
    revoke(world, grant, people[0])
    receive(world, revoked, people[1])
    world.revoke(asset, world.asset(asset).voucher)
    receive(world, ended, people[1])
    for key in (frozen, revoked, ended):
        assert current(delivery_state(world, key).status) == ("received",)


def test_a_suspended_recipient_countersigns_nothing(world, people, grant):
    key = send(world, grant, people[0])
    suspend(world, people[1])
    assert receive_refused(world, key, people[1]) == "suspended"
    suspend(world, people[1], lift=True)
    receive(world, key, people[1])


def test_a_receipt_touches_the_delivery_the_grant_and_the_asset(world, asset, people, grant):
    key = send(world, grant, people[0])
    before = world.all_states()
    index = receive(world, key, people[1])
    after = world.all_states()
    assert {name for name, state in after.items() if before.get(name) != state} == {key}
    assert {world.log.places(name)[-1] for name in (key, grant, asset.asset)} == {index}
    body = parse_record(Receive, receive_body(world, key))
    assert set(body.subjects(people[1].party, "x")) == {key, grant, asset.asset}


def test_who_has_left_neither_delivers_nor_countersigns(world, asset, people):
    top = issue(world, asset, *people[:2], permit("use"), onward())
    below = issue(world, asset, *people[1:3], parent=top)
    keys = [send(world, top, people[0]), send(world, below, people[1])]
    world.do("party.exit", {}, people[1])
    assert send_refused(world, below, people[1]) == "exited"
    assert receive_refused(world, keys[0], people[1]) == "exited"
    receive(world, keys[1], people[2])

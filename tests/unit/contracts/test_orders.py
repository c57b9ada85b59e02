"""Freezes: by whom, what they stop and what goes on, and how each ends by itself."""

import pytest

from contracts.intervals import current
from contracts.supervision import Order
from ledger.core.entry import decode_leaf
from ledger.errors import MalformedError
from tests.support.holds import (
    GROUND,
    freeze,
    freeze_body,
    held_by,
    unfreeze,
    unfreeze_body,
)
from tests.support.people import MS_PER_DAY
from tests.support.world import World


@pytest.fixture
def asset(world, ann):
    return held_by(world, ann)


def state(world, key):
    return world.state(Order, key)


def freezes(world, asset):
    return [value["order"] for value in current(world.asset(asset).freezes)]


def test_a_freeze_says_who_ordered_it_and_why(world, asset):
    index = world.log.head.size
    key = freeze(world, asset, document="d0" * 32)
    order, time = state(world, key), decode_leaf(world.log.leaves[index]).time
    assert (order.asset, order.regulator) == (asset.asset, world.regulator.party)
    assert (order.ground, order.document) == (GROUND, "d0" * 32)
    (status,), (noted,) = order.status, world.asset(asset).freezes
    assert (status.value, noted.value) == ("in-force", {"order": key})
    assert (status.start, status.index) == (noted.start, noted.index) == (time, index)


def test_a_freeze_without_a_document_names_none(world, asset):
    assert state(world, freeze(world, asset)).document is None


def test_it_is_found_by_its_ground_its_asset_and_the_regulator(world, asset):
    key = freeze(world, asset)
    listing = state(world, key).describe(key)
    assert (listing.label, listing.status) == (GROUND, "in-force")
    assert set(listing.terms) == {asset.asset, world.regulator.party}


def test_it_touches_itself_the_asset_and_its_live_voucher_and_nothing_else(world, asset):
    number = world.asset(asset).voucher
    before = world.all_states()
    key = freeze(world, asset)
    frozen = world.all_states()
    unfreeze(world, asset, key)
    lifted = world.all_states()
    for leaf in (world.log.leaves[-4], world.log.leaves[-2]):
        subjects = set(decode_leaf(leaf).signed.event.subjects)
        assert subjects == {key, asset.asset, f"voucher/{number}"}
    for old, new in ((before, frozen), (frozen, lifted)):
        assert {each for each in new if new[each] != old.get(each)} == {key, asset.asset}


def test_only_a_regulator_freezes_and_lifts(world, asset, ann):
    body = freeze_body(world, asset)
    lifting = unfreeze_body(world, asset, freeze(world, asset))
    for actor in (ann, world.registrar, world.operator):
        assert world.refused("order.freeze", body, actor) == "wrong_role"
        assert world.refused("order.unfreeze", lifting, actor) == "wrong_role"


def test_the_regulator_alone_signs(world, asset, ann):
    body = freeze_body(world, asset)
    keys = (world.regulator.key, ann.key)
    assert world.refused("order.freeze", body, world.regulator, *keys) == "wrong_signers"


def test_many_freezes_stand_at_once_and_each_ends_by_itself(world, asset):
    keys = [freeze(world, asset) for _ in range(3)]
    assert freezes(world, asset) == keys
    unfreeze(world, asset, keys[1])
    assert freezes(world, asset) == [keys[0], keys[2]]
    assert [current(state(world, key).status)[0] for key in keys] == [
        "in-force",
        "lifted",
        "in-force",
    ]
    for key in (keys[2], keys[0]):
        unfreeze(world, asset, key)
    assert freezes(world, asset) == []


def test_what_is_lifted_stays_on_record(world, asset):
    key = freeze(world, asset)
    world.time += MS_PER_DAY
    index = unfreeze(world, asset, key)
    time = decode_leaf(world.log.leaves[index]).time
    (noted,), (held, lifted) = world.asset(asset).freezes, state(world, key).status
    assert noted.end == held.end == lifted.start == time
    assert lifted.end is None


def test_what_is_lifted_is_not_lifted_again(world, asset):
    body = unfreeze_body(world, asset, freeze(world, asset))
    world.do("order.unfreeze", body, world.regulator)
    assert world.refused("order.unfreeze", body, world.regulator) == "already_lifted"


def test_an_order_is_lifted_on_the_asset_it_froze(world, asset, ann):
    key = freeze(world, asset)
    other = held_by(world, ann)
    body = unfreeze_body(world, other, key)
    assert world.refused("order.unfreeze", body, world.regulator) == "wrong_parts"
    body = unfreeze_body(world, asset, f"order/{'a' * 26}")
    assert world.refused("order.unfreeze", body, world.regulator) == "unknown_subject"


def test_only_an_asset_that_is_there_is_frozen(world, asset):
    body = freeze_body(world, asset, asset=f"asset/{'a' * 26}")
    assert world.refused("order.freeze", body, world.regulator) == "unknown_subject"


@pytest.mark.parametrize("kind", ["order.freeze", "order.unfreeze"])
def test_the_live_voucher_is_named_and_no_other(world, asset, ann, kind):
    order = freeze(world, asset)
    make = {"order.freeze": freeze_body, "order.unfreeze": unfreeze_body}[kind]
    parts = (world, asset) if kind == "order.freeze" else (world, asset, order)
    body = make(*parts)
    elsewhere = world.asset(held_by(world, ann)).voucher
    without = {name: value for name, value in body.items() if name != "voucher"}
    for wrong in (without, body | {"voucher": elsewhere}, body | {"voucher": "SJ3212026119999"}):
        assert world.refused(kind, wrong, world.regulator) == "not_live_voucher"
    world.do(kind, body, world.regulator)


def test_an_asset_without_a_live_voucher_is_frozen_without_naming_one(world, ann):
    filed = world.file(ann)
    body = freeze_body(world, filed)
    assert "voucher" not in body
    wrong = body | {"voucher": "SJ3212026119999"}
    assert world.refused("order.freeze", wrong, world.regulator) == "not_live_voucher"
    key = freeze(world, filed)
    assert freezes(world, filed) == [key]
    unfreeze(world, filed, key)
    assert freezes(world, filed) == []


def test_a_freeze_outlives_the_voucher_and_follows_the_asset(world, asset):
    key, number = freeze(world, asset), world.asset(asset).voucher
    world.revoke(asset, number)
    assert freezes(world, asset) == [key]
    body = unfreeze_body(world, asset, key)
    wrong = body | {"voucher": number}
    assert world.refused("order.unfreeze", wrong, world.regulator) == "not_live_voucher"
    unfreeze(world, asset, key)


def test_a_freeze_names_the_voucher_that_supersedes(world, asset, ann):
    before = world.asset(asset).voucher
    _, number = world.transfer(asset, (ann, world.enroll("ben"), "hold"))
    wrong = freeze_body(world, asset, voucher=before)
    assert world.refused("order.freeze", wrong, world.regulator) == "not_live_voucher"
    assert freeze_body(world, asset)["voucher"] == number
    freeze(world, asset)


def test_an_expired_voucher_is_live_until_something_replaces_it(world, asset):
    number = world.asset(asset).voucher
    world.time = world.voucher(number).valid_until
    assert freeze_body(world, asset)["voucher"] == number
    freeze(world, asset)


def test_a_ground_is_given_in_words(world, asset):
    for ground in ("", "x" * 2001, None):
        with pytest.raises(MalformedError, match="ground"):
            world.do("order.freeze", freeze_body(world, asset, ground=ground), world.regulator)


def test_a_suspended_party_can_be_frozen_too(world, asset, ann):
    world.do("party.suspend", {"party": ann.party, "ground": "inquiry"}, world.regulator)
    freeze(world, asset)
    assert len(world.asset(asset).freezes) == 1


def test_in_solo_the_one_who_does_everything_freezes_too():
    solo = World()
    asset = held_by(solo, solo.operator)
    key = freeze(solo, asset)
    unfreeze(solo, asset, key)
    assert freezes(solo, asset) == []

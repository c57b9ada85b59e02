"""Offers accepted, and grants taken back: by whom, and until when."""

import pytest

from contracts.chain import Grant
from contracts.intervals import current
from contracts.records import parse_record
from contracts.rulebook import KINDS
from ledger.errors import MalformedError
from tests.support.grants import (
    accept,
    accept_refused,
    grant_state,
    issue,
    permit,
    registered,
    revoke,
    revoke_body,
    revoke_refused,
    since,
    suspend,
    until,
)
from tests.support.holds import freeze, unfreeze
from tests.support.people import MS_PER_DAY
from tests.support.transfers import JUDGMENT


@pytest.fixture
def world(solo):
    return solo


@pytest.fixture
def asset(world, ann):
    return registered(world, ann)


def status(world, key):
    return current(grant_state(world, key).status)


# Accepting


def test_an_offer_is_live_from_its_acceptance_on(world, asset, ann, ben):
    key = issue(world, asset, ann, ben, kind="Offer")
    accept(world, key, ben)
    made = grant_state(world, key)
    assert [each.value for each in made.status] == ["offered", "live"]
    assert made.status[0].end == made.status[1].start
    assert world.log.places(key)[-1] not in world.log.places(asset.asset)


def test_only_the_grantee_accepts_and_once(world, asset, ann, ben, cy):
    key = issue(world, asset, ann, ben, kind="Offer")
    for other in (ann, cy):
        assert accept_refused(world, key, other) == "not_offered"
    accept(world, key, ben)
    assert accept_refused(world, key, ben) == "not_offered"


@pytest.mark.parametrize("kind", ["Agreement", "Set"])
def test_what_is_live_already_is_not_accepted(world, asset, ann, ben, kind):
    key = issue(world, asset, ann, ben, kind=kind)
    assert accept_refused(world, key, ben) == "not_offered"


def test_a_withdrawn_offer_is_not_accepted(world, asset, ann, ben):
    key = issue(world, asset, ann, ben, kind="Offer")
    revoke(world, key, ann)
    assert accept_refused(world, key, ben) == "not_offered"


def test_an_offer_whose_term_is_over_is_not_accepted_and_one_to_come_is(world, asset, ann, ben):
    end = world.time + 10 * MS_PER_DAY
    key = issue(world, asset, ann, ben, permit("use", until(end)), kind="Offer")
    to_come = issue(world, asset, ann, ben, permit("use", since(end + 1)), kind="Offer")
    last = issue(world, asset, ann, ben, permit("use", until(end)), kind="Offer")
    accept(world, to_come, ben)
    world.time = end - 1
    accept(world, last, ben)
    world.time = end
    assert accept_refused(world, key, ben) == "grant_expired"


def test_an_offer_is_not_accepted_while_the_asset_is_frozen(world, asset, ann, ben):
    key = issue(world, asset, ann, ben, kind="Offer")
    order = freeze(world, asset)
    assert accept_refused(world, key, ben) == "frozen"
    unfreeze(world, asset, order)
    accept(world, key, ben)


def test_an_offer_lapses_when_its_grantor_has_handed_the_right_on(world, asset, ann, ben, cy):
    keys = [issue(world, asset, ann, ben, kind="Offer") for _ in range(3)]
    accept(world, keys[0], ben)
    transfer = world.transfer(asset, (ann, cy, "operate"), ground=JUDGMENT)
    assert accept_refused(world, keys[1], ben) == "offer_lapsed"
    world.revoke(*transfer)
    assert accept_refused(world, keys[2], ben) == "no_operate_right"


def test_an_offer_of_who_may_not_act_is_not_accepted(world, asset, ann, ben):
    key = issue(world, asset, ann, ben, kind="Offer")
    suspend(world, ann)
    assert accept_refused(world, key, ben) == "offer_lapsed"
    suspend(world, ann, lift=True)
    accept(world, key, ben)


def test_an_unknown_grant_is_neither_accepted_nor_revoked(world, ben):
    key = "grant/" + "a" * 26
    assert accept_refused(world, key, ben) == "unknown_subject"
    assert revoke_refused(world, key, ben) == "unknown_subject"


# Taking it back


@pytest.mark.parametrize("kind", ["Offer", "Agreement", "Set"])
@pytest.mark.parametrize("ground", ["withdrawn", "breach", "agreed", "law"])
def test_the_grantor_revokes_once_on_a_ground(world, asset, ann, ben, kind, ground):
    key = issue(world, asset, ann, ben, kind=kind)
    revoke(world, key, ann, ground=ground, document="d0" * 32)
    assert status(world, key) == ("revoked",)
    assert revoke_refused(world, key, ann, ground=ground) == "already_revoked"


@pytest.mark.parametrize("changes", [{"ground": "mood"}, {"document": "d0"}, {"asset": "x"}])
def test_a_revocation_of_another_form_is_malformed(changes):
    with pytest.raises(MalformedError):
        parse_record(KINDS["grant.revoke"], revoke_body("grant/" + "a" * 26) | changes)


def test_nobody_else_revokes(world, asset, ann, ben, cy):
    key = issue(world, asset, ann, ben)
    for other in (ben, cy, world.regulator):
        assert revoke_refused(world, key, other) == "wrong_role"
    revoke(world, key, ann)


def test_who_took_the_right_over_revokes_and_who_gave_it_away_does_not(world, asset, ann, ben, cy):
    key = issue(world, asset, ann, ben)
    world.transfer(asset, (ann, cy, "operate"))
    assert revoke_refused(world, key, ann) == "wrong_role"
    revoke(world, key, cy)
    assert isinstance(grant_state(world, key), Grant)


def test_each_grant_is_revoked_by_who_has_its_own_right(world, ann, ben, cy):
    """ann's right goes to cy, then dan's comes to ann: her old grants are cy's, her new her own."""
    dan = world.enroll("dan")
    asset = registered(world, ann, dan, rights=["operate"])
    old = issue(world, asset, ann, ben)
    world.transfer(asset, (ann, cy, "operate"))
    world.transfer(asset, (dan, ann, "operate"))
    new = issue(world, asset, ann, ben)
    assert revoke_refused(world, old, ann) == "wrong_role"
    assert revoke_refused(world, new, cy) == "wrong_role"
    revoke(world, new, ann)
    revoke(world, old, cy)


def test_frozen_or_dead_grants_can_still_be_revoked(world, asset, ann, ben):
    frozen, dead = issue(world, asset, ann, ben), issue(world, asset, ann, ben)
    freeze(world, asset)
    revoke(world, frozen, ann)
    world.revoke(asset, world.asset(asset).voucher)
    revoke(world, dead, ann)
    ended = [world.state(Grant, key).status[-1].value for key in (frozen, dead)]
    assert ended == ["revoked", "revoked"]


def test_a_suspended_grantor_revokes_nothing(world, asset, ann, ben):
    key = issue(world, asset, ann, ben)
    suspend(world, ann)
    assert revoke_refused(world, key, ann) == "suspended"
    suspend(world, ann, lift=True)
    revoke(world, key, ann)

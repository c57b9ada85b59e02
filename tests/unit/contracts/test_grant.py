"""Grants at the top: offers, agreements, sets, and the right that they rest on."""

import pytest

from contracts.intervals import current
from ledger.core.subjects import derive_id
from tests.support.grants import (
    forbid,
    grant_state,
    issue,
    issue_as,
    issue_body,
    issue_refused,
    limit,
    onward,
    permit,
    policy,
    registered,
    since,
    suspend,
    until,
)
from tests.support.holds import freeze, unfreeze
from tests.support.people import MS_PER_DAY, Key, Person, claim
from tests.support.world import World

KIND = "grant.issue"
NOBODY = "party/" + "a" * 26
NONCE = "B" * 21 + "A"


@pytest.fixture
def world(solo):
    return solo


@pytest.fixture
def asset(world, ann):
    return registered(world, ann)


def recover(world, person):
    """New keys for a party, pending; gives when they come into effect, and the new key."""
    new = Key(f"new {person.label}")
    check = {"method": "m", "evidence": "0e" * 32}
    body = {"party": person.party, "add": [new.did], "remove": person.dids, "check": check}
    world.do("party.recover", body, world.registrar, world.registrar.key, new)
    return world.party(person).recovery.effective, new


def status(world, key):
    return current(grant_state(world, key).status)


# Issuing one


def test_an_agreement_is_live_at_once_and_says_who_what_and_under_which_terms(
    world, asset, ann, ben
):
    rules = permit("use", until(world.time + MS_PER_DAY))
    key = issue(world, asset, ann, ben, rules, obligation=[{"action": "delete"}])
    made = grant_state(world, key)
    assert (made.grantor, made.grantee, made.asset) == (ann.party, ben.party, asset.asset)
    assert (made.parent, made.via, made.depth) == (None, None, 1)
    assert made.policy == policy(asset, ann, ben, rules, obligation=[{"action": "delete"}])
    assert (made.meters, made.periods) == ({}, {})
    assert status(world, key) == ("live",)


def test_an_offer_waits_and_a_set_is_live_at_once(world, asset, ann, ben):
    assert status(world, issue(world, asset, ann, ben, kind="Offer")) == ("offered",)
    assert status(world, issue(world, asset, ann, ben, kind="Set")) == ("live",)


def test_a_grant_moves_no_right_and_touches_itself_the_asset_and_the_grantee(
    world, asset, ann, ben
):
    before = world.all_states()
    key = issue(world, asset, ann, ben)
    after = world.all_states()
    changed = {name for name, state in after.items() if before.get(name) != state}
    assert changed == {key}
    touched = world.log.places(asset.asset)[-1]
    assert touched == world.log.places(ben.party)[-1] == world.log.places(key)[-1]
    assert world.log.places(ann.party)[-1] != touched


@pytest.mark.parametrize(
    ("kind", "signing", "reason"),
    [
        ("Agreement", ["ann", "ben"], None),
        ("Agreement", ["ann"], "wrong_signers"),
        ("Agreement", ["ben"], "wrong_signers"),
        ("Agreement", ["ann", "cy"], "wrong_signers"),
        ("Agreement", ["ann", "ben", "cy"], "wrong_signers"),
        ("Offer", ["ann"], None),
        ("Offer", ["ann", "ben"], "wrong_signers"),
        ("Offer", ["ben"], "wrong_signers"),
        ("Set", ["ann"], None),
        ("Set", ["ann", "ben"], "wrong_signers"),
    ],
)
def test_both_sides_sign_an_agreement_and_the_grantor_alone_anything_else(
    world, asset, ann, ben, cy, kind, signing, reason
):
    people = {"ann": ann, "ben": ben, "cy": cy}
    keys = [people[name].key for name in signing]
    body = issue_body(asset, ann, ben, kind=kind)
    if reason is None:
        assert issue_as(world, body, ann, *keys)
    else:
        assert world.refused(KIND, body, ann, *keys) == reason


BURDENS = {
    "a prohibition": {"prohibition": [forbid("sell")]},
    "an obligation": {"obligation": [{"action": "acceptTracking"}]},
    "a duty": {"permission": [permit("use", duties=["inform"])]},
    "a next policy": {"permission": [permit("use"), onward(permit("use"))]},
}


@pytest.mark.parametrize("rules", BURDENS.values(), ids=BURDENS)
def test_a_set_binds_nobody_and_what_binds_is_offered_or_agreed(world, asset, ann, ben, rules):
    body = issue_body(asset, ann, ben, kind="Set")
    body["policy"] |= rules
    assert world.refused(KIND, body, ann) == "one_sided"
    for kind in ("Offer", "Agreement"):
        body = issue_body(asset, ann, ben, kind=kind)
        body["policy"] |= rules
        keys = [ann.key, ben.key] if kind == "Agreement" else [ann.key]
        assert issue_as(world, body, ann, *keys)


WRONG_POLICIES = {
    "another asset": {"target": f"urn:muniment:example.org/ledger:asset/{'a' * 26}"},
    "another ledger": {"target": lambda urn: urn.replace("example.org", "example.com")},
    "another grantor": {"assigner": NOBODY},
    "another grantee": {"assignee": NOBODY},
}


@pytest.mark.parametrize("changes", WRONG_POLICIES.values(), ids=WRONG_POLICIES)
@pytest.mark.parametrize("kind", ["Offer", "Agreement"])
def test_the_policy_names_this_asset_and_these_parties(world, asset, ann, ben, kind, changes):
    body = issue_body(asset, ann, ben, kind=kind)
    keys = [ann.key, ben.key] if kind == "Agreement" else [ann.key]
    for name, value in changes.items():
        body["policy"][name] = value(body["policy"][name]) if callable(value) else value
    assert world.refused(KIND, body, ann, *keys) == "wrong_parts"


def test_grantor_and_grantee_are_not_exchanged(world, asset, ann, ben):
    body = issue_body(asset, ann, ben) | {"policy": policy(asset, ben, ann)}
    assert world.refused(KIND, body, ann, ann.key, ben.key) == "wrong_parts"


def test_a_set_is_about_this_asset_too(world, asset, ann, ben):
    body = issue_body(asset, ann, ben, kind="Set")
    body["policy"]["target"] = f"urn:muniment:example.org/ledger:asset/{'a' * 26}"
    assert world.refused(KIND, body, ann) == "wrong_parts"


UNKNOWN_TERMS = {
    "an action": ({"permission": [permit("play")]}, "unknown_term"),
    "an operand": ({"permission": [permit("use", limit("mood", "eq", "x"))]}, "unknown_term"),
    "an operator": ({"permission": [permit("use", limit("count", "gt", 1))]}, "unknown_term"),
    "a duty": ({"obligation": [{"action": "dance"}]}, "unknown_term"),
    "a member": ({"inheritFrom": "x"}, "unknown_term"),
    "a policy type": ({"type": "Ticket"}, "unknown_term"),
    "a conflict strategy": ({"conflict": "perm"}, "unknown_term"),
    "another profile": ({"profile": "urn:x"}, "unknown_term"),
    "nothing permitted": ({"permission": []}, "malformed_policy"),
}


@pytest.mark.parametrize(("rules", "reason"), UNKNOWN_TERMS.values(), ids=UNKNOWN_TERMS)
def test_what_the_profile_does_not_know_is_refused(world, asset, ann, ben, rules, reason):
    body = issue_body(asset, ann, ben, kind="Offer")
    body["policy"] |= rules
    assert world.refused(KIND, body, ann) == reason


def test_the_asset_and_the_grantee_are_on_the_ledger(world, asset, ann, ben):
    ghost = Person("ghost")
    for kind in ("Set", "Agreement"):
        assert issue_refused(world, asset, ann, ghost, kind=kind) == "unknown_subject"
    body = issue_body(asset, ann, ben) | {"asset": "asset/" + "a" * 26}
    assert world.refused(KIND, body, ann, ann.key, ben.key) == "unknown_subject"


def test_nobody_grants_to_himself(world, asset, ann):
    body = issue_body(asset, ann, ann)
    assert world.refused(KIND, body, ann) == "wrong_grantee"


def test_a_suspended_grantee_gets_nothing_until_the_suspension_is_lifted(world, asset, ann, ben):
    suspend(world, ben)
    assert issue_refused(world, asset, ann, ben, kind="Set") == "wrong_grantee"
    assert issue_refused(world, asset, ann, ben) == "suspended"
    suspend(world, ben, lift=True)
    assert issue(world, asset, ann, ben)


def test_who_has_left_gets_nothing(world, asset, ann, ben):
    world.do("party.exit", {}, ben)
    assert issue_refused(world, asset, ann, ben, kind="Set") == "wrong_grantee"


def test_a_suspended_grantor_grants_nothing_until_the_suspension_is_lifted(world, asset, ann, ben):
    suspend(world, ann)
    assert issue_refused(world, asset, ann, ben) == "suspended"
    suspend(world, ann, lift=True)
    assert issue(world, asset, ann, ben)


def test_while_its_keys_are_being_recovered_a_party_grants_nothing(ann, ben):
    world = World("national-2026")
    for person in (ann, ben):
        world.do("party.enroll", world.enrolment(person), person, *world.enrolment_keys(person))
    asset = registered(world, ann)
    effective, new = recover(world, ann)
    world.time = effective - 1
    assert issue_refused(world, asset, ann, ben) == "recovery_pending"
    world.time = effective
    body = issue_body(asset, ann, ben)
    assert issue_as(world, body, ann, new, ben.key)


def test_a_frozen_asset_is_not_licensed_until_the_order_is_lifted(world, asset, ann, ben):
    order = freeze(world, asset)
    assert issue_refused(world, asset, ann, ben) == "frozen"
    unfreeze(world, asset, order)
    assert issue(world, asset, ann, ben)


def test_the_same_nonce_opens_no_second_grant(world, asset, ann, ben):
    body = issue_body(asset, ann, ben, kind="Set")
    world.do(KIND, body, ann, nonce=NONCE)
    other = issue_body(asset, ann, ben, permit("read"), kind="Set")
    assert world.refused(KIND, other, ann, nonce=NONCE) == "nonce_used"


def test_other_subjects_are_refused(world, asset, ann, ben):
    key = derive_id("grant", actor=ann.party, nonce=NONCE)
    body = issue_body(asset, ann, ben, kind="Set")
    for subjects in ([key, asset.asset], [key, asset.asset, ben.party, ann.party]):
        reason = world.refused(KIND, body, ann, nonce=NONCE, subjects=subjects)
        assert reason == "wrong_subjects"


# On what it rests


def test_only_a_right_to_operate_in_force_licenses(world, ann, ben, cy):
    asset = world.published(ann, ben)
    world.record(asset, [claim(ann, "operate"), claim(ben, "use"), claim(ben, "hold")])
    assert issue_refused(world, asset, ben, cy) == "no_operate_right"
    assert issue_refused(world, asset, cy, ben) == "no_operate_right"
    assert issue(world, asset, ann, cy)


def test_an_asset_that_is_not_registered_yet_is_not_licensed(world, ann, ben):
    filed = world.published(ann)
    assert issue_refused(world, filed, ann, ben) == "no_operate_right"
    world.record(filed, [claim(ann, "operate")])
    assert issue(world, filed, ann, ben)


def test_who_transferred_his_right_licenses_no_longer_and_who_got_it_does(
    world, asset, ann, ben, cy
):
    world.transfer(asset, (ann, cy, "operate"))
    assert issue_refused(world, asset, ann, ben) == "no_operate_right"
    assert issue(world, asset, cy, ben)


def test_a_revoked_or_expired_registration_licenses_no_longer(world, ann, ben):
    first, second = registered(world, ann), registered(world, ann)
    world.revoke(first, world.asset(first).voucher)
    assert issue_refused(world, first, ann, ben) == "no_operate_right"
    end = world.voucher(world.asset(second).voucher).valid_until
    world.time = end - 1
    assert issue(world, second, ann, ben)
    world.time = end
    assert issue_refused(world, second, ann, ben) == "no_operate_right"


def test_a_grant_ends_with_the_term_of_the_right_it_rests_on(world, ann, ben):
    asset = world.published(ann)
    end = (world.time + 30 * MS_PER_DAY) // 1000 * 1000
    right = claim(ann, "operate", "contract", evidence="0f" * 32, until=end)
    world.record(asset, [right], valid_until=end)
    assert issue_refused(world, asset, ann, ben) == "wider_than_parent"
    assert issue_refused(world, asset, ann, ben, permit("use", until(end + 1))) == (
        "wider_than_parent"
    )
    assert issue(world, asset, ann, ben, permit("use", until(end)))


def test_what_the_registration_restricts_no_grant_permits(world, ann, ben):
    asset = registered(world, ann, members={"restrictions": {"resale": False}})
    assert issue_refused(world, asset, ann, ben, permit("use"), onward()) == "wider_than_parent"
    assert issue(world, asset, ann, ben, permit("use"))
    free = registered(world, ann)
    assert issue(world, free, ann, ben, permit("use"), onward())


OVER = {
    "over": (lambda at: [until(at)], False),
    "just not over": (lambda at: [until(at + 1)], True),
    "to come": (lambda at: [since(at + MS_PER_DAY)], True),
    "never": (lambda at: [since(at + 9), until(at + 9)], False),
    "interrupted": (lambda at: [{"or": [until(at), since(at + 9)]}], True),
}


@pytest.mark.parametrize(("make", "is_good"), OVER.values(), ids=OVER)
def test_terms_that_are_over_already_are_not_given(world, asset, ann, ben, make, is_good):
    rule = permit("use", *make(world.time))
    if is_good:
        assert issue(world, asset, ann, ben, rule)
        return
    assert issue_refused(world, asset, ann, ben, rule) == "term_over"
    assert issue(world, asset, ann, ben, rule, permit("index"))

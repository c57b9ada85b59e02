"""Attestations: who makes which, who withdraws them, and what a downgrade does."""

from typing import get_args

import pytest

from contracts.attestation import ISSUERS, AttestationType
from contracts.identity import Party, Role
from contracts.intervals import current
from ledger.core.entry import decode_leaf
from ledger.errors import MalformedError, RejectedError
from tests.support.assessments import (
    attest,
    attest_body,
    attestation_state,
    withdraw_body,
)
from tests.support.grants import admit, registered, suspend
from tests.support.holds import freeze
from tests.support.people import MS_PER_DAY, claim
from tests.support.world import World

ROLES = get_args(Role)


@pytest.fixture
def asset(world, ann):
    return registered(world, ann)


@pytest.fixture
def issuer(world):
    return admitted(world, "ivy", "assessor")


def admitted(world, label, role):
    person = world.enroll(label)
    admit(world, person, role)
    return person


def test_every_type_has_a_role():
    assert set(ISSUERS) == set(get_args(AttestationType))
    assert set(ISSUERS.values()) <= set(ROLES)


@pytest.mark.parametrize("kind", ISSUERS)
def test_each_type_is_attested_by_its_role_and_by_no_other(kind):
    world = World()
    asset = registered(world, world.enroll("ann"))
    everything_else = world.enroll("dan")
    for role in set(ROLES) - {ISSUERS[kind]}:
        admit(world, everything_else, role)
    body = attest_body(world, asset, kind)
    assert world.refused("attest.make", body, everything_else) == "wrong_role"
    issuer = admitted(world, "ivy", ISSUERS[kind])
    key = attest(world, asset, issuer, kind)
    state = attestation_state(world, key)
    assert (state.type, state.issuer, state.asset) == (kind, issuer.party, asset.asset)


def test_no_founder_attests_whatever_it_was_admitted_to_before(world, asset, issuer, monkeypatch):
    monkeypatch.setattr(Party, "is_founder", property(lambda party: party.has_role("assessor")))
    assert world.refused("attest.make", attest_body(world, asset), issuer) == "role_conflict"


def test_it_says_what_was_said_and_no_more(world, asset, issuer):
    index = world.log.head.size
    end = world.time + MS_PER_DAY
    key = attest(world, asset, issuer, statement="aggregated by hour", valid_until=end)
    state, time = attestation_state(world, key), decode_leaf(world.log.leaves[index]).time
    assert (state.statement, state.level, state.valid_until) == (
        "aggregated by hour",
        "general-1",
        end,
    )
    (held,) = state.status
    assert (held.value, held.start, held.end, held.index) == ("in-force", time, None, index)
    bare = attestation_state(world, attest(world, asset, issuer))
    assert (bare.statement, bare.valid_until) == (None, None)


def test_it_touches_itself_the_asset_and_its_live_voucher(world, asset, issuer):
    number, before = world.asset(asset).voucher, world.all_states()
    key = attest(world, asset, issuer)
    made = world.all_states()
    subjects = set(decode_leaf(world.log.leaves[-2]).signed.event.subjects)
    assert subjects == {key, asset.asset, f"voucher/{number}"}
    assert {each for each in made if made[each] != before.get(each)} == {key}


def test_it_is_found_by_its_asset_and_its_issuer(world, asset, issuer):
    key = attest(world, asset, issuer)
    listing = attestation_state(world, key).describe(key)
    assert (listing.label, listing.status) == ("downgrade", "in-force")
    assert set(listing.terms) == {asset.asset, issuer.party}


def test_data_that_is_only_filed_is_attested_without_a_voucher(world, ann, issuer):
    filed = world.file(ann)
    body = attest_body(world, filed)
    assert "voucher" not in body
    wrong = body | {"voucher": "SJ3212026119999"}
    assert world.refused("attest.make", wrong, issuer) == "not_live_voucher"
    attest(world, filed, issuer)


def test_the_live_voucher_is_named_and_no_other(world, asset, issuer):
    key = attest(world, asset, issuer)
    for kind, body in (
        ("attest.make", attest_body(world, asset)),
        ("attest.withdraw", withdraw_body(world, asset, key)),
    ):
        without = {name: value for name, value in body.items() if name != "voucher"}
        for wrong in (without, body | {"voucher": "SJ3212026119999"}):
            assert world.refused(kind, wrong, issuer) == "not_live_voucher"


def test_nobody_attests_his_own_data(world, ann, asset):
    admit(world, ann, "assessor")
    assert world.refused("attest.make", attest_body(world, asset), ann) == "own_asset"
    ben = admitted(world, "ben", "assessor")
    attest(world, asset, ben)
    world.transfer(asset, (ann, ben, "hold"))
    assert world.refused("attest.make", attest_body(world, asset), ben) == "own_asset"


def test_in_solo_the_one_who_does_everything_attests_too():
    solo = World()
    asset = registered(solo, solo.operator)
    body = attest_body(solo, asset)
    assert solo.refused("attest.make", body, solo.operator) == "wrong_role"
    admit(solo, solo.operator, "assessor")
    attest(solo, asset, solo.operator)


def test_who_has_lost_the_role_or_is_suspended_attests_nothing(world, asset, issuer):
    body = attest_body(world, asset)
    suspend(world, issuer)
    assert world.refused("attest.make", body, issuer) == "suspended"
    suspend(world, issuer, lift=True)
    admit(world, issuer, "assessor", end=True)
    assert world.refused("attest.make", body, issuer) == "wrong_role"


def test_only_an_asset_that_is_there_is_attested(world, asset, issuer):
    body = attest_body(world, asset, asset=f"asset/{'a' * 26}")
    assert world.refused("attest.make", body, issuer) == "unknown_subject"


def test_a_downgrade_has_a_level_and_nothing_else_has(world, asset, issuer):
    body = {name: value for name, value in attest_body(world, asset).items() if name != "level"}
    assert world.refused("attest.make", body, issuer) == "attested_level"
    valuer = admitted(world, "vic", "valuer")
    wrong = attest_body(world, asset, "valuation", level="general-1")
    assert world.refused("attest.make", wrong, valuer) == "attested_level"


def test_its_end_is_still_to_come(world, asset, issuer):
    for end in (world.time, world.time - 1, 0):
        body = attest_body(world, asset, valid_until=end)
        assert world.refused("attest.make", body, issuer) == "term_over"
    attest(world, asset, issuer, valid_until=world.time + 1)


MANGLINGS = {
    "another type": {"type": "opinion"},
    "a document that is no digest": {"document": "d0"},
    "an empty statement": {"statement": ""},
    "a long statement": {"statement": "x" * 2001},
    "another level": {"level": "general-0"},
    "an end that is no number": {"valid_until": "2027"},
    "another member": {"price": 1},
}


@pytest.mark.parametrize("change", MANGLINGS.values(), ids=MANGLINGS.keys())
def test_a_body_of_another_form_is_refused(world, asset, issuer, change):
    with pytest.raises(MalformedError):
        world.do("attest.make", attest_body(world, asset) | change, issuer)


# Withdrawing


def test_its_issuer_withdraws_it_once(world, asset, issuer):
    key = attest(world, asset, issuer)
    body = withdraw_body(world, asset, key)
    index = world.do("attest.withdraw", body, issuer)
    made, withdrawn = attestation_state(world, key).status
    assert (made.end, withdrawn.value, withdrawn.index) == (withdrawn.start, "withdrawn", index)
    assert world.refused("attest.withdraw", body, issuer) == "already_withdrawn"


def test_nobody_else_withdraws_it(world, ann, asset, issuer):
    body = withdraw_body(world, asset, attest(world, asset, issuer))
    other = admitted(world, "ian", "assessor")
    for actor in (ann, other, world.registrar, world.regulator):
        assert world.refused("attest.withdraw", body, actor) == "wrong_role"


def test_it_is_withdrawn_of_what_it_was_about(world, ann, asset, issuer):
    key = attest(world, asset, issuer)
    other = registered(world, ann)
    body = withdraw_body(world, other, key)
    assert world.refused("attest.withdraw", body, issuer) == "wrong_role"
    body = withdraw_body(world, asset, f"attestation/{'a' * 26}")
    assert world.refused("attest.withdraw", body, issuer) == "unknown_subject"


def test_who_lost_the_role_still_withdraws_and_a_freeze_stops_neither(world, asset, issuer):
    key = attest(world, asset, issuer)
    freeze(world, asset)
    attest(world, asset, issuer)
    admit(world, issuer, "assessor", end=True)
    world.do("attest.withdraw", withdraw_body(world, asset, key), issuer)
    assert current(attestation_state(world, key).status) == ("withdrawn",)


# What a downgrade does


def outcome(world, person, source, application, **changes):
    classification = world.classification(**changes)
    rights = [claim(person, "use", "derived", sources=[source.asset])]
    try:
        world.record(application, rights, classification=classification)
    except RejectedError as exc:
        return exc.reason
    return "recorded"


@pytest.fixture
def source(world, ann):
    return registered(world, ann, level="general-4")


@pytest.fixture
def product(world, ann, source):
    return world.published(ann)


def test_without_a_downgrade_a_product_is_not_below_its_source(world, ann, source, product):
    assert outcome(world, ann, source, product, level="general-3") == "level"


@pytest.mark.parametrize(
    ("level", "reason"),
    [
        ("general-1", "downgrade_level"),
        ("general-2", "recorded"),
        ("general-3", "recorded"),
        ("important", "recorded"),
    ],
)
def test_with_one_it_is_as_low_as_the_assessor_says_and_no_lower(
    world, ann, issuer, source, product, level, reason
):
    key = attest(world, product, issuer, level="general-2")
    assert outcome(world, ann, source, product, level=level, downgrade=key) == reason
    data = world.asset(product).classification
    assert (data is None) == (reason != "recorded")
    assert data is None or data.downgrade == key


def test_a_downgrade_of_something_else_counts_for_nothing(world, ann, issuer, source, product):
    auditor = admitted(world, "abe", "auditor")
    wrong = {
        "of the source": attest(world, source, issuer),
        "of another asset": attest(world, world.file(ann), issuer),
        "of another type": attest(world, product, auditor, "audit"),
    }
    for key in wrong.values():
        assert outcome(world, ann, source, product, downgrade=key) == "downgrade"
    unknown = f"attestation/{'a' * 26}"
    assert outcome(world, ann, source, product, downgrade=unknown) == "unknown_subject"


def test_a_downgrade_that_was_withdrawn_or_is_over_counts_for_nothing(
    world, ann, issuer, source, product
):
    withdrawn = attest(world, product, issuer)
    world.do("attest.withdraw", withdraw_body(world, product, withdrawn), issuer)
    assert outcome(world, ann, source, product, downgrade=withdrawn) == "downgrade"
    ending = attest(world, product, issuer, valid_until=world.time + MS_PER_DAY)
    world.time += MS_PER_DAY - 1000
    assert outcome(world, ann, source, product, downgrade=ending) == "downgrade"
    fresh = attest(world, product, issuer)
    assert outcome(world, ann, source, product, downgrade=fresh) == "recorded"


def test_a_downgrade_that_nothing_needs_is_held_to_the_same(world, ann, issuer):
    application = world.published(ann)
    low = world.classification(downgrade=attest(world, application, issuer, level="general-2"))
    body = world.record_body(application, classification=low)
    officers = world.officers
    registrar = world.registrar
    assert world.refused("registration.record", body, registrar, *officers) == "downgrade_level"


def test_a_downgrade_withdrawn_later_changes_nothing_recorded(world, ann, issuer, source, product):
    key = attest(world, product, issuer)
    assert outcome(world, ann, source, product, downgrade=key) == "recorded"
    before = world.asset(product)
    world.do("attest.withdraw", withdraw_body(world, product, key), issuer)
    assert world.asset(product) == before

"""Right-holders who were only declared: they hold nothing until they sign."""

import pytest

from contracts.intervals import current
from tests.support.disputes import beside
from tests.support.holds import freeze, held_by
from tests.support.people import claim

EVIDENCE = "0f" * 32


def register(world, ann, *declared, **options):
    """Ann holds; the others are declared."""
    application = world.published(ann, **options)
    world.record(application, [claim(ann, "hold")], declared=list(declared))
    return application


@pytest.fixture
def asset(world, ann, ben):
    return register(world, ann, claim(ben, "use"), claim(ben, "operate"))


def body(world, asset, *rights, **changes):
    return beside(world, asset, rights=list(rights or ("use",))) | changes


def confirm(world, asset, who, *rights, **changes):
    return world.do("registration.confirm", body(world, asset, *rights, **changes), who)


def refused(world, asset, who, *rights, **changes):
    return world.refused("registration.confirm", body(world, asset, *rights, **changes), who)


def held(world, asset, name="tuples"):
    values = current(getattr(world.asset(asset), name))
    return sorted((one["holder"], one["right"]) for one in values)


def test_who_is_only_declared_holds_nothing(world, asset, ann, ben):
    assert held(world, asset) == [(ann.party, "hold")]
    assert held(world, asset, "declared") == [(ben.party, "operate"), (ben.party, "use")]
    assert world.party(ben).tuples == 0


def test_what_it_confirms_is_in_force_from_then_on(world, asset, ann, ben):
    before = world.all_states()
    index = confirm(world, asset, ben, "use")
    after = world.all_states()
    number = world.asset(asset).voucher
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {asset.asset, ben.party}
    assert held(world, asset) == sorted([(ann.party, "hold"), (ben.party, "use")])
    assert held(world, asset, "declared") == [(ben.party, "operate")]
    opened = world.asset(asset).tuples[-1]
    assert (opened.index, opened.end) == (index, None)
    assert world.party(ben).tuples == 1
    assert f"voucher/{number}" in after


def test_all_of_them_at_once_or_one_after_the_other(world, ann, ben, asset):
    confirm(world, asset, ben, "use", "operate")
    other = register(world, ann, claim(ben, "use"), claim(ben, "operate"))
    confirm(world, other, ben, "operate")
    confirm(world, other, ben, "use")
    assert held(world, asset) == held(world, other)
    assert world.party(ben).tuples == 4


def test_what_was_confirmed_is_the_tuple_that_was_declared(world, ann, ben):
    declared = claim(ben, "use", "contract", evidence=EVIDENCE, limits="not abroad")
    asset = register(world, ann, declared)
    confirm(world, asset, ben, "use")
    assert declared in current(world.asset(asset).tuples)


def test_nobody_confirms_for_another_or_what_was_not_declared(world, asset, ann, ben):
    assert refused(world, asset, ann, "use") == "not_declared"
    assert refused(world, asset, world.registrar, "use") == "not_declared"
    assert refused(world, asset, ben, "hold") == "not_declared"
    assert refused(world, asset, ben, "use", "use") == "not_declared"
    key = body(world, asset)
    assert world.refused("registration.confirm", key, ben, ann.key) == "wrong_signers"


def test_nothing_is_confirmed_twice(world, asset, ben):
    confirm(world, asset, ben, "use")
    assert refused(world, asset, ben, "use") == "not_declared"


def test_the_live_voucher_and_its_registration_are_named(world, asset, ann, ben):
    other = held_by(world, ann)
    elsewhere = {"number": world.asset(other).voucher}
    assert refused(world, asset, ben, **elsewhere) == "not_in_force"
    assert refused(world, asset, ben, registration=other.registration) == "not_in_force"
    assert refused(world, asset, ben, registration=world.file(ann).registration) == "wrong_step"


def test_nothing_is_confirmed_after_the_voucher_ended(world, asset, ben):
    wanted = body(world, asset)
    world.time = world.voucher(wanted["number"]).valid_until
    assert world.refused("registration.confirm", wanted, ben) == "expired"


def test_up_to_its_last_instant_it_is(world, asset, ben):
    wanted = body(world, asset)
    world.time = world.voucher(wanted["number"]).valid_until - 1
    world.do("registration.confirm", wanted, ben)
    assert ben.party in dict(held(world, asset))


def test_after_a_revocation_nothing_is_left_to_confirm(world, asset, ben):
    wanted = body(world, asset)
    world.revoke(asset, wanted["number"])
    assert held(world, asset, "declared") == []
    assert world.refused("registration.confirm", wanted, ben) == "not_in_force"


def test_nothing_is_confirmed_while_it_is_frozen(world, asset, ben):
    freeze(world, asset)
    assert refused(world, asset, ben) == "frozen"


INELIGIBLE = {
    "evidence": ("use", "contract", {}),
    "not_registrable": ("use", "state-organ", {}),
    "sources": ("use", "derived", {}),
    "natural_person": ("use", "personal", {}),
    "basis_right": ("operate", "crawled-public", {"evidence": EVIDENCE}),
}


@pytest.mark.parametrize("reason", INELIGIBLE)
def test_what_its_holder_could_not_have_is_not_declared(world, ann, ben, reason):
    right, basis, more = INELIGIBLE[reason]
    application = world.published(ann)
    body = world.record_body(
        application, [claim(ann, "hold")], declared=[claim(ben, right, basis, **more)]
    )
    refused = world.refused("registration.record", body, world.registrar, *world.officers)
    assert refused == reason


def test_the_eligibility_of_a_basis_is_held_to_again_when_it_is_confirmed(world, ann, ben, cy):
    source = held_by(world, ben, ("use",))
    derived = claim(ben, "operate", "derived", sources=[source.asset])
    asset = register(world, ann, derived)
    world.transfer(source, (ben, cy, "use"))
    assert refused(world, asset, ben, "operate") == "source_right"


@pytest.mark.parametrize("when", ["in force", "frozen", "expired"])
def test_a_declared_party_may_decline_at_any_time(world, asset, ben, when):
    if when == "frozen":
        freeze(world, asset)
    if when == "expired":
        world.time = world.voucher(world.asset(asset).voucher).valid_until
    before = world.all_states()
    world.do("registration.confirm", body(world, asset, "use", decline=True), ben)
    after = world.all_states()
    assert {key for key in after if after[key] != before[key]} == {asset.asset}
    assert held(world, asset, "declared") == [(ben.party, "operate")]
    assert world.party(ben).tuples == 0
    assert refused(world, asset, ben, "use") == "not_declared"


def test_nobody_declines_what_is_declared_for_another(world, asset, cy):
    assert refused(world, asset, cy, "use", decline=True) == "not_declared"


def test_a_participant_of_fused_data_confirms_beside_the_one_who_signed(world, ann, ben):
    asset = register(world, ann, claim(ben, "operate", "fused"))
    confirm(world, asset, ben, "operate")
    assert (ben.party, "operate") in held(world, asset)


def test_a_right_that_came_by_transfer_meanwhile_is_not_doubled(world, ann, ben):
    application = world.published(ann)
    world.record(application, [claim(ann, "use")], declared=[claim(ben, "use")])
    world.transfer(application, (ann, ben, "use"))
    assert refused(world, application, ben) == "already_held"


def test_it_is_confirmed_under_the_voucher_of_a_transfer_too(world, asset, ann, ben):
    old = body(world, asset)
    cy = world.enroll("cy")
    world.transfer(asset, (ann, cy, "hold"))
    assert world.refused("registration.confirm", old, ben) == "not_in_force"
    confirm(world, asset, ben)
    assert held(world, asset) == sorted([(cy.party, "hold"), (ben.party, "use")])


def test_an_asset_has_no_more_holders_than_it_may(world, ann, ben):
    others = [world.enroll(f"p{n}") for n in range(7)]
    application = world.published(ann)
    rights = [claim(ann, "hold"), claim(ann, "use")]
    world.record(application, rights, declared=[claim(each, "use") for each in others])
    world.transfer(application, (ann, ben, "hold"))
    for each in others[:6]:
        confirm(world, application, each)
    assert refused(world, application, others[6]) == "too_many_holders"


@pytest.mark.parametrize("how", ["suspended", "exited"])
def test_who_may_not_act_does_not_confirm(world, asset, ben, how):
    wanted = body(world, asset)
    if how == "suspended":
        ground = {"party": ben.party, "ground": "inquiry"}
        world.do("party.suspend", ground, world.regulator)
    else:
        world.do("party.exit", {}, ben)
    assert world.refused("registration.confirm", wanted, ben) == how


def test_what_was_confirmed_is_transferred_and_renewed_like_any_other(world, asset, ann, ben):
    confirm(world, asset, ben, "use")
    cy = world.enroll("cy")
    world.transfer(asset, (ben, cy, "use"))
    assert (cy.party, "use") in held(world, asset)
    assert (world.party(ben).tuples, world.party(cy).tuples) == (0, 1)

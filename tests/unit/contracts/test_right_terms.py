"""Rights that end by their own term, before the voucher does: they are nobody's from then on."""

import pytest

from contracts.duties import asset_duties
from contracts.intervals import current
from contracts.standing import standing_voucher
from tests.support.desks import desk
from tests.support.disputes import (
    beside,
    notify,
    object_to,
    objection_body,
    respond,
    response,
)
from tests.support.grants import LogFacts
from tests.support.people import MS_PER_DAY, claim
from tests.support.world import World


@pytest.fixture(params=["solo", "national-2026"])
def world(request):
    return World(request.param, max_years=1)


def held(world, application):
    values = current(world.asset(application).tuples)
    return sorted((one["holder"], one["right"]) for one in values)


def end_of(world, application):
    return world.voucher(world.asset(application).voucher).valid_until


def confirm_body(world, application, *rights):
    return beside(world, application, rights=list(rights))


def short_of(world, declared_for="ben", days=30):
    """Ann's asset, and Ben with a right that ends long before the voucher."""
    ann, ben = world.enroll("ann"), world.enroll(declared_for)
    application = world.published(ann)
    term = world.time + days * MS_PER_DAY
    rights = [claim(ann, "hold"), claim(ann, "operate")]
    world.record(application, rights, declared=[claim(ben, "use", until=term)])
    world.do("registration.confirm", confirm_body(world, application, "use"), ben)
    return ann, ben, application, term


def test_a_right_that_is_over_is_nobodys_and_the_next_record_closes_it(world):
    ann, ben, application, term = short_of(world)
    world.time = term
    (duty,) = asset_duties(
        application.asset,
        world.asset(application),
        None,
        desk(world, end_of(world, application) - 1),
    )
    assert (duty.what, duty.parties) == ("renew", (ann.party,))
    world.time = max(term, end_of(world, application) - 40 * MS_PER_DAY)
    assert world.file_later_refused(application, "renewal", ben) == "parties"
    assert world.party(ben).tuples == 1
    world.later(application, "renewal", ann)
    assert {holder for holder, _ in held(world, application)} == {ann.party}
    assert world.party(ben).tuples == 0
    over = [each for each in world.asset(application).tuples if each.end is not None]
    assert [(each.value["holder"], each.end) for each in over] == [(ben.party, term)]
    world.do("party.exit", {}, ben)


@pytest.mark.parametrize("of_type", ["change", "cancellation"])
def test_who_had_it_need_not_sign(world, of_type):
    ann, ben, application, term = short_of(world)
    world.time = term - 1
    assert world.file_later_refused(application, of_type, ann) == "parties"
    world.time = term
    assert world.file_later_refused(application, of_type, ann, ben) == "parties"
    world.later(application, of_type, ann)
    assert (world.party(ben).tuples, len(held(world, application))) == (
        0,
        0 if of_type == "cancellation" else 2,
    )


def test_a_transfer_leaves_it_out(world):
    ann, ben, application, term = short_of(world)
    cy = world.enroll("cy")
    world.time = term
    _, number = world.transfer(application, (ann, cy, "hold"))
    assert world.voucher(number).valid_until > term
    assert ben.party not in {holder for holder, _ in held(world, application)}
    assert (world.party(ben).tuples, world.party(cy).tuples) == (0, 1)


def test_who_had_it_may_take_over_others(world):
    ann, ben, application, term = short_of(world)
    world.time = term
    world.transfer(application, (ann, ben, "hold"))
    world.transfer(application, (ann, ben, "operate"))
    assert world.party(ben).tuples == 2


def test_who_had_it_may_object_and_is_not_heard_as_a_holder(world):
    ann, ben, application, term = short_of(world)
    cy = world.enroll("cy")
    world.time = term - 1
    body = objection_body(world, application)
    assert world.refused("objection.file", body, ben) == "own_right"
    world.time = term
    notify(world, application, object_to(world, application, ben))
    other = object_to(world, application, cy)
    notify(world, application, other)
    respond(world, application, other, ann)
    heard = response(application, other)
    assert world.refused("objection.respond", heard, ben) == "not_a_holder"


def test_a_record_names_whose_right_is_over(world):
    ann, _, application, term = short_of(world)
    world.time = term
    filed = world.reviewed_later(application, "change", ann)
    assert world.record_refused(filed, parties=[]) == "wrong_parts"
    world.record(filed)


def test_a_right_that_ends_with_the_voucher_is_no_bar_to_the_others(world):
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.published(ann, ben)
    end = world.record_body(application, [claim(ann)])["valid_until"]
    world.record(application, [claim(ann), claim(ben, "use", "fused", until=end)], valid_until=end)
    world.time = end - 40 * MS_PER_DAY
    filed = world.reviewed_later(application, "renewal", ann)
    assert world.record_refused(filed, valid_until=end) == "validity"
    world.time = max(end, world.time)
    assert standing_voucher(LogFacts(world.log), world.asset(application), world.time)
    world.record(filed)
    assert held(world, application) == [(ann.party, "hold")]
    assert world.party(ben).tuples == 0


def test_what_was_declared_for_a_term_that_is_over_is_not_confirmed(world):
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.published(ann)
    term = world.time + 30 * MS_PER_DAY
    world.record(application, [claim(ann)], declared=[claim(ben, "use", until=term)])
    asset = world.asset(application)
    assert len([*asset_duties(application.asset, asset, None, desk(world, term - 1))]) == 1
    assert [*asset_duties(application.asset, asset, None, desk(world, term))] == []
    world.time = term
    body = confirm_body(world, application, "use")
    assert world.refused("registration.confirm", body, ben) == "right_term"

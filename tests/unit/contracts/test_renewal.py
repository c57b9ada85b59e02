"""Renewals: when they may be filed, what they make, and that rights go on while they are undecided."""

import pytest

from contracts.clocks import end_of_validity, format_instant
from contracts.force import held_rights, live_voucher
from contracts.intervals import current
from contracts.renewal import renewal_opens
from contracts.standing import find_pending, read_pending, standing_tuples, standing_voucher
from contracts.verdict import PENDING_RENEWAL
from tests.support.forgery import judge
from tests.support.grants import LogFacts, ask, issue, permit
from tests.support.holds import freeze, pledge
from tests.support.people import MS_PER_DAY, claim, ms
from tests.support.transfers import play
from tests.support.world import World


@pytest.fixture(params=["solo", "national-2026"])
def world(request):
    return World(request.param, max_years=1)


@pytest.fixture
def solo():
    return World(max_years=1)


# When


@pytest.mark.parametrize(
    ("valid_until", "opens"),
    [
        ("2031-11-23T00:00", "2031-05-22T00:00"),
        ("2031-09-01T00:00", "2031-02-28T00:00"),  # its last day is 31 August
        ("2032-09-01T00:00", "2032-02-29T00:00"),
        ("2031-03-31T00:00", "2030-09-30T00:00"),
        ("2031-04-01T00:00", "2030-09-30T00:00"),  # 31 March and 30 September
        ("2031-07-01T00:00", "2030-12-30T00:00"),
        ("2031-01-01T12:00", "2030-07-01T00:00"),  # a voucher that ends within a day
    ],
)
def test_a_renewal_is_filed_from_the_same_numbered_day_six_months_before(valid_until, opens):
    found = renewal_opens(ms(valid_until), 480)
    assert format_instant(found) == f"{opens}:00+08:00"


@pytest.mark.parametrize("offset", [0, 480, -300])
def test_the_days_are_those_of_the_profile(offset):
    until = ms("2031-11-23T00:00") + (480 - offset) * 60_000
    assert renewal_opens(until, offset) == ms("2031-05-22T00:00") + (480 - offset) * 60_000


DATES = {
    "one millisecond before it opens": (lambda opens, until: opens - 1, "renewal_early"),
    "a day before it opens": (lambda opens, until: opens - MS_PER_DAY, "renewal_early"),
    "when it opens": (lambda opens, until: opens, None),
    "a day after it opens": (lambda opens, until: opens + MS_PER_DAY, None),
    "the day before it expires": (lambda opens, until: until - MS_PER_DAY, None),
    "in the last millisecond": (lambda opens, until: until - 1, None),
    "when it has expired": (lambda opens, until: until, "expired"),
    "a day after it expired": (lambda opens, until: until + MS_PER_DAY, "expired"),
}


@pytest.mark.parametrize("name", DATES)
def test_a_renewal_is_filed_in_the_last_six_months(world, name):
    choose, reason = DATES[name]
    ann, ben, _, application, number = play(world)
    until = world.voucher(number).valid_until
    world.time = choose(renewal_opens(until, world.profile.offset_minutes), until)
    if reason is not None:
        assert world.file_later_refused(application, "renewal", ann, ben) == reason
        return
    filed = world.file_later(application, "renewal", ann, ben)
    assert world.asset(application).renewal == filed.registration


def test_one_renewal_is_undecided_at_a_time(world):
    ann, ben, _, application, _ = play(world)
    world.wait_for_renewal(application)
    first = world.file_later(application, "renewal", ann, ben)
    assert world.file_later_refused(application, "renewal", ann, ben) == "renewal_pending"
    world.step(first, "withdraw", ann, ann.key, ben.key)
    second = world.file_later(application, "renewal", ann, ben)
    assert world.asset(application).renewal == second.registration


def test_a_lapsed_renewal_makes_room_for_another():
    world = World("national-2026", max_years=1)
    ann, ben, _, application, _ = play(world)
    world.wait_for_renewal(application)
    first = world.file_later(application, "renewal", ann, ben)
    until = world.time + 20 * MS_PER_DAY
    world.step(first, "return", missing=["the contract"], until=until)
    world.time = until - 1
    assert world.file_later_refused(application, "renewal", ann, ben) == "renewal_pending"
    world.time = until
    world.file_later(application, "renewal", ann, ben)


def test_a_right_that_ends_with_its_voucher_by_its_own_term_is_not_renewed(solo):
    ann = solo.enroll("ann")
    application = solo.published(ann)
    end = end_of_validity(solo.time, years=1)
    number = solo.record(application, [claim(ann, until=end)], valid_until=end)
    solo.time = solo.voucher(number).valid_until - 1000
    assert solo.file_later_refused(application, "renewal", ann) == "right_term"


def test_a_frozen_asset_may_be_renewed_once_the_order_is_lifted(solo):
    ann, ben, _, application, _ = play(solo)
    solo.wait_for_renewal(application)
    freeze(solo, application)
    filed = solo.reviewed_later(application, "renewal", ann, ben)
    assert solo.record_refused(filed) == "frozen"


def test_a_pledge_stays_on_a_right_that_is_renewed(solo):
    ann, ben, cy, application, _ = play(solo)
    pledge(solo, application, ann, cy)
    solo.wait_for_renewal(application)
    solo.later(application, "renewal", ann, ben)
    assert len(current(solo.asset(application).pledges)) == 1


# What it makes


def test_the_years_begin_anew(world):
    ann, ben, _, application, number = play(world)
    world.wait_for_renewal(application)
    _, second = world.later(application, "renewal", ann, ben)
    old, new = world.voucher(number), world.voucher(second)
    assert new.valid_until == end_of_validity(new.valid_from, years=1) > old.valid_until
    held = [
        (each.value["number"], each.value["until"]) for each in world.asset(application).vouchers
    ]
    assert held == [(number, old.valid_until), (second, new.valid_until)]
    assert current(old.status) == ("superseded",)


ENDS = {
    "as long as before": lambda old, body: old.valid_until,
    "shorter than before": lambda old, body: old.valid_until - 1000,
    "longer than the profile allows": lambda old, body: body["valid_until"] + 1000,
}


@pytest.mark.parametrize("name", ENDS)
def test_a_renewal_ends_after_the_voucher_before_and_within_the_years(solo, name):
    ann, ben, _, application, number = play(solo)
    solo.wait_for_renewal(application)
    filed = solo.reviewed_later(application, "renewal", ann, ben)
    until = ENDS[name](solo.voucher(number), solo.record_body(filed))
    assert solo.record_refused(filed, valid_until=until) == "validity"
    solo.record(filed)


def test_a_renewal_is_not_valid_beyond_the_term_of_a_right(solo):
    ann = solo.enroll("ann")
    application = solo.published(ann)
    end = end_of_validity(solo.time, years=1)
    term = end + 30 * MS_PER_DAY
    solo.record(application, [claim(ann, until=term)], valid_until=end)
    solo.wait_for_renewal(application)
    filed = solo.reviewed_later(application, "renewal", ann)
    assert solo.record_refused(filed) == "validity"
    assert solo.record_refused(filed, valid_until=term + 1000) == "validity"
    second = solo.record(filed, valid_until=term)
    assert solo.voucher(second).valid_until == term


# While it is undecided


def pending(world):
    """A renewal that is undecided a day after the voucher has expired."""
    ann, ben, cy, application, number = play(world)
    world.wait_for_renewal(application)
    filed = world.reviewed_later(application, "renewal", ann, ben)
    until = world.voucher(number).valid_until
    world.time = until + MS_PER_DAY
    return ann, ben, cy, application, number, filed


def facts(world):
    return LogFacts(world.log)


def test_filed_in_time_the_rights_stay_in_force_until_it_is_decided(world):
    ann, _, _, application, number, _ = pending(world)
    asset, until = world.asset(application), world.voucher(number).valid_until
    assert live_voucher(asset, until) is None, "the asset alone does not say so"
    for time in (until - 1, until, world.time):
        assert standing_voucher(facts(world), asset, time) == number
        assert len(standing_tuples(facts(world), asset, time)) == 4
    held = held_rights(asset, ann.party, until, read_pending(facts(world), asset, until))
    assert len(held) == 3


def test_the_registration_is_looked_at_only_where_it_matters(world):
    _, _, _, application, number, _ = pending(world)
    asset, until = world.asset(application), world.voucher(number).valid_until
    assert read_pending(None, asset, until - 1) is None
    assert read_pending(facts(world), asset, until) is not None


ENDINGS = {
    "withdraw": lambda world, filed, all_: world.step(
        filed, "withdraw", all_[0], *(each.key for each in all_)
    ),
    "refuse": lambda world, filed, _: world.step(filed, "refuse", ground="22-2", reasons="no"),
    "terminate": lambda world, filed, _: world.step(filed, "terminate", reasons="unclear"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_refused_or_withdrawn_the_rights_end_with_the_decision(world, ending):
    ann, ben, _, application, number, filed = pending(world)
    decided = world.time
    ENDINGS[ending](world, filed, (ann, ben))
    asset = world.asset(application)
    assert standing_voucher(facts(world), asset, decided - 1) == number
    assert standing_voucher(facts(world), asset, decided) is None
    assert standing_tuples(facts(world), asset, decided) == []
    assert world.file_later_refused(application, "renewal", ann, ben) == "expired"


def test_not_mended_in_time_the_rights_end_with_the_lapse():
    world = World("national-2026", max_years=1)
    ann, ben, _, application, number = play(world)
    world.wait_for_renewal(application)
    filed = world.file_later(application, "renewal", ann, ben)
    until = world.voucher(number).valid_until
    world.step(filed, "return", missing=["the contract"], until=until + MS_PER_DAY)
    asset = world.asset(application)
    lapse = until + MS_PER_DAY
    assert standing_voucher(facts(world), asset, lapse - 1) == number
    assert standing_voucher(facts(world), asset, lapse) is None
    assert find_pending(world.registration(filed)).end == lapse


def test_a_renewal_that_was_decided_before_the_end_keeps_nothing_in_force(world):
    ann, ben, _, application, number = play(world)
    world.wait_for_renewal(application)
    filed = world.file_later(application, "renewal", ann, ben)
    world.step(filed, "withdraw", ann, ann.key, ben.key)
    asset, until = world.asset(application), world.voucher(number).valid_until
    assert standing_voucher(facts(world), asset, until - 1) == number
    assert standing_voucher(facts(world), asset, until) is None


def test_once_recorded_the_asset_alone_says_how_long_the_old_voucher_held(world):
    _, _, _, application, number, filed = pending(world)
    until = world.voucher(number).valid_until
    second = world.record(filed)
    asset, recorded = world.asset(application), world.voucher(second).valid_from
    assert [live_voucher(asset, time) for time in (until - 1, until, recorded - 1, recorded)] == [
        number,
        number,
        number,
        second,
    ]
    assert len(current(asset.vouchers)) == 1
    spans = [(each.value["number"], each.start, each.end) for each in asset.vouchers]
    assert spans[0][2] == spans[1][1] == until
    assert spans[1][2] == spans[2][1] == recorded


def test_a_second_renewal_does_not_forget_how_long_the_first_was_undecided(solo):
    ann, ben, _, application, number, filed = pending(solo)
    until = solo.voucher(number).valid_until
    solo.record(filed)
    solo.wait_for_renewal(application)
    solo.file_later(application, "renewal", ann, ben)
    assert live_voucher(solo.asset(application), until) == number


def test_a_cancellation_remembers_how_long_a_pending_renewal_kept_the_rights(solo):
    ann, ben, _, application, number, filed = pending(solo)
    until = solo.voucher(number).valid_until
    time = solo.time
    solo.later(application, "cancellation", ann, ben)
    asset = solo.asset(application)
    assert live_voucher(asset, until) == live_voucher(asset, time) == number
    assert standing_voucher(facts(solo), asset, solo.time) is None
    assert (asset.renewal, asset.voucher) == (filed.registration, None)


def test_an_expired_voucher_without_a_renewal_ends_when_it_expired(solo):
    ann, ben, _, application, number = play(solo)
    until = solo.voucher(number).valid_until
    solo.time = until + MS_PER_DAY
    solo.later(application, "cancellation", ann, ben)
    assert live_voucher(solo.asset(application), until) is None


# What asks for rights in force


def test_grants_live_on_and_are_given_while_a_renewal_is_undecided(solo):
    ann, ben, cy, application, number = play(solo)
    grant = issue(solo, application, ann, cy, permit("read"))
    solo.wait_for_renewal(application)
    filed = solo.reviewed_later(application, "renewal", ann, ben)
    solo.time = solo.voucher(number).valid_until + MS_PER_DAY
    assert ask(solo, cy, application, "read").verdict == "permitted"
    assert ask(solo, ben, application, "read").verdict == "permitted"
    another = issue(solo, application, ann, solo.enroll("dan"), permit("read"))
    assert another != grant
    solo.step(filed, "withdraw", ben, ann.key, ben.key)
    assert ask(solo, cy, application, "read").verdict == "not covered"
    assert ask(solo, ben, application, "read").verdict == "not covered"


def test_rights_are_pledged_while_a_renewal_is_undecided(solo):
    ann, _, cy, application, _, _ = pending(solo)
    key = pledge(solo, application, ann, cy)
    assert [one.value["encumbrance"] for one in solo.asset(application).pledges] == [key]


def test_rights_are_not_transferred_until_a_renewal_is_decided(world):
    ann, _, cy, application, _, filed = pending(world)
    assert world.file_transfer_refused(application, (ann, cy, "use")) == "expired"
    world.record(filed)
    world.transfer(application, (ann, cy, "hold"))


# What a voucher shows


def test_a_bare_voucher_says_expired_and_names_the_renewal_it_cannot_see(solo):
    _, _, _, application, number, _ = pending(solo)
    report = judge(solo.bundle(application, number), now=solo.time)
    assert (report.failure, report.status) == (None, "expired")
    assert PENDING_RENEWAL in report.not_checked


def test_a_voucher_in_its_term_has_nothing_to_do_with_renewals(solo):
    ann, ben, _, application, number = play(solo)
    solo.wait_for_renewal(application)
    solo.file_later(application, "renewal", ann, ben)
    report = judge(solo.bundle(application, number), now=solo.time)
    assert (report.status, PENDING_RENEWAL in report.not_checked) == ("valid", False)


def test_a_renewed_voucher_is_superseded_and_was_in_force_until_then(solo):
    _, _, _, application, number, filed = pending(solo)
    between, until = solo.time, solo.voucher(number).valid_until
    second = solo.record(filed)
    bundle = solo.bundle(application, number)
    assert judge(bundle, now=solo.time).status == "superseded"
    assert judge(bundle, now=solo.time, as_of=until).status == "valid"
    assert judge(bundle, now=solo.time, as_of=between - 1).status == "valid"
    assert PENDING_RENEWAL not in judge(bundle, now=solo.time, as_of=until).not_checked
    renewed = solo.bundle(filed, second)
    report = judge(renewed, now=solo.time)
    assert (report.failure, report.status, report.is_in_force) == (None, "valid", True)

"""Renewals of what several hold: each right-holder may file one, and it renews what is in force."""

import pytest

from contracts.clocks import end_of_validity
from contracts.duties import asset_duties
from contracts.intervals import current
from contracts.standing import find_pending, standing_voucher
from tests.support.desks import desk
from tests.support.disputes import beside
from tests.support.grants import LogFacts, ask
from tests.support.holds import pledge
from tests.support.people import MS_PER_DAY, claim
from tests.support.transfers import play
from tests.support.world import World

NATIONAL = "national-2026"


@pytest.fixture(params=["solo", NATIONAL])
def world(request):
    return World(request.param, max_years=1)


def held(world, application):
    values = current(world.asset(application).tuples)
    return sorted((one["holder"], one["right"]) for one in values)


def end_of(world, application):
    return world.voucher(world.asset(application).voucher).valid_until


def standing(world, application):
    return standing_voucher(LogFacts(world.log), world.asset(application), world.time)


def confirm_body(world, application, *rights):
    return beside(world, application, rights=list(rights))


def renewing(world, *signers):
    """Ann's and Ben's asset in the last weeks of its term, its renewal by these under review."""
    people = ann, ben, _, application, number = play(world)
    world.time = world.voucher(number).valid_until - 40 * MS_PER_DAY
    named = {"ann": ann, "ben": ben}
    filed = world.reviewed_later(application, "renewal", *(named[name] for name in signers))
    return *people, filed


# Who files it


@pytest.mark.parametrize("who", [["ann"], ["ben"], ["ann", "ben"]])
def test_one_right_holder_or_more_file_a_renewal_and_it_renews_the_rights_of_all(world, who):
    *_, application, number, filed = renewing(world, *who)
    before = held(world, application)
    second = world.record(filed)
    assert held(world, application) == before
    assert current(world.voucher(number).status) == ("superseded",)
    assert world.voucher(second).valid_until > world.voucher(number).valid_until


def test_nobody_else_files_it(world):
    ann, _, cy, application, number = play(world)
    world.time = world.voucher(number).valid_until - 40 * MS_PER_DAY
    assert world.file_later_refused(application, "renewal", cy) == "parties"
    assert world.file_later_refused(application, "renewal", ann, cy) == "parties"


def test_a_right_holder_that_may_not_act_keeps_nobody_from_renewing():
    world = World(NATIONAL, max_years=1)
    ann, ben, _, application, number = play(world)
    world.time = world.voucher(number).valid_until - 40 * MS_PER_DAY
    world.do("party.suspend", {"party": ben.party, "ground": "inquiry"}, world.regulator)
    _, renewed = world.later(application, "renewal", ann)
    assert world.asset(application).voucher == renewed != number


# What it renews


def test_what_a_declared_right_holder_confirms_meanwhile_is_renewed_with_the_rest(world):
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.published(ann)
    number = world.record(application, [claim(ann)], declared=[claim(ben, "use")])
    world.time = world.voucher(number).valid_until - 40 * MS_PER_DAY
    filed = world.reviewed_later(application, "renewal", ann)
    world.do("registration.confirm", confirm_body(world, application, "use"), ben)
    world.time = max(world.time, end_of(world, application) + MS_PER_DAY)
    second = world.record(filed)
    assert held(world, application) == sorted([(ann.party, "hold"), (ben.party, "use")])
    assert standing(world, application) == second


def test_no_right_begins_while_only_a_renewal_keeps_the_voucher(world):
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.published(ann)
    number = world.record(application, [claim(ann)], declared=[claim(ben, "use")])
    until = world.voucher(number).valid_until
    world.time = until - MS_PER_DAY
    filed = world.file_later(application, "renewal", ann)
    world.step(filed, "accept")
    world.time = until
    body = confirm_body(world, application, "use")
    assert world.refused("registration.confirm", body, ben) == "expired"
    world.record(filed)
    world.do("registration.confirm", confirm_body(world, application, "use"), ben)


def test_a_right_that_was_transferred_meanwhile_is_renewed_in_its_new_hands(world):
    _, ben, cy, application, _, filed = renewing(world, "ann")
    world.transfer(application, (ben, cy, "use"))
    world.record(filed)
    assert (cy.party, "use") in held(world, application)
    assert (ben.party, "use") not in held(world, application)


def test_a_renewal_keeps_the_voucher_of_a_transfer_in_force_too(world):
    _, ben, cy, application, number, filed = renewing(world, "ann", "ben")
    _, second = world.transfer(application, (ben, cy, "use"))
    world.time = world.voucher(second).valid_until + MS_PER_DAY
    assert standing(world, application) == second != number
    third = world.record(filed)
    assert standing(world, application) == third
    spans = [(each.value["number"], each.start) for each in world.asset(application).vouchers]
    assert [name for name, _ in spans] == [number, second, second, third]


def test_a_renewal_follows_a_change_and_repeats_what_it_says(world):
    ann, ben, _, application, _, filed = renewing(world, "ben")
    _, second = world.later(application, "change", ann, ben)
    third = world.record(filed)
    assert current(world.voucher(second).status) == ("superseded",)
    assert world.asset(application).voucher == third


def test_a_transfer_that_waits_for_its_notice_outlives_the_renewal(world):
    _, ben, cy, application, _, filed = renewing(world, "ann")
    transfer = world.file_transfer(application, (ben, cy, "use"))
    world.step(transfer, "accept")
    world.publish(transfer)
    world.record(filed)
    world.record(transfer)
    assert (cy.party, "use") in held(world, application)


def test_one_of_those_who_filed_it_has_a_right_still_when_it_is_recorded(world):
    _, ben, cy, application, _, filed = renewing(world, "ben")
    world.transfer(application, (ben, cy, "use"))
    assert world.record_refused(filed) == "holders_moved"
    again = renewing_again(world, application, filed, cy)
    world.record(again)


def renewing_again(world, application, filed, who):
    world.step(filed, "refuse", ground="22-5", reasons="none of them holds a right")
    return world.reviewed_later(application, "renewal", who)


def test_a_renewal_of_what_was_cancelled_comes_to_nothing(world):
    ann, ben, _, application, _, filed = renewing(world, "ann")
    world.later(application, "cancellation", ann, ben)
    assert world.record_refused(filed) == "voucher_moved"
    assert standing(world, application) is None


def test_a_renewal_is_not_dated_before_a_right_that_it_renews():
    world = World(NATIONAL, max_years=1)
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.published(ann)
    number = world.record(application, [claim(ann)], declared=[claim(ben, "use")])
    world.time = world.voucher(number).valid_until - 40 * MS_PER_DAY
    filed = world.reviewed_later(application, "renewal", ann)
    early = world.time // 1000 * 1000
    world.time += MS_PER_DAY
    world.do("registration.confirm", confirm_body(world, application, "use"), ben)
    ends = end_of_validity(early, years=1)
    dated = {**world.evidence(early), "valid_from": early, "valid_until": ends}
    assert world.record_refused(filed, **dated) == "newer_right"
    world.record(filed)


def test_every_right_holder_may_answer_what_is_asked_about_a_renewal(world):
    ann, ben, cy, application, number = play(world)
    world.time = world.voucher(number).valid_until - 40 * MS_PER_DAY
    filed = world.file_later(application, "renewal", ben)
    world.step(filed, "return", missing=["the form"], until=world.time + 20 * MS_PER_DAY)
    answer = {"answer": "0f" * 32}
    assert world.step_refused(filed, "supplement", cy, **answer) == "wrong_role"
    world.step(filed, "supplement", ann, **answer)
    world.step(filed, "accept")
    assert withdrawn_refused(world, filed, ann) == "wrong_signers"
    world.record(filed)


# Who withdraws it


def withdraw(world, filed, actor, *others):
    keys = [person.key for person in (actor, *others)]
    return world.step(filed, "withdraw", actor, *keys)


def withdrawn_refused(world, filed, actor, *others):
    keys = [person.key for person in (actor, *others)]
    return world.step_refused(filed, "withdraw", actor, *keys)


def test_a_renewal_is_withdrawn_by_all_who_filed_it(world):
    ann, ben, cy, application, _, filed = renewing(world, "ann", "ben")
    for actor in (ann, ben):
        assert withdrawn_refused(world, filed, actor) == "wrong_signers"
    assert withdrawn_refused(world, filed, ben, cy) == "wrong_signers"
    withdraw(world, filed, ben, ann)
    world.file_later(application, "renewal", ben)


def test_within_the_term_who_filed_it_alone_withdraws_it_alone(world):
    _, ben, _, application, _, filed = renewing(world, "ben")
    withdraw(world, filed, ben)
    assert standing(world, application) is not None


def test_what_alone_keeps_the_rights_of_all_is_withdrawn_by_all(world):
    ann, ben, _, application, _, filed = renewing(world, "ben")
    world.time = end_of(world, application)
    assert withdrawn_refused(world, filed, ben) == "wrong_signers"
    withdraw(world, filed, ben, ann)
    assert standing(world, application) is None


def test_an_agent_withdraws_it_for_those_whose_mandate_it_has():
    world = World(NATIONAL, max_years=1)
    ann, ben, cy, application, number = play(world)
    world.time = world.voucher(number).valid_until - 40 * MS_PER_DAY
    filed = world.file_later(application, "renewal", ann, ben)
    mandate = {"agent": cy.party, "mandate": "ab" * 32, "types": ["renewal"]}
    mandate |= {"until": world.time + 90 * MS_PER_DAY}
    world.do("party.undertake", mandate, ann, ann.key, cy.key)
    assert withdrawn_refused(world, filed, cy) == "wrong_signers"
    world.do("party.undertake", mandate, ben, ben.key, cy.key)
    withdraw(world, filed, cy)


@pytest.mark.parametrize("of_type", ["change", "cancellation"])
def test_another_joint_application_is_withdrawn_by_any_one_of_them(world, of_type):
    ann, ben, _, application, _ = play(world)
    filed = world.file_later(application, of_type, ann, ben)
    withdraw(world, filed, ben)
    assert current(world.registration(filed).status) == ("withdrawn",)


# While nothing else keeps it in force


def test_what_the_check_says_of_a_transfer_is_what_the_rule_does(world):
    ann, ben, cy, application, _, filed = renewing(world, "ann")
    until = end_of(world, application)
    verdicts = {}
    for time in (until - 1, until):
        world.time = time
        for action in ("transfer", "sell", "muniment:encumber", "read"):
            answer = ask(world, ann, application, action)
            verdicts[action] = (answer.verdict, answer.clause.code)
        is_over = time >= until
        barred = ("prohibited", "expired") if is_over else ("permitted", "own_right")
        assert verdicts == {
            "transfer": barred,
            "sell": barred,
            "muniment:encumber": ("permitted", "own_right"),
            "read": ("permitted", "own_right"),
        }
    assert world.file_transfer_refused(application, (ann, cy, "use")) == "expired"
    assert world.file_later_refused(application, "change", ann, ben) == "expired"
    pledge(world, application, ann, cy, rights=("hold",))
    world.record(filed)
    assert ask(world, ben, application, "transfer", until).clause.code == "expired"
    assert ask(world, ben, application, "transfer", until - 1).verdict == "permitted"
    assert ask(world, ben, application, "transfer").verdict == "permitted"


@pytest.mark.parametrize("status", ["accepted", "supplement"])
def test_the_registrar_is_told_to_decide_it_from_the_end_of_the_term_on(status):
    world = World(NATIONAL, max_years=1)
    *_, application, number, filed = renewing(world, "ann")
    if status == "supplement":
        world.step(filed, "supplement", ask="more")
    asset, until = world.asset(application), world.voucher(number).valid_until
    pending = find_pending(world.registration(filed))
    assert [*asset_duties(application.asset, asset, pending, desk(world, until - 1))] == []
    (duty,) = asset_duties(application.asset, asset, pending, desk(world, until))
    assert (duty.what, duty.subject) == ("decide-renewal", filed.registration)
    assert (duty.deadline, duty.is_overdue) == (until, True)
    assert duty.parties == (world.registrar.party,)


def test_a_renewal_that_was_returned_is_not_the_registrars_to_decide():
    world = World(NATIONAL, max_years=1)
    ann, _, _, application, number = play(world)
    until = world.voucher(number).valid_until
    world.time = until - MS_PER_DAY
    filed = world.file_later(application, "renewal", ann)
    world.step(filed, "return", missing=["x"], until=until + 30 * MS_PER_DAY)
    asset, pending = world.asset(application), find_pending(world.registration(filed))
    assert [*asset_duties(application.asset, asset, pending, desk(world, until))] == []

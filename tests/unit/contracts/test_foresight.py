"""What comes by itself: foreseen from the record alone, and borne out when the date has come."""

import pytest
from msgspec.structs import replace

from contracts.duties import settle
from contracts.edges import STATES
from contracts.force import Pending
from contracts.foresight import (
    OUTCOMES,
    Consequence,
    foresee_party,
    foresee_registration,
    foresee_voucher,
    sort_consequences,
    status_then,
)
from contracts.identity import Recovery
from contracts.procedure import status_at
from tests.support.desks import desk
from tests.support.people import ms
from tests.support.world import World


def foreseen(world, application, **options):
    registration = world.registration(application)
    key = application.registration
    found = [*foresee_registration(key, registration, desk(world, **options))]
    assert {each.subject for each in found} <= {key}
    return {each.what: each.at for each in found}


def then(world, application, time):
    return status_then(world.registration(application), desk(world, time))


def accepted(world, application):
    world.time = ms("2026-11-03T10:00")
    world.step(application, "accept")


def test_silence_accepts_and_then_completion_is_overdue(world, application):
    silence, overdue = ms("2026-11-06T00:00"), ms("2026-11-21T00:00")
    assert foreseen(world, application) == {"accepted": silence, "completion-overdue": overdue}
    assert then(world, application, silence - 1) == "filed"
    assert then(world, application, silence) == "accepted"
    assert then(world, application, overdue + 1) == "accepted"


def test_what_was_foreseen_stays_so_when_the_date_has_come(world, application):
    before = foreseen(world, application)
    assert foreseen(world, application, time=ms("2026-11-30T00:00")) == before
    world.time = ms("2026-11-09T10:00")
    settled = settle(world.registration(application), desk(world))
    world.step(application, "withhold", reason="trade secret")
    held = world.registration(application)
    assert held.status[1].start == settled.status[1].start == before["accepted"]
    assert foreseen(world, application) == {"completion-overdue": before["completion-overdue"]}


def test_a_return_that_is_not_mended_lapses(world, application):
    until = ms("2026-11-20T00:00")
    world.step(application, "return", missing=["x"], until=until)
    assert foreseen(world, application) == {"lapsed": until}
    assert then(world, application, until - 1) == "returned"
    assert then(world, application, until) == "lapsed"


def test_a_supplement_waits_for_ever(world, application):
    accepted(world, application)
    world.step(application, "supplement", ask="the contract")
    assert foreseen(world, application) == {"waits": None}
    assert then(world, application, ms("2036-01-01T00:00")) == "supplement"


def test_a_notice_ends_and_then_completion_is_overdue(world, application):
    accepted(world, application)
    world.time = ms("2026-11-04T10:00")
    world.step(application, "publish", fields=application.statutory, **world.notice())
    assert foreseen(world, application) == {
        "notice-over": ms("2026-11-12T00:00"),
        "completion-overdue": ms("2026-11-26T00:00"),
    }


def test_an_objection_is_overdue_and_stays_open(world, application):
    bob = world.enroll("bob")
    accepted(world, application)
    world.step(application, "publish", fields=application.statutory, **world.notice())
    world.time = ms("2026-11-04T10:00")
    world.step(application, "object", bob, reason="mine", evidence="0e" * 32)
    overdue = ms("2026-11-19T00:00")
    assert foreseen(world, application) == {"objection-overdue": overdue}
    assert then(world, application, overdue) == "objected"
    world.time = ms("2026-11-16T10:00")
    world.step(application, "resolve", outcome="dismissed", reasons="unfounded")
    found = foreseen(world, application)
    assert found["notice-over"] == world.registration(application).status[-1].start


def test_nothing_comes_of_what_is_at_an_end(world, application):
    world.step(application, "withdraw", application.applicants[0])
    assert foreseen(world, application) == {}


def test_where_the_calendar_ends_a_consequence_is_unknown_and_said_so(world, application):
    registration = replace(world.registration(application), deadline=None)
    key = application.registration
    (silence,) = foresee_registration(key, registration, desk(world, years=()))
    assert silence == Consequence("accepted", key, None, is_unknown=True)
    assert status_then(registration, desk(world, ms("2027-01-01T00:00"), years=())) == "filed"
    known = {each.what: each.at for each in foresee_registration(key, registration, desk(world))}
    assert known == foreseen(world, application)
    # known to be accepted, unknown when it is overdue
    registration = world.registration(application)
    found = [*foresee_registration(key, registration, desk(world, years=()))]
    assert [(each.what, each.is_unknown) for each in found] == [
        ("accepted", False),
        ("completion-overdue", True),
    ]


def test_in_solo_nothing_comes_by_itself_in_any_state():
    world = World()
    application = world.file(world.operator)
    registration = world.registration(application)
    for status in STATES:
        if status in {"returned", "supplement"}:  # these wait for somebody under any profile
            continue
        held = replace(registration.status[-1], value=status)
        odd = replace(registration, status=(held,))
        assert [*foresee_registration(application.registration, odd, desk(world))] == [], status
        assert status_at(odd, desk(world).now) == status


UNTIL = ms("2031-11-10T00:00")
OPENS = ms("2031-05-09T00:00")
NUMBER = "SJ3212026110001"
KEY = f"voucher/{NUMBER}"
VOUCHERS = {
    "nobody renews it": (None, [("renewal-opens", OPENS), ("expired", UNTIL)]),
    "its renewal is undecided": (
        Pending(OPENS, None),
        [("renewal-pending", UNTIL)],
    ),
    "its renewal lapses after the term": (
        Pending(OPENS, UNTIL + 1000),
        [("renewal-pending", UNTIL), ("expired", UNTIL + 1000)],
    ),
    "its renewal was decided before": (
        Pending(OPENS, UNTIL),
        [("renewal-opens", OPENS), ("expired", UNTIL)],
    ),
}


@pytest.mark.parametrize("name", VOUCHERS)
def test_a_voucher_expires_unless_its_renewal_is_undecided(world, name):
    pending, wanted = VOUCHERS[name]
    found = [*foresee_voucher(KEY, UNTIL, pending, desk(world))]
    assert [(each.what, each.at) for each in found] == wanted


def test_new_keys_take_effect(world, application):
    party = world.party(application.applicants[0])
    assert [*foresee_party("party/x", party)] == []
    pending = replace(party, recovery=Recovery(keys=(), effective=UNTIL))
    assert [*foresee_party("party/x", pending)] == [Consequence("recovery", "party/x", UNTIL)]


def test_consequences_stand_in_the_order_in_which_they_come():
    wanted = [
        Consequence("lapsed", "registration/b", 1),
        Consequence("recovery", "party/a", 2),
        Consequence("accepted", "registration/a", 2),
        Consequence("completion-overdue", "registration/a", None, is_unknown=True),
    ]
    assert sort_consequences(reversed(wanted)) == wanted


def test_every_consequence_is_said_in_both_languages_with_its_article():
    for code, outcome in OUTCOMES.items():
        assert outcome.says.en.isascii(), code
        assert not outcome.says.zh.isascii(), code
        assert outcome.article.startswith(("Art. ", "domain "))
        assert Consequence(code, "x", None).outcome is outcome

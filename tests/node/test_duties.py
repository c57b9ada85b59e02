"""What is due on a registry in a home: which states are read, and what is foreseen of them."""

import pytest

from contracts.party import IdentityCheck, Recover
from contracts.procedure import Registration
from ledger.errors import NotFoundError
from node.duties import find_duties, foresee, read_desk
from tests.support.national import DAY, NOTICE_ENDS
from tests.support.people import START, ms


def due(office, now=None):
    desk = read_desk(office.registry, now)
    return [(duty.what, duty.subject, duty.deadline) for duty in find_duties(office.registry, desk)]


def forecast(office, registration, at):
    return foresee(office.registry, registration, read_desk(office.registry), at)


def test_a_registration_is_due_from_its_filing_to_its_record(office):
    assert due(office) == []
    asset, registration, _ = office.file()
    assert due(office) == [("answer", registration, ms("2026-11-06T00:00"))]
    office.accept(registration)
    assert due(office) == [("review", registration, ms("2026-11-17T00:00"))]
    office.publish(registration)
    assert due(office) == [("await-notice", registration, NOTICE_ENDS)]
    office.clock.pass_time(NOTICE_ENDS - office.clock.now())
    assert due(office) == [("record", registration, ms("2026-11-24T00:00"))]
    office.record(registration)
    assert due(office) == []
    until = ms("2029-11-11T00:00")
    years = {"2028", "2029"}
    assert [each for each in due(office, until - 1) if each[1][-4:] not in years] == [
        ("renew", asset, until)
    ]


def test_at_a_time_told_it_is_reckoned_as_of_then(office):
    _, registration, _ = office.file()
    assert due(office, ms("2026-11-06T00:00")) == [("review", registration, ms("2026-11-21T00:00"))]


def test_new_keys_that_take_effect_are_due(office):
    party, key = office.applicant
    new = office.registry.ring.create("new")
    check = IdentityCheck(method="licence seen", evidence="11" * 32)
    body = Recover(party=party, add=(new.did,), remove=(key.did,), check=check)
    office.submit(office.registry.ledger.registrar, body, office.officers[0], new)
    assert due(office) == [("recovery", party, ms("2026-11-10T00:00"))]
    _, registration, _ = office.file()
    found = forecast(office, registration, ms("2026-11-30T00:00")).consequences
    assert [each.what for each in found] == ["accepted", "recovery", "completion-overdue"]


def test_what_is_foreseen_of_an_application(office):
    _, registration, _ = office.file()
    before, after = (
        forecast(office, registration, ms(time))
        for time in ("2026-11-05T00:00", "2026-11-06T00:00")
    )
    assert (before.status, after.status) == ("filed", "accepted")
    assert before.consequences == after.consequences
    assert (before.voucher, before.voucher_status) == (None, None)
    office.clock.pass_time(ms("2026-11-06T00:00") - office.clock.now())
    office.publish(registration)
    held = office.registry.need_state(Registration, registration)
    assert held.status[1].start == after.consequences[0].at


def test_what_is_foreseen_of_a_voucher(office):
    _, registration, number = office.registered()
    until = ms("2029-11-11T00:00")
    for time, status in ((until - 1, "valid"), (until, "expired")):
        found = forecast(office, registration, time)
        assert (found.status, found.voucher, found.voucher_status) == ("recorded", number, status)
    assert [(each.what, each.at) for each in found.consequences] == [
        ("renewal-opens", ms("2029-05-10T00:00")),
        ("expired", until),
    ]
    office.clock.pass_time(DAY)
    office.revoke(registration)
    found = forecast(office, registration, until)
    assert (found.voucher_status, found.consequences) == ("revoked", [])


def test_nothing_is_foreseen_of_a_registration_that_is_not_there(office):
    with pytest.raises(NotFoundError, match="there is no registration/x"):
        forecast(office, "registration/x", START)

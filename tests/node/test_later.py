"""Changes, renewals and cancellations under national-2026, with a clock of the test's own."""

import json
import shutil

import pytest

from contracts.check import format_check
from contracts.credential import parse_credential
from contracts.forms import FORMS
from contracts.identity import Party
from contracts.intervals import current
from contracts.leaving import Exit
from contracts.permission import Inquiry
from contracts.procedure import National
from contracts.queries import Query, format_query
from contracts.recording import RecordRegistration, Voucher, voucher_key
from contracts.records import parse_record
from contracts.registration import Registration, Withdraw
from contracts.title import Asset
from contracts.verdict import PENDING_RENEWAL
from ledger.core.draft import check_openings
from ledger.errors import MalformedError, NotFoundError, RejectedError
from node.answers import prove_act, prove_query
from node.drafts import find_missing, main_subject, prepare_event
from node.duties import find_duties, read_desk
from node.later import (
    build_later,
    complete_later,
    is_later,
    read_cancelled,
    read_recorded_later,
)
from node.maintenance import audit_registry
from node.recording import Recording, record_until_numbered
from node.registry import open_registry
from node.standing import VoucherStanding, tell_voucher
from tests.cli.conftest import founded as founded
from tests.node.test_transferring import SECOND_NOTICE_ENDS, Deal
from tests.support.independent_queries import verify_query
from tests.support.independent_verifier import verify_voucher
from tests.support.ledgers import FakeClock
from tests.support.national import DAY, FINDINGS, Office
from tests.support.people import ms

EXPIRES = ms("2029-11-11T00:00")
RENEWED_FROM = ms("2029-05-10T00:00")
CHANGE = {"after": {"summary": "All flights, by the minute", "name": "A new name"}}


class Later:
    """A voucher of one holder, and what is filed about it."""

    def __init__(self, office: Office, use_until=None):
        self.office, self.registry = office, office.registry
        self.asset, _, self.number = office.registered(use_until)
        self.holder, self.key = office.applicant

    def file(self, of_type, **members):
        body, openings = build_later(
            self.registry, self.holder, of_type, self.number, members or {}
        )
        prepared = prepare_event(self.registry, self.holder, body, openings)
        assert prepared.missing == ()
        self.registry.submit([prepared.signed], {})
        self.office.clock.pass_time(1000)
        return main_subject(prepared.signed.event)

    def accepted(self, of_type, **members):
        key = self.file(of_type, **members)
        self.office.accept(key)
        return key

    def record(self, key):
        national = self.office.evidence("R-2")
        recording = self.office.recording
        if self.registry.need_state(Registration, key).type == "cancellation":
            event = recording.cancel(read_cancelled(self.registry, key, FINDINGS), national)
            self.registry.submit([event], {})
            return None
        asset = read_recorded_later(self.registry, key, FINDINGS)
        return record_until_numbered(self.registry, recording, asset, (), national)[1]

    def wait(self, time):
        self.office.clock.pass_time(time - self.office.clock.now())

    def verify(self, number, **question):
        data = self.office.voucher(number)
        report = self.office.verify(data, **question)
        policy = self.registry.home.policy.read_bytes()
        said = verify_voucher(
            data, policy, now=self.office.clock.now(), as_of=question.get("as_of")
        )
        assert said["status"] == report.status, "an independent verifier agrees"
        return report


@pytest.fixture
def later(office):
    return Later(office)


# From the filing to the result


def test_a_record_leaves_out_the_right_whose_own_term_is_over(office):
    later = Later(office, use_until=ms("2027-11-11T00:00"))
    later.wait(ms("2027-11-10T00:00"))
    key = later.accepted("renewal")
    later.wait(ms("2027-11-12T00:00"))
    asset = read_recorded_later(later.registry, key, FINDINGS)
    assert [each.right for each in asset.rights] == ["hold"]
    assert asset.before.parties == (later.holder,)
    assert later.verify(later.record(key)).status == "valid"
    assert later.registry.need_state(Party, later.holder).tuples == 1


def test_what_is_pending_of_a_voucher_that_was_revoked_meanwhile_is_said_to_be_moot(later):
    def due():
        desk = read_desk(later.registry)
        return [duty for duty in find_duties(later.registry, desk) if duty.subject == key]

    key = later.accepted("cancellation", reason="destroyed")
    (before,) = due()
    later.office.revoke(later.registry.need_state(Asset, later.asset).registration)
    (after,) = due()
    assert (before.what, after.what) == ("review", "moot")
    assert (after.deadline, after.parties) == (before.deadline, before.parties)


def test_a_change_leads_to_a_voucher_with_the_new_description(later):
    key = later.accepted("change", **CHANGE)
    later.office.publish(key)
    later.wait(SECOND_NOTICE_ENDS)
    second = later.record(key)
    state = later.registry.need_state(Asset, later.asset)
    assert state.fields["summary"] == "All flights, by the minute"
    assert later.verify(later.number).status == "superseded"
    new = later.verify(second)
    assert (new.failure, new.status, new.valid_until) == (None, "valid", EXPIRES)
    credential = parse_credential(json.loads(later.office.voucher(second))["credential"])
    assert credential.document["credentialSubject"]["fields"] == dict(state.fields)
    assert "A new name" not in json.dumps(credential.document)


def test_a_renewal_leads_to_as_many_years_as_its_form_asks_for(later):
    later.wait(RENEWED_FROM)
    second = later.record(later.accepted("renewal", term={"years": 2}))
    assert later.registry.need_state(Voucher, voucher_key(second)).valid_until == ms(
        "2031-05-11T00:00"
    )
    assert later.verify(later.number).status == "superseded"
    assert later.verify(second).status == "valid"


def test_a_renewal_that_asks_for_nothing_gets_what_the_profile_allows(later):
    later.wait(RENEWED_FROM)
    second = later.record(later.accepted("renewal"))
    assert later.registry.need_state(Voucher, voucher_key(second)).valid_until == ms(
        "2034-05-11T00:00"
    )


def test_a_cancellation_leaves_a_voucher_that_says_so_and_a_party_that_may_leave(later):
    before = later.office.clock.now()
    assert later.record(later.accepted("cancellation", reason="destroyed")) is None
    assert later.verify(later.number).status == "cancelled"
    assert later.verify(later.number, as_of=before).status == "valid"
    assert later.registry.need_state(Party, later.holder).tuples == 0
    later.office.submit(later.holder, Exit(), later.key)
    audit_registry(later.registry.home, lambda *_: None)


def test_it_is_too_early_to_renew(later):
    later.wait(RENEWED_FROM - 1)
    with pytest.raises(RejectedError) as caught:
        later.file("renewal")
    assert caught.value.reason == "renewal_early"
    later.wait(RENEWED_FROM)
    later.file("renewal")


# While a renewal is undecided


def test_answers_about_the_time_in_which_a_renewal_is_undecided_prove_it(later):
    later.wait(EXPIRES - DAY)
    key = later.accepted("renewal")
    later.wait(EXPIRES + DAY)
    later.office.publish_calendar(2029)  # something happens, so that a newer seal says the time
    report = later.verify(later.number)
    assert report.status == "expired"
    assert PENDING_RENEWAL in report.not_checked
    now = later.office.clock.now() - 1000
    query = Query(topic="holders", subject=later.asset, at=now)
    bundle = prove_query(later.registry.prover(), query)
    assert bundle.answer["voucher"] == later.number
    assert key in {each.subject for each in bundle.proofs.states}
    data = json.dumps(format_query(bundle)).encode()
    assert later.office.verify(data).failure is None
    verify_query(data, later.registry.home.policy.read_bytes())
    inquiry = Inquiry(party=later.holder, asset=later.asset, action="use", at=now, facts={})
    check = prove_act(later.registry.prover(), inquiry)
    assert check.answer.verdict == "permitted"
    assert later.office.verify(json.dumps(format_check(check)).encode()).failure is None


def test_the_registry_says_how_a_voucher_stands_and_what_keeps_it(later):
    later.wait(EXPIRES - DAY)
    assert tell_voucher(later.registry, later.number) == VoucherStanding("valid", None, ())
    key = later.accepted("renewal")
    later.wait(EXPIRES + DAY)
    later.office.publish_calendar(2029)
    assert tell_voucher(later.registry, later.number) == VoucherStanding("valid", key, ())
    later.office.submit(later.holder, Withdraw(registration=key), later.key)
    assert tell_voucher(later.registry, later.number) == VoucherStanding("expired", None, ())


def test_without_the_registrations_state_such_an_answer_proves_nothing(later):
    later.wait(EXPIRES - DAY)
    key = later.accepted("renewal")
    later.wait(EXPIRES + DAY)
    later.office.publish_calendar(2029)
    query = Query(topic="holders", subject=later.asset, at=later.office.clock.now() - 1000)
    document = format_query(prove_query(later.registry.prover(), query))
    document["states"] = [one for one in document["states"] if one["subject"] != key]
    failure = later.office.verify(json.dumps(document).encode()).failure
    assert failure is not None
    assert key in str(failure)


def test_withdrawn_after_the_end_it_keeps_nothing_in_force(later):
    later.wait(EXPIRES - DAY)
    key = later.accepted("renewal")
    later.wait(EXPIRES + DAY)
    later.office.submit(later.holder, Withdraw(registration=key), later.key)
    decided = later.registry.need_state(Registration, key).status[-1].start
    for time, number in ((decided - 1, later.number), (decided, None)):
        query = Query(topic="holders", subject=later.asset, at=time)
        bundle = prove_query(later.registry.prover(), query)
        assert bundle.answer["voucher"] == number
        data = json.dumps(format_query(bundle)).encode()
        verify_query(data, later.registry.home.policy.read_bytes())


def test_recorded_after_the_end_the_old_voucher_was_in_force_until_then(later):
    later.wait(EXPIRES - DAY)
    key = later.accepted("renewal")
    later.wait(EXPIRES + DAY)
    second = later.record(key)
    assert later.verify(later.number).status == "superseded"
    assert later.verify(later.number, as_of=EXPIRES).status == "valid"
    assert later.verify(second).status == "valid"


# In solo, straight through


@pytest.fixture
def solo(founded, tmp_path):
    """A copy of a solo registry, the day before its voucher expires."""
    home = tmp_path / "solo"
    shutil.copytree(founded.home, home)
    clock = FakeClock(ms("2099-01-01T00:00"))
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        until = registry.need_state(Voucher, voucher_key(founded.number)).valid_until
        clock.pass_time(until - DAY - clock.now())
        yield registry


@pytest.mark.parametrize(
    ("of_type", "members", "status"),
    [
        ("renewal", {"term": {"years": 2}}, "superseded"),
        ("change", CHANGE, "superseded"),
        ("cancellation", {"reason": "destroyed"}, "cancelled"),
    ],
)
def test_in_solo_each_type_is_completed_at_once(solo, founded, of_type, members, status):
    ledger = solo.ledger
    keys = solo.need_state(Party, ledger.registrar).current_keys(solo.clock.now())
    entry = next(each for each in solo.ring.list_entries() if each.did in keys)
    recording = Recording(solo, ledger.registrar, [solo.ring.load(entry.name)])
    body, openings = build_later(solo, ledger.operator, of_type, founded.number, members)
    prepared = prepare_event(solo, ledger.operator, body, openings)
    written, number = complete_later(solo, recording, prepared.signed, FINDINGS)
    assert written.index == solo.store.read_head().size - 2, "the record, before the seal"
    assert current(solo.need_state(Voucher, voucher_key(founded.number)).status) == (status,)
    assert (number is None) == (of_type == "cancellation")
    if number is not None:
        new = solo.need_state(Voucher, voucher_key(number))
        assert current(new.status) == ("valid",)
        old = solo.need_state(Voucher, voucher_key(founded.number))
        assert (new.valid_until > old.valid_until) == (of_type == "renewal")
    audit_registry(solo.home, lambda *_: None)


# What is filed


def test_the_form_is_committed_to_wholly_and_says_what_stands(later):
    for of_type, members in (
        ("change", CHANGE),
        ("renewal", {}),
        ("cancellation", {"reason": "destroyed"}),
    ):
        body, openings = build_later(later.registry, later.holder, of_type, later.number, members)
        assert set(body.application) == set(FORMS[of_type].members)
        event = later.registry.build_event(later.holder, body)
        check_openings(event, openings)
        values = {each.field: each.value for each in openings}
        assert (values["title"], values["voucher"]) == ("航班数据 2013", later.number)
        if of_type != "change":
            assert values["applicants"][0]["party"] == later.holder


def test_what_the_applicant_is_called_stays_with_the_applicants(later):
    _, openings = build_later(later.registry, later.holder, "change", later.number, CHANGE)
    values = {each.field: each.value for each in openings}
    assert values["after"] == {"summary": "All flights, by the minute"}
    assert values["before"] == {"summary": "All flights"}
    assert values["applicants"]["after"] == {"name": "A new name"}
    only = {"after": {"name": "A new name"}}
    _, openings = build_later(later.registry, later.holder, "change", later.number, only)
    assert {each.field: each.value for each in openings}["after"] is None


WRONG = {
    "a right": {"after": {"rights": []}},
    "the source": {"after": {"source": "collected"}},
    "nothing": {"after": {}},
    "no after": {},
    "a title that is too long": {"after": {"title": "t" * 201}},
    "the form's own title too long": {"after": {"volume": "1"}, "title": "t" * 201},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_could_never_be_published_is_not_filed(later, name):
    with pytest.raises(RejectedError):
        build_later(later.registry, later.holder, "change", later.number, WRONG[name])


def test_a_member_of_another_form_or_a_voucher_that_is_not_there_is_refused(later):
    with pytest.raises(MalformedError, match="reason"):
        build_later(later.registry, later.holder, "renewal", later.number, {"reason": "x"})
    with pytest.raises(NotFoundError):
        build_later(later.registry, later.holder, "renewal", "SJ3212026110009", {})


def test_an_asset_that_was_cancelled_has_nothing_to_record(later):
    change = later.accepted("change", **CHANGE)
    second = later.accepted("cancellation", reason="destroyed")
    third = later.accepted("cancellation", reason="destroyed")
    later.record(second)
    for act in (
        lambda: read_recorded_later(later.registry, change, FINDINGS),
        lambda: read_cancelled(later.registry, third, FINDINGS),
    ):
        with pytest.raises(RejectedError) as caught:
            act()
        assert caught.value.reason == "no_voucher"


def test_the_store_keeps_no_document_for_a_cancellation(later):
    later.record(later.accepted("cancellation", reason="destroyed"))
    (body,) = [
        parse_record(RecordRegistration, entry.signed.event.body)
        for entry in later.registry.prover().read_events(voucher_key(later.number))[1:]
    ]
    assert (body.outcome, body.cancels) == (None, later.number)
    audit_registry(later.registry.home, lambda *_: None)


# Several right-holders, whose keys lie in several homes


def test_all_right_holders_sign_by_draft(office, tmp_path):
    deal = Deal(office, tmp_path)
    key = deal.published("use")
    office.clock.pass_time(SECOND_NOTICE_ENDS - office.clock.now())
    second = deal.record(key)
    body, openings = build_later(
        deal.registry, deal.giver, "cancellation", second, {"reason": "destroyed"}
    )
    prepared = prepare_event(deal.registry, deal.giver, body, openings)
    assert [each.party for each in prepared.missing] == [deal.taker]
    assert is_later(prepared.signed)
    signed = deal.cosign(prepared.signed)
    assert find_missing(deal.registry, signed) == ()
    deal.registry.submit([signed], {})
    office.clock.pass_time(1000)
    cancelled = main_subject(signed.event)
    office.accept(cancelled)
    evidence = office.clock.now() // 1000 * 1000
    national = National(system="n", record="R-3", evidence_time=evidence, digest="22" * 32)
    event = office.recording.cancel(read_cancelled(deal.registry, cancelled, FINDINGS), national)
    deal.registry.submit([event], {})
    for party in (deal.giver, deal.taker):
        assert deal.registry.need_state(Party, party).tuples == 0
    assert current(deal.registry.need_state(Asset, deal.asset).tuples) == ()


def test_only_a_registration_about_a_voucher_is_completed(later):
    event = later.registry.sign_event(later.registry.build_event(later.holder, Exit()), [later.key])
    with pytest.raises(TypeError):
        complete_later(later.registry, later.office.recording, event, FINDINGS)

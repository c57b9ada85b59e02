"""The whole procedure under national-2026, with a clock of the test's own.

File, accept, publish with a public notice, wait for it to run out, record, verify as a stranger,
revoke, verify again. 2 November 2026 is a Monday; the calendar has no other days off.
"""

import json

import pytest

from contracts.lists import PublishedList, list_key
from contracts.party import Party
from contracts.recording import Voucher, voucher_key
from contracts.registration import Registration
from contracts.title import Asset
from ledger.errors import CorruptionError, MalformedError, NotFoundError, RejectedError
from node.bundles import make_voucher, read_content_openings
from node.issuing import Application, Filing, read_application
from node.recording import build_revocation, last_serial, read_openable
from node.verifier import OpeningRequiredError, Suspect, parse_openings
from tests.support.national import CONTENT, DAY, NOTICE_ENDS
from tests.support.national import FINDINGS as FINDINGS
from tests.support.national import Office as Office
from tests.support.people import ms
from tracing.fingerprint import Fingerprint


def test_the_whole_procedure_ends_with_a_voucher_that_verifies_until_it_is_revoked(office):
    asset, registration, _ = office.file()
    office.accept(registration)
    office.publish(registration)
    state = office.registry.need_state(Registration, registration)
    assert state.deadline == NOTICE_ENDS
    assert set(state.fields) == {"title", "summary", "restrictions"}
    office.clock.pass_time(NOTICE_ENDS - 1000 - office.clock.now())
    with pytest.raises(RejectedError) as caught:
        office.record(registration)
    assert caught.value.reason == "notice_running"
    assert "complete at 2026-11-10T00:00:00+08:00 at the earliest" in caught.value.en
    assert "登记最早于 2026-11-10T00:00:00+08:00" in caught.value.zh
    assert "not at 2026-11-09T23:59:59+08:00" in caught.value.en
    office.clock.pass_time(1000)
    number = office.record(registration)
    assert number == "SJ3212026110001"
    data = office.voucher(number)
    report = office.verify(data)
    assert (report.failure, report.is_in_force, report.status) == (None, True, "valid")
    assert report.valid_until == ms("2029-11-11T00:00"), "three years, to the end of that day"
    office.clock.pass_time(DAY)
    office.revoke(registration)
    after = office.verify(office.voucher(number))
    assert (after.is_authentic, after.is_in_force, after.status) == (True, False, "revoked")
    before = office.verify(office.voucher(number), as_of=NOTICE_ENDS + 1000)
    assert (before.status, before.is_in_force) == ("valid", True)
    held = office.registry.need_state(Asset, asset)
    assert (held.voucher, [each.end is None for each in held.tuples]) == (None, [False, False])
    assert office.registry.need_state(Party, office.applicant[0]).tuples == 0


def test_the_registrar_s_silence_means_accepted(office):
    _, registration, _ = office.file()
    office.clock.pass_time(ms("2026-11-06T00:00") - office.clock.now())
    office.publish(registration)
    values = [each.value for each in office.registry.need_state(Registration, registration).status]
    assert values == ["filed", "accepted", "published"]


def test_numbers_run_through_the_month_and_start_again_in_the_next(office):
    assert last_serial(office.registry) is None
    assert office.registered()[2] == "SJ3212026110001"
    assert last_serial(office.registry) == 1
    office.clock.pass_time(ms("2026-12-01T00:00") - office.clock.now())
    assert last_serial(office.registry) is None


def test_a_number_taken_meanwhile_is_signed_again(office, monkeypatch):
    _, registration, _ = office.file()
    office.accept(registration)
    office.publish(registration)
    office.clock.pass_time(NOTICE_ENDS - office.clock.now())
    believed = iter([4, 3, None])
    monkeypatch.setattr("node.recording.last_serial", lambda _: next(believed))
    assert office.record(registration) == "SJ3212026110001"


def test_a_number_that_never_fits_is_given_up(office, monkeypatch):
    _, registration, _ = office.file()
    office.accept(registration)
    office.publish(registration)
    office.clock.pass_time(NOTICE_ENDS - office.clock.now())
    monkeypatch.setattr("node.recording.last_serial", lambda _: 7)
    before = office.registry.store.read_head().size
    with pytest.raises(RejectedError) as caught:
        office.record(registration)
    assert caught.value.reason == "series_moved"
    assert office.registry.store.read_head().size == before


def test_the_same_content_again_is_found_with_its_voucher(office):
    asset, _, number = office.registered()
    _, _, found = office.file()
    assert [(each.asset, each.voucher, each.match) for each in found] == [(asset, number, "exact")]


def test_a_filing_that_never_reached_the_ledger_is_no_duplicate(office):
    party, key = office.applicant
    form = Application(
        members={"title": "T", "summary": "S"}, rights=("hold",), basis="self-generated",
        level="general-1", data_class="enterprise", years=1,
    )  # fmt: skip
    vault = office.registry.open_vault()
    Filing(office.registry, vault, party, form, [CONTENT]).file([key], publish_digests=False)
    vault.close()
    assert office.file()[2] == []


@pytest.mark.parametrize("length", [0, 201])
def test_a_title_that_could_never_be_published_is_refused_before_it_is_filed(office, length):
    before = office.registry.store.read_head().size
    with pytest.raises(RejectedError) as caught:
        office.file(title="题" * length)
    assert caught.value.reason == "form_length"
    assert office.registry.store.read_head().size == before


def test_the_opening_shows_that_a_file_is_the_registered_one(office):
    _, _, number = office.registered()
    data = office.voucher(number)
    openings = read_content_openings(office.registry, number)
    known = parse_openings(json.dumps(openings).encode())
    right = Suspect(CONTENT, lambda _key, _names: known)
    wrong = Suspect(Fingerprint("33" * 32, 7), lambda _key, _names: known)
    assert office.verify(data, suspect=right).is_in_force
    report = office.verify(data, suspect=wrong)
    assert (report.is_authentic, report.checks[-1].name) == (False, "data")
    with pytest.raises(OpeningRequiredError):
        office.verify(data, suspect=Suspect(CONTENT, lambda _key, _names: []))


def test_an_opening_with_another_salt_opens_nothing(office):
    _, _, number = office.registered()
    (opening,) = read_content_openings(office.registry, number)["openings"]
    salts = {"another salt": {"salt": "A" * 43}, "another field": {"field": "title"}}
    values = {
        "no object": {"value": "x"},
        "another size": {"value": {"digest": CONTENT.digest, "size": 8}},
    }
    for change in (salts | values).values():
        suspect = Suspect(CONTENT, lambda _key, _names, c=change: [opening | c])
        report = office.verify(office.voucher(number), suspect=suspect)
        assert not report.is_authentic
        assert "not of this asset" in str(report.failure)


def test_without_its_vault_a_registration_cannot_go_on(office):
    _, registration, _ = office.file()
    office.accept(registration)
    vault = office.registry.open_vault()
    vault.erase("form", registration)
    with pytest.raises(NotFoundError, match="the form of"):
        read_application(vault, registration)
    for name in ("title", "summary", "restrictions", "openness", "industry", "source"):
        vault.erase("opening", f"{registration} {name}")
    for name in ("form", "spatial", "stage", "temporal", "update_frequency", "volume"):
        vault.erase("opening", f"{registration} {name}")
    vault.close()
    with pytest.raises(NotFoundError, match="the openings of"):
        read_openable(office.registry, registration)


def test_without_its_opening_a_content_is_not_exported(office):
    _, registration, number = office.registered()
    vault = office.registry.open_vault()
    vault.erase("opening", f"{registration} content.0")
    vault.close()
    with pytest.raises(NotFoundError, match="the openings of"):
        read_content_openings(office.registry, number)


def test_what_was_never_recorded_has_no_voucher_and_no_revocation(office):
    _, registration, _ = office.file()
    with pytest.raises(MalformedError, match="nothing to revoke"):
        build_revocation(office.registry, registration, "judgment", "r")
    with pytest.raises(NotFoundError, match="there is no voucher"):
        make_voucher(office.registry, "SJ3212026110001")


def test_a_voucher_whose_credential_is_lost_is_not_made(office, monkeypatch):
    _, _, number = office.registered()
    monkeypatch.setattr(office.registry.store, "read_document", lambda _: None)
    with pytest.raises(CorruptionError, match="restore it from a backup"):
        make_voucher(office.registry, number)


def test_a_voucher_whose_history_begins_otherwise_is_not_made(office, monkeypatch):
    _, _, number = office.registered()
    monkeypatch.setattr(office.registry.store, "read_history", lambda *_: [0])
    with pytest.raises(CorruptionError, match="does not begin with its record"):
        make_voucher(office.registry, number)


def test_the_states_are_what_the_design_says(office):
    asset, registration, number = office.registered()
    voucher = office.registry.need_state(Voucher, voucher_key(number))
    assert (voucher.asset, voucher.registration) == (asset, registration)
    assert voucher.valid_from == NOTICE_ENDS, "the evidence time, not the entry's"
    calendar = office.registry.need_state(PublishedList, list_key("calendar", "2026"))
    assert calendar.version == 1

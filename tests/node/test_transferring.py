"""A transfer under national-2026 through its public notice, with a clock of the test's own."""

import msgspec
import pytest

from contracts.credential import parse_credential
from contracts.party import Enroll, IdentityCheck, Party
from contracts.registration import Registration
from contracts.title import Asset, Voucher, tuple_values, voucher_key
from contracts.transfer import Ground, Move
from ledger.core.subjects import derive_party
from ledger.errors import CorruptionError, NotFoundError, RejectedError
from ledger.keys import KeyRing
from node.drafts import add_signatures, find_missing, find_offline_keys, prepare_event
from node.issuing import find_filing, read_content
from node.later import is_later
from node.recording import (
    read_openable,
    read_recorded_transfer,
    record_until_numbered,
    transferred_asset,
)
from node.transferring import Wish, build_transfer, complete_transfer
from tests.support.national import DAY, FINDINGS, Office
from tests.support.people import ms

SECOND_NOTICE_ENDS = ms("2026-11-18T00:00")


class Deal:
    """A voucher of two rights, and somebody else who gets one of them; his key is elsewhere."""

    def __init__(self, office: Office, folder):
        self.office, self.registry = office, office.registry
        self.asset, self.first, self.number = office.registered()
        self.giver = office.applicant[0]
        self.ring = KeyRing(folder / "there" / "keys", None)
        self.taker = self.enrol("受让公司")

    def enrol(self, name):
        key = self.ring.create("taker")
        check = IdentityCheck(method="licence seen", evidence="11" * 32)
        body = Enroll(keys=(key.did,), party_kind="legal", name=name, check=check)
        prepared = prepare_event(self.registry, derive_party([key.did]), body)
        (missing,) = prepared.missing
        assert (missing.party, missing.keys) == (None, {key.did})
        self.registry.submit([self.cosign(prepared.signed)], {})
        return derive_party([key.did])

    def cosign(self, signed):
        """What the home with the taker's key does; it has no ledger."""
        entries = find_offline_keys(self.ring, signed.event, None)
        return add_signatures(signed, self.ring, entries)

    def wish(self, *rights, ground=None, number=None):
        moves = tuple(
            Move(transferor=self.giver, transferee=self.taker, right=each) for each in rights
        )
        number = number or self.number
        return Wish(number, moves, ground, "航班数据 2013", "仅限江苏省", "33" * 32)

    def prepare(self, *rights):
        body, openings = build_transfer(self.registry, self.giver, self.wish(*rights))
        return prepare_event(self.registry, self.giver, body, openings), openings

    def file(self, *rights):
        prepared, _ = self.prepare(*rights)
        signed = self.cosign(prepared.signed)
        assert find_missing(self.registry, signed) == ()
        self.registry.submit([signed], {})
        self.office.clock.pass_time(1000)
        return next(key for key in signed.event.subjects if key.startswith("registration/"))

    def published(self, *rights):
        key = self.file(*rights)
        self.office.accept(key)
        self.office.publish(key)
        return key

    def record(self, key):
        national = self.office.evidence("R-2")
        asset = read_recorded_transfer(self.registry, key, FINDINGS)
        return record_until_numbered(self.registry, self.office.recording, asset, (), national)[1]


@pytest.fixture
def deal(office, tmp_path):
    return Deal(office, tmp_path)


def test_the_whole_procedure_of_a_transfer_ends_with_the_next_voucher(deal):
    office, registry = deal.office, deal.registry
    prepared, openings = deal.prepare("use")
    assert [(each.party, each.count) for each in prepared.missing] == [(deal.taker, 1)]
    assert {each.field for each in openings} == set(prepared.signed.event.body["application"])
    key = deal.published("use")
    state = registry.need_state(Registration, key)
    assert set(state.fields) == {"title", "content"}
    assert state.fields["content"] == {
        "data_scope": "航班数据 2013",
        "rights": [{"from": deal.giver, "to": deal.taker, "right": "use"}],
        "scope": "仅限江苏省",
        "term": ms("2029-11-11T00:00"),
        "use_scope": "无",
    }
    assert state.deadline == SECOND_NOTICE_ENDS
    with pytest.raises(RejectedError) as caught:
        deal.record(key)
    assert caught.value.reason == "notice_running"
    office.clock.pass_time(SECOND_NOTICE_ENDS - office.clock.now())
    second = deal.record(key)
    assert second == "SJ3212026110002"
    old, new = office.verify(office.voucher(deal.number)), office.verify(office.voucher(second))
    assert (old.is_authentic, old.is_in_force, old.status) == (True, False, "superseded")
    assert (new.failure, new.is_in_force, new.valid_until) == (None, True, old.valid_until)
    before = office.verify(office.voucher(deal.number), as_of=SECOND_NOTICE_ENDS - DAY)
    assert (before.status, before.is_in_force) == ("valid", True)
    held = registry.need_state(Asset, deal.asset)
    assert {(each["holder"], each["right"]) for each in tuple_values(held.tuples)} == {
        (deal.giver, "hold"),
        (deal.taker, "use"),
    }
    assert registry.need_state(Party, deal.taker).tuples == 1


def test_the_credential_of_a_transfer_shows_the_asset_and_all_rights(deal):
    key = deal.published("use")
    deal.office.clock.pass_time(SECOND_NOTICE_ENDS - deal.office.clock.now())
    deal.record(key)
    number = deal.registry.need_state(Asset, deal.asset).voucher
    state = deal.registry.need_state(Voucher, voucher_key(number))
    raw = deal.registry.store.read_document(state.credential)
    subject = parse_credential(msgspec.json.decode(raw)).document["credentialSubject"]
    assert subject["registration"] == key
    assert subject["fields"]["title"] == "航班数据 2013"
    assert [each.get("from") for each in subject["rights"]] == [None, deal.giver]


def test_with_a_ground_the_document_is_the_evidence(deal):
    ground = Ground(kind="judgment", document="44" * 32)
    wish = deal.wish("use", ground=ground)
    body, openings = build_transfer(deal.registry, deal.taker, wish)
    assert body.parties == (deal.taker,)
    (evidence,) = [each.value for each in openings if each.field == "evidence"]
    assert evidence == "44" * 32
    prepared = prepare_event(deal.registry, deal.taker, body, openings)
    assert prepared.signed.signatures == ()
    assert [each.party for each in prepared.missing] == [deal.taker]


def test_the_second_of_two_transfers_of_a_right_is_refused_before_anything_is_signed(deal):
    first, second = deal.published("use"), deal.published("use")
    deal.office.clock.pass_time(SECOND_NOTICE_ENDS - deal.office.clock.now())
    deal.record(first)
    with pytest.raises(RejectedError) as caught:
        read_recorded_transfer(deal.registry, second, FINDINGS)
    assert caught.value.reason == "right_not_held"


def test_without_its_vault_a_transfer_is_not_published(deal):
    key = deal.file("use")
    vault = deal.registry.open_vault()
    for name in ("title", "content"):
        vault.erase("opening", f"{key} {name}")
    vault.close()
    with pytest.raises(NotFoundError, match="the openings of"):
        read_openable(deal.registry, key)


def test_an_asset_without_a_voucher_has_nothing_to_transfer(deal):
    asset, _, _ = deal.office.file()
    with pytest.raises(RejectedError) as caught:
        transferred_asset(deal.registry, asset, deal.first, (), FINDINGS)
    assert caught.value.reason == "no_voucher"


def test_a_voucher_that_is_not_there_is_not_found(deal):
    with pytest.raises(NotFoundError):
        build_transfer(deal.registry, deal.giver, deal.wish("use", number="SJ3212026110009"))


def test_only_the_filing_of_a_transfer_is_completed(deal):
    transfer, _ = deal.prepare("use")
    assert is_later(transfer.signed)
    check = IdentityCheck(method="m", evidence="11" * 32)
    key = deal.ring.create("more")
    body = Enroll(keys=(key.did,), party_kind="legal", name="N", check=check)
    other = prepare_event(deal.registry, derive_party([key.did]), body).signed
    assert not is_later(other)
    with pytest.raises(TypeError):
        complete_transfer(deal.registry, deal.office.recording, other, FINDINGS)


# The content of an asset belongs to its initial registration


def test_after_a_transfer_the_openings_of_the_content_are_found_as_before(deal):
    before = read_content(deal.registry, deal.asset)
    key = deal.published("use")
    deal.office.clock.pass_time(SECOND_NOTICE_ENDS - deal.office.clock.now())
    second = deal.record(key)
    assert find_filing(deal.registry, deal.asset) == deal.first
    assert read_content(deal.registry, deal.asset) == before != []
    assert deal.office.verify(deal.office.voucher(second)).is_in_force


def test_an_asset_that_is_not_there_has_no_filing(deal):
    with pytest.raises(NotFoundError):
        find_filing(deal.registry, f"asset/{'a' * 26}")


def test_a_history_that_begins_otherwise_is_corrupt(deal, monkeypatch):
    monkeypatch.setattr(deal.registry.store, "read_history", lambda *_: [0])
    with pytest.raises(CorruptionError, match="does not begin with its filing"):
        find_filing(deal.registry, deal.asset)

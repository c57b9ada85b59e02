"""Cancellations: rights end, the voucher says so for ever, and nobody holds anything any more."""

import pytest

from contracts.force import held_rights
from contracts.intervals import current
from ledger.core.bundle import format_receipt
from ledger.errors import BundleError
from tests.support.forgery import judge
from tests.support.holds import freeze, pledge, release
from tests.support.people import Key, claim
from tests.support.transfers import play
from tests.support.world import World


@pytest.fixture(params=["solo", "national-2026"])
def world(request):
    return World(request.param)


def test_the_record_of_a_cancellation_changes_exactly_its_subjects(world):
    ann, ben, _, application, number = play(world)
    filed = world.reviewed_later(application, "cancellation", ann, ben)
    before = world.all_states()
    assert world.record(filed) is None
    changed = {key for key, state in world.all_states().items() if state != before.get(key)}
    assert changed == {
        filed.registration,
        application.asset,
        f"voucher/{number}",
        ann.party,
        ben.party,
    }


def test_no_right_is_in_force_afterwards_and_the_voucher_is_cancelled(world):
    ann, ben, _, application, number = play(world)
    time = world.time
    filed, none = world.later(application, "cancellation", ann, ben)
    asset = world.asset(application)
    assert (none, asset.voucher, current(asset.tuples), current(asset.vouchers)) == (
        None,
        None,
        (),
        (),
    )
    assert current(world.voucher(number).status) == ("cancelled",)
    assert [world.party(person).tuples for person in (ann, ben)] == [0, 0]
    assert held_rights(asset, ann.party, world.time) == []
    assert len(held_rights(asset, ann.party, time)) == 3, "what was in force then still was"
    registration = world.registration(filed)
    assert (current(registration.status), registration.voucher) == (("recorded",), None)


def test_under_the_national_profile_rights_end_with_its_evidence():
    world = World("national-2026")
    ann, ben, _, application, number = play(world)
    filed = world.reviewed_later(application, "cancellation", ann, ben)
    evidence = world.time // 1000 * 1000
    world.time += 60_000
    body = world.record_body(filed)
    del body["national"]
    keys = world.officers
    assert world.refused("registration.record", body, world.registrar, *keys) == "national"
    late = world.evidence(world.time + 1000)
    assert world.record_refused(filed, **late) == "national"
    world.record(filed, **world.evidence(evidence))
    ended = [*world.asset(application).tuples, *world.asset(application).vouchers]
    assert {each.end for each in ended} == {evidence}
    assert world.voucher(number).status[-1].start == evidence


def test_evidence_older_than_a_right_that_ends_is_refused():
    world = World("national-2026")
    ann, ben, cy, application, _ = play(world)
    moved = world.published_transfer(application, (ben, cy, "use"))
    world.record(moved)
    filed = world.reviewed_later(application, "cancellation", ann, cy)
    start = world.voucher(world.asset(application).voucher).valid_from
    body = world.record_body(filed, **world.evidence(start - 1000))
    keys = world.officers
    assert world.refused("registration.record", body, world.registrar, *keys) == "notice_running"
    world.record(filed)


def test_a_single_officer_does_not_cancel_where_the_profile_asks_for_two():
    world = World("national-2026")
    ann, ben, _, application, _ = play(world)
    filed = world.reviewed_later(application, "cancellation", ann, ben)
    assert world.record_refused(filed, world.officers[0]) == "wrong_signers"
    world.record(filed)


RECORDS = {
    "a number": ("record_members", lambda w, b: b.update(number=w.next_number())),
    "no voucher": ("record_members", lambda w, b: b.pop("cancels")),
    "another voucher": ("cancels", lambda w, b: b.update(cancels="TEST2026110009")),
    "superseding": ("record_members", lambda w, b: b.update(supersedes=b["cancels"])),
    "a holder less": ("wrong_parts", lambda w, b: b["parties"].pop()),
    "no holders": ("wrong_parts", lambda w, b: b.update(parties=[])),
    "evidence of another system": (
        "valid_from",
        lambda w, b: b.update(
            national={"system": "s", "record": "r", "digest": "d0" * 32, "evidence_time": 1}
        ),
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_the_record_names_what_ends_and_nothing_new(solo, name):
    ann, ben, _, application, _ = play(solo)
    filed = solo.reviewed_later(application, "cancellation", ann, ben)
    reason, change = RECORDS[name]
    body = solo.record_body(filed)
    change(solo, body)
    assert solo.refused("registration.record", body, solo.registrar) == reason
    solo.record(filed)


def test_a_pledged_right_is_released_before_it_is_cancelled(world):
    ann, ben, cy, application, _ = play(world)
    filed = world.reviewed_later(application, "cancellation", ann, ben)
    encumbrance = pledge(world, application, ann, cy)
    assert world.file_later_refused(application, "cancellation", ann, ben) == "pledged"
    assert world.record_refused(filed) == "pledged"
    release(world, application, encumbrance, cy)
    world.record(filed)


def test_a_frozen_asset_is_not_cancelled(world):
    ann, ben, _, application, _ = play(world)
    freeze(world, application)
    assert world.file_later_refused(application, "cancellation", ann, ben) == "frozen"


def test_who_waits_for_new_keys_cancels_nothing():
    world = World("national-2026")
    ann, ben, _, application, _ = play(world)
    new = Key("new key")
    check = {"method": "in person", "evidence": "0e" * 32}
    body = {"party": ben.party, "add": [new.did], "remove": ben.dids, "check": check}
    world.do("party.recover", body, world.registrar, world.registrar.key, new)
    reason = world.file_later_refused(application, "cancellation", ann, ben)
    assert reason == "recovery_pending"


def test_an_expired_voucher_is_cancelled_too(world):
    ann, ben, _, application, number = play(world)
    world.time = world.voucher(number).valid_until + 1000
    world.later(application, "cancellation", ann, ben)
    assert current(world.voucher(number).status) == ("cancelled",)
    assert world.asset(application).tuples[0].end is not None


def test_what_was_cancelled_is_neither_cancelled_nor_revoked_nor_transferred_again(solo):
    ann, ben, cy, application, number = play(solo)
    revocation = solo.revocation(application, number)
    solo.later(application, "cancellation", ann, ben)
    for of_type in ("cancellation", "renewal", "change"):
        body = {"voucher": number}
        reason = solo.file_later_refused(application, of_type, ann, ben, **body)
        assert reason == "not_live_voucher"
    assert solo.refused("registration.revoke", revocation, solo.registrar) == "not_in_force"
    reason = solo.file_transfer_refused(application, (ann, cy, "use"), voucher=number)
    assert reason == "no_voucher"


def test_a_party_leaves_once_its_last_right_is_cancelled(world):
    ann, ben, _, application, _ = play(world)
    assert world.refused("party.exit", {}, ben) == "holds_rights"
    world.later(application, "cancellation", ann, ben)
    world.do("party.exit", {}, ben)


def test_of_several_assets_only_the_one_named_loses_its_rights(solo):
    ann = solo.enroll("ann")
    first, number = solo.register(ann)
    second, other = solo.register(ann)
    solo.later(first, "cancellation", ann)
    assert solo.asset(second).voucher == other
    assert solo.party(ann).tuples == 2
    assert current(solo.voucher(other).status) == ("valid",)
    assert current(solo.voucher(number).status) == ("cancelled",)


def test_a_cancelled_voucher_verifies_and_its_status_is_cancelled(solo):
    ann, ben, _, application, number = play(solo)
    before = solo.time
    solo.later(application, "cancellation", ann, ben)
    bundle = solo.bundle(application, number)
    report = judge(bundle, now=solo.time)
    assert (report.failure, report.status, report.is_in_force) == (None, "cancelled", False)
    assert judge(bundle, now=solo.time, as_of=before).status == "valid"


def test_the_record_of_a_cancellation_is_no_voucher(solo):
    ann, ben, _, application, number = play(solo)
    filed, _ = solo.later(application, "cancellation", ann, ben)
    issued = format_receipt(solo.log.receipt(filed.index))
    with pytest.raises(BundleError, match="issues no voucher"):
        judge(solo.bundle(application, number) | {"issued": issued}, now=solo.time)


def test_declared_rights_end_with_the_others(solo):
    ann, ben = solo.enroll("ann"), solo.enroll("ben")
    application = solo.published(ann)
    solo.record(application, [claim(ann)], declared=[claim(ben, "use")])
    assert len(current(solo.asset(application).declared)) == 1
    solo.later(application, "cancellation", ann)
    assert current(solo.asset(application).declared) == ()

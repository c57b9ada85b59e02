"""The record of a transfer: what it must say, several at once, and the vouchers afterwards."""

import pytest

from contracts.credential import parse_credential
from contracts.intervals import current
from ledger.core.canonical import encode_canonical
from ledger.errors import BundleError
from tests.support.forgery import judge
from tests.support.people import MS_PER_DAY
from tests.support.transfers import play
from tests.support.world import World


@pytest.fixture(params=["solo", "national-2026"])
def world(request):
    return World(request.param)


def tuples_of(world, application):
    return [encode_canonical(value) for value in current(world.asset(application).tuples)]


# The record

RECORDS = {
    "no voucher to supersede": ("supersedes", lambda b, n: b.pop("supersedes")),
    "another voucher": ("supersedes", lambda b, n: b.update(supersedes=b["number"])),
    "a tuple less": ("wrong_rights", lambda b, n: b["rights"].pop(0)),
    "a tuple more": (
        "wrong_rights",
        lambda b, n: b["rights"].append(b["rights"][-1] | {"right": "hold"}),
    ),
    "another basis": ("wrong_rights", lambda b, n: b["rights"][-1].update(basis="personal")),
    "another term": ("wrong_rights", lambda b, n: b["rights"][-1].update(until=2**50)),
    "another basis of a right that stays": (
        "wrong_rights",
        lambda b, n: b["rights"][0].update(basis="fused"),
    ),
    "a from for a right that stays": (
        "wrong_rights",
        lambda b, n: b["rights"][0].update({"from": b["parties"][0]}),
    ),
    "no from": ("wrong_rights", lambda b, n: b["rights"][-1].pop("from")),
    "another from": (
        "wrong_rights",
        lambda b, n: b["rights"][-1].update({"from": b["rights"][-1]["holder"]}),
    ),
    "another class": ("classification", lambda b, n: b["classification"].update(level="general-2")),
    "a party less": ("wrong_parts", lambda b, n: b["parties"].pop()),
    "every holder": (
        "wrong_parts",
        lambda b, n: b.update(parties=sorted({each["holder"] for each in b["rights"]})),
    ),
    "a longer validity": (
        "validity",
        lambda b, n: b.update(valid_until=b["valid_until"] + 1000),
    ),
    "five years anew": (
        "validity",
        lambda b, n: b.update(valid_until=b["valid_until"] + 30 * MS_PER_DAY),
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_of_a_transfer_says_what_the_transfer_makes(world, name):
    reason, change = RECORDS[name]
    ann, _, cy, application, number = play(world)
    world.time += 60 * MS_PER_DAY
    filed = world.published_transfer(application, (ann, cy, "use"))
    body = world.record_body(filed)
    change(body, number)
    assert world.refused("registration.record", body, world.registrar, *world.officers) == reason
    world.record(filed)


def test_the_rights_of_a_record_may_stand_in_any_order(solo):
    ann, _, cy, application, _ = play(solo)
    filed = solo.published_transfer(application, (ann, cy, "hold"))
    rights = list(reversed(solo.rights_after(filed)))
    expected = sorted(encode_canonical(each) for each in rights)
    solo.record(filed, rights)
    assert sorted(tuples_of(solo, application)) == expected


def test_a_shorter_validity_is_fine(solo):
    ann, _, cy, application, number = play(solo)
    filed = solo.published_transfer(application, (ann, cy, "hold"))
    until = solo.voucher(number).valid_until - 1000
    second = solo.record(filed, valid_until=until)
    assert solo.voucher(second).valid_until == until
    assert solo.asset(application).vouchers[-1].value["until"] == until


def test_evidence_older_than_the_voucher_it_supersedes_is_refused():
    world = World("national-2026")
    ann, ben, cy, application, _ = play(world)
    first = world.published_transfer(application, (ann, cy, "hold"))
    second = world.published_transfer(application, (ben, cy, "use"))
    early = world.time // 1000 * 1000
    world.time += MS_PER_DAY
    world.record(first)
    evidence = {"system": "national", "record": "R-1", "digest": "e1" * 32}
    named = {"national": evidence | {"evidence_time": early}, "valid_from": early}
    assert world.record_refused(second, **named) == "validity"
    world.record(second)


SUPERSEDING = {
    "a voucher to supersede": lambda body, ann: body.update(supersedes="TEST2026110001"),
    "rights that come from somebody": lambda body, ann: body["rights"][0].update(
        {"from": ann.party}
    ),
}


@pytest.mark.parametrize("name", SUPERSEDING)
def test_an_initial_record_supersedes_nothing(solo, name):
    ann = solo.enroll("ann")
    solo.register(ann)
    body = solo.record_body(solo.published(ann))
    SUPERSEDING[name](body, ann)
    assert solo.refused("registration.record", body, solo.registrar) == "not_a_transfer"


# Several at once


def test_of_two_transfers_of_the_same_right_the_second_is_refused(world):
    ann, _, cy, application, _ = play(world)
    dan = world.enroll("dan")
    first = world.published_transfer(application, (ann, cy, "hold"))
    second = world.published_transfer(application, (ann, dan, "hold"))
    body = world.record_body(second)
    world.record(first)
    body |= {"number": world.next_number()}
    keys = world.officers
    assert world.refused("registration.record", body, world.registrar, *keys) == "right_not_held"
    world.step(second, "withdraw", ann)


def test_two_transfers_of_different_rights_both_take_effect(world):
    ann, ben, cy, application, number = play(world)
    first = world.published_transfer(application, (ann, cy, "hold"))
    second = world.published_transfer(application, (ben, cy, "use"))
    one, two = world.record(first), world.record(second)
    live = [each.value["number"] for each in world.asset(application).vouchers]
    assert live == [number, one, two]
    assert current(world.voucher(one).status) == ("superseded",)
    assert world.party(cy).tuples == 2


def test_either_side_may_withdraw_until_it_is_recorded(solo):
    ann, ben, cy, application, _ = play(solo)
    for person in (ann, cy):
        filed = solo.file_transfer(application, (ann, cy, "use"))
        assert solo.step_refused(filed, "withdraw", ben) == "wrong_role"
        solo.step(filed, "withdraw", person)
        assert solo.registration(filed).status[-1].value == "withdrawn"


# Afterwards


def test_the_voucher_of_a_transfer_is_revoked_with_all_rights(world):
    ann, ben, cy, application, number = play(world)
    transfer, second = world.transfer(application, (ann, cy, "use"))
    body = world.revocation(application, number)
    keys = world.officers
    assert world.refused("registration.revoke", body, world.registrar, *keys) == "not_in_force"
    world.revoke(transfer, second)
    asset = world.asset(application)
    assert (asset.voucher, current(asset.tuples), current(asset.vouchers)) == (None, (), ())
    assert current(world.voucher(second).status) == ("revoked",)
    assert current(world.voucher(number).status) == ("superseded",)
    assert [world.party(each).tuples for each in (ann, ben, cy)] == [0, 0, 0]


def test_both_vouchers_verify_and_only_the_new_one_is_in_force(world):
    ann, _, cy, application, number = play(world)
    between = world.time
    world.time += MS_PER_DAY
    transfer, second = world.transfer(application, (ann, cy, "use"))
    old = judge(world.bundle(application, number), now=world.time)
    assert (old.is_authentic, old.is_in_force, old.status) == (True, False, "superseded")
    new = judge(world.bundle(transfer, second), now=world.time)
    assert (new.failure, new.is_in_force, new.status) == (None, True, "valid")
    assert ("use", cy.party) in new.shown
    before = judge(world.bundle(application, number), now=world.time, as_of=between)
    assert (before.is_in_force, before.status) == (True, "valid")
    early = judge(world.bundle(transfer, second), now=world.time, as_of=between)
    assert (early.is_in_force, early.status) == (False, "not-yet")
    assert ("use", ann.party) in before.shown


def test_a_credential_that_leaves_out_from_whom_a_right_came_is_no_voucher(solo):
    ann, _, cy, application, _ = play(solo)
    filed = solo.published_transfer(application, (ann, cy, "use"))
    body = solo.record_body(filed)
    rights = [{k: v for k, v in each.items() if k != "from"} for each in body["rights"]]
    filed.credential = solo.credential(body | {"rights": rights})
    body["credential"] = parse_credential(filed.credential).digest
    filed.index = solo.do("registration.record", body, solo.registrar, *solo.officers)
    with pytest.raises(BundleError, match="other rights"):
        judge(solo.bundle(filed, body["number"]), now=solo.time)


def test_of_very_many_transfers_the_state_keeps_the_newest_and_says_so(solo):
    ann, _, cy, application, _ = play(solo)
    for n in range(66):
        solo.transfer(application, (ann, cy, "hold") if n % 2 == 0 else (cy, ann, "hold"))
    asset = solo.asset(application)
    assert len(asset.vouchers) <= 64
    assert len(asset.tuples) <= 64
    assert {"tuples", "vouchers"} <= set(asset.complete_from)
    assert asset.voucher == asset.vouchers[-1].value["number"]
    assert len(current(asset.tuples)) == 4

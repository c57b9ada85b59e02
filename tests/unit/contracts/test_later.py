"""What the types that all right-holders sign have in common: the filing, and what a record names."""

import pytest

from contracts.intervals import current
from tests.support.holds import freeze
from tests.support.people import claim
from tests.support.transfers import play
from tests.support.world import World

LATER = ("change", "renewal", "cancellation")
JOINT = ("change", "cancellation")
"""What all right-holders sign; one of them alone may file a renewal (test_renewal_rights)."""


@pytest.fixture(params=["solo", "national-2026"])
def world(request):
    return World(request.param, max_years=1)


@pytest.fixture
def solo():
    return World(max_years=1)


def filed_of(world, of_type):
    """Ann's and Ben's asset with a registration of this type that may be recorded."""
    ann, ben, _, application, number = play(world)
    world.wait_for_renewal(application)
    return ann, ben, application, number, world.reviewed_later(application, of_type, ann, ben)


# Filing


@pytest.mark.parametrize("of_type", LATER)
def test_its_filing_opens_a_registration_and_changes_no_right(world, of_type):
    ann, ben, _, application, _ = play(world)
    world.wait_for_renewal(application)
    before = world.all_states()
    filed = world.file_later(application, of_type, ann, ben)
    changed = {key for key, state in world.all_states().items() if state != before.get(key)}
    renewed = {filed.asset} if of_type == "renewal" else set()
    assert changed == {filed.registration} | renewed
    after = dict(world.all_states()[filed.asset].body)
    assert after.pop("renewal") == (filed.registration if renewed else None)
    assert after.items() <= before[filed.asset].body.items()
    registration = world.registration(filed)
    assert (registration.type, registration.about) == (of_type, world.asset(filed).voucher)


@pytest.mark.parametrize("of_type", JOINT)
def test_all_right_holders_sign_and_nobody_else(world, of_type):
    ann, ben, cy, application, _ = play(world)
    world.wait_for_renewal(application)
    for signers in ([ann], [ben], [ann, ben, cy], [cy]):
        assert world.file_later_refused(application, of_type, *signers) == "parties"
    body = world.later_body(application, of_type, ann, ben)
    assert world.refused("registration.file", body, ann, ann.key) == "wrong_signers"
    world.file_later(application, of_type, ann, ben)


MEMBERS = {
    "no asset": lambda body: body.pop("asset"),
    "no voucher": lambda body: body.pop("voucher"),
    "moves": lambda body: body.update(
        moves=[{"from": body["parties"][0], "to": body["parties"][1], "right": "use"}]
    ),
    "a ground": lambda body: body.update(ground={"kind": "judgment", "document": "d0" * 32}),
    "digests": lambda body: body.update(digests=["d0" * 32]),
}


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("of_type", LATER)
def test_it_names_asset_and_voucher_and_nothing_that_moves(solo, of_type, name):
    ann, ben, _, application, _ = play(solo)
    body = solo.later_body(application, of_type, ann, ben)
    MEMBERS[name](body)
    reason = solo.refused("registration.file", body, ann, ann.key, ben.key)
    assert reason == "file_members"


@pytest.mark.parametrize("of_type", LATER)
def test_the_voucher_is_the_live_one(solo, of_type):
    ann, ben, cy, application, number = play(solo)
    solo.wait_for_renewal(application)
    solo.transfer(application, (ann, cy, "use"))
    body = {"voucher": number}
    assert solo.file_later_refused(application, of_type, ann, ben, cy, **body) == "not_live_voucher"


@pytest.mark.parametrize("of_type", LATER)
def test_an_asset_that_was_never_recorded_has_nothing_to_change(solo, of_type):
    ann = solo.enroll("ann")
    application = solo.file(ann)
    changes = {"voucher": "TEST2026110001"}
    assert solo.file_later_refused(application, of_type, ann, **changes) == "not_live_voucher"


@pytest.mark.parametrize("of_type", LATER)
def test_it_commits_to_its_own_form(solo, of_type):
    ann, ben, _, application, _ = play(solo)
    for other in LATER:
        openings = solo.later_openings(other) | {"extra": {"salt": "A" * 43, "value": None}}
        reason = solo.file_later_refused(application, of_type, ann, ben, openings=openings)
        assert reason == "form_members"


@pytest.mark.parametrize("of_type", LATER)
def test_a_profile_that_does_not_know_the_type_refuses_it(of_type):
    world = World(types=("initial", "transfer"))
    ann, ben, _, application, _ = play(world)
    assert world.file_later_refused(application, of_type, ann, ben) == "unknown_type"


# The record


@pytest.mark.parametrize("of_type", LATER)
def test_it_may_be_withdrawn_and_nothing_has_changed(world, of_type):
    ann, ben, application, number, filed = filed_of(world, of_type)
    before = world.asset(application)
    world.step(filed, "withdraw", ben, *([] if of_type in JOINT else [ann.key, ben.key]))
    assert world.asset(application) == before
    assert current(world.voucher(number).status) == ("valid",)
    assert world.record_refused(filed) == "wrong_step"


@pytest.mark.parametrize("of_type", JOINT)
def test_what_was_filed_of_a_voucher_that_is_no_longer_live_is_filed_again(world, of_type):
    ann, ben, application, _, filed = filed_of(world, of_type)
    world.later(application, "change", ann, ben)
    assert world.record_refused(filed) in {"voucher_moved", "cancels"}
    again = world.reviewed_later(application, of_type, ann, ben)
    world.record(again)


@pytest.mark.parametrize("of_type", LATER)
def test_a_frozen_asset_stays_as_it_is_until_the_order_is_lifted(world, of_type):
    _, _, application, _, filed = filed_of(world, of_type)
    order = freeze(world, application)
    assert world.record_refused(filed) == "frozen"
    body = {"order": order, "asset": application.asset, "voucher": world.asset(filed).voucher}
    world.do("order.unfreeze", body, world.regulator)
    world.record(filed)


RECORDS = {
    "another voucher to supersede": ("supersedes", lambda b: b.update(supersedes=b["number"])),
    "no voucher to supersede": ("supersedes", lambda b: b.pop("supersedes")),
    "a right less": ("wrong_rights", lambda b: b["rights"].pop()),
    "a right more": (
        "wrong_rights",
        lambda b: b["rights"].append(b["rights"][-1] | {"right": "hold"}),
    ),
    "a right of somebody else": (
        "wrong_rights",
        lambda b: b["rights"][-1].update(holder="party/" + "a" * 26),
    ),
    "another basis": ("wrong_rights", lambda b: b["rights"][0].update(basis="fused")),
    "another class": ("classification", lambda b: b["classification"].update(level="general-2")),
    "a party": ("wrong_parts", lambda b: b.update(parties=[b["rights"][0]["holder"]])),
    "what only a cancellation names": (
        "record_members",
        lambda b: b.update(cancels=b["supersedes"]),
    ),
    "declared rights": ("record_members", lambda b: b.update(declared=[b["rights"][0]])),
    "no credential": ("record_members", lambda b: b.pop("credential")),
}


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("of_type", ["change", "renewal"])
def test_a_record_repeats_what_it_does_not_change(solo, of_type, name):
    filed = filed_of(solo, of_type)[-1]
    reason, change = RECORDS[name]
    body = solo.record_body(filed)
    change(body)
    assert solo.refused("registration.record", body, solo.registrar, *solo.officers) == reason
    solo.record(filed)


@pytest.mark.parametrize("of_type", ["change", "renewal"])
def test_the_rights_stay_byte_for_byte_and_nobodys_count_changes(world, of_type):
    ann, ben, application, number, filed = filed_of(world, of_type)
    before, counts = world.asset(application).tuples, [world.party(p).tuples for p in (ann, ben)]
    second = world.record(filed)
    after = world.asset(application)
    assert after.tuples == before
    assert [world.party(person).tuples for person in (ann, ben)] == counts
    assert after.registration == filed.registration
    assert (after.voucher, current(world.voucher(number).status)) == (second, ("superseded",))
    assert current(world.voucher(second).status) == ("valid",)
    assert world.registration(filed).voucher == second


@pytest.mark.parametrize("of_type", LATER)
def test_evidence_older_than_the_acceptance_or_the_end_of_the_notice_is_refused(of_type):
    world = World("national-2026", max_years=1)
    filed = filed_of(world, of_type)[-1]
    earliest = world.registration(filed).notice_end or world.registration(filed).status[-1].start
    early = (earliest - 1) // 1000 * 1000
    changes = {**world.evidence(early), **dated(of_type, early)}
    assert world.record_refused(filed, **changes) == "notice_running"
    world.record(filed)


@pytest.mark.parametrize("of_type", LATER)
def test_what_is_dated_before_a_freeze_that_came_and_went_is_refused(of_type):
    world = World("national-2026", max_years=1)
    _, _, application, number, filed = filed_of(world, of_type)
    early = world.time // 1000 * 1000
    order = freeze(world, application)
    body = {"order": order, "asset": application.asset, "voucher": number}
    world.do("order.unfreeze", body, world.regulator)
    changes = {**world.evidence(early), **dated(of_type, early)}
    assert world.record_refused(filed, **changes) == "held_then"
    world.record(filed)


def dated(of_type, time):
    return {} if of_type == "cancellation" else {"valid_from": time}


def test_an_initial_record_is_not_dated_before_a_freeze_either():
    world = World("national-2026")
    ann = world.enroll("ann")
    application = world.published(ann)
    early = world.time // 1000 * 1000
    order = freeze(world, application)
    assert world.record_refused(application) == "frozen"
    world.do("order.unfreeze", {"order": order, "asset": application.asset}, world.regulator)
    reason = world.record_refused(application, **world.evidence(early), valid_from=early)
    assert reason == "held_then"
    world.record(application)


# The public notice


def test_a_type_that_needs_the_notice_is_not_recorded_before_it(world):
    ann, ben, _, application, _ = play(world)
    filed = world.file_later(application, "change", ann, ben)
    world.step(filed, "accept")
    assert world.record_refused(filed) == "notice_first"
    world.step(filed, "withhold", reason="a secret of trade")
    world.record(filed)


@pytest.mark.parametrize("of_type", ["renewal", "cancellation"])
def test_a_type_that_needs_no_notice_is_recorded_from_the_acceptance_on(world, of_type):
    ann, ben, _, application, _ = play(world)
    world.wait_for_renewal(application)
    filed = world.file_later(application, of_type, ann, ben)
    assert world.record_refused(filed) == "wrong_step"
    world.step(filed, "accept")
    world.record(filed)


def test_which_types_need_the_notice_is_the_profiles_to_say():
    world = World("national-2026", max_years=1, notice_types=("initial", "renewal"))
    ann, ben, _, application, _ = play(world)
    world.wait_for_renewal(application)
    filed = world.file_later(application, "renewal", ann, ben)
    world.step(filed, "accept")
    assert world.record_refused(filed) == "notice_first"
    world.publish(filed)
    world.record(filed)


def test_an_initial_record_has_the_members_of_a_voucher_and_cancels_nothing(solo):
    ann = solo.enroll("ann")
    application = solo.published(ann)
    body = solo.record_body(application, [claim(ann)])
    for change in ({"cancels": "TEST2026110001"},):
        reason = solo.refused("registration.record", body | change, solo.registrar)
        assert reason == "record_members"
    for name in ("number", "credential", "issuer", "valid_from", "valid_until", "rights"):
        less = {key: value for key, value in body.items() if key != name}
        assert solo.refused("registration.record", less, solo.registrar) == "record_members"
    solo.record(application, [claim(ann)])

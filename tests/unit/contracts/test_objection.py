"""Objections to what is registered: who, when, what they show and what they lead to."""

import pytest

from contracts.disputes import OBJECTION_EDGES
from contracts.intervals import current
from contracts.objection import Objection
from contracts.rulebook import KINDS
from ledger.errors import MalformedError
from tests.support.disputes import (
    conclude,
    conclusion,
    notify,
    object_to,
    objection_body,
    objection_step,
    respond,
    response,
)
from tests.support.holds import freeze, held_by, pledge
from tests.support.people import ms
from tests.support.world import World

DECISION = "0d" * 32


@pytest.fixture
def asset(world, ann):
    return held_by(world, ann)


def state(world, key):
    return world.state(Objection, key)


def disputes(world, asset):
    return [value["objection"] for value in current(world.asset(asset).disputes)]


# Filing


def test_an_objection_says_who_objects_to_what_and_why(world, asset, ben):
    number = world.asset(asset).voucher
    key = object_to(world, asset, ben)
    made = state(world, key)
    assert (made.asset, made.voucher, made.by) == (asset.asset, number, ben.party)
    assert (made.reason, made.evidence) == ("it was collected by us", "0b" * 32)
    assert (made.stage, made.is_open, made.responses) == ("filed", True, ())
    assert (made.decision, made.document) == (None, None)
    assert disputes(world, asset) == [key]


def test_a_reason_may_be_left_to_the_evidence(world, asset, ben):
    made = state(world, object_to(world, asset, ben, reason=None))
    assert made.reason is None
    assert made.describe("objection/x").label == "(objection)"


def test_it_is_found_by_its_reason_its_asset_and_who_filed_it(world, asset, ben):
    key = object_to(world, asset, ben)
    listing = state(world, key).describe(key)
    assert (listing.label, listing.status) == ("it was collected by us", "filed")
    assert set(listing.terms) == {asset.asset, ben.party}


def test_it_touches_itself_and_the_asset_and_no_right(world, asset, ben):
    before = world.all_states()
    key = object_to(world, asset, ben)
    after = world.all_states()
    assert {each for each in after if after[each] != before.get(each)} == {key, asset.asset}
    assert after[asset.asset].body["tuples"] == before[asset.asset].body["tuples"]


def test_the_registrar_has_five_working_days_to_tell_the_right_holders(world, asset, ben):
    world.time = ms("2026-11-12T10:00")  # a Thursday: five working days end on the next
    made = state(world, object_to(world, asset, ben))
    assert made.deadline == ms("2026-11-20T00:00")


def test_without_a_clock_or_a_calendar_there_is_no_deadline():
    solo = World()
    asset = held_by(solo, solo.operator)
    assert state(solo, object_to(solo, asset, solo.enroll("ben"))).deadline is None
    world = World("national-2026")
    asset, ben = held_by(world, world.enroll("ann")), world.enroll("ben")
    world.time = ms("2028-03-01T10:00")
    assert state(world, object_to(world, asset, ben)).deadline is None


def test_a_right_holder_files_a_change_instead(world, asset, ann):
    body = objection_body(world, asset)
    assert world.refused("objection.file", body, ann) == "own_right"


def test_the_registrar_decides_and_does_not_object(world, asset):
    body = objection_body(world, asset)
    assert world.refused("objection.file", body, world.registrar) == "own_decision"


def test_the_regulator_and_in_solo_everybody_else_may_object(world, asset):
    object_to(world, asset, world.regulator)
    solo = World()
    made = held_by(solo, solo.enroll("ann"))
    object_to(solo, made, solo.operator)
    assert [len(one.disputes) for one in (world.asset(asset), solo.asset(made))] == [1, 1]


def test_it_names_the_live_voucher(world, asset, ann, ben):
    elsewhere = world.asset(held_by(world, ann)).voucher
    filed = world.file(ann)
    for wrong in (
        objection_body(world, asset, voucher=elsewhere),
        objection_body(world, filed, voucher=elsewhere),
    ):
        assert world.refused("objection.file", wrong, ben) == "not_live_voucher"
    body = objection_body(world, asset)
    world.revoke(asset, body["voucher"])
    assert world.refused("objection.file", body, ben) == "not_live_voucher"
    body |= {"asset": f"asset/{'a' * 26}"}
    assert world.refused("objection.file", body, ben) == "unknown_subject"


def test_a_party_has_one_objection_open_on_an_asset_and_others_on_others(world, asset, ann, ben):
    object_to(world, asset, ben)
    body = objection_body(world, asset, evidence="1b" * 32)
    assert world.refused("objection.file", body, ben) == "objection_open"
    object_to(world, held_by(world, ann), ben)
    object_to(world, asset, world.enroll("cy"))


def test_what_was_concluded_is_not_raised_again_on_the_same_evidence(world, asset, ben):
    key = object_to(world, asset, ben)
    conclude(world, asset, key)
    body = objection_body(world, asset)
    assert world.refused("objection.file", body, ben) == "same_objection"
    object_to(world, asset, ben, evidence="1b" * 32)
    object_to(world, asset, world.enroll("cy"))


def test_so_many_stand_at_once_and_there_is_room_for_a_freeze(world, asset):
    for n in range(16):
        object_to(world, asset, world.enroll(f"p{n}"))
    body = objection_body(world, asset)
    assert world.refused("objection.file", body, world.enroll("one more")) == "many_objections"
    freeze(world, asset)


BAD_BODIES = {
    "no evidence": {"evidence": None},
    "evidence that is no digest": {"evidence": "0b"},
    "no voucher": {"voucher": None},
    "an empty reason": {"reason": ""},
    "a reason too long": {"reason": "x" * 2001},
    "a member more": {"more": 1},
}


@pytest.mark.parametrize("change", BAD_BODIES.values(), ids=BAD_BODIES)
def test_another_form_is_malformed(world, asset, ben, change):
    with pytest.raises(MalformedError):
        world.do("objection.file", objection_body(world, asset, **change), ben)


# From telling the right-holders to the conclusion


def test_it_goes_from_the_filing_to_the_conclusion(world, asset, ann, ben):
    key = object_to(world, asset, ben)
    notify(world, asset, key, document="0f" * 32)
    assert state(world, key).stage == "notified"
    respond(world, asset, key, ann, agrees=True)
    answered = state(world, key)
    assert answered.stage == "responded"
    assert current(answered.responses) == (
        {"agrees": True, "by": ann.party, "statement": "0c" * 32},
    )
    conclude(world, asset, key, "dismissed", document=DECISION)
    concluded = state(world, key)
    assert (concluded.stage, concluded.is_open) == ("dismissed", False)
    assert (concluded.decision, concluded.document) == ("on inquiry", DECISION)
    assert disputes(world, asset) == []
    assert [each.value for each in concluded.status] == [
        "filed",
        "notified",
        "responded",
        "dismissed",
    ]


def test_each_right_holder_answers_once_and_nobody_else(world, ann, ben):
    cy = world.enroll("cy")
    asset = held_by(world, ann, ("hold",), cy)
    key = object_to(world, asset, ben)
    notify(world, asset, key)
    respond(world, asset, key, cy)
    again = response(asset, key, agrees=True)
    assert world.refused("objection.respond", again, cy) == "answered_before"
    for other in (ben, world.registrar, world.regulator):
        assert world.refused("objection.respond", again, other) == "not_a_holder"
    respond(world, asset, key, ann, agrees=True)
    said = {one["by"]: one["agrees"] for one in current(state(world, key).responses)}
    assert said == {cy.party: False, ann.party: True}
    assert len(state(world, key).status) == 3


def test_a_right_holder_of_another_asset_does_not_answer(world, asset, ben):
    cy = world.enroll("cy")
    other = held_by(world, cy)
    key = object_to(world, asset, ben)
    notify(world, asset, key)
    body = response(other, key)
    assert world.refused("objection.respond", body, cy) == "wrong_parts"
    for kind, body in (
        ("objection.notify", objection_step(other, key)),
        ("objection.conclude", conclusion(other, key)),
    ):
        assert world.refused(kind, body, world.registrar) == "wrong_parts"


STEPS = {
    "notify": ("filed",),
    "respond": ("notified", "responded"),
    "dismissed": ("filed", "notified", "responded", "to-court"),
    "withdrawn": ("filed", "notified", "responded", "to-court"),
    "upheld": ("notified", "responded", "to-court"),
    "to-court": ("notified", "responded"),
}
REACH = {
    "filed": (),
    "notified": ("notify",),
    "responded": ("notify", "respond"),
    "to-court": ("notify", "to-court"),
    "dismissed": ("dismissed",),
    "withdrawn": ("withdrawn",),
    "upheld": ("notify", "upheld"),
}


def take(world, asset, key, step, ann):
    if step == "notify":
        notify(world, asset, key)
    elif step == "respond":
        respond(world, asset, key, ann)
    else:
        conclude(world, asset, key, step, document=DECISION)


def refuse_step(world, asset, key, step, ann):
    if step == "notify":
        return world.refused("objection.notify", objection_step(asset, key), world.registrar)
    if step == "respond":
        return world.refused("objection.respond", response(asset, key), ann)
    body = conclusion(asset, key, step, document=DECISION)
    keys = world.officers if step == "upheld" else world.officers[:1]
    return world.refused("objection.conclude", body, world.registrar, *keys)


@pytest.mark.parametrize("stage", REACH)
@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_taken_where_it_may_be_and_nowhere_else(world, asset, ann, ben, stage, step):
    key = object_to(world, asset, ben)
    for each in REACH[stage]:
        take(world, asset, key, each, ann)
    assert state(world, key).stage == stage
    if stage in STEPS[step] and (stage, step) != ("responded", "respond"):
        take(world, asset, key, step, ann)
        wanted = {"notify": "notified", "respond": "responded"}.get(step, step)
        assert state(world, key).stage == wanted
        is_open = wanted in {"notified", "responded", "to-court", "upheld"}
        assert disputes(world, asset) == ([key] if is_open else [])
    elif (stage, step) == ("responded", "respond"):
        assert refuse_step(world, asset, key, step, ann) == "answered_before"
    else:
        assert refuse_step(world, asset, key, step, ann) == "wrong_step"


def test_the_table_says_from_where_to_where_each_step_leads():
    said = {edge.step.removeprefix("conclude."): edge for edge in OBJECTION_EDGES}
    assert said.keys() == {"file", "own", *STEPS}
    assert {name: said[name].sources for name in STEPS} == STEPS
    assert said["own"].sources == STEPS["withdrawn"]
    ends = {"notify": "notified", "respond": "responded"}
    assert {name: said[name].target for name in STEPS} == {n: ends.get(n, n) for n in STEPS}
    kinds = {kind for kind in KINDS if kind.startswith("objection.")}
    assert {edge.kind for edge in OBJECTION_EDGES} == kinds


def test_only_the_registrar_tells_and_concludes(world, asset, ann, ben):
    key = object_to(world, asset, ben)
    telling = objection_step(asset, key)
    for other in (ann, ben, world.regulator):
        assert world.refused("objection.notify", telling, other) == "wrong_role"
        assert world.refused("objection.conclude", conclusion(asset, key), other) == "wrong_role"


def test_two_officers_uphold_and_one_dismisses(world, asset, ben):
    key = object_to(world, asset, ben)
    notify(world, asset, key)
    upheld, dismissed = (conclusion(asset, key, one) for one in ("upheld", "dismissed"))
    registrar, officers = world.registrar, world.officers
    assert world.refused("objection.conclude", upheld, registrar) == "wrong_signers"
    assert world.refused("objection.conclude", dismissed, registrar, *officers) == "wrong_signers"
    world.do("objection.conclude", upheld, registrar, *officers)
    assert state(world, key).stage == "upheld"


def test_who_objected_withdraws_and_nobody_else_says_so_without_its_letter(world, asset, ann, ben):
    key = object_to(world, asset, ben)
    body = conclusion(asset, key, "withdrawn")
    assert world.refused("objection.conclude", body, ann) == "wrong_role"
    assert world.refused("objection.conclude", body, world.registrar) == "conclusion_document"
    world.do("objection.conclude", body, ben)
    assert (state(world, key).stage, disputes(world, asset)) == ("withdrawn", [])
    dismissed = conclusion(asset, object_to(world, asset, ben, evidence="1b" * 32), "dismissed")
    assert world.refused("objection.conclude", dismissed, ben) == "wrong_role"


def test_what_went_to_court_is_open_until_the_decision_is_brought(world, asset, ben):
    key = object_to(world, asset, ben)
    notify(world, asset, key)
    conclude(world, asset, key, "to-court")
    assert disputes(world, asset) == [key]
    bare = conclusion(asset, key)
    assert world.refused("objection.conclude", bare, world.registrar) == "conclusion_document"
    conclude(world, asset, key, "upheld", document=DECISION)
    assert (state(world, key).document, disputes(world, asset)) == (DECISION, [key])


# What it leads to, and what it does not stop


def revocation(world, asset):
    number = world.asset(asset).voucher
    return world.revocation(asset, number, ground="objection-upheld")


def revoke_refused(world, asset):
    body = revocation(world, asset)
    return world.refused("registration.revoke", body, world.registrar, *world.officers)


def test_an_upheld_objection_lets_the_registrar_revoke_on_that_ground(world, asset, ben):
    assert revoke_refused(world, asset) == "no_objection"
    key = object_to(world, asset, ben)
    notify(world, asset, key)
    assert revoke_refused(world, asset) == "no_objection"
    conclude(world, asset, key, "upheld")
    body = revocation(world, asset)
    world.do("registration.revoke", body, world.registrar, *world.officers)
    assert world.asset(asset).voucher is None
    assert disputes(world, asset) == []
    assert world.registration(asset).decision.startswith(f"objection-upheld {key}: ")


def uphold(world, asset, who):
    """An objection that was upheld; gives its key."""
    key = object_to(world, asset, who)
    notify(world, asset, key)
    conclude(world, asset, key, "upheld")
    return key


def test_an_upheld_objection_stays_visible_through_transfers(world, asset, ann, ben, cy):
    key = uphold(world, asset, ben)
    world.transfer(asset, (ann, cy, "hold"))
    assert disputes(world, asset) == [key]


@pytest.mark.parametrize("of_type", ["change", "cancellation"])
def test_until_a_change_or_a_cancellation_is_recorded(world, asset, ann, ben, cy, of_type):
    key, undecided = uphold(world, asset, ben), object_to(world, asset, cy)
    assert disputes(world, asset) == [key, undecided]
    world.later(asset, of_type, ann)
    assert disputes(world, asset) == [undecided]
    if of_type == "change":
        asset.registration = world.asset(asset).registration
        assert revoke_refused(world, asset) == "no_objection"


def test_and_any_revocation_settles_it(world, asset, ben):
    uphold(world, asset, ben)
    world.revoke(asset, world.asset(asset).voucher)
    assert disputes(world, asset) == []


def test_what_is_upheld_after_the_voucher_was_revoked_asks_for_nothing(world, asset, ben):
    key = object_to(world, asset, ben)
    notify(world, asset, key)
    world.revoke(asset, world.asset(asset).voucher)
    assert disputes(world, asset) == [key]
    conclude(world, asset, key, "upheld")
    assert disputes(world, asset) == []


def test_of_several_upheld_objections_the_revocation_names_one(world, asset, ben, cy):
    one, other = uphold(world, asset, ben), uphold(world, asset, cy)
    assert revoke_refused(world, asset) == "which_objection"
    body = revocation(world, asset) | {"objection": f"objection/{'a' * 26}"}
    registrar, officers = world.registrar, world.officers
    assert world.refused("registration.revoke", body, registrar, *officers) == "no_objection"
    by_law = body | {"objection": one, "ground": "by-law"}
    refused = world.refused("registration.revoke", by_law, registrar, *officers)
    assert refused == "revocation_members"
    world.do("registration.revoke", body | {"objection": other}, registrar, *officers)
    assert disputes(world, asset) == []
    assert other in world.registration(asset).decision


def test_one_that_was_dismissed_or_is_to_another_asset_does_not(world, asset, ann, ben):
    conclude(world, asset, object_to(world, asset, ben))
    other = held_by(world, ann)
    key = object_to(world, other, ben)
    notify(world, other, key)
    conclude(world, other, key, "upheld")
    assert revoke_refused(world, asset) == "no_objection"


def test_an_open_objection_stops_nobody_from_dealing(world, asset, ann, ben):
    key = object_to(world, asset, ben)
    pledge(world, asset, ann, world.enroll("bank"), ["use"])
    world.transfer(asset, (ann, world.enroll("cy"), "hold"))
    assert disputes(world, asset) == [key]
    notify(world, asset, key)
    respond(world, asset, key, ann)
    conclude(world, asset, key)
    assert disputes(world, asset) == []


def test_it_goes_on_after_its_voucher_was_revoked(world, asset, ann, ben):
    key = object_to(world, asset, ben)
    notify(world, asset, key)
    world.revoke(asset, world.asset(asset).voucher)
    assert world.refused("objection.respond", response(asset, key), ann) == "not_a_holder"
    conclude(world, asset, key)
    assert disputes(world, asset) == []

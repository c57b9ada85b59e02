"""The machine of registrations: every state against every step and actor, from the one table."""

from itertools import pairwise

import pytest

from contracts.edges import STATES, find_edges
from contracts.identity import NameClaim
from contracts.intervals import current
from ledger.core.entry import decode_leaf
from ledger.core.subjects import subject_type
from ledger.errors import MalformedError
from tests.support.people import MS_PER_DAY, START, Person
from tests.support.procedure import (
    AFTERWARDS,
    MACHINE,
    MEMBERS,
    reach,
    refuse_step,
    status,
    take,
)
from tests.support.world import World

SILENT = "accepted by silence"
APPLICANTS = [step for step in MEMBERS if find_edges(step)[0].by == "applicant"]
SPECIAL = {("record", "accepted"): "notice_first", ("record", SILENT): "notice_first"}
"""Steps that the table allows and another rule refuses to an initial registration."""


def reach_state(state, profile="national-2026"):
    """As `reach`, and an acceptance by silence too."""
    world, application = reach("filed" if state == SILENT else state, profile)
    if state == SILENT:
        world.time = world.registration(application).deadline
    return world, application


def allowed(step, state):
    """The edge that a step takes from a state, or None."""
    held = state.removesuffix(" by silence")
    return next((edge for edge in find_edges(step) if held in edge.sources), None)


# The machine


@pytest.mark.parametrize("step", MEMBERS)
@pytest.mark.parametrize("state", [*STATES, SILENT])
def test_a_step_is_taken_where_the_table_says_and_nowhere_else(state, step):
    world, application = reach_state(state)
    assert status(world, application) == state.removesuffix(" by silence")
    edge, before = allowed(step, state), status(world, application)
    if edge is None or (step, state) in SPECIAL:
        expected = SPECIAL.get((step, state), "wrong_step")
        assert refuse_step(world, application, step) == expected
        return
    take(world, application, step)
    assert status(world, application) == (edge.target or before)


@pytest.mark.parametrize("step", MEMBERS)
@pytest.mark.parametrize("state", [*STATES, SILENT])
def test_a_step_is_for_nobody_else_in_any_state(state, step):
    world, application = reach_state(state)
    people = {
        "registrar": world.registrar,
        "applicant": application.applicants[0],
        "stranger": world.strangers[0],
        "operator": world.operator,
        "regulator": world.regulator,
    }
    by = find_edges(step)[0].by
    others = ["applicant"] if by == "anybody" else [name for name in people if name != by]
    if by == "objector":
        others = [name for name in others if name != "stranger" and state == "objected"]
    for name in others:
        reason = refuse_step(world, application, step, people[name])
        assert reason == ("wrong_signers" if step == "record" else "wrong_role"), name


@pytest.mark.parametrize("step", AFTERWARDS)
@pytest.mark.parametrize("state", [state for state in (*STATES, SILENT) if state != "recorded"])
def test_what_is_done_to_a_record_is_refused_without_one(state, step):
    world, application = reach_state(state)
    about = {"registration": application.registration, "asset": application.asset}
    body = about | {"number": "SJ3212026110001"} | AFTERWARDS[step]
    actor, keys = world.registrar, world.officers if step in {"correct", "revoke"} else []
    if step == "confirm":
        actor = world.strangers[0]
    if step == "revoke":
        body["parties"] = [application.applicants[0].party]
    reason = world.refused(f"registration.{step}", body, actor, *keys)
    assert reason == ("not_in_force" if step == "revoke" else "wrong_step")


@pytest.mark.parametrize("state", [state for state in STATES if state != "objected"])
def test_in_solo_the_machine_is_the_same_and_silence_means_nothing(state):
    world, application = reach_state(state, "solo")
    world.time = max(world.time, START + 20 * MS_PER_DAY)
    for step in MEMBERS:
        if allowed(step, state) is None:
            assert refuse_step(world, application, step) == "wrong_step"


@pytest.mark.parametrize("step", APPLICANTS)
def test_any_of_several_applicants_speaks_for_the_application(step):
    world = World("national-2026")
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.file(ann, ben)
    world.step(application, "return", **MEMBERS["return"])
    world.step(application, step.partition(".")[0], ben, **MEMBERS[step])
    assert world.registration(application).status[-1].value != "returned"


@pytest.mark.parametrize("edge", [edge for edge in MACHINE if edge.step != "record"])
def test_every_step_between_filing_and_record_touches_the_registration_alone(edge):
    world, application = reach(edge.sources[0])
    index = take(world, application, edge.step)
    event = decode_leaf(world.log.leaves[index]).signed.event
    assert event.subjects == (application.registration,)


def test_each_state_is_an_interval_that_closes_when_the_next_begins():
    world, application = reach("published")
    take(world, application, "record")
    intervals = world.registration(application).status
    assert [each.value for each in intervals] == ["filed", "accepted", "published", "recorded"]
    assert all(before.end == after.start for before, after in pairwise(intervals))
    assert intervals[-1].end is None


def test_what_the_registrar_said_stays_with_the_state_it_led_to():
    world, application = reach("supplement")
    assert world.registration(application).decision == "which contract?"
    take(world, application, "supplement.answer")
    assert world.registration(application).decision is None
    take(world, application, "withhold")
    assert world.registration(application).decision == "trade secret"
    take(world, application, "refuse")
    assert world.registration(application).decision == "Art. 22-2: unlawful source"


def test_a_termination_says_what_stays_unclear():
    world, application = reach("terminated")
    assert world.registration(application).decision == "Art. 18: the source stays unclear"


@pytest.mark.parametrize("ground", ["22-1", "22-2", "22-3", "22-4", "22-5"])
def test_a_refusal_names_one_of_the_five_grounds(ground):
    world, application = reach("accepted")
    world.step(application, "refuse", ground=ground, reasons="because")
    with pytest.raises(MalformedError):
        world.step(application, "refuse", ground="22-6", reasons="because")


@pytest.mark.parametrize("both", [{}, {"ask": "which?", "answer": "0f" * 32}])
def test_a_supplement_either_asks_or_answers(both):
    world, application = reach("accepted")
    assert world.step_refused(application, "supplement", **both) == "ask_or_answer"


def test_a_registration_that_is_not_there_takes_no_step():
    world, _ = reach("filed")
    body = {"registration": f"registration/{'a' * 26}"}
    assert world.refused("registration.accept", body, world.registrar) == "unknown_subject"


# Filing


def test_filing_makes_a_registration_and_an_asset_without_any_right():
    world = World("national-2026")
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.file(ann, ben, files=2)
    registration, asset = world.registration(application), world.asset(application)
    parties = tuple(sorted([ann.party, ben.party]))
    assert registration.parties == asset.parties == parties
    assert (registration.filer, registration.type) == (ann.party, "initial")
    assert (registration.asset, asset.registration) == (
        application.asset,
        application.registration,
    )
    assert set(asset.content) == {"content.0", "content.1"}
    assert set(registration.application) == set(application.openings)
    assert not (asset.tuples)
    assert not (asset.fields)
    assert not (asset.voucher)
    assert not (asset.classification)
    assert not (registration.fields)
    assert not (registration.voucher)
    assert not (registration.was_returned)
    assert world.party(ann).tuples == 0


def test_filing_shows_nothing_but_commitments():
    world = World("national-2026")
    application = world.file(world.enroll("ann"), members={"summary": "very secret"})
    leaf = world.log.leaves[-2]
    assert application.registration.encode() in leaf
    for hidden in (b"very secret", b"Parking", b"c0c0c0c0"):
        assert hidden not in leaf


def test_a_published_digest_is_claimed_by_every_asset_that_has_it():
    world = World("national-2026")
    ann, ben = world.enroll("ann"), world.enroll("ben")
    digest = "d1" * 32
    first, second = world.file(ann, digests=[digest]), world.file(ben, digests=[digest])
    assert world.asset(first).digests == (digest,)
    claims = world.state(NameClaim, f"name/sha256:{digest}").claims
    assert current(claims) == (first.asset, second.asset)


def refuse_filing(world, applicants, *keys, nonce=None, **changes):
    body = world.filing(world.draft(), *applicants, **changes)
    keys = keys or [person.key for person in applicants]
    return world.refused("registration.file", body, applicants[0], *keys, nonce=nonce)


def test_every_party_of_an_application_signs_it():
    world = World("national-2026")
    ann, ben, eve = (world.enroll(label) for label in ("ann", "ben", "eve"))
    assert refuse_filing(world, [ann, ben], ann.key) == "wrong_signers"
    assert refuse_filing(world, [ann, ben], ben.key) == "wrong_signers"
    assert refuse_filing(world, [ann, ben], ann.key, ben.key, eve.key) == "wrong_signers"
    assert refuse_filing(world, [ann, Person("nobody")]) == "unknown_subject"


def test_eight_parties_may_apply_together():
    world = World("national-2026")
    people = [world.enroll(f"p{n}") for n in range(8)]
    assert len(world.asset(world.file(*people)).parties) == 8


def test_parties_are_sorted_named_once_and_with_the_filer():
    world = World("national-2026")
    ann, ben = sorted((world.enroll("ann"), world.enroll("ben")), key=lambda one: one.party)
    unsorted = [ben.party, ann.party]
    assert refuse_filing(world, [ann, ben], parties=unsorted) == "parties"
    doubled = [ann.party, ann.party]
    assert refuse_filing(world, [ann], parties=doubled) == "parties"
    other = [ben.party]
    assert refuse_filing(world, [ann, ben], parties=other) == "parties"


def test_a_registrar_does_not_apply_at_itself_not_even_with_others():
    world = World("national-2026")
    ann = world.enroll("ann")
    assert refuse_filing(world, [world.registrar]) == "self_registration"
    assert refuse_filing(world, [ann, world.registrar]) == "self_registration"
    world.file(world.operator)


def test_in_solo_the_registrar_applies_at_itself():
    world = World()
    application = world.file(world.registrar)
    assert world.registration(application).parties == (world.registrar.party,)


def test_a_profile_without_the_type_refuses_it():
    world = World(types=("renewal",))
    assert refuse_filing(world, [world.operator]) == "unknown_type"


def test_a_type_that_the_rules_do_not_know_is_malformed():
    world = World()
    with pytest.raises(MalformedError, match="type"):
        world.file(world.operator, type="licence")


def test_a_nonce_opens_one_asset_even_for_who_made_it():
    world = World("national-2026")
    ann, nonce = world.enroll("ann"), "B" * 21 + "A"
    application = world.file(ann, nonce=nonce)
    world.step(application, "accept")
    assert refuse_filing(world, [ann], nonce=nonce) == "nonce_used"
    world.publish(application)
    world.record(application)
    assert refuse_filing(world, [ann], nonce=nonce) == "nonce_used"


def test_the_same_nonce_of_another_party_opens_another_asset():
    world = World("national-2026")
    ann, ben, nonce = world.enroll("ann"), world.enroll("ben"), "B" * 21 + "A"
    first, second = world.file(ann, nonce=nonce), world.file(ben, nonce=nonce)
    assert first.asset != second.asset


def test_a_withdrawn_application_leaves_no_fields_behind():
    world, application = reach("withdrawn")
    assert not world.registration(application).fields
    assert not world.asset(application).fields
    assert {subject_type(key) for key in world.all_states()} == {
        "asset",
        "key",
        "ledger",
        "list",
        "party",
        "registration",
    }

"""The machine of registrations: every state against every step, and who may take it."""

from itertools import pairwise

import pytest

from contracts.identity import NameClaim
from contracts.intervals import current
from contracts.procedure import OPEN_STATUSES, status_at
from ledger.core.entry import decode_leaf
from ledger.core.subjects import subject_type
from ledger.errors import MalformedError
from tests.support.people import MS_PER_DAY, START, Person
from tests.support.world import World

STEPS = {
    "accept": {},
    "return": {"missing": ["proof of source"], "until": START + 30 * MS_PER_DAY},
    "ask": {"ask": "which contract?"},
    "answer": {"answer": "0f" * 32},
    "publish": {},
    "withhold": {"reason": "trade secret"},
    "withdraw": {},
    "refuse": {"ground": "22-2", "reasons": "unlawful source"},
    "record": {},
}
APPLICANTS = ("answer", "withdraw")

ALLOWED = {
    "filed": {"accept", "return", "withdraw"},
    "accepted by silence": {"ask", "publish", "withhold", "withdraw", "refuse"},
    "accepted": {"ask", "publish", "withhold", "withdraw", "refuse"},
    "returned": {"answer", "withdraw"},
    "lapsed": set(),
    "supplement": {"answer", "withdraw", "refuse"},
    "published": {"record", "withdraw", "refuse"},
    "confidential": {"record", "withdraw", "refuse"},
    "recorded": set(),
    "withdrawn": set(),
    "refused": set(),
}
FOLLOWING = {
    "accept": "accepted",
    "return": "returned",
    "ask": "supplement",
    "publish": "published",
    "withhold": "confidential",
    "withdraw": "withdrawn",
    "refuse": "refused",
    "record": "recorded",
}
PATHS = {
    "filed": [],
    "accepted by silence": [],
    "accepted": ["accept"],
    "returned": ["return"],
    "lapsed": ["return"],
    "supplement": ["accept", "ask"],
    "published": ["accept", "publish"],
    "confidential": ["accept", "withhold"],
    "recorded": ["accept", "publish", "record"],
    "withdrawn": ["withdraw"],
    "refused": ["accept", "refuse"],
}


def verb(step):
    return f"registration.{'supplement' if step in {'ask', 'answer'} else step}"


def step_event(world, application, step):
    """Kind, body, actor and keys of a step as it should be."""
    body = {"registration": application.registration, **STEPS[step]}
    actor = application.applicants[0] if step in APPLICANTS else world.registrar
    keys = [actor.key]
    if step == "publish":
        body |= {"fields": application.statutory, **world.notice()}
    if step == "record":
        body, keys = world.record_body(application), world.officers
    return verb(step), body, actor, keys


def take(world, application, step):
    kind, body, actor, keys = step_event(world, application, step)
    return world.do(kind, body, actor, *keys)


def refuse_step(world, application, step, actor=None):
    kind, body, right_actor, keys = step_event(world, application, step)
    keys = keys if actor is None else [actor.key]
    return world.refused(kind, body, actor or right_actor, *keys)


def reach(state, profile="national-2026"):
    world = World(profile)
    application = world.file(world.enroll("ann"))
    for step in PATHS[state]:
        take(world, application, step)
        if step == "publish":
            world.time = max(world.time, world.registration(application).deadline or 0)
    if state in {"lapsed", "accepted by silence"}:
        world.time = world.registration(application).deadline
    return world, application


def status(world, application):
    return status_at(world.registration(application), world.time)


# The machine


def test_the_tables_are_about_the_same_states():
    assert set(PATHS) == set(ALLOWED)
    named = {state for state, steps in ALLOWED.items() if "withdraw" in steps}
    assert named - {"accepted by silence"} == OPEN_STATUSES


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", ALLOWED)
def test_a_step_is_taken_where_it_is_allowed_and_nowhere_else(state, step):
    world, application = reach(state)
    assert status(world, application) == state.removesuffix(" by silence")
    if step not in ALLOWED[state]:
        assert refuse_step(world, application, step) == "wrong_step"
        return
    take(world, application, step)
    following = FOLLOWING.get(step) or {"returned": "filed", "supplement": "accepted"}[state]
    assert status(world, application) == following


@pytest.mark.parametrize("state", [state for state in ALLOWED if state != "accepted by silence"])
def test_in_solo_the_machine_is_the_same_and_silence_means_nothing(state):
    world, application = reach(state, "solo")
    world.time = max(world.time, START + 20 * MS_PER_DAY)
    for step in STEPS:
        if step not in ALLOWED[state]:
            assert refuse_step(world, application, step) == "wrong_step"


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_for_registrar_or_applicants(step):
    state = next(state for state, steps in ALLOWED.items() if step in steps)
    world, application = reach(state)
    ann, ben = application.applicants[0], world.enroll("ben")
    others = [ben, world.operator, world.regulator]
    others.append(world.registrar if step in APPLICANTS else ann)
    for actor in others:
        reason = refuse_step(world, application, step, actor)
        assert reason == ("wrong_role" if step != "record" else "wrong_signers")


@pytest.mark.parametrize("step", APPLICANTS)
def test_any_of_several_applicants_speaks_for_the_application(step):
    world = World("national-2026")
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.file(ann, ben)
    take(world, application, "return")
    body = {"registration": application.registration, **STEPS[step]}
    world.do(verb(step), body, ben)


def test_every_step_but_filing_and_recording_touches_the_registration_alone():
    for state, steps in ALLOWED.items():
        for step in steps - {"record"}:
            world, application = reach(state)
            index = take(world, application, step)
            event = decode_leaf(world.log.leaves[index]).signed.event
            assert event.subjects == (application.registration,)


def test_each_state_is_an_interval_that_closes_when_the_next_begins():
    world, application = reach("recorded")
    intervals = world.registration(application).status
    assert [each.value for each in intervals] == ["filed", "accepted", "published", "recorded"]
    assert all(before.end == after.start for before, after in pairwise(intervals))
    assert intervals[-1].end is None


def test_what_the_registrar_said_stays_with_the_state_it_led_to():
    world, application = reach("supplement")
    assert world.registration(application).decision == "which contract?"
    take(world, application, "answer")
    assert world.registration(application).decision is None
    take(world, application, "withhold")
    assert world.registration(application).decision == "trade secret"
    take(world, application, "refuse")
    assert world.registration(application).decision == "Art. 22-2: unlawful source"


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
    world.file(world.registrar)


def test_a_profile_without_the_type_refuses_it():
    world = World(types=("renewal",))
    assert refuse_filing(world, [world.operator]) == "unknown_type"


def test_a_type_that_the_rules_do_not_know_is_malformed():
    world = World()
    with pytest.raises(MalformedError, match="type"):
        world.file(world.operator, type="renewal")


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

"""Whatever is sent, the rules refuse it or take it: they never fail on it."""

import json
from random import Random

import pytest

from contracts.records import parse_record
from contracts.rulebook import KINDS
from contracts.verdict import Question, Report, format_report
from contracts.voucher import judge_voucher, parse_voucher
from ledger.errors import InputError, LedgerError
from tests.support.forgery import POLICY, honest_parts
from tests.support.hostile_json import mangle
from tests.support.people import CODES, Key, Person
from tests.support.world import World

CHECK = {"method": "m", "evidence": "0e" * 32}
ROUNDS = 60


def moves(world):
    """For each kind an event that the rules would take now: kind, body, actor and keys."""
    ann = world.enroll("ann", 2)
    ben, new = Person("ben"), Key("new")
    filed, accepted, published = (world.file(ann) for _ in range(3))
    for application in (accepted, published):
        world.step(application, "accept")
    world.publish(published)
    recorded, number = world.register(ann)
    returned = world.file(ann)
    registrar, one = world.registrar, [world.registrar.key]
    openings = world.draft()
    record = world.record_body(published)
    dids = ann.dids
    recovery = {"party": ann.party, "add": [new.did], "remove": dids, "check": CHECK}

    def step(application, **members):
        return {"registration": application.registration, **members}

    notice = {"fields": accepted.statutory, **world.notice()}
    listed = {"list": "calendar", "part": "2029", "version": 1}
    listed["content"] = {"year": 2029, "off": ["2029-01-01"], "work": []}
    late = {"missing": ["x"], "until": world.time + 1000}
    enrolment = world.enrolment(ben, uscc=CODES[0])
    rotation = {"add": [new.did], "remove": [dids[0]]}
    revocation = world.revocation(recorded, number)
    refusal = {"ground": "22-1", "reasons": "x"}
    filing = world.filing(openings, ann, digests=["d1" * 32])
    return [
        ("party.enroll", enrolment, ben, [*ben.keys, registrar.key]),
        ("party.rotate", rotation, ann, [ann.key, new]),
        ("party.recover", recovery, registrar, [registrar.key, new]),
        ("party.admit", {"party": ann.party, "role": "notary"}, registrar, one),
        ("party.suspend", {"party": ann.party, "ground": "x"}, registrar, one),
        ("list.publish", listed, registrar, one),
        ("registration.file", filing, ann, [ann.key]),
        ("registration.accept", step(returned), registrar, one),
        ("registration.return", step(returned, **late), registrar, one),
        ("registration.supplement", step(accepted, ask="which?"), registrar, one),
        ("registration.publish", step(accepted, **notice), registrar, one),
        ("registration.withhold", step(accepted, reason="x"), registrar, one),
        ("registration.withdraw", step(filed), ann, [ann.key]),
        ("registration.refuse", step(accepted, **refusal), registrar, one),
        ("registration.record", record, registrar, world.officers),
        ("registration.revoke", revocation, registrar, world.officers),
    ]


def outcome(world, kind, body, actor, keys):
    """`taken`, or the class of the refusal; anything else is a bug that comes through."""
    try:
        event = world.event(kind, body, actor)
        world.log.builder().add(world.sign(event, *keys), world.time)
    except InputError as exc:
        return type(exc).__name__
    return "taken"


def test_these_events_would_be_taken():
    world = World("national-2026")
    for kind, body, actor, keys in moves(world):
        assert outcome(world, kind, body, actor, keys) == "taken", kind


def test_a_signature_more_or_another_is_refused_for_every_kind():
    world, stranger = World("national-2026"), Key("stranger")
    for kind, body, actor, keys in moves(world):
        for more in (stranger, world.node, world.regulator.key):
            assert world.refused(kind, body, actor, *keys, more) == "wrong_signers", kind
        for n in range(len(keys)):
            others = [*keys[:n], stranger, *keys[n + 1 :]]
            assert world.refused(kind, body, actor, *others) == "wrong_signers", kind


def test_a_signature_less_is_refused_for_every_kind_that_needs_two():
    world, seen = World("national-2026"), set()
    for kind, body, actor, keys in moves(world):
        for n in range(len(keys) if len(keys) > 1 else 0):
            fewer = [*keys[:n], *keys[n + 1 :]]
            assert world.refused(kind, body, actor, *fewer) == "wrong_signers", kind
            seen.add(kind)
    assert seen == {
        "party.enroll",
        "party.recover",
        "party.rotate",
        "registration.record",
        "registration.revoke",
    }


@pytest.mark.parametrize("seed", range(4))
def test_a_mangled_body_is_refused_or_taken_and_nothing_else(seed):
    random, world = Random(seed), World("national-2026")
    seen = set()
    for kind, body, actor, keys in moves(world):
        for _ in range(ROUNDS // 4):
            seen.add(outcome(world, kind, mangle(random, body), actor, keys))
    assert {"MalformedError", "RejectedError"} <= seen


@pytest.mark.parametrize("seed", range(4))
def test_a_mangled_opening_is_refused_or_taken_and_nothing_else(seed):
    random, world = Random(seed), World("national-2026", is_open=False)
    for _ in range(ROUNDS):
        body = mangle(random, world.opening())
        outcome(world, "ledger.open", body, world.operator, world.founding_keys)


@pytest.mark.parametrize("seed", range(4))
def test_mangled_subjects_are_refused(seed):
    random, world = Random(seed), World("national-2026")
    states = sorted(world.all_states())
    for kind, body, actor, keys in moves(world):
        event = world.event(kind, body, actor)
        others = random.sample(states, random.randint(1, 4))
        if set(others) == set(event.subjects):
            continue
        changed = world.event(kind, body, actor, nonce=event.nonce, subjects=others)
        assert world.refuse(world.sign(changed, *keys)) == "wrong_subjects"


@pytest.mark.parametrize("seed", range(4))
def test_a_mangled_voucher_is_refused(seed):
    parts = honest_parts()
    value, random = parts.bundle(), Random(seed)
    question = Question(now=parts.time + 1000)

    def answer(bundle):
        report = Report()
        judge_voucher(parse_voucher(bundle), POLICY, question, report)
        return format_report(report)

    assert answer(value)["verified"]
    for _ in range(250):
        mangled = json.loads(json.dumps(mangle(random, value)))
        if mangled == value:
            continue
        with pytest.raises(LedgerError):
            answer(mangled)


def test_every_kind_has_its_turn_here():
    kinds = {kind for kind, *_ in moves(World("national-2026"))}
    assert set(KINDS) - kinds == {"ledger.open", "ledger.upgrade"}
    for kind, body, *_ in moves(World("national-2026")):
        assert parse_record(KINDS[kind], json.loads(json.dumps(body)))

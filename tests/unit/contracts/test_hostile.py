"""Whatever is sent, the rules refuse it or take it: they never fail on it."""

import json
from random import Random

import pytest

from contracts.records import parse_record
from contracts.rulebook import KINDS
from contracts.verdict import Question, Report, format_report
from contracts.voucher import judge_voucher, parse_voucher
from ledger.errors import InputError, LedgerError
from tests.support import assessments, disputes, grants
from tests.support.agents import mandate_body
from tests.support.forgery import POLICY, honest_parts
from tests.support.holds import (
    freeze,
    freeze_body,
    pledge,
    pledge_body,
    release_body,
    unfreeze_body,
)
from tests.support.hostile_json import mangle
from tests.support.people import CODES, Key, Person, claim
from tests.support.rotations import key_body
from tests.support.world import World

CHECK = {"method": "m", "evidence": "0e" * 32}
ROUNDS = 60


def moves(world):
    """For each kind an event that the rules would take now: kind, body, actor and keys."""
    ann = world.enroll("ann", 2)
    important = _important_scene(world, ann)
    scene = _dealing_scene(world, ann)
    declared = _declared_scene(world, ann)
    later = _later_scene(world, ann)
    return [
        *_registry_moves(world, ann),
        *_dealing_moves(world, ann, *scene),
        *_dispute_moves(world, ann, scene[1], *declared),
        *_inquiry_moves(world, ann),
        *_assessment_moves(world, ann, *important),
        *_later_moves(world, ann, *later),
    ]


def _registry_moves(world, ann):
    ben, new = Person("ben"), Key("new")
    filed, accepted, published = (world.file(ann) for _ in range(3))
    for application in (accepted, published):
        world.step(application, "accept")
    world.publish(published)
    recorded, number = world.register(ann)
    returned = world.file(ann)
    bank, leaving = world.enroll("bank"), world.enroll("leaving")
    pledged = pledge(world, recorded, ann, bank)
    order, both, regulator = freeze(world, returned), [ann.key, bank.key], world.regulator
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
    late = {"missing": ["x"], "until": world.time + 604_800_000}
    enrolment = world.enrolment(ben, uscc=CODES[0])
    rotation = {"add": [new.did], "remove": [dids[0]]}
    revocation = world.revocation(recorded, number)
    refusal = {"ground": "22-1", "reasons": "x"}
    filing = world.filing(openings, ann, digests=["d1" * 32])
    return [
        ("ledger.key", key_body(), world.operator, [world.operator.key, regulator.key]),
        ("party.enroll", enrolment, ben, [*ben.keys, registrar.key]),
        ("party.rotate", rotation, ann, [ann.key, new]),
        ("party.recover", recovery, registrar, [registrar.key, new]),
        ("party.admit", {"party": ann.party, "role": "notary"}, registrar, one),
        ("party.suspend", {"party": ann.party, "ground": "x"}, registrar, one),
        ("party.exit", {}, leaving, [leaving.key]),
        ("party.undertake", mandate_body(world, bank), ann, both),
        ("encumbrance.create", pledge_body(world, recorded, bank, ["hold"]), ann, both),
        ("encumbrance.release", release_body(world, recorded, pledged), bank, [bank.key]),
        ("order.freeze", freeze_body(world, recorded), regulator, [regulator.key]),
        ("order.unfreeze", unfreeze_body(world, returned, order), regulator, [regulator.key]),
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


def _inquiry_moves(world, ann):
    """Objections while the notice runs, and a review that takes longer or leads to nothing."""
    gus, one = world.enroll("gus"), [world.registrar.key]
    objection = {"reason": "it is ours", "evidence": "0e" * 32}
    noticed, objected = (world.file(ann) for _ in range(2))
    for application in (noticed, objected):
        world.step(application, "accept")
        fields = {"fields": application.statutory, **world.notice()}
        world.step(application, "publish", **fields)
    world.step(objected, "object", gus, **objection)
    here, there = ({"registration": each.registration} for each in (noticed, objected))
    decision = {"outcome": "dismissed", "reasons": "x"}
    return [
        ("registration.object", here | objection, gus, [gus.key]),
        ("registration.resolve", there | decision, world.registrar, one),
        ("registration.extend", here | {"reason": "x"}, world.registrar, one),
        ("registration.terminate", here | {"reasons": "x"}, world.registrar, one),
    ]


def _declared_scene(world, ann):
    """Who is named as a right-holder and has not signed, and where."""
    dot, named = world.enroll("dot"), world.published(ann)
    world.record(named, [claim(ann)], declared=[claim(dot, "use")])
    return dot, named


def _dispute_moves(world, ann, asset, dot, named):
    """What stands beside a registration, and objections to it at each stage."""
    one, officers = [world.registrar.key], world.officers
    noted = disputes.note(world, asset, {"kind": "by-law", "text": "x"})
    filed, told = (disputes.object_to(world, asset, world.enroll(n)) for n in ("eve", "flo"))
    disputes.notify(world, asset, told)
    upheld = disputes.conclusion(asset, told, "upheld")
    remark = disputes.beside(world, asset, note=disputes.LIMITS)
    confirmed = disputes.beside(world, named, rights=["use"])
    objection = disputes.objection_body(world, asset)
    notice = disputes.objection_step(asset, filed)
    answer = disputes.response(asset, told)
    return [
        ("registration.confirm", confirmed, dot, [dot.key]),
        ("registration.note", remark, world.registrar, one),
        ("registration.unnote", disputes.unnote_body(world, asset, noted), world.registrar, one),
        ("registration.correct", disputes.correct_body(world, asset), world.registrar, officers),
        ("objection.file", objection, dot, [dot.key]),
        ("objection.notify", notice, world.registrar, one),
        ("objection.respond", answer, ann, [ann.key]),
        ("objection.conclude", upheld, world.registrar, officers),
    ]


def _later_scene(world, ann):
    """What all holders of an asset have filed about its voucher."""
    asset, _ = world.register(ann)
    ending, _ = world.register(ann)
    filed = world.file_later(asset, "change", ann)
    world.step(filed, "accept")
    world.step(filed, "withhold", reason="x")
    return asset, filed, world.reviewed_later(ending, "cancellation", ann)


def _later_moves(world, ann, asset, changed, cancelled):
    """Changes and cancellations, filed and recorded."""
    registrar, officers, one = world.registrar, world.officers, [ann.key]
    return [
        ("registration.file", world.later_body(asset, "change", ann), ann, one),
        ("registration.file", world.later_body(asset, "cancellation", ann), ann, one),
        ("registration.record", world.record_body(changed), registrar, officers),
        ("registration.record", world.record_body(cancelled), registrar, officers),
    ]


def _important_scene(world, ann):
    """Important data, before anything else takes time, and who may attest it."""
    ivy = world.enroll("ivy")
    grants.admit(world, ivy, "auditor")
    rights = [claim(ann, right) for right in ("hold", "use", "operate")]
    important = world.classification(level="important")
    return ivy, world.register(ann, rights=rights, classification=important)[0]


def _assessment_moves(world, ann, ivy, asset):
    """What third parties say of data, and the filings of important data."""
    made = assessments.attest(world, asset, ivy, "audit")
    filed = assessments.file_important(world, asset, ann)
    attested = assessments.attest_body(world, asset, "risk")
    return [
        ("attest.make", attested, ivy, [ivy.key]),
        ("attest.withdraw", assessments.withdraw_body(world, asset, made), ivy, [ivy.key]),
        ("filing.important", assessments.filing_body(world, asset), ann, [ann.key]),
        ("filing.end", assessments.end_body(asset, filed), ann, [ann.key]),
    ]


TERMS = (
    grants.permit("use", grants.purpose("research"), duties=["inform"]),
    grants.permit("read", grants.times(9)),
    grants.onward(grants.permit("read"), action="grantUse", count=2),
)


def _dealing_scene(world, ann):
    """Who licenses what to whom, before anything else takes time."""
    cy = world.enroll("cy")
    rights = [claim(ann, right) for right in ("hold", "use", "operate")]
    asset, _ = world.register(ann, rights=rights)
    transfer = world.published_transfer(asset, (ann, cy, "hold"))
    live = grants.issue(world, asset, ann, cy, *TERMS, obligation=[grants.tracked()])
    offered = grants.issue(world, asset, ann, cy, kind="Offer")
    return cy, asset, transfer, live, offered, grants.send(world, live, ann)


def _dealing_moves(world, ann, cy, asset, transfer, live, offered, delivery):
    """Transfers, and what happens under a right to operate."""
    agreement = grants.issue_body(asset, ann, cy, *TERMS)
    moved = world.transfer_body(asset, (ann, cy, "use"))
    both, one, other = [ann.key, cy.key], [ann.key], [cy.key]
    registrar = world.registrar
    by = {"marks": grants.marks(markedBy=registrar.party), "escrow": grants.escrow(registrar)}
    marked = grants.send_body(world, live, **by)
    return [
        ("registration.file", moved, ann, both),
        ("registration.record", world.record_body(transfer), world.registrar, world.officers),
        ("grant.issue", agreement, ann, both),
        ("grant.accept", {"grant": offered}, cy, other),
        ("grant.revoke", grants.revoke_body(live, document="0a" * 32), ann, one),
        ("delivery.send", grants.send_body(world, live), ann, one),
        ("delivery.send", marked, ann, [ann.key, world.registrar.key]),
        ("delivery.receive", grants.receive_body(world, delivery), cy, other),
        ("usage.record", grants.use_body(world, live), cy, other),
        ("usage.batch", grants.batch_body(world, live), cy, other),
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
        others = {stranger, world.node, world.regulator.key, world.operator.key} - set(keys)
        for more in others:
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
        "delivery.send",
        "encumbrance.create",
        "grant.issue",
        "ledger.key",
        "objection.conclude",
        "party.enroll",
        "party.recover",
        "party.rotate",
        "party.undertake",
        "registration.correct",
        "registration.file",
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
    random, world, seen = Random(seed), World("national-2026", is_open=False), set()
    for _ in range(ROUNDS):
        body = mangle(random, world.opening())
        seen.add(outcome(world, "ledger.open", body, world.operator, world.founding_keys))
    assert "MalformedError" in seen


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

"""Two writers of certificates, one without a line of the product, say the same of rare states.

The log of the vectors has what happens every day. Here is the rest: rights with a term, licences
that wait, are over or were never accepted, freezes and pledges that go on, registered bans, a list
that was shortened, and a voucher that ran out before the seal.
"""

import json
from itertools import product
from types import SimpleNamespace

import pytest

from contracts.certificate import create_certificate
from contracts.check import format_check
from contracts.queries import Query, format_query
from contracts.verdict import Question
from ledger.core.bundle import format_state_bundle
from ledger.core.policy import parse_policy
from node.verifier import verify_file
from tests.support import grants, holds
from tests.support.golden.reference_bundles import JUDGES
from tests.support.golden.scenario import policy_text
from tests.support.independent_signed import NotAuthenticError
from tests.support.people import MS_PER_DAY, claim
from tests.support.world import World

POLICY = policy_text().encode()
ACTS = ("read", "archive", "distribute", "transfer", "muniment:export")
GROUNDS = {
    "unknown_party",
    "unknown_then",
    "no_route",
    "own_right",
    "pledged",
    "frozen",
    "restricted",
    "grant_not_begun",
}
ORDERS = 66
"""More freezes than a list of intervals holds."""


def judge(world, document):
    """What the product and the second judge say of a file; both refuse it, or neither."""
    data = json.dumps(document).encode()
    report = verify_file(data, parse_policy(POLICY), Question(world.time))
    if report.failure is not None:
        with pytest.raises(NotAuthenticError):
            JUDGES[document["format"]](data, POLICY)
        return None
    said = {"subject": report.subject, "status": report.status}
    assert JUDGES[document["format"]](data, POLICY) == said
    return said


def certify(world, proof):
    """The English sentences of a certificate that both take, and refuse with one sentence more."""
    certificate = create_certificate(proof)
    assert judge(world, certificate) is not None
    for side in ("en", "zh"):
        changed = json.loads(json.dumps(certificate))
        changed["statement"][side].append("None.")
        assert judge(world, changed) is None
    return certificate["statement"]["en"]


@pytest.fixture(scope="module")
def scene():
    world = World("solo")
    owner, user, bank, heir = (world.enroll(name) for name in ("owner", "user", "bank", "heir"))
    goods = world.published(owner, members={"restrictions": {"export": False}})
    term = world.time // 1000 * 1000 + 10 * MS_PER_DAY
    rights = [claim(owner, "hold", limits='not "abroad"'), claim(owner, "use", "fused")]
    number = world.record(goods, [*rights, claim(owner, "operate", until=term)], valid_until=term)
    soon, end = grants.since(world.time + 5 * MS_PER_DAY), grants.until(term)
    waiting = grants.issue(world, goods, owner, user, grants.permit("read", soon, end))
    offer = grants.issue(world, goods, owner, user, grants.permit("use", end), kind="Offer")
    holds.pledge(world, goods, owner, bank, ["hold", "operate", "use"])
    free = world.time - 1
    order = holds.freeze(world, goods)
    other = grants.registered(world, heir, members={"restrictions": {"resale": False}})
    start = world.time
    for _ in range(ORDERS):
        holds.unfreeze(world, other, holds.freeze(world, other))
    kept = {"goods": goods, "other": other, "number": number, "waiting": waiting, "offer": offer}
    people = {"owner": owner, "bank": bank, "heir": heir, "people": (owner, user, heir)}
    times = {"free": free, "start": start, "order": order}
    return SimpleNamespace(world=world, **kept, **people, **times)


def ask(scene, topic, subject, at):
    query = Query(topic=topic, subject=subject, at=at)
    document = format_query(grants.prove_answer(scene.world, query))
    assert judge(scene.world, document)["status"] == document["answer"]["status"]
    return certify(scene.world, document)


def test_both_say_what_burdens_a_right_and_how_long_it_lasts(scene):
    asset, owner = scene.goods.asset, scene.owner.party
    for topic, subject, before in (("holders", asset, ""), ("rights", owner, f"{asset}: ")):
        said = ask(scene, topic, subject, scene.world.time)
        own = f"{before}{owner}: {{}}, on the basis self-generated, {{}}."
        assert said[-5] == own.format("hold", 'with the limits "not "abroad""')
        assert said[-3] == own.format("operate", "until 2026-11-12T10:00:08+08:00")
        assert said[-2] == f"{asset}: frozen by {scene.order}."
        assert said[-1].startswith(f"{before}{owner}: hold, operate, use pledged by encumbrance/")
    assert ask(scene, "rights", scene.bank.party, scene.world.time)[-1] == "None."


def test_both_say_what_is_not_in_force_yet_and_what_is_dead(scene):
    def end_of(key, days):
        return ask(scene, "below", key, scene.world.time + days * MS_PER_DAY)[-1]

    assert ", not yet issued." in end_of(scene.waiting, -1)
    assert ", not in force: the term of " in end_of(scene.waiting, 0)
    assert end_of(scene.waiting, 6).endswith(", in force.")
    assert ", dead: the right to operate " in end_of(scene.waiting, 15)
    assert ", not in force: " in end_of(scene.offer, 0)
    assert "was an offer that nobody had accepted" in end_of(scene.offer, 6)


def test_both_say_when_a_voucher_has_run_out_and_what_it_was_last(scene):
    world, later = scene.world, World("solo")
    proof = format_state_bundle(world.log.state(f"voucher/{scene.number}"))
    assert certify(world, proof)[-1].startswith("Its status is valid; it is valid from ")
    _, number = later.register(later.enroll("owner"))
    later.time += 2000 * MS_PER_DAY
    later.enroll("somebody else")
    proof = format_state_bundle(later.log.state(f"voucher/{number}"))
    said = certify(later, proof)[-1]
    assert said.startswith("It has expired: ")
    assert said.endswith("; its last status was valid.")


def test_both_say_that_a_shortened_list_does_not_reach_back(scene):
    asset, start = scene.other.asset, scene.start
    assert ask(scene, "holders", asset, start)[-1].startswith("The states do not reach back so far")
    assert ask(scene, "rights", scene.heir.party, start)[-1].startswith("The states do not reach")
    assert "on the basis" in ask(scene, "holders", asset, scene.world.time)[-1]


def test_both_say_the_same_of_every_act_and_meet_every_ground(scene):
    enrolled_before, later = scene.start - 30 * MS_PER_DAY, scene.start + 15 * MS_PER_DAY
    dates = (enrolled_before, scene.free, scene.start, scene.world.time, later)
    met = set()
    for who, goods, at, action in product(scene.people, (scene.goods, scene.other), dates, ACTS):
        proved = grants.prove(scene.world, who, goods, action, at)
        said = judge(scene.world, format_check(proved))
        assert said["status"] == proved.answer.verdict
        met.add(proved.answer.clause.code)
    assert met >= GROUNDS


def test_both_say_what_a_renewal_keeps_in_force_and_what_it_does_not():
    world = World("solo", max_years=1)
    owner, heir = world.enroll("owner"), world.enroll("heir")
    goods = world.published(owner)
    world.record(goods, [claim(owner, "hold"), claim(owner, "use", "fused")])
    world.wait_for_renewal(goods)
    filed = world.reviewed_later(goods, "renewal", owner)
    _, second = world.transfer(goods, (owner, heir, "use"))
    term = world.voucher(second).valid_until
    world.time = term + MS_PER_DAY
    world.enroll("somebody else")

    def codes(at):
        proved = [grants.prove(world, heir, goods, act, at) for act in ("read", "sell")]
        for each in proved:
            assert judge(world, format_check(each))["status"] == each.answer.verdict
            certify(world, format_check(each))
        return [each.answer.clause.code for each in proved]

    for now in (0, 1):
        assert codes(term - 1) == ["own_right", "own_right"]
        assert codes(term) == ["own_right", "expired"]
        if not now:
            world.record(filed)
    assert codes(world.time) == ["own_right", "own_right"]

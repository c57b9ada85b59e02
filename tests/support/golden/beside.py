"""A fourth small ledger: what stands beside a registration, and what may come in between.

Notes, corrections, objections, agents, assessments, later types, and a new registrar.
"""

from functools import cache

from tests.support import assessments, disputes
from tests.support.agents import file_by_agent, give_mandate, hand_over, take_mandate
from tests.support.grants import escrow, issue, marks, onward, permit, send, tracked
from tests.support.people import claim
from tests.support.world import World

NAMES = ("applicant", "agent", "rival", "sleeper", "successor")
DECISION = "0d" * 32


@cache
def beside():
    """The ledger at its end, under the national rules."""
    world = World("national-2026")
    world.people = {name: world.enroll(name) for name in NAMES[:-1]}
    _file_by_agent(world, **world.people)
    _note(world)
    _object(world, **world.people)
    _inquire(world, **world.people)
    _amend(world, **world.people)
    _assess(world, **world.people)
    _mark(world, **world.people)
    world.gone = hand_over(world, world.enroll("successor", count=2))
    return world


def _file_by_agent(world, applicant, agent, sleeper, **_):
    """An agent files alone under a mandate, and once more with the applicant; a holder confirms."""
    give_mandate(world, applicant, agent, ("change", "initial"))
    world.goods = file_by_agent(world, agent, applicant)
    file_by_agent(world, agent, sleeper, signing=[sleeper])
    take_mandate(world, applicant, agent)
    world.step(world.goods, "accept")
    world.publish(world.goods)
    declared = [claim(sleeper, right) for right in ("hold", "use")]
    world.number = world.record(world.goods, [claim(applicant)], declared=declared)
    body = disputes.beside(world, world.goods, rights=["use"])
    world.do("registration.confirm", body, sleeper)


def _note(world):
    seized = disputes.note(world, world.goods)
    limited = disputes.note(world, world.goods, disputes.LIMITS)
    disputes.unnote(world, world.goods, seized)
    body = disputes.unnote_body(world, world.goods, limited)
    del body["document"]
    world.do("registration.unnote", body, world.registrar)
    notice = {"system": "national", "ref": "N-2"}
    published = world.registration(world.goods).notice.published_at
    disputes.correct(world, world.goods, notice=notice | {"published_at": published})
    disputes.correct(world, world.goods)


def _object(world, applicant, rival, **_):
    """One is withdrawn, one goes to court and is upheld, one stays open."""
    goods = world.goods
    withdrawn = disputes.object_to(world, goods, rival)
    body = disputes.conclusion(goods, withdrawn, "withdrawn")
    world.do("objection.conclude", body, rival)
    upheld = disputes.object_to(world, goods, rival, reason=None, evidence="1b" * 32)
    disputes.notify(world, goods, upheld, document="0f" * 32)
    disputes.respond(world, goods, upheld, applicant)
    disputes.conclude(world, goods, upheld, "to-court")
    disputes.conclude(world, goods, upheld, "upheld", document=DECISION)
    world.open_objection = disputes.object_to(world, goods, rival, evidence="2b" * 32)
    disputes.notify(world, goods, world.open_objection)
    disputes.respond(world, goods, world.open_objection, applicant, agrees=True)


def _inquire(world, applicant, rival, sleeper, **_):
    """One is objected to, in vain, and given more time; one is terminated; one is refused."""
    goods = world.file(applicant)
    world.step(goods, "accept")
    world.step(goods, "extend", reason="several sources")
    world.step(goods, "publish", fields=goods.statutory, **world.notice())
    objection = {"reason": "it is ours", "evidence": "3b" * 32}
    world.step(goods, "object", rival, **objection)
    world.step(goods, "object", sleeper, **objection)
    world.step(goods, "resolve", outcome="dismissed", reasons="heard all")
    world.step(goods, "terminate", reasons="the source stays unclear")
    upheld = world.file(sleeper)
    world.step(upheld, "accept")
    world.step(upheld, "publish", fields=upheld.statutory, **world.notice())
    world.step(upheld, "object", rival, **objection)
    world.step(upheld, "resolve", outcome="upheld", reasons="a dispute over ownership")


def _amend(world, applicant, **_):
    """A change and a cancellation."""
    goods = world.published(applicant)
    world.record(goods)
    change = world.file_later(goods, "change", applicant)
    world.step(change, "accept")
    world.publish(change)
    world.record(change)
    end = world.file_later(goods, "cancellation", applicant)
    world.step(end, "accept")
    world.record(end)


def _assess(world, applicant, rival, sleeper, **_):
    """Important data with its filings; an attestation made and withdrawn."""
    assessments.publish_list(world, "important-data", assessments.entry(industry="energy"))
    classification = world.classification(level="important", list_version="1")
    goods = world.published(applicant)
    world.record(goods, [claim(applicant, "operate")], classification=classification)
    parts = {"recipient": rival.party}
    filing = assessments.file_important(world, goods, applicant, **parts)
    grant = issue(world, goods, applicant, rival, permit("use"))
    assessments.file_important(world, goods, applicant, grant=grant)
    assessments.file_important(world, goods, applicant)
    world.do("filing.end", assessments.end_body(goods, filing), applicant)
    world.do("party.admit", {"party": sleeper.party, "role": "valuer"}, world.registrar)
    made = assessments.attest(world, goods, sleeper, "valuation", statement="worth its price")
    world.do("attest.withdraw", assessments.withdraw_body(world, goods, made), sleeper)


def _mark(world, applicant, rival, sleeper, **_):
    """Copies with marks: of the first hand, of one who marked for another, and onward."""
    goods, disclosed = world.published(applicant), {"obligation": [tracked()]}
    classification = world.classification(list_version="1")
    world.record(goods, [claim(applicant, "operate")], classification=classification)
    top = issue(world, goods, applicant, rival, permit("use"), onward(), **disclosed)
    below = issue(world, goods, rival, sleeper, parent=top, **disclosed)
    send(world, top, applicant, marks=marks(g=0))
    named = marks(markedBy=world.registrar.party)
    send(world, below, rival, world.registrar.key, marks=named, escrow=escrow(applicant))

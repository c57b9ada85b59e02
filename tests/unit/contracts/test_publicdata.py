"""Public data: who leaves a tier ends everything below, in verdicts, proofs and rules alike."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.check import format_check, parse_check
from contracts.chinese import ZH
from contracts.publicdata import (
    ROOTS,
    UNKNOWN_RECIPIENT,
    find_root_break,
    find_tier_break,
)
from contracts.queries import Query, answer_query
from ledger.errors import BundleError
from node.granted import tell_status
from tests.support.checks import judged
from tests.support.grants import (
    DEVELOPER,
    OPERATOR,
    LogFacts,
    admit,
    ask,
    inquiry,
    issue,
    issue_refused,
    lift,
    onward,
    prove,
    public_use,
    publish_roots,
    registered,
    revoke,
    send_body,
    suspend,
)
from tests.support.public import FACTS, Public
from tests.support.world import World


@pytest.fixture
def public():
    return Public()


def leave(public, person):
    public.world.do("party.exit", {}, person)


EXITS = {
    "the root is taken off the list": (lambda p: publish_roots(p.world), 0, "not_authorised"),
    "the operator's role ends": (
        lambda p: admit(p.world, p.operator, OPERATOR, end=True),
        0,
        "not_admitted",
    ),
    "the operator leaves": (lambda p: leave(p, p.operator), 0, "not_admitted"),
    "the operator is suspended": (lambda p: suspend(p.world, p.operator), 0, "tier_suspended"),
    "the developer's role ends": (
        lambda p: admit(p.world, p.developer, DEVELOPER, end=True),
        1,
        "not_admitted",
    ),
    "the developer leaves": (lambda p: leave(p, p.developer), 1, "not_admitted"),
    "the developer is suspended": (lambda p: suspend(p.world, p.developer), 1, "tier_suspended"),
}


@pytest.mark.parametrize("name", EXITS)
def test_an_exit_ends_everything_below_from_then_on(public, name):
    end, left, code = EXITS[name]
    assert public.permits() == public.accepts() == (True, True)
    end(public)
    ended = public.world.time - 1000
    assert public.permits() == public.accepts() == ((True, False) if left else (False, False))
    assert public.permits(ended) == public.permits()
    assert public.permits(ended - 1) == (True, True)
    facts = LogFacts(public.world.log)
    below = [public.low] if left else [public.top, public.low]
    for key in below:
        status, clause = tell_status(facts, key, public.world.time)
        assert (status, clause.code) == ("dead", code)
    query = Query(topic="below", subject=public.top, at=ended)
    statuses = [one["status"] for one in answer_query(facts, query)["grants"]]
    assert statuses == (["alive", "dead"] if left else ["dead", "dead"])


@pytest.mark.parametrize("name", EXITS)
def test_the_answer_after_an_exit_is_proved_and_names_its_ground(public, name):
    end, left, code = EXITS[name]
    person = public.people[1 + left]
    before = prove(public.world, person, public.asset, "read", **FACTS)
    assert judged(before).status == "permitted"
    end(public)
    after = prove(public.world, person, public.asset, "read", **FACTS)
    report = judged(parse_check(json.loads(json.dumps(format_check(after)))))
    assert report.status in {"not covered", "prohibited"}
    is_own_exit = name.endswith(("leaves", "is suspended"))  # such a party may do nothing at all
    assert after.answer.clause.code == ("inactive" if is_own_exit else code)
    said = dict(report.shown)
    assert said["because"] == after.answer.clause.en
    assert said[f"because{ZH}"] == after.answer.clause.zh


def test_a_permission_proves_the_list_and_every_admission(public):
    bundle = prove(public.world, public.developer, public.asset, "read", **FACTS)
    shown = {each.subject for each in bundle.proofs.bundles}
    assert {ROOTS, public.operator.party, public.developer.party} <= shown
    states = format_check(bundle)["states"]
    for subject in (ROOTS, public.operator.party):
        short = format_check(bundle) | {"states": [s for s in states if s["subject"] != subject]}
        with pytest.raises(BundleError):
            judged(parse_check(json.loads(json.dumps(short))))


@pytest.mark.parametrize("role", [OPERATOR, DEVELOPER])
def test_being_admitted_anew_revives_nothing(public, role):
    person = public.operator if role == OPERATOR else public.developer
    admit(public.world, person, role, end=True)
    gap = public.world.time - 1000
    admit(public.world, person, role)
    left = (role == DEVELOPER, False)
    assert public.permits() == public.accepts() == left
    assert public.permits(gap) == left
    public.top, public.low = public.license()
    assert public.permits() == public.accepts() == (True, True)
    assert public.permits(gap) == left


def test_a_suspension_that_is_lifted_pauses_and_ends_nothing(public):
    suspend(public.world, public.operator)
    paused = public.world.time - 1000
    lift(public.world, public.operator)
    assert public.permits() == public.accepts() == (True, True)
    assert public.permits(paused) == (False, False)


def test_the_list_of_roots_says_who_is_one_at_each_instant(public):
    publish_roots(public.world)
    off = public.world.time - 1000
    publish_roots(public.world, public.root)
    assert public.permits() == public.accepts() == (True, True)
    assert public.permits(off) == (False, False)
    assert public.permits(off - 1) == (True, True)


def test_another_role_of_a_party_ends_nothing(public):
    admit(public.world, public.operator, DEVELOPER)
    admit(public.world, public.operator, DEVELOPER, end=True)
    assert public.permits() == public.accepts() == (True, True)


def test_no_delivery_goes_out_below_an_exit(public):
    world = public.world
    bodies = [
        (send_body(world, public.top), public.root),
        (send_body(world, public.low), public.operator),
    ]
    assert [public.takes("delivery.send", *each) for each in bodies] == [True, True]
    admit(world, public.developer, DEVELOPER, end=True)
    assert [public.takes("delivery.send", *each) for each in bodies] == [True, False]
    publish_roots(world)
    assert [public.takes("delivery.send", *each) for each in bodies] == [False, False]


def test_what_is_not_public_data_needs_nobody_admitted():
    world = World()
    ann, ben = world.enroll("ann"), world.enroll("ben")
    asset = registered(world, ann)
    issue(world, asset, ann, ben)
    assert ask(world, ben, asset, "read").verdict == "permitted"
    subjects = {each.subject for each in prove(world, ben, asset, "read").proofs.bundles}
    assert ROOTS not in subjects


def test_what_a_shortened_state_does_not_know_stays_unknown(public):
    """Closed roles and list entries are dropped after 64; then the dossier knows."""
    first = public.issued
    for _ in range(66):
        admit(public.world, public.operator, "valuer")
        admit(public.world, public.operator, "valuer", end=True)
    facts = LogFacts(public.world.log)
    taker = public.operator.party
    assert find_tier_break(facts, taker, 1, 99, first).code == "unknown_then"
    assert find_tier_break(facts, taker, 1, 99, public.world.time) is None
    assert public.ask(public.developer, first).clause.code == "unknown_then"
    for _ in range(66):
        publish_roots(public.world)
        publish_roots(public.world, public.root)
    facts = LogFacts(public.world.log)
    assert find_root_break(facts, public.root.party, first).code == "unknown_then"
    assert public.list_live(first) == {"status": "unknown", "authorisations": []}


def test_nobody_is_admitted_to_a_third_tier_or_without_being_enrolled(public):
    facts, time = LogFacts(public.world.log), public.world.time
    assert find_tier_break(facts, public.operator.party, 3, 0, time).code == "too_deep"
    assert find_tier_break(facts, "party/" + "a" * 26, 1, 0, time).code == "not_admitted"


# Handing on


def handed(public, person, action="grantUse", **facts):
    answer = ask(public.world, person, public.asset, action, **facts)
    return answer.verdict, answer.clause.code


def test_the_verdict_about_handing_on_is_the_rules(public):
    world, eve = public.world, public.world.enroll("eve")
    to_operator, to_developer, to_eve = (
        {"recipient": each.party} for each in (public.operator, public.developer, eve)
    )
    assert handed(public, public.root, **to_operator) == ("permitted", "own_right")
    assert handed(public, public.root, **to_developer) == ("not covered", "not_admitted")
    assert handed(public, public.root, **to_eve) == ("not covered", "not_admitted")
    assert handed(public, public.operator, **to_developer) == ("permitted", "permitted")
    assert handed(public, public.operator, **to_eve) == ("not covered", "not_admitted")
    assert issue_refused(world, public.asset, public.root, eve, public_use()) == "not_admitted"
    publish_roots(world)
    assert handed(public, public.root, **to_operator) == ("not covered", "not_authorised")
    assert handed(public, public.operator, **to_developer) == ("not covered", "not_authorised")


def test_to_whom_public_data_goes_on_has_to_be_stated(public):
    answer = ask(public.world, public.operator, public.asset, "grantUse")
    assert (answer.verdict, answer.unknown) == ("not covered", ("recipient",))
    assert answer.clause.code == UNKNOWN_RECIPIENT
    assert "developer" in answer.clause.en
    assert [link.kind for link in answer.chain] == ["right", "grant"]


def test_the_last_tier_hands_on_to_nobody(public):
    world, sides = public.world, (public.operator, public.developer)
    revoke(world, public.low, public.operator)
    further = onward(public_use(), onward(action="grantUse"), action="grantUse")
    top = issue(world, public.asset, public.root, public.operator, public_use(), further)
    low = issue(world, public.asset, *sides, public_use(), onward(action="grantUse"), parent=top)
    assert handed(public, public.developer, recipient=public.root.party) == (
        "not covered",
        "last_tier",
    )
    eve = world.enroll("eve")
    admit(world, eve, DEVELOPER)
    refused = issue_refused(world, public.asset, public.developer, eve, public_use(), parent=low)
    assert refused == "too_deep"


def test_the_same_is_permitted_of_other_data():
    world = World()
    ann, ben = world.enroll("ann"), world.enroll("ben")
    asset = registered(world, ann)
    assert ask(world, ann, asset, "grantUse", recipient=ben.party).verdict == "permitted"
    assert ask(world, ann, asset, "grantUse").verdict == "permitted"


# Any order of things


STEPS = st.tuples(
    st.sampled_from(["end", "admit", "suspend", "lift", "leave", "list", "unlist"]),
    st.sampled_from([1, 2]),
)


class Expected:
    """Who is admitted, in plain flags."""

    def __init__(self):
        self.is_listed = True
        self.broken, self.suspended, self.left = set(), set(), set()
        self.roles = {1: True, 2: True}

    def permits(self):
        top = self.is_listed and not {1} & (self.broken | self.suspended | self.left)
        return top, top and not {2} & (self.broken | self.suspended | self.left)


def take_step(public, expected, verb, who):
    """Do it if it is possible."""
    world, person, role = public.world, public.people[who], (OPERATOR, DEVELOPER)[who - 1]
    if verb in {"list", "unlist"}:
        expected.is_listed = verb == "list"
        publish_roots(world, *([public.root] if expected.is_listed else []))
    elif who in expected.left:
        return
    elif verb == "end" and expected.roles[who]:
        admit(world, person, role, end=True)
        expected.roles[who] = False
        expected.broken.add(who)
    elif verb == "admit" and not expected.roles[who]:
        admit(world, person, role)
        expected.roles[who] = True
    elif (verb == "suspend") != (who in expected.suspended) and verb in {"suspend", "lift"}:
        suspend(world, person, **({"lift": True} if verb == "lift" else {}))
        expected.suspended ^= {who}
    elif verb == "leave" and who not in expected.suspended:
        leave(public, person)
        expected.left.add(who)


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, max_size=8))
def test_after_any_exits_verdict_rule_and_list_agree_and_nothing_below_is_permitted(steps):
    public, expected, seen = Public(), Expected(), []
    for verb, who in steps:
        take_step(public, expected, verb, who)
        wanted = expected.permits()
        assert public.permits() == public.accepts() == wanted, (verb, who)
        live = {one["grant"] for one in public.list_live()["authorisations"]}
        assert (public.top in live, public.low in live) == wanted
        seen.append((public.world.time - 1000, wanted))
    for time, wanted in seen:
        assert public.permits(time) == wanted


def test_an_inquiry_without_the_scene_is_told_what_is_missing(public):
    asked = inquiry(public.world, public.developer, public.asset, "read", purpose="public-welfare")
    assert asked.facts == {"purpose": "public-welfare"}
    answer = ask(public.world, public.developer, public.asset, "read", purpose="public-welfare")
    assert (answer.verdict, answer.unknown) == ("not covered", ("muniment:scene",))
    assert "scene" in answer.clause.en
    assert "场景" in answer.clause.zh

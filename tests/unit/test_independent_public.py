"""Two judges of answers about public data, one written from the pages alone, say the same."""

import json

import pytest

from contracts.certificate import create_certificate
from contracts.check import format_check
from contracts.publicdata import ROOTS
from contracts.queries import Query, format_query
from contracts.verdict import Question
from ledger.core.policy import parse_policy
from node.verifier import verify_file
from tests.support.golden.scenario import policy_text
from tests.support.grants import (
    DEVELOPER,
    OPERATOR,
    admit,
    issue,
    lift,
    onward,
    prove,
    prove_answer,
    public_use,
    publish_roots,
    registered,
    suspend,
    until,
)
from tests.support.independent_answers import verify_check
from tests.support.independent_proofs import UnsupportedError
from tests.support.independent_queries import verify_certificate, verify_query
from tests.support.independent_signed import NotAuthenticError
from tests.support.world import World

POLICY = policy_text()


class Story:
    """Operators and developers come and go; `dates` are the instants after each change."""

    def __init__(self):
        self.world = world = World()
        names = ("root", "other", "operator", "developer", "rival")
        self.people = {name: world.enroll(name) for name in names}
        root, other, operator, developer, rival = self.people.values()
        self.dates = [0]
        self.asset = registered(world, root, other, **{"class": "public"})
        registered(world, root)
        self.then(publish_roots, root)
        self.then(admit, operator, OPERATOR)
        for each in (developer, rival):
            self.then(admit, each, DEVELOPER)
        end = until(world.time + 10**9)
        rules = [public_use(end), onward(public_use(end), action="grantUse")]
        self.top = issue(world, self.asset, root, operator, *rules)
        low = {"parent": self.top}
        self.low = issue(world, self.asset, operator, developer, public_use(end), **low)
        self.then(issue, self.asset, operator, rival, public_use(end), **low)
        self.then(suspend, rival)
        self.then(lift, rival)
        self.then(admit, developer, DEVELOPER, end=True)
        self.then(admit, developer, DEVELOPER)
        self.then(publish_roots, other)
        self.then(publish_roots, other, root)
        self.then(lambda world: world.do("party.exit", {}, rival))
        self.then(admit, operator, OPERATOR, end=True)
        self.dates += [world.time - 1000 + 2 * 10**9]

    def then(self, step, *args, **changes):
        step(self.world, *args, **changes)
        self.dates.append(self.world.time - 1000)


@pytest.fixture(scope="module")
def story():
    return Story()


def say(document, judge):
    """What both say; they have to agree, and to accept it."""
    data = json.dumps(document).encode()
    report = verify_file(data, parse_policy(POLICY.encode()), Question(None))
    said = {"subject": report.subject, "status": report.status}
    assert report.failure is None
    assert judge(data, POLICY.encode()) == said
    return said["status"]


def test_both_say_the_same_of_the_list_at_every_date(story):
    found = []
    for date in story.dates:
        query = Query(topic="authorisations", subject=ROOTS, at=date)
        document = format_query(prove_answer(story.world, query))
        say(document, verify_query)
        assert say(create_certificate(document), verify_certificate) == "answered"
        found.append(len(document["answer"]["authorisations"]))
    assert found == [0, 0, 0, 0, 0, 3, 2, 3, 2, 2, 0, 2, 1, 0, 0]


def test_both_say_the_same_where_no_list_was_published():
    world = World()
    query = Query(topic="authorisations", subject=ROOTS, at=world.time)
    assert say(format_query(prove_answer(world, query)), verify_query) == "absent"


def test_both_say_the_same_of_what_hangs_below_and_of_all_grants(story):
    codes = set()
    for date in story.dates:
        for topic, subject in (("below", story.top), ("grants", story.asset.asset)):
            query = Query(topic=topic, subject=subject, at=date)
            document = format_query(prove_answer(story.world, query))
            say(document, verify_query)
            say(create_certificate(document), verify_certificate)
            grants = document["answer"]["grants"]
            codes |= {one["because"]["code"] for one in grants if one["because"]}
    assert {"not_authorised", "not_admitted", "tier_suspended"} <= codes


def test_both_say_the_same_of_a_verdict_that_no_exit_permits(story):
    """What a live grant says of purposes the second judge does not cover, and accepts nothing."""
    said = set()
    for date in story.dates:
        bundle = prove(story.world, story.people["developer"], story.asset, "read", at=date)
        document = format_check(bundle)
        try:
            said.add((say(document, verify_check), bundle.answer.clause.code))
        except UnsupportedError:
            said.add(("not covered here", bundle.answer.clause.code))
    codes = {code for _, code in said}
    assert {"not_authorised", "not_admitted", "unknown_facts"} <= codes
    assert ("not covered here", "unknown_facts") in said
    assert ("not covered", "not_admitted") in said


@pytest.mark.parametrize("name", ["root", "other", "rival"])
def test_both_say_the_same_of_handing_on_by_a_right(story, name):
    codes = set()
    for date in story.dates[1:]:
        bundle = prove(story.world, story.people[name], story.asset, "grantUse", at=date)
        say(format_check(bundle), verify_check)
        codes.add(bundle.answer.clause.code)
    assert name == "rival" or {"not_authorised", "unknown_recipient"} <= codes


def test_neither_takes_a_list_with_a_row_left_out(story):
    query = Query(topic="authorisations", subject=ROOTS, at=story.dates[5])
    document = format_query(prove_answer(story.world, query))
    rows = document["answer"]["authorisations"]
    spoilt = document | {"answer": document["answer"] | {"authorisations": rows[1:]}}
    data = json.dumps(spoilt).encode()
    assert verify_file(data, parse_policy(POLICY.encode()), Question(None)).failure is not None
    with pytest.raises(NotAuthenticError):
        verify_query(data, POLICY.encode())

"""The list of live authorisations of public data: whole, as of a date, proved, and in words."""

import json
from itertools import pairwise

import pytest

from contracts.certificate import write_statement
from contracts.publicdata import ROOTS
from contracts.queries import Query, answer_query, format_query, judge_query, parse_query
from contracts.verdict import Question, Report
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_DOSSIER_BYTES
from ledger.errors import BundleError, MalformedError
from tests.support.disputes import beside
from tests.support.forgery import POLICY
from tests.support.grants import (
    DEVELOPER,
    OPERATOR,
    LogFacts,
    admit,
    issue,
    issue_refused,
    prove_answer,
    public_use,
    publish_roots,
    registered,
    suspend,
    until,
)
from tests.support.people import claim
from tests.support.public import Public
from tests.support.world import World

YEAR = 365 * 86_400_000


@pytest.fixture
def public():
    return Public()


def in_file(bundle):
    return json.loads(json.dumps(format_query(bundle)))


def judged_query(value):
    read = decode_bundle(json.dumps(value).encode(), max_bytes=MAX_DOSSIER_BYTES)
    report = Report()
    judge_query(parse_query(read), POLICY, Question(as_of=None, now=None), report)
    return report


def test_the_list_shows_each_live_chain_with_purpose_scene_and_dates():
    end = World().time + YEAR
    public = Public(term=[until(end)])
    rows = public.list_live()["authorisations"]
    names = ("asset", "root", "operator")
    sides = [public.asset.asset, public.root.party, public.operator.party]
    for row in rows:
        assert [row[name] for name in names] == sides
        assert (row["purposes"], row["scenes"]) == (["public-welfare"], ["bus-routes"])
        assert row["until"] == end
    assert [(row["grant"], row["parent"], row["developer"]) for row in rows] == [
        (public.top, None, None),
        (public.low, public.top, public.developer.party),
    ]
    first, second = (row["since"] for row in rows)
    assert first < second == public.issued


def test_the_list_is_as_of_a_date_and_leaves_out_what_is_not_public(public):
    issue(public.world, registered(public.world, public.root), public.root, public.operator)
    admit(public.world, public.developer, DEVELOPER, end=True)
    now = [row["grant"] for row in public.list_live()["authorisations"]]
    then = [row["grant"] for row in public.list_live(public.issued)["authorisations"]]
    before = [row["grant"] for row in public.list_live(public.issued - 1)["authorisations"]]
    assert (now, then, before) == ([public.top], [public.top, public.low], [public.top])


def test_a_right_that_was_transferred_stands_under_who_has_it(public):
    world, eve = public.world, public.world.enroll("eve")
    world.transfer(public.asset, (public.root, eve, "operate"))
    assert public.list_live()["authorisations"] == []
    publish_roots(world, eve)
    rows = public.list_live()["authorisations"]
    assert {row["root"] for row in rows} == {eve.party}
    assert len(rows) == 2


def test_two_roots_of_one_asset_show_each_grant_once():
    world = World()
    one, two, operator = (world.enroll(name) for name in ("one", "two", "operator"))
    asset = registered(world, one, two, **{"class": "public"})
    publish_roots(world, one, two)
    admit(world, operator, OPERATOR)
    keys = [issue(world, asset, root, operator, public_use()) for root in (one, two)]
    query = Query(topic="authorisations", subject=ROOTS, at=world.time)
    rows = answer_query(LogFacts(world.log), query)["authorisations"]
    assert [row["grant"] for row in rows] == keys
    assert [row["root"] for row in rows] == [one.party, two.party]


def test_a_root_whose_right_was_declared_and_confirmed_is_found():
    world = World()
    ann, root, operator = (world.enroll(name) for name in ("ann", "root", "operator"))
    asset = world.published(ann)
    declared = [claim(root, "operate")]
    public = world.classification(**{"class": "public"})
    world.record(asset, [claim(ann, "hold")], declared=declared, classification=public)
    publish_roots(world, root)
    admit(world, operator, OPERATOR)
    assert issue_refused(world, asset, root, operator, public_use()) == "no_operate_right"
    world.do("registration.confirm", beside(world, asset, rights=["operate"]), root)
    grant = issue(world, asset, root, operator, public_use())
    query = Query(topic="authorisations", subject=ROOTS, at=world.time)
    (row,) = answer_query(LogFacts(world.log), query)["authorisations"]
    assert (row["grant"], row["root"]) == (grant, root.party)


def test_without_a_list_there_is_nothing_to_show():
    world = World()
    query = Query(topic="authorisations", subject=ROOTS, at=world.time)
    answer = answer_query(LogFacts(world.log), query)
    assert answer == {"status": "absent", "authorisations": []}


def test_the_list_is_asked_of_the_list_of_roots_alone(public):
    facts = LogFacts(public.world.log)
    for subject in ("list/public-data:free-purposes", public.asset.asset):
        with pytest.raises(MalformedError):
            answer_query(facts, Query(topic="authorisations", subject=subject, at=0))


def test_the_list_is_proved_and_nothing_can_be_left_out_of_it(public):
    query = Query(topic="authorisations", subject=ROOTS, at=public.issued)
    value = in_file(prove_answer(public.world, query))
    report = judged_query(value)
    assert (report.status, report.is_authentic) == ("answered", True)
    said = [text for name, text in report.shown if name == "authorisation"]
    assert len(said) == 2
    assert all(public.operator.party in text for text in said)
    rows = value["answer"]["authorisations"]
    lies = [rows[:1], rows[1:], [], [rows[0] | {"until": 1}, rows[1]], rows[::-1]]
    for lie in lies:
        with pytest.raises(BundleError):
            judged_query(value | {"answer": value["answer"] | {"authorisations": lie}})


def test_the_certificate_says_each_authorisation_in_both_languages():
    public = Public(term=[until(World().time + YEAR)])
    query = Query(topic="authorisations", subject=ROOTS, at=public.issued)
    title, statement = write_statement(in_file(prove_answer(public.world, query)))
    assert title.en == "Query certificate"
    for said in (statement.en, statement.zh):
        rows = [text for text in said if public.operator.party in text]
        assert len(rows) == 2
        for text in rows:
            assert "public-welfare" in text
            assert "bus-routes" in text
        assert public.developer.party in rows[1]


def test_the_same_checkpoint_gives_the_same_list(public):
    lists = [public.list_live(public.issued) for _ in range(2)]
    suspend(public.world, public.operator)
    publish_roots(public.world)
    lists.append(public.list_live(public.issued))
    assert all(one == other for one, other in pairwise(lists))

"""Answers worked out from a store: what they rest on, what gets proved, and what is too much."""

import json

import pytest

from contracts.chain import Grant
from contracts.check import format_check
from contracts.identity import Party
from contracts.permission import Inquiry
from contracts.queries import Query, format_query
from contracts.title import Asset
from contracts.verdict import Question
from ledger.core.policy import Log, Policy
from ledger.errors import LimitError
from node import answers
from node.answers import StoredFacts, answer_only, check_act, prove_act, prove_query
from node.verifier import verify_file
from tests.cli.conftest import market as market
from tests.support.desk import FIRST, HOLDER, SECOND, THIRD, open_desk
from tests.support.grants import onward, permit

TOPICS = {"holders": "asset", "rights": "party", "grants": "asset", "below": "grant"}


@pytest.fixture
def desk(market, tmp_path):
    with open_desk(market, tmp_path / "home") as desk:
        yield desk


@pytest.fixture
def chained(desk):
    """Three hops: the grants of 乙公司, 丙公司 and 丁公司, the first two with onward rights."""
    further = onward(permit("use"), action="grantUse")
    first = desk.issue(
        HOLDER, FIRST, permit("use"), onward(permit("use"), further, action="grantUse")
    )
    second = desk.issue(FIRST, SECOND, permit("use"), further, parent=first)
    return first, second, desk.issue(SECOND, THIRD, parent=second)


def ask(desk, name, action="read", time=None):
    at = desk.now if time is None else time
    party = desk.parties[name]
    return Inquiry(party=party, asset=desk.asset, action=action, at=at, facts={})


def verify(desk, document):
    """What a verifier says of a file, with the log's key alone."""
    policy = Policy(logs=(Log(desk.registry.log_key),))
    report = verify_file(json.dumps(document).encode(), policy, Question(now=desk.now))
    assert report.failure is None, report.failure
    return report


def subjects(proofs):
    """What is proved: states, and whole histories."""
    return (
        {bundle.subject for bundle in proofs.states},
        {dossier.state.subject for dossier in proofs.dossiers},
    )


def subject_of(desk, topic):
    kinds = {"asset": desk.asset, "party": desk.parties[HOLDER], "grant": desk.market.grant}
    return kinds[TOPICS[topic]]


# facts


def test_facts_remember_what_they_were_asked_for_and_prove_just_that(desk):
    facts = StoredFacts(desk.registry.prover())
    assert facts.find(Asset, desk.asset).voucher == desk.market.number
    assert facts.find(Asset, desk.asset) is facts.find(Asset, desk.asset)
    assert facts.find(Grant, "grant/" + "a" * 26) is None
    assert facts.find(Party, desk.asset) is None, "of another type"
    assert len(facts.read_events(desk.parties[FIRST])) >= 2
    assert subjects(facts.prove()) == (
        {desk.asset, "grant/" + "a" * 26},
        {desk.parties[FIRST]},
    )


def test_what_has_a_whole_history_is_not_proved_twice(desk):
    facts = StoredFacts(desk.registry.prover())
    facts.find(Party, desk.parties[FIRST])
    facts.read_events(desk.parties[FIRST])
    assert subjects(facts.prove()) == (set(), {desk.parties[FIRST]})


def test_who_has_no_history_has_none(desk):
    facts = StoredFacts(desk.registry.prover())
    assert list(facts.read_events("party/" + "a" * 26)) == []
    assert subjects(facts.prove())[1] == {"party/" + "a" * 26}, "its absence is proved"


# checks of acts


def test_a_permission_rests_on_one_route_and_proves_no_more(desk, chained):
    desk.issue(HOLDER, THIRD)
    bundle = prove_act(desk.registry.prover(), ask(desk, SECOND))
    states, histories = subjects(bundle.proofs)
    assert bundle.answer.verdict == "permitted"
    assert states == {desk.asset, desk.parties[SECOND], *chained[:2]}
    assert histories == set()
    report = verify(desk, format_check(bundle))
    assert (report.status, report.is_in_force) == ("permitted", True)


def test_any_other_answer_rests_on_the_whole_history_of_the_party(desk, chained):
    bundle = prove_act(desk.registry.prover(), ask(desk, THIRD, "distribute"))
    states, histories = subjects(bundle.proofs)
    assert (bundle.answer.verdict, len(bundle.answer.chain)) == ("not covered", 4)
    assert histories == {desk.parties[THIRD]}
    lists = {f"list/{name}:all" for name in ("negative", "positive", "important-data")}
    assert states == {desk.asset, *chained, *lists}
    assert verify(desk, format_check(bundle)).status == "not covered"
    desk.revoke(SECOND, chained[2])
    bundle = prove_act(desk.registry.prover(), ask(desk, THIRD, "distribute"))
    assert bundle.answer.clause.code == "grant_revoked"
    assert verify(desk, format_check(bundle)).status == "not covered"


def test_the_answer_is_the_same_with_and_without_proofs(desk, chained):
    for name in (HOLDER, FIRST, SECOND, THIRD):
        for action in ("read", "distribute", "transfer"):
            inquiry = ask(desk, name, action)
            prover = desk.registry.prover()
            assert check_act(prover, inquiry) == prove_act(prover, inquiry).answer


def test_the_answer_is_as_of_the_checkpoint_of_the_prover(desk, chained):
    before = desk.registry.prover()
    desk.revoke(HOLDER, chained[0])
    inquiry = ask(desk, SECOND)
    assert check_act(before, inquiry).verdict == "permitted"
    assert check_act(desk.registry.prover(), inquiry).verdict == "not covered"


# queries


@pytest.mark.parametrize("topic", TOPICS)
def test_an_answer_with_all_its_proofs_verifies(desk, chained, topic):
    query = Query(topic=topic, subject=subject_of(desk, topic), at=desk.now)
    bundle = prove_query(desk.registry.prover(), query)
    assert bundle.answer == answer_only(desk.registry.prover(), query)
    assert verify(desk, format_query(bundle)).status == "answered"


@pytest.mark.parametrize("topic", TOPICS)
def test_that_there_is_no_such_subject_is_proved_too(desk, topic):
    query = Query(topic=topic, subject=f"{TOPICS[topic]}/{'a' * 26}", at=desk.now)
    bundle = prove_query(desk.registry.prover(), query)
    assert bundle.answer["status"] == "absent"
    assert verify(desk, format_query(bundle)).status == "absent"


def test_what_hangs_below_is_listed_level_by_level(desk, chained):
    query = Query(topic="below", subject=chained[0], at=desk.now)
    grants = answer_only(desk.registry.prover(), query)["grants"]
    assert [each["grant"] for each in grants] == list(chained)
    desk.revoke(FIRST, chained[1])
    query = Query(topic="below", subject=chained[0], at=desk.now)
    grants = answer_only(desk.registry.prover(), query)["grants"]
    assert [each["status"] for each in grants] == ["alive", "dead", "dead"]
    assert {each["because"]["subject"] for each in grants[1:]} == {chained[1]}


# too much for one file


def test_a_history_that_is_too_long_is_refused_before_it_is_proved(desk, chained, monkeypatch):
    query = Query(topic="grants", subject=desk.asset, at=desk.now)
    prover = desk.registry.prover()
    count = len(prover.read_events(desk.asset))
    monkeypatch.setattr(answers, "MAX_DOSSIER_EVENTS", count)
    prove_query(prover, query)
    monkeypatch.setattr(answers, "MAX_DOSSIER_EVENTS", count - 1)
    with pytest.raises(
        LimitError, match=f"history of {desk.asset}, {count} events, .*: ask without"
    ):
        prove_query(prover, query)
    assert len(answer_only(prover, query)["grants"]) == 4


def test_more_subjects_than_a_reader_takes_are_refused(desk, chained, monkeypatch):
    query = Query(topic="grants", subject=desk.asset, at=desk.now)
    prover = desk.registry.prover()
    count = len(prove_query(prover, query).proofs.bundles)
    assert count == 5
    monkeypatch.setattr(answers, "MAX_PROOFS", count)
    prove_query(prover, query)
    monkeypatch.setattr(answers, "MAX_PROOFS", count - 1)
    with pytest.raises(
        LimitError, match=rf"rests on {count} subjects, .* {count - 1}: ask without"
    ):
        prove_query(prover, query)


def test_a_permission_needs_no_history_however_long(desk, chained, monkeypatch):
    monkeypatch.setattr(answers, "MAX_DOSSIER_EVENTS", 1)
    assert prove_act(desk.registry.prover(), ask(desk, SECOND)).answer.verdict == "permitted"
    with pytest.raises(LimitError, match="ask without a proof"):
        prove_act(desk.registry.prover(), ask(desk, THIRD, "distribute"))

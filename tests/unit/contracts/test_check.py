"""Check bundles: a verdict with its proofs, worked out again by whoever trusts nobody."""

import pytest

from contracts.check import (
    DUTIES,
    STATED_FACTS,
    CheckBundle,
)
from contracts.permission import Inquiry, judge_act
from contracts.records import format_record, parse_record
from contracts.verdict import LATER_DATE, format_report
from ledger.errors import (
    QuorumError,
    VerificationError,
)
from node.answers import StoredFacts
from tests.support.checks import READ, Story, files, judged, judged_file
from tests.support.grants import (
    LogProver,
    inquiry,
    issue,
    onward,
    permit,
    prove,
)
from tests.support.people import Person


@pytest.fixture(scope="module")
def story():
    return Story()


@pytest.fixture(scope="module")
def bundles(story):
    return files(story)


# What verifies


def test_every_kind_of_verdict_verifies(bundles):
    found = {name: judged_file(value) for name, value in bundles.items()}
    assert {name: report.status for name, report in found.items()} == {
        "own right": "permitted",
        "chain": "permitted",
        "prohibited": "prohibited",
        "not covered": "not covered",
        "nothing": "not covered",
    }
    for report in found.values():
        assert (report.is_authentic, report.is_in_force) == (True, True)
        assert [check.name for check in report.checks] == ["proofs", "verdict"]


def test_a_prohibition_verifies_with_its_clause():
    story = Story()
    top = issue(story.world, story.other, story.ann, story.dan, permit("use"), onward())
    issue(story.world, story.other, story.dan, story.cy, parent=top)
    report = judged(prove(story.world, story.cy, story.other, "distribute"))
    assert report.status == "prohibited"
    assert dict(report.shown)["clause"] == f"{top} permission/1/nextPolicy"


def test_a_permission_needs_its_chain_alone(story):
    bundle = story.prove(story.cy, "read", purpose="research")
    assert bundle.proofs.dossiers == ()
    assert {state.subject for state in bundle.proofs.states} == {
        story.cy.party, story.asset.asset, story.top, story.below,
    }  # fmt: skip
    own = story.prove(story.ann, "read")
    assert {state.subject for state in own.proofs.states} == {story.ann.party, story.asset.asset}


def test_any_other_answer_has_the_whole_history_of_the_party(story):
    bundle = story.prove(story.ben, "derive")
    assert [dossier.state.subject for dossier in bundle.proofs.dossiers] == [story.ben.party]
    assert {state.subject for state in bundle.proofs.states} == {
        story.asset.asset, story.top, story.open, story.shut,
    }  # fmt: skip


def test_an_answer_about_the_past_is_proved_by_the_present(story):
    for at, verdict in ((story.early - 1, "permitted"), (story.early - 10**7, "not covered")):
        bundle = story.prove(story.ben, "read", at, purpose="research")
        assert bundle.answer.verdict == verdict
        assert judged(bundle).status == verdict


def test_who_never_enrolled_is_proved_absent(story):
    report = judged(story.prove(Person("ghost"), "read"))
    assert report.status == "not covered"
    assert dict(report.shown)["because"].endswith("it had no rights here")


def test_the_report_says_what_was_asked_and_found(story):
    bundle = story.prove(story.cy, "read", purpose="research")
    report = judged(bundle)
    assert (report.kind, report.subject) == ("check", story.asset.asset)
    shown = dict(report.shown)
    assert (shown["action"], shown["party"]) == ("read", story.cy.party)
    assert shown["verdict"] == "permitted"
    chain = [text for name, text in report.shown if name == "chain"]
    assert chain == [
        f"{story.ann.party} {story.asset.asset} operate",
        f"{story.ben.party} {story.top}",
        f"{story.cy.party} {story.below} permission/1",
    ]
    assert {DUTIES, STATED_FACTS} <= set(report.not_checked)
    assert format_report(report)["status"] == "permitted"
    plain = judged(story.prove(story.ann, "read"))
    assert not {DUTIES, STATED_FACTS, LATER_DATE} & set(plain.not_checked)


def test_a_date_behind_the_proofs_is_not_checked(story):
    assert (
        LATER_DATE in judged(story.prove(story.ann, "read", story.world.time + 10**6)).not_checked
    )


def test_an_old_bundle_speaks_for_its_own_time(story):
    assert judged(story.old).status == "permitted"
    with pytest.raises(QuorumError, match="old"):
        judged(story.old, now=story.world.time + 10**6, max_age_ms=1000)


@pytest.mark.parametrize(("name", "value"), [("kind", "voucher"), ("subject", "asset/x")])
def test_what_was_expected_is_held_against_it(bundles, name, value):
    with pytest.raises(VerificationError, match="this is"):
        judged_file(bundles["chain"], **{f"expect_{name}": value})
    judged_file(bundles["chain"], expect_kind="check")


def test_another_route_that_permits_is_as_good():
    """Two grants permit it: which of them is shown does not matter."""
    story = Story()
    world = story.world
    other = issue(world, story.asset, story.ann, story.cy, READ)
    asked = inquiry(world, story.cy, story.asset, "read", purpose="research")
    for key in (story.below, other):
        facts = StoredFacts(LogProver(world.log))
        shown = judge_act(facts, asked, [key])
        assert shown.chain[-1].subject == key
        assert judged(CheckBundle(asked, shown, facts.prove())).status == "permitted"


def test_a_limit_on_the_count_is_shown_with_what_is_used(story):
    report = judged(story.prove(story.ben, "distribute"))
    shown = dict(report.shown)
    assert report.status == "permitted"
    assert (shown["limit"], shown["used"], shown["remaining"]) == ("1", "1", "0")
    assert "limit" not in dict(judged(story.prove(story.ann, "read")).shown)


@pytest.mark.parametrize("long", [False, True])
def test_a_question_reaches_to_its_limits(story, long):
    asked = format_record(inquiry(story.world, story.ann, story.asset, "read"))
    fact, action = ("p" * 200, "a" * 64) if long else ("p", "a")
    limits = {"facts": {"purpose": fact}, "action": action, "at": 0}
    assert parse_record(Inquiry, asked | limits)

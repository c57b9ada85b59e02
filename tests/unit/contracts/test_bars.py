"""What stands above all routes where data is handed on; the verdict agrees with the rules."""

import json

import pytest

from contracts.check import format_check, judge_check, parse_check
from contracts.permission import judge_act
from contracts.verdict import Question, Report
from ledger.errors import BundleError
from tests.support.assessments import end_body, entry, file_important, filing_state, publish_list
from tests.support.forgery import POLICY
from tests.support.grants import (
    LogFacts,
    ask,
    inquiry,
    issue,
    onward,
    permit,
    prove,
    registered,
    send,
    send_refused,
)
from tests.support.people import MS_PER_DAY
from tests.support.transfers import JUDGMENT


@pytest.fixture
def world(solo):
    return solo


@pytest.fixture
def asset(world, people):
    return registered(world, people[0], level="important")


def verdict(answer):
    return (answer.verdict, answer.clause.code)


def says(world, *parts, **facts):
    return verdict(ask(world, *parts, **facts))


PERMITTED = ("permitted", "own_right")


# Filings


def test_important_data_is_handed_on_under_a_filing(world, people, asset):
    grant, to = issue(world, asset, *people[:2]), {"recipient": people[1].party}
    assert send_refused(world, grant, people[0]) == "important_filing"
    assert says(world, people[0], asset, "distribute", **to) == ("prohibited", "important_filing")
    key = file_important(world, asset, people[0])
    assert send(world, grant, people[0], filing=key)
    assert says(world, people[0], asset, "distribute", **to) == PERMITTED
    world.do("filing.end", end_body(asset, key), people[0])
    assert send_refused(world, grant, people[0], filing=key) == "important_filing"
    assert says(world, people[0], asset, "distribute", **to) == ("prohibited", "important_filing")


@pytest.mark.parametrize("action", ["use", "read", "grantUse", "transfer", "sell", "archive"])
def test_a_filing_is_for_handing_copies_on_alone(world, people, asset, action):
    assert says(world, people[0], asset, action) == PERMITTED


def test_a_filing_covers_whom_it_names(world, people, asset):
    assert says(world, people[0], asset, "distribute") == ("prohibited", "important_filing")
    file_important(world, asset, people[0], recipient=people[1].party)
    to = {"recipient": people[1].party}
    assert says(world, people[0], asset, "distribute", **to) == PERMITTED
    to = {"recipient": people[2].party}
    assert says(world, people[0], asset, "distribute", **to) == ("prohibited", "important_filing")
    answer = ask(world, people[0], asset, "distribute")
    assert verdict(answer) == ("not covered", "important_filing")
    assert answer.unknown == ("recipient",)
    file_important(world, asset, people[0])
    assert says(world, people[0], asset, "distribute") == PERMITTED


def test_a_filing_covers_from_when_it_was_written_until_its_end(world, people, asset):
    before = world.time
    key = file_important(world, asset, people[0])
    state = filing_state(world, key)
    start, end = state.status[0].start, state.until
    assert start == before
    world.time = end + MS_PER_DAY
    world.file(people[0])
    for at, expected in (
        (start - 1, "prohibited"),
        (start, "permitted"),
        (end - 1, "permitted"),
        (end, "prohibited"),
    ):
        assert ask(world, people[0], asset, "distribute", at).verdict == expected, at


def test_ending_a_filing_leaves_the_past_as_it_was(world, people, asset):
    start = world.time
    key = file_important(world, asset, people[0])
    world.time += MS_PER_DAY // 2
    ended = world.time
    world.do("filing.end", end_body(asset, key), people[0])
    assert ask(world, people[0], asset, "distribute", start).verdict == "permitted"
    assert ask(world, people[0], asset, "distribute", ended - 1).verdict == "permitted"
    assert ask(world, people[0], asset, "distribute", ended).verdict == "prohibited"


def test_filings_that_the_state_does_not_keep_are_not_guessed(world, people, asset):
    then = world.time
    for _ in range(70):
        key = file_important(world, asset, people[0])
        world.do("filing.end", end_body(asset, key), people[0])
    assert says(world, people[0], asset, "distribute", then) == ("not covered", "unknown_then")


# Openness


def test_copies_of_closed_data_go_to_right_holders_alone(world, people):
    closed = registered(world, *people[:2], openness="closed")
    to = {"recipient": people[1].party}
    assert says(world, people[0], closed, "distribute", **to) == PERMITTED
    to = {"recipient": people[2].party}
    assert says(world, people[0], closed, "distribute", **to) == ("prohibited", "closed")
    answer = ask(world, people[0], closed, "distribute")
    assert (verdict(answer), answer.unknown) == (("not covered", "closed"), ("recipient",))
    for action in ("grantUse", "use", "transfer"):
        assert says(world, people[0], closed, action) == PERMITTED


# Lists


@pytest.mark.parametrize("action", ["distribute", "grantUse"])
def test_what_the_negative_list_bars_is_not_handed_on(world, people, action):
    asset = registered(world, people[0])
    grant = issue(world, asset, *people[:2], permit("use"), onward(permit("use"), action=action))
    publish_list(world, "negative", entry(asset=asset.asset))
    for person in people[:2]:
        answer = ask(world, person, asset, action)
        assert verdict(answer) == ("prohibited", "negative_list")
        assert (answer.clause.subject, answer.clause.path) == ("list/negative:all", "content")
        assert "version 1, entry N-1" in answer.clause.en
        assert "第 1 版条目 N-1" in answer.clause.zh
    assert ask(world, people[1], asset, "use").verdict == "permitted"
    assert send_refused(world, grant, people[0]) == "negative_list"
    publish_list(world, "positive", entry("P-1", asset=asset.asset, industry="transport"))
    assert ask(world, people[1], asset, action).verdict == "permitted"


def test_what_the_negative_list_bars_is_transferred_by_a_judgment_alone(world, people):
    ann, ben, *_ = people
    goods = registered(world, ann)
    move = (ann, ben, "use")
    filed = world.published_transfer(goods, move)
    publish_list(world, "negative", entry(industry="transport"))
    assert world.file_transfer_refused(goods, move) == "negative_list"
    assert world.record_refused(filed) == "negative_list"
    for act in ("transfer", "sell", "give"):
        assert says(world, ann, goods, act) == ("prohibited", "negative_list")
    world.transfer(goods, move, ground=JUDGMENT)
    publish_list(world, "negative")
    assert says(world, ann, goods, "sell") == PERMITTED


def test_what_the_catalogue_lists_is_important(world, people):
    asset = registered(world, people[0])
    assert says(world, people[0], asset, "distribute") == PERMITTED
    publish_list(world, "important-data", entry(industry="transport"))
    assert says(world, people[0], asset, "distribute") == ("prohibited", "important_filing")
    file_important(world, asset, people[0])
    assert says(world, people[0], asset, "distribute") == PERMITTED


def changing_list(world, asset):
    """Instants around each version of the negative list, with what it said."""
    dates = [(world.time - 1, "permitted")]
    for entries, expected in (
        ([entry(asset=asset.asset)], "prohibited"),
        ([], "permitted"),
        ([entry(industry="transport")], "prohibited"),
    ):
        dates.append((world.time, expected))
        publish_list(world, "negative", *entries)
        world.time += 5000
        dates.append((world.time - 1, expected))
    world.file(world.operator)
    return dates


def test_lists_are_as_they_were_then(world, people):
    asset = registered(world, people[0])
    for at, expected in changing_list(world, asset):
        facts = LogFacts(world.log)
        asked = inquiry(world, people[0], asset, "distribute", at)
        assert judge_act(facts, asked, [], facts.read_events).verdict == expected, at


def test_an_older_version_is_not_guessed_from_the_newest_state(world, people):
    asset = registered(world, people[0])
    dates = changing_list(world, asset)
    newest = dates[-2][0]
    for at, expected in dates:
        asked = inquiry(world, people[0], asset, "distribute", at)
        answer = judge_act(LogFacts(world.log), asked, [])
        if at >= newest:
            assert answer.verdict == expected
        else:
            assert verdict(answer) == ("not covered", "unknown_then")
            assert answer.clause.subject == "list/negative:all"


# Proofs


def verified(world, value):
    report = Report()
    bundle = parse_check(json.loads(json.dumps(value)))
    judge_check(bundle, POLICY, Question(now=world.time), report)
    return report.status


def proved_keys(value):
    states = [one["subject"] for one in value["states"]]
    return {*states, *(one["state"]["subject"] for one in value["dossiers"])}


LISTED = {f"list/{name}:all" for name in ("negative", "positive", "important-data")}


def test_an_answer_about_handing_on_proves_the_lists(world, people):
    asset = registered(world, people[0])
    for at, expected in changing_list(world, asset):
        value = format_check(prove(world, people[0], asset, "distribute", at))
        assert verified(world, value) == expected
        assert proved_keys(value) >= LISTED
    value = format_check(prove(world, people[0], asset, "use"))
    assert not proved_keys(value) & LISTED


@pytest.mark.parametrize("left_out", sorted(LISTED))
def test_without_a_list_the_answer_is_not_believed(world, people, left_out):
    asset = registered(world, people[0])
    value = format_check(prove(world, people[0], asset, "distribute"))
    assert verified(world, value) == "permitted"
    value["states"] = [one for one in value["states"] if one["subject"] != left_out]
    with pytest.raises(BundleError, match=left_out):
        verified(world, value)


def test_the_verdict_rests_on_what_the_proofs_say(world, people, asset):
    honest = format_check(prove(world, people[0], asset, "distribute"))
    key = file_important(world, asset, people[0])
    covered = format_check(prove(world, people[0], asset, "distribute"))
    assert (verified(world, honest), verified(world, covered)) == ("prohibited", "permitted")
    world.do("filing.end", end_body(asset, key), people[0])
    later = format_check(prove(world, people[0], asset, "distribute"))
    with pytest.raises(BundleError):
        verified(world, later | {"answer": covered["answer"]})

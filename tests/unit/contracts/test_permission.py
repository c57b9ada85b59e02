"""The verdict about an act: who might do what, at each date, by which route, and why not."""

import pytest

from contracts.odrl import ACTIONS
from ledger.errors import RejectedError
from tests.support.grants import (
    RIGHTS,
    ask,
    issue,
    registered,
    suspend,
)
from tests.support.holds import freeze, pledge, release, unfreeze
from tests.support.people import Application, Person, claim

USES = {"use", "read", "aggregate", "modify", "derive", "extract", "anonymize", "archive", "index"}
DISPOSALS = {"transfer", "sell", "give", "muniment:encumber"}
REACHED = {
    "hold": {"archive", "index"} | DISPOSALS,
    "use": USES | DISPOSALS,
    "operate": {"distribute", "grantUse"} | DISPOSALS,
}


@pytest.fixture
def world(solo):
    return solo


def verdicts(world, person, asset, action, *times):
    return [ask(world, person, asset, action, time).verdict for time in times]


def codes(world, person, asset, action, *times):
    return [ask(world, person, asset, action, time).clause.code for time in times]


# Rights of one's own


@pytest.mark.parametrize("right", REACHED)
def test_each_right_reaches_its_acts_and_no_others(world, people, right):
    asset = registered(world, people[0], rights=[right])
    found = {action for action in ACTIONS if ask(world, people[0], asset, action).verdict != (
        "not covered"
    )}  # fmt: skip
    assert found == REACHED[right]
    for action in ACTIONS:
        answer = ask(world, people[0], asset, action)
        if action in found:
            assert (answer.verdict, answer.clause.code) == ("permitted", "own_right")
        else:
            assert answer.clause.code == "no_route"
        assert ask(world, people[1], asset, action).clause.code == "no_route"


def test_no_right_reaches_an_export(world, people, asset):
    assert ask(world, people[0], asset, "muniment:export").clause.code == "no_route"


def test_a_right_of_ones_own_is_the_whole_chain(world, people, asset):
    answer = ask(world, people[0], asset, "distribute")
    (link,) = answer.chain
    (held,) = [e for e in world.asset(asset).tuples if e.value["right"] == "operate"]
    assert (link.subject, link.kind, link.giver, link.taker) == (
        asset.asset, "right", None, people[0].party,
    )  # fmt: skip
    assert (link.index, link.clause) == (held.index, "operate")
    assert (answer.clause.subject, answer.clause.path) == (asset.asset, "tuples")
    assert (answer.duties, answer.unknown, answer.count) == ((), (), None)


def test_a_right_is_held_from_the_record_to_the_end_of_the_voucher(world, people, asset):
    first = world.asset(asset).vouchers[0].start
    end = world.voucher(world.asset(asset).voucher).valid_until
    dates = (first - 1, first, end - 1, end)
    assert verdicts(world, people[0], asset, "use", *dates) == [
        "not covered", "permitted", "permitted", "not covered",
    ]  # fmt: skip


def test_a_right_ends_with_its_revocation_and_stays_true_of_the_days_before(world, people, asset):
    moment = world.time
    world.revoke(asset, world.asset(asset).voucher)
    dates = (moment - 1, moment)
    assert verdicts(world, people[0], asset, "use", *dates) == ["permitted", "not covered"]


def test_a_right_that_moved_is_of_each_holder_in_his_time(world, people, asset):
    moment = world.time + 1000
    world.transfer(asset, (people[0], people[1], "use"))
    moved = world.asset(asset).tuples[-1]
    dates = (moment - 1000, moved.start - 1, moved.start)
    assert verdicts(world, people[0], asset, "read", *dates) == [
        "permitted", "permitted", "not covered",
    ]  # fmt: skip
    assert verdicts(world, people[1], asset, "read", *dates) == [
        "not covered", "not covered", "permitted",
    ]  # fmt: skip
    assert ask(world, people[1], asset, "read").chain[0].index == moved.index


def test_a_right_that_came_back_names_the_event_that_brought_it(world, people):
    asset = registered(world, people[0], rights=["hold"])
    for giver, taker in [(0, 1), (1, 0), (0, 1), (1, 0)]:
        world.transfer(asset, (people[giver], people[taker], "hold"))
    back = [e for e in world.asset(asset).tuples if e.value.get("from") == people[1].party]
    assert back[0].value == back[1].value
    assert ask(world, people[0], asset, "archive").chain[0].index == back[1].index
    assert ask(world, people[0], asset, "archive", back[0].start).chain[0].index == back[0].index


# Pledges, restrictions, freezes


@pytest.mark.parametrize("action", sorted(DISPOSALS))
def test_a_pledged_right_is_not_disposed_of_while_it_is_pledged(world, people, action):
    asset = registered(world, people[0], rights=["use"])
    start = world.time
    key = pledge(world, asset, people[0], people[1])
    during = world.time
    release(world, asset, key, people[1])
    dates = (start - 1, start, during - 1, during)
    assert codes(world, people[0], asset, action, *dates) == [
        "own_right", "pledged", "pledged", "own_right",
    ]  # fmt: skip
    assert verdicts(world, people[0], asset, action, start, during) == ["prohibited", "permitted"]
    answer = ask(world, people[0], asset, action, start)
    assert (answer.clause.path, answer.chain[0].clause) == ("pledges", "use")
    assert ask(world, people[0], asset, "read", start).verdict == "permitted"


def test_a_pledge_binds_its_own_right_of_its_own_holder_alone(world, people):
    asset = registered(world, *people[:2], rights=["use", "operate"])
    pledge(world, asset, people[0], people[2], rights=["use"])
    answer = ask(world, people[0], asset, "sell")
    assert (answer.verdict, answer.chain[0].clause) == ("permitted", "operate")
    pledge(world, asset, people[0], people[2], rights=["operate"])
    assert ask(world, people[0], asset, "sell").verdict == "prohibited"
    assert ask(world, people[1], asset, "sell").verdict == "permitted"


@pytest.mark.parametrize(
    ("restrictions", "acts"),
    [
        ({"resale": False}, {"distribute", "grantUse", "transfer", "sell", "give"}),
        ({"export": False}, {"muniment:export"}),
        ({"resale": True, "export": True}, set()),
        ("not abroad", set()),
    ],
)
def test_registered_restrictions_bind_whoever_acts(world, people, restrictions, acts):
    asset = registered(world, people[0], members={"restrictions": restrictions})
    for person in people[:2]:
        found = {
            action
            for action in ACTIONS
            if ask(world, person, asset, action).clause.code == "restricted"
        }
        assert found == acts
    for action in acts:
        answer = ask(world, people[0], asset, action)
        assert (answer.verdict, answer.chain) == ("prohibited", ())


def test_restrictions_that_were_not_opened_may_be_any(world, people):
    """The notice was withheld: what the data must not be used for is not known to anybody else."""
    asset = world.file(people[0])
    world.step(asset, "accept")
    world.step(asset, "withhold", reason="secret")
    world.record(asset, [claim(people[0], right) for right in RIGHTS])
    assert "restrictions" not in world.asset(asset).fields
    for action in ("distribute", "grantUse", "transfer", "muniment:export"):
        answer = ask(world, people[0], asset, action)
        assert (answer.verdict, answer.clause.code) == ("not covered", "unopened")
        assert answer.clause.path == "fields/restrictions"
    assert ask(world, people[0], asset, "read").verdict == "permitted"
    opened = registered(world, people[0])
    assert ask(world, people[0], opened, "distribute").verdict == "permitted"


def test_a_frozen_asset_is_prohibited_to_all_until_the_last_order_is_lifted(world, people, asset):
    issue(world, asset, *people[:2])
    start = world.time
    orders = [freeze(world, asset), freeze(world, asset)]
    unfreeze(world, asset, orders[0])
    one_left = world.time
    unfreeze(world, asset, orders[1])
    dates = (start - 1, start, one_left - 1, one_left)
    for person in people[:2]:
        assert verdicts(world, person, asset, "read", *dates) == [
            "permitted", "prohibited", "prohibited", "permitted",
        ]  # fmt: skip
    answer = ask(world, people[2], asset, "read", start)
    assert (answer.verdict, answer.clause.code, answer.clause.path) == (
        "prohibited", "frozen", "freezes",
    )  # fmt: skip


# The party


def test_before_it_enrolled_a_party_was_not_known(world, people, asset):
    late = world.enroll("late")
    moment = world.time - 1000
    key = issue(world, asset, people[0], late)
    assert codes(world, late, asset, "read", moment - 1, moment) == [
        "unknown_party", "grant_not_yet",
    ]  # fmt: skip
    assert ask(world, late, asset, "read").chain[-1].subject == key


def test_who_never_enrolled_and_what_was_never_filed_is_not_known(world, people, asset):
    ghost = Person("ghost")
    nowhere = Application([], "asset/" + "a" * 26, "registration/" + "a" * 26, {})
    assert ask(world, ghost, asset, "read").clause.code == "unknown_party"
    assert ask(world, ghost, nowhere, "read").clause.code == "unknown_party"
    answer = ask(world, people[0], nowhere, "read")
    assert (answer.verdict, answer.clause.code) == ("not covered", "unknown_asset")


def test_a_suspended_party_may_do_nothing_until_it_is_lifted(world, people, asset):
    issue(world, asset, *people[:2])
    start = world.time
    suspend(world, people[1])
    end = world.time
    suspend(world, people[1], lift=True)
    dates = (start - 1, start, end - 1, end)
    assert codes(world, people[1], asset, "read", *dates) == [
        "permitted", "inactive", "inactive", "permitted",
    ]  # fmt: skip
    answer = ask(world, people[1], asset, "read", start)
    assert (answer.verdict, answer.clause.path) == ("prohibited", "status")


def test_who_has_left_may_do_nothing_from_then_on(world, people, asset):
    issue(world, asset, *people[:2])
    moment = world.time
    world.do("party.exit", {}, people[1])
    assert verdicts(world, people[1], asset, "read", moment - 1, moment) == [
        "permitted", "prohibited",
    ]  # fmt: skip


def test_a_suspended_grantor_does_not_end_what_he_gave(world, people, asset):
    issue(world, asset, *people[:2])
    suspend(world, people[0])
    assert ask(world, people[1], asset, "read").verdict == "permitted"
    assert ask(world, people[0], asset, "read").verdict == "prohibited"


# What is asked


@pytest.mark.parametrize(
    ("action", "facts", "reason"),
    [
        ("play", {}, "unknown_term"),
        ("read", {"mood": "good"}, "unknown_term"),
        ("read", {"dateTime": "1"}, "unknown_term"),
        ("read", {"spatial": "Nanjing"}, "malformed_fact"),
        ("read", {"recipient": "ann"}, "malformed_fact"),
    ],
)
@pytest.mark.parametrize("who", ["owner", "stranger", "ghost"])
def test_an_act_that_the_profile_does_not_have_is_no_question(
    world, people, asset, who, action, facts, reason
):
    person = {"owner": people[0], "stranger": people[1], "ghost": Person("ghost")}[who]
    with pytest.raises(RejectedError) as caught:
        ask(world, person, asset, action, **facts)
    assert caught.value.reason == reason

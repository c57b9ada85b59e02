"""Verdicts through chains of grants: hop by hop up to a right, at each date, of any length."""

import pytest
from msgspec.structs import replace

from contracts.chain import MAX_GRANT_DEPTH, Grant
from contracts.permission import judge_act
from contracts.title import Asset
from ledger.core.subjects import derive_id
from tests.support.grants import (
    LogFacts,
    ask,
    chain_of,
    forbid,
    inquiry,
    issue,
    limit,
    onward,
    passing,
    permit,
    policy,
    registered,
    revoke,
)


@pytest.fixture
def world(solo):
    return solo


@pytest.fixture
def chain(world, people, asset):
    return chain_of(world, asset, *people)


# Hops


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_each_hop_is_shown_from_the_right_down(world, people, asset, chain, depth):
    answer = ask(world, people[depth], asset, "read")
    assert answer.verdict == "permitted"
    right, *hops = answer.chain
    assert (right.kind, right.taker, right.clause) == ("right", people[0].party, "operate")
    assert [hop.subject for hop in hops] == chain[:depth]
    assert [(hop.giver, hop.taker) for hop in hops] == [
        (people[n].party, people[n + 1].party) for n in range(depth)
    ]
    assert [hop.clause for hop in hops] == ["", *["permission/1"] * (depth - 1)]
    indexes = [link.index for link in answer.chain]
    assert indexes == sorted(indexes)
    assert indexes[-1] == world.log.places(chain[depth - 1])[0]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_was_revoked_in_the_middle_holds_before_and_ends_for_all_below(
    world, people, asset, chain, place
):
    moment = world.time
    revoke(world, chain[place], people[place])
    for depth in (1, 2, 3):
        before, after = (
            ask(world, people[depth], asset, "read", time) for time in (moment - 1, moment)
        )
        assert before.verdict == "permitted"
        if depth > place:
            assert (after.verdict, after.clause.code) == ("not covered", "grant_revoked")
            assert (after.clause.subject, after.chain) == (chain[place], ())
        else:
            assert after.verdict == "permitted"


def test_each_hop_begins_with_its_own_issue(world, people, asset, chain):
    starts = [world.state(Grant, key).status[0].start for key in chain]
    for depth, start in enumerate(starts, 1):
        found = [ask(world, people[depth], asset, "read", time) for time in (start - 1, start)]
        assert [answer.verdict for answer in found] == ["not covered", "permitted"]
        assert found[0].clause.code == "grant_not_yet"


def test_all_end_with_the_registration(world, people, asset, chain):
    moment = world.time
    world.revoke(asset, world.asset(asset).voucher)
    answers = [ask(world, people[3], asset, "read", time) for time in (moment - 1, moment)]
    assert [answer.verdict for answer in answers] == ["permitted", "not covered"]
    assert answers[1].clause.code == "no_operate_right"


def test_after_a_transfer_the_chain_begins_with_who_has_the_right(world, people, asset, chain):
    eve = world.enroll("eve")
    moment = world.time
    world.transfer(asset, (people[0], eve, "operate"))
    before, after = (
        ask(world, people[3], asset, "read", time).chain for time in (moment, world.time)
    )
    assert (before[0].taker, after[0].taker) == (people[0].party, eve.party)
    assert after[0].index == world.asset(asset).tuples[-1].index
    assert before[1:] == after[1:]
    assert ask(world, people[0], asset, "distribute").verdict == "not covered"


# What a hop may not hand on


def test_who_got_one_onward_copy_may_and_who_got_it_from_him_may_not(world, people, asset):
    """The story of the demo: ann licenses ben with one onward copy, ben cy, and cy nobody."""
    _, ben, cy, dan = people
    top = issue(world, asset, *people[:2], permit("use"), onward(count=1))
    issue(world, asset, ben, cy, parent=top)
    assert ask(world, ben, asset, "distribute").verdict == "permitted"
    answer = ask(world, cy, asset, "distribute")
    assert (answer.verdict, answer.clause.subject) == ("prohibited", top)
    assert answer.clause.path.startswith("permission/1/")
    assert [link.taker for link in answer.chain] == [p.party for p in people[:3]]
    assert ask(world, cy, asset, "read").verdict == "permitted"
    assert ask(world, dan, asset, "distribute").clause.code == "no_route"


@pytest.mark.parametrize("action", ["distribute", "grantUse", "transfer", "sell", "give"])
def test_by_default_nothing_is_handed_on(world, people, asset, action):
    top = issue(world, asset, *people[:2], permit("use"), onward())
    issue(world, asset, *people[1:3], parent=top)
    assert ask(world, people[2], asset, action).verdict == "prohibited"


def test_what_a_next_policy_leaves_out_is_not_covered_and_what_it_prohibits_is_prohibited(
    world, people, asset
):
    after = {"prohibition": [forbid("sell")]}
    top = issue(world, asset, *people[:2], permit("use"), onward(permit("read"), **after))
    below = issue(world, asset, *people[1:3], permit("read"), parent=top)
    answer = ask(world, people[2], asset, "distribute")
    assert (answer.verdict, answer.clause.code) == ("not covered", "no_permission")
    assert answer.clause.subject == below
    answer = ask(world, people[2], asset, "sell")
    assert (answer.verdict, answer.clause.subject) == ("prohibited", top)
    assert answer.clause.path == "permission/1/duty/0/target/prohibition/0"


def test_a_prohibition_at_the_top_binds_the_last_although_nobody_repeats_it(world, people, asset):
    rules = {"prohibition": [forbid("sell")]}
    top = issue(world, asset, *people[:2], *passing(2), **rules)
    middle = issue(world, asset, *people[1:3], *passing(1), parent=top)
    last = issue(world, asset, *people[2:4], parent=middle)
    answer = ask(world, people[3], asset, "sell")
    assert (answer.verdict, answer.clause.subject) == ("prohibited", top)
    assert answer.clause.path == "prohibition/0"
    assert ask(world, people[3], asset, "read").clause.subject == last


def test_ones_own_prohibition_is_named_before_one_above(world, people, asset):
    rules = {"prohibition": [forbid("sell")]}
    top = issue(world, asset, *people[:2], *passing(1), **rules)
    below = issue(world, asset, *people[1:3], parent=top, **rules)
    assert ask(world, people[2], asset, "sell").clause.subject == below


def test_a_prohibition_above_that_may_apply_leaves_the_answer_to_the_grant(world, people, asset):
    barred = forbid("sell", limit("industry", "eq", "war"))
    top = issue(world, asset, *people[:2], *passing(1), prohibition=[barred])
    below = issue(world, asset, *people[1:3], parent=top)
    answer = ask(world, people[2], asset, "sell")
    assert (answer.verdict, answer.clause.subject) == ("not covered", below)
    answer = ask(world, people[2], asset, "sell", industry="war")
    assert (answer.verdict, answer.clause.subject) == ("prohibited", top)


# Longer ones, as the states could hold them


class Long:
    """Facts with a chain of grants from the first party to the next, as long as may be."""

    def __init__(self, world, asset, people, length):
        self._facts = LogFacts(world.log)
        self._grants = {}
        parent, tuples = None, self._facts.find(Asset, asset.asset).tuples
        for place in range(length):
            giver, taker = people[place], people[place + 1]
            rules = passing(length - 1 - place)
            key = derive_id("grant", actor=giver.party, nonce=f"{place:022d}")
            start = replace(tuples[-1], value="live", index=tuples[-1].index + 1 + place)
            self._grants[key] = Grant(
                grantor=giver.party,
                grantee=taker.party,
                asset=asset.asset,
                parent=parent,
                via=None if parent is None else "permission/1",
                depth=place + 1,
                policy=policy(asset, giver, taker, *rules),
                status=(start,),
                meters={},
                periods={},
            )
            parent = key
        self.keys = list(self._grants)

    def find(self, cls, key):
        return self._grants[key] if key in self._grants else self._facts.find(cls, key)

    def revoke(self, place):
        grant = self._grants[self.keys[place]]
        ended = replace(grant.status[0], end=grant.status[0].start)
        revoked = replace(grant.status[0], value="revoked")
        self._grants[self.keys[place]] = replace(grant, status=(ended, revoked))


@pytest.mark.parametrize("length", range(1, MAX_GRANT_DEPTH + 1))
def test_a_chain_of_any_length_is_followed_to_its_right(world, length):
    people = [world.enroll(f"q{n}") for n in range(length + 1)]
    asset = registered(world, people[0])
    facts = Long(world, asset, people, length)
    last = inquiry(world, people[-1], asset, "read")
    answer = judge_act(facts, last, facts.keys[-1:])
    assert answer.verdict == "permitted"
    assert [link.subject for link in answer.chain] == [asset.asset, *facts.keys]
    onward_act = inquiry(world, people[-1], asset, "grantUse")
    assert judge_act(facts, onward_act, facts.keys[-1:]).verdict == "not covered"
    facts.revoke(0)
    answer = judge_act(facts, last, facts.keys[-1:])
    assert (answer.verdict, answer.clause.subject) == ("not covered", facts.keys[0])


def test_a_chain_that_is_longer_than_grants_may_be_deep_is_not_trusted(world):
    people = [world.enroll(f"q{n}") for n in range(MAX_GRANT_DEPTH + 2)]
    asset = registered(world, people[0])
    facts = Long(world, asset, people, MAX_GRANT_DEPTH + 1)
    asked = inquiry(world, people[-1], asset, "read")
    assert judge_act(facts, asked, facts.keys[-1:]).clause.code == "unknown_chain"

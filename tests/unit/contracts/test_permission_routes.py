"""Verdicts by the terms of grants, by several routes, and where the states do not reach."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from contracts.chain import Grant
from contracts.identity import Party
from contracts.intervals import Interval
from contracts.permission import judge_act
from contracts.title import Asset
from tests.support.grants import (
    LogFacts,
    accept,
    ask,
    forbid,
    inquiry,
    issue,
    limit,
    permit,
    purpose,
    registered,
    revoke,
    since,
    times,
    until,
    use,
)
from tests.support.people import MS_PER_DAY


@pytest.fixture
def world(solo):
    return solo


def codes(world, person, asset, action, *times):
    return [ask(world, person, asset, action, time).clause.code for time in times]


# Terms of a grant


END = 4_000_000_000_000
FINDINGS = {
    "permitted": ([permit("read")], {}, {}, "permitted", "permission/0"),
    "no_permission": ([permit("index")], {}, {}, "not covered", ""),
    "unknown_facts": ([permit("read", purpose("a"))], {}, {}, "not covered", "permission/0"),
    "outside_term": ([permit("index"), permit("read", since(END))], {}, {}, "not covered",
                     "permission/1"),
    "outside_constraint": ([permit("read", purpose("a"))], {}, {"purpose": "b"}, "not covered",
                           "permission/0"),
    "beyond_count": ([permit("read", limit("count", "lt", 0))], {}, {}, "not covered",
                     "permission/0"),
    "prohibited": ([permit("use")], {"prohibition": [forbid("read")]}, {}, "prohibited",
                   "prohibition/0"),
    "may_be_prohibited": ([permit("use")], {"prohibition": [forbid("read", purpose("a"))]}, {},
                          "not covered", "prohibition/0"),
}  # fmt: skip


@pytest.mark.parametrize("code", FINDINGS)
def test_the_clause_of_the_grant_that_decides_is_named(world, people, asset, code):
    permissions, rules, facts, verdict, path = FINDINGS[code]
    key = issue(world, asset, *people[:2], *permissions, **rules)
    answer = ask(world, people[1], asset, "read", **facts)
    assert (answer.verdict, answer.clause.code) == (verdict, code)
    assert (answer.clause.subject, answer.clause.path) == (key, path)
    assert [link.kind for link in answer.chain] == ["right", "grant"]
    assert answer.clause.en.isascii()
    assert not answer.clause.zh.isascii()


def test_duties_open_facts_and_counts_are_shown(world, people, asset):
    rule = permit("read", purpose("a"), limit("industry", "eq", "b"), times(5), duties=["inform"])
    key = issue(world, asset, *people[:2], rule)
    answer = ask(world, people[1], asset, "read")
    assert (answer.unknown, answer.duties) == (("industry", "purpose"), ())
    use_it = permit("read", purpose("a"), times(5), duties=["inform", "delete"])
    other = issue(world, asset, people[0], people[2], use_it)
    use(world, other, people[2], "read", 2, purpose="a")
    answer = ask(world, people[2], asset, "read", purpose="a")
    assert answer.duties == ({"action": "inform"}, {"action": "delete"})
    assert (answer.count.limit, answer.count.used, answer.count.remaining) == (5, 2, 3)
    assert key != other


def test_what_was_done_up_to_the_count_was_permitted(world, people, asset):
    key = issue(world, asset, *people[:2], permit("read", times(2)))
    use(world, key, people[1], "read", 2)
    answer = ask(world, people[1], asset, "read")
    assert (answer.verdict, answer.count.remaining) == ("permitted", 0)


# Several routes


def test_one_route_that_permits_is_enough(world, people, asset):
    issue(world, asset, *people[:2], permit("use"), prohibition=[forbid("read")])
    assert ask(world, people[1], asset, "read").verdict == "prohibited"
    good = issue(world, asset, *people[:2], permit("read"))
    answer = ask(world, people[1], asset, "read")
    assert (answer.verdict, answer.clause.subject) == ("permitted", good)
    revoke(world, good, people[0])
    assert ask(world, people[1], asset, "read").verdict == "prohibited"


def test_the_nearest_route_explains_what_is_not_covered(world, people, asset):
    offer = issue(world, asset, *people[:2], permit("read"), kind="Offer")
    assert ask(world, people[1], asset, "read").clause.code == "grant_offered"
    issue(world, asset, *people[:2], permit("index"))
    assert ask(world, people[1], asset, "read").clause.code == "no_permission"
    accept(world, offer, people[1])
    assert ask(world, people[1], asset, "read").verdict == "permitted"


def test_a_grant_of_somebody_else_or_of_something_else_is_no_route(world, people, asset):
    keys = [
        issue(world, asset, people[0], people[2]),
        issue(world, registered(world, people[0]), *people[:2]),
        "grant/" + "a" * 26,
    ]
    answer = judge_act(LogFacts(world.log), inquiry(world, people[1], asset, "read"), keys)
    assert (answer.verdict, answer.clause.code) == ("not covered", "no_route")


@pytest.mark.parametrize("make", [until, since])
def test_a_grant_permits_in_its_term(world, people, asset, make):
    turn = world.time + MS_PER_DAY
    issue(world, asset, *people[:2], permit("read", make(turn)))
    found = codes(world, people[1], asset, "read", turn - 1, turn)
    expected = ["permitted", "grant_expired"]
    assert found == (expected if make is until else ["grant_not_begun", "permitted"])


# What is not known


class Shortened:
    """Facts in which one subject's state has other lists."""

    def __init__(self, world, key, cls, **changes):
        self._facts, self._key = LogFacts(world.log), key
        self._state = replace(self._facts.find(cls, key), **changes)

    def find(self, cls, key):
        return self._state if key == self._key else self._facts.find(cls, key)

    def read_events(self, key):
        return self._facts.read_events(key)


@pytest.mark.parametrize("name", ["freezes", "pledges", "tuples", "vouchers"])
def test_before_a_shortened_list_nothing_is_said_of_anybody(world, people, asset, name):
    facts = Shortened(world, asset.asset, Asset, complete_from={name: world.time})
    for person in people[:2]:
        answer = judge_act(facts, inquiry(world, person, asset, "read", world.time - 1), [])
        assert (answer.verdict, answer.clause.code) == ("not covered", "unknown_then")
        assert (answer.clause.subject, answer.clause.path) == (asset.asset, name)
    assert judge_act(facts, inquiry(world, people[0], asset, "read"), []).verdict == "permitted"


@pytest.mark.parametrize("name", ["disputes", "notes"])
def test_lists_that_decide_nothing_may_be_shortened(world, people, asset, name):
    facts = Shortened(world, asset.asset, Asset, complete_from={name: world.time + 9})
    assert judge_act(facts, inquiry(world, people[0], asset, "read"), []).verdict == "permitted"


def test_before_a_shortened_status_a_party_is_unknown_and_not_unenrolled(world, people, asset):
    status = (Interval("active", world.time, None, 99),)
    marks = {"complete_from": {"status": world.time}}
    facts = Shortened(world, people[0].party, Party, status=status, **marks)
    answer = judge_act(facts, inquiry(world, people[0], asset, "read", world.time - 1), [])
    assert (answer.verdict, answer.clause.code) == ("not covered", "unknown_then")
    assert (answer.clause.subject, answer.clause.path) == (people[0].party, "status")
    assert judge_act(facts, inquiry(world, people[0], asset, "read"), []).verdict == "permitted"


def test_a_route_that_may_have_been_open_outweighs_one_that_is_shut(world, people, asset):
    shut = issue(world, asset, *people[:2], permit("use"), prohibition=[forbid("read")])
    dark = issue(world, asset, *people[:2], permit("read"))
    moment = world.time
    facts = Shortened(world, dark, Grant, complete_from={"status": moment})
    answer = judge_act(facts, inquiry(world, people[1], asset, "read", moment - 1), [shut, dark])
    assert (answer.verdict, answer.clause.code) == ("not covered", "unknown_then")
    answer = judge_act(facts, inquiry(world, people[1], asset, "read", moment), [shut, dark])
    assert answer.verdict == "permitted"


LEVELS = ["permitted", "unknown", "prohibited", "not covered", "dead"]


@pytest.mark.parametrize(("stronger", "weaker"), list(pairwise(LEVELS)))
def test_the_weight_of_a_route_does_not_hang_on_the_order_of_keys(
    world, people, asset, stronger, weaker
):
    """Whichever key comes first, the stronger answer is given."""
    make = {
        "permitted": lambda: issue(world, asset, *people[:2], permit("read")),
        "unknown": lambda: issue(world, asset, *people[:2], permit("read")),
        "prohibited": lambda: issue(
            world, asset, *people[:2], permit("use"), prohibition=[forbid("read")]
        ),
        "not covered": lambda: issue(world, asset, *people[:2], permit("index")),
        "dead": lambda: issue(world, asset, *people[:2], permit("read"), kind="Offer"),
    }
    first = make[stronger]()
    below, above = [], []
    while not below or not above:
        key = make[weaker]()
        (below if key < first else above).append(key)
    moment = world.time
    dark = {first} if stronger == "unknown" else {*below, *above} if weaker == "unknown" else set()

    class Dark(LogFacts):
        def find(self, cls, key):
            state = super().find(cls, key)
            return replace(state, complete_from={"status": moment}) if key in dark else state

    asked = inquiry(world, people[1], asset, "read", moment - 1)
    for others in (below, above):
        answer = judge_act(Dark(world.log), asked, [first, *others])
        if stronger == "unknown":
            assert answer.clause.code == "unknown_then"
        else:
            assert (answer.verdict, answer.clause.subject) == (stronger, first)

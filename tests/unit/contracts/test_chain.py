"""Chains of grants: from a grant up to the right, and what ends them."""

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from contracts.chain import (
    MAX_GRANT_DEPTH,
    UNKNOWN,
    Clause,
    Grant,
    Hop,
    find_break,
    find_chain,
    find_grantor,
    find_root,
    list_turns,
    need_live_chain,
    refuse_clause,
)
from contracts.force import as_object
from contracts.intervals import Interval
from contracts.odrl import parse_policy
from contracts.title import Asset
from ledger.core.rules import Listing
from ledger.errors import RejectedError
from tests.support.grants import (
    LogFacts,
    accept,
    chain_of,
    forbid,
    issue,
    limit,
    permit,
    policy,
    registered,
    revoke,
    since,
    until,
)
from tests.support.people import MS_PER_DAY, Application, Person, claim


@pytest.fixture
def world(solo):
    return solo


@pytest.fixture
def application(world, people):
    return registered(world, people[0])


@pytest.fixture
def chain(world, people, application):
    """Keys of three grants, each below the one before."""
    return chain_of(world, application, *people)


class Changed:
    """Facts with some states put in the place of others, or taken away."""

    def __init__(self, facts, **changes):
        self._facts, self._changes = facts, changes["states"]

    def find(self, cls, key):
        return self._changes[key] if key in self._changes else self._facts.find(cls, key)


def broken(world, key, time=None, **changes):
    facts = Changed(LogFacts(world.log), states=changes.get("states", {}))
    time = world.time if time is None else time
    return find_break(facts, find_chain(facts, key), time, is_offer=changes.get("is_offer", False))


def code(world, key, time=None, **changes):
    clause = broken(world, key, time, **changes)
    return None if clause is None else clause.code


# Finding it


def test_a_chain_goes_from_the_grant_up_to_the_one_under_the_right(world, chain):
    hops = find_chain(LogFacts(world.log), chain[-1])
    assert [hop.key for hop in hops] == chain[::-1]
    assert [hop.grant.depth for hop in hops] == [3, 2, 1]
    assert hops[-1].grant.parent is None


def test_an_unknown_grant_has_no_chain(world):
    assert find_chain(LogFacts(world.log), "grant/" + "a" * 26) == []


def test_a_chain_is_never_longer_than_grants_may_be_deep(world, chain):
    """A parent that leads in a circle would otherwise be followed for ever."""
    own = LogFacts(world.log).find(Grant, chain[0])
    facts = Changed(LogFacts(world.log), states={chain[0]: replace(own, parent=chain[0])})
    assert len(find_chain(facts, chain[0])) == MAX_GRANT_DEPTH
    assert find_break(facts, find_chain(facts, chain[0]), world.time).code == "unknown_chain"


# What ends it


def test_a_chain_is_alive_from_the_issue_on(world, chain):
    assert [code(world, key) for key in chain] == [None] * 3
    start = world.state(Grant, chain[1]).status[0].start
    assert code(world, chain[1], start) is None
    assert code(world, chain[1], start - 1) == "grant_not_yet"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_is_revoked_ends_itself_and_all_below_from_that_moment_on(world, people, chain, place):
    before = world.time - 1
    moment = world.time
    revoke(world, chain[place], people[place])
    for depth, key in enumerate(chain):
        clause = broken(world, key)
        assert (clause is None) == (depth < place)
        if clause is not None:
            assert (clause.code, clause.subject) == ("grant_revoked", chain[place])
        assert code(world, key, before) is None
        assert (code(world, key, moment) is None) == (depth < place)


def test_an_offer_is_not_alive_until_it_is_accepted(world, people, application):
    key = issue(world, application, *people[:2], kind="Offer")
    offered = world.time
    assert code(world, key) == "grant_offered"
    assert code(world, key, is_offer=True) is None
    world.time += 1000
    accept(world, key, people[1])
    assert code(world, key) is None
    assert code(world, key, offered) == "grant_offered"
    assert code(world, key, is_offer=True) == "grant_live"


@pytest.mark.parametrize(
    ("terms", "early", "late"),
    [
        ([until], None, "grant_expired"),
        ([since], "grant_not_begun", None),
        ([lambda at: {"or": [until(at - MS_PER_DAY), since(at)]}], "grant_not_begun", None),
    ],
)
def test_a_grant_is_alive_in_its_term(world, people, application, terms, early, late):
    turn = world.time + 10 * MS_PER_DAY
    rule = permit("use", *(make(turn) for make in terms))
    key = issue(world, application, *people[:2], rule)
    assert [code(world, key, time) for time in (turn - 1, turn)] == [early, late]


def test_an_offer_whose_term_is_to_come_may_be_accepted_and_one_that_is_over_not(
    world, people, application
):
    turn = world.time + 10 * MS_PER_DAY
    to_come, over = (
        issue(world, application, *people[:2], permit("use", make(turn)), kind="Offer")
        for make in (since, until)
    )
    assert code(world, to_come, is_offer=True) is None
    assert code(world, over, turn, is_offer=True) == "grant_expired"
    accept(world, to_come, people[1])
    assert code(world, to_come) == "grant_not_begun"
    assert code(world, to_come, turn) is None


def test_a_term_above_that_has_not_begun_keeps_an_offer_below_from_being_accepted(
    world, people, application
):
    turn = world.time + 10 * MS_PER_DAY
    top = issue(world, application, *people[:2], permit("use"), permit("grantUse"))
    key = issue(world, application, *people[1:3], parent=top, kind="Offer")
    facts = LogFacts(world.log)
    document = facts.find(Grant, top).policy | {"permission": [permit("use", since(turn))]}
    states = {top: replace(facts.find(Grant, top), policy=document)}
    assert code(world, key, is_offer=True) is None
    assert code(world, key, states=states, is_offer=True) == "grant_not_begun"


def test_everything_ends_with_the_voucher_and_with_its_years(world, people, application, chain):
    number = world.asset(application).voucher
    end = world.voucher(number).valid_until
    assert [code(world, chain[2], time) for time in (end - 1, end)] == [None, "no_operate_right"]
    moment = world.time
    world.revoke(application, number)
    assert [code(world, chain[2], time) for time in (moment - 1, moment)] == [
        None,
        "no_operate_right",
    ]


def test_grants_survive_a_transfer_of_the_right_behind_them(world, people, application, chain):
    eve = world.enroll("eve")
    before = world.time
    world.transfer(application, (people[0], eve, "operate"))
    assert [code(world, chain[2], time) for time in (before, world.time)] == [None, None]
    facts = LogFacts(world.log)
    asset, top = facts.find(Asset, application.asset), facts.find(Grant, chain[0])
    roots = [as_object(find_root(asset, top, time))["holder"] for time in (before, world.time)]
    assert roots == [people[0].party, eve.party]


def test_a_transfer_of_another_right_ends_nothing_and_leads_nowhere(
    world, people, application, chain
):
    eve = world.enroll("eve")
    world.transfer(application, (people[0], eve, "hold"))
    assert code(world, chain[2]) is None
    assert find_grantor(LogFacts(world.log), world.state(Grant, chain[0])) == people[0].party


def test_before_the_registration_there_was_no_right(world, application, chain):
    assert code(world, chain[0], world.asset(application).vouchers[0].start - 1) == (
        "no_operate_right"
    )


# Who stands behind it


def test_a_root_grant_is_of_whoever_has_the_right_now_and_any_other_of_its_grantor(
    world, people, application, chain
):
    def found():
        facts = LogFacts(world.log)
        return [find_grantor(facts, facts.find(Grant, key)) for key in chain]

    assert found() == [person.party for person in people[:3]]
    eve = world.enroll("eve")
    transfer = world.transfer(application, (people[0], eve, "operate"))
    assert found() == [eve.party, *(person.party for person in people[1:3])]
    world.revoke(*transfer)
    assert found()[0] == eve.party


def test_two_grants_of_one_party_from_two_rights_are_of_two_successors(world):
    """ann's right goes to cy, then ben's comes to ann, who licenses again."""
    ann, ben, cy, dan = (world.enroll(name) for name in ("ann", "ben", "cy", "dan"))
    application = registered(world, ann, ben, rights=["operate"])
    first = issue(world, application, ann, dan)
    world.transfer(application, (ann, cy, "operate"))
    world.transfer(application, (ben, ann, "operate"))
    second = issue(world, application, ann, dan)
    facts = LogFacts(world.log)
    found = [find_grantor(facts, facts.find(Grant, key)) for key in (first, second)]
    assert found == [cy.party, ann.party]
    assert [code(world, key) for key in (first, second)] == [None, None]


def test_of_an_unknown_asset_the_grantor_is_all_that_is_known(world, application, chain):
    facts = Changed(LogFacts(world.log), states={application.asset: None})
    grant = world.state(Grant, chain[0])
    assert find_grantor(facts, grant) == grant.grantor


# What is not known


@pytest.mark.parametrize("name", ["tuples", "vouchers"])
def test_before_a_shortened_list_of_the_asset_nothing_is_said(world, application, chain, name):
    asset = replace(world.asset(application), complete_from={name: world.time})
    states = {application.asset: asset}
    assert code(world, chain[2], world.time - 1, states=states) == "unknown_then"
    assert code(world, chain[2], world.time, states=states) is None


def test_a_right_whose_first_hand_was_dropped_is_unknown_and_not_gone(world, application, chain):
    """The list is complete now, but no longer says from whom the holder of today has the right."""
    asset = world.asset(application)
    others = tuple(each for each in asset.tuples if each.value["right"] != "operate")
    value = {"holder": "party/" + "b" * 26, "right": "operate", "basis": "self-generated"}
    taken = Interval(value | {"from": "party/" + "c" * 26}, world.time, None, 99)
    shortened = replace(asset, tuples=(*others, taken), complete_from={"tuples": world.time})
    clause = broken(world, chain[2], states={application.asset: shortened})
    assert (clause.code, clause.subject) == ("unknown_then", application.asset)


def test_before_a_shortened_status_nothing_is_said(world, chain):
    grant = replace(world.state(Grant, chain[1]), complete_from={"status": world.time})
    clause = broken(world, chain[2], world.time - 1, states={chain[1]: grant})
    assert (clause.code, clause.subject) == ("unknown_then", chain[1])


def test_what_rests_on_an_unknown_grant_or_asset_is_unknown(world, application, chain):
    clause = broken(world, chain[2], states={chain[1]: None})
    assert (clause.code, clause.subject) == ("unknown_chain", chain[2])
    assert code(world, chain[2], states={application.asset: None}) == "unknown_chain"
    assert {"unknown_chain", "unknown_then"} == UNKNOWN


# Refusing


def test_a_live_chain_is_given_and_a_dead_one_refused_with_its_place(world, people, chain):
    facts = LogFacts(world.log)
    assert [hop.key for hop in need_live_chain(facts, chain[1], world.time)] == chain[1::-1]
    revoke(world, chain[0], people[0])
    with pytest.raises(RejectedError) as caught:
        need_live_chain(LogFacts(world.log), chain[1], world.time)
    assert (caught.value.reason, caught.value.rule) == (
        "grant_revoked",
        f"{chain[0]} status; domain 5",
    )


def test_an_unknown_grant_is_refused(world):
    with pytest.raises(RejectedError) as caught:
        need_live_chain(LogFacts(world.log), "grant/" + "a" * 26, world.time)
    assert caught.value.reason == "unknown_subject"
    assert caught.value.en.isascii()
    assert not caught.value.zh.isascii()


def test_a_clause_without_a_path_names_its_subject_alone():
    clause = Clause(code="x", subject="asset/a", path="", en="no", zh="否")
    with pytest.raises(RejectedError) as caught:
        refuse_clause(clause)
    error = caught.value
    assert (error.reason, error.en, error.zh) == ("x", "no", "否")
    assert error.rule == "asset/a; domain 5"


def test_every_clause_names_its_subject_in_both_languages(world, people, application):
    """Each way in which a chain ends, as a person reads it."""
    turn = world.time + 10 * MS_PER_DAY
    key = issue(world, application, *people[:2], permit("use", until(turn)), kind="Offer")
    later = issue(world, application, *people[:2], permit("use", since(turn)))
    marked = replace(world.asset(application), complete_from={"tuples": world.time})
    clauses = [
        broken(world, key),
        broken(world, key, 0),
        broken(world, key, world.time - 10**9, states={application.asset: marked}),
        broken(world, key, turn, is_offer=True),
        broken(world, later),
        broken(world, later, states={application.asset: None}),
        broken(world, later, is_offer=True),
    ]
    revoke(world, key, people[0])
    clauses.append(broken(world, key))
    clauses.append(broken(world, later, world.asset(application).vouchers[0].start))
    codes = {clause.code for clause in clauses}
    assert len(codes) == len(clauses) == 9
    for clause in clauses:
        assert clause.subject in clause.en
        assert clause.subject in clause.zh
        assert clause.en.isascii()
        assert not clause.zh.isascii()


# Turns of a term


ANN, BEN = Person("ann"), Person("ben")


def turns(*permissions, **rules):
    target = Application([ANN], "asset/" + "a" * 26, "registration/" + "a" * 26, {})
    return list_turns(parse_policy(policy(target, ANN, BEN, *permissions, **rules)))


def test_a_policy_turns_at_every_date_that_it_names_and_just_behind():
    assert turns(permit("use")) == []
    assert turns(permit("use", until(70), limit("count", "lt", 5))) == [70, 71]
    nested = {"or": [until(70), {"and": [since(90), limit("spatial", "eq", "CN")]}]}
    assert turns(permit("use", nested), prohibition=[forbid("read", until(20))]) == [
        20, 21, 70, 71, 90, 91,
    ]  # fmt: skip


# The state


def test_people_find_a_grant_by_its_asset_its_parties_and_its_parent(world, people, chain):
    top, below = (world.state(Grant, key) for key in chain[:2])
    names = (top.asset, top.grantor, top.grantee)
    assert top.describe(chain[0]) == Listing("Agreement", "live", names)
    assert below.describe(chain[1]).terms == (
        below.asset, below.grantor, below.grantee, chain[0],
    )  # fmt: skip
    assert Hop(chain[0], top).grant.complete_from is UNSET


def test_a_chain_under_a_contract_right_lives_as_long_as_its_term(world, people):
    end = (world.time + 30 * MS_PER_DAY) // 1000 * 1000
    application = world.published(people[0])
    tuples = [claim(people[0], "operate", "contract", evidence="0f" * 32, until=end)]
    world.record(application, tuples, valid_until=end)
    key = issue(world, application, *people[:2], permit("use", until(end)))
    assert [code(world, key, time) for time in (end - 1, end)] == [None, "no_operate_right"]

"""Grants as a registry finds them, and chains of title drawn from its states and histories."""

import pytest

from contracts.chain import Grant
from contracts.encumbrance import Create, Release
from contracts.supervision import Freeze, Unfreeze
from ledger.errors import NotFoundError
from node.answers import StoredFacts
from node.chains import Tracer
from node.granted import (
    count_below,
    find_grants,
    find_received,
    grantor_now,
    name_of,
    tell_status,
)
from node.registry import open_registry
from tests.cli.conftest import market as market
from tests.cli.conftest import run_quietly
from tests.support.desk import FIRST, HOLDER, SECOND, THIRD, open_desk
from tests.support.grants import onward, permit, since, terms, until

NOBODY = "grant/" + "a" * 26


@pytest.fixture
def desk(market, tmp_path):
    with open_desk(market, tmp_path / "home") as desk:
        yield desk


def facts(desk):
    return StoredFacts(desk.registry.prover())


def told(desk, key, time=None):
    """How it stands with a grant, and the code of what ended it."""
    status, why = tell_status(facts(desk), key, desk.now if time is None else time)
    return status, why and why.code


def walk(step):
    yield step
    for child in step.children:
        yield from walk(child)


def trace(desk, time=None):
    return Tracer(desk.registry, desk.now if time is None else time).trace_asset(desk.asset)


def outline(step):
    """A chain as nested lists of kind and title."""
    return [f"{step.kind} {step.title}".strip(), *map(outline, step.children)]


# grants


def test_how_it_stands_with_a_grant_follows_its_life(desk):
    began = desk.now
    key = desk.issue(HOLDER, SECOND, kind="Offer")
    accepted = desk.now
    desk.accept(SECOND, key)
    ended = desk.now
    desk.revoke(HOLDER, key)
    assert told(desk, key, began - 1) == ("not-yet", "grant_not_yet")
    assert told(desk, key, began) == ("offered", "grant_offered")
    assert told(desk, key, accepted) == ("live", None)
    assert told(desk, key, ended) == ("revoked", "grant_revoked")


def test_a_term_that_is_over_differs_from_one_to_come(desk):
    short = desk.issue(HOLDER, SECOND, permit("use", until(desk.now + 5000)))
    late = desk.issue(HOLDER, SECOND, permit("use", since(desk.now + 90_000)))
    assert told(desk, short) == ("live", None)
    assert told(desk, late) == ("not-yet", "grant_not_begun")
    desk.clock.pass_time(100_000)
    assert told(desk, short) == ("expired", "grant_expired")
    assert told(desk, late) == ("live", None)


def test_what_hangs_below_dies_with_what_is_above(desk):
    above = desk.issue(HOLDER, FIRST, permit("use"), onward(permit("use"), action="grantUse"))
    below = desk.issue(FIRST, SECOND, parent=above)
    ended = desk.now
    desk.revoke(HOLDER, above)
    assert told(desk, below) == ("dead", "grant_revoked")
    assert told(desk, below, ended - 1) == ("live", None)
    assert told(desk, above) == ("revoked", "grant_revoked")
    desk.revoke(FIRST, below)
    assert told(desk, below) == ("revoked", "grant_revoked"), "by its own grantor as well"


def test_what_hangs_below_a_term_that_is_over_is_dead_and_not_expired_itself(desk):
    end = until(desk.now + 60_000)
    further = permit("grantUse", end, after=terms(permit("use", end)))
    above = desk.issue(HOLDER, FIRST, permit("use", end), further)
    below = desk.issue(FIRST, SECOND, permit("use", end), parent=above)
    desk.clock.pass_time(60_000)
    assert told(desk, above) == ("expired", "grant_expired")
    assert told(desk, below) == ("dead", "grant_expired")


def test_a_grant_that_is_not_there_is_not_found(desk):
    with pytest.raises(NotFoundError):
        told(desk, NOBODY)
    with pytest.raises(NotFoundError):
        Tracer(desk.registry, desk.now).trace_grant(NOBODY)
    with pytest.raises(NotFoundError):
        Tracer(desk.registry, desk.now).trace_asset("asset/" + "a" * 26)
    with pytest.raises(NotFoundError):
        Tracer(desk.registry, desk.now).trace_holder("party/" + "a" * 26)


def test_grants_are_found_by_party_and_asset_with_the_newest_first(desk):
    first, asset = desk.market.grant, desk.asset
    second = desk.issue(HOLDER, SECOND)
    third = desk.issue(HOLDER, FIRST, permit("use"), onward(permit("use")))
    fourth = desk.issue(FIRST, SECOND, parent=third)

    def found(*about):
        return [key for key, _ in find_grants(desk.registry, about)]

    assert found() == found(asset) == [fourth, third, second, first]
    assert found(desk.parties[SECOND]) == [fourth, second]
    assert found(desk.parties[FIRST], asset) == [fourth, third, first]
    assert found(desk.parties[FIRST], desk.parties[SECOND]) == [fourth]
    assert found(desk.parties[THIRD]) == []
    assert find_received(facts(desk), desk.parties[FIRST], asset) == [first, third]
    assert find_received(facts(desk), desk.parties[FIRST], "asset/" + "a" * 26) == []


def test_what_ends_with_a_grant_is_counted(desk):
    terms = onward(permit("use"), onward(permit("use"), action="grantUse"), action="grantUse")
    top = desk.issue(HOLDER, FIRST, permit("use"), terms)
    middle = desk.issue(
        FIRST, SECOND, permit("use"), onward(permit("use"), action="grantUse"), parent=top
    )
    bottom = desk.issue(SECOND, THIRD, parent=middle)
    desk.issue(FIRST, THIRD, parent=top)
    assert [count_below(desk.registry, key) for key in (top, middle, bottom)] == [3, 1, 0]
    desk.revoke(FIRST, middle)
    assert count_below(desk.registry, top) == 1
    desk.revoke(HOLDER, top)
    assert count_below(desk.registry, top) == 0


def test_who_has_no_public_name_is_called_by_its_key(desk):
    assert name_of(desk.registry, desk.parties[FIRST]) == FIRST
    assert name_of(desk.registry, "party/" + "a" * 26) == "party/" + "a" * 26


# chains


def test_a_tree_has_each_grant_under_what_it_rests_on(desk):
    first = desk.market.grant
    top = desk.issue(HOLDER, FIRST, permit("use"), onward(permit("use")))
    below = desk.issue(FIRST, SECOND, parent=top)
    desk.send(HOLDER, first, FIRST)
    desk.send(HOLDER, top, FIRST)
    desk.send(FIRST, below, SECOND)
    assert outline(trace(desk)) == [
        "asset 停车数据 2026",
        [f"voucher {desk.market.number}"],
        ["right hold"],
        ["right use"],
        [
            "right operate",
            ["grant Offer", ["delivery"]],
            ["grant Agreement", ["delivery"], ["grant Agreement", ["delivery"]]],
        ],
    ]
    subjects = [step.subject for step in walk(trace(desk)) if step.kind == "grant"]
    assert subjects == [first, top, below]


def test_the_index_and_time_of_a_step_are_those_of_the_event_that_made_it(desk):
    began = desk.now
    key = desk.issue(HOLDER, SECOND)
    step = next(step for step in walk(trace(desk)) if step.subject == key)
    entry = desk.registry.read_leaf(step.index)
    assert entry.signed.event.kind == "grant.issue"
    assert step.time == entry.time == began


def test_holds_come_and_go(desk):
    number = desk.market.number
    bank = desk.parties[THIRD]
    event = desk.act(
        HOLDER, Create(asset=desk.asset, voucher=number, pledgee=bank, rights=("use",)), THIRD
    )
    pledge = next(key for key in event.subjects if key.startswith("encumbrance/"))
    assert {step.subject: step.status for step in trace(desk).children}[pledge] == "in-force"
    began = desk.now - 1000
    desk.act(THIRD, Release(encumbrance=pledge, asset=desk.asset, voucher=number))

    def status(time):
        told = {step.subject: step.status for step in trace(desk, time).children}
        return told.get(pledge, "left out")

    assert [status(began - 1), status(began), status(desk.now)] == [
        "left out",
        "in-force",
        "released",
    ]


def test_what_was_recorded_is_shown_only_as_of_when_it_was(desk):
    parent = desk.issue(HOLDER, FIRST, permit("use"), onward(permit("use")))
    before = desk.now
    desk.issue(FIRST, SECOND, parent=parent)

    def details(time):
        return next(each.details for each in walk(trace(desk, time)) if each.subject == parent)

    assert details(desk.now) == (("distribute", "1"),)
    assert details(before - 1) == ()


def test_a_right_that_was_handed_on_twice_is_one_branch_with_its_grants(market, tmp_path):
    """Each grant under the hands that gave it."""
    home = ("--home", tmp_path / "home")
    with open_desk(market, tmp_path / "home"):
        pass
    move = ("--right", "operate", "--to")
    second = run_quietly(*home, "transfer", market.number, *move, SECOND)["voucher"]
    terms = ("--to", THIRD, "--template", "no-resale", "--agreement")
    later = run_quietly(*home, "grant", "issue", market.asset, *terms)["subject"]
    run_quietly(*home, "transfer", second, *move, HOLDER, "--from", SECOND)
    newest = run_quietly(*home, "grant", "issue", market.asset, *terms)["subject"]
    chain = run_quietly(*home, "trace", "asset", market.asset)
    (first,) = [step for step in chain["children"] if step["title"] == "operate"]
    assert [step["subject"] for step in first["children"]] == [market.grant, market.asset]
    middle = first["children"][1]
    assert [step["subject"] for step in middle["children"]] == [later, market.asset]
    last = middle["children"][1]
    assert [step["subject"] for step in last["children"]] == [newest]
    assert [step["status"] for step in (first, middle, last)] == ["ended", "ended", "in-force"]
    found = run_quietly(*home, "grant", "list")["items"]
    assert {item["status"] for item in found} == {"live"}, "all go on under the newest holder"
    traced = run_quietly(*home, "trace", "grant", market.grant)["children"][0]
    assert traced["children"][1]["children"][0]["parties"][1]["name"] == HOLDER


def test_who_took_a_right_over_stands_in_the_grantor_s_place(market, tmp_path):
    home = tmp_path / "home"
    with open_desk(market, home) as desk:
        grant = desk.registry.need_state(Grant, market.grant)
        assert grantor_now(desk.registry, grant) == market.parties[HOLDER]
    move = ("--right", "operate", "--to", THIRD)
    run_quietly("--home", home, "transfer", market.number, *move)
    with open_registry(home, None, is_writer=False) as registry:
        assert grantor_now(registry, grant) == market.parties[THIRD]


def test_a_freeze_is_lifted_and_a_pledge_released(desk):
    operator = desk.registry.ledger.operator
    desk.parties["operator"] = operator
    body = Freeze(asset=desk.asset, voucher=desk.market.number, ground="inquiry")
    event = desk.act("operator", body)
    order = next(key for key in event.subjects if key.startswith("order/"))
    assert trace(desk).status == "frozen"
    desk.act("operator", Unfreeze(order=order, asset=desk.asset, voucher=desk.market.number))
    chain = trace(desk)
    assert chain.status == "registered"
    assert next(step.status for step in walk(chain) if step.subject == order) == "lifted"

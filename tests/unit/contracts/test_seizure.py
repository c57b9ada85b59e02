"""What is seized or under control is not disposed of: the rules and the verdict agree."""

import pytest

from contracts.intervals import current
from tests.support.disputes import LIMITS, SEIZURE, note, unnote
from tests.support.grants import (
    accept_refused,
    ask,
    issue,
    issue_refused,
    registered,
    send,
    send_refused,
)
from tests.support.holds import pledge, pledge_body

CONTROL = {"kind": "temporary-control", "document": "5e" * 32}
DISPOSING = ("transfer", "sell", "give", "muniment:encumber", "distribute", "grantUse")


@pytest.fixture
def world(solo):
    return solo


def pledge_refused(world, asset, pledgor, pledgee):
    body = pledge_body(world, asset, pledgee, ("hold",))
    return world.refused("encumbrance.create", body, pledgor, pledgor.key, pledgee.key)


def transfer_refused(world, asset, ann, ben):
    body = world.transfer_body(asset, (ann, ben, "hold"))
    return world.refused("registration.file", body, ann, ann.key, ben.key)


@pytest.mark.parametrize("remark", [SEIZURE, CONTROL], ids=lambda one: one["kind"])
def test_nothing_is_disposed_of_until_the_note_ends(world, people, asset, remark):
    ann, ben, *_ = people
    grant, offer = issue(world, asset, ann, ben), issue(world, asset, ann, ben, kind="Offer")
    index = note(world, asset, remark)
    reasons = {
        transfer_refused(world, asset, ann, ben),
        pledge_refused(world, asset, ann, ben),
        world.file_later_refused(asset, "cancellation", ann),
        issue_refused(world, asset, ann, ben),
        accept_refused(world, offer, ben),
        send_refused(world, grant, ann),
    }
    assert reasons == {"seized"}
    unnote(world, asset, index)
    send(world, grant, ann)
    pledge(world, asset, ann, ben, ["hold"])


def test_what_was_filed_before_is_not_recorded(world, people, asset):
    ann, ben, *_ = people
    transfer = world.published_transfer(asset, (ann, ben, "hold"))
    cancellation = world.reviewed_later(asset, "cancellation", ann)
    index = note(world, asset)
    assert world.record_refused(transfer) == "seized"
    body = world.cancellation_body(cancellation)
    assert world.refused("registration.record", body, world.registrar) == "seized"
    unnote(world, asset, index)
    world.record(transfer)


def test_it_may_be_described_otherwise_and_other_notes_bar_nothing(world, people, asset):
    ann, ben, *_ = people
    note(world, asset)
    world.later(asset, "change", ann)
    other = registered(world, ann)
    note(world, other, LIMITS)
    world.transfer(other, (ann, ben, "hold"))
    held = [
        each["holder"] for each in current(world.asset(other).tuples) if each["right"] == "hold"
    ]
    assert ben.party in held


def test_the_verdict_says_so_while_it_lasts(world, people, asset):
    start = world.time
    index = note(world, asset)
    ended = world.time
    unnote(world, asset, index)
    for action in DISPOSING:
        verdicts = [ask(world, people[0], asset, action, at) for at in (start - 1, start, ended)]
        assert [each.verdict for each in verdicts] == ["permitted", "prohibited", "permitted"]
        clause = verdicts[1].clause
        assert (clause.code, clause.path) == ("seized", "notes")
    assert ask(world, people[0], asset, "read", start).verdict == "permitted"

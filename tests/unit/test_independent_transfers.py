"""Two verifiers about vouchers before and after a transfer, honest ones and lies."""

import json
from types import SimpleNamespace

import pytest

from tests.support.forger import Forger
from tests.support.golden.market import market
from tests.support.golden.scenario import policy_text
from tests.support.log_builder import LOG
from tests.support.people import MS_PER_DAY
from tests.support.voucher_flow import say
from tests.unit.test_independent_lies import BODY, LIES, SHOWN, STATE, edit, forged

OF_ANOTHER_LEDGER = {"a credential of another ledger", "another id shown"}
"""Lies that spell out the origin of the log that they are told about."""


@pytest.fixture(scope="module")
def sold():
    world = market()
    key = SimpleNamespace(sign=lambda message: LOG._secret.sign(message).signature)
    return SimpleNamespace(
        data=json.dumps(world.bundle(world.sale, world.third_number)).encode(),
        before=json.dumps(world.bundle(world.takeover, world.second_number)).encode(),
        first=json.dumps(world.bundle(world.goods, world.first_number)).encode(),
        policy=policy_text().encode(),
        forger=Forger(key, (LOG.key.name, LOG.key.key_id), world.registrar.key),
        now=world.time,
        recorded=world.voucher(world.third_number).valid_from,
    )


def test_both_accept_the_new_voucher_and_say_what_became_of_the_old_one(sold):
    assert say(sold.data, sold.policy, sold.now)["status"] == "valid"
    for data in (sold.first, sold.before):
        assert say(data, sold.policy, sold.now)["status"] == "superseded"


@pytest.mark.parametrize(
    ("after_ms", "new", "old"), [(-1, "not-yet", "valid"), (0, "valid", "superseded")]
)
def test_both_say_from_when_on_the_new_one_is_in_force(sold, after_ms, new, old):
    date = sold.recorded + after_ms
    assert say(sold.data, sold.policy, sold.now, date)["status"] == new
    assert say(sold.before, sold.policy, sold.now, date)["status"] == old


def test_both_say_that_it_was_pledged_and_frozen_and_for_how_long(sold):
    world = market()
    pledged = say(sold.first, sold.policy, sold.now, world.pledged_at)
    frozen = say(sold.first, sold.policy, sold.now, world.frozen_at)
    assert (pledged["status"], pledged["marks"]) == ("valid", ["pledged"])
    assert (frozen["status"], frozen["marks"]) == ("frozen", [])
    assert say(sold.before, sold.policy, sold.now, sold.recorded - 1)["marks"] == []


def test_neither_of_the_two_is_longer_in_force_than_the_other(sold):
    ends = {say(data, sold.policy, sold.now)["valid_until"] for data in (sold.data, sold.before)}
    assert len(ends) == 1
    (end,) = ends
    assert say(sold.data, sold.policy, end - 1)["status"] == "valid"
    assert say(sold.data, sold.policy, end)["status"] == "expired"


@pytest.mark.parametrize("name", sorted(set(LIES) - OF_ANOTHER_LEDGER))
def test_both_refuse_every_lie_about_a_transferred_right(sold, name):
    assert say(forged(sold, LIES[name]), sold.policy, sold.now) is None


def without_from(rights):
    return [{n: one for n, one in right.items() if n != "from"} for right in rights]


TOLD = {
    "a right shown as if it came from nobody": edit(
        *SHOWN, "rights", value=without_from, issue=True
    ),
    "a record that names nobody it came from": edit(*BODY, "rights", value=without_from),
    "a state of the voucher before it": edit("subjects", "state", value="voucher/TEST2026110002"),
    "a record of the number before it": edit(*BODY, "number", value="TEST2026110002"),
    "another member in place of supersedes": edit(*BODY, "superseded", value="TEST2026110002"),
    "a longer validity than the one before it": edit(
        *STATE, "state", "valid_until", value=lambda end: end + MS_PER_DAY
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_both_refuse_what_is_told_of_a_transfer(sold, name):
    assert say(forged(sold, TOLD[name]), sold.policy, sold.now) is None


def close_moved(parts, forger):
    parts["values"]["asset"]["state"]["tuples"][-1]["to"] = parts["time"] + MS_PER_DAY
    parts["seal"]["time"] += 100 * MS_PER_DAY


def test_both_say_superseded_once_the_right_has_moved_on(sold):
    bundle = forged(sold, close_moved)
    assert say(bundle, sold.policy, sold.now, sold.recorded + MS_PER_DAY - 1)["status"] == "valid"
    assert say(bundle, sold.policy, sold.now, sold.recorded + MS_PER_DAY)["status"] == "superseded"

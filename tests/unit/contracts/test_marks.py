"""Freezes and pledges as a voucher's verifier sees them: real events, real bundles, any date."""

import json

import pytest

from contracts.verdict import Question, Report
from contracts.voucher import judge_voucher, parse_voucher
from ledger.core.policy import Log, Policy
from tests.support.holds import freeze, held_by, pledge, release, unfreeze
from tests.support.log_builder import LOG
from tests.support.people import MS_PER_DAY
from tests.support.world import World

POLICY = Policy((Log(LOG.key),))


class Story:
    """One asset with a voucher; `at` remembers the instants of what happened."""

    def __init__(self):
        self.world = World("national-2026")
        self.ann, self.bank = self.world.enroll("ann"), self.world.enroll("bank")
        self.asset = held_by(self.world, self.ann)
        self.number = self.world.asset(self.asset).voucher

    def wait(self):
        """A day passes; gives the instant at which the next event is written."""
        self.world.time += MS_PER_DAY
        return self.world.time

    def verdict(self, as_of=None, bundle=None):
        """What a verifier says; by default of the newest bundle, for now."""
        bundle = bundle or self.bundle()
        report = Report()
        question = Question(now=self.world.time, as_of=as_of)
        judge_voucher(parse_voucher(bundle), POLICY, question, report)
        assert report.is_authentic
        assert report.is_in_force == (report.status == "valid")
        return report.status, report.marks

    def bundle(self):
        return json.loads(json.dumps(self.world.bundle(self.asset, self.number)))


@pytest.fixture
def story():
    return Story()


def test_a_freeze_takes_a_voucher_out_of_force_from_its_instant_to_its_end(story):
    frozen_at = story.wait()
    order = freeze(story.world, story.asset)
    assert story.verdict() == ("frozen", [])
    lifted_at = story.wait()
    unfreeze(story.world, story.asset, order)
    assert story.verdict() == ("valid", [])
    for date, status in (
        (frozen_at - 1, "valid"),
        (frozen_at, "frozen"),
        (lifted_at - 1, "frozen"),
        (lifted_at, "valid"),
    ):
        assert story.verdict(date) == (status, [])


def test_it_stays_frozen_until_the_last_of_several_orders_is_lifted(story):
    orders = [freeze(story.world, story.asset) for _ in range(3)]
    for order in orders:
        assert story.verdict() == ("frozen", [])
        story.wait()
        unfreeze(story.world, story.asset, order)
    assert story.verdict() == ("valid", [])


def test_a_pledge_marks_a_voucher_and_leaves_it_in_force(story):
    pledged_at = story.wait()
    key = pledge(story.world, story.asset, story.ann, story.bank)
    assert story.verdict() == ("valid", ["pledged"])
    released_at = story.wait()
    release(story.world, story.asset, key, story.bank)
    assert story.verdict() == ("valid", [])
    for date, marks in (
        (pledged_at - 1, []),
        (pledged_at, ["pledged"]),
        (released_at - 1, ["pledged"]),
        (released_at, []),
    ):
        assert story.verdict(date) == ("valid", marks)


def test_the_mark_stays_while_one_of_several_pledges_does(story):
    world, asset = story.world, story.asset
    first = pledge(world, asset, story.ann, story.bank, ["use"])
    second = pledge(world, asset, story.ann, story.bank, ["hold"])
    release(world, asset, first, story.bank)
    assert story.verdict() == ("valid", ["pledged"])
    release(world, asset, second, story.bank)
    assert story.verdict() == ("valid", [])


def test_a_pledged_asset_can_be_frozen_and_shows_both(story):
    pledge(story.world, story.asset, story.ann, story.bank)
    story.wait()
    freeze(story.world, story.asset)
    assert story.verdict() == ("frozen", ["pledged"])


def test_an_older_bundle_knows_of_nothing_that_came_later(story):
    before = story.bundle()
    story.wait()
    pledge(story.world, story.asset, story.ann, story.bank)
    freeze(story.world, story.asset)
    assert story.verdict(bundle=before) == ("valid", [])
    assert story.verdict() == ("frozen", ["pledged"])


def test_after_a_revocation_that_is_what_counts_and_the_mark_stays(story):
    pledge(story.world, story.asset, story.ann, story.bank)
    freeze(story.world, story.asset)
    story.wait()
    story.world.revoke(story.asset, story.number)
    assert story.verdict() == ("revoked", ["pledged"])


def test_a_voucher_that_was_superseded_stays_so_and_the_new_one_shows_the_hold(story):
    world = story.world
    pledge(world, story.asset, story.ann, story.bank, ["use"])
    story.wait()
    later, number = world.transfer(story.asset, (story.ann, story.bank, "hold"))
    story.wait()
    freeze(world, later)
    assert story.verdict() == ("superseded", ["pledged"])
    newer = json.loads(json.dumps(world.bundle(later, number)))
    assert story.verdict(bundle=newer) == ("frozen", ["pledged"])


def test_once_expired_a_frozen_voucher_is_expired(story):
    freeze(story.world, story.asset)
    until = story.world.voucher(story.number).valid_until
    story.world.time = until
    assert story.verdict() == ("expired", [])
    assert story.verdict(until - 1) == ("frozen", [])


def test_the_voucher_s_own_history_shows_each_of_them(story):
    """Who watches the voucher alone does not miss what happens to its asset."""
    world, key = story.world, f"voucher/{story.number}"
    before = world.log.builder().read(key)
    counts = [length(world, key)]
    order = freeze(world, story.asset)
    counts.append(length(world, key))
    unfreeze(world, story.asset, order)
    counts.append(length(world, key))
    encumbrance = pledge(world, story.asset, story.ann, story.bank)
    counts.append(length(world, key))
    release(world, story.asset, encumbrance, story.bank)
    counts.append(length(world, key))
    assert counts == list(range(counts[0], counts[0] + 5))
    assert world.log.builder().read(key) == before


def length(world, key):
    return world.log.state(key).value.n

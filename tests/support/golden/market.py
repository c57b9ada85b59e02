"""A third small ledger with fixed keys and times: transfers, licences, pledges, orders, usage."""

from functools import cache

from tests.support import grants, holds, reference
from tests.support.golden.scenario import MINUTE_S
from tests.support.grants import forbid, limit, onward, permit, purpose, times, until
from tests.support.people import MS_PER_DAY, claim
from tests.support.reference_json import write
from tests.support.transfers import JUDGMENT
from tests.support.world import World

NAMES = ("north", "south", "west", "east", "bank", "desk", "guest")
CONTRACT, DOCUMENT = "3c" * 32, "4d" * 32
RIGHTS = ("hold", "use", "operate")
SALT = bytes(range(32))
"""Of the delivered copy."""
CONTENT = bytes(n % 251 for n in range(65_536 + 1000))
"""Two blocks of it."""


@cache
def market():
    """The ledger at its end; its attributes say what happened when."""
    world = World("solo")
    world.people = {name: world.enroll(name) for name in NAMES}
    north, east = world.people["north"], world.people["east"]
    tuples = [claim(north, right) for right in RIGHTS]
    tuples += [claim(east, "use", "contract", evidence=CONTRACT, limits="not abroad")]
    world.goods = world.published(north, east)
    world.first_number = world.record(world.goods, tuples)
    _license(world, **world.people)
    _deliver(world, **world.people)
    world.licensed_at = world.time - 1
    _pledge(world, **world.people)
    _freeze(world, **world.people)
    _transfer(world, **world.people)
    _withhold(world, **world.people)
    world.do("party.exit", {}, world.people["guest"])
    world.cosigned_at = world.time // 1000 + MINUTE_S
    return world


def _license(world, north, south, west, east, bank, desk, guest):
    """Offers, an agreement, a one-sided licence, and two below the first."""
    goods, end = world.goods, world.time + 300 * MS_PER_DAY
    further = (permit("read"), onward(permit("read"), action="grantUse", count=2))
    terms = (permit("use"), onward(*further, action="grantUse", count=3), onward())
    rules = {
        "prohibition": [forbid(["sell", "give"])],
        "obligation": [{"action": "acceptTracking"}],
    }
    world.offer = grants.issue(world, goods, north, south, *terms, kind="Offer", **rules)
    grants.accept(world, world.offer, south)
    limits = (purpose("research", "public-welfare"), limit("spatial", "isPartOf", "CN-32"))
    counted = permit("read", *limits, until(end), times(10), duties=["inform"])
    world.agreement = grants.issue(world, goods, north, east, counted)
    world.one_sided = grants.issue(world, goods, north, bank, permit("index"), kind="Set")
    below = {"obligation": rules["obligation"], "parent": world.offer}
    world.below = grants.issue(world, goods, south, west, *further, **below)
    world.shared = grants.issue(world, goods, south, desk, permit("read"), **below)
    world.ended = grants.issue(world, goods, north, guest)
    grants.revoke(world, world.ended, north, ground="breach", document=DOCUMENT)
    world.declined = grants.issue(world, goods, north, guest, kind="Offer")
    grants.revoke(world, world.declined, north)


def _deliver(world, north, south, east, **_):
    blocks = [CONTENT[at : at + 65_536] for at in range(0, len(CONTENT), 65_536)]
    root = reference.mth([SALT + block for block in blocks]).hex()
    sent = {"form": "salted-blocks/1", "root": root, "count": len(blocks)}
    world.delivery = grants.send(world, world.offer, north, copy=sent)
    world.sent_at = len(world.log.leaves) - 2
    grants.receive(world, world.delivery, south)
    grants.use(world, world.offer, south, "derive")
    stated = {"purpose": "research", "spatial": "CN-32-01"}
    grants.use(world, world.agreement, east, count=2, **stated)
    start = max(grants.grant_state(world, world.offer).periods.values())
    world.time += 60_000
    world.lines = make_lines(start)
    lines = reference.mth([write(line) for line in world.lines]).hex()
    count = sum(line.get("count", 1) for line in world.lines)
    batch = {"root": lines, "lines": len(world.lines)}
    grants.use_batch(world, world.offer, south, count=count, **batch)
    world.batch_at = len(world.log.leaves) - 2
    grants.use_batch(world, world.agreement, east, **stated)
    _contradict(world, south)


def _contradict(world, south):
    """A batch whose lines say something else than it does; the ledger does not see them."""
    start = world.time
    world.time += 60_000
    world.odd_lines = make_odd_lines(start)
    root = reference.mth([write(line) for line in world.odd_lines.values()]).hex()
    count = len(world.odd_lines)
    members = {"from": start, "purpose": "research", "spatial": "CN-32", "root": root}
    grants.use_batch(world, world.offer, south, "index", count=count, lines=count, **members)
    world.odd_batch_at = len(world.log.leaves) - 2


def make_odd_lines(start):
    """Lines by what is odd about them; the first is as it should be."""
    line = {"action": "index", "at": start}
    return {
        "as it should be": line,
        "another action": line | {"action": "read"},
        "before the period": line | {"at": start - 1},
        "after the period": line | {"at": start + 60_000},
        "another purpose": line | {"purpose": "trade"},
        "another place": line | {"spatial": "CN-31"},
        "more than the batch counts": line | {"count": 2},
    }


def make_lines(start):
    """Five lines of usage, from an instant on."""
    return [
        {"action": "read", "at": start, "count": 3, "device": "gate-17"},
        {"action": "read", "at": start + 1},
        {"action": "read", "at": start + 1, "count": 1, "purpose": "research"},
        {"action": "read", "at": start + 59_000, "count": 12, "ref": "停车 2026"},
        {"action": "read", "at": start + 59_999, "count": 2, "spatial": "CN-32", "zone": 4},
    ]


def _pledge(world, north, bank, guest, **_):
    goods = world.goods
    first = holds.pledge(world, goods, north, bank, RIGHTS, secures=CONTRACT)
    second = holds.pledge(world, goods, north, guest, ["hold"], consents=[bank])
    world.pledged_at = world.time - 1
    holds.release(world, goods, second, guest)
    holds.release(world, goods, first, bank)


def _freeze(world, bank, **_):
    order = holds.freeze(world, world.goods, document=DOCUMENT)
    world.frozen_at = world.time - 1
    holds.unfreeze(world, world.goods, order)
    waiting = world.file(bank)
    other = holds.freeze(world, waiting)
    holds.unfreeze(world, waiting, other)


def _withhold(world, bank, desk, **_):
    """Data of which nothing is opened, licensed for two acts that are both done."""
    world.withheld = world.file(bank)
    world.step(world.withheld, "accept")
    world.step(world.withheld, "withhold", reason="secret")
    world.record(world.withheld, [claim(bank, "operate")])
    world.counted = grants.issue(world, world.withheld, bank, desk, permit("read", times(2)))
    grants.use(world, world.counted, desk, count=2)


def _transfer(world, north, south, west, east, **_):
    """Two by agreement, recorded; and one by a judgment, which the transferee takes back.

    Who takes over the right to operate stands in the place of who gave the licences.
    """
    world.takeover, world.second_number = world.transfer(world.goods, (north, east, "operate"))
    grants.revoke(world, world.one_sided, east, ground="agreed")
    world.sale, world.third_number = world.transfer(world.goods, (north, south, "use"))
    ordered = world.file_transfer(world.goods, (east, west, "use"), ground=JUDGMENT)
    world.step(ordered, "withdraw", west)

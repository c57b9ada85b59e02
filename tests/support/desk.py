"""A solo registry whose asset is licensed, at work: grants and deliveries as plain events, with a
clock of the test's own. The home is that of `tests.cli.conftest.market`.
"""

import shutil
from contextlib import contextmanager

from cli.subjects import find_keys
from contracts import delivery, grant
from ledger.clock import SystemClock
from ledger.core.subjects import derive_id, format_urn
from node.registry import open_registry
from tests.support.grants import copy, permit
from tests.support.ledgers import FakeClock

HOLDER, FIRST, SECOND, THIRD = "甲公司", "乙公司", "丙公司", "丁公司"


class Desk:
    """Writes events of the four parties; each takes a second.

    Args:
        registry: Opened for writing.
        clock: Its clock.
        market: What it was copied from.
    """

    def __init__(self, registry, clock, market):
        self.registry, self.clock, self.market = registry, clock, market
        self.asset, self.parties = market.asset, market.parties

    @property
    def now(self):
        return self.clock.now()

    def sign(self, name, body, *others):
        """An event of one party, signed by others too; not written."""
        event = self.registry.build_event(self.parties[name], body)
        keys = [key for one in (name, *others) for key in self.keys(one)]
        return self.registry.sign_event(event, keys)

    def keys(self, name):
        return find_keys(self.registry, self.parties[name], 1)

    def act(self, name, body, *others):
        """Write an event; gives it."""
        signed = self.sign(name, body, *others)
        self.registry.submit([signed], {})
        self.clock.pass_time(1000)
        return signed.event

    def issue_body(self, grantor, grantee, *permissions, parent=None, kind="Agreement", **rules):
        sides = {"assigner": self.parties[grantor], "assignee": self.parties[grantee]}
        policy = {
            "type": kind,
            "profile": "urn:muniment:odrl:1",
            "conflict": "prohibit",
            "target": format_urn(self.registry.origin, self.asset),
            **({} if kind == "Set" else sides),
            "permission": list(permissions or [permit("use")]),
            **rules,
        }
        members = {"asset": self.asset, "grantee": self.parties[grantee], "policy": policy}
        return grant.Issue(**members, **({"parent": parent} if parent else {}))

    def issue(self, grantor, grantee, *permissions, kind="Agreement", **members):
        """A grant, an agreement in force at once unless told; its key."""
        body = self.issue_body(grantor, grantee, *permissions, kind=kind, **members)
        event = self.act(grantor, body, *([grantee] if kind == "Agreement" else []))
        return derive_id("grant", actor=event.actor, nonce=event.nonce)

    def accept(self, name, key):
        self.act(name, grant.Accept(grant=key))

    def revoke(self, name, key):
        self.act(name, grant.Revoke(grant=key, ground="withdrawn"))

    def send_body(self, key, recipient, label="copy", **changes):
        return delivery.Send(
            grant=key,
            asset=self.asset,
            recipient=self.parties[recipient],
            copy=delivery.Copy(**copy(label)),
            **changes,
        )

    def send(self, name, key, recipient, label="copy", others=(), **changes):
        """A delivery's record, of no file at all; its key."""
        event = self.act(name, self.send_body(key, recipient, label, **changes), *others)
        return derive_id("delivery", actor=event.actor, nonce=event.nonce)


@contextmanager
def open_desk(market, folder, ahead=10_000):
    """A desk over a copy of the market; its clock stands still so many ms after the machine's."""
    shutil.copytree(market.home, folder)
    clock = FakeClock(SystemClock().now() + ahead)
    with open_registry(folder, None, is_writer=True, clock=clock) as registry:
        yield Desk(registry, clock, market)

"""Signed events for a registry in a home folder, as a client has them: bytes for the wire."""

from contextlib import contextmanager

from contracts.supervision import Publish
from ledger.core.event import encode_signed_event
from node.founding import Charter, found_registry
from node.rulebundle import read_profile
from tests.support.ledgers import FakeClock
from tests.support.people import START
from tests.support.site import open_site

LIST = "noticeboard"


def found(home, origin="example.org/scribe"):
    """A solo registry, founded at START, with keys in the clear."""
    found_registry(home, Charter(read_profile("solo"), origin), None, FakeClock(START))
    return home


class Scribe:
    """Publishes parts of a list in the operator's name; no two of its events are the same.

    Args:
        registry: Whose events they are.
    """

    def __init__(self, registry):
        self._registry = registry
        self.operator = registry.ledger.operator
        self.key = registry.ring.load("operator")

    def signed(self, part, version=1, *, key=None, origin=None, filler="", **members):
        """A signed event that makes one part of the list."""
        content = {"filler": filler, "part": str(part)}
        body = Publish(list=LIST, part=str(part), version=version, content=content)
        event = self._registry.build_event(self.operator, body)
        if origin is not None:
            members["log"] = origin
        for name, value in members.items():
            object.__setattr__(event, name, value)
        return self._registry.sign_event(event, [key or self.key])

    def wire(self, part, version=1, **members):
        """The bytes of such an event."""
        return encode_signed_event(self.signed(part, version, **members))


@contextmanager
def open_scribe(home, settings=None, clock=None):
    """A node on a home folder, and who writes events for it."""
    with open_site(home, settings, clock or FakeClock(START + 1000)) as site:
        yield site, Scribe(site.node.registry)

"""A client whose policy asks for cosignatures: what it wrote, it reads once they are there."""

import shutil
from contextlib import closing

import pytest

from contracts.party import Enroll, Party
from ledger.clock import SystemClock
from ledger.core.opening import open_checkpoint
from ledger.core.policy import parse_policy
from ledger.core.subjects import derive_party
from ledger.errors import UnavailableError
from ledger.keys import KeyRing
from node.home import Home
from node.remote.client import NodeClient
from node.remote.registry import HttpRegistry, Link
from tests.support.ledgers import FakeClock
from tests.support.running import run_node


class Slow:
    """Gives the checkpoint of the beginning so many times more before it follows the node.

    Args:
        client: The node.
        policy: The client's.
        clock: A second passes with each look.
    """

    def __init__(self, client, policy, clock):
        self._client, self._policy, self._clock = client, policy, clock
        self._first = self._look()
        self.left = 0

    def __call__(self):
        self._clock.pass_time(1000)
        self.left -= 1
        return self._first if self.left >= 0 else self._look()

    def _look(self):
        return open_checkpoint(self._policy, self._client.get("checkpoint", max_bytes=100_000))


@pytest.fixture
def waiting(founded, tmp_path, monkeypatch):
    monkeypatch.setattr("node.remote.registry.time.sleep", lambda _: None)
    home = Home(shutil.copytree(founded.home, tmp_path / "own"))
    with run_node(home.path) as url, closing(NodeClient(url)) as client:
        policy, clock = parse_policy(home.policy.read_bytes()), FakeClock(SystemClock().now())
        slow = Slow(client, policy, clock)
        ring = KeyRing(home.keys, None)
        yield HttpRegistry(Link(client, policy, slow), home, ring, clock, lambda: None), slow


def enrol(registry):
    key = registry.ring.create("late")
    body = Enroll(keys=(key.did,), party_kind="legal", name="late")
    party = derive_party([key.did])
    registry.submit([registry.sign_event(registry.build_event(party, body), [key])], {})
    return party


def test_what_was_written_is_waited_for(waiting):
    registry, slow = waiting
    size = registry.read_end().size
    slow.left = 3
    party = enrol(registry)
    assert registry.need_state(Party, party).name == "late"
    assert slow.left < 0
    assert registry.read_end().size == size + 2


def test_what_is_not_cosigned_for_long_is_read_later(waiting):
    registry, slow = waiting
    registry.read_end()
    slow.left = 1000
    party = enrol(registry)
    with pytest.raises(UnavailableError, match="is in the log"):
        registry.read_state(party)
    slow.left = 0
    assert registry.need_state(Party, party).name == "late"

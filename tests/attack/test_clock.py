"""A clock that is set while the node runs: nothing is written at a time that cannot be."""

import pytest

from tests.support.ledgers import FakeClock
from tests.support.people import START
from tests.support.scribe import open_scribe

JSON = {"content-type": "application/json"}
MINUTE = 60 * 1000
HOUR = 60 * MINUTE


@pytest.fixture
def at(home):
    """A node whose clock the test sets, and a function that sends it one event."""
    clock = FakeClock(START + 1000)
    with open_scribe(home, clock=clock) as (site, scribe):

        def send(part):
            wire = scribe.wire(part)
            return site.ask("POST", "/v1/events", content=wire, headers=JSON)

        assert send("first").status_code == 200
        yield site, clock, send


def test_five_minutes_back_the_time_of_the_last_leaf_is_used(at):
    site, clock, send = at
    before = site.node.registry.read_end().time
    clock.set_by(-5 * MINUTE)
    result = send("second")
    assert result.status_code == 200
    assert site.node.registry.read_end().time >= before
    assert result.json()["answer"]["answer"]["time"] == clock.now()  # the answer says its own


def test_thirty_minutes_back_is_a_reason_to_wait_and_never_a_refusal(at):
    site, clock, send = at
    clock.set_by(-30 * MINUTE)
    answer = send("second")
    assert answer.status_code == 503
    assert "answer" not in answer.json()
    assert "retry-after" in answer.headers
    assert site.get("/v1/state/ledger/self").status_code == 200
    clock.set_by(30 * MINUTE)
    assert send("second").status_code == 200


@pytest.mark.parametrize("hours", [25, -25])
def test_a_day_and_an_hour_while_running_needs_a_new_start(at, hours):
    site, clock, send = at
    size = site.node.registry.read_end().size
    clock.set_by(hours * HOUR)
    for part in ("second", "third"):
        answer = send(part)
        assert answer.status_code == 503
        assert "answer" not in answer.json()
    assert site.node.registry.read_end().size == size
    clock.set_by(-hours * HOUR)
    assert send("second").status_code == 200


def test_a_node_that_starts_with_a_clock_far_ahead_writes_and_the_next_one_waits(home):
    clock = FakeClock(START + 1000)
    clock.set_by(25 * HOUR)
    with open_scribe(home, clock=clock) as (site, scribe):
        wire = scribe.wire("ahead")
        assert site.ask("POST", "/v1/events", content=wire, headers=JSON).status_code == 200
    with open_scribe(home, clock=FakeClock(START + 2000)) as (site, scribe):
        late = scribe.wire("behind")
        assert site.ask("POST", "/v1/events", content=late, headers=JSON).status_code == 503
        again = site.ask("POST", "/v1/events", content=wire, headers=JSON)
        assert again.status_code == 503  # it is not looked up either: nothing is said of it

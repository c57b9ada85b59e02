"""The node's own bounds: token buckets, whose address counts, what is charged to whom."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LimitError, MalformedError, UnavailableError
from node.asgi import FREE_BODY_BYTES, BodyRoom, HungUpError, read_body
from node.problems import TooManyError
from node.server.limits import Buckets, Rates
from node.server.settings import NodeSettings, load_settings
from tests.support.ledgers import FakeClock
from tests.support.people import START
from tests.support.scribe import open_scribe

JSON = {"content-type": "application/json"}
DEADLINE_S = 120


def test_a_bucket_gives_its_burst_and_then_its_rate():
    clock = FakeClock()
    buckets = Buckets(2.0, 3, 10, clock)
    for _ in range(3):
        buckets.check("a")
        buckets.take("a")
    with pytest.raises(TooManyError) as caught:
        buckets.check("a")
    assert caught.value.retry_after == 1
    buckets.check("b")
    clock.pass_time(500)
    buckets.check("a")


def test_what_is_owed_is_paid_before_more_is_given():
    clock = FakeClock()
    buckets = Buckets(10.0, 10, 10, clock)
    buckets.check("a", 1000)  # more than a burst: a full bucket is enough
    buckets.take("a", 1000)
    with pytest.raises(TooManyError) as caught:
        buckets.check("a")
    assert caught.value.retry_after == 100
    clock.pass_time(99_200)
    buckets.check("a")


def test_a_rate_of_nothing_is_no_bound():
    buckets = Buckets(0.0, 1, 10, FakeClock())
    for _ in range(100):
        buckets.check("a")
        buckets.take("a")
    assert len(buckets) == 0


@given(st.lists(st.text(max_size=3), max_size=200))
def test_only_so_many_keys_are_remembered(keys):
    buckets = Buckets(1.0, 1, 5, FakeClock())
    for key in keys:
        buckets.take(key)
    assert len(buckets) <= 5


def scope(client, forwarded=()):
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"client": client, "headers": headers}


ADDRESSES = {
    "the peer": (("192.0.2.7", 1), [], (), "192.0.2.7"),
    "a header of a stranger": (("192.0.2.7", 1), ["203.0.113.9"], (), "192.0.2.7"),
    "a header of our proxy": (("127.0.0.1", 1), ["203.0.113.9"], ("127.0.0.1",), "203.0.113.9"),
    "a header that the client began": (
        ("127.0.0.1", 1),
        ["198.51.100.1, 203.0.113.9"],
        ("127.0.0.1",),
        "203.0.113.9",
    ),
    "two proxies of ours": (
        ("127.0.0.1", 1),
        ["198.51.100.1, 203.0.113.9, 10.0.0.2"],
        ("127.0.0.1", "10.0.0.2"),
        "203.0.113.9",
    ),
    "several headers": (
        ("127.0.0.1", 1),
        ["198.51.100.1", "203.0.113.9"],
        ("127.0.0.1",),
        "203.0.113.9",
    ),
    "no address in it": (("127.0.0.1", 1), ["unknown"], ("127.0.0.1",), "127.0.0.1"),
    "an empty one": (("127.0.0.1", 1), [""], ("127.0.0.1",), "127.0.0.1"),
    "the UNIX socket": (None, ["203.0.113.9"], (), "unix"),
    "a proxy on the UNIX socket": (None, ["203.0.113.9"], ("unix",), "203.0.113.9"),
    "IPv6": (("2001:db8:1:2:3:4:5:6", 1), [], (), "2001:db8:1:2::/64"),
    "IPv4 within IPv6": (("::ffff:192.0.2.7", 1), [], (), "192.0.2.7"),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_the_address_is_the_last_one_that_no_proxy_of_ours_has(name):
    client, forwarded, proxies, expected = ADDRESSES[name]
    rates = Rates(NodeSettings(proxies=proxies), FakeClock())
    assert rates.find_address(scope(client, forwarded)) == expected


class Body:
    """A body that comes in parts."""

    def __init__(self, *parts):
        self._parts = list(parts)

    async def receive(self):
        if not self._parts:
            await asyncio.sleep(DEADLINE_S)
        part = self._parts.pop(0)
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}


def read(*parts, max_bytes=1_000_000, seconds=DEADLINE_S, room=None):
    return asyncio.run(read_body(Body(*parts).receive, max_bytes, seconds, room))


def test_a_body_is_read_up_to_its_bound():
    assert read(b"ab", b"", b"cd", max_bytes=4) == b"abcd"
    with pytest.raises(LimitError):
        read(b"ab", b"cde", max_bytes=4)


def test_a_body_that_does_not_come_is_given_up():
    with pytest.raises(HungUpError):
        read(b"ab", None)
    with pytest.raises(HungUpError):
        asyncio.run(read_body(Body().receive, 10, 0.05))


def test_all_bodies_together_have_a_bound_and_small_ones_always_get_through():
    room = BodyRoom(1000)
    assert room.take(900)
    small, large = b"x" * FREE_BODY_BYTES, b"x" * 101
    assert read(small, room=room) == small
    with pytest.raises(UnavailableError):
        read(small, large, room=room)
    with pytest.raises(UnavailableError):
        read(small + large, room=room)
    assert read(small, large[:100], room=room) == small + large[:100]
    room.give_back(900)
    assert read(small, large, room=room) == small + large
    assert room.take(1000)  # all of it was given back


def test_too_many_requests_are_429_and_no_refusal_by_a_rule(home):
    clock = FakeClock(START + 1000)
    settings = NodeSettings(requests_per_second=0.5, requests_burst=2)
    with open_scribe(home, settings, clock) as (site, scribe):
        wires = [scribe.wire(n) for n in range(3)]
        for wire in wires[:2]:
            assert site.ask("POST", "/v1/events", content=wire, headers=JSON).status_code == 200
        problem = site.problem("/v1/events", 429, "POST", content=wires[2], headers=JSON)
        assert problem["code"] == "too_many"
        assert problem["retry_after"] == 2
        assert "answer" not in problem
        assert site.get("/checkpoint").status_code == 200
        assert site.get("/healthz").status_code == 200
        site.problem("/v1/checkpoint/latest", 429)
        clock.pass_time(2000)
        assert site.ask("POST", "/v1/events", content=wires[2], headers=JSON).status_code == 200


def test_a_party_is_charged_for_what_the_log_took_and_for_nothing_else(home):
    clock = FakeClock(START + 1000)
    settings = NodeSettings(party_events_per_second=1.0, party_events_burst=2)
    with open_scribe(home, settings, clock) as (site, scribe):

        def post(wire):
            return site.ask("POST", "/v1/events", content=wire, headers=JSON)

        for _ in range(5):
            assert post(scribe.wire("x", version=5)).status_code == 422
        good = [scribe.wire(n) for n in range(3)]
        assert [post(wire).status_code for wire in good] == [200, 200, 429]
        assert post(good[2]).headers["retry-after"] == "1"
        clock.pass_time(1000)
        assert [post(wire).status_code for wire in (good[0], good[2])] == [200, 200]
        assert post(scribe.wire(7)).status_code == 429


def test_events_of_an_address_are_bounded_whoever_signed_them(home):
    settings = NodeSettings(events_per_second=1.0, events_burst=3)
    with open_scribe(home, settings) as (site, scribe):
        headers = {"content-type": "application/x-ndjson"}
        body = b"\n".join(scribe.wire(n) for n in range(4))
        assert site.ask("POST", "/v1/events", content=body, headers=headers).status_code == 200
        site.problem("/v1/events", 429, "POST", content=body, headers=headers)


CONFIGS = {
    "no TOML": "requests_per_second",
    "an unknown name": "requests_per_minute = 1",
    "a text": 'connections = "many"',
    "a truth": "connections = true",
    "nothing": "connections = 0",
    "less than nothing": "body_seconds = -1.0",
    "more than the format allows": "request_bytes = 100000000",
    "a table": "[connections]\n",
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_configuration_is_read_strictly(tmp_path, name):
    path = tmp_path / "node.toml"
    path.write_text(CONFIGS[name])
    with pytest.raises(MalformedError, match=r"node\.toml"):
        load_settings(path)


def test_what_a_configuration_does_not_name_is_as_usual(tmp_path):
    path = tmp_path / "node.toml"
    path.write_text('requests_burst = 7\nproxies = ["127.0.0.1", "unix"]\nbody_seconds = 5\n')
    settings = load_settings(path)
    assert (settings.requests_burst, settings.proxies) == (7, ("127.0.0.1", "unix"))
    assert settings.body_seconds == 5.0
    assert settings.connections == NodeSettings().connections

"""The stream of blocks: complete, resumable, bounded, and cut off where nobody reads."""

import asyncio
import json
import queue
from contextlib import contextmanager

import pytest

from ledger.storage.base import Table
from node.server import stream
from node.server.settings import NodeSettings
from tests.server.conftest import publish_calendars
from tests.support.site import DEADLINE_S, open_site

FIRST = 4_000
"""Calendars of a year that the trade has none of."""


class Listener:
    """A client of the stream, which reads whatever comes unless told not to."""

    def __init__(self, site, query, headers, *, is_reading):
        self._site, self._is_reading = site, is_reading
        self._scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": "/v1/stream", "raw_path": b"/v1/stream",
            "query_string": query.encode(), "root_path": "", "server": ("node", 80),
            "client": ("127.0.0.1", 1), "headers": [(b"host", b"node"), *headers],
        }  # fmt: skip
        self._messages = queue.Queue()
        self._asked = False
        self._left = asyncio.Event()
        self.reads_on = asyncio.Event()
        self._text = b""
        self.is_over = asyncio.run_coroutine_threadsafe(self._run(), site.loop)

    async def _run(self):
        await self._site.app(self._scope, self._receive, self._send)

    async def _receive(self):
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        self._messages.put(message)
        if message["type"] == "http.response.body" and not self._is_reading:
            await self.reads_on.wait()

    def pause(self):
        """Read nothing more after the next message, until told."""
        self._is_reading = False

    def resume(self):
        self._is_reading = True
        self._site.loop.call_soon_threadsafe(self.reads_on.set)

    def leave(self):
        """Hang up, and wait until the node has noticed."""
        self._site.loop.call_soon_threadsafe(self._left.set)
        self.is_over.result(DEADLINE_S)

    def message(self):
        return self._messages.get(timeout=DEADLINE_S)

    def start(self):
        """Status and headers."""
        message = self.message()
        assert message["type"] == "http.response.start"
        return message["status"], dict(message["headers"])

    def part(self):
        """The next event or comment, without the blank line that ends it."""
        while b"\n\n" not in self._text:
            self._text += self.message()["body"]
        part, _, self._text = self._text.partition(b"\n\n")
        return part.decode()

    def block(self):
        """Id and data of the next event; comments are passed over."""
        part = self.part()
        while part.startswith(":"):
            part = self.part()
        id_line, name_line, data_line = part.split("\n")
        assert name_line == "event: block"
        return int(id_line.removeprefix("id: ")), json.loads(data_line.removeprefix("data: "))


@contextmanager
def listening(site, query="", *, last=None, is_reading=True):
    headers = [] if last is None else [(b"last-event-id", str(last).encode())]
    listener = Listener(site, query, headers, is_reading=is_reading)
    try:
        yield listener
    finally:
        if not listener.is_over.done():
            listener.leave()


@pytest.fixture
def own_site(own_home):
    with open_site(own_home) as site:
        site.calendars = iter(calendars(site))
        yield site


def calendars(site):
    return publish_calendars(site.node.registry, range(FIRST, FIRST + 100))


def write(site):
    """Write one block; the size of the log after it."""
    (outcome,) = site.run(site.node.writer.submit([next(site.calendars)]))
    return outcome.size


def sizes(site):
    return [row.size for row in site.node.reader.iterate_blocks()]


def seal_of(site, size):
    (leaf,) = site.node.reader.read_leaves(size - 1, size)
    return json.loads(leaf)["seal"]


def test_a_stream_begins_with_the_newest_block_and_tells_of_each_that_follows(own_site):
    with listening(own_site) as listener:
        status, headers = listener.start()
        assert (status, headers[b"cache-control"]) == (200, b"no-store")
        assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert headers[b"access-control-allow-origin"] == b"*"
        newest = sizes(own_site)[-1]
        assert listener.block() == (newest, {"size": newest, "seal": seal_of(own_site, newest)})
        for _ in range(5):
            size = write(own_site)
            assert listener.block() == (size, {"size": size, "seal": seal_of(own_site, size)})


def test_a_stream_goes_on_after_the_last_id(own_site):
    before = sizes(own_site)
    written = [write(own_site) for _ in range(3)]
    for place, last in enumerate([0, *before]):
        with listening(own_site, last=last) as listener:
            assert listener.start()[0] == 200
            found = [listener.block()[0] for _ in [*before[place:], *written]]
            assert found == [*before[place:], *written]
    with listening(own_site, f"after={before[-1]}") as listener:
        listener.start()
        assert [listener.block()[0] for _ in written] == written


def test_the_header_goes_before_the_query(own_site):
    before = sizes(own_site)
    with listening(own_site, "after=0", last=before[-2]) as listener:
        listener.start()
        assert listener.block()[0] == before[-1]


def test_nothing_is_missed_or_doubled_by_who_resumes_while_blocks_are_written(own_site):
    last, found = sizes(own_site)[-1], []
    expected = []
    for _ in range(6):
        expected.append(write(own_site))
        with listening(own_site, last=last) as listener:
            listener.start()
            expected.append(write(own_site))
            got = [listener.block()[0], listener.block()[0]]
            found += got
            last = got[-1]
    assert found == expected


def test_old_blocks_are_read_from_the_ledger(long_site):
    everything = sizes(long_site)
    with listening(long_site, last=0) as listener:
        listener.start()
        assert [listener.block()[0] for _ in everything] == everything


@pytest.mark.parametrize(
    ("query", "last", "status"),
    [("after=1", None, 404), ("after=999999", None, 404), ("", b"1", 404), ("", b"x", 400),
     ("", b"-1", 400), ("", b"", 400), ("after=x", None, 400), ("after=0&after=0", None, 400),
     ("from=0", None, 400)],
)  # fmt: skip
def test_a_stream_from_nowhere_is_refused(site, query, last, status):
    headers = {} if last is None else {"last-event-id": last.decode()}
    response = site.get(f"/v1/stream?{query}", **headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_many_streams_read_the_ledger_once(own_site):
    """What is new is read when it is written, not by each stream."""
    with listening(own_site) as one, listening(own_site) as other:
        for listener in (one, other):
            listener.start()
            listener.block()
        reads = []
        store = own_site.node.reader
        plain = store.read_leaves
        store.read_leaves = lambda start, stop: reads.append(start) or plain(start, stop)
        try:
            size = write(own_site)
            assert one.block() == other.block()
        finally:
            del store.read_leaves
        assert reads.count(size - 1) == 1


@pytest.fixture
def tight_site(own_home):
    with open_site(own_home, NodeSettings(streams=2, write_seconds=0.2)) as site:
        site.calendars = iter(calendars(site))
        yield site


def test_there_are_so_many_streams_and_no_more(tight_site):
    with listening(tight_site) as one, listening(tight_site) as other:
        one.start(), other.start()
        response = tight_site.get("/v1/stream")
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
    with listening(tight_site) as again:
        assert again.start()[0] == 200


def test_a_refused_stream_takes_no_place(tight_site):
    for _ in range(5):
        assert tight_site.get("/v1/stream?after=1").status_code == 404
    with listening(tight_site) as one, listening(tight_site) as other:
        assert (one.start()[0], other.start()[0]) == (200, 200)


def test_who_does_not_read_is_cut_off_and_the_others_are_served(tight_site):
    with listening(tight_site, is_reading=False) as stuck, listening(tight_site) as reader:
        reader.start(), reader.block()
        stuck.is_over.result(DEADLINE_S)
        size = write(tight_site)
        assert reader.block()[0] == size
        with listening(tight_site) as again:
            assert again.start()[0] == 200, "its place is free"


def test_who_falls_far_behind_is_cut_off_and_may_come_back(own_home, monkeypatch):
    monkeypatch.setattr(stream, "_KEPT", 2)
    with open_site(own_home) as site:
        site.calendars = iter(calendars(site))
        with listening(site) as slow:
            slow.start(), slow.block()
            slow.pause()
            first = write(site)
            last, _ = slow.block()
            assert last == first
            missed = [write(site) for _ in range(4)]
            slow.resume()
            slow.is_over.result(DEADLINE_S)
        with listening(site, last=last) as again:
            again.start()
            assert [again.block()[0] for _ in missed] == missed


def test_who_hangs_up_frees_his_place(tight_site):
    for _ in range(4):
        with listening(tight_site) as one, listening(tight_site) as other:
            assert (one.start()[0], other.start()[0]) == (200, 200)


def test_streams_end_when_the_node_stops(own_home):
    with open_site(own_home) as site, listening(site) as listener:
        listener.start(), listener.block()
        site.node.begin_stop()
        message = listener.message()
        while message.get("more_body"):
            message = listener.message()
        assert message["body"] == b""
        listener.is_over.result(DEADLINE_S)


def test_a_silent_stream_shows_that_it_lives(own_site, monkeypatch):
    monkeypatch.setattr(stream.BlockStream.__init__, "__defaults__", (0.05,))
    with listening(own_site) as listener:
        listener.start(), listener.block()
        assert listener.part() == ": still here"
        assert listener.part() == ": still here"
        size = write(own_site)
        assert listener.block()[0] == size


def test_frames_are_kept_for_the_newest_blocks_only(long_site):
    rows = list(long_site.node.reader.iterate_rows(Table.BLOCK))
    assert len(rows) > stream._AT_ONCE, "the test below reads more than one portion"
    frames = stream.read_frames(_library(long_site), 0)
    assert len(frames) == stream._AT_ONCE


def _library(site):
    class Library:
        store = site.node.reader

    return Library

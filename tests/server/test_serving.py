"""The server beneath every application: hostile connections, bounds, and the graceful stop."""

import asyncio
import select
import socket
import threading
import time
from pathlib import Path

import pytest

from ledger.errors import UnavailableError
from node.asgi import read_body, respond
from node.problems import respond_problem
from node.serving import Hooks, ServerLimits, serve

DEADLINE_S = 120
QUICK = ServerLimits(
    connections=64, head_seconds=0.5, idle_seconds=30, write_seconds=0.5, stop_seconds=5
)


class Served:
    """A small application in a thread, on a UNIX socket."""

    def __init__(self, path):
        self.path = path
        self.stop = threading.Event()
        self.stopping = threading.Event()
        self.ready = threading.Event()
        self.held = threading.Event()

    async def app(self, scope, receive, send):
        try:
            if scope["path"] == "/ignore":
                await respond(send, 404)
                return
            if scope["path"] == "/endless":
                await respond(send, 200, b"x" * 50_000_000)
                return
            body = await read_body(receive, 100, 0.5)
        except Exception as exc:  # noqa: BLE001
            await respond_problem(send, exc)
        else:
            if scope["path"] == "/slow":
                self.held.set()
                while not self.stopping.is_set():
                    await asyncio.sleep(0.01)
            await respond(send, 200, b"%d\n" % len(body))

    def run(self):
        hooks = Hooks(
            ready=lambda url: self.ready.set(),
            stopping=self.stopping.set,
            has_to_stop=self.stop.is_set,
        )
        serve(self.app, uds=self.path, hooks=hooks, limits=QUICK)

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(DEADLINE_S)
        client.connect(str(self.path))
        return client

    def ask(self, data):
        """All that is answered until the server closes."""
        with self.connect() as client:
            client.sendall(data)
            return read_all(client)

    def get(self):
        return self.ask(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")


def read_all(client):
    parts = []
    while True:
        try:
            part = client.recv(65536)
        except ConnectionResetError:
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts)


@pytest.fixture
def served(tmp_path):
    served = Served(tmp_path / "s")
    thread = threading.Thread(target=served.run)
    thread.start()
    assert served.ready.wait(DEADLINE_S)
    yield served
    served.stop.set()
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


CUT_OFF = {
    "nothing at all": (b"", b""),
    "half a head": (b"GET / HTTP/1.1\r\nhost", b"HTTP/1.1 408"),
    "line breaks for ever": (b"\r\n" * 20, b""),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"HTTP/1.1 400"),
    "a head without end": (b"GET / HTTP/1.1\r\nx: " + b"a" * 70_000, b"HTTP/1.1 431"),
    "half a body": (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nab", b"HTTP/1.1 408"),
    "a body that is too large": (
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n" + b"a" * 500,
        b"HTTP/1.1 413",
    ),
    "half a body that nobody reads": (
        b"POST /ignore HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nab",
        b"HTTP/1.1 404",
    ),
}


@pytest.mark.parametrize("name", set(CUT_OFF) - {"a body that is too large"})
def test_who_keeps_the_server_waiting_is_cut_off(served, name):
    data, expected = CUT_OFF[name]
    answer = served.ask(data)
    assert answer.startswith(expected)
    if not expected:
        assert answer == b""
    assert served.get().startswith(b"HTTP/1.1 200")


def test_a_large_body_is_refused_before_it_is_read_whole(served):
    data, expected = CUT_OFF["a body that is too large"]
    with served.connect() as client:
        client.sendall(data)
        assert client.recv(65536).startswith(expected)


def test_who_drips_bytes_is_cut_off_too(served):
    with served.connect() as client:
        began = time.monotonic()
        for byte in b"GET / HTTP/1.1\r\nhost: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx":
            try:
                client.sendall(bytes([byte]))
            except (BrokenPipeError, ConnectionResetError):
                break
            time.sleep(0.1)
            if time.monotonic() - began > 10:
                pytest.fail("still connected")
        assert served.get().startswith(b"HTTP/1.1 200")


def test_who_does_not_read_its_answer_is_cut_off(served):
    with served.connect() as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n")
        hung_up = select.poll()
        hung_up.register(client, 0)  # nothing but that the other side has closed
        assert hung_up.poll(1000 * DEADLINE_S)
        got = read_all(client)
        assert got.startswith(b"HTTP/1.1 200")
        assert len(got) < 50_000_000


def test_idle_connections_beyond_the_bound_make_room_and_others_are_served(served):
    idle = [served.connect() for _ in range(QUICK.connections + 100)]
    try:
        assert served.get().startswith(b"HTTP/1.1 200")
    finally:
        for client in idle:
            client.close()


def test_a_connection_is_used_again_and_pipelined_requests_are_answered_in_order(served):
    request = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab"
    last = request.replace(b"host: x", b"host: x\r\nconnection: close")
    answer = served.ask(request * 3 + last)
    assert answer.count(b"HTTP/1.1 200") == 4


def test_what_is_under_way_is_finished_when_the_server_stops(tmp_path):
    served = Served(tmp_path / "s")
    thread = threading.Thread(target=served.run)
    thread.start()
    assert served.ready.wait(DEADLINE_S)
    with served.connect() as client:
        client.sendall(b"POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab")
        assert served.held.wait(DEADLINE_S)
        served.stop.set()
        assert read_all(client).endswith(b"\r\n\r\n2\n")
    thread.join(DEADLINE_S)
    assert not thread.is_alive()
    assert not Path(served.path).exists()


def test_an_address_that_is_taken_is_said_so(tmp_path):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "s"))
        other.listen()
        with pytest.raises(UnavailableError, match="choose another"):
            serve(respond, uds=tmp_path / "s")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UnavailableError):
        serve(respond, uds=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"

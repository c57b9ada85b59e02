"""`muniment serve` as a process and as a server: start, stop, hostile connections."""

import asyncio
import json
import shutil
import signal
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from ledger.errors import UnavailableError
from node.asgi import read_body, respond
from node.problems import respond_problem
from node.registry import open_registry
from node.serving import Hooks, ServerLimits, serve
from tests.support.program import finish, start
from tests.support.scribe import Scribe, found

DEADLINE_S = 30
JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}
LEFT_OPEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The client's library drops a connection that breaks amid a request without closing it."""
QUICK = ServerLimits(
    connections=64, head_seconds=0.5, idle_seconds=30, write_seconds=0.5, stop_seconds=5
)


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    return found(tmp_path_factory.mktemp("serve") / "home")


@pytest.fixture
def home(founded, tmp_path):
    return shutil.copytree(founded, tmp_path / "home")


# --- the program


@contextmanager
def running(home, *argv):
    """The program on a UNIX socket, and a client."""
    path = home.parent / "s"
    process = start(("--json", "serve", "--uds", path, *argv), home)
    try:
        ready = json.loads(process.stdout.readline())
        transport = httpx2.HTTPTransport(uds=str(path))
        with httpx2.Client(transport=transport, base_url="http://node", timeout=DEADLINE_S) as http:
            yield process, ready, http
    finally:
        process.kill()
        process.communicate()


def make_wires(home, count):
    """Events for a registry that is not open for writing."""
    with open_registry(home, None, is_writer=False) as registry:
        scribe = Scribe(registry)
        return [scribe.wire(n) for n in range(count)]


@pytest.mark.slow
def test_it_says_one_line_when_ready_and_leaves_nothing_behind(home):
    with running(home) as (process, ready, http):
        assert ready == {
            "url": f"unix:{home.parent / 's'}", "origin": "example.org/scribe", "size": 2,
        }  # fmt: skip
        assert (home / "node.url").read_text() == ready["url"] + "\n"
        assert http.get("/readyz").text == "ready\n"
        process.send_signal(signal.SIGTERM)
        ended = finish(process)
    assert ended.code == 0
    assert ended.out == b""
    assert not (home / "node.url").exists()
    assert not (home.parent / "s").exists()
    lines = [json.loads(line) for line in ended.err.splitlines()]
    assert [(line["route"], line["status"]) for line in lines] == [("/readyz", 200)]


@pytest.mark.slow
def test_what_a_killed_process_left_does_not_harm(home):
    with running(home) as (process, _, _):
        process.kill()
        process.wait(DEADLINE_S)
        assert (home / "node.url").exists()
        assert (home.parent / "s").exists()
    with running(home) as (_, ready, http):
        assert http.get("/healthz").status_code == 200
        assert (home / "node.url").read_text() == ready["url"] + "\n"


@pytest.mark.slow
def test_a_second_one_on_the_same_home_or_socket_is_turned_away(home, founded, tmp_path):
    with running(home) as (_, _, http):
        again = finish(start(("--json", "serve", "--port", "0"), home))
        assert again.code == 6
        assert json.loads(again.out)["error"]["code"] == "unavailable"
        assert (home / "node.url").exists()
        other = shutil.copytree(founded, tmp_path / "other")
        taken = finish(start(("--json", "serve", "--uds", home.parent / "s"), other))
        assert taken.code == 6
        assert "choose another" in json.loads(taken.out)["error"]["message"]
        assert http.get("/healthz").status_code == 200
        assert not (other / "node.url").exists()


@pytest.mark.slow
@LEFT_OPEN
def test_stopping_finishes_what_was_sent_and_takes_nothing_new(home):
    wires = make_wires(home, 60)
    answers = []
    with running(home) as (process, _, http):

        def send(wire):
            try:
                answers.append(http.post("/v1/events", content=wire, headers=JSON))
            except httpx2.TransportError:
                answers.append(None)

        threads = [threading.Thread(target=send, args=(wire,)) for wire in wires]
        for thread in threads:
            thread.start()
        while not answers:
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(DEADLINE_S)
        assert finish(process).code == 0
    accepted = [one.json() for one in answers if one is not None and one.status_code == 200]
    refused = {one.status_code for one in answers if one is not None and one.status_code != 200}
    assert accepted
    assert refused <= {503}
    with running(home) as (_, _, http):
        for result in accepted:
            assert http.get(f"/v1/events/{result['event']}").status_code == 200


@pytest.mark.slow
@LEFT_OPEN
def test_nothing_that_was_acknowledged_is_lost_by_a_kill(home):
    wires = make_wires(home, 200)
    accepted = []
    with running(home) as (process, _, http):

        def send(mine):
            for wire in mine:
                try:
                    response = http.post("/v1/events", content=wire, headers=JSON)
                except httpx2.TransportError:
                    return
                accepted.append(response.json())

        threads = [threading.Thread(target=send, args=(wires[n::8],)) for n in range(8)]
        for thread in threads:
            thread.start()
        while len(accepted) < 40:
            time.sleep(0.002)
        process.kill()
        for thread in threads:
            thread.join(DEADLINE_S)
    with running(home) as (process, _, http):
        for result in accepted:
            receipt = http.get(f"/v1/events/{result['event']}").json()
            assert f"\nindex {result['index']}\n" in receipt["proof"]
        process.send_signal(signal.SIGTERM)
        finish(process)
    assert finish(start(("audit",), home)).code == 0


@pytest.mark.slow
def test_a_disk_that_is_full_ends_it_with_an_error_and_the_next_start_goes_on(home):
    wires = make_wires(home, 400)
    limit = (home / "ledger.db").stat().st_size + 600_000
    entry = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
        "from cli.main import run; run()"
    )
    path = home.parent / "s"
    process = start(("--json", "serve", "--uds", path), home, entry=entry)
    try:
        json.loads(process.stdout.readline())
        transport = httpx2.HTTPTransport(uds=str(path))
        accepted, statuses = [], []
        with httpx2.Client(transport=transport, base_url="http://node") as http:
            for start_at in range(0, 400, 20):
                body = b"\n".join(wires[start_at : start_at + 20])
                response = http.post("/v1/events", content=body, headers=NDJSON)
                statuses.append(response.status_code)
                if response.status_code != 200:
                    assert str(home) not in response.text
                    break
                accepted += [json.loads(line) for line in response.text.splitlines()]
        ended = finish(process)
    finally:
        process.kill()
        process.communicate()
    assert ended.code == 6, ended.err
    assert statuses[-1] == 503
    assert accepted
    assert not (home / "node.url").exists()
    with running(home) as (_, _, http):
        for result in accepted:
            assert http.get(f"/v1/events/{result['event']}").status_code == 200
        assert http.post("/v1/events", content=wires[-1], headers=JSON).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argv", "code", "error"),
    [
        (("--config", "missing.toml"), 5, "not_found"),
        (("--log-format", "xml"), 2, "log_format"),
        (("--port", "70000"), 2, "usage"),
    ],
)
def test_wrong_use_is_said_before_anything_listens(home, argv, code, error):
    ended = finish(start(("--json", "serve", *argv), home))
    assert ended.code == code
    assert json.loads(ended.out)["error"]["code"] == error
    assert not (home / "node.url").exists()


@pytest.mark.slow
def test_a_sealed_key_needs_its_passphrase(tmp_path):
    (tmp_path / "word").write_text("a passphrase\n")
    home = tmp_path / "home"
    sealed = ("--passphrase-file", tmp_path / "word")
    assert finish(start((*sealed, "init", "--solo"), home)).code == 0
    ended = finish(start(("--json", "serve"), home))
    assert ended.code == 2
    assert json.loads(ended.out)["error"]["code"] == "passphrase_required"
    with running(home, *sealed) as (_, _, http):
        assert http.get("/readyz").status_code == 200


@pytest.mark.slow
def test_lines_of_the_log_name_routes_and_never_what_was_asked_for(home):
    secret = "party/aaaaaaaaaaaaaaaaaaaaaaaaaa"
    with running(home, "--log-format", "json") as (process, _, http):
        http.get(f"/v1/state/{secret}", headers={"x-request-id": "abc-123"})
        http.get("/v1/search", params={"q": "hidden-words"})
        http.get("/no/such/secret-path", headers={"x-request-id": "no good id"})
        http.post("/v1/events", content=b'{"event":"hidden-body"}', headers=JSON)
        process.send_signal(signal.SIGTERM)
        ended = finish(process)
    for hidden in (secret, "hidden", "secret-path", "no good"):
        assert hidden not in ended.err
    lines = [json.loads(line) for line in ended.err.splitlines()]
    assert lines[0]["request"] == "abc-123"
    assert [line["status"] for line in lines] == [200, 200, 404, 400]
    assert lines[2]["route"] == "other"
    assert all(line["message"] == "request" and line["ms"] >= 0 for line in lines)
    assert len({line["request"] for line in lines}) == 4


# --- the server beneath, with short patience


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
        time.sleep(2.5)
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


@pytest.mark.slow
@pytest.mark.enable_socket
def test_a_thousand_idle_connections_do_not_keep_others_from_being_served(home):
    process = start(("--json", "serve", "--port", "0"), home)
    idle = []
    try:
        url = json.loads(process.stdout.readline())["url"]
        host, _, port = url.removeprefix("http://").partition(":")
        for _ in range(1000):
            idle.append(socket.create_connection((host, int(port)), timeout=DEADLINE_S))
        wire = make_wires(home, 1)[0]
        response = httpx2.post(f"{url}/v1/events", content=wire, headers=JSON, timeout=DEADLINE_S)
        assert response.status_code == 200
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert finish(process).code == 0
    finally:
        for client in idle:
            client.close()
        process.kill()
        process.communicate()

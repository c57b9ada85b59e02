"""`muniment serve` as a process: start, stop, kill, full disk, idle connections."""

import json
import shutil
import signal
import socket
import threading
from contextlib import ExitStack, contextmanager

import httpx2
import pytest

from node.registry import open_registry
from tests.support.program import ENTRY, finish, serving, start, wait_for
from tests.support.scribe import Scribe

DEADLINE_S = 120
JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}
LEFT_OPEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The client's library drops a connection that breaks amid a request without closing it."""


@contextmanager
def running(home, *argv, entry=ENTRY):
    """The program on a UNIX socket, and a client."""
    path = home.parent / "s"
    with serving(home, "serve", "--uds", path, *argv, entry=entry) as (process, ready):
        transport = httpx2.HTTPTransport(uds=str(path))
        with httpx2.Client(transport=transport, base_url="http://node", timeout=DEADLINE_S) as http:
            yield process, ready, http


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
        wait_for(lambda: answers)
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
        wait_for(lambda: len(accepted) >= 40)
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
    accepted, statuses = [], []
    with running(home, entry=entry) as (process, _, http):
        for start_at in range(0, 400, 20):
            body = b"\n".join(wires[start_at : start_at + 20])
            response = http.post("/v1/events", content=body, headers=NDJSON)
            statuses.append(response.status_code)
            if response.status_code != 200:
                assert str(home) not in response.text
                break
            accepted += [json.loads(line) for line in response.text.splitlines()]
        ended = finish(process)
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


@pytest.mark.slow
@pytest.mark.enable_socket
def test_a_thousand_idle_connections_do_not_keep_others_from_being_served(home):
    with serving(home, "serve", "--port", "0") as (process, ready), ExitStack() as idle:
        url = ready["url"]
        host, _, port = url.removeprefix("http://").partition(":")
        for _ in range(1000):
            address = (host, int(port))
            idle.enter_context(socket.create_connection(address, timeout=DEADLINE_S))
        wire = make_wires(home, 1)[0]
        response = httpx2.post(f"{url}/v1/events", content=wire, headers=JSON, timeout=DEADLINE_S)
        assert response.status_code == 200
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert finish(process).code == 0

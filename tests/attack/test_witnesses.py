"""Witnesses that lie, sleep and lead astray, on the network; and a log that forks before one."""

import contextlib
import shutil
import socketserver
import threading
import time

import pytest

from ledger.clock import SystemClock
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.note import format_signature_line, format_vkey
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Log, parse_policy
from ledger.errors import LedgerError
from node.serving import Hooks, serve
from node.witness.app import create_witness_app
from node.witness.book import open_book
from node.witness.witness import FORK, Witness
from tests.attack.process import DEADLINE_S, JSON, NDJSON, make_wires, run_node
from tests.support.note_signers import witness_signer
from tests.support.program import wait_for
from tests.support.witnesses import FixedLogs, witness_key

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]
HEAD = b"HTTP/1.1 %d Well\r\ncontent-type: %s\r\nconnection: close\r\n\r\n"


@contextlib.contextmanager
def listening(speak):
    """A server on the loopback that says what it likes to whoever connects; its address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            with contextlib.suppress(OSError):
                received = self.request.recv(65536)
                speak(received, self.request.sendall)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def saying(status, body, content_type=b"text/plain", more=b""):
    head = (HEAD % (status, content_type)).replace(b"\r\n\r\n", b"\r\n" + more + b"\r\n")
    return lambda received, send: send(head + body)


def endless(received, send):
    send(HEAD % (200, b"text/plain"))
    while True:
        send(b"x" * 65536)


def patient(received, send):
    while True:
        send(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.01)


def cosigning(signer, change=lambda text: text):
    """Signs whatever checkpoint it is sent, changed."""

    def speak(received, send):
        note = received.partition(b"\r\n\r\n")[2].partition(b"\n\n")[2]
        text = note.partition(b"\n\n")[0].decode() + "\n"
        line = signer.sign(change(text), int(time.time()))
        send(HEAD % (200, b"text/plain") + format_signature_line(line).encode())

    return speak


def liars(trap):
    """Witnesses that a policy names, by what they do instead of their work."""
    signers = {name: witness_signer(f"{name}.example") for name in NAMES}
    away = b"location: " + trap.encode() + b"/add-checkpoint\r\n"
    doing = {
        "sleeper": lambda received, send: time.sleep(120),
        "endless": endless,
        "patient": patient,
        "redirects": saying(307, b"", more=away),
        "moved": saying(301, b"", more=away),
        "refuses": saying(409, b"\xff\xfe{}", b"text/x.tlog.size"),
        "larger": saying(409, b"18446744073709551615\n", b"text/x.tlog.size"),
        "broken": saying(500, b"<html>" + b"x" * 10_000),
        "deaf": lambda received, send: None,
        "other": cosigning(witness_signer("stranger.example")),
        "thief": cosigning(witness_signer("thief.example", "another secret")),
        "changer": cosigning(signers["changer"], lambda text: text.replace("scribe", "bribes")),
        "grower": cosigning(signers["grower"], lambda text: text.replace("\n", "\n9", 1)),
    }
    return [(name, signers[name], doing[name]) for name in NAMES]


NAMES = (
    "sleeper", "endless", "patient", "redirects", "moved", "refuses", "larger", "broken", "deaf",
    "other", "thief", "changer", "grower",
)  # fmt: skip


def test_no_lie_is_published_and_nobody_is_led_anywhere_while_the_node_goes_on(home):
    asked, trapped = set(), []

    def trap(received, send):
        trapped.append(received)

    with contextlib.ExitStack() as stack:
        away = stack.enter_context(listening(trap))
        lines = []
        for name, signer, speak in liars(away):

            def noted(received, send, name=name, speak=speak):
                asked.add(name)
                speak(received, send)

            url = stack.enter_context(listening(noted))
            lines.append(f"witness {name} {signer.vkey} {url}\n")
        lines.append(f"group all 1 {' '.join(NAMES)}\nquorum all\n")
        plain = (home / "trust.policy").read_text()
        wires = make_wires(home, range(20))
        (home / "trust.policy").write_text(plain.replace("quorum none\n", "".join(lines)))
        (home.parent / "node.toml").write_text("wait_seconds = 0.5\n")
        node = stack.enter_context(run_node(home, "--config", home.parent / "node.toml"))
        before = node.memory
        results = [node.post(wire).json() for wire in wires]
        assert [one["index"] for one in results] == sorted(one["index"] for one in results)
        wait_for(lambda: asked == set(NAMES))
        late = node.post(wires[0], JSON | {"prefer": "wait=cosigned"})
        assert late.json()["cosigned"] is False
        assert node.http.get("/checkpoint").status_code == 404
        latest = node.http.get("/v1/checkpoint/latest").content
        policy = parse_policy((home / "trust.policy").read_bytes())
        with pytest.raises(LedgerError):
            open_checkpoint(policy, latest)
        assert parse_signed_checkpoint(latest).body.size > results[-1]["index"]
        assert node.memory - before < 64 * 1024 * 1024
        node.check_alive()
        assert node.stop() == 0  # and does not wait for who sleeps
    assert trapped == []


@contextlib.contextmanager
def witness_on_the_network(folder, log):
    """An honest witness of one log, and its address."""
    key = witness_key()
    stop, ready, urls = threading.Event(), threading.Event(), []

    def note(url):
        urls.append(url)
        ready.set()

    with open_book(folder, key.verifier) as book:
        witness = Witness(book, key, FixedLogs([log]), None, SystemClock())

        def run():
            hooks = Hooks(ready=note, has_to_stop=stop.is_set)
            serve(create_witness_app(witness), port=0, hooks=hooks)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            assert ready.wait(DEADLINE_S)
            yield witness, f"witness near {format_vkey(key.verifier)} {urls[0]}/\nquorum near\n"
        finally:
            stop.set()
            thread.join(DEADLINE_S)


def test_two_nodes_with_one_key_are_not_both_cosigned(home, tmp_path):
    plain = (home / "trust.policy").read_text()
    (log,) = parse_policy(plain.encode()).logs
    ours, theirs = make_wires(home, range(3)), make_wires(home, range(3), filler="other")
    twin = shutil.copytree(home, tmp_path / "twin")
    with witness_on_the_network(tmp_path / "book", Log(log.key)) as (witness, lines):
        for one in (home, twin):
            (one / "trust.policy").write_text(plain.replace("quorum none\n", lines))
        with run_node(home) as first, run_node(twin) as second:
            wait_for(lambda: published(first) == published(second) == 2)  # so far they are one log
            batch = NDJSON | {"prefer": "wait=cosigned"}
            answer = first.http.post("/v1/events", content=b"\n".join(ours), headers=batch)
            assert answer.text.count('"cosigned":true') == len(ours)
            assert published(first) == 6
            assert second.post(b"\n".join(theirs), NDJSON).text.count('"status":200') == 3
            wait_for(lambda: witness.counts[f"evidence.{FORK}"])
            assert published(second) == 2
            second.check_alive()
            assert published(first) == 6
            assert [one.stop() for one in (first, second)] == [0, 0]


def published(node):
    """Size of the checkpoint that a node shows; None without one."""
    answer = node.http.get("/checkpoint")
    return parse_signed_checkpoint(answer.content).body.size if answer.is_success else None

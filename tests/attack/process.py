"""A node in a process of its own, and those who attack it: over raw sockets and as clients."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import httpx2

from ledger.core.answer import parse_answer, verify_answer
from ledger.core.event import decode_signed_event
from ledger.keys import KeyRing
from node.registry import NODE_KEY, open_registry
from tests.support.program import ENTRY, environment, finish, start
from tests.support.scribe import Scribe

ORIGIN = "example.org/scribe"
DEADLINE_S = 60
JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}
PROBLEM = "application/problem+json"
HOST = b"host: node\r\n"
CLOSE = b"connection: close\r\n"


class NodeProcess:
    """A running node.

    Args:
        process: The program.
        folder: Of its socket and its log.
        home: Its home folder.
    """

    def __init__(self, process, folder, home):
        self.process, self.home = process, home
        self.path, self._log = folder / "s", folder / "log"
        limits = httpx2.Limits(max_connections=200)
        transport = httpx2.HTTPTransport(uds=str(self.path), limits=limits)
        self.http = httpx2.Client(
            transport=transport, base_url="http://node", timeout=DEADLINE_S, trust_env=False
        )

    def connect(self):
        """A raw connection."""
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(DEADLINE_S)
        client.connect(str(self.path))
        return client

    def ask(self, data, *, half_close=False):
        """All that the node answers to some bytes until it closes, or says nothing for a second."""
        with self.connect() as client:
            return exchange(client, data, half_close=half_close)

    def get(self, path, *headers):
        """The status and body of a raw GET."""
        lines = b"".join([HOST, CLOSE, *headers])
        return split(self.ask(b"GET " + path + b" HTTP/1.1\r\n" + lines + b"\r\n"))

    def post(self, wire, headers=JSON):
        """What is answered to events."""
        return self.http.post("/v1/events", content=wire, headers=headers)

    def check_alive(self):
        """It still serves others."""
        assert self.process.poll() is None
        assert self.get(b"/readyz") == (200, b"ready\n")

    @property
    def memory(self):
        """Bytes that it holds in memory."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmRSS")).split()[1])

    @property
    def log(self):
        """What it wrote to stderr so far."""
        return self._log.read_text()

    def stop(self):
        """End it as its supervisor would; with which code it ended."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)

    def kill(self):
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(DEADLINE_S)


@contextmanager
def run_node(home, *argv):
    """A node on a home folder while the context lasts."""
    folder = Path(tempfile.mkdtemp(prefix="m"))  # the path of a socket has to be short
    command = [sys.executable, "-c", ENTRY, "--json", "serve", "--uds", folder / "s", *argv]
    node = None
    with (folder / "log").open("wb") as log:  # a pipe that nobody reads would stop the node
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, env=environment(home), cwd=folder
        )
    try:
        line = process.stdout.readline()
        if not line.startswith(b'{"url"'):
            raise AssertionError((line + process.stdout.read()).decode())
        node = NodeProcess(process, folder, home)
        yield node
    finally:
        process.kill()
        process.communicate()
        if node is not None:
            node.http.close()
        shutil.rmtree(folder, ignore_errors=True)


def exchange(client, data, *, half_close=False, silence=1.0):
    """Send bytes on a connection, and all that comes back until nothing more does for a while."""
    parts = []
    try:
        client.sendall(data)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        while part := client.recv(65536):  # the first after however long
            client.settimeout(silence)
            parts.append(part)
    except (TimeoutError, ConnectionResetError, BrokenPipeError):
        pass
    return b"".join(parts)


def split(answer):
    """Status and body of one answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 "), answer[:200]
    return int(head[9:12]), body


def count(answer):
    """How many answers came on a connection."""
    return len(re.findall(rb"HTTP/1\.1 [0-9]{3} ", answer))


def make_wires(home, numbers, **members):
    """Signed events for a registry that nobody has open for writing."""
    with open_registry(home, None, is_writer=False) as registry:
        scribe = Scribe(registry)
        return [scribe.wire(n, **members) for n in numbers]


def check_answer(home, plain, wire, outcome, code):
    """The node's key signed just this answer to just this event."""
    signed = parse_answer(plain)
    node = KeyRing(home / "keys", None).load(NODE_KEY).did
    verify_answer(signed, node=node, log=ORIGIN)
    answer = signed.answer
    assert answer.event == decode_signed_event(wire).id
    assert (answer.outcome, answer.code) == (outcome, code)


def check_log(home, results):
    """Nothing acknowledged is lost, and the ledger passes an audit, after whatever happened."""
    ended = finish(start(("audit",), home))
    assert ended.code == 0, ended.err
    with open_registry(home, None, is_writer=False) as registry:
        for event, index in results:
            assert registry.store.find_event(bytes.fromhex(event)) == index, "acknowledged, lost"

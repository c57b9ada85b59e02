"""A node that is killed, stopped, out of room or on a broken disk, amid load."""

import os
import shutil
import signal
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from ledger.clock import SystemClock
from node.registry import open_registry
from tests.attack.process import NDJSON, check_answer, check_log, make_wires, run_node
from tests.support.program import wait_for

pytestmark = [
    pytest.mark.slow,
    # The client's library drops a connection that breaks amid a request without closing it.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SENDERS = 12


class Load:
    """Many clients that send events one by one until the node answers no more.

    Args:
        node: Gets them.
        wires: All of them.
    """

    def __init__(self, node, wires):
        self.node = node
        self.accepted = {}
        self.refused = []
        self.broken = 0
        self._threads = [
            threading.Thread(target=self._send, args=(wires[n::SENDERS],)) for n in range(SENDERS)
        ]
        for thread in self._threads:
            thread.start()

    def _send(self, wires):
        for wire in wires:
            try:
                answer = self.node.post(wire)
            except httpx2.TransportError:
                self.broken += 1
                return
            if answer.status_code == 200:
                self.accepted[wire] = answer.json()
            else:
                self.refused.append(answer)

    def end(self):
        """Wait until nobody sends any more; what was acknowledged."""
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a client was left without an answer"
        for wire, result in list(self.accepted.items())[::20]:
            check_answer(self.node.home, result["answer"], wire, "accepted", "accepted")
        return {(one["event"], one["index"]) for one in self.accepted.values()}


def test_a_kill_amid_load_loses_nothing_that_was_acknowledged(home):
    wires = make_wires(home, range(300))
    with run_node(home) as node:
        load = Load(node, wires)
        wait_for(lambda: len(load.accepted) >= 100)
        node.kill()
        acknowledged = load.end()
        assert not load.refused
    with run_node(home) as node:  # the next one knows all, and what was unanswered is sent again
        body = b"\n".join(wires)
        lines = node.http.post("/v1/events", content=body, headers=NDJSON).text.splitlines()
        assert all('"status":200' in line for line in lines)
        assert node.stop() == 0
    check_log(home, acknowledged)
    assert count_events(home) == 2 + len(wires) - 1


def count_events(home):
    """Events of the log: the founding ones, and what was sent."""
    with open_registry(home, None, is_writer=False, clock=SystemClock()) as registry:
        store = registry.store
        return sum(
            not leaf.startswith(b'{"seal":') for leaf in store.read_leaves(0, store.count_leaves())
        )


def test_a_stop_amid_load_answers_what_it_wrote_and_writes_what_it_answered(home):
    wires = make_wires(home, range(800))
    before = count_events(home)
    with run_node(home) as node:
        load = Load(node, wires)
        wait_for(lambda: len(load.accepted) >= 100)
        node.process.send_signal(signal.SIGTERM)
        acknowledged = load.end()
        assert node.stop() == 0
        assert {one.status_code for one in load.refused} <= {503}
    assert len(acknowledged) < len(wires), "it was too fast to be stopped amid anything"
    check_log(home, acknowledged)
    assert count_events(home) == before + len(acknowledged)


@contextmanager
def spoilt(node, injection):
    """While it lasts, system calls of a running node fail."""
    call = injection.partition(":")[0]
    command = ["strace", "-f", "-qqq", "-o", os.devnull, "-e", f"trace={call}"]
    command += ["-e", f"inject={injection}", "-p", str(node.process.pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        wait_for(lambda: is_traced(node) or tracer.poll() is not None)
        assert tracer.poll() is None, tracer.stderr.read()
        yield
    finally:
        tracer.terminate()
        tracer.communicate(timeout=30)


def is_traced(node):
    tasks = Path(f"/proc/{node.process.pid}/task").iterdir()
    return all("TracerPid:\t0" not in (task / "status").read_text() for task in tasks)


DISKS = {
    "no fsync succeeds": "fsync,fdatasync:error=EIO",
    "no room is left": "pwrite64,fallocate,ftruncate:error=ENOSPC:when=40+",
    "no file can be renamed": "rename,renameat,renameat2:error=EIO",
}


@pytest.mark.strace
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("name", DISKS)
def test_on_a_broken_disk_clients_are_told_to_wait_and_the_node_ends(home, name):
    wires = make_wires(home, range(100))
    with run_node(home) as node:
        early = [node.post(wire).json() for wire in wires[:3]]
        with spoilt(node, DISKS[name]):
            load = Load(node, wires[3:])
            node.process.wait(60)
        acknowledged = load.end() | {(one["event"], one["index"]) for one in early}
        assert node.process.returncode == 6, node.log
    assert load.refused
    for answer in load.refused:
        assert answer.status_code == 503
        assert "answer" not in answer.json(), "it spoke of an event that it knows nothing of"
        assert str(home) not in answer.text
    with run_node(home) as node:
        response = node.http.post("/v1/events", content=b"\n".join(wires), headers=NDJSON)
        assert response.text.count('"status":200') == len(wires)
        assert node.stop() == 0
    check_log(home, acknowledged)

"""Asking nodes that never come to an end: none holds a command for long, or fills its memory."""

import gzip
import threading
import time

import pytest

from ledger.errors import UnavailableError
from node.remote.client import NodeClient
from tests.light.house import serve

LONGEST_S = 30
THREAD = "fetching"
"""Name of a thread that makes a request."""
pytestmark = pytest.mark.filterwarnings(
    # the library leaves the socket of a connection that failed to the garbage collector
    "ignore::pytest.PytestUnraisableExceptionWarning"
)


def trickle_head(handler, path):
    send_forever(handler, b"HTTP/1.1 200 OK\r\nX-A: ", b"a", pause=0.05)


def trickle_body(handler, path):
    send_forever(handler, b"HTTP/1.1 200 OK\r\n\r\n", b" ", pause=0.05)


def send_informational(handler, path):
    send_forever(handler, b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", pause=0.01)


def send_beyond_gzip(handler, path):
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    send_forever(handler, head + gzip.compress(b"{}"), bytes(65_536), pause=0)


def send_forever(handler, head, part, *, pause):
    try:
        handler.wfile.write(head)
        while True:
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(pause)
    except OSError:
        handler.close_connection = True


@pytest.mark.parametrize(
    "respond", [trickle_head, trickle_body, send_informational, send_beyond_gzip]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_node_holds_a_client_for_ever(tmp_path, monkeypatch, respond, method):
    monkeypatch.setattr(time, "sleep", lambda pause, wait=time.sleep: wait(min(pause, 0.05)))
    began = time.monotonic()
    with serve(tmp_path / "s", respond):
        client = NodeClient(f"unix:{tmp_path / 's'}", seconds=0.3)
        with pytest.raises(UnavailableError):
            if method == "get":
                client.get("checkpoint", max_bytes=1000)
            else:
                client.post("v1/events", b"{}", content_type="application/json", max_bytes=1000)
        while any(thread.name == THREAD for thread in threading.enumerate()):
            assert time.monotonic() - began < LONGEST_S, "it goes on for what was given up"
            time.sleep(0.01)
    client.close()
    assert time.monotonic() - began < LONGEST_S

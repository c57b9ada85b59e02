"""The witness on a real connection, as logs in other languages use it."""

import socket
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.core.addcheckpoint import hash_origin
from node.serving import Hooks, serve
from tests.support.witnesses import SmallLog, app_of, serving

DEADLINE_S = 120
LOG = SmallLog()


@contextmanager
def listening(app):
    """A server of this application on a UNIX socket; gives the socket's path."""
    ready, stop = threading.Event(), threading.Event()
    with tempfile.TemporaryDirectory(prefix="m") as folder:  # the path of a socket has to be short
        path = Path(folder, "s")
        hooks = Hooks(ready=lambda _: ready.set(), has_to_stop=stop.is_set)
        thread = threading.Thread(target=lambda: serve(app, uds=path, hooks=hooks))
        thread.start()
        try:
            assert ready.wait(DEADLINE_S)
            yield path
        finally:
            stop.set()
            thread.join(DEADLINE_S)
            assert not thread.is_alive()


@pytest.fixture
def connection(tmp_path):
    with (
        serving(tmp_path / "witness", LOG.signer) as witness,
        listening(app_of(witness)) as path,
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.settimeout(DEADLINE_S)
        client.connect(str(path))
        yield client


def post(body, *headers):
    head = ["POST /add-checkpoint HTTP/1.1", "Host: witness", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def whole(body):
    return post(body, f"Content-Length: {len(body)}")


def chunked(body):
    """In chunks of 7 bytes, as who does not know the length before."""
    pieces = [body[at : at + 7] for at in range(0, len(body), 7)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces)
    return post(chunks + b"0\r\n\r\n", "Transfer-Encoding: chunked")


def read_answer(client):
    """Status, headers and body of one answer; the connection stays open."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(65536)
        assert more, "the connection was closed"
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    while len(body) < int(headers["content-length"]):
        body += client.recv(65536)
    return int(status.split()[1]), headers, body


def test_a_connection_is_kept_through_answers_of_every_kind(connection):
    asked = [
        (LOG.request(0, 4), 200),
        (LOG.request(0, 9), 409),
        (LOG.request(4, 9, proof=[]), 422),
        (LOG.request(9, 4), 400),
        (b"nothing", 400),
        (SmallLog("example.org/unknown").request(0, 1), 404),
        (LOG.request(4, 9), 200),
    ]
    for body, expected in asked:
        connection.sendall(whole(body))
        status, headers, answer = read_answer(connection)
        assert status == expected, answer
        assert headers.get("connection") != "close"
        if status == 409:
            assert (headers["content-type"], answer) == ("text/x.tlog.size", b"4\n")
        if status == 200:
            assert answer.startswith("— ".encode())
            assert answer.endswith(b"\n")
    connection.sendall(
        f"GET /{hash_origin(LOG.origin)}/checkpoint HTTP/1.1\r\nHost: w\r\n\r\n".encode()
    )
    status, _, note = read_answer(connection)
    assert (status, note) == (200, LOG.note(9) + answer)


def test_a_body_may_come_in_chunks(connection):
    connection.sendall(chunked(LOG.request(0, 4)))
    assert read_answer(connection)[0] == 200
    connection.sendall(chunked(LOG.request(4, 9)))
    assert read_answer(connection)[0] == 200


def test_requests_that_come_together_are_answered_in_their_order(connection):
    connection.sendall(whole(LOG.request(0, 4)) + whole(LOG.request(4, 9)))
    assert [read_answer(connection)[0] for _ in range(2)] == [200, 200]

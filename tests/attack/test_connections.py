"""Requests that are no requests, smuggled ones, endless ones and slow ones, on raw connections."""

import json
import time

import pytest

from tests.attack.process import CLOSE, HOST, JSON, PROBLEM, count, exchange, split
from tests.attack.process import make_wires as make

pytestmark = pytest.mark.slow
MIB = 1024 * 1024
CHUNKED = b"transfer-encoding: chunked\r\n"
STREAM = b"GET /v1/stream HTTP/1.1\r\n" + HOST
HEALTH = b"GET /healthz HTTP/1.1\r\n" + HOST
ADD = b"POST /add HTTP/1.1\r\n" + HOST
EVENTS = b"POST /v1/events HTTP/1.1\r\n" + HOST + b"content-type: application/x-ndjson\r\n"
NEXT = b"GET /metrics HTTP/1.1\r\n" + HOST + b"\r\n"

NO_REQUESTS = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "HTTP/2 by hope": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a method of nobody": b"STEAL /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel": b"CONNECT elsewhere.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "an address without a path": b"GET http://elsewhere.example HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path that is no ASCII": "GET /v1/state/é HTTP/1.1\r\n".encode() + HOST + b"\r\n",
    "a NUL in a header": b"GET /healthz HTTP/1.1\r\nhost: a\0b\r\n\r\n",
    "line feeds alone": b"GET /healthz HTTP/1.1\nhost: a\n\n",
    "a carriage return alone": b"GET /healthz HTTP/1.1\r\nhost: a\rx: b\r\n\r\n",
    "a folded header": HEALTH + b"x: a\r\n b\r\n\r\n",
    "both lengths": ADD + b"content-length: 4\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + NEXT,
    "both lengths, with a tab": ADD + b"content-length: 4\r\ntransfer-encoding:\tchunked\r\n\r\n0\r\n\r\n",
    "two lengths": ADD + b"content-length: 4\r\ncontent-length: 5\r\n\r\nabcde" + NEXT,
    "a negative length": ADD + b"content-length: -1\r\n\r\n" + NEXT,
    "a signed length": ADD + b"content-length: +4\r\n\r\nabcd",
    "a list of lengths": ADD + b"content-length: 4, 4\r\n\r\nabcd",
    "a length beyond 64 bits": ADD + b"content-length: 18446744073709551620\r\n\r\nabcd",
    "a coding that looks like chunked": ADD + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT,
    "chunked and then more": ADD + b"transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n" + NEXT,
    "a blank before the colon": ADD + b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n" + NEXT,
    "a chunk size that is none": ADD + CHUNKED + b"\r\nzz\r\nabc\r\n0\r\n\r\n" + NEXT,
    "a negative chunk size": ADD + CHUNKED + b"\r\n-1\r\nabc\r\n0\r\n\r\n" + NEXT,
    "a chunk size beyond 64 bits": ADD + CHUNKED + b"\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "chunks with line feeds alone": ADD + CHUNKED + b"\r\n3\nabc\n0\n\n",
    "a line feed in a chunk's extension": ADD + CHUNKED + b"\r\n3;a\nb\r\nabc\r\n0\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", NO_REQUESTS)
def test_what_is_no_request_is_refused_once_and_the_connection_closed(standing, name):
    answer = standing.ask(NO_REQUESTS[name])
    status, body = split(answer)
    assert status == 400
    assert count(answer) == 1, "something was smuggled in"
    assert json.loads(body)["status"] == 400
    assert PROBLEM.encode() in answer


UPGRADES = {
    "to HTTP/2": b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\n",
    "to a web socket": b"connection: keep-alive, upgrade\r\nupgrade: websocket\r\n",
}


@pytest.mark.parametrize("name", UPGRADES)
@pytest.mark.parametrize("is_split", [False, True])
def test_the_body_of_a_request_to_upgrade_is_never_taken_for_a_request(standing, name, is_split):
    head = ADD + UPGRADES[name] + b"content-length: %d\r\n\r\n" % len(NEXT)
    with standing.connect() as client:
        answer = exchange(client, head if is_split else head + NEXT)
        answer += exchange(client, NEXT) if is_split else b""
    assert count(answer) == 1
    assert split(answer)[0] == 400
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("name", UPGRADES)
def test_who_offers_to_upgrade_is_answered_all_the_same(standing, name):
    assert split(standing.ask(HEALTH + UPGRADES[name] + b"\r\n")) == (200, b"ok\n")


def test_a_trailer_is_no_header(standing):
    answer = standing.ask(
        ADD + CLOSE + CHUNKED + b"\r\n2\r\n{}\r\n0\r\nx-request-id: smuggled\r\n\r\n"
    )
    assert split(answer)[0] == 400
    assert b"smuggled" not in answer


ENDLESS = {
    "a head": (b"GET / HTTP/1.1\r\n", b"x: y\r\n" * 10_000),
    "a header": (b"GET / HTTP/1.1\r\nx: ", b"y" * 60_000),
    "a path": (b"GET /", b"y" * 60_000),
    "a head behind a stream": (STREAM + b"\r\nGET / HTTP/1.1\r\n", b"x: y\r\n" * 10_000),
    "a header behind a stream": (STREAM + b"\r\nGET / HTTP/1.1\r\nx: ", b"y" * 60_000),
    "requests behind a stream": (STREAM + b"\r\n", HEALTH + b"\r\n"),
    "trailers of a stream": (STREAM + CHUNKED + b"\r\n0\r\n", b"x: y\r\n" * 10_000),
    "trailers of an event": (ADD + CHUNKED + b"\r\n0\r\n", b"x: y\r\n" * 10_000),
    "a trailer": (ADD + CHUNKED + b"\r\n0\r\nx: ", b"y" * 60_000),
    "an extension of a chunk": (ADD + CHUNKED + b"\r\n1;a=", b"y" * 60_000),
    "a body": (EVENTS + CHUNKED + b"\r\n", b"ea60\r\n" + b" " * 60_000 + b"\r\n"),
    "a body of an event": (ADD + CHUNKED + b"\r\n", b"ea60\r\n" + b" " * 60_000 + b"\r\n"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_has_no_end_is_cut_off_before_it_fills_the_memory(standing, name):
    first, more = ENDLESS[name]
    before, sent = standing.memory, 0
    with standing.connect() as client:
        client.sendall(first)
        time.sleep(0.05)  # else it may come in one piece with what follows
        client.settimeout(2)
        try:
            while sent < 64 * MIB:
                sent += client.send(more)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):  # the last: nobody reads it
            pass
        if "body" not in name:  # of which the rest is thrown away for a while, after the answer
            assert sent < 2 * MIB, "nobody stopped it"
        assert standing.memory - before < 32 * MIB
    standing.check_alive()


def test_chunks_of_single_bytes_are_a_body_like_any_other(standing, make_wire):
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in make_wire())
    status, body = split(standing.ask(ADD + CLOSE + CHUNKED + b"\r\n" + chunks + b"0\r\n\r\n"))
    assert (status, body.isdigit()) == (200, True)


@pytest.fixture(scope="module")
def make_wire(standing):
    numbers = iter(range(1000))
    return lambda: make(standing.home, [next(numbers)])[0]


OVERSIZED = {
    "a length that says so": EVENTS + b"content-length: 8388609\r\n\r\n",
    "a length that says far too much": EVENTS + b"content-length: 9223372036854775807\r\n\r\n",
    "an event's length that says so": ADD + b"content-length: 49153\r\n\r\n",
    "chunks": EVENTS + CHUNKED + b"\r\n800001\r\n" + b" " * (8 * MIB + 1) + b"\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", OVERSIZED)
def test_a_byte_more_than_8_mib_is_too_much(standing, name):
    status, body = split(standing.ask(OVERSIZED[name]))
    assert status == 413
    assert json.loads(body)["code"] == "limit"


def test_8_mib_are_read(standing):
    status, body = split(
        standing.ask(EVENTS + CLOSE + b"content-length: 8388608\r\n\r\n" + b" " * 8 * MIB)
    )
    assert (status, json.loads(body)["problem"]["code"]) == (200, "limit")  # of the only line


def test_less_than_the_length_said_is_nothing(standing, make_wire):
    wire = make_wire()
    head = ADD + b"content-length: %d\r\n\r\n" % (len(wire) + 1)
    assert standing.ask(head + wire, half_close=True) == b""
    assert standing.post(wire).json()["duplicate"] is False


def test_more_than_the_length_said_is_the_next_request(standing, make_wire):
    wire = make_wire()
    answer = standing.ask(ADD + b"content-length: %d\r\n\r\n" % len(wire) + wire + NEXT)
    assert count(answer) == 2


def test_who_closes_his_half_early_has_his_event_written_or_not_and_harms_nobody(
    standing, make_wire
):
    wire = make_wire()
    answer = standing.ask(
        ADD + CLOSE + b"content-length: %d\r\n\r\n" % len(wire) + wire, half_close=True
    )
    assert answer == b"" or split(answer)[0] == 200
    assert standing.post(wire).status_code == 200


def test_half_open_and_broken_off_requests_leave_nothing_behind(standing):
    for data in (
        b"",
        b"POST",
        ADD,
        ADD + b"content-length: 9\r\n\r\nab",
        EVENTS + CHUNKED + b"\r\n5",
    ):
        clients = [standing.connect() for _ in range(50)]
        for client in clients:
            client.sendall(data)
        for client in clients:
            client.close()
    standing.check_alive()


def test_answers_to_many_at_once_on_one_connection_come_in_order(standing, make_wire):
    wires = [make_wire() for _ in range(20)]
    requests = [ADD + b"content-length: %d\r\n\r\n" % len(wire) + wire for wire in wires]
    answer = standing.ask(b"".join(requests))
    bodies = [part[:20].partition(b"HTTP")[0] for part in answer.split(b"\r\n\r\n")[1:]]
    expected = [standing.post(wire).json()["index"] for wire in wires]
    assert [int(body) for body in bodies] == expected


def test_an_address_of_somebody_else_in_the_request_line_is_not_asked(standing):
    head = b"GET http://elsewhere.example/healthz HTTP/1.1\r\n" + HOST + CLOSE
    assert split(standing.ask(head + b"\r\n")) == (200, b"ok\n")


def test_packed_bodies_are_refused_unread(standing):
    bomb = b"\x1f\x8b\x08\x00" + bytes(40_000)
    for coding in ("gzip", "deflate", "br", "zstd", "identity, gzip", "x" * 5000):
        response = standing.post(bomb, JSON | {"content-encoding": coding})
        assert response.status_code == 415
        assert response.headers["content-type"] == PROBLEM


def test_who_leaves_a_stream_with_requests_behind_it_is_no_bug_of_ours(standing, make_wire):
    for _ in range(3):
        with standing.connect() as client:
            client.sendall(STREAM + b"\r\n" + HEALTH + b"\r\n" + HEALTH + b"\r\n")
            assert client.recv(5) == b"HTTP/"
        standing.post(make_wire())
    assert "Traceback" not in standing.log

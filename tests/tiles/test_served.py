"""Over a real connection: what a light client fetches, and what a server makes of odd requests."""

import socket
from urllib.parse import urlsplit

import pytest

from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.limits import MAX_NOTE_BYTES
from ledger.errors import NotFoundError
from ledger.light.fetch import HttpFetcher
from ledger.light.leaves import AuthenticTiles, FetchedTiles, read_leaves
from tests.tiles.conftest import DEADLINE_S, LONG

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def fetcher(served):
    fetcher = HttpFetcher(served)
    yield fetcher
    fetcher.close()


def test_a_light_client_reads_the_log(fetcher, long_log):
    body = parse_signed_checkpoint(fetcher.get("checkpoint", max_bytes=MAX_NOTE_BYTES)).body
    tiles = AuthenticTiles(FetchedTiles(fetcher, LONG), body)
    leaves = [leaf for _, leaf in read_leaves(fetcher, 65_000, LONG, LONG, tiles=tiles)]
    assert leaves == long_log.leaves[65_000:]
    with pytest.raises(NotFoundError):
        fetcher.get("tile/0/274", max_bytes=8192)


def exchange(address, request):
    """What a server answers to these bytes, until it closes."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=DEADLINE_S) as connection:
        connection.sendall(request)
        answer = b""
        while more := connection.recv(65536):
            answer += more
        return answer


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET /tile/0/000 HTTP/1.1", 200),
        (b"GET /tile/0/000?x=1 HTTP/1.1", 200),
        (b"HEAD /tile/0/000 HTTP/1.1", 200),
        (b"GET /tile/0/%30%30%30 HTTP/1.1", 404),
        (b"GET /tile/0/../0/000 HTTP/1.1", 404),
        (b"GET //tile/0/000 HTTP/1.1", 404),
        (b"GET /tile/0/%d9%a0 HTTP/1.1", 404),
        (b"POST /tile/0/000 HTTP/1.1", 405),
        (b"DELETE /checkpoint HTTP/1.1", 405),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_odd_requests_get_the_answer_they_should(served, line, status):
    request = line + b"\r\nHost: x\r\nConnection: close\r\n\r\n"
    head, _, body = exchange(served, request).partition(b"\r\n\r\n")
    assert head.split()[1] == b"%d" % status
    is_whole = status == 200 and not line.startswith(b"HEAD")
    assert len(body) == (8192 if is_whole else 0)

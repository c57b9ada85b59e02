"""Reads over a real server: what only shows on a connection."""

import json

import httpx2
import pytest

from tests.support.running import run_node


@pytest.fixture
def client(own_home):
    with run_node(own_home) as url:
        transport = httpx2.HTTPTransport(uds=url.removeprefix("unix:"))
        with httpx2.Client(transport=transport, base_url="http://node", timeout=20) as client:
            yield client


def test_head_and_get_share_a_connection(client, trade):
    """A body after HEAD, or a length that is not kept, would spoil what comes next."""
    path = f"/v1/dossier/{trade.asset}"
    for coding in ("identity", "gzip"):
        headers = {"accept-encoding": coding}
        for _ in range(3):
            head = client.head(path, headers=headers)
            got = client.get(path, headers=headers)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-length"] == got.headers["content-length"]
            assert head.headers["etag"] == got.headers["etag"]
            unchanged = client.get(path, headers=headers | {"if-none-match": got.headers["etag"]})
            assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_a_stream_comes_as_it_is_written(client):
    with client.stream("GET", "/v1/stream?after=0") as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        lines = response.iter_lines()
        first = [next(lines) for _ in range(4)]
    assert first[:2] == ["id: 2", "event: block"]
    assert json.loads(first[2].removeprefix("data: "))["size"] == 2
    assert first[3] == ""


def test_an_open_stream_does_not_keep_the_node_from_stopping(own_home):
    with run_node(own_home) as url:
        transport = httpx2.HTTPTransport(uds=url.removeprefix("unix:"))
        client = httpx2.Client(transport=transport, base_url="http://node", timeout=20)
        stream = client.stream("GET", "/v1/stream")
        response = stream.__enter__()
        assert next(response.iter_lines()).startswith("id: ")
    client.close()  # the node has stopped while it was open; a deadline of run_node says so

"""What the tests of tiles share: one long log, and a client of applications."""

import asyncio
import threading
import time

import pytest
import uvicorn

from node.tiles.app import TileApp
from node.tiles.source import StoreTiles
from tests.support.tile_logs import TileLog

DEADLINE_S = 120
LONG = 70_000
"""Crosses a tile of level 1, so that there is one of level 2."""


@pytest.fixture(scope="session")
def long_log(tmp_path_factory):
    """Nobody may append to it."""
    log = TileLog(tmp_path_factory.mktemp("long"), LONG)
    yield log
    log.store.close()


@pytest.fixture
def log(tmp_path):
    """An empty one of the test's own."""
    log = TileLog(tmp_path)
    yield log
    log.store.close()


@pytest.fixture(scope="session")
def served(long_log):
    """Address of a server on this machine."""
    app = TileApp(StoreTiles(long_log.store, long_log.notes))
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + DEADLINE_S
    while not server.started:
        assert time.monotonic() < deadline
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(DEADLINE_S)


class Answer:
    """What an application answered."""

    def __init__(self, messages):
        start, *rest = messages
        assert start["type"] == "http.response.start"
        assert [message["type"] for message in rest] == ["http.response.body"]
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        assert len(self.headers) == len(start["headers"]), "no header twice"
        self.body = rest[0]["body"]


async def call(app, path, method="GET", **headers):
    """One request, as a server makes it of the bytes that came."""
    messages = []

    async def receive():
        raise AssertionError("there is no body to be read")

    async def send(message):
        messages.append(message)

    raw = path.encode("latin-1")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": raw,
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ],
    }
    await app(scope, receive, send)
    return Answer(messages)


def get(app, path, method="GET", **headers):
    return asyncio.run(call(app, path, method, **headers))

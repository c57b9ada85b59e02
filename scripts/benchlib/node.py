"""Figures of the node over loopback: how many tiles and bundles it answers with."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from typing_extensions import override

from ledger.core.policy import parse_policy
from ledger.storage.sqlite import SqliteStore
from node.home import Home
from node.tiles.editions import export_log
from scripts.benchlib.measure import Row, Scale, at_least
from scripts.benchlib.world import BLOCK, Events, found, opened

_START = "from cli.main import run; run()"
_CONNECTIONS = 32
_SECONDS = 5.0
_WARM_SECONDS = 1.0
_STOP_S = 30
_PATHS = {
    "tiles": "/tile/0/000",
    "gzipped bundles": "/tile/entries/000",
    "checkpoints": "/checkpoint",
}


def measure_tiles(folder: Path, scale: Scale) -> list[Row]:
    """What the node answers of the log's files, and how fast they are written to a folder."""
    home = folder / "served"
    found(home)
    with opened(home) as desk:
        events = Events(desk.registry)
        for _ in range(scale.small // BLOCK):
            desk.write(events.create(BLOCK))
    rows = [_measure_export(home, folder / "exported")]
    with serving(home) as url:
        for name, path in _PATHS.items():
            rate = asyncio.run(_load(url, path, _SECONDS))
            goal = at_least(10_000) if name == "tiles" else None
            meaning = (
                f"`GET {path}` with {_CONNECTIONS} connections kept alive, client and node in a "
                f"process each, {_SECONDS:g} s; the node writes a line of log for each"
            )
            rows.append(Row("tiles", f"{name} from the node", rate, "1/s", goal, meaning))
    return rows


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """The address of a node that runs in a process of its own.

    Raises:
        AssertionError: It did not start.
    """
    argv = ("--home", str(home), "--json", "serve", "--port", "0")
    process = subprocess.Popen(
        [sys.executable, "-c", _START, *argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise AssertionError("the node did not start")
        yield str(json.loads(line)["url"])
    finally:
        process.terminate()
        process.communicate(timeout=_STOP_S)


def _measure_export(home: Path, target: Path) -> Row:
    policy = parse_policy(Home(home).policy.read_bytes())
    start = time.perf_counter()
    with closing(SqliteStore(Home(home).ledger)) as store:
        done = export_log(store, policy, target, lambda _done, _total: None)
    took = time.perf_counter() - start
    meaning = f"{done.size:,} leaves to a new folder, {done.files} files, each durable"
    return Row("tiles", "leaves exported as files", done.size / took, "leaves/s", None, meaning)


async def _load(url: str, path: str, seconds: float) -> float:
    """Answers per second to requests that each wait for the one before on their connection."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept-Encoding: gzip\r\n\r\n"
    clients = []
    for _ in range(_CONNECTIONS):
        _, client = await loop.create_connection(
            lambda: _Client(request.encode()), parts.hostname, parts.port
        )
        clients.append(client)
    await asyncio.sleep(_WARM_SECONDS)
    before, start = sum(client.answers for client in clients), time.perf_counter()
    await asyncio.sleep(seconds)
    answers, took = sum(client.answers for client in clients) - before, time.perf_counter() - start
    for client in clients:
        client.stop()
    return answers / took


class _Client(asyncio.Protocol):
    """Asks for one path again and again; all answers are as long as the first.

    Args:
        request: Whole.
    """

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._transport: asyncio.WriteTransport | None = None
        self._begun = b""
        self._length = 0
        self._missing = 0
        self.answers = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport
            transport.write(self._request)

    @override
    def data_received(self, data: bytes) -> None:
        """Count, and ask again once the answer is whole.

        Raises:
            AssertionError: It is no answer, or another than the first.
        """
        if self._length == 0:
            self._begun += data
            self._length = self._missing = _length_of(self._begun)
            data = self._begun
        self._missing -= len(data)
        if self._length and self._missing == 0:
            self.answers += 1
            self._missing = self._length
            if self._transport is not None:
                self._transport.write(self._request)

    def stop(self) -> None:
        """Close the connection.

        Raises:
            AssertionError: There was no answer, or one of another length.
        """
        if self._transport is not None:
            self._transport.close()
        if self.answers == 0 or not 0 < self._missing <= self._length:
            raise AssertionError("the answers are not what is to be measured")


def _length_of(answer: bytes) -> int:
    """Bytes of the whole answer, or 0 while its head is not here.

    Raises:
        AssertionError: It is none.
    """
    head, end, _ = answer.partition(b"\r\n\r\n")
    if not end:
        return 0
    first, *lines = head.lower().split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines)
    if b" 200 " not in first:
        raise AssertionError(f"the node answered {first!r}")
    return len(head) + len(end) + int(headers[b"content-length"])

"""The load of the node's figures: a process of its own that keeps connections and counts answers.

It is no library's client, because that would cost more than the node does: requests are bytes that
are made beforehand, and of an answer only its status and its length are read.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop
from typing_extensions import override

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_STOP_S = 30
_ANSWER_S = 300
_GOOD_LINE = b'"status":200'


@dataclass(frozen=True)
class Load:
    """What is asked of a node.

    Args:
        path: With its query.
        in_flight: Requests under way at the same time, each on a connection of its own.
        bodies: File of lines that are posted; None: the path is read.
        lines: Of a body; 1: one event as JSON.
        seconds: How long the path is read.
        headers: Beside those that every request has.
    """

    path: str
    in_flight: int = 1
    bodies: str | None = None
    lines: int = 1
    seconds: float = 0
    headers: str = ""

    def with_bodies(self, path: str) -> "Load":
        """The same, that posts this file."""
        return replace(self, bodies=path)

    def for_seconds(self, seconds: float) -> "Load":
        """The same, for so long."""
        return replace(self, seconds=seconds)


@dataclass
class Outcome:
    """What came of a load.

    Args:
        seconds: From the first request to the last answer.
        latencies: Of each request, in seconds.
        good: Answers that said 200: requests, or lines of their answers.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    good: int = 0

    @property
    def rate(self) -> float:
        """Of requests, or of lines, that were answered with 200, per second."""
        return self.good / self.seconds

    def percentile(self, share: int) -> float:
        """Milliseconds that so many of a hundred requests took at most."""
        latencies = sorted(self.latencies)
        return latencies[(len(latencies) - 1) * share // 100] * 1000


class Loader:
    """The process that makes the load.

    Args:
        process: Takes a load a line, gives an outcome a line.
        url: Of the node.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", url: str) -> None:
        self._process = process
        self._url = url

    def run(self, load: Load) -> Outcome:
        """Make a load, and wait for its end.

        Raises:
            AssertionError: The process ended, or an answer was another than is measured.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("the process has no pipes")
        self._process.stdin.write(json.dumps([self._url, vars(load)]).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError("the load did not end: its process says why")
        return Outcome(**json.loads(line))


@contextmanager
def loader(url: str) -> Iterator[Loader]:
    """A process that asks the node at this address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.benchlib.load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield Loader(process, url)
    finally:
        process.terminate()
        process.communicate(timeout=_STOP_S)


def save_bodies(folder: Path, wires: Sequence[bytes]) -> str:
    """The file of lines for a load."""
    path = folder / "bodies.ndjson"
    path.write_bytes(b"\n".join(wires))
    return str(path)


class _Connection(asyncio.Protocol):
    """Sends one request after the other, each once the answer before is whole.

    Args:
        requests: Shared with the other connections.
        outcome: Shared as well.
        done: Set when there is nothing more to ask, or when something is wrong.
    """

    def __init__(
        self, requests: Iterator[bytes], outcome: Outcome, done: "asyncio.Future[None]"
    ) -> None:
        self._requests = requests
        self._outcome = outcome
        self._done = done
        self._transport: asyncio.WriteTransport | None = None
        self._begun = 0.0
        self._parts: list[bytes] = []
        self._missing = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def ask(self) -> None:
        """Send the next request, if there is one."""
        request = next(self._requests, None)
        if request is None:
            self._end(None)
        elif self._transport is not None:
            self._begun = time.perf_counter()
            self._transport.write(request)

    @override
    def data_received(self, data: bytes) -> None:
        self._parts.append(data)
        if self._missing:
            self._missing -= len(data)
        else:
            begun = b"".join(self._parts)
            head = begun.find(_HEAD_END)
            if head < 0:
                return
            place = begun.lower().find(_LENGTH, 0, head + 2) + len(_LENGTH)
            length = int(begun[place : begun.index(b"\r", place)])
            self._missing = head + len(_HEAD_END) + length - len(begun)
        if self._missing == 0:
            self._take(b"".join(self._parts))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._end(AssertionError(f"the node closed a connection: {exc!r}"))

    def _take(self, answer: bytes) -> None:
        self._parts.clear()
        if not answer.startswith(b"HTTP/1.1 200 "):
            self._end(AssertionError(f"the node answered {answer[:300]!r}"))
            return
        self._outcome.latencies.append(time.perf_counter() - self._begun)
        self._outcome.good += answer.count(_GOOD_LINE) or 1
        self.ask()

    def _end(self, error: AssertionError | None) -> None:
        if self._done.done():
            return
        if error is None:
            self._done.set_result(None)
        else:
            self._done.set_exception(error)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def main() -> None:
    with open(1, "wb", closefd=False) as answers:  # whole lines, also where stdout is unbuffered
        for line in sys.stdin:
            url, load = json.loads(line)
            outcome = uvloop.run(_run(url, Load(**load)))
            answers.write(json.dumps(vars(outcome)).encode() + b"\n")
            answers.flush()


async def _run(url: str, load: Load) -> Outcome:
    parts = urlsplit(url)
    requests = _make_requests(parts.netloc, load)
    outcome = Outcome()
    loop = asyncio.get_running_loop()
    ends = [loop.create_future() for _ in range(load.in_flight)]
    connections = []
    for end in ends:
        _, connection = await loop.create_connection(
            lambda end=end: _Connection(requests, outcome, end), parts.hostname, parts.port
        )
        connections.append(connection)
    start = time.perf_counter()
    for connection in connections:
        connection.ask()
    async with asyncio.timeout(_ANSWER_S):
        await asyncio.gather(*ends)
    outcome.seconds = time.perf_counter() - start
    for connection in connections:
        connection.close()
    return outcome


def _make_requests(host: str, load: Load) -> Iterator[bytes]:
    fixed = f"Host: {host}\r\n{load.headers}"
    if load.bodies is None:
        until = time.perf_counter() + load.seconds
        request = f"GET {load.path} HTTP/1.1\r\n{fixed}\r\n".encode()
        return iter(lambda: request if time.perf_counter() < until else None, None)
    wires = Path(load.bodies).read_bytes().split(b"\n")
    kind = "application/json" if load.lines == 1 else "application/x-ndjson"
    head = f"POST {load.path} HTTP/1.1\r\n{fixed}Content-Type: {kind}\r\nContent-Length: ".encode()
    bodies = (b"\n".join(wires[i : i + load.lines]) for i in range(0, len(wires), load.lines))
    return iter([head + b"%d\r\n\r\n" % len(body) + body for body in bodies])


if __name__ == "__main__":
    main()

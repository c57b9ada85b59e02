"""The mixed load of a soak: each kind of request in a thread of its own, at a rate of its own."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from urllib.parse import urlsplit

from ledger.core.tiles import TILE_WIDTH, TileId, format_entries_path, format_tile_path
from node.tiles.app import CACHE_BYTES
from scripts.benchlib.world import Events, part

_TIMEOUT_S = 60
_STREAM_S = 60.0
_JOIN_S = 120
_POLL_S = 1.0
_JSON = {"Content-Type": "application/json"}
_LINES = {"Content-Type": "application/x-ndjson"}
_COSIGNED = _JSON | {"Prefer": "wait=cosigned"}


class Traffic:
    """What is sent to a node until it is told to stop, and what came back.

    Args:
        url: Of the node.
        events: Makes what is submitted; called by one thread at a time.
        subjects: Parts of the benchmark's list that are there.
    """

    def __init__(self, url: str, events: Events, subjects: int) -> None:
        self._address = urlsplit(url).netloc
        self._events = events
        self._subjects = subjects
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._size = 1
        self.answers: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.accepted = 0

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Send while within."""
        works: list[tuple[float, Callable[[int, http.client.HTTPConnection], None]]] = [
            (0.05, self._submit_single),
            (1.0, self._submit_cosigned),
            (3.0, self._submit_batch),
            (0.02, self._read_proof),
            (1.0, self._read_list),
            (0.01, self._read_tile),
        ]
        threads = [threading.Thread(target=self._repeat, args=work) for work in works]
        threads += [threading.Thread(target=self._stream) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(_JOIN_S)

    def _repeat(
        self, pause: float, work: Callable[[int, http.client.HTTPConnection], None]
    ) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_S)
        for number in count():
            if self._stop.wait(pause):
                break
            try:
                work(number, connection)
            except (OSError, http.client.HTTPException) as exc:
                self._note_failure(f"{work.__name__}: {exc!r}")
                connection.close()
        connection.close()

    def _make(self, amount: int) -> list[bytes]:
        with self._guard:
            return self._events.update(amount)

    def _submit_single(self, _: int, connection: http.client.HTTPConnection) -> None:
        body = self._make(1)[0]
        self._post("single", connection, body, _JSON)

    def _submit_cosigned(self, _: int, connection: http.client.HTTPConnection) -> None:
        answer = self._post("cosigned", connection, self._make(1)[0], _COSIGNED)
        if answer and not json.loads(answer)["cosigned"]:
            self._note_failure("cosigned: not cosigned in time")

    def _submit_batch(self, number: int, connection: http.client.HTTPConnection) -> None:
        amount = 1_000 if number % 10 == 9 else 100
        self._post("batch", connection, b"\n".join(self._make(amount)), _LINES)

    def _post(
        self,
        name: str,
        connection: http.client.HTTPConnection,
        body: bytes,
        headers: dict[str, str],
    ) -> bytes:
        answer = self._ask(name, connection, "POST", "/v1/events", body, headers)
        with self._guard:
            self.accepted += answer.count(b'"duplicate":false')
        return answer

    def _read_proof(self, number: int, connection: http.client.HTTPConnection) -> None:
        subject = f"list/bench:{part(number * 7919 % self._subjects)}"
        index = number * 104_729 % self._size
        paths = (
            f"/v1/state/{subject}",
            f"/v1/entries/{index}",
            f"/v1/dossier/{subject}",
            f"/v1/proofs/consistency?old={index}",
            "/v1/checkpoint/latest",
            f"/v1/state/list/bench:none{number}",
        )
        self._ask("proof", connection, "GET", paths[number % len(paths)])

    def _read_list(self, number: int, connection: http.client.HTTPConnection) -> None:
        paths = (
            f"/v1/subjects?prefix=list/bench:p{number % 100}&limit=50",
            f"/v1/search?q=p{number}",
            "/v1/registrations",
            "/metrics",
            "/healthz",
        )
        self._ask("list", connection, "GET", paths[number % len(paths)])

    def _read_tile(self, number: int, connection: http.client.HTTPConnection) -> None:
        if number % 10 == 0:
            note = self._ask("checkpoint", connection, "GET", "/checkpoint")
            if note:
                self._size = int(note.split(b"\n")[1])
            return
        index = number * 7919 % max(1, self._size // TILE_WIDTH)
        form = (format_tile_path, format_tile_path, format_entries_path)[number % 3]
        headers = {"Accept-Encoding": "gzip"} if number % 2 else {}
        path = f"/{form(TileId(0, index, TILE_WIDTH))}"
        self._ask("tile", connection, "GET", path, headers=headers)

    def _stream(self) -> None:
        """Read the stream of blocks, and begin again now and then."""
        while not self._stop.is_set():
            connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_S)
            try:
                connection.request("GET", "/v1/stream")
                self._read_stream(connection.getresponse())
            except (OSError, http.client.HTTPException) as exc:
                self._note_failure(f"stream: {exc!r}")
            finally:
                connection.close()

    def _read_stream(self, response: http.client.HTTPResponse) -> None:
        until = time.monotonic() + _STREAM_S
        while time.monotonic() < until and not self._stop.is_set():
            if not response.readline():
                self._note_failure("stream: it ended")
                return
            with self._guard:
                self.answers["stream line"] += 1

    def _ask(
        self,
        name: str,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        """The body of an answer; nothing if it was another than 200."""
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        data = response.read()
        if response.status != 200:
            self._note_failure(f"{name}: {response.status} {path[:60]} {data[:200]!r}")
            return b""
        with self._guard:
            self.answers[name] += 1
        return data

    def _note_failure(self, what: str) -> None:
        with self._guard:
            self.failures[what] += 1


class Filler:
    """Reads from a node until what it keeps is full: what grows after that has no bound.

    Args:
        url: Of the node.
    """

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_TIMEOUT_S)

    def read_proofs(self, subjects: int, amount: int) -> None:
        """Read anywhere in the map and in the log, once the newest block is published."""
        while self._read_size("/checkpoint") < self._read_size("/v1/checkpoint/latest"):
            time.sleep(_POLL_S)
        for number in range(amount):
            subject = f"list/bench:{part(number * 7919 % subjects)}"
            for path in (f"/v1/state/{subject}", f"/v1/dossier/{subject}"):
                self._get(path)

    def read_bundles(self, size: int) -> None:
        """Read bundles and parts of bundles of a log until as many bytes came as are kept."""
        came = 0
        for width in range(TILE_WIDTH, 0, -1):
            for index in range(size // TILE_WIDTH):
                path = "/" + format_entries_path(TileId(0, index, width))
                for headers in ({}, {"Accept-Encoding": "gzip"}):
                    came += len(self._get(path, headers))
                if came > CACHE_BYTES:
                    return

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _read_size(self, path: str) -> int:
        return int(self._get(path).split(b"\n")[1])

    def _get(self, path: str, headers: dict[str, str] | None = None) -> bytes:
        """The answer.

        Raises:
            AssertionError: It was another than 200.
        """
        self._connection.request("GET", path, headers=headers or {})
        response = self._connection.getresponse()
        data = response.read()
        if response.status != 200:
            raise AssertionError(f"the node answered {response.status} to {path}: {data[:200]!r}")
        return data

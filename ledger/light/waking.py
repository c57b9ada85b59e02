"""Waking early: a node's stream of blocks says when to look, and is trusted with nothing else.

Without it, with a stream that lies or never ends, the client still looks as often as it was told.
"""

import contextlib
from threading import Event, Thread
from time import sleep
from typing import Final

import httpx2

from ledger.light.fetch import check_url, open_http

SHORTEST_PAUSE_S: Final = 0.5
"""Between two looks, however often the stream calls."""
_STREAM: Final = "v1/stream"
_AGAIN_S: Final = 30.0
_SILENCE_S: Final = 120.0


class Waker:
    """Waits for a time, or less when the node says that there is something new.

    Args:
        url: Address of a node; None: there is no stream.
        transport: Another way there, such as httpx2.HTTPTransport(uds=...).

    Raises:
        MalformedError: Not an address.
    """

    def __init__(self, url: str | None, *, transport: httpx2.BaseTransport | None = None) -> None:
        self._called, self._is_over = Event(), Event()
        if url is not None:
            address = f"{check_url(url).rstrip('/')}/{_STREAM}"
            Thread(target=self._listen, args=(address, transport), daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Return after so many seconds, or earlier when the node called."""
        shortest = min(SHORTEST_PAUSE_S, seconds)
        sleep(shortest)
        self._called.wait(seconds - shortest)
        self._called.clear()

    def close(self) -> None:
        """Listen no longer."""
        self._is_over.set()

    def _listen(self, address: str, transport: httpx2.BaseTransport | None) -> None:
        timeout = httpx2.Timeout(10, read=_SILENCE_S)
        with open_http(timeout, transport) as client:
            while not self._is_over.is_set():
                with contextlib.suppress(httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL):
                    if not self._hear(client, address):
                        return
                self._is_over.wait(_AGAIN_S)

    def _hear(self, client: httpx2.Client, address: str) -> bool:
        """Call for every piece that comes; whether there is such a stream at all."""
        with client.stream("GET", address) as response:
            if response.status_code in {404, 405, 410}:
                return False
            if response.status_code == 200:
                for _ in response.iter_raw():
                    self._called.set()
                    if self._is_over.is_set():
                        break
            return True

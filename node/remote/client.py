"""Asking a node over HTTP: bytes in, unverified bytes out, bounded in size and in time."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from threading import Event
from typing import Final

import httpx2
from typing_extensions import override

from ledger.clock import SystemClock
from ledger.errors import LedgerError, StoreFailedError, UnavailableError
from ledger.light.fetch import (
    FAILURES,
    SLOWEST_BYTES_PER_SECOND,
    Answer,
    Fetcher,
    check_path,
    check_url,
    open_http,
    read_answer,
)
from node.problems import MAX_PROBLEM_BYTES, BusyError, error_of

UNIX_SCHEME: Final = "unix:"
"""An address that begins so is the path of a UNIX socket."""
_SECONDS: Final = 60.0
_CONNECT_SECONDS: Final = 5.0
_ATTEMPTS: Final = 4
_LONGEST_PAUSE_S: Final = 5


class NodeClient(Fetcher):
    """A node, by its address; connections are kept, threads may share one.

    Args:
        url: http or https, perhaps with a path; or `unix:` and the path of a socket.
        transport: Another way to it.
        seconds: How long an answer may take to begin, and again for each pause within it.

    Raises:
        MalformedError: Not such an address.
    """

    def __init__(
        self,
        url: str,
        *,
        transport: httpx2.BaseTransport | None = None,
        seconds: float = _SECONDS,
    ) -> None:
        self.url = url
        self._seconds = seconds
        self._clock = SystemClock()
        self._base = url.rstrip("/")
        if url.startswith(UNIX_SCHEME):
            path = url.removeprefix(UNIX_SCHEME)
            transport = transport or httpx2.HTTPTransport(uds=path, trust_env=False)
            self._base = "http://node"
        else:
            check_url(url)
        timeout = httpx2.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
        self._transport = transport or httpx2.HTTPTransport(trust_env=False)
        self._client = open_http(timeout, self._transport)

    def close(self) -> None:
        """Give up the connections."""
        self._client.close()

    @override
    def get(self, path: str, *, max_bytes: int) -> bytes:
        check_path(path)
        for _ in range(1, _ATTEMPTS):
            try:
                return self._ask("GET", path, max_bytes=max_bytes)
            except BusyError as exc:
                time.sleep(min(float(exc.retry_after), _LONGEST_PAUSE_S))
        return self._ask("GET", path, max_bytes=max_bytes)

    def post(
        self, path: str, body: bytes, *, content_type: str, wait: bool = False, max_bytes: int
    ) -> bytes:
        """What the node answers to a request that may be repeated without harm.

        It is repeated as it is where the node is busy, or nobody knows whether it came through.

        Args:
            path: As of get.
            body: Of the request.
            content_type: Of the body.
            wait: Ask the node to answer only once witnesses have cosigned.
            max_bytes: Most bytes of the answer.

        Raises:
            UnavailableError: The node cannot be reached or broke off, each time.
            LedgerError: What the node says instead.
        """
        check_path(path)
        headers = {"content-type": content_type} | ({"prefer": "wait=cosigned"} if wait else {})
        for attempt in range(1, _ATTEMPTS):
            try:
                return self._ask("POST", path, body=body, headers=headers, max_bytes=max_bytes)
            except StoreFailedError:
                pause = float(attempt)
            except BusyError as exc:
                pause = float(exc.retry_after)
            except UnavailableError:
                pause = float(attempt - 1)
            time.sleep(min(pause, _LONGEST_PAUSE_S))
        return self._ask("POST", path, body=body, headers=headers, max_bytes=max_bytes)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int,
    ) -> bytes:
        """One request, bounded in time whatever the node does.

        Raises:
            LedgerError: As _send.
        """

        def build() -> httpx2.Request:
            where = f"{self._base}/{path}"
            return self._client.build_request(method, where, content=body, headers=headers)

        answer = Answer(lambda begun: self._send(build, max_bytes, begun), self._transport.close)
        sending = len(body or b"") / SLOWEST_BYTES_PER_SECOND
        longest = self._seconds + max_bytes / SLOWEST_BYTES_PER_SECOND
        return answer.wait(self._seconds + sending, longest, self.url)

    def _send(self, build: Callable[[], httpx2.Request], max_bytes: int, begun: Event) -> bytes:
        """One request.

        Raises:
            UnavailableError: The node cannot be reached, or broke off.
            LedgerError: What it says instead.
        """
        try:
            with closing(self._client.send(build(), stream=True)) as response:
                begun.set()
                if response.status_code == 200:
                    return read_answer(response, max_bytes, self._seconds, self._clock)
                said = read_answer(response, MAX_PROBLEM_BYTES, self._seconds, self._clock)
                if response.status_code < 400:
                    raise UnavailableError(
                        f"{self.url} answers with status {response.status_code}: give the address "
                        "of the node itself"
                    )
                error: LedgerError = error_of(response.status_code, said)
                raise error
        except FAILURES as exc:
            raise UnavailableError(
                f"{self.url} does not answer ({type(exc).__name__}): see whether the node runs "
                "there, and try again"
            ) from exc

"""Asking a node over HTTP: bytes in, unverified bytes out, bounded in size and in time."""

import time
from collections.abc import Mapping
from typing import Final

import httpx2
from typing_extensions import override

from ledger.errors import LedgerError, LimitError, StoreFailedError, UnavailableError
from ledger.light.fetch import Fetcher, check_path, check_url
from node.problems import MAX_PROBLEM_BYTES, BusyError, error_of

UNIX_SCHEME: Final = "unix:"
"""An address that begins so is the path of a UNIX socket."""
_TIMEOUT: Final = httpx2.Timeout(connect=5, read=60, write=60, pool=60)
_ATTEMPTS: Final = 4
_LONGEST_PAUSE_S: Final = 5
_AGENT: Final = "muniment-cli"


class NodeClient(Fetcher):
    """A node, by its address; connections are kept, threads may share one.

    Args:
        url: http or https, perhaps with a path; or `unix:` and the path of a socket.
        transport: Another way to it.

    Raises:
        MalformedError: Not such an address.
    """

    def __init__(self, url: str, *, transport: httpx2.BaseTransport | None = None) -> None:
        self.url = url
        self._base = url.rstrip("/")
        if url.startswith(UNIX_SCHEME):
            transport = transport or httpx2.HTTPTransport(uds=url.removeprefix(UNIX_SCHEME))
            self._base = "http://node"
        else:
            check_url(url)
        self._client = httpx2.Client(
            transport=transport,
            timeout=_TIMEOUT,
            headers={"user-agent": _AGENT},
            follow_redirects=False,
            trust_env=False,
        )

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
        """One request.

        Raises:
            UnavailableError: The node cannot be reached, or broke off.
            LedgerError: What it says instead.
        """
        try:
            with self._client.stream(
                method, f"{self._base}/{path}", content=body, headers=headers
            ) as response:
                if response.status_code == 200:
                    return self._read(response, max_bytes)
                said = self._read(response, MAX_PROBLEM_BYTES)
                if response.status_code < 400:
                    raise UnavailableError(
                        f"{self.url} answers with status {response.status_code}: give the address "
                        "of the node itself"
                    )
                error: LedgerError = error_of(response.status_code, said)
                raise error
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as exc:
            raise UnavailableError(
                f"{self.url} does not answer ({type(exc).__name__}): see whether the node runs "
                "there, and try again"
            ) from exc

    def _read(self, response: httpx2.Response, max_bytes: int) -> bytes:
        data = bytearray()
        for chunk in response.iter_bytes():
            data += chunk
            if len(data) > max_bytes:
                raise LimitError(f"{self.url} answers with more than {max_bytes} bytes")
        return bytes(data)

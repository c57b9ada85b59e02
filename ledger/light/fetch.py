"""Fetching: unverified bytes from a node, a mirror or a folder, bounded in size and in time.

Whoever answers is not trusted with anything: not with the length of the answer, not with the pace
at which it comes, and not with its content, which the caller verifies.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from threading import Event, Thread
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx2
from typing_extensions import override

from ledger.clock import Clock, SystemClock
from ledger.errors import LedgerError, LimitError, MalformedError, NotFoundError, UnavailableError
from ledger.files import read_file

SLOWEST_BYTES_PER_SECOND: Final = 32 * 1024
"""An answer that comes more slowly than this, once it has begun, is given up."""

_PATH: Final = re.compile(r"(?!/)[A-Za-z0-9._~:/%+,-]+(\?[A-Za-z0-9._~:/%=&+,-]*)?")
_AGENT: Final = "muniment"
_GZIP: Final = 16 + zlib.MAX_WBITS
_GONE: Final = (404, 410)
FAILURES: Final = (
    httpx2.HTTPError,
    httpx2.StreamError,
    httpx2.InvalidURL,
    ValueError,  # of a TLS connection that was closed meanwhile
)
"""What a request fails with."""


class Fetcher(Protocol):
    """Where the files of a log and the answers of a node come from."""

    def get(self, path: str, *, max_bytes: int) -> bytes:
        """What lies at this path. Nothing of it is verified.

        Args:
            path: Below the log's address, without a leading slash, such as `checkpoint`.
            max_bytes: Most bytes to take in.

        Raises:
            NotFoundError: Nothing lies there.
            UnavailableError: Nobody answers, or not in time; try again later.
            LimitError: More bytes than that, perhaps without end.
            MalformedError: Not a path.
        """
        ...


class HttpFetcher(Fetcher):
    """Fetches over HTTP. Redirects are not followed; threads may share one.

    Args:
        url: Address of the node or mirror, http or https, perhaps with a path.
        seconds: How long to wait for an answer to begin, and again for each pause within it.
        transport: Another way to the server, such as httpx2.HTTPTransport(uds=...).
        clock: Its counter bounds the time.

    Raises:
        MalformedError: Not such an address.
    """

    def __init__(
        self,
        url: str,
        *,
        seconds: float = 10,
        transport: httpx2.BaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.url = check_url(url).rstrip("/")
        self._seconds = seconds
        self._clock = clock or SystemClock()
        self._transport = transport or httpx2.HTTPTransport(trust_env=False)
        self._client = open_http(seconds, self._transport)

    def close(self) -> None:
        """Give up the connections."""
        self._client.close()

    @override
    def get(self, path: str, *, max_bytes: int) -> bytes:
        check_path(path)
        answer = Answer(lambda begun: self._fetch(path, max_bytes, begun), self._transport.close)
        longest = self._seconds + max_bytes / SLOWEST_BYTES_PER_SECOND
        return answer.wait(self._seconds, longest, f"{self.url}/{path}")

    def _fetch(self, path: str, max_bytes: int, begun: Event) -> bytes:
        """As get, but for a server that takes forever over its headers.

        Raises:
            UnavailableError: It cannot be reached, or broke off.
        """
        try:
            with self._client.stream("GET", f"{self.url}/{path}") as response:
                begun.set()
                self._check_status(response, path)
                return read_answer(response, max_bytes, self._seconds, self._clock)
        except FAILURES as exc:
            raise UnavailableError(f"{self.url} does not answer: {_describe(exc)}") from exc

    def _check_status(self, response: httpx2.Response, path: str) -> None:
        status = response.status_code
        if status in _GONE:
            raise NotFoundError(f"{self.url} has no {path}")
        if status != 200:
            moved = response.headers.get("location")
            hint = f"; it names {moved[:200]!r} instead" if moved else ""
            raise UnavailableError(f"{self.url} answers {path} with status {status}{hint}")


class FolderFetcher(Fetcher):
    """Reads the files of an exported log or of a mirror's folder.

    Args:
        folder: Holds `checkpoint` and `tile/`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @override
    def get(self, path: str, *, max_bytes: int) -> bytes:
        check_path(path)
        file = self._folder / path
        if not file.is_file():
            raise NotFoundError(f"there is no {path} in {self._folder}")
        return read_file(file, max_bytes=max_bytes)


def open_fetcher(where: str) -> Fetcher:
    """A folder that is there, or an address.

    Args:
        where: From whoever runs the program.

    Raises:
        MalformedError: Neither.
    """
    return FolderFetcher(Path(where)) if Path(where).is_dir() else HttpFetcher(where)


def check_path(path: str) -> None:
    """Refuse what is no path below an address, such as one that climbs out of it.

    Raises:
        MalformedError: Characters that no path of ours has, a leading slash, or a part that is
            empty or only dots.
    """
    if not _PATH.fullmatch(path) or {"", ".", ".."} & set(path.partition("?")[0].split("/")):
        raise MalformedError(f"not a path to fetch: {path[:80]!r}")


def check_url(url: str, *, may_query: bool = False) -> str:
    """The address, once it is one that may be fetched from or posted to.

    Args:
        url: From whoever calls.
        may_query: It may have a query, since nothing is appended to it.

    Raises:
        MalformedError: Not http or https, no host, longer than 2,000 characters, or with a name or
            password, a fragment or a query.
    """
    words = f"not an address such as https://example.org: {url[:80]!r}"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise MalformedError(words) from exc
    if not host or len(url) > 2000 or parts.scheme not in {"http", "https"}:
        raise MalformedError(words)
    has_query = bool(parts.query) and not may_query
    if parts.username or parts.password or has_query or parts.fragment:
        raise MalformedError("an address with a password, a query or a fragment")
    return url


def open_http(
    timeout: float | httpx2.Timeout, transport: httpx2.BaseTransport | None = None
) -> httpx2.Client:
    """Connections to somebody who is not trusted: no redirects, and nothing of the environment.

    It takes no cookies: by what it has set a server would know who asks again.

    Args:
        timeout: In seconds, for each pause.
        transport: Another way there; None: over TCP.
    """
    return httpx2.Client(
        transport=transport,
        timeout=timeout,
        headers={"accept-encoding": "gzip, identity", "user-agent": _AGENT},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
    )


def read_answer(response: httpx2.Response, max_bytes: int, seconds: float, clock: Clock) -> bytes:
    """The body of an answer, bounded in size and in pace.

    Args:
        response: Opened as a stream, of which nothing was read.
        max_bytes: Of the body, once it is unpacked.
        seconds: How long it may come more slowly than SLOWEST_BYTES_PER_SECOND.
        clock: Its counter is read.

    Raises:
        LimitError: More bytes than that, perhaps without end.
        UnavailableError: It comes too slowly, or is packed in a way that was not asked for.
    """
    data, start = bytearray(), clock.monotonic()
    where = response.url.host
    for chunk in _decode(response, max_bytes):
        data += chunk
        if len(data) > max_bytes:
            raise LimitError(f"{where} answers with more than {max_bytes} bytes")
        allowed = seconds + len(data) / SLOWEST_BYTES_PER_SECOND
        if clock.monotonic() - start > 1000 * allowed:
            raise UnavailableError(f"{where} answers too slowly")
    return bytes(data)


class Answer:
    """A request in a thread of its own, so that a server cannot hold the caller for ever.

    A library's time-out begins anew with every byte, and a server may send its headers so.

    Args:
        fetch: Makes the request, and says when the answer has begun.
        cut_off: Closes the connections, so that nothing goes on for an answer given up.
    """

    def __init__(self, fetch: Callable[[Event], bytes], cut_off: Callable[[], None]) -> None:
        self._cut_off = cut_off
        self._begun, self._done = Event(), Event()
        self._data = b""
        self._error: LedgerError | None = UnavailableError(
            "the request failed in a way that is not foreseen"
        )
        Thread(target=self._run, args=(fetch,), daemon=True, name="fetching").start()

    def wait(self, begin_seconds: float, all_seconds: float, what: str) -> bytes:
        """The answer, or whatever error it ended in.

        Raises:
            UnavailableError: It did not begin, or not end, in time.
        """
        has_begun = self._begun.wait(begin_seconds)
        if not has_begun or not self._done.wait(all_seconds):
            self._cut_off()
            raise UnavailableError(f"{what} does not answer in time")
        error, self._error = self._error, None  # no circle: what it holds goes with it
        if error is not None:
            try:
                raise error
            finally:
                del error
        return self._data

    def _run(self, fetch: Callable[[Event], bytes]) -> None:
        try:
            self._data = fetch(self._begun)
            self._error = None
        except LedgerError as exc:
            self._error = exc
        finally:
            self._done.set()
            self._begun.set()


def _decode(response: httpx2.Response, max_bytes: int) -> Iterator[bytes]:
    """Chunks of the body; a compressed one never unfolds to much more than max_bytes.

    Raises:
        UnavailableError: A compression that was not asked for, or broken.
    """
    coding = response.headers.get("content-encoding", "identity")
    if coding == "identity":
        yield from response.iter_raw()
        return
    if coding != "gzip":
        raise UnavailableError(f"the answer is compressed as {coding[:40]!r}, not gzip")
    unpacker = zlib.decompressobj(_GZIP)
    try:
        for chunk in response.iter_raw():
            yield unpacker.decompress(chunk, max_bytes + 1)
            if unpacker.unused_data:  # which would be kept, without end
                raise UnavailableError("the answer goes on after the end of its gzip")
        yield unpacker.flush()
    except zlib.error as exc:
        raise UnavailableError("the answer's gzip is broken") from exc
    if not unpacker.eof:
        raise UnavailableError("the answer's gzip is cut off")


def _describe(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}"[:300]

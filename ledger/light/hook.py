"""A web hook: somebody else's address, to which each change is posted at least once.

The one who listens tells repetitions by the `Idempotency-Key`, which names the subject and the
number of its event. What it answers is not read, only its status.
"""

from collections.abc import Callable
from threading import Event
from time import sleep
from typing import Final

import httpx2

from ledger.errors import LimitError, UnavailableError
from ledger.light.fetch import FAILURES, Answer, check_url, open_http

MAX_HOOK_BYTES: Final = 4 * 1024 * 1024
"""Of one body."""
PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0)
"""Between the attempts of one call; who calls decides whether to go on after them."""


class Hook:
    """Posts JSON to an address.

    Args:
        url: http or https, without a password; a query is kept.
        seconds: How long one attempt may take.
        transport: Another way there, such as httpx2.HTTPTransport(uds=...).
        wait: Pauses between attempts.

    Raises:
        MalformedError: Not such an address.
    """

    def __init__(
        self,
        url: str,
        *,
        seconds: float = 10,
        transport: httpx2.BaseTransport | None = None,
        wait: Callable[[float], None] = sleep,
    ) -> None:
        self._url = check_url(url, may_query=True)
        self._seconds = seconds
        self._wait = wait
        self._transport = transport or httpx2.HTTPTransport(trust_env=False)
        self._client = open_http(seconds, self._transport)

    def post(self, body: bytes, key: str) -> None:
        """Post until it is taken, with growing pauses.

        Args:
            body: JSON, at most 4 MiB.
            key: The same for the same change, whenever it is posted.

        Raises:
            LimitError: A body too large; nothing was posted.
            UnavailableError: Not taken after five attempts; post it again later.
        """
        if len(body) > MAX_HOOK_BYTES:
            raise LimitError(f"a hook is sent at most {MAX_HOOK_BYTES} bytes, not {len(body)}")
        for pause in PAUSES_S:
            try:
                self._post_once(body, key)
            except UnavailableError:
                self._wait(pause)
            else:
                return
        self._post_once(body, key)

    def _post_once(self, body: bytes, key: str) -> None:
        """One attempt.

        Raises:
            UnavailableError: Not taken: no answer in time, or another status than 2xx.
        """
        answer = Answer(lambda begun: self._send(body, key, begun), self._transport.close)
        status = int.from_bytes(answer.wait(self._seconds, self._seconds, "the hook"), "big")
        if not 200 <= status < 300:
            raise UnavailableError(f"the hook answers with status {status}: nothing is lost")

    def _send(self, body: bytes, key: str, begun: Event) -> bytes:
        """The status, in two bytes.

        Raises:
            UnavailableError: It cannot be reached.
        """
        headers = {"content-type": "application/json", "idempotency-key": key}
        try:
            with self._client.stream("POST", self._url, content=body, headers=headers) as response:
                begun.set()
                return response.status_code.to_bytes(2, "big")
        except FAILURES as exc:
            raise UnavailableError(f"the hook does not answer: {type(exc).__name__}") from exc

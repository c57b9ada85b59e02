"""Asks one witness for its cosignature, and believes nothing of its answer that does not verify.

Whatever a witness does (sleep, lie, answer without end) costs at most the time and the bytes given
here, and its own cosignature.

Spec: c2sp.org/tlog-witness, "add-checkpoint".
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import httpx2

from ledger.clock import Clock
from ledger.core.addcheckpoint import (
    MAX_SIZE_ANSWER_BYTES,
    SIZE_CONTENT_TYPE,
    format_add_checkpoint,
    parse_cosignature_lines,
    parse_size_answer,
)
from ledger.core.cosignature import decode_cosignature
from ledger.core.limits import (
    MAX_CLOCK_AHEAD_MS,
    MAX_NOTE_BYTES,
    MAX_SEAL_AFTER_COSIGNATURE_MS,
)
from ledger.core.note import SignatureLine
from ledger.core.policy import Witness
from ledger.core.types import Digest, TreeSize, UnixMillis
from ledger.errors import (
    InputError,
    LimitError,
    MalformedError,
    NotFoundError,
    SignatureError,
    UnavailableError,
    VerificationError,
)

Prove: TypeAlias = Callable[[TreeSize, TreeSize], Awaitable[Sequence[Digest]]]
"""Consistency proof between two sizes of our log."""
_MAX_ASKED: Final = 2
"""Once with the size that we think the witness knows, once with the one that it says."""
_HEADERS: Final = {
    "Accept": "text/plain",
    "Accept-Encoding": "identity",
    "Content-Type": "text/plain; charset=utf-8",
    "User-Agent": "muniment",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A checkpoint to be cosigned.

    Args:
        size: Of the log.
        note: As the log signed it.
        text: Of the note.
        seal_time: Of its last leaf.
    """

    size: TreeSize
    note: bytes
    text: str
    seal_time: UnixMillis


class WitnessClient:
    """One witness of the policy, over HTTP.

    Args:
        witness: With a URL: its submission prefix.
        client: Bounded by nothing but what is here; the caller closes it.
        clock: To refuse cosignatures from the future.
        seconds: For each request, from connecting to the last byte.

    Raises:
        MalformedError: The URL is not one of http or https.
    """

    def __init__(
        self, witness: Witness, client: httpx2.AsyncClient, clock: Clock, seconds: float
    ) -> None:
        self._key = witness.key
        self._url = parse_submission_url(witness)
        self._client = client
        self._clock = clock
        self._seconds = seconds

    async def ask(self, target: Target, known: TreeSize, prove: Prove) -> SignatureLine:
        """Its cosignature on a checkpoint.

        Args:
            target: What to cosign.
            known: Size that it cosigned last, as far as we know.
            prove: Makes the proofs.

        Raises:
            UnavailableError: No answer in time, or it says that it cannot now.
            VerificationError: It refuses, or its cosignature does not verify or has a time that no
                verifier would believe.
            InputError: Its answer does not parse or is too long.
            NotFoundError: It does not know our log.
            LedgerError: One of these.
        """
        old = known if known <= target.size else target.size
        status = 0
        for _ in range(_MAX_ASKED):
            path = await prove(old, target.size)
            request = format_add_checkpoint(old, path, target.note)
            status, content_type, body = await self._post(request)
            if status == 200:
                return self._read_line(target, body)
            if status != 409 or content_type != SIZE_CONTENT_TYPE:
                break
            old = self._read_size(target, old, body)
        error = _refusal(status)
        raise error

    def _read_line(self, target: Target, body: bytes) -> SignatureLine:
        line = parse_cosignature_lines(body, target.text, self._key)
        timestamp = decode_cosignature(line.signature, self._key.algorithm).timestamp
        earliest = target.seal_time - MAX_SEAL_AFTER_COSIGNATURE_MS
        latest = self._clock.now() + MAX_CLOCK_AHEAD_MS
        if not earliest <= 1000 * timestamp <= latest:
            raise SignatureError(
                f"the cosignature's time {timestamp} s is not between the seal and now: one of the "
                "two clocks is wrong"
            )
        return line

    def _read_size(self, target: Target, asked: TreeSize, body: bytes) -> TreeSize:
        size = parse_size_answer(body[: MAX_SIZE_ANSWER_BYTES + 1])
        if size > target.size:
            raise VerificationError(
                f"the witness says that it cosigned {size} leaves of this log, which is more than "
                f"the {target.size} asked for"
            )
        if size == asked:
            raise MalformedError(f"the witness refuses the old size {asked} and names it")
        return size

    async def _post(self, content: bytes) -> tuple[int, str, bytes]:
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._client.stream(
                    "POST", self._url, content=content, headers=_HEADERS
                ) as response,
            ):
                content_type = response.headers.get("content-type", "").partition(";")[0]
                return response.status_code, content_type.strip(), await _read(response)
        except (httpx2.HTTPError, httpx2.StreamError, OSError, UnicodeError) as exc:
            why = str(exc) or type(exc).__name__
            raise UnavailableError(f"no answer from {self._url}: {why[:200]}") from exc
        finally:
            self._client.cookies.clear()  # nobody else would ever forget them


def parse_submission_url(witness: Witness) -> httpx2.URL:
    """Where a witness takes checkpoints.

    Args:
        witness: With a URL.

    Raises:
        MalformedError: Not an http or https URL without a user, a query or a fragment.
    """
    text = (witness.url or b"").decode("ascii", "replace")
    name = witness.name.decode("utf-8", "backslashreplace")
    try:
        url = httpx2.URL(f"{text.rstrip('/')}/add-checkpoint")
    except (httpx2.InvalidURL, UnicodeError) as exc:
        raise MalformedError(f"the witness {name} of the policy has no URL: {text[:80]!r}") from exc
    is_plain = not (url.userinfo or url.query or url.fragment)
    if url.scheme not in {"http", "https"} or not url.host or not is_plain:
        raise MalformedError(
            f"the URL of the witness {name} is not like https://witness.example.org: {text[:80]!r}"
        )
    return url


async def _read(response: httpx2.Response) -> bytes:
    """The body, of which no more is taken than a note may have.

    Raises:
        LimitError: It is longer.
    """
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_raw():
        parts.append(part)
        size += len(part)
        if size > MAX_NOTE_BYTES:
            raise LimitError(f"the witness answers with more than {MAX_NOTE_BYTES} bytes")
    return b"".join(parts)


def _refusal(status: int) -> UnavailableError | VerificationError | InputError | NotFoundError:
    meanings = {
        400: "it does not read our request",
        403: "it trusts another key of this log, or refuses this checkpoint",
        404: "it does not know this log: its operator has to add the log's vkey",
        409: "it cosigned another history of this log, or another size than it says",
        422: "it does not find that this checkpoint extends the one that it knows",
    }
    text = f"the witness answers {status}: {meanings.get(status, 'no cosignature')}"
    if status in {429, 502, 503, 504}:
        return UnavailableError(text)
    if status in {409, 422}:
        return VerificationError(text)
    return NotFoundError(text) if status == 404 else InputError(text)

"""The witnesses that a node asks: what each has cosigned, and when it is asked again."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import httpx2

from ledger.clock import Clock
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.note import VerifierKey
from ledger.core.policy import Witness
from ledger.core.types import TreeSize
from ledger.errors import LedgerError
from node.server.asking import WitnessClient, parse_submission_url
from node.server.checkpoints import NOTHING

_LOGGER: Final = logging.getLogger("muniment.publishing")
_KEEPALIVE_S: Final = 5.0
Connect: TypeAlias = Callable[[Witness], httpx2.AsyncClient]
"""Makes the client for one witness; the publisher closes it."""


@dataclass(frozen=True, slots=True)
class PublishingSettings:
    """How witnesses are asked; all in seconds.

    Args:
        interval: Between two rounds while nobody waits for one.
        hurry: Between two rounds while somebody does.
        longest_round: Then a newer checkpoint is asked for, though this one is not published.
        timeout: Of one request.
        first_retry: After one failure; doubled with each more, and up to half of it added by lot.
        last_retry: Longest pause after failures, before that is added.
    """

    interval: float = 1.0
    hurry: float = 0.025
    longest_round: float = 60.0
    timeout: float = 10.0
    first_retry: float = 1.0
    last_retry: float = 60.0


@dataclass(slots=True)
class WitnessState:
    """How it stands with one witness; for metrics and logs.

    Args:
        name: In the policy.
        size: Of the newest checkpoint that it cosigned, as far as we know.
        cosigned: Cosignatures that it gave since the node runs.
        failures: Times that it gave none when asked, since then.
        in_a_row: Failures since its last cosignature.
        last_error: Code of the last failure; empty if there was none since its last cosignature.
    """

    name: str
    size: TreeSize = NOTHING
    cosigned: int = 0
    failures: int = 0
    in_a_row: int = 0
    last_error: str = ""


@dataclass(slots=True)
class Peer:
    """A witness that is asked.

    Args:
        key: Its key.
        http: Its connections.
        client: Asks it.
        state: How it stands.
        retry_at: Time of the loop before which it is left alone.
        wake: Set when there may be something to ask.
    """

    key: VerifierKey
    http: httpx2.AsyncClient
    client: WitnessClient
    state: WitnessState
    retry_at: float = 0.0
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def recall(self, notes: Iterable[bytes]) -> None:
        """Learn from notes, oldest first, what it cosigned before this process."""
        for note in notes:
            signed = parse_signed_checkpoint(note)
            lines = {(line.name, line.key_id) for line in signed.note.signatures}
            if (self.key.name, self.key.key_id) in lines:
                self.state.size = signed.body.size

    def note_success(self, size: TreeSize) -> None:
        """It cosigned the checkpoint of this size."""
        state = self.state
        if state.in_a_row:
            _LOGGER.info("the witness %s cosigns again", state.name)
        state.size = max(state.size, size)
        state.cosigned += 1
        state.in_a_row, state.last_error, self.retry_at = 0, "", 0.0

    def note_failure(self, error: LedgerError, settings: PublishingSettings) -> None:
        """It did not cosign: leave it alone for longer each time, and not all at one moment."""
        state = self.state
        if state.last_error != error.code:
            _LOGGER.warning("the witness %s did not cosign: %s", state.name, error)
        state.failures += 1
        state.in_a_row += 1
        state.last_error = error.code
        pause = min(settings.first_retry * 2 ** min(state.in_a_row - 1, 16), settings.last_retry)
        pause *= 1 + secrets.randbelow(501) / 1000
        self.retry_at = asyncio.get_running_loop().time() + pause


def create_peers(
    witnesses: Iterable[Witness],
    clock: Clock,
    settings: PublishingSettings,
    connect: Connect | None,
) -> list[Peer]:
    """Those witnesses of a policy that have a URL.

    Raises:
        MalformedError: A URL is none.
    """
    peers = []
    for witness in witnesses:
        if witness.url:
            parse_submission_url(witness)
            http = connect(witness) if connect is not None else _connect(settings)
            client = WitnessClient(witness, http, clock, settings.timeout)
            name = witness.name.decode("utf-8", "backslashreplace")
            peers.append(Peer(witness.key, http, client, WitnessState(name)))
    return peers


def _connect(settings: PublishingSettings) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        timeout=settings.timeout,
        limits=httpx2.Limits(max_connections=2, keepalive_expiry=_KEEPALIVE_S),
        follow_redirects=False,
        trust_env=False,
    )

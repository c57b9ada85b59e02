"""How often an address may ask and a party may write: the node's own bounds, no rules.

Token buckets, of which a bounded number is remembered: the one that was used longest ago is
forgotten first, which favours whoever asks rarely. A party is charged for what the log has taken of
it, and nothing else: else whoever sends events in its name could keep it from writing.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from ledger.clock import Clock
from node.asgi import Scope
from node.problems import TooManyError
from node.server.settings import NodeSettings

UNIX_PEER: Final = "unix"
"""Address of whoever comes through the UNIX socket."""
_IPV6_NETWORK: Final = 64
"""Bits of an IPv6 address that stand for one customer."""
_MAX_FORWARDED: Final = 2048


class Buckets:
    """So many tokens a second for each key, up to a burst.

    Args:
        rate: Tokens a second; 0: no bound.
        burst: Most tokens of a key.
        max_keys: Remembered at most.
        clock: Its monotonic side.
    """

    def __init__(self, rate: float, burst: int, max_keys: int, clock: Clock) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._max_keys = max_keys
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def check(self, key: str, wanted: int = 1) -> None:
        """Make sure that a key has tokens left; nothing is taken.

        Args:
            key: Whose.
            wanted: More than a burst is never there at once: then a full bucket is enough.

        Raises:
            TooManyError: It has fewer; says when it will have enough.
        """
        if not self._rate:
            return
        missing = min(wanted, self._burst) - self._level(key)
        if missing > 0:
            raise TooManyError(
                "too many requests or events from this address or party for this node: send them "
                "again later, or more slowly",
                missing / self._rate,
            )

    def take(self, key: str, count: int = 1) -> None:
        """Take tokens, also more than are there: what is owed is paid before the next check."""
        if not self._rate:
            return
        self._kept[key] = (self._level(key) - count, self._clock.monotonic())
        self._kept.move_to_end(key)
        if len(self._kept) > self._max_keys:
            self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)

    def _level(self, key: str) -> float:
        kept = self._kept.get(key)
        if kept is None:
            return self._burst
        tokens, since = kept
        return min(self._burst, tokens + (self._clock.monotonic() - since) / 1000 * self._rate)


class Rates:
    """The buckets of a node.

    Args:
        settings: Rates, bursts and whose headers are believed.
        clock: For all of them.
    """

    def __init__(self, settings: NodeSettings, clock: Clock) -> None:
        keys = settings.rate_keys
        self._requests = Buckets(settings.requests_per_second, settings.requests_burst, keys, clock)
        self._events = Buckets(settings.events_per_second, settings.events_burst, keys, clock)
        self._parties = Buckets(
            settings.party_events_per_second, settings.party_events_burst, keys, clock
        )
        self._proxies = frozenset(settings.proxies)

    def find_address(self, scope: Scope) -> str:
        """Whom a request comes from: the peer, or whom a proxy of ours says it is.

        An IPv6 address stands for its network of 64 bits.
        """
        client = scope.get("client")
        address = client[0] if client else UNIX_PEER
        if address in self._proxies:
            address = self._read_forwarded(scope) or address
        return _normalise(address)

    def admit_request(self, address: str) -> None:
        """Count a request.

        Raises:
            TooManyError: The address has made too many.
        """
        self._requests.check(address)
        self._requests.take(address)

    def admit_events(self, address: str, actors: Iterable[str], count: int) -> None:
        """Count events of a request that are about to be submitted.

        Raises:
            TooManyError: The address has sent, or a party has written, too many.
        """
        self._events.check(address, count)
        for actor in set(actors):
            self._parties.check(actor)
        self._events.take(address, count)

    def charge_party(self, actor: str, count: int) -> None:
        """Count events that the log has taken."""
        self._parties.take(actor, count)

    def _read_forwarded(self, scope: Scope) -> str | None:
        """The last address that a proxy of ours did not add itself."""
        values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        text = b",".join(values)[-_MAX_FORWARDED:].decode("latin-1")
        for part in reversed(text.split(",")):
            address = part.strip()
            if _parse_address(address) is None:
                return None
            if address not in self._proxies:
                return address
        return None


def _normalise(address: str) -> str:
    parsed = _parse_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))
    return address[:64]


def _parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None

"""What an operator may set for a node: bounds, all of them, with their usual values.

They are the node's own and no rules of the ledger: another node of another operator may have
others, and what they refuse may be sent again later.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from ledger.core.limits import MAX_BLOCK_EVENTS, MAX_REQUEST_BYTES
from ledger.errors import MalformedError
from ledger.files import read_file
from node.serving import ServerLimits

_MAX_CONFIG_BYTES: Final = 64 * 1024

Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Rate = Annotated[float, Meta(ge=0, le=1_000_000)]


class NodeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Bounds of a node.

    Args:
        connections: At once; fewer where the system allows fewer open files.
        head_seconds: For the head of a request.
        body_seconds: For the body of a request.
        idle_seconds: Between two requests of a connection.
        write_seconds: That a client may leave its answer unread.
        stop_seconds: For what is under way when the node is told to stop.
        request_bytes: Of a body of events.
        bodies_bytes: Of all bodies that are still coming, beyond the first 64 KiB of each.
        batch_events: Of one request.
        queue_events: Waiting to be written, of all clients.
        queue_bytes: The same in bytes.
        wait_seconds: That `Prefer: wait=cosigned` waits at most.
        requests_per_second: From one address; 0: no bound. Tiles are not counted.
        requests_burst: That an address may make at once after a pause.
        events_per_second: From one address; 0: no bound.
        events_burst: That an address may send at once after a pause.
        party_events_per_second: Of one party, written to the log; 0: no bound.
        party_events_burst: That a party may write at once after a pause.
        rate_keys: Addresses and parties remembered at most, each.
        proxies: Addresses whose X-Forwarded-For is believed; `unix`: whoever uses the UNIX socket.
        reader_threads: For reads that take longer than a moment.
        read_seconds: For such a read.
        page_items: Of a list in one answer, at most.
        streams: Of server-sent events at once.
    """

    connections: Count = 4096
    head_seconds: Seconds = 10.0
    body_seconds: Seconds = 30.0
    idle_seconds: Count = 60
    write_seconds: Seconds = 30.0
    stop_seconds: Count = 30
    request_bytes: Annotated[int, Meta(ge=1024, le=MAX_REQUEST_BYTES)] = MAX_REQUEST_BYTES
    bodies_bytes: Count = 256 * 1024 * 1024
    batch_events: Annotated[int, Meta(ge=1, le=MAX_BLOCK_EVENTS)] = MAX_BLOCK_EVENTS
    queue_events: Count = 4 * MAX_BLOCK_EVENTS
    queue_bytes: Count = 64 * 1024 * 1024
    wait_seconds: Seconds = 20.0
    requests_per_second: Rate = 2_000.0
    requests_burst: Count = 10_000
    events_per_second: Rate = 5_000.0
    events_burst: Count = 50_000
    party_events_per_second: Rate = 2_000.0
    party_events_burst: Count = 50_000
    rate_keys: Count = 20_000
    proxies: tuple[str, ...] = ()
    reader_threads: Count = 4
    read_seconds: Seconds = 20.0
    page_items: Count = 1_000
    streams: Count = 200

    @property
    def server(self) -> ServerLimits:
        """Those of the server beneath."""
        return ServerLimits(
            connections=self.connections,
            head_seconds=self.head_seconds,
            idle_seconds=self.idle_seconds,
            write_seconds=self.write_seconds,
            stop_seconds=self.stop_seconds,
        )


def load_settings(path: Path) -> NodeSettings:
    """Settings from a TOML file; what it does not name is as usual.

    Raises:
        MalformedError: Not TOML, an unknown name, or a value outside its bounds.
        NotFoundError: There is no such file.
        LimitError: It is too large.
        StoreFailedError: It cannot be read.
    """
    data = read_file(path, max_bytes=_MAX_CONFIG_BYTES)
    try:
        value = tomllib.loads(data.decode())
        return msgspec.convert(value, NodeSettings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as exc:
        raise MalformedError(f"{path} is no configuration of a node: {exc}") from exc

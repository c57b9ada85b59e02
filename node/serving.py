"""Serves an application over HTTP in this process: uvicorn with bounds on what it leaves open.

- What a connection may send, and how long it may take, `node.connection` bounds.
- So many connections at most: beyond that the one that has idled longest makes room.
- SIGTERM and SIGINT stop it gracefully: no more connections, what is under way is finished.
"""

import asyncio
import contextlib
import resource
import signal
import socket
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Final, cast

import uvicorn
from typing_extensions import override

from ledger.errors import UnavailableError
from node.asgi import App
from node.connection import Connection, ServerLimits

__all__ = ("Hooks", "ServerLimits", "serve")

SOCKET_MODE: Final = 0o660
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_OTHER_FILES: Final = 256
"""Of a process, besides connections: the store, logs, keys, what it asks of others."""
_BACKLOG: Final = 1024
_TICKS_PER_SWEEP: Final = 10


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the server does at the turns of its life.

    Args:
        ready: Called with the address once it listens; None: say it on stderr.
        around: Entered in the event loop before it listens, left after the last answer.
        stopping: Called when it is told to stop, before it waits for what is under way.
        has_to_stop: Asked ten times a second; True stops it as a signal would.
    """

    ready: Callable[[str], None] | None = None
    around: Callable[[], AbstractAsyncContextManager[None]] | None = None
    stopping: Callable[[], None] | None = None
    has_to_stop: Callable[[], bool] | None = None


def serve(  # noqa: PLR0913  # where, and what to do there
    app: App,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    uds: Path | None = None,
    name: str = "muniment",
    ready: Callable[[str], None] | None = None,
    hooks: Hooks | None = None,
    limits: ServerLimits | None = None,
) -> None:
    """Serve until a signal or `hooks.has_to_stop` says to stop.

    Args:
        app: A plain ASGI application; it sees no lifespan messages.
        host: Name or address to listen on.
        port: 0: one that is free.
        uds: Listen on this UNIX socket instead; readable by owner and group.
        name: Of the program, for what is said.
        ready: As in hooks, for who needs nothing else.
        hooks: What to do at the turns of its life.
        limits: Bounds; the usual ones unless told.

    Raises:
        UnavailableError: The address is taken, or cannot be listened on.
    """
    bounds = _fit(limits or ServerLimits())
    turns = hooks or Hooks()
    turns = replace(turns, ready=ready or turns.ready or (lambda url: _say(name, url)))
    with _listen(host, port, uds) as (listener, url):
        config = uvicorn.Config(
            cast("Callable[..., object]", app),
            http=type("_Bounded", (Connection,), {"limits": bounds}),
            loop="auto",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            forwarded_allow_ips="",
            server_header=False,
            workers=1,
            timeout_keep_alive=bounds.idle_seconds,
            timeout_graceful_shutdown=bounds.stop_seconds,
            backlog=_BACKLOG,
        )
        server = _Server(config, turns, url)
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(server.live([listener]))


class _Server(uvicorn.Server):
    """A server that sweeps its connections, and ends without raising its signal again."""

    def __init__(self, config: uvicorn.Config, hooks: Hooks, url: str) -> None:
        super().__init__(config)
        self._hooks = hooks
        self._url = url

    async def live(self, sockets: list[socket.socket]) -> None:
        around = self._hooks.around
        async with around() if around is not None else contextlib.AsyncExitStack():
            await self.serve(sockets)

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._hooks.ready is not None:
            self._hooks.ready(self._url)

    @override
    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_PER_SWEEP == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.sweep(now)
        has_to_stop = self._hooks.has_to_stop
        if has_to_stop is not None and has_to_stop():
            self.should_exit = True
        return await super().on_tick(counter)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._hooks.stopping is not None:
            self._hooks.stopping()
        await super().shutdown(sockets)

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True


@contextlib.contextmanager
def _listen(host: str, port: int, uds: Path | None) -> Iterator[tuple[socket.socket, str]]:
    """A bound socket and its address.

    Raises:
        UnavailableError: The address is taken, or cannot be listened on.
    """
    where = str(uds) if uds is not None else f"{host} port {port}"
    try:
        listener, url = _bind(host, port) if uds is None else _bind_unix(uds)
    except OSError as exc:
        raise UnavailableError(
            f"cannot listen on {where} ({exc.strerror}): choose another with --port or --uds"
        ) from exc
    try:
        yield listener, url
    finally:
        listener.close()
        if uds is not None:
            with contextlib.suppress(OSError):
                uds.unlink()


def _bind(host: str, port: int) -> tuple[socket.socket, str]:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.setblocking(False)  # noqa: FBT003
    except BaseException:
        listener.close()
        raise
    name, bound = listener.getsockname()[:2]
    if name in {"0.0.0.0", "::"}:  # noqa: S104  # what a client of this machine would use
        name = "127.0.0.1" if family == socket.AF_INET else "::1"
    return listener, f"http://{f'[{name}]' if ':' in name else name}:{bound}"


def _bind_unix(path: Path) -> tuple[socket.socket, str]:
    """A UNIX socket; one that a killed process left is replaced.

    Raises:
        OSError: Another process listens there, or it is something else.
    """
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        with socket.socket(socket.AF_UNIX) as other:
            if other.connect_ex(str(path)) == 0:
                raise OSError(98, "another process listens there")
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(SOCKET_MODE)
        listener.setblocking(False)  # noqa: FBT003
    except BaseException:
        listener.close()
        raise
    return listener, f"unix:{path.absolute()}"


def _fit(limits: ServerLimits) -> ServerLimits:
    """As many connections as the system lets this process have open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):  # a sandbox may forbid it
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
            soft = more
    room = limits.connections if soft == resource.RLIM_INFINITY else soft - _OTHER_FILES
    return replace(limits, connections=max(16, min(limits.connections, room)))


def _say(name: str, url: str) -> None:
    print(f"{name} listens on {url}", file=sys.stderr, flush=True)  # noqa: T201

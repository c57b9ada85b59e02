"""Runs parts of the program as processes of their own: started, killed, started again.

Each one's output lies in `logs/NAME.out` and what it says of itself in `logs/NAME.log`.
"""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import sleep as pause
from typing import Final, TypeVar

from ledger.clock import Clock
from ledger.errors import UnavailableError

DEADLINE_MS: Final = 60_000
"""How long anything that has to happen may take."""
_PAUSE_S: Final = 0.1
_GRACE_S: Final = 30
_ENTRY: Final = "from cli.main import run; run()"
_T = TypeVar("_T")


class Fleet:
    """Processes by name, in the current folder.

    Args:
        clock: For deadlines.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._commands: dict[str, tuple[str, ...]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.logs = Path("logs")

    def start(self, name: str, *argv: str) -> None:
        """Start a process and wait until it says on its output that it works.

        Args:
            name: Of its log files.
            argv: Of the program; none: what it was started with before.

        Raises:
            UnavailableError: It ended, or says nothing in time.
        """
        command = self._commands[name] = argv or self._commands[name]
        self.logs.mkdir(exist_ok=True)
        with ExitStack() as stack:
            out = stack.enter_context(self.path(name).open("wb"))
            log = stack.enter_context(self.path(name, "log").open("ab"))
            self._running[name] = subprocess.Popen(  # noqa: S603  # our own program, our own words
                [sys.executable, "-c", _ENTRY, *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
            )
        self.wait(lambda: self._has_spoken(name), f"{name} is up")

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """End a process; gives what it ended with.

        Raises:
            UnavailableError: It goes on for too long; then it was killed.
        """
        process = self._running.pop(name)
        process.send_signal(how)
        try:
            return process.wait(_GRACE_S)
        except subprocess.TimeoutExpired as exc:
            process.kill()
            process.wait()
            raise UnavailableError(f"{name} did not end: see {self.path(name, 'log')}") from exc

    def stop(self, name: str) -> int:
        """Ask a process to end, and wait for it."""
        return self.kill(name, signal.SIGTERM)

    def ended(self, name: str) -> int | None:
        """What a process ended with; None while it runs."""
        return self._running[name].poll()

    def close(self) -> None:
        """End all that still run."""
        for name in [*self._running]:
            self.kill(name)

    def path(self, name: str, kind: str = "out") -> Path:
        """Where a process writes."""
        return self.logs / f"{name}.{kind}"

    def last_line(self, name: str) -> str:
        """The last whole line of a process's output."""
        lines = self.path(name).read_text("utf-8").rpartition("\n")[0].splitlines()
        return lines[-1] if lines else ""

    def wait(self, probe: Callable[[], _T | None], what: str) -> _T:
        """What a probe gives once it gives something.

        Args:
            probe: Gives nothing that counts until it is so.
            what: Is waited for, to be told if it does not come.

        Raises:
            UnavailableError: Not in time.
        """
        deadline = self._clock.monotonic() + DEADLINE_MS
        while not (found := probe()):
            if self._clock.monotonic() > deadline:
                raise UnavailableError(f"waited in vain: {what}; see {self.logs}")
            pause(_PAUSE_S)
        return found

    def _has_spoken(self, name: str) -> bool:
        """Whether it runs and has written a line.

        Raises:
            UnavailableError: It ended.
        """
        code = self.ended(name)
        if code is None:
            return len(self.last_line(name)) > len("}")  # which ends the document of an error
        said = "".join(self.path(name, kind).read_text("utf-8") for kind in ("log", "out"))
        raise UnavailableError(f"{name} ended with {code}: {said[-500:].strip()}")


def find_ports(count: int) -> Sequence[int]:
    """So many different ports of the loopback address that are free now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]

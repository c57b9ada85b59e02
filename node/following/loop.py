"""Does something again and again beside a server, more slowly while it fails."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from ledger.errors import CorruptionError, LedgerError, StoreFailedError
from node.problems import ServerError

LONGEST_PAUSE_S: Final = 60.0
_FATAL: Final = (CorruptionError, StoreFailedError)
_LOGGER: Final = logging.getLogger("muniment.following")


class Loop:
    """Follows a log until it is stopped.

    Args:
        step: One round; gives whether there is nothing more to do at once.
        every_s: Pause after a round that left nothing to do, in seconds.
    """

    def __init__(self, step: Callable[[], bool], every_s: float) -> None:
        self._step = step
        self._every_s = every_s
        self._stop = threading.Event()
        self.failure: LedgerError | None = None
        """What ended it: our own disk or files, or a bug."""
        self.trouble: LedgerError | None = None
        """What the last round failed with; it is tried again."""

    def run(self) -> None:
        """Go on until stopped, or until our own disk or this program fails."""
        try:
            self._run()
        except BaseException as exc:
            self.failure = self.trouble = ServerError(f"following ended: {type(exc).__name__}")
            raise

    def _run(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            try:
                is_done = self._step()
            except _FATAL as exc:
                self.failure = self.trouble = exc
                return
            except LedgerError as exc:
                self._tell(exc)
                pause = min(LONGEST_PAUSE_S, max(self._every_s, 2 * pause))
            else:
                self.trouble = None
                pause = self._every_s if is_done else 0.0

    def stop(self) -> None:
        """End after the round that is under way."""
        self._stop.set()

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Run in a thread of its own while a server serves."""
        thread = threading.Thread(target=self.run, name="following")
        thread.start()
        try:
            yield
        finally:
            self.stop()
            await asyncio.to_thread(thread.join)

    def has_failed(self) -> bool:
        """Whether this process should end."""
        return self.failure is not None

    def _tell(self, error: LedgerError) -> None:
        """Say what went wrong, once as long as it stays the same."""
        before = self.trouble
        self.trouble = error
        if before is None or (before.code, str(before)) != (error.code, str(error)):
            _LOGGER.warning("%s: %s", error.code, error)

"""The one place that reads the time."""

import time
from typing import Protocol

from typing_extensions import override

from ledger.core.types import UnixMillis


class Clock(Protocol):
    """Tells the time twice: by the calendar, and by a counter that nobody can set."""

    def now(self) -> UnixMillis:
        """Unix milliseconds; may jump when somebody sets the clock."""
        ...

    def monotonic(self) -> UnixMillis:
        """Milliseconds since some moment; never goes back, is never set."""
        ...


class SystemClock(Clock):
    """The machine's clocks."""

    @override
    def now(self) -> UnixMillis:
        return UnixMillis(time.time_ns() // 1_000_000)

    @override
    def monotonic(self) -> UnixMillis:
        return UnixMillis(time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000)

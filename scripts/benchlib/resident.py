"""Writes to a loaded ledger and prints the most memory that took, in MB; nothing if unknown.

A process of its own, so that it has no memory but what the writing needs.
"""

import sys
from pathlib import Path

from scripts.benchlib.world import BLOCK, Events, opened

_FIRST_NEW = 1_000_000_000
"""A part that nobody has made before."""


def main() -> None:
    home, rounds = Path(sys.argv[1]), int(sys.argv[2])
    with opened(home) as desk:
        events = Events(desk.registry, first_new=_FIRST_NEW)
        for _ in range(rounds):
            desk.write(events.create(BLOCK))
    print(_read_peak())


def _read_peak() -> str:
    """VmHWM of Linux; the peak that getrusage tells may be the parent's."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return ""
    lines = (line.split() for line in status.splitlines())
    return next((f"{int(line[1]) / 1024:.1f}" for line in lines if line[0] == "VmHWM:"), "")


if __name__ == "__main__":
    main()

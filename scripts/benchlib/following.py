"""Figures of those who follow a log over loopback: an auditor's execution, a mirror's copy."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ledger.clock import SystemClock
from ledger.core.policy import parse_policy
from ledger.light.fetch import Fetcher, HttpFetcher
from ledger.storage.sqlite import create_store
from node.following.auditor import program_rules
from node.following.execution import Execution
from node.following.mirror import Mirror
from node.following.source import LogSource
from node.home import Home
from scripts.benchlib.measure import Row, Scale, Stopwatch, at_least
from scripts.benchlib.world import BLOCK, Events, found, opened

_WITHOUT_END_MS = 10**9
_TURN_BLOCKS = 5
_STOP_S = 30


def measure_following(folder: Path, scale: Scale) -> list[Row]:
    """How fast an auditor and a mirror take in a log, beside how fast it was written."""
    home = folder / "followed"
    found(home)
    policy = parse_policy(Home(home).policy.read_bytes())
    with _serving(home) as fetcher:
        source = LogSource(fetcher, [policy.logs[0].key])
        auditor = _measure_auditor(home, folder / "executed.db", source, scale.middle // 4)
        start = time.perf_counter()
        done = Mirror(folder / "mirror", policy, fetcher, SystemClock()).follow()
        mirrored = done.size / (time.perf_counter() - start)
    meaning = f"{done.size:,} leaves from another process to a new folder, each file durable"
    return [auditor, Row("following", "leaves mirrored", mirrored, "leaves/s", None, meaning)]


def _measure_auditor(home: Path, scratch: Path, source: LogSource, count: int) -> Row:
    """In turns, so that noise meets both.

    Raises:
        AssertionError: The log was not executed to its end.
    """
    written, executed = Stopwatch(), Stopwatch()
    with opened(home) as desk, closing(create_store(scratch)) as store:
        execution = Execution(store, source, program_rules(), SystemClock())
        events = Events(desk.registry)
        for _ in range(count // BLOCK // _TURN_BLOCKS or 1):
            blocks = [events.create(BLOCK) for _ in range(_TURN_BLOCKS)]
            with written.lap():
                for wires in blocks:
                    desk.write(wires)
            with executed.lap():
                if not execution.advance(source.fetch_newest(), _WITHOUT_END_MS):
                    raise AssertionError("the log was not executed to its end")
    done = len(written.times) * _TURN_BLOCKS * BLOCK
    rates = (done / sum(watch.times) for watch in (executed, written))
    by_auditor, by_writer = rates
    meaning = (
        f"fetched from another process over loopback, executed and kept durably: {by_auditor:,.0f} "
        f"events/s; {by_writer:,.0f} events/s were written, durable in blocks of {BLOCK:,}, in turn"
    )
    name = f"auditor's rate / write rate, {done:,} events"
    return Row("following", name, by_auditor / by_writer, "x", at_least(0.7), meaning)


@contextmanager
def _serving(home: Path) -> Iterator[Fetcher]:
    """Fetches from a process that serves what is written meanwhile."""
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.benchlib.tileserver", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = process.stdout.readline().decode().strip() if process.stdout else ""
        with closing(HttpFetcher(url)) as fetcher:
            yield fetcher
    finally:
        process.terminate()
        process.communicate(timeout=_STOP_S)

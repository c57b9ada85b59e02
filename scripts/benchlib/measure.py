"""Rows of figures, medians of repeated runs, and the machine they were taken on."""

import gc
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import pysqlite3.dbapi2 as sqlite
from typing_extensions import override

LIBRARIES = ("pynacl", "cryptography", "msgspec", "pysqlite3", "sqlite-utils", "typer")


@dataclass(frozen=True)
class Goal:
    """What a figure should be: at least, or at most, so much."""

    bound: float
    is_least: bool

    @override
    def __str__(self) -> str:
        return f"{'>=' if self.is_least else '<='} {self.bound:,g}"

    def is_met(self, value: float) -> bool:
        return value >= self.bound if self.is_least else value <= self.bound


def at_least(bound: float) -> Goal:
    return Goal(bound, is_least=True)


def at_most(bound: float) -> Goal:
    return Goal(bound, is_least=False)


@dataclass(frozen=True)
class Row:
    """One figure.

    Args:
        group: Rows of one are measured together.
        name: What was measured, with the sizes of this run.
        value: In this unit; None: not measured.
        unit: Such as `events/s`.
        goal: None: for comparison only.
        meaning: How it was measured, for docs/benchmarks.md.
    """

    group: str
    name: str
    value: float | None
    unit: str
    goal: Goal | None
    meaning: str

    @property
    def is_ok(self) -> bool | None:
        """Whether the goal is met; None where there is none, or no figure."""
        if self.goal is None or self.value is None:
            return None
        return self.goal.is_met(self.value)


@dataclass(frozen=True)
class Scale:
    """How large this run is.

    Args:
        large: Subjects, keys and entries where a figure is about a million.
        middle: Subjects, and events of the audit, where it is about a hundred thousand.
        small: Subjects of the small map that block cost is compared with.
        rounds: Blocks in a median.
        window_block: Events in each of the blocks that fill the version window.
        folder: Where ledgers are made; their fsync is part of what is measured.
    """

    large: int
    middle: int
    small: int
    rounds: int
    window_block: int
    folder: Path


class Stopwatch:
    """Times of one repeated thing, in seconds."""

    def __init__(self) -> None:
        self.times: list[float] = []

    @contextmanager
    def lap(self) -> Iterator[None]:
        """Time what happens within; what lies about from before is cleared away first."""
        gc.collect()
        start = time.perf_counter()
        yield
        self.times.append(time.perf_counter() - start)

    @property
    def median(self) -> float:
        return median(self.times)


def time_each(count: int, action: Callable[[int], object]) -> float:
    """Median seconds of an action that is called with 0, 1, ...; the first tenth only warms up."""
    times = []
    for i in range(count):
        start = time.perf_counter()
        action(i)
        times.append(time.perf_counter() - start)
    return median(times[count // 10 :])


def describe_machine() -> dict[str, str | int]:
    """Processor, cores and versions; nothing that names the machine or its user."""
    return {
        "cpu": _read_cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0,
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": str(sqlite.sqlite_version),
        **{name: version(name) for name in LIBRARIES},
    }


def _read_cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown"
    lines = (line.partition(":") for line in text.splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() == "model name"), "")

"""Figures of the node over loopback: how many events it takes, and how many files it gives."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from ledger.core.policy import parse_policy
from ledger.storage.sqlite import SqliteStore
from node.home import Home
from node.tiles.editions import export_log
from scripts.benchlib.bulk import found_with_subjects
from scripts.benchlib.load import Load, Loader, Outcome, loader, save_bodies
from scripts.benchlib.measure import Row, Scale, Stopwatch, at_least, at_most
from scripts.benchlib.world import BLOCK, Desk, Events, found, opened

START = "from cli.main import run; run()"
_CONNECTIONS = 32
_IN_FLIGHT = 64
_BATCHES = 4
_SECONDS = 5.0
_WARM_SECONDS = 1.0
_STOP_S = 30
_EVENTS = "/v1/events"
_COSIGNED = "Prefer: wait=cosigned\r\n"
_PATHS = {
    "tiles": "/tile/0/000",
    "gzipped bundles": "/tile/entries/000",
    "checkpoints": "/checkpoint",
}


def measure_node(folder: Path, scale: Scale) -> list[Row]:
    """Events over HTTP: batches beside the same in process, many clients, one client, witnesses."""
    home, twin = folder / "node", folder / "twin"
    found_with_subjects(home, scale.middle)
    shutil.copytree(home, twin)
    with opened(twin) as desk:
        events = Events(desk.registry, scale.middle)
        with serving(home) as url, loader(url) as load:
            work = _Work(load, events, folder)
            rows = [*_measure_batches(work, desk, scale), *_measure_single(work, scale)]
        with witnessed(home, folder), serving(home) as url, loader(url) as load:
            rows.append(_measure_cosigned(_Work(load, events, folder), scale))
    return rows


class _Work:
    """Events that are sent to a node.

    Args:
        load: Sends them.
        events: Makes them.
        folder: For their file.
    """

    def __init__(self, load: Loader, events: Events, folder: Path) -> None:
        self._load = load
        self._folder = folder
        self.events = events

    def post(self, wires: Sequence[bytes], load: Load) -> Outcome:
        """Send events.

        Raises:
            AssertionError: One was not accepted.
        """
        outcome = self._load.run(load.with_bodies(save_bodies(self._folder, wires)))
        if outcome.good != len(wires):
            raise AssertionError("an event of the benchmark was not accepted")
        return outcome

    def post_single(self, count: int, in_flight: int, headers: str = "") -> Outcome:
        """Send events one by one, after some that warm up."""
        single = Load(_EVENTS, in_flight, headers=headers)
        self.post(self.events.update(max(count // 10, in_flight)), single)
        return self.post(self.events.update(count), single)


def _measure_batches(work: _Work, desk: Desk, scale: Scale) -> Iterator[Row]:
    """The same events to a node and to the same registry in this process, in turn."""
    over_http, in_process = Stopwatch(), Stopwatch()
    for _ in range(2 + scale.rounds // _BATCHES):
        blocks = [work.events.update(BLOCK) for _ in range(_BATCHES)]
        wires = [wire for block in blocks for wire in block]
        over_http.times.append(work.post(wires, Load(_EVENTS, lines=BLOCK)).seconds)
        with in_process.lap():
            for block in blocks:
                desk.write(block)
    for watch in (over_http, in_process):
        del watch.times[:2]  # warm up
    count = _BATCHES * BLOCK
    by_node, by_desk = (count / watch.median for watch in (over_http, in_process))
    meaning = (
        f"{_BATCHES} requests of {BLOCK:,} signed events, one after the other, from the first byte "
        "to the last of {0}; beside that the same events written in the measuring process, in "
        f"turn: {by_desk:,.0f} events/s; medians of {len(over_http.times)} turns; one update of a "
        f"subject anywhere among {scale.middle:,} each"
    )
    answers = "the answers, each with a receipt and a signed statement"
    rate, ratio = f"batches of {BLOCK:,} over HTTP", f"batches of {BLOCK:,} over HTTP / in process"
    yield Row("node", rate, by_node, "events/s", None, meaning.format(answers))
    meaning = f"the row above, divided by {by_desk:,.0f} events/s"
    yield Row("node", ratio, by_node / by_desk, "x", at_least(0.7), meaning)


def _measure_single(work: _Work, scale: Scale) -> Iterator[Row]:
    count = 100 * scale.rounds
    many = work.post_single(count, _IN_FLIGHT)
    name = f"single submissions, {_IN_FLIGHT} in flight"
    meaning = (
        f"`POST {_EVENTS}` of one event each over {_IN_FLIGHT} connections kept alive, {count:,} "
        "requests, each to a durable event, its receipt and signed answer"
    )
    yield Row("node", name, many.rate, "events/s", at_least(800), meaning)
    meaning = "99 of 100 of the same requests took no longer"
    yield Row("node", f"{name}, p99", many.percentile(99), "ms", at_most(150), meaning)
    lone = work.post_single(10 * scale.rounds, 1)
    meaning = f"median of {10 * scale.rounds} requests, one after the other; nobody else asks"
    value = lone.percentile(50)
    yield Row("node", "one client, an event to its receipt", value, "ms", at_most(15), meaning)


def _measure_cosigned(work: _Work, scale: Scale) -> Row:
    outcome = work.post_single(5 * scale.rounds, 1, _COSIGNED)
    meaning = (
        "the same with `Prefer: wait=cosigned` and a policy of two witnesses that both have to "
        f"cosign, each a process of its own; median of {5 * scale.rounds}, and "
        f"{outcome.percentile(99):.0f} ms for 99 of 100"
    )
    value = outcome.percentile(50)
    return Row("node", "one client, to a cosigned receipt", value, "ms", at_most(100), meaning)


def measure_tiles(folder: Path, scale: Scale) -> list[Row]:
    """What the node answers of the log's files, and how fast they are written to a folder."""
    home = folder / "served"
    found(home)
    with opened(home) as desk:
        events = Events(desk.registry)
        for _ in range(scale.small // BLOCK):
            desk.write(events.create(BLOCK))
    rows = [_measure_export(home, folder / "exported")]
    with serving(home) as url, loader(url) as load:
        for name, path in _PATHS.items():
            wanted = Load(path, _CONNECTIONS, headers="Accept-Encoding: gzip\r\n")
            load.run(wanted.for_seconds(_WARM_SECONDS))
            rate = load.run(wanted.for_seconds(_SECONDS)).rate
            goal = at_least(10_000) if name == "tiles" else None
            meaning = (
                f"`GET {path}` with {_CONNECTIONS} connections kept alive, client and node in a "
                f"process each, {_SECONDS:g} s; the node writes a line of log for each"
            )
            rows.append(Row("tiles", f"{name} from the node", rate, "1/s", goal, meaning))
    return rows


@contextmanager
def serving(home: Path, *words: str) -> Iterator[str]:
    """The address of a node that runs in a process of its own.

    Args:
        home: Of the node.
        words: More of its command line.
    """
    with running("--home", str(home), "--json", "serve", "--port", "0", *words) as server:
        yield server.url


class Server:
    """A process of ours that serves.

    Args:
        url: Where.
        pid: Of the process.
    """

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.pid = pid


@contextmanager
def running(*words: str) -> Iterator[Server]:
    """A command that says its address as JSON and goes on until it is stopped.

    Raises:
        AssertionError: It did not start.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", START, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise AssertionError(f"it did not start: {' '.join(words)}")
        yield Server(str(json.loads(line)["url"]), process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=_STOP_S)


def command(*words: str) -> bytes:
    """What a command of ours says."""
    argv = [sys.executable, "-c", START, *words]
    return subprocess.run(argv, check=True, capture_output=True).stdout


@contextmanager
def witnessed(home: Path, folder: Path, count: int = 2) -> Iterator[list[Server]]:
    """Witnesses of a home's log, each a process; the home's policy asks for all of them."""
    policy = str(Home(home).policy)
    with ExitStack() as stack:
        servers = []
        for number in range(1, count + 1):
            name, place = f"w{number}", str(folder / f"witness-{number}")
            made = command("--json", "witness", "init", name, "--folder", place, "--no-passphrase")
            command("witness", "add-log", "--policy", policy, "--folder", place)
            words = ("--json", "witness", "serve", "--folder", place, "--port", "0")
            server = stack.enter_context(running(*words))
            vkey = str(json.loads(made)["vkey"])
            words = ("policy", "add-witness", name, vkey, server.url, "--quorum", "all")
            command("--home", str(home), *words)
            servers.append(server)
        yield servers


def _measure_export(home: Path, target: Path) -> Row:
    policy = parse_policy(Home(home).policy.read_bytes())
    start = time.perf_counter()
    with closing(SqliteStore(Home(home).ledger)) as store:
        done = export_log(store, policy, target, lambda _done, _total: None)
    took = time.perf_counter() - start
    meaning = f"{done.size:,} leaves to a new folder, {done.files} files, each durable"
    return Row("tiles", "leaves exported as files", done.size / took, "leaves/s", None, meaning)

"""`scripts/soak`: mixed load on a real node for a while; memory has to stay flat, the log sound."""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from tempfile import mkdtemp
from typing import Any

from node.home import Home
from scripts.benchlib.load import Load, loader, save_bodies
from scripts.benchlib.measure import describe_machine
from scripts.benchlib.node import START, Server, command, running, witnessed
from scripts.benchlib.soakload import Filler, Traffic
from scripts.benchlib.world import BLOCK, Desk, Events, found, opened

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"
BOUND_MB_PER_MINUTE = 1.0
"""More growth than this, as a straight line through the samples of the last two thirds, fails."""
Report = dict[str, Any]
_SAMPLE_S = 10.0
_FILLING_BLOCKS = 120
_FILLING_READS = 20_000
"""Subjects whose state and dossier are read after these blocks."""
_CONFIG = """\
requests_per_second = 0
events_per_second = 0
party_events_per_second = 0
"""


@dataclass(frozen=True)
class Growth:
    """Memory of one process.

    Args:
        name: Of the process.
        first: Resident megabytes when the load began.
        last: When it ended.
        peak: Most of all samples.
        slope: Megabytes a minute over the last two thirds.
    """

    name: str
    first: float
    last: float
    peak: float
    slope: float

    @property
    def is_ok(self) -> bool:
        """Whether it grows no faster than the bound."""
        return self.slope <= BOUND_MB_PER_MINUTE


class Memory:
    """Samples of the resident memory of processes.

    Args:
        pids: By name.
    """

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = pids
        self._start = time.monotonic()
        self.times: list[float] = []
        self.samples: dict[str, list[float]] = {name: [] for name in pids}

    def sample(self) -> None:
        """Take one of each process.

        Raises:
            OSError: A process is gone, or this system has no /proc.
        """
        self.times.append((time.monotonic() - self._start) / 60)
        for name, pid in self._pids.items():
            text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
            kilobytes = text.partition("VmRSS:")[2].split()[0]
            self.samples[name].append(int(kilobytes) / 1000)

    def growths(self) -> list[Growth]:
        """Of each process."""
        begin = len(self.times) // 3
        return [
            Growth(name, found[0], found[-1], max(found), slope(self.times[begin:], found[begin:]))
            for name, found in self.samples.items()
        ]


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Of the straight line through these points, by least squares; 0 of fewer than two."""
    if len(times) < 2:
        return 0.0
    mean_time, mean_value = fmean(times), fmean(values)
    above = sum((t - mean_time) * (v - mean_value) for t, v in zip(times, values, strict=True))
    return above / sum((t - mean_time) ** 2 for t in times)


def main() -> None:
    options = _parse_arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix="soak-", dir=options.folder))
    document = _soak(folder, options.minutes)
    if document["ok"]:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        _tell(f"everything is left in {folder}")
    if options.json:
        print(json.dumps(document, indent=1))
    else:
        print("\n".join(_format(document)))
    if not document["ok"]:
        sys.exit("soak: failed")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/soak", description="Mixed load on a node; its memory has to stay flat."
    )
    parser.add_argument("--minutes", type=float, default=15.0, help="of load (default: 15)")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--markdown", action="store_true", help="as usual: a table in Markdown")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where it is all made")
    return parser.parse_args()


@contextmanager
def _network(home: Path, folder: Path) -> Iterator[dict[str, Server]]:
    """A node with a witness and an auditor, both of whom have to cosign."""
    config = folder / "node.toml"
    config.write_text(_CONFIG, encoding="utf-8")
    words = ("serve", "--port", "0", "--config", str(config))
    place = str(folder / "auditor")
    with (
        witnessed(home, folder, 1) as (witness,),
        running("--home", str(home), "--json", *words) as node,
    ):
        policy = str(Home(home).policy)
        init = ("auditor", "init", "audit", "--folder", place, "--policy", policy)
        init = (*init, "--url", node.url, "--no-passphrase")
        made = json.loads(command("--home", place, "--json", *init))
        serve = ("auditor", "serve", "--folder", place, "--port", "0")
        with running("--home", place, "--json", *serve) as auditor:
            words = ("policy", "add-witness", "auditor.audit", made["vkey"], auditor.url)
            command("--home", str(home), *words, "--quorum", "all")
            yield {"node": node, "witness": witness, "auditor": auditor}


def _soak(folder: Path, minutes: float) -> Report:
    home = folder / "home"
    found(home)
    with _network(home, folder) as servers, opened(home) as desk:
        before = desk.registry.store.read_head()
        count = _fill(desk, servers["node"].url, folder)
        _tell(f"{count:,} events written, caches filled; load begins")
        traffic = Traffic(servers["node"].url, Events(desk.registry, count), count)
        memory = Memory({name: server.pid for name, server in servers.items()})
        with traffic.flowing():
            _watch(memory, minutes)
        _tell("load has ended; audit")
    audited = _audit(home)
    acknowledged = before.size - before.height + count + traffic.accepted
    if not audited["clean"]:
        traffic.failures[f"the audit says: {audited}"] += 1
    elif audited["size"] - audited["blocks"] != acknowledged:
        traffic.failures[f"the log does not hold the {acknowledged} events acknowledged"] += 1
    return _report(minutes, memory, traffic, audited)


def _audit(home: Path) -> Report:
    """What the command says."""
    argv = [sys.executable, "-c", START, "--home", str(home), "--json", "audit"]
    done = subprocess.run(argv, capture_output=True, text=True)
    return (
        json.loads(done.stdout) if done.returncode == 0 else {"clean": False, "says": done.stderr}
    )


def _fill(desk: Desk, url: str, folder: Path) -> int:
    """Write until what the processes keep is full: what grows after that grows without end.

    Raises:
        AssertionError: An event was not accepted.
    """
    events = Events(desk.registry)
    with loader(url) as load, closing(Filler(url)) as filler:
        for _ in range(_FILLING_BLOCKS):
            posted = Load("/v1/events", lines=BLOCK)
            done = load.run(posted.with_bodies(save_bodies(folder, events.create(BLOCK))))
            if done.good != BLOCK:
                raise AssertionError("an event was not accepted")
        filler.read_proofs(_FILLING_BLOCKS * BLOCK, _FILLING_READS)
        filler.read_bundles(_FILLING_BLOCKS * BLOCK)
    return _FILLING_BLOCKS * BLOCK


def _watch(memory: Memory, minutes: float) -> None:
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until:
        memory.sample()
        if len(memory.times) % 6 == 1:
            last = {name: round(found[-1]) for name, found in memory.samples.items()}
            _tell(f"{memory.times[-1]:.1f} min, MB: {last}")
        time.sleep(min(_SAMPLE_S, max(0.0, until - time.monotonic())))
    memory.sample()


def _report(minutes: float, memory: Memory, traffic: Traffic, audited: Report) -> Report:
    growths = memory.growths()
    return {
        "machine": describe_machine(),
        "minutes": minutes,
        "bound_mb_per_minute": BOUND_MB_PER_MINUTE,
        "memory": [{**vars(one), "ok": one.is_ok} for one in growths],
        "samples": {"minutes": memory.times, **memory.samples},
        "answers": dict(sorted(traffic.answers.items())),
        "accepted": traffic.accepted,
        "failures": dict(traffic.failures),
        "audit": audited,
        "ok": all(one.is_ok for one in growths) and not traffic.failures,
    }


def _format(report: Report) -> Iterator[str]:
    """The table of docs/benchmarks.md, and what was done meanwhile."""
    yield "| process | MB at first | MB at the end | peak | MB a minute | goal | |"
    yield "| --- | ---: | ---: | ---: | ---: | --- | --- |"
    for one in report["memory"]:
        cells = [one["name"], *(f"{one[name]:,.0f}" for name in ("first", "last", "peak"))]
        verdict = "met" if one["ok"] else "missed"
        cells += [f"{one['slope']:+.2f}", f"≤ {BOUND_MB_PER_MINUTE:g}", verdict]
        yield f"| {' | '.join(cells)} |"
    yield ""
    answers = ", ".join(f"{count:,} {name}" for name, count in report["answers"].items())
    yield f"{report['minutes']:g} minutes; {report['accepted']:,} events accepted; {answers}."
    if (audited := report["audit"])["clean"]:
        yield f"The audit of {audited['size']:,} leaves in {audited['blocks']:,} blocks is clean."
    for failure, count in report["failures"].items():
        yield f"FAILED {count} times: {failure}"


def _tell(text: str) -> None:
    print(f"soak: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

"""Figures of those who check: vouchers, audits; and what the program itself takes."""

import json
import subprocess
import sys
import time
from pathlib import Path

from contracts.verdict import Question
from ledger.audit import Auditor
from ledger.clock import SystemClock
from ledger.core.policy import parse_policy
from ledger.storage.scratch import open_scratch
from node.home import Home
from node.rulebundle import current_rules
from node.verifier import verify_file
from scripts.benchlib.measure import Row, Scale, Stopwatch, at_least, at_most, time_each
from scripts.benchlib.world import BLOCK, Events, found, opened

_START = "from cli.main import run; run()"


def run_muniment(*arguments: str) -> bytes:
    """Output of the program, run as a process of its own."""
    command = [sys.executable, "-c", _START, *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


def register_table(home: Path, table: Path) -> dict[str, str]:
    """Register a table that is made for it; what the program says of it, `asset` and `voucher`.

    Args:
        home: Of a solo registry.
        table: Where to write it; another name makes other content.
    """
    lines = (f"{table.stem},{i},{i * i}\n" for i in range(1000))
    table.write_text("".join(lines), encoding="utf-8")
    command = ("--home", str(home), "--json", "register", str(table))
    registered: dict[str, str] = json.loads(run_muniment(*command))
    return registered


def measure_voucher(home: Path, folder: Path, scale: Scale) -> list[Row]:
    """Verifying a voucher of a real file, from bytes to verdict."""
    voucher = register_table(home, folder / "table.csv")["voucher"]
    file = folder / "bench.voucher.json"
    export = ("voucher", "export", voucher, "--out", str(file))
    run_muniment("--home", str(home), *export)
    policy = parse_policy(Home(home).policy.read_bytes())
    data, question = file.read_bytes(), Question(now=SystemClock().now())
    if not verify_file(data, policy, question).is_in_force:
        raise AssertionError("the voucher that is to be measured does not verify")
    verified = time_each(300, lambda _: verify_file(data, policy, question))
    name = f"voucher verified, {scale.large:,} subjects"
    meaning = f"median, from {len(data):,} bytes in memory to the verdict, parsing included"
    return [Row("voucher", name, verified * 1000, "ms", at_most(5), meaning)]


def measure_audit(folder: Path, scale: Scale) -> list[Row]:
    """How fast a log is executed again and compared, beside how fast it was written."""
    home, count = folder / "audited", scale.middle
    found(home)
    watch = Stopwatch()
    with opened(home) as desk:
        events = Events(desk.registry)
        for _ in range(count // BLOCK):
            wires = events.create(BLOCK)
            with watch.lap():
                desk.write(wires)
        written = count / sum(watch.times)
        goal, name = at_least(0.7), f"audit rate / write rate, {count:,} events"
        rules = current_rules()
        auditor = Auditor({rules.name: rules}, desk.registry.log_key)
        start = time.perf_counter()
        with open_scratch(folder) as scratch:
            auditor.audit(desk.registry.store, scratch)
        audited = count / (time.perf_counter() - start)
    meaning = (
        f"events that each make a new subject; {audited:,.0f} events/s, with every table "
        f"compared, and {written:,.0f} events/s, durable in blocks of {BLOCK:,}"
    )
    return [Row("audit", name, audited / written, "x", goal, meaning)]


def measure_memory(home: Path, scale: Scale) -> list[Row]:
    """The most memory that a process that writes to a large ledger ever has."""
    command = [sys.executable, "-m", "scripts.benchlib.resident", str(home), str(scale.rounds)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    name = f"resident memory at {scale.large:,} subjects"
    meaning = f"peak of a process of its own that writes {scale.rounds} blocks of {BLOCK:,}"
    value = float(output) if output.strip() else None
    return [Row("memory", name, value, "MB", at_most(400), meaning)]


def measure_start(scale: Scale) -> list[Row]:
    """How long the command line takes to say something."""
    return [_measure_one_start(words, scale) for words in (("--version",), ("verify", "--help"))]


def _measure_one_start(words: tuple[str, ...], scale: Scale) -> Row:
    took = time_each(scale.rounds, lambda _: run_muniment(*words))
    meaning = f"median of {scale.rounds} processes, from start to exit"
    return Row("start", f"muniment {' '.join(words)}", took * 1000, "ms", at_most(300), meaning)

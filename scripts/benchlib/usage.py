"""Figures of usage in bulk: a file of lines to its root, and the proof of one line from it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

from contracts.usage import UsageBatch
from node.usagefile import UsageSummary, open_usage_file, prove_usage_line, read_usage
from node.usagerows import Layout
from scripts.benchlib.measure import Goal, Row, Scale, at_most

_START = 1_763_800_000_000
_SECONDS_FOR_A_MILLION = 30
_NDJSON, _CSV = Layout("ndjson"), Layout("csv")


def measure_usage(folder: Path, scale: Scale) -> list[Row]:
    """Reading a batch of each form once, and proving its middle line."""
    lines, table = folder / "usage.ndjson", folder / "usage.csv"
    _write(lines, table, scale.large)
    count, goal = f"{scale.large:,} lines", _scale_goal(scale.large)
    what = f"one pass over {lines.stat().st_size / 1e6:,.0f} MB on disk"
    summary, read = _time(lines, _NDJSON)
    same, read_table = _time(table, _CSV)
    if same != summary:
        raise AssertionError("a table and its lines are the same batch")
    proved = _time_proof(lines, summary)
    table_size = table.stat().st_size
    lines.unlink()
    table.unlink()
    return [
        Row(
            "usage",
            f"usage lines of a batch, {count}",
            read,
            "s",
            goal,
            f"{what}, NDJSON as json.dumps writes it, from the file to root and totals; "
            f"the goal is {_SECONDS_FOR_A_MILLION} s for 1,000,000 lines, in proportion",
        ),
        Row(
            "usage",
            f"usage lines of a batch, CSV, {count}",
            read_table,
            "s",
            goal,
            f"the same lines as a table of {table_size / 1e6:,.0f} MB",
        ),
        Row(
            "usage",
            f"proof of one usage line, {count}",
            proved,
            "s",
            None,
            "the middle line, in a second pass over the same NDJSON",
        ),
    ]


def _scale_goal(count: int) -> Goal:
    return at_most(_SECONDS_FOR_A_MILLION * count / 1_000_000)


def _time(path: Path, layout: Layout) -> tuple[UsageSummary, float]:
    with open_usage_file(path) as file:
        start = time.perf_counter()
        summary = read_usage(file, layout, lambda _: None)
        return summary, time.perf_counter() - start


def _time_proof(path: Path, summary: UsageSummary) -> float:
    batch = UsageBatch(
        grant="grant/" + "a" * 26,
        action=summary.action,
        count=summary.count,
        total=summary.count,
        start=summary.start,
        end=summary.end,
        form="usage-lines/1",
        root=summary.root.hex(),
        lines=summary.lines,
    )
    with open_usage_file(path) as file:
        start = time.perf_counter()
        prove_usage_line(file, _NDJSON, batch, summary.lines // 2, lambda _: None)
        return time.perf_counter() - start


def _write(lines: Path, table: Path, count: int) -> None:
    with lines.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(one) + "\n" for one in _make_lines(count))
    with table.open("w", encoding="utf-8") as file:
        file.write("at,action,count,device,purpose,ref\n")
        file.writelines(",".join(map(str, one.values())) + "\n" for one in _make_lines(count))


def _make_lines(count: int) -> Iterator[dict[str, str | int]]:
    for number in range(count):
        yield {
            "at": _START + number * 7,
            "action": "read",
            "count": 1 + number % 3,
            "device": f"gate-{number % 97:04}",
            "purpose": "traffic research",
            "ref": f"req-{number:010}",
        }

"""The figures as a table, as JSON, and as docs/benchmarks.md."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.benchlib.measure import Row

NOTES = Path(__file__).with_name("notes.md")
"""What is to be said of the figures by hand: the end of docs/benchmarks.md."""

Machine = dict[str, str | int]


def format_json(machine: Machine, rows: Sequence[Row]) -> str:
    """`{"machine","rows":[{"name","value","unit","goal","ok"}]}`."""
    listed = [
        {
            "name": row.name,
            "value": None if row.value is None else float(f"{row.value:.5g}"),
            "unit": row.unit,
            "goal": None if row.goal is None else str(row.goal),
            "ok": row.is_ok,
        }
        for row in rows
    ]
    return json.dumps({"machine": machine, "rows": listed}, ensure_ascii=False, indent=1)


def format_table(machine: Machine, rows: Sequence[Row]) -> str:
    """Lines for a terminal."""
    width = max(len(row.name) for row in rows)
    lines = [f"{name}: {value}" for name, value in machine.items()]
    lines += ["", f"{'':{width}}  {'figure':>10} {'':9} {'goal':>10}"]
    lines += [
        f"{row.name:{width}}  {format_value(row.value):>10} {row.unit:9} "
        f"{row.goal or ''!s:>10}  {format_verdict(row)}".rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def format_markdown(machine: Machine, rows: Sequence[Row], command: str) -> str:
    """The page docs/benchmarks.md."""
    return "\n".join(_markdown_lines(machine, rows, command)) + "\n"


def _markdown_lines(machine: Machine, rows: Sequence[Row], command: str) -> Iterator[str]:
    yield "# Figures"
    yield ""
    yield f"Made by `{command}`. Medians, in process unless said otherwise, warm. The machine:"
    yield ""
    yield from (f"- {name}: {value}" for name, value in machine.items())
    yield ""
    yield "| what | figure | unit | goal | |"
    yield "| --- | ---: | --- | --- | --- |"
    for row in rows:
        goal = str(row.goal or "").replace(">=", "≥").replace("<=", "≤")
        cells = (row.name, format_value(row.value), row.unit, goal, format_verdict(row))
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "## What each row is"
    yield ""
    yield from (f"- **{row.name}**: {row.meaning}." for row in rows)
    if NOTES.is_file():
        yield ""
        yield NOTES.read_text(encoding="utf-8").rstrip()


def format_value(value: float | None) -> str:
    """Three digits that count, or all of a large number."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def format_verdict(row: Row) -> str:
    """`met`, `missed`, or nothing where there is no goal."""
    return {True: "met", False: "missed", None: ""}[row.is_ok]

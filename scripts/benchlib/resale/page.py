"""The page docs/resalebench.md and its plots."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.benchlib.measure import Row
from scripts.benchlib.report import Machine, format_value, format_verdict
from scripts.benchlib.resale.attribution import group_outcomes, share_of
from scripts.benchlib.resale.found import Found
from scripts.benchlib.resale.needed import ROWS
from scripts.benchlib.resale.plots import Axis, Line, draw_grid, draw_lines
from scripts.benchlib.resale.trials import DELIVERIES

NOTES = Path(__file__).with_name("notes.md")
"""What is to be said of the figures by hand: the beginning of the page."""
_PICTURES = "resalebench"
_GROUPS = (
    ("attack", "Attribution"),
    ("innocent", "Innocent suspects, whole pipeline"),
    ("calibration", "Innocent suspects, many"),
    ("derivation", "Derivation"),
    ("rows", "Rows needed"),
    ("fidelity", "What marks cost the data"),
    ("baseline", "Baselines"),
    ("speed", "Speed and size"),
)


@dataclass(frozen=True)
class Origin:
    """How figures came about.

    Args:
        machine: That they were measured on.
        command: That made them.
        codes: By group, the states of the code; empty: what is checked out.
    """

    machine: Machine
    command: str
    codes: Mapping[str, Collection[str]]


def write_page(folder: Path, origin: Origin, found: Found) -> None:
    """Write resalebench.md and the folder of its plots.

    Args:
        folder: Such as docs.
        origin: Of the figures.
        found: Figures.
    """
    pictures = folder / _PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    drawn = dict(_draw(found))
    for name, content in drawn.items():
        (pictures / name).write_bytes(content)
    lines = list(_write(origin, found, drawn.keys()))
    (folder / "resalebench.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write(origin: Origin, found: Found, drawn: Collection[str]) -> Iterator[str]:
    yield "# ResaleBench"
    yield ""
    if NOTES.is_file():
        yield NOTES.read_text(encoding="utf-8").rstrip()
        yield ""
    yield f"Made by `{origin.command}`. The machine:"
    yield ""
    yield from (f"- {name}: {value}" for name, value in origin.machine.items())
    if origin.codes:
        said = (f"{group} {', '.join(sorted(all_))}" for group, all_ in origin.codes.items())
        yield f"- commits: {'; '.join(said)}"
    for name in sorted(drawn):
        yield ""
        yield f"![{_CAPTIONS[name]}]({_PICTURES}/{name})"
    for group, title in _GROUPS:
        rows = [row for row in found.rows if row.group == group]
        if rows:
            yield ""
            yield f"## {title}"
            yield ""
            yield from _table(rows)


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| what | figure | unit | goal | | how |"
    yield "| --- | ---: | --- | --- | --- | --- |"
    for row in rows:
        goal = str(row.goal or "").replace(">=", "≥").replace("<=", "≤")
        cells = (
            row.name, format_value(row.value), row.unit, goal, format_verdict(row), row.meaning,
        )  # fmt: skip
        yield f"| {' | '.join(cells)} |"


_CAPTIONS = {
    "attacks.svg": "Right runs of a hundred, by attack and table",
    "calibration.svg": "How often innocent deliveries reach a p",
    "rows.svg": "Share of copies named, by leaked rows",
}


def _draw(found: Found) -> Iterator[tuple[str, bytes]]:
    if found.attacks:
        yield "attacks.svg", _draw_attacks(found)
    if found.calibration is not None:
        yield "calibration.svg", _draw_calibration(found)
    if found.needed:
        yield "rows.svg", _draw_needed(found)


def _draw_attacks(found: Found) -> bytes:
    groups = group_outcomes(found.attacks)
    tables = list(dict.fromkeys(table for table, _ in groups))
    attacks = list(dict.fromkeys(attack for _, attack in groups))
    watermark = [row for row in found.rows if row.name.startswith("digit watermark: ")]
    beside = {row.name.partition(": ")[2]: row.value for row in watermark}
    rows = [
        (
            attack,
            [
                share_of(groups[table, attack]) if (table, attack) in groups else None
                for table in tables
            ]
            + ([beside.get(attack)] if beside else []),
        )
        for attack in attacks
    ]
    columns = [*tables, *(["watermark"] if beside else [])]
    return draw_grid(_CAPTIONS["attacks.svg"] + f" ({DELIVERIES:,} deliveries)", columns, rows)


def _draw_calibration(found: Found) -> bytes:
    calibration = found.calibration
    if calibration is None:
        raise ValueError("nothing was calibrated")
    levels = [10.0**-k for k in range(len(calibration.below))]
    single = [
        (level, count / calibration.deliveries)
        for level, count in zip(levels, calibration.below, strict=True)
        if count
    ]
    trials = len(calibration.least)
    somebody = [
        (level, calibration.count_accused(level, DELIVERIES) / trials)
        for level in levels
        if calibration.count_accused(level, DELIVERIES)
    ]
    ticks = [10.0**k for k in range(-7, 1)]
    return draw_lines(
        _CAPTIONS["calibration.svg"],
        Axis("bound", ticks, is_log=True),
        Axis("observed", ticks, is_log=True),
        [
            Line("a single delivery", single),
            Line("any of 1,000", somebody or [(1.0, 1e-7)]),
            Line("what is promised", [(level, level) for level in ticks], is_dashed=True),
        ],
    )


def _draw_needed(found: Found) -> bytes:
    lines = [
        Line(each.terms, [(n, 100 * s) for n, s in zip(ROWS, each.named, strict=True)])
        for each in found.needed
    ]
    return draw_lines(
        _CAPTIONS["rows.svg"],
        Axis("leaked rows", [0, 500, 1000, 1500, 2000]),
        Axis("% named", [0, 25, 50, 75, 100]),
        lines,
    )

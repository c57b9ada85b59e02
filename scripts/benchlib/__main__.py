"""Command line of `scripts/bench`."""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.benchlib.batch import measure_batch
from scripts.benchlib.bulk import found_with_subjects
from scripts.benchlib.following import measure_following
from scripts.benchlib.grants import measure_checks, measure_deliveries, measure_dossiers
from scripts.benchlib.light import measure_light
from scripts.benchlib.maps import measure_inclusion, measure_maps
from scripts.benchlib.measure import Row, Scale, describe_machine
from scripts.benchlib.node import measure_node, measure_tiles
from scripts.benchlib.reading import measure_audit, measure_memory, measure_start, measure_voucher
from scripts.benchlib.report import format_json, format_markdown, format_table
from scripts.benchlib.usage import measure_usage
from scripts.benchlib.writing import (
    measure_block_cost,
    measure_disk,
    measure_events,
    scratch_folder,
)
from scripts.benchlib.years import measure_years

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"


def main() -> None:
    options = _parse_arguments()
    scale = _choose_scale(options)
    rows = [row for rows in _measure(scale, options.only) for row in rows]
    if not rows:
        sys.exit(f"bench: there is no group {options.only}")
    machine = describe_machine()
    if options.json:
        print(format_json(machine, rows))
    elif options.markdown:
        command = " ".join(["scripts/bench", *sys.argv[1:]])
        print(format_markdown(machine, rows, command), end="")
    else:
        print(format_table(machine, rows))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measure, and hold the figures against their goals."
    )
    parser.add_argument("--quick", action="store_true", help="smaller sizes, about a minute")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--markdown", action="store_true", help="the page docs/benchmarks.md")
    parser.add_argument("--only", metavar="GROUP", help="such as events, map, check, disk")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where ledgers are made (default: build/bench)"
    )
    return parser.parse_args()


def _choose_scale(options: argparse.Namespace) -> Scale:
    if options.quick:
        return Scale(
            large=50_000,
            middle=10_000,
            small=5_000,
            rounds=5,
            window_block=20,
            folder=options.folder,
        )
    return Scale(
        large=1_000_000,
        middle=100_000,
        small=10_000,
        rounds=30,
        window_block=1_000,
        folder=options.folder,
    )


def _measure(scale: Scale, only: str | None) -> Iterator[list[Row]]:
    """The groups in turn; those that need the large registry share it."""

    def is_asked(*groups: str) -> bool:
        return only is None or only in groups

    with scratch_folder(scale) as folder:
        if is_asked("events", "receipt"):
            yield _tell("events", measure_events(scale))
        if is_asked("map", "proof"):
            yield _tell("map", measure_maps(scale, folder))
        if is_asked("inclusion"):
            yield _tell("inclusion", measure_inclusion(scale, folder))
        if is_asked("block", "voucher", "memory", "check"):
            large = folder / "large"
            found_with_subjects(large, scale.large)
            if is_asked("block", "voucher", "memory"):
                yield _tell("block", measure_block_cost(scale, large, folder))
                yield _tell("voucher", measure_voucher(large, folder, scale))
                yield _tell("memory", measure_memory(large, scale))
            if is_asked("check"):
                yield _tell("check", measure_checks(large, folder, scale))
        if is_asked("dossier"):
            yield _tell("dossier", measure_dossiers(folder, scale))
        if is_asked("deliveries"):
            yield _tell("deliveries", measure_deliveries(scale))
        if is_asked("audit"):
            yield _tell("audit", measure_audit(folder, scale))
        if is_asked("usage"):
            yield _tell("usage", measure_usage(folder, scale))
        if is_asked("batch"):
            yield _tell("batch", measure_batch(folder, scale))
        if only == "years":  # alone it takes about a quarter of an hour
            yield _tell("years", measure_years(scale))
        if is_asked("node"):
            yield _tell("node", measure_node(folder, scale))
        if is_asked("tiles"):
            yield _tell("tiles", measure_tiles(folder, scale))
        if is_asked("following"):
            yield _tell("following", measure_following(folder, scale))
        if is_asked("light"):
            yield _tell("light", measure_light(folder, scale))
        if is_asked("disk"):
            yield _tell("disk", measure_disk(scale))
        if is_asked("start"):
            yield _tell("start", measure_start(scale))


_STARTED = time.perf_counter()


def _tell(group: str, rows: list[Row]) -> list[Row]:
    print(f"bench: {group} done after {time.perf_counter() - _STARTED:.0f} s", file=sys.stderr)
    return rows


if __name__ == "__main__":
    main()

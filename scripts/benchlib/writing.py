"""Figures of the write path: events a second, block cost, one event to its receipt."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import pysqlite3.dbapi2 as sqlite

from ledger.core.bundle import Receipt
from node.home import Home
from scripts.benchlib.bulk import found_with_subjects
from scripts.benchlib.measure import Row, Scale, Stopwatch, at_least, at_most, time_each
from scripts.benchlib.world import BLOCK, Desk, Events, found, opened

_WINDOW_BLOCKS = 256 + 2 * 32
"""Blocks after which the version window is full and has been pruned twice."""


@contextmanager
def scratch_folder(scale: Scale) -> Iterator[Path]:
    """A folder that is gone afterwards."""
    scale.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix="bench-", dir=scale.folder))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure_events(scale: Scale) -> list[Row]:
    """Events a second with one, two and three subjects each, and one event to its receipt."""
    with scratch_folder(scale) as folder:
        found_with_subjects(folder / "home", scale.middle)
        with opened(folder / "home") as desk:
            events = Events(desk.registry, scale.middle)
            rates = _measure_rates(desk, events, scale)
            receipt = _measure_receipt(desk, events, scale)
    size = f"{scale.middle:,} subjects"
    how = (
        f"median over {scale.rounds} blocks of {BLOCK:,} events, from the bytes of the signed "
        "event to the block being durable and its checkpoint signed; "
    )
    meanings = {
        "1 subject": (at_least(3500), how + "a new version of a subject anywhere in the map"),
        "1 new subject": (None, how + "each makes a new subject"),
        "2 subjects": (None, how + "each enrols a party: two new subjects"),
        "3 subjects": (None, how + "each enrols a party with its code: three new subjects"),
    }
    rows = [
        Row("events", f"events, {name} each, {size}", rates[name], "events/s", goal, meaning)
        for name, (goal, meaning) in meanings.items()
    ]
    meaning = "median of one event alone: checked, written, signed for, receipt made"
    name = f"one event to its receipt, {size}"
    return [*rows, Row("receipt", name, receipt * 1000, "ms", at_most(10), meaning)]


def _measure_rates(desk: Desk, events: Events, scale: Scale) -> dict[str, float]:
    makers: dict[str, Callable[[int], list[bytes]]] = {
        "1 subject": events.update,
        "1 new subject": events.create,
        "2 subjects": partial(events.enroll, has_code=False),
        "3 subjects": partial(events.enroll, has_code=True),
    }
    watches = {name: Stopwatch() for name in makers}
    for _ in range(2):
        desk.write(events.update(BLOCK))  # warms up
    for _ in range(scale.rounds):  # side by side, so that noise meets all of them
        for name, make in makers.items():
            wires = make(BLOCK)
            with watches[name].lap():
                desk.write(wires)
    return {name: BLOCK / watch.median for name, watch in watches.items()}


def _measure_receipt(desk: Desk, events: Events, scale: Scale) -> float:
    wires = events.update(10 * scale.rounds)

    def write_one(number: int) -> Receipt:
        (index,) = desk.write(wires[number : number + 1])
        return desk.registry.prover().prove_leaf(index)

    return time_each(len(wires), write_one)


def measure_block_cost(scale: Scale, large: Path, folder: Path) -> list[Row]:
    """What a block costs on a large map, beside the same block on a small one.

    Args:
        scale: Of this run.
        large: Home of a registry of scale.large loaded subjects.
        folder: For the small one.
    """
    found_with_subjects(folder / "small", scale.small)
    times = (Stopwatch(), Stopwatch())
    with opened(large) as many, opened(folder / "small") as few:
        pairs = [
            (many, Events(many.registry, scale.large), times[0]),
            (few, Events(few.registry, scale.small), times[1]),
        ]
        for turn in range(scale.rounds + 5):
            for desk, events, watch in pairs:
                wires = events.update(BLOCK)
                with watch.lap():
                    desk.write(wires)
                if turn < 5:  # warms up
                    watch.times.clear()
    of_many, of_few = (watch.median for watch in times)
    name = f"block cost at {scale.large:,} subjects / at {scale.small:,}"
    meaning = (
        f"{BLOCK:,} updates of subjects anywhere in the map, both ledgers in turn; "
        f"{of_many * 1000:.0f} ms and {of_few * 1000:.0f} ms"
    )
    return [Row("block", name, of_many / of_few, "x", at_most(1.6), meaning)]


def measure_disk(scale: Scale) -> list[Row]:
    """Bytes on disk for each small event, the version window being full and pruned."""
    with scratch_folder(scale) as folder:
        home = folder / "home"
        found(home)
        with opened(home) as desk:
            events = Events(desk.registry)
            watch = Stopwatch()
            for _ in range(_WINDOW_BLOCKS):
                wires = events.create(scale.window_block)
                with watch.lap():
                    desk.write(wires)
        with closing(sqlite.connect(str(Home(home).ledger))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        total = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    count = _WINDOW_BLOCKS * scale.window_block
    meaning = (
        f"everything in the home folder after {count:,} events in blocks of "
        f"{scale.window_block:,}, each of which makes a new subject, divided by the events"
    )
    return [
        Row(
            "disk",
            f"disk for each event, {count:,} events",
            total / count,
            "bytes",
            at_most(3000),
            meaning,
        ),
        Row(
            "disk",
            f"events over all these blocks, {count:,} events",
            count / sum(watch.times),
            "events/s",
            None,
            "mean, from the first block to the last, with all pruning",
        ),
    ]

"""Five years of a registrar's desk, every clock held against the slow ones of the tests."""

from pathlib import Path

from scripts.benchlib.measure import Row, Scale, Stopwatch
from scripts.benchlib.writing import scratch_folder
from tests.years.desk import Desk

SEED = 1


def measure_years(scale: Scale) -> list[Row]:
    """How long the five years take that the tests play with a tenth of the applications."""
    count = scale.large // 50
    watch = Stopwatch()
    with scratch_folder(scale) as folder:
        place = Path(folder)
        desk = Desk(place, SEED, count)
        try:
            with watch.lap():
                desk.play()
            with watch.lap():
                desk.stage.audit()
        finally:
            desk.close()
    played, audited = watch.times
    compared = sum(desk.compared.values())
    meaning = (
        f"seconds for {desk.number:,} events, each in a block of its own and executed twice; "
        f"{compared:,} clocks compared with the slow calculator, all equal; the audit of the whole "
        f"took {audited:.0f} s and is clean"
    )
    name = f"five years at the desk, {count:,} applications"
    return [Row("years", name, played, "s", None, meaning)]

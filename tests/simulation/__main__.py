"""A long run of the simulation, as `scripts/simulate` starts it."""

import argparse
import sys
import tempfile
from pathlib import Path
from random import Random
from time import monotonic

from tests.simulation.moves import HONEST, HOSTILE
from tests.simulation.simulation import BrokenError, Simulation
from tests.simulation.verdicts import ask, compare, compare_with_then, is_refused, mangle, prove

EVERY = 1_000
MANGLED_FILES = 100


def main():
    options = read_options()
    with tempfile.TemporaryDirectory(prefix="simulation-") as folder:
        sim = Simulation(Path(folder), options.seed, options.events, HONEST, HOSTILE)
        try:
            run(sim, options)
        except (BrokenError, AssertionError) as exc:
            print(f"simulate: BROKEN with seed {options.seed}\n{exc}")
            return 1
        finally:
            sim.stage.close()
    print("simulate: every invariant holds")
    return 0


def read_options():
    parser = argparse.ArgumentParser(prog="scripts/simulate", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="how many are tried")
    parser.add_argument("--seed", type=int, default=1, help="the same gives the same run")
    parser.add_argument("--questions", type=int, default=1_000, help="verdicts to compare")
    return parser.parse_args()


def run(sim, options):
    tell = teller()
    tell(f"seed {options.seed}, {options.events} events")
    shown = 0

    def progress(_):
        nonlocal shown
        if sim.number // EVERY > shown:
            shown = sim.number // EVERY
            tell(f"{sim.number} events, {len(sim.assets)} assets, {len(sim.grants)} grants")

    sim.play(progress)
    accepted, refused = sum(sim.seen.values()), sum(sim.refused.values())
    tell(f"{accepted} accepted, {refused} refused for {len(sim.refused)} causes")
    for name, count in sorted(sim.seen.items()):
        print(f"    {count:6}  {name}")
    for (name, reason), count in sorted(sim.refused.items()):
        print(f"    {count:6}  {name}: {reason}")
    result = sim.stage.audit()
    tell(f"audit clean: {result.size} leaves in {result.height} blocks")
    tell(
        f"verdicts from files alone: {dict(compare(sim, Random(options.seed), options.questions))}"
    )
    tell(f"answered on the day and later alike: {dict(compare_with_then(sim))}")
    tell(f"mangled files refused: {refuse_mangled(sim, Random(options.seed))}")


def refuse_mangled(sim, random):
    """How many mangled files are refused; all of them have to be."""
    sizes = [block.size for block in sim.stage.store.iterate_blocks()]
    older = sim.stage.prover(sizes[-min(100, len(sizes))])
    count = 0
    for _ in range(MANGLED_FILES):
        file = prove(sim, ask(sim, random))
        for name, changed in mangle(sim, file, older):
            assert is_refused(sim, changed), (name, file["inquiry"])
            count += 1
    return count


def teller():
    """Prints a line with the seconds since the beginning."""
    start = monotonic()
    return lambda text: print(f"{monotonic() - start:7.1f} s  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Ten years of a registry with a hundred parties, hostile ones among them, in some seconds."""

from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from tempfile import mkdtemp

import pytest

from ledger.errors import LedgerError
from tests.simulation import honest, licensing
from tests.simulation.breaks import BREAKS, find_moment
from tests.simulation.moves import HONEST, HOSTILE
from tests.simulation.simulation import DAY, BrokenError, Simulation
from tests.simulation.stage import Act
from tests.simulation.verdicts import (
    MANGLINGS,
    answer_from_file,
    ask,
    compare,
    compare_with_then,
    is_refused,
    mangle,
    prove,
)
from tests.support.people import START

SEED = 20261122
EVENTS = 2_000
QUESTIONS = 1_000
BUSY_MOVES = {
    honest.enroll: 10,
    honest.file: 5,
    honest.advance: 60,
    honest.transfer: 15,
    honest.judgment: 15,
    honest.pledge: 25,
    honest.release: 30,
    honest.freeze: 10,
    honest.unfreeze: 40,
    honest.suspend: 1,
    honest.lift: 6,
    licensing.issue: 6,
    licensing.accept: 4,
    licensing.hand_on: 4,
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp


@cache
def played(seed=SEED, events=EVENTS):
    """One run; the ledger stays open for the questions of several tests."""
    return Simulation(Path(mkdtemp(prefix="simulation-")), seed, events, HONEST, HOSTILE).play()


def test_ten_years_of_random_events_keep_every_invariant():
    sim = played()
    refused = sum(sim.refused.values())
    assert sim.number >= EVENTS
    assert EVENTS * 0.15 < refused < EVENTS * 0.25
    assert sim.time - START > 5 * 365 * DAY
    assert len(sim.people) >= 80

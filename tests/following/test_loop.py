"""Something done again and again: at its pace, more slowly while it fails, and never after a fault."""

import asyncio
import logging

import pytest

from ledger.errors import CorruptionError, StoreFailedError, UnavailableError
from node.following import loop as module
from node.following.loop import Loop


class Script:
    """Rounds with given outcomes; stops the loop after the last."""

    def __init__(self, *outcomes):
        self.outcomes, self.rounds = list(outcomes), 0
        self.loop = Loop(self, every_s=0.001)

    def __call__(self):
        self.rounds += 1
        outcome = self.outcomes.pop(0)
        if not self.outcomes:
            self.loop.stop()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def pauses(self, monkeypatch):
        """Run, and give the pauses asked for."""
        asked, stop = [], self.loop._stop

        class Stop:
            def wait(self, pause):
                asked.append(pause)
                return stop.is_set()

            def set(self):
                stop.set()

        self.loop._stop = Stop()
        self.loop.run()
        return asked


GONE = UnavailableError("nobody answers")


def test_it_pauses_only_when_there_is_nothing_more_to_do(monkeypatch):
    script = Script(False, False, True, False)
    assert script.pauses(monkeypatch) == [0.0, 0.0, 0.0, 0.001, 0.0]


def test_it_waits_twice_as_long_after_each_failure_up_to_a_minute(monkeypatch):
    script = Script(*[GONE] * 20, True, True)
    asked = script.pauses(monkeypatch)
    assert asked[1:5] == [0.001, 0.002, 0.004, 0.008]
    assert max(asked) == module.LONGEST_PAUSE_S
    assert asked[-1] == 0.001, "and at its pace again afterwards"


def test_a_bug_ends_it_and_the_process_beside_which_it_runs():
    script = Script(True, KeyError("a bug"), True)
    with pytest.raises(KeyError):
        script.loop.run()
    assert script.rounds == 2
    assert script.loop.has_failed()
    assert "KeyError" in str(script.loop.failure)


def test_trouble_is_said_once_and_forgotten_when_it_is_over(caplog):
    script = Script(GONE, GONE, UnavailableError("too slow"), GONE)
    with caplog.at_level(logging.WARNING, "muniment.following"):
        script.loop.run()
    assert [record.getMessage() for record in caplog.records] == [
        "unavailable: nobody answers",
        "unavailable: too slow",
        "unavailable: nobody answers",
    ]
    assert script.loop.trouble is GONE
    again = Script(GONE, True)
    again.loop.run()
    assert again.loop.trouble is None


@pytest.mark.parametrize("fault", [CorruptionError("x"), StoreFailedError("x")])
def test_a_fault_of_our_own_ends_it(fault):
    script = Script(fault, True)
    script.loop.run()
    assert script.rounds == 1
    assert script.loop.has_failed()
    assert script.loop.failure is fault


def test_beside_a_server_it_runs_until_the_server_ends():
    script = Script(*[True] * 3, True)

    async def serve():
        async with script.loop.beside():
            while script.rounds < 4:
                await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(serve(), 10))
    assert script.rounds == 4

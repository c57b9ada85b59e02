"""Chance that is the same in every run, so that no test passes here and fails elsewhere by luck.

Keys, nonces and salts come from `os.urandom`, and identifiers from them. While a fixture is made or
a test runs, they come from a stream of its own instead, a function of its name: a test that passed
passes again, on every machine. Processes that a test starts have the system's randomness, as has
whatever runs between tests. `MUNIMENT_TEST_SEED` is another number to throw the dice anew, or
`none` for the system's randomness.
"""

import os
import threading
from contextlib import contextmanager
from hashlib import sha256

import pytest

SEED = os.environ.get("MUNIMENT_TEST_SEED", "0")
IS_FIXED = SEED != "none"


class Streams:
    """Random bytes of whoever is at work; the system's if it is nobody.

    Args:
        system: The system's source.
    """

    def __init__(self, system):
        self._system, self._lock, self._open = system, threading.Lock(), []

    @contextmanager
    def of(self, *names):
        """Have a stream of this name while the context lasts; the one before goes on after it."""
        stream = _blocks(repr((SEED, *names)).encode())
        with self._lock:
            self._open.append(stream)
        try:
            yield
        finally:
            with self._lock:
                self._open = [each for each in self._open if each is not stream]

    def read(self, size):
        """What `os.urandom` gives."""
        with self._lock:
            if self._open and size >= 0:
                return b"".join(next(self._open[-1]) for _ in range(0, size, 32))[:size]
        return self._system(size)

    def close(self):
        """Nobody is at work: what a forked child goes by."""
        self._open, self._lock = [], threading.Lock()


def _blocks(seed):
    """32 bytes at a time."""
    place = 0
    while True:
        yield sha256(seed + place.to_bytes(8, "big")).digest()
        place += 1


class FixedChance:
    """A plugin of pytest: a stream for each fixture and each test, and a fixed seed for `random`.

    It takes the place of `os.urandom` for good, and is to be made before our own are imported.
    """

    def __init__(self):
        self._streams = Streams(os.urandom)
        os.urandom = self._streams.read
        os.register_at_fork(after_in_child=self._streams.close)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef, request):
        place = getattr(request, "param_index", 0)
        names = (request.node.nodeid, fixturedef.baseid, fixturedef.argname, place)
        with self._streams.of(*names):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        with self._streams.of(item.nodeid):
            return (yield)

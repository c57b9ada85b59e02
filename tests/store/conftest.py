"""The stores that the promise suite runs over."""

import pytest

from ledger.storage.sqlite import SqliteStore, create_store
from tests.support.memory_store import MemoryStore


class MemoryDriver:
    def __init__(self, folder):
        self.store = MemoryStore()

    def another(self):
        """A second handle on the same ledger."""
        return self.store

    def reopen(self):
        """The store as the next process finds it."""
        return self.store


class SqliteDriver:
    def __init__(self, folder):
        self.path = folder / "ledger.db"
        self.store = create_store(self.path)
        self.opened = [self.store]

    def another(self):
        self.opened.append(SqliteStore(self.path))
        return self.opened[-1]

    def reopen(self):
        self.close()
        return self.another()

    def close(self):
        for store in self.opened:
            store.close()


DRIVERS = {"memory": MemoryDriver, "sqlite": SqliteDriver}


@pytest.fixture(params=DRIVERS)
def driver(request, tmp_path):
    made = DRIVERS[request.param](tmp_path)
    yield made
    if isinstance(made, SqliteDriver):
        made.close()


@pytest.fixture
def store(driver):
    return driver.store


@pytest.fixture
def ledger_path(tmp_path):
    """A ledger file, laid out and empty."""
    path = tmp_path / "ledger.db"
    create_store(path).close()
    return path

"""Any order of appends, lost races, reopenings and reads, against a plain list."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ledger.core.merkle import read_root
from ledger.core.tiles import TileNodeReader
from ledger.errors import ConflictError, NotFoundError
from ledger.storage.base import Table
from tests.store.conftest import MemoryDriver, SqliteDriver
from tests.support import reference
from tests.support.ledgers import build_block, execute_again, put, toy_key, write_block

SUBJECTS = st.sets(st.integers(0, 9), min_size=1, max_size=4)


class StoreMachine(RuleBasedStateMachine):
    """The model: leaves, documents and checkpoints, and each subject's events, in lists."""

    driver_class = MemoryDriver

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="store-machine-"))
        self.driver = self.driver_class(self.folder)
        self.store = self.driver.store
        self.number = 0
        self.leaves, self.ends, self.subjects = [], [], {}
        self.documents, self.checkpoints, self.events = {}, {}, {}

    def new_events(self, subjects_of):
        events = []
        for subjects in subjects_of:
            self.number += 1
            events.append(put(self.number, *(toy_key(n) for n in subjects)))
        return events

    @rule(subjects_of=st.lists(SUBJECTS, min_size=1, max_size=4), document=st.binary(max_size=3))
    def append(self, subjects_of, document):
        events = self.new_events(subjects_of)
        documents = {document.hex(): document * 2}
        first = len(self.leaves)
        self.leaves += write_block(self.store, *events, documents=documents).leaves
        self.ends.append(len(self.leaves))
        self.documents = {**documents, **self.documents}
        for index, signed in enumerate(events, start=first):
            self.events[signed.id] = index
            for key in signed.event.subjects:
                self.subjects.setdefault(key, []).append(index)

    @rule(subjects_of=st.lists(SUBJECTS, min_size=1, max_size=2))
    def lose_a_race(self, subjects_of):
        stale = build_block(self.store, *self.new_events(subjects_of))
        other = self.driver.another()
        winner = self.new_events([{0}])[0]
        self.leaves += write_block(other, winner).leaves
        self.ends.append(len(self.leaves))
        self.events[winner.id] = len(self.leaves) - 2
        self.subjects.setdefault(toy_key(0), []).append(len(self.leaves) - 2)
        with pytest.raises(ConflictError) as caught:
            self.store.append(stale, expected_size=stale.seal.first, documents={"x": b"lost"})
        assert caught.value.size_now == len(self.leaves)

    @rule()
    def reopen(self):
        self.store = self.driver.reopen()

    @precondition(lambda self: self.ends)
    @rule(data=st.data())
    def save_checkpoint(self, data):
        size = data.draw(st.sampled_from(self.ends))
        self.checkpoints[size] = b"note %d of %d" % (self.number, size)
        self.store.save_checkpoint(size, self.checkpoints[size])

    @rule(start=st.integers(0, 40), length=st.integers(0, 40))
    def read_leaves(self, start, length):
        assert self.store.read_leaves(start, start + length) == self.leaves[start : start + length]

    @rule(size=st.integers(0, 40))
    def read_block(self, size):
        if size in self.ends:
            assert self.store.read_block(size).height == self.ends.index(size)
        else:
            with pytest.raises(NotFoundError):
                self.store.read_block(size)

    @precondition(lambda self: self.ends)
    @rule(data=st.data())
    def read_an_old_root(self, data):
        size = data.draw(st.sampled_from(self.ends))
        nodes = TileNodeReader(self.store)
        assert read_root(nodes, size) == reference.mth(self.leaves[:size])

    @rule()
    def read_everything_about_subjects(self):
        root = self.store.read_head().map_root
        assert root.size == len(self.subjects)
        for key, places in self.subjects.items():
            stored = self.store.read_stored_state(root, key)
            assert self.store.read_history(stored.number, 0, 99) == places
        assert self.store.find_subjects("asset/", 99) == sorted(self.subjects)

    @rule()
    def read_everything_else(self):
        for event_id, index in self.events.items():
            assert self.store.find_event(bytes.fromhex(event_id)) == index
        assert dict(self.store.iterate_rows(Table.DOCUMENT)) == self.documents
        newest = max(self.checkpoints, default=None)
        assert self.store.read_checkpoint() == self.checkpoints.get(newest)
        assert self.store.read_document("x") is None

    @invariant()
    def size_and_blocks_are_those_of_the_model(self):
        assert self.store.read_head().size == len(self.leaves)
        assert [row.size for row in self.store.iterate_blocks()] == self.ends

    def teardown(self):
        execute_again(self.store)
        if isinstance(self.driver, SqliteDriver):
            self.driver.close()
        shutil.rmtree(self.folder)


class SqliteMachine(StoreMachine):
    driver_class = SqliteDriver


TestMemoryStore = StoreMachine.TestCase
TestMemoryStore.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
TestSqliteStore = SqliteMachine.TestCase
TestSqliteStore.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)

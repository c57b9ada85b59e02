"""A long read of the ledger beside others on the same connection."""

from contextlib import closing

from ledger.clock import SystemClock
from ledger.storage.base import Table
from node.server.room import TimedStore
from scripts.benchlib.world import Events, found, opened


def test_a_list_that_is_half_read_does_not_hold_the_other_reads_back(tmp_path):
    home = tmp_path / "home"
    found(home)
    with opened(home) as desk, closing(TimedStore(home / "ledger.db", SystemClock())) as store:
        events = Events(desk.registry)
        desk.write(events.create(600))
        rows = store.iterate_rows(Table.ENTRY)
        assert next(rows) is not None
        desk.write(events.create(1))
        newest = desk.registry.store.read_head().size
        assert store.read_block(newest).size == newest
        rows.close()

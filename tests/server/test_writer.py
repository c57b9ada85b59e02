"""The one writer behind many clients: order, bounds, failures, and the end."""

import asyncio
import shutil
import threading
from contextlib import asynccontextmanager, closing

import pytest

from ledger.errors import LimitError, RejectedError, StoreFailedError, UnavailableError
from ledger.sequencer import Accepted, Refused, Sequencer, Submission
from ledger.storage.sqlite import SqliteStore
from node.problems import BusyError, ServerError
from node.server.writer import Writer
from tests.support.ledgers import RULES, FakeClock, Home, put
from tests.support.log_builder import AUTHOR, nonce_of, toy_key
from tests.support.people import START
from tests.support.scribe import found, open_scribe

DEADLINE_S = 120


class Bench:
    """What a writer writes to: toy rules on a real store; can be held up on its way.

    Args:
        folder: For the ledger.
    """

    def __init__(self, folder):
        self.home = Home(folder / "ledger").found()
        self.clock = FakeClock()
        self.store = SqliteStore(self.home.ledger)
        self.sequencer = Sequencer(self.store, RULES, self.clock, self.home.signer())
        self.free = threading.Event()
        self.free.set()
        self.calls = []

    def submit_each(self, submissions):
        return self._write(submissions, self.sequencer.submit)

    def submit_together(self, submissions):
        return self._write(submissions, self.sequencer.submit_together)

    def _write(self, submissions, submit):
        assert self.free.wait(DEADLINE_S)
        self.calls.append(len(submissions))
        return submit(submissions)

    def fill_disk(self):
        """From now on every write fails as on a full disk."""
        (pages,) = self.store._db.execute("PRAGMA page_count").fetchone()
        self.store._db.execute(f"PRAGMA max_page_count = {pages}")


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    with closing(bench.store):
        yield bench


def run(work):
    return asyncio.run(asyncio.wait_for(work, DEADLINE_S))


@asynccontextmanager
async def writing(bench, max_events=100, max_bytes=1_000_000):
    writer = Writer(bench, max_events=max_events, max_bytes=max_bytes)
    writer.start()
    try:
        yield writer
    finally:
        bench.free.set()
        await writer.stop()


def one(number, **members):
    return [Submission(put(number, **members))]


def large(number):
    """An event that needs new pages of the file."""
    return [Submission(AUTHOR.put(toy_key(number), value="x" * 8000, nonce=nonce_of(number)))]


async def held_up(bench, writer, submissions=None):
    """A job that the writer has taken and cannot finish, so that the next ones queue up."""
    bench.free.clear()
    task = asyncio.create_task(writer.submit(submissions or one(0)))
    while writer._jobs or not writer.queued:
        await asyncio.sleep(0)
    return task


def test_what_queued_up_while_it_was_writing_goes_into_one_block_in_order(bench):
    async def work():
        async with writing(bench) as writer:
            first = await held_up(bench, writer)
            others = [asyncio.create_task(writer.submit(one(n))) for n in range(1, 6)]
            await asyncio.sleep(0)
            bench.free.set()
            return [(await task)[0] for task in [first, *others]]

    outcomes = run(work())
    assert [outcome.index for outcome in outcomes] == [0, 2, 3, 4, 5, 6]
    assert bench.calls == [1, 5]
    assert bench.store.read_head().height == 2


def test_no_more_than_a_block_is_taken_at_once(bench):
    async def work():
        async with writing(bench, max_events=5000, max_bytes=10**9) as writer:
            first = await held_up(bench, writer)
            batches = [[Submission(put(1000 * n + i)) for i in range(600)] for n in range(1, 4)]
            tasks = [asyncio.create_task(writer.submit(batch)) for batch in batches]
            await asyncio.sleep(0)
            bench.free.set()
            return await asyncio.gather(first, *tasks)

    assert all(isinstance(one, Accepted) for outcomes in run(work()) for one in outcomes)
    assert bench.calls == [1, 600, 600, 600]


def test_more_than_may_wait_is_turned_away_at_once_and_later_taken(bench):
    async def work():
        async with writing(bench, max_events=3) as writer:
            first = await held_up(bench, writer)
            second = asyncio.create_task(writer.submit([*one(1), *one(2)]))
            await asyncio.sleep(0)
            with pytest.raises(BusyError) as caught:
                await writer.submit(one(3))
            assert caught.value.retry_after >= 1
            bench.free.set()
            await asyncio.gather(first, second)
            assert writer.queued == 0
            assert [outcome.index for outcome in await writer.submit(one(3))] == [5]

    run(work())


def test_the_bytes_that_wait_are_bounded_too(bench):
    async def work():
        size = len(put(0).event_bytes)
        async with writing(bench, max_bytes=size * 5 // 2) as writer:
            first = await held_up(bench, writer)
            second = asyncio.create_task(writer.submit(one(1)))
            await asyncio.sleep(0)
            with pytest.raises(BusyError):
                await writer.submit(one(2))
            bench.free.set()
            await asyncio.gather(first, second)
            assert (
                len(await writer.submit([*one(3), *one(4), *one(5)])) == 3
            )  # alone it may be large

    run(work())


def test_more_than_a_block_at_once_is_refused_before_it_waits(bench):
    async def work():
        async with writing(bench, max_events=5000) as writer:
            with pytest.raises(LimitError):
                await writer.submit([Submission(put(0))] * 1001)
            assert await writer.submit([]) == []

    run(work())


def test_a_client_that_leaves_does_not_undo_what_is_written(bench):
    async def work():
        async with writing(bench) as writer:
            task = await held_up(bench, writer)
            task.cancel()
            bench.free.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            (again,) = await writer.submit(one(0))
            assert (again.index, again.is_duplicate) == (0, True)

    run(work())


def test_an_event_that_breaks_a_rule_s_code_fails_alone(bench):
    async def work():
        async with writing(bench) as writer:
            first = await held_up(bench, writer)
            tasks = [
                asyncio.create_task(writer.submit(submissions))
                for submissions in (one(1), one(2, kind="toy.other"), one(3))
            ]
            await asyncio.sleep(0)
            bench.free.set()
            return await asyncio.gather(first, *tasks, return_exceptions=True)

    _, good, broken, other = run(work())
    assert isinstance(broken, ServerError)
    assert [type(one) for one in (*good, *other)] == [Accepted, Accepted]
    assert bench.store.read_head().height == 3


def test_a_refusal_is_an_outcome_and_no_failure(bench):
    async def work():
        async with writing(bench) as writer:
            submissions = [*one(1), *one(2, kind="toy.refuse"), *one(3)]
            outcomes = await writer.submit(submissions)
            assert [type(outcome) for outcome in outcomes] == [Accepted, Refused, Accepted]
            assert writer.is_ready

    run(work())


def test_stopping_finishes_what_is_queued_and_takes_nothing_more(bench):
    async def work():
        async with writing(bench) as writer:
            first = await held_up(bench, writer)
            second = asyncio.create_task(writer.submit(one(1)))
            await asyncio.sleep(0)
            stopping = asyncio.create_task(writer.stop())
            await asyncio.sleep(0)
            with pytest.raises(UnavailableError):
                await writer.submit(one(2))
            assert not writer.is_ready
            bench.free.set()
            await stopping
            return [(await task)[0].index for task in (first, second)]

    assert run(work()) == [0, 2]


def test_a_failed_write_ends_it_and_nobody_is_told_that_anything_was_accepted(bench):
    async def work():
        async with writing(bench) as writer:
            first = await held_up(bench, writer, large(0))
            queued = [asyncio.create_task(writer.submit(large(n))) for n in (1, 2)]
            await asyncio.sleep(0)
            bench.fill_disk()
            bench.free.set()
            results = await asyncio.gather(first, *queued, return_exceptions=True)
            assert all(isinstance(result, UnavailableError) for result in results), results
            assert isinstance(writer.failure, StoreFailedError)
            assert not writer.is_ready
            with pytest.raises(UnavailableError):
                await writer.submit(one(3))
            assert writer.queued == 0

    run(work())
    assert bench.store.read_head().size == 0


def test_each_call_is_told_to_listeners_before_clients_know(bench):
    told = []

    async def work():
        async with writing(bench) as writer:
            writer.on_written(lambda written: told.append([one.index for one in written.outcomes]))
            outcomes = await writer.submit([*one(1), *one(2)])
            assert told == [[outcome.index for outcome in outcomes]]

    run(work())


def test_events_that_go_together_have_to_fit_into_one_block(tmp_path):
    home = shutil.copytree(found(tmp_path / "founded"), tmp_path / "home")
    with open_scribe(home) as (site, scribe):
        size = site.node.reader.count_leaves()
        events = [Submission(scribe.signed(n, filler="x" * 11_000)) for n in range(400)]
        outcomes = site.run(site.node.writer.submit(events, is_atomic=True))
        errors = {type(outcome.error) for outcome in outcomes}
        assert errors == {LimitError, RejectedError}
        assert site.node.reader.count_leaves() == size
        outcomes = site.run(site.node.writer.submit(events[:300], is_atomic=True))
        assert {outcome.size for outcome in outcomes} == {size + 301}


def test_what_goes_together_is_whole_or_not_there_though_the_clock_moves_on(tmp_path):
    """A minute passes with each reading, and the second event runs out in the next minutes."""

    class Ticking(FakeClock):
        def now(self):
            self.pass_time(60_000)
            return super().now() - 60_000

    home = shutil.copytree(found(tmp_path / "founded"), tmp_path / "home")
    clock = Ticking(START + 1000)
    with open_scribe(home, clock=clock) as (site, scribe):
        for turn in range(4):
            size = site.node.reader.count_leaves()
            soon = FakeClock.now(clock) + turn * 60_000
            pair = [scribe.signed(f"{turn}-a"), scribe.signed(f"{turn}-b", until=soon)]
            outcomes = site.run(
                site.node.writer.submit(list(map(Submission, pair)), is_atomic=True)
            )
            kinds = {type(one) for one in outcomes}
            assert len(kinds) == 1
            written = site.node.reader.count_leaves() - size
            assert written == (3 if kinds == {Accepted} else 0)

"""A process that is killed at any moment leaves a whole ledger."""

import os
import shutil
import signal
import time
from contextlib import closing
from hashlib import sha256
from random import Random

import pytest

from ledger.backup import back_up, restore
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.merkle import read_root
from ledger.core.tiles import TileNodeReader
from ledger.errors import RollbackError
from ledger.rebuild import rebuild
from ledger.sequencer import Accepted
from ledger.storage.base import Table
from ledger.storage.sqlite import SqliteStore
from tests.support.faults import KILLED, Countdown, Journal, check_home, fork, run, submit, wait
from tests.support.ledgers import AUDITOR, Home, execute_again, put, toy_key, write_block

A = toy_key("A")
DOCUMENT = b"a credential"
DIGEST = sha256(DOCUMENT).hexdigest()
BATCHES = [
    [put(1, A), put(2, A, toy_key(2))],
    [put(3, A), put(4, A, kind="toy.refuse"), put(1, A)],
    [put(5, toy_key(5))],
]
ACCEPTED = {signed.id for batch in BATCHES for signed in batch} - {put(4, A, kind="toy.refuse").id}
DOCUMENTS = {put(3, A).id: {DIGEST: DOCUMENT}}


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    """A ledger with one signed block, to be copied for each fault."""
    home = Home(tmp_path_factory.mktemp("kill") / "home").found()
    home.write(put(0))
    return home


def copy_of(home, folder):
    shutil.copytree(home.folder, folder)
    return Home(folder)


def rows(path):
    with closing(SqliteStore(path)) as store:
        return {table: list(store.iterate_rows(table)) for table in Table}


def every_death(work, most=400):
    """Run work in children that die at their first, second, ... operation, until one survives."""
    for n in range(1, most):

        def child(n=n):
            Countdown(n).arm()
            work(n)

        status = run(child)
        yield n, status
        if status == 0:
            assert n > 10, "there was hardly anything to count"
            return
        assert status == KILLED
    raise AssertionError("the work never came to an end")


@pytest.mark.slow
def test_killed_at_any_operation_while_writing(founded, tmp_path):
    def work(n):
        home, journal = Home(tmp_path / str(n)), Journal(tmp_path / f"{n}.txt")
        submit(home, journal, BATCHES, DOCUMENTS)

    def prepare(n):
        copy_of(founded, tmp_path / str(n))

    prepare(1)
    sizes = set()
    for n, status in every_death(work):
        home, journal = Home(tmp_path / str(n)), Journal(tmp_path / f"{n}.txt")
        check_home(home, journal)
        with closing(SqliteStore(home.ledger)) as store:
            sizes.add(store.read_head().size)
            newest = parse_signed_checkpoint(store.read_checkpoint()).body
            assert newest.size == store.read_head().size
            has_document = store.read_document(DIGEST) == DOCUMENT
            assert has_document == (store.find_event(bytes.fromhex(put(3, A).id)) is not None)
        if status == 0:
            assert journal.acknowledged().keys() == ACCEPTED
        prepare(n + 1)
    assert sizes == {2, 5, 7, 9}, "it died before, between and after the blocks"


@pytest.mark.slow
def test_whoever_comes_after_a_death_finishes_without_a_fork(founded, tmp_path):
    """The same events again: each is in the log once, where it was acknowledged."""
    for n in range(1, 200, 3):
        home = copy_of(founded, tmp_path / str(n))
        journal = Journal(tmp_path / f"{n}.txt")

        def work(n=n, home=home, journal=journal):
            Countdown(n).arm()
            submit(home, journal, BATCHES)

        def again(home=home, journal=journal):
            submit(home, journal, [[one] for batch in reversed(BATCHES) for one in batch])

        died = run(work) == KILLED
        assert run(again) == 0
        check_home(home, journal)
        assert journal.acknowledged().keys() == ACCEPTED
        with closing(SqliteStore(home.ledger)) as store:
            ids = [row[0] for row in store.iterate_rows(Table.EVENT)]
            assert len(ids) == len(set(ids)) == 1 + len(ACCEPTED)
            newest = parse_signed_checkpoint(store.read_checkpoint()).body
            assert newest.size == store.read_head().size
        if not died:
            return
    raise AssertionError("it always died")


@pytest.mark.slow
def test_killed_amid_a_thousand_events(tmp_path):
    """SIGKILL at a moment that nobody chose, again and again, until all are in."""
    home, journal = Home(tmp_path / "home").found(), Journal(tmp_path / "journal.txt")
    events = [put(n, toy_key(n % 30)) for n in range(1000)]
    moments, deaths = Random(20261122), 0

    def work():
        known = journal.acknowledged()
        left = [signed for signed in events if signed.id not in known]
        submit(home, journal, [left[i : i + 9] for i in range(0, len(left), 9)])

    for _ in range(12):
        child = fork(work)
        time.sleep(moments.uniform(0.02, 0.2))
        os.kill(child, signal.SIGKILL)
        deaths += wait(child) == KILLED
        check_home(home, journal)
    assert run(work) == 0
    check_home(home, journal)
    assert journal.acknowledged().keys() == {signed.id for signed in events}
    assert deaths >= 2
    assert home.audit().size == len(events) + home.audit().height


@pytest.mark.slow
def test_a_write_ahead_log_cut_anywhere_gives_the_block_wholly_or_not_at_all(tmp_path):
    """What the disk may hold after a death during commit: some of the pages, some of a page."""
    home = Home(tmp_path / "home").found()
    sizes = tmp_path / "sizes"

    def work():
        store = SqliteStore(home.ledger)
        wal = home.ledger.with_name("ledger.db-wal")
        with sizes.open("w") as file:
            for number in range(2):
                write_block(store, put(number, A), put(10 + number))
                print(wal.stat().st_size, file=file, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    assert run(work) == KILLED
    first, second = map(int, sizes.read_text().split())
    data = home.ledger.with_name("ledger.db-wal").read_bytes()
    assert len(data) == second > first > 0
    frame = 4096 + 24
    cuts = {first + k * frame for k in range((second - first) // frame + 1)}
    cuts |= {cut + d for cut in cuts for d in (1, 24, 500)} | {second - 1, second - 4096}
    for cut in sorted(cut for cut in cuts if first <= cut <= second):
        copy = tmp_path / "copy.db"
        shutil.copy(home.ledger, copy)
        copy.with_name("copy.db-shm").unlink(missing_ok=True)
        copy.with_name("copy.db-wal").write_bytes(data[:cut])
        with closing(SqliteStore(copy)) as store:
            assert store.read_head().height == (2 if cut == second else 1), cut
            execute_again(store)


@pytest.mark.slow
def test_a_write_ahead_log_with_a_flipped_bit_in_its_last_block_loses_it_wholly(tmp_path):
    home = Home(tmp_path / "home").found()

    def work():
        store = SqliteStore(home.ledger)
        write_block(store, put(1, A))
        (tmp_path / "size").write_text(str(home.ledger.with_name("ledger.db-wal").stat().st_size))
        write_block(store, put(2, A))
        os.kill(os.getpid(), signal.SIGKILL)

    assert run(work) == KILLED
    first = int((tmp_path / "size").read_text())
    data = bytearray(home.ledger.with_name("ledger.db-wal").read_bytes())
    for position in Random(7).sample(range(first, len(data)), 15):
        damaged = bytearray(data)
        damaged[position] ^= 0x10
        copy = tmp_path / "copy.db"
        shutil.copy(home.ledger, copy)
        copy.with_name("copy.db-shm").unlink(missing_ok=True)
        copy.with_name("copy.db-wal").write_bytes(damaged)
        with closing(SqliteStore(copy)) as store:
            assert store.read_head().height == 1
            execute_again(store)


# rebuild, backup and restore


@pytest.mark.slow
def test_killed_at_any_operation_while_rebuilding(founded, tmp_path):
    damaged = copy_of(founded, tmp_path / "damaged")
    with closing(SqliteStore(damaged.ledger)) as store:
        store._db.execute("DELETE FROM listing")
    broken, whole = rows(damaged.ledger), rows(founded.ledger)
    assert broken != whole

    def prepare(n):
        return copy_of(damaged, tmp_path / str(n))

    prepare(1)
    seen = []
    for n, _ in every_death(lambda n: rebuild(Home(tmp_path / str(n)).ledger, AUDITOR)):
        home = Home(tmp_path / str(n))
        found = rows(home.ledger)
        assert found in (broken, whole)
        seen.append(found == whole)
        assert isinstance(home.write(put(9))[0], Accepted)
        rebuild(home.ledger, AUDITOR)
        home.audit()
        assert not list(home.folder.glob(".ledger*"))
        prepare(n + 1)
    assert seen == sorted(seen), "first the old ledger, from some moment on the new one"
    assert {False, True} == set(seen)


@pytest.mark.slow
def test_killed_at_any_operation_while_restoring(founded, tmp_path):
    back_up(founded.ledger, tmp_path / "backup.db", AUDITOR.audit_tail)
    grown = copy_of(founded, tmp_path / "grown")
    grown.write(put(1), put(2))
    old, new = rows(founded.ledger), rows(grown.ledger)

    def work(n):
        home = Home(tmp_path / str(n))
        restore(tmp_path / "backup.db", home.ledger, home.signed, AUDITOR.audit_tail)

    def prepare(n):
        copy_of(grown, tmp_path / str(n))

    prepare(1)
    seen, writable = [], []
    for n, _ in every_death(work):
        home = Home(tmp_path / str(n))
        found = rows(home.ledger)
        assert found in (old, new)
        seen.append(found == old)
        try:
            home.write(put(9))
            writable.append(True)
        except RollbackError:
            writable.append(False)
        if seen[-1]:
            assert not writable[-1], "an older ledger is never signed on without being told"
        elif not writable[-1]:
            adopt_newest(home)
            assert home.write(put(9))
        home.audit()
        prepare(n + 1)
    assert seen == sorted(seen)
    assert (seen[-1], writable[0]) == (True, True)


def adopt_newest(home):
    with closing(SqliteStore(home.ledger)) as store:
        body = parse_signed_checkpoint(store.read_checkpoint()).body
        nodes = TileNodeReader(store)
        home.signer().adopt(body, store.read_head().size, lambda size: read_root(nodes, size))


@pytest.mark.slow
def test_killed_at_any_operation_while_backing_up(founded, tmp_path):
    target = tmp_path / "backup.db"
    whole = rows(founded.ledger)
    home = copy_of(founded, tmp_path / "home")
    for _, status in every_death(lambda n: back_up(home.ledger, target, AUDITOR.audit_tail)):
        assert rows(home.ledger) == whole
        if target.exists():
            assert rows(target) == whole, "what has the name is complete"
            target.unlink()
            target.with_name("backup.db-wal").unlink(missing_ok=True)
            target.with_name("backup.db-shm").unlink(missing_ok=True)
        else:
            assert status == KILLED

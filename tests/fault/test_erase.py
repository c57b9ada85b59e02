"""An erasure that dies anywhere: nothing half destroyed, and erasing again leaves no byte behind."""

import os
import shutil
from contextlib import closing

import pysqlite3.dbapi2 as sqlite
import pytest

from cli.main import main
from tests.cli.conftest import founded, run_quietly
from tests.support.faults import KILLED, Countdown, CountedConnection, run

__all__ = ["founded"]


class Counted(Countdown):
    """Kills at the n-th statement that changes the vault's file, cleaning it up included."""

    def arm(self):
        countdown, connect = self, sqlite.connect

        class Writing(CountedConnection):
            count = countdown.tick

            def execute(self, *args):
                if not args[0].startswith(("SELECT", "PRAGMA")) or "wal_checkpoint" in args[0]:
                    countdown.tick()
                return self.db.execute(*args)

        sqlite.connect = lambda *args, **named: Writing(connect(*args, **named))


def erase(home, registration):
    words = ["--reason", "request of the person", "--yes", "--home", str(home), "--quiet", "--json"]
    return main(["vault", "erase", registration, *words])


def read_boxes(home):
    with closing(sqlite.connect(str(home / "vault.db"))) as db:
        return {box for (box,) in db.execute("SELECT box FROM record")}


def remains(home, boxes):
    """How many of the sealed records stand somewhere in the vault's files, read or not."""
    files = [path.read_bytes() for path in home.glob("vault.db*")]
    return sum(any(box in file for file in files) for box in boxes)


@pytest.mark.slow
def test_killed_at_any_write_an_erasure_is_whole_or_has_not_happened(founded, tmp_path):
    registration = founded.registered["registration"]
    before = read_boxes(founded.home)
    done = tmp_path / "done"
    shutil.copytree(founded.home, done)
    erased = run_quietly("--home", done, "vault", "erase", registration, *_CONFIRMED)
    doomed = before - read_boxes(done)
    assert len(doomed) == erased["records"] > 0
    assert remains(done, doomed) == 0

    seen = set()
    for n in range(1, 100):
        home = tmp_path / str(n)
        shutil.copytree(founded.home, home)

        def work(n=n, home=home):
            Counted(n).arm()
            os._exit(erase(home, registration))

        status = run(work)
        is_readable = remains(home, doomed) > 0  # before a reader folds the write-ahead log
        left = len(doomed & read_boxes(home))
        assert left in {0, len(doomed)}, "half of it is destroyed"
        seen.add((left > 0, is_readable))
        run_quietly("--home", home, "vault", "erase", registration, *_CONFIRMED)
        assert remains(home, doomed) == 0, "erased, and still readable in the file"
        run_quietly("--home", home, "audit")
        shutil.rmtree(home)
        if status != KILLED:
            assert status == 0
            break
    else:
        raise AssertionError("the erasure never came to its end")
    assert seen == {(True, True), (False, True), (False, False)}, (
        "it died before it, between the deletion and the cleaning, and after"
    )


_CONFIRMED = ("--reason", "request of the person", "--yes")

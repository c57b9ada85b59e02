"""A batch that dies anywhere: run again, every row is in the log once, and each has its voucher."""

import json
import os
import shutil
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

import cli.batching
import ledger.files
import node.batch
from cli.main import main
from contracts.title import Asset
from ledger.storage import connection
from ledger.vault import Vault
from node.registry import open_registry
from tests.cli.conftest import founded, run_quietly
from tests.support.faults import KILLED, Countdown, CountedConnection, CountedOs, run
from tests.support.program import start

__all__ = ["founded"]
ROWS = 3
SHARDS = 4
"""So many tests share the writes of one run."""


class Counted(Countdown):
    """Kills at the n-th thing that a batch does to the log, the vault and its results."""

    def arm(self):
        countdown, open_connection = self, connection._open

        class Writing(CountedConnection):
            count = countdown.tick

            def execute(self, *args):
                if not args[0].startswith(("SELECT", "PRAGMA")):
                    countdown.tick()
                return self.db.execute(*args)

        connection._open = lambda path: Writing(open_connection(path))
        ledger.files.os = cli.batching.os = CountedOs(self.tick)
        Path.replace, Path.rename = map(self.counted, (Path.replace, Path.rename))
        add = Vault.add_all

        def adding(vault, *args):
            self.tick()
            add(vault, *args)
            self.tick()

        Vault.add_all = adding

    def counted(self, call):
        def counted(*args):
            self.tick()
            return call(*args)

        return counted


def write_batch(folder, count):
    """A batch of so many rows, each with a file of its own, two of the same content."""
    lines = ["file,data.title,rights.right"]
    for i in range(count):
        (folder / f"{i}.csv").write_text(f"{min(i, count - 2)}\n")
        lines.append(f"{i}.csv,停车数据 {i},use")
    path = folder / "batch.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def register(home, batch):
    return main(["register", "--batch", str(batch), "--home", str(home), "--quiet", "--json"])


def read_ledger(home):
    """Each filed asset's voucher, those of before the batch left out."""
    with open_registry(home, None, is_writer=False) as registry:
        keys = registry.find_subjects("asset/", 10_000)
        states = {key: registry.need_state(Asset, key) for key in keys}
    titles = {key: state.fields.get("title") for key, state in states.items()}
    return {
        key: state.voucher
        for key, state in states.items()
        if titles[key] is None or str(titles[key]).startswith("停车数据 ")
        if titles[key] != "停车数据 2026"
    }


def check_finished(home, batch, count):
    """What must hold after the batch was run again: every row once, each with its voucher."""
    document = run_quietly("--home", home, "register", "--batch", batch)
    assert document["filed"] + document["done"] == count
    assert document["vouchers"] == count
    results = [json.loads(line) for line in Path(document["file"]).read_text().splitlines()]
    made = read_ledger(home)
    assert {each["asset"]: each["voucher"] for each in results} == made
    assert len(made) == count, "each row is in the log once"
    assert len(set(made.values())) == count
    run_quietly("--home", home, "audit")
    return document


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(1, SHARDS + 1))
def test_killed_at_any_write_every_row_is_filed_once(founded, tmp_path, monkeypatch, shard):
    monkeypatch.setattr(node.batch, "CHUNK", 2)
    seen = set()
    for n in range(shard, 400, SHARDS):
        place = tmp_path / str(n)
        place.mkdir()
        batch, home = write_batch(place, ROWS), place / "home"
        shutil.copytree(founded.home, home)

        def work(n=n, home=home, batch=batch):
            Counted(n).arm()
            os._exit(register(home, batch))

        status = run(work)
        made = read_ledger(home)
        left = sorted(path.name for path in place.glob("*.results*"))
        seen.add((len(made), sum(1 for each in made.values() if each), *left))
        check_finished(home, batch, ROWS)
        assert not list(place.glob("*.part"))
        shutil.rmtree(place)
        if status != KILLED:
            assert status == 0
            break
    else:
        raise AssertionError("the batch never came to its end")
    part, whole = "batch.csv.results.jsonl.part", "batch.csv.results.jsonl"
    assert seen >= {(0, 0, part), (2, 0, part), (2, 2, part), (3, 3, part), (3, 3, whole)}, (
        "it died before, between and after what it writes"
    )


@pytest.mark.slow
def test_killed_from_outside_again_and_again_it_comes_to_its_end(founded, tmp_path):
    home, count = tmp_path / "home", 120
    shutil.copytree(founded.home, home)
    batch = write_batch(tmp_path, count)
    kills = 0
    for delay in (0.6, 0.8, 1.0, 1.2, 1.4):
        process = start(["register", "--batch", batch, "--quiet"], home)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += process.returncode == KILLED
        assert len(read_ledger(home)) <= count
    assert kills, "at least once it was still at work"
    check_finished(home, batch, count)


def test_an_event_that_the_log_did_not_take_in_time_gives_way_to_another(
    founded, tmp_path, monkeypatch
):
    """The vault has the event of a row, a crash kept it from the log, and it is too late for it."""
    home = tmp_path / "home"
    shutil.copytree(founded.home, home)
    batch = write_batch(tmp_path, 2)
    lifetime = "node.registryapi.EVENT_LIFETIME_MS"

    def work():
        monkeypatch.setattr(lifetime, 1)
        monkeypatch.setattr("node.batch.keep_records", dying(node.batch.keep_records))
        register(home, batch)

    assert run(work) == KILLED
    assert read_ledger(home) == {}
    time.sleep(0.01)
    assert check_finished(home, batch, 2)["filed"] == 2


def test_an_event_that_the_log_can_still_take_is_the_one_it_gets(founded, tmp_path, monkeypatch):
    home = tmp_path / "home"
    shutil.copytree(founded.home, home)
    batch = write_batch(tmp_path, 2)

    def work():
        monkeypatch.setattr("node.batch.keep_records", dying(node.batch.keep_records))
        register(home, batch)

    assert run(work) == KILLED
    kept = count_records(home)
    assert check_finished(home, batch, 2)["filed"] == 2
    assert count_records(home) == kept, "nothing was committed to anew"


def dying(keep):
    def keep_and_die(*args):
        keep(*args)
        os.kill(os.getpid(), signal.SIGKILL)

    return keep_and_die


def count_records(home):
    import pysqlite3.dbapi2 as sqlite

    with closing(sqlite.connect(str(home / "vault.db"))) as db:
        return db.execute("SELECT count(*) FROM record").fetchone()[0]

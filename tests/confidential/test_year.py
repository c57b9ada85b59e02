"""A year of applications, in which nothing that is to stay secret is ever written in the clear."""

import io
import json
import shutil
import sqlite3
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.main import main
from cli.session import Session
from cli.settings import Settings
from contracts.registration import Refuse, Registration
from node.founding import Charter, found_registry
from node.maintenance import back_up_registry
from node.registry import open_registry
from node.rulebundle import read_profile
from tests.confidential.leaks import HAN, LATIN, Secrets, find_leaks, read_folder
from tests.confidential.year import INITIAL, LATER, NEVER_PUBLISHED, Year
from tests.node.test_national import Office
from tests.support.ledgers import FakeClock
from tests.support.people import ms

MONDAY = ms("2025-01-06T10:00")
ENDS = {"withheld": "recorded", "objected": "recorded", "returned": "recorded", "upheld": "refused",
        "withdrawn late": "withdrawn"}  # fmt: skip


@dataclass
class Played:
    """What a year left behind: its home, everything that was written or said, and its secrets."""

    home: Path
    year: Year
    sources: dict
    statuses: dict
    whole: dict


def say(folder, *argv):
    """What one run of the program says, on stdout and stderr; it must not fail."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["--home", str(folder / "home"), *map(str, argv)])
    assert code in {0, 7}, (argv, out.getvalue(), err.getvalue())
    return (out.getvalue() + err.getvalue()).encode()


def ask(folder, statuses, asset):
    """Everything that can be asked of the registry, in both languages; by command."""
    out = folder / "out"
    out.mkdir()
    commands = [
        ("registration", "list", "--limit", 1000), ("registration", "todo"), ("party", "list"),
        ("stats",), ("log", "tail", "-n", 50), ("vault", "check"), ("search", "航班"),
        ("query", "asset", asset), ("registration", "duplicates", next(iter(statuses))),
    ]  # fmt: skip
    said = {f"show {key}": say(folder, "registration", "show", key) for key in statuses}
    commands += [("registration", "show", key) for key in list(statuses)[::8]]
    for words in commands:
        for more in ((), ("--json",), ("--lang", "zh-CN")):
            said[" ".join(map(str, (*words, *more)))] = say(folder, *words, *more)
    files = [
        ("log", "export", "--out", out / "log.ndjson"), ("audit",),
        ("query", "asset", asset, "--proof", out / "asset.json"),
        ("query", "asset", asset, "--dossier", out / "dossier.json"),
        ("proof", "inclusion", 5, "--receipt", "--out", out / "receipt.json"),
        ("proof", "inclusion", 6, "--out", out / "6.tlog-proof"),
    ]  # fmt: skip
    said |= {" ".join(map(str, words)): say(folder, *words) for words in files}
    return said


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A year, looked at by everybody who may; nothing changes it afterwards."""
    folder = tmp_path_factory.mktemp("year")
    clock, secrets, talk = FakeClock(MONDAY), Secrets(), io.StringIO()
    charter = Charter(read_profile("national-2026"), "example.org/js", "江苏", "32", "1")
    found_registry(folder / "home", charter, None, clock)
    session = Session(Settings(folder / "home", None, False, False, 0))
    with (
        redirect_stdout(talk), redirect_stderr(talk),
        open_registry(folder / "home", None, is_writer=True, clock=clock) as registry,
    ):  # fmt: skip
        year = Year(registry, clock, session, secrets)
        for number in (2025, 2026, 2027):
            year.publish_calendar(number)
        year.play()
        statuses = year.statuses()
        during = read_folder(folder)  # with the write-ahead logs of a registry in use
        back_up_registry(registry.home, folder / "backup")
    said = ask(folder, statuses, year.assets[0])
    whole = json.loads(said["vault check --json"])
    sources = {f"{name} in use": raw for name, raw in during.items()} | read_folder(folder) | said
    return Played(folder / "home", year, sources | {"talk": talk.getvalue().encode()}, statuses,
                  whole)  # fmt: skip


@pytest.mark.slow
def test_sixty_applications_of_every_type_end_in_every_way(played):
    assert len(played.statuses) == 60
    wanted = Counter((of_type, ENDS.get(fate, fate)) for of_type, fate in played.year.fates)
    assert Counter(played.statuses.values()) == wanted
    assert {fate for of_type, fate in played.year.fates if of_type == "initial"} == set(INITIAL)
    for of_type in ("transfer", "change", "renewal", "cancellation"):
        assert {fate for each, fate in played.year.fates if each == of_type} == set(LATER)


@pytest.mark.slow
def test_no_secret_of_the_year_is_anywhere_in_the_clear(played):
    assert len(played.year.secrets.values) > 400
    assert find_leaks(played.year.secrets, played.sources) == []


@pytest.mark.slow
def test_everything_was_looked_at(played):
    names = set(played.sources)
    assert {"home/ledger.db", "home/vault.db", "backup/ledger.db", "backup/vault.db"} <= names
    assert {"home/ledger.db-wal in use", "home/vault.db in use", "talk"} <= names
    assert {"out/log.ndjson", "out/dossier.json", "out/receipt.json", "out/6.tlog-proof"} <= names
    assert played.sources["out/log.ndjson"].count(b"registration.file") == 60
    assert "航班数据 1".encode() in played.sources["home/ledger.db"], "what is published is there"
    assert played.whole["whole"] is True


@pytest.mark.slow
def test_a_notice_opened_what_article_24_publishes_and_nothing_else(played):
    with open_registry(played.home, None, is_writer=False) as registry:
        for key, (of_type, _) in played.statuses.items():
            fields = registry.need_state(Registration, key).fields
            assert set(fields) == played.year.opened.get(key, set())
            if of_type == "initial" and fields:
                assert set(fields) == {"title", "summary", "restrictions"}
    hidden = [fate for _, fate in played.year.fates if fate in NEVER_PUBLISHED]
    assert len(hidden) == 60 - len(played.year.opened)


def put_into_an_event(played, folder, value):
    """The registrar says what it should not, in a decision that everybody may read."""
    shutil.copytree(played.home, folder / "home")
    clock = FakeClock(played.year.clock.now() + 1000)
    with open_registry(folder / "home", None, is_writer=True, clock=clock) as registry:
        office = Office(registry, clock)
        office.enrol("江苏数据有限公司")
        _, registration, _ = office.file()
        office.accept(registration)
        body = Refuse(registration=registration, ground="22-2", reasons=f"price {value}")
        office.submit(registry.ledger.registrar, body, office.officers[0])
    return read_folder(folder)


@pytest.mark.slow
def test_one_secret_in_one_event_is_found(played, tmp_path):
    """So that the search above can fail."""
    value = played.year.secrets.values[0]
    leaks = find_leaks(played.year.secrets, put_into_an_event(played, tmp_path, value))
    places = {name for name, _ in leaks}
    assert any(name.startswith("home/ledger.db") for name in places)
    assert {mark for _, mark in leaks} == {HAN, LATIN}


@pytest.mark.slow
def test_a_search_of_the_database_s_own_words_finds_none(played):
    """The index that `search` reads is made of states, and has nothing else in it."""
    with sqlite3.connect(f"file:{played.home}/ledger.db?mode=ro", uri=True) as database:
        rows = database.execute("SELECT label, terms FROM listing").fetchall()
    assert rows
    assert not [row for row in rows if HAN in str(row) or LATIN in str(row)]
    assert Refuse.kind in str(played.sources["out/log.ndjson"])

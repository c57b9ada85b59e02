"""A history longer than one dossier is read part by part, and nothing in it can be left out."""

import json
import shutil

import pytest

from ledger.core.types import SubjectKey
from ledger.errors import LimitError, VerificationError
from node.founding import Charter, found_registry
from node.registry import open_registry
from node.rulebundle import read_profile
from tests.server.conftest import publish_calendars
from tests.support.clients import Between, open_client
from tests.support.ledgers import FakeClock
from tests.support.people import START
from tests.support.running import run_node

CALENDAR = SubjectKey("list/calendar:2027")
COUNT = 2_050
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A node on a ledger with one long history, and the ledger in place."""
    home, clock = tmp_path_factory.mktemp("long") / "home", FakeClock(START)
    found_registry(home, Charter(read_profile("solo"), "example.org/long"), None, clock)
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        registry.submit_each(publish_calendars(registry, range(COUNT)))
    client = shutil.copytree(home, home.with_name("client"))
    with run_node(home) as url, open_registry(home, None, is_writer=False) as here:
        yield url, client, here


@pytest.fixture
def reader(long, tmp_path):
    url, client, here = long
    between = Between(url)
    with open_client(url, shutil.copytree(client, tmp_path / "mine"), between) as there:
        yield here, there, between


def test_a_long_history_is_read_wholly(reader):
    here, there, between = reader
    assert list(there.iterate_events(CALENDAR)) == list(here.iterate_events(CALENDAR))
    assert len([path for _, path, _ in between.asked if "dossier" in path]) == 3
    with pytest.raises(LimitError):
        there.prover().prove_history(CALENDAR)


def leave_one_out(part):
    del part["events"][10]


def show_one_twice(part):
    part["events"].append(part["events"][-1])


def change_an_entry(part):
    part["events"][10]["entry"] = part["events"][11]["entry"]


def exchange_two(part):
    events = part["events"]
    events[10], events[11] = events[11], events[10]


def show_none(part):
    part["events"] = []


LIES = (leave_one_out, show_one_twice, change_an_entry, exchange_two, show_none)


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_no_part_of_a_long_history_is_changed(reader, lie):
    _, there, between = reader

    def change(path, status, body):
        if "dossier" not in path or "from=0" not in path:
            return body
        part = json.loads(body)
        lie(part)
        return json.dumps(part).encode()

    between.change = change
    with pytest.raises((VerificationError, LimitError)):
        list(there.iterate_events(CALENDAR))


def test_what_is_in_no_dossier_yet_is_of_no_use(reader):
    _, there, between = reader

    def change(path, status, body):
        if "dossier" not in path:
            return body
        part = json.loads(body)
        return json.dumps(part | {"events": part["events"][:-1]}).encode()

    between.change = change
    with pytest.raises(VerificationError):
        list(there.iterate_events(CALENDAR))

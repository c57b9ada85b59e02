"""What the tests of the registry share: homes to copy, and a clock of the test's own."""

import shutil

import pytest

from node.founding import Charter, found_registry
from node.registry import open_registry
from node.rulebundle import read_profile
from tests.support.ledgers import FakeClock
from tests.support.national import Office
from tests.support.people import START


@pytest.fixture
def clock():
    return FakeClock(START)


@pytest.fixture(scope="session")
def solo_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("node") / "home"
    found_registry(home, Charter(read_profile("solo"), "example.org/solo"), None, FakeClock(START))
    return home


@pytest.fixture
def home(solo_home, tmp_path):
    """A solo registry of its own, founded at START."""
    shutil.copytree(solo_home, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def uncalendared(tmp_path, clock):
    """The registrar of a national registry that has published no calendar, with one applicant."""
    home = tmp_path / "home"
    charter = Charter(read_profile("national-2026"), "example.org/js", "江苏", "32", "1")
    found_registry(home, charter, None, clock)
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        office = Office(registry, clock)
        office.enrol("江苏数据有限公司")
        yield office


@pytest.fixture
def office(uncalendared):
    """The registrar of a national registry, with its calendar and one applicant."""
    uncalendared.publish_calendar(2026)
    uncalendared.publish_calendar(2027)
    return uncalendared

"""What the tests of the registry share: homes to copy, and a clock of the test's own."""

import shutil

import pytest

from node.founding import Charter, found_registry
from node.rulebundle import read_profile
from tests.support.ledgers import FakeClock
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

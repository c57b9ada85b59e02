"""What the attacks share: a registry that operator, registrar and applicant are one in."""

import shutil

import pytest

from tests.attack.process import run_node
from tests.support.scribe import found


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    return found(tmp_path_factory.mktemp("attack") / "home")


@pytest.fixture
def home(founded, tmp_path):
    return shutil.copytree(founded, tmp_path / "home")


@pytest.fixture(scope="module")
def standing(founded, tmp_path_factory):
    """A node that many tests attack: it has to serve them all."""
    home = shutil.copytree(founded, tmp_path_factory.mktemp("standing") / "home")
    with run_node(home) as node:
        yield node
        node.check_alive()
        assert node.stop() == 0
        bugs = [line[-800:] for line in node.log.splitlines() if "Traceback" in line]
        assert not bugs, bugs

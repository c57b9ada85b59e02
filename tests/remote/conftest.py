"""The program of a client: its home has keys, a vault and a policy; the ledger is behind a node."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import (  # noqa: F401  # fixtures
    TABLE,
    applicant,
    founded,
    market,
    national,
    program,
    stranger,
)
from tests.support.clients import Between, open_client
from tests.support.program import Program
from tests.support.running import run_node

LEDGER = "ledger.db*"


class RemoteProgram(Program):
    """The program of a client; what is done beside the data is done there.

    Args:
        local: The program of the same folder.
        served: The home that the node serves.
    """

    def __init__(self, local, served):
        super().__init__(local._capsys, local.home)
        self.served = served

    def __call__(self, *argv, locale=""):
        beside = ("--home", self.served) if "audit" in argv else ()
        return super().__call__(*beside, *argv, locale=locale)


@pytest.fixture
def serve_copy(tmp_path):
    """Serves a copy of a home, and makes a client's home of another copy of it."""
    running = []

    def start(home, local):
        served, client = tmp_path / "served", local.home
        shutil.copytree(home, served)
        shutil.copytree(home, client, ignore=shutil.ignore_patterns(LEDGER, "log.*", "node.*"))
        node = run_node(served)
        url = node.__enter__()
        running.append(node)
        Path(client, "remote.url").write_text(f"{url}\n")
        return RemoteProgram(local, served)

    yield start
    for node in running:
        node.__exit__(None, None, None)


@pytest.fixture
def solo(program, founded, serve_copy):  # noqa: F811
    """A client of the solo registry, with the registered table beside it."""
    Path("table.csv").write_bytes(TABLE)
    return serve_copy(founded.home, program)


@pytest.fixture
def licensed(program, market, serve_copy):  # noqa: F811
    """A client of the registry with a licensed table, with the registered table beside it."""
    Path("table.csv").write_bytes(TABLE)
    return serve_copy(market.home, program)


@pytest.fixture
def national_program(program, national, serve_copy):  # noqa: F811
    """A client of the national registry."""
    return serve_copy(national[0], program)


@pytest.fixture(scope="session")
def reading(market, tmp_path_factory):  # noqa: F811
    """A node that tests only read from, and a client's home."""
    home = shutil.copytree(market.home, tmp_path_factory.mktemp("reading") / "home")
    client = shutil.copytree(home, home.with_name("client"))
    with run_node(home) as url:
        yield market, url, client


@pytest.fixture
def reader(reading, tmp_path):
    """The ledger in place, and a client with somebody in between."""
    original, url, client = reading
    between = Between(url)
    with open_client(url, shutil.copytree(client, tmp_path / "mine"), between) as registry:
        yield original, registry, between

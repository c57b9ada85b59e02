"""What the tests of auditor and mirror share: a solo registry, and its operator without a network."""

from contextlib import closing

import pytest

from ledger.storage.base import Table
from ledger.storage.sqlite import SqliteStore
from node.founding import Charter, found_registry
from node.home import Home
from node.rulebundle import read_profile
from tests.cli.conftest import run_quietly
from tests.following.nodes import Operator
from tests.support.ledgers import FakeClock
from tests.support.people import START


@pytest.fixture(scope="session")
def solo(tmp_path_factory):
    """A solo registry that nobody writes to."""
    home = tmp_path_factory.mktemp("following") / "home"
    found_registry(home, Charter(read_profile("solo"), "example.org/solo"), None, FakeClock(START))
    return Home(home)


@pytest.fixture
def operator(solo):
    """Three blocks after the founding: 4 leaves, 3 leaves, 2 leaves."""
    return Operator(solo).write("a", "b", "c").write("d", "e").write("f")


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A solo registry with one voucher."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "table.csv").write_bytes(b"a,b\n1,2\n")
    run_quietly("--home", folder / "home", "init", "--solo", "--no-passphrase")
    run_quietly("--home", folder / "home", "register", folder / "table.csv", "--title", "航班")
    return folder / "home"


@pytest.fixture(scope="session")
def solo_voucher(made):
    """Leaves of that registry, and the digests of its documents."""
    with closing(SqliteStore(made / "ledger.db")) as store:
        leaves = store.read_leaves(0, store.count_leaves())
        return leaves, [digest for digest, _ in store.iterate_rows(Table.DOCUMENT)]

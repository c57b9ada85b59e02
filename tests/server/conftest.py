"""What the tests of the node share: a registry with some trade in it, and a node that serves it."""

import shutil

import pytest

from contracts.supervision import Publish
from ledger.sequencer import Submission
from ledger.storage.base import KEPT_BLOCKS, PRUNE_EVERY
from node.founding import Charter, found_registry
from node.registry import open_registry
from node.rulebundle import read_profile
from tests.cli.conftest import TABLE, TITLE, national, run_quietly
from tests.support.ledgers import FakeClock
from tests.support.people import START as NOW
from tests.support.scribe import found
from tests.support.site import open_site

__all__ = ("national",)
"""A fixture of the commands that the node's tests use too."""


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    """A registry that operator, registrar and applicant are one in; nobody writes to it."""
    return found(tmp_path_factory.mktemp("founded") / "home")


@pytest.fixture
def home(founded, tmp_path):
    """A copy of it for a test that writes."""
    return shutil.copytree(founded, tmp_path / "home")


class Trade:
    """A solo registry: a table of 甲公司, licensed to 乙公司, and what they are called.

    Args:
        home: Its home folder, with the keys of all.
        registered: What `register --json` said.
        parties: Keys of 甲公司 and 乙公司, by name.
        grant: The live grant.
    """

    def __init__(self, home, registered, parties, grant):
        self.home = home
        self.asset = registered["asset"]
        self.number = registered["voucher"]
        self.registration = registered["registration"]
        self.owner, self.user = parties["甲公司"], parties["乙公司"]
        self.grant = grant
        self.policy = (home / "trust.policy").read_bytes()


@pytest.fixture(scope="session")
def trade(tmp_path_factory):
    return make_trade(tmp_path_factory.mktemp("trade"))


def make_trade(folder):
    """The trade, in a folder of its own."""
    home, table = ("--home", folder / "home"), folder / "table.csv"
    table.write_bytes(TABLE)
    run_quietly(*home, "init", "--solo", "--no-passphrase", "--origin", "example.org/trade")
    parties = {
        name: run_quietly(*home, "party", "enroll", name, "--no-passphrase")["subject"]
        for name in ("甲公司", "乙公司")
    }
    rights = ("--right", "hold", "--right", "use", "--right", "operate")
    registered = run_quietly(*home, "register", table, "--title", TITLE, *rights, "--as", "甲公司")
    terms = ("--to", "乙公司", "--template", "one-onward-copy")
    grant = run_quietly(*home, "grant", "issue", registered["asset"], *terms)["subject"]
    run_quietly(*home, "grant", "accept", grant)
    return Trade(home[1], registered, parties, grant)


@pytest.fixture(scope="session")
def site(trade, tmp_path_factory):
    """A node that serves a copy of the trade; tests that share it only read."""
    home = tmp_path_factory.mktemp("site") / "home"
    shutil.copytree(trade.home, home)
    with open_site(home) as site:
        yield site


@pytest.fixture
def own_home(trade, tmp_path):
    """A copy of the trade's home for a test that writes."""
    return shutil.copytree(trade.home, tmp_path / "home")


LONG = 2_100
"""Events of `list/calendar:2027` in three blocks; after them come as many blocks as are kept."""


@pytest.fixture(scope="session")
def long_home(tmp_path_factory):
    home, clock = tmp_path_factory.mktemp("long") / "home", FakeClock(NOW)
    found_registry(home, Charter(read_profile("solo"), "example.org/long"), None, clock)
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        calendars = publish_calendars(registry, range(LONG + KEPT_BLOCKS + PRUNE_EVERY))
        for start in range(0, LONG, LONG // 3):
            registry.submit_each(calendars[start : start + LONG // 3])
        for one in calendars[LONG:]:
            registry.submit_each([one])
    return home


@pytest.fixture(scope="session")
def long_site(long_home, tmp_path_factory):
    """A node on a ledger with a long history and many blocks; tests that share it only read."""
    home = shutil.copytree(long_home, tmp_path_factory.mktemp("long_site") / "home")
    with open_site(home, clock=FakeClock(NOW)) as site:
        yield site


def publish_calendars(registry, versions):
    """Signed submissions that publish so many versions: those of the long history, then 2028's."""
    key = registry.ring.load("operator")
    return [
        Submission(
            registry.sign_event(registry.build_event(registry.ledger.regulator, body), [key])
        )
        for body in map(_calendar, versions)
    ]


def _calendar(number):
    year, version = (2027, number + 1) if number < LONG else (2028, number - LONG + 1)
    if number >= 4_000:
        year, version = 2029, number - 3_999
    content = {"year": year, "off": [], "work": []}
    return Publish(list="calendar", part=str(year), version=version, content=content)

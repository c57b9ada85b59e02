"""A registry's home, served without a network as its node would serve it."""

from contextlib import closing

from ledger.core.policy import parse_policy
from ledger.errors import NotFoundError
from ledger.light.fetch import Fetcher
from ledger.storage.sqlite import SqliteStore
from node.following.mirror import Mirror
from node.home import Home
from node.tiles.source import Notes, StoreTiles
from tests.support.ledgers import FakeClock


class ServedHome(Fetcher, Notes):
    """Fetches from a home's ledger file as it is at that moment."""

    def __init__(self, path):
        self.home = Home(path)

    def get(self, path, *, max_bytes):
        with closing(SqliteStore(self.home.ledger)) as store:
            self.latest = self.published = store.read_checkpoint()
            if path == "v1/checkpoint/latest":
                data = self.latest
            elif path.startswith("v1/documents/"):
                data = store.read_document(path.removeprefix("v1/documents/"))
            else:
                data = StoreTiles(store, self).read(path)
        if data is None:
            raise NotFoundError(f"there is no {path}")
        assert len(data) <= max_bytes
        return data

    latest = published = None


def mirror(home, folder):
    """Bring a mirror's folder up to a home's ledger."""
    policy = parse_policy((home / "trust.policy").read_bytes())
    return Mirror(folder, policy, ServedHome(home), FakeClock()).follow()

"""What the tests against programs of others share: our logs, as the tests of tiles and nodes make them."""

from tests.server.conftest import national, site, trade
from tests.tiles.conftest import long_log

__all__ = ("long_log", "national", "site", "trade")

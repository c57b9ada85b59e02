"""What the tests of the light client share: a house that is served, and the road to it."""

import pytest

from tests.light.house import ASSET, Follower, Road, opened


@pytest.fixture
def house(tmp_path):
    """A node whose log has two blocks, the newest cosigned."""
    with opened(tmp_path / "house") as made:
        made.write(ASSET).write(times=3)
        yield made


@pytest.fixture
def road(house):
    return Road(house)


@pytest.fixture
def follower(tmp_path, road, house):
    return Follower(tmp_path / "client", road, clock=house.clock)

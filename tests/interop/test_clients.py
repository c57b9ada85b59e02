"""What c2sp.org/tlog-tiles asks of clients, held against the paths that our light client asks for."""

import re

import pytest

from ledger.errors import VerificationError
from tests.interop.scales import ScalesLog
from tests.light.conftest import follower, house, road
from tests.light.house import ORIGIN

__all__ = ("follower", "house", "road")
PARTIAL = re.compile(r"tile/(entries|\d+)/([x0-9/]+)\.p/(\d+)")


def partials(asked):
    """Level, index and width of each partial tile and bundle among these paths."""
    for path in asked:
        if found := PARTIAL.fullmatch(path):
            level = 0 if found[1] == "entries" else int(found[1])
            yield level, int(found[2].replace("x", "").replace("/", "")), int(found[3])


def test_only_partial_tiles_that_the_checkpoint_requires_are_asked_for(follower, house, road):
    follower.follow()
    for times in (1, 300, 5, 700):
        house.write(times=times)
        road.asked.clear()
        follower.follow()
        asked = list(partials(road.asked))
        assert asked
        for level, index, width in asked:
            assert (index, width) == divmod(house.size >> 8 * level, 256)


@pytest.mark.parametrize("times", [1, 300])
def test_no_tile_is_asked_for_under_a_note_that_the_log_did_not_sign(
    follower, house, road, tmp_path, times
):
    follower.follow()
    house.write(times=times)
    other = ScalesLog(tmp_path / "other", ORIGIN)
    road.answers["checkpoint"] = other.append(house.store.read_leaves(0, house.size))
    road.asked.clear()
    with pytest.raises(VerificationError):
        follower.follow()
    assert road.asked == ["checkpoint"]

"""Containment from samples: exact where nothing was left out, with an interval where something was."""

import hashlib
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracing.containment import Overlap, estimate
from tracing.nearness import compare_hashes
from tracing.record import ALL
from tracing.sketch import Bottom, sketch_hashes


def hashes(members):
    raw = (hashlib.sha256(str(each).encode()).digest()[:8] for each in members)
    return np.unique(np.frombuffer(b"".join(raw), ">u8").astype(np.uint64))


def test_a_whole_set_gives_exact_shares():
    found = compare_hashes(hashes(range(50, 150)), sketch_hashes(hashes(range(100)), 1000))
    assert (found.of_new.low, found.of_new.estimate, found.of_new.high) == (0.5, 0.5, 0.5)
    assert found.of_earlier.estimate == 0.5


def test_a_part_lies_wholly_in_the_whole_and_the_whole_not_in_the_part():
    """What a MinHash cannot say: it knows one number, and this is two."""
    sketch = sketch_hashes(hashes(range(200_000)), 4096)
    found = compare_hashes(hashes(range(10_000)), sketch)
    assert found.of_new.estimate == 1
    assert found.of_new.low > 0.95
    assert found.of_earlier.low < 0.05 < found.of_earlier.high


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_the_interval_holds_the_true_share_about_as_often_as_it_says(share):
    """95 % of the time: more than 8 misses in 40 runs would happen once in 3,000 tries."""
    earlier = sketch_hashes(hashes(range(20_000)), 1024)
    wrong = 0
    for run in range(40):
        size = 2_000
        inside = random.Random(run).sample(range(20_000), int(size * share))
        outside = [f"{run} {each}" for each in range(size - len(inside))]
        found = compare_hashes(hashes([*inside, *outside]), earlier).of_new
        assert found.low <= found.estimate <= found.high
        wrong += not found.low <= share <= found.high
    assert wrong <= 8


def test_nothing_sampled_says_nothing():
    share = estimate(Overlap(0, 0, 10, 2**60)).of_new
    assert (share.low, share.high, share.sampled) == (0, 1, 0)


def test_what_is_there_by_chance_is_taken_off():
    found = estimate(Overlap(60, 100, 100, ALL), 0.2)
    assert found.of_new.estimate == pytest.approx(0.5)
    assert found.of_earlier.estimate == pytest.approx(0.5)
    nothing = estimate(Overlap(20, 100, 100, ALL), 0.2)
    assert nothing.size == 0
    assert estimate(Overlap(9, 9, 9, ALL), 1.0).size == 0


@given(st.lists(st.integers(0, 5000)), st.integers(1, 100), st.integers(1, 50))
def test_a_set_that_comes_in_parts_has_the_sketch_of_the_whole(members, most, step):
    whole = hashes(members) if members else np.empty(0, np.uint64)
    bottom = Bottom(most)
    for start in range(0, len(members), step):
        bottom.add(hashes(members[start : start + step]))
    expected, found = sketch_hashes(whole, most), bottom.finish()
    assert (found.below, found.hashes) == (expected.below, expected.hashes)
    if expected.below == ALL:
        assert found.total == expected.total

"""The parts of the node's figures and of the soak that decide what is reported."""

import pytest

from scripts.benchlib.load import Load, Outcome, _make_requests
from scripts.benchlib.soak import BOUND_MB_PER_MINUTE, Growth, slope


def test_the_percentile_is_the_slowest_of_the_fastest_so_many():
    outcome = Outcome(1.0, [number / 1000 for number in range(100, 0, -1)], 100)
    assert outcome.percentile(50) == pytest.approx(50)
    assert outcome.percentile(99) == pytest.approx(99)
    assert Outcome(1.0, [0.007], 1).percentile(99) == pytest.approx(7)


def test_a_rate_counts_what_was_answered_with_200():
    assert Outcome(4.0, [0.1], 2_000).rate == 500


def test_lines_are_posted_in_bodies_of_so_many(tmp_path):
    path = tmp_path / "bodies"
    path.write_bytes(b"one\ntwo\nthree")
    load = Load("/v1/events", bodies=str(path), lines=2, headers="Prefer: x\r\n")
    first, second = _make_requests("node:1", load)
    head, _, body = first.partition(b"\r\n\r\n")
    assert body == b"one\ntwo"
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /v1/events HTTP/1.1"
    assert {b"Host: node:1", b"Prefer: x", b"Content-Length: 7"} <= set(lines)
    assert second.endswith(b"\r\n\r\nthree")


def test_one_event_is_posted_as_json_and_lines_as_ndjson(tmp_path):
    path = tmp_path / "bodies"
    path.write_bytes(b"one")
    (single,) = _make_requests("n", Load("/", bodies=str(path)))
    (lines,) = _make_requests("n", Load("/", bodies=str(path), lines=9))
    assert b"Content-Type: application/json\r\n" in single
    assert b"Content-Type: application/x-ndjson\r\n" in lines


def test_reading_ends_when_the_time_is_over():
    assert list(_make_requests("n", Load("/checkpoint"))) == []


def test_the_slope_is_that_of_the_straight_line():
    assert slope([0.0, 1.0, 2.0], [5.0, 7.0, 9.0]) == pytest.approx(2)
    assert slope([0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 5.0, 4.0]) == pytest.approx(0)
    assert slope([1.0], [3.0]) == 0


@pytest.mark.parametrize(("slope", "is_ok"), [(0.0, True), (1.0, True), (1.01, False)])
def test_memory_that_grows_faster_than_the_bound_fails(slope, is_ok):
    assert BOUND_MB_PER_MINUTE == 1
    assert Growth("node", 100.0, 120.0, 130.0, slope).is_ok is is_ok

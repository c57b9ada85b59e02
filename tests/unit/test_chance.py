"""What is random in a test is the same in every run of it, and in no other test."""

import os
import sys

import pytest

from ledger.keys import fresh_nonce
from tests.support.chance import IS_FIXED, SEED, Streams

SYSTEM = b"system"


@pytest.fixture
def streams():
    return Streams(lambda size: SYSTEM[:size])


def read(streams, *names, size=70):
    with streams.of(*names):
        return streams.read(size)


def test_a_name_gives_the_same_bytes_whenever_it_comes_and_another_name_others(streams):
    first = read(streams, "a", 1)
    assert len(first) == 70
    assert read(streams, "a", 1) == first
    assert len({first, read(streams, "a", 2), read(streams, "b", 1)}) == 3


def test_within_a_stream_bytes_differ_and_one_within_another_changes_nothing(streams):
    with streams.of("a"):
        first, second = streams.read(32), streams.read(32)
    with streams.of("a"):
        assert streams.read(32) == first != second
        read(streams, "b")
        assert streams.read(32) == second


def test_between_tests_and_in_a_forked_child_the_system_is_asked(streams):
    assert streams.read(6) == SYSTEM
    with streams.of("a"):
        streams.close()
        assert streams.read(6) == SYSTEM


def test_a_wrong_size_is_the_system_s_business(streams):
    with streams.of("a"):
        assert streams.read(0) == b""
        assert streams.read(-1) == SYSTEM[:-1]


@pytest.mark.skipif(not IS_FIXED or SEED != "0", reason="another seed was asked for")
def test_what_the_program_draws_in_this_test_is_always_this():
    assert fresh_nonce() == "ftZTyIgVL7X8d0xmfJHM6g"
    assert os.urandom is not sys.modules["posix"].urandom

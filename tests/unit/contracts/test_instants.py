"""Instants in the words of refusals: RFC 3339 at an offset."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clocks import format_instant
from ledger.errors import LimitError
from tests.support.people import ms


@pytest.mark.parametrize(
    ("time", "offset", "text"),
    [
        ("2026-11-30T00:00:00+08:00", 480, "2026-11-30T00:00:00+08:00"),
        ("2026-11-29T16:00:00Z", 480, "2026-11-30T00:00:00+08:00"),
        ("2026-11-30T00:00:00.001+08:00", 480, "2026-11-30T00:00:00.001+08:00"),
        ("2026-11-30T23:59:59.990+08:00", 480, "2026-11-30T23:59:59.990+08:00"),
        ("2026-11-30T00:00:00Z", 0, "2026-11-30T00:00:00+00:00"),
        ("2026-11-30T00:00:00Z", -210, "2026-11-29T20:30:00-03:30"),
        ("1969-12-31T23:59:59.999Z", 0, "1969-12-31T23:59:59.999+00:00"),
    ],
)
def test_an_instant_is_written_at_its_offset(time, offset, text):
    assert format_instant(ms(time), offset) == text


@given(st.integers(-62_135_510_400_000, 253_402_200_000_000), st.integers(-1439, 1439))
def test_every_instant_reads_back_as_itself(time, offset):
    text = format_instant(time, offset)
    moment = datetime.fromisoformat(text)
    assert moment.utcoffset() == timedelta(minutes=offset)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert (moment - epoch) // timedelta(milliseconds=1) == time


def test_an_instant_beyond_the_calendar_has_no_words():
    with pytest.raises(LimitError):
        format_instant(2**53)

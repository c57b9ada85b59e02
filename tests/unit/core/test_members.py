"""Members are taken as they are: nothing is converted, nothing may be missing."""

import pytest

from ledger.core.members import take_count, take_format, take_members, take_text
from ledger.errors import MalformedError


def test_members_are_taken_exactly():
    thing = {"a": 1, "format": "thing/v1"}
    assert take_members(thing, {"format", "a"}, "a thing") == thing
    assert take_format(thing, {"a"}, "thing/v1", "a thing") == thing
    for value in (thing | {"b": 2}, {"a": 1}, {}, None, [thing], "a"):
        with pytest.raises(MalformedError):
            take_members(value, {"a", "format"}, "a thing")
        with pytest.raises(MalformedError):
            take_format(value, {"a"}, "thing/v1", "a thing")
    with pytest.raises(MalformedError):
        take_format(thing, {"a"}, "thing/v2", "a thing")


def test_texts_and_counts_are_not_converted():
    assert (take_text(""), take_count(0), take_count(2**53)) == ("", 0, 2**53)
    for value in (None, 1, True, [""], b"x"):
        with pytest.raises(MalformedError):
            take_text(value)
    for value in (None, "1", True, False, -1, 1.0, [1]):
        with pytest.raises(MalformedError):
            take_count(value)

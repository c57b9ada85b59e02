"""Usage lines: what one may hold, its leaf, and how it can contradict its batch."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.usage import UsageBatch
from contracts.usagelines import (
    MAX_LINE_BYTES,
    MAX_LINE_MEMBERS,
    batch_terms,
    find_contradiction,
    parse_usage_line,
)
from ledger.core.canonical import encode_canonical
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_SAFE_INTEGER
from ledger.errors import RejectedError

LINE = {"at": 1_763_800_000_123, "action": "read", "count": 3, "device": "卡口-17", "n": -5}


def refusal(value):
    """The refusal of a line, held to what refusals promise."""
    with pytest.raises(RejectedError) as caught:
        parse_usage_line(value)
    error = caught.value
    assert (error.reason, error.rule) == ("usage_line", "formats 5")
    assert not error.zh.isascii()
    return error.en


def without(name):
    return {member: LINE[member] for member in LINE if member != name}


def test_a_line_says_when_what_and_how_often():
    line = parse_usage_line(LINE)
    assert (line.at, line.action, line.count) == (LINE["at"], "read", 3)
    assert line.members == LINE


def test_the_leaf_is_the_canonical_line_and_nothing_is_added():
    given_ = '{"action":"read","at":1763800000123,"device":"卡口-17"}'
    line = parse_usage_line(json.loads(given_))
    assert line.leaf == given_.encode()
    assert line.count == 1
    assert parse_usage_line(line.members | {"count": 1}).leaf != line.leaf


def test_the_hash_of_a_leaf_is_the_known_one():
    # printf '\x00{"action":"read","at":1}' | sha256sum
    known = "7af325ec62796636f0d6d83da136ca9c2e8d295e2572f068900f1b3eaca016a8"
    assert hash_leaf(parse_usage_line({"at": 1, "action": "read"}).leaf).hex() == known


def test_the_order_of_members_makes_no_difference():
    assert parse_usage_line(dict(reversed(LINE.items()))).leaf == parse_usage_line(LINE).leaf


@pytest.mark.parametrize(
    "line",
    [
        {"at": 0, "action": "a"},
        {"at": MAX_SAFE_INTEGER, "action": "muniment:export", "count": MAX_SAFE_INTEGER},
        {"at": 0, "action": "a" * 64, "x": "", "y": -MAX_SAFE_INTEGER, "z": "two\nlines"},
        {"at": 0, "action": "a", **{f"m{n}": n for n in range(MAX_LINE_MEMBERS - 2)}},
        {"at": 0, "action": "a", "x": "y" * (MAX_LINE_BYTES - len('{"action":"a","at":0,"x":""}'))},
    ],
    ids=["least", "largest numbers", "strings and signs", "most members", "longest"],
)
def test_a_line_at_its_limits_is_taken(line):
    assert parse_usage_line(line).leaf == encode_canonical(line)


TOO_LONG = {"at": 0, "action": "a", "x": "y" * (MAX_LINE_BYTES - 27)}

MANGLINGS = {
    "not an object": ([LINE], "JSON object"),
    "nothing": (None, "JSON object"),
    "a member too many": (
        {"at": 0, "action": "a", **{f"m{n}": n for n in range(MAX_LINE_MEMBERS - 1)}},
        "at most 32 members",
    ),
    "a byte too long": (TOO_LONG, "at most 4096 bytes, this one 4097"),
    "no time": (without("at"), "`at`"),
    "a time in quotes": (LINE | {"at": "5"}, "`at`"),
    "a negative time": (LINE | {"at": -1}, "`at`"),
    "a time that is true": (LINE | {"at": True}, "'at' of a usage line is a string or an integer"),
    "a time beyond 2^53": (LINE | {"at": 2**53}, "'at' of a usage line has"),
    "a fraction of a time": (LINE | {"at": 1.0}, "'at' of a usage line is a string or an integer"),
    "no action": (without("action"), "`action`"),
    "an action that is a number": (LINE | {"action": 5}, "`action`"),
    "an empty action": (LINE | {"action": ""}, "`action`"),
    "an action with a blank": (LINE | {"action": "to read"}, "`action`"),
    "an action with a line feed": (LINE | {"action": "read\n"}, "`action`"),
    "too long an action": (LINE | {"action": "a" * 65}, "`action`"),
    "a count of nothing": (LINE | {"count": 0}, "`count`"),
    "a negative count": (LINE | {"count": -1}, "`count`"),
    "a count in quotes": (LINE | {"count": "1"}, "`count`"),
    "a count that is true": (LINE | {"count": True}, "'count' of a usage line"),
    "a count beyond 2^53": (LINE | {"count": 2**53}, "'count' of a usage line has"),
    "a member that is null": (LINE | {"x": None}, "'x' of a usage line is a string"),
    "a member that is true": (LINE | {"x": True}, "'x' of a usage line is a string"),
    "a member that is a list": (LINE | {"x": [1]}, "'x' of a usage line is a string"),
    "a member that is an object": (LINE | {"x": {}}, "'x' of a usage line is a string"),
    "a float": (LINE | {"x": 0.5}, "'x' of a usage line is a string"),
    "a number beyond -2^53": (LINE | {"x": -(2**53)}, "'x' of a usage line has a name"),
    "a control character": (LINE | {"x": "a\tb"}, "'x' of a usage line has a name"),
    "a bidirectional override": (LINE | {"x": "\u202e"}, "'x' of a usage line has a name"),
    "a lone surrogate": (LINE | {"x": "\ud800"}, "'x' of a usage line has a name"),
    "a name outside the profile": (LINE | {"a b": 1}, "'a b' of a usage line has a name"),
    "an empty name": (LINE | {"": 1}, "'' of a usage line has a name"),
    "too long a name": (LINE | {"n" * 65: 1}, "of a usage line has a name"),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_a_mangled_line_is_refused(name):
    value, sentence = MANGLINGS[name]
    assert sentence in refusal(value)


@given(
    st.dictionaries(
        st.sampled_from(["at", "action", "count", "x", "y:z", ""]),
        st.integers(-(2**53), 2**53) | st.text(max_size=5) | st.booleans() | st.none(),
    )
)
def test_what_is_taken_is_its_own_canonical_form(value):
    try:
        line = parse_usage_line(value)
    except RejectedError:
        return
    assert json.loads(line.leaf) == value
    assert parse_usage_line(json.loads(line.leaf)) == line
    assert line.count >= 1 <= len(line.action)


# Lines and their batch


def batch(**changes):
    body = {
        "grant": f"grant/{'a' * 26}",
        "action": "read",
        "count": 9,
        "total": 20,
        "start": 5,
        "end": 10,
        "form": "usage-lines/1",
        "root": "00" * 32,
        "lines": 2,
    }
    return UsageBatch(**(body | changes))


def test_a_batch_speaks_for_all_its_lines():
    assert batch_terms(batch()) == {"action": "read"}
    terms = batch_terms(batch(purpose="research", spatial="CN-32"))
    assert terms == {"action": "read", "purpose": "research", "spatial": "CN-32"}


SILENT = {"at": 5, "action": "read"}
AGREEING = {
    "nothing more": SILENT,
    "the same purpose": SILENT | {"purpose": "research"},
    "both": SILENT | {"purpose": "research", "spatial": "CN-32"},
}
CONTRADICTIONS = {
    "another action": (SILENT | {"action": "index"}, "action"),
    "another purpose": (SILENT | {"purpose": "marketing"}, "purpose"),
    "another region": (SILENT | {"spatial": "CN-31"}, "spatial"),
    "a region that is a number": (SILENT | {"spatial": 32}, "spatial"),
}
TERMS = {"action": "read", "purpose": "research", "spatial": "CN-32"}


@pytest.mark.parametrize("name", AGREEING)
def test_a_line_that_leaves_out_or_repeats_what_the_batch_says_agrees(name):
    assert find_contradiction(parse_usage_line(AGREEING[name]), TERMS) is None


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_line_that_says_something_else_contradicts_the_batch(name):
    members, what = CONTRADICTIONS[name]
    en, zh = find_contradiction(parse_usage_line(members), TERMS)
    assert f"a batch has one {what}" in en
    assert what in zh
    assert not zh.isascii()


def test_what_the_batch_does_not_say_the_line_may():
    line = parse_usage_line(SILENT | {"purpose": "research"})
    assert find_contradiction(line, {"action": "read"}) is None

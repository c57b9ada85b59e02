"""Shares of a master secret: enough of them give it, fewer or wrong ones give nothing."""

from itertools import combinations, pairwise

import pytest

from ledger.errors import MalformedError, VerificationError
from tracing.keys import TraceSecret
from tracing.shares import combine_shares, format_share, parse_share, split_secret

SECRET = TraceSecret(bytes(range(32)))


@pytest.fixture(scope="module")
def shares():
    return split_secret(SECRET, 3, 5)


def test_any_three_of_five_give_it(shares):
    for chosen in combinations(shares, 3):
        assert combine_shares(chosen).reveal() == SECRET.reveal()
    assert combine_shares(shares).reveal() == SECRET.reveal()


def test_a_share_has_33_words_and_is_another_each_time(shares):
    assert {len(share.split()) for share in shares} == {33}
    assert not set(shares) & set(split_secret(SECRET, 3, 5))


@pytest.mark.parametrize(("threshold", "count"), [(1, 3), (4, 3), (2, 17), (0, 0)])
def test_so_many_shares_cannot_be(threshold, count):
    with pytest.raises(MalformedError):
        split_secret(SECRET, threshold, count)


def swap_words(share):
    words = share.split()
    words[10], words[11] = words[11], words[10]
    return " ".join(words)


WRONG = {
    "two of three": lambda s: s[:2],
    "one of them twice": lambda s: [s[0], s[1], s[1]],
    "none": lambda s: [],
    "two words swapped": lambda s: [swap_words(s[0]), *s[1:3]],
    "a word left out": lambda s: [s[0].rpartition(" ")[0], *s[1:3]],
    "words that are none": lambda s: ["what is this", *s[1:3]],
    "one of another split": lambda s: [*s[:2], split_secret(SECRET, 3, 5)[2]],
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_shares_are_refused_and_no_word_is_told(shares, name):
    with pytest.raises((MalformedError, VerificationError)) as caught:
        combine_shares(WRONG[name](shares))
    words = shares[0].split()
    told = str(caught.value)
    assert not [pair for pair in pairwise(words) if " ".join(pair) in told]
    assert caught.value.__cause__ is None


def test_the_file_of_a_share_is_read_as_it_was_written(shares):
    data = format_share(shares[0], ["one of five", "五份之一"])
    assert parse_share(data) == shares[0]
    assert parse_share(data.upper()) == shares[0]
    for wrong in (b"", b"# only\n", b"a\nb\n", b"\xff\xfe"):
        with pytest.raises(MalformedError):
            parse_share(wrong)

"""What a report says of chances, times and patterns, in words that need no manual."""

import pytest

from node.render.tracewords import Teller
from tracing.hypotheses import list_hypotheses

ENGLISH, CHINESE = Teller(None, "en"), Teller(None, "zh-CN")
NOON = 1_795_406_400_500


@pytest.mark.parametrize(
    ("chance", "english", "chinese"),
    [
        (-18_244, "5.8e-19 (one in a trillion or less)", "5.8e-19（不超过一万亿分之一）"),
        (-6_000, "1.0e-6 (one in a million or less)", "1.0e-6（不超过百万分之一）"),
        (-5_999, "1.1e-6 (one in a thousand or less)", "1.1e-6（不超过千分之一）"),
        (-2_999, "1.1e-3", "1.1e-3"),
        (0, "1", "1"),
    ],
)
def test_a_small_chance_is_said_in_words_that_never_make_it_smaller(chance, english, chinese):
    assert (ENGLISH.chance(chance), CHINESE.chance(chance)) == (english, chinese)


def test_a_time_is_told_to_the_second_and_the_last_moment_of_a_day_as_the_day():
    assert ENGLISH.date(NOON) == "2026-11-23 12:00:00 +08:00"
    assert ENGLISH.date(NOON - NOON % 86_400_000 + 57_600_000 - 1) == "2026-11-23"


def test_every_pattern_that_is_tried_has_words_and_a_strange_one_stays_as_it_is():
    for named in range(4):
        for each in list_hypotheses(named):
            assert ENGLISH.pattern(each.code) != each.code
            assert CHINESE.pattern(each.code) != ENGLISH.pattern(each.code)
    assert ENGLISH.pattern("strange/1/2/3") == "strange/1/2/3"

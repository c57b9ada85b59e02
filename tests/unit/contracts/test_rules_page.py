"""The rule book says what the table says, in both languages, and is what the code makes."""

import re

import pytest

from contracts.disputes import OBJECTION_EDGES, STAGES
from contracts.edges import EDGES, STATES
from tests.support.generated import find_differences
from tests.support.rules_page import CLOCKS, PAGE, make_files, read_profiles, render_page
from tests.support.rules_words import BOOK


def halves():
    """The English part and the Chinese one."""
    _, english, chinese = render_page().split("\n# ")[0:3]
    return {"en": english, "zh": chinese}


def shape(value):
    """The members of a nested object, and the blanks of its texts to fill in."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    return value.count("{}") if isinstance(value, str) else len(value)


def test_the_page_is_what_the_table_makes():
    assert not list(find_differences(make_files(), []))


def test_a_page_that_says_something_else_is_noticed(tmp_path):
    path = tmp_path / PAGE.name
    path.write_text(render_page().replace("Art. 17", "Art. 18", 1), encoding="utf-8")
    assert list(find_differences({path: render_page()}, []))


def test_both_languages_say_the_same_things():
    assert shape(BOOK["en"]) == shape(BOOK["zh"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_state_and_every_word_of_every_step_stands_in_the_book(language):
    said = halves()[language]
    for state, words in STATES.items():
        assert f"| `{state}` | {getattr(words, language)} |" in said
    for state, words in STAGES.items():
        assert f"| `{state}` | {getattr(words, language)} |" in said
    for edge in (*EDGES, *OBJECTION_EDGES):
        for words in (edge.says, edge.consequence, edge.silence):
            assert words is None or getattr(words, language) in said, edge.step


@pytest.mark.parametrize(("table", "place"), [(EDGES, 1), (OBJECTION_EDGES, 3)])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_edge_is_drawn_once_under_each_state_it_leaves(language, table, place):
    drawn = halves()[language].split("```")[place]
    lines = re.findall(r"^  [├└]─ .*$", drawn, re.MULTILINE)
    assert len(lines) == sum(max(1, len(edge.sources)) for edge in table)
    assert len(re.findall(r"└─", drawn)) == len({s for edge in table for s in edge.sources}) + 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_clock_stands_with_its_length_under_every_profile(language):
    said, say = halves()[language], BOOK[language]
    assert {edge.clock for edge in EDGES} - {None} == set(CLOCKS)
    for clock in CLOCKS:
        (row,) = re.findall(rf"^\| {say['clock_names'][clock]} \|.*$", said, re.MULTILINE)
        lengths = [getattr(profile.clocks, clock) for profile in read_profiles()]
        shown = [cell.strip() for cell in row.split("|")[5:-1]]
        assert shown == [str(days) if days else say["no_clock"] for days in lengths]


def test_no_line_of_chinese_is_broken_inside_a_sentence():
    for line in halves()["zh"].splitlines():
        assert not line.endswith(("，", "、"))

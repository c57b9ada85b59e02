"""What libraries say of wrong members and forms, as people are told it in both languages."""

import pytest

from cli.chinese import translate
from cli.lang import set_language
from cli.plainer import explain, name_commands
from contracts.records import parse_record
from contracts.title import Classification
from ledger.errors import MalformedError
from node.forms.reading import parse_toml_form

FINE = {
    "standard": "GB/T 43697-2024", "industry": "G54", "class": "enterprise", "level": "general-1",
    "openness": "closed", "assessed_by": "party/" + "a" * 26, "list_version": "",
}  # fmt: skip
RECORDS = {
    "no such level": (
        FINE | {"level": "general-9"},
        "is one of general-1, general-2",
        "须为 general-1、",
    ),
    "no text": (
        FINE | {"standard": 3},
        "standard is a text, not a whole number",
        "应为文字，而非整数",
    ),
    "one too many": (FINE | {"more": 1}, "has no member more: leave it out", "没有 more 这一项"),
    "one too few": ({"class": "public"}, "lacks ", "缺少 "),
}


@pytest.fixture
def chinese():
    yield set_language("zh-CN")
    set_language("en")


@pytest.mark.parametrize("name", RECORDS)
def test_a_member_that_is_wrong_is_named_in_a_sentence(name, chinese):
    value, en, zh = RECORDS[name]
    with pytest.raises(MalformedError) as caught:
        parse_record(Classification, value)
    said = explain(str(caught.value))
    assert en in said[0]
    assert zh in said[1]


BOUNDS = {
    "Expected `str` of length >= 1 - at `$.reasons`": ("reasons is empty: say something", "为空"),
    "Expected `str` of length <= 400 - at `$.reason`": (
        "at most 400 characters",
        "最多 400 个字符",
    ),
    "Expected `array` of length <= 8": ("has at most 8 entries", "最多 8 项"),
    "Expected `int` >= 1 - at `$.version`": ("version is at least 1", "不小于 1"),
}


@pytest.mark.parametrize("message", BOUNDS)
def test_what_is_too_long_or_too_small_is_told_its_bound(message):
    en, zh = explain(message)
    assert BOUNDS[message][0] in en
    assert BOUNDS[message][1] in zh


def test_any_other_sentence_is_left_alone():
    assert explain("the form is not UTF-8: save it as UTF-8") is None


FORMS = {
    "full-width quotes": ("a = “x”", "line 1 has full-width “ ”", "第 1 行有全角符号 “ ”"),
    "a full-width comma": (
        'b = 1\na = ["x"，"y"]',
        "line 2 has full-width ，",
        "第 2 行有全角符号 ，",
    ),
    "no quotes": ("a = x", "write texts in quotes", "文字请用引号括起"),
    "one quote": ('a = "甲', "without its second quote", "缺少后引号"),
    "no sign": ('a "x"', "without = after it", "名称之后缺少 ="),
    "no setting": ("= 3", "is no setting", "不是有效的填写项"),
    "two in a line": ('a = "x" b = 2', "one setting in each line", "每行只写一项"),
    "an open list": ('a = ["x"\n', "close it with ]", "请以 ] 结束"),
    "a blank twice": ("a = 1\na = 2", "line 2 fills in a blank a second time", "第 2 行重复填写"),
    "a table twice": ("[a]\n[a]", "begins a table a second time", "重复同一组"),
    "no such day": ("a = 2026-02-31", "has a day that there is not", "日期不存在"),
    "a backslash": ('a = "C:\\d"', "has a lone backslash", "单个反斜杠"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_no_toml_says_where_and_what_to_write(name):
    text, en, zh = FORMS[name]
    with pytest.raises(MalformedError) as caught:
        parse_toml_form(text.encode())
    message = str(caught.value)
    assert en in message
    assert zh in translate("malformed", message)


def test_full_width_signs_inside_a_text_are_no_fault():
    assert parse_toml_form('a = "甲，“乙”"'.encode()) == {"a": "甲，“乙”"}
    with pytest.raises(MalformedError, match="one setting in each line"):
        parse_toml_form('a = "甲，乙" b = 2'.encode())


def test_the_program_says_it_so(solo, founded):
    filing = founded.registered["registration"]
    words = ("registration", "correct", filing, "--level", "x" * 3, "--reasons", "r")
    error = solo.refused(*words, code=4)
    assert error["message"].startswith("level is one of general-1")
    assert "Invalid enum" not in solo.ok(*words, "--lang", "zh-CN", code=4).err


ASKED = {
    "请先以 party.admit 核准 party/a": "请先以 muniment party admit 核准 party/a",
    "请由获准的评估机构出具（attest.make）": "请由获准的评估机构出具（muniment attest make）",
    "have party/a admitted with party.admit": "have party/a admitted with muniment party admit",
    "party.undertake needs 1 signature": "party.undertake needs 1 signature",
}


@pytest.mark.parametrize("message", ASKED)
def test_a_refusal_names_the_command_and_not_the_kind_of_event(message):
    assert name_commands(message) == ASKED[message]


def test_roles_are_chinese_among_chinese(chinese):
    said = name_commands("list.publish 仅限regulator、registrar，party/a 不具备该身份")
    assert said == "list.publish 仅限监管方、登记机构，party/a 不具备该身份"
    assert (
        name_commands("须由获准为 valuer 的主体出具") == "须由获准为 估值机构（valuer） 的主体出具"
    )

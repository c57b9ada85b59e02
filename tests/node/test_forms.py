"""Forms: templates that can be filled in and fed back, and what is said of every wrong blank."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.forms import FORMS as MEMBERS
from ledger.errors import LimitError, MalformedError
from node.forms.annexes import FORMS
from node.forms.checking import MAX_FINDINGS, check_form, is_blank
from node.forms.flat import expand_row, find_field, unknown_columns
from node.forms.hints import hint_lengths, hint_title
from node.forms.reading import MAX_FORM_BYTES, parse_json_form, parse_toml_form
from node.forms.shape import Field, join_path
from node.forms.template import render_template
from tests.support.form_filling import USCC, fill_template, nest, samples
from tests.support.forms_page import PAGE, splice

TYPES = sorted(FORMS)
INITIAL = FORMS["initial"]
LANGUAGES = {"en": False, "zh-CN": True}


def read(text, kind):
    form = dict(parse_toml_form(text.encode()))
    assert form.pop("type") == kind
    return form


def good():
    """A form for an initial registration with everything in it."""
    return nest(samples(INITIAL), INITIAL)


def findings(form, kind="initial", **how):
    return {each.path: each for each in check_form(form, FORMS[kind], **how)[1]}


def put(form, path, value):
    """The form with something else in one blank; places count from 1."""
    form = json.loads(json.dumps(form))
    place = form
    *names, last = path.split(".")
    for name in names:
        place = place[int(name) - 1] if name.isdecimal() else place.setdefault(name, {})
    place[last] = value
    return form


def fields(group, path=""):
    for part in group.parts:
        name = join_path(path, part.name)
        if isinstance(part, Field):
            yield name, part
        else:
            yield from fields(part, name)


# templates


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("everything", [True, False], ids=["all of it", "what has to be"])
def test_a_template_filled_in_and_fed_back_is_in_order(kind, language, everything):
    values = samples(FORMS[kind], everything=everything)
    if kind == "change" and not everything:
        values |= {"before.summary": "old", "after.summary": "new"}
    template = render_template(kind, is_chinese=LANGUAGES[language])
    filled, found = check_form(read(fill_template(template, values), kind), FORMS[kind])
    assert found == []
    assert filled == nest(values, FORMS[kind])


WITHIN = {"en": "First day (required with this table)", "zh-CN": "起始日期（填写本组时必填）"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_template_ask_for_a_blank_of_an_optional_table_only_with_it(language):
    assert WITHIN[language] in render_template("initial", is_chinese=LANGUAGES[language])
    (row,) = [
        line
        for line in PAGE.read_text(encoding="utf-8").partition("**transfer**")[0].splitlines()
        if line.startswith("| `data.temporal.start` ")
    ]
    assert "in this table · 填写本组时" in row
    form = good()
    del form["data"]["temporal"]
    assert not [path for path in findings(form) if "temporal" in path]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TYPES)
def test_an_empty_template_lacks_exactly_what_has_to_be_filled_in(kind, language):
    template = render_template(kind, is_chinese=LANGUAGES[language])
    _, found = check_form(read(template, kind), FORMS[kind])
    needed = set(samples(FORMS[kind], everything=False))
    said = {".".join(n for n in each.path.split(".") if not n.isdecimal()) for each in found}
    assert said - {"before", "after"} == needed
    assert all("is missing; write: " in each.en for each in found if "." in each.path)
    assert all(each.zh.startswith("未填写") for each in found)


@pytest.mark.parametrize("kind", TYPES)
def test_a_template_explains_every_blank_in_its_language(kind):
    english, chinese = (render_template(kind, is_chinese=each) for each in (False, True))
    for _, field in fields(FORMS[kind]):
        assert f"# {field.en}" in english
        assert f"# {field.zh}" in chinese
        for name in field.choices.values():
            assert name in chinese
    assert not any("\u4e00" <= character <= "\u9fff" for character in english)


def test_every_type_of_registration_has_its_form():
    assert set(FORMS) >= set(MEMBERS)


# reading


def test_dates_may_stand_without_quotes():
    assert parse_toml_form(b"[data.temporal]\nstart = 2026-01-31") == {
        "data": {"temporal": {"start": "2026-01-31"}}
    }


@pytest.mark.parametrize(
    "text",
    [
        "years = 1.5",
        "years = 2026-01-31T10:00:00",
        "years = 10:00:00",
        "a = 1\na = 2",
        "just words",
        "a = [[[[[[[[[1]]]]]]]]]",
        "a = " + "[" * 5000,
    ],
    ids=["fraction", "instant", "time", "doubled", "no TOML", "deep", "very deep"],
)
def test_what_no_form_holds_is_malformed(text):
    with pytest.raises((MalformedError, LimitError)):
        parse_toml_form(text.encode())


@pytest.mark.parametrize("parse", [parse_toml_form, parse_json_form], ids=["toml", "json"])
def test_a_form_is_utf_8_and_not_too_large(parse):
    with pytest.raises(MalformedError, match="UTF-8"):
        parse("title = '数据'".encode("gb18030"))
    with pytest.raises(LimitError):
        parse(b" " * (MAX_FORM_BYTES + 1))


@pytest.mark.parametrize("raw", [b'{"a":1,"a":2}', b'{"a":1.5}', b"[]", b"{"])
def test_json_forms_are_read_strictly(raw):
    with pytest.raises(MalformedError):
        parse_json_form(raw)


def test_a_byte_order_mark_is_no_part_of_a_form():
    assert parse_toml_form(b"\xef\xbb\xbfyears = 1") == {"years": 1}
    assert parse_json_form(b'\xef\xbb\xbf{"years":1}') == {"years": 1}


# checks

WRONG = {
    "unknown blank": ("data.heading", "x", "there is no such blank", "没有该项"),
    "unknown table": ("nothing", {"x": "y"}, "there is no such blank", "没有该项"),
    "text as a number": ("data.title", 7, "write it in quotes", "请用引号括起"),
    "title too long": ("data.title", "长" * 201, "at most 200", "最多 200"),
    "summary too long": ("data.summary", "长" * 2001, "at most 2000", "最多 2000"),
    "control character": ("data.title", "a\tb", "control character", "控制字符"),
    "hidden direction": ("data.title", "a\u202eb", "control character", "控制字符"),
    "unknown code": ("basis", "theft", "is one of self-generated", "须为以下之一"),
    "unknown code in a list": ("data.form", ["table", "x"], "is one of image", "须为以下之一"),
    "no such day": ("data.temporal.end", "2026-02-30", "write it as 2026-01-31", "应为日期"),
    "day in words": ("data.temporal.start", "2026年", "write it as 2026-01-31", "应为日期"),
    "end before start": ("data.temporal.end", "2024-12-31", "before the first day", "早于起始"),
    "years none": ("years", 0, "from 1 to 30", "1 至 30"),
    "years in words": ("years", "five", "from 1 to 30", "1 至 30"),
    "years as a truth": ("years", True, "from 1 to 30", "1 至 30"),
    "flag in words": ("restrictions.resale", "maybe", "is true or false", "应为 true"),
    "industry": ("data.industry", "Z99", "GB/T 4754", "GB/T 4754"),
    "uscc": ("applicants.1.id_number", USCC[:-1] + "A", "does not fit", "校验码"),
    "table as text": ("data", "x", "is a table", "应为表"),
    "tables as text": ("rights", "hold", "one or more tables", "应为表的列表"),
    "too many tables": ("prior", [{"kind": "x"}] * 9, "more than 8 times", "超过 8 组"),
    "too many files": ("files", [f"{n}.csv" for n in range(101)], "at most 100", "最多 100"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_blank_is_named_and_said_what_to_write(name):
    path, value, en, zh = WRONG[name]
    found = findings(put(good(), path, value))
    assert set(found) == {path}
    assert en in found[path].en
    assert zh in found[path].zh


def test_all_faults_are_said_at_once_and_in_the_form_s_order():
    form = put(put(put(good(), "basis", "x"), "data.title", 1), "rights.1.until", "soon")
    _, found = check_form(form, INITIAL)
    assert [each.path for each in found] == ["basis", "data.title", "rights.1.until"]


def test_no_message_repeats_what_stands_in_a_blank():
    secret = "张三13800000000"
    for path, field in fields(INITIAL):
        value = [secret + "\t"] if field.kind.endswith("s") else secret + "\t"
        placed = path.replace("applicants.", "applicants.1.").replace("rights.", "rights.1.")
        for each in check_form(put(good(), placed.replace("prior.", "prior.1."), value), INITIAL)[
            1
        ]:
            assert secret not in each.en + each.zh


def test_choices_may_be_written_in_chinese():
    filled, found = check_form(
        put(put(good(), "rights.1.right", ["持有权", "use"]), "basis", "自行产生"), INITIAL
    )
    assert found == []
    assert filled["rights"][0]["right"] == ["hold", "use"]
    assert filled["basis"] == "self-generated"


def test_a_natural_person_s_number_is_no_credit_code():
    form = put(put(good(), "applicants.1.kind", "natural"), "applicants.1.id_number", "X123")
    assert findings(form) == {}


def test_blank_tables_are_as_if_they_were_not_there():
    form = put(put(good(), "agent", {"name": " ", "mandate": ""}), "prior", [{"kind": ""}])
    filled, found = check_form(form, INITIAL)
    assert found == []
    assert "agent" not in filled
    assert "prior" not in filled


def test_for_trying_out_the_name_of_the_data_is_enough():
    assert set(findings({}, is_lenient=True)) == {"data.title"}
    assert findings({"data": {"title": "x"}}, is_lenient=True) == {}
    assert set(
        findings({"data": {"title": "x", "temporal": {"end": "soon"}}}, is_lenient=True)
    ) == {"data.temporal.end"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([part.name for part in INITIAL.parts] + ["title", "right", "x"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    )
)
def test_anything_gives_findings_or_a_form_and_never_an_exception(value):
    if not isinstance(value, dict):
        value = {"data": value}
    filled, found = check_form(value, INITIAL)
    assert found, "nothing so small is a whole application"
    assert not is_blank(filled) or filled == {} or is_blank(list(filled.values()))


# hints


def test_a_title_that_names_all_five_gets_no_hint():
    assert hint_title("南京市停车场车位占用数据表 2026") is None
    assert hint_title("Flights of New York City airports 2013, hourly weather table") is None


LACKING = {
    "time": ("南京市停车场车位占用数据表", "时间"),
    "region": ("停车场车位占用数据表 2026", "地域"),
    "industry": ("南京市占用情况数据表 2026", "行业"),
    "kind of data": ("南京市停车场车位占用 2026", "数据类型"),
    "content": ("南京市交通数据 2026", "内容"),
}


@pytest.mark.parametrize("part", LACKING)
def test_a_title_that_lacks_one_of_the_five_is_hinted_at(part):
    title, chinese = LACKING[part]
    hint = hint_title(title)
    assert f"not to name its {part}:" in hint.en
    assert f"似未写明{chinese}：" in hint.zh


def test_lengths_that_the_form_does_not_like_are_hinted_at():
    assert hint_lengths({"title": "长" * 40, "summary": "长" * 400}) == []
    long = hint_lengths({"title": "长" * 41, "summary": "长" * 401})
    assert [each.path for each in long] == ["data.title", "data.summary"]


# rows of a table


def test_columns_are_the_paths_of_the_blanks():
    row = {
        "basis": "derived",
        "data.title": "T",
        "data.temporal.start": "2026-01-01",
        "rights.1.right": "hold;use",
        "rights.2.right": "operate；使用权",
        "rights.2.holder": "乙公司",
        "applicants.name": "甲公司",
        "applicants.contact.name": "某人",
        "files": "a.csv; b.csv",
    }
    assert expand_row(row, INITIAL) == {
        "basis": "derived",
        "data": {"title": "T", "temporal": {"start": "2026-01-01"}},
        "rights": [
            {"right": ["hold", "use"]},
            {"right": ["operate", "使用权"], "holder": "乙公司"},
        ],
        "applicants": [{"name": "甲公司", "contact": {"name": "某人"}}],
        "files": ["a.csv", " b.csv"],
    }


def test_every_blank_has_a_column_and_gives_back_its_form():
    values = samples(INITIAL)
    cells = {
        path: ";".join(value) if isinstance(value, list) else str(value).lower()
        if isinstance(value, bool) else value
        for path, value in values.items()
    }  # fmt: skip
    filled, found = check_form(expand_row(cells, INITIAL), INITIAL)
    assert found == []
    assert filled == nest(values, INITIAL)


@pytest.mark.parametrize(
    "column",
    [
        "heading",
        "data",
        "data.heading",
        "rights.9x.right",
        "rights.1",
        "rights.1.right.x",
        "",
        "data..title",
    ],
)
def test_a_column_that_is_no_blank_is_unknown(column):
    assert find_field(column, INITIAL) is None
    assert unknown_columns(["data.title", column], INITIAL) == [column]


@pytest.mark.parametrize("place", ["0", "25", "9" * 5000])
def test_a_place_that_there_is_not_is_no_place(place):
    form = expand_row({f"rights.{place}.right": "hold"}, INITIAL)
    assert findings(form).keys() - findings({}).keys() != set()


def test_a_blank_that_two_columns_fill_is_a_fault():
    row = {"rights.right": "hold", "rights.1.right": "use"}
    assert "rights.1.right" in findings(expand_row(row, INITIAL))
    nested = {"data": {"title": "x"}, "data.title": "y"}
    assert "data.title" in findings(expand_row(nested, INITIAL))


def test_a_gap_between_places_is_skipped_and_keeps_the_paths():
    row = {"rights.1.right": "hold", "rights.3.right": "x"}
    form = expand_row(row, INITIAL)
    assert form["rights"] == [{"right": ["hold"]}, {}, {"right": ["x"]}]
    assert "rights.3.right" in findings(form)


@given(
    st.dictionaries(st.text("rights.1234data title", max_size=16), st.text(max_size=5), max_size=5)
)
def test_any_row_becomes_a_form_that_can_be_checked(cells):
    check_form(expand_row(cells, INITIAL), INITIAL)


def test_the_page_of_the_forms_lists_every_blank_and_its_member():
    page = PAGE.read_text(encoding="utf-8")
    assert splice(page) == page, "run: python -m tests.support.forms_page"
    assert "| `rights[].until` | Last day of the term |" in page


def test_a_form_of_unknown_names_is_told_in_few_words():
    form = {f"{'x' * 1000}{i}": 1 for i in range(1000)}
    _, findings = check_form(form, FORMS["initial"], is_lenient=True)
    assert len(findings) == MAX_FINDINGS + 1
    assert findings[-1].en.startswith("and 951 more")
    assert max(len(each.path) for each in findings) == 64


def test_so_many_findings_as_are_shown_are_shown_without_more():
    form = {f"x{i}": 1 for i in range(MAX_FINDINGS - 1)}
    _, findings = check_form(form, FORMS["initial"], is_lenient=True)
    assert len(findings) == MAX_FINDINGS
    assert findings[-1].path == f"x{MAX_FINDINGS - 2}"

"""Words, dates, and output that is the same on a terminal and off it."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import words
from cli.exitcodes import UsageError
from cli.lang import find_language, is_chinese, say, set_language
from cli.output import Output
from cli.settings import asks_for_json, default_home, hoist_global_options
from cli.times import format_local, parse_age, parse_date
from cli.unchecked import explain_unchecked
from contracts import verdict
from contracts.clocks import format_instant
from tests.support.people import ms


@pytest.fixture
def chinese():
    set_language("zh-CN")
    yield
    set_language("en")


def test_every_name_of_what_was_not_checked_is_explained_in_both_languages(chinese):
    names = [
        value for name, value in vars(verdict).items() if name.isupper() and isinstance(value, str)
    ]
    assert len(names) >= 9
    for name in names:
        assert words.show_word(name) != name
        assert explain_unchecked(name).startswith(f"{words.show_word(name)}：")
    set_language("en")
    for name in names:
        assert explain_unchecked(name).startswith(f"{name}: ")


def test_an_unknown_word_is_shown_as_it_is(chinese):
    assert words.show_word("xyzzy") == "xyzzy"
    assert words.show_detail("xyzzy") == "xyzzy"
    assert explain_unchecked("xyzzy") == "xyzzy"
    assert words.show_member("fields.xyzzy.title") == "公示内容.xyzzy.名称"


def test_what_a_form_was_filled_with_is_shown_as_the_form_calls_it(chinese):
    assert words.show_fact("update_frequency", "daily") == "天"
    assert words.show_fact("form", "semi-structured") == "半结构化"
    assert words.show_fact("summary", "daily") == "daily"
    assert words.show_member("fields.restrictions.resale") == "公示内容.限制.转售"
    set_language("en")
    assert words.show_fact("update_frequency", "daily") == "daily"
    assert words.show_member("fields.restrictions.resale") == "fields.restrictions.resale"


def test_the_rule_behind_a_refusal_is_cited_in_the_language_of_the_reader(chinese):
    cited = {
        "Art. 36": "第 36 条", "Art. 26, 28": "第 26、28 条", "annex 6": "附件 6",
        "annexes 1 to 5": "附件 1 至 5", "domain 4": "domain 4",
        "permission/1; domain 5": "permission/1; domain 5",
    }  # fmt: skip
    assert {rule: words.show_rule(rule) for rule in cited} == cited
    set_language("en")
    assert words.show_rule("annexes 1 to 5") == "annexes 1 to 5"


def test_a_title_is_never_translated(chinese):
    assert words.show_label("valid") == "valid"
    assert words.show_label("(not published)") == "（未公示）"


def test_words_stay_english_in_english():
    assert words.show_word("valid") == "valid"
    assert words.show_status("not-yet") == "not yet valid"
    assert words.show_detail("signed by did:key:z6Mk") == "signed by did:key:z6Mk"


def test_details_keep_their_names(chinese):
    assert words.show_detail("signed by did:key:z6Mk") == "签署密钥 did:key:z6Mk"
    assert words.show_detail("cosigned by a, b") == "见证方 a, b"
    assert words.show_detail("leaf 5 is in the log") == "第 5 条在日志中"


@pytest.mark.parametrize(
    ("subject", "is_demonstration"),
    [
        ("TEST2026110001", True),
        ("voucher/TEST2026110001", True),
        ("SJ3212026110001", False),
        ("voucher/SJ3212026110001", False),
        ("asset/test", False),
        ("", False),
    ],
)
def test_the_demonstration_notice_goes_with_the_number(subject, is_demonstration):
    assert bool(words.find_notice(subject)) is is_demonstration


# dates


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-22", "2026-11-22T23:59:59.999+08:00"),
        ("2026-12-31", "2026-12-31T23:59:59.999+08:00"),
        ("9999-12-31", "9999-12-31T23:59:59.999+08:00"),
        ("2026-11-22T10:00:00+08:00", "2026-11-22T10:00:00+08:00"),
        ("2026-11-22T02:00:00Z", "2026-11-22T10:00:00+08:00"),
        ("2026-11-22T10:00:00.123+08:00", "2026-11-22T10:00:00.123+08:00"),
        ("1970-01-01T00:00:00Z", "1970-01-01T08:00:00+08:00"),
    ],
)
def test_a_date_is_an_instant_or_the_end_of_a_day_at_utc_plus_8(text, time):
    assert parse_date(text) == ms(time)


@given(st.integers(0, 253_402_271_999_999))
def test_a_date_option_reads_what_refusals_print(time):
    assert parse_date(format_instant(time)) == time


@given(st.text(max_size=30))
def test_no_text_breaks_a_date(text):
    try:
        time = parse_date(text)
    except UsageError:
        return
    assert time >= 0


def test_ages_are_whole_numbers_of_a_unit():
    assert [parse_age(text) for text in ("1s", "2m", "3h", "4d")] == [
        1000,
        120_000,
        10_800_000,
        345_600_000,
    ]


def test_times_are_shown_at_utc_plus_8():
    assert format_local(ms("2026-11-22T10:00:00.999")) == "2026-11-22 10:00:00 +08:00"


# options and language


@given(
    st.lists(
        st.sampled_from(["--json", "-v", "--home=x", "file", "--", "--flag", "-q", "--lang=en"])
    )
)
def test_global_options_move_to_the_front_and_nothing_is_lost(argv):
    moved = hoist_global_options(argv)
    assert sorted(moved) == sorted(argv)
    assert asks_for_json(moved) == asks_for_json(argv)
    kept = argv[argv.index("--") :] if "--" in argv else []
    assert moved[len(moved) - len(kept) :] == kept
    own = [word for word in argv[: len(argv) - len(kept)] if word in {"file", "--flag"}]
    assert [word for word in moved[: len(moved) - len(kept)] if word in {"file", "--flag"}] == own


def test_an_option_takes_its_value_with_it():
    argv = ["stats", "--home", "--json", "x"]
    assert hoist_global_options(argv) == ["--home", "--json", "stats", "x"]
    assert hoist_global_options(["--", "--home", "x"]) == ["--", "--home", "x"]


def test_the_home_folder_comes_from_the_environment_or_the_platform(tmp_path):
    assert default_home({"MUNIMENT_HOME": "/x"}).as_posix() == "/x"
    assert default_home({}).name == "muniment"


def test_the_language_is_the_one_asked_for_else_the_locale_s():
    assert find_language(["--lang", "zh-CN"], "en_US") == "zh-CN"
    assert find_language(["stats", "--lang=fr"], "") == "fr"
    assert find_language(["--lang"], "zh_CN") == "zh-CN"
    assert find_language([], "zh_CN.UTF-8") == "zh-CN"
    assert find_language([], "C") == "en"


def test_say_speaks_the_language_that_was_chosen(chinese):
    assert is_chinese()
    assert say("yes", "是") == "是"
    set_language("en")
    assert say("yes", "是") == "yes"


# output


def test_talk_is_dropped_when_quiet_or_json_and_warnings_never(capsys):
    for is_json, is_quiet, said in (
        (False, False, True),
        (True, False, False),
        (False, True, False),
    ):
        out = Output(is_json=is_json, is_quiet=is_quiet)
        out.talk("talk", "话")
        out.warn("mind", "注意")
        shown = capsys.readouterr()
        assert shown.out == ""
        assert ("talk" in shown.err) is said
        assert "warning: mind\n" in shown.err


def test_a_table_is_aligned_by_what_is_seen_and_leaves_empty_rows_out(capsys):
    Output(is_json=False, is_quiet=False).table("T", [("名称", "a"), ("b", ""), ("cc", "d")])
    assert capsys.readouterr().out == "名称  a\ncc    d\n"


def test_an_empty_table_is_nothing(capsys):
    Output(is_json=False, is_quiet=False).table("T", [("a", "")])
    assert capsys.readouterr().out == ""


def test_json_keeps_chinese_readable(capsys):
    Output(is_json=True, is_quiet=False).result({"名": "称"}, lambda: None)
    shown = capsys.readouterr().out
    assert "称" in shown
    assert json.loads(shown) == {"名": "称"}


def test_progress_off_a_terminal_is_silent(capsys):
    with Output(is_json=False, is_quiet=False).progress("Reading", "读取", 10) as advance:
        advance(5)
    assert capsys.readouterr() == ("", "")


# on a terminal


@pytest.fixture
def open_terminal(monkeypatch, capsys):
    """Makes an output whose streams say that they are a terminal of 80 columns."""

    def make():
        for stream in (sys.stdout, sys.stderr):  # pytest's own, which differ in each phase
            monkeypatch.setattr(stream, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("TERM", "dumb")
        return Output(is_json=False, is_quiet=False)

    return make


def test_on_a_terminal_a_table_has_its_title_and_folds_long_values(open_terminal, capsys):
    terminal = open_terminal()
    terminal.table("Title", [("名称", "x" * 100), ("empty", ""), ("b", "c")])
    assert capsys.readouterr().out.splitlines() == [
        "Title",
        f"名称  {'x' * 74}",
        f"      {'x' * 26}".ljust(80),
        f"b     c{' ' * 73}",
    ]
    terminal.table("", [("a", "b")])
    assert capsys.readouterr().out.strip() == "a  b"


def test_on_a_terminal_a_list_never_breaks_what_identifies_a_row(open_terminal, capsys):
    terminal = open_terminal()
    key = "registration/3l4b7i7orberqmwiac6oeqzyvi"
    terminal.list(["key", "title"], [(key, "标题" * 30)])
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["key", "title"]
    assert key in rows[0]
    assert "".join(row.replace(key, "").strip() for row in rows) == "标题" * 30


def test_markup_in_a_title_is_shown_and_not_obeyed(open_terminal, capsys):
    terminal = open_terminal()
    terminal.table("[red]T[/red]", [("a", "[bold]b[/bold]")])
    terminal.list(["h"], [("[link=x]y[/link]",)])
    shown = capsys.readouterr().out
    assert "[red]T[/red]" in shown
    assert "[bold]b[/bold]" in shown
    assert "[link=x]y[/link]" in shown


def test_an_empty_list_on_a_terminal_says_so_unless_quiet(open_terminal, capsys):
    terminal = open_terminal()
    terminal.list(["h"], [])
    assert capsys.readouterr() == ("", "nothing found\n")


def test_progress_on_a_terminal_is_on_stderr_only(open_terminal, capsys, monkeypatch):
    terminal = open_terminal()
    monkeypatch.setenv("TERM", "xterm")
    with terminal.progress("Reading", "读取", 10) as advance:
        advance(10)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Reading" in shown.err

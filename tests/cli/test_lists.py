"""`muniment list ...`: what is published, and the working days that come with the program."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.cli.test_init import CATALOGUED

CHINA = timezone(timedelta(hours=8))
SHIPPED = Path(__file__).resolve().parents[2] / "contracts" / "calendars"


@pytest.fixture
def registry(program):
    """A national registry without a calendar."""
    program.ok("init", *CATALOGUED, "--no-passphrase")
    return program


@pytest.mark.parametrize("year", ["2024", "2025", "2026"])
def test_a_calendar_that_ships_is_published_without_a_file(registry, year):
    assert registry.json("list", "publish", "calendar", year)["subject"] == f"list/calendar:{year}"
    shown = registry.json("list", "show", "calendar", year)
    assert shown.pop("publisher").startswith("party/")
    assert shown == {
        "subject": f"list/calendar:{year}",
        "list": "calendar",
        "part": year,
        "version": 1,
        "content": json.loads((SHIPPED / f"{year}.json").read_text()),
    }


UNREAD = {
    "a mistyped list": ("negatives", "all"),
    "a part that no rule reads": ("negative", "2026"),
    "a calendar of no year": ("calendar", "all"),
}


@pytest.mark.parametrize("name", UNREAD)
def test_a_list_that_no_rule_reads_is_published_only_if_that_is_meant(registry, name):
    Path("l.json").write_text('{"a": 1}')
    error = registry.refused("list", "publish", *UNREAD[name], "l.json", code=2)
    assert error["code"] == "list_unread"
    for read in ("calendar YEAR", "negative all", "important-data all", "public-data roots"):
        assert read in error["message"]
    said = registry.ok("list", "publish", *UNREAD[name], "l.json", "--lang", "zh-CN", code=2).err
    assert "没有规则读取清单" in said
    assert registry.json("list", "list")["items"] == []


def test_another_list_is_published_if_it_is_said_to_be_another(registry):
    Path("l.json").write_text('{"a": 1}')
    registry.ok("list", "publish", "negatives", "all", "l.json", "--other")
    assert registry.json("list", "show", "negatives", "all")["content"] == {"a": 1}


@pytest.mark.parametrize(("name", "part"), [("calendar", "2031"), ("negative", "all")])
def test_what_does_not_ship_needs_a_file(registry, name, part):
    error = registry.refused("list", "publish", name, part, code=2)
    assert error["code"] == "list_content"
    assert "2024, 2025, 2026" in error["message"]
    said = registry.ok("list", "publish", name, part, "--lang", "zh-CN", code=2)
    assert f"请以文件给出 {name} {part} 的内容" in said.err


def test_the_registrar_may_publish_a_calendar_too(registry):
    parties = [item["party"] for item in registry.json("party", "list")["items"]]
    roles = {
        party: registry.json("party", "show", party)["value"]["state"]["roles"] for party in parties
    }
    registrar = next(p for p in parties if roles[p] and roles[p][0]["value"] == "registrar")
    registry.ok("list", "publish", "calendar", "2026", "--as", registrar)
    assert registry.json("list", "show", "calendar", "2026")["publisher"] == registrar
    Path("l.json").write_text("{}")
    argv = ("list", "publish", "anything", "1", "l.json", "--as", registrar, "--other")
    assert registry.refused(*argv, code=4)["code"] == "wrong_role"


def test_people_see_how_many_days_are_worked(registry):
    registry.ok("list", "publish", "calendar", "2026")
    shown = registry.ok("list", "show", "calendar", "2026")
    assert shown.row("working days") == "248"
    assert shown.row("worked weekends").startswith("2026-01-04 2026-02-14")
    shown = registry.ok("list", "show", "calendar", "2026", "--lang", "zh-CN")
    assert shown.row("工作日") == "248"
    assert shown.row("放假的工作日").startswith("2026-01-01 2026-01-02 2026-02-16")


def test_another_list_is_shown_member_by_member(registry):
    Path("l.json").write_text('{"note":"某","rows":[1]}')
    registry.ok("list", "publish", "anything", "1", "l.json", "--other")
    shown = registry.ok("list", "show", "anything", "1")
    assert (shown.row("note"), shown.row("rows")) == ('"某"', "[1]")


def test_what_is_published_is_listed(registry):
    assert registry.json("list", "list") == {"items": [], "next": None}
    registry.ok("list", "publish", "calendar", "2026")
    registry.ok("list", "publish", "calendar", "2026")
    item = {"subject": "list/calendar:2026", "list": "calendar", "part": "2026", "version": 2}
    assert registry.json("list", "list")["items"] == [item]
    assert registry.ok("list", "list").out == "calendar\t2026\t2\n"


MISSING = {
    "a calendar that ships": ("2026", "muniment list publish calendar 2026"),
    "a calendar that does not": ("2031", "muniment list publish calendar 2031 FILE"),
}


@pytest.mark.parametrize("name", MISSING)
def test_an_unpublished_part_is_not_found_and_says_what_to_do(registry, name):
    part, command = MISSING[name]
    error = registry.refused("list", "show", "calendar", part, code=5)
    assert error["code"] == "not_found"
    assert error["hint"] == f"run '{command}'"
    said = registry.ok("list", "show", "calendar", part, "--lang", "zh-CN", code=5)
    assert f"请运行 {command}" in said.err


def test_init_says_that_deadlines_need_a_calendar_and_what_to_run(program):
    year = datetime.now(CHINA).year
    said = program.ok("init", *CATALOGUED, "--no-passphrase").err
    assert f"muniment list publish calendar {year}" in said
    other = ("--home", program.home.with_name("other"))
    said = program.ok("init", *CATALOGUED, "--no-passphrase", "--lang", "zh-CN", *other).err
    assert f"请先公布工作日历：muniment list publish calendar {year}" in said


def test_init_under_solo_has_no_clock_that_needs_one(program):
    assert "calendar" not in program.ok("init", "--solo", "--no-passphrase").err

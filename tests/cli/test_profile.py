"""`muniment profile ...` and `init --profile`: rule texts that ship, and those of one's own."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.test_init import CATALOGUED
from tests.cli.test_registration import FINDINGS, file
from tests.support.people import PROFILES

EXCHANGE = (PROFILES / "exchange.toml").read_text("utf-8")
OPEN = "--no-passphrase"


def own(**changes):
    """A profile file of one's own."""
    text = EXCHANGE.replace('name = "exchange"', 'name = "own"')
    for before, after in changes.items():
        assert text.count(f"\n{before} = ") >= 1
        text = text.replace(f"\n{before} = ", f"\n{before} = {after} # ", 1)
    Path("own.toml").write_text(text, "utf-8")
    return "own.toml"


def terms(document):
    return {each["member"]: (each["value"], each["mark"]) for each in document["terms"]}


def test_the_profiles_that_ship_are_listed(program):
    items = program.json("profile", "list")["items"]
    assert [item["profile"] for item in items] == ["exchange", "national-2026", "solo"]
    assert items[2]["title"] == {"en": "Solo: for trying out", "zh": "单人试用"}
    assert "solo\tSolo: for trying out\n" in program.ok("profile", "list").out
    assert "solo\t单人试用\n" in program.ok("profile", "list", "--lang", "zh-CN").out


def test_a_profile_that_ships_is_shown_without_a_ledger(program):
    document = program.json("profile", "show", "exchange")
    assert document.keys() == {"profile", "title", "notice", "terms", "differs"}
    assert terms(document)["clocks.notice"] == (5, "J")
    assert document["differs"]["from"] == "national-2026"
    differs = document["differs"]["members"]
    assert (differs["completion"], differs["scheme"]) == ("national", "SJ")
    assert "clocks.notice" not in differs


def test_the_base_differs_from_itself_in_nothing(program):
    document = program.json("profile", "show", "national-2026")
    assert document["differs"]["members"] == {}
    assert terms(document)["clocks.acceptance"] == (3, "F")
    assert terms(document)["clocks.recovery"] == (5, "J")


def test_without_a_name_it_is_the_ledger_s(solo):
    document = solo.json("profile", "show")
    assert document["profile"] == "solo"
    assert document["differs"]["members"]["clocks.notice"] == 5


def test_people_see_how_certain_each_term_is_and_what_differs(program):
    rows = [line.split("\t") for line in program.ok("profile", "show", "exchange").out.splitlines()]
    assert [
        "who completes a registration",
        "this ledger",
        "our judgement",
        "the national system",
    ] in rows
    assert ["public notice, working days", "5", "our judgement"] in [row[:3] for row in rows]
    out = program.ok("profile", "show", "national-2026", "--lang", "zh-CN").out
    rows = [line.split("\t") for line in out.splitlines()]
    assert ["公示（工作日）", "5", "见于原文"] in [row[:3] for row in rows]
    assert ["密钥恢复生效前（工作日）", "5", "本项目的判断"] in [row[:3] for row in rows]


def test_what_is_remembered_only_is_never_printed_as_a_fact(program):
    path = own()
    text = Path(path).read_text("utf-8")
    Path(path).write_text(text.replace('max_years = "J"', 'max_years = "R"'), "utf-8")
    for language, value, certainty in (
        ("en", "unverified: 5", "remembered, not verified: no fact"),
        ("zh-CN", "未经核实：5", "凭记忆，未经核实，不作事实"),
    ):
        out = program.ok("profile", "show", path, "--lang", language).out
        assert f"\t{value}\t{certainty}" in out
    assert terms(program.json("profile", "show", path))["max_years"] == (5, "R")


def test_a_term_that_nobody_marked_says_so(program):
    path = own()
    text = Path(path).read_text("utf-8")
    Path(path).write_text(text.replace('clocks = "J"\n', ""), "utf-8")
    assert "public notice, working days\t5\tnot said" in program.ok("profile", "show", path).out
    assert terms(program.json("profile", "show", path))["clocks.notice"] == (5, None)


def test_an_unknown_profile_says_which_there_are(program):
    error = program.refused("profile", "show", "guizhou", code=5)
    assert error["hint"] == "choose one of exchange, national-2026, solo"
    said = program.ok("profile", "show", "guizhou", "--lang", "zh-CN", code=5)
    assert "没有规则 guizhou：请从 exchange, national-2026, solo 中选择" in said.err


def test_a_registry_is_founded_on_a_profile_of_one_s_own(program):
    document = program.json(
        "init", "--profile", own(max_years="3"), "--registrar-name", "某交易所", OPEN
    )
    assert document["profile"] == "own"
    shown = program.json("profile", "show")
    assert terms(shown)["max_years"] == (3, "J")
    assert shown["differs"]["members"]["max_years"] == 5


def test_an_exchange_is_founded_without_a_catalogue_and_has_three_parties(program):
    document = program.json("init", "--profile", "exchange", "--registrar-name", "某交易所", OPEN)
    assert len(set(document["parties"].values()) - {None}) == 3
    assert program.json("profile", "show")["profile"] == "exchange"


BAD = {
    "a clock of a fraction": ("notice = 5", "notice = 0.5", "clocks.notice: expected `int`"),
    "a member less": ("officers = 2\n", "", "officers: is missing"),
    "a member more": ("officers = 2\n", "officers = 2\nx = 1\n", "x: there is no such"),
    "a name that ships": ('name = "own"', 'name = "solo"', "name: solo ships with the program"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_with_a_profile_is_said_before_anything_is_made(program, name):
    before, after, sentence = BAD[name]
    path = Path(own())
    text = path.read_text("utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), "utf-8")
    error = program.refused("init", "--profile", path, OPEN, code=4)
    assert error["code"] == "malformed"
    assert error["message"].startswith(f"the profile's member {sentence}")
    said = program.ok("init", "--profile", path, OPEN, "--lang", "zh-CN", code=4)
    assert "规则" in said.err
    assert not program.home.exists()


def test_a_file_that_is_no_profile_is_refused(program):
    Path("p.toml").write_bytes(b"\xff")
    assert program.refused("profile", "show", "p.toml", code=4)["message"] == "not UTF-8"
    Path("p.toml").write_bytes(b"#" * 65537)
    assert program.refused("profile", "show", "p.toml", code=4)["code"] == "limit"
    Path("p.toml").write_text("= 1")
    assert program.refused("profile", "show", "p.toml", code=4)["message"].startswith("not TOML")
    assert program.refused("profile", "show", ".", code=4)["code"] == "malformed"


def test_the_same_profile_under_its_own_name_may_be_given_as_a_file(program):
    Path("copy.toml").write_text(EXCHANGE, "utf-8")
    assert program.json("profile", "show", "copy.toml")["profile"] == "exchange"


def test_a_national_registry_still_wants_its_catalogue_entry(program):
    assert (
        program.refused("init", "--profile", "national-2026", OPEN, code=2)["code"]
        == "option_required"
    )
    assert (
        json.loads(program.ok("--json", "init", *CATALOGUED, OPEN).out)["profile"]
        == "national-2026"
    )


def test_an_exchange_issues_vouchers_that_say_what_they_are_not(program):
    program.ok("init", "--profile", "exchange", "--registrar-name", "某交易所", OPEN)
    year = datetime.now(UTC).year
    for each in (year, year + 1):
        Path("c.json").write_text(json.dumps({"year": each, "off": [], "work": []}))
        program.ok("list", "publish", "calendar", each, "c.json")
    Path("licence.pdf").touch()
    checked = ("--check-method", "seen", "--check-evidence", "licence.pdf", OPEN)
    applicant = program.json("party", "enroll", "A", *checked)["subject"]
    registration = file(program, applicant)["registration"]
    program.ok("registration", "accept", registration)
    program.ok("registration", "withhold", registration, "--reason", "trade secret")
    number = program.json("registration", "record", registration, *FINDINGS)["voucher"]
    assert number.startswith("TEST")
    shown = program.ok("voucher", "show", number)
    assert shown.row("notice").startswith("An exchange's own register: not a national certificate")
    shown = program.ok("voucher", "show", number, "--lang", "zh-CN")
    assert shown.row("提示").startswith("交易机构自有登记")

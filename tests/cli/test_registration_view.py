"""`registration show` and `list`: as it stands now, what an application says, what stands beside."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ledger.clock import SystemClock
from tests.cli.test_init import CATALOGUED
from tests.cli.test_registration import CHINA, file, now, record, recorded, withheld  # noqa: F401  # fixtures

DAY_MS = 86_400_000
OPEN = "--no-passphrase"


@pytest.fixture
def filed(national_program, applicant):
    return file(national_program, applicant, "--summary", "All flights")["registration"]


@pytest.fixture
def later(monkeypatch):
    """Moves the machine's clock ahead by so many days."""
    real = SystemClock.now

    def move(days):
        monkeypatch.setattr(SystemClock, "now", lambda self: real(self) + days * DAY_MS)

    return move


def proved(document):
    return [each["value"] for each in document["value"]["state"]["status"] if each["to"] is None]


# As it stands now


def test_a_silent_acceptance_is_shown_and_the_proved_status_stays_beside(
    national_program, filed, later
):
    document = national_program.json("registration", "show", filed)
    assert (document["status_now"], proved(document)) == ("filed", ["filed"])
    later(14)
    document = national_program.json("registration", "show", filed)
    assert (document["status_now"], proved(document)) == ("accepted", ["filed"])
    assert document["deadline_now"] > document["value"]["state"]["deadline"]
    shown = national_program.ok("registration", "show", filed)
    assert shown.row("status now") == "accepted"
    assert shown.row("status").startswith("accepted  [since ")
    chinese = national_program.ok("registration", "show", filed, "--lang", "zh-CN")
    assert chinese.row("目前状态") == "已受理"


def test_what_was_not_mended_in_time_is_shown_as_lapsed(national_program, filed, later):
    until = (datetime.now(CHINA) + timedelta(days=10)).date().isoformat()
    national_program.ok("registration", "return", filed, "--missing", "x", "--until", until)
    later(12)
    document = national_program.json("registration", "show", filed)
    assert (document["status_now"], proved(document)) == ("lapsed", ["returned"])
    (item,) = national_program.json("registration", "list")["items"]
    assert (item["status_now"], item["status"]) == ("lapsed", "returned")


def test_the_list_says_accepted_where_the_calendar_came_after_the_silence(program, later):
    program.ok("init", *CATALOGUED, OPEN)
    Path("licence.pdf").touch()
    checked = ("--check-method", "seen", "--check-evidence", "licence.pdf", OPEN)
    filed = file(program, program.json("party", "enroll", "A", *checked)["subject"])["registration"]
    later(14)
    assert program.json("registration", "list")["items"][0]["status_now"] == "filed"
    for year in {datetime.now(CHINA).year, (datetime.now(CHINA) + timedelta(days=40)).year}:
        Path("c.json").write_text(json.dumps({"year": year, "off": [], "work": []}))
        program.ok("list", "publish", "calendar", year, "c.json")
    (item,) = program.json("registration", "list")["items"]
    assert (item["status_now"], item["status"]) == ("accepted", "filed")
    assert program.json("export", "national", filed)["document"]["part"] == "notice"


# The list


def test_a_list_names_type_applicant_day_and_status(national_program, filed, applicant):
    (item,) = national_program.json("registration", "list")["items"]
    assert item["registration"] == filed
    assert (item["title"], item["type"], item["parties"]) == (None, "initial", [applicant])
    assert (item["status"], item["status_now"], item["ref"]) == ("filed", "filed", None)
    assert item["filed"] < item["deadline_now"]


def test_a_list_takes_the_title_from_the_vault_only_when_told(national_program, filed):
    assert "航班数据" not in national_program.ok("registration", "list").out
    (item,) = national_program.json("registration", "list", "--application")["items"]
    assert item["title"] == "航班数据"


FILTERS = {
    "its status": (("--status", "filed"), 1),
    "another status": (("--status", "accepted"), 0),
    "its type": (("--type", "initial"), 1),
    "another type": (("--type", "renewal"), 0),
    "its applicant": (("--party", "Applicant"), 1),
    "today": (("--since", datetime.now(CHINA).date().isoformat()), 1),
    "a later day": (("--since", "2099-01-01"), 0),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_list_is_filtered(national_program, filed, name):
    words, count = FILTERS[name]
    assert len(national_program.json("registration", "list", *words)["items"]) == count


def test_a_list_of_a_party_without_any_is_empty(national_program, filed):
    Path("licence.pdf").touch()
    checked = ("--check-method", "seen", "--check-evidence", "licence.pdf", OPEN)
    national_program.ok("party", "enroll", "Other", *checked)
    assert national_program.json("registration", "list", "--party", "Other")["items"] == []


@pytest.mark.parametrize("words", [("--status", "done"), ("--type", "lease"), ("--since", "soon")])
def test_a_filter_that_is_none_says_what_there_is(national_program, filed, words):
    error = national_program.refused("registration", "list", *words, code=2)
    assert error["message"]


def test_the_limit_counts_what_fits(national_program, filed, applicant):
    other = file(national_program, applicant)["registration"]
    national_program.ok("registration", "accept", other)
    words = ("--status", "accepted", "--limit", "1")
    (item,) = national_program.json("registration", "list", *words)["items"]
    assert item["registration"] == other


# What an application says


def test_an_officer_reads_the_application_before_the_notice(national_program, filed):
    assert "application" not in national_program.json("registration", "show", filed)
    document = national_program.json("registration", "show", filed, "--application")
    sheet = document["application"]
    assert sheet["members"]["title"] == "航班数据"
    assert sheet["members"]["rights"] == ["hold"]
    assert sheet["members"]["classification"] == {"class": "enterprise", "level": "general-2"}
    assert sheet["members"]["content.0"]["digest"]
    assert (sheet["missing"], sheet["erased"]) == ([], [])
    assert '"salt"' not in json.dumps(sheet)
    assert set(sheet["members"]) == set(document["value"]["state"]["application"])
    shown = national_program.ok("registration", "show", filed, "--application")
    assert shown.row("title") == "航班数据"
    assert shown.row("agent") == "(left empty)"
    chinese = national_program.ok("registration", "show", filed, "--application", "--lang", "zh-CN")
    assert "申请内容：不公开" in chinese.out
    assert chinese.row("概述") == "All flights"
    assert chinese.row("权利") == "持有权"


def test_what_this_vault_does_not_open_is_named(national_program, filed):
    (national_program.home / "vault.db").unlink()
    sheet = national_program.json("registration", "show", filed, "--application")["application"]
    assert (sheet["members"], sheet["form"]) == ({}, None)
    assert "title" in sheet["missing"]
    shown = national_program.ok("registration", "show", filed, "--application")
    assert "title" in shown.row("opening not in this vault")


def test_what_was_erased_is_told_from_what_was_never_here(national_program, filed):
    national_program.ok("registration", "withdraw", filed)
    erase = ("vault", "erase", filed, "--field", "applicants", "--reason", "asked", "--yes")
    national_program.ok(*erase)
    sheet = national_program.json("registration", "show", filed, "--application")["application"]
    assert (sheet["erased"], sheet["missing"]) == (["applicants"], [])


# Who files


def test_filer_and_applicants_are_told_apart(national_program, filed, applicant):
    shown = national_program.ok("registration", "show", filed)
    assert shown.row("filer") == shown.row("applicant") == f"Applicant ({applicant})"
    chinese = national_program.ok("registration", "show", filed, "--lang", "zh-CN")
    assert chinese.row("提交人") == chinese.row("申请人") == f"Applicant ({applicant})"


# What stands beside


def test_rights_and_notes_are_shown_with_registration_and_voucher(solo, founded):
    registration, number = founded.registered["registration"], founded.number
    note = ("--kind", "agreed-limits", "--text", "只限省内")
    index = solo.json("registration", "note", registration, *note)["index"]
    for words in (("registration", "show", registration), ("voucher", "show", number)):
        document = solo.json(*words)
        assert {each["right"] for each in document["beside"]["rights"]} == {
            "hold",
            "use",
            "operate",
        }
        (kept,) = document["beside"]["notes"]
        assert (kept["text"], kept["index"]) == ("只限省内", index)
        assert document["beside"]["freezes"] == document["beside"]["disputes"] == []
        shown = solo.ok(*words)
        assert "只限省内" in shown.row("note")
        assert f"event {index}" in shown.row("note")
        assert re.match(r"(hold|use|operate) .*party/", shown.row("in force"))
        chinese = solo.ok(*words, "--lang", "zh-CN")
        assert "只限省内" in chinese.row("备注")


def test_a_freeze_is_shown_until_it_is_lifted(solo, founded):
    solo.ok("order", "freeze", founded.number, "--ground", "suspected breach")
    document = solo.json("voucher", "show", founded.number)
    assert len(document["beside"]["freezes"]) == 1
    assert "order/" in solo.ok("voucher", "show", founded.number).row("freeze")


def test_corrections_since_the_record_are_shown(solo, founded):
    registration = founded.registered["registration"]
    words = ("--industry", "I65", "--reasons", "a slip of the pen")
    index = solo.json("registration", "correct", registration, *words)["index"]
    for argv in (("registration", "show", registration), ("voucher", "show", founded.number)):
        (corrected,) = solo.json(*argv)["corrections"]
        assert (corrected["index"], corrected["members"]) == (index, ["classification"])
        assert corrected["reasons"] == "a slip of the pen"
        assert "a slip of the pen" in solo.ok(*argv).row("corrected")


def test_before_a_record_nothing_stands_beside(national_program, filed):
    document = national_program.json("registration", "show", filed)
    assert (document["beside"], document["corrections"], document["voucher_now"]) == (
        None,
        [],
        None,
    )


# While a renewal is undecided


@pytest.fixture
def renewing(national_program, recorded, later):  # noqa: F811  # the fixture
    """Number of an expired voucher, and the undecided renewal that keeps it in force."""
    number = recorded[1]
    until = national_program.json("voucher", "show", number)["valid_until"]
    days = (until - SystemClock().now()) // DAY_MS
    later(days - 20)
    words = ("--title", "航班数据", "--as", "Applicant")
    renewal = national_program.json("registration", "renew", number, *words)["subject"]
    later(days + 20)
    Path("c.json").write_text('{"year":2050,"off":[],"work":[]}')
    national_program.ok(
        "list", "publish", "calendar", "2050", "c.json"
    )  # so that a newer seal says the time
    return number, renewal


def test_an_expired_voucher_says_which_renewal_to_ask_for(national_program, renewing):
    number, renewal = renewing
    assert national_program.ok("voucher", "show", number).row("kept in force by") == renewal
    national_program.ok("voucher", "export", number)
    verdict = national_program.ok("verify", f"{number}.voucher.json", code=7)
    assert verdict.row("status") == "expired"
    assert verdict.row("renewal").endswith(
        f"ask the registry: muniment registration show {renewal}"
    )
    chinese = national_program.ok("verify", f"{number}.voucher.json", "--lang", "zh-CN", code=7)
    assert chinese.row("续期").endswith(f"muniment registration show {renewal}")


def test_a_transfer_meanwhile_says_that_the_renewal_is_undecided(national_program, renewing):
    number, renewal = renewing
    words = ("transfer", number, "--to", "Applicant", "--right", "hold")
    error = national_program.refused(*words, code=4)
    assert (error["code"], error["rule"]) == ("expired", "Art. 36")
    assert renewal in error["message"]
    assert "尚未办结" in national_program.ok(*words, "--lang", "zh-CN", code=4).err

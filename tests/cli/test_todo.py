"""`registration todo` and `simulate`: what is due, and what a date ahead finds.

The clock is the machine's; which deadline follows from what is tested in tests/unit and tests/node.
"""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.cli.test_init import CATALOGUED
from tests.cli.test_registration import file

CHINA = timezone(timedelta(hours=8))
ITEM = {
    "subject", "role", "party", "parties", "what", "article", "since", "deadline", "is_unknown",
    "days_left", "days_over", "is_overdue", "title", "applicants",
}  # fmt: skip


def day(ahead):
    return (datetime.now(CHINA) + timedelta(days=ahead)).date().isoformat()


@pytest.fixture
def filed(national_program, applicant):
    return file(national_program, applicant)["registration"]


def about(document, subject):
    return [item for item in document["items"] if item["subject"] == subject]


def test_a_filed_application_waits_for_the_registrar(national_program, filed):
    document = national_program.json("registration", "todo")
    assert document.keys() == {"items", "total", "overdue", "as_of", "next"}
    (item,) = about(document, filed)
    assert item.keys() == ITEM
    assert (item["role"], item["what"], item["article"]) == ("registrar", "answer", "Art. 17")
    assert item["since"] <= document["as_of"] < item["deadline"]
    assert item["days_left"] in (3, 4)
    assert (item["days_over"], item["is_overdue"], item["is_unknown"]) == (0, False, False)
    assert [item["party"]] == item["parties"]


def test_it_is_asked_for_by_role_and_by_party(national_program, filed, applicant):
    until = ("--missing", "summary", "--until", day(30))
    national_program.ok("registration", "return", filed, *until)
    for words in (("--role", "applicant"), ("--as", applicant), ("--as", "Applicant")):
        (item,) = national_program.json("registration", "todo", *words)["items"]
        assert (item["what"], item["subject"], item["party"]) == ("mend", filed, applicant)
    document = national_program.json("registration", "todo", "--role", "registrar")
    assert about(document, filed) == []


def test_the_title_is_taken_from_the_vault_only_when_told(national_program, filed, applicant):
    (item,) = about(national_program.json("registration", "todo"), filed)
    assert (item["title"], item["applicants"]) == (None, [applicant])
    (item,) = about(national_program.json("registration", "todo", "--application"), filed)
    assert item["title"] == "航班数据"


def test_people_see_how_much_time_is_left(national_program, filed):
    result = national_program.ok("registration", "todo")
    row = next(line for line in result.out.splitlines() if filed in line).split("\t")
    assert row[0].endswith("working day(s)")
    assert row[1] == "accept it, or say once what is missing; silence means accepted"
    assert row[3].startswith("registrar 江苏省数据登记中心 (party/")
    assert row[4].endswith("00:00:00 +08:00")
    assert row[5:] == ["Art. 17", "(not published)", "Applicant"]
    assert " due, 0 overdue" in result.err


def test_the_same_in_chinese(national_program, filed):
    result = national_program.ok("registration", "todo", "--lang", "zh-CN")
    row = next(line for line in result.out.splitlines() if filed in line).split("\t")
    assert row[0].endswith("个工作日")
    assert row[1] == "受理，或一次性告知补正；逾期未答复视为受理"
    assert row[3].startswith("登记机构 江苏省数据登记中心 (party/")
    assert row[5:] == ["第 17 条", "（未公示）", "Applicant"]
    assert "其中逾期 0 项" in result.err


def test_without_a_calendar_the_time_left_is_unknown_and_the_calendar_is_due(program):
    program.ok("init", *CATALOGUED, "--no-passphrase")
    Path("licence.pdf").touch()
    checked = ("--check-method", "seen", "--check-evidence", "licence.pdf", "--no-passphrase")
    registration = file(program, program.json("party", "enroll", "A", *checked)["subject"])
    registration = registration["registration"]
    document = program.json("registration", "todo")
    assert [item["what"] for item in document["items"]] == ["calendar", "calendar-due", "answer"]
    assert document["overdue"] == 2
    (item,) = about(document, registration)
    assert (item["is_unknown"], item["deadline"], item["days_left"]) == (True, None, None)
    out = program.ok("registration", "todo").out
    assert out.startswith("overdue\tpublish that year's working days")
    assert "unknown: no calendar\taccept it" in out
    out = program.ok("registration", "todo", "--lang", "zh-CN").out
    assert out.startswith("逾期\t公布该年的工作日历")
    assert "不详：缺工作日历\t受理" in out
    forecast = program.json("registration", "simulate", registration, "--at", day(60))
    assert (forecast["status"], forecast["is_unknown"]) == ("filed", True)
    shown = program.ok("registration", "simulate", registration, "--at", day(60)).out
    assert "unknown: no calendar\taccepted by the registrar's silence\tArt. 17" in shown
    late = program.json("registration", "todo", "--overdue")
    assert [item["what"] for item in late["items"]] == ["calendar", "calendar-due"]
    assert late["total"] == 2
    only = program.json("registration", "todo", "--role", "regulator")["items"]
    assert [item["what"] for item in only] == ["calendar-due"]


def test_in_solo_nothing_has_a_deadline(solo):
    document = solo.json("registration", "todo")
    assert (document["items"], document["total"], document["overdue"]) == ([], 0, 0)
    assert "0 due" in solo.ok("registration", "todo").err


def test_more_than_the_limit_is_counted_and_said(national_program, applicant):
    for _ in range(3):
        file(national_program, applicant)
    document = national_program.json("registration", "todo", "--limit", "2")
    assert len(document["items"]) == 2
    assert document["total"] >= 3
    assert (
        "shown are the first 2" in national_program.ok("registration", "todo", "--limit", "2").err
    )


def test_an_unknown_role_or_party_says_what_there_is(national_program):
    error = national_program.refused("registration", "todo", "--role", "judge", code=2)
    assert error["message"].startswith("--role is one of registrar, applicant, regulator")
    assert (
        national_program.refused("registration", "todo", "--as", "nobody", code=5)["code"]
        == "not_found"
    )


def test_a_date_ahead_finds_silence_and_what_follows(national_program, filed):
    document = national_program.json("registration", "simulate", filed, "--at", day(60))
    assert document.keys() == {"subject", "at", "status", "is_unknown", "voucher", "consequences"}
    assert (document["status"], document["voucher"]) == ("accepted", None)
    first, second = document["consequences"]
    assert (first["what"], first["article"], first["has_come"]) == ("accepted", "Art. 17", True)
    assert (second["what"], second["article"]) == ("completion-overdue", "Art. 28")
    assert first["at"] < second["at"] <= document["at"]
    (item,) = about(national_program.json("registration", "todo"), filed)
    assert item["deadline"] == first["at"]
    soon = national_program.json("registration", "simulate", filed, "--at", day(0))
    assert (soon["status"], soon["consequences"][0]["has_come"]) == ("filed", False)


def test_people_see_what_comes_and_when(national_program, filed):
    shown = national_program.ok("registration", "simulate", filed, "--at", day(60))
    assert shown.row("status then") == "accepted"
    assert "\taccepted by the registrar's silence\tArt. 17\t" in shown.out
    shown = national_program.ok(
        "registration", "simulate", filed, "--at", day(0), "--lang", "zh-CN"
    )
    assert shown.row("届时状态") == "已申请"
    assert "\t登记机构逾期未答复，视为受理\t第 17 条\t在该日期之后" in shown.out


def test_a_supplement_waits_and_nothing_comes_by_itself(national_program, filed):
    national_program.ok("registration", "accept", filed)
    national_program.ok("registration", "supplement", filed, "--ask", "the contract")
    shown = national_program.ok("registration", "simulate", filed, "--at", day(900))
    assert "-\tnothing: it waits for the applicant's answer\tArt. 18" in shown.out


def test_the_voucher_of_a_recorded_one_expires(solo, founded):
    registration = founded.registered["registration"]
    document = solo.json("registration", "simulate", registration, "--at", "2040-01-01")
    assert document["status"] == "recorded"
    assert document["voucher"] == {"number": founded.number, "status": "expired"}
    assert [each["what"] for each in document["consequences"]] == ["renewal-opens", "expired"]
    shown = solo.ok(
        "registration", "simulate", registration, "--at", "2040-01-01", "--lang", "zh-CN"
    )
    assert shown.row("届时凭证") == f"{founded.number} 已过期"


def test_where_nothing_comes_it_is_said(national_program, filed):
    national_program.ok("registration", "withdraw", filed)
    shown = national_program.ok("registration", "simulate", filed, "--at", day(1))
    assert shown.err == "nothing comes by itself\n"


def test_a_date_that_is_over_is_refused_plainly(national_program, filed):
    argv = ("registration", "simulate", filed, "--at", "2026-01-01")
    error = national_program.refused(*argv, code=2)
    assert error["code"] == "date_past"
    assert error["hint"].startswith("give a date ahead")
    said = national_program.ok(*argv, "--lang", "zh-CN", code=2).err
    assert "已过：请给出将来的日期" in said


def test_a_date_that_nothing_reaches_is_answered_all_the_same(national_program, filed):
    document = national_program.json("registration", "simulate", filed, "--at", "9999-12-31")
    assert document["status"] == "accepted"
    assert (
        national_program.refused("registration", "simulate", filed, "--at", "soon", code=2)["code"]
        == "date"
    )


def test_an_unknown_registration_is_not_found(national_program):
    argv = ("registration", "simulate", "0000", "--at", "2040-01-01")
    assert national_program.refused(*argv, code=5)["code"] == "not_found"

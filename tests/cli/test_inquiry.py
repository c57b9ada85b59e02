"""Objections, more time and termination on the command line, under national-2026."""

import time
from pathlib import Path

import pytest

from tests.cli.test_registration import file, now, status

CHECKED = ("--check-method", "in person", "--check-evidence", "licence.pdf", "--no-passphrase")
REASON = ("--reason", "the data are ours")


@pytest.fixture
def filed(national_program, applicant):
    return file(national_program, applicant)["registration"]


@pytest.fixture
def accepted(national_program, filed):
    national_program.ok("registration", "accept", filed)
    return filed


@pytest.fixture
def noticed(national_program, accepted):
    time.sleep(1.1)  # the notice is named in whole seconds and not before the acceptance
    notice = ("--notice-system", "s", "--notice-ref", "N", "--notice-published", now())
    national_program.ok("registration", "publish", accepted, *notice)
    return accepted


@pytest.fixture
def other(national_program):
    Path("licence.pdf").touch()
    Path("contract.pdf").write_bytes(b"contract")
    return national_program.json("party", "enroll", "丁公司", *CHECKED)["subject"]


def object_to(program, registration, other):
    argv = ("registration", "object", registration, *REASON, "--evidence", "contract.pdf")
    return program.json(*argv, "--as", other)


def test_an_objection_is_made_and_dismissed(national_program, noticed, other):
    program = national_program
    document = object_to(program, noticed, other)
    assert document.keys() == {"event", "index", "subject"}
    assert document["subject"] == noticed
    assert status(program, noticed) == ["objected"]
    decided = ("--outcome", "dismissed", "--reasons", "the contract says otherwise")
    assert program.json("registration", "resolve", noticed, *decided)["subject"] == noticed
    assert status(program, noticed) == ["published"]


def test_an_objection_that_is_upheld_ends_in_refusal(national_program, noticed, other):
    object_to(national_program, noticed, other)
    decided = ("--outcome", "upheld", "--reasons", "the contract says so")
    national_program.ok("registration", "resolve", noticed, *decided)
    assert status(national_program, noticed) == ["refused"]


def test_who_objected_withdraws_and_the_registrar_does_on_its_letter(
    national_program, noticed, other
):
    program = national_program
    resolve = ("registration", "resolve", noticed, "--outcome", "withdrawn", "--reasons", "settled")
    object_to(program, noticed, other)
    error = program.refused(*resolve, code=4)
    assert (error["code"], error["rule"]) == ("wrong_role", "Art. 25")
    program.ok(*resolve, "--as", other)
    assert status(program, noticed) == ["published"]
    object_to(program, noticed, other)
    Path("letter.pdf").write_bytes(b"letter")
    program.ok(*resolve, "--document", "letter.pdf")
    assert status(program, noticed) == ["published"]


def test_of_several_objections_the_one_withdrawn_is_named(national_program, noticed, other):
    program = national_program
    third = program.json("party", "enroll", "戊公司", *CHECKED)["subject"]
    object_to(program, noticed, other)
    object_to(program, noticed, third)
    resolve = ("registration", "resolve", noticed, "--outcome", "withdrawn", "--reasons", "settled")
    letter = ("--document", "1e" * 32)
    assert program.refused(*resolve, *letter, code=2)["code"] == "party_required"
    assert "以 --objector 指明" in program.ok(*resolve, *letter, "--lang", "zh-CN", code=2).err
    program.ok(*resolve, *letter, "--objector", third)
    assert status(program, noticed) == ["objected"]
    program.ok(*resolve, *letter)
    assert status(program, noticed) == ["published"]


def test_an_objection_stands_on_the_ledger_with_the_digest_of_its_evidence(
    national_program, noticed, other
):
    index = object_to(national_program, noticed, other)["index"]
    leaf = national_program.json("log", "show", index)["leaf"]["event"]
    assert leaf["body"]["reason"] == "the data are ours"
    assert len(leaf["body"]["evidence"]) == 64


def test_people_see_who_objected_and_until_when_it_is_decided(national_program, noticed, other):
    object_to(national_program, noticed, other)
    shown = national_program.ok("registration", "show", noticed)
    assert shown.row("status").startswith("objected")
    assert shown.row("deadline").endswith(" 00:00:00 +08:00")
    chinese = national_program.ok("registration", "show", noticed, "--lang", "zh-CN")
    assert chinese.row("状态").startswith("异议处理中")
    assert "objections" not in chinese.out


def test_the_applicant_and_who_is_not_named_do_not_object(
    national_program, noticed, applicant, other
):
    argv = ("registration", "object", noticed, *REASON, "--evidence", "contract.pdf")
    error = national_program.refused(*argv, "--as", applicant, code=4)
    assert (error["code"], error["rule"]) == ("wrong_role", "Art. 25")
    assert national_program.refused(*argv, code=2)["code"] == "party_required"


def test_an_objection_needs_a_notice_and_says_so(national_program, accepted, other):
    argv = ("registration", "object", accepted, *REASON, "--evidence", "contract.pdf")
    error = national_program.refused(*argv, "--as", other, code=4)
    assert error["code"] == "wrong_step"
    assert "comes after objected or published" in error["message"]
    missing = ("registration", "object", accepted, *REASON, "--evidence", "none.pdf")
    assert national_program.refused(*missing, "--as", other, code=5)["code"] == "not_found"


def test_a_second_objection_of_the_same_party_waits(national_program, noticed, other):
    object_to(national_program, noticed, other)
    argv = ("registration", "object", noticed, *REASON, "--evidence", "contract.pdf")
    error = national_program.refused(*argv, "--as", other, code=4)
    assert (error["code"], error["hint"]) == (
        "objection_open",
        "make another when it is decided",
    )
    chinese = national_program.ok(*argv, "--as", other, "--lang", "zh-CN", code=4).err
    assert "：请待其办结后再行提出" in chinese


def test_an_outcome_is_one_of_three(national_program, filed):
    argv = ("registration", "resolve", filed, "--reasons", "r", "--outcome")
    assert national_program.refused(*argv, "postponed", code=2)["code"] == "option_value"
    assert national_program.refused(*argv, "dismissed", code=4)["code"] == "wrong_step"


def test_more_time_is_taken_once(national_program, accepted):
    argv = ("registration", "extend", accepted, "--reason", "many sources")
    assert national_program.json(*argv)["subject"] == accepted
    state = national_program.json("registration", "show", accepted)["value"]["state"]
    assert state["extensions"] == 1
    error = national_program.refused(*argv, code=4)
    assert (error["code"], error["rule"]) == ("extended_once", "Art. 28")
    assert error["hint"] == "record, refuse or terminate it"
    chinese = national_program.ok(*argv, "--lang", "zh-CN", code=4).err
    assert "：请予登记、不予登记或终止登记" in chinese


def test_what_cannot_be_cleared_up_is_terminated(national_program, filed):
    argv = ("registration", "terminate", filed, "--reasons", "the source stays unclear")
    assert national_program.refused(*argv, code=4)["code"] == "wrong_step"
    national_program.ok("registration", "accept", filed)
    assert national_program.json(*argv)["subject"] == filed
    assert status(national_program, filed) == ["terminated"]
    listed = national_program.ok("registration", "list", "--lang", "zh-CN").out
    assert "\t已终止\t" in listed

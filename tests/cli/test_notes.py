"""`muniment registration note|unnote|correct`: who sees what, and what is refused."""

from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.test_registration import (  # noqa: F401  # fixtures
    filed,
    record,
    recorded,
    withheld,
)

TEXT = "只限省内使用"


@pytest.fixture
def registration(founded):
    return founded.registered["registration"]


@pytest.fixture
def asset(founded):
    return founded.registered["asset"]


def note(program, registration, *more):
    argv = ("registration", "note", registration, "--kind", "agreed-limits", "--text", TEXT)
    return program.json(*argv, *more)


def standing(program, asset):
    notes = program.json("query", "asset", asset)["value"]["state"]["notes"]
    return [each["value"] for each in notes if each["to"] is None]


def marks(program, number):
    program.ok("voucher", "export", number, "--force")
    return program.json("verify", f"{number}.voucher.json")["marks"]


def test_a_note_is_seen_on_the_voucher_until_it_ends(solo, founded, registration, asset):
    assert marks(solo, founded.number) == []
    document = note(solo, registration)
    assert document.keys() == {"event", "index", "subject"}
    assert document["subject"] == registration
    assert standing(solo, asset) == [{"kind": "agreed-limits", "text": TEXT, "document": None}]
    assert marks(solo, founded.number) == ["noted"]
    chinese = solo.ok("verify", f"{founded.number}.voucher.json", "--lang", "zh-CN")
    assert "有备注" in chinese.out
    solo.ok("registration", "unnote", registration, "--reasons", "over")
    assert standing(solo, asset) == []
    assert marks(solo, founded.number) == []


def test_people_see_what_is_noted(solo, founded, registration):
    note(solo, registration)
    said = solo.ok("query", "asset", founded.number)
    assert "agreed-limits" in said.row("notes")
    assert TEXT in said.row("notes")
    chinese = solo.ok("query", "asset", founded.number, "--lang", "zh-CN")
    assert "约定限制" in chinese.row("备注")


def test_the_document_of_a_seizure_is_named_by_its_digest(solo, registration, asset):
    Path("order.pdf").write_bytes(b"ordered")
    digest = sha256(b"ordered").hexdigest()
    argv = ("registration", "note", registration, "--kind", "seizure")
    error = solo.refused(*argv, "--text", "seized", code=4)
    assert (error["code"], error["rule"]) == ("note_document", "Art. 23")
    solo.ok(*argv, "--document", "order.pdf")
    assert standing(solo, asset) == [{"kind": "seizure", "text": None, "document": digest}]
    ending = ("registration", "unnote", registration, "--reasons", "lifted")
    assert solo.refused(*ending, code=4)["code"] == "note_document"
    solo.ok(*ending, "--document", digest)
    assert standing(solo, asset) == []


def test_one_of_several_notes_is_named_by_its_log_index(solo, registration, asset):
    first = note(solo, registration)["index"]
    argv = ("registration", "note", registration, "--kind", "registrar", "--text", "checked")
    second = solo.json(*argv)["index"]
    ending = ("registration", "unnote", registration, "--reasons", "over")
    error = solo.refused(*ending, code=2)
    assert error["message"] == f"2 notes stand ({first}, {second}): name one with --note INDEX"
    chinese = solo.ok(*ending, "--lang", "zh-CN", code=2).err
    assert "现有 2 项备注" in chinese
    solo.ok(*ending, "--note", first)
    assert [each["text"] for each in standing(solo, asset)] == ["checked"]
    assert solo.refused(*ending, "--note", first, code=4)["code"] == "no_note"
    chinese = solo.ok(*ending, "--note", first, "--lang", "zh-CN", code=4).err
    assert "日志位置" in chinese


def test_where_nothing_is_noted_nothing_ends(solo, registration):
    ending = ("registration", "unnote", registration, "--reasons", "over")
    assert solo.refused(*ending, code=2)["code"] == "option_required"


def test_another_kind_is_wrong_use_and_a_bare_note_is_refused(solo, registration):
    argv = ("registration", "note", registration, "--kind")
    error = solo.refused(*argv, "rumour", code=2)
    assert (error["code"], "seizure" in error["message"]) == ("option_value", True)
    assert solo.refused(*argv, "by-law", code=4)["code"] == "note_text"
    assert "以文字说明" in solo.ok(*argv, "by-law", "--lang", "zh-CN", code=4).err


def classification(program, asset):
    return program.json("query", "asset", asset)["value"]["state"]["classification"]


def test_a_slip_is_mended_and_the_rest_stays(solo, registration, asset):
    before = classification(solo, asset)
    argv = ("registration", "correct", registration, "--reasons", "a slip")
    document = solo.json(*argv, "--industry", "交通运输", "--class", "public")
    assert document["subject"] == registration
    assert classification(solo, asset) == before | {"industry": "交通运输", "class": "public"}
    error = solo.refused(*argv, "--industry", "交通运输", code=4)
    assert error["code"] == "nothing_to_correct"
    assert solo.refused(*argv, code=4)["code"] == "nothing_to_correct"
    assert "更正须列明" in solo.ok(*argv, "--lang", "zh-CN", code=4).err


def test_a_lower_level_is_mended_on_a_downgrade(solo, registration, asset):
    argv = ("registration", "correct", registration, "--reasons", "a slip")
    solo.ok(*argv, "--level", "general-3")
    assert solo.refused(*argv, "--level", "general-2", code=4)["code"] == "downgrade"
    assert "降级评估" in solo.ok(*argv, "--level", "general-2", "--lang", "zh-CN", code=4).err
    solo.ok("party", "enroll", "Assessor", "--no-passphrase")
    solo.ok("party", "admit", "Assessor", "--role", "assessor")
    Path("report.pdf").write_bytes(b"report")
    made = solo.json(
        "attest", "make", asset, "--type", "downgrade", "--level", "general-2",
        "--document", "report.pdf", "--as", "Assessor",
    )["subject"]  # fmt: skip
    solo.ok(*argv, "--level", "general-2", "--downgrade", made)
    data = classification(solo, asset)
    assert (data["level"], data["downgrade"]) == ("general-2", made)


def test_a_value_that_there_is_not_is_malformed_and_core_data_refused(solo, registration):
    argv = ("registration", "correct", registration, "--reasons", "a slip")
    assert solo.refused(*argv, "--class", "secret", code=4)["code"] == "malformed"
    assert solo.refused(*argv, "--level", "core", code=4)["code"] == "core_data"
    assert solo.refused(*argv, "--assessed-by", "nobody", code=5)["code"] == "not_found"


def test_what_was_recorded_without_a_notice_has_none_to_correct(solo, registration):
    argv = ("registration", "correct", registration, "--reasons", "a slip")
    for option in ("--notice-ref", "--national-record"):
        error = solo.refused(*argv, option, "X", code=2)
        assert error["code"] == "option_value"
        assert "未记载此项" in solo.ok(*argv, option, "X", "--lang", "zh-CN", code=2).err


def test_two_officers_mend_the_national_evidence(national_program, recorded):  # noqa: F811
    registration, _ = recorded
    argv = ("registration", "correct", registration, "--reasons", "a slip")
    document = national_program.json(*argv, "--national-record", "R-2")
    leaf = national_program.json("log", "show", document["index"])["leaf"]
    assert len(leaf["signatures"]) == 2
    state = national_program.json("registration", "show", registration)["value"]["state"]
    assert (state["national"]["record"], state["national"]["system"]) == ("R-2", "national")


def test_one_officer_drafts_for_the_other(national_program, recorded):  # noqa: F811
    registration, _ = recorded
    folder = national_program.home / "keys"
    officers = sorted(path.name for path in folder.glob("registrar*"))
    assert len(officers) == 2
    away = folder / officers[1]
    kept = away.read_bytes()
    away.unlink()
    argv = ("registration", "correct", registration, "--reasons", "a slip")
    document = national_program.json(*argv, "--industry", "港口")
    assert (document["index"], len(document["missing"])) == (None, 1)
    away.write_bytes(kept)
    national_program.ok("cosign", document["file"])
    national_program.ok("submit", document["file"])
    asset = national_program.json("registration", "show", registration)["value"]["state"]["asset"]
    assert classification(national_program, asset)["industry"] == "港口"


def test_nothing_is_written_beside_what_is_not_recorded(national_program, filed):  # noqa: F811
    argv = ("registration", "note", filed, "--kind", "registrar", "--text", "x")
    error = national_program.refused(*argv, code=4)
    assert (error["code"], error["rule"]) == ("not_in_force", "Art. 23")
    assert "尚未登记" in national_program.ok(*argv, "--lang", "zh-CN", code=4).err


def test_verify_says_what_was_corrected_and_the_voucher_stays_valid(solo, founded, registration):
    argv = ("registration", "correct", registration, "--reasons", "a slip")
    solo.ok(*argv, "--level", "general-3", "--class", "public")
    solo.ok("voucher", "export", founded.number, "--force")
    path = f"{founded.number}.voucher.json"
    verdict = solo.json("verify", path)
    assert (verdict["verified"], verdict["status"]) == (True, "valid")
    assert ["corrected", "classification"] in verdict["shown"]
    assert ["level", "general-3"] in verdict["shown"]
    assert ["class", "public"] in verdict["shown"]
    chinese = solo.ok("verify", path, "--lang", "zh-CN")
    assert chinese.row("登记机构更正") == "分类分级"
    assert chinese.row("级别") == "一般数据 3 级"

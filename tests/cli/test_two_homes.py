"""What needs a key that lies elsewhere: drafted where the ledger is, signed in another home."""

import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.test_registration import (
    CHINA,
    FINDINGS,
    evidence,
    filed,  # noqa: F401
    recorded,  # noqa: F401
    status,
    withheld,  # noqa: F401
)


def move_key(program, name, away):
    """Take a key out of the registry's home into one of its own."""
    (away / "keys").mkdir(parents=True, mode=0o700)
    shutil.move(program.home / "keys" / f"{name}.key", away / "keys")
    return away


@pytest.fixture
def office(national_program, tmp_path):
    """The home of the second officer, whose key is there alone."""
    return move_key(national_program, "registrar-2", tmp_path / "office")


def draft_record(program, registration, *more):
    import time

    time.sleep(1.1)
    argv = ("registration", "record", registration, *FINDINGS, *evidence(), "--out", "r.json")
    return program.json(*argv, *more)


def cosign(program, home, file, *more):
    return program.ok("--home", home, "cosign", file, "--key", "registrar-2", *more)


def test_two_officers_record_from_two_homes(national_program, withheld, office):  # noqa: F811
    program = national_program
    drafted = draft_record(program, withheld)
    number = drafted["voucher"]
    assert (drafted["index"], drafted["file"]) == (None, "r.json")
    assert [each["count"] for each in drafted["missing"]] == [1]
    assert status(program, withheld) == ["confidential"]
    assert program.refused("submit", "r.json", code=4)["code"] == "signatures_missing"
    cosign(program, office, "r.json")
    written = program.json("submit", "r.json")
    assert (written["voucher"], written["subject"]) == (number, withheld)
    assert len(program.json("log", "show", written["index"])["leaf"]["signatures"]) == 2
    assert status(program, withheld) == ["recorded"]
    program.ok("voucher", "export", number)
    assert program.json("verify", f"{number}.voucher.json")["status"] == "valid"
    program.ok("audit")
    assert program.json("submit", "r.json") == written, "again: nothing new"


def test_the_second_officer_reads_what_is_signed(
    national_program,
    withheld,  # noqa: F811
    office,
):
    program = national_program
    number = draft_record(program, withheld)["voucher"]
    shown = program.ok("--home", office, "cosign", "r.json", "--show")
    assert shown.row("event") == "registration.record"
    assert shown.row("number") == number
    assert "right hold" in shown.row("rights")
    year = str(datetime.now(CHINA).year)
    assert shown.row("valid_from").startswith(year)
    assert shown.row("valid_until").endswith("+08:00")
    chinese = cosign(program, office, "r.json", "--lang", "zh-CN")
    assert chinese.row("编号") == number
    assert "权利 持有权" in chinese.row("权利")
    assert chinese.row("有效期至").endswith("+08:00")
    assert chinese.row("审查结论") == "准确性 exact，明确性 clear，合规 lawful"
    said = program.ok("submit", "r.json", "--lang", "zh-CN")
    assert said.row("凭证") == number


def test_without_a_place_for_the_draft_the_way_to_the_other_officer_is_named(
    national_program,
    withheld,  # noqa: F811
    office,
):
    program = national_program
    argv = ("registration", "record", withheld, *FINDINGS, *evidence())
    error = program.refused(*argv, code=2)
    assert error["code"] == "key_required"
    assert "--out FILE" in error["message"]
    assert "请用 --out 文件" in program.ok(*argv, "--lang", "zh-CN", code=2).err
    (program.home / "keys" / "registrar-1.key").unlink()
    error = program.refused(*argv, "--out", "r.json", code=2)
    assert error["code"] == "key_required"
    assert not Path("r.json").exists()


def test_a_number_that_went_to_another_asks_for_the_draft_anew(
    national_program,
    withheld,  # noqa: F811
    applicant,
    office,
):
    from tests.cli.test_registration import file

    program = national_program
    other = file(program, applicant)["registration"]
    program.ok("registration", "accept", other)
    program.ok("registration", "withhold", other, "--reason", "trade secret")
    more = ("--duplicate", f"{asset_of(program, withheld)}=distinct:another table")
    first = draft_record(program, withheld)
    second = program.json(
        *("registration", "record", other, *FINDINGS, *evidence(), *more), "--out", "2.json"
    )
    assert first["voucher"] == second["voucher"]
    for name in ("r.json", "2.json"):
        cosign(program, office, name)
    program.ok("submit", "r.json")
    error = program.refused("submit", "2.json", code=4)
    assert error["code"] == "series_moved"
    assert "make it again" in error["hint"]
    assert "重新制作" in program.ok("submit", "2.json", "--lang", "zh-CN", code=4).err
    assert status(program, other) == ["confidential"]


def asset_of(program, registration):
    return program.json("registration", "show", registration)["value"]["state"]["asset"]


def test_a_record_whose_credential_is_elsewhere_says_where_to_submit_it(
    national_program,
    withheld,  # noqa: F811
    office,
    tmp_path,
):
    program = national_program
    copy = tmp_path / "copy"
    shutil.copytree(program.home, copy)
    draft_record(program, withheld)
    cosign(program, office, "r.json")
    error = program.refused("--home", copy, "submit", "r.json", code=2)
    assert error["code"] == "credential_required"
    assert "registration record --out" in error["message"]
    chinese = program.ok("--home", copy, "submit", "r.json", "--lang", "zh-CN", code=2)
    assert "制作草稿的目录" in chinese.err
    assert program.json("--home", copy, "registration", "show", withheld)
    program.ok("submit", "r.json")


def test_what_the_rule_refuses_becomes_no_draft(national_program, filed, office):  # noqa: F811
    argv = ("registration", "record", filed, *FINDINGS, *evidence(), "--out", "r.json")
    assert national_program.refused(*argv, code=4)["code"]
    assert not Path("r.json").exists()


def test_two_officers_revoke_from_two_homes(national_program, recorded, office):  # noqa: F811
    program, (registration, number) = national_program, recorded
    why = ("--ground", "judgment", "--reasons", "court")
    argv = ("registration", "revoke", "--yes", registration, *why)
    error = program.refused(*argv, code=2)
    assert (error["code"], "--out FILE" in error["message"]) == ("key_required", True)
    drafted = program.json(*argv, "--out", "v.json")
    assert (drafted["revoked"], drafted["file"]) == (number, "v.json")
    assert cosign(program, office, "v.json", "--lang", "zh-CN").row("编号") == number
    assert program.json("submit", "v.json")["voucher"] == number
    assert program.json("voucher", "show", number)["standing"] == "revoked"


def test_the_draft_of_a_cancellation_needs_no_credential(
    national_program,
    recorded,  # noqa: F811
    office,
):
    program, (_, number) = national_program, recorded
    argv = ("registration", "cancel", number, "--reason", "no longer used")
    key = program.json(*argv, "--title", "航班数据")["subject"]
    program.ok("registration", "accept", key)
    drafted = draft_record(program, key)
    assert drafted["cancelled"] == number
    cosign(program, office, "r.json")
    assert program.json("submit", "r.json")["cancelled"] == number
    assert program.json("voucher", "show", number)["standing"] == "cancelled"


def test_the_credential_is_not_in_the_draft(national_program, withheld, office):  # noqa: F811
    draft_record(national_program, withheld)
    draft = json.loads(Path("r.json").read_bytes())
    assert draft.keys() == {"format", "event", "signatures"}
    assert "credentialSubject" not in Path("r.json").read_text()


# What one party says alone, whose key is elsewhere


@pytest.fixture
def desk(national_program, tmp_path):
    """The home of the applicant, whose key is there alone."""
    return move_key(national_program, "applicant", tmp_path / "desk")


def sign_and_submit(program, home, file, kind):
    """Sign elsewhere what one party says alone, and submit it here."""
    error = program.refused("--home", home, "cosign", file, code=2)
    assert (error["code"], f"--kind {kind}" in error["message"]) == ("kind_required", True)
    program.ok("--home", home, "cosign", file, "--kind", kind)
    return program.json("submit", file)


def test_an_applicant_withdraws_with_a_key_that_is_elsewhere(
    national_program,
    filed,  # noqa: F811
    desk,
):
    program = national_program
    argv = ("registration", "withdraw", filed)
    error = program.refused(*argv, code=2)
    assert (error["code"], "--out FILE" in error["message"]) == ("key_required", True)
    assert "请用 --out 文件" in program.ok(*argv, "--lang", "zh-CN", code=2).err
    result = program.ok(*argv, "--out", "w.json")
    assert "muniment cosign w.json --kind registration.withdraw" in result.err
    assert status(program, filed) == ["filed"]
    assert sign_and_submit(program, desk, "w.json", "registration.withdraw")["subject"] == filed
    assert status(program, filed) == ["withdrawn"]


def test_an_applicant_supplements_with_a_key_that_is_elsewhere(
    national_program,
    filed,  # noqa: F811
    desk,
):
    program = national_program
    program.ok("registration", "accept", filed)
    program.ok("registration", "supplement", filed, "--ask", "the source?")
    argv = ("registration", "supplement", filed, "--answer", "t.csv", "--out", "a.json")
    assert program.json(*argv)["index"] is None
    sign_and_submit(program, desk, "a.json", "registration.supplement")
    assert status(program, filed) == ["accepted"]


@pytest.fixture
def stranger_key(national_program, tmp_path):
    """A party whose key was never in the registry's home: its home, and its key on the ledger."""
    away = tmp_path / "stranger"
    did = national_program.json("--home", away, "key", "new", "cy", "--no-passphrase")["did"]
    Path("l.pdf").write_bytes(b"licence")
    checked = ("--check-method", "licence seen", "--check-evidence", "l.pdf")
    argv = ("party", "enroll", "Cy Ltd", "--did", did, "--out", "cy.json", *checked)
    national_program.ok(*argv)
    national_program.ok("--home", away, "cosign", "cy.json", "--key", "cy")
    return away, national_program.json("submit", "cy.json")["subject"]


def test_somebody_objects_to_an_application_with_a_key_that_is_elsewhere(
    national_program,
    filed,  # noqa: F811
    stranger_key,
):
    from tests.cli.test_registration import this_moment

    program, (home, party) = national_program, stranger_key
    program.ok("registration", "accept", filed)
    notice = ("--notice-system", "s", "--notice-ref", "N", "--notice-published", this_moment())
    program.ok("registration", "publish", filed, *notice)
    argv = ("registration", "object", filed, "--reason", "ours", "--evidence", "t.csv")
    argv = (*argv, "--as", "Cy")
    assert program.refused(*argv, code=2)["code"] == "key_required"
    drafted = program.json(*argv, "--out", "o.json")
    assert [each["party"] for each in drafted["missing"]] == [party]
    sign_and_submit(program, home, "o.json", "registration.object")
    assert status(program, filed) == ["objected"]


def test_an_objection_and_its_answer_come_from_other_homes(
    national_program,
    recorded,  # noqa: F811
    stranger_key,
    desk,
):
    program, (_, number) = national_program, recorded
    home, party = stranger_key
    argv = ("object", number, "--evidence", "t.csv", "--as", "Cy")
    assert program.refused(*argv, code=2)["code"] == "key_required"
    assert program.json(*argv, "--out", "o.json")["index"] is None
    key = sign_and_submit(program, home, "o.json", "objection.file")["subject"]
    assert program.json("objection", "show", key)["value"]["state"]["by"] == party
    program.ok("objection", "notify", key)
    answer = ("objection", "respond", key, "--contest", "--statement", "t.csv")
    assert program.refused(*answer, code=2)["code"] == "key_required"
    result = program.ok(*answer, "--out", "答.json", "--lang", "zh-CN")
    assert "muniment cosign 答.json --kind objection.respond" in result.err
    sign_and_submit(program, desk, "答.json", "objection.respond")
    state = program.json("objection", "show", key)["value"]["state"]
    assert state["responses"][0]["value"]["agrees"] is False


def test_another_document_in_the_vault_is_not_stored_for_the_credential(
    national_program,
    withheld,  # noqa: F811
    office,
):
    from node.recorddrafts import CREDENTIAL
    from node.registry import open_registry

    program = national_program
    draft_record(program, withheld)
    cosign(program, office, "r.json")
    digest = json.loads(Path("r.json").read_bytes())["event"]["body"]["credential"]
    with open_registry(program.home, None, is_writer=True) as registry:
        vault = registry.open_vault()
        vault.add(CREDENTIAL, {digest: "{}"})
        vault.close()
    assert program.refused("submit", "r.json", code=1)["code"] == "corruption"
    assert status(program, withheld) == ["confidential"]

"""`muniment party exit --successor`: a registrar hands its office over."""

from pathlib import Path

import pytest

CHECKED = ("--check-method", "licence seen", "--check-evidence", "licence.pdf")
ENTRY = ("--registrar-name", "苏州登记中心", "--region", "32", "--registrar-digit", "2")
EXIT = ("party", "exit", "--yes", "--successor", "苏州登记中心", "--document", "decision.pdf")


@pytest.fixture
def ready(national_program):
    """A party with two keys that may take over, and the decision."""
    Path("licence.pdf").write_bytes(b"licence")
    Path("decision.pdf").write_bytes(b"decision")
    enroll = ("party", "enroll", "苏州登记中心", "--no-passphrase", "--key", "suzhou", *CHECKED)
    national_program.ok(*enroll)
    national_program.ok("key", "new", "suzhou-2", "--no-passphrase")
    national_program.ok("party", "rotate", "苏州登记中心", "--add", "suzhou-2")
    return national_program


def registrar(program):
    return program.json("query", "party", "苏州登记中心")["value"]["state"]["roles"]


def test_all_keys_here_hand_the_office_over_at_once(ready, applicant):
    from tests.cli.test_registration import file, status

    filed = file(ready, applicant)["registration"]
    document = ready.json(*EXIT, *ENTRY)
    assert document.keys() == {"event", "index", "subject"}
    leaf = ready.json("log", "show", document["index"])["leaf"]
    assert (leaf["event"]["kind"], len(leaf["signatures"])) == ("party.exit", 4)
    assert [each["value"] for each in registrar(ready)] == ["registrar"]
    ready.ok("registration", "accept", filed)
    assert status(ready, filed) == ["accepted"]


def test_where_the_successor_s_key_is_elsewhere_it_travels_as_a_draft(ready):
    keys = ready.home / "keys"
    away = {path: path.read_bytes() for path in keys.glob("suzhou*")}
    for path in away:
        path.unlink()
    document = ready.json(*EXIT, *ENTRY)
    assert (document["index"], len(document["missing"])) == (None, 1)
    for path, data in away.items():
        path.write_bytes(data)
    error = ready.refused("cosign", document["file"], code=2)
    assert error["code"] == "kind_required"
    ready.ok("cosign", document["file"], "--kind", "party.exit")
    ready.ok("submit", document["file"])
    assert [each["value"] for each in registrar(ready)] == ["registrar"]


def test_what_is_missing_is_said(ready):
    assert ready.refused(*EXIT, code=4)["code"] == "succession_members"
    assert "目录条目" in ready.ok(*EXIT, "--lang", "zh-CN", code=4).err
    assert ready.refused(*EXIT, *ENTRY[:4], code=2)["code"] == "option_required"
    assert "请同时给出" in ready.ok(*EXIT, *ENTRY[:4], "--lang", "zh-CN", code=2).err
    wrong = ("--registrar-name", "x", "--region", "3", "--registrar-digit", "2")
    assert ready.refused(*EXIT, *wrong, code=4)["code"] == "malformed"
    bare = ("party", "exit", "--yes", "--document", "decision.pdf")
    assert ready.refused(*bare, code=2)["code"] == "option_required"
    assert "--successor" in ready.ok(*bare, "--lang", "zh-CN", code=2).err


def test_the_numbers_of_the_one_who_left_are_its_own(ready):
    same = ("--registrar-name", "x", "--region", "32", "--registrar-digit", "1")
    error = ready.refused(*EXIT, *same, code=4)
    assert (error["code"], error["rule"]) == ("same_catalogue", "annex 6")


def test_a_party_that_is_no_registrar_has_no_successor(ready, applicant):
    argv = (*EXIT, *ENTRY, "--as", applicant)
    assert ready.refused(*argv, code=4)["code"] == "no_succession"
    assert "仅登记机构" in ready.ok(*argv, "--lang", "zh-CN", code=4).err


def test_a_registrar_without_a_successor_stays(ready):
    listed = ready.json("party", "list")["items"]
    office = next(each["party"] for each in listed if "registrar" in each["terms"])
    error = ready.refused("party", "exit", "--yes", "--as", office, code=4)
    assert (error["code"], error["rule"]) == ("founder", "Art. 13")
    assert "successor" in error["message"]

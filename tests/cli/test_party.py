"""`muniment party ...`: enrolment, keys that come and go, roles, suspension."""

from hashlib import sha256
from pathlib import Path

import pytest

CODE = "91440300708461136T"
OTHER_CODE = "914403001922038216"
OPEN = "--no-passphrase"


@pytest.fixture(scope="session")
def checked(national):
    """Words that say how the registrar checked an identity."""
    return ("--check-method", "licence seen", "--check-evidence", "licence.pdf")


@pytest.fixture
def registrar(national_program):
    Path("licence.pdf").write_bytes(b"licence")
    return national_program


def values(state, name):
    return [each["value"] for each in state[name] if each["to"] is None]


def read(program, party):
    return program.json("party", "show", party)["value"]["state"]


def test_an_enrolled_party_has_a_new_key_its_name_and_its_code(registrar, checked):
    document = registrar.json("party", "enroll", "江苏数据有限公司", "--uscc", CODE, OPEN, *checked)
    assert document.keys() == {"event", "index", "subject", "key"}
    key = CODE.lower()
    assert document["key"] == key, "no file name can be made of the party's own"
    state = read(registrar, document["subject"])
    assert (state["name"], state["uscc"], state["kind"]) == ("江苏数据有限公司", CODE, "legal")
    did = registrar.json("key", "export", key)["did"]
    assert values(state, "keys") == [did]
    for text in ("江苏数据有限公司", CODE, document["subject"][6:14]):
        assert registrar.json("query", "party", text)["subject"] == document["subject"]


def test_people_see_the_new_key_and_where_the_event_went(registrar, checked):
    result = registrar.ok("party", "enroll", "Harbour Data", OPEN, *checked)
    assert result.row("written") == "party.enroll"
    assert result.row("about").startswith("party/")
    assert "key harbour-data: did:key:z6Mk" in result.err
    result = registrar.ok("party", "enroll", "Harbour Data", OPEN, *checked, "--lang", "zh-CN")
    assert result.row("已写入") == "party.enroll"
    assert "密钥 harbour-data-2：did:key:z6Mk" in result.err


def test_a_refused_party_leaves_no_key_behind(registrar, checked):
    before = registrar.json("key", "list")["items"]
    argv = ("party", "enroll", OPEN, *checked)
    registrar.refused(*argv, "x" * 2000, code=4)
    assert registrar.refused(*argv, "A", "--kind", "robot", code=2)["code"] == "option_value"
    assert registrar.json("key", "list")["items"] == before


def test_choices_are_taken_by_the_chinese_names_of_the_forms_too(registrar, checked):
    document = registrar.json("party", "enroll", "王小明", "--kind", "自然人", OPEN, *checked)
    assert read(registrar, document["subject"])["kind"] == "natural"
    argv = ("party", "enroll", "x", "--kind", "机器人", OPEN, *checked)
    assert registrar.refused(*argv, code=2)["code"] == "option_value"


def test_chinese_is_called_zh_too(registrar):
    assert "没有主体" in registrar.ok("party", "show", "nobody", "--lang", "zh", code=5).err


def test_an_existing_key_can_be_enrolled_and_only_once(registrar, checked):
    did = registrar.json("key", "new", "mine", OPEN)["did"]
    document = registrar.json("party", "enroll", "A", "--key", "mine", *checked)
    assert values(read(registrar, document["subject"]), "keys") == [did]
    error = registrar.refused("party", "enroll", "B", "--key", "mine", *checked, code=4)
    assert error["code"] == "already_enrolled"
    assert registrar.json("key", "export", "mine")["did"] == did, "it was there before"


def test_a_natural_person_s_name_stays_off_the_ledger(registrar, checked):
    document = registrar.json("party", "enroll", "王小明", "--kind", "natural", OPEN, *checked)
    name = read(registrar, document["subject"])["name"]
    assert name.keys() == {"$commit"}
    assert "王小明" not in registrar.ok("log", "export").out
    assert registrar.json("search", "王小明")["items"] == []


def test_an_unknown_kind_of_party_is_wrong_use(registrar, checked):
    error = registrar.refused("party", "enroll", "A", "--kind", "robot", OPEN, *checked, code=2)
    assert error["code"] == "option_value"


BAD_CODES = {
    "a wrong check character": "91440300708461136X",
    "too short": "9144030070846113",
    "lower case": CODE.lower(),
}


@pytest.mark.parametrize("name", BAD_CODES)
def test_a_code_that_is_none_is_refused(registrar, checked, name):
    argv = ("party", "enroll", "A", "--uscc", BAD_CODES[name], OPEN, *checked)
    assert registrar(*argv, "--json").code == 4


def test_a_code_is_claimed_once(registrar, checked):
    registrar.ok("party", "enroll", "A", "--uscc", OTHER_CODE, OPEN, *checked)
    argv = ("party", "enroll", "B", "--uscc", OTHER_CODE, OPEN, *checked)
    assert registrar.refused(*argv, code=4)["code"] == "uscc_claimed"


def test_a_registrar_says_how_it_checked_the_identity(registrar):
    keys = sorted((registrar.home / "keys").iterdir())
    error = registrar.refused("party", "enroll", "A", OPEN, code=2)
    assert error["code"] == "option_required"
    assert "--check-method" in error["message"]
    assert sorted((registrar.home / "keys").iterdir()) == keys
    one = registrar.refused("party", "enroll", "A", OPEN, "--check-method", "seen", code=2)
    assert "go together" in one["message"]
    missing = ("--check-method", "seen", "--check-evidence", "none.pdf")
    assert registrar.refused("party", "enroll", "A", OPEN, *missing, code=5)["code"] == "not_found"


def test_only_the_digest_of_the_evidence_is_written(registrar, checked):
    registrar.ok("party", "enroll", "A", OPEN, *checked)
    log = registrar.ok("log", "export").out
    assert sha256(b"licence").hexdigest() in log


def test_under_solo_nobody_has_to_be_checked(solo):
    assert solo.json("party", "enroll", "A", OPEN)["subject"].startswith("party/")


def test_keys_are_rotated_by_the_party_itself(registrar, applicant):
    old = registrar.json("key", "export", "applicant")["did"]
    new = registrar.json("key", "new", "second", OPEN)["did"]
    registrar.ok("party", "rotate", applicant, "--add", "second", "--remove", "applicant")
    assert values(read(registrar, applicant), "keys") == [new]
    third = registrar.json("key", "new", "third", OPEN)["did"]
    registrar.ok("party", "rotate", applicant, "--add", "third", "--remove", new)
    assert values(read(registrar, applicant), "keys") == [third]
    error = registrar.refused("party", "rotate", applicant, "--remove", old, code=4)
    assert error["code"] == "wrong_keys"


def test_a_rotation_to_an_unknown_key_is_refused(registrar, applicant):
    error = registrar.refused("party", "rotate", applicant, "--add", "none", code=5)
    assert error["hint"].startswith("see 'muniment key list'")


def test_lost_keys_are_recovered_after_a_wait_and_an_old_key_can_say_no(
    registrar, applicant, checked
):
    registrar.ok("key", "new", "fresh", OPEN)
    registrar.ok("party", "recover", applicant, "--add", "fresh", *checked)
    assert read(registrar, applicant)["recovery"] is not None
    shown = registrar.ok("party", "show", applicant).row("recovery.effective")
    assert shown.endswith(" 00:00:00 +08:00")
    registrar.ok("party", "recover", applicant, "--add", "fresh", "--cancel")
    assert read(registrar, applicant)["recovery"] is None


def test_a_recovery_needs_the_identity_checked_again(registrar, applicant):
    registrar.ok("key", "new", "fresh", OPEN)
    error = registrar.refused("party", "recover", applicant, "--add", "fresh", code=4)
    assert error["code"] == "identity_check"


def test_a_suspended_party_cannot_act_until_that_is_lifted(registrar, applicant):
    Path("t.csv").write_text("x\n")
    filing = (
        "register", "t.csv", "--as", applicant, "--title", "T", "--right", "hold", "--basis",
        "self-generated", "--class", "enterprise", "--level", "general-1",
    )  # fmt: skip
    registrar.ok("party", "suspend", applicant, "--ground", "inquiry")
    assert registrar.ok("party", "show", applicant).row("status").startswith("suspended")
    assert registrar.refused(*filing, code=4)["code"] == "suspended"
    registrar.ok("party", "suspend", applicant, "--ground", "over", "--lift")
    registrar.ok(*filing)


def test_a_party_is_admitted_to_a_role_and_loses_it(registrar, applicant):
    registrar.ok("party", "admit", applicant, "--role", "notary")
    assert values(read(registrar, applicant), "roles") == ["notary"]
    registrar.ok("party", "admit", applicant, "--role", "notary", "--end")
    assert values(read(registrar, applicant), "roles") == []
    error = registrar.refused("party", "admit", applicant, "--role", "king", code=2)
    assert error["code"] == "option_value"


def test_writers_give_event_index_and_subject(registrar, applicant):
    document = registrar.json("party", "admit", applicant, "--role", "valuer")
    assert document.keys() == {"event", "index", "subject"}
    assert document["subject"] == applicant
    leaf = registrar.json("log", "show", document["index"])["leaf"]
    assert leaf["event"]["kind"] == "party.admit"


def test_nobody_leaves_unless_it_is_meant(registrar, applicant, monkeypatch):
    import io
    import sys

    argv = ("party", "exit", "--as", applicant)
    error = registrar.refused(*argv, code=2)
    assert (error["code"], error["hint"]) == ("not_confirmed", "say --yes if it is meant")
    assert "请加 --yes" in registrar.ok(*argv, "--lang", "zh-CN", code=2).err
    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    asked = registrar.ok(*argv, code=2).err
    assert "Go on? [y/N]" in asked
    assert "nothing was done" in asked
    answer = io.StringIO("是\n")
    monkeypatch.setattr(answer, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", answer)
    assert "退出后不可恢复。是否继续？" in registrar.ok(*argv, "--lang", "zh-CN").err


def test_a_party_leaves_for_good(registrar, applicant):
    document = registrar.json("party", "exit", "--yes", "--as", applicant)
    assert document.keys() == {"event", "index", "subject"}
    assert document["subject"] == applicant
    assert registrar.ok("party", "show", applicant).row("status").startswith("exited")
    error = registrar.refused("party", "exit", "--yes", "--as", applicant, code=4)
    assert error["code"] == "exited"
    assert "has left this ledger for good" in error["message"]
    argv = ("party", "suspend", applicant, "--ground", "x", "--lift")
    assert registrar.refused(*argv, code=4)["code"] == "exited"
    chinese = registrar.ok(*argv, "--lang", "zh-CN", code=4).err
    assert "已永久退出本账本" in chinese
    listed = registrar.ok("party", "list", "--lang", "zh-CN").out
    assert "已退出" in listed


def test_a_founder_does_not_leave(solo):
    error = solo.refused("party", "exit", "--yes", code=4)
    assert (error["code"], error["rule"]) == ("founder", "Art. 13")


def test_outside_solo_who_leaves_is_named(registrar):
    assert registrar.refused("party", "exit", "--yes", code=2)["code"] == "party_required"


def test_who_still_holds_rights_does_not_leave(solo):
    argv = ("--title", "T", "--right", "hold", "--as")
    party = solo.json("party", "enroll", "A", OPEN)["subject"]
    Path("t.csv").write_text("x\n")
    solo.ok("register", "t.csv", *argv, party)
    error = solo.refused("party", "exit", "--yes", "--as", party, code=4)
    assert error["code"] == "holds_rights"
    assert (
        "尚有 1 项权利"
        in solo.ok("party", "exit", "--yes", "--as", party, "--lang", "zh-CN", code=4).err
    )

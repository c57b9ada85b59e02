"""Transfers on the command line: straight through in solo, and between two homes by draft.

The clock is the machine's, so the way that needs no waiting is walked under national-2026: a notice
withheld on a good reason. The way through the public notice is in tests/node.
"""

import shutil
import time
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.conftest import run_quietly
from tests.cli.test_registration import FINDINGS, evidence, now, status

OPEN = "--no-passphrase"
TITLE = "航班数据 2013"


# In solo, straight through


@pytest.fixture
def ben(solo):
    return solo.json("party", "enroll", "Ben Ltd", OPEN)["subject"]


def holders(program, asset):
    state = program.json("query", "asset", asset)["value"]["state"]
    return {
        (each["value"]["right"], each["value"]["holder"])
        for each in state["tuples"]
        if each["to"] is None
    }


def founded_party(program):
    """The one party of a solo registry."""
    return next(
        each["party"]
        for each in program.json("party", "list")["items"]
        if "registrar" in each["terms"]
    )


def test_in_solo_a_transfer_goes_through_to_the_new_voucher(solo, founded, ben):
    number, asset = founded.number, founded.registered["asset"]
    document = solo.json("transfer", number, "--right", "use", "--right", "operate", "--to", "Ben")
    assert document.keys() == {"event", "index", "subject", "voucher"}
    assert document["subject"].startswith("registration/")
    before = dict(holders(solo, asset))
    assert before["use"] == before["operate"] == ben
    assert before["hold"] != ben
    shown = solo.json("voucher", "show", document["voucher"])
    assert (shown["status"][-1]["value"], shown["successor"]) == ("valid", None)
    assert solo.json("voucher", "show", number)["successor"] == document["voucher"]
    assert solo.ok("voucher", "show", number).row("superseded by") == document["voucher"]
    chinese = solo.ok("voucher", "show", number, "--lang", "zh-CN")
    assert chinese.row("现行凭证") == document["voucher"]
    solo.ok("voucher", "export", number)
    old = solo.json("verify", f"{number}.voucher.json", code=7)
    assert (old["authentic"], old["status"]) == (True, "superseded")
    solo.ok("voucher", "export", document["voucher"], "--opening", "opening.json")
    new = solo.json("verify", f"{document['voucher']}.voucher.json", "--data", "table.csv")
    assert (new["verified"], new["status"]) == (True, "valid")
    solo.ok("audit")


def test_what_was_taken_over_can_be_transferred_on(solo, founded, ben):
    number = solo.json("transfer", founded.number, "--right", "use", "--to", ben)["voucher"]
    cy = solo.json("party", "enroll", "Cy Ltd", OPEN)["subject"]
    last = solo.json("transfer", number, "--right", "use", "--to", "Cy", "--from", "Ben")
    assert ("use", cy) in holders(solo, founded.registered["asset"])
    assert last["voucher"] != number


def test_the_transferor_is_found_where_only_one_has_the_right(solo, founded, ben):
    number = solo.json("transfer", founded.number, "--right", "use", "--to", ben)["voucher"]
    cy = solo.json("party", "enroll", "Cy Ltd", OPEN)["subject"]
    solo.json("transfer", number, "--right", "use", "--to", cy)
    assert ("use", cy) in holders(solo, founded.registered["asset"])


def test_who_files_is_the_transferor_unless_he_gets_the_rights(solo, founded, ben):
    number = solo.json("transfer", founded.number, "--right", "use", "--to", ben)["voucher"]
    cy = solo.json("party", "enroll", "Cy Ltd", OPEN)["subject"]
    argv = ("transfer", number, "--right", "use", "--to", cy)
    error = solo.refused(*argv, "--as", founded_party(solo), code=4)
    assert error["code"] == "right_not_held"
    document = solo.json(*argv, "--as", "Cy")
    state = solo.json("registration", "show", document["subject"])["value"]["state"]
    assert state["filer"] == cy
    document = solo.json(
        "transfer", document["voucher"], "--right", "use", "--to", "Ben", "--as", "Cy"
    )
    state = solo.json("registration", "show", document["subject"])["value"]["state"]
    assert (state["filer"], state["moves"][0]["from"]) == (cy, cy)


def test_nobody_has_all_of_the_rights_that_are_named(solo, founded, ben):
    number = solo.json("transfer", founded.number, "--right", "use", "--to", ben)["voucher"]
    argv = ("transfer", number, "--right", "use", "--right", "hold", "--to", "Ben")
    error = solo.refused(*argv, code=2)
    assert error["code"] == "party_required"
    assert error["hint"] == "name the transferor with --from"
    assert "请用 --from 指明转让方" in solo.ok(*argv, "--lang", "zh-CN", code=2).err


def test_a_transfer_is_shown_to_people_in_both_languages(solo, founded, ben):
    result = solo.ok("transfer", founded.number, "--right", "use", "--to", "Ben")
    number = result.row("voucher")
    assert result.err == f"Next: muniment voucher export {number}\n"
    chinese = ("--lang", "zh-CN")
    result = solo.ok("transfer", number, "--right", "hold", "--to", "Ben", *chinese)
    assert result.row("凭证") == f"{number[:-1]}{int(number[-1]) + 1}"
    assert "(transfer)" not in solo.ok("registration", "list", *chinese).out


def test_a_ground_needs_its_document_and_only_the_transferee(solo, founded, ben):
    argv = ("transfer", founded.number, "--right", "use", "--to", "Ben", "--ground", "judgment")
    error = solo.refused(*argv, code=2)
    assert (error["code"], error["hint"]) == ("option_required", "give it with --document FILE")
    Path("judgment.pdf").write_bytes(b"judgment")
    document = solo.json(*argv, "--document", "judgment.pdf")
    state = solo.json("registration", "show", document["subject"])["value"]["state"]
    digest = sha256(b"judgment").hexdigest()
    assert state["ground"] == {"kind": "judgment", "document": digest}
    assert state["parties"] == [ben] == [state["filer"]]
    assert solo.refused(*argv[:-1], "whim", "--document", digest, code=2)["code"] == "option_value"


def test_a_refusal_says_what_would_be_needed(solo, founded, ben):
    number = founded.number
    error = solo.refused("transfer", number, "--right", "use", "--to", ben, "--from", ben, code=4)
    assert (error["code"], error["rule"]) == ("self_move", "Art. 34")
    error = solo.refused("transfer", number, "--right", "own", "--to", ben, code=2)
    assert error["code"] == "option_value"
    for short in (number[:3], ben[6:9], "X"):  # would mean somebody by chance
        error = solo.refused("transfer", short, "--right", "use", "--to", ben, code=5)
        assert error["code"] == "not_found"
    error = solo.refused("transfer", number, "--right", "use", "--to", ben[6:9], code=5)
    assert error["code"] == "not_found"
    assert solo.refused("transfer", number, "--right", "use", "--to", "Nobody", code=5)
    solo.json("transfer", number, "--right", "use", "--to", ben)
    error = solo.refused("transfer", number, "--right", "hold", "--to", ben, code=4)
    assert error["code"] == "not_live_voucher"
    assert "TEST" in error["message"]


def test_a_registration_of_another_party_goes_through_in_solo(solo, ben):
    Path("b.csv").write_text("b\n")
    document = solo.json("register", "b.csv", "--as", "Ben")
    assert document["voucher"]
    assert holders(solo, document["asset"]) == {(r, ben) for r in ("hold", "use", "operate")}


# Under national-2026, between two homes


@pytest.fixture(scope="session")
def two_homes(national, tmp_path_factory):
    """The registry's home and the transferee's, which has one key; a voucher of withheld data."""
    folder = tmp_path_factory.mktemp("two homes")
    here, there, table = folder / "here", folder / "there", folder / "t.csv"
    shutil.copytree(national[0], here)
    table.write_text("x\n")

    def run(*argv):
        return run_quietly("--home", here, *argv)

    did = run_quietly("--home", there, "key", "new", "mine", OPEN)["did"]
    draft = folder / "enrolment.json"
    checked = ("--check-method", "licence seen", "--check-evidence", table)
    run("party", "enroll", "受让公司", "--did", did, *checked, "--out", draft)
    run_quietly("--home", there, "cosign", draft)
    taker = run("submit", draft)["subject"]
    words = ("--title", TITLE, "--right", "use", "--right", "operate", "--basis", "self-generated")
    graded = ("--class", "enterprise", "--level", "general-2")
    registration = run("register", table, "--as", national[1], *words, *graded)["registration"]
    run("registration", "accept", registration)
    run("registration", "withhold", registration, "--reason", "trade secret")
    time.sleep(1.1)
    number = run("registration", "record", registration, *FINDINGS, *evidence())["voucher"]
    return here, there, national[1], taker, number


@pytest.fixture
def story(program, two_homes, tmp_path):
    """The program over copies of both homes, and who is who."""
    here, there, giver, taker, number = two_homes
    shutil.copytree(here, program.home)
    shutil.copytree(there, tmp_path / "there")
    return program, tmp_path / "there", giver, taker, number


def test_the_whole_story_of_a_transfer_between_two_homes(story):
    program, there, giver, taker, number = story
    Path("contract.pdf").write_bytes(b"contract")
    words = ("--right", "operate", "--to", "受让公司", "--document", "contract.pdf")
    drafted = program.json("transfer", number, *words, "--title", TITLE)
    signed = program.json(
        "--home", there, "cosign", drafted["file"], "--opening", drafted["opening"]
    )
    contract = sha256(b"contract").hexdigest()
    assert signed["opened"]["evidence"] == contract
    assert [each["party"] for each in signed["opened"]["transferees"]] == [taker]
    assert contract not in Path(drafted["file"]).read_text()
    assert program.json("cosign", drafted["file"], "--show")["missing"] == []
    registration = program.json("submit", drafted["file"])["subject"]
    assert registration == drafted["subject"]
    assert status(program, registration) == ["filed"]
    program.ok("registration", "accept", registration)
    program.ok("registration", "withhold", registration, "--reason", "trade secret")
    time.sleep(1.1)
    recorded = program.json("registration", "record", registration, *FINDINGS, *evidence())
    second = recorded["voucher"]
    state = program.json("voucher", "show", second)
    assert holders(program, state["asset"]) == {("use", giver), ("operate", taker)}
    for each, code, said in ((number, 7, "superseded"), (second, 0, "valid")):
        program.ok("voucher", "export", each)
        verdict = program.json("verify", f"{each}.voucher.json", code=code)
        assert (verdict["authentic"], verdict["status"]) == (True, said)
    program.ok("audit")
    revoked = ("--ground", "judgment", "--reasons", "by the court")
    assert (
        program.json("registration", "revoke", "--yes", registration, *revoked)["revoked"] == second
    )
    assert holders(program, state["asset"]) == set()


def test_a_title_that_was_never_published_is_given(story):
    program, _, _, _, number = story
    argv = ("transfer", number, "--right", "use", "--to", "受让公司")
    error = program.refused(*argv, code=2)
    assert (error["code"], error["hint"]) == ("option_required", "give it with --title")
    assert program.refused(*argv, "--title", "题" * 201, code=4)["code"] == "form_length"
    assert list(Path().glob("*.json")) == []


def test_a_notice_of_a_transfer_opens_its_title_and_content(story):
    program, there, _, _, number = story
    argv = ("transfer", number, "--right", "use", "--to", "受让公司", "--title", TITLE)
    drafted = program.json(*argv, "--scope", "仅限江苏省")
    program.json("--home", there, "cosign", drafted["file"])
    registration = program.json("submit", drafted["file"])["subject"]
    program.ok("registration", "accept", registration)
    time.sleep(1.1)
    notice = ("--notice-system", "s", "--notice-ref", "N", "--notice-published", now())
    program.ok("registration", "publish", registration, *notice)
    state = program.json("registration", "show", registration)["value"]["state"]
    assert state["fields"].keys() == {"title", "content"}
    assert state["fields"]["content"]["scope"] == "仅限江苏省"
    assert program.ok("registration", "list").out.count(TITLE) == 1
    assert program.json("registration", "list")["items"]


def test_the_transferee_may_withdraw(story):
    program, there, giver, _, number = story
    argv = ("transfer", number, "--right", "use", "--to", "受让公司", "--title", TITLE)
    drafted = program.json(*argv)
    program.json("--home", there, "cosign", drafted["file"])
    registration = program.json("submit", drafted["file"])["subject"]
    program.ok("registration", "withdraw", registration, "--as", giver)
    assert status(program, registration) == ["withdrawn"]

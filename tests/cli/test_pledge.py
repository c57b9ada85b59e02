"""`muniment pledge` and `release`: both sides sign, an earlier pledgee is asked, marks come and go."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

OPEN = "--no-passphrase"


@pytest.fixture
def bank(solo):
    return solo.json("party", "enroll", "江苏银行", OPEN)["subject"]


@pytest.fixture
def other(solo):
    return solo.json("party", "enroll", "Harbour Bank", OPEN)["subject"]


def in_force(program, founded):
    pledges = program.json("query", "asset", founded.number)["value"]["state"]["pledges"]
    return [each["value"] for each in pledges if each["to"] is None]


def pledge(program, founded, to, *more, right="use"):
    argv = ("pledge", founded.number, "--right", right, "--to", to, *more)
    return program.json(*argv)["subject"]


def test_a_pledge_is_signed_by_both_and_says_where_it_went(solo, founded, bank):
    argv = ("pledge", founded.number, "--right", "use", "--right", "hold", "--to", "江苏银行")
    document = solo.json(*argv)
    assert document.keys() == {"event", "index", "subject"}
    key = document["subject"]
    assert key.startswith("encumbrance/")
    leaf = solo.json("log", "show", document["index"])["leaf"]
    holder = leaf["event"]["actor"]
    assert leaf["event"]["body"] == {
        "asset": founded.registered["asset"],
        "pledgee": bank,
        "rights": ["use", "hold"],
        "voucher": founded.number,
    }
    assert len(leaf["signatures"]) == 2
    value = {"encumbrance": key, "holder": holder, "rights": ["use", "hold"]}
    assert in_force(solo, founded) == [value]


def test_people_see_the_pledge_and_where_it_went(solo, founded, bank):
    argv = ("pledge", founded.number, "--right", "use", "--to", bank)
    result = solo.ok(*argv)
    assert result.row("written") == "encumbrance.create"
    assert result.row("about").startswith("encumbrance/")
    assert solo.ok(*argv, "--lang", "zh-CN").row("已写入") == "encumbrance.create"
    found = solo.ok("search", bank, "--kind", "encumbrance", "--lang", "zh-CN").out
    assert "（质押）" in found
    assert "生效中" in found


def test_a_pledged_voucher_is_marked_and_in_force_until_it_is_released(solo, founded, bank):
    path = f"{founded.number}.voucher.json"
    key = pledge(solo, founded, bank)
    solo.ok("voucher", "export", founded.number)
    verdict = solo.json("verify", path)
    assert (verdict["verified"], verdict["status"], verdict["marks"]) == (
        True,
        "valid",
        ["pledged"],
    )
    document = solo.json("release", key.removeprefix("encumbrance/")[:8])
    assert document.keys() == {"event", "index", "subject"}
    assert document["subject"] == key
    assert in_force(solo, founded) == []
    solo.ok("voucher", "export", founded.number, "--force")
    assert solo.json("verify", path)["marks"] == []


def test_the_contract_secured_is_named_by_its_digest(solo, founded, bank):
    Path("loan.pdf").write_bytes(b"loan")
    digest = sha256(b"loan").hexdigest()
    for right, given in (("use", "loan.pdf"), ("hold", digest)):
        argv = ("--right", right, "--to", bank, "--secures", given)
        index = solo.json("pledge", founded.number, *argv)["index"]
        assert solo.json("log", "show", index)["leaf"]["event"]["body"]["secures"] == digest
    argv = ("pledge", founded.number, "--right", "use", "--to", bank, "--secures", "none.pdf")
    assert solo.refused(*argv, code=5)["code"] == "not_found"


def test_a_second_pledge_needs_the_first_pledgee(solo, founded, bank, other):
    first = pledge(solo, founded, bank)
    argv = ("pledge", founded.number, "--right", "use", "--to", other)
    error = solo.refused(*argv, code=4)
    assert (error["code"], error["rule"]) == ("second_pledge", "domain 4")
    assert bank in error["message"]
    assert "--consent" in error["hint"]
    chinese = solo.ok(*argv, "--lang", "zh-CN", code=4).err
    assert bank in chinese
    assert "未经其同意不得再次质押" in chinese
    second = solo.json(*argv, "--consent", "江苏银行")["subject"]
    assert [each["encumbrance"] for each in in_force(solo, founded)] == [first, second]


def move_key(program, party, folder):
    """Take the key of a party out of this home, as if it had always been elsewhere."""
    keys = program.json("party", "show", party)["value"]["state"]["keys"]
    names = {each["did"]: each["name"] for each in program.json("key", "list")["items"]}
    path = program.home / "keys" / f"{names[keys[0]['value']]}.key"
    folder.mkdir(parents=True)
    return path.rename(folder / path.name)


def test_without_a_pledgee_s_key_it_is_not_released(solo, founded, bank, tmp_path):
    key = pledge(solo, founded, bank)
    move_key(solo, bank, tmp_path / "elsewhere")
    assert solo.refused("release", key, code=2)["code"] == "key_required"


def test_where_the_pledgee_s_key_is_elsewhere_a_draft_is_written_and_nothing_else(
    solo, founded, bank, tmp_path
):
    move_key(solo, bank, tmp_path / "elsewhere")
    size = solo.json("log", "checkpoint")["size"]
    argv = ("pledge", founded.number, "--right", "use", "--to", bank)
    document = solo.json(*argv)
    assert document["index"] is None
    assert document["subject"].startswith("encumbrance/")
    assert [each["party"] for each in document["missing"]] == [bank]
    draft = json.loads(Path(document["file"]).read_bytes())
    assert draft.keys() == {"format", "event", "signatures"}
    assert (draft["event"]["kind"], len(draft["signatures"])) == ("encumbrance.create", 1)
    assert solo.json("log", "checkpoint")["size"] == size
    named = solo.json(*argv, "--out", "mine.json")
    assert named["file"] == "mine.json"
    assert in_force(solo, founded) == []


def test_the_pledgee_signs_the_draft_at_home_and_it_is_submitted(solo, founded, bank, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    move_key(solo, bank, elsewhere / "keys")
    argv = ("pledge", founded.number, "--right", "use", "--to", bank)
    document = solo.json(*argv)
    error = solo.refused("submit", document["file"], code=4)
    assert bank in error["message"]
    shown = solo.ok("cosign", document["file"], "--home", elsewhere)
    assert shown.row("asset") == founded.registered["asset"]
    assert shown.row("pledgee") == bank
    chinese = solo.ok("cosign", document["file"], "--home", elsewhere, "--show", "--lang", "zh-CN")
    assert (chinese.row("质权人"), chinese.row("权利")) == (bank, "使用权")
    written = solo.json("submit", document["file"])
    assert (written["event"], written["subject"]) == (document["event"], document["subject"])
    (noted,) = in_force(solo, founded)
    assert noted["encumbrance"] == document["subject"]


def test_what_the_rule_would_refuse_becomes_no_draft(solo, founded, bank, other, tmp_path):
    pledge(solo, founded, bank)
    move_key(solo, other, tmp_path / "elsewhere")
    argv = ("pledge", founded.number, "--right", "use", "--to", other)
    assert solo.refused(*argv, code=4)["code"] == "second_pledge"
    assert list(Path().glob("*.draft.json")) == []


def test_what_was_released_is_not_released_again(solo, founded, bank):
    key = pledge(solo, founded, bank)
    solo.ok("release", key)
    assert solo.refused("release", key, code=4)["code"] == "already_released"
    assert "此前已解除" in solo.ok("release", key, "--lang", "zh-CN", code=4).err


def test_a_frozen_asset_is_not_pledged(solo, founded, bank):
    solo.ok("order", "freeze", founded.number, "--ground", "inquiry")
    argv = ("pledge", founded.number, "--right", "use", "--to", bank)
    error = solo.refused(*argv, code=4)
    assert error["code"] == "frozen"
    assert "the regulator lifts it" in error["message"]
    assert "须由监管方" in solo.ok(*argv, "--lang", "zh-CN", code=4).err


def test_nobody_pledges_what_it_does_not_have_or_to_itself(solo, founded, bank, other):
    argv = ("pledge", founded.number, "--right", "use")
    assert solo.refused(*argv, "--to", other, "--as", bank, code=4)["code"] == "no_right"
    me = solo.json("query", "asset", founded.number)["value"]["state"]["parties"][0]
    assert solo.refused(*argv, "--to", me, code=4)["code"] == "self_pledge"


def test_a_right_and_a_pledgee_are_named_and_known(solo, founded, bank):
    error = solo.refused("pledge", founded.number, "--right", "sell", "--to", bank, code=2)
    assert error["code"] == "option_value"
    assert "--right" in solo.refused("pledge", founded.number, "--to", bank, code=2)["message"]
    assert "--to" in solo.refused("pledge", founded.number, "--right", "use", code=2)["message"]
    argv = ("pledge", founded.number, "--right", "use", "--to", "nobody")
    assert solo.refused(*argv, code=5)["code"] == "not_found"
    argv = ("pledge", "0000", "--right", "use", "--to", bank)
    assert solo.refused(*argv, code=5)["code"] == "not_found"
    assert solo.refused("release", "0000", code=5)["code"] == "not_found"


def test_what_has_no_voucher_is_not_pledged(solo, founded, bank):
    registration = founded.registered["registration"]
    solo.ok(
        "registration", "revoke", "--yes", registration, "--ground", "judgment", "--reasons", "r"
    )
    argv = ("pledge", founded.number, "--right", "use", "--to", bank)
    error = solo.refused(*argv, code=4)
    assert (error["code"], error["rule"]) == ("not_live_voucher", "domain 4")
    assert "没有有效凭证" in solo.ok(*argv, "--lang", "zh-CN", code=4).err


def test_a_pledge_outlives_the_voucher_and_is_released_all_the_same(solo, founded, bank):
    key = pledge(solo, founded, bank)
    registration = founded.registered["registration"]
    solo.ok(
        "registration", "revoke", "--yes", registration, "--ground", "judgment", "--reasons", "r"
    )
    document = solo.json("release", key)
    event = solo.json("log", "show", document["index"])["leaf"]["event"]
    assert "voucher" not in event["body"]


def test_outside_solo_the_pledgor_is_named(national_program, applicant):
    from tests.cli.test_registration import file

    filed = file(national_program, applicant)["asset"]
    argv = ("pledge", filed, "--right", "hold", "--to", applicant)
    assert national_program.refused(*argv, code=4)["code"] == "not_live_voucher"

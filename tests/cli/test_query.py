"""`query`, `search` and the lists: what people call things, proofs, absence."""

import json
from pathlib import Path

import pytest


@pytest.fixture
def asset(founded):
    return founded.registered["asset"]


def test_a_list_has_items_and_what_comes_next(solo, founded):
    listed = {
        ("party", "list"): {"party", "name", "status", "terms"},
        ("registration", "list"): {
            "registration",
            "title",
            "type",
            "parties",
            "filed",
            "status",
            "status_now",
            "deadline_now",
            "voucher",
            "ref",
        },
        ("search", "停车"): {"subject", "label", "status"},
        ("key", "list"): {"name", "did", "sealed"},
        ("log", "tail"): {"index", "kind", "time", "is_entry"},
        ("fingerprint", "--exact", "table.csv"): {"file", "sha256", "size"},
    }
    for argv, members in listed.items():
        document = solo.json(*argv)
        assert document.keys() == {"items", "next"}, argv
        assert document["items"], argv
        assert all(item.keys() == members for item in document["items"]), argv


def test_lists_off_a_terminal_are_tab_separated(solo, founded):
    registration = founded.registered["registration"]
    first, title, *_, status, ref = solo.ok("registration", "list").out.rstrip("\n").split("\t")
    assert (first, title, status, ref) == (registration, "停车数据 2026", "recorded", "")
    assert solo.ok("registration", "list", "--lang", "zh-CN").out.endswith("\t已登记\t\n")
    party = solo.ok("party", "list", "--lang", "zh-CN").out
    assert party.endswith("\t单人试用\t正常\t运营方, 登记机构, 监管方\n")


def test_lists_stop_at_their_limit(solo):
    for _ in range(3):
        solo.ok("register", "table.csv")
    assert len(solo.json("registration", "list", "--limit", "2")["items"]) == 2
    assert len(solo.json("search", "停车", "--limit", "1")["items"]) == 1


def test_a_search_finds_by_title_holder_and_number(solo, founded, asset):
    by_title = {item["subject"] for item in solo.json("search", "停车")["items"]}
    assert by_title == {asset, founded.registered["registration"]}
    by_number = {item["subject"] for item in solo.json("search", founded.number)["items"]}
    assert asset in by_number
    assert solo.json("search", "停车", "--kind", "asset")["items"][0]["subject"] == asset
    assert solo.json("search", "xyzzy") == {"items": [], "next": None}
    assert solo.ok("search", "xyzzy").out == ""
    assert solo.ok("search", "停车", "--kind", "asset", "--lang", "zh-CN").out == (
        f"{asset}\t停车数据 2026\t已登记\n"
    )


@pytest.mark.parametrize(
    "text", ["%", "_", '"', "'; DROP TABLE", "*", "停 AND", "(", "\\", "-", "a" * 5000]
)
def test_no_search_text_is_an_error(solo, text):
    assert solo.json("search", "--", text)["next"] is None


WAYS = {
    "whole key": lambda founded: founded.registered["asset"],
    "bare id": lambda founded: founded.registered["asset"].removeprefix("asset/"),
    "beginning of the key": lambda founded: founded.registered["asset"][:14],
    "beginning of the id": lambda founded: founded.registered["asset"][6:14],
    "title": lambda founded: "停车数据 2026",
    "part of the title": lambda founded: "停车",
    "voucher number": lambda founded: founded.number,
}


@pytest.mark.parametrize("way", WAYS)
def test_an_asset_may_be_called_by(solo, founded, asset, way):
    document = solo.json("query", "asset", WAYS[way](founded))
    assert document.keys() == {"subject", "present", "value", "log"}
    assert (document["subject"], document["present"]) == (asset, True)
    assert document["log"] == {"origin": document["log"]["origin"], "size": 7}
    assert document["value"].keys() == {"history", "last", "n", "state", "time", "type"}


def test_a_party_may_be_called_by_its_name(solo):
    party = solo.json("party", "list")["items"][0]["party"]
    for text in (party, party[6:12], "单人试用"):
        assert solo.json("query", "party", text)["subject"] == party
        assert solo.json("party", "show", text)["subject"] == party


def test_a_name_of_two_assets_is_ambiguous_and_both_are_named(solo, asset):
    other = solo.json("register", "table.csv", "--title", "停车数据 2026")["asset"]
    error = solo.refused("query", "asset", "停车", code=2)
    assert error["code"] == "ambiguous"
    assert asset in error["message"]
    assert other in error["message"]
    assert error["hint"] == "give more of its key"
    chinese = solo.ok("query", "asset", "停车", "--lang", "zh-CN", code=2).err
    assert "停车 对应多个数据：" in chinese


@pytest.mark.parametrize("kind", ["asset", "party", "voucher"])
def test_what_is_not_there_is_not_found(solo, kind):
    error = solo.refused("query", kind, "xyzzy", code=5)
    assert (error["code"], error["hint"][:11]) == ("not_found", "look for it")
    assert error["message"].startswith(f"there is no {kind} xyzzy: ")
    assert "没有" in solo.ok("query", kind, "xyzzy", "--lang", "zh-CN", code=5).err


def test_people_see_dates_words_and_no_empty_rows(solo, founded):
    out = solo.ok("query", "voucher", founded.number).out
    assert "valid  [since 20" in out
    assert " +08:00" in solo.ok("query", "voucher", founded.number).row("valid_until")
    asset = solo.ok("query", "asset", founded.number).out
    assert "classification.industry" not in asset
    assert "basis self-generated, holder party/" in asset
    assert "right hold  [since" in asset


def test_people_see_chinese_names_for_members(solo, founded):
    result = solo.ok("query", "voucher", founded.number, "--lang", "zh-CN")
    assert result.row("状态").startswith("有效  [自 20")
    assert result.row("事件数") == "1"
    asset = solo.ok("query", "asset", founded.number, "--lang", "zh-CN")
    assert asset.row("公示内容.名称") == "停车数据 2026"
    assert "权利 持有权" in asset.out


def test_an_interval_that_ended_shows_both_its_dates(solo, founded):
    revoke = ("registration", "revoke", "--yes", founded.registered["registration"])
    solo.ok(*revoke, "--ground", "by-law", "--reasons", "test")
    out = solo.ok("query", "voucher", founded.number).out
    assert "valid  [since 20" in out
    assert " until 20" in out
    assert "revoked  [since 20" in out
    assert "，至 20" in solo.ok("query", "voucher", founded.number, "--lang", "zh-CN").out


def test_proof_and_dossier_are_written_where_asked(solo, asset):
    document = solo.json("query", "asset", asset, "--proof", "p.json", "--dossier", "d.json")
    assert (document["file"], document["dossier"]) == ("p.json", "d.json")
    assert json.loads(Path("p.json").read_text())["format"] == "muniment/state/v1"
    assert json.loads(Path("d.json").read_text())["format"] == "muniment/dossier/v1"
    shown = solo.ok("query", "asset", asset, "--proof", "p.json")
    assert shown.row("file") == "p.json"
    Path("p.json").write_text("mine")
    assert solo.refused("query", "asset", asset, "--proof", "p.json", code=2)["code"] == "exists"
    solo.ok("query", "asset", asset, "--proof", "p.json", "--force")


ABSENT = {
    "a number": ["--number", "TEST2026119999"],
    "a code": ["--uscc", "91440300708461136T"],
    "a digest": ["--digest", "ab" * 32],
    "a key": ["asset/" + "a" * 26],
}


@pytest.mark.parametrize("name", ABSENT)
def test_absence_is_proved(solo, name):
    document = solo.json("query", "absent", *ABSENT[name], "--proof", "none.json")
    assert (document["present"], document["value"]) == (False, None)
    assert solo.json("verify", "none.json")["status"] == "absent"
    assert "no: there is no such registration" in solo.ok("query", "absent", *ABSENT[name]).out
    assert "不存在该项登记" in solo.ok("query", "absent", *ABSENT[name], "--lang", "zh-CN").out


def test_what_is_there_cannot_be_proved_absent(solo, founded):
    document = solo.json("query", "absent", "--number", founded.number, code=5)
    assert document["present"] is True
    result = solo.ok("query", "absent", "--number", founded.number, code=5)
    assert result.err == "It is registered: its absence cannot be proved.\n"


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["--number", "TEST2026119999", "--uscc", "91440300708461136T"],
        ["asset/a", "--digest", "ab"],
    ],
    ids=["nothing", "two options", "a key and an option"],
)
def test_one_thing_is_asked_about_at_a_time(solo, argv):
    assert solo.refused("query", "absent", *argv, code=2)["code"] == "usage"


@pytest.mark.parametrize("key", ["voucher", "bogus/x", "asset/", "a/b c", "voucher/号"])
def test_what_is_no_subject_key_is_malformed(solo, key):
    assert solo.refused("query", "absent", key, code=4)["code"] == "malformed"

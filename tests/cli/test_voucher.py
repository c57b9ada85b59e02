"""`muniment voucher show` and `export`."""

import json
from pathlib import Path

import pytest

from cli.words import DEMONSTRATION
from node.rulebundle import read_profile


@pytest.fixture
def number(founded):
    return founded.number


def test_an_exported_voucher_is_written_under_its_number(solo, number):
    assert solo.json("voucher", "export", number) == {
        "voucher": number,
        "file": f"{number}.voucher.json",
    }
    document = json.loads(Path(f"{number}.voucher.json").read_text())
    assert document.keys() == {"format", "credential", "issued", "state", "asset"}
    assert document["state"]["subject"] == f"voucher/{number}"


def test_people_see_the_file_the_notice_and_how_it_is_verified(solo, number):
    result = solo.ok("voucher", "export", number)
    assert result.row("voucher") == number
    assert result.row("file") == f"{number}.voucher.json"
    assert result.row("notice") == DEMONSTRATION[0]
    assert result.err == (
        f"Anybody can check it: muniment verify {number}.voucher.json --policy trust.policy\n"
    )
    result = solo.ok("voucher", "export", number, "--lang", "zh-CN")
    assert (result.row("文件"), result.row("提示")) == (f"{number}.voucher.json", DEMONSTRATION[1])
    assert result.err.startswith("任何人均可验证")


def test_the_demonstration_notice_is_the_one_of_the_solo_profile():
    notice = read_profile("solo").notice
    assert (notice.en, notice.zh) == DEMONSTRATION


def test_the_same_content_may_be_written_again(solo, number):
    solo.ok("voucher", "export", number)
    before = Path(f"{number}.voucher.json").read_bytes()
    solo.ok("voucher", "export", number)
    assert Path(f"{number}.voucher.json").read_bytes() == before


def test_other_content_is_not_overwritten_unasked(solo, number):
    path = Path(f"{number}.voucher.json")
    path.write_text("a letter\n")
    error = solo.refused("voucher", "export", number, code=2)
    assert error["code"] == "exists"
    assert error["hint"].startswith("name another file with --out")
    assert path.read_text() == "a letter\n"
    assert "已存在且内容不同" in solo.ok("voucher", "export", number, "--lang", "zh-CN", code=2).err
    solo.ok("voucher", "export", number, "--force")
    assert json.loads(path.read_text())["format"] == "muniment/voucher/v1"
    assert [each.name for each in Path().iterdir() if each.name.startswith(".")] == []


def test_a_folder_in_the_way_is_not_overwritten(solo, number):
    Path(f"{number}.voucher.json").mkdir()
    assert solo.refused("voucher", "export", number, code=2)["code"] == "exists"
    assert solo.refused("voucher", "export", number, "--force", code=6)["code"] == "store_failed"


def test_an_older_voucher_in_the_way_is_not_overwritten(solo, number):
    solo.ok("voucher", "export", number)
    solo.ok("register", "table.csv")  # a new checkpoint, so a new bundle
    assert solo.refused("voucher", "export", number, code=2)["code"] == "exists"
    solo.ok("voucher", "export", number, "--out", "newer.json")


def test_another_file_may_be_named(solo, number):
    Path("out").mkdir()
    assert solo.json("voucher", "export", number, "--out", "out/v.json")["file"] == "out/v.json"
    assert Path("out/v.json").is_file()
    assert not Path(f"{number}.voucher.json").exists()


def test_a_file_in_no_folder_cannot_be_written(solo, number):
    error = solo.refused("voucher", "export", number, "--out", "none/v.json", code=6)
    assert error["code"] == "store_failed"
    assert "none/v.json" in error["message"]


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["bare", "json"])
def test_a_dash_is_stdout_and_nothing_else_is_there(solo, number, flags):
    result = solo.ok("voucher", "export", number, "--out", "-", *flags)
    assert json.loads(result.out)["format"] == "muniment/voucher/v1"
    assert result.err == ""
    assert list(Path().glob("*.voucher.json")) == []


def test_the_opening_is_written_beside_it_if_asked(solo, number):
    document = solo.json("voucher", "export", number, "--opening", "opening.json")
    assert document["opening"] == "opening.json"
    opening = json.loads(Path("opening.json").read_text())
    assert opening.keys() == {"format", "asset", "openings"}
    assert [one["field"] for one in opening["openings"]] == ["content.0"]


def test_the_shown_voucher_has_its_title_status_and_notice(solo, number):
    result = solo.ok("voucher", "show", number)
    assert result.row("title") == "停车数据 2026"
    assert result.row("status") == "valid"
    assert result.row("notice") == DEMONSTRATION[0]
    assert result.row("valid from").endswith(" +08:00")
    assert result.row("valid until").endswith(" 00:00:00 +08:00")
    result = solo.ok("voucher", "show", number, "--lang", "zh-CN")
    assert (result.row("状态"), result.row("提示")) == ("有效", DEMONSTRATION[1])


def test_the_shown_voucher_as_json_is_its_state(solo, number, founded):
    document = solo.json("voucher", "show", number)
    assert document["voucher"] == number
    assert document["asset"] == founded.registered["asset"]
    assert document["registration"] == founded.registered["registration"]
    assert [each["value"] for each in document["status"]] == ["valid"]


@pytest.mark.parametrize("command", ["show", "export"])
@pytest.mark.parametrize("text", ["voucher/{}", "{}", "TEST"], ids=["key", "number", "beginning"])
def test_a_voucher_may_be_abbreviated_while_it_is_the_only_one(solo, number, command, text):
    assert solo.json("voucher", command, text.format(number))["voucher"] == number


@pytest.mark.parametrize("command", ["show", "export"])
def test_an_abbreviation_of_two_vouchers_names_both(solo, number, command):
    second = solo.json("register", "table.csv")["voucher"]
    error = solo.refused("voucher", command, "TEST", code=2)
    assert error["code"] == "ambiguous"
    assert f"voucher/{number}, voucher/{second}" in error["message"]
    assert error["hint"] == "give more of its number"
    assert "对应多个凭证" in solo.ok("voucher", command, "TEST", "--lang", "zh-CN", code=2).err


@pytest.mark.parametrize("command", ["show", "export"])
@pytest.mark.parametrize("text", ["TEST2026110009", "SJ3212026110001", "x", "asset/", "%", ""])
def test_a_voucher_that_is_not_there_is_not_found(solo, command, text):
    if text == "":
        solo.ok("register", "table.csv")
        assert solo.refused("voucher", command, text, code=2)["code"] == "ambiguous"
        return
    error = solo.refused("voucher", command, text, code=5)
    assert error["message"].startswith(f"there is no voucher {text}: look for it")


def test_without_a_registry_it_says_how_to_make_one(program):
    error = program.refused("voucher", "show", "TEST2026110001", code=5)
    assert error["code"] == "not_found"
    assert error["hint"].startswith("make one with 'muniment init'")

"""`muniment wallet`: what a holder keeps, with a registry of one's own and without."""

import json
import shutil
from pathlib import Path

import pytest

from cli.words import DEMONSTRATION
from node.pack import read_pack

ITEM = {
    "id", "kind", "subject", "title", "holders", "status", "marks", "as_of", "valid_until",
    "origin", "added", "name",
}  # fmt: skip
FOUND = {
    "id", "kind", "subject", "outcome", "status", "in_force", "changes", "missing",
    "growth_checked", "replaced",
}  # fmt: skip
POLICY = ("--policy", "trust.policy")


@pytest.fixture
def number(founded):
    return founded.number


@pytest.fixture
def keeper(solo, founded):
    """The program over a registry of its own, with its voucher in the wallet."""
    shutil.copy(founded.voucher, "one.voucher.json")
    solo.ok("wallet", "add", "one.voucher.json")
    return solo


@pytest.fixture
def holder(stranger):
    """The program in a home without a registry, with a voucher in the wallet."""
    stranger.ok("wallet", "add", "one.voucher.json", *POLICY)
    return stranger


@pytest.fixture
def registry(founded, tmp_path):
    """Arguments to work on a copy of the registry that the holder does not have."""
    shutil.copytree(founded.home, tmp_path / "registry")
    return ("--home", str(tmp_path / "registry"))


def revoke(program, founded, *where):
    argv = ("--ground", "by-law", "--reasons", "by order")
    program.ok(*where, "registration", "revoke", "--yes", founded.registered["registration"], *argv)


def newer(program, number, registry, name="newer.voucher.json"):
    program.ok(*registry, "voucher", "export", number, "--out", name, "--force")
    return name


# add


def test_a_holder_needs_no_registry_to_keep_a_voucher(stranger, number):
    document = stranger.json("wallet", "add", "one.voucher.json", *POLICY)
    assert document.keys() == {"items", "next"}
    assert document["next"] is None
    (item,) = document["items"]
    assert item.keys() == ITEM | {"new"}
    assert (item["new"], item["kind"], item["subject"]) == (True, "voucher", f"voucher/{number}")
    assert (item["title"], item["status"], item["marks"]) == ("停车数据 2026", "valid", [])
    assert item["name"] == "one.voucher.json"
    assert stranger.json("wallet", "add", "one.voucher.json", *POLICY)["items"][0]["new"] is False
    assert [path.name for path in stranger.home.iterdir()] == ["wallet"]


def test_the_home_s_policy_is_the_default(stranger):
    assert stranger.refused("wallet", "add", "one.voucher.json", code=2)["code"] == (
        "policy_required"
    )
    stranger.home.mkdir()
    shutil.copy("trust.policy", stranger.home / "trust.policy")
    stranger.ok("wallet", "add", "one.voucher.json")


REFUSED = {
    "forged": (3, "signature", lambda text: text.replace("停车数据 2026", "停车数据 2027", 1)),
    "malformed": (4, "malformed", lambda text: "{}"),
    "cut off": (4, "malformed", lambda text: text[:-5]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_authentic_is_not_added(stranger, name):
    code, reason, change = REFUSED[name]
    path = Path("one.voucher.json")
    path.write_text(change(path.read_text()))
    assert stranger.refused("wallet", "add", path, *POLICY, code=code)["code"] == reason
    result = stranger.ok("wallet", "add", path, *POLICY, "--lang", "zh-CN", code=code)
    assert "one.voucher.json 未收入" in result.err
    result = stranger.ok("wallet", "add", path, *POLICY, code=code)
    assert "one.voucher.json was not added" in result.err
    assert stranger.json("wallet", "list")["items"] == []


def test_a_missing_file_is_not_found(stranger):
    assert stranger.refused("wallet", "add", "none.json", *POLICY, code=5)["code"] == "not_found"


def test_what_is_no_longer_in_force_is_added_loudly(solo, founded, number):
    revoke(solo, founded)
    solo.ok("voucher", "export", number)
    result = solo.ok("wallet", "add", f"{number}.voucher.json")
    assert "is authentic, but not in force: revoked" in result.err
    result = solo.ok("wallet", "add", f"{number}.voucher.json", "--lang", "zh-CN")
    assert "真实，但不在有效状态：已依职权注销" in result.err
    assert "already" in solo.ok("wallet", "add", f"{number}.voucher.json").err


# list


def test_an_empty_wallet_lists_nothing(program):
    assert program.json("wallet", "list") == {"items": [], "next": None}
    assert program.json("wallet", "check") == {"items": [], "next": None}
    assert not program.home.exists()


def test_people_see_what_is_kept(holder, number):
    (row,) = holder.ok("wallet", "list").out.splitlines()
    subject, kind, title, status, as_of, holders, notice = row.split("\t")
    assert (subject, kind, title, status) == (
        f"voucher/{number}", "voucher", "停车数据 2026", "valid",
    )  # fmt: skip
    assert as_of.endswith(" +08:00")
    assert holders.startswith("party/")
    assert notice == DEMONSTRATION[0]
    (row,) = holder.ok("wallet", "list", "--lang", "zh-CN").out.splitlines()
    assert row.split("\t")[1::2] == ["凭证", "有效", holders]
    assert row.endswith(DEMONSTRATION[1])


def test_the_list_may_be_of_one_subject(keeper, number, founded):
    second = keeper.json("register", "table.csv")["voucher"]
    keeper.ok("voucher", "export", second)
    keeper.ok("wallet", "add", f"{second}.voucher.json")
    assert len(keeper.json("wallet", "list")["items"]) == 2
    for text in (number, f"voucher/{number}", founded.registered["asset"]):
        (item,) = keeper.json("wallet", "list", "--subject", text)["items"]
        assert item["subject"] == f"voucher/{number}"
    assert keeper.json("wallet", "list", "--subject", "TEST2026119999")["items"] == []


# export


def test_an_export_is_verified_by_anybody(holder, number):
    document = holder.json("wallet", "export")
    assert document.keys() == {"items", "file"}
    assert document["file"] == "wallet.zip"
    (path,) = read_pack(Path("wallet.zip").read_bytes()).files
    assert path.startswith(f"{number.lower()}.")
    assert path.endswith(".voucher.json")
    assert holder.json("verify", "wallet.zip", *POLICY)["verified"] is True


def test_an_export_fills_another_wallet(holder, tmp_path):
    holder.ok("wallet", "export", "--out", "all.zip")
    other = ("--home", str(tmp_path / "other"))
    assert [
        i["kind"] for i in holder.json(*other, "wallet", "add", "all.zip", *POLICY)["items"]
    ] == ["voucher"]
    ours, theirs = (holder.json(*where, "wallet", "list")["items"] for where in ((), other))
    assert [item["id"] for item in ours] == [item["id"] for item in theirs]


def test_there_has_to_be_something_to_export(holder):
    argv = ("wallet", "export", "--subject", "TEST2026119999")
    assert holder.refused(*argv, code=5)["hint"] == "see 'muniment wallet list'"
    assert not Path("wallet.zip").exists()


def test_other_content_is_not_overwritten_unasked(holder):
    Path("wallet.zip").write_bytes(b"a letter")
    assert holder.refused("wallet", "export", code=2)["code"] == "exists"
    holder.ok("wallet", "export", "--force")
    holder.ok("wallet", "export")  # the same again is fine


# check


def test_what_still_holds_is_said_to_hold(keeper):
    (found,) = keeper.json("wallet", "check")["items"]
    assert found.keys() == FOUND
    assert (found["outcome"], found["in_force"]) == ("unchanged", True)
    assert found["status"] == {"before": "valid", "now": "valid"}
    assert (found["changes"], found["missing"], found["replaced"]) == ([], [], False)
    assert "unchanged, valid" in keeper.ok("wallet", "check").out
    assert "无变化，有效" in keeper.ok("wallet", "check", "--lang", "zh-CN").out


def test_a_revoked_voucher_exits_with_7_and_says_what_changed(keeper, founded, number):
    revoke(keeper, founded)
    (found,) = keeper.json("wallet", "check", code=7)["items"]
    assert (found["outcome"], found["in_force"]) == ("changed", False)
    assert found["status"] == {"before": "valid", "now": "revoked"}
    changes = {(change["subject"], change["member"]): change for change in found["changes"]}
    status = changes[f"voucher/{number}", "status"]
    assert (status["before"], status["after"]) == (["valid"], ["revoked"])
    lost = changes[founded.registered["asset"], "tuples"]
    assert {value["right"] for value in lost["before"]} == {"hold", "use", "operate"}
    result = keeper.ok("wallet", "check", code=7)
    assert f"voucher/{number}\tNO LONGER IN FORCE: revoked" in result.out
    assert "valid -> revoked" in result.out
    assert "no longer: basis self-generated, holder party/" in result.out
    assert f"no longer: number {number}, until 20" in result.out
    result = keeper.ok("wallet", "check", "--lang", "zh-CN", code=7)
    assert "已不在有效状态：已依职权注销" in result.out
    assert "有效 -> 已依职权注销" in result.out
    assert "不再：" in result.out
    for english in ("status", "tuples", "NO LONGER", "basis", "holder", "number"):
        assert english not in result.out


def test_a_frozen_and_pledged_voucher_is_said_to_be_that(keeper, number, founded):
    keeper.ok("party", "enroll", "Bank", "--no-passphrase")
    keeper.ok("pledge", number, "--right", "use", "--to", "Bank")
    (found,) = keeper.json("wallet", "check")["items"]
    assert (found["outcome"], found["in_force"]) == ("changed", True)
    assert {change["member"] for change in found["changes"]} == {"pledges"}
    assert "changed, valid" in keeper.ok("wallet", "check").out
    keeper.ok("order", "freeze", number, "--ground", "suspected breach")
    (found,) = keeper.json("wallet", "check", code=7)["items"]
    assert (found["status"]["now"], found["in_force"]) == ("frozen", False)


@pytest.mark.parametrize("flag", ["--fix", "--refresh"])
def test_newer_proofs_take_the_place_of_old_ones_if_asked(keeper, founded, flag):
    before = keeper.json("wallet", "list")["items"][0]
    revoke(keeper, founded)
    keeper.json("wallet", "check", code=7)
    assert keeper.json("wallet", "list")["items"] == [before], "only if asked"
    assert keeper.json("wallet", "check", flag, code=7)["items"][0]["replaced"] is True
    (after,) = keeper.json("wallet", "list")["items"]
    assert (after["id"], after["added"]) == (before["id"], before["added"])
    assert after["status"] == "revoked"
    assert after["as_of"] > before["as_of"]
    (found,) = keeper.json("wallet", "check", flag, code=7)["items"]
    assert (found["outcome"], found["replaced"]) == ("unchanged", False), "there is no newer one"


def test_people_are_told_how_many_were_replaced(keeper):
    keeper.ok("register", "table.csv")
    assert "1 proof(s) replaced" in keeper.ok("wallet", "check", "--fix").err
    keeper.ok("register", "table.csv")
    assert "替换 1 项" in keeper.ok("wallet", "check", "--fix", "--lang", "zh-CN").err


# check without a registry


def test_without_a_registry_newer_files_are_asked_for(holder):
    error = holder.refused("wallet", "check", *POLICY, code=2)
    assert error["code"] == "no_source"
    assert error["hint"].startswith("give newer files with --against FILE")
    assert "请用 --against" in holder.ok("wallet", "check", *POLICY, "--lang", "zh-CN", code=2).err


def test_a_newer_file_shows_what_changed(holder, founded, registry, number):
    argv = ("wallet", "check", *POLICY, "--against", newer(holder, number, registry))
    (found,) = holder.json(*argv)["items"]
    assert (found["outcome"], found["growth_checked"]) == ("unchanged", True)
    revoke(holder, founded, *registry)
    newer(holder, number, registry)
    (found,) = holder.json(*argv, code=7)["items"]
    assert (found["status"]["now"], found["in_force"]) == ("revoked", False)


def test_files_of_two_times_do_not_show_growth_and_replace_nothing(holder, registry, number):
    holder.ok(*registry, "register", "one.voucher.json")
    argv = ("wallet", "check", *POLICY, "--fix", "--against", newer(holder, number, registry))
    (found,) = holder.json(*argv, code=6)["items"]
    assert (found["outcome"], found["in_force"]) == ("unchanged", True)
    assert (found["growth_checked"], found["replaced"]) == (False, False)
    assert "unchanged, valid, growth not checked" in holder.ok(*argv, code=6).out
    assert "未检查增长" in holder.ok(*argv, "--lang", "zh-CN", code=6).out
    second = holder.json(*registry, "register", "trust.policy")["voucher"]
    argv = ("wallet", "check", *POLICY, "--against", newer(holder, second, registry, "x.json"))
    assert "growth" not in holder.ok(*argv, code=6).out, "not checked at all"


def test_what_no_file_shows_is_not_checked_and_exits_with_6(holder, registry, number):
    second = holder.json(*registry, "register", "one.voucher.json")["voucher"]
    argv = ("wallet", "check", *POLICY, "--against", newer(holder, second, registry))
    (found,) = holder.json(*argv, code=6)["items"]
    assert (found["outcome"], found["in_force"]) == ("unchecked", None)
    assert f"voucher/{number}" in found["missing"]
    assert "not checked" in holder.ok(*argv, code=6).out
    result = holder.ok(*argv, "--lang", "zh-CN", code=6)
    assert "未检查" in result.out
    assert "没有较新的证明" in result.out


def test_a_forged_newer_file_is_not_believed(holder, registry, number):
    path = Path(newer(holder, number, registry))
    path.write_text(path.read_text().replace("停车数据 2026", "停车数据 2027", 1))
    argv = ("wallet", "check", *POLICY, "--against", path)
    assert holder.refused(*argv, code=3)["code"] == "signature"
    other = Path("notes.json")
    other.write_text("{}")
    assert holder.refused("wallet", "check", *POLICY, "--against", other, code=4)["code"] == (
        "malformed"
    )


def test_another_registry_cannot_say_anything(holder, tmp_path):
    shutil.move(holder.home / "wallet", tmp_path / "wallet")
    holder.home.rmdir()
    holder.ok("init", "--solo", "--no-passphrase")
    shutil.move(tmp_path / "wallet", holder.home / "wallet")
    both = (holder.home / "trust.policy").read_bytes().split(b"\n")
    policy = Path("trust.policy").read_bytes().replace(b"quorum none\n", b"")
    Path("both.policy").write_bytes(policy + b"\n".join(both))
    (found,) = holder.json("wallet", "check", "--policy", "both.policy", code=6)["items"]
    assert found["outcome"] == "unchecked"
    (found,) = holder.json("wallet", "check", code=3)["items"]
    assert found["error"]["code"] == "signature"
    assert found["outcome"] == "failed"
    assert "NOT AUTHENTIC" in holder.ok("wallet", "check", code=3).out
    result = holder.ok("wallet", "check", "--lang", "zh-CN", code=3)
    assert "不真实" in result.out
    assert "而信任策略所信的是" in result.out


def test_a_wallet_that_was_tampered_with_says_so(keeper):
    (item,) = keeper.json("wallet", "list")["items"]
    path = keeper.home / "wallet" / f"{item['id']}.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document))
    for command in ("check", "export"):
        error = keeper.refused("wallet", command, code=3)
        assert error["code"] == "damaged"
        assert item["id"] in error["message"]
        assert error["hint"].startswith("restore it, or remove")
    chinese = keeper.ok("wallet", "check", "--lang", "zh-CN", code=3).err
    assert "不是当初收入的证明" in chinese
    (keeper.home / "wallet" / f"{item['id']}.item").write_text("{}")
    for command in ("list", "check", "export"):
        assert keeper.refused("wallet", command, code=3)["code"] == "damaged"
    assert "已损坏" in keeper.ok("wallet", "list", "--lang", "zh-CN", code=3).err


def test_a_tlog_proof_is_kept_as_a_receipt(keeper):
    keeper.ok("proof", "inclusion", "0", "--out", "zero.tlog-proof")
    error = keeper.refused("wallet", "add", "zero.tlog-proof", code=4)
    assert error["hint"].startswith("keep a receipt")
    assert (
        "请归集回执" in keeper.ok("wallet", "add", "zero.tlog-proof", "--lang", "zh-CN", code=4).err
    )
    keeper.ok("proof", "inclusion", "0", "--receipt", "--out", "zero.receipt.json")
    (item,) = keeper.json("wallet", "add", "zero.receipt.json")["items"]
    assert item["kind"] == "receipt"

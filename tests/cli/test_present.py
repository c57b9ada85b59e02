"""`muniment voucher present`: evidence packs, made here and verified by a stranger."""

import json
import shutil
import stat
from pathlib import Path
from typing import get_args

import pytest

from cli.words import show_word
from node.pack import read_pack
from node.statement import Purpose

PURPOSES = get_args(Purpose)


@pytest.fixture
def number(founded):
    return founded.number


def present(program, number, *argv, purpose="trading", **options):
    return program.ok("voucher", "present", number, "--purpose", purpose, *argv, **options)


def revoke(program, founded, registration=None):
    argv = ("--ground", "by-law", "--reasons", "by order")
    program.ok(
        "registration", "revoke", "--yes", registration or founded.registered["registration"], *argv
    )


def test_a_pack_is_written_under_number_and_purpose(solo, number):
    document = present(solo, number, "--json").json
    assert document.keys() == {"voucher", "purpose", "as_of", "status", "needs", "file"}
    assert document["file"] == f"{number}.trading.zip"
    assert (document["voucher"], document["status"]) == (number, "valid")
    needs = {need["need"]: need["met"] for need in document["needs"]}
    assert needs["in-force"] is True
    assert all(needs.values()), "all three rights were registered"
    assert "statement.json" in read_pack(Path(document["file"]).read_bytes()).files


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_stranger_verifies_it_with_nothing_but_his_policy(solo, founded, number, purpose):
    present(solo, number, purpose=purpose)
    shutil.copy(founded.policy, "trust.policy")
    shutil.rmtree(solo.home)
    name = f"{number}.{purpose}.zip"
    verdict = solo.json("verify", name, "--policy", "trust.policy")
    assert (verdict["verified"], verdict["kind"], verdict["subject"]) == (
        True, "pack", f"voucher/{number}",
    )  # fmt: skip
    result = solo.ok("verify", name, "--policy", "trust.policy", "--lang", "zh-CN")
    assert result.out.startswith(f"验证通过：{name}\n")
    from cli.lang import set_language

    set_language("zh-CN")
    assert result.row("用途") == show_word(purpose) != purpose
    for line in result.out.splitlines()[1:]:
        assert any("\u4e00" <= character <= "\u9fff" for character in line), line


def test_the_command_in_the_statement_works_as_it_stands(solo, founded, number):
    present(solo, number, "--opening")
    shutil.copy(founded.policy, "trust.policy")
    text = read_pack(Path(f"{number}.trading.zip").read_bytes()).files["statement.en.txt"].decode()
    command = next(line for line in text.splitlines() if line.startswith("    muniment "))
    words = command.replace(" FILE", " table.csv").split()[1:]
    assert solo.json(*words)["verified"] is True


def test_people_see_what_it_is_and_how_it_is_verified(solo, number):
    result = present(solo, number)
    assert result.row("file") == f"{number}.trading.zip"
    assert result.row("purpose") == "trading"
    assert result.row("notice").startswith("Demonstration")
    assert f"muniment verify {number}.trading.zip --policy trust.policy" in result.err
    result = present(solo, number, "--lang", "zh-CN", "--force")
    assert result.row("用途") == "数据流通交易"
    assert "--policy trust.policy" in result.err


def test_what_the_purpose_misses_is_warned_of(solo):
    held = solo.json("register", "table.csv", "--right", "hold")["voucher"]
    result = present(solo, held)
    assert (
        "warning: this purpose asks for what was not so on that date: the right to operate is in "
        "force\n"
    ) in result.err
    chinese = present(solo, held, "--lang", "zh-CN", "--force")
    assert "经营权处于有效状态" in chinese.err
    needs = present(solo, held, "--json", "--force").json["needs"]
    assert [need["need"] for need in needs if not need["met"]] == ["operate-right"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_what_is_met_is_not_warned_of(solo, number, purpose):
    assert "warning" not in present(solo, number, purpose=purpose).err


def test_with_the_opening_it_tells_the_registered_file_and_is_private(solo, number):
    result = present(solo, number, "--opening")
    path = Path(f"{number}.trading.zip")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "whoever has the pack can tell the registered file" in result.err
    assert solo.json("verify", path, "--data", "table.csv")["verified"] is True
    Path("other.csv").write_text("hour\n")
    assert solo.json("verify", path, "--data", "other.csv", code=3)["verified"] is False


def test_without_the_opening_it_does_not_tell(solo, founded, number):
    present(solo, number)
    path = Path(f"{number}.trading.zip")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    shutil.copy(founded.policy, "trust.policy")
    shutil.rmtree(solo.home)
    argv = ("verify", path, "--policy", "trust.policy", "--data", "table.csv")
    assert solo.refused(*argv, code=2)["code"] == "opening_required"


def test_a_date_before_it_began_is_refused_with_what_to_do(solo, number):
    argv = ("voucher", "present", number, "--purpose", "trading", "--as-of", "2020-01-01")
    error = solo.refused(*argv, code=4)
    assert error["code"] == "not_yet"
    assert "--as-of" in error["message"]
    assert "尚未生效" in solo.ok(*argv, "--lang", "zh-CN", code=4).err
    assert list(Path().glob("*.zip")) == []


def test_an_expired_voucher_is_presented_loudly(solo, number):
    result = present(solo, number, "--as-of", "2040-01-01")
    assert "was not in force (expired)" in result.err
    verdict = solo.json("verify", f"{number}.trading.zip", "--as-of", "2040-01-01", code=7)
    assert (verdict["authentic"], verdict["status"]) == (True, "expired")
    chinese = present(solo, number, "--as-of", "2040-01-01", "--lang", "zh-CN", "--force")
    assert "凭证不在有效状态（已过期）" in chinese.err


def test_a_date_that_lies_ahead_is_warned_of(solo, number):
    result = present(solo, number, "--as-of", "2029-01-01")
    assert "that date lies ahead" in result.err
    chinese = present(solo, number, "--as-of", "2029-01-01", "--lang", "zh-CN", "--force")
    assert "尚未到来" in chinese.err
    argv = ("verify", f"{number}.trading.zip", "--as-of", "2029-01-01")
    assert "date after as_of" in solo.json(*argv)["not_checked"]


def test_a_revoked_voucher_is_presented_loudly(solo, founded, number):
    revoke(solo, founded)
    assert "was not in force (revoked)" in present(solo, number).err
    statement = json.loads(
        read_pack(Path(f"{number}.trading.zip").read_bytes()).files["statement.json"]
    )
    assert (statement["status"], statement["rights"]) == ("revoked", [])
    assert solo.json("verify", f"{number}.trading.zip", code=7)["status"] == "revoked"


def test_before_it_was_revoked_it_was_in_force(solo, founded, number):
    before = solo.json("voucher", "show", number)["valid_from"]
    revoke(solo, founded)
    as_of = solo.json("verify", export(solo, number), code=7)["as_of"]
    assert before < as_of
    from contracts.clocks import format_instant

    date = format_instant(before)
    document = present(solo, number, "--as-of", date, "--json").json
    assert document["status"] == "valid"
    name = f"{number}.trading.zip"
    assert solo.json("verify", name, "--as-of", date)["verified"] is True
    assert solo.json("verify", name, code=7)["verified"] is False


def export(program, number):
    return program.json("voucher", "export", number, "--force")["file"]


def test_another_file_may_be_named_and_other_content_stays(solo, number):
    Path("letter.zip").write_bytes(b"a letter")
    argv = ("voucher", "present", number, "--purpose", "dispute", "--out", "letter.zip")
    assert solo.refused(*argv, code=2)["code"] == "exists"
    assert Path("letter.zip").read_bytes() == b"a letter"
    assert solo.json(*argv, "--force")["file"] == "letter.zip"
    assert not Path(f"{number}.dispute.zip").exists()


@pytest.mark.parametrize("purpose", ["", "fun", "Trading", "trading "])
def test_a_purpose_nobody_knows_is_wrong_use(solo, number, purpose):
    argv = ("voucher", "present", number, "--purpose", purpose)
    error = solo.refused(*argv, code=2)
    assert error["code"] == "purpose"
    assert error["hint"].startswith("choose one of trading, ")
    assert "请从 trading" in solo.ok(*argv, "--lang", "zh-CN", code=2).err


def test_a_voucher_that_is_not_there_makes_no_pack(solo):
    argv = ("voucher", "present", "TEST2026110009", "--purpose", "trading")
    assert solo.refused(*argv, code=5)["code"] == "not_found"


# what a forged pack looks like to people


def forge(path, **members):
    from node.pack import Pack, write_pack

    pack = read_pack(path.read_bytes())
    statement = json.loads(pack.files["statement.json"]) | members
    files = dict(pack.files) | {"statement.json": json.dumps(statement).encode()}
    path.write_bytes(write_pack(Pack(pack.form, files)))


def test_a_statement_that_lies_is_not_authentic_and_says_where(solo, number):
    present(solo, number)
    path = Path(f"{number}.trading.zip")
    forge(path, title="Gold")
    result = solo.ok("verify", path, code=3)
    assert result.out.startswith(f"NOT VERIFIED: {path}\nbecause ")
    assert result.row("FAILED") == (
        "statement: the statement says something else than the proofs: its title"
    )
    chinese = solo.ok("verify", path, "--lang", "zh-CN", code=3)
    assert chinese.row("未通过") == "陈述：陈述与证明不符：title"


def refill(path, **files):
    from node.pack import Pack, write_pack

    pack = read_pack(path.read_bytes())
    named = {name.replace("__", "."): content for name, content in files.items()}
    path.write_bytes(write_pack(Pack(pack.form, dict(pack.files) | named)))


def test_a_text_that_lies_is_not_authentic_in_two_languages(solo, number):
    present(solo, number)
    path = Path(f"{number}.trading.zip")
    refill(path, statement__en__txt=b"It is yours.")
    result = solo.ok("verify", path, code=3)
    assert result.row("FAILED").startswith("statement texts: statement.en.txt is not the text of")
    chinese = solo.ok("verify", path, "--lang", "zh-CN", code=3)
    assert chinese.row("未通过").startswith("陈述文本：statement.en.txt 不是 statement.json 的文本")


def test_a_json_file_of_no_known_format_is_malformed_and_a_page_is_named(solo, number):
    present(solo, number)
    path = Path(f"{number}.trading.zip")
    refill(path, readme__txt=b"It is yours.")
    result = solo.ok("verify", path)
    assert "explanatory text readme.txt: a file of the pack that proves nothing" in result.out
    chinese = solo.ok("verify", path, "--lang", "zh-CN")
    assert "说明文字 readme.txt：包内不具证明力的文件" in chinese.out
    refill(path, check__json=b'{"format": "x"}')
    assert solo.json("verify", path, code=4)["authentic"] is False


def test_a_broken_zip_is_malformed(solo, number):
    present(solo, number)
    path = Path(f"{number}.trading.zip")
    path.write_bytes(path.read_bytes()[:-1])
    verdict = solo.json("verify", path, code=4)
    assert (verdict["verified"], verdict["kind"]) == (False, "pack")
    assert "ZIP 不完整" in solo.ok("verify", path, "--lang", "zh-CN", code=4).out

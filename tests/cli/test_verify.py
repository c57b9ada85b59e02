"""`muniment verify`: verdicts, their shapes and exit codes, and what it asks for first."""

import json
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.words import DEMONSTRATION
from contracts.verdict import (
    FRESHNESS,
    KEY_OWNER,
    LATER_DATE,
    NATIONAL_SYSTEM,
    REEXECUTED,
    REGISTERED_FILE,
    RULES_FOLLOWED,
    SPLIT_VIEW,
)
from node.rulebundle import read_profile

MEMBERS = {
    "verified", "authentic", "kind", "subject", "status", "marks", "as_of", "valid_until", "log",
    "cosigned_by", "cosigned_at", "checks", "not_checked",
    "shown",
}  # fmt: skip
CHECKS = [
    "expected", "credential signature", "issued", "voucher state", "asset state", "belonging",
]  # fmt: skip


def verify(program, *argv, code=0):
    return program.json("verify", *argv, "--policy", "trust.policy", code=code)


def forge(path="one.voucher.json"):
    """Change one word of the credential."""
    text = Path(path).read_text()
    Path(path).write_text(text.replace("停车数据 2026", "停车数据 2027", 1))


# the verdict


def test_the_verdict_on_a_voucher_has_the_shape_of_the_design(stranger, founded):
    verdict = verify(stranger, "one.voucher.json")
    assert verdict.keys() == MEMBERS
    assert verdict["verified"] is verdict["authentic"] is True
    assert (verdict["kind"], verdict["status"]) == ("voucher", "valid")
    assert verdict["subject"] == f"voucher/{founded.number}"
    assert (verdict["marks"], verdict["cosigned_by"], verdict["cosigned_at"]) == ([], [], None)
    assert verdict["log"].keys() == {"origin", "size", "time"}
    assert verdict["log"]["size"] == 7
    assert verdict["as_of"] == verdict["log"]["time"] < time.time() * 1000
    assert verdict["valid_until"] > verdict["as_of"]
    assert [check["name"] for check in verdict["checks"]] == CHECKS
    assert all(check.keys() == {"name", "ok", "detail"} for check in verdict["checks"])
    assert all(check["ok"] for check in verdict["checks"])
    assert set(verdict["not_checked"]) == {
        NATIONAL_SYSTEM, KEY_OWNER, SPLIT_VIEW, REEXECUTED, RULES_FOLLOWED, FRESHNESS,
        REGISTERED_FILE,
    }  # fmt: skip


def test_people_read_the_verdict_first_and_then_why(stranger, founded):
    result = stranger.ok("verify", "one.voucher.json", "--policy", "trust.policy")
    headline, *rows = result.out.splitlines()
    assert headline == "VERIFIED: one.voucher.json"
    assert result.row("about") == f"voucher/{founded.number}"
    assert result.row("notice") == DEMONSTRATION[0]
    assert result.row("status") == "valid"
    assert result.row("as of").endswith(" +08:00 (the operator's claim)")
    assert "marks" not in result.rows, "an empty row is left out"
    assert sum(row.startswith("ok ") for row in rows) == len(CHECKS)
    assert sum(row.startswith("not checked ") for row in rows) == 7
    assert "ask with --max-age" in result.out
    assert result.err == ""


def test_in_chinese_everything_but_names_is_chinese(stranger, founded):
    result = stranger.ok(
        "verify", "one.voucher.json", "--policy", "trust.policy", "--lang", "zh-CN"
    )
    assert result.out.splitlines()[0] == "验证通过：one.voucher.json"
    assert result.row("提示") == DEMONSTRATION[1]
    assert result.row("状态") == "有效"
    for name in ("credential", "proved", "split view", "freshness", "ok ", "registered file"):
        assert name not in result.out
    for line in result.out.splitlines()[1:]:
        assert any("\u4e00" <= character <= "\u9fff" for character in line), line


def test_under_json_the_words_never_change_with_the_language(stranger):
    english = verify(stranger, "one.voucher.json")
    assert verify(stranger, "one.voucher.json", "--lang", "zh-CN") == english


def test_a_forged_voucher_is_not_authentic(stranger):
    forge()
    verdict = verify(stranger, "one.voucher.json", code=3)
    assert verdict.keys() == MEMBERS | {"error"}
    assert verdict["verified"] is verdict["authentic"] is False
    failed = [check["name"] for check in verdict["checks"] if not check["ok"]]
    assert failed == ["credential signature"]
    result = stranger.ok("verify", "one.voucher.json", "--policy", "trust.policy", code=3)
    assert result.out.startswith("NOT VERIFIED: one.voucher.json\nbecause ")
    assert result.row("FAILED").startswith("credential signature: ")
    result = stranger.ok(
        "verify", "one.voucher.json", "--policy", "trust.policy", "--lang", "zh-CN", code=3
    )
    assert result.out.startswith("验证未通过：one.voucher.json\n原因 ")
    assert "签名不成立" in result.row("原因")
    assert result.row("未通过").startswith("凭证签名：")


def test_another_ledgers_policy_verifies_nothing(stranger, tmp_path):
    stranger.ok("init", "--solo", "--no-passphrase")
    verdict = stranger.json("verify", "one.voucher.json", code=3)
    assert verdict["verified"] is False
    assert verdict["error"]["code"] == "signature"
    assert verdict["log"] == {"origin": None, "size": None, "time": None}
    chinese = stranger.ok("verify", "one.voucher.json", "--lang", "zh-CN", code=3)
    assert "而信任策略所信的是" in chinese.out


# what is asked for first


def test_without_a_policy_nothing_is_verified(stranger):
    error = stranger.refused("verify", "one.voucher.json", code=2)
    assert error["code"] == "policy_required"
    assert error["hint"].startswith("give --policy FILE")
    chinese = stranger.ok("verify", "one.voucher.json", "--lang", "zh-CN", code=2).err
    assert "请用 --policy 给出文件" in chinese


def test_the_home_s_policy_is_the_default(stranger):
    stranger.home.mkdir()
    shutil.move("trust.policy", stranger.home / "trust.policy")
    assert stranger.json("verify", "one.voucher.json")["verified"] is True


BAD_POLICIES = {
    "missing": (None, 5, "not_found"),
    "empty": (b"", 4, "malformed"),
    "no quorum": (b"log example.org+530d903b+x\n", 4, "malformed"),
    "not text": (b"\xff\xfe\n", 4, "malformed"),
    "endless": (b"# x\n" * 100_000, 4, "limit"),
}


@pytest.mark.parametrize("name", BAD_POLICIES)
def test_a_bad_policy_is_an_error_and_no_verdict(stranger, name):
    content, code, reason = BAD_POLICIES[name]
    Path("trust.policy").unlink()
    if content is not None:
        Path("trust.policy").write_bytes(content)
    error = stranger.refused("verify", "one.voucher.json", "--policy", "trust.policy", code=code)
    assert error["code"] == reason


def test_online_is_not_there_yet(stranger):
    argv = ("verify", "one.voucher.json", "--policy", "trust.policy", "--online")
    assert stranger.refused(*argv, code=2)["code"] == "usage"


def test_a_missing_file_is_not_found(stranger):
    argv = ("verify", "none.json", "--policy", "trust.policy")
    assert stranger.refused(*argv, code=5)["code"] == "not_found"


# dates


def test_a_proof_older_than_allowed_is_refused(stranger):
    verdict = verify(stranger, "one.voucher.json", "--max-age", "1d")
    assert FRESHNESS not in verdict["not_checked"]
    assert verdict["checks"][-1]["name"] == FRESHNESS
    time.sleep(1.1)
    assert verify(stranger, "one.voucher.json", "--max-age", "1s", code=3)["error"]["hint"] == (
        "ask for a newer one"
    )


@pytest.mark.parametrize("text", ["", "1", "1w", "0d", "-1d", "1.5h", "１d", "1d ", "10000000000d"])
def test_another_spelling_of_an_age_is_wrong_use(stranger, text):
    argv = ("verify", "one.voucher.json", "--policy", "trust.policy", f"--max-age={text}")
    assert stranger.refused(*argv, code=2)["code"] == "age"


def test_before_it_was_issued_a_voucher_is_not_yet_in_force(stranger):
    verdict = verify(stranger, "one.voucher.json", "--as-of", "2020-01-01", code=7)
    assert (verdict["authentic"], verdict["verified"]) == (True, False)
    assert verdict["status"] == "not-yet"
    result = stranger.ok(
        "verify", "one.voucher.json", "--policy", "trust.policy", "--as-of", "2020-01-01", code=7
    )
    assert result.out.startswith("AUTHENTIC, BUT NOT IN FORCE: one.voucher.json\n")
    assert result.row("status") == "not yet valid"


def test_after_its_end_a_voucher_has_expired(stranger):
    verdict = verify(stranger, "one.voucher.json", "--as-of", "2035-01-01", code=7)
    assert verdict["status"] == "expired"
    assert LATER_DATE in verdict["not_checked"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2099-12-31T23:59:59+08:00", 7),
        ("2099-12-31T15:59:59Z", 7),
        ("2099-12-31T15:59:59.5Z", 7),
        ("9999-12-31", 7),
        ("1970-01-02", 7),
        ("2099-12-31T15:59:59", 2),
        ("2099-13-01", 2),
        ("2026-02-29", 2),
        ("yesterday", 2),
        ("", 2),
        ("1969-12-30", 2),
        ("0001-01-01", 2),
        ("1795357431748", 2),
    ],
)
def test_dates_are_rfc_3339_or_days(stranger, text, code):
    argv = ("verify", "one.voucher.json", "--policy", "trust.policy", f"--as-of={text}")
    if code == 2:
        error = stranger.refused(*argv, code=2)
        assert error["code"] == "date"
        assert error["hint"].startswith("write 2026-11-22")
        assert "不是日期" in stranger.ok(*argv, "--lang", "zh-CN", code=2).err
    else:
        stranger.ok(*argv, code=code)


# is this the registered file?


@pytest.mark.parametrize("suspect", ["right", "wrong", "empty"])
def test_a_file_is_held_against_the_registered_one(stranger, suspect):
    content = {"right": b"hour,cars\n8,120\n9,97\n", "wrong": b"hour,cars\n8,121\n", "empty": b""}
    Path("suspect.csv").write_bytes(content[suspect])
    code = 0 if suspect == "right" else 3
    flags = ("--data", "suspect.csv", "--opening", "opening.json")
    verdict = verify(stranger, "one.voucher.json", *flags, code=code)
    check = verdict["checks"][-1]
    assert (check["name"], check["ok"]) == ("data", code == 0)
    assert verdict["verified"] is (code == 0)
    assert REGISTERED_FILE not in verdict["not_checked"]


def test_without_the_opening_it_cannot_be_told(stranger):
    Path("suspect.csv").write_text("x\n")
    argv = ("verify", "one.voucher.json", "--policy", "trust.policy", "--data", "suspect.csv")
    error = stranger.refused(*argv, code=2)
    assert error["code"] == "opening_required"
    assert error["hint"].startswith("give --opening FILE")
    assert "请用 --opening 给出" in stranger.ok(*argv, "--lang", "zh-CN", code=2).err


def test_the_registry_s_own_vault_has_the_opening(solo, founded):
    shutil.copy(founded.voucher, "one.voucher.json")
    assert solo.json("verify", "one.voucher.json", "--data", "table.csv")["verified"] is True
    Path("table.csv").write_text("other\n")
    assert solo.json("verify", "one.voucher.json", "--data", "table.csv", code=3)["error"]


def test_the_opening_of_another_asset_opens_nothing(solo, founded):
    other = solo.json("register", "table.csv")["voucher"]
    solo.ok("voucher", "export", other, "--opening", "other.json")
    shutil.copy(founded.voucher, "one.voucher.json")
    argv = ("verify", "one.voucher.json", "--data", "table.csv", "--opening", "other.json")
    assert "not of this asset" in solo.json(*argv, code=3)["error"]["message"]


def test_a_published_digest_needs_no_opening(solo, program):
    number = solo.json("register", "table.csv", "--publish-digest")["voucher"]
    solo.ok("voucher", "export", number)
    (solo.home / "vault.db").unlink()
    argv = ("verify", f"{number}.voucher.json", "--data")
    assert solo.json(*argv, "table.csv")["verified"] is True
    Path("table.csv").write_text("other\n")
    assert solo.json(*argv, "table.csv", code=3)["verified"] is False


def test_a_malformed_opening_is_malformed(stranger):
    Path("suspect.csv").write_text("x\n")
    Path("opening.json").write_text("{}")
    argv = ("verify", "one.voucher.json", "--policy", "trust.policy", "--data", "suspect.csv")
    assert stranger.refused(*argv, "--opening", "opening.json", code=4)["code"] == "malformed"
    assert stranger.refused(*argv, "--opening", "none.json", code=5)["code"] == "not_found"


def test_a_missing_suspect_is_not_found(stranger):
    argv = ("verify", "one.voucher.json", "--policy", "trust.policy", "--data", "none.csv")
    assert stranger.refused(*argv, code=5)["code"] == "not_found"


# several files


def several(program, *kinds):
    """One voucher file of each kind: good, old (by --as-of: not in force), forged, malformed."""
    names = []
    for kind in kinds:
        name = f"{kind}.voucher.json"
        shutil.copy("one.voucher.json", name)
        if kind == "forged":
            forge(name)
        if kind == "malformed":
            Path(name).write_text("{")
        names.append(name)
    return names


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        (("good", "fine"), 0),
        (("good", "forged"), 3),
        (("good", "malformed"), 4),
        (("forged", "malformed", "good"), 4),
        (("malformed", "forged"), 4),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else str(value),
)
def test_several_files_exit_with_the_worst(stranger, kinds, code):
    names = several(stranger, *kinds)
    whole = verify(stranger, *names, code=code)
    assert whole.keys() == {"verified", "results"}
    assert whole["verified"] is (code == 0)
    assert [each["file"] for each in whole["results"]] == names
    good = {"good", "fine"}
    assert [each["verified"] for each in whole["results"]] == [kind in good for kind in kinds]
    out = stranger.ok("verify", *names, "--policy", "trust.policy", code=code).out
    assert out.count(".voucher.json\n") == len(names)


@pytest.mark.parametrize(("kind", "code"), [("forged", 3), ("malformed", 4), ("fine", 7)])
def test_not_authentic_comes_before_not_in_force(stranger, kind, code):
    names = several(stranger, "good", kind)
    whole = verify(stranger, *names, "--as-of", "2020-01-01", code=code)
    assert whole["verified"] is False
    assert whole["results"][0]["status"] == "not-yet"


def test_not_in_force_comes_before_all_is_well(solo, founded):
    shutil.copy(founded.voucher, "one.voucher.json")
    solo.ok("proof", "inclusion", "5", "--receipt", "--out", "receipt.json")
    files = ("receipt.json", "one.voucher.json")
    assert solo.json("verify", *files)["verified"] is True
    whole = solo.json("verify", *files, "--as-of", "2020-01-01", code=7)
    assert [each["verified"] for each in whole["results"]] == [True, False]


def test_a_voucher_says_of_its_standing_what_its_profile_does(program):
    registrar = ("--registrar-name", "某交易所")
    program.ok("init", "--profile", "exchange", *registrar, "--no-passphrase")
    year = datetime.now(UTC).year
    for each in (year, year + 1):
        Path("c.json").write_text(json.dumps({"year": each, "off": [], "work": []}))
        program.ok("list", "publish", "calendar", each, "c.json")
    Path("t.csv").write_text("x\n")
    checked = ("--check-method", "licence seen", "--check-evidence", "t.csv")
    applicant = program.json("party", "enroll", "A", "--no-passphrase", *checked)["subject"]
    words = ("--as", applicant, "--title", "T", "--right", "hold", "--basis", "self-generated")
    filing = ("register", "t.csv", *words, "--class", "enterprise", "--level", "general-2")
    key = program.json(*filing)["registration"]
    program.ok("registration", "accept", key)
    program.ok("registration", "withhold", key, "--reason", "trade secret")
    findings = ("--accuracy", "a", "--compliance", "b", "--clarity", "c")
    number = program.json("registration", "record", key, *findings)["voucher"]
    assert number.startswith("TEST")
    program.ok("voucher", "export", number)
    result = program.ok("verify", f"{number}.voucher.json")
    notice = read_profile("exchange").notice
    assert result.row("notice") == notice.en
    assert DEMONSTRATION[0] not in result.out
    chinese = program.ok("verify", f"{number}.voucher.json", "--lang", "zh-CN")
    assert chinese.row("提示") == notice.zh


def test_where_the_ledger_is_parties_are_named_and_elsewhere_not(licensed, market, tmp_path):
    licensed.ok("voucher", "export", market.number)
    path, holder = f"{market.number}.voucher.json", market.parties["甲公司"]
    result = licensed.ok("verify", path)
    assert result.row("hold") == f"甲公司 ({holder})"
    assert result.row("names") == "from this home's ledger, not proved by the file"
    assert licensed.ok("verify", path, "--lang", "zh-CN").row("名称来源").startswith("取自本目录")
    policy = licensed.home / "trust.policy"
    elsewhere = licensed.ok("--home", tmp_path / "none", "verify", path, "--policy", policy)
    assert elsewhere.row("hold") == holder
    assert "names" not in elsewhere.rows
    (licensed.home / "ledger.db").write_bytes(b"no ledger")
    assert licensed.ok("verify", path).row("hold") == holder


def test_the_names_of_another_ledger_are_not_shown(licensed, market, founded):
    result = licensed.ok("verify", founded.voucher, "--policy", founded.policy)
    assert "names" not in result.rows

"""`muniment vault`: erasing what only the vault has, and holding it against the ledger."""

import json
from contextlib import closing
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest

from ledger.errors import StoreFailedError
from node.registry import Registry
from tests.support.tables import make_sales, write_csv

WHY = ("--reason", "request of the person", "--yes")


@pytest.fixture
def filing(founded):
    """The registration of the solo registry's voucher."""
    return founded.registered["registration"]


def test_an_erasure_says_what_went_and_what_it_cannot_reach(solo, filing):
    result = solo.ok("vault", "erase", filing, *WHY)
    assert result.row("about") == filing
    assert "applicants" in result.row("erased")
    assert "warning: backups made before still hold it" in result.err
    assert "the ledger shows these for good, since they were published: " in result.err
    assert "title" in result.err
    assert "20 years" not in result.err, "an owner is no registrar"
    again = solo.ok("vault", "erase", filing, *WHY)
    assert again.out == "All of it was gone already; the vault's file was cleaned once more.\n"


def test_an_erasure_is_told_in_chinese(solo, filing):
    result = solo.ok("vault", "erase", filing, *WHY, "--lang", "zh-CN")
    assert result.row("主题") == filing
    assert "此前的备份仍含有该内容" in result.err


def test_programs_read_what_was_erased(solo, filing):
    document = solo.json("vault", "erase", filing, "--field", "applicants", *WHY)
    assert document == {
        "subject": filing, "erased": ["applicants"], "records": 2, "published": []
    }  # fmt: skip


def test_the_voucher_verifies_after_an_erasure_and_the_audit_is_clean(solo, founded, filing):
    solo.ok("vault", "erase", filing, *WHY)
    solo.ok("voucher", "export", founded.number, "--out", "v.voucher.json")
    solo.ok("verify", "v.voucher.json")
    solo.ok("audit")


def test_nothing_is_erased_by_a_slip(solo, filing):
    error = solo.refused("vault", "erase", filing, *WHY[:2], code=2)
    assert (error["code"], error["hint"]) == ("not_confirmed", "say --yes if it is meant")
    assert solo.json("vault", "check")["erased"] == []


def test_a_member_that_the_form_lacks_is_not_found(solo, filing):
    argv = ("vault", "erase", filing, "--field", "contact", *WHY)
    assert solo.refused(*argv, code=5)["message"] == f"{filing} commits to no contact"
    assert "没有对 contact 作出承诺" in solo.ok(*argv, "--lang", "zh-CN", code=5).err


def test_an_organisations_name_is_public(solo, founded):
    party = solo.json("party", "list")["items"][0]["party"]
    error = solo.refused("vault", "erase", party, *WHY, code=4)
    assert error["code"] == "public_name"


def test_a_registrar_is_reminded_of_its_duty_to_keep_files(national_program, applicant):
    from tests.cli.test_registration import file  # the national registry's own words

    filed = file(national_program, applicant)["registration"]
    error = national_program.refused("vault", "erase", filed, *WHY, code=4)
    assert error["code"] == "still_open"
    assert "have it withdrawn" in error["message"]
    national_program.ok("registration", "withdraw", filed)
    result = national_program.ok("vault", "erase", filed, *WHY)
    assert "Article 10 asks a registrar to keep the files of registrations for 20 years" in (
        result.err
    )
    assert "published" not in result.err


def test_a_natural_persons_name_is_erased(solo):
    person = ("party", "enroll", "张三", "--kind", "natural", "--no-passphrase")
    party = solo.json(*person)["subject"]
    assert solo.json("vault", "erase", party, *WHY)["erased"] == ["name"]
    document = solo.json("vault", "check")
    assert document["erased"] == [{"subject": party, "field": "name"}]


def test_a_whole_vault(solo):
    document = solo.json("vault", "check")
    assert document == {
        "whole": True, "commitments": 20, "opened": 20, "missing": [], "wrong": [], "erased": [],
        "extra": [], "unnamed": [], "unprinted": [],
    }  # fmt: skip
    result = solo.ok("vault", "check")
    assert result.out.startswith("WHOLE: ")
    assert result.row("opened") == "20"
    assert solo.ok("vault", "check", "--lang", "zh-CN").out.startswith("完整：")


def test_a_fingerprint_that_is_gone_is_named_with_its_remedy(solo):
    write_csv(Path("sales.csv"), make_sales(50))
    made = solo.json("register", "sales.csv", "--title", "销售明细", "--right", "hold")
    assert solo.json("vault", "check")["unprinted"] == []
    with closing(sqlite.connect(str(solo.home / "vault.db"))) as db:
        db.execute("DELETE FROM record WHERE kind = 'fingerprint'")
        db.commit()
    lost = solo.ok("--json", "vault", "check", code=3).json
    assert {"subject": made["asset"], "field": "content.0"} in lost["unprinted"]
    shown = solo.ok("vault", "check", code=3)
    assert shown.out.startswith("NOT WHOLE: restore the vault from a backup\n")
    assert f"{made['asset']} content.0" in shown.out
    assert "--original FILE" in shown.err
    chinese = solo.ok("vault", "check", "--lang", "zh-CN", code=3)
    assert "指纹缺失" in chinese.out
    assert "如备份中亦无" in chinese.err


def test_a_vault_that_lost_its_openings_is_not_whole(solo, filing):
    (solo.home / "vault.db").unlink()
    result = solo.ok("--json", "vault", "check", code=3)
    assert result.json["whole"] is False
    assert {"subject": filing, "field": "applicants"} in result.json["missing"]
    shown = solo.ok("vault", "check", code=3)
    assert shown.out.startswith("NOT WHOLE: restore the vault from a backup\n")
    assert f"missing                   {filing} applicants" in shown.out
    assert solo.ok("vault", "check", "--lang", "zh-CN", code=3).out.startswith("不完整：")


def test_what_was_erased_comes_back_with_an_older_backup_and_that_is_said(solo, filing):
    assert "erased from the vault later stays in the backup" in solo.ok("backup", "--help").out
    solo.ok("backup", "backup")
    solo.ok("vault", "erase", filing, *WHY)
    kept = solo.ok("restore", "backup", "--no-other-copy").err
    assert "erase it again" not in kept, "the vault in place stayed"
    assert solo.json("vault", "check")["opened"] == 0
    (solo.home / "vault.db").unlink()
    assert "the vault is the backup's: what was erased since it was made is back" in (
        solo.ok("restore", "backup", "--no-other-copy").err
    )
    assert solo.json("vault", "check")["opened"] == 20


def test_what_a_refused_filing_hid_is_kept_by_nobody(solo):
    Path("new.csv").write_text("new\n")
    solo.refused("register", "new.csv", "--basis", "contract", "--title", "甲", code=4)
    assert solo.json("vault", "check")["extra"] == []
    with closing(sqlite.connect(str(solo.home / "vault.db"))) as database:
        kinds = [kind for (kind,) in database.execute("SELECT kind FROM record")]
    assert (kinds.count("form"), kinds.count("content"), kinds.count("opening")) == (1, 1, 20)


def count_records(solo):
    with closing(sqlite.connect(str(solo.home / "vault.db"))) as database:
        return dict(database.execute("SELECT kind, count(*) FROM record GROUP BY kind"))


def test_what_a_refused_row_of_a_batch_hid_is_kept_by_nobody(solo):
    party = solo.json("party", "enroll", "乙公司", "--no-passphrase")["subject"]
    solo.ok("party", "suspend", party, "--ground", "ground.pdf")
    before = count_records(solo)
    Path("0.csv").write_text("0\n")
    Path("batch.csv").write_text("file,data.title,ref\n0.csv,停车数据 2026,r1\n")
    document = solo.json("register", "--batch", "batch.csv", "--as", party, code=4)
    assert document["refused"] == 1
    assert count_records(solo) == before


def test_what_a_filing_that_died_left_behind_is_erased_as_extra(solo, monkeypatch):
    before = count_records(solo)
    Path("0.csv").write_text("0\n")
    Path("batch.csv").write_text("file,data.title,ref\n0.csv,停车数据 2026,r1\n")

    def die(*_):
        raise StoreFailedError("no space")

    with monkeypatch.context() as full:
        full.setattr(Registry, "submit_each", die)
        solo.refused("register", "--batch", "batch.csv", code=6)
    left = count_records(solo)
    assert [left[kind] - before.get(kind, 0) for kind in ("opening", "form", "content", "ref")] == [
        20, 1, 1, 1,
    ]  # fmt: skip
    assert len(solo.json("vault", "check")["extra"]) == 20
    said = solo.ok("vault", "check").err
    assert "muniment vault erase --extra" in said
    assert solo.json("vault", "erase", "--extra", *WHY) == {"extra": True, "records": 26}
    assert count_records(solo) == {**before, "erased": 1}
    assert solo.json("vault", "check")["opened"] == 20
    assert solo.json("vault", "erase", "--extra", *WHY)["records"] == 0


@pytest.mark.parametrize(
    "argv", [(), ("--extra", "--field", "prior"), ("--extra", "registration/a")]
)
def test_what_is_to_be_erased_has_to_be_clear(solo, argv):
    assert solo.refused("vault", "erase", *argv, *WHY, code=2)["code"] == "subject_required"


def test_after_an_erasure_no_guess_at_a_row_is_confirmed(solo):
    Path("0.csv").write_text("0\n")
    Path("1.csv").write_text("1\n")
    Path("batch.csv").write_text("file,data.title\n0.csv,停车数据 2026\n1.csv,停车数据 2027\n")
    solo.ok("register", "--batch", "batch.csv")
    lines = Path("batch.csv.results.jsonl").read_text().splitlines()
    erased = json.loads(lines[0])["registration"]
    assert solo.json("vault", "erase", erased, *WHY)["records"] == 25
    document = solo.json("register", "--batch", "batch.csv")
    assert (document["filed"], document["done"]) == (1, 1), "the erased row is unknown again"

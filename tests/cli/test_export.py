"""`muniment export national|dcat|vc|prov`, and what `registration record` makes of the first."""

import json
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from contracts.credential import parse_credential, verify_credential
from ledger.core.canonical import encode_canonical
from tests.cli.test_registration import FINDINGS, file, now


@pytest.fixture
def accepted(national_program, applicant):
    registration = file(national_program, applicant)["registration"]
    national_program.ok("registration", "accept", registration)
    return registration


@pytest.fixture
def withheld(national_program, accepted):
    national_program.ok("registration", "withhold", accepted, "--reason", "trade secret")
    return accepted


def evidence(*words):
    """Words for evidence stored since the last event; the clock is the machine's."""
    import time

    time.sleep(1.1)
    named = ("--national-system", "national", "--national-record", "R-1", "--national-time", now())
    return (*FINDINGS, *named, *words)


# export national


def test_the_notice_is_exported_once_it_is_accepted(national_program, applicant):
    registration = file(national_program, applicant)["registration"]
    error = national_program.refused("export", "national", registration, code=4)
    assert (error["code"], error["rule"]) == ("not_accepted", "Art. 24")
    argv = ("export", "national", registration, "--lang", "zh-CN")
    assert "现为“已申请，待受理”" in national_program.ok(*argv, code=4).err
    national_program.ok("registration", "accept", registration)
    document = national_program.json("export", "national", registration)
    assert document.keys() == {"format", "digest", "document"}
    assert document["format"] == "muniment/national/v1"
    assert document["document"]["part"] == "notice"
    assert document["document"]["fields"]["title"] == "航班数据"
    assert document["digest"] == sha256(encode_canonical(document["document"])).hexdigest()


def test_the_evidence_is_stored_and_then_recorded_by_its_file(national_program, withheld):
    written = national_program.json("export", "national", withheld, "--out", "e.json")
    assert written.keys() == {"subject", "part", "digest", "file"}
    assert written["part"] == "evidence"
    argv = ("registration", "record", withheld, *evidence("--national-file", "e.json"))
    number = national_program.json(*argv)["voucher"]
    state = national_program.json("registration", "show", withheld)["value"]["state"]
    assert state["national"]["digest"] == written["digest"]
    for text in (number, withheld):
        again = national_program.json("export", "national", text)
        assert again["digest"] == written["digest"]


def test_a_file_that_is_not_the_evidence_is_refused(national_program, withheld):
    national_program.ok("export", "national", withheld, "--out", "e.json")
    document = json.loads(Path("e.json").read_text())
    document["document"]["type"] = "transfer"
    document["digest"] = sha256(encode_canonical(document["document"])).hexdigest()
    Path("f.json").write_text(json.dumps(document))
    argv = ("registration", "record", withheld, *evidence("--national-file", "f.json"))
    error = national_program.refused(*argv, code=4)
    assert (error["code"], error["rule"]) == ("national_file", "Art. 26")
    chinese = national_program.ok(*argv, "--lang", "zh-CN", code=4).err
    assert "重新导出" in chinese
    both = (*argv[:-2], "--national-file", "e.json", "--national-digest", "ab" * 32)
    assert national_program.refused(*both, code=2)["code"] == "usage"


def test_a_file_with_proofs_verifies_and_one_without_says_what_is_missing(
    national_program, withheld
):
    national_program.ok("export", "national", withheld, "--with-proofs", "--out", "p.json")
    verdict = national_program.json("verify", "p.json")
    assert (verdict["kind"], verdict["verified"]) == ("national", True)
    assert "national system" in verdict["not_checked"]
    assert "result not yet recorded" in verdict["not_checked"]
    chinese = national_program.ok("verify", "p.json", "--lang", "zh-CN").out
    assert "报送内容" in chinese
    assert "尚未登记的结果：登记结果为登记机构自述" in chinese
    national_program.ok("export", "national", withheld, "--out", "n.json")
    bare = national_program.json("verify", "n.json", code=4)
    assert "--with-proofs" in bare["error"]["message"]
    assert "未附证明" in national_program.ok("verify", "n.json", "--lang", "zh-CN", code=4).out


def test_fingerprints_are_written_for_their_reader_alone(national_program, withheld):
    national_program.ok("export", "national", withheld, "--with-fingerprints", "--out", "d.json")
    assert stat.S_IMODE(Path("d.json").stat().st_mode) == 0o600
    opening = json.loads(Path("d.json").read_text())["document"]["evidence"]["deposit"]["openings"]
    assert opening[0]["value"]["digest"] == sha256(b"x\n").hexdigest()
    national_program.ok("export", "national", withheld, "--out", "n.json")
    assert '"salt"' not in Path("n.json").read_text()


def test_people_see_which_part_was_written(national_program, withheld):
    result = national_program.ok("export", "national", withheld, "--out", "e.json")
    assert result.row("part") == "evidence (Art. 26)"
    argv = ("export", "national", withheld, "--out", "e.json", "--lang", "zh-CN")
    assert national_program.ok(*argv).row("内容") == "存证信息（第二十六条）"
    error = national_program.refused("export", "national", withheld, "--part", "notice", code=4)
    assert error["code"] == "no_notice"


def test_an_unknown_part_or_registration_is_wrong(national_program, withheld):
    error = national_program.refused("export", "national", withheld, "--part", "all", code=2)
    assert error["code"] == "option_value"
    assert national_program.refused("export", "national", "0000", code=5)["code"] == "not_found"


@pytest.mark.parametrize("completion", ["national", "ledger"])
def test_a_verifier_says_that_the_national_system_was_not_asked(
    national_program, solo_voucher, withheld, completion
):
    """What prevails (Art. 27) is not on the ledger: it is named wherever a voucher is verified."""
    program, path = national_program, solo_voucher
    if completion == "national":
        argv = ("registration", "record", withheld, *evidence("--national-digest", "ab" * 32))
        number = program.json(*argv)["voucher"]
        path = program.json("voucher", "export", number)["file"]
        policy = program.home / "trust.policy"
    else:
        policy = path.with_name("trust.policy")
    verdict = program.json("verify", path, "--policy", policy)
    assert verdict["verified"]
    assert "national system" in verdict["not_checked"]


@pytest.fixture
def solo_voucher(founded, tmp_path):
    path = tmp_path / "solo" / "one.voucher.json"
    path.parent.mkdir()
    path.write_bytes(founded.voucher.read_bytes())
    path.with_name("trust.policy").write_bytes(founded.policy.read_bytes())
    return path


def test_where_the_ledger_completes_a_registration_it_can_be_exported_too(solo, founded):
    solo.ok("export", "national", founded.number, "--with-proofs", "--out", "e.json")
    verdict = solo.json("verify", "e.json")
    assert verdict["checks"][-1] == {
        "name": "recorded result", "ok": True, "detail": "registers this result",
    }  # fmt: skip


def test_later_types_are_exported_with_what_they_lead_to(licensed, market):
    argv = ("--to", "丙公司", "--right", "operate")
    moved = licensed.json("transfer", market.number, *argv)
    licensed.ok("export", "national", moved["voucher"], "--with-proofs", "--out", "t.json")
    document = json.loads(Path("t.json").read_text())["document"]
    assert (document["type"], document["voucher"]) == ("transfer", market.number)
    holders = {
        right["right"]: right["holder"] for right in document["evidence"]["result"]["rights"]
    }
    assert holders["operate"] == market.parties["丙公司"]
    assert holders["hold"] == market.parties["甲公司"]
    assert licensed.json("verify", "t.json")["verified"]


@pytest.mark.parametrize("of_type", ["change", "cancel"])
def test_what_is_expected_of_a_later_type_is_what_is_recorded(national_program, withheld, of_type):
    program = national_program
    number = program.json(
        "registration", "record", withheld, *evidence("--national-digest", "ab" * 32)
    )
    words = {"change": ("--set", "industry=G"), "cancel": ("--reason", "the data was destroyed")}
    filing = ("registration", of_type, number["voucher"], "--title", "航班数据", *words[of_type])
    registration = program.json(*filing)["subject"]
    program.ok("registration", "accept", registration)
    if of_type == "change":
        program.ok("registration", "withhold", registration, "--reason", "trade secret")
    before = program.json("export", "national", registration, "--out", "e.json")
    assert before["part"] == "evidence"
    program.ok("registration", "record", registration, *evidence("--national-file", "e.json"))
    assert program.json("export", "national", registration)["digest"] == before["digest"]


def test_a_change_and_a_cancellation_are_exported_with_what_is_left(solo, founded):
    changed = solo.json("registration", "change", founded.number, "--set", "summary=Anew")
    argv = ("registration", "cancel", changed["voucher"], "--reason", "the data was destroyed")
    solo.ok(*argv)
    listed = {each["status"] for each in solo.json("registration", "list")["items"]}
    assert listed == {"recorded"}
    results = {}
    for each in solo.json("registration", "list")["items"]:
        solo.ok(
            "export",
            "national",
            each["registration"],
            "--with-proofs",
            "--out",
            "x.json",
            "--force",
        )
        assert solo.json("verify", "x.json")["verified"]
        document = json.loads(Path("x.json").read_text())["document"]
        results[document["type"]] = document["evidence"]["result"]
    assert results.keys() == {"initial", "change", "cancellation"}
    assert results["change"] == results["initial"]
    assert results["cancellation"]["rights"] == []
    assert results["cancellation"]["level"] is None


# export dcat


def test_the_catalogue_is_written_and_verifies(solo, founded):
    written = solo.json("export", "dcat", "--out", "c.jsonld")
    assert written.keys() == {"datasets", "root", "digest", "file"}
    assert written["datasets"] == 1
    assert written["digest"] == sha256(Path("c.jsonld").read_bytes()).hexdigest()
    verdict = solo.json("verify", "c.jsonld", "--kind", "catalogue")
    assert verdict["verified"]
    chinese = solo.ok("verify", "c.jsonld", "--lang", "zh-CN").out
    assert "1 个数据条目，与证明一致" in chinese
    assert "目录是否列全" in chinese
    assert "演示凭证" in Path("c.jsonld").read_text()


def test_a_catalogue_goes_to_stdout_and_without_proofs_says_so(solo):
    document = solo.json("export", "dcat", "--without-proofs")
    assert (document["@type"], document["count"]) == ("dcat:Catalog", 1)
    assert "states" not in document
    assert json.loads(solo.ok("export", "dcat", "--without-proofs").out) == document
    Path("c.jsonld").write_text(json.dumps(document))
    verdict = solo.json("verify", "c.jsonld", code=4)
    assert "without --without-proofs" in verdict["error"]["message"]
    assert "目录未附证明" in solo.ok("verify", "c.jsonld", "--lang", "zh-CN", code=4).out


def test_people_see_how_many_datasets_were_written(solo):
    result = solo.ok("export", "dcat", "--out", "c.jsonld", "--lang", "zh-CN")
    assert result.row("数据个数") == "1"
    assert solo.json("export", "dcat", "--limit", 1, "--after", f"asset/{26 * 'z'}")["count"] == 0


# export vc and prov


def test_the_bare_credential_is_signed_by_its_issuer(solo, founded):
    written = solo.json("export", "vc", founded.number[:6], "--out", "vc.json")
    assert written == {"voucher": founded.number, "file": "vc.json"}
    credential = parse_credential(json.loads(Path("vc.json").read_text()))
    verify_credential(credential)
    assert solo.json("export", "vc", founded.number) == credential.document
    assert solo.refused("export", "vc", "SJ3212026110001", code=5)["code"] == "not_found"


def test_a_chain_of_title_is_exported_as_prov(licensed, market):
    document = licensed.json("export", "prov", market.number)
    assert {"entity", "activity", "agent"} <= document.keys()
    assert (
        licensed.json("export", "prov", market.number, "--out", "p.json")["subject"] == market.asset
    )
    assert json.loads(Path("p.json").read_text()).keys() == document.keys()


def test_other_content_is_not_overwritten(solo, founded):
    Path("x.json").write_text("mine")
    for argv in (("dcat",), ("vc", "TEST"), ("national", founded.registered["registration"])):
        error = solo.refused("export", *argv, "--out", "x.json", code=2)
        assert error["code"] == "exists"
    assert Path("x.json").read_text() == "mine"
    solo.ok("export", "dcat", "--out", "x.json", "--force")

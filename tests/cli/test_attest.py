"""`muniment attest ...`: who attests what, and a record that rests on a downgrade."""

import time
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.test_grant import both
from tests.cli.test_registration import FINDINGS, evidence, file


@pytest.fixture
def assessed(licensed):
    """The market, where 丁公司 is an admitted assessor and certifier."""
    for role in ("assessor", "certifier"):
        licensed.ok("party", "admit", "丁公司", "--role", role)
    Path("report.pdf").write_bytes(b"report")
    return licensed


def make(program, asset, kind, *more, party="丁公司"):
    argv = ("attest", "make", asset, "--type", kind, "--document", "report.pdf")
    return program.json(*argv, "--as", party, *more)


def test_an_attestation_is_written_with_the_digest_of_its_document(assessed, market):
    more = ("--statement", "complete", "--valid-until", "2099-12-31")
    document = make(assessed, market.number, "quality", *more)
    assert document.keys() == {"event", "index", "subject"}
    assert document["subject"].startswith("attestation/")
    event = assessed.json("log", "show", document["index"])["leaf"]["event"]
    assert (event["kind"], event["actor"]) == ("attest.make", market.parties["丁公司"])
    assert event["body"] == {
        "asset": market.asset,
        "document": sha256(b"report").hexdigest(),
        "statement": "complete",
        "type": "quality",
        "valid_until": 4_102_416_000_000,
        "voucher": market.number,
    }


def test_what_was_attested_is_listed_and_withdrawn(assessed, market):
    key = make(assessed, market.asset, "downgrade", "--level", "general-2")["subject"]
    other = make(assessed, market.asset, "quality")["subject"]
    for argv in (("attest", "list"), ("attest", "list", market.number)):
        listed = assessed.json(*argv)
        assert {one["attestation"] for one in listed["items"]} == {key, other}
        assert listed["next"] is None
    (shown,) = [one for one in listed["items"] if one["attestation"] == key]
    assert shown == {
        "attestation": key,
        "type": "downgrade",
        "status": "in-force",
        "asset": market.asset,
        "issuer": market.parties["丁公司"],
        "document": sha256(b"report").hexdigest(),
        "level": "general-2",
        "statement": None,
        "valid_until": None,
    }
    beginning = key.partition("/")[2][:8]
    document = assessed.json("attest", "withdraw", beginning, "--ground", "an error")
    assert document["subject"] == key
    listed = assessed.json("attest", "list", market.asset)["items"]
    assert {one["attestation"]: one["status"] for one in listed} == {
        key: "withdrawn",
        other: "in-force",
    }
    argv = ("attest", "withdraw", key, "--ground", "an error")
    assert assessed.refused(*argv, code=4)["code"] == "already_withdrawn"
    english, chinese = both(assessed, *argv)
    assert "withdrawn before" in english
    assert "此前已撤回" in chinese


def test_people_see_words_of_their_language(assessed, market):
    make(assessed, market.asset, "downgrade", "--level", "general-2")
    assert "\tdowngrade\tin force\t" in assessed.ok("attest", "list").out
    chinese = assessed.ok("attest", "list", "--lang", "zh-CN").out
    assert "\t降级评估\t生效中\t" in chinese


def test_who_is_not_admitted_attests_nothing(assessed, market):
    argv = ("attest", "make", market.asset, "--document", "report.pdf", "--as", "丙公司")
    error = assessed.refused(*argv, "--type", "quality", code=4)
    assert (error["code"], error["rule"]) == ("wrong_role", "domain 4")
    assert "certifier" in error["message"]
    english, chinese = both(assessed, *argv, "--type", "valuation")
    assert "valuer" in english
    assert "valuer" in chinese
    assert "证明须由获准" in chinese


@pytest.mark.parametrize(
    ("wrong", "code", "says"),
    [
        (("--type", "opinion"), 2, "--type"),
        (("--type", "downgrade", "--level", "low"), 2, "--level"),
        (("--type", "downgrade"), 4, "lowest level"),
        (("--type", "quality", "--level", "general-1"), 4, "level"),
        (("--type", "quality", "--valid-until", "2020-01-01"), 4, "still to come"),
        (("--type", "quality", "--valid-until", "soon"), 2, "date"),
    ],
    ids=["type", "level", "none", "too much", "over", "date"],
)
def test_what_cannot_be_attested_is_refused(assessed, market, wrong, code, says):
    argv = ("attest", "make", market.asset, "--document", "report.pdf", "--as", "丁公司")
    assert says in assessed.refused(*argv, *wrong, code=code)["message"]


def test_what_is_not_there_is_neither_attested_nor_withdrawn(assessed, market):
    argv = ("attest", "make", market.asset, "--type", "quality", "--as", "丁公司")
    error = assessed.refused(*argv, "--document", "none.pdf", code=5)
    assert error["code"] == "not_found"
    argv = ("attest", "withdraw", "0000", "--ground", "x")
    assert (
        assessed.refused(*argv, code=5)["message"]
        == "there is no attestation 0000: look for it with 'muniment search TEXT'"
    )
    assert "没有证明 0000" in assessed.ok(*argv, "--lang", "zh-CN", code=5).err


def test_a_record_names_the_downgrade_and_the_level(national_program, applicant):
    program = national_program
    checked = ("--check-method", "seen", "--check-evidence", "t.csv")
    filed = file(program, applicant)
    program.ok("party", "enroll", "Assessor", "--no-passphrase", *checked)
    program.ok("party", "admit", "Assessor", "--role", "assessor")
    key = filed["registration"]
    program.ok("registration", "accept", key)
    program.ok("registration", "withhold", key, "--reason", "trade secret")
    Path("report.pdf").write_bytes(b"report")
    level = ("--level", "general-2")
    made = make(program, filed["asset"], "downgrade", *level, party="Assessor")["subject"]
    low = ("--level", "general-1", "--downgrade", made)
    time.sleep(1.1)  # the evidence is of a second that has begun after the last event
    argv = ("registration", "record", key, *FINDINGS, *evidence())
    assert program.refused(*argv, *low, code=4)["code"] == "downgrade_level"
    program.ok(*argv, "--level", "general-3", "--downgrade", made)
    data = program.json("query", "asset", filed["asset"])["value"]["state"]["classification"]
    assert (data["level"], data["downgrade"]) == ("general-3", made)

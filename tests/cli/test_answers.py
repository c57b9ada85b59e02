"""`muniment query holders|holder|grants|below|absent` with proofs and certificates."""

import json
from pathlib import Path

import pytest

from ledger.core import limits
from node import answers
from tests.cli.test_check import instant
from tests.cli.test_grant import both, hand_on, issue

LATER = "2029-01-01"
MEMBERS = {
    "holders": {"voucher", "rights", "freezes", "pledges"},
    "holder": {"assets"},
    "grants": {"grants"},
    "below": {"grants"},
}
COMMON = {"subject", "at", "status", "log"}


def subject_of(market, topic):
    """What a topic is asked about, as people call it."""
    return {
        "holders": market.number,
        "holder": "甲公司",
        "grants": "停车",
        "below": market.grant[6:14],
    }[topic]


@pytest.fixture
def resold(licensed, market):
    """The grant below that of 乙公司."""
    key = hand_on(licensed, market)["subject"]
    licensed.ok("grant", "accept", key)
    return key


# the answers


def test_who_holds_which_right(licensed, market):
    document = licensed.json("query", "holders", market.number)
    assert document.keys() == COMMON | MEMBERS["holders"]
    assert (document["subject"], document["status"]) == (market.asset, "answered")
    assert document["voucher"] == market.number
    assert [(each["right"], each["holder"]) for each in document["rights"]] == [
        (right, market.parties["甲公司"]) for right in ("hold", "use", "operate")
    ]


def test_who_held_it_on_a_date(licensed, market):
    moved = licensed.json("transfer", market.number, "--right", "operate", "--to", "丁公司")
    state = licensed.json("query", "asset", market.asset)["value"]["state"]
    start = state["vouchers"][-1]["from"]

    def operator(time):
        document = licensed.json("query", "holders", market.asset, "--at", instant(time))
        rights = {each["right"]: each["holder"] for each in document["rights"]}
        return document["voucher"], rights.get("operate")

    assert operator(start) == (moved["voucher"], market.parties["丁公司"])
    assert operator(start - 1) == (market.number, market.parties["甲公司"])
    early = licensed.json("query", "holders", market.asset, "--at", "2020-01-01")
    assert (early["status"], early["voucher"], early["rights"]) == ("answered", None, [])


def test_what_a_party_holds(licensed, market):
    (asset,) = licensed.json("query", "holder", "甲公司")["assets"]
    assert (asset["asset"], len(asset["rights"])) == (market.asset, 3)
    assert licensed.json("query", "holder", "丁公司")["assets"] == []


def test_the_grants_of_an_asset_are_those_in_force_and_all_of_them(licensed, market, resold):
    ended = issue(licensed, market, "--to", "丁公司", "--template", "no-resale", "--agreement")
    licensed.ok("grant", "revoke", ended["subject"])
    document = licensed.json("query", "grants", market.number)
    assert [(each["grant"], each["status"]) for each in document["grants"]] == [
        (market.grant, "alive"),
        (resold, "alive"),
    ]
    early = licensed.json("query", "grants", market.number, "--at", "2020-01-01")
    assert early["grants"] == []


def test_after_the_parent_is_revoked_everything_below_is_dead_and_says_why(
    licensed, market, resold
):
    licensed.ok("grant", "revoke", market.grant, "--ground", "breach")
    argv = ("query", "below", market.grant, "--proof", "below.json")
    grants = licensed.json(*argv, "--certificate", "below.certificate.json")["grants"]
    assert [each["grant"] for each in grants] == [market.grant, resold]
    assert {each["status"] for each in grants} == {"dead"}
    assert [each["own_status"] for each in grants] == ["revoked", "live"]
    for each in grants:
        assert each["because"]["code"] == "grant_revoked"
        assert each["because"]["subject"] == market.grant
    for file in ("below.json", "below.certificate.json"):
        assert licensed.json("verify", file)["verified"] is True
    said = json.loads(Path("below.certificate.json").read_bytes())["statement"]
    assert sum("dead:" in sentence for sentence in said["en"]) == 2
    assert sum("已失效：" in sentence for sentence in said["zh"]) == 2
    shown = licensed.ok("query", "below", market.grant, "--lang", "zh-CN").out
    assert shown.count("当时已被撤回：请向授权方重新取得授权") == 2
    assert "乙公司 (party/" in shown


# for people


@pytest.mark.parametrize("topic", MEMBERS)
def test_people_read_sentences_with_names(licensed, market, topic):
    document = licensed.json("query", topic, subject_of(market, topic))
    assert document.keys() == COMMON | MEMBERS[topic]
    english = licensed.ok("query", topic, subject_of(market, topic))
    assert "As of 20" in english.out
    assert "甲公司 (party/" in english.out
    assert "note" not in english.rows
    chinese = licensed.ok("query", topic, subject_of(market, topic), "--lang", "zh-CN")
    assert "截至账本时间 20" in chinese.out


@pytest.mark.parametrize("topic", MEMBERS)
def test_a_date_to_come_is_said_to_be_so(licensed, market, topic):
    argv = ("query", topic, subject_of(market, topic), "--at", LATER)
    assert "that date is still to come" in licensed.ok(*argv).row("note")
    assert "该日期尚未到来" in licensed.ok(*argv, "--lang", "zh-CN").row("注意")
    licensed.json(*argv, "--proof", "later.json")
    assert "date after as_of" in licensed.json("verify", "later.json")["not_checked"]


def test_nothing_found_is_an_answer(licensed, market):
    assert "None." in licensed.ok("query", "holder", "丁公司").out
    assert "无。" in licensed.ok("query", "holder", "丁公司", "--lang", "zh-CN").out


# proofs and certificates


@pytest.mark.parametrize("topic", MEMBERS)
def test_proof_and_certificate_verify_with_the_policy_alone(licensed, market, topic, tmp_path):
    argv = ("query", topic, subject_of(market, topic))
    plain = licensed.json(*argv)
    files = ("--proof", "p.json", "--certificate", "c.json")
    document = licensed.json(*argv, *files)
    assert (document["file"], document["certificate"]) == ("p.json", "c.json")
    for name in MEMBERS[topic] | {"subject", "status", "log"}:
        assert document[name] == plain[name], "the answer is the same with and without a proof"
    nowhere = ("--policy", licensed.home / "trust.policy", "--home", tmp_path / "nowhere")
    for file, kind in (("p.json", "query"), ("c.json", "certificate")):
        verdict = licensed.json("verify", file, *nowhere)
        assert (verdict["verified"], verdict["kind"]) == (True, kind)
        assert (verdict["subject"], verdict["status"]) == (plain["subject"], "answered")
        chinese = licensed.ok("verify", file, *nowhere, "--lang", "zh-CN").out
        assert chinese.startswith(f"验证通过：{file}")
    result = licensed.ok(*argv, "--proof", "q.json")
    assert result.row("written") == "q.json"


def shorten(bundle):
    rows = next(value for value in bundle["answer"].values() if isinstance(value, list) and value)
    rows.pop()


TAMPERED = {
    "a shorter answer": shorten,
    "another date": lambda bundle: bundle["query"].update(at=1_577_808_000_000),
    "another subject": lambda bundle: bundle["query"].update(
        subject=bundle["query"]["subject"].partition("/")[0] + "/" + "a" * 26
    ),
    "a proof left out": lambda bundle: (bundle["states"] or bundle["dossiers"]).pop(),
    "another status": lambda bundle: bundle["answer"].update(status="unknown"),
}


@pytest.mark.parametrize("name", TAMPERED)
@pytest.mark.parametrize("topic", ["holders", "below"])
def test_a_tampered_answer_is_not_authentic(licensed, market, resold, topic, name):
    licensed.ok("query", topic, subject_of(market, topic), "--proof", "p.json")
    bundle = json.loads(Path("p.json").read_bytes())
    TAMPERED[name](bundle)
    Path("bad.json").write_text(json.dumps(bundle), "utf-8")
    is_empty = not bundle["states"] and not bundle["dossiers"]
    verdict = licensed.json("verify", "bad.json", code=4 if is_empty else 3)
    assert verdict["verified"] is False


def test_a_certificate_that_says_more_than_its_proof_is_not_authentic(licensed, market):
    licensed.ok("query", "holders", market.number, "--certificate", "c.json")
    whole = json.loads(Path("c.json").read_bytes())
    assert whole["title"] == {"en": "Query certificate", "zh": "查询证明"}
    for language in ("en", "zh"):
        certificate = json.loads(Path("c.json").read_bytes())
        certificate["statement"][language][-1] = "丁公司"
        Path("bad.json").write_text(json.dumps(certificate), "utf-8")
        verdict = licensed.json("verify", "bad.json", code=3)
        assert verdict["error"]["code"] == "bundle"
    del whole["proof"]
    Path("bad.json").write_text(json.dumps(whole), "utf-8")
    assert licensed.json("verify", "bad.json", code=4)["error"]["code"] == "malformed"


def test_files_are_not_written_over_something_else(licensed, market):
    for option in ("--proof", "--certificate"):
        Path("mine.json").write_text("mine")
        argv = ("query", "grants", market.number, option, "mine.json")
        assert licensed.refused(*argv, code=2)["code"] == "exists"
        assert Path("mine.json").read_text() == "mine"
        licensed.ok(*argv, "--force")
        assert licensed.json("verify", "mine.json")["verified"] is True


ABSENT = {
    "a number": ["--number", "TEST2026119999"],
    "a code": ["--uscc", "91440300708461136T"],
    "a digest": ["--digest", "ab" * 32],
    "a grant": ["grant/" + "a" * 26],
}


@pytest.mark.parametrize("name", ABSENT)
def test_absence_is_certified(licensed, name):
    argv = ("query", "absent", *ABSENT[name])
    document = licensed.json(*argv, "--certificate", "none.json", "--proof", "none.state.json")
    assert (document["present"], document["certificate"]) == (False, "none.json")
    certificate = json.loads(Path("none.json").read_bytes())
    assert certificate["title"] == {"en": "Certificate of no record", "zh": "无登记记录证明"}
    verdict = licensed.json("verify", "none.json", "none.state.json")
    assert [each["status"] for each in verdict["results"]] == ["absent", "absent"]
    result = licensed.ok(*argv, "--certificate", "none.json", "--lang", "zh-CN")
    assert result.row("查询证明") == "none.json"


def test_what_is_there_is_certified_as_being_there(licensed, market):
    argv = ("query", "absent", "--number", market.number, "--certificate", "there.json")
    assert licensed.json(*argv, code=5)["present"] is True
    certificate = json.loads(Path("there.json").read_bytes())
    assert certificate["title"]["zh"] == "查询证明"
    assert "it is valid from" in certificate["statement"]["en"][-1]
    assert licensed.json("verify", "there.json")["verified"] is True


def test_states_and_parties_are_certified_too(licensed, market):
    for kind, text in (("asset", "停车"), ("party", "乙公司"), ("voucher", market.number)):
        document = licensed.json("query", kind, text, "--certificate", f"{kind}.json")
        assert document["certificate"] == f"{kind}.json"
        assert licensed.json("verify", f"{kind}.json")["kind"] == "certificate"


# what goes wrong


@pytest.mark.parametrize("topic", MEMBERS)
def test_what_is_not_there_is_not_found(licensed, topic):
    assert licensed.refused("query", topic, "0000", code=5)["code"] == "not_found"
    assert "没有" in licensed.ok("query", topic, "0000", "--lang", "zh-CN", code=5).err


def test_wrong_use_is_told(licensed, market):
    argv = ("query", "holders", market.number, "--at", "yesterday")
    assert licensed.refused(*argv, code=2)["code"] == "date"
    assert licensed.refused("query", "holder", "公司", code=2)["code"] == "ambiguous"


def test_a_longer_history_than_a_proof_holds_says_what_to_do(licensed, market, monkeypatch):
    """With a cap of two events instead of a thousand."""
    monkeypatch.setattr(answers, "MAX_DOSSIER_EVENTS", 2)
    argv = ("query", "grants", market.number)
    for option in ("--proof", "--certificate"):
        error = licensed.refused(*argv, option, "p.json", code=4)
        assert error["code"] == "limit"
        assert f"the whole history of {market.asset}" in error["message"]
        assert "ask without a proof" in error["hint"]
        assert not Path("p.json").exists()
    assert "可不附证明查询" in both(licensed, *argv, "--proof", "p.json")[1]
    assert len(licensed.json(*argv)["grants"]) == 1, "the answer itself needs no proof"
    licensed.ok("query", "below", market.grant, "--proof", "p.json")


def test_of_a_long_history_the_newest_part_is_written(licensed, market, monkeypatch):
    """With a cap of two events instead of a thousand."""
    monkeypatch.setattr(limits, "MAX_DOSSIER_EVENTS", 2)
    argv = ("query", "asset", market.asset, "--dossier", "d.json")
    count = licensed.json("query", "asset", market.asset)["value"]["n"]
    error = licensed.refused(*argv, code=4)
    assert error["hint"] == f"write the newest of them with --from {count - 2}"
    assert f"请用 --from {count - 2} 写出" in both(licensed, *argv)[1]
    licensed.ok(*argv, "--from", count - 2)
    assert len(json.loads(Path("d.json").read_bytes())["events"]) == 2
    verdict = licensed.json("verify", "d.json")
    assert verdict["verified"] is True
    assert "history before this page" in verdict["not_checked"]
    assert licensed.refused(*argv, "--from", count, "--force", code=5)["code"] == "not_found"
    assert licensed.refused(*argv, "--from", "-1", code=2)["code"] == "usage"


def test_more_subjects_than_a_proof_holds_say_what_to_do(licensed, market, resold, monkeypatch):
    """With a cap of two instead of a thousand."""
    monkeypatch.setattr(answers, "MAX_PROOFS", 2)
    argv = ("query", "grants", market.number)
    error = licensed.refused(*argv, "--proof", "p.json", code=4)
    assert error["code"] == "limit"
    assert "3 subjects, and a proof holds 2" in error["message"]
    assert "涉及 3 个主题" in both(licensed, *argv, "--proof", "p.json")[1]
    licensed.ok(*argv)


def test_names_in_a_sentence_stand_in_one_line(program):
    Path("t.csv").write_bytes(b"x")
    program.ok("init", "--solo", "--no-passphrase")
    title = "a\nasset/" + "b" * 26 + " <b>"
    asset = program.json("register", "t.csv", "--title", title)["asset"]
    result = program.ok("query", "holders", asset)
    assert f"a asset/{'b' * 26} <b> ({asset})" in result.out

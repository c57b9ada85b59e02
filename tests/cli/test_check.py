"""`muniment grant check`: may this party do this with this asset, then? With its proof."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.times import CHINA

MEMBERS = {"verdict", "clause", "chain", "duties", "unknown", "count", "inquiry"}
CLAUSE = {"code", "subject", "path", "en", "zh"}
BEFORE = "2020-01-01"


def ask(program, market, action, by, *more, **kwargs):
    """The document of a check."""
    argv = ("--action", action, "--by", by, "--asset", market.number)
    return program.json("grant", "check", *argv, *more, **kwargs)


def shown(program, market, action, by, *more):
    """The table of a check."""
    argv = ("--action", action, "--by", by, "--asset", market.number)
    return program.ok("grant", "check", *argv, *more)


@pytest.fixture
def resold(licensed, market):
    """丙公司 has got the one onward copy of 乙公司: its grant."""
    terms = ("--template", "no-resale", "--until", "2030-12-31")
    argv = ("grant", "issue", market.number, "--as", "乙公司", "--to", "丙公司", *terms)
    key = licensed.json(*argv)["subject"]
    licensed.ok("grant", "accept", key)
    return key


# the three verdicts


def test_permitted_with_the_chain_up_to_the_right(licensed, market):
    document = ask(licensed, market, "distribute", "乙公司")
    assert document.keys() == MEMBERS
    assert document["clause"].keys() == CLAUSE
    assert document["verdict"] == "permitted"
    right, grant = document["chain"]
    assert (right["subject"], right["kind"]) == (market.asset, "right")
    assert (right["clause"], right["taker"]) == ("operate", market.parties["甲公司"])
    assert (grant["subject"], grant["kind"]) == (market.grant, "grant")
    assert document["count"] == {"limit": 1, "used": 0, "remaining": 1}
    inquiry = document["inquiry"]
    assert (inquiry["party"], inquiry["asset"]) == (market.parties["乙公司"], market.asset)


def test_prohibited_by_a_clause_that_is_named(licensed, market, resold):
    document = ask(licensed, market, "distribute", "丙公司")
    assert document["verdict"] == "prohibited"
    assert (document["clause"]["subject"], document["clause"]["path"]) == (resold, "prohibition/0")
    assert [link["subject"] for link in document["chain"]] == [market.asset, market.grant, resold]


def test_not_covered_says_what_would_be_needed(licensed, market):
    document = ask(licensed, market, "distribute", "丁公司")
    assert (document["verdict"], document["clause"]["code"]) == ("not covered", "no_route")
    assert "it would need a grant" in document["clause"]["en"]
    assert "须由有权许可的一方授权" in document["clause"]["zh"]
    assert document["chain"] == []


def test_a_right_of_one_s_own_is_enough(licensed, market):
    document = ask(licensed, market, "grantUse", "甲公司")
    assert (document["verdict"], document["clause"]["code"]) == ("permitted", "own_right")
    assert [link["kind"] for link in document["chain"]] == ["right"]


def test_people_see_the_verdict_with_names_chain_and_count(licensed, market, resold):
    result = shown(licensed, market, "distribute", "乙公司")
    used_up = "permitted, but its count is used up: nothing further is permitted"
    assert result.row("verdict") == used_up
    assert result.row("by") == f"乙公司 ({market.parties['乙公司']})"
    assert result.row("asset") == f"停车数据 2026 ({market.asset})"
    assert result.row("because").endswith("ask for a higher count")
    assert result.row("clause") == f"{market.grant} permission/1"
    assert result.row("chain") == f"甲公司  {market.asset}  #13  operate"
    assert result.row("count") == "1 of 1 used, 0 left"
    assert "note" not in result.rows
    assert " \n" not in result.out


def test_people_see_all_of_it_in_chinese(licensed, market, resold):
    result = shown(licensed, market, "distribute", "丙公司", "--lang", "zh-CN")
    assert (result.row("结论"), result.row("行为")) == ("禁止", "提供副本")
    assert result.row("理由") == "prohibition/0 禁止该行为：须取得不含该禁止的条款"
    assert result.row("权利链") == f"甲公司  {market.asset}  #13  经营权"
    result = shown(licensed, market, "distribute", "乙公司", "--lang", "zh-CN")
    assert result.row("次数") == "共 1 次，已用 1 次，剩余 0 次"
    assert result.row("结论") == "允许，但次数已用尽：不得再为该行为"
    result = shown(licensed, market, "distribute", "丁公司", "--lang", "zh-CN")
    assert result.row("结论") == "未涵盖"
    assert result.row("理由").startswith("丁公司 (party/")


def test_the_exit_code_tells_only_where_it_is_asked_to(licensed, market):
    act = ("grant", "check", "--action", "transfer", "--by", "乙公司", "--asset", market.number)
    licensed.ok(*act)
    licensed.ok(*act, "--exit-code", code=7)
    assert licensed.json(*act, "--exit-code", code=7)["verdict"] == "prohibited"
    act = ("grant", "check", "--action", "read", "--by", "丁公司", "--asset", market.number)
    licensed.ok(*act, "--exit-code", code=7)
    act = ("grant", "check", "--action", "read", "--by", "乙公司", "--asset", market.number)
    licensed.ok(*act, "--exit-code")


def test_a_count_that_is_used_up_permits_nothing_further(licensed, market):
    act = ("grant", "check", "--action", "distribute", "--by", "乙公司", "--asset", market.number)
    licensed.ok(*act, "--exit-code")
    terms = ("--template", "no-resale", "--until", "2030-12-31")
    argv = ("grant", "issue", market.number, "--as", "乙公司", "--to", "丙公司", *terms)
    licensed.ok("grant", "accept", licensed.json(*argv)["subject"])
    assert licensed.json(*act, "--exit-code", code=7)["count"]["remaining"] == 0
    licensed.ok(*act)


# at another time


def test_at_a_date_before_there_was_nothing(licensed, market):
    document = ask(licensed, market, "read", "乙公司", "--at", BEFORE)
    assert (document["verdict"], document["clause"]["code"]) == ("not covered", "unknown_party")
    assert "was not enrolled then" in document["clause"]["en"]


def test_a_date_before_the_grant_and_one_after_its_end(licensed, market):
    grant = licensed.json("grant", "show", market.grant)
    offered, live = (each["from"] for each in grant["status"])
    licensed.ok("grant", "revoke", market.grant)
    revoked = licensed.json("grant", "show", market.grant)["status"][-1]["from"]
    verdicts = {
        time: ask(licensed, market, "read", "乙公司", "--at", instant(time))
        for time in (offered - 1, offered, live, revoked - 1, revoked)
    }
    told = [(each["verdict"], each["clause"]["code"]) for each in verdicts.values()]
    assert told == [
        ("not covered", "grant_not_yet"),
        ("not covered", "grant_offered"),
        ("permitted", "permitted"),
        ("permitted", "permitted"),
        ("not covered", "grant_revoked"),
    ]


def instant(time):
    """Unix milliseconds as a date option."""
    whole = datetime.fromtimestamp(time // 1000, tz=UTC).astimezone(CHINA)
    return whole.replace(microsecond=time % 1000 * 1000).isoformat(timespec="milliseconds")


def test_a_date_to_come_is_answered_as_things_stand_and_says_so(licensed, market):
    result = shown(licensed, market, "read", "乙公司", "--at", "2029-01-01")
    assert result.row("verdict") == "permitted"
    assert result.row("note").startswith(
        "that date is still to come: this is how things stand now, and the ledger does not know"
    )
    result = shown(licensed, market, "read", "乙公司", "--at", "2029-01-01", "--lang", "zh-CN")
    assert result.row("注意").startswith("该日期尚未到来")
    late = ask(licensed, market, "read", "乙公司", "--at", "2031-06-01")
    assert late["verdict"] == "not covered", "its term is over by then"


def test_no_date_is_wrong_use(licensed, market):
    argv = ("--action", "read", "--by", "乙公司", "--asset", market.number, "--at", "yesterday")
    assert licensed.refused("grant", "check", *argv, code=2)["code"] == "date"


# what is stated of the act


@pytest.fixture
def limited(licensed, market):
    """丙公司 may read for research in Jiangsu, and pays for each act."""

    def limit(operand, operator, right):
        return {"leftOperand": operand, "operator": operator, "rightOperand": right}

    rule = {
        "action": "read",
        "constraint": [
            limit("purpose", "eq", "research"),
            limit("spatial", "isPartOf", "CN-32"),
            limit("industry", "eq", "I65"),
            limit("systemDevice", "eq", "cluster-1"),
            limit("muniment:scene", "eq", "bus-routes"),
            limit("recipient", "eq", market.parties["丁公司"]),
        ],
        "duty": [{"action": "compensate"}],
    }
    Path("policy.json").write_text(json.dumps({"permission": [rule]}), "utf-8")
    argv = ("--to", "丙公司", "--policy", "policy.json", "--agreement")
    return licensed.json("grant", "issue", market.number, *argv)["subject"]


FACTS = {
    "--purpose": ("research", "sport", "purpose"),
    "--region": ("CN-32-01", "CN-33", "spatial"),
    "--industry": ("I65", "A01", "industry"),
    "--device": ("cluster-1", "cluster-2", "systemDevice"),
    "--scene": ("bus-routes", "taxis", "muniment:scene"),
    "--recipient": ("丁公司", "乙公司", "recipient"),
}


def facts_but(option=None, value=None):
    """All facts as the terms want them, but for one."""
    facts = {name: right for name, (right, _, _) in FACTS.items()} | {option: value}
    return [word for name, said in facts.items() if said is not None for word in (name, said)]


def test_conditions_that_are_met_permit_and_name_their_duties(licensed, market, limited):
    document = ask(licensed, market, "read", "丙公司", *facts_but())
    assert (document["verdict"], document["unknown"]) == ("permitted", [])
    assert [duty["action"] for duty in document["duties"]] == ["compensate"]
    assert document["inquiry"]["facts"]["recipient"] == market.parties["丁公司"]
    result = shown(licensed, market, "read", "丙公司", *facts_but(), "--lang", "zh-CN")
    assert result.row("附带义务") == "付费"


@pytest.mark.parametrize("option", FACTS)
def test_a_condition_that_is_not_met_is_named(licensed, market, limited, option):
    _, wrong, operand = FACTS[option]
    document = ask(licensed, market, "read", "丙公司", *facts_but(option, wrong))
    assert document["verdict"] == "not covered"
    assert document["clause"]["subject"] == limited
    document = ask(licensed, market, "read", "丙公司", *facts_but(option, None))
    assert (document["verdict"], document["unknown"]) == ("not covered", [operand])
    result = shown(licensed, market, "read", "丙公司", *facts_but(option, None))
    assert result.row("not stated") == operand


def test_what_is_no_act_party_asset_or_fact_is_refused(licensed, market):
    argv = ("--by", "乙公司", "--asset", market.number)
    error = licensed.refused("grant", "check", "--action", "nonsense", *argv, code=4)
    assert (error["code"], error["rule"]) == ("unknown_term", "domain 5")
    assert "use one of" in error["message"]
    wrong = ("grant", "check", "--action", "read", *argv, "--region", "Jiangsu")
    assert licensed.refused(*wrong, code=4)["code"] == "malformed_fact"
    assert "地域代码" in licensed.ok(*wrong, "--lang", "zh-CN", code=4).err
    argv = ("grant", "check", "--action", "read")
    wrong = (*argv, "--by", "戊公司", "--asset", market.number)
    assert licensed.refused(*wrong, code=5)["code"] == "not_found"
    wrong = (*argv, "--by", "乙公司", "--asset", "0000")
    assert licensed.refused(*wrong, code=5)["code"] == "not_found"
    wrong = (*argv, "--by", "公司", "--asset", market.number)
    assert licensed.refused(*wrong, code=2)["code"] == "ambiguous"
    for missing in ("--action", "--by", "--asset"):
        given = {"--action": "read", "--by": "乙公司", "--asset": market.number}
        words = [word for name, value in given.items() if name != missing for word in (name, value)]
        assert missing in licensed.refused("grant", "check", *words, code=2)["message"]


def test_a_frozen_asset_is_prohibited_to_all(licensed, market):
    licensed.ok("order", "freeze", market.number, "--ground", "inquiry")
    for by in ("甲公司", "乙公司", "丁公司"):
        document = ask(licensed, market, "read", by)
        assert (document["verdict"], document["clause"]["code"]) == ("prohibited", "frozen")


# the proof


@pytest.fixture
def proved(licensed, market, resold):
    """Proofs of a permission and of a prohibition."""
    ask(licensed, market, "distribute", "乙公司", "--proof", "yes.json")
    ask(licensed, market, "distribute", "丙公司", "--proof", "no.json")
    return licensed


def test_a_verdict_is_worked_out_again_from_its_proof(proved, market):
    answer = proved.json("grant", "check", "--action", "distribute", "--by", "乙公司",
                         "--asset", market.number, "--proof", "again.json")  # fmt: skip
    assert answer["file"] == "again.json"
    assert answer.keys() == MEMBERS | {"file"}
    for file, status in (("yes.json", "permitted"), ("no.json", "prohibited")):
        verdict = proved.json("verify", file)
        assert (verdict["verified"], verdict["kind"]) == (True, "check")
        assert (verdict["status"], verdict["subject"]) == (status, market.asset)
        names = [check["name"] for check in verdict["checks"]]
        assert {"proofs", "verdict"} <= set(names)


def test_a_stranger_verifies_it_with_the_policy_alone(proved, tmp_path):
    policy = proved.home / "trust.policy"
    argv = ("--policy", policy, "--home", tmp_path / "nowhere")
    result = proved.ok("verify", "no.json", *argv)
    assert result.out.startswith("VERIFIED: no.json")
    chinese = proved.ok("verify", "no.json", *argv, "--lang", "zh-CN")
    assert chinese.out.startswith("验证通过：no.json")
    assert chinese.row("状态") == "禁止"


def change_answer(check):
    check["answer"]["verdict"] = "permitted"


def change_party(check):
    check["inquiry"]["party"] = "party/" + "a" * 26


def change_act(check):
    check["inquiry"]["action"] = "read"


def change_date(check):
    check["inquiry"]["at"] -= 3_600_000_000_000 // 1000


def leave_out_a_state(check):
    check["states"].pop()


def leave_out_a_history(check):
    check["states"] += [dossier["state"] for dossier in check["dossiers"]]
    check["dossiers"].clear()


def change_chain(check):
    check["answer"]["chain"].pop()


TAMPERED = {
    "another verdict": change_answer,
    "another party": change_party,
    "another act": change_act,
    "another date": change_date,
    "a state left out": leave_out_a_state,
    "the history left out": leave_out_a_history,
    "a shorter chain": change_chain,
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_proof_is_not_authentic(proved, name):
    check = json.loads(Path("no.json").read_bytes())
    TAMPERED[name](check)
    Path("bad.json").write_text(json.dumps(check), "utf-8")
    verdict = proved.json("verify", "bad.json", code=3)
    assert (verdict["verified"], verdict["authentic"]) == (False, False)
    assert proved.ok("verify", "bad.json", "--lang", "zh-CN", code=3).out.startswith("验证未通过")


MALFORMED = {
    "no answer": lambda check: check.pop("answer"),
    "a member too many": lambda check: check.update(note="x"),
    "an inquiry that is none": lambda check: check["inquiry"].update(at="now"),
    "no proof at all": lambda check: check.update(states=[], dossiers=[]),
    "the same state twice": lambda check: check["states"].append(check["states"][0]),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_proof_is_refused(proved, name):
    check = json.loads(Path("no.json").read_bytes())
    MALFORMED[name](check)
    Path("bad.json").write_text(json.dumps(check), "utf-8")
    verdict = proved.json("verify", "bad.json", code=4)
    assert verdict["error"]["code"] in {"malformed", "limit"}


def test_a_proof_is_not_written_over_something_else(licensed, market):
    Path("mine.json").write_text("mine")
    act = ("--action", "read", "--by", "乙公司", "--asset", market.number, "--proof", "mine.json")
    assert licensed.refused("grant", "check", *act, code=2)["code"] == "exists"
    assert Path("mine.json").read_text() == "mine"
    licensed.ok("grant", "check", *act, "--force")
    assert licensed.json("verify", "mine.json")["verified"] is True


def test_a_proof_about_a_date_to_come_says_that_it_does_not_reach_there(licensed, market):
    ask(licensed, market, "read", "乙公司", "--at", "2029-01-01", "--proof", "later.json")
    assert "date after as_of" in licensed.json("verify", "later.json")["not_checked"]

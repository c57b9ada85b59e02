"""`muniment use record`: counters go on by themselves, and stop where the terms say."""

import json
import time
from pathlib import Path

import pytest

from tests.cli.test_check import instant
from tests.cli.test_grant import both, hand_on, issue
from tests.cli.test_pledge import move_key
from tests.cli.test_registration import now

MEMBERS = {"event", "index", "subject", "action", "total"}


def use(program, grant, *more, **kwargs):
    """What `use record --json` said; every period is at least a millisecond long."""
    time.sleep(0.002)
    return program.json("use", "record", grant, *more, **kwargs)


def body_of(program, document):
    return program.json("log", "show", document["index"])["leaf"]["event"]["body"]


@pytest.fixture
def limited(licensed, market):
    """丙公司 may read five times, for research in Jiangsu."""
    argv = ("--to", "丙公司", "--template", "internal-use", "--agreement", "--count", "5")
    limits = ("--purpose", "research", "--region", "CN-32")
    return issue(licensed, market, *argv, *limits)["subject"]


def test_usage_is_recorded_and_counted_on(licensed, market):
    first = use(licensed, market.grant, "--action", "read", "--count", "12")
    assert first.keys() == MEMBERS
    assert (first["subject"], first["action"], first["total"]) == (market.grant, "read", 12)
    body = body_of(licensed, first)
    grant = licensed.json("grant", "show", market.grant)
    assert body["from"] == grant["status"][-1]["from"], "since the grant began"
    assert grant["periods"] == {"read": body["to"]}
    second = use(licensed, market.grant, "--action", "read", "--count", "3")
    assert second["total"] == 15
    assert body_of(licensed, second)["from"] == body["to"], "since the record before"
    other = use(licensed, market.grant, "--action", "index")
    assert (other["action"], other["total"]) == ("index", 1), "each action has its own counter"
    assert licensed.json("grant", "show", market.grant)["meters"] == {"index": 1, "read": 15}


def test_the_action_is_use_and_the_count_one_unless_told(licensed, market):
    document = use(licensed, market.grant.removeprefix("grant/")[:10])
    assert (document["action"], document["total"]) == ("use", 1)
    event = licensed.json("log", "show", document["index"])["leaf"]["event"]
    assert event["actor"] == market.parties["乙公司"]


def test_people_see_what_was_recorded(licensed, market):
    time.sleep(0.002)
    result = licensed.ok("use", "record", market.grant, "--action", "read", "--count", "12")
    assert result.row("written") == "usage.record"
    assert (result.row("action"), result.row("total")) == ("read", "12")
    time.sleep(0.002)
    chinese = licensed.ok("use", "record", market.grant, "--action", "read", "--lang", "zh-CN")
    assert (chinese.row("主题"), chinese.row("累计")) == (market.grant, "13")


def test_a_period_may_be_named_and_lies_in_the_past_after_the_one_before(licensed, market):
    time.sleep(0.01)
    began = licensed.json("grant", "show", market.grant)["status"][-1]["from"]
    period = ("--from", instant(began + 1), "--to", instant(began + 3))
    body = body_of(licensed, use(licensed, market.grant, *period))
    assert (body["from"], body["to"]) == (began + 1, began + 3)
    argv = ("use", "record", market.grant)
    wrong = {
        "the same period again": period,
        "one that begins before": ("--from", instant(began + 2)),
        "one that ends before it begins": ("--from", now(), "--to", instant(began + 4)),
        "one that is still to come": ("--to", "2030-01-01"),
        "one before the grant": ("--action", "read", "--from", "2020-01-01"),
    }
    for name, more in wrong.items():
        error = licensed.refused(*argv, *more, code=4)
        assert (error["code"], error["rule"]) == ("counter", "domain 4"), name
    english, chinese = both(licensed, *argv, *period)
    assert "counters go forward" in english
    assert "计数只增不减" in chinese


def test_beyond_the_count_nothing_is_recorded(licensed, market, limited):
    facts = ("--purpose", "research", "--region", "CN-32-01")
    use(licensed, limited, "--count", "5", *facts)
    time.sleep(0.002)
    argv = ("use", "record", limited, *facts)
    error = licensed.refused(*argv, code=4)
    assert error["code"] == "beyond_count"
    assert error["rule"] == f"{limited} permission/0; domain 5"
    english, chinese = both(licensed, *argv)
    assert "at most 5 in all, and this would make 6: ask for a higher count" in english
    assert "请取得更高次数的授权" in chinese
    assert licensed.json("grant", "show", limited)["meters"] == {"use": 5}


OUTSIDE = {
    "another purpose": (["--purpose", "sport", "--region", "CN-32"], "research"),
    "another place": (["--purpose", "research", "--region", "CN-33"], "CN-32"),
    "no purpose": (["--region", "CN-32"], "state the purpose"),
    "no place": (["--purpose", "research"], "state the place"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_the_terms_ask_for_is_stated_and_met(licensed, market, limited, name):
    more, part = OUTSIDE[name]
    time.sleep(0.002)
    argv = ("use", "record", limited, *more)
    error = licensed.refused(*argv, code=4)
    assert part in error["message"]
    english, chinese = both(licensed, *argv)
    assert english != chinese
    assert licensed.json("grant", "show", limited)["meters"] == {}


def test_an_act_that_the_terms_do_not_permit_is_refused_with_the_clause(licensed, market):
    time.sleep(0.002)
    argv = ("use", "record", market.grant, "--action")
    error = licensed.refused(*argv, "muniment:encumber", code=4)
    assert error["code"] == "no_permission"
    error = licensed.refused(*argv, "nonsense", code=4)
    assert (error["code"], error["rule"]) == ("unknown_term", "domain 5")
    error = licensed.refused(*argv, "distribute", code=4)
    assert error["code"] == "onward_act"
    assert "issue a grant below" in error["message"]
    error = licensed.refused(*argv, "transfer", code=4)
    assert error["code"] == "prohibited"


def test_without_a_live_grant_nothing_is_recorded(licensed, market):
    offered = hand_on(licensed, market)["subject"]
    time.sleep(0.002)
    assert licensed.refused("use", "record", offered, code=4)["code"] == "grant_offered"
    licensed.ok("grant", "accept", offered)
    licensed.ok("grant", "revoke", market.grant)
    time.sleep(0.002)
    for key in (offered, market.grant):
        error = licensed.refused("use", "record", key, code=4)
        assert error["code"] == "grant_revoked"
        assert error["rule"].startswith(market.grant)
    assert "当时已被撤回" in both(licensed, "use", "record", offered)[1]


def test_a_frozen_asset_is_not_used(licensed, market):
    licensed.ok("order", "freeze", market.number, "--ground", "inquiry")
    error = licensed.refused("use", "record", market.grant, code=4)
    assert error["code"] == "frozen"


def test_only_the_grantee_records_its_usage(licensed, market, tmp_path):
    argv = ("use", "record", market.grant)
    error = licensed.refused(*argv, "--as", "甲公司", code=4)
    assert (error["code"], error["rule"]) == ("wrong_role", "domain 4")
    assert "由被授权方" in both(licensed, *argv, "--as", "甲公司")[1]
    use(licensed, market.grant, "--as", "乙公司")
    move_key(licensed, "乙公司", tmp_path / "elsewhere")
    assert licensed.refused(*argv, code=2)["code"] == "key_required"


def test_wrong_use_is_told(licensed, market):
    argv = ("use", "record", market.grant)
    assert "--count" in licensed.refused(*argv, "--count", "0", code=2)["message"]
    assert licensed.refused(*argv, "--from", "yesterday", code=2)["code"] == "date"
    assert licensed.refused("use", "record", "0000", code=5)["code"] == "not_found"
    assert licensed.refused(*argv, "--as", "戊公司", code=5)["code"] == "not_found"
    issue(licensed, market, "--to", "丙公司", "--template", "no-resale")
    assert licensed.refused("use", "record", "grant/", code=2)["code"] == "ambiguous"


def test_what_was_recorded_counts_in_a_check_and_in_its_proof(licensed, market, limited):
    facts = ("--purpose", "research", "--region", "CN-32")
    use(licensed, limited, "--count", "4", *facts)
    argv = ("--action", "use", "--by", "丙公司", "--asset", market.number, *facts)
    document = licensed.json("grant", "check", *argv, "--proof", "p.json")
    assert document["count"] == {"limit": 5, "used": 4, "remaining": 1}
    assert json.loads(Path("p.json").read_bytes())["answer"]["count"] == document["count"]
    assert licensed.json("verify", "p.json")["status"] == "permitted"
    use(licensed, limited, *facts)
    document = licensed.json("grant", "check", *argv)
    assert document["count"]["remaining"] == 0, "what was done was permitted; there is no more"

"""`muniment party undertake`: mandates on the command line."""

from hashlib import sha256
from pathlib import Path

import pytest

DIGEST = sha256(b"mandate").hexdigest()


@pytest.fixture
def served(licensed):
    Path("mandate.pdf").write_bytes(b"mandate")
    return licensed


def give(program, *more):
    words = ("party", "undertake", "乙公司", "--mandate", "mandate.pdf", "--as", "甲公司")
    return (*words, *more)


GIVEN = ("--type", "initial", "--type", "change", "--until", "2099-12-31")


def standing(program):
    mandates = program.json("party", "show", "甲公司")["value"]["state"]["mandates"]
    return [each["value"] for each in mandates if each["to"] is None]


def test_a_mandate_is_given_seen_and_taken_back(served, market):
    document = served.json(*give(served, *GIVEN))
    assert document.keys() == {"event", "index", "subject"}
    assert document["subject"] == market.parties["甲公司"]
    (value,) = standing(served)
    assert value["agent"] == market.parties["乙公司"]
    assert (value["mandate"], value["types"]) == (DIGEST, ["change", "initial"])
    shown = served.ok("party", "show", "甲公司", "--lang", "zh-CN").row("授权委托")
    assert market.parties["乙公司"] in shown
    assert "2099-12-31" in shown
    served.ok(*give(served, "--end"))
    assert standing(served) == []


def test_it_is_registered_once_and_ends_once(served):
    served.ok(*give(served, *GIVEN))
    error = served.refused(*give(served, *GIVEN), code=4)
    assert (error["code"], error["rule"]) == ("many_mandates", "Art. 16")
    assert "仅登记一次" in served.ok(*give(served, *GIVEN), "--lang", "zh-CN", code=4).err
    served.ok(*give(served, "--end"))
    assert served.refused(*give(served, "--end"), code=4)["code"] == "no_mandate"
    assert "没有" in served.ok(*give(served, "--end"), "--lang", "zh-CN", code=4).err


@pytest.mark.parametrize(
    "options",
    [(), ("--type", "initial"), ("--until", "2099-12-31"), ("--end", *GIVEN)],
    ids=["nothing", "no end", "no type", "both"],
)
def test_what_it_covers_and_until_when_go_together(served, options):
    error = served.refused(*give(served, *options), code=2)
    assert error["code"] == "option_required"
    chinese = served.ok(*give(served, *options), "--lang", "zh-CN", code=2).err
    assert "--type 与 --until" in chinese


def test_a_type_that_there_is_not_is_wrong_use_and_a_past_end_is_refused(served):
    wrong = give(served, "--type", "pledge", "--until", "2099-12-31")
    assert served.refused(*wrong, code=2)["code"] == "option_value"
    past = give(served, "--type", "initial", "--until", "2020-01-01")
    assert served.refused(*past, code=4)["code"] == "mandate_members"
    assert "期限须晚于" in served.ok(*past, "--lang", "zh-CN", code=4).err


def test_nobody_is_its_own_agent_and_a_stranger_is_none(served):
    own = ("party", "undertake", "甲公司", "--mandate", "mandate.pdf", "--as", "甲公司", *GIVEN)
    assert served.refused(*own, code=4)["code"] == "own_agent"
    stranger = ("party", "undertake", "0000", *give(served, *GIVEN)[3:])
    assert served.refused(*stranger, code=5)["code"] == "not_found"
    missing = ("party", "undertake", "乙公司", "--mandate", "none.pdf", "--as", "甲公司", *GIVEN)
    assert served.refused(*missing, code=5)["code"] == "not_found"

"""`muniment grant issue`: how strongly copies under ready-made terms may be marked."""

import json
from pathlib import Path

import pytest

SHARE, STEP = "muniment:withheldShare", "muniment:rowsPerMark"
INVENTED = "muniment:inventedRows"


def disclosed(program, document):
    """The bounds in the written terms' acceptTracking."""
    body = program.json("log", "show", document["index"])["leaf"]["event"]["body"]
    (duty,) = [one for one in body["policy"]["obligation"] if one["action"] == "acceptTracking"]
    return {one["leftOperand"]: one["rightOperand"] for one in duty.get("constraint", [])}


def issue(program, market, *more, to="丙公司", template="no-resale"):
    return program.json("grant", "issue", market.number, "--to", to, "--template", template, *more)


TOLD = {
    "nothing": ([], {SHARE: 200, STEP: 32}),
    "both": (["--withheld", "100", "--rows-per-mark", "8"], {SHARE: 100, STEP: 8}),
    "no changed cells": (["--rows-per-mark", "0"], {SHARE: 200}),
    "no withheld rows": (["--withheld", "0"], {STEP: 32}),
    "exact copies": (["--withheld", "0", "--rows-per-mark", "0"], {}),
    "invented rows": (["--invented-rows", "10"], {SHARE: 200, STEP: 32, INVENTED: 10}),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_template_discloses_marks_as_told_else_the_usual_ones(licensed, market, name):
    more, expected = TOLD[name]
    assert disclosed(licensed, issue(licensed, market, *more)) == expected


def test_people_read_what_their_copy_may_be_like_before_they_accept(licensed, market):
    key = issue(licensed, market)["subject"]
    shown = licensed.ok("grant", "show", key).out
    assert "a copy may lack rows (each with a chance of up to 2 %)" in shown
    assert "one cell changed in at most one row in 32" in shown
    chinese = licensed.ok("grant", "show", key, "--lang", "zh-CN").out
    assert "副本可略去部分行（每行概率至多 2 %）" in chinese


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ((), {SHARE: 200, STEP: 32}),
        (("--withheld", "50", "--rows-per-mark", "0"), {SHARE: 50}),
        (("--withheld", "0", "--rows-per-mark", "0"), {}),
        (("--withheld", "0", "--rows-per-mark", "0", "--invented-rows", "5"), {INVENTED: 5}),
    ],
)
def test_terms_below_a_grant_disclose_what_that_hands_on(licensed, market, above, expected):
    top = issue(licensed, market, *above, to="丁公司", template="one-onward-copy")["subject"]
    licensed.ok("grant", "accept", top)
    below = issue(licensed, market, "--parent", top, "--as", "丁公司")
    assert disclosed(licensed, below) == expected


def test_terms_below_a_grant_may_mark_less_and_not_more(licensed, market):
    top = issue(licensed, market, to="丁公司", template="one-onward-copy")["subject"]
    licensed.ok("grant", "accept", top)
    argv = ["grant", "issue", market.number, "--to", "丙公司", "--parent", top]
    argv += ["--template", "no-resale"]
    error = licensed.refused(*argv, "--withheld", "201", code=4)
    assert error["code"] == "wider_than_parent"
    assert "each with a chance of up to 2 %" in error["message"]
    below = issue(licensed, market, "--parent", top, "--withheld", "100")
    assert disclosed(licensed, below) == {SHARE: 100, STEP: 32}


TEMPLATE_ALONE = [["--withheld", "0"], ["--rows-per-mark", "8"], ["--invented-rows", "1"]]
BEYOND = [["--withheld", "2001"], ["--rows-per-mark", "-1"], ["--invented-rows", "1001"]]


@pytest.mark.parametrize("more", TEMPLATE_ALONE)
def test_marks_go_with_a_template_and_stand_in_a_policy_file_itself(licensed, market, more):
    policy = {"permission": [{"action": "read"}]}
    Path("policy.json").write_text(json.dumps(policy), "utf-8")
    argv = ("grant", "issue", market.number, "--to", "丙公司", "--policy", "policy.json")
    error = licensed.refused(*argv, *more, code=2)
    assert "write them into the policy file" in error["message"]
    licensed.ok(*argv)


@pytest.mark.parametrize("more", BEYOND)
def test_marks_out_of_range_are_wrong_use(licensed, market, more):
    argv = ("grant", "issue", market.number, "--to", "丙公司", "--template", "no-resale", *more)
    assert licensed.refused(*argv, code=2)["code"] == "usage"


def test_one_row_in_one_is_no_bound(licensed, market):
    argv = ("grant", "issue", market.number, "--to", "丙公司", "--template", "no-resale")
    error = licensed.refused(*argv, "--rows-per-mark", "1", code=4)
    assert error["code"] == "malformed_policy"
    assert "an integer from 2 to 1000000" in error["message"]

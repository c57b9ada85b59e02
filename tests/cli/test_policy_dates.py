"""Dates in policy files: as people write them, and not as seconds."""

import json
from pathlib import Path

import pytest

from cli.exitcodes import UsageError
from cli.policydates import write_dates

DAY = 86_400_000
START = 1_924_790_400_000  # 2030-12-30T00:00:00+08:00
DATES = {
    "before a day": ("lt", "2030-12-30", START + DAY),
    "up to a day": ("lteq", "2030-12-30", START + DAY - 1),
    "from a day on": ("gteq", "2030-12-30", START),
    "after a day": ("gt", "2030-12-30", START + DAY - 1),
    "before an instant": ("lt", "2030-12-30T00:00:00+08:00", START),
    "up to an instant": ("lteq", "2030-12-29T16:00:00Z", START),
    "milliseconds": ("lt", START, START),
    "the least number": ("lt", 10**11, 10**11),
}


def constraint(operator, time):
    return {"leftOperand": "dateTime", "operator": operator, "rightOperand": time}


def policy(operator, time):
    """A constraint in a group, in a permission, and in the terms of the next holder."""
    limited = {"action": "read", "constraint": [{"and": [constraint(operator, time)]}]}
    duty = {"action": "nextPolicy", "target": {"permission": [limited]}}
    return {"permission": [{"action": "distribute", "duty": [duty]}, limited]}


@pytest.mark.parametrize("name", DATES)
def test_a_date_becomes_milliseconds_wherever_it_stands(name):
    operator, written, time = DATES[name]
    assert write_dates(policy(operator, written)) == policy(operator, time)


def test_nothing_else_is_touched():
    other = {"leftOperand": "purpose", "operator": "eq", "rightOperand": "2030-12-30"}
    odd = {"permission": [{"constraint": [other, {"leftOperand": "dateTime"}]}], "count": 3}
    assert write_dates(odd) == odd
    for wrong in (True, None, -1, [START]):
        assert write_dates(constraint("lt", wrong)) == constraint("lt", wrong)


@pytest.mark.parametrize("time", [1_924_876_800, 10**11 - 1, 0, "tomorrow", "2030-13-01"])
def test_seconds_and_what_is_no_date_are_refused(time):
    with pytest.raises(UsageError):
        write_dates(policy("lt", time))


def issue(program, market, time, **more):
    terms = {"permission": [{"action": "read", "constraint": [constraint("lt", time)]}], **more}
    Path("policy.json").write_text(json.dumps(terms))
    return ("grant", "issue", market.number, "--to", "丙公司", "--policy", "policy.json")


def test_a_grant_is_issued_until_the_end_of_a_day(licensed, market):
    argv = issue(licensed, market, "2030-12-30")
    key = licensed.json(*argv)["subject"]
    shown = licensed.ok("grant", "show", key).out
    assert "if it is before 2030-12-31T00:00:00+08:00" in shown


def test_seconds_are_refused_with_what_to_write(licensed, market):
    error = licensed.refused(*issue(licensed, market, 1_924_876_800), code=2)
    assert error["code"] == "date"
    assert "Unix milliseconds" in error["message"]
    said = licensed.ok(*issue(licensed, market, 1_924_876_800), "--lang", "zh-CN", code=2).err
    assert "毫秒" in said

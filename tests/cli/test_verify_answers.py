"""`muniment verify` says what an answer was asked, and what was found, in both languages."""

import pytest


def shown(program, file, *more):
    """Rows that `verify` prints of a file that verifies."""
    result = program.ok("verify", file, "--policy", program.home / "trust.policy", *more)
    return result.rows


def listed(program, file):
    """The member `shown` under --json."""
    return program.json("verify", file, "--policy", program.home / "trust.policy")["shown"]


@pytest.fixture
def holders(licensed, market):
    """The query about right-holders, as a file."""
    argv = ("query", "holders", market.number, "--at", "2029-01-01", "--proof", "holders.json")
    licensed.ok(*argv, "--certificate", "certificate.json")
    return "holders.json"


def test_a_query_shows_its_question_and_its_answer(licensed, market, holders):
    seller = market.parties["甲公司"]
    rows = listed(licensed, holders)
    assert rows[:2] == [["topic", "holders"], ["at", "2029-01-01T23:59:59.999+08:00"]]
    assert ["right", f"{seller} operate self-generated"] in rows
    assert ["voucher", market.number] in rows
    said = shown(licensed, holders, "--lang", "zh-CN")
    assert said["所问"].strip() == "权利人"
    assert said["时间"].strip() == "2029-01-01T23:59:59.999+08:00"
    out = licensed.ok("verify", holders, "--lang", "zh-CN").out
    assert f"甲公司 ({seller}) 经营权 自行产生" in out
    assert "self-generated" not in out


def test_a_certificate_shows_its_title_and_the_answer_in_one_language(licensed, market, holders):
    rows = listed(licensed, "certificate.json")
    assert rows[:2] == [["title", "Query certificate"], ["title:zh-CN", "查询证明"]]
    assert ["topic", "holders"] in rows
    said = licensed.ok("verify", "certificate.json", "--lang", "zh-CN").out
    assert "查询证明" in said
    assert "Query certificate" not in said
    assert "zh-CN" not in said
    assert "查询证明" not in licensed.ok("verify", "certificate.json").out


def test_a_certificate_of_no_record_says_of_what_there_is_none(licensed):
    argv = ("query", "absent", "--number", "SJ3212026110001", "--certificate", "none.json")
    licensed.ok(*argv)
    said = licensed.ok("verify", "none.json", "--lang", "zh-CN").out
    assert "不存在 voucher/SJ3212026110001。" in said
    assert "There is no" not in said
    assert "There is no voucher/SJ3212026110001." in licensed.ok("verify", "none.json").out


def test_what_is_below_a_grant_is_shown_with_why_it_ended(licensed, market):
    licensed.ok("grant", "revoke", market.grant)
    licensed.ok("query", "below", market.grant, "--proof", "below.json")
    rows = listed(licensed, "below.json")
    sides = f"{market.parties['甲公司']} > {market.parties['乙公司']}"
    assert ["grant", f"{market.grant} {sides} dead"] in rows
    assert dict(rows)["because"].startswith(f"{market.grant} had been revoked")
    said = shown(licensed, "below.json", "--lang", "zh-CN")
    named = " > ".join(f"{name} ({market.parties[name]})" for name in ("甲公司", "乙公司"))
    assert said["授权"].strip() == f"{market.grant} {named} 已失效"
    assert said["理由"].strip().startswith(f"{market.grant} 当时已被撤回")


def test_a_check_shows_the_date_the_facts_and_the_count(licensed, market):
    argv = ("grant", "check", "--action", "distribute", "--by", "乙公司")
    argv += ("--asset", market.number, "--at", "2029-01-01", "--purpose", "use")
    licensed.ok(*argv, "--proof", "check.json")
    rows = dict(listed(licensed, "check.json"))
    assert rows["at"] == "2029-01-01T23:59:59.999+08:00"
    assert rows["fact"] == "purpose use"
    assert (rows["limit"], rows["used"], rows["remaining"]) == ("1", "0", "1")
    said = shown(licensed, "check.json", "--lang", "zh-CN")
    assert (said["行为"].strip(), said["结论"].strip()) == ("提供副本", "允许")
    assert said["所述事实"].strip() == "用途 use", "a fact is somebody's own word"
    assert (said["上限"].strip(), said["已用"].strip(), said["剩余"].strip()) == ("1", "0", "1")
    assert said["理由"].strip() == "permission/1 允许该行为"


def test_the_act_of_using_is_not_called_by_the_name_of_a_right(licensed, market):
    argv = ("grant", "check", "--action", "use", "--by", "乙公司", "--asset", market.number)
    result = licensed.ok(*argv, "--proof", "check.json", "--lang", "zh-CN")
    assert result.row("行为") == "使用"
    assert shown(licensed, "check.json", "--lang", "zh-CN")["行为"].strip() == "使用"


def test_a_file_that_does_not_verify_shows_nothing(licensed, holders):
    from pathlib import Path

    path = Path(holders)
    path.write_text(path.read_text().replace('"self-generated"', '"commissioned"', 1))
    answer = licensed.json("verify", holders, code=3)
    assert answer["shown"] == []

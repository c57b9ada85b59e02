"""No word of the ledger stays English in what Chinese readers are shown, and none is misused."""

from pathlib import Path

import pytest

ENGLISH = (
    "self-generated", "enterprise", "general-1", "conditional", "hold", "operate", "live", "revoked",
    "ended", "Offer", "query", "read", "distribute",
)  # fmt: skip


def said(program, *argv, code=0):
    """What is printed, without keys and names of files."""
    out = program.ok(*argv, "--lang", "zh-CN", code=code).out
    return [
        word.strip("，、：。[](),") for word in out.split() if "/" not in word and "." not in word
    ]


@pytest.fixture
def ended(licensed, market):
    """The grant was used, then revoked; the rights to use and hold are pledged."""
    licensed.ok("use", "record", market.grant, "--action", "use", "--count", "2")
    pledge = ("pledge", market.number, "--right", "hold", "--right", "use", "--to", "丁公司")
    licensed.ok(*pledge, "--as", "甲公司")
    licensed.ok("query", "below", market.grant, "--proof", "below.json")
    check = ("grant", "check", "--action", "read", "--by", "乙公司", "--asset", market.number)
    licensed.ok(*check, "--proof", "check.json")
    licensed.ok("wallet", "add", "below.json", "check.json")
    licensed.ok("grant", "revoke", market.grant)
    return licensed


@pytest.mark.parametrize(
    "argv",
    [
        ("query", "asset", "NUMBER"),
        ("query", "holders", "NUMBER"),
        ("query", "grants", "NUMBER"),
        ("query", "below", "GRANT"),
        ("grant", "show", "GRANT"),
        ("grant", "list"),
        ("search", "停车"),
        ("trace", "asset", "NUMBER"),
        ("trace", "holder", "甲公司"),
        ("verify", "below.json", "check.json"),
        ("wallet", "list"),
    ],
    ids=" ".join,
)
def test_what_is_shown_has_no_english_word_of_the_ledger(ended, market, argv):
    named = [{"NUMBER": market.number, "GRANT": market.grant}.get(word, word) for word in argv]
    words = said(ended, *named)
    assert words
    assert not set(ENGLISH) & set(words)


def test_a_revoked_grant_is_withdrawn_and_not_cancelled_by_law(ended, market):
    shown = (
        ended.ok("grant", "show", market.grant, "--lang", "zh-CN").out,
        ended.ok("trace", "asset", market.number, "--lang", "zh-CN").out,
        ended.ok("wallet", "check", "--lang", "zh-CN", code=7).out,
    )
    for out in shown:
        assert "已撤回" in out
        assert "已依职权注销" not in out


def test_a_check_in_the_wallet_is_not_a_check_of_somebody_s_identity(ended):
    out = ended.ok("wallet", "list", "--lang", "zh-CN").out
    assert "\t行为核查\t" in out
    assert "\t查询\t" in out
    assert "身份核验" not in out


def test_the_act_of_using_is_not_called_a_right(ended, market):
    assert "使用 2" in ended.ok("grant", "show", market.grant, "--lang", "zh-CN").out
    assert " · 使用权 " not in ended.ok("trace", "asset", market.number, "--lang", "zh-CN").out
    recorded = ("use", "record", market.grant)
    assert ended.ok(*recorded, "--lang", "zh-CN", code=4).out == ""


def test_the_act_that_was_recorded_is_in_chinese(licensed, market):
    argv = ("use", "record", market.grant, "--action", "use", "--count", "2", "--lang", "zh-CN")
    assert licensed.ok(*argv).row("行为") == "使用"


@pytest.mark.parametrize("content", ["{}", '{"format":3}', '{"format":[]}'])
def test_a_file_without_a_format_is_told_so(stranger, content):
    Path("x.json").write_text(content)
    message = stranger.json("verify", "x.json", "--policy", "trust.policy", code=4)["error"]
    assert "it names no format; it verifies vouchers, queries, checks" in message["message"]
    out = stranger.ok("verify", "x.json", "--policy", "trust.policy", "--lang", "zh-CN", code=4).out
    assert "未写明 format" in out
    assert "None" not in out

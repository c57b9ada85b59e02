"""`muniment trace asset|holder|grant`: six forms, statuses at a date, titles meant to do harm."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import TABLE
from tests.cli.test_check import instant
from tests.cli.test_grant import both, hand_on

STEP = {
    "subject", "kind", "title", "status", "index", "time", "parties", "details", "children",
}  # fmt: skip
FORMS = ("tree", "json", "prov", "dot", "svg", "html")


def walk(step):
    """Every step of a chain, the root first."""
    yield step
    for child in step["children"]:
        yield from walk(child)


def kinds(step):
    return [each["kind"] for each in walk(step)]


def find(step, subject):
    return next(each for each in walk(step) if each["subject"] == subject)


@pytest.fixture
def resold(licensed, market):
    """甲公司 delivered to 乙公司, who handed it on to 丙公司; the second grant."""
    argv = ("--from", "table.csv", "--to", "乙公司", "--out", "copy.csv")
    licensed.ok("deliver", market.number, *argv)
    licensed.ok("receive", "copy.csv.delivery.json", "--file", "copy.csv")
    licensed.ok("use", "record", market.grant, "--action", "read", "--count", "12")
    key = hand_on(licensed, market)["subject"]
    licensed.ok("grant", "accept", key)
    return key


# what there is


def test_an_asset_is_traced_down_to_its_deliveries(licensed, market, resold):
    chain = licensed.json("trace", "asset", market.number)
    assert all(step.keys() == STEP for step in walk(chain))
    assert (chain["subject"], chain["title"]) == (market.asset, "停车数据 2026")
    assert kinds(chain) == [
        "asset", "voucher", "right", "right", "right", "grant", "delivery", "grant",
    ]  # fmt: skip
    assert [each["title"] for each in chain["children"]] == [
        market.number, "hold", "use", "operate",
    ]  # fmt: skip
    grant = find(chain, market.grant)
    assert (grant["status"], grant["title"]) == ("live", "Offer")
    assert grant["details"] == [
        {"name": "distribute", "value": "1"},
        {"name": "read", "value": "12"},
    ]
    delivery, below = grant["children"]
    assert (delivery["status"], below["subject"]) == ("received", resold)
    assert {party["role"]: party["name"] for party in below["parties"]} == {
        "grantor": "乙公司",
        "grantee": "丙公司",
    }
    assert below["index"] > delivery["index"] > grant["index"]


def test_a_grant_is_traced_from_the_right_and_everything_below_it(licensed, market, resold):
    chain = licensed.json("trace", "grant", resold[6:16])
    assert kinds(chain) == ["asset", "right", "grant", "grant"]
    assert [each["subject"] for each in walk(chain)][2:] == [market.grant, resold]
    chain = licensed.json("trace", "grant", market.grant)
    assert kinds(chain) == ["asset", "right", "grant", "delivery", "grant"]


def test_a_holder_is_traced_with_rights_and_grants(licensed, market, resold):
    chain = licensed.json("trace", "holder", "甲公司")
    assert (chain["kind"], chain["status"]) == ("party", "active")
    assert kinds(chain) == ["party", "asset", "right", "right", "right"]
    chain = licensed.json("trace", "holder", market.parties["丙公司"])
    assert kinds(chain) == ["party", "grant"]
    assert kinds(licensed.json("trace", "holder", "丁公司")) == ["party"]


def test_what_was_transferred_stands_under_what_it_came_from(licensed, market, resold):
    licensed.ok("transfer", market.number, "--right", "operate", "--to", "丁公司")
    chain = licensed.json("trace", "asset", market.asset)
    operate = next(each for each in chain["children"] if each["title"] == "operate")
    assert operate["status"] == "ended"
    grant, transfer = operate["children"]
    assert (grant["subject"], grant["status"]) == (market.grant, "live")
    assert (transfer["kind"], transfer["status"]) == ("transfer", "in-force")
    assert {party["role"]: party["name"] for party in transfer["parties"]} == {
        "from": "甲公司",
        "holder": "丁公司",
    }
    vouchers = [each["status"] for each in chain["children"] if each["kind"] == "voucher"]
    assert vouchers == ["superseded", "valid"]
    below = licensed.json("trace", "grant", market.grant)["children"][0]
    assert [each["kind"] for each in below["children"]] == ["grant", "transfer"]
    assert kinds(licensed.json("trace", "holder", "丁公司")) == ["party", "asset", "transfer"]


def test_a_revoked_grant_and_what_hung_below_it(licensed, market, resold):
    licensed.ok("grant", "revoke", market.grant)
    chain = licensed.json("trace", "asset", market.number)
    assert find(chain, market.grant)["status"] == "revoked"
    assert find(chain, resold)["status"] == "dead"


def test_pledges_freezes_and_the_end_of_a_registration_are_shown(licensed, market):
    licensed.ok("pledge", market.number, "--right", "use", "--to", "丁公司", "--as", "甲公司")
    order = licensed.json("order", "freeze", market.number, "--ground", "inquiry")["subject"]
    chain = licensed.json("trace", "asset", market.number)
    assert chain["status"] == "frozen"
    assert [(each["kind"], each["status"]) for each in chain["children"][-2:]] == [
        ("pledge", "in-force"),
        ("freeze", "in-force"),
    ]
    licensed.ok("order", "unfreeze", order)
    chain = licensed.json("trace", "asset", market.number)
    assert (chain["status"], find(chain, order)["status"]) == ("registered", "lifted")
    argv = ("--ground", "judgment", "--reasons", "r")
    licensed.ok("registration", "revoke", "--yes", market.registered["registration"], *argv)
    chain = licensed.json("trace", "asset", market.asset)
    assert chain["status"] == "revoked"
    assert {each["status"] for each in chain["children"] if each["kind"] == "right"} == {"ended"}
    assert find(chain, market.grant)["status"] == "dead"


# at a date


def test_at_a_date_before_it_all_nothing_has_happened_yet(licensed, market, resold):
    for argv in (("asset", market.asset), ("holder", "乙公司"), ("grant", resold)):
        chain = licensed.json("trace", *argv, "--at", "2020-01-01")
        assert {each["status"] for each in walk(chain)} == {"not-yet"}, argv
        assert chain["children"] == [], "what had not happened is left out"
    result = licensed.ok("trace", "asset", market.asset, "--at", "2020-01-01")
    assert " · not yet · " in result.out
    chinese = licensed.ok("trace", "asset", market.asset, "--at", "2020-01-01", "--lang", "zh-CN")
    assert " · 尚未发生 · " in chinese.out


def test_statuses_are_those_of_the_date(licensed, market, resold):
    def status_at(time, subject):
        chain = licensed.json("trace", "asset", market.asset, "--at", instant(time))
        told = {each["subject"]: each["status"] for each in walk(chain)}
        return told.get(subject, "left out")

    offered, live = (each["from"] for each in licensed.json("grant", "show", resold)["status"])
    licensed.ok("grant", "revoke", market.grant)
    ended = licensed.json("grant", "show", market.grant)["status"][-1]["from"]
    assert status_at(offered - 1, resold) == "left out"
    assert status_at(offered, resold) == "offered"
    assert [status_at(time, resold) for time in (live, ended - 1, ended)] == [
        "live",
        "live",
        "dead",
    ]
    sent = find(licensed.json("trace", "asset", market.asset), market.grant)["children"][0]
    assert status_at(sent["time"], sent["subject"]) == "sent"
    assert sent["status"] == "received"


def test_after_the_term_of_the_voucher_nothing_is_in_force(licensed, market):
    chain = licensed.json("trace", "asset", market.asset, "--at", "2099-01-01")
    assert chain["status"] == "expired"
    assert {each["status"] for each in chain["children"]} == {"expired"}


# the forms


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_form_is_printed_and_written_alike(licensed, market, resold, form, language):
    argv = ("trace", "asset", market.asset, "--format", form, "--lang", language)
    argv += ("--at", "2029-01-01")
    printed = licensed.ok(*argv).out
    document = licensed.json(*argv, "--out", "chain.out")
    assert document == {"subject": market.asset, "file": "chain.out"}
    assert Path("chain.out").read_text("utf-8") == printed
    result = licensed.ok(*argv, "--out", "chain.out")
    assert result.row("written" if language == "en" else "已写入") == "chain.out"
    assert "停车数据 2026" in printed or form == "prov"


def test_the_file_s_ending_tells_the_form(licensed, market):
    argv = ("trace", "asset", market.asset)
    for name, beginning in (
        ("c.svg", "<svg"),
        ("c.HTML", "<!DOCTYPE html>"),
        ("c.json", "{"),
        ("c.dot", "digraph"),
        ("c.txt", "asset "),
    ):
        licensed.ok(*argv, "--out", name)
        assert beginning in Path(name).read_text("utf-8")[:200], name
    licensed.ok(*argv, "--out", "d.svg", "--format", "tree")
    assert Path("d.svg").read_text("utf-8").startswith("asset ")


def test_pictures_are_well_formed_and_hold_every_step(licensed, market, resold):
    argv = ("trace", "asset", market.asset, "--lang", "zh-CN")
    picture = ElementTree.fromstring(licensed.ok(*argv, "--format", "svg").out)
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    text = "".join(picture.itertext())
    for word in ("乙公司", "丙公司", "经营权", "要约", "已签收"):
        assert word in text
    page = licensed.ok(*argv, "--format", "html").out
    assert '<html lang="zh-CN">' in page
    assert "<script" not in page
    assert page.count(resold) >= 1
    prov = json.loads(licensed.ok(*argv, "--format", "prov").out)
    assert {"prefix", "entity", "agent"} <= prov.keys()


def test_people_read_the_ledger_s_words_in_their_language(licensed, market, resold):
    tree = licensed.ok("trace", "asset", market.asset, "--lang", "zh-CN").out
    assert "权利 经营权 · 权利人 甲公司 · 生效中" in tree
    assert "依据 自行产生" in tree
    assert "授权 要约 · 授权方 甲公司 · 被授权方 乙公司 · 有效" in tree
    assert "提供副本 1 · 读取 12" in tree
    english = licensed.ok("trace", "asset", market.asset).out
    assert "right operate · holder 甲公司 · in force" in english
    assert "basis self-generated" in english
    plain = licensed.ok("trace", "asset", market.asset, "--format", "json", "--lang", "zh-CN").out
    assert '"title": "operate"' in plain, "programs read the same in every language"


def test_a_demonstration_says_so(licensed, market):
    assert "without legal effect" in licensed.ok("trace", "asset", market.asset).out
    assert "无法律效力" in licensed.ok("trace", "asset", market.asset, "--lang", "zh-CN").out


# what goes wrong


def test_an_unknown_form_is_wrong_use(licensed, market):
    argv = ("trace", "asset", market.asset, "--format", "pdf")
    error = licensed.refused(*argv, code=2)
    assert error["message"] == f"--format is one of {', '.join(FORMS)}"
    assert "应为 tree、json" in both(licensed, *argv, code=2)[1]
    assert licensed.refused("trace", "asset", market.asset, "--at", "x", code=2)["code"] == "date"


def test_a_picture_is_not_written_over_something_else(licensed, market):
    Path("chain.svg").write_text("mine")
    argv = ("trace", "asset", market.asset, "--out", "chain.svg")
    assert licensed.refused(*argv, code=2)["code"] == "exists"
    assert Path("chain.svg").read_text() == "mine"
    licensed.ok(*argv, "--force")
    assert Path("chain.svg").read_text("utf-8").startswith(("<svg", "<?xml"))


@pytest.mark.parametrize("kind", ["asset", "holder", "grant"])
def test_what_is_not_there_is_not_found(licensed, kind):
    assert licensed.refused("trace", kind, "0000", code=5)["code"] == "not_found"
    assert "没有" in licensed.ok("trace", kind, "0000", "--lang", "zh-CN", code=5).err
    assert "text" in licensed.refused("trace", kind, code=2)["message"]


HOSTILE = {
    "markup": "<script>alert(1)</script> & \"x\" 'y'",
    "long": "数据" * 100,
    "lines that pass for steps": "a\n└─ right operate · holder 丁公司 · in force",
    "words of Graphviz": 'a"]; b [label="b',
    "only blanks": "   ",
    "right to left": "نص עברית",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_title_that_is_meant_to_do_harm_is_only_a_title(program, name):
    title = HOSTILE[name]
    Path("table.csv").write_bytes(TABLE)
    program.ok("init", "--solo", "--no-passphrase")
    asset = program.json("register", "table.csv", "--title", title)["asset"]
    assert program.json("trace", "asset", asset)["title"] == title
    tree = program.ok("trace", "asset", asset).out
    assert len(tree.splitlines()) == 10, "each step has its two lines"
    picture = ElementTree.fromstring(program.ok("trace", "asset", asset, "--format", "svg").out)
    assert not [each for each in picture.iter() if "script" in each.tag]
    page = program.ok("trace", "asset", asset, "--format", "html").out
    assert "<script" not in page
    program.ok("trace", "asset", asset, "--format", "dot")
    json.loads(program.ok("trace", "asset", asset, "--format", "prov").out)
    program.ok("query", "holders", asset)


def test_what_has_ended_says_when_and_by_which_event(licensed, market, resold):
    pledge = ("pledge", market.number, "--right", "use", "--to", "丁公司", "--as", "甲公司")
    pledged = licensed.json(*pledge)["subject"]
    released = licensed.json("release", pledged)["index"]
    revoked = licensed.json("grant", "revoke", market.grant)["index"]
    moved = licensed.json("transfer", market.number, "--to", "丙公司", "--right", "operate")
    chain = licensed.json("trace", "asset", market.asset)
    for subject, index in ((pledged, released), (market.grant, revoked)):
        assert ended(find(chain, subject)).endswith(f" #{index}")
    rights = [each for each in chain["children"] if each["kind"] == "right"]
    over = [ended(each) for each in rights if each["status"] == "ended"]
    assert [each.rpartition("#")[2] for each in over] == [str(moved["index"])]
    assert all(ended(each) is None for each in rights if each["status"] != "ended")
    vouchers = [each for each in chain["children"] if each["kind"] == "voucher"]
    assert [ended(each) is None for each in vouchers] == [False, True]
    out = licensed.ok("trace", "asset", market.asset, "--lang", "zh-CN").out
    assert "已终止 20" in out
    early = licensed.json("trace", "asset", market.asset, "--at", instant(rights[0]["time"]))
    assert all(ended(each) is None for each in walk(early))


def ended(step):
    """What a step says of its end."""
    return next((each["value"] for each in step["details"] if each["name"] == "ended"), None)


def test_a_pledge_names_who_has_it_and_a_freeze_who_ordered_it(licensed, market):
    licensed.ok("pledge", market.number, "--right", "use", "--to", "丁公司", "--as", "甲公司")
    licensed.ok("order", "freeze", market.number, "--ground", "inquiry")
    out = licensed.ok("trace", "asset", market.asset).out
    assert " · pledgor 甲公司 · pledgee 丁公司 · in force" in out
    assert "regulator" in out
    out = licensed.ok("trace", "asset", market.asset, "--lang", "zh-CN").out
    assert " · 出质人 甲公司 · 质权人 丁公司 · 生效中" in out


def test_a_date_to_come_is_warned_of_also_under_json(licensed, market):
    argv = ("trace", "asset", market.asset, "--at", "2029-01-01")
    assert "the ledger does not know the future" in licensed.ok(*argv, "--json").err
    assert "账本无从得知将来" in licensed.ok(*argv, "--lang", "zh-CN").err
    assert licensed.ok("trace", "asset", market.asset).err == ""


def test_a_right_that_was_transferred_says_from_whom(licensed, market):
    licensed.ok("transfer", market.number, "--to", "丙公司", "--right", "operate", "--as", "甲公司")
    seller, buyer = market.parties["甲公司"], market.parties["丙公司"]
    out = licensed.ok("query", "holders", market.asset, "--proof", "holders.json").out
    assert f"丙公司 ({buyer}): operate, on the basis self-generated" in out
    assert f"by transfer from 甲公司 ({seller})" in out
    out = licensed.ok("query", "holders", market.asset, "--lang", "zh-CN").out
    assert f"经营权，依据 自行产生，受让自 甲公司 ({seller})" in out
    out = licensed.ok("verify", "holders.json").out
    said = f"丙公司 ({buyer}) operate self-generated from 甲公司 ({seller})"
    assert said in out

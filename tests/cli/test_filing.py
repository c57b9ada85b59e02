"""`muniment filing ...` and `list rescan`: important data, its filings, and lists that change."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.test_deliver import deliver, refuse
from tests.cli.test_grant import both


def publish(program, name, *entries):
    Path("list.json").write_text(json.dumps({"entries": [*entries]}))
    return program.ok("list", "publish", name, "all", "list.json")


def entry(**terms):
    return {"id": "E-7", "reason": "地下管线"} | terms


@pytest.fixture
def important(licensed, market):
    """The market, whose table the catalogue of important data lists."""
    publish(licensed, "important-data", entry(asset=market.asset))
    Path("filed.pdf").write_bytes(b"filed")
    return licensed


def file_it(program, market, *more):
    argv = ("--purpose", "research", "--document", "filed.pdf", "--until", "2099-12-31")
    return program.json("filing", "important", market.number, *argv, *more)


def test_a_filing_is_written_by_who_may_operate_the_data(important, market):
    document = file_it(important, market, "--to", "乙公司")
    assert document.keys() == {"event", "index", "subject"}
    assert document["subject"].startswith("filing/")
    event = important.json("log", "show", document["index"])["leaf"]["event"]
    assert (event["kind"], event["actor"]) == ("filing.important", market.parties["甲公司"])
    assert event["body"] == {
        "asset": market.asset,
        "document": sha256(b"filed").hexdigest(),
        "purpose": "research",
        "recipient": market.parties["乙公司"],
        "until": 4_102_416_000_000,
    }


def test_important_data_is_delivered_under_the_filing_that_covers_it(important, market):
    error = refuse(important, market, code=4)
    assert (error["code"], error["rule"]) == ("important_filing", "GB/T 43697-2024")
    file_it(important, market, "--to", "丙公司")
    assert refuse(important, market, code=4)["code"] == "important_filing"
    key = file_it(important, market, "--grant", market.grant)["subject"]
    document = deliver(important, market)
    event = important.json("log", "show", document["index"])["leaf"]["event"]
    assert event["body"]["filing"] == key
    assert deliver(important, market, "--filing", key[:16], out="again.csv")


def test_a_filing_that_does_not_cover_the_delivery_is_told_so(important, market):
    key = file_it(important, market, "--to", "丙公司")["subject"]
    error = refuse(important, market, "--filing", key, code=4)
    assert error["code"] == "important_filing"
    assert key in error["message"]
    assert refuse(important, market, "--filing", "0000", code=5)["code"] == "not_found"


def test_the_check_of_an_act_says_the_same(important, market):
    argv = ("--action", "distribute", "--by", "甲公司", "--asset", market.number)
    verdict = important.json("grant", "check", *argv)
    assert (verdict["verdict"], verdict["clause"]["code"]) == ("prohibited", "important_filing")
    file_it(important, market)
    assert important.json("grant", "check", *argv)["verdict"] == "permitted"


def test_filings_are_listed_and_ended(important, market):
    key = file_it(important, market, "--to", "乙公司")["subject"]
    (listed,) = important.json("filing", "list", market.asset)["items"]
    assert listed == {
        "filing": key,
        "status": "in-force",
        "asset": market.asset,
        "filer": market.parties["甲公司"],
        "recipient": market.parties["乙公司"],
        "grant": None,
        "purpose": "research",
        "document": sha256(b"filed").hexdigest(),
        "until": 4_102_416_000_000,
        "ground": None,
    }
    argv = ("filing", "end", key, "--ground", "unlawful export")
    error = important.refused(*argv, "--as", "丙公司", code=4)
    assert error["code"] == "wrong_role"
    regulator = regulator_of(important)
    assert important.json(*argv, "--as", regulator)["subject"] == key
    (listed,) = important.json("filing", "list")["items"]
    assert (listed["status"], listed["ground"]) == ("objected", "unlawful export")
    assert "监管方反对" in important.ok("filing", "list", "--lang", "zh-CN").out
    assert refuse(important, market, "--filing", key, code=4)["code"] == "important_filing"
    english, chinese = both(important, *argv)
    assert "ended before" in english
    assert "此前已终止" in chinese


def regulator_of(program):
    event = program.json("log", "show", 0)["leaf"]["event"]
    return event["actor"]


def test_its_filer_withdraws_it_without_being_named(important, market):
    key = file_it(important, market)["subject"]
    important.ok("filing", "end", key, "--ground", "project over")
    (listed,) = important.json("filing", "list")["items"]
    assert listed["status"] == "withdrawn"


def test_data_that_is_not_important_is_not_filed(licensed, market):
    Path("filed.pdf").write_bytes(b"filed")
    argv = ("--purpose", "research", "--document", "filed.pdf", "--until", "2099-12-31")
    argv = ("filing", "important", market.number, *argv)
    assert licensed.refused(*argv, code=4)["code"] == "not_important"
    english, chinese = both(licensed, *argv)
    assert "without a filing" in english
    assert "无须备案" in chinese


# --- lists


def rescan(program, *names):
    return program.json("list", "rescan", *names)["items"]


def test_a_new_list_says_what_it_concerns_and_changes_nothing(licensed, market):
    assert rescan(licensed) == []
    english, chinese = both(licensed, "list", "rescan", code=0)
    assert "no registered data is concerned" in english
    assert "未涉及任何已登记数据" in chinese
    size = licensed.json("log", "checkpoint")["size"]
    published = publish(licensed, "negative", entry(asset=market.asset))
    assert "1 registered asset(s) are concerned now" in published.err
    (found,) = rescan(licensed, "negative")
    assert {name: found[name] for name in ("asset", "voucher", "list", "version", "entry")} == {
        "asset": market.asset,
        "voucher": market.number,
        "list": "negative",
        "version": 1,
        "entry": "E-7",
    }
    assert (found["reason"], found["grants"]) == ("地下管线", [market.grant])
    assert found["do"] == [
        f"muniment order freeze {market.number} --ground 'E-7'",
        f"muniment grant revoke {market.grant} --ground law",
    ]
    assert licensed.json("log", "checkpoint")["size"] == size + 2
    licensed.ok("grant", "show", market.grant)
    row = licensed.ok("list", "rescan").out.split("\t")
    assert row[:3] == [market.number, "停车数据 2026", "negative 1 E-7"]
    assert row[4].strip() == "; ".join(found["do"]), "all of it, not only the first"
    chinese = licensed.ok("list", "rescan", "--lang", "zh-CN").out
    assert "负面清单 1 E-7" in chinese


def test_what_a_scan_says_to_do_can_be_done(licensed, market):
    publish(licensed, "negative", entry(asset=market.asset))
    for line in rescan(licensed)[0]["do"]:
        licensed.ok(*[word.strip("'") for word in line.split()[1:]])
    assert rescan(licensed)[0]["grants"] == []


def test_the_catalogue_is_scanned_for_what_states_a_lower_level(important, market):
    (found,) = rescan(important)
    assert (found["list"], found["version"]) == ("important-data", 1)
    filing = f"muniment filing important {market.number}"
    assert found["do"][0] == f"{filing} --purpose PURPOSE --document FILE --until DATE"
    assert found["do"][1].startswith("muniment registration correct registration/")
    assert rescan(important, "negative") == []
    assert important.refused("list", "rescan", "calendar", code=2)["code"] == "option_value"


def test_what_the_positive_list_lifts_is_not_found(licensed, market):
    publish(licensed, "negative", entry(asset=market.asset))
    publish(licensed, "positive", entry(asset=market.asset, level="general-1"))
    assert rescan(licensed) == []


def test_barred_data_is_neither_licensed_nor_delivered(licensed, market):
    publish(licensed, "negative", entry(asset=market.asset))
    error = refuse(licensed, market, code=4)
    assert (error["code"], error["rule"]) == ("negative_list", "list/negative:all; domain 2")
    terms = ("--to", "丙公司", "--template", "no-resale", "--until", "2030-12-31")
    error = licensed.refused("grant", "issue", market.asset, *terms, code=4)
    assert "version 1, entry E-7" in error["message"]


def test_a_filing_is_warned_of_what_bars_its_record(licensed):
    publish(licensed, "negative", entry(**{"class": "public"}))
    Path("other.csv").write_text("x\n")
    argv = ("register", "other.csv", "--title", "管线", "--class", "public", "--as", "甲公司")
    english, chinese = both(licensed, *argv)
    assert "warning: the negative list, version 1, entry E-7 bars such data" in english
    assert "警告：负面清单第 1 版条目 E-7 禁止登记此类数据" in chinese
    assert "negative_list" in english


def test_a_registration_names_the_newest_catalogue(licensed):
    publish(licensed, "important-data", entry(industry="E48"))
    publish(licensed, "important-data", entry(industry="E48"))
    Path("other.csv").write_text("x\n")
    argv = ("register", "other.csv", "--title", "其他", "--as", "甲公司")
    asset = licensed.json(*argv, "--level", "general-1")["asset"]
    data = licensed.json("query", "asset", asset)["value"]["state"]["classification"]
    assert data["list_version"] == "2"
    Path("third.csv").write_text("y\n")
    argv = ("register", "third.csv", "--title", "第三", "--industry", "E48", "--as", "甲公司")
    english, chinese = both(licensed, *argv)
    assert "catalogue_level" in english
    assert "state the level important" in english
    assert "级别应申报为 important" in chinese
    assert licensed.json(*argv, "--level", "important")["voucher"]


def test_a_list_of_another_form_is_not_published(licensed):
    Path("list.json").write_text(json.dumps({"entries": [{"id": "x", "reason": "y"}]}))
    error = licensed.refused("list", "publish", "negative", "all", "list.json", code=4)
    assert error["code"] == "malformed"
    assert "names nothing to match" in error["message"]
    error = licensed.refused("list", "publish", "negative", "2026", "list.json", "--other", code=4)
    assert error["code"] == "wrong_part"

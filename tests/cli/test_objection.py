"""`muniment objection ...` and `muniment object`: from the filing to what came of it."""

from hashlib import sha256
from pathlib import Path

import pytest


@pytest.fixture
def served(licensed):
    """A solo registry with several parties, and the letters they write."""
    for name in ("complaint", "answer", "decision"):
        Path(f"{name}.pdf").write_bytes(name.encode())
    return licensed


def file(program, number, *more, party="乙公司"):
    argv = ("objection", "file", number, "--evidence", "complaint.pdf", "--as", party)
    return program.json(*argv, *more)["subject"]


def stage(program, objection):
    state = program.json("objection", "show", objection)["value"]["state"]
    return next(each["value"] for each in state["status"] if each["to"] is None)


def marks(program, number):
    program.ok("voucher", "export", number, "--force")
    return program.json("verify", f"{number}.voucher.json")["marks"]


def test_it_is_seen_on_the_voucher_from_the_filing_to_the_conclusion(served, market):
    key = file(served, market.number, "--reason", "we collected it")
    assert key.startswith("objection/")
    assert marks(served, market.number) == ["disputed"]
    chinese = served.ok("verify", f"{market.number}.voucher.json", "--lang", "zh-CN")
    assert "有争议" in chinese.out
    served.ok("objection", "notify", key, "--document", "complaint.pdf")
    answer = ("objection", "respond", key, "--contest", "--statement", "answer.pdf")
    served.ok(*answer, "--as", "甲公司")
    assert stage(served, key) == "responded"
    end = ("objection", "conclude", key, "--outcome", "dismissed", "--reasons", "not shown")
    document = served.json(*end, "--document", "decision.pdf")
    assert document.keys() == {"event", "index", "subject"}
    assert (document["subject"], stage(served, key)) == (key, "dismissed")
    assert marks(served, market.number) == []


def test_object_is_the_short_form(served, market):
    argv = ("object", market.number, "--evidence", "complaint.pdf", "--as", "丙公司")
    key = served.json(*argv)["subject"]
    state = served.json("objection", "show", key)["value"]["state"]
    assert state["by"] == market.parties["丙公司"]
    assert state["evidence"] == sha256(b"complaint").hexdigest()
    assert state["reason"] is None


def test_the_list_names_them_and_how_far_they_are(served, market):
    first = file(served, market.number, "--reason", "ours")
    second = file(served, market.number, party="丙公司")
    served.ok("objection", "conclude", second, "--outcome", "dismissed", "--reasons", "x")
    items = {one["objection"]: one for one in served.json("objection", "list")["items"]}
    assert {key: one["status"] for key, one in items.items()} == {
        first: "filed",
        second: "dismissed",
    }
    assert (items[first]["by"], items[first]["reason"]) == (market.parties["乙公司"], "ours")
    assert items[first]["deadline"] is None
    assert [one["objection"] for one in served.json("objection", "list", "--open")["items"]] == [
        first
    ]
    said = served.ok("objection", "list", "--lang", "zh-CN").out
    assert "异议不成立" in said
    assert "（异议）" in said


def test_people_see_who_said_what(served, market):
    key = file(served, market.number, "--reason", "ours")
    result = served.ok("objection", "show", key, "--lang", "zh-CN")
    assert result.row("提出方") == market.parties["乙公司"]
    assert result.row("状态").startswith("已提出")


def test_a_right_holder_does_not_object_to_itself(served, market):
    argv = ("object", market.number, "--evidence", "complaint.pdf", "--as", "甲公司")
    error = served.refused(*argv, code=4)
    assert (error["code"], error["rule"]) == ("own_right", "Art. 29")
    assert "申请变更登记或注销登记" in served.ok(*argv, "--lang", "zh-CN", code=4).err


def test_one_party_has_one_open_at_a_time(served, market):
    key = file(served, market.number)
    argv = ("object", market.number, "--evidence", "answer.pdf", "--as", "乙公司")
    error = served.refused(*argv, code=4)
    assert error["code"] == "objection_open"
    assert error["hint"] == f"see how far it is: muniment objection show {key}"
    assert key in error["message"]
    assert "须待其结论" in served.ok(*argv, "--lang", "zh-CN", code=4).err


def test_who_objected_withdraws(served, market):
    key = file(served, market.number)
    argv = ("objection", "conclude", key, "--outcome", "withdrawn", "--reasons", "settled")
    assert served.refused(*argv, code=4)["code"] == "conclusion_document"
    assert "须给出撤回书面材料的摘要" in served.ok(*argv, "--lang", "zh-CN", code=4).err
    served.ok(*argv, "--as", "乙公司")
    assert stage(served, key) == "withdrawn"


def test_what_went_to_court_stays_disputed_until_the_decision(served, market):
    key = file(served, market.number)
    served.ok("objection", "notify", key)
    served.ok("objection", "conclude", key, "--outcome", "to-court", "--reasons", "no agreement")
    assert marks(served, market.number) == ["disputed"]
    end = ("objection", "conclude", key, "--outcome", "upheld", "--reasons", "judgment")
    assert served.refused(*end, code=4)["code"] == "conclusion_document"
    served.ok(*end, "--document", "decision.pdf")
    assert marks(served, market.number) == ["disputed"]
    due = [
        each["what"]
        for each in served.json("registration", "todo")["items"]
        if each["subject"] == key
    ]
    assert due == ["act-on-objection"]
    revoke = (
        "registration",
        "revoke",
        "--yes",
        market.registered["registration"],
        "--reasons",
        "upheld",
    )
    served.ok(*revoke, "--ground", "objection-upheld", "--objection", key)
    assert key not in [each["subject"] for each in served.json("registration", "todo")["items"]]


def test_nothing_is_revoked_on_an_objection_that_there_is_not(served, market):
    revoke = (
        "registration",
        "revoke",
        "--yes",
        market.registered["registration"],
        "--reasons",
        "x",
    )
    error = served.refused(*revoke, "--ground", "objection-upheld", code=4)
    assert (error["code"], error["rule"]) == ("no_objection", "Art. 37")


def test_steps_out_of_order_are_refused_and_say_where_it_stands(served, market):
    key = file(served, market.number)
    argv = ("objection", "respond", key, "--agree", "--statement", "answer.pdf", "--as", "甲公司")
    error = served.refused(*argv, code=4)
    assert (error["code"], "filed" in error["message"]) == ("wrong_step", True)
    served.ok("objection", "notify", key)
    assert served.refused("objection", "notify", key, code=4)["code"] == "wrong_step"
    said = served.ok("objection", "notify", key, "--lang", "zh-CN", code=4).err
    assert "只能在以下状态之后：已提出；" in said
    assert "现为“已告知权利人”" in said
    other = (*argv[:-1], "乙公司")
    assert served.refused(*other, code=4)["code"] == "not_a_holder"


def test_the_only_right_holder_need_not_be_named(served, market):
    key = file(served, market.number)
    served.ok("objection", "notify", key)
    served.ok("objection", "respond", key, "--agree", "--statement", "answer.pdf")
    state = served.json("objection", "show", key)["value"]["state"]
    assert state["responses"][0]["value"]["by"] == market.parties["甲公司"]


def test_among_several_right_holders_the_one_is_named(served, market):
    served.ok("transfer", market.number, "--to", "丙公司", "--right", "hold")
    number = served.json("query", "asset", market.asset)["value"]["state"]["vouchers"][-1]
    key = file(served, number["value"]["number"])
    served.ok("objection", "notify", key)
    argv = ("objection", "respond", key, "--agree", "--statement", "answer.pdf")
    assert served.refused(*argv, code=2)["code"] == "party_required"
    assert "--as" in served.ok(*argv, "--lang", "zh-CN", code=2).err


def test_what_is_not_there_is_not_found(served, market):
    assert served.refused("objection", "notify", "0000", code=5)["message"] == (
        "there is no objection 0000: look for it with 'muniment search TEXT'"
    )
    assert "没有异议 0000" in served.ok("objection", "show", "0000", "--lang", "zh-CN", code=5).err
    argv = ("objection", "file", "0000", "--evidence", "complaint.pdf", "--as", "乙公司")
    assert served.refused(*argv, code=5)["code"] == "not_found"
    missing = ("object", market.number, "--evidence", "none.pdf", "--as", "乙公司")
    assert served.refused(*missing, code=5)["code"] == "not_found"


def test_another_outcome_is_wrong_use(served, market):
    key = file(served, market.number)
    argv = ("objection", "conclude", key, "--outcome", "ignored", "--reasons", "x")
    assert served.refused(*argv, code=2)["code"] == "option_value"


def test_before_the_record_one_objects_to_the_registration(national_program, applicant):
    from tests.cli.test_registration import file as apply

    Path("complaint.pdf").write_bytes(b"x")
    asset = apply(national_program, applicant)["asset"]
    argv = ("object", asset, "--evidence", "complaint.pdf", "--as", applicant)
    error = national_program.refused(*argv, code=4)
    assert error["code"] == "not_live_voucher"
    assert "registration object" in error["message"]
    assert "登记之前" in national_program.ok(*argv, "--lang", "zh-CN", code=4).err

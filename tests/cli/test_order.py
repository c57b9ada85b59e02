"""`muniment order ...`: freezes and their end, and what a frozen voucher looks like."""

from hashlib import sha256
from pathlib import Path

import pytest

GROUND = "court order 2026-17"


def freeze(program, what, *more):
    return program.json("order", "freeze", what, "--ground", GROUND, *more)["subject"]


def in_force(program, asset):
    freezes = program.json("query", "asset", asset)["value"]["state"]["freezes"]
    return [each["value"]["order"] for each in freezes if each["to"] is None]


@pytest.fixture
def asset(founded):
    return founded.registered["asset"]


def test_a_freeze_is_written_by_the_regulator_and_says_where_it_went(solo, founded, asset):
    document = solo.json("order", "freeze", founded.number, "--ground", GROUND)
    assert document.keys() == {"event", "index", "subject"}
    assert document["subject"].startswith("order/")
    event = solo.json("log", "show", document["index"])["leaf"]["event"]
    assert (event["kind"], event["body"]) == (
        "order.freeze",
        {"asset": asset, "ground": GROUND, "voucher": founded.number},
    )
    assert document["subject"] in event["subjects"]
    assert in_force(solo, asset) == [document["subject"]]


def test_people_see_the_order_and_where_it_went(solo, founded):
    result = solo.ok("order", "freeze", founded.number, "--ground", GROUND)
    assert result.row("written") == "order.freeze"
    assert result.row("about").startswith("order/")
    result = solo.ok("order", "freeze", founded.number, "--ground", GROUND, "--lang", "zh-CN")
    assert result.row("已写入") == "order.freeze"


@pytest.mark.parametrize("how", ["key", "beginning", "title", "number", "voucher key"])
def test_an_asset_is_named_as_people_name_it(solo, founded, asset, how):
    named = {
        "key": asset,
        "beginning": asset.removeprefix("asset/")[:6],
        "title": "停车数据",
        "number": founded.number,
        "voucher key": f"voucher/{founded.number}",
    }[how]
    order = freeze(solo, named)
    assert in_force(solo, asset) == [order]


def test_the_order_as_issued_is_named_by_its_digest(solo, founded):
    Path("order.pdf").write_bytes(b"ordered")
    digest = sha256(b"ordered").hexdigest()
    for given in ("order.pdf", digest):
        index = solo.json(
            "order", "freeze", founded.number, "--ground", GROUND, "--document", given
        )["index"]
        assert solo.json("log", "show", index)["leaf"]["event"]["body"]["document"] == digest
    argv = ("order", "freeze", founded.number, "--ground", GROUND, "--document", "none.pdf")
    assert solo.refused(*argv, code=5)["code"] == "not_found"


def test_a_frozen_voucher_is_authentic_and_not_in_force_until_the_last_is_lifted(
    solo, founded, asset
):
    path = f"{founded.number}.voucher.json"
    first, second = freeze(solo, asset), freeze(solo, asset)
    solo.ok("voucher", "export", founded.number)
    verdict = solo.json("verify", path, code=7)
    assert (verdict["authentic"], verdict["status"]) == (True, "frozen")
    assert solo.ok("verify", path, "--lang", "zh-CN", code=7).row("状态") == "已冻结"
    document = solo.json("order", "unfreeze", first)
    assert document.keys() == {"event", "index", "subject"}
    assert document["subject"] == first
    assert in_force(solo, asset) == [second]
    solo.ok("order", "unfreeze", second.removeprefix("order/")[:8])
    solo.ok("voucher", "export", founded.number, "--force")
    assert solo.json("verify", path)["status"] == "valid"


def test_what_is_lifted_is_not_lifted_again(solo, asset):
    order = freeze(solo, asset)
    solo.ok("order", "unfreeze", order)
    error = solo.refused("order", "unfreeze", order, code=4)
    assert (error["code"], error["rule"]) == ("already_lifted", "domain 4")
    chinese = solo.ok("order", "unfreeze", order, "--lang", "zh-CN", code=4).err
    assert "此前已解除" in chinese


def test_what_is_not_there_is_neither_frozen_nor_lifted(solo):
    argv = ("order", "freeze", "0000", "--ground", GROUND)
    assert solo.refused(*argv, code=5)["code"] == "not_found"
    assert (
        solo.refused("order", "unfreeze", "0000", code=5)["message"]
        == "there is no order 0000: look for it with 'muniment search TEXT'"
    )
    chinese = solo.ok("order", "unfreeze", "0000", "--lang", "zh-CN", code=5).err
    assert "没有冻结令 0000" in chinese


def test_a_ground_is_needed_and_not_empty(solo, asset):
    assert "--ground" in solo.refused("order", "freeze", asset, code=2)["message"]
    assert solo.refused("order", "freeze", asset, "--ground", "", code=2)["code"] == "option_value"


def test_nobody_freezes_without_the_regulator_s_key(solo, asset):
    (solo.home / "keys" / "operator.key").unlink()
    error = solo.refused("order", "freeze", asset, "--ground", GROUND, code=2)
    assert error["code"] == "key_required"


def test_an_asset_that_has_no_voucher_is_frozen_too(national_program, applicant):
    from tests.cli.test_registration import file

    filed = file(national_program, applicant)["asset"]
    order = freeze(national_program, filed)
    assert in_force(national_program, filed) == [order]
    national_program.ok("order", "unfreeze", order)
    assert in_force(national_program, filed) == []
    (national_program.home / "keys" / "regulator.key").unlink()
    argv = ("order", "freeze", filed, "--ground", GROUND)
    assert national_program.refused(*argv, code=2)["code"] == "key_required"


def test_people_see_what_is_in_force_on_an_asset(solo, asset):
    order = freeze(solo, asset)
    assert solo.ok("query", "asset", asset).row("freezes").startswith(f"order {order}  [since 20")
    chinese = solo.ok("query", "asset", asset, "--lang", "zh-CN")
    assert chinese.row("冻结").startswith(f"冻结令 {order}  [自 20")

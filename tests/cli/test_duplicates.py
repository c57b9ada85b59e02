"""The same content filed twice under national-2026: shown, decided, and never silent (Art. 39)."""

import shutil
import time

import pytest

from node.registry import open_registry
from tests.cli.test_registration import FINDINGS, evidence, file, record


@pytest.fixture(scope="module")
def made(tmp_path_factory, national):
    """Where the home with one recorded registration is kept between tests."""
    return tmp_path_factory.mktemp("twice") / "home"


@pytest.fixture
def first(national_program, applicant, made):
    """The earlier one, recorded: what `register` said, and its voucher."""
    program = national_program
    if not made.exists():
        document = file(program, applicant)
        withhold(program, document["registration"])
        number = record(program, document["registration"])["voucher"]
        shutil.copytree(program.home, made)
        made.with_name("said").write_text(
            f"{document['asset']} {document['registration']} {number}"
        )
    shutil.rmtree(program.home)
    shutil.copytree(made, program.home)
    asset, registration, number = made.with_name("said").read_text().split()
    return {"asset": asset, "registration": registration, "voucher": number}


@pytest.fixture
def second(national_program, applicant, first):
    """The same file once more, under review."""
    document = file(national_program, applicant)
    withhold(national_program, document["registration"])
    return document["registration"]


def withhold(program, registration):
    program.ok("registration", "accept", registration)
    program.ok("registration", "withhold", registration, "--reason", "trade secret")


def decided(first, decision="same-data-other-right", reason="bought both"):
    return ("--duplicate", f"{first['voucher']}={decision}:{reason}")


def test_the_registrar_is_shown_the_earlier_asset_and_whose_it_is(
    national_program, applicant, first, second
):
    document = national_program.json("registration", "duplicates", second)
    (match,) = document.pop("duplicates")
    assert document == {"registration": second, "indexed": True}
    assert match.pop("filed") > 0
    assert match == {
        "asset": first["asset"], "voucher": first["voucher"], "match": "exact", "title": "",
        "registration": first["registration"], "status": "recorded", "earlier": True,
        "applicants": [{"party": applicant, "name": "Applicant"}],
        "holders": [{"party": applicant, "name": "Applicant", "right": "hold"}],
    }  # fmt: skip
    shown = national_program.ok("registration", "duplicates", second)
    assert shown.row("match") == "the registrar's own index"
    assert shown.row("right-holder") == f"hold: Applicant ({applicant})"
    assert "--duplicate ASSET=DECISION:REASON, DECISION one of distinct, same-data-" in shown.err
    chinese = national_program.ok("registration", "duplicates", second, "--lang", "zh-CN")
    assert chinese.row("匹配依据") == "登记机构自有索引"
    assert chinese.row("申请").startswith("在先")


def test_the_earlier_one_sees_that_the_other_came_later(national_program, first, second):
    document = national_program.json("registration", "duplicates", first["registration"])
    (match,) = document["duplicates"]
    assert (match["registration"], match["earlier"]) == (second, False)
    assert "voucher" not in match
    assert match["holders"] == []
    (applicant,) = match["applicants"]
    shown = national_program.ok("registration", "duplicates", first["registration"])
    assert shown.row("applicant") == f"{applicant['name']} ({applicant['party']})"


def test_content_of_its_own_has_no_duplicates(national_program, first):
    shown = national_program.ok("registration", "duplicates", first["registration"])
    assert shown.out == "No other asset has the same content.\n"


def test_who_accepts_is_warned(national_program, applicant, first):
    again = file(national_program, applicant)["registration"]
    err = national_program.ok("registration", "accept", again).err
    assert f"warning: the same content is {first['asset']} ({first['voucher']})" in err
    assert f"registration duplicates {again}" in err


def test_it_is_not_recorded_before_somebody_decided_and_the_decision_is_on_the_ledger(
    national_program, first, second
):
    program = national_program
    argv = ("registration", "record", second, *FINDINGS)
    error = program.refused(*argv, *evidence(), code=4)
    assert (error["code"], error["rule"]) == ("duplicate", "Art. 39")
    assert first["asset"] in error["message"]
    assert "--duplicate" in error["hint"]
    assert "同一" not in error["message"]
    assert "结论:理由" in program.ok(*argv, *evidence(), "--lang", "zh-CN", code=4).err
    time.sleep(1.1)  # evidence is in whole seconds, and not older than the last step
    document = program.json(*argv, *evidence(), *decided(first))
    with open_registry(program.home, None, is_writer=False) as registry:
        body = registry.read_leaf(document["index"]).signed.event.body
    assert body["duplicates"] == [
        {"asset": first["asset"], "decision": "same-data-other-right", "reason": "bought both"}
    ]
    (match,) = program.json("registration", "duplicates", second)["duplicates"]
    assert (match["decision"], match["reason"]) == ("same-data-other-right", "bought both")
    shown = program.ok("registration", "duplicates", second, "--lang", "zh-CN")
    assert shown.row("认定").startswith("同一数据的其他权利")


WRONG = {
    "no reason": lambda asset: [f"{asset}=distinct"],
    "an empty reason": lambda asset: [f"{asset}=distinct: "],
    "no decision": lambda asset: [f"{asset}:distinct"],
    "another decision": lambda asset: [f"{asset}=fine:other years"],
    "too long": lambda asset: [f"{asset}=distinct:{'x' * 401}"],
    "one twice": lambda asset: [f"{asset}=distinct:a", f"{asset}=distinct:b"],
}


def test_a_decision_has_an_asset_a_word_and_a_reason(national_program, first):
    for name, words in WRONG.items():
        options = [part for each in words(first["asset"]) for part in ("--duplicate", each)]
        argv = ("registration", "record", first["registration"], *FINDINGS, *evidence())
        error = national_program.refused(*argv, *options, code=2)
        assert error["code"] == "option_value", name


def test_a_lost_index_is_said(national_program, first, second):
    (national_program.home / "vault.db").unlink()
    result = national_program.ok("--json", "registration", "duplicates", second)
    assert result.json["indexed"] is False
    assert "only published digests were compared" in result.err


def test_a_cancellation_decides_nothing_about_duplicates(national_program, first):
    program = national_program
    words = ("registration", "cancel", first["voucher"], "--reason", "over", "--title", "航班数据")
    ending = program.json(*words)["subject"]
    argv = ("registration", "record", ending, *FINDINGS, *evidence(), *decided(first))
    error = program.refused(*argv, code=2)
    assert "--duplicate go with an initial registration" in error["message"]

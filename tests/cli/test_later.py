"""Changes, renewals and cancellations on the command line, in both languages.

The clock is the machine's: a renewal that goes through is in tests/node.
"""

import time
from pathlib import Path

import pytest

from tests.cli.test_registration import FINDINGS, evidence, file, status
from tests.cli.test_transfer import TITLE, founded_party, holders
from tests.cli.test_transfer import story as story
from tests.cli.test_transfer import two_homes as two_homes

OPEN = "--no-passphrase"
CHINESE = ("--lang", "zh-CN")


def fields(program, asset):
    return program.json("query", "asset", asset)["value"]["state"]["fields"]


# In solo, straight through


def test_a_change_goes_through_to_the_new_voucher(solo, founded):
    words = ("--set", "summary=by the minute", "--set", "temporal.start=2026-01-01")
    document = solo.json("registration", "change", founded.number, *words)
    assert document.keys() == {"event", "index", "subject", "voucher"}
    said = fields(solo, founded.registered["asset"])
    assert said["summary"] == "by the minute"
    assert said["temporal"] == {"start": "2026-01-01"}
    for number, code, word in (
        (founded.number, 7, "superseded"),
        (document["voucher"], 0, "valid"),
    ):
        assert solo.json("voucher", "show", number)["status"][-1]["value"] == word
        solo.ok("voucher", "export", number)
        verdict = solo.json("verify", f"{number}.voucher.json", code=code)
        assert (verdict["authentic"], verdict["status"]) == (True, word)
    solo.ok("audit")


def test_a_cancellation_goes_through_and_issues_nothing(solo, founded):
    asset = founded.registered["asset"]
    document = solo.json("registration", "cancel", founded.number, "--reason", "destroyed")
    assert document.keys() == {"event", "index", "subject", "cancelled"}
    assert document["cancelled"] == founded.number
    assert holders(solo, asset) == set()
    assert solo.json("voucher", "show", founded.number)["status"][-1]["value"] == "cancelled"
    solo.ok("voucher", "export", founded.number)
    verdict = solo.json("verify", f"{founded.number}.voucher.json", code=7)
    assert (verdict["authentic"], verdict["status"]) == (True, "cancelled")
    answer = solo.json("query", "holders", asset)
    assert (answer["voucher"], answer["rights"]) == (None, [])
    assert "cancelled" in solo.ok("trace", "asset", asset).out
    assert solo.ok("voucher", "show", founded.number).row("status") == "cancelled"
    assert solo.ok("voucher", "show", founded.number, *CHINESE).row("状态") == "已注销"
    solo.ok("audit")


def test_a_party_without_rights_may_leave(solo, founded):
    solo.json("party", "enroll", "Ben Ltd", OPEN)
    number = solo.json(
        "transfer", founded.number, "--right", "use", "--right", "hold", "--right", "operate",
        "--to", "Ben",
    )["voucher"]  # fmt: skip
    assert solo.refused("party", "exit", "--yes", "--as", "Ben", code=4)["code"] == "holds_rights"
    solo.json("registration", "cancel", number, "--reason", "destroyed")
    solo.ok("party", "exit", "--yes", "--as", "Ben")


def test_it_is_too_early_to_renew_and_the_refusal_says_from_when(solo, founded):
    error = solo.refused("registration", "renew", founded.number, code=4)
    assert (error["code"], error["rule"]) == ("renewal_early", "Art. 36")
    assert "+08:00" in error["message"]
    result = solo.ok("registration", "renew", founded.number, *CHINESE, code=4)
    assert "届满前六个月" in result.err


def test_all_of_it_is_shown_to_people_in_both_languages(solo, founded):
    result = solo.ok("registration", "change", founded.number, "--set", "volume=12 GB")
    number = result.row("voucher")
    assert result.err == f"Next: muniment voucher export {number}\n"
    result = solo.ok("registration", "cancel", number, "--reason", "数据已销毁", *CHINESE)
    assert result.row("已注销") == number
    listed = solo.ok("registration", "list", *CHINESE).out
    assert "注销" in listed
    assert "(cancellation)" not in listed
    solo.ok("voucher", "export", number)
    assert "已注销" in solo.ok("verify", f"{number}.voucher.json", *CHINESE, code=7).out


WRONG = {
    "no value": ["--set", "summary="],
    "no sign": ["--set", "summary"],
    "a right": ["--set", "rights=hold"],
    "the source": ["--set", "source=collected"],
    "the limits": ["--set", "restrictions=none"],
    "the time as a whole": ["--set", "temporal=2026"],
    "a part that is none": ["--set", "temporal.middle=2026"],
    "a part of a text": ["--set", "summary.start=2026"],
}


@pytest.mark.parametrize("name", WRONG)
def test_what_never_changes_is_refused_with_what_does(solo, founded, name):
    argv = ("registration", "change", founded.number, *WRONG[name])
    error = solo.refused(*argv, code=2)
    assert "temporal.start" in error["message"]
    assert "不是有效的变更项" in solo.ok(*argv, *CHINESE, code=2).err


def test_a_change_of_nothing_is_refused(solo, founded):
    error = solo.refused("registration", "change", founded.number, code=4)
    assert (error["code"], error["rule"]) == ("not_changeable", "Art. 35")


def test_a_name_alone_changes_no_word_of_what_is_public(solo, founded):
    before = fields(solo, founded.registered["asset"])
    argv = ("registration", "change", founded.number, "--applicant-name", "张三与女儿")
    solo.ok(*argv)
    assert fields(solo, founded.registered["asset"]) == before
    ledger = (solo.home / "ledger.db").read_bytes()
    assert "张三与女儿".encode() not in ledger


def test_what_is_not_there_or_not_live_is_refused(solo, founded):
    argv = ("--reason", "destroyed")
    assert solo.refused("registration", "cancel", "TEST2026119999", *argv, code=5)
    solo.ok("registration", "cancel", founded.number, *argv)
    error = solo.refused("registration", "cancel", founded.number, *argv, code=4)
    assert error["code"] == "no_voucher"


def test_a_voucher_that_was_superseded_is_not_the_one_to_change(solo, founded):
    solo.ok("registration", "change", founded.number, "--set", "volume=1")
    error = solo.refused("registration", "change", founded.number, "--set", "volume=2", code=4)
    assert error["code"] == "not_live_voucher"


def test_who_files_is_named_or_the_holder_whose_key_is_here(solo, founded):
    stranger = solo.json("party", "enroll", "Ben Ltd", OPEN)["subject"]
    argv = ("registration", "change", founded.number, "--set", "volume=1")
    assert solo.refused(*argv, "--as", stranger, code=4)["code"] == "parties"
    document = solo.json(*argv, "--as", founded_party(solo))
    state = solo.json("registration", "show", document["subject"])["value"]["state"]
    assert state["filer"] == founded_party(solo)


# Under national-2026


@pytest.fixture
def recorded(national_program, applicant):
    """Number and asset of a voucher whose title was never published."""
    program = national_program
    filed = file(program, applicant)
    program.ok("registration", "accept", filed["registration"])
    program.ok("registration", "withhold", filed["registration"], "--reason", "trade secret")
    time.sleep(1.1)
    argv = ("registration", "record", filed["registration"], *FINDINGS, *evidence())
    return program.json(*argv)["voucher"], filed["asset"]


def test_elsewhere_it_is_filed_only_and_recorded_by_the_registrar(national_program, recorded):
    program, (number, asset) = national_program, recorded
    argv = ("registration", "cancel", number, "--reason", "destroyed")
    assert program.refused(*argv, code=2)["code"] == "option_required"
    result = program.ok(*argv, "--title", "航班数据")
    registration = result.row("about")
    assert result.err == f"Next, the registrar: muniment registration accept {registration}\n"
    assert status(program, registration) == ["filed"]
    program.ok("registration", "accept", registration)
    time.sleep(1.1)
    record = ("registration", "record", registration, *FINDINGS)
    assert program.refused(*record, code=4)["code"] == "national"
    document = program.json(*record, *evidence())
    assert document.keys() == {"event", "index", "subject", "cancelled"}
    assert document["cancelled"] == number
    assert holders(program, asset) == set()
    assert program.json("voucher", "show", number)["status"][-1]["value"] == "cancelled"
    program.ok("audit")


def test_a_change_is_recorded_as_its_notice_opened_it(national_program, recorded):
    program, (number, asset) = national_program, recorded
    argv = ("registration", "change", number, "--set", "volume=12 GB", "--title", "航班数据")
    registration = program.json(*argv)["subject"]
    program.ok("registration", "accept", registration)
    record = ("registration", "record", registration, *FINDINGS)
    assert program.refused(*record, *evidence(), code=4)["code"] == "notice_first"
    program.ok("registration", "withhold", registration, "--reason", "trade secret")
    time.sleep(1.1)
    document = program.json(*record, *evidence())
    assert document["voucher"] != number
    assert fields(program, asset) == {}
    assert program.json("voucher", "show", number)["status"][-1]["value"] == "superseded"


def test_several_right_holders_sign_a_draft(story):
    program, there, giver, taker, number = story
    words = ("--right", "operate", "--to", "受让公司", "--title", TITLE)
    moved = program.json("transfer", number, *words)
    program.json("--home", there, "cosign", moved["file"], "--opening", moved["opening"])
    registration = program.json("submit", moved["file"])["subject"]
    program.ok("registration", "accept", registration)
    program.ok("registration", "withhold", registration, "--reason", "trade secret")
    time.sleep(1.1)
    second = program.json("registration", "record", registration, *FINDINGS, *evidence())["voucher"]
    argv = ("registration", "cancel", second, "--reason", "destroyed", "--title", TITLE)
    drafted = program.json(*argv)
    assert Path(drafted["file"]).name == f"{second}-cancellation.draft.json"
    assert [each["party"] for each in drafted["missing"]] == [taker]
    signed = program.json(
        "--home", there, "cosign", drafted["file"], "--opening", drafted["opening"]
    )
    assert signed["opened"]["reason"] == "destroyed"
    shown = program.ok(
        "cosign", drafted["file"], "--opening", drafted["opening"], "--show", *CHINESE
    ).out
    assert "注销" in shown
    filed = program.json("submit", drafted["file"])["subject"]
    assert status(program, filed) == ["filed"]
    assert giver != taker


def test_a_change_too_large_ever_to_be_published_is_refused_before_it_is_filed(solo, founded):
    argv = ("registration", "change", founded.number, "--set", f"summary={'𠮷' * 2000}")
    error = solo.refused(*argv, "--set", f"volume={'𠮷' * 1200}", code=4)
    assert error["code"] == "form_room"
    assert "bytes more than a registration holds" in error["message"]
    assert solo.json("vault", "check")["extra"] == []

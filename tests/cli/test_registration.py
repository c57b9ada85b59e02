"""The procedure under national-2026 on the command line, from the filing to the revocation.

The clock is the machine's, so the way that needs no waiting is walked: a notice withheld on a good
reason. The way through the public notice is in tests/node, with a clock of the test's own.
"""

from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

import pytest

CHINA = timezone(timedelta(hours=8))
FINDINGS = ("--accuracy", "exact", "--compliance", "lawful", "--clarity", "clear")


def now():
    return datetime.now(CHINA).isoformat(timespec="seconds")


def this_moment():
    return datetime.now(CHINA).isoformat(timespec="milliseconds")


def status(program, registration):
    state = program.json("registration", "show", registration)["value"]["state"]
    return [each["value"] for each in state["status"] if each["to"] is None]


def file(program, applicant, *more):
    Path("t.csv").write_text("x\n")
    words = {
        "--as": applicant, "--title": "航班数据", "--right": "hold", "--basis": "self-generated",
        "--class": "enterprise", "--level": "general-2",
    }  # fmt: skip
    return program.json(
        "register", "t.csv", *[word for pair in words.items() for word in pair], *more
    )


def evidence(time=None):
    """Words for the evidence in the national system, from now unless told."""
    digest = sha256(b"stored").hexdigest()
    return (
        "--national-system", "national", "--national-record", "R-1",
        "--national-time", time or now(), "--national-digest", digest,
    )  # fmt: skip


@pytest.fixture
def filed(national_program, applicant):
    return file(national_program, applicant)["registration"]


@pytest.fixture
def withheld(national_program, filed):
    national_program.ok("registration", "accept", filed)
    national_program.ok("registration", "withhold", filed, "--reason", "trade secret")
    return filed


@pytest.fixture
def recorded(national_program, withheld):
    document = record(national_program, withheld)
    return withheld, document["voucher"]


def record(program, registration):
    """Record, with evidence of a second that has begun after the last event."""
    import time

    time.sleep(1.1)
    return program.json("registration", "record", registration, *FINDINGS, *evidence())


def test_outside_solo_a_filing_is_an_application_and_no_voucher(national_program, applicant):
    document = file(national_program, applicant)
    assert document.keys() == {"asset", "registration", "index", "event", "duplicates"}
    assert status(national_program, document["registration"]) == ["filed"]


@pytest.mark.parametrize("left_out", ["--title", "--right", "--basis", "--class", "--level"])
def test_outside_solo_nothing_is_taken_for_granted(national_program, applicant, left_out):
    Path("t.csv").touch()
    words = {
        "--title": "T", "--right": "hold", "--basis": "self-generated", "--class": "enterprise",
        "--level": "general-1", "--as": applicant,
    }  # fmt: skip
    words.pop(left_out)
    argv = ("register", "t.csv", *[word for pair in words.items() for word in pair])
    error = national_program.refused(*argv, code=2)
    assert (error["code"], error["message"]) == ("option_required", f"give {left_out}")
    assert f"请给出 {left_out}" in national_program.ok(*argv, "--lang", "zh-CN", code=2).err


def test_outside_solo_the_applicant_is_named(national_program):
    Path("t.csv").touch()
    argv = (
        "register", "t.csv", "--title", "T", "--right", "hold", "--basis", "self-generated",
        "--class", "enterprise", "--level", "general-1",
    )  # fmt: skip
    error = national_program.refused(*argv, code=2)
    assert error["code"] == "party_required"


def test_an_unpublished_title_is_shown_as_such(national_program, filed):
    shown = national_program.json("registration", "show", filed)["value"]["state"]
    day = datetime.fromtimestamp(shown["status"][0]["from"] / 1000, CHINA).date().isoformat()
    row = [filed, "(not published)", "initial", "Applicant", day, "filed", ""]
    assert national_program.ok("registration", "list").out == "\t".join(row) + "\n"
    chinese = national_program.ok("registration", "list", "--lang", "zh-CN").out
    assert chinese.split("\t")[1:4] == ["（未公示）", "初次登记", "Applicant"]
    assert chinese.split("\t")[5:] == ["已申请", "\n"]


def test_people_see_how_far_it_is_and_not_twenty_digests(national_program, filed):
    result = national_program.ok("registration", "show", filed)
    assert result.row("status").startswith("filed  [since 20")
    assert result.row("application") == "20 commitments"
    assert result.row("was_returned") == "no"
    assert result.row("deadline").endswith(" 00:00:00 +08:00")
    chinese = national_program.ok("registration", "show", filed, "--lang", "zh-CN")
    assert (chinese.row("申请承诺"), chinese.row("曾退回补正")) == ("20 项", "否")
    state = national_program.json("registration", "show", filed)["value"]["state"]
    assert len(state["application"]) == 20


def test_the_procedure_leads_to_a_voucher_that_verifies_and_can_be_revoked(national_program, filed):
    program = national_program
    for argv, after in (
        (("return", filed, "--missing", "the contract", "--until", "2099-01-01"), "returned"),
        (("supplement", filed, "--answer", "t.csv"), "filed"),
        (("accept", filed), "accepted"),
        (("supplement", filed, "--ask", "the source?"), "supplement"),
        (("supplement", filed, "--answer", "t.csv"), "accepted"),
        (("withhold", filed, "--reason", "trade secret"), "confidential"),
    ):
        document = program.json("registration", *argv)
        assert document.keys() == {"event", "index", "subject"}
        assert document["subject"] == filed
        assert status(program, filed) == [after]
    document = record(program, filed)
    assert document.keys() == {"event", "index", "subject", "voucher"}
    number = document["voucher"]
    assert number.startswith("SJ321")
    program.ok("voucher", "export", number)
    path = f"{number}.voucher.json"
    assert program.json("verify", path)["status"] == "valid"
    document = program.json(
        "registration",
        "revoke",
        "--yes",
        filed,
        "--ground",
        "judgment",
        "--reasons",
        "by the court",
    )
    assert document["revoked"] == number
    # the old file still proves what held then; the new one says what holds now
    assert program.json("verify", path)["status"] == "valid"
    program.ok("voucher", "export", number, "--force")
    verdict = program.json("verify", path, code=7)
    assert (verdict["authentic"], verdict["status"]) == (True, "revoked")
    assert program.ok("verify", path, code=7).row("status") == "revoked"
    assert program.ok("verify", path, "--lang", "zh-CN", code=7).row("状态") == "已依职权注销"


def test_a_voucher_with_legal_effect_carries_the_profile_s_notice(national_program, recorded):
    number = recorded[1]
    prevails = "The record in the national system prevails over this certificate (Art. 27)"
    assert national_program.ok("voucher", "show", number).row("notice") == prevails
    assert national_program.ok("voucher", "export", number).row("notice") == prevails
    verdict = national_program.ok("verify", f"{number}.voucher.json")
    assert "without legal effect" not in verdict.out
    title = national_program.ok("voucher", "show", number, "--lang", "zh-CN")
    assert title.row("名称") == "（未公示）"


def test_people_see_the_number_when_it_is_recorded(national_program, withheld):
    import time

    time.sleep(1.1)
    result = national_program.ok("registration", "record", withheld, *FINDINGS, *evidence())
    assert result.row("voucher").startswith("SJ321")


def test_a_notice_needs_its_place_and_time(national_program, filed):
    program = national_program
    program.ok("registration", "accept", filed)
    error = program.refused("registration", "publish", filed, code=4)
    assert (error["code"], error["rule"]) == ("notice", "Art. 24")
    assert error["hint"].startswith("give --notice-system")
    assert "+08:00" in error["message"]
    part = program.refused("registration", "publish", filed, "--notice-ref", "N", code=2)
    assert part["message"].startswith("give all")


NOTICE_TIMES = {
    "before the acceptance": ("2020-01-01", "is before the acceptance", "早于受理时间"),
    "ahead": ("2120-01-01T08:00:00+08:00", "lies ahead", "尚未到来"),
}


@pytest.mark.parametrize("when", NOTICE_TIMES)
def test_a_notice_s_time_is_told_which_end_it_misses(national_program, filed, when):
    program = national_program
    program.ok("registration", "accept", filed)
    time, en, zh = NOTICE_TIMES[when]
    named = ("--notice-system", "s", "--notice-ref", "N", "--notice-published", time)
    error = program.refused("registration", "publish", filed, *named, code=4)
    assert (error["code"], error["rule"]) == ("notice_time", "Art. 24")
    assert en in error["message"]
    assert error["hint"].startswith("give --notice-published from 20"), "nothing that was given"
    assert "--notice-system" not in error["hint"]
    said = program.ok("registration", "publish", filed, *named, "--lang", "zh-CN", code=4).err
    assert zh in said
    earliest = error["hint"].split(" from ")[1].split(" to ")[0]
    program.ok("registration", "publish", filed, *named[:5], earliest)


def test_nothing_is_recorded_while_the_notice_runs(national_program, filed):
    program = national_program
    program.ok("registration", "accept", filed)
    notice = ("--notice-system", "s", "--notice-ref", "N", "--notice-published", this_moment())
    program.ok("registration", "publish", filed, *notice)
    assert status(program, filed) == ["published"]
    error = program.refused("registration", "record", filed, *FINDINGS, *evidence(), code=4)
    assert (error["code"], error["rule"]) == ("notice_running", "Art. 24")
    assert "T00:00:00+08:00 at the earliest" in error["message"]
    assert error["hint"].startswith("record it from that time on")


def read_fields(program, registration):
    return set(program.json("registration", "show", registration)["value"]["state"]["fields"])


def test_a_notice_opens_what_the_law_makes_public_and_no_more_unless_told(
    national_program, applicant
):
    program, opened = national_program, []
    notice = ("--notice-system", "s", "--notice-ref", "N")
    for also in ((), ("--open", "industry"), ("--open", "source", "--open", "industry")):
        parts = ("--industry", "I65", "--source", "own sensors")
        filed = file(program, applicant, *parts)["registration"]
        program.ok("registration", "accept", filed)
        program.ok(
            "registration", "publish", filed, *notice, "--notice-published", this_moment(), *also
        )
        opened.append(read_fields(program, filed))
    statutory = {"restrictions", "summary", "title"}
    assert opened == [statutory, statutory | {"industry"}, statutory | {"industry", "source"}]


def test_what_names_people_is_never_opened(national_program, filed):
    program = national_program
    program.ok("registration", "accept", filed)
    notice = ("--notice-system", "s", "--notice-ref", "N", "--notice-published", this_moment())
    words = ("registration", "publish", filed, *notice, "--open", "applicants")
    assert "applicants is never published" in program.refused(*words, code=4)["message"]
    assert status(program, filed) == ["accepted"]
    assert read_fields(program, filed) == set()


def test_evidence_in_the_national_system_is_named_wholly(national_program, withheld):
    program = national_program
    error = program.refused("registration", "record", withheld, *FINDINGS, code=4)
    assert error["code"] == "national"
    assert "--national-system" in error["hint"]
    part = program.refused("registration", "record", withheld, *FINDINGS, *evidence()[:4], code=2)
    assert part["message"].startswith("give all")
    digest = (*evidence()[:6], "--national-digest", "AB")
    assert program("registration", "record", withheld, *FINDINGS, *digest).code == 4


def test_a_step_out_of_order_says_how_far_it_is(national_program, filed):
    error = national_program.refused("registration", "withhold", filed, "--reason", "early", code=4)
    assert error["code"] == "wrong_step"
    assert "is filed" in error["message"]
    assert error["hint"] == "see how far it is: muniment registration show ID"
    chinese = national_program.ok(
        "registration", "withhold", filed, "--reason", "early", "--lang", "zh-CN", code=4
    ).err
    assert "下一步：请查看进度" in chinese


def test_the_applicant_may_withdraw(national_program, filed, applicant):
    national_program.ok("registration", "withdraw", filed, "--as", applicant)
    assert status(national_program, filed) == ["withdrawn"]


def test_the_registrar_may_refuse_on_a_ground_of_the_law(national_program, filed):
    national_program.ok("registration", "accept", filed)
    argv = ("registration", "refuse", filed, "--reasons", "disputed")
    assert national_program.refused(*argv, "--ground", "22-9", code=2)["code"] == "option_value"
    national_program.ok(*argv, "--ground", "22-2")
    assert status(national_program, filed) == ["refused"]


BLANKS = {
    "a reason": ("withhold", "--reason", " "),
    "reasons": ("terminate", "--reasons", "\u3000 "),
    "one of several": ("return", "--until", "2030-01-01", "--missing", "summary", "--missing", " "),
}


@pytest.mark.parametrize("name", BLANKS)
def test_a_text_of_blanks_says_nothing(national_program, filed, name):
    step, *words = BLANKS[name]
    error = national_program.refused("registration", step, filed, *words, code=2)
    assert (error["code"], error["message"]) == (
        "option_value",
        f"{words[-2]} is empty: say something",
    )
    said = national_program.ok("registration", step, filed, *words, "--lang", "zh-CN", code=2).err
    assert "为空：请填写内容" in said


def test_what_was_not_published_says_what_to_do_before_its_record(national_program, filed):
    national_program.ok("registration", "accept", filed)
    argv = ("registration", "record", filed, *FINDINGS, *evidence())
    error = national_program.refused(*argv, code=4)
    assert (error["code"], error["rule"]) == ("notice_first", "Art. 24")
    assert error["message"].startswith("the initial registration is published before")
    assert error["hint"].startswith("publish it: muniment registration publish ID")
    assert (
        "或：muniment registration withhold"
        in national_program.ok(*argv, "--lang", "zh-CN", code=4).err
    )


def test_each_step_says_what_comes_next(national_program, applicant):
    program = national_program
    Path("contract.pdf").write_bytes(b"contract")
    words = (
        "--title", "航班", "--right", "hold", "--basis", "self-generated", "--class", "enterprise",
        "--level", "general-2", "--as", applicant,
    )  # fmt: skip
    Path("n.csv").write_text("n")
    said = program.ok("register", "n.csv", *words)
    key = said.row("registration")
    assert f"Next, the registrar: muniment registration accept {key}" in said.err
    assert (
        f"Next: muniment registration publish {key}"
        in program.ok("registration", "accept", key).err
    )
    asked = program.ok("registration", "supplement", key, "--ask", "the contract")
    assert f"supplement {key} --answer FILE" in asked.err
    answered = program.ok("registration", "supplement", key, "--answer", "contract.pdf")
    assert "Next, the registrar: muniment registration todo" in answered.err
    named = ("--notice-system", "s", "--notice-ref", "1", "--notice-published", this_moment())
    published = program.ok("registration", "publish", key, *named, "--lang", "zh-CN").err
    assert f"公示期满后的下一步：muniment registration record {key}" in published
    quiet = program.ok("--quiet", "registration", "terminate", key, "--reasons", "r")
    assert "Next" not in quiet.err


GROUNDS = {
    "refuse": ("22-4 concealment or false proof", "22-3 权属争议未解决"),
    "revoke": ("obtained-by-deceit", "judgment 生效裁判"),
    "return": ("2026-12-31T17:00:00+08:00", "含当日"),
}


@pytest.mark.parametrize("command", GROUNDS)
def test_help_says_what_grounds_and_dates_there_are(program, fresh_commands, command):
    english = "".join(program.ok("registration", command, "--help").out.split())
    assert GROUNDS[command][0].replace(" ", "") in english


@pytest.mark.parametrize("command", GROUNDS)
def test_help_says_so_in_chinese_too(program, fresh_commands, command):
    shown = program.ok("registration", command, "--help", "--lang", "zh-CN").out
    assert GROUNDS[command][1].replace(" ", "") in "".join(shown.split())


def test_nothing_is_revoked_unless_it_is_meant(national_program, filed):
    argv = ("registration", "revoke", filed, "--reasons", "r", "--ground", "judgment")
    assert national_program.refused(*argv, code=2)["code"] == "not_confirmed"
    assert "凭证注销后不可恢复" in national_program.ok(*argv, "--lang", "zh-CN", code=2).err


def test_what_was_never_recorded_cannot_be_revoked(national_program, filed):
    argv = ("registration", "revoke", "--yes", filed, "--reasons", "r")
    error = national_program.refused(*argv, "--ground", "judgment", code=4)
    assert error["message"] == f"{filed} was not recorded: there is nothing to revoke"
    assert national_program.refused(*argv, "--ground", "whim", code=2)["code"] == "option_value"


def test_a_supplement_asks_or_answers(national_program, filed):
    for argv in ((), ("--ask", "a", "--answer", "t.csv")):
        error = national_program.refused("registration", "supplement", filed, *argv, code=2)
        assert error["message"] == "give --ask or --answer"
    missing = ("registration", "supplement", filed, "--answer", "none")
    assert national_program.refused(*missing, code=5)["code"] == "not_found"


def test_a_registration_may_be_abbreviated(national_program, filed):
    national_program.ok("registration", "accept", filed.removeprefix("registration/")[:6])
    assert national_program.refused("registration", "accept", "0000", code=5)


def test_a_second_officer_s_key_is_needed_to_record(national_program, withheld):
    (national_program.home / "keys" / "registrar-2.key").unlink()
    argv = ("registration", "record", withheld, *FINDINGS, *evidence())
    error = national_program.refused(*argv, code=2)
    assert error["code"] == "key_required"
    assert error["message"].startswith("2 key(s) of party/")


BAD_CALENDARS = {
    "not JSON": (b"{", 4),
    "a list": (b"[]", 4),
    "of another year": (b'{"year":1999,"off":[],"work":[]}', 4),
    "a Saturday off": (b'{"year":2031,"off":["2031-01-04"],"work":[]}', 4),
    "too large": (b" " * 70_000, 4),
}


@pytest.mark.parametrize("name", BAD_CALENDARS)
def test_a_bad_calendar_is_refused(national_program, name):
    content, code = BAD_CALENDARS[name]
    Path("c.json").write_bytes(content)
    assert national_program("list", "publish", "calendar", "2031", "c.json").code == code


def test_a_calendar_is_published_in_versions(national_program):
    Path("c.json").write_text('{"year":2031,"off":["2031-01-01"],"work":[]}')
    for version in (1, 2):
        document = national_program.json("list", "publish", "calendar", "2031", "c.json")
        assert document["subject"] == "list/calendar:2031"
        leaf = national_program.json("log", "show", document["index"])["leaf"]
        assert leaf["event"]["body"]["version"] == version


def test_without_its_calendar_a_deadline_is_unknown_and_says_what_to_do(program):
    from tests.cli.test_init import CATALOGUED

    program.ok("init", *CATALOGUED, "--no-passphrase")
    Path("licence.pdf").touch()
    checked = ("--check-method", "seen", "--check-evidence", "licence.pdf", "--no-passphrase")
    applicant = program.json("party", "enroll", "A", *checked)["subject"]
    registration = file(program, applicant)["registration"]
    program.ok("registration", "accept", registration)
    notice = ("--notice-system", "s", "--notice-ref", "N", "--notice-published")
    import time

    time.sleep(1.1)
    error = program.refused("registration", "publish", registration, *notice, now(), code=4)
    assert error["code"] == "calendar_unknown"
    assert error["hint"].endswith("muniment list publish calendar YEAR [FILE]")

"""`muniment report`: two people with the same log get the same bytes, in words or as JSON."""

import json
import re
import shutil
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pytest

from cli.lang import set_language
from cli.reporting import format_markdown
from contracts.edges import STATES
from contracts.identity import PartyKind
from contracts.objection import Outcome
from contracts.profile import RegistrationType
from contracts.registration import RefusalGround
from contracts.revocation import RevocationGround
from contracts.title import DataClass
from node.exports.report import Report

REPORTED = (
    "accepted", "accepted_by_silence", "corrected", "filed", "lapsed", "objected", "published",
    "recorded", "refused", "returned", "supplement_asked", "supplemented", "terminated",
    "withdrawn", "withheld",
)  # fmt: skip
YEAR = datetime.now(timezone(timedelta(hours=8))).year


def test_a_report_as_json_has_a_digest_of_its_canonical_bytes(solo):
    document = solo.json("report")
    assert document.keys() == {"digest", "report"}
    raw = solo.ok("report", "--format", "json").out
    assert sha256(raw.encode()).hexdigest() == document["digest"]
    assert json.loads(raw) == document["report"]
    assert document["report"]["format"] == "muniment/report/v1"
    assert document["report"]["registrations"]["standing"] == {"initial": {"recorded": 1}}


def test_the_same_log_gives_the_same_bytes_again_and_from_a_backup(solo, tmp_path):
    solo.ok("report", "--year", YEAR, "--out", "one.json")
    solo.ok("report", "--year", YEAR, "--out", "two.json")
    solo.ok("backup", tmp_path / "copy")
    solo.ok("--home", tmp_path / "copy", "report", "--year", YEAR, "--out", "three.json")
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()
    assert Path("one.json").read_bytes() == Path("three.json").read_bytes()


def test_an_older_checkpoint_gives_the_older_report_also_after_the_log_grew(solo):
    size = solo.json("log", "checkpoint")["size"]
    Path("checkpoint.txt").write_text(solo.ok("log", "checkpoint").out)
    before = solo.json("report")
    solo.ok("party", "enroll", "A", "--no-passphrase")
    assert solo.json("report")["digest"] != before["digest"]
    assert solo.json("report", "--at", size) == before
    assert solo.json("report", "--checkpoint", "checkpoint.txt") == before


def test_a_report_names_checkpoint_origin_size_and_root(solo):
    checkpoint = solo.json("log", "checkpoint")
    log = solo.json("report")["report"]["log"]
    assert {name: log[name] for name in ("origin", "size", "root")} == {
        name: checkpoint[name] for name in ("origin", "size", "root")
    }


def test_a_checkpoint_that_was_never_signed_or_is_another_s_is_refused(solo, program, tmp_path):
    assert solo.refused("report", "--at", 1, code=5)["code"] == "not_found"
    solo.ok("--home", tmp_path / "other", "init", "--solo", "--no-passphrase")
    note = solo.ok("--home", tmp_path / "other", "log", "checkpoint").out
    Path("other.txt").write_text(note)
    error = solo.refused("report", "--checkpoint", "other.txt", code=3)
    assert error["code"] == "signature"
    Path("no.txt").write_text("x")
    assert solo.refused("report", "--checkpoint", "no.txt", code=4)["code"] == "malformed"


def test_a_checkpoint_newer_than_this_copy_is_refused(solo, tmp_path):
    shutil.copytree(solo.home, tmp_path / "old")
    solo.ok("party", "enroll", "A", "--no-passphrase")
    Path("new.txt").write_text(solo.ok("log", "checkpoint").out)
    argv = ("--home", tmp_path / "old", "report", "--checkpoint", "new.txt")
    assert "use a newer copy" in solo.refused(*argv, code=3)["message"]
    chinese = solo.ok(*argv, "--lang", "zh-CN", code=3).err
    assert "请使用较新的副本" in chinese


def test_a_report_is_checked_against_the_log(solo):
    solo.ok("report", "--from", f"{YEAR}-01-01", "--out", "r.json")
    solo.ok("party", "enroll", "A", "--no-passphrase")
    result = solo.ok("report", "--check", "r.json", "--format", "json")
    assert result.out == Path("r.json").read_text()
    assert "byte for byte" in result.err


FORGERIES = {
    "a count": (lambda r: r["vouchers"]["period"].update(issued=7), "vouchers"),
    "another root": (lambda r: r["log"].update(root="00" * 32), "not those of the checkpoint"),
    "another ledger": (lambda r: r["log"].update(origin="example.org/x"), "this log is"),
    "a longer log": (lambda r: r["log"].update(size=70), "use a newer copy"),
    "another period": (lambda r: r["period"].update(to=1), "the log has nothing"),
    "one member more": (lambda r: r.update(praise=1), "no report has"),
    "one member less": (lambda r: r.pop("parties"), "parties"),
    "another format": (lambda r: r.update(format="muniment/report/v2"), "not a report"),
    "no log": (lambda r: r.pop("log"), "log and period"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_report_that_says_something_else_than_the_log_is_found_out(solo, name):
    change, said = FORGERIES[name]
    document = solo.json("report")["report"]
    change(document)
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    Path("r.json").write_text(text)
    result = solo("report", "--check", "r.json", "--json")
    assert result.code in {3, 4}
    assert said in result.error["message"]


def test_a_report_in_other_bytes_is_refused(solo):
    Path("r.json").write_text(json.dumps(solo.json("report")["report"]))
    assert solo.refused("report", "--check", "r.json", code=4)["code"] == "malformed"


WRONG_FILES = {"another document": '{"format":"x"}', "no JSON": "# 报告\n", "Markdown": "a,b"}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_file_that_is_no_report_is_said_to_be_none(solo, name):
    Path("r.json").write_text(WRONG_FILES[name])
    error = solo.refused("report", "--check", "r.json", code=4)
    assert error["message"].startswith("not a report")
    assert error["hint"] == "give the file that 'muniment report --out FILE.json' wrote"
    said = solo.ok("report", "--check", "r.json", "--lang", "zh-CN", code=4).err
    assert "这不是工作报告" in said


def test_people_read_it_in_both_languages(solo):
    english = solo.ok("report").out
    assert english.startswith("# Report of registration work\n")
    assert "| recorded | 1 |" in english
    chinese = solo.ok("report", "--lang", "zh-CN").out
    assert chinese.startswith("# 数据产权登记工作报告\n")
    assert "| 登记完成 | 1 |" in chinese
    assert "## 办理时长（工作日）" in chinese
    digest = solo.json("report")["digest"]
    assert digest in english
    assert digest in chinese


def test_types_stand_in_the_order_of_the_guideline(solo, founded):
    solo.ok("registration", "cancel", founded.number, "--reason", "destroyed")
    heads = [line for line in solo.ok("report").out.splitlines() if "| initial |" in line]
    assert heads
    for head in heads:
        words = ["initial", "transfer", "change", "renewal", "cancellation"]
        shown = [cell.strip() for cell in head.split("|") if cell.strip()]
        assert shown == [word for word in words if word in shown]
        assert shown[-1] == "cancellation"


def english_cells(markdown):
    """First cells of rows that hold English; kinds of events are the ledger's own names."""
    cells = [line.split("|")[1].strip() for line in markdown.splitlines() if line.startswith("|")]
    words = [cell for cell in cells if re.search("[a-z]{3}", cell)]
    return [cell for cell in words if not re.fullmatch(r"[a-z]+\.[a-z]+", cell)]


def test_every_word_of_a_report_is_in_chinese(solo):
    assert english_cells(solo.ok("report", "--lang", "zh-CN").out) == []
    assert english_cells(solo.ok("report").out)


def test_every_step_status_ground_and_outcome_has_words_in_chinese():
    """Of a report in which everything happened that the procedure knows."""
    counted = dict.fromkeys(REPORTED, 1)
    grounds = dict.fromkeys((*get_args(RevocationGround), *get_args(RefusalGround)), 1)
    outcomes = dict.fromkeys(get_args(Outcome), 1)
    document = {
        "ledger": {"name": "登记中心", "profile": "national-2026"},
        "log": {"origin": "example.org/x", "size": 7, "root": "00" * 32},
        "period": {"from": 0, "to": None, "as_of": 1},
        "registrations": {
            "steps": dict.fromkeys(get_args(RegistrationType), counted),
            "standing": dict.fromkeys(get_args(RegistrationType), dict.fromkeys(STATES, 1)),
        },
        "durations": {},
        "late": dict.fromkeys(("objection_open", "objection_resolved", "open", "recorded"), 1),
        "decisions": {"refusals": grounds, "revocations": grounds, "objections": outcomes},
        "vouchers": {
            "period": dict.fromkeys(("cancelled", "expired", "issued", "revoked"), 1),
            "standing": dict.fromkeys(("expired", "renewal_pending", "superseded", "valid"), 1),
        },
        "assets": {"by_class": dict.fromkeys(get_args(DataClass), 1), "frozen": 1},
        "burdens": {"freezes": {"in-force": 1, "lifted": 1}, "pledges": {"released": 1}},
        "parties": {"by_kind": dict.fromkeys(get_args(PartyKind), 1), "by_status": {"exited": 1}},
        "events": {"registration.file": 1},
    }
    set_language("zh-CN")
    try:
        markdown = format_markdown(Report(document))
    finally:
        set_language("en")
    basis = {"national-2026", "example.org/x"}
    assert [cell for cell in english_cells(markdown) if cell not in basis] == []
    heads = [line for line in markdown.splitlines() if line.startswith("|  | ")]
    assert not any(re.search("[a-z]{3}", line) for line in heads)


def test_markdown_is_written_by_the_ending_of_the_file(solo):
    document = solo.json("report", "--out", "r.md")
    assert document.keys() == {"digest", "report", "file"}
    assert Path("r.md").read_text().startswith("# Report")
    assert solo.refused("report", "--out", "r.md", "--year", YEAR, code=2)["code"] == "exists"
    solo.ok("report", "--out", "r.md", "--year", YEAR, "--force")
    assert solo.ok("report", "--out", "r.json").row("digest") == document["digest"]


def test_days_are_whole_days_of_the_profile(solo):
    day = datetime.now(timezone(timedelta(hours=8))).date()
    period = solo.json("report", "--from", day, "--to", day)["report"]["period"]
    assert period["to"] - period["from"] == 86_400_000
    assert period["from"] % 86_400_000 == 16 * 3_600_000, "00:00 at UTC+08:00"
    year = solo.json("report", "--year", YEAR)["report"]["period"]
    assert datetime.fromtimestamp(
        year["from"] / 1000, timezone(timedelta(hours=8))
    ).isoformat() == (f"{YEAR}-01-01T00:00:00+08:00")


WRONG = {
    "a year and a day": ("--year", "2026", "--from", "2026-01-01"),
    "two checkpoints": ("--at", "7", "--checkpoint", "x"),
    "a check of another period": ("--check", "x", "--year", "2026"),
    "another form": ("--format", "pdf"),
    "no date": ("--from", "yesterday"),
}


@pytest.mark.parametrize("name", WRONG)
def test_options_that_contradict_each_other_are_wrong_use(solo, name):
    assert solo.refused("report", *WRONG[name], code=2)["message"]


def test_an_empty_period_says_what_to_do(solo):
    error = solo.refused("report", "--year", "2020", code=4)
    assert error["code"] == "empty_period"
    assert error["hint"] == "choose another with --from and --to"
    assert "请用 --from" in solo.ok("report", "--year", "2020", "--lang", "zh-CN", code=4).err

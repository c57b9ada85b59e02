"""`muniment verify` on files that are none, on other kinds of files, and on the wrong kind."""

import io
import json
import os
import time
from pathlib import Path

import pytest

from tests.cli.conftest import TABLE
from tests.cli.test_verify import MEMBERS, verify
from tests.support.program import run_measured

MIB = 1024 * 1024


MALFORMED = {
    "empty": b"",
    "not JSON": b"{",
    "not UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "no format": b"{}",
    "another format": b'{"format":"muniment/voucher/v2"}',
    "a format that is no text": b'{"format":[1]}',
    "members missing": b'{"format":"muniment/voucher/v1"}',
    "the same member twice": b'{"format":"muniment/voucher/v1","format":"muniment/voucher/v1"}',
    "a float": b'{"format":"muniment/voucher/v1","asset":1.5}',
    "nested deeply": b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "NUL bytes": bytes(64),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_input_keeps_the_shape_and_exits_4(stranger, name):
    Path("bad.voucher.json").write_bytes(MALFORMED[name])
    verdict = verify(stranger, "bad.voucher.json", code=4)
    assert verdict.keys() == MEMBERS | {"error"}
    assert verdict["verified"] is verdict["authentic"] is False
    assert verdict["error"]["code"] in {"malformed", "limit"}
    assert stranger.ok("verify", "bad.voucher.json", "--policy", "trust.policy", code=4).err == ""


def test_a_folder_is_malformed_too(stranger):
    Path("folder.voucher.json").mkdir()
    assert verify(stranger, "folder.voucher.json", code=4)["verified"] is False


@pytest.mark.slow
@pytest.mark.parametrize("name", ["huge.voucher.json", "huge.json"])
def test_a_file_of_a_gigabyte_is_refused_at_once(stranger, name):
    with Path(name).open("wb") as file:
        file.truncate(1024 * MIB)
    began = time.monotonic()
    argv = ("verify", name, "--policy", "trust.policy", "--json")
    ended, peak = run_measured(*argv, home=stranger.home, cwd=Path.cwd())
    assert ended.code == 4
    assert json.loads(ended.out)["error"]["code"] == "limit"
    assert peak < (100 if name.endswith(".voucher.json") else 250) * MIB
    assert time.monotonic() - began < 60


def test_a_receipt_under_a_voucher_s_name_is_no_voucher(solo):
    solo.ok("proof", "inclusion", "5", "--receipt", "--out", "fake.voucher.json")
    verdict = solo.json("verify", "fake.voucher.json", code=3)
    assert verdict["error"]["message"] == "this is a receipt, not a voucher"
    assert (
        "这是 receipt，而非 voucher"
        in solo.ok("verify", "fake.voucher.json", "--lang", "zh-CN", code=3).out
    )
    assert solo.json("verify", "fake.voucher.json", "--kind", "receipt")["verified"] is True


def test_a_tlog_proof_under_a_voucher_s_name_is_no_voucher(solo):
    solo.ok("proof", "inclusion", "5", "--out", "fake.voucher.json", "--entry", "entry.json")
    argv = ("verify", "fake.voucher.json", "--entry", "entry.json")
    assert solo.json(*argv, code=3)["verified"] is False


# other kinds


def test_a_receipt_verifies(solo, founded):
    solo.ok("proof", "inclusion", "5", "--receipt", "--out", "r.json")
    verdict = solo.json("verify", "r.json")
    assert (verdict["kind"], verdict["verified"], verdict["status"]) == ("receipt", True, "")
    assert verdict["subject"] == founded.registered["asset"]
    assert [check["name"] for check in verdict["checks"]] == ["inclusion"]
    receipt = json.loads(Path("r.json").read_text())
    Path("r.json").write_text(json.dumps(receipt | {"entry": receipt["entry"][:-4] + "AAAA"}))
    assert solo("verify", "r.json").code in {3, 4}


def test_a_tlog_proof_verifies_with_its_entry_and_not_with_another(solo):
    solo.ok("proof", "inclusion", "5", "--out", "p.tlog-proof", "--entry", "five.json")
    solo.ok("proof", "inclusion", "4", "--out", "q.tlog-proof", "--entry", "four.json")
    assert solo.json("verify", "p.tlog-proof", "--entry", "five.json")["kind"] == "tlog-proof"
    assert solo.json("verify", "p.tlog-proof", "--entry", "four.json", code=3)["verified"] is False
    verdict = solo.json("verify", "p.tlog-proof", code=4)
    assert verdict["error"]["hint"] == "give its bytes with --entry FILE"
    missing = ("verify", "p.tlog-proof", "--entry", "none")
    assert solo.refused(*missing, code=5)["code"] == "not_found"


def test_a_state_and_a_dossier_verify(solo, founded):
    asset = founded.registered["asset"]
    solo.ok("query", "asset", asset, "--proof", "s.json", "--dossier", "d.json")
    state, dossier = solo.json("verify", "s.json"), solo.json("verify", "d.json")
    assert (state["kind"], state["subject"]) == ("state", asset)
    assert (dossier["kind"], dossier["subject"]) == ("dossier", asset)
    assert dossier["checks"][-1]["detail"] == "2 events, none left out"
    chinese = solo.ok("verify", "d.json", "--lang", "zh-CN")
    assert "2 个事件，无遗漏" in chinese.out


def test_an_absence_verifies_as_such(solo):
    solo.ok("query", "absent", "--number", "TEST2026119999", "--proof", "none.json")
    verdict = solo.json("verify", "none.json")
    assert (verdict["verified"], verdict["status"]) == (True, "absent")
    assert solo.ok("verify", "none.json", "--lang", "zh-CN").row("状态") == "不存在"


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (["--kind", "voucher"], 0),
        (["--kind", "receipt"], 3),
        (["--kind", "nonsense"], 3),
        (["--subject", "{number}"], 0),
        (["--subject", "voucher/{number}"], 0),
        (["--subject", "TEST2026119999"], 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_file_can_be_held_against_what_it_must_be(stranger, founded, flags, code):
    words = [word.format(number=founded.number) for word in flags]
    verdict = verify(stranger, "one.voucher.json", *words, code=code)
    assert verdict["checks"][0] == {
        "name": "expected",
        "ok": code == 0,
        "detail": verdict["checks"][0]["detail"],
    }


def test_a_question_that_only_a_voucher_answers_is_not_passed_over(solo):
    solo.ok("proof", "inclusion", "0", "--out", "r.json", "--receipt")
    solo.ok("query", "absent", "list/x:1", "--proof", "s.json")
    for name in ("r.json", "s.json"):
        asked = solo.refused("verify", name, "--data", "table.csv", code=2)
        assert asked["code"] == "unanswerable"
        dated = solo.json("verify", name, "--as-of", "2000-01-01")
        assert "date asked about" in dated["not_checked"]
    aged = solo.refused("verify", "r.json", "--max-age", "1s", code=2)
    assert aged["code"] == "unanswerable"
    fresh = solo.json("verify", "s.json", "--max-age", "7d")
    assert "freshness" not in fresh["not_checked"]


def test_special_files_are_refused_at_once(stranger):
    os.mkfifo("pipe")
    for name in ("pipe", "/dev/zero"):
        assert stranger("verify", name, "--policy", "trust.policy").code == 4
        bad = ("verify", "one.voucher.json", "--policy", "trust.policy", "--data", name)
        assert stranger.refused(*bad, code=4)["code"] == "malformed"


def test_a_dash_is_standard_input(stranger, monkeypatch):
    class Stdin:
        buffer = io.BytesIO(Path("one.voucher.json").read_bytes())

    monkeypatch.setattr("sys.stdin", Stdin())
    assert stranger.json("verify", "-", "--policy", "trust.policy")["verified"] is True


def test_an_opening_of_something_else_is_said_to_be_that(stranger):
    Path("table.csv").write_bytes(TABLE)
    opening = json.loads(Path("opening.json").read_text(encoding="utf-8"))
    opening["openings"][0]["salt"] = "A" * 43
    Path("other.json").write_text(json.dumps(opening), encoding="utf-8")
    words = ("verify", "one.voucher.json", "--policy", "trust.policy")
    asked = stranger.json(*words, "--data", "table.csv", "--opening", "other.json", code=3)
    assert "not of this asset" in asked["checks"][-1]["detail"]
    assert stranger.refused(*words, "--opening", "opening.json", code=2)["code"] == "usage"


def test_a_file_name_cannot_speak_to_the_terminal(stranger):
    name = "x\n\x1b[31mVERIFIED.voucher.json"
    Path("one.voucher.json").rename(name)
    shown = stranger.ok("verify", name, "--policy", "trust.policy").out
    assert "\x1b" not in shown
    assert shown.splitlines()[0].startswith("VERIFIED: x ")

"""`muniment trace file`: from a leaked fragment to the delivery, and a case that a stranger checks."""

import csv
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from tests.cli.conftest import run_quietly
from tests.support.tables import make_sales, write_csv

A, B, C, D = "甲公司", "乙公司", "丙公司", "丁公司"
ROWS = 2_000
CASE = "case.zip"


@dataclass(frozen=True)
class Leak:
    """A home whose table went from A to B and D, and from B to C.

    Args:
        home: Its home folder.
        files: Original, copies and the sealed key of B.
        asset: What was delivered.
        sent: Deliveries by recipient.
    """

    home: Path
    files: Path
    asset: str
    sent: dict


@pytest.fixture(scope="session")
def leaked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("leaked")
    home, files = ("--home", folder / "home"), folder / "files"
    files.mkdir()
    table = files / "sales.csv"
    write_csv(table, make_sales(ROWS))
    run_quietly(*home, "init", "--solo", "--no-passphrase")
    for name in (A, B, C, D):
        run_quietly(*home, "party", "enroll", name, "--no-passphrase")
    rights = ("--right", "hold", "--right", "use", "--right", "operate")
    made = run_quietly(*home, "register", table, "--title", "销售明细", *rights, "--as", A)
    number, sent = made["voucher"], {}
    for sender, taker, template, source in (
        (A, B, "one-onward-copy", "sales.csv"),
        (A, D, "no-resale", "sales.csv"),
        (B, C, "no-resale", "乙.csv"),
    ):
        terms = ("--to", taker, "--template", template, "--agreement", "--as", sender)
        run_quietly(*home, "grant", "issue", number, *terms)
        copy = files / f"{taker[0]}.csv"
        argv = ("--from", files / source, "--to", taker, "--out", copy, "--as", sender)
        sent[taker] = run_quietly(*home, "deliver", number, *argv)["subject"]
        run_quietly(*home, "receive", f"{copy}.delivery.json", "--file", copy)
    return Leak(home[1], files, made["asset"], sent)


@pytest.fixture
def traced(program, leaked):
    """The program over a copy of that home, with all its files and a fragment of C's copy."""
    shutil.copytree(leaked.home, program.home)
    shutil.copytree(leaked.files, ".", dirs_exist_ok=True)
    leak("丙.csv", 1_000)
    return program


def leak(source, count, out="leak.csv", encoding="gb18030", foreign=0):
    """Some rows of a copy, shuffled, in another encoding, among rows of nobody's."""
    with Path(source).open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    draw = Random(7)
    mixed = [*draw.sample(rows, count), *make_sales(foreign, seed=9).rows]
    draw.shuffle(mixed)
    with Path(out).open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([head, *mixed])


def trace(program, *more, suspect="leak.csv", original="sales.csv", code=0):
    argv = () if original is None else ("--original", original)
    return program.json("trace", "file", suspect, *argv, *more, code=code)


def named(document):
    return [each["delivery"] for each in document["named"]]


# what it answers


def test_a_fragment_is_traced_to_the_delivery_or_its_onward_ones(traced, leaked):
    found = trace(traced)
    assert found["derivation"]["asset"] == leaked.asset
    (one,) = found["named"]
    assert one["delivery"] == leaked.sent[B]
    assert one["unscored"] == one["onward"] == [leaked.sent[C]]
    assert found["attribution"]["outcome"] == "named"
    text = traced.ok("trace", "file", "leak.csv", "--original", "sales.csv").out
    assert "or from an onward delivery below it whose marking key was not at hand" in text
    assert "NOT the chance that anybody is innocent" in text


def test_with_the_escrowed_key_the_onward_copy_is_named_and_the_hand_above_cleared(traced, leaked):
    traced.ok("escrow", "open", "丙.csv.escrow.json")
    found = trace(traced)
    (one,) = found["named"]
    assert (one["delivery"], one["unscored"]) == (leaked.sent[C], [])
    assert found["attribution"]["cleared"] == [leaked.sent[B]]
    assert (one["verdict"], one["clause"]["path"]) == ("prohibited", "prohibition/0")
    chances = {each["delivery"]: each["chance"] for each in found["attribution"]["candidates"]}
    assert chances[leaked.sent[C]] <= found["attribution"]["threshold"] < chances[leaked.sent[D]]


def test_only_keys_that_the_party_made_or_opened_are_used(traced, leaked):
    assert named(trace(traced, "--as", A)) == [leaked.sent[B]]
    found = trace(traced, "--as", C)
    assert (found["attribution"]["outcome"], found["attribution"]["why"]) == (
        "not-scored",
        "no-key",
    )
    found = trace(traced, "--as", B, original="乙.csv")
    assert named(found) == [leaked.sent[C]]
    assert found["attribution"]["against"] == leaked.sent[B]


def test_foreign_rows_and_another_form_do_not_hide_it(traced, leaked):
    leak("丁.csv", 700, foreign=2_000)
    found = trace(traced)
    assert named(found) == [leaked.sent[D]]
    share = found["derivation"]["overlaps"][0]["of_suspect"][0]
    assert 2_400 <= share <= 2_800


def test_the_owners_own_table_names_nobody(traced):
    found = trace(traced, suspect="sales.csv")
    assert found["named"] == []
    assert (found["attribution"]["outcome"], found["attribution"]["why"]) == ("none", "too-weak")
    steps = {step["rung"]: step["outcome"] for step in found["derivation"]["steps"]}
    assert steps["exact"] == "match"


def test_a_strange_table_derives_from_nothing(traced):
    write_csv(Path("strange.csv"), make_sales(500, seed=5))
    found = trace(traced, suspect="strange.csv", original=None)
    assert found["derivation"]["asset"] is None
    assert found["attribution"]["why"] == "no-asset"


def test_without_the_original_the_asset_is_named_and_no_delivery(traced, leaked):
    found = trace(traced, original=None)
    assert found["derivation"]["asset"] == leaked.asset
    assert found["attribution"]["why"] == "no-original"
    assert found["named"] == []


def test_a_stricter_bound_is_kept_to(traced):
    strict = trace(traced, "--bound", "1e-200")["attribution"]
    assert (strict["outcome"], strict["bound"]) == ("none", -200_000)
    assert strict["threshold"] < -200_000
    assert (
        min(each["chance"] for each in strict["candidates"] if each["chance"] is not None) < -7_000
    )


def test_a_weak_bound_is_called_weak_on_the_terminal_and_in_the_report(traced):
    weak = traced.ok("trace", "file", "leak.csv", "--original", "sales.csv", "--bound", "0.1")
    assert "warning: the bound is weak" in weak.err
    assert "a chance of up to 1.0e-1 of naming an innocent delivery is no ground" in weak.out
    argv = ("--bound", "0.01", "--out", "weak.html", "--lang", "zh-CN", "--format", "html")
    chinese = traced.ok("trace", "file", "leak.csv", "--original", "sales.csv", *argv)
    assert "警告：误指概率上限过宽" in chinese.err
    assert "过于宽松" in Path("weak.html").read_text(encoding="utf-8")
    plain = traced.ok("trace", "file", "leak.csv", "--original", "sales.csv", "--bound", "0.001")
    assert "weak" not in plain.err + plain.out


def test_the_grants_are_those_of_the_day_of_the_act(traced):
    grants = traced.json("grant", "list", "--party", D)["items"]
    leak("丁.csv", 1_000)
    traced.ok("grant", "revoke", grants[0]["grant"])
    found = trace(traced)
    assert (found["named"][0]["verdict"], found["act"]["source"]) == ("not covered", "traced")
    time = found["attribution"]["candidates"][1]["time"] + 1
    then = datetime.fromtimestamp(time / 1000, UTC).isoformat()
    found = trace(traced, "--act-date", then)
    assert (found["named"][0]["verdict"], found["act"]["source"]) == ("prohibited", "stated")


# the case


def test_the_case_verifies_where_nothing_is_but_the_policy(traced, leaked, tmp_path):
    traced.ok("escrow", "open", "丙.csv.escrow.json")
    found = trace(traced, "--case", CASE)
    assert found["case"] == CASE
    argv = ("verify", CASE, "--policy", traced.home / "trust.policy", "--home", tmp_path / "none")
    verdict = traced.json(*argv)
    assert (verdict["verified"], verdict["kind"]) == (True, "case")
    assert verdict["subject"] == leaked.asset
    assert "scores" in verdict["not_checked"]
    assert traced.json(*argv, "--data", "leak.csv")["verified"]
    assert not traced.json(*argv, "--data", "丁.csv", code=3)["verified"]
    chinese = traced.ok(*argv, "--lang", "zh-CN").out
    assert "文件来源" in chinese
    assert "得分" in chinese
    content = bytearray(Path(CASE).read_bytes())
    content[len(content) // 2] ^= 1
    Path(CASE).write_bytes(content)
    traced.ok(*argv, code=4)


def test_a_broken_table_is_said_to_be_none_with_the_line(traced):
    head, *lines = Path("leak.csv").read_bytes().splitlines(keepends=True)
    Path("broken.csv").write_bytes(b"".join([head, b"1,2\n", *lines]))
    said = traced.ok("trace", "file", "broken.csv", "--original", "sales.csv").err
    assert "line 2" in said
    assert "mend a copy of it" in said
    chinese = traced.ok("trace", "file", "broken.csv", "--lang", "zh-CN").err
    assert "无法按表格读取" in chinese
    assert "warning" not in traced.ok("trace", "file", "leak.csv").err


def test_a_case_of_rows_that_only_alignment_found_verifies(traced, leaked):
    leak("丁.csv", 40, foreign=3_000)
    found = trace(traced, "--case", CASE)["derivation"]
    steps = {step["rung"]: step["outcome"] for step in found["steps"]}
    assert (found["asset"], steps["rows"], steps["alignment"]) == (
        leaked.asset,
        "no-match",
        "match",
    )
    assert traced.json("verify", CASE, "--policy", traced.home / "trust.policy")["verified"]


def test_custody_that_is_half_said_names_what_is_missing(traced):
    argv = ("trace", "file", "leak.csv", "--found-by", "王某", "--found-at", "2026-11-20")
    english = " ".join(traced.ok(*argv).out.split())
    assert "(取证过程未说明): where, how it was obtained." in english
    assert "取证过程未说明：何地发现、如何取得。" in traced.ok(*argv, "--lang", "zh-CN").out


def test_a_delivered_copy_as_the_original_says_that_others_need_the_registered_file(traced, leaked):
    argv = ("trace", "file", "leak.csv", "--original", "丁.csv")
    english = " ".join(traced.ok(*argv).out.split())
    assert f"the copy of {leaked.sent[D]}" in english
    assert "name the registered file with --original FILE" in english


def test_a_case_of_no_asset_is_not_written_and_says_so(traced):
    write_csv(Path("strange.csv"), make_sales(500, seed=5))
    found = trace(traced, "--case", CASE, suspect="strange.csv", original=None, code=5)
    assert found["case"] is None
    assert not Path(CASE).exists()
    argv = ("trace", "file", "strange.csv", "--case", CASE, "--lang", "zh-CN")
    assert "未写出" in traced.ok(*argv, code=5).err


def test_a_case_never_replaces_another_file_unasked(traced):
    Path(CASE).write_bytes(b"mine")
    argv = ("trace", "file", "sales.csv", "--case", CASE)
    assert traced.refused(*argv, code=2)["code"] == "exists"
    assert Path(CASE).read_bytes() == b"mine"
    traced.json(*argv, "--force")
    assert Path(CASE).read_bytes() != b"mine"


def test_custody_that_is_said_stands_in_the_report_and_else_its_absence(traced):
    now = datetime.now(UTC).isoformat()
    said = ("--found-by", "王某", "--found-at", now, "--found-where", "https://example.org")
    html = traced.ok("trace", "file", "leak.csv", "--format", "html", "--lang", "zh-CN").out
    assert "取证过程未说明" in html
    more = ("--found-how", "公证购买", "--notary", "2026-9")
    traced.ok("trace", "file", "leak.csv", *said, *more, "--out", "r.html")
    text = Path("r.html").read_text(encoding="utf-8")
    assert "2026-9" in text
    assert "取证过程未说明" not in text
    assert "王某" in text


def test_the_report_goes_into_a_file_of_the_form_that_its_name_says(traced, leaked):
    written = trace(traced, "--out", "r.json", original=None)
    assert (written["file"], written["subject"]) == ("r.json", leaked.asset)
    assert json.loads(Path("r.json").read_bytes())["format"] == "muniment/finding/v1"
    trace(traced, "--out", "r.html")
    html = Path("r.html").read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert html.count("<svg") == 2
    assert Path("r.html").stat().st_mode & 0o777 == 0o600  # scores are not for recipients


# refusals


REFUSED = (
    (("-",), 2, "usage"),
    (("leak.csv", "--bound", "0"), 2, "bound"),
    (("leak.csv", "--bound", "often"), 2, "bound"),
    (("leak.csv", "--bound", "nan"), 2, "bound"),
    (("leak.csv", "--bound", "0.9"), 2, "bound"),
    (("leak.csv", "--bound", "0.100001"), 2, "bound"),
    (("leak.csv", "--format", "pdf"), 2, "usage"),
    (("leak.csv", "--found-by", "x" * 501), 2, "usage"),
    (("leak.csv", "--found-at", "yesterday"), 2, "date"),
    (("leak.csv", "--original", "leak.csv"), 4, "other_file"),
    (("none.csv",), 5, "not_found"),
    (("leak.csv", "--original", "none.csv"), 5, "not_found"),
    (("leak.csv", "--asset", "none"), 5, "not_found"),
    (("leak.csv", "--as", "none"), 5, "not_found"),
)


def test_what_cannot_be_traced_is_refused_in_both_languages(traced):
    for argv, code, reason in REFUSED:
        english = traced.refused("trace", "file", *argv, code=code)
        assert english["code"] == reason
        chinese = traced.ok("trace", "file", *argv, "--lang", "zh-CN", code=code).err
        assert english["message"] not in chinese, argv


def test_an_act_before_the_delivery_it_came_from_is_refused(traced):
    argv = ("trace", "file", "leak.csv", "--original", "sales.csv", "--act-date", "2020-01-01")
    assert traced.refused(*argv, code=4)["code"] == "act_before_delivery"

"""`muniment deliver --canaries`: rows that are invented for one recipient of a small table."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import run_quietly
from tests.cli.test_grant import both
from tests.support.tables import make_sensors, write_csv

ROWS = 200


class Stall:
    """A solo registry with a table of 200 rows, licensed from 甲 to 乙 and from 乙 to 丙.

    Both grants disclose at most 20 invented rows and no other marks.
    """

    def __init__(self, folder):
        self.home, self.table = folder / "home", folder / "table.csv"
        home = ("--home", self.home)
        write_csv(self.table, make_sensors(ROWS))
        run_quietly(*home, "init", "--solo", "--no-passphrase")
        for name in ("甲公司", "乙公司", "丙公司"):
            run_quietly(*home, "party", "enroll", name, "--no-passphrase")
        argv = ("--title", "传感器数据", "--right", "operate", "--as", "甲公司")
        self.number = run_quietly(*home, "register", self.table, *argv)["voucher"]
        marks = ("--withheld", "0", "--rows-per-mark", "0", "--invented-rows", "20")
        terms = ("--template", "one-onward-copy", "--until", "2030-12-31", "--agreement", *marks)
        argv = ("grant", "issue", self.number, "--to", "乙公司", *terms)
        self.grant = run_quietly(*home, *argv)["subject"]
        terms = ("--template", "no-resale", "--until", "2030-12-31", "--agreement")
        argv = ("grant", "issue", self.number, "--as", "乙公司", "--to", "丙公司", *terms)
        self.onward = run_quietly(*home, *argv)["subject"]


@pytest.fixture(scope="session")
def founded_stall(tmp_path_factory):
    return Stall(tmp_path_factory.mktemp("stall"))


@pytest.fixture
def stall(program, founded_stall):
    shutil.copytree(founded_stall.home, program.home)
    shutil.copy(founded_stall.table, "table.csv")
    return program


def argv_for(stall, *more, source="table.csv", to="乙公司", out="copy.csv"):
    return ("deliver", stall.number, "--from", source, "--to", to, "--out", out, *more)


def lines(path):
    return Path(path).read_bytes().splitlines(keepends=True)


def body_of(program, document):
    return program.json("log", "show", document["index"])["leaf"]["event"]["body"]


def test_a_copy_has_the_rows_of_the_source_and_a_few_that_nobody_measured(stall, founded_stall):
    document = stall.json(*argv_for(founded_stall, "--canaries", "12"))
    assert (document["rows"], document["source_rows"], document["canaries"]) == (212, 200, 12)
    source, copy = lines("table.csv"), lines("copy.csv")
    assert [line for line in copy if line in set(source)] == source
    assert len(copy) == len(source) + 12
    stall.ok("receive", "copy.csv.delivery.json", "--file", "copy.csv")


def test_the_record_says_how_many_and_not_which(stall, founded_stall):
    document = stall.json(*argv_for(founded_stall, "--canaries", "12"))
    marks = body_of(stall, document)["marks"]
    assert {name: marks[name] for name in ("e", "g", "rows", "canaries")} == {
        "e": 0, "g": 0, "rows": 212, "canaries": 12,
    }  # fmt: skip
    stall.ok("escrow", "export", document["subject"], "--out", "marks.json")
    assert json.loads(Path("marks.json").read_bytes())["value"]["canaries"] == 12


def test_people_see_invented_rows_apart_from_those_of_the_source(stall, founded_stall):
    shown = stall.ok(*argv_for(founded_stall, "--canaries", "12"))
    assert shown.row("rows").endswith("200 of 200, and 12 invented")
    assert shown.row("invented rows") == "12"
    chinese = stall.ok(*argv_for(founded_stall, "--canaries", "3", out="b.csv"), "--lang", "zh-CN")
    assert chinese.row("行数") == "200（原表 200），另有虚构 3"
    assert chinese.row("已约定") == "虚构 3 行"
    tree = stall.ok("trace", "asset", founded_stall.number).out
    assert "invented rows 12" in tree


def test_rows_are_invented_only_if_asked_for(stall, founded_stall):
    error = stall.refused(*argv_for(founded_stall), code=4)
    assert error["code"] == "no_marks"
    assert "--canaries N" in error["message"]
    assert "--canaries N" in both(stall, *argv_for(founded_stall), code=4)[1]
    stall.ok(*argv_for(founded_stall, "--exact"))
    assert lines("copy.csv") == lines("table.csv")


def test_no_more_rows_are_invented_than_the_grant_discloses(stall, founded_stall):
    argv = argv_for(founded_stall, "--canaries", "21")
    error = stall.refused(*argv, code=4)
    assert (error["code"], error["rule"]) == ("not_disclosed", "domain 4")
    assert "--invented-rows 21" in error["message"]
    assert "20 行，而非 21 行" in both(stall, *argv, code=4)[1]
    assert not Path("copy.csv").exists()
    assert stall.refused(*argv_for(founded_stall, "--canaries", "1001"), code=2)["code"] == "usage"


def test_an_exact_copy_has_no_invented_rows(stall, founded_stall):
    argv = argv_for(founded_stall, "--canaries", "3", "--exact")
    assert "an exact copy has no marks" in stall.refused(*argv, code=2)["message"]


def test_finishing_makes_the_same_invented_rows_again(stall, founded_stall):
    key = stall.json(*argv_for(founded_stall, "--canaries", "12"))["subject"]
    made = Path("copy.csv").read_bytes()
    for name in ("copy.csv", "copy.csv.delivery.json"):
        Path(name).unlink()
    finish = ("deliver", "--finish", key, "--from", "table.csv", "--out", "copy.csv")
    assert stall.refused(*finish, "--canaries", "12", code=2)["code"] == "usage"
    stall.ok(*finish)
    assert Path("copy.csv").read_bytes() == made


def test_what_is_handed_on_has_the_invented_rows_of_both_hands(stall, founded_stall):
    stall.ok(*argv_for(founded_stall, "--canaries", "12"))
    stall.ok("receive", "copy.csv.delivery.json", "--file", "copy.csv")
    on = argv_for(founded_stall, "--canaries", "5", source="copy.csv", to="丙公司", out="on.csv")
    document = stall.json(*on)
    assert (document["rows"], document["source_rows"]) == (217, 212)
    assert document["escrow"] == "on.csv.escrow.json"
    assert set(lines("copy.csv")) < set(lines("on.csv"))


def test_a_table_without_room_for_invented_rows_is_refused_in_both_languages(stall):
    Path("few.csv").write_text("a,b\n1,x\n1,y\n2,x\n2,y\n", "utf-8")
    argv = ("--title", "小表", "--right", "operate", "--as", "甲公司")
    number = stall.json("register", "few.csv", *argv)["voucher"]
    terms = ("--template", "no-resale", "--agreement", "--invented-rows", "3")
    stall.ok("grant", "issue", number, "--to", "丙公司", "--as", "甲公司", *terms)
    argv = ("deliver", number, "--from", "few.csv", "--to", "丙公司", "--out", "c.csv")
    english, chinese = both(stall, *argv, "--canaries", "3", code=4)
    assert "no 3 rows can be invented of this table" in english
    assert "此表无法虚构 3 行" in chinese
    assert not Path("c.csv").exists()


def test_a_plan_says_what_invented_rows_are_worth_and_cost(stall, founded_stall):
    argv = argv_for(founded_stall, "--plan", "--canaries", "12")
    document = stall.json(*argv)["canaries"]
    assert (document["canaries"], document["share"]) == (12, 56_604)
    assert [each["found"] for each in document["needed"]] == [2, 2, 2]
    assert all(12 < each["rows"] < 212 for each in document["needed"])
    shown = stall.ok(*argv)
    assert shown.row("invented rows").startswith("12, 5.6604 % of a copy")
    assert "2 of them found" in shown.row("one of 100, by them alone")
    chinese = stall.ok(*argv, "--lang", "zh-CN")
    assert "须见其中 2 行" in chinese.row("仅凭其从 100 个中指认")
    assert not Path("copy.csv").exists()


# who made the copy can tell its rows apart


def test_the_sender_lists_the_rows_that_were_invented(stall, founded_stall):
    key = stall.json(*argv_for(founded_stall, "--canaries", "12"))["subject"]
    items = stall.json("escrow", "canaries", key, "--from", "table.csv")["items"]
    assert len(items) == 12
    copy, own = lines("copy.csv"), set(lines("table.csv"))
    assert [each["row"] for each in items] == [
        place for place, line in enumerate(copy) if line not in own
    ]
    header = copy[0].decode().strip().split(",")
    assert all(list(each["cells"]) == header for each in items)
    assert items[0]["cells"]["station"] == copy[items[0]["row"]].decode().split(",")[0]
    shown = stall.ok("escrow", "canaries", key, "--from", "table.csv").out.splitlines()
    assert [int(line.split("\t")[0]) for line in shown] == [each["row"] for each in items]


def test_of_an_exact_copy_no_rows_can_be_listed(stall, founded_stall):
    key = stall.json(*argv_for(founded_stall, "--exact"))["subject"]
    argv = ("escrow", "canaries", key, "--from", "table.csv")
    assert "made no marked copy" in stall.refused(*argv, code=5)["message"]
    assert "未曾" in both(stall, *argv, code=5)[1]


def test_invented_rows_are_listed_from_the_file_that_they_were_drawn_from_alone(
    stall, founded_stall
):
    key = stall.json(*argv_for(founded_stall, "--canaries", "12"))["subject"]
    argv = ("escrow", "canaries", key, "--from", "copy.csv")
    assert stall.refused(*argv, code=4)["code"] == "other_file"
    assert "不是" in both(stall, *argv, code=4)[1]


# from which copy a file came


def leak(copy, out="leak.csv", *, columns=None):
    """A copy's rows in another order, of some of its columns."""
    header, *rows = [line.split(",") for line in Path(copy).read_text("utf-8").splitlines()]
    chosen = range(len(header)) if columns is None else columns
    lines = [",".join(cells[place] for place in chosen) for cells in [header, *rows[::-1]]]
    Path(out).write_text("\n".join([*lines, ""]), "utf-8")
    return out


def trace(program, *more, suspect="leak.csv"):
    return program.json("trace", "file", suspect, "--original", "table.csv", *more)


def found_in(document):
    return {
        each["delivery"]: each["invented_found"] for each in document["attribution"]["candidates"]
    }


def test_invented_rows_alone_name_the_copy_that_a_file_of_200_rows_came_from(stall, founded_stall):
    keys = [
        stall.json(*argv_for(founded_stall, "--canaries", "12", out=f"{n}.csv"))["subject"]
        for n in range(3)
    ]
    leak("1.csv", columns=(8, 2, 4, 5, 3, 6))
    document = trace(stall, "--case", "case.zip")
    assert [each["delivery"] for each in document["named"]] == [keys[1]]
    assert found_in(document) == {keys[0]: 0, keys[1]: 12, keys[2]: 0}
    assert [each["invented"] for each in document["attribution"]["candidates"]] == [12] * 3
    assert document["attribution"]["candidates"][1]["chance"] < -30_000
    shown = stall.ok("trace", "file", "leak.csv", "--original", "table.csv")
    assert "Of the 12 rows that were invented for this copy alone, 12 are in the file" in shown.out
    chinese = stall.ok("trace", "file", "leak.csv", "--original", "table.csv", "--lang", "zh-CN")
    assert "专为该副本虚构的 12 行中，有 12 行见于该文件" in chinese.out
    assert stall.json("verify", "case.zip")["verified"] is True
    stall.ok("escrow", "export", keys[1], "--out", "marks.json")
    files = ("--data", "leak.csv", "--original", "table.csv", "--opening", "marks.json")
    again = stall.json("verify", "case.zip", *files)
    assert again["verified"] is True
    assert "scores" not in again["not_checked"]


def test_the_original_and_a_copy_without_its_invented_rows_name_nobody(stall, founded_stall):
    key = stall.json(*argv_for(founded_stall, "--canaries", "12"))["subject"]
    document = trace(stall, suspect=leak("table.csv"))
    assert (document["named"], found_in(document)) == ([], {key: 0})
    assert document["attribution"]["why"] == "too-weak"


def test_a_copy_that_was_handed_on_is_told_from_the_one_above_it(stall, founded_stall):
    above = stall.json(*argv_for(founded_stall, "--canaries", "12"))["subject"]
    stall.ok("receive", "copy.csv.delivery.json", "--file", "copy.csv")
    on = argv_for(founded_stall, "--canaries", "9", source="copy.csv", to="丙公司", out="on.csv")
    below = stall.json(*on)["subject"]
    leak("on.csv")
    unopened = trace(stall)
    assert [each["unscored"] for each in unopened["named"]] == [[below]]
    stall.ok("escrow", "open", "on.csv.escrow.json")
    document = trace(stall)
    assert [each["delivery"] for each in document["named"]] == [below]
    assert document["attribution"]["cleared"] == [above]
    assert found_in(document) == {above: 12, below: 9}
    document = trace(stall, suspect=leak("copy.csv"))
    assert [each["delivery"] for each in document["named"]] == [above]
    assert found_in(document) == {above: 12, below: 0}

"""`muniment deliver` of marked copies: what differs, what is recorded, and what is refused."""

import json
import shutil
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import run_quietly
from tests.cli.test_grant import both
from tests.support.program import Program
from tests.support.tables import make_sensors, write_csv

ROWS = 3_000


class Fair:
    """A solo registry with a table of 3,000 rows, licensed from 甲 to 乙 and from 乙 to 丙."""

    def __init__(self, folder):
        self.home, self.table = folder / "home", folder / "table.csv"
        home = ("--home", self.home)
        write_csv(self.table, make_sensors(ROWS))
        run_quietly(*home, "init", "--solo", "--no-passphrase")
        enroll = ("party", "enroll")
        self.parties = {
            name: run_quietly(*home, *enroll, name, "--no-passphrase")["subject"]
            for name in ("甲公司", "乙公司", "丙公司", "公证处")
        }
        argv = ("--title", "传感器数据", "--right", "operate", "--as", "甲公司")
        self.number = run_quietly(*home, "register", self.table, *argv)["voucher"]
        terms = ("--template", "one-onward-copy", "--until", "2030-12-31", "--agreement")
        argv = ("grant", "issue", self.number, "--to", "乙公司", *terms)
        self.grant = run_quietly(*home, *argv)["subject"]
        terms = ("--template", "no-resale", "--until", "2030-12-31", "--agreement")
        argv = ("grant", "issue", self.number, "--as", "乙公司", "--to", "丙公司", *terms)
        self.onward = run_quietly(*home, *argv)["subject"]


@pytest.fixture(scope="session")
def founded_fair(tmp_path_factory):
    return Fair(tmp_path_factory.mktemp("fair"))


@pytest.fixture
def fair(program, founded_fair):
    shutil.copytree(founded_fair.home, program.home)
    shutil.copy(founded_fair.table, "table.csv")
    return program


def deliver(program: Program, fair, *more, source="table.csv", to="乙公司", out="copy.csv"):
    argv = ("--from", source, "--to", to, "--out", out, *more)
    return program.json("deliver", fair.number, *argv)


def lines(path):
    return Path(path).read_bytes().splitlines(keepends=True)


def event_of(program, document):
    return program.json("log", "show", document["index"])["leaf"]["event"]


def test_a_copy_lacks_rows_and_has_a_few_other_cells_and_every_other_byte_is_the_same(
    fair, founded_fair
):
    document = deliver(fair, founded_fair)
    source, copy = lines("table.csv"), lines("copy.csv")
    assert document["source_rows"] == ROWS
    assert document["rows"] == len(copy) - 1
    assert 20 <= ROWS - document["rows"] <= 110
    changed = set(copy) - set(source)
    assert 15 <= document["cells_changed"] <= 90
    assert len(changed) <= document["cells_changed"]
    kept = [line for line in copy if line in set(source)]
    places = {line: place for place, line in enumerate(source)}
    order = [places[line] for line in kept]
    assert order == sorted(order)
    assert len(kept) + len(changed) == len(copy)


def test_the_record_commits_to_the_key_before_the_copy_is_there_and_names_no_secret(
    fair, founded_fair
):
    document = deliver(fair, founded_fair)
    body = event_of(fair, document)["body"]
    assert body["marks"].keys() == {"e", "g", "key", "rows"}
    assert (body["marks"]["e"], body["marks"]["g"]) == (200, 32)
    assert body["marks"]["rows"] == document["rows"]
    assert "escrow" not in body
    opening = fair.json("escrow", "export", document["subject"], "--out", "marks.json")
    assert opening["subject"] == document["subject"]
    assert stat.S_IMODE(Path("marks.json").stat().st_mode) == 0o600
    value = json.loads(Path("marks.json").read_bytes())["value"]
    assert value.keys() == {"columns", "e", "g", "key", "stream", "version"}
    assert value["key"] not in Path("copy.csv.delivery.json").read_text()


def test_two_recipients_get_other_rows_and_other_cells_of_one_plan(fair, founded_fair):
    first = deliver(fair, founded_fair)
    second = deliver(fair, founded_fair, out="again.csv")
    assert set(lines("copy.csv")) != set(lines("again.csv"))
    values = []
    for number, document in enumerate((first, second)):
        fair.ok("escrow", "export", document["subject"], "--out", f"{number}.json")
        values.append(json.loads(Path(f"{number}.json").read_bytes())["value"])
    assert values[0]["key"] == values[1]["key"]
    assert values[0]["columns"] == values[1]["columns"]
    assert values[0]["stream"] != values[1]["stream"]


def test_the_recipient_signs_for_the_marked_copy_and_the_delivery_file_verifies(fair, founded_fair):
    deliver(fair, founded_fair)
    fair.ok("receive", "copy.csv.delivery.json", "--file", "copy.csv")
    argv = ("verify", "copy.csv.delivery.json", "--data", "copy.csv")
    assert fair.json(*argv)["verified"] is True
    argv = ("verify", "copy.csv.delivery.json", "--data", "table.csv")
    assert fair.json(*argv, code=3)["verified"] is False


def test_withheld_rows_alone_change_no_cell(fair, founded_fair):
    document = deliver(fair, founded_fair, "--withhold-only")
    assert document["cells_changed"] == 0
    assert set(lines("copy.csv")) < set(lines("table.csv"))
    assert event_of(fair, document)["body"]["marks"]["g"] == 0


def test_an_exact_copy_is_the_file_itself(fair, founded_fair):
    document = deliver(fair, founded_fair, "--exact")
    assert "rows" not in document
    assert Path("copy.csv").read_bytes() == Path("table.csv").read_bytes()
    assert "marks" not in event_of(fair, document)["body"]


def test_people_see_the_rows_beside_those_that_are_registered(fair, founded_fair):
    argv = ("deliver", founded_fair.number, "--from", "table.csv", "--to", "乙公司", "--out")
    result = fair.ok(*argv, "a.csv")
    assert result.row("rows").endswith(f"of {ROWS:,}")
    assert result.row("disclosed").startswith("2 % of the rows withheld")
    chinese = fair.ok(*argv, "b.csv", "--lang", "zh-CN")
    assert chinese.row("已约定") == "略去 2 % 的行，每 32 行至多改动一个单元格"


def test_a_copy_that_is_handed_on_leaves_its_key_with_who_licensed_the_sender(fair, founded_fair):
    deliver(fair, founded_fair)
    fair.ok("receive", "copy.csv.delivery.json", "--file", "copy.csv")
    document = deliver(fair, founded_fair, source="copy.csv", to="丙公司", out="on.csv")
    assert document["escrow"] == "on.csv.escrow.json"
    sealed = json.loads(Path("on.csv.escrow.json").read_bytes())
    assert sealed["party"] == founded_fair.parties["甲公司"]
    body = event_of(fair, document)["body"]
    assert body["escrow"]["party"] == founded_fair.parties["甲公司"]
    assert document["source_rows"] == len(lines("copy.csv")) - 1
    assert document["rows"] < document["source_rows"]


def test_what_is_handed_on_is_made_from_the_copy_that_was_received(fair, founded_fair):
    deliver(fair, founded_fair)
    argv = ("deliver", founded_fair.number, "--from", "table.csv", "--to", "丙公司", "--out")
    error = fair.refused(*argv, "on.csv", code=4)
    assert error["code"] == "other_file"
    assert "copy that was received" in error["message"]
    english, chinese = both(fair, *argv, "on.csv", code=4)
    assert english != chinese
    assert not Path("on.csv").exists()


def test_who_hands_on_cannot_deliver_without_marks(fair, founded_fair):
    deliver(fair, founded_fair)
    argv = ("--from", "copy.csv", "--to", "丙公司", "--out", "on.csv", "--exact")
    error = fair.refused("deliver", founded_fair.number, *argv, code=4)
    assert error["code"] == "needs_escrow"
    assert not Path("on.csv").exists()
    assert fair.json("vault", "check")["extra"] == []


def test_a_grant_that_discloses_nothing_delivers_exact_copies_alone(fair, founded_fair):
    terms = ("--template", "no-resale", "--withheld", "0", "--rows-per-mark", "0", "--agreement")
    issue = ("grant", "issue", founded_fair.number, "--to", "公证处", *terms, "--as", "甲公司")
    argv = ("deliver", founded_fair.number, "--from", "table.csv", "--to", "公证处", "--out")
    grant = fair.json(*issue)["subject"]
    error = fair.refused(*argv, "c.csv", "--grant", grant, code=4)
    assert (error["code"], error["rule"]) == ("not_disclosed", "domain 4")
    assert "--exact" in error["message"]
    assert "--exact" in both(fair, *argv, "c.csv", "--grant", grant, code=4)[1]
    fair.ok(*argv, "c.csv", "--grant", grant, "--exact")


def test_what_is_no_table_is_delivered_exactly_or_not_at_all(fair, founded_fair):
    Path("picture.bin").write_bytes(bytes(range(256)) * 10)
    argv = ("--title", "图像", "--right", "operate", "--as", "甲公司")
    number = fair.json("register", "picture.bin", *argv)["voucher"]
    fair.ok("grant", "issue", number, "--to", "丙公司", "--template", "no-resale", "--agreement")
    argv = ("deliver", number, "--from", "picture.bin", "--to", "丙公司", "--out", "copy.bin")
    error = fair.refused(*argv, code=4)
    assert "deliver what is no table with --exact" in error["message"]
    assert not Path("copy.bin").exists()
    fair.ok(*argv, "--exact")


def test_options_that_do_not_go_together_are_refused(fair, founded_fair):
    argv = ("deliver", founded_fair.number, "--from", "table.csv", "--to", "乙公司", "--out")
    for more in (("--withhold-only",), ("--marked-by", "公证处")):
        error = fair.refused(*argv, "copy.csv", "--exact", *more, code=2)
        assert "an exact copy has no marks" in error["message"]


def test_a_third_party_that_makes_the_marks_signs_too(fair, founded_fair):
    document = deliver(fair, founded_fair, "--marked-by", "公证处")
    assert event_of(fair, document)["body"]["marks"]["markedBy"] == founded_fair.parties["公证处"]
    own = deliver(fair, founded_fair, out="own.csv")
    keys = set()
    for number, each in enumerate((document, own)):
        fair.ok("escrow", "export", each["subject"], "--out", f"{number}.json")
        keys.add(json.loads(Path(f"{number}.json").read_bytes())["value"]["key"])
    assert len(keys) == 2
    argv = ("--from", "table.csv", "--to", "乙公司", "--out", "c.csv", "--marked-by", "乙公司")
    assert fair.refused("deliver", founded_fair.number, *argv, code=4)["code"] == "marked_by"


def test_finishing_makes_the_same_marked_copy_again(fair, founded_fair):
    key = deliver(fair, founded_fair)["subject"]
    made = Path("copy.csv").read_bytes()
    for name in ("copy.csv", "copy.csv.delivery.json"):
        Path(name).unlink()
    fair.ok("deliver", "--finish", key, "--from", "table.csv", "--out", "copy.csv")
    assert Path("copy.csv").read_bytes() == made
    Path("other.csv").write_bytes(b"".join(lines("table.csv")[:-1]))
    argv = ("deliver", "--finish", key, "--from", "other.csv", "--out", "again.csv")
    assert fair.refused(*argv, code=4)["code"] == "other_file"
    assert not Path("again.csv").exists()


# what it would be worth, and cost


def test_a_plan_writes_nothing_and_says_what_names_a_recipient_and_what_it_costs(
    fair, founded_fair
):
    before = fair.json("log", "checkpoint")["size"]
    argv = ("deliver", founded_fair.number, "--from", "table.csv", "--to", "乙公司", "--plan")
    document = fair.json(*argv)
    assert sorted(path.name for path in Path().iterdir()) == ["table.csv"]
    assert fair.json("log", "checkpoint")["size"] == before
    assert document["rows"] == ROWS
    assert 40 <= document["withheld_expected"] <= 60
    assert 60 <= document["positions"] <= 130
    needed = document["needed"]
    assert [each["recipients"] for each in needed] == [10, 100, 1000]
    assert all(500 < each["rows_with_marks"] < each["rows"] < 2000 for each in needed)
    assert needed[0]["rows"] < needed[1]["rows"] < needed[2]["rows"]
    assert all(each["mean_shift"] <= 1000 for each in document["columns"] if each["unit"])
    assert all(each["variance_shift"] <= 1000 for each in document["columns"] if each["unit"])
    assert "leaked rows" in fair.ok(*argv).row("to name one of 10")
    assert "百万分之一" in fair.ok(*argv, "--lang", "zh-CN").row("误指概率上限")


def test_the_same_plan_says_the_same_each_time(fair, founded_fair):
    argv = ("deliver", founded_fair.number, "--from", "table.csv", "--to", "乙公司", "--plan")
    assert fair.json(*argv) == fair.json(*argv)


def test_a_plan_of_missing_rows_alone_speaks_of_no_changed_cell(fair, founded_fair):
    argv = ("deliver", founded_fair.number, "--from", "table.csv", "--to", "乙公司", "--plan")
    text = fair.ok(*argv, "--withhold-only").out
    assert "leaked rows" in text
    assert "cell" not in text


def test_a_plan_with_withheld_rows_alone_needs_more_of_them(fair, founded_fair):
    argv = ("deliver", founded_fair.number, "--from", "table.csv", "--to", "乙公司", "--plan")
    document = fair.json(*argv, "--withhold-only")
    assert (document["positions"], document["columns"]) == (0, [])
    assert all(each["rows"] == each["rows_with_marks"] for each in document["needed"])
    error = fair.refused(*argv, "--exact", code=2)
    assert "no marks to plan" in error["message"]
    assert fair.refused(*argv[:-1], code=2)["code"] == "option_required"
